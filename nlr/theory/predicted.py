"""What theory predicts for the runs on MNIST, and what they gave: does a loss end with one answer to everything?

The predictions (:mod:`nlr.theory.collapse`) are of every cell in lines A and B of the study ``cpu-list``. They lie in
``book/data/collapse.csv``, which was committed before the first of those runs.
"""

from itertools import product

import numpy as np
import pandas as pd

from nlr import noise
from nlr.data import MNIST_CLASS_SIZES
from nlr.evidence import claims, frames
from nlr.evidence.whole_seeds import LIST, whole_seeds
from nlr.losses import make_loss
from nlr.paths import ROOT
from nlr.study import protocols, records, runs, studies
from nlr.theory import collapse
from nlr.training.engine import learning_rate

PREDICTIONS = ROOT / "book" / "data" / "collapse.csv"
LINES = ("A", "B")  # of the list

NUM_IMAGES = sum(MNIST_CLASS_SIZES)


def cells():
    """The cells that are predicted, in the order of their runs: (protocol, loss, setting) to the run of seed 0."""
    found = {}
    for block in studies.load(LIST).blocks:
        if block["line"] in LINES:
            protocol = protocols.load(block["protocol"])
            for setting, loss in product(block["settings"], block["losses"]):
                config = runs.configure(protocol, loss, setting, 0, block["dataset"])
                found.setdefault(_cell(config), config)
    return found


def flow_time(training, images=NUM_IMAGES):
    """How long a run of SGD follows the gradient flow: the sum of its learning rates over 1 - momentum.

    Weight decay d alone makes a weight smaller by the factor ``exp(-d * flow_time)``.

    Args:
        training: The training settings of a resolved run.
        images: How many training images there are.
    """
    steps = -(-images // training["batch_size"])
    total = steps * sum(learning_rate(training, epoch) for epoch in range(training["epochs"]))
    return total / (1 - training["momentum"])


def predict(config):
    """Both criteria for a resolved run on MNIST.

    Returns:
        The :class:`nlr.theory.collapse.Prediction`.
    """
    kind = config["noise"]["kind"]
    matrix = noise.transition_matrix(
        kind,
        config["noise"]["rate"],
        sampler=config["noise"]["sampler"],
        class_map=config["noise"]["class_map"] or "mnist",
        class_sizes=MNIST_CLASS_SIZES,
    )
    loss = make_loss(config["loss"]["name"], **config["loss"]["parameters"])
    joint = collapse.joint_labels(matrix, MNIST_CLASS_SIZES)
    hidden_norm = config["model"].get("hidden_batch_norm", True)
    return collapse.predict(loss, joint, config["training"]["weight_decay"], hidden_norm)


def row(config):
    """A line of the file of predictions.

    Returns:
        A dict with protocol, loss, setting, constant_lower and constant_stable (``yes`` or ``no``), the penalised risks
        of the constant answer and of the best that was found, how many classes the latter answers, the pull at the
        constant answer, the weight decay, and by how many powers of e it alone shrinks a weight in the run.
    """
    found, decay = predict(config), config["training"]["weight_decay"]
    protocol, loss, setting = _cell(config)
    return {
        "protocol": protocol,
        "loss": loss,
        "setting": setting,
        "constant_lower": "yes" if found.lower else "no",
        "constant_stable": "yes" if found.stable else "no",
        "constant_risk": round(found.constant.risk, 6),
        "best_risk": round(found.fit.risk, 6),
        "best_answers": found.fit.answered,
        "pull": round(found.pull, 6),
        "weight_decay": decay,
        "decay_efoldings": round(decay * flow_time(config["training"]), 3),
    }


def table():
    """The file of predictions, as it was committed: a row a cell with the columns of :func:`row`."""
    return pd.read_csv(PREDICTIONS)


def runs_of_cells():
    """The records of the predicted cells: all seeds that the study ``cpu-list`` plans and that may decide something."""
    study, asked = studies.load(LIST), set(cells())
    found = (records.find(study.store, config) for config, _ in study.runs() if _cell(config) in asked)
    return whole_seeds(list(filter(None, found)))


def beside(found):
    """The predictions with what the runs gave.

    Args:
        found: records, as of :func:`runs_of_cells`; those of other cells are not looked at.

    Returns:
        :func:`table` with ``runs`` (their number), ``modal_share`` (mean share of the commonest answer on the test set
        at the last epoch, per cent), ``never_answered`` (the largest number of classes that a run never answers),
        ``accuracy`` (mean, per cent) and ``one_answer``: ``yes`` where the commonest answer has more than the share
        ``collapsed`` of the claims' rules in most of the runs, else ``no``. Without a run ``runs`` is 0, ``one_answer``
        is empty and the figures are NaN.
    """
    limit = claims.load()["C73"].rules["collapsed"]
    of_cell = {}
    for record in found:
        of_cell.setdefault(_cell(record["config"]), []).append(record)
    rows = []
    for cell in table()[["protocol", "loss", "setting"]].itertuples(index=False, name=None):
        ends = of_cell.get(cell, [])
        shares = np.array([100 * end["final"]["modal_class_share"] for end in ends])
        rows.append(
            {
                "runs": len(ends),
                "modal_share": shares.mean() if ends else np.nan,
                "never_answered": max(map(frames.never_answered, ends), default=np.nan),
                "accuracy": 100 * np.mean([end["final"]["last_accuracy"] for end in ends]) if ends else np.nan,
                "one_answer": ("yes" if (shares > limit).mean() > 0.5 else "no") if ends else "",
            }
        )
    return table().join(pd.DataFrame(rows))


def _cell(config):
    setting = noise.format_setting(config["noise"]["kind"], config["noise"]["rate"])
    return config["protocol"], config["loss"]["spec"], setting


def write():
    """Compute the predictions of all cells and write the file; only while no run of them exists."""
    frame = pd.DataFrame([row(config) for config in cells().values()])
    frame.to_csv(PREDICTIONS, index=False)


if __name__ == "__main__":
    write()
