"""Statistics of runs that share their seeds: spread over seeds, contrasts with intervals, tests against a threshold.

A table here is a data frame with one row a run and the columns loss, setting, seed and the figure in question. Runs of
one setting and seed share noise, initial weights and data order whatever their loss, so their differences are paired.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

#: Fewer degrees of freedom say too little about a spread; a wider pool is taken then.
MINIMUM_DF = 4

_TINY = 1e-12  # in place of a standard error of zero, which only figures made by hand have


@dataclass(frozen=True)
class Spread:
    """A standard deviation over seeds, pooled over cells.

    Attributes:
        sd: the standard deviation of one run; of a difference of two paired runs it is sqrt(2) times that.
        df: its degrees of freedom.
        paired: whether what the runs of one setting and seed share was taken out.
        losses, settings: how many losses and settings with replicates it was pooled over.
        ratio: the largest standard deviation of a setting over the smallest; NaN with fewer than two settings.
        p_equal: Levene's test that the settings have one spread, on the residuals; a rough guide, for residuals of one
            fit are not independent. NaN where it cannot be had.
    """

    sd: float
    df: int
    paired: bool
    losses: int
    settings: int
    ratio: float
    p_equal: float


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
    squares, df, residuals, by_setting, names = 0.0, 0, [], [], set()
    for _, block in table.dropna(subset=[figure]).groupby("setting", sort=False):
        rest, free = _residuals(block, figure, paired)
        if not free:
            continue
        squares, df = squares + rest @ rest, df + free
        residuals.append(rest)
        by_setting.append(math.sqrt(rest @ rest / free))
        names |= set(block.loc[block.duplicated("loss", keep=False), "loss"])
    sd = math.sqrt(squares / df) if df else math.nan
    ratio = max(by_setting) / min(by_setting) if len(by_setting) > 1 and min(by_setting) > 0 else math.nan
    p_equal = stats.levene(*residuals, center="mean").pvalue if ratio > 1 else math.nan
    return Spread(sd, df, paired, len(names), len(by_setting), ratio, float(p_equal))


def _residuals(block, figure, paired):
    """Residuals of one setting's runs from the means of losses, and of seeds where paired; degrees of freedom."""
    groups = [pd.factorize(block[name])[0] for name in (("loss", "seed") if paired else ("loss",))]
    design = np.hstack([np.eye(codes.max() + 1)[codes] for codes in groups])
    values = block[figure].to_numpy(float)
    fit, _, rank, _ = np.linalg.lstsq(design, values, rcond=None)
    return values - design @ fit, len(values) - int(rank)


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
    """

    effect: float
    se: float
    deviation: float
    df: int
    n: int
    spread: Spread
    used: tuple

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
        return min(1.0, 2 * (self.p_above(margin) if self.effect > 0 else self.p_below(-margin)))


def estimates(table, figure, contrasts):
    """Estimate contrasts from the runs of one protocol.

    In each setting the seeds are used that all of a contrast's losses have there. The spread is pooled over all
    settings of the table, over the contrast's own losses; over all losses where these give fewer than
    :data:`MINIMUM_DF` degrees of freedom.

    Args:
        table: all runs of the protocol.
        figure: the column.
        contrasts: a list of :class:`Contrast`.

    Returns:
        A list with an :class:`Estimate` for each; None where a setting has no seed that all its losses have.
    """
    known, pools = table.dropna(subset=[figure]), {}
    by_setting = {
        setting: rows.pivot(index="seed", columns="loss", values=figure) for setting, rows in known.groupby("setting")
    }
    out = []
    for contrast in contrasts:
        key = frozenset(contrast.losses), contrast.paired
        if key not in pools:
            pools[key] = pool(known, figure, *key)
        out.append(_estimate(by_setting, contrast, pools[key]))
    return out


def _estimate(by_setting, contrast, spread):
    weights = {}
    for loss, setting, weight in contrast.terms:
        of_setting = weights.setdefault(setting, {})
        of_setting[loss] = of_setting.get(loss, 0) + weight
    effect, variance, squares, n, used = 0.0, 0.0, 0.0, math.inf, []
    for setting, of_setting in weights.items():
        if setting not in by_setting or not set(of_setting) <= set(by_setting[setting]):
            return None
        values = by_setting[setting][list(of_setting)].dropna()
        if values.empty:
            return None
        w = np.array(list(of_setting.values()))
        effect += float(np.mean(values.to_numpy(float) @ w))
        variance += float(w @ w) / len(values)
        squares += float(w @ w)
        n = min(n, len(values))
        used += [(loss, setting, seed) for loss in of_setting for seed in values.index]
    deviation = spread.sd * math.sqrt(squares)
    return Estimate(effect, spread.sd * math.sqrt(variance), deviation, spread.df, n, spread, tuple(used))


def pool(table, figure, losses, paired):
    """The spread of the given losses, or of all losses where theirs has too few degrees of freedom."""
    own = pooled_spread(table[table["loss"].isin(losses)], figure, paired)
    if own.df >= MINIMUM_DF:
        return own
    wide = pooled_spread(table, figure, paired)
    return wide if wide.df >= MINIMUM_DF else Spread(math.nan, 0, paired, 0, 0, math.nan, math.nan)


def holm(p_values):
    """Holm's adjusted p-values, in the order given; each may be compared with the level of the whole family."""
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * p_values[order]))
    return adjusted


def share_interval(successes, trials, level=0.95):
    """Exact (Clopper-Pearson) interval of a share, and the two-sided p-value against one half."""
    test = stats.binomtest(successes, trials, 0.5)
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
