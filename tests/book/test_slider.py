"""Sliders: the frames and their words, the still without JavaScript, and the control as a reader uses it."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup

from nlr import paths
from nlr.book import display
from nlr.errors import NlrError

VALUES = [0.0, 0.5, 1.0]


def draw(value, factor):
    figure, axis = plt.subplots(figsize=(2, 2))
    axis.bar(["a"], [value * factor])
    axis.set_ylim(0, 3)
    return figure


def make(**changes):
    given = {
        "name": "bar",
        "caption": "A bar grows, $x$ by $x$.",
        "label": "height <x>",
        "alt": lambda value: f'One "bar", {3 * value:g} high.',
        "default": 0.5,
    }
    given |= changes
    return display.Slider(draw, given.pop("values", VALUES), 3, **given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": [0.5]}, r"'bar' has 1 value\(s\): give two or more"),
        ({"default": 0.7}, r"starts at 0\.7, which is not among"),
        ({"show": "{:.0f}".format}, "writes two values alike"),
    ],
)
def test_a_wrong_list_of_values_is_refused(elsewhere, changes, message):
    with pytest.raises(NlrError, match=message):
        make(**changes)


def test_elsewhere_it_is_the_still_of_the_default(elsewhere):
    shown = make()
    assert len(shown.frames) == 1
    root = ET.fromstring(shown.html())
    assert root[0].get("aria-label") == 'One "bar", 1.5 high.'
    assert str(shown) == "Figure, height <x> 0.5: A bar grows, $x$ by $x$."


def test_in_the_build_every_value_has_its_pictures_and_its_words(build):
    text = make().myst()
    assert text.splitlines() == [
        ":::{themed-slider} /executed/figures/digits/symmetric-0.4/bar",
        ":name: fig-digits-symmetric-0-4-bar",
        "",
        "A bar grows, $x$ by $x$.",
        ":::",
    ]
    folder = build / "executed" / "figures" / "digits" / "symmetric-0.4"
    control = json.loads((folder / "bar.json").read_text())
    assert control["default"] == 1
    assert control["label"] == "height <x>"
    assert [frame["value"] for frame in control["frames"]] == ["0", "0.5", "1"]
    assert [frame["alt"] for frame in control["frames"]] == [f'One "bar", {h} high.' for h in ("0", "1.5", "3")]
    pictures = {path.name: path.read_text() for path in folder.glob("*.svg")}
    assert sorted(pictures) == [f"bar-{n}-{theme}.svg" for n in range(3) for theme in ("dark", "light")]
    assert len(set(pictures.values())) == 6


# In a site

CONF = f"""
import sys
sys.path.insert(0, {str(paths.ROOT / "pipeline")!r})
extensions = ["myst_parser", "bookext"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
numfig = True
mathjax_path = "mathjax/tex-svg.js"
exclude_patterns = ["executed"]
html_static_path = [{str(paths.ROOT / "book" / "_assets")!r}]
html_css_files = ["book.css"]
"""


def sphinx(folder):
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", ".", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def write_site(folder, text):
    (folder / "conf.py").write_text(CONF)
    (folder / "index.md").write_text(f"# A page\n\n{text}\n\n```{{toctree}}\nplain\n```\n")
    (folder / "plain.md").write_text("# Another page\n\nNothing moves here.\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small site with one slider on its first page and none on its second."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLR_PAGE", "bars")
        patch.setattr(display, "ROOT", folder)
        patch.setattr(display, "EXECUTED", folder / "executed")
        write_site(folder, "See {numref}`fig-bars-bar`.\n\n" + make().myst())
    done = sphinx(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "out"


def test_without_javascript_it_is_a_themed_figure_of_the_default(site):
    body = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    (figure,) = body.select("figure.themed")
    images = figure.find_all("img")
    assert [image["src"].rpartition("/")[2] for image in images] == ["bar-1-light.svg", "bar-1-dark.svg"]
    assert {image["alt"] for image in images} == {'One "bar", 1.5 high.'}
    assert figure.figcaption.select_one(".math")
    assert body.find("a", href="#fig-bars-bar").get_text() == "Fig. 1"
    (control,) = figure.select("div.slider")
    assert control.has_attr("hidden")
    assert control.label["for"] == control.input["id"]
    assert control.label.get_text() == "height <x>"
    for frame in json.loads(control["data-frames"]):
        assert all((site / frame[theme]).is_file() for theme in ("light", "dark"))


def test_only_pages_with_a_slider_load_its_script(site):
    scripts = {name: (site / f"{name}.html").read_text().count("slider.js") for name in ("index", "plain")}
    assert scripts == {"index": 1, "plain": 0}
    assert (site / "_static" / "slider.js").is_file()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (":::{themed-slider} /executed/none\n:name: a\n\nCaption.\n:::", "executed/none.json is missing"),
        (":::{themed-slider} /executed/bar\n\nCaption.\n:::", "a name (:name:) is required"),
        (":::{themed-slider} /executed/bar\n:name: a\n:::", "a caption is required"),
        (":::{themed-slider} /executed/lost\n:name: a\n\nCaption.\n:::", "lost-0-light.svg is missing"),
    ],
)
def test_an_incomplete_slider_stops_the_build(tmp_path, text, complaint):
    write_site(tmp_path, text)
    folder = tmp_path / "executed"
    folder.mkdir()
    for name in ("bar", "lost"):
        control = {"label": "x", "default": 0, "frames": [{"value": "0", "alt": "One bar."}]}
        (folder / f"{name}.json").write_text(json.dumps(control))
    for theme in ("light", "dark"):
        (folder / f"bar-0-{theme}.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>')
    done = sphinx(tmp_path)
    assert done.returncode != 0
    assert complaint in done.stderr


@pytest.fixture
def reader(site, serve, browser):
    """A browser's tab on the first page, and the list of the pictures it has asked for."""
    tab, asked = browser.new_page(), []
    tab.on("request", lambda request: request.url.endswith(".svg") and asked.append(request.url.rpartition("/")[2]))
    tab.goto(f"{serve(site)}index.html", wait_until="load")
    yield tab, asked
    tab.close()


def test_the_arrow_keys_change_picture_value_and_words(reader):
    tab, asked = reader
    tab.focus("div.slider input")
    assert {name for name in asked if not name.startswith("bar-1")} == set()  # no other frame before it is wanted

    def state():
        return tab.evaluate(
            """() => [document.querySelector('.slider-value').textContent,
                      document.querySelector('.slider-text').textContent,
                      document.querySelector('div.slider input').getAttribute('aria-valuetext'),
                      ...[...document.querySelectorAll('figure img')].flatMap(i => [i.alt, i.src.split('/').pop()])]"""
        )

    for key, value, words, number in (
        ("ArrowRight", "1", 'One "bar", 3 high.', 2),
        ("Home", "0", 'One "bar", 0 high.', 0),
        ("ArrowUp", "0.5", 'One "bar", 1.5 high.', 1),
    ):
        tab.keyboard.press(key)
        light, dark = (f"bar-{number}-{theme}.svg" for theme in ("light", "dark"))
        assert state() == [value, words, value, words, light, words, dark]


def test_the_control_has_a_name_a_role_and_a_value(reader):
    tab, _ = reader
    assert tab.get_by_role("slider", name="height <x>").input_value() == "1"
