"""Statistics: known answers, and coverage and size on simulated runs."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nlr.errors import NlrError
from nlr.evidence import statistics
from nlr.evidence.statistics import Contrast

CE_NCE = Contrast("nce − ce", (("nce", "a", 1.0), ("ce", "a", -1.0)))


def runs(values):
    """``{(loss, setting): [figure of seed 0, 1, ...]}`` as a table."""
    rows = [
        {"loss": loss, "setting": setting, "seed": seed, "last": value}
        for (loss, setting), of_cell in values.items()
        for seed, value in enumerate(of_cell)
        if value is not None
    ]
    return pd.DataFrame(rows, columns=["loss", "setting", "seed", "last"])


def estimate(table, contrast=CE_NCE):
    return statistics.estimates(table, "last", [contrast])[0]


def test_for_two_losses_the_paired_spread_is_that_of_the_differences_pooled_over_settings():
    values = {("ce", "a"): [1.0, 2, 4], ("nce", "a"): [3.0, 3, 8], ("ce", "b"): [5.0, 5], ("nce", "b"): [1.0, 3]}
    found = statistics.pooled_spread(runs(values), "last", paired=True)
    a, b = np.array([2.0, 1, 4]), np.array([-4.0, -2])
    pooled = math.sqrt((2 * a.var(ddof=1) + 1 * b.var(ddof=1)) / 3)
    assert found.sd * math.sqrt(2) == pytest.approx(pooled)
    assert (found.df, found.losses, found.settings, found.paired) == (3, 2, 2, True)
    assert found.ratio == pytest.approx(a.std(ddof=1) / b.std(ddof=1))


def test_the_unpaired_spread_is_that_within_cells():
    values = {("ce", "a"): [1.0, 2, 4], ("nce", "a"): [3.0, 5], ("ce", "b"): [9.0]}
    found = statistics.pooled_spread(runs(values), "last", paired=False)
    assert found.sd == pytest.approx(math.sqrt((np.var([1, 2, 4]) * 3 + np.var([3, 5]) * 2) / 3))
    assert (found.df, found.settings) == (3, 1)
    assert math.isnan(found.ratio)


def test_a_setting_without_spread_beside_one_with_is_as_unlike_as_can_be():
    rows = [("a", "x", seed, 50.0 + 1e-14 * seed) for seed in range(3)] + [("a", "y", s, 50.0 + s) for s in range(3)]
    table = pd.DataFrame(rows, columns=["loss", "setting", "seed", "last"])
    found = statistics.pooled_spread(table, "last", paired=False)
    assert (found.ratio, found.df) == (math.inf, 4)
    assert math.isnan(found.p_equal)
    none = statistics.pooled_spread(table[table["setting"] == "x"], "last", paired=False)
    assert math.isnan(none.ratio)


def test_an_incomplete_setting_counts_what_its_runs_can_say():
    # ce has three seeds, fl one of them: no difference is replicated, the spread of ce alone is no paired spread.
    found = statistics.pooled_spread(runs({("ce", "a"): [1.0, 2, 4], ("fl", "a"): [2.0]}), "last", paired=True)
    assert found.df == 0
    assert math.isnan(found.sd)


def test_unequal_spreads_are_noticed():
    rng = np.random.default_rng(0)
    values = {
        (loss, setting): rng.normal(0, sd, 12) for loss in ("ce", "nce") for setting, sd in (("a", 0.1), ("b", 3.0))
    }
    assert statistics.pooled_spread(runs(values), "last", paired=True).p_equal < 1e-4
    equal = {(loss, setting): rng.normal(0, 1, 12) for loss in ("ce", "nce") for setting in "ab"}
    assert statistics.pooled_spread(runs(equal), "last", paired=True).p_equal > 0.01


def test_where_a_setting_has_its_own_spread_its_losses_are_compared():
    rng = np.random.default_rng(0)
    values = {(loss, "a"): rng.normal(0, sd, 12) for loss, sd in (("ce", 3.0), ("nce", 0.1), ("mae", 0.1))}
    table = runs(values | {("gce", "a"): [1.0]})  # one run has no spread to compare
    wide, paired = (
        statistics.pool(table, "last", ["ce", "nce"], "a", kind, statistics.Pooling(math.inf, True))
        for kind in (False, True)
    )
    assert (wide.losses, wide.settings, wide.apart) == (3, 1, True)
    own = [np.std(values[loss, "a"], ddof=1) for loss in ("ce", "nce", "mae")]
    assert wide.ratio == paired.ratio == pytest.approx(max(own) / min(own))  # not that of what pairing leaves of them
    assert wide.p_equal < 1e-3
    assert math.isnan(statistics.pool(table, "last", ["ce"], "a", False).ratio)  # there is no other setting


def test_a_difference_is_a_paired_t_test_where_one_setting_has_the_replicates():
    rng = np.random.default_rng(1)
    shared = rng.normal(0, 5, 8)  # of the seed: drops out of the difference
    ce, nce = shared + rng.normal(40, 1, 8), shared + rng.normal(43, 1, 8)
    value = estimate(runs({("ce", "a"): ce, ("nce", "a"): nce}))
    other = stats.ttest_rel(nce, ce)
    assert value.effect == pytest.approx((nce - ce).mean())
    assert 2 * min(value.p_above(0), value.p_below(0)) == pytest.approx(other.pvalue)
    assert value.interval() == pytest.approx(tuple(other.confidence_interval()))
    assert (value.n, value.df, len(value.used)) == (8, 7, 16)
    assert value.deviation == pytest.approx((nce - ce).std(ddof=1))


def test_only_seeds_that_every_loss_has_are_used():
    table = runs({("ce", "a"): [1.0, 2, 3, None], ("nce", "a"): [None, 4.0, 9.0, 100.0]})
    value = estimate(table)
    assert value.effect == pytest.approx(((4 - 2) + (9 - 3)) / 2)
    assert value.n == 2
    assert set(value.used) == {(loss, "a", seed) for loss in ("ce", "nce") for seed in (1, 2)}
    assert estimate(runs({("ce", "a"): [1.0], ("nce", "a"): [None, 2.0]})) is None
    assert estimate(runs({("ce", "a"): [1.0], ("nce", "b"): [2.0]})) is None
    assert estimate(runs({})) is None


def test_few_replicates_borrow_the_spread_of_all_losses():
    rng = np.random.default_rng(2)
    values = {(loss, setting): rng.normal(0, 1, 3) for loss in ("ce", "mae", "gce") for setting in "bc"}
    values |= {("ce", "a"): [1.0], ("nce", "a"): [2.0]}
    value = estimate(runs(values))
    assert (value.df, value.spread.losses, value.spread.settings) == (8, 3, 2)
    assert value.deviation == pytest.approx(math.sqrt(2) * value.spread.sd)
    lonely = estimate(runs({("ce", "a"): [1.0, 2], ("nce", "a"): [2.0, 2]}))
    assert (lonely.effect, lonely.df) == (0.5, 0)  # one degree of freedom says nothing
    assert all(math.isnan(value) for value in (*lonely.interval(), lonely.p_above(0), lonely.deviation))


def test_a_slope_over_settings_has_the_standard_error_of_its_weights():
    rng = np.random.default_rng(3)
    table = runs({("ce", setting): rng.normal(0, 2, n) for setting, n in (("a", 3), ("b", 5), ("c", 4))})
    value = estimate(table, Contrast("slope", (("ce", "a", -0.5), ("ce", "b", 0.0), ("ce", "c", 0.5))))
    means = table.groupby("setting")["last"].mean()
    assert value.effect == pytest.approx((means["c"] - means["a"]) / 2)
    assert value.se == pytest.approx(value.spread.sd * math.sqrt(0.25 / 3 + 0.25 / 4))
    assert not value.spread.paired
    assert value.df == 9
    assert value.n == 3


def test_equivalence_is_two_one_sided_tests():
    rng = np.random.default_rng(4)
    ce = rng.normal(40, 1, 30)
    nce = ce + rng.normal(0.2, 0.5, 30)
    value = estimate(runs({("ce", "a"): ce, ("nce", "a"): nce}))
    low, high = value.interval(0.9)
    for margin in (0.1, 0.3, 1.0):
        assert (value.p_within(margin) < 0.05) == (-margin < low and high < margin)
    lower = stats.ttest_1samp(nce - ce, -1, alternative="greater").pvalue
    upper = stats.ttest_1samp(nce - ce, 1, alternative="less").pvalue
    assert value.p_within(1) == pytest.approx(max(lower, upper))
    assert value.p_outside(0.05) == pytest.approx(2 * stats.ttest_1samp(nce - ce, 0.05, alternative="greater").pvalue)


def test_holm():
    # The worked example of Holm's procedure: .005 * 4, .01 * 3, .03 * 2, and the last not below the one before it.
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert statistics.holm([0.6, 0.9]).tolist() == [1, 1]
    assert statistics.holm([]).tolist() == []


def test_the_exact_interval_of_a_share():
    low, high, p = statistics.share_interval(0, 6)
    assert (low, high) == pytest.approx((0, 1 - 0.025 ** (1 / 6)))
    assert p == pytest.approx(2 / 2**6)
    assert statistics.share_interval(3, 6)[2] == 1


def test_how_far_single_runs_differ():
    effect, low, high = statistics.single_run_difference(1.0, 24)
    assert effect == pytest.approx(2.7718, abs=1e-4)
    assert low < effect < high
    assert low == pytest.approx(effect * math.sqrt(24 / stats.chi2.ppf(0.975, 24)))
    assert statistics.p_single_run_difference(1.0, 24, low) == pytest.approx(0.05)
    assert statistics.p_single_run_difference(1.0, 24, high) == pytest.approx(0.05)
    assert statistics.p_single_run_difference(1.0, 24, effect) > 0.5


def simulated(rng, effects, settings=4, seeds=3, sd=1.0, seed_sd=3.0):
    """Runs of some losses, each setting and seed with a shift that its losses share."""
    values = {}
    for setting in "abcdef"[:settings]:
        shared = rng.normal(0, seed_sd, seeds)
        for loss, effect in effects.items():
            values[loss, setting] = effect + shared + rng.normal(0, sd, seeds)
    return runs(values)


@pytest.mark.parametrize("true", [0.0, 2.5])
def test_coverage_of_the_paired_interval(true):
    rng, hits, trials = np.random.default_rng(5), 0, 200
    for _ in range(trials):
        value = estimate(simulated(rng, {"ce": 0, "nce": true}))
        low, high = value.interval()
        hits += low <= true <= high
    assert value.df == 8
    assert abs(hits / trials - 0.95) < 4 * math.sqrt(0.95 * 0.05 / trials)


def test_size_of_the_equivalence_test_at_its_margin():
    rng, hits, trials = np.random.default_rng(6), 0, 200
    for _ in range(trials):
        value = estimate(simulated(rng, {"ce": 0, "nce": 3.0}))
        hits += value.p_within(3.0) < 0.05
    assert abs(hits / trials - 0.05) < 4 * math.sqrt(0.05 * 0.95 / trials)


def test_holm_keeps_the_size_of_a_family():
    rng, hits, trials = np.random.default_rng(7), 0, 150
    contrasts = [Contrast(s, (("nce", s, 1.0), ("ce", s, -1.0))) for s in "abcd"]
    for _ in range(trials):
        table = simulated(rng, {"ce": 0, "nce": 0})
        values = statistics.estimates(table, "last", contrasts)
        hits += statistics.holm([2 * min(v.p_above(0), v.p_below(0)) for v in values]).min() < 0.05
    assert hits / trials < 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)
    assert hits > 0


@pytest.mark.parametrize("settings", [{"s": 1}, {"s": 1, "t": -1}], ids=["level", "change"])
def test_intervals_of_a_mean_of_losses_that_share_their_seeds_cover(settings):
    """Runs of one seed are not independent: taken as such, these intervals would cover three times of four."""
    rng, losses = np.random.default_rng(0), list("abcdef")
    terms = tuple((loss, setting, sign / len(losses)) for setting, sign in settings.items() for loss in losses)
    covered = []
    for _ in range(300):
        shared = rng.normal(size=(4, 3))
        rows = [
            (loss, setting, seed, shared[k, seed] + rng.normal())
            for k, setting in enumerate("stuv")
            for seed in range(3)
            for loss in losses
        ]
        table = pd.DataFrame(rows, columns=["loss", "setting", "seed", "value"])
        low, high = statistics.estimates(table, "value", [statistics.Contrast("mean", terms)])[0].interval()
        covered.append(low < 0 < high)
    assert 0.89 < np.mean(covered) < 0.98


@pytest.mark.parametrize("seed_sd", [0.0, 3.0])
def test_the_interval_of_a_level_covers_where_only_other_losses_have_seeds_and_these_share_what_they_get(seed_sd):
    """Taken as a draw of its own each, six losses of three seeds would have 12 degrees of freedom, and cover less."""
    rng, losses, covered, df = np.random.default_rng(3), dict.fromkeys("abcdef", 0.0), [], []
    for _ in range(300):
        table = simulated(rng, losses, settings=1, seed_sd=seed_sd)
        value = estimate(table, Contrast("level", (("a", "a", 1.0),)))
        low, high = value.interval()
        covered.append(low < 0 < high)
        df.append(value.df)
    assert 0.91 < np.mean(covered) < 0.99
    assert np.median(df) > 8 if seed_sd == 0 else np.median(df) < 4


def test_the_mean_of_contrasts_is_that_of_their_effects_each_over_its_own_seeds():
    table = runs(
        {("ce", "a"): [1, 2, 3], ("nce", "a"): [2, 4, 6], ("nfl", "a"): [9, None, None], ("b", "a"): [0, 1, 1]}
    )
    contrasts = [Contrast("", ((loss, "a", 1.0), ("ce", "a", -1.0))) for loss in ("nce", "nfl")]
    one, other = statistics.estimates(table, "last", contrasts)
    value = statistics.mean_estimate(table, "last", contrasts)
    assert (one.effect, other.effect) == (2, 8)
    assert value.effect == pytest.approx(5)
    weights = [-1 / 6 - 1 / 2, -1 / 6, -1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 2]  # of the runs of ce, of nce, of nfl
    assert value.se == pytest.approx(value.spread.sd * math.sqrt(sum(w**2 for w in weights)))
    assert len(value.used) == 7
    assert statistics.mean_estimate(table, "last", [*contrasts, Contrast("", (("gce", "a", 1.0),))]) is None


def test_spreads_of_two_seeds_are_not_compared():
    rows = [("a", setting, seed, seed * size) for setting, size in (("s", 1.0), ("t", 2.0)) for seed in range(2)]
    table = pd.DataFrame(rows, columns=["loss", "setting", "seed", "value"])
    spread = statistics.pooled_spread(table, "value", paired=False)
    assert spread.ratio == pytest.approx(2)
    assert math.isnan(spread.p_equal)


# Unpaired comparisons


def mean_of(values, others=()):
    """The estimate of one cell's mean; ``others`` are cells that the spread is pooled over with it."""
    cells = {("ce", "a"): values} | {(f"other {k}", "a"): cell for k, cell in enumerate(others)}
    return estimate(runs(cells), Contrast("ce", (("ce", "a", 1.0),)))


FIVE = [61.0, 63.5, 62.0, 60.5, 64.0]


def test_an_unpaired_difference_is_welchs():
    theirs = [58.0, 60.0, 59.5]
    found = statistics.unpaired(mean_of(FIVE), np.mean(theirs), np.std(theirs, ddof=1), 3)
    expected = stats.ttest_ind_from_stats(
        *(np.mean(FIVE), np.std(FIVE, ddof=1), 5), *(np.mean(theirs), np.std(theirs, ddof=1), 3), equal_var=False
    )
    assert found.effect / found.se == pytest.approx(expected.statistic)
    reference = stats.ttest_ind(FIVE, theirs, equal_var=False)
    assert found.df == int(reference.df) > 2
    low, high = reference.confidence_interval()
    assert found.interval()[0] <= low < high <= found.interval()[1]  # degrees of freedom are rounded down
    assert found.p_differs(0) == pytest.approx(2 * stats.t.sf(abs(expected.statistic), found.df))
    assert (found.n, found.deviation) == (5, pytest.approx(math.hypot(np.std(FIVE, ddof=1), np.std(theirs, ddof=1))))


def test_without_a_variance_of_theirs_ours_holds_for_both():
    found = statistics.unpaired(mean_of(FIVE), 59.0, None, 3)
    sd = np.std(FIVE, ddof=1)
    assert (found.effect, found.df) == (pytest.approx(3.2), 4)
    assert found.se == pytest.approx(sd * math.sqrt(1 / 5 + 1 / 3))
    # As if their runs had our deviation, and had told us nothing about it.
    expected = stats.t.sf(3.2 / found.se, 4)
    assert found.p_above(0) == pytest.approx(expected)


def test_a_single_run_of_ours_takes_the_pooled_spread():
    found = statistics.unpaired(mean_of([62.0], [[50.0, 51, 53, 54, 52.5]]), 60.0, 0.5, 3)
    sd = np.std([50.0, 51, 53, 54, 52.5], ddof=1)
    assert found.se == pytest.approx(math.sqrt(sd**2 + 0.25 / 3))
    assert found.df == 4  # nearly all of the uncertainty is ours, with its 4 degrees of freedom


def test_few_runs_of_theirs_are_what_limits_a_precise_estimate_of_ours():
    precise = mean_of(FIVE, np.random.default_rng(0).normal(60, 1.5, (20, 5)).tolist())
    assert precise.df > 80
    found = statistics.unpaired(precise, 62.0, 30.0, 3)
    assert found.df == 2
    low, high = found.interval()
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, found.df) * found.se)


def test_a_difference_within_the_margin_and_one_beyond_it():
    ours = mean_of(FIVE, np.random.default_rng(0).normal(60, 1.5, (9, 5)).tolist())
    near, far = (statistics.unpaired(ours, mean, 0.8, 3) for mean in (62.0, 52.0))
    assert near.p_within(3) < 0.05 < near.p_outside(3)
    assert far.p_outside(3) < 0.05 < far.p_within(3)
    assert far.p_outside(3) == pytest.approx(2 * stats.t.sf((far.effect - 3) / far.se, far.df))


def test_without_a_spread_of_ours_the_interval_is_not_known():
    found = statistics.unpaired(mean_of([62.0]), 60.0, 0.5, 3)
    assert found.effect == 2
    assert all(map(math.isnan, (*found.interval(), found.p_within(3), found.p_outside(3), found.p_differs(0))))


def test_figures_without_any_variance_divide_by_nothing():
    constant = dataclasses.replace(mean_of(FIVE), effect=60.0, se=0.0, deviation=0.0)
    found = statistics.unpaired(constant, 60.0, 0.0, 3)
    assert (found.se, found.df, found.p_within(1)) == (0, 2, pytest.approx(0))


@pytest.mark.parametrize(("sd", "n"), [(None, 0), (0.5, 1)])
def test_a_deviation_of_one_run_is_refused(sd, n):
    with pytest.raises(NlrError, match="expected a run, and two for a deviation"):
        statistics.unpaired(mean_of(FIVE), 60.0, sd, n)


def test_welch_intervals_cover_the_difference():
    generator, hits = np.random.default_rng(0), 0
    for _ in range(400):
        ours, theirs = generator.normal(0, 1, 5), generator.normal(0, 3, 3)
        low, high = statistics.unpaired(mean_of(list(ours)), theirs.mean(), theirs.std(ddof=1), 3).interval()
        hits += low <= 0 <= high
    assert 0.92 <= hits / 400 <= 0.98
