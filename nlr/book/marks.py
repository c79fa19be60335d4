"""The one mark that says where evidence comes from: mathematics, the authors' figures, a full protocol, a small one."""

from dataclasses import dataclass

from nlr.evidence import frames
from nlr.study import protocols

SMALL = "ma2020-small"  # stands for the full protocol while this has no runs
FULL = "ma2020"
MNIST_FULL = "ma2020-mnist"
MNIST_DECAY = "ma2020-mnist-decay-1e-2"  # the same with the weight decay of the authors' released configuration
MNIST_RELEASE = "ma2020-mnist-release"  # all of that configuration
OURS = (FULL, MNIST_FULL, SMALL)
FAMILIES = {
    "cifar10": "CIFAR-10",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "digits": "digits of 8 by 8 pixels",
}


@dataclass(frozen=True)
class Mark:
    """A kind of evidence: its name in a sentence, what it is, and the protocol whose runs it rests on, if any."""

    name: str
    what: str
    protocol: str = ""


MARKS = {
    "proof": Mark("proof", "mathematics, checked by cells that run"),
    "authors": Mark(
        "authors' tables, CIFAR-10",
        "the authors' draft tables, means of three runs, last epoch; older than our tests, they decide nothing alone",
    ),
    "full": Mark(
        "our full runs, MNIST",
        "our runs on all of MNIST, trained as the authors' first scripts do; where said, with another weight decay, "
        "network or last learning rate",
        MNIST_FULL,
    ),
    "small": Mark("our small runs, CIFAR-10", "our runs with fewer images and epochs than the paper's", SMALL),
}


def name(mark):
    """The name of a mark."""
    return MARKS[mark].name


def badge(mark):
    """A mark as MyST; it is told by its words and its outline, not by colour alone."""
    return f"[{name(mark)}]{{.mark .mark-{mark}}}"


def legend():
    """What each mark means, as a Markdown list."""
    return "\n".join(f"- {badge(key)} {mark.what}." for key, mark in MARKS.items())


def scope(protocol):
    """A protocol in words that say how far its verdicts reach: ``CIFAR-10, 10,000 images, 25 epochs``.

    Args:
        protocol: its name; another scope, as ``mathematics``, is returned as it is.
    """
    if protocol not in protocols.names():
        return protocol
    settings = protocols.load(protocol)
    family = FAMILIES[settings["data"]["dataset"]]
    held_out = f", {100 * settings['data']['validation']:g} % held out" if settings["data"]["validation"] else ""
    if settings["data"]["dataset"] == "digits":
        return f"{family}, {settings['training']['epochs']} epochs{held_out}"
    if frames.is_small(protocol):
        images = 10 * settings["data"]["train_per_class"]
        return f"{family}, {images:,} images, {settings['training']['epochs']} epochs{held_out}"
    if protocol == MNIST_RELEASE:
        return f"{family}, full protocol{held_out}, released configuration"
    if protocol == MNIST_DECAY:
        return f"{family}, full protocol{held_out}, weight decay {settings['training']['weight_decay']:g}"
    return f"{family}, full protocol{held_out}"
