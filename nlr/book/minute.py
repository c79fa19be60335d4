"""The first screen: the answer, on which evidence it rests, and what to do; each sentence with its mark."""

from nlr.book import control, marks
from nlr.book.questions import AUTHORS, evidence_of
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC, listed, sentences, where
from nlr.evidence import claims, contrasts, frames, published, reproductions, yardstick
from nlr.evidence.verdicts import MATHEMATICS
from nlr.study import studies

SUMS = tuple((loss, "ce") for loss in control.SUMS)
OF_SUMS = tuple(("last", pair, SYMMETRIC) for pair in SUMS)
SAME_ORDER = 2 / 3  # of Kendall's tau: five in six pairs of losses stand in the same order, which is called most


def parts(judged, records):
    """Pairs (question, lines), a line being a pair (mark, sentences); the answer in short has no mark.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        records: the records that it was given.
    """
    evidence = evidence_of(records)
    return [
        ("What is the answer?", _answer(judged, evidence)),
        ("On which evidence?", _evidence(records)),
        ("What should I do?", _advice(evidence)),
    ]


def _answer(judged, evidence):
    held = any(one.outcome == "held" and one.scope == MATHEMATICS for one in judged["C2"])
    beats, adds = (
        [s for s, cell in evidence.differences("authors", ("last", pair, SYMMETRIC)).items() if cell.sign > 0]
        for pair in (("nce+mae", "ce"), ("nce+mae", "mae"))
    )
    ours = {mark: [evidence.differences(mark, contrast) for contrast in OF_SUMS] for mark in ("full", "small")}
    better = any(cell.sign > 0 for cells in ours["small"] for cell in cells.values())
    longer = control.of_sums(judged, evidence)
    lines = [("", _in_short(held, better, bool(beats) and not adds, _undone(judged, evidence)))]
    if held:
        text = (
            "If a wrong label is as likely to be any other class, the classifier that minimises a normalised loss over "
        )
        lines.append(("proof", f"{text}unlimited data is the one of clean labels."))
    if beats:
        alone = f"MAE alone is as good but {where(adds, SYMMETRIC)}" if adds else "MAE alone is as good"
        text = f"With such labels NCE+MAE is more accurate than cross-entropy {where(beats, SYMMETRIC)}, but {alone}."
        lines.append(("authors", text))
    for mark, found in ours.items():
        if any(cell.counted for cells in found for cell in cells.values()):
            text = sentences(list(zip(OF_SUMS, found, strict=True)))
            lines.append((mark, f"{text} {longer * (mark == 'small')}".strip()))
    return lines


def _undone(judged, evidence):
    """That longer training undoes the gain of the sums, with how often that was seen; empty where it does not."""
    return f"longer training undid the gain ({control.place(judged)})" if control.undoes(judged, evidence) else ""


def _in_short(held, better, alone, undone):
    """The answer in a sentence or two, from what is found: in theory, of the sums, of MAE alone, of longer training."""
    theory = "In theory yes" if held else "In theory it is open"
    if not better:
        return f"{theory}; in our runs no sum is shown to be better than cross-entropy."
    doubts = [*filter(None, ["MAE alone may do as well" * alone, undone])]
    but = f" But {' and '.join(doubts)}." if doubts else ""
    text = "in practice in part: adding MAE or RCE to NCE helps against labels that are wrong at random."
    return f"{theory}, {text}{but}"


def _evidence(records):
    have = {name: sum(r["config"]["protocol"] == name for r in records) for name in marks.OURS}
    mnist = studies.load(marks.MNIST_FULL)  # with its protocols of another weight decay, network or last rate
    ours = {block["protocol"] for block in mnist.blocks}
    full, planned = sum(r["config"]["protocol"] in ours for r in records), sum(1 for _ in mnist.runs())
    steps = round(claims.updates(marks.FULL) / claims.updates(marks.SMALL))
    return [
        ("proof", "Proofs on paper, with checks that run when the book is built."),
        ("authors", "From the repository of the paper's code; each number is a mean of three runs."),
        ("full", f"{full or 'None'} of {planned} planned runs{_too_few(records)}."),
        (
            "small",
            f"{have[marks.SMALL]} runs with fewer images, a narrower network and {steps} times fewer training steps "
            f"than the paper has. {_stands_for(records)} Of the paper's CIFAR-10 runs {have[marks.FULL] or 'none'} "
            f"{'are' if have[marks.FULL] > 1 else 'is'} repeated in full.",
        ),
    ]


def _too_few(records):
    """That no cell of the full protocol on MNIST has seeds enough to be counted; empty where one has."""
    seeds = {}
    for record in records:
        if record["config"]["protocol"] == marks.MNIST_FULL:
            cell = record["config"]["loss"]["spec"], frames.setting_of(record["config"])
            seeds.setdefault(cell, set()).add(record["config"]["seed"])
    few = contrasts.rules(marks.MNIST_FULL)["few_seeds"]
    return "" if any(len(of) >= few for of in seeds.values()) else "; with so few seeds they decide nothing yet"


def _stands_for(records):
    """How far the scaled-down runs put the losses in the order of runs of the full protocol, in three sentences."""
    found = [record for record in records if record["config"]["protocol"] == marks.SMALL]
    if not found:
        return ""
    table = frames.frame(found)
    authors = {cell: of.mean for cell, of in reproductions.figures(*AUTHORS).items()}
    authors, wang = (yardstick.orders(table, theirs) for theirs in (authors, published.means("wang2024")))
    return (
        "After the last epoch they put most pairs of losses in the order of the authors' tables only "
        f"{_same_order(authors, 'last')}. At the best epoch, chosen on test images, they do so "
        f"{_same_order(authors, 'best')}. For {wang['losses'].max()} losses that Wang et al. retrained in full they do "
        f"so {_same_order(wang, 'last')}, at the best epoch {_same_order(wang, 'best')}."
    )


def _same_order(orders, figure):
    """At which rates of symmetric noise most pairs of losses stand in the same order."""
    tau = orders.set_index("setting")[figure]
    same = [setting for setting in SYMMETRIC if tau.get(setting, 0.0) >= SAME_ORDER]
    return where(same, SYMMETRIC) if same else "at no rate"


def _advice(evidence):
    lines = []
    sums = {pair[0]: evidence.differences("small", ("last", pair, SYMMETRIC)) for pair in SUMS}
    signs = {loss: [cell.sign for cell in cells.values()] for loss, cells in sums.items()}
    good = [loss for loss, found in signs.items() if 1 in found and -1 not in found]
    if good:
        best = good[-1]
        places = [setting for setting, cell in sums[best].items() if cell.sign > 0]
        text = f"If labels are wrong at random, take {listed([best])} rather than cross-entropy: it is more "
        lines.append(("small", f"{text}accurate {where(places, SYMMETRIC)}, and never shown to be less."))
    table = evidence.tables[marks.SMALL]
    ce = table[(table["loss"] == "ce") & table["setting"].isin(SYMMETRIC)]
    if (fall := (ce["best"] - ce["last"]).max()) > 0:
        text = "Do not train to the end unwatched: with cross-entropy accuracy falls by up to "
        lines.append(("small", f"{text}{fall:.0f} points from its best epoch to the last."))
    confused = {pair[0]: evidence.differences("small", ("last", pair, ASYMMETRIC)) for pair in SUMS}
    found = {loss: {cell.sign for cell in cells.values()} for loss, cells in confused.items()}
    theirs = {pair[0]: evidence.differences("authors", ("last", pair, ASYMMETRIC)) for pair in SUMS}
    above = [loss for loss, cells in theirs.items() if cells and all(cell.sign > 0 for cell in cells.values())]
    if any(found.values()) and not any(1 in signs for signs in found.values()):
        text = "If labels are confused with similar classes only, neither sum is shown to be better than cross-entropy."
        lines.append(("small", text))
        if above:
            text = (
                f"In the authors' tables {listed(above)} are better at every rate of such confusion, so this is open."
            )
            lines.append(("authors", text))
    return lines


def myst(found):
    """The parts as MyST: a definition list."""
    items = []
    for question, lines in found:
        body = "\n\n  ".join(f"{marks.badge(mark)} {text}" if mark else f"**{text}**" for mark, text in lines)
        items.append(f"{question}\n: {body or 'Not known yet.'}")
    return ":::{div} minute\n" + "\n\n".join(items) + "\n:::"


def plain(found):
    """The parts in plain Markdown."""
    items = []
    for question, lines in found:
        bare = [text for mark, text in lines if not mark]
        marked = [f"- *{marks.name(mark)}:* {text}" for mark, text in lines if mark]
        items.append("\n".join([" ".join([f"**{question}**", *bare]), *marked]))
    return "\n\n".join(items)
