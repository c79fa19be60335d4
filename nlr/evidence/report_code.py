"""The public code of three of the five course reports: where it is, what it does, and the figures that it prints."""

import tomllib
from functools import cache

import pandas as pd

from nlr.errors import unknown
from nlr.evidence import course_figures
from nlr.paths import ROOT

FIGURES = ROOT / "book" / "data" / "report_code.csv"
CODE = ROOT / "book" / "data" / "report_code.toml"

#: The sources of figures of each report: what it prints or draws, then what was made later.
SOURCES = {
    "soni": ("SONI",),
    "kathuria": (),
    "krishnan": ("KRISHNAN-1", "KRISHNAN-2"),
    "joshi": (),
    "chheda": ("CHHEDA-1", "CHHEDA-2"),
}


def load(report=None):
    """The figures, one a row, in the order of the file.

    Args:
        report: one of :data:`nlr.evidence.course_figures.REPORTS`; None for all.

    Returns:
        A data frame of the caller's own, with the columns of :func:`nlr.evidence.reproductions.load`; ``loss`` is what
        it is called, in our spelling, ``loss_as_coded`` the loss of ours that the code computes, or ``not known``,
        and ``text`` the figure as printed.

    Raises:
        NlrError: the report is unknown.
    """
    if report is not None and report not in course_figures.REPORTS:
        raise unknown("report", report, course_figures.REPORTS)
    frame = _load()
    return frame.copy() if report is None else frame[frame["source"].isin(SOURCES[report])].reset_index(drop=True)


@cache
def _load():
    frame = pd.read_csv(FIGURES, comment="#", dtype=str, keep_default_na=False)
    numbers = {name: pd.to_numeric(frame[name]) for name in ("alpha", "beta", "gamma", "mean", "seeds")}
    return frame.assign(text=frame["mean"], **numbers)


def code(report):
    """What is known of a report's code: ``repository``, ``commit``, ``tables``, ``has``; empty where none is public.

    ``tables`` says what those sources of figures are that are not the report's own tables. ``has`` names facts by the
    key of a protocol's row, as ``training.learning_rate``, or by the report's name of a loss, as ``names.NFL``; each is
    a dict with ``says``, our words in MyST, and ``path``. Chheda's has ``first_epoch`` too: a test accuracy in per cent
    and a mean test loss that tell which loss was trained.

    Raises:
        NlrError: the report is unknown.
    """
    if report not in course_figures.REPORTS:
        raise unknown("report", report, course_figures.REPORTS)
    return _code().get(report, {})


@cache
def _code():
    return tomllib.loads(CODE.read_text())


def place(report, path):
    """A link in MyST to a file of a report's code at the commit at which it was read.

    Raises:
        NlrError: no code of the report is known.
    """
    known = code(report)
    if not known:
        raise unknown("report with public code", report, sorted(_code()))
    address = f"https://github.com/{known['repository']}/blob/{known['commit']}/{path.replace(' ', '%20')}"
    return f"[`{path.rpartition('/')[2]}`]({address})"
