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

What other modules may use stands here. ``_registry`` reads the claims, ``_judging`` compares records with them and
``_runs`` knows the runs that they rest on; ``kinds`` has the kinds of test, ``figures`` what a test can measure.
"""

from nlr.evidence.claims._judging import (
    OUTCOMES,
    Evidence,
    Outcome,
    counts,
    evaluate,
    evaluate_printed,
    exploratory_for,
)
from nlr.evidence.claims._registry import (
    PROTOCOLS,
    REGISTRY,
    SOURCES,
    Claim,
    check_spelling,
    errata,
    formerly,
    get,
    load,
)
from nlr.evidence.claims._runs import SEEDS, Run, commands, missing_runs, needed, updates

VERDICT_MIME = "application/vnd.nlr.verdict+json"  # as which an output of a page carries its verdict

__all__ = [
    "OUTCOMES",
    "PROTOCOLS",
    "REGISTRY",
    "SEEDS",
    "SOURCES",
    "VERDICT_MIME",
    "Claim",
    "Evidence",
    "Outcome",
    "Run",
    "check_spelling",
    "commands",
    "counts",
    "errata",
    "evaluate",
    "evaluate_printed",
    "exploratory_for",
    "formerly",
    "get",
    "load",
    "missing_runs",
    "needed",
    "updates",
]

# Their place is this one, for the reader of a message, a link or the API pages.
for _public in filter(callable, map(globals().get, __all__)):
    _public.__module__ = __name__
