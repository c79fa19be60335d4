"""Wrong labels memorised where as many right labels are fitted, or where test accuracy is the same: selective or slow?

A loss that has memorised fewer wrong labels at the end may only have learnt less of everything. So its course is read
where it has come as far as another: at the first epoch, interpolated, at which a share of the right labels is fitted.
"""

import numpy as np
import pandas as pd

from nlr.evidence import frames

#: Shares of the right labels fitted, and test accuracies, at which courses are compared, in per cent.
LEVELS = {"clean_part": (25, 50, 75, 90), "test": (20, 30, 40, 50, 60)}
_SERIES = {"clean_part": "accuracy_clean_part", "memorised": "memorised", "test": "test_accuracy"}


def courses(found):
    """A row a run and epoch: loss, setting, seed, exploratory, epoch, clean_part, memorised and test, in per cent.

    Epoch 0 is the untrained network, which is taken to be right as often as the share of its class: a tenth of ten.
    Runs without wrong labels are left out.
    """
    parts = [pd.DataFrame(columns=["loss", "setting", "seed", "exploratory", "epoch", *_SERIES])]
    for record in found:
        config, series = record["config"], record["series"]
        if config["noise"]["kind"] == "clean":
            continue
        chance = 1 / len(record["noise"]["counts"])
        part = pd.DataFrame({name: 100 * np.array([chance, *series[key]], float) for name, key in _SERIES.items()})
        part.insert(0, "epoch", range(len(part)))
        part.insert(0, "exploratory", record["facts"]["purpose"] == "exploratory")
        part.insert(0, "seed", config["seed"])
        part.insert(0, "setting", frames.setting_of(config))
        part.insert(0, "loss", config["loss"]["spec"])
        parts.append(part)
    return pd.concat(parts[1:] or parts, ignore_index=True)


def at(course, measure, level):
    """Wrong labels memorised where a measure first reaches a level, interpolated; NaN where it never does.

    Args:
        course: the rows of one run, by epoch.
        measure: ``clean_part`` or ``test``.
        level: in per cent.
    """
    reached, memorised = course[measure].to_numpy(), course["memorised"].to_numpy()
    there = np.flatnonzero(reached >= level)
    if not len(there):
        return np.nan
    k = there[0]
    if k == 0:
        return float(memorised[0])
    return float(np.interp(level, reached[k - 1 : k + 1], memorised[k - 1 : k + 1]))


def levels(course_table, measure):
    """Wrong labels memorised at each level: a row a loss, setting, seed and level, NaN where it is not reached."""
    rows = []
    for (loss, setting, seed), course in course_table.groupby(["loss", "setting", "seed"], sort=False):
        for level in LEVELS[measure]:
            rows.append(
                {
                    "loss": loss,
                    "setting": setting,
                    "seed": seed,
                    "level": level,
                    "memorised": at(course, measure, level),
                }
            )
    return pd.DataFrame(rows, columns=["loss", "setting", "seed", "level", "memorised"])


def against(table, other="ce"):
    """How many points fewer or more each loss has memorised than another at the same level, over the seeds of both.

    Args:
        table: of :func:`levels`.

    Returns:
        A frame with loss, setting, level, difference (mean), least and most (over the seeds) and n; a level that one of
        the two does not reach is left out.
    """
    base = table[table["loss"] == other].drop(columns="loss")
    both = table[table["loss"] != other].merge(base, on=["setting", "seed", "level"], suffixes=("", "_other")).dropna()
    both["difference"] = both["memorised"] - both["memorised_other"]
    groups = both.groupby(["loss", "setting", "level"], sort=False)["difference"]
    out = groups.agg(difference="mean", least="min", most="max", n="size")
    return out.reset_index()


def highest(table):
    """Of a frame of :func:`against` the highest level that each loss and setting has."""
    last = table.groupby(["loss", "setting"], sort=False)["level"].transform("max")
    return table[table["level"] == last]
