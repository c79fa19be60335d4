"""The verdicts of the book: those that its pages prove and those that records give, in tables and in words.

A claim has a verdict for each scope: ``mathematics``, as the theory pages say in their outputs, and each protocol in
which it can be tested, as :func:`nlr.claims.evaluate` says of the records.
"""

import json
import math
import tomllib
from dataclasses import dataclass

import pandas as pd

from nlr import claims, paths, published, report, statistics, studies, words
from nlr.claims import kinds
from nlr.claims.figures import FIGURES
from nlr.errors import NlrError
from nlr.page import Verdict
from nlr.results import signed, with_interval

MAIN = "ma2020-small"  # the protocol that the questions are answered in
FULL = "ma2020"  # the one that it stands for
MATHEMATICS = "mathematics"
SAYS = {name: name.capitalize() for name in claims.SOURCES} | {"paper": "the paper", "project": "this project"}
NONE = "not available to us"
FEW = 3  # commands that a sentence can hold


@dataclass(frozen=True)
class Judgement:
    """A verdict on a claim in one scope.

    Attributes:
        claim, scope, outcome: C17, ``mathematics`` or a protocol's name, and one of :data:`nlr.claims.OUTCOMES`.
        because: the reason, with numbers.
        target: the label of the place that shows the evidence.
        qualifier: what it is limited to; mostly empty.
        found: the :class:`nlr.claims.Outcome` where records give it, else None.
    """

    claim: str
    scope: str
    outcome: str
    because: str
    target: str
    qualifier: str = ""
    found: claims.Outcome | None = None

    def badge(self):
        """The outcome as a badge that leads to its evidence."""
        return f"[{{verdict}}`{self.outcome}`](#{self.target})"

    def limited(self):
        """The scope, with what the outcome is limited to."""
        return f"[{self.scope}]{{.verdict-scope}}" + (f" {self.qualifier}" if self.qualifier else "")


@dataclass(frozen=True)
class Question:
    """One of the questions that matter most.

    Attributes:
        text: the question.
        claims: the claims that answer it.
        contrasts: triples (figure, pair of losses, settings): what is read off the records beside the verdicts.
        first: how many of these a short answer gives; more than one where one alone would mislead.
    """

    text: str
    claims: tuple
    contrasts: tuple
    first: int = 1


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
    Question("Does NCE underfit?", ("C11", "C63"), _each([("nce", "ce")], SYMMETRIC, "clean_part")),
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


def proofs():
    """The judgements that the executed pages carry, in the order of the book: ``{claim: [Judgement]}``.

    Raises:
        NlrError: two pages judge one claim in one scope.
    """
    pages = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
    out = {}
    for path in (paths.EXECUTED / f"{page}.ipynb" for page in pages):
        if not path.is_file():
            continue
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                if data := output.get("data", {}).get(Verdict.MIME):
                    name = data["claim"]
                    if any(data["scope"] == one.scope for one in out.get(name, ())):
                        raise NlrError(
                            f"{name} has two verdicts of {data['scope']}, the second in {path.name}; leave one."
                        )
                    judgement = Judgement(
                        name, data["scope"], data["outcome"], data["because"], f"claim-{name.lower()}"
                    )
                    out.setdefault(name, []).append(judgement)
    return out


def judge(records, proved):
    """The judgements of every claim: ``{claim: [Judgement]}``.

    Args:
        records: the records of the committed store.
        proved: what :func:`proofs` returns.
    """
    out = {}
    for name, claim in claims.load().items():
        out[name] = list(proved.get(name, ()))
        if claim.kind == "theory":
            if not out[name]:
                reason = "No page proves or refutes it yet."
                out[name].append(Judgement(name, MATHEMATICS, "not run", reason, evidence_label(name)))
            continue
        for protocol in reversed(claim.protocols):  # what has records stands first
            found = claims.evaluate(claim, records, protocol)
            limits = [found.qualifier]
            if found.without_exploratory != found.outcome:
                limits.append(f"without exploratory runs {found.without_exploratory}")
            limits = ", ".join(filter(None, limits))
            out[name].append(
                Judgement(name, protocol, found.outcome, found.reason, evidence_label(name), limits, found)
            )
    return out


def evidence_label(name):
    """The label of a claim's section on the page of the evidence."""
    return f"evidence-{name.lower()}"


def committed():
    """All records of the committed store."""
    return report.read_store(studies.STORES["results"])[0]


def count_table(judged):
    """How many claims have which outcome: a row a scope, a column an outcome."""
    flat = [one for of_claim in judged.values() for one in of_claim]
    rows = []
    for scope in dict.fromkeys(one.scope for one in flat):
        mine = [one.outcome for one in flat if one.scope == scope]
        rows.append({"scope": scope, "claims": len(mine)} | {word: mine.count(word) for word in claims.OUTCOMES})
    return pd.DataFrame(rows)


def tally(judged, scope):
    """How many claims have which verdict in a scope, as the end of a sentence."""
    found = [one.outcome for of_claim in judged.values() for one in of_claim if one.scope == scope]
    held, partly, failed, undecided, waiting = map(found.count, claims.OUTCOMES)
    if waiting == len(found):
        return f"none of {waiting} claims has a verdict yet"
    text = f"{held} of {len(found)} claims held, {partly} held in part and {failed} did not"
    parts = [f"{undecided} {'is' if undecided == 1 else 'are'} undecided"] if undecided else []
    parts += [f"{waiting} still wait{'s' * (waiting == 1)} for runs"] if waiting else []
    return text + (f"; {words.listed(parts)}" if parts else "")


def claim_table(judged):
    """A row a claim, with who says so, repeats or denies it, and a badge for each scope; cells are MyST.

    Below the badge of a verdict that rests on records stands how many comparisons say what, and what they measured.
    """
    rows = []
    for name, claim in claims.load().items():
        lines = [line for one in judged[name] for line in (f"{one.badge()} {one.limited()}", _in_short(one)) if line]
        rows.append(
            {
                "claim": name,
                "statement": claim.statement,
                "asserted by": _people(claim.asserted, claim.quotes),
                "contradicted by": _people(claim.contradicted) or "nobody",
                "verdict": "<br>".join(lines),
            }
        )
    return pd.DataFrame(rows)


def _in_short(judgement):
    """What records say behind a verdict, in a line of MyST; empty for a proof and where runs are missing."""
    if judgement.found is None or judgement.outcome == "not run":
        return ""
    means = {}
    for part in judgement.found.evidence:
        if mean := part.mean():
            said = f"{kinds.measured(part.test)[1]} (claimed: {kinds.demanded(part.test)})"
            means.setdefault(said, []).append(mean)
    said = [f"{' and '.join(numbers)}, {what}" for what, numbers in means.items()]
    return f"[{' '.join([claims.counts(judgement.found.evidence), '; '.join(said)]).strip()}]{{.verdict-numbers}}"


def _people(sources, quotes=()):
    """``the paper, Chheda (by figures), Joshi (quotes)``; who speaks in words stands without a note."""
    named = [SAYS[who] + (f" (by {basis})" if basis != "words" else "") for who, basis in sources.items()]
    return ", ".join([*named, *(f"{SAYS[who]} (quotes)" for who in quotes)])


def questions(judged, records):
    """The questions as MyST: each with its claims and their verdicts, and our differences beside those of others."""
    table, parts = _main_runs(records), []
    for question in QUESTIONS:
        rows = []
        for contrast in question.contrasts:
            value = contrast_value(table, contrast)
            others = others_text(contrast, value)
            rows.append([contrast_name(contrast), value_text(value), basis_text(value), others])
        parts += [
            f"### {question.text}",
            "\n".join(f"- {line}" for line in answers(question, judged)),
            _markdown(["difference", "ours", "ours is over", "others"], rows, 1),
        ]
    return "\n\n".join([*parts, in_full(judged)])


def short_answers(judged, records):
    """The questions as a list: each with the first of its differences, and what verdicts there are on its claims."""
    table, items = _main_runs(records), []
    for question in QUESTIONS:
        values = [(contrast_name(one), contrast_value(table, one)) for one in question.contrasts[: question.first]]
        waiting = [
            one for name in question.claims for one in judged[name] if (one.scope, one.outcome) == (MAIN, "not run")
        ]
        names = ", ".join(f"[{one.claim}](#{one.target})" for one in waiting)
        waits = f" Waiting for runs: {names}." * bool(waiting)
        if len(values) == 1:
            ((name, value),) = values
            number = f"{value_text(value)} points" if value.estimate else "missing"
            items += [f"- **{question.text}** Measured: {number} ({name}; {basis_text(value)}).{waits}", ""]
        else:
            items += [f"- **{question.text}**{waits} Measured, in points:", ""]
            items += [f"  - {name}: {value_text(value)}; {basis_text(value)}." for name, value in values]
        settled = {name: [one for one in judged[name] if one.outcome != "not run"] for name in question.claims}
        items += [f"  - {_statement(name, found)}" for name, found in settled.items() if found]
    return "\n".join([*items, "", in_full(judged)])


def _markdown(columns, rows, numbers):
    """A Markdown table; the columns after the first are flush right, as many as ``numbers`` says."""
    rule = [":--", *["--:"] * numbers, *[":--"] * (len(columns) - 1 - numbers)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, rule, *rows])


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
    rows = [row for part in mine[0].found.control if part.test["figure"] == "last" for row in part.rows if row.n]
    if rows:
        gains = words.listed(f"{row.needs[1][0]} {with_interval(row.effect, row.low, row.high)}" for row in rows)
        where = f"{settings_text(dict.fromkeys(row.needs[1][1] for row in rows))}; {_seeds(row.n for row in rows)}"
        said.append(f"What the control's longer training adds to the accuracy, in points: {gains} ({where}).")
    else:
        said.append("The control's runs are missing.")
    return "\n".join([text, "", *(f"  - {line}" for line in said)])


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
        effects: the difference in each setting that is in it.
        wanted: the settings asked for.
        exploratory: whether every run in it is exploratory.
    """

    estimate: statistics.Estimate | None
    effects: dict
    wanted: tuple
    exploratory: bool

    @property
    def settings(self):
        """The settings in it."""
        return tuple(self.effects)


def contrast_value(table, contrast):
    """The :class:`Value` of a contrast, from a table of runs with loss, setting, seed, exploratory and its figure."""
    figure, (one, other), wanted = contrast
    single = [statistics.Contrast(setting, ((one, setting, 1.0), (other, setting, -1.0))) for setting in wanted]
    found = zip(wanted, statistics.estimates(table, figure, single), strict=True)
    effects = {setting: estimate.effect for setting, estimate in found if estimate}
    if not effects:
        return Value(None, {}, wanted, False)
    terms = tuple((loss, s, sign / len(effects)) for s in effects for loss, sign in ((one, 1.0), (other, -1.0)))
    estimate = statistics.estimates(table, figure, [statistics.Contrast("mean", terms)])[0]
    early = table[table["exploratory"]]
    early = set(zip(early["loss"], early["setting"], early["seed"], strict=True))
    return Value(estimate, effects, wanted, set(estimate.used) <= early)


def contrast_name(contrast):
    """``NCE − CE, accuracy``."""
    figure, (one, other), _ = contrast
    names = {"last": "accuracy", "memorised": "wrong labels memorised", "clean_part": "right labels fitted"}
    return f"{one} − {other}, {names[figure]}"


def value_text(value):
    """A value with its interval, where it has one."""
    if value.estimate is None:
        return "missing"
    return with_interval(value.estimate.effect, *value.estimate.interval())


def basis_text(value):
    """What a value is a mean of, and between which values of single settings; what was asked for if it is missing."""
    if value.estimate is None:
        return settings_text(value.wanted)
    of_setting = {s: {seed for _, setting, seed in value.estimate.used if setting == s} for s in value.settings}
    seeds = _seeds(map(len, of_setting.values()))
    text = f"{settings_text(value.settings)}; {seeds}" + (", exploratory" if value.exploratory else "")
    if len(value.effects) == 1:
        return text
    ends = (end(value.effects, key=value.effects.get) for end in (min, max))  # a mean can hide opposite signs
    return f"{text}; {' to '.join(f'{signed(value.effects[s])} at {settings_text([s])}' for s in ends)}"


def settings_text(settings):
    """``symmetric 0.2, 0.4``: settings with each kind named once."""
    out, before = [], ""
    for setting in settings:
        kind, _, rate = setting.partition("-")
        out.append(rate if kind == before and rate else f"{kind} {rate}".strip())
        before = kind
    return ", ".join(out)


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
            short = "" if tuple(there) == tuple(settings) else f" ({settings_text(there)})"
            parts.append(f"{name} {signed(mean)}{short}")
    return "; ".join(parts) or NONE


def evidence(names, judged):
    """The sections of some claims on the page of the evidence, as MyST: a heading, and what each protocol says."""
    registry, parts = claims.load(), []
    for name in names:
        claim = registry[name]
        parts.append(f"({evidence_label(name)})=\n### {name}\n\n{claim.statement}")
        if claim.remark:
            parts.append(f"*{published.quoted(claim.remark)}*")
        for one in judged[name]:
            if one.found is None:
                parts.append(f"{one.badge()} **{one.scope}**: {one.because}")
                continue
            limit = f" {one.found.qualifier}" if one.found.qualifier else ""
            missing = f" {_missing(one.found)}" if one.found.missing else ""
            parts.append(f"{{verdict}}`{one.outcome}` **{one.scope}**{limit}: {one.because}{missing}")
            parts += [_evidence_table(part) for part in one.found.evidence if any(row.n for row in part.rows)]
            if any(row.n for part in one.found.control for row in part.rows):
                parts.append(_control(claim, one.found))
                parts += [_evidence_table(part) for part in one.found.control]
    return "\n\n".join(parts)


def _evidence_table(part):
    """The rows of a test as a Markdown table, with what was measured above it."""
    unit, what = kinds.measured(part.test)
    rows = evidence_frame(part)
    table = _markdown(list(rows.columns), rows.to_numpy().tolist(), 5)
    says = (
        f"; the claim says {kinds.demanded(part.test)}" if "relation" in part.test else ""
    )  # a control's claims nothing
    head = f"{what[0].upper()}{what[1:]}, in {unit}{says}:"
    return "\n\n".join(filter(None, [head, table, _spread(part, unit)]))


def _spread(part, unit):
    """What the spread over seeds was pooled over, and how unlike it is from setting to setting."""
    spread = part.spread
    if spread is None or not spread.df:
        pooled = dict.fromkeys(row.pooled for row in part.rows if row.df and row.pooled)
        return f"Spread over seeds pooled over {words.listed(pooled)}." if pooled else ""
    losses = f"{spread.losses} loss{'es' * (spread.losses != 1)}"
    text = (
        f"Spread over seeds behind the mean of the rows: {spread.sd:.2f} {'points' if unit == '%' else unit} a run, "
        f"{spread.df} degrees of freedom, "
    )
    text += f"{losses} in {spread.settings} setting{'s' * (spread.settings != 1)}; "
    if math.isnan(spread.ratio):
        return text + "its change from setting to setting is not known."
    if math.isinf(spread.ratio):
        return text + "a setting has none, others have."
    text += f"the largest of a setting is {spread.ratio:.1f} times the smallest"
    if math.isnan(spread.p_equal):
        return text + "."
    p = "p < 0.01" if spread.p_equal < 0.01 else f"p = {spread.p_equal:.2f}"
    return text + f" (Levene's test that they are equal: {p})."


def _control(claim, found):
    """What the control's runs are, and what of the claim they leave out."""
    longer = claim.rules["control"][found.protocol]
    there = [cell for part in found.control for row in part.rows if row.n for cell in row.needs[1:]]
    losses, settings = (dict.fromkeys(names) for names in zip(*there, strict=True))
    text = f"The control, protocol {longer}, less the same runs of {found.protocol}: {words.listed(losses)}, "
    text += f"{settings_text(settings)}."
    asked = [dict.fromkeys(names) for names in zip(*claim.cells(found.protocol), strict=True)]
    lacking = [[one for one in names if one not in has] for names, has in zip(asked, (losses, settings), strict=True)]
    gaps = [words.listed(lacking[0])] if lacking[0] else []
    gaps += [settings_text(lacking[1])] if lacking[1] else []
    return text + (f" It has no runs of what this claim compares beside: {'; '.join(gaps)}." if gaps else "")


def evidence_frame(part):
    """The rows of an :class:`nlr.claims.Evidence` as text: label, effect, interval, n, df, p of the family, verdict."""

    def number(value, form):
        return "–" if math.isnan(value) else format(value, form).replace("-", "\N{MINUS SIGN}")  # z: no minus zero

    rows, sign = [], "" if part.test["test"] in kinds.LEVELS else "+"
    for row in part.rows:
        known = not math.isnan(row.low)
        interval = f"{number(row.low, f'{sign}z.2f')} to {number(row.high, f'{sign}z.2f')} ({100 * row.level:.0f} %)"
        rows.append(
            {
                "comparison": row.label,
                "effect": number(row.effect, f"{sign}z.2f"),
                "interval": interval if known else "–",
                "n": str(row.n),
                "df": str(row.df) if row.df else "–",
                "p": ("< 0.001" if row.p < 0.001 else number(row.p, ".3f")) if known else "–",
                "says": row.verdict or "–",
            }
        )
    return pd.DataFrame(rows)


def _missing(found):
    """How many runs are missing, and the commands that make them."""
    made = found.commands
    text = f"{len(found.missing)} run{'s' * (len(found.missing) != 1)} missing: "
    if len(made) > FEW:
        return text + "\n\n```bash\n" + "\n".join(made) + "\n```"
    return text + words.listed(f"`{command}`" for command in made) + "."
