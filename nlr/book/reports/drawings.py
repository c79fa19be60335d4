"""Drawings of the pages of the five reports; each returns a matplotlib figure, as those of :mod:`nlr.book.plots` do.

A loss has the colour and dashes of the loss that it is meant to be (:func:`nlr.book.reports.look`), whatever a report
calls it. What has no run says "missing" in its place. The attribute ``numbers`` is a frame of what a figure shows.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nlr.book import plots, unrounded

# Of the parts and readings of a training curve: colour by part, dashes by reading.
_PARTS = {"training labels": "mae", "clean test labels": "nfl"}
_DASHES = {"as-written": "", "as-intended": (3, 1.5)}


def _line(axis, values, look, label, **extra):
    """Mean over seeds by the index, and a band over their range where there are several."""
    colour, dashes, marker = plots.style(look)
    means = values.groupby(level=0).agg(["mean", "min", "max"])
    line = (0, dashes) if dashes else "-"
    (drawn,) = axis.plot(means.index, means["mean"], color=colour, linestyle=line, label=label, **extra)
    if extra.get("marker") is True:
        drawn.set_marker(marker)
    if (means["max"] > means["min"]).any():
        axis.fill_between(means.index, means["min"], means["max"], color=colour, alpha=0.18, linewidth=0)


def _say_missing(axis, size=9):
    axis.text(0.5, 0.5, "missing", transform=axis.transAxes, ha="center", va="center", size=size, style="italic")


def _legend(figure, columns=4):
    """One legend below for all panels, each label once."""
    labels = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            labels.setdefault(label, handle)
    if labels:
        figure.legend(labels.values(), labels, loc="outside lower center", ncols=columns, handlelength=2.6)


def _numbers(panels, places, columns):
    """The numbers of panels: a row a panel and place, or one that says 0 runs where a panel is missing.

    Args:
        panels: ``{title: frame}``, a row a run and place.
        places: the columns of a place, loss and noise rate, say.
        columns: ``{column: its name with the unit}`` of those whose mean, least and most over the runs is wanted.
    """
    parts = {}
    for title, table in panels.items():
        groups = table.groupby(places, sort=False)
        parts[title] = groups.size().to_frame("runs").reset_index() if len(table) else pd.DataFrame([{"runs": 0}])
        for column, name in columns.items() if len(table) else ():
            for what, word in (("mean", "mean"), ("min", "least"), ("max", "most")):
                parts[title][f"{name}, {word}"] = groups[column].agg(what).to_numpy(float)
    rates = {"rate": "noise rate"}
    return pd.concat(parts, names=["panel"]).reset_index("panel").rename(columns=rates)


def rates(panels, looks, ticks, xlabel, ylabel):
    """Accuracy against the noise rate, a panel a source.

    Args:
        panels: ``{title: frame}`` with loss, rate and value, a row a run; an empty frame where every run is missing.
        looks: ``{loss: loss of ours whose look it bears}``, in the order of the legend.
        ticks: the noise rates, from the lowest.
        xlabel, ylabel: of the axes.
    """
    height = plots.WIDTH * (0.48 if any(map(len, panels.values())) else 0.24)
    figure, axes = plt.subplots(1, len(panels), figsize=(plots.WIDTH, height), sharex=True, sharey=True, squeeze=False)
    for axis, (title, table) in zip(axes[0], panels.items(), strict=True):
        axis.set_title(title)
        axis.set_xlabel(xlabel)
        for loss, look in looks.items():
            values = table.loc[table["loss"] == loss].set_index("rate")["value"].astype(float)
            if len(values):
                _line(axis, values, look, loss, marker=plots.style(look)[2], markersize=5, linewidth=1.5)
        if not len(table):
            _say_missing(axis)
    axes[0, 0].set_ylabel(ylabel)
    margin = 0.05 * (ticks[-1] - ticks[0])
    axes[0, 0].set(ylim=(0, 100), xlim=(ticks[0] - margin, ticks[-1] + margin), xticks=ticks)
    _legend(figure)
    figure.numbers = _numbers(panels, ["loss", "rate"], {"value": ylabel})
    return figure


def epochs(panels, rows, looks):
    """Series by epoch, a column a reading and a row a series.

    Args:
        panels: ``{title: frame}`` with loss, epoch and the series, a row a run and epoch.
        rows: ``{key of a series: label}``.
        looks: as in :func:`rates`.
    """
    there = any(map(len, panels.values()))
    figure, axes = plt.subplots(
        len(rows),
        len(panels),
        figsize=(plots.WIDTH, (2.5 if there else 1.3) * len(rows) + 0.9),
        sharex="col",
        sharey="row",
        squeeze=False,
    )
    for column, (title, table) in enumerate(panels.items()):
        axes[0, column].set_title(title)
        axes[-1, column].set_xlabel("epoch")
        for axis, key in zip(axes[:, column], rows, strict=True):
            for loss, look in looks.items():
                values = table.loc[table["loss"] == loss].set_index("epoch")[key].dropna()
                if len(values):
                    _line(axis, values, look, loss, linewidth=1.5)
            if not len(table):
                _say_missing(axis)
                axis.set_xticks([])
            if not there:
                axis.set_yticks([])
    for axis, label in zip(axes[:, 0], rows.values(), strict=True):
        axis.set_ylabel(label, size=None if there else 8)
    _legend(figure)
    figure.numbers = _numbers(panels, ["loss", "epoch"], rows)
    return figure


def training(panels, keys, ylabel):
    """Training curves of single losses, a small panel each: colour by part, dashes by reading.

    Args:
        panels: ``{title: frame}`` with reading, epoch and the series, a row a run and epoch; empty where missing.
        keys: ``{part: key of its series}``.
        ylabel: of the axes.
    """
    columns = 3
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(plots.WIDTH, 1.75 * rows + 0.8),
        sharex=True,
        sharey=ylabel.endswith("(%)"),
        squeeze=False,
    )
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for axis, (title, table) in zip(axes.flat, panels.items(), strict=False):
        axis.set_title(title, size=9)
        axis.tick_params(labelsize=8)
        for (part, key), (reading, dashes) in ((p, r) for p in keys.items() for r in _DASHES.items()):
            values = table.loc[table["reading"] == reading].set_index("epoch")[key].dropna()
            if len(values):
                means = values.groupby(level=0).mean()
                line = (0, dashes) if dashes else "-"
                label = f"{part}, {reading.replace('-', ' ')}"
                colour = plots.style(_PARTS[part])[0]
                axis.plot(means.index, means, color=colour, linestyle=line, linewidth=1.3, label=label)
        if not len(table):
            _say_missing(axis)
            axis.tick_params(labelleft=False)
    for axis in axes.flat[max(0, len(panels) - columns) : len(panels)]:  # the lowest of each column
        axis.set_xlabel("epoch", size=9)
        axis.tick_params(labelbottom=True)
    figure.supylabel(ylabel, size=9)
    _legend(figure, columns=2)
    figure.numbers = _numbers(panels, ["reading", "epoch"], {key: f"{part}, {ylabel}" for part, key in keys.items()})
    return figure


def missing(titles, columns=6):
    """A grid of small empty panels, one a title, each of which says that it is missing."""
    rows = -(-len(titles) // columns)
    lines = max(title.count("\n") for title in titles) + 1
    size = (plots.WIDTH, (0.45 + 0.16 * lines) * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    for axis in axes.flat[len(titles) :]:
        axis.set_visible(False)
    for axis, title in zip(axes.flat, titles, strict=False):
        axis.set_title(title, size=7)
        axis.set(xticks=[], yticks=[])
        _say_missing(axis, size=7)
    figure.numbers = pd.DataFrame({"panel": title.replace("\n", ", "), "runs": 0} for title in titles)
    return figure


def classes(panels):
    """For each loss the overall accuracy by noise rate as a line, and beside it the accuracy of each class as bars.

    Args:
        panels: ``{title: (overall, by class)}``; overall is a frame with rate and value, by class one with rate, class
            and accuracy, a row a run; both empty where the runs are missing.
    """
    figure, axes = plt.subplots(
        len(panels),
        2,
        figsize=(plots.WIDTH, 1.35 * len(panels) + 1.1),
        sharex="col",
        sharey=True,
        squeeze=False,
        gridspec_kw={"width_ratios": [1, 2]},
    )
    ink = plt.rcParams["text.color"]
    for (left, right), (title, (overall, by_class)) in zip(axes, panels.items(), strict=True):
        left.set_title(title, size=9)
        if not len(overall):
            _say_missing(left)
            _say_missing(right)
            continue
        means = overall.groupby("rate")["value"].mean()
        left.plot(means.index, means, color=ink, marker="o", markersize=4, linewidth=1.3)
        for rate, value in means.items():
            above = (0, 4) if value < 80 else (0, -11)
            left.annotate(f"{value:.1f}", (rate, value), above, textcoords="offset points", ha="center", size=7)
        bars = by_class.groupby(["rate", "class"])["accuracy"].mean().unstack()
        palette = sns.color_palette("colorblind", bars.shape[1])
        places = np.arange(len(bars))
        for k, number in enumerate(bars.columns):
            shift = (k - (bars.shape[1] - 1) / 2) * 0.08
            right.bar(places + shift, bars[number], 0.075, color=palette[k], label=f"class {number}")
        for place, (_, row) in zip(places, bars.iterrows(), strict=True):
            if (row == row.max()).sum() == 1:
                x = place + (int(np.argmax(row)) - (bars.shape[1] - 1) / 2) * 0.08
                y = row.max()
                offset = (0, 2) if y < 85 else (5, -7)
                ha = "center" if y < 85 else "left"
                right.annotate(f"{row.idxmax()}", (x, y), offset, textcoords="offset points", ha=ha, size=7)
        right.set_xticks(places, [f"{rate:g}" for rate in bars.index])
        left.set_xticks(means.index)
    for axis in axes.flat:
        axis.set_ylim(0, 108)
        axis.set_yticks([0, 50, 100])
        axis.tick_params(labelsize=8)
        axis.margins(x=0.12)
    for axis in axes[:, 1]:
        axis.margins(x=0.02)
        axis.grid(axis="x", visible=False)
    axes[-1, 0].set_xlabel("noise rate")
    axes[-1, 1].set_xlabel("noise rate; a bar a class, the highest with its number")
    figure.supylabel("per cent", size=9)
    _legend(figure, columns=5)
    shown = {
        title: pd.concat(
            [
                overall.rename(columns={"value": "accuracy"}).assign(**{"class": "overall"}),
                by_class.astype({"class": int}).astype({"class": str}),
            ]
        )
        for title, (overall, by_class) in panels.items()
    }
    figure.numbers = _numbers(shown, ["class", "rate"], {"accuracy": "accuracy (%)"})
    return figure


def transitions(matrices, names):
    """Transition matrices beside each other in per cent.

    Args:
        matrices: ``{title: (K, K) array}``, rows being true classes.
        names: of the classes.
    """
    figure, axes = plt.subplots(
        1, len(matrices), figsize=(plots.WIDTH, plots.WIDTH / len(matrices) + 0.9), sharey=True, squeeze=False
    )
    face, ink = plt.rcParams["axes.facecolor"], plt.rcParams["text.color"]
    colours = sns.color_palette(f"blend:{face},{plots.style('nfl')[0]}", as_cmap=True)
    for axis, (title, matrix) in zip(axes[0], matrices.items(), strict=True):
        percent = 100 * matrix
        axis.imshow(percent, cmap=colours, vmin=0, vmax=130)
        for j, k in np.argwhere(percent >= 0.5):
            axis.text(k, j, f"{percent[j, k]:.0f}", ha="center", va="center", size=6.5, color=ink)
        axis.set_title(title, size=9)
        axis.set_xticks(range(len(names)), names, rotation=90, size=8)
        axis.set_yticks(range(len(names)), names, size=8)
        axis.grid(False)
        axis.tick_params(length=0)
        axis.set_xlabel("noisy label")
    axes[0, 0].set_ylabel("true class")
    named = ["true class", "noisy label", "share (%)"]
    shares = {title: unrounded.matrix(100 * matrix, names, names, named) for title, matrix in matrices.items()}
    figure.numbers = pd.concat(shares, names=["panel"]).reset_index("panel")
    return figure


def boxes(rows, size=9):
    """Boxes below each other with arrows between them.

    Args:
        rows: pairs (bold text, other text), from top to bottom.
        size: of the text in points.
    """
    height = 0.62
    figure, axis = plt.subplots(figsize=(plots.WIDTH, height * len(rows) * 0.86))
    ink, edge = plt.rcParams["text.color"], plots.style("nfl")[0]
    for number, (head, text) in enumerate(rows):
        top = -number
        box = FancyBboxPatch((0, top - 0.33), 1, 0.66, boxstyle="round,pad=0,rounding_size=0.02", mutation_aspect=8)
        box.set(facecolor="none", edgecolor=edge, linewidth=1.2)
        axis.add_patch(box)
        axis.text(0.02, top, head, ha="left", va="center", size=size, weight="bold", color=ink)
        axis.text(0.5, top, text, ha="left", va="center", size=size, color=ink)
        if number:
            arrow = FancyArrowPatch((0.5, top + 0.67), (0.5, top + 0.33), arrowstyle="-|>", mutation_scale=9, color=ink)
            axis.add_patch(arrow)
    axis.set(xlim=(-0.01, 1.01), ylim=(-len(rows) + 0.55, 0.45))
    axis.axis("off")
    figure.numbers = pd.DataFrame(rows, columns=["box", "text"])
    return figure


def normaliser(cross_entropy, normalised, top):
    """A normalised loss against cross-entropy, and cross-entropy itself as a dashed line; cut at ``top``."""
    figure, axis = plt.subplots(figsize=(plots.WIDTH * 0.7, plots.WIDTH * 0.42))
    axis.plot(cross_entropy, normalised, color=plots.style("nfl")[0], label="1 − exp(−x)")
    axis.plot(cross_entropy, cross_entropy, "--", color=plt.rcParams["text.color"], label="x", linewidth=1.3)
    axis.set(xlabel="x, the cross-entropy of a sample", ylabel="loss", ylim=(0, top), xlim=(0, max(cross_entropy)))
    _legend(figure)
    figure.numbers = pd.DataFrame({"cross-entropy of a sample": cross_entropy, "normalised loss": normalised})
    return figure


def images(pictures, given, true):
    """Images with the labels that they are given; a wrong one is framed and crossed, the true class beside it.

    Args:
        pictures: (N, height, width).
        given, true: N labels each.
    """
    columns = 10
    rows = -(-len(pictures) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(plots.WIDTH, 1.02 * rows), squeeze=False)
    dark = sum(int(plt.rcParams["axes.facecolor"][i : i + 2], 16) for i in (1, 3, 5)) < 384
    wrong_colour = plots.style("nce+rce")[0]
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
    for axis, picture, label, truth in zip(axes.flat, pictures, given, true, strict=False):
        axis.imshow(picture, cmap="gray" if dark else "gray_r")
        wrong = label != truth
        text = f"✗ {label} ({truth})" if wrong else f"{label}"
        axis.set_xlabel(text, size=9, color=wrong_colour if wrong else plt.rcParams["text.color"])
        axis.spines[:].set(visible=bool(wrong), color=wrong_colour, linewidth=1.6)
    figure.numbers = pd.DataFrame({"image": range(len(true)), "label": given, "true class": true})
    return figure
