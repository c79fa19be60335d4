"""Is bf16 equivalent to float32 where we train in bf16? python benchmarks/precision.py DATA_ROOT OUT.json

Stated before anything was run: paired by seed, the difference of last-epoch test accuracy (bf16 minus float32) is
equivalent to none if two one-sided t-tests at 5 % place its mean within MARGIN points, the margin that the study's
rules give to every protocol but the reference. Loss nce+rce at symmetric noise 0.4; digits in full over five seeds,
and ma2020-small cut to two epochs over three. The runs leave no records: they are no runs of a study.
"""

import copy
import json
import sys
from pathlib import Path

import torch
from scipy.stats import t, ttest_1samp

from nlr import data, files
from nlr.study import provenance, runs
from nlr.training import loop

MARGIN = 3.0  # points
LEVEL = 0.05
CASES = {
    "digits": {"protocol": "digits", "seeds": [0, 1, 2, 3, 4], "epochs": None},
    "ma2020-small, 2 epochs": {"protocol": "ma2020-small", "seeds": [0, 1, 2], "epochs": 2},
}


def accuracies(case, data_root=None, device="cpu"):
    """Precision to a list of last-epoch test accuracies in per cent, one a seed."""
    found = {"float32": [], "bf16": []}
    config = runs.resolve(case["protocol"], "nce+rce", "symmetric-0.4", 0, "")
    dataset = data.load(config["data"]["dataset"], data_root)
    for seed in case["seeds"]:
        for precision, taken in found.items():
            config = copy.deepcopy(runs.resolve(case["protocol"], "nce+rce", "symmetric-0.4", seed, dataset.name))
            config["training"]["precision"] = precision
            if case["epochs"]:
                config["training"]["epochs"] = case["epochs"]
            taken.append(100 * loop.train(config, dataset, device)["final"]["last_accuracy"])
    return found


def equivalence(found):
    """Mean paired difference in points, its 90 % interval, p of the two one-sided tests, and whether they pass."""
    differences = [b - a for a, b in zip(found["float32"], found["bf16"], strict=True)]
    lower = ttest_1samp(differences, -MARGIN, alternative="greater")
    upper = ttest_1samp(differences, MARGIN, alternative="less")
    n, mean = len(differences), sum(differences) / len(differences)
    deviation = (sum((d - mean) ** 2 for d in differences) / (n - 1)) ** 0.5
    half = t.ppf(1 - LEVEL, n - 1) * deviation / n**0.5
    p = float(max(lower.pvalue, upper.pvalue))
    return {
        "mean": mean,
        "low": float(mean - half),
        "high": float(mean + half),
        "p": p,
        "n": n,
        "margin": MARGIN,
        "equivalent": p <= LEVEL,
    }


def main(data_root, out):
    """Train every case and write what came of it."""
    torch.set_num_threads(1)
    cases = {name: accuracies(case, data_root) for name, case in CASES.items()}
    facts = {
        "device": provenance.device_name("cpu"),
        "versions": provenance.versions(),
        "commit": provenance.commit()[0],
        "cases": {name: {"accuracies": found, "test": equivalence(found)} for name, found in cases.items()},
    }
    files.write_whole(Path(out), (json.dumps(facts, indent=1) + "\n").encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
