"""The reported figures: what must hold between them, and that the protocols know their losses and settings."""

import pytest

from nlr.errors import NlrError
from nlr.evidence import course_figures, report_code
from nlr.study import protocols

FRAME = course_figures.load()
TABLES = FRAME[FRAME["kind"] == "table"]


def cells(report, where, metric="test_accuracy"):
    """``{(loss, setting): value}`` of a table."""
    chosen = TABLES[(TABLES["report"] == report) & (TABLES["where"] == where) & (TABLES["metric"] == metric)]
    assert len(chosen)
    return dict(zip(zip(chosen["loss"], chosen["setting"], strict=True), chosen["value"], strict=True))


def test_the_counts_are_those_of_the_reports():
    counts = TABLES.groupby(["report", "metric"]).size().to_dict()
    assert counts == {
        ("krishnan", "test_accuracy"): 32,
        ("joshi", "noisy_accuracy"): 48,
        ("joshi", "noisy_class_accuracy"): 480,
        ("chheda", "test_accuracy"): 48 + 11,
    }
    assert set(FRAME["report"]) == set(course_figures.REPORTS)
    assert set(FRAME["kind"]) == set(course_figures.KINDS)


def test_every_figure_has_its_place_and_is_there_once():
    key = ["report", "kind", "where", "loss", "setting", "metric", "class"]
    assert not FRAME.duplicated(key).any()
    assert (FRAME["where"] != "").all()
    assert TABLES["value"].notna().all()
    assert (TABLES["text"].astype(float) == TABLES["value"]).all()
    assert FRAME[FRAME["kind"].isin(["figure", "absent"])]["value"].isna().all()
    assert FRAME[FRAME["kind"].isin(["figure", "absent"])]["note"].ne("").all()
    assert set(FRAME[FRAME["repeats"] != ""]["kind"]) == {"prose"}
    assert set(FRAME["repeats"]) <= {"", "all", *TABLES["where"]}
    percent = FRAME[FRAME["metric"].str.endswith("accuracy")]
    assert percent[["value", "low", "high"]].stack().dropna().between(0, 100).all()


@pytest.mark.parametrize("protocol", [f"{n}-{r}" for n in course_figures.REPORTS for r in protocols.READINGS])
def test_the_protocols_of_a_report_know_its_losses_and_settings(protocol):
    report = protocol.partition("-")[0]
    if protocol not in protocols.names():
        assert protocol.endswith("-as-run")
        assert not report_code.code(report)  # no public code
        return
    known = protocols.load(protocol)["report"]
    found = course_figures.load(report)
    named = found[found["metric"].str.contains("accuracy|curve") & (found["loss"] != "all")]
    assert set(named["loss"]) == set(known["losses"])
    assert {s for s in found["setting"] if "-" in s or s == "clean"} <= set(known["settings"])


def test_every_setting_of_a_reports_protocol_is_in_its_figures():
    for report in course_figures.REPORTS:
        known = protocols.load(f"{report}-as-written")["report"]["settings"]
        assert set(known) <= set(course_figures.load(report)["setting"])


# Joshi


def joshi(kind, metric):
    found = TABLES[(TABLES["report"] == "joshi") & (TABLES["metric"] == metric)]
    return found[found["setting"].str.startswith(kind)]


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric"])
def test_each_of_joshis_conditions_has_one_class_at_100_and_the_others_at_0(kind):
    found = joshi(kind, "noisy_class_accuracy")
    assert set(found["value"]) == {0, 100}
    for _, condition in found.groupby("loss"):
        assert len(condition) == 40
        hit = condition[condition["value"] == 100]
        assert hit["class"].nunique() == 1  # one class, the same at every rate
        assert hit["setting"].nunique() == len(hit) == 4


def test_joshis_classes_and_distinct_overall_figures():
    """E24, E25: three symmetric and five asymmetric sets of figures for twelve conditions, 32 distinct figures."""
    classes, sets = {}, set()
    for kind in ("symmetric", "asymmetric"):
        hit = joshi(kind, "noisy_class_accuracy").query("value == 100")
        classes[kind] = hit.groupby("loss")["class"].first().to_dict()
        for loss, overall in joshi(kind, "noisy_accuracy").groupby("loss"):
            sets.add((kind, classes[kind][loss], tuple(overall.sort_values("setting")["value"])))
    assert classes == {
        "symmetric": {"NCE": 5, "NFL": 6, "CE": 8, "FL": 8, "NCE+MAE": 5, "NFL+MAE": 5},
        "asymmetric": {"CE": 1, "NCE": 1, "NFL": 4, "FL": 3, "NCE+MAE": 0, "NFL+MAE": 5},
    }
    assert sorted(kind for kind, *_ in sets) == ["asymmetric"] * 5 + ["symmetric"] * 3
    assert 4 * len(sets) == 32


@pytest.mark.parametrize(
    ("kind", "same"),
    [
        ("symmetric", ["NCE", "NCE+MAE", "NFL+MAE"]),
        ("symmetric", ["CE", "FL"]),
        ("asymmetric", ["CE", "NCE"]),
    ],
)
def test_joshis_identical_tables(kind, same):
    """E25."""
    for metric in ("noisy_accuracy", "noisy_class_accuracy"):
        found = joshi(kind, metric).sort_values(["setting", "class"])
        first, *others = (found[found["loss"] == loss]["value"].tolist() for loss in same)
        assert all(other == first for other in others)


def test_joshis_overall_is_the_share_of_the_class_that_is_always_predicted():
    """Class at 100, others at 0: the overall figure is that class's share of the labels, so near 10 and never 0."""
    for kind in ("symmetric", "asymmetric"):
        overall = joshi(kind, "noisy_accuracy")["value"]
        assert overall.between(9, 11).all()
        assert not (overall == 10).all()


def test_joshis_labels_3_and_5_are_not_a_fifth():
    """E26: a map that swaps 3 and 5 keeps their sum at 20 per cent of a balanced test set."""
    third = cells("joshi", "Table 15", "noisy_accuracy")
    fifth = cells("joshi", "Table 17", "noisy_accuracy")
    sums = [round(third["FL", s] + fifth["NFL+MAE", s], 2) for _, s in third]
    assert sums == [19.24, 19.37, 20.06, 19.23]


def test_joshis_prose_repeats_its_table_or_is_known_not_to():
    found = course_figures.load("joshi").query("kind == 'prose' and repeats != 'all'")
    wrong = []
    for row in found.itertuples():
        metric = row.metric
        table = TABLES[(TABLES["report"] == "joshi") & (TABLES["where"] == row.repeats) & (TABLES["metric"] == metric)]
        if metric == "noisy_class_accuracy":
            cited = table[table["class"] == found.loc[row.Index, "class"]]["value"]
            assert set(cited) == {row.value}
        elif "roughly" not in row.text and (table["value"].min(), table["value"].max()) != (row.low, row.high):
            wrong.append(row.repeats)
    assert wrong == ["Table 5", "Table 7", "Table 9"]  # 9.9 to 10.1, said of all three


# Chheda, Krishnan


def test_chhedas_stars_and_gains():
    table = cells("chheda", "Table 1")
    chheda = course_figures.load("chheda")
    starred = chheda[chheda["starred"]]
    assert len(starred) == 16
    assert set(starred["loss"]) == {"RCE", "NRCE", "NFL+RCE", "NCE+RCE", "MAE+RCE"}  # all with RCE in them
    assert round(table["NCE", "symmetric-0.8"] - table["CE", "symmetric-0.8"], 1) == 11.9
    (claimed,) = chheda[chheda["metric"] == "gain_over_ce"]["value"]
    gains = {
        round(a - b, 1)
        for setting in {s for _, s in table}
        for (_, one), a in table.items()
        for (_, two), b in table.items()
        if one == two == setting
    }
    assert claimed == 24.7
    assert claimed not in gains  # E36: of no two losses at any rate


def test_what_chheda_says_of_a_plateau_is_not_in_his_table():
    """E38."""
    table = cells("chheda", "Table 1")
    said = course_figures.load("chheda").query("kind == 'prose' and value == 10")["loss"]
    assert set(said) == {"RCE", "NRCE"}
    assert min(value for (loss, _), value in table.items() if loss in set(said)) == 28.5


def test_chhedas_second_table_has_one_column():
    assert {setting for _, setting in cells("chheda", "Table 2")} == {"asymmetric-0.1"}
    absent = course_figures.load("chheda").query("kind == 'absent' and where == 'Table 2'")
    assert len(absent) == 13
    assert list(absent[absent["setting"] == "asymmetric-0.1"]["loss"]) == ["MAE+RCE"]


def test_chhedas_figures_are_numbered_4_to_50():
    figures = course_figures.load("chheda").query("kind == 'figure'")
    assert list(figures["where"]) == [f"Figure {n}" for n in range(4, 51)]
    assert figures.groupby("setting").size().to_dict() == {
        "symmetric-0.2": 11,
        "symmetric-0.4": 12,
        "symmetric-0.6": 12,
        "symmetric-0.8": 12,
    }


def test_krishnans_chance_figures():
    """E42: seven of eight losses at 0.8, and NFL at 0.6 already."""
    chance = sorted(key for key, value in cells("krishnan", "Table 1").items() if value == 10)
    assert len(chance) == 8
    assert ("NFL", "symmetric-0.6") in chance
    assert ("NCE + RCE", "symmetric-0.8") not in chance


def test_accuracies_are_the_overall_figures_of_all_tables():
    found = course_figures.accuracies()
    assert len(found) == 32 + 48 + 59
    assert found["value"].notna().all()
    assert found["loss"].str.fullmatch(r"[a-z+]+").all()


def test_an_unknown_report_names_the_known_ones():
    with pytest.raises(NlrError, match=r"'krishna'.*Did you mean 'krishnan'"):
        course_figures.load("krishna")


def test_tables_of_a_report_are_a_row_a_loss_and_a_column_a_setting():
    found = course_figures.tables("krishnan")
    figures = course_figures.load("krishnan").query("kind == 'table' and metric == 'test_accuracy'")
    assert found.notna().sum().sum() == len(figures) > 20
    for row in figures.itertuples():
        assert found.loc[row.loss, row.setting] == row.value
    assert course_figures.tables("joshi", "noisy_accuracy").index.is_unique
