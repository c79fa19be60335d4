"""Our runs beside the authors' figures, in words and tables."""

import math
from types import SimpleNamespace

import pandas as pd
from factory import record

from nlr.book import beside, marks
from nlr.evidence import reproductions
from nlr.evidence.claims import kinds


def compared(*rows):
    columns = [
        "setting",
        "loss",
        "n",
        "ours",
        "sd",
        "never_answered",
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
    ("symmetric-0.4", "ce", 3, 94.0, 0.3, 0, 94.21, 0.5, -0.21, -0.9, 0.5, 0.2, "undecided"),
    ("symmetric-0.4", "mae", 3, 99.0, 0.1, 0, 99.06, 0.1, -0.06, -0.2, 0.1, 0.2, "equivalent"),
    ("symmetric-0.8", "mae", 1, 60.06, math.nan, 2, 21.27, 0.04, 38.79, math.nan, math.nan, 3.0, "few seeds"),
)


def test_in_short_counts_the_verdicts_and_names_the_farthest_of_each_setting():
    text = beside.in_short(TABLE)
    assert text.startswith("3 cells, each a loss in one setting, stand on both sides. Of those with seeds enough 1 is")
    assert (
        "1 is equivalent, none differs and 1 is undecided. 1 has fewer seeds than are counted, and shows only" in text
    )
    assert text.endswith(
        "symmetric 0.8 mae, 21.27 and 60.06 [2]. In square brackets: digits that a run never answers, the most."
    )
    assert beside.in_short(TABLE.head(2)).endswith("symmetric 0.4 ce, 94.21 and 94.00.")
    assert "mae 21.3 and 60.1 [2]." in beside.alt(TABLE)
    assert beside.in_short(TABLE.tail(1)).startswith(
        "1 cell, a loss in one setting, stands on both sides. It has fewer seeds than are counted, and shows only what"
    )
    twice = pd.concat([TABLE, TABLE.assign(loss="ce")], ignore_index=True)
    assert "2 are equivalent, none differs and 2 are undecided. 2 have fewer seeds than are counted, and show only" in (
        beside.in_short(twice)
    )
    assert "All of them have fewer seeds than are counted, and show" in beside.in_short(
        twice.assign(verdict="few seeds")
    )


def test_the_list_of_what_is_not_reproduced_counts_the_cells_that_differ():
    def said(*words):
        rows = [kinds.Row("a cell", (), verdict=word) for word in words]
        part = SimpleNamespace(rows=rows)
        found = SimpleNamespace(scope=marks.MNIST_FULL, found=SimpleNamespace(evidence=[part]))
        return beside.in_list({beside.CLAIM: [found]}).removeprefix(
            "- **The authors' MNIST tables.** Trained as their first scripts say, "
        )

    assert said("few seeds", "missing").startswith(
        "none of 2 cells has seeds enough yet to be counted ([C69](#evidence-c69), "
    )
    assert said("open", "missing").startswith(
        "none of 1 cell counted is shown to differ from them by more than the margin, 1 undecided ([C69]"
    )
    assert said("supports", "contradicts").startswith("1 of 2 cells counted is shown to differ from them")
    assert said("supports", "contradicts", "contradicts").startswith(
        "2 of 3 cells counted are shown to differ from them by more than the margin ([C69]"
    )


def test_every_accuracy_has_the_digits_that_are_never_answered_beside_it():
    found = [record("mae", "symmetric-0.8")]
    shown = beside.table(TABLE.tail(1), found).iloc[0]
    assert shown["never answered"] == 2
    assert (shown["theirs"], shown["ours"], shown["difference"]) == ("21.27 ± 0.04", "60.06", "+38.79")


def test_runs_that_end_with_one_answer_are_told_apart():
    one, other = record("nce", "clean"), record("ce", "clean")
    one["final"]["modal_class_share"], other["final"]["modal_class_share"] = 0.995, 0.11
    assert beside.standing([one, other], 99) == [False, True]


def test_their_later_tables_are_told_with_how_far_the_released_configuration_lies_from_them():
    figures = reproductions.figures(beside.LATER, "mnist", marks.MNIST_RELEASE)

    def run(loss, off, seed=0):
        last = (figures[loss, "symmetric-0.6"].mean + off) / 100
        return record(loss, "symmetric-0.6", seed, protocol=marks.MNIST_RELEASE, dataset="mnist", last=last)

    text = "Their later tables of the sums we meet to {} points on average, over {}, with the whole configuration of "
    assert beside.later([run("nce+mae", 1.0), run("nce+rce", -2.0)]) == (
        f"{text.format('1.5', '2 combinations')}their released code (too few seeds to decide)."
    )
    thrice = [run("nce+mae", 1.0, seed) for seed in range(3)]
    assert beside.later(thrice) == f"{text.format('1.0', '1 combination')}their released code."
    assert beside.later([]) == beside.later([record("ce", "clean")]) == ""


def test_ways_to_train_a_sum_are_told_with_how_far_they_lie_from_each_table():
    columns = ["loss", "setting", "beta", "weight_decay", "nesterov", "n", "ours", "never_answered", "first", "second"]
    rows = [
        ("nce+mae", "symmetric-0.6", 1.0, 0.001, False, 3, 93.756, 1.0, 98.66, math.nan),
        ("nce+mae", "symmetric-0.6", 10.0, 0.01, True, 0, math.nan, math.nan, 98.66, 96.76),
    ]
    one, other = beside.ways_table(pd.DataFrame(rows, columns=columns)).to_dict("records")
    assert (one["ours"], one["never answered"], one["seeds"], one["momentum"]) == ("93.76", "1", 3, "plain")
    assert (one["first"], one["second"], one["decay"]) == ("98.66", "–", "0.001")
    assert (other["ours"], other["never answered"], other["momentum"]) == ("missing", "–", "Nesterov")

    tables = ["the first", "the second"]
    columns = ["beta", "weight_decay", "nesterov", "cells", "least", "most", *tables]
    near = pd.DataFrame(
        [(1.0, 0.001, False, 4, 3, 3, 8.07, 13.0), (10.0, 0.01, True, 4, 1, 1, 2.0, 1.5)], columns=columns
    )
    text = beside.of_ways(near, tables)
    assert text.startswith(
        "Over the 4 cells our accuracies lie on average 8.1 points from the first and 13.0 points from the"
    )
    assert (
        "2.0 points from the first and 1.5 points from the second with weight 10, weight decay 0.01 and Nesterov's"
        in text
    )
    assert "(1 to 3 seeds a cell)" in text
    assert text.endswith("Nesterov's momentum; they have too few seeds to decide.")
    assert "Nearest to the second lie the runs with weight 10, " in text
    assert beside.of_ways(near.assign(least=3), tables).endswith("Nesterov's momentum.")
    assert beside.of_ways(near.head(1), tables).endswith("The other ways are not run in every cell yet.")
    assert beside.of_ways(near.head(0), tables) == "No way is run in every cell yet."
