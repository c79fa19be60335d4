"""The data of the interactive explorer, and the table that stands in its place where there is no JavaScript.

The explorer draws what the data say and computes nothing: means and spreads are those of the other pages, colours,
dashes and markers are those of :mod:`nlr.book.plots`.
"""

import json
from collections import Counter

import numpy as np
import pandas as pd
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D

from nlr.book import beside, marks, plots
from nlr.evidence import export, frames, reproductions, verdicts
from nlr.files import write_whole
from nlr.noise import OF_PEOPLE, parse_setting
from nlr.study import protocols

FAMILIES = ("cifar10", "mnist")
USUAL = ("study", "own run", "exploratory")  # purposes whose runs the other pages show together
LATER = {marks.MNIST_RELEASE: beside.LATER}  # protocols beside which other tables of the authors stand than the first
FIRST = 5  # so many losses are chosen before the reader chooses; those with the most runs
FINE = 10  # a round marker has the more corners the larger it is drawn


def content(records):
    """What the explorer can show: places and the looks of their losses.

    A place is what may be drawn together: the runs of one copy of the data, one protocol and one purpose. Runs of a
    study, runs made by hand and exploratory runs are of one purpose, as on the other pages; the last are counted.

    Args:
        records: any; those of other data than CIFAR-10 and MNIST are left out.

    Returns:
        A dict that JSON can hold: ``looks`` by loss, and ``places``, that with the most runs first. The cells of a
        place are those of :func:`nlr.evidence.export.cells`; ``authors`` holds the figures of the authors' draft
        tables, ``[mean, sd, n]`` by setting and loss, where the protocol is not that of a report.
    """
    groups = {}
    for record in records:
        config, purpose = record["config"], record["facts"]["purpose"]
        if config["data"]["dataset"] in FAMILIES:
            key = config["dataset"], config["protocol"], "" if purpose in USUAL else purpose
            groups.setdefault(key, []).append(record)
    by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
    places = [_place(*key, found) for key, found in by_size]
    losses = sorted({loss for place in places for loss in place["losses"]}, key=_rank)
    return {"looks": {loss: _look(loss) for loss in losses}, "places": places}


def _place(dataset, protocol, purpose, found):
    first, loaded = found[0], protocols.load(protocol)
    counts = Counter(record["config"]["loss"]["spec"] for record in found)
    losses = sorted(counts, key=_rank)
    settings = {}
    for name in frames.in_order(frames.setting_of(record["config"]) for record in found):
        kind, rate = parse_setting(name)
        words = frames.setting_name(name)
        names = {"name": words, "short": frames.short_name(name), "noise": words.partition(",")[0]}
        of_people = kind in OF_PEOPLE  # whose rate is a name
        odd = not (of_people or rate is None or round(10 * rate, 6).is_integer())  # a rate taken over from people's
        settings[name] = {"kind": kind, "rate": rate or 0, "of_people": of_people, "odd": odd, **names}
    return {
        "data": dataset,
        "data_name": frames.DATASETS.get(dataset, dataset),
        "family": marks.FAMILIES[first["config"]["data"]["dataset"]],
        "protocol": f"{protocol}, {purpose}" if purpose else protocol,
        "title": loaded["title"],
        "images": int(np.sum(first["noise"]["counts"])),
        "epochs": first["config"]["training"]["epochs"],
        "classes": list(frames.class_names(dataset)),
        "settings": settings,
        "losses": losses,
        "first": sorted(sorted(losses, key=lambda loss: -counts[loss])[:FIRST], key=_rank),
        "cells": export.cells(found),
        "authors": {} if "report" in loaded else _authors(loaded, settings, losses),
        "tables": "authors' later draft tables" if protocol in LATER else "authors' draft tables",
    }


def _authors(protocol, settings, losses):
    """The authors' figures for the cells of a protocol: ``{setting: {loss: [mean, sd, n]}}``."""
    family, name, out = protocol["data"]["dataset"], protocol["name"], {}
    first = {protocols.load(full)["data"]["dataset"]: source for source, full in verdicts.AUTHORS.values()}
    source = LATER.get(name, first.get(family))
    for (loss, setting), figure in reproductions.figures(source, family, name).items() if source else ():
        if loss in losses and setting in settings:
            out.setdefault(setting, {})[loss] = [*export.three_digits([figure.mean, figure.sd]), int(figure.n)]
    return out


def _rank(loss):
    """The place of a loss in a list: that of its look, and behind all that have none of their own."""
    known = list(plots.STYLES)
    return (known.index(loss) if loss in known else len(known)), loss


def _look(loss):
    """Colour (None for that of the text), dashes in widths of the line, and corners of the marker, one unit wide."""
    colour, dashes, marker = plots.look(loss)
    made = MarkerStyle(marker)
    (corners,) = made.get_path().transformed(made.get_transform() + Affine2D().scale(FINE)).to_polygons()
    return {
        "colour": colour,
        "dashes": list(dashes),
        "marker": (corners / [FINE, -FINE] + 0.0).round(2).tolist(),  # downwards, as on a screen; no -0.0
    }


def write(made, path):
    """Write :func:`content` as a script, which a page that is opened from a folder can load, as it cannot load JSON."""
    text = json.dumps(made, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    human = any(setting["of_people"] for place in made["places"] for setting in place["settings"].values())
    note = f"/* {export.HUMAN_LABELS} */\n" if human else ""
    write_whole(path, f"{note}window.explorerData = {text};\n".encode())


def numbers(made):
    """What :func:`table` says, as numbers: a row a place, loss and setting, ours and then the authors'."""
    heads = [
        "clean test accuracy, last epoch, mean (%)",
        "clean test accuracy, last epoch, standard deviation (points)",
    ]
    rows = []
    for place in made["places"]:
        for cell in place["cells"]:
            names = {"data": place["data_name"], "protocol": place["protocol"], "loss": cell["loss"]}
            rows.append(
                names
                | {"setting": cell["setting"], "seeds": cell["n"]}
                | dict(zip(heads, cell["last"], strict=True))
                | {"classes never answered": cell["never"]}
            )
        for setting, figures in place["authors"].items():
            for loss, (*accuracy, n) in figures.items():
                names = {"data": place["family"], "protocol": place["tables"], "loss": loss}
                rows.append(names | {"setting": setting, "seeds": n} | dict(zip(heads, accuracy, strict=True)))
    return pd.DataFrame(rows).drop_duplicates(ignore_index=True).astype({"classes never answered": "Int64"})


def table(made):
    """The accuracies after the last epoch as text: a row a place and loss, and a loss of the authors' tables.

    Behind ours stands in square brackets how many classes are never answered, where there are any; theirs is not known.
    """
    columns = frames.in_order(setting for place in made["places"] for setting in place["settings"])
    rows = []
    for place in made["places"]:
        ours = {loss: {} for loss in place["losses"]}
        for cell in place["cells"]:
            ours[cell["loss"]][cell["setting"]] = _text(*cell["last"]) + frames.unanswered(cell["never"])
        theirs = {}
        for setting, figures in place["authors"].items():
            for loss, (mean, sd, _) in figures.items():
                theirs.setdefault(loss, {})[setting] = _text(mean, sd)
        for loss in place["losses"]:
            for data, who, figures in (
                (place["data_name"], place["protocol"], ours),
                (place["family"], place["tables"], theirs),
            ):
                if loss in figures:
                    row = {"data": data, "protocol": who, "loss": loss}
                    rows.append(row | {frames.short_name(s): figures[loss].get(s, "–") for s in columns})
    return pd.DataFrame(rows)


def _text(mean, sd):
    return frames.spread(*(np.nan if value is None else value for value in (mean, sd)))
