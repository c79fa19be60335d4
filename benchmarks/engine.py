"""Our engine on the protocol of each network, in each precision and number of threads that the table names."""

from types import SimpleNamespace

import torch

from nlr.study import runs
from nlr.training.engine import Engine, draw_crops

PROTOCOLS = {"cnn8": ("ma2020", "cifar10"), "cnn4": ("ma2020-mnist", "mnist")}


def make(device, network, loss="ce", precision="bf16"):
    """An engine of the protocol that trains a network."""
    protocol, dataset = PROTOCOLS[network]
    config = runs.resolve(protocol, loss, "symmetric-0.4", 0, dataset)
    config["training"]["precision"] = precision
    return Engine(config, 10, device)


def part(images, labels, device):
    """The training data as the engine holds them."""
    images, labels = images.to(device), labels.to(device)
    return SimpleNamespace(images=images, labels=labels, clean=labels)


def steps(images, labels, device, network, precision="bf16"):
    """Train for ever; yields the steps taken: after each, on a GPU after an epoch, for there is no waiting within."""
    engine, data = make(device, network, precision=precision), part(images, labels, device)
    generator = torch.Generator().manual_seed(0)
    if device == "cuda":
        while True:
            engine.epoch(data, 0, generator)
            yield len(labels) // 128
    while True:
        draws = [torch.randperm(len(labels), generator=generator)]
        if engine.augment:
            draws += draw_crops(len(labels), generator)
        for batch in zip(*(draw.split(128) for draw in draws), strict=True):
            engine.step(data, *batch)
            yield 1
