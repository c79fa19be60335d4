"""What the page of a report shows: its tables, its figures from our runs, and the sentences that sum them up."""

import math
import re
from dataclasses import replace
from functools import partial

import pandas as pd

from nlr.book import errata, reports, verdict_tables
from nlr.book.display import Table
from nlr.book.reports import MARKS, READINGS
from nlr.errors import unknown
from nlr.evidence import claims, course_figures, frames, report_code, verdicts
from nlr.evidence.wording import signed, with_interval
from nlr.noise import parse_setting
from nlr.study import protocols

#: The scales of our runs in words.
SCALES = {"full": "in full", "small": "scaled down", "digits": "on digits"}

_KEYS = {
    "data.dataset": "data set",
    "data.train_per_class": "training images of each class",
    "data.validation": "share held out for validation",
    "data.mean": "mean of the channels",
    "data.std": "standard deviation of the channels",
    "data.augmentation": "augmentation",
    "noise.symmetric": "sampler, symmetric noise",
    "noise.asymmetric": "sampler, asymmetric noise",
    "noise.class_map": "class map, asymmetric noise",
    "noise.evaluation": "labels of the test set",
    "model.name": "network",
    "model.width": "width of the network",
    "model.stem": "first layers of the network",
    "training.epochs": "epochs",
    "training.schedule_epochs": "length of the schedule",
    "training.batch_size": "batch size",
    "training.optimiser": "optimiser",
    "training.learning_rate": "learning rate",
    "training.momentum": "momentum",
    "training.weight_decay": "weight decay",
    "training.schedule": "schedule",
    "training.clip_norm": "norm at which gradients are clipped",
    "training.precision": "precision",
    "training.deterministic": "deterministic algorithms",
    "report.selection": "accuracy that counts",
}


def _value(key, value):
    """A protocol's value as a person writes it."""
    if value is None:
        return "–"
    if key == "data.train_per_class" and value == 0:
        return "all"
    if key == "training.clip_norm" and value == 0:
        return "no clipping"
    if key == "data.validation" and value == 0:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key == "noise.class_map" and isinstance(value, dict):
        return ", ".join(f"{true} to {noisy}" for true, noisy in value.items())
    if isinstance(value, dict):
        return ", ".join(f"{k} = {v:g}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(f"{v:g}" for v in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")


#: Words that own up to a choice of ours inside a value that is otherwise the report's.
_PARTLY_OURS = re.compile(r"\bours\b|\bis that of ma2020|(?<!which )are those of ma2020")


def mark(origin, words, settled=False):
    """Where a value comes from, as shape and word, and the place or reason; a choice of ours in it is marked too.

    Args:
        origin: a key of :data:`nlr.book.reports.MARKS`.
        words: the place or reason.
        settled: whether the report's public code says what was run, so that our choice is none any more.
    """
    chosen = MARKS["code" if settled else "ours"]
    partly = f", in part {chosen}" if origin != "ours" and _PARTLY_OURS.search(words) else ""
    linked = re.sub(r"\bE\d+\b", lambda found: errata_link(found[0]), words)
    return f"{chosen if origin == 'ours' else MARKS[origin]}{partly}: {linked}"


def errata_link(erratum):
    """A link to an erratum's row on the page of all errata."""
    return f"[{erratum}](#{errata.row_label(erratum)})"


def facts(name):
    """Who, when, and how much, as pairs (label, text)."""
    told, own = reports.about(name), protocols.load(reports.protocol_of(name, "as-written"))["report"]
    numbers, shown = reports.printed(name)["by"], reports.figures_of(name)
    code = report_code.code(name)
    return [
        ("author", told["author"]),
        ("dated", told["dated"]),
        ("losses", len(own["losses"])),
        ("settings", frames.short_names(own["settings"])),
        ("accuracies printed", int((numbers == "report").sum())),
        ("figures", len(shown)),
        ("public code", f"{code['repository']}, {code['commit'][:7]}" if code else "none known to us"),
    ]


def _origin_rows(name):
    """The values that a report's runs use, ``(key, row as written, row as intended)``; None in a reading without it."""
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    kinds = {parse_setting(setting)[0] for setting in own["settings"]}
    written, intended = (_used_rows(reports.protocol_of(name, reading), kinds) for reading in READINGS)
    keys = {**written, **intended}
    sections = list(dict.fromkeys(section for section, _ in keys))
    keys = sorted(keys, key=lambda key: sections.index(key[0]))
    return [(f"{s}.{k}", written.get((s, k)), intended.get((s, k))) for s, k in keys]


def _used_rows(protocol, kinds):
    """The origins of what a protocol's losses and kinds of noise use, by section and key."""
    rows = {(row["section"], row["key"]): row for row in protocols.origins(protocol)}
    used = _terms(row["value"] for (section, _), row in rows.items() if section == "names")
    other = set() if "asymmetric" in kinds else {("noise", "asymmetric"), ("noise", "class_map")}
    return {(s, k): row for (s, k), row in rows.items() if (s != "losses" or k in used) and (s, k) not in other}


def _terms(specs):
    """The names of losses in specifications, ``krishnan-apl(nce+mae)`` having three."""
    return {part for spec in specs for part in spec.replace("(", "+").replace(")", "+").split("+")}


def _readings(written, intended, show, settled):
    """A value in both readings, each behind the shape of its origin, and where they come from; one where they agree."""
    agree = written and intended and written["value"] == intended["value"]
    rows = [written] if agree else [written, intended]
    values, places = [], []
    for row, reading in zip(rows, READINGS, strict=False):
        if row:
            head = "" if agree else f"{reading.replace('-', ' ')} "
            origin = "code" if settled and row["origin"] == "ours" else row["origin"]
            values.append(f"{MARKS[origin][0]}\N{NO-BREAK SPACE}{head}{show(row['value'])}")
            places.append(mark(row["origin"], f"{head and head.strip() + ', '}{row['words']}", settled))
    return "<br>".join(values), "<br>".join(places)


def _code_cells(name, key, row, show):
    """What the public code of a report has for a row of its page, and the reading as run, as cells, or no cell."""
    code = report_code.code(name)
    if not code:
        return {}
    has = code["has"].get(key)
    return {
        "its code": f"{has['says']} ({report_code.place(name, has['path'])})" if has else "–",
        "as run": f"{MARKS[row['origin']][0]}\N{NO-BREAK SPACE}{show(row['value'])}" if row else "–",
    }


def _as_run_rows(name):
    """The origins of what a report's losses as run use, by key; none where no code is public."""
    if not report_code.code(name):
        return {}
    rows = _used_rows(reports.protocol_of(name, "as-run"), {"symmetric", "asymmetric"})
    return {f"{section}.{key}": row for (section, key), row in rows.items()}


def _code_words(name):
    """What a caption says of the column of code; empty where there is none."""
    if not report_code.code(name):
        return ""
    return (
        f" {MARKS['code']}: the report leaves it open, and its public code says what was run; our runs were fixed "
        f"before that code was known and have the value that stands here. *As run* is a third reading, "
        f"`{reports.protocol_of(name, 'as-run')}`, which follows that code; it is trained on digits alone."
    )


def protocol_table(name):
    """How a report trains, in both readings, beside its public code and the reference, and where each value is from."""
    rows, as_run = [], _as_run_rows(name)
    for key, written, intended in _origin_rows(name):
        section, _, short = key.partition(".")
        if section != "names":
            code = _code_cells(name, key, as_run.get(key), partial(_value, key))
            value, place = _readings(written, intended, partial(_value, key), code.get("its code", "–") != "–")
            reference = (
                "last accuracy" if key == "report.selection" else _value(key, (intended or written)["reference"])
            )
            what = _KEYS.get(key) or f"`{short}`"
            rows.append({"what": what, "this report": value, **code, "reference": reference, "where from": place})
    return Table(
        pd.DataFrame(rows),
        name="protocol",
        caption="How the runs of this report are made, beside the reference `ma2020`; two values where the "
        "readings differ. "
        f"{MARKS['stated']}: the report says so, with its place. {MARKS['ours']}: it leaves this open. "
        f"{MARKS['mended']}: an erratum of it is put right.{_code_words(name)}",
        left=[column for column in rows[0] if column != "what"],
        style="nlr-wide",
    )


def losses_table(name):
    """The losses of a report under its names, with ours in both readings."""
    rows, as_run = [], _as_run_rows(name)
    for key, written, intended in _origin_rows(name):
        section, _, loss = key.partition(".")
        if section == "names":
            code = _code_cells(name, key, as_run.get(key), "`{}`".format)
            value, place = _readings(written, intended, "`{}`".format, code.get("its code", "–") != "–")
            rows.append({"loss": loss, "ours": value, **code, "where from": place})
    return Table(
        pd.DataFrame(rows),
        name="losses",
        caption="The losses as the report names them, and {doc}`ours </executed/losses>` that stand for them; "
        f"two where the readings differ.{_code_words(name)}",
        left=[column for column in rows[0] if column != "loss"],
        style="nlr-wide",
    )


def settings_tables(name):
    """The report's own tables of settings, as printed."""
    out = []
    for table in reports.about(name)["settings"]:
        head, *rows = table["rows"]
        caption = f"{table['table']} of the report (section {table['section']}) as printed: {table['title']}."
        out.append(Table(pd.DataFrame(rows, columns=head), name=table["table"], caption=caption, left=head[1:]))
    return out


# As printed


def printed_tables(name):
    """The tables of accuracies as printed; of tables by class only what they hold, for their rows are 0 or 100."""
    if course_figures.load(name)["class"].notna().any():
        return [_class_tables(name, kind) for kind in ("symmetric", "asymmetric")]
    out = []
    for where, section, frame in reports.printed_tables(name):
        text = f"{where} of the report (section {section}) as printed: test accuracy in per cent."
        text += " A star marks a reading from a repeated run." if "*" in frame.to_string() else ""
        out.append(Table(frame, name=where, caption=text))
    return out


def code_tables(name):
    """The figures that a report's code prints beside those of the report's tables, a table a source."""
    rows, out = reports.coded(name), []
    for source, words in report_code.code(name).get("tables", {}).items():
        part = rows[rows["source"] == source]
        best = part[part["epoch"] == "best on test"].set_index(["loss", "setting"])["text"]
        last = part[part["epoch"] != "best on test"]
        text = [
            row.text
            + (f" after {row.epoch}" if row.epoch != "last" else "")
            + (f" ({best[row.loss, row.setting]})" if (row.loss, row.setting) in best.index else "")
            for row in last.itertuples()
        ]
        grid = last.assign(text=text).pivot_table(
            index=["loss", "loss_as_coded"], columns="setting", values="text", aggfunc="first", sort=False
        )
        grid = grid[frames.in_order(grid.columns)].rename(columns=frames.short_name).fillna("–").reset_index()
        grid["loss_as_coded"] = grid["loss_as_coded"].map("`{}`".format)
        file = report_code.place(name, part["path"].iloc[0])
        out.append(
            Table(
                grid.rename(columns={"loss_as_coded": "coded as"}).rename_axis(columns=None),
                name=source,
                caption=f"From {file}, clean test accuracy in per cent, one run each: {words}. "
                "{doc}`Coded as </executed/losses>`: the loss of ours that the code computes, small constants inside "
                "logarithms aside.",
                left=["coded as"],
                style="nlr-wide",
            )
        )
    return out


def _class_tables(name, kind):
    rows = course_figures.load(name)
    rows = rows[rows["kind"].isin(["table", "absent"]) & rows["setting"].str.startswith(f"{kind}-")]
    out, seen = [], {}
    for loss, part in rows.groupby("loss", sort=False):
        tables = " and ".join(part.loc[part["kind"] == "table", "where"].unique()).replace("table b", "b")
        overall = part[part["class"].isna()]
        shown = overall["text"].where(overall["kind"] == "table", "—")
        row = {"loss": loss, "table": tables.replace("Table ", "") or "—"}
        row |= dict(zip(overall["setting"].map(frames.short_name), shown, strict=True))
        row["class at 100"] = _class_at_100(part[part["class"].notna()])
        row["same figures as"] = seen.setdefault(tuple(shown), loss) if tables else "—"
        row["same figures as"] = "" if row["same figures as"] == loss else row["same figures as"]
        out.append(row)
    return Table(
        pd.DataFrame(out),
        name=f"printed-{kind}",
        caption=f"The report's tables under {kind} noise as printed, one row a loss: overall accuracy on noisy "
        "test labels "
        "in per cent, and the one class that has 100 at every rate while all others have 0. A dash stands where "
        "the report "
        "announces a table and has none.",
        left=["table", "same figures as"],
    )


def _class_at_100(part):
    """The class that a table by class gives 100 at every rate and all others 0; else how many rows are otherwise."""
    if part.empty:
        return "—"
    grid = part.pivot_table(index="class", columns="setting", values="value")
    full = grid.index[(grid == 100).all(axis=1)]
    others = grid.drop(index=full)
    if len(full) == 1 and (others == 0).all(axis=None):
        return f"{full[0]}"
    return f"{int(((others != 0).any(axis=1)).sum())} rows are neither 0 nor 100 throughout"


_METRICS = {
    "test_accuracy": "accuracy",
    "noisy_accuracy": "overall accuracy",
    "noisy_class_accuracy": "class accuracy",
    "gain_over_ce": "gain over CE",
    "lambda": "weight λ",
    "parameters": "parameters of the network",
}


def prose_table(name):
    """The figures of a report's prose, with the table that they repeat, and what it announces and does not give."""
    rows = course_figures.load(name)
    in_table = rows["where"].str.lower().str.startswith("table")
    rows = rows[rows["kind"].eq("prose") | (rows["kind"].eq("absent") & ~in_table)]
    if rows.empty:
        return None
    out = []
    for (place, loss, metric, text), part in rows.groupby(["where", "loss", "metric", "text"], sort=False):
        out.append(
            {
                "place": place,
                "loss": _unbroken(loss) or "–",
                "setting": frames.short_names([s for s in part["setting"] if s]) or "–",
                "what": _METRICS[metric],
                "printed": text or "announced, not given",
                "repeats": part.iloc[0]["repeats"] or "–",
            }
        )
    return Table(
        pd.DataFrame(out),
        name="prose",
        caption="Figures in the report's prose as printed, with the table whose figures they repeat, and results "
        "that it "
        "announces without giving them.",
        left=["loss", "setting", "what", "printed", "repeats"],
    )


def prints(name):
    """In a sentence, how much of a report's results can be read off it today."""
    numbers = reports.printed(name)
    figures = [f for f in reports.figures_of(name) if f.form != "drawn"]
    lost = f"{len(figures)} figure{'s' * (len(figures) != 1)} of results"
    if numbers.empty:
        return (
            f"The report prints no accuracy. Its {lost} are lost with their numbers: nothing can be compared with ours."
        )
    where = "missing from our copy of it" if report_code.code(name) else "lost"
    if (numbers["by"] == "code").all():
        (path,) = set(numbers["where"])
        return (
            f"The report prints no accuracy, and its {lost} are {where}. Its code prints their numbers, {len(numbers)} "
            f"overall accuracies, each of one reading, in {report_code.place(name, path)}; from these the figures are "
            "drawn below."
        )
    text = (
        f"The report prints {len(numbers)} overall accuracies, each of one reading, without an interval; its {lost} "
        f"are {where}."
    )
    rows = [tuple(part["text"]) for _, part in numbers.groupby(["loss", "kind"])]
    if len(set(rows)) < len(rows):
        text += f" Of its {len(rows)} rows only {len(set(rows))} are distinct."
    if (numbers["value"].sub(10).abs() < 1).all():
        low, high = numbers["value"].min(), numbers["value"].max()
        text += f" All of them lie from {low:.2f} to {high:.2f} %, where an answer that is always the same class lies."
    return text


# Our runs


def runs_table(name, found):
    """Which runs of a report's protocols there are, a row a reading and scale."""
    rows = []
    for scale in SCALES:
        for reading, (protocol, _) in reports.protocols_of(name, scale).items():
            mine = found[(found["scale"] == scale) & (found["reading"] == reading)]
            cells = mine.groupby(["loss", "setting"]).size()
            asked = sum(r == reading for r, _, _ in reports.wanted(name, scale))
            datasets = {record["config"]["dataset"] for record in mine["record"]}
            rows.append(
                {
                    "reading": reading.replace("-", " "),
                    "scale": SCALES[scale],
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
        "run counts for both. Each scale has tables and figures of its own; on digits only what settles an "
        "erratum is run.",
        left=["scale", "protocol", "data"],
    )


def missing_runs(name, found, records):
    """What makes the runs that are missing, as a list; a sentence where none is."""
    items = [f"- `{command}`" for command in reports.commands(name, found, records)]
    if not items:
        return "No run of this report is missing."
    return "Missing runs are made by these commands; a single run stands for those of its protocol:\n\n" + "\n".join(
        items
    )


def _interval(row, key, digits=1):
    effect, low, high = (getattr(row, f"{key}_{part}") for part in ("effect", "low", "high"))
    if math.isnan(effect):
        return "–"
    return with_interval(effect, low, high, digits)


def _unbroken(text):
    """A name on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def comparison_tables(name, found, scale):
    """Printed accuracies beside ours of one scale, and differences to CE beside each other; empty without a run.

    Where the readings are judged on different labels, a table of both on clean labels comes between the two.
    """
    mine = found[found["scale"] == scale]
    if mine.empty:
        return []
    compared = reports.comparison(name, mine)
    tag = reports.SCALES[scale]
    judged = [reports.judged_by(name, reading) for reading in READINGS]
    comparable = judged[0] == judged[1]
    printed = compared["printed"].notna().any() and scale != "digits"  # another data set
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
    out = [Table(rows, name=f"ours{tag}", caption=" ".join(captions), left=["setting"])]
    if not comparable:
        clean = reports.comparison(name, mine.assign(value=mine["clean"]))
        clean = clean[(clean["as-written_n"] > 0) & (clean["as-intended_n"] > 0)]
        if len(clean):
            caption = (
                f"The same runs, both readings judged by {reports.CLEAN}, in per cent; {_over(clean)}. {_DIFFERENCE}"
            )
            rows = _compared_rows(name, clean, True, False, False)
            out.append(Table(rows, name=f"clean{tag}", caption=caption, left=["setting"]))
    less = compared[compared["loss"] != "CE"]
    if less[["written_ce_effect", "intended_ce_effect"]].notna().any(axis=None):
        text = (
            f"Accuracy less that of CE in the same setting, in points, mean over the seeds that both losses have; our "
            f"runs {SCALES[scale]}, 95 % intervals over seeds."
        )
        out.append(Table(_less_rows(less, printed), name=f"less-ce{tag}", caption=text, left=["setting"]))
    return out


def as_run_table(name, found, records):
    """Accuracies of the reading as run beside those of the other two, all on digits; None without a run of it."""
    mine, digits = reports.as_run(name, records), found[found["scale"] == "digits"]
    if mine.empty:
        return None
    losses = list(protocols.load(reports.protocol_of(name, "as-run"))["report"]["losses"])
    places = {key: k for order in (losses, frames.in_order(mine["setting"])) for k, key in enumerate(order)}
    mine, rows = mine.sort_values(["loss", "setting"], key=lambda column: column.map(places)), []
    for (loss, setting, spec, rate), cell in mine.groupby(["loss", "setting", "spec", "learning_rate"], sort=False):
        beside = digits[(digits["loss"] == loss) & (digits["setting"] == setting)]
        row = {"loss": _unbroken(loss), "setting": _unbroken(frames.short_name(setting))}
        row |= {"trained as": f"`{spec}`", "learning rate": f"{rate:g}"}
        row |= {r.replace("-", " "): _over_seeds(beside.loc[beside["reading"] == r, "value"]) for r in READINGS}
        rows.append(row | {"as run": _over_seeds(cell["value"])})
    return Table(
        pd.DataFrame(rows),
        name="as-run",
        caption=f"The third reading: losses, learning rates, samplers, class map and optimiser of the report's public "
        f"code, **on digits**, which are no evidence on CIFAR-10: images, network and epochs are not the code's. "
        f"*Trained as* and *learning rate* are those of this reading; beside it the other two where they have runs on "
        f"digits. {reports.CLEAN.capitalize()} in per cent, mean ± standard deviation over n seeds.",
        left=["setting", "trained as"],
        style="nlr-wide",
    )


def _over_seeds(values):
    return f"{frames.spread(values.mean(), values.std())} (n = {len(values)})" if len(values) else "–"


_DIFFERENCE = (
    "Written − intended: what the errata change, in points, with a 95 % interval where seeds give one. Where both have "
    "runs, their means are over shared seeds, so that they differ by just that."
)


def _rows_of(compared):
    """Its rows, with names that may be attributes."""
    return compared.rename(columns=lambda name: name.replace("as-", "as_")).itertuples()


def _compared_rows(name, compared, readings, printed, less_printed):
    """The rows of a table of comparison: ours, what is printed, the difference of the readings, and that to print."""
    texts = reports.printed(name).set_index(["loss", "setting"])["text"]
    several = len(_numbers(compared)) > 1
    rows = []
    for row in _rows_of(compared):
        shown = {"loss": _unbroken(row.loss), "setting": _unbroken(frames.short_name(row.setting))}
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
        shown = {"loss": _unbroken(row.loss), "setting": _unbroken(frames.short_name(row.setting))}
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


# Figures


def inventory_table(name, found):
    """The figures of a report with how many of the cells that each needs have a run; many of one kind share a row."""
    rows = []
    for row in reports.inventory(name, found).to_dict("records"):
        names, form = row["names"], row["form"]
        caption = f"“{row['caption']}”"
        if form == "training":
            caption = f"training curves, one a loss, {frames.setting_name(row['settings'][0])}"
        if form == "classes":
            caption = f"overall and by class, {parse_setting(row['settings'][0])[0]} noise; no number, no caption"
        last = names[-1].removeprefix("Figure ")
        first = names[0].replace("Figure ", "Figures ")
        shown = {"figure": _unbroken(names[0] if len(names) == 1 else f"{first} to {last}"), "caption": caption}
        if form == "classes":
            shown["figure"] = f"one a loss ({len(names)})"
        for scale, words in SCALES.items():
            counts = [row[scale, reading] for reading in READINGS]
            there = " + ".join(str(count) for count in counts)
            shown[words] = f"{there} of {row['cells']}" if any(counts) else "missing" if row["cells"] else "by code"
        rows.append(shown)
    return Table(
        pd.DataFrame(rows),
        name="figures",
        caption="The report's figures by its own numbers, and of the cells that each needs how many have a run "
        "of ours, as "
        "written + as intended. *By code* means that no run enters it.",
        left=["caption"],
    )


# What explains the differences


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


#: What of a protocol's noise decides the labels of a kind.
_NOISE = {"symmetric": ("symmetric",), "asymmetric": ("asymmetric", "class_map")}

#: Keys that are one thing: that a cosine is cut short can be seen in either.
_TOGETHER = {"epochs": ("epochs", "schedule_epochs")}


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
    used = _terms(spec for spec, known in sources["as-intended"][1].items() if known == loss)
    out = {}
    for full_key, _, row in _origin_rows(name):
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


def effects_table(name, found, scale):
    """What putting errata right does to accuracy: for each loss the mean over the settings of a kind, with interval.

    Returns:
        A table, or None where the readings share no setting. Where they are judged on different labels, it is of the
        accuracy on clean ones.
    """
    mine = found[found["scale"] == scale]
    if mine.empty:
        return None
    judged = {reports.judged_by(name, reading) for reading in READINGS}
    if len(judged) > 1:
        mine = mine.assign(value=mine["clean"])
    kinds, rows = [kind for kind in ("clean", "symmetric", "asymmetric") if kind in set(mine["kind"])], []
    for loss in dict.fromkeys(mine["loss"]):
        if put_right := mended(name, loss, kinds, scale):
            names = [
                errata_link(one) + ("" if of == kinds else f" ({' and '.join(of)})") for one, of in put_right.items()
            ]
            effects = {kind: _effect(reports.effect(mine, loss, kind)) for kind in kinds}
            rows.append({"loss": loss, "errata": ", ".join(names)} | effects)
    if all(text == "–" for row in rows for key, text in row.items() if key not in ("loss", "errata")):
        return None
    return Table(
        pd.DataFrame(rows),
        name=f"effects{reports.SCALES[scale]}",
        caption="What the errata do to the accuracy: as written less as intended in points, mean over the "
        "settings of a kind "
        f"that both have, with a 95 % interval over seeds; our runs {SCALES[scale]}, "
        f"{reports.CLEAN if len(judged) > 1 else judged.pop()}.",
        left=["errata"],
    )


def _effect(value):
    if value is None:
        return "–"
    return with_interval(value.effect, *value.interval())


# What became of it


def stances(claim, name):
    """How a report stands to a claim, ``{asserts, contradicts or quotes: what it rests on}``; empty where it does not.

    It asserts or contradicts in ``words``, or by a ``formula`` or ``figures`` alone; it quotes a claim where it only
    repeats the paper.
    """
    sides = {"asserts": claim.asserted, "contradicts": claim.contradicted}
    out = {side: of[name] for side, of in sides.items() if name in of}
    return out | ({"quotes": "words"} if name in claim.quotes else {})


def claims_of(name):
    """The numbers of the claims that a report asserts, contradicts or quotes."""
    return [number for number, claim in claims.load().items() if stances(claim, name)]


def claims_table(name, judged):
    """The claims that a report asserts, contradicts or quotes, with their verdicts."""
    rows = []
    for number, claim in claims.load().items():
        if found := stances(claim, name):
            scopes = {}
            for one in judged[number]:
                scopes.setdefault(verdict_tables.badge(one), []).append(one.scope)
            said = [side + (f" by its {basis}" if basis != "words" else "") for side, basis in found.items()]
            rows.append(
                {
                    "claim": number,
                    "statement": claim.statement,
                    "the report": ", ".join(said),
                    "verdict": "<br>".join(f"{badge} {', '.join(of_badge)}" for badge, of_badge in scopes.items()),
                }
            )
    return Table(
        pd.DataFrame(rows),
        name="claims",
        caption="What the report asserts or contradicts of the claims of this book, and what our proofs and runs "
        "say of it. *By its formula* and *by its figures*: it does not say so, but what it writes down or reports "
        "does. *Quotes*: it only repeats the paper.",
        left=["statement", "the report", "verdict"],
    )


_GROUPS = {
    ("asserts", "held"): "established",
    ("contradicts", "did not hold"): "established",
    ("asserts", "did not hold"): "refuted",
    ("contradicts", "held"): "refuted",
}


def standing(name, judged):
    """What became of what a report says in words: ``{group: {claim: [judgements]}}``.

    The groups are ``established`` (asserted and held, or contradicted and did not hold), ``refuted`` (the other way
    round), ``open`` (held in part, or undecided) and ``not run`` (of claims that no protocol has settled). What a
    report only repeats, and what its formulas or figures imply without its saying so, is in none.
    """
    out = {}
    for number, claim in claims.load().items():
        for side, basis in stances(claim, name).items():
            if side == "quotes" or basis != "words":
                continue
            for one in judged[number]:
                if one.outcome not in claims.OUTCOMES:
                    raise unknown("outcome", one.outcome, claims.OUTCOMES)
                waits = "not run" if one.outcome == "not run" else "open"
                group = _GROUPS.get((side, one.outcome), waits)
                out.setdefault(group, {}).setdefault(number, []).append(one)
    trained = {
        number
        for group, of in out.items()
        for number, found in of.items()
        if group != "not run" and any(one.scope != verdicts.MATHEMATICS for one in found)
    }
    waiting = {number: of for number, of in out.pop("not run", {}).items() if number not in trained}
    return out | ({"not run": waiting} if waiting else {})


def scope_words(scope):
    """The scope of a verdict in words: ``in mathematics``, ``on digits, no evidence on CIFAR-10`` and the like."""
    if scope == verdicts.MATHEMATICS:
        return "in mathematics"
    if protocols.load(scope)["data"]["dataset"] == "digits":
        return "on digits, no evidence on CIFAR-10"
    return "scaled down" if "-small" in scope else "in full"


def closing(name, judged):
    """What a report established, what was refuted and what could not be settled, from the verdicts: a list in MyST."""
    author, found, registry = reports.about(name)["author"], standing(name, judged), claims.load()

    def items(group):
        out = []
        for number, of in found.get(group, {}).items():
            denied = "contradicts" in stances(registry[number], name)
            says = "It says otherwise than this: " if denied else ""
            where = dict.fromkeys(
                scope_words(one.scope) + (f", {one.outcome}" if group == "open" else "") for one in of
            )
            out.append(f"- [{number}](#{of[0].target}) {says}{registry[number].statement} ({'; '.join(where)})")
        return out

    taken = [stances(claim, name) for claim in registry.values()]
    words = sum(any(side != "quotes" and basis == "words" for side, basis in of.items()) for of in taken)
    implied = sum(bool(of) and "words" not in of.values() for of in taken)  # what it quotes rests on words
    quoted = sum("quotes" in of for of in taken)
    text = f"In words {author} takes a side on {words} of the {len(taken)} claims of this book."
    if implied:
        text += f" Where its formulas or figures alone take one ({implied}), they are not counted below."
    if quoted:
        text += f" What it only repeats of the paper ({quoted}) is not counted either."
    parts = [f"{text} {_own_numbers(name)}"]
    for group, (head, nothing) in _HEADS.items():
        listed = items(group)
        parts.append("\n".join([f"**{head}**", "", *(listed or [f"- {nothing}"])]))
    if waiting := found.get("not run"):
        numbers = ", ".join(f"[{number}](#{of[0].target})" for number, of in waiting.items())
        parts.append(
            f"{'One claim waits' if len(waiting) == 1 else f'{len(waiting)} claims wait'} for runs: {numbers}."
        )
    return "\n\n".join(parts)


_HEADS = {
    "established": ("Established: our verdicts bear the report out", "Nothing so far."),
    "refuted": ("Refuted: our verdicts go against the report", "Nothing so far."),
    "open": ("Not settled: claims that hold in part, or that our runs leave undecided", "Nothing so far."),
}


def _own_numbers(name):
    """What a report's own numbers can show."""
    numbers = reports.printed(name)
    if numbers.empty:
        return "As the report prints no number, none of this rests on its own measurements."
    if (numbers["by"] == "code").all():
        return (
            "The report prints no number; those of its code are single readings: they suggest an order of losses and "
            "cannot show how far chance goes."
        )
    if (numbers["value"].sub(10).abs() < 1).all():
        return "Its own numbers are those of a constant answer and settle nothing about losses."
    return "Its own numbers are single readings: they suggest an order of losses and cannot show how far chance goes."
