"""How each source trains: one TOML file a protocol in this folder, to be read and edited by people.

A file may say ``extends = "other"`` and then lists only what differs. :func:`load` gives the whole protocol.
"""

import tomllib
from pathlib import Path

from nlr import losses
from nlr.errors import NlrError, unknown

FOLDER = Path(__file__).parent
SECTIONS = ("data", "noise", "model", "training", "losses")


def names():
    """The protocols that exist, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name):
    """The resolved protocol ``name``: a dict with ``name``, ``title`` and the sections of its file.

    Raises:
        NlrError: the protocol, a section, a key or a loss is unknown, or a section is missing.
    """
    if name not in names():
        raise unknown("protocol", name, names())
    text = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    base = load(text.pop("extends")) if "extends" in text else None
    protocol = {"name": name, "title": text.pop("title", name)}
    for section in SECTIONS:
        own = text.pop(section, {})
        if base is None:
            protocol[section] = own
            continue
        if section == "model" and "name" in own:  # another network, with options of its own
            protocol[section] = own
            continue
        if section != "losses" and (extra := set(own) - set(base[section])):
            raise unknown(f"key in [{section}] of protocol {name}", sorted(extra)[0], sorted(base[section]))
        protocol[section] = base[section] | own
    if text:
        raise unknown(f"section in protocol {name}", sorted(text)[0], SECTIONS)
    if missing := [s for s in SECTIONS if s != "losses" and not protocol[s]]:
        raise NlrError(f"Protocol {name} has no [{missing[0]}]; write it, or extend another protocol.")
    for loss, parameters in protocol["losses"].items():
        try:
            losses.make_loss(loss, **parameters)
        except NlrError as error:
            raise NlrError(f"In [losses] of protocol {name}: {error}") from None
    return protocol
