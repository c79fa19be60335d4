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
# # Explorer
#
# *Choose data, protocol, noise and losses, and see what our runs on CIFAR-10 and MNIST gave, beside the authors' figures.*
#
# The address keeps what is chosen, so that it can be bookmarked and sent. A protocol that is scaled down says so in its name;
# its accuracies are read against each other, not against those of a run in full. Without JavaScript a table of all accuracies
# stands here. Runs that share a data set and a protocol but not their purpose, as controls, are a choice of their own.

# %% tags=["hide-input"]
from nlr.book import explorer
from nlr.book.display import Table
from nlr.evidence import verdicts
from nlr.paths import EXECUTED

made = explorer.content(verdicts.committed())
explorer.write(made, EXECUTED / "static" / "explorer-data.js")

# %% tags=["hide-input"]
Table(
    explorer.table(made),
    name="all",
    caption="Clean test accuracy after the last epoch, in per cent; mean ± standard deviation over seeds, where there are "
    "several; in square brackets how many classes are never answered, where there are any, the most in a run. Below ours, where there is one, stands the figure of the authors' draft tables, of their runs in full.",
    left=["protocol", "loss"],
    style="dense explorer",
    numbers=explorer.numbers(made),
)
