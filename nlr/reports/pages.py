"""What the page of a report shows: its tables, its figures from our runs, and the sentences that sum them up."""

import math
import re
from dataclasses import replace
from functools import partial

import pandas as pd

from nlr import claims, errata, protocols, report, reported, reports, verdicts
from nlr.errors import unknown
from nlr.noise import parse_setting
from nlr.page import Table
from nlr.reports import MARKS, READINGS

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
    if isinstance(value, dict):
        return ", ".join(f"{k} = {v:g}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(f"{v:g}" for v in value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")


#: Words that own up to a choice of ours inside a value that is otherwise the report's.
_PARTLY_OURS = re.compile(r"\bours\b|\bis that of ma2020|(?<!which )are those of ma2020")


def mark(origin, words):
    """Where a value comes from, as shape and word, and the place or reason; a choice of ours inside it is "
    "marked too."""
    partly = origin != "ours" and _PARTLY_OURS.search(words)
    linked = re.sub(r"\bE\d+\b", lambda found: errata_link(found[0]), words)
    return f"{MARKS[origin]}{', in part ' + MARKS['ours'] if partly else ''}: {linked}"


def errata_link(erratum):
    """A link to an erratum's row on the page of all errata."""
    return f"[{erratum}](#{errata.row_label(erratum)})"


def facts(name):
    """Who, when, and how much, as pairs (label, text)."""
    told, own = reports.about(name), protocols.load(reports.protocol_of(name, "as-written"))["report"]
    numbers, shown = reports.printed(name), reports.figures_of(name)
    return [
        ("author", told["author"]),
        ("dated", told["dated"]),
        ("losses", len(own["losses"])),
        ("settings", verdicts.settings_text(own["settings"])),
        ("accuracies printed", len(numbers)),
        ("figures", len(shown)),
    ]


def _origin_rows(name):
    """The values of both readings that a report's runs use, ``(key, row as written, row as intended)``."""
    pairs = []
    written, intended = (
        {(row["section"], row["key"]): row for row in protocols.origins(reports.protocol_of(name, reading))}
        for reading in READINGS
    )
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    kinds = {parse_setting(setting)[0] for setting in own["settings"]}
    specs = [row["value"] for rows in (written, intended) for (section, _), row in rows.items() if section == "names"]
    used = {part for spec in specs for part in spec.replace("(", "+").replace(")", "+").split("+")}
    for (section, key), row in intended.items():
        unused = section == "losses" and key not in used
        other_noise = section == "noise" and key in ("asymmetric", "class_map") and "asymmetric" not in kinds
        if not unused and not other_noise:
            pairs.append((f"{section}.{key}", written.get((section, key)), row))
    return pairs


def _readings(written, intended, show):
    """A value in both readings, each behind the shape of its origin, and where they come from; one where they agree."""
    rows = [written] if written and written["value"] == intended["value"] else [written, intended]
    values, places = [], []
    for row, reading in zip(rows, READINGS, strict=False):
        if row:
            head = f"{reading.replace('-', ' ')} " if len(rows) > 1 else ""
            values.append(f"{MARKS[row['origin']][0]}\N{NO-BREAK SPACE}{head}{show(row['value'])}")
            places.append(mark(row["origin"], f"{head and head.strip() + ', '}{row['words']}"))
    return "<br>".join(values), "<br>".join(places)


def protocol_table(name):
    """How a report trains, in both readings, beside the reference, and where each value comes from."""
    rows = []
    for key, written, intended in _origin_rows(name):
        section, _, short = key.partition(".")
        if section != "names":
            value, place = _readings(written, intended, partial(_value, key))
            reference = "last accuracy" if key == "report.selection" else _value(key, intended["reference"])
            what = _KEYS.get(key) or f"`{short}`"
            rows.append({"what": what, "this report": value, "reference": reference, "where from": place})
    return Table(
        pd.DataFrame(rows),
        name="protocol",
        caption="How the runs of this report are made, beside the reference `ma2020`; two values where the "
        "readings differ. "
        f"{MARKS['stated']}: the report says so, with its place. {MARKS['ours']}: it leaves this open. "
        f"{MARKS['mended']}: an erratum of it is put right.",
        left=["this report", "reference", "where from"],
        style="nlr-wide",
    )


def losses_table(name):
    """The losses of a report under its names, with ours in both readings."""
    rows = []
    for key, written, intended in _origin_rows(name):
        section, _, loss = key.partition(".")
        if section == "names":
            value, place = _readings(written, intended, "`{}`".format)
            rows.append({"loss": loss, "ours": value, "where from": place})
    return Table(
        pd.DataFrame(rows),
        name="losses",
        caption="The losses as the report names them, and {doc}`ours </executed/losses>` that stand for them; "
        "two where the "
        "readings differ.",
        left=["ours", "where from"],
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
    if reported.load(name)["class"].notna().any():
        return [_class_tables(name, kind) for kind in ("symmetric", "asymmetric")]
    out = []
    for where, section, frame in reports.printed_tables(name):
        text = f"{where} of the report (section {section}) as printed: test accuracy in per cent."
        text += " A star marks a reading from a repeated run." if "*" in frame.to_string() else ""
        out.append(Table(frame, name=where, caption=text))
    return out


def _class_tables(name, kind):
    rows = reported.load(name)
    rows = rows[rows["kind"].isin(["table", "absent"]) & rows["setting"].str.startswith(f"{kind}-")]
    out, seen = [], {}
    for loss, part in rows.groupby("loss", sort=False):
        tables = " and ".join(part.loc[part["kind"] == "table", "where"].unique()).replace("table b", "b")
        overall = part[part["class"].isna()]
        shown = overall["text"].where(overall["kind"] == "table", "—")
        row = {"loss": loss, "table": tables.replace("Table ", "") or "—"}
        row |= dict(zip(overall["setting"].map(report.short_name), shown, strict=True))
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
    rows = reported.load(name)
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
                "setting": verdicts.settings_text([s for s in part["setting"] if s]) or "–",
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
    text = (
        f"The report prints {len(numbers)} overall accuracies, each of one reading, without an interval; its "
        f"{lost} are "
    )
    text += "lost."
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
                    "data": ", ".join(report.DATASETS[d] for d in datasets) or "–",
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
    text = _signed(effect, digits)
    return text if math.isnan(low) else f"{text} ({_signed(low, digits)} to {_signed(high, digits)})"


def _signed(value, digits=1):
    if math.isnan(value):
        return "–"
    value = round(value, digits) + 0.0  # no minus before a zero
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _unbroken(text):
    """A name on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def comparison_tables(name, found, scale):
    """Printed accuracies beside ours of one scale, and differences to CE beside each other; empty without a run."""
    mine = found[found["scale"] == scale]
    if mine.empty:
        return []
    compared = reports.comparison(name, mine)
    tag = reports.SCALES[scale]
    judged = [reports.judged_by(name, reading) for reading in READINGS]
    comparable = judged[0] == judged[1]
    printed = compared["printed"].notna().any() and scale != "digits"  # another data set
    texts = reports.printed(name).set_index(["loss", "setting"])["text"]
    numbers = {n for reading in READINGS for n in compared[f"{reading}_n"] if n}
    rows, less = [], []
    for row in compared.rename(columns=lambda c: c.replace("as-", "as_")).itertuples():
        shown = {"loss": _unbroken(row.loss), "setting": _unbroken(report.short_name(row.setting))}
        ours = dict(shown)
        if printed:
            ours["printed"] = texts.get((row.loss, row.setting), "–")
        for reading in ("as_written", "as_intended"):
            n = getattr(row, f"{reading}_n")
            value = report.spread(getattr(row, f"{reading}_mean"), getattr(row, f"{reading}_sd"))
            seeds = f" (n = {n})" if len(numbers) > 1 else ""
            ours[reading.replace("_", " ")] = f"{value}{seeds}" if n else "missing"
        if comparable:
            ours["written − intended"] = "the same runs" if row.same_runs else _interval(row, "readings")
        if printed and scale == "full":
            ours["written − printed"] = _interval(row, "printed")
        rows.append(ours)
        if row.loss != "CE":
            columns = shown | ({"printed": _signed(row.printed_ce)} if printed else {})
            columns["as written"] = _interval(row, "written_ce")
            less.append(columns | {"as intended": _interval(row, "intended_ce")})
    captions = [f"Our runs {SCALES[scale]}, in per cent; {_over(numbers)}; {_judged_words(judged)}."]
    if comparable:
        captions.append(
            "Written − intended: what the errata change, in points, with a 95 % interval where seeds give one."
        )
    if printed and scale == "full":
        captions.append("Written − printed: the 95 % interval allows for chance in the one printed run as in ours.")
    if printed and scale != "full":
        captions.append("The scale is not the report's, so levels cannot be compared.")
    out = [Table(pd.DataFrame(rows), name=f"ours{tag}", caption=" ".join(captions), left=["setting"])]
    if any(row["as written"] != "–" or row["as intended"] != "–" for row in less):
        text = (
            f"Accuracy less that of CE in the same setting, in points; our runs {SCALES[scale]}, 95 % intervals "
            "over seeds."
        )
        out.append(Table(pd.DataFrame(less), name=f"less-ce{tag}", caption=text, left=["setting"]))
    return out


def _over(numbers):
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
            caption = f"training curves, one a loss, {report.setting_name(row['settings'][0])}"
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
        "written + as intended. A figure is drawn below as soon as one has; *by code* means that no run enters it.",
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


def mended(name):
    """The errata that are put right as intended: ``{loss: [errata]}``; those of the whole protocol under ``""``."""
    out = {}
    for key, _, intended in _origin_rows(name):
        if intended["origin"] == "mended":
            section, _, loss = key.partition(".")
            of = out.setdefault(loss if section == "names" else "", [])
            of += [e for e in re.findall(r"\bE\d+\b", intended["words"]) if e not in of]
    return out


def effects_table(name, found, scale):
    """What putting errata right does to accuracy: for each loss the mean over the settings of a kind, with interval.

    Returns:
        A table, or None where the readings are judged on different labels, or share no setting.
    """
    mine = found[found["scale"] == scale]
    if len({reports.judged_by(name, reading) for reading in READINGS}) > 1 or mine.empty:
        return None
    put_right, rows = mended(name), []
    for loss in dict.fromkeys(mine["loss"]):
        if names := [*put_right.get(loss, ()), *put_right.get("", ())]:
            row = {"loss": loss, "errata": ", ".join(errata_link(one) for one in names)}
            for kind in ("clean", "symmetric", "asymmetric"):
                if kind in set(mine["kind"]):
                    row[kind] = _effect(reports.effect(mine, loss, kind))
            rows.append(row)
    if all(text == "–" for row in rows for key, text in row.items() if key not in ("loss", "errata")):
        return None
    return Table(
        pd.DataFrame(rows),
        name=f"effects{reports.SCALES[scale]}",
        caption="What the errata do to the accuracy: as written less as intended in points, mean over the "
        "settings of a kind "
        f"that both have, with a 95 % interval over seeds; our runs {SCALES[scale]}.",
        left=["errata"],
    )


def _effect(value):
    if value is None:
        return "–"
    low, high = value.interval()
    text = _signed(value.effect)
    return text if math.isnan(low) else f"{text} ({_signed(low)} to {_signed(high)})"


# What became of it


def side(claim, name):
    """How a report stands to a claim: ``asserts``, ``contradicts``, ``both``, or an empty string."""
    if name in claim.asserted:
        return "both" if name in claim.contradicted else "asserts"
    return "contradicts" if name in claim.contradicted else ""


def claims_table(name, judged):
    """The claims that a report asserts or contradicts, with their verdicts."""
    rows = []
    for number, claim in claims.load().items():
        if stands := side(claim, name):
            scopes = {}
            for one in judged[number]:
                scopes.setdefault(one.badge(), []).append(one.scope)
            badges = [f"{badge} {', '.join(of_badge)}" for badge, of_badge in scopes.items()]
            rows.append(
                {
                    "claim": number,
                    "statement": claim.statement,
                    "the report": {"both": "does both"}.get(stands, stands),
                    "verdict": "<br>".join(badges),
                }
            )
    return Table(
        pd.DataFrame(rows),
        name="claims",
        caption="What the report asserts or contradicts of the claims of this book, and what our proofs and runs "
        "say of it.",
        left=["statement", "the report", "verdict"],
    )


_WITH = {("asserts", "held"), ("contradicts", "did not hold")}
_AGAINST = {("asserts", "did not hold"), ("contradicts", "held")}


def standing(name, judged):
    """What became of a report's claims: ``{(side of the verdict, scope kind): [claims]}``.

    The side is ``with`` (asserted and held, or contradicted and did not hold), ``against`` (the other way round),
    ``partly``, ``undecided``, ``both`` (the report stands on both sides) or ``not run``; the scope kind is
    ``mathematics`` or ``training``. A claim with verdicts in several protocols counts once for each outcome.
    """
    out = {}
    for number, claim in claims.load().items():
        stands = side(claim, name)
        if not stands:
            continue
        for one in judged[number]:
            if one.outcome in ("partly", "undecided", "not run"):
                key = one.outcome
            elif stands == "both":
                key = "both"
            elif (stands, one.outcome) in _WITH:
                key = "with"
            elif (stands, one.outcome) in _AGAINST:
                key = "against"
            else:
                raise unknown("outcome", one.outcome, claims.OUTCOMES)
            scope = "mathematics" if one.scope == verdicts.MATHEMATICS else "training"
            members = out.setdefault((key, scope), {})
            members[number] = one
    settled = {number for (key, scope), of in out.items() if key != "not run" and scope == "training" for number in of}
    if ("not run", "training") in out:  # not run in one protocol, settled in another
        waiting = {n: one for n, one in out.pop(("not run", "training")).items() if n not in settled}
        out |= {("not run", "training"): waiting} if waiting else {}
    return out


def closing(name, judged):
    """The closing paragraph: what a report established and what it could not, from the verdicts and its own numbers."""
    author = reports.about(name)["author"]
    found = standing(name, judged)

    def linked(key, scope):
        of = found.get((key, scope), {})
        said = {n: "" if scope == verdicts.MATHEMATICS else f" ({one.scope})" for n, one in of.items()}
        return ", ".join(f"[{number}](#{one.target}){said[number]}" for number, one in of.items())

    def clause(key, text):
        parts = [f"{where} {linked(key, scope)}" for scope, where in _WHERE.items() if (key, scope) in found]
        return f"{text} {' and '.join(parts)}." if parts else ""

    numbers = reports.printed(name)
    total = sum(bool(side(claim, name)) for claim in claims.load().values())
    parts = [f"{author} takes a side on {total} of the {len(claims.load())} claims of this book."]
    parts.append(clause("with", "Our verdicts bear it out") or "No verdict of ours bears it out yet.")
    parts.append(clause("against", "They go against it"))
    parts.append(clause("both", "It stands on both sides of what is decided"))
    parts.append(clause("partly", "Part of a claim holds"))
    parts.append(clause("undecided", "Our runs leave undecided"))
    waiting = found.get(("not run", "training"), {})
    if waiting or ("not run", "mathematics") in found:
        count = len({**waiting, **found.get(("not run", "mathematics"), {})})
        parts.append(f"{count} wait for runs.")
    if numbers.empty:
        parts.append("As the report prints no number, none of this rests on its own measurements.")
    elif (numbers["value"].sub(10).abs() < 1).all():
        parts.append("Its own numbers are those of a constant answer and settle nothing about losses.")
    else:
        parts.append(
            "Its own numbers are single readings: they suggest an order of losses and cannot show how far chance goes."
        )
    return " ".join(part for part in parts if part)


_WHERE = {"mathematics": "in mathematics on", "training": "in training on"}
