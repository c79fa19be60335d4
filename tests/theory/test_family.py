"""The family NCE + b (1 - p_y): passive losses, their slopes, the published combinations."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nlr.errors import NlrError
from nlr.losses import make_loss
from nlr.study import protocols
from nlr.study.runs import canonical_loss
from nlr.theory import family

P_Y = torch.linspace(0, 1, 21, dtype=torch.float64)


def by_name(name):
    return next(c for c in family.COMBINATIONS if c.name == name)


def random_log_p(rows=64, num_classes=10, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (4 * torch.randn(rows, num_classes, generator=generator, dtype=torch.float64)).log_softmax(1)


def slope(function):
    p = P_Y.clone().requires_grad_()
    return -torch.autograd.grad(function(p).sum(), p)[0]


@settings(deadline=None)
@given(a=st.floats(1.01, 20), q=st.floats(0.1, 5))
def test_slopes_of_the_passive_losses_are_those_stated(a, q):
    torch.testing.assert_close(slope(lambda p: family.agce(p, a, q)), (a + P_Y) ** (q - 1))
    torch.testing.assert_close(slope(lambda p: family.aul(p, a, q)), (a - P_Y) ** (q - 1))
    torch.testing.assert_close(slope(lambda p: family.ael(p, a)), torch.exp(-P_Y / a) / a)


@settings(deadline=None)
@given(a=st.floats(1.01, 20), q=st.floats(0.1, 5))
def test_agce_and_aul_end_at_zero_and_are_lines_for_q_1(a, q):
    for loss in (family.agce, family.aul):
        assert loss(1.0, a, q) == pytest.approx(0, abs=1e-9)
        torch.testing.assert_close(loss(P_Y, a, 1), 1 - P_Y)


def test_agce_with_a_near_0_is_gce():
    log_p = random_log_p()
    torch.testing.assert_close(family.agce(log_p.exp(), 1e-12, 0.7), make_loss("gce").every_label(log_p))


def test_amse_is_the_mean_squared_distance_from_the_scaled_label():
    p = random_log_p(rows=5, num_classes=4).exp()
    targets = 3 * torch.eye(4, dtype=torch.float64)
    expected = torch.stack([((targets[y] - p) ** 2).mean(1) for y in range(4)], dim=1)
    torch.testing.assert_close(family.amse(p, 3), expected)


def test_ce_eps_adds_to_the_largest_probability():
    log_p = torch.tensor([[0.5, 0.3, 0.2]], dtype=torch.float64).log()
    expected = -torch.tensor([[(0.5 + 2) / 3, 0.3 / 3, 0.2 / 3]], dtype=torch.float64).log()
    torch.testing.assert_close(family.ce_eps(log_p, 2), expected)
    torch.testing.assert_close(family.ce_eps(log_p, 0), -log_p)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: family.agce(P_Y, 0, 1), "agce"),
        (lambda: family.agce(P_Y, 1, 0), "q"),
        (lambda: family.aul(P_Y, 1, 1), "aul"),
        (lambda: family.ael(P_Y, -1), "ael"),
        (lambda: family.amse(P_Y[None], 0), "amse"),
        (lambda: family.ce_eps(P_Y[None], -1), "ce_eps"),
        (lambda: family.amse(P_Y[None], math.nan), "nan"),
    ],
)
def test_parameters_out_of_range_are_refused(call, named):
    with pytest.raises(NlrError, match=named):
        call()


def test_combinations_are_listed_by_rising_slope_and_once():
    slopes = [c.b() for c in family.COMBINATIONS]
    assert slopes == sorted(slopes)
    assert len({c.name for c in family.COMBINATIONS}) == len(slopes)


@pytest.mark.parametrize("name", ["nce+mae", "nce+rce", "sce"])
def test_combinations_that_the_package_trains_are_those_of_the_protocol(name):
    log_p = random_log_p()
    loss = canonical_loss(protocols.load("ma2020"), name)[1]
    torch.testing.assert_close(by_name(name).every_label(log_p), loss.every_label(log_p))


def test_the_printed_combination_is_that_of_the_definitions():
    log_p = random_log_p()
    torch.testing.assert_close(
        by_name("nce+mae as printed").every_label(log_p), make_loss("nce+mae").every_label(log_p)
    )


@settings(deadline=None)
@given(b=st.floats(0, 50), num_classes=st.integers(2, 12))
def test_a_member_is_nce_and_b_times_what_is_missing(b, num_classes):
    log_p = random_log_p(rows=8, num_classes=num_classes)
    expected = make_loss("nce", num_classes).every_label(log_p) + b * (1 - log_p.exp())
    torch.testing.assert_close(family.member(b, num_classes).every_label(log_p), expected)


def test_slopes_at_the_ends():
    assert by_name("nce+agce").slopes() == pytest.approx((4 * math.sqrt(6), 4 * math.sqrt(7)))
    assert by_name("nce+ael").slopes() == pytest.approx((0.8, 0.8 * math.exp(-0.2)))
    assert by_name("jal-ce").slopes() == pytest.approx((6.2, 5.8))
    assert by_name("ceeps+mae").b() == pytest.approx(10)
