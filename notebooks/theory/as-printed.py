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
# *Nineteen places where a formula in one of the five course reports differs from the definition: what they give on the same
# numbers, where minimising them leads, and what they do to a small network.*
#
# The five reports {cite}`soni2025,kathuria2025,krishnan2025,joshi2025,chheda2025` retell Ma et al. {cite}`ma2020`, and
# some formulas changed on the way: a subscript was lost, a minus sign, a fraction bar. Formulas err. What a formula would
# do if it were run as it stands is worth knowing, because it is one candidate explanation of what the reports measured.
# The definitions are those of {doc}`the losses </executed/losses>`: $p$ is the softmax of the logits, $y$ the label, $K$
# the number of classes, and $A$ the number that stands for $\log 0$.
#
# Three pages take the formulas one by one, each beside the right one, with a cell that states a fault, finds it in what is
# printed, and does not find it in what is right: {doc}`closed forms and signs </executed/theory/printed-forms>`,
# {doc}`other normalisations </executed/theory/printed-normalisations>`, and {doc}`definitions, weights and indices
# </executed/theory/printed-definitions>`. What the code of a report computes is often another thing; where it is public,
# {doc}`as coded </executed/theory/as-coded>` says what.

# %%
import math

import pandas as pd
import torch

from nlr.book.display import Figure, Prose, Table
from nlr.losses import make_loss
from nlr.theory import drawings, printed
from nlr.theory.printed import PAIRS, SINGLE, formula, number

names, p, labels = printed.points()

# %% [markdown]
# ## The same numbers
#
# *Every pair of formulas on five predictions for ten classes.*
#
# The five predictions are: sure and right, right, uniform, torn between the label and a rival, sure and wrong. A
# normalised loss lies between 0 and 1, whatever is predicted.

# %% tags=["hide-input"]
rows = []
for erratum, what, wrong, right in PAIRS:
    for kind, name in (("printed", wrong), ("right", right)):
        row = [f"[{erratum}](#erratum-{erratum.lower()})", what, kind] if kind == "printed" else ["", "", kind]
        rows.append(row + [number(v) for v in formula(name)(p, labels).tolist()])

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
def rises(name):
    """Whether the loss is larger at p_y = 0.8 than at 0.2, the rest shared evenly."""
    q = torch.tensor([[s] + [(1 - s) / 9] * 9 for s in (0.2, 0.8)], dtype=torch.float64)
    low, high = formula(name)(q, torch.zeros(2, dtype=torch.int64)).tolist()
    return high > low


rising = [f"{what} ({erratum})" for erratum, what, wrong, _ in SINGLE if rises(wrong)]
assert not any(rises(right) for *_, right in SINGLE)

Figure(
    drawings.against_p_y,
    SINGLE,
    name="curves",
    caption="Each printed formula and the right one against the probability of the label, ten classes, the rest shared "
    "evenly. Where the printed curve rises, minimising it lowers the probability of the label.",
    alt=f"Twelve panels with two curves each. Every right curve falls from p_y = 0.2 to 0.8. Of the printed ones these "
    f"rise: {', '.join(rising)}.",
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
RADII = (10, 20)
ends = {name: printed.ends_of_descent(name, RADII) for pair in SINGLE for name in pair[2:]}
at_start = ends["nce"][0]
rows = []
for erratum, what, wrong, _ in SINGLE:
    _, shares, losses = ends[wrong]
    top, *reached = f"{100 * shares[-1]:.0f} %", *(f"${loss:.2f}$" for loss in losses)
    rows.append((f"[{erratum}](#erratum-{erratum.lower()})", what, top, *reached))
right_ones = [ends[right] for *_, right in SINGLE]
Table(
    pd.DataFrame(rows, columns=["erratum", "as printed", "label on top", *(f"loss at {radius}" for radius in RADII)]),
    name="minimised",
    caption=f"Where descent in free logits ends for the printed formulas, ten classes: the share of 100 samples with the "
    f"label on top ({100 * at_start:.0f} % at the start), and the mean loss with centred logits of norm at most "
    f"{RADII[0]} and {RADII[1]}. The right formulas all end with the label on top in "
    f"{100 * min(shares[-1] for _, shares, _ in right_ones):.0f} % and with a loss of at most "
    f"{number(max(losses[-1] for _, _, losses in right_ones))} at {RADII[1]}.",
    left=["as printed"],
)

# %%
assert all(ends[right][1] == [1, 1] and abs(ends[right][2][1]) < 0.01 for *_, right in SINGLE)
for name in ("soni-nce", "soni-nfl", "joshi-ce", "joshi-fl"):
    assert ends[name][2][1] < ends[name][2][0] - 5  # no minimum: twice the radius, a much lower loss
for name in ("soni-nrce", "joshi-ce", "joshi-rce", "joshi-fl"):
    assert ends[name][1] == [0, 0]  # the label is avoided
for name in ("soni-nce", "soni-nfl"):
    assert ends[name][1][1] < 0.5  # the label hardly matters

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
said = ", ".join(f"{name} {100 * trained[name, 0.4][1][0]:.0f} %" for name in PANELS)
Figure(
    drawings.answers_in_the_plane,
    {name: trained[name, 0.4][0] for name in PANELS},
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
slopes = [make_loss("kathuria-mae").passive_slope, make_loss("rce", A=math.log(1e-4)).passive_slope]
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
- Of {{doc}}`definitions, weights and indices </executed/theory/printed-definitions>` the one with consequences for
  experiments is the scale: the names MAE and RCE stand for slopes from {number(min(slopes))} to {number(max(slopes))}.

What a report's code computed does not follow from its formulas. Where it is public, only Krishnan's has the printed ones;
of Soni's forms none was trained ({{doc}}`as coded </executed/theory/as-coded>`). Whether the formulas account for what the
other reports measured is a question for training runs."""
)
