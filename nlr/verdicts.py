"""The verdicts of the book: those that its pages prove and those that records give, in tables and in words.

A claim has a verdict for each scope: ``mathematics``, as the theory pages say in their outputs, and each protocol in
which it can be tested, as :func:`nlr.claims.evaluate` says of the records.
"""

import json
import math
import tomllib
from dataclasses import dataclass

import pandas as pd

from nlr import claims, paths, published, report, studies, words
from nlr.claims import kinds
from nlr.claims.figures import FIGURES
from nlr.errors import NlrError
from nlr.page import Verdict

MATHEMATICS = "mathematics"
SAYS = {name: name.capitalize() for name in claims.SOURCES} | {"paper": "the paper", "project": "this project"}
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

    def without_exploratory(self):
        """What the outcome would be without exploratory runs, in words; empty where it would be the same."""
        if self.found is None or self.found.without_exploratory == self.outcome:
            return ""
        return f"without exploratory runs: {self.found.without_exploratory}"

    def limited(self):
        """The scope, with what the outcome is limited to."""
        without = self.without_exploratory()
        return " ".join(
            filter(None, [f"[{self.scope}]{{.verdict-scope}}", self.qualifier, f"({without})" * bool(without)])
        )


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
            one = Judgement(name, protocol, found.outcome, found.reason, evidence_label(name), found.qualifier, found)
            out[name].append(one)
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
    found = {}
    for part in judgement.found.evidence:
        if number := part.mean() or part.span():
            said = f"{kinds.measured(part.test)[1]} (claimed: {kinds.demanded(part.test)})"
            found.setdefault(said, []).append(number)
    said = [f"{' and '.join(numbers)}, {what}" for what, numbers in found.items()]
    return f"[{' '.join([claims.counts(judgement.found.evidence), '; '.join(said)]).strip()}]{{.verdict-numbers}}"


def _people(sources, quotes=()):
    """``the paper, Chheda (by figures), Joshi (quotes)``; who speaks in words stands without a note."""
    named = [SAYS[who] + (f" (by {basis})" if basis != "words" else "") for who, basis in sources.items()]
    return ", ".join([*named, *(f"{SAYS[who]} (quotes)" for who in quotes)])


def markdown(columns, rows, numbers):
    """A Markdown table; the columns after the first are flush right, as many as ``numbers`` says."""
    rule = [":--", *["--:"] * numbers, *[":--"] * (len(columns) - 1 - numbers)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, rule, *rows])


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
    table = markdown(list(rows.columns), rows.to_numpy().tolist(), 5)
    says = (
        f"; the claim says {kinds.demanded(part.test)}" if "relation" in part.test else ""
    )  # a control's claims nothing
    head = f"{what[0].upper()}{what[1:]}, in {unit}{says}:"
    return "\n\n".join(filter(None, [head, table, spread(part)]))


def spread(part):
    """What the spread over seeds was pooled over, and how unlike it is from setting to setting; empty without one.

    Args:
        part: an :class:`nlr.claims.Evidence`.
    """
    if part.spread and part.spread.df:
        return f"Spread over seeds behind the mean of the rows: {_of_spread(part.spread, part.test)}"
    losses = {}  # of the rows that rest on a spread; rows of other losses may have their own
    for row in part.rows:
        if row.df and row.spread:
            losses.setdefault(row.spread, {}).update(dict.fromkeys(loss for loss, _ in row.needs))
    return "\n".join(
        f"- Spread over seeds behind the rows of {words.listed(names)}: {_of_spread(one, part.test)}"
        for one, names in losses.items()
    )


def _of_spread(spread, test):
    unit = FIGURES[test["figure"]][1]
    text = f"{spread.sd:.2f} {'points' if unit == '%' else unit} a run, {words.degrees(spread.df)}, {spread.source}; "
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
    longer = claim.rules_in(found.protocol)["control"]
    there = [cell for part in found.control for row in part.rows if row.n for cell in row.needs[1:]]
    losses, settings = (dict.fromkeys(names) for names in zip(*there, strict=True))
    text = f"The control, protocol {longer}, less the same runs of {found.protocol}: {words.listed(losses)}, "
    text += f"{report.short_names(settings)}."
    asked = [dict.fromkeys(names) for names in zip(*claim.cells(found.protocol), strict=True)]
    lacking = [[one for one in names if one not in has] for names, has in zip(asked, (losses, settings), strict=True)]
    gaps = [words.listed(lacking[0])] if lacking[0] else []
    gaps += [report.short_names(lacking[1])] if lacking[1] else []
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
