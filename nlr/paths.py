"""The one place that knows where things are."""

import os
from pathlib import Path

from nlr import arguments
from nlr.errors import NlrError

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "results"  # records that are committed: the evidence
LIVE = ROOT / "live"  # records of the live demonstration, trained at build time, not committed
NOTEBOOKS = ROOT / "notebooks"
EXECUTED = ROOT / "executed"  # executed notebooks and what they draw, products of the build


def data_root(given=None):
    """The folder with the data sets: ``given``, else the environment variable NLR_DATA.

    Raises:
        NlrError: neither is set, the given one is empty, or the folder does not exist.
    """
    layout = (
        "a folder that holds cifar-10-batches-py (torchvision's release of CIFAR-10), cifar10/plain_text/*.parquet or, "
        "for MNIST, MNIST/raw"
    )
    if given is None and not (given := os.environ.get("NLR_DATA")):
        raise NlrError(f"No data root: name {layout} with the option data_root or the environment variable NLR_DATA.")
    root = arguments.path(given, "The data root")
    if not root.is_dir():
        raise NlrError(f"The data root {str(given)!r} is not a folder; expected {layout}.")
    return root
