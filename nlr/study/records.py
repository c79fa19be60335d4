"""Records: one small JSON file a run, written once by a machine, never edited.

A store is a folder of records, ``<dataset>/<protocol>/<loss>/<setting>/seed-<n>.json``. A record is a dict::

    schema        the version of this layout
    config        the whole resolved run, with the numerics version of the engine; what the hash is taken over
    config_hash   of config
    noise         as drawn: rate, rate_by_class, counts (clean x noisy labels)
    series        lists over epochs, each from the start (see nlr.training.loop)
    final         figures of the last epoch and of the best
    facts         purpose, device, device_type, threads, versions, commit, clean_tree, fingerprint, wall_seconds,
                  sittings, peak_memory_mb, finished
    digest        of all the rest, so that an edited file is noticed

A run that was interrupted and went on from a checkpoint has more than one sitting; ``wall_seconds`` are those of all
its sittings, without the work that a kill lost. ``commit`` names the commits of all sittings, ``clean_tree`` says
whether the package was as committed in each, or null where that is unknown. ``peak_memory_mb`` is on a GPU what the run
had allocated at most; on a CPU it is the peak of the process since it began, the runs that it made before included.
"""

import hashlib
import json
import os
from pathlib import Path

from nlr import arguments, files
from nlr.errors import NlrError

SCHEMA = 1
LARGEST = 128 * 1024  # bytes; the longest protocol of ours, 480 epochs, gives records of half that
DEPTH = 5  # folders and file of a record in its store
MEND = "move it away and run the setting again"
KEYS = ("schema", "config", "config_hash", "noise", "series", "final", "facts", "digest")


class RecordError(NlrError):
    """A record that is damaged, edited, foreign or in the wrong place."""


def _canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def config_hash(config):
    """Sixteen hexadecimal digits that name a resolved configuration."""
    return hashlib.sha256(_canonical(config).encode()).hexdigest()[:16]


def _digest(record):
    return hashlib.sha256(_canonical({k: v for k, v in record.items() if k != "digest"}).encode()).hexdigest()


def path_of(store, config):
    """Where the record of a run lies in a store."""
    from nlr.noise import format_setting

    setting = format_setting(config["noise"]["kind"], config["noise"]["rate"])
    parts = config["dataset"], config["protocol"], config["loss"]["spec"], setting, f"seed-{config['seed']}.json"
    return folder_of(store).joinpath(*parts)


def folder_of(store):
    """The folder of a store that somebody named.

    Raises:
        NlrError: it is no path, or an empty one.
    """
    return arguments.path(store, "The store")


def write(store, config, **parts):
    """Write the record of a finished run and return its path; an existing record is kept, whoever wrote it.

    Args:
        store: the folder of records.
        config: the resolved run.
        parts: noise, series, final and facts.

    Raises:
        NlrError: the record is over 128 KiB, or the store cannot be written.
    """
    record = {"schema": SCHEMA, "config": config, "config_hash": config_hash(config), **parts}
    record["digest"] = _digest(record)
    text = json.dumps(record, indent=None, separators=(",", ":"), allow_nan=False) + "\n"
    if len(text) > LARGEST:
        raise RecordError(
            f"The record {path_of(store, config)} would have {len(text)} bytes, "
            f"{len(_canonical(record['series']))} of them its series; at most {LARGEST} are allowed. Give the protocol "
            "fewer epochs, or raise LARGEST in nlr/study/records.py; the run then goes on from its last checkpoint."
        )
    path = path_of(store, config)
    files.write_whole(path, text.encode(), keep=True)
    return path


def check_writable(store):
    """To be asked before a run is trained for a store.

    Raises:
        RecordError: the store is no folder or may not be written to, or cannot be made.
    """
    folder = os.path.abspath(folder_of(store))
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        reason = "is read-only" if os.path.isdir(folder) else "is not a folder"
        raise RecordError(f"The store {str(store)!r} cannot be written: {folder} {reason}; name another folder.")


def read(path, store=None):
    """Read and check a record.

    Args:
        path: the file.
        store: where given, the file must lie where this store keeps the run that it says it is.

    Raises:
        RecordError: the file is no record, truncated, edited, or in another run's place.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} is not a readable record ({error}); {MEND}.") from None
    record = parse(content, path)
    if store is not None and path != (place := path_in(store, record, path)):
        raise RecordError(f"{path} holds the run of {place}; {MEND}.")
    return record


def parse(content, path):
    """The record that the bytes of a file hold; see :func:`read`.

    Args:
        content: the bytes.
        path: how to name the file in an error.
    """
    try:
        record = json.loads(content.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not a readable record ({error}); {MEND}.") from None
    if not isinstance(record, dict) or any(key not in record for key in KEYS):
        raise RecordError(f"{path} is not a record: expected the keys {', '.join(KEYS)}; {MEND}.")
    if record["schema"] != SCHEMA:
        raise RecordError(f"{path} has schema {record['schema']!r}, this version of nlr reads {SCHEMA}; {MEND}.")
    if (seen := hashlib.sha256(content).digest()) not in _SOUND:
        if record["config_hash"] != config_hash(record["config"]) or record["digest"] != _digest(record):
            raise RecordError(f"{path} was edited or damaged: its contents do not match its digest; {MEND}.")
        _SOUND.add(seen)
    return record


_SOUND = set()  # hashes of contents that match their digests: to find that out takes longer than to read them


def path_in(store, record, path):
    """Where a record that was read from ``path`` belongs in a store; never outside of it.

    Raises:
        RecordError: it is of no run that this version of nlr knows.
    """
    folder = folder_of(store)
    try:
        place = path_of(folder, record["config"])
        inside = place.relative_to(folder).parts
    except (KeyError, TypeError, ValueError):  # ValueError: NlrError, or a place outside of the store
        inside = ()
    if len(inside) != DEPTH or ".." in inside:
        raise RecordError(f"{path} holds no run that this version of nlr knows; {MEND}.")
    return place


def _refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def find(store, config):
    """The record of a resolved run, or None where the store has none.

    Raises:
        RecordError: the record there is damaged, or was made with another configuration than ``config``.
    """
    path = path_of(store, config)
    if not path.exists():
        return None
    record = read(path, store)
    check_same_run(path, record, config)
    return record


def check_same_run(path, record, config):
    """Raise RecordError where the record read from ``path`` was made with another configuration than ``config``."""
    if record["config_hash"] != config_hash(config):
        raise RecordError(
            f"{path} was made with another configuration: {difference(record['config'], config)}. Records are never "
            "overwritten: give the changed protocol a name of its own, use another results root, or move the old one."
        )


def difference(old, new, where="", there="there", here="here"):
    """The first entry in which two configurations differ, in words; the last two say where each is from."""
    for key in sorted(set(old) | set(new)):
        a, b = old.get(key), new.get(key)
        if a != b:
            if isinstance(a, dict) and isinstance(b, dict):
                return difference(a, b, f"{where}{key}.", there, here)
            return f"{where}{key} is {a!r} {there} and {b!r} {here}"
    return "no difference"


def walk(store, protocol=None):
    """All record files of a store, or those in the places of one protocol, sorted; no unfinished temporary files."""
    folder = folder_of(store)
    if not folder.is_dir():
        return []
    return sorted(folder.glob(f"*/{protocol}/*/*/seed-*.json") if protocol else folder.rglob("seed-*.json"))


def check_data(dataset, store):
    """Raise RecordError where data are others than those that the records of a store were made on.

    Args:
        dataset: a :class:`nlr.data.Dataset`.
        store: the folder of records; one readable record is enough, for all were checked so.
    """
    for path in walk(folder_of(store) / dataset.name):
        try:
            made_on = read(path)["facts"]["fingerprint"]
        except RecordError:
            continue  # named where it is wanted, and by the status
        if made_on != dataset.fingerprint:
            raise RecordError(
                f"The images or labels of {dataset.name} under the data root differ from those of {path}: their "
                f"fingerprint is {dataset.fingerprint[:8]}, there {made_on[:8]}. Restore them, or name another store."
            )
        return
