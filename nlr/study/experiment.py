"""One setting as the notebook template shows it: check the parameters, train what is missing, collect the records."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from nlr import arguments, data, noise
from nlr.errors import NoRecords, unknown
from nlr.study import execute, protocols, provenance, records, runs, studies

PARAMETERS = (
    "study",
    "protocol",
    "noise",
    "rate",
    "losses",
    "seeds",
    "data_root",
    "results_root",
    "device",
    "train",
)


#: White space between the names of losses, not that within one: ``nce + mae, beta=2``.
BETWEEN_LOSSES = r"(?<![\s,+=(])\s+(?![\s,+=)])"


@dataclass(frozen=True)
class Experiment:
    """The runs of one setting and their records.

    Attributes:
        protocol: name of the protocol, the study's own or the one asked for.
        setting: ``symmetric-0.4`` and the like.
        configs: the resolved runs, losses in the order asked for.
        records: the records that exist, in the same order.
        theirs: the study's own records of these runs where a results root of one's own was given; else None.
    """

    protocol: str
    setting: str
    configs: list
    records: list
    theirs: list | None = None


def check_parameters(namespace, known=PARAMETERS):
    """Refuse names that the template does not know; papermill would inject them and go on.

    To be called with ``globals()`` in the first cell after the parameters. What papermill injects are literals, which
    imported names are not.

    Args:
        namespace: the names that the notebook has so far.
        known: the parameters of the template; those of ``setting`` where nothing is said.

    Raises:
        NlrError: there is an unknown name among the parameters.
    """
    of_ipython = {"In", "Out"}
    for name, value in namespace.items():
        literal = value is None or isinstance(value, str | int | float | list | tuple | dict)
        if literal and not name.startswith("_") and name not in of_ipython and name not in known:
            raise unknown("parameter", name, known)


def open_experiment(
    study,
    protocol="",
    noise="clean",
    rate=0.0,
    losses=(),
    seeds=(),
    data_root=None,
    results_root=None,
    device="auto",
    train=True,
):
    """Check everything, train what is missing, and collect the records of one setting.

    Args:
        study: name of a study; it gives what is left empty below.
        protocol: name of a protocol; the study's where empty.
        noise: ``clean``, ``symmetric``, ``asymmetric``, ``human`` or ``matrix``.
        rate: noise rate in [0, 1), or the name of a human label set.
        losses: names of losses, a list or separated by spaces.
        seeds: integers, a list or separated by spaces or commas. Where neither losses nor seeds are given, the runs
            are those that the study has in the setting; where one is, it is joined with all of the study's for the
            other.
        data_root: where the data sets lie; the environment variable NLR_DATA where None.
        results_root: a store of one's own; the study's where None.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1`` and the like.
        train: whether missing runs are trained: a bool, or one of ``true``, ``yes``, ``false``, ``no``.

    Returns:
        The :class:`Experiment`.

    Raises:
        NoRecords: ``train`` is false and no record exists.
        NlrError: something is unknown or out of range, before anything is written.
    """
    chosen = studies.load(study)
    protocol = protocol or chosen.protocol
    chosen = chosen.of_protocol(protocol)
    loaded = protocols.load(protocol)
    setting = _setting(noise, rate)
    device = provenance.pick_device(device)
    train = arguments.flag(train, "train")
    losses, seeds = _listed(losses, BETWEEN_LOSSES), [arguments.seed(value) for value in _listed(seeds, r"[\s,]+")]
    wanted = _runs_of(chosen, setting, losses, seeds)
    own = results_root is not None
    store = arguments.path(results_root, "results_root") if own else chosen.store
    if data_root is not None:
        arguments.path(data_root, "data_root")  # also where no run is missing and no data are read

    def resolve(dataset):
        """Each run once, however often and in whatever spelling it is asked for."""
        found = (runs.configure(loaded, loss, setting, seed, dataset) for loss, seed in wanted)
        return list({records.config_hash(config): config for config in found}.values())

    configs = resolve(_dataset_in(store, protocol, chosen.dataset) if own else chosen.dataset)
    if train and not all(records.find(store, config) for config in configs):
        # The name of the copy that there is, with or without JPEG, decides the place.
        dataset = data.load(loaded["data"]["dataset"], data_root, configs[0]["dataset"])
        configs = resolve(dataset.name)
        purposes = {} if own else {records.config_hash(c): purpose for c, purpose in chosen.runs()}
        marked = [(config, purposes.get(records.config_hash(config), "own run")) for config in configs]
        execute.train_missing(marked, store, data_root, device, dataset=dataset)
    found = [record for config in configs if (record := records.find(store, config))]
    if not found:
        raise NoRecords(
            f"No record of {study} {setting} in {store} and train is false; set train to true, or name a results root "
            "that has records."
        )
    theirs = None
    if own:
        theirs = [record for config in resolve(chosen.dataset) if (record := records.find(chosen.store, config))]
    return Experiment(protocol, setting, configs, found, theirs)


def _runs_of(study, setting, losses, seeds):
    """The runs of a setting that are asked for: pairs (loss, seed), seeds of a loss together."""
    blocks = [block for block in study.own_blocks if setting in block["settings"]]
    if blocks and not losses and not seeds:
        own = {pair for block in blocks for pair in product(block["losses"], block["seeds"])}
        return [pair for pair in product(study.losses(setting), study.seeds(setting)) if pair in own]
    losses = losses or study.losses(setting) or study.losses()
    seeds = seeds or study.seeds(setting) or study.seeds()
    return list(product(losses, seeds))


def _listed(values, between):
    """A list as it is, a single number as a list, text as its parts: what ``papermill -p`` can say."""
    if isinstance(values, str):
        return [part for part in re.split(between, values) if part]
    return list(values) if isinstance(values, Iterable) else [values]


def _setting(kind, rate):
    if kind not in noise.KINDS:
        raise unknown("noise", kind, noise.KINDS)
    return noise.format_setting(kind, rate)


def _dataset_in(store, protocol, default):
    """The data set that a store of one's own holds for a protocol; ``default`` where it has it, or none."""
    there = sorted(path.parent.name for path in store.glob(f"*/{protocol}") if path.is_dir())
    return default if default in there or not there else there[0]
