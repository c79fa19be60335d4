"""Builds that are killed, on a small book: whatever the moment, the next one goes on where nobody else is at work."""

import shutil
import subprocess

import pytest
import small_book
from small_book import kill, start, wait_for

WAITING = "is at the {}; waiting until it has ended"


@pytest.fixture
def book(tmp_path):
    """A small book, and a function that starts its build; what a failed test leaves ends with it."""
    small_book.make(tmp_path)
    begun = []

    def build(hold="", said="said", reach=True, options=()):
        begun.append(start(tmp_path, hold, said, options))
        if hold and reach:
            assert wait_for((tmp_path / "reached").exists), (tmp_path / said).read_text()
        return begun[-1]

    yield tmp_path, build
    (tmp_path / "hold").write_text("")
    for one in begun:
        if one.poll() is None:
            kill(one, alone=False)


def test_a_build_goes_on_after_a_kill_at_any_phase_and_waits_for_whoever_lives(book):
    folder, build = book
    first = build("page")
    second = build("page", said="second", reach=False)  # the holder of the lock lives
    assert wait_for(lambda: WAITING.format("build") in (folder / "second").read_text())
    assert f"Process {first.pid}," in (folder / "second").read_text()
    kill(first, alone=True)  # its pages and their kernels live on for a moment
    assert wait_for(lambda: "Select jobs to execute" in (folder / "second").read_text())
    kill(second, alone=False)

    kill(build("values"), alone=True)
    kill(build("site"), alone=True)  # the site is still being made
    last = build("site", reach=False)
    assert wait_for(lambda: WAITING.format("site") in (folder / "said").read_text())
    (folder / "hold").write_text("")
    assert last.wait() == 0, (folder / "said").read_text()
    product = small_book.product(folder)
    pages = [f"executed/{page}" for page in ("one", "digits/comparison", "verdicts/claims")]
    made = {path for path in product if path.startswith("executed/") and not path.endswith(".snakemake_timestamp")}
    others = ("values.json", "every-record.txt", "every-definition.txt")
    assert made == {*(f"{page}.ipynb" for page in pages), *(f"executed/{name}" for name in others)}
    for number, page in enumerate(pages, start=1):
        assert f"The square is {number**2}".encode() in product[f"_build/html/{page}.html"]
        assert b"The kernel speaks by ipc" in product[f"_build/html/{page}.html"]  # ports of two pages can be the same
    assert b"A book" in product["_build/html/book/index.html"]

    # What a page showed before, and does not show now, goes when it is made again.
    shown = folder / "executed/figures/one"
    (shown / "gone.csv").touch()
    template = folder / "notebooks/template.py"
    template.write_text(template.read_text() + "\n# %%\nprint('changed')\n")
    assert build().wait() == 0, (folder / "said").read_text()
    assert b"changed" in (folder / "executed/one.ipynb").read_bytes()
    assert not (shown / "gone.csv").exists()
    assert "_build/html/index.html" in product


def test_one_file_is_made_with_what_it_needs_and_nothing_else(book):
    """As ``make readme`` asks for the landing page's figures."""
    folder, build = book
    assert build(options=["--only", "executed/digits/comparison.ipynb"]).wait() == 0, (folder / "said").read_text()
    pages = {path for path in small_book.product(folder) if path.endswith(".ipynb")}
    assert pages == {"executed/one.ipynb", "executed/digits/comparison.ipynb"}
    assert not (folder / "_build").exists()


VENV = """#!/bin/sh
echo "$@" >> said
case "$*" in
"-m pip --version") test -f .venv/pip;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && touch .venv/pip;;
esac
"""


@pytest.mark.parametrize("before", ["nothing", "python without pip", "all"])
def test_an_environment_whose_making_was_interrupted_is_made_anew(tmp_path, before):
    """The recipe itself, with a program in the place of Python that says what it is asked for."""
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(small_book.ROOT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(VENV)
    python.chmod(0o755)
    if before != "nothing":
        (tmp_path / ".venv" / "bin").mkdir(parents=True)
        shutil.copy(python, tmp_path / ".venv" / "bin")
    if before == "all":
        (tmp_path / ".venv" / "pip").touch()
    command = ["make", "-C", tmp_path, ".venv/ready", f"PYTHON={python}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "said").read_text().splitlines()
    assert ("-m venv .venv" in said) == (before != "all")
    assert any(line.startswith("-m pip install") for line in said)
    assert (tmp_path / ".venv" / "ready").exists()
