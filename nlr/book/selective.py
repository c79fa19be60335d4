"""Sentences and tables on whether a loss is selective or slow, of :mod:`nlr.evidence.matched`."""

import numpy as np
import pandas as pd

from nlr.evidence import frames, wording

CLEARLY = 5  # points from which a loss is said to be more or less selective than cross-entropy


def in_short(differences):
    """Which losses are selective and which are slow, from :func:`nlr.evidence.matched.against` at shares fitted."""
    parts = []
    for kind in ("symmetric", "asymmetric"):
        for level, name in ((50, "half"), (90, "nine tenths")):
            part = differences[(differences["level"] == level) & differences["setting"].str.startswith(kind)]
            if len(part):
                parts.append(f"Under {kind} noise, where {name} of the right labels are fitted: {_said(part)}")
    return "\n".join(f"- {text}" for text in parts) or "No loss has come far enough to be compared."


def _said(part):
    spans = part.groupby("loss", sort=False)["difference"].agg(["min", "max"])
    groups = {
        "fewer wrong labels memorised than by cross-entropy at every rate": spans["max"] <= -CLEARLY,
        "more at every rate": spans["min"] >= CLEARLY,
        "about as many": (spans["min"] > -CLEARLY) & (spans["max"] < CLEARLY),
    }
    said = [f"{words} by {wording.listed(spans.index[mask])}" for words, mask in groups.items() if mask.any()]
    rest = spans.index[~np.logical_or.reduce(list(groups.values()))]
    if len(rest):
        said.append(f"it depends on the rate for {wording.listed(rest)}")
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
