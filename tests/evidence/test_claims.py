"""The claims: the registry is complete and spelled right, each kind of test gives the outcome that is known beforehand,
and the tests are older than the runs that they judge."""

import json
import math
import re
import subprocess
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from factory import grid, record
from scipy import stats

from nlr import paths
from nlr.book import display
from nlr.errors import NlrError
from nlr.evidence import claims, frames, reproductions
from nlr.evidence import verdicts as judgements
from nlr.evidence.claims import figures, kinds
from nlr.study import protocols, records, runs, studies

SMALL, SYMMETRIC = "ma2020-small", ["symmetric-0.2", "symmetric-0.4", "symmetric-0.6", "symmetric-0.8"]
HEAD = """
[rules]
alpha = 0.05
few_seeds = 3
few_deviations = inf
own_df = 20
everywhere = true
collapsed = 99
usual_margin = 1
control = { ma2020-small = "ma2020-small-x4" }
spread = { digits = "setting" }
[rules.margin]
ma2020-small = 3
digits = { "symmetric-0.2" = 0.2, "symmetric-0.4" = 0.2, "symmetric-0.6" = 1, "symmetric-0.8" = 3 }
[rules.former]
few_deviations = 4
own_df = 4
everywhere = false
[groups]
symmetric = ["symmetric-0.2", "symmetric-0.4", "symmetric-0.6", "symmetric-0.8"]
[C1]
statement = "One."
kind = "empirical"
asserted = ["paper"]
contradicted = []
"""
DIFFERENCE = """tests = [
    { test = "difference", pairs = [["nce", "ce"]], settings = "symmetric", relation = "above", threshold = 0 },
]
"""


def claim(tests=DIFFERENCE, **keys):
    """A claim of a registry of its own."""
    extra = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
    return claims.load(HEAD + extra + tests)["C1"]


def difference(gains, **figures):
    """Records of nce and ce at the four rates, nce above ce by the given points."""
    cells = {}
    for setting, gain in zip(SYMMETRIC, gains, strict=True):
        cells |= {("ce", setting): 0.4, ("nce", setting): 0.4 + gain / 100}
    return grid(cells, **figures)


def verdicts(outcome):
    return [row.verdict for part in outcome.evidence for row in part.rows]


# The registry


def test_every_claim_is_there_once_with_its_kind():
    found = claims.load()
    assert list(found) != []
    assert set(found) == {f"C{n}" for n in range(1, 84)}
    kind = {name: one.kind for name, one in found.items()}
    assert {name for name in kind if kind[name] == "theory"} == {f"C{n}" for n in range(1, 9)} | {"C52"}
    assert {name for name in kind if kind[name] == "both"} == {f"C{n}" for n in range(9, 15)} | {"C55"}
    for one in found.values():
        assert one.statement.endswith(".")
        assert one.asserted
        assert one.kind == "theory" or one.tests
        assert claims.get(one.id) == one


def test_what_a_report_only_repeats_is_not_its_claim():
    """What Joshi sums up of the paper, by the last line of the list of claims; his results settle none of it."""
    found = claims.load()
    assert {f"C{n}" for n in (1, 2, 3, 5, 7, 8, 11, 20, 29, 38)} <= {n for n, c in found.items() if "joshi" in c.quotes}
    assert not any("joshi" in c.asserted and "joshi" in c.quotes for c in found.values())
    assert {n for n, c in found.items() if "joshi" in c.asserted} == {"C32"}
    assert found["C32"].contradicted["krishnan"] == "figures"
    assert found["C14"].asserted == {"project": "words", "krishnan": "formula"}


def test_losses_are_spelled_as_records_spell_them():
    for one in [*claims.load().values(), *claims.errata().values()]:
        claims.check_spelling(one)
    wrong = claim(DIFFERENCE.replace('"nce"', '"nce+mae,beta=1"'))
    with pytest.raises(NlrError, match=r"'nce.mae,beta=1'.*'nce.mae'"):
        claims.check_spelling(wrong)


def test_the_margins_are_those_of_the_rules():
    one = claims.load()["C16"]
    assert [test["threshold"] for test in one.tests_in("ma2020")] == [1]
    assert [test["threshold"] for test in one.tests_in(SMALL)] == [3]
    assert claims.load()["C35"].tests_in(SMALL)[0]["threshold"] == -3


def test_the_outcomes_are_those_that_pages_show():
    assert claims.OUTCOMES == display.OUTCOMES


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("relation", "relatoin", "'relatoin'.*Did you mean 'relation'"),
        ('"above"', '"over"', "'over'.*above, below"),
        ('"difference"', '"differnce"', "'differnce'.*Did you mean 'difference'"),
        ('settings = "symmetric"', 'settings = "symmetric", figure = "lats"', "'lats'.*Did you mean 'last'"),
        ('settings = "symmetric"', 'settings = ["symetric-0.2"]', "symetric-0.2"),
        ("threshold = 0", 'threshold = "small"', "'small'.*number or margin"),
        (", threshold = 0", "", "None.*number or margin"),
        ('"paper"', '"papre"', "'papre'.*Did you mean 'paper'"),
        ('"paper"', '"paper by figure"', "'figure'.*Did you mean 'figures'"),
        ("contradicted = []", 'contradicted = []\nquotes = ["jhosi"]', "'jhosi'.*Did you mean 'joshi'"),
        ('kind = "empirical"', 'kind = "theory"', "theory.*expected tests unless"),
        ('kind = "empirical"', 'kind = "emprical"', "'emprical'.*Did you mean"),
        ('statement = "One."', "", "'statement'"),
        ('statement = "One."', 'statement = "One."\nslwo = true', "'slwo'.*Did you mean 'slow'"),
    ],
)
def test_a_misspelt_registry_is_refused_by_name(old, new, words):
    assert old in HEAD + DIFFERENCE
    with pytest.raises(NlrError, match=words):
        claims.load((HEAD + DIFFERENCE).replace(old, new, 1))


def test_an_unknown_claim_names_the_known_ones():
    with pytest.raises(NlrError, match="'C86'"):
        claims.get("C86")


def test_the_hash_names_tests_and_rules_but_not_words():
    one = claim().test_hash(SMALL)
    assert claims.load((HEAD + DIFFERENCE).replace("One.", "Another."))["C1"].test_hash(SMALL) == one
    for old, new in [("threshold = 0", "threshold = 1"), ("alpha = 0.05", "alpha = 0.1"), ("-0.2", "-0.3")]:
        assert claims.load((HEAD + DIFFERENCE).replace(old, new))["C1"].test_hash(SMALL) != one
    assert claim(slow=True).test_hash(SMALL) != one
    assert claim(slow=True).test_hash("ma2020") == claim().test_hash("ma2020")  # which has no control


def test_the_hash_of_a_protocol_does_not_know_of_others():
    """So that a new protocol, a margin or a test of it makes no run of the others exploratory."""
    margins = DIFFERENCE.replace("threshold = 0", 'threshold = "margin"')
    one, small = claims.load(HEAD + margins)["C1"], "ma2020-small = 3"
    added = claims.load((HEAD + margins).replace(small, f"{small}\nma2020-mnist = 0.2"))["C1"]
    changed = claims.load((HEAD + margins).replace(small, "ma2020-small = 2"))["C1"]
    assert added.test_hash(SMALL) == one.test_hash(SMALL) != changed.test_hash(SMALL)
    assert added.test_hash("ma2020-mnist") != one.test_hash("ma2020-mnist")
    own = DIFFERENCE.replace("threshold = 0 },", 'threshold = 0, protocols = ["ma2020-small"] },')
    assert claim(own).test_hash(SMALL) == claim().test_hash(SMALL)
    assert claim(own).test_hash("ma2020") != claim().test_hash("ma2020")
    assert claim(protocols=[SMALL, "digits"]).test_hash(SMALL) == claim().test_hash(SMALL)
    former = claims.formerly(claim())  # the rules on spread and seeds were changed for all claims at once
    assert former.test_hash(SMALL) == claim().test_hash(SMALL)


def test_a_margin_that_depends_on_the_rate_gives_a_test_for_each_margin():
    one = claim(DIFFERENCE.replace("threshold = 0", 'threshold = "-margin"'), protocols=["digits"])
    parts = [(test["settings"], test["threshold"]) for test in one.tests_in("digits")]
    assert parts == [(["symmetric-0.2", "symmetric-0.4"], -0.2), (["symmetric-0.6"], -1), (["symmetric-0.8"], -3)]
    change = 'test = "change", losses = ["ce"], from = ["symmetric-0.2"], to = ["symmetric-0.6"]'
    spanning = claim(f'tests = [{{ {change}, relation = "within", threshold = "margin" }}]')
    assert [test["threshold"] for test in spanning.tests_in("digits")] == [1]
    with pytest.raises(NlrError, match="setting without a margin 'clean'"):
        claim(DIFFERENCE.replace('"symmetric"', '["clean"]').replace("threshold = 0", 'threshold = "margin"')).tests_in(
            "digits"
        )


# Outcomes


@pytest.mark.parametrize(
    ("gains", "outcome", "expected"),
    [
        ([8, 9, 10, 11], "held", ["supports"] * 4),
        ([-8, -9, -10, -11], "did not hold", ["contradicts"] * 4),
        ([-8, 0, 9, 9], "partly", ["contradicts", "open", "supports", "supports"]),
        ([8, 0, 9, 9], "undecided", ["supports", "open", "supports", "supports"]),
        ([-8, 0, -9, -9], "did not hold", ["contradicts", "open", "contradicts", "contradicts"]),
        ([0, 0, 0, 0], "undecided", ["open"] * 4),
    ],
)
def test_the_outcome_follows_from_the_rows(gains, outcome, expected):
    found = claims.evaluate(claim(), difference(gains), SMALL)
    assert verdicts(found) == expected
    assert found.outcome == found.without_exploratory == outcome
    evidence = found.evidence[0]
    assert [row.effect for row in evidence.rows] == pytest.approx(gains, abs=0.5)
    assert all(row.low < row.effect < row.high and row.n == 3 and row.df == 8 for row in evidence.rows)
    assert evidence.effect == pytest.approx(np.mean(gains), abs=0.3)
    assert evidence.low < evidence.effect < evidence.high
    assert evidence.spread.df == 8
    mean = f"{evidence.effect:+z.1f}".replace("-", "\N{MINUS SIGN}")
    assert f"Mean effect over 4 comparisons: {mean} points (test accuracy" in found.reason
    assert "8 degrees of freedom" in found.reason
    assert len(evidence.frame()) == 4
    assert found.missing == ()


@pytest.mark.parametrize(
    ("gains", "outcome"),
    [
        ([-8, 0, 9, 9], "did not hold everywhere"),
        ([-8, 0, 0, 0], "did not hold"),
        ([8, 0, 9, 9], "undecided"),
        ([8, 9, 10, 11], "held"),
    ],
)
def test_one_contradiction_refutes_a_claim_of_every_rate(gains, outcome):
    of_every_rate = claim(everywhere=True)
    assert claims.evaluate(of_every_rate, difference(gains), SMALL).outcome == outcome
    former = claims.evaluate(claims.formerly(of_every_rate), difference(gains), SMALL).outcome
    assert former == ("partly" if "everywhere" in outcome else outcome)
    assert of_every_rate.test_hash(SMALL) == claim().test_hash(SMALL)
    gap = [one for one in difference(gains) if frames.setting_of(one["config"]) != "symmetric-0.4"]
    refuted = outcome.startswith("did not hold")
    assert claims.evaluate(of_every_rate, gap, SMALL).outcome == (outcome if refuted else "not run")


def test_a_gap_in_the_runs_is_named_with_the_command_that_fills_it():
    made = [r for r in difference([8, 9, 10, 11]) if frames.setting_of(r["config"]) != "symmetric-0.6"]
    found = claims.evaluate(claim(), made, SMALL)
    assert found.outcome == "not run"
    assert verdicts(found) == ["supports", "supports", "missing", "supports"]
    assert "1 without runs" in found.reason
    assert {(run.loss, run.setting, run.seed) for run in found.missing} == {
        (loss, "symmetric-0.6", seed) for loss in ("ce", "nce") for seed in range(3)
    }
    assert found.commands == ["python -m nlr study ma2020-small"]
    everything = claims.evaluate(claim(), [], SMALL)
    assert everything.outcome == "not run"
    assert len(everything.missing) == 2 * 4 * 3
    assert everything.commands == ["python -m nlr study ma2020-small"]


def test_a_run_that_no_study_has_is_asked_for_by_itself():
    test = 'test = "level", losses = ["ngce"], settings = ["symmetric-0.4"], relation = "above", threshold = 0'
    one = claim(f"tests = [{{ {test} }}]")
    missing = claims.missing_runs(one, SMALL, [])
    assert [(run.loss, run.seed, run.study) for run in missing] == [("ngce", seed, "") for seed in claims.SEEDS]
    asked = claims.commands(missing)
    assert asked[1] == "python -m nlr run ma2020-small 'ngce' symmetric-0.4 --seed 1 --store results"
    assert claims.missing_runs(one, SMALL, [record("ngce", "symmetric-0.4", 1)]) == [missing[0], missing[2]]


def test_exploratory_runs_carry_no_verdict_alone():
    made = difference([8, 9, 10, 11], purpose="exploratory")
    found = claims.evaluate(claim(), made, SMALL)
    assert found.outcome == "not run"
    assert verdicts(found) == ["exploratory"] * 4
    assert found.evidence[0].rows[0].effect == pytest.approx(8, abs=0.5)
    for one in made:  # the first seed is a pilot, the others are not
        one["facts"]["purpose"] = "exploratory" if one["config"]["seed"] == 0 else "study"
    found = claims.evaluate(claim(), made, SMALL)
    assert not any(row.exploratory for row in found.evidence[0].rows)
    assert (found.outcome, found.without_exploratory) == ("held", "undecided")  # two seeds are left


def test_an_outcome_that_needs_the_exploratory_runs_says_so():
    made = difference([3, 3, 3, 3], noise=0.01)
    for one in made:
        one["facts"]["purpose"] = "exploratory" if one["config"]["seed"] == 0 else "study"
    found = claims.evaluate(claim(), made, SMALL)
    assert found.outcome != found.without_exploratory == "undecided"
    assert "Without the exploratory runs: undecided." in found.reason


def test_runs_that_ended_before_a_test_was_revised_are_exploratory_for_it():
    revised = claim(revised="2026-02-01T00:00:00+00:00: another threshold")
    assert claims.evaluate(revised, difference([8, 9, 10, 11]), SMALL).outcome == "not run"
    later = difference([8, 9, 10, 11], finished="2026-02-02T00:00:00+00:00")
    assert claims.evaluate(revised, later, SMALL).outcome == "held"


def test_few_seeds_are_shown_and_never_counted():
    wide = grid({(loss, s): 0.4 for loss in ("gce", "mae", "sce") for s in ("clean", "asymmetric-0.4")}, noise=0.02)
    for seeds in (1, 2):
        found = claims.evaluate(claim(), wide + difference([40] * 4, seeds=seeds), SMALL)
        assert verdicts(found) == ["few seeds"] * 4
        assert found.outcome == "undecided"
        assert all(row.low < row.effect < row.high and row.n == seeds for row in found.evidence[0].rows)
        assert "4 with too few seeds to count" in found.reason
    alone = claims.evaluate(claim(), difference([9, 9, 9, 9], seeds=1), SMALL)  # nothing is replicated anywhere
    assert alone.outcome == "undecided"
    assert math.isnan(alone.evidence[0].low)
    assert "no spread over seeds known" in alone.reason
    mixed = [r for r in difference([8, 9, 10, -11]) if r["config"]["seed"] == 0 or "0.8" not in json.dumps(r["config"])]
    found = claims.evaluate(claim(), mixed, SMALL)
    assert verdicts(found) == ["supports"] * 3 + ["few seeds"]
    assert found.outcome == "undecided"  # not "partly": the one seed contradicts nothing
    assert found.evidence[0].effect == pytest.approx(9, abs=0.5)
    *rows, few = found.evidence[0].rows
    without = claims.evaluate(claim(), [r for r in mixed if r["config"]["noise"]["rate"] != 0.8], SMALL)
    assert [row.p for row in rows] == [row.p for row in without.evidence[0].rows[:3]]  # it lends the others nothing
    assert math.isnan(few.p)


def test_under_the_former_rules_few_seeds_needed_a_distance_of_four_deviations():
    wide = grid({(loss, s): 0.4 for loss in ("gce", "mae", "sce") for s in ("clean", "asymmetric-0.4")}, noise=0.02)
    one = claims.formerly(claim())
    near, far = (claims.evaluate(one, wide + difference([gain] * 4, seeds=1), SMALL) for gain in (7, 40))
    deviation = near.evidence[0].rows[0].deviation
    assert 7 < 4 * deviation < 38
    assert (near.outcome, far.outcome) == ("undecided", "held")


def test_the_spread_is_the_common_one_of_the_protocol():
    """Four seeds a loss at four rates are 12 degrees of freedom of a pair; the third loss is far noisier."""
    made = difference([8, 9, 10, 11], seeds=4) + grid({("gce", s): 0.4 for s in SYMMETRIC}, seeds=4, noise=0.05)
    new, old = claims.evaluate(claim(), made, SMALL), claims.evaluate(claims.formerly(claim()), made, SMALL)
    (row, *_), (former, *_) = new.evidence[0].rows, old.evidence[0].rows
    assert (row.df, row.spread.losses) == (24, 3)
    assert (former.df, former.spread.losses) == (12, 2)
    assert row.high - row.low > 3 * (former.high - former.low)
    enough = difference([8, 9, 10, 11], seeds=8) + grid({("gce", s): 0.4 for s in SYMMETRIC}, seeds=8, noise=0.05)
    assert claims.evaluate(claim(), enough, SMALL).evidence[0].rows[0].spread.losses == 2  # 28 of their own


def test_where_the_rules_say_so_each_setting_has_its_spread_without_cells_that_collapsed():
    noises = dict(zip(SYMMETRIC, (0.0005, 0.001, 0.01, 0.05), strict=True))
    made = []
    for setting, noise in noises.items():
        cells = {(loss, setting): mean for loss, mean in (("ce", 0.8), ("nce", 0.9), ("mae", 0.7))}
        made += grid(cells, noise=noise, protocol="digits", final={"modal_class_share": 0.2})
        fallen = grid({("gce", setting): 0.1}, noise=0.3, protocol="digits", final={"modal_class_share": 0.995})
        made += fallen
    one = claim(protocols=["digits"])
    rows = claims.evaluate(one, made, "digits").evidence[0].rows
    widths = [row.high - row.low for row in rows]
    assert widths == sorted(widths)
    assert widths[-1] > 20 * widths[0]
    assert [(row.spread.settings, row.spread.losses, row.df) for row in rows] == [(1, 3, 4)] * 4
    upright = [run | {"final": run["final"] | {"modal_class_share": 0.2}} for run in made]
    rows = claims.evaluate(one, upright, "digits").evidence[0].rows
    assert [(row.spread.losses, row.df) for row in rows] == [(4, 6)] * 4
    pair = [run for run in made if run["config"]["loss"]["spec"] in ("ce", "nce")]  # two degrees of freedom a setting
    found = claims.evaluate(one, pair, "digits")
    assert (found.outcome, verdicts(found)) == ("not run", ["unreplicated"] * 4)


def test_a_cell_that_collapses_with_some_seeds_alone_has_no_interval():
    cells = {(loss, s): mean for s in SYMMETRIC for loss, mean in (("ce", 0.8), ("nce", 0.9), ("mae", 0.7))}
    made = grid(cells, protocol="digits", final={"modal_class_share": 0.2})
    before = claims.evaluate(claim(protocols=["digits"]), made, "digits").evidence[0]
    (fell,) = [
        run
        for run in made
        if (run["config"]["loss"]["spec"], frames.setting_of(run["config"]), run["config"]["seed"])
        == ("nce", "symmetric-0.2", 1)
    ]
    fell["final"] |= {"modal_class_share": 0.999, "last_accuracy": 0.1}
    found = claims.evaluate(claim(protocols=["digits"]), made, "digits")
    (mixed, *others), (_, *same) = found.evidence[0].rows, before.rows
    assert (mixed.verdict, mixed.n, math.isnan(mixed.low)) == ("mixed", 3, True)
    assert mixed.effect == pytest.approx(10 - 80 / 3, abs=1)
    assert [(row.low, row.high) for row in others] == [(row.low, row.high) for row in same]
    assert math.isnan(found.evidence[0].low)  # nor has a mean with it in it
    assert found.outcome == "undecided"  # nothing is missing
    assert "1 with a cell that collapses in some of its runs alone" in found.reason


def test_all_rows_of_a_claim_are_one_family():
    made = difference([0.55, 0, 0, 0], noise=0.004)
    one = DIFFERENCE.replace('"symmetric"', '["symmetric-0.2"]')
    alone, family = (claims.evaluate(claim(text), made, SMALL).evidence[0].rows[0] for text in (one, DIFFERENCE))
    assert alone.p < 0.05
    assert family.p == pytest.approx(4 * alone.p)
    assert (alone.verdict, family.verdict) == ("supports", "open")


def test_a_slow_claim_waits_for_its_control_and_holds_for_its_updates_only():
    slow, made = claim(slow=True), difference([8, 9, 10, 11])
    found = claims.evaluate(slow, made, SMALL)
    assert found.outcome == "not run"
    assert found.qualifier == "at 1,975 updates"
    assert "ma2020-small-x4" in found.reason
    assert found.commands == ["python -m nlr study ma2020-small-x4", "python -m nlr study cpu-list"]
    base = [record(loss, "symmetric-0.4", seed, last=0.4) for loss in ("mae", "nce+mae") for seed in range(3)]
    longer = [record(loss, "symmetric-0.4", 0, "ma2020-small-x4", last=0.6) for loss in ("nce", "mae", "nce+mae")]
    found = claims.evaluate(slow, made + base + longer, SMALL)
    assert (found.outcome, found.qualifier) == ("held", "at 1,975 updates")
    last, *_ = found.control
    assert [part.test["figure"] for part in found.control] == ["last", "best", "clean_part", "memorised"]
    assert [row.effect for row in last.rows][1:] == pytest.approx([20, 20])
    more = [record("ce", "symmetric-0.4", 0, "ma2020-small-x4", last=0.6)]  # what else it has is shown, not asked for
    assert [row.n for row in claims.evaluate(slow, made + base + longer + more, SMALL).control[0].rows] == [1] * 4
    assert claims.evaluate(slow, [], "ma2020").qualifier == ""
    assert all(run.protocol == "ma2020" for run in claims.missing_runs(slow, "ma2020", []))


def test_what_records_cannot_settle_is_said():
    found = claims.load()
    with pytest.raises(NlrError, match="C1 is settled by a proof"):
        claims.evaluate(found["C1"], [], "ma2020")
    for name, protocol, words in [
        ("C12", "ma2020", "tested in kathuria-as-written and kathuria-as-written-small and kathuria-as-written-digits"),
        ("C17", "digits", "tested in ma2020 and ma2020-mnist and ma2020-small, not in digits"),
    ]:
        outcome = claims.evaluate(found[name], [], protocol)
        assert (outcome.outcome, outcome.missing, outcome.commands) == ("not run", (), [])
        assert words in outcome.reason


def test_a_protocol_that_does_not_exist_is_said():
    outcome = claims.evaluate(claim(protocols=["ma2021"]), [], "ma2021")
    assert (outcome.outcome, outcome.missing) == ("not run", ())
    assert "ma2021 does not exist yet" in outcome.reason


def test_two_data_sets_are_not_pooled():
    made = difference([8, 9, 10, 11])
    made[0]["config"]["dataset"] = "cifar10"
    with pytest.raises(NlrError, match="cifar10 and cifar10-jpeg75"):
        claims.evaluate(claim(), made, SMALL)


def test_records_of_other_protocols_are_left_aside():
    made = difference([8, 9, 10, 11])
    other = [record("nce", "symmetric-0.2", seed, "digits", last=0.0) for seed in range(3)]
    assert claims.evaluate(claim(), made + other, SMALL) == claims.evaluate(claim(), made, SMALL)


def test_every_claim_can_be_evaluated_on_nothing_and_on_everything():
    found = [one for one in claims.load().values() if one.kind != "theory" and SMALL in one.protocols]
    assert {one.id for one in claims.load().values() if one.kind != "theory"} - {one.id for one in found} == {
        *("C12", "C13", "C14", "C40", "C51", "C53", "C55", "C56", "C58"),  # tested in protocols of reports
        *("C18", "C22", "C23", "C24", "C28", "C46", "C57"),  # sizes, which belong to the full protocol
        "C79",  # of protocols with a validation split
        *("C69", "C70", "C71", "C72", "C73", "C74", "C75", "C76", "C77", "C78"),  # of MNIST
    }
    rng = np.random.default_rng(0)
    cells = {(loss, setting) for one in found for loss, setting in one.cells(SMALL)}
    made = [
        record(name, setting, seed, place or SMALL, last=round(0.4 + 0.1 * rng.random(), 4), memorised=rng.random())
        for name, _, place, setting in sorted((*loss.partition(kinds.ELSEWHERE), setting) for loss, setting in cells)
        for seed in range(3)
    ]
    rise = (np.arange(1, 5) / 5).tolist()
    for one in made:
        one["series"] |= {
            "p_y_clean_part": rise,
            "q_clean_part": rise,
            "accuracy_clean_part": rise,
            "corrupted_gradient_share": rise,
        }
        one["final"]["modal_class_share"] = 0.2
    for one in found:
        for protocol in claims.PROTOCOLS:
            assert claims.evaluate(one, [], protocol).outcome == "not run"
        outcome = claims.evaluate(one, made, SMALL)
        assert outcome.outcome in claims.OUTCOMES
        assert "missing" not in verdicts(outcome)
        assert {run.protocol for run in outcome.missing} <= {"ma2020-small-x4"}


# Each kind of test, where the answer is known


def one_test(line, made, protocol=SMALL):
    outcome = claims.evaluate(claim(f"tests = [{{ {line} }}]"), made, protocol)
    return outcome, outcome.evidence[0].rows


def test_level():
    made = grid({("ce", "clean"): 0.10, ("mae", "clean"): 0.40})
    line = 'test = "level", losses = ["ce", "mae"], settings = ["clean"], relation = "below", threshold = 25'
    outcome, rows = one_test(line, made)
    assert [row.effect for row in rows] == pytest.approx([13, 43], abs=0.2)  # the seeds' shift is 3 points on average
    assert outcome.outcome == "partly"


def test_the_interval_of_a_share_ends_where_shares_end():
    made = grid({("ce", "clean"): 0.935, ("mae", "clean"): 0.005})
    line = 'test = "level", losses = [{}], settings = ["clean"], relation = "below", threshold = 25'
    for loss, row_ends in (
        ("ce", lambda row: row.high == 100 > row.effect),
        ("mae", lambda row: row.low == 0 < row.effect),
    ):
        outcome, (row,) = one_test(line.format(f'"{loss}"'), made)
        assert row_ends(row)
        assert (outcome.evidence[0].low, outcome.evidence[0].high) == (row.low, row.high)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ({"relation": "above", "threshold": 10}, "above 10"),
        ({"relation": "below", "threshold": -0.5}, "below \N{MINUS SIGN}0.5"),
        ({"relation": "within", "threshold": 3}, "within 3 of 0"),
        ({"relation": "outside", "threshold": 5, "target": 24.7}, "outside 5 of 24.7"),
    ],
)
def test_what_a_claim_demands_in_words(test, words):
    assert claims.kinds.demanded(test) == words


def test_a_reason_has_a_mean_of_like_rows_only_and_names_what_was_measured():
    made = difference([8, 9, 10, 11])
    level = 'tests = [{{ test = "level", losses = [{}], settings = [{}], relation = "above", threshold = 0 }}]'
    cases = {
        ('"ce"', '"symmetric-0.2"'): "1 for the claim. ce, symmetric-0.2: 4",
        ('"ce"', '"symmetric-0.2", "symmetric-0.4"'): "Mean over 2 comparisons: 4",
        ('"ce", "nce"', '"symmetric-0.2"'): "2 for the claim. Test accuracy after the last epoch: ce, ",
    }
    for options, words in cases.items():
        reason = claims.evaluate(claim(level.format(*options)), made, SMALL).reason
        assert words in reason
        assert "effect" not in reason
    mixed = grid({("ce", "clean"): 0.4, ("nce", "clean"): 0.5, ("mae", "clean"): 0.3})
    pairs = 'pairs = [["nce", "ce"], ["mae", "ce"]], settings = ["clean"], relation = "within", threshold = 3'
    found = claims.evaluate(claim(f'tests = [{{ test = "difference", {pairs} }}]'), mixed, SMALL)
    assert math.isnan(found.evidence[0].effect)  # they would cancel
    assert "nce \N{MINUS SIGN} ce, clean: +" in found.reason
    assert "; mae \N{MINUS SIGN} ce, clean: \N{MINUS SIGN}" in found.reason


def test_each_kind_of_test_has_its_words():
    unit, words = kinds.measured({"test": "collapse", "figure": "modal_share"})
    assert unit == "per cent of the runs"
    assert words.startswith("runs that give one class")
    for kind in kinds.NAMES:
        unit, words = kinds.measured({"test": kind, "figure": "last"})
        assert unit.startswith({"collapse": "per cent", "predicted": "per cent", "level": "%"}.get(kind, "points"))
        assert ("accuracy" in words) == (kind not in kinds.OF_COLLAPSE)
    words = [kinds.measured({"test": kind, "figure": "last"})[1] for kind in kinds.NAMES]
    assert len(set(words)) == len(words) - 1  # difference and between are both differences


def test_means_of_losses():
    made = grid({("ce", "clean"): 0.1, ("mae", "clean"): 0.3, ("gce", "clean"): 0.5})
    line = 'test = "difference", relation = "above", threshold = 10, settings = ["clean"], '
    line += 'pairs = [["gce", ["ce", "mae"]]]'
    outcome, rows = one_test(line, made)
    assert rows[0].effect == pytest.approx(30, abs=0.5)
    assert rows[0].label == "gce − mean of ce, mae, clean"
    assert outcome.outcome == "held"


def test_change_and_slope():
    rates = dict(zip(SYMMETRIC, (0.2, 0.4, 0.6, 0.8), strict=True))
    made = grid({("ce", s): 0.8 - 0.5 * rate for s, rate in rates.items()})
    made += grid({("nce", s): 0.8 - 0.2 * rate for s, rate in rates.items()})
    line = 'test = "{}", relation = "{}", threshold = 0, {}'
    outcome, rows = one_test(line.format("slope", "below", 'losses = ["ce"], settings = "symmetric"'), made)
    assert rows[0].effect == pytest.approx(-5, abs=0.1)  # points a tenth of rate
    assert outcome.outcome == "held"
    assert outcome.evidence[0].unit == "points a tenth of noise rate"
    _, rows = one_test(line.format("slope", "above", 'pairs = [["nce", "ce"]], settings = "symmetric"'), made)
    assert rows[0].effect == pytest.approx(3, abs=0.1)
    span = 'from = ["symmetric-0.2", "symmetric-0.4"], to = ["symmetric-0.8"]'
    _, rows = one_test(line.format("change", "below", f'losses = ["ce"], {span}'), made)
    assert rows[0].effect == pytest.approx(-25, abs=0.5)
    _, rows = one_test(line.format("change", "above", f'pairs = [["nce", "ce"]], {span}'), made)
    assert rows[0].effect == pytest.approx(15, abs=0.5)


def test_mean_difference():
    """A mean over rates and pairs decides what single rates leave open: its standard error is that much smaller."""
    made = difference([1, 1.2, 0.8, 1], noise=0.004) + grid({("gce", s): 0.4 for s in SYMMETRIC}, noise=0.02)
    line = 'test = "{}", pairs = [["nce", "ce"]], settings = "symmetric", relation = "above", threshold = 0'
    outcome, rows = one_test(line.format("mean_difference"), made)
    _, singly = one_test(line.format("difference"), made)
    assert [len(rows), len(singly)] == [1, 4]
    assert rows[0].effect == pytest.approx(np.mean([row.effect for row in singly]))
    assert rows[0].high - rows[0].low == pytest.approx((singly[0].high - singly[0].low) / 2)
    assert rows[0].label == f"nce − ce, mean of {', '.join(SYMMETRIC)}"
    assert outcome.evidence[0].unit == "points"
    assert rows[0].n == 3


@pytest.mark.parametrize(
    ("gain", "relation", "outcome"),
    [
        (0.2, "within", "held"),
        (2.9, "within", "undecided"),
        (6, "within", "did not hold"),
        (6, "outside", "held"),
        (-6, "outside", "held"),
        (0.2, "outside", "did not hold"),
    ],
)
def test_equivalence(gain, relation, outcome):
    line = 'test = "difference", pairs = [["nce", "ce"]], settings = "symmetric", threshold = "margin", relation = "{}"'
    found, rows = one_test(line.format(relation), difference([gain] * 4))
    assert found.outcome == outcome
    assert {row.level for row in rows} == {0.9 if relation == "within" and abs(gain) < 3 else 0.95}
    if gain == 6 and relation == "within":  # outside of the margin as a difference from its end would be shown
        one = 'test = "difference", pairs = [["nce", "ce"]], settings = "symmetric", threshold = 3, relation = "above"'
        _, above = one_test(one, difference([gain] * 4))
        assert [(row.low, row.p, kinds.shows_from(row)) for row in rows] == [
            (row.low, row.p, kinds.shows_from(row)) for row in above
        ]


def elsewhere(loss, setting, mean, protocol):
    """Five runs of another protocol."""
    return [record(loss, setting, seed, protocol, last=round(mean + 0.031 * seed, 4)) for seed in range(5)]


def test_runs_of_another_protocol_are_named_by_it():
    name = "ce @ ma2020-small-x4"
    line = f'test = "difference", pairs = [["ce", "{name}"]], settings = ["symmetric-0.8"], relation = "above", '
    made = grid({("ce", "symmetric-0.8"): 0.5}, seeds=5)
    other = elsewhere("ce", "symmetric-0.8", 0.4, "ma2020-small-x4")
    outcome, rows = one_test(line + "threshold = 0", made + other)
    assert (outcome.outcome, outcome.missing) == ("held", ())
    assert rows[0].effect == pytest.approx(10, abs=0.5)
    outcome, _ = one_test(line + "threshold = 0", made)
    assert {(run.protocol, run.loss) for run in outcome.missing} == {("ma2020-small-x4", "ce")}
    with pytest.raises(NlrError, match=r"'ce,scale=1'.*records of ma2020-small-x4 spell it 'ce'"):
        claims.check_spelling(claim(f"tests = [{{ {line.replace('ce @', 'ce,scale=1 @')} threshold = 0 }}]"))


def test_between():
    line = 'test = "between", cells = [[["ce", "symmetric-0.8"], ["nce", "symmetric-0.2"]]], threshold = 3, '
    line += 'relation = "{}"'
    made = grid({("ce", "symmetric-0.8"): 0.5, ("nce", "symmetric-0.2"): 0.4})
    outcome, rows = one_test(line.format("above"), made)
    assert outcome.outcome == "held"
    assert rows[0].effect == pytest.approx(10, abs=0.5)
    assert rows[0].label == "ce, symmetric-0.8 − nce, symmetric-0.2"
    assert one_test(line.format("within"), made)[0].outcome == "did not hold"


def test_errata_are_tested_by_the_rules_of_the_claims():
    found = claims.errata()
    assert {"E1", "E10", "E37"} <= set(found)
    assert set(found) <= {f"E{n}" for n in range(1, 66)}
    assert {json.dumps(one.rules) for one in found.values()} == {json.dumps(claims.load()["C15"].rules)}
    for one in found.values():
        assert one.tests
        assert {claims.evaluate(one, [], protocol).outcome for protocol in one.protocols} == {"not run"}


def test_a_target():
    line = 'test = "difference", relation = "within", target = 24, threshold = 5, '
    line += 'pairs = [["nce", "ce"]], settings = "symmetric"'
    assert one_test(line, difference([24] * 4))[0].outcome == "held"
    assert one_test(line, difference([12] * 4))[0].outcome == "did not hold"


BEST = 'test = "best_of", relation = "above", threshold = 0, settings = ["clean"], '
BEST += 'group = ["nce", "nce+mae"], others = ["ce", "mae"]'


def test_best_of():
    cells = {("nce", "clean"): 0.3, ("nce+mae", "clean"): 0.6, ("ce", "clean"): 0.4, ("mae", "clean"): 0.5}
    outcome, rows = one_test(BEST, grid(cells))
    assert rows[0].effect == pytest.approx(10, abs=0.5)
    assert outcome.outcome == "held"
    assert one_test(BEST, grid(cells, seeds=1))[0].outcome == "undecided"
    assert one_test(BEST, grid({cell: 0.4 for cell in list(cells)[:3]}))[0].outcome == "not run"


def test_best_of_does_not_reward_a_larger_group():
    rng = np.random.default_rng(1)
    text = BEST.replace('["nce", "nce+mae"]', '["nce", "nce+mae", "nce+rce", "nfl", "nfl+mae"]').replace(
        '["ce", "mae"]', '["ce"]'
    )
    names, effects = ["nce", "nce+mae", "nce+rce", "nfl", "nfl+mae", "ce"], []
    test = claim(f"tests = [{{ {text} }}]").tests_in(SMALL)[0]
    for _ in range(150):
        table = pd.DataFrame(
            [(loss, "clean", seed, False, rng.normal()) for loss in names for seed in range(3)],
            columns=["loss", "setting", "seed", "exploratory", "last"],
        )
        effects.append(kinds.rows(test, table, claim().rules)[0].effect)
    mean, error = np.mean(effects), np.std(effects) / math.sqrt(len(effects))
    assert abs(mean) < 3.5 * error  # the plain difference of the two best means is .7 above zero
    assert error < 0.1


def test_best_of_one_loss_trained_in_several_ways():
    text = 'test = "best_of", relation = "below", threshold = 0, settings = ["symmetric-0.4"], '
    text += 'group = ["nce", "nce @ ma2020-small-x4"], others = ["ce"]'
    made = grid({("nce", "symmetric-0.4"): 0.3, ("ce", "symmetric-0.4"): 0.6})
    outcome, rows = one_test(text, made)
    assert (outcome.outcome, rows[0].n) == ("not run", 0)
    longer = [record("nce", "symmetric-0.4", r["config"]["seed"], "ma2020-small-x4", last=0.5) for r in made[:3]]
    outcome, rows = one_test(text, made + longer)
    assert rows[0].label == "best of 2 ways to train nce − best of ce, symmetric-0.4"
    assert outcome.outcome == "held"
    assert -20 < rows[0].effect < -5


REGRET = 'test = "regret", relation = "below", threshold = "margin", settings = ["symmetric-0.4"], '
REGRET += 'losses = ["nce", "nce+mae", "mae"]'


def chosen(accuracy, validation, seeds=range(3)):
    """Records of three losses, with a final accuracy and one on held-out noisy labels each."""
    made = []
    for loss, last, held_out in zip(("nce", "nce+mae", "mae"), accuracy, validation, strict=True):
        for seed in seeds:
            made.append(record(loss, "symmetric-0.4", seed, last=last + seed / 100))
            made[-1]["series"]["validation_accuracy_noisy"] = [0.9, held_out]
    return made


@pytest.mark.parametrize(
    ("validation", "regret", "outcome"),
    [
        ((0.2, 0.4, 0.3), 0, "held"),
        ((0.2, 0.3, 0.4), 2, "held"),
        ((0.4, 0.3, 0.2), 20, "did not hold"),
    ],
)
def test_regret_is_what_the_choice_on_held_out_noisy_labels_costs(validation, regret, outcome):
    made = chosen((0.4, 0.6, 0.58), validation)
    rng = np.random.default_rng(0)
    for one in made:
        one["final"]["last_accuracy"] += 0.0001 * rng.random()  # or no spread would be known
    found, rows = one_test(REGRET, made)
    assert rows[0].effect == pytest.approx(regret, abs=0.05)
    assert rows[0].label == "best of nce, nce+mae, mae − the one chosen, symmetric-0.4"
    assert (rows[0].n, found.outcome) == (3, outcome)


def test_regret_needs_every_loss_with_held_out_labels_and_seeds_enough():
    made = chosen((0.4, 0.6, 0.58), (0.2, 0.3, 0.4), seeds=[0])
    found, rows = one_test(REGRET, made)
    assert (rows[0].effect, verdicts(found), found.outcome) == (pytest.approx(2), ["few seeds"], "undecided")
    without = {"missing": made[1:], "undefined": [*made[1:], record("nce", "symmetric-0.4", 0)]}
    for verdict, less in without.items():
        found, rows = one_test(REGRET, less)
        assert (rows[0].n, verdicts(found)) == (0, [verdict])


def test_the_rules_of_practice_are_those_of_what_it_is_made_of():
    one = claims.get("C79")
    assert [test["threshold"] for test in one.tests_in("ma2020-small-val")] == [3]
    assert {t["settings"][0]: t["threshold"] for t in one.tests_in("ma2020-mnist-val")} == {
        "symmetric-0.4": 0.2,
        "symmetric-0.8": 3,
    }
    assert one.rules_in("ma2020-mnist-val")["spread"] == "setting"
    for name in ("C80", "C81", "C82", "C83"):
        assert {test["threshold"] for test in claims.get(name).tests_in(SMALL)} == {3}


def test_practice_shows_one_seed_and_decides_nothing():
    losses = ("ce", "nce", "nce+mae", "nce+rce")
    made = [record(loss, s, 0) for loss in losses for s in ("human-worse", "symmetric-0.4105", "matrix-worse")]
    for name in ("C80", "C81", "C82", "C83"):
        assert claims.missing_runs(claims.get(name), SMALL, made)  # further seeds of human labels, in line L
        outcome = claims.evaluate(claims.get(name), made, SMALL)
        assert set(verdicts(outcome)) == {"few seeds"}
        assert outcome.outcome == "undecided"
    nothing = claims.evaluate(claims.get("C79"), [], "ma2020-small-val")
    assert nothing.outcome == "not run"
    assert nothing.commands == ["python -m nlr study ma2020-small-val"]
    assert claims.evaluate(claims.get("C80"), [], SMALL).commands == ["python -m nlr study human-labels"]


def test_collapse():
    def made(collapsed):
        out = []
        for k, loss in enumerate(("ce", "mae", "nce", "nfl")):
            for seed in range(3):
                share = 1.0 if 3 * k + seed < collapsed else 0.3
                out.append(record(loss, "symmetric-0.8", seed, final={"modal_class_share": share}))
        return out

    line = 'test = "collapse", relation = "above", threshold = 50, '
    line += 'losses = ["ce", "mae", "nce", "nfl"], settings = ["symmetric-0.8"]'
    for collapsed, outcome in [(12, "held"), (0, "did not hold"), (6, "undecided")]:
        found, rows = one_test(line, made(collapsed))
        assert found.outcome == outcome
        assert (rows[0].effect, rows[0].n) == (pytest.approx(100 * collapsed / 12), 12)
        assert rows[0].low <= rows[0].effect <= rows[0].high
    assert one_test(line, made(12)[:9])[0].outcome == "not run"


def test_seed_range():
    line = 'test = "seed_range", losses = ["ce"], settings = "symmetric", relation = "above", threshold = 4'
    rng = np.random.default_rng(2)
    for sd, outcome in [(0.003, "did not hold"), (0.06, "held")]:
        made = [record("ce", s, seed, last=round(0.5 + rng.normal(0, sd), 5)) for s in SYMMETRIC for seed in range(4)]
        found, rows = one_test(line, made)
        assert found.outcome == outcome
        assert rows[0].effect == pytest.approx(277 * sd, rel=0.5)
        assert rows[0].df == 12
    found, rows = one_test(line, [record("ce", s, 0) for s in SYMMETRIC])
    assert (found.outcome, rows[0].verdict, math.isnan(rows[0].low)) == ("undecided", "few seeds", True)
    alone = [one for one in made if frames.setting_of(one["config"]) == SYMMETRIC[0] or not one["config"]["seed"]]
    outcome, rows = one_test(line, alone)  # three settings have a single seed, which says nothing of seeds
    assert (outcome.outcome, rows[0].verdict) == ("undecided", "few seeds")
    both = line.replace('["ce"]', '[["ce", "nce"]]')
    assert one_test(both, made)[1][0].verdict == "missing"
    other = [record("nce", s, seed, last=round(0.5 + rng.normal(0, sd), 5)) for s in SYMMETRIC for seed in range(4)]
    _, (row,) = one_test(both, made + other)  # the losses of a list give one range
    assert (row.df, row.n, row.label) == (24, 4, f"ce, nce, {', '.join(SYMMETRIC)}")


@pytest.mark.parametrize(("n", "outcome"), [(5, "undecided"), (6, "did not hold")])
def test_a_share_of_runs_has_its_exact_interval_though_all_runs_are_alike(n, outcome):
    line = (
        'test = "level", figure = "diverged", losses = ["ce"], settings = ["clean"], relation = "above", threshold = 50'
    )
    found, (row,) = one_test(line, [record("ce", "clean", seed) for seed in range(n)])
    assert found.outcome == outcome
    assert (row.effect, row.low, row.n) == (0, 0, n)
    assert row.high == pytest.approx(100 * (1 - 0.025 ** (1 / n)))
    assert math.isnan(found.evidence[0].effect)


def test_runs_without_a_common_seed_are_missing_and_a_figure_that_is_not_defined_is_not():
    line = 'test = "difference", pairs = [["nce", "ce"]], settings = ["clean"], relation = "above", threshold = 0'
    apart, (row,) = one_test(line, [record("ce", "clean", 0), record("nce", "clean", 1)])
    assert (apart.outcome, row.verdict) == ("not run", "missing")
    line = line.replace("pairs", 'figure = "memorised", pairs')
    both, (row,) = one_test(line, [record("ce", "clean", 0), record("nce", "clean", 0)])
    assert (both.outcome, row.verdict) == ("undecided", "undefined")


def test_the_mean_of_the_rows_is_theirs_although_they_have_other_seeds_and_leaves_out_exploratory_ones():
    line = 'test = "difference", pairs = [["nce", "ce"], ["nfl", "fl"], ["gce", "ce"]], settings = ["clean"], '
    line += 'relation = "above", threshold = 0'
    made = grid({("ce", "clean"): 0.4, ("nce", "clean"): 0.5}) + grid(
        {("fl", "clean"): 0.4, ("nfl", "clean"): 0.42}, seeds=4
    )
    made += [record("gce", "clean", 0, last=0.9), *grid({("mae", "clean"): 0.4})]  # mae adds to the spread
    for one in made:
        if one["config"]["loss"]["spec"] in ("ce", "gce") and not one["config"]["seed"]:
            one["facts"]["purpose"] = "exploratory"
    found, rows = one_test(line, made)
    assert [row.n for row in rows] == [3, 4, 1]
    assert [row.exploratory for row in rows] == [False, False, True]
    assert found.evidence[0].effect == pytest.approx((rows[0].effect + rows[1].effect) / 2)
    assert "Mean effect over 2 comparisons" in found.reason
    assert "; 3 to 4 seeds, spread over seeds from " in found.reason


# Beside the figures of others


@pytest.fixture
def theirs(monkeypatch):
    """Figures of a source: of two cells, one of them without a variance."""
    place = {"n": 3, "source": "x", "repository": "", "commit": "", "path": ""}
    found = {
        ("ce", "clean"): reproductions.SourceFigure(43.0, 0.2, **place),
        ("nce", "clean"): reproductions.SourceFigure(53.0, None, **place),
    }
    monkeypatch.setattr(kinds.reproductions, "figures", lambda source, family, protocol: found)


def two_cells(shift=0.0, protocol=SMALL, **figures):
    """Runs whose means lie ``shift`` points from those figures, 30 of them for a spread of their own."""
    level = {("ce", "clean"): 0.43, ("nce", "clean"): 0.53}
    rng = np.random.default_rng(0)
    return [
        record(loss, setting, seed, protocol, last=round(mean + shift / 100 + rng.normal(0, 0.002), 6), **figures)
        for (loss, setting), mean in level.items()
        for seed in range(30)
    ]


@pytest.mark.parametrize(("shift", "outcome"), [(0.5, "held"), (-0.5, "held"), (3, "undecided"), (6, "did not hold")])
def test_a_cell_reproduces_a_figure_if_it_lies_within_the_margin_of_it(theirs, shift, outcome):
    line = 'test = "reproduces", source = "x", losses = ["ce", "nce"], settings = ["clean"], relation = "within", '
    line += 'threshold = "margin"'
    found, rows = one_test(line, two_cells(shift))
    assert [row.label for row in rows] == ["ce, clean: ours − theirs", "nce, clean: ours − theirs"]
    assert [row.effect for row in rows] == pytest.approx([shift] * 2, abs=0.15)
    assert found.outcome == outcome
    assert rows[0].df < 5  # theirs is of three runs
    assert rows[1].df > 20  # theirs has no variance, ours stands for it
    missing, rows = one_test(line, [run for run in two_cells(shift) if run["config"]["loss"]["spec"] != "nce"])
    assert rows[1].verdict == "missing"
    assert missing.outcome == "not run"


def test_figures_that_a_source_prints_are_judged_by_the_same_tests():
    theirs = "HX-HX1-CIFAR10"
    found = claims.evaluate_printed(claims.get("C28"), theirs, "ma2020")
    figures = reproductions.figures(theirs, "cifar10", "ma2020")
    rows = found.evidence[0].rows
    assert [row.effect for row in rows] == pytest.approx(
        [figures["nce+mae", s].mean - figures["ce", s].mean for s in SYMMETRIC[1:]]
    )
    one, other = (figures[loss, "symmetric-0.4"] for loss in ("nce+mae", "ce"))
    assert rows[0].high - rows[0].low > 2 * 2.77 * math.sqrt(one.sd**2 / 3 + other.sd**2 / 3)  # at most 4 degrees
    assert (rows[0].n, rows[0].exploratory, found.outcome) == (3, False, "held")
    assert claims.evaluate_printed(claims.get("C2"), theirs, "ma2020") is None  # a proof
    assert claims.evaluate_printed(claims.get("C63"), theirs, "ma2020") is None  # another figure than accuracy
    assert claims.evaluate_printed(claims.get("C28"), "HX-HX1-MNIST", "ma2020-mnist") is None  # not tested there
    collapsed = claims.evaluate_printed(claims.get("C17"), "HX-HX1-MNIST", "ma2020-mnist")
    assert {row.verdict for row in collapsed.evidence[0].rows} == {"unreplicated"}  # a deviation of 0.00 is none
    assert "4 without an interval, for no spread is known" in collapsed.reason
    assert collapsed.evidence[0].digits == kinds.digits(claims.get("C17").rules_in("ma2020-mnist")["margin"]) == 2
    assert re.search(r"symmetric-0\.2: [+−]\d+\.\d\d points", collapsed.reason)  # a fifth of a point is not +0.0


@pytest.mark.parametrize(
    ("here", "there", "outcome"), [(0.5, 4, "held"), (4, -0.5, "did not hold"), (2, -2, "undecided")]
)
def test_which_of_two_protocols_lies_nearer_to_a_source(theirs, here, there, outcome):
    line = 'test = "nearer", source = "x", than = "ma2020", losses = ["ce", "nce"], settings = ["clean"], '
    line += 'relation = "above", threshold = 0'
    found, (row,) = one_test(line, two_cells(here) + two_cells(there, "ma2020"))
    assert row.effect == pytest.approx(abs(there) - abs(here), abs=0.2)
    assert found.outcome == outcome
    assert set(row.needs) == {(loss + at, "clean") for loss in ("ce", "nce") for at in ("", " @ ma2020")}


def test_what_runs_of_a_seed_share_moves_all_distances_together(theirs):
    line = 'test = "nearer", source = "x", than = "ma2020", losses = ["ce", "nce"], settings = ["clean"], '
    line += 'relation = "above", threshold = 0'
    wild = two_cells(80, "ma2020")
    shift = np.linspace(-0.5, 0.5, 30)
    for run in wild:
        run["final"]["last_accuracy"] += shift[run["config"]["seed"]]
    (row,) = one_test(line, two_cells(1) + wild)[1]
    half = stats.t.ppf(0.975, 29) * 100 * np.std(shift, ddof=1) / math.sqrt(30)
    assert (row.high - row.low) / 2 == pytest.approx(half, rel=0.02)  # as of one loss, not of two independent ones
    assert row.df == 29


def test_the_variance_of_a_figure_counts_where_the_two_lie_on_either_side_of_it(theirs):
    line = 'test = "nearer", source = "x", than = "ma2020", losses = ["ce"], settings = ["clean"], '
    line += 'relation = "above", threshold = 0'
    beside, (one,) = one_test(line, two_cells(1) + two_cells(3, "ma2020"))
    between, (other,) = one_test(line, two_cells(-1) + two_cells(3, "ma2020"))
    assert other.high - other.low > 3 * (one.high - one.low)
    assert (beside.outcome, between.outcome) == ("held", "held")


@pytest.mark.parametrize(("right", "outcome"), [(10, "held"), (6, "undecided"), (0, "did not hold")])
def test_predictions_are_judged_cell_by_cell(right, outcome):
    losses = ["ce", "nce", "mae", "gce", "sce", "fl", "nfl", "rce", "nce+mae", "nce+rce"]
    cells = [[loss, "clean"] for loss in losses]
    line = f'test = "predicted", yes = {json.dumps(cells[:5])}, no = {json.dumps(cells[5:])}, relation = "above", '
    line += "threshold = 50"
    fell = [(number < 5) == (number < right) for number in range(10)]
    made = [
        record(loss, "clean", seed, final={"modal_class_share": 0.999 if (down and seed < 2) else 0.2})
        for loss, down in zip(losses, fell, strict=True)
        for seed in range(3)  # two of three decide
    ]
    found, (row,) = one_test(line, made)
    assert (row.effect, row.n) == (10 * right, 10)
    assert found.outcome == outcome
    nowhere = f"to forecast one answer nowhere is right in {10 - sum(fell)}"
    assert found.qualifier == f"with {right} of 10 cells as predicted; {nowhere}"
    assert row.label == "10 cells, one answer predicted in 5"
    missing, _ = one_test(line, made[:-3])
    assert (missing.outcome, missing.qualifier) == ("not run", "")


def test_what_ends_with_one_answer_is_left_out_of_a_comparison_that_asks_for_it():
    line = 'test = "difference", figure = "standing", pairs = [["nce", "ce"]], settings = ["clean"], '
    line += 'relation = "above", threshold = 0'
    level = {("ce", "clean"): 0.4, ("mae", "clean"): 0.4}
    upright = grid(level | {("nce", "clean"): 0.5}, seeds=4, final={"modal_class_share": 0.2})
    assert one_test(line, upright)[0].outcome == "held"
    fallen = grid(level, final={"modal_class_share": 0.2}) + grid(
        {("nce", "clean"): 0.1}, final={"modal_class_share": 0.995}
    )
    found, (row,) = one_test(line, fallen)
    assert (row.verdict, found.outcome) == ("undefined", "undecided")
    assert "1 whose figure is not defined in these runs" in found.reason


# Figures


def test_figures_of_a_record():
    one = record(
        "ce",
        "symmetric-0.4",
        last=0.5,
        best=0.7,
        memorised=0.25,
        series={
            "test_accuracy": [0.1, 0.48, 0.47, 0.7, 0.6, 0.5],
            "accuracy_clean_part": [0.1, 0.9],
            "p_y_clean_part": [0.1, 0.2, 0.4],
            "q_clean_part": [20.0, 25.0, 35.0],
            "corrupted_gradient_share": [0.4, 0.6],
            "validation_accuracy_noisy": [0.1, 0.45],
        },
        final={
            "modal_class_share": 0.3,
            "distance_from_start": 3.5,
            "accuracy_by_class": [1, 1, 0, 0.5, 0, 0.5, 1, 1, 1, 0],
            "best_accuracy": 0.7,
        },
    )
    expected = {
        "last": 50,
        "best": 70,
        "gap": 20,
        "memorised": 25,
        "clean_part": 90,
        "sureness": 40,
        "validation": 45,
        "distance": 3.5,
        "diverged": 0,
        "gradient_share": 50,
        "epochs_to_95": 6,
        "roughness": 0,
        "late_slope": -10,
        "q_slope": 50,
        "q_at_third": 25 + 10 * (1 / 3 - 0.2) / (0.4 - 0.2),
        "mapped_classes": 20,
        "unmapped_classes": 100,
        "modal_share": 30,
        "standing": 50,
    }
    assert set(expected) == set(figures.FIGURES)
    for name, value in expected.items():
        assert figures.FIGURES[name][0](one) == pytest.approx(value), name


@pytest.mark.parametrize("p_y", [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
def test_q_at_a_third_is_not_known_where_it_is_not_passed(p_y):
    one = record("nce", "clean", series={"p_y_clean_part": p_y, "q_clean_part": [20.0, 25.0, 35.0]})
    assert math.isnan(figures.FIGURES["q_at_third"][0](one))


def test_figures_that_a_record_lacks_are_nan():
    one = record("ce", "clean")
    for name in ("memorised", "gradient_share", "q_slope", "modal_share", "validation", "distance"):
        assert math.isnan(figures.FIGURES[name][0](one)), name


# The order: no run that a verdict rests on is older than the test that judges it

REGISTRIES = ("nlr/evidence/claims", "nlr/claims")  # where a commit has them: since the rooms, and before


def git(*arguments):
    done = subprocess.run(["git", "-C", paths.ROOT, *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


def hashes_at(commit):
    """The hash of every claim's and erratum's test in each protocol at a commit; empty where this version cannot read
    what is there."""

    def text_of(name):
        shown = (git("show", f"{commit}:{folder}/{name}.toml") for folder in REGISTRIES if commit)  # none: the index
        text = next(filter(None, shown), None)
        # Claims that could not be tested said what they needed; what has no test has no hash.
        return text and "\n\n".join(block for block in text.split("\n\n") if "\nneeds = " not in block)

    registry, more = text_of("registry"), text_of("errata")
    if not registry:
        return {}
    try:
        known = claims.load(registry) | (claims.errata(registry, more) if more else {})
        return {(name, place): one.test_hash(place) for name, one in known.items() for place in one.protocols}
    except (NlrError, KeyError, TypeError):
        return {}


def commit_of(facts):
    """The commit that a run was started from: what its record says, else the last one before its start."""
    first = facts["commit"].split(", ")[0]  # of a run of several sittings
    if git("cat-file", "-e", first + "^{commit}") is not None:
        return first
    start = datetime.fromisoformat(facts["finished"]) - timedelta(seconds=facts["wall_seconds"])
    return (git("rev-list", "-1", f"--before={start.isoformat()}", "HEAD") or "").strip()


def late(found):
    """Runs that a claim's test judges in some protocol although it was another, or none, at the commit that they were
    started from."""
    known, out = {}, []
    judged = [one for one in [*claims.load().values(), *claims.errata().values()] if one.tests]
    users = {}  # {(protocol, loss, setting): the claims that use such a run, each with the protocol it is judged in}
    for one in judged:
        for place in one.protocols:
            for run in claims.needed(one, place):
                users.setdefault(run, {})[one.id, place] = one
    for made in found:
        config = made["config"]
        run = config["protocol"], config["loss"]["spec"], frames.setting_of(config)
        for (name, place), one in users.get(run, {}).items():
            if claims.exploratory_for(one, made):
                continue
            commit = commit_of(made["facts"])
            if commit not in known:
                known[commit] = hashes_at(commit)
            if known[commit].get((name, place)) != one.test_hash(place):
                out.append(f"{name} in {place}: {runs.describe(config)} (commit {commit or 'unknown'})")
    return out


@pytest.fixture
def history():
    """The first commit of this repository."""
    if git("rev-parse", "--is-shallow-repository") != "false\n":
        pytest.skip("no git history here")
    return git("rev-list", "--max-parents=0", "HEAD").split()[0]


def test_tests_are_older_than_the_runs_they_judge(history):
    """A run names the commit it was started from; there, each test that uses it must have been what it is now."""
    found = late([records.read(path, paths.RESULTS) for path in records.walk(paths.RESULTS)])
    advice = "give these claims a 'revised' entry, or these runs the purpose exploratory:"
    assert not found, "\n".join([advice, *found])


def test_the_proof_of_the_order_can_fail(history):
    facts = {"commit": "unknown", "finished": "2000-01-01T00:00:00+00:00", "wall_seconds": 1.0}
    assert commit_of(facts) == ""
    assert commit_of(facts | {"commit": history[:12]}) == history[:12]
    assert commit_of(facts | {"commit": f"{history[:12]}, 000000000000"}) == history[:12]
    old = record("ce", "symmetric-0.4", commit=history[:12])
    assert any(line.startswith("C15 in ma2020-small: ") for line in late([old]))
    assert late([record("ce", "symmetric-0.4", commit=history[:12], purpose="exploratory")]) == []
    assert late([record("ce", "symmetric-0.4", **facts)])  # a run of no known commit is dated by its start


def test_the_words_of_the_committed_outcomes_come_out_again():
    """Whatever has been changed in the code that evaluates since they were written."""
    said = json.loads(judgements.COMMITTED.read_text())
    assert len(said["evaluator"]) == len(judgements.evaluator()) == 16
    found = judgements.outcomes(judgements.judge(judgements.counted(), {}))
    assert found == said["claims"], "records or rules have changed: bring the words up to date with make readme"


def test_studies_make_what_the_claims_need():
    """What no study has is a short list: losses of single claims, other ways to train, and weights of the reference."""
    runs_without = [
        (protocol, run)
        for one in claims.load().values()
        for protocol in claims.PROTOCOLS
        for run in claims.missing_runs(one, protocol, [])
        if not run.study
    ]
    elsewhere = {run.protocol for protocol, run in runs_without if run.protocol != protocol}
    assert elsewhere == {f"ma2020-{way}" for way in ("lr-0.1", "lr-1", "constant", "no-decay", "x4", "x4-all")}  # C38
    missing = {(protocol, run.loss) for protocol, run in runs_without if run.protocol == protocol}
    of_study = set(studies.load(SMALL).losses())
    assert {loss for protocol, loss in missing if protocol == "ma2020"} == {
        "ce,scale=0.04",
        "kathuria-nce,T=2,scale=2",
        "kathuria-nce,T=5,scale=5",
        "kathuria-nce,T=20,scale=20",
    }
    assert not {loss for protocol, loss in missing if protocol == SMALL} & of_study
    assert set(claims.PROTOCOLS) <= set(protocols.names())


@pytest.mark.parametrize(("protocol", "written"), [("ma2020-small", "+5.0 points"), ("digits", "+5.00 points")])
def test_sentences_have_two_decimals_where_a_margin_is_under_a_point(protocol, written):
    made = grid({("nce", "symmetric-0.4"): 0.45, ("ce", "symmetric-0.4"): 0.4}, noise=0, protocol=protocol)
    assert f": {written} " in claims.evaluate(claim(protocols=["ma2020-small", "digits"]), made, protocol).reason
