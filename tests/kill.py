"""Kills workers and builds at random moments and compares what they make with what uninterrupted ones make.

    python tests/kill.py --kills 100 --builds 10 --seed 0

The program imports torch once and forks its workers; two at a time, as two commands would, train one small study into
one store, with a checkpoint after every epoch. Moments, victims and signals (SIGKILL, SIGTERM, SIGINT) are drawn with
the seed. When a store is complete it is compared with the reference, number by number, and the next is begun.

Then builds of a small book are killed, half of them alone and half with all that they have started, each begun right
after the last one was killed; what the last one makes is compared byte by byte.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: a process that forks must have one thread

import small_book
import torch
import torch._dynamo  # the optimisers import it at the first run; it takes seconds

from nlr import data
from nlr.study import execute, provenance, records, runs

TIMING = {"wall_seconds", "sittings", "peak_memory_mb", "finished"}
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WORKERS = 2


def study():
    """A few runs of under a second each."""
    wanted = []
    for loss in ("ce", "nce+mae"):
        for seed in (0, 1):
            config = runs.resolve("digits", loss, "symmetric-0.4", seed, "digits")
            config["training"] = config["training"] | {"epochs": 6}
            config["data"] = config["data"] | {"train_per_class": 60}
            wanted.append((config, "kill test"))
    return wanted


def numbers(record):
    """All of a record that must not depend on interruptions."""
    series = {key: values for key, values in record["series"].items() if key != "seconds"}
    facts = {key: value for key, value in record["facts"].items() if key not in TIMING}
    return {**record, "series": series, "facts": facts, "digest": None}


def start(store, dataset, **options):
    """Fork a worker; returns its process number."""
    begun = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until the worker can say how it ends
    pid = os.fork()
    if os.getpid() == begun:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return pid
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # its progress bar
        execute.train_missing(study(), store, dataset=dataset, **options)
        status = 0
    except KeyboardInterrupt:
        status = 130
    except Exception as error:
        print(f"a worker failed: {error!r}", flush=True)
    finally:
        os._exit(status)


def ended(pid, block=False):
    """Exit status of a worker, negative where a signal ended it; None while it runs."""
    found, status = os.waitpid(pid, 0 if block else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def complete(store):
    return all(records.path_of(store, config).exists() for config, _ in study())


def kill_until_complete(store, dataset, draw, most, longest):
    """Train a study with workers killed after up to ``longest`` seconds, at most ``most`` times; returns how often."""
    kills, crew = 0, {}  # process number to the moment of its end
    while True:
        for pid, moment in list(crew.items()):
            if (status := ended(pid)) is not None:
                assert status == 0, f"a worker ended with status {status} of itself"
                del crew[pid]
            elif kills < most and time.monotonic() >= moment:
                number = draw.choice(SIGNALS)
                os.kill(pid, number)
                status = ended(pid, block=True)
                assert status in (-number, 130, 0), f"a worker ended with status {status} at {number!r}"
                kills += status != 0  # else it was finished just before
                del crew[pid]
        if not crew and complete(store):
            return kills
        while len(crew) < WORKERS and not complete(store):
            crew[start(store, dataset, checkpoint_seconds=0)] = time.monotonic() + draw.uniform(0, longest)
        time.sleep(0.002)


def kill_builds(folder, draw, most):
    """Kill builds of small books at ``most`` random moments; books that are finished are those of no kill."""
    begin = time.monotonic()
    reference = folder / "book"
    small_book.make(reference)
    assert small_book.start(reference).wait() == 0, (reference / "said").read_text()
    longest, expected = time.monotonic() - begin, small_book.product(reference)
    kills = books = 0
    while kills < most:
        book = folder / f"book-{books}"
        small_book.make(book)
        while True:
            build = small_book.start(book)
            try:
                status = build.wait(draw.uniform(0, longest) if kills < most else None)
                break
            except subprocess.TimeoutExpired:
                small_book.kill(build, alone=draw.random() < 0.5)
                kills += 1
        assert status == 0, (book / "said").read_text()
        found = small_book.product(book)
        assert found == expected, sorted(set(found) ^ set(expected)) or "other bytes"
        books += 1
    print(
        f"{kills} kills of builds survived: {books} books equal one that was never interrupted; "
        f"{time.monotonic() - begin:.0f} s"
    )


def file_system(folder):
    """The kind of file system that a folder lies on, where df can say."""
    done = subprocess.run(["df", "--output=fstype", folder], capture_output=True, text=True)
    return done.stdout.split()[-1] if done.returncode == 0 else "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--builds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    commit = provenance.commit()
    provenance.commit = lambda: commit  # someone may commit meanwhile; workers are forked, their code stays
    begin, draw, dataset = time.monotonic(), random.Random(given.seed), data.load("digits")
    folder = Path(tempfile.mkdtemp(prefix="nlr-kill-"))
    kills = compared = gone_on = stores = 0
    try:
        reference = folder / "reference"
        started = time.monotonic()
        assert ended(start(reference, dataset), block=True) == 0
        longest = time.monotonic() - started  # on any machine long enough to leave a checkpoint, and to be killed
        expected = {path.relative_to(reference): numbers(records.read(path)) for path in records.walk(reference)}
        assert len(expected) == len(study())
        while kills < given.kills or not gone_on:
            store = folder / str(stores)
            kills += kill_until_complete(store, dataset, draw, max(given.kills - kills, 1), longest)
            assert ended(start(store, dataset), block=True) == 0  # the same command once more, which tidies up
            left = {path.relative_to(store) for path in store.rglob("*") if path.is_file()}
            assert left == set(expected), f"beside the records: {sorted(map(str, left - set(expected)))}"
            for place, numbers_expected in expected.items():
                record = records.read(store / place, store)
                difference = records.difference(numbers_expected, numbers(record), there="without kills", here="with")
                assert difference == "no difference", f"{place}: {difference}"
                compared += 1
                gone_on += record["facts"]["sittings"] > 1
            stores += 1
        print(
            f"{kills} kills survived: {compared} records, {gone_on} of them from more than one sitting, equal those of "
            f"uninterrupted runs; {time.monotonic() - begin:.0f} s, seed {given.seed}, on {file_system(folder)}",
            flush=True,
        )
        if given.builds:
            kill_builds(folder, draw, given.builds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
