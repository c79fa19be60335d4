"""Runs that have no record yet are trained here, alone or by several workers and commands on one store.

The store is the queue: every worker goes through the runs in their order, takes the first that has neither a record nor
a lease (:mod:`nlr.study.leases`), and trains it, on from its checkpoint (:mod:`nlr.study.checkpoints`) where it has
one. Whatever is killed, and when, leaves whole records and a checkpoint at most ``CHECKPOINT_SECONDS`` and an epoch
old.
"""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing import connection, resource_tracker

import torch
from tqdm import tqdm

from nlr import data, files, noise
from nlr.errors import NlrError
from nlr.study import checkpoints, estimates, leases, provenance, records, runs, system
from nlr.study.leases import LeaseLost
from nlr.training import loop

CHECKPOINT_SECONDS = 60.0
LOG_SECONDS = 60.0  # between drawings of the bar where nobody watches it
POLL_SECONDS = 1.0  # between looks at the runs of other workers
ROOM = 1.2  # times the usual epoch must be left of the budget to begin another
SAME_BITS = ("device", "device_type", "threads", "versions", "fingerprint")  # facts that a run must keep to go on


class OutOfTime(Exception):
    """The budget is used up; the run stands at its checkpoint."""


def train_missing(
    wanted,
    store,
    data_root=None,
    device="cpu",
    workers=None,
    dataset=None,
    *,
    deadline=None,
    paces=None,
    checkpoint_seconds=CHECKPOINT_SECONDS,
    stale_after=leases.STALE_AFTER,
):
    """Train the runs that have no record and write one for each; wait for those that other commands are at.

    Args:
        wanted: pairs (resolved run, purpose) in the order in which to make them; the purpose, why a run is made, is a
            word that its record keeps.
        store: the folder of records.
        data_root: where the data sets lie; see :func:`nlr.paths.data_root`.
        device: a torch device.
        workers: processes, at most one a run; a single one is this process. Where nothing is said, as many as torch
            would take threads (the cores, or OMP_NUM_THREADS) on a CPU, where each trains on one, and one on a GPU.
        dataset: the data of the first runs, where they are loaded already; others are loaded when a run names them.
        deadline: the ``time.monotonic()`` at which to end. No epoch is begun that would probably end later; what runs
            is left at a checkpoint.
        paces: the :class:`nlr.study.estimates.Paces`; they learn from the epochs trained here.
        checkpoint_seconds: from one checkpoint of a run to the next, at the ends of epochs.
        stale_after: seconds without a sign of life after which another worker's run is taken over.

    Returns:
        How many runs were trained to their end here.

    Raises:
        NlrError: the store cannot be written, a record or checkpoint in it is damaged, the data are others than those
            of its records, the device has too little memory, or a worker failed.
    """
    todo = []
    for config, purpose in wanted:
        if records.find(store, config) is None:
            todo.append((config, purpose))
        else:
            _tidy(store, config)
    if not todo:
        return 0
    records.check_writable(store)
    for config, _ in todo:
        checkpoints.find(store, config)  # a damaged one is named before anything is trained
    paces = paces or estimates.Paces(torch.device(device).type)
    options = {"deadline": deadline, "checkpoint_seconds": checkpoint_seconds, "stale_after": stale_after}
    with _stop_on_sigterm(), _Progress(todo, deadline, paces) as progress:
        crew = min(workers or _usual_workers(device), len(todo))
        if crew > 1:
            return _side_by_side(todo, store, data_root, device, crew, progress, paces, options)
        failed = bytearray(len(todo))
        _work(todo, store, data_root, device, dataset, failed, progress.hear, paces, **options)
    return progress.trained


def _usual_workers(device):
    return torch.get_num_threads() if torch.device(device).type == "cpu" else 1


def _work(
    todo, store, data_root, device, dataset, failed, tell, paces, deadline=None, checkpoint_seconds=0.0, stale_after=0.0
):
    """Take run after run until each has a record, has failed in some worker of this command, or no time is left.

    ``tell`` is called with events, tuples of a word, the number of the run and details, which :class:`_Progress` hears.
    """
    undone = dict(enumerate(todo))
    checked = set()  # names of data sets
    while undone:
        for number, (config, purpose) in list(undone.items()):
            path = records.path_of(store, config)
            if failed[number] or path.exists():
                del undone[number]
                _tidy(store, config)
                tell(("elsewhere", number))
                continue
            pace = paces.of(config["protocol"])
            if deadline and time.monotonic() + ROOM * (pace.seconds or 0) > deadline:
                return
            lease = leases.take(path.with_suffix(leases.SUFFIX), stale_after)
            if lease is None:
                continue
            try:
                with lease:
                    if path.exists():  # finished between the look and the lease
                        continue
                    if dataset is None or dataset.name != config["dataset"]:
                        dataset = data.load(config["data"]["dataset"], data_root, config["dataset"])
                    if dataset.name not in checked:
                        records.check_data(dataset, store)
                        checked.add(dataset.name)
                    every = checkpoint_seconds, deadline
                    _train(number, config, dataset, store, purpose, data_root, device, lease, tell, pace, *every)
                del undone[number]
                break  # back to the first that can be taken: a run of a dead worker comes before new ones
            except LeaseLost:
                tell(("lost", number))
            except OutOfTime:
                return
            except Exception:
                failed[number] = 1
                raise
        else:
            if undone:
                tell(("waiting", len(undone)))
                time.sleep(POLL_SECONDS)


def _tidy(store, config):
    """Remove what a worker that was killed just after it wrote its record left beside it."""
    path = records.path_of(store, config)
    if path.exists():
        with suppress(OSError):
            files.remove_unfinished(path)
            files.remove_unfinished(checkpoints.path_of(store, config))
            checkpoints.remove(store, config)
            path.with_suffix(leases.SUFFIX).unlink(missing_ok=True)


def _train(number, config, dataset, store, purpose, data_root, device, lease, tell, pace, checkpoint_seconds, deadline):
    """Train one run, or the rest of it, and write its record."""
    begin = last = saved = time.perf_counter()
    for path in (records.path_of(store, config), checkpoints.path_of(store, config)):
        files.remove_unfinished(path)
    people = None
    if config["noise"]["kind"] in noise.OF_PEOPLE:
        people = data.load_human_labels(config["noise"]["rate"], data_root, dataset.labels)
    if torch.device(device).type == "cuda":
        torch.cuda.init()  # without it there are no statistics to reset
        torch.cuda.reset_peak_memory_stats(device)
    commit, clean_tree = provenance.commit()  # of the code that starts the run, not of what is there when it ends
    facts = {
        "purpose": purpose,
        "device": provenance.device_name(device),
        "device_type": torch.device(device).type,
        "threads": loop.threads(device),
        "versions": provenance.versions(),
        "commit": commit,
        "clean_tree": clean_tree,
        "fingerprint": dataset.fingerprint,
        "wall_seconds": 0.0,
        "sittings": 1,
        "peak_memory_mb": 0,
    }
    state = None
    if found := checkpoints.find(store, config):
        before, state = found
        if changed := [key for key in SAME_BITS if before[key] != facts[key]]:
            state = None
            tell(("anew", number, f"its checkpoint is of another {' and '.join(changed).replace('_', ' ')}"))
        else:
            facts = _continued(before, facts)
    tell(("start", number, state["done"] if state else 0))

    def facts_now():
        wall = facts["wall_seconds"] + time.perf_counter() - begin
        peak = max(facts["peak_memory_mb"], _peak_memory_mb(device))
        return facts | {"wall_seconds": round(wall, 2), "peak_memory_mb": peak}

    def save(state):
        nonlocal saved
        if not lease.held():
            raise LeaseLost
        checkpoints.write(store, config, facts_now(), state())
        saved = time.perf_counter()

    def on_epoch(done, state):
        nonlocal last
        now = time.perf_counter()
        tell(("epoch", number, now - last, last == begin))
        last = now
        if lease.lost:
            raise LeaseLost
        if done == config["training"]["epochs"]:
            return
        if deadline and time.monotonic() + ROOM * pace.seconds > deadline:
            save(state)
            raise OutOfTime
        if now - saved >= checkpoint_seconds:
            save(state)
            last = time.perf_counter()

    with _memory_named(config, device), _alarm(deadline):
        parts = loop.train(config, dataset, device, people, on_epoch, state)
    if not lease.held():
        raise LeaseLost
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    records.write(store, config, facts=facts_now() | {"finished": finished}, **parts)
    checkpoints.remove(store, config)
    tell(("done", number))


def _continued(before, now):
    """The facts of a run that goes on from a checkpoint; commits of all sittings are named."""
    clean = [before["clean_tree"], now["clean_tree"]]
    commits = dict.fromkeys([*before["commit"].split(", "), now["commit"]])
    return before | {
        "purpose": now["purpose"],
        "commit": ", ".join(commits),
        "clean_tree": None if None in clean else all(clean),
        "sittings": before["sittings"] + 1,
    }


def _peak_memory_mb(device):
    on_gpu = torch.device(device).type == "cuda"
    return round((torch.cuda.max_memory_allocated(device) if on_gpu else system.peak_memory()) / 2**20)


@contextmanager
def _memory_named(config, device):
    """Too little memory becomes one sentence that names what needs it."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:  # torch.OutOfMemoryError is a RuntimeError, as is the CPU's
        words = "out of memory", "can't allocate memory", "not enough memory"
        if not isinstance(error, MemoryError) and not any(word in str(error).lower() for word in words):
            raise
        raise NlrError(
            f"{runs.describe(config)}: {device} has too little memory for batch size "
            f"{config['training']['batch_size']}; use fewer workers, or a device with more memory. Every finished run "
            "has its record."
        ) from None


class _Progress:
    """The bar: epochs, with runs done and running, the time that they will take, and the rest of the budget.

    Where it goes to a file instead of a terminal it is drawn once a minute, so that a night's log can be read.
    """

    def __init__(self, todo, deadline, paces):
        self.todo, self.deadline, self.paces = todo, deadline, paces
        self.trained, self.finished = 0, set()
        self.running = {}  # number of a run to the epochs that it had done before, and those trained of it here
        self.bar = None

    def __enter__(self):
        total = sum(self._epochs(number) for number in range(len(self.todo)))
        self.live = sys.stderr.isatty()
        rarely = {} if self.live else {"mininterval": LOG_SECONDS, "maxinterval": LOG_SECONDS}
        self.bar = tqdm(total=total, unit="epoch", dynamic_ncols=True, **rarely)
        self.refresh()
        return self

    def __exit__(self, *exception):
        self.bar.close()

    def _epochs(self, number):
        return self.todo[number][0]["training"]["epochs"]

    def hear(self, event):
        """Take note of what a worker tells."""
        word, number, *details = event
        if word == "start":
            self.running[number] = [details[0], 0]
            self.bar.total -= details[0]
        elif word == "epoch":
            self.running[number][1] += 1
            self.paces.of(self.todo[number][0]["protocol"]).note(*details)
            self.bar.update()
        elif word == "done":
            self.trained += 1
            self.finished.add(number)
            self.running.pop(number, None)
        elif word == "elsewhere":
            if number not in self.finished and number not in self.running:  # else it is ours
                self.finished.add(number)
                self.bar.total -= self._epochs(number)
        elif word == "lost":
            self.bar.total += sum(self.running.pop(number, ()))  # whoever takes it up says again what is done of it
        elif word == "anew":
            self.bar.write(f"{runs.describe(self.todo[number][0])} starts anew: {details[0]}.", file=sys.stderr)
        self.refresh(waiting=word == "waiting" and number)

    def refresh(self, waiting=0):
        text = f"{len(self.finished)}/{len(self.todo)} runs done, {len(self.running)} running"
        if waiting and not self.running:
            text += f", {waiting} of other commands awaited"
        if self.deadline:
            text += f", {estimates.in_words(max(0, self.deadline - time.monotonic()))} of the budget left"
        self.bar.set_description_str(text, refresh=self.live)


def _side_by_side(todo, store, data_root, device, workers, progress, paces, options):
    """Workers in processes of their own; each has a pipe to here, for a lock that they shared could die with one."""
    context = multiprocessing.get_context("spawn")
    failed = context.RawArray("b", len(todo))
    crew, pipes = [], {}
    running = {}  # worker to the run that it began last
    try:
        with _starting():
            for worker in range(workers):
                here, there = context.Pipe()
                process = context.Process(target=_worker, args=(there, failed), daemon=True)
                process.start()
                crew.append(process)
                there.close()  # or the end of the worker would not be noticed
                pipes[here] = worker
        for pipe in pipes:  # once all are starting: a long list waits in the pipe until its worker is ready
            with suppress(OSError):  # where it ended already
                pipe.send((todo, store, data_root, device, paces, options))
        while pipes:
            for pipe in connection.wait(list(pipes), timeout=POLL_SECONDS):
                try:
                    event = pipe.recv()
                except (EOFError, OSError):  # the worker ended, or was killed while it spoke
                    event = ("lost", running.get(pipes.pop(pipe)))
                else:
                    if event[0] == "start":
                        running[pipes[pipe]] = event[1]
                progress.hear(event)
            progress.refresh()
    finally:
        for process in crew:
            process.terminate()
        for process in crew:
            process.join(10)
            process.kill()  # what does not heed the signal, stopped processes above all
            process.join()
    statuses = [process.exitcode for process in crew if process.exitcode]
    if statuses:
        raise NlrError(
            f"{len(statuses)} of {workers} workers ended with exit status {statuses[0]}; see their messages above. "
            "Every finished run has its record; the same command goes on."
        )
    return progress.trained


@contextmanager
def _starting():
    """What is started here is the parent's to end, and does not run the parent's script.

    An interrupt reaches every process of a terminal and of a notebook's kernel; the workers have it blocked, also while
    they import torch. And spawn would have each run the calling script for its names, of which they need none; one
    without a guard would train in every worker.
    """
    resource_tracker.ensure_running()  # which unblocks the signal; the first process would start it
    main, mask = sys.modules["__main__"], signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _worker(pipe, failed):
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    try:
        with _stop_on_sigterm():
            todo, store, data_root, device, paces, options = pipe.recv()

            def tell(event):
                if event[0] == "epoch":
                    paces.of(todo[event[1]][0]["protocol"]).note(*event[2:])
                pipe.send(event)

            _work(todo, store, data_root, device, None, failed, tell, paces, **options)
        atexit.register(os._exit, 0)  # to take down torch would take a second
    except NlrError as error:
        sys.exit(f"nlr: {error}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGTERM)
    except (BrokenPipeError, EOFError):
        sys.exit(1)  # the parent is no more


def _end_with_parent():
    """A parent that is killed cannot end its workers: they end when the pipe that it held breaks."""
    multiprocessing.parent_process().join()
    os._exit(1)


@contextmanager
def _alarm(deadline):
    """Raise :class:`OutOfTime` at the deadline, also within an epoch; only the main thread can have it so."""
    if deadline is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - time.monotonic(), 1e-3))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _stop_on_sigterm():
    """SIGTERM stops as Ctrl-C does; only the main thread can say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stopped = []

    def stop(number, frame):
        stopped.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except Exception as error:
        if stopped:  # within an import the interrupt comes out as another error
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
