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
# # A report
#
# *Five students compared loss functions for training image classifiers when some labels are wrong. This page is on one of
# their reports: its aim, its figures, our runs so far, and where the two differ.*
#
# Accuracies of the report are read from the table of what it prints, ours from records; none is typed.

# %% tags=["parameters"]
name = "soni"

# %% tags=["hide-input"]
from IPython.display import display

from nlr.book import reports
from nlr.book.display import Facts, Prose
from nlr.book.reports import as_printed, figures, method, mistakes, ours, stance
from nlr.evidence import verdicts
from nlr.study import experiment

experiment.check_parameters(globals(), known=["name"])
told = reports.about(name)
records = verdicts.committed()
found = reports.runs_of(name, records)

# %% [markdown]
# ## What it set out to do, and how

# %% tags=["remove-input"]
Prose(f"{told['author']} {{cite}}`{name}2025`. *Aim:* {told['aim']}\n\n*How:* {told['how']}")

# %% tags=["remove-input"]
Facts(method.facts(name))

# %% [markdown]
# Two readings of a report are set up, and trained as far as the table of our runs says. *As written* follows it to the letter,
# printed formulas included. *As intended* puts right what is shown to be an error. What neither says takes the value of the
# reference, unless its row says otherwise, and is marked as our choice. Where a report's code is public, what it does stands
# beside, and a third reading, *as run*, follows it; this one is trained on digits alone.

# %% tags=["hide-input"]
method.protocol_table(name)

# %% tags=["hide-input"]
display(method.losses_table(name), *method.settings_tables(name))

# %% [markdown]
# ## As printed

# %% tags=["hide-input"]
tables = [*as_printed.printed_tables(name), *as_printed.code_tables(name), as_printed.prose_table(name)]
display(Prose(as_printed.prints(name)), *filter(None, tables))

# %% [markdown]
# ## The same from our runs
#
# What several reports set out to reproduce, the protocol of the paper, is trained scaled down and has pages of its own:
# {doc}`accuracy and noise rate </executed/results/noise-rate>`, and {doc}`beside published figures
# </executed/results/published>`, those of another re-run. Differences between losses on clean test labels, where a report
# prints them, stand beside ours in the column *others* of {doc}`the verdicts </executed/verdicts/claims>`. What a
# single erratum does is tested in {doc}`errors shown by experiment </executed/reports/experiments>`, on digits where digits
# are enough.

# %% tags=["hide-input"]
ours.runs_table(name, found)

# %% tags=["remove-input"]
Prose(ours.missing_runs(name, found, records))

# %% tags=["hide-input"]
tables = [table for scale in ours.SCALES for table in ours.comparison_tables(name, found, scale, records)]
third = ours.as_run_table(name, found, records)
display(*([*tables, *filter(None, [third])] or [Prose("There is no run to compare yet.")]))

# %% [markdown]
# ## The figures
#
# Figures are drawn anew as the report draws them, under its numbers: from our runs, or by code where they show none. In full
# every figure is drawn, and says "missing" where it has no run; scaled down and on digits those with a run are.

# %% tags=["hide-input"]
ours.inventory_table(name, found)

# %% tags=["hide-input"]
shown = [*figures.drawn(name), *(f for scale in ours.SCALES for f in figures.results(name, found, scale))]
display(*(shown or [Prose("There is no figure to draw yet.")]))

# %% [markdown]
# ## What explains the differences

# %% tags=["hide-input"]
effects = [mistakes.effects_table(name, found, scale, records) for scale in ours.SCALES]
display(*([table for table in effects if table] or [Prose("No run shows yet what the errata do to the accuracy.")]))

# %% tags=["hide-input"]
mistakes.errata_table(name)

# %% [markdown]
# ## What it says, and our verdicts

# %% tags=["hide-input"]
judged = verdicts.judge(verdicts.counted(), verdicts.proofs(), stance.claims_of(name), records)
stance.claims_table(name, judged)

# %% [markdown]
# ## How our evidence stands to it

# %% tags=["remove-input"]
Prose(stance.closing(name, judged))
