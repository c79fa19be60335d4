"""Descents that can be compared exactly."""

from functools import partial

import torch

from nlr.losses import make_loss
from nlr.theory.descent import descend, train

START = torch.tensor([[0.0, 2.0, -1.0], [1.0, 0.0, 0.0]])
TARGETS = torch.eye(3).double()[[0, 2]]
SGD = partial(torch.optim.SGD, lr=0.1, momentum=0.9)


def test_descent_starts_where_it_is_told_and_takes_the_step_of_the_formula():
    path = descend(make_loss("ce", 3), START, TARGETS, 0.5, steps=3)
    assert path.shape == (4, 2, 3)
    torch.testing.assert_close(path[0], START.double().log_softmax(1))
    logits = START.double()
    torch.testing.assert_close(path[1], (logits - 0.5 * (logits.softmax(1) - TARGETS)).log_softmax(1))
    assert START.tolist() == [[0.0, 2.0, -1.0], [1.0, 0.0, 0.0]]  # not changed in place


def test_descent_takes_the_gradient_of_the_noisy_risk():
    targets = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]).double()
    logits = START.double()
    for log_p in descend(make_loss("ce", 3), START, targets, 0.5, steps=2):
        torch.testing.assert_close(log_p, logits.log_softmax(1))
        logits = logits - 0.5 * (logits.softmax(1) - targets)


def test_samples_descend_by_themselves():
    both = descend(make_loss("nce", 3), START, TARGETS, 1.0, steps=5)
    alone = descend(make_loss("nce", 3), START[1:], TARGETS[1:], 1.0, steps=5)
    assert torch.equal(both[:, 1:], alone)


def test_training_is_repeatable_and_learns():
    loss = make_loss("ce", 5)
    logits = train(loss, SGD)
    assert torch.equal(logits, train(loss, SGD))
    before, after = (train(loss, SGD, steps=steps).argmax(1) for steps in (0, 100))
    labels = torch.arange(60) % 5
    assert (after == labels).sum() > (before == labels).sum() + 20


def test_a_factor_on_the_loss_is_a_learning_rate_and_not_nothing():
    loss = make_loss("nce", 5)
    halved = partial(torch.optim.SGD, lr=0.05, momentum=0.9)
    assert torch.equal(train(loss, SGD), train(loss, halved, factor=2.0))
    assert not torch.allclose(train(loss, SGD), train(loss, SGD, factor=2.0), atol=0.1)


def test_clipping_bounds_the_first_step():
    loss = make_loss("ce", 5)
    plain = partial(torch.optim.SGD, lr=1.0)
    start = train(loss, plain, steps=0)
    free, clipped = (train(loss, plain, factor=100.0, clip_norm=norm, steps=1) - start for norm in (None, 1e-3))
    assert clipped.abs().max() < 0.05 < free.abs().max()
