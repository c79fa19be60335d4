"""Workers killed at random moments leave the records of uninterrupted ones; `make kill-test` kills a hundred."""

import re
import subprocess
import sys
from pathlib import Path


def test_six_kills_change_no_record():
    command = [sys.executable, Path(__file__).with_name("kill.py"), "--kills", "6", "--builds", "0", "--seed", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.match(r"(\d+) kills survived: (\d+) records, (\d+) of them from more than one sitting", done.stdout)
    assert found, done.stdout
    kills, records, gone_on = map(int, found.groups())
    assert kills >= 6  # more where none of six met a run that had a checkpoint
    assert records >= gone_on >= 1
