"""What explains the differences: the errata of a report, and what putting them right does to accuracy."""

import re
from dataclasses import replace

import pandas as pd

from nlr.book import errata, reports
from nlr.book.display import Table
from nlr.book.reports import READINGS
from nlr.book.reports.method import errata_link, origin_rows, terms
from nlr.book.reports.ours import SCALES
from nlr.evidence.wording import with_interval
from nlr.study import protocols

#: What of a protocol's noise decides the labels of a kind.
_NOISE = {"symmetric": ("symmetric",), "asymmetric": ("asymmetric", "class_map")}

#: Keys that are one thing: that a cosine is cut short can be seen in either.
_TOGETHER = {"epochs": ("epochs", "schedule_epochs")}


def errata_table(name):
    """The errata of a report, the gravest first, each with what this report has and where the book shows it."""
    mine = [one for one in errata.load().values() if name in one.reports]
    mine.sort(key=lambda one: errata.SEVERITIES.index(one.severity))
    frame = errata.table(
        {one.name: replace(one, written=tuple(w for w in one.written if w["report"] == name)) for one in mine}
    )
    frame["erratum"] = [errata_link(one.name) for one in mine]
    return Table(
        frame,
        name="errata",
        caption="The errata of this report, those first that change a conclusion. Each links to its row on the "
        "{doc}`page of all errata </executed/reports/errata>` and to the places that show it.",
        left=list(frame.columns[1:]),
        style="errata",
    )


def mended(name, loss, kinds, scale):
    """The errata that set the two readings of a loss apart: not those of another loss, noise or scale.

    Args:
        name: the report.
        loss: as the report names it.
        kinds: of noise.
        scale: a key of :data:`SCALES`; what both readings have alike there, no erratum of it can change.

    Returns:
        ``{erratum: [kinds in which it acts]}`` in order. Labels and epochs by which runs are judged are not among them:
        where they differ, :func:`effects_table` judges both readings alike.
    """
    sources = reports.protocols_of(name, scale)
    if len(sources) < len(READINGS):
        return {}
    written, intended = (protocols.load(sources[reading][0]) for reading in READINGS)
    used = terms(spec for spec, known in sources["as-intended"][1].items() if known == loss)
    out = {}
    for full_key, _, row in origin_rows(name):
        if not row or row["origin"] != "mended":
            continue
        section, _, key = full_key.partition(".")
        keys = _TOGETHER.get(key, (key,))
        acts = section in protocols.SECTIONS and any(written[section].get(k) != intended[section].get(k) for k in keys)
        if section == "losses":
            acts = acts and key in used
        if section == "names":
            acts = key == loss
        of = [kind for kind in kinds if acts and (section != "noise" or key in _NOISE.get(kind, ()))]
        for erratum in re.findall(r"\bE\d+\b", row["words"]) if of else ():
            out[erratum] = [kind for kind in kinds if kind in of or kind in out.get(erratum, ())]
    return dict(sorted(out.items(), key=lambda item: int(item[0][1:])))


def effects_table(name, found, scale, records=()):
    """What putting errata right does to accuracy: for each loss the mean over the settings of a kind, with interval.

    Args:
        name: the report.
        found: rows of :func:`nlr.book.reports.runs_of`.
        scale: a key of :data:`SCALES`.
        records: as for :func:`nlr.book.reports.comparison`.

    Returns:
        A table, or None where the readings share no setting. Where they are judged on different labels, it is of the
        accuracy on clean ones.
    """
    mine = found[found["scale"] == scale]
    if mine.empty:
        return None
    judged = {reports.judged_by(name, reading) for reading in READINGS}
    figure = "clean" if len(judged) > 1 else "value"
    kinds = [kind for kind in ("clean", "symmetric", "asymmetric") if kind in set(mine["kind"])]
    rows, numbers = [], []
    for loss in dict.fromkeys(mine["loss"]):
        if put_right := mended(name, loss, kinds, scale):
            names = [
                errata_link(one) + ("" if of == kinds else f" ({' and '.join(of)})") for one, of in put_right.items()
            ]
            effects = {kind: reports.effect(mine, loss, kind, records, figure) for kind in kinds}
            rows.append({"loss": loss, "errata": ", ".join(names)} | {k: _effect(one) for k, one in effects.items()})
            numbers += [_unrounded(loss, put_right, kind, one) for kind, one in effects.items() if one]
    if not numbers:
        return None
    return Table(
        pd.DataFrame(rows),
        name=f"effects{reports.SCALES[scale]}",
        caption="What the errata do to the accuracy: as written less as intended in points, mean over the "
        "settings of a kind "
        f"that both have, with a 95 % interval from the spread over seeds of all runs of these protocols; our runs "
        f"{SCALES[scale]}, "
        f"{reports.CLEAN if len(judged) > 1 else judged.pop()}.",
        left=["errata"],
        numbers=pd.DataFrame(numbers),
    )


def _unrounded(loss, put_right, kind, value):
    """An effect with its interval, as a row of numbers; only the errata that act in this kind of noise."""
    low, high = value.interval()
    return {
        "loss": loss,
        "errata": " ".join(erratum for erratum, kinds in put_right.items() if kind in kinds),
        "noise": kind,
        "as written less as intended (points)": value.effect,
        "95 % interval, low (points)": low,
        "95 % interval, high (points)": high,
    }


def _effect(value):
    if value is None:
        return "–"
    return with_interval(value.effect, *value.interval())
