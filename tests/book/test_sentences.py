"""Differences in plain words: where they are clear, where the epoch matters, where too little is known."""

import math

import pytest

from nlr.book import sentences
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC
from nlr.evidence.contrasts import Difference


def cell(effect, best=math.nan, half=1.0, **facts):
    """A difference of three seeds with intervals of the given half width."""
    return Difference(effect, effect - half, effect + half, 3, best, best - half, best + half, **facts)


FEW = Difference(9.0, 8.0, 10.0, 1, few=True)


def said(cells, pair=("nce", "ce"), figure="last", wanted=SYMMETRIC):
    return sentences.sentences([((figure, pair, wanted), dict(zip(wanted, cells, strict=False)))])


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ((0, 1, 2, 3), "at every rate"),
        ((1, 2, 3), "with two in five labels wrong or more"),
        ((0, 1), "with up to two in five labels wrong"),
        ((0,), "with one in five labels wrong"),
        ((3,), "with four in five labels wrong"),
        ((1, 2), "with two to three in five labels wrong"),
        ((0, 2), "with one and three in five labels wrong"),
    ],
)
def test_rates_in_words(chosen, words):
    assert sentences.where([SYMMETRIC[k] for k in chosen], SYMMETRIC) == words
    assert sentences.where([ASYMMETRIC[3]], ASYMMETRIC) == "with four in ten labels wrong"


def test_where_a_loss_has_more_and_where_less():
    assert said([cell(-5), cell(5), cell(0), cell(6)]) == (
        "NCE is more accurate than cross-entropy with two and four in five labels wrong, and less accurate with one in "
        "five labels wrong; no difference is clear with three in five labels wrong."
    )
    assert said([cell(-5)] * 4) == "NCE is less accurate than cross-entropy at every rate."
    assert said([cell(0)] * 4) == "No difference between NCE and cross-entropy is clear at any rate."


@pytest.mark.parametrize(
    ("figure", "effect", "text"),
    [
        ("clean_part", -9, "NCE fits fewer right labels than cross-entropy at every rate."),
        ("memorised", 9, "NCE memorises more wrong labels than cross-entropy at every rate."),
        ("memorised", 0, "No difference in wrong labels memorised between NCE and cross-entropy is clear at any rate."),
    ],
)
def test_each_figure_has_its_words(figure, effect, text):
    assert said([cell(effect)] * 4, figure=figure) == text


def test_too_few_runs_are_said_once():
    assert said([FEW, cell(5), cell(5), cell(5)]) == (
        "NCE is more accurate than cross-entropy with two in five labels wrong or more. With one in five labels wrong "
        "there are too few runs to tell."
    )
    assert said([]) == "There is no run yet to compare NCE with cross-entropy."
    assert said([FEW]) == "There are too few runs yet to compare NCE with cross-entropy."
    early = cell(5, exploratory=True)
    assert said([early] * 4) == "There are too few runs yet to compare NCE with cross-entropy."


def test_contrasts_that_say_the_same_stand_together():
    values = [
        (("last", pair, SYMMETRIC), dict.fromkeys(SYMMETRIC, cell(5)))
        for pair in (("nce+mae", "ce"), ("nce+rce", "ce"))
    ]
    assert sentences.sentences(values) == "NCE+MAE and NCE+RCE are more accurate than cross-entropy at every rate."
    values = [(("last", ("nce+rce", other), SYMMETRIC), dict.fromkeys(SYMMETRIC, cell(5))) for other in ("ce", "gce")]
    assert sentences.sentences(values) == (
        "NCE+RCE is more accurate than cross-entropy and generalised cross-entropy (GCE) at every rate."
    )


def test_a_difference_that_the_best_epoch_turns_round_is_said_first():
    text = said([cell(5, 6), cell(5, -3), cell(5, 5), cell(5, 5)])
    assert text.startswith(
        "The epoch matters with two in five labels wrong: after the last one NCE is more accurate than cross-entropy, "
        "at the best one, chosen on the test set, it is less accurate. NCE is more accurate"
    )
    text = said([cell(-5, 0.5)] * 4)  # the best need not be clear by itself
    assert "after the last one NCE is less accurate" in text
    assert "The epoch matters" not in said([cell(0.5, -0.5)] * 4)  # neither is clear
    assert "The epoch matters" not in said([Difference(5, 4, 6, 1, -5, -6, -4, few=True)] * 4)
