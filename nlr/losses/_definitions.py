"""The definitions of the field: the textbook losses and those of Ma et al. 2020, whose card names the source."""

import math

from nlr.losses._forms import Bases, Elementwise
from nlr.losses._numerics import expm1, focal

DEFINITIONS = Bases()

_MA = "Ma et al. 2020 (arXiv:2006.13554), as the reports quote it and the released code computes it"
_WANG = "Wang et al. 2019 (arXiv:1908.06112), as the reports quote it; log 0 is the constant A"


@DEFINITIONS.define(
    "ce", Elementwise, "active", r"-\log p_y", "Textbook definition; no primary source is available to us."
)
def _ce(log_p):
    return -log_p


@DEFINITIONS.define(
    "fl",
    Elementwise,
    "active",
    r"-(1-p_y)^{\gamma}\log p_y",
    "Lin et al. 2017, Focal loss; the paper is not available to us, the formula is as the reports quote it.",
    gamma=0.5,
)
def _fl(log_p, gamma):
    return focal(log_p, gamma)


DEFINITIONS.define_linear(
    "mae",
    r"2(1-p_y)",
    "Ghosh et al. 2017; the sum of |p_k - q_k| over the classes, as the reports quote Ma et al. 2020. "
    "The released code has half of it.",
    2.0,
)
DEFINITIONS.define_linear("rce", r"-A(1-p_y)", f"{_WANG}.", lambda num_classes, A: -A, A=-4.0)


@DEFINITIONS.define(
    "gce",
    Elementwise,
    "active",
    r"\frac{1-p_y^{q}}{q}",
    "Zhang and Sabuncu 2018, Generalized Cross Entropy; the paper is not available to us.",
    bounds=lambda num_classes, q: (0.0, 1 / q),
    constant_sum=lambda num_classes, q: num_classes - 1.0 if q == 1 else None,
    q=0.7,
)
def _gce(log_p, q):
    return -expm1(q * log_p) / q


@DEFINITIONS.define(
    "sce",
    Elementwise,
    "both",
    r"-\alpha \log p_y - \beta A (1-p_y)",
    f"{_WANG}. The released code of Ma et al. 2020 sets alpha = 0.1 on CIFAR-10.",
    bounds=lambda num_classes, alpha, beta, A: (0.0, math.inf if alpha else -beta * A),
    constant_sum=lambda num_classes, alpha, beta, A: None if alpha else -beta * A * (num_classes - 1),
    slope=lambda num_classes, alpha, beta, A: -beta * A if beta else None,
    alpha=1.0,
    beta=1.0,
    A=-4.0,
)
def _sce(log_p, alpha, beta, A):
    passive = beta * A * expm1(log_p)
    return passive if alpha == 0 else -alpha * log_p + passive  # log p may be infinite


DEFINITIONS.define_linear(
    "nmae",
    r"\frac{1-p_y}{K-1}",
    f"{_MA}; mae divided by its sum over all labels.",
    lambda num_classes: 1 / (num_classes - 1),
)
DEFINITIONS.define_linear(
    "nrce",
    r"\frac{1-p_y}{K-1}",
    f"{_MA}; rce divided by its sum over all labels, in which A cancels. The same as nmae.",
    lambda num_classes: 1 / (num_classes - 1),
)
