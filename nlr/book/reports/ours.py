"""The same from our runs: which there are, and their numbers beside those that the report prints."""

import math

import pandas as pd

from nlr.book import reports, unrounded
from nlr.book.display import Table
from nlr.book.reports import READINGS
from nlr.evidence import frames
from nlr.evidence.wording import signed, unbroken, with_interval
from nlr.noise import parse_setting
from nlr.study import protocols

#: The scales of our runs in words.
SCALES = {"full": "in full", "small": "scaled down", "digits": "on digits"}

_OURS = [f"{reading}_{what}" for reading in READINGS for what in ("n", "mean", "sd")]
_NUMBERS = {"printed": "printed (%)", "printed_ce": "printed less printed CE (points)"}
_NUMBERS |= {f"{reading}_n": f"{reading.replace('-', ' ')}, seeds" for reading in READINGS}
_NUMBERS |= {f"{reading}_mean": f"{reading.replace('-', ' ')}, mean (%)" for reading in READINGS}
_NUMBERS |= {f"{reading}_sd": f"{reading.replace('-', ' ')}, standard deviation (points)" for reading in READINGS}
_EFFECTS = {"readings": "as written less as intended", "printed": "as written less printed"}
_EFFECTS |= {"written_ce": "as written less CE", "intended_ce": "as intended less CE"}

_DIFFERENCE = (
    "Written − intended: what the errata change, in points, with a 95 % interval where seeds give one, from the spread "
    "of all runs of these protocols. Where both have runs, their means are over shared seeds, so that they differ by "
    "just that."
)


def runs_table(name, found):
    """Which runs of a report's protocols there are, a row a reading and scale."""
    rows, numbers = [], []
    for scale in SCALES:
        for reading, (protocol, _) in reports.protocols_of(name, scale).items():
            mine = found[(found["scale"] == scale) & (found["reading"] == reading)]
            cells = mine.groupby(["loss", "setting"]).size()
            asked = sum(r == reading for r, _, _ in reports.wanted(name, scale))
            datasets = {record["config"]["dataset"] for record in mine["record"]}
            row = {"reading": reading.replace("-", " "), "scale": SCALES[scale], "protocol": protocol}
            seeds = {"seeds a cell, least": cells.min(), "seeds a cell, most": cells.max()}
            numbers.append(row | {"cells with a run": len(cells), "cells": asked} | seeds)
            rows.append(
                row
                | {
                    "protocol": f"`{protocol}`",
                    "cells with a run": f"{len(cells)} of {asked}" if scale != "digits" else f"{len(cells)}",
                    "seeds a cell": reports.span(cells),
                    "data": ", ".join(frames.DATASETS[d] for d in datasets) or "–",
                }
            )
    return Table(
        pd.DataFrame(rows),
        name="runs",
        caption="Our runs of this report. A cell is a loss in a setting. Where the two readings of a run do not "
        "differ, one "
        "run counts for both; readings that differ in their losses alone share a protocol. Each scale has tables and "
        "figures of its own; on digits only what settles an erratum is run.",
        left=["scale", "protocol", "data"],
        numbers=pd.DataFrame(numbers),
    )


def missing_runs(name, found, records):
    """What makes the runs that are missing, as a list; a sentence where none is."""
    items = [f"- `{command}`" for command in reports.commands(name, found, records)]
    if not items:
        return "No run of this report is missing."
    return "Missing runs are made by these commands; a single run stands for those of its protocol:\n\n" + "\n".join(
        items
    )


def comparison_tables(name, found, scale, records=()):
    """Printed accuracies beside ours of one scale, and differences to CE beside each other; empty without a run.

    Where the readings are judged on different labels, a table of both on clean labels comes between the two.

    Args:
        name: the report.
        found: rows of :func:`nlr.book.reports.runs_of`.
        scale: a key of :data:`SCALES`.
        records: as for :func:`nlr.book.reports.comparison`.
    """
    mine = found[found["scale"] == scale]
    if mine.empty:
        return []
    compared = reports.comparison(name, mine, records)
    tag = reports.SCALES[scale]
    judged = [reports.judged_by(name, reading) for reading in READINGS]
    comparable = judged[0] == judged[1]
    printed = bool(compared["printed"].notna().any()) and scale != "digits"  # another data set
    captions = [f"Our runs {SCALES[scale]}, in per cent; {_over(compared)}; {_judged_words(judged)}."]
    if comparable:
        captions.append(_DIFFERENCE)
    if printed and scale == "full":
        by = " *Printed* is what its code prints." if (reports.printed(name)["by"] == "code").all() else ""
        captions.append(
            "Written − printed: the 95 % interval allows for chance in the one printed run as in ours." + by
        )
    if printed and scale != "full":
        captions.append("The scale is not the report's, so levels cannot be compared.")
    rows = _compared_rows(name, compared, comparable, printed, printed and scale == "full")
    effects = ["readings"] * comparable + ["printed"] * (printed and scale == "full")
    numbers = _unrounded(compared, ["printed"] * printed + _OURS, effects)
    out = [Table(rows, name=f"ours{tag}", caption=" ".join(captions), left=["setting"], numbers=numbers)]
    if not comparable:
        clean = reports.comparison(name, mine, records, "clean")
        clean = clean[(clean["as-written_n"] > 0) & (clean["as-intended_n"] > 0)]
        if len(clean):
            caption = (
                f"The same runs, both readings judged by {reports.CLEAN}, in per cent; {_over(clean)}. {_DIFFERENCE}"
            )
            rows, numbers = _compared_rows(name, clean, True, False, False), _unrounded(clean, _OURS, ["readings"])
            out.append(Table(rows, name=f"clean{tag}", caption=caption, left=["setting"], numbers=numbers))
    less = compared[compared["loss"] != "CE"]
    if less[["written_ce_effect", "intended_ce_effect"]].notna().any(axis=None):
        text = (
            f"Accuracy less that of CE in the same setting, in points, mean over the seeds that both losses have; our "
            f"runs {SCALES[scale]}, 95 % intervals from the spread over seeds of all runs of these protocols."
        )
        numbers = _unrounded(less, ["printed_ce"] * printed, ["written_ce", "intended_ce"])
        rows = _less_rows(less, printed)
        out.append(Table(rows, name=f"less-ce{tag}", caption=text, left=["setting"], numbers=numbers))
    return out


def as_run_table(name, found, records):
    """Accuracies of the reading as run beside those of the other two, all on digits; None without a run of it."""
    mine, digits = reports.as_run(name, records), found[found["scale"] == "digits"]
    if mine.empty:
        return None
    losses = list(protocols.load(reports.protocol_of(name, "as-run"))["report"]["losses"])
    places = {key: k for order in (losses, frames.in_order(mine["setting"])) for k, key in enumerate(order)}
    mine, rows, numbers = mine.sort_values(["loss", "setting"], key=lambda column: column.map(places)), [], []
    for (loss, setting, spec, rate), cell in mine.groupby(["loss", "setting", "spec", "learning_rate"], sort=False):
        beside = digits[(digits["loss"] == loss) & (digits["setting"] == setting)]
        row = {"loss": unbroken(loss), "setting": unbroken(frames.short_name(setting))}
        row |= {"trained as": f"`{spec}`", "learning rate": f"{rate:g}"}
        values = {r.replace("-", " "): beside.loc[beside["reading"] == r, "value"] for r in READINGS}
        values["as run"] = cell["value"]
        rows.append(row | {reading: _over_seeds(of_reading) for reading, of_reading in values.items()})
        numbers.append({"loss": loss, "setting": setting, "trained as": spec, "learning rate, as run": rate})
        for reading, of_reading in values.items():
            over = unrounded.of_seeds(of_reading, "clean test accuracy")
            numbers[-1] |= {f"{reading}, {what}": number for what, number in over.items()}
    return Table(
        pd.DataFrame(rows),
        name="as-run",
        caption=f"The third reading: losses, learning rates, samplers, class map and optimiser of the report's public "
        f"code, **on digits**, which are no evidence on CIFAR-10: images, network and epochs are not the code's. "
        f"*Trained as* and *learning rate* are those of this reading; beside it the other two where they have runs on "
        f"digits. {reports.CLEAN.capitalize()} in per cent, mean ± standard deviation over n seeds.",
        left=["setting", "trained as"],
        style="nlr-wide",
        numbers=pd.DataFrame(numbers),
    )


def inventory_table(name, found):
    """The figures of a report with how many of the cells that each needs have a run; many of one kind share a row."""
    rows, numbers = [], []
    for row in reports.inventory(name, found).to_dict("records"):
        names, form = row["names"], row["form"]
        caption = f"“{row['caption']}”"
        if form == "training":
            caption = f"training curves, one a loss, {frames.setting_name(row['settings'][0])}"
        if form == "classes":
            caption = f"overall and by class, {parse_setting(row['settings'][0])[0]} noise; no number, no caption"
        last = names[-1].removeprefix("Figure ")
        first = names[0].replace("Figure ", "Figures ")
        shown = {"figure": unbroken(names[0] if len(names) == 1 else f"{first} to {last}"), "caption": caption}
        if form == "classes":
            shown["figure"] = f"one a loss ({len(names)})"
        for scale, words in SCALES.items():
            counts = [row[scale, reading] for reading in READINGS]
            there = " + ".join(str(count) for count in counts)
            shown[words] = f"{there} of {row['cells']}" if any(counts) else "missing" if row["cells"] else "by code"
        rows.append(shown)
        numbers.append({"figure": shown["figure"], "cells": row["cells"]})
        numbers[-1] |= {
            f"cells with a run, {SCALES[scale]}, {reading.replace('-', ' ')}": row[scale, reading]
            for scale in SCALES
            for reading in READINGS
        }
    return Table(
        pd.DataFrame(rows),
        name="figures",
        caption="The report's figures by its own numbers, and of the cells that each needs how many have a run "
        "of ours, as "
        "written + as intended. *By code* means that no run enters it.",
        left=["caption"],
        numbers=pd.DataFrame(numbers),
    )


def _unrounded(compared, columns, effects):
    """The numbers of a table of comparison: some columns of :func:`nlr.book.reports.comparison`, and some effects."""
    names = {"loss": "loss", "setting": "setting"} | {column: _NUMBERS[column] for column in columns}
    names |= {"same_runs": "the same runs in both readings"} if "readings" in effects else {}
    for key in effects:
        names |= {f"{key}_effect": f"{_EFFECTS[key]} (points)"}
        names |= {f"{key}_{end}": f"{_EFFECTS[key]}, 95 % interval, {end} (points)" for end in ("low", "high")}
    return compared[list(names)].rename(columns=names)


def _interval(row, key, digits=1):
    effect, low, high = (getattr(row, f"{key}_{part}") for part in ("effect", "low", "high"))
    if math.isnan(effect):
        return "–"
    return with_interval(effect, low, high, digits)


def _over_seeds(values):
    return f"{frames.spread(values.mean(), values.std())} (n = {len(values)})" if len(values) else "–"


def _rows_of(compared):
    """Its rows, with names that may be attributes."""
    return compared.rename(columns=lambda name: name.replace("as-", "as_")).itertuples()


def _compared_rows(name, compared, readings, printed, less_printed):
    """The rows of a table of comparison: ours, what is printed, the difference of the readings, and that to print."""
    texts = reports.printed(name).set_index(["loss", "setting"])["text"]
    several = len(_numbers(compared)) > 1
    rows = []
    for row in _rows_of(compared):
        shown = {"loss": unbroken(row.loss), "setting": unbroken(frames.short_name(row.setting))}
        if printed:
            shown["printed"] = texts.get((row.loss, row.setting), "–")
        for reading in ("as_written", "as_intended"):
            n = getattr(row, f"{reading}_n")
            value = frames.spread(getattr(row, f"{reading}_mean"), getattr(row, f"{reading}_sd"))
            seeds = f" (n = {n})" if several else ""
            shown[reading.replace("_", " ")] = f"{value}{seeds}" if n else "missing"
        if readings:
            shown["written − intended"] = "the same runs" if row.same_runs else _interval(row, "readings")
        if less_printed:
            shown["written − printed"] = _interval(row, "printed")
        rows.append(shown)
    return pd.DataFrame(rows)


def _less_rows(compared, printed):
    rows = []
    for row in _rows_of(compared):
        shown = {"loss": unbroken(row.loss), "setting": unbroken(frames.short_name(row.setting))}
        shown |= {"printed": "–" if math.isnan(row.printed_ce) else signed(row.printed_ce)} if printed else {}
        rows.append(shown | {"as written": _interval(row, "written_ce"), "as intended": _interval(row, "intended_ce")})
    return pd.DataFrame(rows)


def _numbers(compared):
    """The numbers of seeds that its cells have."""
    return {n for reading in READINGS for n in compared[f"{reading}_n"] if n}


def _over(compared):
    numbers = _numbers(compared)
    if len(numbers) > 1:
        return "mean ± standard deviation over n seeds"
    (number,) = numbers
    return f"mean ± standard deviation over {number} seeds" if number > 1 else "one seed each"


def _judged_words(judged):
    first, second = judged
    return first if first == second else f"as written {first}, as intended {second}, so the two are not subtracted"
