"""Your records beside ours: whether they agree, and what differs in how they were made."""

import numpy as np
import pandas as pd

from nlr.errors import NlrError
from nlr.evidence.frames import frame, read_store, setting_of, unanswered
from nlr.study import records, studies

POINTS = 1.0  # by which two cells may differ
DEVIATIONS = 3  # of ours over seeds, where that is more


def compare(yours, ours):
    """Your records against ours, cell by cell, over the seeds that each has.

    Two cells agree when their mean last accuracies differ by at most the larger of 1 point and 3 of our standard
    deviations over seeds.

    Args:
        yours, ours: lists of records.

    Returns:
        A frame with protocol, setting, loss, n_yours, n_ours, yours, ours, never_answered_yours, never_answered_ours
        (classes, the most in a run), difference, our_sd, tolerance, agree (True, False, or None where ours is missing)
        and note, which names any difference in configuration, data, device or seeds.
    """
    rows, reference = [], _by_cell(ours)
    for cell, mine in _by_cell(yours).items():
        same_run = [found for other, found in reference.items() if other[1:] == cell[1:]]  # on whatever data
        theirs = reference.get(cell) or next(iter(same_run), [])
        row = dict(zip(("protocol", "setting", "loss"), cell[1:], strict=True))
        table = frame(mine)
        row |= {"n_yours": len(mine), "n_ours": len(theirs), "yours": table["last"].mean(), "ours": np.nan}
        row |= {"never_answered_yours": table["never_answered"].max(), "never_answered_ours": np.nan}
        row |= {"difference": np.nan}
        row |= {"our_sd": np.nan, "tolerance": np.nan, "agree": None, "note": "no record of ours"}
        if theirs:
            table = frame(theirs)
            row["ours"], row["our_sd"] = table["last"].mean(), table["last"].std()
            row["never_answered_ours"] = table["never_answered"].max()
            row["difference"] = row["yours"] - row["ours"]
            row["tolerance"] = max(POINTS, DEVIATIONS * np.nan_to_num(row["our_sd"]))
            row["agree"] = bool(abs(row["difference"]) <= row["tolerance"])
            row["note"] = "; ".join(_differences(mine, theirs)) or "same data and device"
        rows.append(row)
    return pd.DataFrame(rows)


def _by_cell(found):
    out = {}
    for record in found:
        config = record["config"]
        cell = config["dataset"], config["protocol"], setting_of(config), config["loss"]["spec"]
        out.setdefault(cell, []).append(record)
    return out


def _differences(yours, ours):
    def values(found, key):
        return sorted({str(key(record)) for record in found})

    same_data = {r["config"]["dataset"] for r in yours} == {r["config"]["dataset"] for r in ours}
    mine, theirs = (
        {k: v for k, v in found[0]["config"].items() if k not in ("dataset", "seed")} for found in (yours, ours)
    )
    if mine != theirs:
        yield f"configuration: {records.difference(mine, theirs, there='in yours', here='in ours')}"
    for label, key in (
        ("data", lambda r: r["config"]["dataset"]),
        ("images", lambda r: r["facts"]["fingerprint"][:8]),
        ("device", lambda r: r["facts"]["device"]),
        ("threads", lambda r: r["facts"]["threads"]),
        ("torch", lambda r: r["facts"]["versions"]["torch"]),
        ("seeds", lambda r: r["config"]["seed"]),
    ):
        a, b = values(yours, key), values(ours, key)
        if a != b and (label != "images" or same_data):
            yield f"{label}: yours {', '.join(a)}, ours {', '.join(b)}"


def as_text(compared):
    """The frame of :func:`compare` as text for a page or a terminal.

    Behind an accuracy stands in square brackets how many classes are never answered, where there are any.
    """

    def accuracy(mean, never, n):
        return f"{mean:.1f}{unanswered(never)} (n = {n})" if n else "–"

    words = {True: "agrees", False: "differs", None: "no record of ours"}
    return pd.DataFrame(
        {
            "setting": compared["setting"],
            "loss": compared["loss"],
            "yours": [accuracy(r.yours, r.never_answered_yours, r.n_yours) for r in compared.itertuples()],
            "ours": [accuracy(r.ours, r.never_answered_ours, r.n_ours) for r in compared.itertuples()],
            "difference": [f"{d:+z.1f}" if not pd.isna(d) else "–" for d in compared["difference"]],
            "our sd": [f"{d:.1f}" if not pd.isna(d) else "–" for d in compared["our_sd"]],
            "within": [f"{t:.1f}" if not pd.isna(t) else "–" for t in compared["tolerance"]],
            "verdict": [words[a] for a in compared["agree"]],
        }
    )


def compare_stores(yours):
    """Every readable record of a store of one's own against the stores of the studies.

    Args:
        yours: a folder of records.

    Returns:
        ``(agreement frame, list of damaged files)``.

    Raises:
        NlrError: the folder has no record, or none that can be read.
    """
    mine, damaged = read_store(yours)
    if damaged and not mine:
        raise NlrError(f"No record in {str(yours)!r} can be read: {' '.join(damaged)}")
    if not mine:
        raise NlrError(
            f"No record in {str(yours)!r}; expected <dataset>/<protocol>/<loss>/<setting>/seed-<n>.json there."
        )
    theirs = [record for store in studies.STORES.values() for record in read_store(store)[0]]
    return compare(mine, theirs), damaged
