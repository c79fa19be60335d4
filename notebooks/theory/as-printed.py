# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # As printed
#
# *Nineteen places where a formula in one of the five course reports differs from the definition, each beside the right
# one, on the same numbers.*
#
# The five reports {cite}`soni2025,kathuria2025,krishnan2025,joshi2025,chheda2025` retell Ma et al. {cite}`ma2020`, and
# some formulas changed on the way: a subscript was lost, a minus sign, a fraction bar. Formulas err. What a formula would
# do if it were run as it stands is worth knowing, because it is one candidate explanation of what the reports measured.
# The definitions are those of {doc}`the losses </executed/losses>`: $p$ is the softmax of the logits, $y$ the label, $K$
# the number of classes, and $A$ the number that stands for $\log 0$.
#
# A report prints a formula; what its code computed we do not know. Everything here is about the formula. Each erratum
# has a cell that states a fault, finds it in what is printed, and does not find it in what is right; the cell stops the
# page if either is otherwise. In these cells the printed formula is transcribed from the report, and compared with the
# loss of the same name in the package.

# %%
import itertools
import math
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from matplotlib.colors import ListedColormap
from scipy.optimize import brentq

from nlr.book import plots
from nlr.book.display import Figure, Prose, Table, Verdict
from nlr.losses import make_loss
from nlr.noise import transition_matrix
from nlr.theory import printed
from nlr.theory.printed import Erratum, formula


def picked(p, labels):
    """The entry of each row that belongs to its label."""
    return p.gather(1, labels[:, None]).squeeze(1)


def one_hot(p, labels):
    """The labels as distributions, with the shape and the type of p."""
    return F.one_hot(labels, p.shape[1]).to(p.dtype)


names, p, labels = printed.points()


def agrees(transcribed, name, **parameters):
    """Whether a transcribed formula is the loss of that name in the package."""
    ours = formula(name, **parameters)(p, labels)
    return torch.allclose(transcribed(p, labels), ours, rtol=1e-12)


# %% [markdown]
# ## The same numbers
#
# *Every pair of formulas on five predictions for ten classes.*
#
# The five predictions are: sure and right, right, uniform, torn between the label and a rival, sure and wrong. A
# normalised loss lies between 0 and 1, whatever is predicted.

# %% tags=["hide-input"]
PAIRS = [
    ("E1", "Soni, NCE", "soni-nce", "nce"),
    ("E2", "Joshi, NCE", "joshi-nce", "nce"),
    ("E3", "Soni, NFL", "soni-nfl", "nfl"),
    ("E3", "Joshi, NFL", "joshi-nfl", "nfl"),
    ("E4", "Soni, NRCE", "soni-nrce", "nrce"),
    ("E5", "Joshi, CE", "joshi-ce", "ce"),
    ("E5", "Joshi, RCE", "joshi-rce", "rce"),
    ("E5", "Joshi, FL", "joshi-fl", "fl"),
    ("E6", "Kathuria, NCE", "kathuria-nce", "nce"),
    ("E7", "Kathuria, NCE+MAE", "kathuria-nce+kathuria-mae", "nce+mae"),
    ("E8", "Kathuria, NFL", "kathuria-nfl", "nfl"),
    ("E9", "Kathuria, MAE", "kathuria-mae", "mae"),
    ("E10", "Krishnan, NCE", "krishnan-nce", "nce"),
    ("E11", "Krishnan, NFL", "krishnan-nfl", "nfl"),
]


def number(value):
    """Three significant digits as a formula, powers of ten written out."""
    digits, _, power = f"{value + 0:.3g}".partition("e")  # + 0 takes the sign off a negative zero
    return f"${digits} \\cdot 10^{{{int(power)}}}$" if power else f"${digits}$"


def values(name):
    """The formula of that name on the five predictions."""
    loss = make_loss(name, reduction="none")
    return loss.per_sample(p.log(), labels)


rows = []
for erratum, what, wrong, right in PAIRS:
    for kind, name in (("printed", wrong), ("right", right)):
        row = [f"[{erratum}](#erratum-{erratum.lower()})", what, kind] if kind == "printed" else ["", "", kind]
        rows.append(row + [number(v) for v in values(name).tolist()])

Table(
    pd.DataFrame(rows, columns=["erratum", "formula", "as", *names]),
    name="values",
    caption="The printed formula and the right one on the same five predictions, $K = 10$. Focal losses have "
    "$\\gamma = 0.5$, Kathuria's $\\gamma = 2$, which the report states. Krishnan's two depend on the whole batch, which "
    "is here the five predictions.",
    left=["formula", "as"],
)

# %% [markdown]
# Against $p_y$, with the rest of the probability shared evenly, the shapes differ as much as the numbers.

# %% tags=["hide-input"]
DRAWN = [pair for pair in PAIRS if pair[0] not in ("E10", "E11")]


def curves():
    """A panel a pair: the printed formula and the right one against the probability of the label."""
    x = torch.linspace(0.005, 0.995, 199, dtype=torch.float64)
    rest = ((1 - x) / 9)[:, None].expand(-1, 9)
    predictions, first = torch.cat([x[:, None], rest], 1), torch.zeros(len(x), dtype=torch.int64)
    figure, axes = plt.subplots(4, 3, figsize=(plots.WIDTH, plots.WIDTH * 1.1), sharex=True)
    for axis, (erratum, what, wrong, right) in zip(axes.flat, DRAWN, strict=True):
        ink = plt.rcParams["text.color"]
        axis.plot(x, formula(right)(predictions, first), color=ink, linestyle=(0, (4, 1.5)), label="right")
        axis.plot(x, formula(wrong)(predictions, first), color="#D55E00", label="as printed")
        axis.set_title(f"{erratum}  {what}", size=9)
        axis.tick_params(labelsize=8)
    figure.supxlabel("probability of the label", size=10)
    figure.supylabel("loss", size=10)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def slope_sign(name):
    """The sign of the change from p_y = 0.2 to p_y = 0.8, the rest shared evenly."""
    q = torch.tensor([[s] + [(1 - s) / 9] * 9 for s in (0.2, 0.8)], dtype=torch.float64)
    low, high = formula(name)(q, torch.zeros(2, dtype=torch.int64)).tolist()
    return np.sign(high - low)


rising = [f"{what} ({erratum})" for erratum, what, wrong, _ in DRAWN if slope_sign(wrong) > 0]
assert all(slope_sign(right) < 0 for *_, right in DRAWN)

Figure(
    curves,
    name="curves",
    caption="Each printed formula and the right one against the probability of the label, ten classes, the rest shared "
    "evenly. Where the printed curve rises, minimising it lowers the probability of the label.",
    alt=f"Twelve panels with two curves each. Every right curve falls from p_y = 0.2 to 0.8. Of the printed ones these "
    f"rise: {', '.join(rising)}.",
)

# %% [markdown]
# ## Closed forms and signs
#
# *What a lost subscript and a lost minus do: E1 to E5.*
#
# (erratum-e1)=
# ### E1: NCE as the logarithm of a product
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Soni, eq. 2
# $$\mathrm{NCE} = \log\frac{\prod_{k} p_k}{p_y}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NCE} = \frac{-\log p_y}{-\sum_{k}\log p_k} = \log_{\prod_k p_k} p_y$$
# :::
# ::::
#
# The right form is the logarithm of $p_y$ *to the base* of the product. With the base set beside the argument the
# quantity becomes $\sum_{k \ne y}\log p_k$, which any $p_k$ that goes to zero makes as negative as one likes.
#
# :::{prf:proposition} The gradient of E1
# :label: prop-e1-gradient
#
# The derivative of $\sum_{k \ne y}\log p_k$ with respect to the logit $z_i$ is $[i \ne y] - (K-1)\,p_i$. Descent raises
# the logit of the label and of every class $i$ with $p_i > 1/(K-1)$.
# :::
#
# :::{prf:proof}
# $\partial \log p_k / \partial z_i = [i = k] - p_i$. The sum over the $K - 1$ classes $k \ne y$ has $[i = k]$ once, if
# $i \ne y$, and $p_i$ once for each of them.
# :::
#
# So whichever class leads runs away from the others; that the label is favoured is one unit in the gradient.


# %%
def soni_nce(p, labels):
    return torch.log(p.prod(1) / picked(p, labels))


def rewards_sure_errors(loss):
    """The surer a wrong prediction is, the lower its loss, without end"""
    margins = torch.tensor([5.0, 10.0, 20.0], dtype=torch.float64)
    wrong = torch.softmax(margins[:, None] * F.one_hot(torch.tensor(1), 10), 1)
    sure, surer, surest = loss(wrong, torch.zeros(3, dtype=torch.int64))
    return bool(surer < sure - 10 and surest < surer - 10)


e1 = Erratum(
    "E1",
    rewards_sure_errors,
    {"the printed NCE": soni_nce},
    {"NCE": formula("nce")},
)
assert agrees(soni_nce, "soni-nce")
gradient = printed.logit_gradient(soni_nce, p, labels)
assert torch.allclose(gradient, 1 - one_hot(p, labels) - 9 * p)
e1

# %% [markdown]
# (erratum-e2)=
# ### E2: NCE as the logarithm of a sum
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Joshi
# $$\mathrm{NCE} = \log\frac{\sum_{k} p_k}{p_y}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NCE} = \frac{-\log p_y}{-\sum_{k}\log p_k}$$
# :::
# ::::
#
# Probabilities add up to one, so what is printed is $-\log p_y$: minimising it is training with cross-entropy. The ratio
# in the middle of the same line of the report is right, since its two missing signs cancel; only the closed form is not.


# %%
def joshi_nce(p, labels):
    return torch.log(p.sum(1) / picked(p, labels))


def is_cross_entropy(loss):
    """The loss is cross-entropy"""
    return torch.allclose(loss(p, labels), -picked(p, labels).log(), rtol=1e-12, atol=1e-15)


e2 = Erratum(
    "E2",
    is_cross_entropy,
    {"the printed NCE": joshi_nce},
    {"NCE": formula("nce")},
)
assert agrees(joshi_nce, "joshi-nce")
e2

# %% [markdown]
# (erratum-e3)=
# ### E3: NFL as a logarithm
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Soni, eq. 5; Joshi
# $$\begin{aligned}\mathrm{NFL} &= \log\frac{\prod_{k}(1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y} \\[1ex]
# \mathrm{NFL} &= \log\frac{\sum_{k}(1-p_k)^{\gamma}p_k}{(1-p_y)^{\gamma}p_y}\end{aligned}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NFL} = \frac{(1-p_y)^{\gamma}\log p_y}{\sum_{k}(1-p_k)^{\gamma}\log p_k}$$
# :::
# ::::
#
# Neither has a constant sum over the labels, which is what normalisation is for. Here a base of the logarithm would not
# mend it: $(1-p)^{\gamma}\log p$ is not the logarithm of $(1-p)^{\gamma}p$. The ratio of the latter logarithms does have
# the constant sum, but it is another loss, and it does not go to zero when the prediction becomes sure and right.
# Minimising Soni's form sends any class to certainty, as in [E1](#erratum-e1); Joshi's is a variant of cross-entropy.


# %%
def soni_nfl(p, labels, gamma=0.5):
    focal = (1 - p) ** gamma * p
    return torch.log(focal.prod(1) / picked(focal, labels))


def joshi_nfl(p, labels, gamma=0.5):
    focal = (1 - p) ** gamma * p
    return torch.log(focal.sum(1) / picked(focal, labels))


def with_a_base(p, labels, gamma=0.5):
    focal = torch.log((1 - p) ** gamma * p)
    return picked(focal, labels) / focal.sum(1)


def sum_varies(loss):
    """The sum over the labels changes with the prediction"""
    sums = printed.label_sum(loss, p)
    return bool(sums.max() - sums.min() > 1e-6)


e3 = Erratum(
    "E3",
    sum_varies,
    {"Soni's": soni_nfl, "Joshi's": joshi_nfl},
    {"NFL": formula("nfl")},
)
assert agrees(soni_nfl, "soni-nfl")
assert agrees(joshi_nfl, "joshi-nfl")

nearly_one = torch.tensor([[1 - 9e-9] + [1e-9] * 9], dtype=torch.float64)
first = torch.tensor([0])
assert not sum_varies(with_a_base)
assert formula("nfl")(nearly_one, first) < 1e-6 < 0.04 < with_a_base(nearly_one, first)
e3

# %% [markdown]
# (erratum-e4)=
# ### E4: the sign of NRCE
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Soni, eq. 4
# $$\mathrm{NRCE} = \frac{1}{A(K-1)}\,\mathrm{RCE}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NRCE} = \frac{\mathrm{RCE}}{-A(K-1)} = \frac{1-p_y}{K-1}$$
# :::
# ::::
#
# With $A = -4$ and $\mathrm{RCE} = -A(1-p_y)$, as the same report defines them, the sum over the labels is $-A(K-1)$. Without the minus
# the loss is $-(1-p_y)/(K-1)$, and minimising it sends $p_y$ to zero. Joshi prints the same factor, but his RCE lacks its
# own minus sign ([E5](#erratum-e5)), so that his NRCE comes out right.

# %%
A, K = -4.0, 10


def log_label(p, labels):
    return torch.where(one_hot(p, labels) == 1, 0.0, A)


def soni_nrce(p, labels):
    rce = -(p * log_label(p, labels)).sum(1)
    return rce / (A * (K - 1))


def joshi_nrce(p, labels):
    rce = (p * log_label(p, labels)).sum(1)
    return rce / (A * (K - 1))


def lowers_the_label(loss):
    """Descent lowers the logit of the label, whatever is predicted"""
    return bool((picked(printed.logit_gradient(loss, p, labels), labels) > 0).all())


e4 = Erratum(
    "E4",
    lowers_the_label,
    {"Soni's": soni_nrce},
    {"NRCE": formula("nrce"), "Joshi's": joshi_nrce},
)
assert agrees(soni_nrce, "soni-nrce")
assert agrees(joshi_nrce, "joshi-nrce")
e4

# %% [markdown]
# (erratum-e5)=
# ### E5: CE, RCE and FL without the minus
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Joshi
# $$\begin{aligned}\mathrm{CE} &= \textstyle\sum_k q_k\log p_k \\ \mathrm{RCE} &= \textstyle\sum_k p_k\log q_k \\
# \mathrm{FL} &= \textstyle\sum_k q_k(1-p_k)^{\gamma}\log p_k\end{aligned}$$
# :::
# :::{grid-item-card} Right
# $$\begin{aligned}\mathrm{CE} &= -\textstyle\sum_k q_k\log p_k \\ \mathrm{RCE} &= -\textstyle\sum_k p_k\log q_k \\
# \mathrm{FL} &= -\textstyle\sum_k q_k(1-p_k)^{\gamma}\log p_k\end{aligned}$$
# :::
# ::::
#
# Here $q$ is the one-hot label. Without the minus, minimising is maximising: the label is avoided, and for CE and FL
# without a bound. In the normalised losses of the same report the signs cancel.


# %%
def joshi_ce(p, labels):
    return (one_hot(p, labels) * p.log()).sum(1)


def joshi_rce(p, labels):
    return (p * log_label(p, labels)).sum(1)


def joshi_fl(p, labels, gamma=0.5):
    return (one_hot(p, labels) * (1 - p) ** gamma * p.log()).sum(1)


e5 = Erratum(
    "E5",
    lowers_the_label,
    {"the printed CE": joshi_ce, "RCE": joshi_rce, "FL": joshi_fl},
    {"CE": formula("ce"), "RCE": formula("rce"), "FL": formula("fl")},
)
for transcribed, name in ((joshi_ce, "joshi-ce"), (joshi_rce, "joshi-rce"), (joshi_fl, "joshi-fl")):
    assert agrees(transcribed, name)
e5

# %% [markdown]
# ## Other normalisations
#
# *Two reports normalise in a way of their own. What comes out is known under other names: E6 to E11.*
#
# (erratum-e6)=
# ### E6: NCE as an exponential
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Kathuria, eq. 3
# $$\mathrm{NCE} = 1 - e^{-\mathrm{CE}/T}, \quad T = 1$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NCE} = \frac{-\log p_y}{-\sum_{k}\log p_k}$$
# :::
# ::::
#
# :::{prf:proposition} What E6 is
# :label: prop-e6-gce
#
# $1 - e^{-\mathrm{CE}/T} = 1 - p_y^{1/T}$. This is $q\,\mathrm{GCE}_q$ at $q = 1/T$; at $T = 1$ it is
# $1 - p_y = \tfrac12\mathrm{MAE}$.
# :::
#
# :::{prf:proof}
# $e^{-\mathrm{CE}} = p_y$, hence $e^{-\mathrm{CE}/T} = p_y^{1/T}$, and $\mathrm{GCE}_q = (1 - p_y^q)/q$
# {cite}`zhang2018`.
# :::
#
# So the loss is not cross-entropy divided by its sum over the labels, but MAE, which is robust to symmetric noise in its
# own right. Minimising it does what MAE does: it learns slowly where $p_y$ is small.


# %%
def kathuria_nce(p, labels, T=1.0):
    ce = -picked(p, labels).log()
    return 1 - torch.exp(-ce / T)


def is_half_mae(loss):
    """The loss is half of MAE"""
    return torch.allclose(loss(p, labels), formula("mae")(p, labels) / 2, rtol=1e-12)


e6 = Erratum(
    "E6",
    is_half_mae,
    {"the printed NCE": kathuria_nce},
    {"NCE": formula("nce")},
)
for T in (1.0, 2.0, 10.0):
    at_T = partial(kathuria_nce, T=T)
    assert agrees(at_T, "gce", q=1 / T, scale=1 / T)
    assert agrees(at_T, "kathuria-nce", T=T)
e6

# %% [markdown]
# (erratum-e7)=
# ### E7: NCE and MAE as one function
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Kathuria, eqs 3, 5 and 6
# $$\begin{aligned}\mathrm{NCE} &+ \mathrm{MAE} \\ &= (1-p_y) + \tfrac{2}{K}(1-p_y)\end{aligned}$$
# :::
# :::{grid-item-card} Right
# $$\begin{aligned}\mathrm{NCE} &+ \mathrm{MAE} \\ &= \frac{\log p_y}{\sum_{k}\log p_k} + 2(1-p_y)\end{aligned}$$
# :::
# ::::
#
# With both weights at one, as stated, the sum is $1 + 2/K$ times its first term: 1.2 times at ten classes. The active and
# the passive term are the same function, so there is nothing for them to add to each other. An optimiser like AdamW,
# which that report uses, divides by the size of the gradient, and a constant factor drops out up to its small constant
# in the denominator. The formulas as printed therefore cannot explain why one of the two performs well and the other
# poorly there.


# %%
def kathuria_mae(p, labels):
    return (one_hot(p, labels) - p).abs().sum(1) / p.shape[1]


def kathuria_apl(p, labels):
    return kathuria_nce(p, labels) + kathuria_mae(p, labels)


def is_a_multiple(pair):
    """The sum is a constant times its active term"""
    total, active = pair
    ratio = total(p, labels) / active(p, labels)
    return bool(ratio.max() - ratio.min() < 1e-12)


e7 = Erratum(
    "E7",
    is_a_multiple,
    {"the printed NCE+MAE": (kathuria_apl, kathuria_nce)},
    {"NCE+MAE": (formula("nce+mae"), formula("nce"))},
)
assert agrees(kathuria_apl, "kathuria-nce+kathuria-mae")
e7

# %% tags=["hide-input"]
generator = torch.Generator().manual_seed(12)
many = torch.softmax(4 * torch.randn(10_000, 10, generator=generator, dtype=torch.float64), 1)
any_label = torch.randint(10, (10_000,), generator=generator)
half = kathuria_nce(many, any_label) / formula("mae")(many, any_label)
factor = kathuria_apl(many, any_label) / kathuria_nce(many, any_label)
TOLERANCE = 1e-9
holds = bool((half - 0.5).abs().max() < TOLERANCE and (factor - 1.2).abs().max() < TOLERANCE)

Verdict(
    "C12",
    "held" if holds else "did not hold",
    f"As printed by Kathuria, at $T = 1$ and ten classes, NCE is {half.mean().item():.3g} of MAE and APL-NCE-MAE is "
    f"{factor.mean().item():.3g} of NCE, on each of {len(many):,} random predictions (tolerance {number(TOLERANCE)}). This is the mathematical part of the claim; "
    f"that training with the two does not differ is for records to say.",
)

# %% [markdown]
# (erratum-e8)=
# ### E8: NFL as an exponential
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Kathuria, eq. 4
# $$\mathrm{NFL} = 1 - e^{-\mathrm{FL}/T} = 1 - p_y^{(1-p_y)^{\gamma}/T}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NFL} = \frac{(1-p_y)^{\gamma}\log p_y}{\sum_{k}(1-p_k)^{\gamma}\log p_k}$$
# :::
# ::::
#
# The values do lie between 0 and 1, but their sum over the labels depends on the prediction, and it is the constant sum
# that the proof of robustness needs. Minimising it leads to the label; with the stated $\gamma = 2$ the slope fades long
# before that, much sooner than with cross-entropy, whose slope never falls below one.


# %%
def kathuria_nfl(p, labels, gamma=2.0, T=1.0):
    p_y = picked(p, labels)
    focal = -((1 - p_y) ** gamma) * p_y.log()
    return 1 - torch.exp(-focal / T)


e8 = Erratum(
    "E8",
    sum_varies,
    {"the printed NFL": kathuria_nfl},
    {"NFL": formula("nfl", gamma=2.0)},
)
assert agrees(kathuria_nfl, "kathuria-nfl")
assert ((kathuria_nfl(many, any_label) >= 0) & (kathuria_nfl(many, any_label) < 1)).all()
e8

# %% tags=["remove-input"]
vertex, pair_of_classes = torch.full((1, 10), 1e-9).double(), torch.full((1, 10), 1e-9).double()
vertex[0, 0], pair_of_classes[0, :2] = 1 - 9e-9, 0.5 - 4e-9
sums = printed.label_sum(kathuria_nfl, torch.cat([torch.full((1, 10), 0.1).double(), vertex, pair_of_classes]))


def slope(loss, p_y):
    """dL/dp_y, the rest shared evenly, where the loss is a function of p_y alone."""
    x = torch.tensor([p_y], dtype=torch.float64, requires_grad=True)
    row = torch.cat([x, ((1 - x) / 9).expand(9)])[None]
    return torch.autograd.grad(loss(row, first).sum(), x)[0].item()


Prose(
    f"The sum over the ten labels is {sums[0]:.3f} for a uniform prediction, {sums[1]:.3f} for a certain one and "
    f"{sums[2]:.3f} for one shared by two classes. The slope in $p_y$ is {number(slope(kathuria_nfl, 0.9))} at "
    f"$p_y = 0.9$ and {number(slope(kathuria_nfl, 0.99))} at 0.99, where that of cross-entropy is "
    f"{number(slope(formula('ce'), 0.9))} and {number(slope(formula('ce'), 0.99))}."
)

# %% [markdown]
# (erratum-e9)=
# ### E9: MAE as a mean
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Kathuria, eq. 5
# $$\begin{aligned}\mathrm{MAE} &= \tfrac1K\textstyle\sum_{k}\lvert q_k-p_k\rvert \\ &= \tfrac{2}{K}(1-p_y)\end{aligned}$$
# :::
# :::{grid-item-card} Right
# $$\begin{aligned}\mathrm{MAE} &= \textstyle\sum_{k}\lvert q_k-p_k\rvert \\ &= 2(1-p_y)\end{aligned}$$
# :::
# ::::
#
# Alone, the factor only rescales the loss. In a sum it is a weight: at ten classes $\beta = 1$ here is $\beta = 0.1$ with
# the other MAE, and the passive term fades as the classes become more. The minimiser is the same.


# %%
def mae(p, labels):
    return (one_hot(p, labels) - p).abs().sum(1)


def shrinks_with_classes(loss):
    """At one and the same probability of the label the loss is smaller the more classes there are"""
    few, more = (torch.tensor([[0.5] + [0.5 / (c - 1)] * (c - 1)], dtype=torch.float64) for c in (10, 100))
    return bool(loss(more, first) < loss(few, first) - 1e-9)


e9 = Erratum(
    "E9",
    shrinks_with_classes,
    {"the printed MAE": kathuria_mae},
    {"MAE": mae},
)
assert agrees(kathuria_mae, "kathuria-mae")
assert agrees(mae, "mae")
assert torch.allclose(kathuria_mae(p, labels), 0.1 * mae(p, labels))
e9

# %% [markdown]
# (erratum-e10)=
# ### E10: cross-entropy over the entropy of the labels
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Krishnan, section 2.3
# $$\mathrm{NCE} = \frac{-\frac1N\sum_{i}\log p_{y_i}}{-\sum_{c}f_c\log f_c}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NCE} = \frac1N\sum_{i}\frac{-\log p_{y_i}}{-\sum_{k}\log p_{ik}}$$
# :::
# ::::
#
# Here $f_c$ is the share of label $c$ in the batch of $N$ samples.
#
# :::{prf:proposition} What E10 is
# :label: prop-e10-ce
#
# The gradient of the printed loss with respect to the predictions is that of the mean cross-entropy of the batch, divided
# by the entropy $H(f)$ of its labels.
# :::
#
# :::{prf:proof}
# The denominator $H(f)$ depends on the labels alone, hence is a constant to the derivative.
# :::
#
# So minimising it is training with cross-entropy at a step size that varies a little from batch to batch. It has no
# constant sum, it is not bounded by one, and a batch with a single label divides by zero.


# %%
def krishnan_nce(p, labels):
    shares = one_hot(p, labels).mean(0)
    entropy = -(shares[shares > 0] * shares[shares > 0].log()).sum()
    return -picked(p, labels).log().mean() / entropy


def follows_cross_entropy(loss):
    """The gradient is that of cross-entropy times one number"""
    ratio = printed.logit_gradient(loss, p, labels)
    ratio = ratio / printed.logit_gradient(formula("ce"), p, labels)
    return bool(ratio.max() - ratio.min() < 1e-9)


e10 = Erratum(
    "E10",
    follows_cross_entropy,
    {"the printed NCE": krishnan_nce},
    {"NCE": formula("nce")},
)
assert torch.allclose(krishnan_nce(p, labels), formula("krishnan-nce")(p, labels).mean())
assert krishnan_nce(p.roll(1, 0), labels) > 1  # not within [0, 1]
assert not krishnan_nce(p, torch.zeros_like(labels)).isfinite()  # one label only
e10

# %% tags=["hide-input"]
SHARE, spread = 1e-6, []
for start in range(0, 10_000, 125):
    batch, given = many[start : start + 125], any_label[start : start + 125]
    ours = printed.logit_gradient(krishnan_nce, batch, given)
    theirs = printed.logit_gradient(formula("ce"), batch, given) / len(batch)
    shares = given.bincount(minlength=10) / len(given)
    # Entry by entry, where the gradient is large enough for a ratio to mean something.
    ratio = (ours / theirs)[theirs.abs() > 1e-6] * torch.special.entr(shares.double()).sum()
    spread.append((ratio - 1).abs().max().item())

Verdict(
    "C13",
    "held" if max(spread) < SHARE else "did not hold",
    f"In {len(spread)} random batches of 125 every entry of the gradient of Krishnan's NCE, times the entropy of the "
    f"labels, is that of cross-entropy (relative tolerance {number(SHARE)}). So the loss is as robust as cross-entropy, "
    f"which lacks the constant sum. This is the mathematical part of the claim; training is for records to say.",
)

# %% tags=["remove-input"]
draws = np.random.default_rng(10)


def label_entropies(size):
    """The entropy of the labels of 20,000 batches of ten equally frequent classes."""
    shares = torch.as_tensor(draws.multinomial(size, [0.1] * 10, 20_000) / size)
    return torch.special.entr(shares).sum(1)


large, small = label_entropies(128), label_entropies(32)
Prose(
    f"For ten equally frequent classes $H(f)$ is {large.mean():.3f} ± {large.std():.3f} in batches of 128 and "
    f"{small.mean():.3f} ± {small.std():.3f} in batches of 32, a variation of {100 * large.std() / large.mean():.2f} % and "
    f"{100 * small.std() / small.mean():.1f} %. A sample with $p_y = 0.01$ has the loss "
    f"{-math.log(0.01) / large.mean():.2f}, one with $p_y = 0.0001$ the loss {-math.log(1e-4) / large.mean():.2f}. A batch "
    f"of four has a single label with probability {10 ** (1 - 4):g}."
)

# %% [markdown]
# (erratum-e11)=
# ### E11: focal weights that add up to one
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Krishnan, section 2.3
# $$\begin{gathered}\mathrm{NFL} = \frac{-\sum_{i}w_i\log p_{y_i}}{\sum_{i}w_i} \\ w_i = (1-p_{y_i})^{\gamma}\end{gathered}$$
# :::
# :::{grid-item-card} Right
# $$\mathrm{NFL} = \frac1N\sum_{i}\frac{(1-p_{y_i})^{\gamma}\log p_{y_i}}{\sum_{k}(1-p_{ik})^{\gamma}\log p_{ik}}$$
# :::
# ::::
#
# This is a mean of cross-entropy over the batch in which hard samples count more. With noisy labels the hard samples are
# above all the mislabelled ones.
#
# :::{prf:proposition} What E11 does
# :label: prop-e11-krishnan
#
# Let $L$ be the printed loss of a batch, $0 < p_{y_i} < 1$ and $\gamma > 0$.
#
# 1. $L$ is at least the mean cross-entropy of the batch.
# 2. With the weights differentiated, as the formula stands, $\partial L/\partial p_{y_i}$ has the sign of
#
#    $$\gamma\,(L + \log p_{y_i}) - \frac{1-p_{y_i}}{p_{y_i}}.$$
#
#    Above one threshold, which is below 1 whatever the batch, descent lowers the probability of a label that is predicted
#    well.
# :::
#
# :::{prf:proof}
# For 1, order the samples by $p_{y_i}$: weights and cross-entropies fall together, so by Chebyshev's sum inequality their
# weighted mean is at least the plain one. For 2, write $c = -\log p$ and $W = \sum_i w_i$. Then
# $\partial L/\partial p = [w'(c - L) + w c']/W$ with $w' = -\gamma(1-p)^{\gamma-1}$ and $c' = -1/p$. Dividing by
# $(1-p)^{\gamma-1}/W > 0$ leaves the expression. At fixed $L$ its first part rises with $p$, its second part falls, so
# that it changes sign once; at $p \to 1$ it is $\gamma L > 0$.
# :::
#
# Whether the weights were differentiated in that report's code, and what $\gamma$ was, is not stated; both common values, 0.5
# and 2, are checked. With weights held constant, part 2 does not apply.


# %%
def krishnan_nfl(p, labels, gamma=2.0):
    p_y = picked(p, labels)
    weight = (1 - p_y) ** gamma
    return -(weight * p_y.log()).sum() / weight.sum()


nine_and_one = torch.tensor([[0.9]] * 9 + [[0.01]], dtype=torch.float64)
nine_and_one = torch.cat([nine_and_one, ((1 - nine_and_one) / 9).expand(-1, 9)], 1)
zeros = torch.zeros(10, dtype=torch.int64)


def lowers_easy_labels(loss):
    """Beside one hard sample, descent lowers the labels of nine samples with $p_y = 0.9$"""
    return bool((printed.logit_gradient(loss, nine_and_one, zeros)[:9, 0] > 0).all())


e11 = Erratum(
    "E11",
    lowers_easy_labels,
    {"the printed NFL": krishnan_nfl, "the same with $\\gamma = 0.5$": formula("krishnan-nfl")},
    {
        "NFL": formula("nfl"),
        "FL": formula("fl"),
        "the printed NFL with constant weights": formula("krishnan-nfl-detached"),
    },
)
for gamma in (0.5, 2.0):
    nfl, ours = partial(krishnan_nfl, gamma=gamma), formula("krishnan-nfl", gamma=gamma)
    assert torch.allclose(nfl(p, labels), ours(p, labels).mean())
    for start in range(0, 10_000, 125):
        batch, given = many[start : start + 125], any_label[start : start + 125]
        p_y, loss = picked(batch, given), nfl(batch, given)
        assert loss >= -p_y.log().mean()  # part 1
        sign = gamma * (loss + p_y.log()) - (1 - p_y) / p_y
        # dL/dz_y = p_y (1 - p_y) dL/dp_y has the same sign; rounding decides where both are nearly 0.
        gradient = picked(printed.logit_gradient(nfl, batch, given), given)
        clear = (gradient.abs() > 1e-12) & (sign.abs() > 1e-6)
        assert clear.double().mean() > 0.5
        assert ((sign > 0) == (gradient > 0))[clear].all()  # part 2
e11


# %% tags=["remove-input"]
def threshold(loss, gamma):
    """The p_y above which descent lowers the label, for a batch with that loss."""
    return brentq(lambda x: gamma * (loss + math.log(x)) - (1 - x) / x, 1e-6, 1 - 1e-12)


Prose(
    f"In a batch whose loss is 1.2 the threshold is {threshold(1.2, 2):.2f} at $\\gamma = 2$ and {threshold(1.2, 0.5):.2f} at "
    f"0.5; in one whose loss is $\\log 10$, that of uniform predictions, {threshold(math.log(10), 2):.2f} and "
    f"{threshold(math.log(10), 0.5):.2f}. Below are random batches of 64 in which $p_y$ is uniform between 0 and 1."
)

# %% tags=["hide-input"]
BINS = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]


def gradients(loss, gamma, batches=200, size=64):
    """p_y of random samples, the rest shared evenly, and the gradients of the loss of their batch, (batches * 64, 10)."""
    x = torch.rand(batches * size, 1, generator=torch.Generator().manual_seed(11), dtype=torch.float64)
    q = torch.cat([x, ((1 - x) / 9).expand(-1, 9)], 1)
    given = torch.zeros(size, dtype=torch.int64)
    loss = formula(loss, gamma=gamma)
    return x[:, 0], torch.cat([printed.logit_gradient(loss, batch, given) for batch in q.split(size)])


def bins(gamma):
    """Per bin of p_y, in per cent: the samples, those whose label descent lowers, and the share of the gradient."""
    x, krishnan = gradients("krishnan-nfl", gamma)
    _, right = gradients("nfl", gamma)
    index = torch.bucketize(x, torch.tensor(BINS[1:-1], dtype=torch.float64))
    members = [index == b for b in range(len(BINS) - 1)]

    def share(gradient):
        size = gradient.abs().sum(1)
        return [100 * (size[m].sum() / size.sum()).item() for m in members]

    return pd.DataFrame(
        {
            "samples": [100 * m.double().mean().item() for m in members],
            "lowered": [100 * (krishnan[m, 0] > 0).double().mean().item() for m in members],
            "gradient": share(krishnan),
            "gradient, NFL": share(right),
        }
    )


by_gamma = {gamma: bins(gamma) for gamma in (0.5, 2.0)}
columns = {"samples": by_gamma[0.5]["samples"]}
for gamma, frame in by_gamma.items():
    columns |= {f"{name}, $\\gamma = {gamma:g}$": frame[name] for name in frame.columns[1:]}
by_bin = pd.DataFrame(columns).map("{:.1f}".format)
by_bin.insert(0, "value of $p_y$", [f"{a:g}\u00a0to\u00a0{b:g}" for a, b in itertools.pairwise(BINS)])
Table(
    by_bin,
    name="krishnan-bins",
    caption="Krishnan's NFL with its weights differentiated, by the probability of the label, in per cent: the samples, those "
    "of them whose label descent makes less probable, and their share of the gradient (sum of absolute values in the "
    "logits), beside their share under NFL; 200 random batches of 64.",
)

# %% tags=["hide-input"]
weight = (1 - nine_and_one[:, 0]) ** 2
low, high = 0, len(BINS) - 2
lowers = all(frame["lowered"][high] == 100 and frame["lowered"][low] == 0 for frame in by_gamma.values())
heavier = all(frame["gradient"][low] > frame["gradient, NFL"][low] for frame in by_gamma.values())
half_each, two_each = (
    f"{frame['gradient'][low]:.1f} % of the gradient against {frame['gradient, NFL'][low]:.1f} % under NFL"
    for frame in by_gamma.values()
)
Verdict(
    "C14",
    "held" if lowers and heavier else "partly" if lowers or heavier else "did not hold",
    f"As printed by Krishnan, with the weights differentiated, samples whose label has a probability below 0.1 have "
    f"{half_each} at $\\gamma = 0.5$, and {two_each} at 2; descent lowers the label of "
    f"{by_gamma[0.5]['lowered'][high]:.0f} % of the samples above 0.9. Beside nine samples at 0.9 a single one at 0.01 has "
    f"{100 * (weight[-1] / weight.sum()).item():.1f} % of the weight at $\\gamma = 2$. With constant weights no label is "
    f"lowered. This is the mathematical part of the claim; how much of the gradient falls to mislabelled samples in "
    f"training is for records to say.",
)

# %% [markdown]
# ## Definitions, weights and indices
#
# *Where no loss is wrong, but a definition, a weight or an index is: E12 to E17.*
#
# (erratum-e12)=
# ### E12: the definition of active and passive
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Joshi
# A loss is active if
#
# $$\sum_{k \ne y} f(x)_k = 0$$
# :::
# :::{grid-item-card} Right (Soni, section 4.2)
# A loss is active if
#
# $$\ell(f(x), k) = 0 \ \text{ for all } k \ne y$$
# :::
# ::::
#
# The loss is written as a sum of terms, $L(f(x), y) = \sum_k \ell(f(x), k)$, and the definition is about the terms. As
# printed it is about the network's output, for which $\sum_{k \ne y} p_k = 1 - p_y$ is above zero with any softmax, so
# that every loss is passive. A sum that is zero would also be less than terms that are zero each.

# %%
TERMS = {
    "CE": ("active", lambda p, labels: -one_hot(p, labels) * p.log()),
    "NCE": ("active", lambda p, labels: one_hot(p, labels) * p.log() / p.log().sum(1, keepdim=True)),
    "MAE": ("passive", lambda p, labels: (p - one_hot(p, labels)).abs()),
    "RCE": ("passive", lambda p, labels: -p * log_label(p, labels)),
}


def others(values):
    """The entries of the classes that are not the label."""
    return values[one_hot(values, labels) == 0].reshape(len(labels), -1)


def joshi_definition(terms):
    return "active" if (others(p).sum(1) == 0).all() else "passive"


def definition(terms):
    return "active" if (others(terms(p, labels)) == 0).all() else "passive"


def gives_one_kind(definition):
    """The definition gives all of CE, NCE, MAE and RCE the same kind"""
    return len({definition(terms) for _, terms in TERMS.values()}) == 1


e12 = Erratum(
    "E12",
    gives_one_kind,
    {"the printed definition": joshi_definition},
    {"the definition by terms": definition},
)
for name, (kind, terms) in TERMS.items():
    assert definition(terms) == kind
    assert torch.allclose(terms(p, labels).sum(1), formula(name.lower())(p, labels))
e12

# %% [markdown]
# (erratum-e13)=
# ### E13: what active and passive mean
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As described
# A passive loss does not push predictions towards particular labels (Krishnan, section 2.4) and has no strong penalties
# far from the wrong ones (Kathuria, section 5.2); an active one attends to the labelled class only (Soni, section 4.2, in
# words).
# :::
# :::{grid-item-card} Right
# The kind is a matter of explicit terms. MAE $= 2(1-p_y)$ is a function of $p_y$ alone and raises the label; NCE, which
# is active, depends on the other classes through its denominator.
# :::
# ::::
#
# As properties of the function the descriptions point the wrong way for NCE and MAE. The split depends on how a loss is
# written, and is useful as a recipe for sums rather than as a law.


# %%
def total(terms):
    return lambda p, labels: terms(p, labels).sum(1)


def by_push(terms):
    """Passive if it does not raise the label."""
    raised = picked(printed.logit_gradient(total(terms), p, labels), labels) < 0
    return "active" if raised.all() else "passive"


even = torch.tensor([[0.5] + [0.5 / 9] * 9], dtype=torch.float64)
peaked = torch.tensor([[0.5, 0.5 - 8e-4] + [1e-4] * 8], dtype=torch.float64)


def by_attention(terms):
    """Active if the loss does not change while p_y stays the same."""
    return "active" if torch.isclose(total(terms)(even, first), total(terms)(peaked, first)).all() else "passive"


def misjudges(description):
    """The description gives some of CE, NCE, MAE and RCE the wrong kind"""
    return any(description(terms) != kind for kind, terms in TERMS.values())


e13 = Erratum(
    "E13",
    misjudges,
    {"telling the kind by the push on the label": by_push, "by attention to the label alone": by_attention},
    {"telling it by the terms": definition},
)
assert by_push(TERMS["MAE"][1]) == "active"
assert by_attention(TERMS["NCE"][1]) == "passive"
e13

# %% tags=["remove-input"]
Prose(
    f"At $p_y = 0.5$ NCE is {formula('nce')(even, first).item():.4f} if the rest is shared evenly and "
    f"{formula('nce')(peaked, first).item():.4f} if nearly all of it falls to one class; MAE is "
    f"{formula('mae')(even, first).item():.4f} and {formula('mae')(peaked, first).item():.4f}."
)

# %% [markdown]
# (erratum-e14)=
# ### E14: one weight or two
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Krishnan, section 2.4
# $$L = \lambda L_A + (1-\lambda)L_P, \quad \lambda \in [0, 1]$$
# :::
# :::{grid-item-card} Right
# $$L = \alpha L_A + \beta L_P, \quad \alpha, \beta > 0$$
# :::
# ::::
#
# $\lambda = 0.6$ is $\alpha/\beta = 1.5$ with weights that add up to one. The family admits the pure losses, which
# $\alpha, \beta > 0$ does not, and it cannot reach the weights $1, 1$. Whether that matters depends on the optimiser:
# under plain SGD the missing scale is a step size, as the cell shows with a step longer by 2.5.

# %%
grid = [i / 20 for i in range(21)]


def misses_one_and_one(family):
    """No member of the family has both weights equal to 1"""
    return (1.0, 1.0) not in family


e14 = Erratum(
    "E14",
    misses_one_and_one,
    {"the printed family": [(weight, 1 - weight) for weight in grid]},
    {"two free weights": [(alpha, beta) for alpha in grid[1:] for beta in grid[1:]]},
)


def after_sgd(rate, alpha, beta):
    """Logits after 50 steps of SGD with momentum from the five predictions."""
    logits = p.log().clone().requires_grad_()
    loss = make_loss("nce+mae", alpha=alpha, beta=beta)
    optimiser = torch.optim.SGD([logits], lr=rate, momentum=0.9)
    for _ in range(50):
        optimiser.zero_grad()
        loss(logits, labels).backward()
        optimiser.step()
    return logits.detach()


assert torch.allclose(after_sgd(0.25, 0.6, 0.4), after_sgd(0.1, 1.5, 1.0), atol=1e-10)
assert not torch.allclose(after_sgd(0.1, 0.6, 0.4), after_sgd(0.1, 1.5, 1.0), atol=1e-3)
e14

# %% [markdown]
# (erratum-e15)=
# ### E15: three weights for one loss
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Joshi
# $L = L_A + L_P$ without weights; then $\alpha = 5,\ \beta = 1$ for CIFAR-10 in Table 3; then $\alpha = \beta = 1$ "as
# mentioned in the paper".
# :::
# :::{grid-item-card} Right
# One setting. The released code {cite}`ma2020code` has $\alpha = \beta = 1$ on CIFAR-10, with MAE as $1-p_y$.
# :::
# ::::
#
# The two settings are different losses, not one loss at two scales, so their minimisers under noise need not agree.


# %%
def contradicts_itself(settings):
    """The settings do not give one loss, not even up to a constant factor"""
    losses = [formula("nce+mae", alpha=alpha, beta=beta)(p, labels) for alpha, beta in settings]
    ratios = torch.stack([loss / losses[0] for loss in losses])
    return bool((ratios.max(1).values - ratios.min(1).values > 1e-9).any())


e15 = Erratum(
    "E15",
    contradicts_itself,
    {"the printed settings": [(1, 1), (5, 1), (1, 1)]},
    {"a single setting": [(1, 1)]},
)
assert not contradicts_itself([(1, 1), (5, 5)])  # a common factor is no contradiction
e15

# %% [markdown]
# (erratum-e16)=
# ### E16: the matrix of symmetric noise
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Joshi
# $$\eta_{jk} = \begin{cases}1-\eta & k = j \\ \eta K - 1 & k \ne j\end{cases}$$
# :::
# :::{grid-item-card} Right
# $$\eta_{jk} = \begin{cases}1-\eta & k = j \\ \dfrac{\eta}{K-1} & k \ne j\end{cases}$$
# :::
# ::::
#
# A fraction bar was lost. The entries are then in general no probabilities, and the rows add up to one for a single rate only,
# $\eta = (K-1)/(K^2-K-1)$. In its first occurrence the formula also has $\eta_{ik}$ on the left where $j$ is meant.


# %%
def joshi_matrix(eta):
    return np.where(np.eye(10) == 1, 1 - eta, eta * 10 - 1)


def is_no_distribution(matrix):
    """At every one of the rates 0.05, 0.2, 0.4, 0.6 and 0.8 the rows are not distributions"""
    matrices = [matrix(eta) for eta in (0.05, 0.2, 0.4, 0.6, 0.8)]
    return not any(np.allclose(m.sum(1), 1) and (m >= 0).all() for m in matrices)


e16 = Erratum(
    "E16",
    is_no_distribution,
    {"the printed matrix": joshi_matrix},
    {"the matrix": lambda eta: transition_matrix("symmetric", eta)},
)
assert np.allclose(joshi_matrix(9 / 89).sum(1), 1)  # (K - 1) / (K^2 - K - 1) at K = 10
e16

# %% tags=["remove-input"]
Prose(
    f"Off the diagonal the printed matrix has {number(joshi_matrix(0.05)[0, 1])} at $\\eta = 0.05$ and "
    f"{number(joshi_matrix(0.4)[0, 1])} at 0.4, where the right one has "
    f"{number(transition_matrix('symmetric', 0.05)[0, 1])} and {number(transition_matrix('symmetric', 0.4)[0, 1])}."
)

# %% [markdown]
# (erratum-e17)=
# ### E17: indices
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed
# $$\begin{gathered}\textstyle\sum_{i=1}^{K} L(f(x), j) = C \\ \eta_{jk} < 1-\eta_y\end{gathered}$$
#
# Soni has the first in section 2.1 and in eq. 4, Joshi in the denominators of NMAE and NRCE; both have the second in
# Lemma 2. Joshi also writes that CE is zero "once $q(k{=}y\mid x) = 1$".
# :::
# :::{grid-item-card} Right
# $$\begin{gathered}\textstyle\sum_{j=1}^{K} L(f(x), j) = C \\ \eta_{yk} < 1-\eta_y, \quad k \ne y\end{gathered}$$
#
# CE is zero once $p_y = 1$: $q$ is the label, and $q_y = 1$ always.
# :::
# ::::
#
# Slips of the pen, and the sense is clear. Read as they stand, the first is $K$ copies of one label's loss; a loss divided
# by that is the constant $1/K$, which nothing can minimise. The second compares the rows of different classes.


# %%
def sum_over_i(p):
    return sum(mae(p, labels) for _ in range(10))


def sum_over_j(p):
    return printed.label_sum(mae, p)


def is_not_constant(label_sum):
    """The sum that should be constant changes with the prediction, even for MAE"""
    sums = label_sum(p)
    return bool(sums.max() - sums.min() > 1e-6)


e17 = Erratum(
    "E17",
    is_not_constant,
    {"the sum over i": sum_over_i},
    {"the sum over j": sum_over_j},
)
assert torch.allclose(mae(p, labels) / sum_over_i(p), torch.tensor(0.1).double())
assert (-picked(p, labels).log() > 0).all()  # CE is above zero, although q_y = 1
e17


# %% [markdown]
# For the second slip a matrix with two noisy rows is enough: in each of them the true label is the most frequent one, but
# one row is noisier than the other.

# %%
uneven = np.eye(10)
uneven[0] = [0.3] + [0.7 / 9] * 9
uneven[1, 1], uneven[1, 2] = 0.6, 0.4


def compares_rows(matrix):
    return all(matrix[j, k] < matrix[y, y] for y in range(10) for j in range(10) for k in range(10) if k != j)


def stays_in_a_row(matrix):
    return all(matrix[y, k] < matrix[y, y] for y in range(10) for k in range(10) if k != y)


def rejects_what_it_should_admit(condition):
    """The condition rejects a matrix in which every true label is the most frequent one of its row"""
    assert (uneven.argmax(1) == np.arange(10)).all()
    assert np.allclose(uneven.sum(1), 1)
    return not condition(uneven)


e17_lemma = Erratum(
    "E17",
    rejects_what_it_should_admit,
    {"the printed condition": compares_rows},
    {"the condition": stays_in_a_row},
)
e17_lemma

# %% [markdown]
# ## Scale and precision
#
# *One name with several weights, and a logarithm that half precision cannot take: E18 and E19.*
#
# (erratum-e18)=
# ### E18: what a weight of one means
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed
# "NCE+MAE" and "NCE+RCE" at $\alpha = \beta = 1$, in every source with a scale of its own.
# :::
# :::{grid-item-card} Right
# Name the slope of the passive part, $-\mathrm{d}L/\mathrm{d}p_y$; at equal slope NCE+MAE and NCE+RCE are one function.
# :::
# ::::
#
# MAE is $2(1-p_y)$ as Soni and Joshi print it, $1-p_y$ in the released code, $\tfrac{2}{K}(1-p_y)$ in Kathuria. RCE is
# $-A(1-p_y)$ with $A = -4$ or, in the released code, $A = \ln 10^{-4}$. The code of its NRCE reads `1/4*(K-1)`, which is
# evaluated from the left, where one over $4(K-1)$ is meant. Two of these under one name are two experiments.

# %%
A_CODE = math.log(1e-4)
PASSIVE = {
    "MAE, Soni and Joshi": make_loss("mae"),
    "MAE, released code": make_loss("mae", scale=0.5),
    "MAE, Kathuria": make_loss("kathuria-mae"),
    "RCE, $A = -4$": make_loss("rce"),
    "RCE, released code": make_loss("rce", A=A_CODE),
}


def slopes_differ(losses):
    """At weight 1 the passive parts have different slopes"""
    slopes = [loss.passive_slope for loss in losses]
    return max(slopes) - min(slopes) > 1e-9


rescaled = [
    make_loss("mae", scale=0.5),
    make_loss("kathuria-mae", scale=5.0),
    make_loss("rce", scale=0.25),
    make_loss("rce", A=A_CODE, scale=-1 / A_CODE),
]
e18 = Erratum(
    "E18",
    slopes_differ,
    {"the five as they stand": list(PASSIVE.values())},
    {"the same at one slope": rescaled},
)
for loss in rescaled:
    assert torch.allclose(loss.per_sample(p.log(), labels), 1 - picked(p, labels), rtol=1e-9)
assert 1 / 4 * (10 - 1) == 2.25
assert math.isclose(1 / (4 * (10 - 1)), 1 / 36)
assert math.isclose(make_loss("ma2020-nrce").passive_slope, 2.25 * -A_CODE)
e18

# %% tags=["hide-input"]
rows = [(name, number(loss.passive_slope), number(loss.passive_slope / 2)) for name, loss in PASSIVE.items()]
rows += [
    ("NMAE and NRCE", *(number(make_loss("nrce").passive_slope / d) for d in (1, 2))),
    ("NRCE, released code", *(number(make_loss("ma2020-nrce").passive_slope / d) for d in (1, 2))),
]
Table(
    pd.DataFrame(rows, columns=["term at weight 1", "slope", "in units of $2(1-p_y)$"]),
    name="scales",
    caption="The slope $-\\mathrm{d}L/\\mathrm{d}p_y$ of a passive term with weight 1, by source, at $K = 10$.",
)

# %% [markdown]
# (erratum-e19)=
# ### E19: a small constant inside the logarithm
#
# ::::{grid} 1 1 2 2
# :::{grid-item-card} As printed: Chheda, Algorithm 1
# $$\frac{-\log(p_y + \epsilon)}{-\sum_k\log(p_k + \epsilon)}$$
# :::
# :::{grid-item-card} Right
# $$\frac{-\log p_y}{-\sum_k\log p_k}$$
#
# with $\log p$ as one function of the logits, in float32.
# :::
# ::::
#
# The report does not state $\epsilon$. A usual value such as $10^{-8}$ is zero in half precision, so that a probability that rounds to zero has an
# infinite loss; after that a network holds NaN, and the argmax of NaN is class 0, which is 10 % of a balanced test set.
# In full precision the constant makes the loss of a certain prediction slightly negative and takes the gradient away from
# samples with $p_y$ below it.
#
# Soni trains with mixed precision, and this is the combination to beware of, but with one reservation: within torch's
# autocast for CUDA, softmax and logarithm are evaluated in float32
# ([list of operations](https://docs.pytorch.org/docs/stable/amp.html#cuda-ops-that-can-autocast-to-float32)), so that the
# fault strikes where tensors are made half precision explicitly, or under autocast on the CPU, not there.

# %%
EPSILON = 1e-8  # the report does not state it; this is the value that nlr.losses chose


def chheda_nce(p, labels):
    log_p = torch.log(p + EPSILON)
    return picked(log_p, labels) / log_p.sum(1)


def with_epsilon(logits):
    return torch.log(torch.softmax(logits, 1) + EPSILON)


def log_softmax(logits):
    return torch.log_softmax(logits.float(), 1)


far = torch.zeros(1, 10, dtype=torch.float16)
far[0, 0] = 30


def is_infinite_in_half(log_probability):
    """With logits in half precision, 30 apart, a logarithm is infinite"""
    return not log_probability(far).isfinite().all()


e19 = Erratum(
    "E19",
    is_infinite_in_half,
    {"the printed logarithm": with_epsilon},
    {"log-softmax in float32": log_softmax},
)

assert agrees(chheda_nce, "chheda-nce")
assert torch.tensor(EPSILON, dtype=torch.float16) == 0
with torch.autocast("cpu", dtype=torch.float16):
    assert torch.softmax(torch.ones(1, 2) @ torch.ones(2, 10), 1).dtype == torch.float16
nan_logits = torch.tensor([math.nan] * 10)
assert nan_logits.argmax() == 0
e19

# %% tags=["remove-input"]
certain = torch.zeros(1, 10, dtype=torch.float64)
certain[0, 0] = 1
hopeless = torch.zeros(1, 10, dtype=torch.float64)
hopeless[0, 1] = 30


def pull(log_probability):
    """The pull of cross-entropy on the logit of the label."""
    z = hopeless.clone().requires_grad_()
    return torch.autograd.grad(log_probability(z)[0, 0], z)[0][0, 0].item()


Prose(
    f"In float64 the printed loss of a certain and right prediction is "
    f"{number(chheda_nce(certain, first).item())}. At $p_y$ = {number(torch.softmax(hopeless, 1)[0, 0].item())} "
    f"cross-entropy pulls at the logit of the label with {number(pull(lambda z: torch.log_softmax(z, 1)))}, with the "
    f"constant inside with {number(pull(with_epsilon))}."
)

# %% [markdown]
# ## Where minimising leads
#
# *Descent on the logits themselves, with no network between.*
#
# A loss says where it wants predictions to go most clearly when each sample has logits of its own. The table starts from
# 100 random predictions with random labels, takes steps along the negative gradient, and stops at a fixed distance from
# the uniform prediction, because several of the formulas have no minimum. A formula that does what its name says ends with
# the label on top every time, with a loss near its lower bound. Krishnan's formulas treat a batch as a whole and are
# covered by {prf:ref}`prop-e10-ce` and {prf:ref}`prop-e11-krishnan`.

# %% tags=["hide-input"]
generator = torch.Generator().manual_seed(1)
starts = 2 * torch.randn(100, 10, generator=generator, dtype=torch.float64)
wanted = torch.randint(10, (100,), generator=generator)
at_start = (starts.argmax(1) == wanted).double().mean().item()
RADII = (10, 20)


def minimised(name):
    """The share of samples that end with the label on top, and the mean loss at the two radii."""
    shares, losses = [], []
    for radius in RADII:
        logits = printed.minimise(formula(name), starts, wanted, radius)
        shares.append((logits.argmax(1) == wanted).double().mean().item())
        losses.append(formula(name)(torch.softmax(logits, 1), wanted).mean().item())
    return shares, losses


ends = {name: minimised(name) for pair in DRAWN for name in pair[2:]}
rows = []
for erratum, what, wrong, _ in DRAWN:
    shares, losses = ends[wrong]
    top, *reached = f"{100 * shares[-1]:.0f} %", *(f"${loss:.2f}$" for loss in losses)
    rows.append((f"[{erratum}](#erratum-{erratum.lower()})", what, top, *reached))
right_ones = [ends[right] for *_, right in DRAWN]
Table(
    pd.DataFrame(rows, columns=["erratum", "as printed", "label on top", *(f"loss at {radius}" for radius in RADII)]),
    name="minimised",
    caption=f"Where descent in free logits ends for the printed formulas, ten classes: the share of 100 samples with the "
    f"label on top ({100 * at_start:.0f} % at the start), and the mean loss with centred logits of norm at most "
    f"{RADII[0]} and {RADII[1]}. The right formulas all end with the label on top in "
    f"{100 * min(shares[-1] for shares, _ in right_ones):.0f} % and with a loss of at most "
    f"{number(max(losses[-1] for _, losses in right_ones))} at {RADII[1]}.",
    left=["as printed"],
)

# %%
assert all(ends[right][0] == [1, 1] and abs(ends[right][1][1]) < 0.01 for *_, right in DRAWN)
for name in ("soni-nce", "soni-nfl", "joshi-ce", "joshi-fl"):
    assert ends[name][1][1] < ends[name][1][0] - 5  # no minimum: twice the radius, a much lower loss
for name in ("soni-nrce", "joshi-ce", "joshi-rce", "joshi-fl"):
    assert ends[name][0] == [0, 0]  # the label is avoided
for name in ("soni-nce", "soni-nfl"):
    assert ends[name][0][1] < 0.5  # the label hardly matters

# %% [markdown]
# ## A toy problem
#
# *The same formulas train a small network on six clouds in the plane, with clean labels and with 40 % symmetric noise.*
#
# The problem has 300 training points and a network that can learn part of the wrong labels by heart. Five seeds, the
# same points, noise and initial weights for every loss. It shows mechanisms; the sizes of the effects are those of this
# problem, and no verdict rests on it.

# %% tags=["hide-input"]
TRAINED = [
    "ce", "nce", "nfl", "mae",
    "soni-nce", "soni-nrce",
    "kathuria-nce", "kathuria-nce+kathuria-mae", "kathuria-nfl",
    "krishnan-nce", "krishnan-nfl",
    "joshi-ce", "joshi-nce", "joshi-nfl",
]  # fmt: skip
SEEDS = range(5)
RATES = (0.0, 0.4)
trained = {(name, rate): printed.train_ring(name, rate, SEEDS) for name in TRAINED for rate in RATES}


def mean(name, rate, entry=1):
    """The mean over the seeds, in per cent: of the accuracy (1) or of the share of the most frequent answer (2)."""
    return 100 * trained[name, rate][entry].mean().item()


def around(name, rate):
    """Mean and standard deviation of the accuracy over the seeds, in per cent."""
    return f"{mean(name, rate):.1f} ± {100 * trained[name, rate][1].std().item():.1f}"


ERRATA = {wrong: erratum for erratum, _, wrong, _ in PAIRS}
rows = [
    (
        f"`{name}`",
        f"[{ERRATA[name]}](#erratum-{ERRATA[name].lower()})" if name in ERRATA else "right",
        *(around(name, rate) for rate in RATES),
        *(f"{mean(name, rate, 2):.0f}" for rate in RATES),
    )
    for name in TRAINED
]
columns = ["loss", "erratum", "clean labels", "0.4 noise", "one answer, clean", "one answer, 0.4"]
Table(
    pd.DataFrame(rows, columns=columns),
    name="toy",
    caption=f"Accuracy on clean test points (%), mean and standard deviation over {len(SEEDS)} seeds, and the share of the "
    f"most frequent answer (%); six classes, so that a constant answer has {100 / printed.CLASSES:.1f} % accuracy.",
    left=["erratum"],
)

# %% tags=["hide-input"]
PANELS = ["ce", "nce", "mae", "soni-nce", "soni-nrce", "kathuria-nce", "krishnan-nce", "joshi-ce"]
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]


def regions():
    """What the networks of the first seed answer in the plane, after training with noise."""
    inputs, classes = (values.numpy() for values in printed.ring(printed.SAMPLES, 0))
    side = np.linspace(-4, 4, 161, dtype=np.float32)
    plane = torch.cartesian_prod(torch.as_tensor(side), torch.as_tensor(side))
    colours = {"cmap": ListedColormap(PALETTE), "vmin": -0.5, "vmax": 5.5}
    figure, axes = plt.subplots(2, 4, figsize=(plots.WIDTH, plots.WIDTH * 0.58), sharex=True, sharey=True)
    for axis, name in zip(axes.flat, PANELS, strict=True):
        with torch.no_grad():
            answers = trained[name, 0.4][0](plane)[0].argmax(1).reshape(161, 161).T.numpy()
        axis.pcolormesh(side, side, answers, alpha=0.45, rasterized=True, **colours)
        axis.scatter(*inputs.T, c=classes, s=5, linewidths=0, **colours)
        axis.set_title(name, size=9)
        axis.set(aspect="equal", xticks=[], yticks=[])
    return figure


said = ", ".join(f"{name} {100 * trained[name, 0.4][1][0]:.0f} %" for name in PANELS)
Figure(
    regions,
    name="regions",
    caption="What the network answers in the plane after training with 40 % symmetric noise, first seed. Dots are the "
    "training points in the colour of their true class; where dot and ground agree, the answer is right.",
    alt=f"Eight maps of answers with the six clouds on a ring. Accuracy on clean test points: {said}.",
)

# %% tags=["remove-input"]
Prose(
    f"With noise the right NCE has {around('nce', 0.4)} % and CE {around('ce', 0.4)} %: that NCE is robust is a statement "
    f"about the minimiser of its risk, and a network that has learnt part of the noise by heart is not there. MAE has "
    f"{around('mae', 0.4)} %."
)

# %%
constant = 1 / printed.CLASSES
for name in ("soni-nrce", "joshi-ce"):  # against the labels: no better than a constant answer, with clean labels
    assert (trained[name, 0.0][1] < constant + 0.01).all()
assert mean("soni-nce", 0.0) < 50 < mean("soni-nce", 0.0, 2)  # few answers, with clean labels
assert torch.equal(trained["joshi-nce", 0.4][1], trained["ce", 0.4][1])
assert abs(mean("kathuria-nce+kathuria-mae", 0.4) - mean("kathuria-nce", 0.4)) < 1

# %% [markdown]
# ## What this settles
#
# *Which formulas are what.*

# %% tags=["remove-input"]
Prose(
    f"""- Three formulas are losses with another name: NCE in Joshi is cross-entropy ([E2](#erratum-e2)), NCE in Krishnan
  is cross-entropy over a constant ([E10](#erratum-e10)), NCE in Kathuria is half of MAE ([E6](#erratum-e6)). On the toy
  problem with noise they reach {mean("joshi-nce", 0.4):.1f}, {mean("krishnan-nce", 0.4):.1f} and
  {mean("kathuria-nce", 0.4):.1f} %, where CE has {mean("ce", 0.4):.1f} and MAE {mean("mae", 0.4):.1f} %.
- Formulas whose sign is lost train against the labels ([E4](#erratum-e4), [E5](#erratum-e5)): on clean labels
  {mean("soni-nrce", 0.0):.1f} and {mean("joshi-ce", 0.0):.1f} % here. Those whose base is lost make the network answer
  with few classes whatever the label ([E1](#erratum-e1), [E3](#erratum-e3)): {mean("soni-nce", 0.0):.1f} % here.
- Krishnan's focal form counts hard samples most and, if its weights are differentiated, lowers easy ones
  ([E11](#erratum-e11)).
- Of weights, indices and definitions ([E12](#erratum-e12) to [E18](#erratum-e18)) the one with consequences for experiments
  is the scale: the names MAE and RCE stand for slopes from
  {number(min(loss.passive_slope for loss in PASSIVE.values()))} to
  {number(max(loss.passive_slope for loss in PASSIVE.values()))}.

What a report's code computed is not known from its formulas. Whether the formulas account for what the reports measured
is a question for training runs."""
)
