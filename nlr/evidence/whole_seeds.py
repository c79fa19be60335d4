"""Which runs of an unfinished list may decide anything: those of a seed that all losses beside them have too.

A list that is cut by time may end in the middle of a block. Then a loss that stands early in the block would be counted
with a seed more than one that stands late, and a claim judged by what happened to be trained first.
"""

from itertools import product

from nlr.evidence import frames
from nlr.study import studies

LIST = "cpu-list"


def whole_seeds(found, study=None):
    """The records without those that wait: of a seed that not all losses of their block have in their setting.

    A run that stands in several blocks belongs to the first. Runs of seed 0 do not wait: one seed decides nothing.

    Args:
        found: the records of the committed store, or all of some protocols.
        study: the :class:`nlr.study.studies.Study` that is such a list; ``cpu-list`` where None.
    """
    have, first, waiting = {_place(record) for record in found}, set(), set()
    for block in (study or studies.load(LIST)).blocks:
        for seed, setting in product(filter(None, block["seeds"]), block["settings"]):
            group = {(block["protocol"], block["dataset"], loss, setting, seed) for loss in block["losses"]} - first
            first |= group
            if not group <= have:
                waiting |= group
    return [record for record in found if _place(record) not in waiting]


def _place(record):
    config = record["config"]
    return config["protocol"], config["dataset"], config["loss"]["spec"], frames.setting_of(config), config["seed"]
