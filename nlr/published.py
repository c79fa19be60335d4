"""What others print: accuracies on CIFAR-10 by source, in per cent, each with how we know it."""

import pandas as pd

from nlr import reported
from nlr.errors import unknown
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
    """All figures, a row each: key, where, mark (``read``, ``second-hand`` or ``printed``), loss, setting, mean, sd.

    ``sd`` is NaN where the source gives none; ``printed`` are the figures of the five course reports.
    """
    published = pd.read_csv(PUBLISHED, comment="#")
    printed = reported.accuracies().rename(columns={"report": "key", "value": "mean"})
    printed = printed.assign(mark="printed", sd=float("nan"))
    columns = ["key", "where", "mark", "loss", "setting", "mean", "sd"]
    return pd.concat([published[columns], printed[columns]], ignore_index=True)


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
