"""Labels by people: the losses on them, beside noise of their rate and noise of their transition matrix."""

import pandas as pd

from nlr.book import marks, unrounded
from nlr.book.practice import brackets
from nlr.evidence import claims, wording

HUMAN, SAME_RATE, SAME_MATRIX = "human-worse", "symmetric-0.4105", "matrix-worse"
PEOPLE = ("C80", "C81", "C82", "C83")  # the claims that wait for these runs
HEADS = {HUMAN: "human labels", SAME_RATE: "any other class, same rate", SAME_MATRIX: "same matrix"}


def people_table(evidence):
    """A row a loss: accuracy with human labels, with noise of their rate, and with noise of their matrix.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
    """
    means = evidence.tables[marks.SMALL].groupby(["loss", "setting"])["last"].agg(["mean", "size"])
    return pd.DataFrame(
        {"loss": loss} | {head: brackets.mean(means, (loss, setting)) for setting, head in HEADS.items()}
        for loss in _losses()
    )


def people_numbers(evidence):
    """The numbers of :func:`people_table`, of the same evidence: a row a loss and setting."""
    table = evidence.tables[marks.SMALL]
    shown = table[table["loss"].isin(_losses()) & table["setting"].isin(HEADS)]
    return unrounded.over_seeds(shown, ["setting", "loss"], ["last"])


def _losses():
    """The losses that are trained on human labels."""
    return dict.fromkeys(cell[0] for pair in claims.get(PEOPLE[1]).tests[0]["cells"] for cell in pair)


def of_people(evidence):
    """The order of the losses with human labels and with the noise laid beside, in sentences; empty without runs."""
    table = evidence.tables[marks.SMALL]
    means = table.groupby(["setting", "loss"])["last"].mean()
    have = {s: means[s] for s in (HUMAN, SAME_RATE, SAME_MATRIX) if s in means.index.get_level_values("setting")}
    if HUMAN not in have or len(have) == 1:
        return ""
    out = []
    for setting, words in ((SAME_RATE, "symmetric noise of their rate"), (SAME_MATRIX, "noise of their matrix")):
        if setting not in have:
            continue
        shared = [loss for loss in have[HUMAN].index if loss in have[setting].index]
        pairs = [(one, other) for k, one in enumerate(shared) for other in shared[k + 1 :]]
        same = sum((have[HUMAN][a] > have[HUMAN][b]) == (have[setting][a] > have[setting][b]) for a, b in pairs)
        differences = [have[HUMAN][loss] - have[setting][loss] for loss in shared]
        ends = " to ".join(dict.fromkeys(wording.signed(f(differences)) for f in (min, max)))
        out.append(
            f"Human labels less {words}: {ends} points of accuracy; {same} of {len(pairs)} pairs of losses are in the "
            "same order."
        )
    return " ".join(out)
