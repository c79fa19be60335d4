"""What a report prints: its tables of numbers, those that its public code prints, and what its prose says."""

import re

import pandas as pd

from nlr.book import reports, unrounded
from nlr.book.display import Table
from nlr.evidence import course_figures, frames, report_code
from nlr.evidence.wording import unbroken

_METRICS = {
    "test_accuracy": "accuracy",
    "noisy_accuracy": "overall accuracy",
    "noisy_class_accuracy": "class accuracy",
    "gain_over_ce": "gain over CE",
    "lambda": "weight λ",
    "parameters": "parameters of the network",
}


def printed_tables(name):
    """The tables of accuracies as printed; of tables by class only what they hold, for their rows are 0 or 100."""
    if course_figures.load(name)["class"].notna().any():
        return [_class_tables(name, kind) for kind in ("symmetric", "asymmetric")]
    out, rows = [], course_figures.load(name)
    for where, section, frame in reports.printed_tables(name):
        text = f"{where} of the report (section {section}) as printed: test accuracy in per cent."
        text += " A star marks a reading from a repeated run." if "*" in frame.to_string() else ""
        numbers = _numbers(rows[(rows["where"] == where) & (rows["kind"] == "table")])
        out.append(Table(frame, name=where, caption=text, numbers=numbers))
    return out


def _numbers(rows):
    """The printed accuracies of some rows of :func:`nlr.evidence.course_figures.load`."""
    names = {"where": "table", "class": "class, overall where empty", "value": "accuracy (%)", "starred": "starred"}
    return unrounded.named(rows, ["loss", "setting"], **names)


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
        grid["loss_as_coded"] = grid["loss_as_coded"].map(lambda loss: f"`{_short(loss)}`")
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
                numbers=unrounded.named(
                    part,
                    ["loss", "setting", "epoch"],
                    loss_as_coded="coded as",
                    mean="clean test accuracy (%)",
                ),
            )
        )
    return out


def _short(loss):
    """A loss with its parameters to six digits, as protocols are shown."""
    return re.sub(r"\d+\.\d{6,}", lambda number: f"{float(number[0]):g}", loss)


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
                "loss": unbroken(loss) or "–",
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
        left=["loss", "setting", "what", "repeats"],
        numbers=unrounded.named(
            rows,
            ["loss", "setting", "value", "low", "high"],
            where="place",
            metric="what",
            low="low",
            high="high",
            text="as printed, with its unit",
            repeats="repeats",
        ),
    )


def prints(name):
    """In a sentence, how much of a report's results can be read off it today."""
    numbers = reports.printed(name)
    figures = [f for f in reports.figures_of(name) if f.form != "drawn"]
    drawn = f"{len(figures)} figure{'s' * (len(figures) != 1)} of results"
    where = "missing from our copy"
    if pictures := reports.about(name)["pictures"]:
        where += f", though not from the one beside its code ({report_code.place(name, pictures)})"
    if numbers.empty:
        return f"The report prints no accuracy, and its {drawn} are {where}: nothing can be compared with ours."
    if (numbers["by"] == "code").all():
        (path,) = set(numbers["where"])
        return (
            f"The report prints no accuracy, and its {drawn} are {where}. Its code prints their numbers, "
            f"{len(numbers)} overall accuracies, each of one reading, in {report_code.place(name, path)}; from these "
            "the figures are drawn below."
        )
    text = (
        f"The report prints {len(numbers)} overall accuracies, each of one reading, without an interval; its {drawn} "
        f"are {where}."
    )
    rows = [tuple(part["text"]) for _, part in numbers.groupby(["loss", "kind"])]
    if len(set(rows)) < len(rows):
        text += f" Of its {len(rows)} rows only {len(set(rows))} are distinct."
    if (numbers["value"].sub(10).abs() < 1).all():
        low, high = numbers["value"].min(), numbers["value"].max()
        text += f" All of them lie from {low:.2f} to {high:.2f} %, where an answer that is always the same class lies."
    return text


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
        numbers=_numbers(rows[rows["kind"] == "table"]),
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
