"""The questions that matter most: their claims with verdicts, and our differences beside those of others."""

from dataclasses import dataclass

import pandas as pd

from nlr.book import verdict_tables
from nlr.book.verdict_tables import markdown
from nlr.evidence import claims, frames, published, statistics, wording
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.verdicts import MATHEMATICS
from nlr.evidence.wording import signed, with_interval
from nlr.study import protocols

MAIN = "ma2020-small"  # the protocol that the questions are answered in
FULL = "ma2020"  # the one that it stands for
NONE = "not available to us"
NAMES = {"last": "accuracy", "memorised": "wrong labels memorised", "clean_part": "right labels fitted"}
BETTER = {"last": 1, "memorised": -1, "clean_part": 1}  # which sign of a difference is to a loss's credit
SAID = {  # a verb, and what stands behind it where a loss has more of the figure and where less
    "last": ("is", "more accurate", "less accurate"),
    "memorised": ("memorises", "more wrong labels", "fewer wrong labels"),
    "clean_part": ("fits", "more right labels", "fewer right labels"),
}


@dataclass(frozen=True)
class Question:
    """One of the questions that matter most.

    Attributes:
        name: a short name, for links to it.
        text: the question.
        claims: the claims that answer it.
        contrasts: triples (figure, pair of losses, settings): what is read off the records beside the verdicts.
        first: how many of these a short answer gives; more than one where one alone would mislead.
        control: the figure of which an answer says what the control's longer training adds; mostly empty.
        yes: 1 where the first loss of a contrast doing better means yes, -1 where it means no, 0 where the question is
            not of yes and no.
    """

    name: str
    text: str
    claims: tuple
    contrasts: tuple
    first: int = 1
    control: str = ""
    yes: int = 1


SYMMETRIC = ("symmetric-0.2", "symmetric-0.4", "symmetric-0.6", "symmetric-0.8")
ASYMMETRIC = ("asymmetric-0.1", "asymmetric-0.2", "asymmetric-0.3", "asymmetric-0.4")
HIGH = SYMMETRIC[1:]


def _each(pairs, settings, figure="last"):
    return tuple((figure, pair, settings) for pair in pairs)


QUESTIONS = (
    Question(
        "normalising",
        "Does normalising make cross-entropy robust?",
        ("C2", "C17", "C9"),
        _each([("nce", "ce")], SYMMETRIC) + _each([("nce", "ce")], SYMMETRIC, "memorised"),
        first=2,
    ),
    Question(
        "underfitting",
        "Does NCE underfit?",
        ("C11", "C63"),
        _each([("nce", "ce")], SYMMETRIC, "clean_part"),
        control="clean_part",
        yes=-1,
    ),
    Question(
        "parts",
        "Does an active-passive sum beat its parts?",
        ("C29", "C65"),
        _each([("nce+mae", "nce"), ("nce+mae", "mae"), ("nce+rce", "nce"), ("nce+rce", "rce")], SYMMETRIC),
        first=4,
    ),
    Question(
        "baselines",
        "Does it beat cross-entropy and the baselines at rates 0.4 to 0.8?",
        ("C28", "C30", "C62"),
        _each([("nce+mae", "ce"), ("nce+rce", "ce"), ("nce+rce", "gce"), ("nce+rce", "sce")], HIGH),
        first=4,
    ),
    Question(
        "weight",
        "Is it MAE or RCE, or only the weight?",
        ("C6", "C68"),
        _each(
            [("nce+rce", "nce+mae"), ("nce+rce", "nce+mae,beta=9.21")],
            ("symmetric-0.4", "symmetric-0.8", "asymmetric-0.4"),
        ),
        first=2,
        yes=0,
    ),
    Question(
        "asymmetric",
        "What does asymmetric noise do?",
        ("C4", "C42", "C49", "C50"),
        _each([("nce", "ce"), ("nce+mae", "ce"), ("nce+rce", "ce")], ASYMMETRIC),
        first=3,
        yes=0,
    ),
)

UNDERFITTING = "C63"  # a claim that is read beside the control
DECIDED = {  # a question that the verdict on one claim answers: that claim, and the answer by its outcome
    "weight": (
        "C68",
        {
            "held": "Only the weight",
            "partly": "The weight, but not everywhere",
            "did not hold": "Not the weight alone",
            "undecided": "Not decided yet",
        },
    ),
    "asymmetric": (
        "C49",
        {
            "held": "Every loss loses accuracy as the rate grows",
            "partly": "Not every loss loses accuracy as the rate grows",
            "did not hold": "No loss is seen to lose accuracy as the rate grows",
            "undecided": "Not decided yet",
        },
    ),
}


def answered(judged, records):
    """The questions as MyST: each in words, with its claims, and with our differences beside those of others."""
    table, parts = _main_runs(records), []
    for question in QUESTIONS:
        values = [(contrast, contrast_value(table, contrast)) for contrast in question.contrasts]
        rows = [
            [contrast_name(contrast), value_text(value), basis_text(value), others_text(contrast, value)]
            for contrast, value in values
        ]
        first = values[: question.first]
        said = [text for text, _ in _in_words(first)]
        parts += [
            f"({label(question)})=\n### {question.text}",
            " ".join([*_bold(in_a_word(question, first, judged)), *(f"{text}." for text in said)]),
            " ".join(_longer(judged, [question.control])),
            "\n".join(f"- {line}" for line in answers(question, judged)),
            markdown(["difference", "ours", "ours is over", "others"], rows, 1),
        ]
    return "\n\n".join(filter(None, [*parts, f"{what_is_clear()} {in_full(judged)}"]))


@dataclass(frozen=True)
class Answer:
    """A question answered in short.

    Attributes:
        question: the :class:`Question`.
        word: the answer in a word or a few, see :func:`in_a_word`; may be empty.
        said: pairs (sentence, numbers in brief) for its first contrasts, numbers empty where there are none.
        control: what the control's longer training changes, a sentence; mostly empty.
        judged: the judgements of its claims, those of the full protocol once they have runs.
    """

    question: Question
    word: str
    said: tuple
    control: str
    judged: tuple


def short_answers(judged, records):
    """An :class:`Answer` to each question."""
    table = _main_runs(records)
    found = []
    for question in QUESTIONS:
        values = [(contrast, contrast_value(table, contrast)) for contrast in question.contrasts[: question.first]]
        control = _of_control(judged, question) if question.control else ""
        mine = tuple(one for name in question.claims for one in _worth_showing(judged[name]))
        word = in_a_word(question, values, judged)
        found.append(Answer(question, word, _in_words(values, brief=True), control, mine))
    return found


def answer_list(found):
    """Answers as a definition list in MyST: of each question the answer, its numbers set smaller, and its verdicts."""
    items = []
    for one in found:
        said = [f"{text}.{f' [{numbers}.]{{.numbers}}' * bool(numbers)}" for text, numbers in one.said]
        verdicts = {}
        for each in one.judged:
            without = each.without_exploratory()
            verdicts.setdefault(each.claim, []).append(
                f"{verdict_tables.badge(each)} [{each.scope}{f' ({without})' * bool(without)}]{{.verdict-scope}}"
            )
        badges = [f"[{name} {', '.join(shown)}]{{.claim-verdict}}" for name, shown in verdicts.items()]
        paragraphs = [" ".join([*_bold(one.word), *said, *filter(None, [one.control])]), " ".join(badges)]
        items.append(f"[{one.question.text}](#{label(one.question)})\n: " + "\n\n  ".join(paragraphs))
    return ":::{div} answers\n" + "\n\n".join(items) + "\n:::"


def plain_list(found):
    """Answers as a list in plain Markdown."""
    items = []
    for one in found:
        said = [f"{text}{f' ({numbers})' * bool(numbers)}." for text, numbers in one.said]
        items.append(" ".join([f"- **{one.question.text}**", *filter(None, [one.word, *said, one.control])]))
    return "\n".join(items)


def label(question):
    """The label of a question's section on the page of the verdicts."""
    return f"question-{question.name}"


def in_a_word(question, values, judged):
    """Yes, no, or that it depends, from the differences that are clear; empty for a question of another kind.

    Where the verdict on one claim is the answer (:data:`DECIDED`), it is that.

    A loss does better in a setting if it is clearly better by every figure and than every loss it is compared with
    there, and worse if it is clearly worse in one of these. Comparisons with exploratory runs alone do not count.

    Args:
        question: a :class:`Question`.
        values: pairs of a contrast and its :class:`Value`.
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
    """
    if question.name in DECIDED:
        claim, said = DECIDED[question.name]
        (outcome,) = [one.outcome for one in judged[claim] if one.scope == MAIN]
        return f"{said[outcome]}." if outcome in said else "Not known yet."
    if not question.yes:
        return ""
    signs = {}  # by loss and setting: 1, 0 or -1 for each comparison, None where it is missing
    for (figure, (one, _), wanted), value in values:
        for setting in wanted:
            estimate = value.cells.get(setting)
            known = estimate and estimate.df and setting not in value.early
            better = 1 if known and estimate.effect * BETTER[figure] > 0 else -1
            sign = (better if is_clear(estimate) else 0) if known else None
            signs.setdefault((one, setting), []).append(sign)
    signs = {where: -1 if -1 in found else None if None in found else min(found) for where, found in signs.items()}
    found = {question.yes * sign for sign in signs.values() if sign is not None}
    if not found:
        return "Not known yet."
    if {1, -1} <= found:
        of_loss = {}
        for (one, _), sign in signs.items():
            of_loss.setdefault(one, set()).update({sign} & {1, -1})
        causes = ["the loss"] * (len({frozenset(signs) for signs in of_loss.values()}) > 1)
        causes += ["the rate"] * any(len(signs) > 1 for signs in of_loss.values())
        return f"It depends on {' and '.join(causes)}."
    text = "At some rates" if 1 in found else "No" if -1 in found else "No clear difference"
    if found == {1}:
        text = "So far, yes" if None in signs.values() else "Yes"
    return f"{text}, at {claims.updates(MAIN):,} updates." if question.control else f"{text}."


def _bold(text):
    return [f"**{text}**"] if text else []


def _in_words(values, brief=False):
    """Contrasts in words, as pairs (sentence, numbers): those that differ in the second loss alone stand together.

    The numbers are the lowest and the highest difference, or the one there is with its interval.
    """
    together = {}
    for (figure, (one, other), wanted), value in values:
        if value.estimate is None:
            text = f"{one} less {_OTHER}, {NAMES[figure]}: no run yet"
        elif not value.estimate.df:
            text = f"{one} less {_OTHER}, {NAMES[figure]}: {value_text(value)} points ({basis_text(value)})"
        else:
            text = in_words((figure, (one, _OTHER), wanted), value, brief)
        together.setdefault(text, []).append((other, value))
    out = []
    for text, found in together.items():
        known = [value for _, value in found if value.estimate and value.estimate.df]
        effects = [estimate.effect for value in known for estimate in value.cells.values()]
        numbers = value_text(known[0]) if len(effects) == 1 else ""
        if len(effects) > 1:
            numbers = f"{signed(min(effects))} to {signed(max(effects))}"
        others = wording.listed(other for other, _ in found)
        out.append((text.replace(_OTHER, others), f"{numbers} points" if numbers else ""))
    return tuple(out)


_OTHER = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for a loss until it is known which others share the sentence


def _worth_showing(judgements):
    """Verdicts of mathematics and of the main protocol, whatever they are, and those of others once they have runs."""
    return [one for one in judgements if one.scope in (MATHEMATICS, MAIN) or one.outcome != "not run"]


def answers(question, judged):
    """A line for each claim that answers a question: its statement, and its verdicts."""
    return [_statement(name, _worth_showing(judged[name])) for name in question.claims]


def _statement(name, judgements):
    """A claim's statement with its verdicts."""
    shown = "; ".join(f"{verdict_tables.badge(one)} {verdict_tables.limited(one)}" for one in judgements)
    return f"{claims.load()[name].statement.removesuffix('.')} ({name}): {shown}."


def in_full(judged):
    """How many of the questions' claims have a verdict in the full protocol."""
    names = dict.fromkeys(name for question in QUESTIONS for name in question.claims)
    found = [one.outcome for name in names for one in judged[name] if one.scope == FULL]
    settled = len(found) - found.count("not run")
    return f"In the full protocol, `{FULL}`, {settled or 'none'} of the {len(found)} claims above have a verdict."


def underfitting(judged):
    """What is known of slow losses, as an item of a list: how far verdicts on them reach, and what the control adds."""
    control = _rules()["control"][MAIN]
    text = "- **Underfitting.** A loss that learns slowly may only need more updates, so claims that turn on this are "
    text += f"judged beside a control, protocol `{control}`, and hold for the updates beside their badges alone."
    return " ".join([text, *(_longer(judged, ["last", "clean_part"]) or ["The control's runs are missing."])])


def _of_control(judged, question):
    """How the control's longer training changes the loss of a question, in a sentence; empty without runs."""
    loss = question.contrasts[0][1][0]
    gains = {}
    for part in _found_control(judged):
        for row in part.rows:
            if row.n and row.needs[1][0] == loss:
                gains[part.test["figure"]] = with_interval(row.effect, row.low, row.high)
                where, seeds = frames.short_name(row.needs[1][1]), wording.seeds(row.n, row.n)
    if set(gains) < {question.control, "last"}:
        return ""
    longer, usual = (protocols.load(name)["training"]["epochs"] for name in (_rules()["control"][MAIN], MAIN))
    return (
        f"With {longer / usual:g} times the epochs the {NAMES[question.control]} by {loss} change by "
        f"{gains[question.control]} points, its accuracy by {gains['last']} ({where}; {seeds})."
    )


def _found_control(judged):
    """The evidence of the control."""
    (found,) = [one.found for one in judged[UNDERFITTING] if one.scope == MAIN]
    return found.control


def _longer(judged, figures):
    """What the control's longer training adds to some figures, a sentence each; none for a figure without its runs."""
    out = []
    for part in _found_control(judged):
        rows = [row for row in part.rows if row.n]
        if rows and part.test["figure"] in figures:
            gains = wording.listed(f"{row.needs[1][0]} {with_interval(row.effect, row.low, row.high)}" for row in rows)
            where = frames.short_names(dict.fromkeys(row.needs[1][1] for row in rows))
            what = FIGURES[part.test["figure"]][2]
            out.append(
                f"What the longer training of the control adds to the {what}, in points: {gains} ({where}; "
                f"{_seeds(row.n for row in rows)})."
            )
    return out


def _seeds(numbers):
    numbers = list(numbers)
    return wording.seeds(min(numbers), max(numbers))


def _main_runs(records):
    """The runs of the main protocol as :mod:`nlr.evidence.statistics` takes them, with the figures of the questions."""
    used = {contrast[0] for question in QUESTIONS for contrast in question.contrasts}
    rows = [
        {
            "loss": r["config"]["loss"]["spec"],
            "setting": frames.setting_of(r["config"]),
            "seed": r["config"]["seed"],
            "exploratory": r["facts"]["purpose"] == "exploratory",
        }
        | {name: FIGURES[name][0](r) for name in used}
        for r in records
        if r["config"]["protocol"] == MAIN
    ]
    return pd.DataFrame(rows, columns=["loss", "setting", "seed", "exploratory", *used])


@dataclass(frozen=True)
class Value:
    """A mean difference of two losses over the settings that both have runs in.

    Attributes:
        estimate: the :class:`nlr.evidence.statistics.Estimate`, or None where there is no such setting.
        cells: the same of each setting that is in it.
        wanted: the settings asked for.
        early: the settings in which every run in it is exploratory.
    """

    estimate: statistics.Estimate | None
    cells: dict
    wanted: tuple
    early: frozenset

    @property
    def settings(self):
        """The settings in it."""
        return tuple(self.cells)


def contrast_value(table, contrast):
    """The :class:`Value` of a contrast, from a table of runs with loss, setting, seed, exploratory and its figure."""
    figure, (one, other), wanted = contrast
    single = [statistics.Contrast(setting, ((one, setting, 1.0), (other, setting, -1.0))) for setting in wanted]
    found = zip(wanted, statistics.estimates(table, figure, single), strict=True)
    cells = {setting: estimate for setting, estimate in found if estimate}
    if not cells:
        return Value(None, {}, wanted, frozenset())
    estimate = statistics.mean_estimate(table, figure, [contrast for contrast in single if contrast.label in cells])
    early = table[table["exploratory"]]
    early = set(zip(early["loss"], early["setting"], early["seed"], strict=True))
    return Value(estimate, cells, wanted, frozenset(s for s, one in cells.items() if set(one.used) <= early))


def contrast_name(contrast):
    """``NCE − CE, accuracy``."""
    figure, (one, other), _ = contrast
    return f"{one} − {other}, {NAMES[figure]}"


def in_words(contrast, value, brief=False):
    """Where a loss has more and where less: ``nce is more accurate than ce at symmetric 0.4 and less accurate at 0.2``.

    A difference counts as :func:`is_clear` has it; settings with exploratory runs alone are marked. In brief, settings
    without a clear difference are named only where there are no others.
    """
    figure, (one, other), wanted = contrast
    verb, more, less = SAID[figure]
    said = {more: [], less: [], "": []}
    for setting, estimate in value.cells.items():
        how = (more if estimate.effect > 0 else less) if is_clear(estimate) else ""
        said[how].append(setting + " (exploratory)" * (setting in value.early))
    unclear = said.pop("")
    clear = [f"{how} at {_where(settings, wanted, 'every')}" for how, settings in said.items() if settings]
    if clear:
        clear[0] = clear[0].replace(" at ", f" than {other} at ", 1)
        text = f"{one} {verb} {wording.listed(clear)}"
        if unclear and not brief:
            text += f", with no clear difference at {frames.short_names(unclear)}"
    else:
        of = f" in {NAMES[figure]}" * (figure != "last")
        few = [s for s in unclear if value.cells[s.removesuffix(" (exploratory)")].n < _rules()["few_seeds"]]
        enough = [s for s in unclear if s not in few]
        if not enough:
            text = f"{one} has too few seeds beside {other}{of} at {_where(few, wanted, 'any')}"
        else:
            text = f"{one} shows no clear difference from {other}{of} at {_where(enough, wanted, 'any')}"
            text += f", with too few seeds at {frames.short_names(few)}" * bool(few)
    return _once(wanted, text)


def _where(settings, wanted, every):
    """Settings in short; ``every symmetric rate`` where they are all that a question is about."""
    if len(wanted) > 1 and tuple(settings) == tuple(wanted) and len(_kinds(wanted)) == 1:
        return f"{every} {_kinds(wanted).pop()} rate"
    return frames.short_names(settings)


def _kinds(settings):
    return {setting.partition("-")[0] for setting in settings}


def _once(settings, text):
    """The text with the kind of noise, where the settings have one alone, left out wherever it comes again."""
    if len(_kinds(settings)) > 1:
        return text
    before, kind, after = text.partition(f"{_kinds(settings).pop()} ")
    return before + kind + after.replace(kind, "") if kind else text


def is_clear(estimate):
    """Whether a difference is named: its interval excludes zero, and it rests on seeds enough."""
    low, high = estimate.interval()
    return estimate.n >= _rules()["few_seeds"] and (low > 0 or high < 0)


def what_is_clear():
    """The rule of :func:`is_clear` in a sentence."""
    return (
        f"A difference is named where it rests on at least {_rules()['few_seeds']} seeds and its own 95 % interval "
        "excludes zero; it is taken singly, without the correction for many comparisons that a verdict makes."
    )


def reading():
    """How short answers are to be read, in two sentences."""
    return (
        "Where a rate is not named, no difference is clear there or its runs are missing; numbers are the lowest and "
        "the highest difference over the rates that have runs. "
        f"A verdict on `{MAIN}` holds for its {claims.updates(MAIN):,} updates."
    )


def _rules():
    return next(iter(claims.load().values())).rules


def value_text(value):
    """A value with its interval, where it has one."""
    if value.estimate is None:
        return "missing"
    return with_interval(value.estimate.effect, *value.estimate.interval())


def basis_text(value):
    """What a value is a mean of, and between which values of single settings; what was asked for if it is missing."""
    if value.estimate is None:
        return frames.short_names(value.wanted)
    return "; ".join(filter(None, [frames.short_names(value.settings), _seeds_text(value), _ends_text(value)]))


def _seeds_text(value):
    of_setting = {s: {seed for _, setting, seed in value.estimate.used if setting == s} for s in value.settings}
    return _seeds(map(len, of_setting.values())) + (", exploratory" if len(value.early) == len(value.cells) else "")


def _ends_text(value):
    """The lowest and the highest value of a setting, for a mean can hide opposite signs; empty for a single one."""
    if len(value.cells) == 1:
        return ""
    effects = {setting: estimate.effect for setting, estimate in value.cells.items()}
    ends = (end(effects, key=effects.get) for end in (min, max))
    return _once(effects, " to ".join(f"{signed(effects[s])} at {frames.short_names([s])}" for s in ends))


def others_text(contrast, value):
    """The same difference in accuracy as others print it, over the settings of ours (all, where ours are missing)."""
    figure, (one, other), wanted = contrast
    if figure != "last":
        return NONE
    settings, parts = value.settings or wanted, []
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
