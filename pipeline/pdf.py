"""Print the built site as one PDF: python pipeline/pdf.py

Headless Chromium prints each page as the style sheet says for paper, in the light theme, in the order of the contents;
pypdf joins them. Pages are numbered throughout, the contents in front name the numbers, and links between pages of the
site lead within the PDF. Then the landing page of the site leads to it.
"""

import html
import io
import os
import re
import shutil
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urldefrag

import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, NameObject, NumberObject

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
BOOK = "book.pdf"
PLACE = re.compile(r'(<div class="pdf docutils[^>]*>).*?(</div>)', re.DOTALL)  # on the landing page, for a link
WIDTH = 658  # pixels of 1/96 inch, between the margins of A4 below
PAPER = """@page { size: A4; margin: 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
html { counter-reset: page %d; }"""
# What is folded is unfolded, and a table that is wider than the page is made smaller.
READY = """async () => {
  if (window.MathJax) await MathJax.startup.promise;
  document.querySelectorAll("article details:not(.hide)").forEach(box => { box.open = true; });
  document.querySelectorAll("img.only-light").forEach(image => { image.loading = "eager"; });
  await Promise.all([...document.querySelectorAll("img.only-light")].map(image => image.decode()));
  document.querySelectorAll("article :is(table, div.math svg)").forEach(wide => {
    const room = wide.parentElement.clientWidth;
    if (room && wide.scrollWidth > room) wide.style.zoom = room / wide.scrollWidth;
  });
}"""
# A place is known to the PDF only where its own page links to it. (At the end they can make a page more, unnumbered.)
PLACES = """ids => ids.filter(id => document.getElementById(id)).forEach(id => {
  const link = document.createElement("a");
  link.href = "#" + id;
  link.textContent = ".";
  link.style = "position: absolute; font-size: 1px; color: transparent";
  document.querySelector("article").prepend(link);
})"""
CONTENTS = """<style>
body { font: 10.5pt sans-serif; } h1 { font-size: 24pt; }
h2 { font-size: 11.5pt; margin: 1em 0 .2em; break-after: avoid; }
p { margin: .15em 0; display: flex; } a { color: inherit; text-decoration: none; } p > span { margin-left: auto; }
</style><h1>%s</h1>%s"""


def chapters():
    """``[(part, title, page)]`` in the order of the contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    parts = toc.get("parts", [{"caption": "", "chapters": toc.get("chapters", [])}])
    found = [(part["caption"], one.get("title"), one["file"]) for part in parts for one in part["chapters"]]
    return [(part, title or heading(page), page) for part, title, page in [("", None, toc["root"]), *found]]


def soup(page):
    return BeautifulSoup((SITE / f"{page}.html").read_text(), "html.parser")


def heading(page):
    return soup(page).find("h1").find(string=True).strip()


def target(uri):
    """``(page, place)`` of a link into the site; None for every other."""
    path, _, place = unquote(uri).partition("#")
    root = SITE.as_uri() + "/"
    return (path.removeprefix(root).removesuffix(".html"), place) if path.startswith(root) else None


@contextmanager
def browser():
    """A page of headless Chromium that is as wide as the paper's text."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not installed, and nothing else can print the pages: on Debian, apt-get install chromium")
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])) as one,
    ):
        tab = one.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
        tab.emulate_media(media="print", color_scheme="light")
        yield tab


def printed(tab, before):
    """What the browser shows as a PDF, its first page numbered as the next of so many."""
    tab.add_style_tag(content=PAPER % before)
    return PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True, print_background=True, tagged=False)))


def contents(tab, title, found, numbers):
    """The contents with the number of each chapter's first page."""
    lines, before = [], ""
    for (part, name, page), number in zip(found, numbers, strict=True):
        lines += [f"<h2>{html.escape(part)}</h2>"] * (part != before)
        uri = html.escape((SITE / f"{page}.html").as_uri())
        lines.append(f'<p><a href="{uri}">{html.escape(name)}</a><span>{number}</span></p>')
        before = part
    tab.set_content(CONTENTS % (html.escape(title), "\n".join(lines)))
    return printed(tab, 0)


def wanted(found):
    """The places of each page that other pages lead to: ``{page: [id]}``."""
    out = {page: {} for *_, page in found}
    for page in out:
        base = (SITE / f"{page}.html").parent
        for link in soup(page).select("article a[href*='.html#']"):
            path, place = urldefrag(link["href"])
            uri = Path(os.path.normpath(base / unquote(path))).as_uri()
            if (to := target(f"{uri}#{place}")) and to[0] in out:
                out[to[0]][to[1]] = True
    return {page: list(places) for page, places in out.items()}


def lead_within(writer, starts, places):
    """Make links between pages of the site links within the PDF; those to its other files are dropped.

    Args:
        writer: the joined pages.
        starts: ``{page: index of its first page}``.
        places: ``{page: {id: (index within the page's own PDF, height)}}``.
    """
    spans = sorted((start, page) for page, start in starts.items())
    for index, sheet in enumerate(writer.pages):
        here = next((page for start, page in reversed(spans) if start <= index), None)
        kept = ArrayObject()
        for reference in sheet.get("/Annots", ()):
            link = reference.get_object()
            if "/Dest" in link:
                to = here, str(link["/Dest"]).removeprefix("/")
            elif (to := target(link.get("/A", {}).get("/URI", ""))) is None:
                kept.append(reference)
                continue
            page, place = to
            if page not in starts:
                continue
            offset, top = places[page].get(place, (0, None))
            sheet_to = writer.pages[starts[page] + offset].indirect_reference
            height = NumberObject(top) if top is not None else NumberObject(writer.pages[0].mediabox.height)
            link[NameObject("/Dest")] = ArrayObject(
                [sheet_to, NameObject("/XYZ"), NumberObject(0), height, NumberObject(0)]
            )
            link.pop("/A", None)
            kept.append(reference)
        if kept:
            sheet[NameObject("/Annots")] = kept
        else:
            sheet.pop("/Annots", None)


def main():
    found = chapters()
    title = yaml.safe_load((ROOT / "_config.yml").read_text())["title"]
    writer, parts, starts, places = PdfWriter(), {}, {}, {}
    with browser() as tab:
        front = len(contents(tab, title, found, [0] * len(found)).pages)
        made, count, ids = [], front, wanted(found)
        for *_, page in found:
            tab.goto((SITE / f"{page}.html").as_uri())
            tab.evaluate(READY)
            tab.evaluate(PLACES, ids[page])
            made.append(printed(tab, count))
            starts[page] = count
            places[page] = {
                key.removeprefix("/"): (made[-1].get_destination_page_number(to), int(to.top or 0))
                for key, to in made[-1].named_destinations.items()
            }
            count += len(made[-1].pages)
        for one in [contents(tab, title, found, [start + 1 for start in starts.values()]), *made]:
            for sheet in one.pages:
                writer.add_page(sheet)
    lead_within(writer, starts, places)
    for part, name, page in found:
        if part and part not in parts:
            parts[part] = writer.add_outline_item(title=part, page_number=starts[page])
        writer.add_outline_item(title=name, page_number=starts[page], parent=parts.get(part))
    writer.add_metadata({"/Title": title})
    with (SITE / BOOK).open("wb") as file:
        writer.write(file)
    size = f"{count} pages, {(SITE / BOOK).stat().st_size / 1e6:.1f} MB"
    landing = SITE / f"{found[0][-1]}.html"
    link = f'<p><a href="{os.path.relpath(SITE / BOOK, landing.parent)}">The whole book as PDF</a> ({size})</p>'
    landing.write_text(PLACE.sub(rf"\1{link}\2", landing.read_text()))
    print(f"Open {SITE / BOOK} ({size})")


if __name__ == "__main__":
    main()
