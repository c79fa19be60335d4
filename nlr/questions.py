"""The questions that matter most: their claims with verdicts, and our differences beside those of others."""

from dataclasses import dataclass

import pandas as pd

from nlr import claims, published, report, statistics, words
from nlr.claims.figures import FIGURES
from nlr.results import signed, with_interval
from nlr.verdicts import MATHEMATICS, markdown

MAIN = "ma2020-small"  # the protocol that the questions are answered in
FULL = "ma2020"  # the one that it stands for
NONE = "not available to us"
NAMES = {"last": "accuracy", "memorised": "wrong labels memorised", "clean_part": "right labels fitted"}
SAID = {  # a verb, and what stands behind it where a loss has more of the figure and where less
    "last": ("is", "more accurate", "less accurate"),
    "memorised": ("memorises", "more wrong labels", "fewer wrong labels"),
    "clean_part": ("fits", "more right labels", "fewer right labels"),
}


@dataclass(frozen=True)
class Question:
    """One of the questions that matter most.

    Attributes:
        text: the question.
        claims: the claims that answer it.
        contrasts: triples (figure, pair of losses, settings): what is read off the records beside the verdicts.
        first: how many of these a short answer gives; more than one where one alone would mislead.
        control: the figure of which an answer says what the control's longer training adds; mostly empty.
    """

    text: str
    claims: tuple
    contrasts: tuple
    first: int = 1
    control: str = ""


SYMMETRIC = ("symmetric-0.2", "symmetric-0.4", "symmetric-0.6", "symmetric-0.8")
ASYMMETRIC = ("asymmetric-0.1", "asymmetric-0.2", "asymmetric-0.3", "asymmetric-0.4")
HIGH = SYMMETRIC[1:]


def _each(pairs, settings, figure="last"):
    return tuple((figure, pair, settings) for pair in pairs)


QUESTIONS = (
    Question(
        "Does normalising make cross-entropy robust?",
        ("C2", "C17", "C9"),
        _each([("nce", "ce")], SYMMETRIC) + _each([("nce", "ce")], SYMMETRIC, "memorised"),
    ),
    Question(
        "Does NCE underfit?", ("C11", "C63"), _each([("nce", "ce")], SYMMETRIC, "clean_part"), control="clean_part"
    ),
    Question(
        "Does an active-passive sum beat its parts?",
        ("C29", "C65"),
        _each([("nce+mae", "nce"), ("nce+mae", "mae"), ("nce+rce", "nce"), ("nce+rce", "rce")], SYMMETRIC),
        first=4,
    ),
    Question(
        "Does it beat cross-entropy and the baselines at rates 0.4 to 0.8?",
        ("C28", "C30", "C62"),
        _each([("nce+mae", "ce"), ("nce+rce", "ce"), ("nce+rce", "gce"), ("nce+rce", "sce")], HIGH),
    ),
    Question(
        "Is it MAE or RCE, or only the weight?",
        ("C6", "C68"),
        _each(
            [("nce+rce", "nce+mae"), ("nce+rce", "nce+mae,beta=9.21")],
            ("symmetric-0.4", "symmetric-0.8", "asymmetric-0.4"),
        ),
    ),
    Question(
        "What does asymmetric noise do?",
        ("C4", "C42", "C49", "C50"),
        _each([("nce", "ce"), ("nce+mae", "ce"), ("nce+rce", "ce")], ASYMMETRIC),
    ),
)

UNDERFITTING = ("C11", "C63", "C65")  # the claims on underfitting, and on its cure


def answered(judged, records):
    """The questions as MyST: each in words, with its claims, and with our differences beside those of others."""
    table, parts = _main_runs(records), []
    for question in QUESTIONS:
        values = [(contrast, contrast_value(table, contrast)) for contrast in question.contrasts]
        rows = [
            [contrast_name(contrast), value_text(value), basis_text(value), others_text(contrast, value)]
            for contrast, value in values
        ]
        known = [in_words(*one) for one in values[: question.first] if one[1].estimate and one[1].estimate.df]
        parts += [
            f"### {question.text}",
            " ".join([*(f"{said}." for said in known), *_longer(judged, [question.control])]),
            "\n".join(f"- {line}" for line in answers(question, judged)),
            markdown(["difference", "ours", "ours is over", "others"], rows, 1),
        ]
    return "\n\n".join(filter(None, [*parts, f"{what_is_clear()} {in_full(judged)}"]))


def short_answers(judged, records):
    """The questions as a list: each with the first of its differences, and what verdicts there are on its claims.

    A difference stands there in words, setting by setting, and as a mean.
    """
    table, items = _main_runs(records), []
    for question in QUESTIONS:
        found = [_read_off(table, one) for one in question.contrasts[: question.first]]
        waiting = [
            one for name in question.claims for one in judged[name] if (one.scope, one.outcome) == (MAIN, "not run")
        ]
        names = ", ".join(f"[{one.claim}](#{one.target})" for one in waiting)
        waits = f" Waiting for runs: {names}." * bool(waiting)
        if len(found) == 1:
            items += [f"- **{question.text}** {found[0]}{waits}", ""]
        else:
            items += [f"- **{question.text}**{waits}", "", *(f"  - {text}" for text in found)]
        items += [f"  - {text}" for text in _longer(judged, [question.control])]
        settled = {name: [one for one in judged[name] if one.outcome != "not run"] for name in question.claims}
        items += [f"  - {_statement(name, found)}" for name, found in settled.items() if found]
    return "\n".join([*items, "", f"{what_is_clear()} {in_full(judged)}"])


def _read_off(table, contrast):
    """A contrast as a sentence and its mean."""
    value = contrast_value(table, contrast)
    if value.estimate is None:
        return f"{contrast_name(contrast)}: missing ({basis_text(value)})."
    if not value.estimate.df:
        return f"{contrast_name(contrast)}: {value_text(value)} points ({basis_text(value)})."
    mean = "On average " if len(value.cells) > 1 else ""
    basis = "; ".join(filter(None, [_ends_text(value), _seeds_text(value)]))
    return f"{in_words(contrast, value)}. [{mean}{value_text(value)} points ({basis}).]{{.numbers}}"


def answers(question, judged):
    """A line for each claim that answers a question: its statement, and its verdicts.

    Verdicts of mathematics and of the main protocol stand there whatever they are, those of others once they have runs.
    """
    return [
        _statement(name, [one for one in judged[name] if one.scope in (MATHEMATICS, MAIN) or one.outcome != "not run"])
        for name in question.claims
    ]


def _statement(name, judgements):
    """A claim's statement with its verdicts."""
    shown = "; ".join(f"{one.badge()} {one.limited()}" for one in judgements)
    return f"{claims.load()[name].statement.removesuffix('.')} ({name}): {shown}."


def in_full(judged):
    """How many of the questions' claims have a verdict in the full protocol."""
    names = dict.fromkeys(name for question in QUESTIONS for name in question.claims)
    found = [one.outcome for name in names for one in judged[name] if one.scope == FULL]
    settled = len(found) - found.count("not run")
    return f"In the full protocol, `{FULL}`, {settled or 'none'} of the {len(found)} claims above have a verdict."


def underfitting(judged):
    """What is known of underfitting, as an item of a list: verdicts with their limit, and what the control adds."""
    registry, mine = claims.load(), [one for name in UNDERFITTING for one in judged[name] if one.scope == MAIN]
    text = (
        "- **Underfitting.** A loss that learns slowly may only need more updates, so these claims are judged beside a "
    )
    text += f"control, protocol `{registry[UNDERFITTING[0]].rules['control'][MAIN]}`."
    said = [
        f"{registry[one.claim].statement.removesuffix('.')} ({one.claim}): {one.badge()} {one.limited()}."
        for one in mine
    ]
    said += _longer(judged, ["last", "clean_part"]) or ["The control's runs are missing."]
    return "\n".join([text, "", *(f"  - {line}" for line in said)])


def _longer(judged, figures):
    """What the control's longer training adds to some figures, a sentence each; none for a figure without its runs."""
    (found,) = [one.found for one in judged[UNDERFITTING[0]] if one.scope == MAIN]
    out = []
    for part in found.control:
        rows = [row for row in part.rows if row.n]
        if rows and part.test["figure"] in figures:
            gains = words.listed(f"{row.needs[1][0]} {with_interval(row.effect, row.low, row.high)}" for row in rows)
            where = report.short_names(dict.fromkeys(row.needs[1][1] for row in rows))
            what = FIGURES[part.test["figure"]][2]
            out.append(
                f"What the longer training of the control adds to the {what}, in points: {gains} ({where}; "
                f"{_seeds(row.n for row in rows)})."
            )
    return out


def _seeds(numbers):
    numbers = list(numbers)
    return words.seeds(min(numbers), max(numbers))


def _main_runs(records):
    """The runs of the main protocol as :mod:`nlr.statistics` takes them, with the figures of the questions."""
    used = {contrast[0] for question in QUESTIONS for contrast in question.contrasts}
    rows = [
        {
            "loss": r["config"]["loss"]["spec"],
            "setting": report.setting_of(r["config"]),
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
        estimate: the :class:`nlr.statistics.Estimate`, or None where there is no such setting.
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


def in_words(contrast, value):
    """In which settings a loss has more and in which less: ``Against ce, nce is less accurate at symmetric 0.2``.

    A difference counts as :func:`is_clear` has it; settings with exploratory runs alone are marked.
    """
    figure, (one, other), _ = contrast
    verb, more, less = SAID[figure]
    said = {more: [], less: [], "no clear difference": []}
    for setting, estimate in value.cells.items():
        how = (more if estimate.effect > 0 else less) if is_clear(estimate) else "no clear difference"
        said[how].append(setting + " (exploratory)" * (setting in value.early))
    parts = [f"{how} at {report.short_names(where)}" for how, where in said.items() if where]
    unclear = parts.pop() if said["no clear difference"] else ""
    clear = f"{verb} {words.listed(parts)}" if parts else ""
    text = f"{clear}, with {unclear}" if clear and unclear else clear or f"shows {unclear}"
    return f"Against {other}, {one} {text}"


def is_clear(estimate):
    """Whether a difference is named: its interval excludes zero, and it is large where it rests on few seeds."""
    rules = next(iter(claims.load().values())).rules
    low, high = estimate.interval()
    far = estimate.n >= rules["few_seeds"] or abs(estimate.effect) > rules["few_deviations"] * estimate.deviation
    return far and (low > 0 or high < 0)


def what_is_clear():
    """The rule of :func:`is_clear` in a sentence."""
    rules = next(iter(claims.load().values())).rules
    return (
        "A difference is named where its own 95 % interval excludes zero and, with fewer than "
        f"{rules['few_seeds']} seeds, it is more than {rules['few_deviations']} times its standard deviation; it is "
        "taken singly, without the correction for many comparisons that a verdict makes."
    )


def value_text(value):
    """A value with its interval, where it has one."""
    if value.estimate is None:
        return "missing"
    return with_interval(value.estimate.effect, *value.estimate.interval())


def basis_text(value):
    """What a value is a mean of, and between which values of single settings; what was asked for if it is missing."""
    if value.estimate is None:
        return report.short_names(value.wanted)
    return "; ".join(filter(None, [report.short_names(value.settings), _seeds_text(value), _ends_text(value)]))


def _seeds_text(value):
    of_setting = {s: {seed for _, setting, seed in value.estimate.used if setting == s} for s in value.settings}
    return _seeds(map(len, of_setting.values())) + (", exploratory" if len(value.early) == len(value.cells) else "")


def _ends_text(value):
    """The lowest and the highest value of a setting, for a mean can hide opposite signs; empty for a single one."""
    if len(value.cells) == 1:
        return ""
    effects = {setting: estimate.effect for setting, estimate in value.cells.items()}
    ends = (end(effects, key=effects.get) for end in (min, max))
    return " to ".join(f"{signed(effects[s])} at {report.short_names([s])}" for s in ends)


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
            short = "" if tuple(there) == tuple(settings) else f" ({report.short_names(there)})"
            parts.append(f"{name} {signed(mean)}{short}")
    return "; ".join(parts) or NONE
