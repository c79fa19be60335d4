"""What has been memorised where as much has been learnt."""

import math

import numpy as np
import pandas as pd
import pytest
from factory import record

from nlr.evidence import matched


def course(clean_part, memorised):
    return pd.DataFrame({"clean_part": clean_part, "memorised": memorised, "test": clean_part})


@pytest.mark.parametrize(
    ("level", "memorised"),
    [(50, 20.0), (55, 30.0), (60, 40.0), (10, 0.0), (95, math.nan)],
)
def test_a_course_is_read_where_it_first_reaches_a_level(level, memorised):
    rising = course([10, 50, 60, 55, 80], [0, 20, 40, 60, 90])
    assert matched.at(rising, "clean_part", level) == pytest.approx(memorised, nan_ok=True)


def made(loss, memorised, seed=0, setting="symmetric-0.4"):
    one = record(loss, setting, seed)
    one["series"] |= {"accuracy_clean_part": [0.3, 0.5, 0.9], "memorised": memorised, "test_accuracy": [0.3, 0.4, 0.5]}
    return one


def test_differences_are_over_the_seeds_that_both_have():
    runs = [made("ce", [0.1, 0.2, 0.8]), made("nce", [0.0, 0.1, 0.2]), made("nce", [0, 0, 0], seed=1)]
    table = matched.courses([*runs, record("ce", "clean")])
    assert set(table["setting"]) == {"symmetric-0.4"}  # without wrong labels there is nothing to memorise
    assert table.groupby(["loss", "seed"]).size().tolist() == [4, 4, 4]  # the untrained network and three epochs
    found = matched.against(matched.levels(table, "clean_part")).set_index("level")
    assert found.loc[50, ["difference", "n"]].tolist() == [pytest.approx(-10), 1]
    assert found.loc[90, "difference"] == pytest.approx(-60)
    assert found.loc[75, "difference"] == pytest.approx(np.interp(75, [50, 90], [-10, -60]))
    assert 50 in matched.against(matched.levels(table, "test"))["level"].tolist()


def test_a_level_that_one_of_two_does_not_reach_is_left_out():
    slow = made("nce", [0.0, 0.1, 0.2])
    slow["series"]["accuracy_clean_part"] = [0.2, 0.3, 0.4]
    found = matched.against(matched.levels(matched.courses([made("ce", [0.1, 0.2, 0.8]), slow]), "clean_part"))
    assert found["level"].tolist() == [25]
