"""The engine: a network with everything between uint8 images and a step of its weights, on one device.

Images stay on the device as uint8; what an epoch draws is drawn on the host at its beginning and moved once; cropping,
flipping and normalising are batched there; sums over the batches are kept there until the epoch's end. So the host
does not wait for the device inside an epoch. On a GPU the whole step, gradient clipping and the sums included, is
captured as one graph after the first few steps and replayed.
"""

import ctypes
import math
from contextlib import nullcontext
from functools import cache

import torch
import torch.nn.functional as F

from nlr import losses, models
from nlr.errors import unknown
from nlr.training import precision

OPTIMISERS = ("sgd", "adam", "adamw")
SCHEDULES = ("cosine", "constant")
AUGMENTATIONS = ("none", "crop-flip")
PRECISIONS = ("float32", "bf16", "float16")
#: Mistakes that can be made on purpose, to see their signature (errata E19, E27, E34): a loss that no gradient comes
#: from, as one computed in NumPy; probabilities in the place of logits; log(p + 1e-8) taken in half precision.
FAULTS = ("none", "outside-autograd", "double-softmax", "half-precision-log")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
PADDING = 4  # pixels by which an image may be shifted
EAGER_STEPS = 3  # before the capture, so that cuDNN has chosen and the optimiser has made its buffers
EVALUATION_BATCH = {"cuda": 2500, "cpu": 250}  # on a CPU larger ones are slower: their activations leave the cache


class Engine:
    """One network in training.

    Args:
        config: the resolved run (:func:`nlr.study.runs.resolve`). Initial weights come from torch's global generator.
        num_classes: the number of classes K.
        device: a torch device.

    Raises:
        NlrError: the configuration asks for something unknown.
    """

    def __init__(self, config, num_classes, device):
        settings = config["training"]
        for key, value, known in (
            ("optimiser", settings["optimiser"], OPTIMISERS),
            ("schedule", settings["schedule"], SCHEDULES),
            ("precision", settings["precision"], PRECISIONS),
            ("fault", settings.get("fault", "none"), FAULTS),
            ("augmentation", config["data"]["augmentation"], AUGMENTATIONS),
        ):
            if value not in known:
                raise unknown(key, value, known)
        options = {k: v for k, v in config["model"].items() if k != "name"}
        self.settings = settings
        self.device = torch.device(device)
        self.fault = settings.get("fault", "none")
        # Where it is not enabled it hands everything through. The scaler decides on the host whether a step is taken.
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings["precision"] == "float16")
        self.graphs = self.device.type == "cuda" and not self.scaler.is_enabled()
        if self.device.type == "cpu":
            keep_memory()
        self.model = models.make_model(config["model"]["name"], num_classes, **options)
        self.model = self.model.to(self.device, memory_format=torch.channels_last)
        self.weights = list(self.model.parameters())
        self.start = [p.detach().clone() for p in self.weights]
        self.loss = losses.make_loss(config["loss"]["name"], num_classes, **config["loss"]["parameters"])
        self.optimiser = make_optimiser(self.weights, settings, self.device)
        mean, std = (torch.tensor(config["data"][key], device=self.device) for key in ("mean", "std"))
        self.gain, self.offset = 1 / (255 * std), -mean / std
        self.half = {"bf16": torch.bfloat16, "float16": torch.float16}.get(settings["precision"])
        self.products = precision.Rounded(self.half) if precision.needed(self.device.type, self.half) else nullcontext()
        self.augment = config["data"]["augmentation"] == "crop-flip"
        self.counts = Counts(self.device)
        self._graph = self._captured = None

    def logits(self, images):
        """Float logits (N, K) of uint8 images (N, H, W, C); the permuted view is channels-last without a copy."""
        pixels = (images * self.gain + self.offset).permute(0, 3, 1, 2)
        # Casts of the weights are not kept from one call to the next: a captured graph would go on using old ones.
        half = {"dtype": self.half} if self.half else {"enabled": False}
        with torch.autocast(self.device.type, **half, cache_enabled=not self.graphs), self.products:
            return self.model(pixels).float()

    @torch.no_grad()
    def evaluate(self, images):
        """Logits of all images in evaluation mode."""
        self.model.eval()
        size = EVALUATION_BATCH.get(self.device.type, EVALUATION_BATCH["cuda"])
        logits = torch.cat([self.logits(batch) for batch in images.split(size)])
        self.model.train()
        return logits

    def epoch(self, part, number, generator):
        """Train one epoch on a part of the data.

        Args:
            part: images, labels and clean labels on the device (``images``, ``labels``, ``clean``).
            number: of the epoch, from 0; the learning rate depends on it.
            generator: a CPU generator for the order and the augmentation, so that every device draws the same.

        Returns:
            A row of the series that the training pass gives, as numbers.
        """
        self._set_learning_rate(learning_rate(self.settings, number))
        draws = [torch.randperm(len(part.labels), generator=generator)]
        if self.augment:
            draws += draw_crops(len(part.labels), generator)
        self.counts.reset()
        size = self.settings["batch_size"]
        batches = zip(*(draw.to(self.device).split(size) for draw in draws), strict=True)
        for step, batch in enumerate(batches):
            if not self.graphs or step < EAGER_STEPS or len(batch[0]) < size:
                self.step(part, *batch)
            else:
                self._replay(part, batch)
        return self.counts.row()

    def step(self, part, index, *crop):
        """One step of the weights on the samples ``index`` of a part; ``crop`` as :func:`draw_crops` draws it.

        Returns:
            The mean loss of the batch, on the device.
        """
        images, labels = part.images[index], part.labels[index]
        if crop:
            images = crop_and_flip(images, *crop)
        logits = self.logits(images)
        loss = self.batch_loss(logits, labels)
        # A loss without a graph leaves every gradient empty, and an optimiser passes over empty gradients.
        norm = torch.zeros_like(loss) if self.fault == "outside-autograd" else self._update(loss)
        self.counts.add(logits.detach(), labels, part.clean[index], loss.detach(), norm)
        return loss.detach()

    def batch_loss(self, logits, labels):
        """The loss of a batch as it is trained on: that of the run, with its fault where it has one."""
        if self.fault == "double-softmax":
            logits = logits.softmax(1)
        elif self.fault == "half-precision-log":
            log_p = torch.log(logits.softmax(1).half() + 1e-8).float()  # 1e-8 is 0 in half precision
            return self.loss.per_sample(log_p, labels).mean()
        return self.loss(logits, labels)

    def _update(self, loss):
        """Take one step of the weights; returns the norm of the gradient before it is clipped."""
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        norm = torch.nn.utils.clip_grad_norm_(self.weights, self.settings["clip_norm"] or math.inf)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return norm

    def state(self):
        """All that training has changed so far, on whatever device it is; it shares memory with the engine."""
        cuda = self.device.type == "cuda"
        return {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": torch.get_rng_state(),
            "device_generator": torch.cuda.get_rng_state(self.device) if cuda else None,
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, state):
        """Go back to what :meth:`state` returned."""
        rates = [group["lr"] for group in self.optimiser.param_groups]
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        for group, rate in zip(self.optimiser.param_groups, rates, strict=True):
            group["lr"] = rate  # the device's own tensor where a captured step reads it
        if self.scaler.is_enabled():
            self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["generator"])
        if self.device.type == "cuda" and state["device_generator"] is not None:
            torch.cuda.set_rng_state(state["device_generator"], self.device)

    def _replay(self, part, batch):
        if self._captured is not part:
            self._captured, self._inputs = part, [draw.clone() for draw in batch]
            self._graph = torch.cuda.CUDAGraph()
            self.optimiser.zero_grad()  # so that the gradients are made inside the graph's own memory
            with torch.cuda.graph(self._graph):  # records the step without taking it
                self.step(part, *self._inputs)
        for given, draw in zip(self._inputs, batch, strict=True):
            given.copy_(draw)
        self._graph.replay()

    def _set_learning_rate(self, rate):
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate


@cache
def keep_memory():
    """Ask glibc, where it is the allocator, to keep freed memory.

    It gives large blocks back to the system at once, and every step would fetch its activations anew, page by page.
    """
    if hasattr(allocator := ctypes.CDLL(None), "mallopt"):
        allocator.mallopt(M_MMAP_THRESHOLD, 2**30)
        allocator.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def draw_crops(n, generator):
    """Random shifts and mirrorings for n images, from a CPU generator: int64 (n, 2) down and right, bool (n,)."""
    shift = torch.randint(0, 2 * PADDING + 1, (n, 2), generator=generator)
    return shift, torch.rand(n, generator=generator) < 0.5


def crop_and_flip(images, shift, mirrored):
    """Pad images by four zeros on each side, cut them out again and mirror some.

    Args:
        images: uint8 (N, H, W, C).
        shift: int64 (N, 2), rows and columns from the upper left corner of the padded image.
        mirrored: bool (N,).
    """
    n, height, width, channels = images.shape
    padded = F.pad(images, (0, 0, PADDING, PADDING, PADDING, PADDING)).flatten(2)
    windows = padded.unfold(1, height, 1).unfold(2, width * channels, channels)  # a view, one window a shift
    crops = windows[torch.arange(n, device=images.device), shift[:, 0], shift[:, 1]].view(images.shape)
    return torch.where(mirrored[:, None, None, None], crops.flip(2), crops)


def make_optimiser(weights, settings, device):
    """The optimiser of a protocol's training settings; on a GPU fused, with a rate that a captured step can read."""
    kind, rate, decay = settings["optimiser"], settings["learning_rate"], settings["weight_decay"]
    options = {"weight_decay": decay}
    if torch.device(device).type == "cuda":
        rate = torch.tensor(rate, device=device)
        options |= {"fused": True} if kind == "sgd" else {"fused": True, "capturable": True}
    if kind == "sgd":
        options |= {"momentum": settings["momentum"], "nesterov": settings.get("nesterov", False)}
        return torch.optim.SGD(weights, lr=rate, **options)
    family = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return family(weights, lr=rate, **options)


def learning_rate(settings, epoch):
    """The learning rate of an epoch, from 0.

    A cosine goes down to ``floor``, 0 where it is missing; ``schedule_epochs`` above ``epochs`` stops it earlier.
    """
    if settings["schedule"] == "constant":
        return settings["learning_rate"]
    epochs, floor = settings.get("schedule_epochs", settings["epochs"]), settings.get("floor", 0.0)
    return floor + (settings["learning_rate"] - floor) * (1 + math.cos(math.pi * epoch / epochs)) / 2


class Counts:
    """Sums over the batches of an epoch, kept on the device until :meth:`row`."""

    def __init__(self, device):
        self.parts = torch.zeros(2, 5, dtype=torch.float64, device=device)  # clean, corrupted x the columns below
        self.totals = torch.zeros(3, dtype=torch.float64, device=device)  # loss x samples, gradient norm, batches

    def reset(self):
        """Begin an epoch."""
        self.parts.zero_()
        self.totals.zero_()

    def add(self, logits, labels, clean, loss, norm):
        """Count a batch as the network saw it before its update."""
        log_p = F.log_softmax(logits, dim=1)
        given = log_p.gather(1, labels[:, None]).squeeze(1)
        guess = logits.argmax(1)
        q = given - log_p.sum(1)
        columns = torch.stack([torch.ones_like(q), guess == labels, guess == clean, given.exp(), q])
        corrupted = (labels != clean).double()
        self.parts += torch.stack([1 - corrupted, corrupted]) @ columns.double().T
        self.totals += torch.stack([loss.double() * len(labels), norm.double(), torch.ones_like(loss).double()])

    def row(self):
        """The means, None where there is nothing to take one of; here the host waits for the device."""
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
