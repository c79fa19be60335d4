"""The features: 175 rows that are complete and whose links are alive."""

import re

import pytest
from bs4 import BeautifulSoup

from nlr import paths
from nlr.book import features, places
from nlr.errors import NlrError
from nlr.study import protocols

FRAME = features.load()
BUILT = paths.ROOT / "_build" / "html" / "executed" / "reports" / "features.html"
# The numbers of the checklist; what lies between its parts was never given.
RANGES = ((1, 19), (20, 36), (40, 67), (70, 88), (90, 102), (110, 118), (120, 129), (130, 138), (140, 172), (180, 197))
NAMES = [f"F{number}" for first, last in RANGES for number in range(first, last + 1)]


def test_all_are_there_in_order():
    assert len(NAMES) == 175
    assert list(FRAME["id"]) == NAMES
    assert (FRAME["feature"] != "").all()


@pytest.mark.parametrize("row", list(FRAME.itertuples()), ids=list(FRAME["id"]))
def test_the_places_of_a_feature_exist(row):
    assert places.links(row.where.split()) or row.status == "not done"


def test_cells_fit_into_a_table():
    assert not FRAME.stack().str.contains(r"[|\n]").any()


def test_the_table_has_an_anchor_and_a_status_in_each_row():
    table = features.table(FRAME).set_index("id")
    assert list(table.index) == [f"[{name}]{{#{features.row_label(name)}}}" for name in NAMES]
    row = table.loc["[F52]{#feature-f52}"]
    assert row["reports"] == "Krishnan"
    assert row["where"].startswith("{verdict}`done` Other normalisations: [erratum E11](#erratum-e11); ")
    assert "[`krishnan-nfl`](#tab-losses-printed)" in row["where"]
    assert table.loc["[F8]{#feature-f8}", "reports"] == "–"
    assert table.loc["[F129]{#feature-f129}", "where"].startswith("{verdict}`not done`<br>Losses are the subject")


def test_a_data_set_that_is_trained_on_is_not_called_missing():
    trained = {protocols.load(name)["data"]["dataset"] for name in protocols.names()}
    missing = " ".join(note for text in FRAME["note"] for note in re.split("[.;]", text) if "not available" in note)
    assert missing
    assert not [name for name in trained if name in missing.lower().replace("cifar-100", "").replace("-", "")]
    rows = FRAME.set_index("id")
    for name in ("F74", "F181"):
        assert rows.loc[name, "status"] == "in part"
        assert "ma2020-mnist/comparison" in rows.loc[name, "where"].split()


def test_counts_add_up_and_what_is_left_open_has_a_reason():
    counts = features.counts(FRAME).set_index("part")
    assert counts.loc["all", "features"] == counts["features"].drop("all").sum() == 175
    assert (counts[list(features.STATES)].sum(axis=1) == counts["features"]).all()
    left = features.left_open(FRAME)
    open_rows = FRAME[FRAME["status"].isin(["in part", "not done"])]
    assert sorted(re.findall(r"\(#feature-(f\d+)\)", left)) == sorted(open_rows["id"].str.lower())
    assert all(note in left for note in open_rows["note"])
    assert all(line.endswith(".") for line in left.splitlines())


HEAD = "id,feature,part,reports,status,where,note\n"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("F1,x,data,soni,finished,nlr.noise,", "Unknown status of F1 'finished'"),
        ("F1,x,data,sony,done,nlr.noise,", "Unknown report of F1 'sony'. Did you mean 'soni'"),
        ("F1,x,data,soni,not done,,", "Feature F1 is 'not done' without a note"),
        ("F1,x,data,soni,otherwise,nlr.noise,", "Feature F1 is 'otherwise' without a note"),
        ("F1,x,data,soni,done,,", "Feature F1 is 'done' and nowhere"),
    ],
)
def test_a_bad_row_is_refused(tmp_path, monkeypatch, row, complaint):
    monkeypatch.setattr(features, "FEATURES", tmp_path / "features.csv")
    features.FEATURES.write_text(HEAD + row + "\n")
    with pytest.raises(NlrError) as caught:
        features.load()
    assert complaint in str(caught.value)


@pytest.mark.skipif(not BUILT.is_file(), reason="the site is not built; make book builds it")
def test_each_row_of_the_built_page_has_its_anchor_and_a_link_for_each_place():
    page = BeautifulSoup(BUILT.read_text(encoding="utf-8"), "html.parser")
    rows = page.select("table.features tbody tr")
    assert [row.find(id=True)["id"] for row in rows] == [features.row_label(name) for name in NAMES]
    for row, feature in zip(rows, FRAME.itertuples(), strict=True):
        assert len(row.find_all("td")[-1].find_all("a", href=True)) == len(feature.where.split()), feature.id
