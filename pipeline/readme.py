"""Bring the README's answer and picture up to date with the records (after make book)."""

import re
import shutil
from pathlib import Path

from nlr.paths import EXECUTED, RESULTS, ROOT

PICTURE = RESULTS / "answer.svg"
DRAWN = EXECUTED / "figures" / "landing" / "answer-light.svg"
BLOCK = re.compile(r"(<!-- answer: .*? -->\n).*?(<!-- /answer -->)", re.DOTALL)


def with_answer(text):
    """The README's text with the sentences that the landing page shows."""
    answer = (EXECUTED / "snippets" / "answer.md").read_text().strip()
    return BLOCK.sub(lambda match: f"{match[1]}{answer}\n{match[2]}", text)


if __name__ == "__main__":
    readme = Path(ROOT / "README.md")
    readme.write_text(with_answer(readme.read_text()))
    shutil.copy(DRAWN, PICTURE)
