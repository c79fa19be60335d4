"""Drawings of losses and of their gradients: against the probability of the label, over three classes, along descents.

Every function returns a matplotlib figure without a title, in the theme that :func:`nlr.book.plots.theme` has set.
"""

import math

import matplotlib.pyplot as plt
import seaborn as sns
import torch
from matplotlib.tri import Triangulation

from nlr.book import plots
from nlr.evidence import frames
from nlr.theory.gradients import predictions

_CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, math.sqrt(3) / 2]], dtype=torch.float64)


def lines(panels, xlabel, ylabel, xlim=None, ylim=None, xscale="linear", yscale="linear", height=0.45):
    """Lines in the style of their losses, one panel beside the other.

    Args:
        panels: A mapping from the panel's heading to a mapping from a loss to its pair (x, y).
        xlabel, ylabel: What the axes show.
        xlim, ylim: Limits of the axes, the same for all panels.
        xscale, yscale: ``linear`` or ``log``.
        height: Of the figure, as a share of its width.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(plots.WIDTH, plots.WIDTH * height), sharex=True, sharey=True, squeeze=False
    )
    figure.get_layout_engine().set(wspace=0.06)
    handles = {}
    for axis, (heading, curves) in zip(axes[0], panels.items(), strict=True):
        for loss, (x, y) in curves.items():
            colour, dashes, _ = plots.style(loss)
            (handles[loss],) = axis.plot(x, y, color=colour, dashes=dashes or (None, None), label=loss)
        axis.set(xlabel=xlabel, xscale=xscale, yscale=yscale)
        axis.set_title(heading)
        if xlim:
            axis.set_xlim(xlim)
        if ylim:
            axis.set_ylim(ylim)
    axes[0, 0].set_ylabel(ylabel)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(5, len(handles)), handlelength=2.6)
    return figure


def simplex(losses, top=4.0):
    """Each loss over all predictions of three classes, labelled class at the left corner.

    Args:
        losses: Losses of :mod:`nlr.losses` for three classes, at most six.
        top: Values above it have the darkest shade.
    """
    p, x, y = _triangle(60)
    columns = 3
    rows = -(-len(losses) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(plots.WIDTH, plots.WIDTH / columns * rows), squeeze=False)
    triangles = Triangulation(x, y)
    for axis in axes.flat[len(losses) :]:
        axis.set_visible(False)
    for axis, loss in zip(axes.flat, losses, strict=False):
        values = loss.every_label(p.log())[:, 0].clamp(max=top)
        axis.tricontourf(triangles, values, levels=12, cmap=_shades())
        axis.tricontour(triangles, values, levels=12, colors=[plt.rcParams["text.color"]], linewidths=0.3)
        _frame(axis)
        axis.set_title(f"{loss.name}, {values.min():.2g} to {values.max():.3g}")
    return figure


def moving_prediction(p, losses, top):
    """A prediction of three classes as a point of the triangle, and the losses that it has, as bars.

    Args:
        p: Three probabilities; the label is the first class.
        losses: Losses of :mod:`nlr.losses` for three classes.
        top: The end of the axis of the bars.
    """
    p = torch.as_tensor(p, dtype=torch.float64)
    figure, (triangle, bars) = plt.subplots(1, 2, figsize=(plots.WIDTH, plots.WIDTH * 0.42), width_ratios=(1, 1.35))
    _frame(triangle)
    corners = torch.cat([_CORNERS, _CORNERS[:1]])
    triangle.plot(corners[:, 0], corners[:, 1], color=plt.rcParams["text.color"], linewidth=1)
    point = p @ _CORNERS
    triangle.plot(point[0], point[1], "o", color=plots.style("nce+rce")[0], markersize=9)
    _bars(bars, {loss.name: float(loss.every_label(p[None].log())[0, 0]) for loss in losses}, top, "loss")
    return figure


def moving_rest(share, p_y, losses):
    """A prediction of ten classes whose label keeps its probability, and what is left of its losses, as bars.

    Args:
        share: The share of the rest that class 1 holds.
        p_y: The probability of the label, class 0.
        losses: Losses of :mod:`nlr.losses` for ten classes; each is shown as a share of what it is where the whole
            rest is even.
    """
    p, even = predictions([p_y], share), predictions([p_y], 1 / 9)
    figure, (classes, bars) = plt.subplots(1, 2, figsize=(plots.WIDTH, plots.WIDTH * 0.42))
    label, others = plots.style("nce+mae")[0], plots.style("nce")[0]
    classes.bar(range(p.shape[1]), p[0].tolist(), color=[label, *[others] * (p.shape[1] - 1)])
    classes.set(xlabel="class; the label is 0", ylabel="probability", ylim=(0, 1), xticks=range(p.shape[1]))
    classes.grid(axis="x", visible=False)
    shares = {loss.name: float(loss.every_label(p.log())[0, 0] / loss.every_label(even.log())[0, 0]) for loss in losses}
    _bars(bars, shares, 1.0, "loss, as a share of that with an even rest")
    return figure


def against_slope(table, slopes):
    """Published accuracy against the slope of the passive part, a panel a setting; bars are one standard deviation.

    Args:
        table: A data frame with the columns loss, setting, mean, sd.
        slopes: A mapping from a loss to its slope.
    """
    settings = list(dict.fromkeys(table["setting"]))
    figure, axes = plt.subplots(1, len(settings), figsize=(plots.WIDTH, plots.WIDTH * 0.42), squeeze=False)
    for axis, setting in zip(axes[0], settings, strict=True):
        rows = table[table["setting"] == setting].set_index("loss")
        for loss, slope in slopes.items():
            colour, _, marker = plots.style(loss)
            axis.errorbar(
                slope,
                rows["mean"][loss],
                rows["sd"][loss],
                color=colour,
                marker=marker,
                label=loss,
                ls="",
            )
        axis.set(xscale="log", xlim=(0.5, 16), xlabel="slope b", xticks=[1, 3, 10], xticklabels=["1", "3", "10"])
        axis.minorticks_off()
        axis.set_title(frames.short_name(setting))
    axes[0, 0].set_ylabel("accuracy (%)")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return figure


def _bars(axis, values, top, label):
    for row, (loss, value) in enumerate(values.items()):
        axis.barh(row, min(value, top), color=plots.style(loss)[0])
        axis.annotate(f"{value:.3f}", (min(value, top), row), (4, 0), textcoords="offset points", va="center", size=9)
    axis.set(xlabel=label, xlim=(0, 1.15 * top), yticks=range(len(values)), yticklabels=values)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)


def _triangle(steps):
    """Predictions on a grid inside the triangle, with their places."""
    grid = [(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]
    p = (torch.tensor(grid, dtype=torch.float64) + 0.02) / (steps + 0.06)
    place = p @ _CORNERS
    return p, place[:, 0].numpy(), place[:, 1].numpy()


def _frame(axis):
    axis.set(xlim=(-0.14, 1.14), ylim=(-0.14, 1.0), aspect="equal")
    axis.axis("off")
    for name, (x, y), below in zip(
        ("label", "class 1", "class 2"), _CORNERS.tolist(), (True, True, False), strict=True
    ):
        axis.annotate(
            name,
            (x, y),
            (0, -5 if below else 5),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            size=8,
        )


def _shades():
    face = plt.rcParams["axes.facecolor"]
    return sns.color_palette(f"blend:{face},{plots.style('nce')[0]}", as_cmap=True)
