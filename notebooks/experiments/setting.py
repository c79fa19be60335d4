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
# # One noise setting
#
# A network is trained once with each loss, on the same labels, of which a known share is made wrong; only the loss differs.
# With several seeds this is done anew for each. Everything below is computed from the stored results (records); a run without
# one is missing. Whoever executes this page anew, a template for all settings, can have missing runs trained first.

# %% tags=["parameters"]
study = "digits"
protocol = ""
noise = "symmetric"
rate = 0.4
losses = []
seeds = []
data_root = None
results_root = None
device = "auto"
train = True

# %% tags=["hide-input"]
from nlr.book import plots, unrounded, words
from nlr.book.display import Facts, Figure, Prose, Table
from nlr.evidence import agreement, frames
from nlr.study import experiment

experiment.check_parameters(globals())
runs = experiment.open_experiment(study, protocol, noise, rate, losses, seeds, data_root, results_root, device, train)
where = frames.setting_name(runs.setting)
dataset = runs.records[0]["config"]["dataset"]
scope = f"{frames.DATASETS.get(dataset, dataset)}, protocol {runs.protocol}"
classes = frames.class_names(dataset)
missing = frames.missing_losses(runs.configs, runs.records)
table = frames.frame(runs.records)

# %% [markdown]
# ## What the records say

# %% tags=["remove-input"]
Prose(words.summary(runs.records))

# %% tags=["remove-input"]
Facts(frames.facts(runs.records))

# %% [markdown]
# ## The noise, as it was drawn

# %% tags=["remove-input"]
Prose(words.noise_drawn(runs.records, classes))

# %% tags=["hide-input"]
counts = frames.noise_counts(runs.records)
Figure(
    plots.transition,
    next(iter(counts.values())),
    classes,
    name="noise",
    caption=f"The labels that were trained on, {where}, seed {next(iter(counts))}: of each true class (row), the "
    "per cent that bears each label (column). Seeds differ in which images are mislabelled.",
    alt=words.noise_alt(runs.records, classes),
)

# %% [markdown]
# ## Accuracy
#
# The last epoch is the result. The best epoch is chosen on the clean test set, which no honest procedure may do; it
# shows how much a run loses by going on. Losses with equal names can differ in weight, so the slope of the passive
# part, $-\mathrm{d}L/\mathrm{d}p_y$, stands beside each.

# %% tags=["hide-input"]
Table(
    frames.accuracy_table(runs.configs, runs.records),
    name="accuracy",
    caption=f"Clean test accuracy in per cent, {where} ({scope}); mean ± standard deviation over n seeds; of classes never answered "
    "after the last epoch the most in a run. Where runs are missing, n is the number of seeds that there are, of those planned.",
    numbers=unrounded.over_seeds(table, ["loss", "slope"], ["last", "best", "memorised"]),
)

# %% tags=["hide-input"]
Figure(
    plots.accuracy_curves,
    frames.series(runs.records, ["test_accuracy"]),
    missing,
    name="curves",
    caption=f"Clean test accuracy by epoch, {where} ({scope}). Line: mean over seeds; band: their range.",
    alt=words.curves_alt(runs.records),
)

# %% [markdown]
# ## Memorised or recovered
#
# A wrong label is *memorised* when the network predicts it, and *recovered* when the network predicts the true class in
# spite of it. Both are measured in the training pass, on each batch before its update.

# %% tags=["hide-input"]
if runs.setting == "clean":
    shown = Prose("With clean labels there is no wrong label to memorise.")
else:
    shown = Figure(
        plots.memorised_recovered,
        frames.series(runs.records, ["memorised", "recovered"]),
        missing,
        name="memorised",
        caption=f"Wrong labels memorised (left) and recovered (right) by epoch, {where} ({scope}).",
        alt=words.memorised_alt(runs.records),
    )
shown

# %% [markdown]
# ## Class by class

# %% tags=["hide-input"]
Figure(
    plots.class_accuracy,
    frames.by_class(runs.records),
    classes,
    name="classes",
    caption=f"Clean test accuracy of each class (column) after the last epoch, {where} ({scope}); in per cent, mean over "
    "seeds, darker (in the dark theme, brighter) is more.",
    alt=words.classes_alt(runs.records, classes),
)

# %% tags=["hide-input"]
Figure(
    plots.confusion_matrices,
    frames.confusions(runs.records),
    classes,
    name="confusion",
    caption=f"What each true class (row) is taken for (column) after the last epoch, {where} ({scope}); rows in per "
    "cent, summed over seeds, darker (in the dark theme, brighter) is more.",
    alt=words.confusion_alt(runs.records, classes),
)

# %% [markdown]
# ## Yours against ours
#
# With a results root of your own, the runs above are yours; they are compared here, cell by cell, with the records of
# the study. Two cells agree when their means differ by at most the larger of 1 point and 3 of our standard deviations.

# %% tags=["hide-input"]
if runs.theirs is None:
    shown = Prose("The runs on this page are the study's own, so there is nothing to compare.")
else:
    compared = agreement.compare(runs.records, runs.theirs)
    shown = Table(
        agreement.as_text(compared),
        name="agreement",
        caption="Mean clean test accuracy after the last epoch. " + " ".join(dict.fromkeys(compared["note"])),
        numbers=unrounded.agreement(compared),
    )
shown
