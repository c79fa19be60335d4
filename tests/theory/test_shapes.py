"""Drawings of losses: what is drawn is what was given."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import torch

from nlr.book import plots
from nlr.losses import make_loss
from nlr.theory import family, shapes

THREE = [make_loss(name, 3) for name in ("ce", "nce", "mae", "gce")]


@pytest.fixture(params=plots.THEMES, autouse=True)
def _theme(request):
    with plots.theme(request.param):
        yield
    plt.close("all")


def bars_of(axis):
    names = [tick.get_text() for tick in axis.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in axis.patches], strict=True))


def test_lines_hold_the_data_and_each_loss_has_one_entry_in_the_legend():
    panels = {"left": {"ce": ([0, 1], [2, 3]), "nce": ([0, 1], [4, 5])}, "right": {"ce": ([0, 1], [6, 7])}}
    figure = shapes.lines(panels, "x", "y", xlim=(0, 1), ylim=(0, 9))
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["left", "right"]
    assert [list(line.get_ydata()) for axis in figure.axes for line in axis.lines] == [[2, 3], [4, 5], [6, 7]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["ce", "nce"]
    assert figure.axes[1].get_ylim() == (0, 9)


def test_published_combinations_can_be_told_apart():
    names = [c.name for c in family.COMBINATIONS if c.name not in ("sce", "nce+mae as printed")]
    figure = shapes.lines({"": {name: ([0, 1], [0, 1]) for name in names}}, "x", "y")
    assert len({(line.get_color(), str(line._dash_pattern)) for line in figure.axes[0].lines}) == len(names)


def test_simplex_has_a_panel_a_loss_and_names_its_range():
    figure = shapes.simplex(THREE, top=4.0)
    titles = [axis.get_title(loc="left") for axis in figure.axes if axis.get_visible()]
    assert [title.split(",")[0] for title in titles] == ["ce", "nce", "mae", "gce"]
    assert titles[0].endswith("to 4")


def test_a_moving_prediction_shows_its_losses():
    p = [0.5, 0.25, 0.25]
    figure = shapes.moving_prediction(p, THREE, top=4.0)
    shown = bars_of(figure.axes[1])
    for loss in THREE:
        expected = loss.every_label(torch.tensor([p]).double().log())[0, 0].item()
        assert shown[loss.name] == pytest.approx(expected)


def test_a_moving_rest_shows_what_is_left_of_the_losses():
    losses = [make_loss("ce"), make_loss("nce")]
    even, moved = (bars_of(shapes.moving_rest(share, 0.5, losses).axes[1]) for share in (1 / 9, 0.99))
    assert even == pytest.approx({"ce": 1, "nce": 1})
    assert moved["ce"] == pytest.approx(1)
    assert moved["nce"] < 0.6


def test_accuracy_against_slope_places_each_loss_at_its_slope():
    table = pd.DataFrame(
        {"loss": ["nce+mae", "nce+rce"], "setting": ["symmetric-0.4"] * 2, "mean": [80.0, 85.0], "sd": [0.5, 1.0]}
    )
    figure = shapes.against_slope(table, {"nce+mae": 1.0, "nce+rce": 9.21})
    points = {c.get_label(): tuple(float(v[0]) for v in c.lines[0].get_data()) for c in figure.axes[0].containers}
    assert points == {"nce+mae": (1.0, 80.0), "nce+rce": (9.21, 85.0)}
