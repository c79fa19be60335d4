"""What records say about a claim: its rows with their intervals, and the verdict that follows from them."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

import numpy as np
import pandas as pd

from nlr.errors import NlrError
from nlr.evidence import frames, reproductions, statistics, wording
from nlr.evidence.claims import kinds
from nlr.evidence.claims._registry import cannot_run
from nlr.evidence.claims._runs import commands, control_cells, missing_runs, updates
from nlr.evidence.claims.figures import FIGURES
from nlr.study import protocols

OUTCOMES = ("held", "partly", "did not hold everywhere", "did not hold", "undecided", "not run")


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


def evaluate(claim, records, protocol, made=None):
    """What the records of one protocol say about a claim.

    Args:
        claim: a :class:`Claim` that training can settle.
        records: records, of any protocol; those of others are left aside, but for the control's.
        protocol: name of a protocol.
        made: the records that are not missing, where some of them wait and are not among ``records``.

    Returns:
        The :class:`Outcome`.

    Raises:
        NlrError: a proof settles the claim, or the records of the protocol are of two data sets.
    """
    if claim.kind == "theory":
        raise NlrError(f"Claim {claim.id} is settled by a proof, not by records.")
    if reason := cannot_run(claim, protocol):
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
    missing = missing_runs(claim, protocol, records if made is None else made)
    control, qualifier = (), _came_true(tests, table, rules)
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


def _came_true(tests, table, rules):
    """In how many cells predictions came true, beside the prediction that none gives one answer; empty without runs."""
    ends = [kinds.endings(test, table, rules) for test in tests if test["test"] == "predicted"]
    if not ends or not all(ends):
        return ""
    every = list(chain.from_iterable(ends))
    right, none = sum(yes == ended for yes, ended, _ in every), sum(not ended for _, ended, _ in every)
    return f"with {right} of {len(every)} cells as predicted; to forecast one answer nowhere is right in {none}"


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
    if claim.kind == "theory" or cannot_run(claim, protocol):
        return None
    rules, tests = claim.rules_in(protocol), claim.tests_in(protocol)
    theirs = reproductions.figures(source, protocols.load(protocol)["data"]["dataset"], protocol)
    found = [kinds.printed_rows(test, theirs, rules) for test in tests]
    if not any(row.n for part in found for row in part):
        return None
    unknown_mean, digits = (math.nan, math.nan, math.nan, None), kinds.digits(rules["margin"])
    evidence = tuple(
        Evidence(test, kinds.measured(test)[0], tuple(part), *unknown_mean, digits=digits)
        for test, part in zip(tests, _in_families(found, {}, rules), strict=True)
    )
    outcome = _outcome(evidence, claim.everywhere and rules["everywhere"])
    return Outcome(claim.id, protocol, outcome, _reason(evidence), "", evidence, without_exploratory=outcome)


def _table(claim, records, protocol, tests, cells=()):
    """One row a run of the protocol, and of others as far as the cells name them, with the figures of the tests."""
    found = [
        (record["config"]["loss"]["spec"], record) for record in records if record["config"]["protocol"] == protocol
    ]
    for name in dict.fromkeys(loss for loss, _ in cells if kinds.ELSEWHERE in loss):
        place = kinds.place(name, protocol)
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
        table["pooled"] = ~(shares > limit)
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
    decides = [row.enough and not (row.exploratory or math.isnan(row.p)) for row in flat]
    adjusted = statistics.holm([row.p if does else 1.0 for row, does in zip(flat, decides, strict=True)])
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
        return replace(row, p=math.nan, verdict="few seeds")
    if row.mixed:
        return replace(row, verdict="mixed")
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
    "mixed": "{n} with a cell that collapses in some of its runs alone",
    "unreplicated": "{n} without an interval, for no spread is known",
    "undefined": "{n} whose figure is not defined in these runs",
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
    contrasts = [
        statistics.Contrast(
            f"{loss}, {setting}: {longer} − {protocol}", ((f"{loss}, {longer}", setting, 1.0), (loss, setting, -1.0))
        )
        for loss, setting in dict.fromkeys([*control_cells(longer), *there])
    ]
    out = []
    for figure in figures:
        rows = []
        values = statistics.estimates(table, figure, contrasts, kinds.pooling(rules))
        for contrast, value in zip(contrasts, values, strict=True):
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
