"""Configuration of JupyterLab, read by ``make lab``.

jupytext's extension writes both halves of a pair when a notebook is saved. They get the form that pipeline/pairs.py
gives them, without outputs, so that a build finds nothing to change in a notebook that is still open. A script that is
saved as text is written into its notebook.
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import jupytext
import pairs


def is_script(path):
    """Whether a file is the script of a pair."""
    return path.suffix == ".py" and path.is_relative_to(pairs.NOTEBOOKS)


def tidy(model, path, contents_manager, **_):
    """Before a half is written."""
    half = Path(contents_manager.root_dir, path)
    if model["type"] == "notebook":
        model["content"] = pairs.tidy(model["content"])
    elif is_script(half):
        model["content"] = pairs.render(half, jupytext.reads(model["content"], "py:percent")).decode()


def match(os_path, **_):
    """After a half was written."""
    if is_script(Path(os_path)):
        pairs.refresh(Path(os_path).with_suffix(""))


def without_news(_, page):
    """Lab without the part that looks for news and updates elsewhere."""
    page["disabledExtensions"].append("@jupyterlab/apputils-extension:announcements")
    return page


warnings.filterwarnings("ignore", "Overriding existing p")  # Jupyter sets a hook once for each class that has it
c = get_config()  # noqa: F821  Jupyter defines it
c.FileContentsManager.pre_save_hook = tidy
c.FileContentsManager.post_save_hook = match
c.ServerApp.root_dir = str(pairs.NOTEBOOKS.parent)
c.LabApp.default_url = "/lab/tree/notebooks"
c.ServerApp.tornado_settings = {"page_config_hook": without_news}
