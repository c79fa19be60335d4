"""The questions that matter most: answers in plain words, each with the evidence that it rests on, and the numbers.

An answer is a line for each kind of evidence that has something to say: a proof, the authors' own figures, our runs of
a full protocol, our runs scaled down. Every word of it is chosen by what the records say.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from nlr.book import control, decay, display, marks, unrounded, verdict_tables
from nlr.book.sentences import ASYMMETRIC, BETTER, NAMES, SYMMETRIC, listed, sentences, where
from nlr.evidence import claims, contrasts, frames, matched, published, wording
from nlr.evidence.verdicts import MATHEMATICS
from nlr.evidence.wording import markdown, signed, with_interval

AUTHORS = ("HX-HX1-CIFAR10", "cifar10", marks.FULL)  # source, family of its data, protocol whose losses it has
NONE = "not available to us"
HALF = 50  # per cent of the right labels fitted
FEWER = 5  # points from which fewer is called clear in a comparison without interval


@dataclass(frozen=True)
class Question:
    """One of the questions that matter most.

    Attributes:
        name: a short name, for links to it.
        text: the question.
        claims: the claims that answer it.
        contrasts: triples (figure, pair of losses, settings) that it is read off.
        proof: the claim of mathematics that has a word in it, with a sentence for each outcome that it may have.
        said: how many of the contrasts a short answer gives.
        slow: the losses whose longer training is read beside it.
        yes: 1 where the first loss of a contrast doing better means yes, -1 where it means no, 0 where the question is
            not of yes and no.
        word: what is answered for yes; less than that where the contrasts show less than is asked.
        extra: what else the line of our scaled-down runs says: a function of the judgements and the evidence, or None.
        word_in_full, extra_in_full: the same of our runs of a full protocol; the word is another where it says one.
    """

    name: str
    text: str
    claims: tuple
    contrasts: tuple
    proof: tuple = ()
    said: int = 1
    slow: tuple = ()
    yes: int = 1
    word: str = "Yes"
    extra: Callable | None = None
    word_in_full: str = ""
    extra_in_full: Callable | None = None


def _each(pairs, settings, figure="last"):
    return tuple((figure, pair, settings) for pair in pairs)


@dataclass(frozen=True)
class Line:
    """What one kind of evidence answers.

    Attributes:
        mark: a key of :data:`nlr.book.marks.MARKS`.
        word: the answer in a word or a few; may be empty.
        text: the sentences behind it.
    """

    mark: str
    word: str
    text: str


@dataclass(frozen=True)
class Answer:
    """A question answered in short: its lines, and the judgements of its claims that are worth showing."""

    question: Question
    lines: tuple
    judged: tuple


@dataclass(frozen=True)
class Evidence:
    """The differences that each kind of evidence has.

    Attributes:
        tables: our runs by protocol, as :func:`nlr.evidence.contrasts.runs` returns them.
        courses: those of cross-entropy and NCE in the scaled-down protocol epoch by epoch
            (:func:`nlr.evidence.matched.courses`).
    """

    tables: dict
    courses: object

    def differences(self, mark, contrast):
        """``{setting: Difference}`` of a contrast (figure, pair of losses, settings)."""
        figure, pair, settings = contrast
        if mark == "authors":
            return contrasts.printed(*AUTHORS, pair, settings) if figure == "last" else {}
        protocol = marks.MARKS[mark].protocol
        return contrasts.differences(self.tables[protocol], protocol, figure, pair, settings)


def evidence_of(records):
    """The :class:`Evidence` of some records."""
    names = (marks.MNIST_FULL, marks.MNIST_DECAY, marks.SMALL, control.name())
    tables = {name: contrasts.runs(records, name) for name in names}
    pair = [
        record
        for record in records
        if record["config"]["protocol"] == marks.SMALL and record["config"]["loss"]["spec"] in ("ce", "nce")
    ]
    return Evidence(tables, matched.courses(pair))


def in_a_word(question, values, word=""):
    """Yes, no, or that it depends, from the differences that are clear; empty for a question of another kind.

    A loss does better in a setting if it is clearly better by every figure and than every loss it is compared with
    there, and worse if it is clearly worse in one of these. Where the last and the best epoch disagree, it depends on
    the epoch.

    Args:
        question: a :class:`Question`.
        values: as for :func:`sentences`.
        word: what is answered for yes; the question's own where empty.
    """
    if not question.yes:
        return ""
    word = word or question.word
    signs = {}  # by loss and setting: 1, 0 or -1 for each comparison, None where too little is known
    for (figure, (one, _), wanted), cells in values:
        for setting in wanted:
            cell = cells.get(setting)
            known = cell is not None and cell.counted
            signs.setdefault((one, setting), []).append(cell.sign * BETTER[figure] if known else None)
    signs = {place: -1 if -1 in all_ else None if None in all_ else min(all_) for place, all_ in signs.items()}
    seen = {question.yes * sign for sign in signs.values() if sign is not None}
    if not seen:
        return "Not known yet."
    turned = any(cell.turns for _, cells in values for cell in cells.values())
    if {1, -1} <= seen or turned:
        of_loss = {}
        for (one, _), sign in signs.items():
            of_loss.setdefault(one, set()).update({sign} & {1, -1})
        causes = ["the epoch"] * turned
        causes += ["the loss"] * (len({frozenset(signs) for signs in of_loss.values()}) > 1)
        causes += ["the rate"] * any(len(signs) > 1 for signs in of_loss.values())
        return f"It depends on {wording.listed(causes)}."
    so_far = None in signs.values()
    if seen == {1}:
        return f"{word}, in the runs so far." if so_far else f"{word}."
    if 1 in seen:
        return "At some rates."
    if -1 in seen:
        return "No, as far as seen." if so_far else "No."
    beaten = [other for other in _others(values) if all(_better(cells) for cells in _others(values)[other])]
    if beaten:
        rest = [other for other in _others(values) if other not in beaten]
        return f"Better than {listed(beaten)}, but not clearly better than {listed(rest)}."
    return "Too close to call."


def _others(values):
    """The differences by the second loss: ``{loss: [{setting: Difference}]}``."""
    out = {}
    for (_, (_, other), _), cells in values:
        out.setdefault(other, []).append(cells)
    return out


def _better(cells):
    return bool(cells) and all(cell.sign > 0 for cell in cells.values())


# What else our runs say


def _selective(judged, evidence):
    """Whether NCE is selective or merely slow: at equal progress, and with longer training."""
    return " ".join(filter(None, [_at_equal_progress(evidence), control.of_nce(judged, "memorised")]))


def _at_equal_progress(evidence):
    """What NCE has memorised, beside cross-entropy, where half of the right labels are fitted."""
    table = matched.against(matched.levels(evidence.courses, "clean_part"))
    half = table[table["level"] == HALF].set_index("setting")["difference"]
    there = [setting for setting in SYMMETRIC if setting in half]
    if not there:
        return ""
    fewer = [setting for setting in there if half[setting] < -FEWER]
    text = "Compared at equal progress, half of the right labels being fitted, NCE has memorised"
    if not fewer:
        return f"{text} about as many wrong labels: it learns everything more slowly, right labels and wrong ones."
    rates = where(fewer, SYMMETRIC)
    if fewer == there:
        return f"{text} clearly fewer wrong labels {rates}."
    rest = "At the other rates it learns everything more slowly, right labels and wrong ones."
    return f"{text} clearly fewer wrong labels only {rates}. {rest}"


def _fitted(_, evidence):
    """What NCE and cross-entropy fit of the right labels and of the wrong ones on MNIST, in two sentences.

    Empty where no rate is counted.
    """
    cells = evidence.differences("full", ("clean_part", ("nce", "ce"), SYMMETRIC))
    counted = [setting for setting, cell in cells.items() if cell.counted]
    if not counted:
        return ""
    table = evidence.tables[marks.MNIST_FULL]
    table = table[table["setting"].isin(counted)]

    def span(loss, figure):
        means = table.loc[table["loss"] == loss].groupby("setting")[figure].mean()
        return " to ".join(dict.fromkeys(f"{end:.0f}" for end in (means.min(), means.max())))

    right, wrong = ((span("nce", figure), span("ce", figure)) for figure in ("clean_part", "memorised"))
    return (
        f"Of the right labels NCE fits {right[0]} %; cross-entropy fits {right[1]} %. Of the wrong ones NCE memorises "
        f"{wrong[0]} %; cross-entropy memorises {wrong[1]} %."
    )


def chance(judged, _=None):
    """How far runs of one function that is written in two ways lie apart."""
    found = [one.found for one in judged["C68"] if one.found and one.scope == marks.SMALL]
    effects = [abs(row.effect) for one in found for part in one.evidence for row in part.rows if row.n]
    if not effects:
        return ""
    text = "With the weights matched the two are one function; their runs then differ by up to"
    return f"{text} {max(effects):.1f} points, by chance."


QUESTIONS = (
    Question(
        "normalising",
        "Does normalising make cross-entropy robust?",
        ("C2", "C17", "C9"),
        _each([("nce", "ce")], SYMMETRIC) + _each([("nce", "ce")], SYMMETRIC, "memorised"),
        (
            "C2",
            {
                "held": "Yes, for unlimited data: if a wrong label is equally likely to be any other class, and right "
                "labels stay the most common, the classifier that minimises NCE is the same as with clean labels. It "
                "says nothing about a network that can memorise its finite training set.",
            },
        ),
        said=2,
        slow=("ce", "nce"),
        extra=_selective,
    ),
    Question(
        "underfitting",
        "Does NCE learn too slowly?",
        ("C11", "C63"),
        _each([("nce", "ce")], SYMMETRIC, "clean_part"),
        yes=-1,
        word="It learns more slowly",  # whether that is too slow is for the claims
        slow=("ce", "nce"),
        extra=lambda judged, _: control.of_nce(judged),
        word_in_full="It fits fewer right labels",  # where nearly all are fitted this is not slowness
        extra_in_full=_fitted,
    ),
    Question(
        "parts",
        "Is the sum better than both its parts?",
        ("C29", "C65"),
        _each([("nce+mae", "nce"), ("nce+mae", "mae"), ("nce+rce", "nce"), ("nce+rce", "rce")], SYMMETRIC),
        said=4,
        slow=("nce", "mae", "rce", *control.SUMS),
        extra=control.of_sums,
    ),
    Question(
        "baselines",
        "Is it better than cross-entropy and other robust losses?",
        ("C28", "C30", "C62"),
        _each([("nce+mae", "ce"), ("nce+rce", "ce"), ("nce+rce", "gce"), ("nce+rce", "sce")], SYMMETRIC),
        said=4,
        slow=("ce", "gce", "sce", *control.SUMS),
        extra=control.of_sums,
    ),
    Question(
        "weight",
        "Does it matter whether MAE or RCE is added?",
        ("C6", "C39", "C68"),
        _each([("nce+rce", "nce+mae")], SYMMETRIC),
        (
            "C6",
            {
                "held": "Only by its weight: RCE is a multiple of MAE, so NCE+RCE is NCE+MAE with more weight on MAE.",
            },
        ),
        yes=0,
        extra=chance,
    ),
    Question(
        "asymmetric",
        "What if labels are confused with similar classes only (asymmetric noise; rates are those of five classes)?",
        ("C4", "C42", "C49", "C50"),
        _each([("nce", "ce"), ("nce+mae", "ce"), ("nce+rce", "ce")], ASYMMETRIC),
        (
            "C4",
            {
                "did not hold": "The proof does not carry over: the classifier that minimises NCE is then no longer "
                "the one of clean labels.",
            },
        ),
        said=3,
        yes=0,
    ),
)


# Answers


def short_answers(judged, records):
    """An :class:`Answer` to each question.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        records: the records that it was given.
    """
    evidence = evidence_of(records)
    return [Answer(question, _lines(question, judged, evidence), _shown(question, judged)) for question in QUESTIONS]


def _lines(question, judged, evidence):
    out = []
    if question.proof:
        claim, said = question.proof
        outcomes = [one.outcome for one in judged[claim] if one.scope == MATHEMATICS]
        text = said.get(*outcomes) if outcomes else None
        out.append(Line("proof", "", text or "Not settled by a proof yet."))
    for mark in ("authors", "full", "small"):
        values = [(contrast, evidence.differences(mark, contrast)) for contrast in question.contrasts[: question.said]]
        if mark != "small":
            values = [(contrast, cells) for contrast, cells in values if cells]
        if values:
            out.append(_of_runs(mark, question, values, judged, evidence))
    return tuple(out)


def _of_runs(mark, question, values, judged, evidence):
    """The line of one kind of runs; that of the full ones names the weight decay and what another one turns round."""
    extra = {"small": question.extra, "full": question.extra_in_full}.get(mark)
    said = [sentences(values), extra(judged, evidence) if extra else ""]
    if mark == "full":
        said.append(decay.turned(evidence, [contrast for contrast, _ in values]))
    word = in_a_word(question, values, question.word_in_full if mark == "full" else "")
    text = " ".join(filter(None, said))
    if mark == "full" and any(cell.counted for _, cells in values for cell in cells.values()):
        word, text = (decay.limited(word), text) if word else (word, decay.limited(text))
    return Line(mark, word, text)


def _shown(question, judged):
    """Judgements of mathematics and of the main protocol, whatever they are, and those of others that have runs.

    Of a claim that has none of these all are shown, so that it is seen what it waits for.
    """
    out = []
    for name in question.claims:
        kept = [one for one in judged[name] if one.scope in (MATHEMATICS, marks.SMALL) or one.outcome != "not run"]
        out += kept or judged[name]
    return tuple(out)


def answer_list(answers):
    """Answers as a definition list in MyST: a line for each kind of evidence with its mark, and the verdicts."""
    items = []
    for one in answers:
        lines = [_line(line) for line in one.lines]
        badges = verdict_tables.badges(one.judged)
        body = "\n\n  ".join(
            [*lines, *([f":::{{dropdown}} Verdicts on single claims\n  {badges}\n  :::"] if badges else [])]
        )
        items.append(f"[{one.question.text}](#{label(one.question)})\n: {body}")
    return ":::::{div} answers\n" + "\n\n".join(items) + "\n:::::"


def _line(line):
    """A line with its mark, as MyST."""
    return f"{marks.badge(line.mark)} {f'**{line.word}** ' * bool(line.word)}{line.text}"


def label(question):
    """The label of a question's section on the page of the verdicts."""
    return f"question-{question.name}"


# Numbers


def difference_table(evidence, pairs, settings, kinds=("authors", "full", "small")):
    """Differences in accuracy as a Markdown table: a row a pair and kind of evidence, a column a rate.

    A cell has the last epoch, and behind a bar the best one, chosen on the test set. What is not clear is in brackets.
    """
    rows = []
    for pair in pairs:
        for mark in kinds:
            cells = evidence.differences(mark, ("last", pair, settings))
            if cells:
                name = f"{pair[0].upper()} − {pair[1].upper()}"
                rows.append([name, marks.name(mark), *(_cell(cells.get(setting)) for setting in settings)])
    head = ["difference in points, last epoch | best epoch", "evidence", *(s.replace("-", " ") for s in settings)]
    return markdown([head[0].replace("|", "\\|"), *head[1:]], rows, len(settings)) if rows else ""


def _cell(cell):
    if cell is None:
        return "–"
    last = signed(cell.effect) if cell.sign else f"({signed(cell.effect)})"
    if math.isnan(cell.best):
        return last
    clear = cell.counted and (cell.best_low > 0 or cell.best_high < 0)
    return f"{last} \\| {signed(cell.best) if clear else f'({signed(cell.best)})'}"


PAIRS = (
    ("nce", "ce"),
    ("nce+mae", "ce"),
    ("nce+rce", "ce"),
    ("nce+mae", "nce"),
    ("nce+mae", "mae"),
    ("nce+rce", "rce"),
)


def numbers(records):
    """The differences behind the answers, under both kinds of noise, with how to read them."""
    evidence = evidence_of(records)
    tables = [difference_table(evidence, pairs, s) for pairs, s in ((PAIRS, SYMMETRIC), (PAIRS[:3], ASYMMETRIC))]
    return "\n\n".join([*filter(None, tables), how_to_read()])


def reading():
    """What holds for all short answers, once."""
    few = contrasts.rules(marks.SMALL)["few_seeds"]
    return (
        "Accuracy is on clean test images after the last epoch. The best epoch is named where it says otherwise; it is "
        "each loss's own and chosen on the test images, so it flatters. Labels are wrong at random, every other class "
        f"being equally likely, except in the last question. *More* and *less* stand where at least {few} seeds and a "
        "95 % interval show it; else it is *too close to call*, or there are *too few runs*. A network *fits* or "
        "*memorises* a label when it predicts it in training."
    )


def how_to_read():
    """How differences are to be read, in two sentences."""
    return (
        "In points of accuracy on clean test images; behind the bar the best epoch, chosen on the test set. In "
        f"brackets: not clear, for the 95 % interval includes zero or there are fewer than "
        f"{contrasts.rules(marks.SMALL)['few_seeds']} seeds."
    )


# The page of the verdicts


def answered(judged, records):
    """The questions as MyST: each with its lines, its claims, and our differences beside those of others."""
    evidence, parts = evidence_of(records), []
    for question in QUESTIONS:
        lines = _lines(question, judged, evidence)
        rows = [_row(contrast, evidence.differences("small", contrast)) for contrast in question.contrasts]
        parts += [
            f"({label(question)})=\n### {question.text}",
            "\n\n".join(_line(line) for line in lines),
            "\n".join(f"- {line}" for line in claim_lines(question, judged)),
            markdown(["difference", "last epoch", "best epoch, chosen on the test set", "over", "others"], rows, 2),
            display.numbers_of(
                _numbers(question, evidence), f"question-{question.name}", f"the table on: {question.text}"
            ),
            *_control(question, judged),
        ]
    return "\n\n".join(filter(None, [*parts, f"{what_is_clear()} {in_full(judged)}"]))


def _control(question, judged):
    """What longer training changes in a question's losses: a table with its numbers, or that its runs are missing."""
    if not question.slow:
        return []
    below = display.numbers_of(
        control.numbers(judged, question.slow),
        f"control-{question.name}",
        f"the table of longer training on: {question.text}",
    )
    return [control.table(judged, question.slow), below]


def _numbers(question, evidence):
    """The differences of a question's table setting by setting, ours and then those that others print."""
    ours, others, rows = f"ours, {marks.SMALL}", published.names(), []
    for figure, (one, other), wanted in question.contrasts:
        pair = {"figure": NAMES[figure], "loss": one, "other": other}
        for setting, cell in evidence.differences("small", (figure, (one, other), wanted)).items():
            rows.append(pair | {"setting": setting, "by": ours, "n": cell.n, "exploratory": cell.exploratory})
            names = ("effect", "low", "high", "best", "best_low", "best_high")
            rows[-1] |= {name: getattr(cell, name) for name in names}
        for key in others if figure == "last" else ():
            means = published.means(key)
            there = [s for s in wanted if key != "joshi" and (one, s) in means and (other, s) in means]
            rows += [pair | {"setting": s, "by": others[key], "effect": means[one, s] - means[other, s]} for s in there]
    return unrounded.named(
        pd.DataFrame(rows),
        ["figure", "loss", "other", "setting", "by", "n", "exploratory", "low", "high"],
        effect="difference (points)",
        best="best epoch, difference (points)",
        best_low="best epoch, 95 % interval, low",
        best_high="best epoch, 95 % interval, high",
    )


def _row(contrast, cells):
    figure, (one, other), wanted = contrast
    name = f"{one} − {other}, {NAMES[figure]}"
    if not cells:
        return [name, "missing", "–", frames.short_names(wanted), others_text(contrast, wanted)]
    ends = [_span([cell.effect for cell in cells.values()]), _span([cell.best for cell in cells.values()])]
    numbers_of = [cell.n for cell in cells.values()]
    over = f"{frames.short_names(cells)}; {wording.seeds(min(numbers_of), max(numbers_of))}"
    over += ", exploratory" * all(cell.exploratory for cell in cells.values())
    if len(cells) == 1:
        (cell,) = cells.values()
        ends = [
            with_interval(cell.effect, cell.low, cell.high),
            "–" if math.isnan(cell.best) else with_interval(cell.best, cell.best_low, cell.best_high),
        ]
    return [name, *ends, over, others_text(contrast, tuple(cells))]


def _span(effects):
    if any(math.isnan(effect) for effect in effects):
        return "–"
    return " to ".join(dict.fromkeys(signed(end) for end in (min(effects), max(effects))))


def claim_lines(question, judged):
    """A line for each claim that answers a question: its statement, and its verdicts."""
    return [
        _statement(name, [one for one in _shown(question, judged) if one.claim == name]) for name in question.claims
    ]


def _statement(name, judgements):
    shown = "; ".join(f"{verdict_tables.badge(one)} {verdict_tables.limited(one)}" for one in judgements)
    return f"{claims.load()[name].statement.removesuffix('.')} ({name}): {shown}."


def in_full(judged):
    """How many of the questions' claims are decided in a full protocol, and how many undecided."""
    names = dict.fromkeys(name for question in QUESTIONS for name in question.claims)
    out = []
    for scope in (marks.FULL, marks.MNIST_FULL):
        outcomes = [one.outcome for name in names for one in judged[name] if one.scope == scope]
        undecided = outcomes.count("undecided")
        decided = len(outcomes) - outcomes.count("not run") - undecided
        out.append(f"in `{scope}` {decided or 'none'} of {len(outcomes)} {'are' if decided > 1 else 'is'} decided")
        out[-1] += f" and {undecided} {'are' if undecided > 1 else 'is'} undecided" * bool(undecided)
    return f"Of the claims behind these questions that can be tested in a full protocol: {'; '.join(out)}."


def what_is_clear():
    """The rule by which a difference is named, in a sentence."""
    few = contrasts.rules(marks.SMALL)["few_seeds"]
    return (
        f"A difference is named where it rests on at least {few} seeds and its own 95 % interval excludes zero; it is "
        "taken singly, without the correction for many comparisons that a verdict makes."
    )


def others_text(contrast, settings):
    """The same difference in accuracy as others print it, over some settings."""
    figure, (one, other), _ = contrast
    if figure != "last":
        return NONE
    parts = []
    for key, name in published.names().items():
        if key == "joshi":  # judged against noisy labels: no accuracy
            continue
        means = published.means(key)
        there = [s for s in settings if (one, s) in means and (other, s) in means]
        if there:
            mean = sum(means[one, s] - means[other, s] for s in there) / len(there)
            short = "" if tuple(there) == tuple(settings) else f" ({frames.short_names(there)})"
            parts.append(f"{name} {signed(mean)}{short}")
    return "; ".join(parts) or NONE
