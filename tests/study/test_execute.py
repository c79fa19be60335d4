"""Missing runs are trained once each, alone or side by side, and a stop loses the run in progress only."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from factory import parts, short

import nlr
from nlr import data, paths
from nlr.errors import NlrError
from nlr.study import checkpoints, estimates, execute, leases, provenance, records, runs
from nlr.training import loop


def wanted(*losses, seeds=(0,), **changes):
    return [(short(loss, seed=seed, **changes), "own run") for seed in seeds for loss in losses]


def numbers(record):
    """What must not depend on who trained it, and when."""
    series = {key: values for key, values in record["series"].items() if key != "seconds"}
    return record["noise"], series, record["final"]


def no_training(*arguments, **options):
    raise AssertionError("a run was trained that has a record")


# One after the other


def test_only_what_is_missing_is_trained(tmp_path, digits, monkeypatch):
    todo = wanted("ce", "mae", "nce")
    config = todo[1][0]
    path = records.write(tmp_path, config, **parts(config))
    before = path.read_bytes()
    assert execute.train_missing(todo, tmp_path, dataset=digits) == 2
    assert path.read_bytes() == before
    assert all(records.find(tmp_path, config) for config, _ in todo)
    monkeypatch.setattr(loop, "train", no_training)
    monkeypatch.setattr(data, "load", no_training)
    assert execute.train_missing(todo, tmp_path) == 0


def test_a_record_holds_what_training_gave_and_with_what_it_was_made(tmp_path, digits):
    ((config, _),) = wanted("nce+mae")
    execute.train_missing([(config, "a reason")], tmp_path)  # loads the data itself
    record = records.find(tmp_path, config)
    expected = loop.train(config, digits)
    assert numbers(record) == numbers(expected)
    facts = record["facts"]
    assert set(facts) == {
        "purpose",
        "device",
        "device_type",
        "threads",
        "versions",
        "commit",
        "clean_tree",
        "fingerprint",
        "wall_seconds",
        "sittings",
        "peak_memory_mb",
        "finished",
    }
    assert (facts["purpose"], facts["device_type"], facts["threads"]) == ("a reason", "cpu", 1)
    assert facts["fingerprint"] == digits.fingerprint
    assert set(facts["versions"]) == {"nlr", "python", "numpy", "torch", "torchvision"}
    assert facts["versions"]["nlr"] == nlr.__version__
    assert re.fullmatch("[0-9a-f]{12}|unknown", facts["commit"])
    assert sum(record["series"]["seconds"]) <= facts["wall_seconds"] < 60
    assert 100 < facts["peak_memory_mb"] < 10_000
    assert abs((datetime.now().astimezone() - datetime.fromisoformat(facts["finished"])).total_seconds()) < 60


def test_runs_are_made_in_the_order_given(tmp_path, digits, monkeypatch):
    made, train = [], loop.train

    def spy(config, *rest, **options):
        made.append((config["loss"]["spec"], config["seed"]))
        return train(config, *rest, **options)

    monkeypatch.setattr(loop, "train", spy)
    execute.train_missing(wanted("nce", "ce", seeds=(1, 0), epochs=1), tmp_path, dataset=digits)
    assert made == [("nce", 1), ("ce", 1), ("nce", 0), ("ce", 0)]


def test_an_interrupted_study_goes_on_where_it_was(tmp_path, digits, monkeypatch):
    todo, train, calls = wanted("ce", "mae", "nce"), loop.train, []

    def interrupted(config, dataset, device, people, on_epoch, state):
        def heard(epoch, state):
            on_epoch(epoch, state)
            if len(calls) == 2 and epoch == 2:
                raise KeyboardInterrupt

        calls.append(config)
        return train(config, dataset, device, people, heard, state)

    with monkeypatch.context() as patch:
        patch.setattr(loop, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            execute.train_missing(todo, tmp_path, dataset=digits)
    assert len(records.walk(tmp_path)) == 1
    before = records.walk(tmp_path)[0].read_bytes()
    assert execute.train_missing(todo, tmp_path, dataset=digits) == 2
    assert records.path_of(tmp_path, todo[0][0]).read_bytes() == before
    assert len(records.walk(tmp_path)) == 3
    assert len(list(tmp_path.rglob("*.json"))) == len([p for p in tmp_path.rglob("*") if p.is_file()])


def test_sigterm_means_what_it_did_before_once_training_is_over(tmp_path, digits):
    before = signal.getsignal(signal.SIGTERM)
    execute.train_missing(wanted("ce", epochs=1), tmp_path, dataset=digits)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("kind", ["human", "matrix"])
def test_human_labels_come_from_the_data_root_and_are_checked_against_the_images(tmp_path, digits, monkeypatch, kind):
    people = (digits.labels.numpy() + (np.arange(1297) < 100)) % 10
    asked = []

    def load(name, root, clean):
        asked.append((name, root, clean.tolist()))
        return people

    monkeypatch.setattr(data, "load_human_labels", load)
    todo = wanted("ce", noise={"kind": kind, "rate": "aggre", "sampler": None}, epochs=1)
    execute.train_missing(todo, tmp_path, "the root", dataset=digits)
    assert asked == [("aggre", "the root", digits.labels.tolist())]
    assert records.find(tmp_path, todo[0][0])["noise"]["rate"] == pytest.approx(100 / 1297)


@pytest.mark.parametrize("damage", ["truncated", "another configuration"])
def test_a_damaged_record_stops_before_anything_is_trained(tmp_path, digits, monkeypatch, damage):
    todo = wanted("ce", "mae")
    made = short("mae", epochs=7) if damage == "another configuration" else todo[1][0]
    path = records.write(tmp_path, made, **parts(made))
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-9])
    monkeypatch.setattr(loop, "train", no_training)
    with pytest.raises(NlrError, match=re.escape(str(path))):
        execute.train_missing(todo, tmp_path, dataset=digits)


def test_a_store_that_cannot_be_written_stops_before_anything_is_trained(tmp_path, digits, monkeypatch):
    (tmp_path / "store").write_text("a file")
    monkeypatch.setattr(loop, "train", no_training)
    with pytest.raises(NlrError, match="store' cannot be written"):
        execute.train_missing(wanted("ce"), tmp_path / "store", dataset=digits)


# Side by side


def test_two_workers_leave_one_record_a_run_with_the_numbers_of_one(tmp_path, digits, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # they take one each all the same
    todo = wanted("ce", "nce+mae", seeds=(0, 1))
    assert execute.train_missing(todo, tmp_path / "two", workers=2) == 4
    assert execute.train_missing(todo, tmp_path / "one", dataset=digits) == 4
    files = [path for path in (tmp_path / "two").rglob("*") if path.is_file()]
    assert len(files) == 4
    for config, _ in todo:
        two, one = (records.find(tmp_path / store, config) for store in ("two", "one"))
        assert numbers(two) == numbers(one)
        assert two["facts"]["threads"] == 1


@pytest.mark.parametrize(
    ("device", "workers", "losses", "expected"),
    [
        ("cpu", None, ("ce", "mae", "nce", "gce"), 3),
        ("cpu", None, ("ce", "mae"), 2),  # no more than runs
        ("cpu", None, ("ce",), 1),
        ("cpu", 2, ("ce", "mae", "nce"), 2),
        ("cpu", 2, ("ce",), 1),
        ("cpu", 1, ("ce", "mae"), 1),
        ("cuda", None, ("ce", "mae"), 1),
        ("cuda", 2, ("ce", "mae"), 2),
    ],
)
def test_where_nothing_is_said_a_cpu_has_as_many_workers_as_torch_would_take_threads(
    tmp_path, monkeypatch, device, workers, losses, expected
):
    used = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    monkeypatch.setattr(execute, "_side_by_side", lambda *given: used.append(given[4]))
    monkeypatch.setattr(execute, "_work", lambda *given, **options: used.append(1))
    execute.train_missing(wanted(*losses), tmp_path, device=device, workers=workers)
    assert used == [expected]


def test_a_script_without_a_guard_is_not_run_again_by_its_workers(tmp_path):
    (tmp_path / "script.py").write_text(
        "import json, sys\n"
        "from nlr.study import execute\n"
        "print('once', flush=True)\n"
        "wanted = [(config, 'own run') for config in json.loads(sys.argv[2])]\n"
        "print(execute.train_missing(wanted, sys.argv[1], workers=2), 'trained')\n"
    )
    configs = json.dumps([config for config, _ in wanted("ce", "mae", epochs=1)])
    command = [sys.executable, tmp_path / "script.py", tmp_path / "store", configs]
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stdout) == (0, "once\n2 trained\n"), done.stderr


def test_a_worker_that_fails_is_reported_and_the_others_records_stay(tmp_path, capfd):
    todo = wanted("ce", training={"optimiser": "sdg"}) + wanted("mae", "nce", epochs=1)
    with pytest.raises(NlrError, match="1 of 2 workers ended with exit status 1"):
        execute.train_missing(todo, tmp_path, workers=2)
    error = capfd.readouterr().err
    assert "nlr: Unknown optimiser 'sdg'. Did you mean 'sgd'?" in error
    assert "Traceback" not in error
    assert records.find(tmp_path, todo[0][0]) is None
    assert len(records.walk(tmp_path)) == 2


def test_two_writers_of_one_run_leave_one_record(tmp_path):
    config = runs.resolve("digits", "ce", "clean", 0, "digits")
    code = (
        "import json, sys\n"
        "from nlr import noise; from nlr.study import records\n"
        "given = json.loads(sys.argv[2])\n"
        "print('ready', flush=True)\n"
        "input()\n"
        "for seed in range(200):\n"
        "    records.write(sys.argv[1], given['config'] | {'seed': seed}, **given['parts'])"
    )
    crew = []
    for number in (0.25, 0.75):
        given = json.dumps({"config": config, "parts": parts(config, last=number)})
        command = [sys.executable, "-c", code, tmp_path, given]
        crew.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    assert [process.stdout.readline() for process in crew] == ["ready\n"] * 2
    for process in crew:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in crew:
        process.communicate()
    assert [process.returncode for process in crew] == [0, 0]
    found = [records.read(path, tmp_path) for path in records.walk(tmp_path)]
    assert len(found) == 200 == len([path for path in tmp_path.rglob("*") if path.is_file()])


# Other commands on the same store


DRIVER_OF_RUNS = """
import json, sys
from pathlib import Path
import torch
from nlr.study import execute
torch.set_num_threads(1)
todo = [(config, "own run") for config in json.load(sys.stdin)]
print("trained", execute.train_missing(todo, Path(sys.argv[1]), checkpoint_seconds=0, stale_after=1.0), flush=True)
"""


def start(store, todo):
    """A process of its own, as another command would be."""
    command = [sys.executable, "-c", DRIVER_OF_RUNS, store]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdin.write(json.dumps([config for config, _ in todo]))
    process.stdin.close()
    process.stdin = None
    return process


def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_worker_that_stands_still_loses_its_run_and_discards_its_result(tmp_path, digits):
    todo = wanted("ce", epochs=30)
    path = records.path_of(tmp_path, todo[0][0])
    still = start(tmp_path, todo)
    until(checkpoints.path_of(tmp_path, todo[0][0]).exists)
    still.send_signal(signal.SIGSTOP)
    assert not path.exists()
    before = time.monotonic()
    assert execute.train_missing(todo, tmp_path, dataset=digits, checkpoint_seconds=0, stale_after=1.0) == 1
    assert time.monotonic() - before > 0.5  # it was waited for
    made = path.read_bytes()
    still.send_signal(signal.SIGCONT)
    out, error = still.communicate(timeout=60)
    assert (still.returncode, out) == (0, "trained 0\n"), error
    assert path.read_bytes() == made
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]
    assert records.find(tmp_path, todo[0][0])["facts"]["sittings"] == 2


def test_two_commands_divide_the_runs(tmp_path):
    todo = wanted("ce", "mae", "nce", seeds=(0, 1), epochs=12)
    crew = [start(tmp_path, todo) for _ in range(2)]
    trained = []
    for process in crew:
        out, error = process.communicate(timeout=240)
        assert process.returncode == 0, error
        trained.append(int(out.split()[1]))
    assert sum(trained) == len(todo)
    assert min(trained) >= 1
    assert all(records.find(tmp_path, config) for config, _ in todo)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == len(todo)


# Checkpoints and budgets


class Interrupted(Exception):
    pass


def interrupt(monkeypatch, after):
    """Training ends with an exception after so many epochs, as if the process were killed."""
    train = loop.train

    def interrupted(config, dataset, device, people, on_epoch, state):
        def heard(done, state):
            on_epoch(done, state)
            if done == after:
                raise Interrupted

        return train(config, dataset, device, people, heard, state)

    monkeypatch.setattr(loop, "train", interrupted)


def test_a_run_goes_on_from_its_checkpoint_and_its_sittings_add_up(tmp_path, digits, monkeypatch):
    todo = wanted("nce+mae", epochs=5)
    with monkeypatch.context() as patch:
        interrupt(patch, after=3)
        with pytest.raises(Interrupted):
            execute.train_missing(todo, tmp_path, dataset=digits, checkpoint_seconds=0)
    facts, state = checkpoints.find(tmp_path, todo[0][0])
    assert state["done"] == 3
    heard, train = [], loop.train

    def spy(config, dataset, device, people, on_epoch, state):
        return train(config, dataset, device, people, lambda d, s: (heard.append(d), on_epoch(d, s)), state)

    monkeypatch.setattr(loop, "train", spy)
    assert execute.train_missing(todo, tmp_path, dataset=digits) == 1
    assert heard == [4, 5]
    record = records.find(tmp_path, todo[0][0])
    assert record["facts"]["sittings"] == 2
    assert record["facts"]["wall_seconds"] >= facts["wall_seconds"] + sum(record["series"]["seconds"][3:]) - 0.01
    assert numbers(record) == numbers(train(todo[0][0], digits))
    assert not checkpoints.walk(tmp_path)


@pytest.mark.parametrize("change", ["threads", "versions", "device"])
def test_a_checkpoint_of_other_conditions_is_not_mixed_in(tmp_path, digits, monkeypatch, capsys, change):
    todo = wanted("ce", epochs=3)
    with monkeypatch.context() as patch:
        interrupt(patch, after=2)
        with pytest.raises(Interrupted):
            execute.train_missing(todo, tmp_path, dataset=digits, checkpoint_seconds=0)
    facts, state = checkpoints.find(tmp_path, todo[0][0])
    checkpoints.write(tmp_path, todo[0][0], facts | {change: "other"}, state)
    execute.train_missing(todo, tmp_path, dataset=digits)
    assert f"starts anew: its checkpoint is of another {change}" in capsys.readouterr().err
    assert records.find(tmp_path, todo[0][0])["facts"]["sittings"] == 1


def test_commits_of_all_sittings_are_named(tmp_path, digits, monkeypatch):
    todo = wanted("ce", epochs=3)
    monkeypatch.setattr(provenance, "commit", lambda: ("a" * 12, True))
    with monkeypatch.context() as patch:
        interrupt(patch, after=2)
        with pytest.raises(Interrupted):
            execute.train_missing(todo, tmp_path, dataset=digits, checkpoint_seconds=0)
    monkeypatch.setattr(provenance, "commit", lambda: ("b" * 12, False))
    execute.train_missing(todo, tmp_path, dataset=digits)
    facts = records.find(tmp_path, todo[0][0])["facts"]
    assert (facts["commit"], facts["clean_tree"]) == ("a" * 12 + ", " + "b" * 12, False)


def test_a_damaged_checkpoint_stops_before_anything_is_trained(tmp_path, digits, monkeypatch):
    todo = wanted("ce", "mae")
    path = checkpoints.path_of(tmp_path, todo[1][0])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nonsense")
    monkeypatch.setattr(loop, "train", no_training)
    with pytest.raises(NlrError, match=re.escape(str(path))):
        execute.train_missing(todo, tmp_path, dataset=digits)


def test_at_the_deadline_what_runs_is_set_aside_and_the_rest_is_made_later(tmp_path, digits):
    todo = wanted("ce", "mae", epochs=400)
    paces = estimates.Paces("cpu")
    begin = time.monotonic()
    limits = {"deadline": begin + 4, "checkpoint_seconds": 0.5}  # an epoch that is slower than all before is cut short
    trained = execute.train_missing(todo, tmp_path, dataset=digits, paces=paces, **limits)
    assert time.monotonic() - begin < 6
    assert trained == 0
    assert "epochs timed in this call" in paces.of("digits").source
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert path == checkpoints.path_of(tmp_path, todo[0][0])
    assert 1 <= checkpoints.find(tmp_path, todo[0][0])[1]["done"] < 400


def test_nothing_is_begun_for_which_the_budget_is_too_short(tmp_path, digits, monkeypatch):
    todo = wanted("ce")
    paces = estimates.Paces("cpu")
    paces.of("digits").note(10.0)  # seconds an epoch
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train", no_training)
        deadline = time.monotonic() + 11
        assert execute.train_missing(todo, tmp_path, dataset=digits, deadline=deadline, paces=paces) == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    deadline = time.monotonic() + 60
    assert execute.train_missing(todo, tmp_path, dataset=digits, deadline=deadline, paces=paces) == 1


def test_an_epoch_that_outlasts_the_budget_is_broken_off(tmp_path, digits, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda *arguments: time.sleep(60))
    begin = time.monotonic()
    assert execute.train_missing(wanted("ce"), tmp_path, dataset=digits, deadline=begin + 1) == 0
    assert time.monotonic() - begin < 5
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# The bar


@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("after", ["here", "elsewhere"])
def test_a_lost_run_leaves_the_bar_with_what_is_still_to_do(before, after):
    """A run of 10 epochs, some done before, is lost after 4 more, of which its checkpoint has 2."""
    todo = wanted("ce", "mae", epochs=10)
    with execute._Progress(todo, None, estimates.Paces("cpu")) as progress:
        bar = progress.bar
        progress.hear(("start", 0, before))
        assert (bar.n, bar.total) == (0, 20 - before)
        for _ in range(4):
            progress.hear(("epoch", 0, 1.0, False))
        assert (bar.n, bar.total) == (4, 20 - before)
        progress.hear(("lost", 0))
        assert (bar.n, bar.total) == (4, 24)  # all its epochs are to do again, or elsewhere
        if after == "here":
            progress.hear(("start", 0, before + 2))
            for _ in range(8 - before):
                progress.hear(("epoch", 0, 1.0, False))
            progress.hear(("done", 0))
        else:
            progress.hear(("elsewhere", 0))
        assert bar.total - bar.n == 10  # the other run
        progress.hear(("lost", None))  # a worker that had begun nothing
        progress.hear(("lost", 0))  # the worker that had finished it ends
        assert bar.total - bar.n == 10


def test_a_log_is_not_flooded_by_the_bar(capsys):
    todo = wanted("ce", "mae", epochs=200)
    with execute._Progress(todo, None, estimates.Paces("cpu")) as progress:
        progress.hear(("start", 0, 0))
        for _ in range(200):
            progress.hear(("epoch", 0, 1.0, False))
        progress.hear(("done", 0))
    drawn = capsys.readouterr().err.strip().split("\r")
    assert len(drawn) == 2  # at the beginning and at the end
    assert "1/2 runs done" in drawn[-1]
    assert "200/400" in drawn[-1]


# What machines refuse


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_too_little_memory_names_the_batch_size(tmp_path, digits, monkeypatch, error):
    todo, train = wanted("ce", "mae", epochs=1), loop.train

    def fail(config, *rest):
        if config["loss"]["spec"] == "mae":
            raise error
        return train(config, *rest)

    monkeypatch.setattr(loop, "train", fail)
    with pytest.raises(NlrError) as caught:
        execute.train_missing(todo, tmp_path, dataset=digits)
    batch = todo[0][0]["training"]["batch_size"]
    assert f"batch size {batch};" in str(caught.value)
    assert "digits mae symmetric-0.4 seed 0: cpu has too little memory" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert records.find(tmp_path, todo[0][0])
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_another_failure_of_torch_is_not_taken_for_too_little_memory(tmp_path, digits, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(loop, "train", fail)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        execute.train_missing(wanted("ce"), tmp_path, dataset=digits)


def test_a_disk_that_fills_up_leaves_the_records_so_far(small_disk, digits):
    todo = wanted("ce", "mae", "nce", "gce", seeds=range(20), epochs=1)
    with pytest.raises(NlrError, match=r"cannot be written: .*No space left on device"):
        execute.train_missing(todo, small_disk, dataset=digits)
    found = [path for path in small_disk.rglob("*") if path.is_file()]
    assert 1 <= len(found) < len(todo)
    assert all(records.read(path, small_disk) for path in found)


def test_other_images_or_labels_than_those_of_the_store_are_refused(tmp_path, digits, monkeypatch):
    todo = wanted("ce", "mae")
    path = records.write(tmp_path, todo[0][0], **parts(todo[0][0]))
    other = dataclasses.replace(digits, fingerprint="0" * 64)
    monkeypatch.setattr(loop, "train", no_training)
    with pytest.raises(NlrError, match="fingerprint is 00000000") as caught:
        execute.train_missing(todo, tmp_path, dataset=other)
    assert str(path) in str(caught.value)


def test_each_run_is_trained_on_the_data_set_that_it_names(tmp_path, digits, monkeypatch):
    first, again = (wanted(loss, epochs=1)[0] for loss in ("ce", "mae"))
    other = wanted("ce", epochs=1, dataset="digits-other")[0]
    asked = []

    def load(family, root, prefer):
        asked.append((family, root, prefer))
        return dataclasses.replace(digits, name=prefer, fingerprint="1" * 64 if prefer == "digits-other" else "0" * 64)

    monkeypatch.setattr(data, "load", load)
    mixed = [first, other, again]
    assert execute.train_missing(mixed, tmp_path, "the root", dataset=digits) == 3
    assert asked == [("digits", "the root", "digits-other"), ("digits", "the root", "digits")]
    made = [records.find(tmp_path, config)["facts"]["fingerprint"] for config, _ in mixed]
    assert made == [digits.fingerprint, "1" * 64, "0" * 64]


def test_a_run_is_not_trained_on_another_copy_than_it_names(tmp_path, digits, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *given: digits)  # as where the data root has no other
    with pytest.raises(NlrError, match="'digits-other', the data are 'digits': name a data root that has it"):
        execute.train_missing(wanted("ce", dataset="digits-other"), tmp_path)
    assert not records.walk(tmp_path)


# Signals, to a process like python -m nlr study

DRIVER = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process may have been told to ignore it
if __name__ == "__main__":
    from nlr.study import protocols, studies
    from nlr.__main__ import main
    protocols.FOLDER, studies.FOLDER = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))
    main()
"""
# More runs than fit into the pipe between the processes.
STUDY = """
title = "Many runs"
protocol = "digits"
dataset = "digits"
store = "live"
[[block]]
purpose = "demonstration"
losses = ["ce", "nce+mae"]
settings = ["symmetric-0.4"]
seeds = [{seeds}]
"""


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("number", "workers", "status"),
    [(signal.SIGINT, 1, 130), (signal.SIGTERM, 2, 130), (signal.SIGKILL, 2, -9)],
)
def test_a_signal_leaves_whole_records_and_the_same_command_goes_on(
    tmp_path, own_protocols, own_studies, digits, number, workers, status
):
    (own_studies / "many.toml").write_text(STUDY.format(seeds=", ".join(map(str, range(150)))))
    (tmp_path / "driver.py").write_text(DRIVER)
    store = tmp_path / "mine"
    command = [sys.executable, tmp_path / "driver.py", own_protocols, own_studies, "study", "many", "--store", store]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 120
        while len(records.walk(store)) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        crew = children(process.pid)
        process.send_signal(number)
        error = process.communicate(timeout=30)[1]
        assert len(crew) >= workers * (workers > 1)
        while any(map(alive, crew)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any(map(alive, crew))  # none goes on in secret
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == status, error
    assert "Traceback" not in error
    assert ("nlr: stopped; every finished run has its record" in error) == (status == 130)

    made = {path: path.read_bytes() for path in records.walk(store)}
    assert 3 <= len(made) < 300
    assert all(records.read(path, store) for path in made)
    if number != signal.SIGKILL:
        assert not list(store.rglob(".*"))  # nothing unfinished
    assert all(leases.is_stale(path) for path in store.rglob("*.lease"))  # nobody need wait for one
    todo = [(short(loss, seed=seed), "own run") for seed in range(150) for loss in ("ce", "nce+mae")]
    todo = todo[: len(made) + 2]
    assert 2 <= execute.train_missing(todo, store, dataset=digits) <= 3
    assert all(records.find(store, config) for config, _ in todo)
    assert all(path.read_bytes() == text for path, text in made.items())


def test_a_stop_within_an_import_is_a_stop_though_it_comes_out_as_another_error():
    before = signal.getsignal(signal.SIGTERM)

    def extension_module():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)
        except KeyboardInterrupt as error:
            raise ImportError("initialisation failed") from error

    with pytest.raises(KeyboardInterrupt), execute._stop_on_sigterm():
        extension_module()
    with pytest.raises(ImportError), execute._stop_on_sigterm():
        raise ImportError("of its own")
    assert signal.getsignal(signal.SIGTERM) == before
