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
# # Label noise
#
# Some labels of a training set are wrong. How many are, and which label stands for which class, differs between the ways of
# drawing wrong labels, even where they name the same rate. This page defines the ways that the experiments and the five
# reports use, and shows how labels given by people differ. The theory of the following pages rests on these definitions.

# %% tags=["hide-input"]
import json
from fractions import Fraction

import numpy as np
import pandas as pd

from nlr.book.display import Figure, Prose, Table
from nlr.data import CIFAR10_CLASSES, MNIST_CLASS_SIZES
from nlr.evidence.wording import listed
from nlr.noise import MAP_DATA, MAPS, SAMPLERS, add_noise, transition_matrix
from nlr.paths import RESULTS
from nlr.theory import label_noise

K = 10
human = json.loads((RESULTS / "cifar10n-facts.json").read_text())
human_matrices = {name: np.array(counts) / np.sum(counts, 1, keepdims=True) for name, counts in human["counts"].items()}

# %% [markdown]
# ## Two distributions and a matrix between them
#
# *Data come with a clean label $y$ that nobody sees and a noisy label $\tilde y$ that the loss is given.*
#
# Inputs $x$ and clean labels $y \in \{1, \ldots, K\}$ have a joint distribution; $\pi_j = P(y = j)$ is the share of class
# $j$. The noise is a conditional distribution of the noisy label.
#
# :::{prf:definition} Transition matrix
# :label: def-transition
#
# The transition matrix at an input has the entries
#
# $$
# T_{jk}(x) = P(\tilde y = k \mid y = j,\, x) .
# $$
#
# The noise is *class-conditional* if $T(x) = T$ is the same at every input, and *instance-dependent* otherwise. The
# *rate of class $j$* is $1 - T_{jj}$, and the *overall rate* is the share of wrong labels, $P(\tilde y \ne y)$.
# :::
#
# Four kinds of noise occur in this book. *Symmetric* noise of rate $\eta$ has $T_{jj} = 1-\eta$ and
# $T_{jk} = \eta/(K-1)$. (One report prints $\eta K - 1$ in place of the fraction {cite}`joshi2025`; at $\eta = 0.4$ and
# ten classes that is 3, which is no probability: E16.) *Asymmetric* noise sends a class $j$ to one other class $m(j)$
# with probability $\eta$ and leaves classes outside the map alone. *Instance-dependent* noise strikes some inputs of a
# class more than others. *Human* noise is what people did; CIFAR-10N {cite}`wei2022` collected it.

# %% tags=["hide-input"]
pictures = {
    "symmetric, 0.4": transition_matrix("symmetric", 0.4),
    "asymmetric, 0.4": transition_matrix("asymmetric", 0.4),
    "Joshi's map as typed, 0.33": transition_matrix("asymmetric", 0.33, class_map="joshi-typed"),
    "human, aggre": human_matrices["aggre"],
    "human, random1": human_matrices["random1"],
    "human, worse": human_matrices["worse"],
}
Figure(
    label_noise.draw_matrices,
    pictures,
    CIFAR10_CLASSES,
    name="matrices",
    caption="Transition matrices. Symmetric noise spreads wrong labels evenly, a class map puts them on one class, people "
    "do something in between. Asymmetric noise uses the map of the released code {cite}`ma2020code`; human matrices are "
    "counted from CIFAR-10N {cite}`wei2022`.",
    alt="Six matrices of true class by noisy label. "
    + "; ".join(
        f"{title}: diagonal {100 * np.diag(m).min():.0f} to {100 * np.diag(m).max():.0f} per cent, largest wrong entry "
        f"{100 * (m - np.diag(np.diag(m))).max():.0f}"
        for title, m in pictures.items()
    )
    + ".",
)

# %% [markdown]
# ## What the rate means
#
# *The same number $\eta$ is a different share of wrong labels under each kind of noise.*
#
# :::{prf:proposition} Overall rates
# :label: prop-rates
#
# For class-conditional noise $P(\tilde y \ne y) = \sum_j \pi_j (1 - T_{jj})$. With nominal rate $\eta$ this is
#
# 1. $\eta$ for symmetric noise;
# 2. $\eta\,(K-1)/K$ if a share $\eta$ of the labels is replaced by an integer drawn uniformly from all $K$ classes;
# 3. $\eta \sum_{j \in M} \pi_j$ for a map of the classes $M$, each sent to another class.
# :::
#
# :::{prf:proof}
# The first claim is the law of total probability. A uniformly drawn class is the true one with probability $1/K$, which
# gives 2; in 3 only classes of $M$ have a rate, and it is $\eta$.
# :::
#
# The second case is an algorithm of one report {cite}`chheda2025` (E20): its rates from 0.2 to 0.8 are really 0.18 to 0.72.
# The third is the usual map on CIFAR-10 with five of ten classes, where half of the nominal rate is realised, although
# one report defines $\eta$ as the proportion of labels that are corrupted {cite}`kathuria2025` (E21). The check enumerates
# every pair of clean class and draw in exact fractions, and compares with the matrices that the package uses.

# %%
for num_classes in (2, 3, 10):
    classes = range(num_classes)
    maps = {name: MAPS[name] for name, (_, k) in MAP_DATA.items() if k == num_classes} | {"one class": {0: 1}}
    for eta in (Fraction(1, 5), Fraction(1, 3), Fraction(4, 5)):
        share = Fraction(1, num_classes)
        symmetric = sum(share * eta / (num_classes - 1) for j in classes for k in classes if k != j)
        drawn = sum(share * eta * share for j in classes for k in classes if k != j)
        assert symmetric == eta
        assert drawn == eta * Fraction(num_classes - 1, num_classes)
        for sampler, exact in (("per-class", symmetric), ("random-integer", drawn)):
            matrix = transition_matrix("symmetric", float(eta), num_classes, sampler)
            assert abs(label_noise.overall_rate(matrix) - exact) < 1e-12
        for class_map in maps.values():
            mapped = sum(share * eta for j in classes if class_map.get(j, j) != j)
            matrix = transition_matrix("asymmetric", float(eta), num_classes, class_map=class_map)
            assert mapped == eta * len(class_map) / num_classes
            assert abs(label_noise.overall_rate(matrix) - mapped) < 1e-12

# %% [markdown]
# A rate alone does not say how much a label still tells about its class. The *information* column of the next table is
# the mutual information of clean and noisy label; a clean label of ten equal classes has $\log 10$ nats.

# %% tags=["hide-input"]
settings = [("symmetric", "per-class", rate, "ma2020") for rate in (0.2, 0.4, 0.6, 0.8)]
settings += [("symmetric", "random-integer", rate, "ma2020") for rate in (0.2, 0.4, 0.6, 0.8)]
settings += [("asymmetric", "per-class", rate, "ma2020") for rate in (0.1, 0.2, 0.3, 0.4)]
settings += [("asymmetric", "per-class", 0.33, name) for name in ("joshi-typed", "joshi-corrected")]
rows, found = [], {}
for kind, sampler, rate, class_map in settings:
    matrix = transition_matrix(kind, rate, K, sampler, class_map)
    name = {"random-integer": "random integer"}.get(sampler, kind if kind == "symmetric" else f"map {class_map}")
    found[name, rate] = (label_noise.overall_rate(matrix), label_noise.information(matrix))
    by_class = 1 - np.diag(matrix)
    rows.append(
        {
            "noise": name.replace(" ", "\u00a0"),
            "nominal rate": f"{rate:g}",
            "overall rate": f"{found[name, rate][0]:.3f}",
            "lowest class": f"{by_class.min():.2f}",
            "highest class": f"{by_class.max():.2f}",
            "largest wrong entry": f"{(matrix - np.diag(np.diag(matrix))).max():.3f}",
            "information": f"{found[name, rate][1]:.3f}",
        }
    )
Table(
    pd.DataFrame(rows),
    name="rates",
    caption="What the nominal rate means: overall rate, rates of the classes, probability of the likeliest wrong label, and "
    "information in nats, ten classes of equal share.",
)

# %% tags=["remove-input"]
ratio = found["random integer", 0.8][1] / found["symmetric", 0.8][1]
Prose(
    f"At a nominal rate of 0.8 the random-integer sampler leaves {found['random integer', 0.8][1]:.4f} nats, true flips "
    f"{found['symmetric', 0.8][1]:.4f}: {ratio:.1f} times as much, so results under the two samplers must not be compared at one nominal rate. "
    f"Comparisons of symmetric with asymmetric noise have the same trouble (E22). At equal overall rate, asymmetric 0.4 and "
    f"symmetric 0.2, the map leaves more information ({found['map ma2020', 0.4][1]:.2f} against "
    f"{found['symmetric', 0.2][1]:.2f} nats), and yet within a mapped class the likeliest wrong label is far more "
    f"likely, {transition_matrix('asymmetric', 0.4)[9, 1]:g} against {transition_matrix('symmetric', 0.2)[9, 1]:.3f}. Neither kind is harder in itself; a comparison must say what it holds equal."
)

# %% tags=["hide-input"]
grid = np.linspace(0, 0.95, 60)
curves = {}
for name, kind, class_map in (
    ("symmetric", "symmetric", "ma2020"),
    ("map ma2020, five classes", "asymmetric", "ma2020"),
    ("map joshi-corrected, ten classes", "asymmetric", "joshi-corrected"),
):
    made = [transition_matrix(kind, rate, class_map=class_map) for rate in grid]
    curves[name] = [label_noise.overall_rate(m) for m in made], [label_noise.information(m) for m in made]
points = {name: (label_noise.overall_rate(m), label_noise.information(m)) for name, m in human_matrices.items()}
points = {name: points[name] for name in ("aggre", "random1", "worse")}
low, high = curves["symmetric"], curves["map joshi-corrected, ten classes"]
between = [name for name, (rate, nats) in points.items() if np.interp(rate, *low) < nats < np.interp(rate, *high)]
Figure(
    label_noise.draw_information,
    curves,
    points,
    name="information",
    caption="What a noisy label still says about its class, against the share of wrong labels. Noise that follows a map "
    "leaves more information than symmetric noise of the same overall rate, and more again where most labels of a class "
    f"become one other label; {len(between)} of {len(points)} label sets of CIFAR-10N (dots) lie between the two.",
    alt="Lines of information in nats against the share of wrong labels. At 20 per cent: "
    + "; ".join(f"{name} {np.interp(0.2, *curve):.2f}" for name, curve in curves.items())
    + ". Dots: "
    + "; ".join(f"{name} {nats:.2f} at {100 * rate:.0f} per cent" for name, (rate, nats) in points.items())
    + ".",
)

# %% [markdown]
# ## Shares of the labels
#
# *A class map can also change how frequent each label is, which symmetric noise on equal classes does not.*
#
# :::{prf:proposition} Label shares
# :label: prop-shares
#
# Class-conditional noise makes label $k$ as frequent as $\tilde\pi_k = \sum_j \pi_j T_{jk}$. Classes of equal share stay
# of equal share exactly if every column of $T$ sums to 1. A map that sends every class of a set $M$ to another class with
# probability $\eta > 0$ does this exactly if it permutes $M$.
# :::
#
# :::{prf:proof}
# The first claim is the law of total probability, and with $\pi_j = 1/K$ it reads $\tilde\pi_k = \sum_j T_{jk}/K$. Under a
# map column $k$ sums to 1, less $\eta$ if $k \in M$, plus $\eta$ for every class sent to $k$. So it sums
# to 1 for all $k$ exactly if every class of $M$ receives one class and every other class none.
# :::
#
# One report prints "Truck (7)" in its map, but 7 is horse and truck is 9 {cite}`joshi2025` (E23). Horse is then the target
# of two classes.

# %%
for class_map in (MAPS[name] for name, (_, k) in MAP_DATA.items() if k == K):
    for eta in (Fraction(1, 10), Fraction(1, 3)):
        column = [1 - eta * (k in class_map) + eta * list(class_map.values()).count(k) for k in range(K)]
        permutes = sorted(class_map) == sorted(class_map.values())
        assert all(total == 1 for total in column) == permutes
        shares = label_noise.label_shares(transition_matrix("asymmetric", float(eta), class_map=class_map))
        assert np.abs(shares - np.array([float(total) for total in column]) / K).max() < 1e-12
swapped = label_noise.label_shares(transition_matrix("asymmetric", 0.4, class_map={3: 5, 5: 3}))
assert np.abs(swapped - 1 / K).max() < 1e-12
assert CIFAR10_CLASSES[7] == "horse"
assert CIFAR10_CLASSES[9] == "truck"

# %% tags=["hide-input"]
shares = {
    name: label_noise.label_shares(transition_matrix("asymmetric", 0.33, class_map=name))
    for name in ("ma2020", "joshi-typed", "joshi-corrected")
}
Table(
    pd.DataFrame(
        [
            {"map": name} | {c: f"{100 * s:.1f}" for c, s in zip(CIFAR10_CLASSES, found_shares, strict=True)}
            for name, found_shares in shares.items()
        ]
    ),
    name="shares",
    caption="Share of each noisy label in per cent at nominal rate 0.33, where each true class has 10 per cent.",
)


# %% tags=["remove-input"]
def moved(name):
    return listed(
        f"{c} {100 * s:.1f} %" for c, s in zip(CIFAR10_CLASSES, shares[name], strict=True) if abs(s - 0.1) > 1e-9
    )


Prose(
    f"The map as typed changes the shares of these labels: {moved('joshi-typed')}; as corrected, of these: "
    f"{moved('joshi-corrected')}. The map of the released code changes more ({moved('ma2020')}): a shift of the label shares "
    "comes with most maps, whether or not they are typed as meant."
)

# %% [markdown]
# ## Samplers and what they realise
#
# *Ways to draw symmetric and asymmetric noise differ in what is exact and what is left to chance.*
#
# The task that the reports answer asks to flip labels "within each class", which means an exact number in each class,
# as in the released code, although the label leaves the class; some describe a coin for each sample instead (E64). In play
# for symmetric noise are an exact share of each class, an equal number of each class, an exact share of all samples, a coin
# for each sample, and an exact share replaced by a random integer. A map is applied to an exact share of each mapped class,
# by a coin for each sample of it, or to an exact share of all samples, of which those in unmapped classes stay as they are.
#
# :::{prf:proposition} Spread of the realised rate
# :label: prop-spread
#
# On $N$ samples of which a share $\mu$ is in noisy classes (all of them under symmetric noise, the mapped ones under a
# map), the realised overall rate has the variance
#
# 1. $0$ for an exact share or number of each class, and for an exact share of all samples flipped to another class;
# 2. $\mu\,\eta(1-\eta)/N$ for a coin for each sample of these classes;
# 3. $\eta\,(K-1)/(K^2 N)$ for an exact share replaced by a random integer;
# 4. $\eta(1-\eta)$ times $\mu(1-\mu)/(N-1)$ for a map applied to an exact share of all samples.
# :::
#
# :::{prf:proof}
# The number of wrong labels is fixed in 1, binomial with $\mu N$ trials of probability $\eta$ in 2, binomial with $\eta N$
# trials of probability $(K-1)/K$ in 3, and hypergeometric in 4: of $\eta N$ samples drawn without replacement those in
# mapped classes count. The claims are the variances of these numbers, divided by $N^2$.
# :::
#
# The check draws every sampler of the package with many seeds on 50,000 labels of equal share.

# %%
SEEDS, N, RATE = 100, 50_000, 0.4
labels = np.repeat(np.arange(K), N // K)
expected = {
    ("symmetric", "per-class"): 0,
    ("symmetric", "global"): 0,
    ("symmetric", "bernoulli"): np.sqrt(RATE * (1 - RATE) / N),
    ("symmetric", "random-integer"): np.sqrt(RATE * (K - 1) / N) / K,
    ("symmetric", "equal-count"): 0,
    ("asymmetric", "per-class"): 0,
    ("asymmetric", "global"): np.sqrt(RATE * (1 - RATE) * 0.5 * 0.5 / (N - 1)),
    ("asymmetric", "bernoulli"): np.sqrt(0.5 * RATE * (1 - RATE) / N),
}
assert set(expected) == {(kind, sampler) for kind, samplers in SAMPLERS.items() for sampler in samplers}
drawn = {key: [add_noise(labels, key[0], RATE, seed, sampler=key[1]) for seed in range(SEEDS)] for key in expected}
for key, spread in expected.items():
    rates = np.array([one.rate for one in drawn[key]])
    aim = label_noise.overall_rate(transition_matrix(key[0], RATE, sampler=key[1]))
    assert abs(rates.mean() - aim) <= 4 * spread / np.sqrt(SEEDS) + 1e-12
    assert abs(rates.std(ddof=1) - spread) <= 4 * spread / np.sqrt(2 * SEEDS) + 1e-12  # four standard errors

# %% tags=["hide-input"]
rows = []
for (kind, sampler), every in drawn.items():
    hit = [one.rate_by_class[one.matrix.diagonal() < 1] for one in every]
    rows.append(
        {
            "noise": kind,
            "sampler": sampler,
            "mean rate": f"{100 * np.mean([one.rate for one in every]):.2f}",
            "sd": f"{100 * np.std([one.rate for one in every], ddof=1):.3f}",
            "lowest class": f"{100 * np.min(hit):.2f}",
            "highest class": f"{100 * np.max(hit):.2f}",
        }
    )
Table(
    pd.DataFrame(rows),
    name="realised",
    left=["sampler"],
    caption=f"Realised rates in per cent over {SEEDS} seeds, nominal rate {RATE:g}, {N:,} labels: overall mean and standard "
    "deviation, and the lowest and highest rate of a noisy class in any seed.",
)

# %% tags=["remove-input"]
coins = [100 * np.sqrt(rate * (1 - rate) / N) for rate in (0.2, 0.4, 0.6, 0.8)]
Prose(
    f"The spread of a coin for each sample, {min(coins):.2f} to {max(coins):.2f} points at rates from 0.2 to 0.8, is far "
    "below what a loss gains or costs. What matters more is that losses which are compared share their mask (E35): here "
    "the random numbers depend on the seed, the kind of noise, the sampler and the rate alone."
)

# %% [markdown]
# ### Classes of unequal size
#
# *The same number of wrong labels in every class is one rate only where the classes are equal.*
#
# The scripts of the paper's authors for MNIST change $\eta N / K$ labels of every class, the sampler `equal-count` of the
# package. On CIFAR-10 that is an exact share of each class. On MNIST, whose classes differ in size, class $j$ of $n_j$
# samples gets the rate $\eta N / (K n_j)$, a small class more than a large one. The symmetric noise of Lemma 1 has one
# rate for all classes, so this is not the lemma's noise. The overall rate is $\eta$ all the same.

# %%
sizes = np.array(MNIST_CLASS_SIZES)
unequal = {}
for eta in (0.2, 0.4, 0.6, 0.8):
    matrix = transition_matrix("symmetric", eta, sampler="equal-count", class_sizes=sizes)
    unequal[eta] = 1 - matrix.diagonal()
    assert np.allclose(unequal[eta] * sizes, eta * sizes.sum() / len(sizes))
    assert abs(label_noise.overall_rate(matrix, sizes / sizes.sum()) - eta) < 1e-12
    even = transition_matrix("symmetric", eta, sampler="equal-count", class_sizes=np.full(K, N // K))
    assert np.allclose(even, transition_matrix("symmetric", eta))

# %% tags=["remove-input"]
most, least = sizes.argmin(), sizes.argmax()
Prose(
    f"At the rate 0.8 it changes {100 * unequal[0.8][most]:.1f} % of the labels of digit {most} and "
    f"{100 * unequal[0.8][least]:.1f} % of those of digit {least}; at 0.2, {100 * unequal[0.2][most]:.1f} and "
    f"{100 * unequal[0.2][least]:.1f} %."
)

# %% [markdown]
# ## Noise that depends on the input
#
# *One matrix for all inputs is an assumption, and the average of many matrices does not replace it.*
#
# :::{prf:proposition} The averaged matrix is not enough
# :label: prop-average
#
# There are two kinds of noise on the same clean distribution with the same averaged matrix
# $\bar T_{jk} = P(\tilde y = k \mid y = j)$, such that under one of them the most frequent noisy label is the clean one at
# every input, and under the other it is a wrong one at some input.
# :::
#
# :::{prf:proof}
# Two classes, each with two inputs of equal probability and certain clean labels. The first noise flips every label with
# probability $3/10$. The second never flips at one input of each class and flips with probability $6/10$ at the other.
# Both have $\bar T_{jj} = 7/10$; the second has more wrong than right labels at two of the four inputs.
# :::

# %%
flat, inputs = Fraction(3, 10), [(0, "easy"), (0, "hard"), (1, "easy"), (1, "hard")]
flip = {
    "constant": dict.fromkeys(inputs, flat),
    "dependent": {(y, kind): 2 * flat if kind == "hard" else Fraction(0) for y, kind in inputs},
}
averaged = {
    name: [sum(flips[point] for point in inputs if point[0] == y) / 2 for y in (0, 1)] for name, flips in flip.items()
}
assert averaged["constant"] == averaged["dependent"] == [flat, flat]
assert all(probability < Fraction(1, 2) for probability in flip["constant"].values())
assert sum(probability > Fraction(1, 2) for probability in flip["dependent"].values()) == 2

# %% [markdown]
# So a bound on the mean rate, such as that of Lemma 1, says nothing about instance-dependent noise. Where it holds at each
# input, the best prediction there stays the best, but predictors need not keep their order. The picture shows the same on a line, where noise strikes near the boundary of two classes.

# %% tags=["hide-input"]
x = np.linspace(-3, 3, 601)
near = 0.7 * np.exp(-2 * np.abs(x))
rate = near.mean()
clean = (x > 0).astype(float)
dependent, constant = clean * (1 - near) + (1 - clean) * near, clean * (1 - rate) + (1 - clean) * rate
wrong = np.mean((dependent > 0.5) != (clean > 0.5))
Figure(
    label_noise.draw_instances,
    x,
    clean,
    dependent,
    constant,
    name="instances",
    caption=f"The probability that a label says class 1. Both kinds of noise make {100 * rate:.0f} % of the labels of each "
    f"class wrong; where it gathers at the boundary, wrong labels are the more frequent ones for {100 * wrong:.0f} % of the "
    "inputs.",
    alt=f"Three lines over inputs from -3 to 3. The clean label steps from 0 to 1 at 0. Constant noise steps from "
    f"{rate:.2f} to {1 - rate:.2f}. Noise near the boundary rises from 0 to {dependent[x < 0].max():.2f} just left of 0, "
    f"drops to {dependent[x > 0].min():.2f} just right of it and rises to 1.",
)

# %% [markdown]
# ## Human labels
#
# *People confuse what looks alike, and they err on the same images.*
#
# CIFAR-10N {cite}`wei2022` has three labels from people for each training image (*random1* to *random3*), their majority
# (*aggre*), and a wrong one where there is any (*worse*). The label files are not part of this book; the counts below are
# (CC BY-NC 4.0).

# %% tags=["hide-input"]
rows = []
for name, matrix in human_matrices.items():
    by_class, wrong_entries = 1 - np.diag(matrix), matrix - np.diag(np.diag(matrix))
    j, k = np.unravel_index(wrong_entries.argmax(), matrix.shape)
    lowest, highest = by_class.argmin(), by_class.argmax()
    rows.append(
        {
            "set": name,
            "overall rate": f"{100 * label_noise.overall_rate(matrix):.2f}",
            "lowest class": f"{CIFAR10_CLASSES[lowest]} {100 * by_class[lowest]:.1f}",
            "highest class": f"{CIFAR10_CLASSES[highest]} {100 * by_class[highest]:.1f}",
            "largest confusion": f"{CIFAR10_CLASSES[j]} as {CIFAR10_CLASSES[k]} {100 * wrong_entries[j, k]:.1f}",
            "information": f"{label_noise.information(matrix):.3f}",
        }
    )
Table(
    pd.DataFrame(rows),
    name="human",
    left=["lowest class", "highest class", "largest confusion"],
    caption="The label sets of CIFAR-10N: rates in per cent, overall and of the extreme classes, the largest confusion, and "
    "information in nats.",
)

# %% [markdown]
# Is human noise class-conditional? If the wrong labels of three people came from one matrix for each, drawn independently
# given the class, the share of images of class $j$ on which all three err would be the product of their three rates of
# class $j$. The counts say how many such images there are.

# %%
wrong_of_three = np.array(human["wrong_of_three"])  # true class by number of wrong labels, 0 to 3
by_class = wrong_of_three.sum(1)
rates = np.array([1 - np.diag(human_matrices[name]) for name in ("random1", "random2", "random3")])
probability = rates.prod(0)
expected_all = float(by_class @ probability)
spread_all = float(np.sqrt(by_class @ (probability * (1 - probability))))
observed_all = int(wrong_of_three[:, 3].sum())

assert np.allclose(wrong_of_three @ np.arange(4), by_class * rates.sum(0))  # the counts belong to these three sets
assert wrong_of_three[:, 1:].sum() == round(label_noise.overall_rate(human_matrices["worse"]) * by_class.sum())
assert observed_all > expected_all + 10 * spread_all

# %% tags=["remove-input"]
Prose(
    f"All three labels are wrong on {observed_all:,} images; independent draws from class-conditional noise would give "
    f"{expected_all:.0f} ± {spread_all:.0f}. So the three err together {observed_all / expected_all:.1f} times as often as "
    "the matrices allow: the noise depends on the image, or the annotators on each other. As many images have a wrong label "
    "in *worse* as have one among the three."
)

# %% [markdown]
# ## What was learned
#
# *A rate is a number with a definition attached.*
#
# - The overall rate of symmetric noise is the nominal one; with random integers it is $(K-1)/K$ of it, with a class map
#   it is the nominal rate times the share of mapped classes.
# - Equal overall rates leave unequal information, so that symmetric and asymmetric results can be compared only with
#   care. Most class maps also shift the shares of the labels.
# - Samplers with the same matrix differ by a few tenths of a point in what they realise; which samples they hit matters
#   for paired comparisons.
# - Human labels are not drawn independently from one matrix. What is proved for class-conditional noise holds for them as
#   far as that model does.
