"""What our runs cover, in sentences: which data, networks and noise."""

from nlr.book import marks
from nlr.evidence import frames
from nlr.evidence.wording import listed, seeds
from nlr.noise import OF_PEOPLE

NETWORKS = {  # those of a report go by their names
    "cnn8": "8-layer CNN",
    "cnn4": "4-layer CNN",
    "digits-cnn": "small CNN",
}
KINDS = {  # of noise, in the order in which they are told
    "clean": "none",
    "symmetric": "symmetric",
    "asymmetric": "asymmetric",
    "human": "labels by people",
    "matrix": "their transition matrix",
}


def tested(records):
    """Each data set, as a part of a sentence: how many runs, images and epochs, which network and noise.

    Args:
        records: the records; those of one family of data stand together, in the order of :data:`marks.FAMILIES`.
    """
    by_dataset = {}
    for record in sorted(records, key=lambda r: list(marks.FAMILIES).index(r["config"]["data"]["dataset"])):
        by_dataset.setdefault(record["config"]["dataset"], []).append(record)
    return "; ".join(_of_dataset(dataset, found) for dataset, found in by_dataset.items())


def _of_dataset(dataset, found):
    configs = [record["config"] for record in found]
    images = {sum(map(sum, record["noise"]["counts"])) for record in found}
    epochs = {config["training"]["epochs"] for config in configs}
    networks = dict.fromkeys(
        NETWORKS.get(config["model"]["name"], config["model"]["name"])
        + " at half width" * (config["model"].get("width") == 0.5)
        for config in configs
    )
    kinds = {config["noise"]["kind"] for config in configs}
    noise = listed([words for kind, words in KINDS.items() if kind in kinds])
    runs = f"{len(found):,} run{'s' * (len(found) > 1)}"
    return (
        f"{frames.DATASETS.get(dataset, dataset)} ({runs} on {_range(images)} images, "
        f"{_range(epochs)} epochs, {listed(networks)}; noise: {noise})"
    )


def _range(numbers):
    return " to ".join(dict.fromkeys(f"{number:,}" for number in (min(numbers), max(numbers))))


def people(records):
    """How many runs have labels by people or noise like theirs, and in which protocols, in a sentence."""
    found = [record for record in records if record["config"]["noise"]["kind"] in OF_PEOPLE]
    if not found:
        return "No run has labels by people (CIFAR-10N)."
    places = listed(dict.fromkeys(f"`{record['config']['protocol']}`" for record in found))
    numbers = frames.cells(frames.frame(found))["n"]
    return (
        f"Labels by people (CIFAR-10N), and noise with their transition matrix, have {len(found)} runs of {places}, "
        f"{seeds(numbers.min(), numbers.max())} each; {{doc}}`the page for practice </executed/practice>` says more."
    )
