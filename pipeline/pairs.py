"""Make the pairs equal: of each notebook's two halves, the one whose text changed is written into the other.

Changed is what differs from the last text that both halves had in common: that of the last commit in which they were
equal, or else the one that ``.pairs`` beside them remembers from the last time they were made equal here; the times of
files say nothing. If both changed, or a half cannot be read, nothing of the pair is written and the way out is told.
A half that does not exist is made from the other. Outputs are no text; those that Jupyter left are dropped.
"""

import argparse
import contextlib
import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from nlr import files
from nlr.errors import NlrError

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
METADATA = {
    "jupytext": {
        "formats": "ipynb,py:percent",
        "text_representation": {"extension": ".py", "format_name": "percent"},
    },
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
}
# Metadata that tell how a cell was run, and how its output is shown; they go with the outputs.
PASSING = ("ExecuteTime", "autoscroll", "collapsed", "execution", "papermill", "scrolled", "trusted", "vscode")
SPACING = "lines_to_next_cell"  # blank lines in the script; kept, but no text
MARKER = re.compile(r"^(<{7}|\|{7}|>{7})( |$)", re.MULTILINE)  # of git's conflicts; ======= also underlines a heading


@cache
def formats():
    """jupytext and nbformat, imported when a half is read: a build in which none has changed does not wait for them."""
    import jupytext
    import nbformat

    jupytext.header.INSERT_AND_CHECK_VERSION_NUMBER = False  # scripts would differ from machine to machine
    return jupytext, nbformat


def halves(stem):
    """The script and the notebook of a pair."""
    return stem.parent / f"{stem.name}.py", stem.parent / f"{stem.name}.ipynb"


def shown(half):
    """A half as messages name it, which is also how ``KEEP=`` takes it."""
    return half.relative_to(NOTEBOOKS.parent) if half.is_relative_to(NOTEBOOKS.parent) else half


def contents(notebook):
    """What the two halves must share: type, text, metadata (tags among them) and attachments of every cell."""
    return [
        [
            cell.cell_type,
            cell.source.lstrip("\n").rstrip(),
            {
                key: value
                for key, value in sorted(cell.metadata.items())
                if key not in (*PASSING, SPACING) and value != []
            },
            cell.get("attachments", {}),
        ]
        for cell in notebook.cells
    ]


def parse(half, content):
    """The notebook that a half's bytes hold, its cells numbered.

    Raises:
        NlrError: the bytes are empty, half-merged, of an older format or no notebook at all.
    """

    def damaged(what):
        other = next(path for path in halves(half.with_suffix("")) if path != half)
        return NlrError(
            f"{shown(half)} {what}; expected a whole notebook. Mend it or take it back from git, or have it written "
            f"anew from the other half: make notebooks KEEP={shown(other)}"
        )

    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise damaged("is not UTF-8 text") from None
    if not text.strip():
        raise damaged("is empty")
    if MARKER.search(text):
        raise damaged("holds conflict markers of a merge")
    jupytext, nbformat = formats()
    if half.suffix == ".py":
        notebook = jupytext.reads(text, "py:percent")
    else:
        try:
            version = json.loads(text).get("nbformat")
            if version != 4:
                raise damaged(f"is of notebook format {version}, not 4 (which Jupyter writes when it saves it)")
            notebook = nbformat.v4.reads(text)
            notebook.nbformat_minor = 5
            for number, cell in enumerate(notebook.cells):
                cell["id"] = f"cell-{number}"
            nbformat.validate(notebook)
        except NlrError:
            raise
        except (ValueError, AttributeError, TypeError, LookupError, nbformat.ValidationError) as error:
            why, _, _ = str(error).partition("\n")
            raise damaged(f"cannot be read as a notebook ({why})") from None
    if not any(cell.source.strip() for cell in notebook.cells):
        raise damaged("has no cell with text")
    if any(MARKER.search(cell.source) for cell in notebook.cells):
        raise damaged("holds conflict markers of a merge")
    return notebook


def tidy(notebook):
    """This notebook without outputs and with the metadata of our pairs."""
    _, nbformat = formats()
    notebook = nbformat.from_dict(notebook | {"metadata": METADATA})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key not in PASSING}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def render(half, notebook):
    """The bytes of a half that holds this notebook, tidied."""
    jupytext, nbformat = formats()
    notebook = tidy(notebook)
    text = jupytext.writes(notebook, "py:percent") if half.suffix == ".py" else nbformat.writes(notebook) + "\n"
    content = text.encode()
    back, given = contents(parse(half, content)), contents(notebook)
    if back != given:
        number = next((n for n, pair in enumerate(zip(back, given, strict=False)) if pair[0] != pair[1]), 0)
        kind = "attachments" if given[number][3] else "something"
        raise NlrError(
            f"Cell {number + 1} has {kind} that {shown(half)} cannot hold, so nothing was written. Keep pictures as "
            "files, linked from the text; a line of code that begins with '# %%' begins a cell."
        )
    return content


def load(half):
    """Read a half; :func:`parse` says what is refused."""
    try:
        return parse(half, half.read_bytes())
    except OSError as error:
        raise NlrError(f"{shown(half)} cannot be read: {error}.") from None


def fingerprint(text):
    return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()


def committed(script, notebook):
    """The fingerprint of the last commit in which both halves had one text, or None."""

    def git(*arguments):
        return subprocess.run(["git", "-C", script.parent, *arguments], capture_output=True, check=True).stdout

    # No git, no repository and no commit are all no common text.
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        for line in git("log", "--format=%H %P", "--", script.name, notebook.name).decode().splitlines():
            commit, *parents = line.split()
            with contextlib.suppress(NlrError, subprocess.CalledProcessError):
                one, other = (contents(parse(h, git("show", f"{commit}:./{h.name}"))) for h in (script, notebook))
                if one == other:
                    return fingerprint(one)
            if len(parents) > 1:  # each parent may have had a common text of its own
                return None
    return None


def as_they_are(stem):
    """A hash of the bytes of both halves and of what decides on their form; None where one cannot be read."""
    said = hashlib.sha256(Path(__file__).read_bytes() + version("jupytext").encode())
    try:
        for half in halves(stem):
            said.update(hashlib.sha256(half.read_bytes()).digest())
    except OSError:
        return None
    return said.hexdigest()


def remembered(memory):
    """The fingerprint of the text that the halves had when they were last made equal, and what they were then."""
    return [*(memory.read_text().split() if memory.exists() else []), None, None][:2]


def refresh(stem, keep=None):
    """Make the halves of a pair equal and free of outputs.

    Args:
        stem: the path of the pair without its ending.
        keep: the half that wins, whatever changed; the other one is not even read.

    Returns:
        The halves that were written.

    Raises:
        NlrError: both halves changed, or one cannot be read or cannot be written into the other; nothing was written.
    """
    script, notebook = halves(stem)
    memory = stem.parent / ".pairs" / stem.name
    before, equal = remembered(memory)
    if not keep and equal and equal == as_they_are(stem):
        return []
    read = {half: load(half) for half in ([keep] if keep else filter(Path.exists, (script, notebook)))}
    texts = {half: contents(there) for half, there in read.items()}
    chosen = next(iter(read))
    if len(read) == 2 and texts[script] != texts[notebook]:
        for base in (committed(script, notebook), before):
            changed = [half for half, text in texts.items() if fingerprint(text) != base]
            if base and len(changed) == 1:
                (chosen,) = changed
                break
        else:
            raise NlrError(
                f"{shown(script)} and {shown(notebook)} both changed since they were last equal, so neither was "
                f"written. Bring what you want into one of them and keep that one: make notebooks KEEP={shown(script)} "
                f"or KEEP={shown(notebook)}"
            )
    new = {half: render(half, read[chosen]) for half in (script, notebook) if texts.get(half) != texts[chosen]}
    if notebook in read and notebook not in new:  # what Jupyter left: outputs, ids, metadata of the machine
        content = render(notebook, read[notebook])
        if content != notebook.read_bytes():
            new[notebook] = content
    for half, content in new.items():
        files.write_whole(half, content)
    files.write_whole(memory, f"{fingerprint(texts[chosen])}\n{as_they_are(stem)}\n".encode())
    return list(new)


def main(keep=()):
    """Refresh every pair, name what was written and what was refused; return whether nothing was refused."""
    found = sorted(path.relative_to(NOTEBOOKS) for ending in ("py", "ipynb") for path in NOTEBOOKS.rglob(f"*.{ending}"))
    hidden = [path for path in found if any(part.startswith(".") for part in path.parts)]  # an editor's own copies
    stems = {(NOTEBOOKS / path).with_suffix(""): None for path in found if path not in hidden}
    whole = True
    for half in keep:
        if half.resolve() not in {path for stem in stems for path in halves(stem) if path.exists()}:
            print(
                f"KEEP={half} is no half of a pair; expected for instance notebooks/reference/losses.py",
                file=sys.stderr,
            )
            return False
        stems[half.resolve().with_suffix("")] = half.resolve()
    for stem, kept in stems.items():
        try:
            for half in refresh(stem, kept):
                print(f"written: {shown(half)}")
        except NlrError as error:
            print(error, file=sys.stderr)
            whole = False
    return whole


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", type=Path, nargs="+", default=[], help="halves that win, whatever changed")
    raise SystemExit(not main(**vars(parser.parse_args())))
