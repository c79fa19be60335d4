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
# # Definitions, weights and indices
#
# *Where no loss is wrong, but a definition, a weight or an index is: E12 to E17.*
#
# This page takes them one by one, as the reports {cite}`soni2025,kathuria2025,krishnan2025,joshi2025` print them;
# {doc}`as printed </executed/theory/as-printed>` gives the whole. It is about what is printed: which of two weights Krishnan's
# code puts on which term is a matter of {doc}`as coded </executed/theory/as-coded>`.

# %%
import numpy as np
import torch

from nlr.book.display import Prose
from nlr.losses import make_loss
from nlr.noise import transition_matrix
from nlr.theory import printed
from nlr.theory.printed import Erratum, formula, number, one_hot, picked

names, p, labels = printed.points()
first = torch.tensor([0])


def mae(p, labels):
    return (one_hot(p, labels) - p).abs().sum(1)


# %% [markdown]
# (erratum-e12)=
# ## E12: the definition of active and passive
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
# that every loss is passive. A zero sum would also be a weaker demand than zero terms.

# %%
TERMS = {
    "CE": ("active", lambda p, labels: -one_hot(p, labels) * p.log()),
    "NCE": ("active", lambda p, labels: one_hot(p, labels) * p.log() / p.log().sum(1, keepdim=True)),
    "MAE": ("passive", lambda p, labels: (p - one_hot(p, labels)).abs()),
    "RCE": ("passive", lambda p, labels: -p * torch.where(one_hot(p, labels) == 1, 0.0, -4.0)),
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
# ## E13: what active and passive mean
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
# ## E14: one weight or two
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
# ## E15: three weights for one loss
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
# ## E16: the matrix of symmetric noise
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
# ## E17: indices
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
# by that is the constant $1/K$, which every prediction minimises. The second compares the rows of different classes.


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
