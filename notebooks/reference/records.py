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
# # All records as one file
#
# *Every run behind this book in one table, to be read by other tools: a row a run, its course over the epochs as lists.*
#
# Each number in the book is computed from records, small JSON files that the repository holds one for each run. For those who
# want to compute something else, here are all of them in one file of the Parquet format, which Python, R, Julia, DuckDB and
# many others read. Shares and accuracies are between 0 and 1.

# %% tags=["hide-input"]
import pandas as pd

from nlr.book.display import Prose, Table
from nlr.evidence import export, verdicts
from nlr.paths import EXECUTED

path = EXECUTED / "downloads" / "records.parquet"
records = verdicts.committed()
export.write(records, path)

# %% tags=["remove-input"]
Prose(
    f"{{download}}`records.parquet </executed/downloads/{path.name}>` has {len(records):,} runs in {len(export.COLUMNS)} columns "
    f"({path.stat().st_size / 1e6:.1f} MB). Three lines read it, from the folder that it was saved in:"
)

# %% tags=["remove-input"]
Prose(
    "```python\n"
    "import pandas as pd\n\n"
    'runs = pd.read_parquet("records.parquet")\n'
    'print(runs.groupby(["dataset", "protocol", "setting", "loss"])["last_accuracy"].agg(["mean", "size"]))\n'
    "```"
)

# %% [markdown]
# ## What the columns mean

# %% tags=["hide-input"]
runs = pd.read_parquet(path)
Table(
    pd.DataFrame(
        {
            "column": f"`{name}`",
            "type": "list" if meaning.startswith("list") else str(runs[name].dtype),
            "meaning": meaning,
        }
        for name, meaning in export.COLUMNS.items()
    ),
    name="columns",
    caption="The columns of the file. The same words stand in the file itself, as metadata of each column.",
    left=["type", "meaning"],
)
