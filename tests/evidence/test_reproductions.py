"""The figures of public attempts: the file's integrity, and what is made of it."""

import csv
import math

import pytest

from nlr import losses
from nlr.errors import NlrError
from nlr.evidence import reproductions
from nlr.noise import parse_setting
from nlr.study import studies

FRAME = reproductions.load()
FAMILIES = {"cifar10": 10, "cifar100": 100, "mnist": 10, "clothing1m": 14}
AUTHORS = FRAME[FRAME["source"].str.startswith("HX-")]
MAIN = ["HX-HX1-CIFAR10", "HX-HX1-CIFAR100", "HX-HX1-MNIST"]


def lines():
    text = reproductions.REPRODUCTIONS.read_text().splitlines()
    return list(csv.DictReader(line for line in text if not line.startswith("#")))


def test_every_row_is_a_figure_with_its_place():
    assert (FRAME[["source", "repository", "path", "epoch", "read_from", "loss_as_coded"]] != "").all(axis=None)
    thread = FRAME["path"].str.fullmatch(r"issues/\d+")  # what is said in a thread has no commit
    assert (FRAME["commit"].str.fullmatch("[0-9a-f]{40}") ^ thread).all()
    assert FRAME["repository"].str.fullmatch(r"[\w.-]+/[\w.-]+").all()
    assert FRAME["mean"].between(0, 100).all()
    assert (FRAME["population_sd"].isna() | FRAME["population_sd"].between(0, 50)).all()
    assert (FRAME["seeds"] >= 1).all()
    assert FRAME.loc[FRAME["seeds"] == 1, "population_sd"].isna().all()
    assert FRAME.loc[FRAME["seeds"] > 1, "population_sd"].notna().all()
    assert set(FRAME["dataset"]) <= set(FAMILIES)
    assert set(FRAME["epoch"]) == {"last", "best-test", "best-val", "unknown"}
    assert not FRAME.isna().drop(columns=["alpha", "beta", "gamma", "population_sd", "seeds"]).any(axis=None)


def test_numbers_stand_in_the_file_as_they_are_printed_and_no_row_is_lost():
    rows = lines()
    assert len(rows) == len(FRAME) == 1984
    authors = [row for row in rows if row["source"].startswith("HX-")]
    for name in ("mean", "population_sd"):
        assert all(not row[name] or row[name] == f"{float(row[name]):.2f}" for row in authors)
    assert all(float(row["mean"]) == round(float(row["mean"]), 2) for row in rows)
    assert not any("std" in row["note"] or "mean of" in row["note"] for row in rows)


def test_every_figure_is_there_once():
    key = ["source", "path", "dataset", "setting", "loss", "loss_as_coded", "alpha", "beta", "gamma", "epoch"]
    assert not FRAME.duplicated(key).any()


def test_settings_are_ours_or_a_kind_without_its_rate():
    for setting in FRAME["setting"].unique():
        if setting not in ("asymmetric", "real-world"):
            parse_setting(setting)
    assert set(FRAME.loc[FRAME["dataset"] == "clothing1m", "setting"]) == {"real-world"}
    unknown = AUTHORS[AUTHORS["setting"] == "asymmetric"]
    assert len(unknown) == 25  # printed without the column of their rate
    assert unknown["note"].str.contains("rate unknown").all()


def test_losses_are_ours_in_canonical_spelling_or_known_not_to_be():
    for name in set(FRAME["loss"]) - set(reproductions.FOREIGN):
        assert losses.make_loss(name).name == name
    assert set(reproductions.FOREIGN) <= set(FRAME["loss"])
    with pytest.raises(NlrError):
        losses.make_loss("nlnl")


def test_the_authors_tables_are_whole():
    assert AUTHORS["commit"].nunique() == 2
    assert len(AUTHORS) == 773
    sizes = AUTHORS.groupby("source")["loss"].nunique()
    assert (sizes["HX-HX1-CIFAR10"], sizes["HX-HX1-MNIST"], sizes["HX-HX2-MNIST"]) == (25, 19, 5)
    symmetric = AUTHORS[AUTHORS["source"].isin(MAIN) & AUTHORS["setting"].str.match("clean|symmetric")]
    assert (symmetric.groupby(["source", "loss"]).size() == 5).all()
    assert (symmetric["seeds"] == 3).all()


def test_what_is_doubtful_is_named():
    doubted = AUTHORS[AUTHORS["doubt"] != ""].groupby("source")["loss"].agg(set).to_dict()
    ngce = {"ngce", "ngce+mae", "ngce+nce", "ngce+rce"}  # their q on CIFAR-100
    assert doubted == {
        "HX-HX1-CIFAR10": {"sce"},
        "HX-HX1-CIFAR100": ngce,
        "HX-SCALE-CIFAR100": {"ngce"},
        "HX-HX2-MNIST": {"mae"},
        "HX-AB-MNIST": {"nce+rce"},
        "HX-CLOTHING-1": set(AUTHORS[AUTHORS["source"] == "HX-CLOTHING-1"]["loss"]),
        "HX-CLOTHING-2": set(AUTHORS[AUTHORS["source"] == "HX-CLOTHING-2"]["loss"]),
    }


def test_the_entry_that_is_no_run_repeats_another():
    sweep = AUTHORS[AUTHORS["source"] == "HX-AB-MNIST"].set_index(["alpha", "beta", "setting"]).sort_index()
    doubted = sweep[sweep["doubt"] != ""]
    assert set(doubted.index.droplevel("setting")) == {(10.0, 0.1)}
    assert doubted["mean"].tolist() == sweep.loc[(10.0, 1.0), "mean"].tolist()


def test_mnist_collapses_where_the_summary_says():
    figures = reproductions.figures("HX-HX1-MNIST", "mnist", "ma2020-mnist")
    for rate in (0.2, 0.4, 0.6, 0.8):
        figure = figures["nce", f"symmetric-{rate}"]
        assert (figure.mean, figure.sd, figure.n) == (11.35, None, 3)  # ± 0.00 is no variance


def test_a_printed_deviation_becomes_that_of_a_sample():
    figure = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020")["nce+rce", "symmetric-0.6"]
    assert (figure.mean, figure.n, figure.source) == (79.78, 3, "HX-HX1-CIFAR10")
    assert figure.sd == pytest.approx(0.50 * 1.2247, rel=1e-4)
    assert (figure.repository, figure.path) == ("HanxunH/Active-Passive-Losses", "plot_results.ipynb")
    assert reproductions.sample_sd(2.0, 2) == pytest.approx(2 * math.sqrt(2))
    assert reproductions.sample_sd(math.nan, 3) is reproductions.sample_sd(0.0, 3) is None
    assert reproductions.sample_sd(1.0, 1) is None


def test_a_loss_is_spelled_as_a_run_of_the_protocol_is():
    def spelled(source, dataset, protocol, **how):
        return {loss for loss, _ in reproductions.figures(source, dataset, protocol, **how)}

    paper = set(studies.load("ma2020-small").losses())
    assert paper <= spelled("HX-HX1-CIFAR10", "cifar10", "ma2020")
    assert "sce" in spelled("HX-HX1-MNIST", "mnist", "ma2020-mnist")  # alpha .01 is that protocol's own
    assert "sce,alpha=0.01" in spelled("HX-HX1-MNIST", "mnist", "ma2020")
    release = spelled("HX-HX1-MNIST", "mnist", "ma2020-mnist-release")
    assert {"nce,scale=1", "nce+mae,beta=1", "nce+rce,beta=1"} <= release
    assert "nce" not in release
    sweep = spelled("HX-SCALE-CIFAR100", "cifar100", "ma2020")
    assert {"mae", "mae,scale=5", "nce", "nce,scale=10", "nfl,gamma=2,scale=4"} <= sweep  # mae is half of ours
    assert "nce+rce,alpha=0.1,beta=100" in spelled("HX-AB-MNIST", "mnist", "ma2020-mnist")


def test_doubtful_figures_and_those_without_a_rate_are_left_out():
    usual = reproductions.figures("HX-HX2-MNIST", "mnist", "ma2020-mnist")
    whole = reproductions.figures("HX-HX2-MNIST", "mnist", "ma2020-mnist", doubtful=True)
    assert {loss for loss, _ in set(whole) - set(usual)} == {"mae"}
    assert all(figure.doubt for cell, figure in whole.items() if cell not in usual)
    assert reproductions.figures("HX-HX2-CIFAR10", "cifar10", "ma2020") == {}
    cells = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020")
    assert {s for loss, s in cells if loss == "nce"} == {"clean", *(f"symmetric-0.{k}" for k in (2, 4, 6, 8))}
    doubted = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020", doubtful=True)
    assert ("sce,beta=5", "asymmetric-0.4") in doubted


def test_figures_of_the_best_epoch_are_no_figures_of_the_last():
    table = FRAME[(FRAME["source"] == "S13") & (FRAME["setting"] == "symmetric-0.6") & (FRAME["loss"] == "ce")]
    assert sorted(table["epoch"]) == ["best-test", "last"]
    last = table.loc[table["epoch"] == "last", "mean"].item()
    assert reproductions.figures("S13", "cifar10", "ma2020")["ce", "symmetric-0.6"].mean == last
    assert reproductions.figures("S6", "cifar10", "ma2020") == {}


def test_what_one_caller_changes_no_other_sees():
    changed = reproductions.load()
    changed["mean"] = 0.0
    assert reproductions.load().equals(FRAME)


def test_unknown_sources_and_data_sets_name_the_known_ones():
    with pytest.raises(NlrError, match=r"source 'HX-HX1-MNST'.*Did you mean 'HX-HX1-MNIST'"):
        reproductions.figures("HX-HX1-MNST", "mnist", "ma2020-mnist")
    with pytest.raises(NlrError, match=r"data set of HX-HX1-MNIST 'cifar10'.*Known: mnist"):
        reproductions.figures("HX-HX1-MNIST", "cifar10", "ma2020")
    with pytest.raises(NlrError, match="protocol"):
        reproductions.figures("HX-HX1-MNIST", "mnist", "ma2021")
