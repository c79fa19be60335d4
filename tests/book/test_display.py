"""What cells show: MyST with two pictures in the build, HTML elsewhere, and nothing without a text alternative."""

import json
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from nlr.book import display, plots
from nlr.errors import NlrError
from nlr.evidence import claims

SVG = "{http://www.w3.org/2000/svg}"


def draw(height=1):
    figure, axis = plt.subplots(figsize=(2, 2))
    axis.bar(["a"], [height], color=plots.style("ce")[0])
    return figure


def figure(**changes):
    given = {"name": "bar", "caption": "One bar,\n  $x^2$ & more.", "alt": 'A bar "a"\n of <1>.'}
    return display.Figure(draw, 3, **given | changes)


EVERY = {
    "figure": figure,
    "table": lambda: display.Table(pd.DataFrame({"loss": ["ce"], "n": [3]}), name="t", caption="A table."),
    "facts": lambda: display.Facts([("device", "A <processor>"), ("runs", 3)]),
    "prose": lambda: display.Prose("With **bold** words."),
}


@pytest.mark.parametrize("kind", EVERY)
def test_in_the_build_a_cell_shows_myst_alone(build, kind):
    bundle = EVERY[kind]()._repr_mimebundle_()
    assert set(bundle) == {"text/markdown", "text/plain"}
    assert json.loads(json.dumps(bundle)) == bundle


@pytest.mark.parametrize("kind", ["figure", "table", "facts"])
def test_elsewhere_a_cell_shows_html(elsewhere, kind):
    bundle = EVERY[kind]()._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    ET.fromstring(f"<div>{bundle['text/html']}</div>")  # well formed, and everything escaped


def test_prose_is_markdown_everywhere(elsewhere):
    assert display.Prose("**b**")._repr_mimebundle_() == {"text/markdown": "**b**", "text/plain": "**b**"}


# Figures


@pytest.mark.parametrize("missing", ["caption", "alt"])
@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_figure_needs_a_caption_and_a_text_alternative(elsewhere, missing, text):
    with pytest.raises(ValueError, match="'bar' needs a caption and a text alternative"):
        figure(**{missing: text})


def test_a_figure_in_the_build_is_a_directive_and_two_pictures(build):
    text = figure().myst()
    assert text.splitlines() == [
        ":::{themed-figure} /executed/figures/digits/symmetric-0.4/bar",
        ':alt: A bar "a" of <1>.',
        ":name: fig-digits-symmetric-0-4-bar",
        "",
        "One bar, $x^2$ & more.",
        ":::",
    ]
    folder = build / "executed" / "figures" / "digits" / "symmetric-0.4"
    assert sorted(path.name for path in folder.iterdir()) == ["bar-dark.svg", "bar-light.svg"]
    for theme in plots.THEMES:
        picture = (folder / f"bar-{theme}.svg").read_text()
        assert ET.fromstring(picture).tag == f"{SVG}svg"
        assert plots._INK[theme] in picture
        assert "<dc:date>" not in picture


def test_the_same_drawing_gives_the_same_bytes(build):
    one, two = figure(), figure()
    assert one.pictures == two.pictures
    assert one.pictures["light"] != one.pictures["dark"]
    assert display.Figure(draw, 4, name="bar", caption="c", alt="a").pictures["light"] != one.pictures["light"]


def test_a_figure_elsewhere_is_one_picture_with_its_alternative(elsewhere):
    shown = figure()
    assert set(shown.pictures) == {"light"}
    root = ET.fromstring(shown.html())
    picture = root.find(f"{SVG}svg")
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == 'A bar "a" of <1>.'
    assert root.find("figcaption").text == "One bar, $x^2$ & more."
    assert str(shown) == "Figure: One bar, $x^2$ & more."


def test_figures_are_closed(elsewhere):
    before = plt.get_fignums()
    figure()
    assert plt.get_fignums() == before


# The line below a figure or table


NUMBERS = pd.DataFrame({"loss": ["ce", "nce"], "accuracy (%)": [100 / 3, 0.1 + 0.2]})


def drawing_with_numbers(height=1):
    shown = draw(height)
    shown.numbers = NUMBERS
    return shown


SHOWN = {
    "fig": lambda: display.Figure(drawing_with_numbers, name="the bar", caption="One.", alt="A bar."),
    "tab": lambda: display.Table(pd.DataFrame({"n": ["33 %"]}), name="the bar", caption="One.", numbers=NUMBERS),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_numbers_are_saved_unrounded_beside_the_pictures_and_led_to(build, kind):
    label = f"{kind}-digits-symmetric-0-4-the-bar"
    path = f"executed/figures/digits/symmetric-0.4/{label}.csv"
    assert SHOWN[kind]().myst().endswith(f"\n:::\n\n:::{{numbers}} /{path}\n:of: {label}\n:::")
    assert (build / path).read_text() == "loss,accuracy (%)\nce,33.3333\nnce,0.3\n"


@pytest.mark.parametrize("kind", SHOWN)
def test_elsewhere_no_numbers_are_saved(elsewhere, monkeypatch, kind, tmp_path):
    monkeypatch.setattr(display, "EXECUTED", tmp_path)
    assert "CSV" not in SHOWN[kind]().html()
    assert display.numbers_of(NUMBERS, "c1-1", "C1, table 1") == ""
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_prose_has_its_line_too(build):
    text = display.numbers_of(NUMBERS, "c1-1", "C1, table 1")
    path = "executed/figures/digits/symmetric-0.4/tab-digits-symmetric-0-4-c1-1.csv"
    assert text == f":::{{numbers}} /{path}\n:of: C1, table 1\n:::"
    assert pd.read_csv(build / path)["loss"].tolist() == ["ce", "nce"]


# Characters


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("-0.3 to +1 points (-1.2)", "−0.3 to +1 points (−1.2)"),
        ("A = -4 or -.5", "A = −4 or −.5"),
        ("9-10, CIFAR-10, 1e-4, f(x)-1, - 3", "9-10, CIFAR-10, 1e-4, f(x)-1, - 3"),
        ("`x = -1` and $y = -1$ and -1", "`x = -1` and $y = -1$ and −1"),
        ("$$\nz = -1\n$$", "$$\nz = -1\n$$"),
        ("```\ny = -1\n```", "```\ny = -1\n```"),
        ("3 %", "3\N{NO-BREAK SPACE}%"),
    ],
)
def test_minus_signs_and_per_cent(text, printed):
    assert display.typeset(text) == printed
    assert display.typeset(printed) == printed


# Tables and facts


FRAME = pd.DataFrame({"loss": ["`ce`", "`a|b`"], "formula": ["$|x|$", "$x$"], "n": [3, None]}, dtype=object)


def test_a_table_keeps_its_cells_apart():
    lines = display.Table(FRAME, "t", "Two\n rows.", left=["formula"]).markdown().splitlines()
    assert lines == [
        "| loss | formula | n |",
        "| :-- | :-- | --: |",
        r"| `ce` | $\|x\|$ | 3 |",
        r"| `a\|b` | $x$ | None |",
    ]


def test_a_table_in_the_build_has_caption_and_label(build):
    text = display.Table(FRAME, "the losses", "Two\n rows.").myst()
    assert text.startswith(":::{table} Two rows.\n:name: tab-digits-symmetric-0-4-the-losses\n\n| loss |")
    assert text.endswith("|\n:::")


def test_a_table_elsewhere_holds_every_cell():
    root = ET.fromstring(display.Table(FRAME, "t", "A < B.").html())
    assert root.find("figcaption").text == "A < B."
    assert [cell.text for cell in root.iter("td")] == ["`ce`", "$|x|$", "3", "`a|b`", "$x$", "None"]


def test_facts_are_a_strip_of_pairs():
    facts = display.Facts([("device", "A <processor>"), ("runs", 3)])
    assert facts.myst() == ":::{div} facts\n- **device** A <processor>\n- **runs** 3\n:::"
    root = ET.fromstring(facts.html())
    assert [(pair.tag, pair.text) for pair in root] == [
        ("dt", "device"),
        ("dd", "A <processor>"),
        ("dt", "runs"),
        ("dd", "3"),
    ]
    assert str(facts) == "device: A <processor>; runs: 3"


# Verdicts


def test_a_verdict_carries_its_data_and_an_anchor(build):
    shown = display.Verdict("C1", "held", "The sum is 1 to\n 1e-12.")._repr_mimebundle_()
    assert shown["text/markdown"].startswith(
        "(claim-c1)=\n:::{div} verdict\n**C1** {verdict}`held` The sum is 1 to 1e-12."
    )
    assert shown[claims.VERDICT_MIME] == {
        "claim": "C1",
        "outcome": "held",
        "because": "The sum is 1 to 1e-12.",
        "scope": "mathematics",
    }


def test_a_verdict_has_one_of_the_fixed_words():
    with pytest.raises(NlrError, match=r"'proved'.*did not hold"):
        display.Verdict("C1", "proved", "It was.")
