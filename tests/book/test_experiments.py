"""What the pages of errors shown by experiment share: runs are found by cell, differences are over shared seeds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from factory import grid, record

from nlr.book import experiments, plots
from nlr.book.display import Prose, Table
from nlr.evidence import claims
from nlr.study import protocols, runs

KRISHNAN = "krishnan-as-written-digits"


@pytest.fixture(autouse=True)
def light():
    with plots.theme("light"):
        yield
    plt.close("all")


def records():
    made = [record("ce", "symmetric-0.4", seed, last=0.5 + 0.01 * seed) for seed in (2, 0, 1)]
    made += [record("nce", "symmetric-0.4", seed, last=0.6) for seed in (1, 2, 3)]
    return [*made, record("ce", "symmetric-0.6"), record("ce", "symmetric-0.4", protocol="ma2020")]


def test_runs_are_found_by_cell_and_ordered_by_seed():
    cell = experiments.SMALL, "ce", "symmetric-0.4"
    assert [r["config"]["seed"] for r in experiments.runs_of(records(), *cell)] == [0, 1, 2]
    assert experiments.accuracies(records(), *cell) == pytest.approx([50, 51, 52])
    assert len(experiments.accuracies(records(), experiments.SMALL, "mae", "symmetric-0.4")) == 0


def test_differences_are_over_shared_seeds():
    found = experiments.differences(records(), experiments.SMALL, "nce", "ce", "symmetric-0.4")
    assert found == pytest.approx([9, 8])  # seeds 1 and 2
    assert len(experiments.differences(records(), experiments.SMALL, "nce", "ce", "symmetric-0.6")) == 0


@pytest.mark.parametrize(("values", "text"), [([], "missing"), ([50], "50.0"), ([50, 52], "51.0 ± 1.4")])
def test_a_spread_says_what_there_is(values, text):
    assert experiments.spread(np.array(values)) == text


def test_a_distance_is_over_the_runs_that_stayed_finite():
    final = [{"distance_from_start": value} for value in (1.0, None, 2.0)]
    assert experiments.distance(final) == 1.5
    assert experiments.in_words(experiments.distance(final)) == "1.50"
    assert experiments.in_words(experiments.distance(final[1:2])) == "not finite"


def test_a_test_is_told_with_its_outcome_and_its_rows():
    means = {("nce", "symmetric-0.4"): 0.8, ("soni-nce", "symmetric-0.4"): 0.2}
    made = grid(means)
    for one in made:
        one["config"] |= {"protocol": "soni-as-written-digits"}
    head, *tables = experiments.tested(made, "E1", "soni-as-written-digits")
    assert isinstance(head, Prose)
    assert "**E1, soni-as-written-digits.**" in str(head)
    assert "less accurate" in str(head)
    assert "symmetric 0.4" in str(head)
    assert tables == []  # one row only
    head, *tables = experiments.tested([], "E10", KRISHNAN)
    assert "runs are missing" in str(head)
    assert not [table for table in tables if isinstance(table, Table)]


def test_the_numbers_of_a_test_are_those_shown():
    cells = dict.fromkeys((loss, setting) for _, loss, setting in claims.needed(experiments.statement("E10"), KRISHNAN))
    made = grid({cell: 0.3 + 0.01 * k for k, cell in enumerate(cells)})
    for one in made:
        one["config"] |= {"protocol": KRISHNAN}
    (table,) = [part for part in experiments.tested(made, "E10", KRISHNAN) if isinstance(part, Table)]
    effects = table.numbers.iloc[:, 1]
    assert [f"{effect:+z.2f}".replace("-", "\N{MINUS SIGN}") for effect in effects] == table.frame["effect"].tolist()


def test_of_several_protocols_statement_and_remark_stand_with_the_first():
    first, second = experiments.tested([], "C53", "chheda-as-written-digits", "chheda-as-written-small")
    one = experiments.statement("C53")
    assert f"**C53, chheda-as-written-digits.** {one.statement} *" in str(first)
    assert "**C53, chheda-as-written-small.** *" in str(second)
    assert [str(head).count("may draw the true label") for head in (first, second)] == [1, 0]


def test_a_remark_stands_with_a_test_and_four_cells_are_two_differences():
    """C56 prints half of the effect that it names, and C40 calls lambda alpha."""
    half = "Each comparison is half of what a loss gains without clipping, less half of what NCE+MAE gains."
    (head,) = experiments.tested([], "C56", "chheda-as-written-digits")
    assert str(head).endswith(half)
    assert "His lambda is alpha here." in str(experiments.tested([], "C40", "krishnan-lambda-digits")[0])
    assert experiments.readable("mean of rce, b @ clip − mean of rce @ clip, b,A=-4, symmetric-0.8") == (
        "½ (rce − rce @ clip) − ½ (b,A=-4 − b @ clip), symmetric 0.8"
    )
    assert experiments.readable("nce − ce, asymmetric-0.33") == "nce − ce, asymmetric 0.33"


def test_the_small_protocol_is_described_by_its_own_numbers():
    small = protocols.load(experiments.SMALL)
    assert f"{runs.steps(small, 10 * small['data']['train_per_class']):,} updates" in experiments.small_protocol()
    assert experiments.worth(records(), ["symmetric-0.4"], ["ce"]).startswith("3 seeds each")
    assert experiments.worth(records(), ["asymmetric-0.4"]) == "no run yet"
    table = experiments.small_table(
        ["ce"], {"a": 1, "b": 0}, lambda loss, key: np.array([40.0] * key), name="x", caption="y"
    )
    assert table.frame.loc[0].tolist() == ["`ce`", "40.0", "missing"]


def test_the_numbers_of_a_table_over_seeds_are_those_shown_and_not_rounded():
    values = {("ce", 1): np.array([40.123, 42.456]), ("ce", 2): np.array([41.0]), ("nce", 1): np.array([])}
    table = experiments.small_table(
        ["ce", "nce"], {"a": 1, "b": 2}, lambda *cell: values.get(cell, np.array([])), name="x", caption="y"
    )
    mean, deviation = "clean test accuracy, mean (%)", "clean test accuracy, standard deviation (points)"
    numbers = table.numbers.set_index(["loss", "column"])
    assert numbers.index.tolist() == [("ce", "a"), ("ce", "b")]  # what has no run has no numbers
    assert numbers["seeds"].tolist() == [2, 1]
    assert numbers[mean].tolist() == pytest.approx([41.2895, 41])
    assert np.isnan(numbers.loc[("ce", "b"), deviation])
    first = numbers.loc[("ce", "a")]
    assert table.frame.loc[0, "a"] == f"{first[mean]:.1f} ± {first[deviation]:.1f}"


def test_courses_begin_behind_the_start():
    step = pd.DataFrame({"step": [0, 10, 20], "difference": [0.0, 1e-9, 1e-8]})
    figure = experiments.courses({"one": step, "other": step})
    (axis,) = figure.axes
    assert figure.numbers.to_numpy().tolist() == [[w, *xy] for w in ("one", "other") for xy in ([10, 1e-9], [20, 1e-8])]
    assert [line.get_xdata().tolist() for line in axis.lines] == [[10, 20]] * 2
    assert axis.get_yscale() == "log"


def test_labels_that_are_not_answered_have_a_mark_of_their_own():
    frame = pd.DataFrame({"p_y": [0.9, 0.1, 0.2], "nce": [0.01, 0.2, 0.05], "answered": [True, False, False]})
    figure = experiments.against_the_label({"nce": frame, "mae": frame}, 0.1)
    left, right = figure.axes
    assert figure.numbers.iloc[-1].tolist() == ["mae", 0.2, 0.05, False]
    answered, missed, level = left.lines
    assert answered.get_xdata().tolist() == [0.9]
    assert missed.get_ydata().tolist() == [0.2, 0.05]
    assert level.get_ydata() == [0.1, 0.1]
    assert len(right.lines) == 3


def test_differences_are_dots_with_their_mean():
    values = {"digits": np.array([1.0, -2.0]), "small": np.array([])}
    figure = experiments.single_differences(values, 3, "points")
    (axis,) = figure.axes
    assert figure.numbers.to_numpy().tolist() == [["digits", 1.0], ["digits", -2.0]]
    dots = [line.get_xdata().tolist() for line in axis.lines if line.get_marker() == "o"]
    assert dots == [[1.0, -2.0], []]
    assert [line.get_xdata() for line in axis.lines if line.get_marker() == "|"] == [[-0.5]]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["digits", "small"]


def test_a_run_that_diverged_has_a_gap_in_its_loss():
    made = record("ce", "symmetric-0.4", series={"loss": [1.0, None, 0.5], "test_accuracy": [0.1, 0.2, 0.3]})
    figure = experiments.losses_and_accuracies({"no fault": made})
    left, right = figure.axes
    assert figure.numbers.iloc[2].tolist() == ["no fault", 3, 0.5, pytest.approx(30)]
    assert np.isnan(left.lines[0].get_ydata()).tolist() == [False, True, False]
    assert right.lines[0].get_ydata() == pytest.approx([10, 20, 30])


def test_a_mean_of_other_than_two_is_left_as_it_is():
    label = "mean of nce+mae, nce+rce, nfl+mae \N{MINUS SIGN} mean of nfl+nce, mae+rce, symmetric-0.4"
    assert experiments.readable(label) == label.replace("symmetric-", "symmetric ")
    pooled = "mean of nce, fl, mean of symmetric-0.2 \N{MINUS SIGN} mean of ce, nfl, mean of symmetric-0.2"
    assert "½" not in experiments.readable(pooled)
