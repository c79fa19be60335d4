"""What the results pages compute over all settings of a study: ranks, costs, choices, classes, and others' figures."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nlr.errors import NoRecords
from nlr.evidence import frames, published, statistics
from nlr.evidence.wording import signed
from nlr.noise import MAPS

#: The losses that each report compares in one figure or table, as far as the study has them.
GROUPS = {
    "Soni, Figures 1 and 4": ("ce", "fl"),
    "Soni, Figures 2 and 5": ("nce", "rce", "nce+rce"),
    "Soni, Figures 3 and 6": ("nfl", "mae", "nfl+mae"),
    "Kathuria, Figures 5 and 6": ("ce", "fl", "nce", "nfl", "nce+mae", "nfl+mae"),
    "Krishnan, Table 1": ("ce", "fl", "nce", "nfl", "nce+mae", "nce+rce", "nfl+mae", "nfl+rce"),
    "Chheda, Tables 1 and 2": ("ce", "mae", "nce", "nfl", "rce", "nce+mae", "nce+rce", "nfl+mae", "nfl+rce"),
}
DRAWS = 2000  # of the bootstrap


def _means(table, column="last"):
    """Mean accuracy: a row a setting, a column a loss, NaN where there is no run."""
    return table.pivot_table(index="setting", columns="loss", values=column, aggfunc="mean", sort=False)


def differences(table, pairs, settings=None):
    """Differences in accuracy of two losses in one setting, over the seeds that both have there.

    Args:
        table: the frame of :func:`nlr.evidence.frames.frame`, of one study; the spread over seeds is pooled over all of
            it.
        pairs: pairs of losses, the first less the second.
        settings: the settings to look at; all of the table where None.

    Returns:
        A frame, a row a pair and setting, with loss, other, setting, of_loss and of_other (means over the shared
        seeds) and difference of the last epoch, low and high (95 %; NaN where no spread over seeds is known), best
        (the difference of the best epochs, each chosen on the test set) and n (shared seeds). Without a shared seed n
        is 0 and the figures are NaN.
    """
    settings = frames.in_order(table["setting"]) if settings is None else settings
    asked = [(one, other, setting) for one, other in pairs for setting in settings]
    contrasts = [statistics.Contrast(s, ((one, s, 1.0), (other, s, -1.0))) for one, other, s in asked]
    values = table.set_index(["loss", "setting", "seed"])["last"].to_dict()
    lasts, bests = (statistics.estimates(table, figure, contrasts) for figure in ("last", "best"))
    rows = []
    for (one, other, setting), found, best in zip(asked, lasts, bests, strict=True):
        row = {"loss": one, "other": other, "setting": setting, "n": 0}
        if found is not None:
            of = {loss: np.mean([values[run] for run in found.used if run[0] == loss]) for loss in (one, other)}
            low, high = found.interval()
            row |= {"of_loss": of[one], "of_other": of[other], "difference": found.effect, "low": low, "high": high}
            row |= {"best": best.effect, "n": found.n}
        rows.append(row)
    columns = ["loss", "other", "setting", "of_loss", "of_other", "difference", "low", "high", "best", "n"]
    return pd.DataFrame(rows, columns=columns)


def _ranked(noisy):
    """The losses that have a run in most of the settings, and ``{setting: seeds}`` that all of these have."""
    means = _means(noisy)
    losses = [loss for loss in means if means[loss].notna().sum() > len(means) / 2]
    shared = {}
    for setting, part in noisy[noisy["loss"].isin(losses)].groupby("setting", sort=False):
        there = part.groupby("seed")["loss"].nunique()
        if seeds := there.index[there == len(losses)].tolist():
            shared[setting] = seeds
    return losses, shared


def _blocks(noisy, losses, shared, column):
    """An array for each setting of the shared seeds: a row a seed, a column a loss."""
    parts = (noisy[(noisy["setting"] == s) & noisy["seed"].isin(seeds)] for s, seeds in shared.items())
    return [part.pivot_table(index="seed", columns="loss", values=column)[losses].to_numpy() for part in parts]


def _mean_rank(blocks):
    return np.mean([stats.rankdata(-block.mean(0)) for block in blocks], axis=0)


def ranks(table, draws=DRAWS):
    """The mean rank of each loss by last accuracy, 1 the best, with bootstrap intervals.

    Ranked are the losses that have a run in most of the noisy settings, over the settings and in each of these the
    seeds that all of them have. A draw takes as many settings, with replacement, and in each as many of its seeds.

    Args:
        table: the frame of :func:`nlr.evidence.frames.frame`, of one study.
        draws: how often to draw; the generator is seeded, so that a page stays the same.

    Returns:
        A frame with loss, rank, low, high (95 %, of the mean), settings (how many) and least_seeds and most_seeds (of a
        setting), best first.
    """
    noisy = table[table["kind"] != "clean"]
    if noisy.empty:
        raise NoRecords("There is no record with wrong labels to rank.")
    losses, shared = _ranked(noisy)
    if not shared:
        raise NoRecords("There is no setting in which the losses share a seed.")
    blocks = _blocks(noisy, losses, shared, "last")
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        picked = [blocks[k] for k in generator.integers(len(blocks), size=len(blocks))]
        drawn.append(_mean_rank([block[generator.integers(len(block), size=len(block))] for block in picked]))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    seeds = [len(block) for block in blocks]
    out = {"loss": losses, "rank": _mean_rank(blocks), "low": low, "high": high, "settings": len(blocks)}
    out |= {"least_seeds": min(seeds), "most_seeds": max(seeds)}
    return pd.DataFrame(out).sort_values("rank", kind="stable", ignore_index=True)


def clean_cost(table):
    """What a loss costs on clean labels and gains on wrong ones: its accuracy less that of ce, in points.

    Returns:
        The frame of :func:`differences`, every other loss less ce, ``clean`` the first setting.
    """
    losses = list(dict.fromkeys(table["loss"]))
    if "ce" not in losses:
        raise NoRecords("There is no record of ce to compare with.")
    return differences(table, [(loss, "ce") for loss in losses if loss != "ce"])


def cost_table(cost):
    """The frame of :func:`clean_cost` as text: a row a loss, a column a setting.

    A cell has the last epoch, half the interval behind the sign, and behind a bar the best epoch.
    """
    text = [
        "missing"
        if math.isnan(row.difference)
        else signed(row.difference)
        + ("" if math.isnan(row.low) else f" ± {(row.high - row.low) / 2:.1f}")
        + f" | {signed(row.best)}"
        for row in cost.itertuples()
    ]
    grid = cost.assign(text=text).pivot(index="loss", columns="setting", values="text")
    grid = grid.loc[cost["loss"].unique(), cost["setting"].unique()]
    return grid.rename(columns=frames.short_name).reset_index().rename_axis(columns=None)


def selection(table):
    """What choosing the best epoch on the test set adds, by loss: mean, least and most over the settings, in points.

    The settings are those that :func:`ranks` takes, which all the losses it ranks have; every noisy one where there is
    none.

    Returns:
        A frame with loss, mean, least, most, settings, rank_last and rank_best (mean ranks over the settings and seeds
        that :func:`ranks` takes; NaN for a loss that it leaves out), the largest mean first, then losses that lack one
        of the settings.
    """
    noisy = table[table["kind"] != "clean"]
    losses, shared = _ranked(noisy)
    gap = _means(noisy, "best") - _means(noisy)
    gap = gap.loc[list(shared)] if shared else gap
    columns = {"least": gap.min(), "most": gap.max(), "settings": gap.notna().sum()}
    out = pd.DataFrame({"mean": gap.mean().where(gap.notna().all() | (not shared)), **columns})
    for name, column in (("rank_last", "last"), ("rank_best", "best")):
        blocks = _blocks(noisy, losses, shared, column)
        out[name] = pd.Series(_mean_rank(blocks), losses) if blocks else math.nan
    return out.sort_values("mean", ascending=False).rename_axis("loss").reset_index()


def class_change(found, setting):
    """Accuracy by class in a setting, on clean labels, and the change between them, over the seeds that have both.

    Returns:
        A frame with loss, class (number), mapped (whether asymmetric noise changes its labels), clean, noisy and
        change, in per cent and points, and n (seeds); a loss without a seed that has both stands with all its seeds of
        the setting, and clean and change are NaN.
    """
    parts = {}
    for name, wanted in (("clean", "clean"), ("noisy", setting)):
        chosen = [r for r in found if frames.setting_of(r["config"]) == wanted]
        if chosen:
            parts[name] = frames.by_class(chosen).set_index(["loss", "class", "seed"])["accuracy"]
    if "noisy" not in parts:
        raise NoRecords(f"There is no record with {setting}.")
    out = pd.DataFrame(parts).reindex(parts["noisy"].index)
    out["clean"] = out.get("clean", math.nan)
    both = out["clean"].notna()
    out = out[both | ~both.groupby("loss", sort=False).transform("any")].groupby(["loss", "class"], sort=False)
    out = out.mean().assign(n=out.size())
    out["change"] = out["noisy"] - out["clean"]
    out = out.reset_index()
    out["mapped"] = out["class"].isin(MAPS["ma2020"])
    return out


def class_groups(changes):
    """Mean accuracy of the classes that asymmetric noise changes and of the others: a row a loss, as text."""
    rows = []
    for loss, part in changes.groupby("loss", sort=False):
        row = {"loss": loss, "seeds": int(part["n"].iloc[0])}
        for name, mapped in (("changed classes", True), ("other classes", False)):
            mine = part[part["mapped"] == mapped]
            row[f"{name}: accuracy"] = f"{mine['noisy'].mean():.1f}"
            change = mine["change"].mean()
            row[f"{name}: change"] = "missing" if math.isnan(change) else signed(change)
        rows.append(row)
    return pd.DataFrame(rows)


def beside(table, key):
    """Our mean accuracies beside those of a source, in the cells that both have.

    Returns:
        A frame with setting, loss, ours and theirs after the last epoch, ours_best in the best one, chosen on the test
        set, and of each the difference to ce in the same setting (ours_less_ce, theirs_less_ce, best_less_ce), ours
        over the seeds that both losses have.
    """
    theirs, rows = published.means(key), []
    have = frames.cells(table)
    place = {setting: k for k, setting in enumerate(frames.in_order(have["setting"]))}
    for cell in have.sort_values("setting", key=lambda column: column.map(place), kind="stable").itertuples():
        if (cell.loss, cell.setting) in theirs:
            other = theirs[cell.loss, cell.setting]
            mine = {"ours": cell.last_mean, "ours_best": cell.best_mean}
            rows.append({"setting": cell.setting, "loss": cell.loss, **mine, "theirs": other})
    if not rows:
        raise NoRecords(f"There is no cell that {published.NAMES[key]} have too.")
    out = pd.DataFrame(rows)
    ours = differences(table, [(loss, "ce") for loss in dict.fromkeys(out["loss"])])
    ours = ours.set_index(["loss", "setting"])[["difference", "best"]]
    here = pd.MultiIndex.from_frame(out[["loss", "setting"]])
    out[["ours_less_ce", "best_less_ce"]] = ours.reindex(here).to_numpy()
    ce = out[out["loss"] == "ce"].set_index("setting")["theirs"]
    out["theirs_less_ce"] = out["theirs"] - out["setting"].map(ce)
    return out


def twins(found):
    """Test accuracy on the images that we have both lossless and as JPEG: a row a run.

    Returns:
        A frame with loss, setting, seed, images, lossless, jpeg and difference (lossless less JPEG), in per cent and
        points; runs without such images are left out.
    """
    rows = []
    for record in found:
        final, config = record["final"], record["config"]
        if final.get("twins"):
            lossless, jpeg = 100 * final["twins_accuracy_lossless"], 100 * final["twins_accuracy_jpeg"]
            rows.append(
                {
                    "loss": config["loss"]["spec"],
                    "setting": frames.setting_of(config),
                    "seed": config["seed"],
                    "images": final["twins"],
                    "lossless": lossless,
                    "jpeg": jpeg,
                    "difference": lossless - jpeg,
                }
            )
    if not rows:
        raise NoRecords("There is no record with accuracies on both kinds of images.")
    return pd.DataFrame(rows)
