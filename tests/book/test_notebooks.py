"""The notebooks: pairs equal by content, parameters as literals, papermill's door, and how a page is executed."""

import ast
import importlib
import inspect
import json
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor

import jupytext
import nbformat
import pytest

from nlr import paths
from nlr.book import errata, features
from nlr.evidence import course_figures, published
from nlr.study import experiment, records

sys.path.insert(0, str(paths.ROOT / "pipeline"))
pairs = importlib.import_module("pairs")
serve = importlib.import_module("serve")

STEMS = sorted({path.with_suffix("") for path in paths.NOTEBOOKS.rglob("*") if path.suffix in (".py", ".ipynb")})
STEMS = [stem for stem in STEMS if ".ipynb_checkpoints" not in stem.parts]
PAGES = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
# A template is executed with parameters, by a page of the book or by hand.
TEMPLATES = {paths.NOTEBOOKS / page["notebook"] for page in PAGES.values() if "parameters" in page}


def name_of(stem):
    return str(stem.relative_to(paths.NOTEBOOKS))


def parameters_of(notebook):
    """The literals of the parameters cells: a dict for each."""
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    out = []
    for cell in cells:
        assert cell.cell_type == "code"
        statements = ast.parse(cell.source).body
        assert all(isinstance(s, ast.Assign) and len(s.targets) == 1 for s in statements)
        out.append({s.targets[0].id: ast.literal_eval(s.value) for s in statements})
    return out


# Pairs


def test_there_are_notebooks():
    assert {"experiments/setting", "experiments/comparison", "reference/losses"} <= set(map(name_of, STEMS))


@pytest.mark.parametrize("stem", STEMS, ids=name_of)
def test_the_halves_of_a_pair_are_equal_and_have_no_outputs(stem):
    script, notebook = (jupytext.read(stem.with_suffix(ending)) for ending in (".py", ".ipynb"))
    assert pairs.contents(script) == pairs.contents(notebook)
    raw = json.loads(stem.with_suffix(".ipynb").read_text())
    code = [cell for cell in raw["cells"] if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert raw["metadata"]["jupytext"]["formats"] == "ipynb,py:percent"
    assert raw["metadata"]["kernelspec"]["name"] == "python3"
    nbformat.validate(raw)


@pytest.mark.parametrize("stem", STEMS, ids=name_of)
def test_a_template_has_exactly_one_cell_of_parameters_all_literals(stem):
    found = parameters_of(jupytext.read(stem.with_suffix(".ipynb")))
    assert len(found) == (1 if stem in TEMPLATES else 0)
    assert all(found)


def test_the_settings_template_has_the_parameters_of_the_experiment():
    (found,) = parameters_of(jupytext.read(paths.NOTEBOOKS / "experiments" / "setting.ipynb"))
    assert tuple(found) == experiment.PARAMETERS == tuple(inspect.signature(experiment.open_experiment).parameters)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_gives_its_notebook_parameters_that_it_has(page):
    stem = paths.NOTEBOOKS / PAGES[page]["notebook"]
    assert stem in STEMS
    known = {name for cell in parameters_of(jupytext.read(stem.with_suffix(".ipynb"))) for name in cell}
    assert set(PAGES[page].get("parameters", {})) <= known
    assert set(PAGES[page].get("after", [])) <= set(PAGES)


# The files that a module reads for whoever imports it.
READ_BY = {
    "errata": {errata.ERRATA},
    "features": {features.FEATURES},
    "published": {published.PUBLISHED, course_figures.REPORTED},
    "course_figures": {course_figures.REPORTED},
}


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_reads_beside_records_makes_it_anew(page):
    script = (paths.NOTEBOOKS / f"{PAGES[page]['notebook']}.py").read_text()
    folders = (paths.ROOT / "book" / "data", paths.RESULTS, paths.RESULTS / "bench")
    there = {file.name: file for folder in folders for file in folder.iterdir() if file.is_file()}
    tree = list(ast.walk(ast.parse(script)))
    texts = [node.value for node in tree if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    read = {there[name] for name in map(os.path.basename, texts) if name in there}
    for node in tree:
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "nlr":
            read |= set().union(*(READ_BY.get(alias.name, ()) for alias in node.names))
    assert {str(file.relative_to(paths.ROOT)) for file in read} <= set(PAGES[page].get("reads", []))


SCRIPT = """# %% [markdown]
# # A title

# %% tags=["parameters"]
study = "digits"

# %%
study
"""


@pytest.fixture
def pair(tmp_path):
    """A small pair."""
    stem = tmp_path / "page"
    stem.with_suffix(".py").write_text(SCRIPT)
    assert pairs.refresh(stem) == [stem.with_suffix(".ipynb")]
    return stem


def touch(path, when):
    os.utime(path, (when, when))


def test_the_half_changed_last_wins(pair):
    script, notebook = pair.with_suffix(".py"), pair.with_suffix(".ipynb")
    assert pairs.contents(jupytext.read(script)) == pairs.contents(jupytext.read(notebook))
    assert pairs.refresh(pair) == []

    script.write_text(SCRIPT.replace("A title", "Another title"))
    touch(notebook, 1000)
    touch(script, 2000)
    assert pairs.refresh(pair) == [notebook]
    assert jupytext.read(notebook).cells[0].source == "# Another title"

    edited = jupytext.read(notebook)
    edited.cells[2].source = "study.upper()"
    edited.cells[2].outputs = [nbformat.v4.new_output("stream", text="DIGITS")]
    nbformat.write(edited, notebook)
    touch(script, 3000)
    touch(notebook, 4000)
    assert pairs.refresh(pair) == [notebook, script]
    assert "DIGITS" not in notebook.read_text()
    assert "study.upper()" in script.read_text()
    assert 'tags=["parameters"]' in script.read_text()
    assert "DIGITS" not in script.read_text()


def test_outputs_that_jupyter_left_are_dropped(pair):
    notebook = pair.with_suffix(".ipynb")
    run = jupytext.read(notebook)
    run.cells[2].outputs = [nbformat.v4.new_output("stream", text="DIGITS")]
    nbformat.write(run, notebook)
    assert pairs.refresh(pair) == [notebook]
    assert "DIGITS" not in notebook.read_text()


def test_equal_halves_are_not_written_again(pair):
    before = {ending: pair.with_suffix(ending).read_bytes() for ending in (".py", ".ipynb")}
    touch(pair.with_suffix(".py"), 2000)
    touch(pair.with_suffix(".ipynb"), 1000)
    assert pairs.refresh(pair) == []
    assert before == {ending: pair.with_suffix(ending).read_bytes() for ending in before}


# Papermill's door


def papermill(out, template="setting", **parameters):
    options = [text for name, value in parameters.items() for text in ("-p", name, str(value))]
    source = f"notebooks/experiments/{template}.ipynb"
    environment = {key: value for key, value in os.environ.items() if key != "NLR_PAGE"}
    return subprocess.run(
        [sys.executable, "-m", "papermill", source, out, "-k", "python3", *options],
        cwd=paths.ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_a_setting_is_trained_shown_and_compared(tmp_path):
    done = papermill(
        tmp_path / "out.ipynb",
        study="digits",
        noise="symmetric",
        rate=0.4,
        losses="ce nce+mae",
        seeds=0,
        results_root=tmp_path / "mine",
    )
    assert done.returncode == 0, done.stderr
    made = [records.read(path, tmp_path / "mine") for path in records.walk(tmp_path / "mine")]
    assert [(r["config"]["loss"]["spec"], r["config"]["seed"]) for r in made] == [("ce", 0), ("nce+mae", 0)]
    notebook = nbformat.read(tmp_path / "out.ipynb", 4)
    shown = [o["data"] for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs if "data" in o]
    html = "\n".join(data["text/html"] for data in shown if "text/html" in data)
    text = "\n".join(data["text/markdown"] for data in shown if "text/markdown" in data)
    assert html.count("<svg") == 5
    assert html.count('aria-label="') == 5
    best = max(made, key=lambda r: r["final"]["last_accuracy"])
    assert f"**{best['config']['loss']['spec']}** has the highest" in text
    for record in made:
        assert f"{100 * record['final']['last_accuracy']:.1f}" in text
    # Yours against ours, whether or not ours are there.
    (table,) = [part for part in html.split("<table") if "<th>verdict</th>" in part]
    assert all(f"<th>{column}</th>" in table for column in ("yours", "ours", "difference", "our sd", "within"))
    assert table.count("<td>symmetric-0.4</td>") == 2
    verdicts = [table.count(f"<td>{word}</td>") for word in ("agrees", "differs", "no record of ours")]
    assert sum(verdicts) == 2


BAD = {
    "loss": ("setting", {"losses": "ce cee"}, ("Unknown loss 'cee'", "Did you mean", "nce")),
    "parameter": ("setting", {"epochs": 3}, ("Unknown parameter 'epochs'", "results_root")),
    "rate": ("setting", {"rate": 1.5}, ("rate", "below 1", "1.5")),
    "study": ("setting", {"study": "digit"}, ("Unknown study 'digit'", "ma2020-small")),
    "parameter of the comparison": ("comparison", {"rate": 0.4}, ("Unknown parameter 'rate'", "Known: study.")),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """What papermill said to each bad parameter, and its folder; two at a time, for each takes seconds to start."""

    def run(case):
        template, parameters, _ = BAD[case]
        folder = tmp_path_factory.mktemp("refused")
        mine = {"results_root": folder / "mine"} if template == "setting" else {}
        return papermill(folder / "out.ipynb", template, **mine | parameters), folder

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(BAD, pool.map(run, BAD), strict=True))


@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_end_papermill_with_one_sentence_and_nothing_trained(refused, case):
    done, folder = refused[case]
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("NlrError: ")
    assert all(word in last for word in BAD[case][2])
    assert os.listdir(folder) == ["out.ipynb"]  # papermill's own, which shows the error


# Pages of the book


def test_the_server_builds_something_that_the_pipeline_knows():
    command = [sys.executable, *serve.BUILD[1:], "--dry-run"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all((paths.ROOT / source).exists() for source in serve.SOURCES)


HEADER = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""


def page_source(folder, code):
    source = folder / "source.py"
    source.write_text(HEADER + SCRIPT + f"\n# %%\n{code}\n")
    return source


def run(folder, code, page="folder/page"):
    source = page_source(folder, code)
    command = (
        "import sys, pathlib, run_page\n"
        "run_page.ROOT = pathlib.Path(sys.argv[1])\n"
        "run_page.execute(sys.argv[2], sys.argv[3], 'The title', {'study': 'mine'})"
    )
    out = folder / "executed" / f"{page}.ipynb"
    environment = os.environ | {"PYTHONPATH": str(paths.ROOT / "pipeline")}
    done = subprocess.run(
        [sys.executable, "-c", command, folder, source, out], env=environment, capture_output=True, text=True
    )
    return done, out


def test_a_page_is_executed_under_its_title_and_with_its_parameters(tmp_path):
    done, out = run(tmp_path, "import os, sys\nprint('to stderr', file=sys.stderr)\nos.environ['NLR_PAGE']")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.parent.iterdir()] == ["page.ipynb"]
    notebook = nbformat.read(out, 4)
    assert notebook.cells[0].source.splitlines()[0] == "# The title"
    assert [cell.source for cell in notebook.cells if "injected" in str(cell.metadata)] == []
    shown = [o["data"]["text/plain"] for cell in notebook.cells[1:] for o in cell.outputs]
    assert shown == ["'mine'", "'folder/page'"]
    assert not [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "stream"]
    assert notebook.metadata["nlr_source"] == str(tmp_path / "source.py")
    assert "papermill" not in notebook.metadata


def test_a_page_that_fails_leaves_no_page_but_itself_to_be_read(tmp_path):
    out = tmp_path / "executed" / "folder" / "page.ipynb"
    out.parent.mkdir(parents=True)
    out.write_text("an older page")
    done, out = run(tmp_path, "from nlr.errors import NlrError\nraise NlrError('this is why')")
    assert done.returncode == 1
    assert "folder/page failed: NlrError: this is why" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in out.parent.iterdir()] == ["page.failed.ipynb"]
    assert "this is why" in (out.parent / "page.failed.ipynb").read_text()


def test_a_page_without_a_record_ends_where_it_asks_for_them_and_says_so(tmp_path):
    done, out = run(tmp_path, "from nlr.errors import NoRecords\nraise NoRecords('none yet')\n\n# %%\n1 + 1")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in out.parent.iterdir()] == ["page.ipynb"]
    notebook = nbformat.read(out, 4)
    assert notebook.cells[0].source.splitlines()[0] == "# The title"
    assert "Not run yet" in notebook.cells[-1].source
    text = out.read_text()
    assert "NoRecords" not in text
    assert "1 + 1" not in text
