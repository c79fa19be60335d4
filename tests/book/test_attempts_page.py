"""The page of all attempts as it is executed: no person and no repository on it, and the figures of the files."""

import ast
import re

import jupytext
import pytest

from nlr import paths
from nlr.evidence import reproductions


@pytest.fixture(scope="module")
def shown():
    """What the cells show, as text, captions and text alternatives among it."""
    names, out = {}, []
    for cell in jupytext.read(paths.NOTEBOOKS / "results" / "attempts.py").cells:
        if cell.cell_type == "markdown":
            out.append(cell.source)
            continue
        tree = ast.parse(cell.source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            out.append(f"{value}\n{getattr(value, 'alt', '')}")
    return "\n".join(out)


def test_no_person_repository_or_commit_is_named(shown):
    table = reproductions.load()
    for repository in table["repository"].unique():
        assert not [part for part in repository.split("/") if part.lower() in shown.lower()]
    assert not [commit for commit in table["commit"].unique() if commit and commit[:7] in shown]
    assert not [path for path in table["path"].unique() if path in shown]


def test_groups_go_with_and_explain_nothing(shown):
    assert "goes with" in shown
    assert not re.search(r"explained by|because of|due to|caused", shown)
    assert not re.search(r"pooled|weighted mean|average effect", shown.replace("averaged or pooled here", ""))


def test_the_page_says_how_to_ask_for_a_correction_or_removal(shown):
    section = shown.partition("## A correction, or a removal")[2]
    assert all(word in section for word in ("issue", "repository", "series", "removal needs no reason"))


def test_the_first_paragraph_has_the_counts(shown):
    first = shown.partition("How far to trust it")[0]
    assert "22 public sources print 1,984 accuracies" in first
    assert "19 of 19 cells from 5 sources" in first
    assert "1,984 of 1,984 figures; 1,984 agree with their source, 0 differ" in shown
