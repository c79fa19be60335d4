"""What the five reports do, show, announce or wish, and where each thing is in this project."""

import pandas as pd

from nlr.book import places
from nlr.errors import NlrError, unknown
from nlr.evidence import course_figures
from nlr.paths import ROOT

FEATURES = ROOT / "book" / "data" / "features.csv"

#: What became of a feature: done, done in another form, done in part, or not done.
STATES = ("done", "otherwise", "in part", "not done")


def load():
    """The features in order, one a row.

    Returns:
        A data frame of strings: ``id`` (F1 to F197), ``feature`` (our words), ``part`` (what it belongs to),
        ``reports`` (those that have it, separated by spaces; none for what the first audit added), ``status`` (one of
        :data:`STATES`), ``where`` (places as :mod:`nlr.book.places` names them, separated by spaces) and ``note``.

    Raises:
        NlrError: a row is not a feature.
    """
    frame = pd.read_csv(FEATURES, comment="#", dtype=str, keep_default_na=False)
    for row in frame.itertuples():
        if row.status not in STATES:
            raise unknown(f"status of {row.id}", row.status, STATES)
        for report in row.reports.split():
            if report not in course_figures.REPORTS:
                raise unknown(f"report of {row.id}", report, course_figures.REPORTS)
        if row.status != "done" and not row.note:
            raise NlrError(
                f"Feature {row.id} is {row.status!r} without a note: say in which form, which part or why not."
            )
        if row.status != "not done" and not row.where:
            raise NlrError(f"Feature {row.id} is {row.status!r} and nowhere: name a place, or call it not done.")
    return frame


def row_label(name):
    """The label of a feature's row on the page of all features: ``feature-f20``."""
    return f"feature-{name.lower()}"


def table(frame):
    """A row a feature, cells in MyST: id, feature, part, reports, status and where."""
    return pd.DataFrame(
        {
            "id": f"[{row.id}]{{#{row_label(row.id)}}}",
            "feature": row.feature,
            "part": row.part,
            "reports": ", ".join(name.capitalize() for name in row.reports.split()) or "–",
            "where": " ".join(filter(None, (f"{{verdict}}`{row.status}`", places.links(row.where.split()))))
            + (f"<br>{row.note}" if row.note else ""),
        }
        for row in frame.itertuples()
    )


def left_open(frame):
    """What is not done, or only in part, with the reason: a MyST list, an item a reason."""
    items = []
    for (status, note), rows in frame[frame["status"].isin(["in part", "not done"])].groupby(
        ["status", "note"], sort=False
    ):
        links = ", ".join(f"[{name}](#{row_label(name)})" for name in rows["id"])
        what = f"{rows['feature'].iloc[0]}. " if len(rows) == 1 else ""
        items.append(f"- {links} {{verdict}}`{status}` {what}{note}")
    return "\n".join(items)


def counts(frame):
    """How many features of each part became what: a row a part, and one for all; a column a status."""
    counted = pd.crosstab(frame["part"], frame["status"]).reindex(
        index=frame["part"].unique(), columns=STATES, fill_value=0
    )
    counted.loc["all"] = counted.sum()
    counted.insert(0, "features", counted.sum(axis=1))
    return counted.rename_axis(columns=None).reset_index()
