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
# # Classes under asymmetric noise
#
# *Asymmetric noise changes the labels of five classes and leaves the other five: where the damage falls.*
#
# A record has the answers by class after the last epoch alone, so nothing here is of a best epoch.

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
from nlr.book import plots, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import comparisons, frames
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
table = frames.frame(found)
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"
setting = "asymmetric-0.4"
classes = frames.class_names(chosen.dataset)
changes = comparisons.class_change(found, setting)

# %% tags=["remove-input"]
Prose(f"**In short.** {words.damage_by_class(changes, classes)}\n\n{words.class_map(classes)}")

# %% tags=["hide-input"]
Figure(
    plots.class_changes,
    changes,
    classes,
    name="classes",
    caption=f"Test accuracy by class after the last epoch with {frames.setting_name(setting)} ({scope}); mean over "
    "the seeds that have both that and clean labels, over all where none has.",
    alt="A panel a loss, a row a class. Lowest and highest class of each with wrong labels, in per cent: "
    + "; ".join(
        f"{loss} {part['noisy'].min():.0f} and {part['noisy'].max():.0f}"
        for loss, part in changes.groupby("loss", sort=False)
    )
    + ".",
)

# %% tags=["hide-input"]
Table(
    comparisons.class_groups(changes),
    name="groups",
    caption=f"Mean test accuracy of the classes whose labels change and of the others with {frames.setting_name(setting)}, in "
    f"per cent, and the change from clean labels, in points, over the seeds that have both ({scope}).",
    numbers=unrounded.class_groups(changes),
)
