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


@pytest.fixture(autouse=True)
def other_files():
    """Folders change from test to test, and with them what a relative path means."""
    imports._imported.cache_clear()


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
