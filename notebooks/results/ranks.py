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
# # Ranks, and choosing the epoch
#
# *Which loss comes first over all settings, how sure that is, and how the order depends on the epoch that is reported.*

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
from nlr.book import plots, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import comparisons, frames, wording
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
table = frames.frame(found)
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"

# %% [markdown]
# ## Mean ranks
#
# In each noisy setting the losses are ranked by their mean accuracy after the last epoch, over the seeds that all of them
# have there; the mean rank is over the settings in which they share one. The interval is of a bootstrap that draws settings, and in each of them seeds: with few
# settings and one seed it says little, and it does not know that settings resemble each other.

# %% tags=["hide-input"]
ranked = comparisons.ranks(table)
first = ranked.iloc[0]
shared = wording.seeds(first.least_seeds, first.most_seeds)
Figure(
    plots.ranks,
    ranked,
    name="ranks",
    caption=f"Mean rank over {first.settings} of the noisy settings, in each over the seeds that all ranked losses share, {shared}; "
    f"bars: 95 % bootstrap intervals. The study, of which these are a part: {scope}.",
    alt="Mean ranks with intervals, best first: "
    + "; ".join(f"{r.loss} {r.rank:.1f} ({r.low:.1f} to {r.high:.1f})" for r in ranked.itertuples())
    + ".",
)

# %% tags=["remove-input"]
Prose(words.first_by_rank(ranked))

# %% [markdown]
# ## What choosing the best epoch on the test set adds
#
# A loss that memorises late has more to gain from stopping early. Which losses gain by it, and does the order change? Whether
# it flatters cross-entropy more than the active-passive sums is claim C54, whose test has [its own verdict](#evidence-c54).

# %% tags=["hide-input"]
chosen_best = comparisons.selection(table)
text = chosen_best.drop(columns=["least", "most"]).assign(
    **{"mean": chosen_best["mean"].map("{:.1f}".format)},
    range=[f"{r.least:.1f} to {r.most:.1f}" for r in chosen_best.itertuples()],
    rank_last=chosen_best["rank_last"].map("{:.1f}".format),
    rank_best=chosen_best["rank_best"].map("{:.1f}".format),
)
text = text[["loss", "mean", "range", "settings", "rank_last", "rank_best"]]
Table(
    text.rename(columns={"rank_last": "mean rank, last epoch", "rank_best": "mean rank, best epoch"}).replace(
        "nan", "–"
    ),
    name="selection",
    caption="Best epoch, chosen on the test set, less last epoch, in points: mean and range over the settings of the figure "
    "above, of all runs there, and the mean ranks that either gives, over its settings and seeds; a loss that lacks one of "
    f"the settings has no mean ({scope}).",
    numbers=unrounded.named(
        chosen_best,
        ["loss", "settings"],
        mean="best less last, mean (points)",
        least=unrounded.MADE["least"],
        most=unrounded.MADE["most"],
        rank_last="mean rank, last epoch",
        rank_best="mean rank, best epoch",
    ),
)

# %% tags=["remove-input"]
Prose(words.choosing(chosen_best))
