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


def run(*cells):
    """Courses, as far as they say which runs there are."""
    return pd.DataFrame(cells, columns=["loss", "setting"])


def test_in_short_names_the_selective_the_slow_and_those_that_depend_on_the_rate():
    rows = (
        row("nce", "symmetric-0.4", 1.0),
        row("nce", "symmetric-0.8", -9.0),
        row("mae", "symmetric-0.4", -8.0),
        row("fl", "symmetric-0.4", 2.0),
        row("rce", "asymmetric-0.4", 7.0),
    )
    text = selective.in_short(against(*rows), run(*(one[:2] for one in rows), ("ce", "symmetric-0.4")))
    first, second = text.splitlines()
    assert first == (
        "- Under symmetric noise, where half of the right labels are fitted: fewer wrong labels memorised than "
        "cross-entropy, at every rate: mae; about as many as cross-entropy, at every rate: fl; it depends on the rate: "
        "nce. Differences run from −9.0 (nce, symmetric 0.8) to +2.0 (fl, symmetric 0.4) points."
    )
    assert second.startswith(
        "- Under asymmetric noise, where half of the right labels are fitted: more than cross-entropy, at every rate: "
        "rce. "
    )
    assert selective.in_short(against(), run()) == "No loss has come far enough to be compared."


def test_every_rate_is_not_said_of_a_loss_that_does_not_get_so_far_at_each():
    rows = (row("mae", "symmetric-0.4", -8.0), row("gce", "symmetric-0.4", -9.0), row("gce", "symmetric-0.8", -9.0))
    courses = run(*(one[:2] for one in rows), ("mae", "symmetric-0.8"), ("nce", "symmetric-0.4"))
    text = selective.in_short(against(*rows), courses)
    assert "than cross-entropy, at every rate: gce; fewer wrong labels" in text
    assert (
        "where it and cross-entropy get so far: mae; at no rate do cross-entropy and the loss both get so far: nce."
        in text
    )


@pytest.mark.parametrize(("n", "text"), [(1, "−8.0"), (3, "−8.0 (−9.0 to −7.0)")])
def test_a_table_has_the_range_over_seeds_where_there_are_several(n, text):
    table = selective.table(against(row("mae", "symmetric-0.4", -8.0, n=n)), 50, ["ce", "mae", "nce"]).set_index("loss")
    assert table["symmetric 0.4"].tolist() == [text, "–"]


def test_at_the_same_accuracy_each_cell_has_the_highest_that_both_reach():
    found = matched.highest(against(row("mae", "symmetric-0.4", -1.0, 30), row("mae", "symmetric-0.4", -2.0, 40)))
    (text,) = selective.table(found, None, ["mae"])["symmetric 0.4"]
    assert text == "−2.0 at 40 %"
