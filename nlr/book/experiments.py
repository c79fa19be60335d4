"""What the pages of errors shown by experiment share: runs by protocol, loss and setting, tests in words, drawings.

Functions of runs take the records of the committed store first; a page binds them to its own.
"""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from nlr.book import plots, unrounded, verdict_tables
from nlr.book.display import Prose, Table
from nlr.book.words import status
from nlr.evidence import claims, frames, published
from nlr.evidence.claims.kinds import measured
from nlr.study import protocols, runs

#: The scaled-down reference protocol, in which what a report argues is looked at without its own settings.
SMALL = "ma2020-small"


def statement(name):
    """A claim or an erratum with tests, by its name: ``C12``, ``E10``."""
    return (claims.load() | claims.errata())[name]


def tested(records, name, *protocols):
    """What the records of protocols say about a claim or an erratum: sentences, and tables where there are rows.

    Args:
        records: what :func:`nlr.evidence.verdicts.counted` returns.
        name: of the claim or erratum.
        *protocols: of those in which it is tested; the statement and its remark stand with the first.
    """
    one, out = statement(name), []
    for protocol in protocols:
        found = claims.evaluate(one, records, protocol)
        missing = f" {len(found.missing)} runs are missing." if found.missing else ""
        said, remark = ("", "") if out else (f" {one.statement}", one.remark and f" {published.quoted(one.remark)}")
        head = f"{{verdict}}`{found.outcome}` **{name}, {protocol}.**{said} *{readable(found.reason)}{missing}*{remark}"
        out += [Prose(head), *_rows(found.evidence, name, protocol)]
    return out


def _rows(evidence, name, protocol):
    """A table of each test of several comparisons, with how their spread was measured."""
    out, several = [], sum(len(part.rows) for part in evidence) > 1
    for number, part in enumerate(evidence):
        unit, what = measured(part.test)
        frame = verdict_tables.evidence_frame(part).replace(rf" @ {protocol.split('-')[0]}-", " @ ", regex=True)
        frame["comparison"] = frame["comparison"].map(readable)
        caption = f"{name}, {protocol}: {what}, in {unit}."
        if frame["comparison"].str.contains("@").any():
            caption += " After @ stands another protocol of the report."
        if several and any(row.n for row in part.rows):
            numbers = unrounded.comparisons(part)
            out.append(Table(frame, name=f"{name}-{protocol}-{number}", caption=caption, numbers=numbers))
            if text := verdict_tables.spread(part):
                out.append(Prose(text))
    return out


def readable(label):
    """A label of a comparison with settings as the page has them, and a contrast of four cells as two differences."""
    text = re.sub(r"\b(a?symmetric)-(?=\d)", r"\1 ", label)
    cell = r"(\S+?(?: @ \S+?)?)"  # two of them on each side: of more or fewer it would be another formula
    means = f"mean of {cell}, {cell} \N{MINUS SIGN} mean of {cell}, {cell}(?=, a?symmetric)"
    return re.sub(means, "½ (\\1 \N{MINUS SIGN} \\3) \N{MINUS SIGN} ½ (\\4 \N{MINUS SIGN} \\2)", text)


def runs_of(records, protocol, loss, setting):
    """The records of a loss in a setting of a protocol, by seed."""
    chosen = [
        r
        for r in records
        if (r["config"]["protocol"], r["config"]["loss"]["spec"], frames.setting_of(r["config"]))
        == (protocol, loss, setting)
    ]
    return sorted(chosen, key=lambda r: r["config"]["seed"])


def accuracies(records, protocol, loss, setting):
    """Clean test accuracy after the last epoch, per cent, a number a seed."""
    return np.array([100 * r["final"]["last_accuracy"] for r in runs_of(records, protocol, loss, setting)])


def differences(records, protocol, one, other, setting):
    """Accuracy of a loss less that of another on the seeds that both have, points, a number a seed."""
    first, second = (
        {r["config"]["seed"]: 100 * r["final"]["last_accuracy"] for r in runs_of(records, protocol, loss, setting)}
        for loss in (one, other)
    )
    return np.array([first[seed] - second[seed] for seed in sorted(set(first) & set(second))])


def spread(values):
    """Mean and standard deviation over the seeds; the value alone of one, ``missing`` of none."""
    if not len(values):
        return "missing"
    return frames.spread(np.mean(values), np.std(values, ddof=1) if len(values) > 1 else np.nan)


def distance(final):
    """How far the weights went from their start, the mean over the runs that stayed finite; NaN where none did."""
    known = [f["distance_from_start"] for f in final if f["distance_from_start"] is not None]
    return np.mean(known) if known else np.nan


def in_words(far):
    """A :func:`distance` as the tables have it."""
    return "not finite" if np.isnan(far) else f"{far:.2f}"


def small_protocol():
    """What the runs of the small protocol are, in words."""
    small = protocols.load(SMALL)
    updates = runs.steps(small, 10 * small["data"]["train_per_class"])
    return (
        f"The runs are ours in `{SMALL}`, the reference protocol scaled down on CIFAR-10 (JPEG): {updates:,} updates "
        "each. No protocol of a report is among them, so that they show what an argument is worth, not what a report "
        "measured. No test was fixed for this: the table describes. Exploratory runs were made before the tests of the "
        "claims were written."
    )


def seeds_table(rows, columns, value, measured="clean test accuracy", **options):
    """A table of means and standard deviations over seeds, with its numbers; what has no run has none.

    Args:
        rows: ``{key: {heading: text}}``, the first columns of each row.
        columns: ``{heading: key}`` of the others.
        value: ``value(key of a row, key of a column)``, per cent by seed.
        measured: what that is, in words.
        **options: of the :class:`nlr.book.display.Table`.
    """
    found = {(row, words): value(row, key) for row in rows for words, key in columns.items()}
    text = [first | {words: spread(found[row, words]) for words in columns} for row, first in rows.items()]
    numbers = [
        {heading: of_row.strip("`") for heading, of_row in rows[row].items()}
        | {"column": words}
        | unrounded.of_seeds(values, measured)
        for (row, words), values in found.items()
        if len(values)
    ]
    return Table(pd.DataFrame(text), numbers=pd.DataFrame(numbers), **options)


def small_table(losses, columns, value, **options):
    """:func:`seeds_table` of the small protocol: a row a loss."""
    return seeds_table({loss: {"loss": f"`{loss}`"} for loss in losses}, columns, value, **options)


def worth(records, settings, losses=None):
    """How many seeds the runs of some cells of the small protocol have, and which are exploratory."""
    found = [
        record
        for record in records
        if record["config"]["protocol"] == SMALL
        and frames.setting_of(record["config"]) in settings
        and (losses is None or record["config"]["loss"]["spec"] in losses)
    ]
    return status(found) if found else "no run yet"


# Drawings; each returns a matplotlib figure, whose attribute ``numbers`` is a frame of what it shows.


def courses(steps):
    """The difference of two networks in lock-step against the number of batches, on a logarithmic scale.

    Args:
        steps: ``{what: frame}`` of :func:`nlr.study.lockstep.lockstep`, five at most.
    """
    figure, axis = plt.subplots(figsize=(plots.WIDTH, 3.4))
    styles = zip(("o", "s", "^", "D", "v"), ("#D55E00", "#E69F00", "#0072B2", "#009E73", "#CC79A7"), strict=True)
    for (what, course), (marker, colour) in zip(steps.items(), styles, strict=False):
        after = course[1:]
        axis.plot(after["step"], after["difference"], marker=marker, markersize=4, color=colour, label=what)
    names = {"step": "batches", "difference": "largest difference of two logits"}
    axis.set(yscale="log", xlabel=names["step"], ylabel=names["difference"])
    figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    drawn = pd.concat({what: course[1:] for what, course in steps.items()}, names=["pair"]).reset_index("pair")
    figure.numbers = unrounded.named(drawn, ["pair"], **names)
    return figure


def against_the_label(labelled, level):
    """A dot a training image, NCE against the probability of its label, a panel a loss.

    Args:
        labelled: ``{loss: frame}``, the first frames of :func:`nlr.study.predictions.predictions`.
        level: where a line is drawn.
    """
    figure, axes = plt.subplots(1, len(labelled), figsize=(plots.WIDTH, 3.4), sharex=True, sharey=True, squeeze=False)
    for axis, (loss, frame) in zip(axes[0], labelled.items(), strict=True):
        for answered, marker, colour in ((True, "o", "#0072B2"), (False, "X", "#D55E00")):
            part = frame[frame["answered"] == answered]
            words = "answers the label" if answered else "answers another class"
            axis.plot(part["p_y"], part["nce"], marker, color=colour, markersize=3.5, alpha=0.6, label=words)
        axis.axhline(level, color=plt.rcParams["text.color"], linewidth=0.8)
        axis.set(xlabel="probability of the label")
        axis.set_title(f"trained with {loss}", size=10)
    axes[0, 0].set_ylabel("NCE")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    images = pd.concat(labelled, names=["trained with"]).reset_index("trained with")
    names = {"p_y": "probability of the label", "nce": "NCE", "answered": "answers the label"}
    figure.numbers = unrounded.named(images, ["trained with"], **names)
    return figure


def single_differences(values, margin, xlabel):
    """Each seed's difference as a dot and the mean as a bar, a row a cell, with the margin of equivalence.

    Args:
        values: ``{words: differences by seed}``, in points.
        margin: of equivalence, in points.
        xlabel: of the axis.
    """
    figure, axis = plt.subplots(figsize=(plots.WIDTH, 2.3))
    axis.axvspan(-margin, margin, alpha=0.15, color="#0072B2", linewidth=0)
    axis.axvline(0, color=plt.rcParams["text.color"], linewidth=0.8)
    for row, of_row in enumerate(values.values()):
        axis.plot(of_row, np.full(len(of_row), row), "o", color="#0072B2", alpha=0.6, markersize=5)
        if len(of_row):
            axis.plot(of_row.mean(), row, "|", color=plt.rcParams["text.color"], markersize=22, markeredgewidth=2)
    axis.set_yticks(range(len(values)), list(values))
    axis.set(xlabel=xlabel, ylim=(len(values) - 0.5, -0.5))
    figure.numbers = pd.DataFrame({"runs": words, xlabel: one} for words, of_row in values.items() for one in of_row)
    return figure


def label_counts(fits, drawn):
    """Printed figures beside the central 95 % of two models of label counts, a panel a kind of noise.

    Args:
        fits, drawn: ``{kind: Fit}`` of :func:`nlr.theory.frequencies.fit`, on the balanced test set and on images drawn
            from the training set.
    """
    figure, axes = plt.subplots(2, 1, figsize=(plots.WIDTH, 5.6), sharey=True)
    shown = []
    for axis, kind in zip(axes, fits, strict=True):
        first, second = fits[kind].numbers, drawn[kind].numbers
        x = np.arange(len(first))
        for rows, width, colour, words in (
            (second, 5, "#56B4E9", "drawn images"),
            (first, 2, "#D55E00", "balanced test set"),
        ):
            low, high = ((rows["mean"] + sign * 1.96 * rows["sd"]) / 100 for sign in (-1, 1))
            axis.vlines(x, low, high, linewidth=width, color=colour, label=words)
            ends = {"central 95 %, low (%)": low, "central 95 %, high (%)": high, "p of the printed figure": rows["p"]}
            printed = {"model": words, "printed accuracy (%)": rows["count"] / 100}
            shown.append(rows[["setting", "class"]].assign(**printed, **ends))
        axis.plot(x, first["count"] / 100, "o", color=plt.rcParams["text.color"], markersize=4, label="printed")
        ticks = [
            f"{setting.split('-')[1]}, class {answered}"
            for setting, answered in zip(first["setting"], first["class"], strict=True)
        ]
        axis.set_xticks(x, ticks, rotation=90, fontsize=8)
        axis.set_title(kind, size=10)
    figure.supylabel("accuracy against noisy labels, %", size=10)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.numbers = pd.concat(shown)
    return figure


def losses_and_accuracies(found):
    """Training loss and clean test accuracy by epoch, a line a record.

    Args:
        found: ``{words: record}``, five at most.
    """
    figure, axes = plt.subplots(1, 2, figsize=(plots.WIDTH, 3.3))
    looks = zip(("o", "v", "s", "D", "P"), (None, "#D55E00", "#E69F00", "#CC79A7", "#56B4E9"), strict=True)
    shown = []
    for (words, record), (marker, colour) in zip(found.items(), looks, strict=False):
        series = record["series"]
        loss = [np.nan if value is None else value for value in series["loss"]]
        epochs, accuracy = range(1, len(loss) + 1), 100 * np.array(series["test_accuracy"])
        look = {"marker": marker, "markersize": 3.5, "color": colour or plt.rcParams["text.color"], "label": words}
        axes[0].plot(epochs, loss, **look)
        axes[1].plot(epochs, accuracy, **look)
        by_epoch = {"epoch": epochs, "training loss": loss, "clean test accuracy (%)": accuracy}
        shown.append(pd.DataFrame({"run": words} | by_epoch))
    axes[0].set(yscale="symlog", xlabel="epoch", ylabel="training loss")
    axes[1].set(ylim=(0, 100), xlabel="epoch", ylabel="clean test accuracy, %")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.numbers = pd.concat(shown) if shown else pd.DataFrame()
    return figure
