"""Data sets as uint8 tensors with clean labels: scikit-learn's digits, CIFAR-10 in two layouts, CIFAR-10N's labels."""

import hashlib
import io
import pickle
from dataclasses import dataclass

import numpy as np
import torch

from nlr.errors import NlrError, unknown
from nlr.paths import data_root

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

#: Under which key the file of CIFAR-10N has each set of :data:`nlr.noise.HUMAN_SETS`.
HUMAN_KEYS = {
    "aggre": "aggre_label",
    "random1": "random_label1",
    "random2": "random_label2",
    "random3": "random_label3",
    "worse": "worse_label",
}


@dataclass(frozen=True)
class Dataset:
    """Images and clean labels, nothing noisy.

    Attributes:
        name: ``digits``, ``cifar10`` (lossless) or ``cifar10-jpeg75``; the first part of every record's path.
        images, test_images: uint8 tensors (N, height, width, channels).
        labels, test_labels: int64 tensors (N,).
        classes: the names of the classes, by label.
        fingerprint: SHA-256 over all decoded images and labels, so that two records can be told to share their data.
        twins: the lossless versions of the first test images, where the data root has them; else None.
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor
    classes: tuple
    fingerprint: str
    twins: torch.Tensor | None = None

    @property
    def num_classes(self):
        return len(self.classes)


def load(family, root=""):
    """The data set of a protocol.

    Args:
        family: ``digits`` (embedded in scikit-learn) or ``cifar10`` (found under the data root).
        root: the data root; the environment variable NLR_DATA where empty. Digits need none.

    Raises:
        NlrError: the family is unknown, or the data are missing or damaged; the message says how to get them.
    """
    if family == "digits":
        return _digits()
    if family != "cifar10":
        raise unknown("data set", family, ("cifar10", "digits"))
    root = data_root(root)
    if (root / "cifar-10-batches-py").is_dir():
        return _cifar10_release(root)
    for folder in (root / "cifar10" / "plain_text", root / "plain_text"):
        if folder.is_dir():
            return _cifar10_parquet(folder)
    raise NlrError(
        f"No CIFAR-10 under the data root {str(root)!r}; expected cifar-10-batches-py, which "
        "torchvision.datasets.CIFAR10(root, download=True) puts there, or cifar10/plain_text/*.parquet."
    )


def _fingerprint(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(str((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _dataset(name, images, labels, test_images, test_labels, classes, twins=None):
    arrays = [np.asarray(images, np.uint8), np.asarray(labels, np.int64)]
    arrays += [np.asarray(test_images, np.uint8), np.asarray(test_labels, np.int64)]
    twins = None if twins is None else torch.from_numpy(twins)
    return Dataset(name, *map(torch.from_numpy, arrays), tuple(classes), _fingerprint(*arrays), twins)


def _digits():
    """1,797 grey 8 x 8 images; the last 50 of each class, in the data's own order, are the test set."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images * 15).astype(np.uint8)[..., None]  # 0..16 becomes 0..240
    labels = digits.target.astype(np.int64)
    test = np.zeros(len(labels), bool)
    for k in range(10):
        test[np.flatnonzero(labels == k)[-50:]] = True
    parts = images[~test], labels[~test], images[test], labels[test]
    return _dataset("digits", *parts, [str(k) for k in range(10)])


def _cifar10_release(root):
    """torchvision checks the MD5 of every file of the release before it unpickles them."""
    from torchvision.datasets import CIFAR10

    try:
        train, test = CIFAR10(root, train=True), CIFAR10(root, train=False)
    except RuntimeError as error:
        raise NlrError(f"CIFAR-10 under {str(root)!r} is damaged or incomplete ({error}); download it again.") from None
    return _dataset("cifar10", train.data, train.targets, test.data, test.targets, CIFAR10_CLASSES)


def _cifar10_parquet(folder):
    """Hub-style parquet: a struct ``img`` with the bytes of an encoded image, and ``label``."""
    train, train_kind = _read_parquet(folder, "train", 50_000)
    test, test_kind = _read_parquet(folder, "test", 10_000)
    if train_kind != test_kind:
        raise NlrError(f"{folder} mixes {train_kind} and {test_kind} images; expected one encoding for all.")
    twins = None
    prefix = folder.parent / "lossless_test_prefix"
    if prefix.is_dir() and test_kind != "lossless":
        (twins, twin_labels), _ = _read_parquet(prefix, "test", None)
        if not np.array_equal(twin_labels, test[1][: len(twin_labels)]):
            raise NlrError(f"{prefix} does not hold the first test images: its labels differ from those in {folder}.")
    name = "cifar10" if train_kind == "lossless" else f"cifar10-{train_kind}"
    return _dataset(name, *train, *test, CIFAR10_CLASSES, twins)


def _read_parquet(folder, split, rows):
    import pyarrow.parquet as pq
    from PIL import Image, UnidentifiedImageError

    files = sorted(folder.glob(f"{split}-*.parquet"))
    if not files:
        raise NlrError(f"{folder} has no {split}-*.parquet; expected CIFAR-10 in hub-style parquet files.")
    images, labels, kinds = [], [], set()
    for file in files:
        try:
            table = pq.read_table(file)
            labels += map(int, table["label"].to_pylist())
            encoded = table["img"].combine_chunks().field("bytes")
            for value in encoded:
                image = Image.open(io.BytesIO(value.as_py()))
                if image.size != (32, 32):
                    raise ValueError(f"an image of {image.width} x {image.height}")
                kinds.add(_encoding(image))
                images.append(np.asarray(image.convert("RGB")))
        except (OSError, KeyError, ValueError, TypeError, AttributeError, UnidentifiedImageError) as error:
            raise NlrError(f"{file} is damaged or of another layout ({error}); fetch it again.") from None
    labels = np.array(labels, np.int64)
    if len(kinds) != 1:
        raise NlrError(f"{folder} mixes the encodings {sorted(kinds)}; expected one for all images.")
    if rows and not np.array_equal(np.sort(labels), np.repeat(np.arange(10), rows // 10)):
        raise NlrError(f"{folder}: {len(images)} {split} rows; expected {rows}, a tenth of them in each class.")
    return (np.stack(images), labels), kinds.pop()


def _encoding(image):
    if image.format == "PNG":
        return "lossless"
    # The first luminance entry of the standard JPEG table is 16; a quality q above 50 scales it by (200 - 2q) / 100.
    first = image.quantization[0][0] if image.format == "JPEG" else 0
    return {8: "jpeg75", 3: "jpeg90", 2: "jpeg95"}.get(first, f"{(image.format or 'unknown').lower()}-other")


def load_human_labels(name, root="", clean_labels=None):
    """One of CIFAR-10N's label sets (Wei et al., ICLR 2022, CC BY-NC 4.0), in canonical training order.

    Args:
        name: ``aggre``, ``random1``, ``random2``, ``random3`` or ``worse``.
        root: the data root, with ``cifar-n/CIFAR-10_human.pt`` or ``CIFAR-10_human.pt``.
        clean_labels: the training labels that the file must agree with, int64 (50,000,).

    Returns:
        int64 array (50,000,).

    Raises:
        NlrError: the set is unknown, or the file is missing, damaged or in another order.
    """
    if name not in HUMAN_KEYS:
        raise unknown("human label set", name, HUMAN_KEYS)
    file, sets = _human_sets(root, [name])
    if clean_labels is not None and not np.array_equal(sets["clean_label"], np.asarray(clean_labels)):
        raise NlrError(f"{file} is in another order than the images: its clean labels differ from the data set's.")
    return sets[HUMAN_KEYS[name]]


def human_facts(root=""):
    """What pages show of CIFAR-10N, whose label files may not be passed on: counts.

    Args:
        root: the data root, as for :func:`load_human_labels`.

    Returns:
        A dict that JSON can hold: ``source``, ``licence``, ``fingerprint`` (SHA-256 over the clean labels and the five
        sets, in the order of :data:`HUMAN_KEYS`), ``classes``, ``counts`` (for each set, how many images of true class
        j are labelled k, 10 x 10) and ``wrong_of_three`` (for each true class, how many images have 0, 1, 2 and 3 wrong
        labels among the three random sets, 10 x 4).

    Raises:
        NlrError: the file is missing or damaged.
    """
    _, sets = _human_sets(root, HUMAN_KEYS)
    clean, num_classes = sets["clean_label"], len(CIFAR10_CLASSES)
    chosen = {name: sets[key] for name, key in HUMAN_KEYS.items()}

    def counted(other, columns):
        return np.bincount(clean * columns + other, minlength=num_classes * columns).reshape(num_classes, columns)

    wrong = sum((chosen[name] != clean).astype(np.int64) for name in ("random1", "random2", "random3"))
    return {
        "source": "CIFAR-10N, Wei et al., ICLR 2022, arXiv:2110.12088",
        "licence": "Counts derived from label files under CC BY-NC 4.0: attribution, no commercial use",
        "fingerprint": _fingerprint(clean, *chosen.values()),
        "classes": list(CIFAR10_CLASSES),
        "counts": {name: counted(labels, num_classes).tolist() for name, labels in chosen.items()},
        "wrong_of_three": counted(wrong, 4).tolist(),
    }


def image_facts(root=""):
    """What pages show of CIFAR-10's images, which are not part of this book: means and standard deviations.

    Args:
        root: the data root, as for :func:`load`.

    Returns:
        A dict that JSON can hold: ``dataset`` and ``fingerprint``; and for each channel of the training images, as a
        share of the largest pixel, ``mean``, ``std`` over all pixels, and ``mean_of_stds``, the mean over the images
        of the standard deviation within each.

    Raises:
        NlrError: the data are missing or damaged.
    """
    dataset = load("cifar10", root)
    pixels = dataset.images.reshape(len(dataset.images), -1, 3).numpy() / 255
    values = {"mean": pixels.mean((0, 1)), "std": pixels.std((0, 1)), "mean_of_stds": pixels.std(1).mean(0)}
    rounded = {name: [round(float(v), 6) for v in value] for name, value in values.items()}
    return {"dataset": dataset.name, "fingerprint": dataset.fingerprint} | rounded


def _human_sets(root, names):
    """The file of CIFAR-10N, and from it the named sets and the clean labels, under the names that they have there."""
    root = data_root(root)
    places = [root / "cifar-n" / "CIFAR-10_human.pt", root / "CIFAR-10_human.pt"]
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        raise NlrError(
            f"No CIFAR-10N labels under {str(root)!r}; expected cifar-n/CIFAR-10_human.pt as its authors ship it."
        )
    # The file holds pickled NumPy arrays; these are the only globals that loading may touch.
    numpy_only = [
        np.ndarray,
        np.dtype,
        np.dtypes.Int64DType,
        np._core.multiarray._reconstruct,
        (np._core.multiarray._reconstruct, "numpy.core.multiarray._reconstruct"),  # its name in NumPy 1
    ]
    try:
        with torch.serialization.safe_globals(numpy_only):
            labels = torch.load(file, weights_only=True)
        return file, {key: np.asarray(labels[key], np.int64) for key in (*map(HUMAN_KEYS.get, names), "clean_label")}
    except Exception as error:
        # torch's own words would advise to load it without care
        reason = "it holds more than arrays" if isinstance(error, pickle.UnpicklingError) else error
        raise NlrError(f"{file} is damaged or of another layout ({reason}); fetch it again.") from None


def first_per_class(labels, n):
    """Indices, ascending, of the first ``n`` items of each class; all items where ``n`` is 0."""
    labels = np.asarray(labels)
    if n == 0:
        return np.arange(len(labels))
    chosen = [np.flatnonzero(labels == k)[:n] for k in np.unique(labels)]
    if min(map(len, chosen)) < n:
        raise NlrError(
            f"train_per_class = {n} but a class has only {min(map(len, chosen))} images; lower it, or 0 for all."
        )
    return np.sort(np.concatenate(chosen))
