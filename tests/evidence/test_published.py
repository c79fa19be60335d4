"""Published figures: as the files hold them, and nobody's to change."""

import csv

import pytest

from nlr.errors import NlrError
from nlr.evidence import published


def test_the_means_of_a_source_are_those_of_its_file():
    rows = csv.DictReader(line for line in published.PUBLISHED.read_text().splitlines() if not line.startswith("#"))
    wanted = {(row["loss"], row["setting"]): float(row["mean"]) for row in rows if row["key"] == "wang2024"}
    assert len(wanted) > 20
    assert published.means("wang2024") == wanted


def test_what_one_caller_changes_no_other_sees():
    before = published.accuracies()
    changed = published.accuracies()
    changed["mean"] = 0.0
    assert published.accuracies().equals(before)
    means = published.means("wang2024")
    published.means("wang2024").clear()
    assert published.means("wang2024") == means != {}


def test_an_unknown_source_names_the_known_ones():
    with pytest.raises(NlrError, match=r"source 'wang'.*Did you mean 'wang2024'.*chheda"):
        published.means("wang")


def test_figures_to_compare_with_take_the_wider_reading_of_a_deviation():
    figures = published.figures("wang2024")
    assert {cell: figure.mean for cell, figure in figures.items()} == published.means("wang2024")
    rows = csv.DictReader(line for line in published.PUBLISHED.read_text().splitlines() if not line.startswith("#"))
    (row,) = (r for r in rows if (r["key"], r["loss"], r["setting"]) == ("wang2024", "ce", "clean"))
    figure = figures["ce", "clean"]
    assert (figure.n, figure.path) == (int(row["seeds"]), row["where"])
    assert figure.sd == pytest.approx(float(row["sd"]) * 1.5**0.5)
    chheda = published.figures("chheda").values()
    assert {(figure.sd, figure.n) for figure in chheda} == {(None, 1)}
    with pytest.raises(NlrError, match=r"source 'wang'.*Did you mean 'wang2024'"):
        published.figures("wang")
