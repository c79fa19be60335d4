"""The losses as tables: each once, and slopes that differ where protocols do."""

import re
from fnmatch import fnmatch

from nlr import losses
from nlr.book import catalogue
from nlr.study import protocols, runs


def test_loss_tables_hold_every_loss_once():
    cards = losses.cards(10)
    names = [f"`{card.name}`" for card in cards]
    own, printed = (catalogue.loss_table(cards, printed) for printed in (False, True))
    assert sorted([*own["loss"], *printed["loss"]]) == sorted(names)
    assert {"`ce`", "`nce`", "`mae`", "`ngce`", "`nrce`"} <= set(own["loss"])
    assert {"`ma2020-nfl`", "`kathuria-nce`", "`joshi-ce`"} <= set(printed["loss"])
    rows = own.set_index("loss")
    rest = ["in words", "parameters", "kind", "range", "sum over labels"]
    infinite = r"$0$ to $\infty$"
    assert rows.loc["`ce`", rest].tolist() == ["cross-entropy (CE)", "–", "active", infinite, "not constant"]
    assert rows.loc["`mae`", rest].tolist() == ["mean absolute error (MAE)", "–", "passive", "$0$ to $2$", "18"]
    assert rows.loc["`sce`", "parameters"] == "alpha = 1, beta = 1, A = -4"
    assert rows.loc["`nce`", "sum over labels"] == "1"
    for printed_too in (False, True):
        lines = catalogue.loss_sources(cards, printed_too).splitlines()
        assert len(lines) == len(catalogue.loss_table(cards, printed_too))
        assert all(re.match(r"- `[^`]+`: \S", line) for line in lines)


def test_a_variant_is_named_with_its_owner_and_its_range_in_powers_of_ten():
    rows = catalogue.loss_table(losses.cards(10), printed=True).set_index("loss")
    assert rows.loc["`chheda-nce`", "range"] == r"$-6.032 \cdot 10^{-11}$ to $0.4823$"
    assert not rows["range"].str.contains(r"\de[+-]").any()
    assert rows.loc["`soni-code-nfl`", "in words"] == "normalised focal loss (NFL), in Soni's code"
    assert rows.loc["`krishnan-nfl-detached`", "in words"].endswith("as Krishnan prints it, weights not differentiated")


def test_slope_table_shows_that_equal_names_differ():
    names = ["mae", "rce", "nce+mae", "sce"]
    table = catalogue.slope_table(names).set_index("protocols")
    assert table.columns.tolist() == [f"`{name}`" for name in names]
    assert table.loc["as defined"].tolist() == ["2", "4", "2", "4"]
    assert row_of(table, "ma2020").tolist() == ["1", "9.21", "1", "9.21"]
    assert row_of(table, "soni-as-written").tolist() == ["2", "4", "2", "9.21"]
    assert row_of(table, "joshi-as-intended").tolist() == ["2", "9.21", "2", "9.21"]


def row_of(table, protocol):
    """The row whose protocols have one among them, by its name or by a name with a star."""
    (row,) = (
        row
        for listed, row in table.iterrows()
        if any(fnmatch(protocol, pattern) for pattern in re.findall("`(.+?)`", listed))
    )
    return row


def test_every_protocol_is_in_one_row_of_the_slope_table():
    names = ["mae", "rce", "nce+mae"]
    table = catalogue.slope_table(names).set_index("protocols")
    assert not table.iloc[1:].duplicated().any()  # one of them may be that of the definitions
    for protocol in protocols.names():
        loaded = protocols.load(protocol)
        slopes = [f"{runs.canonical_loss(loaded, name)[1].passive_slope:.4g}" for name in names]
        assert row_of(table, protocol).tolist() == slopes


def test_a_family_of_protocols_is_named_once_where_all_of_it_agree(monkeypatch):
    known = ["a", "a-x", "a-y", "b-x", "b-y", "b-y-z", "c-x"]
    monkeypatch.setattr(protocols, "names", lambda: known)
    assert catalogue._families(["a", "a-x", "a-y", "b-x", "c-x"]) == ["a*", "b-x", "c-x"]
    assert catalogue._families(["b-y", "b-y-z"]) == ["b-y*"]
    assert catalogue._families(["b-x", "b-y"]) == ["b-x", "b-y"]
