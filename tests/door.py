"""Run the batch door where only its own dependencies can be imported: ``python door.py ARGUMENTS of python -m nlr``.

Everything that is installed and belongs to none of the named distributions or of what they require is refused, as if
it were not there; so is an installed nlr, for the tree in the current folder is meant.
"""

import importlib.abc
import importlib.metadata
import re
import sys

NAMED = ["torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "pillow", "tqdm", "rich"]
NAMED += ["typer"]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def closure():
    """The named distributions and all that they require without extras, as far as it is installed."""
    found, todo = set(), list(NAMED)
    while todo:
        name = normal(todo.pop())
        if name in found:
            continue
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        todo += [re.match(r"[\w.-]+", line)[0] for line in requires if "extra ==" not in line]
    return found


class Refuse(importlib.abc.MetaPathFinder):
    """Comes first and refuses the modules of all other distributions."""

    def __init__(self):
        allowed = closure()
        owners = importlib.metadata.packages_distributions()
        self.refused = {top for top, names in owners.items() if not allowed & set(map(normal, names))} - {"nlr"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    refuse = Refuse()
    sys.meta_path[:] = [
        refuse,
        # an editable installation brings a finder of its own
        *(finder for finder in sys.meta_path if "editable" not in str(finder).lower()),
    ]
    sys.path[0] = "."  # the tree, not the folder of this program
    if sys.argv[1:] == ["refused"]:
        print(*sorted(refuse.refused))
    else:
        from nlr.__main__ import process

        process()
