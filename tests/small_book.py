"""A book of three pages in a folder of its own, made by the real pipeline, whose build can be held at any phase.

A phase holds while the file ``hold`` names it, and says by the file ``reached`` that it has begun.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("alone", "build", "imports", "kernel", "make_site", "run_page", "warm")
REAL = ("Snakefile", *(f"pipeline/{name}.py" for name in SCRIPTS))

HOLD = """
import time
from pathlib import Path

while Path("hold").read_text() == {phase!r}:
    Path("reached").touch()
    time.sleep(0.01)
"""
NOTEBOOK = f"""# ---
# jupyter:
#   kernelspec: {{display_name: Python 3, language: python, name: python3}}
# ---

# %% [markdown]
# # A title

# %% tags=["parameters"]
number = 1

# %%
{HOLD.format(phase="page")}
print("The square is", number**2)

# %%
from ipykernel.kernelapp import IPKernelApp

print("The kernel speaks by", IPKernelApp.instance().transport)
"""
FILES = {
    "hold": "",
    "notebooks/pages.toml": """
[one]
notebook = "template"
title = "One"

["digits/comparison"]
notebook = "template"
title = "Two"
parameters = { number = 2 }
after = ["one"]

["verdicts/claims"]
notebook = "template"
title = "Three"
parameters = { number = 3 }
after = []
reads = []
""",
    "notebooks/template.py": NOTEBOOK,
    "pipeline/landing.py": HOLD.format(phase="values") + "Path('executed/values.json').write_text('{}')\n",
    "pipeline/api.py": "from pathlib import Path\nPath('executed/api').mkdir(exist_ok=True)\n",
    "pipeline/bookext.py": "def hold(*_):\n"
    + HOLD.format(phase="site").replace("\n", "\n    ")
    + "\n\ndef setup(app):\n    app.connect('html-page-context', hold)\n",
    "book/index.md": "# A book\n",
    "CITATION.cff": "",
    "LICENSE-data.md": "",
    "_config.yml": """
title: A book
only_build_toc_files: true
execute: {execute_notebooks: "off"}
html: {use_multitoc_numbering: false}
sphinx:
  local_extensions: {bookext: pipeline}
  config:
    extensions: [myst_nb, jupyter_book, sphinx_external_toc, sphinx_comments, sphinx_book_theme, bookext]
    html_last_updated_fmt: null
""",
    "_toc.yml": """
format: jb-book
root: book/index
chapters:
  - {file: executed/one}
  - {file: executed/digits/comparison}
  - {file: executed/verdicts/claims}
""",
}


def make(folder):
    """Write the book into an empty folder."""
    for name in REAL:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def start(folder, hold="", said="said", options=()):
    """Begin a build, in a group of processes of its own, that waits at a phase; what it says goes to a file."""
    (folder / "reached").unlink(missing_ok=True)
    (folder / "next").write_text(hold)
    (folder / "next").replace(folder / "hold")  # at once: whoever reads an empty file goes on
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (folder / said).open("w") as file:
        return subprocess.Popen(
            [sys.executable, "pipeline/build.py", *options],
            cwd=folder,
            env=os.environ | {"PATH": path},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def kill(build, alone):
    """Kill a build with SIGKILL, alone or with all that it has started."""
    if alone:
        build.kill()
    else:
        os.killpg(build.pid, signal.SIGKILL)
    build.wait()


def wait_for(condition, seconds=300):
    """Wait until something holds; returns whether it came to that."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def product(folder):
    """All that a finished build leaves for a reader: paths and contents."""
    files = [path for root in ("executed", "_build/html") for path in (folder / root).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
