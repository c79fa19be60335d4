"""Data sets as uint8 tensors with clean labels: scikit-learn's digits, MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-10N.

A family is what a protocol trains on, a data set is one copy of it: of the family ``cifar10`` there are several, which
differ in their pixels and are told apart by what they hold, not by where they lie.
"""

import gzip
import hashlib
import importlib.util
import io
import os
import pickle
import zlib
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from nlr import arguments
from nlr.errors import NlrError, unknown
from nlr.paths import data_root

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FASHION_MNIST_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"
)  # fmt: skip
MNIST_CLASS_SIZES = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # training images of each digit

FAMILIES = ("cifar10", "digits", "fashion-mnist", "mnist")

#: How many training images the releases have that protocols may take whole.
TRAINING_IMAGES = {"cifar10": 50_000, "fashion-mnist": 60_000, "mnist": 60_000}

#: Fingerprint of ``cifar10-mended``; and its rows, training and test, that are a JPEG copy's and not the release's,
#: each with the CRC-32 of the image there.
MENDED = "eac50b0c3fd831ac49571911e68574a9385cbf467f3332505e7b8ca959148128"
MENDED_ROWS = (
    {
        4298: 431390071, 5949: 350444944, 7066: 445112296, 7237: 3292548901, 7248: 3665943373, 7630: 2884934076,
        8006: 1322368561, 8831: 3907245404, 8968: 620129789, 9415: 2807705857, 10336: 464011658, 10408: 2637567888,
        12762: 967793029, 12834: 3734520559, 13546: 3861966830, 21493: 1159492924, 25728: 3547474969,
        26098: 2035236546, 26927: 24829443, 27621: 1888220343, 28435: 3442422760, 28728: 1202400775,
        29694: 623469583, 29747: 999778008, 30329: 434029108, 31066: 2165227958, 31367: 3615480218,
        31462: 1240574513, 31625: 2839584507, 31663: 2286831939, 32777: 642342981, 33641: 707930115,
        33661: 4281832456, 34067: 3865227462, 34276: 67657247, 34387: 3944188813, 34825: 3881216823,
        35160: 2573850021, 35646: 2148415737, 36733: 1271504131, 37329: 498217837, 37474: 3864156158,
        37567: 1340488679, 38384: 3657021539, 38925: 2445419432, 39358: 3015162710, 39385: 4252926169,
        39613: 90972366, 39840: 2716628035, 39888: 2229841166, 39971: 1165900490, 40805: 4188628305,
        41779: 1957407896, 42004: 3182314155, 42389: 406636139, 42611: 2965028489, 43357: 2713047512,
        43883: 655254669, 44882: 2463293712, 45168: 2216005994, 45240: 3126018369, 46175: 3275123059,
        46435: 2913910037, 46538: 3046261789, 46624: 630314632, 47393: 1343096019, 47597: 3668221897,
        48081: 2570051444, 48124: 2469619427, 48333: 465378039, 48821: 190938172, 48836: 1919496285,
        49321: 1088313230, 49429: 961691715, 49631: 510465935, 49830: 2995084636, 49857: 753244719,
    },
    {
        1259: 3533908871, 1369: 1904113996, 1422: 1398495663, 2245: 3657343283, 2737: 139546804, 2935: 2100632823,
        3695: 2554022176, 3718: 145335748, 4085: 129241093, 4496: 2967390717, 5791: 1522962704, 5896: 766932238,
        6286: 1937828584, 7580: 1786721274, 7707: 1466988373, 7724: 2034589324, 7832: 330427230, 8117: 2230693725,
        8551: 2925996961, 9254: 3446653655,
    },
)  # fmt: skip
#: Fingerprint of the release without the images of those rows. That of all of it is not known here: nothing from which
#: this was taken had those images without loss.
RELEASE_BUT_MENDED_ROWS = "cea71adac527696b2ac3e0a0b70a0720bcd6089918d3a83d772f242cacd88046"

#: The four idx files, training before test, each with the magic number that it begins with: of images, of labels.
IDX_FILES = {
    "train-images-idx3-ubyte": 2051,
    "train-labels-idx1-ubyte": 2049,
    "t10k-images-idx3-ubyte": 2051,
    "t10k-labels-idx1-ubyte": 2049,
}
IDX_CONTENTS = {2051: "images", 2049: "labels"}
#: MD5 of these files, decompressed. Those of Fashion-MNIST were taken from Debian's copy, whose .gz files have the MD5
#: that its authors print once the names and times that Debian left out are back in their headers.
IDX_MD5 = {
    "mnist": (
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    "fashion-mnist": (
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
}
TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
TORCHVISION = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}  # its classes, and its folders under the data root
DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")

#: What parquet files call their images and their labels.
IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label")

#: How files begin that stand in the place of data, and what they are.
STAND_INS = {
    b"version https://git-lfs": "is a Git LFS pointer and not the data; git lfs pull fetches these",
    b"/annex/objects/": "is a git-annex pointer and not the data; git annex get fetches these",
    b"<!doctype": "is a web page (HTML) and not the data, as a failed download leaves",
    b"<html": "is a web page (HTML) and not the data, as a failed download leaves",
    b"<?xml": "is a message (XML) and not the data, as a failed download leaves",
}

#: How many training images of CIFAR-10 people labelled for CIFAR-10N: all.
HUMAN_IMAGES = 50_000

#: Under which key the file of CIFAR-10N has each set of :data:`nlr.noise.HUMAN_SETS`.
HUMAN_KEYS = {
    "aggre": "aggre_label",
    "random1": "random_label1",
    "random2": "random_label2",
    "random3": "random_label3",
    "worse": "worse_label",
}


class NoData(NlrError):
    """A data root has no copy of a family; nothing is damaged."""


@dataclass(frozen=True)
class Dataset:
    """Images and clean labels, nothing noisy.

    Attributes:
        name: the first part of every record's path: ``digits``, ``mnist``, ``fashion-mnist``; ``cifar10`` (the
            release), ``cifar10-mended`` (the release but for 97 images, which are a JPEG copy's), ``cifar10-jpeg75``
            (by the quality of the encoding) or, for lossless images that are neither, ``cifar10-lossless-other``.
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


def load(family, root=None, prefer=""):
    """The data set of a protocol.

    Args:
        family: one of :data:`FAMILIES`; digits are embedded in scikit-learn, the others are found under the data root.
        root: the data root; the environment variable NLR_DATA where None. Digits need none, nor does Fashion-MNIST
            where Debian's package has installed it.
        prefer: the name of the data set to take where the root has several copies of the family; where it has none of
            that name, or nothing is said, the first that is found.

    Raises:
        NlrError: the family is unknown, or the data are missing (:class:`NoData`) or damaged; the message says how to
            get them.
    """
    found = copies(family, root)
    first = next(found)
    if not prefer.startswith(family):  # of another family: no copy can have that name
        return first
    return next((copy for copy in chain([first], found) if copy.name == prefer), first)


def copies(family, root=None):
    """All copies of a family under a data root, each loaded when it is asked for; see :func:`load`."""
    if family not in FAMILIES:
        raise unknown("data set", family, FAMILIES)
    if root is not None:
        root = arguments.path(root, "The data root")
    if family == "digits":
        yield _digits()
        return
    debian = family == "fashion-mnist" and DEBIAN_FASHION_MNIST.is_dir()
    if debian and root is None and not os.environ.get("NLR_DATA"):
        yield _idx(family, DEBIAN_FASHION_MNIST)
        return
    root = data_root(root)
    if family == "cifar10":
        places = [("cifar-10-batches-py", lambda _: _cifar10_release(root))]
        places += [(folder, _cifar10_parquet) for folder in ("cifar10/plain_text", "plain_text", "cifar10-mended")]
    else:
        folders = [f"{TORCHVISION[family]}/raw", family, *([DEBIAN_FASHION_MNIST] if debian else [])]
        places = [(folder, lambda folder: _idx(family, folder)) for folder in folders]
    there = [(read, root / folder) for folder, read in places if (root / folder).is_dir()]
    if not there:
        raise NoData(_missing(family, root))
    for read, folder in there:
        yield read(folder)


def _missing(family, root):
    if family == "cifar10":
        return (
            f"No CIFAR-10 under the data root {str(root)!r}; expected cifar-10-batches-py, which "
            "torchvision.datasets.CIFAR10(root, download=True) puts there, cifar10/plain_text/*.parquet or "
            "cifar10-mended/*.parquet."
        )
    return (
        f"No {TITLES[family]} under the data root {str(root)!r}; expected the four idx files in "
        f"{TORCHVISION[family]}/raw or {family}: {_idx_source(family)}."
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


def _check_is_data(file, mend):
    """Refuse by name a file that is empty, or one that only stands in the place of data."""
    try:
        with file.open("rb") as opened:
            head = opened.read(200).lstrip().lower()
    except OSError as error:
        raise NlrError(f"{file} cannot be read ({error}); {mend}.") from None
    if not head:
        raise NlrError(f"{file} is empty; {mend}.")
    for start, words in STAND_INS.items():
        if head.startswith(start):
            raise NlrError(f"{file} {words}; {mend}.")


def _digits():
    """1,797 grey 8 x 8 images; the last 50 of each class, in the data's own order, are the test set."""
    found = importlib.util.find_spec("sklearn")  # to import it takes a second
    if found is None:
        raise NlrError(
            "The digits come with scikit-learn, which is not installed; install it: pip install scikit-learn."
        )
    rows = np.loadtxt(Path(found.origin).with_name("datasets") / "data/digits.csv.gz", np.uint8, delimiter=",")
    images = rows[:, :-1].reshape(-1, 8, 8, 1) * np.uint8(15)  # 0..16 becomes 0..240
    labels = rows[:, -1].astype(np.int64)
    test = np.zeros(len(labels), bool)
    for k in range(10):
        test[np.flatnonzero(labels == k)[-50:]] = True
    parts = images[~test], labels[~test], images[test], labels[test]
    return _dataset("digits", *parts, [str(k) for k in range(10)])


def _idx_source(family):
    debian = " and Debian's package dataset-fashion-mnist installs them" if family == "fashion-mnist" else ""
    return f"torchvision.datasets.{TORCHVISION[family]}(root, download=True) fetches them{debian}"


def _idx(family, folder):
    """The four idx files of MNIST or Fashion-MNIST, plain or compressed; grey 28 x 28 images in canonical order."""
    images, labels, test_images, test_labels = (_idx_content(family, folder, name) for name in IDX_FILES)
    classes = FASHION_MNIST_CLASSES if family == "fashion-mnist" else [str(k) for k in range(10)]
    parts = images.reshape(-1, 28, 28, 1), labels, test_images.reshape(-1, 28, 28, 1), test_labels
    return _dataset(family, *parts, classes)


def _idx_content(family, folder, name):
    """What follows the header of an idx file whose MD5 is the release's, uint8."""
    mend = f"{_idx_source(family)} anew"
    file = next((place for place in (folder / name, folder / f"{name}.gz") if place.is_file()), None)
    if file is None:
        raise NlrError(f"{folder} has no {name}, plain or as .gz; {_idx_source(family)}.")
    _check_is_data(file, mend)
    try:
        content = file.read_bytes()
        if file.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise NlrError(f"{file} is cut short or damaged ({error}); {mend}.") from None
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if digest == dict(zip(IDX_FILES, IDX_MD5[family], strict=True))[name]:
        header = 16 if IDX_FILES[name] == 2051 else 8
        return np.frombuffer(content, np.uint8, offset=header).copy()  # the bytes could not be written to
    raise NlrError(f"{file} {_not_the_release(family, name, content, digest)}; {mend}.")


def _not_the_release(family, name, content, digest):
    """What an idx file is whose MD5 is not the one expected, in words."""
    for other, digests in IDX_MD5.items():
        if digest in digests:
            return f"holds {TITLES[other]}'s {list(IDX_FILES)[digests.index(digest)]}, not {TITLES[family]}'s {name}"
    magic, expected = int.from_bytes(content[:4], "big"), IDX_FILES[name]
    if magic in IDX_CONTENTS and magic != expected:
        return f"holds {IDX_CONTENTS[magic]} where {IDX_CONTENTS[expected]} belong, so the two files may be swapped"
    if magic != expected:
        return f"begins with the magic number {magic} and not with {expected}, so it is no idx file of this name"
    return f"has {len(content):,} bytes of the MD5 {digest} and is not the file of the release"


def _cifar10_release(root):
    """torchvision checks the MD5 of every file of the release before it unpickles them."""
    from torchvision.datasets import CIFAR10

    for file in sorted((root / "cifar-10-batches-py").glob("*_batch*")):
        _check_is_data(file, "download it again")
    try:
        train, test = CIFAR10(root, train=True), CIFAR10(root, train=False)
    except RuntimeError as error:
        raise NlrError(f"CIFAR-10 under {str(root)!r} is damaged or incomplete ({error}); download it again.") from None
    return _dataset("cifar10", train.data, train.targets, test.data, test.targets, CIFAR10_CLASSES)


def _cifar10_parquet(folder):
    """Hub-style parquet: a struct with the bytes of an encoded image, and the label; see :data:`IMAGE_COLUMNS`."""
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
    dataset = _dataset(f"cifar10-{train_kind}", *train, *test, CIFAR10_CLASSES, twins)
    return replace(dataset, name=_lossless_name(dataset)) if train_kind == "lossless" else dataset


def _lossless_name(dataset):
    """The name of lossless images by what they show: the release, the mended copy or another.

    They are the release's where all images are that are known of it (:data:`RELEASE_BUT_MENDED_ROWS`), and none of the
    others is still the one that the mended copy has from a JPEG copy.
    """
    if dataset.fingerprint == MENDED:
        return "cifar10-mended"
    parts = dataset.images.numpy(), dataset.test_images.numpy()
    train, test = (np.delete(images, list(rows), 0) for images, rows in zip(parts, MENDED_ROWS, strict=True))
    known = _fingerprint(train, dataset.labels.numpy(), test, dataset.test_labels.numpy())
    jpeg = any(
        zlib.crc32(images[row]) == crc
        for images, rows in zip(parts, MENDED_ROWS, strict=True)
        for row, crc in rows.items()
    )
    return "cifar10" if known == RELEASE_BUT_MENDED_ROWS and not jpeg else "cifar10-lossless-other"


def _read_parquet(folder, split, rows):
    import pyarrow.parquet as pq
    from PIL import Image, UnidentifiedImageError

    files = sorted(folder.glob(f"{split}-*.parquet"))
    if not files:
        raise NlrError(f"{folder} has no {split}-*.parquet; expected CIFAR-10 in hub-style parquet files.")
    images, labels, kinds = [], [], set()
    for file in files:
        _check_is_data(file, "fetch it again")
        try:
            table = pq.read_table(file)
            image_column, label_column = _columns(file, table)
            labels += map(int, table[label_column].to_pylist())
            for value in table[image_column].combine_chunks().field("bytes"):
                image = Image.open(io.BytesIO(value.as_py()))
                if image.size != (32, 32):
                    raise ValueError(f"an image of {image.width} x {image.height}")
                kinds.add(_encoding(image))
                images.append(np.asarray(image.convert("RGB")))
        except NlrError:
            raise
        except (OSError, KeyError, ValueError, TypeError, AttributeError, UnidentifiedImageError) as error:
            raise NlrError(f"{file} is damaged or of another layout ({error}); fetch it again.") from None
    if not images:
        raise NlrError(f"{folder} has {split}-*.parquet without a row; fetch them again.")
    labels = np.array(labels, np.int64)
    if len(kinds) != 1:
        raise NlrError(f"{folder} mixes the encodings {sorted(kinds)}; expected one for all images.")
    if rows and not np.array_equal(np.sort(labels), np.repeat(np.arange(10), rows // 10)):
        raise NlrError(
            f"{folder}: {len(images)} {split} rows with labels from {labels.min()} to {labels.max()}; CIFAR-10 has "
            f"{rows}, a tenth of them in each class from 0 to 9."
        )
    return (np.stack(images), labels), kinds.pop()


def _columns(file, table):
    """What a parquet file calls its images and its labels.

    Raises:
        NlrError: it has no such columns, or its images are not as the hub has them.
    """
    import pyarrow as pa

    found = [next((n for n in names if n in table.column_names), None) for names in (IMAGE_COLUMNS, LABEL_COLUMNS)]
    wanted = f"{' or '.join(IMAGE_COLUMNS)} for the images and {' or '.join(LABEL_COLUMNS)} for the labels"
    if None in found:
        raise NlrError(f"{file} has the columns {', '.join(table.column_names)}; expected {wanted}.")
    kind = table.schema.field(found[0]).type
    if not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        raise NlrError(f"{file} has {kind} as {found[0]}; expected a struct with the bytes of an encoded image.")
    return found


def _encoding(image):
    if image.format == "PNG":
        return "lossless"
    # The first luminance entry of the standard JPEG table is 16; a quality q above 50 scales it by (200 - 2q) / 100.
    first = image.quantization[0][0] if image.format == "JPEG" else 0
    return {8: "jpeg75", 3: "jpeg90", 2: "jpeg95"}.get(first, f"{(image.format or 'unknown').lower()}-other")


def load_human_labels(name, root=None, clean_labels=None):
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


def human_facts(root=None):
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


def image_facts(root=None):
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
    pixels = dataset.images.reshape(len(dataset.images), -1, 3).numpy()
    # Sums of whole numbers: as floats the pixels would take more than a gigabyte.
    sums, squares = pixels.sum(1, dtype=np.int64), np.square(pixels, dtype=np.uint16).sum(1, dtype=np.int64)
    (mean, within), (mean_square, squares_within) = (
        (each.mean(0) / pixels.shape[1] / scale, each / pixels.shape[1] / scale)
        for each, scale in ((sums, 255), (squares, 255**2))
    )
    values = {
        "mean": mean,
        "std": np.sqrt(mean_square - mean**2),
        "mean_of_stds": np.sqrt(squares_within - within**2).mean(0),
    }
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
    mend = "fetch it again"
    _check_is_data(file, mend)
    # The file holds pickled NumPy arrays; these are the only globals that loading may touch.
    codes = np.typecodes["AllInteger"] + np.typecodes["AllFloat"] + "?"  # what is no integer is refused in words below
    numpy_only = [
        np.ndarray,
        np.dtype,
        *{type(np.dtype(code)) for code in codes},
        np._core.multiarray._reconstruct,
        (np._core.multiarray._reconstruct, "numpy.core.multiarray._reconstruct"),  # its name in NumPy 1
    ]
    try:
        with torch.serialization.safe_globals(numpy_only):
            found = torch.load(file, weights_only=True)
    except Exception as error:
        # torch's own words would advise to load it without care
        reason = "it holds more than arrays" if isinstance(error, pickle.UnpicklingError) else error
        raise NlrError(f"{file} is damaged or of another layout ({reason}); {mend}.") from None
    wanted = [*map(HUMAN_KEYS.get, names), "clean_label"]
    if not isinstance(found, dict) or any(key not in found for key in wanted):
        there = ", ".join(map(str, found)) if isinstance(found, dict) else f"a {type(found).__name__}"
        raise NlrError(f"{file} holds {there}; expected the label sets {', '.join(wanted)}: {mend}.")
    return file, {key: _human_labels(file, key, found[key], mend) for key in wanted}


def _human_labels(file, key, labels, mend):
    """A set of CIFAR-10N as int64, once its type, length and range are those that it was made with."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise NlrError(
            f"{file} has {labels.dtype} of shape {labels.shape} as {key}; expected a list of integers: {mend}."
        )
    if len(labels) != HUMAN_IMAGES:
        raise NlrError(f"{file} has {len(labels):,} labels as {key}; CIFAR-10N has {HUMAN_IMAGES:,}: {mend}.")
    if labels.min() < 0 or labels.max() >= len(CIFAR10_CLASSES):
        raise NlrError(
            f"{file} has labels from {labels.min()} to {labels.max()} as {key}; those of CIFAR-10 are 0 to 9: {mend}."
        )
    return labels.astype(np.int64)


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
