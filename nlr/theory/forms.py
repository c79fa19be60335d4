r"""Losses in the form in which they are written: as a sum of one term :math:`\ell(f(x),k)` for each class.

"Active" and "passive" are defined by these terms. A form is therefore not a loss but a way of writing one, and one loss
has several.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Form:
    """One way of writing a loss."""

    #: The loss of :mod:`nlr.losses` that it is equal to, with its parameters.
    name: str
    parameters: dict
    #: What is summed over the classes, in LaTeX; t is the one-hot label, for q is GCE's exponent.
    formula: str
    #: The terms, shape (..., K), as a function of p and t, both of that shape.
    terms: Callable
    #: Whether the sum is divided by the sum of the same expression over all labels.
    normalised: bool = False
    #: How the sources class it: ``active`` or ``passive``; empty for a form that is ours.
    called: str = ""

    def value(self, p, t):
        """The loss, shape (...), of predictions p and one-hot labels t of shape (..., K)."""
        total = self.terms(p, t).sum(-1)
        if not self.normalised:
            return total
        every = torch.eye(p.shape[-1], dtype=p.dtype).expand(*p.shape[:-1], -1, -1)
        return total / self.terms(p[..., None, :].expand_as(every), every).sum((-1, -2))


def other_terms(form, p, t):
    """The largest absolute term of a class that is not labelled; a denominator does not count."""
    return (form.terms(p, t) * (1 - t)).abs().max().item()


def other_derivatives(form, p, t):
    r"""Derivatives in the probabilities of the classes that are not labelled, as numbers that may vary independently.

    Args:
        form: A :class:`Form`.
        p: Predictions, float64 of shape (N, K).
        t: One-hot labels of the same shape.

    Returns:
        The pair (largest absolute value, largest spread within one prediction). The first depends on the form; the
        second is zero for every form of a loss that depends on p_y alone, and for no form of any other.
    """
    p = p.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(form.value(p, t).sum(), p)
    high = gradient.masked_fill(t == 1, -math.inf).max(1).values
    low = gradient.masked_fill(t == 1, math.inf).min(1).values
    return torch.maximum(high.abs(), low.abs()).max().item(), (high - low).max().item()


def _log(t, A=-4.0):
    return torch.where(t == 1, torch.zeros_like(t), A)


#: The losses as their sources write them, then forms that are ours.
FORMS = (
    Form("ce", {}, r"-t_k\log p_k", lambda p, t: -t * p.log(), called="active"),
    Form("fl", {}, r"-t_k(1-p_k)^{\gamma}\log p_k", lambda p, t: -t * (1 - p).sqrt() * p.log(), called="active"),
    Form("gce", {}, r"t_k(1-p_k^{\,q})/q", lambda p, t: t * (1 - p**0.7) / 0.7, called="active"),
    Form("nce", {}, r"-t_k\log p_k", lambda p, t: -t * p.log(), normalised=True, called="active"),
    Form(
        "nfl",
        {},
        r"-t_k(1-p_k)^{\gamma}\log p_k",
        lambda p, t: -t * (1 - p).sqrt() * p.log(),
        normalised=True,
        called="active",
    ),
    Form("mae", {}, r"\lvert p_k-t_k\rvert", lambda p, t: (p - t).abs(), called="passive"),
    Form("rce", {}, r"-p_k\log t_k", lambda p, t: -p * _log(t), called="passive"),
    Form("nmae", {}, r"\lvert p_k-t_k\rvert", lambda p, t: (p - t).abs(), normalised=True, called="passive"),
    Form("gce", {"q": 1.0}, r"t_k(1-p_k)", lambda p, t: t * (1 - p), called="active"),
    Form("mae", {}, r"2t_k(1-p_k)", lambda p, t: 2 * t * (1 - p)),
    Form("ce", {}, r"-t_k\log p_k+p_k-\tfrac1K", lambda p, t: -t * p.log() + p - 1 / p.shape[-1]),
)
