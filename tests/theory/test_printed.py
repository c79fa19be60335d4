"""Formulas as printed: every erratum is on the page with a difference that is real; free logits; the toy problem."""

import ast
import math
import re

import jupytext
import numpy as np
import pytest
import torch

from nlr import losses, paths
from nlr.errors import NlrError
from nlr.theory import printed
from nlr.theory.printed import Erratum, formula

FOLDER = paths.NOTEBOOKS / "theory"
PAGES = ("printed-forms", "printed-normalisations", "printed-definitions", "as-coded")
WANTED = [f"E{number}" for number in range(1, 20)]


@pytest.fixture(scope="module")
def cells():
    """The cells of the pages that take the errata one by one."""
    return [cell for page in PAGES for cell in jupytext.read(FOLDER / f"{page}.py").cells]


@pytest.fixture(scope="module")
def errata():
    """The errata that these pages make."""
    found = []
    for page in PAGES:
        names = {"__name__": "__main__"}
        for cell in jupytext.read(FOLDER / f"{page}.py").cells:
            if cell.cell_type == "code":
                exec(compile(ast.parse(cell.source), page, "exec"), names)
        found += [value for value in names.values() if isinstance(value, Erratum)]
    return found


# The pages


def test_every_erratum_is_there_with_anchor_heading_both_formulas_and_an_open_cell(cells, errata):
    assert sorted({e.name for e in errata}, key=WANTED.index) == WANTED
    for name in WANTED:
        places = [n for n, cell in enumerate(cells) if f"(erratum-{name.lower()})=\n## {name}: " in cell.source]
        assert len(places) == 1, name
        section = cells[places[0]].source.partition(f"(erratum-{name.lower()})=")[2]
        assert re.search(r"\{grid-item-card\} As (printed|described)", section), name
        assert re.search(r"\{grid-item-card\} Right", section), name
        following = cells[places[0] + 1]
        assert following.cell_type == "code", name
        assert not following.metadata.get("tags"), name
        assert f'"{name}",' in following.source, name


def test_the_fault_is_in_all_that_is_printed_and_in_nothing_that_is_right(errata):
    for e in errata:
        assert e.printed, e.name
        assert e.right, e.name
        assert all(map(e.fault, e.printed.values())), e.name
        assert not any(map(e.fault, e.right.values())), e.name


def test_the_check_of_an_erratum_fails_for_the_corrected_formula(errata):
    for e in errata:
        with pytest.raises(NlrError, match=f"{e.name}: .* as printed, should have the fault"):
            Erratum(e.name, e.fault, e.right, e.right)
        with pytest.raises(NlrError, match=f"{e.name}: .* which is right, should not have the fault"):
            Erratum(e.name, e.fault, e.printed, e.printed)


def test_every_loss_that_the_package_has_from_a_report_is_in_an_open_cell(cells):
    text = "\n".join(c.source for c in cells if c.cell_type == "code" and not c.metadata.get("tags"))
    reports = ("soni-", "kathuria-", "krishnan-", "joshi-", "chheda-")
    wanted = [name for name in losses.names() if name.startswith(reports)]
    assert len(wanted) > 10
    assert [name for name in wanted if f'"{name}"' not in text] == []


def test_every_pair_is_of_an_erratum_and_of_two_losses():
    for erratum, what, wrong, right in printed.PAIRS:
        assert erratum in WANTED
        assert losses.make_loss(wrong).name.startswith(what.split(",")[0].lower())
        assert not losses.make_loss(right).name.startswith(what.split(",")[0].lower())
    assert [pair[0] for pair in printed.PAIRS if pair not in printed.SINGLE] == ["E10", "E11"]


# An erratum


def is_even(number):
    """The number is even."""
    return number % 2 == 0


def test_an_erratum_says_who_has_the_fault():
    shown = Erratum("E1", is_even, {"two": 2, "four": 4, "six": 6}, {"three": 3})
    assert str(shown) == "**E1.** The number is even. True of two, four and six; not of three."


# Formulas on points


def test_the_points_are_distributions_and_sample_i_has_label_i():
    names, p, labels = printed.points()
    assert p.shape == (5, 10)
    assert len(names) == 5
    assert torch.allclose(p.sum(1), torch.ones(5, dtype=torch.float64))
    assert (p > 0).all()
    assert labels.tolist() == [0, 1, 2, 3, 4]
    assert p[range(5), labels].tolist() == [0.99, 0.7, 0.1, 0.49, 0.001]
    assert p[4, 5] == 0.99  # the rival of the last


def test_fewer_than_five_classes_have_no_points():
    with pytest.raises(NlrError, match="at least 5, not 4"):
        printed.points(4)


def test_figures_of_the_audit():
    """The numbers that the errata name for E1 and E3, computed there independently."""
    first = torch.tensor([0])
    ten = torch.tensor([[0.7] + [0.3 / 9] * 9], dtype=torch.float64)
    assert formula("soni-nce")(ten, first).item() == pytest.approx(-30.610776434959398)
    assert formula("nce")(ten, first).item() == pytest.approx(0.011517736463833708)
    four = torch.tensor([[0.7, 0.1, 0.1, 0.1]], dtype=torch.float64)
    for gamma, right, soni, joshi in ((0.5, 0.0289479, -7.0657961, 0.5552104), (2.0, 0.0057044, -7.5399184, 1.5804504)):
        values = [formula(name, 4, gamma=gamma)(four, first).item() for name in ("nfl", "soni-nfl", "joshi-nfl")]
        assert values == pytest.approx([right, soni, joshi], abs=5e-8)


def test_the_sum_over_labels_is_that_of_the_card():
    _, p, _ = printed.points()
    for name, total in (("nce", 1), ("mae", 18), ("kathuria-nce", 9)):
        assert torch.allclose(printed.label_sum(formula(name), p), torch.tensor(total, dtype=torch.float64))


def test_the_logit_gradient_of_cross_entropy_is_p_minus_the_label():
    _, p, labels = printed.points()
    expected = p - torch.nn.functional.one_hot(labels, 10)
    assert torch.allclose(printed.logit_gradient(formula("ce"), p, labels), expected)


def test_what_agrees_is_the_loss_and_nothing_else():
    assert printed.agrees(lambda p, labels: -printed.picked(p, labels).log(), "ce")
    assert printed.agrees(lambda p, labels: 2 * (1 - printed.picked(p, labels)), "mae")
    assert not printed.agrees(lambda p, labels: 1 - printed.picked(p, labels), "mae")
    assert printed.agrees(lambda p, labels: (printed.one_hot(p, labels) * -p.log()).sum(1), "ce")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "$0.1$"), (-0.0, "$0$"), (1.64e-5, r"$1.64 \cdot 10^{-5}$"), (2302.6, r"$2.3 \cdot 10^{3}$")],
)
def test_a_number_has_three_digits(value, text):
    assert printed.number(value) == text


def test_label_entropies_are_near_those_of_even_labels():
    large, small = (printed.label_entropies(size, batches=2000) for size in (1000, 10))
    assert large.mean().item() == pytest.approx(math.log(10), abs=0.01)
    assert small.mean() < large.mean() - 0.3
    assert printed.label_entropies(1, batches=5).tolist() == [0.0] * 5


def test_gradients_by_probability_are_shares():
    edges = [0.0, 0.2, 0.5, 1.0]
    samples, lowered, gradient = printed.gradients_by_probability("fl", edges, gamma=2.0, batches=20)
    assert samples == pytest.approx([20, 30, 50], abs=4)
    assert lowered == [0, 0, 0]  # focal loss raises every label
    assert sum(gradient) == pytest.approx(100)
    assert gradient[2] < samples[2]
    _, lowered, _ = printed.gradients_by_probability("krishnan-nfl", edges, gamma=2.0, batches=20)
    assert lowered[0] == 0
    assert lowered[2] > 90


# Free logits


def test_descent_finds_the_minimum_within_the_ball():
    start = torch.randn(20, 10, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(20) % 10
    logits = printed.minimise(formula("ce"), start, labels, radius=5)
    assert torch.allclose(logits.norm(dim=1), torch.tensor(5.0, dtype=torch.float64))
    # The minimum of CE at a fixed norm: the label's logit up, all others equal.
    best = 5 * (torch.eye(10, dtype=torch.float64)[labels] - 0.1) / math.sqrt(0.9)
    assert (torch.cosine_similarity(logits, best) > 0.995).all()


def test_the_ends_of_descent_are_counted():
    start, shares, values = printed.ends_of_descent("ce", (2, 5), samples=20)
    assert start < 0.5
    assert shares == [1, 1]
    assert values[0] > values[1] > 0
    assert printed.ends_of_descent("joshi-ce", (5,), samples=20)[1] == [0]


def test_descent_stays_where_the_gradient_is_zero():
    start = torch.tensor([[1.0, 0.0, -1.0]])
    logits = printed.minimise(lambda p, labels: 0 * p[:, 0], start, torch.tensor([0]), radius=5)
    assert torch.equal(logits, start.double())


# The toy problem


def test_the_ring_is_balanced_repeatable_and_learnable_by_angle():
    inputs, labels = printed.ring(600, 3)
    assert labels.bincount().tolist() == [100] * 6
    again, _ = printed.ring(600, 3)
    assert torch.equal(inputs, again)
    assert not torch.equal(inputs, printed.ring(600, 4)[0])
    angle = torch.atan2(inputs[:, 1], inputs[:, 0])
    nearest = torch.round(angle / (2 * math.pi / 6)).long() % 6
    assert (nearest == labels).double().mean() > 0.9


def test_training_side_by_side_is_training_one_by_one():
    _, together, modal = printed.train_ring("ce", 0.4, [5, 6], steps=40)
    for n, seed in enumerate((5, 6)):
        _, alone, modal_alone = printed.train_ring("ce", 0.4, [seed], steps=40)
        assert alone.item() == pytest.approx(together[n].item(), abs=0.01)
        assert modal_alone.item() == pytest.approx(modal[n].item(), abs=0.01)


def test_a_batch_level_loss_sees_one_network_at_a_time():
    _, together, _ = printed.train_ring("krishnan-nfl", 0.4, [5, 6], steps=40)
    _, alone, _ = printed.train_ring("krishnan-nfl", 0.4, [6], steps=40)
    assert alone.item() == pytest.approx(together[1].item(), abs=0.01)


def test_a_lost_minus_trains_against_the_labels():
    _, right, _ = printed.train_ring("ce", 0.0, [0], steps=60)
    _, wrong, _ = printed.train_ring("joshi-ce", 0.0, [0], steps=60)
    assert right.item() > 0.9
    assert wrong.item() < 0.05


def test_training_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    printed.train_ring("ce", 0.4, [0], steps=1)
    assert torch.equal(torch.rand(3), expected)


def test_the_networks_answer_points_of_the_plane_for_every_seed():
    networks = printed.Networks([0, 1])
    plane = torch.rand(7, 2)
    logits = networks(plane)
    assert logits.shape == (2, 7, 6)
    assert np.allclose(logits[1].detach(), printed.Networks([1])(plane)[0].detach())
