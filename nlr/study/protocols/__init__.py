"""How each source trains: one TOML file a protocol in this folder, to be read and edited by people.

A file may say ``extends = "other"`` and then lists only what differs. :func:`load` gives the whole protocol.

The protocols of the five reports come in two readings, ``soni-as-written`` and ``soni-as-intended``. They have two more
sections, which decide no number of a run: ``[report]`` says how the report names its losses and which settings it
trains, ``[origin]`` says of every key where its value comes from. :func:`origins` gives both as rows of a table.
"""

import tomllib
from pathlib import Path

from nlr import data, losses, models, noise
from nlr.errors import NlrError, unknown
from nlr.training import engine

FOLDER = Path(__file__).parent
SECTIONS = ("data", "noise", "model", "training", "losses")
READINGS = ("as-written", "as-intended")
SELECTIONS = ("last_accuracy", "best_accuracy", "best_by_noisy_validation", "best_by_clean_validation")

#: Where a value comes from: the report states it; the report leaves it open and the choice is ours; an erratum of the
#: report is mended; the protocol is scaled down; a mistake is made on purpose.
ORIGINS = ("stated", "ours", "mended", "small", "fault")


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
    """The protocols that exist, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load(name):
    """The resolved protocol ``name``.

    Returns:
        A dict with ``name``, ``title`` and the sections of its file; for a report's protocol also with ``report`` and
        ``origin``.

    Raises:
        NlrError: the protocol, a section, a key or a loss is unknown, a section or key is missing, a value is not what
            it must be, or protocols extend each other in a circle.
    """
    protocol = _read(name, ())
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
        in the report, or the reason) and ``reference``, the value of ``ma2020`` or None where it has no such key. Last
        come ``report.selection``, the rule by which a run's accuracy is chosen, and ``names``, the losses under the
        names that the report gives them.

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


def _read(name, extending):
    """The file of a protocol on top of what it extends; keys are known to exist, values are not looked at."""
    if name in extending:
        raise NlrError(f"Protocols extend each other in a circle: {' -> '.join((*extending, name))}; end it in one.")
    if name not in names():
        raise unknown("protocol", name, names())
    try:
        text = tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
    except ValueError as error:  # TOML's or UTF-8's
        raise NlrError(f"{name}.toml is not readable: {error}.") from None
    base = _read(text.pop("extends"), (*extending, name)) if "extends" in text else {}
    protocol = {"name": name, "title": text.pop("title", name)}
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
