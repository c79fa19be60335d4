"""Turns of phrase: what names a figure or a page."""

import pytest

from nlr.evidence import wording


@pytest.mark.parametrize(
    ("text", "expected"),
    [("digits/symmetric-0.4", "digits-symmetric-0-4"), ("NCE+RCE, A=-4", "nce-rce-a-4"), ("--a--", "a")],
)
def test_slug(text, expected):
    assert wording.slug(text) == expected


@pytest.mark.parametrize(("value", "text"), [(0.012345, "0.012"), (12345, "12,000"), (1.0, "1")])
def test_two_significant_digits_are_written_out(value, text):
    assert wording.two_digits(value) == text
