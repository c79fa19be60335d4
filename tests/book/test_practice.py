"""What the page of practice says: which loss and weight, what to expect and watch, and what is missing."""

import itertools

import numpy as np
import pandas as pd
import pytest
from factory import grid, record

from nlr.book import control, practice
from nlr.book.practice import losses, people, watching, weights
from nlr.book.questions import evidence_of
from nlr.book.sentences import SYMMETRIC
from nlr.evidence import claims, verdicts

SETTINGS = ("symmetric-0.4", "symmetric-0.8")
MEANS = {  # nce+rce is the best at one rate and the third at the other, and no loss is never worse than it
    "symmetric-0.4": {"ce": 0.40, "nce": 0.30, "mae": 0.45, "nce+mae": 0.50, "nce+rce": 0.55, "gce": 0.42},
    "symmetric-0.8": {"ce": 0.15, "nce": 0.30, "mae": 0.20, "nce+mae": 0.29, "nce+rce": 0.28, "gce": 0.15},
}


def made(seeds=3):
    return grid({(loss, s): mean for s, of in MEANS.items() for loss, mean in of.items()}, seeds, noise=0.001)


@pytest.fixture(scope="module")
def evidence():
    return evidence_of(made())


@pytest.fixture(scope="module")
def found(evidence):
    return losses.all_choices(evidence)


def test_what_is_unbeaten_is_what_no_other_loss_is_shown_to_be_better_than(found):
    one, other = (found["small", "last"][setting] for setting in SETTINGS)
    assert set(one.counted) == set(losses.CANDIDATES)
    assert one.unbeaten == ("nce+rce",)
    assert other.unbeaten == ("nce",)
    assert one.shortfalls["nce+mae"] == pytest.approx(5, abs=0.3)


def test_the_loss_of_least_regret_has_the_smallest_of_the_largest_shortfalls(found):
    assert losses.least_regret(found["small", "last"]) == "nce+rce"
    points, setting = losses.worst(found["small", "last"])["nce+rce"]
    assert (points, setting) == (pytest.approx(2, abs=0.3), "symmetric-0.8")
    assert losses.least_regret(found["full", "last"]) is None
    assert losses.least_regret(found["authors", "last"]) == "nce+rce"
    table = losses.shortfall_table(found).set_index("loss")
    assert table.columns.tolist() == [
        *("our small runs, CIFAR-10", "our small runs, CIFAR-10, best epoch", "authors' tables, CIFAR-10"),
    ]
    assert table.loc["nce+rce", "our small runs, CIFAR-10"] == f"{points:.1f} (symmetric 0.8)"
    assert table.loc["nce", "our small runs, CIFAR-10"].endswith("(symmetric 0.4)")


def test_a_loss_is_named_with_its_accuracy_in_brackets_or_as_missing(found):
    table = losses.loss_table(found).set_index("guess of the noise")
    row = table.loc["40 %, any other class"]
    assert row["our small runs, CIFAR-10"].startswith("**nce+rce** 58.")
    assert "<br>ce 43." in row["our small runs, CIFAR-10"]
    assert row["our full runs, MNIST"] == "missing"
    people = table.loc["labels by people (CIFAR-10N, `worse`)"]
    assert people.tolist() == ["missing", "missing", "missing", "–"]
    once = losses.choices(evidence_of(made(seeds=1)), "small")["symmetric-0.4"]
    assert (once.counted, once.unbeaten) == ((), ())
    assert losses._take(once, "small").startswith("(**nce+rce** 55.")
    gone = [[10 if column < 7 else 0 for column in range(10)] for _ in range(10)]
    worse = [one | {"final": one["final"] | {"confusion": gone}} for one in made(seeds=1)]
    assert losses._take(losses.choices(evidence_of(worse), "small")["symmetric-0.4"], "small").endswith(" [3])")
    assert "[" not in losses._take(losses.choices(evidence_of(worse), "small", "best")["symmetric-0.4"], "small")


def test_the_minute_names_one_loss_where_the_evidence_agrees_and_its_exceptions(evidence, found):
    judged = verdicts.judge(made(), {}, (control.CLAIM,))
    parts = dict(practice.in_a_minute(judged, evidence, found, [], {"What to watch?": ["A proof says so."]}))
    short, *lines = parts["Which loss?"]
    assert short == ("", "NCE+RCE on images like those of CIFAR-10, if you cannot guess the noise well.")
    texts = [text for mark, text in lines if mark == "small"]
    assert texts[0].startswith("Trained to the end, NCE+RCE lies at most 2.")
    assert texts[1].startswith("Stopped at the best epoch, chosen on test images, NCE+RCE lies at most 2.")
    assert texts[0].endswith("over the settings where all have seeds enough: symmetric 0.4, 0.8.")
    assert ", NCE+MAE at most 5." in texts[0]  # the next one stands beside it
    assert texts[2] == (
        "Trained to the end with symmetric noise, NCE+RCE is beaten by NCE and NCE+MAE at 80 % wrong labels."
    )
    assert [mark for mark, _ in lines] == ["small", "small", "authors", "small"]
    assert parts["What to watch?"] == [("proof", "A proof says so.")]
    assert "its runs are missing" in parts["Which weight?"][-1][1]


def test_what_beats_the_default_is_what_is_shown_to_and_not_all_that_is_unbeaten():
    beaten_by = {"symmetric-0.6": ["mae"], "symmetric-0.8": ["nce", "mae"]}
    found = {
        s: losses.Choice({}, losses.CANDIDATES, {"nce+rce": beaten_by[s]} if s in beaten_by else {}) for s in SYMMETRIC
    }
    assert "nce" in found["symmetric-0.6"].unbeaten
    assert losses.exceptions(found, "nce+rce") == (
        "Trained to the end with symmetric noise, NCE+RCE is beaten by MAE at 60 % and by NCE and MAE at 80 % wrong "
        "labels."
    )
    assert losses.exceptions(found, "mae") == ""


def test_the_highest_mean_is_not_called_the_best_and_chance_stands_beside_the_shortfalls(evidence, found):
    text = losses.default("last", found["authors", "last"], "nce+rce")
    assert "NCE+RCE has the highest mean of 6 losses; MAE lies at most 2.4 below it (symmetric 0.2)." in text
    assert "is the best" not in text
    said = losses.of_shortfalls(evidence, found)
    cells = [
        evidence.differences("small", ("last", pair, SETTINGS)).values()
        for pair in itertools.combinations(losses.CANDIDATES, 2)
    ]
    widest = max((cell.high - cell.low) / 2 for of_pair in cells for cell in of_pair)
    assert f"reaches up to ± {widest:.1f} (our small runs, CIFAR-10), " in said


def test_how_long_is_answered_by_what_going_on_costs(evidence, found):
    assert watching.of_epochs(evidence) == ""  # the last epochs are the best
    runs = [record(loss, "symmetric-0.4", last=0.4, best=0.4 + more) for loss, more in (("ce", 0.1), ("nce", 0.01))]
    runs += [record("sce", "symmetric-0.4", last=0.2, best=0.6), record("mae", "asymmetric-0.4", last=0.2, best=0.6)]
    assert watching.of_epochs(evidence_of(runs)) == (
        "With symmetric noise cross-entropy loses up to 10.0 points from its best epoch, chosen on test images, to the "
        "last, NCE no more than 1.0."
    )


def test_nothing_is_advised_without_evidence():
    nothing = evidence_of([])
    found = losses.all_choices(nothing) | {("authors", "last"): losses.choices(nothing, "small")}
    judged = verdicts.judge([], {}, (control.CLAIM,))
    parts = dict(practice.in_a_minute(judged, nothing, found, []))
    assert parts["Which loss?"] == [("", "Not known yet.")]
    assert parts["How long?"] == parts["What to watch?"] == []
    assert losses.shortfall_table(found).empty
    assert set(watching.budget_table(nothing).drop(columns="loss").to_numpy().ravel()) == {"missing"}
    assert watching.watch_table(watching.watched([])).empty
    assert watching.of_watching(watching.watched([])) == people.of_people(nothing) == ""


def test_evidence_that_disagrees_is_said_to():
    last, best, full = ("small", "last"), ("small", "best"), ("full", "last")
    one = losses.Choice(dict.fromkeys(losses.CANDIDATES, 50.0), losses.CANDIDATES, {})
    found = {full: {"symmetric-0.2": one, "asymmetric-0.4": one}}
    text = "MAE on images like those of CIFAR-10, if you cannot guess the noise well"
    assert losses.in_short({last: "mae"}, found) == f"{text}."
    on_mnist = "; on MNIST NCE (2 settings, weight decay 0.001)."
    assert losses.in_short({last: "mae", best: "mae", full: "nce"}, found) == text + on_mnist
    assert losses.in_short({last: "mae", best: "nce"}, found) == (
        "On images like those of CIFAR-10 it depends on the evidence: MAE or NCE."
    )
    assert losses.in_short({full: "nce"}, found) == f"Not known yet{on_mnist}"
    assert losses.in_short({full: "nce"}, {full: {"symmetric-0.2": one}}).endswith(
        "NCE (1 setting, weight decay 0.001)."
    )


def test_weights_stand_in_order_with_brackets_and_gaps():
    records = [*grid({("nce+rce", "symmetric-0.4"): 0.5}), record("nce+mae", "symmetric-0.4", last=0.4)]
    table = weights.weight_table(records)
    assert table["weight"].astype(float).is_monotonic_increasing
    column = table.set_index("loss")["symmetric 0.4"]
    assert column["`nce+rce`"].startswith("53.")
    assert (column["`nce+mae`"], column["`nce+mae,beta=30`"]) == ("(40.0)", "missing")
    assert weights.weight("nce") == 0
    assert weights.weight("nce+rce") == pytest.approx(9.21, abs=1e-3)


def tried(protocol, setting, held_out, accuracy, seed=0):
    """Runs of the five weights."""
    losses = claims.get("C79").tests[0]["losses"]
    out = []
    for loss, noisy, last in zip(losses, held_out, accuracy, strict=True):
        out.append(record(loss, setting, seed, protocol, last=last))
        out[-1]["series"]["validation_accuracy_noisy"] = [0.9, noisy]
    return out


def test_the_choice_is_the_highest_accuracy_on_held_out_noisy_labels_at_the_last_epoch():
    runs = tried("ma2020-small-val", "symmetric-0.4", (0.1, 0.2, 0.3, 0.5, 0.4), (0.3, 0.4, 0.6, 0.5, 0.2))
    (row,) = weights.chosen(runs).to_dict("records")
    assert (row["chosen"], row["best"]) == ("nce+mae,beta=10", "nce+mae,beta=3")
    assert (row["accuracy"], row["regret"]) == (pytest.approx(50), pytest.approx(10))
    found = claims.evaluate(claims.get("C79"), runs, "ma2020-small-val").evidence[0].rows
    assert [r.effect for r in found if r.n] == [pytest.approx(row["regret"])]  # the verdict's own figure
    assert weights.chosen(runs[1:]).empty
    table = weights.choice_table(runs)
    assert table["points lost"].tolist() == ["(10.0)", "missing", "missing", "missing"]
    assert table["%"].tolist()[0] == "(50.0)"
    assert all(float(table[column][0]) for column in ("chosen", "best"))
    gone = [[10 if column < 6 else 0 for column in range(10)] for _ in range(10)]
    worse = [one | {"final": one["final"] | {"confusion": gone}} for one in runs]
    assert weights.choice_table(worse)["%"].tolist()[0] == "(50.0 [4])"
    assert table["chosen"].tolist()[1] == "missing: 5 of 5 runs"
    ((mark, text),) = weights.of_choice(runs)
    assert mark == "small"
    assert (
        "in 1 comparison of 5 weights that cost up to 10.0 points against the best weight (one seed, which dec" in text
    )
    both = runs + tried("ma2020-mnist-val", "symmetric-0.8", (0.5, 0.2, 0.1, 0.1, 0.1), (0.3, 0.4, 0.6, 0.5, 0.2))
    (_, first), (_, other) = weights.of_choice(both)
    assert [mark for mark, _ in weights.of_choice(both)] == ["full", "small"]
    assert first.startswith("A weight can be chosen by the accuracy on held-out noisy labels: in 1 comparison of 5")
    assert other == (
        "The same rule, in 1 comparison of 5 weights, cost up to 10.0 points against the best weight (one seed, which "
        "decides nothing)."
    )
    right = tried("ma2020-mnist-val", "symmetric-0.8", (0.5, 0.2, 0.1, 0.1, 0.1), (0.6, 0.4, 0.3, 0.2, 0.1))
    assert "of 5 weights that cost nothing against the best weight" in weights.of_choice(right)[0][1]


def test_a_weight_that_follows_the_noise_is_open_until_both_rates_have_runs():
    few = tried("ma2020-small-val", "symmetric-0.4", (0.1,) * 5, (0.3, 0.4, 0.6, 0.5, 0.2))
    assert weights.of_rates(few).count("open, for runs are missing") == 2
    both = few + tried("ma2020-small-val", "symmetric-0.8", (0.1,) * 5, (0.3, 0.25, 0.2, 0.1, 0.1))
    assert (
        "the best is `nce+mae,beta=3` with symmetric 0.4 and `nce+mae,beta=0.3` with symmetric 0.8; with the weight of "
        "the other rate 30.0 and 10.0 points are lost" in weights.of_rates(both)
    )
    assert (
        "anything). The best may lie beyond the weights that were tried, of which it is the least with symmetric 0.8."
        in weights.of_rates(both)
    )
    same = few + tried("ma2020-small-val", "symmetric-0.8", (0.1,) * 5, (0.1, 0.1, 0.2, 0.1, 0.1))
    assert "the best at both rates is `nce+mae,beta=3` (too few seeds" in weights.of_rates(same)
    assert "beyond" not in weights.of_rates(same)


def test_watching_counts_what_is_fitted_beyond_the_right_labels_and_classes_without_an_answer():
    answers = [[100, 0] + [0] * 8] * 10
    runs = [
        record("ce", "symmetric-0.4", last=0.4, best=0.5, memorised=0.9, series={"accuracy_noisy": [0.5, 0.9]}),
        record(
            "nce",
            "symmetric-0.4",
            memorised=0.1,
            series={"accuracy_noisy": [0.4], "accuracy_clean_part": [0.5]},
            final={"confusion": answers},
        ),
        record("ce", "clean", series={"accuracy_noisy": [1.0]}),  # no noise
    ]
    watched = watching.watched(runs)
    assert watched["never"].tolist() == [0, 9]
    assert watched["right"].tolist() == pytest.approx([60, 60])
    text = watching.of_watching(watched)
    assert text.startswith(
        "These are all runs of the protocol `ma2020-small` with symmetric noise of rates 0.2, 0.4, 0.6 and 0.8, of 2 "
        "losses, at the last epoch. "
    )
    assert "In 1 of 2 runs more training labels are fitted than are right; these have memorised 90 %" in text
    assert "lost 10.0 points from their best epoch to the last, in the mean, the others 0.0" in text
    assert "the others 0.0. Slow losses, which have fitted less than 75 % of the right labels, make up 1 of" in text
    assert text.endswith(" of the others: NCE. 1 of the 2 runs leaves some class unanswered: NCE.")
    assert watching.of_watching(watched[:1]).endswith(" None of the 1 runs leaves a class unanswered.")
    assert watching.watch_table(watched)["never answered"].tolist() == ["0", "9"]


def test_digits_that_are_never_answered_are_counted_on_mnist_without_runs_that_choose():
    place = {"dataset": "mnist", "protocol": "ma2020-mnist"}
    one, all_of_them = np.zeros((10, 10), int), np.eye(10, dtype=int)
    one[:, 1] = 1
    runs = [
        record(loss, "symmetric-0.4", final={"confusion": matrix.tolist()}, **place)
        for loss, matrix in (("nce", one), ("ce", all_of_them))
    ]
    elsewhere = record("nce", "symmetric-0.4", final={"confusion": one.tolist()})
    place["protocol"] = "ma2020-mnist-val"
    choosing = record("nce", "symmetric-0.4", final={"confusion": one.tolist()}, **place)
    assert watching.unanswered([*runs, elsewhere, choosing]) == (
        "Of our 2 runs on MNIST 1 leave some digit unanswered, up to 9 of the ten."
    )
    assert watching.unanswered(runs[1:]) == "Of our 1 runs on MNIST 0 leave some digit unanswered."
    assert watching.unanswered([elsewhere]) == ""


def test_labels_by_people_are_laid_beside_noise_like_theirs():
    cells = {("ce", "human-worse"): 0.5, ("nce", "human-worse"): 0.4, ("ce", "matrix-worse"): 0.45}
    runs = grid(cells | {("nce", "matrix-worse"): 0.5}, seeds=1, noise=0)
    evidence = evidence_of(runs)
    table = people.people_table(evidence).set_index("loss")
    assert table.loc["ce"].tolist() == ["(50.0)", "missing", "(45.0)"]
    text = people.of_people(evidence)
    assert text == (
        "Human labels less noise of their matrix: −10.0 to +5.0 points of accuracy; 0 of 1 pairs of losses are in the "
        "same order."
    )
    assert people.of_people(evidence_of(runs[:2])) == ""


def test_missing_runs_come_with_the_command_that_makes_them():
    text = practice.missing([])
    assert text.count("\n") == 2
    assert "CIFAR-10, 10,000 images, 25 epochs: 20 runs missing; `python -m nlr study human-labels` makes them." in text
    assert "10 runs missing; `python -m nlr study ma2020-mnist-val` makes them" in text
    have = [
        record(run.loss, run.setting, run.seed, run.protocol)
        for name in (weights.CHOICE, *people.PEOPLE)
        for protocol in claims.get(name).protocols
        for run in claims.missing_runs(claims.get(name), protocol, [])
    ]
    assert practice.missing(have) == "No run is missing."


def test_tables_are_frames_of_text(found, evidence):
    for table in (losses.loss_table(found), losses.shortfall_table(found), watching.budget_table(evidence)):
        assert isinstance(table, pd.DataFrame)
        assert table.map(lambda value: isinstance(value, str)).all(axis=None)


LAST = "clean test accuracy, last epoch, mean (%)"
NEVER = "classes never answered"


def of_one_decimal(values):
    """Numbers as the tables write them."""
    return [f"{value:.1f}" for value in values]


def bare(cells):
    """The numbers of a table's cells, without brackets, what is missing left out."""
    return [cell.strip("()").partition(" ")[0] for cell in cells if cell != "missing"]


def test_the_numbers_of_what_to_take_are_those_shown_and_of_all_six_losses():
    gone = [[10 if column < 7 else 0 for column in range(10)] for _ in range(10)]
    runs = [one | {"final": one["final"] | {"confusion": gone}} for one in made()]
    found = losses.all_choices(evidence_of(runs))
    table = losses.loss_table(found).set_index("guess of the noise")
    numbers = losses.loss_numbers(found)
    assert {"small", "authors"} == {mark for mark, figure in found if found[mark, figure][SETTINGS[0]].means}
    named = 0
    for row in numbers.to_dict("records"):
        cell = table.loc[losses.guess(row["setting"]), row["evidence"]]
        never = "" if pd.isna(row[NEVER]) else f" [{row[NEVER]}]"
        for text in cell.split("<br>"):
            name, accuracy = text.strip("()").replace("*", "").split(" ", 1)
            if name == row["loss"]:
                named += 1
                assert accuracy == f"{row['clean test accuracy, mean (%)']:.1f}{never}"
    assert named == sum(text.count("<br>") + 1 for text in table.to_numpy().ravel() if "ce" in text)
    small = numbers[numbers["evidence"] == losses.head("small", "last")]
    assert len(small) == len(SETTINGS) * len(losses.CANDIDATES)
    assert set(small["seeds"]) == set(small[NEVER]) == {3}
    assert numbers.loc[numbers["evidence"] == losses.head("authors", "last"), NEVER].isna().all()


def test_the_numbers_of_shortfalls_are_those_shown(found):
    table = losses.shortfall_table(found).melt("loss")
    numbers = losses.shortfall_numbers(found)
    assert numbers["evidence"].tolist() == table["variable"].tolist()
    assert of_one_decimal(numbers["below the highest mean (points)"]) == bare(table["value"])


def test_the_numbers_of_means_are_those_shown_and_not_rounded(evidence):
    table = watching.budget_table(evidence).set_index("loss")
    (row,) = watching.budget_numbers(evidence).query("loss == 'nce+rce'").to_dict("records")
    assert of_one_decimal([row[LAST]]) == bare([table.loc["nce+rce", f"{row['updates']:,} updates, last"]])
    assert row[LAST] != round(row[LAST], 1)
    assert (row["seeds"], row[NEVER]) == (3, 0)

    runs = grid({("nce+rce", "symmetric-0.4"): 0.5, ("nce", "symmetric-0.4"): 0.3}, seeds=2)
    weighed = weights.weight_numbers(runs)
    assert weighed["weight of the passive term"].tolist() == [0, weights.weight("nce+rce")]
    assert of_one_decimal(weighed[LAST]) == bare(weights.weight_table(runs)["symmetric 0.4"])

    of_people = evidence_of(grid({("ce", "human-worse"): 0.5, ("nce", "matrix-worse"): 0.45}, seeds=2))
    people_shown = people.people_table(of_people)
    numbers = people.people_numbers(of_people).set_index("setting")
    for setting, head in people.HEADS.items():
        assert of_one_decimal(numbers.loc[numbers.index == setting, LAST]) == bare(people_shown[head])
    assert (numbers["seeds"] == 2).all()


def test_the_numbers_of_a_choice_are_those_shown():
    runs = tried("ma2020-small-val", "symmetric-0.4", (0.1, 0.2, 0.3, 0.5, 0.4), (0.3, 0.4, 0.6, 0.51234, 0.2))
    numbers, table = weights.choice_numbers(runs), weights.choice_table(runs)
    assert numbers["clean test accuracy of the chosen one, last epoch (%)"].tolist() == pytest.approx([51.234])
    assert of_one_decimal(numbers["lost (points)"]) == bare(table["points lost"])
    assert numbers[["chosen", "best", NEVER]].to_numpy().tolist() == [["nce+mae,beta=10", "nce+mae,beta=3", 0]]


def test_the_numbers_of_what_to_watch_are_those_shown():
    more = {"series": {"accuracy_noisy": [0.5, 0.90123]}}
    runs = [record(loss, "symmetric-0.4", last=0.4, best=0.5, memorised=0.9, **more) for loss in ("nce", "ce", "sce")]
    watched = watching.watched(runs)
    table, numbers = watching.watch_table(watched), watching.watch_numbers(watched)
    assert numbers["loss"].tolist() == table["loss"].tolist() == ["ce", "nce"]
    shown = {"fitted": "training labels predicted as given, mean (%)", "memorised": "wrong labels memorised, mean (%)"}
    for column, name in shown.items():
        assert of_one_decimal(numbers[name]) == table[column].tolist()
    assert numbers["training labels predicted as given, mean (%)"].tolist() == pytest.approx([90.123] * 2)
