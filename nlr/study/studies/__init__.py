"""Which runs are made, and in which order: TOML files in this folder, to be read and edited by people.

A study names a protocol, the data set its records were made on, the store that keeps them (``results``, committed, or
``live``, not committed) and blocks of losses x settings x seeds; blocks come in the order of their priority. A block
may name a protocol and a data set of its own, or a list of protocols, and the line of a list that it belongs to. With
``losses = "report"`` or ``settings = "report"`` it takes those of its protocol's report.

``digits.toml`` is the study ``digits``. A file that names no protocol but in its blocks, ``errors.toml``, is as many
studies as these name protocols, each with the name of its protocol.
"""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path

from nlr import paths
from nlr.errors import NlrError, unknown
from nlr.noise import format_setting, parse_setting
from nlr.study import protocols, runs

FOLDER = Path(__file__).parent
STORES = {"results": paths.RESULTS, "live": paths.LIVE}
KEYS = ("title", "protocol", "dataset", "store", "block")
BLOCK_KEYS = {"purpose", "losses", "settings", "seeds"}
OPTIONAL_KEYS = {"protocol", "dataset", "line"}


@dataclass(frozen=True)
class Study:
    """A named list of runs.

    Attributes:
        name, title: how it is called on the command line and in the book.
        protocol: the name of its protocol.
        dataset: the data set that its records were made on.
        store: the folder of those records.
        blocks: dicts with purpose, losses, settings, seeds, protocol and dataset, the study's own where a block names
            none, and line, empty where it says none.
    """

    name: str
    title: str
    protocol: str
    dataset: str
    store: Path
    blocks: tuple

    def runs(self):
        """Pairs (resolved run, purpose) in order of priority, each run once."""
        seen = set()
        loaded = {name: protocols.load(name) for name in dict.fromkeys(block["protocol"] for block in self.blocks)}
        for block in self.blocks:
            place = block["protocol"], block["dataset"]
            for seed, setting, loss in product(block["seeds"], block["settings"], block["losses"]):
                config = runs.configure(loaded[place[0]], loss, setting, seed, place[1])
                key = *place, config["loss"]["spec"], setting, seed
                if key not in seen:
                    seen.add(key)
                    yield config, block["purpose"]

    def own_runs(self):
        """Those of its own protocol and data set, as :meth:`runs` gives them."""
        return replace(self, blocks=tuple(self.own_blocks)).runs()

    @property
    def own_blocks(self):
        """The blocks of its own protocol and data set, which its settings, losses and seeds are those of."""
        place = self.protocol, self.dataset
        return [block for block in self.blocks if (block["protocol"], block["dataset"]) == place]

    def of_protocol(self, protocol):
        """The study with another of its protocols, and the data set that goes with it, as its own.

        A protocol that it has no runs of is trained on its own settings, losses, seeds and data: the study as it is.
        """
        places = {block["protocol"]: block["dataset"] for block in reversed(self.blocks)}
        places[self.protocol] = self.dataset
        return replace(self, protocol=protocol, dataset=places[protocol]) if protocol in places else self

    def _collected(self, key, setting=None):
        chosen = (b for b in self.own_blocks if setting is None or setting in b["settings"])
        return list(dict.fromkeys(value for block in chosen for value in block[key]))

    @property
    def settings(self):
        """Its settings, in order of first mention."""
        return self._collected("settings")

    def losses(self, setting=None):
        """Its losses in one setting, or in any."""
        return self._collected("losses", setting)

    def seeds(self, setting=None):
        """Its seeds in one setting, or in any."""
        return self._collected("seeds", setting)


def names():
    """The studies that exist, in alphabetical order."""
    return sorted(_files())


def load(name):
    """The study of that name.

    Raises:
        NlrError: the study is unknown or in two files, or its file is not readable, lacks a key or has one too many.
    """
    if name not in (files := _files()):
        raise unknown("study", name, sorted(files))
    file, *more = files[name]
    if more:
        raise NlrError(f"Study {name} is in {file.name} and in {more[0].name}; keep it in one.")
    try:
        content = file.read_text("utf-8")
        text = tomllib.loads(content)
    except ValueError as error:  # TOML's or UTF-8's
        raise NlrError(f"{file.name} is not readable: {error}.") from None
    if several := name in _named(content):
        text["protocol"] = name
    try:
        title, protocol, dataset, store, blocks = (text.pop(key) for key in KEYS)
    except KeyError as missing:
        raise NlrError(f"Study {name} has no {missing.args[0]!r}; see digits.toml for the keys it needs.") from None
    if text:
        raise unknown(f"key in study {name}", sorted(text)[0], KEYS)
    for block in blocks:
        if set(block) - OPTIONAL_KEYS != BLOCK_KEYS:
            raise NlrError(
                f"A block of study {name} has the keys {sorted(block)}; expected {sorted(BLOCK_KEYS)} and, if need be, "
                f"some of {sorted(OPTIONAL_KEYS)}."
            )
        if several and "protocol" not in block:
            raise NlrError(f"A block of {file.name} has no protocol; write it there, or one for the whole file.")
    if store not in STORES:
        raise unknown(f"store in study {name}", store, STORES)
    usual = {"protocol": protocol, "dataset": dataset, "line": ""}
    blocks = [block | {"protocol": one} for block in (usual | b for b in blocks) for one in _listed(block["protocol"])]
    if several:
        blocks = [block for block in blocks if block["protocol"] == protocol]
        title, dataset = f"{title}: {protocols.load(protocol)['title']}", blocks[0]["dataset"]
    loaded = {of_block: protocols.load(of_block) for of_block in {protocol, *(block["protocol"] for block in blocks)}}
    for block in blocks:  # spelled as records spell them
        resolved = loaded[block["protocol"]]
        losses, settings = (_values(name, block, key, resolved) for key in ("losses", "settings"))
        block["losses"] = [runs.canonical_loss(resolved, loss)[0] for loss in losses]
        block["settings"] = [format_setting(*parse_setting(setting)) for setting in settings]
    return Study(name, title, protocol, dataset, STORES[store], tuple(blocks))


def _files():
    """Where each study is, which should be one file: ``{name: [path]}``."""
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for name in _named(path.read_text()) or [path.stem]:
            found.setdefault(name, []).append(path)
    return found


@cache  # of each text once: a study is asked for by its name, and all files know names
def _named(text):
    """The studies in a file that are called like their protocols; none where the file itself is one."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return []  # whoever loads it is told
    blocks = [] if "protocol" in said else said.get("block", [])
    return list(dict.fromkeys(one for block in blocks for one in _listed(block.get("protocol", []))))


def _listed(value):
    return [value] if isinstance(value, str) else value


def _values(name, block, key, protocol):
    """The losses or settings of a block; those of its protocol's report, as that spells them, where it says so."""
    if not isinstance(block[key], str):
        return block[key]
    if block[key] != "report" or "report" not in protocol:
        raise NlrError(
            f"A block of study {name} has {key} = {block[key]!r} in {protocol['name']}; expected a list or, in the "
            "protocol of a report, 'report'."
        )
    found = protocol["report"][key]
    return found.values() if key == "losses" else found
