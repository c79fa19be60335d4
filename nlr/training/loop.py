"""Training: one function, a resolved run and its data in, the parts of its record out.

It knows nothing of notebooks or folders; how a step is taken is the business of :mod:`nlr.training.engine`.

Series, one number an epoch (null where it has no meaning, as for corrupted samples of clean labels). Those of the
training labels are taken in the training pass, on each batch as the network saw it before its update:

- ``loss``: mean training loss; ``accuracy_noisy``: share predicted as labelled, of all.
- ``accuracy_clean_part``: share predicted as labelled, of the samples whose label is right.
- ``memorised``, ``recovered``: share of the corrupted samples predicted as their wrong label, and as their true one.
- ``p_y_clean_part``, ``p_y_corrupted``: mean probability of the given label; ``q_clean_part``, ``q_corrupted``: mean of
  Q = -sum over k != y of log p_k.
- ``corrupted_gradient_share``: share of the summed norms of the per-sample gradients in the logits that comes from
  corrupted samples, on a fixed probe of 1,024 training samples, in evaluation mode at the end of the epoch.
- ``test_accuracy``, ``test_loss``, ``test_cross_entropy``: on the clean test set, the loss being the run's own;
  ``test_accuracy_noisy`` where the protocol makes the test labels noisy too.
- ``validation_accuracy_noisy``, ``validation_accuracy_clean``, ``validation_loss_noisy`` and ``validation_loss_clean``
  where the protocol holds samples out.
- ``gradient_norm``: mean norm of the gradient before clipping, null in an epoch in which float16 overflowed;
  ``learning_rate``; ``seconds``.
"""

import math
import os
import time
from contextlib import contextmanager, nullcontext
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from nlr import data, models, noise
from nlr.errors import NlrError
from nlr.training.engine import Engine, learning_rate

PROBE = 1024


def train(config, dataset, device="cpu", human_labels=None, on_epoch=None, state=None):
    """Train one run.

    Noise, initial weights, data order and augmentation depend on the seed alone, so that runs of one setting and seed
    share them whatever their loss. A CPU run takes one thread, and on one machine gives the same bits every time.

    Args:
        config: the resolved run (:func:`nlr.study.runs.resolve`).
        dataset: the :class:`nlr.data.Dataset` that the run names.
        device: a torch device.
        human_labels: labels of the whole training set, int64 (N,), for noise made of them.
        on_epoch: called after each epoch as ``on_epoch(done, state)``: the number of epochs done, and a function that
            returns all that is needed to go on from there, as tensors, lists, numbers and strings. It shares memory
            with the training: save it before the call returns.
        state: what such a function returned in an earlier sitting. The run goes on from there, on CPU with the same
            bits as one that was never interrupted.

    Returns:
        ``{"noise": ..., "series": ..., "final": ...}`` as plain data, the parts of the record that training decides.

    Raises:
        NlrError: the data set is another than the run's, or the configuration asks for something unknown.
    """
    if dataset.name != config["dataset"]:
        raise NlrError(
            f"The run is for the data set {config['dataset']!r}, the data are {dataset.name!r}: name a data root "
            "that has it."
        )
    seed = config["seed"]
    chosen = data.first_per_class(dataset.labels, config["data"]["train_per_class"])
    clean, test_clean = dataset.labels.numpy()[chosen], dataset.test_labels.numpy()
    drawn = _add_noise(clean, config, dataset.num_classes, None if human_labels is None else human_labels[chosen])
    noisy_test = config["noise"].get("evaluation") == "noisy"
    drawn_test = _add_noise(test_clean, config, dataset.num_classes) if noisy_test else None
    order = torch.Generator().manual_seed(seed)
    held_out = round(config["data"]["validation"] * len(clean))
    shuffled = torch.randperm(len(clean), generator=order) if held_out else torch.arange(len(clean))
    kept, validation = shuffled[held_out:].sort().values, shuffled[:held_out]

    images = dataset.images[torch.from_numpy(chosen)]
    training = _Part(images[kept], drawn.labels[kept.numpy()], clean[kept.numpy()], device)
    test = _Part(dataset.test_images, drawn_test.labels if drawn_test else test_clean, test_clean, device)
    validation = _Part(images[validation], drawn.labels[validation.numpy()], clean[validation.numpy()], device)
    probe = training.subset(torch.randperm(len(training), generator=order)[:PROBE])

    deterministic = _deterministic() if config["training"].get("deterministic") else nullcontext()
    with _threads(device):
        with torch.random.fork_rng(devices=[device] if torch.device(device).type == "cuda" else []), deterministic:
            torch.manual_seed(seed)
            engine = Engine(config, dataset.num_classes, device)
            series = _epochs(engine, training, probe, test, validation, order, on_epoch, state, noisy_test)
        final = _final(engine, series, test, dataset, device, drawn_test)
    return {
        "noise": {
            "rate": drawn.rate,
            "rate_by_class": _rounded(drawn.rate_by_class.tolist()),
            "counts": drawn.counts.tolist(),
        },
        "series": {key: _rounded(values) for key, values in series.items()},
        "final": {key: _rounded(value) for key, value in final.items()},
    }


def threads(device):
    """How many threads train on a device: one on a CPU, elsewhere as many as torch has.

    Cores are better used by runs side by side: threads wait for each other many times a step, beside other busy
    processes far longer than the step takes, and the last bits depend on their number.
    """
    return 1 if torch.device(device).type == "cpu" else torch.get_num_threads()


@contextmanager
def _threads(device):
    """The caller's number of threads is as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads(device))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _add_noise(labels, config, num_classes, human_labels=None):
    spec = config["noise"]
    class_map = {"class_map": spec["class_map"]} if spec["class_map"] else {}
    options = {"num_classes": num_classes, "sampler": spec["sampler"], **class_map, "human_labels": human_labels}
    return noise.add_noise(labels, spec["kind"], spec["rate"], config["seed"], **options)


@contextmanager
def _deterministic():
    """Only algorithms that give the same bits every time, on a GPU too; on a CPU all that is used here are such."""
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS refuses
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]


class _Part:
    """Images with given and clean labels, on the device."""

    def __init__(self, images, labels, clean, device):
        self.images = torch.as_tensor(images).to(device)
        self.labels = torch.as_tensor(labels).to(device)
        self.clean = torch.as_tensor(clean).to(device)

    def __len__(self):
        return len(self.labels)

    def subset(self, index):
        index = index.to(self.labels.device)
        return _Part(self.images[index], self.labels[index], self.clean[index], self.labels.device)


def _epochs(engine, training, probe, test, validation, order, on_epoch, state, noisy_test):
    done, series = _restore(state, engine, order) if state else (0, {})
    for epoch in range(done, engine.settings["epochs"]):
        begin = time.perf_counter()
        row = engine.epoch(training, epoch, order)
        row["corrupted_gradient_share"] = _gradient_share(engine, probe)
        logits = engine.evaluate(test.images)
        row["test_accuracy"] = _accuracy(logits, test.clean)
        row["test_loss"] = engine.loss(logits, test.clean).item()
        row["test_cross_entropy"] = F.cross_entropy(logits, test.clean).item()
        if noisy_test:
            row["test_accuracy_noisy"] = _accuracy(logits, test.labels)
        if len(validation):
            logits = engine.evaluate(validation.images)
            row["validation_accuracy_noisy"] = _accuracy(logits, validation.labels)
            row["validation_accuracy_clean"] = _accuracy(logits, validation.clean)
            row["validation_loss_noisy"] = engine.loss(logits, validation.labels).item()
            row["validation_loss_clean"] = engine.loss(logits, validation.clean).item()
        row["learning_rate"] = learning_rate(engine.settings, epoch)
        row["seconds"] = time.perf_counter() - begin
        for key, value in row.items():
            series.setdefault(key, [None] * epoch).append(value)  # a checkpoint of older code may lack a series
        if on_epoch:
            on_epoch(epoch + 1, partial(_state, epoch + 1, series, engine, order))
    return series


def _state(done, series, engine, order):
    """All that changes while a run is trained; the rest follows from its configuration."""
    return {"done": done, "series": series, "order": order.get_state(), **engine.state()}


def _restore(state, engine, order):
    """Put a run back to where it was; returns the epochs done and the series so far."""
    engine.restore(state)
    order.set_state(state["order"])
    return state["done"], {key: list(values) for key, values in state["series"].items()}


def _gradient_share(engine, probe):
    corrupted = probe.labels != probe.clean
    if not corrupted.any():
        return None
    logits = engine.evaluate(probe.images).requires_grad_()
    norms = torch.autograd.grad(engine.batch_loss(logits, probe.labels), logits)[0].norm(dim=1)
    return (norms[corrupted].sum() / norms.sum()).item() if norms.sum() > 0 else None


def _accuracy(logits, labels):
    return (logits.argmax(1) == labels).double().mean().item()


def _confusion(labels, guess, k):
    return torch.bincount(labels * k + guess, minlength=k * k).reshape(k, k)


def _final(engine, series, test, dataset, device, drawn_test):
    logits = engine.evaluate(test.images)
    guess, k = logits.argmax(1), dataset.num_classes
    confusion = _confusion(test.clean, guess, k)
    best = int(np.argmax(series["test_accuracy"]))
    finite = all(p.isfinite().all().item() for p in engine.model.parameters())
    final = {
        "last_accuracy": series["test_accuracy"][-1],
        "best_accuracy": series["test_accuracy"][best],  # chosen on the test set, so it leaks; always named so
        "best_epoch": best + 1,
        "accuracy_by_class": (confusion.diagonal() / confusion.sum(1)).tolist(),
        "confusion": confusion.tolist(),
        "modal_class_share": (confusion.sum(0).max() / confusion.sum()).item(),
        "distance_from_start": models.distance(engine.model, engine.start),
        "diverged": not finite,
    }
    for rule in ("noisy", "clean"):
        if (key := f"validation_accuracy_{rule}") in series:
            chosen = int(np.argmax(series[key]))
            final[f"best_by_{rule}_validation"] = series["test_accuracy"][chosen]
    if drawn_test:
        # By noisy label: of the samples that are labelled k, the share that is predicted as k.
        noisy = _confusion(test.labels, guess, k)
        final["test_noise_rate"] = drawn_test.rate
        final["last_accuracy_noisy"] = series["test_accuracy_noisy"][-1]
        final["accuracy_by_noisy_class"] = (noisy.diagonal() / noisy.sum(1)).tolist()
        final["noisy_class_counts"] = noisy.sum(1).tolist()
    if dataset.twins is not None:
        n = len(dataset.twins)
        lossless = engine.evaluate(dataset.twins.to(device))
        final["twins"] = n
        final["twins_accuracy_lossless"] = _accuracy(lossless, test.clean[:n])
        final["twins_accuracy_jpeg"] = _accuracy(logits[:n], test.clean[:n])
    return final


def _rounded(value):
    """Six significant digits; what is not finite becomes None, for a record is strict JSON."""
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
