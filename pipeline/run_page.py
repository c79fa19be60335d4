"""Execute one notebook for the book: python pipeline/run_page.py SOURCE.py executed/PAGE.ipynb TITLE '{"parameter": 1}'

papermill runs the notebook in a process of its own, forked from this one (pipeline/kernel.py); what would differ
between two builds (times, cell numbers, progress bars, machine paths on stderr) is dropped, and the page is put in
place at once. A page that fails leaves no page behind but PAGE.failed.ipynb, to be read. A page none of whose runs has
a record yet ends where it asks for them, and says so.
"""

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import jupytext
import kernel
import nbformat
import papermill
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
NOTHING_YET = """:::{admonition} Not run yet
None of the runs that this page is about has a record. They are planned, and the page fills by itself when the book is
built with their records. {doc}`Status </executed/status>` counts the runs that are there, study by study, and names the
commands that make the rest.
:::"""
WIDGET = "application/vnd.jupyter.widget-view+json"


def execute(source, out, title, parameters):
    """Execute ``source`` with ``parameters`` under ``title`` and write the page ``out``."""
    out = Path(out).resolve()
    page = out.relative_to(ROOT / "executed").with_suffix("")
    os.environ["NLR_PAGE"] = str(page)  # how the cells know that they are in the book; see nlr.book.display
    notebook = jupytext.read(source)
    heading = next(cell for cell in notebook.cells if cell.source.startswith("# "))
    heading.source = f"# {title}\n" + heading.source.partition("\n")[2]
    failed = out.with_suffix(".failed.ipynb")
    out.parent.mkdir(parents=True, exist_ok=True)
    (ROOT / "executed" / "figures" / page).mkdir(parents=True, exist_ok=True)  # a page may show nothing
    failed.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        given, done = f"{folder}/given.ipynb", f"{folder}/done.ipynb"
        kernel.fork()
        nbformat.write(notebook, given)  # given as an object, papermill would keep it in the metadata
        try:
            papermill.execute_notebook(
                given,
                done,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                cwd=ROOT,
                log_output=False,
                # Two pages that begin at once could be given one port, for it is chosen before it is used.
                config=Config(KernelManager={"transport": "ipc", "ip": f"{folder}/kernel"}),
            )
        except papermill.PapermillExecutionError as error:
            if error.ename == "NoRecords":
                finish(clean(cut(nbformat.read(done, 4)), source), out)
                return
            out.unlink(missing_ok=True)
            shutil.copy(done, failed)
            sys.exit(f"{page} failed: {error.ename}: {error.evalue}\nThe failed notebook: {failed.relative_to(ROOT)}")
        finish(clean(nbformat.read(done, 4), source), out)


def finish(notebook, out):
    """Put the page in place at once."""
    temporary = out.with_suffix(".tmp")
    nbformat.write(notebook, temporary)
    os.replace(temporary, out)


def cut(notebook):
    """The page up to the cell that found no record, with a note in its place."""
    failed = next(k for k, c in enumerate(notebook.cells) if any(o.get("ename") for o in c.get("outputs", [])))
    kept = [c for c in notebook.cells[:failed] if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    notebook.cells = [*kept, nbformat.v4.new_markdown_cell(NOTHING_YET)]
    return notebook


def clean(notebook, source):
    """Drop what is not the page's: the injected cell, times, stderr, widgets."""
    notebook.cells = [c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        if "parameters" in cell.metadata["tags"]:
            cell.metadata["tags"] = ["remove-cell"]
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr" and WIDGET not in o.get("data", {})]
    notebook.metadata = {
        "kernelspec": notebook.metadata["kernelspec"],
        "language_info": {"name": "python"},
        "nlr_source": str(source),
    }
    return notebook


if __name__ == "__main__":
    source, out, title, *parameters = sys.argv[1:]
    execute(source, out, title, json.loads(parameters[0]) if parameters else {})
