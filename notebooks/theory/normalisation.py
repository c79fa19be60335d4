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
# # Normalisation
#
# Ma et al. {cite}`ma2020` divide a loss by its sum over all labels, so that its values for all labels add up to one. This
# page proves what follows, and that two other explanations of robustness to wrong labels fail: a bounded value and a bounded
# gradient. What a constant sum is worth is shown on the pages on Lemma 1 and Lemma 2.
#
# Throughout, $p$ is the softmax of the logits of one input, $K$ the number of classes, $y$ the label, and $L(p, k)$ the
# loss that the prediction $p$ would have if its label were $k$. The vector with all probability on class $y$ is $e_y$.

# %% tags=["hide-input"]
import itertools
import math
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sympy
import torch
import torch.nn.functional as F
from scipy.optimize import brentq

from nlr.book import plots
from nlr.book.display import Figure, Prose, Table, Verdict
from nlr.errors import NlrError
from nlr.losses import cards, make_loss
from nlr.theory import conditions
from nlr.theory.descent import train
from nlr.theory.gradients import logit_gradients

rng = torch.Generator().manual_seed(0)
log_p = F.log_softmax(4 * torch.randn(2000, 10, generator=rng, dtype=torch.float64), dim=1)

# %% [markdown]
# ## What dividing by the sum gives
#
# *The losses of the K labels add up to one, and whatever factor they shared is gone.*
#
# For a loss that is never negative, the normalised loss is
#
# ```{math}
# :label: eq-normalised
# L_{\text{norm}}(p, y) = \frac{L(p, y)}{\sum_{j=1}^{K} L(p, j)},
# ```
#
# defined wherever the sum is not zero.
#
# :::{prf:proposition} Shares
# :label: prop-normalised
# Let $L(p, k) \ge 0$ for all $k$ and $\sum_j L(p, j) > 0$. Then $0 \le L_{\text{norm}}(p, k) \le 1$ and
# $\sum_k L_{\text{norm}}(p, k) = 1$. A loss $c(p)\,L(p, k)$ with any factor $c(p) > 0$ that is the same for all labels
# has the same normalised loss.
# :::
#
# :::{prf:proof}
# Each share is a non-negative part of its whole. The sum of {eq}`eq-normalised` over the labels has the denominator as
# its numerator. The factor $c(p)$ stands in both and cancels. ∎
# :::
#
# The check takes every loss of the package that can be normalised, with a factor $c(p)$ that depends on the prediction,
# on logits from ordinary to extreme.

# %%
candidates = [card.name for card in cards() if not card.batch_level and card.lower >= 0]
extreme = torch.cat([log_p, F.log_softmax(1e4 * torch.eye(10, dtype=torch.float64), dim=1)])
factor = 1 + extreme[:, :1] ** 2
worst = 0.0
for name in candidates:
    losses = make_loss(name).every_label(extreme)
    shares = make_loss(f"norm({name})").every_label(extreme)
    assert ((shares >= 0) & (shares <= 1)).all(), name
    worst = max(worst, (shares.sum(1) - 1).abs().max().item())
    rescaled = factor * losses
    worst = max(worst, (rescaled / rescaled.sum(1, keepdim=True) - shares).abs().max().item())
assert worst < 1e-12
len(candidates), worst

# %% [markdown]
# Both conditions are needed. A loss with negative values is refused, since its shares could be negative; and where a
# loss vanishes for every label at once, as a hinge on $p_y$ does in the middle of a two-class problem, there is nothing
# to divide by.

# %%
try:
    make_loss("norm(soni-nce)")
except NlrError as error:
    refusal = str(error)
middle = torch.tensor([0.5, 0.5])
assert F.relu(0.5 - middle).sum() == 0
refusal

# %% tags=["remove-input"]
Verdict(
    "C1",
    "held",
    f"The normalised forms of all {len(candidates)} losses of the package that are never negative add up to 1 over the "
    f"labels, to within {worst:.0e}, and each share lies in [0, 1]. The claim needs two conditions that it leaves out: no "
    "value may be negative, and the sum must not be zero.",
)

# %% [markdown]
# ## A loss whose sum is constant is only rescaled
#
# *MAE and RCE change by a factor, and the factor is a learning rate.*
#
# :::{prf:proposition} Rescaling
# :label: prop-rescaling
# If $\sum_j L(p, j) = C > 0$ for every $p$, then $L_{\text{norm}} = L / C$. In particular
#
# $$
# \begin{aligned}
# \mathrm{NMAE} &= \frac{\mathrm{MAE}}{2(K-1)}, \\
# \mathrm{NRCE} &= \frac{\mathrm{RCE}}{|A|(K-1)},
# \end{aligned}
# $$
#
# and these two are the same function.
# :::
#
# :::{prf:proof}
# The first sentence is {eq}`eq-normalised`. By {prf:ref}`prop-one-function`, MAE is $2(1 - p_y)$ and RCE is
# $-A(1 - p_y)$. Since $\sum_j (1 - p_j) = K - 1$, their sums over the labels are $2(K-1)$ and $|A|(K-1)$, and both
# normalised losses are $\frac{1 - p_y}{K-1}$. ∎
# :::
#
# The check starts from the sums over classes, not from $1 - p_y$, and lets an algebra system do the division. The
# probabilities are positive symbols and their total stands for 1.

# %%
A = sympy.symbols("A", negative=True)
for K in range(2, 11):
    p = sympy.symbols(f"p1:{K + 1}", positive=True)
    one = sum(p)
    mae = [sum(sympy.Abs(p[k] - (one if k == y else 0)) for k in range(K)) for y in range(K)]
    rce = [-sum(p[k] * (0 if k == y else A) for k in range(K)) for y in range(K)]
    nmae, nrce = mae[0] / sum(mae), rce[0] / sum(rce)
    assert sympy.simplify(nmae - mae[0] / (2 * (K - 1) * one)) == 0
    assert sympy.simplify(nrce - rce[0] / (-A * (K - 1) * one)) == 0
    assert sympy.simplify(rce[0] - -A / 2 * mae[0]) == 0
    assert sympy.simplify((mae[0] + rce[0]).subs(A, -4) - 3 * mae[0]) == 0

# %% [markdown]
# The package computes these functions too; here its MAE and RCE are divided by their sums and compared with what it
# calls NMAE and NRCE.

# %%
for name, normalised in (("mae", "nmae"), ("rce", "nrce"), ("rce", "nmae")):
    losses = make_loss(name).every_label(log_p)
    assert torch.allclose(
        losses / losses.sum(1, keepdim=True), make_loss(normalised).every_label(log_p), rtol=1e-12, atol=0
    )

# %% [markdown]
# What a factor does to training depends on the optimiser. Under stochastic gradient descent it is a learning rate, as long
# as weight decay is rescaled with it ({prf:ref}`prop-factor`). Multiplying by a power of two is exact in floating point,
# so a tiny network must end on the same bits with RCE as with MAE (factor 2 at $A = -4$), and with NMAE and NRCE at five
# classes (factor $1/8$). For MAE+RCE the factor is 3 and rounding remains.


# %%
STEPS = 200


def trained(name, factor=1.0):
    """The logits at the end, with learning rate and weight decay made up for the factor that the loss has on MAE."""
    sgd = partial(torch.optim.SGD, lr=0.02 / factor, momentum=0.9, weight_decay=1e-3 * factor)
    return train(make_loss(name, 5), sgd, steps=STEPS)


reference = trained("mae")
assert torch.equal(trained("rce", 2), reference)
for name in ("nmae", "nrce", "norm(mae)", "norm(rce)"):
    assert torch.equal(trained(name, 1 / 8), reference)
rounding = (trained("mae+rce", 3) - reference).abs().max().item()
assert rounding < 1e-10
unscaled = {name: (trained(name) - reference).abs().max().item() for name in ("rce", "nmae", "mae+rce")}
assert min(unscaled.values()) > 0.1
rounding, unscaled

# %% tags=["remove-input"]
Verdict(
    "C5",
    "held",
    "Exact algebra for 2 to 10 classes gives NMAE = MAE/(2(K−1)) and NRCE = RCE/(|A|(K−1)). With the learning rate rescaled, "
    f"{STEPS} steps of descent with NMAE or NRCE end on the same bits as with MAE; with the learning rate left as it is, logits "
    f"end {unscaled['nmae']:.1f} apart. Results in which RCE and NRCE differ show learning rates, or something other than "
    "these two losses.",
)

# %% tags=["remove-input"]
Verdict(
    "C6",
    "held",
    "RCE is |A|/2 times MAE, so at A = −4 twice MAE, and MAE+RCE three times. With half the learning rate RCE ends on the "
    f"same bits as MAE, with a third MAE+RCE within {rounding:.0e}; with the learning rate left as it is logits end "
    f"{unscaled['rce']:.1f} and {unscaled['mae+rce']:.1f} apart.",
)

# %% [markdown]
# MAE and RCE are not two lucky cases. Among losses that look at the labelled class alone, a constant sum leaves one
# function up to scale and offset.
#
# :::{prf:proposition} Only linear losses of $p_y$ have a constant sum
# :label: prop-linear
# Let $K \ge 3$ and $L(p, k) = \phi(p_k)$ with $\phi$ continuous on $[0, 1]$. If $\sum_k \phi(p_k)$ is the same for every
# $p$, then $\phi(u) = a - bu$.
# :::
#
# :::{prf:proof}
# Take $u, v \ge 0$ with $u + v \le 1$, put the remaining $1 - u - v$ on a third class and nothing on others. Moving $v$
# from the second class to the first leaves the sum unchanged: $\phi(u) + \phi(v) = \phi(u + v) + \phi(0)$. So
# $\phi - \phi(0)$ is additive, and a continuous additive function is linear. ∎
# :::
#
# The check is exact. On probabilities that are multiples of $1/n$ a loss of this form is a list of $n + 1$ values, and a
# constant sum is a set of linear equations for them. Their solutions must form a space of dimension two, an offset and a
# slope. With two classes there are more solutions, which is why the proposition asks for three.


# %%
def dimension(num_classes, n=12):
    lattice = [c for c in itertools.product(range(n + 1), repeat=num_classes) if sum(c) == n]
    counts = sympy.Matrix(
        [[point.count(i) for i in range(n + 1)] for point in sorted({tuple(sorted(c)) for c in lattice})]
    )
    differences = counts[1:, :] - sympy.ones(counts.rows - 1, 1) * counts[0, :]
    return n + 1 - differences.rank()


assert dimension(3) == dimension(4) == 2
assert dimension(2) > 2
dimension(2), dimension(3), dimension(4)

# %% [markdown]
# So for three classes and more a robust loss by Lemma 1 is, but for an offset, either a multiple of $1 - p_y$, or it looks at the other classes' probabilities as NCE
# and NFL do through their denominator.
#
# ## A bounded value is not the condition
#
# *It follows from a constant sum; the reverse is false, and no bound prevents memorising.*
#
# A loss that is never negative and has the constant sum $C$ lies in $[0, C]$: boundedness follows. The reverse inference
# fails. One report bounds cross-entropy and focal loss by $1 - e^{-\mathrm{CE}/T}$, which is $1 - p_y^{1/T}$, calls the
# result normalised and holds the bound responsible for robustness (E8, E47).
#
# :::{prf:proposition} Bounded and not tolerant
# :label: prop-bounded
# Let $0 < q < 1$. The loss $L(p, k) = 1 - p_k^q$ lies in $[0, 1]$, and its sum over the labels is not constant. If the
# noisy label is $k$ with probability $w_k$, its expected value is least at
#
# ```{math}
# :label: eq-tempered
# p_k = \frac{w_k^{1/(1-q)}}{\sum_j w_j^{1/(1-q)}}
# ```
#
# and nowhere else.
# :::
#
# :::{prf:proof}
# The loss is $q$ times GCE, whose sum runs from $\frac{K - K^{1-q}}{q}$ to $\frac{K - 1}{q}$
# ({prf:ref}`prop-gce-sum`). The expected value $1 - \sum_k w_k p_k^q$ is strictly convex in the $p_k$ with $w_k > 0$, the
# others are zero at its minimum, and equal derivatives $q\,w_k p_k^{q-1}$ give {eq}`eq-tempered`. ∎
# :::
#
# Without noise the minimum is $e_y$; under any noise that leaves a second label possible it is not, for any $q < 1$. As
# $q \to 0$ it becomes $w$ itself, the minimum of cross-entropy. The check compares {eq}`eq-tempered` with a search over
# logits, for random noise.

# %%
draw = np.random.default_rng(0)
for q in (0.1, 0.3, 0.5, 0.7):
    loss = make_loss("gce", 4, q=q)  # (1 - p^q) / q
    for _ in range(5):
        w = draw.dirichlet(np.full(4, 5.0))
        tempered = w ** (1 / (1 - q)) / np.sum(w ** (1 / (1 - q)))
        _, found = conditions.minimiser(loss, w)
        assert np.abs(found - tempered).max() < 1e-5

uniform = torch.full((1, 10), -math.log(10), dtype=torch.float64)
one_hot = F.log_softmax(800 * torch.eye(10, dtype=torch.float64)[:1], dim=1)
for q in (0.1, 0.5):
    loss = make_loss("gce", q=q, scale=q)
    assert loss.card.upper == 1
    assert np.isclose(loss.every_label(uniform).sum().item(), 10 - 10 ** (1 - q))
    assert np.isclose(loss.every_label(one_hot).sum().item(), 9)

# %% [markdown]
# The table adds two losses of the reports to the picture. The sums are taken at the uniform prediction, with half the
# probability on each of two classes, with 0.9 on one class and the rest even, and with everything on one class.

# %% tags=["hide-input"]
half = F.log_softmax(torch.tensor([[800.0, 800.0, *[0.0] * 8]], dtype=torch.float64), dim=1)
nine = torch.log(torch.tensor([[0.9, *[0.1 / 9] * 9]], dtype=torch.float64))
points = torch.cat([uniform, half, nine, one_hot])
BOUNDED = {
    "1 − p_y (MAE/2)": make_loss("kathuria-nce"),
    "1 − exp(−CE/10)": make_loss("kathuria-nce", T=10),
    "1 − exp(−FL), γ = 2": make_loss("kathuria-nfl"),
    "NCE": make_loss("nce"),
    "NFL": make_loss("nfl"),
}
sums = {name: loss.every_label(points).sum(1).tolist() for name, loss in BOUNDED.items()}
Table(
    pd.DataFrame(
        [
            [name, *(f"{value:.3f}" for value in row), "yes" if np.ptp(row) < 1e-9 else "no"]
            for name, row in sums.items()
        ],
        columns=["loss in [0, 1]", "uniform", "two classes", "0.9", "one class", "constant"],
    ),
    name="bounded",
    caption="Sum over the ten labels of losses whose value is bounded by 1: only some have a constant sum.",
)

# %% [markdown]
# There is a shorter reason why a bound cannot prevent overfitting, and it holds for the robust losses too: a model that
# can give every training sample its own prediction has memorising the noisy labels as a minimum of its training risk,
# under any non-negative loss that vanishes where the label is certain ({prf:ref}`prop-memorise`). So robustness is not a
# property of that minimum. The lemmas speak of the expected risk, in which each input meets its whole noise distribution;
# what a finite training set adds is the business of the experiments.

# %% tags=["remove-input"]
w = np.full(10, 0.4 / 9)
w[0] = 0.6
tempered = w ** (1 / (1 - 0.1)) / np.sum(w ** (1 / (1 - 0.1)))
Verdict(
    "C10",
    "did not hold",
    f"1 − exp(−CE/10) lies in [0, 1], its sum over labels runs from {sums['1 − exp(−CE/10)'][0]:.2f} to "
    f"{sums['1 − exp(−CE/10)'][-1]:.2f}, and under symmetric noise 0.4 its risk is least where the true class has "
    f"probability {tempered[0]:.3f}, not 1. And memorising every label is a minimum of the training risk of every loss of "
    "this kind, robust or not. What is true is the reverse: a non-negative loss with a constant sum is bounded. How much is "
    "memorised in training is left to the records.",
)

# %% [markdown]
# ## A bounded gradient is not the reason
#
# *Cross-entropy has a bounded gradient already, and that of NCE is bounded in the logits but not in the probabilities.*
#
# Two reports say that normalisation bounds the gradient and that this makes a loss robust (E46, E56). Write
# $\ell_k = -\log p_k$ and $S = \sum_k \ell_k$, so that $\mathrm{NCE} = \ell_y / S$.
#
# :::{prf:proposition} Gradients of CE and NCE
# :label: prop-gradients
# With respect to the logits, $\lVert \nabla \mathrm{CE} \rVert_1 = 2(1 - p_y) < 2$ and
# $\lVert \nabla \mathrm{NCE} \rVert_1 \le \frac{2(K-1)}{K \log K}$. With respect to $p_y$ both are unbounded:
# $|\partial\,\mathrm{CE}/\partial p_y| = 1/p_y$, and
#
# ```{math}
# :label: eq-nce-slope
# \left|\frac{\partial\,\mathrm{NCE}}{\partial p_y}\right| = \frac{S - \ell_y}{S^2\,p_y}
# ```
#
# tends to infinity as $p_y \to 0$ with the other probabilities fixed.
# :::
#
# :::{prf:proof}
# The derivative of $\ell_k$ with respect to the logit $z_i$ is $p_i - [i = k]$. For CE the gradient is $p - e_y$, with
# $\lVert p - e_y \rVert_1 = 2(1 - p_y)$. For NCE, $\partial/\partial \ell_y = (S - \ell_y)/S^2$ and
# $\partial/\partial \ell_k = -\ell_y/S^2$ for $k \ne y$; each is multiplied by a vector of 1-norm at most 2, so the
# 1-norm is at most
#
# $$
# \begin{aligned}
# &\frac{2\,[S - \ell_y + (K-1)\,\ell_y]}{S^2} \\
# &\le \frac{2(K-1)}{S},
# \end{aligned}
# $$
#
# since $\ell_y \le S$; and $S \ge K \log K$ by convexity. The derivative in $p_y$ is $(S - \ell_y)/S^2 \cdot 1/p_y$; as $p_y \to 0$ the numerator $S - \ell_y$ stays
# fixed and $S^2$ grows like $\log^2 p_y$, slower than $1/p_y$. ∎
# :::
#
# The check differentiates automatically, compares both bounds with random logits of all sizes, and follows {eq}`eq-nce-slope`
# towards zero.


# %%
def gradient_norms(name, logits):
    """The 1-norms of the gradients with respect to the logits, label 0."""
    loss, labels = make_loss(name, logits.shape[1]), torch.zeros(len(logits), dtype=torch.int64)
    return logit_gradients(loss, logits, labels).abs().sum(1)


for K in (3, 10, 100):
    logits = torch.randn(5000, K, generator=rng, dtype=torch.float64) * torch.logspace(-2, 1.5, 5000)[:, None]
    ce, nce = gradient_norms("ce", logits), gradient_norms("nce", logits)
    assert torch.allclose(ce, 2 - 2 * F.softmax(logits, dim=1)[:, 0], atol=1e-9)
    assert (nce <= 2 * (K - 1) / (K * math.log(K))).all()

slopes = {}
for at in (1e-3, 1e-6, 1e-9, 1e-12):
    p = torch.full((10,), 0.1, dtype=torch.float64)
    p[0] = at
    p.requires_grad_()
    (-p[0].log() / -p.log().sum()).backward()
    S, own = -p.log().sum().item(), -math.log(at)
    assert math.isclose(-p.grad[0].item(), (S - own) / (S**2 * at), rel_tol=1e-9)
    slopes[at] = -p.grad[0].item()
assert all(later > 100 * earlier for earlier, later in itertools.pairwise(slopes.values()))
slopes

# %% [markdown]
# What remains of the argument is a matter of scale, and a scale decides nothing. Divided by a constant, cross-entropy
# has a gradient as small as that of NCE or smaller, and its risk has the same minimum as before, the noisy label
# distribution itself. This, too, is checked by search.

# %%
w = np.full(10, 0.4 / 9)
w[0] = 0.6
_, of_ce = conditions.minimiser(make_loss("ce"), w)
_, of_small_ce = conditions.minimiser(make_loss("ce", scale=0.04), w)
assert np.abs(of_ce - w).max() < 1e-4
assert np.abs(of_small_ce - w).max() < 1e-4
_, of_nce = conditions.minimiser(make_loss("nce"), w)
assert of_nce[0] > 0.999

# %% tags=["hide-input"]
LINES = ("ce", "nce", "mae")
p_y = np.concatenate([np.logspace(-6, -1, 121), np.linspace(0.1, 1 - 1e-6, 121)[1:]])


def along(name):
    """The slope in p_y and the 1-norm of the logit gradient where the other classes share the rest evenly."""
    u = torch.tensor(p_y, requires_grad=True)
    log_p = torch.cat([u.log()[:, None], ((1 - u) / 9).log()[:, None].expand(-1, 9)], dim=1)
    (slope,) = torch.autograd.grad(make_loss(name).every_label(log_p)[:, 0].sum(), u)
    return slope.abs().numpy(), gradient_norms(name, log_p).numpy()


gradients = {name: along(name) for name in LINES}


def draw_gradients(gradients):
    figure, axes = plt.subplots(1, 2, figsize=(plots.WIDTH, plots.WIDTH * 0.46))
    for name, (slope, norm) in gradients.items():
        colour, dashes, _ = plots.style(name)
        look = {"color": colour, "dashes": dashes or (None, None), "label": name}
        axes[0].loglog(p_y, slope, **look)
        axes[1].semilogx(p_y, norm, **look)
    axes[0].set(xlabel="$p_y$", ylabel=r"slope $|dL/dp_y|$")
    axes[1].set(xlabel="$p_y$", ylabel="1-norm of the logit gradient")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, handlelength=2.6)
    return figure


at_least = gradients["nce"][0][0]
highest = {name: norm.max() for name, (_, norm) in gradients.items()}
Figure(
    draw_gradients,
    gradients,
    name="gradients",
    caption="The slope of NCE in $p_y$ grows without bound as that of CE does (left); in the logits all three gradients "
    "are bounded (right). Ten classes, the others share $1 - p_y$ evenly.",
    alt=f"Two panels against p_y from one in a million to 1. Left: the slopes of ce and nce rise towards small p_y, to "
    f"{gradients['ce'][0][0]:.0f} and {at_least:.0f}; that of mae stays at {gradients['mae'][0][0]:.0f}. Right: the norm "
    f"of the logit gradient is at most {highest['ce']:.2f} for ce, {highest['mae']:.2f} for mae, {highest['nce']:.3f} for nce.",
)

# %% tags=["remove-input"]
small, middle = (np.searchsorted(p_y, at) for at in (1e-6, 0.5))
share = {name: norm[small] / norm[middle] for name, (_, norm) in gradients.items()}
Prose(
    f"Along this line the logit gradient of NCE is at most {highest['nce']:.3f}, that of CE {highest['ce']:.2f}, so that "
    f"CE divided by {highest['ce'] / highest['nce']:.0f} is on the same scale. What a factor cannot change is how a hard "
    f"sample weighs against an ordinary one: the gradient at $p_y = 10^{{-6}}$ is {share['ce']:.2g} times that at "
    f"$p_y = 0.5$ for CE, {share['nce']:.2g} times for NCE and {share['mae']:.0e} times for MAE. Nor does a sample with a "
    "large loss dominate through its size, as one report has it: the gradient of CE never exceeds 2 in this norm."
)

# %% tags=["remove-input"]
Verdict(
    "C9",
    "did not hold",
    f"The logit gradient of CE, which is not robust, is bounded by 2 without normalising; the slope of NCE in p_y is not "
    f"bounded ({slopes[1e-3]:.0f} at p_y = 0.001, {slopes[1e-12]:.0e} at 10⁻¹²). CE times 0.04 has a gradient of at most "
    f"{0.04 * highest['ce']:.2f}, NCE of at most {highest['nce']:.3f} along the line drawn here; the risk of the first "
    f"under symmetric noise 0.4 is still least at p_y = {of_small_ce[0]:.2f}, that of "
    f"NCE at {of_nce[0]:.4f}. Whether CE with a small learning rate or clipped gradients stays as it is in training is "
    "left to the records.",
)

# %% [markdown]
# ## Labels do not get equal shares
#
# *A sum of one fixes the total and leaves the shares entirely free.*
#
# Two reports read the constant sum as a balance between the classes (E65). For normalised cross-entropy the opposite is true:
# the shares can be anything.
#
# :::{prf:proposition} Every set of shares occurs
# :label: prop-any-shares
# For every $s$ with $s_k > 0$ and $\sum_k s_k = 1$ there is exactly one prediction $p$ with
# $\mathrm{NCE}(p, k) = s_k$ for all $k$.
# :::
#
# :::{prf:proof}
# $\mathrm{NCE}(p, k) = s_k$ for all $k$ means that $-\log p_k = S s_k$ for some $S > 0$, that is $p_k = e^{-S s_k}$. The
# probabilities must add up to one, and $\sum_k e^{-S s_k}$ falls strictly from $K$ at $S = 0$ towards 0, so it equals 1
# for exactly one $S$. ∎
# :::
#
# Seen in the shares, the risk of NCE is linear: if the noisy label is $k$ with probability $w_k$, it is
# $\sum_k w_k s_k$, with $s$ anywhere inside the simplex. The page on Lemma 2 builds on this. The check solves for $S$ and
# evaluates the package's NCE at the solution.

# %%
for s in np.random.default_rng(1).dirichlet(np.ones(10), 50):
    S = brentq(lambda S, s=s: np.exp(-S * s).sum() - 1, 1e-9, 1e6, xtol=1e-12, rtol=1e-14)
    solution = torch.tensor(-S * s)[None]
    assert abs(solution.exp().sum().item() - 1) < 1e-9
    assert np.allclose(make_loss("nce").every_label(solution)[0].numpy(), s, rtol=1e-9)

# %% [markdown]
# A network that is sure can give shares that are far from even. Let the labelled class stand a margin $m$ above a runner-up and $2m$
# above the other eight. As $m$ grows, NCE gives the label nothing, $1/17$ to the runner-up and $2/17$ to each of the
# others, where an even split among the nine would be $1/9$.

# %%
runner_up = {
    m: make_loss("nce").every_label(F.log_softmax(torch.tensor([[2.0 * m, m, *[0] * 8]]).double(), 1))[0]
    for m in (2, 5, 10, 50)
}
even = {
    m: make_loss("nce").every_label(F.log_softmax(torch.tensor([[2.0 * m, *[0] * 9]]).double(), 1))[0]
    for m in runner_up
}
assert torch.allclose(runner_up[50][:3], torch.tensor([0, 1 / 17, 2 / 17]).double(), atol=1e-12)
assert torch.allclose(even[50][:3], torch.tensor([0, 1 / 9, 1 / 9]).double(), atol=1e-12)

# %% tags=["hide-input"]
Table(
    pd.DataFrame(
        [[m, *(f"{abs(value):.4f}" for value in (*runner_up[m][:3], *even[m][:2]))] for m in runner_up],
        columns=["margin", "label", "runner-up", "each other", "label, rest even", "each other, rest even"],
    ),
    name="shares",
    caption="Shares of NCE when the labelled class leads a runner-up by the margin and the others by twice it, and when "
    "it leads all by twice it.",
)

# %% [markdown]
# ## What was learned
#
# - Dividing by the sum gives shares: they lie in $[0, 1]$ and add up to one, whatever loss one starts from
#   ({prf:ref}`prop-normalised`).
# - MAE and RCE already have a constant sum. Normalising them, or passing from one to the other, changes a learning rate
#   ({prf:ref}`prop-rescaling`), and for three classes and more no function of $p_y$ alone has a constant sum but a multiple
#   of $1 - p_y$ with an offset ({prf:ref}`prop-linear`).
# - A bounded value follows from a constant sum and does not replace it ({prf:ref}`prop-bounded`), nor does it prevent
#   memorising.
# - A bounded gradient separates neither CE from NCE nor robust losses from others ({prf:ref}`prop-gradients`).
# - The shares need not be even ({prf:ref}`prop-any-shares`), which decides what happens under asymmetric noise.
