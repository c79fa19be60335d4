"""A run is protocol x loss x setting x seed on a data set; this resolves one to its whole configuration."""

import copy
import json
import math
from functools import cache

from nlr import arguments, losses, noise
from nlr.errors import NlrError
from nlr.noise import format_setting
from nlr.study import protocols

NUMERICS = 1  # raise it whenever a change of the engine changes results


def canonical_loss(protocol, spec):
    """A loss as a protocol uses it.

    Args:
        protocol: a resolved protocol.
        spec: ``nce+mae`` or ``nce+mae,beta=1.5``.

    Returns:
        ``(canonical spelling, loss)``; the spelling names only the parameters that differ from the protocol's. The
        loss is the same object for all who ask for it.

    Raises:
        NlrError: the loss or a parameter is unknown.
    """
    return _canonical(json.dumps(protocol["losses"]), str(spec))


@cache  # a study asks for each of its losses in every setting and seed
def _canonical(table, spec):
    name, given = losses.parse_loss(spec)
    base = _protocol_parameters(json.loads(table), name)
    usual = losses.make_loss(name, **base).settings
    own = {k: v for k, v in given.items() if losses.make_loss(name, **_merged(base, {k: v})).settings != usual}
    return losses.format_loss(name, own), losses.make_loss(name, **_merged(base, own))


def _protocol_parameters(table, name):
    """What a protocol's [losses] table says about a loss: its own entry and, in a sum, those of its terms."""
    if name.startswith("norm("):
        inner = _protocol_parameters(table, name[5:-1])
        return {k: v for k, v in inner.items() if k != "scale"}  # a scale cancels in a normalised loss
    terms = name.removeprefix("krishnan-apl(").removesuffix(")").split("+")
    entries = {term: dict(table[term]) for term in terms if term in table and term != name}
    return entries | table.get(name, {})


def _merged(base, given):
    """``base`` with what is given on top; a parameter given for a whole sum also overrides those of its terms."""
    merged = {k: dict(v) if isinstance(v, dict) else v for k, v in base.items()}
    for key, value in given.items():
        if isinstance(value, dict):
            merged[key] = merged.get(key, {}) | value
            continue
        merged[key] = value
        if key not in ("alpha", "beta", "scale"):  # those are the sum's own
            for term in merged.values():
                if isinstance(term, dict):
                    term.pop(key, None)
    return merged


def resolve(protocol, loss, setting, seed, dataset):
    """The configuration of a run of a protocol that is named; for many runs of one, load it and :func:`configure` each.

    Args:
        protocol: name of a protocol.
        loss, setting, seed, dataset: as :func:`configure` takes them.

    Raises:
        NlrError: any of them is unknown or out of range.
    """
    return configure(protocols.load(protocol), loss, setting, seed, dataset)


def configure(protocol, loss, setting, seed, dataset):
    """The configuration of a run: all that decides its numbers, as plain data of its own.

    Args:
        protocol: a resolved protocol.
        loss: a loss, spelled ``nce+mae`` or with the parameters that differ, ``nce+mae,beta=1.5``.
        setting: ``clean``, ``symmetric-0.4``, ``asymmetric-0.4``, ``human-worse``, ``matrix-worse``.
        seed: an integer from 0; decides noise, initialisation and data order, the same for every loss.
        dataset: name of the data set that is trained on, ``cifar10-jpeg75`` say.

    Raises:
        NlrError: any of them is unknown or out of range.
    """
    seed = arguments.seed(seed)
    kind, rate = noise.parse_setting(setting)
    if kind in noise.OF_PEOPLE and not dataset.startswith("cifar10"):
        raise NlrError(f"Setting {setting!r} on {dataset}: human labels exist for CIFAR-10 only; choose other noise.")
    evaluation = protocol["noise"].get("evaluation", "clean")
    if kind in noise.OF_PEOPLE and evaluation != "clean":
        raise NlrError(f"Setting {setting!r} with noisy test labels: people labelled the training images alone.")
    spec, loss = canonical_loss(protocol, loss)
    return {
        "numerics": NUMERICS,
        "dataset": dataset,
        "protocol": protocol["name"],
        "loss": {"spec": spec, "name": loss.name, "parameters": copy.deepcopy(loss.settings)},
        "noise": {
            "kind": kind,
            "rate": rate,
            "sampler": protocol["noise"].get(kind),
            "class_map": copy.deepcopy(protocol["noise"]["class_map"]) if kind == "asymmetric" else None,
            **({"evaluation": evaluation} if evaluation != "clean" else {}),  # records of clean ones are older
        },
        "seed": seed,
        **{section: copy.deepcopy(protocol[section]) for section in ("data", "model", "training")},
    }


def steps(config, images):
    """How many steps of the weights a run takes.

    Args:
        config: the resolved run.
        images: the number of training images before any are held out for validation.
    """
    kept = images - round(config["data"]["validation"] * images)
    return config["training"]["epochs"] * math.ceil(kept / config["training"]["batch_size"])


def describe(config):
    """A run in a line, for progress bars and messages."""
    setting = format_setting(config["noise"]["kind"], config["noise"]["rate"])
    return f"{config['protocol']} {config['loss']['spec']} {setting} seed {config['seed']}"
