"""One setting as the template shows it: everything is checked before anything is written, then trained or collected."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from factory import put
from jupyter_client.manager import start_new_kernel

from nlr import data, paths
from nlr.errors import NlrError, NoRecords
from nlr.study import experiment, leases, records, studies
from nlr.training import loop

pytestmark = pytest.mark.usefixtures("own_protocols", "own_stores")


def open_digits(**changes):
    given = {"study": "digits", "noise": "symmetric", "rate": 0.4, "losses": ["ce"], "seeds": [0], "device": "cpu"}
    return experiment.open_experiment(**given | changes)


def ran(found):
    return [(c["loss"]["spec"], c["seed"]) for c in found]


# Parameters


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study": "digit"}, "study 'digit'.*Did you mean 'digits'.*ma2020-small"),
        ({"protocol": "ma2021"}, "protocol 'ma2021'.*Did you mean 'ma2020'.*digits"),
        (
            {"noise": "symetric"},
            "noise 'symetric'.*Did you mean 'symmetric'.*clean, symmetric, asymmetric, human, matrix",
        ),
        ({"rate": 1.0}, "rate.*below 1.*1.0"),
        ({"rate": -0.1}, "rate.*from 0.*-0.1"),
        ({"rate": "x"}, "rate.*'x'"),
        ({"rate": True}, "rate.*True"),
        ({"noise": "clean"}, "[Cc]lean.*0.4"),
        ({"noise": "human", "rate": "worst"}, "'worst'.*aggre, random1, random2, random3, worse"),
        ({"losses": ["ce", "nce+mse"]}, "loss 'mse'.*Known: ce, fl, mae"),
        ({"losses": "ce nce+mea"}, "loss 'mea'.*Did you mean 'mae'"),
        ({"losses": "ce,gama=2"}, "'gama'"),
        ({"losses": ["gce,q=2"]}, "'q'.*2"),
        ({"losses": "ce,nce"}, "'nce' in the loss 'ce,nce'.*several losses stand in a list or apart by spaces"),
        ({"losses": "ce, nce"}, "'ce, nce'.*several losses stand in a list or apart by spaces"),
        ({"losses": ["ce nce"]}, "loss 'cence'"),
        ({"seeds": [-1]}, "-1.*integer from 0"),
        ({"seeds": "0 one"}, "'one'.*integer from 0"),
        ({"seeds": [1.5]}, "1.5.*integer from 0"),
        ({"seeds": [True]}, "True.*integer from 0"),
        ({"seeds": 1.5}, "1.5.*integer from 0"),
        ({"seeds": "-1"}, "'-1'.*integer from 0"),
        ({"seeds": [None]}, "None.*integer from 0"),
        ({"seeds": "18446744073709551616"}, "'18446744073709551616'.*integer from 0 to 18446744073709551615"),
        ({"device": "tpu"}, "device 'tpu'.*auto, cpu, cuda"),
        ({"device": "cuda:99"}, "'cuda:99' is not here; usable: cpu"),
        ({"study": "ma2020"}, "No data root.*data_root.*NLR_DATA"),
        ({"study": "ma2020", "data_root": "/nowhere"}, "'/nowhere' is not a folder"),
        ({"train": False}, "No record of digits symmetric-0.4.*train"),
        ({"train": "false"}, "No record of digits symmetric-0.4.*train"),
        ({"train": "No"}, "No record of digits symmetric-0.4.*train"),
        ({"train": "flase"}, "train is 'flase'; expected one of true, yes, false, no"),
        ({"train": 0}, "train is 0; expected"),
        ({"train": ""}, "train is ''; expected"),
        ({"results_root": ""}, "results_root is an empty path"),
        ({"results_root": 2026}, "results_root is 2026; expected a path"),
        ({"data_root": " "}, "data_root is an empty path"),
    ],
    ids=str,
)
@pytest.mark.parametrize("own", [True, False])
def test_bad_parameters_are_one_error_and_nothing_is_written(tmp_path, monkeypatch, change, words, own):
    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained"))
    with pytest.raises(NlrError) as caught:
        open_digits(**{"results_root": str(tmp_path / "mine") if own else None} | change)
    assert re.search(words, str(caught.value))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "mine").exists()
    assert not (tmp_path / "stores").exists()


NAMES = dict.fromkeys(experiment.PARAMETERS)


@pytest.mark.parametrize("name", ["epochs", "rates", "results_rot", "Noise"])
def test_a_parameter_that_the_template_does_not_know_is_refused(name):
    with pytest.raises(NlrError) as caught:
        experiment.check_parameters({**NAMES, name: 1})
    assert f"parameter '{name}'" in str(caught.value)
    assert all(known in str(caught.value) for known in experiment.PARAMETERS)


def test_what_a_notebook_holds_anyway_is_no_parameter():
    own = {"In": [], "Out": {}, "get_ipython": print, "exit": object(), "open": open, "_": 1, "__name__": "__main__"}
    experiment.check_parameters({**NAMES, **own, "_i1": "x", "experiment": experiment})


# Training and collecting


def test_missing_runs_are_trained_into_the_studys_store_and_never_again(own_stores, monkeypatch):
    runs = open_digits(losses="nce+mae ce", seeds="1 0")
    assert ran(runs.configs) == [("nce+mae", 1), ("nce+mae", 0), ("ce", 1), ("ce", 0)]
    assert [r["config"] for r in runs.records] == runs.configs
    assert (runs.setting, runs.protocol, runs.theirs) == ("symmetric-0.4", "digits", None)
    assert {r["facts"]["purpose"] for r in runs.records} == {"demonstration"}
    assert [path.parts[-4:] for path in records.walk(own_stores["live"])] == [
        ("digits", loss, "symmetric-0.4", f"seed-{seed}.json") for loss in ("ce", "nce+mae") for seed in (0, 1)
    ]
    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained"))
    assert open_digits(losses="nce+mae ce", seeds="1 0").records == runs.records


@pytest.mark.parametrize("train", [True, "true", "YES"])
def test_that_missing_runs_are_trained_can_be_said_in_words(train, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained"))
    with pytest.raises(pytest.fail.Exception, match="a run was trained"):
        open_digits(train=train)


def test_a_run_outside_the_study_is_named_so():
    (record,) = open_digits(losses=["gce"]).records
    assert record["facts"]["purpose"] == "own run"


@pytest.mark.parametrize(
    ("given", "losses", "seeds"),
    [
        ({"losses": [], "seeds": []}, ["ce", "mae", "nce", "nce+mae"], [0, 1]),
        ({"losses": "", "seeds": ""}, ["ce", "mae", "nce", "nce+mae"], [0, 1]),
        ({"losses": "mae,scale=0.5 gce", "seeds": 4}, ["mae", "gce"], [4]),
        ({"losses": ("ce",), "seeds": "7"}, ["ce"], [7]),
        ({"losses": "ce", "seeds": "0, 2,4"}, ["ce"], [0, 2, 4]),
        ({"losses": " nce + mae, beta = 2\nnorm( gce ) "}, ["nce+mae,beta=2", "ngce"], [0]),
        ({"rate": 0.3}, ["ce"], [0]),  # a setting that the study does not have
        ({"rate": 0.3, "losses": [], "seeds": []}, ["ce", "mae", "nce", "nce+mae"], [0, 1]),
    ],
    ids=str,
)
def test_what_is_left_empty_is_the_studys(own_stores, given, losses, seeds):
    rate = given.get("rate", 0.4)
    put(own_stores["live"], losses[0], f"symmetric-{rate}", seeds[0], protocol="digits")
    runs = open_digits(train=False, **given)
    assert ran(runs.configs) == [(loss, seed) for loss in losses for seed in seeds]
    assert runs.setting == f"symmetric-{rate}"


def test_of_a_study_with_unequal_blocks_its_own_runs_are_taken(own_stores):
    put(own_stores["results"], "ce", "symmetric-0.4", 0, protocol="ma2020-small", dataset="cifar10-jpeg75")
    small = {"study": "ma2020-small", "losses": [], "seeds": [], "train": False}
    runs = open_digits(**small)
    study = studies.load("ma2020-small")
    own = {(c["loss"]["spec"], c["seed"]) for c, _ in study.runs() if c["noise"] == runs.configs[0]["noise"]}
    assert set(ran(runs.configs)) == own
    assert len(runs.configs) == len(own) == 26  # twelve losses once, seven of them twice more
    assert ran(runs.configs)[:3] == [("ce", 0), ("ce", 1), ("ce", 2)]
    assert set(ran(open_digits(**small | {"losses": "fl ce"}).configs)) == {
        (loss, seed) for loss in ("fl", "ce") for seed in (0, 1, 2)
    }


def test_of_a_study_with_several_protocols_the_runs_of_the_one_asked_for_are_taken(own_stores):
    mnist = {"study": "ma2020-mnist", "losses": [], "seeds": [], "train": False, "rate": 0.8}
    for protocol in ("ma2020-mnist", "ma2020-mnist-release"):
        put(own_stores["results"], "nce+mae", "symmetric-0.8", 0, protocol=protocol, dataset="mnist")
    main, release = (open_digits(**mnist, protocol=name) for name in ("", "ma2020-mnist-release"))
    assert (main.protocol, release.protocol) == ("ma2020-mnist", "ma2020-mnist-release")
    assert {("sce", 0), ("nce+mae", 2), ("nce,scale=10", 0)} < set(ran(main.configs))
    assert ran(release.configs) == [("nce+mae", 0), ("nce+rce", 0)]
    listed = open_digits(**mnist | {"study": "cpu-list"}, protocol="ma2020-mnist-release")
    assert (listed.configs, listed.records) == (release.configs, release.records)


@pytest.mark.parametrize("train", [True, False])
def test_a_run_that_is_asked_for_twice_is_one_run(own_stores, train):
    made = [put(own_stores["live"], loss) for loss in ("ce", "nce+mae")]
    runs = open_digits(losses="ce CE nce+mae,beta=1 ce,scale=1 nce+mae", seeds="0 0", train=train)
    assert ran(runs.configs) == [("ce", 0), ("nce+mae", 0)]
    assert runs.records == made


def test_no_record_is_told_apart_from_what_is_wrong():
    with pytest.raises(NoRecords):
        open_digits(train=False)
    with pytest.raises(NlrError) as caught:
        open_digits(train=False, rate=2)
    assert not isinstance(caught.value, NoRecords)


@pytest.mark.parametrize(
    ("noise", "rate", "setting"),
    [("clean", 0, "clean"), ("symmetric", 0.0, "clean"), ("asymmetric", 0.4, "asymmetric-0.4")],
)
def test_noise_and_rate_name_the_setting(own_stores, noise, rate, setting):
    put(own_stores["live"], "ce", setting)
    assert open_digits(noise=noise, rate=rate, train=False).setting == setting


def test_without_training_what_there_is_is_collected(own_stores, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda *a, **b: pytest.fail("a run was trained"))
    put(own_stores["live"], "ce", seed=0)
    put(own_stores["live"], "mae", seed=1)
    runs = open_digits(losses=["ce", "mae"], seeds=[0, 1], train=False)
    assert ran(r["config"] for r in runs.records) == [("ce", 0), ("mae", 1)]
    assert ran(runs.configs) == [("ce", 0), ("ce", 1), ("mae", 0), ("mae", 1)]


def test_a_protocol_of_ones_own_has_records_of_its_own(own_protocols, own_stores):
    (own_protocols / "sources/faster.toml").write_text('extends = "digits"\n[training]\nepochs = 1\n')
    (record,) = open_digits(protocol="faster").records
    assert len(record["series"]["loss"]) == 1
    assert records.walk(own_stores["live"])[0].parts[-5:-3] == ("digits", "faster")


def test_a_damaged_record_is_named(own_stores):
    put(own_stores["live"], "ce")
    path = records.walk(own_stores["live"])[0]
    path.write_text(path.read_text().replace("A processor", "A better one"))
    with pytest.raises(NlrError, match=re.escape(str(path))):
        open_digits(train=False)


# A results root of one's own


def test_a_results_root_of_ones_own_is_trained_and_set_beside_ours(tmp_path, own_stores):
    ours = put(own_stores["live"], "ce")
    before = sorted(own_stores["live"].rglob("*"))
    runs = open_digits(losses=["ce", "mae"], results_root=str(tmp_path / "mine"))
    assert ran(r["config"] for r in runs.records) == [("ce", 0), ("mae", 0)]
    assert {r["facts"]["purpose"] for r in runs.records} == {"own run"}
    assert len(records.walk(tmp_path / "mine")) == 2
    assert runs.theirs == [ours]
    assert runs.records[0] != ours
    assert sorted(own_stores["live"].rglob("*")) == before


def test_a_results_root_under_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    open_digits(results_root="~/mine")
    assert len(records.walk(tmp_path / "mine")) == 1


@pytest.mark.parametrize("mine", ["digits-other", None])
def test_runs_are_trained_on_the_copy_of_ones_store_or_of_the_study(tmp_path, digits, monkeypatch, mine):
    copy = mine or "digits"
    if mine:
        put(tmp_path / "mine", "mae", dataset=mine, fingerprint=digits.fingerprint)
    asked = []

    def load(family, root, prefer):
        asked.append((family, root, prefer))
        return dataclasses.replace(digits, name=prefer)

    monkeypatch.setattr(data, "load", load)
    runs = open_digits(results_root=str(tmp_path / "mine"), data_root="the root")
    assert asked == [("digits", "the root", copy)]
    assert [record["config"]["dataset"] for record in runs.records] == [copy]


@pytest.mark.parametrize("dataset", ["cifar10", "cifar10-jpeg75"])
def test_own_records_are_found_on_the_data_they_were_made_with(tmp_path, own_stores, dataset):
    where = {"protocol": "ma2020-small", "setting": "symmetric-0.4"}
    put(tmp_path / "mine", "ce", dataset=dataset, **where)
    ours = put(own_stores["results"], "ce", dataset="cifar10-jpeg75", **where)
    runs = open_digits(study="ma2020-small", results_root=str(tmp_path / "mine"), train=False)
    assert [r["config"]["dataset"] for r in runs.records] == [dataset]
    assert runs.theirs == [ours]


# In a notebook's kernel


@pytest.fixture(scope="module")
def kernel():
    """A kernel with two threads: its process number, a function to interrupt it, and one that runs a cell in it."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    given = inherited | {"OMP_NUM_THREADS": "2"}
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(paths.ROOT), env=given)

    def run(cell, meanwhile=lambda: None):
        """Reply and output of a cell."""
        begun, text, state = client.execute(cell), "", ""
        meanwhile()
        while state != "idle":
            message = client.get_iopub_msg(timeout=300)
            if message["parent_header"].get("msg_id") == begun:
                state = message["content"].get("execution_state", state)
                text += message["content"].get("text", "")
        while (reply := client.get_shell_msg(timeout=300))["parent_header"].get("msg_id") != begun:
            pass
        return reply["content"], text

    yield manager.provisioner.pid, manager.interrupt_kernel, run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def cell(protocols, store, protocol):
    """Two runs that the kernel itself could not train."""
    return (
        "from pathlib import Path\n"
        "from nlr.study import experiment, protocols\n"
        "from nlr.training import loop\n"
        f"protocols.FOLDER, loop.train = Path({str(protocols)!r}), None\n"
        f"mine, two = {str(store)!r}, ('symmetric', 0.4, 'ce', '0 1')\n"
        f"experiment.open_experiment('digits', {protocol!r}, *two, results_root=mine, device='cpu')\n"
        "print('collected')\n"
    )


def workers_of(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


@pytest.mark.parametrize("moment", ["while they start", "while they train"])
def test_an_interrupt_of_the_kernel_ends_its_workers(tmp_path, own_protocols, kernel, moment):
    (own_protocols / "sources/longer.toml").write_text('extends = "digits"\n[training]\nepochs = 4000\n')
    pid, interrupt, run = kernel
    store = tmp_path / "mine"

    def begun():
        if moment == "while they train":
            return list(store.rglob("*.lease"))
        return [worker for worker in workers_of(pid) if "libtorch" in Path(f"/proc/{worker}/maps").read_text()]

    def at_the_moment():
        deadline = time.monotonic() + 240
        while len(begun()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        crew = workers_of(pid)
        for worker in crew:
            os.kill(int(worker), signal.SIGINT)
        time.sleep(1)
        assert workers_of(pid) == crew  # theirs is to go on until the kernel ends them
        interrupt()

    reply, text = run(cell(own_protocols, store, "longer"), at_the_moment)
    assert (reply["status"], reply.get("ename")) == ("error", "KeyboardInterrupt")
    assert "Traceback" not in text  # of a worker
    assert workers_of(pid) == []
    assert all(leases.is_stale(path) for path in store.rglob("*.lease"))  # nobody need wait for one


def test_a_kernel_beside_busy_processes_trains_in_workers_of_one_thread(tmp_path, own_protocols, kernel):
    """Of two threads in the kernel each waited for the one that was not scheduled, a hundred times as long."""
    # A protocol of its own: of digits a built book has records, which a run with other epochs is refused beside.
    (own_protocols / "sources/shorter.toml").write_text('extends = "digits"\n[training]\nepochs = 2\n')
    _, _, run = kernel
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        reply, text = run(cell(own_protocols, tmp_path / "mine", "shorter"))
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert reply["status"] == "ok", (reply, text)
    assert "2/2 runs done" in text
    assert "collected" in text
    assert "Warning" not in text
    made = [records.read(path, tmp_path / "mine") for path in records.walk(tmp_path / "mine")]
    assert [record["facts"]["threads"] for record in made] == [1, 1]
