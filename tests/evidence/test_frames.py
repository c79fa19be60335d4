"""Tables against records whose figures the test chose: means, spreads, agreement, and what is missing stays missing."""

import re
from fnmatch import fnmatch

import numpy as np
import pandas as pd
import pytest
from factory import parts, put

from nlr import losses
from nlr.errors import NlrError
from nlr.evidence import course_figures, frames
from nlr.study import protocols, records, runs, studies

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


# Agreement


def against(tmp_path, yours, ours, **changes):
    """One cell's row: accuracies of your seeds against those of ours."""
    mine = [put(tmp_path / "mine", seed=s, last=a, **changes) for s, a in enumerate(yours)]
    theirs = [put(tmp_path / "ours", seed=s, last=a) for s, a in enumerate(ours)]
    (row,) = frames.agreement(mine, theirs).to_dict("records")
    return row


@pytest.mark.parametrize(
    ("yours", "ours", "tolerance", "agrees"),
    [
        ([0.51], [0.50], 1, True),  # one point, and one run of ours: the boundary belongs to it
        ([0.49], [0.50], 1, True),
        ([0.5101], [0.50], 1, False),
        ([0.4899], [0.50], 1, False),
        ([0.48], [0.40, 0.42, 0.44], 6, True),  # three deviations
        ([0.36], [0.40, 0.42, 0.44], 6, True),
        ([0.4801], [0.40, 0.42, 0.44], 6, False),
        ([0.42, 0.54], [0.40, 0.42, 0.44], 6, True),  # means are compared
        ([0.509], [0.50, 0.50, 0.50], 1, True),
        ([0.512], [0.50, 0.50, 0.50], 1, False),
        ([0.42, 0.20, 0.10], [0.42], 1, False),  # a wide spread of yours does not help
    ],
)
def test_cells_agree_within_a_point_or_three_of_our_deviations(tmp_path, yours, ours, tolerance, agrees):
    row = against(tmp_path, yours, ours)
    assert row["agree"] is agrees
    assert row["tolerance"] == pytest.approx(tolerance)
    assert (row["n_yours"], row["n_ours"]) == (len(yours), len(ours))
    assert row["yours"] == pytest.approx(100 * np.mean(yours))
    assert row["ours"] == pytest.approx(100 * np.mean(ours))
    assert row["difference"] == pytest.approx(100 * (np.mean(yours) - np.mean(ours)))
    assert np.isnan(row["our_sd"]) == (len(ours) == 1)


def test_a_cell_that_we_do_not_have_gets_no_verdict(tmp_path):
    mine = [put(tmp_path / "mine", "ce"), put(tmp_path / "mine", "gce"), put(tmp_path / "mine", "ce", "clean")]
    compared = frames.agreement(mine, [put(tmp_path / "ours", "ce")])
    assert compared["agree"].tolist() == [True, None, None]
    assert compared["note"].tolist()[1:] == ["no record of ours"] * 2
    table = frames.agreement_table(compared)
    assert table["verdict"].tolist() == ["agrees", "no record of ours", "no record of ours"]
    assert table.loc[1:, ["ours", "difference", "our sd", "within"]].to_numpy().tolist() == [["–"] * 4] * 2


def test_agreement_in_words(tmp_path):
    mine = [put(tmp_path / "mine", last=0.47), put(tmp_path / "mine", "mae", last=0.60)]
    theirs = [put(tmp_path / "ours", seed=s, last=a) for s, a in enumerate((0.40, 0.42, 0.44))]
    table = frames.agreement_table(frames.agreement(mine, [*theirs, put(tmp_path / "ours", "mae", last=0.62)]))
    assert table.to_dict("records") == [
        {
            "setting": "symmetric-0.4",
            "loss": "ce",
            "yours": "47.0 (n = 1)",
            "ours": "42.0 (n = 3)",
            "difference": "+5.0",
            "our sd": "2.0",
            "within": "6.0",
            "verdict": "agrees",
        },
        {
            "setting": "symmetric-0.4",
            "loss": "mae",
            "yours": "60.0 (n = 1)",
            "ours": "62.0 (n = 1)",
            "difference": "-2.0",
            "our sd": "–",
            "within": "1.0",
            "verdict": "differs",
        },
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "^same data and device$"),
        ({"device": "A GPU"}, "^device: yours A GPU, ours A processor$"),
        ({"threads": 4}, "^threads: yours 4, ours 1$"),
        ({"versions": {"torch": "3.0"}}, "^torch: yours 3.0, ours 2.0$"),
        ({"fingerprint": "a" * 64}, "^images: yours aaaaaaaa, ours [0-9a-f]{8}$"),
        ({"device": "A GPU", "threads": 4}, "device: .*; threads: "),
    ],
    ids=str,
)
def test_differences_in_data_and_device_are_named(tmp_path, change, words):
    assert re.search(words, against(tmp_path, [0.5], [0.5], **change)["note"])


def test_differences_in_seeds_are_named(tmp_path):
    assert against(tmp_path, [0.5, 0.5], [0.5])["note"] == "seeds: yours 0, 1, ours 0"


def test_lossless_and_jpeg_runs_are_compared_by_name_and_never_pooled(tmp_path):
    small = {"protocol": "ma2020-small", "setting": "symmetric-0.4"}
    mine = [put(tmp_path / "mine", last=a, dataset=d, **small) for d, a in (("cifar10", 0.6), ("cifar10-jpeg75", 0.5))]
    ours = [put(tmp_path / "ours", last=0.5, dataset="cifar10-jpeg75", **small)]
    compared = frames.agreement(mine, ours)
    assert compared["yours"].tolist() == pytest.approx([60, 50])
    assert compared["n_yours"].tolist() == [1, 1]
    assert "data: yours cifar10, ours cifar10-jpeg75" in compared["note"][0]
    assert compared["note"][1] == "same data and device"
    assert compared["agree"].tolist() == [False, True]
    # Where we have the same data, those are what yours are compared with.
    ours.append(put(tmp_path / "ours", last=0.7, dataset="cifar10", **small))
    assert frames.agreement(mine, ours)["ours"].tolist() == pytest.approx([70, 50])


def test_a_store_is_compared_with_those_of_all_studies(tmp_path, own_stores):
    put(tmp_path / "mine", last=0.5)
    put(tmp_path / "mine", last=0.5, **SMALL)
    put(tmp_path / "mine", "mae")
    put(own_stores["live"], last=0.5)
    put(own_stores["results"], last=0.6, **SMALL)
    path = put_damaged(tmp_path / "mine", "nce")
    compared, damaged = frames.compare_stores(tmp_path / "mine")
    verdicts = {(r.protocol, r.loss): r.agree for r in compared.itertuples()}
    assert verdicts == {("digits", "ce"): True, ("ma2020-small", "ce"): False, ("digits", "mae"): None}
    assert len(damaged) == 1
    assert str(path) in damaged[0]


def put_damaged(store, loss):
    record = put(store, loss)
    path = records.path_of(store, record["config"])
    path.write_text(path.read_text().replace("A processor", "A better one"))
    return path


@pytest.mark.parametrize("place", ["missing", "empty", "damaged"])
def test_a_store_without_a_record_cannot_be_compared(tmp_path, own_stores, place):
    (tmp_path / "empty").mkdir()
    damaged = put_damaged(tmp_path / "damaged", "ce")
    words = f"can be read: {damaged} was edited" if place == "damaged" else ".*seed-<n>.json"
    with pytest.raises(NlrError, match=f"No record in .*{place}'.*{words}"):
        frames.compare_stores(tmp_path / place)


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
    assert frames.without_runs(study, found) == (
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


def test_status_counts_what_is_there_and_names_what_is_damaged(own_stores):
    put(own_stores["live"], "ce", "clean", 0)
    put(own_stores["live"], "ce", "clean", 1)
    put(own_stores["live"], "gce", "clean", 0)  # not of the study
    put(own_stores["results"], "mae", "asymmetric-0.4", **SMALL)
    path = put_damaged(own_stores["live"], "nce")  # symmetric-0.4, seed 0
    old = runs.resolve("digits", "mae", "clean", 0, "digits") | {"numerics": 0}
    records.write(own_stores["live"], old, **parts(old))
    table, damaged = frames.status()
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
        "ma2020-small": 156,
    }
    assert len(damaged) == 2
    assert any(str(path) in message for message in damaged)
    assert any("numerics is 0 there" in message for message in damaged)

    rows = frames.study_table(table).set_index("study")
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
        "ma2020-small": "1 of 156",
    }
    assert "python -m nlr study ma2020-small" in rows.loc["ma2020-small"].to_list()[-1]
    grid = frames.status_table(table, "digits").set_index("loss")
    assert grid.loc["ce", "clean"] == "2/2"
    assert grid.loc["mae", "clean"] == "0/2"
    assert grid.loc["nce", "symmetric 0.4"] == "0/2"
    assert grid.shape == (4, 4)


def test_studies_with_missing_runs_stand_first_and_say_what_makes_these():
    names, have = ["digits", "ma2020-small", "ma2020-small-x4", "ma2020"], [75, 1, 3, 0]
    places = {"protocol": names, "dataset": ["digits", *["cifar10-jpeg75"] * 3]}
    table = frames.study_table(pd.DataFrame({"study": names, **places, "have": have, "wanted": [75, 156, 3, 408]}))
    assert list(table["study"]) == ["ma2020-small", "ma2020", "digits", "ma2020-small-x4"]
    assert list(table["missing runs are made by"]) == [
        "`python -m nlr study ma2020-small`",
        "`python -m nlr study ma2020`",
        "none missing",
        "none missing",
    ]


# The catalogue


def test_loss_tables_hold_every_loss_once():
    cards = losses.cards(10)
    names = [f"`{card.name}`" for card in cards]
    own, printed = (frames.loss_table(cards, printed) for printed in (False, True))
    assert sorted([*own["loss"], *printed["loss"]]) == sorted(names)
    assert {"`ce`", "`nce`", "`mae`", "`ngce`", "`nrce`"} <= set(own["loss"])
    assert {"`ma2020-nfl`", "`kathuria-nce`", "`joshi-ce`"} <= set(printed["loss"])
    rows = own.set_index("loss")
    assert rows.loc["`ce`"].tolist()[1:] == ["active", r"$0$ to $\infty$", "not constant"]
    assert rows.loc["`mae`"].tolist()[1:] == ["passive", "$0$ to $2$", "18"]
    assert rows.loc["`nce`", "sum over labels"] == "1"
    for printed_too in (False, True):
        lines = frames.loss_sources(cards, printed_too).splitlines()
        assert len(lines) == len(frames.loss_table(cards, printed_too))
        assert all(re.match(r"- `[^`]+`: \S", line) for line in lines)


def test_slope_table_shows_that_equal_names_differ():
    names = ["mae", "rce", "nce+mae", "sce"]
    table = frames.slope_table(names).set_index("protocols")
    assert table.columns.tolist() == [f"`{name}`" for name in names]
    assert table.loc["as defined"].tolist() == ["2", "4", "2", "4"]
    assert row_of(table, "ma2020").tolist() == ["1", "9.21", "1", "9.21"]
    assert row_of(table, "soni-as-written").tolist() == ["2", "4", "2", "9.21"]
    assert row_of(table, "joshi-as-intended").tolist() == ["2", "9.21", "2", "9.21"]


def row_of(table, protocol):
    """The row whose protocols have one among them, by its name or by a name with a star."""
    (row,) = (
        row
        for listed, row in table.iterrows()
        if any(fnmatch(protocol, pattern) for pattern in re.findall("`(.+?)`", listed))
    )
    return row


def test_every_protocol_is_in_one_row_of_the_slope_table():
    names = ["mae", "rce", "nce+mae"]
    table = frames.slope_table(names).set_index("protocols")
    assert not table.iloc[1:].duplicated().any()  # one of them may be that of the definitions
    for protocol in protocols.names():
        loaded = protocols.load(protocol)
        slopes = [f"{runs.canonical_loss(loaded, name)[1].passive_slope:.4g}" for name in names]
        assert row_of(table, protocol).tolist() == slopes


def test_a_family_of_protocols_is_named_once_where_all_of_it_agree(monkeypatch):
    known = ["a", "a-x", "a-y", "b-x", "b-y", "b-y-z", "c-x"]
    monkeypatch.setattr(protocols, "names", lambda: known)
    assert frames._families(["a", "a-x", "a-y", "b-x", "c-x"]) == ["a*", "b-x", "c-x"]
    assert frames._families(["b-y", "b-y-z"]) == ["b-y*"]
    assert frames._families(["b-x", "b-y"]) == ["b-x", "b-y"]


def test_build_facts_and_pages():
    facts = dict(frames.build_facts())
    assert re.fullmatch(r"\d+(\.\w+)+", facts["jupyter-book"])
    assert {"commit", "nlr", "torch", "snakemake"} <= set(facts)
    pages = frames.pages_table()
    assert isinstance(pages, pd.DataFrame)
    assert pages["notebook"].str.fullmatch(r"`notebooks/\w+/[\w-]+\.py`").all()
    assert any("rate = 0.4" in p and "noise = symmetric" in p for p in pages["parameters"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("digits/symmetric-0.4", "digits-symmetric-0-4"), ("NCE+RCE, A=-4", "nce-rce-a-4"), ("--a--", "a")],
)
def test_slug(text, expected):
    assert frames.slug(text) == expected


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
