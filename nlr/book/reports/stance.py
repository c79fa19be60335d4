"""What became of a report: how it stands to the claims, and what our evidence says of these."""

import pandas as pd

from nlr.book import reports, verdict_tables
from nlr.book.display import Table
from nlr.errors import unknown
from nlr.evidence import claims, published, verdicts
from nlr.study import protocols

_GROUPS = {
    ("asserts", "held"): "agrees",
    ("asserts", "did not hold"): "disagrees",
    ("asserts", "did not hold everywhere"): "disagrees",
    ("contradicts", "held"): "disagrees",
    ("contradicts", "did not hold"): "agrees",
    ("contradicts", "did not hold everywhere"): "agrees",
}

_HEADS = {
    "agrees": "Our evidence agrees with the report",
    "disagrees": "Our evidence disagrees with the report",
    "digits": "On digits alone, which are no evidence on CIFAR-10",
    "open": "Our evidence does not decide, or not the whole claim",
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


def remark(claim, name):
    """What the registry remarks on a claim and, where a claim says more than a report, what this says; may be empty."""
    said = reports.about(name)["said"].get(claim.id, "")
    return " ".join(filter(None, [published.quoted(claim.remark), said]))


def claims_table(name, judged):
    """The claims that a report asserts, contradicts or quotes, with the remarks on them and their verdicts."""
    rows = []
    for number, claim in claims.load().items():
        if found := stances(claim, name):
            scopes = {}
            for one in judged[number]:
                scopes.setdefault(verdict_tables.badge(one), []).append(_limited(one.scope, one.qualifier))
            said = [side + (f" by its {basis}" if basis != "words" else "") for side, basis in found.items()]
            remarked = remark(claim, name)
            rows.append(
                {
                    "claim": number,
                    "statement": claim.statement + (f"<br>*{remarked}*" if remarked else ""),
                    "the report": ", ".join(said),
                    "verdict": "<br>".join(f"{badge} {', '.join(of_badge)}" for badge, of_badge in scopes.items()),
                }
            )
    return Table(
        pd.DataFrame(rows),
        name="claims",
        caption="What the report asserts or contradicts of the claims of this book, and what our proofs and runs "
        "say of it. A claim is in our words, so that it can be tested, and may say more than the report does; remarks "
        "on this stand below it. *By its formula* and *by its figures*: it does not say so, but what it writes "
        "down or reports does. *Quotes*: it only repeats the paper.",
        left=["statement", "the report", "verdict"],
    )


def _limited(scope, qualifier):
    """A scope and what a verdict is limited to there, ``ma2020-small at 1,975 updates``."""
    return f"{scope} {qualifier}".strip()


def standing(name, judged):
    """What became of what a report says in words: ``{group: {claim: [judgements]}}``.

    The groups are ``agrees`` (asserted and held, or contradicted and did not hold, everywhere or at some rate of a
    claim of every rate), ``disagrees`` (the other way round), ``digits`` (runs on digits, whatever they say), ``open``
    (held in part, or undecided) and ``not run`` (of claims that no protocol but one on digits has settled). What a
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
                group = _GROUPS.get((side, one.outcome), "open")
                if one.outcome == "not run":
                    group = "not run"
                elif _on_digits(one.scope):
                    group = "digits"
                out.setdefault(group, {}).setdefault(number, []).append(one)
    trained = {
        number
        for group, of in out.items()
        for number, found in of.items()
        if group not in ("not run", "digits") and any(one.scope != verdicts.MATHEMATICS for one in found)
    }
    waiting = {number: of for number, of in out.pop("not run", {}).items() if number not in trained}
    return out | ({"not run": waiting} if waiting else {})


def _on_digits(scope):
    return scope != verdicts.MATHEMATICS and protocols.load(scope)["data"]["dataset"] == "digits"


def _of_reference(scope):
    return scope.startswith("ma2020")


def scope_words(scope):
    """The scope of a verdict in words: ``in mathematics``, ``on MNIST``, ``in its own protocol, scaled down``."""
    if scope == verdicts.MATHEMATICS:
        return "in mathematics"
    loaded = protocols.load(scope)
    if loaded["data"]["dataset"] in ("digits", "mnist"):
        return {"digits": "on digits", "mnist": "on MNIST"}[loaded["data"]["dataset"]]
    words = "in the reference's protocol" if _of_reference(scope) else "in its own protocol"
    return words + (", scaled down" if "-small" in scope else ", in full")


def closing(name, judged):
    """How our evidence stands to what a report says, from the verdicts: a list in MyST."""
    found, registry = standing(name, judged), claims.load()

    def item(group, number, of):
        claim, stance = registry[number], stances(registry[number], name)
        denies = "The report denies this: " if stance.get("contradicts") == "words" else ""
        where = [f"{', '.join(filter(None, (scope_words(one.scope), one.qualifier)))}: {one.outcome}" for one in of]
        text = f"- [{number}](#{of[0].target}) {denies}{claim.statement} ({'; '.join(dict.fromkeys(where))})"
        if stance.get("asserts") == "words" and stance.get("contradicts", "words") != "words":
            text += (
                f" *Asserted; its {stance['contradicts']} say{'s' * (stance['contradicts'] == 'formula')} otherwise.*"
            )
        remarked = remark(claim, name) if group != "open" else ""
        return text + (f" *{remarked}*" if remarked else "")

    taken = [stances(claim, name) for claim in registry.values()]
    words = sum(any(side != "quotes" and basis == "words" for side, basis in of.items()) for of in taken)
    implied = sum(bool(of) and "words" not in of.values() for of in taken)  # what it quotes rests on words
    quoted = sum("quotes" in of for of in taken)
    left = [f"{implied} more follow{'s' * (implied == 1)} from its formulas or figures alone"] * bool(implied)
    left += [f"{quoted} {'is' if quoted == 1 else 'are'} only repeated from the paper"] * bool(quoted)
    uncounted = f"; {' and '.join(left)}, and {'is' if implied + quoted == 1 else 'are'} not counted below"
    text = f"The report takes a side in words on {words} of the {len(taken)} claims{uncounted if left else ''}."
    text += f" {_own_numbers(name)}"
    if any(_of_reference(one.scope) for of in found.values() for mine in of.values() for one in mine):
        text += " Runs in the reference's protocol bear on a claim, not on what the report saw of its own networks."
    parts = [text]
    for group, head in _HEADS.items():
        listed = [item(group, number, of) for number, of in found.get(group, {}).items()]
        if listed or group != "digits":
            parts.append("\n".join([f"**{head}**", "", *(listed or ["- Nothing so far."])]))
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
        return "The report prints no number, so what its measurements show cannot be checked here."
    if (numbers["by"] == "code").all():
        return (
            "The report prints no number; those of its code are single readings: they suggest an order of losses and "
            "cannot show how far chance goes."
        )
    if (numbers["value"].sub(10).abs() < 1).all():
        return "Its own numbers are those of a constant answer and settle nothing about losses."
    return "Its own numbers are single readings: they suggest an order of losses and cannot show how far chance goes."
