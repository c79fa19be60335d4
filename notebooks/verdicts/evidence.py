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
# # Evidence
#
# *The comparisons behind each verdict that training can give.*
#
# {doc}`Verdicts </executed/verdicts/claims>` has the overview; the comparisons themselves are here:

# %% tags=["remove-input"]
from nlr.book import verdict_tables
from nlr.book.display import Prose

Prose(verdict_tables.contents())

# %% [markdown]
# ## How to read a row
#
# A row is one comparison: its effect, the interval at the level named, the number of seeds n, and the degrees of freedom of
# the standard deviation, which is the common one of the protocol, on MNIST that of the setting. *Shows from* is its power: how
# far from the threshold a value must lie to be shown in four of five repetitions with the same seeds, taken singly. All rows of
# a claim in one protocol are one family; p is adjusted for it by Holm's method. A row supports or contradicts the claim when p
# is at most 0.05; otherwise it is open. With fewer than three seeds it is marked so and not counted. Only where it was predicted
# which runs end with one answer to every image, n counts cells, a loss in one setting under one protocol: one run is enough there,
# and p is against guessing each cell by a coin, as if cells were independent. The losses of one setting
# and seed share noise, initial weights and data order. Where settings are pooled, the spread is taken to be the same in every
# one; below each table is how unlike it is, and a ratio far from 1 weakens the intervals above it. A share of runs has its
# exact interval instead. Protocols without a run are listed with what would make their runs.
