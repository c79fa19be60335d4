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
# # Verdicts
#
# *What holds, by how much, and how sure we are: the questions that matter most, then every claim with its evidence.*
#
# A verdict is one of six words. **Held**: every comparison that was fixed for the claim supports it. **Partly**: some
# support and some contradict it. **Did not hold everywhere**: the same mix, for a claim about every rate or every loss: one
# contradiction refutes it. **Did not hold**: some contradict it and none supports it. **Undecided**: none of these, for an
# interval includes the threshold, seeds are too few, or a figure is not defined. **Not run**: some comparison has no runs, or
# none but exploratory ones, which are older than the test, or no interval; or the control that a claim is read beside has not
# all its runs. Where only comparisons are lacking, a mix is judged all the same, and so is a contradiction of a claim about
# every rate or every loss. A verdict that exploratory runs change says so beside its badge. Theory is judged by
# the proofs and checks on its pages, scope *mathematics*; what training settles is judged in each protocol on its own. The
# tests and thresholds were committed before their runs; {doc}`the evidence </executed/verdicts/evidence>` has the rows behind
# each verdict.

# %% tags=["hide-input"]
from nlr.book import departures, questions, unrounded, verdict_tables
from nlr.book.display import Prose, Table
from nlr.evidence import claims, frames, verdicts
from nlr.study import studies

records = verdicts.counted()
judged = verdicts.judge(records, verdicts.proofs(), made=verdicts.committed())

# %% [markdown]
# ## The questions that matter most
#
# A mark says which kind of evidence a line rests on. Our differences in the tables are those of protocol `ma2020-small` on the
# JPEG copy, in points: the lowest and the highest over the settings named, or with its 95 % interval where there is one
# setting. Others' figures are means over the same settings, or over all that the question names where ours are missing. The
# printed tables of the paper were not available to us in full: what others quote of them is marked *second-hand*, a table
# that we have read in its source *read*; a report's figures are as it prints them. The authors' draft tables have a line of
# their own.

# %% tags=["hide-input"]
Prose(questions.answered(judged, records))

# %% [markdown]
# ## Where training departs from theory
#
# Tolerance is a statement on the minimiser of the risk over all data. A network can learn a training set by heart, and what it
# has learnt after some updates is no minimiser; so a loss can be tolerant and yet memorise.

# %% tags=["remove-input"]
Prose(departures.tolerant(frames.study_records(studies.load("ma2020-small"))))

# %% tags=["hide-input"]
parted = departures.parted(judged)
if len(parted):
    shown = Table(
        parted,
        name="parted",
        caption="Claims that a proof or a check judges otherwise than training does.",
        left=list(parted.columns),
        numbers=unrounded.judgements({name: judged[name] for name in parted["claim"]}),
    )
else:
    shown = Prose("No claim that is settled in both has two different verdicts.")
shown

# %% [markdown]
# ## All claims
#
# Each badge leads to its evidence; below a verdict that rests on records stands how many comparisons say what, and their
# means with a 95 % interval. Reports are named by their authors; *the paper* is {cite:t}`ma2020`, as the reports and
# later papers quote it. *By figures* and *by formula* stand where a report does not say so, but reports numbers or writes down
# a formula that do; *quotes* where it only repeats the paper.

# %% tags=["hide-input"]
counts = verdicts.count_table(judged)
Table(counts, name="counts", caption="Claims by verdict, in each scope.", numbers=counts)

# %% tags=["hide-input"]
authors = verdicts.by_authors()
Table(
    verdict_tables.claim_table(judged, authors),
    name="claims",
    caption=f"The {len(claims.load())} claims.",
    left=["statement", "asserted by", "contradicted by", "verdict", "authors' figures, older than the test"],
    style="claims",
    numbers=unrounded.judgements(judged, authors),
)
