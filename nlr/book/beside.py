"""Sentences and tables that lay our runs beside the authors' figures, of :mod:`nlr.evidence.yardstick`."""

import pandas as pd

from nlr.book import marks
from nlr.evidence import contrasts, frames, reproductions, wording, yardstick

LATER = "HX-HX2-MNIST"  # the source of their later tables
CLAIM = "C69"  # that training on MNIST gives the figures of the authors' tables


def standing(found, limit):
    """Which records did not end with one answer to nearly every image, by the modal share in per cent."""
    return [100 * record["final"].get("modal_class_share", 0.0) <= limit for record in found]


_VERBS = {  # of a verdict on one cell, and on several
    "equivalent": ("is equivalent", "are equivalent"),
    "differs": ("differs", "differ"),
    "undecided": ("is undecided", "are undecided"),
}


def in_short(compared):
    """How near our cells lie to the authors', from :func:`nlr.evidence.yardstick.compare`."""
    counted = compared["verdict"].value_counts()
    cells, stand = ("cells, each", "stand") if len(compared) > 1 else ("cell,", "stands")
    text = f"{len(compared)} {cells} a loss in one setting, {stand} on both sides. "
    decided = {name: int(counted.get(name, 0)) for name in _VERBS}
    if sum(decided.values()):
        said = wording.listed(f"{n or 'none'} {_VERBS[name][n > 1]}" for name, n in decided.items())
        text += f"Of those with seeds enough {said}. "
    if few := int(counted.get("few seeds", 0)):
        who = str(few) if few < len(compared) else "It" if few == 1 else "All of them"
        has, shows = ("has", "shows") if few == 1 else ("have", "show")
        text += f"{who} {has} fewer seeds than are counted, and {shows} only what one or two runs gave. "
    parts = []
    for setting, part in compared.groupby("setting", sort=False):
        far = part.loc[part["difference"].abs().idxmax()]
        ours = f"{far.ours:.2f}{frames.unanswered(far.never_answered)}"
        parts.append(f"{frames.short_name(setting)} {far.loss}, {far.theirs:.2f} and {ours}")
    text += f"Farthest apart in each setting, theirs and ours: {'; '.join(parts)}."
    return text + frames.in_brackets("".join(parts), "digits")


def in_list(judged):
    """How many of the authors' MNIST figures ours differ from, as an item of a list.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns, with the claim :data:`CLAIM`.
    """
    (found,) = [one.found for one in judged[CLAIM] if one.scope == marks.MNIST_FULL]
    said = [row.verdict for part in found.evidence for row in part.rows]
    counted = [verdict for verdict in said if verdict in ("supports", "contradicts", "open")]
    where = f"([{CLAIM}](#evidence-{CLAIM.lower()}), {{doc}}`beside the authors' </executed/results/authors>`)"
    text = "- **The authors' MNIST tables.** Trained as their first scripts say, "
    if not counted:
        return f"{text}none of {len(said)} cells has seeds enough yet to be counted {where}."
    apart, cells = counted.count("contradicts"), f"cell{'s' * (len(counted) != 1)} counted"
    verb = "are" if apart > 1 else "is"
    text += f"{apart or 'none'} of {len(counted)} {cells} {verb} shown to differ from them by more than the margin"
    undecided = counted.count("open")
    return f"{text}{f', {undecided} undecided' if undecided else ''} {where}."


def alt(compared):
    """Ours and theirs of every cell."""
    parts = []
    for setting, part in compared.groupby("setting", sort=False):
        said = "; ".join(
            f"{row.loss} {row.theirs:.1f} and {row.ours:.1f}{frames.unanswered(row.never_answered)}"
            for row in part.itertuples()
        )
        parts.append(f"{frames.short_name(setting)}: {said}")
    return (
        "Marks, a panel a setting, theirs and ours in per cent, in square brackets how many digits a run of ours never "
        f"answers, if any. {'. '.join(parts)}."
    )


def table(compared, found):
    """A row a cell as text, with the digits that are never answered (the most over the seeds)."""
    have = frames.cells(frames.frame(found)).set_index(["setting", "loss"])

    def with_sd(mean, sd):
        return f"{mean:.2f}" if pd.isna(sd) else f"{mean:.2f} ± {sd:.2f}"

    return pd.DataFrame(
        {
            "setting": frames.short_name(row.setting),
            "loss": row.loss,
            "theirs": with_sd(row.theirs, row.theirs_sd),
            "ours": with_sd(row.ours, row.sd),
            "ours, best epoch": f"{have['best_mean'][row.setting, row.loss]:.2f}",
            "seeds": row.n,
            "never answered": row.never_answered,
            "difference": wording.with_interval(row.difference, row.low, row.high, 2),
            "margin": f"{row.margin:g}",
            "verdict": wording.row_verdict(row.verdict),
        }
        for row in compared.itertuples()
    )


def orders_table(orders):
    """Frames of :func:`nlr.evidence.yardstick.orders`, with a column source, as text: a row a setting."""
    heads = {"losses": "losses", "last": "tau, last epoch", "best": "tau, best epoch"}
    text = orders.assign(
        **{figure: orders[figure].map(lambda tau: wording.signed(tau, 2)) for figure in ("last", "best")}
    )
    grid = text.pivot(index="setting", columns="source", values=list(heads))
    grid.columns = [f"{source}: {heads[figure]}" for figure, source in grid.columns]
    names = [f"{source}: {head}" for source in dict.fromkeys(orders["source"]) for head in heads.values()]
    grid = grid.loc[frames.in_order(grid.index), names].rename(index=frames.short_name)
    return grid.rename_axis("setting").reset_index()


def order_table(order):
    """The frame of :func:`nlr.evidence.yardstick.agreement` as text."""
    return pd.DataFrame(
        {
            "setting": order["setting"].map(frames.short_name),
            "losses": order["losses"],
            "mean difference": order["distance"].map("{:.1f}".format),
        }
        | {
            head: [wording.signed(value, 2) if value == value else "–" for value in order[column]]
            for head, column in (("Kendall's tau", "kendall"), ("Spearman's rho", "spearman"))
        }
    )


def later(records):
    """How far their released configuration lies from their later MNIST tables, in a sentence; empty without runs.

    Args:
        records: the records; those of that configuration are taken.
    """
    found = [record for record in records if record["config"]["protocol"] == marks.MNIST_RELEASE]
    if not found:
        return ""
    table, theirs = frames.frame(found), reproductions.figures(LATER, "mnist", marks.MNIST_RELEASE)
    cells, distances = yardstick.side_by_side({marks.MNIST_RELEASE: table}, theirs)
    if not distances:
        return ""
    few = cells["n"].min() < contrasts.rules(marks.MNIST_FULL)["few_seeds"]
    return (
        f"Their later tables of the sums we meet to {distances[marks.MNIST_RELEASE]:.1f} points on average, over "
        f"{len(cells)} combination{'s' * (len(cells) != 1)}, with the whole configuration of their released code"
        f"{' (too few seeds to decide)' * bool(few)}."
    )


def ways_table(found):
    """The frame of :func:`nlr.evidence.yardstick.ways` as text; what has no run is missing."""
    heads = dict(zip(yardstick.WAY, ("weight", "decay", "momentum"), strict=True))
    numbers = ["ours", *found.columns[found.columns.get_loc("never_answered") + 1 :]]
    text = found.assign(
        setting=found["setting"].map(frames.short_name),
        beta=found["beta"].map("{:g}".format),
        weight_decay=found["weight_decay"].map("{:g}".format),
        nesterov=found["nesterov"].map({False: "plain", True: "Nesterov"}),
        never_answered=["–" if pd.isna(never) else f"{never:.0f}" for never in found["never_answered"]],
        **{name: ["–" if pd.isna(mean) else f"{mean:.2f}" for mean in found[name]] for name in numbers},
    )
    text.loc[found["n"] == 0, "ours"] = "missing"
    first = ["setting", "loss", *yardstick.WAY, "ours", "never_answered", "n"]
    text = text[[*first, *(name for name in text if name not in first)]]
    return text.rename(columns=heads | {"n": "seeds", "never_answered": "never answered"})


def of_ways(distances, tables, few_seeds=3):
    """How far each way lies from each of their tables, and which is nearest to the last of these, in sentences.

    Args:
        distances: the frame of :func:`nlr.evidence.yardstick.distances_of_ways`.
        tables: the names of its tables, of which the last is asked for.
        few_seeds: with fewer seeds a cell nothing is decided.
    """
    if distances.empty:
        return "No way is run in every cell yet."
    *_, last = tables
    said = [
        f"{wording.listed(f'{way[name]:.1f} points from {name}' for name in tables)} {_way(way)}"
        for _, way in distances.iterrows()
    ]
    text = f"Over the {distances['cells'].iloc[0]} cells our accuracies lie on average {'; '.join(said)}"
    text += f" ({wording.seeds(distances['least'].min(), distances['most'].max())} a cell). "
    if len(distances) == 1:
        return f"{text}The other ways are not run in every cell yet."
    decides = "; they have too few seeds to decide" * bool(distances["least"].min() < few_seeds)
    return f"{text}Nearest to {last} lie the runs {_way(distances.loc[distances[last].idxmin()])}{decides}."


def _way(row):
    momentum = "Nesterov's" if row["nesterov"] else "plain"
    return f"with weight {row['beta']:g}, weight decay {row['weight_decay']:g} and {momentum} momentum"
