"""The pages of errors shown by experiment: every test of an erratum and every study made for one has its place."""

import re

import pytest

from nlr import paths
from nlr.book import places
from nlr.evidence import claims, course_figures
from nlr.study import protocols, studies

PAGES = sorted(path.stem for path in (paths.NOTEBOOKS / "reports").glob("experiments*.py"))
SOURCE = "".join((paths.NOTEBOOKS / "reports" / f"{page}.py").read_text() for page in PAGES)
# Protocols in full, those compared as intended only, and those of public code are on the pages of the reports.
ELSEWHERE = {"kathuria-as-intended-digits", "chheda-as-intended-digits"}
ELSEWHERE |= {f"{name}-digits" for name in ("soni-lr-0.02", "soni-lr-0.005")}
ELSEWHERE |= {f"{report}-as-run-digits" for report in ("soni", "krishnan", "chheda")}
MINE = [
    name
    for name in studies.names()
    if name.split("-")[0] in (*course_figures.REPORTS, "gamma")
    and name.endswith(("-digits", "-small"))
    and name not in ELSEWHERE
]


@pytest.mark.parametrize("name", claims.errata())
def test_an_erratum_that_is_tested_has_an_anchor(name):
    assert places.labels()[f"experiment-{name.lower()}"].removeprefix("reports/") in PAGES


def test_the_first_page_leads_to_the_others():
    first, *others = PAGES
    source = (paths.NOTEBOOKS / "reports" / f"{first}.py").read_text()
    assert first == "experiments"
    assert [page for page in others if f"</executed/reports/{page}>" not in source] == []
    assert [page for page in others if f"reports/{page}" not in places.pages()] == []


@pytest.mark.parametrize("name", [*claims.errata(), "C12", "C13", "C14", "C40", "C51", "C53", "C55", "C56", "C58"])
def test_every_protocol_with_a_study_in_which_something_is_tested_is_shown(name):
    one = (claims.load() | claims.errata())[name]
    shown = set(re.findall(r"\w+-[\w-]+", " ".join(re.findall(rf'"{name}"((?:, "\w+-[\w-]+")+)', SOURCE))))
    assert shown == set(one.protocols) & set(MINE)


@pytest.mark.parametrize("name", MINE)
def test_every_run_of_a_study_serves_a_test_or_a_table(name):
    found = [*claims.load().values(), *claims.errata().values()]
    needed = {run for one in found for protocol in one.protocols for run in claims.needed(one, protocol)}
    runs = {
        (name, loss, setting)
        for block in studies.load(name).blocks
        for loss in block["losses"]
        for setting in block["settings"]
    }
    assert runs & needed or name in ELSEWHERE
    extra = {loss for _, loss, _ in runs - needed}
    assert all(f'"{loss}"' in SOURCE or loss == "krishnan-apl(krishnan-nce+rce)" for loss in extra)


def test_a_study_on_digits_trains_on_digits():
    for name in MINE:
        assert (protocols.load(name)["data"]["dataset"] == "digits") == name.endswith("-digits")


def test_a_rate_has_one_spelling():
    assert re.findall(r"(?<=[\s(])\.\d.*", SOURCE) == []


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("krishnan", "for loss in (*KRISHNAN[1:], *SUMS)"),  # his sums gain over CE too
        ("krishnan", "or 'None'} of the {len(collapsed)} runs ended in one class"),
        ("joshi", "not the same one in all tables"),  # some share their class
        ("chheda", 'differences("chheda-as-written-digits", "chheda-nce", "ce", "symmetric-0.8")'),
        ("chheda", "of the first run this is not known"),
        ("soni", 'slope * (1 - missed["nce+mae"]["p_y"])'),  # the sum that was trained
        ("kathuria", "on digits in float32 and scaled down in bfloat16"),
    ],
)
def test_what_was_said_too_widely_is_said_of_what_is_known(page, text):
    source = (paths.NOTEBOOKS / "reports" / f"experiments-{page}.py").read_text()
    assert text in " ".join(source.replace("\n#", "\n").split())
