"""The page for other people's training: its ten lines run, and do what a plain loop of PyTorch does."""

import re

import jupytext
import torch
import torch.nn.functional as F

from nlr import paths

CELLS = [
    cell.source
    for cell in jupytext.read(paths.NOTEBOOKS / "reference" / "own-training.py").cells
    if cell.cell_type == "code"
]
DATA, LOOP = CELLS[:2]


def weights(code):
    space = {}
    exec(DATA, space)
    exec(code, space)
    return [p.detach() for p in space["network"].parameters()]


def test_the_loop_has_ten_lines():
    assert len([line for line in LOOP.splitlines() if line.strip()]) == 10


def test_with_cross_entropy_it_is_the_loop_with_that_of_torch():
    named = re.sub(r"make_loss\(.*\)", 'make_loss("ce", num_classes=10)', LOOP)
    plain = re.sub(r"make_loss\(.*\)", "nn.CrossEntropyLoss()", LOOP).replace("from nlr.losses import make_loss", "")
    for ours, torchs in zip(weights(named), weights(plain), strict=True):
        torch.testing.assert_close(ours, torchs, rtol=0, atol=1e-3)
    assert any(not torch.allclose(a, b, atol=0.1) for a, b in zip(weights(LOOP), weights(plain), strict=True))


def test_the_page_runs():
    # One of its cells compares the loop with one in which the loss is written out by hand.
    space = {}
    for cell in CELLS:
        exec(cell, space)
    right = (space["network"](space["images"]).argmax(1) == space["clean"]).double().mean()
    assert right > (space["labels"] == space["clean"]).double().mean() + 0.2
    plain = F.cross_entropy(space["scores"], space["regions"].long(), ignore_index=255)
    assert plain.isfinite()
    assert space["value"].isfinite()
