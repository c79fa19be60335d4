"""The modules of nlr that a script imports, directly or through others: what makes a page out of date.

Read from the source without running it. Imports inside functions count; a module that is named in a string does not.
"""

import ast
from functools import cache
from pathlib import Path

PACKAGE = "nlr"


def code_of(script):
    """The files of the package that a script imports, as sorted paths relative to the working directory."""
    found, waiting = set(), [Path(script)]
    while waiting:
        new = _imported(waiting.pop()) - found
        found |= new
        waiting += new
    return sorted(map(str, found))


@cache
def _imported(path):
    """The files of the package that one file imports itself."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}, line {node.lineno}: a relative import; write {PACKAGE}.module in full.")
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(file for name in names if name.split(".")[0] == PACKAGE for file in _files(name))


def _files(name):
    """The files that importing a dotted name runs: those of its packages, and its own if it is a module."""
    parts = name.split(".")
    stems = [Path(*parts[:length]) for length in range(1, len(parts) + 1)]
    return [path for stem in stems for path in (stem / "__init__.py", stem.with_suffix(".py")) if path.is_file()]
