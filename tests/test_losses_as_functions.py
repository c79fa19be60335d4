"""A loss is an ordinary function: derivatives of every order, torch's transforms, limits, laws that hold for all."""

import copy
import math
import pickle
import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from test_losses import ALL, BATCH, DETACHED, batch
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

from nlr.errors import NlrError
from nlr.losses import make_loss, names

# torch scripts its own derivatives of forward mode when these are first asked for.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is:FutureWarning")

SPECS = [*ALL, "fl,gamma=2", "nfl,gamma=2", "soni-nfl,gamma=2", "sce,alpha=0.1", "nce+mae,beta=1.5,mae.scale=0.5"]
SINGLE = [name for name in SPECS if not make_loss(name).card.batch_level]


@pytest.fixture(scope="module")
def small():
    return batch(5, 4, spread=2.0)


@pytest.mark.parametrize("name", [name for name in SPECS if name not in DETACHED])
def test_first_and_second_derivative(name, small):
    logits, y = small
    z = logits.clone().requires_grad_()
    loss = make_loss(name, 4)
    assert torch.autograd.gradcheck(loss, (z, y), check_forward_ad=True, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(loss, (z, y), check_batched_grad=True)


@pytest.mark.parametrize("name", sorted(DETACHED))
def test_second_derivative_with_weights_that_are_constants(name, small):
    # A difference quotient would see the weights change; the derivatives of both orders must not.
    logits, y = small
    chosen = F.one_hot(y, 4).bool()

    def by_hand(z):
        weight = (1 - z.softmax(1)).sqrt().detach()
        losses = -weight * z.log_softmax(1)
        if name == "krishnan-nfl-detached":
            return losses[chosen].sum() / weight[chosen].sum()
        return (losses[chosen] / (losses.sum(1) if name == "ma2020-nfl" else 1)).mean()

    found, expected = (
        torch.autograd.functional.hessian(f, logits) for f in (lambda z: make_loss(name, 4)(z, y), by_hand)
    )
    torch.testing.assert_close(found, expected)


def test_a_gradient_penalty_is_that_of_torch(small):
    # It was dropped in silence where a gradient could be differentiated once only.
    logits, y = small
    penalised = []
    for loss in (make_loss("ce", 4), F.cross_entropy):
        z = logits.clone().requires_grad_()
        value = loss(z, y)
        (gradient,) = torch.autograd.grad(value, z, create_graph=True)
        (value + 10 * gradient.square().sum()).backward()
        penalised.append(z.grad)
    torch.testing.assert_close(*penalised)


@pytest.mark.parametrize("name", SPECS)
def test_transforms_of_torch(name, small):
    logits, y = small
    z = logits.clone().requires_grad_()
    loss = make_loss(name, 4)

    def f(x):
        return loss(x, y)

    (gradient,) = torch.autograd.grad(f(z), z)
    second = torch.autograd.functional.hessian(f, logits)
    for found in (grad(f)(logits), jacrev(f)(logits), jacfwd(f)(logits)):
        torch.testing.assert_close(found, gradient)
    for found in (
        hessian(f)(logits),
        jacfwd(jacfwd(f))(logits),
        torch.autograd.functional.hessian(f, logits, vectorize=True),
    ):
        torch.testing.assert_close(found, second)
    torch.testing.assert_close(jvp(f, (logits,), (logits,))[1], (gradient * logits).sum())
    if name in SINGLE:
        # Each sample by itself: logits (K,) and one label.
        torch.testing.assert_close(vmap(grad(loss))(logits, y) / len(y), gradient)


@pytest.mark.parametrize("name", SPECS)
def test_copies_and_compiles(name, small):
    logits, y = small
    loss = make_loss(name, 4, reduction="none")
    for again in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert torch.equal(again(logits, y), loss(logits, y))
    values, gradients = [], []
    # Whole, as one graph: a break would hide what cannot be traced.
    for function in (torch.compile(loss, backend="aot_eager", fullgraph=True), loss):
        z = logits.clone().requires_grad_()
        values.append(function(z, y))
        gradients.append(torch.autograd.grad(values[-1].sum(), z)[0])
    torch.compiler.reset()
    torch.testing.assert_close(*values)
    torch.testing.assert_close(*gradients)


@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="no compiler")
def test_compiles_to_machine_code():
    logits, y = batch(29)
    loss = make_loss("nfl+rce")
    gradients = []
    for function in (torch.compile(loss, fullgraph=True), loss):
        z = logits.clone().requires_grad_()
        gradients.append(torch.autograd.grad(function(z, y), z)[0])
    torch.compiler.reset()
    torch.testing.assert_close(*gradients)


def test_second_derivative_of_a_prediction_that_is_sure():
    # 1 - p is 0 in float32 here, and a negative power of it infinite.
    logits, y = torch.tensor([[60.0, 0, 0], [0, 1, 2]]), torch.tensor([0, 1])
    for name in ("fl", "nfl", "ma2020-nfl", "kathuria-nfl", "soni-nfl", "nfl+rce", "krishnan-nfl"):
        loss = make_loss(name, 3)
        (gradient,) = torch.autograd.grad(loss(z := logits.clone().requires_grad_(), y), z, create_graph=True)
        (second,) = torch.autograd.grad(gradient.square().sum(), z)
        assert second.isfinite().all(), name


# Laws


@pytest.mark.parametrize("name", SPECS)
def test_laws(name):
    logits, y = batch(30)
    loss = make_loss(name, reduction="none")
    value = loss(logits, y)
    torch.testing.assert_close(loss(logits + 5 * torch.arange(30.0)[:, None], y), value)
    order = torch.randperm(10, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(loss(logits[:, order], order.argsort()[y]), value)
    torch.testing.assert_close(make_loss(f"{name},scale=3", reduction="none")(logits, y), 3 * value)
    if loss.card.constant_sum is not None:
        every = torch.stack([loss(logits, torch.full_like(y, k)) for k in range(10)])
        torch.testing.assert_close(every.sum(0), torch.full_like(value, loss.card.constant_sum))


# Logits of -inf


def limit(loss, logits, masked, y, far):
    z = logits.masked_fill(masked, far).requires_grad_()
    losses = loss(z, y)
    return losses.detach(), torch.autograd.grad(losses.sum(), z)[0]


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("where", ["others", "label"])
def test_logits_of_minus_infinity_have_the_limit(name, where):
    logits, y = batch(4, 6, spread=1.0)
    y = y % 4
    masked = F.one_hot(y, 6).bool() if where == "label" else torch.arange(6).expand(4, 6) >= 4
    loss = make_loss(name, 6, reduction="none")
    if name == "krishnan-nfl" and where == "label":  # the derivative of the weights has none
        with pytest.raises(NlrError, match="has no limit"):
            loss(logits.masked_fill(masked, -math.inf), y)
        return
    value, gradient = limit(loss, logits, masked, y, -math.inf)
    # What is left of a sum of all terms, one of them far out, keeps fewer digits.
    near, near_gradient = limit(loss, logits, masked, y, -1e7)
    torch.testing.assert_close(gradient, near_gradient, rtol=1e-5, atol=1e-5)
    infinite = value.isinf()
    torch.testing.assert_close(value[~infinite], near[~infinite], rtol=1e-5, atol=1e-5)
    assert (near[infinite] * value[infinite].sign() > 1e6).all()


@pytest.mark.parametrize("name", ["nce", "nfl", "norm(sce)", "ma2020-nfl", "soni-nce", "nce+mae"])
def test_no_limit_is_said(name):
    logits, y = torch.zeros(2, 5), torch.tensor([0, 1])
    logits[1, 1:3] = -math.inf  # two losses of one sample grow without bound, no share is theirs
    with pytest.raises(NlrError, match="has no limit for the logits of -inf in row 1"):
        make_loss(name, 5)(logits, y)


@pytest.mark.parametrize("name", names())
def test_what_is_not_a_number_stays_so(name):
    # A training that has diverged goes on, and its record says so.
    for wrong in (math.nan, math.inf):
        logits = torch.zeros(2, 3)
        logits[0, 0], logits[1, 1] = wrong, -math.inf
        assert make_loss(name, 3)(logits, torch.tensor([0, 0])).isnan()


# Shapes, labels and weights


@pytest.mark.parametrize("name", SPECS)
def test_more_dimensions(name):
    logits, y = batch(24, 5)
    flat = make_loss(name, 5, reduction="none")(logits, y)
    image, labels = logits.reshape(2, 3, 4, 5).movedim(-1, 1), y.reshape(2, 3, 4)
    assert torch.equal(make_loss(name, 5, reduction="none")(image, labels), flat.reshape(2, 3, 4))
    torch.testing.assert_close(make_loss(name, 5)(image, labels), flat.mean())
    if name in SINGLE:
        torch.testing.assert_close(make_loss(name, 5)(logits[3], y[3]), flat[3])


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ignore_index": 2},
        {"ignore_index": -100},
        {"weight": [0, 1, 2, 0.5, 3.0]},
        {"weight": torch.tensor([0, 1, 2, 0.5, 3]), "ignore_index": 2},
    ],
)
def test_options_are_those_of_torch(reduction, options):
    logits, y = batch(24, 5)
    y[::3] = options.get("ignore_index", 1)
    image, labels = logits.reshape(2, 3, 4, 5).movedim(-1, 1), y.reshape(2, 3, 4)
    weight = options.get("weight")
    theirs = {**options, "weight": None if weight is None else torch.as_tensor(weight).double()}
    found, gradients = [], []
    for loss in (
        make_loss("ce", 5, reduction=reduction, **options),
        lambda z, t: F.cross_entropy(z, t, reduction=reduction, **theirs),
    ):
        z = image.clone().requires_grad_()
        found.append(loss(z, labels))
        gradients.append(torch.autograd.grad(found[-1].square().sum(), z)[0])
    torch.testing.assert_close(*found)
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("name", SPECS)
def test_what_is_ignored_might_as_well_not_be_there(name):
    logits, y = batch(12, 5)
    counted = torch.arange(12) % 3 != 0
    labels = y.masked_fill(~counted, 255).to(torch.uint8)
    weight = torch.rand(5, generator=torch.Generator().manual_seed(3))
    for options in ({}, {"weight": weight}):
        z = logits.masked_fill(~counted[:, None], math.nan).requires_grad_()
        loss = make_loss(name, 5, ignore_index=255, **options)(z, labels)
        kept = logits[counted].requires_grad_()
        expected = make_loss(name, 5, **options)(kept, y[counted])
        torch.testing.assert_close(loss, expected)
        (gradient,) = torch.autograd.grad(loss, z)
        torch.testing.assert_close(gradient[counted], torch.autograd.grad(expected, kept)[0])
        assert (gradient[~counted] == 0).all()


@pytest.mark.parametrize("name", SPECS)
def test_a_batch_without_a_sample_that_counts(name):
    logits, y = torch.full((3, 4), -math.inf, requires_grad=True), torch.full((3,), -1)
    assert make_loss(name, 4, ignore_index=-1)(logits, y).isnan()
    assert F.cross_entropy(logits, y, ignore_index=-1).isnan()
    total = make_loss(name, 4, ignore_index=-1, reduction="sum")(logits, y)
    assert total == 0
    assert (torch.autograd.grad(total, logits)[0] == 0).all()


@pytest.mark.parametrize("name", SINGLE)
def test_probabilities_as_labels(name):
    logits, y = batch(24, 5)
    q = batch(24, 5, spread=1.0, seed=7)[0].softmax(1)
    loss = make_loss(name, 5, reduction="none")
    expected = sum(q[:, k] * loss(logits, torch.full_like(y, k)) for k in range(5))
    torch.testing.assert_close(loss(logits, q), expected)
    torch.testing.assert_close(loss(logits, F.one_hot(y, 5).double()), loss(logits, y))
    image = logits.reshape(2, 3, 4, 5).movedim(-1, 1)
    assert torch.equal(loss(image, q.reshape(2, 3, 4, 5).movedim(-1, 1)), loss(logits, q).reshape(2, 3, 4))
    z, p = logits[:4].clone().requires_grad_(), q[:4].clone().requires_grad_()
    if name not in DETACHED:
        assert torch.autograd.gradcheck(make_loss(name, 5), (z, p))


def test_probabilities_are_those_of_torch():
    logits, _ = batch(24, 5)
    q, weight = batch(24, 5, spread=1.0, seed=7)[0].softmax(1), torch.tensor([0, 1, 2, 0.5, 3]).double()
    for reduction in ("none", "sum", "mean"):
        found = make_loss("ce", 5, reduction=reduction, weight=weight)(logits, q)
        torch.testing.assert_close(found, F.cross_entropy(logits, q, weight=weight, reduction=reduction))
    # A class that is never drawn may be masked.
    q, masked = torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([[0.0, 1.0, -math.inf]])
    assert make_loss("ce", 3)(masked, q) == make_loss("ce", 2)(masked[:, :2], q[:, :2])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.int8, torch.int64])
def test_every_integer_type(dtype):
    logits, y = batch()
    assert torch.equal(make_loss("nce")(logits, y.to(dtype)), make_loss("nce")(logits, y))


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("label", [-1, 3, 255])
def test_label_out_of_range(name, label):
    for ignored in (None, 7):
        with pytest.raises(NlrError, match=rf"Loss '{name}' got the label {label}, which is not in 0\.\.2"):
            make_loss(name, 3, ignore_index=ignored)(torch.zeros(2, 3), torch.tensor([0, label]))


def test_numpy_numbers():
    loss = make_loss("gce", np.int64(5), ignore_index=np.int32(-1), q=np.float32(0.5), weight=np.ones(5))
    assert (type(loss.num_classes), loss.num_classes, loss.settings["q"]) == (int, 5, 0.5)


@pytest.mark.parametrize("backend", ["meta", "cpu"])
def test_shape_without_values(backend):
    logits, y = torch.zeros(4, 10, 2, device=backend), torch.zeros(4, 2, dtype=torch.int64, device=backend)
    assert make_loss("nce+rce", reduction="none")(logits, y).shape == (4, 2)


@pytest.mark.parametrize(
    ("logits", "labels", "options", "message"),
    [
        ([[0.0] * 3], torch.tensor([0]), {}, "takes tensors, not logits of type list; see torch.as_tensor"),
        (torch.zeros(1, 3), [0], {}, "takes tensors, not labels of type list"),
        (torch.zeros(1, 3), torch.zeros(1, dtype=torch.int64, device="meta"), {}, "on one device, not on cpu and meta"),
        (torch.zeros(1, 3), torch.tensor([[0.5, 0.6, 0.0]]), {}, "probabilities of at least 0 that sum to 1"),
        (torch.zeros(1, 3), torch.tensor([[-0.5, 1.5, 0.0]]), {}, "probabilities of at least 0 that sum to 1"),
        (torch.zeros(1, 3), torch.full((1, 3), 1 / 3), {"ignore_index": 0}, "has an ignore_index: it takes integer"),
        (torch.tensor(0.0), torch.tensor(0), {}, "logits of shape (N, 3)"),
    ],
)
def test_errors_of_forward(logits, labels, options, message):
    with pytest.raises(NlrError) as raised:
        make_loss("ce", 3, **options)(logits, labels)
    assert message in str(raised.value)


@pytest.mark.parametrize("name", BATCH)
def test_no_probabilities_at_batch_level(name):
    with pytest.raises(NlrError, match="depends on the labels of the whole batch: it takes integer labels"):
        make_loss(name, 3)(torch.zeros(1, 3), torch.full((1, 3), 1 / 3))


@pytest.mark.parametrize("weight", [[1, 2], [1, -1, 1], [1, math.nan, 1], "abc", [[1], [2]], 2.0])
def test_errors_of_weight(weight):
    with pytest.raises(NlrError, match="weight must be 3"):
        make_loss("ce", 3, weight=weight)


@pytest.mark.parametrize("ignored", [1.0, True, "0"])
def test_errors_of_ignore_index(ignored):
    with pytest.raises(NlrError, match="ignore_index must be an integer or None"):
        make_loss("ce", 3, ignore_index=ignored)


# Spelling


def test_a_spelling_with_parameters_is_a_name():
    assert make_loss("nce+mae,beta=1.5").settings == make_loss("nce+mae", beta=1.5).settings
    both = make_loss("nce+mae,beta=1.5,mae.scale=2", alpha=3)
    assert both.settings == make_loss("nce+mae", alpha=3, beta=1.5, mae={"scale": 2}).settings
    with pytest.raises(NlrError, match=r"'beta' is set in the loss 'nce\+mae,beta=1\.5' and beside it"):
        make_loss("nce+mae,beta=1.5", beta=2)
    with pytest.raises(NlrError, match="'scale' is set in the loss"):
        make_loss("nce+mae,mae.scale=2", mae={"scale": 3})


def test_losses_with_a_comma_between():
    with pytest.raises(NlrError, match=r"Cannot read 'nce' in the loss 'ce,nce'.*apart by spaces, as in 'ce nce'"):
        make_loss("ce,nce")
