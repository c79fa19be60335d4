"""The sources of the narrative pages: numbers with a home, citations, licences."""

import ast
import dataclasses
import json
import re
from pathlib import Path

import jupytext
import pytest
import yaml

from nlr.evidence import claims

ROOT = Path(__file__).resolve().parents[2]
NARRATIVE = sorted((ROOT / "book").glob("*.md"))
SCRIPTS = sorted((ROOT / "notebooks").glob("*/*.py"))
narrative = pytest.mark.parametrize("path", NARRATIVE, ids=lambda path: path.stem)

# A result: two digits or decimals, with per cent or points behind them.
RESULT = re.compile(r"(?<![\w.`])(?:\d+[.,]\d+|\d\d+)(?:\s±\s[\d.]+)?\s?(?:%|per\scent\b|(?:percentage\s)?points?\b)")
# What is no result: rates and shares of noise, levels of intervals, chance, and the sampling error of a test set.
EXEMPT = re.compile(
    r"\d+\s%\s(?:a)?symmetric\snoise|9[05]\s%|\d+\s%\sof\s(?:all\slabels|noisy\slabels|a\sbalanced\stest)"
    r"|class\shas\s10\sper\scent|must\ssum\sto\s\d+\s%|[Aa]t\s\d+\sper\scent:"
    r"|standard\serror\sof\s[\d.]+\sto\s[\d.]+\spoints|relative\sdifference\sof\s\d+\s%"
)


def typed_results(text):
    """What reads like a result that somebody typed; ``{value}`` leaves no digits before the unit."""
    return RESULT.findall(EXEMPT.sub("", text))


def paragraphs(path):
    text = re.sub(r"^```(?:bash|python).*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


@narrative
def test_no_result_is_typed(path):
    assert typed_results("\n\n".join(paragraphs(path))) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_result_is_typed_in_the_text_of_a_notebook(path):
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown"]
    assert typed_results("\n\n".join(cells)) == []


def strings(source):
    """The strings in a piece of Python, the values in an f-string as braces."""
    parts = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts.append("".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts.append(node.value)
    return parts


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_result_is_typed_in_the_code_of_a_notebook(path):
    cells = [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    assert [typed for cell in cells for text in strings(cell) for typed in typed_results(text)] == []


@pytest.mark.parametrize(
    "name",
    [
        "nlr/book/words.py",
        "nlr/evidence/verdicts.py",
        "nlr/book/questions.py",
        "nlr/book/departures.py",
        "nlr/evidence/comparisons.py",
        "pipeline/landing.py",
    ],
)
def test_no_result_is_typed_where_sentences_are_composed(name):
    source = re.sub(
        r'""".*?"""', '""', (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL
    )  # docstrings have examples
    assert [typed for text in strings(source) for typed in typed_results(text)] == []


# A number of a remark that is no rate of noise: with a unit, or with decimals.
FIGURE = re.compile(r"(?<![\w.])(?:\d*\.?\d+(?=\s?(?:%|points))|\d+\.\d+)")


def typed_figures(claim):
    """The figures in a claim's remark that are neither quoted by key nor numbers of the claim and its test."""
    own = json.dumps([claim.statement, claim.tests, claim.rules])
    known = {float(number) for number in re.findall(r"\d*\.?\d+", own)} | {95.0}
    return [number for number in FIGURE.findall(re.sub(r"\{.*?\}", "", claim.remark)) if float(number) not in known]


@pytest.mark.parametrize("claim", [*claims.load().values(), *claims.errata().values()], ids=lambda claim: claim.id)
def test_no_figure_is_typed_in_a_remark(claim):
    assert typed_figures(claim) == []


@pytest.mark.parametrize(
    ("remark", "typed"),
    [
        ("Chheda's text says so, his table 11.9.", ["11.9"]),
        ("By 14.7 to 21.0 points.", ["14.7", "21.0"]),
        ("CE is .7 points behind.", [".7"]),
        ("His table falls by {chheda.symmetric-0.2.ce - chheda.symmetric-0.8.ce} points from .2 to .8.", []),
        ("Held means: within 5 points of 24.7.", []),
    ],
)
def test_a_figure_typed_in_a_remark_is_found(remark, typed):
    assert typed_figures(dataclasses.replace(claims.get("C18"), remark=remark)) == typed


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("CE ends at 53.2 % here", True),
        ("CE ends at 53.2\u00a0% here", True),
        ("CE ends at 53 per cent", True),
        ("a gain of 12.4 points {cite}`ma2020`", True),
        ("79.12 ± 0.3 %", True),
        ("CE ends at {value}`x.y:.1f` %", False),
        ("noise of rate 0.4, 25 epochs", False),
        ("within 1 point", False),
        ("a 95 % interval with 40 % symmetric noise", False),
    ],
)
def test_what_reads_like_a_typed_result_is_found(text, typed):
    assert bool(typed_results(text)) == typed


@narrative
def test_a_result_is_followed_by_a_unit_on_the_same_line(path):
    assert re.findall(r"\{value\}`[^`]*`[ \n]%", path.read_text(encoding="utf-8")) == []


@narrative
def test_a_page_opens_with_its_name_and_what_it_is_about(path):
    text = re.sub(r"\A---\n.*?\n---\n", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()
    first, second, *_ = re.split(r"\n\s*\n", text)
    assert first.startswith("# ")
    assert second.startswith(("*", "::::{div} lead"))


@narrative
def test_nothing_of_the_machine_it_was_written_on(path):
    assert not re.search(r"/(work|home|root|tmp)/", path.read_text(encoding="utf-8"))


def test_every_cited_work_is_in_the_bibliography():
    cited = set()
    for path in NARRATIVE:
        for keys in re.findall(r"\{cite[^}]*\}`([^`]+)`", path.read_text(encoding="utf-8")):
            cited |= {key.strip() for key in keys.split(",")}
    entries = re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(entries) == len(set(entries))
    assert cited <= set(entries)
    assert {"ma2020", "soni2025", "kathuria2025", "krishnan2025", "joshi2025", "chheda2025"} <= cited


def test_citation_file():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)
    assert citation["title"] == yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]


def test_licences():
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "CC BY 4.0" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    data = (ROOT / "LICENSE-data.md").read_text(encoding="utf-8")
    assert all(name in data for name in ("CIFAR-10", "CIFAR-10N", "CC BY-NC 4.0", "digits"))
