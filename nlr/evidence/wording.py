"""Turns of phrase for numbers: lists, counts of seeds and of degrees of freedom, signs and intervals."""

import math
import re


def listed(items):
    """``a, b and c``."""
    items = [str(item) for item in items]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def seeds(least, most):
    """How many seeds: ``one seed``, ``3 seeds``, ``1 to 3 seeds``."""
    if least < most:
        return f"{least} to {most} seeds"
    return "one seed" if most == 1 else f"{most} seeds"


def degrees(number):
    """``12 degrees of freedom``."""
    return f"{number} degree{'s' * (number != 1)} of freedom"


def signed(number, digits=1):
    """``+1.2``, with a true minus sign; ``missing`` where there is no number."""
    return "missing" if math.isnan(number) else f"{number:+z.{digits}f}".replace("-", "\N{MINUS SIGN}")


def with_interval(number, low, high, digits=1):
    """``+1.2 (+0.3 to +2.1)``; the number alone where its interval is not known."""
    text = signed(number, digits)
    return text if math.isnan(low) else f"{text} ({signed(low, digits)} to {signed(high, digits)})"


def markdown(columns, rows, numbers):
    """A Markdown table; the columns after the first are flush right, as many as ``numbers`` says."""
    rule = [":--", *["--:"] * numbers, *[":--"] * (len(columns) - 1 - numbers)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [columns, rule, *rows])


def row_verdict(verdict):
    """The verdict of a row as tables show it: a row of three seeds can be without an interval, their spread unknown."""
    return {"unreplicated": "no spread known", "mixed": "collapses in part"}.get(verdict, verdict)


def slug(text):
    """Lower-case letters, digits and hyphens: what names a figure or a page."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def unbroken(text):
    """A name on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def two_digits(value):
    """A number to two significant digits, written out."""
    return f"{float(f'{value:.2g}'):,g}"
