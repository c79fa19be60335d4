"""What became of a report: how it stands to the claims, and what it established."""

import pandas as pd

from nlr.book import reports, verdict_tables
from nlr.book.display import Table
from nlr.errors import unknown
from nlr.evidence import claims, verdicts
from nlr.study import protocols

_GROUPS = {
    ("asserts", "held"): "established",
    ("contradicts", "did not hold"): "established",
    ("asserts", "did not hold"): "refuted",
    ("contradicts", "held"): "refuted",
}

_HEADS = {
    "established": ("Established: our verdicts bear the report out", "Nothing so far."),
    "refuted": ("Refuted: our verdicts go against the report", "Nothing so far."),
    "open": ("Not settled: claims that hold in part, or that our runs leave undecided", "Nothing so far."),
}


def stances(claim, name):
    """How a report stands to a claim, ``{asserts, contradicts or quotes: what it rests on}``; empty where it does not.

    It asserts or contradicts in ``words``, or by a ``formula`` or ``figures`` alone; it quotes a claim where it only
    repeats the paper.
    """
    sides = {"asserts": claim.asserted, "contradicts": claim.contradicted}
    out = {side: of[name] for side, of in sides.items() if name in of}
    return out | ({"quotes": "words"} if name in claim.quotes else {})


def claims_of(name):
    """The numbers of the claims that a report asserts, contradicts or quotes."""
    return [number for number, claim in claims.load().items() if stances(claim, name)]


def claims_table(name, judged):
    """The claims that a report asserts, contradicts or quotes, with their verdicts."""
    rows = []
    for number, claim in claims.load().items():
        if found := stances(claim, name):
            scopes = {}
            for one in judged[number]:
                scopes.setdefault(verdict_tables.badge(one), []).append(one.scope)
            said = [side + (f" by its {basis}" if basis != "words" else "") for side, basis in found.items()]
            rows.append(
                {
                    "claim": number,
                    "statement": claim.statement,
                    "the report": ", ".join(said),
                    "verdict": "<br>".join(f"{badge} {', '.join(of_badge)}" for badge, of_badge in scopes.items()),
                }
            )
    return Table(
        pd.DataFrame(rows),
        name="claims",
        caption="What the report asserts or contradicts of the claims of this book, and what our proofs and runs "
        "say of it. *By its formula* and *by its figures*: it does not say so, but what it writes down or reports "
        "does. *Quotes*: it only repeats the paper.",
        left=["statement", "the report", "verdict"],
    )


def standing(name, judged):
    """What became of what a report says in words: ``{group: {claim: [judgements]}}``.

    The groups are ``established`` (asserted and held, or contradicted and did not hold), ``refuted`` (the other way
    round), ``open`` (held in part, or undecided) and ``not run`` (of claims that no protocol has settled). What a
    report only repeats, and what its formulas or figures imply without its saying so, is in none.
    """
    out = {}
    for number, claim in claims.load().items():
        for side, basis in stances(claim, name).items():
            if side == "quotes" or basis != "words":
                continue
            for one in judged[number]:
                if one.outcome not in claims.OUTCOMES:
                    raise unknown("outcome", one.outcome, claims.OUTCOMES)
                waits = "not run" if one.outcome == "not run" else "open"
                group = _GROUPS.get((side, one.outcome), waits)
                out.setdefault(group, {}).setdefault(number, []).append(one)
    trained = {
        number
        for group, of in out.items()
        for number, found in of.items()
        if group != "not run" and any(one.scope != verdicts.MATHEMATICS for one in found)
    }
    waiting = {number: of for number, of in out.pop("not run", {}).items() if number not in trained}
    return out | ({"not run": waiting} if waiting else {})


def scope_words(scope):
    """The scope of a verdict in words: ``in mathematics``, ``on digits, no evidence on CIFAR-10`` and the like."""
    if scope == verdicts.MATHEMATICS:
        return "in mathematics"
    if protocols.load(scope)["data"]["dataset"] == "digits":
        return "on digits, no evidence on CIFAR-10"
    return "scaled down" if "-small" in scope else "in full"


def closing(name, judged):
    """What a report established, what was refuted and what could not be settled, from the verdicts: a list in MyST."""
    author, found, registry = reports.about(name)["author"], standing(name, judged), claims.load()

    def items(group):
        out = []
        for number, of in found.get(group, {}).items():
            denied = "contradicts" in stances(registry[number], name)
            says = "It says otherwise than this: " if denied else ""
            where = dict.fromkeys(
                scope_words(one.scope) + (f", {one.outcome}" if group == "open" else "") for one in of
            )
            out.append(f"- [{number}](#{of[0].target}) {says}{registry[number].statement} ({'; '.join(where)})")
        return out

    taken = [stances(claim, name) for claim in registry.values()]
    words = sum(any(side != "quotes" and basis == "words" for side, basis in of.items()) for of in taken)
    implied = sum(bool(of) and "words" not in of.values() for of in taken)  # what it quotes rests on words
    quoted = sum("quotes" in of for of in taken)
    text = f"In words {author} takes a side on {words} of the {len(taken)} claims of this book."
    if implied:
        text += f" Where its formulas or figures alone take one ({implied}), they are not counted below."
    if quoted:
        text += f" What it only repeats of the paper ({quoted}) is not counted either."
    parts = [f"{text} {_own_numbers(name)}"]
    for group, (head, nothing) in _HEADS.items():
        listed = items(group)
        parts.append("\n".join([f"**{head}**", "", *(listed or [f"- {nothing}"])]))
    if waiting := found.get("not run"):
        numbers = ", ".join(f"[{number}](#{of[0].target})" for number, of in waiting.items())
        parts.append(
            f"{'One claim waits' if len(waiting) == 1 else f'{len(waiting)} claims wait'} for runs: {numbers}."
        )
    return "\n\n".join(parts)


def _own_numbers(name):
    """What a report's own numbers can show."""
    numbers = reports.printed(name)
    if numbers.empty:
        return "As the report prints no number, none of this rests on its own measurements."
    if (numbers["by"] == "code").all():
        return (
            "The report prints no number; those of its code are single readings: they suggest an order of losses and "
            "cannot show how far chance goes."
        )
    if (numbers["value"].sub(10).abs() < 1).all():
        return "Its own numbers are those of a constant answer and settle nothing about losses."
    return "Its own numbers are single readings: they suggest an order of losses and cannot show how far chance goes."
