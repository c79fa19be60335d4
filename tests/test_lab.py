"""JupyterLab as ``make lab`` starts it: what is saved in one half of a pair stands in the other, as a build has it."""

import importlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from urllib.request import urlopen

import nbformat
import pytest

from nlr import paths

sys.path.insert(0, str(paths.ROOT / "pipeline"))
pairs = importlib.import_module("pairs")

SECONDS = 60
SCRIPT = """# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A title

# %% tags=["hide-input"]
number = 6
"""
PYTHON = f'#!/bin/sh\nPYTHONPATH={paths.ROOT} exec {sys.executable} "$@"\n'


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree of two pairs with our recipes, and with the Python of these tests in the place of its environment's."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(paths.ROOT / name, root)
    for name in ("lab", "pairs", "run_page", "kernel"):
        (root / "pipeline").mkdir(exist_ok=True)
        shutil.copy(paths.ROOT / "pipeline" / f"{name}.py", root / "pipeline")
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    (root / ".venv" / "ready").touch()
    (root / "notebooks").mkdir()
    for name in ("page", "other"):
        (root / "notebooks" / f"{name}.py").write_text(SCRIPT)
    return root


@pytest.fixture(scope="module")
def address(tree):
    """What ``make lab`` serves, and the address to it; the server ends with the tests."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab is not installed; make lab installs it")
    with closing(socket.socket()) as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = f"--no-browser --allow-root --ServerApp.ip=127.0.0.1 --port={port} --IdentityProvider.token="
    with (tree / "said").open("w") as said:
        server = subprocess.Popen(
            ["make", "-C", tree, "lab", f"OPTIONS={options}"],
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: server.poll() is not None or _answers(port), (tree / "said").read_text)
        assert server.poll() is None, (tree / "said").read_text()
        yield f"http://127.0.0.1:{port}/lab/tree/notebooks"
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(port):
    try:
        with urlopen(f"http://127.0.0.1:{port}/api", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait_for(condition, what=lambda: ""):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)


@pytest.fixture
def tab(browser, tree):
    with closing(browser.new_context()) as context:
        context.set_default_timeout(1000 * SECONDS)
        yield context.new_page()


def opened(tab, address, place):
    """Open a half and wait until its text is there and Lab listens to keys; returns the place of the text."""
    tab.goto(f"{address}?reset")
    text = tab.locator(place).filter(has_text="number = 6")
    text.wait_for()
    tab.locator("#jupyterlab-splash").wait_for(state="detached")
    tab.wait_for_timeout(2000)
    return text


def save(tab):
    """Save what was typed, once Lab has seen it."""
    tab.locator(".jp-mod-dirty").first.wait_for(state="attached")
    tab.keyboard.press("Control+s")


def sources(half):
    return [cell.source for cell in pairs.load(half).cells]


def test_a_notebook_that_is_saved_is_written_into_its_script_and_a_build_takes_both(address, tab, tree):
    script, notebook = pairs.halves(tree / "notebooks" / "page")
    cell = opened(tab, f"{address}/page.ipynb", ".jp-Notebook .jp-CodeCell .cm-content")
    for edit in ("7 * number\n", "# and again\n"):
        cell.click()
        tab.keyboard.press("Control+End")
        tab.keyboard.type(f"\n{edit.strip()}")
        save(tab)
        wait_for(lambda edit=edit: edit.strip() in script.read_text() and edit.strip() in notebook.read_text())
        wait_for(lambda: tab.locator(".jp-mod-dirty").count() == 0)
        # A build finds nothing to write, so that Lab sees no change of the file in the next save.
        assert pairs.refresh(tree / "notebooks" / "page") == []
        assert script.read_text().startswith(SCRIPT.rstrip())
    assert tab.locator(".jp-Dialog").count() == 0
    assert sources(script) == sources(notebook) == ["# A title", "number = 6\n7 * number\n# and again"]

    made = tree / "executed" / "page.ipynb"
    command = [tree / ".venv/bin/python", "pipeline/run_page.py", "notebooks/page.py", made, "The page"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (shown,) = nbformat.read(made, 4).cells[-1].outputs
    assert shown["data"]["text/plain"] == "42"


def test_a_script_that_is_saved_as_text_is_written_into_its_notebook(address, tab, tree):
    script, notebook = pairs.halves(tree / "notebooks" / "other")
    opened(tab, f"{address}/other.py", ".jp-FileEditor .cm-content").click()
    tab.keyboard.press("Control+End")
    tab.keyboard.type("\n# %%\nnumber")
    save(tab)
    wait_for(lambda: sources(notebook)[-1] == "number")
    assert sources(script) == sources(notebook)
    assert pairs.refresh(tree / "notebooks" / "other") == []
