"""Tables against records whose figures the test chose: means, spreads, agreement, and what is missing stays missing."""

import re

import numpy as np
import pytest
from factory import put

from nlr.errors import NlrError
from nlr.evidence import frames
from nlr.study import runs, studies

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


def asked(*losses, seeds=(0,), setting="symmetric-0.4"):
    return [runs.resolve("digits", loss, setting, seed, "digits") for loss in losses for seed in seeds]


@pytest.fixture
def three(tmp_path):
    """ce with three seeds, mae with one."""
    figures = ((0.40, 0.60, 0.7), (0.42, 0.70, 0.8), (0.44, 0.80, 0.9))
    found = [put(tmp_path, seed=s, last=a, best=b, memorised=m) for s, (a, b, m) in enumerate(figures)]
    return [*found, put(tmp_path, "mae", last=0.5, best=0.55, memorised=0.1)]


# Frames and cells


def test_frame_has_a_row_a_record_in_per_cent(three):
    table = frames.frame(three)
    assert table["loss"].tolist() == ["ce", "ce", "ce", "mae"]
    assert table["seed"].tolist() == [0, 1, 2, 0]
    assert table["last"].tolist() == pytest.approx([40, 42, 44, 50])
    assert table["best"].tolist() == pytest.approx([60, 70, 80, 55])
    assert table["best_epoch"].tolist() == [3] * 4
    assert table["memorised"].tolist() == pytest.approx([70, 80, 90, 10])
    assert table["recovered"].tolist() == pytest.approx([50] * 4)
    assert table["slope"].isna().tolist() == [True, True, True, False]
    assert table["slope"].iloc[3] == 1  # 1 - p_y under the protocol, not 2 (1 - p_y)
    assert set(table["setting"]) == {"symmetric-0.4"}
    assert (set(table["dataset"]), set(table["protocol"])) == ({"digits"}, {"digits"})


def test_shares_of_wrong_labels_are_missing_where_none_is_wrong(tmp_path):
    row = frames.frame([put(tmp_path, setting="clean")]).iloc[0]
    assert np.isnan(row["memorised"])
    assert np.isnan(row["recovered"])


def test_frame_of_nothing_is_an_error():
    with pytest.raises(NlrError, match="no record"):
        frames.frame([])


def test_cells_have_mean_and_sample_deviation_over_seeds(three):
    have = frames.cells(frames.frame(three)).set_index("loss")
    ce, mae = have.loc["ce"], have.loc["mae"]
    assert (ce.n, mae.n) == (3, 1)
    assert (ce.last_mean, ce.last_sd) == (pytest.approx(42), pytest.approx(2))  # not 1.63, of the population
    assert (ce.best_mean, ce.best_sd) == (pytest.approx(70), pytest.approx(10))
    assert (ce.memorised_mean, ce.memorised_sd) == (pytest.approx(80), pytest.approx(10))
    assert mae.last_mean == pytest.approx(50)
    assert np.isnan(mae.last_sd)


def test_cells_keep_data_protocols_settings_and_parameters_apart(tmp_path):
    found = [
        put(tmp_path, "ce"),
        put(tmp_path, "ce", "clean"),
        put(tmp_path, "nce+mae"),
        put(tmp_path, "nce+mae,beta=2"),
        put(tmp_path, "ce", **SMALL),
        put(tmp_path, "ce", protocol="ma2020-small", dataset="cifar10"),
    ]
    have = frames.cells(frames.frame(found))
    assert len(have) == 6
    assert have["n"].tolist() == [1] * 6


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (53.24, 0.449, "53.2 ± 0.4"),
        (53.25, np.nan, "53.2"),
        (np.nan, np.nan, "–"),
        (0.0, 0.0, "0.0 ± 0.0"),
        (99.96, None, "100.0"),
    ],
)
def test_spread(mean, deviation, text):
    assert frames.spread(mean, deviation) == text


# Tables of a setting


def test_accuracy_table_has_numbers_where_there_are_runs_and_the_word_where_there_are_none(three):
    configs = asked("ce", "mae", "nce+rce", "nce", seeds=(0, 1, 2))
    table = frames.accuracy_table(configs, three).set_index("loss")
    accuracy = ["last epoch", "best epoch (chosen on test)", "wrong labels memorised"]
    assert table.index.tolist() == ["ce", "mae", "nce+rce", "nce"]
    assert table.loc["ce", accuracy].tolist() == ["42.0 ± 2.0", "70.0 ± 10.0", "80.0 ± 10.0"]
    assert table["classes never answered"].tolist() == ["0", "0", "missing", "missing"]
    assert table.loc["mae", accuracy].tolist() == ["50.0", "55.0", "10.0"]
    assert table.loc["nce", accuracy].tolist() == ["missing"] * 3
    assert table.loc["nce+rce", accuracy].tolist() == ["missing"] * 3
    assert [re.findall(r"\d+", n) for n in table["n"]] == [["3"], ["1", "3"], ["0", "3"], ["0", "3"]]
    assert table["slope of the passive part"].tolist() == ["–", "1", "9.21", "–"]


def test_missing_losses_says_how_many(three):
    assert frames.missing_losses(asked("ce", "mae", "nce", seeds=(0, 1, 2)), three) == ["mae (2 of 3)", "nce (3 of 3)"]
    assert frames.missing_losses(asked("ce", seeds=(0, 1, 2)), three) == []


def test_noise_counts_of_paired_records_are_one_a_seed(tmp_path):
    found = [put(tmp_path, loss, seed=seed) for seed in (1, 0) for loss in ("ce", "mae")]
    counts = frames.noise_counts(found)
    assert list(counts) == [0, 1]
    for seed in (0, 1):
        (expected,) = {str(r["noise"]["counts"]) for r in found if r["config"]["seed"] == seed}
        assert str(counts[seed].tolist()) == expected


def test_records_of_one_seed_with_different_noise_are_refused(tmp_path):
    found = [put(tmp_path, "ce"), put(tmp_path, "mae", counts=np.eye(10, dtype=int) * 100)]
    with pytest.raises(NlrError, match=r"digits mae symmetric-0.4 seed 0.*not paired"):
        frames.noise_counts(found)


def test_series_are_long_and_count_epochs_from_1(tmp_path):
    found = [put(tmp_path, "ce", memorised=0.8), put(tmp_path, "mae", "clean", seed=2)]
    table = frames.series(found, ["test_accuracy", "memorised"])
    assert table["epoch"].tolist() == [1, 2, 3, 4] * 2
    assert table["loss"].tolist() == ["ce"] * 4 + ["mae"] * 4
    assert table["seed"].tolist() == [0] * 4 + [2] * 4
    assert table["memorised"].tolist()[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert table["memorised"].isna().tolist() == [False] * 4 + [True] * 4
    assert table["test_accuracy"].iloc[3] == 0.5


def test_classes_and_confusions(tmp_path):
    one = np.eye(10, dtype=int) * 40
    one[:, 0] += 10
    two = np.eye(10, dtype=int) * 100
    found = [put(tmp_path, confusion=one), put(tmp_path, seed=1, confusion=two)]
    table = frames.by_class(found)
    assert table[table["seed"] == 0]["accuracy"].tolist() == pytest.approx([100] + [80] * 9)
    assert table[table["seed"] == 1]["accuracy"].tolist() == pytest.approx([100] * 10)
    assert table["class"].tolist() == [*range(10)] * 2
    percent = frames.confusions(found)["ce"]
    assert percent.sum(1).tolist() == pytest.approx([100] * 10)
    assert percent[3, 3] == pytest.approx(100 * 140 / 150)
    assert percent[3, 0] == pytest.approx(100 * 10 / 150)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("clean", "clean labels"),
        ("symmetric-0.4", "symmetric noise, rate 0.4"),
        ("asymmetric-0.25", "asymmetric noise, rate 0.25"),
        ("human-worse", "human labels, worse"),
        ("matrix-worse", "noise of the matrix of human labels, worse"),
    ],
)
def test_setting_names(setting, words):
    assert frames.setting_name(setting) == words


def test_class_names():
    assert frames.class_names("cifar10-jpeg75")[3] == "cat"
    assert frames.class_names("digits")[3] == "3"


# Facts


def test_the_demonstration_names_neither_seconds_nor_dates(tmp_path):
    pairs = dict(frames.facts([put(tmp_path, threads=2), put(tmp_path, seed=1, clean_tree=False)]))
    assert not set(pairs) & {"training time", "finished", "status"}
    text = " ".join(pairs.values())
    assert "2026" not in text
    assert "min" not in text
    assert pairs["device"] == "A processor, 2 threads, A processor, 1 thread"
    assert pairs["commit"] == "0123456789ab, 0123456789ab (changed)"
    assert pairs["epochs"] == "40"


def test_a_commit_that_several_runs_and_sittings_share_is_named_once(tmp_path):
    found = [put(tmp_path, seed=seed) for seed in range(3)]
    for record, commit in zip(found, ("aa", "aa, bb", "bb"), strict=True):
        record["facts"]["commit"] = commit
    assert dict(frames.facts(found))["commit"] == "aa, bb"


def test_many_commits_are_given_by_the_first_and_the_last_to_finish(tmp_path):
    found = [put(tmp_path, seed=day, finished=f"2026-01-0{day}T00:00:00+00:00") for day in (3, 1, 4, 2)]
    for record in found:
        record["facts"]["commit"] = f"day{record['config']['seed']}"
    assert dict(frames.facts(found))["commit"] == "day1 to day4 (4)"
    assert dict(frames.facts(found[1:]))["commit"] == "day1, day2, day4"


def test_facts_of_real_runs_sum_up_their_cost(tmp_path):
    found = [
        put(
            tmp_path,
            seed=s,
            purpose="exploratory",
            wall_seconds=w,
            finished=f"2026-01-0{3 - s}T00:00:00+00:00",
            **SMALL,
        )
        for s, w in enumerate((100.0, 500.0))
    ]
    pairs = dict(frames.facts(found))
    assert pairs["data"] == "CIFAR-10, JPEG q75"
    assert pairs["training time"] == "10 min 0 s"
    assert pairs["finished"] == "2026-01-02, 2026-01-03"
    assert "small" in pairs["protocol"]
    assert "scaled down" in pairs["protocol"]
    assert "exploratory" in pairs["status"]
    assert frames.exploratory(found) == len(found)
    assert frames.exploratory([put(tmp_path, purpose="reference")]) == 0


# Studies


def test_study_records_come_in_the_studys_order(own_stores):
    put(own_stores["live"], "mae", "clean")
    put(own_stores["live"], "ce", "symmetric-0.4")
    put(own_stores["live"], "ce", "clean", 1)
    put(own_stores["live"], "gce", "clean")  # not of the study
    found = frames.study_records(studies.load("digits"))
    cells = [(r["config"]["loss"]["spec"], frames.setting_of(r["config"]), r["config"]["seed"]) for r in found]
    assert cells == [("mae", "clean", 0), ("ce", "symmetric-0.4", 0), ("ce", "clean", 1)]


def test_records_of_another_protocol_of_the_study_are_never_mixed_in(own_stores, own_studies):
    file = own_studies / "digits.toml"
    block = 'protocol = "digits-x4"\npurpose = "study"\nlosses = ["mae"]\nsettings = ["clean"]\nseeds = [0]\n'
    file.write_text(f"{file.read_text()}\n[[block]]\n{block}")
    study = studies.load("digits")
    assert len(list(study.runs())) == len(list(study.own_runs())) + 1
    put(own_stores["live"], "mae", "clean", protocol="digits-x4")
    with pytest.raises(NlrError, match="Study digits has no record"):
        frames.study_records(study)
    put(own_stores["live"], "mae", "clean")
    assert [record["config"]["protocol"] for record in frames.study_records(study)] == ["digits"]


def test_a_study_without_records_says_how_to_make_them(own_stores):
    with pytest.raises(NlrError, match=r"Study digits has no record.*python -m nlr study digits"):
        frames.study_records(studies.load("digits"))


def test_settings_table_has_a_row_a_loss_and_a_column_a_setting(own_stores):
    for seed, last in enumerate((0.40, 0.42)):
        put(own_stores["live"], "ce", "symmetric-0.4", seed, last=last, best=0.6, memorised=0.3)
    put(own_stores["live"], "mae", "clean", last=0.9)
    study = studies.load("digits")
    found = frames.study_records(study)
    for column, noisy, clean in (
        ("last", "41.0 ± 1.4", "90.0"),
        ("best", "60.0 ± 0.0", "90.0"),
        ("memorised", "30.0 ± 0.0", "–"),
    ):
        table = frames.settings_table(study, found, column).set_index("loss")
        assert table.to_dict("index") == {
            "ce": {"clean": "missing", "symmetric 0.4": noisy},
            "mae": {"clean": clean, "symmetric 0.4": "missing"},
        }
    gone = [[10 if column < 7 else 0 for column in range(10)] for _ in range(10)]
    found = [*found, put(own_stores["live"], "ce", "clean", last=0.11, confusion=gone)]
    table = frames.settings_table(study, found, "last").set_index("loss")
    assert table.loc["ce"].tolist() == ["11.0 [3]", "41.0 ± 1.4"]
    assert frames.settings_table(study, found, "best").set_index("loss").loc["ce", "clean"] == "60.0"
    assert frames.without_runs(study, found[:-1]) == (
        "Runs are still missing altogether of nce and nce+mae and at symmetric 0.6 and asymmetric 0.4."
    )


def test_a_study_with_a_run_of_each_loss_and_setting_leaves_nothing_out(own_stores):
    study = studies.load("digits")
    for config, _ in study.runs():
        put(own_stores["live"], config["loss"]["spec"], frames.setting_of(config), config["seed"])
    assert frames.without_runs(study, frames.study_records(study)) == ""


def test_landing_table_names_what_is_missing(tmp_path):
    found = [
        put(tmp_path, "ce", "symmetric-0.4", last=0.366, memorised=0.998, **SMALL),
        put(tmp_path, "ce", "asymmetric-0.4", last=0.5, memorised=0.9, **SMALL),
        put(tmp_path, "mae", "asymmetric-0.4", last=0.25, memorised=0.1, **SMALL),
    ]
    table = frames.landing_table(found).set_index("loss")
    assert table.loc["ce", "symmetric 0.4: accuracy"] == "36.6"
    assert table.loc["ce", "symmetric 0.4: memorised"] == "99.8"
    assert table.loc["mae", "asymmetric 0.4: accuracy"] == "25.0"
    assert table.loc["mae", "symmetric 0.4: accuracy"] == table.loc["mae", "symmetric 0.4: memorised"] == "missing"


def test_settings_are_put_in_order_by_kind_and_rate():
    mixed = [
        "matrix-worse",
        "asymmetric-0.4",
        "symmetric-0.8",
        "human-worse",
        "clean",
        "symmetric-0.2",
        "asymmetric-0.1",
        "clean",
    ]
    assert frames.in_order(mixed) == [
        *("clean", "symmetric-0.2", "symmetric-0.8", "asymmetric-0.1", "asymmetric-0.4", "human-worse"),
        "matrix-worse",
    ]
