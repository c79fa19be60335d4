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
# # Experiments on Kathuria's report
#
# *One function that gave two results, the epoch that is kept, values of gamma, and two kinds of noise at rates that are
# not equal.*
#
# No code of her report {cite}`kathuria2025` is known to us: everything here follows what it prints. Every test, with its
# threshold and margin, was committed before its runs; {doc}`errors shown by experiment </executed/reports/experiments>`
# says how they are read, and has them in one table.

# %% tags=["hide-input"]
from functools import partial

import numpy as np
from IPython.display import display

from nlr.book import experiments
from nlr.book.display import Figure, Prose
from nlr.book.experiments import SMALL, seeds_table, small_table
from nlr.evidence import claims, frames, verdicts
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.wording import signed
from nlr.noise import parse_setting, transition_matrix
from nlr.study import studies

records = verdicts.counted()
tested = partial(experiments.tested, records)
runs_of = partial(experiments.runs_of, records)
accuracies = partial(experiments.accuracies, records)
differences = partial(experiments.differences, records)
worth = partial(experiments.worth, records)

# %% [markdown]
# ## One function, two results
#
# *Her NCE and her sum of NCE and MAE, with AdamW at 0.01, are one function and one step. How far apart do they end?*
#
# [In lock-step](#experiment-e7) the two networks begin as one. In her protocol they are trained for hundreds of batches,
# on digits in float32 and scaled down in bfloat16, and the gradient is clipped; precision and clipping are our choice.
# The mean difference over the seeds is tested for
# equivalence, and single differences show what one run each can look like.

# %% tags=["hide-input"]
display(
    *tested("C12", "kathuria-as-written-digits", "kathuria-as-written-small"),
    *tested("C55", "kathuria-as-written-digits"),
)

# %% tags=["hide-input"]
PAIR = ("kathuria-nce", "kathuria-nce+kathuria-mae")
CELLS = [
    ("kathuria-as-written-digits", "symmetric-0.5"),
    ("kathuria-as-written-digits", "asymmetric-0.25"),
    ("kathuria-as-written-small", "symmetric-0.5"),
]
apart = {(protocol, setting): differences(protocol, *reversed(PAIR), setting) for protocol, setting in CELLS}
there = {cell: values for cell, values in apart.items() if len(values)}
Figure(
    experiments.single_differences,
    {
        f"{protocol.split('-')[-1]}, {frames.short_name(setting)}": values
        for (protocol, setting), values in apart.items()
    },
    3,
    "sum of NCE and MAE less NCE, points",
    name="kathuria",
    caption="Kathuria's sum less her NCE on each seed (dots) and their mean (bars); the band is the margin of equivalence.",
    alt="; ".join(
        f"{protocol}, {frames.short_name(setting)}: {len(values)} seeds from {values.min():+z.1f} to {values.max():+z.1f} points"
        for (protocol, setting), values in there.items()
    )
    or "An empty field with the band of the margin: there is no run of these losses yet.",
)

# %% tags=["remove-input"]
PLACES = {"digits": "on digits", "small": "on CIFAR-10, scaled down,"}
largest = {
    place: max(
        (np.abs(values).max() for (protocol, _), values in there.items() if protocol.endswith(kind)), default=None
    )
    for kind, place in PLACES.items()
}
parts = [f"{place} by up to {value:.1f} points" for place, value in largest.items() if value is not None]
Prose(
    f"Of one function, two single runs differ {' and '.join(parts)}. A report that has one run of each can see such a "
    "difference and take it for one of losses."
    if parts
    else "Single differences are missing."
)

# %% [markdown]
# (experiment-e30)=
# ## By which epoch a run is judged
#
# She keeps the epoch with the best validation accuracy and does not say whether its labels are noisy. The held-out images
# of these runs are judged by both labels, and the test set is looked at in every epoch: four rules for one run. Only the
# first two use nothing but what a user has.

# %% tags=["hide-input"]
RULES = {
    "last epoch": "last_accuracy",
    "best by noisy labels": "best_by_noisy_validation",
    "best by clean labels": "best_by_clean_validation",
    "best on the test set": "best_accuracy",
}


def by_rule(cell, key):
    """Test accuracy of a loss in a setting in the epoch that a rule chooses, per cent by seed."""
    return np.array([100 * r["final"][key] for r in runs_of("kathuria-as-written-digits", *cell)])


RULED = [
    (loss, setting)
    for setting in ("symmetric-0.5", "asymmetric-0.25")
    for loss in (*PAIR, "kathuria-nce,scale=0.01", "kathuria-nce,scale=100")
    if runs_of("kathuria-as-written-digits", loss, setting)
]
seeds_table(
    {(loss, setting): {"loss": f"`{loss}`", "setting": frames.short_name(setting)} for loss, setting in RULED},
    RULES,
    by_rule,
    name="rules",
    caption="Kathuria's protocol on digits: test accuracy (%, mean ± standard deviation over seeds) in the epoch that each of "
    "four rules chooses, by noisy or clean labels of held-out images, or on the test set itself.",
    left=["setting"],
)

# %% tags=["remove-input"]
kept = [np.mean([FIGURES["memorised"][0](r) for r in runs_of("kathuria-as-written-digits", *cell)]) for cell in RULED]
gained = {
    rule: [(by_rule(cell, key) - by_rule(cell, "last_accuracy")).mean() for cell in RULED]
    for rule, key in RULES.items()
    if key != "last_accuracy"
}
Prose(
    "Against the last epoch the mean changes "
    + "; ".join(f"by {min(values):+z.1f} to {max(values):+z.1f} points for {rule}" for rule, values in gained.items())
    + f". Of the wrong labels these trainings have memorised {min(kept):.0f} to {max(kept):.0f} % in the mean of a row; what the choice "
    "does to losses that memorise more is in {doc}`/executed/results/ranks`. Chosen on the test set, no run can lose."
    if RULED
    else "Runs are missing."
)

# %% [markdown]
# (experiment-e58)=
# ## Values of gamma
#
# *FL and NFL at 0.5 and at 2, and at 0, where they are CE and NCE.*
#
# The sources differ in $\gamma$, or give none. Does it matter? The reference protocol on digits, with both kinds of noise.

# %% tags=["hide-input"]
display(*tested("E58", "gamma-digits"))

# %% tags=["hide-input"]
GAMMAS = {"0": ("ce", "nce"), "0.5": ("fl", "nfl"), "2": ("fl,gamma=2", "nfl,gamma=2")}
FAMILIES = ("FL", "NFL")


def at_gamma(gamma, column):
    """Accuracy of a family of losses in a setting, per cent by seed."""
    family, setting = column
    return accuracies("gamma-digits", GAMMAS[gamma][FAMILIES.index(family)], setting)


seeds_table(
    {gamma: {"gamma": gamma} for gamma in GAMMAS},
    {
        f"{family}, {frames.short_name(setting)}": (family, setting)
        for setting in ("symmetric-0.4", "asymmetric-0.4")
        for family in FAMILIES
    },
    at_gamma,
    name="gamma",
    caption="The reference protocol on digits: clean test accuracy after the last epoch (%, mean ± standard deviation over "
    "seeds) at three values of gamma.",
)

# %% tags=["remove-input"]
e58 = claims.evaluate(experiments.statement("E58"), records, "gamma-digits")
by_gamma = e58.evidence[0].rows
widest = max(by_gamma, key=lambda row: abs(row.effect) if row.n else -1)
Prose(
    f"The largest of these {len(by_gamma)} differences is {signed(widest.effect)} points ({experiments.readable(widest.label)})"
    + (": within the margin, which is no proof that gamma does nothing." if e58.outcome == "held" else ".")
    if widest.n
    else "Runs are missing."
)

# %% [markdown]
# (experiment-e22)=
# ## What is held equal when two kinds of noise are compared
#
# She finds asymmetric noise easier than symmetric noise of twice its rate. At asymmetric rate 0.4 two fifths of the labels
# of five classes are wrong, a fifth of all.

# %% tags=["remove-input"]
Prose(experiments.small_protocol())

# %%
RATES = {"asymmetric-0.4": (0.4, 0.2), "symmetric-0.2": (0.2, 0.2), "symmetric-0.4": (0.4, 0.4)}
for setting, (largest, overall) in RATES.items():
    wrong = 1 - transition_matrix(*parse_setting(setting)).diagonal()
    assert np.allclose([wrong.max(), wrong.mean()], [largest, overall])

# %% tags=["hide-input"]
LOSSES = studies.load(SMALL).losses()


def small_accuracy(loss, setting):
    return accuracies(SMALL, loss, setting)


small_table(
    LOSSES,
    {
        "asymmetric 0.4": "asymmetric-0.4",
        "symmetric 0.2 (as many labels in all)": "symmetric-0.2",
        "symmetric 0.4 (as many in a class)": "symmetric-0.4",
    },
    small_accuracy,
    name="equal-rates",
    caption="Clean test accuracy after the last epoch (%) under asymmetric noise, and under symmetric noise with an equal share of "
    "wrong labels over all classes and with that of the mapped classes (CIFAR-10 (JPEG), ma2020-small; mean, ± standard "
    f"deviation over seeds where there are several; {worth(RATES)}).",
)

# %% tags=["remove-input"]


def asymmetric_less(setting):
    """Asymmetric 0.4 less a symmetric setting, points, of each loss that has runs in both."""
    pairs = {loss: [small_accuracy(loss, where) for where in ("asymmetric-0.4", setting)] for loss in LOSSES}
    return {loss: one.mean() - other.mean() for loss, (one, other) in pairs.items() if len(one) and len(other)}


def compared(words, setting):
    """A sentence on what asymmetric noise does to accuracy, with something held equal."""
    values = asymmetric_less(setting)
    if not values:
        return f"With {words} held equal, no loss has both runs yet."
    low, high = min(values, key=values.get), max(values, key=values.get)
    above = sum(value > 0 for value in values.values())
    return (
        f"With {words} held equal, asymmetric noise is the easier one for {above} of {len(values)} losses with runs; the "
        f"differences run from {values[low]:+z.1f} (`{low}`) to {values[high]:+z.1f} points (`{high}`)."
    )


Prose(
    compared("the share of a mapped class", "symmetric-0.4")
    + " "
    + compared("the share of all labels", "symmetric-0.2")
    + " Which kind of noise is harder is no statement without saying which of the two is equal."
)
