r"""The strong combinations as one family: :math:`\mathrm{NCE} + b\,(1-p_y)`, exactly or nearly.

The published combinations for CIFAR-10 are an active part and a passive part. Most passive parts are functions of
:math:`p_y` alone that are straight lines or nearly so; what is left of their names is the slope :math:`b`.

Shapes: ``p_y`` is a tensor of any shape with values in [0, 1]; ``log_p`` is the log-softmax of a batch, shape (N, K); a
part of a combination gives the loss for every label, shape (N, K).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from nlr.errors import NlrError
from nlr.losses import make_loss


def agce(p_y, a, q):
    r"""The asymmetric generalised cross-entropy :math:`((a+1)^q-(a+p_y)^q)/q`.

    Its slope :math:`-\mathrm{d}L/\mathrm{d}p_y` is :math:`(a+p_y)^{q-1}`; it is a straight line for q = 1.
    Source: Zhou et al. 2021 (arXiv:2106.03110), as their released code (hitcszx/ALFs) computes it.

    Raises:
        NlrError: If a or q is not above 0.
    """
    if not (a > 0 and q > 0):
        raise NlrError(f"agce takes a and q above 0, not a = {a!r}, q = {q!r}.")
    return ((a + 1) ** q - (a + p_y) ** q) / q


def aul(p_y, a, q):
    r"""The asymmetric unhinged loss :math:`((a-p_y)^q-(a-1)^q)/q`.

    Its slope :math:`-\mathrm{d}L/\mathrm{d}p_y` is :math:`(a-p_y)^{q-1}`; it is a straight line for q = 1.
    Source: Zhou et al. 2021 (arXiv:2106.03110), as their released code (hitcszx/ALFs) computes it.

    Raises:
        NlrError: If a is not above 1 or q not above 0.
    """
    if not (a > 1 and q > 0):
        raise NlrError(f"aul takes a above 1 and q above 0, not a = {a!r}, q = {q!r}.")
    return ((a - p_y) ** q - (a - 1) ** q) / q


def ael(p_y, a):
    r"""The asymmetric exponential loss :math:`\exp(-p_y/a)`.

    Its slope :math:`-\mathrm{d}L/\mathrm{d}p_y` is :math:`\exp(-p_y/a)/a`; it is never a straight line.
    Source: Zhou et al. 2021 (arXiv:2106.03110), as their released code (hitcszx/ALFs) computes it.

    Raises:
        NlrError: If a is not above 0.
    """
    if not a > 0:
        raise NlrError(f"ael takes a above 0, not a = {a!r}.")
    return torch.exp(-p_y / a)


def amse(p, a):
    r"""The asymmetric mean squared error :math:`\frac{1}{K}\lVert a\,e_y-p\rVert^2` for every label.

    Source: Joint Asymmetric Loss 2025 (arXiv:2507.17692), as its released code (cswjl/joint-asymmetric-loss) computes
    it.

    Args:
        p: Probabilities, shape (N, K).
        a: What the labelled class is pulled towards, above 0.

    Returns:
        Shape (N, K); the entry in column y is the loss for label y.

    Raises:
        NlrError: If a is not above 0.
    """
    if not a > 0:
        raise NlrError(f"amse takes a above 0, not a = {a!r}.")
    num_classes = p.shape[1]
    return ((a - p).square() - p.square() + p.square().sum(1, keepdim=True)) / num_classes


def ce_eps(log_p, m):
    r"""Cross-entropy of eps-softmax for every label: m is added to the largest probability, then all are renormalised.

    Where y is the predicted class it is :math:`-\log\frac{p_y+m}{1+m}`, elsewhere :math:`-\log p_y + \log(1+m)`.
    Source: Wang et al. 2024 (NeurIPS), read; the released code of Joint Asymmetric Loss cuts it off at 18.42, this does
    not.

    Args:
        log_p: Log-softmax, shape (N, K).
        m: What is added, at least 0.

    Raises:
        NlrError: If m is negative.
    """
    if not m >= 0:
        raise NlrError(f"ce_eps takes m of at least 0, not m = {m!r}.")
    top = F.one_hot(log_p.argmax(1), log_p.shape[1]).bool()
    return math.log1p(m) - torch.where(top, torch.log(log_p.exp() + m), log_p)


@dataclass(frozen=True)
class Combination:
    """A published combination at its CIFAR-10 setting: ``active(log_p) + passive(p)``, weights included."""

    #: What it is called, in lower case.
    name: str
    #: The parameters, as text with mathematics.
    setting: str
    #: The key in the bibliography of where the setting was read.
    source: str
    #: The active part for every label, shape (N, K) of log_p of shape (N, K).
    active: Callable
    #: The passive part for every label, shape (N, K) of p of shape (N, K).
    passive: Callable

    def slopes(self, num_classes=10):
        """The slope of the passive part at p_y = 0 and at p_y = 1, as a pair of numbers.

        The slope is what the passive part loses for each unit of probability that moves from another class to the
        labelled one; where it depends on the other class too, that class is the one that holds all the rest.
        """
        p = torch.zeros(2, num_classes, dtype=torch.float64)
        p[0, 1] = p[1, 0] = 1
        p.requires_grad_()
        (gradient,) = torch.autograd.grad(self.passive(p)[:, 0].sum(), p)
        return tuple((gradient[:, 1] - gradient[:, 0]).tolist())

    def b(self, num_classes=10):
        """The member of the family that is nearest: half the sum of the two slopes."""
        return sum(self.slopes(num_classes)) / 2

    def every_label(self, log_p):
        """The whole loss for every label, shape (N, K)."""
        return self.active(log_p) + self.passive(log_p.exp())


def member(b, num_classes=10):
    """The member NCE + b (1 - p_y) of the family, as a loss of :mod:`nlr.losses`.

    Args:
        b: The slope, at least 0.
        num_classes: The number of classes K.
    """
    return make_loss("nce+mae", num_classes, beta=b, mae={"scale": 0.5})


def _nce(log_p):
    return make_loss("nce", log_p.shape[1]).every_label(log_p)


def _ce(weight):
    return lambda log_p: -weight * log_p


def _line(slope):
    return lambda p: slope * (1 - p)


#: The strong combinations at their published CIFAR-10 settings, by rising slope.
COMBINATIONS = (
    Combination("nce+ael", r"$\beta = 4$, $a = 5$", "zhou2021", _nce, lambda p: 4 * ael(p, a=5)),
    Combination("nce+mae", r"$\beta = 1$, MAE $= 1 - p_y$", "ma2020code", _nce, _line(1)),
    Combination("nce+mae as printed", r"$\beta = 1$, MAE $= 2(1 - p_y)$", "ma2020", _nce, _line(2)),
    Combination("jal-ce", r"$\beta = 1$, $a = 30$", "jal2025", _nce, lambda p: amse(p, a=30)),
    Combination("nce+rce", r"$\beta = 1$, $A = \ln 10^{-4}$", "ma2020code", _nce, _line(-math.log(1e-4))),
    Combination("sce", r"$\alpha = 0.1$, $\beta = 1$", "ma2020code", _ce(0.1), _line(-math.log(1e-4))),
    Combination("nce+aul", r"$\beta = 4$, $a = 6.3$, $q = 1.5$", "zhou2021", _nce, lambda p: 4 * aul(p, 6.3, 1.5)),
    Combination(
        "ceeps+mae",
        r"$\alpha = 0.01$, $\beta = 5$, $m = 10^5$",
        "wang2024",
        lambda log_p: 0.01 * ce_eps(log_p, 1e5),
        _line(10),
    ),
    Combination("nce+agce", r"$\beta = 4$, $a = 6$, $q = 1.5$", "zhou2021", _nce, lambda p: 4 * agce(p, 6, 1.5)),
)
