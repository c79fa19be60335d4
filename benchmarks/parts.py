"""What one process measures beside training: the ceiling, evaluation, every loss, and changes that were tried.

Each function takes uint8 images, labels and a device and returns plain data; times are medians over rounds in which the
things compared take turns.
"""

import runpy
import time
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from nlr import rounded
from nlr.engine import crop_and_flip, draw_crops
from nlr.losses import make_loss, names

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


def ceiling(images, labels, device):
    """FLOP a trained image, FLOP/s of training steps, and of square matrix products as the engine multiplies."""
    engine, data = ENGINE["make"](device), ENGINE["part"](images, labels, device)
    index = torch.arange(128, device=device)
    with FlopCounterMode(display=False) as counter:
        engine.step(data, index)
    size = 8192 if device == "cuda" else 1024
    dtype = torch.float32 if rounded.needed(device, torch.bfloat16) else torch.bfloat16
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


def evaluation(images, labels, device):
    """Images a second of the evaluation of clean test images."""
    engine = ENGINE["make"](device)
    chosen = images[:2000].to(device)
    engine.evaluate(chosen[:500])
    return {"evaluated_images_per_second": len(chosen) / _seconds(lambda: engine.evaluate(chosen), device)}


def losses(images, labels, device, rounds):
    """Every loss relative to torch's cross-entropy: alone at 4,096 x 10, and the whole step for the study's twelve."""
    generator = torch.Generator().manual_seed(0)
    logits = (3 * torch.randn(4096, 10, generator=generator)).to(device).requires_grad_()
    given = torch.randint(0, 10, (4096,), generator=generator).to(device)

    def both_ways(loss):
        return lambda: torch.autograd.grad(loss(logits, given), logits)

    every = {"torch's cross-entropy": F.cross_entropy} | {
        name: make_loss(name) for name in dict.fromkeys([*names(), *STUDY])
    }
    alone = ratios(
        in_turn({n: both_ways(loss) for n, loss in every.items()}, 4 * rounds, device), "torch's cross-entropy"
    )
    engine, data = ENGINE["make"](device), ENGINE["part"](images, labels, device)
    index = torch.arange(128, device=device)

    def step(loss):
        def work():
            engine.loss = loss
            engine.step(data, index)

        return work

    slowest = max(alone, key=lambda name: alone[name]["ratio"])
    chosen = {name: every[name] for name in dict.fromkeys(["torch's cross-entropy", *STUDY, slowest])}
    taken = in_turn({n: step(loss) for n, loss in chosen.items()}, 2 * rounds, device, least=0)
    return {"alone": alone, "step": ratios(taken, "torch's cross-entropy"), "slowest": slowest}


def tried(images, labels, device, rounds):
    """Changes that were looked at, each against what the engine does: seconds of the part that it would change."""
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

    engine = ENGINE["make"](device)
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
    compiled = ENGINE["make"](device)
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
    out = {}
    for name, (ours, other) in pairs.items():
        taken = in_turn({"ours": ours, "other": other}, 2 * rounds, device)
        out[name] = ratios(taken, "ours")["other"] | {"ours_seconds": median(taken["ours"])}
    return out


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
