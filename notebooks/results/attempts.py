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
# # All attempts
#
# *Every public attempt to repeat the paper of Ma et al. that we found to print accuracies: what was measured, how the losses
# are coded, and which faults are how common.*

# %% tags=["parameters"]
study = "ma2020-small"

# %% tags=["hide-input"]
import pandas as pd

from nlr.book import plots, unrounded, words
from nlr.book.display import Figure, Prose, Table
from nlr.evidence import attempts, frames, reproductions
from nlr.evidence.wording import listed, signed
from nlr.study import experiment, studies

experiment.check_parameters(globals(), known=["study"])
chosen = studies.load(study)
found = frames.study_records(chosen)
figures, sources, checked = reproductions.load(), attempts.sources(), attempts.checked()
printed = attempts.differences()
everything = pd.concat([printed, attempts.ours(frames.frame(found))], ignore_index=True)
symmetric, asymmetric = (attempts.by_others(printed, kind) for kind in ("symmetric", "asymmetric"))
scope = f"{frames.DATASETS[chosen.dataset]}, protocol {chosen.protocol}; {words.status(found)}"


def counted(part, loss, other="ce"):
    """The tally of the differences of one pair that are counted."""
    return attempts.tally(part[part["counted"] & (part["loss"] == loss) & (part["other"] == other)])


def share(part, loss, other="ce"):
    """``19 of 19``: in how many of the cells that are counted the first loss is above the second."""
    found = counted(part, loss, other)
    return f"{found.above} of {found.cells}"


def named(row, digits=1):
    """A difference with the series and the rate that it comes from."""
    return f"{signed(row['difference'], digits)} ({row['series']}, rate {row['rate']:g})"


# %% tags=["remove-input"]
printing = sources[sources["series"].isin(figures["source"])]  # of sources that print figures
course = printing.loc[printing["what"].str.startswith("course"), "source"].nunique()
agreed = int((checked["outcome"] == "agrees").sum())
mae, alone = counted(symmetric, "nce+mae"), counted(symmetric, "nce+mae", "mae")
Prose(
    "Active-passive losses are meant to train image classifiers although some training labels are wrong. Whether they do so "
    f"has been tried by others than the authors. **In short:** {printing['source'].nunique()} public sources print "
    f"{len(figures):,} accuracies of such losses and of those set beside them: draft tables of the paper's authors, and attempts "
    f"to repeat them, {course} of which are course work of students. Take CIFAR-10 with symmetric noise, and of the attempts "
    "only the cells (one difference at one noise rate) in which both losses are coded as in the paper. There NCE+MAE, an "
    f"active-passive loss, is above ordinary cross-entropy (CE) in {share(symmetric, 'nce+mae')} cells from {mae.sources} "
    f"sources, by {mae.least['difference']:.1f} to {mae.most['difference']:.1f} points. NCE alone is above CE in "
    f"{share(symmetric, 'nce')}, NCE+RCE in {share(symmetric, 'nce+rce')}. Whether adding NCE to MAE gains "
    f"anything is less clear: NCE+MAE is above MAE alone in {share(symmetric, 'nce+mae', 'mae')} cells, from "
    f"{alone.sources} sources."
)

# %% tags=["remove-input"]
authors = printed[(printed["source"] == attempts.AUTHORS) & (printed["kind"] == "symmetric")]
sampled = checked["sampled"] == "yes"
Prose(
    f"**How far to trust it.** The figures do stand in the sources: {len(checked):,} of {len(figures):,} were looked up again "
    f"at their commit, where at least a fifth of each series, {int(sampled.sum())}, had been asked for; {agreed:,} agree and "
    f"{int((checked['outcome'] == 'differs').sum())} differ. What they mean is less sure. Nearly every attempt is a single run "
    "without a spread, so nothing is averaged or pooled here, and a count such as those above is no test: the cells of one "
    "source share their baseline, several sources share code, and an attempt that failed may never have been published. "
    f"The authors' own tables have NCE+MAE above MAE in {share(authors, 'nce+mae', 'mae')} cells under symmetric noise."
)

# %% [markdown]
# ## The differences
#
# A source stands under a number (S1, S2, ...), a letter where it has several series of figures. Which it is, at which path and
# commit, is in `book/data/sources.csv` and `book/data/reproductions.csv`. A difference is counted, and its mark filled, where
# both losses have the paper's formula up to constant factors, both were trained with one learning rate, and nothing makes the
# figures doubtful. Losses are always compared within a source, with the same network, number of epochs and kind of epoch. These
# rules and the groups below were fixed before the figures here were drawn, though not before the accuracies were known.

# %% tags=["hide-input"]
labels = {
    row["series"]: f"{row['series']}  {attempts.training(row)}".strip()
    for row in everything.drop_duplicates("series").to_dict("records")
}


def alt(part):
    """The number of cells above zero by series and pair, counted ones."""
    rows = part[part["counted"]].groupby(["loss", "other", "series"], sort=False)["difference"]
    cells = [
        f"{loss} less {other}, {series}: {(of > 0).sum()} of {len(of)} above zero" for (loss, other, series), of in rows
    ]
    return (
        "Differences in points by source and noise rate, four panels. Of the cells counted: " + "; ".join(cells) + "."
    )


def drawn(kind):
    """The figure of one kind of noise."""
    part = everything[everything["kind"] == kind]
    return Figure(
        plots.attempts,
        part,
        attempts.PAIRS,
        attempts.sections(part),
        labels,
        name=kind,
        caption=f"Differences of clean test accuracy under {kind} noise on CIFAR-10, a row a series with optimiser and epochs; ours "
        f"({scope}). Filled: counted. Bars: 95 % intervals, where a spread is known. The first three panels share the CE of their "
        "row, and the second and the fourth share NCE+MAE, so that their differences are not independent.",
        alt=alt(part),
    )


drawn("symmetric")

# %% tags=["hide-input"]
drawn("asymmetric")

# %% tags=["remove-input"]
low, high = counted(symmetric, "nce").least, counted(symmetric, "nce").most
bad, good = counted(symmetric, "nce+rce").least, counted(symmetric, "nce+rce").most
undrawn = sources.loc[~sources["series"].isin(printed["series"]) & (sources["source"] != attempts.AUTHORS), "series"]
missing = [series for series in undrawn if (figures["source"] == series).any()]
doubts = printed[printed["doubt"] != ""].groupby("doubt", sort=False)["series"].unique()
Prose(
    f"Of the counted cells of attempts under symmetric noise, NCE less CE runs from {named(low)} to {named(high)}, and NCE+RCE "
    f"less CE from {named(bad)} to {named(good)}: the same formula, at other settings. NCE+MAE less CE runs from "
    f"{named(mae.least)} to {named(mae.most)}. Under asymmetric noise NCE+MAE is above CE in "
    f"{share(asymmetric, 'nce+mae')} cells and above MAE in {share(asymmetric, 'nce+mae', 'mae')}. Not counted for a doubt: "
    f"{'; '.join(f'{listed(series)}: {doubt}' for doubt, series in doubts.items())}. Without a pair to compare, or "
    f"with the runs of another series, and so not drawn, are {listed(missing)}."
)

# %% [markdown]
# ## What the differences go with
#
# Each cell gives in how many cases the first loss is above the second, and the least and the most difference in points. The
# attempts were not assigned to these groups, and the groups overlap; so a difference goes with a group, and no more is said.

# %% tags=["hide-input"]
groups = pd.concat(
    [
        attempts.by_group(symmetric[symmetric["doubt"] == ""], ["loss", "learning rate"]),
        attempts.by_group(symmetric[symmetric["counted"]], ["optimiser", "epochs", "figure", "wrong labels"]),
    ]
)
Table(
    attempts.group_table(groups),
    name="goes-with",
    caption="Differences of the attempts under symmetric noise, without the authors' and ours, by what they go with: by loss and "
    "learning rate all without a doubt, by the others those that are counted.",
    left=["level"],
    style="dense",
    numbers=unrounded.named(groups, groups.columns),
)

# %% tags=["hide-input"]
groups = attempts.by_group(asymmetric[asymmetric["counted"]], ["map", "optimiser", "epochs"])
Table(
    attempts.group_table(groups),
    name="goes-with-asymmetric",
    caption="The same under asymmetric noise, for the differences that are counted. Another map than the paper's changes other "
    "classes, and with it the share of wrong labels at one and the same rate.",
    left=["level"],
    style="dense",
    numbers=unrounded.named(groups, groups.columns),
)

# %% tags=["remove-input"]
both = attempts.last_and_best()
both = both[both["other"] == "ce"].assign(difference=lambda of: of["best"] - of["last"])
parts = []
for loss, of_loss in both[both["kind"] == "symmetric"].groupby("loss", sort=False):
    less = int((of_loss["difference"] < 0).sum())
    parts.append(f"{loss} in {less} of {len(of_loss)}")
farthest = both.loc[both["difference"].abs().idxmax()]
Prose(
    "Which epoch is reported matters. Where a series has both, choosing the best epoch on the test set makes the lead over CE "
    f"smaller, or its deficit larger, for {listed(parts)} cells under symmetric noise. The largest "
    f"change is that of {farthest['loss']} in {farthest['series']} ({frames.setting_name(farthest['setting'])}), from "
    f"{signed(farthest['last'])} after the last epoch to {signed(farthest['best'])} at the best."
)

# %% [markdown]
# ## What went wrong, how often
#
# Counted are the attempts whose code or formulas are known, each once, those without figures of their own among them. A factor
# in front of a loss is no fault by itself: with stochastic gradient descent it is a learning rate.

# %% tags=["hide-input"]
departures = attempts.departures()
Table(
    departures,
    name="departures",
    caption="Departures from the paper, or from good measurement, by kind: in how many attempts, of those in which it could be told; "
    "under a dash, which other loss it is.",
    numbers=departures,
)

# %% tags=["remove-input"]
nce = departures.iloc[0]
Prose(
    f"{nce['attempts']} of {nce['of']} attempts train something else under the name of NCE. Normalised cross-entropy divides the "
    "cross-entropy of the label by the sum of the cross-entropies of all labels; dividing by a constant, or by an entropy, is "
    "not that, and has no constant sum over the labels, on which the proof of robustness rests."
)

# %% [markdown]
# ## The sources
#
# NCE and NFL: *paper* is the paper's formula, up to a factor; the other words are explained above. MAE and RCE: the slope, and
# A. *Epoch* is that of the figures drawn; *best* was chosen on the test set. *Wrong labels* is the share of all training labels
# that is wrong over the rate as named, under symmetric and under asymmetric noise.

# %% tags=["hide-input"]
table = attempts.source_table()
Table(
    table,
    name="sources",
    caption="The sources by series: what they are, how their losses are coded, optimiser and epochs, epoch drawn, share of wrong "
    "labels, map of asymmetric noise, and the number of figures read.",
    left=["what", "NCE", "NFL", "MAE", "RCE", "training", "epoch", "map"],
    style="dense",
    numbers=table,
)

# %% tags=["remove-input"]
outcomes = {name: int((checked["outcome"] == name).sum()) for name in attempts.OUTCOMES}
Prose(
    f"Looked up again were {len(checked):,} of {len(figures):,} figures; {outcomes['agrees']:,} agree with their source, "
    f"{outcomes['differs']} differ, {outcomes['not reachable']} could not be reached, and {outcomes['read from a picture']} were "
    "read from a picture. The outcome of each is a row of `book/data/reproductions_checked.csv`, with the commit and the part of the source. The code of the "
    "losses was read as well, where it is public. That mended what our own list had said of two sources: one divides by a sum over "
    "the batch, and one writes RCE with smoothed labels, which is RCE with another A and a constant. What the sources say of "
    "their training beside the losses was checked in part only."
)

# %% [markdown]
# ## A correction, or a removal
#
# Whoever finds a figure read wrongly, or wants a source of their own to be left out, writes an issue in the repository of this book
# and names the series (S1, S2, ...). A correction is checked against the source and made; a removal needs no reason. Figures are
# facts and stand here with their place; text and code of the sources are not part of this book.
