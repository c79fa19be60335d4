"""How often each label occurs among noisy labels, and whether printed accuracies are such frequencies.

A predictor that answers one class alone is right, against noisy labels, as often as that label occurs. Counts here are
of 10,000 images, so that a figure printed to a hundredth of a per cent is a count.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from nlr import noise
from nlr.errors import NlrError, unknown
from nlr.evidence import course_figures

CLASSES, IMAGES = 10, 10_000
#: The images that are evaluated: the balanced test set, or as many drawn from the 50,000 balanced training images.
IMAGE_SETS = ("balanced", "drawn")


def draw_counts(setting, draws, seed, class_map="joshi-typed", images="balanced"):
    """How often each label occurs after noise as Joshi describes it, in independent draws.

    Symmetric noise flips each label by chance; asymmetric noise maps an exact share of all labels.

    Args:
        setting: ``symmetric-0.4`` and the like.
        draws: how many draws.
        seed: of the draws.
        class_map: for asymmetric noise, see :data:`nlr.noise.MAPS`.
        images: one of :data:`IMAGE_SETS`.

    Returns:
        Counts, int64 of shape (draws, 10); a row sums to 10,000.

    Raises:
        NlrError: the setting, the map or the kind of images is unknown.
    """
    kind, rate = noise.parse_setting(setting)
    if kind not in ("symmetric", "asymmetric"):
        raise NlrError(f"Setting {setting!r}: label frequencies are drawn for symmetric or asymmetric noise.")
    if images not in IMAGE_SETS:
        raise unknown("kind of images", images, IMAGE_SETS)
    rng = np.random.default_rng(seed)
    even = np.full(CLASSES, IMAGES // CLASSES)
    clean = np.tile(even, (draws, 1))
    if images == "drawn":
        clean = rng.multivariate_hypergeometric(5 * even, IMAGES, size=draws)
    matrix = noise.transition_matrix(kind, rate, class_map=class_map)
    if kind == "symmetric":
        return sum(rng.multinomial(clean[:, j], matrix[j]) for j in range(CLASSES))
    if images == "balanced":
        chosen = rng.multivariate_hypergeometric(even, round(rate * IMAGES), size=draws)
    else:
        chosen = np.stack([rng.multivariate_hypergeometric(row, round(rate * IMAGES)) for row in clean])
    goes_to = ((matrix - (1 - rate) * np.eye(CLASSES)) / rate).round().astype(np.int64)  # one 1 in each row
    return clean - chosen + chosen @ goes_to


def printed_counts():
    """Joshi's overall figures as counts, each with the class that his table of classes says was answered.

    Returns:
        A data frame with loss, setting, class (the one at 100 per cent), others (the sum over the other nine classes,
        per cent: 0 for a constant answer), count (of 10,000), one row for each of the 48 figures.
    """
    frame = course_figures.load("joshi")
    table = frame[frame["kind"] == "table"]
    overall = table[table["class"].isna()].set_index(["loss", "setting"])["value"]
    rows = []
    for (loss, setting), part in table[table["class"].notna()].groupby(["loss", "setting"], sort=False):
        by_class = part.set_index("class")["value"]
        answered = int(by_class.idxmax())
        count = round(overall[loss, setting] * IMAGES / 100)
        others = by_class.drop(answered).sum()
        rows.append({"loss": loss, "setting": setting, "class": answered, "others": others, "count": count})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Fit:
    """Printed counts beside a model of label frequencies.

    Attributes:
        numbers: a row for each distinct figure (setting, class, count), with mean and sd of the model, z, and p, the
            two-sided probability under the model.
        statistic, df: the sum over the settings of squared Mahalanobis distances, and how many figures are in it.
        p: how probable a statistic at least as large is under the model.
    """

    numbers: pd.DataFrame
    statistic: float
    df: int
    p: float


def fit(printed, draws=10_000, seed=0, shared=True, **model):
    """Test printed counts against the frequencies of labels.

    Args:
        printed: rows of :func:`printed_counts`; repeated figures count once.
        draws, seed: of the simulation.
        shared: whether the figures of one setting are of one draw, as tables that repeat each other suggest, or each of
            a draw of its own. Settings are independent.
        **model: ``class_map`` and ``images`` of :func:`draw_counts`.

    Returns:
        The :class:`Fit`; its statistic is infinite where the model cannot give the figures together at all.
    """
    distinct = printed[["setting", "class", "count"]].drop_duplicates()
    rows, observed, simulated = [], 0.0, np.zeros(draws)
    for number, (setting, part) in enumerate(distinct.groupby("setting", sort=False)):
        counts = draw_counts(setting, draws, [seed, number], **model)[:, part["class"]]
        mean, covariance = counts.mean(0), np.atleast_2d(np.cov(counts.T))
        if not shared:
            covariance = np.diag(covariance.diagonal())
            counts = np.stack([np.roll(column, k) for k, column in enumerate(counts.T)], 1)  # of other draws each
        inverse = np.linalg.pinv(covariance, rcond=1e-9, hermitian=True)
        centred, away = counts - mean, part["count"].to_numpy() - mean
        possible = np.abs(away - covariance @ inverse @ away).max() < 1e-6
        observed += away @ inverse @ away if possible else np.inf
        simulated += np.einsum("ij,jk,ik->i", centred, inverse, centred)
        for k, (answered, count) in enumerate(zip(part["class"], part["count"], strict=True)):
            tail = min((counts[:, k] <= count).mean(), (counts[:, k] >= count).mean())
            sd = counts[:, k].std(ddof=1)
            row = {"setting": setting, "class": answered, "count": count, "mean": mean[k], "sd": sd}
            rows.append(row | {"z": away[k] / sd, "p": min(1.0, 2 * max(tail, 1 / (draws + 1)))})
    p = (1 + (simulated >= observed).sum()) / (draws + 1)
    return Fit(pd.DataFrame(rows), float(observed), len(distinct), float(p))


def chance_of_agreement(setting, answered, draws=10_000, seed=0, **model):
    """How probable it is that two independent draws of the noise give a label the same frequency.

    Args:
        setting: ``symmetric-0.4`` and the like.
        answered: the label.
        draws, seed: of the simulation.
        **model: ``class_map`` and ``images`` of :func:`draw_counts`.
    """
    counts = draw_counts(setting, draws, seed, **model)[:, answered]
    shares = np.bincount(counts) / draws
    return float((draws * (shares**2).sum() - 1) / (draws - 1))  # without the pairs of a draw with itself
