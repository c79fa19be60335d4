"""Files that are there whole or not at all, whenever the process that writes them is killed."""

import contextlib
import errno
import os
import tempfile

from nlr.errors import NlrError

NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)  # what exFAT, among others, answers


def write_whole(path, content, keep=False):
    """Write bytes under a temporary name in the same folder and give them their name once they are on the disk.

    Args:
        path: a :class:`pathlib.Path`; its folder is made where it is missing.
        content: bytes.
        keep: leave an existing file as it is, whoever wrote it; else it is replaced.

    Raises:
        NlrError: the file cannot be written; nothing of it is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)
            if keep:
                _keep_first(temporary, path)
            else:
                os.replace(temporary, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
    except OSError as error:
        raise NlrError(f"{path} cannot be written: {error}.") from None


def _keep_first(temporary, path):
    try:
        os.link(temporary, path)  # fails where another writer was first
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        # Without hard links nothing gives a name only if it is free; the lease of the run keeps other writers away.
        if not path.exists():
            os.replace(temporary, path)


def remove_unfinished(path):
    """Delete what killed writers of ``path`` left under temporary names; for whoever holds its lease."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            left.unlink()
