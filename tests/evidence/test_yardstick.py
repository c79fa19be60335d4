"""Our cells beside a source's: on records and figures made by hand, so that every answer is known beforehand."""

import math

import numpy as np
import pandas as pd
import pytest
from factory import put, record
from scipy import stats

from nlr.errors import NlrError, NoRecords
from nlr.evidence import frames, yardstick
from nlr.evidence.reproductions import SourceFigure
from nlr.evidence.statistics import Pooling
from nlr.study import runs

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}
SEEDS = (-0.004, 0.001, 0.003)  # of accuracy, about a cell's mean


def table(tmp_path, ends, seeds=SEEDS):
    """Runs of ``{(loss, setting): accuracy in per cent}``, a run a seed; the best epoch is 10 points above the last.

    The seeds move on by one from cell to cell, so that three losses share nothing of a seed.
    """
    made = [
        put(tmp_path, loss, setting, seed, last=end / 100 + part, best=end / 100 + part + 0.1, **SMALL)
        for place, ((loss, setting), end) in enumerate(ends.items())
        for seed, part in enumerate(np.roll(seeds, place).tolist())
    ]
    return frames.frame(made)


def figures(means, sd=0.4, n=3):
    return {cell: SourceFigure(mean, sd, n, "theirs") for cell, mean in means.items()}


ENDS = {
    ("ce", "symmetric-0.4"): 40.0,
    ("nce", "symmetric-0.4"): 50.0,
    ("mae", "symmetric-0.4"): 60.0,
    ("ce", "clean"): 80.0,
}
MARGINS = {"clean": 1.0, "symmetric-0.4": 3.0}


def test_a_cell_is_equivalent_differs_or_is_undecided(tmp_path):
    theirs = figures(
        {
            ("ce", "symmetric-0.4"): 40.2,
            ("nce", "symmetric-0.4"): 70.0,
            ("mae", "symmetric-0.4"): 57.1,
            ("gce", "clean"): 9,
        }
    )
    found = yardstick.compare(table(tmp_path, ENDS), theirs, MARGINS)
    assert list(zip(found["loss"], found["verdict"], strict=True)) == [
        ("ce", "equivalent"),
        ("nce", "differs"),
        ("mae", "undecided"),
    ]
    assert found["difference"].tolist() == pytest.approx([-0.2, -20, 2.9])
    assert found["ours"].tolist() == pytest.approx([40, 50, 60])
    assert found["sd"].tolist() == pytest.approx([100 * np.std(SEEDS, ddof=1)] * 3)
    assert set(found["n"]) == set(found["theirs_n"]) == {3}
    assert set(found["theirs_sd"]) == {0.4}
    own, other = (100 * np.std(SEEDS, ddof=1)) ** 2 / 3, 0.4**2 / 3
    df = int((own + other) ** 2 / (own**2 / 8 + other**2 / 2))  # ours is pooled over four cells of three seeds
    half = stats.t.ppf(0.975, df) * math.sqrt(own + other)
    assert (found["high"] - found["difference"]).tolist() == pytest.approx([half] * 3)
    assert (found["difference"] - found["low"]).tolist() == pytest.approx([half] * 3)


def test_settings_come_in_their_order_with_their_own_margins(tmp_path):
    theirs = figures({("ce", "clean"): 81.2, ("ce", "symmetric-0.4"): 41.2})
    found = yardstick.compare(table(tmp_path, ENDS), theirs, MARGINS).set_index("setting")
    assert found.index.tolist() == ["clean", "symmetric-0.4"]
    assert found["margin"].to_dict() == MARGINS
    assert found["verdict"].to_dict() == {"clean": "undecided", "symmetric-0.4": "equivalent"}
    with pytest.raises(NlrError, match=r"setting without a margin 'clean'.*Known: symmetric-0\.4"):
        yardstick.compare(table(tmp_path / "other", ENDS), theirs, {"symmetric-0.4": 3})


def test_the_best_epoch_is_compared_where_it_is_asked_for(tmp_path):
    theirs, runs = figures({("ce", "symmetric-0.4"): 50.0}), table(tmp_path, ENDS)
    assert yardstick.compare(runs, theirs, MARGINS)["verdict"].tolist() == ["differs"]
    assert yardstick.compare(runs, theirs, MARGINS, figure="best")["verdict"].tolist() == ["equivalent"]


def test_p_values_are_those_of_one_family(tmp_path):
    runs = table(tmp_path, ENDS)
    alone = yardstick.compare(runs, figures({("ce", "symmetric-0.4"): 41.7}), MARGINS)
    assert alone["verdict"].tolist() == ["equivalent"]
    cells = [cell for cell in ENDS if cell[1] == "symmetric-0.4"]
    family = yardstick.compare(runs, figures({cell: ENDS[cell] + 1.7 for cell in cells}), MARGINS)
    assert family["p"].tolist() == pytest.approx([3 * alone["p"].item()] * 3)


def test_few_seeds_are_shown_and_not_counted(tmp_path):
    ends = {("ce", "clean"): 80.0, ("nce", "clean"): 70.0, ("mae", "clean"): 60.0}
    runs = table(tmp_path, ends)
    runs = runs[(runs["loss"] != "ce") | (runs["seed"] < 2)]
    found = yardstick.compare(runs, figures({("ce", "clean"): 50.0, ("nce", "clean"): 50.0}), MARGINS).set_index("loss")
    assert found["verdict"].to_dict() == {"ce": "few seeds", "nce": "differs"}
    assert math.isnan(found.loc["ce", "p"])
    assert found.loc["ce", "low"] < 30 < found.loc["ce", "high"]  # its interval is that of the common spread


def test_classes_never_answered_are_the_most_in_a_run_of_ours(tmp_path):
    gone = [[100] + [0] * 9] * 10
    runs = frames.frame([put(tmp_path, "ce", "clean", last=0.1, confusion=gone), put(tmp_path, "ce", "clean", 1)])
    assert yardstick.compare(runs, figures({("ce", "clean"): 50.0}), MARGINS)["never_answered"].tolist() == [9]


def test_without_any_spread_nothing_is_tested(tmp_path):
    runs = table(tmp_path, {("ce", "clean"): 80.0}, seeds=(0.0,))
    row = yardstick.compare(runs, figures({("ce", "clean"): 50.0}), MARGINS, few_seeds=1).iloc[0]
    assert row["verdict"] == "unreplicated"
    assert all(map(math.isnan, (row["sd"], row["low"], row["high"], row["p"])))


def test_theirs_without_a_variance_takes_ours(tmp_path):
    runs = table(tmp_path, ENDS)
    row = yardstick.compare(runs, figures({("ce", "clean"): 80.0}, sd=None), MARGINS).iloc[0]
    sd = 100 * np.std(SEEDS, ddof=1)
    assert math.isnan(row["theirs_sd"])
    assert row["high"] == pytest.approx(stats.t.ppf(0.975, 8) * sd * math.sqrt(2 / 3))


def test_a_setting_can_have_its_own_spread_without_what_collapsed(tmp_path):
    ends = {(loss, "clean"): end for loss, end in (("ce", 80.0), ("nce", 70.0), ("mae", 60.0))}
    wild = {(loss, "symmetric-0.8"): end for (loss, _), end in ends.items()}
    noisy = table(tmp_path / "noisy", wild, seeds=[10 * part for part in SEEDS])
    both = pd.concat([table(tmp_path, ends), noisy], ignore_index=True)
    both["pooled"] = True

    def half(**how):
        row = yardstick.compare(both, figures({("ce", "clean"): 80.0}, sd=None), MARGINS, **how).iloc[0]
        return row["high"] - row["difference"]

    sd, by_setting = 100 * np.std(SEEDS, ddof=1), Pooling(by_setting=True)
    assert half(pooling=by_setting) == pytest.approx(stats.t.ppf(0.975, 6) * sd * math.sqrt(2 / 3))
    assert half() == pytest.approx(stats.t.ppf(0.975, 12) * sd * math.sqrt(101 / 2) * math.sqrt(2 / 3))
    collapsed = (both["loss"] == "mae") & (both["setting"] == "clean")
    both.loc[collapsed, "last"] = [10.0, 10.0, 40.0]
    wide = half(pooling=by_setting)
    both["pooled"] = ~collapsed
    assert half(pooling=by_setting) < wide / 4


def test_cells_without_runs_belong_to_the_family(tmp_path):
    theirs = figures({("ce", "symmetric-0.4"): 40.4, ("mae", "symmetric-0.4"): 58.8})

    def found(**how):
        return yardstick.compare(table(tmp_path, ENDS), theirs, MARGINS, **how).set_index("loss")

    alone, beside = found()["p"], found(family=[(loss, "symmetric-0.4") for loss in ("ce", "gce", "sce")])["p"]
    assert beside["ce"] == pytest.approx(2 * alone["ce"])  # of four cells, where there were two
    assert beside["mae"] == pytest.approx(3 * alone["mae"])  # the second in order


def test_nothing_in_common_is_no_record(tmp_path):
    with pytest.raises(NoRecords, match="no cell that both"):
        yardstick.compare(table(tmp_path, ENDS), figures({("gce", "clean"): 80.0}), MARGINS)


def test_agreement_is_distance_and_order_in_each_setting(tmp_path):
    ends = {(loss, "clean"): end for loss, end in zip(("ce", "nce", "mae", "gce"), (80, 70, 60, 50), strict=True)}
    theirs = figures({("ce", "clean"): 90, ("nce", "clean"): 91, ("mae", "clean"): 60, ("gce", "clean"): 52})
    theirs |= figures({("ce", "symmetric-0.4"): 44.0})
    found = yardstick.compare(table(tmp_path, ends | {("ce", "symmetric-0.4"): 40.0}), theirs, MARGINS)
    clean, noisy = yardstick.agreement(found).to_dict("records")
    assert (clean["setting"], clean["losses"]) == ("clean", 4)
    assert clean["kendall"] == pytest.approx(4 / 6)  # one pair of six is turned round
    assert clean["spearman"] == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert clean["distance"] == pytest.approx((10 + 21 + 0 + 2) / 4)
    assert (noisy["losses"], noisy["distance"]) == (1, pytest.approx(4))
    assert math.isnan(noisy["kendall"])
    assert yardstick.distance(found) == pytest.approx((10 + 21 + 0 + 2 + 4) / 5)


def test_losses_that_are_all_equal_have_no_order(tmp_path):
    ends = {(loss, "clean"): 80.0 for loss in ("ce", "nce", "mae")}
    theirs = figures({("ce", "clean"): 90, ("nce", "clean"): 91, ("mae", "clean"): 60})
    (row,) = yardstick.agreement(yardstick.compare(table(tmp_path, ends), theirs, MARGINS)).to_dict("records")
    assert math.isnan(row["kendall"])
    assert math.isnan(row["spearman"])


def test_orders_are_those_of_the_last_epoch_and_of_the_best_one_setting_by_setting(tmp_path):
    ends = {("ce", 40): 90, ("nce", 50): 80, ("mae", 60): 70}  # last and best: the order turns round
    made = [put(tmp_path, loss, last=last / 100, best=best / 100, **SMALL) for (loss, last), best in ends.items()]
    made += [put(tmp_path, loss, "clean", last=0.8, best=0.9, **SMALL) for loss in ("ce", "nce")]
    theirs = {(loss, "symmetric-0.4"): last for loss, last in ends} | {("ce", "clean"): 90, ("nce", "clean"): 80}
    theirs |= {("rce", "symmetric-0.4"): 99}  # which ours lack
    clean, noisy = yardstick.orders(frames.frame(made), theirs).itertuples()
    assert (noisy.setting, noisy.losses) == ("symmetric-0.4", 3)
    assert (noisy.last, noisy.best) == pytest.approx((1, -1))
    assert (clean.setting, clean.losses) == ("clean", 2)
    assert math.isnan(clean.last)  # two losses have no order worth a correlation


def test_protocols_are_laid_beside_a_source_over_the_cells_that_all_have(tmp_path):
    near = table(tmp_path / "near", ENDS)
    far = table(tmp_path / "far", {("ce", "symmetric-0.4"): 44.0, ("nce", "symmetric-0.4"): 42.0}, seeds=(0.0,))
    theirs = figures({("ce", "symmetric-0.4"): 41.0, ("nce", "symmetric-0.4"): 49.0, ("mae", "symmetric-0.4"): 60.0})
    cells, distances = yardstick.side_by_side({"near": near, "far": far}, theirs)
    assert cells["loss"].tolist() == ["ce", "nce"]  # of mae far has no run
    assert cells["n"].tolist() == [1, 1]
    assert cells["far"].tolist() == pytest.approx([44, 42])
    assert distances == pytest.approx({"near": 1.0, "far": 5.0})
    nothing, none = yardstick.side_by_side({"near": near, "far": far.head(0)}, theirs)
    assert (len(nothing), none) == (0, {})


TABLES = {"first": {("nce+mae", "symmetric-0.6"): 98.0}, "second": {("nce+mae", "symmetric-0.6"): 95.0}}


def ways(made):
    """Three ways to train one sum, and runs of ``{(protocol, loss): accuracies by seed}``."""
    usual, released = "ma2020-mnist", "ma2020-mnist-release"
    asked = [(usual, "nce+mae"), (usual, "nce+mae,beta=10"), (released, "nce+mae"), (usual, "nce"), (usual, "nce+rce")]
    planned = [runs.resolve(protocol, loss, "symmetric-0.6", 0, "mnist") for protocol, loss in asked]
    planned.append(runs.resolve(usual, "nce+mae", "symmetric-0.6", 1, "mnist"))
    place = {"setting": "symmetric-0.6", "dataset": "mnist"}
    found = [
        record(loss, seed=seed, protocol=protocol, last=end / 100, **place)
        for (protocol, loss), ends in made.items()
        for seed, end in enumerate(ends)
    ]
    return yardstick.ways(planned, found, TABLES)


def test_a_sum_that_is_planned_with_several_weights_stands_in_each_way_it_is_trained():
    found = ways({("ma2020-mnist", "nce+mae"): (90.0, 94.0, 0.0), ("ma2020-mnist-val", "nce+mae,beta=10"): (50.0,)})
    assert found[["loss", "setting"]].drop_duplicates().to_numpy().tolist() == [["nce+mae", "symmetric-0.6"]]
    way = list(zip(found["beta"], found["weight_decay"], found["nesterov"], strict=True))
    assert way == [(1.0, 0.001, False), (10.0, 0.001, False), (10.0, 0.01, True)]
    assert found["n"].tolist() == [2, 0, 0]  # a third seed is not planned, and another protocol is another training
    assert found.loc[0, "ours"] == pytest.approx(92)
    assert found["ours"].isna().tolist() == found["never_answered"].isna().tolist() == [False, True, True]
    assert (found["first"].tolist(), found["second"].tolist()) == ([98.0] * 3, [95.0] * 3)


def test_ways_are_measured_where_they_have_a_run_in_every_cell():
    found = ways({("ma2020-mnist", "nce+mae"): (90.0, 94.0), ("ma2020-mnist-release", "nce+mae"): (95.5,)})
    near = yardstick.distances_of_ways(found, TABLES)
    assert near[["beta", "cells", "least", "most"]].to_numpy().tolist() == [[1, 1, 2, 2], [10, 1, 1, 1]]
    assert near["first"].tolist() == pytest.approx([6, 2.5])
    assert near["second"].tolist() == pytest.approx([3, 0.5])
    other = found.assign(loss="nce+rce", n=[1, 0, 0])
    wider = yardstick.distances_of_ways(pd.concat([found, other]), TABLES)
    assert wider["beta"].tolist() == [1.0]
    assert yardstick.distances_of_ways(found.assign(n=0), TABLES).empty
