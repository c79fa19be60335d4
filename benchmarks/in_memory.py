"""Baseline (b): the ordinary script in float32 with its images as one tensor in memory, augmented batch by batch."""

import runpy
from pathlib import Path

import torch
from torch import nn

from nlr.training.engine import crop_and_flip, draw_crops

ORDINARY = runpy.run_path(str(Path(__file__).with_name("ordinary.py")))


def steps(images, labels, device, network):
    """Train for ever; yields the number of steps taken, after each."""
    images, labels, protocol = images.to(device), labels.to(device), ORDINARY["PROTOCOLS"][network]
    mean, std = (torch.tensor(x, device=device)[:, None, None] for x in (protocol["mean"], protocol["std"]))
    generator = torch.Generator().manual_seed(0)
    model = protocol["network"]().to(device)
    criterion = nn.CrossEntropyLoss()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=protocol["decay"])
    running = 0.0
    while True:
        for index in torch.randperm(len(labels)).to(device).split(128):
            batch = images[index]
            if protocol["augment"]:
                batch = crop_and_flip(batch, *(drawn.to(device) for drawn in draw_crops(len(index), generator)))
            pixels = (batch.permute(0, 3, 1, 2).contiguous().float() / 255 - mean) / std
            optimiser.zero_grad()
            loss = criterion(model(pixels), labels[index])
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            running += loss.item()
            yield 1
