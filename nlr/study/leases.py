"""Leases: which worker is at which run, so that several commands on one store share the work.

A lease is a small file, made only where there is none. Its holder touches it; once nobody has for a while, or its
holder was a process of this machine that is no more, the lease is stale and the next worker takes it. Locks of the
kernel would do on a local disk, but they hold on for a process that hangs and differ between network file systems.

A lease saves work, it does not guard records: two workers that both believe to hold one still leave one record, for
the first to write it wins (:func:`nlr.files.write_whole`), and the one that lost its lease discards its result.
"""

import contextlib
import json
import os
import tempfile
import threading
import uuid
from pathlib import Path

from nlr.errors import NlrError

SUFFIX = ".lease"
STALE_AFTER = 60.0  # seconds without a touch
TOUCHES = 6  # within that time


class LeaseLost(Exception):
    """Another worker has taken over the run; what was computed here is to be discarded."""


class Lease:
    """A lease that is held. Made by :func:`take`; within ``with`` a thread of its own touches it.

    Attributes:
        path: its file.
        lost: whether the thread found that another worker has it.
    """

    def __init__(self, path, token, stale_after):
        self.path, self.token = path, token
        self.lost = False
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._touch, args=(stale_after / TOUCHES,), daemon=True)

    def held(self):
        """Whether the file says so now."""
        self.lost = self.lost or _holder(self.path).get("token") != self.token
        return not self.lost

    def release(self):
        """Give it back, unless another worker has it."""
        self._released.set()
        if self.held():
            self.path.unlink(missing_ok=True)

    def _touch(self, pause):
        while not self._released.wait(pause) and self.held():
            with contextlib.suppress(OSError):
                os.utime(self.path)

    def __enter__(self):
        try:
            self._thread.start()
        except BaseException:  # an interrupt at this moment
            self.release()
            raise
        return self

    def __exit__(self, *exception):
        self.release()


def take(path, stale_after=STALE_AFTER):
    """The lease on ``path``, or None where another worker holds it.

    Args:
        path: the file of the lease; its folder is made where it is missing.
        stale_after: seconds without a touch after which it may be taken from its holder.

    Raises:
        NlrError: the file cannot be made.
    """
    token = uuid.uuid4().hex
    text = json.dumps({"token": token, "machine": _machine(), "pid": os.getpid(), "started": _started(os.getpid())})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_stale(path, stale_after):
            path.unlink(missing_ok=True)  # of several that come here the last to make the file has the lease
        try:
            handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            return None
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise NlrError(f"{path} cannot be written: {error}.") from None
    return Lease(path, token, stale_after)


def is_stale(path, stale_after=STALE_AFTER):
    """Whether there is a lease whose holder is dead, or has not touched it for ``stale_after`` seconds."""
    holder = _holder(path)
    if holder.get("machine") == _machine() is not None and _started(holder.get("pid")) != holder.get("started"):
        return True
    try:
        touched = path.stat().st_mtime
        # The clock of the file system itself: on a network those of two machines differ.
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            return os.fstat(probe.fileno()).st_mtime - touched > stale_after
    except OSError:  # it is no longer there, or the folder may not be written to
        return False


def _holder(path):
    """What the file says of its holder; nothing where it is missing or only half written."""
    try:
        found = json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _machine():
    """This boot of this machine, and its space of process numbers; None where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return None


def _started(pid):
    """When a process was started, in ticks since the boot; None where it is dead."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else int(rest[18])
