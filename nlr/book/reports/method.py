"""How a report trains: each value of its protocol with its origin, its losses and its settings."""

import re
from functools import partial

import pandas as pd

from nlr.book import errata, reports
from nlr.book.display import Table
from nlr.book.reports import MARKS, READINGS
from nlr.evidence import frames, report_code
from nlr.noise import parse_setting
from nlr.study import protocols

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

#: Words that own up to a choice of ours inside a value that is otherwise the report's.
_PARTLY_OURS = re.compile(r"\bours\b|\bis that of ma2020|(?<!which )are those of ma2020")


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
        ("public code", f"`{code['repository']}`, {code['commit'][:7]}" if code else "none known to us"),
    ]


def protocol_table(name):
    """How a report trains, in both readings, beside its public code and the reference, and where each value is from."""
    rows, as_run = [], _as_run_rows(name)
    for key, written, intended in origin_rows(name):
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
    for key, written, intended in origin_rows(name):
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


def origin_rows(name):
    """The values that a report's runs use, ``(key, row as written, row as intended)``; None in a reading without it."""
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    kinds = {parse_setting(setting)[0] for setting in own["settings"]}
    written, intended = (_used_rows(reports.protocol_of(name, reading), kinds) for reading in READINGS)
    keys = {**written, **intended}
    sections = list(dict.fromkeys(section for section, _ in keys))
    keys = sorted(keys, key=lambda key: sections.index(key[0]))
    return [(f"{s}.{k}", written.get((s, k)), intended.get((s, k))) for s, k in keys]


def terms(specs):
    """The names of losses in specifications, ``krishnan-apl(nce+mae)`` having three."""
    return {part for spec in specs for part in spec.replace("(", "+").replace(")", "+").split("+")}


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


def _used_rows(protocol, kinds):
    """The origins of what a protocol's losses and kinds of noise use, by section and key."""
    rows = {(row["section"], row["key"]): row for row in protocols.origins(protocol)}
    used = terms(row["value"] for (section, _), row in rows.items() if section == "names")
    other = set() if "asymmetric" in kinds else {("noise", "asymmetric"), ("noise", "class_map")}
    return {(s, k): row for (s, k), row in rows.items() if (s != "losses" or k in used) and (s, k) not in other}


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
    which = reports.about(name)["code"]
    whose = f" Its code is that {which}." if which else ""
    return (
        f"{whose} {MARKS['code']}: the report leaves it open, and its public code says what was run; our runs were "
        f"fixed before that code was known and have the value that stands here. *As run* is a third reading, "
        f"`{reports.protocol_of(name, 'as-run')}`, which follows that code; its column has it before it is scaled to "
        "digits, on which alone it is trained."
    )
