"""The figures of the five reports as figures of a page: from our runs, from printed numbers, or by code alone."""

import math

import numpy as np
import pandas as pd
import torch
from torch import nn

from nlr import data, losses, models
from nlr.book import reports
from nlr.book.display import Figure
from nlr.book.reports import READINGS, drawings
from nlr.evidence import course_figures, frames, report_code, wording
from nlr.noise import add_noise, parse_setting, transition_matrix
from nlr.study import protocols


def drawn(name):
    """The figures of a report that no run enters, made by code."""
    author = reports.about(name)["author"]
    out = []
    for figure in reports.figures_of(name):
        if figure.form == "drawn":
            draw, arguments, caption, alt = _DRAWINGS[figure.drawing](name)
            head = f"{author}'s {figure.name}" if figure.name.startswith("Figure") else f"In {author}'s report"
            text = f"{head}, “{figure.caption}”, by code: {caption}"
            out.append(Figure(draw, *arguments, name=wording.slug(figure.name), caption=text, alt=alt))
    return out


def results(name, found, scale):
    """The figures of a report that show runs, drawn as the report does.

    In full all of them, a panel without runs saying so, and curves of single losses whose setting has no run in one
    grid of such panels; scaled down and on digits those that have a run.
    """
    mine, out = found[found["scale"] == scale], []
    training, missing = {}, {}
    for figure in reports.figures_of(name):
        cells = mine[mine["loss"].isin(figure.losses) & mine["setting"].isin(figure.settings)]
        if figure.form == "training":
            training.setdefault(figure.settings[0], []).append((figure, cells))
        elif figure.form in _RESULTS and (scale == "full" or len(cells)):
            out.append(_RESULTS[figure.form](name, figure, cells, scale))
    for setting, members in training.items():
        if any(len(cells) for _, cells in members):
            out += _training(name, setting, members, scale)
        elif scale == "full":
            missing[setting] = [figure for figure, _ in members]
    out += [_training_missing(name, missing)] if missing else []
    return out + _classes(name, mine, scale)


def _caption(name, figure, text, cells, scale):
    author = reports.about(name)["author"]
    return f"{author}'s {figure.name}, “{figure.caption}”: {text} {_scope(cells, scale)}"


def _scope(cells, scale):
    """From which runs a figure is made."""
    if cells.empty:
        return "Our runs are missing."
    datasets = {frames.DATASETS[record["config"]["dataset"]] for record in cells["record"]}
    seeds = reports.span(cells.groupby(["reading", "loss", "setting"]).size())
    plural = "" if seeds == "1" else "s"
    size = {
        "full": "In full",
        "small": "**Scaled down**",
        "digits": "**On digits**, which are no evidence on CIFAR-10",
    }[scale]
    return f"{size}; {wording.listed(sorted(datasets))}; {seeds} seed{plural} a cell."


def _looks(name, losses):
    return {loss: reports.look(name, loss) for loss in losses}


def _title(reading):
    return reading.replace("-", " ")


def _absent(cells, figure):
    """Which losses of a figure lack runs in a reading, in a sentence; empty where none does or there is no run."""
    parts = {}
    for reading in READINGS if len(cells) else ():
        mine = cells[cells["reading"] == reading]
        have = set(zip(mine["loss"], mine["setting"], strict=True))
        lacking = {loss: [s for s in figure.settings if (loss, s) not in have] for loss in figure.losses}
        wholly = [loss for loss, settings in lacking.items() if len(settings) == len(figure.settings)]
        partly = [loss for loss, settings in lacking.items() if settings and loss not in wholly]
        gaps = [wording.listed(wholly)] if wholly else []
        if partly:
            gaps.append(f"{wording.listed(partly)} at other rates")
        if mine.empty or gaps:
            parts[_title(reading)] = "all" if mine.empty else ", and ".join(gaps)
    if len(parts) == len(READINGS) and len(set(parts.values())) == 1:
        return f"Runs are missing in both readings: {next(iter(parts.values()))}."
    return f"Runs are missing of: {'; '.join(f'{reading} {gap}' for reading, gap in parts.items())}." if parts else ""


def _rate(name, figure, cells, scale):
    theirs = reports.printed(name)
    theirs = theirs[theirs["loss"].isin(figure.losses) & theirs["setting"].isin(figure.settings)]
    if scale != "full":
        theirs = theirs.iloc[:0]  # a scale of its own
    panels = {"by its code" if (theirs["by"] == "code").all() else "as printed": theirs} if len(theirs) else {}
    panels |= {_title(reading): cells[cells["reading"] == reading] for reading in READINGS}
    kind, rates = parse_setting(figure.settings[-1])[0], [parse_setting(s)[1] for s in figure.settings]
    text = (
        f"by rate of {kind} noise; our runs: {reports.judged_by(name, 'as-written')}, mean over seeds with their range."
    )
    text += f" {_printed_words(name, theirs)}" if len(theirs) else ""
    return Figure(
        drawings.rates,
        panels,
        _looks(name, figure.losses),
        rates,
        f"{kind} noise rate",
        "accuracy (%)",
        name=wording.slug(figure.name) + reports.SCALES[scale],
        caption=_caption(name, figure, f"{text} {_absent(cells, figure)}", cells, scale),
        alt=f"Lines of accuracy against the noise rate, a panel each. {_rates_alt(panels)}",
    )


def _printed_words(name, theirs):
    """What the figures that a report prints are, or those of its code."""
    known = report_code.code(name)
    of_code = known.get("has", {}).get("report.selection", {}).get("says")
    if (theirs["by"] == "code").all():
        (path,) = set(theirs["where"])
        file = report_code.place(name, path)
        return f"By its code: single readings that {file} of `{known['repository']}` prints; {of_code}."
    where = list(dict.fromkeys(theirs["where"]))
    numbers = [place.removeprefix("Table ") for place in where if place.startswith("Table ")]
    tables = f"Table{'s' * (len(numbers) > 1)} {wording.listed(numbers)}"
    tables = " and ".join([*(f"the {place}" for place in where if not place.startswith("Table ")), tables])
    (origin,) = protocols.load(reports.protocol_of(name, "as-written"))["origin"]["report"]["selection"]
    rule = f"; by its code {of_code}" if of_code else "; how its epoch was chosen is not stated"
    rule = "" if origin == "stated" else rule
    return f"As printed: single readings, as in {tables}{rule}."


def _rates_alt(panels):
    parts = []
    for title, table in panels.items():
        if table.empty:
            parts.append(f"{title}: missing")
            continue
        means = table.groupby(["loss", "rate"], sort=False)["value"].mean()
        lines = []
        for loss, of_loss in means.groupby("loss", sort=False):
            of_loss = of_loss.droplevel("loss").sort_index()
            ends = dict.fromkeys((of_loss.index[0], of_loss.index[-1]))
            lines.append(f"{loss} " + ", ".join(f"{of_loss[rate]:.1f} at {rate:g}" for rate in ends))
        parts.append(f"{title}: {'; '.join(lines)}")
    return ". ".join(parts) + "."


def _epoch(name, figure, cells, scale):
    """Krishnan's curves: his code draws the accuracy on the noisy labels that it trains on, and so do we."""
    keys = {"accuracy_noisy": "accuracy on training labels (%)"}
    text = "accuracy on the noisy training labels, which the code of the report draws under this name"
    return _by_epoch(name, figure, cells, scale, keys, text)


def _validation(name, figure, cells, scale):
    keys = {"validation_loss_{rule}": "validation loss", "validation_accuracy_{rule}": "validation accuracy (%)"}
    return _by_epoch(name, figure, cells, scale, keys, "loss and accuracy on the held-out labels, noisy as trained on")


def _by_epoch(name, figure, cells, scale, keys, text):
    series = reports.curves(cells, list(keys), name)
    for key, label in keys.items():
        series[key] *= 100 if label.endswith("(%)") else 1
    panels = {_title(reading): series[series["reading"] == reading] for reading in READINGS}
    last = list(keys)[-1]
    ends = [
        f"{title}: "
        + (
            "; ".join(
                f"{loss} {part.loc[part['epoch'] == part['epoch'].max(), last].mean():.1f}"
                for loss, part in table.groupby("loss", sort=False)
            )
            or "missing"
        )
        for title, table in panels.items()
    ]
    return Figure(
        drawings.epochs,
        panels,
        keys,
        _looks(name, figure.losses),
        name=wording.slug(figure.name) + reports.SCALES[scale],
        caption=_caption(
            name, figure, f"{text}, by epoch, mean over seeds with their range. {_absent(cells, figure)}", cells, scale
        ),
        alt=f"Lines by epoch, a column a reading. {keys[last]} in the last epoch: {'. '.join(ends)}.",
    )


_RESULTS = {"rate": _rate, "epoch": _epoch, "validation": _validation}

_TRAINING = {
    "accuracy": ({"training labels": "accuracy_noisy", "clean test labels": "test_accuracy"}, "accuracy (%)"),
    "loss": ({"training labels": "loss", "clean test labels": "test_loss"}, "loss"),
}


def _training(name, setting, members, scale):
    """Accuracy and loss in training, a panel a figure of the report."""
    author = reports.about(name)["author"]
    cells = pd.concat([part for _, part in members])
    first, last = (members[k][0].name.removeprefix("Figure ") for k in (0, -1))
    out = []
    for what, (keys, label) in _TRAINING.items():
        panels = {}
        for figure, part in members:
            series = reports.curves(part, list(keys.values()))
            if what == "accuracy" and len(series):
                series[list(keys.values())] *= 100
            dagger = " †" if figure.caption != figure.losses[0] else ""
            panels[f"{figure.name.removeprefix('Figure ')}: {figure.losses[0]}{dagger}"] = series
        missing = [title for title, table in panels.items() if table.empty]
        ends = []
        for title, table in panels.items():
            ends += [
                f"{title}, {_title(reading)}: "
                + ", ".join(
                    f"{part} {of.loc[of['epoch'] == of['epoch'].max(), key].mean():.2f}" for part, key in keys.items()
                )
                for reading, of in table.groupby("reading", sort=False)
            ]
        where = frames.setting_name(setting)
        text = f"{author}'s Figures {first} to {last}, the {what} in training with {where}, a panel a figure of "
        text += (
            "the report under its number: on the training labels as given, and on clean test labels; mean over seeds. "
        )
        text += "".join(f"† captioned “{f.caption}” in the report. " for f, _ in members if f.caption != f.losses[0])
        text += f"{len(missing)} of {len(panels)} are missing. " if missing else ""
        out.append(
            Figure(
                drawings.training,
                panels,
                keys,
                label,
                name=f"training-{what}-{setting}" + reports.SCALES[scale],
                caption=text + _scope(cells, scale),
                alt=f"Small panels of {what} by epoch, one a loss. In the last epoch: {'; '.join(ends)}.",
            )
        )
    return out


def _training_missing(name, missing):
    """The curves of single losses of settings without any run, as one grid that keeps their places."""
    panels, parts = [], []
    for setting, members in missing.items():
        panels += [f"{f.name.removeprefix('Figure ')}: {f.losses[0]}" for f in members]
        first, last = (members[k].name.removeprefix("Figure ") for k in (0, -1))
        parts.append(f"Figures {first} to {last}, {frames.setting_name(setting)}")
    text = f"{reports.about(name)['author']}'s training curves without any run in full: {'; '.join(parts)}."
    return Figure(
        drawings.missing,
        panels,
        name="training-missing",
        caption=f"{text} Accuracy and loss are drawn here as soon as one has a run.",
        alt=f"{len(panels)} small empty panels, each with the number and loss of its figure and the word missing.",
    )


def _classes(name, mine, scale):
    """Overall and class accuracies by noise rate: as printed, and of each reading that has runs; in full of both."""
    members = [figure for figure in reports.figures_of(name) if figure.form == "classes"]
    if not members:
        return []
    theirs = course_figures.load(name)
    theirs = theirs[theirs["kind"] == "table"]
    theirs = theirs.assign(rate=[parse_setting(s)[1] if s[-1].isdigit() else math.nan for s in theirs["setting"]])
    out, missing = [], []
    for kind in ("symmetric", "asymmetric"):
        figures = [figure for figure in members if figure.settings[0].startswith(f"{kind}-")]
        sources = {"as printed": None} if scale == "full" else {}
        sources |= {r: mine[(mine["reading"] == r) & (mine["kind"] == kind)] for r in READINGS}
        for source, cells in sources.items():
            if cells is not None and cells.empty:
                missing += [f"{figure.losses[0]}\n{kind}\n{_title(source)}" for figure in figures]
                continue
            panels = {}
            for figure in figures:
                (loss,) = figure.losses
                if cells is None:
                    rows = theirs[(theirs["loss"] == loss) & theirs["setting"].isin(figure.settings)]
                    overall = rows.loc[rows["class"].isna(), ["rate", "value"]]
                    parts = rows[rows["class"].notna()].rename(columns={"value": "accuracy"})[
                        ["rate", "class", "accuracy"]
                    ]
                else:
                    rows = cells[(cells["loss"] == loss) & cells["setting"].isin(figure.settings)]
                    first = rows[rows["seed"] == rows.groupby("setting")["seed"].transform("min")]
                    overall, parts = rows[["rate", "value"]], reports.by_class(first)
                panels[loss] = overall, parts
            out.append(_class_figure(name, kind, source, panels, cells, scale))
    if missing and scale == "full":
        out.append(_classes_missing(name, missing))
    return out


def _class_figure(name, kind, source, panels, cells, scale):
    author = reports.about(name)["author"]
    by_class = "by class (right)"
    if cells is None:
        theirs = reports.printed(name)
        judged = "accuracy on noisy test labels"
        origin = _printed_words(name, theirs[theirs["kind"] == kind])
    else:
        origin, judged = _scope(cells, scale), f"{reports.judged_by(name, source)}, mean over seeds"
        if cells["seed"].nunique() > 1:
            by_class += " in the run of the first seed, for a mean of runs that each answer with one class hides it"
    missing = [loss for loss, (overall, _) in panels.items() if overall.empty]
    gaps = f" {wording.listed(missing)} {'are' if len(missing) > 1 else 'is'} missing." if missing else ""
    said = []
    for loss, (overall, parts) in panels.items():
        if len(overall):
            said.append(
                f"{loss} {overall['value'].min():.1f} to {overall['value'].max():.1f} overall, {_highest_class(parts)}"
            )
    return Figure(
        drawings.classes,
        panels,
        name=f"classes-{kind}-{wording.slug(source)}" + reports.SCALES[scale],
        caption=f"{author}'s plots with {kind} noise, {_title(source)}: for each loss the overall accuracy by noise "
        f"rate (left) and {by_class}; {judged}. {origin}{gaps}",
        alt=f"Two panels a loss, in per cent: {'; '.join(said) or 'all missing'}.",
    )


def _highest_class(parts):
    """Which class has the highest accuracy at each rate."""
    best = parts.loc[parts.groupby("rate")["accuracy"].idxmax()].sort_values("rate")
    classes, values = best["class"].astype(int), [f"{value:.0f}" for value in best["accuracy"]]
    if classes.nunique() == 1:
        return f"class {classes.iloc[0]} highest with {wording.listed(dict.fromkeys(values))}"
    return "highest " + ", ".join(
        f"class {k} with {value} at {rate:g}" for k, value, rate in zip(classes, values, best["rate"], strict=True)
    )


def _classes_missing(name, panels):
    return Figure(
        drawings.missing,
        panels,
        len(dict.fromkeys(panel.split("\n")[0] for panel in panels)),  # a column a loss
        name="classes-missing",
        caption=f"{reports.about(name)['author']}'s plots without any run in full, overall and by class; a loss, kind "
        "of noise and reading each.",
        alt=f"{len(panels)} small empty panels, each with its loss, kind of noise and reading and the word missing.",
    )


# Drawings in which no run enters


def _noise_matrix(name, kind, rate):
    spec = protocols.load(reports.protocol_of(name, "as-written"))["noise"]
    return transition_matrix(kind, rate, sampler=spec[kind], class_map=spec["class_map"])


def _rates_of(name, kind):
    own = protocols.load(reports.protocol_of(name, "as-written"))["report"]
    return [rate for known, rate in map(parse_setting, own["settings"]) if known == kind]


def _chosen(name, key):
    """What a value of ours is where the report leaves it open: our choice, or the reference's beside the code's."""
    has = report_code.code(name).get("has", {}).get(key)
    return f"that of `ma2020`; the report's code has {has['says']}" if has else "our choice"


def _symmetric(name):
    rates = _rates_of(name, "symmetric")
    matrices = {f"rate {rate:g}": _noise_matrix(name, "symmetric", rate) for rate in rates}
    kept, moved = (
        [f"{100 * m[0, 0]:.0f}" for m in matrices.values()],
        [f"{100 * m[0, 1]:.1f}" for m in matrices.values()],
    )
    caption = "the transition matrices at the report's rates, in per cent. "
    caption += f"A label stays in {wording.listed(kept)} % of the cases and "
    caption += f"becomes each other class in {wording.listed(moved)} %."
    return drawings.transitions, (matrices, data.CIFAR10_CLASSES), caption, f"Matrices of ten by ten classes: {caption}"


def _patterns(name):
    rate = max(set(_rates_of(name, "symmetric")) & set(_rates_of(name, "asymmetric")))
    matrices = {f"{kind}, rate {rate:g}": _noise_matrix(name, kind, rate) for kind in ("symmetric", "asymmetric")}
    wrong = [f"{100 * (1 - np.trace(m) / len(m)):.0f}" for m in matrices.values()]
    caption = f"the transition matrices of the samplers as written, at rate {rate:g}, in per cent. "
    caption += f"Of all labels {wrong[0]} % are "
    caption += f"wrong under symmetric and {wrong[1]} % under asymmetric noise; "
    caption += f"the class map is {_chosen(name, 'noise.class_map')}."
    return (
        drawings.transitions,
        (matrices, data.CIFAR10_CLASSES),
        caption,
        f"Two matrices of ten by ten classes: {caption}",
    )


_LAYERS = {"Conv2d": "convolution 3 × 3", "BatchNorm2d": "batch norm", "BatchNorm1d": "batch norm", "Linear": "linear"}
_LAYERS |= {"MaxPool2d": "pool", "ReLU": "ReLU"}


def network_rows(protocol):
    """The layers of a protocol's network: pairs (layer with what follows it, its output and number of parameters)."""
    options = dict(protocols.load(protocol)["model"])
    with torch.random.fork_rng(devices=[]):
        model = models.make_model(options.pop("name"), **options).eval()
    rows, values = [], torch.zeros(1, 3, 32, 32)
    with torch.no_grad():
        for module in model:
            values = module(values)
            if isinstance(module, nn.Conv2d | nn.Linear):
                rows.append([[], None, 0])
            if type(module).__name__ in _LAYERS:
                rows[-1][0].append(_LAYERS[type(module).__name__])
                rows[-1][1] = " × ".join(str(n) for n in values.shape[1:])
                rows[-1][2] += models.num_parameters(module)
    shown = [(", ".join(names), f"{shape}; {n:,} parameters") for names, shape, n in rows]
    return [("input", "3 × 32 × 32"), *shown], models.num_parameters(model)


def _network(name):
    rows, total = network_rows(reports.protocol_of(name, "as-written"))
    caption = (
        f"the network that we train in its place, {len(rows) - 1} layers and {total:,} parameters, drawn from the "
    )
    caption += f"model itself. It is {_chosen(name, 'model.name')}."
    return drawings.boxes, (rows,), caption, f"Boxes from top to bottom: {'; '.join(f'{a} {b}' for a, b in rows)}."


def _pipeline(name):
    loaded = protocols.load(reports.protocol_of(name, "as-written"))
    training, spec = loaded["training"], loaded["noise"]
    length = training.get("schedule_epochs", training["epochs"])
    rows = [
        ("load", "CIFAR-10, the standard split"),
        ("make labels wrong", f"symmetric: {spec['symmetric']}; asymmetric: {spec['asymmetric']}"),
        ("augment", f"{loaded['data']['augmentation']}, normalised channels"),
        ("train", f"{loaded['model']['name']}, {training['optimiser']}, batches of {training['batch_size']}"),
        ("schedule", f"{training['schedule']}, {training['epochs']} of {length} epochs"),
        ("evaluate", "clean test labels, after every epoch"),
        ("record", "one file a run, with all its series"),
        ("plot", "tables and figures of this page"),
    ]
    caption = "the steps of our runs as written, with the values of the protocol."
    return drawings.boxes, (rows,), caption, f"Boxes from top to bottom: {'; '.join(f'{a}: {b}' for a, b in rows)}."


def _normaliser(name):
    cross_entropy = np.linspace(0.001, 5, 200)
    p_y = np.exp(-cross_entropy)
    logits = torch.log(torch.tensor(np.column_stack([p_y, *[(1 - p_y) / 9] * 9])))
    spec = protocols.load(reports.protocol_of(name, "as-written"))["report"]["losses"]["NCE"]
    values = losses.make_loss(spec, reduction="none")(logits, torch.zeros(len(p_y), dtype=torch.int64)).numpy()
    top = 2.0
    caption = f"`{spec}` at predictions of rising cross-entropy, and cross-entropy itself (dashed)."
    alt = (
        f"A curve that levels off at {values[-1]:.2f}, beside a straight dashed line that leaves the frame at {top:g}."
    )
    return drawings.normaliser, (cross_entropy, values, top), caption, alt


def _images(name):
    digits = data.load("digits")
    rate = sorted(_rates_of(name, "symmetric"))[1]
    true = digits.labels.numpy()[:30]
    given = add_noise(true, "symmetric", rate, seed=0).labels
    pictures = digits.images[:30, ..., 0].numpy()
    wrong = int((given != true).sum())
    caption = (
        f"{len(true)} of scikit-learn's digits with labels under symmetric noise of rate {rate:g}; {wrong} labels "
    )
    caption += "are wrong (framed, with the true class in brackets). A network is not told which."
    alt = f"Images of handwritten digits in rows of ten, {wrong} of {len(true)} with a wrong label beneath."
    return drawings.images, (pictures, given, true), caption, alt


_DRAWINGS = {
    "images": _images,
    "symmetric": _symmetric,
    "normaliser": _normaliser,
    "network": _network,
    "patterns": _patterns,
    "pipeline": _pipeline,
}
