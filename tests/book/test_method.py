"""The page on data, noise and training: what it types of the protocols is what these have."""

import re

import pytest

from nlr import data, models, paths
from nlr.study import protocols, runs

PAGE = (paths.ROOT / "book" / "method.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in re.search(r"tab-protocols\n\n(.*?)\n```", PAGE, re.DOTALL)[1].splitlines()
]
NAMES = [name.strip("`") for name in ROWS[0][1:]]
TABLE = {row[0]: dict(zip(NAMES, row[1:], strict=True)) for row in ROWS[2:]}


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_the_values_of_the_protocol(name):
    loaded = protocols.load(name)
    training, noise = loaded["training"], loaded["noise"]
    images = int(re.match(r"[\d,]+", TABLE["training images"][name])[0].replace(",", ""))
    dataset = loaded["data"]["dataset"]
    whole = data.TRAINING_IMAGES.get(dataset) or len(data.load(dataset).labels)
    assert images == (10 * loaded["data"]["train_per_class"] or whole)
    shown = {
        "sampler, symmetric noise": noise["symmetric"],
        "sampler, asymmetric noise": noise["asymmetric"],
        "epochs": str(training["epochs"]),
        "batch": str(training["batch_size"]),
        "updates": f"{runs.steps(loaded, images):,}",
        "weight decay": f"{training['weight_decay']:g}",
        "end of the cosine": f"{training.get('floor', 0):g}",
        r"$\alpha$ and $\beta$ in SCE": f"{loaded['losses']['sce']['alpha']:g}, {loaded['losses']['sce']['beta']:g}",
    }
    assert {what: TABLE[what][name] for what in shown} == shown
    assert TABLE["precision"][name].startswith({"bf16": "bfloat16", "float32": "float32"}[training["precision"]])
    assert (TABLE["augmentation"][name] == "none") == (loaded["data"]["augmentation"] == "none")
    same = {"optimiser": "sgd", "momentum": 0.9, "learning_rate": 0.01, "schedule": "cosine", "clip_norm": 5}
    assert same == {key: training[key] for key in same}


@pytest.mark.parametrize("name", ["cnn8", "cnn4"])
def test_a_network_has_the_parameters_that_are_typed(name):
    assert f"{models.num_parameters(models.make_model(name)):,} parameters" in " ".join(PAGE.split())


def test_whose_test_labels_are_noisy_is_said():
    noisy = {name for name in protocols.names() if protocols.load(name)["noise"].get("evaluation") == "noisy"}
    assert noisy
    assert {name.split("-")[0] for name in noisy} == {"joshi"}
    assert "test labels never are, except in Joshi's protocol as written" in PAGE
