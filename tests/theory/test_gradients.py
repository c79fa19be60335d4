"""Gradients in the logits: formulas, effective learning rates, predictions made to measure, P and Q."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from nlr.errors import NlrError
from nlr.losses import make_loss
from nlr.theory import gradients

LOGITS = 3 * torch.randn(200, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
LABELS = torch.arange(200) % 10


def formula_of_nce(logits, labels, sign=-1.0):
    """The gradient of nce as the page states it; with the other sign it is false."""
    log_p = logits.log_softmax(1)
    p, total = log_p.exp(), -log_p.sum(1, keepdim=True)
    nce = -log_p.gather(1, labels[:, None]) / total
    return (p - F.one_hot(labels, 10) + sign * nce * (10 * p - 1)) / total


def test_logit_gradients_are_finite_differences():
    loss, step = make_loss("nce+rce"), 1e-6
    expected = torch.stack(
        [
            (shifted(loss, j, step) - shifted(loss, j, -step)) / (2 * step)
            for j in range(10)  # one logit at a time
        ],
        dim=1,
    )
    torch.testing.assert_close(gradients.logit_gradients(loss, LOGITS, LABELS), expected, rtol=1e-5, atol=1e-7)


def shifted(loss, j, step):
    moved = LOGITS.clone()
    moved[:, j] += step
    return loss.per_sample(moved.log_softmax(1), LABELS)


def test_the_formula_of_nce_holds_and_its_false_variant_does_not():
    found = gradients.logit_gradients(make_loss("nce"), LOGITS, LABELS)
    assert torch.allclose(found, formula_of_nce(LOGITS, LABELS), atol=1e-12)
    assert not torch.allclose(found, formula_of_nce(LOGITS, LABELS, sign=1.0), atol=1e-3)


def test_logit_gradients_leave_the_logits_alone():
    logits = LOGITS.clone()
    gradients.logit_gradients(make_loss("ce"), logits, LABELS)
    assert not logits.requires_grad
    assert torch.equal(logits, LOGITS)


@settings(deadline=None)
@given(num_classes=st.integers(2, 50), q=st.floats(0.05, 1), beta=st.floats(0.01, 20))
def test_effective_learning_rates_at_the_uniform_prediction(num_classes, q, beta):
    nce = 1 / (num_classes * math.log(num_classes))
    assert gradients.uniform_rate(make_loss("ce", num_classes)) == pytest.approx(1)
    assert gradients.uniform_rate(make_loss("nce", num_classes)) == pytest.approx(nce)
    assert gradients.uniform_rate(make_loss("gce", num_classes, q=q)) == pytest.approx(num_classes**-q)
    both = gradients.uniform_rate(make_loss("nce+mae", num_classes, beta=beta))
    assert both == pytest.approx(nce + 2 * beta / num_classes)


def test_a_loss_that_prefers_a_class_has_no_effective_learning_rate():
    class Partial(torch.nn.Module):
        num_classes, name = 3, "partial"

        def per_sample(self, log_p, labels):
            return log_p[:, 1]

    with pytest.raises(NlrError, match="partial"):
        gradients.uniform_rate(Partial())


def test_confidently_wrong_logits():
    logits = gradients.confidently_wrong([0, 7], num_classes=4)
    assert logits.tolist() == [[0, 0, 0, 0], [0, 7, 0, 0]]
    assert logits.dtype == torch.float64


@given(p_y=st.floats(0, 1), share=st.floats(0, 1), num_classes=st.integers(3, 12))
def test_predictions_are_what_was_asked_for(p_y, share, num_classes):
    (p,) = gradients.predictions([p_y], share, num_classes)
    assert p.sum() == pytest.approx(1)
    assert p[0] == p_y
    assert p[1] == pytest.approx((1 - p_y) * share)
    assert p[2:].max() == p[2:].min() >= 0


def test_predictions_take_one_number_for_many_of_the_other():
    assert gradients.predictions([0.2, 0.5], 0.3).shape == (2, 10)
    assert gradients.predictions([0.5], torch.linspace(0, 1, 7)).shape == (7, 10)
    assert gradients.predictions([0.1], 1 / 9)[0].tolist() == pytest.approx([0.1] * 10)


@pytest.mark.parametrize(
    ("p_y", "share", "named"), [([1.5], 0.5, "p_y"), ([0.5], -0.1, "share"), ([math.nan], 0, "p_y")]
)
def test_what_is_no_probability_is_refused(p_y, share, named):
    with pytest.raises(NlrError, match=named):
        gradients.predictions(p_y, share)


def test_p_and_q_make_nce():
    log_p = LOGITS.log_softmax(1)
    p, q = gradients.p_and_q(log_p, LABELS)
    torch.testing.assert_close(p, F.cross_entropy(LOGITS, LABELS, reduction="none"))
    torch.testing.assert_close(p / (p + q), make_loss("nce").per_sample(log_p, LABELS))
