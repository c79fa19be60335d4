"""What a transition matrix says: rates, shares and information, against cases that can be done by hand."""

import math

import numpy as np
import pytest

from nlr.errors import NlrError
from nlr.noise import transition_matrix
from nlr.theory import label_noise

SKEWED = [0.5, 0.25, 0.25]
MATRIX = [[0.8, 0.2, 0.0], [0.0, 1.0, 0.0], [0.4, 0.0, 0.6]]


def test_rate_and_shares_weigh_the_classes():
    assert label_noise.overall_rate(MATRIX, SKEWED) == pytest.approx(0.5 * 0.2 + 0.25 * 0.4)
    assert label_noise.overall_rate(MATRIX) == pytest.approx((0.2 + 0.4) / 3)
    assert label_noise.label_shares(MATRIX, SKEWED) == pytest.approx([0.5, 0.35, 0.15])


def test_information_runs_from_that_of_clean_labels_to_none():
    assert label_noise.information(np.eye(10)) == pytest.approx(math.log(10))
    assert label_noise.information(np.full((10, 10), 0.1)) == pytest.approx(0, abs=1e-15)
    assert label_noise.information(np.eye(3), SKEWED) == pytest.approx(1.5 * math.log(2))
    swapped = transition_matrix("asymmetric", 0.5, 2, class_map={0: 1, 1: 0})
    assert label_noise.information(swapped) == pytest.approx(0, abs=1e-15)


def test_information_of_a_binary_channel():
    flip = 0.11
    entropy = -flip * math.log(flip) - (1 - flip) * math.log(1 - flip)
    assert label_noise.information([[1 - flip, flip], [flip, 1 - flip]]) == pytest.approx(math.log(2) - entropy)


def test_a_class_without_samples_counts_for_nothing():
    assert label_noise.information(np.eye(3), [0.5, 0.5, 0.0]) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("matrix", "prior", "message"),
    [
        (np.ones((2, 3)) / 3, None, r"is square.*shape \(2, 3\)"),
        ([[1.5, -0.5], [0, 1]], None, "no negative entry"),
        ([[0.5, 0.4], [0, 1]], None, "rows of a transition matrix sum to 1"),
        (np.eye(2), [0.5, 0.6], "2 shares that sum to 1"),
        (np.eye(2), [0.2, 0.3, 0.5], "2 shares that sum to 1"),
    ],
)
def test_what_is_no_matrix_or_no_prior_is_refused(matrix, prior, message):
    for function in (label_noise.overall_rate, label_noise.label_shares, label_noise.information):
        with pytest.raises(NlrError, match=message):
            function(matrix, prior)
