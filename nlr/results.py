"""What the results pages compute over all settings of a study: ranks, costs, choices, classes, and others' figures."""

import math

import numpy as np
import pandas as pd
from scipy import stats

from nlr import published, report
from nlr.errors import NoRecords
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


def ranks(table, draws=DRAWS):
    """The mean rank of each loss by last accuracy, 1 the best, with bootstrap intervals.

    Ranked are the losses that have a run in most of the noisy settings, over the settings in which all of them have a
    run. A draw takes as many settings, with replacement, and in each as many of the seeds that all of them have there.

    Args:
        table: the frame of :func:`nlr.report.frame`, of one study.
        draws: how often to draw; the generator is seeded, so that a page stays the same.

    Returns:
        A frame with loss, rank, low, high (95 %, of the mean) and settings (how many), best first.
    """
    noisy = table[table["kind"] != "clean"]
    if noisy.empty:
        raise NoRecords("There is no record with wrong labels to rank.")
    means = _means(noisy)
    losses = [loss for loss in means if means[loss].notna().sum() > len(means) / 2]
    settings = means.index[means[losses].notna().all(axis=1)].tolist()
    blocks = []
    for setting in settings:
        part = noisy[(noisy["setting"] == setting) & noisy["loss"].isin(losses)]
        wide = part.pivot_table(index="seed", columns="loss", values="last")[losses].dropna()
        blocks.append(wide.to_numpy())
    blocks = [block for block in blocks if len(block)]
    if not blocks:
        raise NoRecords("There is no setting in which the losses share a seed.")

    def mean_rank(chosen):
        return np.mean([stats.rankdata(-block.mean(0)) for block in chosen], axis=0)

    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(draws):
        picked = [blocks[k] for k in generator.integers(len(blocks), size=len(blocks))]
        drawn.append(mean_rank([block[generator.integers(len(block), size=len(block))] for block in picked]))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    out = {"loss": losses, "rank": mean_rank(blocks), "low": low, "high": high, "settings": len(blocks)}
    return pd.DataFrame(out).sort_values("rank", kind="stable", ignore_index=True)


def clean_cost(table):
    """What a loss costs on clean labels and gains on wrong ones: its mean accuracy less that of ce, in points.

    Returns:
        A frame with loss, and a column a setting of the table (``clean`` first); NaN where a run is missing.
    """
    means = _means(table)
    order = report.in_order(means.index)
    if "ce" not in means:
        raise NoRecords("There is no record of ce to compare with.")
    less = means.loc[order].sub(means.loc[order, "ce"], axis=0)
    return less.drop(columns="ce").T.rename_axis(index="loss", columns=None).reset_index()


def selection(table):
    """What choosing the best epoch on the test set adds, by loss: mean, least and most over the settings, in points.

    Returns:
        A frame with loss, mean, least, most, settings, rank_last and rank_best (mean ranks over the settings that all
        the losses have; NaN where there is none), the largest mean first.
    """
    noisy = table[table["kind"] != "clean"]
    last, best = _means(noisy), _means(noisy, "best")
    gap = best - last
    shared = last.dropna()

    def mean_ranks(values):
        return (-values.loc[shared.index]).rank(axis=1).mean()

    out = pd.DataFrame(
        {
            "mean": gap.mean(),
            "least": gap.min(),
            "most": gap.max(),
            "settings": gap.notna().sum(),
            "rank_last": mean_ranks(last),
            "rank_best": mean_ranks(best),
        }
    )
    return out.sort_values("mean", ascending=False).rename_axis("loss").reset_index()


def class_change(found, setting):
    """Accuracy by class in a setting, on clean labels, and the change between them.

    Returns:
        A frame with loss, class (number), mapped (whether asymmetric noise changes its labels), clean, noisy and
        change, in per cent and points, means over seeds; clean and change are NaN where there is no clean run.
    """
    parts = {}
    for name, wanted in (("clean", "clean"), ("noisy", setting)):
        chosen = [r for r in found if report.setting_of(r["config"]) == wanted]
        if chosen:
            parts[name] = report.by_class(chosen).groupby(["loss", "class"], sort=False)["accuracy"].mean()
    if "noisy" not in parts:
        raise NoRecords(f"There is no record with {setting}.")
    out = pd.DataFrame(parts).reindex(parts["noisy"].index)
    out["clean"] = out.get("clean", math.nan)
    out["change"] = out["noisy"] - out["clean"]
    out = out.reset_index()
    out["mapped"] = out["class"].isin(MAPS["ma2020"])
    return out


def class_groups(changes):
    """Mean accuracy of the classes that asymmetric noise changes and of the others: a row a loss, as text."""
    rows = []
    for loss, part in changes.groupby("loss", sort=False):
        row = {"loss": loss}
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
        A frame with setting, loss, ours, theirs, and of each the difference to ce in the same setting.
    """
    theirs, rows = published.means(key), []
    have = report.cells(table)
    place = {setting: k for k, setting in enumerate(report.in_order(have["setting"]))}
    for cell in have.sort_values("setting", key=lambda column: column.map(place), kind="stable").itertuples():
        if (cell.loss, cell.setting) in theirs:
            other = theirs[cell.loss, cell.setting]
            rows.append({"setting": cell.setting, "loss": cell.loss, "ours": cell.last_mean, "theirs": other})
    if not rows:
        raise NoRecords(f"There is no cell that {published.NAMES[key]} have too.")
    out = pd.DataFrame(rows)
    for side in ("ours", "theirs"):
        ce = out[out["loss"] == "ce"].set_index("setting")[side]
        out[f"{side}_less_ce"] = out[side] - out["setting"].map(ce)
    return out


def agreement_of_order(compared):
    """Spearman's rank correlation of the two orders in each setting with three losses or more.

    Returns:
        A frame with setting, losses (how many) and correlation.
    """
    rows = []
    for setting, part in compared.groupby("setting", sort=False):
        if len(part) > 2:
            rho = float(stats.spearmanr(part["ours"], part["theirs"]).statistic)
            rows.append({"setting": setting, "losses": len(part), "correlation": rho})
    return pd.DataFrame(rows, columns=["setting", "losses", "correlation"])


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
                    "setting": report.setting_of(config),
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


def signed(number, digits=1):
    """``+1.2``, with a true minus sign; ``missing`` where there is no number."""
    return "missing" if math.isnan(number) else f"{number:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
