"""All public attempts at the paper side by side: the differences between losses that each prints, and its departures.

An attempt is mostly one run a cell, so nothing is pooled here: differences are counted, and their extremes named.
"""

import math
from dataclasses import dataclass
from functools import cache

import pandas as pd

from nlr.evidence import comparisons, reproductions, statistics, wording
from nlr.noise import parse_setting
from nlr.paths import ROOT

SOURCES = ROOT / "book" / "data" / "sources.csv"
CHECKED = ROOT / "book" / "data" / "reproductions_checked.csv"

#: The differences that are looked at, the first loss less the second.
PAIRS = (("nce", "ce"), ("nce+mae", "ce"), ("nce+rce", "ce"), ("nce+mae", "mae"))

#: The source that the others are attempts to repeat.
AUTHORS = "S1"

#: Our own runs, among the series.
OURS = "ours"

#: What may come of a figure that is looked up again.
OUTCOMES = ("agrees", "differs", "not reachable", "read from a picture")

_DATASET = "cifar10"
_PAPER = "paper"  # coded by the paper's formula, up to a factor
_EPOCHS = {"last": "last", "best": "best-test", "unknown": "unknown"}  # of sources.csv, in reproductions.csv

# What the columns and words of sources.csv are called on the page.
_LOSSES = {"nce": "NCE", "nfl": "NFL", "rce": "RCE"}
_CODED = {
    "ce": "a constant times CE, or nearly so",
    "fl": "a constant times FL",
    "nce": "10 NCE, for the number of classes was given as the scale",
    "entropy": "divided by the entropy of the prediction",
    "1-p": "1 − p, or a power of it",
    "log(1-p)": "the sum of −log(1 − p) over the other classes",
    "other": "something else",
}


def sources():
    """The groups of each series of figures, as ``book/data/sources.csv`` has them; a frame of the caller's own."""
    return _sources().copy()


@cache
def _sources():
    missing = dict.fromkeys(("mae_slope", "rce_a", "epochs", "symmetric_rate", "asymmetric_rate"), "")
    return pd.read_csv(SOURCES, comment="#", dtype={"epochs": "Int64"}, keep_default_na=False, na_values=missing)


def checked():
    """The figures that were looked up again in their source, as ``book/data/reproductions_checked.csv`` has them."""
    missing = dict.fromkeys(("alpha", "beta", "gamma"), "")
    return pd.read_csv(CHECKED, comment="#", keep_default_na=False, na_values=missing)


def differences(epoch=None):
    """The differences of :data:`PAIRS` that the sources print for CIFAR-10, the authors' draft tables among them.

    The two losses of a difference were trained with the same network and number of epochs, and are figures of one kind
    of epoch. It is ``counted`` where both losses are coded by the paper's formula up to constant factors, had the same
    learning rate, and no doubt stands beside a figure.

    Args:
        epoch: ``last`` or ``best-test``; of each series the one that ``sources.csv`` names where None.

    Returns:
        A frame, a row a series, pair and setting: series (of the authors, who have one, the source), source, loss,
        other, setting, kind, rate, wrong (the share of all training labels that is wrong; NaN where not known),
        difference, low and high (points; the 95 % interval is NaN where a deviation is not known), as_paper, same_rate
        (of learning), doubt, counted, rows (the two rows of :func:`nlr.evidence.reproductions.load`), and optimiser,
        epochs, epoch and map of the series.
    """
    cells = _cells()
    rows = []
    for series in _sources().itertuples():
        for (setting, *_), cell in cells.get((series.series, epoch or _EPOCHS.get(series.epoch)), {}).items():
            for loss, other in PAIRS:
                one, two = cell.get(loss, ()), cell.get(other, ())
                if len(one) == len(two) == 1:
                    rows.append(_difference(series, one[0], two[0], setting))
    return pd.DataFrame(rows)


@cache
def _cells():
    """``{(source, epoch): {(setting, model, epochs): {loss: [figure]}}}`` for CIFAR-10; quicker than a frame."""
    table = reproductions.load().reset_index(names="row")
    table = table[(table["dataset"] == _DATASET) & table["setting"].str.contains("-0")]  # a kind of noise and its rate
    out = {}
    for figure in table.to_dict("records"):
        of_source = out.setdefault((figure["source"], figure["epoch"]), {})
        cell = of_source.setdefault((figure["setting"], figure["model"], figure["epochs"]), {})
        cell.setdefault(figure["loss"], []).append(figure)
    return out


def _difference(series, one, other, setting):
    (kind, rate), (low, high) = parse_setting(setting), _interval(one, other)
    as_paper = all(getattr(series, part, _PAPER) == _PAPER for part in {*one["loss"].split("+"), other["loss"]})
    same_rate, doubt = one["lr"] == other["lr"], one["doubt"] or other["doubt"]
    return {
        "series": AUTHORS if series.source == AUTHORS else series.series,
        "source": series.source,
        "loss": one["loss"],
        "other": other["loss"],
        "setting": setting,
        "kind": kind,
        "rate": rate,
        "wrong": rate * getattr(series, f"{kind}_rate"),
        "difference": one["mean"] - other["mean"],
        "low": low,
        "high": high,
        "as_paper": as_paper,
        "same_rate": same_rate,
        "doubt": doubt,
        "counted": as_paper and same_rate and not doubt,
        "rows": (one["row"], other["row"]),
        "optimiser": series.optimiser,
        "epochs": series.epochs,
        "epoch": series.epoch,
        "map": series.map,
    }


def _interval(one, other):
    """The 95 % interval of a difference of two means of runs that share nothing; NaN where a deviation is not known."""
    sds = [reproductions.sample_sd(row["population_sd"], row["seeds"]) for row in (one, other)]
    if None in sds:
        return math.nan, math.nan
    n = int(one["seeds"])
    ours = statistics.Estimate(one["mean"], sds[0] / math.sqrt(n), sds[0], n - 1, n, None, ())
    return statistics.unpaired(ours, other["mean"], sds[1], int(other["seeds"])).interval()


def ours(table):
    """The same differences from our own runs, over the seeds that both losses have.

    Args:
        table: the frame of :func:`nlr.evidence.frames.frame`, of one study.

    Returns:
        A frame with the columns of :func:`differences` but for those of a source.
    """
    found = comparisons.differences(table[table["kind"] != "clean"], PAIRS).dropna(subset=["difference"])
    kinds, rates = zip(*map(parse_setting, found["setting"]), strict=True)
    shares = [0.5 if kind == "asymmetric" else 1.0 for kind in kinds]  # five classes of ten are mapped
    wrong = [share * rate for share, rate in zip(shares, rates, strict=True)]
    shown = found[["loss", "other", "setting", "difference", "low", "high"]]
    return shown.assign(series=OURS, source=OURS, kind=kinds, rate=rates, wrong=wrong, counted=True, doubt="")


@dataclass(frozen=True)
class Tally:
    """How some differences lie.

    Attributes:
        cells, above: how many there are, and how many of them are above zero.
        sources: how many sources they come from.
        least, most: the rows with the least and the most difference.
    """

    cells: int
    above: int
    sources: int
    least: pd.Series
    most: pd.Series


def tally(found):
    """The :class:`Tally` of some rows of :func:`differences`; None where there is none."""
    if found.empty:
        return None
    values = found["difference"]
    ends = found.loc[values.idxmin()], found.loc[values.idxmax()]
    return Tally(len(found), int((values > 0).sum()), found["source"].nunique(), *ends)


def by_others(found, kind):
    """Of :func:`differences` those of one kind of noise that are not the authors' own."""
    return found[(found["kind"] == kind) & (found["source"] != AUTHORS)]


#: The levels of each group, in the order of the tables.
_LEVELS = {
    "loss": ("as the paper, up to factors", "another"),
    "learning rate": ("the same for both", "not the same"),
    "optimiser": ("SGD", "Adam", "not stated"),
    "epochs": ("up to 30", "31 to 100", "over 100", "not stated"),
    "figure": ("last epoch", "best epoch on the test set", "epoch not stated"),
    "wrong labels": ("as many as the rate says", "fewer", "not known"),
    "map": ("of the paper", "another"),
}


def _level(row):
    """The level of each group that a row of :func:`differences` belongs to."""
    epochs, share = row["epochs"], row["wrong"] / row["rate"]
    return {
        "loss": _LEVELS["loss"][not row["as_paper"]],
        "learning rate": _LEVELS["learning rate"][not row["same_rate"]],
        "optimiser": row["optimiser"] or "not stated",
        "epochs": _LEVELS["epochs"][3 if pd.isna(epochs) else int(epochs > 30) + int(epochs > 100)],
        "figure": _LEVELS["figure"][("last", "best", "unknown").index(row["epoch"])],
        "wrong labels": _LEVELS["wrong labels"][2 if math.isnan(share) else int(share < 1)],
        "map": _LEVELS["map"][row["map"] != "paper"],
    }


def by_group(found, names):
    """How the differences of each pair lie in the levels of some groups.

    Args:
        found: rows of :func:`differences`.
        names: of the groups: loss, learning rate, optimiser, epochs, figure, wrong labels, map.

    Returns:
        A frame, a row a level that has a difference and a pair: goes with (the group), level, loss, other, cells, above
        (how many of them are above zero), least and most (points; NaN where the pair has none).
    """
    levels = pd.DataFrame([_level(row) for _, row in found.iterrows()], index=found.index)
    rows = []
    for name in names:
        for level in _LEVELS[name]:
            part = found[levels[name] == level]
            if part.empty:
                continue
            for loss, other in PAIRS:
                of = part.loc[(part["loss"] == loss) & (part["other"] == other), "difference"]
                row = {"goes with": name, "level": level, "loss": loss, "other": other, "cells": len(of)}
                rows.append(row | {"above": int((of > 0).sum()), "least": of.min(), "most": of.max()})
    return pd.DataFrame(rows)


def group_table(groups):
    """The frame of :func:`by_group` as text: a row a level, a column a pair, ``20 of 20, +0.8 to +41.5``."""
    pairs = groups["loss"] + " − " + groups["other"]
    grid = groups.assign(pair=pairs, text=[_summary(row) for row in groups.itertuples()])
    grid = grid.pivot_table(index=["goes with", "level"], columns="pair", values="text", aggfunc="first", sort=False)
    return grid.reset_index().rename_axis(columns=None)


def _summary(row):
    if not row.cells:
        return "–"
    low, high = wording.signed(row.least), wording.signed(row.most)
    return f"{row.above} of {row.cells}, " + (low if row.cells == 1 else f"{low} to {high}")


def sections(found):
    """The series of a figure in the order of its rows: ``{heading: [series]}``.

    First the authors and ours, then those with a difference that is counted, by the kind of epoch, then the others.
    """
    out = {"authors, last epoch": [AUTHORS], "our small runs, last epoch": [OURS]}
    counted = set(found.loc[found["counted"], "series"])
    for row in found[~found["source"].isin([AUTHORS, OURS])].drop_duplicates("series").to_dict("records"):
        heading = _level(row)["figure"] if row["series"] in counted else "none counted"
        out.setdefault(heading, []).append(row["series"])
    return {name: out[name] for name in (*list(out)[:2], *_LEVELS["figure"], "none counted") if name in out}


def last_and_best():
    """The differences of a series that are counted both after the last epoch and at the best epoch on the test set.

    Returns:
        A frame with series, source, loss, other, setting, kind, last and best.
    """
    last, best = (found[found["counted"]] for found in map(differences, ("last", "best-test")))
    keys = ["series", "source", "loss", "other", "setting", "kind"]
    both = last[[*keys, "difference"]].merge(best[[*keys, "difference"]], on=keys, suffixes=("_last", "_best"))
    return both.rename(columns={"difference_last": "last", "difference_best": "best"})


def source_table():
    """A row a series, the authors' in one: what it is, how its losses are coded and trained, how many its figures."""
    figures = reproductions.load()["source"].value_counts()
    table = _sources().assign(figures=lambda of: of["series"].map(figures).fillna(0).astype(int))
    authors = table["source"] == AUTHORS
    first = table[authors].head(1).assign(series=AUTHORS, figures=table.loc[authors, "figures"].sum())
    rows = []
    for row in pd.concat([first, table[~authors]]).to_dict("records"):
        coded = {name: {"": "–"}.get(row[column], row[column]) for column, name in _LOSSES.items()}
        if row["rce"] == _PAPER:
            coded["RCE"] = f"A = {wording.signed(row['rce_a'], 2)}"
        slope = "–" if math.isnan(row["mae_slope"]) else f"{row['mae_slope']:g}(1 − p)"
        wrong = ["–" if math.isnan(row[rate]) else f"{row[rate]:g}" for rate in ("symmetric_rate", "asymmetric_rate")]
        rows.append(
            {"series": row["series"], "what": row["what"], "NCE": coded["NCE"], "NFL": coded["NFL"], "MAE": slope}
            | {"RCE": coded["RCE"], "training": training(row) or "–", "epoch": row["epoch"] or "–"}
            | {"wrong labels": ", ".join(wrong), "map": row["map"] or "–", "figures": row["figures"]}
        )
    return pd.DataFrame(rows)


def training(row):
    """Optimiser and number of epochs of a row, as far as they are known: ``SGD 120``."""
    return " ".join(str(part) for part in (row["optimiser"], row["epochs"]) if not pd.isna(part))


def departures():
    """What departs from the paper, or from good measurement, and in how many attempts; no source is named.

    Counted are the attempts that coded a normalised loss, each once whatever the number of its series.

    Returns:
        A frame, a row a departure: what, attempts (how many have it) and of (how many it could be told of; of a kind of
        other loss, how many have another).
    """
    coded = _sources()
    coded = coded[(coded["source"] != AUTHORS) & (coded["nce"] != "")]
    rows = []

    def count(what, has, told):
        number, of = (coded.loc[mask, "source"].nunique() for mask in (has, told))
        rows.append({"what": what, "attempts": number, "of": of})

    for column, name in _LOSSES.items():
        told = ~coded[column].isin(["", "unknown"])
        other = told & (coded[column] != _PAPER)
        count(f"{name} is another loss", other, told)
        for kind in _CODED:
            if (has := coded[column] == kind).any():
                count(f"– {_CODED[kind]}", has, other)
    slope, a = coded["mae_slope"], coded["rce_a"]
    count("MAE is divided by the number of classes", slope == 0.2, slope.notna())
    count("RCE has another A than −4", a.notna() & (a != -4), a.notna())
    count("– −9.21, as the released code", a == -9.21, a.notna() & (a != -4))
    count("asymmetric noise has another map", coded["map"] == "other", coded["map"].isin(["paper", "other"]))
    faults = coded["faults"].str.split("; ")
    named = {kind: faults.map(lambda of, kind=kind: kind in of) for kind in faults.explode().unique() if kind}
    for kind in sorted(named, key=lambda kind: (-coded.loc[named[kind], "source"].nunique(), kind)):
        count(kind, named[kind], coded["nce"] != "")
    return pd.DataFrame(rows)
