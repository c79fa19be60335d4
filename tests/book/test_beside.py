"""Our runs beside the authors' figures, in words and tables."""

import math

import pandas as pd
from factory import record

from nlr.book import beside


def compared(*rows):
    columns = [
        "setting",
        "loss",
        "n",
        "ours",
        "sd",
        "theirs",
        "theirs_sd",
        "difference",
        "low",
        "high",
        "margin",
        "verdict",
    ]
    return pd.DataFrame(rows, columns=columns)


TABLE = compared(
    ("symmetric-0.4", "ce", 3, 94.0, 0.3, 94.21, 0.5, -0.21, -0.9, 0.5, 0.2, "undecided"),
    ("symmetric-0.4", "mae", 3, 99.0, 0.1, 99.06, 0.1, -0.06, -0.2, 0.1, 0.2, "equivalent"),
    ("symmetric-0.8", "mae", 1, 60.06, math.nan, 21.27, 0.04, 38.79, math.nan, math.nan, 3.0, "few seeds"),
)


def test_in_short_counts_the_verdicts_and_names_the_farthest_of_each_setting():
    text = beside.in_short(TABLE)
    assert text.startswith("3 cells, each a loss in one setting, stand on both sides. Of those with seeds enough 1 are")
    assert "1 has fewer seeds than are counted" in text
    assert text.endswith("symmetric 0.8 mae, 21.27 and 60.06.")
    assert "All of them have fewer seeds" in beside.in_short(TABLE.tail(1))


def test_every_accuracy_has_the_digits_that_are_never_answered_beside_it():
    confusion = [[10 if column < 8 else 0 for column in range(10)] for _ in range(10)]
    found = [record("mae", "symmetric-0.8", confusion=confusion), record("mae", "symmetric-0.8", 1)]
    shown = beside.table(TABLE.tail(1), found).iloc[0]
    assert shown["never answered"] == 2  # the most over the seeds
    assert (shown["theirs"], shown["ours"], shown["difference"]) == ("21.27 ± 0.04", "60.06", "+38.79")


def test_runs_that_end_with_one_answer_are_told_apart():
    one, other = record("nce", "clean"), record("ce", "clean")
    one["final"]["modal_class_share"], other["final"]["modal_class_share"] = 0.995, 0.11
    assert beside.standing([one, other], 99) == [False, True]
