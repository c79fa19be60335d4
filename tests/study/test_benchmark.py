"""The benchmark measures, in turns, what it says; its tables and sentences follow from the numbers."""

import copy
import json
import runpy
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nlr import losses, paths
from nlr.errors import NlrError
from nlr.models import make_model
from nlr.study import benchmark, protocols
from nlr.training import loop, precision


@pytest.fixture(scope="module")
def measured():
    return json.loads((paths.RESULTS / "bench" / "cpu.json").read_text())


def test_contenders_train_in_turns_and_are_compared_round_by_round(monkeypatch):
    """Small rounds of the real thing, with the smaller network, without the parts that take minutes."""
    rounds, network = 2, "cnn4"
    monkeypatch.setattr(
        benchmark, "CPU", {k: benchmark.CPU[k] for k in (benchmark.BASELINE, "engine, bf16, one thread")}
    )
    ask = benchmark._Contender.ask
    monkeypatch.setattr(
        benchmark._Contender, "ask", lambda self, request: ask(self, request) if request["do"] == "memory" else {}
    )
    heard = []
    found = benchmark.measure("cpu", rounds=rounds, seconds=0.1, progress=heard.append, network=network)
    asked = [text for text in heard if text.startswith("round")]
    assert asked == [f"round {n + 1} of {rounds}: {name}" for n in range(rounds) for name in found["contenders"]]
    base, engine = found["contenders"].values()
    assert base["ratio"] == [1.0] * rounds
    assert engine["ratio"] == [
        a / b for a, b in zip(engine["images_per_second"], base["images_per_second"], strict=True)
    ]
    assert engine["threads"] == 1
    assert engine["seconds_per_epoch"] == pytest.approx(60_000 / np.median(engine["images_per_second"]))
    assert found["protocol"]["network"] == network
    assert min(base["images_per_second"] + engine["images_per_second"]) > 1
    assert 100 < engine["peak_memory_mb"] < 8000
    assert json.loads(json.dumps(found)) == found


def test_a_contender_that_fails_is_said(monkeypatch):
    monkeypatch.setattr(benchmark, "CPU", {benchmark.BASELINE: ("engine", {"precision": "half"}, 0, 1)})
    with pytest.raises(NlrError, match="ended early"):
        benchmark.measure("cpu", rounds=1)


def test_a_contender_that_ended_meanwhile_is_said(monkeypatch):
    """Between two requests: it is found out when the second is sent, or when its answer is read."""
    script = ("import sys; print('{\"threads\": 1}', flush=True); sys.stdin.readline(); sys.exit(7)", ["-c"])
    popen = subprocess.Popen

    def other(command, **options):
        return popen([sys.executable, *script[1], script[0]], **options)

    monkeypatch.setattr(benchmark.subprocess, "Popen", other)
    contender = benchmark._Contender("engine", {}, 1, "cpu")
    contender.send({"do": "train"})
    assert contender.process.wait() == 7
    with pytest.raises(NlrError, match="ended early with exit status 7"):
        contender.send({"do": "memory"})
    with pytest.raises(NlrError, match="ended early with exit status 7"):
        contender.receive()
    contender.close()


@pytest.mark.parametrize("device", ["cuda:1", "cpu:0", "auto", "meta"])
def test_a_device_without_a_crew_of_its_own_is_refused(monkeypatch, device):
    monkeypatch.setattr(benchmark, "_Contender", lambda *arguments: pytest.fail("a contender was started"))
    with pytest.raises(NlrError, match=f"'{device}' is not measured; expected cpu or cuda"):
        benchmark.measure(device)


def test_a_network_without_a_protocol_of_its_own_is_refused(monkeypatch):
    monkeypatch.setattr(benchmark, "_Contender", lambda *arguments: pytest.fail("a contender was started"))
    with pytest.raises(NlrError, match=r"network to be measured 'cnn9'.*cnn8, cnn4"):
        benchmark.measure("cpu", network="cnn9")


def test_the_committed_measurement_has_every_contender_and_loss(measured):
    assert list(measured["contenders"]) == list(benchmark.CPU)
    shown = benchmark.losses_table(measured).set_index("loss")["alone"]
    assert set(shown.index) >= set(losses.names())
    assert set(shown.index[shown == "not measured"]) == set(losses.names()) - set(measured["losses"]["alone"])
    assert (shown != "not measured").sum() > 30
    assert len(measured["contenders"][benchmark.BASELINE]["ratio"]) == measured["protocol"]["rounds"] >= 5


def test_no_loss_adds_more_than_two_per_cent_to_a_step(measured):
    shares = benchmark.added(measured)
    assert set(shares) >= set(losses.names())
    assert max(shares.values()) <= 0.02
    dearest = max(shares, key=shares.get)
    words = f"`{dearest}`: {100 * shares[dearest]:.2f} %"
    assert words in benchmark.losses_in_words(measured)
    slower = copy.deepcopy(measured)
    step = slower["losses"]["step"]["torch's cross-entropy"]["seconds"]
    slower["losses"]["batch"]["fl"]["seconds"] += 0.5 * step
    slower["losses"]["alone"] = {"ce": {"ratio": 1.4}, "nce": {"ratio": 1.6}}
    assert benchmark.losses_in_words(slower).startswith("Above 1.5 times alone: `nce`. What adds most")
    slower["losses"]["alone"] = copy.deepcopy(measured["losses"]["alone"])
    assert benchmark.added(slower)["fl"] == pytest.approx(shares["fl"] + 0.5)
    assert "`fl`: 5" in benchmark.losses_in_words(slower)
    assert benchmark.losses_table(slower).set_index("loss").loc["fl", "adds to a step"].startswith("5")


def test_tables_and_sentences_follow_the_numbers(measured):
    changed = copy.deepcopy(measured)
    engine = "engine, bf16, two workers of one thread"
    changed["contenders"][engine] |= {"ratio": [7.0, 8.0, 9.0], "images_per_second": [700.0, 800.0, 900.0]}
    row = benchmark.table(changed).set_index("trained by").loc[engine]
    assert (row["ratio"], row["images/s"]) == ("8.00 (7.00 to 9.00)", "800 (700 to 900)")
    assert "to 8.00" in benchmark.in_words(changed)
    changed["contenders"]["tensors in memory"]["ratio"] = [1.0, 1.001, 1.002]
    assert "tensors in memory took" not in benchmark.in_words(changed)  # from 1.00 to 1.00 is no gain
    assert "time as a share of a training step" in benchmark.tried_table(changed)
    assert ". One process of one thread reaches" in benchmark.in_words(changed)  # whose figure it is
    changed["losses"]["alone"]["ce"] |= {"ratio": 99.0, "low": 98.0, "high": 100.0}
    assert benchmark.losses_table(changed).iloc[0].tolist()[:2] == ["ce", "99.00 (98.00 to 100.00)"]


def test_the_numbers_of_the_tables_are_those_shown_and_not_rounded(measured):
    shown, numbers = benchmark.table(measured), benchmark.table_numbers(measured)
    ratios = numbers[[f"ratio to the ordinary script, {name}" for name in ("median", "lowest", "highest")]]
    assert ["{:.2f} ({:.2f} to {:.2f})".format(*row) for row in ratios.to_numpy()] == shown["ratio"].tolist()
    assert [f"{memory:.2f} GB" for memory in numbers["memory (GB)"]] == shown["memory"].tolist()
    shown, numbers = benchmark.tried_table(measured), benchmark.tried_numbers(measured)
    times = numbers[[f"relative time, {name}" for name in ("median", "lowest", "highest")]]
    assert ["{:.2f} ({:.2f} to {:.2f})".format(*row) for row in times.to_numpy()] == shown["relative time"].tolist()
    assert (times != times.round(2)).any(axis=None)
    shown, numbers = benchmark.losses_table(measured), benchmark.losses_numbers(measured)
    assert shown["loss"].tolist()[: len(numbers)] == numbers["loss"].tolist()
    more = [f"{share:z.2f} %" for share in numbers["adds to a step (%)"]]
    assert more == shown["adds to a step"].tolist()[: len(numbers)]


def test_on_a_gpu_the_figure_of_the_engine_is_that_of_a_process_without_a_count_of_threads(measured):
    there = dict.fromkeys(benchmark.GPU, measured["contenders"][benchmark.BASELINE])
    assert benchmark.in_words(measured | {"contenders": there}).startswith("One process reaches")  # all are as quick


# Precision


@pytest.fixture(scope="module")
def precision_script():
    return runpy.run_path(str(benchmark.FOLDER / "precision.py"))


def test_equivalence_needs_a_small_and_a_sure_difference(precision_script):
    equivalence = precision_script["equivalence"]
    base = [50.0, 60.0, 70.0]
    assert equivalence({"float32": base, "bf16": [50.5, 60.4, 70.6]})["equivalent"] is True
    assert equivalence({"float32": base, "bf16": [54.0, 64.1, 73.9]})["equivalent"] is False  # sure, but not small
    assert equivalence({"float32": base, "bf16": [45.0, 60.0, 75.5]})["equivalent"] is False  # small, but not sure


@pytest.mark.parametrize("machine", ["precision", "precision-avx2"])
def test_bf16_ends_where_float32_does_on_the_committed_runs(precision_script, machine):
    found = json.loads((paths.RESULTS / "bench" / f"{machine}.json").read_text())
    assert list(found["cases"]) == list(precision_script["CASES"])
    for name, case in found["cases"].items():
        seeds = precision_script["CASES"][name]["seeds"]
        assert [len(taken) for taken in case["accuracies"].values()] == [len(seeds)] * 2
        assert case["test"] == pytest.approx(precision_script["equivalence"](case["accuracies"]))
        assert case["test"]["equivalent"], name


def test_the_runs_that_are_compared_differ_in_precision_alone(precision_script, monkeypatch):
    taken = []

    def train(config, dataset, device):
        taken.append(config)
        return {"final": {"last_accuracy": len(taken) / 100}}

    monkeypatch.setattr(loop, "train", train)
    case = {"protocol": "digits", "seeds": [0, 3], "epochs": 7}
    assert precision_script["accuracies"](case) == {"float32": [1.0, 3.0], "bf16": [2.0, 4.0]}
    assert [config["training"].pop("precision") for config in taken] == ["float32", "bf16"] * 2
    assert [config["seed"] for config in taken] == [0, 0, 3, 3]
    assert {config["training"]["epochs"] for config in taken} == {7}
    assert taken[0::2] == taken[1::2]


def test_the_command_refuses_a_device_that_is_not_here():
    done = subprocess.run(
        [sys.executable, "-m", "nlr", "bench", "--device", "abacus"], capture_output=True, text=True, cwd=paths.ROOT
    )
    assert done.returncode == 1
    assert "abacus" in done.stderr


@pytest.mark.parametrize(("network", "protocol"), [("cnn8", "ma2020"), ("cnn4", "ma2020-mnist")])
def test_the_ordinary_script_trains_the_papers_networks_as_the_protocols_say(network, protocol):
    ordinary = runpy.run_path(str(benchmark.FOLDER / "ordinary.py"))["PROTOCOLS"][network]
    shapes = [tuple(p.shape) for p in ordinary["network"]().parameters()]
    assert shapes == [tuple(p.shape) for p in make_model(network).parameters()]
    loaded = protocols.load(protocol)
    assert loaded["model"]["name"] == network
    assert [list(ordinary[key]) for key in ("mean", "std")] == [loaded["data"][key] for key in ("mean", "std")]
    assert ordinary["augment"] == (loaded["data"]["augmentation"] == "crop-flip")
    assert ordinary["decay"] == loaded["training"]["weight_decay"]
    assert benchmark.SHAPES[network][2] == len(loaded["data"]["mean"])


@pytest.mark.parametrize("way", ["unfolded", "padded", "in_float32"])
def test_the_first_convolution_of_mnist_is_the_same_in_every_way(way):
    parts = runpy.run_path(str(benchmark.FOLDER / "parts.py"))
    generator = torch.Generator().manual_seed(0)
    x, weight, bias = (torch.randn(*shape, generator=generator) for shape in ((3, 1, 28, 28), (32, 1, 3, 3), (32,)))
    found = parts[way](x, weight, bias)
    assert found.shape == (3, 32, 28, 28)
    assert torch.allclose(found, F.conv2d(x, weight, bias, padding=1), atol=1e-5)


# Rounded products


def test_sentence_on_rounding_is_that_of_the_measurement():
    found = json.loads((paths.RESULTS / "bench" / "rounded.json").read_text())
    assert found["steps"]["plain"]["low"] > 2  # else there would be no reason for it
    found["machine"]["device"] = "X"
    found["steps"] = {
        "rounded": {"ratio": 1.0, "low": 1.0, "high": 1.0, "seconds": 0.5},
        "plain": {"ratio": 12.34, "low": 9.0, "high": 15.0, "seconds": 6.0},
        "float32": {"ratio": 0.9, "low": 0.8, "high": 1.1, "seconds": 0.45},
    }
    text = benchmark.rounded_in_words(found)
    assert text.startswith("On X, on one thread, a training step of ma2020-small takes 0.5 s")
    assert "takes 12 (9 to 15) times as long, in float32 0.9 (0.8 to 1.1) times" in text


def test_rounding_is_not_measured_where_it_is_not_used(monkeypatch):
    monkeypatch.setattr(precision, "needed", lambda device_type, dtype: False)
    script = runpy.run_path(str(benchmark.FOLDER / "rounded.py"))
    with pytest.raises(NlrError, match="nothing to measure"):
        script["measure"]()
