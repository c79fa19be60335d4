"""What is counted as done, what as left, and what as damaged."""

import pandas as pd
from factory import parts, put, put_damaged

from nlr.evidence import course_figures, progress
from nlr.study import records, runs

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


def test_status_counts_what_is_there_and_names_what_is_damaged(own_stores):
    put(own_stores["live"], "ce", "clean", 0)
    put(own_stores["live"], "ce", "clean", 1)
    put(own_stores["live"], "gce", "clean", 0)  # not of the study
    put(own_stores["results"], "mae", "asymmetric-0.4", **SMALL)
    path = put_damaged(own_stores["live"], "nce")  # symmetric-0.4, seed 0
    old = runs.resolve("digits", "mae", "clean", 0, "digits") | {"numerics": 0}
    records.write(own_stores["live"], old, **parts(old))
    table, damaged = progress.status()
    have = {(r.study, r.loss, r.setting): (r.have, r.wanted) for r in table.itertuples() if r.have}
    assert have == {("digits", "ce", "clean"): (2, 2), ("ma2020-small", "mae", "asymmetric-0.4"): (1, 3)}
    wanted = table.groupby("study")["wanted"].sum().to_dict()
    assert wanted["soni-as-written-digits"] == 30
    assert wanted["ma2020-small-x4"] == 3
    assert {
        name: n for name, n in wanted.items() if not name.startswith((*course_figures.REPORTS, "ma2020-small-"))
    } == {
        "cpu-list": 453,
        "digits": 32,
        "gamma-digits": 120,
        "human-labels": 20,
        "ma2020": 408,
        "ma2020-mnist": 236,
        "ma2020-mnist-val": 10,
        "ma2020-small": 176,
    }
    assert len(damaged) == 2
    assert any(str(path) in message for message in damaged)
    assert any("numerics is 0 there" in message for message in damaged)

    rows = progress.study_table(table).set_index("study")
    assert rows.loc["soni-as-written-digits", "runs"] == "0 of 30"
    assert rows.loc["ma2020-small-x4", "runs"] == "0 of 3"
    assert {
        name: n
        for name, n in rows["runs"].to_dict().items()
        if not name.startswith((*course_figures.REPORTS, "ma2020-small-"))
    } == {
        "cpu-list": "0 of 453",
        "digits": "2 of 32",
        "gamma-digits": "0 of 120",
        "human-labels": "0 of 20",
        "ma2020": "0 of 408",
        "ma2020-mnist": "0 of 236",
        "ma2020-mnist-val": "0 of 10",
        "ma2020-small": "1 of 176",
    }
    assert "python -m nlr study ma2020-small" in rows.loc["ma2020-small"].to_list()[-1]
    grid = progress.status_table(table, "digits").set_index("loss")
    assert grid.loc["ce", "clean"] == "2/2"
    assert grid.loc["mae", "clean"] == "0/2"
    assert grid.loc["nce", "symmetric 0.4"] == "0/2"
    assert grid.shape == (4, 4)


def test_studies_with_missing_runs_stand_first_and_say_what_makes_these():
    names, have = ["digits", "ma2020-small", "ma2020-small-x4", "ma2020"], [75, 1, 3, 0]
    places = {"protocol": names, "dataset": ["digits", *["cifar10-jpeg75"] * 3]}
    table = progress.study_table(pd.DataFrame({"study": names, **places, "have": have, "wanted": [75, 156, 3, 408]}))
    assert list(table["study"]) == ["ma2020-small", "ma2020", "digits", "ma2020-small-x4"]
    assert list(table["missing runs are made by"]) == [
        "`python -m nlr study ma2020-small`",
        "`python -m nlr study ma2020`",
        "none missing",
        "none missing",
    ]
