"""Records become data frames and tables: the only place that computes a number. Per cent, differences in points."""

import re
import tomllib
from collections import Counter
from importlib import metadata

import numpy as np
import pandas as pd

from nlr import data, losses, paths
from nlr.errors import NlrError, NoRecords
from nlr.evidence import wording
from nlr.noise import KINDS, format_setting, parse_setting
from nlr.study import checkpoints, estimates, leases, protocols, provenance, records, runs, studies

DATASETS = {
    "cifar10": "CIFAR-10, lossless",
    "cifar10-jpeg75": "CIFAR-10, JPEG q75",
    "cifar10-mended": "CIFAR-10, 97 of 60,000 images from a JPEG copy",
    "digits": "scikit-learn digits",
    "fashion-mnist": "Fashion-MNIST",
    "mnist": "MNIST",
}
AGREEMENT_POINTS = 1.0
AGREEMENT_DEVIATIONS = 3
FEW_COMMITS = 3  # more are too many to read in a strip of facts; the records name them all


def setting_name(setting):
    """A setting in words: ``symmetric noise, rate 0.4``."""
    kind, rate = parse_setting(setting)
    if kind == "clean":
        return "clean labels"
    of_people = {"human": "human labels", "matrix": "noise of the matrix of human labels"}
    return f"{of_people[kind]}, {rate}" if kind in of_people else f"{kind} noise, rate {rate:g}"


def short_name(setting):
    """A setting as the head of a column: ``symmetric 0.4``."""
    return setting.replace("-", " ", 1)


def short_names(settings):
    """``symmetric 0.2, 0.4``: settings with each kind named once."""
    out, before = [], ""
    for setting in settings:
        kind, _, rate = setting.partition("-")
        out.append(rate if kind == before and rate else f"{kind} {rate}".strip())
        before = kind
    return ", ".join(out)


def in_order(settings):
    """Settings each once: clean labels, symmetric noise, asymmetric noise, human labels, by rising rate."""

    def place(setting):
        kind, rate = parse_setting(setting)
        return KINDS.index(kind), str(rate)

    return sorted(dict.fromkeys(settings), key=place)


def setting_of(config):
    """The setting of a resolved run, as it is spelled."""
    return format_setting(config["noise"]["kind"], config["noise"]["rate"])


def passive_slope(config):
    """-dL/dp_y of the passive part of a run's loss, or None where it has none or it is not linear."""
    loss = config["loss"]
    return losses.make_loss(loss["name"], **loss["parameters"]).passive_slope


def frame(found):
    """One row a record, in the order given; accuracies and shares in per cent.

    Raises:
        NoRecords: there is no record.
    """
    if not found:
        raise NoRecords("There is no record to report on; train the setting first.")
    rows = []
    for record in found:
        config, final, series = record["config"], record["final"], record["series"]
        rows.append(
            {
                "dataset": config["dataset"],
                "protocol": config["protocol"],
                "loss": config["loss"]["spec"],
                "setting": setting_of(config),
                "kind": config["noise"]["kind"],
                "rate": config["noise"]["rate"],
                "seed": config["seed"],
                "last": 100 * final["last_accuracy"],
                "best": 100 * final["best_accuracy"],
                "best_epoch": final["best_epoch"],
                "memorised": _percent(series["memorised"][-1]),
                "recovered": _percent(series["recovered"][-1]),
                "slope": passive_slope(config),
                "diverged": final["diverged"],
                "purpose": record["facts"]["purpose"],
            }
        )
    return pd.DataFrame(rows)


def _percent(share):
    return np.nan if share is None else 100 * share


def cells(table):
    """Means over seeds: one row a (data set, protocol, setting, loss), in order of first mention.

    Columns n, and mean and sample standard deviation (NaN below two seeds) of last, best, memorised and recovered.
    """
    keys = ["dataset", "protocol", "setting", "loss"]
    groups = table.groupby(keys, sort=False)
    out = groups.agg(n=("seed", "size"), slope=("slope", "first"))
    for column in ("last", "best", "memorised", "recovered"):
        out[f"{column}_mean"], out[f"{column}_sd"] = groups[column].mean(), groups[column].std()
    return out.reset_index()


def accuracy_table(configs, found):
    """The table of a setting: a row a loss, missing ones too, with figures as text; an en dash is 'none'.

    Args:
        configs: the runs that were asked for.
        found: the records that exist.
    """
    have = cells(frame(found)).set_index("loss")
    wanted = Counter(config["loss"]["spec"] for config in configs)
    rows = []
    for loss, asked in wanted.items():
        row = {"loss": loss, "slope of the passive part": "–", "n": f"0/{asked}"}
        row |= dict.fromkeys(["last epoch", "best epoch (chosen on test)", "wrong labels memorised"], "missing")
        config = next(config for config in configs if config["loss"]["spec"] == loss)
        if (slope := passive_slope(config)) is not None:
            row["slope of the passive part"] = f"{slope:.3g}"
        if loss in have.index:
            cell = have.loc[loss]
            row["n"] = str(cell.n) if cell.n == asked else f"{cell.n}/{asked}"
            row["last epoch"] = spread(cell.last_mean, cell.last_sd)
            row["best epoch (chosen on test)"] = spread(cell.best_mean, cell.best_sd)
            row["wrong labels memorised"] = spread(cell.memorised_mean, cell.memorised_sd)
        rows.append(row)
    return pd.DataFrame(rows)


def spread(mean, deviation, digits=1):
    """``53.2 ± 0.4``, the sample standard deviation behind the sign; the mean alone where there is one run."""
    if pd.isna(mean):
        return "–"
    return f"{mean:.{digits}f}" if pd.isna(deviation) else f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def missing_losses(configs, found):
    """Losses that have fewer records than were asked for, with how many of them are missing."""
    wanted = Counter(config["loss"]["spec"] for config in configs)
    have = Counter(record["config"]["loss"]["spec"] for record in found)
    return [f"{loss} ({n - have[loss]} of {n})" for loss, n in wanted.items() if have[loss] < n]


def noise_counts(found):
    """Labels as they were really drawn: seed to clean x noisy counts. Losses of one seed share them.

    Raises:
        NlrError: two records of one seed disagree, so they were not paired.
    """
    drawn = {}
    for record in found:
        counts = np.array(record["noise"]["counts"])
        seed = record["config"]["seed"]
        if seed in drawn and not np.array_equal(drawn[seed], counts):
            raise NlrError(
                f"Two records of {runs.describe(record['config'])} have different noise; they are not paired."
            )
        drawn[seed] = counts
    return dict(sorted(drawn.items()))


def series(found, keys):
    """Long frame of per-epoch series: loss, seed, epoch (from 1) and the keys asked for."""
    parts = []
    for record in found:
        part = pd.DataFrame({key: pd.Series(record["series"][key], dtype=float) for key in keys})
        part.insert(0, "epoch", np.arange(1, len(part) + 1))
        part.insert(0, "seed", record["config"]["seed"])
        part.insert(0, "loss", record["config"]["loss"]["spec"])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def by_class(found):
    """Long frame of the last epoch's test accuracy by class: loss, seed, class, accuracy in per cent."""
    rows = [
        {"loss": r["config"]["loss"]["spec"], "seed": r["config"]["seed"], "class": k, "accuracy": 100 * a}
        for r in found
        for k, a in enumerate(r["final"]["accuracy_by_class"])
    ]
    return pd.DataFrame(rows)


def confusions(found):
    """Loss to mean confusion matrix over seeds, each row (true class) in per cent."""
    sums = {}
    for record in found:
        loss = record["config"]["loss"]["spec"]
        sums[loss] = sums.get(loss, 0) + np.array(record["final"]["confusion"])
    return {loss: 100 * total / total.sum(1, keepdims=True) for loss, total in sums.items()}


def class_names(dataset):
    """Names of a data set's classes, without loading it."""
    if dataset == "fashion-mnist":
        return data.FASHION_MNIST_CLASSES
    return data.CIFAR10_CLASSES if dataset.startswith("cifar10") else tuple(str(k) for k in range(10))


def facts(found):
    """With what the records were made: pairs (label, text). The demonstration names neither seconds nor dates."""

    def each(values):
        return ", ".join(dict.fromkeys(str(v) for v in values))

    first = found[0]["config"]
    made = sorted((record["facts"] for record in found), key=lambda facts: facts["finished"])
    seeds = sorted({record["config"]["seed"] for record in found})
    commits = [  # of a run in several sittings all are named
        name + ("" if f["clean_tree"] is not False else " (changed)") for f in made for name in f["commit"].split(", ")
    ]
    commits = list(dict.fromkeys(commits))
    if len(commits) > FEW_COMMITS:
        commits = [f"{commits[0]} to {commits[-1]} ({len(commits)})"]
    pairs = [
        ("data", DATASETS.get(first["dataset"], first["dataset"])),
        ("protocol", first["protocol"] + (" (scaled down)" if is_small(first["protocol"]) else "")),
        ("runs", f"{len(found)}, seed{'s' * (len(seeds) > 1)} {each(seeds)}"),
        ("epochs", each(r["config"]["training"]["epochs"] for r in found)),
        ("device", each(f"{f['device']}, {f['threads']} thread{'s' * (f['threads'] > 1)}" for f in made)),
        ("torch", each(f["versions"]["torch"] for f in made)),
        ("commit", each(commits)),
    ]
    if first["dataset"] != "digits":
        spent = estimates.in_words(sum(f["wall_seconds"] for f in made))
        pairs += [("training time", spent), ("finished", each(f["finished"][:10] for f in made))]
    if early := exploratory(found):
        share = "" if early == len(found) else f"{early} of {len(found)} runs "
        pairs.append(("status", f"{share}exploratory: made before any claim had its test"))
    return pairs


def is_small(protocol):
    """Whether a protocol, by its name, is the reference scaled down to a CPU."""
    return "small" in protocol.split("-")


def exploratory(found):
    """How many of the records were made before the tests of the claims were fixed."""
    return sum(record["facts"]["purpose"] == "exploratory" for record in found)


def agreement(yours, ours):
    """Your records against ours, cell by cell, over the seeds that each has.

    Two cells agree when their mean last accuracies differ by at most the larger of 1 point and 3 of our standard
    deviations over seeds.

    Args:
        yours, ours: lists of records.

    Returns:
        A frame with protocol, setting, loss, n_yours, n_ours, yours, ours, difference, our_sd, tolerance, agree (True,
        False, or None where ours is missing) and note, which names any difference in configuration, data, device or
        seeds.
    """
    rows, reference = [], _by_cell(ours)
    for cell, mine in _by_cell(yours).items():
        same_run = [found for other, found in reference.items() if other[1:] == cell[1:]]  # on whatever data
        theirs = reference.get(cell) or next(iter(same_run), [])
        row = dict(zip(("protocol", "setting", "loss"), cell[1:], strict=True))
        mean = frame(mine)["last"].mean()
        row |= {"n_yours": len(mine), "n_ours": len(theirs), "yours": mean, "ours": np.nan, "difference": np.nan}
        row |= {"our_sd": np.nan, "tolerance": np.nan, "agree": None, "note": "no record of ours"}
        if theirs:
            last = frame(theirs)["last"]
            row["ours"], row["our_sd"] = last.mean(), last.std()
            row["difference"] = row["yours"] - row["ours"]
            row["tolerance"] = max(AGREEMENT_POINTS, AGREEMENT_DEVIATIONS * np.nan_to_num(row["our_sd"]))
            row["agree"] = bool(abs(row["difference"]) <= row["tolerance"])
            row["note"] = "; ".join(_differences(mine, theirs)) or "same data and device"
        rows.append(row)
    return pd.DataFrame(rows)


def _by_cell(found):
    out = {}
    for record in found:
        config = record["config"]
        cell = config["dataset"], config["protocol"], setting_of(config), config["loss"]["spec"]
        out.setdefault(cell, []).append(record)
    return out


def _differences(yours, ours):
    def values(found, key):
        return sorted({str(key(record)) for record in found})

    same_data = {r["config"]["dataset"] for r in yours} == {r["config"]["dataset"] for r in ours}
    mine, theirs = (
        {k: v for k, v in found[0]["config"].items() if k not in ("dataset", "seed")} for found in (yours, ours)
    )
    if mine != theirs:
        yield f"configuration: {records.difference(mine, theirs, there='in yours', here='in ours')}"
    for label, key in (
        ("data", lambda r: r["config"]["dataset"]),
        ("images", lambda r: r["facts"]["fingerprint"][:8]),
        ("device", lambda r: r["facts"]["device"]),
        ("threads", lambda r: r["facts"]["threads"]),
        ("torch", lambda r: r["facts"]["versions"]["torch"]),
        ("seeds", lambda r: r["config"]["seed"]),
    ):
        a, b = values(yours, key), values(ours, key)
        if a != b and (label != "images" or same_data):
            yield f"{label}: yours {', '.join(a)}, ours {', '.join(b)}"


def agreement_table(compared):
    """The frame of :func:`agreement` as text for a page or a terminal."""
    words = {True: "agrees", False: "differs", None: "no record of ours"}
    return pd.DataFrame(
        {
            "setting": compared["setting"],
            "loss": compared["loss"],
            "yours": [f"{r.yours:.1f} (n = {r.n_yours})" for r in compared.itertuples()],
            "ours": [f"{r.ours:.1f} (n = {r.n_ours})" if r.n_ours else "–" for r in compared.itertuples()],
            "difference": [f"{d:+z.1f}" if not pd.isna(d) else "–" for d in compared["difference"]],
            "our sd": [f"{d:.1f}" if not pd.isna(d) else "–" for d in compared["our_sd"]],
            "within": [f"{t:.1f}" if not pd.isna(t) else "–" for t in compared["tolerance"]],
            "verdict": [words[a] for a in compared["agree"]],
        }
    )


def compare_stores(yours):
    """Every readable record of a store of one's own against the stores of the studies.

    Args:
        yours: a folder of records.

    Returns:
        ``(agreement frame, list of damaged files)``.

    Raises:
        NlrError: the folder has no record, or none that can be read.
    """
    mine, damaged = read_store(yours)
    if damaged and not mine:
        raise NlrError(f"No record in {str(yours)!r} can be read: {' '.join(damaged)}")
    if not mine:
        raise NlrError(
            f"No record in {str(yours)!r}; expected <dataset>/<protocol>/<loss>/<setting>/seed-<n>.json there."
        )
    theirs = [record for store in studies.STORES.values() for record in read_store(store)[0]]
    return agreement(mine, theirs), damaged


def read_store(store):
    """All records of a store, and the messages of those that are damaged or in the wrong place."""
    good, damaged = [], []
    for path in records.walk(store):
        try:
            good.append(records.read(path, store))
        except NlrError as error:
            damaged.append(str(error))
    return good, damaged


def study_records(study):
    """The records that a study has of its own protocol and data set, in its order of priority.

    Raises:
        NoRecords: it has none.
    """
    found = [record for config, _ in study.own_runs() if (record := records.find(study.store, config))]
    if not found:
        raise NoRecords(f"Study {study.name} has no record in {study.store}; run: python -m nlr study {study.name}")
    return found


def rates(study, kind):
    """The noise rates that a study plans of one kind of noise, rising; 0 where it plans clean labels."""
    planned = [parse_setting(setting) for setting in study.settings]
    return sorted({rate or 0.0 for name, rate in planned if name in ("clean", kind)})


def settings_table(study, found, column):
    """A row a loss, a column a setting of a study: mean and spread of a column of :func:`frame`, as text.

    Losses and settings without any run are left out; :func:`without_runs` names them.
    """
    have = cells(frame(found)).set_index(["loss", "setting"])
    losses, settings = (set(have.index.unique(level)) for level in ("loss", "setting"))
    rows = []
    for loss in filter(losses.__contains__, study.losses()):
        row = {"loss": loss}
        for setting in filter(settings.__contains__, in_order(study.settings)):
            if (loss, setting) in have.index:
                cell = have.loc[(loss, setting)]
                row[short_name(setting)] = spread(cell[f"{column}_mean"], cell[f"{column}_sd"])
            else:
                row[short_name(setting)] = "missing"
        rows.append(row)
    return pd.DataFrame(rows)


def without_runs(study, found):
    """Which losses and settings of a study :func:`settings_table` leaves out, as a sentence; empty where none."""
    configs = [record["config"] for record in found]
    there = {config["loss"]["spec"] for config in configs} | set(map(setting_of, configs))
    losses = [loss for loss in study.losses() if loss not in there]
    settings = [short_name(setting) for setting in in_order(study.settings) if setting not in there]
    parts = [f"{word} {wording.listed(names)}" for word, names in (("of", losses), ("at", settings)) if names]
    return f"Runs are still missing altogether {' and '.join(parts)}." if parts else ""


def landing_table(found):
    """A row a loss; for each setting the accuracy after the last epoch and the share of wrong labels memorised."""
    have = cells(frame(found))
    rows = {}
    for cell in have.itertuples():
        row = rows.setdefault(cell.loss, {"loss": cell.loss})
        row[f"{short_name(cell.setting)}: accuracy"] = spread(cell.last_mean, cell.last_sd)
        row[f"{short_name(cell.setting)}: memorised"] = spread(cell.memorised_mean, cell.memorised_sd)
    return pd.DataFrame(rows.values()).fillna("missing")


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


def loss_table(cards, printed):
    """The catalogue: the definitions, or the variants that a report prints, or that code computes."""
    chosen = [card for card in cards if ("-" in card.name) == printed]
    rows = [
        {
            "loss": f"`{card.name}`",
            "formula": f"${card.formula}$",
            "kind": card.kind,
            "range": f"${_limit(card.lower)}$ to ${_limit(card.upper)}$",
            "sum over labels": "not constant" if card.constant_sum is None else f"{card.constant_sum:.4g}",
        }
        for card in chosen
    ]
    return pd.DataFrame(rows)


def loss_sources(cards, printed):
    """Where each formula of :func:`loss_table` comes from, as a list."""
    chosen = [card for card in cards if ("-" in card.name) == printed]
    return "\n".join(f"- `{card.name}`: {card.source}" for card in chosen)


def _limit(value):
    return {np.inf: r"\infty", -np.inf: r"-\infty"}.get(value, f"{value:.4g}")


def slope_table(names):
    """Slope of the passive part of each loss: a row as defined, and one for all protocols that agree."""
    groups = {}
    for protocol in protocols.names():
        loaded = protocols.load(protocol)
        slopes = tuple(f"{runs.canonical_loss(loaded, name)[1].passive_slope:.4g}" for name in names)
        groups.setdefault(slopes, []).append(protocol)
    rows = [("as defined", *(f"{losses.make_loss(name).passive_slope:.4g}" for name in names))]
    rows += [(", ".join(f"`{name}`" for name in _families(group)), *slopes) for slopes, group in groups.items()]
    return pd.DataFrame(rows, columns=["protocols", *(f"`{name}`" for name in names)])


def _families(group):
    """Names of protocols in short: ``joshi*`` where the group has all that begin so."""
    known, out = protocols.names(), {}
    for name in group:
        words = name.split("-")
        starts = ["-".join(words[:n]) for n in range(1, len(words) + 1)]
        families = {start: {other for other in known if f"{other}-".startswith(f"{start}-")} for start in starts}
        whole = [start for start, family in families.items() if len(family) > 1 and family <= set(group)]
        out[f"{whole[0]}*" if whole else name] = True
    return list(out)


def build_facts():
    """Versions of what this build of the book was made with."""
    found = provenance.versions()
    for package in ("jupyter-book", "sphinx", "papermill", "matplotlib", "seaborn", "snakemake"):
        found[package] = metadata.version(package)
    return [("commit", provenance.commit()[0]), *found.items()]


def pages_table():
    """The executed pages: title, notebook and parameters."""
    rows = []
    for name, page in tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text()).items():
        parameters = ", ".join(f"{k} = {v}" for k, v in page.get("parameters", {}).items()) or "none"
        title = f"{{doc}}`{page['title']} </executed/{name}>`"
        rows.append({"page": title, "notebook": f"`notebooks/{page['notebook']}.py`", "parameters": parameters})
    return pd.DataFrame(rows)


def slug(text):
    """Lower-case letters, digits and hyphens: what names a figure or a page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
