"""The public attempts: sources and groups, which figures were looked up again, and how the differences are counted."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from factory import put

from nlr.evidence import attempts, frames, reproductions

FIGURES = reproductions.load()
SOURCES = attempts.sources()
CHECKED = attempts.checked()
KEY = ["source", "path", "dataset", "setting", "loss", "alpha", "beta", "gamma", "epoch"]
FOUND = attempts.differences()
SYMMETRIC = attempts.by_others(FOUND, "symmetric")


def cell(series, loss, other, setting):
    row = FOUND[(FOUND["series"] == series) & (FOUND["setting"] == setting)].set_index(["loss", "other"])
    return row.loc[(loss, other)]


# the files


def test_every_series_of_figures_has_its_groups_and_a_number():
    assert SOURCES["series"].is_unique
    assert set(FIGURES["source"]) <= set(SOURCES["series"])
    assert list(dict.fromkeys(SOURCES["source"])) == [f"S{k}" for k in range(1, 26)]
    for row in SOURCES.itertuples():
        assert (
            row.series.startswith("HX-")
            if row.source == attempts.AUTHORS
            else re.fullmatch(f"{row.source}[a-d]?", row.series)
        )
    assert (
        FIGURES.groupby(FIGURES["source"].map(SOURCES.set_index("series")["source"]))["repository"].nunique() == 1
    ).all()


def test_the_groups_are_words_that_are_known():
    known = {
        "nce": {"paper", "ce", "entropy", "1-p", "other", "unknown", ""},
        "nfl": {"paper", "fl", "nce", "entropy", "1-p", "other", "unknown", ""},
        "mae": {"paper", "unknown", ""},
        "rce": {"paper", "log(1-p)", "ce", "other", "unknown", ""},
        "optimiser": {"SGD", "Adam", ""},
        "epoch": {"last", "best", "validation", "unknown", ""},
        "map": {"paper", "other", "unknown", ""},
    }
    for column, words in known.items():
        assert set(SOURCES[column]) <= words
    assert (SOURCES["what"] != "").all()
    assert (SOURCES.loc[SOURCES["rce_a"].notna(), "rce"] == "paper").all()
    assert (SOURCES.loc[SOURCES["mae_slope"].notna(), "mae"] == "paper").all()


def test_no_person_is_named_beside_the_five_reports():
    text = attempts.SOURCES.read_text()
    owners = {part for name in FIGURES["repository"].unique() for part in name.split("/")}
    assert not [name for name in owners if name.lower() in text.lower()]
    named = {word for what in SOURCES["what"] for word in re.findall(r"\b[A-Z][a-z]+", what)}
    assert named == {"Soni", "Krishnan", "Chheda", "Kathuria", "Joshi"}


def test_what_was_looked_up_is_in_the_file_with_what_came_of_it():
    assert set(CHECKED["outcome"]) <= set(attempts.OUTCOMES)
    assert (CHECKED["where"] != "").all()
    assert CHECKED["date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    both = CHECKED.merge(FIGURES, on=KEY, validate="one_to_one", suffixes=("_seen", ""))
    assert len(both) == len(CHECKED)
    assert (both["mean_seen"] == both["mean"]).all()
    assert (both["commit_seen"] == both["commit"]).all()  # each was seen at the very commit


def test_a_fifth_of_each_series_was_drawn_and_looked_up():
    drawn = {
        index
        for _, part in FIGURES.groupby("source", sort=False)
        for index in part.sample(n=math.ceil(len(part) / 5), random_state=0).index
    }
    sampled = FIGURES.reset_index().merge(CHECKED, on=KEY).query("sampled == 'yes'")
    assert set(sampled["index"]) == drawn


def test_every_figure_behind_a_difference_was_seen_in_its_source():
    """The pages' words name differences and counts of them, and nothing else of a source."""
    seen = FIGURES.reset_index().merge(CHECKED, on=KEY).set_index("index")["outcome"]
    both = [attempts.differences(epoch) for epoch in (None, "last", "best-test")]
    rows = {row for found in both for pair in found["rows"] for row in pair}
    assert len(rows) > 300
    assert set(seen.loc[sorted(rows)]) <= {"agrees", "read from a picture"}


# the differences


def test_a_difference_is_that_of_two_figures_of_one_series():
    for row in FOUND.sample(40, random_state=0).itertuples():
        one, other = (FIGURES.loc[index] for index in row.rows)
        assert (one["loss"], other["loss"]) == (row.loss, row.other)
        assert row.difference == one["mean"] - other["mean"]
        for same in ("source", "dataset", "setting", "model", "epochs", "epoch"):
            assert one[same] == other[same]
    assert cell("S13", "nce+rce", "ce", "symmetric-0.6").difference == pytest.approx(37.6, abs=0.05)


def test_counted_are_the_papers_losses_at_one_learning_rate_without_a_doubt():
    assert cell("S11", "nce", "ce", "symmetric-0.2").counted
    assert not cell("S2", "nce", "ce", "symmetric-0.2").counted  # 0.02 and 0.01
    assert cell("S2", "nce+rce", "ce", "symmetric-0.2").counted
    assert not cell("S10", "nce+mae", "ce", "symmetric-0.2").counted  # CE / log K
    assert cell("S6", "nce+mae", "ce", "symmetric-0.2").counted
    assert not cell("S6", "nce+rce", "ce", "symmetric-0.2").counted  # the sum of log(1 - p)
    assert not FOUND.loc[FOUND["doubt"] != "", "counted"].any()
    assert "S5b" not in set(FOUND["series"])  # the runs of S5a again
    setting = FOUND[(FOUND["series"] == "S5a") & (FOUND["setting"] == "symmetric-0.6")]
    assert setting["loss"].tolist() == ["nce"]  # the sums were of another network


def test_an_interval_is_there_only_where_both_deviations_are_known():
    known = FOUND["low"].notna()
    assert set(FOUND.loc[known, "source"]) == {attempts.AUTHORS}
    row = cell("S1", "nce+rce", "ce", "symmetric-0.8")
    se = math.hypot(1.90, 0.46) / math.sqrt(2)  # of means of three, from deviations divided by three
    assert row.difference == pytest.approx(52.71 - 19.65)
    assert (row.high - row.low) / 2 == pytest.approx(4.303 * se, rel=1e-3)  # t of 2 degrees of freedom


def test_a_rate_becomes_the_share_of_wrong_labels():
    assert cell("S4a", "nce", "ce", "symmetric-0.8").wrong == pytest.approx(0.72)
    assert cell("S11", "nce", "ce", "asymmetric-0.4").wrong == pytest.approx(0.2)
    assert math.isnan(cell("S16a", "nce", "ce", "asymmetric-0.4").wrong)


def test_the_counts_are_those_of_a_count_by_hand():
    counted = SYMMETRIC[SYMMETRIC["counted"]]
    tallies = {
        pair: attempts.tally(counted[(counted["loss"] == pair[0]) & (counted["other"] == pair[1])])
        for pair in attempts.PAIRS
    }
    assert {pair: (t.above, t.cells, t.sources) for pair, t in tallies.items()} == {
        ("nce", "ce"): (8, 29, 7),
        ("nce+mae", "ce"): (19, 19, 5),
        ("nce+rce", "ce"): (16, 23, 6),
        ("nce+mae", "mae"): (9, 12, 3),
    }


def test_groups_leave_no_difference_out_and_count_none_twice():
    table = attempts.by_group(SYMMETRIC, ["loss", "learning rate", "optimiser", "epochs", "figure", "wrong labels"])
    assert set(table.groupby("goes with")["cells"].sum()) == {len(SYMMETRIC)}


def test_groups_as_text_have_a_row_a_level_and_a_column_a_pair():
    counted = SYMMETRIC[SYMMETRIC["counted"]]
    groups = attempts.by_group(counted, ["loss"])
    (row,) = attempts.group_table(groups).to_dict("records")
    assert row["nce+mae − ce"] == "19 of 19, +0.8 to +41.5"
    assert list(row) == ["goes with", "level", *(f"{loss} − {other}" for loss, other in attempts.PAIRS)]
    without = attempts.by_group(counted[counted["loss"] != "nce"], ["loss"])
    assert attempts.group_table(without)["nce − ce"].tolist() == ["–"]


def test_ours_are_differences_over_shared_seeds(tmp_path):
    made = [put(tmp_path, loss, "asymmetric-0.4", last=last) for loss, last in (("ce", 0.5), ("nce+mae", 0.6))]
    (row,) = attempts.ours(frames.frame(made)).to_dict("records")
    assert (row["series"], row["kind"], row["rate"], row["wrong"]) == ("ours", "asymmetric", 0.4, 0.2)
    assert row["difference"] == pytest.approx(10)
    assert np.isnan(row["low"])


def test_sections_hold_every_series_once():
    drawn = pd.concat([FOUND[FOUND["kind"] == "symmetric"], SYMMETRIC[:1].assign(series="ours", source="ours")])
    sections = attempts.sections(drawn)
    members = [series for of in sections.values() for series in of]
    assert sorted(members) == sorted(set(drawn["series"]))
    assert members[:2] == ["S1", "ours"]
    assert sections["best epoch on the test set"] == ["S6"]
    assert "S10" in sections["none counted"]


def test_departures_are_counted_by_attempt():
    table = attempts.departures().set_index("what")
    assert table.loc["NCE is another loss"].tolist() == [11, 19]
    assert table.loc["NFL is another loss"].tolist() == [11, 16]
    assert table.loc["RCE is another loss"].tolist() == [6, 15]
    assert table.loc["MAE is divided by the number of classes"].tolist() == [9, 15]
    assert table.loc["asymmetric noise has another map"].tolist() == [7, 12]
    assert table.loc["best epoch on the test set reported"].tolist() == [3, 20]


def test_the_best_epoch_takes_from_a_lead():
    both = attempts.last_and_best().set_index(["series", "loss", "other", "setting"])
    row = both.loc["S13", "nce+rce", "ce", "symmetric-0.6"]
    assert (row["last"], row["best"]) == (pytest.approx(37.6, abs=0.05), pytest.approx(9.4, abs=0.06))
    assert "S5b" not in both.index.get_level_values("series")


def test_the_table_of_sources_has_every_figure_once():
    table = attempts.source_table()
    assert table["figures"].sum() == len(FIGURES)
    assert table["series"].is_unique
    assert table["series"].iloc[0] == attempts.AUTHORS
