"""Places in the book and in the package, by name, and links to them that cannot be dead.

A place is one of five things: a label in a notebook (``prop-rates``), a page (``results/ranks``, ``book/method``), an
object of the package that the API pages show (``nlr.noise.add_noise``), a loss (``loss:nce+mae``), or a file of the
project (``nlr/study/protocols/sources/ma2020.toml``). Labels are read from the sources of the notebooks, not from the
built pages.
"""

import ast
import inspect
import pkgutil
import re
import tomllib
from functools import cache

from nlr import paths
from nlr.errors import NlrError
from nlr.evidence.wording import slug
from nlr.losses import make_loss, parse_loss

_STATEMENT = re.compile(r"(def|prop|lem|thm|cor)-")
_NUMBERED = {"Table": "tab", "Figure": "fig", "Slider": "fig"}


@cache
def pages():
    """The executed pages of the book: ``{page: title}``."""
    entries = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
    return {name: entry["title"] for name, entry in entries.items()}


@cache
def labels():
    """Every label of the executed pages: ``{label: page}``.

    Raises:
        NlrError: two pages have one label.
    """
    entries = tomllib.loads((paths.NOTEBOOKS / "pages.toml").read_text())
    found = {}
    for page, entry in entries.items():
        for label in _labels_of(entry["notebook"]):
            name = label.format(page=slug(page))
            if found.setdefault(name, page) != page:
                raise NlrError(f"Two pages have the label {name!r}, {found[name]} and {page}; rename one.")
    return found


@cache
def _labels_of(notebook):
    """The labels in the source of a notebook; ``{page}`` stands for the page in those of tables and figures."""
    source = (paths.NOTEBOOKS / f"{notebook}.py").read_text()
    found = re.findall(r"^# (?:\(([\w-]+)\)=|:label: ([\w-]+))$", source, re.MULTILINE)
    out = [before or option for before, option in found]
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        if call.func.id == "Verdict":
            out.append(f"claim-{call.args[0].value.lower()}")
        elif call.func.id in _NUMBERED:
            names = [k.value.value for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
            out += [f"{_NUMBERED[call.func.id]}-{{page}}-{slug(name)}" for name in names]
    return out


def links(places):
    """Links to some places as MyST in one line; those on one page stand behind its title.

    Raises:
        NlrError: there is no such place.
    """
    parts = {}
    for place in places:
        page, link = _link(place)
        parts.setdefault(page, []).append(link)
    alone = parts.pop("", [])
    return "; ".join([*(f"{pages()[page]}: {', '.join(of)}" for page, of in parts.items()), *alone])


def _link(place):
    """The page whose title goes before the link, or nothing, and the link."""
    if place.startswith("loss:"):
        name, parameters = parse_loss(place.removeprefix("loss:"))
        make_loss(name, **parameters)  # raises where there is no such loss
        return "", f"[`{place.removeprefix('loss:')}`](#tab-losses-{'printed' if '-' in name else 'definitions'})"
    if place.startswith("nlr."):
        return "", f"{{py:obj}}`{_documented(place).removeprefix('nlr.')} <{place}>`"
    if place in labels():
        return labels()[place], _label_link(place)
    if place in pages():
        return "", f"{{doc}}`{pages()[place]} </executed/{place}>`"
    if (paths.ROOT / f"{place}.md").is_file():
        return "", f"{{doc}}`/{place}`"
    if (paths.ROOT / place).is_file():
        return "", f"{{download}}`{place.removeprefix('nlr/')} </{place}>`"
    raise NlrError(
        f"Unknown place {place!r}: no label in a notebook, page, object of the package or file has this name."
    )


def _label_link(label):
    if _STATEMENT.match(label):
        return f"{{prf:ref}}`{label}`"
    if label.startswith(("tab-", "fig-")):
        return f"{{numref}}`{label}`"
    text = re.sub(r"\b[ce]\d+", lambda found: found[0].upper(), label.removeprefix("claim-").replace("-", " "))
    return f"[{text}](#{label})"


def _documented(name):
    """The name, if it is that of a module, or of an object with a docstring, that an API page shows."""
    try:
        found = pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        raise NlrError(f"Unknown place {name!r}: the package has nothing of that name.") from None
    module = found.__name__ if inspect.ismodule(found) else getattr(found, "__module__", "")
    if not name.startswith(module) or f"/executed/api/{module}.rst" not in _api():
        raise NlrError(f"Place {name!r} has no link: book/api.md includes no module that defines it.")
    if not found.__doc__:
        raise NlrError(f"Place {name!r} has no link: without a docstring the API pages leave it out.")
    return name


def _api():
    return (paths.ROOT / "book" / "api.md").read_text()
