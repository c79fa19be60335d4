"""Names and parameters: what is read into a loss, and spelled out again.

A name is read into a tree: ("base", name), ("norm", tree), ("sum", tree, tree), ("krishnan-apl", tree, tree).
"""

import math
import re
from collections.abc import Mapping
from numbers import Integral, Real

import torch

from nlr.errors import NlrError, unknown
from nlr.losses import _definitions, _variants  # noqa: F401  (they fill BASE)
from nlr.losses._forms import BASE, REDUCTIONS, Normalised, Sum, spelled


def make_loss(name, num_classes=10, reduction="mean", ignore_index=None, weight=None, **parameters):
    """Makes the loss of that name.

    Defaults follow the printed definitions: mae = 2 (1 - p_y), A = -4, gamma = .5, q = .7, alpha = beta = 1, T = 1,
    scale = 1; the reports' variants keep the values that their report prints.

    In a sum, ``alpha``, ``beta`` and ``scale`` are the sum's own; any other parameter goes to each term that takes it.
    Parameters of one term are given as a mapping under its name and win: ``make_loss("nce+mae", mae={"scale": 0.5})``.

    Args:
        name: A base loss, ``a+b``, ``norm(a)`` or ``krishnan-apl(a+b)``; parameters may follow it, as in
            ``nce+mae,beta=1.5,mae.scale=0.5``.
        num_classes: The number of classes K, at least 2.
        reduction: ``mean``, ``sum`` or ``none``.
        ignore_index: The label of samples that do not count, an integer; none by default.
        weight: What the loss of a sample is multiplied by, for each label: K numbers of at least 0; nothing by default.
        **parameters: alpha, beta >= 0 and not both 0, gamma >= 0, 0 < q <= 1, A < 0, T > 0, scale > 0, as far as the
            loss takes them; alpha of ``krishnan-apl`` lies in [0, 1].

    Returns:
        The :class:`Loss`.

    Raises:
        NlrError: For an unknown name, reduction or parameter, a value out of range, or ``norm`` of a loss that has
            negative values or depends on its batch.
    """
    if isinstance(num_classes, bool) or not isinstance(num_classes, Integral) or num_classes < 2:
        raise NlrError(f"num_classes must be an integer of at least 2, not {num_classes!r}.")
    if reduction not in REDUCTIONS:
        raise unknown("reduction", reduction, REDUCTIONS)
    if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, Integral)):
        raise NlrError(f"ignore_index must be an integer or None, not {ignore_index!r}.")
    loss = _build(*_read(name, parameters), int(num_classes))
    loss.reduction = reduction
    loss.ignore_index = None if ignore_index is None else int(ignore_index)
    loss.weight = None if weight is None else _class_weights(weight, loss.num_classes)
    return loss


def parse_loss(spec):
    """Reads the spelling of a loss with parameters, ``nce+mae,beta=1.5,mae.scale=0.5``.

    Args:
        spec: A name, then ``parameter=value`` after commas; ``term.parameter=value`` for one term of a sum.

    Returns:
        The pair (canonical name, parameters) for ``make_loss(name, **parameters)``.

    Raises:
        NlrError: If the spelling, a name or a value is wrong.
    """
    tree, parameters = _read(spec, {})
    return _build(tree, parameters, num_classes=10).name, parameters


def format_loss(name, parameters):
    """Spells a loss with parameters, the inverse of :func:`parse_loss`.

    Args:
        name: The name of a loss, with or without parameters.
        parameters: Its parameters as for :func:`make_loss`; they are spelled as given, sorted, defaults not added.

    Returns:
        The spelling, for example ``nce+mae,alpha=0.5,mae.scale=2``.

    Raises:
        NlrError: If the name is wrong.
    """
    tree, parameters = _read(name, parameters)
    return spelled(_canonical(tree), parameters)


def names():
    """The names of all base losses: those that are neither sums nor ``norm(...)``.

    Returns:
        A tuple of names.
    """
    return (*BASE, *_NORMALISED.values())


def cards(num_classes=10):
    """The cards of all base losses with default parameters, for a catalogue.

    Args:
        num_classes: The number of classes K.

    Returns:
        A list of :class:`Card`, in the order of :func:`names`.
    """
    return [make_loss(name, num_classes).card for name in names()]


# Names.

#: Normalised losses with a name of their own; nmae and nrce are base losses, being multiples of 1 - p_y.
_NORMALISED = {"ce": "nce", "fl": "nfl", "gce": "ngce", "ma2020-fl": "ma2020-nfl"}
_SHORT = {**_NORMALISED, "mae": "nmae", "rce": "nrce"}


def _parse_name(name):
    text = re.sub(r"\s", "", str(name)).lower()
    parts = _split_sum(text)
    if len(parts) > 2:
        raise NlrError(f"{name!r} has {len(parts)} terms: a sum has two.")
    if len(parts) == 2:
        return ("sum", *_parse_terms(text, parts))
    if match := re.fullmatch(r"norm\((.*)\)", text):
        inner = _parse_name(match[1])
        if inner[0] == "norm" or inner[1] in _SHORT.values():
            return inner
        short = _SHORT.get(inner[1])
        return ("base", short) if short in BASE else ("norm", inner)
    if match := re.fullmatch(r"krishnan-apl\((.*)\)", text):
        parts = _split_sum(match[1])
        if len(parts) != 2:
            raise NlrError(f"{name!r} has {len(parts)} term(s): krishnan-apl takes two, as in 'krishnan-apl(nce+mae)'.")
        return ("krishnan-apl", *_parse_terms(text, parts))
    for inner, short in _NORMALISED.items():
        if text == short:
            return ("norm", ("base", inner))
    if text not in BASE:
        raise unknown("loss", text, [*names(), "a+b", "norm(a)", "krishnan-apl(a+b)"])
    return ("base", text)


def _parse_terms(text, parts):
    first, second = map(_parse_name, parts)
    if first == second:
        raise NlrError(f"{text!r} adds a loss to itself: use {parts[0]!r} with the parameter scale.")
    return first, second


def _split_sum(text):
    """The terms of a sum: split at each + outside parentheses."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "+" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _canonical(tree):
    form, *inner = tree
    if form == "base":
        return inner[0]
    if form == "norm":
        name = _canonical(inner[0])
        return _NORMALISED.get(name, f"norm({name})")
    total = "+".join(map(_canonical, inner))
    return total if form == "sum" else f"krishnan-apl({total})"


# Parameters.

_RANGES = {
    "alpha": ("at least 0", lambda v: v >= 0),
    "beta": ("at least 0", lambda v: v >= 0),
    "gamma": ("at least 0", lambda v: v >= 0),
    "q": ("above 0 and at most 1", lambda v: 0 < v <= 1),
    "A": ("below 0", lambda v: v < 0),
    "T": ("above 0", lambda v: v > 0),
    "scale": ("above 0", lambda v: v > 0),
}


def _read(spec, given):
    """The tree of a spelling and its parameters, with those that are given beside it."""
    name, *assignments = str(spec).split(",")
    parameters = {}
    for assignment in assignments:
        path, equals, value = (part.strip() for part in assignment.partition("="))
        *terms, parameter = path.split(".")
        inner = parameters
        for term in terms:
            inner = inner.setdefault(_canonical(_parse_name(term)), {})
            if not isinstance(inner, dict):
                raise NlrError(f"The loss {spec!r} uses {term!r} both as a parameter and as a term: keep one.")
        try:
            number = float(value)
        except ValueError:
            number = None
        if not equals or number is None:
            raise NlrError(
                f"Cannot read {assignment!r} in the loss {spec!r}: expected parameter=number, as in "
                "'nce+mae,beta=1.5,mae.scale=0.5'; several losses stand in a list or apart by spaces, as in 'ce nce'."
            )
        if parameter in inner:
            raise NlrError(f"The loss {spec!r} sets {path!r} twice: keep one.")
        inner[parameter] = number
    return _parse_name(name), _joined(spec, parameters, given)


def _joined(spec, spelled, given):
    """Parameters of a spelling and those beside it, each set in one of the two."""
    joined = dict(spelled)
    for key, value in given.items():
        if isinstance(value, Mapping) and isinstance(joined.get(key, {}), Mapping):
            joined[key] = _joined(spec, joined.get(key, {}), value)
        elif key in joined:
            raise NlrError(f"Parameter {key!r} is set in the loss {spec!r} and beside it: keep one.")
        else:
            joined[key] = value
    return joined


def _class_weights(weight, num_classes):
    try:
        weight = torch.as_tensor(weight)
    except (TypeError, ValueError, RuntimeError):
        raise NlrError(f"weight must be {num_classes} numbers, one a class, not {weight!r}.") from None
    if not weight.is_floating_point():
        weight = weight.to(torch.get_default_dtype())
    if weight.shape != (num_classes,) or not (weight.isfinite() & (weight >= 0)).all():
        raise NlrError(
            f"weight must be {num_classes} finite numbers of at least 0, one a class, not {weight.tolist()!r}."
        )
    return weight.detach().clone()


def _resolve(name, defaults, given):
    """The defaults with what was given in their place, checked."""
    for key, value in given.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise NlrError(f"Parameter {key!r} of loss {name!r} must be a finite number, not {value!r}.")
        wanted, fits = _RANGES[key]
        if not fits(value):
            raise NlrError(f"Parameter {key!r} of loss {name!r} must be {wanted}, not {value!r}.")
    settings = {key: float(value) for key, value in (defaults | given).items()}
    if settings.get("alpha") == settings.get("beta") == 0:
        raise NlrError(f"alpha and beta of loss {name!r} are both 0: one of them must be above 0.")
    return settings


def _own(tree):
    """The parameters of the node itself, with defaults."""
    form, inner = tree[:2]
    if form == "base":
        return {**BASE[inner].defaults, "scale": 1.0}
    return {
        "norm": {"scale": 1.0},
        "sum": {"alpha": 1.0, "beta": 1.0, "scale": 1.0},
        "krishnan-apl": {"alpha": 0.6, "scale": 1.0},
    }[form]


def _takes(tree):
    """The keys that make_loss accepts for the node: its parameters, those of its terms and the terms' names."""
    keys = set(_own(tree))
    if tree[0] != "base":
        for inner in tree[1:]:
            keys |= _takes(inner)
            if tree[0] != "norm":
                keys.add(_canonical(inner))
    return keys


def _build(tree, given, num_classes):
    form, *inner = tree
    name = _canonical(tree)
    takes = _takes(tree)
    for key in given:
        if key not in takes:
            raise unknown(f"parameter of loss {name!r}", key, sorted(takes))
    own = _own(tree)
    settings = _resolve(name, own, {key: value for key, value in given.items() if key in own})
    rest = {key: value for key, value in given.items() if key not in own}
    if form == "base":
        return BASE[name].build(name, num_classes, settings)
    if form == "norm":
        return Normalised(name, num_classes, settings, _build(inner[0], rest, num_classes))
    terms = []
    for term in inner:
        mine = rest.get(_canonical(term), {})
        if not isinstance(mine, Mapping):
            raise NlrError(
                f"Parameters of the term {_canonical(term)!r} of loss {name!r} come as a mapping, as in "
                f"{{'scale': 0.5}}, not as {mine!r}."
            )
        shared = {key: value for key, value in rest.items() if key in _takes(term)}
        terms.append(_build(term, shared | mine, num_classes))
    return Sum(name, num_classes, settings, *terms)
