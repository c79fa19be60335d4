"""What the book adds to Sphinx: numbers from records, themed figures, MathJax from our own pages, sources of pages."""

from __future__ import annotations

import json
import math
import posixpath
import re
import shutil
from functools import lru_cache
from html import escape
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import icons
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

logger = logging.getLogger(__name__)

MATHJAX = "sphinx-mathjax-offline/static/mathjax/tex-svg.js"  # one file, fonts included as outlines


# --- numbers -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _read_values(path: str, mtime_ns: int) -> dict:
    values = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError("the file must hold one flat object")
    return values


def format_value(value: object, spec: str = "") -> str:
    """A value as text: yes or no, a string as it is, a number by ``spec`` with a true minus sign.

    Raises ValueError where nothing sensible can be printed: no value, not a number, a spec that does not fit.
    """
    if isinstance(value, bool):
        if spec:
            raise ValueError(f"the format {spec!r} does not fit a truth value")
        return "yes" if value else "no"
    if isinstance(value, str):
        return format(value, spec).replace(" %", "\N{NO-BREAK SPACE}%")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError(f"the value is {value}")
        text = format(value, spec)
        return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text
    raise ValueError(f"a value is a string or a number, not {type(value).__name__}")


def split_key(text: str, values: dict) -> tuple[str, str]:
    """``key`` or ``key:spec``; a key that holds a colon wins over a spec."""
    if text in values or ":" not in text:
        return text, ""
    key, _, spec = text.rpartition(":")
    return key, spec


class ValueRole(SphinxRole):
    """``{value}`key``` or ``{value}`key:.1f```: a number that the pipeline computed, never one that was typed."""

    def run(self):
        path = Path(self.env.srcdir) / self.config.nlr_values
        self.env.note_dependency(str(path))
        text = self.text.strip()
        try:
            values = _read_values(str(path), path.stat().st_mtime_ns)
            key, spec = split_key(text, values)
            if key not in values:
                return self._missing(f"no value {key!r} in {self.config.nlr_values}")
            shown = format_value(values[key], spec)
        except FileNotFoundError:
            return self._missing(f"the values file {self.config.nlr_values} is missing (wanted {text!r})")
        except (ValueError, TypeError) as error:
            return self._missing(f"value {text!r}: {error}")
        return [nodes.inline(self.rawtext, shown, classes=["nlr-value"])], []

    def _missing(self, why: str):
        logger.warning(why, location=self.get_location(), type="nlr", subtype="value")
        return [nodes.inline(self.rawtext, f"[{self.text}]", classes=["nlr-value", "nlr-missing"])], []


# The fixed words of a verdict or a status and the class that gives each its shape and colour.
VERDICTS = {
    "held": "held",
    "partly": "partly",
    "did not hold everywhere": "failed",
    "did not hold": "failed",
    "undecided": "open",
    "not run": "untested",
    # errata and features
    "shown": "held",
    "in part": "partly",
    "not yet": "untested",
    "done": "held",
    "otherwise": "partly",
    "not done": "untested",
}


def verdict_role(name, rawtext, text, lineno, inliner, options=None, content=()):
    """``{verdict}`held```: one of the fixed words as a badge, told apart by shape and word, not by colour alone."""
    word = text.strip()
    if word not in VERDICTS:
        message = inliner.reporter.error(f"unknown verdict {word!r}; known: {', '.join(VERDICTS)}", line=lineno)
        return [inliner.problematic(rawtext, rawtext, message)], [message]
    return [nodes.inline(rawtext, word, classes=["badge", f"badge-{VERDICTS[word]}"])], []


# --- figures -----------------------------------------------------------------------------------------------------


class ThemedFigure(SphinxDirective):
    """One numbered figure with one caption, drawn twice: ``STEM-light.svg`` and ``STEM-dark.svg``.

    The argument is the stem, relative to the page or, with a leading slash, to the root of the sources.
    """

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {
        "alt": directives.unchanged,
        "name": directives.unchanged,
        "width": directives.length_or_percentage_or_unitless,
        "class": directives.class_option,
    }

    def run(self):
        stem = self.arguments[0].strip()
        alt = " ".join(self.options.get("alt", "").split())
        if not alt:
            raise self.error(f"themed-figure {stem}: an alternative text (:alt:) is required")
        return self.figure(stem, self.pair(stem, alt))

    def pair(self, stem, alt):
        """The light and the dark picture."""
        pair = nodes.container(classes=["themed-pair"])
        for mode in ("light", "dark"):
            uri = f"{stem}-{mode}.svg"
            relative, absolute = self.env.relfn2path(uri)
            if not Path(absolute).is_file():
                raise self.error(f"{self.name} {stem}: the file {relative} is missing")
            image = nodes.image(uri=uri, alt=alt, classes=[f"only-{mode}", "dark-light", "no-scaled-link"])
            image["loading"] = "lazy"  # the picture of the other theme is never fetched
            image["width"] = self.options.get("width") or size_in_style(Path(absolute))
            pair += image
        return pair

    def figure(self, stem, *parts):
        """The figure of these parts, with its caption and its name."""
        if not self.content:
            raise self.error(f"{self.name} {stem}: a caption is required")
        figure = nodes.figure("", *parts, classes=["themed", *self.options.get("class", [])])
        text = " ".join(line.strip() for line in self.content)
        inline, messages = self.state.inline_text(text, self.lineno)
        caption = nodes.caption(text, "", *inline)
        self.set_source_info(caption)
        figure += caption
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure, *messages]


def size_in_style(path):
    """An SVG's width and its ratio to the height, where docutils writes a width: its room is kept while it comes."""
    size = re.search(r'<svg[^>]*? width="([\d.]+)pt" height="([\d.]+)pt"', path.read_text(encoding="utf-8")[:2000])
    return "{0}pt; aspect-ratio: {0} / {1}".format(*size.groups()) if size else "100%"


class slider(nodes.General, nodes.Element):
    """The control under a figure; its children are the pictures of all frames, light and dark by turns."""


class ThemedSlider(ThemedFigure):
    """A themed figure with a slider: ``STEM.json`` names the frames, ``STEM-<n>-light.svg`` and ``-dark.svg`` are they.

    The figure is that of the default frame; the pictures of the others are fetched when the reader asks for them.
    """

    option_spec: ClassVar = {"name": directives.unchanged_required}

    def run(self):
        stem = self.arguments[0].strip()
        relative, absolute = self.env.relfn2path(f"{stem}.json")
        self.env.note_dependency(relative)
        try:
            control = json.loads(Path(absolute).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise self.error(f"{self.name} {stem}: the file {relative} is missing") from None
        if "name" not in self.options:
            raise self.error(f"{self.name} {stem}: a name (:name:) is required, which the slider's id is made of")
        pairs = [self.pair(f"{stem}-{number}", frame["alt"]) for number, frame in enumerate(control["frames"])]
        knob = slider("", **control, knob=f"{self.options['name']}-slider")
        for pair in pairs:
            knob += [image.deepcopy() for image in pair]
        return self.figure(stem, pairs[control["default"]], knob)


def visit_slider(self, node):
    """The control, hidden until the script that moves it is there."""
    urls = [posixpath.join(self.builder.imgpath, quote(self.builder.images[image["uri"]])) for image in node]
    frames = [
        frame | {"light": light, "dark": dark}
        for frame, light, dark in zip(node["frames"], urls[::2], urls[1::2], strict=True)
    ]
    chosen, text = node["default"], json.dumps(frames, ensure_ascii=False)
    value, alt = (escape(frames[chosen][key]) for key in ("value", "alt"))
    knob = escape(node["knob"])
    self.body.append(
        f'<div class="slider" data-frames="{escape(text)}" hidden>'
        f'<label for="{knob}">{escape(node["label"])}</label>'
        f'<input type="range" id="{knob}" min="0" max="{len(frames) - 1}" step="1" value="{chosen}"'
        f' aria-valuetext="{value}" autocomplete="off"/>'
        f'<span class="slider-value" aria-hidden="true">{value}</span>'
        f'<p class="slider-text" aria-live="polite">{alt}</p></div>\n'
    )
    raise nodes.SkipNode


# --- numbers of figures and tables -------------------------------------------------------------------------------


class Numbers(SphinxDirective):
    """The line below a figure or table: its numbers as CSV, and the code of the cell that made it.

    The argument is the file. The option ``of`` says which figure or table it is, for those who do not see where the
    line stands: its label, or words.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"of": directives.unchanged_required}

    def run(self):
        of = self.options["of"]
        line = nodes.paragraph(classes=["numbers-line"], of=of)
        line += addnodes.download_reference("", "Numbers (CSV)", reftarget=self.arguments[0].strip())
        line += nodes.reference("", "Code of this cell", refid=f"code-{nodes.make_id(of)}", internal=True)
        self.set_source_info(line)
        return [line]


def is_numbers(node) -> bool:
    """Whether a node is the line below a figure or table."""
    return isinstance(node, nodes.paragraph) and "of" in node


def code_of_lines(app: Sphinx, doctree) -> None:
    """Lead each line of numbers to the code of its cell; where a page shows no code, that link is left out."""
    for line in list(doctree.findall(is_numbers)):
        cell = line.parent
        while cell is not None and "cell" not in cell.get("classes", ()):
            cell = cell.parent
        code = next((part for part in cell or () if "cell_input" in part["classes"]), None)
        if code is None:
            line.pop()
            continue
        code["ids"] = code["ids"] or [line[-1]["refid"]]
        line[-1]["refid"] = code["ids"][0]
        line.insert(1, nodes.Text(" · "))


def name_lines(app: Sphinx, doctree, docname: str) -> None:
    """Say in each link of a line of numbers, to those who do not see it, which figure or table it is of."""
    for line in doctree.findall(is_numbers):
        name = line["of"]
        for kind, of_kind in app.env.toc_fignumbers.get(docname, {}).items():
            if name in of_kind:
                name = f"{kind.capitalize()} {'.'.join(map(str, of_kind[name]))}"
                break
        for link in line.findall(lambda node: isinstance(node, (nodes.reference, addnodes.download_reference))):
            link += nodes.inline("", f": {name}", classes=["visually-hidden"])


# --- MathJax -----------------------------------------------------------------------------------------------------


def copy_mathjax(app: Sphinx) -> None:
    """Copy the one file of MathJax that the pages load, out of the installed package, into the site."""
    if app.builder.format != "html":
        return
    try:
        source = Path(str(distribution("sphinx-mathjax-offline").locate_file(MATHJAX)))
    except PackageNotFoundError:
        raise ExtensionError("sphinx-mathjax-offline is not installed; see requirements.txt") from None
    if not source.is_file():
        raise ExtensionError(f"sphinx-mathjax-offline has no {MATHJAX}")
    target = Path(app.outdir) / "_static" / "mathjax" / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


# --- icons -------------------------------------------------------------------------------------------------------


def write_icons(app: Sphinx) -> None:
    """Write the font of the icons into the site."""
    if app.builder.format == "html":
        icons.write(Path(app.outdir) / "_static" / "icons.woff")


# --- the source of a page ----------------------------------------------------------------------------------------


def page_source(app: Sphinx, pagename: str) -> str:
    """The file a person edits to change this page; for an executed copy, the notebook it was made from."""
    if pagename not in app.env.found_docs:
        return ""
    path = Path(app.env.doc2path(pagename))
    if path.suffix == ".ipynb":
        metadata = json.loads(path.read_text(encoding="utf-8")).get("metadata", {})
        if source := metadata.get("nlr_source"):
            return str(source)
    return path.relative_to(app.srcdir).as_posix()


# What the writers of docutils, pandas and myst-nb leave for a screen reader to stumble over, and what it should be.
MENDED = (
    (r"<th(?: class=\"[^\"]*\")?>(?:<p></p>)?</th>", "<td></td>"),  # an empty corner of a table is no heading
    (r'role="doc-biblioentry"', 'role="listitem"'),  # docutils: a deprecated role inside a list
    (r' aria-label="Toggle hidden content"', ""),  # myst-nb: hides the words that are shown
)


FILTERED = {"claims", "errata", "features"}  # classes of the tables that filters.js knows


def is_filtered(node) -> bool:
    """Whether a node is a table that gets filters."""
    return isinstance(node, nodes.table) and not FILTERED.isdisjoint(node["classes"])


def is_explorer(node) -> bool:
    """Whether a node is the table that the explorer stands in the place of."""
    return isinstance(node, nodes.table) and "explorer" in node["classes"]


# The scripts that only some pages need, in the order in which they run, and the node that needs them.
SCRIPTS = {
    "slider.js": slider,
    "filters.js": is_filtered,
    "vendor/d3.min.js": is_explorer,
    "vendor/plot.umd.min.js": is_explorer,
    "explorer-data.js": is_explorer,  # a product, executed/static
    "explorer.js": is_explorer,
}


def contents(app: Sphinx) -> list:
    """The parts of the book, pairs (caption, pages), a page being a pair (name, title); none without a _toc.yml."""
    site = getattr(app.env, "external_site_map", None)
    if site is None:
        return []
    return [(part.caption, [(page, site[page].title) for page in part.files()]) for part in site.root.subtrees]


def complete_page(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    context["nlr_page_source"] = page_source(app, pagename)
    context["contents"] = contents(app)
    if "body" in context:
        for wrong, right in MENDED:
            context["body"] = re.sub(wrong, right, context["body"])
    if doctree is None:
        return
    if next(doctree.findall(nodes.math), None) is None and next(doctree.findall(nodes.math_block), None) is None:
        # Sphinx gives MathJax to the root for the formulas of all other pages.
        scripts = context["script_files"]
        scripts[:] = [one for one in scripts if "mathjax" not in str(one).lower()]
    for script, needed in SCRIPTS.items():
        if next(doctree.findall(needed), None) is not None:
            app.add_js_file(script, loading_method="defer")  # called here, it is added to this page alone


def setup(app: Sphinx) -> dict:
    app.add_config_value("nlr_values", "executed/values.json", "env", str)
    app.add_role("value", ValueRole())
    app.add_directive("themed-figure", ThemedFigure)
    app.add_directive("themed-slider", ThemedSlider)
    app.add_node(slider, html=(visit_slider, None))
    app.add_directive("numbers", Numbers)
    app.connect("builder-inited", copy_mathjax)
    app.connect("builder-inited", write_icons)
    app.connect("doctree-read", code_of_lines)
    app.connect("doctree-resolved", name_lines)
    app.connect("html-page-context", complete_page, priority=900)  # behind Sphinx's own, which adds MathJax
    app.add_role("verdict", verdict_role)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
