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


def numbers(chosen, found, measured):
    """A row for each study and device: what one run takes, and all of them on several such devices; not rounded.

    Args:
        chosen: studies. An epoch of each of their runs is taken to cost what one of their own protocol does.
        found, measured: see :func:`seconds_per_epoch`.

    Returns:
        A data frame with study, runs, device, timed by, a run (s), and the hours on each of :data:`DEVICES`; NaN where
        a kind of device is not measured.
    """
    rows = []
    for study in chosen:
        epochs = [config["training"]["epochs"] for config, _ in study.runs()]
        timed = seconds_per_epoch(study.protocol, found, measured)
        of_study = {"study": study.name, "runs": len(epochs)}
        for row in sorted(timed, key=lambda row: row["seconds"]):
            run = row["seconds"] * sum(epochs) / len(epochs)
            device = {"device": f"{UNITS[row['device_type']]}, {row['device']}", "timed by": row["source"]}
            hours = {f"hours on {n}": run * math.ceil(len(epochs) / n) / 3600 for n in DEVICES}
            rows.append(of_study | device | {"a run (s)": run} | hours)
        for kind, unit in UNITS.items():
            if kind not in {row["device_type"] for row in timed}:
                rows.append(of_study | {"device": unit, "timed by": "not measured"})
    return pd.DataFrame(rows)


def table(numbers):
    """:func:`numbers` as text."""
    forms = {"a run (s)": estimates.in_words} | dict.fromkeys((f"hours on {n}" for n in DEVICES), "{:,.1f}".format)
    text = {column: numbers[column].map(form, na_action="ignore").fillna("–") for column, form in forms.items()}
    return numbers.assign(**text).rename(columns={"a run (s)": "a run"})


def _counted(times):
    return f"{len(times)} records" if len(times) > 1 else "1 record"


def _trains_alike(protocol, network):
    """Whether the benchmark of a network takes the steps of a protocol: all images, the full width, its batches."""
    text = protocols.load(protocol)
    return (
        (text["model"]["name"], text["model"].get("width", 1.0)) == (network, 1.0)
        and (text["data"]["train_per_class"], text["data"]["validation"]) == (0, 0.0)
        and (text["training"]["batch_size"], text["training"]["precision"]) == (benchmark.BATCH, "bf16")
    )
