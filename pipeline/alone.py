"""One process at a time: a lock that the system lifts when its holder ends, however that ends.

Snakemake's own locks are files, which a build that is killed leaves behind; the next build is then refused.
"""

import fcntl
import os
import sys
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(".snakemake")


@contextmanager
def alone(work):
    """While it lasts, no other process is at this work; waits for one that is, and says so.

    Yields:
        The number of the lock's file. Processes that have it too hold the lock until they end.
    """
    FOLDER.mkdir(exist_ok=True)
    with open(FOLDER / f"{work}.lock", "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            print(
                f"Process {lock.read()}, or what it left, is at the {work}; waiting until it has ended.",
                file=sys.stderr,
                flush=True,
            )
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield lock.fileno()
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
