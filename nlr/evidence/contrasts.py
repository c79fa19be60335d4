"""Two losses rate by rate: their difference after the last epoch beside that in the best one."""

import math
from dataclasses import dataclass

import pandas as pd

from nlr.evidence import claims, frames, reproductions, statistics
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.statistics import Contrast

SHOWN = ("last", "best", "memorised", "clean_part")  # the figures that answers speak of


@dataclass(frozen=True)
class Difference:
    """The first loss less the second in one setting, in points.

    Attributes:
        effect, low, high: the difference with its 95 % interval, which is NaN where no spread is known.
        n: seeds that both losses have.
        best, best_low, best_high: the same of the accuracy in the best epoch, chosen on the test set; NaN for another
            figure than accuracy, and where a source has the last epoch alone.
        exploratory: whether every run in it is older than the tests of the claims.
        few: whether it rests on fewer seeds than are counted.
        mixed: whether a cell in it collapses in some of its runs alone.
        used: the runs in it, triples (loss, setting, seed); empty for figures of others.
    """

    effect: float
    low: float
    high: float
    n: int
    best: float = math.nan
    best_low: float = math.nan
    best_high: float = math.nan
    exploratory: bool = False
    few: bool = False
    mixed: bool = False
    used: tuple = ()

    @property
    def counted(self):
        """Whether it may decide anything: enough seeds, not exploratory, with an interval."""
        return not (self.few or self.exploratory or math.isnan(self.low))

    @property
    def sign(self):
        """1 or -1 where it is counted and its interval excludes zero, else 0."""
        return _sign(self.low, self.high) if self.counted else 0

    @property
    def turns(self):
        """Whether what is clear after the last epoch has the other sign at the best one."""
        return self.sign * self.best < 0


def _sign(low, high):
    return 1 if low > 0 else -1 if high < 0 else 0


def runs(records, protocol):
    """The runs of one protocol as :mod:`nlr.evidence.statistics` takes them: a row a run, with the figures of answers.

    Where the rules give each setting its own spread, ``pooled`` says which runs did not end with one answer.
    """
    mine = [record for record in records if record["config"]["protocol"] == protocol]
    rows = [
        {
            "loss": record["config"]["loss"]["spec"],
            "setting": frames.setting_of(record["config"]),
            "seed": record["config"]["seed"],
            "exploratory": record["facts"]["purpose"] == "exploratory",
            "never_answered": frames.never_answered(record),
        }
        | {name: FIGURES[name][0](record) for name in (*SHOWN, "modal_share")}
        for record in mine
    ]
    columns = ["loss", "setting", "seed", "exploratory", "never_answered", *SHOWN, "modal_share"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.astype({"exploratory": bool})
    if rules(protocol)["spread"] == "setting":
        table["pooled"] = ~(table["modal_share"] > rules(protocol)["collapsed"])
    return table


def rules(protocol):
    """The rules by which claims are judged in a protocol."""
    return next(iter(claims.load().values())).rules_in(protocol)


def differences(table, protocol, figure, pair, settings):
    """The differences of two losses, ``{setting: Difference}``, in the settings in which they share a seed.

    Args:
        table: of :func:`runs`.
        protocol: name of its protocol.
        figure: a column of the table.
        pair: two losses, the first less the second.
        settings: which settings to look at.
    """
    one, other = pair
    contrasts = [Contrast(setting, ((one, setting, 1.0), (other, setting, -1.0))) for setting in settings]
    pooling, few = kinds.pooling(rules(protocol)), rules(protocol)["few_seeds"]
    found = statistics.estimates(table, figure, contrasts, pooling)
    best = statistics.estimates(table, "best", contrasts, pooling) if figure == "last" else [None] * len(contrasts)
    early = table[table["exploratory"]]
    early = set(zip(early["loss"], early["setting"], early["seed"], strict=True))
    out = {}
    for setting, last, top in zip(settings, found, best, strict=True):
        if last is not None:
            chosen = (top.effect, *top.interval()) if top is not None else (math.nan,) * 3
            out[setting] = Difference(
                last.effect,
                *last.interval(),
                last.n,
                *chosen,
                exploratory=set(last.used) <= early,
                few=last.n < few,
                mixed=last.mixed,
                used=last.used,
            )
    return out


def printed(source, dataset, protocol, pair, settings):
    """The same of accuracies that a source prints, last epoch; a difference is unpaired, for runs are not told apart.

    Args:
        source, dataset, protocol: as for :func:`nlr.evidence.reproductions.figures`.
        pair, settings: as for :func:`differences`.
    """
    figures = reproductions.figures(source, dataset, protocol)
    out = {}
    for setting in settings:
        if all((loss, setting) in figures for loss in pair):
            one, other = (figures[loss, setting] for loss in pair)
            effect, low, high, _, _ = statistics.of_means(
                [(1, one.mean, one.sd, one.n), (-1, other.mean, other.sd, other.n)]
            )
            out[setting] = Difference(effect, low, high, min(one.n, other.n))
    return out
