"""Bundles: finished records, and on request checkpoints, in one zip archive, to be carried from machine to machine.

A bundle is a store in small: its members are files of a store under the places that they have there. What is imported
is checked as if it came from a stranger: where a file is written follows from the run that it holds, not from its name
in the archive.
"""

import io
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from nlr import arguments, files
from nlr.errors import NlrError
from nlr.study import checkpoints, records

LARGEST = 16 * 2**20  # bytes of an archive, and of a member once it is unpacked


@dataclass
class Imported:
    """What became of the members of a bundle: places in the store, and messages of what was refused.

    Attributes:
        added: places of what was new.
        kept: places of what the store had already, the same.
        conflicts: places of what the store had already, different; the store's was kept.
        refused: a sentence for each member that is damaged or edited.
    """

    added: list = field(default_factory=list)
    kept: list = field(default_factory=list)
    conflicts: list = field(default_factory=list)
    refused: list = field(default_factory=list)


def write(archive, store, part=None, with_checkpoints=False):
    """Pack the finished records of a store.

    Args:
        archive: the file to write; it must not exist.
        store: a folder of records.
        part: a folder inside the store, ``cifar10-jpeg75/ma2020`` say; all of it where None.
        with_checkpoints: whether runs that are not finished go along with their checkpoints.

    Returns:
        ``(number of files packed, list of messages of those that are damaged and were left out)``.

    Raises:
        NlrError: there is nothing to pack, the archive exists or cannot be written, or it would have 16 MiB or more.
    """
    archive, store = arguments.path(archive, "The archive"), records.folder_of(store)
    if archive.exists():
        raise NlrError(f"{archive} exists; name another file.")
    folder = store if part is None else store / arguments.path(part, "The part of the store")
    found = records.walk(folder) + (checkpoints.walk(folder) if with_checkpoints else [])
    found = [path for path in found if path.is_relative_to(store)]
    damaged, packed, buffer = [], 0, io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path in found:
            name = path.relative_to(store).as_posix()
            try:
                content = path.read_bytes()
                place, _ = _place(content, path.suffix, store, path)
                if place != path:
                    raise NlrError(f"{path} holds the run of {place}.")
            except (OSError, NlrError) as error:
                damaged.append(str(error))
                continue
            zipped.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # undated: same files, same bytes
            packed += 1
    if not packed:
        raise NlrError(f"No record to pack under {str(folder)!r}; expected a store, or a folder inside of it.")
    content = buffer.getvalue()
    if len(content) >= LARGEST:
        raise NlrError(
            f"The bundle of {packed} files would have {len(content) / 2**20:.1f} MiB; it must stay under "
            f"{LARGEST // 2**20}. Pack parts of the store one after the other with --part, for example "
            f"--part {found[0].relative_to(store).parent.as_posix()}, or leave out --checkpoints."
        )
    files.write_whole(archive, content)
    return packed, damaged


def merge(archive, store):
    """Write the members of a bundle into a store; what the store has is kept.

    Args:
        archive: a file that :func:`write` made.
        store: a folder of records, made where it is missing.

    Returns:
        An :class:`Imported`.

    Raises:
        NlrError: the archive is damaged or no bundle: too large, or with links, folders outside of the store, files of
            another kind or names that are there twice. Then nothing is written.
    """
    archive, store = arguments.path(archive, "The archive"), records.folder_of(store)
    imported = Imported()
    for name, content in _members(archive):
        try:
            place, config = _place(content, PurePosixPath(name).suffix, store, f"{name} in {archive}")
        except NlrError as error:
            imported.refused.append(str(error))
            continue
        if place != store / name:
            imported.refused.append(f"{name} in {archive} holds the run of {place.relative_to(store)}.")
            continue
        if place.suffix == checkpoints.SUFFIX and records.path_of(store, config).exists():
            imported.kept.append(place)  # the run is finished here
        elif place.exists():
            (imported.kept if place.read_bytes() == content else imported.conflicts).append(place)
        else:
            files.write_whole(place, content, keep=True)
            imported.added.append(place)
    return imported


def _place(content, suffix, store, shown):
    """Where a record or checkpoint belongs in a store, and the run that it is of; its digest is checked."""
    if suffix == checkpoints.SUFFIX:
        found = checkpoints.parse(content, shown)
        return records.path_in(store, found, shown).with_suffix(suffix), found["config"]
    record = records.parse(content, shown)
    return records.path_in(store, record, shown), record["config"]


def _members(archive):
    """Names and contents of an archive, each checked before any is used."""
    mend = "make it again with: python -m nlr bundle"
    try:
        if archive.stat().st_size >= LARGEST:
            raise NlrError(f"{archive} has {archive.stat().st_size / 2**20:.1f} MiB; a bundle stays under 16; {mend}.")
        with zipfile.ZipFile(archive) as zipped:
            members, total = {}, 0
            for member in zipped.infolist():
                total += member.file_size
                _check_member(member, archive, members, total)
                members[member.filename] = zipped.read(member)
            return list(members.items())
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:  # RuntimeError: encrypted
        raise NlrError(f"{archive} is no readable bundle ({error}); {mend}.") from None


def _check_member(member, archive, before, total):
    """Refuse what no bundle holds."""
    name = member.filename
    place = PurePosixPath(name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    reasons = {
        "it leads out of the store": place.is_absolute() or ".." in place.parts or "\\" in name or ":" in name,
        "it is a link or no file": kind not in (0, stat.S_IFREG) or member.is_dir(),
        "it is neither a record nor a checkpoint": place.suffix not in (".json", checkpoints.SUFFIX)
        or not place.name.startswith("seed-")
        or len(place.parts) != records.DEPTH,
        "it is there twice": name in before,
        "it is too large": total > 4 * LARGEST or (place.suffix == ".json" and member.file_size > records.LARGEST),
    }
    for reason, holds in reasons.items():
        if holds:
            raise NlrError(f"{archive} is refused as a whole: of its member {name!r}, {reason}.")
