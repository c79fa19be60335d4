"""The questions that matter most: their claims with verdicts, and our differences beside those of others."""

import math
import re

import pytest
from test_claims import grid, record

from nlr import claims, published, questions, statistics, verdicts

PAIR = ("last", ("nce", "ce"), questions.SYMMETRIC)


def value(records, contrast=PAIR):
    return questions.contrast_value(questions._main_runs(records), contrast)


def test_a_difference_without_runs_is_missing_and_others_are_over_all_settings():
    nothing = value([])
    assert (questions.value_text(nothing), questions.basis_text(nothing)) == ("missing", "symmetric 0.2, 0.4, 0.6, 0.8")
    means = published.means("chheda")
    mean = sum(means["nce", s] - means["ce", s] for s in questions.SYMMETRIC) / 4
    assert f"Chheda's report +{mean:.1f}" in questions.others_text(PAIR, nothing)


def test_a_difference_is_over_the_settings_that_both_losses_have_and_so_are_the_others():
    runs = [
        record("ce", "symmetric-0.4", last=0.5, purpose="exploratory"),
        record("nce", "symmetric-0.4", last=0.46, purpose="exploratory"),
        record("nce", "symmetric-0.6", last=0.9, purpose="exploratory"),
    ]
    found = value(runs)
    assert questions.value_text(found) == "−4.0"
    assert questions.basis_text(found) == "symmetric 0.4; one seed, exploratory"
    means = published.means("krishnan")
    difference = means["nce", "symmetric-0.4"] - means["ce", "symmetric-0.4"]
    assert f"Krishnan's report {difference:+.1f}".replace("-", "−") in questions.others_text(PAIR, found)
    assert "exploratory" not in questions.basis_text(
        value([*runs, *grid({("ce", s): 0.5 for s in questions.SYMMETRIC})])
    )


def test_a_mean_says_between_which_settings_it_lies():
    gains = dict(zip(questions.SYMMETRIC, (0.01, 0.05, -0.02, -0.07), strict=True))
    cells = {(loss, s): 0.4 + gain * (loss == "nce") for s, gain in gains.items() for loss in ("nce", "ce")}
    text = questions.basis_text(value(grid(cells, noise=0)))
    assert text.endswith("; 3 seeds; −7.0 at symmetric 0.8 to +5.0 at symmetric 0.4")


def test_seeds_give_an_interval():
    cells = {(loss, s): 0.4 + 0.1 * (loss == "nce") for s in questions.SYMMETRIC for loss in ("nce", "ce")}
    text = questions.value_text(value(grid(cells)))
    low, high = map(float, re.fullmatch(r"\+10\.\d \(\+(\S+) to \+(\S+)\)", text).groups())
    assert 9 < low < 10 < high < 11


def test_where_nobody_prints_a_figure_it_is_said():
    memorised = ("memorised", ("nce", "ce"), questions.SYMMETRIC)
    assert questions.others_text(memorised, value([], memorised)) == questions.NONE
    weight = ("last", ("nce+rce", "nce+mae,beta=9.21"), questions.SYMMETRIC)
    assert questions.others_text(weight, value([], weight)) == questions.NONE


def test_the_questions_name_claims_and_figures_that_exist():
    text = questions.answered(verdicts.judge([], {}), [])
    assert text.count("### ") == len(questions.QUESTIONS) == 6
    assert {name for question in questions.QUESTIONS for name in question.claims} <= set(claims.load())
    assert text.count("missing") == sum(len(question.contrasts) for question in questions.QUESTIONS)


def test_short_answers_have_each_question_with_its_first_difference_and_its_claims_with_their_verdicts():
    refuted = verdicts.Judgement("C9", "mathematics", "did not hold", "It is bounded anyway.", "claim-c9")
    lines = questions.short_answers(verdicts.judge([], {"C9": [refuted]}), []).splitlines()
    heads = [line for line in lines if line.startswith("- **")]
    assert len(heads) == len(questions.QUESTIONS)
    number, waiting = heads[0].split(" Waiting for runs: ")
    assert number.endswith("** nce − ce, accuracy: missing (symmetric 0.2, 0.4, 0.6, 0.8).")
    assert waiting == "[C17](#evidence-c17), [C9](#evidence-c9)."
    parts = [line for line in lines if line.startswith("  - ") and ", accuracy: missing (symmetric" in line]
    assert len(parts) == 4  # a sum is compared with both its parts: one of them alone would mislead
    assert parts[1].startswith("  - nce+mae − mae, ")
    said = [line for line in lines if line.startswith("  - ") and line not in parts]
    assert len(said) == 1  # of the questions' claims one is judged
    assert said[0].startswith("  - Normalising bounds the gradient")
    assert said[0].endswith("(C9): [{verdict}`did not hold`](#claim-c9) [mathematics]{.verdict-scope}.")


def first_answer(runs):
    return questions.short_answers(verdicts.judge(runs, {}), runs).splitlines()[0].partition("** ")[2]


def test_a_short_answer_says_where_a_loss_has_more_and_where_less():
    gains = dict(zip(questions.SYMMETRIC, (-0.05, 0.05, 0.0, 0.07), strict=True))
    cells = {(loss, s): 0.4 + gain * (loss == "nce") for s, gain in gains.items() for loss in ("nce", "ce")}
    said, numbers = first_answer(grid(cells)).split(". [On average ")
    assert said == (
        "Against ce, nce is more accurate at symmetric 0.4, 0.8 and less accurate at symmetric 0.2, with no clear "
        "difference at symmetric 0.6"
    )
    assert f"robust?\n\n{said}.\n\n- " in questions.answered(verdicts.judge(grid(cells), {}), grid(cells))
    assert re.match(
        r"\+1\.\d \(\+\S+ to \+\S+\) points \(−\S+ at symmetric 0.2 to \+\S+ at symmetric 0.8; 3 seeds\)\.\]{.numbers}",
        numbers,
    )
    runs = [record(loss, "symmetric-0.4", last=last) for loss, last in (("ce", 0.4), ("nce", 0.45))]
    assert first_answer(runs).startswith("nce − ce, accuracy: +5.0 points (symmetric 0.4; one seed). Waiting")


@pytest.mark.parametrize(
    ("figure", "gain", "text"),
    [
        ("clean_part", -0.1, "Against ce, nce fits fewer right labels at symmetric 0.4"),
        ("memorised", 0.1, "Against ce, nce memorises more wrong labels at symmetric 0.4"),
        ("last", 0.0, "Against ce, nce shows no clear difference at symmetric 0.4"),
    ],
)
def test_each_figure_has_its_words(figure, gain, text):
    spread = statistics.Spread(0.01, 8, True, 2, 1, math.nan, math.nan)
    estimate = statistics.Estimate(gain, 0.01, 0.02, 8, 3, spread, ())
    contrast = (figure, ("nce", "ce"), ("symmetric-0.4",))
    found = questions.Value(estimate, {"symmetric-0.4": estimate}, contrast[2], frozenset())
    assert questions.in_words(contrast, found) == text


def test_the_full_protocol_answers_once_it_has_runs():
    judged = verdicts.judge([], {})
    asked = len([1 for q in questions.QUESTIONS for name in q.claims if "ma2020" in claims.get(name).protocols])
    assert questions.in_full(judged).endswith(f"none of the {asked} claims above have a verdict.")
    assert "[ma2020]{" not in questions.short_answers(judged, [])
    judged["C17"] = [verdicts.Judgement("C17", "ma2020", "held", "because", "evidence-c17")]
    assert f"1 of the {asked}" in questions.in_full(judged)
    for text in (questions.short_answers(judged, []), questions.answered(judged, [])):
        assert "(C17): [{verdict}`held`](#evidence-c17) [ma2020]{.verdict-scope}." in text


def test_seeds_are_those_of_every_setting():
    cells = {(loss, "symmetric-0.4"): 0.4 for loss in ("nce", "ce")}
    once = {(loss, "symmetric-0.6"): 0.4 for loss in ("nce", "ce")}
    assert questions.basis_text(value([*grid(cells), *grid(once)[::3]])).startswith(
        "symmetric 0.4, 0.6; 1 to 3 seeds; "
    )
    assert questions.basis_text(value(grid(cells))).endswith("0.4; 3 seeds")


CONTROL = "ma2020-small-x4"


def test_underfitting_waits_for_the_control_and_then_gives_its_numbers():
    text = questions.underfitting(verdicts.judge([], {}))
    assert len(re.findall("^  - ", text, re.MULTILINE)) == len(questions.UNDERFITTING) + 1
    assert "(C65): [{verdict}`not run`](#evidence-c65) [ma2020-small]{.verdict-scope} at 1,975 updates." in text
    assert text.endswith("The control's runs are missing.")
    runs = grid({("nce", "symmetric-0.4"): 0.4}, seeds=1) + grid(
        {("nce", "symmetric-0.4"): 0.5}, seeds=1, protocol=CONTROL
    )
    text = questions.underfitting(verdicts.judge(runs, {}))
    assert "adds to the test accuracy after the last epoch, in points: nce +10.0 (symmetric 0.4; one seed)." in text
    line = (
        "  - What the longer training of the control adds to the training accuracy on the samples whose label is right"
    )
    assert questions.short_answers(verdicts.judge(runs, {}), runs).count(line) == 1
    assert "adds to the training accuracy on the samples whose label is right, last epoch, in points: nce " in text
