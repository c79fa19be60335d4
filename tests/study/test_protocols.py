"""The protocols: every one resolves, what it is put together of, the reference's values, and errors for bad files."""

import math
import os
import re
import time

import pytest

from nlr import losses, models
from nlr.errors import NlrError
from nlr.evidence import report_code
from nlr.study import protocols, runs
from nlr.training import engine


@pytest.mark.parametrize("name", protocols.names())
def test_every_file_resolves_to_all_that_a_run_needs(name):
    protocol, reference = protocols.load(name), protocols.load("ma2020")
    assert protocol["name"] == name
    assert protocol["title"] not in ("", name)
    for section, keys in protocols.KEYS.items():
        assert set(reference[section]) == set(keys) <= set(protocol[section])
        assert set(protocol[section]) <= set(keys) | set(protocols.OPTIONAL.get(section, ()))
    models.check_options(protocol["model"].pop("name"), protocol["model"])
    for loss, parameters in protocol["losses"].items():
        losses.make_loss(loss, **parameters)  # an unknown one is an error


REPORTS = ("soni", "kathuria", "krishnan", "joshi", "chheda")
WITH_CODE = ("soni", "krishnan", "chheda")
BOTH = ("as-written", "as-intended")
OF_REPORTS = [name for name in protocols.names() if "report" in protocols.load(name)]


def test_names():
    assert set(protocols.names()) - set(OF_REPORTS) >= {
        "digits",
        "ma2020",
        "ma2020-small",
        "ma2020-small-x4",
        "ma2020-val",
    }
    readings = {f"{report}-{reading}" for report in REPORTS for reading in BOTH}
    faults = {f"joshi-{fault}" for fault in engine.FAULTS if fault != "none"}
    controls = {"chheda-clip", "chheda-flips", "krishnan-lambda"}
    digits = {f"{name}-digits" for name in faults | controls | {f"{report}-as-written" for report in REPORTS}}
    maps = {f"joshi-map-{name}-digits" for name in ("typed", "corrected", "paper")}
    expected = {name + size for name in readings | faults | controls for size in ("", "-small")}
    as_run = {f"{report}-as-run{size}" for report in WITH_CODE for size in ("", "-digits")}
    as_run |= {"soni-lr-0.02-digits", "soni-lr-0.005-digits"}
    assert set(OF_REPORTS) == expected | digits | maps | as_run | {
        f"{report}-as-intended-digits" for report in ("kathuria", "joshi", "chheda")
    }


@pytest.mark.parametrize(
    ("name", "base", "key"),
    [
        ("chheda-clip", "chheda-as-written", ("training", "clip_norm")),
        ("chheda-flips", "chheda-as-written", ("noise", "symmetric")),
        ("krishnan-lambda", "krishnan-as-written", ("data", "validation")),
        ("joshi-outside-autograd", "joshi-as-written", ("training", "fault")),
    ],
)
def test_a_control_changes_one_thing(name, base, key):
    for size in ("", "-small", "-digits"):
        one, other = protocols.load(base + size), protocols.load(name + size)
        pairs = {(s, k) for s in (*protocols.KEYS, "model", "losses") for k in one[s] | other[s]}
        changed = {(s, k) for s, k in pairs if one[s].get(k) != other[s].get(k)}
        assert changed - {("noise", "class_map")} == {key}  # faults are of the intended reading, its map is corrected


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


def test_mnist_is_trained_as_the_authors_first_scripts_do():
    """train.py, model.py, dataset.py and slurm/mnist of commit 89fa39a."""
    protocol = protocols.load("ma2020-mnist")
    assert protocol["data"] == {
        "dataset": "mnist",
        "train_per_class": 0,
        "validation": 0.0,
        "mean": [0.1307],
        "std": [0.3081],
        "augmentation": "none",
    }
    assert protocol["noise"] == {"symmetric": "equal-count", "asymmetric": "bernoulli", "class_map": "mnist"}
    assert protocol["model"] == {"name": "cnn4"}
    assert protocol["training"] == {
        "epochs": 50,
        "batch_size": 128,
        "optimiser": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-3,
        "schedule": "cosine",
        "floor": 0.001,
        "clip_norm": 5.0,
        "precision": "bf16",
    }
    assert protocol["losses"] == {
        "mae": {"scale": 0.5},
        "rce": {"A": math.log(1e-4)},
        "sce": {"alpha": 0.01, "beta": 1.0, "A": math.log(1e-4)},
    }
    assert runs.steps(runs.resolve("ma2020-mnist", "ce", "clean", 0, "mnist"), 60_000) == 50 * 469


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("decay-1e-4", {("training", "weight_decay"): 1e-4}),
        ("decay-1e-2", {("training", "weight_decay"): 1e-2}),
        ("floor-0", {("training", "floor"): 0.0}),
        ("no-hidden-norm", {("model", "hidden_batch_norm"): False}),
        ("val", {("data", "validation"): 0.1}),
        (
            "release",
            {
                ("training", "weight_decay"): 1e-2,
                ("training", "nesterov"): True,
                ("losses", "nce"): {"scale": 10.0},
                ("losses", "nce+mae"): {"beta": 10.0, "nce": {"scale": 1.0}},
                ("losses", "nce+rce"): {"beta": 10.0, "nce": {"scale": 1.0}},
                ("losses", "nfl+mae"): {"beta": 10.0},
                ("losses", "nfl+rce"): {"beta": 10.0},
            },
        ),
    ],
)
def test_what_extends_the_protocol_of_mnist_differs_in_this_alone(name, changed):
    protocol, base = protocols.load(f"ma2020-mnist-{name}"), protocols.load("ma2020-mnist")
    keys = {(section, key) for section in protocols.SECTIONS for key in protocol[section] | base[section]}
    differs = {(s, k): protocol[s].get(k) for s, k in keys if protocol[s].get(k) != base[s].get(k)}
    assert differs == changed


@pytest.mark.parametrize(
    ("loss", "first", "release"),
    [
        ("ce", "ce", "ce"),
        ("nce", "nce", "nce,scale=10"),
        ("mae", "mae,scale=0.5", "mae,scale=0.5"),
        ("rce", f"rce,A={math.log(1e-4)}", f"rce,A={math.log(1e-4)}"),
        ("nfl", "nfl", "nfl"),
        ("nce+mae", "nce+mae,mae.scale=0.5", "nce+mae,mae.scale=0.5,beta=10"),
        ("nce+rce", f"nce+rce,A={math.log(1e-4)}", f"nce+rce,A={math.log(1e-4)},beta=10"),
        ("nfl+rce", f"nfl+rce,A={math.log(1e-4)}", f"nfl+rce,A={math.log(1e-4)},beta=10"),
        ("sce", f"sce,alpha=0.01,A={math.log(1e-4)}", f"sce,alpha=0.01,A={math.log(1e-4)}"),
        ("gce", "gce,q=0.7", "gce,q=0.7"),
        ("fl", "fl,gamma=0.5", "fl,gamma=0.5"),
    ],
)
def test_losses_of_mnist_are_those_of_the_first_scripts_and_of_the_released_configurations(loss, first, release):
    for protocol, spec in (("ma2020-mnist", first), ("ma2020-mnist-release", release)):
        name, parameters = losses.parse_loss(spec)
        config = runs.resolve(protocol, loss, "symmetric-0.4", 0, "mnist")
        assert config["loss"]["spec"] == loss
        assert config["loss"]["parameters"] == losses.make_loss(name, **parameters).settings


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
            "ma2020-small-val",
            {
                ("data", "train_per_class"): 1000,
                ("data", "validation"): 0.1,
                ("data", "augmentation"): "none",
                ("model", "width"): 0.5,
                ("training", "epochs"): 25,
            },
        ),
        ("ma2020-lr-0.1", {("training", "learning_rate"): 0.1}),
        ("ma2020-lr-1", {("training", "learning_rate"): 1.0}),
        ("ma2020-constant", {("training", "schedule"): "constant"}),
        ("ma2020-no-decay", {("training", "weight_decay"): 0.0}),
        ("ma2020-x4", {("training", "epochs"): 480}),
        (
            "ma2020-x4-all",
            {("training", "epochs"): 480, ("training", "learning_rate"): 0.1, ("training", "weight_decay"): 0.0},
        ),
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


def test_a_name_puts_a_source_a_control_and_a_scale_together():
    written, both = protocols.load("chheda-as-written"), protocols.load("chheda-clip-digits")
    assert both["training"] == written["training"] | {
        "clip_norm": 5.0,  # the control
        **{"epochs": 80, "schedule_epochs": 133, "precision": "float32"},  # the scale, with its exceptions for Chheda
    }
    assert both["model"] == {"name": "digits-cnn"}
    assert both["noise"] == written["noise"] | {"class_map": "mnist"}
    assert both["title"] == "Chheda, as written, clipped, on digits"
    assert both["origin"]["training"]["batch_size"] == written["origin"]["training"]["batch_size"]  # is kept
    assert both["origin"]["training"]["clip_norm"] == {"mended": "E29: the code of the paper clips at 5"}


def test_a_protocol_is_the_callers_own_and_read_again_when_a_file_has_changed(own_protocols):
    """Even where two texts of one length have one time, as files that are written in a row may."""
    file, now, hour = own_protocols / "sources/digits.toml", time.time_ns(), 3600 * 10**9
    text = file.read_text()
    for epochs, changed in ((3, now - 2 * hour), (4, now - hour), (5, now), (6, now)):
        file.write_text(text.replace("epochs = 2", f"epochs = {epochs}"))
        os.utime(file, ns=(changed, changed))
        for _ in range(2):
            training = protocols.load("digits")["training"]
            assert training["epochs"] == epochs
            training["epochs"] = 0


def test_a_new_scale_is_one_file_for_every_source(own_protocols):
    origin = 'origin.data.train_per_class = { small = "a few" }\norigin.training.epochs = { small = "one" }\n'
    own = '[for.krishnan-as-written]\nkeep = ["epochs"]\ndata.train_per_class = 20\n'
    (own_protocols / "scales/tiny.toml").write_text(
        f'title = "tiny"\n{origin}[data]\ntrain_per_class = 10\n[training]\nepochs = 1\n{own}'
    )
    for name, images, epochs in (
        ("ma2020-tiny", 10, 1),
        ("ma2020-mnist-tiny-floor-0", 10, 1),
        ("soni-as-intended-tiny", 10, 1),
        ("krishnan-as-written-tiny", 20, 30),
        ("krishnan-as-intended-tiny", 20, 30),  # extends the other
        ("krishnan-lambda-tiny", 20, 30),
        ("ma2020-tiny-x4", 10, 4),
    ):
        protocol = protocols.load(name)
        assert (protocol["name"], protocol["data"]["train_per_class"]) == (name, images)
        assert protocol["training"]["epochs"] == epochs
    assert protocols.load("krishnan-as-written-tiny")["origin"]["training"]["epochs"] == {"stated": "section 3"}
    assert "ma2020-tiny" not in protocols.names()  # which are those of the book


def test_a_new_source_is_one_file_for_every_scale_and_control(own_protocols):
    (own_protocols / "sources/else-1e-2.toml").write_text(
        'extends = "ma2020"\ntitle = "Else"\n[data]\nvalidation = 0.2\n'
    )
    assert "else-1e-2" in protocols.names()
    protocol = protocols.load("else-1e-2-small-decay-1e-2")
    assert protocol["title"] == "Else, scaled down, weight decay 1e-2"
    assert (protocol["data"]["validation"], protocol["training"]["weight_decay"]) == (0.2, 1e-2)
    assert protocol["model"] == {"name": "cnn8", "width": 0.5}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ma2020-smal", ("Unknown protocol 'ma2020-smal'. Did you mean 'ma2020-small'?",)),
        ("soni-as-written-clp", ("Did you mean 'soni-as-written-clip'?",)),
        ("sonni-clip", ("Unknown source of protocol sonni-clip 'sonni'. Did you mean 'soni'?", "chheda, chheda-as")),
        ("clip-chheda", ("'clip-chheda' begins with 'clip'", "write that before it")),
        ("ma2020-small-small", ("'ma2020-small-small' has 'small' twice",)),
        ("ma2020-", ("Unknown protocol 'ma2020-'",)),
        ("chheda-small", ("does not say how chheda is read", "chheda-as-written or chheda-as-intended")),
        ("joshi-double-softmax-clip", ("does not say how joshi is read",)),  # a control of each reading
        ("chheda-as-written-clip", ("is called 'chheda-clip'",)),
        ("ma2020-lr-0.1-small", ("is called 'ma2020-small-lr-0.1'",)),
        ("soni-clip", ("'clip' changes nothing",)),  # clips already
        ("digits-digits", ("'digits' changes nothing",)),
        ("soni-as-written-x4", ("changes epochs in [training]", "[origin.training]")),
        ("ma2020-mnist-small", ("[model]", "'cnn4'", "'width'")),
        ("ma2020-constant-floor-0", ("floor = 0.0", "schedule = 'cosine'")),
    ],
)
def test_a_wrong_composition_is_one_sentence(name, words):
    with pytest.raises(NlrError) as caught:
        protocols.load(name)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[for.ma2021]\n", ("source in scale bad 'ma2021'", "Did you mean 'ma2020'")),
        ('[for.ma2020]\nkeep = ["epoch"]\n', ("ma2020 keeps in scale bad 'epoch'", "Did you mean 'epochs'")),
        ("[for.ma2020.trainig]\nepochs = 2\n", ("section in protocol ma2020-bad 'trainig'",)),
        ("[times]\nepoch = 4\n", ("key in [training] of protocol ma2020-bad 'epoch'",)),
        ("[times]\nepochs = 0.001\n", ("epochs = 0.12", "a whole number from 1")),
        ("epochs = 2\n", ("scales/bad.toml has epochs = 2 outside of a section",)),
        ("[for.ma2020]\nepochs = 2\n", ("for.ma2020 in scale bad has epochs = 2 outside of a section",)),
        ("epochs = ", ("scales/bad.toml is not readable",)),
    ],
)
def test_a_misspelt_scale_is_refused_by_name(own_protocols, text, words):
    begin = "" if "=" in text.splitlines()[0] else "[training]\nepochs = 1\n"
    (own_protocols / "scales/bad.toml").write_text(begin + text)
    with pytest.raises(NlrError) as caught:
        protocols.load("ma2020-bad")
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("epochs = 2", ("bad in controls.toml has epochs = 2 outside of a section",)),
        ("trainig.epochs = 2", ("section in protocol ma2020-bad 'trainig'",)),
        ("training.epoch = 2", ("key in [training] of protocol ma2020-bad 'epoch'", "Did you mean 'epochs'")),
        ('title = "nothing"', ("'bad' changes nothing",)),
    ],
)
def test_a_misspelt_control_is_refused_by_name(own_protocols, entry, words):
    with (own_protocols / "controls.toml").open("a") as controls:
        controls.write(f"[bad]\n{entry}\n")
    with pytest.raises(NlrError) as caught:
        protocols.load("ma2020-bad")
    assert all(word in str(caught.value) for word in words)


def test_a_person_can_add_a_protocol(own_protocols):
    (own_protocols / "sources/fast.toml").write_text(
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
        ('extends = "ma2020"\n[losses]\nNCE = { scale = 2 }', ("[losses]", "bad", "'NCE'; write 'nce'")),
        ('extends = "ma2020"\n[losses]\n"nce+mae,beta=2" = {}', ("'nce+mae,beta=2'; write 'nce+mae'", "as its value")),
        ('extends = "ma2021"', ("ma2021", "Did you mean 'ma2020'")),
        ('[data]\ndataset = "digits"', ("bad", "[noise]")),
        ('extends = "ma2020"\n[model]\nwidth = 1.0\nname = "cnn9"', ("[model]", "cnn9", "Did you mean 'cnn8'")),
        ('extends = "ma2020"\n[model]\nname = "digits-cnn"\nwidth = 1.0', ("[model]", "width", "digits-cnn")),
        ('extends = "ma2020"\n[training]\nepochs = 0', ("epochs = 0", "[training]", "whole number from 1")),
        ('extends = "ma2020"\n[training]\nepochs = true', ("epochs = True", "whole number from 1")),
        ('extends = "ma2020"\n[training]\nlearning_rate = "0.1"', ("learning_rate = '0.1'", "a number from 0")),
        ('extends = "ma2020"\n[training]\noptimiser = "rmsprop"', ("'rmsprop'", "sgd, adam, adamw")),
        ('extends = "ma2020"\n[training]\nfault = "nan"', ("'nan'", "double-softmax")),
        ('extends = "ma2020"\n[training]\ndeterministic = 1', ("deterministic = 1", "true or false")),
        ('extends = "ma2020"\n[data]\ndataset = "mnits"', ("'mnits'", "cifar10, digits, fashion-mnist, mnist")),
        ('extends = "ma2020"\n[noise]\nasymmetric = "equal-count"', ("'equal-count'", "bernoulli")),
        ('extends = "ma2020"\n[training]\nfloor = -1', ("floor = -1", "a number from 0")),
        ('extends = "ma2020"\n[training]\nfloor = 0.02', ("floor = 0.02", "learning_rate from 0.02")),
        ('extends = "ma2020-constant"\n[training]\nfloor = 0.001', ("floor = 0.001", "schedule = 'cosine'")),
        ('extends = "ma2020"\n[training]\nnesterov = 1', ("nesterov = 1", "true or false")),
        ('extends = "ma2020"\n[training]\nnesterov = true\nmomentum = 0', ("nesterov = true", "momentum above 0")),
        ('extends = "ma2020"\n[training]\nnesterov = true\noptimiser = "adam"', ("nesterov", "optimiser = 'sgd'")),
        ('extends = "ma2020"\n[noise]\nsymmetric = "uniform"', ("'uniform'", "bernoulli")),
        ('extends = "ma2020"\n[noise]\nevaluation = "dirty"', ("'dirty'", "clean, noisy")),
        ('extends = "ma2020"\n[noise]\nclass_map = "joshi"', ("[noise]", "'joshi'", "joshi-typed")),
        ('extends = "ma2020"\n[noise]\nclass_map = { 1 = 1 }', ("[noise]", "{'1': 1} changes no class")),
        ('extends = "ma2020"\n[noise]\nclass_map = {}', ("[noise]", "changes no class")),
        ('extends = "ma2020"\n[noise]\nclass_map = "cifar100"', ("[noise]", "the 100 classes of CIFAR-100")),
        ('extends = "ma2020"\n[noise]\nclass_map = { 1 = 10 }', ("[noise]", "10", "from 0 to 9")),
        ('extends = "ma2020"\n[data]\nvalidation = 1.0', ("validation = 1.0", "below 1")),
        ('extends = "ma2020"\n[data]\nmean = []', ("mean = []", "one a channel")),
        ("epochs = ", ("bad.toml is not readable",)),
    ],
)
def test_a_misspelt_file_is_refused_by_name(own_protocols, text, words):
    (own_protocols / "sources/bad.toml").write_text(text)
    with pytest.raises(NlrError) as caught:
        protocols.load("bad")
    assert all(word in str(caught.value) for word in words)


def test_a_file_that_extends_none_needs_every_key(own_protocols):
    whole = (own_protocols / "sources/ma2020.toml").read_text()
    (own_protocols / "sources/bad.toml").write_text(whole)
    assert protocols.load("bad")["training"] == protocols.load("ma2020")["training"]
    for section, keys in protocols.KEYS.items():
        for key in keys:
            (own_protocols / "sources/bad.toml").write_text(re.sub(rf"(?m)^{key} =.*$", "", whole))
            with pytest.raises(NlrError, match=re.escape(f"Protocol bad has no {key} in [{section}]")):
                protocols.load("bad")
    (own_protocols / "sources/bad.toml").write_text(whole.replace('name = "cnn8"', ""))
    with pytest.raises(NlrError, match=re.escape("has no name in [model]")):
        protocols.load("bad")


@pytest.mark.parametrize("family", ["mnist", "fashion-mnist"])
def test_a_protocol_of_mnist_is_understood(own_protocols, family):
    noise = 'symmetric = "equal-count"\nasymmetric = "bernoulli"\nclass_map = "mnist"'
    text = f'extends = "digits"\n[data]\ndataset = "{family}"\n[noise]\n{noise}'
    (own_protocols / "sources/grey.toml").write_text(text)
    for setting, sampler in (("symmetric-0.8", "equal-count"), ("asymmetric-0.4", "bernoulli")):
        config = runs.resolve("grey", "ce", setting, 0, family)
        assert (config["data"]["dataset"], config["noise"]["sampler"]) == (family, sampler)
    with pytest.raises(NlrError, match=f"on {family}: human labels exist for CIFAR-10 only"):
        runs.resolve("grey", "ce", "human-worse", 0, family)


@pytest.mark.parametrize("others", [["bad"], ["other", "bad"], ["other", "third", "other"]])
def test_a_circle_of_protocols_is_one_clear_error(own_protocols, others):
    chain = ["bad", *others]
    for name, base in zip(chain, others, strict=False):
        (own_protocols / f"sources/{name}.toml").write_text(f'extends = "{base}"\n')
    with pytest.raises(NlrError, match=f"in a circle: {' -> '.join(chain)}"):
        protocols.load("bad")


@pytest.mark.parametrize("name", ["ma2019", "", "../protocols/ma2020", None])
def test_an_unknown_protocol_names_the_known_ones(name):
    with pytest.raises(NlrError) as caught:
        protocols.load(name)
    assert f"Known: {', '.join(protocols.names())}." in str(caught.value)


# The protocols of the reports


@pytest.mark.parametrize("name", OF_REPORTS)
def test_every_value_of_a_reports_protocol_has_an_origin(name):
    protocol, rows = protocols.load(name), protocols.origins(name)
    found = {(row["section"], row["key"]) for row in rows}
    assert len(found) == len(rows)
    for section in (*protocols.KEYS, "model", "losses"):
        assert {(section, key) for key in protocol[section]} <= found
    assert {("names", loss) for loss in protocol["report"]["losses"]} <= found
    for row in rows:
        assert row["origin"] in protocols.ORIGINS
        assert len(row["words"]) > 4


@pytest.mark.parametrize("name", OF_REPORTS)
def test_an_open_value_is_that_of_the_reference(name):
    """A choice of ours that is not the reference's has to be listed here."""
    ours = {
        (row["section"], row["key"])
        for row in protocols.origins(name)
        if row["origin"] == "ours" and row["section"] != "names" and row["value"] != row["reference"]
    }
    as_run = protocols.load(name)["report"]["reading"] == "as-run"  # and its code says how it is judged
    expected = set() if as_run else {("report", "selection")}  # the reference is no report
    if name.startswith(("chheda-as-written", "chheda-flips")):
        expected.add(("training", "clip_norm"))  # where clipping is as in the reference is Chheda as intended
    assert ours == expected


@pytest.mark.parametrize("report", REPORTS)
def test_the_readings_differ_in_what_is_mended_alone(report):
    written, intended = (
        {(r["section"], r["key"]): r for r in protocols.origins(f"{report}-{reading}")} for reading in BOTH
    )
    mended = {key for key, row in intended.items() if row["origin"] == "mended"}
    differing = {key for key in intended if key not in written or written[key]["value"] != intended[key]["value"]}
    new = set(intended) - set(written)
    assert mended == differing - new | (new & mended)
    assert not any(row["origin"] in ("mended", "small", "fault") for row in written.values())
    assert all(re.match(r"E\d+", intended[key]["words"]) for key in mended)


@pytest.mark.parametrize("name", [name for name in OF_REPORTS if not name.endswith(("-small", "-digits"))])
def test_the_small_version_is_of_ten_thousand_images_and_differs_where_it_says_so(name):
    small = {(r["section"], r["key"]): r for r in protocols.origins(f"{name}-small")}
    whole = {(r["section"], r["key"]): r for r in protocols.origins(name)}
    scaled = {key for key, row in small.items() if row["origin"] == "small"}
    assert {key for key in small if key not in whole or small[key]["value"] != whole[key]["value"]} <= scaled
    assert small["data", "train_per_class"]["value"] == 1000
    assert small["model", "width"]["value"] == 0.5
    assert "scaled down" in protocols.load(f"{name}-small")["title"]


@pytest.mark.parametrize("name", [name for name in OF_REPORTS if name.endswith("-digits") and "-map-" not in name])
def test_the_version_on_digits_differs_where_it_says_so(name):
    digits = {(r["section"], r["key"]): r for r in protocols.origins(name)}
    whole = {(r["section"], r["key"]): r for r in protocols.origins(name.removesuffix("-digits"))}
    scaled = {key for key, row in digits.items() if row["origin"] == "small"}
    assert {key for key in digits if key not in whole or digits[key]["value"] != whole[key]["value"]} <= scaled
    assert (digits["data", "dataset"]["value"], digits["model", "name"]["value"]) == ("digits", "digits-cnn")
    assert "on digits" in protocols.load(name)["title"]


@pytest.mark.parametrize("name", OF_REPORTS)
def test_every_run_of_a_reports_protocol_resolves(name):
    report = protocols.load(name)["report"]
    found = {runs.canonical_loss(protocols.load(name), spec)[0] for spec in report["losses"].values()}
    assert len(found) == len(report["losses"])  # no two of its losses are one run
    for setting in report["settings"]:
        runs.resolve(name, "ce", setting, 0, "cifar10")


@pytest.mark.parametrize(
    ("protocol", "images", "steps"),
    [
        ("ma2020", 50_000, 46_920),  # E27
        ("kathuria-as-written", 50_000, 9_990),
        ("joshi-as-written", 50_000, 187_500),  # E27
        ("chheda-as-intended", 50_000, 78_200),
    ],
)
def test_steps_are_those_of_the_errata(protocol, images, steps):
    assert runs.steps(runs.resolve(protocol, "ce", "clean", 0, "cifar10"), images) == steps


def test_the_reports_protocols_train_as_stated():
    """The figures of the reports' own hyper-parameter lists."""

    def of(name, *keys):
        return tuple(protocols.load(name)["training"][key] for key in keys)

    usual = ("epochs", "batch_size", "optimiser", "learning_rate")
    assert of("kathuria-as-written", *usual) == (30, 128, "adamw", 0.01)  # Table 2
    assert of("kathuria-as-written", "weight_decay", "schedule") == (5e-4, "cosine")
    assert of("krishnan-as-written", "epochs", "optimiser", "learning_rate") == (30, "adam", 0.001)
    assert of("joshi-as-written", "epochs", "batch_size", "learning_rate") == (15, 4, 1e-4)
    assert of("chheda-as-written", "schedule_epochs", "momentum", "weight_decay") == (200, 0.9, 1e-3)
    assert of("chheda-as-written", "learning_rate", "batch_size", "clip_norm") == (0.1, 128, 0)
    assert of("soni-as-written", "precision") == ("float16",)
    assert protocols.load("kathuria-as-written")["data"]["validation"] * 50_000 == 7_500
    assert len(protocols.load("chheda-as-written")["report"]["losses"]) == 12


def test_the_protocols_as_run_train_as_the_code_does():
    """Core-ML/main.ipynb, train_noise_All.py and updatedRun_RCE_NRCE.ipynb of the commits in report_code.toml."""

    def of(name, *keys):
        return tuple(protocols.load(name)["training"][key] for key in keys)

    usual = ("epochs", "batch_size", "optimiser", "learning_rate", "weight_decay", "schedule", "clip_norm", "precision")
    assert of("soni-as-run", *usual) == (25, 64, "sgd", 0.01, 5e-4, "cosine", 0, "float32")
    assert of("krishnan-as-run", *usual) == (30, 64, "adam", 0.001, 0, "constant", 0, "float32")
    assert of("chheda-as-run", *usual) == (200, 128, "sgd", 0.01, 1e-4, "cosine", 0, "float32")
    samplers = {"soni": ("global", "bernoulli"), "krishnan": ("global", "per-class")}
    samplers["chheda"] = ("random-integer", "global")
    for report, expected in samplers.items():
        for size in ("", "-digits"):
            noise = protocols.load(f"{report}-as-run{size}")["noise"]
            assert (noise["symmetric"], noise["asymmetric"]) == expected
    maps = {"soni": {1: 9, 9: 1, 2: 0, 3: 5, 5: 3, 4: 7}, "chheda": {2: 0, 3: 5, 4: 7, 5: 3, 8: 1}}
    for report, classes in maps.items():
        for size in ("", "-digits"):
            assert protocols.load(f"{report}-as-run{size}")["noise"]["class_map"] == {
                str(true): noisy for true, noisy in classes.items()
            }


@pytest.mark.parametrize("report", WITH_CODE)
def test_losses_as_run_are_those_that_the_code_computes(report):
    protocol, rows = protocols.load(f"{report}-as-run"), report_code.load(report)
    rows = rows[(rows["source"] != "KRISHNAN-2") & (rows["loss_as_coded"] != "not known")]
    intended = protocols.load(f"{report}-as-intended")["report"]["losses"]
    for loss, spec in protocol["report"]["losses"].items():
        called = re.sub(r"^krishnan-apl\((.*)\)$", r"\1", intended[loss])
        (coded,) = set(rows.loc[rows["loss"] == called, "loss_as_coded"])
        constant = ",A=-4" if "rce" in coded.split("+") else ""  # which the code of Soni alone has
        name, parameters = losses.parse_loss(coded + constant)
        assert runs.canonical_loss(protocol, spec)[1].settings == losses.make_loss(name, **parameters).settings


@pytest.mark.parametrize("report", WITH_CODE)
def test_what_the_code_is_known_to_have_has_its_origin_there(report):
    """But for networks that are not ours, parameters of losses that the code has not, and Adam's own momentum."""
    has = report_code.code(report)["has"]
    rows = {f"{row['section']}.{row['key']}": row for row in protocols.origins(f"{report}-as-run")}
    assert set(has) <= set(rows)
    for key, fact in has.items():
        if not key.startswith(("model.", "losses.")) and (report, key) != ("krishnan", "training.momentum"):
            assert rows[key]["origin"] == "code"
            assert rows[key]["words"] == fact["path"]


def test_the_learning_rate_alone_differs_by_loss():
    for name, rate in (("soni-lr-0.02", 0.02), ("soni-lr-0.005", 0.005)):
        one, base = protocols.load(f"{name}-digits"), protocols.load("soni-as-run-digits")
        assert one["training"] == base["training"] | {"learning_rate": rate}
        assert all(
            one[section] == base[section] for section in (*protocols.SECTIONS, "report") if section != "training"
        )
        assert set(one["origin"]["training"]["learning_rate"]) == {"code"}


CHEAPER = 'extends = "soni-as-written"\n[training]\nepochs = 3\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHEAPER, ("changes epochs in [training]", "[origin.training]")),
        (CHEAPER + '[origin.training]\nepochs = { guessed = "x" }', ("epochs in [origin.training]", "stated, ours")),
        (CHEAPER + '[origin.training]\nepochs = "x"', ("epochs in [origin.training]", "stated, ours")),
        ('extends = "soni-as-written"\n[report]\nreading = "as-read"', ("as-read", "as-written")),
        ('extends = "soni-as-written"\n[report]\nchosen = "last"', ("chosen", "unknown", "[report]")),
        ('extends = "soni-as-written"\n[report.losses]\nCE = "cee"', ("changes CE in [names]",)),
        ('extends = "soni-as-written"\n[report]\nsettings = ["uniform"]', ("uniform", "symmetric-0.4")),
        ('extends = "ma2020"\n[origin.data]\nmean = { ours = "x" }', ("origin",)),
        ('extends = "ma2020"\n[report]\nname = "x"', ("missing", "[report]")),
    ],
)
def test_a_reports_protocol_that_does_not_say_why_is_refused(own_protocols, text, words):
    (own_protocols / "sources/bad.toml").write_text(text)
    with pytest.raises(NlrError) as caught:
        protocols.load("bad")
    assert all(word in str(caught.value) for word in words)


def test_a_protocol_of_no_report_has_no_origins():
    with pytest.raises(NlrError, match="ma2020 is of no report"):
        protocols.origins("ma2020")
