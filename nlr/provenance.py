"""With what a run was made: device, versions, commit."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

import torch

import nlr
from nlr.errors import NlrError, unknown
from nlr.paths import ROOT

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(name="auto"):
    """The torch device to train on; ``auto`` takes a GPU where there is one.

    Raises:
        NlrError: the name is unknown, or there is no such device here.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next(device for device in ("cuda", "mps", "cpu") if available[device])
    kind = str(name).split(":")[0]
    if kind not in available:
        raise unknown("device", name, DEVICES)
    if not available[kind]:
        usable = [device for device, there in available.items() if there]
        raise NlrError(f"Device {name!r} is not here; usable: {', '.join(usable)}.")
    return str(name)


def device_name(device):
    """What the device calls itself, without the host's name."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_name(device)
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def versions():
    """Versions of what decides numbers."""
    return {
        "nlr": nlr.__version__,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "torch": torch.__version__,
        "torchvision": metadata.version("torchvision"),
    }


def commit():
    """The commit of the code and whether the package is as committed; ``("unknown", None)`` without git."""

    def git(*arguments):
        done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD"), git("status", "--porcelain", "--", "nlr") == ""
    except (OSError, subprocess.CalledProcessError):
        return "unknown", None
