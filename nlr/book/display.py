"""What the cells of a page show: figures with caption and text alternative, tables, facts, sentences.

In the book's build the runner says, in an environment variable, which page is being executed; objects then show
themselves as MyST, with numbered captions and a light and a dark picture. In any other Jupyter they are HTML.
"""

import html
import io
import json
import os
import re
from pathlib import Path

import matplotlib.pyplot as plt

from nlr.book import plots
from nlr.errors import NlrError, unknown
from nlr.evidence.claims import OUTCOMES, VERDICT_MIME
from nlr.evidence.wording import slug
from nlr.paths import EXECUTED, ROOT

PAGE = "NLR_PAGE"  # the page being built, digits/symmetric-0.4 say; empty outside the build
VERBATIM = re.compile(r"(`[^`]*`|\$+[^$]*\$+)")  # code and formulas in MyST
HYPHEN = re.compile(r"(?<![^\s(])-(?=\.?\d)")  # that stands for a minus


class _Shown:
    """Something that a cell shows, as MyST in the build and as HTML elsewhere."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        if os.environ.get(PAGE):
            return {"text/markdown": self.myst(), "text/plain": str(self)}
        return {"text/html": self.html(), "text/plain": str(self)}


def _label(kind, name):
    return f"{kind}-{slug(os.environ[PAGE])}-{slug(name)}"


def numbers_of(frame, name, words):
    """The line below a Markdown table of :class:`Prose`: a link to its numbers, and one to the code of the cell.

    Args:
        frame: the numbers, with plain names of columns.
        name: a short name, unique on its page.
        words: which table it is, for those who do not see where the line stands.

    Returns:
        MyST; nothing outside the build.
    """
    return _numbers_below(frame, _label("tab", name), words).strip() if os.environ.get(PAGE) else ""


def _numbers_below(frame, label, of):
    """Write the numbers beside the pictures of the page; returns the directive that links to them."""
    if frame is None:
        return ""
    path = EXECUTED / "figures" / os.environ[PAGE] / f"{label}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, float_format="%.6g")
    return f"\n\n:::{{numbers}} /{path.relative_to(ROOT)}\n:of: {of}\n:::"


def typeset(text):
    """The text with true minus signs outside code and formulas, and each number on one line with its per cent sign."""
    parts = VERBATIM.split(text)
    parts[::2] = [HYPHEN.sub("\N{MINUS SIGN}", part) for part in parts[::2]]
    return "".join(parts).replace(" %", "\N{NO-BREAK SPACE}%")


class Figure(_Shown):
    """A drawing in light and dark with a caption and a text alternative.

    Args:
        draw: a function of :mod:`nlr.book.plots` that returns a matplotlib figure; called in the light theme, and again
            in the dark one only where the drawing cannot be recoloured (:func:`nlr.book.plots.darkened`).
        *arguments: passed to ``draw``.
        name: a short name, unique on its page.
        caption: one or two sentences; may hold MyST.
        alt: what the picture shows, for those who do not see it.
    """

    def __init__(self, draw, *arguments, name, caption, alt):
        if not alt.strip() or not caption.strip():
            raise ValueError(f"Figure {name!r} needs a caption and a text alternative.")
        self.caption, self.alt, self.name = typeset(" ".join(caption.split())), typeset(" ".join(alt.split())), name
        picture, self.numbers = _svg(draw, arguments, "light")
        self.pictures = {"light": picture}
        if os.environ.get(PAGE):
            self.pictures["dark"] = plots.darkened(picture) or _svg(draw, arguments, "dark")[0]

    def __str__(self):
        return f"Figure: {self.caption}"

    def save(self, folder):
        """Write ``<name>-light.svg`` and ``<name>-dark.svg``; return the path without the ending."""
        stem = Path(folder) / self.name
        stem.parent.mkdir(parents=True, exist_ok=True)
        for theme, picture in self.pictures.items():
            Path(f"{stem}-{theme}.svg").write_text(picture)
        return stem

    def myst(self):
        stem = self.save(EXECUTED / "figures" / os.environ[PAGE]).relative_to(ROOT)
        label = _label("fig", self.name)
        figure = f":::{{themed-figure}} /{stem}\n:alt: {self.alt}\n:name: {label}\n\n{self.caption}\n:::"
        return figure + _numbers_below(self.numbers, label, label)

    def html(self):
        picture = self.pictures["light"]
        drawing = picture[picture.index("<svg") :].replace(
            "<svg", f'<svg role="img" aria-label="{html.escape(self.alt)}"', 1
        )
        return f"<figure>{drawing}<figcaption>{html.escape(self.caption)}</figcaption></figure>"


def _svg(draw, arguments, theme):
    """The picture, and the numbers that it shows; None where the drawing hands over none."""
    with plots.theme(theme):
        figure = draw(*arguments)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
        plt.close(figure)
    return buffer.getvalue(), getattr(figure, "numbers", None)


class Slider(_Shown):
    """A figure drawn for each of a list of values, and a slider that moves through them.

    The figure of the default value is an ordinary one: it is what print, a browser without JavaScript and any Jupyter
    outside the build show. Keep the limits of the axes fixed, or the pictures jump.

    Args:
        draw: a function of :mod:`nlr.book.plots` or of a theory room that takes a value first and returns a figure.
        values: the values in the slider's order, two or more.
        *arguments: passed to ``draw`` after the value.
        name: a short name, unique on its page.
        caption: one or two sentences that hold for every value; may hold MyST.
        label: what the values are, in plain text: ``noise rate``.
        alt: a function that says, for a value, what its picture shows; read out and shown as the slider moves.
        default: the value that is shown first, one of ``values``.
        show: a function that writes a value; the same text may not stand for two values.

    Raises:
        NlrError: there are fewer than two values, ``default`` is not among them, or two values look alike.
    """

    def __init__(self, draw, values, *arguments, name, caption, label, alt, default, show="{:g}".format):
        values = list(values)
        self.shown = [show(value) for value in values]
        if len(values) < 2:
            raise NlrError(f"Slider {name!r} has {len(values)} value(s): give two or more, or use Figure.")
        if default not in values:
            raise NlrError(f"Slider {name!r} starts at {default!r}, which is not among its values {self.shown}.")
        if len(set(self.shown)) < len(values):
            raise NlrError(f"Slider {name!r} writes two values alike in {self.shown}: give a finer show.")
        self.name, self.label, self.default = name, label, values.index(default)
        drawn = values if os.environ.get(PAGE) else [default]
        frames = [
            Figure(draw, value, *arguments, name=f"{name}-{number}", caption=caption, alt=alt(value))
            for number, value in enumerate(drawn)
        ]
        self.frames = frames
        self.still = frames[self.default if len(frames) > 1 else 0]

    def __str__(self):
        return f"Figure, {self.label} {self.shown[self.default]}: {self.still.caption}"

    def myst(self):
        folder = EXECUTED / "figures" / os.environ[PAGE]
        for frame in self.frames:
            frame.save(folder)
        frames = [{"value": v, "alt": f.alt} for v, f in zip(self.shown, self.frames, strict=True)]
        control = {"label": self.label, "default": self.default, "frames": frames}
        stem = folder / self.name
        Path(f"{stem}.json").write_text(json.dumps(control, indent=1, ensure_ascii=False) + "\n")
        name = _label("fig", self.name)
        return f":::{{themed-slider}} /{stem.relative_to(ROOT)}\n:name: {name}\n\n{self.still.caption}\n:::"

    def html(self):
        return self.still.html()


class Table(_Shown):
    """A data frame with a caption; all columns but the first and those named in ``left`` are set flush right.

    ``style`` is a class of the book's style sheet, for a table that has one of its own. ``numbers`` is a frame of the
    numbers that ``frame`` has as text, to which a line below the table leads; without it there is no such line.
    """

    def __init__(self, frame, name, caption, left=(), style="", numbers=None):
        self.frame, self.name, self.left, self.style, self.numbers = frame, name, set(left), style, numbers
        self.caption = typeset(" ".join(caption.split()))

    def __str__(self):
        return f"Table: {self.caption}\n{self.frame.to_string(index=False)}"

    def markdown(self):
        """The table alone, as Markdown."""
        columns = [str(c) for c in self.frame.columns]
        rule = [":--" if i == 0 or c in self.left else "--:" for i, c in enumerate(columns)]
        rows = [
            [typeset(str(value)).replace("|", "\\|") for value in row] for row in self.frame.itertuples(index=False)
        ]
        return "\n".join("| " + " | ".join(row) + " |" for row in [columns, rule, *rows])

    def myst(self):
        label = _label("tab", self.name)
        options = f":name: {label}" + (f"\n:class: {self.style}" if self.style else "")
        table = f":::{{table}} {self.caption}\n{options}\n\n{self.markdown()}\n:::"
        return table + _numbers_below(self.numbers, label, label)

    def html(self):
        table = self.frame.to_html(index=False, border=0)
        return f"<figure><figcaption>{html.escape(self.caption)}</figcaption>{table}</figure>"


class Facts(_Shown):
    """A strip of label and value pairs."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __str__(self):
        return "; ".join(f"{label}: {value}" for label, value in self.pairs)

    def myst(self):
        items = "\n".join(f"- **{label}** {value}" for label, value in self.pairs)
        return f":::{{div}} facts\n{items}\n:::"

    def html(self):
        items = "".join(f"<dt>{html.escape(str(k))}</dt><dd>{html.escape(str(v))}</dd>" for k, v in self.pairs)
        return f"<dl>{items}</dl>"


class Prose(_Shown):
    """Sentences with computed numbers, as Markdown."""

    def __init__(self, text):
        self.text = typeset(text)

    def __str__(self):
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/markdown": self.text, "text/plain": self.text}


class Verdict(_Shown):
    """What a page has settled about a claim: badge, claim and reason, with an anchor ``claim-c1`` to link to.

    The output carries the verdict as data too (:data:`nlr.evidence.claims.VERDICT_MIME`), from which the verdict page
    is made.

    Args:
        claim: C1 to C83, see :mod:`nlr.evidence.claims`.
        outcome: one of :data:`nlr.evidence.claims.OUTCOMES`.
        because: the reason in a sentence, with numbers computed by the cell.
        scope: what it holds for: ``mathematics``, or the name of a protocol.
    """

    def __init__(self, claim, outcome, because, scope="mathematics"):
        if outcome not in OUTCOMES:
            raise unknown("outcome", outcome, OUTCOMES)
        self.claim, self.outcome, self.scope = claim, outcome, scope
        self.because = typeset(" ".join(because.split()))

    def __str__(self):
        return f"{self.claim} {self.outcome} ({self.scope}): {self.because}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"claim": self.claim, "outcome": self.outcome, "because": self.because, "scope": self.scope}
        return super()._repr_mimebundle_(include, exclude) | {VERDICT_MIME: data}

    def myst(self):
        text = f"**{self.claim}** {{verdict}}`{self.outcome}` {self.because}"
        return f"(claim-{self.claim.lower()})=\n:::{{div}} verdict\n{text}\n:::"

    def html(self):
        return f"<p><b>{self.claim} {self.outcome}.</b> {html.escape(self.because)}</p>"
