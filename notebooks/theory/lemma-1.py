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
# # Lemma 1: symmetric noise
#
# Why should dividing a loss by its sum over the labels help against wrong labels? The answer of Ma et al.
# {cite}`ma2020`, after Ghosh et al. {cite}`ghosh2017`, is a lemma about symmetric noise. This page proves it, checks it
# on problems where every expectation is a finite sum, and says what it leaves open. Transition matrices and rates are
# those of the page on [label noise](label-noise.ipynb); asymmetric noise needs another lemma.

# %% tags=["hide-input"]
from fractions import Fraction

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from nlr.book.display import Figure, Prose, Slider, Table, Verdict
from nlr.evidence.wording import listed
from nlr.losses import make_loss
from nlr.noise import add_noise, transition_matrix
from nlr.theory import risk
from nlr.theory.descent import descend
from nlr.theory.gradients import confidently_wrong

# %% [markdown]
# ## What symmetric noise does to any loss
#
# *Noise shrinks the risk and adds the sum of the loss over all labels.*
#
# Let $p(x)$ be the softmax of the logits at the input $x$, $y$ its clean label among $K$, and $L(p, k)$ the loss when the
# label is $k$. The clean risk of a predictor is $R(p) = \mathbb{E}\,L(p(x), y)$. Under symmetric noise of rate $\eta$
# the label is kept with probability $1-\eta$ and becomes each other class with probability $\eta/(K-1)$, whatever the
# input; the noisy label is $\tilde y$ and the noisy risk $R_\eta(p) = \mathbb{E}\,L(p(x), \tilde y)$.
#
# :::{prf:proposition} Risk under symmetric noise, any loss
# :label: prop-any-loss
#
# With the slope $s_\eta = 1 - \eta K/(K-1)$ and the mean sum $S(p) = \mathbb{E} \sum_{k=1}^{K} L(p(x), k)$,
#
# $$
# R_\eta(p) = s_\eta\, R(p) + \frac{\eta}{K-1}\, S(p) .
# $$
# :::
#
# :::{prf:proof}
# Take the expectation over the noise first. At a fixed input and clean label it is $(1-\eta)\,L(p, y)$ plus
# $\eta/(K-1)$ times the sum of $L(p, k)$ over all $k \ne y$. Adding and subtracting the term $k = y$ completes that sum
# and leaves $L(p, y)$ with the factor $1 - \eta - \eta/(K-1)$, which is $s_\eta$. The expectation over $x$ and $y$ gives
# the claim.
# :::
#
# For cross-entropy the sum $-\sum_k \log p_k$ is least for the uniform prediction, so symmetric noise adds a pull towards
# uncertainty. The check below takes random problems of five inputs with arbitrary class probabilities and arbitrary
# predictors, and sums over every input, clean class and noisy label. It does so for every loss of one sample that the
# package knows, whether or not its sum is constant.

# %%
rng = np.random.default_rng(0)
RATES = (0.1, 0.4, 0.8, 0.95)
sum_error, affine_error = {}, {}
for num_classes in (2, 3, 10, 100):
    problem = risk.random_problem(rng, 5, num_classes)
    predictors = risk.random_predictors(rng, 4, 5, num_classes)
    for loss in risk.every_loss(num_classes):
        for rate in RATES:
            matrix = transition_matrix("symmetric", rate, num_classes)
            slope = 1 - rate * num_classes / (num_classes - 1)
            for log_p in predictors:
                clean, noisy = risk.risk(loss, problem, log_p), risk.risk(loss, problem, log_p, matrix)
                total = float(problem.weights @ loss.every_label(log_p).sum(1))
                error = abs(noisy - (slope * clean + rate / (num_classes - 1) * total)) / max(1, abs(noisy))
                sum_error[loss.name] = max(error, sum_error.get(loss.name, 0))
                if loss.card.constant_sum is not None:  # used by the next check
                    line = slope * clean + rate / (num_classes - 1) * loss.card.constant_sum
                    error = abs(noisy - line) / max(1, abs(noisy))
                    affine_error[loss.name] = max(error, affine_error.get(loss.name, 0))

assert len(sum_error) > 40
assert max(sum_error.values()) < 1e-12

# %% [markdown]
# ## The lemma
#
# *If the sum is constant, noise moves and shrinks the risk of all predictors alike, so it cannot change their order.*
#
# :::{prf:lemma} Symmetric noise
# :label: lem-1
#
# Let $\sum_{k=1}^{K} L(p, k) = C$ for every prediction $p$. Under symmetric noise of rate $\eta$, with
# $s_\eta = 1 - \eta K/(K-1)$,
#
# $$
# R_\eta(p) = s_\eta\, R(p) + \frac{\eta\, C}{K-1} .
# $$
#
# Hence, if $\eta < (K-1)/K$, two predictors $p$ and $p'$ satisfy $R_\eta(p) \le R_\eta(p')$ exactly if
# $R(p) \le R(p')$; in whatever set of predictors one searches, the minimisers of the noisy risk are those of the clean
# risk. If $\eta = (K-1)/K$ all noisy risks are equal, and if $\eta$ is larger the order is reversed.
# :::
#
# :::{prf:proof}
# Put $S(p) = C$ into {prf:ref}`prop-any-loss`. The slope $s_\eta$ is positive, zero or negative as $\eta$ is below, at or
# above $(K-1)/K$, and an affine function with positive slope keeps every order.
# :::
#
# A normalised loss $L(p, y)/\sum_j L(p, j)$ has $C = 1$; MAE has $C = 2(K-1)$ and RCE $C = -A(K-1)$, where $A$ stands for
# $\log 0$. The constants that the cards of the losses state went into the check above beside the sums. For the losses
# whose card states none, the check shows that none could be stated: what remains of the noisy risk when the clean part is
# taken away differs from predictor to predictor.

# %%
assert len(affine_error) >= 30
assert max(affine_error.values()) < 1e-12

matrix, slope = transition_matrix("symmetric", 0.4), 1 - 0.4 * 10 / 9
problem, predictors = risk.random_problem(rng, 5, 10), risk.random_predictors(rng, 20, 5, 10)
intercepts = {}
for loss in risk.every_loss(10):
    found = [risk.risk(loss, problem, p, matrix) - slope * risk.risk(loss, problem, p) for p in predictors]
    if loss.card.constant_sum is None:
        intercepts[loss.name] = max(found) - min(found)

assert min(intercepts.values()) > 1e-6  # least for krishnan-later-nfl, whose sum moves by what is clipped alone

# %% tags=["remove-input"]
Prose(
    f"The identity holds for {len(affine_error)} losses with a constant sum, to {max(affine_error.values()):.0e} of the "
    f"risk at worst, and it fails for the {len(intercepts)} others ({listed(intercepts)})."
)

# %% [markdown]
# ## Moving the rate
#
# *The noisy risk of normalised cross-entropy is a line in its clean risk; that of cross-entropy is a cloud.*
#
# The picture shows the clean and the noisy risk of the same predictors, from wrong to right and from cautious to very
# sure, on one problem of ten classes. A ring marks the predictor with the least noisy risk. If noise did no harm it would
# be the one furthest to the left, which has the least clean risk.

# %% tags=["hide-input"]
rng = np.random.default_rng(3)
K, INPUTS, PREDICTORS = 10, 12, 60
labels = torch.from_numpy(rng.integers(K, size=INPUTS))
posterior = 0.95 * F.one_hot(labels, K).double() + 0.05 / K
problem = risk.Problem(torch.ones(INPUTS).double() / INPUTS, posterior)
skill = rng.uniform(-0.5, 3, size=(PREDICTORS, 1, 1))
sure = 10.0 ** rng.uniform(-0.4, 0.6, size=(PREDICTORS, 1, 1))
logits = sure * (skill * F.one_hot(labels, K).numpy() + rng.normal(size=(PREDICTORS, INPUTS, K)))
predictors = F.log_softmax(torch.from_numpy(logits), dim=-1)
rates = [*(step / 10 for step in range(10)), 0.95]


def risks(loss, matrix=None):
    return np.array([risk.risk(make_loss(loss), problem, log_p, matrix) for log_p in predictors])


clean = {loss: risks(loss) for loss in ("nce", "ce")}
noisy = {rate: {loss: risks(loss, transition_matrix("symmetric", rate)) for loss in clean} for rate in rates}


def in_words(rate):
    slope = 1 - rate * K / (K - 1)
    text = f"Noise rate {rate:.2f}, slope {slope:.2f}. "
    if abs(slope) < 1e-12:
        return text + "The noisy risk of nce is the same for all predictors: the labels say nothing."
    shares = [100 * risk.changed_pairs(clean[loss], noisy[rate][loss]) for loss in clean]
    kept = [noisy[rate][loss].argmin() == clean[loss].argmin() for loss in clean]
    text += (
        f"Pairs of predictors in another order than on clean labels: nce {shares[0]:.0f}, ce {shares[1]:.0f} per cent. "
    )
    return (
        text
        + "; ".join(
            f"the best predictor for {loss} {'is still' if same else 'is no longer'} the best"
            for loss, same in zip(clean, kept, strict=True)
        ).capitalize()
        + "."
    )


first_lost = next(rate for rate in rates if noisy[rate]["ce"].argmin() != clean["ce"].argmin())
Slider(
    risk.draw_risks,
    rates,
    clean,
    noisy,
    name="risks",
    caption="Noisy risk against clean risk of the same predictors. For nce, whose sum over labels is constant, they lie on "
    "a line of slope $s_\\eta$; for ce no line exists, and the least noisy risk (ring) belongs to another "
    f"predictor than the least clean risk from rate {first_lost:g} on.",
    label="Noise rate",
    alt=in_words,
    default=0.4,
    show="{:.2f}".format,
)

# %% [markdown]
# What the pictures show is also counted: below the bound no pair of predictors changes its order under nce and its best
# predictor stays the best, above it every pair changes, and under ce some pairs change at every rate.

# %%
for rate in rates[1:]:
    share = {loss: risk.changed_pairs(clean[loss], noisy[rate][loss]) for loss in clean}
    assert share["nce"] == (0 if rate < 0.9 else 1)
    assert share["ce"] > 0
    assert rate >= 0.9 or noisy[rate]["nce"].argmin() == clean["nce"].argmin()

# %% [markdown]
# ## The bound on the rate
#
# *What the bound asks is that the true class stays the most frequent label, not that it keeps a majority.*
#
# :::{prf:proposition} Plurality
# :label: prop-plurality
#
# Under symmetric noise $\eta < (K-1)/K$ exactly if $1 - \eta > \eta/(K-1)$: the true class is a more frequent label than
# any other class.
# :::
#
# :::{prf:proof}
# $1-\eta > \eta/(K-1)$ means $K-1 > \eta\,(K - 1) + \eta = \eta K$.
# :::
#
# One report asks that the correct label remain the majority {cite}`chheda2025` (E52), which is a rate below one half.
# With ten classes the lemma asks for far less.

# %%
for num_classes in (2, 3, 10, 100):
    for step in range(200):
        rate = Fraction(step, 200)
        assert (rate < Fraction(num_classes - 1, num_classes)) == (1 - rate > rate / (num_classes - 1))

# %% [markdown]
# A sampler that replaces a label by a random class, which may be the true one, has another matrix, and the bound moves
# (E20).
#
# :::{prf:proposition} Random-integer noise
# :label: prop-random-integer
#
# Let a share $\eta$ of the labels be replaced by a class drawn uniformly from all $K$, and let
# $\sum_{k=1}^{K} L(p, k) = C$. Then $R_\eta(p) = (1-\eta)\,R(p) + \eta\, C/K$, and the order of predictors is that of the
# clean risk for every $\eta < 1$.
# :::
#
# :::{prf:proof}
# At a fixed input and clean label the expected loss is $(1-\eta)\,L(p, y)$ plus $\eta/K$ times the sum over all labels,
# which is $C$. It is also {prf:ref}`lem-1` at the rate of labels that really change, $\eta (K-1)/K$, which is below
# $(K-1)/K$ for $\eta < 1$.
# :::

# %%
rng = np.random.default_rng(1)
error = 0.0
for num_classes in (2, 3, 10):
    small = risk.random_problem(rng, 5, num_classes)
    for loss in [loss for loss in risk.every_loss(num_classes) if loss.card.constant_sum is not None]:
        for rate in (0.2, 0.8, 0.95, 0.999):
            matrix = transition_matrix("symmetric", rate, num_classes, sampler="random-integer")
            for log_p in risk.random_predictors(rng, 3, 5, num_classes):
                was, now = risk.risk(loss, small, log_p), risk.risk(loss, small, log_p, matrix)
                line = (1 - rate) * was + rate * loss.card.constant_sum / num_classes
                error = max(error, abs(now - line) / max(1, abs(now)))
assert error < 1e-12

# %% tags=["hide-input"]
rows = []
for rate in (0.2, 0.4, 0.6, 0.8):
    matrices = [transition_matrix("symmetric", rate, K, sampler) for sampler in ("per-class", "random-integer")]
    slopes = [matrix[0, 0] - matrix[0, 1] for matrix in matrices]
    rows.append(
        {
            "nominal rate": f"{rate:g}",
            "true class": f"{matrices[0][0, 0]:.3f}",
            "each other": f"{matrices[0][0, 1]:.3f}",
            "slope": f"{slopes[0]:.3f}",
            "true class, random integer": f"{matrices[1][0, 0]:.3f}",
            "slope, random integer": f"{slopes[1]:.3f}",
        }
    )
Table(
    pd.DataFrame(rows),
    name="slopes",
    caption="How often a label is the true class, how often each other one, and the slope of the noisy risk, for $K = 10$: "
    "true flips, and labels replaced by a random integer.",
)

# %% [markdown]
# ## Minimisers, not trajectories
#
# *The lemma compares predictors by one loss; it does not say how fast a network finds them, nor which loss gets there.*
#
# Something about descent does follow. The gradient of the noisy risk is the gradient of the clean risk times the slope,
# so that gradient descent on the noisy risk, with the whole population at hand, takes the path of the clean risk more
# slowly.
#
# :::{prf:proposition} Same path, slower
# :label: prop-path
#
# Let the sum over labels be constant and $s_\eta > 0$. Gradient descent on $R_\eta$ with learning rate
# $\lambda/s_\eta$ visits the same points as gradient descent on $R$ with learning rate $\lambda$.
# :::
#
# :::{prf:proof}
# By {prf:ref}`lem-1` $\nabla R_\eta = s_\eta\,\nabla R$, so each step is the same.
# :::
#
# The check descends at one input with free logits. Cross-entropy, whose sum is not constant, takes another path.

# %%
start = torch.from_numpy(np.random.default_rng(2).normal(size=(1, K)))
on_clean = F.one_hot(torch.tensor([0]), K).double()
distance = {}
for name in ("ce", "mae", "nce", "nfl", "nce+rce"):
    for rate in (0.4, 0.8):
        slope = 1 - rate * K / (K - 1)
        on_noisy = torch.from_numpy(transition_matrix("symmetric", rate)[:1])
        there = descend(make_loss(name), start, on_clean, 0.5, 200).exp()
        slower = descend(make_loss(name), start, on_noisy, 0.5 / slope, 200).exp()
        distance[name, rate] = float((there - slower).abs().max())

assert max(d for (name, _), d in distance.items() if name != "ce") < 1e-10
assert min(d for (name, _), d in distance.items() if name == "ce") > 1e-2

# %% [markdown]
# Two losses with the same minimisers need not have the same path, and here the lemma is silent. MAE, NMAE and NCE + MAE
# have constant sums, and at one input with clean label $y$ their clean risk tends to its least value, 0, exactly when
# $p_y$ tends to 1; by the lemma the same holds for the noisy risk. Yet from a start that is confidently wrong they take
# very different numbers of steps, and cross-entropy, which is not tolerant and whose minimiser is the noisy posterior
# $(1-\eta, \eta/(K-1), \ldots)$, classifies correctly long before any of them.
#
# :::{prf:proposition} Robust at the minimum, slow before it
# :label: prop-slow
#
# There are two losses with constant sums, whose clean and noisy risks tend to their least values along the same predictions,
# those with $p_y\to1$, and a start from which gradient
# descent with the same learning rate and number of steps classifies correctly with one and not with the other.
# :::
#
# :::{prf:proof}
# By example: MAE and NMAE, which differ by the factor $2(K-1)$ alone, and NCE + MAE. The cell below runs them.
# :::

# %%
RATE, STEPS = 0.4, 3000
noisy_labels = torch.from_numpy(transition_matrix("symmetric", RATE)[:1])
wrong = confidently_wrong([8.0], K)
paths = {
    name: descend(make_loss(name), wrong, noisy_labels, 1.0, STEPS)[:, 0].exp()
    for name in ("ce", "nce", "nce+mae", "mae", "nmae")
}
correct = {name: (path.argmax(1) == 0).nonzero()[:1].flatten().tolist() for name, path in paths.items()}

assert not correct["nmae"]
assert correct["ce"][0] < correct["nce+mae"][0] < correct["mae"][0]
right = torch.tensor([[30.0] + [0.0] * 9]).double().log_softmax(1)
assert all(make_loss(name).every_label(right)[0, 0] < 1e-10 for name in ("mae", "nmae", "nce+mae"))
assert abs(paths["ce"][-1, 0] - (1 - RATE)) < 1e-6  # the noisy posterior

# %% tags=["hide-input"]
ends = {name: float(path[-1, 0]) for name, path in paths.items()}
Figure(
    risk.draw_paths,
    {name: path[:, 0].numpy() for name, path in paths.items()},
    "probability of the true class",
    1 - RATE,
    name="paths",
    caption=f"Gradient descent on the noisy risk at one input, from a confidently wrong start, at noise rate {RATE:g}. "
    f"Cross-entropy ends at the noisy posterior, {1 - RATE:g} (thin line); the losses with constant sums head for 1, each "
    "at its own pace.",
    alt="Lines of the probability of the true class over the steps. "
    + "; ".join(
        f"{name} classifies correctly {f'from step {correct[name][0]:,}' if correct[name] else 'at no step'} and ends at "
        f"{end:.3f}"
        for name, end in ends.items()
    )
    + ".",
)

# %% tags=["remove-input"]
Prose(
    f"The true class becomes the most probable one at step {correct['ce'][0]} under ce, {correct['nce+mae'][0]:,} under "
    f"nce+mae, {correct['nce'][0]:,} under nce and {correct['mae'][0]:,} under mae; under nmae, the same function as mae "
    f"divided by {2 * (K - 1)}, it has not done so after {STEPS:,} steps."
)

# %% [markdown]
# ## A sample is not the population
#
# *On a finite sample with wrong labels, a predictor that memorises them all has the least risk, for every non-negative
# loss that vanishes where its label is certain.*
#
# The expectation in the lemma is over the noise. A network sees one noisy label for each input, and it can learn that
# one (E54).
#
# :::{prf:proposition} Memorising minimises
# :label: prop-memorise
#
# Let $L \ge 0$ and let $L(p, k)$ tend to 0 as $p_k$ tends to 1. On a sample of distinct inputs the mean loss on the noisy
# labels has the infimum 0, which predictors approach that become certain of the noisy label of every input.
#
# 1. If $L(p, k)$ stays above a positive number wherever another class than $k$ is nearly certain, as MAE does, predictors
#    that become certain of the clean labels do not approach it, unless no label was changed.
# 2. NCE does not stay so if $K \ge 3$: some predictors that become certain of the clean labels approach the infimum too.
# :::
#
# :::{prf:proof}
# Every term is at least 0 and tends to 0 for the first kind of predictor. In 1 the terms of the changed labels stay above
# a positive number. In 2 let $j$ be the clean label of an input and $k \ne j$ its noisy one. Let $p_k = e^{-\sqrt M}$, let
# every class but $j$ and $k$ have $e^{-M}$ and $j$ the rest. Then $p_j$ tends to 1 as $M$ grows, and
#
# $$
# \mathrm{NCE}(p, k) \le \frac{\sqrt M}{(K-2)\,M}
# $$
#
# tends to 0. So do the terms of the labels that were not changed.
# :::
#
# For MAE the mean loss of the clean labels tends to twice the share of changed labels. For NCE it depends on how the small
# probabilities are spread: it stays positive if they are even and vanishes if they are as uneven as in the proof
# (see also {prf:ref}`prop-vanishing`). Lemma 1 does not contradict this: it speaks of a predictor that is fixed before the
# noise is drawn. Whether a constant sum makes networks memorise less is a question for experiments.
#
# The check spreads the small probabilities evenly and unevenly, for every loss that can be 0. A search over spreads of
# every kind finds how low the loss of a label can be where another class is nearly certain, and so which losses fall under
# the first part.


# %%
def certain(of, second, near, far):
    """Logits that are certain of one class, with a second one ``near`` below it and the rest ``far`` below."""
    logits = torch.full((len(of), K), -far, dtype=torch.float64)
    return logits.scatter(1, second[:, None], -near).scatter(1, of[:, None], 0.0)


sample = torch.arange(1000) % K
drawn = add_noise(sample.numpy(), "symmetric", 0.4, seed=0)
noisy_sample = torch.from_numpy(drawn.labels)
SIZES = (1e2, 1e4, 1e6)  # M
spreads = -(10 ** (1 + 5 * torch.rand(20_000, K, generator=torch.Generator().manual_seed(0), dtype=torch.float64)))
spreads[:, 0] = 0  # nearly certain of class 0
even, uneven, floor = {}, {}, {}
for loss in risk.every_loss(K):
    if loss.card.lower == 0:
        for near, far in ((1e4, 1e4), (1e2, 1e4), (1e4, 1e2)):
            assert loss(certain(noisy_sample, sample, near, far), noisy_sample) < 1e-6  # memorised
        even[loss.name] = float(loss(certain(sample, noisy_sample, 30.0, 30.0), noisy_sample))
        uneven[loss.name] = [float(loss(certain(sample, noisy_sample, M**0.5, M), noisy_sample)) for M in SIZES]
        floor[loss.name] = float(loss.every_label(F.log_softmax(spreads, 1))[:, 1].min())

stay = {name for name, least in floor.items() if least > 0.01}
assert len(floor) > 30
assert {"mae", "rce", "gce", "ce", "nce+mae"} <= stay
for name in stay:  # part 1
    assert min(even[name], *uneven[name]) > 0.99 * drawn.rate * floor[name]
for at in (even["mae"], uneven["mae"][-1]):
    assert abs(at - 2 * drawn.rate) < 1e-9
for M, at in zip(SIZES, uneven["nce"], strict=True):  # part 2
    assert at <= drawn.rate / ((K - 2) * M**0.5) + 1e-7
for name in floor.keys() - stay:
    assert even[name] > 0.01 > 0.001 > uneven[name][-1]
sorted(floor.keys() - stay)

# %% [markdown]
# ## What was learned
#
# *A proof about orders of predictors, exact within its terms; speed and memorising lie outside them.*
#
# - Symmetric noise turns the risk of any loss into a mixture of its clean risk and its sum over the labels. If the sum is
#   constant, the noise changes no order of predictors below the rate $(K-1)/K$.
# - The bound is about plurality. For the random-integer sampler it is 1.
# - On the population, noise slows gradient descent on such a loss by the slope and does nothing else. Nothing follows for
#   the comparison of two losses after a given number of steps, nor for a sample that a network can memorise.

# %% tags=["remove-input"]
Verdict(
    "C2",
    "held",
    f"Proved above for every loss whose sum over the labels is constant, normalised ones among them (the loss must not be "
    f"negative and its sum must be positive, or the normalised loss does not exist). The identity between the risks was "
    f"enumerated for {len(affine_error)} losses; its largest relative error is {max(affine_error.values()):.0e}. It holds "
    f"for minimisers of the population's risk.",
)
