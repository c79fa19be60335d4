"""Checkpoints: where a run that is not finished stands, beside the place of its record, until it has one.

A checkpoint is a line that says what it is, the SHA-256 of all that follows, and what ``torch.save`` writes of a dict
with ``config``, ``facts`` (what :mod:`nlr.study.execute` has noted so far) and ``state`` (what
:func:`nlr.training.loop.train` needs to go on). It is checked before it is opened, and opened without executing pickled
code.
"""

import hashlib
import io

import torch

from nlr import files
from nlr.errors import NlrError
from nlr.study import records

HEAD = b"nlr checkpoint 1\n"
SUFFIX = ".checkpoint"
PARTS = ("config", "facts", "state")
DIGITS = 64  # of a SHA-256


class CheckpointError(NlrError):
    """A checkpoint that is damaged, edited, foreign or in the wrong place."""


def path_of(store, config):
    """Where the checkpoint of a run lies in a store."""
    return records.path_of(store, config).with_suffix(SUFFIX)


def write(store, config, facts, state):
    """Write where a run stands, in the place of what was there before.

    Raises:
        NlrError: the store cannot be written; the earlier checkpoint, if any, stays.
    """
    buffer = io.BytesIO()
    torch.save({"config": config, "facts": facts, "state": state}, buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest().encode()
    files.write_whole(path_of(store, config), HEAD + digest + b"\n" + content)


def find(store, config):
    """``(facts, state)`` of a run that is not finished, or None where the store has no checkpoint of it.

    Raises:
        CheckpointError: the checkpoint is damaged, or was made with another configuration than ``config``.
    """
    path = path_of(store, config)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error}.") from None
    found = parse(content, path)
    if records.config_hash(found["config"]) != records.config_hash(config):
        raise CheckpointError(
            f"{path} was made with another configuration: {records.difference(found['config'], config)}. Delete it: "
            "the run then starts anew."
        )
    return found["facts"], found["state"]


def parse(content, path):
    """The dict that a checkpoint holds.

    Args:
        content: the bytes of the file.
        path: how to name it in an error.

    Raises:
        CheckpointError: it is no checkpoint, truncated or edited.
    """
    mend = "delete it: the run then starts anew"
    head, digest, body = content[: len(HEAD)], content[len(HEAD) :][:DIGITS], content[len(HEAD) + DIGITS + 1 :]
    if head != HEAD:
        raise CheckpointError(f"{path} is not a checkpoint of this version of nlr; {mend}.")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise CheckpointError(f"{path} was truncated or edited: its contents do not match its digest; {mend}.")
    try:
        found = torch.load(io.BytesIO(body), map_location="cpu", weights_only=True)
    except Exception:  # whatever the bytes provoke; torch's own words would advise to load it without care
        raise CheckpointError(f"{path} holds more than tensors and plain data; {mend}.") from None
    if not isinstance(found, dict) or set(found) != set(PARTS):
        raise CheckpointError(f"{path} is not a checkpoint: expected {', '.join(PARTS)}; {mend}.")
    return found


def remove(store, config):
    """Delete the checkpoint of a run, if there is one."""
    path_of(store, config).unlink(missing_ok=True)


def walk(store):
    """All checkpoints of a store, sorted."""
    folder = records.folder_of(store)
    return sorted(folder.rglob(f"seed-*{SUFFIX}")) if folder.is_dir() else []


def damaged(store):
    """The messages of those checkpoints of a store that cannot be gone on from, or are in another run's place."""
    messages = []
    for path in walk(store):
        try:
            found = parse(path.read_bytes(), path)
            place = path_of(store, found["config"])
        except FileNotFoundError:
            continue  # its run was finished meanwhile
        except (KeyError, TypeError, OSError):
            messages.append(f"{path} holds no run that this version of nlr knows; delete it.")
        except NlrError as error:
            messages.append(str(error))
        else:
            if place != path:
                messages.append(f"{path} holds the run of {place}; delete it.")
    return messages
