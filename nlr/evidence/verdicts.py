"""The verdicts of the book as data: those that its pages prove and those that records give.

A claim has a verdict for each scope: ``mathematics``, as the theory pages say in their outputs, and each protocol in
which it can be tested, as :func:`nlr.evidence.claims.evaluate` says of the records.
"""

import hashlib
import json
import tomllib
from dataclasses import dataclass

import pandas as pd

from nlr import paths
from nlr.errors import NlrError
from nlr.evidence import claims, frames, wording
from nlr.evidence.whole_seeds import whole_seeds
from nlr.study import studies

MATHEMATICS = "mathematics"
AUTHORS = {  # the authors' draft tables: source, and the protocol of ours whose tests hold for it
    "authors, CIFAR-10": ("HX-HX1-CIFAR10", "ma2020"),
    "authors, MNIST": ("HX-HX1-MNIST", "ma2020-mnist"),
}
COMMITTED = paths.RESULTS / "outcomes.json"  # the words that the committed records gave when they were last looked at
EVALUATOR = (
    "statistics.py",
    "reproductions.py",
    "whole_seeds.py",
    "claims/_judging.py",
    "claims/_registry.py",
    "claims/_runs.py",
    "claims/figures.py",
    "claims/kinds.py",
)


@dataclass(frozen=True)
class Judgement:
    """A verdict on a claim in one scope.

    Attributes:
        claim, scope, outcome: C17, ``mathematics`` or a protocol's name, and one of
            :data:`nlr.evidence.claims.OUTCOMES`.
        because: the reason, with numbers.
        target: the label of the place that shows the evidence.
        qualifier: what it is limited to; mostly empty.
        found: the :class:`nlr.evidence.claims.Outcome` where records give it, else None.
    """

    claim: str
    scope: str
    outcome: str
    because: str
    target: str
    qualifier: str = ""
    found: claims.Outcome | None = None

    def without_exploratory(self):
        """What the outcome would be without exploratory runs, in words; empty where it would be the same."""
        if self.found is None or self.found.without_exploratory == self.outcome:
            return ""
        return f"without exploratory runs: {self.found.without_exploratory}"


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
                if data := output.get("data", {}).get(claims.VERDICT_MIME):
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


def judge(records, proved, names=None, made=None):
    """The judgements of claims: ``{claim: [Judgement]}``.

    Args:
        records: what :func:`counted` returns.
        proved: what :func:`proofs` returns.
        names: which claims; all where None.
        made: as for :func:`nlr.evidence.claims.evaluate`.
    """
    out = {}
    for name, claim in claims.load().items():
        if names is not None and name not in names:
            continue
        out[name] = list(proved.get(name, ()))
        if claim.kind == "theory":
            if not out[name]:
                reason = "No page proves or refutes it yet."
                out[name].append(Judgement(name, MATHEMATICS, "not run", reason, evidence_label(name)))
            continue
        for protocol in reversed(claim.protocols):  # what has records stands first
            found = claims.evaluate(claim, records, protocol, made)
            one = Judgement(name, protocol, found.outcome, found.reason, evidence_label(name), found.qualifier, found)
            out[name].append(one)
    return out


def by_authors(names=None):
    """What the authors' draft tables say of claims whose cells they hold: ``{claim: [Judgement]}``.

    They are older than the tests, which were written before we had seen them but for what others quote of them; so they
    are a description beside the verdicts, and none of these.

    Args:
        names: which claims; all where None.
    """
    out = {}
    for name, claim in claims.load().items():
        if names is not None and name not in names:
            continue
        for scope, (source, protocol) in AUTHORS.items():
            if found := claims.evaluate_printed(claim, source, protocol):
                one = Judgement(name, scope, found.outcome, found.reason, evidence_label(name), found=found)
                out.setdefault(name, []).append(one)
    return out


def evidence_label(name):
    """The label of a claim's section on its page of the evidence."""
    return f"evidence-{name.lower()}"


def committed():
    """All records of the committed store."""
    return frames.read_store(studies.STORES["results"])[0]


def counted():
    """Those that claims are judged by: without runs that wait for others, see :mod:`nlr.evidence.whole_seeds`."""
    return whole_seeds(committed())


def evaluator():
    """Sixteen hexadecimal digits that name the code by which records become verdicts, as a test's hash names a test."""
    folder = paths.ROOT / "nlr" / "evidence"
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in EVALUATOR)).hexdigest()[:16]


def outcomes(judged):
    """What the records say in words: ``{claim: {protocol: {outcome, without_exploratory, tests}}}``.

    Claims without runs are left out; ``tests`` is the hash of the tests.
    """
    registry, out = claims.load(), {}
    for name, judgements in judged.items():
        for one in judgements:
            if one.found is not None and one.outcome != "not run":
                out.setdefault(name, {})[one.scope] = {
                    "outcome": one.outcome,
                    "without_exploratory": one.found.without_exploratory,
                    "tests": registry[name].test_hash(one.scope),
                }
    return out


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
    held, partly, somewhere, failed, undecided, waiting = map(found.count, claims.OUTCOMES)
    if waiting == len(found):
        return f"none of {waiting} claims has a verdict yet"
    parts = [f"{partly} held in part", f"{failed} did not hold"] + [f"{somewhere} not everywhere"] * bool(somewhere)
    text = f"{held} of {len(found)} claims held, {wording.listed(parts)}"
    parts = [f"{undecided} {'is' if undecided == 1 else 'are'} undecided"] if undecided else []
    parts += [f"{waiting} still wait{'s' * (waiting == 1)} for runs"] if waiting else []
    return text + (f"; {wording.listed(parts)}" if parts else "")
