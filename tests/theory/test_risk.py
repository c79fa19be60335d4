"""Exact risks: against sums written out by hand, and the identity of Lemma 1 searched for a counter-example."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlr.errors import NlrError
from nlr.losses import make_loss
from nlr.noise import transition_matrix
from nlr.theory import risk


def two_points():
    """Two inputs, two classes, and a predictor."""
    problem = risk.Problem(
        torch.tensor([0.25, 0.75]).double(), torch.tensor([[1.0, 0.0], [0.5, 0.5]], dtype=torch.float64)
    )
    return problem, torch.tensor([[0.8, 0.2], [0.4, 0.6]], dtype=torch.float64).log()


def test_the_risk_is_the_sum_over_inputs_and_labels():
    problem, log_p = two_points()
    by_hand = 0.25 * -math.log(0.8) + 0.75 * (0.5 * -math.log(0.4) + 0.5 * -math.log(0.6))
    assert risk.risk(make_loss("ce", 2), problem, log_p) == pytest.approx(by_hand, abs=1e-14)


def test_the_noisy_risk_is_the_sum_over_noisy_labels_too():
    problem, log_p = two_points()
    matrix = np.array([[0.9, 0.1], [0.3, 0.7]])
    by_hand = 0.25 * (0.9 * 0.2 + 0.1 * 0.8)
    by_hand += 0.75 * (0.5 * (0.9 * 0.6 + 0.1 * 0.4) + 0.5 * (0.3 * 0.6 + 0.7 * 0.4))
    loss = make_loss("mae", 2, scale=0.5)
    assert risk.risk(loss, problem, log_p, matrix) == pytest.approx(by_hand, abs=1e-14)
    each = np.stack([matrix, np.eye(2)])  # noise at the first input only
    by_hand = 0.25 * (0.9 * 0.2 + 0.1 * 0.8) + 0.75 * (0.5 * 0.6 + 0.5 * 0.4)
    assert risk.risk(loss, problem, log_p, each) == pytest.approx(by_hand, abs=1e-14)


@pytest.mark.parametrize("matrix", [np.eye(3), np.ones(2), np.ones((3, 2, 2))])
def test_shapes_that_do_not_fit_are_refused(matrix):
    problem, log_p = two_points()
    with pytest.raises(NlrError, match=r"2 inputs and 2 classes takes a predictor of shape \(2, 2\)"):
        risk.risk(make_loss("ce", 2), problem, log_p, matrix)
    with pytest.raises(NlrError, match=r"not \(1, 2\) and \(2, 2\)"):
        risk.risk(make_loss("ce", 2), problem, log_p[:1])


def affine_gap(loss, rate, seed):
    """How far the noisy risk is from the line of Lemma 1 with the constant that is the sum at one prediction."""
    num_classes = loss.num_classes
    rng = np.random.default_rng(seed)
    problem = risk.random_problem(rng, 3, num_classes)
    (log_p,) = risk.random_predictors(rng, 1, 3, num_classes)
    constant = loss.every_label(torch.full((1, num_classes), -math.log(num_classes), dtype=torch.float64)).sum().item()
    clean = risk.risk(loss, problem, log_p)
    noisy = risk.risk(loss, problem, log_p, transition_matrix("symmetric", rate, num_classes))
    line = (1 - rate * num_classes / (num_classes - 1)) * clean + rate * constant / (num_classes - 1)
    return abs(noisy - line) / max(1, abs(noisy))


CASES = {
    "num_classes": st.integers(2, 12),
    "rate": st.floats(0, 0.99),
    "seed": st.integers(0, 2**32 - 1),
}


@given(name=st.sampled_from(["nce", "nfl", "ngce", "norm(sce)", "mae", "rce", "nce+rce", "joshi-rce"]), **CASES)
@settings(max_examples=200, deadline=None)
def test_the_identity_holds_for_constant_sums(name, num_classes, rate, seed):
    assert affine_gap(make_loss(name, num_classes), rate, seed) < 1e-12


@pytest.mark.parametrize("name", ["ce", "fl", "gce", "sce", "kathuria-nfl", "joshi-nce"])
def test_the_identity_fails_for_other_losses(name):
    assert max(affine_gap(make_loss(name, 5), 0.4, seed) for seed in range(5)) > 1e-3


def test_every_loss_of_a_sample_is_there_once():
    found = [loss.name for loss in risk.every_loss(10)]
    assert len(found) == len(set(found))
    assert {"ce", "nce", "mae", "nmae", "norm(sce)", "norm(kathuria-nfl)", "nce+rce", "joshi-ce"} <= set(found)
    assert not [name for name in found if name.startswith("krishnan-n")]  # of batch level
    assert not [name for name in found if name.startswith("norm(joshi-ce")]  # negative


def test_predictors_and_problems_are_distributions():
    rng = np.random.default_rng(0)
    problem = risk.random_problem(rng, 7, 4)
    log_p = risk.random_predictors(rng, 5, 7, 4)
    assert log_p.shape == (5, 7, 4)
    for total in (problem.weights.sum(), problem.posterior.sum(1), log_p.exp().sum(2)):
        assert torch.allclose(total, torch.ones_like(total), atol=1e-12)


def test_pairs_in_another_order_are_counted():
    clean = np.array([1.0, 2.0, 3.0])
    assert risk.changed_pairs(clean, 2 * clean + 1) == 0
    assert risk.changed_pairs(clean, -clean) == 1
    assert risk.changed_pairs(clean, np.array([1.0, 3.0, 2.0])) == pytest.approx(1 / 3)
    assert risk.changed_pairs(clean, np.ones(3)) == 1
