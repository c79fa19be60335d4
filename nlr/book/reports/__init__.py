"""The five course reports: what each set out to do, its figures, and our runs of its protocols in each reading.

A report is trained as written and as intended, each in full, scaled down and, where an erratum needs it, on digits;
:func:`runs_of` brings the records of these protocols into one table under the report's own names of its losses. Where
its code is public it is trained as that ran too, on digits alone, which :func:`as_run` is of. Numbers of the reports
themselves come from :mod:`nlr.evidence.course_figures`, the origin of every value of a protocol from
:mod:`nlr.study.protocols`.
"""

import math
import re
import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from nlr.errors import NlrError, unknown
from nlr.evidence import course_figures, frames, report_code, statistics
from nlr.noise import parse_setting
from nlr.study import protocols, runs, studies
from nlr.study.records import config_hash

REGISTRY = Path(__file__).parent / "registry.toml"

#: The readings that every report has; the third, that of public code, has a table of its own.
READINGS = ("as-written", "as-intended")

#: How large the runs of a report are, with the ending of their protocols' names. Scales are never mixed.
SCALES = {"full": "", "small": "-small", "digits": "-digits"}

#: What a figure of a report shows. In this order, accuracy by noise rate, accuracy by epoch, loss and accuracy on
#: validation by epoch, loss and accuracy in training and on the test set by epoch, accuracy overall and by class, and
#: what is drawn by code, without runs.
FORMS = ("rate", "epoch", "validation", "training", "classes", "drawn")
_FORM_OF = {
    "test_accuracy": "rate",
    "accuracy_curve": "epoch",
    "validation_curves": "validation",
    "training_curves": "training",
}

#: Where a value of a protocol comes from, as a shape and a word.
MARKS = {
    "stated": "● stated",
    "ours": "◇ **our choice**",
    "code": "■ settled by its code",
    "mended": "▲ mended",
    "small": "▹ scaled down",
    "fault": "✗ on purpose",
}


@dataclass(frozen=True)
class ReportFigure:
    """A figure of a report.

    Attributes:
        name: as the report numbers it, ``Figure 3``; where it has no number, what it is of.
        caption: as printed, a long one without its later sentences; empty where there is none.
        section: where it stands.
        form: one of :data:`FORMS`.
        losses: the report's names of the losses in it.
        settings: ``symmetric-0.4`` and the like.
        drawing: for form ``drawn``, which drawing stands in its place.
    """

    name: str
    caption: str
    section: str
    form: str
    losses: tuple = ()
    settings: tuple = ()
    drawing: str = ""


def about(name):
    """What the registry says of a report, by the keys that are explained at its head.

    Raises:
        NlrError: the report is unknown.
    """
    if name not in course_figures.REPORTS:
        raise unknown("report", name, course_figures.REPORTS)
    told = tomllib.loads(REGISTRY.read_text())[name]
    return {"code": "", "pictures": "", "captions": {}, "drawn": {}, "said": {}, "settings": []} | told


def protocol_of(name, reading, scale="full"):
    """The name of a report's protocol: ``soni-as-written``, ``soni-as-written-small``; it need not exist."""
    return f"{name}-{reading}{SCALES[scale]}"


def protocols_of(name, scale):
    """The protocols in which a report's readings are trained at a scale.

    Where a reading has none of its own there, and in full the two differ in their losses alone, that of the other
    reading trains its losses too.

    Returns:
        ``{reading: (protocol, {loss as records spell it: name in the report})}``, without a reading that has none.
    """
    full = {reading: protocols.load(protocol_of(name, reading)) for reading in READINGS}
    alike = all(len({str(loaded[section]) for loaded in full.values()}) == 1 for section in protocols.SECTIONS)
    out, existing = {}, protocols.names()
    for reading, loaded in full.items():
        own = protocol_of(name, reading, scale)
        protocol = own if own in existing else protocol_of(name, READINGS[0], scale) if alike else None
        if protocol in existing:
            trained, losses = protocols.load(protocol), loaded["report"]["losses"]
            names = {runs.canonical_loss(trained, spec)[0]: loss for loss, spec in losses.items()}
            out[reading] = protocol, names
    return out


def figures_of(name):
    """The figures of a report in its order, those that it does not number last.

    Args:
        name: one of :data:`nlr.evidence.course_figures.REPORTS`.

    Returns:
        A list of :class:`ReportFigure`. Joshi's plots of overall and class accuracy have no number; there is one for
        each of his losses and kinds of noise.
    """
    told, own = about(name), protocols.load(protocol_of(name, "as-written"))["report"]
    out = []
    rows = course_figures.load(name)
    for where, part in rows[rows["kind"] == "figure"].groupby("where", sort=False):
        first = part.iloc[0]
        caption = told["captions"].get(where.removeprefix("Figure "), first["loss"])
        settings = dict.fromkeys(s for setting in part["setting"] for s in _settings(setting, own["settings"]))
        losses = tuple(dict.fromkeys(part["loss"]))
        out.append(ReportFigure(where, caption, first["section"], _FORM_OF[first["metric"]], losses, tuple(settings)))
    for number, drawn in told["drawn"].items():
        label = f"Figure {number}" if number.isdigit() else number
        caption = told["captions"][number]
        out.append(ReportFigure(label, caption, drawn["section"], "drawn", drawing=drawn["drawing"]))
    out.sort(key=lambda figure: int(figure.name.split()[-1]) if figure.name.startswith("Figure ") else math.inf)
    for kind, section in (("symmetric", "0.1"), ("asymmetric", "0.2")) if name == "joshi" else ():
        for loss in own["losses"]:
            settings = tuple(_settings(kind, own["settings"]))
            out.append(ReportFigure(f"{loss}, {kind} noise", "", section, "classes", (loss,), settings))
    return out


def _settings(setting, known):
    """The settings that a row is about: its own, or all of a kind."""
    return [setting] if setting in known else [s for s in known if s.startswith(f"{setting}-")]


# Runs


def look(name, loss):
    """The loss of ours whose colour and dashes a loss of a report bears: the one that it is meant to be."""
    _, names = protocols_of(name, "full")["as-intended"]
    spec = next(spec for spec, known in names.items() if known == loss)
    return re.sub(r"^[a-z]+-apl\((.*)\)$", r"\1", spec)


def runs_of(name, records):
    """Our runs of a report, a row a run and reading.

    Where the two readings of a run differ in nothing but their protocol's name, a record of one counts for both.

    Args:
        name: the report.
        records: records, of any protocol.

    Returns:
        A data frame with scale (a key of :data:`SCALES`), reading, loss (as the report names it), setting, kind, rate
        (0.0 for clean labels), seed, value (per cent: the accuracy by which the report's protocol judges a run), clean
        (per cent: :data:`CLEAN`, which every run has) and record.

    Raises:
        NlrError: the records of a protocol are of two data sets.
    """
    rows = {}
    for scale in SCALES:
        sources = protocols_of(name, scale)
        for reading, (protocol, names) in sources.items():
            found = [r for r in records if r["config"]["protocol"] == protocol]
            datasets = sorted({r["config"]["dataset"] for r in found})
            if len(datasets) > 1:
                raise NlrError(
                    f"The records of {protocol} are of {' and '.join(datasets)}; keep those of one data set."
                )
            for record in found:
                config = record["config"]
                if config["loss"]["spec"] in names:
                    key = names[config["loss"]["spec"]], frames.setting_of(config), config["seed"]
                    rows[scale, reading, *key] = record
        _share(rows, scale, sources)
    judged = {}
    out = []
    for (scale, reading, loss, setting, seed), record in rows.items():
        kind, rate = parse_setting(setting)
        protocol = record["config"]["protocol"]
        if protocol not in judged:
            judged[protocol] = _figure(protocol)
        row = {"scale": scale, "reading": reading, "loss": loss, "setting": setting, "kind": kind, "rate": rate}
        row |= {"seed": seed, "value": 100 * record["final"][judged[protocol]]}
        out.append(row | {"clean": 100 * record["final"]["last_accuracy"], "record": record})
    columns = ["scale", "reading", "loss", "setting", "kind", "rate", "seed", "value", "clean", "record"]
    return pd.DataFrame(out, columns=columns).astype({"value": float, "clean": float})


def as_run(name, records):
    """Our runs of what the public code of a report does, on digits.

    The third reading is of several protocols where the code trains losses at learning rates of their own.

    Args:
        name: the report.
        records: records, of any protocol.

    Returns:
        A data frame with loss (as the report names it), spec (as trained), learning_rate, setting, seed and value, the
        accuracy by which the code judges a run, in per cent; no row where there is no run or no public code.
    """
    trained = {}
    for protocol in protocols.names():
        if protocol.startswith(f"{name}-") and protocol.endswith("-digits"):
            loaded = protocols.load(protocol)
            if loaded["report"]["reading"] == "as-run":
                names = loaded["report"]["losses"].items()
                trained[protocol] = {runs.canonical_loss(loaded, spec)[0]: loss for loss, spec in names}
    rows = []
    for record in records:
        config = record["config"]
        protocol, spec = config["protocol"], config["loss"]["spec"]
        if spec in trained.get(protocol, ()):
            row = {"loss": trained[protocol][spec], "spec": spec, "learning_rate": config["training"]["learning_rate"]}
            row |= {"setting": frames.setting_of(config), "seed": config["seed"]}
            rows.append(row | {"value": 100 * record["final"][_figure(protocol)]})
    return pd.DataFrame(rows, columns=["loss", "spec", "learning_rate", "setting", "seed", "value"])


def _share(rows, scale, sources):
    """Let a record of one reading count for the other too, where the other would make the same run."""
    same = {}
    for (of, reading, loss, setting, seed), record in list(rows.items()):
        for other, (protocol, names) in sources.items() if of == scale else ():
            kind = record["config"]["noise"]["kind"]  # rate and seed do not change the answer
            question = reading, other, loss, kind
            if other != reading and question not in same:
                spec = next(spec for spec, name in names.items() if name == loss)
                twin = runs.resolve(protocol, spec, setting, seed, record["config"]["dataset"])
                same[question] = {**twin, "protocol": ""} == {**record["config"], "protocol": ""}
            if same.get(question):
                rows.setdefault((scale, other, loss, setting, seed), record)


def _figure(protocol):
    """The entry of a record's final part by which a report's protocol judges a run."""
    loaded = protocols.load(protocol)
    noisy = loaded["noise"].get("evaluation") == "noisy"
    return loaded["report"]["selection"] + ("_noisy" if noisy else "")


#: What ``last_accuracy`` is.
CLEAN = "clean test accuracy after the last epoch"


def judged_by(name, reading):
    """The accuracy by which the runs of a reading are judged, in words."""
    return {
        "last_accuracy": CLEAN,
        "last_accuracy_noisy": "accuracy on noisy test labels after the last epoch",
        "best_by_noisy_validation": "clean test accuracy in the epoch that is best on noisy validation labels",
        "best_by_clean_validation": "clean test accuracy in the epoch that is best on clean validation labels",
        "best_accuracy": "clean test accuracy in the best epoch, chosen on the test set",
    }[_figure(protocol_of(name, reading))]


def curves(found, keys, name=""):
    """Series of runs by epoch, a row a run and epoch.

    Args:
        found: rows of :func:`runs_of`.
        keys: the series wanted; a run that lacks one has NaN there.
        name: the report, where a key says ``{rule}`` for its rule of selection.

    Returns:
        A data frame with reading, loss, setting, seed, epoch (from 1) and the keys.
    """
    parts = []
    rules = {r: "noisy" if name and "noisy" in _figure(protocol_of(name, r)) else "clean" for r in READINGS}
    for row in found.itertuples():
        series, rule = row.record["series"], rules[row.reading]
        length = len(series["test_accuracy"])
        part = {key: pd.Series(series.get(key.format(rule=rule), [None] * length), dtype=float) for key in keys}
        head = {"reading": row.reading, "loss": row.loss, "setting": row.setting, "seed": row.seed}
        parts.append(pd.DataFrame(head | {"epoch": np.arange(1, length + 1)} | part))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["reading", "loss", "epoch", *keys])


def by_class(found):
    """Accuracy by class of runs in per cent, against the labels by which they are judged.

    Returns:
        A data frame with loss, setting, rate, seed, class and accuracy.
    """
    rows = []
    for row in found.itertuples():
        final = row.record["final"]
        values = final.get("accuracy_by_noisy_class", final["accuracy_by_class"])
        head = {"loss": row.loss, "setting": row.setting, "rate": row.rate, "seed": row.seed}
        rows += [head | {"class": k, "accuracy": 100 * value} for k, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["loss", "setting", "rate", "seed", "class", "accuracy"])


# Printed figures


def printed(name):
    """The overall accuracies that a report prints in tables or, where it prints none, those of its code.

    Returns:
        A data frame with where, loss, setting, value, text, starred, by (``report`` or ``code``), kind and rate.
    """
    rows = course_figures.load(name)
    chosen = rows[(rows["kind"] == "table") & rows["class"].isna()].assign(by="report")
    if chosen.empty:
        of_code = coded(name)
        chosen = of_code[of_code["epoch"] == "last"].rename(columns={"path": "where", "mean": "value"})
        chosen = chosen.assign(starred=False, by="code")
    out = chosen[["where", "loss", "setting", "value", "text", "starred", "by"]].reset_index(drop=True)
    split = [parse_setting(setting) for setting in out["setting"]]
    return out.assign(kind=[kind for kind, _ in split], rate=[rate for _, rate in split])


def coded(name):
    """The figures of :mod:`nlr.evidence.report_code` for a report, under the report's own names of its losses."""
    names = {look(name, loss): loss for loss in protocols.load(protocol_of(name, "as-written"))["report"]["losses"]}
    rows = report_code.load(name)
    return rows.assign(loss=rows["loss"].map(names))


def printed_tables(name):
    """The tables of accuracies as printed: ``[(where, section, frame of text)]``, a row a loss or class."""
    rows = course_figures.load(name)
    rows = rows[rows["kind"].isin(["table", "absent"]) & rows["where"].str.lower().str.startswith("table")]
    out = []
    for where, part in rows.groupby("where", sort=False):
        text = part["text"].where(part["kind"] == "table", "—") + np.where(part["starred"], "*", "")
        classes = part["class"].notna().any()
        number = part["class"].map(lambda k: "overall" if pd.isna(k) else f"class {k}")
        part = part.assign(text=text, row=number if classes else part["loss"])
        if name == "joshi":
            part["row"] = part["loss"] + ", " + number
        frame = part.pivot_table(index="row", columns="setting", values="text", aggfunc="first", sort=False)
        frame = frame[frames.in_order(frame.columns)].rename(columns=frames.short_name)
        out.append((where, part.iloc[0]["section"], frame.rename_axis(index="loss", columns=None).reset_index()))
    return out


# Comparison


def comparison(name, found, records=(), figure="value"):
    """Printed figures beside our runs of one scale, in the cells that have a run.

    Args:
        name: the report.
        found: rows of :func:`runs_of`, of one scale.
        records: those that it comes from: an interval takes the spread of all runs of the protocols in ``found``, those
            of losses too that the report does not have. Without them it takes that of ``found``.
        figure: ``value``, or ``clean`` for both readings by :data:`CLEAN`.

    Returns:
        A data frame with loss, setting, printed (NaN where there is none); for each reading its mean, sd and n, over
        the seeds that the readings share where they share any, else over its own; same_runs, whether one set of runs
        counts for both readings; and four differences, each with effect, low and high (95 %, NaN where no spread over
        seeds is known): ``readings`` (as written less as intended, over shared seeds), ``printed``
        (as written less printed, the interval being that of one further run), ``written_ce`` and ``intended_ce`` (less
        CE in the same reading); and ``printed_ce``, without interval.
    """
    theirs = printed(name).set_index(["loss", "setting"])["value"].to_dict()
    table, found = _with_others(found, records, figure), found.assign(value=found[figure])
    order = frames.in_order(found["setting"])
    known = list(protocols.load(protocol_of(name, "as-written"))["report"]["losses"])
    cells = [(loss, s) for loss in known for s in order if ((found["loss"] == loss) & (found["setting"] == s)).any()]
    rows = []
    for loss, setting in cells:
        row = {"loss": loss, "setting": setting, "printed": theirs.get((loss, setting), math.nan)}
        hashes = []
        cell = found[(found["loss"] == loss) & (found["setting"] == setting)]
        shared = set.intersection(*(set(cell.loc[cell["reading"] == reading, "seed"]) for reading in READINGS))
        for reading in READINGS:
            mine = cell[(cell["reading"] == reading) & (cell["seed"].isin(shared) | (not shared))]
            hashes.append(sorted(record["digest"] for record in mine["record"]))
            row |= {
                f"{reading}_mean": mine["value"].mean(),
                f"{reading}_sd": mine["value"].std(),
                f"{reading}_n": len(mine),
            }
        row["same_runs"] = hashes[0] == hashes[1]
        rows.append(row | {"printed_ce": row["printed"] - theirs.get(("CE", setting), math.nan)})
    out = pd.DataFrame(rows)
    contrasts = {
        "readings": [[(f"{loss}|as-written", s, 1.0), (f"{loss}|as-intended", s, -1.0)] for loss, s in cells],
        "written_ce": [[(f"{loss}|as-written", s, 1.0), ("CE|as-written", s, -1.0)] for loss, s in cells],
        "intended_ce": [[(f"{loss}|as-intended", s, 1.0), ("CE|as-intended", s, -1.0)] for loss, s in cells],
    }
    for key, terms in contrasts.items():
        wanted = [statistics.Contrast(key, tuple(pair)) for pair in terms]
        values = statistics.estimates(table, "value", wanted)
        if key.endswith("_ce"):
            values = [None if loss == "CE" else value for (loss, _), value in zip(cells, values, strict=True)]
        out = out.join(_columns(key, values))
    own = {record["config"]["protocol"] for record in found.loc[found["reading"] == "as-written", "record"]}
    of_reading = table[table["pooled"] & table["protocol"].isin(own)]
    spread = statistics.pooled_spread(of_reading, "value", paired=False)
    enough = spread.df >= statistics.MINIMUM_DF
    half = stats.t.ppf(0.975, spread.df) * spread.sd * np.sqrt(1 + 1 / out["as-written_n"]) if enough else math.nan
    effect = out["as-written_mean"] - out["printed"]
    return out.assign(printed_effect=effect, printed_low=effect - half, printed_high=effect + half)


def _with_others(found, records, figure):
    """Runs as :mod:`nlr.evidence.statistics` takes them, with those of their protocols that ``found`` leaves out.

    A run that counts for both readings is two rows, of which the spread takes one.
    """
    table = found.assign(loss=found["loss"] + "|" + found["reading"], value=found[figure])
    table["protocol"] = [record["config"]["protocol"] for record in found["record"]]
    digests = pd.Series([record["digest"] for record in found["record"]], table.index, dtype=object)
    table["pooled"] = ~digests.duplicated()
    rows, there = [], set(digests)
    for record in records:
        protocol = record["config"]["protocol"]
        if protocol in set(table["protocol"]) and record["digest"] not in there:
            key = "last_accuracy" if figure == "clean" else _figure(protocol)
            row = {"loss": f"{record['config']['loss']['spec']} @ {protocol}", "protocol": protocol, "pooled": True}
            row |= {"setting": frames.setting_of(record["config"]), "seed": record["config"]["seed"]}
            rows.append(row | {"value": 100 * record["final"][key]})
    columns = ["loss", "setting", "seed", "value", "protocol", "pooled"]
    return pd.concat([table[columns], pd.DataFrame(rows, columns=columns)]).astype({"pooled": bool, "value": float})


def _columns(key, values):
    triples = [(math.nan,) * 3 if v is None else (v.effect, *v.interval()) for v in values]
    return pd.DataFrame(triples, columns=[f"{key}_effect", f"{key}_low", f"{key}_high"])


def effect(found, loss, kind, records=(), figure="value"):
    """What reading a report as written does to a loss: accuracy as written less as intended.

    Args:
        found: rows of :func:`runs_of` of one scale.
        loss: as the report names it.
        kind: of noise; the mean is over the settings of this kind in which both readings share a seed.
        records, figure: as for :func:`comparison`.

    Returns:
        A :class:`nlr.evidence.statistics.Estimate`, or None where there is no such setting.
    """
    table = _with_others(found, records, figure)
    pair = [(f"{loss}|{reading}", sign) for reading, sign in zip(READINGS, (1.0, -1.0), strict=True)]
    mine = found[(found["loss"] == loss) & (found["kind"] == kind)]
    there = [s for s, part in mine.groupby("setting") if part.groupby("seed")["reading"].nunique().max() == 2]
    if not there:
        return None
    terms = tuple((spec, s, sign / len(there)) for s in there for spec, sign in pair)
    return statistics.estimates(table, "value", [statistics.Contrast(loss, terms)])[0]


# What is there and what is missing


def wanted(name, scale):
    """The cells of a report at a scale: a list of (reading, loss, setting)."""
    out = []
    for reading, (protocol, names) in protocols_of(name, scale).items():
        settings = protocols.load(protocol)["report"]["settings"]
        out += [(reading, loss, setting) for loss in names.values() for setting in settings]
    return out


def inventory(name, found):
    """Which figures of a report our runs can fill: a row a figure, or a row a setting for curves of single losses.

    Returns:
        A data frame with names (tuple of names of figures), caption, form, settings, cells (how many the figures need
        in each reading), and for each scale and reading ``(scale, reading)`` the number of cells with a run.
    """
    have = {(r.scale, r.reading, r.loss, r.setting) for r in found.itertuples()}
    groups = {}
    for figure in figures_of(name):
        key = figure.form, figure.settings if figure.form in ("training", "classes") else figure.name
        groups.setdefault(key, []).append(figure)
    rows = []
    for (form, _), members in groups.items():
        cells = [(loss, s) for figure in members for loss in figure.losses for s in figure.settings]
        row = {"names": tuple(figure.name for figure in members), "caption": members[0].caption, "form": form}
        row |= {"settings": members[0].settings, "cells": len(cells)}
        for source in product(SCALES, READINGS):
            row[source] = sum((*source, *cell) in have for cell in cells)
        rows.append(row)
    return pd.DataFrame(rows)


def commands(name, found, records):
    """What makes the missing runs of a report, as commands.

    A study stands for all of its runs. Of the cells that no study has, those on digits are not planned; of the others
    the first of each protocol is named.

    Args:
        name: the report.
        found: rows of :func:`runs_of`.
        records: the records that these come from.
    """
    have, out = {r["config_hash"] for r in records}, []
    cells = set(found[["scale", "reading", "loss", "setting"]].itertuples(index=False, name=None))
    planned = {}  # the runs of each study in each protocol
    for study in map(studies.load, studies.names()):
        for config, _ in study.runs() if study.store == studies.STORES["results"] else ():
            planned.setdefault(config["protocol"], {}).setdefault(study.name, []).append(config)
    for scale in SCALES:
        for reading, (protocol, names) in protocols_of(name, scale).items():
            specs, in_studies = {loss: spec for spec, loss in names.items()}, set()
            for study, made in planned.get(protocol, {}).items():
                in_studies |= {(c["loss"]["spec"], frames.setting_of(c)) for c in made}
                if any(config_hash(config) not in have for config in made):
                    out.append(f"python -m nlr study {study}")
            missing = [
                (specs[loss], s)
                for r, loss, s in wanted(name, scale)
                if r == reading and (scale, r, loss, s) not in cells and (specs[loss], s) not in in_studies
            ]
            if missing and scale != "digits":
                spec, setting = missing[0]
                out.append(f"python -m nlr run {protocol} '{spec}' {setting} --store results")
    return list(dict.fromkeys(out))


def span(sizes):
    """How many there are of each, ``1 to 5``; an en dash where there is nothing."""
    if not len(sizes):
        return "–"
    low, high = min(sizes), max(sizes)
    return f"{low}" if low == high else f"{low} to {high}"
