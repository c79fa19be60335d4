"""The explorer: its data are those of the records, and a reader can choose, link, reload and compare in a browser."""

import csv
import gzip
import hashlib
import io
import json
import re
import tomllib
from contextlib import closing
from urllib.parse import parse_qs, unquote, urlparse

import numpy as np
import pytest
from bs4 import BeautifulSoup
from factory import put
from test_slider import sphinx, write_site

from nlr import paths
from nlr.book import display, explorer, plots
from nlr.evidence import frames, reproductions, verdicts
from nlr.study import protocols

ASSETS = paths.ROOT / "book" / "_assets"
PAGE = paths.ROOT / "_build" / "html" / "executed" / "results" / "explorer.html"
LIMIT = 800_000  # bytes of page, library and data together, compressed
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALL = {"protocol": "ma2020-small", "dataset": "cifar10-jpeg75", "purpose": "study"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Records of CIFAR-10 in two protocols and two purposes, of MNIST, and of digits, which the explorer leaves out."""
    store = tmp_path_factory.mktemp("store")
    found = [
        put(store, loss, setting, seed, last=0.4312 + 0.0371 * seed + 0.05 * i, best=0.77, memorised=0.1, **SMALL)
        for i, loss in enumerate(("ce", "nce", "nce+mae", "mae", "nce+rce", "gce"))
        for setting in ("clean", "symmetric-0.4", "symmetric-0.8", "asymmetric-0.4")
        for seed in range(2 if loss in ("ce", "nce+mae") else 1)
        if (loss, setting) != ("gce", "symmetric-0.8")
    ]
    early = SMALL | {"purpose": "exploratory"}
    found.append(put(store, "ce", "symmetric-0.4", 2, last=0.7, best=0.8, **early))
    control = SMALL | {"protocol": "ma2020-small-x4", "purpose": "control"}
    found.append(put(store, "nce", "symmetric-0.4", last=0.3, **control))
    confused = np.eye(10, dtype=int) * 60 + 4
    for setting in ("human-worse", "matrix-worse", "symmetric-0.4105"):
        found += [put(store, loss, setting, last=0.5, counts=confused, **SMALL) for loss in ("ce", "nce")]
    mnist = SMALL | {"protocol": "ma2020-mnist", "dataset": "mnist"}
    one_answer = [[100] + [0] * 9] * 10
    found.append(put(store, "mae", "symmetric-0.6", last=0.1, confusion=one_answer, **mnist))
    release = mnist | {"protocol": "ma2020-mnist-release"}
    found.append(put(store, "nce+mae", "symmetric-0.6", last=0.9, **release))
    return [*found, put(store, "ce", "symmetric-0.4", purpose="study")]


@pytest.fixture(scope="module")
def content(made):
    return explorer.content(made)


# --- the data -----------------------------------------------------------------------------------------------------


def test_what_may_not_be_drawn_together_stands_apart(content):
    assert [(place["data"], place["protocol"]) for place in content["places"]] == [
        ("cifar10-jpeg75", "ma2020-small"),
        ("cifar10-jpeg75", "ma2020-small-x4, control"),
        ("mnist", "ma2020-mnist"),
        ("mnist", "ma2020-mnist-release"),
    ]
    small, x4, *_ = content["places"]
    assert small["title"] == protocols.load("ma2020-small")["title"]
    assert "scaled down" in small["title"]
    assert small["first"] == ["ce", "nce", "nce+mae", "mae", "nce+rce"]  # the most runs, ties by the order of looks
    (cell,) = (c for c in small["cells"] if (c["loss"], c["setting"]) == ("ce", "symmetric-0.4"))
    assert (cell["n"], cell["early"]) == (3, 1)
    assert [c["n"] for c in x4["cells"]] == [1]


def test_every_number_is_that_of_the_other_pages(made, content):
    for place in content["places"]:
        protocol = place["protocol"].partition(",")[0]
        found = [r for r in made if (r["config"]["dataset"], r["config"]["protocol"]) == (place["data"], protocol)]
        cells = frames.cells(frames.frame(found)).set_index(["loss", "setting"])
        assert len(cells) == len(place["cells"])
        for cell in place["cells"]:
            whole = cells.loc[cell["loss"], cell["setting"]]
            mine = [r for r in found if (r["config"]["loss"]["spec"], frames.setting_of(r["config"])) == whole.name]
            for key in ("last", "best"):
                printed = frames.spread(*(float("nan") if v is None else v for v in cell[key]))
                assert printed == frames.spread(whole[f"{key}_mean"], whole[f"{key}_sd"])
            courses = [[100 * v for v in r["series"]["test_accuracy"]] for r in mine]
            by_class = [[100 * v for v in r["final"]["accuracy_by_class"]] for r in mine]
            for shown, values in ((cell["test"], courses), (cell["classes"], by_class)):
                assert shown[0] == pytest.approx([sum(v) / len(v) for v in zip(*values, strict=True)], abs=0.0501)
                if len(mine) > 1:
                    assert shown[1] == pytest.approx([min(v) for v in zip(*values, strict=True)], abs=0.0501)
                    assert shown[2] == pytest.approx([max(v) for v in zip(*values, strict=True)], abs=0.0501)
                assert len(shown) == (3 if len(mine) > 1 else 1)
            assert (cell["memorised"][0][-1] is None) == (cell["setting"] == "clean")


def test_the_authors_figures_are_theirs_and_not_beside_a_report(content, tmp_path):
    small = content["places"][0]
    theirs = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020-small")
    one = theirs["nce+mae", "symmetric-0.8"]
    assert small["authors"]["symmetric-0.8"]["nce+mae"] == [round(one.mean, 1), round(one.sd, 1), one.n]
    assert "gce" in small["authors"]["symmetric-0.8"]  # where no run of ours is
    *_, first, release = content["places"]
    assert (first["tables"], release["tables"]) == ("authors' draft tables", "authors' later draft tables")
    later = reproductions.figures("HX-HX2-MNIST", "mnist", "ma2020-mnist-release")["nce+mae", "symmetric-0.6"]
    assert release["authors"]["symmetric-0.6"]["nce+mae"][0] == round(later.mean, 1)
    report = put(tmp_path, protocol="chheda-as-written-small", dataset="cifar10-jpeg75", purpose="study")
    assert explorer.content([report])["places"][0]["authors"] == {}


def test_looks_are_those_of_the_other_figures(content):
    assert content["looks"]["nce+mae"]["colour"] == plots.style("nce+mae")[0]
    assert content["looks"]["ce"]["colour"] is None  # the ink of the theme
    assert content["looks"]["mae"]["dashes"] == [1, 1]
    markers = {loss: str(look["marker"]) for loss, look in content["looks"].items()}
    assert len(set(markers.values())) == len({plots.style(loss)[2] for loss in markers})


def test_the_script_is_one_statement_and_notes_the_licence_of_human_labels(content, tmp_path):
    path = tmp_path / "static" / "explorer-data.js"
    explorer.write(content, path)
    assert json.loads(path.read_text().partition("window.explorerData = ")[2].removesuffix(";\n")) == content
    human = put(tmp_path, setting="human-worse", **SMALL)
    explorer.write(explorer.content([human]), path)
    assert "CC BY-NC 4.0" in path.read_text().splitlines()[0]


def test_the_table_has_every_cell_and_the_authors_below(content):
    table = explorer.table(content).set_index(["protocol", "loss"])
    assert table.loc[("ma2020-small", "gce"), "symmetric 0.8"] == "–"
    assert "±" in table.loc[("ma2020-small", "ce"), "symmetric 0.4"]
    assert table.loc[("ma2020-small-x4, control", "nce"), "symmetric 0.4"] == "30.0"
    assert table.loc[("ma2020-mnist", "mae"), "symmetric 0.6"] == "10.0 [9]"  # classes that are never answered
    numbers = explorer.numbers(content).set_index(["protocol", "loss"])["classes never answered"]
    assert numbers.loc["ma2020-mnist", "mae"] == 9
    assert numbers.loc["ma2020-small-x4, control", "nce"] == 0
    assert numbers.loc["authors' draft tables"].isna().all()
    authors = table.loc[("authors' draft tables", "mae")].set_index("data")
    assert authors.loc["CIFAR-10", "symmetric 0.8"] != "–"  # not of our copy of the data
    assert authors.loc["MNIST", "symmetric 0.6"] != "–"


def test_vendored_files_are_what_they_are_said_to_be():
    pins = tomllib.loads((ASSETS / "vendor" / "vendor.toml").read_text())
    assert {path.name for path in (ASSETS / "vendor").glob("*.js")} == set(pins)
    for name, pin in pins.items():
        content = (ASSETS / "vendor" / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == pin["sha256"]
        assert f"v{pin['version']} ".encode() in content[:100]
        assert "Permission to use" in (ASSETS / "vendor" / pin["licence"]).read_text()


@pytest.mark.skipif(not PAGE.is_file(), reason="the site is not built; make book builds it")
def test_page_library_and_data_are_small():
    scripts = BeautifulSoup(PAGE.read_text(), "html.parser").find_all("script", src=re.compile("explorer|vendor"))
    files = [PAGE, *(PAGE.parent / script["src"].partition("?")[0] for script in scripts)]
    assert len(files) == 5
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < LIMIT


# --- in a browser, from a folder ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory, content):
    """The address of a page with the explorer, as a file."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLR_PAGE", "explorer")
        table = display.Table(explorer.table(content), name="all", caption="All accuracies.", style="dense explorer")
        write_site(folder, table.myst())
    explorer.write(content, folder / "executed" / "static" / "explorer-data.js")
    with (folder / "conf.py").open("a") as conf:
        conf.write('html_static_path += ["executed/static"]\n')
    done = sphinx(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "explorer" not in (folder / "out" / "plain.html").read_text()
    return (folder / "out" / "index.html").as_uri()


@pytest.fixture
def reader(browser, page):
    """A tab on the page; what goes wrong in it, or asks for anything but files, fails the test."""
    wrong = []
    with closing(browser.new_context(viewport={"width": 1280, "height": 900})) as context:
        tab = context.new_page()
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("request", lambda request: request.url.startswith(("file:", "data:")) or wrong.append(request.url))
        tab.goto(page)
        yield tab
    assert wrong == []


def rows(tab, figure=0):
    """The table below a figure, as texts."""
    script = "f => [...f.querySelectorAll('tr')].map(r => [...r.cells].map(c => c.textContent))"
    return tab.locator(".explorer-figures figure").nth(figure).evaluate(script)


def box(tab, loss):
    return tab.get_by_role("checkbox", name=loss, exact=True)


def said(tab):
    return tab.get_by_role("status").text_content()


def choose(tab, **choice):
    for name, value in choice.items():
        tab.locator(f"#explorer-{name}").select_option(value)


def test_what_is_chosen_is_shown_linked_and_there_after_a_reload(reader, content):
    assert rows(reader)[0] == ["loss", "clean", "symmetric 0.4", "symmetric 0.4105", "symmetric 0.8"]
    choose(reader, noise="asymmetric", rate="0", epoch="best")
    box(reader, "gce").check()
    box(reader, "nce").uncheck()
    small = content["places"][0]
    losses = ["ce", "nce+mae", "mae", "nce+rce", "gce"]
    chosen = parse_qs(urlparse(reader.url).fragment)
    assert chosen == {
        "data": ["cifar10-jpeg75"],
        "protocol": ["ma2020-small"],
        "noise": ["asymmetric"],
        "rate": ["0"],
        "epoch": ["best"],
        "loss": losses,
    }

    def as_expected():
        wanted = [["loss", "clean", "asymmetric 0.4"]]
        for loss in losses:
            cells = {c["setting"]: c for c in small["cells"] if c["loss"] == loss}
            figures = [cells[setting] for setting in ("clean", "asymmetric-0.4")]
            texts = [
                frames.spread(*(float("nan") if v is None else v for v in cell["best"])) + f" (n = {cell['n']})"
                for cell in figures
            ]
            wanted.append([loss, *texts])
        assert rows(reader) == wanted
        assert "there are no wrong ones" in reader.locator("figcaption").nth(2).text_content()
        assert "best epoch (chosen on test). Losses: ce; nce+mae; mae; nce+rce; gce." in said(reader)

    as_expected()
    reader.reload()
    as_expected()


def test_a_link_opens_its_choice_and_says_what_is_not_there(reader, page):
    link = "#data=cifar10-jpeg75&protocol=ma2020-small&noise=symmetric&rate=0.8&loss=gce&loss=nce%2Bmae&loss=lost"
    reader.goto(page + link)
    assert "The link asks for what is not here: loss lost." in said(reader)
    assert "symmetric noise, rate 0.8, last epoch. Losses: nce+mae; gce." in said(reader)
    assert "Without a run in this setting: gce." in said(reader)
    assert rows(reader, 1)[0] == ["epoch", "nce+mae"]
    reader.goto(page + "#data=mnist")  # while the page is open
    assert said(reader).startswith("Shown: MNIST, protocol ma2020-mnist (Ma et al. 2020, MNIST; ")
    reader.goto(page + "#main-content")  # a link within the page is no choice
    assert said(reader).startswith("Shown: MNIST")


def test_the_four_figures_show_the_records(reader, made, page):
    reader.goto(page + "#noise=symmetric&rate=0.4&loss=nce%2Bmae")
    found = [
        r for r in made
        if r["config"]["loss"]["spec"] == "nce+mae" and frames.setting_of(r["config"]) == "symmetric-0.4"
    ]  # fmt: skip
    assert len(found) == 2

    def ours(values):
        low, high = sorted(100 * value for value in values)
        return f"{(low + high) / 2:.1f} ({low:.1f} to {high:.1f})"

    head, *by_rate = rows(reader)
    place = head.index("symmetric 0.4")
    cell = frames.cells(frames.frame(found)).iloc[0]
    assert by_rate[0][place] == f"{frames.spread(cell.last_mean, cell.last_sd)} (n = 2)"
    theirs = reproductions.figures("HX-HX1-CIFAR10", "cifar10", "ma2020-small")["nce+mae", "symmetric-0.4"]
    assert by_rate[1][0] == "nce+mae, the authors"
    assert by_rate[1][place] == f"{frames.spread(theirs.mean, theirs.sd)} (n = {theirs.n})"
    series = [r["series"] for r in found]
    last = len(series[0]["test_accuracy"])
    assert rows(reader, 1)[last] == [str(last), ours(s["test_accuracy"][-1] for s in series)]
    fitted, memorised = (ours(s[key][-1] for s in series) for key in ("accuracy_clean_part", "memorised"))
    assert rows(reader, 2)[last] == [str(last), fitted, memorised]
    cats = ours(r["final"]["accuracy_by_class"][3] for r in found)
    assert rows(reader, 3)[4] == ["cat", cats]
    drawn = reader.locator(".explorer-plot svg").all()
    assert len(drawn) == 4
    assert "nce+mae from" in drawn[0].get_attribute("aria-label")
    reader.get_by_label("the authors’ figures beside ours").uncheck()
    assert len(rows(reader)) == 2
    assert "authors=0" in reader.url


@pytest.mark.skipif(not PAGE.is_file(), reason="the site is not built; make book builds it")
def test_the_built_page_shows_the_committed_records(reader):
    settings = ("symmetric-0.4", "symmetric-0.6", "symmetric-0.8")
    found = [
        record
        for record in verdicts.committed()
        if (record["config"]["protocol"], record["config"]["loss"]["spec"]) == ("ma2020-mnist", "nce+mae")
        and record["facts"]["purpose"] in explorer.USUAL
    ]
    reader.goto(PAGE.as_uri() + "#data=mnist&protocol=ma2020-mnist&noise=symmetric&rate=0.8&loss=nce%2Bmae")
    head, ours, *_ = rows(reader)
    for setting in settings:
        of_setting = [record for record in found if frames.setting_of(record["config"]) == setting]
        (cell,) = frames.cells(frames.frame(of_setting)).itertuples()
        shown = frames.spread(cell.last_mean, cell.last_sd) + frames.unanswered(cell.never_answered)
        assert ours[head.index(frames.short_name(setting))] == f"{shown} (n = {cell.n})"


def test_data_and_protocol_bring_what_they_have(reader):
    choose(reader, protocol="ma2020-small-x4, control")
    assert "ma2020-small-x4, control" in said(reader)
    assert "four times the epochs" in said(reader)
    assert [one.get_attribute("value") for one in reader.locator("fieldset input").all()] == ["nce"]
    choose(reader, data="mnist")
    assert reader.locator("#explorer-rate option").all_text_contents() == ["0.6"]
    never = "After the last epoch some classes are never answered, the most in a run: 9 with mae."
    assert f"Losses: mae. {never} In this setting 1 run, one seed each." in said(reader)
    assert rows(reader)[1] == ["mae", "10.0 [9] (n = 1)"]
    assert "how many classes a run never answers" in reader.locator("figcaption").first.text_content()
    choose(reader, epoch="best")  # of which a record does not say it
    assert rows(reader)[1] == ["mae", "60.0 (n = 1)"]
    choose(reader, epoch="last")
    assert "link" not in said(reader)
    choose(reader, data="cifar10-jpeg75")
    assert "1 of them exploratory" in said(reader)


def numbers(tab, figure=0):
    """The file of numbers below a figure, as rows of cells."""
    link = tab.locator(".explorer-figures .numbers-line a").nth(figure)
    head, _, text = link.get_attribute("href").partition(",")
    assert head == "data:text/csv;charset=utf-8"
    return list(csv.reader(io.StringIO(unquote(text))))


def test_numbers_of_each_figure_are_a_file(reader, made, content, page):
    reader.goto(page + "#noise=symmetric&rate=0.4&loss=nce%2Bmae")
    cells = {(c["loss"], c["setting"]): c for c in content["places"][0]["cells"]}
    cell = cells["nce+mae", "symmetric-0.4"]
    head, *found = numbers(reader)
    assert head[3:] == [
        "clean test accuracy, last epoch, mean (%)", "standard deviation (points)", "seeds", "classes never answered"
    ]  # fmt: skip
    (row,) = (row for row in found if row[1:3] == ["ours", "symmetric-0.4"])
    assert [float(number) for number in row[3:]] == [*cell["last"], 2, 0]
    assert [row[3] for row in found if row[1] == "the authors"]
    for figure, ends in (
        (1, [last[-1] for last in cell["test"]]),
        (2, [cell[k][0][-1] for k in ("fitted", "memorised")]),
    ):
        head, *found = numbers(reader, figure)
        assert head[:2] == ["loss", "epoch"]
        assert [float(number) for number in found[-1][2:]] == ends
    assert [row[:2] for row in numbers(reader, 3)[1:3]] == [["nce+mae", "airplane"], ["nce+mae", "automobile"]]
    choose(reader, rate="0")  # without wrong labels nothing is memorised
    assert not reader.locator(".explorer-figures .numbers-line a").nth(2).is_visible()
    with reader.expect_download() as download:
        reader.locator(".explorer-figures .numbers-line a").first.click()
    assert download.value.suggested_filename == "accuracy-against-the-noise-rate.csv"


def test_labels_by_people_stand_apart_from_rates(reader, page):
    kinds = reader.locator("#explorer-noise option").all_text_contents()
    assert {"symmetric noise", "human labels", "noise of the matrix of human labels"} <= set(kinds)
    reader.goto(page + "#noise=human&loss=ce&loss=nce&loss=mae")
    assert rows(reader)[0] == ["loss", "human worse"]  # clean labels are no rate of theirs
    caption = reader.locator("figcaption").first
    assert caption.text_content().startswith("Clean test accuracy, last epoch, with human labels, worse; mean")
    marks = reader.locator(".explorer-plot svg").first
    assert "ce, human labels, worse: 50.0" in marks.get_attribute("aria-label")
    assert "mae" not in marks.text_content()  # it has no run there
    reader.goto(page + "#noise=symmetric&rate=0.4105&loss=ce")
    assert "Off the lines: a rate that labels by people have." in caption.text_content()
    assert "0.4105" not in marks.text_content()  # beside 0.4 it could not be read
    assert "symmetric-0.4105" in [row[2] for row in numbers(reader)]


def test_without_a_loss_it_says_so_and_comes_back(reader):
    for one in reader.locator("fieldset input").all():
        one.uncheck()
    assert "No loss is chosen." in said(reader)
    assert not reader.locator(".explorer-figures svg").first.is_visible()
    box(reader, "ce").check()
    assert reader.locator(".explorer-figures svg").first.is_visible()


def test_by_keyboard(reader):
    reader.evaluate("document.documentElement.style.setProperty('--pst-color-primary', 'blue')")  # the theme's
    reader.locator("#explorer-rate").focus()
    reader.keyboard.press("ArrowDown")
    assert "rate 0.4105" in said(reader)
    reader.keyboard.press("ArrowDown")
    assert "rate 0.8" in said(reader)
    reader.keyboard.press("Tab")
    reader.keyboard.press("Tab")
    assert reader.evaluate("document.activeElement.value") == "ce"
    reader.keyboard.press("Space")
    assert "Losses: nce; nce+mae; mae; nce+rce." in said(reader)
    assert reader.evaluate("document.activeElement.value") == "ce"  # it is where it was
    assert reader.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_javascript_a_table_stands_in_its_place(browser, page):
    with closing(browser.new_context(java_script_enabled=False)) as context:
        tab = context.new_page()
        tab.goto(page)
        assert tab.locator("table.explorer").is_visible()
        assert tab.locator("form.filters").count() == 0


def test_the_table_makes_way_for_the_explorer(reader):
    assert not reader.locator("table.explorer").is_visible()


def test_a_phone_and_a_screen_reader(reader):
    from axe_playwright_python.sync_playwright import Axe

    for width in (1280, 390):
        reader.set_viewport_size({"width": width, "height": 844})
        reader.wait_for_timeout(100)
        assert reader.evaluate("document.documentElement.scrollWidth") <= width
        for svg in reader.locator(".explorer-plot svg").all():
            assert svg.bounding_box()["width"] <= width
        reader.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        options = {"runOnly": RULES, "resultTypes": ["violations"], "preload": False}
        found = Axe().run(reader, context=".explorer-view", options=options).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found] == []
