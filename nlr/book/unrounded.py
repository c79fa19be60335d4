"""The numbers of figures and tables, as frames to be saved beside them: not rounded, columns named with their units."""

import numpy as np
import pandas as pd

from nlr.evidence import claims
from nlr.evidence.claims import kinds

NAMES = {  # of the columns that pages aggregate over seeds
    "last": "clean test accuracy, last epoch",
    "best": "clean test accuracy, best epoch chosen on the test set",
    "memorised": "wrong labels memorised",
    "recovered": "wrong labels recovered",
    "test_accuracy": "clean test accuracy",
    "clean_part": "right labels fitted",
}
MADE = {  # of the frames that nlr.evidence makes
    "rate": "noise rate",
    "slope": "slope of the passive part",
    "other": "less loss",
    "kind": "noise",
    "n": "seeds",
    "never_answered": "classes never answered",
    "difference": "difference (points)",
    "low": "95 % interval, low (points)",
    "high": "95 % interval, high (points)",
    "best": "best epochs chosen on the test set, difference (points)",
    "above": "above zero",
    "least": "least (points)",
    "most": "most (points)",
}


def named(frame, columns, **units):
    """Some columns of a frame, in its order, under their plain names.

    Args:
        frame: any.
        columns: those to keep; one that stands in :data:`MADE` gets its name there.
        **units: others to keep, with their names.
    """
    chosen = {*columns, *units}
    return frame[[column for column in frame if column in chosen]].rename(columns=MADE | units)


def over_seeds(table, keys, columns):
    """A row a group of ``keys``: number of seeds, and of each column mean and standard deviation over them.

    Behind the accuracy after the last epoch stands how many classes are never answered, the most in a run; of the best
    epoch a record does not say it.

    Args:
        table: of :func:`nlr.evidence.frames.frame`.
        keys: columns of the table.
        columns: of it, those in :data:`NAMES`.
    """
    groups = table.groupby(list(keys), sort=False, dropna=False)
    out = groups.size().to_frame("seeds")
    for column in columns:
        out[f"{NAMES[column]}, mean (%)"] = groups[column].mean()
        out[f"{NAMES[column]}, standard deviation (points)"] = groups[column].std()
        if column == "last":
            out["never_answered"] = groups["never_answered"].max()
    return out.reset_index().rename(columns=MADE)


def by_epoch(series, keys, columns, share=1):
    """A row a group of ``keys`` and epoch: number of seeds, and of each column mean, least and most over them.

    Args:
        series: a row a run and epoch.
        keys: columns of the frame, beside the epoch.
        columns: of it, those in :data:`NAMES`.
        share: 100 where they are shares, 1 where they are in per cent.
    """
    groups = series.groupby([*keys, "epoch"], sort=False)
    out = groups.size().to_frame("seeds")
    for column in columns:
        for what, name in (("mean", "mean"), ("min", "least"), ("max", "most")):
            out[f"{NAMES[column]}, {name} (%)"] = share * groups[column].agg(what)
    return out.reset_index()


def matrix(percent, rows, columns, names):
    """A row a cell of a matrix in per cent; ``names`` are those of its row, its column and its value."""
    frame = pd.DataFrame(percent, index=pd.Index(rows, name=names[0]), columns=pd.Index(columns, name=names[1]))
    return frame.stack().rename(names[2]).reset_index()


def compared(found):
    """The frame of :func:`nlr.evidence.yardstick.compare`."""
    return named(
        found,
        ["setting", "loss", "n", "never_answered"],
        ours="ours, mean (%)",
        sd="ours, standard deviation (points)",
        theirs="theirs, mean (%)",
        theirs_sd="theirs, standard deviation (points)",
        theirs_n="their seeds",
        difference="ours less theirs (points)",
        low=MADE["low"],
        high=MADE["high"],
        margin="margin (points)",
        p="p, adjusted",
        verdict="verdict",
    )


def ways(found):
    """The frame of :func:`nlr.evidence.yardstick.ways`."""
    names = {"beta": "weight of the passive loss", "weight_decay": "weight decay", "nesterov": "Nesterov's momentum"}
    names |= {"n": MADE["n"], "never_answered": MADE["never_answered"], "ours": "ours, mean (%)"}
    return found.rename(
        columns=lambda name: names.get(name, name if name in found.columns[:2] else f"{name}, mean (%)")
    )


def order(agreement):
    """The frame of :func:`nlr.evidence.yardstick.agreement`."""
    return named(
        agreement,
        ["setting", "losses"],
        distance="mean absolute difference (points)",
        kendall="Kendall's tau",
        spearman="Spearman's rho",
    )


def agreement(compared):
    """The frame of :func:`nlr.evidence.agreement.compare`."""
    return named(
        compared,
        ["setting", "loss"],
        n_yours="seeds, yours",
        n_ours="seeds, ours",
        yours="yours, mean (%)",
        ours="ours, mean (%)",
        never_answered_yours=f"{MADE['never_answered']}, yours",
        never_answered_ours=f"{MADE['never_answered']}, ours",
        difference=MADE["difference"],
        our_sd="ours, standard deviation (points)",
        tolerance="tolerance (points)",
        agree="agree",
    )


def class_groups(changes):
    """What :func:`nlr.evidence.comparisons.class_groups` says, from the same frame."""
    groups = changes.groupby(["loss", "mapped"], sort=False)
    out = groups.agg(seeds=("n", "first"), noisy=("noisy", "mean"), change=("change", "mean")).reset_index()
    return named(
        out,
        ["loss", "seeds"],
        mapped="classes whose labels change",
        noisy="mean test accuracy (%)",
        change="change from clean labels (points)",
    )


def memorised_less(differences):
    """The frame of :func:`nlr.evidence.matched.against`, at the levels that it has."""
    return named(
        differences,
        ["loss", "setting", "n"],
        level="compared at (%)",
        difference="wrong labels memorised less those by ce, mean (points)",
        least=MADE["least"],
        most=MADE["most"],
    )


def judgements(judged, authors=()):
    """A row a claim and scope: the verdict, and how many comparisons say what.

    Args:
        judged: what :func:`nlr.evidence.verdicts.judge` returns, or a part of it.
        authors: what :func:`nlr.evidence.verdicts.by_authors` returns.
    """
    rows, registry, words = [], claims.load(), ("supports", "contradicts", "open")
    for name, of_claim in judged.items():
        for one in [*of_claim, *dict(authors).get(name, ())]:
            row = {"claim": name, "statement": registry[name].statement, "scope": one.scope, "verdict": one.outcome}
            if one.found is not None:
                said = [row.verdict for part in one.found.evidence for row in part.rows]
                row["without exploratory runs"] = one.found.without_exploratory
                row |= {"comparisons": len(said)} | {word: said.count(word) for word in words}
            rows.append(row)
    return pd.DataFrame(rows).astype(dict.fromkeys(("comparisons", *words), "Int64"))


def comparisons(part):
    """The rows of an :class:`nlr.evidence.claims.Evidence`."""
    unit, what = kinds.measured(part.test)
    return pd.DataFrame(
        {
            "comparison": row.label,
            f"{what} ({unit})": row.effect,
            "interval, low": row.low,
            "interval, high": row.high,
            "level of the interval (%)": 100 * row.level,
            "seeds": row.n,
            "degrees of freedom": row.df,
            f"shows from ({unit})": kinds.shows_from(row),
            "p, adjusted": row.p,
            "says": row.verdict,
        }
        for row in part.rows
    )


def of_seeds(values, what):
    """How many seeds there are, and mean and standard deviation over them, by the names of the columns.

    Args:
        values: a number a seed, in per cent; NaN stands for what none or one of them does not have.
        what: is measured, in words.
    """
    return {
        "seeds": len(values),
        f"{what}, mean (%)": np.mean(values) if len(values) else np.nan,
        f"{what}, standard deviation (points)": np.std(values, ddof=1) if len(values) > 1 else np.nan,
    }
