"""The rooms of the package: imports run one way, each room says what belongs in it, and a door costs what it needs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from nlr import paths

PACKAGE = paths.ROOT / "nlr"
TOP = ""
ORDER = (TOP, "training", "study", "evidence", "book", "theory")  # each imports from itself and from those before it
DOOR = "__main__"  # the command line, which may import everything


def room_of(module):
    """The room of a dotted name below nlr; the modules of the top have none of their own."""
    first = module.split(".")[0]
    return first if first in ORDER else TOP


def imported(source, folder):
    """What a source imports of nlr, also inside functions: ``(line, dotted name below nlr)``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("."):
                yield node.lineno, f"{folder}.{name.strip('.')}"
            elif name.startswith("nlr."):
                yield node.lineno, name.removeprefix("nlr.")


def backwards(package):
    """The imports against the order: ``study/runs.py, line 6: evidence.frames``."""
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        if place.stem == DOOR:
            continue
        room = room_of(place.parts[0]) if len(place.parts) > 1 else TOP
        for line, name in imported(path.read_text(), ".".join(place.parts[:-1])):
            if ORDER.index(room_of(name)) > ORDER.index(room):
                found.append(f"{place.as_posix()}, line {line}: {name}")
    return found


def test_no_import_runs_against_the_order_of_the_rooms():
    assert backwards(PACKAGE) == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("noise.py", "from nlr.study import records\n", "study.records"),
        ("study/runs.py", "import os\n\n\ndef late():\n    from nlr.evidence import frames\n", "evidence.frames"),
        ("evidence/claims/kinds.py", "import nlr.book.words\n", "book.words"),
        ("book/words.py", "from nlr import theory\n", "theory"),
        ("losses/__init__.py", "from nlr.training.engine import Engine\n", "training.engine.Engine"),
    ],
)
def test_an_import_against_the_order_is_found(tmp_path, path, source, name):
    for place, text in {path: source, "theory/risk.py": "from nlr.book import plots\n", "__main__.py": source}.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text)
    (found,) = backwards(tmp_path)
    assert found.startswith(f"{path}, line ")
    assert found.endswith(f": {name}")


def test_every_folder_of_the_package_is_a_room_or_a_package_within_one():
    folders = {path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py")} - {"."}
    assert {folder for folder in folders if "/" not in folder} - {"losses"} == set(ORDER) - {TOP}
    assert all((PACKAGE / folder / "__init__.py").is_file() for folder in folders)


@pytest.mark.parametrize("room", ORDER[1:])
def test_a_room_says_what_belongs_in_it_and_imports_nothing(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
    assert len(ast.get_docstring(tree).splitlines()) >= 3
    assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in tree.body)


def test_the_tests_stand_in_the_rooms_of_what_they_test():
    folders = {path.name for path in Path(__file__).parent.iterdir() if any(path.glob("test_*.py"))}
    assert folders <= set(ORDER) - {TOP}


def test_losses_load_none_of_the_rooms():
    code = "import sys, nlr.losses; print(*(name for name in sys.modules if name.startswith('nlr.')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    assert {room_of(name.removeprefix("nlr.")) for name in done.stdout.split()} == {TOP}


def test_the_one_training_function_keeps_its_door():
    import nlr.training
    from nlr.training import loop

    assert nlr.training.train is loop.train
    with pytest.raises(AttributeError, match="no attribute 'trains'"):
        _ = nlr.training.trains
