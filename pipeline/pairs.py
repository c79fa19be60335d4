"""Refresh the pairs: of each notebook's two halves the one changed last wins and is written into the other.

A half that does not exist yet is made from the other. Outputs are never written. A fresh clone has no meaningful times:
there the halves are equal by content, and nothing changes.
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
    """Make ``stem.py`` and ``stem.ipynb`` equal; return the half that was written, or None."""
    halves = [half for half in (stem.with_suffix(".py"), stem.with_suffix(".ipynb")) if half.exists()]
    newer = max(halves, key=os.path.getmtime)
    other = stem.with_suffix({".py": ".ipynb", ".ipynb": ".py"}[newer.suffix])
    notebook = jupytext.read(newer)
    if other.exists() and contents(jupytext.read(other)) == contents(notebook):
        return None
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if other.suffix == ".py":
        jupytext.write(notebook, other, fmt="py:percent")
    else:
        nbformat.write(notebook, other)
    return other


def main():
    """Refresh every pair and name what was written."""
    for stem in sorted({path.with_suffix("") for ending in ("py", "ipynb") for path in NOTEBOOKS.rglob(f"*.{ending}")}):
        if ".ipynb_checkpoints" not in stem.parts and (written := refresh(stem)):
            print(f"written: {written.relative_to(NOTEBOOKS.parent)}")


if __name__ == "__main__":
    main()
