"""The font of the icons that pages use: a few kilobytes out of the 156 of the theme's whole font.

An icon that is not in it comes from the theme's font all the same, which is then loaded as a whole.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
FONT = THEME / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
#: The icons of our templates and of the theme's, by their classes; those of the style sheet's boxes come on top.
NAMES = (
    "angle-left",
    "angle-right",
    "arrow-up",
    "bars",
    "circle-half-stroke",
    "list",
    "magnifying-glass",
    "moon",
    "sun",
)


def characters(style, names=NAMES):
    """The characters that stand for icons in the theme's style sheet, of the classes asked for and of its own boxes."""
    found = set(re.findall(r'--pst-icon-[a-z-]+:"(.)"', style))
    for name in names:
        rule = re.search(rf'\.fa-{name}:before[^{{}}]*\{{content:"\\([0-9a-f]+)"\}}', style)
        if not rule:
            raise LookupError(f"The theme's style sheet has no icon fa-{name}.")
        found.add(chr(int(rule[1], 16)))
    return found


def write(target):
    """Write the font."""
    style = (THEME / "styles" / "pydata-sphinx-theme.css").read_text()
    options = subset.Options(flavor="woff", notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(characters(style)))
    target.parent.mkdir(parents=True, exist_ok=True)
    with subset.load_font(FONT, options) as font:
        subsetter.subset(font)
        subset.save_font(font, target, options)
