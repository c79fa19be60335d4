"""Label noise: seeded samplers that turn clean labels into noisy ones, and their transition matrices.

A transition matrix has one row a true class: entry ``[j, k]`` is the probability that a sample of class ``j`` is
labelled ``k``. Five kinds of noise are known:

``clean``
    No label is changed.
``symmetric``
    A label becomes any other class with equal probability. Samplers: ``per-class`` (an exact share of each class; the
    released code of Ma et al. 2020), ``global`` (an exact share of all samples), ``bernoulli`` (each sample by
    itself) and ``random-integer`` (an exact share of all samples gets a random class, which may be the true one, so
    that only ``rate * (K - 1) / K`` of the labels change; as printed in Chheda's Algorithm 2) and ``equal-count`` (the
    same number, ``rate * N / K``, from every class, however large it is; the scripts of Ma et al. 2020 for MNIST). With
    classes of unequal size a class of few samples loses a larger share of its labels than one of many, so it is not the
    noise of one rate for all classes that Lemma 1 is about.
``asymmetric``
    A label becomes the class that a map names; classes outside the map keep theirs. Samplers: ``per-class`` (an exact
    share of each mapped class; the released code of Ma et al. 2020), ``global`` (an exact share of all samples, of
    which those of unmapped classes stay as they are; Joshi's procedure and Chheda's Algorithm 3) and ``bernoulli``
    (each sample of a mapped class by itself; the scripts of Ma et al. 2020 for MNIST).
``human``
    Labels that people gave (CIFAR-10N, Wei et al. 2022, arXiv:2110.12088), handed in by the caller.
``matrix``
    Noise of the transition matrix that human labels have: within each true class the labels that people gave are dealt
    out anew at random. Every entry of the matrix stays exactly what it is, but which image is labelled wrongly no
    longer depends on the image.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nlr import arguments
from nlr.errors import NlrError, unknown

#: The samplers of each kind of noise; the first is the default.
SAMPLERS = {
    "clean": (),
    "symmetric": ("per-class", "global", "bernoulli", "random-integer", "equal-count"),
    "asymmetric": ("per-class", "global", "bernoulli"),
    "human": (),
    "matrix": (),
}

#: Decimal places of the rate of a setting and of a draw; what differs beyond them is rounding.
DIGITS = 12

#: The kinds of noise.
KINDS = tuple(SAMPLERS)

#: The kinds that are made of labels that people gave.
OF_PEOPLE = ("human", "matrix")

#: The label sets of CIFAR-10N that a setting can name.
HUMAN_SETS = ("aggre", "random1", "random2", "random3", "worse")

#: The superclass of each of CIFAR-100's classes, as its own files have them.
_SUPERCLASSES = (
    4, 1, 14, 8, 0, 6, 7, 7, 18, 3, 3, 14, 9, 18, 7, 11, 3, 9, 7, 11, 6, 11, 5, 10, 7, 6, 13, 15, 3, 15, 0, 11, 1, 10,
    12, 14, 16, 9, 11, 5, 5, 19, 8, 8, 15, 13, 14, 17, 18, 10, 16, 4, 17, 4, 2, 0, 17, 4, 18, 17, 10, 3, 2, 12, 12, 16,
    12, 1, 9, 19, 2, 10, 0, 1, 16, 12, 9, 13, 15, 13, 16, 19, 2, 4, 6, 19, 5, 5, 8, 19, 18, 1, 2, 15, 6, 0, 17, 8, 14,
    13,
)  # fmt: skip


def _circles(groups):
    """The map that sends each class to the next of its group, the last to the first."""
    return {group[k - 1]: group[k] for group in groups for k in range(len(group))}


_JOSHI = {0: 2, 1: 7, 2: 0, 3: 5, 4: 7, 5: 3, 6: 4, 7: 1, 8: 9, 9: 8}

#: Class maps for asymmetric noise, ``{true class: noisy class}``; for which data each is, :data:`MAP_DATA` says.
#: ``ma2020``, ``mnist`` and ``ma2020-cifar100`` are those of the released code of Ma et al. 2020 (dataset.py). The last
#: sends each class to the next in a block of five labels; the code says "superclass", but CIFAR-100's labels are
#: alphabetical, and the next class of the superclass is what ``cifar100`` has. ``joshi-typed`` is the map as printed,
#: where automobile becomes "Truck (7)" although 7 is horse; ``joshi-corrected`` sends it to truck, 9.
MAPS = {
    "ma2020": {9: 1, 2: 0, 4: 7, 3: 5, 5: 3},
    "joshi-typed": _JOSHI,
    "joshi-corrected": _JOSHI | {1: 9},
    "mnist": {7: 1, 2: 7, 5: 6, 6: 5, 3: 8},
    "cifar100": _circles([[c for c, s in enumerate(_SUPERCLASSES) if s == wanted] for wanted in range(20)]),
    "ma2020-cifar100": _circles([range(first, first + 5) for first in range(0, 100, 5)]),
}

#: For which data each named map is, and how many classes these have; digits are those of ``mnist`` too.
MAP_DATA = {
    "ma2020": ("CIFAR-10", 10),
    "joshi-typed": ("CIFAR-10", 10),
    "joshi-corrected": ("CIFAR-10", 10),
    "mnist": ("MNIST", 10),
    "cifar100": ("CIFAR-100", 100),
    "ma2020-cifar100": ("CIFAR-100", 100),
}


@dataclass(frozen=True, eq=False)
class NoisyLabels:
    """Noisy labels and what was done to get them."""

    #: The noisy labels, int64 of shape (N,).
    labels: np.ndarray
    #: Where the noisy label differs from the clean one, bool of shape (N,).
    mask: np.ndarray
    #: The realised share of changed labels.
    rate: float
    #: The same for each true class, shape (K,); 0 for a class without samples.
    rate_by_class: np.ndarray
    #: The transition matrix that the sampler aims at on these labels, shape (K, K); of human labels the observed one.
    matrix: np.ndarray
    #: How many samples of true class j are labelled k, int64 of shape (K, K).
    counts: np.ndarray


def transition_matrix(kind, rate, num_classes=10, sampler=None, class_map="ma2020", class_sizes=None):
    """The transition matrix that a kind of noise aims at.

    Args:
        kind: ``clean``, ``symmetric`` or ``asymmetric``; what is made of human labels has no nominal matrix.
        rate: The nominal noise rate, in [0, 1); 0 or None for clean labels.
        num_classes: The number of classes K.
        sampler: A sampler of that kind (see :data:`SAMPLERS`), None for its default. It matters for
            ``random-integer`` and ``equal-count`` only: all asymmetric samplers have the same expectation.
        class_map: For asymmetric noise, a name in :data:`MAPS` that fits the classes (the default is CIFAR-10's), or a
            mapping ``{true class: noisy class}``.
        class_sizes: For ``equal-count``, how many samples each class has, K integers, on which its rates depend; equal
            classes where None. Other samplers do not heed it.

    Returns:
        A float64 array of shape (K, K) whose rows sum to 1.

    Raises:
        NlrError: For an unknown kind, sampler or map, a map for another number of classes or one that changes none, a
            rate out of range, human labels, or a class too small for ``equal-count``.
    """
    _check_classes(num_classes)
    sampler = _check_sampler(kind, sampler)
    if kind in OF_PEOPLE:
        raise NlrError("Human labels have no nominal transition matrix: add_noise gives the observed one.")
    rate = _check_rate(kind, rate)
    if kind == "asymmetric":
        target = _targets(class_map, num_classes)
        return (1 - rate) * np.eye(num_classes) + rate * np.eye(num_classes)[target]
    if sampler == "random-integer":
        return (1 - rate) * np.eye(num_classes) + rate / num_classes
    if sampler == "equal-count" and class_sizes is not None:
        sizes = np.asarray(class_sizes)
        rates = _equal_count(rate, sizes) / np.maximum(sizes, 1)
        off = rates[:, None] / (num_classes - 1)
        return np.diag(1 - rates - off[:, 0]) + off
    off = rate / (num_classes - 1)
    return (1 - rate - off) * np.eye(num_classes) + off


def add_noise(labels, kind, rate, seed, num_classes=10, sampler=None, class_map="ma2020", human_labels=None):
    """Turns clean labels into noisy ones.

    The random numbers depend on seed, kind, sampler and rate alone, so that runs that share them share their mask.

    Args:
        labels: Clean labels, integers of shape (N,) in 0..K-1.
        kind: One of :data:`KINDS`.
        rate: The nominal rate, in [0, 1). For clean labels 0 or None; for the kinds ``human`` and ``matrix`` the name
            of the set of human labels or None.
        seed: An integer from 0 to 2**64 - 1.
        num_classes: The number of classes K.
        sampler: A sampler of that kind (see :data:`SAMPLERS`), None for its default. The exact ones change
            ``int(rate * n)`` of n labels, ``equal-count`` ``int(rate * N / K)`` of every class.
        class_map: For asymmetric noise, a name in :data:`MAPS` that fits the classes (the default is CIFAR-10's), or a
            mapping ``{true class: noisy class}``.
        human_labels: For the kinds ``human`` and ``matrix``, the labels that people gave, in the order of ``labels``.

    Returns:
        The :class:`NoisyLabels`.

    Raises:
        NlrError: For labels of a wrong type, shape or range, an unknown kind, sampler or map, a map for another number
            of classes or one that changes none, a rate or seed out of range, a class with fewer samples than
            ``equal-count`` changes of each, or human labels that are missing or do not match.
    """
    _check_classes(num_classes)
    clean = _check_labels("labels", labels, num_classes)
    sampler = _check_sampler(kind, sampler)
    if (human_labels is not None) != (kind in OF_PEOPLE):
        raise NlrError(f"human_labels belong to the kinds 'human' and 'matrix' alone; the kind here is {kind!r}.")
    if kind in OF_PEOPLE:
        if rate is not None and rate not in HUMAN_SETS:
            raise unknown("set of human labels", rate, HUMAN_SETS)
        noisy = _check_labels("human_labels", human_labels, num_classes)
        if len(noisy) != len(clean):
            raise NlrError(f"human_labels has {len(noisy)} entries, labels has {len(clean)}: they must match.")
        if kind == "matrix":
            noisy = _dealt_anew(clean, noisy, _generator(seed, kind, sampler, rate))
    else:
        rate = _nominal_rate(kind, rate)
        noisy = _sample(clean, kind, rate, _generator(seed, kind, sampler, rate), num_classes, sampler, class_map)

    counts = np.bincount(clean * num_classes + noisy, minlength=num_classes**2).reshape(num_classes, num_classes)
    by_class = counts.sum(1)
    mask = noisy != clean
    if kind in OF_PEOPLE:
        # A class without samples gets the identity's row, so that every row sums to 1.
        matrix = np.where(by_class[:, None] > 0, counts / np.maximum(by_class, 1)[:, None], np.eye(num_classes))
    else:
        matrix = transition_matrix(kind, rate, num_classes, sampler, class_map, by_class)
    return NoisyLabels(
        labels=noisy,
        mask=mask,
        rate=float(mask.mean()),
        rate_by_class=(by_class - counts.diagonal()) / np.maximum(by_class, 1),
        matrix=matrix,
        counts=counts,
    )


def format_setting(kind, rate=None):
    """The spelling of a setting: ``clean``, ``symmetric-0.4``, ``asymmetric-0.4``, ``human-worse``, ``matrix-worse``.

    Args:
        kind: One of :data:`KINDS`.
        rate: The nominal rate in [0, 1), or the name of a set of human labels (:data:`HUMAN_SETS`).

    Returns:
        The setting; ``clean`` for every rate of 0.

    Raises:
        NlrError: For an unknown kind or set of human labels, a rate out of range, or clean labels with a rate.
    """
    _check_sampler(kind, None)
    if kind in OF_PEOPLE:
        if rate not in HUMAN_SETS:
            raise unknown("set of human labels", rate, HUMAN_SETS)
        return f"{kind}-{rate}"
    rate = _nominal_rate(kind, rate)
    return f"{kind}-{repr(rate).removesuffix('.0')}" if rate else "clean"


def parse_setting(text):
    """Reads a setting as :func:`format_setting` writes it.

    Args:
        text: The setting, for example ``symmetric-0.4``.

    Returns:
        The pair (kind, rate); the rate is a float, or the name of a set of human labels. A rate of 0 is ``clean``.

    Raises:
        NlrError: If it is not a setting.
    """
    kind, _, rate = str(text).partition("-")
    if text == "clean":
        return "clean", 0.0
    if kind in OF_PEOPLE and rate:
        format_setting(kind, rate)
        return kind, rate
    if kind in ("symmetric", "asymmetric"):
        try:
            value = float(rate)
        except ValueError:
            pass
        else:
            value = _nominal_rate(kind, value)
            return (kind, value) if value else ("clean", 0.0)
    raise NlrError(
        f"{text!r} is not a setting. Write 'clean', 'symmetric-0.4', 'asymmetric-0.4' (any rate from 0 to below 1) "
        f"or 'human-' or 'matrix-' and one of {', '.join(HUMAN_SETS)}."
    )


def _sample(clean, kind, rate, rng, num_classes, sampler, class_map):
    if kind == "clean":
        return clean
    target = _targets(class_map, num_classes) if kind == "asymmetric" else None
    if sampler == "per-class":
        chosen = [_choose(rng, np.flatnonzero(clean == c), rate) for c in range(num_classes)]
        picked = np.concatenate(chosen)
    elif sampler == "equal-count":
        count = _equal_count(rate, np.bincount(clean, minlength=num_classes))
        chosen = [
            rng.choice(np.flatnonzero(clean == c), count, replace=False, shuffle=False) for c in range(num_classes)
        ]
        picked = np.concatenate(chosen)
    elif sampler == "bernoulli":
        picked = np.flatnonzero(rng.random(len(clean)) < rate)
    else:
        picked = _choose(rng, len(clean), rate)

    noisy = clean.copy()
    if kind == "asymmetric":
        noisy[picked] = target[clean[picked]]
    elif sampler == "random-integer":
        noisy[picked] = rng.integers(num_classes, size=len(picked))
    else:
        noisy[picked] = (clean[picked] + rng.integers(1, num_classes, size=len(picked))) % num_classes
    return noisy


def _dealt_anew(clean, given, rng):
    """The given labels of each true class, in a random order within it."""
    noisy = given.copy()
    for c in np.unique(clean):
        of_class = np.flatnonzero(clean == c)
        noisy[of_class] = rng.permutation(given[of_class])
    return noisy


def _choose(rng, population, rate):
    """Exactly int(rate * n) of a population (an array, or n for 0..n-1), without replacement."""
    size = population if isinstance(population, int) else len(population)
    return rng.choice(population, _cut(rate * size), replace=False, shuffle=False)


def _cut(number):
    """The integer part; rounded before it is cut, since .57 * 100 is 56.99999999999999 in floating point."""
    return math.floor(round(number, 6))


def _equal_count(rate, sizes):
    """How many labels of every class ``equal-count`` changes."""
    count = _cut(rate * int(sizes.sum()) / len(sizes))
    if count > (least := sizes.min()):
        raise NlrError(
            f"The sampler 'equal-count' at rate {rate:g} changes {count} labels of every class, but class "
            f"{sizes.argmin()} has only {least}: lower the rate or use the sampler 'per-class'."
        )
    return count


def _generator(seed, kind, sampler, rate):
    return np.random.default_rng([arguments.seed(seed), *f"{kind} {sampler} {rate!r}".encode()])


def _targets(class_map, num_classes):
    """The noisy class of each true class, shape (K,)."""
    if isinstance(class_map, Mapping):
        pairs = class_map
    elif isinstance(class_map, str) and class_map in MAPS:
        pairs, (data, classes) = MAPS[class_map], MAP_DATA[class_map]
        if classes != num_classes:
            fitting = [repr(name) for name, (_, k) in MAP_DATA.items() if k == num_classes]
            expected = " or ".join([*fitting, "a mapping {true class: noisy class}"])
            raise NlrError(
                f"The class map {class_map!r} is for the {classes} classes of {data}, not for {num_classes}; expected "
                f"{expected}."
            )
    else:
        raise unknown("class map", class_map, MAPS)
    target = np.arange(num_classes)
    for key, noisy in pairs.items():
        source = int(key) if isinstance(key, str) and key.isdecimal() else key  # TOML and JSON have strings as keys
        if not all(isinstance(c, int | np.integer) and 0 <= c < num_classes for c in (source, noisy)):
            raise NlrError(
                f"The class map sends {source!r} to {noisy!r}, but classes are integers from 0 to {num_classes - 1}: "
                f"use another map or another num_classes."
            )
        target[source] = noisy
    if (target == np.arange(num_classes)).all():
        raise NlrError(f"The class map {dict(pairs)!r} changes no class: asymmetric noise needs one that does.")
    return target


def _check_classes(num_classes):
    if isinstance(num_classes, bool) or not isinstance(num_classes, int | np.integer) or num_classes < 2:
        raise NlrError(f"num_classes must be an integer of at least 2, not {num_classes!r}.")


def _check_sampler(kind, sampler):
    """The sampler to use: the given one if this kind of noise has it, or its default."""
    if kind not in KINDS:
        raise unknown("kind of noise", kind, KINDS)
    known = SAMPLERS[kind]
    if sampler is None:
        return known[0] if known else None
    if not known:
        raise NlrError(f"Noise of kind {kind!r} takes no sampler, but got {sampler!r}: leave it out.")
    if sampler not in known:
        raise unknown(f"sampler of {kind} noise", sampler, known)
    return sampler


def _check_rate(kind, rate):
    if kind == "clean":
        if rate not in (None, 0):
            raise NlrError(f"Clean labels have no noise rate, but got {rate!r}: use 0, or another kind of noise.")
        return 0.0
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.integer | np.floating) or not 0 <= rate < 1:
        raise NlrError(f"The noise rate must be a number from 0 to below 1, not {rate!r}.")
    return float(rate)


def _nominal_rate(kind, rate):
    """The rate that labels are drawn with and settings are named by: .2 * 3 and float32's .6 are .6."""
    if isinstance(rate, float | np.floating):
        rate = round(float(str(rate)), DIGITS)
    return _check_rate(kind, rate)


def _check_labels(what, labels, num_classes):
    array = np.asarray(labels)
    if array.ndim != 1 or array.size == 0 or not np.issubdtype(array.dtype, np.integer):
        raise NlrError(
            f"{what} must be a non-empty one-dimensional array of integers, not {array.dtype} of shape {array.shape}."
        )
    if array.min() < 0 or array.max() >= num_classes:
        raise NlrError(
            f"{what} must lie in 0..{num_classes - 1} (num_classes is {num_classes}), but they range from "
            f"{array.min()} to {array.max()}."
        )
    return array.astype(np.int64)
