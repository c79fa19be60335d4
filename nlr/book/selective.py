"""Sentences and tables on whether a loss is selective or slow, of :mod:`nlr.evidence.matched`."""

import numpy as np
import pandas as pd

from nlr.evidence import frames, wording

CLEARLY = 5  # points from which a loss is said to be more or less selective than cross-entropy


def in_short(differences, courses):
    """Which losses are selective and which are slow, in a list.

    Args:
        differences: what :func:`nlr.evidence.matched.against` returns at shares fitted.
        courses: what :func:`nlr.evidence.matched.courses` returns, which says at which rates a loss has runs.
    """
    parts = []
    for kind in ("symmetric", "asymmetric"):
        there = courses[courses["setting"].str.startswith(kind) & (courses["loss"] != "ce")]
        run_at = there.groupby("loss", sort=False)["setting"].nunique()
        for level, name in ((50, "half"), (90, "nine tenths")):
            part = differences[(differences["level"] == level) & differences["setting"].str.startswith(kind)]
            if len(part):
                parts.append(f"Under {kind} noise, where {name} of the right labels are fitted: {_said(part, run_at)}")
    return "\n".join(f"- {text}" for text in parts) or "No loss has come far enough to be compared."


def _said(part, run_at):
    """The losses of one level by what they do at every rate; ``run_at`` says at how many rates each has runs."""
    spans = part.groupby("loss", sort=False)["difference"].agg(["min", "max", "size"])
    everywhere = spans["size"] == run_at.reindex(spans.index)
    groups = {
        "fewer wrong labels memorised than cross-entropy": spans["max"] <= -CLEARLY,
        "more than cross-entropy": spans["min"] >= CLEARLY,
        "about as many as cross-entropy": (spans["min"] > -CLEARLY) & (spans["max"] < CLEARLY),
    }
    said = []
    for words, mask in groups.items():
        whole, some = spans.index[mask & everywhere], spans.index[mask & ~everywhere]
        said += [f"{words}, at every rate: {wording.listed(whole)}"] if len(whole) else []
        they = "they" if len(some) > 1 else "it"
        said += [f"{words}, where {they} and cross-entropy get so far: {wording.listed(some)}"] if len(some) else []
    rest = spans.index[~np.logical_or.reduce(list(groups.values()))]
    if len(rest):
        said.append(f"it depends on the rate: {wording.listed(rest)}")
    if never := [loss for loss in run_at.index if loss not in spans.index]:
        said.append(f"at no rate do cross-entropy and the loss both get so far: {wording.listed(never)}")
    low, high = part.loc[part["difference"].idxmin()], part.loc[part["difference"].idxmax()]
    ends = [f"{wording.signed(end.difference)} ({end.loss}, {frames.short_name(end.setting)})" for end in (low, high)]
    return f"{'; '.join(said)}. Differences run from {ends[0]} to {ends[1]} points."


def table(differences, level, losses):
    """A row a loss, a column a setting: difference to cross-entropy at a level, or each at its own level where None."""
    part = differences if level is None else differences[differences["level"] == level]
    text = {}
    for row in part.itertuples():
        said = wording.signed(row.difference)
        if row.n > 1:
            said += f" ({wording.signed(row.least)} to {wording.signed(row.most)})"
        text[row.loss, row.setting] = said if level is not None else f"{said} at {row.level} %"
    settings = frames.in_order(differences["setting"])
    return pd.DataFrame(
        {"loss": loss} | {frames.short_name(setting): text.get((loss, setting), "–") for setting in settings}
        for loss in losses
        if loss != "ce"
    )


def alt(courses):
    """Where the line of each loss ends in each setting."""
    parts = []
    for setting in frames.in_order(courses["setting"]):
        part = courses[courses["setting"] == setting]
        last = part[part["epoch"] == part["epoch"].max()]
        ends = last.groupby("loss", sort=False)[["clean_part", "memorised"]].mean()
        said = "; ".join(f"{loss} {end.clean_part:.0f} and {end.memorised:.0f}" for loss, end in ends.iterrows())
        parts.append(f"{frames.short_name(setting)}: {said}")
    return (
        "Lines, a panel a setting. Right labels fitted and wrong labels memorised at the last epoch, in per cent. "
        + ". ".join(parts)
        + "."
    )
