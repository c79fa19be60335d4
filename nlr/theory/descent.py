"""Gradient descent whose paths can be compared exactly: on free logits, and on a tiny network.

Float64, full batches and fixed starting points, so that two paths differ by rounding alone or by what was
changed.
"""

import torch
import torch.nn.functional as F
from torch import nn


def descend(loss, logits, targets, learning_rate, steps):
    """Plain gradient descent on free logits, each input by itself.

    Args:
        loss: A loss of :mod:`nlr.losses` that judges one sample at a time.
        logits: The start, shape (N, K).
        targets: The probability of each label at each input, shape (N, K); one-hot for one label.
        learning_rate: The step size.
        steps: How many steps are made.

    Returns:
        Log-softmax after 0, 1, ... steps, shape (steps + 1, N, K).
    """
    logits = logits.double().clone().requires_grad_()
    path = []
    for _ in range(steps):
        log_p = F.log_softmax(logits, dim=1)
        path.append(log_p.detach())
        (gradient,) = torch.autograd.grad((targets * loss.every_label(log_p)).sum(), logits)
        with torch.no_grad():
            logits -= learning_rate * gradient
    return torch.stack([*path, F.log_softmax(logits.detach(), dim=1)])


def train(loss, optimiser, factor=1.0, clip_norm=None, steps=100):
    """Trains a tiny network on a fixed problem with noisy labels; the loss is multiplied by a factor.

    Five classes, 60 points of 8 numbers, a quarter of the labels wrong, one hidden layer of 16 units.

    Args:
        loss: A loss of :mod:`nlr.losses` for five classes.
        optimiser: A function of the network's parameters that returns a torch optimiser.
        factor: What the loss is multiplied by.
        clip_norm: If given, the norm at which the whole gradient is cut.
        steps: How many steps are made, each on all points.

    Returns:
        The logits of all points after the last step, shape (60, 5).
    """
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 5
    centres = torch.randn(5, 8, generator=generator, dtype=torch.float64)
    points = centres[labels] + 0.7 * torch.randn(60, 8, generator=generator, dtype=torch.float64)
    noisy = torch.where(torch.arange(60) % 4 == 0, (labels + 1) % 5, labels)
    network = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 5)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    steps_with = optimiser(network.parameters())
    for _ in range(steps):
        steps_with.zero_grad()
        (factor * loss(network(points), noisy)).backward()
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(network.parameters(), clip_norm)
        steps_with.step()
    return network(points).detach()
