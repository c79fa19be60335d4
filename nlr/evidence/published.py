"""What others print: accuracies on CIFAR-10 by source, in per cent, each with how we know it."""

import re
from functools import cache

import pandas as pd

from nlr.errors import unknown
from nlr.evidence import course_figures
from nlr.evidence.reproductions import SourceFigure, sample_sd
from nlr.paths import ROOT

PUBLISHED = ROOT / "book" / "data" / "published.csv"

#: How a source is called in a table, by its key.
NAMES = {
    "wang2024": "Wang et al. 2024",
    "ma2020-quoted": "Ma et al. 2020, second-hand",
    "chheda": "Chheda's report",
    "krishnan": "Krishnan's report",
    "joshi": "Joshi's report",
}


def accuracies():
    """All figures, a row each.

    Returns:
        A frame of the caller's own: ``key``, ``where``, ``mark`` (``read``, ``second-hand`` or, of the five course
        reports, ``printed``), ``loss``, ``setting``, ``mean``, ``sd`` (as printed; NaN where the source gives none),
        ``seeds`` (number of runs; 1 in the reports, none of which says that it repeats any) and ``note``.
    """
    return _accuracies().copy()


@cache
def _accuracies():
    """Read once: a page asks dozens of times."""
    published = pd.read_csv(PUBLISHED, comment="#")
    printed = course_figures.accuracies().rename(columns={"report": "key", "value": "mean"})
    printed = printed.assign(mark="printed", sd=float("nan"), seeds=1)
    columns = ["key", "where", "mark", "loss", "setting", "mean", "sd", "seeds", "note"]
    return pd.concat([published[columns], printed[columns]], ignore_index=True)


def names():
    """How a source is called with the mark that its figures have, by its key; a report's are all printed in it."""
    marks = accuracies().groupby("key", sort=False)["mark"].first()
    return {
        key: name if marks[key] == "printed" or marks[key] in name else f"{name}, {marks[key]}"
        for key, name in NAMES.items()
    }


def means(key):
    """The mean accuracies of one source: ``{(loss, setting): per cent}``.

    Raises:
        NlrError: there is no such source.
    """
    table = accuracies()
    if key not in set(table["key"]):
        raise unknown("source", key, sorted(set(table["key"])))
    chosen = table[table["key"] == key]
    return dict(zip(zip(chosen["loss"], chosen["setting"], strict=True), chosen["mean"], strict=True))


def figures(key):
    """The figures of one source, to be laid beside runs: ``{(loss, setting): SourceFigure}``.

    A standard deviation is taken as one that was divided by the number of runs, the wider reading, for no source here
    says by what it was divided.

    Raises:
        NlrError: there is no such source.
    """
    table = accuracies()
    if key not in set(table["key"]):
        raise unknown("source", key, sorted(set(table["key"])))
    return {
        (row.loss, row.setting): SourceFigure(
            row.mean, sample_sd(row.sd, row.seeds), row.seeds, row.key, path=row.where, note=row.note
        )
        for row in table[table["key"] == key].itertuples()
    }


def quoted(text):
    """The text with the figures that it quotes.

    Args:
        text: may hold keys in braces, ``{chheda.symmetric-0.2.ce}``, and differences of two,
            ``{chheda.symmetric-0.2.ce - chheda.symmetric-0.8.ce}``; shown with two decimals, as they are printed.

    Raises:
        NlrError: no source has such a figure.
    """

    def figure(key):
        source, _, rest = key.partition(".")
        setting, _, loss = rest.rpartition(".")
        printed = means(source)
        if (loss, setting) not in printed:
            raise unknown(f"figure of {source}", rest, sorted(f"{s}.{name}" for name, s in printed))
        return printed[loss, setting]

    def filled(match):
        one, *other = match[1].split(" - ")
        return f"{figure(one) - sum(map(figure, other)):z.2f}".replace("-", "\N{MINUS SIGN}")

    return re.sub(r"\{([^{}]+)\}", filled, text)
