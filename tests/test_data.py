"""The data sets: shapes, splits, names by encoding, fingerprints, and one clear error for whatever is damaged."""

import gzip
import hashlib
import io
import json
import pickle
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
import torchvision
from factory import Malicious, put
from PIL import Image

from nlr import data, noise, paths
from nlr.errors import NlrError
from nlr.evidence import frames, progress
from nlr.study import protocols, records, studies

TRAIN = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 5))
TEST = np.random.default_rng(1).permutation(10)


def image_of(number):
    """A picture of its own for each number."""
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def encoded(number, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(image_of(number)).save(buffer, kind, **options)
    return buffer.getvalue()


def write_parquet(file, images, labels, names=("img", "label")):
    file.parent.mkdir(parents=True, exist_ok=True)
    img = [{"bytes": image, "path": None} for image in images]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = zip(names, (pa.array(img, kind), pa.array(labels, pa.int64())), strict=True)
    pq.write_table(pa.table(dict(columns)), file)


def write_cifar(root, kind="PNG", **options):
    """A small CIFAR-10 in hub-style parquet: 50 training and 10 test images."""
    folder = root / "cifar10" / "plain_text"
    for split, labels, first in (("train", TRAIN, 0), ("test", TEST, 1000)):
        images = [encoded(first + i, kind, **options) for i in range(len(labels))]
        write_parquet(folder / f"{split}-00000-of-00001.parquet", images, labels)
    return folder


@pytest.fixture
def small(monkeypatch):
    """CIFAR-10 has a thousandth of its rows."""
    read = data._read_parquet
    monkeypatch.setattr(data, "_read_parquet", lambda folder, split, rows: read(folder, split, rows and rows // 1000))
    rows = [{i: zlib.crc32(image_of(begin + i + 500)) for i in mended} for begin, mended in ((0, (3, 4)), (1000, (5,)))]
    monkeypatch.setattr(data, "MENDED_ROWS", tuple(rows))


# Digits


def test_digits_are_split_by_class_in_their_own_order(digits):
    from sklearn.datasets import load_digits

    source = load_digits()
    assert (digits.name, digits.num_classes, digits.classes) == ("digits", 10, tuple("0123456789"))
    assert (digits.images.shape, digits.test_images.shape) == ((1297, 8, 8, 1), (500, 8, 8, 1))
    assert digits.images.dtype == digits.test_images.dtype == torch.uint8
    assert digits.labels.dtype == digits.test_labels.dtype == torch.int64
    for k in range(10):
        own = source.images[source.target == k] * 15
        assert np.array_equal(digits.images[digits.labels == k][..., 0], own[:-50])
        assert np.array_equal(digits.test_images[digits.test_labels == k][..., 0], own[-50:])
    assert digits.images.max() == 240
    assert digits.twins is None


def test_the_digits_protocol_normalises_by_their_mean_and_deviation(digits):
    pixels = digits.images.double() / 255
    section = protocols.load("digits")["data"]
    assert section["mean"] == [pytest.approx(pixels.mean().item(), abs=5e-4)]
    assert section["std"] == [pytest.approx(pixels.std().item(), abs=5e-4)]


def test_the_fingerprint_is_that_of_all_images_and_labels(digits):
    digest = hashlib.sha256()
    for tensor in (digits.images, digits.labels, digits.test_images, digits.test_labels):
        array = tensor.numpy()
        digest.update(str((array.shape, array.dtype)).encode() + array.tobytes())
    assert digits.fingerprint == digest.hexdigest() == data.load("digits").fingerprint


# CIFAR-10


@pytest.mark.parametrize(
    ("kind", "options", "name"),
    [
        ("PNG", {}, "cifar10-lossless-other"),
        ("JPEG", {"quality": 75}, "cifar10-jpeg75"),
        ("JPEG", {"quality": 75, "subsampling": 0}, "cifar10-jpeg75"),
        ("JPEG", {"quality": 90}, "cifar10-jpeg90"),
        ("JPEG", {"quality": 95}, "cifar10-jpeg95"),
        ("JPEG", {"quality": 50}, "cifar10-jpeg-other"),
        ("WEBP", {}, "cifar10-webp-other"),
    ],
)
def test_the_encoding_names_the_data(tmp_path, small, kind, options, name):
    write_cifar(tmp_path, kind, **options)
    dataset = data.load("cifar10", tmp_path)
    assert dataset.name == name
    assert dataset.classes == data.CIFAR10_CLASSES
    assert dataset.labels.tolist() == TRAIN.tolist()
    assert dataset.test_labels.tolist() == TEST.tolist()
    assert (dataset.images.shape, dataset.test_images.shape) == ((50, 32, 32, 3), (10, 32, 32, 3))
    lossless = np.stack([image_of(i) for i in range(50)])
    assert np.array_equal(dataset.images, lossless) == (kind == "PNG")
    assert dataset.twins is None


def test_rows_keep_the_order_of_the_files(tmp_path, small):
    folder = write_cifar(tmp_path)
    whole = data.load("cifar10", tmp_path)
    (folder / "train-00000-of-00001.parquet").unlink()
    for part in (1, 0):  # written last first
        rows = range(25 * part, 25 * part + 25)
        write_parquet(folder / f"train-0000{part}-of-00002.parquet", [encoded(i) for i in rows], TRAIN[rows])
    assert data.load("cifar10", tmp_path).fingerprint == whole.fingerprint


def test_the_release_and_its_lossless_parquet_are_the_same_data(tmp_path, small, monkeypatch):
    class Release:
        def __init__(self, root, train):
            assert Path(root) == tmp_path / "release"
            first, labels = (0, TRAIN) if train else (1000, TEST)
            self.data = np.stack([image_of(first + i) for i in range(len(labels))])
            self.targets = labels.tolist()

    write_cifar(tmp_path)
    as_mended(monkeypatch, tmp_path)
    (tmp_path / "release" / "cifar-10-batches-py").mkdir(parents=True)
    monkeypatch.setattr(torchvision.datasets, "CIFAR10", Release)
    release, parquet = data.load("cifar10", tmp_path / "release"), data.load("cifar10", tmp_path)
    assert (release.name, release.fingerprint) == (parquet.name, parquet.fingerprint)
    assert torch.equal(release.images, parquet.images)


def as_mended(monkeypatch, root):
    """Let the small CIFAR-10 under ``root`` be the release; 2 training images and 1 test image of it are not known."""
    whole = data.load("cifar10", root)
    known = np.delete(whole.images.numpy(), (3, 4), 0), whole.labels.numpy()
    known += np.delete(whole.test_images.numpy(), 5, 0), whole.test_labels.numpy()
    monkeypatch.setattr(data, "RELEASE_BUT_MENDED_ROWS", data._fingerprint(*known))


def write_mended(monkeypatch, folder):
    """The small CIFAR-10 with other pixels in the rows of a JPEG copy, and its fingerprint as the known one."""
    for split, labels, begin, rows in (("train", TRAIN, 0, (3, 4)), ("test", TEST, 1000, (5,))):
        images = [encoded(begin + i + (500 if i in rows else 0)) for i in range(len(labels))]
        write_parquet(folder / f"{split}-00000-of-00001.parquet", images, labels)
    (train, _), _ = data._read_parquet(folder, "train", 50_000)
    (test, _), _ = data._read_parquet(folder, "test", 10_000)
    monkeypatch.setattr(data, "MENDED", data._fingerprint(train, TRAIN, test, TEST))


@pytest.mark.parametrize("place", ["cifar10-mended", "cifar10/plain_text", "plain_text"])
def test_the_mended_copy_is_known_by_its_pixels_wherever_it_lies(tmp_path, small, monkeypatch, place):
    write_cifar(tmp_path / "release")
    as_mended(monkeypatch, tmp_path / "release")
    write_mended(monkeypatch, tmp_path / place)
    assert data.load("cifar10", tmp_path).name == "cifar10-mended"
    assert data.load("cifar10", tmp_path, "cifar10").name == "cifar10-mended"
    assert data.load("cifar10", tmp_path / "release").name == "cifar10"


@pytest.mark.parametrize("number", [0, 49, 1000])
def test_lossless_images_with_another_pixel_than_the_release_are_not_called_by_its_name(
    tmp_path, small, monkeypatch, number
):
    folder = write_cifar(tmp_path)
    as_mended(monkeypatch, tmp_path)
    split, labels, begin = ("test", TEST, 1000) if number >= 1000 else ("train", TRAIN, 0)
    images = [encoded(begin + i) for i in range(len(labels))]
    changed = image_of(number)
    changed[0, 0, 0] ^= 1
    buffer = io.BytesIO()
    Image.fromarray(changed).save(buffer, "PNG")
    images[number - begin] = buffer.getvalue()
    write_parquet(folder / f"{split}-00000-of-00001.parquet", images, labels)
    assert data.load("cifar10", tmp_path).name == "cifar10-lossless-other"


@pytest.mark.parametrize("kept", [3, 4, 1005])
def test_a_copy_that_keeps_any_image_of_the_jpeg_copy_is_not_called_the_release(tmp_path, small, monkeypatch, kept):
    folder = write_cifar(tmp_path)
    as_mended(monkeypatch, tmp_path)
    assert data.load("cifar10", tmp_path).name == "cifar10"
    split, labels, begin = ("test", TEST, 1000) if kept >= 1000 else ("train", TRAIN, 0)
    images = [encoded(n + 500 if n == kept else n) for n in range(begin, begin + len(labels))]
    write_parquet(folder / f"{split}-00000-of-00001.parquet", images, labels)
    assert data.load("cifar10", tmp_path).name == "cifar10-lossless-other"


def test_of_several_copies_the_one_that_is_preferred_is_taken(tmp_path, small, monkeypatch):
    write_cifar(tmp_path, "JPEG", quality=75)
    write_mended(monkeypatch, tmp_path / "cifar10-mended")
    assert data.load("cifar10", tmp_path).name == "cifar10-jpeg75"
    for name in ("cifar10-jpeg75", "cifar10-mended"):
        assert data.load("cifar10", tmp_path, name).name == name
    for other in ("cifar10", "digits"):  # there is none of that name
        assert data.load("cifar10", tmp_path, other).name == "cifar10-jpeg75"
    assert [copy.name for copy in data.copies("cifar10", tmp_path)] == ["cifar10-jpeg75", "cifar10-mended"]


@pytest.mark.parametrize("change", ["image", "label", "test image"])
def test_the_fingerprint_sees_a_single_change(tmp_path, small, change):
    folder = write_cifar(tmp_path)
    before = data.load("cifar10", tmp_path).fingerprint
    split, labels, first = ("test", TEST, 1000) if change == "test image" else ("train", TRAIN.copy(), 0)
    numbers = list(range(first, first + len(labels)))
    if change == "label":
        i = np.flatnonzero(labels != labels[0])[0]
        labels[[0, i]] = labels[[i, 0]]
    else:
        numbers[3] = 777
    write_parquet(folder / f"{split}-00000-of-00001.parquet", [encoded(n) for n in numbers], labels)
    assert data.load("cifar10", tmp_path).fingerprint != before


def test_twins_are_the_lossless_first_test_images(tmp_path, small):
    folder = write_cifar(tmp_path, "JPEG", quality=75)
    prefix = folder.parent / "lossless_test_prefix" / "test-00000-of-00001.parquet"
    write_parquet(prefix, [encoded(1000 + i) for i in range(4)], TEST[:4])
    dataset = data.load("cifar10", tmp_path)
    assert np.array_equal(dataset.twins, np.stack([image_of(1000 + i) for i in range(4)]))
    write_parquet(prefix, [encoded(1000 + i) for i in range(4)], TEST[1:5])
    with pytest.raises(NlrError, match="lossless_test_prefix does not hold the first test images"):
        data.load("cifar10", tmp_path)


def test_lossless_data_need_no_twins(tmp_path, small):
    folder = write_cifar(tmp_path)
    prefix = folder.parent / "lossless_test_prefix" / "test-00000-of-00001.parquet"
    write_parquet(prefix, [encoded(1000)], TEST[:1])
    assert data.load("cifar10", tmp_path).twins is None


def rewrite(images=None, labels=None):
    """Damage that puts other rows into the training file."""

    def damage(file):
        pictures = [encoded(i) for i in range(50)]
        write_parquet(file, images(pictures) if images else pictures, labels(TRAIN.tolist()) if labels else TRAIN)

    return damage


def other_columns(file):
    pq.write_table(pa.table({"picture": [b""] * 50, "label": TRAIN}), file)


def plain_bytes(file):
    pq.write_table(pa.table({"img": [encoded(i) for i in range(50)], "label": TRAIN}), file)


def first(change):
    return lambda values: [change(values[0]), *values[1:]]


FILE_DAMAGE = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1000]),
    "empty": lambda file: file.write_bytes(b""),
    "not parquet": lambda file: file.write_text("an error page"),
    "other columns": other_columns,
    "bytes without a struct": plain_bytes,
    "an image cut short": rewrite(images=first(lambda image: image[:200])),
    "an image that is none": rewrite(images=first(lambda image: b"nonsense")),
    "an image left out": rewrite(images=first(lambda image: None)),
    "an image of another size": rewrite(images=first(lambda image: small_image())),
    "labels in words": lambda file: pq.write_table(
        pa.table({"img": pq.read_table(file)["img"], "label": ["cat"] * 50}), file
    ),
    "a label left out": rewrite(labels=first(lambda label: None)),
}
SPLIT_DAMAGE = {
    "missing": lambda file: file.unlink(),
    "without a row": rewrite(images=lambda images: [], labels=lambda labels: []),
    "one encoding more": rewrite(images=first(lambda image: encoded(0, "JPEG", quality=75))),
    "another encoding than the test set": rewrite(
        images=lambda images: [encoded(i, "JPEG", quality=75) for i in range(len(images))]
    ),
    "a row less": rewrite(images=lambda images: images[1:], labels=lambda labels: labels[1:]),
    "classes of unequal size": rewrite(labels=first(lambda label: (label + 1) % 10)),
    "a class too many": rewrite(labels=first(lambda label: 10)),
    "a negative label": rewrite(labels=first(lambda label: -1)),
}


def small_image():
    buffer = io.BytesIO()
    Image.fromarray(image_of(0)[:16]).save(buffer, "PNG")
    return buffer.getvalue()


#: What stands in the place of a file that was not fetched, and words that say what it is.
STAND_INS = {
    "nothing": (b"", "is empty"),
    "blanks": (b" \n", "is empty"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n", "Git LFS pointer"),
    "annex pointer": (b"/annex/objects/SHA256E-s12--4d7a.parquet\n", "git-annex pointer"),
    "web page": (b"<!DOCTYPE html>\n<html><title>Sign in</title>", "web page (HTML)"),
    "bare web page": (b"\r\n<HTML><body>404", "web page (HTML)"),
    "answer of a bucket": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "message (XML)"),
}


def is_named(tmp_path, file, words, load):
    with pytest.raises(NlrError) as caught:
        load()
    assert str(caught.value).startswith(f"{file} {words if words.startswith('is') else 'is a ' + words}")
    assert "again" in str(caught.value) or "anew" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stand_in", STAND_INS)
@pytest.mark.parametrize("place", ["parquet", "release", "idx", "compressed idx", "human labels"])
def test_what_only_stands_in_the_place_of_data_is_said_in_words(tmp_path, small, small_idx, place, stand_in):
    content, words = STAND_INS[stand_in]
    family = {"idx": "mnist", "compressed idx": "mnist"}.get(place, "cifar10")
    if place == "parquet":
        file = write_cifar(tmp_path) / "test-00000-of-00001.parquet"
    elif place == "release":
        file = tmp_path / "cifar-10-batches-py" / "data_batch_1"
    elif place == "human labels":
        file = tmp_path / "cifar-n" / "CIFAR-10_human.pt"
    else:
        write_idx(tmp_path / "mnist", "mnist", compressed=place != "idx")
        file = tmp_path / "mnist" / f"{NAMES[1]}{'.gz' * (place != 'idx')}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    human = place == "human labels"
    is_named(
        tmp_path,
        file,
        words,
        lambda: (data.load_human_labels if human else data.load)("worse" if human else family, tmp_path),
    )


@pytest.mark.parametrize("image", data.IMAGE_COLUMNS)
@pytest.mark.parametrize("label", data.LABEL_COLUMNS)
def test_columns_are_read_under_both_their_usual_names(tmp_path, small, image, label):
    folder = write_cifar(tmp_path)
    expected = data.load("cifar10", tmp_path).fingerprint
    for split, labels, begin in (("train", TRAIN, 0), ("test", TEST, 1000)):
        images = [encoded(begin + i) for i in range(len(labels))]
        write_parquet(folder / f"{split}-00000-of-00001.parquet", images, labels, (image, label))
    assert data.load("cifar10", tmp_path).fingerprint == expected


def test_other_columns_are_named_with_those_that_are_wanted(tmp_path, small):
    file = write_cifar(tmp_path) / "train-00000-of-00001.parquet"
    wanted = "img or image for the images and label or fine_label for the labels"
    for names in (("picture", "label"), ("img", "coarse_label"), ("x", "y")):
        write_parquet(file, [encoded(i) for i in range(50)], TRAIN, names)
        with pytest.raises(NlrError, match=f"has the columns {', '.join(names)}; expected {wanted}"):
            data.load("cifar10", tmp_path)
    plain_bytes(file)
    with pytest.raises(NlrError, match="has binary as img; expected a struct with the bytes of an encoded image"):
        data.load("cifar10", tmp_path)


def test_labels_of_other_classes_are_named(tmp_path, small):
    """As a file of CIFAR-100 has them."""
    folder = write_cifar(tmp_path)
    images, labels = [encoded(i) for i in range(50)], np.arange(0, 100, 2)
    write_parquet(folder / "train-00000-of-00001.parquet", images, labels, ("img", "fine_label"))
    with pytest.raises(NlrError, match="50 train rows with labels from 0 to 98; CIFAR-10 has 50, a tenth"):
        data.load("cifar10", tmp_path)


@pytest.mark.parametrize("damage", [*FILE_DAMAGE, *SPLIT_DAMAGE])
def test_damaged_files_are_named_and_refused(tmp_path, small, damage):
    folder = write_cifar(tmp_path)
    file = folder / "train-00000-of-00001.parquet"
    (FILE_DAMAGE | SPLIT_DAMAGE)[damage](file)
    with pytest.raises(NlrError) as caught:
        data.load("cifar10", tmp_path)
    assert str(file if damage in FILE_DAMAGE else folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_single_image_of_another_encoding_is_named(tmp_path, small):
    folder = write_cifar(tmp_path)
    SPLIT_DAMAGE["one encoding more"](folder / "train-00000-of-00001.parquet")
    with pytest.raises(NlrError, match=r"mixes the encodings \['jpeg75', 'lossless'\]"):
        data.load("cifar10", tmp_path)


def test_fewer_images_than_cifar_has_are_refused(tmp_path):
    write_cifar(tmp_path)
    with pytest.raises(NlrError, match="50 train rows with labels from 0 to 9; CIFAR-10 has 50000"):
        data.load("cifar10", tmp_path)


def test_a_damaged_release_is_refused(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps({"data": [], "labels": []}))
    with pytest.raises(NlrError, match=r"damaged or incomplete.*download it again") as caught:
        data.load("cifar10", tmp_path)
    assert str(tmp_path) in str(caught.value)


# The data root


def test_the_root_given_goes_before_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NLR_DATA", str(tmp_path / "missing"))
    assert paths.data_root(tmp_path) == tmp_path
    monkeypatch.setenv("NLR_DATA", str(tmp_path))
    assert paths.data_root() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.data_root("~") == tmp_path


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (None, "No data root.*data_root.*NLR_DATA"),
        ("missing", "'.*missing' is not a folder.*cifar10/plain_text"),
        ("file", "'.*file' is not a folder"),
        (".", "No CIFAR-10 under the data root.*torchvision.datasets.CIFAR10.*download=True.*cifar10/plain_text"),
    ],
)
def test_missing_data_say_how_to_get_them(tmp_path, root, words):
    (tmp_path / "file").write_text("")
    with pytest.raises(NlrError, match=words):
        data.load("cifar10", root and tmp_path / root)


def test_an_unknown_data_set_names_the_known_ones():
    with pytest.raises(NlrError, match=r"'mnits'.*Did you mean 'mnist'.*Known: cifar10, digits, fashion-mnist, mnist"):
        data.load("mnits")


# MNIST and Fashion-MNIST


IDX = ("mnist", "fashion-mnist")
NAMES = tuple(data.IDX_FILES)


def idx_arrays(family):
    """A small set of its own for each family: training images and labels, test images and labels."""
    draw = np.random.default_rng(IDX.index(family))
    images = [draw.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (20, 10)]
    labels = [np.arange(n, dtype=np.uint8) % 10 for n in (20, 10)]
    labels[IDX.index(family)] = labels[IDX.index(family)][::-1].copy()
    return images[0], labels[0], images[1], labels[1]


def idx_bytes(array):
    header = np.array([2049 if array.ndim == 1 else 2051, *array.shape], ">u4")
    return header.tobytes() + array.tobytes()


def write_idx(folder, family, compressed=True):
    folder.mkdir(parents=True)
    for name, array in zip(NAMES, idx_arrays(family), strict=True):
        content = idx_bytes(array)
        file = folder / (f"{name}.gz" if compressed else name)
        file.write_bytes(gzip.compress(content) if compressed else content)
    return folder


@pytest.fixture
def small_idx(tmp_path, monkeypatch):
    """The MD5 sums are those of the small sets, and Debian's folder is one of the test."""
    sums = {f: tuple(hashlib.md5(idx_bytes(a)).hexdigest() for a in idx_arrays(f)) for f in IDX}
    monkeypatch.setattr(data, "IDX_MD5", sums)
    monkeypatch.setattr(data, "DEBIAN_FASHION_MNIST", tmp_path / "debian")


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize(
    ("family", "place"),
    [
        ("mnist", "MNIST/raw"),
        ("mnist", "mnist"),
        ("fashion-mnist", "FashionMNIST/raw"),
        ("fashion-mnist", "fashion-mnist"),
    ],
)
def test_idx_files_are_read_in_their_order(tmp_path, small_idx, family, place, compressed):
    write_idx(tmp_path / place, family, compressed)
    dataset = data.load(family, tmp_path)
    assert dataset.name == family
    images, labels, test_images, test_labels = idx_arrays(family)
    assert np.array_equal(dataset.images[..., 0], images)
    assert np.array_equal(dataset.test_images[..., 0], test_images)
    assert (dataset.images.shape, dataset.test_images.shape) == ((20, 28, 28, 1), (10, 28, 28, 1))
    assert (dataset.labels.tolist(), dataset.test_labels.tolist()) == (labels.tolist(), test_labels.tolist())
    assert (dataset.images.dtype, dataset.labels.dtype) == (torch.uint8, torch.int64)
    assert (dataset.num_classes, dataset.twins) == (10, None)
    assert dataset.classes == tuple(frames.class_names(family))


def test_fashion_mnist_of_debian_is_found_with_and_without_a_data_root(tmp_path, small_idx):
    write_idx(tmp_path / "debian", "fashion-mnist")
    assert data.load("fashion-mnist").name == data.load("fashion-mnist", tmp_path).name == "fashion-mnist"
    with pytest.raises(NlrError, match="No data root"):
        data.load("mnist")


def test_a_file_without_gz_goes_before_one_with_it(tmp_path, small_idx):
    folder = write_idx(tmp_path / "mnist", "mnist", compressed=False)
    (folder / f"{NAMES[0]}.gz").write_bytes(b"half a download")
    assert len(data.load("mnist", tmp_path).images) == 20


def cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def damaged_inside(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)


def change_content(change):
    return lambda file: file.write_bytes(gzip.compress(change(gzip.decompress(file.read_bytes()))))


def swap(other):
    def damage(file):
        one, two = file.read_bytes(), (file.parent / f"{other}.gz").read_bytes()
        file.write_bytes(two)
        (file.parent / f"{other}.gz").write_bytes(one)

    return damage


def unknown_labels(file):
    """A file of labels that no release has, where images belong."""
    file.write_bytes(gzip.compress(idx_bytes(np.zeros(20, np.uint8))))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda file: file.unlink(), "has no train-images-idx3-ubyte, plain or as .gz"),
        (cut, "is cut short or damaged"),
        (lambda file: file.write_bytes(b""), "is empty"),
        (damaged_inside, "is cut short or damaged"),
        (lambda file: file.write_text("an error page"), "is cut short or damaged"),
        (change_content(lambda c: (2052).to_bytes(4, "big") + c[4:]), "the magic number 2052 and not with 2051"),
        (change_content(lambda c: c[:-1]), "is not the file of the release"),
        (change_content(lambda c: c[:-1] + bytes([c[-1] ^ 1])), "is not the file of the release"),
        (swap(NAMES[1]), f"holds MNIST's {NAMES[1]}, not MNIST's {NAMES[0]}"),
        (swap(NAMES[2]), f"holds MNIST's {NAMES[2]}, not MNIST's {NAMES[0]}"),
        (unknown_labels, "holds labels where images belong, so the two files may be swapped"),
    ],
)
def test_a_damaged_idx_file_is_named_with_its_remedy(tmp_path, small_idx, damage, words):
    folder = write_idx(tmp_path / "mnist", "mnist")
    damage(folder / f"{NAMES[0]}.gz")
    with pytest.raises(NlrError, match=words) as caught:
        data.load("mnist", tmp_path)
    text = str(caught.value)
    assert str(folder) in text
    assert "torchvision.datasets.MNIST(root, download=True)" in text
    assert "\n" not in text
    assert not isinstance(caught.value, data.NoData)


@pytest.mark.parametrize(
    ("family", "other", "words"),
    [("mnist", "fashion-mnist", "holds Fashion-MNIST's"), ("fashion-mnist", "mnist", "holds MNIST's")],
)
def test_one_family_in_the_folder_of_the_other_is_named(tmp_path, small_idx, family, other, words):
    write_idx(tmp_path / data.TORCHVISION[family] / "raw", other)
    with pytest.raises(NlrError, match=f"{NAMES[0]}.gz {words} {NAMES[0]}, not"):
        data.load(family, tmp_path)


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("mnist", r"No MNIST under .* MNIST/raw or mnist: torchvision.datasets.MNIST\(root, download=True\)"),
        ("fashion-mnist", r"No Fashion-MNIST .* FashionMNIST/raw or fashion-mnist: .*Debian's package dataset-fashion"),
    ],
)
def test_missing_idx_files_say_how_to_get_them(tmp_path, small_idx, family, words):
    with pytest.raises(data.NoData, match=words):
        data.load(family, tmp_path)


def test_what_is_wrong_under_a_data_root_is_told_of_every_family(tmp_path, small_idx, own_stores):
    def write_record(dataset, fingerprint):
        where = {"protocol": "digits", "dataset": dataset}
        return put(own_stores["results"], fingerprint=fingerprint, **where)

    assert progress.data_damage(tmp_path) == []  # nothing there, and no record that needs it
    folder = write_idx(tmp_path / "mnist", "mnist")
    write_record("mnist", data.load("mnist", tmp_path).fingerprint)
    write_record("cifar10-jpeg75", "f" * 64)
    (missing,) = progress.data_damage(tmp_path)
    assert missing.startswith("No CIFAR-10 under")
    cut(folder / f"{NAMES[0]}.gz")
    assert "cut short" in progress.data_damage(tmp_path)[1]
    write_idx(tmp_path / "fashion-mnist", "fashion-mnist")
    write_record("fashion-mnist", "0" * 64)
    assert "images or labels of fashion-mnist" in progress.data_damage(tmp_path)[1]
    (nowhere,) = progress.data_damage(tmp_path / "nowhere")
    assert "is not a folder" in nowhere


def test_every_data_set_of_a_study_has_a_name_in_words():
    assert {studies.load(name).dataset for name in studies.names()} <= set(frames.DATASETS)


# CIFAR-10N


@pytest.fixture
def few_labels(monkeypatch):
    """CIFAR-10N has 50 labels."""
    monkeypatch.setattr(data, "HUMAN_IMAGES", len(TRAIN))


def human_sets(n=50):
    """Label sets as CIFAR-10N has them, each with its own share of wrong labels."""
    clean = TRAIN[:n]
    sets = {"clean_label": clean}
    for number, key in enumerate(data.HUMAN_KEYS.values()):
        sets[key] = np.where(np.arange(n) < 5 * number + 5, (clean + 1) % 10, clean)
    return sets


def test_every_set_that_a_setting_can_name_has_a_key():
    assert tuple(data.HUMAN_KEYS) == noise.HUMAN_SETS


def save(value, file, old_numpy=False):
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(value, file, _use_new_zipfile_serialization=not old_numpy)
    if old_numpy:  # CIFAR-10N was saved with NumPy 1, where the module had another name
        file.write_bytes(file.read_bytes().replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))


@pytest.mark.parametrize("old_numpy", [True, False])
@pytest.mark.parametrize("place", ["cifar-n/CIFAR-10_human.pt", "CIFAR-10_human.pt"])
@pytest.mark.parametrize("name", data.HUMAN_KEYS)
def test_human_labels_are_read_by_name(tmp_path, few_labels, place, name, old_numpy):
    sets = human_sets()
    save(sets, tmp_path / place, old_numpy)
    labels = data.load_human_labels(name, tmp_path, TRAIN)
    assert labels.dtype == np.int64
    assert labels.tolist() == sets[data.HUMAN_KEYS[name]].tolist()
    assert (labels != TRAIN).sum() == 5 * list(data.HUMAN_KEYS).index(name) + 5


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint64, list])
def test_human_labels_are_read_as_integers_of_any_kind(tmp_path, few_labels, dtype):
    """They were once said to be no arrays."""
    sets = human_sets()
    kept = {key: labels.tolist() if dtype is list else labels.astype(dtype) for key, labels in sets.items()}
    save(kept, tmp_path / "CIFAR-10_human.pt")
    labels = data.load_human_labels("worse", tmp_path, TRAIN)
    assert labels.dtype == np.int64
    assert labels.tolist() == sets["worse_label"].tolist()


def changed(key, change):
    """A file in which one set is another."""
    return lambda file: save(human_sets() | {key: change(human_sets()[key])}, file)


def test_a_malicious_file_is_refused_and_not_executed(tmp_path):
    file, target = tmp_path / "CIFAR-10_human.pt", tmp_path / "made"
    save(human_sets() | {"extra": Malicious(target)}, file)
    with pytest.raises(NlrError, match="damaged or of another layout"):
        data.load_human_labels("worse", tmp_path)
    assert not target.exists()
    torch.load(file, weights_only=False)  # the trap is real
    assert target.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda file: file.unlink(), "No CIFAR-10N labels under.*cifar-n/CIFAR-10_human.pt"),
        (lambda file: file.write_bytes(file.read_bytes()[:-200]), "damaged or of another layout"),
        (lambda file: file.write_text("an error page"), "damaged or of another layout"),
        (lambda file: save({"clean_label": TRAIN}, file), "holds clean_label; expected the label sets worse_label"),
        (lambda file: save([1, 2], file), "holds a list; expected the label sets worse_label, clean_label"),
        (lambda file: save({k: v[::-1].copy() for k, v in human_sets().items()}, file), "another order"),
        (lambda file: save(human_sets(40), file), "has 40 labels as worse_label; CIFAR-10N has 50"),
        (changed("worse_label", lambda labels: labels[:40]), "has 40 labels as worse_label; CIFAR-10N has 50"),
        (changed("clean_label", lambda labels: labels[1:]), "has 49 labels as clean_label"),
        (changed("worse_label", lambda labels: labels + 1), "has labels from 1 to 10 as worse_label; those .* 0 to 9"),
        (changed("worse_label", lambda labels: labels - 1), "has labels from -1 to 8 as worse_label"),
        (changed("worse_label", lambda labels: labels.astype(float)), r"has float64 of shape \(50,\) as worse_label"),
        (changed("worse_label", lambda labels: labels.reshape(5, 10)), r"has int64 of shape \(5, 10\) as worse_label"),
        (changed("worse_label", lambda labels: labels > 4), "has bool of shape"),
        (changed("worse_label", lambda labels: ["cat"] * 50), "has <U3 of shape"),
    ],
)
def test_human_labels_that_do_not_fit_are_refused(tmp_path, few_labels, change, words):
    file = tmp_path / "CIFAR-10_human.pt"
    save(human_sets(), file)
    change(file)
    with pytest.raises(NlrError, match=words) as caught:
        data.load_human_labels("worse", tmp_path, TRAIN)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)  # no advice to load it without care


def test_an_unknown_human_set_names_the_known_ones(tmp_path):
    with pytest.raises(NlrError, match=r"'worst'.*Did you mean 'worse'.*aggre, random1, random2, random3, worse"):
        data.load_human_labels("worst", tmp_path)


# A part of the training set


@pytest.mark.parametrize("n", [1, 3, 5])
def test_first_per_class_is_that_of_a_loop(n):
    seen, expected = [0] * 10, []
    for i, label in enumerate(TRAIN):
        if seen[label] < n:
            expected.append(i)
        seen[label] += 1
    assert data.first_per_class(TRAIN, n).tolist() == expected
    assert data.first_per_class(torch.from_numpy(TRAIN), n).tolist() == expected


def test_first_per_class_takes_all_at_0_and_refuses_more_than_there_are():
    assert data.first_per_class(TRAIN, 0).tolist() == list(range(50))
    with pytest.raises(NlrError, match=r"train_per_class = 6.*only 5 images"):
        data.first_per_class(TRAIN, 6)


# The real thing, where it is


@pytest.fixture(scope="module")
def real(real_root):
    return data.load("cifar10", real_root)


def test_real_cifar_is_balanced_and_in_canonical_order(real):
    assert real.name in ("cifar10", "cifar10-jpeg75", "cifar10-mended")
    assert (real.images.shape, real.test_images.shape) == ((50_000, 32, 32, 3), (10_000, 32, 32, 3))
    assert real.labels.bincount().tolist() == [5000] * 10
    assert real.test_labels.bincount().tolist() == [1000] * 10
    assert real.labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]
    assert real.test_labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]


def test_real_pixels_have_the_mean_and_deviation_of_the_protocol(real):
    section = protocols.load("ma2020")["data"]
    pixels = (real.images[::10].double() / 255).flatten(0, 2)
    assert pixels.mean(0).tolist() == pytest.approx(section["mean"], abs=0.01)
    assert pixels.std(0).tolist() == pytest.approx(section["std"], abs=0.01)


def test_real_twins_show_the_same_pictures(real):
    if real.twins is None:
        pytest.skip("no lossless test images beside the JPEG ones")
    error = (real.twins.double() - real.test_images[: len(real.twins)].double()).square().mean((1, 2, 3))
    signal = 10 * torch.log10(255**2 / error)
    assert 28 < signal.median() < 33  # decibels: compressed, not another picture
    assert signal.min() > 18


def test_real_records_were_made_with_these_data(real):
    made = [records.read(path)["facts"] for path in records.walk(paths.RESULTS / real.name)]
    if not made:
        pytest.skip(f"no committed record on {real.name}")
    assert {facts["fingerprint"] for facts in made} == {real.fingerprint}


@pytest.mark.parametrize(
    ("name", "rate"),
    [("aggre", 0.0901), ("random1", 0.1723), ("random2", 0.1812), ("random3", 0.1764), ("worse", 0.4021)],
)
def test_real_human_labels_agree_with_the_images_and_have_the_published_rates(real, real_root, name, rate):
    labels = real_human_labels(name, real, real_root)
    assert (labels != real.labels.numpy()).mean() == pytest.approx(rate, abs=5e-5)


def test_symmetric_noise_beside_human_labels_has_their_rate(real, real_root):
    """That of the images of the small protocol, as the setting in the study human-labels has it."""
    (rate,) = (
        rate for kind, rate in map(noise.parse_setting, studies.load("human-labels").settings) if kind == "symmetric"
    )
    chosen = data.first_per_class(real.labels, protocols.load("ma2020-small")["data"]["train_per_class"])
    clean, people = real.labels.numpy()[chosen], real_human_labels("worse", real, real_root)[chosen]
    assert (people != clean).mean() == rate
    drawn = [
        noise.add_noise(clean, "symmetric", rate, 0),
        noise.add_noise(clean, "matrix", "worse", 0, human_labels=people),
    ]
    assert [one.rate for one in drawn] == [pytest.approx(rate, abs=1e-3), rate]


def real_human_labels(name, real, root):
    try:
        return data.load_human_labels(name, root, real.labels)
    except NlrError as error:
        if "No CIFAR-10N labels" in str(error):
            pytest.skip("no CIFAR-10N labels here")
        raise


def real_copy(family, root, name):
    try:
        found = data.load(family, root, name)
    except data.NoData as error:
        pytest.skip(str(error))
    if found.name != name:
        pytest.skip(f"no {name} here")
    return found


def test_the_real_mended_copy_is_the_release_but_for_its_rows(real, real_root):
    mended = real_copy("cifar10", real_root, "cifar10-mended")
    assert mended.fingerprint == data.MENDED
    assert tuple(map(len, data.MENDED_ROWS)) == (77, 20)
    assert torch.equal(mended.labels, real.labels)
    assert torch.equal(mended.test_labels, real.test_labels)
    if real.name != "cifar10-jpeg75":
        pytest.skip("no JPEG copy beside it")
    for one, other, rows in zip(
        (mended.images, mended.test_images), (real.images, real.test_images), data.MENDED_ROWS, strict=True
    ):
        assert (one == other).flatten(1).all(1).nonzero().flatten().tolist() == list(rows)
        assert [zlib.crc32(one[row].numpy()) for row in rows] == list(rows.values())
    if real.twins is not None:
        known = [i for i in range(len(real.twins)) if i not in data.MENDED_ROWS[1]]
        assert torch.equal(mended.test_images[known], real.twins[known])


def test_real_mnist(real_root):
    mnist = real_copy("mnist", real_root, "mnist")
    assert mnist.labels.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert (mnist.images.shape, mnist.test_images.shape) == ((60_000, 28, 28, 1), (10_000, 28, 28, 1))
    assert mnist.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    pixels = mnist.images.double() / 255
    assert pixels.mean().item() == pytest.approx(0.1306604762738429)
    assert pixels.std(correction=0).item() == pytest.approx(0.30810780385646264)


def test_real_fashion_mnist(real_root):
    fashion = real_copy("fashion-mnist", real_root, "fashion-mnist")
    assert fashion.labels.bincount().tolist() == [6000] * 10
    assert fashion.test_labels.bincount().tolist() == [1000] * 10
    assert (fashion.labels[0], fashion.classes[fashion.labels[0]]) == (9, "Ankle boot")


def test_facts_count_the_human_labels(tmp_path, few_labels):
    sets = human_sets()
    save(sets, tmp_path / "CIFAR-10_human.pt")
    facts = data.human_facts(tmp_path)
    assert json.loads(json.dumps(facts)) == facts
    clean = sets["clean_label"]
    for name, key in data.HUMAN_KEYS.items():
        for j, row in enumerate(facts["counts"][name]):
            assert row == [int(((clean == j) & (sets[key] == k)).sum()) for k in range(10)]
    wrong = np.stack([sets[f"random_label{i}"] != clean for i in (1, 2, 3)]).sum(0)
    for j, row in enumerate(facts["wrong_of_three"]):
        assert row == [int(((clean == j) & (wrong == n)).sum()) for n in range(4)]
    save(sets | {"worse_label": sets["worse_label"][::-1].copy()}, tmp_path / "CIFAR-10_human.pt")
    assert data.human_facts(tmp_path)["fingerprint"] != facts["fingerprint"]


def test_facts_on_images(tmp_path, small):
    write_cifar(tmp_path)
    facts = data.image_facts(tmp_path)
    assert json.loads(json.dumps(facts)) == facts
    images = data.load("cifar10", tmp_path).images.double() / 255
    assert facts["mean"] == pytest.approx(images.mean((0, 1, 2)).tolist(), abs=1e-6)
    assert facts["std"] == pytest.approx(images.std((0, 1, 2), correction=0).tolist(), abs=1e-6)
    each = torch.stack([image.std((0, 1), correction=0) for image in images])
    assert facts["mean_of_stds"] == pytest.approx(each.mean(0).tolist(), abs=1e-6)
    assert facts["dataset"] == data.load("cifar10", tmp_path).name


def test_the_committed_facts_are_those_of_the_real_data(real, real_root, monkeypatch):
    monkeypatch.setattr(data, "load", lambda name, root: real)  # it takes ten seconds
    committed = {
        name: json.loads((paths.RESULTS / f"{name}-facts.json").read_text()) for name in ("cifar10n", "cifar10")
    }
    assert "CC BY-NC 4.0" in committed["cifar10n"]["licence"]
    assert data.human_facts(real_root) == committed["cifar10n"]
    assert data.image_facts(real_root) == committed["cifar10"]


def test_the_class_sizes_of_mnist_are_those_of_the_labels_that_runs_had():
    first = next(iter(records.walk(paths.RESULTS / "mnist")))
    counts = np.array(records.read(first)["noise"]["counts"])
    assert counts.sum(1).tolist() == list(data.MNIST_CLASS_SIZES)
