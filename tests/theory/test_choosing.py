"""What noisy labels tell of a classifier, beside counts of drawn labels."""

import numpy as np
import pytest

from nlr import noise
from nlr.errors import NlrError
from nlr.theory import choosing


@pytest.mark.parametrize(("num_classes", "rate"), [(2, 0.3), (10, 0.4), (10, 0.8), (100, 0.8)])
def test_agreement_and_its_error_are_those_of_drawn_labels(num_classes, rate):
    rng = np.random.default_rng(0)
    clean, accuracy, images = np.repeat(np.arange(num_classes), 20_000 // num_classes), 0.7, 500
    # The errors are all of one class, which is the next: agreement does not depend on what they are.
    answers = np.where(rng.random(len(clean)) < accuracy, clean, (clean + 1) % num_classes)
    true = (answers == clean).mean()
    shares = []
    for seed in range(40):
        drawn = noise.add_noise(clean, "symmetric", rate, seed, num_classes, sampler="bernoulli")
        agrees = answers == drawn.labels
        shares += [agrees[part].mean() for part in np.split(rng.permutation(len(clean)), len(clean) // images)]
    expected = choosing.agreement(true, rate, num_classes)
    assert np.mean(shares) == pytest.approx(expected, abs=0.002)
    slope = 1 - rate * num_classes / (num_classes - 1)
    error = choosing.error_of_accuracy(true, rate, num_classes, images)
    assert np.std(shares) / slope == pytest.approx(error, rel=0.06)


def test_clean_labels_and_the_last_rate():
    assert choosing.agreement(0.7, 0, 10) == 0.7
    assert choosing.error_of_accuracy(0.5, 0, 10, 100) == pytest.approx(0.05)
    for rate in (0.9, -0.1):
        with pytest.raises(NlrError, match=r"with 10 classes; expected a rate from 0 to below .* 0\.9"):
            choosing.agreement(0.7, rate, 10)


def test_what_is_fitted_beyond_the_right_labels_is_wrong_labels():
    assert choosing.memorised_at_least(0.8, 0.4) == pytest.approx(0.5)
    assert choosing.memorised_at_least(1.0, 0.4) == pytest.approx(1)
    assert choosing.memorised_at_least(0.6, 0.4) == choosing.memorised_at_least(0.1, 0.4) == pytest.approx(0)
    fitted, memorised, rate = 0.9, 0.3, 0.4
    assert choosing.memorised_at_least((1 - rate) * fitted + rate * memorised, rate) <= memorised
