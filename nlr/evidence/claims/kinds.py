"""The kinds of test: what each needs, and what it makes of the runs of a protocol, a :class:`Row` for each cell.

A test is a table of the registry with its groups written out. The runs are a data frame with the columns loss, setting,
seed and exploratory, and one for each figure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from nlr.errors import unknown
from nlr.evidence import reproductions, statistics
from nlr.evidence.claims.figures import FIGURES
from nlr.evidence.statistics import Contrast, Estimate
from nlr.noise import parse_setting
from nlr.study import protocols

ELSEWHERE = " @ "  # between a loss and the protocol that it was trained in
LEVELS = ("level", "collapse", "seed_range", "predicted")  # kinds whose rows are no differences, and have no sign
SHARE_OF_RUNS = "per cent"  # the unit of a figure that says yes or no of a run
OF_COLLAPSE = ("collapse", "predicted")  # kinds that ask whether a run gives one class to nearly every image
EACH_SETTING = (
    "difference",
    "level",
    "best_of",
    "regret",
    "collapse",
    "reproduces",
)  # kinds whose rows are of one setting each
RELATIONS = ("above", "below", "within", "outside")
CHOSEN_BY = "validation"  # the figure that one may choose by where no label is known to be right


@dataclass(frozen=True)
class Row:
    """One cell of a test.

    Attributes:
        label: the losses and settings compared.
        needs: the cells (loss, setting) that it is computed from.
        effect, low, high: the value and its interval at ``level``, in the figure's unit; NaN where unknown.
        level: 0.95, or 0.9 where the value lies within the margin, as two one-sided tests would show it.
        n: seeds, or runs for a share; the smallest number over the settings in it; 0 where a cell has no run.
        df: degrees of freedom of the spread.
        deviation: pooled standard deviation of the value as one seed gives it.
        spread: the :class:`nlr.evidence.statistics.Spread` that the interval rests on; None for a share, which needs
            none.
        supports: whether the value points the claim's way; None where there is none.
        p: for the direction in which it points, not adjusted; adjusted for the family once it has been judged.
        enough: whether it has seeds enough to be counted.
        exploratory: whether every run that it rests on is exploratory.
        mixed: whether a cell of it ends with one answer in some of its runs alone.
        verdict: ``supports``, ``contradicts``, ``open``, ``exploratory``, ``few seeds``, ``mixed``, ``unreplicated``
            (no interval), ``undefined`` (there are runs, and no figure) or ``missing``; empty before it is judged.
    """

    label: str
    needs: tuple
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    n: int = 0
    df: int = 0
    deviation: float = math.nan
    spread: statistics.Spread | None = None
    supports: bool | None = None
    p: float = math.nan
    enough: bool = True
    exploratory: bool = False
    mixed: bool = False
    verdict: str = ""


def _side(value):
    """The losses of one side of a pair, with equal weights that sum to one."""
    names = [value] if isinstance(value, str) else value
    return [(name, 1 / len(names)) for name in names]


def _name(value):
    return value if isinstance(value, str) else f"mean of {', '.join(value)}"


def _subjects(test):
    """What is followed across settings: (label, [(loss, weight)]) for losses, means of losses, or differences."""
    out = [(_name(one), _side(one)) for one in test.get("losses", [])]
    for one, other in test.get("pairs", []):
        out.append((f"{_name(one)} − {_name(other)}", [*_side(one), *((loss, -w) for loss, w in _side(other))]))
    return out


def _at_each_setting(test):
    """Contrasts of ``level`` and ``difference``: each subject in each setting."""
    return [
        Contrast(f"{label}, {setting}", tuple((loss, setting, w) for loss, w in subject))
        for label, subject in _subjects(test)
        for setting in test["settings"]
    ]


def _mean_difference(test):
    """Contrasts of ``mean_difference``: each pair, its mean over the settings."""
    share, span = 1 / len(test["settings"]), f"mean of {', '.join(test['settings'])}"
    return [
        Contrast(
            f"{label}, {span}", tuple((loss, setting, w * share) for setting in test["settings"] for loss, w in pair)
        )
        for label, pair in _subjects(test)
    ]


def _change(test):
    """Contrasts of ``change``: mean over the settings ``to`` less mean over the settings ``from``."""
    shares = [(setting, 1 / len(test["to"])) for setting in test["to"]]
    shares += [(setting, -1 / len(test["from"])) for setting in test["from"]]
    span = f"{' and '.join(test['from'])} to {' and '.join(test['to'])}"
    return [
        Contrast(
            f"{label}, {span}", tuple((loss, setting, w * share) for setting, share in shares for loss, w in subject)
        )
        for label, subject in _subjects(test)
    ]


def _slope(test):
    """Contrasts of ``slope``: the least-squares slope over the noise rate, a tenth of rate as its unit."""
    rates = np.array([parse_setting(setting)[1] for setting in test["settings"]], float)
    centred = rates - rates.mean()
    weights = 0.1 * centred / (centred @ centred)
    span = f"{test['settings'][0]} to {test['settings'][-1]}"
    return [
        Contrast(
            f"{label}, slope over {span}",
            tuple(
                (loss, s, w * float(v)) for s, v in zip(test["settings"], weights, strict=True) for loss, w in subject
            ),
        )
        for label, subject in _subjects(test)
    ]


def _between(test):
    """Contrasts of ``between``: pairs of cells (loss, setting), the first less the second."""
    return [
        Contrast(f"{one}, {here} − {other}, {there}", ((one, here, 1.0), (other, there, -1.0)))
        for (one, here), (other, there) in test["cells"]
    ]


CONTRASTS = {
    "difference": _at_each_setting,
    "level": _at_each_setting,
    "mean_difference": _mean_difference,
    "change": _change,
    "slope": _slope,
    "between": _between,
}


def digits(margin):
    """The decimals of a number in a sentence, by a protocol's margin: what is told of a fifth of a point needs two."""
    return 2 if min(margin.values() if isinstance(margin, Mapping) else [margin]) < 1 else 1


def with_margin(test, margin):
    """A test with the margin as a number: one test, or one for each margin where it depends on the setting.

    Args:
        test: a test of the registry.
        margin: a number, or ``{setting: number}``. Where a row spans several settings, the largest of theirs holds.

    Raises:
        NlrError: a setting of the test has no margin.
    """
    sign = {"margin": 1, "-margin": -1}.get(test["threshold"])
    if sign is None:
        return [test]
    if not isinstance(margin, Mapping):
        return [test | {"threshold": sign * margin}]
    settings = list(dict.fromkeys(setting for _, setting in needs(test)))
    for setting in settings:
        if setting not in margin:
            raise unknown("setting without a margin", setting, margin)
    if test["test"] not in EACH_SETTING:
        return [test | {"threshold": sign * max(margin[setting] for setting in settings)}]
    alike = {}
    for setting in test["settings"]:
        alike.setdefault(margin[setting], []).append(setting)
    return [test | {"settings": group, "threshold": sign * value} for value, group in alike.items()]


def rows(test, runs, rules):
    """The rows of a test, not yet judged.

    Args:
        test: a test of the registry, thresholds as numbers.
        runs: the runs of one protocol.
        rules: the registry's rules as they hold in the protocol.
    """
    if test["test"] not in CONTRASTS:
        return OTHERS[test["test"]](test, runs, rules)
    if _of_runs(test):
        return _shares(test, runs, rules, [(loss, s) for loss in test["losses"] for s in test["settings"]])
    contrasts = CONTRASTS[test["test"]](test)
    found = statistics.estimates(runs, test["figure"], contrasts, pooling(rules))
    return [
        Row(contrast.label, tuple(contrast.cells))
        if value is None
        else _row(contrast.label, contrast.cells, value, runs, test, rules)
        for contrast, value in zip(contrasts, found, strict=True)
    ]


def printed_rows(test, figures, rules):
    """The rows of a test by accuracies that a source prints, not yet judged; without a value where it lacks a cell.

    Args:
        test: a test of the registry, thresholds as numbers.
        figures: ``{(loss, setting): SourceFigure}``.
        rules: the registry's rules as they hold in the protocol.
    """
    if test["test"] not in CONTRASTS:
        return [Row(test["test"], tuple(needs(test)))]
    out, no_runs = [], pd.DataFrame(columns=["loss", "setting", "seed", "exploratory"]).astype({"exploratory": bool})
    for contrast in CONTRASTS[test["test"]](test):
        if test["figure"] != "last" or not all(cell in figures for cell in contrast.cells):
            out.append(Row(contrast.label, tuple(contrast.cells)))
            continue
        weights = {}
        for loss, setting, weight in contrast.terms:
            weights[loss, setting] = weights.get((loss, setting), 0.0) + weight
        means = [(weight, figures[cell].mean, figures[cell].sd, figures[cell].n) for cell, weight in weights.items()]
        effect, _, _, se, df = statistics.of_means(means)
        n = min(figures[cell].n for cell in weights)
        value = Estimate(effect, se, math.sqrt(n) * se, df, n, None, ())
        out.append(replace(_row(contrast.label, contrast.cells, value, no_runs, test, rules), exploratory=False))
    return out


def pooling(rules):
    """Which runs a spread is taken over, as the rules of a protocol say."""
    return statistics.Pooling(rules["own_df"], rules["spread"] == "setting")


def counted(rows):
    """The rows that a mean is taken over: those with a value, but for exploratory ones and ones of few seeds where
    there are others."""
    known = [row for row in rows if not math.isnan(row.effect)]
    return [row for row in known if row.enough and not row.exploratory] or known


def overall(test, runs, found, rules):
    """The mean over the rows of a test of contrasts, as far as :func:`counted` takes them; None where there is none.

    Rows have a mean if they are of one loss or pair, or all differences that should point one way. Levels of several
    losses have none, nor equivalences of several pairs, whose differences could cancel.
    """
    if test["test"] not in CONTRASTS or _of_runs(test):
        return None
    subjects = [*test.get("losses", []), *test.get("pairs", []), *test.get("cells", [])]
    if len(subjects) > 1 and ("losses" in test or test["relation"] in ("within", "outside")):
        return None
    labels = {row.label for row in counted(found)}
    there = [contrast for contrast in CONTRASTS[test["test"]](test) if contrast.label in labels]
    return statistics.mean_estimate(runs, test["figure"], there, pooling(rules)) if there else None


def interval(test, value, level=0.95):
    """The interval of an estimate; of a share it ends where shares end, which a t interval does not know."""
    low, high = value.interval(level)
    if test["test"] == "level" and FIGURES[test["figure"]][1] == "%":
        low, high = np.clip((low, high), 0, 100).tolist()
    return low, high


def measured(test):
    """What the rows of a test are: ``(unit, words)``, the words as a caption has them."""
    level, figure = FIGURES[test["figure"]][1:]
    unit = "points" if level == "%" else level
    unit, words = {
        "level": (level, "{}"),
        "difference": (unit, "difference in {}"),
        "mean_difference": (unit, "difference, mean over the rates, in {}"),
        "between": (unit, "difference in {}"),
        "change": (unit, "change from some rates to others in {}"),
        "slope": (f"{unit} a tenth of noise rate", "slope over the noise rate of {}"),
        "best_of": (unit, "best of some losses less best of others, chosen on the other seeds, in {}"),
        "regret": (unit, f"best of the losses less the one with the highest {FIGURES[CHOSEN_BY][2]}, in {{}}"),
        "collapse": ("per cent of the runs", "runs that give one class to nearly every image of the test set"),
        "seed_range": (unit, "range of 95 % of the differences of two single runs in {}"),
        "reproduces": (unit, "difference from the authors' draft tables in {}"),
        "nearer": (unit, "mean absolute difference from the authors' draft tables, there less here, in {}"),
        "predicted": ("per cent of the cells", "cells that end as predicted"),
    }[test["test"]]
    return unit, words.format(figure)


def demanded(test):
    """What a claim says of the rows of a test, thresholds as numbers: ``above 10``, ``within 3 of 24.7``."""
    numbers = [
        f"{number:z.10g}".replace("-", "\N{MINUS SIGN}") for number in (test["threshold"], test.get("target", 0))
    ]
    text = f"{test['relation']} {numbers[0]}"
    return f"{text} of {numbers[1]}" if test["relation"] in ("within", "outside") else text


def shows_from(row, power=0.8):
    """How far from its threshold a value must lie for a row to show it, taken singly; NaN where no spread is known.

    Args:
        row: a :class:`Row` with an interval.
        power: the share of repetitions with the same seeds that would show it.
    """
    if not row.df or math.isnan(row.low):
        return math.nan
    tail = stats.t.ppf((1 + row.level) / 2, row.df)
    half = max(row.high - row.effect, row.effect - row.low)  # that of a share may be cut off on one side
    return float(half / tail * (tail + stats.t.ppf(power, row.df)))


def figures(test):
    """The figures of a record that a test is computed from."""
    return [test["figure"], CHOSEN_BY] if test["test"] == "regret" else [test["figure"]]


def needs(test):
    """The cells (loss, setting) that a test is computed from, in order of first mention."""
    if test["test"] in CONTRASTS:
        found = [cell for contrast in CONTRASTS[test["test"]](test) for cell in contrast.cells]
    elif test["test"] == "predicted":
        found = [tuple(cell) for cell in [*test["yes"], *test["no"]]]
    elif test["test"] == "nearer":
        places = ("", ELSEWHERE + test["than"])
        found = [(loss + place, s) for s in test["settings"] for loss in test["losses"] for place in places]
    else:
        named = [*test.get("losses", []), *test.get("group", []), *test.get("others", [])]
        losses = [loss for one in named for loss, _ in _side(one)]
        found = [(loss, setting) for setting in test["settings"] for loss in losses]
    return list(dict.fromkeys(found))


def _row(label, cells, value, runs, test, rules):
    """A row of an estimate: which way it points, how surely, and whether its seeds are enough."""
    threshold, target = test["threshold"], test.get("target", 0)
    early = runs[runs["exploratory"]]
    early = set(zip(early["loss"], early["setting"], early["seed"], strict=True))
    relation, equivalence = test["relation"], test["relation"] in ("within", "outside")
    moved = replace(value, effect=value.effect - target)
    if equivalence:
        inside = abs(moved.effect) < threshold
        supports = inside == (relation == "within")
        p = moved.p_within(threshold) if inside else moved.p_outside(threshold)
        distance = abs(abs(moved.effect) - threshold)
    else:
        supports = (moved.effect > threshold) == (relation == "above")
        p = moved.p_differs(threshold)
        distance = abs(moved.effect - threshold)
    level = 0.9 if relation == "within" and inside else 0.95  # two one-sided tests, or one of two sides
    low, high = interval(test, value, level)
    return Row(
        label,
        tuple(cells),
        value.effect,
        low,
        high,
        level,
        value.n,
        value.df,
        value.deviation,
        value.spread,
        supports,
        p,
        _enough(value.n, rules, distance, value.deviation),
        set(value.used) <= early,
        value.mixed,
    )


def _enough(n, rules, distance=math.inf, deviation=1.0):
    """Whether a row of n seeds is counted; with few seeds, if it is as far from its threshold as the rules ask."""
    return n >= rules["few_seeds"] or distance > rules["few_deviations"] * deviation


def _candidates(names):
    """The losses a best is chosen from; of one loss trained in several ways, how many these are."""
    losses = {name.partition(ELSEWHERE)[0] for name in names}
    one = len(losses) == 1 and len(names) > 1
    return f"{len(names)} ways to train {losses.pop()}" if one else ", ".join(names)


def _best_of(test, runs, rules):
    """The best of ``group`` less the best of ``others`` on each seed, both chosen on the other seeds.

    With one seed they are chosen on that seed itself, and the row is not counted.
    """
    out = []
    names = [*test["group"], *test["others"]]
    for setting in test["settings"]:
        label = f"best of {_candidates(test['group'])} − best of {_candidates(test['others'])}, {setting}"
        cells = [(loss, setting) for loss in names]
        used = runs[(runs["setting"] == setting) & runs["loss"].isin(names)]
        wide = used.pivot(index="seed", columns="loss", values=test["figure"]).reindex(columns=names).dropna()
        if wide.empty:
            out.append(Row(label, tuple(cells)))
            continue
        differences = []
        for seed in wide.index:
            judges = wide.drop(index=seed) if len(wide) > 1 else wide
            best, rival = (judges[group].mean().idxmax() for group in (test["group"], test["others"]))
            differences.append(wide.loc[seed, best] - wide.loc[seed, rival])
        value = _of_chosen(pd.Series(differences, wide.index), names, setting, test, runs, rules)
        out.append(_row(label, cells, value, runs, test, rules))
    return out


def _regret(test, runs, rules):
    """The best of some losses on each seed less the one that is chosen on that seed by :data:`CHOSEN_BY`.

    It is never below zero, and the best is chosen on the figure itself, so that seeds alone make it larger.
    """
    out = []
    for setting in test["settings"]:
        label = f"best of {_candidates(test['losses'])} − the one chosen, {setting}"
        cells = [(loss, setting) for loss in test["losses"]]
        used = runs[(runs["setting"] == setting) & runs["loss"].isin(test["losses"])]
        wide = used.dropna(subset=[test["figure"], CHOSEN_BY]).pivot(index="seed", columns="loss")
        wide = wide.reindex(columns=[(name, loss) for name in figures(test) for loss in test["losses"]]).dropna()
        if wide.empty:
            out.append(Row(label, tuple(cells)))
            continue
        accuracy, chosen = wide[test["figure"]], wide[CHOSEN_BY].idxmax(axis=1)
        regrets = accuracy.max(axis=1) - [accuracy.loc[seed, loss] for seed, loss in chosen.items()]
        value = _of_chosen(regrets, test["losses"], setting, test, runs, rules)
        out.append(_row(label, cells, value, runs, test, rules))
    return out


def _of_chosen(differences, names, setting, test, runs, rules):
    """The mean of differences of two chosen runs, by seed; the spread is that of a difference of two paired runs."""
    spread = statistics.pool(runs, test["figure"], names, setting, True, pooling(rules))
    deviation, n = math.sqrt(2) * spread.sd, len(differences)
    used = tuple((loss, setting, seed) for loss in names for seed in differences.index)
    return Estimate(float(differences.mean()), deviation / math.sqrt(n), deviation, spread.df, n, spread, used)


def _of_runs(test):
    """Whether a level is the share of the runs of which something holds, which has an exact interval."""
    return test["test"] == "level" and FIGURES[test["figure"]][1] == SHARE_OF_RUNS


def _shares(test, runs, rules, cells, cut=50):
    """Share of the runs of each group of cells whose figure is above a cut, in per cent, against the threshold."""
    out = []
    for losses, setting in cells:
        names = [losses] if isinstance(losses, str) else losses
        label, needed = f"{', '.join(names)}, {setting}", tuple((loss, setting) for loss in names)
        used = runs[(runs["setting"] == setting) & runs["loss"].isin(names)].dropna(subset=[test["figure"]])
        if set(used["loss"]) != set(names):
            out.append(Row(label, needed))
            continue
        hits, n = int((used[test["figure"]] > cut).sum()), len(used)
        low, high, p = statistics.share_interval(hits, n, against=test["threshold"] / 100)
        share, exploratory = 100 * hits / n, bool(used["exploratory"].all())
        supports = (share > test["threshold"]) == (test["relation"] == "above")
        row = Row(label, needed, share, 100 * low, 100 * high, n=n, supports=supports, p=p, exploratory=exploratory)
        out.append(replace(row, enough=_enough(used.groupby("loss").size().min(), rules)))
    return out


def _collapse(test, runs, rules):
    """Share of runs, in per cent, whose predictions are nearly all one class."""
    cells = [(test["losses"], setting) for setting in test["settings"]]
    return _shares(test, runs, rules, cells, rules["collapsed"])


def _seed_range(test, runs, rules):
    """The range that holds 95 % of the differences of two single runs of a cell, pooled over the settings, and over
    the losses where they stand in a list."""
    out = []
    for named in test["losses"]:
        losses = [loss for loss, _ in _side(named)]
        cells = tuple((loss, setting) for loss in losses for setting in test["settings"])
        used = runs[runs["loss"].isin(losses) & runs["setting"].isin(test["settings"])].dropna(subset=[test["figure"]])
        label = f"{', '.join(losses)}, {', '.join(test['settings'])}"
        if set(zip(used["loss"], used["setting"], strict=True)) != set(cells):
            out.append(Row(label, cells))
            continue
        spread = statistics.pooled_spread(used, test["figure"], paired=False)
        n, exploratory = int(used.groupby(["loss", "setting"]).size().min()), bool(used["exploratory"].all())
        enough = _enough(n, rules)
        if spread.df < statistics.MINIMUM_DF or n < 2:  # a setting without a second seed says nothing of seeds
            out.append(Row(label, cells, n=n, exploratory=exploratory, spread=spread, enough=enough))
            continue
        effect, low, high = statistics.single_run_difference(spread.sd, spread.df)
        supports = (effect > test["threshold"]) == (test["relation"] == "above")
        p = statistics.p_single_run_difference(spread.sd, spread.df, test["threshold"])
        row = Row(label, cells, effect, low, high, 0.95, n, spread.df, spread.sd, spread, supports, p)
        out.append(replace(row, exploratory=exploratory, enough=enough))
    return out


def _theirs(test, rules):
    """The figures that a test lays beside ours, by cell."""
    family = protocols.load(rules["protocol"])["data"]["dataset"]
    return reproductions.figures(test["source"], family, rules["protocol"])


def _reproduces(test, runs, rules):
    """Our mean of each cell less that of a source; theirs are other runs, with other seeds."""
    theirs, out = _theirs(test, rules), []
    for loss, setting in needs(test):
        label = f"{loss}, {setting}: ours − theirs"
        level = Contrast(label, ((loss, setting, 1.0),))
        ours = statistics.estimates(runs, test["figure"], [level], pooling(rules))[0]
        if ours is None:
            out.append(Row(label, ((loss, setting),)))
            continue
        figure = theirs[loss, setting]
        value = statistics.unpaired(ours, figure.mean, figure.sd, figure.n)
        row = _row(label, [(loss, setting)], value, runs, test, rules)
        out.append(replace(row, df=int(row.df)))
    return out


def _nearer(test, runs, rules):
    """How much farther the cells of another protocol lie from those of a source than ours, by their mean distance."""
    theirs, cells = _theirs(test, rules), needs(test)
    label = f"distance with {test['than']} − distance here, mean of {len(cells) // 2} cells"
    elsewhere = runs["loss"].str.contains(ELSEWHERE, regex=False)
    sides = {-1: (cells[::2], runs[~elsewhere]), 1: (cells[1::2], runs[elsewhere])}  # each with a spread of its own
    figures_of = [theirs[loss, setting] for loss, setting in cells[::2]]
    signs, ours, effect = {}, [], 0.0
    for side, (of_side, made) in sides.items():
        levels = [Contrast("", ((loss, setting, 1.0),)) for loss, setting in of_side]
        found = statistics.estimates(made, test["figure"], levels, pooling(rules))
        if None in found:
            return [Row(label, tuple(cells))]
        means = np.array([figure.mean for figure in figures_of])
        # A distance changes with our mean by its sign.
        signs[side] = np.sign(np.array([value.effect for value in found]) - means)
        weights = signs[side] * side / len(of_side)
        terms = [(loss, setting, float(w)) for (loss, setting), w in zip(of_side, weights, strict=True)]
        ours += statistics.estimates(made, test["figure"], [Contrast("", tuple(terms))], pooling(rules))
        if ours[-1] is None:  # the losses of a setting have no seed in common
            return [Row(label, tuple(cells))]
        effect += ours[-1].effect - float(weights @ means)
    parts = [(value.se**2, value.df) for value in ours]
    for here, there, figure in zip(signs[-1], signs[1], figures_of, strict=True):
        if here * there < 0 and figure.sd:  # else theirs cancels: we lie on one side of it
            parts.append(((2 * figure.sd / len(figures_of)) ** 2 / figure.n, figure.n - 1))
    se, df = math.sqrt(sum(variance for variance, _ in parts)), statistics.welch(parts)
    deviation = math.sqrt(sum(value.deviation**2 for value in ours))
    used = tuple(run for value in ours for run in value.used)
    widest = max((value.spread for value in ours), key=lambda spread: spread.sd)
    n, mixed = min(value.n for value in ours), any(value.mixed for value in ours)
    value = Estimate(effect, se, deviation, df, n, widest, used, mixed)
    return [_row(label, cells, value, runs, test, rules)]


def _predicted(test, runs, rules):
    """Share, in per cent, of the cells that end as predicted; a cell is the unit."""
    cells, ends = needs(test), endings(test, runs, rules)
    label = f"{len(cells)} cells, one answer predicted in {len(test['yes'])}"
    if not ends:
        return [Row(label, tuple(cells))]
    right = [predicted == ended for predicted, ended, _ in ends]
    low, high, p = statistics.share_interval(sum(right), len(right), against=test["threshold"] / 100)
    share = 100 * sum(right) / len(right)
    supports = (share > test["threshold"]) == (test["relation"] == "above")
    row = Row(label, tuple(cells), share, 100 * low, 100 * high, n=len(right), supports=supports, p=p)
    return [replace(row, exploratory=all(early for _, _, early in ends))]


def endings(test, runs, rules):
    """How the cells of a test of kind ``predicted`` end, each as most of its runs do.

    Returns:
        A list of (whether one answer was predicted, whether it gives one, whether all its runs are exploratory); empty
        where a cell has no run.
    """
    ends = []
    for predicted in ("yes", "no"):
        for loss, setting in test[predicted]:
            used = runs[(runs["loss"] == loss) & (runs["setting"] == setting)]
            if used.empty:
                return []
            ended = (used[test["figure"]] > rules["collapsed"]).mean() > 0.5
            ends.append((predicted == "yes", bool(ended), bool(used["exploratory"].all())))
    return ends


OTHERS = {
    "best_of": _best_of,
    "regret": _regret,
    "collapse": _collapse,
    "seed_range": _seed_range,
    "reproduces": _reproduces,
    "nearer": _nearer,
    "predicted": _predicted,
}
NAMES = (*CONTRASTS, *OTHERS)


def place(loss, protocol):
    """A loss of a test and the protocol of its runs."""
    name, _, other = loss.partition(ELSEWHERE)
    return name, other or protocol
