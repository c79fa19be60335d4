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
# # Beside published figures
#
# *Our small protocol beside the independent re-run of the full one by Wang et al., and what the JPEG copy changes.*
#
# {cite:t}`wang2024` re-ran seven of our twelve losses under the protocol of the paper, on lossless images, and report the last
# epoch. Ours are small runs on a JPEG copy, so lower accuracies are expected; what can be compared is the order of the losses
# and their differences to cross-entropy.

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
import pandas as pd

from nlr.book import beside, plots, questions, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import comparisons, frames, published, reproductions, wording, yardstick
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
table = frames.frame(found)
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"
compared = comparisons.beside(table, "wang2024")

# %% tags=["hide-input"]
heads = {"ours_best": "ours, best epoch", "ours_less_ce": "ours less ce", "best_less_ce": "ours less ce, best epochs"}
heads |= {"theirs_less_ce": "theirs less ce"}
shown = compared.assign(setting=compared["setting"].map(frames.short_name))
for column in ("ours", "ours_best", "theirs"):
    shown[column] = shown[column].map("{:.1f}".format)
for column in ("ours_less_ce", "best_less_ce", "theirs_less_ce"):
    shown[column] = shown[column].map(wording.signed)
Table(
    shown[["setting", "loss", "ours", "ours_best", "theirs", *list(heads)[1:]]].rename(columns=heads),
    name="beside",
    caption=f"Clean test accuracy after the last epoch in per cent: ours ({scope}) beside Wang et al. 2024, Table 2; and the "
    "difference to ce of each, in points, ours over the seeds that both losses have. Best epochs are chosen on the test set; "
    "Wang et al. give the last alone.",
    left=["loss"],
    numbers=unrounded.named(
        compared,
        ["setting", "loss"],
        ours="ours, mean (%)",
        theirs="theirs, mean (%)",
        ours_best="ours, best epoch chosen on the test set, mean (%)",
        ours_less_ce="ours less ce (points)",
        best_less_ce="ours less ce, best epochs (points)",
        theirs_less_ce="theirs less ce (points)",
    ),
)

# %% tags=["hide-input"]
if compared["ours_less_ce"][compared["loss"] != "ce"].notna().any():
    shown = Figure(
        plots.beside,
        compared,
        name="beside",
        caption=f"Differences to ce, theirs across and ours up, a mark a loss and setting ({scope}); on the grey line both are "
        "equal.",
        alt="Pairs of differences to ce in points, theirs and ours: "
        + "; ".join(
            f"{r.loss}, {frames.short_name(r.setting)}: {wording.signed(r.theirs_less_ce)} and {wording.signed(r.ours_less_ce)}"
            for r in compared[compared["loss"] != "ce"].dropna().itertuples()
        )
        + ".",
    )
else:
    shown = Prose("No setting has both ce and another of the seven losses yet.")
shown

# %% [markdown]
# ## How well the small protocol stands for the full one
#
# If our small runs put the losses in the order that the full protocol puts them in, they can stand for it; a correlation of 1
# says that they do in every pair, 0 that they are no better than chance.

# %% tags=["hide-input"]
sources = {
    "authors' draft tables": {cell: of.mean for cell, of in reproductions.figures(*questions.AUTHORS).items()},
    "Wang et al. 2024": published.means("wang2024"),
}
orders = pd.concat(yardstick.orders(table, theirs).assign(source=name) for name, theirs in sources.items())
Table(
    beside.orders_table(orders),
    name="orders",
    caption=f"Kendall's tau between the order of the losses in our small runs ({scope}) and in figures of the full protocol, "
    "which are of the last epoch: ours after the last epoch, and in the best one, chosen on the test set. With few losses only "
    "values near 1 or −1 say anything.",
    numbers=unrounded.named(orders, ["setting", "source", "losses"], last="tau, last epoch", best="tau, best epoch"),
)

# %% [markdown]
# ## What the JPEG copy changes
#
# For the first images of the test set we have both the lossless original and the JPEG copy. Every run was judged on both
# after its last epoch, so the effect of the compression at test time is measured within each run. What training on lossless
# images would change is not known from this.

# %% tags=["hide-input"]
pairs = comparisons.twins(found)
groups = pairs.groupby("loss", sort=False)
by_loss = groups[["lossless", "jpeg", "difference"]].mean().assign(runs=groups.size()).reset_index()
Table(
    by_loss.assign(
        lossless=by_loss["lossless"].map("{:.1f}".format),
        jpeg=by_loss["jpeg"].map("{:.1f}".format),
        difference=by_loss["difference"].map(wording.signed),
    ),
    name="twins",
    caption=f"Test accuracy on the {pairs['images'].iloc[0]:,} images that we have in both forms, in per cent, mean over the "
    f"runs of each loss; difference in points ({scope}).",
    numbers=unrounded.named(
        by_loss, ["loss", "runs", "difference"], lossless="accuracy, lossless (%)", jpeg="accuracy, JPEG (%)"
    ),
)

# %% tags=["remove-input"]
Prose(words.twins(pairs))
