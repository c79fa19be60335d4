r"""Conditions under which a loss tolerates label noise, decided by search where no formula decides.

Everything is about one input: a prediction is a vector of probabilities p of K classes, and the noise is the row
:math:`w_k = P(\text{noisy label} = k)` of the transition matrix that belongs to the input's true class. Searches run
over logits that lie at most ``spread`` apart, as those of any network do: without such a limit a normalised loss has
no minimiser. Where a statement is checked exactly, shares and noise are fractions.
"""

import itertools
from fractions import Fraction

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize

from nlr.errors import NlrError, unknown


def bound_ratio(loss, logits):
    r"""How a prediction stands to the bound of Lemma 2: :math:`\max_k (K-1) L(p, k) / \sum_j L(p, j)`.

    Args:
        loss: A loss of :func:`nlr.losses.make_loss` that is never negative.
        logits: Floating point of shape (N, K).

    Returns:
        Shape (N,), from (K-1)/K to K-1; the bound holds at a prediction if its value is at most 1.

    Raises:
        NlrError: For a loss of batch level.
    """
    losses = loss.every_label(F.log_softmax(logits, dim=1))
    return (loss.num_classes - 1) * losses.amax(1) / losses.sum(1)


def worst_prediction(loss, spread=20.0, starts=8, seed=0):
    """Searches for the prediction that breaks the bound of Lemma 2 by most.

    Args:
        loss: As for :func:`bound_ratio`.
        spread: How far apart the logits may lie.
        starts: How many random logits the search starts from.
        seed: Seed of those.

    Returns:
        The pair (largest :func:`bound_ratio` found, its probabilities of shape (K,)), class 0 being the one whose loss
        is largest.

    Raises:
        NlrError: For a spread that is not positive, or a loss of batch level.
    """

    def ratio(logits):
        losses = loss.every_label(F.log_softmax(logits[None], dim=1))[0]
        return -(loss.num_classes - 1) * losses[0] / losses.sum()

    value, p = _search(ratio, loss.num_classes, spread, starts, seed)
    return -value, p


def minimiser(loss, w, spread=20.0, starts=8, seed=0):
    r"""The prediction with the least noisy risk :math:`\sum_k w_k L(p, k)`, found by descent from random starts.

    Args:
        loss: A loss of :func:`nlr.losses.make_loss`.
        w: Probabilities of the noisy labels, shape (K,).
        spread: How far apart the logits may lie.
        starts: How many random logits the search starts from.
        seed: Seed of those.

    Returns:
        The pair (least risk found, its probabilities of shape (K,)).

    Raises:
        NlrError: If w is not a probability vector of K entries, for a spread that is not positive, or a loss of batch
            level.
    """
    w = torch.tensor(np.array(w, dtype=np.float64))
    if w.shape != (loss.num_classes,) or not (w >= 0).all() or abs(w.sum() - 1) > 1e-9:
        raise NlrError(f"w must hold {loss.num_classes} probabilities that sum to 1, one a class, not {w.tolist()}.")

    def risk(logits):
        return w @ loss.every_label(F.log_softmax(logits[None], dim=1))[0]

    return _search(risk, loss.num_classes, spread, starts, seed)


def rational_shares(draw, y, num_classes, bounded):
    """Shares of the labels in 24ths that add up to one.

    Args:
        draw: A ``random.Random``.
        y: The true class.
        num_classes: The number of classes K.
        bounded: Whether every label but y has at most 1/(K-1).

    Returns:
        K fractions.
    """
    while True:
        cuts = sorted(draw.choices(range(25), k=num_classes - 1))
        shares = [Fraction(b - a, 24) for a, b in itertools.pairwise([0, *cuts, 24])]
        if not bounded or all(shares[k] <= Fraction(1, num_classes - 1) for k in range(num_classes) if k != y):
            return shares


def rational_noise(draw, y, num_classes):
    """A row of the transition matrix in 24ths in which y is more frequent than any other label; K fractions.

    Args:
        draw, y, num_classes: As for :func:`rational_shares`.
    """
    while True:
        row = rational_shares(draw, y, num_classes, bounded=False)
        if all(row[k] < row[y] for k in range(num_classes) if k != y):
            return row


def noisy_risk(w, losses):
    """The mean loss over a label drawn from w; exact for fractions."""
    return sum(a * b for a, b in zip(w, losses, strict=True))


def risk_along_a_pair(loss, w, shares, spread):
    """The noisy risk where the first two classes share what the others leave.

    Args:
        loss: A loss of :func:`nlr.losses.make_loss` that is not of batch level.
        w: Probabilities of the noisy labels, shape (K,).
        shares: Of the first class in the two, between 0 and 1, shape (N,).
        spread: How far the logits of the other classes stand below the larger of the two.

    Returns:
        The risks, shape (N,).
    """
    two = np.log(np.stack([shares, 1 - shares], axis=1))
    rest = np.repeat(two.max(1, keepdims=True) - spread, loss.num_classes - 2, axis=1)
    log_p = F.log_softmax(torch.tensor(np.concatenate([two, rest], axis=1)), dim=1)
    return loss.every_label(log_p).numpy() @ w


def _search(objective, num_classes, spread, starts, seed):
    if not spread > 0:
        raise NlrError(f"The spread of the logits must be positive, not {spread!r}.")

    def value_and_gradient(point):
        logits = torch.tensor(point, requires_grad=True)
        value = objective(logits)
        value.backward()
        return value.item(), logits.grad.numpy()

    bounds = [(0.0, spread)] * num_classes
    options = {"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-13}
    found = [
        minimize(value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for start in np.random.default_rng(seed).uniform(0, spread, (starts, num_classes))
    ]
    best = min(found, key=lambda result: result.fun)
    return float(best.fun), F.softmax(torch.tensor(best.x), dim=0).numpy()


def steepness(phi):
    r"""The steepness :math:`\phi'(0)/\phi'(1)` of a loss :math:`\phi(p_y)` that is convex or concave and falls.

    Args:
        phi: A function of p_y, a float64 tensor of any shape, that torch can differentiate.

    Returns:
        A float, infinite where the slope at 0 is.

    Raises:
        NlrError: If phi does not fall at both ends.
    """
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(phi(ends).sum(), ends)
    at_zero, at_one = slopes.tolist()
    if not (at_zero < 0 and at_one < 0):
        raise NlrError(f"The steepness needs a loss that falls at p_y = 0 and at 1; its slopes are {slopes.tolist()}.")
    return at_zero / at_one


def largest_rate(steep, kind, num_classes=10):
    r"""The largest noise rate at which a loss of that steepness keeps the true class as its noisy minimiser.

    Args:
        steep: The :func:`steepness`.
        kind: ``symmetric``, or ``asymmetric`` for a flip to one other class.
        num_classes: The number of classes K.

    Returns:
        The rate, in [0, 1); the condition holds up to it.

    Raises:
        NlrError: For another kind.
    """
    if kind not in ("symmetric", "asymmetric"):
        raise unknown("kind of noise", kind, ("symmetric", "asymmetric"))
    others = num_classes - 1 if kind == "symmetric" else 1
    # A concave loss stops where the true label stops being the most frequent, as a linear one does.
    return others / (others + max(steep, 1.0))
