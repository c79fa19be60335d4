"""What people hand in, at whatever door (function, command line, notebook): each kind is read and checked here alone.

Noise rates and settings are read by :mod:`nlr.noise`, losses by :mod:`nlr.losses`.
"""

import os
import re
from numbers import Integral
from pathlib import Path

from nlr.errors import NlrError

#: The largest that torch's generators know.
LARGEST_SEED = 2**64 - 1

FLAGS = {"true": True, "yes": True, "false": False, "no": False}


def seed(value):
    """A seed: an integer, NumPy's too, or its digits as text.

    Returns:
        The int.

    Raises:
        NlrError: it is none, or not from 0 to :data:`LARGEST_SEED`.
    """
    digits = isinstance(value, str) and re.fullmatch(r"[0-9]{1,20}", value)
    number = int(value) if digits or (isinstance(value, Integral) and not isinstance(value, bool)) else -1
    if not 0 <= number <= LARGEST_SEED:
        raise NlrError(f"Seed {value!r}; expected an integer from 0 to {LARGEST_SEED}.")
    return number


def flag(value, name):
    """A bool, or one in words: true, false, yes, no.

    Raises:
        NlrError: it is neither; ``name`` says what was asked for.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in FLAGS:
        return FLAGS[value.lower()]
    raise NlrError(f"{name} is {value!r}; expected one of {', '.join(FLAGS)}.")


def path(value, name):
    """A path, with one's home in the place of ``~``.

    Args:
        value: text or a path.
        name: of the argument, for the error.

    Returns:
        The :class:`pathlib.Path`.

    Raises:
        NlrError: it is no path, or an empty one, which an unset shell variable gives.
    """
    if not isinstance(value, str | os.PathLike):
        raise NlrError(f"{name} is {value!r}; expected a path.")
    if not (text := os.fspath(value)).strip():
        raise NlrError(f"{name} is an empty path, as an unset shell variable gives; name a file or folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:  # of ~name where nobody has that name
        raise NlrError(f"{name} is {text!r}: {error}") from None


def span(value, name, most):
    """A range of numbers from 1, both ends included: ``9-16``.

    Returns:
        The slice that takes them from a list.

    Raises:
        NlrError: it is none, or ends beyond ``most``; ``name`` says what was asked for.
    """
    match = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", value)
    first, last = map(int, match.groups()) if match else (0, 0)
    if not 1 <= first <= last <= most:
        raise NlrError(f"{name} is {value!r}; expected two numbers from 1 to {most}, for example 1-{min(most, 8)}.")
    return slice(first - 1, last)
