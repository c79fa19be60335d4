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
        ((1, 2, 3), "from 40 % wrong labels on"),
        ((0, 1), "up to 40 % wrong labels"),
        ((0,), "at 20 % wrong labels"),
        ((3,), "at 80 % wrong labels"),
        ((1, 2), "at 40 to 60 % wrong labels"),
        ((0, 2), "at 20 and 60 % wrong labels"),
    ],
)
def test_rates_in_words(chosen, words):
    settings = [SYMMETRIC[k] for k in chosen]
    assert sentences.where(settings, SYMMETRIC) == words
    assert sentences.where(settings, SYMMETRIC, labels=False) == words.replace(" wrong labels", "")
    assert sentences.where([ASYMMETRIC[2]], ASYMMETRIC) == "at 30 % wrong labels"


def test_where_a_loss_has_more_and_where_less():
    assert said([cell(-5), cell(5), cell(0), cell(6)]) == (
        "NCE is more accurate than cross-entropy at 40 and 80 % wrong labels, and less accurate at 20 %. At 60 % it is "
        "too close to call."
    )
    assert said([cell(-5)] * 4) == "NCE is less accurate than cross-entropy at every rate."
    assert said([cell(0)] * 4) == "Between NCE and cross-entropy it is too close to call at every rate."


@pytest.mark.parametrize(
    ("figure", "effect", "text"),
    [
        ("clean_part", -9, "NCE fits fewer right labels than cross-entropy at every rate."),
        ("memorised", 9, "NCE memorises more wrong labels than cross-entropy at every rate."),
        (
            "memorised",
            0,
            "Between NCE and cross-entropy it is too close to call in wrong labels memorised at every rate.",
        ),
    ],
)
def test_each_figure_has_its_words(figure, effect, text):
    assert said([cell(effect)] * 4, figure=figure) == text


def test_too_few_runs_are_said_once():
    assert said([FEW, cell(5), cell(5), cell(5)]) == (
        "NCE is more accurate than cross-entropy from 40 % wrong labels on. At 20 % wrong labels there are too few "
        "runs."
    )
    values = [
        (("last", ("nce", other), SYMMETRIC), dict(zip(SYMMETRIC, [FEW, *[cell(gain)] * 3], strict=True)))
        for other, gain in (("ce", 5), ("mae", -5))
    ]
    assert sentences.sentences(values).count("too few runs") == 1
    assert said([]) == "There is no run yet to compare NCE with cross-entropy."
    assert said([FEW]) == "There are too few runs yet to compare NCE with cross-entropy."
    early = cell(5, exploratory=True)
    assert said([early] * 4) == "There are too few runs yet to compare NCE with cross-entropy."


def test_too_few_runs_are_said_of_the_losses_that_lack_them_unless_all_do():
    enough, late = [cell(5)] * 4, [cell(0), FEW, FEW, FEW]
    values = [
        (("last", ("nce+rce", other), SYMMETRIC), dict(zip(SYMMETRIC, cells, strict=True)))
        for other, cells in (("ce", enough), ("gce", late))
    ]
    ending = "From 40 % wrong labels on there are too few runs"
    gce = "generalised cross-entropy (GCE)"
    assert sentences.sentences(values).endswith(f"{ending} to compare NCE+RCE with {gce}.")
    both = [*values, (("memorised", ("nce+rce", "gce"), SYMMETRIC), values[1][1])]
    assert sentences.sentences(both).endswith(f"{ending} to compare NCE+RCE with {gce}.")
    assert sentences.sentences(values[1:]).endswith(f"{ending}.")
    nothing = (("last", ("nce+rce", "sce"), SYMMETRIC), {})  # lacks them, too, and is named by itself
    assert sentences.sentences([*values[1:], nothing]).endswith(f"{ending}.")


def test_what_is_too_close_to_call_of_several_losses_is_said_of_each():
    def unclear(*pairs):
        return sentences.sentences([(("last", pair, SYMMETRIC), dict.fromkeys(SYMMETRIC, cell(0))) for pair in pairs])

    assert unclear(("nce+mae", "nce"), ("nce+rce", "nce")) == (
        "For each of NCE+MAE and NCE+RCE beside NCE it is too close to call at every rate."
    )
    assert unclear(("nce+mae", "nce"), ("nce+mae", "mae")) == (
        "For NCE+MAE beside each of NCE and MAE it is too close to call at every rate."
    )


def test_contrasts_that_say_the_same_stand_together():
    pairs = (("nce+mae", "ce"), ("nce+rce", "ce"))
    values = [(("last", pair, SYMMETRIC), dict.fromkeys(SYMMETRIC, cell(5))) for pair in pairs]
    assert sentences.sentences(values) == "NCE+MAE and NCE+RCE are more accurate than cross-entropy at every rate."
    values = [(("last", ("nce+rce", other), SYMMETRIC), dict.fromkeys(SYMMETRIC, cell(5))) for other in ("ce", "gce")]
    assert sentences.sentences(values) == (
        "NCE+RCE is more accurate than cross-entropy and generalised cross-entropy (GCE) at every rate."
    )


def test_a_difference_that_the_best_epoch_turns_round_is_said_first_and_once():
    # where both epochs show it, neither is named
    assert said([cell(5, 6), cell(5, -3), cell(5, 5), cell(5, 5)]) == (
        "After the last epoch, but not at the best one, NCE is more accurate than cross-entropy at 40 % wrong labels. "
        "NCE is more accurate than cross-entropy at 20, 60 and 80 % wrong labels."
    )
    assert said([cell(-5, 0.5)] * 4) == (  # the best need not be clear by itself
        "After the last epoch, but not at the best one, NCE is less accurate than cross-entropy at every rate."
    )
    assert "After" not in said([cell(5, 6)] * 4)
    assert "After" not in said([cell(0.5, -5)] * 4)  # after the last epoch nothing is clear, so nothing turns
    assert "After" not in said([Difference(5, 4, 6, 1, -5, -6, -4, few=True)] * 4)


def test_what_only_the_last_epoch_shows_is_said_of_the_last_epoch():
    """A reader of what stands behind a sentence on both epochs would take it for both."""
    assert said([cell(5, 6), cell(5, -3), cell(5, 0.5), cell(5, 0.5)]) == (
        "After the last epoch, but not at the best one, NCE is more accurate than cross-entropy at 40 % wrong labels. "
        "After the last epoch NCE is more accurate than cross-entropy from 60 % wrong labels on; at the best one it is "
        "too close to call. NCE is more accurate than cross-entropy at 20 % wrong labels."
    )
    assert said([cell(-5, -0.5)] * 4) == (
        "After the last epoch NCE is less accurate than cross-entropy at every rate; at the best one it is too close "
        "to call."
    )
    assert (
        said([cell(5)] * 4) == "NCE is more accurate than cross-entropy at every rate."
    )  # the best epoch is not known
