"""Two losses trained side by side from the same start on the same batches: do the networks stay the same?

The network and data are those of the digits, a part of whose labels is wrong. Where two losses are the same function up
to a factor that the optimiser is told of, the two networks differ by rounding alone.
"""

import numpy as np
import pandas as pd
import torch

from nlr import data, models, noise
from nlr.study import protocols

BATCH = 32


def lockstep(one, other, steps=200, every=10, dtype=torch.float64, seed=0):
    """Train two networks side by side and compare them.

    Args:
        one, other: pairs of a loss, a function of logits (N, 10) and labels (N,) that returns a scalar, and a function
            of the network's parameters that returns a torch optimiser.
        steps: how many batches of 32 both are given.
        every: after how many of them the networks are compared.
        dtype: of weights and images.
        seed: of the noise (symmetric, rate .4), the initial weights and the order of the batches.

    Returns:
        A data frame with step, difference (the largest between two logits of the test images, whose mean over classes
        is taken off), spread (the standard deviation of the first network's logits) and agreement (the share of test
        images that both answer alike, in per cent); step 0 is the start.
    """
    digits = data.load("digits")
    drawn = noise.add_noise(digits.labels.numpy(), "symmetric", 0.4, seed)
    labels = torch.from_numpy(drawn.labels)
    settings = protocols.load("digits")["data"]
    images, test = (_pixels(part, settings, dtype) for part in (digits.images, digits.test_images))
    sides = [(_network(dtype, seed), loss, optimiser) for loss, optimiser in (one, other)]
    sides = [(network, loss, optimiser(network.parameters())) for network, loss, optimiser in sides]
    order = torch.Generator().manual_seed(seed)
    rows = [_compared(0, sides, test)]
    batches = iter(())
    for step in range(1, steps + 1):
        if (batch := next(batches, None)) is None:
            batches = iter(torch.randperm(len(labels), generator=order).split(BATCH)[:-1])  # the last is smaller
            batch = next(batches)
        for network, loss, optimiser in sides:
            optimiser.zero_grad()
            loss(network(images[batch]), labels[batch]).backward()
            optimiser.step()
        if step % every == 0:
            rows.append(_compared(step, sides, test))
    return pd.DataFrame(rows)


def _pixels(images, settings, dtype):
    """Normalised images, channels first."""
    mean, std = (torch.tensor(settings[key], dtype=dtype) for key in ("mean", "std"))
    return ((images.to(dtype) / 255 - mean) / std).permute(0, 3, 1, 2)


def _network(dtype, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return models.make_model("digits-cnn").to(dtype)


@torch.no_grad()
def _compared(step, sides, test):
    logits = []
    for network, *_ in sides:
        network.eval()
        values = network(test).double()
        logits.append((values - values.mean(1, keepdim=True)).numpy())
        network.train()
    first, second = logits
    return {
        "step": step,
        "difference": float(np.abs(first - second).max()),
        "spread": float(first.std()),
        "agreement": 100 * float((first.argmax(1) == second.argmax(1)).mean()),
    }
