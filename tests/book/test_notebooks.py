"""The notebooks: pairs equal by content, parameters as literals, papermill's door, and how a page is executed."""

import ast
import importlib
import inspect
import json
import os
import shutil
import subprocess
import sys
import tomllib

import jupytext
import nbformat
import pytest

from nlr import paths
from nlr.book import errata, features
from nlr.errors import NlrError
from nlr.evidence import attempts, course_figures, published, report_code, reproductions
from nlr.study import experiment, records
from nlr.theory import predicted

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
    "attempts": {attempts.SOURCES, attempts.CHECKED, reproductions.REPRODUCTIONS},
    "errata": {errata.ERRATA, report_code.CODE},
    "features": {features.FEATURES},
    "published": {published.PUBLISHED, course_figures.REPORTED},
    "course_figures": {course_figures.REPORTED},
    "report_code": {report_code.FIGURES, report_code.CODE},
    "predicted": {predicted.PREDICTIONS},
    "reproductions": {reproductions.REPRODUCTIONS},
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


HEADER = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""

SCRIPT = """# %% [markdown]
# # A title

# %% tags=["parameters"]
study = "digits"

# %%
study
"""


@pytest.fixture
def pair(tmp_path, monkeypatch):
    """A small pair in a folder without git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    stem = tmp_path / "notebooks" / "page"
    monkeypatch.setattr(pairs, "NOTEBOOKS", stem.parent)
    stem.parent.mkdir()
    script, notebook = pairs.halves(stem)
    script.write_text(SCRIPT)
    assert pairs.refresh(stem) == [notebook]
    return stem


def git(stem, *arguments):
    name = ("-c", "user.name=n", "-c", "user.email=e")
    subprocess.run(["git", "-C", stem.parent, *name, *arguments], check=True, capture_output=True)


@pytest.fixture
def tracked(pair):
    """The same pair, committed, in a clone that remembers nothing else."""
    git(pair, "init", "--quiet")
    commit(pair)
    forget(pair)
    return pair


def commit(stem, *halves):
    git(stem, "add", *(halves or pairs.halves(stem)))
    git(stem, "commit", "--quiet", "--message", "a text")


def forget(stem):
    (stem.parent / ".pairs" / stem.name).unlink()


def append(script, code="1 + 1"):
    script.write_text(f"{script.read_text()}\n# %%\n{code}\n")


def save(notebook, source=None):
    """Save a notebook as Jupyter does after it ran it; with a source, after its last cell was changed."""
    ran = nbformat.read(notebook, 4)
    ran.cells[-1].source = source or ran.cells[-1].source
    ran.cells[-1].id = "of-jupyter"
    ran.cells[-1].metadata["execution"] = {"iopub.execute_input": "2024-01-01"}
    ran.cells[-1].outputs = [nbformat.v4.new_output("stream", text="DIGITS")]
    ran.metadata["language_info"] = {"name": "python", "version": "3"}
    ran.metadata["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    nbformat.write(ran, notebook)


def sources(half):
    return [cell.source for cell in jupytext.read(half).cells]


def is_equal_and_holds(stem, *codes):
    script, notebook = pairs.halves(stem)
    assert pairs.contents(jupytext.read(script)) == pairs.contents(jupytext.read(notebook))
    assert all(code in sources(script) for code in codes)
    assert "DIGITS" not in notebook.read_text()
    assert "language_info" not in notebook.read_text()
    assert 'tags=["parameters"]' in script.read_text()
    return True


def is_refused(stem, *words):
    """Refused in one sentence with these words, and no byte of either half has changed."""
    before = {half: half.read_bytes() for half in pairs.halves(stem) if half.exists()}
    with pytest.raises(pairs.NlrError) as caught:
        pairs.refresh(stem)
    assert all(word in str(caught.value) for word in words), caught.value
    assert before == {half: half.read_bytes() for half in pairs.halves(stem) if half.exists()}
    return True


@pytest.fixture(params=["git", "memory"])
def based(request):
    """A pair whose last common text is in git, and one that only remembers it."""
    return request.getfixturevalue({"git": "tracked", "memory": "pair"}[request.param])


def test_a_cell_appended_to_the_script_survives_a_notebook_saved_after_it(based):
    script, notebook = pairs.halves(based)
    append(script)
    save(notebook)
    os.utime(script, (1000, 1000))
    assert pairs.refresh(based) == [notebook]
    assert is_equal_and_holds(based, "1 + 1")


def test_a_text_changed_in_jupyter_goes_into_the_script(based):
    script, notebook = pairs.halves(based)
    save(notebook, "study.upper()")
    os.utime(notebook, (1000, 1000))
    assert sorted(pairs.refresh(based)) == [notebook, script]
    assert is_equal_and_holds(based, "study.upper()")


def test_the_halves_can_be_edited_in_turn_without_a_commit(based):
    script, notebook = pairs.halves(based)
    append(script)
    pairs.refresh(based)
    save(notebook, "2 + 2")
    pairs.refresh(based)
    assert is_equal_and_holds(based, "2 + 2", "study")
    append(script, "3 + 3")
    pairs.refresh(based)
    assert is_equal_and_holds(based, "2 + 2", "3 + 3")


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_half_checked_out_again_does_not_undo_the_other(tracked, lost, written):
    edited, other = pairs.halves(tracked)[1 - lost], pairs.halves(tracked)[lost]
    append(edited) if edited.suffix == ".py" else save(edited, "1 + 1")
    if written:
        pairs.refresh(tracked)
    git(tracked, "checkout", "--", other.name)
    assert other in pairs.refresh(tracked)
    assert is_equal_and_holds(tracked, "1 + 1")


def test_both_edited_are_refused_and_either_can_be_kept(based, capsys):
    script, notebook = pairs.halves(based)
    append(script)
    save(notebook, "2 + 2")
    both = ("notebooks/page.py", "notebooks/page.ipynb", "both changed")
    assert is_refused(based, *both, "make notebooks KEEP=notebooks/page.py", "KEEP=notebooks/page.ipynb")
    assert not pairs.main()
    assert "both changed" in capsys.readouterr().err
    edited = notebook.read_bytes()
    assert pairs.main(keep=[script])
    assert is_equal_and_holds(based, "1 + 1", "study")
    append(script)
    notebook.write_bytes(edited)
    assert pairs.main(keep=[notebook])
    assert is_equal_and_holds(based, "2 + 2")
    assert "1 + 1" not in sources(script)


def test_both_edited_in_the_same_way_are_equal(based):
    script, notebook = pairs.halves(based)
    script.write_text(SCRIPT.replace("\nstudy\n", "\n2 + 2\n"))
    save(notebook, "2 + 2")
    assert pairs.refresh(based) == [notebook]
    assert is_equal_and_holds(based, "2 + 2")


@pytest.mark.parametrize("half", [0, 1])
def test_an_edit_committed_in_one_half_alone_wins_in_a_fresh_clone(tracked, half, tmp_path):
    edited = pairs.halves(tracked)[half]
    append(edited) if edited.suffix == ".py" else save(edited, "1 + 1")
    commit(tracked, edited)
    subprocess.run(["git", "clone", "--quiet", tracked.parent, tmp_path / "clone"], check=True)
    clone = tmp_path / "clone" / "page"
    pairs.refresh(clone)
    assert is_equal_and_holds(clone, "1 + 1")


def test_a_merge_of_two_edits_has_no_common_text(tracked):
    script, notebook = pairs.halves(tracked)
    git(tracked, "checkout", "--quiet", "-b", "other")
    append(script)
    pairs.refresh(tracked)
    commit(tracked)
    git(tracked, "checkout", "--quiet", "-")
    save(notebook, "2 + 2")
    pairs.refresh(tracked)
    commit(tracked)
    git(tracked, "merge", "--quiet", "--no-commit", "--strategy=ours", "other")
    git(tracked, "checkout", "other", "--", script.name)
    git(tracked, "commit", "--quiet", "--message", "one half of each")
    forget(tracked)
    assert is_refused(tracked, "both changed")


@pytest.mark.parametrize("half", [0, 1])
def test_a_half_alone_gets_its_partner(tracked, half, tmp_path):
    other = pairs.halves(tracked)[1 - half]
    git(tracked, "rm", "--quiet", other.name)
    git(tracked, "commit", "--quiet", "--message", "one half")
    subprocess.run(["git", "clone", "--quiet", tracked.parent, tmp_path / "clone"], check=True)
    clone = tmp_path / "clone" / "page"
    assert pairs.refresh(clone) == [clone.parent / other.name]
    assert is_equal_and_holds(clone, "study")


def test_halves_that_never_had_a_common_text_are_refused(pair):
    append(pairs.halves(pair)[0])
    forget(pair)
    assert is_refused(pair, "both changed")


def old_format(text):
    """The notebook as IPython 2 would have saved it."""
    return nbformat.writes(nbformat.convert(nbformat.reads(text, 4), 3), nbformat.NO_CONVERT)


DAMAGE = {
    "empty script": (0, lambda text: "", "is empty"),
    "blank script": (0, lambda text: "\n \n", "is empty"),
    "script without a cell": (0, lambda text: HEADER, "no cell"),
    "script of empty cells": (0, lambda text: "# %%\n\n# %%\n", "no cell"),
    "script in a merge": (0, lambda text: f"<<<<<<< HEAD\n{text}=======\n>>>>>>> other\n", "conflict markers"),
    "script of bytes": (0, lambda text: b"\xff\xfe\x00", "UTF-8"),
    "empty notebook": (1, lambda text: "", "is empty"),
    "notebook cut short": (1, lambda text: text[: len(text) // 2], "cannot be read"),
    "notebook without a cell": (1, lambda text: nbformat.writes(nbformat.v4.new_notebook()), "no cell"),
    "notebook in a merge": (1, lambda text: f"<<<<<<< HEAD\n{text}", "conflict markers"),
    "markers in a cell": (1, lambda text: text.replace('"study"', '"<<<<<<< HEAD\\n",\n"study"'), "conflict markers"),
    "a list": (1, lambda text: "[1]", "cannot be read"),
    "no notebook": (1, lambda text: "{}", "format None"),
    "cells of another kind": (1, lambda text: '{"nbformat": 4, "metadata": {}, "cells": [1]}', "cannot be read"),
    "old format": (1, old_format, "format 3"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_half_is_refused_by_name_and_can_be_written_anew(based, case):
    number, damage, why = DAMAGE[case]
    half, other = pairs.halves(based)[number], pairs.halves(based)[1 - number]
    content = damage(half.read_text())
    half.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert is_refused(based, f"notebooks/{half.name}", why, f"make notebooks KEEP=notebooks/{other.name}")
    assert pairs.main(keep=[other])
    assert is_equal_and_holds(based, "study")


def test_a_half_that_is_no_file_is_refused_by_name(pair):
    script, _ = pairs.halves(pair)
    script.unlink()
    script.mkdir()
    with pytest.raises(pairs.NlrError, match=r"notebooks/page\.py cannot be read"):
        pairs.refresh(pair)


def test_what_a_script_cannot_hold_is_refused(based):
    _, notebook = pairs.halves(based)
    whole = notebook.read_bytes()
    edited = nbformat.read(notebook, 4)
    edited.cells[0]["attachments"] = {"a.png": {"image/png": "aGk="}}
    nbformat.write(edited, notebook)
    assert is_refused(based, "Cell 1 has attachments", "notebooks/page.py")
    notebook.write_bytes(whole)
    save(notebook, "1\n# %% more\n2")
    assert is_refused(based, "Cell 3", "notebooks/page.py")


def test_metadata_of_a_cell_are_part_of_its_text(based):
    script, notebook = pairs.halves(based)
    edited = nbformat.read(notebook, 4)
    edited.cells[0].metadata["slideshow"] = {"slide_type": "slide"}
    nbformat.write(edited, notebook)
    assert script in pairs.refresh(based)
    assert "slide_type" in script.read_text()


def test_outputs_that_jupyter_left_are_dropped(based):
    _, notebook = pairs.halves(based)
    before = notebook.read_bytes()
    save(notebook)
    assert pairs.refresh(based) == [notebook]
    assert notebook.read_bytes() == before


def test_equal_halves_are_not_written_again(based, monkeypatch):
    pairs.refresh(based)
    monkeypatch.setattr(pairs, "formats", lambda: pytest.fail("a half was read though nothing has changed"))
    for half, when in zip(pairs.halves(based), (2000, 1000), strict=True):
        os.utime(half, (when, when))
    before = [half.stat() for half in pairs.halves(based)]
    assert pairs.refresh(based) == []
    assert [half.stat().st_mtime for half in pairs.halves(based)] == [stat.st_mtime for stat in before]


def test_one_pair_refused_does_not_keep_the_others(pair, capsys):
    (pair.parent / "empty.py").write_text("")
    (pair.parent / ".#page.py").symlink_to("an editor's lock")
    append(pairs.halves(pair)[0])
    assert not pairs.main()
    said = capsys.readouterr()
    assert said.out == "written: notebooks/page.ipynb\n"
    assert said.err.startswith("notebooks/empty.py is empty")
    assert len(said.err.splitlines()) == 1


def test_a_half_to_keep_must_be_there(pair, capsys):
    append(pairs.halves(pair)[0])
    assert not pairs.main(keep=[pair.parent / "pag.py"])
    assert "pag.py is no half of a pair" in capsys.readouterr().err
    assert "1 + 1" not in sources(pairs.halves(pair)[1])


def test_make_book_uses_the_edit_of_either_half_or_refuses_with_the_command(pair):
    """The recipe itself, with a program in place of the build that only says that it ran."""
    root = pair.parent.parent
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(paths.ROOT / name, root)
    (root / "pipeline").mkdir()
    shutil.copy(paths.ROOT / "pipeline" / "pairs.py", root / "pipeline")
    (root / "pipeline" / "build.py").write_text("print('built')\n")
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH={paths.ROOT} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (root / ".venv" / "ready").touch()

    def make(*arguments):
        return subprocess.run(["make", "-C", root, *arguments], capture_output=True, text=True)

    script, notebook = pairs.halves(pair)
    save(notebook, "2 + 2")
    done = make("book")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("written: notebooks/page.py") < done.stdout.index("built")
    assert is_equal_and_holds(pair, "2 + 2")

    append(script)
    save(notebook, "3 + 3")
    done = make("book")
    assert done.returncode != 0
    assert "built" not in done.stdout
    assert "make notebooks KEEP=notebooks/page.py" in done.stderr
    assert make("notebooks", "KEEP=notebooks/page.py").returncode == 0
    assert is_equal_and_holds(pair, "1 + 1", "2 + 2")


@pytest.mark.parametrize("status", [0, 1])
def test_the_server_does_not_build_beside_a_refused_pair(status, tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "PAIRS", ("sh", "-c", f"exit {status}"))
    monkeypatch.setattr(serve, "BUILD", ("touch", tmp_path / "built"))
    serve.build()
    assert (tmp_path / "built").exists() == (status == 0)


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
    "train": ("setting", {"train": "false"}, ("No record of digits", "train is false")),
    "results root": ("setting", {"results_root": ""}, ("results_root is an empty path",)),
    "parameter of the comparison": ("comparison", {"rate": 0.4}, ("Unknown parameter 'rate'", "Known: study.")),
}


@pytest.mark.parametrize("case", ["loss", "parameter of the comparison"])
def test_a_bad_parameter_ends_papermill_with_one_sentence_and_nothing_trained(tmp_path, case):
    template, parameters, said = BAD[case]
    mine = {"results_root": tmp_path / "mine"} if template == "setting" else {}
    done = papermill(tmp_path / "out.ipynb", template, **mine | parameters)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("NlrError: ")
    assert all(word in last for word in said)
    assert os.listdir(tmp_path) == ["out.ipynb"]  # papermill's own, which shows the error


@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_end_a_notebook_with_one_sentence_and_nothing_trained(tmp_path, elsewhere, case):
    """Its cells one after the other, as papermill has them executed: what is given comes behind the parameters cell."""
    template, parameters, said = BAD[case]
    names = {"__name__": "__main__"}

    def execute():
        for cell in jupytext.read(paths.ROOT / f"notebooks/experiments/{template}.py").cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
            if "parameters" in cell.metadata.get("tags", ()):
                names.update({"results_root": str(tmp_path / "mine")} if template == "setting" else {})
                names.update(parameters)

    with pytest.raises(NlrError) as stopped:
        execute()
    assert "\n" not in str(stopped.value)
    assert all(word in str(stopped.value) for word in said)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "noise", "rate"),
    [
        ([], "symmetric", "0.4"),
        (["NOISE=clean"], "clean", "0"),
        (["NOISE=human"], "human", "worse"),
        (["NOISE=matrix"], "matrix", "worse"),
        (["NOISE=asymmetric"], "asymmetric", "0.4"),
        (["NOISE=clean", "RATE=0.2"], "clean", "0.2"),
        (["RATE="], "symmetric", ""),
    ],
)
def test_make_setting_gives_papermill_a_rate_that_fits_the_noise(tmp_path, given, noise, rate):
    """The recipe itself, with a program in the place of papermill that prints what it is given."""
    done = make_setting(tmp_path, *given)
    assert done.returncode == 0, done.stderr
    (source, out, *options) = done.stdout.split("|")[:-1]
    assert (source, out) == ("notebooks/experiments/setting.ipynb", f"out/digits-{noise}-{rate}.ipynb")
    assert options == ["-k", "python3", "-p", "study", "digits", "-p", "noise", noise, "-p", "rate", rate]
    assert (tmp_path / "out").is_dir()


def test_make_setting_takes_a_path_with_spaces_and_refuses_an_empty_one(tmp_path):
    assert "|my out/a b.ipynb|" in make_setting(tmp_path, "OUT=my out/a b.ipynb").stdout
    assert (tmp_path / "my out").is_dir()
    done = make_setting(tmp_path, "OUT=")
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith("OUT is empty; name the notebook to write")


def make_setting(folder, *given):
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        shutil.copy(paths.ROOT / name, folder)
    papermill = folder / ".venv" / "bin" / "papermill"
    papermill.parent.mkdir(parents=True, exist_ok=True)
    papermill.write_text("#!/bin/sh\nprintf '%s|' \"$@\"\n")
    papermill.chmod(0o755)
    (folder / ".venv" / "ready").touch()
    return subprocess.run(["make", "-s", "-C", folder, "setting", *given], capture_output=True, text=True)


# Pages of the book


def test_the_server_builds_something_that_the_pipeline_knows():
    command = [sys.executable, *serve.BUILD[1:], "--dry-run"]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all((paths.ROOT / source).exists() for source in serve.SOURCES)


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
