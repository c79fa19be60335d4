"""The errata of the five reports: what is written, what is right, how much it matters, and where the book shows it.

Each has an outcome: what became of it when the public code of three of the reports was known.

An erratum may wait for runs: its row names their protocol, losses and settings. It is open while one of these cells has
no run but exploratory ones, so that what is said to be open follows from the records.
"""

import tomllib
from dataclasses import dataclass

import pandas as pd

from nlr.book import places, reports
from nlr.errors import NlrError, unknown
from nlr.evidence import course_figures, frames, report_code, verdicts
from nlr.evidence.wording import signed
from nlr.noise import parse_setting
from nlr.paths import ROOT
from nlr.study import protocols, runs

ERRATA = ROOT / "book" / "data" / "errata.toml"

#: What an erratum changes, from much to little.
SEVERITIES = ("changes a conclusion", "has consequences", "slip or ambiguity")

#: How much of an erratum the book shows.
STATES = ("shown", "in part", "not yet")

#: What became of an erratum, in the end.
OUTCOMES = ("confirmed", "settled by the code", "wrong", "stands, no code bears on it")

_KEYS = {"severity", "outcome", "code", "written", "right", "shown", "open", "waits", "differs"}


@dataclass(frozen=True)
class Erratum:
    """One erratum.

    Attributes:
        name: ``E20``.
        severity: one of :data:`SEVERITIES`.
        written: dicts with ``report``, ``place`` and either ``quote``, verbatim, or ``says``, in our words; MyST.
        right: what is right, MyST.
        outcome: one of :data:`OUTCOMES`.
        code: dicts with ``report``, ``path`` and ``says``: what the public code of a report has, in our words; MyST.
        shown: the places that show it, as :mod:`nlr.book.places` names them.
        open: what is not shown yet, in MyST, with the cells that are missing; empty where all is shown.
        differs: where our reading is not that of the audit that first listed the errata; mostly empty.
    """

    name: str
    severity: str
    written: tuple
    right: str
    outcome: str
    code: tuple = ()
    shown: tuple = ()
    open: str = ""
    differs: str = ""

    @property
    def reports(self):
        """The reports that it is about, in the order of :data:`nlr.evidence.course_figures.REPORTS`."""
        return tuple(name for name in course_figures.REPORTS if any(part["report"] == name for part in self.written))

    @property
    def state(self):
        """One of :data:`STATES`."""
        return "shown" if not self.open else "in part" if self.shown else "not yet"


def load(records=None):
    """The errata in order: ``{"E1": Erratum}``.

    Args:
        records: those by which errata that wait for runs are open or not; the committed store's where None.

    Raises:
        NlrError: the file has an entry that is not one.
    """
    have = {
        (record["config"]["protocol"], record["config"]["loss"]["spec"], frames.setting_of(record["config"]))
        for record in (verdicts.committed() if records is None else records)
        if record["facts"]["purpose"] != "exploratory"
    }
    return {name: _erratum(name, entry, have) for name, entry in tomllib.loads(ERRATA.read_text()).items()}


def _erratum(name, entry, have=frozenset()):
    """An erratum of its entry; ``have`` are the cells (protocol, loss, setting) that have runs."""
    if unknown_keys := set(entry) - _KEYS:
        raise unknown(f"key of {name}", min(unknown_keys), sorted(_KEYS))
    if missing := {"severity", "outcome", "written", "right"} - set(entry):
        raise NlrError(f"Erratum {name} has no {min(missing)}: every entry of {ERRATA.name} needs one.")
    if entry["severity"] not in SEVERITIES:
        raise unknown(f"severity of {name}", entry["severity"], SEVERITIES)
    if entry["outcome"] not in OUTCOMES:
        raise unknown(f"outcome of {name}", entry["outcome"], OUTCOMES)
    if (entry["outcome"] != OUTCOMES[-1]) != bool(entry.get("code")):
        raise NlrError(
            f"Erratum {name} has the outcome {entry['outcome']!r} and {len(entry.get('code', ()))} places in code: say "
            f"there what the code has, or that it {OUTCOMES[-1]}."
        )
    for part in entry.get("code", ()):
        if set(part) != {"report", "path", "says"}:
            raise NlrError(f"Erratum {name} has {sorted(part)} in code: expected report, path and says.")
        report_code.place(part["report"], part["path"])  # raises where no code is known
    if not entry.get("shown") and not entry.get("open"):
        raise NlrError(f"Erratum {name} says neither where it is shown nor what is open: give shown, open or both.")
    if "waits" in entry and not (entry.get("open") and entry.get("shown")):
        raise NlrError(f"Erratum {name} waits for runs: say what is open without them, and where they will be shown.")
    for part in entry["written"]:
        if set(part) not in ({"report", "place", "quote"}, {"report", "place", "says"}):
            raise NlrError(
                f"Erratum {name} has {sorted(part)} in written: expected report, place and one of quote, says."
            )
        if part["report"] not in course_figures.REPORTS:
            raise unknown(f"report of {name}", part["report"], course_figures.REPORTS)
    known = {key: entry[key] for key in ("severity", "right", "outcome", "differs") if key in entry}
    known |= {key: tuple(entry.get(key, ())) for key in ("written", "code", "shown")}
    return Erratum(name, open=_open(name, entry, have), **known)


def _open(name, entry, have):
    """What is open: as the entry says, unless the runs that it waits for are there; with those that are not."""
    if "waits" not in entry:
        return entry.get("open", "")
    for wanted in entry["waits"]:
        _check(name, wanted)
    parts = [_missing(wanted, have) for wanted in entry["waits"]]
    return f"{entry['open']} Runs are missing: {'; '.join(filter(None, parts))}." if any(parts) else ""


def _check(name, wanted):
    """Refuse cells that no record can have."""
    if set(wanted) != {"protocol", "losses", "settings"}:
        raise NlrError(f"Erratum {name} has {sorted(wanted)} in waits: expected protocol, losses and settings.")
    if wanted["protocol"] not in protocols.names():
        raise unknown(f"protocol of {name}", wanted["protocol"], protocols.names())
    for setting in wanted["settings"]:
        parse_setting(setting)
    for loss in wanted["losses"]:
        spelled = runs.canonical_loss(protocols.load(wanted["protocol"]), loss)[0]
        if spelled != loss:
            raise NlrError(f"Erratum {name} waits for {loss!r}; records of {wanted['protocol']} spell it {spelled!r}.")


def _missing(wanted, have):
    """The cells without runs, ``ma2020-small (ce at symmetric 0.2; all 12 losses at symmetric 0.4)``, or nothing."""
    settings_of = {}
    for setting in wanted["settings"]:
        missing = [loss for loss in wanted["losses"] if (wanted["protocol"], loss, setting) not in have]
        every = len(missing) == len(wanted["losses"]) > _FEW
        words = f"all {len(missing)} losses" if every else ", ".join(missing)
        if missing:
            settings_of.setdefault(words, []).append(setting)
    parts = [f"{losses} at {frames.short_names(settings)}" for losses, settings in settings_of.items()]
    return f"`{wanted['protocol']}` ({'; '.join(parts)})" if parts else ""


_FEW = 3  # losses that are named even where all are missing


def row_label(name):
    """The label of an erratum's row on the page of all errata: ``errata-row-e20``."""
    return f"errata-row-{name.lower()}"


def table(errata):
    """A row an erratum, cells in MyST: erratum, report, as written, right, severity, shown."""
    return pd.DataFrame(
        {
            "erratum": f"[{one.name}]{{#{row_label(one.name)}}}",
            "report": ", ".join(name.capitalize() for name in one.reports),
            "as written": "<br>".join(_written(part, len(one.reports) > 1) for part in one.written),
            "right": f"{one.right}<br>{_became(one)}",
            "severity": one.severity,
            "shown": f"{{verdict}}`{one.state}` {places.links(one.shown)}"
            + (f"<br>*Open:* {one.open}" if one.open else ""),
        }
        for one in errata.values()
    )


def _written(part, named):
    """A part of what is written with its place, and with its report where there are several."""
    words = f"“{part['quote']}”" if "quote" in part else part["says"]
    return f"{words} ({part['report'].capitalize() + ', ' if named else ''}{part['place']})"


def _became(one):
    """The outcome of an erratum, with what whose code has and where; or why no code says more."""
    words, last = [], None
    for part in one.code:
        which = reports.about(part["report"])["code"]
        whose = f"*{part['report'].capitalize()}'s code{', ' * bool(which)}{which}:* " * (part["report"] != last)
        words.append(f"{whose}{part['says']} ({report_code.place(part['report'], part['path'])})")
        last = part["report"]
    if not words:
        public = any(report_code.code(report) for report in one.reports)
        words = ["It is no matter of code." if public else "None is known to us."]
    return f"*Outcome: {one.outcome}.* {' '.join(words)}"


def outcomes(errata):
    """What became of the errata: a row an outcome, with their number and links."""
    rows = []
    for outcome in OUTCOMES:
        mine = [one.name for one in errata.values() if one.outcome == outcome]
        links = ", ".join(f"[{name}](#{row_label(name)})" for name in mine)
        rows.append({"outcome": outcome, "errata": len(mine), "which": links})
    return pd.DataFrame(rows)


def counts(errata):
    """How many errata of each severity the book shows: a row a severity, a column a state."""
    rows = []
    for severity in SEVERITIES:
        states = [one.state for one in errata.values() if one.severity == severity]
        rows.append({"severity": severity, "errata": len(states)} | {state: states.count(state) for state in STATES})
    return pd.DataFrame(rows)


def differences(errata):
    """Where our reading is not that of the first audit, as a MyST list."""
    return "\n".join(f"- [{one.name}](#{row_label(one.name)}): {one.differs}" for one in errata.values() if one.differs)


def points(frame, digits=1):
    """A frame of differences in points, by loss and setting, as text with the loss as its first column."""
    text = frame.map(lambda value: "–" if pd.isna(value) else signed(value, digits)).rename(columns=frames.short_name)
    return text.rename_axis(index="loss", columns=None).reset_index()
