"""Statistics of runs that share their seeds: spread over seeds, contrasts with intervals, tests against a threshold.

A table here is a data frame with one row a run and the columns loss, setting, seed and the figure in question. Runs of
one setting and seed share noise, initial weights and data order whatever their loss, so their differences are paired.
"""

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

import numpy as np
from scipy import stats

from nlr.errors import NlrError

#: Fewer degrees of freedom say too little about a spread.
MINIMUM_DF = 4

#: From here on a contrast's own losses say more about its spread than all losses do. Eight degrees of freedom do not:
#: with them the standard deviation of a pair ranged from half of the common one to 1.4 times it.
OWN_DF = 20

_TINY = 1e-12  # in place of a standard error of zero, which only figures made by hand have


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds, pooled over cells.

    Attributes:
        sd: the standard deviation of one run; of a difference of two paired runs it is sqrt(2) times that.
        df: its degrees of freedom.
        paired: whether what the runs of one setting and seed share was taken out.
        losses, settings: how many losses and settings with replicates it was pooled over.
        ratio: the largest standard deviation of a setting over the smallest; infinite where one setting has no spread,
            NaN with fewer than two settings, or where none has. Of one setting that is apart, those of its losses.
        apart: whether each setting has its own: then ``sd`` and ``df`` are those of the widest of them.
        residuals: those of each setting, or of each loss of one that is apart, for :attr:`p_equal`.
    """

    sd: float
    df: int
    paired: bool
    losses: int
    settings: int
    ratio: float
    apart: bool = False
    residuals: tuple = field(default=(), repr=False, compare=False)

    @cached_property
    def p_equal(self):
        """Levene's test that the settings, or the losses of one that is apart, have one spread.

        A rough guide, for residuals of one fit are not independent. NaN where it cannot be had.
        """
        # With fewer residuals, or all of one size as two seeds give them, the test would divide by zero.
        fit_for_test = self.ratio > 1 and all(len(r) > 2 and np.ptp(np.abs(r)) > _TINY for r in self.residuals)
        if not (self.residuals and fit_for_test):
            return math.nan
        return float(stats.levene(*self.residuals, center="mean").pvalue)

    @property
    def source(self):
        """What it was pooled over, in words: ``6 losses in 1 setting``."""
        if not self.df:
            return "nothing replicated"
        if self.apart and self.settings > 1:
            return f"{self.settings} settings, each with its own"
        losses = f"{self.losses} loss{'es' * (self.losses != 1)}"
        return f"{losses} in {self.settings} setting{'s' * (self.settings != 1)}"


def pooled_spread(table, figure, paired):
    """The spread over seeds of a figure, pooled over the settings of a table.

    Args:
        table: one row a run; cells with one seed add nothing.
        figure: the column.
        paired: take out what the runs of one setting and seed share. For two losses with the same seeds this gives the
            standard deviation of their paired differences, pooled over settings, divided by sqrt(2).

    Returns:
        The :class:`Spread`; sd is NaN and df 0 where nothing is replicated.
    """
    return _pooled_spread(_nested(table, figure), paired)


def _nested(table, figure):
    """``{setting: {loss: {seed: value}}}`` of the runs that have the figure; far quicker to ask than a data frame."""
    out = {}
    columns = (table[name].tolist() for name in ("setting", "loss", "seed", figure))
    for setting, loss, seed, value in zip(*columns, strict=True):
        if not math.isnan(value):
            out.setdefault(setting, {}).setdefault(loss, {})[seed] = value
    return out


def _pooled_spread(nested, paired, losses=None, apart=False):
    squares, df, settings, residuals, deviations, names = 0.0, 0, 0, [], [], set()
    for of_setting in nested.values():
        block = {loss: seeds for loss, seeds in of_setting.items() if losses is None or loss in losses}
        rest, free = _residuals(block, paired)
        if not free:
            continue
        squares, df, settings = squares + rest @ rest, df + free, settings + 1
        if apart:
            seeds = [np.array(list(of_loss.values())) for of_loss in block.values() if len(of_loss) > 1]
            residuals += [values - values.mean() for values in seeds]
            deviations += [values.std(ddof=1) for values in seeds]
        else:
            residuals.append(rest)
            deviations.append(math.sqrt(rest @ rest / free))
        names |= {loss for loss, seeds in block.items() if len(seeds) > 1}
    sd = math.sqrt(squares / df) if df else math.nan
    least, most = (pick(deviations) if len(deviations) > 1 else 0.0 for pick in (min, max))
    ratio = most / least if least > _TINY else math.inf if most > _TINY else math.nan
    return Spread(sd, df, paired, len(names), settings, ratio, apart, tuple(residuals))


def _residuals(block, paired):
    """Residuals of one setting's runs from the means of losses, and of seeds where paired; degrees of freedom."""
    losses, seeds = list(block), sorted({seed for of_loss in block.values() for seed in of_loss})
    runs = [(losses.index(loss), seeds.index(seed)) for loss in losses for seed in block[loss]]
    if len(runs) <= len(losses):  # no loss has a second seed
        return np.zeros(0), 0
    values = np.array([value for of_loss in block.values() for value in of_loss.values()])
    of_loss, of_seed = np.array(runs).T
    design = np.eye(len(losses))[of_loss]
    if paired:
        design = np.hstack([design, np.eye(len(seeds))[of_seed]])
    fit, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return values - design @ fit, len(values) - int(rank)


@dataclass(frozen=True)
class Pooling:
    """Which runs the spread of a contrast is taken over.

    Attributes:
        own_df: degrees of freedom from which its own losses give it; with fewer, all losses of the table do.
        by_setting: whether each setting has its own spread, pooled over losses alone; else settings are pooled too.
    """

    own_df: int = OWN_DF
    by_setting: bool = False


@dataclass(frozen=True)
class Contrast:
    """A weighted sum of cell means: ``terms`` are triples (loss, setting, weight)."""

    label: str
    terms: tuple

    @property
    def losses(self):
        """The losses in it, in order of first mention."""
        return list(dict.fromkeys(loss for loss, _, _ in self.terms))

    @property
    def cells(self):
        """Its cells (loss, setting), in order of first mention."""
        return list(dict.fromkeys((loss, setting) for loss, setting, _ in self.terms))

    @property
    def paired(self):
        """Whether the weights of every setting sum to zero, so that what its runs share drops out."""
        sums = {}
        for _, setting, weight in self.terms:
            sums[setting] = sums.get(setting, 0) + weight
        return all(abs(total) < 1e-9 for total in sums.values())


@dataclass(frozen=True)
class Estimate:
    """A value with its uncertainty.

    Attributes:
        effect: the value.
        se: its standard error.
        deviation: the standard deviation of the value as a single seed would give it.
        df: degrees of freedom of the spread.
        n: seeds; the smallest number over the settings in it.
        spread: the :class:`Spread` used.
        used: the runs used, triples (loss, setting, seed).
        mixed: whether a cell in it has runs of two kinds, so that no spread is known.
    """

    effect: float
    se: float
    deviation: float
    df: int
    n: int
    spread: Spread
    used: tuple
    mixed: bool = False

    def interval(self, level=0.95):
        """The two-sided t interval; NaN where no spread is known."""
        half = stats.t.ppf((1 + level) / 2, self.df) * self.se if self.df else math.nan
        return self.effect - half, self.effect + half

    def p_above(self, threshold):
        """One-sided p-value of the hypothesis that the value is at most ``threshold``."""
        return float(stats.t.sf((self.effect - threshold) / max(self.se, _TINY), self.df)) if self.df else math.nan

    def p_below(self, threshold):
        """One-sided p-value of the hypothesis that the value is at least ``threshold``."""
        return float(stats.t.cdf((self.effect - threshold) / max(self.se, _TINY), self.df)) if self.df else math.nan

    def p_within(self, margin):
        """Two one-sided tests (TOST): p-value of the hypothesis that the value lies outside -margin to margin."""
        return max(self.p_above(-margin), self.p_below(margin))

    def p_outside(self, margin):
        """p-value of the hypothesis that the value lies within -margin to margin, both sides counted."""
        return _doubled(self.p_above(margin) if self.effect > 0 else self.p_below(-margin))

    def p_differs(self, threshold):
        """Two-sided p-value of the hypothesis that the value is ``threshold``."""
        return _doubled(min(self.p_above(threshold), self.p_below(threshold)))


def _doubled(p):
    """Twice a one-sided p-value, at most 1; NaN stays what it is."""
    return p if math.isnan(p) else min(1.0, 2 * p)


def estimates(table, figure, contrasts, pooling=Pooling()):
    """Estimate contrasts from the runs of one protocol.

    In each setting the seeds are used that all of a contrast's losses have there. The spread is the common one of the
    protocol: pooled over all losses, and over all settings or in each setting alone, as ``pooling`` says; over the
    contrast's own losses only where these give it degrees of freedom enough. What the runs of one setting and seed
    share counts with the square of the sum of their weights there, what they do not share with the sum of the squares.

    Args:
        table: all runs of the protocol. Where it has a column ``pooled``, cells with a run for which that is false are
            left out of the spread, though not of the effect; where other runs of such a cell have it true, they are of
            two kinds that no spread describes, and what rests on them has no interval.
        figure: the column.
        contrasts: a list of :class:`Contrast`.
        pooling: the :class:`Pooling`.

    Returns:
        A list with an :class:`Estimate` for each; None where a setting has no seed that all its losses have.
    """
    nested, pools = _nested(table, figure), _Pools(table, figure, pooling)
    return [_estimate(nested, [contrast], contrast.losses, pools) for contrast in contrasts]


def mean_estimate(table, figure, contrasts, pooling=Pooling()):
    """The mean of contrasts, each over the seeds that its own losses have; otherwise as :func:`estimates`.

    Returns:
        An :class:`Estimate`, or None where one of the contrasts has none.
    """
    losses = {loss for contrast in contrasts for loss in contrast.losses}
    return _estimate(_nested(table, figure), contrasts, losses, _Pools(table, figure, pooling))


class _Pools:
    """The spreads that contrasts take, each computed once."""

    def __init__(self, table, figure, pooling):
        self.mixed = frozenset()
        if "pooled" in table:
            groups = table.groupby(["loss", "setting"])["pooled"]
            whole, some = groups.transform("all"), groups.transform("any")
            self.mixed = frozenset(zip(*(table.loc[some & ~whole, name] for name in ("loss", "setting")), strict=True))
            table = table[whole]
        self.nested = _nested(table, figure)
        self.pooling, self.known = pooling, {}

    def group(self, setting):
        """The settings that are pooled with a setting; None stands for all."""
        return setting if self.pooling.by_setting else None

    def of(self, losses, group, paired):
        """The :class:`Spread` of some losses in a group of settings."""
        own = self._pooled(frozenset(losses), group, paired)
        wide = own if own.df >= self.pooling.own_df else self._pooled(None, group, paired)
        return wide if wide.df >= MINIMUM_DF else _unknown(paired)

    def _pooled(self, losses, group, paired):
        """The spread of some losses, of all where None, however few its degrees of freedom are."""
        key = losses, group, paired
        if key not in self.known:
            nested = self.nested if group is None else {group: self.nested.get(group, {})}
            self.known[key] = _pooled_spread(nested, paired, losses, self.pooling.by_setting)
        return self.known[key]


def _unknown(paired):
    return Spread(math.nan, 0, paired, 0, 0, math.nan)


def _together(spreads):
    """The spreads of several settings as one: the widest of them, and how many times the smallest it is."""
    widest = max(spreads, key=lambda spread: spread.sd)
    if len(spreads) == 1 or not all(spread.df for spread in spreads):
        return widest
    least = min(spread.sd for spread in spreads)
    ratio = widest.sd / least if least > _TINY else math.inf
    return replace(widest, settings=len(spreads), ratio=ratio, residuals=())


def _estimate(nested, contrasts, losses, pools):
    """The mean of some contrasts, from the weight of each run in it."""
    weights = {}  # {(setting, seed): {loss: weight}}
    for contrast in contrasts:
        of_settings = {}
        for loss, setting, weight in contrast.terms:
            of_setting = of_settings.setdefault(setting, {})
            of_setting[loss] = of_setting.get(loss, 0) + weight / len(contrasts)
        for setting, of_setting in of_settings.items():
            runs = nested.get(setting, {})
            seeds = set.intersection(*(set(runs.get(loss, ())) for loss in of_setting))
            if not seeds:
                return None
            for seed, (loss, weight) in product(seeds, of_setting.items()):
                block = weights.setdefault((setting, seed), {})
                block[loss] = block.get(loss, 0) + weight / len(seeds)
    effect = sum(w * nested[setting][loss][seed] for (setting, seed), of in weights.items() for loss, w in of.items())
    together, alone, number = {}, {}, {}  # by setting: squared weights of what its runs share and do not share; seeds
    for (setting, _), of in weights.items():
        together[setting] = together.get(setting, 0.0) + sum(of.values()) ** 2
        alone[setting] = alone.get(setting, 0.0) + sum(w**2 for w in of.values())
        number[setting] = number.get(setting, 0) + 1
    all_paired = all(contrast.paired for contrast in contrasts)
    variance, squares, parts, spreads = 0.0, 0.0, [], []
    for group in dict.fromkeys(map(pools.group, number)):
        settings = [setting for setting in number if pools.group(setting) == group]
        spread, paired = (pools.of(losses, group, kind) for kind in (False, True))
        if all_paired:
            spread, own, shared = paired, paired.sd**2, 0.0
        else:
            own = min(paired.sd**2, spread.sd**2) if paired.df else spread.sd**2
            shared = spread.sd**2 - own
        of_setting = {s: together[s] * shared + alone[s] * own for s in settings}
        of_shared, of_own = (sum(kind[s] for s in settings) for kind in (together, alone))
        variance += (of_group := sum(of_setting.values()))
        squares += sum(of_setting[s] * number[s] for s in settings)
        parts.append((of_group, _degrees(of_shared, of_own, spread, paired) if shared > 0 else spread.df))
        spreads.append(spread)
    used = sorted((loss, setting, seed) for (setting, seed), of in weights.items() for loss in of)
    n = min(number.values())
    if not pools.mixed.isdisjoint((loss, setting) for loss, setting, _ in used):
        return Estimate(float(effect), math.nan, math.nan, 0, n, _unknown(all_paired), tuple(used), True)
    return Estimate(
        float(effect), math.sqrt(variance), math.sqrt(squares), welch(parts), n, _together(spreads), tuple(used)
    )


def welch(parts):
    """Welch and Satterthwaite's degrees of freedom of a sum of variances, from pairs (variance, degrees of freedom).

    Rounded down to a whole number, which widens an interval.
    """
    if len(parts) == 1:
        return parts[0][1]
    if not all(df for _, df in parts):
        return 0
    below = sum(variance**2 / df for variance, df in parts)
    return max(1, int(sum(variance for variance, _ in parts) ** 2 / below)) if below else min(df for _, df in parts)


def _degrees(together, alone, spread, paired):
    """Satterthwaite's degrees of freedom of a variance that has a part shared by the runs of a setting and seed.

    Without it each loss would count as a draw of its own of what all of them share.
    """
    if (spread.losses, spread.settings) != (paired.losses, paired.settings):  # of two pools: no common seeds' means
        return min(spread.df, paired.df)
    between = spread.df - paired.df  # of the seeds' means
    squares = (spread.df * spread.sd**2 - paired.df * paired.sd**2) / between
    factor = together * between / spread.df
    parts = factor * squares, (alone - factor) * paired.sd**2
    return max(1, int(sum(parts) ** 2 / (parts[0] ** 2 / between + parts[1] ** 2 / paired.df)))


def pool(table, figure, losses, setting, paired, pooling=Pooling()):
    """The spread that :func:`estimates` takes for a contrast of the given losses in a setting."""
    pools = _Pools(table, figure, pooling)
    if not pools.mixed.isdisjoint(product(losses, [setting])):
        return _unknown(paired)
    return pools.of(losses, pools.group(setting), paired)


def holm(p_values):
    """Holm's adjusted p-values, in the order given; each may be compared with the level of the whole family."""
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * p_values[order]))
    return adjusted


def share_interval(successes, trials, level=0.95, against=0.5):
    """Exact (Clopper-Pearson) interval of a share, and the two-sided p-value against a given share."""
    test = stats.binomtest(successes, trials, against)
    found = test.proportion_ci(level, method="exact")
    return float(found.low), float(found.high), float(test.pvalue)


def single_run_difference(sd, df, level=0.95):
    """How far two single runs of one cell differ by their seeds alone: the ``level`` range of their difference.

    Args:
        sd, df: standard deviation over seeds within cells, with its degrees of freedom.
        level: coverage of the range, and of its interval.

    Returns:
        ``(range, low, high)`` in the unit of ``sd``; the interval is the chi-squared one of a standard deviation.
    """
    factor = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(2)
    low, high = (sd * math.sqrt(df / stats.chi2.ppf(q, df)) for q in ((1 + level) / 2, (1 - level) / 2))
    return factor * sd, factor * float(low), factor * float(high)


def p_single_run_difference(sd, df, threshold, level=0.95):
    """Two-sided p-value of the hypothesis that :func:`single_run_difference` is ``threshold``."""
    bound = threshold / (float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(2))
    below = float(stats.chi2.cdf(df * sd**2 / bound**2, df))
    return min(1.0, 2 * min(below, 1 - below))


def unpaired(ours, mean, sd, n):
    """An estimate of ours less the mean of somebody else's runs, which share nothing with ours.

    Args:
        ours: an :class:`Estimate`.
        mean: the mean of the other runs, in the same unit.
        sd: their sample standard deviation; None where it is not known: then they are taken to vary as ours do.
        n: how many they are.

    Returns:
        The :class:`Estimate`, with Welch's standard error and Satterthwaite's degrees of freedom where ``sd`` is known;
        its spread, runs and n are those of ours. Without a spread of ours its interval is not known.

    Raises:
        NlrError: n is below 1, or below 2 with a standard deviation.
    """
    if n < (1 if sd is None else 2):
        raise NlrError(f"A mean of {n} runs with standard deviation {sd}: expected a run, and two for a deviation.")
    variance = ours.deviation**2 if sd is None else sd**2
    se = math.sqrt(ours.se**2 + variance / n)
    df = ours.df if sd is None else welch([(ours.se**2, ours.df), (variance / n, n - 1)])
    deviation = math.sqrt(ours.deviation**2 + variance)
    return replace(ours, effect=ours.effect - mean, se=se, deviation=deviation, df=df)


def of_means(parts, level=0.95):
    """A weighted sum of independent means with its interval.

    Args:
        parts: for each mean a tuple (weight, mean, sample standard deviation, number of runs); the deviation None where
            it is not known.
        level: coverage of the interval.

    Returns:
        ``(effect, low, high, se, df)``; the last four are NaN, NaN, NaN and 0 where a deviation is not known or is of
        one run. Welch's standard error, Satterthwaite's degrees of freedom.
    """
    effect = float(sum(weight * mean for weight, mean, _, _ in parts))
    if any(sd is None or n < 2 for _, _, sd, n in parts):
        return effect, math.nan, math.nan, math.nan, 0
    variances = [((weight * sd) ** 2 / n, n - 1) for weight, _, sd, n in parts]
    se, df = math.sqrt(sum(variance for variance, _ in variances)), welch(variances)
    half = float(stats.t.ppf((1 + level) / 2, df)) * se
    return effect, effect - half, effect + half, se, df
