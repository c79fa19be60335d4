"""Trajectories of gradient descent on a small linear model, to compare losses step by step."""

import torch

from nlr.losses import make_loss


def descend(name, lr, weight_decay=0.0, momentum=0.0, num_classes=10, steps=200):
    """Trains a linear model with SGD on a fixed problem with random labels.

    Args:
        name: The name of a loss.
        lr: The learning rate.
        weight_decay: The weight of the squared norm of the weights, as torch counts it.
        momentum: The momentum of SGD.
        num_classes: The number of classes K.
        steps: How many steps are made, each on all points.

    Returns:
        The weights after the last step, float64 of shape (8, K).
    """
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(64, 8, generator=generator, dtype=torch.float64)
    labels = torch.randint(num_classes, (64,), generator=generator)
    weights = (0.1 * torch.randn(8, num_classes, generator=generator, dtype=torch.float64)).requires_grad_()
    optimiser = torch.optim.SGD([weights], lr=lr, momentum=momentum, weight_decay=weight_decay)
    loss = make_loss(name, num_classes)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(points @ weights, labels).backward()
        optimiser.step()
    return weights.detach()
