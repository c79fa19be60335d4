"""The drawings of the theory pages show what they are given."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nlr.book import plots
from nlr.losses import make_loss
from nlr.theory import drawings, printed


@pytest.fixture(autouse=True)
def light():
    with plots.theme("light"):
        yield
    plt.close("all")


def test_a_pair_is_drawn_against_the_probability_of_the_label():
    first, second, *_ = drawings.against_p_y(printed.SINGLE[:2]).axes
    right, wrong = second.lines
    assert second.get_title(loc="left") == "E2  Joshi, NCE"
    # As printed it is cross-entropy: -log p_y at both ends.
    assert wrong.get_ydata()[[0, -1]] == pytest.approx([5.298317, 0.005013], abs=1e-6)
    assert right.get_ydata()[-1] < wrong.get_ydata()[-1]
    assert first.lines[1].get_ydata()[0] > first.lines[1].get_ydata()[-1]


def test_a_panel_a_network_with_the_points_of_the_first_seed():
    networks, _, _ = printed.train_ring("ce", 0.0, [0], steps=20)
    panel, *others = drawings.answers_in_the_plane({"ce": networks}).axes
    mesh, dots = panel.collections
    assert panel.get_title(loc="left") == "ce"
    assert len(dots.get_offsets()) == printed.SAMPLES
    assert set(mesh.get_array().flatten()) <= set(range(printed.CLASSES))
    assert not any(axis.collections for axis in others)


def test_mae_is_within_the_bound_everywhere_and_nce_is_not():
    mae, nce = drawings.within_the_bound({"MAE": make_loss("mae", 3), "NCE": make_loss("nce", 3)}).axes
    inside = [
        [any(path.contains_point(place) for path in axis.collections[0].get_paths()) for axis in (mae, nce)]
        for place in ((0.5, math.sqrt(3) / 6), (0.5, 0.02 * math.sqrt(3)))  # even, and torn between two classes
    ]
    assert inside == [[True, True], [True, False]]


def test_the_risk_of_nce_is_marked_where_it_is_least():
    split = np.array([0.2, 0.5, 0.8])
    risks = {"nce": {spread: np.array([3.0, 1.0, 2.0]) for spread in (10, 20, 40)}}
    left, right = drawings.risks_along_a_pair(split, risks | {"mae": {20: np.array([3.0, 2.0, 1.0])}}).axes
    assert [line.get_xydata().tolist() for line in left.lines if line.get_marker() == "o"] == [[[0.5, 1.0]]] * 3
    assert [line.get_label() for line in right.lines] == ["mae"]
