"""Networks that are looked into: probabilities of the labels that were given, and of the classes of other images."""

import numpy as np
import pytest

from nlr import data
from nlr.errors import NlrError
from nlr.study.predictions import predictions


def test_the_predictions_are_of_the_run_with_that_noise(own_protocols, digits):
    on_training, on_test = predictions("ce", "asymmetric-0.4")
    assert (len(on_training), len(on_test)) == (len(digits.images), len(digits.test_images))
    for values in (on_training["p_y"], on_test["p_class"], on_test["p_target"], on_test["largest"]):
        assert values.between(0, 1).all()
    assert (on_test["largest"] >= on_test[["p_class", "p_target"]].max(axis=1)).all()
    assert (on_test.loc[on_test["answered"], "p_class"] == on_test.loc[on_test["answered"], "largest"]).all()
    # The map of MNIST changes 2, 3, 5, 6 and 7.
    mapped = np.isin(digits.test_labels.numpy(), [2, 3, 5, 6, 7])
    assert on_test["mapped"].tolist() == mapped.tolist()
    # NCE lies between 0 and 1, and is small where the label is likely.
    assert on_training["nce"].between(0, 1).all()
    assert (
        on_training.loc[on_training["p_y"] > 0.9, "nce"].max() < on_training.loc[on_training["p_y"] < 0.1, "nce"].max()
    )
    assert 0.2 < on_training["answered"].mean() < 1


def test_the_data_are_left_as_they_were(own_protocols, digits):
    predictions("mae", "asymmetric-0.4")
    assert data.load("digits").fingerprint == digits.fingerprint


def test_noise_without_a_map_is_refused():
    with pytest.raises(NlrError, match=r"'symmetric-0\.4' has no class that the noise leads to"):
        predictions("ce", "symmetric-0.4")
