"""A bundle carries records from store to store, and nothing that it holds is trusted."""

import json
import stat
import zipfile
from contextlib import nullcontext

import pytest
from factory import parts, put, short

from nlr.errors import NlrError
from nlr.study import bundle, checkpoints, records

PLACE = "digits/digits/ce/symmetric-0.4/seed-0.json"


def made(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def store(tmp_path):
    """A store with three records, and one of another protocol."""
    for seed in range(3):
        put(tmp_path / "store", seed=seed)
    put(tmp_path / "store", protocol="ma2020-small", dataset="cifar10")
    return tmp_path / "store"


def pack(folder, members):
    """A zip file of one's own."""
    archive = folder / "own.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for member, content in members:
            zipped.writestr(member, content)
    return archive


def test_there_and_back(tmp_path, store):
    assert bundle.write(tmp_path / "a.zip", store) == (4, [])
    result = bundle.merge(tmp_path / "a.zip", tmp_path / "other")
    assert made(tmp_path / "other") == made(store)
    assert (len(result.added), result.kept, result.conflicts, result.refused) == (4, [], [], [])
    again = bundle.merge(tmp_path / "a.zip", tmp_path / "other")
    assert (again.added, len(again.kept)) == ([], 4)
    bundle.write(tmp_path / "b.zip", store)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_part_of_a_store(tmp_path, store):
    assert bundle.write(tmp_path / "a.zip", store, "cifar10/ma2020-small") == (1, [])
    bundle.merge(tmp_path / "a.zip", tmp_path / "other")
    assert list(made(tmp_path / "other")) == ["cifar10/ma2020-small/ce/symmetric-0.4/seed-0.json"]


@pytest.mark.parametrize("finished", [False, True])
def test_checkpoints_go_along_on_request(tmp_path, store, finished):
    config = short(seed=7)
    checkpoints.write(store, config, {"sittings": 1}, {"done": 1})
    other = tmp_path / "other"
    assert bundle.write(tmp_path / "without.zip", store)[0] == 4
    assert bundle.write(tmp_path / "with.zip", store, with_checkpoints=True)[0] == 5
    if finished:
        records.write(other, config, **parts(config))
    bundle.merge(tmp_path / "with.zip", other)
    assert checkpoints.find(other, config) == (None if finished else ({"sittings": 1}, {"done": 1}))


def test_what_is_damaged_is_left_out_and_named(tmp_path, store):
    (store / PLACE).write_text((store / PLACE).read_text().replace("A processor", "A better one"))
    packed, (message,) = bundle.write(tmp_path / "a.zip", store)
    assert packed == 3
    assert PLACE in message


def test_where_two_differ_the_existing_one_is_kept_and_a_conflict_said(tmp_path, store):
    bundle.write(tmp_path / "a.zip", store)
    other = tmp_path / "other"
    put(other, seed=0, last=0.9)
    before = made(other)
    result = bundle.merge(tmp_path / "a.zip", other)
    assert result.conflicts == [other / PLACE]
    assert len(result.added) == 3
    assert made(other)[PLACE] == before[PLACE]


def edited(text):
    return text.replace(b'"last_accuracy":0.5', b'"last_accuracy":0.9')


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        (PLACE, edited, "edited or damaged"),
        (PLACE, lambda text: text[:-9], "not a readable record"),
        (PLACE, lambda text: b"{}", "not a record"),
        (PLACE.replace("seed-0", "seed-1"), lambda text: text, "holds the run of"),
        (PLACE.replace("json", "checkpoint"), lambda text: text, "not a checkpoint"),
    ],
)
def test_a_member_whose_hash_or_place_is_wrong_is_refused_and_the_others_are_merged(
    tmp_path, store, name, change, words
):
    text, good = (store / PLACE).read_bytes(), PLACE.replace("seed-0", "seed-2")
    archive = pack(tmp_path, [(name, change(text)), (good, (store / good).read_bytes())])
    result = bundle.merge(archive, tmp_path / "other")
    (message,) = result.refused
    assert name in message
    assert words in message
    assert list(made(tmp_path / "other")) == [good]


def outside(text, **change):
    """A record in good order whose configuration leads elsewhere."""
    record = json.loads(text)
    record["config"] |= change
    record["config_hash"] = records.config_hash(record["config"])
    record["digest"] = records._digest(record)
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "../../../digits"},
        {"dataset": "/etc"},
        {"dataset": ".."},
        {"seed": "0/../../x"},
        {"loss": {"spec": "../.."}},
        {"loss": {"spec": "a/b"}},
    ],
    ids=str,
)
def test_a_configuration_cannot_lead_out_of_the_store(tmp_path, store, change):
    archive = pack(tmp_path, [(PLACE, outside((store / PLACE).read_bytes(), **change))])
    before = made(tmp_path)
    (message,) = bundle.merge(archive, tmp_path / "a" / "b" / "c").refused
    assert "no run that this version of nlr knows" in message or "holds the run of" in message
    assert made(tmp_path) == before


def link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("../" + PLACE, "leads out"),
        ("digits/../../x/ce/seed-0.json", "leads out"),
        ("/" + PLACE, "leads out"),
        ("C:\\x\\seed-0.json", "leads out"),
        (link(PLACE), "link"),
        ("digits/", "no file"),
        ("README.md", "neither a record"),
        (PLACE.replace("seed-0.json", "seed-0.sh"), "neither a record"),
        (PLACE.replace("seed-0.json", ".seed-0.json"), "neither a record"),
        ("x/" + PLACE, "neither a record"),
        (PLACE.replace("seed-0", "seed-1"), "twice"),
    ],
    ids=lambda value: getattr(value, "filename", value),
)
def test_an_archive_with_what_no_bundle_holds_is_refused_as_a_whole(tmp_path, store, member, words):
    good = PLACE.replace("seed-0", "seed-1")
    with pytest.warns(UserWarning, match="Duplicate") if words == "twice" else nullcontext():
        archive = pack(tmp_path, [(good, (store / good).read_bytes()), (member, (store / PLACE).read_bytes())])
    with pytest.raises(NlrError, match=words) as caught:
        bundle.merge(archive, tmp_path / "other")
    assert str(archive) in str(caught.value)
    assert not (tmp_path / "other").exists()


def test_a_member_that_unpacks_to_too_much_is_refused(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(PLACE, b" " * (records.LARGEST + 1))
    with pytest.raises(NlrError, match="too large"):
        bundle.merge(archive, tmp_path / "other")


@pytest.mark.parametrize("damage", ["truncated", "one bit", "text", "missing", "too large"])
def test_a_damaged_archive_is_named_and_nothing_is_written(tmp_path, store, damage):
    archive = tmp_path / "a.zip"
    bundle.write(archive, store)
    content = bytearray(archive.read_bytes())
    if damage == "truncated":
        content = content[:-100]
    elif damage == "one bit":
        content[200] ^= 1
    elif damage == "text":
        content = b"an error page"
    elif damage == "too large":
        content += bytes(bundle.LARGEST)
    archive.write_bytes(content)
    if damage == "missing":
        archive.unlink()
    with pytest.raises(NlrError) as caught:
        bundle.merge(archive, tmp_path / "other")
    assert str(archive) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "other").exists()


def test_a_bundle_that_is_too_large_says_how_to_split_it(tmp_path, store, monkeypatch):
    monkeypatch.setattr(bundle, "LARGEST", 2000)
    with pytest.raises(NlrError, match=r"must stay under .*--part cifar10/ma2020-small/ce/symmetric-0.4"):
        bundle.write(tmp_path / "a.zip", store)
    assert not (tmp_path / "a.zip").exists()


def test_an_archive_is_not_overwritten_and_an_empty_one_not_made(tmp_path, store):
    (tmp_path / "a.zip").write_text("mine")
    with pytest.raises(NlrError, match="exists"):
        bundle.write(tmp_path / "a.zip", store)
    with pytest.raises(NlrError, match="No record to pack"):
        bundle.write(tmp_path / "b.zip", store, "ma2020")
    assert not (tmp_path / "b.zip").exists()
