"""The questions that matter most: their claims with verdicts, and our differences beside those of others."""

import math
import re

import pytest
from factory import grid, record

from nlr.book import questions
from nlr.evidence import claims, frames, published, statistics, verdicts

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
    assert text.endswith("; 3 seeds; −7.0 at symmetric 0.8 to +5.0 at 0.4")


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


def short(runs, proved=None):
    return questions.short_answers(verdicts.judge(runs, proved or {}), runs)


def test_short_answers_have_each_question_and_its_claims_with_their_verdicts():
    refuted = verdicts.Judgement("C9", "mathematics", "did not hold", "It is bounded anyway.", "claim-c9")
    found = short([], {"C9": [refuted]})
    assert [one.question for one in found] == list(questions.QUESTIONS)
    assert {one.word for one in found if one.question.yes} == {"Not known yet."}
    assert found[0].said == (
        ("nce less ce, accuracy: no run yet", ""),
        ("nce less ce, wrong labels memorised: no run yet", ""),
    )
    # a sum is compared with both its parts, for one of them alone would mislead
    assert [text for text, _ in found[2].said] == [
        "nce+mae less nce and mae, accuracy: no run yet",
        "nce+rce less nce and rce, accuracy: no run yet",
    ]
    text = questions.answer_list(found)
    assert text.count("\n: ") == len(questions.QUESTIONS)
    assert (
        "[Does normalising make cross-entropy robust?](#question-normalising)\n: **Not known yet.** nce less ce" in text
    )
    assert (
        "[C9 [{verdict}`did not hold`](#claim-c9) [mathematics]{.verdict-scope}, [{verdict}`not run`](#evidence-c9) "
        "[ma2020-small]{.verdict-scope}]{.claim-verdict}" in text
    )
    plain = questions.plain_list(found)
    assert plain.startswith(
        "- **Does normalising make cross-entropy robust?** Not known yet. nce less ce, accuracy: no"
    )
    assert "{" not in plain


def gained(gains, losses=("nce", "ce"), setting=questions.SYMMETRIC):
    """Runs in which the first loss has the gains over the others, setting by setting."""
    gains = dict(zip(setting, gains, strict=True))
    return grid({(loss, s): 0.4 + gain * (loss == losses[0]) for s, gain in gains.items() for loss in losses})


def test_a_short_answer_says_where_a_loss_has_more_and_where_less():
    runs = gained((-0.05, 0.05, 0.0, 0.07))
    (said, numbers), _ = short(runs)[0].said
    assert said == "nce is more accurate than ce at symmetric 0.4, 0.8 and less accurate at 0.2"  # brief: not 0.6
    assert re.fullmatch(r"−\d\.\d to \+\d\.\d points", numbers)
    full = f"{said}, with no clear difference at 0.6."
    assert f"**No.** {full} " in questions.answered(verdicts.judge(runs, {}), runs)
    runs = [record(loss, "symmetric-0.4", last=last) for loss, last in (("ce", 0.4), ("nce", 0.45))]
    first = short(runs)[0]
    assert first.said[0] == ("nce less ce, accuracy: +5.0 points (symmetric 0.4; one seed)", "")
    assert first.word == "Not known yet."  # without an interval


def test_differences_that_say_the_same_of_a_loss_stand_together():
    runs = gained((0.05, 0.05, 0.05), ("nce+rce", "ce", "gce", "sce"), questions.HIGH)
    (mae, _), (text, numbers) = short(runs)[3].said
    assert mae == "nce+mae less ce, accuracy: no run yet"
    assert text == "nce+rce is more accurate than ce, gce and sce at every symmetric rate"
    assert re.fullmatch(r"\+\d\.\d to \+\d\.\d points", numbers)


def word_of(runs):
    """The word that answers whether the sums beat the baselines."""
    (question,) = [one for one in questions.QUESTIONS if one.name == "baselines"]
    table = questions._main_runs(runs)
    values = [(contrast, questions.contrast_value(table, contrast)) for contrast in question.contrasts]
    return questions.in_a_word(question, values, {})


def of_sums(gains):
    """Runs in which both sums have the gains over all that they are compared with."""
    rest = [r for r in gained(gains, ("nce+mae", "ce"), questions.HIGH) if spec_of(r) == "nce+mae"]
    return gained(gains, ("nce+rce", "ce", "gce", "sce"), questions.HIGH) + rest


def without(runs, *losses):
    return [r for r in runs if spec_of(r) not in losses]


def spec_of(run):
    return run["config"]["loss"]["spec"]


@pytest.mark.parametrize(
    ("gains", "word"),
    [
        ((0.05, 0.05, 0.05), "Yes."),
        ((0.05, 0.0, 0.05), "At some rates."),
        ((0.05, 0.0, -0.05), "It depends on the rate."),
        ((-0.05, 0.0, 0.0), "No."),
        ((0.0, 0.0, 0.0), "No clear difference."),
    ],
)
def test_a_word_is_of_the_rates_at_which_a_loss_is_clearly_better_or_worse(gains, word):
    runs = of_sums(gains)
    assert word_of(runs) == word
    early = [r | {"facts": r["facts"] | {"purpose": "exploratory"}} for r in runs]
    assert word_of(early) == "Not known yet."


def test_a_word_needs_every_comparison_of_a_setting():
    there = [r for r in of_sums((0.05, 0.05, 0.05)) if frames.setting_of(r["config"]) == questions.HIGH[0]]
    assert word_of(there) == "So far, yes."
    assert word_of(without(there, "nce+mae")) == "So far, yes."
    assert word_of(without(there, "nce+mae", "sce")) == "Not known yet."


def test_one_better_baseline_is_enough_for_a_no():
    beaten = without(of_sums((0.05, 0.05, 0.05)), "gce") + grid({("gce", s): 0.6 for s in questions.HIGH})
    assert word_of(without(beaten, "nce+mae")) == "No."
    assert word_of(beaten) == "It depends on the loss."  # nce+mae is not compared with gce


@pytest.mark.parametrize(
    ("name", "claim", "outcome", "word"),
    [
        ("weight", "C68", "held", "Only the weight."),
        ("weight", "C68", "did not hold", "Not the weight alone."),
        ("weight", "C68", "not run", "Not known yet."),
        ("asymmetric", "C49", "held", "Every loss loses accuracy as the rate grows."),
        ("asymmetric", "C49", "undecided", "Not decided yet."),
    ],
)
def test_a_verdict_is_the_answer_where_yes_and_no_are_none(name, claim, outcome, word):
    judged = verdicts.judge([], {})
    judged[claim] = [verdicts.Judgement(claim, "ma2020-small", outcome, "Because.", f"evidence-{claim.lower()}")]
    answer = {one.question.name: one for one in questions.short_answers(judged, [])}[name]
    assert answer.word == word
    assert f"**{answer.word}** {answer.said[0][0]}." in questions.answered(judged, [])


def test_an_outcome_that_exploratory_runs_change_says_so_in_a_short_answer():
    runs = grid(
        {(loss, s): 0.4 for loss in ("nce+mae,beta=9.21", "nce+rce") for s in questions.QUESTIONS[4].contrasts[0][2]}
    )
    early = [r | {"facts": r["facts"] | {"purpose": "exploratory"}} if r["config"]["seed"] == 0 else r for r in runs]
    text = questions.answer_list(short(early))
    assert "[C68 [{verdict}`held`](#evidence-c68) [ma2020-small (without exploratory runs: " in text
    assert "without exploratory" not in questions.answer_list(short(runs))


def test_every_claim_that_decides_is_one_of_its_question():
    by_name = {question.name: question for question in questions.QUESTIONS}
    for name, (claim, said) in questions.DECIDED.items():
        assert claim in by_name[name].claims
        assert set(said) < set(claims.OUTCOMES)


def test_fewer_right_labels_mean_yes_where_the_question_asks_for_fewer():
    runs = grid({("ce", s): 0.4 for s in questions.SYMMETRIC}) + grid({("nce", s): 0.4 for s in questions.SYMMETRIC})
    for one in runs:
        fitted = 0.5 if one["config"]["loss"]["spec"] == "nce" else 0.9
        one["series"]["accuracy_clean_part"] = [fitted + 0.001 * one["config"]["seed"]] * 2
    answer = short(runs)[1]
    assert answer.word == "Yes, at 1,975 updates."
    assert answer.said[0][0] == "nce fits fewer right labels than ce at every symmetric rate"


@pytest.mark.parametrize(
    ("figure", "gain", "text"),
    [
        ("clean_part", -0.1, "nce fits fewer right labels than ce at symmetric 0.4"),
        ("memorised", 0.1, "nce memorises more wrong labels than ce at symmetric 0.4"),
        ("last", 0.0, "nce shows no clear difference from ce at symmetric 0.4"),
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
    assert "[ma2020]{" not in questions.answer_list(questions.short_answers(judged, []))
    judged["C17"] = [verdicts.Judgement("C17", "ma2020", "held", "because", "evidence-c17")]
    assert f"1 of the {asked}" in questions.in_full(judged)
    assert "(C17): [{verdict}`held`](#evidence-c17) [ma2020]{.verdict-scope}." in questions.answered(judged, [])
    text = questions.answer_list(questions.short_answers(judged, []))
    assert "[C17 [{verdict}`held`](#evidence-c17) [ma2020]{.verdict-scope}]{.claim-verdict}" in text


def test_seeds_are_those_of_every_setting():
    cells = {(loss, "symmetric-0.4"): 0.4 for loss in ("nce", "ce")}
    once = {(loss, "symmetric-0.6"): 0.4 for loss in ("nce", "ce")}
    assert questions.basis_text(value([*grid(cells), *grid(once)[::3]])).startswith(
        "symmetric 0.4, 0.6; 1 to 3 seeds; "
    )
    assert questions.basis_text(value(grid(cells))).endswith("0.4; 3 seeds")


CONTROL = "ma2020-small-x4"


def test_underfitting_waits_for_the_control_and_then_gives_its_numbers():
    assert questions.underfitting(verdicts.judge([], {})).endswith("The control's runs are missing.")
    assert short([])[1].control == ""
    runs = grid({("nce", "symmetric-0.4"): 0.4}, seeds=1) + grid(
        {("nce", "symmetric-0.4"): 0.5}, seeds=1, protocol=CONTROL
    )
    text = questions.underfitting(verdicts.judge(runs, {}))
    assert "adds to the test accuracy after the last epoch, in points: nce +10.0 (symmetric 0.4; one seed)." in text
    assert "adds to the training accuracy on the samples whose label is right, last epoch, in points: nce " in text
    answer = short(runs)[1]
    assert answer.control.startswith("With 4 times the epochs the right labels fitted by nce change by ")
    assert answer.control.endswith(" points, its accuracy by +10.0 (symmetric 0.4; one seed).")
    assert answer.control in questions.answer_list([answer])
