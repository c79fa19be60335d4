"""What one run is judged by: figures computed of its record; accuracies and shares in per cent, NaN where undefined."""

import numpy as np

from nlr.noise import MAPS

#: A figure of a record: name to (function, unit, what it is). Differences of what is in % are in points.
FIGURES = {}


def _figure(unit, words):
    def register(function):
        FIGURES[function.__name__] = function, unit, words
        return function

    return register


def _percent(value):
    return np.nan if value is None else 100 * value


def _series(record, key):
    return np.array([np.nan if value is None else value for value in record["series"].get(key, [None])], float)


@_figure("%", "test accuracy after the last epoch")
def last(record):
    return _percent(record["final"]["last_accuracy"])


@_figure("%", "test accuracy in the best epoch, chosen on the test set")
def best(record):
    return _percent(record["final"]["best_accuracy"])


@_figure("points", "best epoch, chosen on the test set, less last epoch")
def gap(record):
    return best(record) - last(record)


@_figure("%", "share of the wrong training labels predicted as given, last epoch")
def memorised(record):
    return _percent(record["series"]["memorised"][-1])


@_figure("%", "training accuracy on the samples whose label is right, last epoch")
def clean_part(record):
    return 100 * _series(record, "accuracy_clean_part")[-1]


@_figure("%", "mean probability of the given label, of the samples whose label is right, last epoch")
def sureness(record):
    return 100 * _series(record, "p_y_clean_part")[-1]


@_figure("%", "accuracy on held-out noisy labels, last epoch")
def validation(record):
    return 100 * _series(record, "validation_accuracy_noisy")[-1]


@_figure("%", "mean over the epochs of the wrong labels' share in the summed norms of the gradients in the logits")
def gradient_share(record):
    return 100 * _series(record, "corrupted_gradient_share").mean()


@_figure("epochs", "first epoch from which test accuracy stays within 5 % of the last epoch's")
def epochs_to_95(record):
    accuracy = _series(record, "test_accuracy")
    away = np.flatnonzero(np.abs(accuracy - accuracy[-1]) > 0.05 * accuracy[-1])
    return float(away[-1] + 2) if len(away) else 1.0


@_figure("points", "standard deviation of the change of test accuracy from epoch to epoch, second half of training")
def roughness(record):
    accuracy = _series(record, "test_accuracy")
    late = accuracy[len(accuracy) // 2 :]
    return 100 * np.diff(late).std(ddof=1) if len(late) > 2 else np.nan


@_figure("points an epoch", "slope of test accuracy over the last third of the epochs")
def late_slope(record):
    accuracy = _series(record, "test_accuracy")
    tail = accuracy[-max(2, len(accuracy) // 3) :]
    return 100 * np.polyfit(np.arange(len(tail)), tail, 1)[0] if len(accuracy) > 1 else np.nan


# C11 and C65 were tested by it before they were revised; whether tests are older than runs is read off old registries.
@_figure("nats", "slope of mean Q on mean p_y over the epochs, samples whose label is right")
def q_slope(record):
    p_y, q = _series(record, "p_y_clean_part"), _series(record, "q_clean_part")
    return float(np.polyfit(p_y, q, 1)[0]) if len(p_y) > 1 and np.ptp(p_y) > 0 else np.nan


P_Y = 1 / 3  # where NCE and CE are compared: NCE passes it in every setting but the noisiest, cross-entropy soon


@_figure("nats", "mean Q where mean p_y first reaches a third, samples whose label is right")
def q_at_third(record):
    p_y, q = _series(record, "p_y_clean_part"), _series(record, "q_clean_part")
    above = np.flatnonzero(p_y >= P_Y)
    if not len(above) or not above[0]:  # never reached, or before the first epoch ends
        return np.nan
    around = slice(above[0] - 1, above[0] + 1)
    return float(np.interp(P_Y, p_y[around], q[around]))


def _by_class(record, mapped):
    sources = sorted(MAPS["ma2020"])
    accuracy = np.array(record["final"]["accuracy_by_class"])
    inside = np.isin(np.arange(len(accuracy)), sources)
    return 100 * accuracy[inside == mapped].mean()


@_figure("%", "mean test accuracy of the classes whose labels asymmetric noise changes")
def mapped_classes(record):
    return _by_class(record, True)


@_figure("%", "mean test accuracy of the classes whose labels asymmetric noise leaves")
def unmapped_classes(record):
    return _by_class(record, False)


@_figure("%", "share of the test set that is given the commonest prediction")
def modal_share(record):
    return _percent(record["final"].get("modal_class_share"))


@_figure("%", "test accuracy after the last epoch, of runs that do not give one class to nearly every image")
def standing(record):
    return last(record) if modal_share(record) <= 99 else np.nan


@_figure("units of weight", "distance of the weights from their start")
def distance(record):
    value = record["final"].get("distance_from_start")
    return np.nan if value is None else value


@_figure("per cent", "runs whose weights are no longer finite")
def diverged(record):
    return 100.0 * record["final"]["diverged"]
