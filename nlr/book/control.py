"""What longer training changes: losses that learn slowly are judged beside a control of more epochs."""

import pandas as pd

from nlr.book import marks
from nlr.book.sentences import BETTER, SAID, called, listed, per_cent
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


def place(judged):
    """In which setting it was run, and how often: ``40 % wrong labels, one seed``."""
    _, row = _rows(judged)[0]
    return f"{per_cent(row.needs[1][1])} wrong labels, {wording.seeds(row.n, row.n)}"


def times():
    """How many times as long it trains, in words."""
    longer, usual = (protocols.load(one)["training"]["epochs"] for one in (name(), marks.SMALL))
    return _TIMES.get(longer / usual, f"{longer / usual:g}")


def of_sums(judged, evidence):
    """What it does to the active-passive sums, in a sentence or two; empty without its runs."""
    found = {loss: of for loss, of in gains(judged).items() if loss in SUMS}
    if not found:
        return ""
    text = f"Trained {times()} times as long ({place(judged)}), {listed(found)} "
    if all(of["last"][0] < 0 < of["memorised"][0] for of in found.values()):
        ends = _ends(evidence, found)
        below = "falls below where cross-entropy had been" if undoes(judged, evidence) else "loses accuracy"
        verb = below if len(found) == 1 else below.replace("falls", "fall").replace("loses", "lose")
        shares = " to ".join(dict.fromkeys(f"{end:.0f}" for end in sorted(ends["memorised"])[:: max(1, len(ends) - 1)]))
        they = "they have" if len(found) > 1 else "it has"
        return f"{text}{verb}: {they} memorised {shares} % of the wrong labels by then."
    changes = wording.listed(f"{called(loss)} by {signed(of['last'][0])}" for loss, of in found.items())
    return f"{text.strip()} changes in accuracy: {changes} points."


def undoes(judged, evidence):
    """Whether it takes every sum that it has below the accuracy that cross-entropy has with the usual training."""
    found = [loss for loss in gains(judged) if loss in SUMS]
    if not found:
        return False
    usual, setting = evidence.tables[marks.SMALL], _rows(judged)[0][1].needs[1][1]
    ce = usual.loc[(usual["loss"] == "ce") & (usual["setting"] == setting), "last"].mean()
    return bool((_ends(evidence, found)["last"] < ce).all())


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
    text = f"Trained {times()} times as long ({place(judged)}), NCE {SAID[figure][0][0]} {abs(change):.0f} points "
    more = f"{'more' if change > 0 else 'fewer'} of the {'right' if figure == 'clean_part' else 'wrong'} labels"
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
    return f"What longer training of the control changes, in points ({place(judged)}):\n\n{grid}"
