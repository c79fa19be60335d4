"""Make the site from the pages: python pipeline/make_site.py INPUT ...

Inputs are the files and folders, text pages excepted, that the site is made of. A build is cold unless text pages alone
have changed since the last one that was finished: a warm one reads these again and keeps the rest, old numbers and the
links of other pages to what is gone included. Warnings are errors. A build that fails leaves no site behind.
"""

import gc
import os
import shutil
import sys
import time
from pathlib import Path

from alone import alone
from jupyter_book.cli.main import main as jupyter_book

gc.set_threshold(50_000)  # with Python's 700 a quarter of Sphinx's time goes to the collector, which finds little
BUILD = Path("_build")
PRINTED = BUILD / "html" / "book.pdf"  # of make pdf; it and the link to it go when the site is made again
FINISHED = BUILD / "finished"  # as old as the beginning of the last build that was finished


def changed(inputs):
    """Whether an input, or anything in it, is younger than the last build that was finished."""
    if PRINTED.exists() or not FINISHED.exists():
        return True
    last = FINISHED.stat().st_mtime_ns
    found = (path for given in map(Path, inputs) for path in (given, *given.rglob("*")))
    return any(path.stat().st_mtime_ns > last for path in found)


def main(inputs):
    """Make the site; whoever is still at it, as after a build that was killed, is waited for."""
    with alone("site"):
        begun = time.time_ns()
        if changed(inputs):
            shutil.rmtree(BUILD, ignore_errors=True)
        FINISHED.unlink(missing_ok=True)
        try:
            jupyter_book(["build", ".", "-W", "--keep-going", "--quiet"], standalone_mode=False)
        except BaseException:
            shutil.rmtree(BUILD / "html", ignore_errors=True)
            raise
        FINISHED.touch()
        os.utime(FINISHED, ns=(begun, begun))


if __name__ == "__main__":
    main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # to take down all that Sphinx has in memory would take two seconds
