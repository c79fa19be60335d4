"""The samplers: exact counts, seeds, transition matrices, spelling and errors."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nlr.data import MNIST_CLASS_SIZES
from nlr.errors import NlrError
from nlr.noise import (
    HUMAN_SETS,
    KINDS,
    MAP_DATA,
    MAPS,
    OF_PEOPLE,
    SAMPLERS,
    add_noise,
    format_setting,
    parse_setting,
    transition_matrix,
)

EVERY = [(kind, sampler) for kind, samplers in SAMPLERS.items() for sampler in samplers]
MNIST = np.array(MNIST_CLASS_SIZES)
BALANCED = np.random.default_rng(5).permutation(np.repeat(np.arange(10), 1000))

rates = st.floats(0, 0.999)
percents = st.integers(0, 99)
seeds = st.integers(0, 2**32)
some_labels = st.lists(st.integers(0, 9), min_size=1, max_size=300).map(np.array)
light = settings(max_examples=60, deadline=None)


def exact(percent, n):
    return int(Fraction(percent, 100) * n)


# Samplers


@light
@given(some_labels, percents, seeds)
def test_symmetric_per_class_counts_are_exact(labels, percent, seed):
    noisy = add_noise(labels, "symmetric", percent / 100, seed)
    for c in range(10):
        assert noisy.mask[labels == c].sum() == exact(percent, (labels == c).sum())


@light
@given(some_labels, percents, seeds)
def test_symmetric_global_count_is_exact(labels, percent, seed):
    noisy = add_noise(labels, "symmetric", percent / 100, seed, sampler="global")
    assert noisy.mask.sum() == exact(percent, len(labels))


@light
@given(some_labels, percents, seeds, st.sampled_from([name for name, (_, k) in MAP_DATA.items() if k == 10]))
def test_asymmetric_per_class_counts_are_exact(labels, percent, seed, class_map):
    noisy = add_noise(labels, "asymmetric", percent / 100, seed, class_map=class_map)
    for c in range(10):
        flipped = noisy.labels[(labels == c) & noisy.mask]
        assert len(flipped) == (exact(percent, (labels == c).sum()) if c in MAPS[class_map] else 0)
        assert (flipped == MAPS[class_map].get(c)).all()


@light
@given(percents, seeds)
def test_asymmetric_global_picks_over_all_samples(percent, seed):
    # Where every class is mapped, each pick changes a label; otherwise those of unmapped classes do nothing.
    everywhere = add_noise(BALANCED, "asymmetric", percent / 100, seed, sampler="global", class_map="joshi-typed")
    assert everywhere.mask.sum() == exact(percent, len(BALANCED))
    half = add_noise(BALANCED, "asymmetric", percent / 100, seed, sampler="global")
    assert set(BALANCED[half.mask]) <= set(MAPS["ma2020"])
    for source, target in MAPS["ma2020"].items():
        assert (half.labels[half.mask & (source == BALANCED)] == target).all()
    assert half.rate == pytest.approx(percent / 200, abs=0.025)


def test_asymmetric_global_count_by_class_is_random():
    counts = [add_noise(BALANCED, "asymmetric", 0.4, seed, sampler="global").mask.sum() for seed in range(30)]
    assert len(set(counts)) > 10
    assert np.mean(counts) == pytest.approx(2000, abs=30)


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.57, 57), (0.29, 29), (0.58, 58), (0.28, 28), (1 / 3, 33), (0.999, 99)]
)
def test_counts_do_not_fall_into_the_traps_of_floats(rate, expected):
    assert add_noise(np.zeros(100, int), "symmetric", rate, 0).mask.sum() == expected


@pytest.mark.parametrize("sampler", ["per-class", "global", "bernoulli", "equal-count"])
def test_symmetric_never_keeps_a_picked_label_and_uses_all_others_alike(sampler):
    noisy = add_noise(BALANCED, "symmetric", 0.9, 0, sampler=sampler)
    assert noisy.rate == pytest.approx(0.9, abs=0.02 if sampler == "bernoulli" else 1e-12)
    off = noisy.counts[~np.eye(10, dtype=bool)]
    chi2 = ((off - off.mean()) ** 2 / off.mean()).sum()
    assert chi2 < 150  # 89 degrees of freedom, p = 6e-5


def test_bernoulli_count_varies_as_a_binomial():
    counts = [add_noise(BALANCED, "symmetric", 0.4, seed, sampler="bernoulli").mask.sum() for seed in range(200)]
    assert np.mean(counts) == pytest.approx(4000, abs=5 * 49 / math.sqrt(200))
    assert np.std(counts) == pytest.approx(math.sqrt(10_000 * 0.4 * 0.6), rel=0.25)


@pytest.mark.parametrize("rate", [0.2, 0.4, 0.6, 0.8])
def test_random_integer_changes_nine_tenths(rate):
    found = [add_noise(BALANCED, "symmetric", rate, seed, sampler="random-integer").rate for seed in range(20)]
    assert np.mean(found) == pytest.approx(0.9 * rate, abs=0.003)
    assert max(found) < rate


@pytest.mark.parametrize(("kind", "sampler"), EVERY)
def test_rate_zero_changes_nothing(kind, sampler):
    noisy = add_noise(BALANCED, kind, 0, 3, sampler=sampler)
    assert (noisy.labels == BALANCED).all()
    assert noisy.rate == 0
    assert not noisy.mask.any()
    assert (noisy.matrix == np.eye(10)).all()


def test_clean():
    for rate in (0, 0.0, None):
        noisy = add_noise(BALANCED, "clean", rate, 3)
        assert (noisy.labels == BALANCED).all()
        assert noisy.labels is not BALANCED
        assert (noisy.matrix == np.eye(10)).all()


def test_equal_count_changes_as_many_of_every_class():
    labels = np.random.default_rng(2).permutation(np.repeat(np.arange(10), MNIST))
    noisy = add_noise(labels, "symmetric", 0.8, 0, sampler="equal-count")
    changed = noisy.counts.sum(1) - noisy.counts.diagonal()
    assert changed.tolist() == [4800] * 10  # int(.8 x 60,000 / 10)
    assert noisy.counts.sum(1).tolist() == MNIST.tolist()
    assert round(100 * noisy.rate_by_class[5], 1) == 88.5
    assert round(100 * noisy.rate_by_class[1], 1) == 71.2
    assert noisy.rate == pytest.approx(0.8)
    np.testing.assert_allclose(1 - noisy.matrix.diagonal(), 4800 / MNIST)
    off = noisy.counts[~np.eye(10, dtype=bool)].reshape(10, 9)
    assert ((off - 4800 / 9) ** 2 / (4800 / 9)).sum() < 140  # 80 degrees of freedom, p = 4e-5


@light
@given(st.lists(st.integers(40, 90), min_size=10, max_size=10), st.integers(0, 40), seeds)
def test_equal_counts_are_exact(sizes, percent, seed):
    labels = np.repeat(np.arange(10), sizes)
    noisy = add_noise(labels, "symmetric", percent / 100, seed, sampler="equal-count")
    for c in range(10):
        assert noisy.mask[labels == c].sum() == exact(percent, Fraction(len(labels), 10))


def test_equal_count_is_refused_where_a_class_is_smaller_than_the_count():
    labels = np.repeat(np.arange(3), [10, 2, 9])
    enough = {"num_classes": 3, "sampler": "equal-count"}
    assert add_noise(labels, "symmetric", 0.3, 0, **enough).rate_by_class[1] == 1  # int(.3 x 21 / 3) of 2
    words = r"'equal-count' at rate 0.5 changes 3 labels of every class, but class 1 has only 2: lower the rate"
    with pytest.raises(NlrError, match=words):
        add_noise(labels, "symmetric", 0.5, 0, **enough)
    with pytest.raises(NlrError, match=words):
        transition_matrix("symmetric", 0.5, 3, "equal-count", class_sizes=[10, 2, 9])


def test_the_matrix_of_equal_count_is_that_of_one_rate_for_equal_classes_alone():
    one_rate = transition_matrix("symmetric", 0.8)
    np.testing.assert_allclose(transition_matrix("symmetric", 0.8, sampler="equal-count"), one_rate)
    equal = transition_matrix("symmetric", 0.8, sampler="equal-count", class_sizes=[6000] * 10)
    np.testing.assert_allclose(equal, one_rate)
    unequal = transition_matrix("symmetric", 0.8, sampler="equal-count", class_sizes=MNIST)
    np.testing.assert_allclose(unequal.sum(1), 1)
    assert abs(unequal - one_rate).max() > 0.08
    assert (transition_matrix("symmetric", 0.8, sampler="per-class", class_sizes=MNIST) == one_rate).all()


@pytest.mark.parametrize("class_map", ["ma2020", "mnist"])
def test_asymmetric_bernoulli_throws_a_coin_for_each_image_of_a_mapped_class(class_map):
    drawn = [add_noise(BALANCED, "asymmetric", 0.4, s, sampler="bernoulli", class_map=class_map) for s in range(100)]
    for one in drawn[:3]:
        assert set(BALANCED[one.mask]) == set(MAPS[class_map])
        for source, target in MAPS[class_map].items():
            assert (one.labels[one.mask & (source == BALANCED)] == target).all()
    for source in MAPS[class_map]:
        counts = [one.mask[source == BALANCED].sum() for one in drawn]
        assert np.mean(counts) == pytest.approx(400, abs=5 * math.sqrt(240 / 100))
        assert np.std(counts) == pytest.approx(math.sqrt(240), rel=0.35)


# Seeds


@pytest.mark.parametrize(("kind", "sampler"), EVERY)
def test_seeds(kind, sampler):
    first, again, other = (add_noise(BALANCED, kind, 0.4, seed, sampler=sampler) for seed in (1, 1, 2))
    assert (first.labels == again.labels).all()
    assert (first.labels != other.labels).mean() > 0.1


def test_default_sampler_is_per_class():
    for kind in ("symmetric", "asymmetric"):
        default, named = (add_noise(BALANCED, kind, 0.4, 0, sampler=sampler) for sampler in (None, "per-class"))
        assert (default.labels == named.labels).all()
        assert SAMPLERS[kind][0] == "per-class"


def test_labels_are_not_touched_and_global_state_plays_no_part():
    labels = BALANCED.copy()
    labels.flags.writeable = False
    np.random.seed(0)  # noqa: NPY002
    first = add_noise(labels, "symmetric", 0.4, 0)
    np.random.seed(1)  # noqa: NPY002
    assert (add_noise(labels, "symmetric", 0.4, 0).labels == first.labels).all()
    assert (labels == BALANCED).all()


PINNED = {
    ("symmetric", "per-class"): [0, 2, 6, 3, 4, 5, 6, 7, 8, 5, 4, 1, 2, 4, 3, 8, 1, 2, 3, 9],
    ("symmetric", "global"): [2, 1, 0, 1, 4, 6, 9, 1, 8, 9, 2, 1, 5, 3, 4, 4, 6, 7, 8, 0],
    ("symmetric", "bernoulli"): [0, 6, 7, 0, 9, 5, 4, 5, 8, 9, 0, 1, 7, 3, 3, 1, 5, 7, 8, 9],
    ("symmetric", "random-integer"): [1, 1, 2, 0, 5, 2, 6, 3, 8, 7, 0, 1, 2, 8, 4, 5, 9, 0, 8, 0],
    ("symmetric", "equal-count"): [9, 2, 3, 3, 4, 1, 6, 7, 8, 9, 0, 1, 2, 2, 8, 5, 8, 4, 1, 4],
    ("asymmetric", "per-class"): [0, 1, 0, 5, 7, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 3, 6, 7, 8, 1],
    ("asymmetric", "global"): [0, 1, 2, 5, 4, 5, 6, 7, 8, 1, 0, 1, 2, 3, 4, 3, 6, 7, 8, 1],
    ("asymmetric", "bernoulli"): [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 0, 5, 4, 3, 6, 7, 8, 9],
}  # fmt: skip


def test_draw_of_a_seed_stays_what_it_was():
    # Records name a seed, not a mask: another draw for the same seed would make them wrong.
    labels = np.arange(20) % 10
    draws = {(k, s): add_noise(labels, k, 0.5, 0, sampler=s).labels.tolist() for k, s in EVERY}
    assert draws == PINNED


# What is reported


@light
@given(some_labels, rates, seeds, st.sampled_from(EVERY), st.sampled_from([np.int64, np.int32, np.uint8]))
def test_report_is_consistent(labels, rate, seed, how, dtype):
    kind, sampler = how
    if sampler == "equal-count":  # which refuses classes of very unequal size
        labels = np.arange(10 * len(labels)) % 10
    noisy = add_noise(labels.astype(dtype), kind, rate, seed, sampler=sampler)
    assert noisy.labels.dtype == np.int64
    assert noisy.labels.shape == labels.shape
    assert ((noisy.labels >= 0) & (noisy.labels < 10)).all()
    assert (noisy.mask == (noisy.labels != labels)).all()
    assert noisy.rate == noisy.mask.mean()
    sizes = np.bincount(labels, minlength=10)
    assert (noisy.matrix == transition_matrix(kind, round(rate, 12), 10, sampler, class_sizes=sizes)).all()
    for j in range(10):
        here = labels == j
        assert noisy.rate_by_class[j] == (pytest.approx(noisy.mask[here].mean()) if here.any() else 0)
        for k in range(10):
            assert noisy.counts[j, k] == (noisy.labels[here] == k).sum()


@pytest.mark.parametrize(("kind", "sampler"), EVERY)
@pytest.mark.parametrize("class_map", ["ma2020", "joshi-typed"])
def test_counts_are_near_the_matrix(kind, sampler, class_map):
    labels = np.repeat(np.arange(10), 5000)
    noisy = add_noise(labels, kind, 0.4, 0, sampler=sampler, class_map=class_map)
    assert abs(noisy.counts / 5000 - noisy.matrix).max() < 0.03


# Matrices


@light
@given(rates, st.integers(2, 30), st.sampled_from(EVERY), st.data())
def test_rows_of_the_matrix_are_probabilities(rate, num_classes, how, data):
    kind, sampler = how
    sources = data.draw(st.lists(st.integers(0, num_classes - 1), unique=True))
    class_map = {c: data.draw(st.integers(0, num_classes - 1)) for c in sources}
    assume(any(source != target for source, target in class_map.items()))
    matrix = transition_matrix(kind, rate, num_classes, sampler, class_map)
    assert matrix.shape == (num_classes, num_classes)
    assert (matrix >= 0).all()
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-12)


@pytest.mark.parametrize("sampler", [None, "per-class", "global", "bernoulli", "equal-count"])
def test_symmetric_matrix(sampler):
    matrix = transition_matrix("symmetric", 0.6, 4, sampler)
    np.testing.assert_allclose(matrix, np.full((4, 4), 0.2) + 0.2 * np.eye(4))


def test_random_integer_matrix_is_the_effective_one():
    matrix = transition_matrix("symmetric", 0.8, 10, "random-integer")
    np.testing.assert_allclose(matrix.diagonal(), 1 - 0.72)
    np.testing.assert_allclose(matrix[0, 1:], 0.08)
    np.testing.assert_allclose(matrix, transition_matrix("symmetric", 0.72, 10))


@pytest.mark.parametrize("sampler", SAMPLERS["asymmetric"])
def test_asymmetric_matrix(sampler):
    expected = np.eye(10)
    for source, target in [(9, 1), (2, 0), (4, 7), (3, 5), (5, 3)]:
        expected[source, source], expected[source, target] = 0.6, 0.4
    np.testing.assert_allclose(transition_matrix("asymmetric", 0.4, 10, sampler), expected)
    # Half of the classes are mapped, so half of the rate is realised overall.
    assert add_noise(BALANCED, "asymmetric", 0.4, 0).rate == 0.2


def test_maps():
    assert MAPS["ma2020"] == {9: 1, 2: 0, 4: 7, 3: 5, 5: 3}
    assert MAPS["mnist"] == {7: 1, 2: 7, 5: 6, 6: 5, 3: 8}
    typed, corrected = MAPS["joshi-typed"], MAPS["joshi-corrected"]
    assert {c for c in range(10) if typed[c] != corrected[c]} == {1}
    assert (typed[1], corrected[1]) == (7, 9)
    assert sorted(typed) == list(range(10))
    # As typed, horse gains from two classes and frog from none.
    prior = transition_matrix("asymmetric", 0.33, 10, class_map="joshi-typed").mean(0)
    assert (prior[7], prior[6]) == pytest.approx((0.133, 0.067))


def test_every_map_says_for_which_data_it_is():
    assert set(MAP_DATA) == set(MAPS)
    for name, (_, classes) in MAP_DATA.items():
        assert max(max(MAPS[name]), max(MAPS[name].values())) < classes
        assert all(source != target for source, target in MAPS[name].items())


@pytest.mark.parametrize("name", ["cifar100", "ma2020-cifar100"])
def test_the_maps_of_cifar100_are_circles_of_five(name):
    hundred = MAPS[name]
    assert sorted(hundred) == sorted(hundred.values()) == list(range(100))
    for c in range(100):
        circle = [c]
        while (c := hundred[c]) != circle[0]:
            circle.append(c)
        assert len(circle) == 5
        turn = circle.index(min(circle))
        assert circle[turn:] + circle[:turn] == sorted(circle)
    noisy = add_noise(np.repeat(np.arange(100), 50), "asymmetric", 0.4, 0, num_classes=100, class_map=name)
    assert noisy.rate == pytest.approx(0.4)


def test_a_superclass_of_cifar100_is_no_block_of_its_labels():
    # beaver, dolphin, otter, seal, whale; apple, aquarium fish, baby, bear, beaver
    superclass, block = [4, 30, 55, 72, 95], [0, 1, 2, 3, 4]
    assert [MAPS["cifar100"][c] for c in superclass] == [30, 55, 72, 95, 4]
    assert [MAPS["ma2020-cifar100"][c] for c in block] == [1, 2, 3, 4, 0]


def test_own_map():
    noisy = add_noise(np.zeros(10, int), "asymmetric", 0.5, 0, num_classes=3, class_map={0: 2})
    assert noisy.counts[0].tolist() == [5, 0, 5]


# Human labels


def test_human_labels():
    clean = np.array([0, 0, 0, 0, 1, 1, 3])
    people = np.array([0, 0, 0, 2, 1, 0, 3])
    noisy = add_noise(clean, "human", "worse", 0, num_classes=4, human_labels=people)
    assert (noisy.labels == people).all()
    assert noisy.rate == pytest.approx(2 / 7)
    assert noisy.rate_by_class.tolist() == [0.25, 0.5, 0, 0]
    assert noisy.counts.tolist() == [[3, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert noisy.matrix.tolist() == [[0.75, 0, 0.25, 0], [0.5, 0.5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_noise_of_the_matrix_of_human_labels_keeps_every_count_but_not_the_images():
    rng = np.random.default_rng(0)
    clean = rng.integers(10, size=5000)
    people = np.where(rng.random(5000) < 0.4, rng.integers(10, size=5000), clean)
    theirs = add_noise(clean, "human", "worse", 3, human_labels=people)
    drawn, again, other = (add_noise(clean, "matrix", "worse", seed, human_labels=people) for seed in (3, 3, 4))
    assert (drawn.counts == theirs.counts).all()
    assert (drawn.matrix == theirs.matrix).all()
    assert drawn.rate == theirs.rate
    assert (drawn.labels == again.labels).all()
    # An image is labelled wrongly in two of them as often as two coins of its class's rate both fall so.
    by_chance = (theirs.rate_by_class**2 * theirs.counts.sum(1)).sum() / 5000
    for one in (theirs, other):
        assert (drawn.mask & one.mask).mean() == pytest.approx(by_chance, abs=0.02)
    assert drawn.mask[theirs.mask].mean() < 0.5


def test_noise_of_a_matrix_leaves_a_class_without_wrong_labels_alone():
    clean, people = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 2])
    drawn = add_noise(clean, "matrix", None, 0, num_classes=4, human_labels=people)
    assert drawn.labels[:2].tolist() == [0, 0]
    assert sorted(drawn.labels[2:].tolist()) == [1, 1, 2]
    assert drawn.matrix[3].tolist() == [0, 0, 0, 1]


# Settings


@given(st.sampled_from(["symmetric", "asymmetric"]), st.floats(0, 1, exclude_max=True))
def test_setting_round_trip(kind, rate):
    rate = round(rate, 12)
    assume(rate < 1)
    assert parse_setting(format_setting(kind, rate)) == ((kind, rate) if rate else ("clean", 0.0))


SIXTHS = [0.2 * 3, 1 - 0.4, 0.1 + 0.2 + 0.3, np.float64(0.2) * 3, np.float32(0.6), np.float16(0.6)]


@pytest.mark.parametrize("rate", SIXTHS, ids=repr)
def test_a_rate_that_is_the_same_up_to_rounding_is_the_same(rate):
    """It was another setting, with a mask and a record of its own."""
    assert format_setting("symmetric", rate) == "symmetric-0.6"
    assert parse_setting(f"symmetric-{float(str(rate))!r}") == ("symmetric", 0.6)
    drawn, expected = (add_noise(BALANCED, "symmetric", r, 3) for r in (rate, 0.6))
    assert (drawn.labels == expected.labels).all()
    assert (drawn.matrix == expected.matrix).all()


@pytest.mark.parametrize("rate", [1e-17, -1e-17, 0.1 * 3 - 0.3, -0.0])
def test_a_rate_of_nothing_but_rounding_is_no_noise(rate):
    assert format_setting("symmetric", rate) == "clean"
    assert repr(parse_setting(f"symmetric-{abs(rate)!r}")) == "('clean', 0.0)"


def test_a_rate_that_is_one_up_to_rounding_is_refused():
    with pytest.raises(NlrError, match=r"below 1, not 1\.0"):
        format_setting("symmetric", 1 - 1e-15)


def test_rates_that_differ_by_more_than_rounding_differ():
    assert format_setting("symmetric", 1 / 3) == "symmetric-0.333333333333"
    assert format_setting("symmetric", 0.6 + 1e-9) == "symmetric-0.600000001"
    assert add_noise(np.zeros(30, int), "symmetric", 1 / 3, 0).mask.sum() == 10


@pytest.mark.parametrize(
    ("kind", "rate", "text"),
    [
        ("clean", 0, "clean"),
        ("clean", None, "clean"),
        ("symmetric", 0.4, "symmetric-0.4"),
        ("symmetric", np.float64(0.25), "symmetric-0.25"),
        ("symmetric", 0, "clean"),
        ("asymmetric", 0.0, "clean"),
        ("asymmetric", 0.33, "asymmetric-0.33"),
        ("symmetric", 1e-5, "symmetric-1e-05"),
        *((kind, people, f"{kind}-{people}") for kind in OF_PEOPLE for people in HUMAN_SETS),
    ],
)
def test_settings(kind, rate, text):
    assert format_setting(kind, rate) == text
    assert parse_setting(text) == (("clean", 0.0) if text == "clean" else (kind, rate))


def test_other_spellings_of_a_rate():
    assert parse_setting("symmetric-.40") == ("symmetric", 0.4)
    assert parse_setting("asymmetric-0") == ("clean", 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "symmetric",
        "symmetric-",
        "symmetric-x",
        "clean-0.2",
        "clean-",
        "pair-0.4",
        "human",
        "matrix",
        "matrix-",
        "-0.4",
        "0.4",
        None,
    ],
)
def test_errors_of_parse_setting(text):
    with pytest.raises(NlrError, match=re.escape(f"{text!r} is not a setting. Write 'clean', 'symmetric-0.4'")):
        parse_setting(text)


@pytest.mark.parametrize("text", ["symmetric-1", "symmetric--0.1", "asymmetric-1.5", "symmetric-nan", "symmetric-inf"])
def test_rates_out_of_range_in_a_setting(text):
    with pytest.raises(NlrError, match="must be a number from 0 to below 1"):
        parse_setting(text)


@pytest.mark.parametrize("kind", OF_PEOPLE)
def test_unknown_human_set(kind):
    with pytest.raises(NlrError, match=r"Unknown set of human labels 'worst'\. Did you mean 'worse'\?"):
        parse_setting(f"{kind}-worst")
    with pytest.raises(NlrError, match=r"Unknown set of human labels 0\.4"):
        format_setting(kind, 0.4)


def test_errors_of_format_setting():
    with pytest.raises(NlrError, match=r"Clean labels have no noise rate, but got 0\.2"):
        format_setting("clean", 0.2)
    with pytest.raises(NlrError, match=r"Unknown kind of noise 'symetric'\. Did you mean 'symmetric'\?"):
        format_setting("symetric", 0.2)
    with pytest.raises(NlrError, match="not None"):
        format_setting("symmetric")


# Errors of the samplers


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": "symetric"}, "Unknown kind of noise 'symetric'. Did you mean 'symmetric'?"),
        ({"rate": 1}, "must be a number from 0 to below 1, not 1"),
        ({"rate": -0.1}, "must be a number from 0 to below 1, not -0.1"),
        ({"rate": math.nan}, "must be a number from 0 to below 1, not nan"),
        ({"rate": "0.4"}, "must be a number from 0 to below 1, not '0.4'"),
        ({"rate": True}, "must be a number from 0 to below 1, not True"),
        ({"kind": "clean"}, "Clean labels have no noise rate, but got 0.4"),
        ({"sampler": "perclass"}, "Unknown sampler of symmetric noise 'perclass'. Did you mean 'per-class'?"),
        ({"kind": "asymmetric", "sampler": "equal-count"}, "Unknown sampler of asymmetric noise 'equal-count'"),
        ({"kind": "clean", "rate": 0, "sampler": "global"}, "Noise of kind 'clean' takes no sampler"),
        ({"kind": "asymmetric", "class_map": "ma2021"}, "Unknown class map 'ma2021'. Did you mean 'ma2020'?"),
        ({"kind": "asymmetric", "class_map": [1, 0]}, "Unknown class map [1, 0]"),
        (
            {"kind": "asymmetric", "class_map": {9: 1}, "num_classes": 5},
            "sends 9 to 1, but classes are integers from 0 to 4",
        ),
        ({"kind": "asymmetric", "num_classes": 100}, "'ma2020' is for the 10 classes of CIFAR-10, not for 100"),
        ({"kind": "asymmetric", "num_classes": 100}, "expected 'cifar100' or 'ma2020-cifar100' or a mapping"),
        ({"kind": "asymmetric", "num_classes": 20}, "not for 20; expected a mapping {true class: noisy class}."),
        ({"kind": "asymmetric", "class_map": "cifar100"}, "'cifar100' is for the 100 classes of CIFAR-100, not for 10"),
        ({"kind": "asymmetric", "class_map": "mnist", "num_classes": 12}, "for the 10 classes of MNIST, not for 12"),
        ({"kind": "asymmetric", "class_map": {}}, "The class map {} changes no class"),
        ({"kind": "asymmetric", "class_map": {3: 3, "5": 5}, "rate": 0}, "{3: 3, '5': 5} changes no class"),
        ({"kind": "asymmetric", "class_map": {0: 1.5}}, "The class map sends 0 to 1.5"),
        ({"kind": "asymmetric", "class_map": {"cat": "dog"}}, "The class map sends 'cat' to 'dog'"),
        ({"labels": [0, 1, 10]}, "labels must lie in 0..9 (num_classes is 10), but they range from 0 to 10"),
        ({"labels": [-1, 1]}, "range from -1 to 1"),
        ({"labels": [0.0, 1.0]}, "must be a non-empty one-dimensional array of integers, not float64 of shape (2,)"),
        ({"labels": [True, False]}, "not bool of shape (2,)"),
        ({"labels": ["cat"]}, "array of integers, not <U3"),
        ({"labels": [[0, 1]]}, "not int64 of shape (1, 2)"),
        ({"labels": np.array([], int)}, "not int64 of shape (0,)"),
        ({"num_classes": 1}, "num_classes must be an integer of at least 2, not 1"),
        ({"num_classes": 2.5}, "num_classes must be an integer of at least 2, not 2.5"),
        ({"seed": -1}, "Seed -1; expected an integer from 0 to 18446744073709551615"),
        ({"seed": None}, "Seed None; expected an integer"),
        ({"seed": 2**64}, "Seed 18446744073709551616; expected an integer from 0 to 18446744073709551615"),
        (
            {"human_labels": [0, 1, 2]},
            "human_labels belong to the kinds 'human' and 'matrix' alone; the kind here is 'symmetric'",
        ),
        ({"kind": "human", "rate": "worse"}, "human_labels belong to the kinds 'human' and 'matrix'"),
        ({"kind": "matrix", "rate": "worse"}, "alone; the kind here is 'matrix'"),
        ({"kind": "matrix", "human_labels": [0, 1, 2]}, "Unknown set of human labels 0.4"),
        ({"kind": "matrix", "rate": "worse", "sampler": "global"}, "Noise of kind 'matrix' takes no sampler"),
        ({"kind": "matrix", "rate": None, "human_labels": [0, 1]}, "human_labels has 2 entries, labels has 3"),
        ({"kind": "human", "human_labels": [0, 1, 2]}, "Unknown set of human labels 0.4"),
        ({"kind": "human", "rate": None, "human_labels": [0, 1]}, "human_labels has 2 entries, labels has 3"),
        ({"kind": "human", "rate": None, "human_labels": [0, 1, 10]}, "human_labels must lie in 0..9"),
        ({"kind": "human", "rate": None, "human_labels": [0, 1, 0.5]}, "human_labels must be"),
    ],
)
def test_errors_of_add_noise(changed, message):
    usual = {"labels": [0, 1, 2], "kind": "symmetric", "rate": 0.4, "seed": 0}
    with pytest.raises(NlrError, match=re.escape(message)):
        add_noise(**usual | changed)


def test_errors_of_transition_matrix():
    for kind in OF_PEOPLE:
        with pytest.raises(NlrError, match="Human labels have no nominal transition matrix"):
            transition_matrix(kind, "worse")
    with pytest.raises(NlrError, match=r"not 1\.2"):
        transition_matrix("symmetric", 1.2)
    with pytest.raises(NlrError, match="num_classes"):
        transition_matrix("symmetric", 0.2, 1)


def test_kinds():
    assert KINDS == ("clean", "symmetric", "asymmetric", "human", "matrix")
    assert (transition_matrix("clean", 0, 3) == np.eye(3)).all()


def test_a_class_map_may_have_strings_as_keys():
    """TOML and JSON know no others."""
    assert np.array_equal(
        transition_matrix("asymmetric", 0.3, class_map={"2": 0, "9": 1}),
        transition_matrix("asymmetric", 0.3, class_map={2: 0, 9: 1}),
    )
    with pytest.raises(NlrError, match="'two'"):
        transition_matrix("asymmetric", 0.3, class_map={"two": 0})
