"""The committed predictions: what the module computes, what the claims judge, and the runs beside them."""

import math

import pandas as pd
import pytest

from nlr.evidence import claims
from nlr.study import runs
from nlr.theory import collapse, predicted

KEYS = ["protocol", "loss", "setting"]
CELLS = predicted.cells()
TABLE = predicted.table().set_index(KEYS)


def test_every_cell_of_lines_a_and_b_is_predicted_once():
    assert list(CELLS) == list(TABLE.index)
    assert set(TABLE["constant_lower"]) | set(TABLE["constant_stable"]) == {"yes", "no"}


def test_the_file_has_the_pulls_and_times_that_the_module_computes():
    for cell, config in CELLS.items():
        row, decay = TABLE.loc[cell], config["training"]["weight_decay"]
        assert row["weight_decay"] == decay
        assert row["decay_efoldings"] == pytest.approx(decay * predicted.flow_time(config["training"]), abs=1e-3)
        hidden_norm = config["model"].get("hidden_batch_norm", True)
        assert row["constant_stable"] == ("yes" if row["pull"] < decay or not hidden_norm else "no")
        assert row["constant_lower"] == ("yes" if row["constant_risk"] <= row["best_risk"] else "no")
        assert (row["best_answers"] == 1) == (row["constant_lower"] == "yes")


#: All that say yes, and a choice of those that say no.
RECOMPUTED = [
    (protocol, loss, setting)
    for protocol, loss, setting in CELLS
    if "yes" in set(TABLE.loc[protocol, loss, setting])
    or (setting in ("symmetric-0.8", "asymmetric-0.4") and loss in ("nce", "mae", "nce,scale=10"))
]


@pytest.mark.parametrize("cell", RECOMPUTED, ids=" ".join)
def test_the_file_is_what_the_module_computes(cell):
    row, found = TABLE.loc[cell], predicted.row(CELLS[cell])
    for key, value in found.items():
        if key in ("constant_risk", "best_risk", "pull"):
            assert value == pytest.approx(row[key], rel=1e-4, abs=2e-6), key
        elif key not in KEYS:
            assert value == row[key], key


def test_pairs_of_scale_and_decay_are_predicted_alike():
    """Ten times NCE under ten times the decay: the same answers, ten times the risks and pulls."""
    pairs = [("ma2020-mnist", "ma2020-mnist-decay-1e-2"), ("ma2020-mnist-decay-1e-4", "ma2020-mnist")]
    for small, large in pairs:
        for setting in ("symmetric-0.4", "symmetric-0.8"):
            one, ten = TABLE.loc[(small, "nce", setting)], TABLE.loc[(large, "nce,scale=10", setting)]
            for key in ("constant_lower", "constant_stable", "best_answers"):
                assert one[key] == ten[key]
            for key in ("constant_risk", "best_risk", "pull"):
                assert 10 * one[key] == pytest.approx(ten[key], abs=1e-5)


@pytest.mark.parametrize(("claim", "column"), [("C73", "constant_lower"), ("C74", "constant_stable")])
def test_the_claims_judge_the_predictions_of_the_file(claim, column):
    said = {}
    for test in claims.load()[claim].tests:
        for answer in ("yes", "no"):
            for loss, setting in test[answer]:
                name, _, protocol = loss.partition(" @ ")
                said[(protocol or "ma2020-mnist", name, setting)] = answer
    assert said == TABLE[column].to_dict()


def test_without_hidden_norm_the_answer_does_not_hang_on_what_pooling_makes_of_it(monkeypatch):
    monkeypatch.setattr(collapse, "POSITIONS", 4 * collapse.POSITIONS)  # the most that 2 x 2 pools can give
    found = predicted.predict(CELLS["ma2020-mnist-no-hidden-norm", "nce", "symmetric-0.8"])
    assert (found.lower, found.stable) == (False, True)


def test_flow_time_is_the_sum_of_the_rates():
    training = {"batch_size": 100, "epochs": 3, "learning_rate": 0.2, "schedule": "constant", "momentum": 0.5}
    assert predicted.flow_time(training, images=250) == pytest.approx(3 * 3 * 0.2 / 0.5)


def record(cell, seed, share, columns):
    """As much of a record as is looked at; ``columns`` are how often each class is answered."""
    confusion = [columns] + [[0] * 10] * 9
    final = {"modal_class_share": share, "confusion": confusion, "last_accuracy": share / 2}
    protocol, loss, setting = cell
    return {"config": runs.resolve(protocol, loss, setting, seed, "mnist"), "final": final}


def test_runs_stand_beside_their_predictions_and_missing_ones_stay_missing():
    cell, other, absent = list(CELLS)[:3]
    found = [
        record(cell, 0, 1.0, [0, 10] + [0] * 8),
        record(cell, 1, 0.995, [1, 199] + [0] * 8),
        record(cell, 2, 0.3, [1] * 10),
        record(other, 0, 0.99, [1, 99] + [0] * 8),
        record(("ma2020-mnist", "fl", "symmetric-0.8"), 0, 1.0, [0, 10] + [0] * 8),
    ]
    table = predicted.beside(found).set_index(KEYS)
    assert list(table.index) == list(CELLS)
    assert (table.loc[cell, "runs"], table.loc[cell, "one_answer"], table.loc[cell, "never_answered"]) == (3, "yes", 9)
    assert table.loc[cell, "modal_share"] == pytest.approx(76.5)
    assert table.loc[cell, "accuracy"] == pytest.approx(38.25)
    assert (table.loc[other, "one_answer"], table.loc[other, "never_answered"]) == ("no", 8)  # 99 is not above 99
    assert (table.loc[absent, "runs"], table.loc[absent, "one_answer"]) == (0, "")
    assert math.isnan(table.loc[absent, "modal_share"])
    assert math.isnan(table.loc[absent, "never_answered"])


def test_writing_gives_the_columns_of_the_file(tmp_path, monkeypatch):
    cell = "ma2020-mnist-decay-1e-2", "nce", "symmetric-0.8"
    monkeypatch.setattr(predicted, "PREDICTIONS", tmp_path / "collapse.csv")
    monkeypatch.setattr(predicted, "cells", lambda: {cell: CELLS[cell]})
    predicted.write()
    pd.testing.assert_frame_equal(predicted.table().set_index(KEYS), TABLE.loc[[cell]], rtol=1e-4)
