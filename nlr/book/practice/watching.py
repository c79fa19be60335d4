"""How long to train and what to watch: what training on costs, and the signs that need no clean label."""

from itertools import product

import pandas as pd

from nlr.book import control, marks, unrounded
from nlr.book.practice import brackets
from nlr.book.practice.losses import CANDIDATES
from nlr.book.sentences import SYMMETRIC, called, listed
from nlr.evidence import claims, frames, wording
from nlr.evidence.claims.figures import FIGURES

BUDGET = ("last", "best", "memorised")  # what more training changes
SLOW = 75  # per cent of the right labels fitted at the last epoch, under which a loss is called slow


def of_epochs(evidence):
    """What going on from the best epoch to the last costs under symmetric noise, in a sentence; empty where nothing."""
    table = evidence.tables[marks.SMALL]
    table = table[table["loss"].isin(CANDIDATES) & table["setting"].isin(SYMMETRIC)]
    lost = (table["best"] - table["last"]).groupby([table["loss"], table["setting"]]).mean().groupby("loss").max()
    if not (lost > 0).any():
        return ""
    most, least = lost.idxmax(), lost.idxmin()
    text = (
        f"With symmetric noise {called(most)} loses up to {lost[most]:.1f} points from its best epoch, chosen on test "
    )
    return f"{text}images, to the last{f', {called(least)} no more than {lost[least]:.1f}' * (len(lost) > 1)}."


def budget_table(evidence):
    """Accuracy at the last epoch and at the best one with more and more training, and the wrong labels memorised.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
    """
    rows = []
    for loss in CANDIDATES:
        row = {"loss": loss}
        for updates, table in _by_updates(evidence).items():
            part = table[table["loss"] == loss]
            for figure in BUDGET:
                text = brackets.bracketed(f"{part[figure].mean():.1f}", len(part))
                row[f"{updates:,} updates, {figure}"] = text if len(part) else brackets.MISSING
        rows.append(row)
    return pd.DataFrame(rows)


def budget_numbers(evidence):
    """The numbers of :func:`budget_table`, of the same evidence: a row a number of updates and loss with runs."""
    shown = pd.concat(table.assign(updates=updates) for updates, table in _by_updates(evidence).items())
    return unrounded.over_seeds(shown, ["updates", "loss"], BUDGET)


def _by_updates(evidence):
    """The runs of the six losses at symmetric noise 0.4, ``{updates: frame}``."""
    tables = {claims.updates(protocol): evidence.tables[protocol] for protocol in (marks.SMALL, control.name())}
    return {
        updates: table[table["loss"].isin(CANDIDATES) & (table["setting"] == "symmetric-0.4")]
        for updates, table in tables.items()
    }


def watched(records):
    """What can be seen in training, and what it stands for: a row a run of the scaled-down protocol.

    Args:
        records: the records.

    Returns:
        A data frame with ``loss``, ``setting``, ``seed``; in per cent ``agreement`` (training labels predicted as
        given, last epoch), ``right`` (the share of training labels that are right), ``fitted`` (of the right ones) and
        ``memorised`` (of the wrong ones); ``lost``, points from the best epoch to the last; and ``never``, the classes
        that are never answered on the test set.
    """
    rows = []
    for record in records:
        setting = frames.setting_of(record["config"])
        if record["config"]["protocol"] != marks.SMALL or setting not in SYMMETRIC:
            continue
        rows.append(
            {
                "loss": record["config"]["loss"]["spec"],
                "setting": setting,
                "seed": record["config"]["seed"],
                "agreement": 100 * record["series"]["accuracy_noisy"][-1],
                "right": 100 * (1 - record["noise"]["rate"]),
                "fitted": FIGURES["clean_part"][0](record),
                "memorised": FIGURES["memorised"][0](record),
                "lost": FIGURES["gap"][0](record),
                "never": frames.never_answered(record),
            }
        )
    columns = ["loss", "setting", "seed", "agreement", "right", "fitted", "memorised", "lost", "never"]
    return pd.DataFrame(rows, columns=columns)


def watch_table(made):
    """:func:`watched` as text, a row a loss and setting: means over the seeds, of classes never answered the most."""
    return pd.DataFrame(
        {
            "noise": frames.short_name(row.setting),
            "loss": row.loss,
            "fitted": f"{row.agreement:.1f}",
            "right": f"{row.right:.1f}",
            "memorised": f"{row.memorised:.1f}",
            "lost": f"{row.lost:.1f}",
            "never answered": str(row.never),
            "seeds": str(row.seeds),
        }
        for row in _watched_means(made).itertuples()
    )


def watch_numbers(made):
    """The numbers of :func:`watch_table`, of the same runs."""
    return unrounded.named(
        _watched_means(made),
        ["setting", "loss", "seeds"],
        agreement="training labels predicted as given, mean (%)",
        right="training labels that are right, mean (%)",
        memorised="wrong labels memorised, mean (%)",
        lost="lost from the best epoch, chosen on the test set, to the last, mean (points)",
        never=unrounded.MADE["never_answered"],
    )


def _watched_means(made):
    """A row a setting and loss of the six: the means over the seeds, the most classes never answered, the seeds."""
    groups = made.groupby(["setting", "loss"])
    out = groups[["agreement", "right", "memorised", "lost"]].mean()
    out = out.assign(never=groups["never"].max(), seeds=groups.size())
    return out.loc[[cell for cell in product(SYMMETRIC, CANDIDATES) if cell in out.index]].reset_index()


def of_watching(made):
    """What the runs say of the sign that too much is fitted, in a few sentences; empty without runs."""
    if made.empty:
        return ""
    over, runs = made["agreement"] > made["right"], len(made)
    rates = wording.listed(setting.partition("-")[2] for setting in SYMMETRIC)
    text = f"These are all runs of the protocol `{marks.SMALL}` with symmetric noise of rates {rates}, of "
    text += f"{made['loss'].nunique()} losses, "
    text += f"at the last epoch. In {over.sum()} of {runs} runs more training labels are fitted than are right"
    if over.any():
        ends = " to ".join(dict.fromkeys(f"{end:.0f}" for end in made.loc[over, "memorised"].agg(["min", "max"])))
        lost = made.groupby(over)["lost"].mean()
        text += f"; these have memorised {ends} % of the wrong labels and lost {lost[True]:.1f} points "
        text += "from their best epoch to the last, in the mean"
        text += "" if over.all() else f", the others {lost[False]:.1f}"
    slow = made.loc[~over & (made["fitted"] < SLOW), "loss"]
    if len(slow):
        text += f". Slow losses, which have fitted less than {SLOW} % of the right labels, make up {len(slow)} of the "
        text += f"others: {listed(dict.fromkeys(slow))}"
    empty = made.loc[made["never"] > 0, "loss"]
    if empty.empty:
        return f"{text}. None of the {runs} runs leaves a class unanswered."
    leave = "leaves" if len(empty) == 1 else "leave"
    return f"{text}. {len(empty)} of the {runs} runs {leave} some class unanswered: {listed(dict.fromkeys(empty))}."


def unanswered(records):
    """How many runs on MNIST leave some digit unanswered at the last epoch, in a sentence; empty without runs."""
    never = [
        frames.never_answered(record)
        for record in records
        if record["config"]["data"]["dataset"] == "mnist" and not record["config"]["data"]["validation"]
    ]
    if not never:
        return ""
    some = sum(number > 0 for number in never)
    return f"Of our {len(never)} runs on MNIST {some} leave some digit unanswered" + (
        f", up to {max(never)} of the ten." if some else "."
    )
