"""The networks of the paper and of the reports: float images (N, channels, height, width) to logits (N, K)."""

import inspect

import torch
from torch import nn

from nlr.errors import unknown


def _conv_block(channels, widths):
    """3 x 3 convolutions with batch norm and ReLU, then a 2 x 2 max-pool.

    The last ReLU comes after the pool: value and gradient are the same to the bit, on a quarter of the numbers.
    """
    layers = []
    for width in widths:
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    return [*layers[:-1], nn.MaxPool2d(2), layers[-1]]


def _initialised(model):
    """The same network with the weights that the authors' code draws; biases keep torch's default."""
    for module in model:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_uniform_(module.weight)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
    return model


def cnn8(num_classes=10, width=1.0):
    """The paper's 8-layer CNN: six convolutions (64, 64, 128, 128, 196, 196) and two linear layers.

    1,639,794 parameters at ``width=1`` and 10 classes. ``width`` scales the convolutions; the hidden layer keeps its
    256 units. Weights as in the released code (uniform Kaiming by fan-in for convolutions, uniform Xavier for linear
    layers); it leaves biases at torch's default.
    """
    widths = [max(1, round(width * w)) for w in (64, 128, 196)]
    layers, channels = [], 3
    for w in widths:
        layers += _conv_block(channels, (w, w))
        channels = w
    hidden = [nn.Linear(channels * 16, 256), nn.BatchNorm1d(256), nn.ReLU(inplace=True)]
    model = nn.Sequential(*layers, nn.Flatten(), *hidden, nn.Linear(256, num_classes))
    return _initialised(model)


def cnn4(num_classes=10, hidden_batch_norm=True):
    """The paper's 4-layer CNN for 28 x 28 grey images: two convolutions (32, 64) and two linear layers (128 units).

    422,090 parameters with 10 classes, as the authors' first scripts (89fa39a) have it. ``hidden_batch_norm`` says
    whether the hidden layer has batch norm. Weights and biases as in :func:`cnn8`.
    """
    body = [*_conv_block(1, (32,)), *_conv_block(32, (64,)), nn.Flatten(), nn.Linear(64 * 7 * 7, 128)]
    norm = [nn.BatchNorm1d(128)] if hidden_batch_norm else []
    return _initialised(nn.Sequential(*body, *norm, nn.ReLU(inplace=True), nn.Linear(128, num_classes)))


def krishnan_cnn(num_classes=10, width=1.0):
    """Krishnan's CNN: six convolutions (64, 128, 256 in pairs), 1024 hidden units, dropout .5, normal Kaiming weights.

    5,352,778 parameters at ``width=1`` and 10 classes; the report says about 4.2 million, which is its two linear
    layers alone (E34). The report does not state the activation after the hidden layer: ReLU is our choice. ``width``
    scales the convolutions and the hidden layer.
    """
    *widths, units = [max(1, round(width * w)) for w in (64, 128, 256, 1024)]
    layers, channels = [], 3
    for w in widths:
        layers += _conv_block(channels, (w, w))
        channels = w
    head = [nn.Linear(channels * 16, units), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(units, num_classes)]
    model = nn.Sequential(*layers, nn.Flatten(), *head)
    for module in model:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    return model


def soni_cnn(num_classes=10, width=1.0):
    """The CNN of Soni's public code: convolutions (128, 128, 256, 256), each with pool, and linear layers (1024, 512).

    2,617,482 parameters at ``width=1`` and 10 classes. Channels are dropped (.3) after every second convolution, units
    (.5) after both hidden layers; weights are torch's default. ``width`` scales all but the last layer.
    """
    *widths, first, second = [max(1, round(width * w)) for w in (128, 128, 256, 256, 1024, 512)]
    layers, channels = [], 3
    for place, w in enumerate(widths):
        layers += _conv_block(channels, (w,)) + [nn.Dropout2d(0.3)] * (place % 2)
        channels = w
    layers.append(nn.Flatten())
    for inputs, units in ((channels * 4, first), (first, second)):
        layers += [nn.Linear(inputs, units), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(second, num_classes))


def chheda_cnn(num_classes=10, width=1.0):
    """The CNN of Chheda's public code: six convolutions (64, 128, 256 in pairs) and two linear layers (512 units).

    3,249,994 parameters at ``width=1`` and 10 classes; weights are torch's default. ``width`` scales all but the last
    layer.
    """
    *widths, units = [max(1, round(width * w)) for w in (64, 128, 256, 512)]
    layers, channels = [], 3
    for w in widths:
        layers += _conv_block(channels, (w, w))
        channels = w
    head = [nn.Linear(channels * 16, units), nn.ReLU(inplace=True), nn.Linear(units, num_classes)]
    return nn.Sequential(*layers, nn.Flatten(), *head)


def resnet18(num_classes=10, stem="torchvision"):
    """ResNet-18 without pre-training: torchvision's stem (11,181,642 parameters) or the CIFAR stem (11,173,962).

    torchvision's stem halves a 32 x 32 image twice before the first block (E33); the CIFAR stem is one 3 x 3
    convolution without pooling.
    """
    import torchvision  # here, because it takes longer to import than all else together

    model = torchvision.models.resnet18(num_classes=num_classes)
    if stem == "cifar":
        model.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        model.maxpool = nn.Identity()
    elif stem != "torchvision":
        raise unknown("ResNet-18 stem", stem, ("torchvision", "cifar"))
    return model


def digits_cnn(num_classes=10):
    """A small CNN for the 8 x 8 digits: two convolutions (16, 32) and two linear layers (64 hidden units)."""
    body = [*_conv_block(1, (16,)), *_conv_block(16, (32,)), nn.Flatten()]
    return nn.Sequential(*body, nn.Linear(128, 64), nn.ReLU(inplace=True), nn.Linear(64, num_classes))


MODELS = {
    "cnn8": cnn8,
    "cnn4": cnn4,
    "krishnan-cnn": krishnan_cnn,
    "soni-cnn": soni_cnn,
    "chheda-cnn": chheda_cnn,
    "resnet18": resnet18,
    "digits-cnn": digits_cnn,
}


def check_options(name, options):
    """Raise NlrError where the network or one of the named options is unknown."""
    if name not in MODELS:
        raise unknown("model", name, MODELS)
    known = [key for key in inspect.signature(MODELS[name]).parameters if key != "num_classes"]
    for key in options:
        if key not in known:
            raise unknown(f"option of model {name!r}", key, known)


def make_model(name, num_classes=10, **options):
    """The network ``name`` with fresh weights drawn from torch's global generator.

    Raises:
        NlrError: the network or one of its options is unknown.
    """
    check_options(name, options)
    return MODELS[name](num_classes, **options)


def num_parameters(model):
    """How many trainable numbers the network has."""
    return sum(p.numel() for p in model.parameters())


def distance(model, start):
    """Euclidean distance of the weights from ``start``, a list of tensors in the order of ``model.parameters()``."""
    pairs = zip(model.parameters(), start, strict=True)
    return torch.stack([(p.detach().float() - s.float()).square().sum() for p, s in pairs]).sum().sqrt().item()
