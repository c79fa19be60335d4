"""One answer to everything: the thresholds against formulas, autograd and searches, and the law of a loss times c."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlr.errors import NlrError
from nlr.losses import make_loss
from nlr.noise import transition_matrix
from nlr.theory import collapse

RATES = (0.0, 0.4, 0.8)


def joint(rate=0.4, sizes=(100,) * 10, kind="symmetric"):
    return collapse.joint_labels(transition_matrix(kind, rate, len(sizes), class_map="mnist"), sizes)


def own_class(margin, num_classes=10):
    return margin * torch.eye(num_classes, dtype=torch.float64)


def test_the_joint_distribution_has_the_shares_of_the_classes():
    found = collapse.joint_labels(np.array([[0.9, 0.1], [0.3, 0.7]]), [300, 100])
    torch.testing.assert_close(found, torch.tensor([[0.675, 0.075], [0.075, 0.175]], dtype=torch.float64))


def test_the_noisy_risk_by_hand():
    shares = torch.tensor([[0.5, 0.1], [0.1, 0.3]], dtype=torch.float64)
    logits = torch.tensor([[0.8, 0.2], [0.4, 0.6]], dtype=torch.float64).log()
    by_hand = 0.5 * 0.2 + 0.1 * 0.8 + 0.1 * 0.6 + 0.3 * 0.4
    assert collapse.noisy_risk(make_loss("mae", 2, scale=0.5), shares, logits).item() == pytest.approx(by_hand)


@pytest.mark.parametrize("name", ["ce", "nce", "gce", "nce+mae"])
@pytest.mark.parametrize("rate", RATES)
def test_along_the_margin_is_the_risk_of_equal_classes(name, rate):
    loss = make_loss(name)
    by_class = [collapse.noisy_risk(loss, joint(rate), own_class(m)).item() for m in (0.0, 1.5, 7.0)]
    np.testing.assert_allclose(collapse.along_margin(loss, rate, [0.0, 1.5, 7.0]), by_class, rtol=1e-12)


@pytest.mark.parametrize("name", ["ce", "nce", "mae", "gce", "nce+rce"])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("num_classes", [3, 10])
def test_the_threshold_is_where_the_risk_falls_as_fast_as_the_price_rises(name, rate, num_classes):
    loss = make_loss(name, num_classes)
    margin = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    logits = torch.cat([margin, torch.zeros(num_classes - 1, dtype=torch.float64)])[None]
    labels = torch.full((num_classes,), rate / (num_classes - 1), dtype=torch.float64)
    labels[0] = 1 - rate
    (slope,) = torch.autograd.grad((loss.every_label(logits.log_softmax(1)) * labels).sum(), margin)
    per_margin = max(0.0, -slope.item())
    price = collapse.margin_penalty(1.0, 1.0, num_classes)
    assert collapse.threshold(loss, rate) == pytest.approx(per_margin / price, abs=1e-12)


@pytest.mark.parametrize("name", ["ce", "nce", "nce+mae"])
@pytest.mark.parametrize("rate", RATES)
def test_the_pull_of_equal_classes_is_the_threshold(name, rate):
    loss = make_loss(name)
    assert collapse.pull(loss, joint(rate), np.zeros(10)) == pytest.approx(collapse.threshold(loss, rate), rel=1e-9)


def test_beyond_the_rate_of_pure_chance_nothing_outweighs_any_decay():
    assert collapse.threshold(make_loss("nce"), 0.9) == pytest.approx(0, abs=1e-15)
    assert collapse.threshold(make_loss("nce"), 0.95) == 0


def test_no_feature_is_drawn_more_strongly_than_the_pull():
    rng = np.random.default_rng(0)
    loss, shares = make_loss("nce"), joint(0.4, rng.integers(50, 150, 10), "asymmetric")
    constant = rng.normal(size=10)
    logits = torch.from_numpy(np.tile(constant, (10, 1))).requires_grad_()
    (gradients,) = torch.autograd.grad(collapse.noisy_risk(loss, shares, logits), logits)
    features = rng.random((20000, 10)) * rng.integers(0, 2, (20000, 10))
    lengths = np.sqrt((shares.sum(1).numpy() * features**2).sum(1))
    keep = lengths > 0
    drawn = np.linalg.norm(features[keep] @ gradients.numpy(), axis=1) / lengths[keep]
    found = collapse.pull(loss, shares, constant)
    assert 0.97 * found < drawn.max() <= found + 1e-12


def test_the_constant_answer_leans_to_the_commonest_label():
    sizes = (100,) * 9 + (130,)
    found = collapse.constant_answer(make_loss("nce"), joint(0.4, sizes), 1e-3)
    assert (found.answered, found.logits.argmax(1).tolist()) == (1, [9] * 10)
    even = collapse.constant_answer(make_loss("ce"), joint(0.4), 1e-3)
    np.testing.assert_allclose(even.logits, 0, atol=1e-6)
    assert even.risk == pytest.approx(math.log(10))


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_both_criteria_turn_at_the_threshold_of_nce(factor):
    """Equal classes: below it the classes are told apart, above it they are not."""
    loss = make_loss("nce")
    found = collapse.predict(loss, joint(), factor * collapse.threshold(loss, 0.4))
    assert (found.lower, found.stable) == ((True, True) if factor > 1 else (False, False))
    assert found.fit.answered == (1 if factor > 1 else 10)
    assert found.fit.risk <= found.constant.risk


def test_a_stable_answer_need_not_be_the_best_one():
    loss = make_loss("mae", scale=0.5)
    found = collapse.predict(loss, joint(), 1.5 * collapse.threshold(loss, 0.4))
    assert (found.lower, found.stable, found.fit.answered) == (False, True, 10)


def test_the_price_of_a_margin_is_what_the_search_pays():
    loss, decay = make_loss("nce"), 2e-3
    margins = np.linspace(0, 12, 2401)
    by_formula = collapse.along_margin(loss, 0.4, margins).numpy() + collapse.margin_penalty(decay, margins)
    assert collapse.best_fit(loss, joint(), decay).risk == pytest.approx(by_formula.min(), rel=1e-5)


@given(c=st.floats(0.05, 50), ratio=st.sampled_from([0.3, 0.8, 1.3, 3.0]), name=st.sampled_from(["nce", "mae"]))
@settings(max_examples=5, deadline=None)
def test_a_loss_times_c_under_decay_d_is_the_loss_under_d_over_c(c, ratio, name):
    loss = make_loss(name, 5)
    scaled = make_loss(name, 5, scale=c * loss.settings["scale"])
    shares = joint(0.4, (90, 120, 95, 100, 88))
    decay = ratio * collapse.threshold(loss, 0.4)
    one, other = collapse.predict(loss, shares, decay), collapse.predict(scaled, shares, c * decay)
    assert (one.lower, one.stable, one.fit.answered) == (other.lower, other.stable, other.fit.answered)
    assert other.pull == pytest.approx(c * one.pull)
    assert other.constant.risk == pytest.approx(c * one.constant.risk, rel=1e-7)
    assert other.fit.risk == pytest.approx(c * one.fit.risk, rel=1e-5)


def test_without_hidden_batch_norm_the_constant_answer_is_stable_and_not_the_best():
    loss, shares = make_loss("nce", 3), joint(0.2, (100,) * 3)
    decay = 0.1 * collapse.threshold(loss, 0.2)
    with_norm, without = (collapse.predict(loss, shares, decay, norm) for norm in (True, False))
    assert (with_norm.stable, without.stable) == (False, True)
    assert (with_norm.lower, without.lower) == (False, False)


def test_questions_without_an_answer_are_refused():
    with pytest.raises(NlrError, match=r"Weight decay 0: expected a number above 0"):
        collapse.constant_answer(make_loss("nce"), joint(), 0)
    with pytest.raises(NlrError, match=r"logits of length .* choose a larger weight decay"):
        collapse.predict(make_loss("mae"), joint(0.4, (100,) * 9 + (300,)), 1e-4, hidden_norm=False)


def test_a_trained_network_tells_classes_apart_below_the_threshold_and_not_above():
    loss = make_loss("nce")
    decay = collapse.threshold(loss, 0.4)
    assert collapse.train(loss, 0.4, 0.7 * decay) == (0.1, 1.0)
    assert collapse.train(loss, 0.4, 1.4 * decay)[0] == 1.0
