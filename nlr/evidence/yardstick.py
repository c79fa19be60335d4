"""Our cells beside those that a source prints: differences with intervals, and whether the losses keep their order."""

import math

import pandas as pd
from scipy import stats

from nlr.errors import NoRecords, unknown
from nlr.evidence import frames, statistics
from nlr.evidence.statistics import Contrast, Pooling

#: What became of a cell: the same within the margin, clearly apart by more, neither shown, not counted, not testable.
VERDICTS = ("equivalent", "differs", "undecided", "few seeds", "mixed", "unreplicated")

#: Fewer losses in a setting have no order worth a correlation.
ENOUGH_LOSSES = 3

_COMMON = Pooling()


def compare(table, theirs, margins, figure="last", pooling=_COMMON, few_seeds=3, alpha=0.05, family=()):
    """Our cells beside those of a source, as far as both have them.

    The two share no run, so a difference is unpaired. A cell is ``equivalent`` where two one-sided tests (TOST) put the
    difference within the margin, and ``differs`` where it is clearly beyond. All cells are one family (Holm).

    Args:
        table: the frame of :func:`nlr.evidence.frames.frame`, of one protocol; a column ``pooled`` as for
            :func:`nlr.evidence.statistics.estimates`.
        theirs: ``{(loss, setting): SourceFigure}``.
        margins: ``{setting: points}``.
        figure: a column of the table: ``last`` or ``best``.
        pooling: over which of our runs the spread is taken.
        few_seeds: with fewer seeds of ours a cell is shown and not counted.
        alpha: level of the family.
        family: cells (loss, setting) that belong to it whether they have runs or not.

    Returns:
        A frame, a row a cell, by setting and then by loss as in the table: setting, loss, n (our seeds), ours, sd (of
        our seeds; NaN below two), never_answered (classes, the most in a run of ours after the last epoch), theirs,
        theirs_sd (NaN where not known), theirs_n, difference (ours less theirs), low and high (95 %, not adjusted; NaN
        where no spread of ours is known), margin, p (adjusted) and verdict, one of :data:`VERDICTS`. Per cent and
        points.

    Raises:
        NlrError: a setting has no margin.
        NoRecords: there is no cell that both have.
    """
    cells = table.groupby(["loss", "setting"], sort=False)
    groups, never = cells[figure], cells["never_answered"].max()
    place = {setting: k for k, setting in enumerate(frames.in_order(table["setting"]))}
    shared = sorted((cell for cell in groups.groups if cell in theirs), key=lambda cell: place[cell[1]])
    if not shared:
        raise NoRecords("There is no cell that both our runs and the source have.")
    for _, setting in shared:
        if setting not in margins:
            raise unknown("setting without a margin", setting, margins)
    contrasts = [Contrast(f"{loss}, {setting}", ((loss, setting, 1.0),)) for loss, setting in shared]
    rows = []
    for cell, ours in zip(shared, statistics.estimates(table, figure, contrasts, pooling), strict=True):
        (loss, setting), other = cell, theirs[cell]
        apart = statistics.unpaired(ours, other.mean, other.sd, other.n)
        low, high = apart.interval()
        inside = abs(apart.effect) < margins[setting]
        p = (apart.p_within if inside else apart.p_outside)(margins[setting])
        untestable = "mixed" if ours.mixed else "unreplicated" if math.isnan(p) else ""
        verdict = "few seeds" if ours.n < few_seeds else untestable
        rows.append(
            {
                "setting": setting,
                "loss": loss,
                "n": ours.n,
                "ours": ours.effect,
                "sd": groups.get_group(cell).std(),
                "never_answered": int(never[cell]),
                "theirs": other.mean,
                "theirs_sd": math.nan if other.sd is None else other.sd,
                "theirs_n": other.n,
                "difference": apart.effect,
                "low": low,
                "high": high,
                "margin": margins[setting],
                "p": math.nan if verdict else p,
                "verdict": verdict or ("equivalent" if inside else "differs"),
            }
        )
    out = pd.DataFrame(rows)
    counted = out["p"].notna()
    others = len({*shared, *family}) - counted.sum()  # which decide nothing
    out.loc[counted, "p"] = statistics.holm([*out.loc[counted, "p"], *[1.0] * others])[: counted.sum()]
    out.loc[counted & (out["p"] > alpha), "verdict"] = "undecided"
    return out


def agreement(compared):
    """How near two sets of figures lie and how far they put the losses in one order, in each setting.

    Args:
        compared: a frame with setting, ours and theirs, a row a loss; that of :func:`compare` for one.

    Returns:
        A frame, a row a setting: setting, losses (how many), distance (mean absolute difference, points), kendall (tau,
        b for ties) and spearman; these are NaN with fewer than :data:`ENOUGH_LOSSES` losses, or where one side has them
        all equal.
    """
    rows = []
    for setting, part in compared.groupby("setting", sort=False):
        ours, theirs = part["ours"], part["theirs"]
        ordered = len(part) >= ENOUGH_LOSSES and ours.nunique() > 1 and theirs.nunique() > 1
        rows.append(
            {
                "setting": setting,
                "losses": len(part),
                "distance": distance(part),
                "kendall": float(stats.kendalltau(ours, theirs).statistic) if ordered else math.nan,
                "spearman": float(stats.spearmanr(ours, theirs).statistic) if ordered else math.nan,
            }
        )
    return pd.DataFrame(rows)


def orders(table, theirs):
    """How far our runs put the losses in the order of others' figures, by their last epochs and by their best ones.

    Args:
        table: the frame of :func:`nlr.evidence.frames.frame`, of one protocol.
        theirs: ``{(loss, setting): accuracy}``, after the last epoch.

    Returns:
        A frame, a row a setting that both have: setting, losses (how many) and Kendall's tau of the two orders, ours
        after the last epoch (last) and in the best one, chosen on the test set (best); NaN as in :func:`agreement`.
    """
    means = table.groupby(["setting", "loss"], sort=False)[["last", "best"]].mean().reset_index()
    means["theirs"] = [theirs.get(cell, math.nan) for cell in zip(means["loss"], means["setting"], strict=True)]
    means = means.dropna()
    last, best = (agreement(means.rename(columns={figure: "ours"})).set_index("setting") for figure in ("last", "best"))
    out = pd.DataFrame({"losses": last["losses"], "last": last["kendall"], "best": best["kendall"]})
    return out.loc[frames.in_order(out.index)].rename_axis("setting").reset_index()


def distance(compared):
    """The mean absolute difference over the cells that both have, in points."""
    return float((compared["ours"] - compared["theirs"]).abs().mean())


def side_by_side(tables, theirs):
    """The cells that several protocols of ours and a source all have, and how far each protocol lies from the source.

    Args:
        tables: ``{protocol: frame}``, of :func:`nlr.evidence.frames.frame`.
        theirs: ``{(loss, setting): SourceFigure}``.

    Returns:
        ``(cells, distances)``: a frame with a row a cell, setting, loss, n (the fewest seeds that a protocol has),
        theirs and a column a protocol, means after the last epoch in per cent; and ``{protocol: mean absolute
        difference in points}``, empty where there is no such cell.
    """
    parts = {name: table.groupby(["setting", "loss"], sort=False)["last"] for name, table in tables.items()}
    cells = pd.DataFrame({name: part.mean() for name, part in parts.items()}).dropna()
    cells = cells[[(loss, setting) in theirs for setting, loss in cells.index]]
    figures = [theirs[loss, setting].mean for setting, loss in cells.index]
    seeds = pd.DataFrame({name: part.size() for name, part in parts.items()}).loc[cells.index].min(axis=1)
    cells.insert(0, "theirs", figures)
    cells.insert(0, "n", seeds.astype(int))
    distances = {name: float((cells[name] - cells["theirs"]).abs().mean()) for name in tables} if len(cells) else {}
    return cells.reset_index(), distances


#: In what the ways to train a sum differ: the weight of its passive loss, the weight decay, Nesterov's momentum or not.
WAY = ["beta", "weight_decay", "nesterov"]


def ways(planned, found, tables):
    """The sums that are trained with several weights, in all the ways they are trained, beside what others print.

    Args:
        planned: configurations of runs; those count whose loss and setting are planned with more than one weight.
        found: records, those of other configurations among them.
        tables: ``{name: {(loss, setting): mean in per cent}}``, a loss by its name alone.

    Returns:
        A frame, a row a loss, setting and way, by these: loss, setting, the columns of :data:`WAY`, n (our seeds; 0
        without a run), ours (mean after the last epoch, per cent), never_answered (classes, the most over the seeds),
        and a column a table; NaN where there is none.
    """
    cells = {}  # (loss, setting) to the records of each way
    for config in planned:
        parameters = config["loss"]["parameters"]
        if "beta" in parameters:
            training, cell = config["training"], (config["loss"]["name"], frames.setting_of(config))
            way = parameters["beta"], training["weight_decay"], training.get("nesterov", False)
            of_way = cells.setdefault(cell, {}).setdefault(way, [])
            of_way += [record for record in found if record["config"] == config]
    rows = []
    for (loss, setting), trained in cells.items():
        if len({beta for beta, *_ in trained}) < 2:
            continue
        theirs = {name: table.get((loss, setting), math.nan) for name, table in tables.items()}
        for way, of_way in trained.items():
            ends = [100 * record["final"]["last_accuracy"] for record in of_way]
            ours = {
                "n": len(ends),
                "ours": sum(ends) / len(ends) if ends else math.nan,
                "never_answered": max(map(frames.never_answered, of_way), default=math.nan),
            }
            rows.append({"loss": loss, "setting": setting} | dict(zip(WAY, way, strict=True)) | ours | theirs)
    columns = ["loss", "setting", *WAY, "n", "ours", "never_answered", *tables]
    out = pd.DataFrame(rows, columns=columns)
    place = {setting: k for k, setting in enumerate(frames.in_order(out["setting"]))}
    order = out.assign(setting=out["setting"].map(place)).sort_values(["loss", "setting", *WAY])
    return out.loc[order.index].reset_index(drop=True)


def distances_of_ways(found, tables):
    """How far the ways that have a run in every cell lie from what others print.

    Args:
        found: a frame of :func:`ways`.
        tables: names of columns of it.

    Returns:
        A frame, a row a way: the columns of :data:`WAY`, cells (how many), least and most (seeds a cell), and a column
        a table, the mean absolute difference in points.
    """
    rows, cells = [], len(found[["loss", "setting"]].drop_duplicates())
    for way, part in found[found["n"] > 0].groupby(WAY):
        if len(part) == cells:
            apart = {name: float((part["ours"] - part[name]).abs().mean()) for name in tables}
            seeds = {"cells": cells, "least": part["n"].min(), "most": part["n"].max()}
            rows.append(dict(zip(WAY, way, strict=True)) | seeds | apart)
    return pd.DataFrame(rows, columns=[*WAY, "cells", "least", "most", *tables])
