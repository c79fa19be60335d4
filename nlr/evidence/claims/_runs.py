"""The runs that a claim rests on: which it needs, which are missing, and the commands that make them."""

import math
from dataclasses import dataclass
from functools import cache
from itertools import product

from nlr.data import TRAINING_IMAGES
from nlr.evidence import frames
from nlr.evidence.claims import kinds
from nlr.evidence.claims._registry import cannot_run
from nlr.study import protocols, studies

SEEDS = (0, 1, 2)  # of runs that no study has


@dataclass(frozen=True)
class Run:
    """A run that a claim needs and no record has; ``study`` is the study that makes it, empty where none does."""

    protocol: str
    loss: str
    setting: str
    seed: int
    study: str = ""


def updates(protocol):
    """How many steps a run of a protocol takes, on the first images of each of ten classes or on all there are."""
    return _updates(protocol, protocols.FOLDER)


@cache  # as further down: every claim asks the same, so a process reads a folder once
def _updates(protocol, folder):
    settings = protocols.load(protocol)
    part, training = settings["data"], settings["training"]
    images = 10 * part["train_per_class"] or TRAINING_IMAGES[part["dataset"]]
    return training["epochs"] * math.ceil(images / training["batch_size"])


def control_cells(longer):
    """The cells (loss, setting) that a control must have: those of the study of its name."""
    return _control_cells(longer, studies.FOLDER)


@cache
def _control_cells(longer, folder):
    study = studies.load(longer)
    return [(loss, setting) for setting in study.settings for loss in study.losses(setting)]


@cache
def _of_studies(protocol, folder):
    """The runs that studies of the committed store have in a protocol: ``{(loss, setting): {seed: study}}``."""
    found = {}
    for study in _studies(folder):
        if study.store == studies.STORES["results"]:
            for block in (block for block in study.blocks if block["protocol"] == protocol):
                for loss, setting, seed in product(block["losses"], block["settings"], block["seeds"]):
                    found.setdefault((loss, setting), {}).setdefault(seed, study.name)
    return found


@cache
def _studies(folder):
    # A study of one protocol makes its runs, before a list of several makes them.
    return sorted(map(studies.load, studies.names()), key=lambda study: len(study.own_blocks) < len(study.blocks))


def needed(claim, protocol):
    """The runs that a claim's tests rest on in a protocol, but for their seeds: triples (protocol, loss, setting)."""
    return [(*kinds.place(loss, protocol)[::-1], setting) for loss, setting in claim.cells(protocol)]


def missing_runs(claim, protocol, have):
    """The runs that a claim needs in a protocol and that no record has, those of the control included.

    A cell's seeds are those of the study that has it; three for a cell that no study has.

    Args:
        claim: a :class:`Claim`.
        protocol: name of a protocol.
        have: records.

    Returns:
        A list of :class:`Run`; empty where the claim cannot be run in the protocol at all.
    """
    if claim.kind == "theory" or cannot_run(claim, protocol):
        return []
    wanted = [(name, (loss, setting)) for name, loss, setting in needed(claim, protocol)]
    if claim.slow and (control := claim.rules_in(protocol)["control"]):
        wanted += [(control, cell) for cell in control_cells(control)]
    asked = {name for name, _ in wanted}
    there = {
        (config["protocol"], config["loss"]["spec"], frames.setting_of(config), config["seed"])
        for config in (record["config"] for record in have)
        if config["protocol"] in asked
    }
    planned = {name: _of_studies(name, studies.FOLDER) for name in asked}
    out = {}
    for name, (loss, setting) in wanted:
        seeds = planned[name].get((loss, setting), dict.fromkeys(SEEDS, ""))
        for seed in seeds:
            if (name, loss, setting, seed) not in there:
                run = Run(name, loss, setting, seed, seeds[seed])
                out[run] = None
    return list(out)


def commands(missing):
    """The commands that make runs: one a study, and one for each run that no study has."""
    out = {}
    for run in missing:
        alone = f"python -m nlr run {run.protocol} '{run.loss}' {run.setting} --seed {run.seed} --store results"
        out[f"python -m nlr study {run.study}" if run.study else alone] = None
    return list(out)
