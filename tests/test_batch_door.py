"""The batch door works from a plain copy of the tree: not installed, without git, with its own dependencies alone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nlr import paths
from nlr.study import provenance

DOOR = Path(__file__).with_name("door.py")
STUDY = """
title = "Two runs"
protocol = "digits"
dataset = "digits"
store = "live"
[[block]]
purpose = "demonstration"
losses = ["ce", "nce+mae"]
settings = ["symmetric-0.4"]
seeds = [0]
"""


def python_312():
    """A Python 3.12 that has the batch door's dependencies, named by NLR_PYTHON312 or found in the path."""
    for name in (os.environ.get("NLR_PYTHON312"), "python3.12"):
        found = name and shutil.which(name)
        if found and not subprocess.run([found, "-c", "import torch, typer, pyarrow"], capture_output=True).returncode:
            return found
    return None


@pytest.fixture(params=["this Python", "Python 3.12"])
def door(request, tmp_path):
    """Run the command line from a copy of the package; gives the finished process."""
    python = sys.executable if request.param == "this Python" else python_312()
    if python is None:
        pytest.skip("no Python 3.12 with torch here; NLR_PYTHON312 can name one")
    tree = tmp_path / "tree"
    shutil.copytree(paths.ROOT / "nlr", tree / "nlr", ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "nlr/study/studies/two.toml").write_text(STUDY)
    with (tree / "nlr/study/protocols/sources/digits.toml").open("a") as protocol:
        protocol.write("[training]\nepochs = 2\n")
    environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path)}

    def run(*arguments):
        command = [python, DOOR, *map(str, arguments)]
        return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300)

    run.tree, run.python = tree, python
    return run


def test_every_command_works(door):
    refused = set(door("refused").stdout.split())
    assert not refused & {"torch", "numpy", "sklearn", "PIL", "pygments", "joblib", "nlr"}
    if door.python == sys.executable:  # where they are installed
        assert {"matplotlib", "seaborn", "jupytext", "papermill", "pytest"} <= refused

    done = door("study", "two", "--store", "mine", "--budget", "5m", "--device", "cpu", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "2 runs trained, 2 of 2 records" in done.stdout
    (record, _) = (json.loads(path.read_text()) for path in (door.tree / "mine").rglob("seed-0.json"))
    assert (record["facts"]["commit"], record["facts"]["clean_tree"]) == ("unknown", None)

    for arguments, words in (
        (["losses"], "nce"),
        (["run", "digits", "ce", "symmetric-0.4", "--store", "mine", "--device", "cpu"], "last epoch"),
        (["status", "--json"], '"studies"'),
        (["bundle", "mine.zip", "--store", "mine"], "2 files packed"),
        (["import", "mine.zip", "--store", "live"], "2 files added"),
        (["status"], "two (2)"),
        (["status", "--cells"], "two: 2 of 2 runs"),
        (["compare", "mine"], "agrees"),
    ):
        done = door(*arguments)
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
    assert "no git repository" in door("stamp").stderr


def test_a_refused_module_would_be_noticed(door):
    main = door.tree / "nlr/__main__.py"
    main.write_text("import pytest\n" + main.read_text())
    assert "No module named 'pytest'" in door("losses").stderr


def test_a_copy_with_a_stamp_names_its_commit(tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(paths.ROOT / "nlr", tree / "nlr", ignore=shutil.ignore_patterns("__pycache__"))
    stamp = {"commit": "0123456789ab", "clean_tree": True, "code": provenance._code()}
    (tree / "stamp.json").write_text(json.dumps(stamp))
    code = "from nlr.study import provenance; print(*provenance.commit())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True)
    assert done.stdout.split() == ["0123456789ab", "True"], done.stderr
