"""Bring the README's answer, number and picture up to date with the records (after executed/values.json is made)."""

import json
import re
import shutil
from pathlib import Path

from nlr import files
from nlr.paths import EXECUTED, RESULTS, ROOT

PICTURE = RESULTS / "answer.svg"
DRAWN = EXECUTED / "figures" / "landing" / "answer-light.svg"
BLOCK = re.compile(r"(<!-- (\w+): written by make readme -->).*?(<!-- /\2 -->)", re.DOTALL)


def up_to_date(text):
    """The README's text with what its marked places have to say: the first screen, minutes of training."""
    values = json.loads((EXECUTED / "values.json").read_text())
    said = {
        "minute": f"\n{(EXECUTED / 'snippets' / 'plain-minute.md').read_text().strip()}\n",
        "minutes": " to ".join(f"{values[f'ma2020-small.minutes_per_run.{d}']:.0f}" for d in ("quickest", "slowest")),
    }
    return BLOCK.sub(lambda match: f"{match[1]}{said[match[2]]}{match[3]}", text)


if __name__ == "__main__":
    readme = Path(ROOT / "README.md")
    files.write_whole(readme, up_to_date(readme.read_text()).encode())
    shutil.copy(DRAWN, PICTURE)
