"""The figures that the code of the reports prints: whole, in their place, and what the reports print of them."""

import csv
import re

import pytest

from nlr import losses
from nlr.errors import NlrError
from nlr.evidence import course_figures, report_code, reproductions
from nlr.noise import parse_setting

FRAME = report_code.load()
PRINTED = course_figures.load().query("kind == 'table' and metric == 'test_accuracy'")


def cells(source, **where):
    """The texts of a source's figures by loss and setting."""
    rows = FRAME[FRAME["source"] == source]
    for key, value in where.items():
        rows = rows[rows[key] == value]
    assert not rows.duplicated(["loss", "setting"]).any()
    return rows.set_index(["loss", "setting"])["text"].to_dict()


def in_print(report, **where):
    """The texts of a report's tables by loss, spelled as ours, and setting."""
    rows = PRINTED[PRINTED["report"] == report]
    for key, value in where.items():
        rows = rows[rows[key] == value]
    names = rows["loss"].str.lower().str.replace(" ", "")
    return dict(zip(zip(names, rows["setting"], strict=True), rows["text"], strict=True))


def test_every_row_is_a_figure_with_its_place():
    with report_code.FIGURES.open() as file:
        columns = next(csv.reader(line for line in file if not line.startswith("#")))
    with reproductions.REPRODUCTIONS.open() as file:
        assert columns == next(csv.reader(line for line in file if not line.startswith("#")))
    assert (FRAME[["source", "path", "loss_as_coded", "epoch", "read_from"]] != "").all(axis=None)
    assert FRAME["mean"].between(0, 100).all()
    assert (FRAME["seeds"] == 1).all()
    assert (FRAME["population_sd"] == "").all()
    for report, sources in report_code.SOURCES.items():
        mine, known = report_code.load(report), report_code.code(report)
        assert set(mine["source"]) == set(sources)
        assert bool(known) == bool(sources)
        assert set(zip(mine["repository"], mine["commit"], strict=True)) == (
            {(known["repository"], known["commit"])} if known else set()
        )
    assert FRAME["commit"].str.fullmatch("[0-9a-f]{40}").all()
    for setting in FRAME["setting"].unique():
        parse_setting(setting)


def test_what_is_coded_is_a_loss_of_ours_or_not_known():
    for row in FRAME.itertuples():
        assert losses.make_loss(row.loss).name == row.loss
        if row.loss_as_coded == "not known":
            assert row.doubt
            continue
        name, parameters = losses.parse_loss(row.loss_as_coded)
        found = losses.make_loss(name, **parameters)
        assert losses.format_loss(name, parameters) == row.loss_as_coded
        if "+" in row.loss and not name.startswith("krishnan-apl"):
            assert (found.settings["alpha"], found.settings["beta"]) == (row.alpha, row.beta)


def test_the_six_figures_of_soni_are_whole():
    lost = course_figures.load("soni").query("kind == 'figure'")
    assert len(cells("SONI")) == len(lost) == 56
    assert {setting for _, setting in cells("SONI")} == set(lost["setting"])
    # As his text has it: under symmetric noise MAE is the lowest of its figure, under asymmetric CE is above FL.
    value = {key: float(text) for key, text in cells("SONI").items()}
    for _, setting in value:
        if setting.startswith("symmetric"):
            assert value["mae", setting] < min(value["nfl", setting], value["nfl+mae", setting])
        else:
            assert value["ce", setting] > value["fl", setting]


def test_the_tables_beside_the_code_are_those_of_the_reports():
    assert cells("KRISHNAN-1") == in_print("krishnan")
    assert cells("CHHEDA-1") == in_print("chheda")


def test_a_starred_figure_is_that_of_the_last_epoch_of_the_second_run():
    second, starred = cells("CHHEDA-2", epoch="last"), in_print("chheda", starred=True)
    assert len(starred) == 16
    for cell, text in starred.items():
        assert abs(float(second[cell]) - float(text)) < 0.1  # cut or rounded
    # Two more were made and are not in the table.
    assert set(second) - set(starred) == {("nce+rce", "symmetric-0.6"), ("nce+rce", "symmetric-0.8")}
    best = cells("CHHEDA-2", epoch="best on test")
    assert all(float(best[cell]) > float(text) for cell, text in second.items())
    coded = FRAME[(FRAME["source"] == "CHHEDA-1") & FRAME["loss"].str.contains("rce")]
    assert (coded["loss_as_coded"].eq("not known") != coded["note"].str.contains("starred")).all()


def test_facts_on_the_code_name_a_file_and_no_line_break():
    for report in course_figures.REPORTS:
        for fact in report_code.code(report).get("has", {}).values():
            assert set(fact) == {"says", "path"}
            assert not re.search(r"[|\n]", fact["says"])
            assert report_code.place(report, fact["path"]).startswith(f"[`{fact['path'].split('/')[-1]}`](https://")


def test_what_one_caller_changes_no_other_sees():
    changed = report_code.load()
    changed["mean"] = 0.0
    assert report_code.load().equals(FRAME)


def test_a_report_that_is_unknown_or_without_code_is_named():
    for ask in (report_code.load, report_code.code):
        with pytest.raises(NlrError, match=r"report 'sony'.*Did you mean 'soni'"):
            ask("sony")
    with pytest.raises(NlrError, match="report with public code 'joshi'"):
        report_code.place("joshi", "main.py")
