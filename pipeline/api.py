"""The docstrings of the package as reStructuredText, one file a module, under executed/api/.

autodoc imports the package, and so torch, which takes longer than all the rest of the site; done here, an edit of the
prose does not wait for it. The pages include what they show; a docstring that cannot be read is an error there.
"""

import tempfile
from pathlib import Path
from pkgutil import walk_packages
from types import SimpleNamespace

from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.ext.autodoc import ModuleDocumenter
from sphinx.ext.autodoc.directive import DocumenterBridge, process_documenter_options

import nlr

FOLDER = Path(__file__).resolve().parent.parent / "executed" / "api"
SETTINGS = {
    "extensions": ["sphinx.ext.autodoc", "sphinx.ext.napoleon"],
    "autodoc_member_order": "bysource",
    "autodoc_typehints": "signature",
}


def split(app, what, name, thing, options, lines):
    """One line an entry: of an error over several lines napoleon makes one, which a method's page could not indent."""
    lines[:] = [line for entry in lines for line in entry.split("\n")]


def main():
    """Write the documentation of every module of the package."""
    modules = [m.name for m in walk_packages(nlr.__path__, "nlr.") if not m.name.endswith("__main__")]
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:
        out = f"{empty}/out"
        app = Sphinx(empty, None, out, out, "dummy", SETTINGS, status=None, warningiserror=True)
        app.connect("autodoc-process-docstring", split, priority=900)  # after napoleon
        options = process_documenter_options(ModuleDocumenter, app.config, {"members": None})
        for module in modules:
            document = new_document(module, get_default_settings(Parser))
            bridge = DocumenterBridge(app.env, document.reporter, options, 0, SimpleNamespace(document=document))
            ModuleDocumenter(bridge, module).generate()
            (FOLDER / f"{module}.rst").write_text("\n".join(bridge.result) + "\n")


if __name__ == "__main__":
    main()
