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
# # A page of the evidence
#
# *The comparisons behind the verdicts on some claims; {doc}`Evidence </executed/verdicts/evidence>` tells how to read them.*

# %% tags=["parameters"]
part = "symmetric"

# %% tags=["hide-input"]
from nlr.book import verdict_tables
from nlr.book.display import Prose
from nlr.evidence import verdicts
from nlr.study import experiment

experiment.check_parameters(globals(), known=["part"])
names = verdict_tables.claims_on(part)
judged = verdicts.judge(verdicts.counted(), verdicts.proofs(), names, verdicts.committed())
authors = verdicts.by_authors(names)
Prose(verdict_tables.sections(part, judged, authors))
