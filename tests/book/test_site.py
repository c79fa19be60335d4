"""The built site as a reader meets it, and the Sphinx extension that helps to build it.

The site in _build/html is served on this machine and looked at in headless Chromium. Each page is visited once; the
tests judge what that visit found.
"""

import csv
import functools
import gzip
import html
import json
import re
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest
import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "pipeline"))
import icons  # noqa: E402

SITE = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = {chapter["file"]: chapter["title"] for part in TOC["parts"] for chapter in part["chapters"]}
PAGES = [TOC["root"], *CHAPTERS]
EXPLORER = "executed/results/explorer"
SCROLLABLE = "pre, .cell_output > .output, .pst-scrollable-table-container"  # of the theme's list, what the book has
REACHABLE = f"""() => [...document.querySelectorAll('{SCROLLABLE}')].every(
    box => box.tabIndex >= 0 || (box.scrollWidth <= box.clientWidth && box.scrollHeight <= box.clientHeight))"""
COLOURS = ["color-contrast", "link-in-text-block"]  # all rules of axe that a theme can change
# Contrast takes most of the time, and what looks the same has the same: marks one text of each appearance that is not
# known from elsewhere in the book. An appearance is colour, size and weight, whatever is painted behind, and the colour
# of the text around, from which a link must stand out.
MARK = """known => {
    const seen = new Set(), old = new Set(known), fresh = [], behind = new Map();
    const painted = e => {
        if (!e) return '';
        if (!behind.has(e)) {
            const {backgroundColor, backgroundImage, opacity, filter, textShadow} = getComputedStyle(e);
            const own = [backgroundColor, backgroundImage, opacity, filter, textShadow].join();
            const rest = painted(e.parentElement);
            behind.set(e, own === 'rgba(0, 0, 0, 0),none,1,none,none' ? rest : `${own}|${rest}`);
        }
        return behind.get(e);
    };
    for (const e of document.body.querySelectorAll('*')) {
        e.removeAttribute('data-appearance');
        if (![...e.childNodes].some(c => c.nodeType === 3 && c.data.trim()) || !e.checkVisibility()) continue;
        const {color, fontSize, fontWeight, textDecorationLine, position} = getComputedStyle(e);
        const around = getComputedStyle(e.parentElement).color;
        const look = [e.tagName, color, fontSize, fontWeight, textDecorationLine, position, around, painted(e)].join();
        if (!seen.has(look) && !old.has(look)) e.dataset.appearance = fresh.push(look);
        seen.add(look);
    }
    return {looks: seen.size, fresh};
}"""
# Most elements are strokes of formulas, which are hidden from readers of screens, and words of code, which differ in
# colour alone. No rule of axe looks at the former, and only the rules on colours tell the latter apart.
WITHOUT_STROKES = """() => {
    for (const drawn of document.querySelectorAll('mjx-container > svg[aria-hidden="true"]')) drawn.replaceChildren();
}"""
WITHOUT_COLOURS = """() => {
    const plain = e => e.tagName === 'SPAN' && e.getAttributeNames().every(name => name === 'class');
    for (const code of document.querySelectorAll('.highlight > pre')) {
        if ([...code.querySelectorAll('*')].every(plain)) code.replaceChildren(code.textContent);
    }
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

built = pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the site is not built; make book builds it")
# Two browsers visit half of the pages each, side by side where there are two cores.
HALF = {page: pytest.mark.xdist_group(f"site-{k % 2}") for k, page in enumerate([*PAGES, "search"])}


def of_pages(pages):
    """A test of each of these pages, in the process that has parsed and visited the page for its other tests."""
    return pytest.mark.parametrize("page", [pytest.param(page, marks=HALF[page]) for page in pages])


every_page = of_pages(PAGES)
search_too = of_pages([*PAGES, "search"])


# --- as files -----------------------------------------------------------------------------------------------------


@functools.cache
def soup(path):
    return BeautifulSoup((SITE / path).read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(path):
    """The ids of a page, by their spelling: other pages are asked for nothing else, and to parse them takes long."""
    return set(map(html.unescape, re.findall(r'<[^>]*\sid="([^"]*)"', (SITE / path).read_text(encoding="utf-8"))))


@functools.cache
def visible_text(page, *without):
    """The text of the article, without code and formulas, and without elements of a tag and class that are named."""
    article = soup(f"{page}.html").find("article")
    formulas = (None, "math")
    hidden = set(map(id, article.find_all(["pre", "code", "script", "style"])))
    hidden.update(id(element) for tag, name in (formulas, *without) for element in article.find_all(tag, name))

    def strings(element):
        for child in element.children:
            if isinstance(child, Tag):
                if id(child) not in hidden:
                    yield from strings(child)
            elif type(child) is NavigableString:  # comments are strings too
                yield child

    return " ".join(strings(article))


@built
def test_every_page_of_the_contents_is_built():
    assert [page for page in PAGES if not (SITE / f"{page}.html").is_file()] == []


@built
@every_page
def test_links_anchors_and_files_resolve(page):
    broken = []
    for element in soup(f"{page}.html").find_all(["a", "img", "link", "script", "object", "source"]):
        for attribute in ("href", "src", "data"):
            target = element.get(attribute)
            if not target or target.startswith(("data:", "mailto:")):
                continue
            if urlparse(target).scheme:
                if element.name != "a":
                    broken.append(f"{target}: asks a third party")
                continue
            resolved, fragment = urldefrag(urljoin(f"{page}.html", target))
            path = unquote(urlparse(resolved).path)
            if not (SITE / path).is_file():
                broken.append(f"{target}: no such file")
            elif fragment and path.endswith(".html") and unquote(fragment) not in anchors(path):
                broken.append(f"{target}: no such anchor")
    assert broken == []


@built
@every_page
def test_pictures_have_a_text_alternative(page):
    logos = soup(f"{page}.html").find_all(class_="logo__image")  # beside the name of the book, so theirs is empty
    wrong = []
    for image in soup(f"{page}.html").find_all("img"):
        alt = image.get("alt", "").strip()
        if image not in logos and (len(alt) < 15 or re.search(r"\.(svg|png|jpe?g)\b|^[\w./-]+/[\w./-]+$", alt)):
            wrong.append((image["src"], alt))
    assert wrong == []


@built
@every_page
def test_a_themed_figure_is_one_pair_with_one_numbered_caption(page):
    for figure in soup(f"{page}.html").find_all("figure", "themed"):
        images = figure.find_all("img")
        assert [sorted({"only-light", "only-dark"} & set(i["class"])) for i in images] == [
            ["only-light"],
            ["only-dark"],
        ]
        assert len({image["alt"] for image in images}) == 1
        assert len(figure.find_all("figcaption")) == 1
        assert re.match(r"Figure \d+", figure.find("figcaption").get_text(strip=True))


@built
@every_page
def test_page_says_something(page):
    words = visible_text(page).split()
    assert len(words) >= 60, " ".join(words)
    assert not re.search(r"\b(TODO|FIXME|TBD|lorem ipsum|placeholder|coming soon)\b", visible_text(page), re.IGNORECASE)


@built
@every_page
def test_markup_is_not_left_raw(page):
    text = visible_text(page)
    assert not re.search(r"```|:::|\{(value|verdict|numref|ref|eq|cite\w*|py:\w+)[}:]", text)
    assert not re.search(r"\$[^$\n]{1,80}\$|\\\(|\\\[|\\(frac|log|sum|mathrm|eta|alpha|ldots)\b", text)
    assert soup(f"{page}.html").find_all(class_=["nlr-missing", "problematic", "system-message"]) == []


@built
@every_page
def test_a_minus_is_not_a_hyphen(page):
    docstrings, raw_frames = ("dl", "py"), ("table", "dataframe")
    alternatives = [image.get("alt", "") for image in soup(f"{page}.html").find_all("img")]
    text = " ".join([visible_text(page, docstrings, raw_frames), *alternatives])
    assert [text[m.start() - 30 : m.end() + 10] for m in re.finditer(r"(?<![^\s(])-\.?\d", text)] == []


@built
@every_page
def test_no_path_of_this_machine(page):
    assert str(ROOT) not in soup(f"{page}.html").get_text()
    assert "site-packages" not in soup(f"{page}.html").get_text()


@built
@every_page
def test_source_of_the_page_exists(page):
    (line,) = soup(f"{page}.html").find_all(class_="nlr-page-source")
    assert (ROOT / line.code.get_text()).is_file()


@built
def test_pages_are_called_differently():
    start = soup(f"{TOC['root']}.html")
    sidebar = [link.get_text(strip=True) for link in start.select("nav.bd-docs-nav a.reference")]
    assert sidebar[1:] == list(CHAPTERS.values())
    assert len(set(sidebar)) == len(sidebar)
    assert max(map(len, sidebar)) <= 32
    pages = [(SITE / f"{page}.html").read_text(encoding="utf-8") for page in PAGES]  # to parse them takes long
    for tag in ("title", "h1"):
        named = [re.search(f"<{tag}>(.*?)</?{tag[0]}", page, re.DOTALL)[1] for page in pages]
        assert len(set(named)) == len(PAGES)


@built
@search_too
def test_one_search_field_and_no_empty_buttons(page):
    buttons = ["search-button__button", "dropdown-download-buttons", "btn-fullscreen-button"]
    assert len(soup(f"{page}.html").find_all("input", attrs={"name": "q"})) == 1
    assert soup(f"{page}.html").find_all(class_=buttons) == []


LAST, MEMORISED = "clean test accuracy, last epoch, mean (%)", "wrong labels memorised, mean (%)"
FOLDERS, SINGLE = r"(results|verdicts|digits|ma2020-\w+(-x4)?)/", "(practice|machines|speed)$"
RESULTS = [page for page in PAGES if re.match(f"executed/({FOLDERS}|{SINGLE})", page)]
REPORTS = [page for page in PAGES if re.match("executed/reports/(?!errata$|features$)", page)]  # these two are lists


@built
@of_pages([*RESULTS, *REPORTS])
def test_each_figure_and_table_of_the_results_leads_to_its_numbers_and_its_code(page):
    """On pages of reports stand tables of text too, without such a line: none of their columns is set flush right."""
    article = soup(f"{page}.html").find("article")
    shown = article.select("figure.themed, .cell_output table")
    if page in REPORTS:
        shown = [thing for thing in shown if thing.name == "figure" or thing.select_one("td.text-right")]
    lines = [thing.find_next(class_="numbers-line") for thing in shown]
    assert len(set(map(id, lines))) == len(shown) == len(article.find_all(class_="numbers-line"))
    names = [link.get_text() for line in lines for link in line.find_all("a")]
    assert len(set(names)) == len(names)  # to those who do not see where they stand
    for thing, line in zip(shown, lines, strict=True):
        number = thing.find(class_="caption-number")
        numbers, code = line.find_all("a")
        assert numbers.get_text().startswith("Numbers (CSV): ")
        assert code.get_text().startswith("Code of this cell: ")
        if number:
            assert numbers.get_text().endswith(f" {number.get_text(strip=True)}")
        with (SITE / unquote(urljoin(f"{page}.html", numbers["href"]))).open(newline="") as file:
            head, *rows = csv.reader(file)
        assert rows
        assert {len(row) for row in rows} == {len(set(head))}
        cell = thing.find_parent(class_="cell")
        assert cell.find(id=code["href"][1:]).get_text(strip=True)


def downloaded(page, label):
    """The rows of the file that the line below a figure or table leads to."""
    line = soup(f"{page}.html").find(id=label).find_next(class_="numbers-line")
    with (SITE / unquote(urljoin(f"{page}.html", line.a["href"]))).open(newline="") as file:
        return list(csv.DictReader(file))


def last_accuracy(record):
    return record["final"]["last_accuracy"]


def memorised(record):
    return record["series"]["memorised"][-1]


def by_cell(study, of):
    """What a function gives of the records of a study's folder, by setting and loss; straight from the files."""
    found = {}
    for path in (ROOT / "results").glob(f"*/{study}/*/*/seed-*.json"):
        record = json.loads(path.read_text())
        found.setdefault((path.parent.name, record["config"]["loss"]["spec"]), []).append(of(record))
    return found


@built
@pytest.mark.parametrize(
    ("page", "label", "study", "column", "of"),
    [
        ("results/noise-rate", "tab-results-noise-rate-last", "ma2020-small", LAST, last_accuracy),
        ("ma2020-small/comparison", "tab-ma2020-small-comparison-last", "ma2020-small", LAST, last_accuracy),
        ("ma2020-mnist/comparison", "tab-ma2020-mnist-comparison-memorised", "ma2020-mnist", MEMORISED, memorised),
    ],
)
def test_the_numbers_of_a_table_are_those_of_the_records(page, label, study, column, of):
    records, rows = by_cell(study, of), downloaded(f"executed/{page}", label)
    assert rows
    for row in rows:
        values = records[row["setting"], row["loss"]]
        assert int(row["seeds"]) == len(values)
        if values[0] is not None:
            assert float(row[column]) == pytest.approx(100 * sum(values) / len(values), rel=1e-5)


@built
def test_the_numbers_of_curves_are_those_of_the_records():
    records = by_cell("ma2020-small", lambda record: record["series"]["test_accuracy"])
    rows = downloaded("executed/ma2020-small/symmetric-0.4", "fig-ma2020-small-symmetric-0-4-curves")
    assert len(rows) > 100
    for row in rows:
        values = [series[int(row["epoch"]) - 1] for series in records["symmetric-0.4", row["loss"]]]
        assert float(row["clean test accuracy, mean (%)"]) == pytest.approx(100 * sum(values) / len(values), rel=1e-5)
        assert float(row["clean test accuracy, most (%)"]) == pytest.approx(100 * max(values), rel=1e-5)


# --- as seen ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(serve):
    return serve(SITE)


@pytest.fixture(scope="module")
def tab(browser):
    with closing(browser.new_context(color_scheme="light", reduced_motion="reduce")) as context:
        page = context.new_page()
        context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})  # every load is a first
        yield page


@pytest.fixture(scope="module")
def visit(tab, address):
    """Visit a page once: what it asked for, what went wrong, and what axe-core says in both themes and widths."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import TimeoutError as TooLong

    axe, notes, known = Axe().axe_script, {}, set()

    def violations(rules, context=None, without=()):
        options = {"runOnly": rules, "rules": {rule: {"enabled": False} for rule in without}}
        options |= {"resultTypes": ["violations"], "preload": False}
        ask = "([context, options]) => axe.run(context ?? document, options).then(found => found.violations)"
        return [
            f"{violation['id']}: {node['html'][:160]}"
            for violation in tab.evaluate(ask, [context, options])
            for node in violation["nodes"]
        ]

    def colours():
        found = tab.evaluate(MARK, list(known))
        assert found["looks"] > 0
        known.update(found["fresh"])
        return violations(COLOURS, {"include": [["[data-appearance]"]]}) if found["fresh"] else []

    def theme(name):
        tab.evaluate(f"document.documentElement.dataset.theme = {name!r}")

    @functools.cache
    def compressed(url):
        """The size of a file of the site as a server would send it; fonts and photographs are compressed already."""
        path = SITE / url.removeprefix(address).partition("?")[0].partition("#")[0]
        if not url.startswith(address) or not path.is_file():
            return 0
        return len(path.read_bytes() if path.suffix in (".woff", ".woff2") else gzip.compress(path.read_bytes()))

    def pictures():
        return tab.evaluate(
            "[...document.querySelectorAll('figure.themed')]"
            ".map(f => [...f.querySelectorAll('img')].filter(i => i.offsetWidth > 0).map(i => i.className))"
        )

    def look(page):
        if page in notes:
            return notes[page]
        note = notes[page] = {"asked": [], "axe": {}, "pictures": {}, "wrong": []}
        listeners = {
            "request": lambda r: note["asked"].append(r.url),
            "response": lambda r: r.status < 400 or note["wrong"].append(f"{r.status} {r.url}"),
            "requestfailed": lambda r: note["wrong"].append(f"failed {r.url}"),
            "pageerror": lambda e: note["wrong"].append(str(e)),
            "console": lambda m: m.type == "error" and note["wrong"].append(m.text),
        }
        for event, listener in listeners.items():
            tab.on(event, listener)
        tab.set_viewport_size({"width": 1280, "height": 900})
        tab.goto(f"{address}{page}.html", wait_until="load")
        tab.evaluate("window.MathJax ? MathJax.startup.promise.then(() => true) : true")
        note["bytes"] = sum(map(compressed, dict.fromkeys(note["asked"])))
        note["formulas"] = tab.evaluate("document.querySelectorAll('article .math').length")
        note["typeset"] = tab.evaluate("document.querySelectorAll('article .math > mjx-container > svg').length")
        note["maths_errors"] = tab.evaluate("document.querySelectorAll('mjx-merror, [data-mjx-error]').length")
        tab.evaluate(WITHOUT_STROKES)
        tab.evaluate("document.querySelectorAll('article details').forEach(d => { d.open = true; })")
        tab.evaluate(axe)
        note["axe"]["light", 1280] = colours()
        for name in ("light", "dark"):
            theme(name)
            note["pictures"][name] = pictures()
        note["axe"]["dark", 1280] = colours()
        tab.set_viewport_size({"width": 375, "height": 812})
        note["width"] = tab.evaluate("document.documentElement.scrollWidth")
        note["axe"]["dark", 375] = colours()
        theme("light")
        note["axe"]["light", 375] = colours()
        tab.evaluate(WITHOUT_COLOURS)
        with suppress(TooLong):  # the theme makes boxes that now scroll reachable by keyboard, with a delay
            tab.wait_for_function(REACHABLE, timeout=5000)
        note["axe"]["any", 375] = violations(RULES, without=COLOURS)
        tab.set_viewport_size({"width": 1280, "height": 900})
        note["axe"]["any", 1280] = violations(RULES, without=COLOURS)
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        return note

    return look


@built
@search_too
def test_reading_asks_nobody_else_and_nothing_fails(visit, page, address):
    assert [url for url in visit(page)["asked"] if not url.startswith((address, "data:", "blob:"))] == []
    assert visit(page)["wrong"] == []


@built
@every_page
def test_a_page_without_formulas_is_small_on_first_load(visit, page):
    if page != EXPLORER and not visit(page)["formulas"]:
        assert visit(page)["bytes"] < 300_000


@built
@every_page
def test_every_formula_is_typeset(visit, page):
    note = visit(page)
    assert note["typeset"] == note["formulas"]
    assert note["maths_errors"] == 0


@built
@every_page
def test_each_theme_shows_its_own_picture(visit, page):
    for theme, shown in visit(page)["pictures"].items():
        assert all(len(images) == 1 and f"only-{theme}" in images[0] for images in shown)


@built
@search_too
def test_no_sideways_scrolling_on_a_phone(visit, page):
    assert visit(page)["width"] <= 375


@built
@search_too
def test_accessibility_rules_hold(visit, page):
    assert {where: found for where, found in visit(page)["axe"].items() if found} == {}


def test_one_text_of_each_appearance_is_marked(tab):
    """Zebra stripes, a parent's background and a hidden text tell that it is what is seen that counts."""
    rows = "".join(f"<li>{word}</li>" for word in "abcdef")
    tab.set_content(
        "<style>li:nth-child(odd) { background: #eee } li:nth-child(4) { color: #777 } #h { display: none }</style>"
        f"<ul>{rows}</ul><p style='background: #000'><i>g</i> h <i>j</i></p><i>k</i><b id='h'>l</b>"
    )
    found = tab.evaluate(MARK, [])
    assert found["looks"] == len(found["fresh"]) == 6
    assert tab.locator("[data-appearance]").all_inner_texts() == ["a", "b", "d", "g h j", "g", "k"]
    assert tab.evaluate(MARK, found["fresh"][1:]) == {"looks": 6, "fresh": found["fresh"][:1]}
    assert tab.locator("[data-appearance]").all_inner_texts() == ["a"]


@built
def test_the_link_to_the_code_of_a_cell_opens_it(tab, address):
    tab.goto(f"{address}executed/results/ranks.html")
    code = tab.locator("article .cell:has(figure) .cell_input")
    assert not code.is_visible()
    for _ in range(2):  # and again where the address already names it
        tab.locator(".cell:has(figure) .numbers-line a").last.click()
        assert code.is_visible()
        tab.evaluate("document.querySelectorAll('article details').forEach(d => { d.open = false; })")


@built
def test_search_finds(tab, address):
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.goto(f"{address}search.html?q=asymmetric")
    tab.wait_for_selector("#search-results li a", timeout=10_000)


@built
def test_the_start_leads_to_the_first_page(tab, address):
    tab.goto(f"{address}index.html")
    tab.wait_for_url(f"**/{TOC['root']}.html", timeout=10_000)


@built
@every_page
def test_every_icon_of_a_page_is_in_the_small_font(page):
    """Else the theme's font, sixty times as large, is loaded for it."""
    icons_here = soup(f"{page}.html").find_all(class_=re.compile("^fa-"))
    named = {name for icon in icons_here for name in icon["class"]}
    assert {name.removeprefix("fa-") for name in named if name.startswith("fa-")} - {"solid", "lg"} <= set(icons.NAMES)


# --- the extension ------------------------------------------------------------------------------------------------

CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "pipeline")!r})
extensions = ["myst_parser", "bookext"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
numfig = True
mathjax_path = "mathjax/tex-svg.js"
exclude_patterns = ["executed"]
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="2.0pt" height="1.0pt" viewBox="0 0 2 1"/>'
VALUES = {"a.mean": 36.6149, "a.d": -1.25, "a.name": "nce+rce", "a.yes": True, "a.none": None, "a.nan": float("nan")}


@pytest.fixture
def project(tmp_path):
    """Build a page of one small Sphinx project; gives the exit status, the warnings and the page."""
    (tmp_path / "conf.py").write_text(CONF)
    (tmp_path / "executed").mkdir()
    (tmp_path / "executed" / "values.json").write_text(json.dumps(VALUES))
    for mode in ("light", "dark"):
        (tmp_path / "executed" / f"curves-{mode}.svg").write_text(SVG)

    def build(text):
        (tmp_path / "index.md").write_text(f"# A page\n\n{text}\n")
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", ".", "out"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        page = tmp_path / "out" / "index.html"
        body = BeautifulSoup(page.read_text(), "html.parser").find(role="main") if page.is_file() else None
        return done.returncode, done.stderr, body

    return build


def figure(stem="/executed/curves", alt="Two curves over epochs", caption="Accuracy at $\\eta = 0.4$, **clean** test."):
    return f"```{{themed-figure}} {stem}\n:name: fig-a\n:alt: {alt}\n\n{caption}\n```"


def test_values_are_printed(project):
    status, warnings, body = project("{value}`a.mean:.1f` {value}`a.d` {value}`a.name` {value}`a.yes`")
    assert (status, warnings) == (0, "")
    assert [v.get_text() for v in body.select(".nlr-value")] == ["36.6", "\N{MINUS SIGN}1.25", "nce+rce", "yes"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{value}`nope`", "no value 'nope'"),
        ("{value}`nope:.1f`", "no value 'nope'"),
        ("{value}`a.name:.1f`", "a.name:.1f"),
        ("{value}`a.none`", "a.none"),
        ("{value}`a.nan:.1f`", "nan"),
        ("{verdict}`surely`", "unknown verdict 'surely'"),
    ],
)
def test_a_value_that_cannot_be_printed_stops_the_build(project, text, complaint):
    status, warnings, _ = project(text)
    assert status != 0
    assert complaint in warnings


def test_values_without_a_file_stop_the_build(project, tmp_path):
    (tmp_path / "executed" / "values.json").unlink()
    status, warnings, _ = project("{value}`a.mean`")
    assert status != 0
    assert "executed/values.json is missing" in warnings


def test_a_changed_value_is_not_kept_by_a_warm_build(project, tmp_path):
    project("{value}`a.mean:.1f`")
    (tmp_path / "executed" / "values.json").write_text(json.dumps({"a.mean": 12.5}))
    _, _, body = project("{value}`a.mean:.1f`")
    assert body.select_one(".nlr-value").get_text() == "12.5"


def test_a_themed_figure_has_two_pictures_and_one_caption(project, tmp_path):
    status, warnings, body = project(f"See {{numref}}`fig-a`.\n\n{figure()}")
    assert (status, warnings) == (0, "")
    assert len(body.find_all("figure")) == 1
    assert [image["alt"] for image in body.find_all("img")] == ["Two curves over epochs"] * 2
    assert [image["loading"] for image in body.find_all("img")] == ["lazy"] * 2  # that of the other theme never comes
    assert ["aspect-ratio: 2.0 / 1.0" in image["style"] for image in body.find_all("img")] == [True] * 2
    (caption,) = body.find_all("figcaption")
    assert caption.select_one(".caption-number").get_text(strip=True) == "Fig. 1"
    assert caption.select_one(".math")
    assert caption.strong.get_text() == "clean"
    assert body.find("a", href="#fig-a").get_text() == "Fig. 1"
    assert (tmp_path / "out" / "_static" / "mathjax" / "tex-svg.js").is_file()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (figure("/executed/nothing"), "nothing-light.svg is missing"),
        (figure(alt=""), "alternative text"),
        (figure(caption=""), "caption is required"),
    ],
)
def test_an_incomplete_figure_stops_the_build(project, text, complaint):
    status, warnings, _ = project(text)
    assert status != 0
    assert complaint in warnings


LINE = ":::{numbers} /executed/curves.csv\n:of: fig-a\n:::"


def test_a_line_of_numbers_names_its_figure_and_has_no_link_to_code_where_none_is_shown(project, tmp_path):
    (tmp_path / "executed" / "curves.csv").write_text("loss\nce\n")
    status, warnings, body = project(f"{figure()}\n\n{LINE}")
    assert (status, warnings) == (0, "")
    (link,) = body.select(".numbers-line a")
    assert link.get_text() == "Numbers (CSV): Figure 1"
    assert (tmp_path / "out" / link["href"]).read_text() == "loss\nce\n"


def test_numbers_that_are_missing_stop_the_build(project):
    status, warnings, _ = project(f"{figure()}\n\n{LINE}")
    assert status != 0
    assert "curves.csv" in warnings
