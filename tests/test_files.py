"""Files are whole or absent, on file systems without hard links too, and a full disk is one sentence."""

import errno
import os

import pytest

from nlr import files
from nlr.errors import NlrError


def made(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("keep", [False, True])
def test_a_file_is_written_with_its_folder_and_nothing_else(tmp_path, keep):
    path = tmp_path / "a" / "b" / "file"
    files.write_whole(path, b"content", keep)
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o644
    assert made(tmp_path) == ["file"]


@pytest.mark.parametrize(("keep", "expected"), [(True, b"first"), (False, b"second")])
@pytest.mark.parametrize("links", [True, False])
def test_an_existing_file_is_kept_or_replaced_with_and_without_hard_links(tmp_path, monkeypatch, keep, expected, links):
    if not links:  # as exFAT answers

        def refuse(*arguments):
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file"
    for content in (b"first", b"second"):
        files.write_whole(path, content, keep)
    assert path.read_bytes() == expected
    assert made(tmp_path) == ["file"]


def test_other_failures_of_a_link_are_no_licence_to_replace(tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(NlrError, match="Input/output error"):
        files.write_whole(tmp_path / "file", b"content", keep=True)
    assert made(tmp_path) == []


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    left = tmp_path / ".seed-0.json.abc.tmp"
    others = [tmp_path / name for name in (".seed-01.json.abc.tmp", ".seed-0.checkpoint.x.tmp", "seed-0.json")]
    for path in (left, *others):
        path.write_text("{")
    files.remove_unfinished(tmp_path / "seed-0.json")
    assert made(tmp_path) == sorted(path.name for path in others)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("step", ["mkstemp", "fsync"])
def test_a_disk_that_refuses_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, number, step):
    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    path = tmp_path / "file"
    files.write_whole(path, b"before")
    monkeypatch.setattr(files.tempfile if step == "mkstemp" else os, step, fail)
    with pytest.raises(NlrError) as caught:
        files.write_whole(path, b"after")
    assert str(path) in str(caught.value)
    assert os.strerror(number) in str(caught.value)
    assert path.read_bytes() == b"before"
    assert made(tmp_path) == ["file"]


def test_a_disk_that_is_really_full(small_disk):
    files.write_whole(small_disk / "first", b"x" * 8192)
    with pytest.raises(NlrError, match=r"second cannot be written: .*No space left on device"):
        files.write_whole(small_disk / "second", b"x" * 2**20)
    assert made(small_disk) == ["first"]
    assert (small_disk / "first").stat().st_size == 8192
