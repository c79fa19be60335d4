"""Training: one function, a resolved run and its data in, the parts of its record out.

It knows nothing of notebooks or folders. Data live on the device as uint8; cropping, flipping and normalising are
batched there; the host waits for the device once an epoch.

Series, one number an epoch (null where it has no meaning, as for corrupted samples of clean labels). Those of the
training labels are taken in the training pass, on each batch as the network saw it before its update:

- ``loss``: mean training loss; ``accuracy_noisy``: share predicted as labelled, of all.
- ``accuracy_clean_part``: share predicted as labelled, of the samples whose label is right.
- ``memorised``, ``recovered``: share of the corrupted samples predicted as their wrong label, and as their true one.
- ``p_y_clean_part``, ``p_y_corrupted``: mean probability of the given label; ``q_clean_part``, ``q_corrupted``: mean of
  Q = -sum over k != y of log p_k.
- ``corrupted_gradient_share``: share of the summed norms of the per-sample gradients in the logits that comes from
  corrupted samples, on a fixed probe of 1,024 training samples, in evaluation mode at the end of the epoch.
- ``test_accuracy``, ``test_cross_entropy``: on the clean test set; ``validation_accuracy_noisy`` and
  ``validation_accuracy_clean`` where the protocol holds samples out.
- ``gradient_norm``: mean norm of the gradient before clipping; ``learning_rate``; ``seconds``.
"""

import math
import time
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from nlr import data, losses, models, noise
from nlr.errors import NlrError, unknown

PROBE = 1024
EVALUATION_BATCH = 250  # larger ones are slower on a CPU: their activations leave the cache
OPTIMISERS = ("sgd", "adam", "adamw")
SCHEDULES = ("cosine", "constant")
AUGMENTATIONS = ("none", "crop-flip")
PRECISIONS = ("float32", "bf16")


def train(config, dataset, device="cpu", human_labels=None, on_epoch=None, state=None):
    """Train one run.

    Noise, initial weights, data order and augmentation depend on the seed alone, so that runs of one setting and seed
    share them whatever their loss. On one machine and number of threads a CPU run gives the same bits every time.

    Args:
        config: the resolved run (:func:`nlr.runs.resolve`).
        dataset: the :class:`nlr.data.Dataset` that the run names.
        device: a torch device.
        human_labels: labels of the whole training set, int64 (N,), for human noise.
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
        raise NlrError(f"The run is for the data set {config['dataset']!r}, the data are {dataset.name!r}.")
    settings, seed = config["training"], config["seed"]
    for key, value, known in (
        ("optimiser", settings["optimiser"], OPTIMISERS),
        ("schedule", settings["schedule"], SCHEDULES),
        ("precision", settings["precision"], PRECISIONS),
        ("augmentation", config["data"]["augmentation"], AUGMENTATIONS),
    ):
        if value not in known:
            raise unknown(key, value, known)

    chosen = data.first_per_class(dataset.labels, config["data"]["train_per_class"])
    clean = dataset.labels.numpy()[chosen]
    drawn = noise.add_noise(
        clean,
        config["noise"]["kind"],
        config["noise"]["rate"],
        seed,
        num_classes=dataset.num_classes,
        sampler=config["noise"]["sampler"],
        **({"class_map": config["noise"]["class_map"]} if config["noise"]["class_map"] else {}),
        human_labels=None if human_labels is None else human_labels[chosen],
    )
    order = torch.Generator().manual_seed(seed)
    held_out = round(config["data"]["validation"] * len(clean))
    shuffled = torch.randperm(len(clean), generator=order) if held_out else torch.arange(len(clean))
    kept, validation = shuffled[held_out:].sort().values, shuffled[:held_out]

    images = dataset.images[torch.from_numpy(chosen)]
    training = _Part(images[kept], drawn.labels[kept.numpy()], clean[kept.numpy()], device)
    test = _Part(dataset.test_images, dataset.test_labels.numpy(), dataset.test_labels.numpy(), device)
    validation = _Part(images[validation], drawn.labels[validation.numpy()], clean[validation.numpy()], device)
    probe = training.subset(torch.randperm(len(training), generator=order)[:PROBE])

    with torch.random.fork_rng(devices=[device] if torch.device(device).type == "cuda" else []):
        torch.manual_seed(seed)
        network = _Network(config, dataset.num_classes, device)
        series = _epochs(network, training, probe, test, validation, settings, order, on_epoch, state)

    final = _final(network, series, test, dataset, device)
    return {
        "noise": {
            "rate": drawn.rate,
            "rate_by_class": _rounded(drawn.rate_by_class.tolist()),
            "counts": drawn.counts.tolist(),
        },
        "series": {key: _rounded(values) for key, values in series.items()},
        "final": {key: _rounded(value) for key, value in final.items()},
    }


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


class _Network:
    """The model with everything between uint8 images and the loss."""

    def __init__(self, config, num_classes, device):
        options = {k: v for k, v in config["model"].items() if k != "name"}
        self.device = torch.device(device)
        self.model = models.make_model(config["model"]["name"], num_classes, **options)
        self.model = self.model.to(self.device, memory_format=torch.channels_last)
        self.start = [p.detach().clone() for p in self.model.parameters()]
        self.loss = losses.make_loss(config["loss"]["name"], num_classes, **config["loss"]["parameters"])
        mean, std = (torch.tensor(config["data"][key], device=self.device) for key in ("mean", "std"))
        self.gain, self.offset = 1 / (255 * std), -mean / std
        self.bf16 = config["training"]["precision"] == "bf16"
        self.augment = config["data"]["augmentation"] == "crop-flip"

    def logits(self, images):
        """Float logits of uint8 images (N, H, W, C); the permuted view is channels-last without a copy."""
        pixels = (images * self.gain + self.offset).permute(0, 3, 1, 2)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            return self.model(pixels).float()

    @torch.no_grad()
    def evaluate(self, images):
        """Logits of all images in evaluation mode."""
        self.model.eval()
        logits = torch.cat([self.logits(batch) for batch in images.split(EVALUATION_BATCH)])
        self.model.train()
        return logits


def crop_and_flip(images, generator, padding=4):
    """Shift each image by up to ``padding`` pixels (zeros come in) and mirror half of them.

    Args:
        images: uint8 (N, H, W, C).
        generator: a CPU generator, so that every device draws the same.
    """
    n, height, width, _ = images.shape
    device = images.device
    shift = torch.randint(0, 2 * padding + 1, (2, n, 1), generator=generator).to(device)
    mirrored = torch.rand(n, 1, generator=generator).to(device) < 0.5
    padded = F.pad(images, (0, 0, padding, padding, padding, padding))
    rows = torch.arange(height, device=device) + shift[0]
    columns = torch.arange(width, device=device).expand(n, width)
    columns = torch.where(mirrored, width - 1 - columns, columns) + shift[1]
    return padded[torch.arange(n, device=device)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _optimiser(model, settings):
    kind, rate, decay = settings["optimiser"], settings["learning_rate"], settings["weight_decay"]
    if kind == "sgd":
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=settings["momentum"], weight_decay=decay)
    family = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return family(model.parameters(), lr=rate, weight_decay=decay)


def _learning_rate(settings, epoch):
    if settings["schedule"] == "constant":
        return settings["learning_rate"]
    return settings["learning_rate"] * (1 + math.cos(math.pi * epoch / settings["epochs"])) / 2


def _epochs(network, training, probe, test, validation, settings, order, on_epoch, state):
    optimiser = _optimiser(network.model, settings)
    weights = list(network.model.parameters())
    largest = settings["clip_norm"] or math.inf
    done, series = _restore(state, network, optimiser, order) if state else (0, {})
    for epoch in range(done, settings["epochs"]):
        begin = time.perf_counter()
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(settings, epoch)
        counts = _Counts(training.labels.device)
        for index in torch.randperm(len(training), generator=order).split(settings["batch_size"]):
            index = index.to(training.labels.device, non_blocking=True)
            images, labels = training.images[index], training.labels[index]
            if network.augment:
                images = crop_and_flip(images, order)
            logits = network.logits(images)
            loss = network.loss(logits, labels)
            optimiser.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(weights, largest)
            optimiser.step()
            counts.add(logits.detach(), labels, training.clean[index], loss.detach(), norm)
        row = counts.row()
        row["corrupted_gradient_share"] = _gradient_share(network, probe)
        logits = network.evaluate(test.images)
        row["test_accuracy"] = _accuracy(logits, test.labels)
        row["test_cross_entropy"] = F.cross_entropy(logits, test.labels).item()
        if len(validation):
            logits = network.evaluate(validation.images)
            row["validation_accuracy_noisy"] = _accuracy(logits, validation.labels)
            row["validation_accuracy_clean"] = _accuracy(logits, validation.clean)
        row["learning_rate"] = optimiser.param_groups[0]["lr"]
        row["seconds"] = time.perf_counter() - begin
        for key, value in row.items():
            series.setdefault(key, []).append(value)
        if on_epoch:
            on_epoch(epoch + 1, partial(_state, epoch + 1, series, network, optimiser, order))
    return series


def _state(done, series, network, optimiser, order):
    """All that changes while a run is trained; the rest follows from its configuration."""
    cuda = network.device.type == "cuda"
    return {
        "done": done,
        "series": series,
        "model": network.model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "order": order.get_state(),
        "generator": torch.get_rng_state(),
        "device_generator": torch.cuda.get_rng_state(network.device) if cuda else None,
    }


def _restore(state, network, optimiser, order):
    """Put a run back to where it was; returns the epochs done and the series so far."""
    network.model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    order.set_state(state["order"])
    torch.set_rng_state(state["generator"])
    if network.device.type == "cuda" and state["device_generator"] is not None:
        torch.cuda.set_rng_state(state["device_generator"], network.device)
    return state["done"], {key: list(values) for key, values in state["series"].items()}


class _Counts:
    """Sums over the batches of an epoch, kept on the device until :meth:`row`."""

    def __init__(self, device):
        self.parts = torch.zeros(2, 5, dtype=torch.float64, device=device)  # clean, corrupted x the columns below
        self.totals = torch.zeros(3, dtype=torch.float64, device=device)  # loss x samples, gradient norm, batches

    def add(self, logits, labels, clean, loss, norm):
        log_p = F.log_softmax(logits, dim=1)
        given = log_p.gather(1, labels[:, None]).squeeze(1)
        guess = logits.argmax(1)
        q = given - log_p.sum(1)
        columns = torch.stack([torch.ones_like(q), guess == labels, guess == clean, given.exp(), q])
        corrupted = (labels != clean).double()
        self.parts += torch.stack([1 - corrupted, corrupted]) @ columns.double().T
        self.totals += torch.stack([loss.double() * len(labels), norm.double(), torch.ones_like(loss).double()])

    def row(self):
        (n, right, _, p_y, q), (m, memorised, recovered, p_wrong, q_wrong) = self.parts.tolist()
        loss, norm, batches = self.totals.tolist()

        def share(value, size):
            return value / size if size else None

        return {
            "loss": loss / (n + m),
            "accuracy_noisy": (right + memorised) / (n + m),
            "accuracy_clean_part": share(right, n),
            "memorised": share(memorised, m),
            "recovered": share(recovered, m),
            "p_y_clean_part": share(p_y, n),
            "p_y_corrupted": share(p_wrong, m),
            "q_clean_part": share(q, n),
            "q_corrupted": share(q_wrong, m),
            "gradient_norm": norm / batches,
        }


def _gradient_share(network, probe):
    corrupted = probe.labels != probe.clean
    if not corrupted.any():
        return None
    logits = network.evaluate(probe.images).requires_grad_()
    norms = torch.autograd.grad(network.loss(logits, probe.labels), logits)[0].norm(dim=1)
    return (norms[corrupted].sum() / norms.sum()).item() if norms.sum() > 0 else None


def _accuracy(logits, labels):
    return (logits.argmax(1) == labels).double().mean().item()


def _final(network, series, test, dataset, device):
    logits = network.evaluate(test.images)
    guess, k = logits.argmax(1), dataset.num_classes
    confusion = torch.bincount(test.labels * k + guess, minlength=k * k).reshape(k, k)
    best = int(np.argmax(series["test_accuracy"]))
    finite = all(p.isfinite().all().item() for p in network.model.parameters())
    final = {
        "last_accuracy": series["test_accuracy"][-1],
        "best_accuracy": series["test_accuracy"][best],  # chosen on the test set, so it leaks; always named so
        "best_epoch": best + 1,
        "accuracy_by_class": (confusion.diagonal() / confusion.sum(1)).tolist(),
        "confusion": confusion.tolist(),
        "modal_class_share": (confusion.sum(0).max() / confusion.sum()).item(),
        "distance_from_start": models.distance(network.model, network.start),
        "diverged": not finite,
    }
    for rule in ("noisy", "clean"):
        if (key := f"validation_accuracy_{rule}") in series:
            chosen = int(np.argmax(series[key]))
            final[f"best_by_{rule}_validation"] = series["test_accuracy"][chosen]
    if dataset.twins is not None:
        n = len(dataset.twins)
        lossless = network.evaluate(dataset.twins.to(device))
        final["twins"] = n
        final["twins_accuracy_lossless"] = _accuracy(lossless, test.labels[:n])
        final["twins_accuracy_jpeg"] = _accuracy(logits[:n], test.labels[:n])
    return final


def _rounded(value):
    """Six significant digits; what is not finite becomes None, for a record is strict JSON."""
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
