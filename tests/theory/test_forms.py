"""Written forms of losses: their values, their terms, and what belongs to the form and what to the loss."""

import pytest
import torch
import torch.nn.functional as F

from nlr.losses import make_loss
from nlr.theory.forms import FORMS, Form, other_derivatives, other_terms

LOG_P = (2 * torch.randn(50, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)).log_softmax(1)
LABELS = torch.arange(50) % 6
P, T = LOG_P.exp(), F.one_hot(LABELS, 6).double()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.formula}")
def test_a_form_is_equal_to_its_loss(form):
    loss = make_loss(form.name, 6, **form.parameters)
    torch.testing.assert_close(form.value(P, T), loss.per_sample(LOG_P, LABELS), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", [f for f in FORMS if f.called], ids=lambda form: f"{form.name}-{form.formula}")
def test_sources_call_a_form_what_the_definition_makes_it(form):
    assert (other_terms(form, P, T) == 0) == (form.called == "active")
    assert make_loss(form.name, 6, **form.parameters).card.kind == form.called


def test_the_denominator_of_a_normalised_form_sums_over_the_labels():
    halves = Form("none", {}, "", lambda p, t: t * p, normalised=True)
    torch.testing.assert_close(halves.value(P, T), (P * T).sum(1))  # the sum over labels of p_y is 1
    every = torch.stack([halves.value(P, F.one_hot(torch.full((50,), y), 6).double()) for y in range(6)], dim=1)
    torch.testing.assert_close(every.sum(1), torch.ones(50, dtype=torch.float64))


def test_derivatives_in_the_other_probabilities():
    largest, spread = other_derivatives(Form("none", {}, "", lambda p, t: (1 - t) * 3 * p), P, T)
    assert (largest, spread) == pytest.approx((3, 0))
    weights = torch.arange(6.0, dtype=torch.float64)
    largest, spread = other_derivatives(Form("none", {}, "", lambda p, t: weights * p), P, T)
    assert (largest, spread) == pytest.approx((5, 5))
    largest, spread = other_derivatives(Form("none", {}, "", lambda p, t: t * p.log()), P, T)
    assert (largest, spread) == (0, 0)


def test_the_spread_tells_whether_a_loss_sees_more_than_the_label():
    sees = {form.name for form in FORMS if other_derivatives(form, P, T)[1] > 1e-12}
    assert sees == {"nce", "nfl"}
