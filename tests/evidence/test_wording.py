"""Turns of phrase: what names a figure or a page."""

import pytest

from nlr.evidence import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [("digits/symmetric-0.4", "digits-symmetric-0-4"), ("NCE+RCE, A=-4", "nce-rce-a-4"), ("--a--", "a")],
)
def test_slug(text, expected):
    assert wording.slug(text) == expected
