"""How each source trains, at which scale and with which control: TOML files in this folder, for people to edit.

The name of a protocol says of what it is put together. ``chheda-clip-digits`` is

- ``sources/chheda-as-written.toml``: how one source trains. A file that says ``extends = "other"`` lists what differs.
- ``clip`` in ``controls.toml``: the one thing that a control changes. The name leaves out that the source is meant as
  written, for this control says so.
- ``scales/digits.toml``: what is scaled down. ``[for.joshi-as-written]`` says what is otherwise for one source and what
  extends it, and with ``keep`` what stays as it is there; ``[times]`` multiplies what it finds.

The source comes first, then scales and controls, each on top of what stands before it. A new source or scale is one
file, a new control one entry. :func:`load` gives the whole protocol of any such name, :func:`names` the names that the
book speaks of: the sources, and those in ``compositions.toml``.

The protocols of the five reports come in two readings, ``soni-as-written`` and ``soni-as-intended``, and where the code
of a report is public in a third, ``soni-as-run``, which follows that code. They have two more sections, which decide no
number of a run: ``[report]`` says how the report names its losses and which settings it trains, ``[origin]`` says of
every key where its value comes from. :func:`origins` gives both as rows of a table.
"""

import os
import re
import time
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path

from nlr import data, losses, models, noise
from nlr.errors import NlrError, unknown
from nlr.training import engine

FOLDER = Path(__file__).parent
SECTIONS = ("data", "noise", "model", "training", "losses")
READINGS = ("as-written", "as-intended", "as-run")
SELECTIONS = ("last_accuracy", "best_accuracy", "best_by_noisy_validation", "best_by_clean_validation")

#: Where a value comes from: the report states it; the report leaves it open and the choice is ours; the report's public
#: code has it; an erratum of the report is mended; the protocol is scaled down; a mistake is made on purpose.
ORIGINS = ("stated", "ours", "code", "mended", "small", "fault")


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(least):
    return (
        f"a whole number from {least}",
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least,
    )


def _number(least):
    return f"a number from {least}", lambda v: _is_number(v) and v >= least


def _one_of(known):
    return f"one of {', '.join(known)}", lambda v: v in known


_CHANNELS = "a list of numbers, one a channel", lambda v: isinstance(v, list) and v and all(map(_is_number, v))
_MAP = "the name of a class map, or a table { true class = noisy class }", lambda v: isinstance(v, str | dict)

_SWITCH = "true or false", lambda v: isinstance(v, bool)

#: The keys that every protocol has, each with what it must be.
KEYS = {
    "data": {
        "dataset": _one_of(data.FAMILIES),
        "train_per_class": _whole(0),
        "validation": ("a share from 0 to below 1", lambda v: _is_number(v) and 0 <= v < 1),
        "mean": _CHANNELS,
        "std": _CHANNELS,
        "augmentation": _one_of(engine.AUGMENTATIONS),
    },
    "noise": {
        "symmetric": _one_of(noise.SAMPLERS["symmetric"]),
        "asymmetric": _one_of(noise.SAMPLERS["asymmetric"]),
        "class_map": _MAP,
    },
    "training": {
        "epochs": _whole(1),
        "batch_size": _whole(1),
        "optimiser": _one_of(engine.OPTIMISERS),
        "learning_rate": _number(0),
        "momentum": _number(0),
        "weight_decay": _number(0),
        "schedule": _one_of(engine.SCHEDULES),
        "clip_norm": _number(0),
        "precision": _one_of(engine.PRECISIONS),
    },
}

#: The keys that a protocol may have; where one is missing it is as if it had its first value here.
OPTIONAL = {
    "noise": {"evaluation": _one_of(("clean", "noisy"))},  # labels of the test set
    "training": {
        "schedule_epochs": _whole(1),  # length of the schedule; as many as epochs where missing
        "floor": _number(0),  # where a cosine ends; 0 where missing
        "nesterov": _SWITCH,  # momentum of SGD
        "deterministic": _SWITCH,  # of a GPU's algorithms; a CPU's are
        "fault": _one_of(engine.FAULTS),
    },
}


def names():
    """The protocols that the book speaks of, in alphabetical order; others can be put together of the same parts."""
    return sorted(_stems("sources") | set(_toml("compositions.toml", "names")["names"]))


def load(name):
    """The resolved protocol ``name``.

    Args:
        name: a source, and behind it the scales and controls that are put on it: ``ma2020``, ``ma2020-small-lr-0.1``.

    Returns:
        A dict with ``name``, ``title`` and the sections of its files; for a report's protocol also with ``report`` and
        ``origin``.

    Raises:
        NlrError: the source, a scale, a control, a section, a key or a loss is unknown, a section or key is missing, a
            value is not what it must be, a scale or control stands twice or changes nothing, the same protocol has
            another name, or protocols extend each other in a circle.
    """
    stamps = _stamps()
    return deepcopy(_loaded(name, stamps)) if stamps else _load(name)


@cache  # every run, page and claim asks for the same few protocols
def _loaded(name, stamps):
    """The protocol while its files have these stamps."""
    return _load(name)


def _load(name):
    protocol = _read(name)[1]
    if missing := [s for s in SECTIONS if s != "losses" and not protocol[s]]:
        raise NlrError(f"Protocol {name} has no [{missing[0]}]; write it, or extend another protocol.")
    for section, keys in KEYS.items():
        for key, value in protocol[section].items():
            wanted, fits = (keys | OPTIONAL.get(section, {}))[key]
            if not fits(value):
                raise NlrError(f"Protocol {name} has {key} = {value!r} in [{section}]; expected {wanted}.")
        if missing := [key for key in keys if key not in protocol[section]]:
            raise NlrError(f"Protocol {name} has no {missing[0]} in [{section}]; write it, or extend another protocol.")
    _check_steps(name, protocol["training"])
    try:
        noise.transition_matrix("asymmetric", 0.1, class_map=protocol["noise"]["class_map"])
    except NlrError as error:
        raise NlrError(f"In [noise] of protocol {name}: {error}") from None
    for loss, parameters in protocol["losses"].items():
        try:
            losses.make_loss(loss, **parameters)
            if losses.parse_loss(loss) != (loss, {}):  # runs would not find it
                raise NlrError(f"{loss!r}; write {losses.parse_loss(loss)[0]!r}, its parameters as its value.")
        except NlrError as error:
            raise NlrError(f"In [losses] of protocol {name}: {error}") from None
    if "report" in protocol:
        _check_report(name, protocol)
    return protocol


def origins(name):
    """Where each value of a report's protocol comes from, as rows of a table.

    Args:
        name: a protocol with ``[origin]``.

    Returns:
        A list of dicts with ``section``, ``key``, ``value``, ``origin`` (one of :data:`ORIGINS`), ``words`` (the place
        in the report, the file of its code, or the reason) and ``reference``, the value of ``ma2020`` or None where it
        has no such key. Last come ``report.selection``, the rule by which a run's accuracy is chosen, and ``names``,
        the losses under the names that the report gives them.

    Raises:
        NlrError: the protocol has no origins, or cannot be loaded.
    """
    protocol, reference = load(name), load("ma2020")
    if "origin" not in protocol:
        raise NlrError(f"Protocol {name} is of no report: it has no [origin].")
    rows = []
    for section, values in _with_origin(protocol).items():
        for key, value in values.items():
            ((origin, words),) = protocol["origin"][section][key].items()
            row = {"section": section, "key": key, "value": value, "origin": origin, "words": words}
            rows.append(row | {"reference": reference.get(section, {}).get(key)})
    return rows


def _with_origin(protocol):
    """The sections of a report's protocol that say where their values come from, ``names`` being its losses."""
    report = protocol["report"]
    sections = {section: protocol[section] for section in (*KEYS, "model", "losses")}
    return sections | {"report": {"selection": report["selection"]}, "names": report["losses"]}


def _stamps():
    """When the files of this folder were changed; nothing while one is so new that its next change might not show."""
    folders = (FOLDER, FOLDER / "sources", FOLDER / "scales")
    files = [file for folder in folders for file in os.scandir(folder) if file.name.endswith(".toml")]
    stamps = frozenset((file.path, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return stamps if time.time_ns() - max((changed for _, changed, _ in stamps), default=0) > 1e9 else None


def _stems(folder):
    return {path.stem for path in (FOLDER / folder).glob("*.toml")}


def _toml(path, *plain):
    """A file of this folder; all but the plain keys are sections."""
    try:
        return _sections(path, deepcopy(_parsed((FOLDER / path).read_text("utf-8"))), plain)
    except ValueError as error:  # TOML's or UTF-8's
        raise NlrError(f"{path} is not readable: {error}.") from None


_parsed = cache(tomllib.loads)  # of a text: every page and claim asks for the same few files


def _sections(where, text, plain):
    if stray := [key for key, value in text.items() if key not in plain and not isinstance(value, dict)]:
        raise NlrError(f"{where} has {stray[0]} = {text[stray[0]]!r} outside of a section; write it into one.")
    return text


def _parts(name):
    """The source of a protocol, and the scales and controls that are put on it, in the order of its name."""
    if name in (sources := _stems("sources")):
        return name, []
    changes = dict.fromkeys(_stems("scales"), "")  # each with the reading that it is of, if any
    changes |= {control: text.get("reading", "") for control, text in _toml("controls.toml").items()}
    source, found = _split(name, sources, changes)
    if twice := [change for change in found if found.count(change) > 1]:
        raise NlrError(f"Protocol {name!r} has {twice[0]!r} twice; write it once.")
    listed = _toml("compositions.toml", "names")["names"]
    for other in listed if name not in listed else ():
        its_source, its_changes = _split(other, sources, changes)
        if its_source == source and set(its_changes) == set(found):
            raise NlrError(f"Protocol {name!r} is called {other!r}; write it so.")
    return source, found


def _split(name, sources, changes):
    """A name as a source and the changes put on it; where several fit, the longest is meant."""
    name, ending = str(name), re.compile(f"-(?:{'|'.join(READINGS)})$")
    heads = {*sources, *(ending.sub("", source) for source in sources)}
    source, change = _any_of(heads), _any_of(changes)
    whole = re.fullmatch(f"({source})((?:-{change})*)", name)
    if not whole:
        if after := re.fullmatch(f"(.+?)(?:-{change})+", name):
            raise unknown(f"source of protocol {name}", after[1], sorted(heads))
        begun = re.match(f"{source}(?:-{change})*(?=-)", name)
        if not begun and (first := re.match(f"{change}(?=-|$)", name)):
            raise NlrError(
                f"Protocol {name!r} begins with {first[0]!r}, which is put on a source; write that before it."
            )
        raise unknown("protocol", name, sorted({*names(), *(f"{begun[0]}-{one}" for one in changes if begun)}))
    head, found = whole[1], re.findall(f"-({change})(?=-|$)", whole[2])
    if head in sources:
        return head, found
    readings = {changes[one] for one in found} - {""}
    if len(readings) != 1 or (source := f"{head}-{min(readings)}") not in sources:
        known = " or ".join(name for reading in READINGS if (name := f"{head}-{reading}") in sources)
        raise NlrError(f"Protocol {name!r} does not say how {head} is read; begin it with {known}.")
    return source, found


def _any_of(known):
    """A pattern for one of some names, the longest that fits."""
    return f"(?:{'|'.join(map(re.escape, sorted(known, key=len, reverse=True)))})"


def _read(name, extending=()):
    """The sources of a protocol, its own last, and the protocol: keys are known to exist, values are not looked at."""
    source, changes = _parts(name)
    if source in extending:
        raise NlrError(f"Protocols extend each other in a circle: {' -> '.join((*extending, source))}; end it in one.")
    text = _toml(f"sources/{source}.toml", "title", "extends")
    chain, base = _read(text.pop("extends"), (*extending, source)) if "extends" in text else ((), {})
    chain, protocol = (*chain, source), _on_top(source, base, {"title": source} | text)
    for change in changes:
        protocol = _on_top(name, protocol, _changed(name, protocol, change, chain))
    return chain, protocol


def _changed(name, base, change, chain):
    """What a scale or control changes of a protocol, as the text of a file that would extend it."""
    text = _scale(change, chain) if change in _stems("scales") else _control(change)
    for key, times in text.pop("times", {}).items():
        text.setdefault("training", {})[key] = times * base["training"].get(key, 1)
    title, origin = text.pop("title", change), text.pop("origin", {})
    if all(base.get(section, {}).get(key) == v for section, values in text.items() for key, v in values.items()):
        raise NlrError(f"In protocol {name!r} {change!r} changes nothing: its values are there already; leave it out.")
    of_report = {"origin": origin} if "report" in base else {}
    return text | of_report | {"title": f"{base['title']}, {title}"}


def _control(name):
    """What a control changes."""
    text = _sections(f"{name} in controls.toml", _toml("controls.toml")[name], ("title", "reading"))
    return {key: value for key, value in text.items() if key != "reading"}


def _scale(name, chain):
    """What a scale changes of a source: its sections, with those for what the source extends and for itself on top."""
    text = _toml(f"scales/{name}.toml", "title")
    title, origin, exceptions = text.pop("title", name), text.pop("origin", {}), text.pop("for", {})
    if extra := set(exceptions) - _stems("sources"):
        raise unknown(f"source in scale {name}", min(extra), sorted(_stems("sources")))
    for source in chain:
        own = _sections(f"for.{source} in scale {name}", exceptions.get(source, {}), ("keep",))
        keep, own_origin = own.pop("keep", []), own.pop("origin", {})
        if extra := set(keep) - (known := {key for section in text.values() for key in section}):
            raise unknown(f"key that {source} keeps in scale {name}", min(extra), sorted(known))
        text, origin = _besides(text, own, keep), _besides(origin, own_origin, keep)
    return text | {"title": title, "origin": origin}


def _besides(sections, own, keep):
    """Sections with others on top of them, but for some keys of the former."""
    out = {}
    for section in sections | own:
        new = own.get(section, {})  # its keys first, for the name of a network comes before its options
        out[section] = new | {k: v for k, v in sections.get(section, {}).items() if k not in (*new, *keep)}
    return out


def _on_top(name, base, text):
    """What a file says on top of the protocol that it extends, or of nothing."""
    protocol = {"name": name, "title": text.pop("title")}
    changed = {}
    for section in SECTIONS:
        own = changed[section] = text.pop(section, {})
        another_network = section == "model" and "name" in own  # with options of its own
        protocol[section] = own if another_network else base.get(section, {}) | own
        if section in KEYS and (extra := set(own) - set(known := [*KEYS[section], *OPTIONAL.get(section, ())])):
            raise unknown(f"key in [{section}] of protocol {name}", sorted(extra)[0], sorted(known))
    if protocol["model"]:
        if "name" not in protocol["model"]:
            raise NlrError(f"Protocol {name} has no name in [model]; write it, or extend another protocol.")
        try:
            models.check_options(**_network(protocol))
        except NlrError as error:
            raise NlrError(f"In [model] of protocol {name}: {error}") from None
    if "report" in text or "report" in base:
        before, inherited = base.get("report", {}), base.get("origin", {})
        protocol["report"] = before | text.pop("report", {})
        own = text.pop("origin", {})
        if before:
            old, new = before.get("losses", {}), protocol["report"].get("losses", {})
            _check_changes(name, changed | {"names": {k: v for k, v in new.items() if old.get(k) != v}}, own)
        protocol["origin"] = {s: inherited.get(s, {}) | own.get(s, {}) for s in {**inherited, **own}}
    if text:
        raise unknown(f"section in protocol {name}", sorted(text)[0], (*SECTIONS, "report", "origin"))
    return protocol


def _check_steps(name, training):
    """What a protocol says of its steps must go together: a key that would do nothing is refused."""
    where = f"in [training] of protocol {name}"
    if "floor" in training and not (
        training["schedule"] == "cosine" and training["floor"] <= training["learning_rate"]
    ):
        raise NlrError(
            f"floor = {training['floor']!r} {where}: it is where a cosine ends, so expected schedule = 'cosine' and a "
            f"learning_rate from {training['floor']!r}."
        )
    if training.get("nesterov") and not (training["optimiser"] == "sgd" and training["momentum"] > 0):
        raise NlrError(f"nesterov = true {where}: expected optimiser = 'sgd' and a momentum above 0.")


def _network(protocol):
    options = dict(protocol["model"])
    return {"name": options.pop("name"), "options": options}


def _check_changes(name, changed, own):
    """What a file changes of a report's protocol must say why: the origin that it inherits is of another value."""
    for section, values in changed.items():
        for key in values:
            if key not in own.get(section, {}):
                raise NlrError(f"Protocol {name} changes {key} in [{section}] without an entry in [origin.{section}].")


def _check_report(name, protocol):
    """The report's part of a protocol: losses that exist, settings that can be read, and an origin for every value."""
    report, where = protocol["report"], f"[report] of protocol {name}"
    known = ("name", "reading", "selection", "losses", "settings")
    if set(report) != set(known):
        wrong = sorted(set(report) ^ set(known))[0]
        raise NlrError(f"The key {wrong!r} is {'unknown' if wrong in report else 'missing'} in {where}.")
    for key, value, among in (
        ("reading", report["reading"], READINGS),
        ("selection", report["selection"], SELECTIONS),
    ):
        if value not in among:
            raise unknown(f"{key} in {where}", value, among)
    for spec in report["losses"].values():
        losses.parse_loss(spec)
    for setting in report["settings"]:
        noise.parse_setting(setting)
    for section, values in _with_origin(protocol).items():
        found = protocol["origin"].get(section, {})
        for key in values:
            if key not in found:
                raise NlrError(f"Protocol {name} does not say in [origin.{section}] where {key} comes from.")
            if len(found[key]) != 1 or next(iter(found[key])) not in ORIGINS:
                raise NlrError(f"{key} in [origin.{section}] of protocol {name}: expected one of {', '.join(ORIGINS)}.")
