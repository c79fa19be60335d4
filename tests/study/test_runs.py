"""A run's whole configuration: how a loss is spelled, what the hash sees, and errors."""

import json
import re

import numpy as np
import pytest
import torch

from nlr import losses, paths
from nlr.errors import NlrError
from nlr.study import protocols, records, runs
from nlr.training import loop

LN4 = 9.210340371976182


@pytest.mark.parametrize(
    ("spec", "spelling"),
    [
        ("ce", "ce"),
        (" NCE+MAE ", "nce+mae"),
        ("mae,scale=0.5", "mae"),  # the protocol's own
        ("mae,scale=1", "mae,scale=1"),
        ("nce+mae,beta=1", "nce+mae"),
        ("nce+mae,beta=1.5", "nce+mae,beta=1.5"),
        ("nce+mae,beta=1.50,alpha=1", "nce+mae,beta=1.5"),
        ("nce+mae,mae.scale=0.5", "nce+mae"),
        ("nce+mae,mae.scale=1", "nce+mae,mae.scale=1"),
        ("nce+rce,A=-4", "nce+rce,A=-4"),
        (f"nce+rce,A=-{LN4}", "nce+rce"),
        ("nce+rce,beta=2,A=-4", "nce+rce,A=-4,beta=2"),
        ("gce,q=0.7", "gce"),
        ("gce,q=1", "gce,q=1"),
        ("sce,alpha=0.1,beta=1", "sce"),
        ("sce,alpha=1", "sce,alpha=1"),
        ("norm(ce)", "nce"),
        ("norm(mae)", "nmae"),
        ("nfl+rce,gamma=0.5", "nfl+rce"),
        ("nfl+rce,gamma=2", "nfl+rce,gamma=2"),
    ],
)
def test_a_loss_has_one_spelling_under_a_protocol(spec, spelling):
    protocol = protocols.load("ma2020")
    found, loss = runs.canonical_loss(protocol, spec)
    assert found == spelling
    again, same = runs.canonical_loss(protocol, found)
    assert (again, same.settings) == (found, loss.settings)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("mae", lambda p: 1 - p),
        ("mae,scale=1", lambda p: 2 * (1 - p)),
        ("rce", lambda p: LN4 * (1 - p)),
        ("sce", lambda p: -0.1 * p.log() + LN4 * (1 - p)),
        ("ce+mae", lambda p: -p.log() + 1 - p),
        ("ce+rce,A=-4", lambda p: -p.log() + 4 * (1 - p)),
        ("ce+rce,rce.A=-4,beta=0.5", lambda p: -p.log() + 2 * (1 - p)),
        ("mae+rce,alpha=3", lambda p: 3 * (1 - p) + LN4 * (1 - p)),
        ("krishnan-apl(ce+mae)", lambda p: -0.6 * p.log() + 0.4 * (1 - p)),
        ("norm(mae)", lambda p: (1 - p) / 9),  # a scale cancels
    ],
)
def test_the_protocols_parameters_reach_the_loss(spec, expected):
    _, loss = runs.canonical_loss(protocols.load("ma2020"), spec)
    logits = torch.randn(8, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(8)
    p = logits.softmax(1)[labels, labels]
    loss.reduction = "none"
    torch.testing.assert_close(loss(logits, labels), expected(p))


def test_normalising_takes_a_protocols_parameters_but_not_its_scale():
    table = {"sce": {"alpha": 0.1, "A": -2.0, "scale": 5.0}}
    _, loss = runs.canonical_loss({"losses": table}, "norm(sce)")
    plain = losses.make_loss("norm(sce)", alpha=0.1, A=-2.0)
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(loss(logits, torch.arange(4)), plain(logits, torch.arange(4)))


def test_resolve_gives_the_whole_run_as_plain_data():
    config = runs.resolve("ma2020-small", "nce+rce,beta=2", "asymmetric-0.4", 3, "cifar10-jpeg75")
    protocol = protocols.load("ma2020-small")
    assert json.loads(json.dumps(config)) == config
    assert config == {
        "numerics": runs.NUMERICS,
        "dataset": "cifar10-jpeg75",
        "protocol": "ma2020-small",
        "loss": {
            "spec": "nce+rce,beta=2",
            "name": "nce+rce",
            "parameters": {
                "alpha": 1.0,
                "beta": 2.0,
                "scale": 1.0,
                "nce": {"scale": 1.0},
                "rce": {"A": -LN4, "scale": 1.0},
            },
        },
        "noise": {"kind": "asymmetric", "rate": 0.4, "sampler": "per-class", "class_map": "ma2020"},
        "seed": 3,
        "data": protocol["data"],
        "model": protocol["model"],
        "training": protocol["training"],
    }


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("clean", {"kind": "clean", "rate": 0.0, "sampler": None, "class_map": None}),
        ("symmetric-0", {"kind": "clean", "rate": 0.0, "sampler": None, "class_map": None}),
        ("symmetric-0.40", {"kind": "symmetric", "rate": 0.4, "sampler": "per-class", "class_map": None}),
        ("asymmetric-0.3", {"kind": "asymmetric", "rate": 0.3, "sampler": "per-class", "class_map": "mnist"}),
        ("human-worse", {"kind": "human", "rate": "worse", "sampler": None, "class_map": None}),
        ("matrix-worse", {"kind": "matrix", "rate": "worse", "sampler": None, "class_map": None}),
    ],
)
def test_resolve_says_how_labels_become_noisy(setting, expected):
    assert runs.resolve("digits", "ce", setting, 0, "cifar10")["noise"] == expected


BASE = {"protocol": "digits", "loss": "nce+mae", "setting": "symmetric-0.4", "seed": 0, "dataset": "digits"}


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": "ma2020"},
        {"loss": "nce+mae,beta=1.000001"},
        {"loss": "nce+rce"},
        {"setting": "symmetric-0.41"},
        {"setting": "asymmetric-0.4"},
        {"seed": 1},
        {"dataset": "cifar10"},
    ],
    ids=str,
)
def test_the_hash_sees_every_part_of_a_run(change):
    assert records.config_hash(runs.resolve(**BASE)) != records.config_hash(runs.resolve(**BASE | change))


def test_the_hash_sees_the_protocols_files_and_the_numerics_version(own_protocols, monkeypatch):
    before = records.config_hash(runs.resolve(**BASE))
    assert before == records.config_hash(runs.resolve(**BASE))
    file = own_protocols / "scales/digits.toml"
    file.write_text(file.read_text().replace("batch_size = 32", "batch_size = 33"))
    assert records.config_hash(runs.resolve(**BASE)) != before
    file.write_text(file.read_text().replace("batch_size = 33", "batch_size = 32"))
    assert records.config_hash(runs.resolve(**BASE)) == before
    monkeypatch.setattr(runs, "NUMERICS", runs.NUMERICS + 1)
    assert records.config_hash(runs.resolve(**BASE)) != before


def test_the_hash_does_not_see_the_order_of_keys():
    config = runs.resolve(**BASE)
    assert records.config_hash(dict(reversed(config.items()))) == records.config_hash(config)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("digits", "nce+mae", "symmetric-0.4", 0, "digits"), "4decd71fb683ba83"),
        (("ma2020", "nce+rce", "symmetric-0.8", 1, "cifar10-jpeg75"), "797b7febfa73ee61"),
        (("ma2020-small", "ce", "asymmetric-0.4", 2, "cifar10-jpeg75"), "d0c26aea0589b48a"),
        (("ma2020-val", "nfl+mae", "clean", 0, "cifar10-jpeg75"), "7d8fc9bdcae1a09a"),
        (("ma2020-small-x4", "nce", "symmetric-0.4", 0, "cifar10-jpeg75"), "c32177adaed56c3a"),
        (("ma2020", "nce+mae,beta=9.21", "asymmetric-0.4", 0, "cifar10-jpeg75"), "d755469d272cd451"),
    ],
)
def test_hashes_of_runs_that_have_records_stay(arguments, expected):
    assert records.config_hash(runs.resolve(*arguments)) == expected


def test_a_protocol_that_is_loaded_gives_runs_that_share_nothing(own_protocols):
    (own_protocols / "sources/own.toml").write_text('extends = "digits"\n[noise]\nclass_map = { 3 = 5 }\n')
    loaded = protocols.load("own")
    first, second = (runs.configure(loaded, "nce+mae", "asymmetric-0.4", 0, "digits") for _ in range(2))
    assert first == second == runs.resolve("own", "nce+mae", "asymmetric-0.4", 0, "digits")
    first["training"]["epochs"] += 1
    first["data"]["mean"].append(0.0)
    first["model"]["name"] = "other"
    first["noise"]["class_map"].clear()
    assert second == runs.resolve("own", "nce+mae", "asymmetric-0.4", 0, "digits")
    assert loaded == protocols.load("own")


def test_noisy_test_labels_are_in_the_configuration_and_only_where_they_are():
    assert runs.resolve("joshi-as-written", "ce", "symmetric-0.4", 0, "cifar10")["noise"]["evaluation"] == "noisy"
    assert "evaluation" not in runs.resolve("joshi-as-intended", "ce", "symmetric-0.4", 0, "cifar10")["noise"]
    for setting in ("human-worse", "matrix-worse"):
        with pytest.raises(NlrError, match=f"{setting}.*training images alone"):
            runs.resolve("joshi-as-written", "ce", setting, 0, "cifar10")


def test_a_class_map_can_be_written_in_the_protocol(own_protocols, digits):
    (own_protocols / "sources/own.toml").write_text('extends = "digits"\n[noise]\nclass_map = { 0 = 8, 3 = 5 }\n')
    config = runs.resolve("own", "ce", "asymmetric-0.4", 0, "digits")
    assert config["noise"]["class_map"] == {"0": 8, "3": 5}
    counts = np.array(loop.train(json.loads(json.dumps(config)), digits)["noise"]["counts"])
    assert np.argwhere(counts - np.diag(counts.diagonal())).tolist() == [[0, 8], [3, 5]]


COMMITTED = records.walk(paths.RESULTS)


@pytest.mark.skipif(not COMMITTED, reason="no committed record")
@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: "-".join(path.parts[-4:-1]))
def test_a_committed_record_is_the_run_that_its_protocol_resolves_to(path):
    # If this fails, a protocol was changed under records that exist: give the changed one a name of its own.
    record = records.read(path, paths.RESULTS)
    config, setting = record["config"], path.parts[-2]
    again = runs.resolve(config["protocol"], config["loss"]["spec"], setting, config["seed"], config["dataset"])
    assert again == config
    assert records.config_hash(again) == record["config_hash"]  # which tells 1 from 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocol": "digit"}, ("'digit'", "Did you mean 'digits'", "ma2020-small")),
        ({"loss": "nce+mse"}, ("'mse'", "Known", "mae")),
        ({"loss": "nce+mae,gama=1"}, ("gama", "beta")),
        ({"loss": "nce+mae,beta=x"}, ("beta=x",)),
        ({"loss": "nce+mae,beta=-1"}, ("beta", "-1")),
        ({"loss": "nce+mae+rce"}, ("3 terms",)),
        ({"loss": ""}, ("''",)),
        ({"setting": "uniform-0.4"}, ("uniform-0.4", "symmetric-0.4", "clean")),
        ({"setting": "symmetric-1.0"}, ("1.0", "below 1")),
        ({"setting": "symmetric--0.1"}, ("-0.1",)),
        ({"setting": "human-worst"}, ("worst", "worse")),
        ({"setting": "human-worse", "dataset": "digits"}, ("human-worse", "digits", "CIFAR-10 only")),
        ({"setting": "matrix-worse", "dataset": "mnist"}, ("matrix-worse", "mnist", "CIFAR-10 only")),
        ({"setting": "matrix-worst"}, ("worst", "worse")),
        ({"seed": -1}, ("-1", "integer from 0")),
        ({"seed": 1.0}, ("1.0", "integer from 0")),
        ({"seed": True}, ("True", "integer from 0")),
        ({"seed": "zero"}, ("'zero'", "integer from 0")),
        ({"seed": 2**64}, ("18446744073709551616", "to 18446744073709551615")),
    ],
    ids=str,
)
def test_what_is_unknown_or_out_of_range_is_named(change, words):
    with pytest.raises(NlrError) as caught:
        runs.resolve(**BASE | change)
    assert all(word in str(caught.value) for word in words)


def test_describe_names_protocol_loss_setting_and_seed():
    line = runs.describe(runs.resolve("ma2020", "nce+mae,beta=2", "asymmetric-0.4", 7, "cifar10"))
    assert re.fullmatch(r"ma2020 nce\+mae,beta=2 asymmetric-0\.4 seed 7", line)
