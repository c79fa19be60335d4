"""Sentences and text alternatives, composed from the figures of :mod:`nlr.evidence.frames`."""

import numpy as np
import pandas as pd
from scipy import stats

from nlr.evidence import comparisons, contrasts, frames, wording
from nlr.evidence.wording import listed, seeds
from nlr.noise import MAPS

SHOWN = 0.01  # points: the last decimal that a small difference is given with
LOST = 1  # per cent of a class's test images under which a class is given up


def status(found):
    """What the records are worth: ``one seed each, exploratory``; ``1 to 3 seeds each, 10 of 40 runs exploratory``."""
    n = frames.cells(frames.frame(found))["n"]
    text = f"{seeds(n.min(), n.max())} each"
    if early := frames.exploratory(found):
        text += ", exploratory" if early == len(found) else f", {early} of {len(found)} runs exploratory"
    return text


def summary(found):
    """What the records of one setting say, in a few sentences."""
    counted, _, among = _with_seeds_enough(frames.frame(found))
    table, limit = _on_equal_terms(counted)
    have = frames.cells(table).sort_values("last_mean", ascending=False)
    best, worst = have.iloc[0], have.iloc[-1]
    where = frames.setting_name(best.setting)
    second = have.iloc[min(1, len(have) - 1)]
    text = ""
    behind, lead = (round(best[figure] - second[figure], 1) for figure in ("last_mean", "best_mean"))
    if behind > 0 > lead:  # of differences that are shown as 0.0 no order is told
        text = (
            f"At their best epochs, chosen on the test set, {second.loss} is above {best.loss}, after the last below. "
        )
    text += f"With {where}{among}, after the last epoch{limit}, **{best.loss}** has the highest mean test accuracy, "
    text += _accuracy(best)
    if len(have) > 1:
        text += f", and {worst.loss} the lowest, {_accuracy(worst)}. "
        at_best = f"{abs(lead):.1f} {'behind' if lead > 0 else 'ahead'}" if lead else "level"
        text += f"{second.loss} comes second, {behind:.1f} points behind (at their best epochs {at_best})"
        if have["n"].min() > 1:
            text += f"; the standard deviation over seeds, pooled over the losses, is {_pooled(have):.1f} points"
    text += "."
    if "ce" in set(have["loss"]) and not pd.isna(have["memorised_mean"].iloc[0]):
        ce = have.set_index("loss").loc["ce"]
        text += f" Cross-entropy has memorised {ce.memorised_mean:.1f} % of the wrong labels"
        if best.loss != "ce":
            text += f", {best.loss} {best.memorised_mean:.1f} % (and recovered {best.recovered_mean:.1f} %)"
        text += (
            f"; the best epoch of cross-entropy, chosen on the test set, was {ce.best_mean - ce.last_mean:.1f} "
            "points above its last."
        )
    return text + _unanswered(frames.cells(frames.frame(found))) + _caution(found)


def _unanswered(cells):
    """Which losses of one setting never answer some class, those first that leave out most; empty where none."""
    some = cells[cells["never_answered"] > 0].sort_values(["never_answered", "loss"], ascending=[False, True])
    if some.empty:
        return ""
    said = [f"{number} with {listed(part['loss'])}" for number, part in some.groupby("never_answered", sort=False)]
    return f" After the last epoch some classes are never answered, the most in a run: {'; '.join(said)}."


def _with_seeds_enough(table):
    """The rows of one setting's table without losses of few seeds, where at least two losses have more; else all.

    Returns:
        ``(rows, losses left out, how to say so)``.
    """
    few = contrasts.rules(table["protocol"].iloc[0])["few_seeds"]
    have = table.groupby("loss", sort=False)["seed"].nunique()
    rest = list(have.index[have < few])
    if not rest or len(have) - len(rest) < 2:
        return table, [], ""
    rows = table[~table["loss"].isin(rest)]
    return rows, rest, f", of the losses with {few} seeds or more (all but {listed(rest)})"


def left_out(found):
    """Which losses :func:`leaders` leaves out, and where, in a sentence; empty where none."""
    where = {}
    for setting, of_setting in frames.frame(found).groupby("setting", sort=False):
        for loss in _with_seeds_enough(of_setting)[1]:
            where.setdefault(loss, []).append(setting)
    if not where:
        return ""
    few, alike = contrasts.rules(found[0]["config"]["protocol"])["few_seeds"], {}
    for loss, settings in where.items():
        alike.setdefault(frames.short_names(frames.in_order(settings)), []).append(loss)
    said = "; ".join(f"{listed(losses)} ({settings})" for settings, losses in alike.items())
    return f"Where two losses have {few} seeds or more, those with fewer are not counted: {said}."


def _on_equal_terms(table):
    """The rows of one setting's table whose seed every loss has, and how to say so; all rows where there is none."""
    shared = set.intersection(*table.groupby("loss")["seed"].agg(set))
    if not shared or shared == set(table["seed"]):
        return table, ""
    which = listed(sorted(shared))
    return table[table["seed"].isin(shared)], f" and with seed{'s' * (len(shared) > 1)} {which}, which every loss has"


def _accuracy(cell):
    return f"{frames.spread(cell.last_mean, cell.last_sd)} % (n = {cell.n})"


def _pooled(cells):
    return np.sqrt((cells["last_sd"] ** 2).mean())


def _caution(found):
    """What these records cannot settle, said wherever they are summed up."""
    first, text = found[0]["config"], ""
    if frames.is_small(first["protocol"]):
        epochs = first["training"]["epochs"]
        images = sum(map(sum, found[0]["noise"]["counts"]))
        text += f" These runs are small: {images:,} training images, {epochs} epochs, a narrower network. "
        text += (
            "They are read beside runs of a quarter of the epochs: what a loss gains in between it had not learnt yet."
            if "x4" in first["protocol"].split("-")
            else "They show what memorising does at this size and say little about underfitting."
        )
    if first["dataset"] == "digits":
        text += " Digits are a demonstration of the machinery, not evidence about CIFAR-10."
    fewest, most = frames.frame(found).groupby(["setting", "loss"])["seed"].nunique().agg(["min", "max"])
    if fewest == 1:
        text += " One seed:" if most == 1 else " Where there is one seed,"
        text += " a difference of a few points may be chance."
    return text


def study_summary(study, found):
    """How much of a study's own protocol the records are, and what they cannot settle."""
    own, every = (sum(1 for _ in runs) for runs in (study.own_runs(), study.runs()))
    which = f" of the protocol `{study.protocol}`" if own < every else ""
    return f"{len(found)} of {own} runs{which} have a record.{_caution(found)}"


def leaders(found):
    """The most accurate loss of each setting, over the seeds that every loss has there, and cross-entropy's distance.

    Losses with few seeds are left out where others have more, as :func:`left_out` says.

    Returns:
        A frame with a row a setting: setting, loss, its mean accuracy after the last epoch (last), the most classes
        that a run of it never answers (never_answered), the number of seeds (n), and what it has more than ce after the
        last epoch (difference) and at the best epochs of the two (best), NaN where it is ce or ce has no runs; per cent
        and points, not rounded.
    """
    out = []
    for setting, of_setting in frames.frame(found).groupby("setting", sort=False):
        rows, _ = _on_equal_terms(_with_seeds_enough(of_setting)[0])
        cells = frames.cells(rows)
        best = cells.loc[cells["last_mean"].idxmax()]
        lead = comparisons.differences(rows, [(best.loss, "ce")], settings=[setting]).iloc[0]
        known = best.loss != "ce" and lead.n
        more = (lead.difference, lead.best) if known else (np.nan, np.nan)
        out.append((setting, best.loss, best.last_mean, best.never_answered, best.n, *more))
    return pd.DataFrame(out, columns=["setting", "loss", "last", "never_answered", "n", "difference", "best"])


def leaders_table(rows):
    """The rows of :func:`leaders` as text; a dash where ce itself is the most accurate."""
    more = {
        name: [
            "–" if loss == "ce" else wording.signed(value) for loss, value in zip(rows["loss"], rows[of], strict=True)
        ]
        for name, of in {"more than ce": "difference", "at the best epochs": "best"}.items()
    }
    first = {"setting": rows["setting"].map(frames.short_name), "most accurate": rows["loss"]}
    ends = {"accuracy": rows["last"].map("{:.1f}".format), "classes never answered": rows["never_answered"]}
    return pd.DataFrame(first | ends | more | {"seeds": rows["n"]})


def falls(table, kind):
    """How far accuracy falls from the lowest rate of a kind of noise to the highest, and whether the order stays.

    Of the losses that have runs at both, over the seeds that all of them have where there are such; how many is said.
    """
    chosen = table[table["kind"] == kind]
    rates = sorted(chosen["rate"].unique())
    if len(rates) < 2:
        return f"There are not yet two rates of {kind} noise to compare."
    low, high = rates[0], rates[-1]
    both = set.intersection(*(set(chosen.loc[chosen["rate"] == rate, "loss"]) for rate in (low, high)))
    if len(both) < 2:
        return f"No two losses have runs at both {kind} rates {low:g} and {high:g} yet."
    chosen = chosen[chosen["loss"].isin(both)]
    parts = [_on_equal_terms(chosen[chosen["rate"] == rate])[0] for rate in (low, high)]
    ends, best = (
        pd.concat(parts).pivot_table(index="loss", columns="rate", values=figure, sort=False).dropna()
        for figure in ("last", "best")
    )
    fall = ends[low] - ends[high]
    text = f"From {kind} rate {low:g} to {high:g} ({_shared(parts)}) "
    text += f"{fall.idxmin()} loses least, {fall.min():.1f} points, {fall.idxmax()} most, {fall.max():.1f}"
    text += f"; ce {fall['ce']:.1f}." if "ce" in fall and "ce" not in (fall.idxmin(), fall.idxmax()) else "."
    text += f" The most accurate of {len(ends)} losses is {ends[low].idxmax()} at {low:g} and {ends[high].idxmax()} at "
    text += f"{high:g}; "
    order = stats.spearmanr(ends[low], ends[high]).statistic
    turned = "is much the same" if order > 0.5 else "is turned round" if order < -0.5 else "is another"
    text += f"the order {turned} (Spearman's rank correlation {wording.signed(order, 2)})."
    fall = best[low] - best[high]
    text += f" At the best epochs, chosen on the test set, {fall.idxmin()} loses least, {fall.min():.1f} points, and "
    return text + f"{fall.idxmax()} most, {fall.max():.1f}."


def _shared(parts):
    """How many seeds some tables of runs have, and whether they are those that all their losses share."""
    of_losses = [part.groupby("loss")["seed"].nunique() for part in parts]
    most = max(of.max() for of in of_losses)
    text = seeds(min(of.min() for of in of_losses), most)
    if any(part["seed"].nunique() > of.min() for part, of in zip(parts, of_losses, strict=True)):
        return f"{text} each"
    return f"{text}, {'the one' if most == 1 else 'those'} that all losses share"


def course(ends):
    """What is memorised at the end, and lost from the best epoch to the last, from the noisy rows of frames.cells."""
    memorised = ends.groupby("loss", sort=False)["memorised_mean"].agg(["min", "max"])
    first, last = memorised["max"].idxmin(), memorised["min"].idxmax()
    most, fewest = (_over_settings(memorised.loc[loss]) for loss in (last, first))
    gap = (ends["best_mean"] - ends["last_mean"]).groupby(ends["loss"], sort=False).max()
    text = f"By the last epoch {last} has memorised the most wrong labels, {most}, and {first} the fewest, {fewest}. "
    text += "Going on from the best epoch to the last costs "
    return text + f"{gap.idxmax()} up to {gap.max():.1f} points, {gap.idxmin()} never more than {gap.min():.1f}."


def _over_settings(shares):
    """The least and the most of some shares in per cent, as a part of a sentence."""
    low, high = (f"{end:.0f}" for end in shares)
    return f"{low} % in every setting" if low == high else f"{low} to {high} % by setting"


def clean_cost(cost):
    """What robustness costs on clean labels, from the frame of :func:`nlr.evidence.comparisons.clean_cost`."""
    clean = cost[(cost["setting"] == "clean") & (cost["n"] > 0)]
    if clean.empty:
        return "No loss has a run on clean labels beside one of ce yet, so what robustness costs is not known."
    below, above = clean[clean["difference"] < 0], clean[clean["difference"] > 0]
    text, turned = "", cost[cost["difference"] * cost["best"] < 0]
    if not turned.empty:
        where = turned["setting"].map(frames.short_name).groupby(turned["loss"], sort=False).agg(", ".join)
        text = "At the best epochs, chosen on the test set, these stand on the other side of ce than after the last: "
        text += "; ".join(f"{loss} ({settings})" for loss, settings in where.items()) + ". "
    text += f"On clean labels ({seeds(clean['n'].min(), clean['n'].max())}), of {len(clean)} losses beside ce, "
    text += f"{_farthest(below)} below it, {_farthest(above)} above it."
    if clean["low"].isna().all():
        return text + " No spread over seeds is known yet: small differences may be chance."
    clear = int(((clean["high"] < 0) | (clean["low"] > 0)).sum())
    return text + f" The 95 % interval excludes zero for {clear} of the {len(clean)}."


def _farthest(side):
    """``2 stand``, with the one farthest from ce."""
    if side.empty:
        return "none stands"
    far = side.loc[side["difference"].abs().idxmax()]
    half = "" if pd.isna(far.low) else f" ± {(far.high - far.low) / 2:.1f}"
    several = len(side) > 1
    farthest = f"{far.loss} {'farthest, ' * several}{abs(far.difference):.1f}{half} points"
    return f"{len(side)} stand{'s' * (not several)} ({farthest})"


def damage_by_class(changes, classes):
    """What asymmetric noise does to the classes, and which are lost, from
    :func:`nlr.evidence.comparisons.class_change`."""
    known = changes.dropna(subset=["change"])
    text = "No loss has runs both with this noise and on clean labels yet."
    if not known.empty:
        parts = []
        for mapped in (True, False):
            means = known[known["mapped"] == mapped].groupby("loss", sort=False)["change"].mean()
            low, high = (f"{wording.signed(means[end])} ({end})" for end in (means.idxmin(), means.idxmax()))
            parts.append(f"{low} to {high}")
        text = f"Against clean labels ({seeds(known['n'].min(), known['n'].max())} a loss) "
        text += f"the mean accuracy of the classes whose labels change moves by {parts[0]} points, "
        text += f"that of the others by {parts[1]}."
    lost = changes[changes["noisy"] < LOST]
    if lost.empty:
        return f"{text} No loss gives a class up."
    of_loss = lost.groupby("loss", sort=False)["class"]
    given_up = "; ".join(f"{listed(classes[k] for k in numbers)} ({loss})" for loss, numbers in of_loss)
    return f"{text} Given up, with under {LOST} % of their test images recognised: {given_up}."


def first_by_rank(ranked):
    """Which loss comes first, and whose interval overlaps with its own, from :func:`nlr.evidence.comparisons.ranks`."""
    first, others = ranked.iloc[0], ranked.iloc[1:]
    tied = others.loc[others["low"] <= first.high, "loss"]
    text = f"First by mean rank is **{first.loss}**, {first['rank']:.1f} ({first.low:.1f} to {first.high:.1f}) of "
    text += f"{len(ranked)} losses. "
    if tied.empty:
        return text + "No other interval overlaps."
    several = len(tied) > 1
    return text + f"The interval{'s' * several} of {listed(tied)} overlap{'s' * (not several)} with it."


def choosing(selected):
    """What choosing the best epoch adds and does to the order, from :func:`nlr.evidence.comparisons.selection`."""
    known = selected.dropna(subset=["mean"])
    most, least = known.iloc[0], known.iloc[-1]
    text = f"It adds most to {most.loss}, {most['mean']:.1f} points on average, and least to {least.loss}, "
    text += f"{least['mean']:.1f}. "
    if most["mean"] == least["mean"]:
        text = f"It adds the same to every loss, {most['mean']:.1f} points on average. "
    ranked = selected.dropna(subset=["rank_last", "rank_best"])
    if len(ranked) < 2:
        return text + "The losses share too few runs to be ranked."
    moved = int((stats.rankdata(ranked["rank_last"]) != stats.rankdata(ranked["rank_best"])).sum())
    text += f"{moved or 'None'} of {len(ranked)} losses change{'s' * (moved == 1)} place by it"
    last, best = (_first(ranked, column) for column in ("rank_last", "rank_best"))
    if last == best:
        return f"{text}; first by either is {last}."
    return f"{text}; first by the last epoch is {last}, by the best {best}."


def _first(ranked, column):
    return listed(ranked.loc[ranked[column] == ranked[column].min(), "loss"])


def twins(pairs):
    """What the JPEG compression of test images does, from the frame of :func:`nlr.evidence.comparisons.twins`."""
    differences = pairs["difference"]
    mean, n = differences.mean(), len(pairs)
    text = f"Over {n} run{'s' * (n > 1)} the accuracy on the lossless images "
    if abs(mean) < SHOWN / 2:
        text += f"differs by less than {SHOWN:g} points from that on their JPEG copies ("
    else:
        text += f"is {abs(mean):.2f} points {'higher' if mean > 0 else 'lower'} than that on their JPEG copies ("
    if n > 1 and differences.std() > 0:
        low, high = stats.t.interval(0.95, n - 1, mean, stats.sem(differences))
        text += f"95 % interval over runs {wording.signed(low, 2)} to {wording.signed(high, 2)}; "
    return text + "the runs share the images, so this says nothing about other images)."


def noise_drawn(found, classes):
    """How many labels were changed, overall and where, over the seeds."""
    drawn = frames.noise_counts(found)
    rates = [100 * (1 - np.trace(c) / c.sum()) for c in drawn.values()]
    if max(rates) == 0:
        return "No label is wrong."
    changed = [int(c.sum() - np.trace(c)) for c in drawn.values()]
    total = int(next(iter(drawn.values())).sum())
    by_class = np.mean([100 * (1 - np.diag(c) / c.sum(1)) for c in drawn.values()], axis=0)
    config = found[0]["config"]["noise"]
    text = f"The sampler ({config['sampler']}"
    text += f", class map {config['class_map']}" if config["class_map"] else ""
    text += f") changed {changed[0]:,} of {total:,} training labels"
    text += f" with seed {next(iter(drawn))}" if len(set(changed)) > 1 else ""
    text += f": a realised rate of {np.mean(rates):.1f} % overall"
    if by_class.max() - by_class.min() < 1:
        low, high = f"{by_class.min():.1f}", f"{by_class.max():.1f}"
        return text + f", {low if low == high else f'{low} to {high}'} % in each class."
    hit = [name for name, rate in zip(classes, by_class, strict=True) if rate > 0]
    if len(hit) == len(classes):
        low, high = (f"{by_class[end]:.1f} % of class {classes[end]}" for end in (by_class.argmin(), by_class.argmax()))
        return text + f", from {low} to {high}. Classes are hit unequally, so this is not the noise of Lemma 1."
    low, high = f"{by_class[by_class > 0].min():.1f}", f"{by_class.max():.1f}"
    where = f"{low if low == high else f'{low} to {high}'} %"
    return text + f", {where} in {len(hit)} class{'es' * (len(hit) > 1)} ({listed(hit)}) and none in the others."


def class_map(classes):
    """Which class takes the labels of which under the reference's asymmetric noise."""
    pairs = MAPS["ma2020"]
    text = f"The class map sends {listed(f'{classes[a]} to {classes[b]}' for a, b in pairs.items())}."
    both = [classes[a] for a, b in pairs.items() if pairs.get(b) == a]
    return text + (
        f" {listed(both).capitalize()} exchange labels, so each loses some and gains wrong ones." if both else ""
    )


def noise_alt(found, classes):
    """The transition matrix in words."""
    counts = next(iter(frames.noise_counts(found).values()))
    share = 100 * counts / counts.sum(1, keepdims=True)
    wrong = share - np.diag(np.diag(share))
    text = f"Matrix of {len(classes)} true classes by {len(classes)} labels. "
    text += f"The diagonal runs from {np.diag(share).min():.0f} to {np.diag(share).max():.0f} per cent"
    if wrong.max() < 0.5:
        return text + "; everything else is zero."
    pairs = [f"{classes[i]} to {classes[j]}" for i, j in np.argwhere(wrong > 20)]
    if pairs:
        return text + f"; off it stand {listed(pairs)}, up to {wrong.max():.0f} per cent."
    return text + f"; off it every entry is at most {wrong.max():.0f} per cent."


def curves_alt(found):
    """Where each loss's accuracy curve ends and where its highest point is."""
    cells = frames.cells(frames.frame(found))
    parts = [
        f"{c.loss} ends at {c.last_mean:.1f}{frames.unanswered(c.never_answered)}, highest {c.best_mean:.1f}"
        for c in cells.itertuples()
    ]
    said = "; ".join(parts)
    return f"Lines of clean test accuracy by epoch, in per cent: {said}.{frames.in_brackets(said)}"


def memorised_alt(found):
    """What share of the wrong labels each loss has memorised and recovered at the end."""
    cells = frames.cells(frames.frame(found))
    parts = [f"{c.loss} memorised {c.memorised_mean:.0f}, recovered {c.recovered_mean:.0f}" for c in cells.itertuples()]
    return "Two panels of lines by epoch. At the last epoch, in per cent of the wrong labels: " + "; ".join(parts) + "."


def classes_alt(found, classes):
    """Lowest and highest class of each loss."""
    table = frames.by_class(found).groupby(["loss", "class"], sort=False)["accuracy"].mean()
    parts = []
    for loss, of_loss in table.groupby("loss", sort=False):
        of_loss = of_loss.droplevel("loss")
        low, high = of_loss.idxmin(), of_loss.idxmax()
        parts.append(f"{loss} from {of_loss[low]:.0f} ({classes[low]}) to {of_loss[high]:.0f} ({classes[high]})")
    return "Test accuracy in per cent, a row a loss and a column a class. Lowest to highest: " + "; ".join(parts) + "."


def confusion_alt(found, classes):
    """The largest confusion of each loss."""
    parts = []
    for loss, percent in frames.confusions(found).items():
        wrong = percent - np.diag(np.diag(percent))
        i, j = np.unravel_index(wrong.argmax(), wrong.shape)
        parts.append(f"{loss}: {classes[i]} taken for {classes[j]} in {wrong[i, j]:.0f} per cent")
    return "One matrix a loss, true class by predicted class. Largest confusion of each: " + "; ".join(parts) + "."


def last_and_best_alt(table):
    """Last and best accuracy of each loss in each setting."""
    parts = [
        f"{frames.setting_name(c.setting)}, {c.loss}: last {c.last_mean:.1f}{frames.unanswered(c.never_answered)}, "
        f"best {c.best_mean:.1f}"
        for c in frames.cells(table).itertuples()
    ]
    said = "; ".join(parts)
    return f"Two marks a loss in each setting, in per cent. {said}.{frames.in_brackets(said)}"


def by_rate_alt(table, kind="symmetric", figure="last", what="clean test accuracy"):
    """A figure at the lowest and the highest rate, by loss; accuracy after the last epoch unless another is named."""
    chosen = table[table["kind"].isin(["clean", kind])].dropna(subset=[figure])
    groups = chosen.groupby(["loss", "rate"], sort=False)
    means, never = groups[figure].mean(), groups["never_answered"].max()

    def said(loss, rate):
        return f"{means[loss, rate]:.1f}{frames.unanswered(never[loss, rate] if figure == 'last' else 0)}"

    parts = []
    for loss, of_loss in means.groupby("loss", sort=False):
        rates = of_loss.droplevel("loss").index
        low, high = rates.min(), rates.max()
        parts.append(f"{loss} from {said(loss, low)} at rate {low:g} to {said(loss, high)} at {high:g}")
    said = "; ".join(parts)
    return f"Lines of {what}, in per cent, against the noise rate: {said}.{frames.in_brackets(said)}"


def landing_caption(table, scope):
    """What the landing page's figure shows: which loss is the most accurate at each rate that all of them have."""
    noisy, losses = table[table["kind"] == "symmetric"], table["loss"].nunique()
    firsts = {}
    for rate, of_rate in noisy.groupby("rate"):
        if of_rate["loss"].nunique() == losses:
            cells = frames.cells(_on_equal_terms(of_rate)[0])
            firsts.setdefault(cells.loc[cells["last_mean"].idxmax(), "loss"], []).append(f"{rate:g}")
    text = f"Clean test accuracy after the last epoch, and share of the wrong labels memorised, of {losses} losses "
    text += f"({scope}); bars: one standard deviation over seeds, where there are several."
    said = listed(f"{loss} at {', '.join(rates)}" for loss, rates in firsts.items()) if firsts else ""
    return text + f" The most accurate of them, over the seeds that all of them have, is {said}." * bool(said)


def damage(messages):
    """Whether any record is damaged, and which."""
    if not messages:
        return "Every record that is there could be read, and matches its digest and its place."
    return "These records are damaged or out of place, and are not used:\n\n" + "\n".join(f"- {m}" for m in messages)
