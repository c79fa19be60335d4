"""Runs that have no record yet are trained here, alone or by several workers on one store."""

import multiprocessing
import resource
import signal
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import torch
from tqdm import tqdm

from nlr import data, provenance, records, runs, training
from nlr.errors import NlrError


def train_missing(wanted, store, data_root="", device="cpu", workers=1, dataset=None):
    """Train the runs that have no record and write one for each.

    Args:
        wanted: pairs (resolved run, purpose) in the order in which to make them; the purpose, why a run is made, is a
            word that its record keeps.
        store: the folder of records.
        data_root: where CIFAR-10 lies; see :func:`nlr.paths.data_root`.
        device: a torch device.
        workers: processes; each trains with one thread where there are several.
        dataset: the data, where they are loaded already.

    Returns:
        How many runs were trained.

    Raises:
        NlrError: the store cannot be written, a record in it is damaged, or a worker failed.
    """
    todo = [(config, purpose) for config, purpose in wanted if records.find(store, config) is None]
    if not todo:
        return 0
    records.check_writable(store)
    with _stop_on_sigterm():
        if workers > 1:
            return _side_by_side(todo, store, data_root, device, min(workers, len(todo)))
        with _bar(todo) as bar:
            for config, purpose in todo:
                bar.set_postfix_str(runs.describe(config))
                dataset = dataset or data.load(config["data"]["dataset"], data_root)
                train_and_write(config, dataset, store, purpose, data_root, device, on_epoch=lambda *_: bar.update())
    return len(todo)


def train_and_write(config, dataset, store, purpose, data_root="", device="cpu", on_epoch=None):
    """Train one run, write its record, return the record's path."""
    begin = time.perf_counter()
    commit, clean_tree = provenance.commit()  # of the code that starts the run, not of what is there when it ends
    people = None
    if config["noise"]["kind"] == "human":
        people = data.load_human_labels(config["noise"]["rate"], data_root, dataset.labels)
    parts = training.train(config, dataset, device, people, on_epoch)
    if torch.device(device).type == "cuda":
        peak = torch.cuda.max_memory_allocated(device)
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    facts = {
        "purpose": purpose,
        "device": provenance.device_name(device),
        "device_type": torch.device(device).type,
        "threads": torch.get_num_threads(),
        "versions": provenance.versions(),
        "commit": commit,
        "clean_tree": clean_tree,
        "fingerprint": dataset.fingerprint,
        "wall_seconds": round(time.perf_counter() - begin, 2),
        "peak_memory_mb": round(peak / 2**20),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return records.write(store, config, facts=facts, **parts)


def _bar(todo):
    total = sum(config["training"]["epochs"] for config, _ in todo)
    return tqdm(total=total, unit="epoch", desc=f"{len(todo)} runs", dynamic_ncols=True)


def _side_by_side(todo, store, data_root, device, workers):
    """Workers take runs from one queue; killing any of them loses the run it was at, no record."""
    context = multiprocessing.get_context("spawn")
    queue, epochs = context.Queue(), context.Queue()
    for item in [*todo, *[None] * workers]:
        queue.put(item)
    arguments = queue, epochs, store, data_root, device
    crew = [context.Process(target=_worker, args=arguments, daemon=True) for _ in range(workers)]
    try:
        for process in crew:
            process.start()
        with _bar(todo) as bar:
            while any(process.is_alive() for process in crew) or not epochs.empty():
                while not epochs.empty():
                    bar.set_postfix_str(epochs.get())
                    bar.update()
                time.sleep(0.2)
    finally:
        for process in crew:
            process.terminate()
            process.join()
        queue.cancel_join_thread()  # or the exit waits for what nobody will take
    failed = [process.exitcode for process in crew if process.exitcode]
    if failed:
        raise NlrError(
            f"{len(failed)} of {workers} workers ended with exit status {failed[0]}; see their messages above."
        )
    return len(todo)


def _worker(queue, epochs, store, data_root, device):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the workers
    torch.set_num_threads(1)
    dataset = None
    try:
        while (item := queue.get()) is not None:
            config, purpose = item
            dataset = dataset or data.load(config["data"]["dataset"], data_root)
            line = runs.describe(config)
            train_and_write(
                config, dataset, store, purpose, data_root, device, on_epoch=lambda *_, line=line: epochs.put(line)
            )
    except NlrError as error:
        sys.exit(f"nlr: {error}")


@contextmanager
def _stop_on_sigterm():
    """SIGTERM stops as Ctrl-C does; only the main thread can say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
