"""Verdicts as the book shows them: badges, the table of claims, and the sections of the evidence, in MyST."""

import itertools
import math

import pandas as pd

from nlr.book import display, marks, unrounded
from nlr.errors import unknown
from nlr.evidence import claims, frames, published, wording
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.verdicts import evidence_label

SAYS = {name: name.capitalize() for name in claims.SOURCES} | {"paper": "the paper", "project": "this project"}

SAID_BY_FIGURES = {
    "held": "as claimed",
    "partly": "as claimed in part",
    "did not hold everywhere": "not as claimed everywhere",
    "did not hold": "not as claimed",
    "undecided": "not clear",
    "not run": "incomplete",
}
#: The pages of the evidence, with the sections of each and the first and last claim in them.
SECTIONS = {
    "normalisation": {"Normalisation, in training": (9, 14), "Artefacts": (52, 58)},
    "symmetric": {"Single losses under symmetric noise": (15, 24)},
    "sums": {"Sums under symmetric noise": (25, 40)},
    "asymmetric": {"Asymmetric noise": (41, 51)},
    "prose": {"Further claims made in prose": (59, 68)},
    "mnist": {
        "MNIST in full, beside the authors' draft tables": (69, 78),
        "Practice: a weight without clean labels, and labels by people": (79, 83),
    },
}
FEW = 3  # commands that a sentence can hold


def badge(judgement):
    """The outcome as a badge that leads to its evidence."""
    return f"[{{verdict}}`{judgement.outcome}`](#{judgement.target})"


def limited(judgement):
    """The scope, with what the outcome is limited to."""
    without = judgement.without_exploratory()
    return " ".join(
        filter(
            None,
            [
                f"[{marks.scope(judgement.scope)}]{{.verdict-scope}}",
                judgement.qualifier,
                f"({without})" * bool(without),
            ],
        )
    )


def badges(judgements):
    """Judgements in a line of MyST: the claim, its badge and the scope of each."""
    return " ".join(f"[{one.claim} {badge(one)} {limited(one)}]{{.claim-verdict}}" for one in judgements)


def claim_table(judged, authors):
    """A row a claim, with who says so, repeats or denies it, a badge for each scope, and what the authors' figures say.

    Cells are MyST. Below the badge of a verdict that rests on records stands how many comparisons say what, and what
    they measured.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        authors: what :func:`nlr.evidence.verdicts.by_authors` returns.
    """
    rows = []
    for name, claim in claims.load().items():
        lines = [line for one in judged[name] for line in (f"{badge(one)} {limited(one)}", _in_short(one)) if line]
        rows.append(
            {
                "claim": name,
                "statement": claim.statement,
                "asserted by": _people(claim.asserted, claim.quotes),
                "contradicted by": _people(claim.contradicted) or "nobody",
                "verdict": "<br>".join(lines),
                "authors' figures, older than the test": "<br>".join(
                    f"{_by_figures(one)} {limited(one)}" for one in authors.get(name, ())
                )
                or "–",
            }
        )
    return pd.DataFrame(rows)


def rule_changes(judged, records):
    """The verdicts that another than the present rules would give, as a Markdown table; a sentence where none would.

    The tests of errata follow the same rules and are among them.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns.
        records: the records that it was given.
    """
    errata, registry = claims.errata(), claims.load()
    now = [
        (registry[name], one.scope, one.outcome)
        for name, judgements in judged.items()
        for one in judgements
        if one.found is not None
    ]
    for one in errata.values():
        now += [(one, protocol, claims.evaluate(one, records, protocol).outcome) for protocol in one.protocols]
    rows = []
    for one, protocol, outcome in now:
        if outcome != "not run":
            before = claims.evaluate(claims.formerly(one), records, protocol).outcome
            if before != outcome:
                rows.append([one.id, f"`{protocol}`", before, f"{{verdict}}`{outcome}`"])
    if not rows:
        return "No verdict differs under the former rules."
    return wording.markdown(["claim or erratum", "protocol", "under the former rules", "now"], rows, 0)


def revisions():
    """Claims and errata whose test was changed after runs had been made, as a Markdown table, by date."""
    changed = [one for one in [*claims.load().values(), *claims.errata().values()] if one.revised]
    rows = [[one.id, f"{one.revised:%Y-%m-%d}", one.revision] for one in sorted(changed, key=lambda one: one.revised)]
    return wording.markdown(["claim or erratum", "changed on", "what gave way to what"], rows, 0)


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


def _by_figures(judgement):
    """What the authors' figures say, in words of their own: a description, not a verdict."""
    return SAID_BY_FIGURES[judgement.outcome]


def contents():
    """The pages of the evidence and the claims on each, as a list in MyST."""
    out = []
    for part, of_part in SECTIONS.items():
        told = wording.listed([f"C{first} to C{last}" for first, last in _joined(of_part.values())])
        out.append(f"- {{doc}}`/executed/verdicts/evidence-{part}`: claims {told}")
    return "\n".join(out)


def _joined(ranges):
    """Ranges of numbers with those that follow each other made one."""
    out = []
    for first, last in ranges:
        if out and out[-1][1] + 1 == first:
            first = out.pop()[0]
        out.append((first, last))
    return out


def claims_on(part):
    """The numbers of the claims on a page of the evidence.

    Raises:
        NlrError: there is no such page.
    """
    if part not in SECTIONS:
        raise unknown("page of the evidence", part, SECTIONS)
    return [f"C{number}" for first, last in SECTIONS[part].values() for number in range(first, last + 1)]


def sections(part, judged, authors):
    """A page of the evidence, as MyST.

    Args:
        part: a key of :data:`SECTIONS`.
        judged, authors: as for :func:`claim_table`.
    """
    out = []
    for title, (first, last) in SECTIONS[part].items():
        out += [f"## {title}", evidence([f"C{number}" for number in range(first, last + 1)], judged, authors)]
    return "\n\n".join(out)


def evidence(names, judged, authors):
    """The sections of some claims on a page of the evidence, as MyST: a heading, and what each protocol says.

    Args:
        names: the claims.
        judged, authors: as for :func:`claim_table`.
    """
    registry, parts = claims.load(), []
    for name in names:
        claim, places = registry[name], itertools.count(1)
        parts.append(f"({evidence_label(name)})=\n### {name}\n\n{claim.statement}")
        if claim.remark:
            parts.append(f"*{published.quoted(claim.remark)}*")
        for one in judged[name]:
            if one.found is None:
                parts.append(f"{badge(one)} **{one.scope}**: {one.because}")
                continue
            limit = f" {one.found.qualifier}" if one.found.qualifier else ""
            missing = f" {_missing(one.found)}" if one.found.missing else ""
            place = f"**{marks.scope(one.scope)}**, `{one.scope}`"
            parts.append(f"{{verdict}}`{one.outcome}` {place}{limit}: {one.because}{missing}")
            parts += [_evidence_table(part, name, places) for part in _with_runs(one.found)]
            if any(row.n for part in one.found.control for row in part.rows):
                parts.append(_control(claim, one.found))
                parts += [_evidence_table(part, name, places) for part in one.found.control]
            if any(row.n for part in one.found.apart for row in part.rows):
                parts.append(_told_apart(one.found))
                parts += [_evidence_table(part, name, places) for part in one.found.apart]
        for one in authors.get(name, ()):
            parts.append(f"**{one.scope}**, figures older than the test: {_by_figures(one)}. {one.because}")
            parts += [_evidence_table(part, name, places) for part in _with_runs(one.found)]
    return "\n\n".join(parts)


def _with_runs(found):
    return [part for part in found.evidence if any(row.n for row in part.rows)]


def _told_apart(found):
    """Whether a test of equivalence tells apart what it should."""
    rows = [row for part in found.apart for row in part.rows if row.n]
    apart = sum(row.verdict == "contradicts" for row in rows)
    text = "The same test on losses that are not one function, to see whether it can tell them apart: it does in "
    return text + f"{apart} of {len(rows)} comparisons."


def _evidence_table(part, claim, places):
    """The rows of a test as a Markdown table, with what was measured above it and its numbers below."""
    unit, what = kinds.measured(part.test)
    rows = evidence_frame(part)
    table = wording.markdown(list(rows.columns), rows.to_numpy().tolist(), 6)
    says = (
        f"; the claim says {kinds.demanded(part.test)}" if "relation" in part.test else ""
    )  # a control's claims nothing
    head = f"{what[0].upper()}{what[1:]}, in {unit}{says}:"
    place = next(places)
    below = display.numbers_of(unrounded.comparisons(part), f"{claim}-{place}", f"{claim}, table {place}")
    return "\n\n".join(filter(None, [head, table, below, spread(part)]))


def spread(part):
    """What the spread over seeds was pooled over, and how unlike it is from setting to setting; empty without one.

    Args:
        part: an :class:`nlr.evidence.claims.Evidence`.
    """
    if part.spread and part.spread.df:
        return f"Spread over seeds behind the mean of the rows: {_of_spread(part.spread, part.test)}"
    cells = {}  # of the rows that rest on a spread; rows of other losses or settings may have their own
    for row in part.rows:
        if row.df and row.spread:
            cells.setdefault(row.spread, {}).update(dict.fromkeys(row.needs))
    lines = []
    for one, behind in cells.items():
        losses, settings = (list(dict.fromkeys(names)) for names in zip(*behind, strict=True))
        where = f" at {frames.short_names(settings)}" if one.apart else ""
        lines.append(f"- Spread over seeds behind the rows of {wording.listed(losses)}{where}: ")
        lines[-1] += _of_spread(one, part.test)
    return "\n".join(lines)


def _of_spread(spread, test):
    unit = FIGURES[test["figure"]][1]
    text = f"{spread.sd:.2f} {'points' if unit == '%' else unit} a run"
    if spread.apart and spread.settings > 1:
        text, what = f"at most {text}, from {spread.source}; ", "setting"
    else:
        text, what = f"{text}, {wording.degrees(spread.df)}, {spread.source}; ", "loss" if spread.apart else "setting"
    if math.isnan(spread.ratio):
        return f"{text}its change from {what} to {what} is not known."
    if math.isinf(spread.ratio):
        return f"{text}a {what} has none, others have."
    text += f"the largest of a {what} is {spread.ratio:.1f} times the smallest"
    if math.isnan(spread.p_equal):
        return text + "."
    p = "p < 0.01" if spread.p_equal < 0.01 else f"p = {spread.p_equal:.2f}"
    return text + f" (Levene's test that they are equal: {p})."


def _control(claim, found):
    """What the control's runs are, and what of the claim they leave out."""
    longer = claim.rules_in(found.protocol)["control"]
    there = [cell for part in found.control for row in part.rows if row.n for cell in row.needs[1:]]
    losses, settings = (dict.fromkeys(names) for names in zip(*there, strict=True))
    text = f"The control, protocol {longer}, less the same runs of {found.protocol}: {wording.listed(losses)}, "
    text += f"{frames.short_names(settings)}."
    asked = [dict.fromkeys(names) for names in zip(*claim.cells(found.protocol), strict=True)]
    lacking = [[one for one in names if one not in has] for names, has in zip(asked, (losses, settings), strict=True)]
    gaps = [wording.listed(lacking[0])] if lacking[0] else []
    gaps += [frames.short_names(lacking[1])] if lacking[1] else []
    return text + (f" It has no runs of what this claim compares beside: {'; '.join(gaps)}." if gaps else "")


def evidence_frame(part):
    """The rows of an :class:`nlr.evidence.claims.Evidence` as text; *shows from* is the power of a row."""

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
                "shows from": number(kinds.shows_from(row), ".2f"),
                "p": ("< 0.001" if row.p < 0.001 else number(row.p, ".3f")) if known else "–",
                "says": wording.row_verdict(row.verdict) or "–",
            }
        )
    return pd.DataFrame(rows)


def _missing(found):
    """How many runs are missing, and the commands that make them."""
    made = found.commands
    text = f"{len(found.missing)} run{'s' * (len(found.missing) != 1)} "
    text += "of further seeds " * all(row.n for part in found.evidence for row in part.rows) + "missing: "
    if len(made) > FEW:
        return text + "\n\n```bash\n" + "\n".join(made) + "\n```"
    return text + wording.listed(f"`{command}`" for command in made) + "."
