"""The batch door: ``python -m nlr --help``."""

import atexit
import codecs
import gc
import json
import os
import shutil
import sys
import textwrap
import time
from collections import Counter
from typing import Annotated

import typer

from nlr.errors import NlrError

try:
    gc.set_threshold(50_000)  # with Python's 700 the imports of torch and pandas take longer
    from nlr import arguments, data, files, losses, paths
    from nlr.evidence import agreement, progress
    from nlr.study import bundle, checkpoints, estimates, execute, protocols, provenance, records, runs, studies
except NlrError as error:  # the system is not supported
    sys.exit(f"nlr: {error}")

STATUSES = (
    "Exit status: 0 where all went well; 1 where something is refused, failed, damaged or missing, as the last line on "
    "stderr says; 2 where the command line itself cannot be read; 130 after an interrupt; 141 where the reader of the "
    "output went away."
)
NARROW = 10  # a head of so many characters is not broken
READER_LEFT = 141  # what the shell says of a program that SIGPIPE ends
PLAIN = str.maketrans({"–": "-", "−": "-", "±": "+-", "×": "x", "…": "..."})

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__, epilog=STATUSES
)


def path_given(param: typer.CallbackParam, value: str | None):
    """A path of the command line, checked; ``~`` is one's home also where the shell leaves it: ``--store=~/mine``."""
    return None if value is None else arguments.path(value, param.opts[0])


PATH = {"callback": path_given, "metavar": "<path>"}
Seed = typer.Option(callback=arguments.seed, metavar="<integer>", help="Decides noise, initial weights and data order.")
DataRoot = Annotated[
    str | None, typer.Option(help="Folder with the data sets; else the environment variable NLR_DATA.", **PATH)
]
Device = Annotated[str, typer.Option(help=f"One of {', '.join(provenance.DEVICES)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def show(frame, title):
    """Print a data frame: columns two blanks apart, as many as the terminal is wide, the others below.

    No cell is broken or cut off. Heads are broken between words, and the first column stands before every block.
    """
    say(title, bold=True)
    most, columns = shutil.get_terminal_size().columns, [laid_out(frame[name]) for name in frame]
    while len(columns) > 1:
        block, others = columns[:2], columns[2:]
        while others and sum(len(column[-1]) + 2 for column in [*block, others[0]]) - 2 <= most:
            block.append(others.pop(0))
        lines = max(map(len, block))
        for line in zip(*([" " * len(column[-1])] * (lines - len(column)) + column for column in block), strict=True):
            say("  ".join(line).rstrip())
        say()
        columns = [columns[0], *others]


def laid_out(series):
    """The lines of a column, all of its width: those of its head, then its cells; numbers stand on the right."""
    cells = ["" if value is None else str(value) for value in series]
    room = max(NARROW, *map(len, cells))
    head = textwrap.wrap(str(series.name), room, break_long_words=False, break_on_hyphens=False)
    width = max(map(len, cells + head))
    on_the_left = series.dtype.kind in "OUT"
    return [
        *(line.ljust(width) for line in head),
        *(cell.ljust(width) if on_the_left else cell.rjust(width) for cell in cells),
    ]


def say(text="", **style):
    """Print a line as it is, however long; with style where it goes to a terminal."""
    try:
        print(typer.style(text, **style) if style and sys.stdout.isatty() else text)
    except OSError as error:
        leave(error)


def leave(error):
    """End where the output cannot be written, quietly where nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is still to be flushed
    if isinstance(error, BrokenPipeError):
        sys.exit(READER_LEFT)
    print(f"nlr: the output cannot be written: {error}.", file=sys.stderr)
    sys.exit(1)


def plainly(error):
    """Characters that an encoding lacks, in ASCII; bytes of a file's name that are no text stay as they are."""
    found = error.object[error.start : error.end].translate(PLAIN)
    kept = (c if c.isascii() or "\udc80" <= c <= "\udcff" else "?" for c in found)
    return "".join(kept).encode("ascii", "surrogateescape"), error.end


@app.command("losses")
def list_losses():
    """List the losses: kind, bounds, sum over labels."""
    import pandas as pd

    rows = [
        {
            "loss": card.name,
            "kind": card.kind,
            "from": f"{card.lower:.4g}",
            "to": f"{card.upper:.4g}",
            "sum over labels": "not constant" if card.constant_sum is None else f"{card.constant_sum:.4g}",
        }
        for card in losses.cards()
    ]
    show(pd.DataFrame(rows), "Losses at 10 classes, default parameters")
    say("Also a+b for any two of them, norm(a) for any that is not negative, and parameters: nce+mae,beta=1.5")


@app.command()
def run(
    protocol: Annotated[str, typer.Argument(help=f"One of {', '.join(protocols.names())}, or of the same parts.")],
    loss: Annotated[str, typer.Argument(help="A loss, nce+mae or nce+mae,beta=1.5; see: losses.")],
    setting: Annotated[str, typer.Argument(help="clean, symmetric-0.4, asymmetric-0.4, human-worse or matrix-worse.")],
    seed: Annotated[str, Seed] = "0",
    store: Annotated[str, typer.Option(help="Folder of records of your own.", **PATH)] = "mine",
    data_root: DataRoot = None,
    device: Device = "auto",
):
    """Train one run and write its record, unless the store has it."""
    device = provenance.pick_device(device)
    loaded = protocols.load(protocol)
    family = loaded["data"]["dataset"]
    runs.configure(loaded, loss, setting, seed, family)  # what is misspelt is said before data are loaded
    dataset = data.load(family, data_root)
    config = runs.configure(loaded, loss, setting, seed, dataset.name)
    execute.train_missing([(config, "own run")], store, data_root, device, dataset=dataset)
    final = records.find(store, config)["final"]
    say(
        f"{runs.describe(config)}: last epoch {100 * final['last_accuracy']:.1f} %, best on test "
        f"{100 * final['best_accuracy']:.1f} % (epoch {final['best_epoch']})\n{records.path_of(store, config)}"
    )


@app.command()
def study(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(studies.names())}.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes side by side; else one a core on a CPU, one on a GPU.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Folder of records of your own; else the study's.", **PATH)] = None,
    budget: Annotated[str | None, typer.Option(help="Time after which to end cleanly: 9m, 1h30m, 540s.")] = None,
    span: Annotated[
        str | None, typer.Option("--runs", metavar="<first>-<last>", help="Only these of its runs: 1-8, in its order.")
    ] = None,
    data_root: DataRoot = None,
    device: Device = "auto",
):
    """Train the missing runs of a study, in its order of priority; stop it at any time and start it again.

    Several such commands, also on several machines that share the store, divide the runs among themselves.
    """
    begin = time.monotonic()
    deadline = begin + estimates.parse_duration(budget) if budget is not None else None
    chosen = studies.load(name)
    chosen_runs = list(chosen.runs())
    if span is not None:
        chosen_runs = chosen_runs[arguments.span(span, "--runs", len(chosen_runs))]
    device = provenance.pick_device(device)
    names = {}  # for each data set that the study names, the one that there is
    for config, _ in chosen_runs:
        if config["dataset"] not in names:
            dataset = data.load(config["data"]["dataset"], data_root, config["dataset"])
            names[config["dataset"]] = dataset.name
    wanted = [
        (config | {"dataset": names[config["dataset"]]}, "own run" if store else purpose)
        for config, purpose in chosen_runs
    ]
    target = store or chosen.store
    paces = estimates.Paces(device.split(":")[0], *{target, *studies.STORES.values()})
    options = {"deadline": deadline, "paces": paces}
    done = execute.train_missing(wanted, target, data_root, device, workers, dataset, **options)
    missing = [config for config, _ in wanted if not records.path_of(target, config).exists()]
    say(f"{done} runs trained, {len(wanted) - len(missing)} of {len(wanted)} records in {target}")
    if missing:
        aside = sum(checkpoints.path_of(target, config).exists() for config in missing)
        rest = f"{len(missing)} runs are missing, {aside} of them at a checkpoint; the same command goes on."
        epochs = Counter()
        for config in missing:
            epochs[config["protocol"]] += config["training"]["epochs"]
        seconds, source = paces.left(epochs)
        if seconds is not None:
            rest += f" One worker needs at most about {estimates.in_words(seconds)} for them, {source}."
        say(rest)


@app.command()
def status(
    data_root: Annotated[str | None, typer.Option(help="Check the data sets in this folder too.", **PATH)] = None,
    cells: Annotated[bool, typer.Option("--cells", help="Also show every study's runs, by loss and setting.")] = False,
    as_json: AsJson = False,
):
    """Say what is damaged, and how many runs of each study exist, are running or missing, and for how long."""
    if data_root is not None:
        data_root = paths.data_root(data_root)
    table, damaged = progress.status()
    times = progress.study_times(table, provenance.pick_device().split(":")[0])
    if data_root is not None:
        damaged += progress.data_damage(data_root)
    if as_json:
        found = table.to_dict("records")
        say(json.dumps({"studies": times, "cells": found, "damaged": damaged}, indent=1))
    else:
        tell_damage(damaged)
        show_studies(times)
        for row in times if cells else []:
            show(progress.status_table(table, row["study"]), f"{row['study']}: {row['have']} of {row['wanted']} runs")
            if row["seconds_left"]:
                say(f"about {estimates.in_words(row['seconds_left'])} for the rest, {row['based_on']}\n")
    refuse_damage(damaged)


def show_studies(times):
    """The studies that lack runs as a table, the others in a sentence."""
    import pandas as pd

    unfinished = [row for row in times if row["have"] < row["wanted"]]
    rows = [
        {
            "study": row["study"],
            "runs": f"{row['have']} of {row['wanted']}",
            "running": row["running"],
            "at a checkpoint": row["set_aside"],
            "one worker needs": estimates.in_words(row["seconds_left"]) if row["seconds_left"] else "not timed yet",
        }
        for row in unfinished
    ]
    if rows:
        show(pd.DataFrame(rows), "Studies that lack runs")
    complete = [f"{row['study']} ({row['have']})" for row in times if row not in unfinished]
    if complete:
        text, most = f"Complete, with so many runs: {', '.join(complete)}", shutil.get_terminal_size().columns
        say(textwrap.fill(text, most, break_long_words=False, break_on_hyphens=False))


def tell_damage(damaged):
    """Name what is damaged or missing, before anything else."""
    for message in damaged:
        say(f"damaged: {message}", fg="red")
    if damaged:
        say()


def refuse_damage(damaged):
    """End with the exit status of an error where something is damaged or missing; it was named before."""
    if damaged:
        raise NlrError(f"{len(damaged)} damaged or missing, named above.")


@app.command("bundle")
def pack(
    archive: Annotated[str, typer.Argument(help="The zip file to write.", **PATH)],
    store: Annotated[str, typer.Option(help="Folder of records.", **PATH)] = str(studies.STORES["results"]),
    part: Annotated[
        str | None, typer.Option(help="Only this folder of the store: cifar10-jpeg75/ma2020.", **PATH)
    ] = None,
    with_checkpoints: Annotated[bool, typer.Option("--checkpoints", help="Also runs that are not finished.")] = False,
):
    """Pack the finished records of a store into one archive under 16 MiB."""
    packed, damaged = bundle.write(archive, store, part, with_checkpoints)
    tell_damage(damaged)
    say(f"{packed} files packed into {archive}")
    refuse_damage(damaged)


@app.command("import")
def merge(
    archive: Annotated[str, typer.Argument(help="A file that bundle wrote.", **PATH)],
    store: Annotated[str, typer.Option(help="Folder of records.", **PATH)] = str(studies.STORES["results"]),
):
    """Merge a bundle into a store; what the store has already is kept, and where the two differ it is said."""
    result = bundle.merge(archive, store)
    say(f"{len(result.added)} files added to {store}, {len(result.kept)} were there already")
    for path in result.conflicts:
        say(f"conflict: {path} differs from the one in {archive}; yours was kept", fg="red")
    for message in result.refused:
        say(f"refused: {message}", fg="red")
    if result.conflicts or result.refused:
        raise NlrError(f"{len(result.conflicts)} conflicts, {len(result.refused)} files refused; see above.")


@app.command()
def stamp():
    """Write the commit into a file that goes along with a copy of this tree to where there is no git."""
    say(f"{provenance.stamp()} written; copy it along with the tree")


@app.command()
def compare(
    store: Annotated[str, typer.Argument(help="Your folder of records.", **PATH)],
    as_json: AsJson = False,
):
    """Set your records beside ours: difference, our spread over seeds, agreement, differences in data or device."""
    compared, damaged = agreement.compare_stores(store)
    if as_json:
        say(json.dumps({"cells": json.loads(compared.to_json(orient="records")), "damaged": damaged}, indent=1))
    else:
        tell_damage(damaged)
        say("Mean test accuracy after the last epoch, per cent\n")
        for (protocol, setting), part in compared.groupby(["protocol", "setting"], sort=False):
            show(agreement.as_text(part).drop(columns="setting"), f"{protocol}, {setting}")
        for note in dict.fromkeys(compared.note):
            say(f"- {note}")
    refuse_damage(damaged)


@app.command()
def bench(
    device: Device = "auto",
    rounds: Annotated[
        int, typer.Option(min=2, help="How often each contender is asked; more give a better spread.")
    ] = 7,
    seconds: Annotated[float, typer.Option(min=0.5, help="For how long each trains each time.")] = 4.0,
    network: Annotated[str, typer.Option(help="cnn8, of CIFAR-10, or cnn4, of MNIST.")] = "cnn8",
    out: Annotated[str, typer.Option(help="JSON file to write.", **PATH)] = "bench.json",
):
    """Measure the engine against two ordinary scripts; let nothing else run meanwhile."""
    from rich.console import Console

    from nlr.study import benchmark

    with Console().status("starting") as shown:
        measured = benchmark.measure(provenance.pick_device(device), rounds, seconds, shown.update, network)
    files.write_whole(out, (json.dumps(measured, indent=1) + "\n").encode())
    show(benchmark.table(measured), f"{measured['machine']['device']}, {network} at batch {benchmark.BATCH}")
    say(str(out))


def main():
    """Run the command line; bad input ends it with one sentence and exit status 1."""
    codecs.register_error("nlr", plainly)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="nlr")
    try:
        app()
    except NlrError as error:
        print(f"nlr: {error}", file=sys.stderr)
        sys.exit(1)
    except SystemExit as stop:
        if stop.code == 130:  # typer's exit status after an interrupt
            print("nlr: stopped; every finished run has its record, the same command goes on.", file=sys.stderr)
        raise
    finally:
        try:
            sys.stdout.flush()
        except OSError as error:
            leave(error)


def process():
    """The command line as a process of its own, which leaves at once.

    To take down what it has in memory, torch above all, would take as long as many a command.
    """
    try:
        main()
    except SystemExit as stop:  # so typer ends every command
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(stop.code)


if __name__ == "__main__":
    process()
