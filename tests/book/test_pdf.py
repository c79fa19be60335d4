"""The whole book as PDF, on a short book: contents, numbers, links, light figures, and nothing cut off."""

import importlib.util
import re
import shutil
import subprocess
import sys

import pytest

from nlr.paths import ROOT

WIDE = "result = some_function(" + ", ".join(f"argument_{k}=value_{k}" for k in range(20)) + ")  # the end of the line"
HEADINGS = ("Where it begins", "One thing", "Another thing")
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 40"><text y="20">{} picture</text></svg>'
FILES = {
    "_config.yml": """
title: A short book
only_build_toc_files: true
execute: {execute_notebooks: "off"}
html: {use_multitoc_numbering: false}
sphinx:
  local_extensions: {bookext: pipeline}
  config:
    extensions: [sphinx_design, myst_nb, jupyter_book, sphinx_external_toc, sphinx_comments, sphinx_book_theme, bookext]
    html_static_path: [book/_assets]
    html_css_files: [book.css]
    numfig: true
""",
    "_toc.yml": """
format: jb-book
root: book/index
parts:
  - caption: The parts
    chapters:
      - {file: book/one, title: "One"}
      - {file: book/two, title: "Two, and last"}
""",
    "book/index.md": "# Where it begins\n\n:::{div} pdf\n:::\n\n[to the place](#the-place)\n",
    "book/one.md": f"# One thing\n\n```python\n{WIDE}\n```\n\n"
    + "A paragraph of some length.\n\n" * 80
    + ":::{themed-figure} /executed/a\n:alt: A picture with words.\n:name: fig-a\n\nA figure.\n:::\n",
    "book/two.md": "# Another thing\n\n:::{dropdown} Folded\nWhat is folded.\n:::\n\n"
    + "A paragraph of some length.\n\n" * 80
    + "(the-place)=\n## The place\n\n{numref}`fig-a` and [the code](one.md).\n\n"
    + "| " + " | ".join(f"heading{k}" for k in range(20)) + " |\n" + "| --- " * 20 + "|\n"
    + "| " + " | ".join(f"cellwithaword{k}" for k in range(20)) + " |\n",
    "executed/a-light.svg": SVG.format("light"),
    "executed/a-dark.svg": SVG.format("dark"),
}  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The short book, built and printed: the folder of its site, and the PDF as pypdf reads it."""
    if importlib.util.find_spec("pypdf") is None:
        pytest.skip("pypdf is not installed; make pdf installs it")
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        pytest.skip("Chromium is not installed, and nothing else can print the pages")
    from pypdf import PdfReader

    folder = tmp_path_factory.mktemp("book")
    shutil.copytree(ROOT / "book" / "_assets", folder / "book" / "_assets")
    (folder / "pipeline").mkdir()
    (folder / "executed").mkdir()
    for name in ("bookext", "icons", "pdf"):
        shutil.copy(ROOT / "pipeline" / f"{name}.py", folder / "pipeline")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    for command in (
        ["-c", "from jupyter_book.cli.main import main; main()", "build", ".", "-W", "--keep-going", "--quiet"],
        ["pipeline/pdf.py"],
    ):
        done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    site = folder / "_build" / "html"
    return site, PdfReader(site / "book.pdf")


@pytest.fixture(scope="module")
def texts(book):
    return [page.extract_text() for page in book[1].pages]


def squeezed(text):
    return "".join(text.split())


def test_contents_name_the_pages_on_which_chapters_begin(texts):
    named = dict(re.findall(r"^(.+?) ?(\d+)$", texts[0], re.MULTILINE))
    assert list(named) == ["Where it begins", "One", "Two, and last"]
    begin = [texts[int(number) - 1] for number in named.values()]
    assert [
        heading in text for heading, text in zip(("Where it begins", "One thing", "Another thing"), begin, strict=True)
    ]
    assert all(heading in text for heading, text in zip(HEADINGS, begin, strict=True))
    assert len(set(named.values())) == 3


def test_every_page_has_its_number(texts):
    assert len(texts) > 6
    assert all(str(number) in text.splitlines() for number, text in enumerate(texts, start=1))


def test_neither_code_nor_a_table_is_cut_off_and_what_is_folded_is_there(texts):
    assert squeezed(WIDE) in squeezed(" ".join(texts))
    assert all(f"cellwithaword{k}" in squeezed(" ".join(texts)) for k in range(20))
    assert "What is folded." in " ".join(texts)


def test_figures_are_the_light_ones_and_keep_their_numbers(texts):
    text = " ".join(" ".join(texts).split())
    assert "light picture" in text
    assert "dark picture" not in text
    assert text.count("Fig. 1") == 2


def test_links_between_pages_lead_within_the_book(book, texts):
    links = [link.get_object() for page in book[1].pages for link in page.get("/Annots", ())]
    assert links
    assert not any("file:" in str(link.get("/A", "")) for link in links)
    pages = [book[1].get_page_number(link["/Dest"][0].get_object()) for link in links if "/Dest" in link]
    place = next(k for k, text in enumerate(texts) if "The place" in text and k)
    assert place in pages
    assert [one.title for one in book[1].outline if not isinstance(one, list)] == ["Where it begins", "The parts"]


def test_the_landing_page_leads_to_it(book):
    site, reader = book
    (link,) = re.findall(r'<a href="\.\./book\.pdf">[^<]+</a> \(\d+ pages', (site / "book" / "index.html").read_text())
    assert f"({len(reader.pages)} pages" in link
