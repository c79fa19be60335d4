"""What one process measures beside training: the ceiling, evaluation, every loss, and changes that were tried.

Each function takes uint8 images, labels, a device and a network and returns plain data; times are medians over rounds
in which the things compared take turns.
"""

import runpy
import time
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from nlr.losses import make_loss, names
from nlr.training import precision
from nlr.training.engine import crop_and_flip, draw_crops

HERE = Path(__file__).parent
ENGINE = runpy.run_path(str(HERE / "engine.py"))
STUDY = ("ce", "nce", "mae", "nce+mae", "nce+rce", "nfl+rce", "nfl+mae", "gce", "sce", "fl", "nfl", "rce")


def _seconds(work, device, least=0.02):
    """Seconds of one call, from as many calls as fill ``least`` seconds."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    begin, calls = time.perf_counter(), 0
    while calls == 0 or time.perf_counter() - begin < least:
        work()
        calls += 1
    wait()
    return (time.perf_counter() - begin) / calls


def in_turn(works, rounds, device, least=0.02):
    """Name to seconds by round; the first round warms up and is not counted."""
    for work in works.values():
        work()
    taken = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_seconds(work, device, least))
    return taken


def ratios(taken, base):
    """Name to the median over rounds of its time relative to ``base``, with the lowest and the highest."""
    out = {}
    for name, seconds in taken.items():
        ratio = [a / b for a, b in zip(seconds, taken[base], strict=True)]
        out[name] = {"ratio": median(ratio), "low": min(ratio), "high": max(ratio), "seconds": median(seconds)}
    return out


def ceiling(images, labels, device, network):
    """FLOP a trained image, FLOP/s of training steps, and of square matrix products as the engine multiplies."""
    engine, data = ENGINE["make"](device, network), ENGINE["part"](images, labels, device)
    index = torch.arange(128, device=device)
    with FlopCounterMode(display=False) as counter:
        engine.step(data, index)
    size = 8192 if device == "cuda" else 1024
    dtype = torch.float32 if precision.needed(device, torch.bfloat16) else torch.bfloat16
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    works = {"step": lambda: engine.step(data, index), "product": lambda: a @ b}
    taken = {name: median(seconds) for name, seconds in in_turn(works, 5, device, least=0.5).items()}
    achieved, most = counter.get_total_flops() / taken["step"], 2 * size**3 / taken["product"]
    return {
        "flop_per_image": counter.get_total_flops() / 128,
        "flop_per_second": achieved,
        "ceiling_flop_per_second": most,
        "share_of_ceiling": achieved / most,
    }


def evaluation(images, labels, device, network):
    """Images a second of the evaluation of clean test images."""
    engine = ENGINE["make"](device, network)
    chosen = images[:2000].to(device)
    engine.evaluate(chosen[:500])
    return {"evaluated_images_per_second": len(chosen) / _seconds(lambda: engine.evaluate(chosen), device)}


def losses(images, labels, device, network, rounds):
    """Every loss relative to torch's cross-entropy: alone at 4,096 x 10 and at a step's batch, the whole step for the
    study's twelve."""
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(4096, 10, generator=generator)).to(device)
    given = torch.randint(0, 10, (4096,), generator=generator).to(device)
    base = "torch's cross-entropy"
    every = {base: F.cross_entropy} | {name: make_loss(name) for name in dict.fromkeys([*names(), *STUDY])}

    def compared(size):
        some, labels = logits[:size].clone().requires_grad_(), given[:size]

        def both_ways(loss):
            return lambda: torch.autograd.grad(loss(some, labels), some)

        return ratios(in_turn({n: both_ways(loss) for n, loss in every.items()}, 4 * rounds, device), base)

    alone, batch = compared(4096), compared(128)
    engine, data = ENGINE["make"](device, network), ENGINE["part"](images, labels, device)
    index = torch.arange(128, device=device)

    def step(loss):
        def work():
            engine.loss = loss
            engine.step(data, index)

        return work

    slowest = max(alone, key=lambda name: alone[name]["ratio"])
    chosen = {name: every[name] for name in dict.fromkeys([base, *STUDY, slowest])}
    taken = in_turn({n: step(loss) for n, loss in chosen.items()}, 2 * rounds, device, least=0)
    return {"alone": alone, "batch": batch, "step": ratios(taken, base), "slowest": slowest}


def tried(images, labels, device, network, rounds):
    """Changes that were looked at, each against what the engine does: seconds of the part that it would change."""
    pairs = {"cnn8": _tried_of_cnn8, "cnn4": _tried_of_cnn4}[network](images, labels, device)
    out = {}
    for name, (ours, other) in pairs.items():
        taken = in_turn({"ours": ours, "other": other}, 2 * rounds, device)
        out[name] = ratios(taken, "ours")["other"] | {"ours_seconds": median(taken["ours"])}
    return out


def _tried_of_cnn8(images, labels, device):
    dtype = torch.bfloat16

    def convolution(channels, groups=1, batch=128):
        x = torch.randn(batch, channels * groups, 8, 8, device=device, dtype=dtype).to(
            memory_format=torch.channels_last
        )
        w = torch.randn(channels * groups, channels, 3, 3, device=device, dtype=dtype)
        x.requires_grad_()
        w = w.to(memory_format=torch.channels_last).requires_grad_()

        def work():
            with engine.products:
                y = F.conv2d(x, w, padding=1, groups=groups)
            torch.autograd.grad(y, (x, w), torch.ones_like(y))

        return work

    def twice(work):
        def both():
            work()
            work()

        return both

    engine = ENGINE["make"](device, "cnn8")
    data, index = ENGINE["part"](images, labels, device), torch.arange(128, device=device)
    engine.step(data, index)
    weights = [p.detach().clone().requires_grad_() for p in engine.weights]
    for weight, p in zip(weights, engine.weights, strict=True):
        weight.grad = p.grad.clone()

    def optimiser(**options):
        return torch.optim.SGD(weights, lr=0.0, momentum=0.9, weight_decay=1e-4, **options).step

    test = images[:1000].to(device)

    def evaluate(size):
        def work():
            with torch.no_grad():
                for batch in test.split(size):
                    engine.logits(batch)

        return work

    batch = images[:128].to(device)
    drawn = [x.to(device) for x in draw_crops(128, torch.Generator().manual_seed(0))]
    pairs = {
        "the last block's 196 channels as 208, a multiple of 16": (convolution(196), convolution(208)),
        "two runs as one grouped convolution": (twice(convolution(196)), convolution(196, groups=2)),
        "optimiser: fused instead of foreach": (optimiser(foreach=True), optimiser(fused=True)),
        "optimiser: a loop instead of foreach": (optimiser(foreach=True), optimiser(foreach=False)),
        "evaluation in batches of 1,000 instead of 250": (evaluate(250), evaluate(1000)),
        "crop and flip: one slice an image instead of a gather": (
            lambda: crop_and_flip(batch, *drawn),
            lambda: _crops_one_by_one(batch, *drawn),
        ),
        "convolution without channels-last": (
            _first_block(engine, torch.channels_last),
            _first_block(engine, torch.contiguous_format),
        ),
    }
    compiled = ENGINE["make"](device, "cnn8")
    compiled.model = torch.compile(compiled.model)
    try:
        compiled.step(data, index)
    except RuntimeError:
        pass  # there is no compiler here
    else:
        pairs["the network through torch.compile"] = (
            lambda: engine.step(data, index),
            lambda: compiled.step(data, index),
        )
    return pairs


def _tried_of_cnn4(images, labels, device):
    """Whole steps with another first convolution, whose input has one channel."""
    data, index = ENGINE["part"](images, labels, device), torch.arange(128, device=device)

    def step(convolve=None):
        engine = ENGINE["make"](device, "cnn4")
        if convolve:
            engine.model[0] = _First(engine.model[0], convolve)
        return lambda: engine.step(data, index)

    ours = step()
    changes = {
        "the first convolution as a product of unfolded images": unfolded,
        "its one input channel padded to four": padded,
        "it alone in float32": in_float32,
    }
    return {name: (ours, step(convolve)) for name, convolve in changes.items()}


class _First(nn.Module):
    """A 3 x 3 convolution that is taken in another way, with the same weights."""

    def __init__(self, convolution, convolve):
        super().__init__()
        self.weight, self.bias, self.convolve = convolution.weight, convolution.bias, convolve

    def forward(self, x):
        return self.convolve(x, self.weight, self.bias)


def unfolded(x, weight, bias):
    """The convolution as a matrix product, of nine numbers a pixel."""
    windows = F.pad(x, (1, 1, 1, 1)).unfold(2, 3, 1).unfold(3, 3, 1).permute(0, 2, 3, 1, 4, 5).flatten(3)
    return F.linear(windows, weight.flatten(1), bias).permute(0, 3, 1, 2)


def padded(x, weight, bias, channels=4):
    """The convolution with input channels that are zero beside its own."""
    x, weight = (F.pad(t, (0, 0, 0, 0, 0, channels - t.shape[1])) for t in (x, weight))
    return F.conv2d(x.contiguous(memory_format=torch.channels_last), weight, bias, padding=1)


def in_float32(x, weight, bias):
    """The convolution without autocast."""
    with torch.autocast(x.device.type, enabled=False):
        return F.conv2d(x, weight, bias, padding=1)


def _crops_one_by_one(images, shift, mirrored):
    padded = F.pad(images, (0, 0, 4, 4, 4, 4))
    crops = []
    for image, (down, right), mirror in zip(padded, shift.tolist(), mirrored.tolist(), strict=True):
        crop = image[down : down + 32, right : right + 32]
        crops.append(crop.flip(1) if mirror else crop)
    return torch.stack(crops)


def _first_block(engine, memory_format):
    half = {"device": engine.device, "dtype": torch.bfloat16}
    weight = torch.randn(64, 64, 3, 3, **half).to(memory_format=memory_format)
    x = torch.randn(128, 64, 32, 32, **half).to(memory_format=memory_format)

    def work():
        with engine.products:
            F.conv2d(x, weight, padding=1)

    return work
