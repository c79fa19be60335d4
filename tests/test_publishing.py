"""What publishes the book, as far as it can be checked without the hosts: the workflow, the container, the metadata."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
import torch
import yaml

import nlr
from nlr.paths import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/site.yml").read_text())
CONTAINER = (ROOT / "Containerfile").read_text()
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def steps(job):
    return WORKFLOW["jobs"][job]["steps"]


def test_the_workflow_calls_what_there_is():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = [step["run"] for job in WORKFLOW["jobs"] for step in steps(job) if "run" in step]
    assert commands == ["bash .ci/run", "make pdf", "make links"]
    assert {"pdf", "links"} <= targets
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)
    assert {target for target in re.findall(r"^make (\w+)", (ROOT / ".ci/run").read_text(), re.M)} <= targets


def test_only_what_was_built_and_tested_is_published():
    publish, triggers = WORKFLOW["jobs"]["publish"], WORKFLOW[True]  # yaml reads the key "on" as true
    assert (publish["needs"], triggers["push"]) == ("build", {"branches": ["main"]})
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    *_, test, printed, upload = steps("build")
    assert (test["run"], printed["run"]) == ("bash .ci/run", "make pdf")
    assert upload["with"] == {"path": "_build/html"}
    assert "refs/heads/main" in publish["if"]
    assert [step["uses"].partition("@")[0] for step in publish["steps"]] == ["actions/deploy-pages"]


def test_every_action_is_pinned_to_a_version():
    used = [step["uses"] for job in WORKFLOW["jobs"] for step in steps(job) if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)


def test_the_container_copies_files_that_there_are_and_that_are_not_ignored():
    sources = [word for line in re.findall(r"^COPY (.*)$", CONTAINER, re.M) for word in line.split()[:-1]]
    kept = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.M)
    assert {source.replace("[n]", "n") for source in sources} == set(kept)
    assert all((ROOT / source).exists() for source in sources if "[" not in source)


def test_the_container_installs_what_the_command_line_needs():
    (code,) = re.findall(r"python -c '(import tomllib.*)' >", CONTAINER)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == PROJECT["dependencies"]
    pins = (ROOT / "constraints.txt").read_text()
    for name in (re.match(r"[\w-]+", one)[0] for one in PROJECT["dependencies"]):
        assert re.search(rf"^{name}==", pins, re.M | re.I), name


def test_the_container_names_the_cuda_of_the_pinned_torch():
    if torch.version.cuda is None:
        pytest.skip("the torch installed here is the one without CUDA")
    assert re.search(
        rf"^torch=={re.escape(torch.__version__.partition('+')[0])}$", (ROOT / "constraints.txt").read_text(), re.M
    )
    assert re.findall(r"^ARG CUDA=(.*)$", CONTAINER, re.M) == [torch.version.cuda]
    minimum = PROJECT["requires-python"].removeprefix(">=")
    assert re.search(rf"^FROM docker\.io/library/python:{re.escape(minimum)}-", CONTAINER, re.M)


def test_codemeta_agrees_with_citation_and_package():
    meta = json.loads((ROOT / "codemeta.json").read_text())
    assert (meta["name"], meta["description"]) == (CITATION["title"], CITATION["abstract"])
    assert meta["version"] == CITATION["version"] == nlr.__version__
    assert [author["name"] for author in meta["author"]] == [author["name"] for author in CITATION["authors"]]
    assert meta["license"] == [f"https://spdx.org/licenses/{name}" for name in CITATION["license"]]
    assert PROJECT["license"] in CITATION["license"]
    assert meta["softwareRequirements"] == PROJECT["dependencies"]
    assert meta["runtimePlatform"] == f"Python {PROJECT['requires-python']}"
    (paper,) = CITATION["references"]
    assert meta["referencePublication"]["name"] == paper["title"]
    assert meta["referencePublication"]["identifier"] == paper["identifiers"][0]["value"]
