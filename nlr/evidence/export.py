"""The records for other tools: all runs as one table with the meaning of each column, and cells with three digits."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from nlr.evidence import frames
from nlr.noise import OF_PEOPLE

HUMAN_LABELS = "Figures of human labels derive from CIFAR-10N, CC BY-NC 4.0: attribution, no commercial use."

#: What each column of :func:`table` holds, in its order; shares and accuracies are between 0 and 1.
COLUMNS = {
    "dataset": "the copy of the data: cifar10-jpeg75, mnist, digits, ...",
    "protocol": "how it was trained; the texts are in nlr/study/protocols",
    "loss": "the loss with those parameters that differ from the protocol's",
    "setting": "kind of noise and rate: clean, symmetric-0.4, asymmetric-0.4, ...",
    "noise_rate": "the rate that was asked for; missing for clean labels and labels by people",
    "realised_rate": "the share of the training labels that are wrong",
    "seed": "of noise, initial weights and order of the data",
    "last_accuracy": "on clean test images, after the last epoch",
    "never_answered": "how many classes are given to no test image after the last epoch",
    "best_accuracy": "on clean test images, in the best epoch, which is chosen on them",
    "best_epoch": "that epoch, counted from 1",
    "memorised": "share of the wrong labels that are predicted as given, last epoch",
    "recovered": "share of the wrong labels for which the true class is predicted, last epoch",
    "right_labels_fitted": "training accuracy on the samples whose label is right, last epoch",
    "modal_share": "share of the test images that are given the commonest prediction; missing in old records",
    "accuracy_by_class": "list: test accuracy of each class after the last epoch",
    "test_accuracy": "list: by epoch",
    "memorised_by_epoch": "list",
    "right_labels_fitted_by_epoch": "list",
    "diverged": "whether the weights are no longer finite",
    "purpose": "study, control, demonstration, own run, or exploratory (older than the tests of the claims)",
    "commit": "of the code that trained it",
    "device": "that it was trained on",
    "torch": "version",
    "seconds": "of training, pauses included",
    "finished": "when",
    "config_hash": "of the whole configuration, which the record itself holds",
}


def table(records):
    """The records as a data frame with the columns of :data:`COLUMNS`, a row a run."""
    rows = []
    for record in records:
        config, final, series, facts = (record[key] for key in ("config", "final", "series", "facts"))
        rows.append(
            {
                "dataset": config["dataset"],
                "protocol": config["protocol"],
                "loss": config["loss"]["spec"],
                "setting": frames.setting_of(config),
                "noise_rate": config["noise"]["rate"] if config["noise"]["kind"] not in OF_PEOPLE else None,
                "realised_rate": record["noise"]["rate"],
                "seed": config["seed"],
                "last_accuracy": final["last_accuracy"],
                "never_answered": frames.never_answered(record),
                "best_accuracy": final["best_accuracy"],
                "best_epoch": final["best_epoch"],
                "memorised": series["memorised"][-1],
                "recovered": series["recovered"][-1],
                "right_labels_fitted": series["accuracy_clean_part"][-1],
                "modal_share": final.get("modal_class_share"),
                "accuracy_by_class": final["accuracy_by_class"],
                "test_accuracy": series["test_accuracy"],
                "memorised_by_epoch": series["memorised"],
                "right_labels_fitted_by_epoch": series["accuracy_clean_part"],
                "diverged": final["diverged"],
                "purpose": facts["purpose"],
                "commit": facts["commit"],
                "device": facts["device"],
                "torch": facts["versions"]["torch"],
                "seconds": facts["wall_seconds"],
                "finished": facts["finished"],
                "config_hash": record["config_hash"],
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write(records, path):
    """Write :func:`table` as a Parquet file.

    The meaning of each column is in the file, as its field's metadata; the licence of human labels, where a run has
    them, is in that of the schema.
    """
    content = pa.Table.from_pandas(table(records), preserve_index=False)
    fields = [field.with_metadata({"meaning": COLUMNS[field.name]}) for field in content.schema]
    path.parent.mkdir(parents=True, exist_ok=True)
    human = any(record["config"]["noise"]["kind"] in OF_PEOPLE for record in records)
    schema = pa.schema(fields, {"licence": HUMAN_LABELS} if human else None)
    pq.write_table(content.cast(schema), path, compression="zstd")


#: The courses of :func:`cells`, each with the series of a record that it is made of.
COURSES = {"test": "test_accuracy", "memorised": "memorised", "fitted": "accuracy_clean_part"}


def cells(records):
    """Records of one data set and protocol, a dict a loss and setting, ready for JSON.

    Returns:
        A list of dicts: ``loss``, ``setting``, ``n`` (runs) and ``early`` (how many of them are exploratory); ``last``
        and ``best``, each the mean and the sample standard deviation of the test accuracy; ``never`` (classes that are
        never answered after the last epoch, the most in a run); ``classes``, and by epoch
        ``test``, ``memorised`` and ``fitted`` (right labels), each a list of the means over the seeds and, where there
        are several, lists of the least and the greatest value. In per cent with one decimal, which of a share are three
        digits; None where there is no number.
    """
    table, out = frames.frame(records), []
    for cell in frames.cells(table).itertuples():
        found = [records[k] for k in table.index[(table["loss"] == cell.loss) & (table["setting"] == cell.setting)]]
        series = frames.series(found, list(COURSES.values())).groupby("epoch")
        courses = {
            name: _spread(100 * series[key].agg(["mean", "min", "max"]), cell.n) for name, key in COURSES.items()
        }
        classes = frames.by_class(found).groupby("class")["accuracy"].agg(["mean", "min", "max"])
        out.append(
            {
                "loss": cell.loss,
                "setting": cell.setting,
                "n": int(cell.n),
                "early": frames.exploratory(found),
                "last": three_digits([cell.last_mean, cell.last_sd]),
                "never": int(cell.never_answered),
                "best": three_digits([cell.best_mean, cell.best_sd]),
                "classes": _spread(classes, cell.n),
                **courses,
            }
        )
    return out


def three_digits(values):
    """Numbers in per cent with one decimal, None for those that are missing."""
    return [None if pd.isna(value) else round(float(value), 1) for value in values]


def _spread(table, n):
    """Mean, least and greatest value as lists; of one run the mean alone."""
    return [three_digits(table[column]) for column in (["mean", "min", "max"] if n > 1 else ["mean"])]
