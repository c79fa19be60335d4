"""Places: the five ways to name one, the links to them, and that a name without a place is refused."""

import pytest

from nlr import paths
from nlr.book import display, places
from nlr.errors import NlrError


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("prop-rates", "Label noise: {prf:ref}`prop-rates`"),
        ("erratum-e1", "Closed forms and signs: [erratum E1](#erratum-e1)"),
        ("claim-c6", "Normalisation: [C6](#claim-c6)"),
        ("tab-theory-label-noise-rates", "Label noise: {numref}`tab-theory-label-noise-rates`"),
        ("results/ranks", "{doc}`Ranks, and choosing the epoch </executed/results/ranks>`"),
        ("book/method", "{doc}`/book/method`"),
        ("nlr.noise", "{py:obj}`noise <nlr.noise>`"),
        (
            "nlr.training.engine.Engine.evaluate",
            "{py:obj}`training.engine.Engine.evaluate <nlr.training.engine.Engine.evaluate>`",
        ),
        ("loss:nce+mae,alpha=5", "[`nce+mae,alpha=5`](#tab-losses-definitions)"),
        ("loss:soni-nce", "[`soni-nce`](#tab-losses-printed)"),
        (
            "nlr/study/protocols/sources/ma2020.toml",
            "{download}`study/protocols/sources/ma2020.toml </nlr/study/protocols/sources/ma2020.toml>`",
        ),
    ],
)
def test_a_place_of_each_kind_has_a_link(place, link):
    assert places.links([place]) == link


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("prop-no-such", "Unknown place 'prop-no-such'"),
        ("results/no-such", "Unknown place 'results/no-such'"),
        ("nlr.noise.no_such", "Unknown place 'nlr.noise.no_such'"),
        ("nlr.no_such.add_noise", "Unknown place 'nlr.no_such.add_noise'"),
        ("nlr.noise.SAMPLERS", "'nlr.noise.SAMPLERS' has no link"),
        ("nlr.noise.np", "'nlr.noise.np' has no link"),
        ("loss:no-such", "no-such"),
        ("nlr/no-such.toml", "Unknown place"),
        ("nlr", "Unknown place"),
    ],
)
def test_what_is_no_place_is_refused(place, complaint):
    with pytest.raises(NlrError, match=complaint.replace(".", r"\.")):
        places.links([place])


def test_a_module_that_no_api_page_shows_has_no_link(monkeypatch):
    monkeypatch.setattr(places, "_api", str)
    with pytest.raises(NlrError, match=r"'nlr\.noise\.add_noise' has no link: book/api\.md includes no module"):
        places.links(["nlr.noise.add_noise"])


def test_places_of_one_page_stand_together():
    found = places.links(["erratum-e6", "prop-rates", "claim-c12", "nlr.noise"])
    assert found == (
        "Other normalisations: [erratum E6](#erratum-e6), [C12](#claim-c12); Label noise: {prf:ref}`prop-rates`; "
        "{py:obj}`noise <nlr.noise>`"
    )


def test_labels_are_those_that_the_cells_make(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    (tmp_path / "pages.toml").write_text('["a/b"]\nnotebook = "n"\ntitle = "N"\n')
    (tmp_path / "n.py").write_text(
        "# (here)=\n# :label: eq-one\n# not (this)= one\n"
        'Table(frame, name="Two words", caption="")\nFigure(draw, name=given, caption="", alt="")\n'
        'Verdict("C7", "held", "")\n'
    )
    for cached in (places.pages, places.labels, places._labels_of):
        cached.cache_clear()
    try:
        monkeypatch.setenv(display.PAGE, "a/b")
        table, verdict = display.Table(None, "Two words", ""), display.Verdict("C7", "held", "")
        assert set(places.labels()) == {"here", "eq-one", "tab-a-b-two-words", "claim-c7"}
        assert display._label("tab", table.name) in places.labels()
        assert verdict.myst().partition(")=")[0].removeprefix("(") in places.labels()
    finally:
        for cached in (places.pages, places.labels, places._labels_of):
            cached.cache_clear()


def test_a_label_of_two_pages_is_refused(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text("# %% [markdown]\n# (here)=\n# # Title\n")
    (tmp_path / "pages.toml").write_text('[a]\nnotebook = "one"\n[b]\nnotebook = "two"\n')
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path)
    with pytest.raises(NlrError, match="'here', a and b; rename one"):
        places.labels.__wrapped__()  # past the cache
