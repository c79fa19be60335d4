"""What longer training changes: losses that learn slowly are judged beside a control of more epochs."""

import pandas as pd

from nlr.book import marks
from nlr.book.sentences import BETTER, SAID, called, capital, listed, per_cent
from nlr.evidence import contrasts, wording
from nlr.evidence.wording import signed, with_interval
from nlr.study import protocols

CLAIM = "C63"  # one of those that are read beside it
FIGURES = {
    "last": "last accuracy",
    "best": "best accuracy, chosen on the test set",
    "clean_part": "right labels fitted",
    "memorised": "wrong labels memorised",
}
SUMS = ("nce+mae", "nce+rce")
_TIMES = {4: "four"}


def name():
    """The protocol of the control."""
    return contrasts.rules(marks.SMALL)["control"]


def gains(judged):
    """What it changes, ``{loss: {figure: (effect, low, high)}}``; empty without its runs."""
    out = {}
    for figure, row in _rows(judged):
        out.setdefault(row.needs[1][0], {})[figure] = (row.effect, row.low, row.high)
    return out


def _rows(judged):
    (found,) = [one.found for one in judged[CLAIM] if one.scope == marks.SMALL]
    return [(part.test["figure"], row) for part in (found.control if found else ()) for row in part.rows if row.n]


def place(judged, losses):
    """In which setting some losses were run, and how often: ``40 % wrong labels, 1 to 3 seeds``."""
    rows = [row for _, row in _rows(judged) if row.needs[1][0] in losses]
    numbers = [row.n for row in rows]
    return f"{per_cent(rows[0].needs[1][1])} wrong labels, {wording.seeds(min(numbers), max(numbers))}"


def times():
    """How many times as long it trains, in words."""
    longer, usual = (protocols.load(one)["training"]["epochs"] for one in (name(), marks.SMALL))
    return _TIMES.get(longer / usual, f"{longer / usual:g}")


def of_sums(judged, evidence):
    """What it does to the active-passive sums, in a sentence or two; empty without its runs."""
    found = {loss: of for loss, of in gains(judged).items() if loss in SUMS}
    if not found:
        return ""
    text, memorised = f"Trained {times()} times as long ({place(judged, found)}), ", ""
    if all(of["memorised"][0] > 0 for of in found.values()):
        shares = _ends(evidence, found)["memorised"]
        share = " to ".join(dict.fromkeys(f"{end:.0f}" for end in (shares.min(), shares.max())))
        memorised = f": {'they have' if len(found) > 1 else 'it has'} memorised {share} % of the wrong labels by then"
    if standing := _standing(judged, evidence):
        text += f"{standing}{memorised}."
    elif all(of["last"][0] < 0 for of in found.values()):
        text += f"{listed(found)} {'lose' if len(found) > 1 else 'loses'} accuracy{memorised}."
    else:
        changes = [
            f"{called(loss)} {'changes in accuracy ' * (not number)}by {signed(of['last'][0])}"
            for number, (loss, of) in enumerate(found.items())
        ]
        text += f"{wording.listed(changes)} points."
    if untried := _untried(evidence):
        text += f" {capital(listed(untried))} {'have' if len(untried) > 1 else 'has'} not been trained that long."
    return text


def undone(judged, evidence):
    """That it takes sums below cross-entropy, as a part of a sentence; empty where it takes none, or has no runs."""
    standing = _standing(judged, evidence)
    found = [loss for loss in gains(judged) if loss in SUMS]
    return f"with {times()} times the training {standing} ({place(judged, found)})" if standing else ""


def _standing(judged, evidence):
    """Which sums it takes below cross-entropy, trained as long where it is, else as usual; empty where none."""
    found = [loss for loss in gains(judged) if loss in SUMS]
    if not found:
        return ""
    accuracy, beside = _beside(judged, evidence)
    ends = _ends(evidence, found)["last"]
    below, above = ([loss for loss in found if (ends[loss] < accuracy) == under] for under in (True, False))
    if not below:
        return ""
    text = f"{listed(below)} {'end' if len(below) > 1 else 'ends'} below"
    return f"{text}{f', {listed(above)} above' if above else ''} {beside}"


def _untried(evidence):
    """Which of cross-entropy and the sums it has no run of."""
    return [loss for loss in ("ce", *SUMS) if loss not in set(evidence.tables[name()]["loss"])]


def of_all(judged):
    """What it does to the accuracy of every loss that it has, in a sentence; empty without its runs."""
    found = gains(judged)
    if not found:
        return ""
    best, last = (
        " to ".join(dict.fromkeys(signed(end(of[figure][0] for of in found.values())) for end in (min, max)))
        for figure in ("best", "last")
    )
    text = f"Trained {times()} times as long ({place(judged, found)}), {listed(found)} "
    text += f"change{'s' * (len(found) == 1)} by {best} points at the best epoch, chosen on test images, "
    return f"{text}and by {last} at the last."


def memory(judged):
    """Whether it memorises more wrong labels, and with which losses, in a sentence; empty without its runs."""
    found = {loss: of["memorised"][0] for loss, of in gains(judged).items()}
    more = {loss: change for loss, change in found.items() if change > 0}
    if not found:
        return ""
    many = "the" if len(more) == len(found) else f"{len(more) or 'none'} of the"
    text = f"In {many} {len(found)} loss{'es' * (len(found) > 1)} tried ({listed(found)}; {place(judged, found)}) "
    ends = " to ".join(dict.fromkeys(f"{end(more.values()):.0f}" for end in (min, max))) if more else ""
    return f"{text}training {times()} times as long memorises more wrong labels{f', by {ends} points' * bool(more)}."


def _beside(judged, evidence):
    """The accuracy of cross-entropy that the sums are read beside, and what it is in words."""
    setting = _rows(judged)[0][1].needs[1][1]
    longer, usual = (
        table.loc[(table["loss"] == "ce") & (table["setting"] == setting), "last"]
        for table in (evidence.tables[name()], evidence.tables[marks.SMALL])
    )
    if len(longer):
        return longer.mean(), "cross-entropy trained as long"
    return usual.mean(), "cross-entropy after its usual training"


def _ends(evidence, losses):
    """Accuracy and wrong labels memorised at the end of the longer training, by loss."""
    longer = evidence.tables[name()]
    return longer[longer["loss"].isin(losses)].groupby("loss")[["last", "memorised"]].mean()


def of_nce(judged, figure="clean_part"):
    """What it does to the right labels that NCE fits, or the wrong ones that it memorises, and to its accuracy.

    A sentence; empty without its runs.
    """
    found = gains(judged).get("nce")
    if not found:
        return ""
    change, (_, low, high) = found[figure][0], found["last"]
    accuracy = "rises" if low > 0 else "falls" if high < 0 else "hardly moves"
    but = "and" if (change * BETTER[figure] > 0) == (low > 0) else "but"
    labels = "right" if figure == "clean_part" else "wrong"
    text = f"Trained {times()} times as long ({place(judged, ['nce'])}), NCE {SAID[figure][0][0]} "
    more = f"{abs(change):.0f} points {'more' if change > 0 else 'fewer'} of the {labels} labels"
    return f"{text}{more}, {but} its accuracy {accuracy}."


def in_full(judged):
    """What is known of slow losses, as an item of a list: how far verdicts on them reach, and what the control adds."""
    text = "- **Slow losses.** A loss that learns slowly may only need more updates, so claims that turn on this are "
    text += f"judged beside a control, protocol `{name()}`, and hold for the updates beside their badges alone."
    return f"{text} {table(judged)}"


def numbers(judged, losses):
    """What it changes in some losses: a row a loss and figure, or None without its runs."""
    rows = [
        {
            "loss": loss,
            "figure": FIGURES[figure],
            "change (points)": effect,
            "interval, low": low,
            "interval, high": high,
        }
        for loss, of in _chosen(judged, losses).items()
        for figure, (effect, low, high) in of.items()
    ]
    return pd.DataFrame(rows) if rows else None


def _chosen(judged, losses):
    return {loss: of for loss, of in gains(judged).items() if losses is None or loss in losses}


def table(judged, losses=None):
    """What it changes in every figure, as a sentence and a Markdown table: of some losses, or of all that have it."""
    found = _chosen(judged, losses)
    if not found:
        return "The control's runs are missing."
    rows = [
        [called(loss), *(with_interval(*of[figure]) if figure in of else "missing" for figure in FIGURES)]
        for loss, of in found.items()
    ]
    grid = wording.markdown(["loss", *FIGURES.values()], rows, len(FIGURES))
    return f"What training {times()} times as long changes, in points ({place(judged, found)}):\n\n{grid}"
