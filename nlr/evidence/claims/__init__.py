"""The claims, C1 to C83, and the test of each: a registry that people read and edit, evaluated on records.

``registry.toml`` says for each claim who asserts and who contradicts it and by which test it is judged.
:func:`evaluate` gives the outcome of a claim in one protocol from records alone, :func:`missing_runs` what it still
needs.

How a verdict comes about: each row of a claim's tests is an effect with a t interval, the spread over seeds being the
common one of the protocol. All rows of a claim are one family, adjusted by Holm. A row supports or contradicts the
claim, or is open; with fewer than three seeds it is shown and decides nothing. All rows supporting: held; some
supporting, some contradicting: partly; some contradicting and none supporting: did not hold; otherwise undecided. A
claim with a row that has no run, exploratory runs alone, or no interval, is not run, unless it is partly already. A
claim of every rate or of every loss is refuted by one row: it did not hold, or, where other rows support it, did not
hold everywhere.

A loss of a test is one of the protocol that is asked about; ``ce @ chheda-flips`` is ce in the runs of another.

``errata.toml`` has tests of the same form for errors of the reports that are no claim: :func:`errata`.
"""

import hashlib
import json
import math
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from nlr.data import TRAINING_IMAGES
from nlr.errors import NlrError, unknown
from nlr.evidence import frames, reproductions, statistics, wording
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.noise import parse_setting
from nlr.study import protocols, runs, studies

REGISTRY = Path(__file__).parent / "registry.toml"
ERRATA = Path(__file__).parent / "errata.toml"
SOURCES = ("paper", "soni", "kathuria", "krishnan", "joshi", "chheda", "project")
BASES = ("words", "formula", "figures")  # what it rests on that somebody asserts or contradicts a claim
KINDS = ("theory", "both", "empirical")
OUTCOMES = ("held", "partly", "did not hold everywhere", "did not hold", "undecided", "not run")
VERDICT_MIME = "application/vnd.nlr.verdict+json"  # as which an output of a page carries its verdict
PROTOCOLS = ("ma2020", "ma2020-mnist", "ma2020-small")  # where a claim is tested that does not say otherwise
SEEDS = (0, 1, 2)  # of runs that no study has

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


@dataclass(frozen=True)
class Evidence:
    """What one test of a claim found.

    Attributes:
        test: the test, thresholds as numbers.
        unit: of its rows, as :func:`nlr.evidence.claims.kinds.measured` names it.
        rows: a :class:`nlr.evidence.claims.kinds.Row` for each cell, judged.
        effect, low, high: the mean over its rows with a 95 % interval; NaN where it has none, or its rows are unlike.
        spread: the :class:`nlr.evidence.statistics.Spread` behind that mean, with its heterogeneity over settings; or
            None.
        df: degrees of freedom of that mean's interval; fewer than the spread's where runs of a seed share much.
        digits: decimals of a number in a sentence: two where a margin is under a point.
    """

    test: dict
    unit: str
    rows: tuple
    effect: float
    low: float
    high: float
    spread: statistics.Spread | None
    df: int = 0
    digits: int = 1

    def mean(self):
        """The mean over the rows in short, ``+8.6 (+7.3 to +9.9; 3 seeds) points``; empty where it has no interval."""
        if math.isnan(self.low):
            return ""
        effect, low, high = (_number(self, value) for value in (self.effect, self.low, self.high))
        return f"{effect} ({low} to {high}; {self.seeds()}) {self.unit}"

    def span(self):
        """The lowest and the highest row in short, ``11.6 to 16.2 %``; empty where no row has a value."""
        effects = [row.effect for row in kinds.counted(self.rows)]
        if not effects:
            return ""
        ends = dict.fromkeys(_number(self, effect) for effect in (min(effects), max(effects)))
        return f"{' to '.join(ends)} {self.unit}"

    def seeds(self):
        """How many seeds the rows of the mean have: ``1 to 3 seeds``."""
        numbers = [row.n for row in kinds.counted(self.rows)]
        return wording.seeds(min(numbers), max(numbers))

    def frame(self):
        """The rows as a data frame: a column an attribute of :class:`nlr.evidence.claims.kinds.Row`."""
        return pd.DataFrame([vars(row) for row in self.rows])


@dataclass(frozen=True)
class Outcome:
    """What the records of one protocol say about a claim.

    Attributes:
        claim, protocol: the identifier and the name.
        outcome: one of :data:`OUTCOMES`.
        reason: why, in a sentence or two with computed numbers.
        qualifier: what the outcome is limited to, ``at 1,975 updates`` say; mostly empty.
        evidence: an :class:`Evidence` for each test.
        control: for a slow claim, the Evidence of the control: the same runs for longer, less these; else empty.
        without_exploratory: the outcome with exploratory runs left out; equal to ``outcome`` where they do not matter.
        missing: the runs it still needs, see :func:`missing_runs`.
        apart: for a claim of equivalence, an Evidence for each of its tests on pairs that it should tell apart.
    """

    claim: str
    protocol: str
    outcome: str
    reason: str
    qualifier: str = ""
    evidence: tuple = ()
    control: tuple = ()
    without_exploratory: str = ""
    missing: tuple = ()
    apart: tuple = ()

    @property
    def commands(self):
        """The commands that make the missing runs."""
        return commands(self.missing)


@dataclass(frozen=True)
class Run:
    """A run that a claim needs and no record has; ``study`` is the study that makes it, empty where none does."""

    protocol: str
    loss: str
    setting: str
    seed: int
    study: str = ""


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
    revised = entry.get("revised")
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
        datetime.fromisoformat(revised.split(" ")[0].rstrip(":")) if revised else None,
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


def evaluate(claim, records, protocol):
    """What the records of one protocol say about a claim.

    Args:
        claim: a :class:`Claim` that training can settle.
        records: records, of any protocol; those of others are left aside, but for the control's.
        protocol: name of a protocol.

    Returns:
        The :class:`Outcome`.

    Raises:
        NlrError: a proof settles the claim, or the records of the protocol are of two data sets.
    """
    if claim.kind == "theory":
        raise NlrError(f"Claim {claim.id} is settled by a proof, not by records.")
    if reason := _cannot_run(claim, protocol):
        return Outcome(claim.id, protocol, "not run", reason, without_exploratory="not run")
    tests = claim.tests_in(protocol)
    table = _table(claim, records, protocol, tests, claim.cells(protocol))
    rules = claim.rules_in(protocol)
    evidence = _judge(rules, tests, table)
    everywhere = claim.everywhere and rules["everywhere"]
    outcome = _outcome(evidence, everywhere)
    confirmed = table[~table["exploratory"]]
    without = outcome if len(confirmed) == len(table) else _outcome(_judge(rules, tests, confirmed), everywhere)
    reason = _reason(evidence)
    missing, control, qualifier = missing_runs(claim, protocol, records), (), ""
    if claim.slow and rules["control"]:
        qualifier = f"at {updates(protocol):,} updates"
        control = _control(claim, records, protocol)
        if not all(row.n for part in control for row in part.rows):
            outcome = without = "not run"
            reason += f" No verdict without the control {rules['control']}."
    if without != outcome:
        reason += f" Without the exploratory runs: {without}."
    beside = [test | {"pairs": claim.should_differ} for test in tests if claim.should_differ]
    apart = _judge(rules, beside, table)
    return Outcome(claim.id, protocol, outcome, reason, qualifier, evidence, control, without, tuple(missing), apart)


def evaluate_printed(claim, source, protocol):
    """What the figures that a source prints say about a claim, by the tests that it has in a protocol.

    The figures are means after the last epoch with their deviations; differences of them are unpaired. A row whose
    cells the source lacks, or that asks for anything but accuracy after the last epoch, is missing.

    Args:
        claim: a :class:`Claim` that training can settle.
        source: key of a source of :mod:`nlr.evidence.reproductions`.
        protocol: name of the protocol whose tests and margins hold.

    Returns:
        The :class:`Outcome`; None where no row has a value.
    """
    if claim.kind == "theory" or _cannot_run(claim, protocol):
        return None
    rules, tests = claim.rules_in(protocol), claim.tests_in(protocol)
    theirs = reproductions.figures(source, protocols.load(protocol)["data"]["dataset"], protocol)
    found = [kinds.printed_rows(test, theirs, rules) for test in tests]
    if not any(row.n for part in found for row in part):
        return None
    unknown_mean = (math.nan, math.nan, math.nan, None)
    evidence = tuple(
        Evidence(test, kinds.measured(test)[0], tuple(part), *unknown_mean)
        for test, part in zip(tests, _in_families(found, {}, rules), strict=True)
    )
    outcome = _outcome(evidence, claim.everywhere and rules["everywhere"])
    return Outcome(claim.id, protocol, outcome, _reason(evidence), "", evidence, without_exploratory=outcome)


def formerly(claim):
    """A claim under the rules that held until 29 November 2026, to see what the change of rules changed.

    Its tests are the same. A pair's own spread was taken from four degrees of freedom on, a row of fewer than three
    seeds was counted where it lay four standard deviations from its threshold, and a claim of every rate that held at
    some and failed at others was held in part.
    """
    return replace(claim, rules=claim.rules | claim.rules["former"])


def _cannot_run(claim, protocol):
    """Why a claim has no verdict in a protocol whatever the records, or an empty string."""
    if protocol not in claim.protocols:
        return f"It is tested in {' and '.join(claim.protocols)}, not in {protocol}."
    if protocol not in protocols.names():
        return f"The protocol {protocol} does not exist yet."
    return ""


def _place(loss, protocol):
    """A loss of a test and the protocol of its runs."""
    name, _, other = loss.partition(kinds.ELSEWHERE)
    return name, other or protocol


def _table(claim, records, protocol, tests, cells=()):
    """One row a run of the protocol, and of others as far as the cells name them, with the figures of the tests."""
    found = [
        (record["config"]["loss"]["spec"], record) for record in records if record["config"]["protocol"] == protocol
    ]
    for name in dict.fromkeys(loss for loss, _ in cells if kinds.ELSEWHERE in loss):
        place = _place(name, protocol)
        found += [(name, r) for r in records if (r["config"]["loss"]["spec"], r["config"]["protocol"]) == place]
    datasets = sorted({record["config"]["dataset"] for _, record in found})
    if len(datasets) > 1:
        raise NlrError(f"The records of {protocol} are of {' and '.join(datasets)}; give those of one data set.")
    used = dict.fromkeys(figure for test in tests for figure in kinds.figures(test))
    apart = claim.rules_in(protocol)["spread"] == "setting"  # then no spread is taken over cells that collapsed
    limit = claim.rules["collapsed"]
    columns = {
        "loss": pd.Series([loss for loss, _ in found], dtype=str),
        "setting": pd.Series([frames.setting_of(record["config"]) for _, record in found], dtype=str),
        "seed": [record["config"]["seed"] for _, record in found],
        "exploratory": np.array([exploratory_for(claim, record) for _, record in found], bool),
    }
    table = pd.DataFrame(columns | {name: [FIGURES[name][0](record) for _, record in found] for name in used})
    if apart:
        shares = pd.Series([FIGURES["modal_share"][0](record) for _, record in found], table.index, float)
        table["pooled"] = shares.groupby([table["loss"], table["setting"]]).transform("max") <= limit
    return table


def exploratory_for(claim, record):
    """Whether a record is older than the claim's test: by its purpose, or because the test was revised after it."""
    facts = record["facts"]
    started = datetime.fromisoformat(facts["finished"]) - timedelta(seconds=facts["wall_seconds"])
    late = claim.revised is not None and started < claim.revised
    return facts["purpose"] == "exploratory" or late


def _judge(rules, tests, table):
    """The evidence of each test, its rows judged with all the claim's rows, those without runs too, as one family."""
    seeds = {}
    for loss, setting, seed in zip(*(table[name].tolist() for name in ("loss", "setting", "seed")), strict=True):
        seeds.setdefault((loss, setting), set()).add(seed)
    parts = _in_families([kinds.rows(test, table, rules) for test in tests], seeds, rules)
    return tuple(_evidence(test, table, part, rules) for test, part in zip(tests, parts, strict=True))


def _in_families(found, seeds, rules):
    """The rows of all tests of a claim, judged as one family; ``seeds`` are those of each cell that has runs."""
    flat = [row for part in found for row in part]
    adjusted = statistics.holm([1.0 if row.exploratory or math.isnan(row.p) else row.p for row in flat])
    judged = iter([_judged(row, p, seeds, rules["alpha"]) for row, p in zip(flat, adjusted, strict=True)])
    return [[next(judged) for _ in part] for part in found]


def _judged(row, p, seeds, alpha):
    if not row.n:
        shared = {}  # in each setting, the seeds that all of the row's losses have
        for cell in row.needs:
            shared[cell[1]] = shared.get(cell[1], seeds.get(cell, set())) & seeds.get(cell, set())
        return replace(row, verdict="undefined" if all(shared.values()) else "missing")
    if row.exploratory:
        return replace(row, p=math.nan, verdict="exploratory")
    if not row.enough:
        return replace(row, p=math.nan if math.isnan(row.p) else float(p), verdict="few seeds")
    if math.isnan(row.p):
        return replace(row, verdict="unreplicated")
    if p > alpha:
        return replace(row, p=float(p), verdict="open")
    return replace(row, p=float(p), verdict="supports" if row.supports else "contradicts")


def _evidence(test, table, rows, rules):
    value = kinds.overall(test, table, rows, rules)
    unit = kinds.measured(test)[0]
    effect, (low, high) = (math.nan, (math.nan,) * 2) if value is None else (value.effect, kinds.interval(test, value))
    spread, df = (None, 0) if value is None else (value.spread, value.df)
    return Evidence(test, unit, tuple(rows), effect, low, high, spread, df, kinds.digits(rules["margin"]))


def _outcome(evidence, everywhere):
    verdicts = [row.verdict for part in evidence for row in part.rows]
    if "supports" in verdicts and "contradicts" in verdicts:
        return "did not hold everywhere" if everywhere else "partly"
    if everywhere and "contradicts" in verdicts:
        return "did not hold"
    if {"missing", "exploratory", "unreplicated"} & set(verdicts):
        return "not run"
    if "contradicts" in verdicts:
        return "did not hold"
    return "held" if set(verdicts) == {"supports"} else "undecided"


_WORDS = {
    "supports": "{n} for the claim",
    "contradicts": "{n} against it",
    "open": "{n} open",
    "few seeds": "{n} with too few seeds to count",
    "exploratory": "{n} with exploratory runs alone",
    "unreplicated": "{n} without an interval, for too little is replicated",
    "undefined": "{n} whose figure is not defined, as after a run that diverged or collapsed",
    "missing": "{n} without runs",
}


def counts(evidence):
    """How many rows of some :class:`Evidence` say what: ``Of 4 comparisons: 3 for the claim, 1 open.``"""
    verdicts = [row.verdict for part in evidence for row in part.rows]
    said = [words.format(n=verdicts.count(name)) for name, words in _WORDS.items() if name in verdicts]
    return f"Of {len(verdicts)} comparison{'s' * (len(verdicts) != 1)}: {', '.join(said)}."


def _reason(evidence):
    """How many rows say what, and what each test measured."""
    return " ".join([counts(evidence), *filter(None, map(_found, evidence))])


def _found(part):
    """The mean over the rows of a test, as a level or an effect; where they have none and are few, the rows."""
    rows = kinds.counted(part.rows)
    if math.isnan(part.effect):
        few = [f"{row.label}: {_value(part, row.effect)}" for row in rows] if len(rows) <= _FEW else []
        return f"{_capital(kinds.measured(part.test)[1])}: {'; '.join(few)}." if few else ""
    mean = "mean" if part.test["test"] == "level" else "mean effect"
    what = rows[0].label if len(rows) == 1 else f"{_capital(mean)} over {len(rows)} comparisons"
    text = f"{what}: {_value(part, part.effect)} ({FIGURES[part.test['figure']][2]}"
    if math.isnan(part.low):
        return f"{text}; no spread over seeds known)."
    interval = f"95 % interval {_number(part, part.low)} to {_number(part, part.high)}"
    spread = f"spread over seeds from {part.spread.source}, {wording.degrees(part.df)}"
    return f"{text}; {interval}; {part.seeds()}, {spread})."


_FEW = 4  # rows that a sentence can hold; more are in a table


def _number(part, value):
    """A level without a sign, anything else with one."""
    sign = "" if part.test["test"] in kinds.LEVELS else "+"
    return f"{value:{sign}z.{part.digits}f}".replace("-", "\N{MINUS SIGN}")


def _value(part, value):
    return f"{_number(part, value)} {part.unit}"


def _capital(text):
    return text[0].upper() + text[1:]


def updates(protocol):
    """How many steps a run of a protocol takes, on the first images of each of ten classes or on all there are."""
    return _updates(protocol, protocols.FOLDER)


@cache  # and the three further down: every claim asks the same, so a process reads a folder once
def _updates(protocol, folder):
    settings = protocols.load(protocol)
    part, training = settings["data"], settings["training"]
    images = 10 * part["train_per_class"] or TRAINING_IMAGES[part["dataset"]]
    return training["epochs"] * math.ceil(images / training["batch_size"])


def _control(claim, records, protocol):
    """The control's runs less those of the protocol itself: last and best accuracy, right labels fitted, wrong ones
    memorised."""
    rules = claim.rules_in(protocol)
    longer = rules["control"]
    figures = ("last", "best", "clean_part", "memorised")
    tests = [{"test": "difference", "figure": figure} for figure in figures]
    table = _table(claim, records, protocol, tests)
    other = _table(claim, records, longer, tests)
    table = pd.concat([table, other.assign(loss=other["loss"] + f", {longer}")], ignore_index=True)
    there = dict.fromkeys(zip(other["loss"], other["setting"], strict=True))
    out = []
    for figure in figures:
        rows = []
        for loss, setting in dict.fromkeys([*_control_cells(longer, studies.FOLDER), *there]):
            terms = ((f"{loss}, {longer}", setting, 1.0), (loss, setting, -1.0))
            contrast = statistics.Contrast(f"{loss}, {setting}: {longer} − {protocol}", terms)
            value = statistics.estimates(table, figure, [contrast], kinds.pooling(rules))[0]
            if value is None:
                rows.append(kinds.Row(contrast.label, tuple(contrast.cells)))
                continue
            low, high = value.interval()
            rows.append(
                kinds.Row(contrast.label, tuple(contrast.cells), value.effect, low, high, n=value.n, df=value.df)
            )
        test = {"test": "difference", "figure": figure}
        out.append(Evidence(test, kinds.measured(test)[0], tuple(rows), np.nan, np.nan, np.nan, None))
    return tuple(out)


@cache
def _control_cells(longer, folder):
    """The cells (loss, setting) that a control must have: those of the study of its name."""
    study = studies.load(longer)
    return [(loss, setting) for setting in study.settings for loss in study.losses(setting)]


@cache
def _of_studies(protocol, folder):
    """The runs that studies of the committed store have in a protocol: ``{(loss, setting): {seed: study}}``."""
    found = {}
    for study in _studies(folder):
        if study.store == studies.STORES["results"]:
            for block in (block for block in study.blocks if block["protocol"] == protocol):
                for loss, setting, seed in product(block["losses"], block["settings"], block["seeds"]):
                    found.setdefault((loss, setting), {}).setdefault(seed, study.name)
    return found


@cache
def _studies(folder):
    # A study of one protocol makes its runs, before a list of several makes them.
    return sorted(map(studies.load, studies.names()), key=lambda study: len(study.own_blocks) < len(study.blocks))


def needed(claim, protocol):
    """The runs that a claim's tests rest on in a protocol, but for their seeds: triples (protocol, loss, setting)."""
    return [(*_place(loss, protocol)[::-1], setting) for loss, setting in claim.cells(protocol)]


def missing_runs(claim, protocol, have):
    """The runs that a claim needs in a protocol and that no record has, those of the control included.

    A cell's seeds are those of the study that has it; three for a cell that no study has.

    Args:
        claim: a :class:`Claim`.
        protocol: name of a protocol.
        have: records.

    Returns:
        A list of :class:`Run`; empty where the claim cannot be run in the protocol at all.
    """
    if claim.kind == "theory" or _cannot_run(claim, protocol):
        return []
    wanted = [(name, (loss, setting)) for name, loss, setting in needed(claim, protocol)]
    if claim.slow and (control := claim.rules_in(protocol)["control"]):
        wanted += [(control, cell) for cell in _control_cells(control, studies.FOLDER)]
    asked = {name for name, _ in wanted}
    there = {
        (config["protocol"], config["loss"]["spec"], frames.setting_of(config), config["seed"])
        for config in (record["config"] for record in have)
        if config["protocol"] in asked
    }
    planned = {name: _of_studies(name, studies.FOLDER) for name in asked}
    out = {}
    for name, (loss, setting) in wanted:
        seeds = planned[name].get((loss, setting), dict.fromkeys(SEEDS, ""))
        for seed in seeds:
            if (name, loss, setting, seed) not in there:
                run = Run(name, loss, setting, seed, seeds[seed])
                out[run] = None
    return list(out)


def commands(missing):
    """The commands that make runs: one a study, and one for each run that no study has."""
    out = {}
    for run in missing:
        alone = f"python -m nlr run {run.protocol} '{run.loss}' {run.setting} --seed {run.seed} --store results"
        out[f"python -m nlr study {run.study}" if run.study else alone] = None
    return list(out)


def check_spelling(claim):
    """Refuse losses that are not spelled as records spell them.

    Raises:
        NlrError: a loss of one of the claim's tests is unknown, or is spelled otherwise in a protocol's records.
    """
    for protocol in set(claim.protocols) & set(protocols.names()):
        for named, _ in claim.cells(protocol):
            loss, place = _place(named, protocol)
            spelled = runs.canonical_loss(protocols.load(place), loss)[0]
            if spelled != loss:
                raise NlrError(f"Claim {claim.id} names {loss!r}; records of {place} spell it {spelled!r}.")
