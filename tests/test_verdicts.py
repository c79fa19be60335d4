"""The verdicts: collected from pages and records, put beside what others print, and filtered as a reader does it."""

import json
import math
import re
import tomllib

import pytest
from test_claims import grid, record

from nlr import claims, page, paths, published, statistics, verdicts
from nlr.claims import kinds
from nlr.errors import NlrError

SMALL = "ma2020-small"


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one page, which has proved C1 and refuted half of C9."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(paths, "EXECUTED", tmp_path / "executed")
    (tmp_path / "executed").mkdir()
    (tmp_path / "pages.toml").write_text('[proofs]\nnotebook = "proofs"\n[later]\nnotebook = "later"\n')
    shown = [page.Verdict("C1", "held", "It sums to 1."), page.Verdict("C9", "did not hold", "It is bounded anyway.")]
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


def test_every_claim_is_judged_in_every_scope_that_it_has(book):
    judged = verdicts.judge([], verdicts.proofs())
    assert list(judged) == list(claims.load())
    assert [j.scope for j in judged["C9"]] == ["mathematics", SMALL, "ma2020"]
    assert [(j.scope, j.outcome) for j in judged["C2"]] == [("mathematics", "not run")]  # no page proves it
    assert {j.outcome for of in judged.values() for j in of if j.scope != "mathematics"} == {"not run"}
    counts = verdicts.count_table(judged).set_index("scope")
    assert counts.loc["mathematics", ["claims", "held", "did not hold", "not run"]].tolist() == [10, 1, 1, 8]
    assert counts.loc[SMALL, "not run"] == counts.loc[SMALL, "claims"] > 40


def falling(step):
    """CE at the four rates, three seeds, falling by ``step`` from rate to rate."""
    return grid({("ce", s): 0.7 - k * step for k, s in enumerate(verdicts.SYMMETRIC)})


@pytest.mark.parametrize(("step", "outcome"), [(0.1, "held"), (-0.1, "did not hold"), (0.0, "undecided")])
def test_the_verdict_follows_the_records(book, step, outcome):
    judged = verdicts.judge(falling(step), {})
    (found,) = [one for one in judged["C15"] if one.scope == SMALL]
    assert found.outcome == outcome
    line, numbers, *_ = verdicts.claim_table(judged).set_index("claim").loc["C15", "verdict"].split("<br>")
    part = found.found.evidence[0]
    mean = f"{part.effect:+z.1f} ({part.low:+z.1f} to {part.high:+z.1f}) points".replace("-", "\N{MINUS SIGN}")
    assert numbers.startswith("[Of 2 comparisons: 2 ")
    assert f". {mean} a tenth of noise rate, slope over the noise rate of test accuracy" in numbers
    assert " (claimed: below 0)" in numbers
    assert numbers.endswith("]{.verdict-numbers}")
    assert line == f"[{{verdict}}`{outcome}`](#evidence-c15) [{SMALL}]{{.verdict-scope}}"
    text = verdicts.evidence(["C15"], judged)
    assert text.startswith("(evidence-c15)=\n### C15\n")
    assert f"{{verdict}}`{outcome}` **{SMALL}**" in text
    assert "of noise rate; the claim says below 0:" in text
    says = {"held": "supports", "did not hold": "contradicts", "undecided": "open"}[outcome]
    rows = [line for line in text.splitlines() if line.startswith("| ce")]
    assert len(rows) == 2
    assert all(f"| 3 | 8 | < 0.001 | {says} |" in row or (says == "open" and "| open |" in row) for row in rows)
    assert all(re.search(r"[+−]\d+\.\d\d to [+−]\d+\.\d\d \(95 %\)", row) for row in rows)
    assert "`python -m nlr study ma2020`" in text  # what the other protocol still needs


def test_the_table_of_claims_names_who_says_what():
    table = verdicts.claim_table(verdicts.judge([], {})).set_index("claim")
    assert table.loc["C17", "asserted by"] == "the paper, Kathuria, Chheda"
    assert table.loc["C17", "contradicted by"] == "Chheda (by figures), Krishnan (by figures)"
    assert table.loc["C20", "asserted by"] == "the paper, Joshi (quotes)"
    assert table.loc["C26", "contradicted by"] == "nobody"
    assert len(table) == len(claims.load())
    assert not table["verdict"].str.contains("verdict-numbers").any()


@pytest.mark.parametrize(
    ("outcomes", "text"),
    [
        (["not run"] * 2, "none of 2 claims has a verdict yet"),
        (["held", "held", "partly"], "2 of 3 claims held, 1 held in part and 0 did not"),
        (
            ["held", "undecided", "not run", "not run"],
            "1 of 4 claims held, 0 held in part and 0 did not; 1 is undecided and 2 still wait for runs",
        ),
    ],
)
def test_the_tally_of_a_scope_in_words(outcomes, text):
    judged = {
        f"C{k}": [verdicts.Judgement(f"C{k}", scope, outcome, "", "") for scope in (SMALL, "elsewhere")]
        for k, outcome in enumerate(outcomes)
    }
    assert verdicts.tally(judged, SMALL) == text


PAIR = ("last", ("nce", "ce"), verdicts.SYMMETRIC)


def value(records, contrast=PAIR):
    return verdicts.contrast_value(verdicts._main_runs(records), contrast)


def test_a_difference_without_runs_is_missing_and_others_are_over_all_settings():
    nothing = value([])
    assert (verdicts.value_text(nothing), verdicts.basis_text(nothing)) == ("missing", "symmetric 0.2, 0.4, 0.6, 0.8")
    means = published.means("chheda")
    mean = sum(means["nce", s] - means["ce", s] for s in verdicts.SYMMETRIC) / 4
    assert f"Chheda's report +{mean:.1f}" in verdicts.others_text(PAIR, nothing)


def test_a_difference_is_over_the_settings_that_both_losses_have_and_so_are_the_others():
    runs = [
        record("ce", "symmetric-0.4", last=0.5, purpose="exploratory"),
        record("nce", "symmetric-0.4", last=0.46, purpose="exploratory"),
        record("nce", "symmetric-0.6", last=0.9, purpose="exploratory"),
    ]
    found = value(runs)
    assert verdicts.value_text(found) == "−4.0"
    assert verdicts.basis_text(found) == "symmetric 0.4; one seed, exploratory"
    means = published.means("krishnan")
    difference = means["nce", "symmetric-0.4"] - means["ce", "symmetric-0.4"]
    assert f"Krishnan's report {difference:+.1f}".replace("-", "−") in verdicts.others_text(PAIR, found)
    assert "exploratory" not in verdicts.basis_text(value([*runs, *falling(0.1)]))


def test_a_mean_says_between_which_settings_it_lies():
    gains = dict(zip(verdicts.SYMMETRIC, (0.01, 0.05, -0.02, -0.07), strict=True))
    cells = {(loss, s): 0.4 + gain * (loss == "nce") for s, gain in gains.items() for loss in ("nce", "ce")}
    text = verdicts.basis_text(value(grid(cells, noise=0)))
    assert text.endswith("; 3 seeds; −7.0 at symmetric 0.8 to +5.0 at symmetric 0.4")


def test_seeds_give_an_interval():
    cells = {(loss, s): 0.4 + 0.1 * (loss == "nce") for s in verdicts.SYMMETRIC for loss in ("nce", "ce")}
    text = verdicts.value_text(value(grid(cells)))
    low, high = map(float, re.fullmatch(r"\+10\.\d \(\+(\S+) to \+(\S+)\)", text).groups())
    assert 9 < low < 10 < high < 11


def test_where_nobody_prints_a_figure_it_is_said():
    memorised = ("memorised", ("nce", "ce"), verdicts.SYMMETRIC)
    assert verdicts.others_text(memorised, value([], memorised)) == verdicts.NONE
    weight = ("last", ("nce+rce", "nce+mae,beta=9.21"), verdicts.SYMMETRIC)
    assert verdicts.others_text(weight, value([], weight)) == verdicts.NONE


def test_the_questions_name_claims_and_figures_that_exist():
    text = verdicts.questions(verdicts.judge([], {}), [])
    assert text.count("### ") == len(verdicts.QUESTIONS) == 6
    assert {name for question in verdicts.QUESTIONS for name in question.claims} <= set(claims.load())
    assert text.count("missing") == sum(len(question.contrasts) for question in verdicts.QUESTIONS)


def test_short_answers_have_each_question_with_its_first_difference_and_its_claims_with_their_verdicts(book):
    lines = verdicts.short_answers(verdicts.judge([], verdicts.proofs()), []).splitlines()
    heads = [line for line in lines if line.startswith("- **")]
    assert len(heads) == len(verdicts.QUESTIONS)
    number, waiting = heads[0].split(" Waiting for runs: ")
    assert number.endswith("Measured: missing (nce − ce, accuracy; symmetric 0.2, 0.4, 0.6, 0.8).")
    assert waiting == "[C17](#evidence-c17), [C9](#evidence-c9)."
    parts = [
        line for line in lines if line.startswith("  - ") and line.endswith(": missing; symmetric 0.2, 0.4, 0.6, 0.8.")
    ]
    assert len(parts) == 4  # a sum is compared with both its parts: one of them alone would mislead
    assert parts[1].startswith("  - nce+mae − mae, accuracy: ")
    said = [line for line in lines if line.startswith("  - ") and line not in parts]
    assert len(said) == 1  # of the questions' claims the page judges one
    assert said[0].startswith("  - Normalising bounds the gradient")
    assert said[0].endswith("(C9): [{verdict}`did not hold`](#claim-c9) [mathematics]{.verdict-scope}.")
    runs = [record(loss, "symmetric-0.4", last=last, purpose="study") for loss, last in (("ce", 0.4), ("nce", 0.45))]
    line = verdicts.short_answers(verdicts.judge(runs, {}), runs).splitlines()[0]
    assert "Measured: +5.0 points (nce − ce, accuracy; symmetric 0.4; one seed). Waiting" in line


def test_the_full_protocol_answers_once_it_has_runs():
    judged = verdicts.judge([], {})
    asked = len([1 for q in verdicts.QUESTIONS for name in q.claims if "ma2020" in claims.get(name).protocols])
    assert verdicts.in_full(judged).endswith(f"none of the {asked} claims above have a verdict.")
    assert "[ma2020]{" not in verdicts.short_answers(judged, [])
    judged["C17"] = [verdicts.Judgement("C17", "ma2020", "held", "because", "evidence-c17")]
    assert f"1 of the {asked}" in verdicts.in_full(judged)
    for text in (verdicts.short_answers(judged, []), verdicts.questions(judged, [])):
        assert "(C17): [{verdict}`held`](#evidence-c17) [ma2020]{.verdict-scope}." in text


def test_seeds_are_those_of_every_setting():
    cells = {(loss, "symmetric-0.4"): 0.4 for loss in ("nce", "ce")}
    once = {(loss, "symmetric-0.6"): 0.4 for loss in ("nce", "ce")}
    assert verdicts.basis_text(value([*grid(cells), *grid(once)[::3]])).startswith("symmetric 0.4, 0.6; 1 to 3 seeds; ")
    assert verdicts.basis_text(value(grid(cells))).endswith("0.4; 3 seeds")


def test_a_verdict_that_changes_without_exploratory_runs_says_so_beside_its_badge():
    runs = falling(0.1)
    for one in runs:
        one["facts"]["purpose"] = "exploratory" if one["config"]["seed"] else "study"
    judged = verdicts.judge(runs, {})
    found = judged["C15"][0]
    without = found.found.without_exploratory  # one seed of each setting is left
    assert found.outcome == "held"
    assert without != "held"
    assert found.limited() == f"[{SMALL}]{{.verdict-scope}} without exploratory runs {without}"
    assert found.limited() in verdicts.claim_table(judged).set_index("claim").loc["C15", "verdict"]
    assert verdicts.judge(falling(0.1), {})["C15"][0].qualifier == ""


CONTROL = "ma2020-small-x4"


def test_underfitting_waits_for_the_control_and_then_gives_its_numbers():
    text = verdicts.underfitting(verdicts.judge([], {}))
    assert len(re.findall("^  - ", text, re.MULTILINE)) == len(verdicts.UNDERFITTING) + 1
    assert "(C65): [{verdict}`not run`](#evidence-c65) [ma2020-small]{.verdict-scope} at 1,975 updates." in text
    assert text.endswith("The control's runs are missing.")
    runs = grid({("nce", "symmetric-0.4"): 0.4}, seeds=1) + grid(
        {("nce", "symmetric-0.4"): 0.5}, seeds=1, protocol=CONTROL
    )
    text = verdicts.underfitting(verdicts.judge(runs, {}))
    assert text.endswith("to the accuracy, in points: nce +10.0 (symmetric 0.4; one seed).")


def part_with(ratio, p_equal=math.nan):
    """Evidence without rows whose spread differs so from setting to setting."""
    spread = statistics.Spread(1.0, 8, True, 2, 4, ratio, p_equal)
    return claims.Evidence({"test": "difference", "figure": "last"}, "points", (), 1.0, 0.5, 1.5, spread)


def test_the_evidence_says_what_the_control_leaves_out_and_how_unlike_the_spreads_are():
    runs = grid({(loss, s): 0.4 for loss in ("nce", "ce", "nfl", "fl") for s in verdicts.SYMMETRIC})
    runs += grid({("nce", "symmetric-0.4"): 0.5}, seeds=1, protocol=CONTROL)
    text = verdicts.evidence(["C63"], verdicts.judge(runs, {}))
    assert f"The control, protocol {CONTROL}, less the same runs of {SMALL}: nce, symmetric 0.4." in text
    assert "It has no runs of what this claim compares beside: ce, nfl and fl; symmetric 0.2, 0.6, 0.8." in text
    assert re.search(
        r"behind the mean of the rows: \S+ points a run, \d+ degrees of freedom, 4 losses in 4 settings; ", text
    )
    assert "a setting has none" not in text
    assert "pooled over ." not in text
    assert "a setting has none, others have." in verdicts._spread(part_with(ratio=math.inf), "points")
    assert "2.0 times the smallest (Levene's test that they are equal: p = 0.03)" in verdicts._spread(
        part_with(ratio=2.0, p_equal=0.03), "points"
    )
    assert "equal: p < 0.01)" in verdicts._spread(part_with(ratio=9.0, p_equal=0.001), "points")


def test_all_commands_that_make_missing_runs_are_given():
    for name in ("C9", "C17"):
        (found,) = [one.found for one in verdicts.judge([], {})[name] if one.scope == "ma2020"]
        text = verdicts.evidence([name], verdicts.judge([], {}))
        assert all(command in text for command in found.commands)


def test_no_number_is_a_minus_zero():
    row = kinds.Row("a − b", (), -0.001, -0.004, 0.2, n=3, df=8, p=0.4)
    part = claims.Evidence({"test": "difference", "figure": "last"}, "points", (row,), *[math.nan] * 3, None)
    (text,) = verdicts.evidence_frame(part).to_dict("records")
    assert (text["effect"], text["interval"]) == ("+0.00", "+0.00 to +0.20 (95 %)")


def test_remarks_quote_what_the_reports_print():
    chheda = published.means("chheda")
    fall = chheda["ce", "symmetric-0.2"] - chheda["ce", "symmetric-0.8"]
    assert f"falls by {fall:.2f} points" in verdicts.evidence(["C15"], verdicts.judge([], {}))
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
