"""Refresh the pairs: of each notebook's two halves the one changed last wins and is written into the other.

A half that does not exist yet is made from the other. Outputs are never written; those that Jupyter left are dropped. A
fresh clone has no meaningful times: there the halves are equal by content, and nothing changes.
"""

import os
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"


def contents(notebook):
    """What the two halves must share: type, text and tags of every cell."""
    return [(c.cell_type, c.source.strip(), sorted(c.metadata.get("tags", []))) for c in notebook.cells]


def refresh(stem):
    """Make ``stem.py`` and ``stem.ipynb`` equal and free of outputs; return the halves that were written."""
    script, notebook = stem.with_suffix(".py"), stem.with_suffix(".ipynb")
    newer = max((half for half in (script, notebook) if half.exists()), key=os.path.getmtime)
    other = notebook if newer == script else script
    newest = jupytext.read(newer)
    equal = other.exists() and contents(jupytext.read(other)) == contents(newest)
    written = [] if equal else [other]
    if notebook.exists() and any(cell.get("outputs") for cell in jupytext.read(notebook).cells):
        written = sorted({*written, notebook})
    for number, cell in enumerate(newest.cells):
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if notebook in written:
        nbformat.write(newest, notebook)
    if script in written:
        jupytext.write(newest, script, fmt="py:percent")
    return written


def main():
    """Refresh every pair and name what was written."""
    for stem in sorted({path.with_suffix("") for ending in ("py", "ipynb") for path in NOTEBOOKS.rglob(f"*.{ending}")}):
        if ".ipynb_checkpoints" not in stem.parts:
            for half in refresh(stem):
                print(f"written: {half.relative_to(NOTEBOOKS.parent)}")


if __name__ == "__main__":
    main()
