"""How fast the engine is, on whatever device there is: ``python -m nlr bench``.

Every contender is a process of its own that trains one of the paper's networks on random images for the seconds it is
asked to.
They are asked in turn, round after round, so that whatever else slows the machine slows all of them; a ratio is that of
two contenders in one round, and its spread is that over the rounds.
"""

import json
import os
import platform
import runpy
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import pandas as pd

from nlr import losses
from nlr.errors import NlrError, unknown
from nlr.paths import ROOT
from nlr.study import provenance, system

BATCH = 128
IMAGES = 8192  # random ones: what they show does not matter for speed
SHAPES = {"cnn8": (32, 32, 3), "cnn4": (28, 28, 1)}  # of the images that each of the paper's networks takes
EPOCH = {"cnn8": 50_000, "cnn4": 60_000}  # training images of its protocol
TEST = 10_000
UNTIMED = 4  # steps at the beginning of a turn: as many batches as a DataLoader's workers have kept ready meanwhile
FOLDER = ROOT / "benchmarks"
INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon", "bf16", "sve")

# name: (script, its options, threads of each process (0: torch's default), processes)
CPU = {
    "ordinary script": ("ordinary", {}, 0, 1),
    "tensors in memory": ("in_memory", {}, 0, 1),
    "engine, float32": ("engine", {"precision": "float32"}, 0, 1),
    "engine, bf16": ("engine", {"precision": "bf16"}, 0, 1),
    "engine, bf16, one thread": ("engine", {"precision": "bf16"}, 1, 1),
    "engine, bf16, two workers of one thread": ("engine", {"precision": "bf16"}, 1, 2),
}
GPU = {
    "ordinary script": ("ordinary", {}, 0, 1),
    "tensors in memory": ("in_memory", {}, 0, 1),
    "engine, float32": ("engine", {"precision": "float32"}, 0, 1),
    "engine, bf16": ("engine", {"precision": "bf16"}, 0, 1),
    "engine, bf16, two workers": ("engine", {"precision": "bf16"}, 0, 2),
}
BASELINE = "ordinary script"
ALONE = 1.5  # times torch's cross-entropy that a loss may take alone


def measure(device="cpu", rounds=7, seconds=4.0, progress=lambda text: None, network="cnn8"):
    """Measure everything.

    Args:
        device: ``cpu`` or ``cuda``.
        rounds: how often each contender is asked.
        seconds: for how long it trains each time.
        progress: called with a sentence on what is being measured.
        network: ``cnn8``, which the paper trains on CIFAR-10, or ``cnn4``, on MNIST.

    Returns:
        Plain data: machine, contenders (images a second by round, seconds an epoch, ratio to the ordinary script,
        seconds to the first step, peak memory), FLOP/s and the ceiling, evaluation, losses.

    Raises:
        NlrError: the device or the network is neither of the two, or a contender failed.
    """
    if network not in SHAPES:
        raise unknown("network to be measured", network, SHAPES)
    if device not in ("cpu", "cuda"):
        raise NlrError(f"Device {device!r} is not measured; expected cpu or cuda, the first GPU that is visible.")
    chosen = GPU if device == "cuda" else CPU
    crews, contenders = {}, {}
    try:
        for name, (script, options, threads, processes) in chosen.items():
            progress(f"starting: {name}")
            crews[name] = [_Contender(script, options, threads, device, network) for _ in range(processes)]
            contenders[name] = {
                "threads": crews[name][0].threads,
                "processes": processes,
                "first_step_seconds": max(c.first_step for c in crews[name]),
                "images_per_second": [],
            }
        for number in range(rounds):
            for name, crew in crews.items():
                progress(f"round {number + 1} of {rounds}: {name}")
                contenders[name]["images_per_second"].append(_together(crew, seconds))
        for name, crew in crews.items():
            memory = [c.ask({"do": "memory"})["megabytes"] for c in crew]
            contenders[name]["peak_memory_mb"] = sum(memory)
        one = crews["engine, bf16" if device == "cuda" else "engine, bf16, one thread"][0]
        progress("matrix products, evaluation")
        extra = one.ask({"do": "ceiling"}) | one.ask({"do": "evaluation"})
        progress("losses")
        losses = one.ask({"do": "losses", "rounds": rounds})
        progress("what else was tried")
        tried = one.ask({"do": "tried", "rounds": rounds})
    finally:
        for crew in crews.values():
            for contender in crew:
                contender.close()
    base = contenders[BASELINE]["images_per_second"]
    for each in contenders.values():
        each["seconds_per_epoch"] = EPOCH[network] / median(each["images_per_second"])
        each["ratio"] = [a / b for a, b in zip(each["images_per_second"], base, strict=True)]
    return {
        "machine": machine(device),
        "protocol": {
            "network": network,
            "batch": BATCH,
            "rounds": rounds,
            "seconds": seconds,
            "untimed_steps": UNTIMED,
        },
        "contenders": contenders,
        "engine": extra,
        "losses": losses,
        "tried": tried,
    }


def table(measured):
    """The contenders of :func:`measure` as a data frame of text, a row each."""
    rows = [
        {
            "trained by": name,
            "images/s": _spread(one["images_per_second"], 0),
            "s/epoch": f"{one['seconds_per_epoch']:.3g}",
            "ratio": _spread(one["ratio"], 2),
            "first step": f"{one['first_step_seconds']:.1f} s",
            "memory": f"{one['peak_memory_mb'] / 1024:.2f} GB",
        }
        for name, one in measured["contenders"].items()
    ]
    return pd.DataFrame(rows)


def table_numbers(measured):
    """The numbers of :func:`table`, not rounded."""
    return pd.DataFrame(
        {"trained by": name}
        | _ends(one["images_per_second"], "images per second")
        | {"epoch (s)": one["seconds_per_epoch"]}
        | _ends(one["ratio"], "ratio to the ordinary script")
        | {"first step (s)": one["first_step_seconds"], "memory (GB)": one["peak_memory_mb"] / 1024}
        for name, one in measured["contenders"].items()
    )


def added(measured):
    """What each loss adds to a step, as a share of the step with torch's cross-entropy: ``{loss: share}``.

    It is value and gradient at the batch of a step less those of torch's cross-entropy: a whole step varies by more
    than a loss takes.
    """
    step, batch = measured["losses"]["step"], measured["losses"]["batch"]
    whole, least = (of["torch's cross-entropy"]["seconds"] for of in (step, batch))
    return {name: (one["seconds"] - least) / whole for name, one in batch.items()}


def losses_in_words(measured):
    """Which losses are above :data:`ALONE`, and which adds most to a step, in sentences."""
    share, name = max((share, name) for name, share in added(measured).items())
    above = [f"`{loss}`" for loss, one in measured["losses"]["alone"].items() if one["ratio"] > ALONE]
    missed = f"Above {ALONE:g} times alone: {', '.join(above) or 'none'}."
    return f"{missed} What adds most to a step is `{name}`: {100 * share:.2f} % of it."


def losses_table(measured):
    """Every loss relative to torch's cross-entropy: alone, in a step, and the whole step where it was measured; losses
    that are younger than the measurement stand last."""
    alone, step, more = measured["losses"]["alone"], measured["losses"]["step"], added(measured)

    def text(ratio):
        return f"{ratio['ratio']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})" if ratio else "–"

    rows = [
        {
            "loss": name,
            "alone": text(ratio),
            "adds to a step": f"{100 * more[name]:z.2f} %",
            "whole step": text(step.get(name)),
        }
        for name, ratio in sorted(alone.items(), key=lambda item: -item[1]["ratio"])
    ]
    younger = [name for name in losses.names() if name not in alone]
    missing = {"alone": "not measured", "adds to a step": "–", "whole step": "–"}
    return pd.DataFrame([*rows, *({"loss": name} | missing for name in younger)])


def losses_numbers(measured):
    """The numbers of :func:`losses_table`, not rounded, of the losses that were measured."""
    alone, step, more = measured["losses"]["alone"], measured["losses"]["step"], added(measured)
    return pd.DataFrame(
        {"loss": name}
        | _of_ratio(alone[name], "alone, time relative to torch's cross-entropy")
        | {"adds to a step (%)": 100 * more[name]}
        | (_of_ratio(step[name], "whole step, time relative to torch's cross-entropy") if name in step else {})
        for name in sorted(alone, key=lambda name: -alone[name]["ratio"])
    )


def tried_table(measured):
    """Changes that were looked at: the time of the part that each would change, relative to what the engine does."""
    step = measured["losses"]["step"]["ce"]["seconds"]
    rows = [
        {
            "instead of what the engine does": name,
            "time as a share of a training step": f"{100 * one['ours_seconds'] / step:.1f} %",
            "relative time": f"{one['ratio']:.2f} ({one['low']:.2f} to {one['high']:.2f})",
        }
        for name, one in measured["tried"].items()
    ]
    return pd.DataFrame(rows)


def tried_numbers(measured):
    """The numbers of :func:`tried_table`, not rounded."""
    step = measured["losses"]["step"]["ce"]["seconds"]
    return pd.DataFrame(
        {"instead of what the engine does": name, "share of a training step (%)": 100 * one["ours_seconds"] / step}
        | _of_ratio(one, "relative time")
        for name, one in measured["tried"].items()
    )


def facts(measured):
    """The machine and the day: pairs (label, text)."""
    machine, protocol = measured["machine"], measured["protocol"]
    return [
        ("device", machine["device"]),
        ("cores", str(machine["cores"])),
        ("instructions", ", ".join(machine["instructions"]) or "none of those looked for"),
        ("torch", machine["versions"]["torch"]),
        ("commit", machine["commit"]),
        ("date", machine["date"]),
        ("rounds", f"{protocol['rounds']} of {protocol['seconds']:g} s each"),
    ]


def in_words(measured):
    """What each step gained, how far the ceiling is, and what an epoch costs, in sentences."""
    contenders, engine = measured["contenders"], measured["engine"]
    ratios = {
        name: f"{median(one['ratio']):.2f}" for name, one in contenders.items() if name != "engine, bf16, one thread"
    }
    steps = [
        f"{after} took the ratio from {ratios[before]} to {ratios[after]}"
        for before, after in pairwise(ratios)
        if ratios[before] != ratios[after]  # else it gained nothing
    ]
    evaluated = TEST / engine["evaluated_images_per_second"]
    process = "One process of one thread" if "engine, bf16, one thread" in contenders else "One process"
    gained = f"Step by step: {'; '.join(steps)}. " if steps else ""
    return (
        f"{gained}{process} reaches {engine['flop_per_second'] / 1e9:.0f} GFLOP/s in whole training steps, "
        f"{100 * engine['share_of_ceiling']:.0f} % of what square matrix products reach on as many threads in the "
        f"same call and in the engine's precision ({engine['ceiling_flop_per_second'] / 1e9:.0f} GFLOP/s), "
        f"at {engine['flop_per_image'] / 1e9:.2f} GFLOP an image. Evaluating the {TEST:,} clean test images takes "
        f"it {evaluated:.2g} s more an epoch."
    )


def precision_in_words(measured):
    """What the test of bf16 against float32 found on one device, in sentences."""
    sentences = [f"On {measured['device']}:"]
    for name, case in measured["cases"].items():
        test = case["test"]
        verdict = "equivalent" if test["equivalent"] else "not shown to be equivalent"
        sentences.append(
            f"on {name} over {test['n']} seeds, bf16 minus float32 is {test['mean']:+z.2f} points of accuracy (90 % "
            f"interval {test['low']:+z.2f} to {test['high']:+z.2f}): {verdict} within {test['margin']:g} points (two "
            f"one-sided tests, p = {test['p']:.2g});"
        )
    return " ".join(sentences).removesuffix(";") + "."


def rounded_in_words(measured):
    """What rounding buys where a CPU has no instructions for bf16, in sentences."""

    def text(step):
        return f"{step['ratio']:.2g} ({step['low']:.2g} to {step['high']:.2g})"

    steps = measured["steps"]
    return (
        f"On {measured['machine']['device']}, on one thread, a training step of ma2020-small takes "
        f"{steps['rounded']['seconds']:.2g} s with rounded products; with torch's own it takes "
        f"{text(steps['plain'])} times as long, in float32 {text(steps['float32'])} times (median of "
        f"{measured['rounds']} rounds, lowest and highest in brackets)."
    )


def _spread(values, digits):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _ends(values, what):
    return {f"{what}, median": median(values), f"{what}, lowest": min(values), f"{what}, highest": max(values)}


def _of_ratio(ratio, what):
    names = {"ratio": "median", "low": "lowest", "high": "highest"}
    return {f"{what}, {name}": ratio[key] for key, name in names.items()}


def _together(crew, seconds):
    for contender in crew:
        contender.send({"do": "train", "seconds": seconds})
    answers = [contender.receive() for contender in crew]
    return sum(answer["images"] / answer["seconds"] for answer in answers)


def machine(device):
    """What a measurement says of where it was made; ``instructions`` are those of a CPU that decide its speed."""
    facts = {
        "device": provenance.device_name(device),
        "device_type": device,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": provenance.versions(),
        "commit": provenance.commit()[0],
        "date": datetime.now(UTC).date().isoformat(),
    }
    try:
        flags = next(x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith(("flags", "Features")))
        facts["instructions"] = [name for name in INSTRUCTIONS if name in flags.split()]
    except (OSError, StopIteration):
        facts["instructions"] = []
    return facts


class _Contender:
    """A process that trains when asked."""

    def __init__(self, script, options, threads, device, network="cnn8"):
        environment = os.environ | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
        if not threads:
            environment.pop("OMP_NUM_THREADS", None)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "nlr.study.benchmark", script, json.dumps(options), device, network]
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        try:
            self.threads = self.receive()["threads"]
        except NlrError:
            self.close()
            raise
        self.first_step = time.perf_counter() - begin

    def send(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            raise self._ended()
        return json.loads(line)

    def _ended(self):
        return NlrError(f"A contender ended early with exit status {self.process.wait()}; see its message above.")

    def ask(self, request):
        self.send(request)
        return self.receive()

    def close(self):
        with suppress(BrokenPipeError):  # what a process that has ended did not read
            self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def _serve(script, options, device, network):
    """What runs in a contender's process: one line in, one line out."""
    import torch

    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (IMAGES, *SHAPES[network]), generator=generator, dtype=torch.uint8)
    labels = torch.randint(0, 10, (IMAGES,), generator=generator)
    steps = runpy.run_path(str(FOLDER / f"{script}.py"))["steps"](images, labels, device, network, **options)
    next(steps)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    _answer({"threads": torch.get_num_threads()})
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "train":
            for _ in range(UNTIMED):
                next(steps)
            wait()
            begin, done = time.perf_counter(), 0
            while (spent := time.perf_counter() - begin) < request["seconds"]:
                done += next(steps)
                wait()
            _answer({"images": done * BATCH, "seconds": spent})
        elif request["do"] == "memory":
            peak = torch.cuda.max_memory_allocated() if device == "cuda" else system.peak_memory()
            _answer({"megabytes": round(peak / 2**20)})
        else:
            parts = runpy.run_path(str(FOLDER / "parts.py"))
            arguments = {k: v for k, v in request.items() if k != "do"}
            _answer(parts[request["do"]](images, labels, device, network, **arguments))


def _answer(data):
    print(json.dumps(data), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]), *sys.argv[3:])
