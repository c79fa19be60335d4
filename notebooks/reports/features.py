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
# # Features of the reports
#
# *Everything that the five course reports did, showed, announced or wished for, and where it is in this project.*
#
# A feature is *done* if the code or the book has it as the report had it. It is done *otherwise* if another form does the
# same; the note says which. *In part* and *not done* give the reason. Done does not mean that every run of it has been
# made: a protocol can be complete and still wait for a machine, and {doc}`the status </executed/status>` counts runs. Most
# names lead to the page of the package, to a statement with its check, or to a file, which is then fetched.

# %% tags=["hide-input"]
from nlr.book import features
from nlr.book.display import Prose, Table

listed = features.load()
Table(features.counts(listed), name="counts", caption="Features by part and status.")

# %% [markdown]
# ## All features

# %% tags=["hide-input"]
Table(
    features.table(listed),
    name="features",
    caption=f"The {len(listed)} features. Those without a report were added by an audit of the reports or come from the "
    "released code.",
    left=["feature", "part", "reports", "where"],
    style="features",
)

# %% [markdown]
# ## What is not done, and why

# %% tags=["remove-input"]
Prose(features.left_open(listed))
