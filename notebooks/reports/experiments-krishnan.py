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
# # Experiments on Krishnan's report
#
# *What his two ways to normalise a loss do in training, why several of his accuracies may be exactly those of chance, and
# whether 0.6 is the best weight of a sum.*
#
# His code {cite}`krishnan2025` computes NCE and NFL as the report prints them, so that these runs are of the losses that
# he trained; noise, weights of the sums and MAE are otherwise there ({doc}`as coded </executed/theory/as-coded>`, and
# {doc}`his page </executed/reports/krishnan>`). Every test, with its threshold and margin, was committed before its runs;
# {doc}`errors shown by experiment </executed/reports/experiments>` says how they are read, and has them in one table.

# %% tags=["hide-input"]
from functools import partial

import numpy as np
import pandas as pd
import torch
from IPython.display import display

from nlr.book import experiments, unrounded
from nlr.book.display import Prose, Table
from nlr.book.experiments import spread
from nlr.evidence import claims, course_figures, verdicts
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.wording import signed
from nlr.losses import make_loss

records = verdicts.counted()
tested = partial(experiments.tested, records)
runs_of = partial(experiments.runs_of, records)
accuracies = partial(experiments.accuracies, records)
differences = partial(experiments.differences, records)

# %% [markdown]
# (experiment-e10)=
# ## Two forms of normalising
#
# *NCE over the entropy of the batch's labels, NFL as a mean weighted by hardness.*
#
# The denominator of his NCE depends on the labels alone. In every batch its gradient is that of cross-entropy over one
# number:

# %%
generator = torch.Generator().manual_seed(0)
ratios = []
for _ in range(100):
    logits = torch.randn(128, 10, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(10, (128,), generator=generator)
    gradients = [torch.autograd.grad(make_loss(name)(logits, labels), logits)[0] for name in ("ce", "krishnan-nce")]
    share = labels.bincount(minlength=10) / len(labels)
    entropy = -(share[share > 0] * share[share > 0].log()).sum().item()
    assert torch.allclose(gradients[0], entropy * gradients[1], rtol=1e-9)
    ratios.append(entropy)

# %% tags=["remove-input"]
Prose(
    f"Over {len(ratios)} random batches of 128 that number is {np.mean(ratios):.3f} on average, from {min(ratios):.3f} to "
    f"{max(ratios):.3f}. So his NCE is cross-entropy with a step that varies by a few per cent, and Adam takes even the "
    "constant away. Trained in his protocol on digits, it should end where CE does, and the paper's NCE elsewhere."
)

# %% tags=["hide-input"]
display(*tested("C13", "krishnan-as-written-digits"), *tested("E10", "krishnan-as-written-digits"))

# %% tags=["remove-input"]
KRISHNAN = ("ce", "krishnan-nce", "nce", "fl", "nfl", "krishnan-nfl", "krishnan-nfl-detached")
SUMS = tuple(f"krishnan-apl(krishnan-{pair})" for pair in ("nce+mae", "nfl+rce", "nfl+mae", "nce+rce"))
KRISHNANS = "krishnan-as-written-digits"
AT = [f"symmetric-{rate}" for rate in (0.4, 0.6, 0.8)]


def beside(one, other):
    """Accuracy of a loss less that of another in Krishnan's protocol on digits: the mean over shared seeds, by rate."""
    found = [differences(KRISHNANS, one, other, setting) for setting in AT]
    return np.array([values.mean() for values in found if len(values)])


alike, papers = beside("krishnan-nce", "ce"), beside("nce", "krishnan-nce")
gains = {loss: gain for loss in (*KRISHNAN[1:], *SUMS) if len(gain := beside(loss, "ce"))}
single, of_sums = (max((gains[loss].max() for loss in of if loss in gains), default=-np.inf) for of in (KRISHNAN, SUMS))
margin = experiments.statement("C13").tests_in("krishnan-as-written-digits")[0]["threshold"]
e10 = claims.evaluate(experiments.statement("E10"), records, "krishnan-as-written-digits").outcome
Prose(
    f"His NCE lies {signed(alike.min(), 2)} to {signed(alike.max(), 2)} points from CE, and the paper's NCE "
    f"{signed(papers.min(), 2)} to {signed(papers.max(), 2)} points from his, over shared seeds. "
    + (
        "So the two forms come apart as announced. "
        if e10 == "held"
        else "That the two forms come apart is not seen here. "
    )
    + f"The largest gain over CE of any single loss below, at any of the rates, is {signed(single, 2)} points, and of his "
    f"sums, which are run at 0.8 alone, {signed(of_sums, 2)}"
    + (
        f". Where no single loss is above CE by the margin of {margin} points, that his NCE is not either says little: on digits "
        "in his protocol equality with CE is shown, and robustness can hardly be told."
        if single < margin
        else ", so that there was something to tell apart."
    )
    if len(alike) and len(papers) and np.isfinite([single, of_sums]).all()
    else "Runs are missing."
)

# %% [markdown]
# (experiment-e11)=
# ## Hard samples first, sure ones pushed down
#
# His NFL counts a sample by $(1-p_y)^\gamma$, so that hard samples, wrong labels among them, weigh more than sure ones. Where
# the weights are differentiated, as they are in his code, sure samples are pushed down. In training this should
# give wrong labels more of the gradient than the normalised focal loss does, and keep the network unsure of right ones. That
# it ends in one class would explain his 10.00.

# %% tags=["hide-input"]
display(*tested("C14", "krishnan-as-written-digits"), *tested("E11", "krishnan-as-written-digits"))


# %% tags=["hide-input"]
def at_six_tenths(loss, figure):
    """The mean of a figure over the seeds at rate 0.6, NaN without runs."""
    found = runs_of("krishnan-as-written-digits", loss, "symmetric-0.6")
    return np.mean([FIGURES[figure][0](r) for r in found]) if found else np.nan


SURE = {
    "probability of the given label, right labels": "sureness",
    "wrong labels' share of the gradient": "gradient_share",
}


def krishnan_row(loss):
    """Accuracy at each rate, and at 0.6 how sure the network is of right labels and the wrong labels' gradient share."""
    missing = "–" if loss in SUMS else "missing"  # no study has the sums at other rates
    row = {"loss": f"`{loss}`"}
    for setting in AT:
        values = accuracies("krishnan-as-written-digits", loss, setting)
        row[setting.split("-")[1]] = spread(values) if len(values) else missing
    for column, figure in zip(("sureness at 0.6", "gradient share at 0.6"), SURE.values(), strict=True):
        value = at_six_tenths(loss, figure)
        row[column] = missing if np.isnan(value) else f"{value:.0f}"
    return row


Table(
    pd.DataFrame(map(krishnan_row, (*KRISHNAN, *SUMS))),
    name="krishnan",
    numbers=pd.DataFrame(
        {"loss": loss, "setting": setting}
        | unrounded.of_seeds(values, "clean test accuracy")
        | {
            f"{words}, mean (%)": at_six_tenths(loss, figure) if setting == "symmetric-0.6" else np.nan
            for words, figure in SURE.items()
        }
        for loss in (*KRISHNAN, *SUMS)
        for setting in AT
        if len(values := accuracies("krishnan-as-written-digits", loss, setting))
    ),
    caption="Krishnan's protocol on digits: clean test accuracy (%, mean ± standard deviation over seeds) at three rates; at "
    "0.6 the mean probability of the given label of samples whose label is right (%), and the wrong labels' share of the "
    "gradient (%). His sums are run at 0.8 alone.",
)

# %% tags=["remove-input"]
share, sure = ({loss: at_six_tenths(loss, f) for loss in KRISHNAN} for f in ("gradient_share", "sureness"))
c14 = claims.evaluate(experiments.statement("C14"), records, "krishnan-as-written-digits").outcome
collapsed = [
    FIGURES["modal_share"][0](r) > experiments.statement("E11").rules["collapsed"]
    for setting in AT
    for r in runs_of("krishnan-as-written-digits", "krishnan-nfl", setting)
]
Prose(
    f"At 0.6 wrong labels have {share['krishnan-nfl']:.1f} % of the gradient with his NFL and {share['nfl']:.1f} % with the normalised "
    f"focal loss. "
    + {
        "held": "That is what was expected. ",
        "did not hold": "The expectation was the opposite: a share in training depends on the network that the loss has "
        "made, not on the weights alone. ",
    }.get(c14, "That settles nothing. ")
    + f"Of right labels it is {sure['krishnan-nfl']:.0f} % sure, {sure['fl']:.0f} % with FL. "
    f"{sum(collapsed) or 'None'} of the {len(collapsed)} runs ended in one class."
    if collapsed and not np.isnan(share["nfl"])
    else "Runs are missing."
)

# %% [markdown]
# (experiment-e42)=
# ## The row of 10.00

# %% tags=["remove-input"]
his = course_figures.accuracies().query("report == 'krishnan' and setting == 'symmetric-0.8'")["value"]
Prose(f"At 0.8 his table has 10.00, chance, for {(his == 10).sum()} of {len(his)} losses. In his protocol on digits:")

# %% tags=["hide-input"]
display(*tested("E42", "krishnan-as-written-digits"))

# %% tags=["remove-input"]
seven = [
    accuracies("krishnan-as-written-digits", loss, "symmetric-0.8")
    for loss in experiments.statement("E42").tests[0]["losses"]
]
reached = np.concatenate(seven)
Prose(
    f"Single runs of these seven losses reach {reached.min():.1f} to {reached.max():.1f} %. Where no run collapses, the formulas "
    "alone do not account for his row. His network is deeper and has dropout, his images are harder: only runs of his "
    "protocol in full can tell. By the pictures in the copy of his report that lies beside his code the NFL with 10.00 at "
    "0.6 never left its start, while another run with the same settings did ([E42](#errata-row-e42))."
    if len(reached)
    else "Runs are missing."
)

# %% [markdown]
# ## The grid of $\lambda$
#
# He names $\lambda = 0.6$ as the best of a grid without saying by which data it was chosen; no grid search is in his code,
# and there 0.6 is on the passive term. Here the grid is judged on held-out samples with noisy labels, by which one may
# choose; $\lambda$ is called alpha.

# %% tags=["hide-input"]
display(*tested("C40", "krishnan-lambda-digits"))
