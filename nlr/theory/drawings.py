"""Drawings of the theory pages; each returns a matplotlib figure, as those of :mod:`nlr.book.plots` do."""

import math

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.colors import ListedColormap

from nlr.book import plots
from nlr.theory import conditions, printed

_PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]


def against_p_y(pairs):
    """A panel a pair: the printed formula and the right one against the probability of the label.

    Args:
        pairs: Rows of :data:`nlr.theory.printed.PAIRS`, twelve at most.
    """
    x = torch.linspace(0.005, 0.995, 199, dtype=torch.float64)
    rest = ((1 - x) / 9)[:, None].expand(-1, 9)
    predictions, first = torch.cat([x[:, None], rest], 1), torch.zeros(len(x), dtype=torch.int64)
    figure, axes = plt.subplots(4, 3, figsize=(plots.WIDTH, plots.WIDTH * 1.1), sharex=True)
    for axis, (erratum, what, wrong, right) in zip(axes.flat, pairs, strict=False):
        ink = plt.rcParams["text.color"]
        right, wrong = (printed.formula(name)(predictions, first) for name in (right, wrong))
        axis.plot(x, right, color=ink, linestyle=(0, (4, 1.5)), label="right")
        axis.plot(x, wrong, color="#D55E00", label="as printed")
        axis.set_title(f"{erratum}  {what}", size=9)
        axis.tick_params(labelsize=8)
    figure.supxlabel("probability of the label", size=10)
    figure.supylabel("loss", size=10)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def answers_in_the_plane(networks):
    """What networks of :func:`nlr.theory.printed.train_ring` answer in the plane, with the points of the first seed.

    Args:
        networks: Eight at most, ``{title: Networks}``; the first seed of each is shown.
    """
    inputs, classes = (values.numpy() for values in printed.ring(printed.SAMPLES, 0))
    side = np.linspace(-4, 4, 161, dtype=np.float32)
    plane = torch.cartesian_prod(torch.as_tensor(side), torch.as_tensor(side))
    colours = {"cmap": ListedColormap(_PALETTE), "vmin": -0.5, "vmax": 5.5}
    figure, axes = plt.subplots(2, 4, figsize=(plots.WIDTH, plots.WIDTH * 0.58), sharex=True, sharey=True)
    for axis, (title, answering) in zip(axes.flat, networks.items(), strict=False):
        with torch.no_grad():
            answers = answering(plane)[0].argmax(1).reshape(161, 161).T.numpy()
        axis.pcolormesh(side, side, answers, alpha=0.45, rasterized=True, **colours)
        axis.scatter(*inputs.T, c=classes, s=5, linewidths=0, **colours)
        axis.set_title(title, size=9)
        axis.set(aspect="equal", xticks=[], yticks=[])
    return figure


def within_the_bound(losses):
    """The predictions over three classes at which losses meet the bound of Lemma 2, shaded, a triangle a loss.

    Args:
        losses: ``{title: Loss}`` of three classes.
    """
    figure, axes = plt.subplots(1, len(losses), figsize=(plots.WIDTH, plots.WIDTH * 0.38), squeeze=False)
    n = 160
    lattice = np.array([(i, j, n - i - j) for i in range(1, n) for j in range(1, n - i)]) / n
    x, y = lattice[:, 1] + lattice[:, 2] / 2, lattice[:, 2] * math.sqrt(3) / 2
    for axis, (title, loss) in zip(axes[0], losses.items(), strict=True):
        ratio = conditions.bound_ratio(loss, torch.tensor(lattice).log()).numpy()
        axis.tricontourf(x, y, ratio, levels=[0, 1 + 1e-9], colors=[plots.style(loss.name)[0]], alpha=0.55)
        axis.plot([0, 1, 0.5, 0], [0, 0, math.sqrt(3) / 2, 0], color=plt.rcParams["axes.edgecolor"], linewidth=1)
        for place, label in (((0, -0.09), "$e_1$"), ((1, -0.09), "$e_2$"), ((0.5, 0.9), "$e_3$")):
            axis.text(*place, label, ha="center")
        axis.set_title(title, loc="center")
        axis.set(aspect="equal", xlim=(-0.08, 1.08), ylim=(-0.14, 1))
        axis.axis("off")
    return figure


def risks_along_a_pair(split, risks):
    """Noisy risk against the probability of the true class of a pair: of NCE at several spreads, of others at one.

    Args:
        split: The probabilities.
        risks: ``{loss: {spread: risk at each of them}}`` with nce and others, three spreads; the others are drawn at
            the middle one.
    """
    figure, axes = plt.subplots(1, 2, figsize=(plots.WIDTH, plots.WIDTH * 0.46))
    colour = plots.style("nce")[0]
    for (spread, risk), dashes in zip(risks["nce"].items(), ((1, 1), (4, 1.5), (None, None)), strict=True):
        axes[0].plot(split, risk, color=colour, dashes=dashes, label=f"$M$ = {spread}")
        axes[0].plot(split[risk.argmin()], risk.min(), "o", color=colour, markersize=5)
    axes[0].legend(title="nce")
    _, middle, _ = risks["nce"]
    for name in [name for name in risks if name != "nce"]:
        colour, dashes, _ = plots.style(name)
        axes[1].plot(split, risks[name][middle], color=colour, dashes=dashes or (None, None), label=name)
    axes[1].legend(title=f"$M$ = {middle}")
    for axis in axes:
        axis.set(xlabel="$p$ of the true class", ylabel="noisy risk", xlim=(0, 1))
    axes[0].set(ylim=(0, None))
    return figure
