"""Your records beside ours, with figures that the test chose."""

import re

import numpy as np
import pytest
from factory import put, put_damaged

from nlr.errors import NlrError
from nlr.evidence import agreement

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}


def against(tmp_path, yours, ours, **changes):
    """One cell's row: accuracies of your seeds against those of ours."""
    mine = [put(tmp_path / "mine", seed=s, last=a, **changes) for s, a in enumerate(yours)]
    theirs = [put(tmp_path / "ours", seed=s, last=a) for s, a in enumerate(ours)]
    (row,) = agreement.compare(mine, theirs).to_dict("records")
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
    compared = agreement.compare(mine, [put(tmp_path / "ours", "ce")])
    assert compared["agree"].tolist() == [True, None, None]
    assert compared["note"].tolist()[1:] == ["no record of ours"] * 2
    table = agreement.as_text(compared)
    assert table["verdict"].tolist() == ["agrees", "no record of ours", "no record of ours"]
    assert table.loc[1:, ["ours", "difference", "our sd", "within"]].to_numpy().tolist() == [["–"] * 4] * 2


def test_classes_never_answered_stand_behind_an_accuracy(tmp_path):
    mine = [put(tmp_path / "mine", last=0.1, confusion=[[100] + [0] * 9] * 10), put(tmp_path / "mine", seed=1)]
    compared = agreement.compare(mine, [put(tmp_path / "ours")])
    assert compared[["never_answered_yours", "never_answered_ours"]].to_numpy().tolist() == [[9, 0]]
    (row,) = agreement.as_text(compared).to_dict("records")
    assert (row["yours"], row["ours"]) == ("30.0 [9] (n = 2)", "50.0 (n = 1)")


def test_agreement_in_words(tmp_path):
    mine = [put(tmp_path / "mine", last=0.47), put(tmp_path / "mine", "mae", last=0.60)]
    theirs = [put(tmp_path / "ours", seed=s, last=a) for s, a in enumerate((0.40, 0.42, 0.44))]
    table = agreement.as_text(agreement.compare(mine, [*theirs, put(tmp_path / "ours", "mae", last=0.62)]))
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
    compared = agreement.compare(mine, ours)
    assert compared["yours"].tolist() == pytest.approx([60, 50])
    assert compared["n_yours"].tolist() == [1, 1]
    assert "data: yours cifar10, ours cifar10-jpeg75" in compared["note"][0]
    assert compared["note"][1] == "same data and device"
    assert compared["agree"].tolist() == [False, True]
    # Where we have the same data, those are what yours are compared with.
    ours.append(put(tmp_path / "ours", last=0.7, dataset="cifar10", **small))
    assert agreement.compare(mine, ours)["ours"].tolist() == pytest.approx([70, 50])


def test_a_store_is_compared_with_those_of_all_studies(tmp_path, own_stores):
    put(tmp_path / "mine", last=0.5)
    put(tmp_path / "mine", last=0.5, **SMALL)
    put(tmp_path / "mine", "mae")
    put(own_stores["live"], last=0.5)
    put(own_stores["results"], last=0.6, **SMALL)
    path = put_damaged(tmp_path / "mine", "nce")
    compared, damaged = agreement.compare_stores(tmp_path / "mine")
    verdicts = {(r.protocol, r.loss): r.agree for r in compared.itertuples()}
    assert verdicts == {("digits", "ce"): True, ("ma2020-small", "ce"): False, ("digits", "mae"): None}
    assert len(damaged) == 1
    assert str(path) in damaged[0]


@pytest.mark.parametrize("place", ["missing", "empty", "damaged"])
def test_a_store_without_a_record_cannot_be_compared(tmp_path, own_stores, place):
    (tmp_path / "empty").mkdir()
    damaged = put_damaged(tmp_path / "damaged", "ce")
    words = f"can be read: {damaged} was edited" if place == "damaged" else ".*seed-<n>.json"
    with pytest.raises(NlrError, match=f"No record in .*{place}'.*{words}"):
        agreement.compare_stores(tmp_path / place)
