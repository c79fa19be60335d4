r"""What noisy labels alone tell of a classifier: its accuracy from held-out ones, memorisation from those trained on.

Under symmetric noise of rate :math:`\eta` a classifier that is right on a share a of the images agrees with a noisy
label where it is right and the label too, or where it is wrong and the label is the same wrong class:

.. math:: (1-\eta)\,a + \frac{\eta}{K-1}(1-a) = \frac{\eta}{K-1} + \Bigl(1 - \frac{\eta K}{K-1}\Bigr)a,

whatever its errors are, as long as it has not seen those labels. Rates and shares lie between 0 and 1.
"""

import math

from nlr.errors import NlrError


def _slope(rate, num_classes):
    """How much agreement grows with accuracy."""
    limit = (num_classes - 1) / num_classes
    if not 0 <= rate < limit:
        raise NlrError(
            f"Symmetric noise of rate {rate!r} with {num_classes} classes; expected a rate from 0 to below (K - 1) / K "
            f"= {limit:.4g}, from which on noisy labels say nothing of accuracy."
        )
    return 1 - rate / limit


def agreement(accuracy, rate, num_classes):
    """The share of held-out noisy labels that a classifier agrees with, in the mean.

    Args:
        accuracy: its share of right answers.
        rate: the rate of symmetric noise, below (K - 1) / K.
        num_classes: the number of classes K.

    Raises:
        NlrError: the rate is too high or negative.
    """
    return rate / (num_classes - 1) + _slope(rate, num_classes) * accuracy


def error_of_accuracy(accuracy, rate, num_classes, images):
    """The standard error of an accuracy that is read off held-out noisy labels by :func:`agreement`.

    Two classifiers on the same images differ with a smaller error than two of these together, for most of their answers
    are the same.

    Args:
        accuracy, rate, num_classes: as for :func:`agreement`.
        images: how many are held out.

    Raises:
        NlrError: the rate is too high or negative.
    """
    share = agreement(accuracy, rate, num_classes)
    return math.sqrt(share * (1 - share) / images) / _slope(rate, num_classes)


def memorised_at_least(agreement, rate):
    """The least share of the wrong training labels that is memorised, if so many of all training labels are fitted.

    Of the labels a share ``1 - rate`` is right. What is fitted beyond that must be wrong labels.

    Args:
        agreement: the share of training labels that are predicted as given.
        rate: the share of them that is wrong, above 0.
    """
    return max(0.0, (agreement - (1 - rate)) / rate)
