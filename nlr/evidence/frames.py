"""Records become data frames and tables: per cent, differences in points."""

from collections import Counter

import numpy as np
import pandas as pd

from nlr import data, losses
from nlr.errors import NlrError, NoRecords
from nlr.evidence import wording
from nlr.noise import KINDS, format_setting, parse_setting
from nlr.study import estimates, records, runs

DATASETS = {
    "cifar10": "CIFAR-10, lossless",
    "cifar10-jpeg75": "CIFAR-10, JPEG q75",
    "cifar10-mended": "CIFAR-10, 97 of 60,000 images from a JPEG copy",
    "digits": "scikit-learn digits",
    "fashion-mnist": "Fashion-MNIST",
    "mnist": "MNIST",
}
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
                "never_answered": never_answered(record),
                "diverged": final["diverged"],
                "purpose": record["facts"]["purpose"],
            }
        )
    return pd.DataFrame(rows)


def _percent(share):
    return np.nan if share is None else 100 * share


def cells(table):
    """Means over seeds: one row a (data set, protocol, setting, loss), in order of first mention.

    Columns n, mean and sample standard deviation (NaN below two seeds) of last, best, memorised and recovered, and
    never_answered, the most classes that a run gives to no test image after the last epoch.
    """
    keys = ["dataset", "protocol", "setting", "loss"]
    groups = table.groupby(keys, sort=False)
    out = groups.agg(n=("seed", "size"), slope=("slope", "first"))
    for column in ("last", "best", "memorised", "recovered"):
        out[f"{column}_mean"], out[f"{column}_sd"] = groups[column].mean(), groups[column].std()
    out["never_answered"] = groups["never_answered"].max()
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
        row |= dict.fromkeys(["last epoch", "classes never answered"], "missing")
        row |= dict.fromkeys(["best epoch (chosen on test)", "wrong labels memorised"], "missing")
        config = next(config for config in configs if config["loss"]["spec"] == loss)
        if (slope := passive_slope(config)) is not None:
            row["slope of the passive part"] = f"{slope:.3g}"
        if loss in have.index:
            cell = have.loc[loss]
            row["n"] = str(cell.n) if cell.n == asked else f"{cell.n}/{asked}"
            row["last epoch"] = spread(cell.last_mean, cell.last_sd)
            row["classes never answered"] = str(cell.never_answered)
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


def never_answered(record):
    """How many classes a run gives to no image of the test set after the last epoch."""
    return int((np.sum(record["final"]["confusion"], axis=0) == 0).sum())


def unanswered(number):
    """How many classes are never answered, in square brackets behind an accuracy; nothing where none."""
    return f" [{number:.0f}]" if number else ""


def in_brackets(text, what="classes"):
    """What :func:`unanswered` has put into a text, as a sentence behind it; nothing where there is none of it."""
    return f" In square brackets: {what} that a run never answers, the most." * ("[" in text)


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
        raise NoRecords(
            f"Study {study.name} has no record of {study.protocol} on {study.dataset} in {study.store}; run: "
            f"python -m nlr study {study.name}"
        )
    return found


def rates(study, kind):
    """The noise rates that a study plans of one kind of noise, rising; 0 where it plans clean labels."""
    planned = [parse_setting(setting) for setting in study.settings]
    return sorted({rate or 0.0 for name, rate in planned if name in ("clean", kind)})


def settings_table(study, found, column):
    """A row a loss, a column a setting of a study: mean and spread of a column of :func:`frame`, as text.

    Accuracy after the last epoch has behind it, in square brackets, how many classes are never answered, if any.
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
                if column == "last":
                    row[short_name(setting)] += unanswered(cell["never_answered"])
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
