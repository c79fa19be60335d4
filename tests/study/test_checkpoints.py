"""A checkpoint gives back what was put in, and whatever else lies in its place is refused by name, never executed."""

import hashlib
import io

import pytest
import torch
from factory import Malicious, short

from nlr.study import checkpoints, provenance
from nlr.study.checkpoints import CheckpointError
from nlr.training import loop

FACTS = {"versions": provenance.versions(), "clean_tree": None, "wall_seconds": 1.5, "commit": "unknown"}


@pytest.fixture
def written(tmp_path, digits):
    """A store with the checkpoint of a run after its first epoch: store, configuration and path."""
    config = short(epochs=2)

    def keep(done, state):
        if done == 1:
            checkpoints.write(tmp_path, config, FACTS, state())

    loop.train(config, digits, on_epoch=keep)
    return tmp_path, config, checkpoints.path_of(tmp_path, config)


def test_it_lies_beside_the_place_of_the_record(written):
    store, config, path = written
    assert path == store / "digits" / "digits" / "ce" / "symmetric-0.4" / "seed-0.checkpoint"
    assert checkpoints.walk(store) == [path]
    assert checkpoints.damaged(store) == []
    checkpoints.remove(store, config)
    assert checkpoints.find(store, config) is None
    checkpoints.remove(store, config)  # which is not an error


def test_training_goes_on_from_it_to_the_same_bits(written, digits):
    store, config, _ = written
    facts, state = checkpoints.find(store, config)
    assert facts == FACTS
    whole, rest = loop.train(config, digits), loop.train(config, digits, state=state)
    for result in (whole, rest):
        del result["series"]["seconds"]
    assert rest == whole


def sealed(content):
    return checkpoints.HEAD + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


DAMAGE = {
    "truncated": (lambda path: path.read_bytes()[:-9], "truncated or edited"),
    "empty": (lambda path: b"", "not a checkpoint"),
    "one bit": (lambda path: path.read_bytes()[:-1000] + b"\x01" + path.read_bytes()[-999:], "truncated or edited"),
    "another program's": (lambda path: saved({"weights": torch.ones(3)}), "not a checkpoint"),
    "no tensors": (lambda path: sealed(b"text"), "more than tensors"),
    "malicious": (lambda path: sealed(saved({"x": Malicious(path.parent / "made")})), "more than tensors"),
    "other parts": (lambda path: sealed(saved({"state": {}})), "expected config, facts, state"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_one_is_named_and_refused(written, damage):
    store, config, path = written
    change, words = DAMAGE[damage]
    path.write_bytes(change(path))
    with pytest.raises(CheckpointError, match=words) as caught:
        checkpoints.find(store, config)
    assert str(path) in str(caught.value)
    assert "delete it" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert checkpoints.damaged(store) == [str(caught.value)]
    assert not (path.parent / "made").exists()


def test_one_of_another_configuration_or_run_is_refused(written):
    store, _, path = written
    other = short(epochs=3)
    with pytest.raises(CheckpointError, match=r"training.epochs is 2 there and 3 here"):
        checkpoints.find(store, other)
    place = checkpoints.path_of(store, short(seed=1))
    path.rename(place)
    (message,) = checkpoints.damaged(store)
    assert str(place) in message
    assert str(path) in message  # where it belongs
