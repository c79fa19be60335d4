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
# # Closed forms and signs
#
# *What a lost subscript and a lost minus do: E1 to E5, formulas of Soni's and Joshi's reports, each beside the right one.*
#
# This page takes formulas of two reports {cite}`soni2025,joshi2025` one by one; {doc}`as printed </executed/theory/as-printed>`
# compares all of them on the same numbers. The printed formula is transcribed in each cell and compared with the loss of the
# same name in the package. Joshi's code is not public. Soni's is, and has neither E1 nor E4: there the fault is in print
# alone ({doc}`as coded </executed/theory/as-coded>`).

# %%
import torch
import torch.nn.functional as F

from nlr.theory import printed
from nlr.theory.printed import Erratum, agrees, formula, one_hot, picked

names, p, labels = printed.points()

# %% [markdown]
# (erratum-e1)=
# ## E1: NCE as the logarithm of a product
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
# So whichever class leads with more than $1/(K-1)$ runs away from the others; that the label is favoured is one unit in the
# gradient.


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
# ## E2: NCE as the logarithm of a sum
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
# ## E3: NFL as a logarithm
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
# ## E4: the sign of NRCE
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
# ## E5: CE, RCE and FL without the minus
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
