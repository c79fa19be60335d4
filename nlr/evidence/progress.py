"""What is done and what is left: the runs of every study, what they still take, and what is damaged."""

import pandas as pd

from nlr import data
from nlr.errors import NlrError
from nlr.evidence.frames import DATASETS, read_store, setting_of, short_name
from nlr.study import checkpoints, estimates, leases, protocols, records, studies


def status():
    """Which runs exist, and all that is damaged in the stores of the studies.

    A study's run counts as there only if its record can be read and was made with the present configuration.

    Returns:
        ``(frame, messages)``: study, protocol, dataset, setting, loss and, in numbers of seeds, wanted, have, running
        (a worker holds the lease) and set_aside (there is a checkpoint, and nobody is at it); a message for each record
        or checkpoint that is truncated, edited, foreign, in another run's place or of another configuration.
    """
    rows, found, damaged = [], {}, []
    for store in studies.STORES.values():
        good, bad = read_store(store)
        found |= {records.path_of(store, record["config"]): record for record in good}
        damaged += bad + checkpoints.damaged(store)
    for name in studies.names():
        study = studies.load(name)
        for config, _ in study.runs():
            path = records.path_of(study.store, config)
            have = path in found
            try:
                if have:
                    records.check_same_run(path, found[path], config)
            except NlrError as error:
                have = False
                damaged.append(str(error))
            lease = path.with_suffix(leases.SUFFIX)
            running = not have and lease.exists() and not leases.is_stale(lease)
            set_aside = not have and not running and checkpoints.path_of(study.store, config).exists()
            row = {"study": name, "protocol": config["protocol"], "dataset": config["dataset"]}
            row |= {"setting": setting_of(config), "loss": config["loss"]["spec"]}
            rows.append(row | {"have": have, "running": running, "set_aside": set_aside})
    groups = pd.DataFrame(rows).groupby(["study", "protocol", "dataset", "setting", "loss"], sort=False)
    counts = {key: (key, "sum") for key in ("have", "running", "set_aside")}
    return groups.agg(wanted=("have", "size"), **counts).reset_index(), list(dict.fromkeys(damaged))


def study_times(table, device_type):
    """How long the rest of each study takes on a kind of device, one run after the other.

    Args:
        table: the frame of :func:`status`.
        device_type: ``cpu`` or ``cuda``.

    Returns:
        A list of dicts with study, wanted, have, running, set_aside, seconds_left (None where nothing of its protocol
        was timed on such a device) and based_on (a sentence).
    """
    rows, paces = [], estimates.Paces(device_type, *studies.STORES.values())
    for name, part in table.groupby("study", sort=False):
        counts = {key: int(part[key].sum()) for key in ("wanted", "have", "running", "set_aside")}
        missing = (part["wanted"] - part["have"]).groupby(part["protocol"], sort=False).sum()
        missing = missing[missing > 0] if missing.any() else missing[:1]
        epochs = {p: int(number) * protocols.load(p)["training"]["epochs"] for p, number in missing.items()}
        seconds, source = paces.left(epochs)
        if not any(epochs.values()):
            seconds = 0
        rows.append({"study": name, **counts, "seconds_left": seconds and round(seconds), "based_on": source})
    return rows


def data_damage(root):
    """What is wrong with the data under a data root, as messages: files that cannot be read, images or labels that are
    others than those of the records, and families that have records but no copy there.

    Args:
        root: the data root.
    """
    stores, messages = studies.STORES.values(), []
    recorded = {path.name for store in stores for path in store.glob("*") if records.walk(path)}
    for family in data.FAMILIES:
        try:
            for dataset in data.copies(family, root):
                for store in stores:
                    records.check_data(dataset, store)
        except data.NoData as error:
            if any(name.startswith(family) for name in recorded):
                messages.append(str(error))
        except NlrError as error:
            messages.append(str(error))
    return list(dict.fromkeys(messages))


def study_table(table):
    """A row a study: how many of its runs have a record, and the command that makes the rest; unfinished ones first."""
    rows = []
    for name, part in table.groupby("study", sort=False):
        have, wanted = part["have"].sum(), part["wanted"].sum()
        rows.append(
            {
                "study": name,
                "protocol": ", ".join(dict.fromkeys(part["protocol"])),
                "data": "; ".join(DATASETS.get(one, one) for one in dict.fromkeys(part["dataset"])),
                "runs": f"{have} of {wanted}",
                "missing runs are made by": f"`python -m nlr study {name}`" if have < wanted else "none missing",
            }
        )
    return pd.DataFrame(sorted(rows, key=lambda row: row["missing runs are made by"] == "none missing"))


def status_table(table, study):
    """A row a loss, a column a setting of one study: ``1/3`` where one of three seeds has a record.

    A loss of another protocol than the study's stands with its name, ``ce @ ma2020-small``.
    """
    part, own = table[table["study"] == study], studies.load(study)
    place = [
        "" if (row.protocol, row.dataset) == (own.protocol, own.dataset) else f" @ {row.protocol}"
        for row in part.itertuples()
    ]
    part = part.assign(loss=part["loss"] + place)
    part = part.assign(seeds=[f"{have}/{wanted}" for have, wanted in zip(part["have"], part["wanted"], strict=True)])
    grid = part.pivot_table(index="loss", columns="setting", values="seeds", aggfunc="first", sort=False)
    return grid.fillna("–").rename(columns=short_name).reset_index().rename_axis(columns=None)
