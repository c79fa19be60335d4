"""The drawings of the theory pages show what they are given."""

import matplotlib.pyplot as plt
import pytest

from nlr.book import plots
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
