"""Two losses rate by rate, by our runs and by what others print."""

import math

import pytest
from factory import grid, record

from nlr.evidence import contrasts, reproductions

SMALL, RATES = "ma2020-small", ("symmetric-0.2", "symmetric-0.4")


def found(records, figure="last", settings=RATES):
    return contrasts.differences(contrasts.runs(records, SMALL), SMALL, figure, ("nce", "ce"), settings)


def test_last_and_best_stand_beside_each_other():
    runs = [
        record(loss, "symmetric-0.4", seed, last=last + seed / 1000, best=best + seed / 1000)
        for loss, last, best in (("ce", 0.4, 0.6), ("nce", 0.5, 0.55), ("mae", 0.3, 0.4))
        for seed in range(3)
    ]
    made = found([*runs, record("nce", "symmetric-0.2")])
    assert list(made) == ["symmetric-0.4"]  # the other loss has no run at the other rate
    one = made["symmetric-0.4"]
    assert (one.effect, one.best, one.n) == (pytest.approx(10), pytest.approx(-5), 3)
    assert one.sign == 1
    assert one.turns
    assert {run[0] for run in one.used} == {"ce", "nce"}
    assert math.isnan(found(runs, "memorised")["symmetric-0.4"].best)


def test_few_seeds_and_exploratory_runs_decide_nothing():
    cells = {(loss, "symmetric-0.4"): 0.4 + 0.2 * (loss == "nce") for loss in ("ce", "nce", "mae", "gce")}
    two = found(grid(cells, seeds=2))["symmetric-0.4"]
    assert (two.sign, two.few, two.counted) == (0, True, False)
    early = found(grid(cells, purpose="exploratory"))["symmetric-0.4"]
    assert (early.sign, early.exploratory) == (0, True)
    assert found(grid(cells))["symmetric-0.4"].sign == 1


def test_without_runs_there_is_nothing():
    assert found([]) == {}


def test_what_others_print_is_unpaired():
    args = ("HX-HX1-CIFAR10", "cifar10", "ma2020")
    made = contrasts.printed(*args, ("nce+mae", "ce"), RATES)
    figures = reproductions.figures(*args)
    one, other = (figures[loss, "symmetric-0.4"] for loss in ("nce+mae", "ce"))
    cell = made["symmetric-0.4"]
    assert cell.effect == pytest.approx(one.mean - other.mean)
    half = (cell.high - cell.low) / 2
    se = math.sqrt(one.sd**2 / one.n + other.sd**2 / other.n)
    assert 2.776 * se <= half <= 4.303 * se  # Welch's degrees of freedom of two times three runs: 2 to 4
    assert math.isnan(cell.best)
    assert contrasts.printed(*args, ("nce", "ce"), ("asymmetric-0.4",)) == {}  # printed without its rate
