"""The questions that matter most: answers in plain words with their evidence, and the numbers behind them."""

import json
import re
from functools import cache

import pytest
from factory import grid, record

from nlr.book import control, marks, minute, questions
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC
from nlr.evidence import claims, frames, published, reproductions, verdicts
from nlr.study import protocols

BY_NAME = {question.name: question for question in questions.QUESTIONS}


# The claims that answers and the control's figures rest on: to judge the others too takes the most time here.
ASKED = {control.CLAIM, minute.PREDICTED, minute.ALSO_PREDICTED, "C68"}
ASKED |= {claim for question in questions.QUESTIONS for claim in question.claims}


def judge(runs, proved=None):
    return verdicts.judge(runs, proved or {}, ASKED)


def answers(runs, proved=None):
    return {one.question.name: one for one in questions.short_answers(judge(runs, proved), runs)}


def line(answer, mark="small"):
    (one,) = [line for line in answer.lines if line.mark == mark]
    return one


def proof(claim, outcome):
    return {claim: [verdicts.Judgement(claim, "mathematics", outcome, "because", f"claim-{claim.lower()}")]}


def gained(gains, losses=("nce", "ce"), setting=SYMMETRIC):
    """Runs in which the first loss has the gains over the others, setting by setting."""
    gains = dict(zip(setting, gains, strict=True))
    return grid({(loss, s): 0.4 + gain * (loss == losses[0]) for s, gain in gains.items() for loss in losses})


def word_of(runs):
    """The word that answers whether the sums beat the baselines."""
    question, evidence = BY_NAME["baselines"], questions.evidence_of(runs)
    values = [(contrast, evidence.differences("small", contrast)) for contrast in question.contrasts]
    return questions.in_a_word(question, values)


def of_sums(gains):
    """Runs in which both sums have the gains over all that they are compared with."""
    rest = [r for r in gained(gains, ("nce+mae", "ce"), SYMMETRIC) if spec_of(r) == "nce+mae"]
    return gained(gains, ("nce+rce", "ce", "gce", "sce"), SYMMETRIC) + rest


def without(runs, *losses):
    return [r for r in runs if spec_of(r) not in losses]


def spec_of(run):
    return run["config"]["loss"]["spec"]


@pytest.mark.parametrize(
    ("gains", "word"),
    [
        ((0.05, 0.05, 0.05, 0.05), "Yes."),
        ((0.05, 0.0, 0.05, 0.05), "At some rates."),
        ((0.05, 0.0, -0.05, 0.05), "It depends on the rate."),
        ((-0.05, 0.0, 0.0, 0.0), "No."),
        ((0.0, 0.0, 0.0, 0.0), "Too close to call."),
    ],
)
def test_a_word_is_of_the_rates_at_which_a_loss_is_clearly_better_or_worse(gains, word):
    runs = of_sums(gains)
    assert word_of(runs) == word
    early = [r | {"facts": r["facts"] | {"purpose": "exploratory"}} for r in runs]
    assert word_of(early) == "Not known yet."


def test_a_word_needs_every_comparison_of_a_setting():
    there = [r for r in of_sums((0.05,) * 4) if frames.setting_of(r["config"]) == SYMMETRIC[0]]
    assert word_of(there) == "Yes, in the runs so far."
    assert word_of(without(there, "nce+mae")) == "Yes, in the runs so far."
    assert word_of(without(there, "nce+mae", "sce")) == "Not known yet."


def test_one_better_baseline_is_enough_for_a_no():
    beaten = without(of_sums((0.05,) * 4), "gce") + grid({("gce", s): 0.6 for s in SYMMETRIC})
    assert word_of(without(beaten, "nce+mae")) == "No, as far as seen."
    assert word_of(beaten) == "It depends on the loss."  # nce+mae is not compared with gce


def test_a_word_says_that_it_depends_on_the_epoch():
    runs = gained((0.05, 0.05, 0.05, 0.05))
    for one in runs:
        one["final"]["best_accuracy"] = one["final"]["last_accuracy"] + 0.1 * (spec_of(one) == "ce")
    found = line(answers(runs)["normalising"])
    assert found.word == "It depends on the epoch."
    assert found.text.startswith(
        "After the last epoch, but not at the best one, NCE is more accurate than cross-entropy"
    )


def test_fewer_right_labels_mean_yes_where_the_question_asks_for_fewer():
    runs = grid({(loss, s): 0.4 for s in SYMMETRIC for loss in ("ce", "nce")})
    for one in runs:
        fitted = 0.5 if spec_of(one) == "nce" else 0.9
        one["series"]["accuracy_clean_part"] = [fitted + 0.001 * one["config"]["seed"]] * 4
    found = line(answers(runs)["underfitting"])
    assert (found.word, found.text) == (
        "It learns more slowly.",  # whether too slowly is more than fewer right labels say
        "NCE fits fewer right labels than cross-entropy at every rate.",
    )


def test_a_question_asks_of_every_rate_of_a_kind_of_noise_so_that_every_rate_is_said_truly():
    asked = {settings for question in questions.QUESTIONS for _, _, settings in question.contrasts}
    assert asked == {SYMMETRIC, ASYMMETRIC}


def test_a_proof_has_its_line_and_says_where_there_is_none():
    assert line(answers([], proof("C2", "held"))["normalising"], "proof").text.startswith("Yes, for unlimited data")
    for proved in ({}, proof("C2", "did not hold")):
        assert line(answers([], proved)["normalising"], "proof").text == "Not settled by a proof yet."
    known = {question.proof[0]: set(question.proof[1]) for question in questions.QUESTIONS if question.proof}
    assert all(outcomes <= set(claims.OUTCOMES) for outcomes in known.values())


def test_the_authors_figures_are_a_line_of_their_own_and_our_missing_runs_show():
    found = answers([])
    assert line(found["baselines"], "authors").word == "Yes."
    assert line(found["baselines"]).word == "Not known yet."
    assert line(found["baselines"]).text.startswith("There is no run yet to compare")
    assert [one.mark for one in found["underfitting"].lines] == ["small"]  # others print no right labels fitted


def full(losses, gain=0.05):
    """Runs of the full protocol on MNIST."""
    made = []
    for k, loss in enumerate(losses):
        for seed in range(3):
            last = round(0.6 + gain * (k == 0) + 0.001 * seed + 0.0003 * (k + seed) % 0.002, 5)
            one = record("ce", "symmetric-0.8", seed, last=last, best=last)
            one["config"] |= {"protocol": marks.MNIST_FULL, "dataset": "mnist"}
            one["config"]["loss"] = one["config"]["loss"] | {"spec": loss}
            one["final"]["modal_class_share"] = 0.2
            made.append(one)
    return made


def test_runs_of_the_full_protocol_answer_once_they_are_there():
    assert "full" not in [one.mark for one in answers([])["baselines"].lines]
    found = line(answers(full(["nce+mae", "ce", "mae"]))["baselines"], "full")
    assert found.text.startswith("NCE+MAE is more accurate than cross-entropy at 80 % wrong labels.")


def test_full_runs_answer_for_their_weight_decay_and_say_where_another_turns_them_round():
    sums = full(["nce+mae", "ce", "mae"])
    assert line(answers(sums)["baselines"], "full").word == "At weight decay 0.001: yes, in the runs so far."
    assert first_line(sums).startswith(
        "At weight decay 0.001: NCE+MAE is more accurate than cross-entropy at 80 % wrong labels."
    )
    assert "Not so" not in first_line(sums)
    other = [record("ce", "symmetric-0.8", last=0.7, **DECAY), record("nce+mae", "symmetric-0.8", last=0.6, **DECAY)]
    round_ = (
        "Not so with ten times the weight decay (too few seeds to decide): NCE+MAE is less accurate than cross-entropy"
    )
    assert f" {round_} at 80 % wrong labels." in line(answers(sums + other)["baselines"], "full").text
    assert f" {round_} at 80 % wrong labels." in first_line(sums + other)
    alike = line(answers(full(["nce+rce", "nce+mae", "mae"]))["weight"], "full")  # a question that is not of yes and no
    assert alike.text.startswith("At weight decay 0.001: NCE+RCE is more accurate than NCE+MAE ")
    assert line(answers(sums[:3])["baselines"], "small").word == "Not known yet."


DECAY = {"protocol": marks.MNIST_DECAY, "dataset": "mnist", "final": {"modal_class_share": 0.2}}


def first_line(runs):
    """What the first screen says of the full runs in its answer."""
    answer = minute.parts(judge(runs), questions.evidence_of(runs), runs)[0][1]
    (text,) = [text for mark, text in answer if mark == "full"]
    return text


def test_the_first_screen_says_of_mnist_that_nce_alone_ends_above_the_sums():
    runs = full(["nce", "nce+mae", "nce+rce", "ce"], gain=0.1)
    for run in runs:
        run["final"]["last_accuracy"] -= 0.3 * (spec_of(run) == "ce")
    assert first_line(runs).endswith(
        " After the last epoch NCE+MAE and NCE+RCE are less accurate than NCE alone at 80 % wrong labels."
    )
    for run in runs:
        run["final"]["best_accuracy"] = 0.9 - 0.1 * (spec_of(run) == "nce")
    assert " After the last epoch, but not at the best one, NCE+MAE and NCE+RCE are less" in first_line(runs)
    small_ones = grid({("ce", s): 0.4 for s in SYMMETRIC} | {("nce+rce", s): 0.5 for s in SYMMETRIC})
    runs += small_ones
    headline = minute.parts(judge(runs, proof("C2", "held")), questions.evidence_of(runs), runs)[0][1][0][1]
    assert "; on MNIST NCE alone ends above NCE+MAE and NCE+RCE at some rates (weight decay 0.001)." in headline


def test_nce_that_fits_nearly_all_right_labels_is_not_called_slow():
    runs = full(["nce", "ce", "mae"])
    for one in runs:
        fitted, wrong = (0.98, 0.01) if spec_of(one) == "nce" else (0.99, 0.97)
        shift = 0.001 * (one["config"]["seed"] == 1) * (spec_of(one) == "nce")
        one["series"] |= {"accuracy_clean_part": [fitted + shift] * 4, "memorised": [wrong + shift] * 4}
    found = line(answers(runs)["underfitting"], "full")
    assert found.word == "At weight decay 0.001: it fits fewer right labels, in the runs so far."
    assert found.text.endswith(
        "Of the right labels NCE fits 98 %; cross-entropy fits 99 %. Of the wrong ones NCE memorises 1 %; "
        "cross-entropy memorises 97 %."
    )


def test_whether_nce_is_selective_is_read_where_both_have_fitted_half_of_the_right_labels():
    runs = grid({(loss, s): 0.4 for s in SYMMETRIC for loss in ("ce", "nce")})
    for one in runs:
        less = 0.3 if spec_of(one) == "nce" and frames.setting_of(one["config"]) == "symmetric-0.8" else 0
        one["series"] |= {"accuracy_clean_part": [0.2, 0.5, 0.6, 0.7], "memorised": [0.1, 0.4 - less, 0.4, 0.5]}
    assert line(answers(runs)["normalising"]).text.endswith(
        "NCE has memorised clearly fewer wrong labels only at 80 % wrong labels. At the other rates it learns "
        "everything more slowly, right labels and wrong ones."
    )
    of_one = [one for one in runs if frames.setting_of(one["config"]) == "symmetric-0.8"]  # no other rate is there
    assert line(answers(of_one)["normalising"]).text.endswith("clearly fewer wrong labels at 80 % wrong labels.")
    alike = [one for one in runs if frames.setting_of(one["config"]) != "symmetric-0.8"]
    assert line(answers(alike)["normalising"]).text.endswith(
        "it learns everything more slowly, right labels and wrong ones."
    )


def test_one_function_under_two_names_gives_the_size_of_chance():
    runs = grid(
        {(loss, s): 0.4 for loss in ("nce+mae,beta=9.21", "nce+rce") for s in ("symmetric-0.4", "symmetric-0.8")}
    )
    text = line(answers(runs)["weight"]).text
    assert re.search(r"are one function; their runs then differ by up to 0\.\d points, by chance\.$", text)


# The control


CONTROL = "ma2020-small-x4"


def longer(gain, memorised, losses=("nce", "nce+mae", "nce+rce")):
    cells = {(loss, "symmetric-0.4"): 0.4 for loss in losses}
    usual = grid(cells, memorised=0.3)
    changed = grid({cell: mean + gain for cell, mean in cells.items()}, protocol=CONTROL, memorised=memorised)
    return usual + changed


def test_the_control_is_told_of_the_sums_with_what_they_memorise():
    runs = longer(-0.1, 0.9)
    text = line(answers(runs)["parts"]).text
    assert text.endswith(
        "Trained four times as long (40 % wrong labels, 3 seeds), NCE+MAE and NCE+RCE lose accuracy: they have "
        "memorised 90 % of the wrong labels by then. Cross-entropy has not been trained that long."
    )
    runs += grid({("ce", "symmetric-0.4"): 0.35})
    text = line(answers(runs)["parts"]).text
    assert "NCE+MAE and NCE+RCE end below cross-entropy after its usual training: they have memorised" in text
    assert text.endswith("Cross-entropy has not been trained that long.")
    evidence = questions.evidence_of(runs)
    assert control.undone(judge(runs), evidence) == (
        "with four times the training NCE+MAE and NCE+RCE end below cross-entropy after its usual training (40 % wrong "
        "labels, 3 seeds)"
    )
    better = line(answers(longer(0.1, 0.9))["parts"]).text
    assert "3 seeds), NCE+MAE changes in accuracy by +10.0 and NCE+RCE by +10.0 points." in better
    one = line(answers(longer(0.1, 0.9, ("nce", "nce+mae")))["parts"]).text
    assert "NCE+MAE changes in accuracy by +10.0 points. Cross-entropy and NCE+RCE have not" in one
    assert "four times" not in line(answers([])["parts"]).text


def test_sums_are_read_beside_cross_entropy_of_the_same_training_once_it_has_that():
    runs = longer(-0.1, 0.9) + grid({("ce", "symmetric-0.4"): 0.35})
    long = grid({("ce", "symmetric-0.4"): 0.2}, protocol=CONTROL)  # which memorises, too, and loses more
    assert control.undone(judge(runs + long), questions.evidence_of(runs + long)) == ""
    long = grid({("ce", "symmetric-0.4"): 0.34}, protocol=CONTROL)
    text = line(answers(runs + long)["parts"]).text
    assert "end below cross-entropy trained as long: they have" in text
    assert "not been trained that long" not in text


def test_a_sum_that_longer_training_takes_below_cross_entropy_is_told_though_the_other_one_stays_above():
    runs = longer(-0.1, 0.9, ("nce", "nce+mae")) + longer(0.1, 0.6, ["nce+rce"])
    runs += grid({("ce", "symmetric-0.4"): 0.35}, protocol=CONTROL)
    text = line(answers(runs)["parts"]).text
    assert text.endswith(
        "NCE+MAE ends below, NCE+RCE above cross-entropy trained as long: they have memorised 60 to 90 % of the wrong "
        "labels by then."
    )
    assert control.undone(judge(runs), questions.evidence_of(runs)) == (
        "with four times the training NCE+MAE ends below, NCE+RCE above cross-entropy trained as long (40 % wrong "
        "labels, 3 seeds)"
    )


def test_the_seeds_of_the_control_are_those_of_the_losses_that_are_named():
    runs = [one for one in longer(-0.1, 0.9) if spec_of(one) != "nce+rce" or one["config"]["seed"] == 0]
    text = line(answers(runs)["parts"]).text
    assert "Trained four times as long (40 % wrong labels, 1 to 3 seeds), NCE+MAE and NCE+RCE" in text
    assert (
        "Trained four times as long (40 % wrong labels, 3 seeds), NCE fits" in line(answers(runs)["underfitting"]).text
    )


def test_what_longer_training_does_to_accuracy_and_memory_is_told_of_every_loss():
    runs = longer(-0.1, 0.9)
    assert control.of_all(judge(runs)).startswith(
        "Trained four times as long (40 % wrong labels, 3 seeds), NCE, NCE+MAE and NCE+RCE change by "
    )
    assert control.of_all(judge(runs)).endswith(" at the best epoch, chosen on test images, and by −10.0 at the last.")
    assert control.memory(judge(runs)) == (
        "In the 3 losses tried (NCE, NCE+MAE and NCE+RCE; 40 % wrong labels, 3 seeds) training four times as long "
        "memorises more wrong labels, by 60 points."
    )
    assert "In none of the 3 losses tried (" in control.memory(judge(longer(-0.1, 0.1)))
    assert control.of_all(judge([])) == control.memory(judge([])) == ""


def test_the_control_is_told_of_nce_and_in_full():
    runs = longer(0.1, 0.9)
    for one in runs:
        fitted = 0.9 if one["config"]["protocol"] == CONTROL else 0.5
        one["series"]["accuracy_clean_part"] = [fitted + 0.001 * one["config"]["seed"]] * 4
    text = line(answers(runs)["underfitting"]).text
    assert text.endswith("NCE fits 40 points more of the right labels, and its accuracy rises.")
    assert line(answers(runs)["normalising"]).text.endswith(
        "NCE memorises 60 points more of the wrong labels, but its accuracy rises."
    )
    table = control.in_full(judge(runs))
    assert "What training four times as long changes, in points (40 % wrong labels, 3 seeds)" in table
    for figure in control.FIGURES.values():
        assert figure in table
    assert re.search(r"\| NCE \| \+10\.0 .*\| \+60\.0 ", table)
    assert control.in_full(judge([])).endswith("The control's runs are missing.")


def test_the_control_is_read_beside_every_question_on_slow_losses_in_all_its_figures():
    runs = longer(0.1, 0.9)
    sections = questions.answered(judge(runs), runs).split("(question-")[1:]
    for name in ("normalising", "underfitting", "parts", "baselines"):
        (section,) = [text for text in sections if text.startswith(name)]
        assert all(figure in section for figure in control.FIGURES.values()), name
        assert ("| NCE |" in section) == (name != "baselines")
        assert ("| NCE+RCE |" in section) == (name in ("parts", "baselines"))
    empty = questions.answered(judge([]), [])
    assert empty.count("The control's runs are missing.") == 4


# What is shown


def test_every_answer_has_the_verdicts_of_its_claims_with_their_scope_in_words():
    refuted = verdicts.Judgement("C9", "mathematics", "did not hold", "It is bounded anyway.", "claim-c9")
    text = questions.answer_list(list(answers([], {"C9": [refuted]}).values()))
    assert text.count("\n: ") == len(questions.QUESTIONS) == 6
    assert "[C9 [{verdict}`did not hold`](#claim-c9) [mathematics]{.verdict-scope}]{.claim-verdict}" in text
    assert "[CIFAR-10, 10,000 images, 25 epochs]{.verdict-scope}" in text
    assert "ma2020-small" not in text
    assert {name for question in questions.QUESTIONS for name in question.claims} <= set(claims.load())


@pytest.mark.parametrize(
    ("protocol", "words"),
    [
        ("ma2020-small", "CIFAR-10, 10,000 images, 25 epochs"),
        ("ma2020", "CIFAR-10, full protocol"),
        ("ma2020-mnist", "MNIST, full protocol"),
        ("krishnan-as-written-digits", "digits of 8 by 8 pixels, 40 epochs"),
        ("ma2020-small-val", "CIFAR-10, 10,000 images, 25 epochs, 10 % held out"),
        ("ma2020-mnist-val", "MNIST, full protocol, 10 % held out"),
        ("mathematics", "mathematics"),
    ],
)
def test_a_scope_in_words(protocol, words):
    assert marks.scope(protocol) == words


def test_numbers_have_last_and_best_and_brackets_where_they_are_not_clear():
    runs = gained((0.05, 0.05, 0.0, 0.05))
    rows = questions.difference_table(questions.evidence_of(runs), [("nce", "ce")], SYMMETRIC)
    ours = [row for row in rows.splitlines() if marks.name("small") in row]
    assert len(ours) == 1
    cells = ours[0].split("| ", 3)[3].removesuffix(" |").split(" | ")
    assert re.fullmatch(r"\+\d\.\d \\\| \+\d\.\d", cells[0])
    assert re.fullmatch(r"\([+−]0\.\d\) \\\| \([+−]0\.\d\)", cells[2])
    authors = [row for row in rows.splitlines() if marks.name("authors") in row]
    assert len(authors) == 1
    assert "\\|" not in authors[0]  # they give the last epoch alone
    assert questions.difference_table(questions.evidence_of([]), [("nce", "ce")], ASYMMETRIC) == ""


def test_the_page_of_verdicts_has_each_question_with_its_differences_and_those_of_others():
    judged = judge([])
    text = questions.answered(judged, [])
    assert text.count("### ") == len(questions.QUESTIONS)
    assert text.count("| missing |") == sum(len(question.contrasts) for question in questions.QUESTIONS)
    means = published.means("chheda")
    mean = sum(means["nce", s] - means["ce", s] for s in SYMMETRIC) / 4
    assert f"Chheda's report +{mean:.1f}" in text
    assert re.search(r"in `ma2020` none of \d+ is decided; in `ma2020-mnist` none of \d+ is decided\.$", text)
    judged["C17"] = [verdicts.Judgement("C17", "ma2020", "held", "because", "evidence-c17")]
    judged["C11"] = [verdicts.Judgement("C11", "ma2020", "undecided", "because", "evidence-c11")]
    assert re.search(r"in `ma2020` 1 of \d+ is decided and 1 is undecided;", questions.in_full(judged))
    runs = gained((-0.05, 0.05, 0.0, 0.07))
    row = next(line for line in questions.answered(judge(runs), runs).splitlines() if "nce − ce, acc" in line)
    assert re.search(r"\| −\d\.\d to \+\d\.\d \| −\d\.\d to \+\d\.\d \| symmetric 0\.2, 0\.4, 0\.6, 0\.8; 3 seeds", row)


def test_where_nobody_prints_a_figure_it_is_said():
    assert questions.others_text(("memorised", ("nce", "ce"), SYMMETRIC), SYMMETRIC) == questions.NONE
    assert questions.others_text(("last", ("nce+rce", "nce+mae,beta=9.21"), SYMMETRIC), SYMMETRIC) == questions.NONE


# The first screen


@cache
def first_screen():
    """Of the committed records, with the proofs as the pages have them."""
    proved = proof("C2", "held") | proof("C4", "did not hold") | proof("C6", "held")
    counted = verdicts.counted()
    judged = judge(counted, proved)
    parts = minute.parts(judged, questions.evidence_of(counted), verdicts.committed())
    return parts, questions.short_answers(judged, counted)


def said():
    parts, found = first_screen()
    return [text for _, lines in parts for _, text in lines] + [one.text for answer in found for one in answer.lines]


def test_the_first_screen_has_answer_evidence_and_advice_with_their_marks():
    parts, _ = first_screen()
    assert [question for question, _ in parts] == ["What is the answer?", "On which evidence?", "What should I do?"]
    assert [mark for mark, _ in parts[1][1]] == list(marks.MARKS)
    assert all(lines for _, lines in parts)
    assert minute.plain(parts).count("*our small runs, CIFAR-10:*") == sum(
        mark == "small" for _, lines in parts for mark, _ in lines
    )
    assert minute.myst(parts).count("{.mark .mark-") == sum(bool(mark) for _, lines in parts for mark, _ in lines)
    assert minute.plain(parts).startswith("**What is the answer?** In theory yes, in practice in part: ")


def test_no_sentence_has_more_than_two_numbers():
    """Rates in a row count as one, and so does a rate with a number of seeds in brackets."""
    in_a_row, in_brackets = r"\d+(, \d+)* and (?=\d+ %)", r"\(\d+ % wrong labels, [^()]* seeds?\)"
    for text in said():
        for sentence in re.split(r"(?<=[.;:]) ", text):
            short = re.sub(in_brackets, "1", re.sub(rf"{in_a_row}|CIFAR-10", "", sentence))
            assert len(re.findall(r"\d[\d,.]*", short)) <= 2, sentence


def test_every_abbreviation_is_introduced_before_it_stands_alone():
    """On the landing page and in the README; what both introduce in their first paragraph may be used by the rest."""
    for name in ("README.md", "book/index.md"):
        lead = (control_root() / name).read_text().partition("```{include}")[0].partition("<!-- minute")[0]
        known = set(re.findall(r"\(([A-Z]{2,})[,)]", lead))
        assert {"NCE", "MAE", "RCE"} <= known
        for text in said():
            for match in re.finditer(r"\b([A-Z]{2,3}E)\b", text):
                introduced = match[1] in known or text[: match.start()].endswith("(")
                assert introduced, f"{match[1]} in {text}"


def control_root():
    from nlr.paths import ROOT

    return ROOT


def test_the_picture_stands_above_every_table():
    text = (control_root() / "book" / "index.md").read_text()
    places = [
        text.index(f"snippets/{name}.md")
        for name in ("minute", "landing-figure", "answers", "numbers", "landing-table")
    ]
    assert places == sorted(places)


def test_the_distance_from_the_authors_tables_is_told_of_cells_with_both_weight_decays():
    figures = reproductions.figures("HX-HX1-MNIST", "mnist", "ma2020-mnist")
    cells = [("ce", "symmetric-0.4"), ("nce", "symmetric-0.4"), ("mae", "clean")]
    near, far = (
        [
            record(*cell, protocol=protocol, dataset="mnist", last=figures[cell].mean / 100 - off)
            for cell in cells[:number]
        ]
        for protocol, off, number in (("ma2020-mnist-decay-1e-2", 0.002, 2), ("ma2020-mnist", 0.05, 3))
    )
    assert minute._decays(near + far) == (
        " 2 combinations of loss and noise are run with two weight decays: with that of the authors' first scripts our "
        "accuracies lie on average 5.0 points from their tables; with that of their released code 0.2 points (too few "
        "seeds to decide)."
    )
    assert minute._decays(near[:1] + far).startswith(
        " One combination of loss and noise is run with two weight decays:"
    )
    thrice = [one | {"config": one["config"] | {"seed": seed}} for one in near + far for seed in range(3)]
    assert minute._decays(thrice).endswith(" of their released code 0.2 points.")
    assert minute._decays(near) == minute._decays(far) == minute._decays([]) == ""
    decays = [protocols.load(name)["training"]["weight_decay"] for name in (marks.MNIST_DECAY, "ma2020-mnist-release")]
    assert decays[0] == decays[1]


def test_what_mnist_decides_is_counted_and_the_prediction_told_once_all_its_cells_are_run():
    tests = claims.get(minute.PREDICTED).tests_in("ma2020-mnist")
    cells = [(cell, yes) for test in tests for yes in ("yes", "no") for cell in test[yes]]
    made = []
    for number, ((loss, setting), falls) in enumerate(cells):
        spec, _, protocol = loss.partition(" @ ")
        share = 0.999 if (falls == "yes") != (number == 0) else 0.2
        place = {"protocol": protocol or "ma2020-mnist", "dataset": "mnist", "final": {"modal_class_share": share}}
        made.append(record(spec, setting, **place))
    judged = judge(made)
    most = len(cells)
    text = (
        " Which combinations of loss, noise and training end with one answer to every image was computed before "
        f"the runs (one seed each); it came true in {most - 1} of {most}. One answer was expected in 2. By a second "
        f"criterion, stability, it came true in {most - 4}."
    )
    assert minute._collapse(judged, made) == text
    made[0]["final"]["modal_class_share"] = 0.999
    assert minute._collapse(judge(made), made) == text.replace(f"{most - 1} of", f"{most} of").replace(
        "in 2.", f"in 2, so that a forecast of 'none at all' would have been right in {most - 2}."
    ).replace(f"in {most - 4}.", f"in {most - 3}.")
    decided = [one.outcome for of in judged.values() for one in of if one.scope == "ma2020-mnist"]
    assert minute._decides(judged) == (
        f"; so far they decide 2 of {len(decided)} claims, none of the paper's or a report's"
    )
    assert minute._collapse(judge(made[1:]), made[1:]) == ""


def test_nothing_is_answered_without_records():
    judged = judge([])
    parts = minute.parts(judged, questions.evidence_of([]), [])
    assert [mark for mark, _ in parts[0][1]] == ["", "authors"]
    assert parts[0][1][0][1] == "In theory it is open; in our runs no sum is shown to be better than cross-entropy."
    assert parts[2][1] == []
    assert "Not known yet." in minute.myst(parts)
    assert "None of 236 planned runs" in json.dumps(parts)


def small(cells, early=()):
    """The answer of the first screen that our small runs give, and its headline."""
    runs = grid(cells)
    for one in runs:
        one["final"]["best_accuracy"] = one["final"]["last_accuracy"] + 0.1 * (spec_of(one) in early)
    answer = minute.parts(judge(runs, proof("C2", "held")), questions.evidence_of(runs), runs)[0][1]
    return [text for mark, text in answer if mark == "small"], answer[0][1]


def test_the_headline_compares_the_sums_with_cross_entropy_and_says_at_how_many_rates():
    """Beside NCE a sum may be worse, so nothing is said of what is added to it."""
    cells = {("ce", s): 0.4 for s in SYMMETRIC} | {("nce+rce", s): 0.5 for s in SYMMETRIC}
    assert small(cells)[1].startswith(
        "In theory yes, in practice in part: NCE+RCE is more accurate than cross-entropy at every rate of random wrong "
        "labels."
    )
    cells |= {("nce+rce", SYMMETRIC[3]): 0.4}
    assert "NCE+RCE is more accurate than cross-entropy at some rates of random wrong labels." in small(cells)[1]
    cells |= {("nce+mae", s): 0.5 for s in SYMMETRIC}
    assert "NCE+MAE and NCE+RCE are more accurate than cross-entropy at some rates" in small(cells)[1]


def test_the_first_screen_says_where_the_sum_is_less_accurate_than_its_passive_part_alone():
    cells = {(loss, s): mean for s in SYMMETRIC for loss, mean in (("ce", 0.4), ("nce+mae", 0.5), ("mae", 0.55))}
    assert small(cells)[0][0].endswith(" After the last epoch NCE+MAE is less accurate than MAE alone at every rate.")
    turned = small(cells, early=["nce+mae"])[0][0]
    assert (
        "After the last epoch, but not at the best one, NCE+MAE is less accurate than MAE alone at every rate."
        in turned
    )
    assert "MAE alone" not in small(cells | {("mae", s): 0.5 for s in SYMMETRIC})[0][0]


def test_the_authors_tables_are_not_said_to_show_that_two_losses_are_equal():
    assert minute._of_authors(SYMMETRIC, {}) == (
        "With such labels NCE+MAE is more accurate than cross-entropy at every rate, and is not shown to differ from "
        "MAE alone."
    )
    better = questions.evidence_of([]).differences("authors", minute.OF_SUMS[0])  # at every rate, of another loss
    assert minute._of_authors(SYMMETRIC, better).endswith(
        "at every rate. NCE+MAE is more accurate than MAE at every rate."
    )


def test_the_advice_says_where_a_sum_is_shown_to_be_worse_under_confusion():
    def advice(gains):
        runs = grid({(loss, s): 0.4 + gain for s in ASYMMETRIC for loss, gain in gains.items()})
        return " ".join(text for mark, text in minute._advice(questions.evidence_of(runs)) if mark == "small")

    assert "neither sum is shown to be better than cross-entropy." in advice({"ce": 0, "nce+mae": 0, "nce+rce": 0})
    assert advice({"ce": 0, "nce+mae": -0.05, "nce+rce": 0}).endswith(
        "than cross-entropy; NCE+MAE is shown to be worse at every rate in the classes concerned."
    )


def test_the_runs_are_counted_with_what_they_are_runs_of():
    runs = grid({("ce", "symmetric-0.4"): 0.4, ("nce+mae,beta=30", "symmetric-0.4"): 0.4}, seeds=1)
    (text,) = [text for mark, text in minute._evidence(judge(runs), runs) if mark == "small"]
    assert text.startswith("2 runs with fewer images")
    assert "; 1 of them belong to the study `ma2020-small`. " in text
    assert f"they put {minute.SAME_PAIRS} of losses in the order of the authors' tables at no rate." in text
    assert minute.SAME_PAIRS == "at least five in six pairs"
    in_order = (1 + minute.SAME_ORDER) / 2
    assert in_order == pytest.approx(5 / 6)  # what Kendall's tau leaves of pairs in the same order
