"""Short runs, records made by hand with figures that the test chooses, and a pickle that does harm."""

import copy
import math
import os
from functools import cache

import numpy as np

from nlr import data, noise
from nlr.study import records, runs

SMALL = "ma2020-small"  # whose records claims are tested with


def short(loss="ce", setting="symmetric-0.4", seed=0, protocol="digits", dataset="digits", epochs=2, **changes):
    """A resolved run with few epochs; ``data``, ``model`` and ``training`` change entries of these sections."""
    config = copy.deepcopy(runs.resolve(protocol, loss, setting, seed, dataset))
    for section, entries in {"training": {}, **changes}.items():
        config[section] |= entries
    config["training"] |= {"epochs": epochs} | changes.get("training", {})
    return config


@cache
def digits_fingerprint():
    """Of the digits; records of a store must be of the same data for more to be trained there."""
    return data.load("digits").fingerprint


def parts(config, last=0.5, best=0.6, memorised=0.25, recovered=0.5, epochs=4, counts=None, confusion=None, **facts):
    """All of a record but its configuration; curves rise to ``best`` in the last epoch but one and end at ``last``."""
    kind, rate = config["noise"]["kind"], config["noise"]["rate"]
    if counts is None:
        clean = np.repeat(np.arange(10), 100)
        drawn = noise.add_noise(clean, kind, rate, config["seed"]) if kind not in noise.OF_PEOPLE else None
        counts = drawn.counts if drawn else np.eye(10, dtype=int) * 100
    counts = np.asarray(counts)
    wrong = counts.sum() != np.trace(counts)
    accuracy = [*np.linspace(best / 2, best, epochs - 1).round(6).tolist(), last]
    if confusion is None:
        right = round(100 * last)
        confusion = np.full((10, 10), 0) + np.eye(10, dtype=int) * right
        confusion[np.arange(10), (np.arange(10) + 1) % 10] += 100 - right
    confusion = np.asarray(confusion)

    def to(end):
        return [end * e / epochs for e in range(1, epochs + 1)]

    return {
        "noise": {
            "rate": float(1 - np.trace(counts) / counts.sum()),
            "rate_by_class": (1 - counts.diagonal() / counts.sum(1)).tolist(),
            "counts": counts.tolist(),
        },
        "series": {
            "loss": to(1.0),
            "test_accuracy": accuracy,
            "accuracy_clean_part": to(0.9),
            "memorised": to(memorised) if wrong else [None] * epochs,
            "recovered": to(recovered) if wrong else [None] * epochs,
        },
        "final": {
            "last_accuracy": last,
            "best_accuracy": max(accuracy),
            "best_epoch": int(np.argmax(accuracy)) + 1,
            "accuracy_by_class": (confusion.diagonal() / confusion.sum(1)).tolist(),
            "confusion": confusion.tolist(),
            "diverged": False,
        },
        "facts": {
            "purpose": "demonstration",
            "device": "A processor",
            "device_type": "cpu",
            "threads": 1,
            "versions": {"nlr": "0", "python": "3", "numpy": "2", "torch": "2.0", "torchvision": "0"},
            "commit": "0123456789ab",
            "clean_tree": True,
            "fingerprint": digits_fingerprint() if config["dataset"] == "digits" else "f" * 64,
            "wall_seconds": 120.0,
            "sittings": 1,
            "peak_memory_mb": 500,
            "finished": "2026-01-02T03:04:05+00:00",
        }
        | facts,
    }


class Malicious:
    """Unpickled without care, it makes a folder."""

    def __init__(self, target):
        self.target = str(target)

    def __reduce__(self):
        return os.mkdir, (self.target,)


def put(store, loss="ce", setting="symmetric-0.4", seed=0, protocol="digits", dataset="digits", **figures):
    """Write a record with the figures of :func:`parts` into a store and return what can be read there."""
    config = runs.resolve(protocol, loss, setting, seed, dataset)
    return records.read(records.write(store, config, **parts(config, **figures)), store)


def record(loss, setting, seed=0, protocol=SMALL, series=None, final=None, dataset="cifar10-jpeg75", **figures):
    """A record with the figures of the test's choice; nothing is trained."""
    config = runs.resolve(protocol, loss, setting, seed, dataset)
    figures = {"best": figures.get("last", 0.5), "purpose": "study"} | figures
    made = parts(config, **figures)
    made["series"] |= series or {}
    made["final"] |= final or {}
    return {"config": config, **made}


def grid(means, seeds=3, noise=0.002, **figures):
    """Records of cells with given means; figures of seeds lie ``noise`` apart around a shift that losses share."""
    made = []
    for number, ((loss, setting), mean) in enumerate(means.items()):
        for seed in range(seeds):
            shift = 0.03 * seed + noise * math.cos(1 + number + 2.1 * seed)
            made.append(record(loss, setting, seed, last=round(mean + shift, 6), **figures))
    return made


def put_damaged(store, loss):
    """A record that somebody edited; gives its path."""
    record = put(store, loss)
    path = records.path_of(store, record["config"])
    path.write_text(path.read_text().replace("A processor", "A better one"))
    return path
