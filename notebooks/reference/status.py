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
# # Status
#
# What exists and what is missing, computed when the book was built.

# %% tags=["hide-input"]
from nlr.book import colophon, words
from nlr.book.display import Facts, Prose, Table
from nlr.evidence import progress

runs, damaged = progress.status()

# %% [markdown]
# ## Runs
#
# A study is a list of runs in order of priority; a run that has a record is never trained again. Each cell of the first
# three tables says how many of its seeds have a record.

# %% tags=["remove-input"]
Prose(words.damage(damaged))

# %% tags=["hide-input"]
Table(
    progress.status_table(runs, "ma2020-small"),
    name="small",
    caption="Seeds that have a record, of those planned: CIFAR-10 (JPEG), small protocol.",
    style="dense",
)

# %% tags=["hide-input"]
Table(
    progress.status_table(runs, "ma2020"),
    name="reference",
    caption="Seeds that have a record, of those planned: CIFAR-10 (JPEG), reference protocol.",
    style="dense",
)

# %% tags=["hide-input"]
Table(
    progress.status_table(runs, "digits"),
    name="digits",
    caption="Seeds that have a record, of those planned: digits, trained while the book is built.",
)

# %% [markdown]
# ## All studies
#
# Studies with missing runs stand first, with the command that makes these.

# %% tags=["hide-input"]
Table(
    progress.study_table(runs),
    name="studies",
    caption="Runs that have a record, by study.",
    left=["protocol", "data", "missing runs are made by"],
)

# %% [markdown]
# ## Open targets
#
# These need a GPU, and none has been at hand since they were set.
#
# - The runs of the reference protocol, in the order of their study file. Until they exist, what the book says of CIFAR-10
#   from our own runs rests on the small protocol.
# - Whether bf16 and float32 end at the same accuracy in the reference protocol, which is to be tested before those runs.
# - The engine on a GPU: ten times the speed of the ordinary script and 0.15 s an epoch with clean-test evaluation. The
#   captured step is written, and its test is skipped where there is no GPU.
#
# On two CPU cores the target is 3.2 times the speed of the ordinary script; the [speed page](speed.ipynb) says what is
# reached.

# %% [markdown]
# ## Versions
#
# What this build was made with. Each experiment page names the versions of its own records.

# %% tags=["remove-input"]
Facts(colophon.build_facts())

# %% [markdown]
# ## Pages
#
# Every executed page of the book, the notebook that it comes from and the parameters it was executed with. A page whose
# notebook fails stops the build, so all of these were executed.

# %% tags=["hide-input"]
Table(
    colophon.pages_table(),
    name="pages",
    caption="Executed pages and their notebooks.",
    left=["notebook", "parameters"],
)
