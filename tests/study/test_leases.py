"""One holder at a time; the dead lose theirs at once, the silent after a while, and the living never."""

import os
import subprocess
import sys
import time

import pytest

from nlr.errors import NlrError
from nlr.study import leases


def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_one_at_a_time(tmp_path):
    path = tmp_path / "new" / "seed-0.lease"
    with leases.take(path) as lease:
        assert lease.held()
        assert leases.take(path) is None
        assert not leases.is_stale(path)
    assert not path.exists()
    assert leases.take(path) is not None


def test_it_is_given_back_after_an_exception(tmp_path):
    path = tmp_path / "seed-0.lease"
    with pytest.raises(KeyboardInterrupt), leases.take(path):
        raise KeyboardInterrupt
    assert not path.exists()


TAKE = (
    "import os, sys\n"
    "from pathlib import Path\n"
    "from nlr.study import leases\n"
    "leases.take(Path(sys.argv[1]))\n"
    "os._exit(9)"
)


def test_that_of_a_dead_process_of_this_machine_is_taken_at_once(tmp_path):
    path = tmp_path / "seed-0.lease"
    subprocess.run([sys.executable, "-c", TAKE, path], timeout=60)
    assert path.exists()
    if leases._machine() is None:
        pytest.skip("this system does not tell which process is alive")
    assert leases.is_stale(path)
    with leases.take(path) as lease:
        assert lease.held()


@pytest.mark.parametrize("other", ["another machine", "another process with the same number"])
def test_the_number_of_a_process_alone_proves_nothing(tmp_path, monkeypatch, other):
    path = tmp_path / "seed-0.lease"
    if other == "another machine":
        with monkeypatch.context() as patch:
            patch.setattr(leases, "_machine", lambda: "elsewhere")
            patch.setattr(leases, "_started", lambda pid: 1)
            leases.take(path)
        assert not leases.is_stale(path)  # its process cannot be seen from here, so only silence tells
    else:
        with monkeypatch.context() as patch:
            patch.setattr(leases, "_started", lambda pid: 1)
            leases.take(path)
        assert leases.is_stale(path)


def test_silence_makes_it_stale_and_its_holder_finds_out(tmp_path):
    path = tmp_path / "seed-0.lease"
    first = leases.take(path)  # not within with: nobody touches it
    age(path, 59)
    assert leases.take(path) is None
    age(path, 61)
    second = leases.take(path)
    assert second.held()
    assert not first.held()
    assert first.lost
    first.release()
    assert path.exists()  # it is the second's
    second.release()
    assert not path.exists()


def test_it_is_touched_while_it_is_held(tmp_path):
    path = tmp_path / "seed-0.lease"
    with leases.take(path, stale_after=0.6) as lease:
        time.sleep(1.5)
        assert leases.take(path, stale_after=0.6) is None
        path.unlink()
        leases.take(path)
        time.sleep(0.5)
        assert lease.lost  # without being asked


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_one_that_cannot_be_read_goes_stale_by_silence_alone(tmp_path, text):
    path = tmp_path / "seed-0.lease"
    path.write_text(text)
    assert leases.take(path) is None
    age(path, 61)
    assert leases.take(path).held()


def test_where_it_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NlrError, match=r"seed-0.lease cannot be written"):
        leases.take(tmp_path / "file" / "seed-0.lease")
