"""With what a run was made: device, versions, commit."""

import hashlib
import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import torch

import nlr
from nlr import files
from nlr.errors import NlrError, unknown
from nlr.paths import ROOT

STAMP = ROOT / "stamp.json"  # not committed; goes along with a copy of the tree
DEVICES = ("auto", "cpu", "cuda")


def pick_device(name="auto"):
    """The torch device to train on; ``auto`` takes a CUDA GPU where there is one, ``cuda:1`` is the second.

    Raises:
        NlrError: the name is unknown, or there is no such device here.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return "cuda" if gpus else "cpu"
    try:
        device = torch.device(str(name))
    except RuntimeError:
        device = None
    if device is None or device.type not in DEVICES:
        raise unknown("device", name, DEVICES)
    if (device.index or 0) >= {"cpu": 1, "cuda": gpus}[device.type]:
        usable = ["cpu", *(f"cuda:{number}" for number in range(gpus))]
        raise NlrError(f"Device {name!r} is not here; usable: {', '.join(usable)}.")
    return str(device)


def device_name(device):
    """What the device calls itself, without the host's name; behind a CPU's the instructions that torch uses on it.

    They decide the last bits and the speed, and one name can stand for several generations.
    """
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name} ({torch.backends.cpu.get_cpu_capability()})"


def versions():
    """Versions of what decides numbers."""
    return {
        "nlr": nlr.__version__,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "torch": str(torch.__version__),  # a class of its own
        "torchvision": metadata.version("torchvision"),
    }


def commit():
    """The commit of the code and whether the package is as committed.

    Without git it is what :func:`stamp` wrote when the tree was packed, if the package is still the same; else
    ``("unknown", None)``.
    """
    try:
        return _commit_by_git()
    except (OSError, subprocess.CalledProcessError):
        pass
    try:
        found = json.loads(STAMP.read_text())
        if found["code"] == _code():
            return found["commit"], found["clean_tree"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return "unknown", None


def stamp():
    """Write down the commit for a copy of the tree that goes where there is no git; returns the file.

    Raises:
        NlrError: there is no git here, or the file cannot be written.
    """
    try:
        commit, clean_tree = _commit_by_git()
    except (OSError, subprocess.CalledProcessError):
        raise NlrError(f"{ROOT} is no git repository; the stamp is made there, before the tree is copied.") from None
    content = {"commit": commit, "clean_tree": clean_tree, "code": _code()}
    files.write_whole(STAMP, (json.dumps(content) + "\n").encode())
    return STAMP


def _commit_by_git():
    def git(*arguments):
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    if Path(git("rev-parse", "--show-toplevel")).resolve() != ROOT:  # a copy within another repository
        raise FileNotFoundError(ROOT / ".git")
    return git("rev-parse", "--short=12", "HEAD"), git("status", "--porcelain", "--", "nlr") == ""


def _code():
    """SHA-256 over the package's files: whether a stamp is of this code."""
    digest = hashlib.sha256()
    for path in sorted(path for suffix in ("py", "toml") for path in (ROOT / "nlr").rglob(f"*.{suffix}")):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
