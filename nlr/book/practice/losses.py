"""Which loss, by a guess of the noise: what no other is shown to beat, and how far each may lie below the best."""

from dataclasses import dataclass, field
from itertools import combinations, permutations

import pandas as pd

from nlr.book import decay, marks, unrounded
from nlr.book.practice import brackets
from nlr.book.practice.people import HUMAN
from nlr.book.questions import AUTHORS
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC, called, listed, per_cent, where
from nlr.evidence import frames, reproductions, wording
from nlr.noise import parse_setting

CANDIDATES = ("ce", "nce", "mae", "nce+mae", "nce+rce", "gce")  # those of the authors' tables that we train most often
GUESSES = (*SYMMETRIC, *ASYMMETRIC, HUMAN)
COLUMNS = (
    ("small", "last"),
    ("small", "best"),
    ("full", "last"),
    ("authors", "last"),
)  # kinds of evidence, and figures


@dataclass(frozen=True)
class Choice:
    """What one kind of evidence says of the losses in one setting.

    Attributes:
        means: mean accuracy after the last epoch by loss, in per cent.
        counted: the losses with seeds enough to be compared.
        beaten_by: the losses that are clearly more accurate than a loss, where there are such.
        seeds: the number of runs by loss.
        never_answered: how many classes each loss leaves out after the last epoch, the most over its runs; empty of
            evidence that does not say it.
    """

    means: dict
    counted: tuple
    beaten_by: dict
    seeds: dict = field(default_factory=dict)
    never_answered: dict = field(default_factory=dict)

    @property
    def unbeaten(self):
        """The losses that are counted and that no other is clearly more accurate than."""
        return tuple(loss for loss in self.counted if loss not in self.beaten_by)

    @property
    def shortfalls(self):
        """How far each loss that is counted lies below the best of them, in points."""
        best = max((self.means[loss] for loss in self.counted), default=0.0)
        return {loss: best - self.means[loss] for loss in self.counted}


def choices(evidence, mark, figure="last", settings=GUESSES):
    """A :class:`Choice` for each setting.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
        mark: a kind of evidence with accuracies, ``small``, ``full`` or ``authors``.
        figure: ``last`` or ``best``, the epoch.
        settings: which to look at.
    """
    have = _means(evidence, mark, figure)
    few, left_out = brackets.few_seeds(), {}
    if mark != "authors" and figure == "last":  # of other epochs a record does not say it
        of_cells = evidence.tables[marks.MARKS[mark].protocol].groupby(["loss", "setting"])
        left_out = of_cells["never_answered"].max().to_dict()
    beaten_by = {setting: {} for setting in settings}
    for one, other in permutations(CANDIDATES, 2):
        for setting, cell in evidence.differences(mark, (figure, (one, other), settings)).items():
            if cell.sign > 0:
                beaten_by[setting].setdefault(other, []).append(one)
    out = {}
    for setting in settings:
        found = {loss: have[loss, setting] for loss in CANDIDATES if (loss, setting) in have}
        counted = tuple(loss for loss, (_, n) in found.items() if n >= few)
        means = {loss: mean for loss, (mean, _) in found.items()}
        seeds = {loss: n for loss, (_, n) in found.items()}
        never = {loss: left_out[loss, setting] for loss in found if (loss, setting) in left_out}
        out[setting] = Choice(means, counted, beaten_by[setting], seeds, never)
    return out


def all_choices(evidence):
    """:func:`choices` of each of :data:`COLUMNS`."""
    return {column: choices(evidence, *column) for column in COLUMNS}


def _means(evidence, mark, figure):
    """Mean accuracy and number of runs, ``{(loss, setting): (mean, n)}``."""
    if mark == "authors":
        return {cell: (found.mean, found.n) for cell, found in reproductions.figures(*AUTHORS).items()}
    cells = evidence.tables[marks.MARKS[mark].protocol].groupby(["loss", "setting"])[figure].agg(["mean", "size"])
    return {cell: tuple(values) for cell, values in zip(cells.index, cells.to_numpy().tolist(), strict=True)}


def shortfalls(found):
    """How far each loss lies below the best, ``{setting: {loss: points}}``, where all candidates have seeds enough.

    Args:
        found: what :func:`choices` returns.
    """
    return {setting: one.shortfalls for setting, one in found.items() if set(one.counted) == set(CANDIDATES)}


def worst(found):
    """Where each loss lies farthest below the best, ``{loss: (points, setting)}``; empty where no setting counts.

    Args:
        found: what :func:`choices` returns.
    """
    whole = shortfalls(found)
    return {loss: max((of[loss], setting) for setting, of in whole.items()) for loss in CANDIDATES if whole}


def least_regret(found):
    """The loss with the smallest of the largest shortfalls; None where no setting counts.

    Args:
        found: what :func:`choices` returns.
    """
    of_losses = worst(found)
    return min(of_losses, key=lambda loss: of_losses[loss][0]) if of_losses else None


def guess(setting):
    """A setting as a guess of the noise, in words."""
    kind, _ = parse_setting(setting)
    if kind == "human":
        return f"labels by people (CIFAR-10N, `{setting.partition('-')[2]}`)"
    if kind == "asymmetric":
        return f"{per_cent(setting)} of five classes, a similar one"
    return f"{per_cent(setting)}, any other class"


def loss_table(found):
    """A row a guess, a column a kind of evidence: what to take, and its accuracy beside that of cross-entropy.

    Args:
        found: what :func:`all_choices` returns.
    """
    return pd.DataFrame(
        {"guess of the noise": guess(setting)}
        | {head(*column): _take(of_column[setting], column[0]) for column, of_column in found.items()}
        for setting in GUESSES
    )


def loss_numbers(found):
    """The numbers of :func:`loss_table` and of the losses that it does not name: a row a guess, evidence and loss.

    Args:
        found: what :func:`all_choices` returns.
    """
    return pd.DataFrame(
        {
            "setting": setting,
            "evidence": head(*column),
            "loss": loss,
            "seeds": choice.seeds[loss],
            "clean test accuracy, mean (%)": mean,
            unrounded.MADE["never_answered"]: choice.never_answered.get(loss),
            "shown to be less accurate than": ", ".join(choice.beaten_by.get(loss, ())),
        }
        for column, of_column in found.items()
        for setting, choice in of_column.items()
        for loss, mean in choice.means.items()
    ).astype({unrounded.MADE["never_answered"]: "Int64"})


def head(mark, figure):
    """The head of a column: a kind of evidence, and the epoch where it is not the last."""
    return marks.name(mark) + ", best epoch" * (figure == "best")


def _take(choice, mark):
    """What to take, with the accuracy of each and of cross-entropy; in brackets where too few seeds are there."""
    if not choice.means:
        return "–" if mark == "authors" else brackets.MISSING
    losses = choice.unbeaten or (max(choice.means, key=choice.means.get),)
    bracket = "{}" if choice.unbeaten else "({})"
    said = [f"**{loss}** {_accuracy(choice, loss)}" for loss in losses]
    if "ce" not in losses and "ce" in choice.means:
        said.append(f"ce {_accuracy(choice, 'ce')}")
    return "<br>".join(map(bracket.format, said))


def _accuracy(choice, loss):
    """The accuracy of a loss, and behind it in square brackets how many classes are never answered, if any."""
    return f"{choice.means[loss]:.1f}{frames.unanswered(choice.never_answered.get(loss))}"


def shortfall_table(found):
    """A row a loss, a column a kind of evidence: how many points it lies below the best of all at its worst, and where.

    Args:
        found: what :func:`all_choices` returns. Kinds of evidence without seeds enough are left out.
    """
    of_columns = {head(*column): of for column, of_column in found.items() if (of := worst(of_column))}
    return pd.DataFrame(
        {"loss": loss}
        | {name: f"{of[loss][0]:.1f} ({frames.short_name(of[loss][1])})" for name, of in of_columns.items()}
        for loss in CANDIDATES
        if of_columns
    )


def shortfall_numbers(found):
    """The numbers of :func:`shortfall_table`: a row a loss and kind of evidence.

    Args:
        found: what :func:`all_choices` returns.
    """
    return pd.DataFrame(
        {"loss": loss, "evidence": head(*column), "below the highest mean (points)": points, "setting": setting}
        for column, of_column in found.items()
        for loss, (points, setting) in worst(of_column).items()
    )


def of_shortfalls(evidence, found):
    """How far chance reaches in these differences: the widest interval of two losses in one setting, in a sentence.

    Args:
        evidence: the :class:`nlr.book.questions.Evidence` of the records.
        found: what :func:`all_choices` returns of it.
    """
    said = []
    for (mark, figure), of_column in found.items():
        settings = tuple(shortfalls(of_column))
        cells = [
            cell
            for pair in combinations(CANDIDATES, 2)
            for cell in evidence.differences(mark, ("last", pair, settings)).values()
        ]
        ends = [(c.best_low, c.best_high) if figure == "best" else (c.low, c.high) for c in cells]
        if ends:
            said.append(f"± {max((high - low) / 2 for low, high in ends):.1f} ({head(mark, figure)})")
    if not said:
        return ""
    text = "The 95 % interval of a difference of two losses in one of these settings reaches up to "
    return f"{text}{wording.listed(said)} points."


def in_short(least, found):
    """Which loss to take without a guess of the noise, if all evidence on CIFAR-10 names the same; and on MNIST.

    Args:
        least: the loss of least regret by kind of evidence and figure.
        found: what :func:`all_choices` returns.
    """
    losses = sorted({loss for (mark, _), loss in least.items() if mark != "full"})
    text = "Not known yet"
    if len(losses) > 1:
        text = f"On images like those of CIFAR-10 it depends on the evidence: {listed(losses).replace(' and ', ' or ')}"
    elif losses:
        text = f"{listed(losses)} on images like those of CIFAR-10, if you cannot guess the noise well"
    if of_mnist := least.get(("full", "last")):
        many = len(shortfalls(found["full", "last"]))
        text += f"; on MNIST {called(of_mnist)} ({many} setting{'s' * (many != 1)}, {decay.usual()})"
    return f"{text}."


def default(figure, found, loss):
    """How far the loss of least regret may lie below the best, with the next one beside it."""
    of_losses = worst(found)
    other = min((one for one in of_losses if one != loss), key=lambda one: of_losses[one][0])
    (points, setting), (next_points, next_setting) = of_losses[loss], of_losses[other]
    text = "Stopped at the best epoch, chosen on test images," if figure == "best" else "Trained to the end,"
    if points:
        text += f" {called(loss)} lies at most {points:.1f} points below the highest mean of {len(CANDIDATES)} losses "
        text += f"({frames.short_name(setting)}), {called(other)}"
    else:
        text += f" {called(loss)} has the highest mean of {len(CANDIDATES)} losses; {called(other)} lies"
    text += f" at most {next_points:.1f} below it ({frames.short_name(next_setting)})"
    return f"{text}. This is over the settings where all have seeds enough: {frames.short_names(shortfalls(found))}."


def exceptions(found, loss):
    """What clearly beats the loss of least regret under symmetric noise, and where; empty where nothing does."""
    beaten = {}
    for setting in SYMMETRIC:
        if by := found[setting].beaten_by.get(loss):
            beaten.setdefault(tuple(by), []).append(setting)
    if not beaten:
        return ""
    *_, last = beaten
    said = [f"by {listed(by)} {where(there, SYMMETRIC, labels=by == last)}" for by, there in beaten.items()]
    return f"Trained to the end with symmetric noise, {called(loss)} is beaten {wording.listed(said)}."
