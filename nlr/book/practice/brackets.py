"""A mean as the tables of practice show it: in brackets with few seeds, missing without a run."""

from nlr.book import marks
from nlr.evidence import contrasts

MISSING = "missing"


def few_seeds():
    """With fewer seeds a mean decides nothing."""
    return contrasts.rules(marks.SMALL)["few_seeds"]


def bracketed(text, n):
    """A text in brackets where it rests on few seeds."""
    return text if n >= few_seeds() else f"({text})"


def mean(means, cell):
    """The mean of a cell (loss, setting) as text.

    Args:
        means: a frame of ``mean`` and ``size`` by loss and setting.
        cell: which one.
    """
    if cell not in means.index:
        return MISSING
    value, n = means.loc[cell]
    return bracketed(f"{value:.1f}", n)
