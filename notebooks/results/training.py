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
# # The course of training
#
# *What each loss learns first, what it memorises later, and what going on to the last epoch costs.*
#
# A wrong label is *memorised* when the network predicts it and *recovered* when the network predicts the true class in spite
# of it, both measured in the training pass, on each batch before its update.

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
import pandas as pd

from nlr.book import plots, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import frames
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
table = frames.frame(found)
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"
noisy = [record for record in found if record["config"]["noise"]["kind"] != "clean"]
names = frames.in_order(frames.setting_of(record["config"]) for record in noisy)
curves = pd.concat(
    frames.series(
        [r for r in noisy if frames.setting_of(r["config"]) == name], ["test_accuracy", "memorised", "recovered"]
    ).assign(setting=name)
    for name in names
)
ends = frames.cells(frames.frame(noisy))


def at_the_end(column, word):
    """Lowest and highest loss of each setting at the last epoch, in words."""
    parts = []
    for name, part in ends.groupby("setting", sort=False):
        low, high = part.loc[part[column].idxmin()], part.loc[part[column].idxmax()]
        parts.append(
            f"{frames.setting_name(name)}: from {low[column]:.0f} ({low['loss']}) to {high[column]:.0f} ({high['loss']})"
        )
    return f"{word} at the last epoch, in per cent, lowest to highest. " + "; ".join(parts) + "."


# %% tags=["remove-input"]
Prose(f"**In short.** {words.course(ends)}")

# %% tags=["hide-input"]
Figure(
    plots.curves_by_setting,
    curves,
    "test_accuracy",
    name="accuracy",
    caption=f"Clean test accuracy by epoch, a panel a setting ({scope}); mean over seeds.",
    alt=at_the_end("last_mean", "Clean test accuracy"),
)

# %% tags=["hide-input"]
Figure(
    plots.curves_by_setting,
    curves,
    "memorised",
    name="memorised",
    caption=f"Share of the wrong labels that are memorised, by epoch ({scope}).",
    alt=at_the_end("memorised_mean", "Wrong labels memorised"),
)

# %% tags=["hide-input"]
Figure(
    plots.curves_by_setting,
    curves,
    "recovered",
    name="recovered",
    caption=f"Share of the wrong labels that are recovered, by epoch ({scope}).",
    alt=at_the_end("recovered_mean", "Wrong labels recovered"),
)

# %% [markdown]
# ## From the best epoch to the last
#
# The best epoch is chosen on the clean test set, which no honest procedure may do. The gap is what a loss loses by going on.

# %% tags=["hide-input"]
ends["gap"] = ends["best_mean"] - ends["last_mean"]
gaps = ends.assign(gap=ends["gap"].map("{:.1f}".format)).pivot_table(
    index="loss", columns="setting", values="gap", aggfunc="first", sort=False
)
Table(
    gaps[names].fillna("missing").rename(columns=frames.short_name).reset_index().rename_axis(columns=None),
    name="gap",
    caption=f"Best epoch (chosen on the test set) less last epoch, in points of clean test accuracy ({scope}); means over "
    "seeds.",
    numbers=unrounded.named(ends, ["setting", "loss", "n"], gap="best less last epoch, mean (points)"),
)

# %% tags=["hide-input"]
Table(
    frames.settings_table(chosen, found, "memorised"),
    name="memorised",
    caption=f"Wrong labels memorised in the last epoch, in per cent; clean labels have none ({scope}). "
    f"{frames.without_runs(chosen, found)}",
    style="dense",
    numbers=unrounded.over_seeds(table, ["setting", "loss"], ["memorised"]),
)
