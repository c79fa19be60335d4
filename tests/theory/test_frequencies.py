"""Frequencies of labels: the draws are those of nlr.noise, and the test accepts what it should and refuses the rest."""

import numpy as np
import pandas as pd
import pytest

from nlr import noise
from nlr.errors import NlrError
from nlr.theory import frequencies


@pytest.mark.parametrize(
    ("setting", "sampler"),
    [("symmetric-0.4", "bernoulli"), ("asymmetric-0.1", "global"), ("asymmetric-0.33", "global")],
)
def test_counts_are_those_of_drawn_labels(setting, sampler):
    kind, rate = noise.parse_setting(setting)
    clean = np.repeat(np.arange(10), 1000)
    options = {"sampler": sampler, **({"class_map": "joshi-typed"} if kind == "asymmetric" else {})}
    labels = np.stack([np.bincount(noise.add_noise(clean, kind, rate, s, **options).labels) for s in range(300)])
    counts = frequencies.draw_counts(setting, 5000, 0)
    assert (counts.sum(1) == 10_000).all()
    assert counts.mean(0) == pytest.approx(labels.mean(0), abs=5)
    assert counts.std(0) == pytest.approx(labels.std(0), rel=0.2)


def test_drawn_images_vary_more():
    balanced, drawn = (
        frequencies.draw_counts("asymmetric-0.1", 3000, 0, images=i)[:, 3] for i in frequencies.IMAGE_SETS
    )
    assert balanced.std() == pytest.approx(13.4, rel=0.05)
    # 10,000 of 50,000 without replacement, of which noise leaves .9 and brings .1 from the other class
    images = 10_000 * 0.1 * 0.9 * 40_000 / 49_999
    assert drawn.std() == pytest.approx(np.sqrt(13.4**2 + images * (0.81 + 0.01 - 2 * 0.09 / 9)), rel=0.05)


def test_every_printed_figure_has_a_constant_answer():
    printed = frequencies.printed_counts()
    assert len(printed) == 48
    assert (printed["others"] == 0).all()
    assert len(printed[["setting", "class", "count"]].drop_duplicates()) == 32
    first = printed.iloc[0]
    assert (first["loss"], first["setting"], first["class"], first["count"]) == ("NCE", "symmetric-0.4", 5, 959)


def made(counts, setting, classes):
    return pd.DataFrame({"setting": setting, "class": classes, "count": counts[classes]})


def test_the_test_accepts_its_own_draws_and_refuses_others():
    classes = [5, 6, 8]
    p = [
        frequencies.fit(made(one, "symmetric-0.6", classes), draws=2000, seed=1).p
        for one in frequencies.draw_counts("symmetric-0.6", 200, 2)
    ]
    assert 0.3 < np.median(p) < 0.7
    assert np.mean(np.array(p) < 0.05) < 0.12
    away = np.full(10, 1000) + 100
    assert frequencies.fit(made(away, "symmetric-0.6", classes), draws=2000).p < 0.001


def test_swapped_classes_keep_their_sum():
    counts = np.full(10, 1000)
    counts[3], counts[5] = 1010, 995
    printed = made(counts, "asymmetric-0.1", [3, 5])
    assert frequencies.fit(printed, draws=2000).statistic == np.inf
    alone = frequencies.fit(printed, draws=2000, shared=False)
    assert alone.df == 2
    assert alone.p > 0.3
    counts[5] = 990
    assert frequencies.fit(made(counts, "asymmetric-0.1", [3, 5]), draws=2000).p > 0.3


def test_agreement_of_two_draws():
    chance = frequencies.chance_of_agreement("symmetric-0.4", 5)
    sd = frequencies.draw_counts("symmetric-0.4", 10_000, 0)[:, 5].std()
    assert chance == pytest.approx(1 / (2 * np.sqrt(np.pi) * sd), rel=0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"setting": "clean"}, "'clean'"), ({"setting": "symmetric-0.4", "images": "own"}, "'own'.*balanced, drawn")],
)
def test_what_is_unknown_is_named(arguments, words):
    with pytest.raises(NlrError, match=words):
        frequencies.draw_counts(**arguments, draws=1, seed=0)
