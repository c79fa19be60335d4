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
# # Accuracy and noise rate
#
# *How the accuracy of each loss falls as more labels are wrong, for all losses and in the groups that the reports compare.*
#
# Everything is computed from the records of one study when the book is built; a run that is missing is a gap in a line or
# says so in a table.

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
from nlr.book import plots, unrounded, words
from nlr.book.display import Facts, Figure, Prose, Table
from nlr.evidence import comparisons, frames
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
table = frames.frame(found)
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"

# %% tags=["remove-input"]
Prose(f"**In short.** {words.falls(table, 'symmetric')} {words.falls(table, 'asymmetric')}")

# %% tags=["remove-input"]
Facts(frames.facts(found))

# %% [markdown]
# ## All losses
#
# Clean labels stand at rate 0. A rate of asymmetric noise is that of the five classes whose labels it changes; overall it
# makes half as many labels wrong.

# %% tags=["hide-input"]
Figure(
    plots.accuracy_by_rate,
    table,
    frames.rates(chosen, "symmetric"),
    "symmetric",
    name="symmetric",
    caption=f"Clean test accuracy after the last epoch against the rate of symmetric noise ({scope}); bars: one standard "
    "deviation over seeds, where there are several.",
    alt=words.by_rate_alt(table, "symmetric"),
)

# %% tags=["hide-input"]
Figure(
    plots.accuracy_by_rate,
    table,
    frames.rates(chosen, "asymmetric"),
    "asymmetric",
    name="asymmetric",
    caption=f"Clean test accuracy after the last epoch against the rate of asymmetric noise ({scope}).",
    alt=words.by_rate_alt(table, "asymmetric"),
)

# %% tags=["hide-input"]
Table(
    frames.settings_table(chosen, found, "last"),
    name="last",
    caption=f"Clean test accuracy after the last epoch, in per cent ({scope}); mean ± standard deviation over seeds. In square "
    "brackets how many classes are never answered, where there are any, the most in a run. "
    f"{frames.without_runs(chosen, found)}",
    style="dense",
    numbers=unrounded.over_seeds(table, ["setting", "loss"], ["last"]),
)

# %% tags=["hide-input"]
Table(
    frames.settings_table(chosen, found, "best"),
    name="best",
    caption=f"The same in the best epoch of each run, chosen on the test set, which flatters ({scope}). "
    f"{frames.without_runs(chosen, found)}",
    style="dense",
    numbers=unrounded.over_seeds(table, ["setting", "loss"], ["best"]),
)

# %% [markdown]
# ## In the groups of the reports
#
# Each report compares a few losses with each other. Joshi's tables are left out, because their accuracies are judged against
# wrong labels. The losses here are ours, of one protocol, not the variants that a report's formulas define.

# %% tags=["hide-input"]
Figure(
    plots.groups_by_rate,
    table,
    frames.rates(chosen, "symmetric"),
    comparisons.GROUPS,
    "symmetric",
    name="groups-symmetric",
    caption=f"The groups of losses that four reports compare, under symmetric noise ({scope}).",
    alt="A panel a group: "
    + "; ".join(f"{name}: {', '.join(group)}" for name, group in comparisons.GROUPS.items())
    + ".",
)

# %% tags=["hide-input"]
Figure(
    plots.groups_by_rate,
    table,
    frames.rates(chosen, "asymmetric"),
    comparisons.GROUPS,
    "asymmetric",
    name="groups-asymmetric",
    caption=f"The same groups under asymmetric noise ({scope}).",
    alt="A panel a group: "
    + "; ".join(f"{name}: {', '.join(group)}" for name, group in comparisons.GROUPS.items())
    + ".",
)

# %% [markdown]
# ## What robustness costs on clean labels
#
# A robust loss that stands below cross-entropy on clean labels has paid for what it gains on wrong ones.

# %% tags=["hide-input"]
cost = comparisons.clean_cost(table)
Table(
    comparisons.cost_table(cost),
    name="cost",
    caption="Accuracy after the last epoch less that of ce in the same setting, in points, over the seeds that both have; "
    "behind ± is half the 95 % interval, where a spread over seeds is known; behind the bar the same at the best epochs, "
    f"chosen on the test set ({scope}).",
    style="dense",
    numbers=unrounded.named(cost, ["setting", "loss", "other", "n", "difference", "low", "high", "best"]),
)

# %% tags=["remove-input"]
Prose(words.clean_cost(cost))
