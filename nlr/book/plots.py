"""Drawings: one style in two themes, one colour for a loss everywhere, legible to the colour-blind.

Every function returns a matplotlib figure without a title; captions are the page's. Call them inside :func:`theme`.
"""

import re
from contextlib import contextmanager

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.colors import to_hex
from matplotlib.transforms import ScaledTranslation

from nlr.evidence import frames

WIDTH = 7.2  # inches, the width of the text
STRONG = (
    70  # per cent from which a number stands out from its shade in the colour of the face, below in that of the ink
)
THEMES = ("light", "dark")

# Okabe and Ito's palette; None is the theme's own ink. Combinations that share a colour differ in dashes and marker.
_BLUE, _SKY, _GREEN, _YELLOW, _ORANGE, _RED, _PINK = (
    "#0072B2",
    "#56B4E9",
    "#009E73",
    "#D0B000",
    "#E69F00",
    "#D55E00",
    "#CC79A7",
)
_STYLES = {
    "ce": (None, "", "o"),
    "mae": (_ORANGE, (1, 1), "s"),
    "nce": (_SKY, (4, 1.5), "^"),
    "nce+mae": (_GREEN, "", "D"),
    "nce+rce": (_RED, "", "v"),
    "rce": (_PINK, (1, 1), "s"),
    "fl": (None, (4, 1.5), "X"),
    "nfl": (_BLUE, (4, 1.5), "^"),
    "nfl+mae": (_BLUE, "", "P"),
    "nfl+rce": (_PINK, "", "v"),
    "gce": (_YELLOW, "", "o"),
    "sce": (_YELLOW, (4, 1.5), "X"),
    "ce+mae": (_ORANGE, "", "d"),
    "nfl+nce": (_SKY, (1, 1), "<"),
    "mae+rce": (_PINK, (4, 1.5), ">"),
    "nrce": (_RED, (1, 1), "h"),
    "nce+mae,beta=0.3": (_GREEN, (1, 1), "o"),
    "nce+mae,beta=3": (_GREEN, (2.5, 1), "s"),
    "nce+mae,beta=9.21": (_GREEN, (4, 1.5), "^"),
    "nce+mae,beta=30": (_GREEN, (6, 1.5, 1, 1.5), "v"),
}
_SPARE = [(colour, (5, 1, 1, 1), "p") for colour in (_BLUE, _PINK, _ORANGE, _SKY, _GREEN, _RED, _YELLOW)]
_HATCHES = ("", "//", "..", "", "\\\\", "xx", "++", "oo", "--", "||", "**", "OO")  # of bars, in the order drawn
_HATCHES += ("/", "\\", "x", "-", "|", "+", "o", "*")
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
_KEPT = {colour.lower(): colour.lower() for colour in (_BLUE, _SKY, _GREEN, _YELLOW, _ORANGE, _RED, _PINK)}
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


def style(loss):
    """``(colour, dashes, marker)`` of a loss in the theme at hand; only the slopes under study change it."""
    name = loss.split(",")[0]
    colour, dashes, marker = _STYLES.get(loss) or _STYLES.get(name) or _SPARE[sum(map(ord, name)) % len(_SPARE)]
    return colour or _INK[_current], dashes, marker


def _looks(losses):
    losses = list(dict.fromkeys(losses))
    styles = {loss: style(loss) for loss in losses}
    return {
        "hue": "loss",
        "style": "loss",
        "hue_order": losses,
        "style_order": losses,
        "palette": {loss: s[0] for loss, s in styles.items()},
        "dashes": {loss: s[1] for loss, s in styles.items()},
    }


def _legend_below(figure, axis, columns=5):
    handles, labels = axis.get_legend_handles_labels()
    for ax in figure.axes:
        if ax.get_legend():
            ax.get_legend().remove()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(columns, len(labels)), handlelength=2.6)


def transition(counts, classes):
    """The noise as it was drawn: share of each true class that bears each label, in per cent."""
    figure, axis = plt.subplots(figsize=(WIDTH * 0.72, WIDTH * 0.6))
    _heat(axis, 100 * counts / counts.sum(1, keepdims=True), classes, numbers=True)
    axis.set(xlabel="noisy label", ylabel="true class")
    return figure


def _heat(axis, percent, classes, numbers):
    axis.pcolormesh(percent, vmin=0, vmax=100, cmap=_SHADES[_current], edgecolors=_GRID[_current], linewidth=0.4)
    for (row, column), share in np.ndenumerate(percent if numbers else np.empty((0, 0))):
        if share >= 0.5:
            colour = _INK[_current] if share < STRONG else _FACE[_current]
            axis.text(column + 0.5, row + 0.5, f"{share:.0f}", ha="center", va="center", size=7, color=colour)
    places = np.arange(len(classes)) + 0.5
    axis.set_xticks(places, classes, rotation=90 if max(map(len, classes)) > 2 else 0)
    axis.set_yticks(places, classes)
    axis.set(aspect="equal", ylim=(len(classes), 0))
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0, labelsize=8)


def accuracy_curves(series, missing=()):
    """Clean test accuracy by epoch, mean over seeds and the range between them."""
    figure, axis = plt.subplots(figsize=(WIDTH, WIDTH * 0.5))
    table = series.assign(accuracy=100 * series["test_accuracy"])
    sns.lineplot(table, x="epoch", y="accuracy", ax=axis, errorbar=("pi", 100), **_looks(table["loss"]))
    axis.set(xlabel="epoch", ylabel="clean test accuracy (%)", xlim=(1, table["epoch"].max()))
    _legend_below(figure, axis)
    _name_missing(figure, missing)
    return figure


def memorised_recovered(series, missing=()):
    """Share of the wrong labels predicted as given (memorised) and as the true class (recovered), by epoch."""
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, WIDTH * 0.45), sharey=True)
    for axis, key in zip(axes, ("memorised", "recovered"), strict=True):
        table = series.assign(share=100 * series[key])
        sns.lineplot(table, x="epoch", y="share", ax=axis, errorbar=("pi", 100), **_looks(table["loss"]))
        axis.set(xlabel="epoch", ylabel="wrong labels (%)", ylim=(-2, 102), xlim=(1, table["epoch"].max()))
        axis.set_title(key)
    _legend_below(figure, axes[0])
    _name_missing(figure, missing)
    return figure


def class_bars(by_class, classes):
    """Test accuracy by class after the last epoch, a bar a loss, mean over seeds."""
    losses = list(dict.fromkeys(by_class["loss"]))
    figure, axis = plt.subplots(figsize=(WIDTH, WIDTH * 0.45))
    palette = {loss: style(loss)[0] for loss in losses}
    table = by_class.assign(name=[classes[k] for k in by_class["class"]])
    sns.barplot(
        table,
        x="name",
        y="accuracy",
        hue="loss",
        palette=palette,
        saturation=1,
        errorbar=None,
        ax=axis,
        edgecolor=_FACE[_current],
        linewidth=0.4,
    )
    for hatch, bars in zip(_HATCHES, axis.containers, strict=False):
        for bar in bars:
            bar.set_hatch(hatch)
    axis.set(xlabel="", ylabel="test accuracy (%)", ylim=(0, 100))
    axis.grid(axis="x", visible=False)
    if max(map(len, classes)) > 2:
        axis.tick_params(axis="x", rotation=35)
    _legend_below(figure, axis)
    return figure


def confusion_matrices(confusions, classes):
    """A small confusion matrix a loss, rows in per cent."""
    columns = 3
    rows = -(-len(confusions) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(WIDTH, WIDTH / columns * rows * 1.15), squeeze=False)
    for axis in axes.flat[len(confusions) :]:
        axis.set_visible(False)
    for number, (axis, (loss, percent)) in enumerate(zip(axes.flat, confusions.items(), strict=False)):
        _heat(axis, percent, classes, numbers=False)
        axis.set_title(loss)
        axis.set(xlabel="predicted", ylabel="true class" if number % columns == 0 else "")
        axis.tick_params(labelsize=6)
        if number % columns:
            axis.set_yticks([])
        if number + columns < len(confusions):  # another is below
            axis.set_xticks([])
            axis.set_xlabel("")
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
    _legend_below(figure, axis)
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
    _legend_below(figure, axes[0])
    return figure


def _by_rate(axis, of_loss, rates, bars=False, column="last"):
    """The line of one loss over the noise rates; its handle."""
    loss, cells = of_loss["loss"].iloc[0], of_loss.groupby("rate")[column].agg(["mean", "std"]).reindex(rates)
    colour, dashes, marker = style(loss)
    drawn = axis.errorbar(
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
    return drawn


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
    return figure


def groups_by_rate(table, rates, groups, kind):
    """Last accuracy against the noise rate, a panel a group of losses; mean over seeds, clean labels at rate 0."""
    chosen = table[table["kind"].isin(["clean", kind])]
    columns = 2
    rows = -(-len(groups) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.3 * rows + 0.6), sharex=True, sharey=True, squeeze=False
    )
    labels = {}
    for axis, (name, losses) in zip(axes.flat, groups.items(), strict=False):
        for loss in (loss for loss in losses if (chosen["loss"] == loss).any()):
            labels.setdefault(loss, _by_rate(axis, chosen[chosen["loss"] == loss], rates))
        axis.set_title(name)
    for axis in axes.flat[len(groups) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel(f"{kind} noise rate")
    figure.supylabel("clean test accuracy, last epoch (%)", size=10)
    figure.legend(labels.values(), labels, loc="outside lower center", ncols=5, handlelength=2.6)
    return figure


def curves_by_setting(series, key):
    """A share or accuracy by epoch, a panel a setting, mean over seeds; ``series`` has the column setting too."""
    settings = list(dict.fromkeys(series["setting"]))
    columns = min(3, len(settings))
    rows = -(-len(settings) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.2 * rows + 0.9), sharex=True, sharey=True, squeeze=False
    )
    labels = {}
    for axis, setting in zip(axes.flat, settings, strict=False):
        part = series[series["setting"] == setting]
        for loss, of_loss in part.groupby("loss", sort=False):
            colour, dashes, _ = style(loss)
            means = 100 * of_loss.groupby("epoch")[key].mean()
            drawn = axis.plot(means.index, means, color=colour, linestyle=(0, dashes) if dashes else "-", linewidth=1.4)
            labels.setdefault(loss, drawn[0])
        axis.set_title(frames.short_name(setting))
    for axis in axes.flat[len(settings) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    figure.supylabel("per cent", size=10)
    figure.legend(labels.values(), labels, loc="outside lower center", ncols=5, handlelength=2.6)
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
        figure.text(0.99, 0.99, f"missing: {', '.join(missing)}", ha="right", va="top", size=8, style="italic")


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
    return figure
