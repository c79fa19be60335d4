"""Drawings: one style in two themes, one colour for a loss everywhere, legible to the colour-blind.

Every function returns a matplotlib figure without a title; captions are the page's. Its attribute ``numbers`` is a
frame of what is drawn (:mod:`nlr.book.unrounded`). Call them inside :func:`theme`.
"""

import itertools
import re
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation
from scipy.optimize import isotonic_regression

from nlr.book import unrounded
from nlr.evidence import frames

WIDTH = 7.2  # inches, the width of the text
STRONG = (
    70  # per cent from which a number stands out from its shade in the colour of the face, below in that of the ink
)
FEW = 4  # names that fit beside each other above a figure
THEMES = ("light", "dark")

# A look says what a loss is made of. Its hue is that of its passive part: none (ink; blue where the loss is
# normalised), slope 1 (green), slope 9.21 (red), another slope (olive), a curve (violet); pink is for what lies
# between cross-entropy and MAE or RCE. Its dashes are those of its active part: solid for cross-entropy and NCE,
# dashed for focal losses, dotted for none, others where these are taken. Dashes and marker together are a loss's own
# too, so that nothing hangs on colour. The first four hues are Okabe and Ito's. None is the theme's own ink.
_BLUE, _GREEN, _RED, _PINK, _OLIVE, _VIOLET = _HUES = ("#0072B2", "#009E73", "#D55E00", "#CC79A7", "#8A7000", "#8A63D2")
_SOLID, _DASHED, _DOTTED = "", (4, 1.5), (1, 1)
_DASHDOT, _TWO_DOTS, _LONG, _SHORT, _SPARSE = (6, 1.5, 1, 1.5), (6, 1.5, 1, 1.5, 1, 1.5), (9, 2), (2, 1), (1, 3)
STYLES = {
    "ce": (None, _SOLID, "o"),
    "fl": (None, _DASHED, "p"),
    "fl,gamma=2": (None, _LONG, "p"),
    "ce,scale=0.04": (None, _DASHDOT, "o"),
    "nce": (_BLUE, _SOLID, "^"),
    "nfl": (_BLUE, _DASHED, "v"),
    "nfl,gamma=2": (_BLUE, _LONG, "v"),
    "nfl+nce": (_BLUE, _DASHDOT, "^"),
    "nce,scale=10": (_BLUE, _SHORT, "^"),
    "nce+mae": (_GREEN, _SOLID, "s"),
    "nfl+mae": (_GREEN, _DASHED, "D"),
    "mae": (_GREEN, _DOTTED, "d"),
    "nce+rce": (_RED, _SOLID, "P"),
    "nfl+rce": (_RED, _DASHED, "X"),
    "rce": (_RED, _DOTTED, "*"),
    "nce+mae,beta=9.21": (_RED, _DASHDOT, "s"),
    "gce": (_PINK, _SOLID, "<"),
    "sce": (_PINK, _DASHDOT, ">"),
    "ce+mae": (_PINK, _LONG, "s"),
    "ceeps+mae": (_PINK, _SHORT, "D"),
    "nce+mae,beta=0.3": (_OLIVE, _SOLID, "d"),
    "nce+mae,beta=3": (_OLIVE, _SHORT, "s"),
    "nce+mae,beta=10": (_OLIVE, _DASHDOT, "D"),
    "nce+mae,beta=30": (_OLIVE, _LONG, "d"),
    "nce+rce,beta=10": (_OLIVE, _TWO_DOTS, "P"),
    "mae+rce": (_OLIVE, _DOTTED, "h"),
    "nrce": (_OLIVE, _SPARSE, "*"),
    # Published sums that the package does not train.
    "nce+ael": (_VIOLET, _SOLID, "h"),
    "jal-ce": (_VIOLET, _DASHDOT, "X"),
    "nce+aul": (_VIOLET, _LONG, "^"),
    "nce+agce": (_VIOLET, _SHORT, "v"),
}
_SPARE = [(colour, (8, 1, 2, 1), marker) for colour, marker in zip(_HUES, "^sPdhv", strict=True)]
_INK = {"light": "#1f2328", "dark": "#e6e6e6"}
_FACE = {"light": "#ffffff", "dark": "#14181e"}
_GRID = {"light": "#d9dce0", "dark": "#3a4049"}
_current = "light"
# Shares from none to all. The light end is a shade beside _BLUE, which stays as it is when a drawing is recoloured.
_SHADES = {
    "light": sns.blend_palette(("#ffffff", "#0071b1"), as_cmap=True),
    "dark": sns.blend_palette(("#14181e", "#56B4E9"), as_cmap=True),
}
_COLOUR = re.compile(r"(?<=[ \"])#[0-9a-f]{6}\b")  # of an SVG; what else begins with # there is a name, and longer
_KEPT = {colour.lower(): colour.lower() for colour in _HUES}
_DARK = {to_hex(_SHADES["light"](k)): to_hex(_SHADES["dark"](k)) for k in range(_SHADES["light"].N)} | _KEPT
_DARK |= {of["light"]: of["dark"] for of in (_INK, _FACE, _GRID)}


def darkened(picture):
    """A drawing of the light theme in the dark one.

    Args:
        picture: the text of its SVG.

    Returns:
        The text, or None where it has a colour that is none of ours, or an image: such a drawing has to be drawn again.
    """
    if "<image" in picture or not _DARK.keys() >= set(_COLOUR.findall(picture)):
        return None
    return _COLOUR.sub(lambda colour: _DARK[colour[0]], picture)


@contextmanager
def theme(name):
    """Draw in the ``light`` or the ``dark`` theme."""
    global _current
    before, _current = _current, name
    ink, face, grid = _INK[name], _FACE[name], _GRID[name]
    settings = {
        "figure.facecolor": face,
        "savefig.facecolor": face,
        "axes.facecolor": face,
        "axes.edgecolor": grid,
        "axes.labelcolor": ink,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "axes.titlecolor": ink,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "grid.color": grid,
        "grid.linewidth": 0.6,
        "font.size": 10,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "figure.constrained_layout.use": True,
        "svg.fonttype": "path",
        "svg.hashsalt": "nlr",  # the same drawing gives the same bytes
    }
    try:
        with plt.rc_context(settings):
            yield
    finally:
        _current = before


def look(loss):
    """``(colour, dashes, marker)`` of a loss, None for the theme's own ink; only parameters under study change it."""
    name = loss.split(",")[0]
    return STYLES.get(loss) or STYLES.get(name) or _SPARE[sum(map(ord, name)) % len(_SPARE)]


def style(loss):
    """The :func:`look` of a loss in the theme at hand."""
    colour, dashes, marker = look(loss)
    return colour or _INK[_current], dashes, marker


def _name_lines(figure, size=9):
    """Name every line at its right end, beside its marker, where those of each panel find room there; else below."""
    panels = {}
    for axis in figure.axes:
        beside = axis.transAxes + ScaledTranslation(19 / 72, 0, figure.dpi_scale_trans)
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            line = handle if isinstance(handle, Line2D) else handle.lines[0]  # of bars of error
            points = line.get_xydata()
            points = points[np.isfinite(points).all(1)]
            if len(points):
                text = axis.text(1, 0.5, label, size=size, va="center", transform=beside)
                panels.setdefault(axis, []).append((text, line, points[-1]))
    figure.get_layout_engine().execute(figure)
    apart = 1.2 * size  # in points, as sizes are
    sizes = {axis: 72 / figure.dpi * np.array(axis.get_window_extent().size) for axis in panels}
    if any(apart * len(named) > sizes[axis][1] for axis, named in panels.items()):
        for text, *_ in itertools.chain(*panels.values()):
            text.remove()
        _legend_below(figure)
        return
    figure.set_layout_engine("none")  # it is laid out
    for axis, named in panels.items():
        width, height = sizes[axis]
        named = [(text, line, *axis.transLimits.transform(end)) for text, line, end in named]
        named.sort(key=lambda end: end[-1])
        # The nearest places in this order that are apart enough: less their least distances they may not fall.
        steps = apart * np.arange(len(named))
        places = isotonic_regression(np.array([height * y for *_, y in named]) - steps).x
        places = places.clip(apart / 2, height - apart * (len(named) - 0.5)) + steps
        key, leaders, colours = 1 + 12 / width, [], []
        for (text, line, x, y), place in zip(named, places / height, strict=True):
            text.set_y(place)
            leaders.append([(x, y), (key, place)])
            colours.append(line.get_color())
            look = {"marker": line.get_marker(), "color": colours[-1], "linewidth": 0, "transform": axis.transAxes}
            axis.scatter(key, place, 3.2 * size, clip_on=False, **look).set_in_layout(False)
        look = {"linewidths": 0.8, "transform": axis.transAxes, "clip_on": False, "zorder": 1.5}
        axis.add_collection(LineCollection(leaders, colors=colours, **look), autolim=False).set_in_layout(False)


def _legend_below(figure, columns=5):
    """One legend below for all panels, each label once."""
    labels = {}
    for axis in figure.axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            labels.setdefault(label, handle)
    figure.legend(
        labels.values(), labels, loc="outside lower center", ncols=min(columns, len(labels)), handlelength=2.6
    )


def transition(counts, classes):
    """The noise as it was drawn: share of each true class that bears each label, in per cent."""
    percent = 100 * counts / counts.sum(1, keepdims=True)
    figure, axis = plt.subplots(figsize=(WIDTH * 0.72, WIDTH * 0.6))
    _heat(axis, percent, classes, classes, least=0.5)
    axis.set(xlabel="noisy label", ylabel="true class", aspect="equal")
    figure.numbers = unrounded.matrix(percent, classes, classes, ["true class", "noisy label", "share (%)"])
    return figure


def _heat(axis, percent, rows, columns, least, size=7):
    """Cells in shades of per cent, the first row on top; a cell that has at least ``least`` shows its number."""
    axis.pcolormesh(percent, vmin=0, vmax=100, cmap=_SHADES[_current], edgecolors=_GRID[_current], linewidth=0.4)
    for row, column in np.argwhere(percent >= least):
        share = percent[row, column]
        colour = _INK[_current] if share < STRONG else _FACE[_current]
        axis.text(column + 0.5, row + 0.5, f"{share:.0f}", ha="center", va="center", size=size, color=colour)
    axis.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=90 if max(map(len, columns)) > 2 else 0)
    axis.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axis.set_ylim(len(rows), 0)
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0, labelsize=8)


def accuracy_curves(series, missing=()):
    """Clean test accuracy by epoch, mean over seeds and the range between them."""
    figure, axis = plt.subplots(figsize=(WIDTH, WIDTH * 0.5))
    for number, (_, of_loss) in enumerate(series.groupby("loss", sort=False)):
        _by_epoch(axis, of_loss, "test_accuracy", number, band=True)
    axis.set(xlabel="epoch", ylabel="clean test accuracy (%)", xlim=(1, series["epoch"].max()))
    _name_lines(figure)
    _name_missing(figure, missing)
    figure.numbers = unrounded.by_epoch(series, ["loss"], ["test_accuracy"], 100)
    return figure


def _by_epoch(axis, of_loss, key, number, band=False):
    """The line of one loss over the epochs, in per cent; its marker stands at a few of them, by ``number``."""
    loss = of_loss["loss"].iloc[0]
    shares = 100 * of_loss.groupby("epoch")[key].agg(["mean", "min", "max"])
    colour, dashes, marker = style(loss)
    every = max(1, len(shares) // 5)
    axis.plot(
        shares.index,
        shares["mean"],
        label=loss,
        color=colour,
        linestyle=(0, dashes) if dashes else "-",
        linewidth=1.4,
        marker=marker,
        markersize=4.5,
        markevery=(number % every, every),
    )
    if band and (shares["min"] < shares["max"]).any():
        axis.fill_between(shares.index, shares["min"], shares["max"], color=colour, alpha=0.2, linewidth=0)


def memorised_recovered(series, missing=()):
    """Share of the wrong labels predicted as given (memorised) and as the true class (recovered), by epoch."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, WIDTH * 0.45), sharey=True)
    for axis, key in zip(axes, ("memorised", "recovered"), strict=True):
        for number, (_, of_loss) in enumerate(series.groupby("loss", sort=False)):
            _by_epoch(axis, of_loss, key, number, band=True)
        axis.set(xlabel="epoch", ylabel="wrong labels (%)", ylim=(-2, 102), xlim=(1, series["epoch"].max()))
        axis.set_title(key)
    _name_lines(figure)
    _name_missing(figure, missing)
    figure.numbers = unrounded.by_epoch(series, ["loss"], ["memorised", "recovered"], 100)
    return figure


def class_accuracy(by_class, classes):
    """Test accuracy by class after the last epoch, a row a loss, mean over seeds."""
    means = by_class.pivot_table(index="loss", columns="class", values="accuracy", sort=False).sort_index(axis=1)
    figure, axis = plt.subplots(figsize=(WIDTH, 0.9 + 0.26 * len(means)))
    _heat(axis, means.to_numpy(), means.index, classes, least=0, size=8)
    names = ["loss", "class", "test accuracy, mean (%)"]
    figure.numbers = unrounded.matrix(means.to_numpy(), means.index, classes, names)
    return figure


def confusion_matrices(confusions, classes):
    """A small confusion matrix a loss, rows in per cent."""
    columns = 3
    rows = -(-len(confusions) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, WIDTH / columns * rows * 1.15), squeeze=False)
    for axis in axes.flat[len(confusions) :]:
        axis.set_visible(False)
    for number, (axis, (loss, percent)) in enumerate(zip(axes.flat, confusions.items(), strict=False)):
        _heat(axis, percent, classes, classes, least=np.inf)
        axis.set_title(loss)
        axis.set(xlabel="predicted", ylabel="true class" if number % columns == 0 else "", aspect="equal")
        axis.tick_params(labelsize=6)
        if number % columns:
            axis.set_yticks([])
        if number + columns < len(confusions):  # another is below
            axis.set_xticks([])
            axis.set_xlabel("")
    names = ["true class", "predicted", "share (%)"]
    parts = {loss: unrounded.matrix(percent, classes, classes, names) for loss, percent in confusions.items()}
    figure.numbers = pd.concat(parts, names=["loss"]).reset_index("loss")
    return figure


def accuracy_by_rate(table, rates, kind="symmetric"):
    """Last test accuracy against the noise rate, mean over seeds and one standard deviation; clean is rate 0.

    A rate of ``rates`` that a loss has no run at is a gap in its line.
    """
    chosen = table[table["kind"].isin(["clean", kind])]
    figure, axis = plt.subplots(figsize=(WIDTH, WIDTH * 0.5))
    for loss in dict.fromkeys(chosen["loss"]):
        _by_rate(axis, chosen[chosen["loss"] == loss], rates, bars=True)
    axis.set(xlabel=f"{kind} noise rate", ylabel="clean test accuracy, last epoch (%)")
    _name_lines(figure)
    figure.numbers = unrounded.over_seeds(chosen, ["loss", "kind", "rate"], ["last"])
    return figure


def accuracy_and_memorised(table, rates):
    """Last test accuracy, and share of wrong labels memorised, against the rate of symmetric noise; clean is rate 0."""
    chosen = table[table["kind"].isin(["clean", "symmetric"])]
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, WIDTH * 0.47), sharex=True)
    for axis, column, label in zip(
        axes, ("last", "memorised"), ("clean test accuracy, last epoch (%)", "wrong labels memorised (%)"), strict=True
    ):
        for loss in dict.fromkeys(chosen["loss"]):
            _by_rate(axis, chosen[chosen["loss"] == loss], rates, bars=True, column=column)
        axis.set(xlabel="symmetric noise rate", ylabel=label)
    _name_lines(figure, size=10)
    figure.numbers = unrounded.over_seeds(chosen, ["loss", "kind", "rate"], ["last", "memorised"])
    return figure


def _by_rate(axis, of_loss, rates, bars=False, column="last"):
    """The line of one loss over the noise rates."""
    loss, cells = of_loss["loss"].iloc[0], of_loss.groupby("rate")[column].agg(["mean", "std"]).reindex(rates)
    colour, dashes, marker = style(loss)
    axis.errorbar(
        cells.index,
        cells["mean"],
        yerr=cells["std"] if bars else None,
        label=loss,
        color=colour,
        linestyle=(0, dashes) if dashes else "-",
        marker=marker,
        markersize=7 if bars else 5,
        markeredgecolor=_FACE[_current] if bars else colour,
    )
    axis.set_xticks(rates)
    margin = 0.05 * (max(rates) - min(rates)) or 0.05
    axis.set_xlim(min(rates) - margin, max(rates) + margin)


def last_and_best(table):
    """A dot for the last epoch and a ring for the best (chosen on test), a row a loss, a panel a setting."""
    settings = list(dict.fromkeys(table["setting"]))
    losses = list(dict.fromkeys(table["loss"]))
    columns = min(3, len(settings))
    rows = -(-len(settings) // columns)
    size = (WIDTH, (0.9 if rows == 1 else 0.6) + 0.42 * len(losses) * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    means = table.groupby(["setting", "loss"])[["last", "best"]].mean()
    for axis, setting in zip(axes.flat, settings, strict=False):
        for row, loss in enumerate(losses):
            if (setting, loss) not in means.index:
                axis.text(0.02, row, "missing", va="center", transform=axis.get_yaxis_transform(), size=8)
                continue
            last, best = means.loc[(setting, loss)]
            colour, _, marker = style(loss)
            axis.plot([last, best], [row, row], color=colour, linewidth=1.4)
            axis.plot(best, row, marker, markerfacecolor=_FACE[_current], markeredgecolor=colour, markersize=8)
            axis.plot(last, row, marker, color=colour, markersize=8)
            axis.annotate(f"{last:.1f}", (last, row), (0, 7), textcoords="offset points", ha="center", size=8)
        axis.set_title(frames.short_name(setting))
        axis.set(yticks=range(len(losses)), yticklabels=losses, ylim=(len(losses) - 0.4, -0.8))
        axis.grid(axis="y", visible=False)
        axis.margins(x=0.1)
    figure.supxlabel("clean test accuracy (%); filled: last epoch, open: best epoch, chosen on test", size=9)
    figure.numbers = unrounded.over_seeds(table, ["setting", "loss"], ["last", "best"])
    return figure


def groups_by_rate(table, rates, groups, kind):
    """Last accuracy against the noise rate, a panel a group of losses; mean over seeds, clean labels at rate 0."""
    chosen = table[table["kind"].isin(["clean", kind])]
    columns = 2
    rows = -(-len(groups) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.3 * rows + 0.6), sharex=True, sharey=True, squeeze=False
    )
    for axis, (name, losses) in zip(axes.flat, groups.items(), strict=False):
        for loss in (loss for loss in losses if (chosen["loss"] == loss).any()):
            _by_rate(axis, chosen[chosen["loss"] == loss], rates)
        axis.set_title(name)
    for axis in axes.flat[len(groups) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel(f"{kind} noise rate")
    figure.supylabel("clean test accuracy, last epoch (%)", size=10)
    _name_lines(figure)
    drawn = chosen[chosen["loss"].isin(itertools.chain(*groups.values()))]
    figure.numbers = unrounded.over_seeds(drawn, ["loss", "kind", "rate"], ["last"])
    return figure


def curves_by_setting(series, key):
    """A share or accuracy by epoch, a panel a setting, mean over seeds; ``series`` has the column setting too."""
    settings = list(dict.fromkeys(series["setting"]))
    columns = min(3, len(settings))
    rows = -(-len(settings) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.2 * rows + 0.9), sharex=True, sharey=True, squeeze=False
    )
    for axis, setting in zip(axes.flat, settings, strict=False):
        part = series[series["setting"] == setting]
        for number, (_, of_loss) in enumerate(part.groupby("loss", sort=False)):
            _by_epoch(axis, of_loss, key, number)
        axis.set_title(frames.short_name(setting))
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    figure.supylabel("per cent", size=10)
    _legend_below(figure)
    figure.numbers = unrounded.by_epoch(series, ["setting", "loss"], [key], 100)
    return figure


def ranks(table):
    """Mean rank with its interval, a row a loss, the best on top."""
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, 0.9 + 0.32 * len(table)))
    for row, loss in enumerate(table.itertuples()):
        colour, _, marker = style(loss.loss)
        axis.plot([loss.low, loss.high], [row, row], color=colour)
        axis.plot(loss.rank, row, marker, color=colour, markersize=8)
    axis.set(yticks=range(len(table)), yticklabels=table["loss"], ylim=(len(table) - 0.5, -0.5))
    axis.set(xlabel="mean rank (1 is best), 95 % bootstrap interval", xlim=(0.5, len(table) + 0.5))
    axis.grid(axis="y", visible=False)
    figure.numbers = unrounded.named(
        table,
        ["loss", "settings"],
        rank="mean rank",
        low="95 % bootstrap interval, low",
        high="95 % bootstrap interval, high",
        least_seeds="seeds, least",
        most_seeds="seeds, most",
    )
    return figure


def class_changes(changes, classes):
    """Accuracy by class with wrong labels (filled) and clean ones (open, where there are runs), a panel a loss."""
    losses = list(dict.fromkeys(changes["loss"]))
    columns = 3
    rows = -(-len(losses) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.5 * rows + 0.5), sharex=True, sharey=True, squeeze=False
    )
    for axis, loss in zip(axes.flat, losses, strict=False):
        colour, _, marker = style(loss)
        part = changes[changes["loss"] == loss].sort_values("class")
        axis.hlines(part["class"], part["clean"], part["noisy"], color=colour, linewidth=1.4)
        axis.plot(part["clean"], part["class"], marker, markerfacecolor=_FACE[_current], markeredgecolor=colour)
        axis.plot(part["noisy"], part["class"], marker, color=colour)
        axis.set_title(loss)
    for axis in axes.flat[len(losses) :]:
        axis.set_visible(False)
    mapped = set(changes.loc[changes["mapped"], "class"])
    names = [f"{name} *" if k in mapped else name for k, name in enumerate(classes)]
    axes[0, 0].set(yticks=range(len(classes)), yticklabels=names, ylim=(len(classes) - 0.5, -0.5))
    for axis in axes[:, 0]:
        axis.tick_params(axis="y", labelsize=8)
    figure.supxlabel(
        "test accuracy (%); filled: wrong labels, open: clean labels; * labels of this class change", size=9
    )
    figure.numbers = unrounded.named(
        changes.assign(**{"class": changes["class"].map(dict(enumerate(classes)))}),
        ["loss", "class", "n"],
        mapped="its labels change",
        noisy="test accuracy, wrong labels (%)",
        clean="test accuracy, clean labels (%)",
        change="change (points)",
    )
    return figure


def beside(compared):
    """Differences to cross-entropy, theirs across and ours up, a mark a loss and setting; equal on the diagonal."""
    shown = compared[compared["loss"] != "ce"].dropna()
    figure, axis = plt.subplots(figsize=(WIDTH * 0.75, WIDTH * 0.62))
    ends = [
        shown[["ours_less_ce", "theirs_less_ce"]].min().min() - 2,
        shown[["ours_less_ce", "theirs_less_ce"]].max().max() + 2,
    ]
    axis.plot(ends, ends, color=_GRID[_current], linewidth=1.2)
    for loss, part in shown.groupby("loss", sort=False):
        colour, _, marker = style(loss)
        axis.plot(part["theirs_less_ce"], part["ours_less_ce"], marker, color=colour, label=loss, linestyle="")
    axis.axhline(0, color=_INK[_current], linewidth=0.6)
    axis.axvline(0, color=_INK[_current], linewidth=0.6)
    axis.set(xlabel="theirs: accuracy less that of ce (points)", ylabel="ours: the same (points)")
    figure.legend(loc="outside lower center", ncols=3)
    columns = {"theirs_less_ce": "theirs less ce (points)", "ours_less_ce": "ours less ce (points)"}
    figure.numbers = unrounded.named(shown, ["setting", "loss"], **columns)
    return figure


def attempts(found, pairs, sections, labels):
    """Differences that many sources print: a panel a pair of losses, a row a series, the noise rate rising down it.

    Filled marks are counted, open ones are not. A bar is a 95 % interval; where no spread is known there is none. A
    bracket spans the panels whose differences share the accuracy of one baseline.

    Args:
        found: frame with series, loss, other, rate, difference, low, high and counted.
        pairs: (loss, other) of each panel.
        sections: ``{heading: [series]}``, the rows from top to bottom.
        labels: ``{series: text}``.
    """
    places, heads, place = {}, {}, 0
    for heading, members in sections.items():
        heads[place], place = heading, place + 1
        places |= {series: place + k for k, series in enumerate(members)}
        place += len(members)
    height = 0.3 * place + 1.4
    figure, axes = plt.subplots(1, len(pairs), figsize=(WIDTH, height), sharex=True, sharey=True)
    steps = np.linspace(-0.35, 0.35, found["rate"].nunique())
    down = dict(zip(sorted(found["rate"].unique()), steps, strict=True))
    for axis, (loss, other) in zip(axes, pairs, strict=True):
        colour, _, marker = style(loss)
        axis.axvline(0, color=_INK[_current], linewidth=0.8)
        for series, part in found[(found["loss"] == loss) & (found["other"] == other)].groupby("series", sort=False):
            part = part.sort_values("rate")
            heights = places[series] + part["rate"].map(down)
            axis.plot(part["difference"], heights, color=colour, linewidth=0.7)
            axis.hlines(heights, part["low"], part["high"], color=colour, linewidth=1.6)
            for counted, fill in ((True, colour), (False, _FACE[_current])):
                some = (part["counted"] == counted).to_numpy()
                look = {"markersize": 3.6, "markerfacecolor": fill, "markeredgecolor": colour, "markeredgewidth": 0.8}
                axis.plot(part["difference"][some], heights[some], marker, linestyle="", **look)
        axis.set_title(f"{loss} − {other}", size=9)
        axis.grid(axis="y", visible=False)
        axis.grid(axis="y", which="minor", linewidth=0.4)
        axis.tick_params(labelsize=8)
        axis.tick_params(axis="y", which="both", length=0)
    rows = axes[0].get_yaxis_transform()
    for row, heading in heads.items():
        axes[0].text(0.03, row + 0.2, heading, size=8, style="italic", transform=rows, in_layout=False)
    axes[0].set_ylim(place - 0.4, -0.5)
    axes[0].set_yticks(list(places.values()), [labels[series] for series in places])
    axes[0].set_yticks(np.arange(place) + 0.5, minor=True)
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.4 / height))
    _brackets(axes, [other for _, other in pairs])
    figure.supxlabel("difference in points; in each row the noise rate rises from top to bottom", size=9)
    columns = ["series", "loss", "other", "kind", "rate", "difference", "low", "high", "counted", "doubt"]
    figure.numbers = unrounded.named(found, columns)
    return figure


def _brackets(axes, baselines):
    """A bracket above each run of panels with one baseline, where there are several."""
    for k, (axis, baseline) in enumerate(zip(axes, baselines, strict=True)):
        first, last = baseline not in baselines[:k], baseline not in baselines[k + 1 :]
        if first and last:
            continue
        above = axis.transAxes + ScaledTranslation(0, 22 / 72, axis.figure.dpi_scale_trans)
        ends = axis.transAxes + ScaledTranslation(0, 17 / 72, axis.figure.dpi_scale_trans)
        look = {"color": _INK[_current], "linewidth": 1, "clip_on": False, "in_layout": False}
        axis.plot([0, 1 if last else 1.12], [1, 1], transform=above, **look)
        for place in [0] * first + [1] * last:
            tick = {"arrowstyle": "-", "color": _INK[_current], "linewidth": 1, "shrinkA": 0, "shrinkB": 0}
            axis.annotate("", (place, 1), (place, 1), above, ends, arrowprops=tick).set_in_layout(False)
        if first:
            text = f"one {baseline} for all of these"
            axis.annotate(text, (0, 1), (2, 25), "axes fraction", "offset points", size=8).set_in_layout(False)


def _name_missing(figure, missing):
    if missing:
        text = ", ".join(missing) if len(missing) <= FEW else f"runs of {len(missing)} losses, see the table"
        figure.text(0.99, 0.99, f"missing: {text}", ha="right", va="top", size=8, style="italic")


def memorised_against_fitted(courses, losses):
    """Wrong labels memorised against right labels fitted over training, a panel a setting; means over seeds.

    Args:
        courses: of :func:`nlr.evidence.matched.courses`.
        losses: those to draw, in the order of the legend.
    """
    settings = frames.in_order(courses["setting"])
    columns = 2
    rows = -(-len(settings) // columns)
    size = (WIDTH, 2.6 * rows + 1.0)
    figure, axes = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
    labels = {}
    for axis, setting in zip(axes.flat, settings, strict=False):
        axis.plot([0, 100], [0, 100], color=_GRID[_current], linewidth=1.2)
        part = courses[courses["setting"] == setting]
        for loss in (loss for loss in losses if (part["loss"] == loss).any()):
            colour, dashes, marker = style(loss)
            means = part[part["loss"] == loss].groupby("epoch")[["clean_part", "memorised"]].mean()
            look = {"color": colour, "linestyle": (0, dashes) if dashes else "-", "linewidth": 1.4}
            drawn = axis.plot(means["clean_part"], means["memorised"], marker=marker, markevery=[-1], **look)
            labels.setdefault(loss, drawn[0])
        axis.set_title(frames.short_name(setting))
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    axes[0, 0].set(xlim=(0, 102), ylim=(0, 102))
    for axis in axes[-1]:
        axis.set_xlabel("right labels fitted (%)")
    figure.supylabel("wrong labels memorised (%)", size=10)
    figure.legend(labels.values(), labels, loc="outside lower center", ncols=5, handlelength=2.6)
    drawn = courses[courses["loss"].isin(losses)]
    figure.numbers = unrounded.by_epoch(drawn, ["setting", "loss"], ["clean_part", "memorised"])
    return figure


def beside_authors(compared):
    """Our means against those of the authors, a mark a loss, a panel a setting; on the line both are equal.

    Args:
        compared: of :func:`nlr.evidence.yardstick.compare`.
    """
    settings = frames.in_order(compared["setting"])
    columns = min(3, len(settings))
    rows = -(-len(settings) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, 2.5 * rows + 0.9), squeeze=False)
    labels = {}
    for axis, setting in zip(axes.flat, settings, strict=False):
        part = compared[compared["setting"] == setting]
        ends = [part[["ours", "theirs"]].min().min(), part[["ours", "theirs"]].max().max()]
        room = 0.08 * (ends[1] - ends[0]) or 1.0
        axis.plot(*2 * [[ends[0] - room, ends[1] + room]], color=_GRID[_current], linewidth=1.2)
        for row in part.itertuples():
            colour, _, marker = style(row.loss)
            bars = {"xerr": row.theirs_sd, "yerr": row.sd, "elinewidth": 1}
            labels.setdefault(row.loss, axis.errorbar(row.theirs, row.ours, fmt=marker, color=colour, **bars))
        axis.set_title(frames.short_name(setting))
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    for axis in axes.flat[len(settings) - columns : len(settings)]:  # the lowest of each column
        axis.set_xlabel("theirs (%)")
    figure.supylabel("ours (%)", size=10)
    figure.legend(labels.values(), labels, loc="outside lower center", ncols=5)
    figure.numbers = unrounded.compared(compared)
    return figure
