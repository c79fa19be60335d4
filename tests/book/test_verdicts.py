"""The verdicts: collected from pages and records, put beside what others print, and filtered as a reader does it."""

import json
import math
import re
import tomllib
from functools import cache

import numpy as np
import pytest
from factory import grid
from scipy import stats

from nlr import paths
from nlr.book import display, verdict_tables
from nlr.book.sentences import SYMMETRIC
from nlr.errors import NlrError
from nlr.evidence import claims, published, statistics, verdicts
from nlr.evidence.claims import kinds

SMALL = "ma2020-small"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one page, which has proved C1 and refuted half of C9."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(paths, "EXECUTED", tmp_path / "executed")
    (tmp_path / "executed").mkdir()
    (tmp_path / "pages.toml").write_text('[proofs]\nnotebook = "proofs"\n[later]\nnotebook = "later"\n')
    shown = [
        display.Verdict("C1", "held", "It sums to 1."),
        display.Verdict("C9", "did not hold", "It is bounded anyway."),
    ]
    outputs = [{"data": one._repr_mimebundle_()} for one in shown]
    cells = [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": outputs}]
    (tmp_path / "executed" / "proofs.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "executed" / "left-over.ipynb").write_text("not a page of the book")


def test_proofs_come_from_the_outputs_of_the_pages_of_the_book(book):
    found = verdicts.proofs()
    assert {name: [(j.scope, j.outcome, j.because, j.target) for j in of] for name, of in found.items()} == {
        "C1": [("mathematics", "held", "It sums to 1.", "claim-c1")],
        "C9": [("mathematics", "did not hold", "It is bounded anyway.", "claim-c9")],
    }


def test_two_verdicts_of_one_claim_are_refused(book):
    (paths.EXECUTED / "later.ipynb").write_text((paths.EXECUTED / "proofs.ipynb").read_text())
    with pytest.raises(NlrError, match=r"C1 has two verdicts of mathematics, the second in later.ipynb"):
        verdicts.proofs()


def test_verdicts_and_errata_that_another_rule_changes_are_listed():
    records = verdicts.committed()
    listed = verdict_tables.rule_changes({}, records)  # no claim, so errata alone
    rows = [line.split("|")[1:-1] for line in listed.splitlines()[2:]]
    assert rows
    for name, protocol, before, now in ([cell.strip().strip("`") for cell in row] for row in rows):
        one = claims.errata()[name]
        assert claims.evaluate(one, records, protocol).outcome == now.partition("`")[2]
        assert claims.evaluate(claims.formerly(one), records, protocol).outcome == before != now.partition("`")[2]
    assert verdict_tables.rule_changes({}, []) == "No verdict differs under the former rules."


def test_changed_tests_are_listed_with_what_changed():
    listed = verdict_tables.revisions()
    found = {name: one for name, one in (claims.load() | claims.errata()).items() if one.revised}
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in listed.splitlines()[2:]]
    assert found.keys() == {name for name, *_ in rows}
    for name, day, how in rows:
        assert day == found[name].revised.date().isoformat()
        assert how == found[name].revision != ""
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_every_claim_is_judged_in_every_scope_that_it_has(book):
    judged = verdicts.judge([], verdicts.proofs())
    assert list(judged) == list(claims.load())
    assert [j.scope for j in judged["C9"]] == ["mathematics", SMALL, "ma2020-mnist", "ma2020"]
    assert [(j.scope, j.outcome) for j in judged["C2"]] == [("mathematics", "not run")]  # no page proves it
    assert {j.outcome for of in judged.values() for j in of if j.scope != "mathematics"} == {"not run"}
    counts = verdicts.count_table(judged).set_index("scope")
    assert counts.loc["mathematics", ["claims", "held", "did not hold", "not run"]].tolist() == [10, 1, 1, 8]
    assert counts.loc[SMALL, "not run"] == counts.loc[SMALL, "claims"] > 40


@cache
def nothing():
    """What is said of every claim where there are no records."""
    return verdicts.judge([], {})


def falling(step):
    """CE at the four rates, three seeds, falling by ``step`` from rate to rate."""
    return grid({("ce", s): 0.7 - k * step for k, s in enumerate(SYMMETRIC)})


@pytest.mark.parametrize(("step", "outcome"), [(0.1, "held"), (-0.1, "did not hold"), (0.0, "undecided")])
def test_the_verdict_follows_the_records(book, step, outcome):
    judged = nothing() | verdicts.judge(falling(step), {}, ["C15"])
    (found,) = [one for one in judged["C15"] if one.scope == SMALL]
    assert found.outcome == outcome
    line, numbers, *_ = verdict_tables.claim_table(judged, {}).set_index("claim").loc["C15", "verdict"].split("<br>")
    part = found.found.evidence[0]
    mean = f"{part.effect:+z.1f} ({part.low:+z.1f} to {part.high:+z.1f}; 3 seeds) points".replace("-", "\N{MINUS SIGN}")
    assert numbers.startswith("[Of 2 comparisons: 2 ")
    assert f". {mean} a tenth of noise rate, slope over the noise rate of test accuracy" in numbers
    assert " (claimed: below 0)" in numbers
    assert numbers.endswith("]{.verdict-numbers}")
    assert line == f"[{{verdict}}`{outcome}`](#evidence-c15) [CIFAR-10, 10,000 images, 25 epochs]{{.verdict-scope}}"
    text = verdict_tables.evidence(["C15"], judged, {})
    assert text.startswith("(evidence-c15)=\n### C15\n")
    assert f"{{verdict}}`{outcome}` **CIFAR-10, 10,000 images, 25 epochs**, `{SMALL}`" in text
    assert "of noise rate; the claim says below 0:" in text
    says = {"held": "supports", "did not hold": "contradicts", "undecided": "open"}[outcome]
    rows = [line for line in text.splitlines() if line.startswith("| ce")]
    assert len(rows) == 2
    assert all(
        re.search(rf"\| 3 \| 8 \| \d+\.\d\d \| < 0\.001 \| {says} \|", row) or (says == "open" and "| open |" in row)
        for row in rows
    )
    assert all(re.search(r"[+−]\d+\.\d\d to [+−]\d+\.\d\d \(95 %\)", row) for row in rows)
    assert "`python -m nlr study ma2020`" in text  # what the other protocol still needs


def test_the_table_of_claims_names_who_says_what():
    table = verdict_tables.claim_table(nothing(), {}).set_index("claim")
    assert table.loc["C17", "asserted by"] == "the paper, Kathuria, Chheda"
    assert table.loc["C17", "contradicted by"] == "Chheda (by figures), Krishnan (by figures)"
    assert table.loc["C20", "asserted by"] == "the paper, Joshi (quotes)"
    assert table.loc["C26", "contradicted by"] == "nobody"
    assert len(table) == len(claims.load())
    assert not table["verdict"].str.contains("verdict-numbers").any()


def test_a_row_without_an_interval_is_said_to_lack_a_spread_and_not_replicates():
    """The authors' row has three runs."""
    found = claims.evaluate_printed(claims.get("C76"), "HX-HX1-MNIST", "ma2020-mnist")
    shown = verdict_tables.evidence_frame(found.evidence[0])
    assert (shown.loc[0, "n"], shown.loc[0, "says"]) == ("3", "no spread known")
    assert "unreplicated" not in shown["says"].tolist()


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        (["not run"] * 2, "none of 2 claims has a verdict yet"),
        (["held", "held", "partly"], "2 of 3 claims held, 1 held in part and 0 did not hold"),
        (
            ["did not hold", "did not hold", "did not hold everywhere"],
            "0 of 3 claims held, 0 held in part, 2 did not hold and 1 not everywhere",
        ),
        (
            ["held", "undecided", "not run", "not run"],
            "1 of 4 claims held, 0 held in part and 0 did not hold; 1 is undecided and 2 still wait for runs",
        ),
    ],
)
def test_the_tally_of_a_scope_in_words(outcomes, text):
    judged = {
        f"C{k}": [verdicts.Judgement(f"C{k}", scope, outcome, "", "") for scope in (SMALL, "elsewhere")]
        for k, outcome in enumerate(outcomes)
    }
    assert verdicts.tally(judged, SMALL) == text


def test_runs_that_are_missing_beside_others_of_their_cells_are_said_to_be_of_further_seeds():
    few = grid({("ce", s): 0.7 - k / 10 for k, s in enumerate(SYMMETRIC)}, seeds=2)
    (found,) = [one.found for one in verdicts.judge(few, {}, ["C15"])["C15"] if one.scope == SMALL]
    assert found.missing
    assert f"{len(found.missing)} runs of further seeds missing: " in verdict_tables._missing(found)
    nothing = verdicts.judge([], {}, ["C15"])["C15"][0].found
    assert verdict_tables._missing(nothing).startswith(f"{len(nothing.missing)} runs missing: ")


def test_a_verdict_that_changes_without_exploratory_runs_says_so_beside_its_badge():
    runs = falling(0.1)
    for one in runs:
        one["facts"]["purpose"] = "exploratory" if one["config"]["seed"] else "study"
    judged = nothing() | verdicts.judge(runs, {}, ["C15"])
    found = judged["C15"][0]
    without = found.found.without_exploratory  # one seed of each setting is left
    assert found.outcome == "held"
    assert without != "held"
    scope = "[CIFAR-10, 10,000 images, 25 epochs]{.verdict-scope}"
    assert verdict_tables.limited(found) == f"{scope} (without exploratory runs: {without})"
    assert (
        verdict_tables.limited(found) in verdict_tables.claim_table(judged, {}).set_index("claim").loc["C15", "verdict"]
    )
    assert verdicts.judge(falling(0.1), {}, ["C15"])["C15"][0].qualifier == ""


CONTROL = "ma2020-small-x4"


def part_with(ratio, residuals=()):
    """Evidence without rows whose spread differs so from setting to setting."""
    spread = statistics.Spread(1.0, 8, True, 2, 4, ratio, residuals=residuals)
    return claims.Evidence({"test": "difference", "figure": "last"}, "points", (), 1.0, 0.5, 1.5, spread)


def test_where_each_setting_has_its_own_spread_the_evidence_says_of_which_it_speaks():
    how = {"protocol": "ma2020-mnist", "dataset": "mnist", "final": {"modal_class_share": 0.2}}
    runs = []
    for k, setting in enumerate(SYMMETRIC, start=1):
        cells = {(loss, setting): 0.5 + len(loss) / 20 for loss in ("ce", "nce", "mae")}
        runs += grid(cells, noise=0.004 * k, **how)
    (found,) = [one.found for one in verdicts.judge(runs, {}, ["C17"])["C17"] if one.scope == "ma2020-mnist"]
    text = verdict_tables.spread(found.evidence[0])
    assert re.search(
        r"mean of the rows: at most \d\.\d\d points a run, from 4 settings, each with its own; the largest of a "
        r"setting is 4\.0 times the smallest\.$",
        text,
    )
    assert "spread over seeds from 4 settings, each with its own, " in found.reason
    (cells,) = [one.found for one in verdicts.judge(runs, {}, ["C69"])["C69"] if one.scope == "ma2020-mnist"]
    lines = [line for part in cells.evidence for line in verdict_tables.spread(part).splitlines()]
    assert len(lines) == len(SYMMETRIC)
    assert lines[0].startswith("- Spread over seeds behind the rows of ce, nce and mae at symmetric 0.")
    assert all("degrees of freedom, 3 losses in 1 setting; the largest of a loss is " in line for line in lines)


def test_the_evidence_says_what_the_control_leaves_out_and_how_unlike_the_spreads_are():
    runs = grid({(loss, s): 0.4 for loss in ("nce", "ce", "nfl", "fl") for s in SYMMETRIC})
    runs += grid({("nce", "symmetric-0.4"): 0.5}, seeds=1, protocol=CONTROL)
    text = verdict_tables.evidence(["C63"], verdicts.judge(runs, {}, ["C63"]), {})
    assert f"The control, protocol {CONTROL}, less the same runs of {SMALL}: nce, symmetric 0.4." in text
    assert "It has no runs of what this claim compares beside: ce, nfl and fl; symmetric 0.2, 0.6, 0.8." in text
    assert re.search(
        r"behind the mean of the rows: \S+ points a run, \d+ degrees of freedom, 4 losses in 4 settings; ", text
    )
    assert "a setting has none" not in text
    assert "pooled over ." not in text
    assert "a setting has none, others have." in verdict_tables.spread(part_with(ratio=math.inf))
    one = np.linspace(-1, 1, 9)
    p = stats.levene(one, 2 * one, center="mean").pvalue
    assert f"2.0 times the smallest (Levene's test that they are equal: p = {p:.2f})" in verdict_tables.spread(
        part_with(ratio=2.0, residuals=(one, 2 * one))
    )
    assert "equal: p < 0.01)" in verdict_tables.spread(part_with(ratio=9.0, residuals=(one, 9 * one)))


def test_all_commands_that_make_missing_runs_are_given():
    for name in ("C9", "C17"):
        judged = verdicts.judge([], {}, [name])
        (found,) = [one.found for one in judged[name] if one.scope == "ma2020"]
        text = verdict_tables.evidence([name], judged, {})
        assert all(command in text for command in found.commands)


def test_no_number_is_a_minus_zero():
    row = kinds.Row("a − b", (), -0.001, -0.004, 0.2, n=3, df=8, p=0.4)
    part = claims.Evidence({"test": "difference", "figure": "last"}, "points", (row,), *[math.nan] * 3, None)
    (text,) = verdict_tables.evidence_frame(part).to_dict("records")
    assert (text["effect"], text["interval"]) == ("+0.00", "+0.00 to +0.20 (95 %)")


def test_remarks_quote_what_the_reports_print():
    chheda = published.means("chheda")
    fall = chheda["ce", "symmetric-0.2"] - chheda["ce", "symmetric-0.8"]
    assert f"falls by {fall:.2f} points" in verdict_tables.evidence(["C15"], verdicts.judge([], {}, ["C15"]), {})
    assert (
        published.quoted("{krishnan.symmetric-0.8.nce} %")
        == f"{published.means('krishnan')['nce', 'symmetric-0.8']:.2f} %"
    )
    with pytest.raises(NlrError, match=r"figure of chheda 'symmetric-0\.2\.cee'"):
        published.quoted("{chheda.symmetric-0.2.cee}")


def test_the_mark_of_a_source_is_shown():
    names = published.names()
    assert (names["wang2024"], names["chheda"]) == ("Wang et al. 2024, read", "Chheda's report")
    assert names["ma2020-quoted"].count("second-hand") == 1


def test_sources_of_figures_have_names_and_their_marks():
    table = published.accuracies()
    assert set(table["key"]) == set(published.NAMES)
    assert set(table["mark"]) == {"read", "second-hand", "printed"}
    assert not table.duplicated(["key", "loss", "setting"]).any()
    with pytest.raises(NlrError, match=r"'wang'.*Did you mean 'wang2024'"):
        published.means("wang")


def test_pages_with_verdicts_are_executed_before_the_page_that_collects_them():
    pages = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
    with_verdicts = {
        name
        for name, entry in pages.items()
        if re.search(r"^Verdict\(", (paths.NOTEBOOKS / f"{entry['notebook']}.py").read_text(), re.MULTILINE)
    }
    assert with_verdicts
    assert with_verdicts <= set(pages["verdicts/claims"]["after"])


# The filters

ROWS = [
    ("C1", "the paper, Soni (by figures)", [("held", "mathematics")]),
    ("C2", "Soni", [("not run", "mathematics"), ("held", SMALL)]),
    ("C3", "Joshi, Soni (quotes)", [("not run", SMALL)]),
]


def html():
    rows = ""
    for name, people, lines in ROWS:
        cell = "<br>".join(
            f'<a href="#"><span class="badge">{o}</span></a> <span class="verdict-scope">{s}</span>' for o, s in lines
        )
        rows += f"<tr><td>{name}</td><td>text</td><td>{people}</td><td>–</td><td>{cell}</td></tr>"
    script = (paths.ROOT / "book" / "_assets" / "filters.js").read_text()
    return f'<table class="claims"><tbody>{rows}</tbody></table><script>{script}</script>'


def test_the_filters_hide_what_does_not_match(browser):
    tab = browser.new_page()
    tab.set_content(html())

    def shown():
        return [row.text_content()[:2] for row in tab.locator("tr").all() if row.is_visible()]

    assert shown() == ["C1", "C2", "C3"]
    tab.get_by_label("verdict").select_option("held")
    assert shown() == ["C1", "C2"]
    tab.get_by_label("judged by").select_option("mathematics")  # the outcome and the scope of one verdict
    assert shown() == ["C1"]
    tab.get_by_label("verdict").select_option("")
    tab.get_by_label("asserted by").select_option("Soni")
    assert shown() == ["C1", "C2"]
    assert tab.locator("output").text_content() == "2 of 3 claims"
    tab.get_by_label("verdict").focus()  # by keyboard
    tab.keyboard.press("ArrowDown")
    assert shown() == ["C1"]
    tab.close()


def test_the_authors_figures_stand_beside_the_verdicts_and_are_none():
    authors = verdicts.by_authors()
    judged = nothing()
    assert {one.scope for of in authors.values() for one in of} == set(verdicts.AUTHORS)
    (sizes,) = authors["C28"]
    assert (sizes.scope, sizes.outcome) == ("authors, CIFAR-10", "held")
    table = verdict_tables.claim_table(judged, authors).set_index("claim")
    column = "authors' figures, older than the test"
    assert table.loc["C28", column] == "as claimed [authors, CIFAR-10]{.verdict-scope}"
    assert table.loc["C1", column] == table.loc["C9", column] == "–"  # a proof; a loss that they do not have
    assert not table[column].str.contains("{verdict}", regex=False).any()
    text = verdict_tables.evidence(["C28"], judged, authors)
    assert "**authors, CIFAR-10**, figures older than the test: as claimed. Of 3 comparisons: 3 for the claim." in text
    assert set(verdict_tables.SAID_BY_FIGURES) == set(claims.OUTCOMES)
    counted = verdicts.count_table(judged)["scope"]
    assert not set(verdicts.AUTHORS) & set(counted)


def test_an_identity_is_shown_with_what_its_test_should_tell_apart():
    losses = ("nce+mae,beta=9.21", "nce+rce", "nce+mae", "mae")
    gains = {"symmetric-0.4": 0.1, "symmetric-0.8": 0.0, "asymmetric-0.4": 0.0}
    runs = grid({(loss, s): 0.4 - gain * (loss == "nce+mae") for loss in losses for s, gain in gains.items()})
    judged = verdicts.judge(runs, {}, ["C68"])
    (found,) = [one for one in judged["C68"] if one.scope == SMALL]
    assert found.outcome == "held"
    text = verdict_tables.evidence(["C68"], judged, {})
    assert "to see whether it can tell them apart: it does in 1 of 3 comparisons." in text
    assert "nce+mae − nce+rce, symmetric-0.4" in text


def test_power_is_the_distance_that_four_of_five_repetitions_show():
    runs = grid({(loss, s): 0.4 for loss in ("ce", "nce", "mae") for s in SYMMETRIC}, noise=0.01)
    (found,) = [one for one in verdicts.judge(runs, {}, ["C17"])["C17"] if one.scope == SMALL]
    (part,) = found.found.evidence
    row = part.rows[0]
    half = (row.high - row.low) / 2
    assert half < kinds.shows_from(row) < 1.6 * half
    assert kinds.shows_from(row, 0.5) == pytest.approx(half)
    assert math.isnan(kinds.shows_from(kinds.Row("", ())))


def test_each_claim_that_training_can_settle_is_on_one_page_of_the_evidence():
    placed = [name for part in verdict_tables.SECTIONS for name in verdict_tables.claims_on(part)]
    assert len(set(placed)) == len(placed)
    assert {claim.kind for name, claim in claims.load().items() if name not in placed} == {"theory"}
    pages = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
    shown = [page["parameters"]["part"] for page in pages.values() if page["notebook"] == "verdicts/evidence-part"]
    assert shown == list(verdict_tables.SECTIONS)
    assert [f"evidence-{part}`" in verdict_tables.contents() for part in shown] == [True] * len(shown)
    assert verdict_tables.contents().endswith("evidence-mnist`: claims C69 to C83")  # two sections, one run of numbers
    assert "claims C9 to C14 and C52 to C58" in verdict_tables.contents()
    with pytest.raises(NlrError, match=r"page of the evidence 'symetric'.*symmetric"):
        verdict_tables.claims_on("symetric")
