"""The protocols' files: every one resolves, what extends what, the reference's values, and errors for bad files."""

import math
import re

import pytest

from nlr import losses, protocols
from nlr.errors import NlrError


@pytest.mark.parametrize("name", protocols.names())
def test_every_file_resolves_to_all_that_a_run_needs(name):
    protocol, reference = protocols.load(name), protocols.load("ma2020")
    assert protocol["name"] == name
    assert protocol["title"] not in ("", name)
    for section in ("data", "noise", "training"):
        assert set(protocol[section]) == set(reference[section])
    assert protocol["model"]["name"]
    for loss, parameters in protocol["losses"].items():
        losses.make_loss(loss, **parameters)  # an unknown one is an error


def test_names():
    assert protocols.names() == ["digits", "ma2020", "ma2020-small", "ma2020-small-x4", "ma2020-val"]


def test_the_reference_trains_as_the_released_code():
    protocol = protocols.load("ma2020")
    assert protocol["data"] == {
        "dataset": "cifar10",
        "train_per_class": 0,
        "validation": 0.0,
        "mean": [0.4914, 0.4822, 0.4465],
        "std": [0.2470, 0.2435, 0.2616],
        "augmentation": "crop-flip",
    }
    assert protocol["noise"] == {"symmetric": "per-class", "asymmetric": "per-class", "class_map": "ma2020"}
    assert protocol["model"] == {"name": "cnn8", "width": 1.0}
    assert protocol["training"] == {
        "epochs": 120,
        "batch_size": 128,
        "optimiser": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "schedule": "cosine",
        "clip_norm": 5.0,
        "precision": "bf16",
    }
    assert protocol["losses"] == {
        "mae": {"scale": 0.5},
        "rce": {"A": math.log(1e-4)},
        "sce": {"alpha": 0.1, "beta": 1.0, "A": math.log(1e-4)},
    }


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        (
            "ma2020-small",
            {
                ("data", "train_per_class"): 1000,
                ("data", "augmentation"): "none",
                ("model", "width"): 0.5,
                ("training", "epochs"): 25,
            },
        ),
        (
            "ma2020-small-x4",
            {
                ("data", "train_per_class"): 1000,
                ("data", "augmentation"): "none",
                ("model", "width"): 0.5,
                ("training", "epochs"): 100,
            },
        ),
        ("ma2020-val", {("data", "validation"): 0.1}),
        (
            "digits",
            {
                ("data", "dataset"): "digits",
                ("data", "mean"): [0.288],
                ("data", "std"): [0.353],
                ("data", "augmentation"): "none",
                ("noise", "class_map"): "mnist",
                ("model", "name"): "digits-cnn",
                ("model", "width"): None,  # another network does not inherit options
                ("training", "epochs"): 40,
                ("training", "batch_size"): 32,
                ("training", "precision"): "float32",
            },
        ),
    ],
)
def test_what_extends_the_reference_differs_in_this_alone(name, changed):
    protocol, reference = protocols.load(name), protocols.load("ma2020")
    keys = {(section, key) for section in protocols.SECTIONS for key in protocol[section] | reference[section]}
    differs = {
        (section, key): protocol[section].get(key)
        for section, key in keys
        if protocol[section].get(key) != reference[section].get(key)
    }
    assert differs == changed


def test_a_person_can_add_a_protocol(own_protocols):
    (own_protocols / "fast.toml").write_text(
        'extends = "ma2020-small"\ntitle = "Faster"\n[training]\nlearning_rate = 0.1\n[losses]\nmae = { scale = 2 }\n'
    )
    protocol, base = protocols.load("fast"), protocols.load("ma2020-small")
    assert "fast" in protocols.names()
    assert protocol["training"] == base["training"] | {"learning_rate": 0.1}
    assert protocol["losses"] == base["losses"] | {"mae": {"scale": 2}}  # a loss's entry is replaced as a whole
    assert (protocol["data"], protocol["model"]) == (base["data"], base["model"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('extends = "ma2020"\n[training]\nlerning_rate = 0.1', ("lerning_rate", "[training]", "learning_rate", "bad")),
        ('extends = "ma2020"\n[model]\nstem = "cifar"', ("stem", "[model]", "width")),
        ('extends = "ma2020"\n[trainig]\nepochs = 1', ("trainig", "training", "data")),
        ('extends = "ma2020"\n[losses]\nmea = { scale = 0.5 }', ("[losses]", "bad", "'mea'", "Did you mean 'mae'")),
        ('extends = "ma2020"\n[losses]\nrce = { a = -1 }', ("[losses]", "bad", "'a'", "'rce'")),
        ('extends = "ma2021"', ("ma2021", "Did you mean 'ma2020'")),
        ('[data]\ndataset = "digits"', ("bad", "[noise]")),
    ],
)
def test_a_misspelt_file_is_refused_by_name(own_protocols, text, words):
    (own_protocols / "bad.toml").write_text(text)
    with pytest.raises(NlrError) as caught:
        protocols.load("bad")
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("name", ["ma2019", "", "../protocols/ma2020", None])
def test_an_unknown_protocol_names_the_known_ones(name):
    with pytest.raises(NlrError, match=re.escape("Known: digits, ma2020, ma2020-small, ma2020-small-x4, ma2020-val")):
        protocols.load(name)
