"""How the book itself is made: the versions that built it, and its executed pages."""

import tomllib
from importlib import metadata

import pandas as pd

from nlr import paths
from nlr.study import provenance


def build_facts():
    """Versions of what this build of the book was made with."""
    found = provenance.versions()
    for package in ("jupyter-book", "sphinx", "papermill", "matplotlib", "seaborn", "snakemake"):
        found[package] = metadata.version(package)
    return [("commit", provenance.commit()[0]), *found.items()]


def pages_table():
    """The executed pages: title, notebook and parameters."""
    rows = []
    for name, page in tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text()).items():
        parameters = ", ".join(f"{k} = {v}" for k, v in page.get("parameters", {}).items()) or "none"
        title = f"{{doc}}`{page['title']} </executed/{name}>`"
        rows.append({"page": title, "notebook": f"`notebooks/{page['notebook']}.py`", "parameters": parameters})
    return pd.DataFrame(rows)
