"""The device is one that is here; the commit comes from git, a stamp of the same code, or is unknown, never guessed."""

import json
import re
import shutil
import subprocess

import pytest
import torch

from nlr import paths
from nlr.errors import NlrError
from nlr.study import provenance


@pytest.fixture
def gpus(monkeypatch):
    """A machine with as many GPUs as one says."""

    def there_are(number):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: number > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: number)

    return there_are


@pytest.mark.parametrize(
    ("number", "name", "picked"),
    [(0, "auto", "cpu"), (2, "auto", "cuda"), (0, "cpu", "cpu"), (1, "cuda", "cuda"), (2, "cuda:1", "cuda:1")],
)
def test_a_device_that_is_here_is_picked(gpus, number, name, picked):
    gpus(number)
    assert provenance.pick_device(name) == picked


@pytest.mark.parametrize("name", ["tpu", "mps", "cpu:foo", "cuda:", "cuda:x", "cuda:-1", "", "cuda:0:1", "meta", None])
def test_a_name_of_no_device_is_refused(gpus, name):
    gpus(2)
    with pytest.raises(NlrError, match=r"Unknown device .*Known: auto, cpu, cuda\."):
        provenance.pick_device(name)


@pytest.mark.parametrize(
    ("number", "name", "usable"), [(0, "cuda", "cpu"), (0, "cuda:0", "cpu"), (2, "cuda:2", "cpu, cuda:0, cuda:1")]
)
def test_a_device_that_is_not_here_is_refused(gpus, number, name, usable):
    gpus(number)
    with pytest.raises(NlrError, match=f"Device '{name}' is not here; usable: {usable}\\."):
        provenance.pick_device(name)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small tree of one's own, which is no repository yet."""
    root = (tmp_path / "tree").resolve()
    (root / "nlr").mkdir(parents=True)
    (root / "nlr" / "a.py").write_text("1\n")
    monkeypatch.setattr(provenance, "ROOT", root)
    monkeypatch.setattr(provenance, "STAMP", root / "stamp.json")
    return root


def git(root, *arguments):
    name = ["-c", "user.name=x", "-c", "user.email=x"]
    subprocess.run(["git", "-C", root, *name, *arguments], check=True, capture_output=True)


def commit(root):
    git(root, "init")
    git(root, "add", "nlr")
    git(root, "commit", "-m", "x")


def test_git_says_which_commit_and_whether_it_is_clean(tree):
    commit(tree)
    name, clean = provenance.commit()
    assert re.fullmatch("[0-9a-f]{12}", name)
    assert clean is True
    (tree / "nlr" / "a.py").write_text("2\n")
    assert provenance.commit() == (name, False)


@pytest.mark.parametrize("clean", [True, False])
def test_a_stamp_speaks_where_there_is_no_git(tree, clean):
    commit(tree)
    if not clean:
        (tree / "nlr" / "a.py").write_text("2\n")
    before = provenance.commit()
    assert before[1] is clean
    assert provenance.stamp() == tree / "stamp.json"
    shutil.rmtree(tree / ".git")
    assert provenance.commit() == before


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_a_stamp_of_other_code_says_nothing(tree, change):
    (tree / "nlr" / "b.toml").write_text("x = 1\n")
    commit(tree)
    provenance.stamp()
    shutil.rmtree(tree / ".git")
    assert provenance.commit()[0] != "unknown"
    if change == "edited":
        (tree / "nlr" / "a.py").write_text("2\n")
    elif change == "added":
        (tree / "nlr" / "c.py").write_text("3\n")
    else:
        (tree / "nlr" / "b.toml").unlink()
    assert provenance.commit() == ("unknown", None)


@pytest.mark.parametrize("text", [None, "", "{", "[1]", json.dumps({"commit": "x", "clean_tree": True})])
def test_without_git_and_stamp_it_is_unknown(tree, text):
    if text is not None:
        (tree / "stamp.json").write_text(text)
    assert provenance.commit() == ("unknown", None)


def test_the_repository_around_a_copy_is_not_taken_for_its_own(tree):
    outer = tree.parent
    git(outer, "init")
    git(outer, "add", ".")
    git(outer, "commit", "-m", "x")
    assert provenance.commit() == ("unknown", None)
    with pytest.raises(NlrError, match="no git repository"):
        provenance.stamp()


def test_without_the_program_git(tree, monkeypatch):
    commit(tree)
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() == ("unknown", None)


def test_the_stamp_of_this_tree_is_not_committed():
    done = subprocess.run(["git", "-C", paths.ROOT, "check-ignore", "stamp.json"], capture_output=True)
    if done.returncode == 128:
        pytest.skip("no git repository")
    assert done.returncode == 0
