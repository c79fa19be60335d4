"""What a network says of the images that it was trained on, and of others: the digits, trained and looked into."""

import pandas as pd
import torch

from nlr import data
from nlr.errors import NlrError
from nlr.noise import add_noise, parse_setting, transition_matrix
from nlr.study import runs
from nlr.training import loop
from nlr.training.engine import Engine


def predictions(loss, setting, seed=0):
    """Train the digits by the protocol ``digits`` and take the probabilities that the network gives.

    Args:
        loss: as a run of the protocol spells it.
        setting: with asymmetric noise, as ``asymmetric-0.4``.
        seed: of the run.

    Returns:
        A pair of data frames. The first has a row a training image: p_y (the probability of the label as given), nce
        (the value of NCE there) and answered (whether the network answers that label). The second has a row a test
        image: answered (whether the class is), p_class (its probability), p_target (that of the class that the noise
        makes of it), largest (the largest probability) and mapped (whether the noise changes it at all).

    Raises:
        NlrError: the noise is not asymmetric.
    """
    kind, rate = parse_setting(setting)
    if kind != "asymmetric":
        raise NlrError(f"Setting {setting!r} has no class that the noise leads to: give one with asymmetric noise.")
    digits = data.load("digits")
    config, last = runs.resolve("digits", loss, setting, seed, "digits"), {}
    loop.train(config, digits, on_epoch=lambda done, state: last.update(state()))
    engine = Engine(config, digits.num_classes, "cpu")
    engine.restore(last)
    options = {key: config["noise"][key] for key in ("sampler", "class_map")}
    labels = torch.from_numpy(add_noise(digits.labels.numpy(), kind, rate, seed, **options).labels)
    flips = torch.from_numpy(transition_matrix(kind, rate, class_map=options["class_map"]))
    training, test = (engine.evaluate(part).double().softmax(1) for part in (digits.images, digits.test_images))
    logs, true = training.clamp_min(1e-300).log(), digits.test_labels
    target = (flips - flips.diag().diag()).argmax(1)[true]

    def at(values, classes):
        return values.gather(1, classes[:, None])[:, 0]

    on_training = {
        "p_y": at(training, labels),
        "nce": at(logs, labels) / logs.sum(1),
        "answered": training.argmax(1) == labels,
    }
    on_test = {
        "answered": test.argmax(1) == true,
        "p_class": at(test, true),
        "p_target": at(test, target),
        "largest": test.max(1).values,
        "mapped": (flips.diagonal() < 1)[true],
    }
    return pd.DataFrame(on_training), pd.DataFrame(on_test)
