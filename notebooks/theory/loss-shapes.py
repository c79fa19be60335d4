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
# # The shapes of the losses
#
# *Which function of the prediction each loss is, what its name stands for in each source, and how hard it pulls.*
#
# A loss for noisy labels is a function of two things: a prediction $p$, which is the softmax of the logits $z$ over $K$
# classes, and a label $y$. The [catalogue](../losses.ipynb) lists every loss with its formula. This page looks at what
# the formulas do: how far two losses of one name may differ, whether a loss sees only $p_y$ or the whole prediction,
# between which bounds it lies, and with which gradient it moves the logits. The pages after this one say what follows
# for noisy labels.

# %%
import math

import pandas as pd
import torch
import torch.nn.functional as F

from nlr.book.display import Figure, Prose, Slider, Table
from nlr.losses import cards, make_loss
from nlr.theory import shapes
from nlr.theory.gradients import logit_gradients, predictions

SHOWN = ["ce", "fl", "gce", "mae", "nce", "nfl"]
rng = torch.Generator().manual_seed(0)


def random_log_p(rows, num_classes, rng):
    """Predictions of every kind, from nearly uniform to nearly certain."""
    spread = 8 * torch.rand(rows, 1, generator=rng, dtype=torch.float64)
    return F.log_softmax(spread * torch.randn(rows, num_classes, generator=rng, dtype=torch.float64), dim=1)


# %% [markdown]
# ## One scale dictionary
#
# *MAE and RCE are the same function up to a factor, and the factor is another one in every source.*
#
# The mean absolute error is printed as the sum of $|p_k - t_k|$ over the classes, with $t$ the one-hot label; the reverse
# cross-entropy as $-\sum_k p_k \log t_k$, in which a number $A<0$ stands for $\log 0$.
#
# :::{prf:proposition} One function under two names
# :label: prop-one-function
# For every prediction and label,
#
# ```{math}
# :label: eq-one-function
# \begin{aligned}
# \sum_{k=1}^{K} |p_k - t_k| &= 2(1-p_y), \\
# -\sum_{k=1}^{K} p_k \log t_k &= -A(1-p_y),
# \end{aligned}
# ```
#
# so that RCE is $-A/2$ times MAE: twice MAE for $A=-4$.
# :::
#
# :::{prf:proof}
# The labelled class contributes $1-p_y$ to the first sum, and the others contribute $\sum_{k\ne y}p_k = 1-p_y$ once more.
# In the second sum $\log t_y = 0$, and every other class contributes $-A\,p_k$. ∎
# :::
#
# The check evaluates both sums as they are printed, class by class, for every label of random predictions, and compares
# them with the package's losses.

# %%
log_p = random_log_p(2000, 10, rng)
p, q = log_p.exp(), torch.eye(10, dtype=torch.float64)
A = -4.0
sum_of_differences = (p[:, None] - q).abs().sum(2)
reverse = -(p[:, None] * torch.where(q == 1, 0.0, A)).sum(2)
assert torch.allclose(sum_of_differences, 2 * (1 - p), atol=1e-14)
assert torch.allclose(reverse, -A * (1 - p), atol=1e-14)
assert torch.allclose(make_loss("mae").every_label(log_p), sum_of_differences, atol=1e-14)
assert torch.allclose(make_loss("rce", A=A).every_label(log_p), reverse, atol=1e-14)

# %% [markdown]
# What differs between the sources is therefore one number, the slope $s$ in $s\,(1-p_y)$. The table computes it from the
# losses themselves.

# %% tags=["hide-input"]
NATURAL = math.log(1e-4)
uses = [
    ("MAE", "as printed (Ma et al., Soni, Joshi)", "mae", {}),
    ("MAE", "released code", "mae", {"scale": 0.5}),
    ("MAE", "as printed by Kathuria, with 1/K", "kathuria-mae", {}),
    ("RCE", "as printed, A = −4", "rce", {}),
    ("RCE", "released code, A = ln 0.0001", "rce", {"A": NATURAL}),
    ("NMAE", "definition", "nmae", {}),
    ("NMAE", "released code", "ma2020-nmae", {}),
    ("NRCE", "definition", "nrce", {}),
    ("NRCE", "released code", "ma2020-nrce", {}),
    ("NRCE", "as printed by Soni", "soni-nrce", {}),
]
slopes = [make_loss(name, 10, **given).passive_slope for _, _, name, given in uses]
printed_mae = slopes[0]
dictionary = pd.DataFrame(
    {
        "loss": [use[0] for use in uses],
        "as given by": [use[1] for use in uses],
        "slope $s$": [f"{slope:.4g}" for slope in slopes],
        "in units of printed MAE": [f"{slope / printed_mae:.4g}" for slope in slopes],
    }
)
Table(
    dictionary,
    name="scales",
    caption="The scale dictionary: each of these losses is $s(1-p_y)$; the slope $s$ at $K=10$.",
    left=["as given by"],
)

# %% tags=["remove-input"]
of = dict(zip([use[:2] for use in uses], slopes, strict=True))
sums = [of["MAE", source] for source in ("as printed (Ma et al., Soni, Joshi)", "released code")]
sums.append(of["MAE", "as printed by Kathuria, with 1/K"])
Prose(
    f"With weights $\\alpha=\\beta=1$ the MAE in NCE + MAE has a slope of {sums[0]:g} as printed, of {sums[1]:g} in "
    f"the released code and of {sums[2]:g} with Kathuria's MAE; the RCE in NCE + RCE has one of "
    f"{of['RCE', 'as printed, A = −4']:g} as printed and of {of['RCE', 'released code, A = ln 0.0001']:.2f} in the "
    "released code. Equal weights do not make equal losses. The released code's NRCE is "
    f"{of['NRCE', 'released code'] / of['NRCE', 'definition']:.1f} times the definition, because a division is written "
    "where a factor of the denominator is meant; no configuration in that code uses it {cite}`ma2020code`."
)

# %% [markdown]
# ## Against the probability of the label
#
# *Four of six losses see $p_y$ alone. The normalised ones see how the rest is spread.*
#
# :::{prf:proposition} What a loss sees
# :label: prop-sees
# CE, FL, GCE, MAE and RCE are functions of $p_y$. For $K\ge 3$ NCE, NFL and NGCE with $q<1$ are not: at a given
# $0<p_y<1$ they take more than one value.
# :::
#
# :::{prf:proof}
# The first part is read off the formulas. For the second, each of the three is $L(p_y)/\sum_k L(p_k)$ with
# $L(p_y)>0$ and $L$ strictly convex, so that by Jensen's inequality $\sum_{k\ne y}L(p_k)$ is least where all $p_k$ with
# $k\ne y$ are equal, and larger anywhere else. ∎
# :::
#
# The check holds $p_y$ fixed and moves the rest from an even spread to a single class. Strict convexity of the three
# functions is checked by their second derivative on a grid.

# %%
share = torch.linspace(1 / 9, 0.999, 40, dtype=torch.float64)
for p_y in (0.05, 0.5, 0.9):
    moved = predictions([p_y], share).log()
    for name in ("ce", "fl", "gce", "mae", "rce"):
        values = make_loss(name).every_label(moved)[:, 0]
        assert values.max() - values.min() < 1e-12
    for name in ("nce", "nfl", "ngce"):
        values = make_loss(name).every_label(moved)[:, 0]
        assert (values.diff() < 0).all()

grid = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
for name in ("ce", "fl", "gce"):
    bent = grid.clone().requires_grad_()
    (slope,) = torch.autograd.grad(make_loss(name).every_label(bent[:, None].log()).sum(), bent, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), bent)
    assert (curvature > 0).all()

# %% tags=["hide-input"]
p_y = torch.cat([torch.logspace(-4, -1, 60), torch.linspace(0.1, 0.9999, 150)]).double()
spreads = {"rest spread evenly": 1 / 9, "rest on one class, nearly": 0.999}
panels = {
    heading: {n: (p_y, make_loss(n).every_label(predictions(p_y, s).log())[:, 0]) for n in SHOWN}
    for heading, s in spreads.items()
}
half = {
    h: {n: float(make_loss(n).every_label(predictions([0.5], s).log())[0, 0]) for n in SHOWN}
    for h, s in spreads.items()
}
words = "; ".join(f"{h}: " + ", ".join(f"{n} {v:.3f}" for n, v in values.items()) for h, values in half.items())
Figure(
    shapes.lines,
    panels,
    "probability of the label",
    "loss",
    (0, 1),
    (1e-4, 10),
    "linear",
    "log",
    name="against-p-y",
    caption="Six losses as defined against $p_y$ at ten classes, on a logarithmic axis. CE, FL, GCE and MAE are the same curve in both panels; NCE "
    "and NFL are lower where one class holds the rest.",
    alt=f"Two panels of falling lines. At a label probability of one half, {words}.",
)

# %% [markdown]
# ## Over all predictions of three classes
#
# *A picture of the whole prediction shows which losses run parallel to the opposite side.*
#
# With three classes a prediction is a point of a triangle. A loss that sees $p_y$ alone has level lines parallel to the
# side opposite the label. The level lines of NCE and NFL bend towards the two other corners: there a prediction can be
# wrong and cheap.

# %% tags=["hide-input"]
three = [make_loss(name, 3) for name in SHOWN]
near = predictions([0.01], 0.5, num_classes=3).log(), predictions([0.01], 0.999, num_classes=3).log()
ends = {loss.name: [float(loss.every_label(place)[0, 0]) for place in near] for loss in three}
Figure(
    shapes.simplex,
    three,
    name="simplex",
    caption="Six losses over all predictions of three classes; darker is larger, and the range of each is in its heading "
    "(CE and FL are cut at 4). The label is the corner on the left.",
    alt="Six triangles with level lines. Losses where the label has probability 0.01, first with the rest even, then on one "
    "class: " + "; ".join(f"{name} {even:.3f} and {one:.3f}" for name, (even, one) in ends.items()) + ".",
)

# %% [markdown]
# The slider moves the prediction from the corner of a wrong class, past the uniform prediction, towards the label.

# %% tags=["hide-input"]
bars = [make_loss("ce", 3), make_loss("gce", 3), make_loss("mae", 3, scale=0.5), make_loss("nce", 3)]


def on_the_way(step):
    """From class 1 (0) past the uniform prediction (0.5) to the label (1), on straight lines."""
    wrong, even, right = torch.tensor([[0.01, 0.98, 0.01], [1 / 3, 1 / 3, 1 / 3], [0.98, 0.01, 0.01]])
    start, end, part = (wrong, even, 2 * step) if step <= 0.5 else (even, right, 2 * step - 1)
    return ((1 - part) * start + part * end).double()


def draw_way(step):
    """The slider's picture."""
    return shapes.moving_prediction(on_the_way(step), bars, 4.0)


def say_way(step):
    """The slider's picture in words."""
    at = on_the_way(step)
    values = ", ".join(f"{loss.name} {float(loss.every_label(at[None].log())[0, 0]):.3f}" for loss in bars)
    return f"Label {at[0]:.2f}, class 1 {at[1]:.2f}, class 2 {at[2]:.2f}. Losses: {values}."


Slider(
    draw_way,
    [0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0],
    name="way",
    caption="A prediction on its way from the corner of class 1 past the centre to the label, with its losses (MAE as in the "
    "released code, $1-p_y$).",
    label="share of the way",
    alt=say_way,
    default=0.25,
)

# %% [markdown]
# ## Bounds and sums over the labels
#
# *The cards' bounds and constant sums, tried on predictions that were made to break them.*
#
# The sum of a loss over all labels decides about symmetric noise. It is constant for MAE, RCE and everything normalised;
# of CE, FL and GCE only GCE has a sum with an upper bound, and its limits are known exactly.
#
# :::{prf:proposition} The sum of GCE over the labels
# :label: prop-gce-sum
# For $0<q<1$,
#
# ```{math}
# :label: eq-gce-sum
# \begin{aligned}
# \frac{K-K^{1-q}}{q} &\le \sum_{k=1}^{K}\frac{1-p_k^{\,q}}{q} \\
# &\le \frac{K-1}{q},
# \end{aligned}
# ```
#
# with equality on the left at the uniform prediction and on the right at a corner.
# :::
#
# :::{prf:proof}
# $\sum_k p_k^{\,q}$ is concave and symmetric, so it is greatest at the uniform prediction, where it is $K\cdot K^{-q}$.
# From $p_k\le 1$ follows $p_k^{\,q}\ge p_k$, so the sum is at least 1, which a corner attains. ∎
# :::

# %%
extreme = torch.cat([random_log_p(20000, 10, rng), predictions(p_y, 1 / 9).log(), predictions(p_y, 0.999999).log()])
for q in (0.1, 0.5, 0.7, 0.95):
    sums = make_loss("gce", q=q).every_label(extreme).sum(1)
    low, high = (10 - 10 ** (1 - q)) / q, 9 / q
    assert sums.min() >= low - 1e-9
    assert sums.max() <= high + 1e-9
    ends = torch.tensor([[0.1] * 10, [1.0] + [0.0] * 9], dtype=torch.float64).clamp(min=1e-300).log()
    assert torch.allclose(make_loss("gce", q=q).every_label(ends).sum(1), torch.tensor([low, high]).double(), atol=1e-9)

# %% [markdown]
# For all losses of the catalogue that do not depend on the rest of the batch, the next cell tries the bounds and the sums that the cards
# state: on 20,000 random predictions and on predictions that approach corners. A bound that is too tight or a sum that
# varies would stop the page.

# %%
rows = []
for card in cards():
    if card.batch_level:
        continue
    losses = make_loss(card.name).every_label(extreme)
    sums = losses.sum(1)
    rounding = 1e-9 * losses.abs().max()
    assert losses.min() >= card.lower - rounding, card.name
    assert losses.max() <= card.upper + rounding, card.name
    varies = (sums.max() - sums.min()).item()
    assert (varies < 1e-9 * sums.abs().max()) == (card.constant_sum is not None), card.name
    if card.constant_sum is not None:
        assert math.isclose(sums.mean().item(), card.constant_sum, rel_tol=1e-9), card.name
    rows.append((card, losses, sums))


# %% tags=["hide-input"]
def small(value):
    """Four digits, or that it is nearly nothing."""
    return f"{value:.4g}" if abs(value) > 1e-6 else "≈ 0"


Table(
    pd.DataFrame(
        {
            "loss": [f"`{card.name}`" for card, _, _ in rows if "-" not in card.name],
            "bounds": [
                f"{card.lower:.4g} to {card.upper:.4g}".replace("inf", "∞")
                for card, _, _ in rows
                if "-" not in card.name
            ],
            "values found": [f"{small(v.min())} to {small(v.max())}" for card, v, _ in rows if "-" not in card.name],
            "sums found": [f"{s.min():.4g} to {s.max():.4g}" for card, _, s in rows if "-" not in card.name],
        }
    ),
    name="bounds",
    caption="Bounds stated by the cards, and the smallest and largest values and sums over the labels found, at $K=10$.",
)

# %% [markdown]
# ## The gradient in the logits
#
# *A loss of $p_y$ alone pulls along one direction with a strength of its own; a normalised loss has two directions.*
#
# Networks are moved by the gradient in the logits. Let $e_y$ be the one-hot label and $s(p_y)=-\mathrm{d}L/\mathrm{d}p_y$
# the slope of a loss that depends on $p_y$ alone.
#
# :::{prf:proposition} Logit gradients
# :label: prop-logit-gradients
# If $L$ is a function of $p_y$ alone, then
#
# ```{math}
# :label: eq-gradient-of-p-y
# \nabla_z L = s(p_y)\,p_y\,(p-e_y).
# ```
#
# For NCE, with $D=-\sum_k\log p_k$,
#
# ```{math}
# :label: eq-gradient-of-nce
# \begin{aligned}
# \nabla_z \mathrm{NCE} = \frac{1}{D}\Bigl[&(p-e_y) \\
# &-\mathrm{NCE}\,(K p-\mathbf 1)\Bigr].
# \end{aligned}
# ```
# :::
#
# :::{prf:proof}
# Softmax gives $\partial p_y/\partial z_j = p_y(\mathbf 1[j=y]-p_j)$, and the chain rule gives the first formula. For the
# second, $\partial(-\log p_k)/\partial z_j = p_j-\mathbf 1[j=k]$, so $\nabla_z(-\log p_y)=p-e_y$ and
# $\nabla_z D = Kp-\mathbf 1$; the quotient rule on $-\log p_y/D$ gives the rest. ∎
# :::
#
# All losses of $p_y$ alone share their direction with cross-entropy, whose slope is $1/p_y$. They differ in the factor
# $s(p_y)\,p_y$: it is 1 for CE, $p_y^{\,q}$ for GCE, $2p_y$ for MAE and $-A\,p_y$ for RCE. The check compares the
# formulas with automatic differentiation.

# %%
logits = 3 * torch.randn(500, 10, generator=rng, dtype=torch.float64)
labels = torch.randint(10, (500,), generator=rng)
p = logits.softmax(1)
label = p.gather(1, labels[:, None])
pull = p - F.one_hot(labels, 10)
factors = {
    "ce": torch.ones_like(label),
    "fl": (1 - label) ** 0.5 - 0.5 * label * (1 - label) ** -0.5 * label.log(),
    "gce": label**0.7,
    "mae": 2 * label,
    "rce": 4 * label,
    "sce": 1 + 4 * label,
}
for name, factor in factors.items():
    torch.testing.assert_close(logit_gradients(make_loss(name), logits, labels), factor * pull, rtol=1e-9, atol=1e-12)

log_p = logits.log_softmax(1)
D = -log_p.sum(1, keepdim=True)
nce = -log_p.gather(1, labels[:, None]) / D
assert torch.allclose(logit_gradients(make_loss("nce"), logits, labels), (pull - nce * (10 * p - 1)) / D)

# %% tags=["hide-input"]
p_y = torch.logspace(-5, -0.0005, 200, dtype=torch.float64)
zeros = torch.zeros(len(p_y), dtype=torch.long)
panels = {
    heading: {n: (p_y, logit_gradients(make_loss(n), predictions(p_y, s).log(), zeros).norm(dim=1)) for n in SHOWN}
    for heading, s in spreads.items()
}
at = {n: float(logit_gradients(make_loss(n), predictions([0.001], 0.999).log(), zeros[:1]).norm()) for n in SHOWN}
Figure(
    shapes.lines,
    panels,
    "probability of the label",
    "length of the gradient",
    (1e-5, 1),
    (1e-5, 3),
    "log",
    "log",
    name="gradients",
    caption="Length of the gradient in the logits against $p_y$, both axes logarithmic. Where the label has almost no "
    "probability, CE and FL pull with all their force, MAE and GCE let go, and NCE is small everywhere.",
    alt="Two panels of lines. With label probability 0.001 and the rest nearly on one class the gradient has length "
    + ", ".join(f"{v:.2g} for {n}" for n, v in at.items())
    + ".",
)

# %% [markdown]
# ## What this page has shown
#
# - MAE, RCE and their normalised forms are one function, $s(1-p_y)$; a name fixes $s$ only together with its source.
# - CE, FL, GCE, MAE and RCE see $p_y$ alone and share one direction of gradient. NCE, NFL and NGCE also see how the rest
#   is spread.
# - The bounds and constant sums of the cards hold on everything tried here. GCE's sum is not constant, and lies between
#   the limits of {eq}`eq-gce-sum`.
# - The losses differ most in how they treat a sample whose label has almost no probability. That is what a mislabelled
#   sample looks like to a good network, and what every sample of a hard class looks like to a bad one:
#   [why robust is not enough](robust-is-not-enough.ipynb).
