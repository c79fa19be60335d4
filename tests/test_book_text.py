"""The sources of the narrative pages: numbers with a home, citations, licences."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
NARRATIVE = sorted((ROOT / "book").glob("*.md"))
narrative = pytest.mark.parametrize("path", NARRATIVE, ids=lambda path: path.stem)


def paragraphs(path):
    text = re.sub(r"^```(?:bash|python).*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [part for part in re.split(r"\n\s*\n", text) if part.strip()]


@narrative
def test_no_accuracy_is_typed(path):
    """A decimal per cent is a result. It is read from the records, or stands with the work that published it."""
    typed = [p for p in paragraphs(path) if re.search(r"\d\.\d+(?: ± [\d.]+)?\s?%", p) and "{cite" not in p]
    assert typed == []


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
