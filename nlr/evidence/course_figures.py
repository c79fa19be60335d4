"""What the five course reports print: the figures of their tables and prose, and what they show without a number."""

import pandas as pd

from nlr.errors import unknown
from nlr.paths import ROOT

REPORTED = ROOT / "book" / "data" / "reported.csv"
REPORTS = ("soni", "kathuria", "krishnan", "joshi", "chheda")

#: How a report gives a row: in a table, in prose, in a figure that is lost, or not at all although it announces it.
KINDS = ("table", "prose", "figure", "absent")


def load(report=None):
    """The reported figures, one a row, in the order of the reports.

    Args:
        report: one of :data:`REPORTS`; None for all.

    Returns:
        A data frame. ``report``, ``kind`` (one of :data:`KINDS`), ``where`` (table, figure or section), ``section``,
        ``page`` (on which that section begins; missing where the report has no table of contents), ``loss`` (as the
        report spells it, a key of ``report.losses`` in its protocols), ``setting`` (``symmetric-0.4`` and the like, a
        kind of noise alone where it is of all rates), ``metric``, ``class`` (for figures of one class), ``value``
        (per cent for accuracies; missing where there is no number, or a range), ``low`` and ``high`` (of a range),
        ``text`` (as printed), ``starred`` (bool), ``repeats`` (the table whose figures a sentence repeats; empty for
        what prose alone says) and ``note``.

    Raises:
        NlrError: the report is unknown.
    """
    if report is not None and report not in REPORTS:
        raise unknown("report", report, REPORTS)
    words = dict.fromkeys(("where", "section", "text", "repeats", "note", "loss", "setting"), str)
    empty = {key: "" for key in ("value", "low", "high", "page", "class")}
    frame = pd.read_csv(REPORTED, comment="#", dtype=words, keep_default_na=False, na_values=empty)
    frame = frame.astype({"page": "Int64", "class": "Int64"}).assign(starred=frame["starred"] == "yes")
    return frame if report is None else frame[frame["report"] == report].reset_index(drop=True)


def accuracies():
    """The overall accuracies of all tables, a row each.

    Returns:
        A data frame with ``report``, ``where``, ``loss`` (in lower case, without spaces), ``setting``, ``value`` (per
        cent; Joshi's are against noisy labels) and ``note``.
    """
    frame = load()
    chosen = frame[(frame["kind"] == "table") & frame["class"].isna()]
    spelled = chosen["loss"].str.lower().str.replace(" ", "")
    return chosen.assign(loss=spelled)[["report", "where", "loss", "setting", "value", "note"]].reset_index(drop=True)


def tables(report, metric="test_accuracy"):
    """What a report's tables have of a metric: its figures, a row a loss and a column a setting."""
    found = load(report)
    found = found[(found["kind"] == "table") & (found["metric"] == metric)]
    return found.pivot(index="loss", columns="setting", values="value")
