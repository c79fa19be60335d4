"""The font of the icons that pages use."""

import sys

import pytest
from fontTools.ttLib import TTFont

from nlr import paths

sys.path.insert(0, str(paths.ROOT / "pipeline"))
import icons


def test_the_font_has_the_icons_that_are_asked_for_and_is_small(tmp_path):
    icons.write(tmp_path / "icons.woff")
    style = (icons.THEME / "styles" / "pydata-sphinx-theme.css").read_text()
    wanted = {ord(character) for character in icons.characters(style)}
    with TTFont(tmp_path / "icons.woff") as small, TTFont(icons.FONT) as whole:
        found, known = set(small.getBestCmap()), set(whole.getBestCmap())
    assert 0xF0C9 in found  # fa-bars
    assert found == wanted & known
    assert (tmp_path / "icons.woff").stat().st_size < 10_000


def test_an_icon_that_the_theme_lacks_is_named():
    with pytest.raises(LookupError, match="fa-no-such-icon"):
        icons.characters("", ["no-such-icon"])
