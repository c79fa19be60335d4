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
# A row is one comparison: its effect, the interval at the level named, the number of seeds n, and the degrees of freedom of
# the standard deviation, which is pooled over the settings of the protocol. All rows of a claim in one protocol are one
# family; p is adjusted for it by Holm's method. A row supports or contradicts the claim when p is at most 0.05 and, with
# fewer than three seeds, the effect is more than four of its standard deviations away from the threshold (that of a
# difference of two runs is $\sqrt{2}$ times the spread of a run, which stands below the table); otherwise it is open.
# Differences are paired: the losses of one setting and seed share noise, initial weights and data order. Pooling takes the
# spread to be the same in every setting; below each table is how unlike it is, and a ratio far from 1 weakens the intervals
# above it. A share of runs has its exact interval instead. Protocols without a run are listed with what would make their runs. {doc}`Verdicts </executed/verdicts/claims>`
# has the overview.

# %% tags=["hide-input"]
from nlr.book import verdict_tables
from nlr.book.display import Prose
from nlr.evidence import verdicts

judged = verdicts.judge(verdicts.committed(), verdicts.proofs())


def section(first, last):
    return Prose(verdict_tables.evidence([f"C{n}" for n in range(first, last + 1)], judged))


# %% [markdown]
# ## Normalisation, in training
#
# What of the theory has a side that training settles.

# %% tags=["remove-input"]
section(9, 14)

# %% [markdown]
# ## Symmetric noise

# %% tags=["remove-input"]
section(15, 40)

# %% [markdown]
# ## Asymmetric noise

# %% tags=["remove-input"]
section(41, 51)

# %% [markdown]
# ## Artefacts

# %% tags=["remove-input"]
section(52, 58)

# %% [markdown]
# ## Further claims made in prose

# %% tags=["remove-input"]
section(59, 68)
