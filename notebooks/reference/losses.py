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
# # The losses
#
# Every loss that the package knows, as its own card describes it, for ten classes. Here $p$ is the softmax of the
# logits, $y$ the label, $K$ the number of classes and $A$ the number that stands for $\log 0$. A loss whose sum over all
# labels is the same for every prediction tolerates symmetric noise; *active* losses have an explicit term for the
# labelled class only, *passive* ones also for others {cite}`ma2020`.
#
# Any two can be added, as in `nce+rce,beta=0.5`, and any loss that is never negative can be divided by its sum over the
# labels, as in `norm(sce)`.

# %% tags=["hide-input"]
from nlr import losses
from nlr.book import catalogue
from nlr.book.display import Prose, Table

cards = losses.cards(10)

# %% [markdown]
# ## Definitions
#
# Parameters have the values that the definitions print; a protocol that uses others says so in its own file, and the
# table at the end of this page lists them.

# %% tags=["hide-input"]
Table(
    catalogue.loss_table(cards, printed=False),
    name="definitions",
    caption="The losses: formula, default parameters, and range and sum over all labels at $K = 10$ with these.",
    left=["in words", "formula", "parameters", "kind", "sum over labels", "range"],
    style="nlr-wide",
)

# %% tags=["remove-input"]
Prose(catalogue.loss_sources(cards, printed=False))

# %% [markdown]
# ## As the reports print them, and as code computes them
#
# Five students' reports, the public code of three of them and the released code of the paper contain formulas that differ
# from the definitions. They are kept as losses of their own, so that what was really run can be run again. The erratum (E)
# is named with each.

# %% tags=["hide-input"]
Table(
    catalogue.loss_table(cards, printed=True),
    name="printed",
    caption="Losses as printed in a report, or as computed by its code or by the released code, at $K = 10$ with their default "
    "parameters.",
    left=["in words", "formula", "parameters", "kind", "sum over labels", "range"],
    style="nlr-wide",
)

# %% tags=["remove-input"]
Prose(catalogue.loss_sources(cards, printed=True))

# %% [markdown]
# ## Weights that the protocols use
#
# Two losses of one name need not be the same function: MAE is $2(1-p_y)$ as printed and $1-p_y$ in the released code,
# and the weight of RCE is whatever stands for $\log 0$. This table gives $-\mathrm{d}L/\mathrm{d}p_y$ of the passive part
# as the definitions have it, and under each protocol; those with the same slopes share a row. A report whose formula is
# another trains a loss of its own, which stands in the table above.

# %% tags=["hide-input"]
Table(
    catalogue.slope_table(["mae", "rce", "nce+mae", "nce+rce", "nfl+mae", "nfl+rce", "sce"]),
    name="slopes",
    caption="Slope of the passive part, $-\\mathrm{d}L/\\mathrm{d}p_y$, by protocol. A star stands for any ending or "
    "none.",
)
