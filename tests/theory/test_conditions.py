"""Conditions for noise tolerance: the searches, and the checks of the pages, which must be able to fail."""

import functools
import math
import random
from fractions import Fraction

import jupytext
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlr import paths
from nlr.errors import NlrError
from nlr.losses import make_loss
from nlr.theory import conditions
from nlr.theory.family import ael, agce

PAIR_FLIP = [0.6, 0.4, 0.0, 0.0]


@pytest.mark.parametrize("name", ["mae", "rce", "nmae"])
def test_linear_losses_keep_the_bound(name):
    logits = 10 * torch.randn(500, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert conditions.bound_ratio(make_loss(name), logits).max() <= 1 + 1e-12
    ratio, p = conditions.worst_prediction(make_loss(name))
    assert ratio == pytest.approx(1, abs=1e-6)
    assert p[0] < 1e-4


def test_the_ratio_of_nce_is_that_of_its_shares():
    logits = torch.tensor([[0.49, 0.49, *[0.0025] * 8], [0.1] * 10], dtype=torch.float64).log()
    largest = math.log(0.0025) / (2 * math.log(0.49) + 8 * math.log(0.0025))
    expected = torch.tensor([9 * largest, 0.9], dtype=torch.float64)
    torch.testing.assert_close(conditions.bound_ratio(make_loss("nce"), logits), expected)


@pytest.mark.parametrize("spread", [5.0, 20.0])
def test_the_search_finds_the_worst_prediction_of_nce(spread):
    ratio, p = conditions.worst_prediction(make_loss("nce"), spread)
    rest = math.log(9 + math.exp(-spread))  # -log p of the nine even classes
    assert ratio == pytest.approx(9 * (spread + rest) / (spread + 10 * rest), rel=1e-6)
    assert p.argmin() == 0
    assert p.sum() == pytest.approx(1)


def test_the_minimiser_of_cross_entropy_is_the_noise_and_of_mae_the_likeliest_label():
    risk, p = conditions.minimiser(make_loss("ce", 4), PAIR_FLIP)
    np.testing.assert_allclose(p, PAIR_FLIP, atol=1e-4)
    assert risk == pytest.approx(-0.6 * math.log(0.6) - 0.4 * math.log(0.4), abs=1e-6)
    risk, p = conditions.minimiser(make_loss("mae", 4), PAIR_FLIP)
    assert risk == pytest.approx(0.8, abs=1e-6)
    assert p[0] > 0.9999


def test_the_minimiser_takes_views_and_stays_within_the_spread():
    w = np.array(PAIR_FLIP)[::-1]
    _, p = conditions.minimiser(make_loss("mae", 4), w, spread=3)
    assert p.argmax() == 3
    assert np.log(p.max() / p.min()) == pytest.approx(3)


@pytest.mark.parametrize("w", [[1.0], [0.5, 0.5, 0.5, -0.5], [0.3] * 4, [math.nan] * 4])
def test_noise_that_is_none_is_refused(w):
    with pytest.raises(NlrError, match="must hold 4 probabilities"):
        conditions.minimiser(make_loss("ce", 4), w)


@pytest.mark.parametrize("spread", [0, -1.0, math.nan])
def test_a_spread_that_is_not_positive_is_refused(spread):
    with pytest.raises(NlrError, match="spread of the logits must be positive"):
        conditions.worst_prediction(make_loss("nce"), spread)


def test_a_loss_of_batch_level_is_refused():
    with pytest.raises(NlrError, match="whole batch"):
        conditions.minimiser(make_loss("krishnan-nce", 4), PAIR_FLIP)


@settings(deadline=None)
@given(a=st.floats(0.1, 10), q=st.floats(0.1, 4))
def test_steepness_is_the_ratio_of_the_slopes(a, q):
    assert conditions.steepness(lambda u: agce(u, a, q)) == pytest.approx(((a + 1) / a) ** (1 - q))
    assert conditions.steepness(lambda u: ael(u, a)) == pytest.approx(math.exp(1 / a))


def test_an_infinite_slope_is_infinitely_steep_and_tolerates_nothing():
    steep = conditions.steepness(lambda u: 1 - u**0.5)
    assert steep == math.inf
    assert conditions.largest_rate(steep, "asymmetric") == 0


@pytest.mark.parametrize("phi", [lambda u: u, lambda u: 0 * u, lambda u: (1 - u) ** 2])
def test_a_loss_that_does_not_fall_has_no_steepness(phi):
    with pytest.raises(NlrError, match="falls at p_y = 0 and at 1"):
        conditions.steepness(phi)


@pytest.mark.parametrize("kind", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("steep", [1.0, 1.5, 3.0])
def test_at_the_largest_rate_the_steepness_is_the_ratio_of_the_two_likeliest_labels(kind, steep):
    rate = conditions.largest_rate(steep, kind)
    second = rate / 9 if kind == "symmetric" else rate
    assert (1 - rate) / second == pytest.approx(steep)


def test_a_concave_loss_lasts_as_long_as_a_linear_one_and_other_noise_is_refused():
    assert conditions.largest_rate(0.2, "asymmetric") == 0.5
    assert conditions.largest_rate(0.2, "symmetric", 100) == pytest.approx(0.99)
    with pytest.raises(NlrError, match="symmetric"):
        conditions.largest_rate(1.0, "human")


def test_rational_noise_has_the_true_label_on_top_and_bounded_shares_are():
    draw = random.Random(0)
    free = [conditions.rational_shares(draw, 1, 4, bounded=False) for _ in range(200)]
    bounded = [conditions.rational_shares(draw, 1, 4, bounded=True) for _ in range(200)]
    noise = [conditions.rational_noise(draw, 1, 4) for _ in range(200)]
    assert {sum(row) for row in free + bounded + noise} == {1}
    others = [max(row[k] for k in (0, 2, 3)) for row in bounded]
    assert max(others) == Fraction(1, 3)
    assert max(max(row) for row in free) > Fraction(2, 3)
    assert all(row[1] > max(row[k] for k in (0, 2, 3)) for row in noise)
    assert conditions.noisy_risk([Fraction(1, 4), Fraction(3, 4)], [Fraction(2), Fraction(4)]) == Fraction(7, 2)


def test_the_risk_along_a_pair_is_that_of_its_predictions():
    w = np.array([0.6, 0.4, 0.0, 0.0])
    (half, most) = conditions.risk_along_a_pair(make_loss("ce", 4), w, np.array([0.5, 0.75]), spread=50)
    assert half == pytest.approx(math.log(2))
    assert most == pytest.approx(-0.6 * math.log(0.75) - 0.4 * math.log(0.25))
    (near,) = conditions.risk_along_a_pair(make_loss("mae", 4), w, np.array([0.5]), spread=0)
    assert near == pytest.approx(2 * 0.75)  # all four classes alike


# The checks of the pages. Each entry makes a statement false; the cell that checks it must notice.

FALSE = [
    ("normalisation", 'make_loss(f"norm({name})").every_label(extreme)', "losses"),
    ("normalisation", "mae[0] / (2 * (K - 1) * one)", "mae[0] / (2 * K * one)"),
    ("normalisation", "rce[0] / (-A * (K - 1) * one)", "rce[0] / (A * (K - 1) * one)"),
    ("normalisation", "- -A / 2 * mae[0]", "- -A * mae[0]"),
    ("normalisation", '("rce", "nmae"))', '("rce", "mae"))'),
    ("normalisation", 'trained("rce", 2)', 'trained("rce", 2.001)'),
    ("normalisation", "dimension(3) == dimension(4) == 2", "dimension(2) == 2"),
    ("normalisation", "tempered).max()", "w).max()"),
    ("normalisation", "2 - 2 * F.softmax", "1 - F.softmax"),
    ("normalisation", "(S - own) / (S**2 * at)", "S / (S**2 * at)"),
    ("normalisation", "(-p[0].log() / -p.log().sum()).backward()", "(1 - p[0]).backward()"),
    ("normalisation", 'make_loss("ce", scale=0.04)', 'make_loss("nce", scale=0.04)'),
    ("normalisation", 'make_loss("nce").every_label(solution)', 'make_loss("nfl").every_label(solution)'),
    ("normalisation", "[0, 1 / 17, 2 / 17]", "[0, 1 / 9, 1 / 9]"),
    ("lemma-2", "if all(p[x][k] <= Fraction(1, K - 1) for", "if all(p[x][k] <= 1 for"),
    ("lemma-2", "1 - sympy.sqrt(", "1 - ("),
    ("lemma-2", "p_star = [Fraction(0), Fraction(1), Fraction(0)]", "p_star = [0, Fraction(1, 2), Fraction(1, 2)]"),
    ("lemma-2", "(1 + (K - 2) * excess)) / 2", "(1 + (K - 2) * excess)) * 40"),
    ("lemma-2", "smallest ** (K - 2)", "smallest ** (K - 1)"),
    ("lemma-2", '("mae", "rce", "nmae", "nrce")', '("mae", "rce", "nce", "nrce")'),
    ("lemma-2", 'make_loss(f"{name}+mae", alpha=alpha)', 'make_loss("mae")'),
    ("beyond-lemma-2", "np.abs(p - w).max()", "np.abs(p - np.eye(10)[0]).max()"),
    ("beyond-lemma-2", "entropy / (10 - len(row))", "entropy / 9"),
    (
        "beyond-lemma-2",
        'make_loss("nce").every_label(F.log_softmax(wrong',
        'make_loss("mae").every_label(F.log_softmax(wrong',
    ),
    (
        "beyond-lemma-2",
        'conditions.minimiser(make_loss("nce+mae"), w, spread)',
        'conditions.minimiser(make_loss("nce"), w, spread)',
    ),
    ("beyond-lemma-2", "conditions.steepness(phi) * w[1] / w[0]", "w[1] / w[0]"),
    ("beyond-lemma-2", "** (1 - q)", "** q"),
    ("beyond-lemma-2", "a * (w[0] - w[1])", "a * w[0]"),
]


@functools.cache
def open_cells(page):
    """The imports and the open cells of a page, each with the names as they were before it ran."""
    cells = [c for c in jupytext.read(paths.NOTEBOOKS / "theory" / f"{page}.py").cells if c.cell_type == "code"]
    names, found = {}, []
    for number, cell in enumerate(cells):
        if number == 0 or not cell.metadata.get("tags"):
            found.append((cell.source, dict(names)))
            exec(cell.source, names)
    return found


@pytest.mark.parametrize(("page", "true", "false"), FALSE, ids=[f"{page}: {false}" for page, _, false in FALSE])
def test_a_false_statement_is_noticed_by_the_cell_that_checks_it(page, true, false):
    where = [(source, names) for source, names in open_cells(page) if true in source]
    assert len(where) == 1
    source, names = where[0]
    with pytest.raises(AssertionError):
        exec(source.replace(true, false), dict(names))
