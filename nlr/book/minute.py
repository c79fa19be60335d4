"""The first screen: the answer, on which evidence it rests, and what to do; each sentence with its mark."""

from nlr.book import control, marks
from nlr.book.questions import AUTHORS, evidence_of
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC, listed, sentences, where
from nlr.evidence import claims, contrasts, frames, reproductions, yardstick
from nlr.evidence.verdicts import MATHEMATICS
from nlr.study import studies

SUMS = (("nce+mae", "ce"), ("nce+rce", "ce"))
SAME_ORDER = 2 / 3  # of Kendall's tau: five in six pairs of losses stand in the same order


def parts(judged, records):
    """Pairs (question, lines), a line being a pair (mark, sentences).

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        records: the records that it was given.
    """
    evidence = evidence_of(records)
    return [
        ("What is the answer?", _answer(judged, evidence)),
        ("On which evidence?", _evidence(records)),
        ("What should I do?", _advice(evidence, records)),
    ]


def _answer(judged, evidence):
    lines = []
    if any(one.outcome == "held" and one.scope == MATHEMATICS for one in judged["C2"]):
        text = "In theory normalising works, for unlimited data and wrong labels that hit all classes alike."
        lines.append(("proof", text))
    beats, adds = (
        [s for s, cell in evidence.differences("authors", ("last", pair, SYMMETRIC)).items() if cell.sign > 0]
        for pair in (("nce+mae", "ce"), ("nce+mae", "mae"))
    )
    if beats:
        alone = f"MAE alone is as good but {where(adds, SYMMETRIC)}" if adds else "MAE alone is as good"
        text = f"Under such noise NCE+MAE is more accurate than cross-entropy {where(beats, SYMMETRIC)}, but {alone}."
        lines.append(("authors", text))
    for mark in ("full", "small"):
        values = [(contrast, evidence.differences(mark, contrast)) for contrast in _of_sums(SYMMETRIC)]
        values = [(contrast, cells) for contrast, cells in values if any(cell.counted for cell in cells.values())]
        if values:
            longer = control.of_sums(judged, evidence) if mark == "small" else ""
            lines.append((mark, f"{sentences(values)} {longer}".strip()))
    return lines


def _of_sums(settings):
    return [("last", pair, settings) for pair in SUMS]


def _evidence(records):
    have = {name: sum(r["config"]["protocol"] == name for r in records) for name in marks.OURS}
    planned = sum(1 for _ in studies.load(marks.DIGITS_FULL).runs())
    steps = round(claims.updates(marks.FULL) / claims.updates(marks.SMALL))
    return [
        ("proof", "Proofs whose steps run when the book is built."),
        ("authors", "Tables from the repository of the paper's code; each cell is a mean of three runs."),
        ("full", f"{have[marks.DIGITS_FULL] or 'None'} of the {planned} planned runs."),
        (
            "small",
            f"{have[marks.SMALL]} runs; the paper's training takes {steps} times as many steps. {_stands_for(records)} "
            f"Of the paper's own protocol on CIFAR-10 we have {have[marks.FULL] or 'no'} runs.",
        ),
    ]


def _stands_for(records):
    """How far the scaled-down runs put the losses in the order of the authors' figures, in a sentence."""
    found = [record for record in records if record["config"]["protocol"] == marks.SMALL]
    if not found:
        return ""
    table, theirs = frames.frame(found), reproductions.figures(*AUTHORS)
    margins = dict.fromkeys(table["setting"], contrasts.rules(marks.SMALL)["margin"])
    said = []
    for figure, name in (("last", "after the last epoch"), ("best", "at the best one, chosen on the test set,")):
        order = yardstick.agreement(yardstick.compare(table, theirs, margins, figure)).set_index("setting")["kendall"]
        same = [setting for setting in SYMMETRIC if order.get(setting, 0.0) >= SAME_ORDER]
        said.append(f"{name} {where(same, SYMMETRIC)}" if same else f"{name} at no rate")
    return f"Five in six pairs of losses stand in the order of the authors' figures {'; '.join(said)}."


def _advice(evidence, records):
    lines = []
    sums = {pair[0]: evidence.differences("small", ("last", pair, SYMMETRIC)) for pair in SUMS}
    signs = {loss: [cell.sign for cell in cells.values()] for loss, cells in sums.items()}
    good = [loss for loss, found in signs.items() if 1 in found and -1 not in found]
    if good:
        best = good[-1]
        places = [setting for setting, cell in sums[best].items() if cell.sign > 0]
        text = f"If labels are wrong at random, take {listed([best])} rather than plain cross-entropy: it is more "
        lines.append(("small", f"{text}accurate {where(places, SYMMETRIC)}, and nowhere clearly less."))
    noisy = [
        r for r in records if r["config"]["protocol"] == marks.SMALL and frames.setting_of(r["config"]) in SYMMETRIC
    ]
    gaps = [100 * (r["final"]["best_accuracy"] - r["final"]["last_accuracy"]) for r in noisy]
    if gaps:
        text = (
            "Keep some labels aside, noisy as they are, and stop when accuracy on them falls: the last epoch is up to "
        )
        lines.append(("small", f"{text}{max(gaps):.0f} points below the best."))
    confused = {pair[0]: evidence.differences("small", ("last", pair, ASYMMETRIC)) for pair in (("nce", "ce"), *SUMS)}
    found = {loss: {cell.sign for cell in cells.values()} for loss, cells in confused.items()}
    if any(found.values()) and not any(1 in signs for signs in found.values()):
        below = [loss for loss, signs in found.items() if -1 in signs]
        text = "If labels are confused with similar classes only, no sum is clearly better than cross-entropy"
        lines.append(("small", f"{text}{f'; {listed(below)} are worse' * bool(below)}."))
    theirs = {pair[0]: evidence.differences("authors", ("last", pair, ASYMMETRIC)) for pair in SUMS}
    if above := [loss for loss, cells in theirs.items() if cells and all(cell.sign > 0 for cell in cells.values())]:
        lines.append(("authors", f"There {listed(above)} are more accurate than cross-entropy at every such rate."))
    return lines


def myst(found):
    """The parts as MyST: a definition list."""
    items = []
    for question, lines in found:
        body = "\n\n  ".join(f"{marks.badge(mark)} {text}" for mark, text in lines) or "Not known yet."
        items.append(f"{question}\n: {body}")
    return ":::{div} minute\n" + "\n\n".join(items) + "\n:::"


def plain(found):
    """The parts in plain Markdown."""
    items = []
    for question, lines in found:
        items.append("\n".join([f"**{question}**", "", *(f"- *{marks.name(mark)}:* {text}" for mark, text in lines)]))
    return "\n\n".join(items)
