"""What rounding buys on a CPU without instructions for bf16: python benchmarks/rounded.py OUT.json

One training step of ma2020-small on one thread: with the products rounded (:mod:`nlr.training.precision`), with torch's
own, and in float32. They take turns; a ratio is that of two steps in one round. On a CPU with the instructions torch's
own is what the engine does, and there is nothing to measure.
"""

import json
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from nlr import files
from nlr.errors import NlrError
from nlr.study import benchmark, runs
from nlr.training import precision
from nlr.training.engine import Engine

PARTS = runpy.run_path(str(Path(__file__).parent / "parts.py"))
ROUNDS = 7


def measure():
    """Machine, and contender to the median, lowest and highest ratio to the rounded step, and its seconds.

    Raises:
        NlrError: this CPU has the instructions.
    """
    if not precision.needed("cpu", torch.bfloat16):
        raise NlrError("This CPU has instructions for bf16, so the engine does not round: there is nothing to measure.")
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (benchmark.BATCH, 32, 32, 3), generator=generator).to(torch.uint8)
    labels = torch.randint(0, 10, (len(images),), generator=generator)
    part, index = PARTS["ENGINE"]["part"](images, labels, "cpu"), torch.arange(len(images))

    def steps(precision, products=None):
        config = runs.resolve("ma2020-small", "ce", "symmetric-0.4", 0, "cifar10")
        config["training"]["precision"] = precision
        engine = Engine(config, 10, "cpu")
        engine.products = products or engine.products
        return lambda: engine.step(part, index)

    works = {"rounded": steps("bf16"), "plain": steps("bf16", nullcontext()), "float32": steps("float32")}
    taken = PARTS["in_turn"](works, ROUNDS, "cpu")
    return {"machine": benchmark.machine("cpu"), "rounds": ROUNDS, "steps": PARTS["ratios"](taken, "rounded")}


if __name__ == "__main__":
    torch.set_num_threads(1)
    files.write_whole(Path(sys.argv[1]), (json.dumps(measure(), indent=1) + "\n").encode())
