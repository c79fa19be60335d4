"""How long whole studies take, by kind and number of devices: from the seconds of their records or of the benchmark."""

import math
from statistics import median

import pandas as pd

from nlr.study import benchmark, estimates, protocols

DEVICES = (1, 8, 64)
WORKER = {"cpu": "engine, bf16, one thread", "cuda": "engine, bf16"}  # the contender that trains one run on its own
UNITS = {"cpu": "a core", "cuda": "a GPU"}


def seconds_per_epoch(protocol, found, measured):
    """What an epoch of a protocol takes on each device that it was timed on.

    Args:
        protocol: its name.
        found: records, of any protocols.
        measured: what :func:`nlr.study.benchmark.measure` returned, on any devices. It counts where the protocol trains
            what it measured, and no record of the protocol is of such a device.

    Returns:
        A list of dicts with device_type, device, seconds (a median) and source (in words).
    """
    by_device = {}
    for record in found:
        if record["config"]["protocol"] == protocol:
            facts, epochs = record["facts"], record["config"]["training"]["epochs"]
            by_device.setdefault((facts["device_type"], facts["device"]), []).append(facts["wall_seconds"] / epochs)
    timed = [
        {"device_type": kind, "device": device, "seconds": median(times), "source": _counted(times)}
        for (kind, device), times in by_device.items()
    ]
    for bench in measured:
        kind, network = bench["machine"]["device_type"], bench["protocol"]["network"]
        if kind not in {row["device_type"] for row in timed} and _trains_alike(protocol, network):
            training = benchmark.EPOCH[network] / median(bench["contenders"][WORKER[kind]]["images_per_second"])
            testing = benchmark.TEST / bench["engine"]["evaluated_images_per_second"]
            device = bench["machine"]["device"]
            timed.append({"device_type": kind, "device": device, "seconds": training + testing, "source": "benchmark"})
    return timed


def table(chosen, found, measured):
    """A row for each study and device: what one run takes, and all of them on several such devices.

    Args:
        chosen: studies. An epoch of each of their runs is taken to cost what one of their own protocol does.
        found, measured: see :func:`seconds_per_epoch`.
    """
    rows = []
    for study in chosen:
        epochs = [config["training"]["epochs"] for config, _ in study.runs()]
        timed = seconds_per_epoch(study.protocol, found, measured)
        missing = [kind for kind in UNITS if kind not in {row["device_type"] for row in timed}]
        for row in sorted(timed, key=lambda row: row["seconds"]):
            run = row["seconds"] * sum(epochs) / len(epochs)
            hours = [f"{run * math.ceil(len(epochs) / n) / 3600:,.1f}" for n in DEVICES]
            device = f"{UNITS[row['device_type']]}, {row['device']}"
            rows.append(_row(study, len(epochs), device, row["source"], estimates.in_words(run), hours))
        for kind in missing:
            rows.append(_row(study, len(epochs), UNITS[kind], "not measured", "–", ["–"] * len(DEVICES)))
    return pd.DataFrame(rows)


def _counted(times):
    return f"{len(times)} records" if len(times) > 1 else "1 record"


def _row(study, runs, device, source, run, hours):
    several = {f"hours on {n}": text for n, text in zip(DEVICES, hours, strict=True)}
    return {"study": study.name, "runs": runs, "device": device, "timed by": source, "a run": run} | several


def _trains_alike(protocol, network):
    """Whether the benchmark of a network takes the steps of a protocol: all images, the full width, its batches."""
    text = protocols.load(protocol)
    return (
        (text["model"]["name"], text["model"].get("width", 1.0)) == (network, 1.0)
        and (text["data"]["train_per_class"], text["data"]["validation"]) == (0, 0.0)
        and (text["training"]["batch_size"], text["training"]["precision"]) == (benchmark.BATCH, "bf16")
    )
