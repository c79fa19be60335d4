"""How far our full runs on MNIST reach: what another weight decay turns round, and what a scale of the loss costs."""

import math

from nlr.book import marks
from nlr.book.sentences import SAID, alike, listed, where
from nlr.evidence import contrasts, frames, wording
from nlr.study import protocols

_TIMES = {10: "ten"}


def usual():
    """The weight decay of the full runs, in words: ``weight decay 0.001``."""
    return f"weight decay {_decay(marks.MNIST_FULL):g}"


def times():
    """How many times as much the authors' released code has, in words."""
    ratio = round(_decay(marks.MNIST_DECAY) / _decay(marks.MNIST_FULL), 6)
    return _TIMES.get(ratio, f"{ratio:g}")


def _decay(protocol):
    return protocols.load(protocol)["training"]["weight_decay"]


def limited(text):
    """What the full runs say, with the weight decay that it is said of."""
    start = text[0].lower() if text[1].islower() else text[0]
    return f"At {usual()}: {start}{text[1:]}"


def turned(evidence, asked):
    """Where more weight decay turns round what is clear at the usual one, in sentences; empty where it does nowhere.

    With too few seeds to decide it is said where the difference is beyond the margin of equivalence.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
        asked: contrasts (figure, pair of losses, settings).
    """
    found = {False: {}, True: {}}
    for contrast in asked:
        here = evidence.differences("full", contrast)
        there = contrasts.differences(evidence.tables[marks.MNIST_DECAY], marks.MNIST_DECAY, *contrast)
        for setting, cell in there.items():
            way = _way(cell, setting)
            if setting in here and here[setting].sign * way < 0:
                found[not cell.counted].setdefault((contrast, way), []).append(setting)
    return " ".join(
        f"Not so with {times()} times the weight decay{' (too few seeds to decide)' * few}: {'; '.join(_said(of))}."
        for few, of in found.items()
        if of
    )


def _way(cell, setting):
    """1 or -1 where a difference is clear, or with too few seeds beyond the margin; else 0."""
    if not cell.few:
        return cell.sign
    beyond = abs(cell.effect) > contrasts.rules(marks.MNIST_DECAY)["margin"][setting]
    return int(math.copysign(beyond, cell.effect))


def _said(found):
    """Parts of a sentence from ``{(contrast, 1 or -1): settings}``; contrasts that say the same stand together."""
    alone = {}
    for ((figure, (one, other), wanted), way), settings in found.items():
        alone.setdefault((figure, way, tuple(settings), wanted), {}).setdefault(one, []).append(other)
    out = []
    for (figure, way, settings, wanted), losses in alone.items():
        verbs, more, less = SAID[figure]
        for ones, others in alike(losses):
            text = f"{listed(ones)} {verbs[len(ones) > 1]} {more if way > 0 else less} than {listed(others)} "
            out.append(text + where(settings, wanted))
    return out


def of_scale(records, scale=10):
    """What a scale beyond the one that weight decay asks for costs NCE, in a sentence; empty where it costs nothing.

    Args:
        records: the records; those of the full runs on MNIST with noise are taken, on seeds that have both scales.
        scale: the larger one.
    """
    found = [record for record in records if record["config"]["protocol"] == marks.MNIST_FULL]
    if not found:
        return ""
    runs = frames.frame(found)[["loss", "setting", "seed", "last", "memorised", "never_answered"]]
    once, scaled = (runs[runs["loss"] == name] for name in ("nce", f"nce,scale={scale}"))
    both = once.merge(scaled, on=["setting", "seed"], suffixes=("", "_scaled")).groupby("setting")
    means = both[["last", "last_scaled", "memorised", "memorised_scaled"]].mean().dropna()
    never = both[["never_answered", "never_answered_scaled"]].max()
    seeds, paid = both.size()[means.index], (means["last_scaled"] < means["last"]).all()
    if means.empty or not (paid and (means["memorised_scaled"] > means["memorised"]).all()):
        return ""
    means = means.join(never).loc[frames.in_order(means.index)]
    parts = [
        f"from {cell.last:.1f}{frames.unanswered(cell.never_answered)} to {cell.last_scaled:.1f}"
        f"{frames.unanswered(cell.never_answered_scaled)} % with {frames.short_name(cell.Index)} "
        f"({cell.memorised_scaled:.0f} % of the wrong labels memorised in place of {cell.memorised:.0f})"
        for cell in means.itertuples()
    ]
    left_out = frames.in_brackets("".join(parts), "digits")
    decides = ", which decides nothing" * bool(seeds.min() < contrasts.rules(marks.MNIST_FULL)["few_seeds"])
    return (
        f"More than the threshold asks has a price: on MNIST, at {usual()}, a scale of {scale} takes the accuracy of "
        f"NCE {wording.listed(parts)}; {wording.seeds(seeds.min(), seeds.max())}{decides}.{left_out}"
    )


def of_claim(outcome):
    """What became of the claim that the usual weight decay gives figures nearer to the authors' tables, in a sentence.

    Args:
        outcome: the :class:`nlr.evidence.claims.Outcome` of the claim.
    """
    name, few = outcome.claim, contrasts.rules(outcome.protocol)["few_seeds"]
    claim = f"The claim that the first lies nearer to their tables, [{name}](#evidence-{name.lower()}),"
    if not all(row.n >= few for part in outcome.evidence for row in part.rows):
        return f"{claim} needs {few} seeds of each; this is what there is."
    ends = {"partly": "held in part", "undecided": "is undecided", "not run": "has no verdict"}
    return f"{claim} {ends.get(outcome.outcome, outcome.outcome)}."
