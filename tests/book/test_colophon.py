"""What the book says of its own making."""

import re

import pandas as pd

from nlr.book import colophon


def test_build_facts_and_pages():
    facts = dict(colophon.build_facts())
    assert re.fullmatch(r"\d+(\.\w+)+", facts["jupyter-book"])
    assert {"commit", "nlr", "torch", "snakemake"} <= set(facts)
    pages = colophon.pages_table()
    assert isinstance(pages, pd.DataFrame)
    assert pages["notebook"].str.fullmatch(r"`notebooks/\w+/[\w-]+\.py`").all()
    assert any("rate = 0.4" in p and "noise = symmetric" in p for p in pages["parameters"])
