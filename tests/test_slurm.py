"""A study as jobs of a real Slurm: one node, which is this machine, with daemons that the test starts and ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from kill import numbers

from nlr import paths
from nlr.study import execute, records, runs

DAEMONS = ("munged", "slurmctld", "slurmd")
SBIN = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/sbin"])
PATIENCE = 300  # seconds, for one step on a machine that is busy with other things
LOSSES = ["ce", "nce+mae"]
EPOCHS = 12
STUDY = f"""
title = "Two runs"
protocol = "digits"
dataset = "digits"
store = "live"
[[block]]
purpose = "demonstration"
losses = {LOSSES}
settings = ["symmetric-0.4"]
seeds = [0]
"""
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=2
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=64000 Gres=gpu:1
PartitionName=cpu Nodes={host} State=UP
PartitionName=gpu Nodes={host} State=UP
"""


def wait_for(what, condition, process=None):
    """The first true answer of ``condition``; the process must not end before."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, f"no {what} in {PATIENCE} s"
        assert process is None or process.poll() is None, f"ended before there was {what}"
        time.sleep(0.05)
    return found


def free_ports(number):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@pytest.fixture
def slurm(tmp_path):
    """A Slurm of one node with two partitions; gives the environment in which its commands find it."""
    programs = {name: shutil.which(name, path=SBIN) for name in (*DAEMONS, "srun")}
    if missing := [name for name, program in programs.items() if program is None]:
        pytest.skip(f"no Slurm here ({', '.join(missing)}): apt-get install slurm-wlm munge")
    folder = tmp_path / "slurm"
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    (key := folder / "key").write_bytes(os.urandom(128))
    key.chmod(0o600)
    names = {"host": socket.gethostname().partition(".")[0], "ports": free_ports(2), "folder": folder}
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    (conf := folder / "slurm.conf").write_text(CONFIGURATION.format(user=user, **names))
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")  # no GPU, but what Slurm takes for one
    # Within a job the executor starts srun without SLURM_CONF; on a cluster the file is where srun looks for it.
    (srun := folder / "bin" / "srun").write_text(f'#!/bin/sh\nSLURM_CONF={conf} exec {programs["srun"]} "$@"\n')
    srun.chmod(0o755)
    environment = os.environ | {"SLURM_CONF": str(conf), "PATH": f"{srun.parent}{os.pathsep}{SBIN}"}
    places = {"key-file": key, "socket": folder / "munge", "pid-file": folder / "pid", "seed-file": folder / "seed"}
    arguments = {
        "munged": ["--foreground", "--force", *(f"--{name}={place}" for name, place in places.items())],
        "slurmctld": ["-D", "-i", "-f", conf],
        "slurmd": ["-D", "-N", names["host"], "-f", conf],
    }

    def ask(*command):
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60).stdout

    with ExitStack() as stack:
        for name in DAEMONS:
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            daemon = subprocess.Popen([programs[name], *arguments[name]], env=environment, stdout=log, stderr=log)
            stack.callback(daemon.wait)
            stack.callback(daemon.send_signal, signal.SIGTERM)
            if name == "munged":
                wait_for("socket of munge", places["socket"].exists, daemon)
        stack.callback(lambda: wait_for("end of the jobs", lambda: not ask("squeue", "--noheader")))
        stack.callback(ask, "scancel", "--user", user)
        wait_for("idle node", lambda: set(ask("sinfo", "--noheader", "--format=%T").split()) == {"idle"}, daemon)
        ask.environment = environment
        yield ask


@pytest.fixture
def tree(tmp_path):
    """A copy of the package with a small study, whose runs have a checkpoint after every epoch."""
    tree = tmp_path / "tree"
    for name in ("nlr", "profiles"):
        shutil.copytree(paths.ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "nlr/study/studies/two.toml").write_text(STUDY)
    with (tree / "nlr/study/protocols/sources/digits.toml").open("a") as protocol:
        protocol.write(f"[training]\nepochs = {EPOCHS}\n")
    code = tree / "nlr/study/execute.py"
    changed = code.read_text().replace("CHECKPOINT_SECONDS = 60.0", "CHECKPOINT_SECONDS = 0.0")
    assert changed != code.read_text()
    code.write_text(changed)
    return tree


@pytest.fixture
def snakemake(tree, slurm):
    """A function that starts Snakemake with the profile, without the patience that a real cluster needs."""
    quick = ["--latency-wait=5", "--slurm-init-seconds-before-status-checks=1", "--seconds-between-status-checks=1"]
    started = []

    def start(*options, **config):
        given = [f"{name}={value}" for name, value in config.items()]
        command = [sys.executable, "-m", "snakemake", "--profile=profiles/slurm", *quick, *options, "--config", *given]
        environment = slurm.environment | {"PYTHONDONTWRITEBYTECODE": "1"}
        with (tree / "said").open("w") as said:
            started.append(subprocess.Popen(command, cwd=tree, env=environment, stdout=said, stderr=said))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def bits(record):
    """All of a record that must be the same in a copy of the tree, which knows of no commit."""
    return numbers(record | {"facts": record["facts"] | {"commit": None, "clean_tree": None}})


def test_a_job_that_is_cancelled_is_resumed_to_the_same_bits(slurm, snakemake, tree, tmp_path, digits):
    wanted = [runs.resolve("digits", loss, "symmetric-0.4", 0, "digits") for loss in LOSSES]
    for config in wanted:
        config["training"]["epochs"] = EPOCHS
    execute.train_missing([(config, "own run") for config in wanted], tmp_path / "here", workers=1, dataset=digits)

    command = snakemake(study="two", store="mine", runs=1)
    (checkpoint,) = wait_for("checkpoint", lambda: list((tree / "mine").rglob("*.checkpoint"))[:1], command)
    cancelled = LOSSES.index(checkpoint.parents[1].name)
    (job,) = re.findall(rf"^(\d+) rule_cpu_wildcards_{cancelled + 1}_", slurm("squeue", "-h", "--format=%i %k"), re.M)
    slurm("scancel", job)
    assert command.wait(PATIENCE) == 0, (tree / "said").read_text()

    assert sorted(slurm("squeue", "-h", "--states=all", "--format=%T").split()) == ["CANCELLED"] + 2 * ["COMPLETED"]
    for number, config in enumerate(wanted):
        here, there = records.find(tmp_path / "here", config), records.find(tree / "mine", config)
        assert there["facts"]["sittings"] == 1 + (number == cancelled)
        assert records.difference(bits(here), bits(there), there="here", here="in jobs") == "no difference"
    assert not [path for path in (tree / "mine").rglob("*") if path.suffix in (".lease", ".checkpoint", ".tmp")]

    snakemake("--dry-run", study="two", store="mine", runs=1).wait(PATIENCE)
    assert "Nothing to be done" in (tree / "said").read_text()


def test_a_job_that_needs_a_gpu_asks_for_one(slurm, snakemake):
    command = snakemake(study="two", store="mine", device="cuda", runs=2, workers=2)
    wait_for("job", lambda: slurm("squeue", "-h", "--states=all"), command)
    job = dict(word.partition("=")[::2] for word in slurm("scontrol", "show", "job", "1").split())
    assert (job["Partition"], job["TresPerJob"], job["CPUs/Task"]) == ("gpu", "gres:gpu:1", "2")
