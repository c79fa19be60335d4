"""Lock-step: equal losses stay together to rounding, a known factor is made up by the rate, other losses part."""

from functools import partial

import pytest
import torch

from nlr.losses import make_loss
from nlr.study.lockstep import lockstep

CE, MAE = make_loss("ce"), make_loss("mae")
SGD = partial(torch.optim.SGD, lr=0.05, momentum=0.9)


def test_the_same_loss_stays_the_same_to_the_bit():
    found = lockstep((CE, SGD), (CE, SGD), steps=20)
    assert found["step"].tolist() == [0, 10, 20]
    assert found["difference"].max() == 0
    assert (found["agreement"] == 100).all()
    assert found["spread"].iloc[-1] > 2 * found["spread"].iloc[0]  # it has learnt


def test_a_factor_is_a_learning_rate_under_sgd():
    faster = partial(torch.optim.SGD, lr=0.1, momentum=0.9)
    tripled = make_loss("mae", scale=2.0)
    assert lockstep((MAE, faster), (tripled, SGD), steps=40)["difference"].max() == pytest.approx(0, abs=1e-9)
    assert lockstep((MAE, SGD), (tripled, SGD), steps=40)["difference"].max() > 1e-3


def test_other_losses_part():
    found = lockstep((CE, SGD), (MAE, SGD), steps=40)
    assert found["difference"].iloc[0] == 0
    assert found["difference"].iloc[-1] > 1


def test_single_precision_rounds_more_coarsely():
    fast = partial(torch.optim.SGD, lr=0.1, momentum=0.9)
    fine, coarse = (
        lockstep(
            (MAE, fast), (make_loss("mae", scale=2.0 / 3), partial(torch.optim.SGD, lr=0.15, momentum=0.9)), 40, 10, d
        )
        for d in (torch.float64, torch.float32)
    )
    assert fine["difference"].max() < 1e-9 < coarse["difference"].max() < 0.1


def test_it_draws_from_no_global_generator():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    lockstep((CE, SGD), (CE, SGD), steps=2, every=1, seed=3)
    assert torch.equal(before, torch.get_rng_state())
