"""Sentences and text alternatives hold the figures of the records, and say what those cannot settle."""

import math

import numpy as np
import pandas as pd
import pytest
from factory import put

from nlr.book import words
from nlr.data import CIFAR10_CLASSES
from nlr.evidence import frames, wording
from nlr.study import studies

SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75"}
TEN = tuple("0123456789")


@pytest.fixture
def pilot(tmp_path):
    """One seed: nce+rce first, nce second, ce last and memorising."""
    return [
        put(tmp_path, "ce", last=0.366, best=0.501, memorised=0.998, recovered=0.001, **SMALL),
        put(tmp_path, "nce", last=0.451, best=0.455, memorised=0.2, recovered=0.3, **SMALL),
        put(tmp_path, "nce+rce", last=0.532, best=0.547, memorised=0.39, recovered=0.375, **SMALL),
    ]


@pytest.fixture
def seeds(tmp_path):
    """Two losses with three seeds each; the spreads are 2 and 4 points."""
    return [
        put(tmp_path, loss, seed=s, last=middle + (s - 1) * step, best=0.8)
        for loss, middle, step in (("ce", 0.42, 0.02), ("mae", 0.6, 0.04))
        for s in range(3)
    ]


def test_summary_names_first_second_and_last_with_their_figures(pilot):
    text = words.summary(pilot)
    assert "symmetric noise, rate 0.4" in text
    assert "**nce+rce** has the highest mean test accuracy, 53.2 % (n = 1)" in text
    assert "ce the lowest, 36.6 % (n = 1)" in text
    assert "nce comes second, 8.1 points behind (at their best epochs 9.2 behind)" in text  # 54.7 - 45.5
    assert "Cross-entropy has memorised 99.8 % of the wrong labels" in text
    assert "nce+rce 39.0 % (and recovered 37.5 %)" in text
    assert "13.5 points above its last" in text  # 50.1 - 36.6
    assert "pooled" not in text  # one seed has no spread
    assert "One seed" in text
    assert "These runs are small: 1,000 training images, 25 epochs" in text


def test_summary_follows_the_records_not_their_order(pilot, tmp_path):
    assert words.summary(pilot[::-1]) == words.summary(pilot)
    better = put(tmp_path / "other", "ce", last=0.9, best=0.95, **SMALL)
    text = words.summary([better, *pilot[1:]])
    assert "**ce** has the highest mean test accuracy, 90.0 %" in text
    assert "nce+rce comes second, 36.8 points behind" in text


def test_summary_of_several_seeds_has_spreads(seeds):
    text = words.summary(seeds)
    assert "60.0 ± 4.0 % (n = 3)" in text
    assert "42.0 ± 2.0 % (n = 3)" in text
    assert "pooled over the losses, is 3.2 points" in text  # sqrt((2² + 4²) / 2)
    assert "One seed" not in text
    assert "Where there is one seed, a difference of a few points may be chance." not in text
    assert words.summary(seeds[2:]).endswith(" Where there is one seed, a difference of a few points may be chance.")
    assert "Digits are a demonstration" in text


def test_summary_compares_losses_on_the_seeds_that_all_of_them_have(seeds, tmp_path):
    alone = put(tmp_path / "other", "rce", "symmetric-0.4", 1, last=0.61)
    twice = [one for one in seeds if one["config"]["seed"] < 2]
    text = words.summary([*twice, alone])
    assert "after the last epoch and with seed 1, which every loss has, **rce** has the highest" in text
    assert "61.0 % (n = 1)" in text
    assert "pooled" not in text
    assert "which every loss has" not in words.summary(seeds)


def test_losses_of_few_seeds_are_left_out_by_name_where_two_have_seeds_enough(seeds, tmp_path):
    alone = [put(tmp_path / "other", loss, seed=1, last=0.9) for loss in ("rce", "gce")]
    text = words.summary([*seeds, *alone])
    assert text.startswith(
        "With symmetric noise, rate 0.4, of the losses with 3 seeds or more (all but rce and gce), after the last "
        "epoch, **mae** has the highest mean test accuracy, 60.0 ± 4.0 % (n = 3), and ce the lowest"
    )
    assert words.leaders([*seeds, *alone])[["loss", "n"]].to_numpy().tolist() == [["mae", 3]]
    assert words.left_out([*seeds, *alone]) == (
        "Where two losses have 3 seeds or more, those with fewer are not counted: rce and gce (symmetric 0.4)."
    )
    one_of_three = [
        one for one in seeds if one["config"]["loss"]["spec"] == "ce"
    ] + alone  # with which nothing compares
    assert words.leaders(one_of_three)["n"].tolist() == [1]
    assert words.left_out(one_of_three) == words.left_out(seeds) == ""


def test_a_summary_names_the_losses_that_never_answer_some_class(seeds, tmp_path):
    assert "never answered" not in words.summary(seeds)

    def answers(loss, number, seed=0):
        confusion = [[10 if column < number else 0 for column in range(10)] for _ in range(10)]
        return put(tmp_path / "other", loss, seed=seed, confusion=confusion)

    text = words.summary([*seeds, answers("nce", 9), answers("nce", 1, seed=1), answers("rce", 8), answers("gce", 8)])
    assert " some classes are never answered, the most in a run: 9 with nce; 2 with gce and rce." in text


def test_summary_of_one_loss_and_of_clean_labels(tmp_path):
    text = words.summary([put(tmp_path, "ce", "clean", last=0.97, best=0.98)])
    assert "With clean labels" in text
    assert "**ce** has the highest mean test accuracy, 97.0 % (n = 1)." in text
    assert not any(word in text for word in ("lowest", "second", "memorised", "nan"))


def test_a_summary_says_first_where_the_best_epochs_order_two_losses_otherwise(tmp_path):
    made = [put(tmp_path, "ce", last=0.5, best=0.6, **SMALL), put(tmp_path, "nce", last=0.4, best=0.7, **SMALL)]
    text = words.summary(made)
    assert text.startswith("At their best epochs, chosen on the test set, nce is above ce, after the last below. With ")
    assert "nce comes second, 10.0 points behind (at their best epochs 10.0 ahead)" in text
    for last, best, said in (
        (0.4999, 0.7, "0.0 points behind (at their best epochs 10.0 ahead)"),
        (0.4, 0.6001, "level)"),
    ):
        made[1] = put(tmp_path / str(last), "nce", last=last, best=best, **SMALL)
        text = words.summary(made)
        assert text.startswith("With ")
        assert said in text


def test_a_study_is_told_by_its_runs_and_the_most_accurate_loss_of_each_setting(own_stores):
    live = own_stores["live"]
    put(live, "ce", "symmetric-0.4", last=0.7, best=0.8)
    put(live, "mae", "symmetric-0.4", last=0.785, best=0.8)
    put(live, "ce", "clean", last=0.97, best=0.98)
    put(live, "mae", "clean", last=0.9, best=0.98)
    study = studies.load("digits")
    found = frames.study_records(study)
    assert words.study_summary(study, found).startswith("4 of 32 runs have a record.")
    several = studies.load("ma2020-mnist")
    own, every = (sum(1 for _ in runs) for runs in (several.own_runs(), several.runs()))
    assert own < every
    assert words.study_summary(several, found).startswith(
        f"4 of {own} runs of the protocol `ma2020-mnist` have a record."
    )
    rows = words.leaders(found).set_index("setting")
    assert rows["loss"].to_dict() == {"clean": "ce", "symmetric-0.4": "mae"}
    assert rows["last"].to_list() == pytest.approx([97.0, 78.5])
    assert rows.loc["symmetric-0.4", ["difference", "best"]].to_list() == pytest.approx([8.5, 0.0])
    assert rows.loc["clean", ["difference", "best"]].isna().all()  # ce is not above itself
    shown = words.leaders_table(words.leaders(found)).set_index("setting")
    assert shown.loc["symmetric 0.4"].to_list() == ["mae", "78.5", 0, "+8.5", "+0.0", 1]
    assert shown.loc["clean"].to_list() == ["ce", "97.0", 0, "–", "–", 1]


def at_rates(tmp_path, ends):
    """Runs by loss and rate of symmetric noise, with their last accuracies."""
    return frames.frame(
        [put(tmp_path, loss, f"symmetric-{rate}", last=last, best=last) for (loss, rate), last in ends.items()]
    )


def test_falls_name_the_least_the_most_and_whether_the_order_turns(tmp_path):
    ends = {("ce", 0.2): 0.6, ("nce", 0.2): 0.5, ("mae", 0.2): 0.55, ("gce", 0.2): 0.7}
    ends |= {("ce", 0.8): 0.3, ("nce", 0.8): 0.4, ("mae", 0.8): 0.35}  # gce has no run there
    table = at_rates(tmp_path, ends)
    assert words.falls(table, "symmetric") == (
        "From symmetric rate 0.2 to 0.8 (one seed, the one that all losses share) nce loses least, 10.0 points, ce "
        "most, 30.0. The most accurate of 3 losses is "
        "ce at 0.2 and nce at 0.8; the order is turned round (Spearman's rank correlation −1.00). At the best epochs, "
        "chosen on the test set, nce loses least, 10.0 points, and ce most, 30.0."
    )
    ends[("mae", 0.8)], ends[("nce", 0.8)] = 0.1, 0.45
    assert "mae most, 45.0; ce 30.0." in words.falls(at_rates(tmp_path / "other", ends), "symmetric")
    assert words.falls(table, "asymmetric") == "There are not yet two rates of asymmetric noise to compare."
    few = at_rates(tmp_path / "few", {("ce", 0.2): 0.6, ("nce", 0.8): 0.4})
    assert words.falls(few, "symmetric") == "No two losses have runs at both symmetric rates 0.2 and 0.8 yet."


def test_falls_say_how_many_seeds_they_rest_on(tmp_path):
    ends = {("ce", 0.2): 0.6, ("nce", 0.2): 0.5, ("ce", 0.8): 0.3, ("nce", 0.8): 0.4}

    def runs(where, seeds):
        return frames.frame(
            [
                put(tmp_path / where, a, f"symmetric-{r}", s, last=last)
                for (a, r), last in ends.items()
                for s in seeds(a)
            ]
        )

    said = words.falls(runs("shared", lambda loss: range(2 + (loss == "ce"))), "symmetric")
    assert said.startswith("From symmetric rate 0.2 to 0.8 (2 seeds, those that all losses share) nce")
    said = words.falls(runs("apart", lambda loss: [0, 1] if loss == "ce" else [2]), "symmetric")
    assert said.startswith("From symmetric rate 0.2 to 0.8 (1 to 2 seeds each) nce")


def test_course_names_what_memorises_and_what_falls(tmp_path):
    runs = [("ce", 0.4, 1.0, 0.5), ("ce", 0.8, 0.999, 0.6), ("nce", 0.4, 0.1, 0.41), ("nce", 0.8, 0.32, 0.42)]
    found = [put(tmp_path, loss, f"symmetric-{r}", memorised=m, last=0.4, best=b) for loss, r, m, b in runs]
    assert words.course(frames.cells(frames.frame(found))) == (
        "By the last epoch ce has memorised the most wrong labels, 100 % in every setting, and nce the fewest, 10 to "
        "32 % by setting. Going on from the best epoch to the last costs ce up to 20.0 points, nce never "
        "more than 2.0."
    )


def test_damage_by_class_names_the_ends_and_the_classes_given_up():
    rows = [
        (loss, k, k > 0, 60.0, noisy)
        for loss, both in {"ce": (64, 40), "rce": (60, 0.9)}.items()
        for k, noisy in enumerate(both)
    ]
    changes = pd.DataFrame(rows, columns=["loss", "class", "mapped", "clean", "noisy"])
    changes["change"], changes["n"] = changes["noisy"] - changes["clean"], 1
    assert words.damage_by_class(changes, ("ship", "bird")) == (
        "Against clean labels (one seed a loss) the mean accuracy of the classes whose labels change moves by −59.1 "
        "(rce) to −20.0 (ce) points, that of the others by +0.0 (rce) to +4.0 (ce). Given up, with under 1 % of their "
        "test images recognised: bird (rce)."
    )
    assert words.damage_by_class(changes[:2], ("ship", "bird")).endswith(" No loss gives a class up.")
    unknown = words.damage_by_class(changes.assign(change=math.nan), ("ship", "bird"))
    assert unknown.startswith("No loss has runs both with this noise and on clean labels yet. Given up")


def cost(*rows):
    return pd.DataFrame(
        [
            {"loss": loss, "setting": "clean", "difference": d, "low": d - half, "high": d + half, "best": d, "n": n}
            for loss, d, half, n in rows
        ]
    )


def test_clean_cost_is_worded_by_sign():
    text = words.clean_cost(cost(("fl", -1.7, 3, 1), ("rce", -9, 3, 1)))
    assert text.startswith("On clean labels (one seed), of 2 losses beside ce, ")
    assert "2 stand (rce farthest, 9.0 ± 3.0 points) below it, none stands above it." in text
    assert text.endswith("The 95 % interval excludes zero for 1 of the 2.")
    text = words.clean_cost(cost(("fl", 2, math.nan, 1), ("mae", -1, math.nan, 3)))
    assert "(1 to 3 seeds)" in text
    assert "1 stands (mae 1.0 points) below it, 1 stands (fl 2.0 points) above it." in text
    assert "No spread over seeds is known yet" in text
    turned = cost(("fl", 2.0, 1, 3), ("mae", -1.0, 1, 3))
    turned.loc[0, "best"] = -0.5
    assert words.clean_cost(turned).startswith(
        "At the best epochs, chosen on the test set, these stand on the other side of ce than after the last: fl (clean"
    )
    equal = words.clean_cost(cost(("fl", 0, 0, 3), ("mae", 0, 0, 3)))
    assert "none stands below it, none stands above it." in equal
    assert "is not known" in words.clean_cost(cost(("fl", math.nan, math.nan, 0)))


def ranked(*rows):
    return pd.DataFrame(rows, columns=["loss", "rank", "low", "high"])


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ([("b", 3, 2, 4)], "No other interval overlaps."),
        ([("b", 2, 1.5, 4)], "The interval of b overlaps with it."),
        ([("b", 2, 1.5, 4), ("c", 2, 1.5, 4)], "The intervals of b and c overlap with it."),
    ],
)
def test_the_first_by_rank_and_who_else_may_be(others, text):
    found = words.first_by_rank(ranked(("a", 1.2, 1, 1.5), *others))
    assert found == f"First by mean rank is **a**, 1.2 (1.0 to 1.5) of {len(others) + 1} losses. {text}"


def test_what_choosing_adds_and_whom_it_moves():
    selected = pd.DataFrame(
        [("ce", 6, 3, 1), ("mae", 1, 1, 2), ("gce", 0, 2, 3), ("rce", 0, math.nan, math.nan)],
        columns=["loss", "mean", "rank_last", "rank_best"],
    )
    text = words.choosing(selected)
    assert text.startswith(
        "It adds most to ce, 6.0 points on average, and least to rce, 0.0. 3 of 3 losses change place"
    )
    assert text.endswith("first by the last epoch is mae, by the best ce.")
    same = words.choosing(selected.assign(rank_best=selected["rank_last"]))
    assert "None of 3 losses change place by it; first by either is mae." in same
    assert "too few" in words.choosing(selected.assign(rank_last=math.nan))
    assert words.choosing(selected.assign(mean=0)).startswith("It adds the same to every loss, 0.0 points on average. ")


@pytest.mark.parametrize(
    ("differences", "text"),
    [
        ([0.9, 1.1], "1.00 points higher than that on their JPEG copies (95 % interval over runs −0.27 to +2.27; "),
        ([-0.5, -0.5], "0.50 points lower than that on their JPEG copies (the runs share the images"),
        ([0.5], "Over 1 run the accuracy on the lossless images is 0.50 points higher"),
        ([0.5, -0.504], "on the lossless images differs by less than 0.01 points from that on their JPEG copies (95 %"),
    ],
)
def test_twins_say_on_which_images_accuracy_is_higher(differences, text):
    assert text in words.twins(pd.DataFrame({"difference": differences}))


def test_runs_of_four_times_the_epochs_are_not_called_too_short(tmp_path):
    text = words.summary([put(tmp_path, "nce", protocol="ma2020-small-x4", dataset="cifar10-jpeg75")])
    assert "100 epochs" in text
    assert "beside runs of a quarter of the epochs" in text
    assert "little about underfitting" not in text


def test_landing_caption_names_the_most_accurate_where_all_losses_are(tmp_path):
    ends = {("ce", 0.2): 0.6, ("nce", 0.2): 0.5, ("ce", 0.4): 0.3, ("nce", 0.4): 0.5, ("ce", 0.6): 0.2}
    found = [put(tmp_path, loss, f"symmetric-{rate}", last=last) for (loss, rate), last in ends.items()]
    text = words.landing_caption(frames.frame(found), "scope of it")
    assert "of 2 losses (scope of it)" in text
    assert text.endswith("over the seeds that all of them have, is ce at 0.2 and nce at 0.4.")  # nothing of 0.6
    assert words.landing_caption(frames.frame(found[:2][::2]), "it").endswith("ce at 0.2.")


# The noise


def flipped(pairs, share=40, size=100):
    counts = np.eye(10, dtype=int) * size
    for i, j in pairs:
        counts[i, i] -= share
        counts[i, j] += share
    return counts


def test_noise_drawn_over_all_classes(tmp_path):
    text = words.noise_drawn([put(tmp_path, setting="symmetric-0.4")], TEN)
    assert "(per-class) changed 400 of 1,000 training labels" in text
    assert "a realised rate of 40.0 % overall, 40.0 % in each class" in text


def test_noise_drawn_that_hits_classes_unequally_is_not_that_of_the_lemma(tmp_path):
    counts = np.full((10, 10), 8) + np.diag([20, 100, *[28] * 8])
    text = words.noise_drawn([put(tmp_path, setting="symmetric-0.8", counts=counts)], TEN)
    low, high = (f"{100 * (1 - counts[k, k] / counts[k].sum()):.1f} %" for k in (1, 0))
    assert text.endswith(
        f", from {low} of class {TEN[1]} to {high} of class {TEN[0]}. Classes are hit unequally, so this is not the "
        "noise of Lemma 1."
    )


def test_noise_drawn_in_some_classes_names_them(tmp_path):
    counts = flipped([(9, 1), (2, 0), (3, 5)])
    found = [put(tmp_path, setting="asymmetric-0.4", counts=counts, **SMALL)]
    text = words.noise_drawn(found, CIFAR10_CLASSES)
    assert "class map ma2020" in text
    assert "changed 120 of 1,000 training labels" in text
    assert "12.0 % overall, 40.0 % in 3 classes (bird, cat and truck) and none in the others" in text
    alt = words.noise_alt(found, CIFAR10_CLASSES)
    assert "from 60 to 100 per cent" in alt
    assert "bird to airplane, cat to dog and truck to automobile, up to 40 per cent" in alt


def test_noise_drawn_with_seeds_that_differ_says_which_is_meant(tmp_path):
    found = [put(tmp_path, seed=1, counts=flipped([(1, 2)], 30)), put(tmp_path, seed=0, counts=flipped([(1, 2)], 50))]
    text = words.noise_drawn(found, TEN)
    assert "changed 50 of 1,000 training labels with seed 0" in text
    assert "4.0 % overall, 40.0 % in 1 class (1) and none in the others" in text


def test_clean_labels_have_no_noise(tmp_path):
    found = [put(tmp_path, setting="clean")]
    assert words.noise_drawn(found, TEN) == "No label is wrong."
    assert words.noise_alt(found, TEN).endswith("everything else is zero.")


def test_noise_alt_of_symmetric_noise_gives_the_largest_entry(tmp_path):
    counts = np.full((10, 10), 4) + np.eye(10, dtype=int) * 60
    counts[3, 4], counts[3, 3] = 9, 59
    alt = words.noise_alt([put(tmp_path, counts=counts)], TEN)
    assert "from 59 to 64 per cent" in alt
    assert "every entry is at most 9 per cent" in alt


# Text alternatives


def test_every_alternative_holds_the_figures_of_every_loss(pilot):
    table = frames.frame(pilot)
    curves = words.curves_alt(pilot)
    for text in (
        "ce ends at 36.6, highest 50.1",
        "nce ends at 45.1, highest 45.5",
        "nce+rce ends at 53.2, highest 54.7",
    ):
        assert text in curves
    memorised = words.memorised_alt(pilot)
    for text in (
        "ce memorised 100, recovered 0",
        "nce memorised 20, recovered 30",
        "nce+rce memorised 39, recovered 38",
    ):
        assert text in memorised
    marks = words.last_and_best_alt(table)
    for text in ("ce: last 36.6, best 50.1", "nce+rce: last 53.2, best 54.7", "symmetric noise, rate 0.4"):
        assert text in marks


def test_class_alternatives_name_the_extremes(tmp_path):
    confusion = np.eye(10, dtype=int) * 100
    confusion[3, 3], confusion[3, 5] = 40, 60
    confusion[4, 4], confusion[4, 7] = 80, 20
    found = [put(tmp_path, "ce", confusion=confusion, **SMALL)]
    assert "ce from 40 (cat) to 100 (airplane)" in words.classes_alt(found, CIFAR10_CLASSES)
    assert "ce: cat taken for dog in 60 per cent" in words.confusion_alt(found, CIFAR10_CLASSES)


def test_by_rate_alternative_goes_from_the_lowest_to_the_highest_rate(tmp_path):
    found = [
        put(tmp_path, "ce", setting, last=last)
        for setting, last in (("symmetric-0.6", 0.3), ("clean", 0.9), ("symmetric-0.2", 0.7), ("asymmetric-0.8", 0.1))
    ]
    assert "ce from 90.0 at rate 0 to 30.0 at 0.6" in words.by_rate_alt(frames.frame(found))


def test_alternatives_have_the_classes_never_answered_behind_a_last_accuracy(tmp_path):
    gone = [[100] + [0] * 9] * 10
    found = [put(tmp_path, setting="clean"), put(tmp_path, last=0.1, best=0.5, confusion=gone)]
    table = frames.frame(found)
    for text, said in (
        (words.curves_alt(found[1:]), "ce ends at 10.0 [9], highest 50.0."),
        (words.last_and_best_alt(table), "ce: last 10.0 [9], best 50.0."),
        (words.by_rate_alt(table), "ce from 50.0 at rate 0 to 10.0 [9] at 0.4."),
    ):
        assert text.endswith(f"{said} In square brackets: classes that a run never answers, the most.")
    assert "[" not in words.curves_alt(found[:1])
    assert "[" not in words.by_rate_alt(table, figure="memorised", what="the share of wrong labels memorised")


@pytest.mark.parametrize(
    ("items", "text"), [(["a"], "a"), (["a", "b"], "a and b"), ((1, 2, 3), "1, 2 and 3"), (iter("ab"), "a and b")]
)
def test_listed(items, text):
    assert wording.listed(items) == text


def test_damage_names_every_message():
    text = words.damage(["first.json was edited", "second.json is cut"])
    assert "- first.json was edited\n- second.json is cut" in text
    assert "damaged" in text
    assert "damaged" not in words.damage([])
    assert "Every record" in words.damage([])


def test_status_says_what_the_records_are_worth(tmp_path):
    one = put(tmp_path, "ce", seed=0, purpose="exploratory")
    two = put(tmp_path, "ce", seed=1, purpose="study")
    other = put(tmp_path, "mae", seed=0, purpose="study")
    assert words.status([one]) == "one seed each, exploratory"
    assert words.status([other]) == "one seed each"
    assert words.status([one, two]) == "2 seeds each, 1 of 2 runs exploratory"
    assert words.status([one, two, other]) == "1 to 2 seeds each, 1 of 3 runs exploratory"


@pytest.mark.parametrize("protocol", ["ma2020-small", "ma2020-small-x4"])
def test_both_small_protocols_are_called_small(tmp_path, protocol):
    found = [put(tmp_path, "nce", protocol=protocol, dataset="cifar10-jpeg75")]
    assert "These runs are small" in words.summary(found)
    assert "(scaled down)" in dict(frames.facts(found))["protocol"]
