"""What of nlr a script can run: what makes a page out of date.

Read from the source without running it. Of the modules that a script imports, directly or through others, all runs that
stands outside functions and classes; of these only what a name leads to, from the script or from what else can run. A
module that is named in a string does not count; one that is handed on as a whole does with all that it holds.

Parsing takes longer than all else, so what was parsed is remembered from one build to the next, by the text.
"""

import ast
import atexit
import hashlib
import os
import pickle
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = "nlr"
MEMORY = Path(__file__).resolve().parent.parent / ".snakemake" / "parsed.pickle"
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def code_of(script):
    """The files of the package that a script imports, as sorted paths relative to the working directory."""
    found, waiting = set(), [Path(script)]
    while waiting:
        new = _read(waiting.pop()).files - found
        found |= new
        waiting += new
    return sorted(map(str, found))


@cache
def digest_of(script):
    """A hash of all of the package that a script can run."""
    said = hashlib.sha256()
    for file, name in sorted(_reached(Path(script))):
        said.update(f"{file} {name}\n{_read(Path(file)).text[name]}\n".encode())
    return said.hexdigest()


@dataclass(frozen=True)
class _Module:
    """A file: what it imports, and of each of its parts (definitions by name, all else as "") text and names.

    Attributes:
        files: the files of the package that importing its modules runs.
        bound: what a name is bound to by an import: sets of dotted names.
        text: the source of each part.
        names: for each part the names that it has, each with the attributes behind it: ``("plots", "ranks")``.
    """

    files: frozenset
    bound: dict
    text: dict
    names: dict


@cache
def _read(path):
    source = path.read_bytes()
    known, used = _memory()
    key = hashlib.sha256(_own() + source).hexdigest()
    if key not in known:
        try:
            known[key] = _parse(source.decode())
        except ValueError as error:
            raise ValueError(f"{path}, {error}") from None
    used.add(key)
    dotted, bound, text, names = known[key]
    files = frozenset(file for name in dotted if _ours(name) for file in _files(name))
    return _Module(files, bound, text, names)


def _parse(source):
    """What a file imports, as dotted names, and the other attributes of :class:`_Module`."""
    lines, bound, dotted = source.splitlines(), defaultdict(set), set()
    text, names = defaultdict(str, {"": ""}), defaultdict(set)
    for node in ast.parse(source).body:
        part = node.name if isinstance(node, DEFINITION) else ""
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
        text[part] += "\n".join(lines[first - 1 : node.end_lineno]) + "\n"
        chains, before_attributes = [], set()
        for x in ast.walk(node):
            kind = type(x)
            if kind is ast.Name:
                chains.append(x)
            elif kind is ast.Attribute:
                chains.append(x)
                before_attributes.add(id(x.value))
            elif kind is ast.Import:
                dotted |= {alias.name for alias in x.names}
                for alias in x.names:
                    bound[alias.asname or alias.name.partition(".")[0]].add(alias.name)
            elif kind is ast.ImportFrom:
                if x.level:
                    raise ValueError(f"line {x.lineno}: a relative import; write {PACKAGE}.module in full.")
                dotted |= {f"{x.module}.{alias.name}" for alias in x.names}
                for alias in x.names:
                    bound[alias.asname or alias.name].add(f"{x.module}.{alias.name}")
        names[part] |= {_chain(x) for x in chains if id(x) not in before_attributes}
    ours = {name: of for name, of in bound.items() if any(map(_ours, of))}
    return dotted, ours, dict(text), {part: frozenset(of) for part, of in names.items()}


@cache
def _own():
    """The text of this file: another way to parse makes another memory."""
    return Path(__file__).read_bytes()


@cache
def _memory():
    """What was parsed, by the hash of the text, and which of it this process asks for and leaves to the next."""
    try:
        known = pickle.loads(MEMORY.read_bytes())
    except Exception:  # none yet, or damaged in one of many ways
        known = {}
    before, used = set(known), set()
    atexit.register(_remember, MEMORY, known, before, used)
    return known, used


def _remember(memory, known, before, used):
    if used - before and memory.parent.parent.is_dir():
        memory.parent.mkdir(exist_ok=True)
        begun = memory.with_suffix(f".{os.getpid()}")
        begun.write_bytes(pickle.dumps({key: known[key] for key in used}))
        begun.replace(memory)


def _chain(node):
    """A name with the attributes behind it; of another expression, nothing."""
    behind = []
    while isinstance(node, ast.Attribute):
        behind.append(node.attr)
        node = node.value
    return (node.id, *reversed(behind)) if isinstance(node, ast.Name) else ("",)


def _reached(script):
    """The parts of the package that a script can run, pairs (file, name)."""
    found = set()
    waiting = {(file, "") for file in code_of(script)} | {
        to for name in _read(script).text for to in _after(script, name)
    }
    while waiting:
        found |= waiting
        waiting = {to for file, name in waiting for to in _after(Path(file), name)} - found
    return found


@cache
def _after(path, part):
    """The parts that the names in one part of a file lead to, pairs (file, name)."""
    return frozenset(to for chain in _read(path).names.get(part, ()) for to in _led_to(path, chain))


def _led_to(path, chain):
    """The parts that a name of a file, with the attributes behind it, leads to."""
    name, *rest = chain
    module = _read(path)
    if name and name in module.text:
        yield str(path), name
    for dotted in module.bound.get(name, ()):
        yield from _part(dotted, rest)


def _part(dotted, rest):
    """The parts that a dotted name of the package stands for, with the attributes behind it."""
    if not _ours(dotted):
        return
    parts = (*dotted.split("."), *rest)
    length, file = _module(parts)
    if length == len(parts):  # the module itself is handed on
        yield from ((str(file), name) for name in _read(file).text)
    else:
        yield from _led_to(file, parts[length:])


@cache
def _module(parts):
    """How many parts of a dotted name are those of a module, and its file."""
    for length in range(len(parts), 0, -1):
        stem = Path(*parts[:length])
        for file in (stem.with_suffix(".py"), stem / "__init__.py"):
            if file.is_file():
                return length, file
    raise FileNotFoundError(f"{'.'.join(parts)} is in no module of {PACKAGE}.")


def _ours(dotted):
    return dotted.partition(".")[0] == PACKAGE


def _files(name):
    """The files that importing a dotted name runs: those of its packages, and its own if it is a module."""
    parts = name.split(".")
    stems = [Path(*parts[:length]) for length in range(1, len(parts) + 1)]
    return [path for stem in stems for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()]
