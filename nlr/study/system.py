"""What training needs of the operating system."""

import sys

from nlr.errors import NlrError

try:
    import resource
except ImportError:  # on Windows
    raise NlrError(
        "Training runs on Linux (untried: macOS, Windows in WSL); this system lacks what it needs."
    ) from None


def peak_memory():
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
