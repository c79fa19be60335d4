"""The claims as the registry has them, read and checked."""

import hashlib
import json
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from nlr.errors import NlrError, unknown
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.noise import parse_setting
from nlr.study import protocols, runs

REGISTRY = Path(__file__).parent / "registry.toml"
ERRATA = Path(__file__).parent / "errata.toml"
SOURCES = ("paper", "soni", "kathuria", "krishnan", "joshi", "chheda", "project")
BASES = ("words", "formula", "figures")  # what it rests on that somebody asserts or contradicts a claim
KINDS = ("theory", "both", "empirical")
PROTOCOLS = ("ma2020", "ma2020-mnist", "ma2020-small")  # where a claim is tested that does not say otherwise

_KEYS = {
    "statement",
    "kind",
    "asserted",
    "contradicted",
    "quotes",
    "remark",
    "protocols",
    "slow",
    "everywhere",
    "revised",
    "tests",
    "should_differ",
}
_TEST_KEYS = {
    "difference": {"pairs", "settings"},
    "level": {"losses", "settings"},
    "mean_difference": {"pairs", "settings"},
    "change": {"losses", "pairs", "from", "to"},
    "slope": {"losses", "pairs", "settings"},
    "best_of": {"group", "others", "settings"},
    "regret": {"losses", "settings"},
    "between": {"cells"},
    "collapse": {"losses", "settings"},
    "seed_range": {"losses", "settings"},
    "reproduces": {"source", "losses", "settings"},
    "nearer": {"source", "than", "losses", "settings"},
    "predicted": {"yes", "no"},
}
_COMMON = {"test", "figure", "relation", "threshold", "target", "protocols"}
_LISTS = ("losses", "settings", "from", "to", "group", "others")


@dataclass(frozen=True)
class Claim:
    """One claim of the registry.

    Attributes:
        id: ``C17``.
        statement: the claim in a sentence.
        kind: ``theory``, ``both`` or ``empirical``.
        asserted, contradicted: who says so and who says otherwise, ``{one of SOURCES: one of BASES}``.
        quotes: who only repeats it as the paper's, of :data:`SOURCES`.
        remark: what is worth knowing about the sources or the test; may be empty.
        protocols: names of the protocols in which it can be tested.
        slow: whether the outcome turns on how far a slow loss has learnt.
        everywhere: whether it is of every rate or of every loss, so that one clear contradiction refutes it.
        revised: when its test was last changed after runs had been made, else None.
        revision: how it was changed then; else empty.
        tests: dicts, groups written out; empty where a proof settles it.
        should_differ: pairs of losses that its tests of equivalence should tell apart.
        rules: the registry's rules.
    """

    id: str
    statement: str
    kind: str
    asserted: dict
    contradicted: dict
    quotes: tuple
    remark: str
    protocols: tuple
    slow: bool
    everywhere: bool
    revised: datetime | None
    revision: str
    tests: tuple
    should_differ: tuple
    rules: dict

    def test_hash(self, protocol):
        """Sixteen hexadecimal digits that name its tests in one protocol with the rules that they are judged by there.

        What other protocols are judged by is not in it, nor are the rules that hold for all claims alike and were
        changed for all at once: which spread an interval takes, how many seeds a row needs, and what one contradiction
        does to a claim of every rate (see :func:`formerly`).
        """
        rules, tests = self.rules_in(protocol), self.tests_in(protocol)
        judged_by = {"tests": tests, "alpha": rules["alpha"]}
        if any(test["test"] in kinds.OF_COLLAPSE for test in tests):
            judged_by["collapsed"] = rules["collapsed"]
        if self.slow and rules["control"]:
            judged_by["control"] = rules["control"]
        return hashlib.sha256(json.dumps(judged_by, sort_keys=True).encode()).hexdigest()[:16]

    def rules_in(self, protocol):
        """The registry's rules as they hold in one protocol."""
        of_protocols = {name: self.rules.get(name, {}) for name in ("margin", "control", "spread")}
        alike = self.rules.get("alike", {}).get(protocol, protocol)
        return self.rules | {
            "protocol": protocol,
            "margin": of_protocols["margin"].get(alike, self.rules["usual_margin"]),
            "control": of_protocols["control"].get(protocol),
            "spread": of_protocols["spread"].get(alike, "protocol"),
        }

    def tests_in(self, protocol):
        """Its tests in one protocol, the margin as a number; where it depends on the rate, a test for each margin."""
        margin = self.rules_in(protocol)["margin"]
        out = []
        for test in self.tests:
            if protocol in test.get("protocols", [protocol]):
                test = {key: value for key, value in test.items() if key != "protocols"}
                out += kinds.with_margin(test, margin)
        return out

    def cells(self, protocol):
        """The cells (loss, setting) that it needs in one protocol, in order of first mention."""
        return list(dict.fromkeys(cell for test in self.tests_in(protocol) for cell in kinds.needs(test)))


def load(registry=None):
    """The claims by identifier, in their order.

    Args:
        registry: the text of a registry; the one of this package where None.

    Raises:
        NlrError: a claim or a test has an unknown or missing key, or names something that does not exist.
    """
    return dict(_claims(REGISTRY.read_text() if registry is None else registry))


@cache  # every comparison asks for the rules
def _claims(registry):
    text = tomllib.loads(registry)
    rules, groups = text.pop("rules"), text.pop("groups")
    return {name: _claim(name, entry, rules, groups) for name, entry in text.items()}


def errata(registry=None, text=None):
    """What is tested of the reports' errors beside the claims: a :class:`Claim` by the name of an erratum, ``E1``.

    Args:
        registry: as for :func:`load`; rules and groups are those of the claims.
        text: the text of the errata's tests; that of this package where None.

    Raises:
        NlrError: as :func:`load`.
    """
    common = tomllib.loads(REGISTRY.read_text() if registry is None else registry)
    own = tomllib.loads(ERRATA.read_text() if text is None else text)
    return {name: _claim(name, entry, common["rules"], common["groups"]) for name, entry in own.items()}


def get(name):
    """The claim of that identifier.

    Raises:
        NlrError: there is none.
    """
    found = load()
    if name not in found:
        raise unknown("claim", name, found)
    return found[name]


def _claim(name, entry, rules, groups):
    for key in entry:
        if key not in _KEYS:
            raise unknown(f"key of claim {name}", key, sorted(_KEYS))
    for key in ("statement", "kind", "asserted", "contradicted"):
        if key not in entry:
            raise NlrError(f"Claim {name} has no {key!r}.")
    if entry["kind"] not in KINDS:
        raise unknown(f"kind of claim {name}", entry["kind"], KINDS)
    asserted, contradicted = (_sources(name, entry[side]) for side in ("asserted", "contradicted"))
    quotes = _sources(name, entry.get("quotes", ()))
    if (entry["kind"] == "theory") == bool(entry.get("tests")):
        raise NlrError(f"Claim {name} is {entry['kind']}; expected tests unless it is theory, and then none.")
    revised, _, revision = entry.get("revised", "").partition(" ")
    return Claim(
        name,
        entry["statement"],
        entry["kind"],
        asserted,
        contradicted,
        tuple(quotes),
        entry.get("remark", ""),
        tuple(entry.get("protocols", () if entry["kind"] == "theory" else PROTOCOLS)),
        entry.get("slow", False),
        entry.get("everywhere", False),
        datetime.fromisoformat(revised.rstrip(":")) if revised else None,
        revision,
        tuple(_test(name, test, groups) for test in entry.get("tests", [])),
        tuple(tuple(pair) for pair in entry.get("should_differ", ())),
        rules,
    )


def _sources(name, entries):
    """Who is named, with what it rests on: ``chheda by figures`` is ``{"chheda": "figures"}``."""
    found = {}
    for entry in entries:
        source, _, basis = entry.partition(" by ")
        if source not in SOURCES:
            raise unknown(f"source of claim {name}", source, SOURCES)
        if (basis or BASES[0]) not in BASES:
            raise unknown(f"what {source} rests on in claim {name}", basis, BASES)
        found[source] = basis or BASES[0]
    return found


def _test(name, test, groups):
    if test.get("test") not in _TEST_KEYS:
        raise unknown(f"test of claim {name}", test.get("test"), _TEST_KEYS)
    allowed = _TEST_KEYS[test["test"]] | _COMMON
    for key in test:
        if key not in allowed:
            raise unknown(f"key of a test of claim {name}", key, sorted(allowed))
    usual = "modal_share" if test["test"] in kinds.OF_COLLAPSE else "last"
    test = {"figure": usual} | {k: groups[v] if k in _LISTS and isinstance(v, str) else v for k, v in test.items()}
    if test["figure"] not in FIGURES:
        raise unknown(f"figure of claim {name}", test["figure"], FIGURES)
    if test.get("relation") not in kinds.RELATIONS:
        raise unknown(f"relation of claim {name}", test.get("relation"), kinds.RELATIONS)
    if not isinstance(test.get("threshold"), int | float) and test.get("threshold") not in ("margin", "-margin"):
        raise NlrError(
            f"A test of claim {name} has the threshold {test.get('threshold')!r}; expected a number or margin."
        )
    for _, setting in kinds.needs(test):
        parse_setting(setting)
    return test


def formerly(claim):
    """A claim under the rules that held until 29 November 2026, to see what the change of rules changed.

    Its tests are the same. A pair's own spread was taken from four degrees of freedom on, a row of fewer than three
    seeds was counted where it lay four standard deviations from its threshold, and a claim of every rate that held at
    some and failed at others was held in part.
    """
    return replace(claim, rules=claim.rules | claim.rules["former"])


def cannot_run(claim, protocol):
    """Why a claim has no verdict in a protocol whatever the records, or an empty string."""
    if protocol not in claim.protocols:
        return f"It is tested in {' and '.join(claim.protocols)}, not in {protocol}."
    if protocol not in protocols.names():
        return f"The protocol {protocol} does not exist yet."
    return ""


def check_spelling(claim):
    """Refuse losses that are not spelled as records spell them.

    Raises:
        NlrError: a loss of one of the claim's tests is unknown, or is spelled otherwise in a protocol's records.
    """
    for protocol in set(claim.protocols) & set(protocols.names()):
        for named, _ in claim.cells(protocol):
            loss, place = kinds.place(named, protocol)
            spelled = runs.canonical_loss(protocols.load(place), loss)[0]
            if spelled != loss:
                raise NlrError(f"Claim {claim.id} names {loss!r}; records of {place} spell it {spelled!r}.")
