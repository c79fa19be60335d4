"""The networks: sizes, shapes, how weights are drawn, and errors."""

import math

import pytest
import torch
from torch import nn

from nlr import models
from nlr.errors import NlrError


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("cnn8", {}, 1_639_794),
        ("krishnan-cnn", {}, 5_352_778),
        ("soni-cnn", {}, 2_617_482),
        ("chheda-cnn", {}, 3_249_994),
        ("resnet18", {}, 11_181_642),
        ("resnet18", {"stem": "torchvision"}, 11_181_642),
        ("resnet18", {"stem": "cifar"}, 11_173_962),
        ("cnn4", {}, 422_090),
        ("cnn4", {"hidden_batch_norm": False}, 421_834),
        ("digits-cnn", {}, 13_802),
    ],
)
def test_number_of_parameters(name, options, size):
    assert models.num_parameters(models.make_model(name, **options)) == size


@pytest.mark.parametrize(("width", "widths"), [(1.0, (64, 128, 196)), (0.5, (32, 64, 98)), (0.001, (1, 1, 1))])
def test_width_scales_the_convolutions_and_keeps_the_hidden_layer(width, widths):
    model = models.make_model("cnn8", width=width)
    convolutions = [(m.in_channels, m.out_channels) for m in model if isinstance(m, nn.Conv2d)]
    a, b, c = widths
    assert convolutions == [(3, a), (a, a), (a, b), (b, b), (b, c), (c, c)]
    assert [(m.in_features, m.out_features) for m in model if isinstance(m, nn.Linear)] == [(16 * c, 256), (256, 10)]


def test_width_scales_krishnans_network_hidden_layer_and_all():
    model = models.make_model("krishnan-cnn", width=0.5)
    convolutions = [(m.in_channels, m.out_channels) for m in model if isinstance(m, nn.Conv2d)]
    assert convolutions == [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    assert [(m.in_features, m.out_features) for m in model if isinstance(m, nn.Linear)] == [(2048, 512), (512, 10)]


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("soni-cnn", "3-128 pool 128-128 pool drop 128-256 pool 256-256 pool drop 1024:1024 drop 1024:512 drop 512:10"),
        ("chheda-cnn", "3-64 64-64 pool 64-128 128-128 pool 128-256 256-256 pool 4096:512 512:10"),
    ],
)
def test_networks_of_two_reports_are_those_of_their_code(name, layers):
    names = {nn.MaxPool2d: "pool", nn.Dropout2d: "drop", nn.Dropout: "drop"}
    found = []
    for layer in models.make_model(name):
        if isinstance(layer, nn.Conv2d):
            found.append(f"{layer.in_channels}-{layer.out_channels}")
        elif isinstance(layer, nn.Linear):
            found.append(f"{layer.in_features}:{layer.out_features}")
        elif type(layer) in names:
            found.append(names[type(layer)])
    assert " ".join(found) == layers


@pytest.mark.parametrize(
    ("name", "options", "pixels"),
    [
        ("cnn8", {"width": 0.1}, (3, 32, 32)),
        ("krishnan-cnn", {}, (3, 32, 32)),
        ("soni-cnn", {"width": 0.5}, (3, 32, 32)),
        ("chheda-cnn", {"width": 0.5}, (3, 32, 32)),
        ("resnet18", {"stem": "torchvision"}, (3, 32, 32)),
        ("resnet18", {"stem": "cifar"}, (3, 32, 32)),
        ("cnn4", {}, (1, 28, 28)),
        ("cnn4", {"hidden_batch_norm": False}, (1, 28, 28)),
        ("digits-cnn", {}, (1, 8, 8)),
    ],
)
@pytest.mark.parametrize("num_classes", [10, 7])
def test_logits_have_one_row_an_image_and_one_column_a_class(name, options, pixels, num_classes):
    logits = models.make_model(name, num_classes, **options)(torch.randn(2, *pixels))
    assert logits.shape == (2, num_classes)
    assert logits.isfinite().all()


def test_stem_decides_the_resolution_of_the_first_block():
    sizes = {}
    for stem in ("torchvision", "cifar"):
        model = models.make_model("resnet18", stem=stem)
        model.layer1.register_forward_pre_hook(
            lambda _, x, stem=stem: sizes.__setitem__(stem, tuple(x[0].shape[2:]))  # the input of the first block
        )
        model(torch.randn(2, 3, 32, 32))
    assert sizes == {"torchvision": (8, 8), "cifar": (32, 32)}


@pytest.mark.parametrize("hidden_batch_norm", [True, False])
def test_the_network_for_mnist_is_that_of_the_authors_first_scripts(hidden_batch_norm):
    """Written out as they have it, the pool after the ReLU, it gives the same logits to the bit."""
    torch.manual_seed(0)
    model = models.make_model("cnn4", hidden_batch_norm=hidden_batch_norm)
    convolutions, linear = ([m for m in model if isinstance(m, kind)] for kind in (nn.Conv2d, nn.Linear))
    first, second, *hidden = (m for m in model if isinstance(m, nn.BatchNorm2d | nn.BatchNorm1d))
    assert len(hidden) == hidden_batch_norm
    blocks = [nn.Sequential(c, n, nn.ReLU()) for c, n in zip(convolutions, (first, second), strict=True)]
    body = [blocks[0], nn.MaxPool2d(2), blocks[1], nn.MaxPool2d(2), nn.Flatten()]
    written_out = nn.Sequential(*body, linear[0], *hidden, nn.ReLU(), linear[1])
    images = torch.randn(8, 1, 28, 28)
    assert torch.equal(written_out(images), model(images))
    assert sum(p.numel() for p in written_out.parameters()) == models.num_parameters(model)


@pytest.mark.parametrize("name", ["cnn8", "cnn4"])
def test_weights_of_the_papers_networks_are_uniform_with_the_released_bounds(name):
    for module in models.make_model(name):
        if isinstance(module, nn.Conv2d):
            bound = math.sqrt(6 / (9 * module.in_channels))
        elif isinstance(module, nn.Linear):
            bound = math.sqrt(6 / (module.in_features + module.out_features))
        else:
            continue
        weight = module.weight.detach()
        assert 0.98 * bound < weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_weights_of_krishnans_network_are_normal_by_fan_in():
    for module in models.make_model("krishnan-cnn"):
        if isinstance(module, nn.Conv2d | nn.Linear):
            weight = module.weight.detach()
            assert weight.std().item() == pytest.approx(math.sqrt(2 / weight[0].numel()), rel=0.05)
            assert weight.abs().max() > 2.5 * weight.std()  # a uniform one would end at 1.7


def test_krishnans_network_drops_half_of_the_hidden_units_in_training_only():
    model = models.make_model("krishnan-cnn")
    images = torch.randn(2, 3, 32, 32)
    assert [m.p for m in model if isinstance(m, nn.Dropout)] == [0.5]
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


@pytest.mark.parametrize("name", ["cnn8", "cnn4", "digits-cnn"])
def test_weights_depend_on_the_global_generator_alone(name):
    def weights(seed):
        torch.manual_seed(seed)
        return torch.cat([p.detach().flatten() for p in models.make_model(name).parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_distance_is_euclidean_over_all_weights():
    model = models.make_model("digits-cnn")
    start = [p.detach().clone() for p in model.parameters()]
    assert models.distance(model, start) == 0
    with torch.no_grad():
        next(model.parameters()).view(-1)[0] += 3
        list(model.parameters())[-1].view(-1)[0] -= 4
    assert models.distance(model, start) == pytest.approx(5)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("cnn9", {}, ("'cnn9'", "Did you mean 'cnn8'", "krishnan-cnn", "resnet18", "digits-cnn")),
        ("resnet18", {"stem": "cfar"}, ("stem", "'cfar'", "torchvision", "cifar")),
        ("cnn8", {"depth": 3}, ("'cnn8'", "depth")),
        ("digits-cnn", {"width": 0.5}, ("'digits-cnn'", "width")),
    ],
)
def test_what_is_unknown_is_named(name, options, words):
    with pytest.raises(NlrError) as caught:
        models.make_model(name, **options)
    assert all(word in str(caught.value) for word in words)
