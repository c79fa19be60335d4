"""Which weight of the passive term: what each gives, and what choosing one on held-out noisy labels costs."""

import pandas as pd

from nlr.book import marks, unrounded
from nlr.book.practice import brackets
from nlr.evidence import claims, contrasts, frames, wording
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.study import runs

WEIGHTS = ("C39", "C68")  # the claims whose losses are NCE with more and more of the passive term
CHOICE = "C79"  # the claim that waits for the runs that choose a weight


def weight_table(records):
    """Accuracy by the weight of the passive term, which its slope is: a row a loss, a column a setting.

    Args:
        records: the records; those of the scaled-down protocol are taken.
    """
    table, slopes, settings = _by_weight(records)
    means = table.groupby(["loss", "setting"])["last"].agg(["mean", "size"])
    return pd.DataFrame(
        {"loss": f"`{loss}`", "weight": f"{slope:.3g}"}
        | {frames.short_name(setting): brackets.mean(means, (loss, setting)) for setting in settings}
        for loss, slope in slopes.items()
    )


def weight_numbers(records):
    """The numbers of :func:`weight_table`, of the same records: a row a loss and setting with runs."""
    table, slopes, settings = _by_weight(records)
    shown = table[table["loss"].isin(slopes) & table["setting"].isin(settings)]
    shown = shown.assign(weight=shown["loss"].map(slopes)).sort_values("weight", kind="stable")
    out = unrounded.over_seeds(shown, ["setting", "loss", "weight"], ["last"])
    return out.rename(columns={"weight": "weight of the passive term"})


def _by_weight(records):
    """The runs of the scaled-down protocol, the losses with their weights, which rise, and the settings."""
    needed = [cell for name in WEIGHTS for cell in claims.get(name).cells(marks.SMALL)]
    slopes = {loss: weight(loss) for loss in dict.fromkeys(["nce", "nce+mae", *(loss for loss, _ in needed)])}
    slopes = dict(sorted(slopes.items(), key=lambda one: one[1]))
    return contrasts.runs(records, marks.SMALL), slopes, frames.in_order(setting for _, setting in needed)


def weight(loss):
    """The weight of the passive term of a loss, as a multiple of 1 - p_y; 0 where it has none."""
    return frames.passive_slope(runs.resolve(marks.SMALL, loss, "clean", 0, "cifar10")) or 0.0


def _weights():
    """The losses among which the weight is chosen."""
    (test,) = claims.get(CHOICE).tests
    return test["losses"]


def weighed(records):
    """The runs with a validation split that try a weight, of settings and seeds that have all weights.

    Args:
        records: the records.

    Returns:
        A data frame, a row a run: ``protocol``, ``setting``, ``seed``, ``loss``, and in per cent ``last`` (clean test
        accuracy) and ``held out`` (accuracy on held-out noisy labels), both after the last epoch, and ``never
        answered``, how many classes are not answered then.
    """
    places, weights = claims.get(CHOICE).protocols, _weights()
    rows = [
        {
            "protocol": record["config"]["protocol"],
            "setting": frames.setting_of(record["config"]),
            "seed": record["config"]["seed"],
            "loss": record["config"]["loss"]["spec"],
            "last": FIGURES["last"][0](record),
            "held out": FIGURES[kinds.CHOSEN_BY][0](record),
            "never answered": frames.never_answered(record),
        }
        for record in records
        if record["config"]["protocol"] in places
    ]
    columns = ["protocol", "setting", "seed", "loss", "last", "held out", "never answered"]
    table = pd.DataFrame(rows, columns=columns).dropna()
    table = table[table["loss"].isin(weights)]
    return table.groupby(["protocol", "setting", "seed"]).filter(lambda part: len(part) == len(weights))


def chosen(records):
    """What the choice on held-out noisy labels costs: a row a protocol, setting and seed that has all weights.

    Args:
        records: the records.

    Returns:
        A data frame with ``protocol``, ``setting``, ``seed``, ``chosen`` and ``best`` (losses), ``accuracy`` of the
        first, ``never`` (classes that it does not answer) and ``regret``, in points.
    """
    out = []
    for place, part in weighed(records).groupby(["protocol", "setting", "seed"]):
        part = part.set_index("loss").loc[_weights()]
        one, best = part["held out"].idxmax(), part["last"].idxmax()
        accuracy, never = part.loc[one, ["last", "never answered"]]
        out.append((*place, one, best, accuracy, int(never), part.loc[best, "last"] - accuracy))
    return pd.DataFrame(out, columns=["protocol", "setting", "seed", "chosen", "best", "accuracy", "never", "regret"])


def choice_table(records):
    """:func:`chosen` as text, a row for each protocol and setting of the test, with the runs that are missing."""
    found, claim = chosen(records), claims.get(CHOICE)
    rows = []
    for protocol in reversed(claim.protocols):
        missing = claims.missing_runs(claim, protocol, records)
        for setting in claim.tests[0]["settings"]:
            place = {"runs": marks.scope(protocol), "noise": frames.short_name(setting)}
            part = found[(found["protocol"] == protocol) & (found["setting"] == setting)]
            for row in part.itertuples():
                said = {"chosen": f"{weight(row.chosen):.3g}", "best": f"{weight(row.best):.3g}"}
                rows.append(
                    place
                    | said
                    | {
                        "%": f"({row.accuracy:.1f}{frames.unanswered(row.never)})",
                        "points lost": f"({row.regret:.1f})",
                    }
                )
            if part.empty:
                lacking = sum(run.setting == setting for run in missing)
                text = f"{brackets.MISSING}: {lacking} of {len(_weights())} runs"
                rows.append(
                    place
                    | {"chosen": text, "best": brackets.MISSING, "%": brackets.MISSING, "points lost": brackets.MISSING}
                )
    return pd.DataFrame(rows)


def choice_numbers(records):
    """The numbers of :func:`choice_table`, of the same records: a row a protocol, setting and seed with runs."""
    return unrounded.named(
        chosen(records),
        ["protocol", "setting", "seed", "chosen"],
        best="best",
        accuracy="clean test accuracy of the chosen one, last epoch (%)",
        never=unrounded.MADE["never_answered"],
        regret="lost (points)",
    )


def of_rates(records):
    """What a weight that follows the noise could gain: the best weight at each rate, and what one of them costs at the
    other, in sentences; where the best is the least or the greatest that was tried; what is open, for runs are missing.

    Args:
        records: the records.
    """
    means = weighed(records).groupby(["protocol", "setting", "loss"])["last"].mean()
    settings = claims.get(CHOICE).tests[0]["settings"]
    out = []
    for protocol in reversed(claims.get(CHOICE).protocols):
        if not all((protocol, setting) in means.index.droplevel("loss") for setting in settings):
            out.append(f"{marks.scope(protocol)}: open, for runs are missing.")
            continue
        accuracy = {setting: means[protocol, setting] for setting in settings}
        best = {setting: accuracy[setting].idxmax() for setting in settings}
        if len(set(best.values())) == 1:
            said = f"at both rates is `{best[settings[0]]}`"
        else:
            said = (
                f"is {wording.listed(f'`{best[setting]}` with {frames.short_name(setting)}' for setting in settings)}"
            )
        text = f"{marks.scope(protocol)}: the best {said}"
        costs = [accuracy[s][best[s]] - min(accuracy[s][loss] for loss in best.values()) for s in settings]
        if len(set(best.values())) > 1:
            lost = wording.listed(f"{cost:.1f}" for cost in costs)
            text += f"; with the weight of the other rate {lost} points are lost"
        out.append(f"{text} (too few seeds to decide anything).{_at_the_edge(best)}")
    return "\n".join(f"- {text}" for text in out)


def _at_the_edge(best):
    """Where the best weight is the least or the greatest of those tried, as a sentence behind another; or nothing."""
    least, *_, greatest = sorted(_weights(), key=weight)
    ends = {least: "the least", greatest: "the greatest"}
    where = {}
    for setting, loss in best.items():
        if loss in ends:
            where.setdefault(ends[loss], []).append(setting)
    if not where:
        return ""
    said = wording.listed(
        f"{end} with {wording.listed(map(frames.short_name, settings))}" for end, settings in where.items()
    )
    return f" The best may lie beyond the weights that were tried, of which it is {said}."


def of_choice(records):
    """How a weight can be chosen without clean labels, as far as there are runs: pairs (mark, sentence)."""
    table = chosen(records)
    rule = "A weight can be chosen by the accuracy on held-out noisy labels"
    if table.empty:
        return [("small", f"{rule}, in principle: what that costs is not known yet, for its runs are missing.")]
    out = []
    for protocol, part in table.groupby("protocol", sort=False):
        often = f"in {len(part)} comparison{'s' * (len(part) != 1)} of {len(_weights())} weights"
        seeds = wording.seeds(*[part["seed"].nunique()] * 2)
        points = f"{part['regret'].max():.1f}"
        lost = f"up to {points} points" if float(points) else "nothing"
        cost = f"cost {lost} against the best weight ({seeds}, which decides nothing)."
        mark = "small" if frames.is_small(protocol) else "full"
        out.append((mark, f"The same rule, {often}, {cost}" if out else f"{rule}: {often} that {cost}"))
    return out
