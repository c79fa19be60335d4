"""Whether a loss is selective or slow, in words and tables."""

import pandas as pd
import pytest

from nlr.book import selective
from nlr.evidence import matched


def against(*rows):
    columns = ["loss", "setting", "level", "difference", "least", "most", "n"]
    return pd.DataFrame(rows, columns=columns)


def row(loss, setting, difference, level=50, n=1):
    return loss, setting, level, difference, difference - 1, difference + 1, n


def test_in_short_names_the_selective_the_slow_and_those_that_depend_on_the_rate():
    text = selective.in_short(
        against(
            row("nce", "symmetric-0.4", 1.0),
            row("nce", "symmetric-0.8", -9.0),
            row("mae", "symmetric-0.4", -8.0),
            row("fl", "symmetric-0.4", 2.0),
            row("rce", "asymmetric-0.4", 7.0),
        )
    )
    first, second = text.splitlines()
    assert first == (
        "- Under symmetric noise, where half of the right labels are fitted: fewer wrong labels memorised than by "
        "cross-entropy at every rate by mae; about as many by fl; it depends on the rate for nce. Differences run from "
        "−9.0 (nce, symmetric 0.8) to +2.0 (fl, symmetric 0.4) points."
    )
    assert second.startswith(
        "- Under asymmetric noise, where half of the right labels are fitted: more at every rate by rce."
    )
    assert selective.in_short(against()) == "No loss has come far enough to be compared."


@pytest.mark.parametrize(("n", "text"), [(1, "−8.0"), (3, "−8.0 (−9.0 to −7.0)")])
def test_a_table_has_the_range_over_seeds_where_there_are_several(n, text):
    table = selective.table(against(row("mae", "symmetric-0.4", -8.0, n=n)), 50, ["ce", "mae", "nce"]).set_index("loss")
    assert table["symmetric 0.4"].tolist() == [text, "–"]


def test_at_the_same_accuracy_each_cell_has_the_highest_that_both_reach():
    found = matched.highest(against(row("mae", "symmetric-0.4", -1.0, 30), row("mae", "symmetric-0.4", -2.0, 40)))
    (text,) = selective.table(found, None, ["mae"])["symmetric 0.4"]
    assert text == "−2.0 at 40 %"
