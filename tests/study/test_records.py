"""The store of records: whole or not at all, written once, and whatever was tampered with is refused by name."""

import json
import os
import re
import subprocess
import sys

import pytest
from factory import parts, put, short

from nlr import paths
from nlr.errors import NlrError
from nlr.study import protocols, records, runs
from nlr.study.records import RecordError
from nlr.training import loop


def config_of(**changes):
    given = {"protocol": "digits", "loss": "nce+mae", "setting": "symmetric-0.4", "seed": 0, "dataset": "digits"}
    return runs.resolve(**given | changes)


def files(folder):
    """Everything under a folder, hidden files too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Writing


def test_a_record_lies_where_its_run_says_and_holds_all_of_it(tmp_path):
    config = config_of(loss="nce+mae,beta=1.5", seed=3)
    made = parts(config)
    path = records.write(tmp_path, config, **made)
    assert path == tmp_path / "digits" / "digits" / "nce+mae,beta=1.5" / "symmetric-0.4" / "seed-3.json"
    record = records.read(path, tmp_path)
    assert tuple(record) == records.KEYS
    assert {key: record[key] for key in made} == made
    assert record["config"] == config
    assert record["schema"] == records.SCHEMA
    assert re.fullmatch("[0-9a-f]{16}", record["config_hash"])
    assert re.fullmatch("[0-9a-f]{64}", record["digest"])
    assert files(tmp_path) == [str(path.relative_to(tmp_path))]  # nothing but the record
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"setting": "clean"}, "digits/digits/nce+mae/clean/seed-0.json"),
        ({"setting": "human-worse", "dataset": "cifar10"}, "cifar10/digits/nce+mae/human-worse/seed-0.json"),
        ({"setting": "asymmetric-0.25"}, "digits/digits/nce+mae/asymmetric-0.25/seed-0.json"),
        (
            {"protocol": "ma2020", "dataset": "cifar10-jpeg75"},
            "cifar10-jpeg75/ma2020/nce+mae/symmetric-0.4/seed-0.json",
        ),
        ({"loss": "norm(sce)"}, "digits/digits/norm(sce)/symmetric-0.4/seed-0.json"),
    ],
)
def test_every_run_has_a_place_of_its_own(tmp_path, change, place):
    assert records.path_of(tmp_path, config_of(**change)) == tmp_path / place


def test_an_existing_record_is_never_overwritten(tmp_path):
    config = config_of()
    path = records.write(tmp_path, config, **parts(config, last=0.5))
    before = path.read_bytes()
    assert records.write(tmp_path, config, **parts(config, last=0.9)) == path
    assert path.read_bytes() == before
    assert len(files(tmp_path)) == 1


def test_a_record_over_the_limit_is_not_written(tmp_path):
    config = config_of()
    made = parts(config)
    made["series"]["loss"] = [0.123456] * 16000
    with pytest.raises(RecordError, match=r"seed-0.json would have 14\d+ bytes, .*; at most 131072 .*fewer epochs"):
        records.write(tmp_path, config, **made)
    assert files(tmp_path) == []


@pytest.fixture(scope="module")
def all_series(digits):
    """The names of all series that there are: those of a run with samples held out and noisy test labels."""
    config = short(epochs=1, data={"validation": 0.1}, noise={"evaluation": "noisy"})
    return list(loop.train(config, digits)["series"])


@pytest.mark.parametrize("protocol", protocols.names())
def test_the_record_of_every_protocol_fits(tmp_path, all_series, protocol):
    resolved = protocols.load(protocol)
    epochs, dataset = resolved["training"]["epochs"], resolved["data"]["dataset"]
    config = config_of(protocol=protocol, dataset=dataset.replace("cifar10", "cifar10-jpeg75"), loss="nce+mae")
    made = parts(config, epochs=epochs)
    made["series"] = {name: [0.0123456] * epochs for name in all_series}  # six significant digits, and a place more
    assert records.write(tmp_path, config, **made).stat().st_size <= records.LARGEST


def test_not_a_number_is_not_written(tmp_path):
    config = config_of()
    with pytest.raises(ValueError, match="JSON"):
        records.write(tmp_path, config, **parts(config) | {"final": {"last_accuracy": float("nan")}})
    assert files(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "link", "chmod"])
def test_a_failure_while_writing_leaves_nothing(tmp_path, monkeypatch, step):
    def fail(*arguments, **options):
        raise OSError("the disk is full")

    config = config_of()
    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(NlrError, match=r"seed-0.json cannot be written: the disk is full"):
            records.write(tmp_path, config, **parts(config))
    assert files(tmp_path) == []
    assert records.find(tmp_path, config) is None
    records.write(tmp_path, config, **parts(config))  # the next try succeeds
    assert records.find(tmp_path, config)


def test_killed_while_writing_leaves_no_record(tmp_path):
    code = (
        "import json, os, signal, sys\n"
        "from nlr.study import records\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "given = json.load(sys.stdin)\n"
        "records.write(sys.argv[1], given['config'], **given['parts'])"
    )
    config = config_of()
    text = json.dumps({"config": config, "parts": parts(config)})
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], input=text, text=True)
    assert done.returncode == -9
    assert len(files(tmp_path)) == 1  # the unfinished one, which nobody reads
    assert records.walk(tmp_path) == []
    assert records.find(tmp_path, config) is None


# Reading


def resealed(change):
    """An edit by someone who knows how the digest is made."""

    def damage(path):
        record = json.loads(path.read_text())
        change(record)
        record["digest"] = records._digest(record)
        path.write_text(json.dumps(record))

    return damage


def edited(old, new):
    def damage(path):
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return damage


def without(key):
    def damage(path):
        record = json.loads(path.read_text())
        del record[key]
        path.write_text(json.dumps(record))

    return damage


def foreign(config):
    """A record in good order of something that is no run of ours."""

    def change(record):
        record["config"], record["config_hash"] = config, records.config_hash(config)

    return resealed(change)


DAMAGE = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\x00" * 50),
    "a list": lambda path: path.write_text("[1, 2]"),
    "null": lambda path: path.write_text("null"),
    "another program's": lambda path: path.write_text('{"epoch": 3}'),
    "too deep": lambda path: path.write_text("[" * 100_000),
    "not a number": edited('"last_accuracy":0.5', '"last_accuracy":NaN'),
    "a better accuracy": edited('"last_accuracy":0.5', '"last_accuracy":0.9'),
    "another device": edited('"device":"A processor"', '"device":"A better one"'),
    "another seed": edited('"seed":0', '"seed":1'),
    "something more": edited('"schema"', '"note":1,"schema"'),
    "another configuration under the old hash": resealed(lambda r: r["config"]["training"].update(epochs=9)),
    "a newer layout": resealed(lambda r: r.update(schema=records.SCHEMA + 1)),
    "a foreign configuration": foreign({"model": "mine"}),
    "a configuration that is a list": foreign([1]),
    "an unknown kind of noise": foreign(
        {"dataset": "digits", "protocol": "p", "loss": {"spec": "ce"}, "noise": {"kind": "pink", "rate": 1}, "seed": 0}
    ),
    **{f"without {key}": without(key) for key in records.KEYS},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_is_named_and_refused(tmp_path, damage):
    config = config_of()
    path = records.write(tmp_path, config, **parts(config))
    DAMAGE[damage](path)
    for look in (lambda: records.read(path, tmp_path), lambda: records.find(tmp_path, config)):
        with pytest.raises(RecordError) as caught:
            look()
        assert str(path) in str(caught.value)
        assert "move it away and run the setting again" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("part", ["dataset", "protocol", "loss", "setting", "seed"])
def test_a_record_in_another_runs_place_is_refused(tmp_path, part):
    other = {"dataset": "cifar10", "protocol": "ma2020", "loss": "ce", "setting": "clean", "seed": 1}[part]
    config = config_of(**{part: other})
    path = records.write(tmp_path, config_of(), **parts(config_of()))
    target = records.path_of(tmp_path, config)
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    for look in (lambda: records.read(target, tmp_path), lambda: records.find(tmp_path, config)):
        with pytest.raises(RecordError) as caught:
            look()
        assert str(target) in str(caught.value)
        assert str(path) in str(caught.value)  # where it belongs


def test_a_record_made_with_another_configuration_is_refused(tmp_path):
    made = short(epochs=3)
    path = records.write(tmp_path, made, **parts(made))
    with pytest.raises(RecordError) as caught:
        records.find(tmp_path, short(epochs=4))
    assert str(path) in str(caught.value)
    assert "training.epochs is 3 there and 4 here" in str(caught.value)
    assert records.read(path, tmp_path)["config"] == made  # by itself it is in order


def test_a_record_of_another_numerics_version_is_refused(tmp_path):
    old = config_of() | {"numerics": runs.NUMERICS - 1}
    records.write(tmp_path, old, **parts(old))
    with pytest.raises(RecordError, match=f"numerics is {runs.NUMERICS - 1} there and {runs.NUMERICS} here"):
        records.find(tmp_path, config_of())


def test_find_gives_none_where_there_is_nothing(tmp_path):
    assert records.find(tmp_path, config_of()) is None
    assert records.find(tmp_path / "missing", config_of()) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"a": 1}, {"a": 2}, "a is 1 there and 2 here"),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": "x"}}}, "a.b.c is 1 there and 'x' here"),
        ({"a": {"b": 1}}, {"a": {}}, "a.b is 1 there and None here"),
        ({}, {"a": {"b": 1}}, "a is None there and {'b': 1} here"),
        ({"a": 1}, {"a": 1}, "no difference"),
    ],
)
def test_difference_names_the_first_entry(old, new, words):
    assert records.difference(old, new) == words


def test_walk_gives_the_records_alone_in_order(tmp_path):
    for seed in (2, 0, 1):
        put(tmp_path, seed=seed)
    put(tmp_path, loss="mae")
    (tmp_path / "digits" / "digits" / "ce" / "symmetric-0.4" / ".x.tmp").write_text("{")
    (tmp_path / "README.md").write_text("mine")
    assert [path.parts[-3] + path.stem[-2:] for path in records.walk(tmp_path)] == ["ce-0", "ce-1", "ce-2", "mae-0"]
    assert records.walk(tmp_path / "missing") == []
    small = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}
    put(tmp_path, **small)
    assert [path.parts[-4] for path in records.walk(tmp_path, "ma2020-small")] == ["ma2020-small"]
    assert [path.parts[-4] for path in records.walk(tmp_path, "digits")] == ["digits"] * 4


@pytest.mark.parametrize("path", records.walk(paths.RESULTS), ids=lambda path: "-".join(path.parts[-4:-1]))
def test_committed_records_are_in_order(path):
    assert records.read(path, paths.RESULTS)
    assert path.stat().st_size <= records.LARGEST


# A store that cannot be written to


@pytest.mark.parametrize("place", ["file", "file/store"])
def test_a_store_that_is_no_folder_is_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    config = config_of()
    with pytest.raises(NlrError, match="cannot be written") as caught:
        records.write(tmp_path / place, config, **parts(config))
    assert str(tmp_path / place) in str(caught.value)
    with pytest.raises(RecordError, match=r"cannot be written: .*file is not a folder"):
        records.check_writable(tmp_path / place)


def test_a_read_only_store_is_named_before_anything_is_trained(tmp_path, monkeypatch):
    records.check_writable(tmp_path / "new" / "store")
    assert files(tmp_path) == []
    monkeypatch.setattr(os, "access", lambda folder, mode: folder != str(tmp_path))  # root may write everywhere
    with pytest.raises(NlrError, match=f"'{tmp_path}/new' cannot be written: {tmp_path} is read-only"):
        records.check_writable(tmp_path / "new")
