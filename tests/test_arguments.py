"""What people hand in: seeds, flags and paths, read and refused in one sentence each."""

from pathlib import Path

import numpy as np
import pytest
import torch

from nlr import arguments, data, paths
from nlr.errors import NlrError
from nlr.evidence import agreement
from nlr.study import bundle, execute, records, runs


def refused(call, *arguments, **options):
    with pytest.raises(NlrError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("value", [7, "7", "007", np.int64(7), np.uint8(7), 2**64 - 1, str(2**64 - 1), 0, "0"])
def test_a_seed_is_an_integer_or_its_digits(value):
    assert arguments.seed(value) == int(value)
    assert type(arguments.seed(value)) is int
    torch.Generator().manual_seed(arguments.seed(value))  # which knows no larger one


@pytest.mark.parametrize(
    "value", [-1, 2**64, str(2**64), "9" * 5000, 1.0, "1.0", "-1", "+1", "1e3", "", " 1", "\u0661", True, None, [1]]
)
def test_anything_else_is_no_seed(value):
    assert refused(arguments.seed, value) == f"Seed {value!r}; expected an integer from 0 to 18446744073709551615."


@pytest.mark.parametrize("yes", [True, "true", "True", "yes", "YES"])
@pytest.mark.parametrize("no", [False, "false", "FALSE", "no", "No"])
def test_a_flag_can_be_said_in_words(yes, no):
    assert (arguments.flag(yes, "train"), arguments.flag(no, "train")) == (True, False)


@pytest.mark.parametrize("value", ["flase", "", "0", "none", 0, 1, None, 0.0, []])
def test_anything_else_is_no_flag(value):
    assert refused(arguments.flag, value, "train") == f"train is {value!r}; expected one of true, yes, false, no."


def test_a_path_begins_at_ones_home(monkeypatch):
    monkeypatch.setenv("HOME", "/at/home")
    assert arguments.path("~/mine", "store") == arguments.path(Path("~/mine"), "store") == Path("/at/home/mine")
    assert arguments.path("a b/[c]", "store") == Path("a b/[c]")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "store is an empty path, as an unset shell variable gives; name a file or folder."),
        (" ", "store is an empty path"),
        ("\t\n", "store is an empty path"),
        (None, "store is None; expected a path."),
        (5, "store is 5; expected a path."),
        ("~nobody-has-this-name/mine", "store is '~nobody-has-this-name/mine': Could not determine home directory."),
    ],
)
def test_anything_else_is_no_path(value, words):
    assert refused(arguments.path, value, "store").startswith(words)


@pytest.mark.parametrize(
    ("text", "numbers"), [("1-1", [1]), ("2-4", [2, 3, 4]), ("5-5", [5]), ("1-5", [1, 2, 3, 4, 5])]
)
def test_a_span_takes_both_its_ends(text, numbers):
    assert [1, 2, 3, 4, 5][arguments.span(text, "--runs", 5)] == numbers


@pytest.mark.parametrize("text", ["", "3", "0-2", "3-2", "1-6", "-2", "1-", "1-2-3", "a-b", "1 - 2"])
def test_what_is_no_span_is_refused(text):
    assert (
        refused(arguments.span, text, "--runs", 5)
        == f"--runs is {text!r}; expected two numbers from 1 to 5, for example 1-5."
    )


CONFIG = runs.resolve("digits", "ce", "clean", 0, "digits")
TAKE_A_PATH = {
    "data_root": lambda: paths.data_root(""),
    "load": lambda: data.load("cifar10", ""),
    "load what needs no root": lambda: data.load("digits", ""),
    "load_human_labels": lambda: data.load_human_labels("worse", ""),
    "human_facts": lambda: data.human_facts(""),
    "image_facts": lambda: data.image_facts(" "),
    "path_of": lambda: records.path_of("", CONFIG),
    "find": lambda: records.find("", CONFIG),
    "walk": lambda: records.walk(""),
    "write": lambda: records.write("", CONFIG),
    "check_writable": lambda: records.check_writable(""),
    "train_missing": lambda: execute.train_missing([(CONFIG, "own run")], ""),
    "bundle.write": lambda: bundle.write("", "mine"),
    "bundle.write, store": lambda: bundle.write("mine.zip", ""),
    "bundle.write, part": lambda: bundle.write("mine.zip", "mine", ""),
    "bundle.merge": lambda: bundle.merge("", "mine"),
    "bundle.merge, store": lambda: bundle.merge("mine.zip", ""),
    "compare_stores": lambda: agreement.compare_stores(""),
}


@pytest.mark.parametrize("call", TAKE_A_PATH)
def test_every_function_that_takes_a_path_refuses_an_empty_one(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NLR_DATA", str(tmp_path))
    assert "is an empty path" in refused(TAKE_A_PATH[call])
    assert list(tmp_path.iterdir()) == []
