"""What a page is out of date by: its imports, read from the source and beside those that an interpreter makes."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from nlr import paths

sys.path.insert(0, str(paths.ROOT / "pipeline"))
import imports


def forget():
    """Folders change from test to test, and with them what a relative path means."""
    for cached in (imports._read, imports._after, imports._module, imports._memory, imports.digest_of):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def other_files(tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "MEMORY", tmp_path / ".snakemake" / "parsed.pickle")
    forget()
    yield
    forget()


PRINT = "import json, sys; print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'nlr']))"


@pytest.mark.parametrize(
    "script", ["notebooks/theory/lemma-2.py", "notebooks/reports/report.py", "pipeline/landing.py"]
)
def test_all_that_a_script_imports_is_read_off_its_source(script, monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    tree = ast.parse(Path(script).read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    made = subprocess.run([sys.executable, "-c", f"{ast.unparse(tree)}\n{PRINT}"], capture_output=True, check=True)
    loaded = {str(Path(file).relative_to(paths.ROOT)) for file in json.loads(made.stdout)}
    assert loaded <= set(imports.code_of(script))


def test_a_page_does_not_depend_on_what_it_does_not_import(monkeypatch):
    monkeypatch.chdir(paths.ROOT)
    theory = imports.code_of("notebooks/theory/lemma-2.py")
    assert "nlr/book/display.py" in theory
    assert "nlr/evidence/verdicts.py" not in theory
    assert "nlr/evidence/verdicts.py" in imports.code_of("notebooks/verdicts/claims.py")


def test_imports_inside_functions_and_packages_on_the_way_count(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = {
        "page.py": "import json\nfrom nlr.room import chair\n",
        "nlr/__init__.py": "",
        "nlr/room/__init__.py": "import nlr.lamp\n",
        "nlr/room/chair.py": "def sit():\n    from nlr import leg\n",
        "nlr/leg.py": "",
        "nlr/lamp.py": "from nlr.room import chair\n",
        "nlr/other.py": "",
    }
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    assert imports.code_of("page.py") == sorted(set(files) - {"page.py", "nlr/other.py"})


def test_a_relative_import_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("page.py").write_text("\nfrom . import thing\n")
    with pytest.raises(ValueError, match=r"page\.py, line 2: a relative import; write nlr\.module in full"):
        imports.code_of("page.py")


HOUSE = {
    "page.py": "from nlr.room import chair\nfrom nlr import lamp\nchair.sit()\nlamp.ON\n",
    "nlr/__init__.py": "",
    "nlr/room/__init__.py": "from nlr.room.door import knock\n",
    "nlr/room/door.py": "def knock():\n    return 1\n\ndef lock():\n    return 2\n",
    "nlr/room/chair.py": "from nlr.room import knock\nfrom nlr.leg import Leg\n"
    "def sit():\n    return Leg().length()\n\ndef stand():\n    return knock()\n",
    "nlr/leg.py": "LONG = 3\n\nclass Leg:\n    def length(self):\n        return _half()\n"
    "def _half():\n    return LONG / 2\n\ndef bend():\n    return 4\n",
    "nlr/lamp.py": "from nlr import leg\n\ndef _light():\n    return 5\n"
    "def _dark():\n    return 6\n\nON = {1: _light}\n",
}


def digest(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    forget()
    return imports.digest_of("page.py")


@pytest.mark.parametrize(
    ("file", "old", "new", "seen"),
    [
        ("nlr/room/chair.py", "Leg().length()", "Leg().length() + 1", True),  # what the page calls
        ("nlr/leg.py", "LONG / 2", "LONG / 3", True),  # what that calls, through a class
        ("nlr/leg.py", "LONG = 3", "LONG = 4", True),  # what runs when a module is imported
        ("nlr/lamp.py", "return 5", "return 7", True),  # what stands in a table
        ("nlr/lamp.py", "return 6", "return 7", False),
        ("nlr/room/chair.py", "return knock()", "return knock() + 1", False),
        ("nlr/room/door.py", "return 1", "return 8", False),  # only what nobody calls would call it
        ("nlr/leg.py", "return 4", "return 9", False),
    ],
)
def test_a_page_is_out_of_date_by_what_it_can_run(tmp_path, monkeypatch, file, old, new, seen):
    monkeypatch.chdir(tmp_path)
    before = digest(tmp_path, HOUSE)
    assert old in HOUSE[file]
    assert (digest(tmp_path, HOUSE | {file: HOUSE[file].replace(old, new)}) != before) == seen


def test_a_module_that_is_handed_on_counts_with_all_that_it_holds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    house = HOUSE | {"page.py": "from nlr.room import door\nprint(vars(door))\n"}
    before = digest(tmp_path, house)
    changed = house | {"nlr/room/door.py": house["nlr/room/door.py"].replace("return 2", "return 3")}
    assert digest(tmp_path, changed) != before


def test_a_line_of_one_drawing_leaves_the_other_pages_alone(monkeypatch):
    """Of the pages that import the drawings those that draw ranks, and no others."""
    monkeypatch.chdir(paths.ROOT)
    pages = sorted(Path("notebooks").glob("*/*.py"))
    drawing = [page for page in pages if "nlr/book/plots.py" in imports.code_of(page)]
    ranks = [page.stem for page in drawing if ("nlr/book/plots.py", "ranks") in imports._reached(page)]
    assert ranks == ["ranks"]
    assert len(drawing) > 30


@pytest.mark.parametrize("damage", [None, b"", b"cut short"])
def test_a_text_that_was_parsed_before_is_not_parsed_again(tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    before = digest(tmp_path, HOUSE)
    known, used = imports._memory()
    imports._remember(imports.MEMORY, known, set(), used)
    if damage is not None:
        imports.MEMORY.write_bytes(damage)
    parsed, parse = [], imports._parse
    monkeypatch.setattr(imports, "_parse", lambda source: parsed.append(source) or parse(source))
    leg = HOUSE["nlr/leg.py"].replace("LONG = 3", "LONG = 4")
    assert digest(tmp_path, HOUSE) == before
    assert len(parsed) == (0 if damage is None else len(HOUSE))
    parsed.clear()
    assert digest(tmp_path, HOUSE | {"nlr/leg.py": leg}) != before
    assert leg in parsed
