r"""What a transition matrix says about the labels that it makes: rates, label shares, information.

A transition matrix has shape (K, K) and rows that sum to 1: entry ``[j, k]`` is the probability that a sample of class
``j`` is labelled ``k``. ``prior`` is the share of each true class, shape (K,); None stands for equal shares.
"""

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns

from nlr.book import plots
from nlr.errors import NlrError


def overall_rate(matrix, prior=None):
    r"""The share of all labels that are wrong, :math:`\sum_j \pi_j (1 - T_{jj})`.

    Raises:
        NlrError: the matrix or the prior is none.
    """
    matrix, prior = _checked(matrix, prior)
    return float(prior @ (1 - matrix.diagonal()))


def label_shares(matrix, prior=None):
    r"""The share of each noisy label, :math:`\tilde\pi_k = \sum_j \pi_j T_{jk}`, shape (K,).

    Raises:
        NlrError: the matrix or the prior is none.
    """
    matrix, prior = _checked(matrix, prior)
    return prior @ matrix


def information(matrix, prior=None):
    r"""The mutual information of the clean and the noisy label, in nats.

    .. math:: \sum_{j,k} \pi_j T_{jk} \log \frac{T_{jk}}{\tilde\pi_k}

    It is :math:`\log K` for clean labels of equal shares, and 0 if the noisy label says nothing.

    Raises:
        NlrError: the matrix or the prior is none.
    """
    matrix, prior = _checked(matrix, prior)
    joint, shares = prior[:, None] * matrix, prior @ matrix
    there = joint > 0
    return float((joint[there] * np.log((matrix / np.where(shares > 0, shares, 1))[there])).sum())


def _checked(matrix, prior):
    matrix = np.asarray(matrix, float)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or (matrix < 0).any():
        raise NlrError(f"A transition matrix is square and has no negative entry; this one has shape {matrix.shape}.")
    if np.abs(matrix.sum(1) - 1).max() > 1e-9:
        raise NlrError(f"The rows of a transition matrix sum to 1; these sum to {matrix.sum(1).tolist()}.")
    prior = np.full(len(matrix), 1 / len(matrix)) if prior is None else np.asarray(prior, float)
    if prior.shape != matrix.shape[:1] or (prior < 0).any() or abs(prior.sum() - 1) > 1e-9:
        raise NlrError(f"The prior holds {len(matrix)} shares that sum to 1, not {prior.tolist()}.")
    return matrix, prior


def draw_matrices(matrices, classes):
    """Transition matrices side by side, in shades of per cent.

    Args:
        matrices: ``{title: matrix}``.
        classes: the names of the classes.
    """
    columns = 3
    rows = -(-len(matrices) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(plots.WIDTH, plots.WIDTH / columns * rows * 1.1), squeeze=False)
    face, middle, ink = plt.rcParams["axes.facecolor"], plots.style("nfl")[0], plt.rcParams["text.color"]
    shades = sns.color_palette(f"blend:{face},{middle},{ink}", as_cmap=True)
    for number, (axis, (title, matrix)) in enumerate(zip(axes.flat, matrices.items(), strict=True)):
        image = axis.imshow(100 * np.asarray(matrix), vmin=0, vmax=100, cmap=shades)
        axis.set_title(title, fontsize=9)
        axis.set_xticks(range(len(classes)), classes if number >= len(matrices) - columns else [], rotation=90)
        axis.set_yticks(range(len(classes)), [] if number % columns else classes)
        axis.tick_params(length=0, labelsize=7)
        axis.grid(False)
    axes[-1, 0].set_xlabel("noisy label")
    axes[0, 0].set_ylabel("true class")
    figure.colorbar(image, ax=axes, label="per cent of the true class", shrink=0.5, aspect=30)
    return figure


def draw_information(curves, points):
    """What a label still says about its class, against the share of labels that are wrong.

    Args:
        curves: ``{name: (overall rates, nats)}``, drawn as lines.
        points: ``{name: (overall rate, nats)}``, drawn as marks with their names.
    """
    figure, axis = plt.subplots(figsize=(plots.WIDTH, plots.WIDTH * 0.5))
    for (name, (rates, nats)), like in zip(curves.items(), ("ce", "mae", "nce", "nce+rce"), strict=False):
        colour, dashes, _ = plots.style(like)
        axis.plot(100 * np.asarray(rates), nats, color=colour, dashes=dashes or (None, None), label=name)
    for name, (rate, nats) in points.items():
        axis.plot(100 * rate, nats, "o", markersize=5, color=plots.style("nce+mae")[0])
        axis.annotate(name, (100 * rate, nats), xytext=(-2, -18), textcoords="offset points", fontsize=8, ha="right")
    axis.set(xlabel="wrong labels (%)", ylabel="information (nats)", xlim=(0, 95), ylim=(0, None))
    figure.legend(loc="outside lower center", ncols=2, handlelength=2.6)
    return figure


def draw_instances(x, clean, instance, constant):
    """A noisy posterior under noise that depends on the input, and under noise of the same matrix that does not.

    Args:
        x: inputs on a line, shape (M,).
        clean, instance, constant: the probability of class 1 at each input: clean, and under the two kinds of noise.
    """
    figure, axis = plt.subplots(figsize=(plots.WIDTH, plots.WIDTH * 0.42))
    named = {
        "clean label": ("ce", clean),
        "constant noise": ("mae", constant),
        "noise near the boundary": ("nce", instance),
    }
    for name, (like, values) in named.items():
        colour, dashes, _ = plots.style(like)
        axis.plot(x, values, color=colour, dashes=dashes or (None, None), label=name)
    axis.axhline(0.5, color=plt.rcParams["axes.edgecolor"], linewidth=1)
    axis.set(xlabel="input $x$", ylabel="probability of class 1", ylim=(-0.03, 1.03), xlim=(x.min(), x.max()))
    figure.legend(loc="outside lower center", ncols=3, handlelength=2.6)
    return figure
