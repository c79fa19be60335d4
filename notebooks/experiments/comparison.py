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
# # All settings of a study
#
# Each loss in each noise setting of one study, from its records alone; nothing is trained here.

# %% tags=["parameters"]
study = "digits"

# %% tags=["hide-input"]
from nlr.book import plots, unrounded, words
from nlr.book.display import Facts, Figure, Prose, Table
from nlr.evidence import frames
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
order = frames.in_order(chosen.settings)
found.sort(key=lambda record: order.index(frames.setting_of(record["config"])))
table = frames.frame(found)
scope = f"{frames.DATASETS.get(chosen.dataset, chosen.dataset)}, protocol {chosen.protocol}"

# %% tags=["remove-input"]
Prose(words.study_summary(chosen, found))

# %% tags=["remove-input"]
Facts(frames.facts(found))

# %% tags=["hide-input"]
ahead = words.leaders(found)
Table(
    words.leaders_table(ahead),
    name="leaders",
    caption=f"The loss with the highest mean accuracy after the last epoch ({scope}), in per cent, over the seeds that "
    "every loss that is counted has there, and what it has more than cross-entropy (ce), in points: after the last epoch, and "
    f"at the best epochs of the two, chosen on the test set. {words.left_out(found)}".strip(),
    left=["most accurate"],
    style="dense",
    numbers=unrounded.named(
        ahead,
        ["never_answered", "n", "difference", "best"],
        setting="setting",
        loss="loss",
        last=f"{unrounded.NAMES['last']}, mean (%)",
    ),
)

# %% [markdown]
# ## Last epoch

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

# %% [markdown]
# ## Best epoch, chosen on the test set
#
# The difference from the table above is what training on costs a loss, and what a report gains that picks its epoch on
# the test set. Which classes are never answered is recorded of the last epoch alone.

# %% tags=["hide-input"]
Table(
    frames.settings_table(chosen, found, "best"),
    name="best",
    caption=f"Clean test accuracy at the best epoch, chosen on the test set, in per cent ({scope}); mean ± standard "
    f"deviation over seeds. {frames.without_runs(chosen, found)}",
    style="dense",
    numbers=unrounded.over_seeds(table, ["setting", "loss"], ["best"]),
)

# %% tags=["hide-input"]
Figure(
    plots.last_and_best,
    table[table["kind"] != "clean"],
    name="last-and-best",
    caption=f"Last epoch (filled) and best epoch chosen on the test set (open), {scope}.",
    alt=words.last_and_best_alt(table[table["kind"] != "clean"]),
)

# %% [markdown]
# ## Wrong labels memorised

# %% tags=["hide-input"]
Table(
    frames.settings_table(chosen, found, "memorised"),
    name="memorised",
    caption=f"Wrong labels that the network predicts in the last epoch's training pass, in per cent ({scope}); "
    f"an en dash where no label is wrong. {frames.without_runs(chosen, found)}",
    style="dense",
    numbers=unrounded.over_seeds(table, ["setting", "loss"], ["memorised"]),
)

# %% tags=["hide-input"]
if table["rate"].nunique() > 2:
    shown = Figure(
        plots.accuracy_by_rate,
        table,
        frames.rates(chosen, "symmetric"),
        name="by-rate",
        caption=f"Clean test accuracy after the last epoch against the rate of symmetric noise ({scope}); bars: one "
        "standard deviation over seeds.",
        alt=words.by_rate_alt(table),
    )
else:
    shown = None  # two points make no curve
shown
