"""What to do with noisy labels: which loss, which weight, what to expect and what to watch, chosen by what runs say.

The scope of everything here is that of its mark: our scaled-down runs, or the authors' tables. A number in brackets
rests on too few seeds to decide anything; what has no run is missing, with the command that makes it.
"""

from dataclasses import dataclass
from itertools import combinations, permutations

import pandas as pd

from nlr.book import control, decay, marks, verdict_tables
from nlr.book.questions import AUTHORS
from nlr.book.sentences import ASYMMETRIC, SYMMETRIC, called, listed, per_cent, where
from nlr.evidence import claims, contrasts, frames, reproductions, wording
from nlr.evidence.claims import kinds
from nlr.evidence.claims.figures import FIGURES
from nlr.noise import parse_setting
from nlr.study import runs

CANDIDATES = ("ce", "nce", "mae", "nce+mae", "nce+rce", "gce")  # those of the authors' tables that we train most often
WEIGHTS = ("C39", "C68")  # the claims whose losses are NCE with more and more of the passive term
HUMAN, SAME_RATE, SAME_MATRIX = "human-worse", "symmetric-0.4105", "matrix-worse"
GUESSES = (*SYMMETRIC, *ASYMMETRIC, HUMAN)
COLUMNS = (
    ("small", "last"),
    ("small", "best"),
    ("full", "last"),
    ("authors", "last"),
)  # kinds of evidence, and figures
CHOICE, PEOPLE = "C79", ("C80", "C81", "C82", "C83")  # the claims that wait for the runs of this page
MISSING, NOT_MADE = "missing", "These runs are not made yet."
SLOW = 75  # per cent of the right labels fitted at the last epoch, under which a loss is called slow


@dataclass(frozen=True)
class Choice:
    """What one kind of evidence says of the losses in one setting.

    Attributes:
        means: mean accuracy after the last epoch by loss, in per cent.
        counted: the losses with seeds enough to be compared.
        beaten_by: the losses that are clearly more accurate than a loss, where there are such.
    """

    means: dict
    counted: tuple
    beaten_by: dict

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
    few = contrasts.rules(marks.SMALL)["few_seeds"]
    beaten_by = {setting: {} for setting in settings}
    for one, other in permutations(CANDIDATES, 2):
        for setting, cell in evidence.differences(mark, (figure, (one, other), settings)).items():
            if cell.sign > 0:
                beaten_by[setting].setdefault(other, []).append(one)
    out = {}
    for setting in settings:
        found = {loss: have[loss, setting] for loss in CANDIDATES if (loss, setting) in have}
        counted = tuple(loss for loss, (_, n) in found.items() if n >= few)
        out[setting] = Choice({loss: mean for loss, (mean, _) in found.items()}, counted, beaten_by[setting])
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
        | {_head(*column): _take(of_column[setting], column[0]) for column, of_column in found.items()}
        for setting in GUESSES
    )


def _head(mark, figure):
    return marks.name(mark) + ", best epoch" * (figure == "best")


def _take(choice, mark):
    """What to take, with the accuracy of each and of cross-entropy; in brackets where too few seeds are there."""
    if not choice.means:
        return "–" if mark == "authors" else MISSING
    losses = choice.unbeaten or (max(choice.means, key=choice.means.get),)
    bracket = "{}" if choice.unbeaten else "({})"
    said = [f"**{loss}** {choice.means[loss]:.1f}" for loss in losses]
    if "ce" not in losses and "ce" in choice.means:
        said.append(f"ce {choice.means['ce']:.1f}")
    return "<br>".join(map(bracket.format, said))


def shortfall_table(found):
    """A row a loss, a column a kind of evidence: how many points it lies below the best of all at its worst, and where.

    Args:
        found: what :func:`all_choices` returns. Kinds of evidence without seeds enough are left out.
    """
    of_columns = {_head(*column): of for column, of_column in found.items() if (of := worst(of_column))}
    return pd.DataFrame(
        {"loss": loss}
        | {head: f"{of[loss][0]:.1f} ({frames.short_name(of[loss][1])})" for head, of in of_columns.items()}
        for loss in CANDIDATES
        if of_columns
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
            said.append(f"± {max((high - low) / 2 for low, high in ends):.1f} ({_head(mark, figure)})")
    if not said:
        return ""
    text = "The 95 % interval of a difference of two losses in one of these settings reaches up to "
    return f"{text}{wording.listed(said)} points."


# In a minute


def in_a_minute(judged, evidence, found, records, proved=None):
    """Questions with their answers, as :func:`nlr.book.minute.myst` takes them: pairs (question, [(mark, sentence)]).

    Args:
        judged: the judgements of the claim that the control hangs on, :data:`nlr.book.control.CLAIM`, by claim.
        evidence: the :class:`nlr.book.questions.Evidence` of the records.
        found: what :func:`all_choices` returns of it.
        records: the records.
        proved: what mathematics adds, ``{question: [sentence]}``.
    """
    least = {column: loss for column, of_column in found.items() if (loss := least_regret(of_column))}
    losses = [("", _in_short(least, found))]
    losses += [(column[0], _default(column[1], found[column], loss)) for column, loss in least.items()]
    if ("small", "last") in least and (text := _exceptions(found["small", "last"], least["small", "last"])):
        losses.append(("small", text))
    long = " ".join(filter(None, [_of_epochs(evidence), control.of_all(judged)]))
    answers = {
        "Which loss?": losses,
        "Which weight?": _of_choice(records),
        "How long?": [("small", long)] if long else [],
        "What to watch?": [],
    }
    for question, texts in (proved or {}).items():
        answers[question] = [*(("proof", text) for text in texts), *answers[question]]
    return list(answers.items())


def _in_short(least, found):
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


def _default(figure, found, loss):
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


def _exceptions(found, default):
    """What clearly beats the loss of least regret under symmetric noise, and where; empty where nothing does."""
    beaten = {}
    for setting in SYMMETRIC:
        if by := found[setting].beaten_by.get(default):
            beaten.setdefault(tuple(by), []).append(setting)
    if not beaten:
        return ""
    *_, last = beaten
    said = [f"by {listed(by)} {where(there, SYMMETRIC, labels=by == last)}" for by, there in beaten.items()]
    return f"Trained to the end with symmetric noise, {called(default)} is beaten {wording.listed(said)}."


def _of_epochs(evidence):
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


def _of_choice(records):
    """How a weight can be chosen without clean labels, as far as there are runs: pairs (mark, sentence)."""
    table = chosen(records)
    rule = "A weight can be chosen by the accuracy on held-out noisy labels"
    if table.empty:
        return [("small", f"{rule}, in principle: what that costs is not known yet, for its runs are missing.")]
    out = []
    for protocol, part in table.groupby("protocol", sort=False):
        often = f"in {len(part)} comparison{'s' * (len(part) != 1)} of {len(_weights())} weights"
        seeds = wording.seeds(*[part["seed"].nunique()] * 2)
        cost = f"cost up to {part['regret'].max():.1f} points against the best weight ({seeds}, which decides nothing)."
        mark = "small" if frames.is_small(protocol) else "full"
        out.append((mark, f"The same rule, {often}, {cost}" if out else f"{rule}: {often} that {cost}"))
    return out


# The weight


def weight_table(records):
    """Accuracy by the weight of the passive term, which its slope is: a row a loss, a column a setting.

    Args:
        records: the records; those of the scaled-down protocol are taken.
    """
    found = [record for record in records if record["config"]["protocol"] == marks.SMALL]
    needed = [cell for name in WEIGHTS for cell in claims.get(name).cells(marks.SMALL)]
    slopes = {loss: weight(loss) for loss in dict.fromkeys(["nce", "nce+mae", *(loss for loss, _ in needed)])}
    table = frames.frame(found) if found else pd.DataFrame(columns=["loss", "setting", "last"])
    means = table.groupby(["loss", "setting"])["last"].agg(["mean", "size"])
    settings = frames.in_order(setting for _, setting in needed)
    return pd.DataFrame(
        {"loss": f"`{loss}`", "weight": f"{slope:.3g}"}
        | {frames.short_name(setting): _cell(means, (loss, setting)) for setting in settings}
        for loss, slope in sorted(slopes.items(), key=lambda one: one[1])
    )


def weight(loss):
    """The weight of the passive term of a loss, as a multiple of 1 - p_y; 0 where it has none."""
    return frames.passive_slope(runs.resolve(marks.SMALL, loss, "clean", 0, "cifar10")) or 0.0


def _cell(means, cell):
    """A mean; in brackets with few seeds."""
    if cell not in means.index:
        return MISSING
    mean, n = means.loc[cell]
    return f"{mean:.1f}" if n >= contrasts.rules(marks.SMALL)["few_seeds"] else f"({mean:.1f})"


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
        accuracy) and ``held out`` (accuracy on held-out noisy labels), both after the last epoch.
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
        }
        for record in records
        if record["config"]["protocol"] in places
    ]
    table = pd.DataFrame(rows, columns=["protocol", "setting", "seed", "loss", "last", "held out"]).dropna()
    table = table[table["loss"].isin(weights)]
    return table.groupby(["protocol", "setting", "seed"]).filter(lambda part: len(part) == len(weights))


def chosen(records):
    """What the choice on held-out noisy labels costs: a row a protocol, setting and seed that has all weights.

    Args:
        records: the records.

    Returns:
        A data frame with ``protocol``, ``setting``, ``seed``, ``chosen`` and ``best`` (losses), ``accuracy`` of the
        first and ``regret``, in points.
    """
    out = []
    for place, part in weighed(records).groupby(["protocol", "setting", "seed"]):
        part = part.set_index("loss").loc[_weights()]
        one, best = part["held out"].idxmax(), part["last"].idxmax()
        accuracy = part.loc[one, "last"]
        out.append((*place, one, best, accuracy, part.loc[best, "last"] - accuracy))
    return pd.DataFrame(out, columns=["protocol", "setting", "seed", "chosen", "best", "accuracy", "regret"])


def of_rates(records):
    """What a weight that follows the noise could gain: the best weight at each rate, and what one of them costs at the
    other, in sentences; that it is open where runs are missing.

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
        out.append(f"{text} (too few seeds to decide anything).")
    return "\n".join(f"- {text}" for text in out)


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
                said = {"chosen": f"`{row.chosen}`", "best": f"`{row.best}`"}
                rows.append(place | said | {"%": f"({row.accuracy:.1f})", "points lost": f"({row.regret:.1f})"})
            if part.empty:
                lacking = sum(run.setting == setting for run in missing)
                text = f"{MISSING}: {lacking} of {len(_weights())} runs"
                rows.append(place | {"chosen": text, "best": MISSING, "%": MISSING, "points lost": MISSING})
    return pd.DataFrame(rows)


# The budget


def budget_table(evidence):
    """Accuracy at the last epoch and at the best one with more and more training, and the wrong labels memorised.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
    """
    setting, rows = "symmetric-0.4", []
    few = contrasts.rules(marks.SMALL)["few_seeds"]
    for loss in CANDIDATES:
        row = {"loss": loss}
        for protocol in (marks.SMALL, control.name()):
            table = evidence.tables[protocol]
            part = table[(table["loss"] == loss) & (table["setting"] == setting)]
            updates = f"{claims.updates(protocol):,} updates"
            for figure, words in (("last", "last"), ("best", "best"), ("memorised", "memorised")):
                text = f"{part[figure].mean():.1f}" if len(part) else MISSING
                row[f"{updates}, {words}"] = text if len(part) >= few or not len(part) else f"({text})"
        rows.append(row)
    return pd.DataFrame(rows)


# What to watch


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
    rows = []
    for setting in SYMMETRIC:
        for loss in CANDIDATES:
            part = made[(made["setting"] == setting) & (made["loss"] == loss)]
            if len(part):
                mean = part[["agreement", "right", "memorised", "lost"]].mean()
                rows.append(
                    {
                        "noise": frames.short_name(setting),
                        "loss": loss,
                        "fitted": f"{mean['agreement']:.1f}",
                        "right": f"{mean['right']:.1f}",
                        "memorised": f"{mean['memorised']:.1f}",
                        "lost": f"{mean['lost']:.1f}",
                        "never answered": str(part["never"].max()),
                        "seeds": str(len(part)),
                    }
                )
    return pd.DataFrame(rows)


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


# Labels by people


def people_table(evidence):
    """A row a loss: accuracy with human labels, with noise of their rate, and with noise of their matrix.

    Args:
        evidence: a :class:`nlr.book.questions.Evidence`.
    """
    table, claim = evidence.tables[marks.SMALL], claims.get(PEOPLE[1])
    means = table.groupby(["loss", "setting"])["last"].agg(["mean", "size"])
    losses = dict.fromkeys(cell[0] for pair in claim.tests[0]["cells"] for cell in pair)
    heads = {HUMAN: "human labels", SAME_RATE: "any other class, same rate", SAME_MATRIX: "same matrix"}
    return pd.DataFrame(
        {"loss": loss} | {head: _cell(means, (loss, setting)) for setting, head in heads.items()} for loss in losses
    )


def of_people(evidence):
    """The order of the losses with human labels and with the noise laid beside, in sentences; empty without runs."""
    table = evidence.tables[marks.SMALL]
    means = table.groupby(["setting", "loss"])["last"].mean()
    have = {s: means[s] for s in (HUMAN, SAME_RATE, SAME_MATRIX) if s in means.index.get_level_values("setting")}
    if HUMAN not in have or len(have) == 1:
        return ""
    out = []
    for setting, words in ((SAME_RATE, "symmetric noise of their rate"), (SAME_MATRIX, "noise of their matrix")):
        if setting not in have:
            continue
        shared = [loss for loss in have[HUMAN].index if loss in have[setting].index]
        pairs = [(one, other) for k, one in enumerate(shared) for other in shared[k + 1 :]]
        same = sum((have[HUMAN][a] > have[HUMAN][b]) == (have[setting][a] > have[setting][b]) for a, b in pairs)
        differences = [have[HUMAN][loss] - have[setting][loss] for loss in shared]
        ends = " to ".join(dict.fromkeys(wording.signed(f(differences)) for f in (min, max)))
        out.append(
            f"Human labels less {words}: {ends} points of accuracy; {same} of {len(pairs)} pairs of losses are in the "
            "same order."
        )
    return " ".join(out)


def missing(records):
    """The runs that this page waits for, as a Markdown list: how many, and the command that makes them.

    Args:
        records: the records.
    """
    waited = [claims.get(name) for name in (CHOICE, *PEOPLE)]
    lacking = dict.fromkeys(
        run for claim in waited for protocol in claim.protocols for run in claims.missing_runs(claim, protocol, records)
    )
    items = []
    for command in claims.commands(lacking):
        made = [run for run in lacking if command in claims.commands([run])]
        many = f"{len(made)} run{'s' * (len(made) != 1)} missing"
        items.append(f"- {marks.scope(made[0].protocol)}: {many}; `{command}` makes them.")
    return "\n".join(items) or "No run is missing."


def of_claims(judged, names):
    """The verdicts on the claims that this page rests on; full protocols without runs are left out.

    Args:
        judged: the judgements by claim.
        names: the claims.
    """
    full = (marks.FULL, marks.MNIST_FULL)
    found = [one for name in names for one in judged[name] if one.outcome != "not run" or one.scope not in full]
    return f"Verdicts behind this page: {verdict_tables.badges(found)}"
