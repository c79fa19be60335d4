"""The first screen: the answer, on which evidence it rests, and what to do; each sentence with its mark."""

from collections import Counter

from nlr.book import beside, control, decay, marks
from nlr.book.questions import AUTHORS
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC, called, listed, sentences, where
from nlr.evidence import claims, contrasts, frames, published, reproductions, verdicts, yardstick
from nlr.evidence.whole_seeds import whole_seeds
from nlr.evidence.wording import seeds
from nlr.study import protocols, studies

SUMS = tuple((loss, "ce") for loss in control.SUMS)
OF_SUMS = tuple(("last", pair, SYMMETRIC) for pair in SUMS)
ALONE = ("last", ("nce+mae", "mae"), SYMMETRIC)  # whether the sum gains anything over its passive part
BESIDE_NCE = tuple(("last", (loss, "nce"), SYMMETRIC) for loss in control.SUMS)  # and over its active one
PREDICTED, ALSO_PREDICTED = "C73", "C74"  # which cells end with one answer, by penalised risk and by stability
SAME_ORDER, SAME_PAIRS = 2 / 3, "at least five in six pairs"  # Kendall's tau, and the share of pairs that it stands for


def parts(judged, evidence, records):
    """Pairs (question, lines), a line being a pair (mark, sentences); the answer in short has no mark.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        evidence: of the records that it was given, a :class:`nlr.book.questions.Evidence`.
        records: all records of the committed store.
    """
    return [
        ("What is the answer?", _answer(judged, evidence)),
        ("On which evidence?", _evidence(judged, records)),
        ("What should I do?", _advice(evidence)),
    ]


def _answer(judged, evidence):
    held = any(one.outcome == "held" and one.scope == verdicts.MATHEMATICS for one in judged["C2"])
    beats, adds = (
        [setting for setting, cell in evidence.differences("authors", contrast).items() if cell.sign > 0]
        for contrast in (OF_SUMS[0], ALONE)
    )
    ours = {mark: [evidence.differences(mark, contrast) for contrast in OF_SUMS] for mark in ("full", "small")}
    better = {
        loss: [cell.sign > 0 for cell in cells.values()]
        for (loss, _), cells in zip(SUMS, ours["small"], strict=True)
        if any(cell.sign > 0 for cell in cells.values())
    }
    doubts = ["MAE alone may do as well" * (bool(beats) and not adds), _nce_alone(evidence)]
    lines = [("", _in_short(held, better, [*doubts, control.undone(judged, evidence)]))]
    if held:
        text = (
            "If a wrong label is equally likely to be any other class, and right labels stay the most common, the "
            "classifier that minimises a normalised loss over unlimited data is the one of clean labels."
        )
        lines.append(("proof", text))
    if beats:
        lines.append(("authors", _of_authors(beats, evidence.differences("authors", ALONE))))
    for mark, found in ours.items():
        if any(cell.counted for cells in found for cell in cells.values()):
            said = [sentences(list(zip(OF_SUMS, found, strict=True))), _alone(evidence, mark)]
            if mark == "full":
                said = [decay.limited(said[0]), said[1], decay.turned(evidence, [*OF_SUMS, ALONE, *BESIDE_NCE])]
            else:
                said.append(control.of_sums(judged, evidence))
            lines.append((mark, " ".join(filter(None, said))))
    return lines


def _in_short(held, better, doubts):
    """The answer in a sentence or two, from what is found.

    Args:
        held: whether theory says yes.
        better: the sums that are more accurate than cross-entropy somewhere, ``{loss: [whether, at each rate]}``.
        doubts: what speaks against them, parts of a sentence that may be empty.
    """
    theory = "In theory yes" if held else "In theory it is open"
    if not better:
        return f"{theory}; in our runs no sum is shown to be better than cross-entropy."
    doubts = "; ".join(filter(None, doubts))
    but = f" But {doubts}." if doubts else ""
    every = all(len(rates) == len(SYMMETRIC) and all(rates) for rates in better.values())
    text = (
        f"in practice in part: {listed(better)} {'are' if len(better) > 1 else 'is'} more accurate than cross-entropy "
    )
    return f"{theory}, {text}at {'every rate' if every else 'some rates'} of random wrong labels.{but}"


def _of_authors(beats, alone):
    """What the authors' tables say of NCE+MAE beside cross-entropy, which it beats somewhere, and beside MAE alone."""
    text = f"With such labels NCE+MAE is more accurate than cross-entropy {where(beats, SYMMETRIC)}"
    if any(cell.sign for cell in alone.values()):
        return f"{text}. {sentences([(ALONE, alone)])}"
    return f"{text}, and is not shown to differ from MAE alone."


def _nce_alone(evidence):
    """That NCE alone ends above sums on MNIST, as a part of a sentence; empty where that is shown nowhere."""
    below = {contrast[1][0]: cells for contrast in BESIDE_NCE if (cells := _worse(evidence, "full", contrast))}
    if not below:
        return ""
    every = all(len(cells) == len(SYMMETRIC) for cells in below.values())
    rates = "every rate" if every else "some rates"
    return f"on MNIST NCE alone ends above {listed(below)} at {rates} ({decay.usual()})"


def _worse(evidence, mark, contrast):
    """The differences by which the first loss of a contrast is shown to be less accurate: ``{setting: Difference}``."""
    return {setting: cell for setting, cell in evidence.differences(mark, contrast).items() if cell.sign < 0}


def _alone(evidence, mark):
    """Where the sums are shown to be less accurate than a part of them alone, in sentences; empty where nowhere."""
    found = {}
    for contrast in (ALONE, *BESIDE_NCE):
        if cells := _worse(evidence, mark, contrast):
            (_, (loss, part), _), turned = contrast, all(cell.turns for cell in cells.values())
            found.setdefault(turned, {}).setdefault((part, tuple(cells)), []).append(loss)
    return " ".join(
        f"After the last epoch{', but not at the best one,' * turned} {'; '.join(_less_accurate(of))}."
        for turned, of in found.items()
    )


def _less_accurate(found):
    """Parts of a sentence from ``{(part of the sums, settings): sums}``; the first rates say of what they are."""
    out, said = [], False
    for (part, worse), losses in found.items():
        text = f"{listed(losses)} {'are' if len(losses) > 1 else 'is'} less accurate than {called(part)} alone "
        out.append(text + where(worse, SYMMETRIC, labels=not said))
        said = said or "labels" in out[-1]
    return out


def _evidence(judged, records):
    have = {name: sum(r["config"]["protocol"] == name for r in records) for name in marks.OURS}
    mnist = studies.load(marks.MNIST_FULL)  # with its protocols of another weight decay, network or last rate
    full, planned = _made(mnist.runs(), records), sum(1 for _ in mnist.runs())
    of_study = _made(studies.load(marks.SMALL).own_runs(), records)  # which most pages show
    times = round(claims.updates(marks.FULL) / claims.updates(marks.SMALL))
    decides, counted = _decides(judged) if full else "", whole_seeds(records)
    later = beside.later(counted)
    mnist_says = f"{_decays(counted)}{f' {later}' * bool(later)}{_collapse(judged, counted)}"
    return [
        ("proof", "Proofs on paper, with checks that run when the book is built."),
        ("authors", "From the repository of the paper's code; each number is a mean of three runs."),
        ("full", f"{full or 'None'} of {planned} planned runs{decides}.{mnist_says}"),
        (
            "small",
            f"{have[marks.SMALL]} runs with fewer images, a narrower network and {times} times fewer updates of the "
            f"weights than the paper has; {of_study} of them belong to the study `{marks.SMALL}`. "
            f"{_stands_for(records)} Of the paper's CIFAR-10 runs {have[marks.FULL] or 'none'} "
            f"{'are' if have[marks.FULL] > 1 else 'is'} repeated in full.",
        ),
    ]


def _decays(records):
    """How far MNIST lies from the authors' tables with each of two weight decays, in a sentence behind another.

    Empty where no cell is run with both.
    """
    source, usual = verdicts.AUTHORS["authors, MNIST"]
    found = {name: [r for r in records if r["config"]["protocol"] == name] for name in (usual, marks.MNIST_DECAY)}
    if not all(found.values()):
        return ""
    tables = {name: frames.frame(runs) for name, runs in found.items()}
    theirs = reproductions.figures(source, protocols.load(usual)["data"]["dataset"], usual)
    cells, distances = yardstick.side_by_side(tables, theirs)
    if not distances:
        return ""
    first, released = (distances[name] for name in found)
    many = "One combination" if len(cells) == 1 else f"{len(cells)} combinations"
    return (
        f" {many} of loss and noise {'is' if len(cells) == 1 else 'are'} run with two weight decays: with that of the "
        f"authors' first scripts our accuracies lie on average {first:.1f} points from their tables; with that of "
        f"their released code {released:.1f} points"
        + (" (too few seeds to decide)." if cells["n"].min() < contrasts.rules(usual)["few_seeds"] else ".")
    )


def _made(planned, records):
    """How many of planned runs, as a study gives them, have a record."""
    wanted = {(config["protocol"], *_run(config)) for config, _ in planned}
    return len(wanted & {(record["config"]["protocol"], *_run(record["config"])) for record in records})


def _run(config):
    return config["loss"]["spec"], frames.setting_of(config), config["seed"]


def _decides(judged):
    """How many claims the runs of the full protocol on MNIST decide, as the end of a sentence."""
    of = {name: one.outcome for name, ones in judged.items() for one in ones if one.scope == marks.MNIST_FULL}
    decided = [name for name, outcome in of.items() if outcome not in ("undecided", "not run")]
    if len(decided) == len(of):
        return ""
    ours = all(list(claims.get(name).asserted) == ["project"] for name in decided)
    text = f"; so far they decide {len(decided) or 'none'} of {len(of)} claims"
    return f"{text}, none of the paper's or a report's" if decided and ours else text


def _collapse(judged, records):
    """What became of the prediction which cells end with one answer; empty until all of its cells are run."""
    names = (PREDICTED, ALSO_PREDICTED)
    found = [one.found for name in names for one in judged[name] if one.scope == marks.MNIST_FULL]
    rows, others = ([row for part in one.evidence for row in part.rows] for one in found)
    if not all(row.n for row in rows + others):
        return ""
    cells = sum(row.n for row in rows)
    right, also = (sum(round(row.n * row.effect / 100) for row in of) for of in (rows, others))
    expected = sum(len(test["yes"]) for test in claims.get(PREDICTED).tests_in(marks.MNIST_FULL))
    never = f", so that a forecast of 'none at all' would have been right in {cells - expected}" * (right == cells)
    runs = Counter(
        (spec if config["protocol"] == marks.MNIST_FULL else f"{spec} @ {config['protocol']}", setting)
        for config in (record["config"] for record in records)
        for spec, setting, _ in [_run(config)]
    )
    numbers = [runs[cell] for row in rows for cell in row.needs]
    return (
        " Which combinations of loss, noise and training end with one answer to every image was computed before "
        f"the runs ({seeds(min(numbers), max(numbers))} each); it came true in {right} of {cells}. One answer was "
        f"expected in {expected}{never}. By a second criterion, stability, it came true in {also}."
    )


def _stands_for(records):
    """How far the scaled-down runs put the losses in the order of runs of the full protocol, in three sentences."""
    found = [record for record in records if record["config"]["protocol"] == marks.SMALL]
    if not found:
        return ""
    table = frames.frame(found)
    authors = {cell: of.mean for cell, of in reproductions.figures(*AUTHORS).items()}
    authors, wang = (yardstick.orders(table, theirs) for theirs in (authors, published.means("wang2024")))
    return (
        f"After the last epoch they put {SAME_PAIRS} of losses in the order of the authors' tables "
        f"{_same_order(authors, 'last')}. At the best epoch, chosen on test images, they do so "
        f"{_same_order(authors, 'best')}. For {wang['losses'].max()} losses that Wang et al. retrained in full they do "
        f"so {_same_order(wang, 'last')}, at the best epoch {_same_order(wang, 'best')}."
    )


def _same_order(orders, figure):
    """At which rates of symmetric noise so many pairs of losses stand in the same order."""
    tau = orders.set_index("setting")[figure]
    same = [setting for setting in SYMMETRIC if tau.get(setting, 0.0) >= SAME_ORDER]
    only = "only " * (len(same) < len(SYMMETRIC))
    return f"{only}{where(same, SYMMETRIC)}" if same else "at no rate"


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
        text = "If labels are confused with similar classes only, neither sum is shown to be better than cross-entropy"
        for loss, cells in confused.items():
            if worse := [setting for setting, cell in cells.items() if cell.sign < 0]:
                text += f"; {called(loss)} is shown to be worse {where(worse, ASYMMETRIC)} in the classes concerned"
        lines.append(("small", f"{text}."))
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
