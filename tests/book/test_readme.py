"""The README: short, its numbers and picture those of the records."""

import importlib.util

import pytest
from test_book_text import typed_results

from nlr.paths import EXECUTED, ROOT

README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def readme():
    if not (EXECUTED / "snippets" / "plain-minute.md").exists():
        pytest.skip("the landing page's figures are not made yet: make book")
    spec = importlib.util.spec_from_file_location("readme", ROOT / "pipeline" / "readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_at_most_eighty_lines():
    assert len(README.splitlines()) <= 80


def test_names_the_two_commands():
    assert "make book" in README
    assert "make test" in README


def test_answer_is_that_of_the_records(readme):
    minute = (EXECUTED / "snippets" / "plain-minute.md").read_text().strip()
    assert readme.up_to_date(README) == README, "bring it up to date with: make readme"
    assert minute in README


def test_what_was_found_stands_only_where_it_is_computed(readme):
    names = [match[2] for match in readme.BLOCK.finditer(README)]
    assert names == ["minute", "mnist", "minutes"]
    typed = readme.BLOCK.sub("", README)
    assert typed_results(typed) == []
    assert not any(word in typed for word in ("seed", "exploratory"))


def test_picture_is_drawn_from_the_records(readme):
    assert readme.PICTURE.read_bytes() == readme.DRAWN.read_bytes(), "bring it up to date with: make readme"
