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
# # Ours beside the authors'
#
# *On MNIST we train as the authors' first scripts do, and lay each accuracy beside the one in their draft tables.*
#
# The repository of the paper's code held, for a while in 2020, a notebook with the authors' own results: means and standard
# deviations of three runs after the last epoch, for MNIST and other data. They are drafts, not the printed page. Beside the
# notebook stood the scripts that train on MNIST; our protocol `ma2020-mnist` follows them in full. No log proves that these
# scripts made these tables. Where a figure of ours differs, either a setting differs that nobody wrote down, or chance did it.

# %% tags=["parameters"]
study = "ma2020-mnist"
source = "HX-HX1-MNIST"

# %% tags=["hide-input"]
from nlr.book import beside, plots, unrounded, words
from nlr.book.display import Facts, Figure, Prose, Table
from nlr.evidence import claims, frames, reproductions, yardstick
from nlr.evidence.claims import kinds
from nlr.evidence.wording import signed
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study", "source"])
chosen = studies.load(study)
found = frames.study_records(chosen)
rules = claims.get("C69").rules_in(chosen.protocol)
family = found[0]["config"]["data"]["dataset"]
table = frames.frame(found)
table["pooled"] = beside.standing(found, rules["collapsed"])
theirs = reproductions.figures(source, family, chosen.protocol)
compared = yardstick.compare(table, theirs, rules["margin"], "last", kinds.pooling(rules), rules["few_seeds"])
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"

# %% tags=["remove-input"]
Prose(f"**In short.** {beside.in_short(compared)}")

# %% tags=["remove-input"]
Facts(frames.facts(found))

# %% tags=["hide-input"]
Figure(
    plots.beside_authors,
    compared,
    name="beside",
    caption=f"Clean test accuracy after the last epoch: theirs across, ours up ({scope}); bars: one standard deviation over "
    "seeds, where it is known. On the grey line both are equal; the panels have scales of their own.",
    alt=beside.alt(compared),
)

# %% [markdown]
# ## Cell by cell
#
# Differences are ours less theirs, in points, with a 95 % interval where a spread of ours is known. *Equivalent*: shown to lie
# within the margin; *differs*: shown to lie beyond it; *few seeds*: fewer than three of ours, so it is not counted. Beside every
# accuracy stands how many of the ten digits are never answered: all but one means that the network gives one answer to everything.

# %% tags=["hide-input"]
cells = beside.table(compared, found)
Table(
    cells,
    name="cells",
    caption=f"Clean test accuracy after the last epoch in per cent, ours ({scope}) beside the authors' draft tables. Our best epoch "
    "is chosen on the test set and flatters; theirs is not known.",
    left=["loss", "verdict"],
    style="dense",
    numbers=unrounded.compared(compared).assign(**{"digits never answered": cells["never answered"]}),
)

# %% [markdown]
# ## Is the order of the losses the same?

# %% tags=["hide-input"]
order = yardstick.agreement(compared)
Table(
    beside.order_table(order),
    name="order",
    caption="By setting: the number of losses that both have, the mean absolute difference in points, and rank correlations of the "
    f"two orders of the losses ({scope}). A dash: fewer than {yardstick.ENOUGH_LOSSES} losses, or all are equal on one side.",
    numbers=unrounded.order(order),
)

# %% tags=["remove-input"]
Prose(
    f"Over the {len(compared)} cells that both have, the mean absolute difference is {yardstick.distance(compared):.1f} points; "
    f"the largest is {signed(compared.loc[compared['difference'].abs().idxmax(), 'difference'])}. "
    "What becomes of NCE alone has {doc}`a page of its own </executed/theory/collapse>`; the claims on these figures are "
    "C69 to C78 on {doc}`the page of their evidence </executed/verdicts/evidence-mnist>`."
)
