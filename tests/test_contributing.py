"""The recipes of CONTRIBUTING.md, each followed to the letter in a copy of the tree."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from nlr import paths

RECIPE = re.compile(r"(Add to|Write) `([^`\s]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)


def section(title):
    """A section of the page: its text, and ``(how, path, block)`` of what it says to add or to write."""
    text = (paths.ROOT / "CONTRIBUTING.md").read_text()
    mine = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return mine, RECIPE.findall(mine)


@pytest.fixture
def follow(tmp_path):
    """Copies the tree, does what a section says and returns a function that runs Python there, with what it prints."""
    folders = ("nlr", "notebooks", "pipeline")
    for folder in folders:
        shutil.copytree(paths.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "results").symlink_to(paths.RESULTS)

    def do(title, steps):
        blocks = section(title)[1]
        assert [path for _, path, _ in blocks] == steps
        for how, path, block in blocks:
            target = tmp_path / path
            assert target.exists() == (how == "Add to")
            before = target.read_text().rstrip("\n") + "\n\n\n" if how == "Add to" else ""
            target.write_text(before + block)

        def run(*arguments):
            environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, *arguments]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr
            return done.stdout

        run.tree = tmp_path
        return run

    return do


def file_of(title):
    return [path for _, path, _ in section(title)[1]]


def test_the_page_has_the_four_recipes_and_fits_on_a_page():
    text = (paths.ROOT / "CONTRIBUTING.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["A loss", "A protocol", "A claim", "A page"]
    assert len(text.splitlines()) <= 100
    named = set(re.findall(r"`((?:nlr|tests|book|notebooks)/[\w/.-]*)`", text))
    written = {path for how, path, _ in RECIPE.findall(text) if how == "Write"}
    assert {path for path in named - written if not (paths.ROOT / path).exists()} == set()


def test_a_loss(follow):
    (path,) = file_of("A loss")
    run = follow("A loss", [path])
    code = (
        "import torch; from nlr.losses import make_loss\n"
        "logits = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64, requires_grad=True)\n"
        "label = torch.tensor([2])\n"
        "p_y = logits.softmax(1)[0, 2].item()\n"
        "loss = make_loss('squared', 3)(logits, label)\n"
        "loss.backward()\n"
        "total = make_loss('squared+mae', 3)(logits, label).item()\n"
        "print(abs(loss.item() - (1 - p_y) ** 2) < 1e-12, logits.grad.abs().sum().item() > 0, total > loss.item())"
    )
    assert run("-c", code).split() == ["True"] * 3
    assert "squared" in run("-m", "nlr", "losses")


def test_a_protocol(follow):
    run = follow("A protocol", file_of("A protocol"))
    (command,) = re.findall(r"`python (-m nlr run [^`]*)`", section("A protocol")[0])
    run(*command.split(), "--device", "cpu")
    (record,) = (run.tree / "mine").rglob("seed-0.json")
    made = json.loads(record.read_text())["config"]
    assert (made["protocol"], made["training"]["epochs"]) == ("digits-quick", 2)


def test_a_claim(follow):
    run = follow("A claim", file_of("A claim"))
    code = (
        "from nlr.evidence import claims\n"
        "claim = claims.get('C999')\n"
        "needed = {(run.loss, run.setting) for run in claims.missing_runs(claim, 'ma2020', [])}\n"
        "print(claims.evaluate(claim, [], 'ma2020').outcome)\n"
        "print(sorted(needed))"
    )
    said = run("-c", code).splitlines()
    assert said == ["not run", "[('nce', 'symmetric-0.4'), ('nce+mae', 'symmetric-0.4')]"]


def test_a_page(follow):
    run = follow("A page", file_of("A page"))
    assert "notebooks/results/median.ipynb" in run("pipeline/pairs.py")
    text = section("A page")[0]
    source, out = "notebooks/results/median.py", re.search(r"file: (executed/[\w/-]+)", text)[1]
    run("pipeline/run_page.py", source, f"{out}.ipynb", "Median accuracy", '{"study": "ma2020-small"}')
    page = json.loads((run.tree / f"{out}.ipynb").read_text())
    assert "Median clean test accuracy" in json.dumps(page["cells"][-1]["outputs"])
