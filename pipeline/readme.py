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

    def minutes(study):
        ends = (values[f"{study}.minutes_per_run.{device}"] for device in ("quickest", "slowest"))
        return " to ".join(dict.fromkeys(f"{end:.0f}" for end in ends))

    said = {
        "minute": f"\n{(EXECUTED / 'snippets' / 'plain-minute.md').read_text().strip()}\n",
        "mnist": minutes("ma2020-mnist"),
        "minutes": minutes("ma2020-small"),
    }
    return BLOCK.sub(lambda match: f"{match[1]}{said[match[2]]}{match[3]}", text)


if __name__ == "__main__":
    readme = Path(ROOT / "README.md")
    files.write_whole(readme, up_to_date(readme.read_text()).encode())
    shutil.copy(DRAWN, PICTURE)
