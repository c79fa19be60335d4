"""Variants of the definitions: as the released code of Ma et al. 2020 computes them, as five reports print them, and as
the public code of three of these computes them."""

import math

import torch
import torch.nn.functional as F

from nlr.losses._forms import Bases, Batch, Elementwise, Matrix
from nlr.losses._numerics import expm1, focal, focal_weight, log_focal, log_miss, pick, sum_of_others, surely_none

VARIANTS = Bases()

#: The epsilon of ``chheda-nce``; his Algorithm 1 has one and does not state it, so this value is ours.
CHHEDA_EPS = 1e-8

# As the released code of Ma et al. 2020 computes them.

_CODE = "Released code of Ma et al. 2020 (HanxunH/Active-Passive-Losses, 04bce53)"


@VARIANTS.define(
    "ma2020-fl",
    Elementwise,
    "active",
    r"-\operatorname{sg}\left[(1-p_y)^{\gamma}\right]\log p_y",
    f"{_CODE}: the focal weight is a constant to the derivative (sg), so the value is that of fl, the gradient is not.",
    gamma=0.5,
)
def _ma2020_fl(log_p, gamma):
    return focal(log_p, gamma, detach=True)


VARIANTS.define_linear(
    "ma2020-nmae",
    r"\frac{1-p_y}{2(K-1)}",
    f"{_CODE}: the factor 1/(2(K-1)) is that of 2(1-p_y), but multiplies 1-p_y; half of nmae.",
    lambda num_classes: 0.5 / (num_classes - 1),
)
VARIANTS.define_linear(
    "ma2020-nrce",
    r"-\ln(10^{-4})\,\frac{K-1}{4}\,(1-p_y)",
    f"{_CODE}: the factor 1/4*(K-1) reads as (K-1)/4 where 1/(4(K-1)) is meant, and log 0 is ln 1e-4 instead of -4 "
    f"(E18).",
    lambda num_classes: -math.log(1e-4) * (num_classes - 1) / 4,
)

# As the five reports print them.


@VARIANTS.define(
    "soni-nce",
    Matrix,
    "passive",
    r"\log\frac{\prod_{k=1}^{K} p_k}{p_y}",
    "As printed in Soni, eq. 2, where a logarithm to the base of the product is meant (E1).",
    bounds=lambda num_classes: (-math.inf, -(num_classes - 1) * math.log(num_classes - 1)),
)
def _soni_nce(log_p, select):
    return sum_of_others(select(log_p), log_p)


def _soni_nfl_bounds(num_classes, gamma):
    # The best p_k, k != y: the maximum of (1-p)^gamma p, or an equal share of all probability if that is less.
    p = min(1 / (1 + gamma), 1 / (num_classes - 1))
    return -math.inf, (num_classes - 1) * ((gamma * math.log1p(-p) if gamma else 0.0) + math.log(p))


@VARIANTS.define(
    "soni-nfl",
    Matrix,
    "passive",
    r"\log\frac{\prod_{k=1}^{K} (1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y}",
    "As printed in Soni, eq. 5 (E3). The value of gamma is not stated; 0.5 is that of the released code.",
    bounds=_soni_nfl_bounds,
    gamma=0.5,
)
def _soni_nfl(log_p, select, gamma):
    terms = log_focal(log_p, gamma)
    return sum_of_others(select(terms), terms)


VARIANTS.define_linear(
    "soni-nrce",
    r"-\frac{1-p_y}{K-1}",
    "As printed in Soni, eq. 4: RCE/(A(K-1)) with A below 0, so the sign is that of -nrce (E4).",
    lambda num_classes: -1 / (num_classes - 1),
)
VARIANTS.define_linear(
    "kathuria-mae",
    r"\frac{2}{K}(1-p_y)",
    "As printed in Kathuria, eq. 5, with 1/C (E9).",
    lambda num_classes: 2 / num_classes,
)


@VARIANTS.define(
    "kathuria-nce",
    Elementwise,
    "active",
    r"1-\exp\left(\frac{\log p_y}{T}\right)",
    "As printed in Kathuria, eq. 3: 1-exp(-CE/T). It equals 1-p_y^(1/T), and 1-p_y at T=1 (E6).",
    bounds=(0.0, 1.0),
    constant_sum=lambda num_classes, T: num_classes - 1.0 if T == 1 else None,
    T=1.0,
)
def _kathuria_nce(log_p, T):
    return -expm1(log_p / T)


@VARIANTS.define(
    "kathuria-nfl",
    Elementwise,
    "active",
    r"1-\exp\left(\frac{(1-p_y)^{\gamma}\log p_y}{T}\right)",
    "As printed in Kathuria, eq. 4: 1-exp(-FL/T); bounded, but its sum over the labels varies (E8).",
    bounds=(0.0, 1.0),
    constant_sum=lambda num_classes, gamma, T: num_classes - 1.0 if gamma == 0 and T == 1 else None,
    gamma=2.0,
    T=1.0,
)
def _kathuria_nfl(log_p, gamma, T):
    return -expm1(-focal(log_p, gamma) / T)


@VARIANTS.define(
    "krishnan-nce",
    Batch,
    "active",
    r"\frac{-\log p_y}{-\sum_{c=1}^{K} f_c\log f_c},\quad f_c \text{ the share of label } c \text{ in the batch}",
    "As printed in Krishnan, section 2.3: batch cross-entropy over the entropy of the batch's labels (E10). Infinite "
    "or undefined for a batch with one label only.",
)
def _krishnan_nce(log_p, labels):
    # Not bincount, whose output size would have to be read back from a GPU.
    classes = torch.arange(log_p.shape[1], device=log_p.device)
    shares = (labels[:, None] == classes).to(log_p.dtype).mean(0)
    return -pick(log_p, labels) / torch.special.entr(shares).sum()


def _krishnan_weights(log_p, labels, gamma):
    """N w_i / sum_j w_j for w = (1 - p_y)^gamma."""
    # In logarithms, so that a batch that is right throughout does not divide 0 by 0. Finite ones, so that one whose
    # other classes have logits of -inf does not either.
    miss = log_p.scatter(1, labels[:, None], -1e30).logsumexp(1)
    return len(labels) * torch.softmax(gamma * miss, dim=0)


@VARIANTS.define(
    "krishnan-nfl",
    Batch,
    "active",
    r"-\frac{N w_y}{\sum_{i=1}^{N} w_{y_i}}\log p_y,\quad w_y = (1-p_y)^{\gamma}",
    "As printed in Krishnan, section 2.3: a weighted mean of cross-entropy, here with the derivative of the weights "
    "(E11). The value of gamma is not stated; 0.5 is that of the released code of Ma et al. 2020.",
    gamma=0.5,
)
def _krishnan_nfl(log_p, labels, gamma):
    cross_entropy = -pick(log_p, labels)
    losses = _krishnan_weights(log_p, labels, gamma) * cross_entropy
    infinite = cross_entropy == math.inf
    # Where one is infinite, the derivative in the weights of the others has no limit.
    return losses if surely_none(infinite) else losses.masked_fill(infinite.any(), math.nan)


@VARIANTS.define(
    "krishnan-nfl-detached",
    Batch,
    "active",
    r"-\operatorname{sg}\left[\frac{N w_y}{\sum_{i=1}^{N} w_{y_i}}\right]\log p_y,\quad w_y = (1-p_y)^{\gamma}",
    "As printed in Krishnan, section 2.3, with weights that are constants to the derivative (sg); the report does not "
    "say which of the two is meant (E11).",
    gamma=0.5,
)
def _krishnan_nfl_detached(log_p, labels, gamma):
    return _krishnan_weights(log_p, labels, gamma).detach() * -pick(log_p, labels)


@VARIANTS.define(
    "joshi-ce",
    Elementwise,
    "active",
    r"\log p_y",
    "As printed in Joshi, without the minus sign (E5).",
    bounds=(-math.inf, 0.0),
)
def _joshi_ce(log_p):
    return log_p


VARIANTS.define_linear(
    "joshi-rce", r"A(1-p_y)", "As printed in Joshi, without the minus sign (E5).", lambda num_classes, A: A, A=-4.0
)


@VARIANTS.define(
    "joshi-fl",
    Elementwise,
    "active",
    r"(1-p_y)^{\gamma}\log p_y",
    "As printed in Joshi, without the minus sign (E5).",
    bounds=(-math.inf, 0.0),
    gamma=0.5,
)
def _joshi_fl(log_p, gamma):
    return -focal(log_p, gamma)


@VARIANTS.define(
    "joshi-nce",
    Elementwise,
    "active",
    r"\log\frac{\sum_{k=1}^{K} p_k}{p_y}",
    "As printed in Joshi; the probabilities sum to 1, so it equals ce (E2).",
)
def _joshi_nce(log_p):
    return -log_p


@VARIANTS.define(
    "joshi-nfl",
    Matrix,
    "active",
    r"\log\frac{\sum_{k=1}^{K} (1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y}",
    "As printed in Joshi (E3).",
    gamma=0.5,
)
def _joshi_nfl(log_p, select, gamma):
    # The cross-entropy of the terms as logits; they lie in memory by class, and so does their transpose's softmax.
    return -select(F.log_softmax(log_focal(log_p, gamma).t(), dim=0).t())


VARIANTS.define_linear(
    "joshi-nrce",
    r"\frac{1-p_y}{K-1}",
    "As printed in Joshi: RCE/(A(K-1)) with an RCE that lacks its minus sign, so the signs cancel (E4).",
    lambda num_classes: 1 / (num_classes - 1),
)


def _chheda_nce_bounds(num_classes):
    def loss(p_y, p_other):
        one, other = (-math.log(p + CHHEDA_EPS) for p in (p_y, p_other))
        return one / (one + (num_classes - 1) * other)

    return loss(1.0, 0.0), loss(0.0, 1 / (num_classes - 1))


@VARIANTS.define(
    "chheda-nce",
    Matrix,
    "active",
    r"\frac{-\log(p_y+\epsilon)}{-\sum_{k=1}^{K}\log(p_k+\epsilon)}",
    f"As printed in Chheda, Algorithm 1; epsilon is not stated there, {CHHEDA_EPS:g} is our choice (E19).",
    bounds=_chheda_nce_bounds,
    constant_sum=1.0,
)
def _chheda_nce(log_p, select):
    losses = -torch.log(log_p.exp() + CHHEDA_EPS)
    return select(losses) / losses.sum(1, keepdim=True)


# As the code of three reports computes them, where that is neither a definition nor what is printed. A small constant
# that a code adds inside a logarithm, against log 0, is left out here, for log p is one function of the logits.


@VARIANTS.define(
    "soni-code-nfl",
    Matrix,
    "active",
    r"\frac{-(1-p_y)^{\gamma}\log p_y}{\log K}",
    "As coded by Soni (`rajxtsoni/SAiDL-Spring-Assignment-2025`, `Core-ML/main.ipynb`, e080f32): focal loss over a "
    "constant, which normalises nothing; the report prints another formula (E3).",
    gamma=2.0,
)
def _soni_code_nfl(log_p, select, gamma):
    return focal(select(log_p), gamma) / math.log(log_p.shape[1])


_SMOOTHING = 0.1  # the share of a label that is spread over the other classes


def _krishnan_code_slope(num_classes):
    return math.log((1 - _SMOOTHING) * (num_classes - 1) / _SMOOTHING)


@VARIANTS.define(
    "krishnan-code-rce",
    Matrix,
    "passive",
    r"-p_y\log 0.9-(1-p_y)\log\frac{0.1}{K-1}",
    "As coded by Krishnan (`Anantha311/SAiDL-Spring-Assignment--2025`, `CoreMl/scripts/main/loss_fun.py`, 76591e6): "
    "reverse cross-entropy with a smoothed label, that is rce at A = -log(9(K-1)) and a constant; the report gives no "
    "formula (E18).",
    bounds=lambda num_classes: (-math.log(1 - _SMOOTHING), -math.log(_SMOOTHING / (num_classes - 1))),
    constant_sum=lambda num_classes: (
        (num_classes - 1) * _krishnan_code_slope(num_classes) - num_classes * math.log(1 - _SMOOTHING)
    ),
    slope=_krishnan_code_slope,
)
def _krishnan_code_rce(log_p, select):
    return -_krishnan_code_slope(log_p.shape[1]) * expm1(select(log_p)) - math.log(1 - _SMOOTHING)


_CLIP = 1e-4  # the least probability whose logarithm is taken


def _krishnan_later_nfl_bounds(num_classes, gamma):
    # Largest where p_y is clipped just so and the others are even.
    other = (1 - _CLIP) / (num_classes - 1)
    largest = (1 - _CLIP) ** gamma * -math.log(_CLIP)
    return 0.0, largest / (largest + (num_classes - 1) * (1 - other) ** gamma * -math.log(max(other, _CLIP)))


@VARIANTS.define(
    "krishnan-later-nfl",
    Matrix,
    "active",
    r"\frac{-(1-\bar p_y)^{\gamma}\log\bar p_y}{-\sum_{k=1}^{K}(1-p_k)^{\gamma}\log\bar p_k},"
    r"\quad \bar p=\max(p, 10^{-4})",
    "As coded by Krishnan eight weeks after the report (`Anantha311/SAiDL-Spring-Assignment--2025`, "
    "`CoreMl/scripts/main/APL_new.py`, 76591e6): nfl but for clipped probabilities, below which a label does not pull "
    "(E11).",
    bounds=_krishnan_later_nfl_bounds,
    gamma=2.0,
)
def _krishnan_later_nfl(log_p, select, gamma):
    clipped = log_p.clamp(min=math.log(_CLIP))
    total = (focal_weight(log_p, gamma) * -clipped).sum(1, keepdim=True)
    return focal(select(clipped), gamma) / total


_CHHEDA_CODE = (
    "As coded by Chheda in his second run (`prathamc25/SAiDL-Spring-Assignment2025`, "
    "`CoreML/updatedRun_RCE_NRCE.ipynb`, ba1e70d)"
)


@VARIANTS.define(
    "chheda-code-rce",
    Matrix,
    "passive",
    r"-\sum_{k\ne y}\log(1-p_k)",
    f"{_CHHEDA_CODE}: no reverse cross-entropy but one of each other class against its rest, without a bound; the "
    "report gives no formula (E37).",
)
def _chheda_code_rce(log_p, select):
    miss, top = log_miss(log_p), log_p.argmax(1, keepdim=True)
    # The largest p_k apart: where it is the label's, its term goes wholly, and the small ones keep their digits.
    peak = torch.zeros_like(miss).scatter(1, top, miss.gather(1, top))
    rest = miss.scatter(1, top, 0.0)
    return -sum_of_others(select(rest), rest) - sum_of_others(select(peak), peak)


@VARIANTS.define(
    "chheda-code-nrce",
    Matrix,
    "passive",
    r"\frac{-\sum_{k\ne y}\log(1-p_k)}{K-1}",
    f"{_CHHEDA_CODE}: a constant part of chheda-code-rce, not that divided by its sum over the labels (E37).",
)
def _chheda_code_nrce(log_p, select):
    return _chheda_code_rce(log_p, select) / (log_p.shape[1] - 1)
