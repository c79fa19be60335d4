# The pipeline: notebooks become executed pages, pages and records become the site. Snakemake decides what is out of date.
# A rule's inputs are everything that it reads; the demonstration's records are not, because a run is trained only once.
# Of the package a page reads what it can run, so that a line of a drawing makes only the pages anew that draw it: the hash
# of that is a parameter.

import json
import os
import tomllib
from glob import glob

from pipeline.imports import code_of, digest_of

PAGES = tomllib.load(open("notebooks/pages.toml", "rb"))
CODE = sorted(glob("nlr/**/*.py", recursive=True))
FOUND = {"record": ("results", "seed-*.json"), "definition": ("nlr", "*.toml")}  # of protocols, studies, claims
FILES = {kind: sorted(glob(f"{folder}/**/{name}", recursive=True)) for kind, (folder, name) in FOUND.items()}
# Stand for all of them in the inputs of a page, each of which Snakemake looks at many times.
EVERY_RECORD, EVERY_DEFINITION = (f"executed/every-{kind}.txt" for kind in FOUND)
PAGE = "executed/{page}.ipynb"
DEMONSTRATION = PAGES["digits/comparison"]["after"]
ALL = expand(PAGE, page=PAGES)
BOOK = [path for path in glob("book/**/*", recursive=True) if os.path.isfile(path)]
NARRATIVE = sorted([*BOOK, "_config.yml", "_toc.yml", "pipeline/bookext.py", "CITATION.cff", "LICENSE-data.md"])


def records_of(page):
    """The committed records that a page reads: every one, those of its study's protocol, or those of its setting."""
    given = PAGES[page].get("parameters", {})
    if PAGES[page].get("records") == "all":
        return [EVERY_RECORD]
    setting = f"/{given['noise']}-{given['rate']}/" if given.get("noise", "clean") != "clean" else "/clean/"
    chosen = [r for r in FILES["record"] if f"/{given.get('study')}/" in r]
    return [r for r in chosen if "noise" not in given or setting in r]


def inputs_of(wildcards):
    after, reads = (PAGES[wildcards.page].get(key, []) for key in ("after", "reads"))
    return [EVERY_DEFINITION, *reads, *records_of(wildcards.page), *expand(PAGE, page=after)]


rule site:
    input:
        "_build/html/index.html",


rule page:
    input:
        inputs_of,
        source=lambda w: f"notebooks/{PAGES[w.page]['notebook']}.py",
        runner="pipeline/run_page.py",
        kernel="pipeline/kernel.py",
    output:
        page=PAGE,
        shown=directory("executed/figures/{page}"),  # its pictures, and the numbers of its figures and tables
    params:
        title=lambda w: PAGES[w.page]["title"],
        code=lambda w: digest_of(f"notebooks/{PAGES[w.page]['notebook']}.py"),
        parameters=lambda w: json.dumps(PAGES[w.page].get("parameters", {})),
    shell:
        "OMP_NUM_THREADS=1 python pipeline/warm.py {input.runner} {input.source} {output.page} {params.title:q} {params.parameters:q}"


rule every:
    input:
        lambda w: FILES[w.kind],
    output:
        "executed/every-{kind}.txt",
    params:
        found=lambda w: FOUND[w.kind],
    shell:
        "mkdir -p {params.found[0]} && find {params.found[0]} -name '{params.found[1]}' -exec cksum {{}} + | sort > {output}"


rule landing:
    input:
        code_of("pipeline/landing.py"),
        EVERY_DEFINITION,
        EVERY_RECORD,
        expand(PAGE, page=[*DEMONSTRATION, "verdicts/claims", *PAGES["verdicts/claims"]["after"]]),
        *PAGES["verdicts/claims"]["reads"],
        script="pipeline/landing.py",
    output:
        "executed/values.json",
    shell:
        "OMP_NUM_THREADS=1 python pipeline/warm.py {input.script}"


rule api:
    input:
        CODE,
        script="pipeline/api.py",
    output:
        directory("executed/api"),
    shell:
        "OMP_NUM_THREADS=1 python pipeline/warm.py {input.script}"


rule build:
    input:
        ALL,
        NARRATIVE,
        "executed/api",
        "executed/values.json",
        script="pipeline/make_site.py",
    output:
        "_build/html/index.html",
    params:
        other=["executed", *(path for path in NARRATIVE if not path.endswith(".md"))],
    shell:
        "python {input.script} {params.other}"
