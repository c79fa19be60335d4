"""The losses against formulas written from probabilities, their derivatives, their cards and their spelling."""

import copy
import math
import re

import pytest
import torch
import torch.nn.functional as F

from nlr.errors import NlrError
from nlr.losses import CHHEDA_EPS, cards, format_loss, make_loss, names, parse_loss

K = 10
A = -4.0
LN4 = -math.log(1e-4)


def label_sum(values):
    return values.sum(1, keepdim=True)


def focal(p, gamma):
    return -((1 - p) ** gamma) * p.log()


def focal_product(p, gamma):
    return (1 - p) ** gamma * p


def others_sum(values):
    """For every label the sum of the values of the other classes."""
    k = values.shape[1]
    return torch.stack([values[:, [i for i in range(k) if i != j]].sum(1) for j in range(k)], 1)


def smoothed(k):
    """The logarithms of labels of which a tenth is spread over the other classes, one label a row."""
    return torch.full((k, k), 0.1 / (k - 1), dtype=torch.float64).fill_diagonal_(0.9).log()


def batch_entropy(y, num_classes):
    f = torch.bincount(y, minlength=num_classes).double() / len(y)
    f = f[f > 0]
    return -(f * f.log()).sum()


# For every label (N, K), from probabilities; parameters at their defaults. p is a softmax, k the number of classes.
EVERY = {
    "ce": lambda p, k: -p.log(),
    "fl": lambda p, k: focal(p, 0.5),
    "mae": lambda p, k: torch.stack([(p - F.one_hot(torch.tensor(j), k)).abs().sum(1) for j in range(k)], 1),
    "rce": lambda p, k: torch.stack([-A * p[:, [i for i in range(k) if i != j]].sum(1) for j in range(k)], 1),
    "gce": lambda p, k: (1 - p**0.7) / 0.7,
    "sce": lambda p, k: -p.log() - A * (1 - p),
    "nmae": lambda p, k: 2 * (1 - p) / label_sum(2 * (1 - p)),
    "nrce": lambda p, k: -A * (1 - p) / label_sum(-A * (1 - p)),
    "nce": lambda p, k: p.log() / label_sum(p.log()),
    "nfl": lambda p, k: focal(p, 0.5) / label_sum(focal(p, 0.5)),
    "ngce": lambda p, k: (1 - p**0.7) / (k - label_sum(p**0.7)),
    "ma2020-fl": lambda p, k: focal(p, 0.5),
    "ma2020-nfl": lambda p, k: focal(p, 0.5) / label_sum(focal(p, 0.5)),
    "ma2020-nmae": lambda p, k: (1 - p) / (2 * (k - 1)),
    "ma2020-nrce": lambda p, k: 1 / 4 * (k - 1) * LN4 * (1 - p),
    "soni-nce": lambda p, k: (p.prod(1, keepdim=True) / p).log(),
    "soni-nfl": lambda p, k: (focal_product(p, 0.5).prod(1, keepdim=True) / focal_product(p, 0.5)).log(),
    "soni-nrce": lambda p, k: -A * (1 - p) / (A * (k - 1)),
    "kathuria-mae": lambda p, k: 2 * (1 - p) / k,
    "kathuria-nce": lambda p, k: 1 - (p.log() / 1).exp(),
    "kathuria-nfl": lambda p, k: 1 - (-focal(p, 2)).exp(),
    "joshi-ce": lambda p, k: p.log(),
    "joshi-rce": lambda p, k: A * (1 - p),
    "joshi-fl": lambda p, k: (1 - p) ** 0.5 * p.log(),
    "joshi-nce": lambda p, k: (label_sum(p) / p).log(),
    "joshi-nfl": lambda p, k: (label_sum(focal_product(p, 0.5)) / focal_product(p, 0.5)).log(),
    "joshi-nrce": lambda p, k: A * (1 - p) / (A * (k - 1)),
    "chheda-nce": lambda p, k: (p + CHHEDA_EPS).log() / label_sum((p + CHHEDA_EPS).log()),
    "soni-code-nfl": lambda p, k: focal(p, 2) / math.log(k),
    "krishnan-code-rce": lambda p, k: -p @ smoothed(k),
    "krishnan-later-nfl": lambda p, k: focal(p.clamp(min=1e-4), 2) / label_sum((1 - p) ** 2 * -p.clamp(min=1e-4).log()),
    "chheda-code-rce": lambda p, k: others_sum(-(1 - p).log()),
    "chheda-code-nrce": lambda p, k: others_sum(-(1 - p).log()) / (k - 1),
}


def krishnan_nfl(p, y):
    p_y = p[torch.arange(len(y)), y]
    w = (1 - p_y) ** 0.5
    return (w * -p_y.log()).sum() / w.sum()


# The value for a whole batch.
BATCH = {
    "krishnan-nce": lambda p, y: -p[torch.arange(len(y)), y].log().mean() / batch_entropy(y, p.shape[1]),
    "krishnan-nfl": krishnan_nfl,
    "krishnan-nfl-detached": krishnan_nfl,
}

DETACHED = {"ma2020-fl", "ma2020-nfl", "krishnan-nfl-detached"}

SUMS = [
    "nce+mae",
    "nce+rce",
    "nfl+mae",
    "nfl+rce",
    "ngce+mae",
    "ce+mae",
    "nfl+nce",
    "mae+rce",
    "kathuria-nce+kathuria-mae",
]
FORMS = ["norm(sce)", "norm(joshi-nfl)", "norm(ce+mae)", "norm(kathuria-nfl)", "krishnan-apl(krishnan-nce+mae)"]
ALL = [*names(), *SUMS, *FORMS]


def batch(n=40, num_classes=K, spread=3.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(n, num_classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(num_classes, (n,), generator=generator)


def at(*p, label=0):
    """Logits and label of one sample with these probabilities."""
    return torch.tensor([p], dtype=torch.float64).log(), torch.tensor([label])


def value(name, *p, label=0, **parameters):
    return make_loss(name, len(p), **parameters)(*at(*p, label=label)).item()


def point(p_y, num_classes=K):
    return [p_y] + [(1 - p_y) / (num_classes - 1)] * (num_classes - 1)


def test_every_base_loss_is_covered_here():
    assert set(names()) == set(EVERY) | set(BATCH)


@pytest.mark.parametrize("num_classes", [2, 3, 10])
@pytest.mark.parametrize("name", EVERY)
def test_value_is_that_of_the_formula(name, num_classes):
    logits, y = batch(num_classes=num_classes)
    expected = EVERY[name](logits.softmax(1), num_classes)
    loss = make_loss(name, num_classes, reduction="none")
    torch.testing.assert_close(loss(logits, y), expected[torch.arange(len(y)), y], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(loss.every_label(logits.log_softmax(1)), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", BATCH)
def test_batch_value_is_that_of_the_formula(name):
    logits, y = batch()
    expected = BATCH[name](logits.softmax(1), y)
    torch.testing.assert_close(make_loss(name)(logits, y), expected)
    torch.testing.assert_close(make_loss(name, reduction="none")(logits, y).mean(), expected)


@pytest.mark.parametrize(
    ("name", "parameters", "formula"),
    [
        ("fl", {"gamma": 2}, lambda p: focal(p, 2)),
        ("fl", {"scale": 3}, lambda p: 3 * focal(p, 0.5)),
        ("nfl", {"gamma": 2, "scale": 10}, lambda p: 10 * focal(p, 2) / label_sum(focal(p, 2))),
        ("rce", {"A": -LN4}, lambda p: LN4 * (1 - p)),
        ("gce", {"q": 0.3}, lambda p: (1 - p**0.3) / 0.3),
        ("ngce", {"q": 0.1}, lambda p: (1 - p**0.1) / label_sum(1 - p**0.1)),
        ("sce", {"alpha": 0.1, "beta": 2, "A": -6}, lambda p: -0.1 * p.log() + 12 * (1 - p)),
        ("kathuria-nce", {"T": 2}, lambda p: 1 - p**0.5),
        ("kathuria-nfl", {"T": 2, "gamma": 1}, lambda p: 1 - (-focal(p, 1) / 2).exp()),
        ("soni-nfl", {"gamma": 2}, lambda p: (((1 - p) ** 2 * p).prod(1, keepdim=True) / ((1 - p) ** 2 * p)).log()),
        ("joshi-nfl", {"gamma": 2}, lambda p: (label_sum((1 - p) ** 2 * p) / ((1 - p) ** 2 * p)).log()),
        (
            "nce+mae",
            {"alpha": 2, "beta": 3, "scale": 5},
            lambda p: 5 * (2 * p.log() / label_sum(p.log()) + 6 * (1 - p)),
        ),
        ("nce+mae", {"mae": {"scale": 0.5}}, lambda p: p.log() / label_sum(p.log()) + (1 - p)),
        ("nfl+rce", {"gamma": 2, "A": -2}, lambda p: focal(p, 2) / label_sum(focal(p, 2)) + 2 * (1 - p)),
        ("fl+nfl", {"gamma": 2}, lambda p: focal(p, 2) + focal(p, 2) / label_sum(focal(p, 2))),
        ("fl+nfl", {"gamma": 2, "fl": {"gamma": 1}}, lambda p: focal(p, 1) + focal(p, 2) / label_sum(focal(p, 2))),
        ("sce+mae", {"alpha": 2, "sce": {"alpha": 0.1}}, lambda p: 2 * (-0.1 * p.log() + 4 * (1 - p)) + 2 * (1 - p)),
        ("ce+mae", {"alpha": 0}, lambda p: 2 * (1 - p)),
        ("norm(ce+mae)", {"beta": 3}, lambda p: (-p.log() + 6 * (1 - p)) / label_sum(-p.log() + 6 * (1 - p))),
        (
            "norm(sce)",
            {"alpha": 0.1},
            lambda p: (-0.1 * p.log() + 4 * (1 - p)) / label_sum(-0.1 * p.log() + 4 * (1 - p)),
        ),
        ("norm(sce)+mae", {"A": -1}, lambda p: (-p.log() + 1 - p) / label_sum(-p.log() + 1 - p) + 2 * (1 - p)),
        ("krishnan-apl(ce+mae)", {}, lambda p: -0.6 * p.log() + 0.4 * 2 * (1 - p)),
        ("krishnan-apl(ce+mae)", {"alpha": 1}, lambda p: -p.log()),
    ],
)
def test_parameters_reach_their_term(name, parameters, formula):
    logits, y = batch()
    loss = make_loss(name, reduction="none", **parameters)
    expected = formula(logits.softmax(1))
    torch.testing.assert_close(loss(logits, y), expected[torch.arange(len(y)), y])
    torch.testing.assert_close(loss.every_label(logits.log_softmax(1)), expected)
    again = make_loss(loss.name, reduction="none", **loss.settings)
    assert again.settings == loss.settings
    assert torch.equal(again(logits, y), loss(logits, y))


def test_printed_defaults():
    settings = {name: make_loss(name).settings for name in ("fl", "gce", "rce", "sce", "nce+mae", "kathuria-nfl")}
    assert settings["fl"] == {"gamma": 0.5, "scale": 1}
    assert settings["gce"] == {"q": 0.7, "scale": 1}
    assert settings["rce"] == {"A": -4, "scale": 1}
    assert settings["sce"] == {"alpha": 1, "beta": 1, "A": -4, "scale": 1}
    assert settings["nce+mae"] == {"alpha": 1, "beta": 1, "scale": 1, "nce": {"scale": 1}, "mae": {"scale": 1}}
    assert settings["kathuria-nfl"] == {"gamma": 2, "T": 1, "scale": 1}
    assert make_loss("krishnan-apl(krishnan-nce+mae)").settings["alpha"] == 0.6


# Derivatives


@pytest.mark.parametrize("name", [name for name in ALL if name not in DETACHED])
def test_gradient_is_the_derivative(name):
    logits, y = batch(6, 4, spread=2.0)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(make_loss(name, 4, scale=1.5), (logits, y))


@pytest.mark.parametrize("name", sorted(DETACHED))
def test_detached_weights_have_no_derivative(name):
    logits, y = batch(6, 4)

    def gradient(function):
        z = logits.clone().requires_grad_()
        return torch.autograd.grad(function(z), z)[0]

    p = logits.softmax(1)
    rows = torch.arange(len(y))
    weight = (1 - p) ** 0.5

    def by_hand(z):
        ce = -z.log_softmax(1)
        if name == "ma2020-fl":
            return (weight * ce)[rows, y].mean()
        if name == "ma2020-nfl":
            return ((weight * ce)[rows, y] / (weight * ce).sum(1)).mean()
        return (weight * ce)[rows, y].sum() / weight[rows, y].sum()

    torch.testing.assert_close(gradient(lambda z: make_loss(name, 4)(z, y)), gradient(by_hand))
    exact = {"ma2020-fl": "fl", "ma2020-nfl": "nfl", "krishnan-nfl-detached": "krishnan-nfl"}[name]
    assert (
        gradient(lambda z: make_loss(name, 4)(z, y)) - gradient(lambda z: make_loss(exact, 4)(z, y))
    ).abs().max() > 1e-3


@pytest.mark.parametrize("name", [*ALL, "fl,gamma=0.01", "fl,gamma=5", "nfl,gamma=5", "gce,q=0.001", "nfl,gamma=0"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_logits_have_finite_value_and_gradient(name, dtype):
    name, parameters = parse_loss(name)
    for num_classes in (2, 10):
        rows = [[1e4] + [-1e4] * (num_classes - 1), [-1e4] + [1e4] * (num_classes - 1), [1e4] * num_classes]
        rows += [[-1e4] * num_classes, [1e4, -1e4] + [0.0] * (num_classes - 2), [17.0] + [0.0] * (num_classes - 1)]
        logits = torch.tensor(rows * 2, dtype=dtype, requires_grad=True)
        y = torch.tensor([0] * len(rows) + [1] * len(rows))
        losses = make_loss(name, num_classes, reduction="none", **parameters)(logits, y)
        losses.sum().backward()
        assert losses.isfinite().all()
        assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", ["krishnan-nfl", "krishnan-nfl-detached"])
def test_batch_that_is_right_throughout(name):
    logits = torch.full((4, 3), -1e4).scatter(1, torch.arange(4)[:, None] % 3, 1e4).requires_grad_()
    loss = make_loss(name, 3, gamma=2)(logits, torch.arange(4) % 3)
    loss.backward()
    assert loss.item() == 0
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("gce", lambda p: -(p**0.7)),
        ("mae", lambda p: -2 * p),
        ("kathuria-nce", lambda p: -p),
        ("ngce", lambda p: -0.7 * p**0.7 * (2 - 2 * 0.5**0.7) / (3 - 2 * 0.5**0.7) ** 2),
    ],
)
def test_gradient_for_tiny_probabilities(name, gradient):
    # A clamp of p at 1e-7, or the derivative of expm1 as torch takes it, would make it 0 here.
    logits = torch.tensor([[-30.0, 0.0, 0.0]], requires_grad=True)
    make_loss(name, 3)(logits, torch.tensor([0])).backward()
    p = math.exp(-30) / (2 + math.exp(-30))
    assert logits.grad[0, 0].item() == pytest.approx(gradient(p), rel=1e-3)


@pytest.mark.parametrize("name", [name for name in ALL if name not in BATCH])
def test_bfloat16_logits_are_computed_in_float32(name):
    logits, y = batch(spread=2.0)
    half = logits.bfloat16().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        loss = make_loss(name)(half, y)
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.isfinite().all()
    torch.testing.assert_close(loss.double(), make_loss(name)(half.detach().double(), y), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("n", [0, 1, 7, 16, 29, 128])
def test_the_log_softmax_of_a_cpu_has_the_bits_of_torch(n):
    # Three classes are fewer than the lanes of any vector; ten only of those with 16. Records were made with ten.
    for num_classes in (3, 10) if torch.backends.cpu.get_cpu_capability() == "AVX512" else (3,):
        for spread in (0.1, 3.0, 30.0):
            logits, y = batch(n, num_classes, spread)
            ours, torchs = (logits.float().requires_grad_() for _ in range(2))
            losses = make_loss("ce", num_classes, reduction="none")(ours, y)
            expected = F.cross_entropy(torchs, y, reduction="none")
            losses.square().sum().backward()
            expected.square().sum().backward()
            assert torch.equal(losses, expected)
            assert torch.equal(ours.grad, torchs.grad)
            assert ours.grad.is_contiguous()


@pytest.mark.parametrize("name", ["soni-nfl", "joshi-nfl", "norm(joshi-nfl)"])
@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_printed_focal_products_keep_their_digits_where_p_is_near_1(name, gamma):
    logits = torch.tensor([[20.0, 0, 1, -3], [90.0, -90, 2, 0], [0, 0, 0, 0], [40.0, 40, 0, 0]])
    y = torch.tensor([0, 1, 2, 3])
    values, gradients = [], []
    for dtype in (torch.float32, torch.float64):
        z = logits.to(dtype).requires_grad_()
        losses = make_loss(name, 4, reduction="none", gamma=gamma)(z, y)
        values.append(losses.double())
        gradients.append(torch.autograd.grad(losses.sum(), z)[0].double())
    torch.testing.assert_close(*values, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_float16_of_a_confident_prediction():
    # log(p + 1e-8) in half precision is -inf here.
    logits = torch.tensor([[20.0, -20.0]], dtype=torch.float16)
    assert make_loss("chheda-nce", 2)(logits, torch.tensor([1])).isfinite()


# Cards


def bases_and_sums():
    return [make_loss(name) for name in ALL if not make_loss(name).card.batch_level]


@pytest.mark.parametrize("name", [loss.name for loss in bases_and_sums()])
def test_sum_over_labels(name):
    loss = make_loss(name, scale=2)
    totals = [loss.every_label((s * batch(200, seed=1)[0]).log_softmax(1)).sum(1) for s in (0.1, 1.0, 3.0)]
    totals = torch.cat(totals)
    if loss.card.constant_sum is None:
        # That of krishnan-later-nfl moves by what is clipped alone.
        assert totals.std() > (2e-5 if name == "krishnan-later-nfl" else 1e-3) * totals.mean().abs()
    else:
        torch.testing.assert_close(totals, torch.full_like(totals, loss.card.constant_sum))


def test_which_sums_are_constant():
    constant = {card.name for card in cards() if card.constant_sum is not None}
    one = {"nce", "nfl", "nmae", "nrce", "ngce", "ma2020-nfl", "chheda-nce", "joshi-nrce"}
    assert constant == one | {
        "mae", "rce", "ma2020-nmae", "ma2020-nrce", "soni-nrce", "kathuria-mae", "kathuria-nce", "joshi-rce",
        "krishnan-code-rce",
    }  # fmt: skip
    assert {make_loss(name).card.constant_sum for name in one} == {1.0}
    assert make_loss("mae").card.constant_sum == 18
    assert make_loss("rce").card.constant_sum == 36
    assert make_loss("gce", q=1).card.constant_sum == 9
    assert make_loss("kathuria-nce", T=2).card.constant_sum is None
    assert make_loss("kathuria-nfl", gamma=0).card.constant_sum == 9
    assert make_loss("sce", alpha=0).card.constant_sum == 36
    assert make_loss("ce+mae").card.constant_sum is None
    assert make_loss("ce+mae", alpha=0, beta=2).card.constant_sum == 36


# Probabilities near the ends: at the label, at one other class, spread over the others, and everywhere.
TINY = 1e-300
ENDS = [
    [1 - 1e-12] + [1e-12 / 9] * 9,
    [TINY] + [1 / 9] * 9,
    [TINY, 1 - 8 * TINY] + [TINY] * 8,
    [1 - 1e-15, 1e-15] + [TINY] * 8,
    [0.1] * 10,
    [1 / 3] + [2 / 27] * 9,
]


@pytest.mark.parametrize("name", ALL)
def test_bounds_hold(name):
    loss = make_loss(name, scale=2, reduction="none")
    ends = torch.tensor(ENDS, dtype=torch.float64).log()
    for logits in [ends, batch(500)[0], batch(500, spread=20.0)[0]]:
        losses = loss(logits, torch.arange(len(logits)) % 2)
        slack = 1e-9 * (1 + losses.abs())
        assert (losses >= loss.card.lower - slack).all()
        assert (losses <= loss.card.upper + slack).all()


@pytest.mark.parametrize("name", EVERY)
def test_bounds_are_approached(name):
    loss = make_loss(name)
    losses = torch.cat([loss(*at(*p)).reshape(1) for p in ENDS])
    for bound, reached in ((loss.card.lower, losses.min()), (loss.card.upper, losses.max())):
        if math.isinf(bound):
            assert reached * math.copysign(1, bound) > 50
        else:
            # Those with a logarithm in the denominator get there as 1 / |log p|.
            assert abs(bound - reached) <= 0.04 * max(1, abs(bound)) or name in ("soni-nce", "soni-nfl")


def test_bounds_of_the_printed_products():
    # Largest where the other classes share all probability, or where (1-p)^gamma p is largest if that is less.
    assert value("soni-nce", *[1e-300, 0.5, 0.5]) == pytest.approx(make_loss("soni-nce", 3).card.upper)
    assert value("soni-nfl", *[1e-300, 0.5, 0.5]) == pytest.approx(make_loss("soni-nfl", 3).card.upper)
    assert value("soni-nfl", *[0.5, 0.25, 0.25], gamma=3) == pytest.approx(make_loss("soni-nfl", 3, gamma=3).card.upper)
    assert value("soni-nfl", *[1e-12, 1 - 1e-12], gamma=0) == pytest.approx(
        make_loss("soni-nfl", 2, gamma=0).card.upper
    )


def test_bound_of_the_clipped_quotient():
    card = make_loss("krishnan-later-nfl").card
    assert value("krishnan-later-nfl", *point(1e-4)) == pytest.approx(card.upper)
    logits = torch.cat([batch(2000, spread=spread)[0] for spread in (1.0, 5.0, 15.0)])
    assert make_loss("krishnan-later-nfl").every_label(logits.log_softmax(1)).max() < card.upper


def test_bounds_of_a_loss_that_never_vanishes():
    card = make_loss("krishnan-code-rce").card
    normalised = make_loss("norm(krishnan-code-rce)")
    assert normalised.card.lower == pytest.approx(card.lower / card.constant_sum)
    assert normalised(*at(1 - 9e-300, *[1e-300] * 9)) == pytest.approx(normalised.card.lower)


def test_bounds_of_multiples_of_mae():
    assert make_loss("norm(kathuria-mae)").card.upper == pytest.approx(1 / 9)
    assert make_loss("sce", alpha=0, beta=2).card.upper == 8
    assert make_loss("ce+mae", alpha=0, scale=3).card.upper == 6


def test_ngce_stays_far_below_one():
    card = make_loss("ngce").card
    assert card.upper == pytest.approx(1 / (10 - 9**0.3))
    assert value("ngce", *point(1e-300)) == pytest.approx(card.upper)


# Explicit terms l(f, k) of L = sum_k l(f, k), as functions of free p_k, label 0.
TERMS = {
    "ce": lambda p, q: -q * p.log(),
    "fl": lambda p, q: -q * (1 - p) ** 0.5 * p.log(),
    "gce": lambda p, q: q * (1 - p**0.7) / 0.7,
    "mae": lambda p, q: (p - q).abs(),
    "rce": lambda p, q: -p * torch.where(q > 0, 0.0, A),
    "kathuria-mae": lambda p, q: (p - q).abs() / K,
    "kathuria-nce": lambda p, q: q * (1 - p),
    "joshi-ce": lambda p, q: q * p.log(),
    "joshi-rce": lambda p, q: p * torch.where(q > 0, 0.0, A),
    "soni-code-nfl": lambda p, q: -q * (1 - p) ** 2 * p.log() / math.log(K),
    "krishnan-code-rce": lambda p, q: -p * torch.where(q > 0, 0.9, 0.1 / (K - 1)).log(),
    "chheda-code-rce": lambda p, q: -(1 - q) * (1 - p).log(),
    "sce": lambda p, q: -q * p.log() - p * torch.where(q > 0, 0.0, A),
    "ce+mae": lambda p, q: -q * p.log() + (p - q).abs(),
    "mae+rce": lambda p, q: (p - q).abs() - p * torch.where(q > 0, 0.0, A),
}


@pytest.mark.parametrize("name", TERMS)
def test_kind_by_the_explicit_terms(name):
    logits, _ = batch(1, spread=1.0)
    p = logits.softmax(1)[0].requires_grad_()
    q = F.one_hot(torch.tensor(0), K).double()
    total = TERMS[name](p, q).sum()
    torch.testing.assert_close(total, make_loss(name)(logits, torch.tensor([0])))
    (gradient,) = torch.autograd.grad(total, p)
    others = bool((gradient[1:] != 0).any())
    kind = make_loss(name).card.kind
    assert others == (kind != "active")
    # Both kinds: the labelled class has a logarithm of its own beside the passive term.
    if kind == "both":
        assert gradient[0] < gradient[1:].min() - 1


def test_kinds_of_sums():
    kinds = {
        name: make_loss(name).card.kind for name in ("nce+mae", "nfl+nce", "mae+rce", "norm(mae+rce)", "norm(sce)")
    }
    assert kinds == {
        "nce+mae": "both", "nfl+nce": "active", "mae+rce": "passive", "norm(mae+rce)": "passive", "norm(sce)": "both"
    }  # fmt: skip
    assert make_loss("nce+mae", alpha=0).card.kind == "passive"
    assert {card.name: card.kind for card in cards()} | {"nce": "active", "nrce": "passive"} == {
        card.name: card.kind for card in cards()
    }


SLOPES = [
    ("mae", {}, 2.0),
    ("mae", {"scale": 0.5}, 1.0),
    ("rce", {}, 4.0),
    ("rce", {"A": -2, "scale": 3}, 6.0),
    ("nmae", {}, 1 / 9),
    ("nrce", {}, 1 / 9),
    ("kathuria-mae", {}, 0.2),
    ("soni-nrce", {}, -1 / 9),
    ("joshi-rce", {}, -4.0),
    ("joshi-nrce", {}, 1 / 9),
    ("krishnan-code-rce", {}, math.log(81)),
    ("ma2020-nmae", {}, 1 / 18),
    ("ma2020-nrce", {}, 9 / 4 * LN4),
    ("mae+rce", {}, 6.0),
    ("norm(kathuria-mae)", {}, 1 / 9),
    ("norm(mae+rce)", {}, 1 / 9),
]


@pytest.mark.parametrize(("name", "parameters", "slope"), SLOPES)
def test_passive_slope_of_a_passive_loss(name, parameters, slope):
    loss = make_loss(name, **parameters)
    assert loss.passive_slope == pytest.approx(slope)
    for low, high in ((0.1, 0.2), (0.7, 0.9)):
        difference = loss(*at(*point(low))) - loss(*at(*point(high)))
        assert difference.item() / (high - low) == pytest.approx(slope)


@pytest.mark.parametrize(
    ("name", "parameters", "active", "weight", "slope"),
    [
        ("nce+mae", {}, "nce", 1, 2.0),
        ("nce+mae", {"beta": 1.5, "scale": 2}, "nce", 2, 6.0),
        ("nce+mae", {"mae": {"scale": 0.5}}, "nce", 1, 1.0),
        ("nce+rce", {"alpha": 3}, "nce", 3, 4.0),
        ("nfl+rce", {"A": -LN4}, "nfl", 1, LN4),
        ("sce", {"beta": 2}, "ce", 1, 8.0),
        ("sce", {"alpha": 0.1, "A": -LN4}, "ce", 0.1, LN4),
        ("sce+mae", {"alpha": 2}, "ce", 2, 10.0),
        ("krishnan-apl(nce+mae)", {}, "nce", 0.6, 0.8),
    ],
)
def test_passive_slope_is_what_the_active_part_leaves(name, parameters, active, weight, slope):
    loss = make_loss(name, **parameters)
    assert loss.passive_slope == pytest.approx(slope)
    rest = [loss(*at(*p)) - weight * make_loss(active)(*at(*p)) for p in (point(0.2), point(0.6))]
    assert (rest[0] - rest[1]).item() / 0.4 == pytest.approx(slope)


@pytest.mark.parametrize("name", ["ce", "nfl", "nfl+nce", "soni-nce", "norm(sce)", "norm(ce+mae)", "nce+soni-nce"])
def test_no_passive_slope(name):
    assert make_loss(name).passive_slope is None


def test_no_passive_slope_at_weight_zero():
    assert make_loss("nce+mae", beta=0).passive_slope is None
    assert make_loss("sce", beta=0).passive_slope is None


def test_cards():
    found = cards(4)
    assert [card.name for card in found] == list(names())
    for card in found:
        assert card.formula
        assert card.source
        assert card.lower < card.upper
        assert card.kind in ("active", "passive", "both")
        assert card.batch_level == card.name.startswith(("krishnan-nce", "krishnan-nfl"))
        if card.name.startswith(("soni-", "kathuria-", "krishnan-", "joshi-", "chheda-")):
            printed = not re.search(r"-(code|later)-", card.name)
            assert re.search(r"As printed in .*\(E\d+\)" if printed else r"As coded by .*\w+/.*\(E\d+\)", card.source)
    assert next(card for card in found if card.name == "mae").constant_sum == 6
    assert make_loss("krishnan-apl(krishnan-nce+mae)").card.batch_level


# Limits, identities and the reference's numbers


def test_limits_of_gce():
    logits, y = batch()
    torch.testing.assert_close(make_loss("gce", q=1e-9)(logits, y), make_loss("ce")(logits, y))
    torch.testing.assert_close(make_loss("gce", q=1)(logits, y), make_loss("mae", scale=0.5)(logits, y))


def test_gamma_zero_is_cross_entropy():
    logits, y = batch()
    assert torch.equal(make_loss("fl", gamma=0)(logits, y), make_loss("ce")(logits, y))
    assert torch.equal(make_loss("nfl", gamma=0)(logits, y), make_loss("nce")(logits, y))


def test_kathuria_nce_between_mae_and_ce():
    logits, y = batch()
    torch.testing.assert_close(make_loss("kathuria-nce", T=1)(logits, y), make_loss("mae", scale=0.5)(logits, y))
    torch.testing.assert_close(make_loss("kathuria-nce", T=1e9, scale=1e9)(logits, y), make_loss("ce")(logits, y))
    for T in (2, 5):
        torch.testing.assert_close(
            make_loss("kathuria-nce", T=T)(logits, y), make_loss("gce", q=1 / T, scale=1 / T)(logits, y)
        )


def test_kathuria_sum_is_one_function():
    logits, y = batch()
    total = make_loss("kathuria-nce+kathuria-mae")
    torch.testing.assert_close(total(logits, y), make_loss("kathuria-nce", scale=1.2)(logits, y))


def test_joshi_nce_is_cross_entropy():
    logits, y = batch()
    assert torch.equal(make_loss("joshi-nce")(logits, y), make_loss("ce")(logits, y))
    assert value("joshi-nce", *point(0.7)) == pytest.approx(0.356675, abs=1e-6)


def test_what_code_computes_is_known_under_other_names():
    """By the identities that the page of coded losses states."""
    logits, y = batch()
    rce = make_loss("rce", A=-math.log(81), reduction="none")(logits, y)
    torch.testing.assert_close(make_loss("krishnan-code-rce", reduction="none")(logits, y), rce - math.log(0.9))
    scaled = make_loss("fl", gamma=2, scale=1 / math.log(K))(logits, y)
    torch.testing.assert_close(make_loss("soni-code-nfl")(logits, y), scaled)
    ninth = make_loss("chheda-code-rce", scale=1 / 9)(logits, y)
    torch.testing.assert_close(make_loss("chheda-code-nrce")(logits, y), ninth)
    # Nothing is clipped here.
    even = batch(spread=0.5)[0]
    torch.testing.assert_close(make_loss("krishnan-later-nfl")(even, y), make_loss("nfl", gamma=2)(even, y))


def test_chhedas_coded_rce_keeps_its_digits_where_the_label_is_sure():
    for margin in (20.0, 60.0):
        logits = torch.tensor([[margin, 0, -1, -margin]])
        values, gradients = [], []
        for dtype in (torch.float32, torch.float64):
            z = logits.to(dtype).requires_grad_()
            values.append(make_loss("chheda-code-rce", 4)(z, torch.tensor([0])).double())
            gradients.append(torch.autograd.grad(values[-1], z)[0].double())
        torch.testing.assert_close(*values, rtol=1e-5, atol=0)
        torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-30)


def test_a_clipped_label_does_not_pull():
    logits = torch.tensor([[-12.0, 3, 0]], requires_grad=True)
    (gradient,) = torch.autograd.grad(make_loss("krishnan-later-nfl", 3)(logits, torch.tensor([0])), logits)
    (right,) = torch.autograd.grad(make_loss("nfl", 3, gamma=2)(logits, torch.tensor([0])), logits)
    assert right[0, 0] < -0.005 < -gradient[0, 0].abs()


def test_multiples_of_mae():
    logits, y = batch()
    mae = make_loss("mae")(logits, y)
    for name, factor in {"rce": 2, "nmae": 1 / 18, "nrce": 1 / 18, "mae+rce": 3, "ma2020-nmae": 1 / 36}.items():
        torch.testing.assert_close(make_loss(name)(logits, y), factor * mae)
    rce = make_loss("rce", A=-LN4)(logits, y)
    torch.testing.assert_close(make_loss("ma2020-nrce")(logits, y), 2.25 * rce)


def test_numbers_of_e1():
    assert value("nce", *point(0.7)) == pytest.approx(0.0115, abs=5e-5)
    assert value("soni-nce", *point(0.7)) == pytest.approx(-30.61, abs=5e-3)
    right, wrong = torch.zeros(2, 1, K, dtype=torch.float64)
    right[0, 0] = wrong[0, 1] = 20
    y = torch.tensor([0])
    printed, true = make_loss("soni-nce"), make_loss("nce")
    assert [round(printed(z, y).item()) for z in (right, wrong)] == [-180, -160]
    assert true(right, y).item() == pytest.approx(1.0e-10, rel=0.05)
    assert true(wrong, y).item() == pytest.approx(0.1111, abs=5e-5)


def test_gradient_of_e1():
    logits, y = batch(1)
    logits.requires_grad_()
    (gradient,) = torch.autograd.grad(make_loss("soni-nce")(logits, y), logits)
    others = 1 - F.one_hot(y, K)
    torch.testing.assert_close(gradient, others - 9 * logits.detach().softmax(1))


@pytest.mark.parametrize(
    ("gamma", "nfl", "soni", "joshi"), [(0.5, 0.02895, -7.066, 0.5552), (2, 0.00570, -7.540, 1.580)]
)
def test_numbers_of_e3(gamma, nfl, soni, joshi):
    p = (0.7, 0.1, 0.1, 0.1)
    assert value("nfl", *p, gamma=gamma) == pytest.approx(nfl, abs=6e-6)
    assert value("soni-nfl", *p, gamma=gamma) == pytest.approx(soni, abs=6e-4)
    assert value("joshi-nfl", *p, gamma=gamma) == pytest.approx(joshi, abs=6e-4)


def test_number_of_e4():
    assert value("nrce", *point(0.3)) == pytest.approx(0.0778, abs=5e-5)
    assert value("soni-nrce", *point(0.3)) == pytest.approx(-0.0778, abs=5e-5)


def test_numbers_of_e8():
    p = torch.tensor([[0.1] * 10, [1 - 9e-9] + [1e-9] * 9, [0.5 - 4e-9] * 2 + [1e-9] * 8], dtype=torch.float64)
    totals = make_loss("kathuria-nfl").every_label(p.log()).sum(1)
    assert totals.tolist() == pytest.approx([8.451, 9.000, 8.318], abs=6e-4)
    bounded = make_loss("kathuria-nce", T=10).every_label(p.log()).sum(1)
    assert bounded.tolist()[:2] == pytest.approx([2.0567, 7.8670], abs=5e-5)
    slopes = [
        (value("kathuria-nfl", *point(x + 1e-6)) - value("kathuria-nfl", *point(x - 1e-6))) / 2e-6 for x in (0.9, 0.99)
    ]
    assert slopes == pytest.approx([-0.0321493, -3.020e-4], rel=1e-3)


def test_krishnan_nce_is_scaled_cross_entropy():
    logits, y = batch(128)
    entropy = batch_entropy(y, K)
    torch.testing.assert_close(make_loss("krishnan-nce")(logits, y), make_loss("ce")(logits, y) / entropy)
    # Not within [0, 1].
    p = torch.tensor([point(0.01)] * K, dtype=torch.float64)
    rows = torch.stack([row.roll(i) for i, row in enumerate(p)]).log()
    assert make_loss("krishnan-nce")(rows, torch.arange(K)).item() == pytest.approx(math.log(100) / math.log(10))


def test_numbers_of_e11():
    logits = torch.tensor([point(0.9)] * 9 + [point(0.01)], dtype=torch.float64).log()
    y = torch.zeros(10, dtype=torch.int64)
    contributions = make_loss("krishnan-nfl", gamma=2, reduction="none")(logits, y)
    assert contributions.mean().item() == pytest.approx(4.226716891595301)
    assert contributions[-1].item() / (10 * math.log(100)) == pytest.approx(0.9158957106812449)
    uniform = torch.zeros(8, K, dtype=torch.float64)
    assert make_loss("krishnan-nfl")(uniform, torch.arange(8)).item() == pytest.approx(math.log(10))


@pytest.mark.parametrize(("detached", "easy"), [(False, 0.7598917522440743), (True, None)])
def test_easy_samples_are_pushed_down_by_attached_weights(detached, easy):
    log_p = torch.tensor([point(0.9)] * 9 + [point(0.01)], dtype=torch.float64).log().requires_grad_()
    loss = make_loss("krishnan-nfl-detached" if detached else "krishnan-nfl", gamma=2)
    logits_gradient = torch.autograd.grad(loss(log_p, torch.zeros(10, dtype=torch.int64)), log_p)[0][0, 0]
    assert (logits_gradient > 0) == (not detached)
    if easy:
        # dp_y / dz_y = p (1 - p)
        assert logits_gradient.item() == pytest.approx(easy * 0.9 * 0.1)


def test_weighted_mean_exceeds_the_mean():
    for seed in range(20):
        logits, y = batch(64, seed=seed)
        assert make_loss("krishnan-nfl", gamma=2)(logits, y) >= make_loss("ce")(logits, y)


def test_chheda_nce_of_a_certain_prediction():
    logits = torch.tensor([[1e4] + [0.0] * 9], dtype=torch.float64)
    assert make_loss("chheda-nce")(logits, torch.tensor([0])).item() == pytest.approx(-6.031867737757823e-11, rel=1e-6)


# The module


def test_reductions():
    logits, y = batch()
    none = make_loss("nce+mae", reduction="none")(logits, y)
    assert none.shape == y.shape
    torch.testing.assert_close(make_loss("nce+mae", reduction="mean")(logits, y), none.mean())
    torch.testing.assert_close(make_loss("nce+mae", reduction="sum")(logits, y), none.sum())


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.int8, torch.uint8])
def test_labels_of_any_integer_type(dtype):
    logits, y = batch()
    assert torch.equal(make_loss("nce")(logits, y.to(dtype)), make_loss("nce")(logits, y))


def test_label_out_of_range_is_not_ignored():
    # torch's cross_entropy skips a label of -100.
    with pytest.raises(NlrError, match=r"got the label -100, which is not in 0\.\.2"):
        make_loss("ce", 3)(torch.zeros(1, 3), torch.tensor([-100]))


def test_copies_and_prints():
    logits, y = batch()
    loss = make_loss("nfl+rce", gamma=2)
    assert torch.equal(copy.deepcopy(loss)(logits, y), loss(logits, y))
    assert "nfl+rce" in repr(loss)
    assert not list(loss.parameters())


# Names and spelling


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("norm(ce)", "nce"),
        ("norm(fl)", "nfl"),
        ("norm(gce)", "ngce"),
        ("norm(mae)", "nmae"),
        ("norm(rce)", "nrce"),
        ("norm(ma2020-fl)", "ma2020-nfl"),
        ("norm(nce)", "nce"),
        ("norm(norm(sce))", "norm(sce)"),
        ("norm( ce ) + MAE", "nce+mae"),
        ("mae+nce", "mae+nce"),
        ("norm(norm(ce)+mae)", "norm(nce+mae)"),
        ("krishnan-apl(norm(fl)+mae)", "krishnan-apl(nfl+mae)"),
        ("krishnan-apl(nce+mae)+rce", "krishnan-apl(nce+mae)+rce"),
    ],
)
def test_canonical_names(name, canonical):
    loss = make_loss(name)
    assert loss.name == loss.card.name == canonical
    assert parse_loss(name) == (canonical, {})
    assert make_loss(canonical).name == canonical


@pytest.mark.parametrize("name", ALL)
def test_spelling_round_trip(name):
    loss = make_loss(name, scale=1 / 3)
    spec = format_loss(loss.name, loss.settings)
    again, parameters = parse_loss(spec)
    assert again == loss.name
    assert make_loss(again, **parameters).settings == loss.settings
    assert format_loss(again, parameters) == spec


@pytest.mark.parametrize(
    ("spec", "name", "parameters"),
    [
        ("nce+mae,beta=1.5", "nce+mae", {"beta": 1.5}),
        (" norm(ce) + mae , mae.scale=.5, beta=2", "nce+mae", {"mae": {"scale": 0.5}, "beta": 2.0}),
        ("rce,A=-9.210340371976182", "rce", {"A": -9.210340371976182}),
        ("sce+mae,sce.alpha=.1", "sce+mae", {"sce": {"alpha": 0.1}}),
        ("krishnan-apl(nce+mae)+rce,krishnan-apl(nce+mae).mae.scale=2", "krishnan-apl(nce+mae)+rce",
         {"krishnan-apl(nce+mae)": {"mae": {"scale": 2.0}}}),
    ],
)  # fmt: skip
def test_parse(spec, name, parameters):
    assert parse_loss(spec) == (name, parameters)


def test_format():
    assert format_loss("norm(ce)+mae", {"mae": {"scale": 0.5}, "beta": 2, "alpha": 1e-5}) == (
        "nce+mae,alpha=1e-05,beta=2,mae.scale=0.5"
    )
    assert format_loss("ce", {}) == "ce"


# Errors


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("ncee", {}, "Unknown loss 'ncee'. Did you mean 'nce'?"),
        ("nce+maee", {}, "Unknown loss 'maee'. Did you mean 'mae'?"),
        ("norm(ce", {}, "Unknown loss 'norm(ce'"),
        ("", {}, "Unknown loss ''"),
        ("nce+", {}, "Unknown loss ''"),
        ("nce+mae+rce", {}, "has 3 terms: a sum has two"),
        ("mae+mae", {}, "adds a loss to itself"),
        ("nce+norm(ce)", {}, "adds a loss to itself"),
        ("krishnan-apl(nce)", {}, "krishnan-apl takes two"),
        ("norm(joshi-ce)", {}, "takes negative values"),
        ("norm(soni-nce)", {}, "takes negative values"),
        ("norm(soni-nrce)", {}, "takes negative values"),
        ("norm(ce+joshi-rce)", {}, "takes negative values"),
        ("norm(krishnan-nce)", {}, "depends on the labels of its batch"),
        ("norm(krishnan-nfl+mae)", {}, "depends on the labels of its batch"),
        ("ce", {"gamma": 1}, "Unknown parameter of loss 'ce' 'gamma'. Known: scale"),
        ("nrce", {"A": -4}, "Unknown parameter of loss 'nrce' 'A'"),
        ("nce+mae", {"gamma": 1}, "Known: alpha, beta, mae, nce, scale"),
        ("nce+mae", {"rce": {"scale": 1}}, "Unknown parameter of loss 'nce+mae' 'rce'"),
        ("nce+mae", {"mae": {"q": 1}}, "Unknown parameter of loss 'mae' 'q'"),
        ("nce+mae", {"mae": 2}, "come as a mapping"),
        ("krishnan-apl(nce+mae)", {"beta": 2}, "Unknown parameter"),
        ("krishnan-apl(nce+mae)", {"alpha": 1.5}, "must lie in [0, 1], not 1.5"),
        ("fl", {"gamma": -1}, "'gamma' of loss 'fl' must be at least 0, not -1"),
        ("gce", {"q": 0}, "'q' of loss 'gce' must be above 0 and at most 1, not 0"),
        ("gce", {"q": 1.1}, "above 0 and at most 1"),
        ("rce", {"A": 4}, "'A' of loss 'rce' must be below 0, not 4"),
        ("kathuria-nce", {"T": 0}, "'T' of loss 'kathuria-nce' must be above 0"),
        ("ce", {"scale": 0}, "'scale' of loss 'ce' must be above 0"),
        ("nce+mae", {"alpha": -1}, "'alpha' of loss 'nce+mae' must be at least 0"),
        ("sce", {"beta": -1}, "'beta' of loss 'sce' must be at least 0"),
        ("nce+mae", {"alpha": 0, "beta": 0}, "are both 0"),
        ("sce", {"alpha": 0, "beta": 0}, "are both 0"),
        ("ce", {"scale": "2"}, "must be a finite number, not '2'"),
        ("ce", {"scale": True}, "must be a finite number, not True"),
        ("ce", {"scale": math.nan}, "must be a finite number, not nan"),
        ("fl", {"gamma": math.inf}, "must be a finite number, not inf"),
    ],
)
def test_errors_of_make_loss(name, parameters, message):
    with pytest.raises(NlrError, match=re.escape(message)):
        make_loss(name, **parameters)


@pytest.mark.parametrize("num_classes", [1, 0, -3, 2.0, True, "10"])
def test_errors_of_num_classes(num_classes):
    with pytest.raises(NlrError, match="num_classes must be an integer of at least 2"):
        make_loss("ce", num_classes)


def test_error_of_reduction():
    with pytest.raises(NlrError, match=r"Unknown reduction 'avg'.*Known: mean, sum, none"):
        make_loss("ce", reduction="avg")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nce,beta", "Cannot read 'beta'"),
        ("nce,scale=x", "Cannot read 'scale=x'"),
        ("nce,", "Cannot read ''"),
        ("nce,scale=1,scale=2", "sets 'scale' twice"),
        ("nce+mae,mae=1,mae.scale=2", "both as a parameter and as a term"),
        ("nce+mae,mae.scale=2,mae=1", "sets 'mae' twice"),
        ("nce+mae,foo.scale=2", "Unknown loss 'foo'"),
        ("nce,q=2", "Unknown parameter of loss 'nce' 'q'"),
        ("gce,q=2", "above 0 and at most 1"),
        ("foo", "Unknown loss 'foo'"),
    ],
)
def test_errors_of_parse(spec, message):
    with pytest.raises(NlrError, match=re.escape(message)):
        parse_loss(spec)


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (
            torch.zeros(4, 3),
            torch.zeros(4, dtype=torch.int64),
            "logits of shape (N, 10), not torch.float32 of shape (4, 3)",
        ),
        (torch.zeros(10), torch.zeros(1, dtype=torch.int64), "logits of shape (N, 10)"),
        (torch.zeros(4, 10, 2), torch.zeros(4, dtype=torch.int64), "logits of shape (N, 10)"),
        (torch.zeros(4, 10).int(), torch.zeros(4, dtype=torch.int64), "not torch.int32"),
        (torch.zeros(4, 10), torch.zeros(3, dtype=torch.int64), "labels of shape (4,)"),
        (torch.zeros(4, 10), torch.zeros(4, 10), "labels of shape (4,)"),
        (torch.zeros(4, 10), torch.zeros(4), "not torch.float32"),
        (torch.zeros(4, 10), torch.zeros(4).bool(), "not torch.bool"),
    ],
)
def test_errors_of_forward(logits, labels, message):
    with pytest.raises(NlrError, match=re.escape(message)):
        make_loss("ce")(logits, labels)


@pytest.mark.parametrize("name", [*BATCH, "krishnan-apl(krishnan-nce+mae)"])
def test_no_loss_for_every_label_at_batch_level(name):
    with pytest.raises(NlrError, match="depends on the labels of the whole batch"):
        make_loss(name).every_label(batch()[0].log_softmax(1))
