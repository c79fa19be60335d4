"""The theory pages: the build has run each from top to bottom, they run outside it, and no statement stands without a
check."""

import ast
import re

import jupytext
import matplotlib.pyplot as plt
import nbformat
import pytest

from nlr import paths

SCRIPTS = sorted((paths.NOTEBOOKS / "theory").glob("*.py"))
every_script = pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
STATEMENT = re.compile(r"\{prf:(?:lemma|proposition|theorem|corollary)\}[^\n]*\n(?::[^\n]*\n)*?:label: (\S+)")
ANY_STATEMENT = re.compile(r"\{prf:(?:lemma|proposition|theorem|corollary)\}")


def run(script):
    """Execute the code cells in one namespace, and show what each cell would show."""
    names = {"__name__": "__main__"}
    for cell in jupytext.read(script).cells:
        if cell.cell_type != "code":
            continue
        body = ast.parse(cell.source).body
        last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), str(script), "exec"), names)
        if last:
            shown = eval(compile(last, str(script), "eval"), names)
            if hasattr(shown, "_repr_mimebundle_"):
                assert shown._repr_mimebundle_()


def unchecked(notebook):
    """The labels of the statements that no open cell with an assertion follows before the next statement."""
    waiting, missing = [], []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if not cell.metadata.get("tags") and re.search(r"^\s*assert\b", cell.source, re.MULTILINE):
                waiting = []
            continue
        for label in STATEMENT.findall(cell.source):
            missing += waiting
            waiting = [label]
    return missing + waiting


@every_script
def test_the_build_has_run_the_whole_page(script):
    """Cell by cell and without an error; a figure that is left open would be shown as a picture without a caption."""
    page = paths.EXECUTED / "theory" / f"{script.stem}.ipynb"
    if not page.is_file():
        pytest.skip("the page is not built; make book builds it")
    wanted, cells = (
        [cell for cell in notebook.cells if cell.cell_type == "code"]
        for notebook in (jupytext.read(script), nbformat.read(page, 4))
    )
    assert [cell.source for cell in cells] == [cell.source for cell in wanted]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert "error" not in {output.output_type for output in outputs}
    assert "image/png" not in {kind for output in outputs for kind in output.get("data", {})}


@pytest.mark.parametrize("stem", ["label-noise", "printed-forms"])  # with figures and without; the build runs the rest
def test_a_page_runs_outside_the_build(stem, monkeypatch):
    monkeypatch.delenv("NLR_PAGE", raising=False)
    monkeypatch.chdir(paths.ROOT)
    run(paths.NOTEBOOKS / "theory" / f"{stem}.py")
    assert plt.get_fignums() == []


@every_script
def test_every_statement_is_checked_before_the_next(script):
    notebook = jupytext.read(script)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert len(STATEMENT.findall(text)) == len(ANY_STATEMENT.findall(text)), "every statement needs a :label:"
    assert unchecked(notebook) == []


CHECKED = """# %% [markdown]
# :::{prf:lemma} A title
# :label: lem-a
# Text.
# :::

# %%
assert 1 + 1 == 2

# %% [markdown]
# :::{prf:proposition}
# :label: prop-b
# Text.
# :::

# %%
assert 2 + 2 == 4
"""


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        (("", ""), []),
        (("# %%\nassert 1 + 1 == 2\n", ""), ["lem-a"]),
        (("# %%\nassert 1", '# %% tags=["hide-input"]\nassert 1'), ["lem-a"]),
        (("assert 2 + 2 == 4", "print(4)"), ["prop-b"]),
    ],
)
def test_a_statement_without_a_check_is_found(change, missing):
    assert unchecked(jupytext.reads(CHECKED.replace(*change), fmt="py:percent")) == missing
