"""What public attempts at the paper print, as their sources hold it; the authors' own draft tables first."""

import math
from dataclasses import dataclass
from functools import cache

import pandas as pd

from nlr.errors import unknown
from nlr.paths import ROOT
from nlr.study import protocols, runs

REPRODUCTIONS = ROOT / "book" / "data" / "reproductions.csv"

#: Losses of the sources that are none of ours.
FOREIGN = ("dmi", "nlnl")

#: The protocol that has single losses as the released code has them, before alpha.
RELEASED = "ma2020"


@dataclass(frozen=True)
class SourceFigure:
    """An accuracy that a source prints for one loss in one setting.

    Attributes:
        mean: test accuracy in per cent, mean over n runs.
        sd: sample standard deviation of the runs, in points; None where the source gives none, or a zero, which its two
            decimals and a collapsed run give alike and which says nothing about a variance.
        n: number of runs.
        source: key of the source.
        repository, commit, path: where it stands; of a paper the path alone, its table.
        note, doubt: what is odd about it; a doubt is a reason not to compare it with our figures.
    """

    mean: float
    sd: float | None
    n: int
    source: str
    repository: str = ""
    commit: str = ""
    path: str = ""
    note: str = ""
    doubt: str = ""


def load():
    """All figures, one a row, in the order of the file.

    Returns:
        A data frame of the caller's own: ``source``, ``repository``, ``path``, ``commit``, ``dataset`` (a family:
        ``mnist``, ``cifar10``, ...), ``setting`` (the kind of noise alone where the rate is not known), ``loss`` (our
        name), ``loss_as_coded``, ``alpha``, ``beta`` and ``gamma`` (NaN where the source does not say), ``mean`` (per
        cent), ``population_sd`` (points, as printed; NaN where none is), ``seeds`` (number of runs; NA for a mean of a
        number not stated), ``epoch`` (``last``, ``best-test``, ``best-val``, ``unknown``), ``note``, ``doubt``, and
        what the source says about the training, as text.
    """
    return _load().copy()


@cache
def _load():
    types = dict.fromkeys(("epochs", "lr", "weight_decay", "batch_size"), str) | {"seeds": "Int64"}
    missing = dict.fromkeys(("alpha", "beta", "gamma", "population_sd", "seeds"), "")
    return pd.read_csv(REPRODUCTIONS, comment="#", dtype=types, keep_default_na=False, na_values=missing)


def sample_sd(population_sd, n):
    """The sample standard deviation of n values whose deviation was divided by n; None where it cannot be known.

    Args:
        population_sd: the deviation as printed; NaN for none.
        n: number of values.
    """
    if math.isnan(population_sd) or population_sd == 0 or n < 2:
        return None
    return population_sd * math.sqrt(n / (n - 1))


def figures(source, dataset, protocol, doubtful=False):
    """The figures of a source that can be laid beside runs of a protocol.

    Args:
        source: key of the source.
        dataset: the family of its data.
        protocol: name of a protocol of ours; it decides how a loss is spelled, for a spelling names only the parameters
            that differ from the protocol's. What the source does not say of a loss is taken to be as in the protocol.
        doubtful: take figures with a doubt too.

    Returns:
        ``{(loss, setting): SourceFigure}``; left out are figures without a rate, and those of the best epoch on the
        test set.

    Raises:
        NlrError: the source, its data set or the protocol is unknown.
    """
    return dict(_figures(source, dataset, protocol, doubtful))


@cache  # every claim on a source asks for the same
def _figures(source, dataset, protocol, doubtful):
    table, protocol = _load(), protocols.load(protocol)
    if source not in set(table["source"]):
        raise unknown("source", source, table["source"].unique())
    table = table[table["source"] == source]
    if dataset not in set(table["dataset"]):
        raise unknown(f"data set of {source}", dataset, table["dataset"].unique())
    table = table[(table["dataset"] == dataset) & ~table["setting"].isin(["symmetric", "asymmetric"])]
    table = table[table["epoch"] != "best-test"]
    return {
        (_spelled(row, protocol), row.setting): SourceFigure(
            row.mean,
            sample_sd(row.population_sd, row.seeds),
            row.seeds,
            row.source,
            row.repository,
            row.commit,
            row.path,
            row.note,
            row.doubt,
        )
        for row in table.itertuples()
        if doubtful or not row.doubt
    }


def _spelled(row, protocol):
    """The loss of a row as a run of the protocol would be asked for it."""
    if row.loss in FOREIGN:
        return row.loss
    _, usual = runs.canonical_loss(protocol, row.loss)
    given = []
    for name in ("alpha", "beta", "gamma"):
        value = getattr(row, name)
        if name == "alpha" and name not in usual.settings:  # of a single loss it is a factor
            _, released = runs.canonical_loss(protocols.load(RELEASED), row.loss)
            name, value = "scale", value * released.settings["scale"]
        if not math.isnan(value):
            given.append(f"{name}={value!r}")
    return runs.canonical_loss(protocol, ",".join([row.loss, *given]))[0]
