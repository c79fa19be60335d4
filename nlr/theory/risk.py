r"""Clean and noisy risk on problems so small that every expectation is a sum.

A problem has M inputs with probabilities ``weights`` (M,) and class probabilities ``posterior`` (M, K), where
``posterior[m, j]`` is :math:`P(y = j \mid x_m)`. A predictor is a table of log-probabilities (M, K). Everything is
float64, so that identities can be checked to rounding.
"""

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from nlr.book import plots
from nlr.errors import NlrError
from nlr.losses import make_loss, names

#: Weighted sums that are checked beside the base losses and the normalised ones.
SUMS = ("nce+mae", "nce+rce", "nfl+mae", "nfl+rce", "krishnan-apl(nce+mae)", "ce+mae")


@dataclass(frozen=True, eq=False)
class Problem:
    """A joint distribution of finitely many inputs and their classes."""

    #: The probability of each input, shape (M,).
    weights: torch.Tensor
    #: The class probabilities at each input, shape (M, K).
    posterior: torch.Tensor


def random_problem(rng, points, num_classes):
    """A problem with arbitrary probabilities.

    Args:
        rng: a NumPy generator.
        points: the number of inputs M.
        num_classes: the number of classes K.

    Returns:
        A :class:`Problem`; the posteriors range from nearly certain to nearly uniform.
    """
    posterior = [rng.dirichlet(np.full(num_classes, 10.0 ** rng.uniform(-2, 1))) for _ in range(points)]
    return Problem(torch.from_numpy(rng.dirichlet(np.ones(points))), torch.from_numpy(np.array(posterior)))


def random_predictors(rng, count, points, num_classes):
    """Log-probabilities of arbitrary predictors, float64 of shape (count, M, K), from cautious to very sure."""
    logits = rng.normal(size=(count, points, num_classes)) * 10.0 ** rng.uniform(-1, 1, size=(count, 1, 1))
    return F.log_softmax(torch.from_numpy(logits), dim=-1)


def risk(loss, problem, log_p, matrix=None):
    r"""The expected loss over inputs, clean classes and noisy labels.

    .. math:: \sum_m P(x_m) \sum_j P(y=j \mid x_m) \sum_k T_{jk}(x_m)\, L(p(x_m), k)

    Args:
        loss: a loss of :func:`nlr.losses.make_loss` that is not of batch level.
        problem: the :class:`Problem`.
        log_p: the predictor, float64 of shape (M, K).
        matrix: the transition matrix, (K, K), or one for each input, (M, K, K); None for clean labels.

    Returns:
        A float.

    Raises:
        NlrError: the shapes do not fit together, or the loss is of batch level.
    """
    points, num_classes = problem.posterior.shape
    matrix = torch.eye(num_classes) if matrix is None else torch.as_tensor(matrix)
    allowed = (num_classes, num_classes), (points, num_classes, num_classes)
    if log_p.shape != problem.posterior.shape or matrix.shape not in allowed:
        raise NlrError(
            f"A problem of {points} inputs and {num_classes} classes takes a predictor of shape "
            f"({points}, {num_classes}) and a matrix of shape {allowed[0]} or {allowed[1]}, not "
            f"{tuple(log_p.shape)} and {tuple(matrix.shape)}."
        )
    matrix = matrix.to(log_p.dtype).expand(points, -1, -1)
    return torch.einsum("m,mj,mjk,mk->", problem.weights, problem.posterior, matrix, loss.every_label(log_p)).item()


def every_loss(num_classes):
    """The losses that the package knows and that judge one sample at a time, with default parameters.

    Args:
        num_classes: the number of classes K.

    Returns:
        A list of losses: the base losses, each normalised where that is defined, and :data:`SUMS`. Those whose sum over
        the labels is constant are those whose ``card.constant_sum`` is not None.
    """
    found = {}
    for name in names():
        loss = make_loss(name, num_classes)
        if not loss.card.batch_level:
            found[loss.name] = loss
            if loss.card.lower >= 0:
                normalised = make_loss(f"norm({name})", num_classes)
                found[normalised.name] = normalised
    return [*found.values(), *(make_loss(name, num_classes) for name in SUMS)]


def changed_pairs(clean, noisy, tolerance=1e-12):
    """The share of pairs of predictors that two risks put in different order; a tie against an order counts.

    Args:
        clean, noisy: the risks of P predictors, shape (P,).
        tolerance: differences up to this are ties.

    Returns:
        A float from 0 to 1.
    """
    order = []
    for values in (clean, noisy):
        difference = np.subtract.outer(values, values)[np.triu_indices(len(values), 1)]
        order.append(np.where(np.abs(difference) <= tolerance, 0, np.sign(difference)))
    return float(np.mean(order[0] != order[1]))


def draw_risks(rate, clean, noisy):
    """Noisy against clean risk of the same predictors, a panel a loss; a ring marks the least noisy risk.

    Args:
        rate: the noise rate at which to draw.
        clean: ``{loss: risks}``, risks of shape (P,).
        noisy: ``{rate: {loss: risks}}``.
    """
    figure, axes = plt.subplots(1, len(clean), figsize=(plots.WIDTH, plots.WIDTH * 0.5))
    for axis, (loss, risks) in zip(axes, clean.items(), strict=True):
        colour, _, marker = plots.style(loss)
        values = noisy[rate][loss]
        axis.scatter(risks, values, s=16, color=colour, marker=marker, alpha=0.7, linewidths=0)
        if np.ptp(values) > 1e-12:  # where all are equal, rounding would choose
            at, ring = values.argmin(), plots.style("mae")[0]
            axis.scatter(risks[at], values[at], s=110, facecolors="none", edgecolors=ring, linewidths=2)
        top = max(risks.max(), max(at[loss].max() for at in noisy.values())) * 1.05
        axis.set(title=loss, xlabel="clean risk", xlim=(0, risks.max() * 1.05), ylim=(0, top))
    axes[0].set_ylabel("noisy risk")
    return figure


def draw_paths(paths, label, horizontal=None):
    """The probability of one class along several descents, over the steps on a logarithmic axis.

    Args:
        paths: ``{loss: probabilities of shape (steps + 1,)}``.
        label: what the vertical axis shows.
        horizontal: a value to mark by a thin line, or None.
    """
    figure, axis = plt.subplots(figsize=(plots.WIDTH, plots.WIDTH * 0.5))
    if horizontal is not None:
        axis.axhline(horizontal, color=plt.rcParams["axes.edgecolor"], linewidth=1)
    for loss, path in paths.items():
        colour, dashes, _ = plots.style(loss)
        axis.plot(np.arange(len(path)) + 1, path, color=colour, dashes=dashes or (None, None), label=loss)
    axis.set(xscale="log", xlabel="step", ylabel=label, ylim=(-0.02, 1.02), xlim=(1, max(map(len, paths.values()))))
    figure.legend(loc="outside lower center", ncols=len(paths), handlelength=2.6)
    return figure
