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
# # Selective or slow?
#
# *A loss that has memorised few wrong labels may only have learnt little of anything. Here losses are compared where they have
# learnt as much.*
#
# Some training labels are wrong. A network fits the right labels first and memorises the wrong ones later. A loss is
# *selective* if it memorises fewer wrong labels by the time it has fitted a given share of the right ones; it is merely *slow*
# if it does both later. At the last epoch the two look alike. So the course of each loss is read at the first epoch,
# interpolated, where it has fitted a quarter, half, three quarters and nine tenths of the right labels, and again where it has
# reached a given test accuracy. This comparison was written after the runs were made, and no claim rests on it.

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
from nlr.book import plots, selective, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import frames, matched
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
SLOW = "ce,scale=0.04"  # cross-entropy with gradients of NCE's size
further = frames.study_records(studies.load(f"{study}-further"))
slow = [record for record in further if record["config"]["loss"]["spec"] == SLOW]
found = [*frames.study_records(chosen), *slow]
courses = matched.courses(found)
losses = list(dict.fromkeys(courses["loss"]))
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"
by_share, by_accuracy = (matched.against(matched.levels(courses, measure)) for measure in ("clean_part", "test"))

# %% tags=["remove-input"]
Prose(
    f"**In short.** Here are {len(found)} runs: those of the study `{chosen.name}`, and {len(slow)} of `{SLOW}`, cross-entropy "
    f"with gradients of NCE's size. A loss is named as memorising fewer or more where it is {selective.CLEARLY} points or more "
    "from cross-entropy; *every rate* is every one that it has runs at.\n\n"
    f"{selective.in_short(by_share, courses)}"
)

# %% tags=["hide-input"]
Figure(
    plots.memorised_against_fitted,
    courses,
    losses,
    name="course",
    caption=f"Wrong labels memorised against right labels fitted, over training ({scope}); means over seeds, the mark at the last "
    "epoch. The lower a line, the more selective the loss; on the grey line it does not tell right labels from wrong ones.",
    alt=selective.alt(courses),
)

# %% [markdown]
# ## Where as many right labels are fitted
#
# Wrong labels memorised by each loss less those by cross-entropy (ce), in points: below zero it is the more selective. A dash
# stands where one of the two never fits so many, or has no run with the same seed. What differs by a few points may be chance:
# where there are several seeds, the least and the most stand in brackets.


# %% tags=["hide-input"]
def at(level):
    """The table of one share."""
    return Table(
        selective.table(by_share, level, losses),
        name=f"share-{level}",
        caption=f"Wrong labels memorised less those by ce where {level} % of the right labels are fitted, in points ({scope}).",
        style="dense",
        numbers=unrounded.memorised_less(by_share[by_share["level"] == level]),
    )


at(25)

# %% tags=["hide-input"]
at(50)

# %% tags=["hide-input"]
at(75)

# %% tags=["hide-input"]
at(90)

# %% [markdown]
# ## Where test accuracy is the same
#
# The same, where both have first reached one test accuracy: the highest of those looked at that both reach.

# %% tags=["hide-input"]
highest = matched.highest(by_accuracy)
Table(
    selective.table(highest, None, losses),
    name="accuracy",
    caption=f"Wrong labels memorised less those by ce at the same test accuracy, in points, and that accuracy ({scope}).",
    style="dense",
    numbers=unrounded.memorised_less(highest),
)
