"""Shared by the tests: one thread, no data root by chance, the digits, and stores and protocols of the test's own."""

import functools
import gc
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
from contextlib import ExitStack, closing

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy and torch are imported: tests share the cores, and start processes

import pytest
import torch

from nlr import data, paths
from nlr.book import display
from nlr.study import protocols, studies

# pytest-xdist tells its workers how wide the terminal is, and rich would keep that from its import on.
os.environ.pop("COLUMNS", None)

gc.set_threshold(50_000)  # with Python's 700 the collector looks again and again through all that torch brings
torch.set_num_threads(1)
os.environ["MPLBACKEND"] = "Agg"
DATA_ROOT = os.environ.pop("NLR_DATA", "")  # only the tests of real data may see it


# Modules that take more than half a minute, begun first: none of them is to run alone at the end.
LONG = [
    "site",
    "execute",
    "notebooks",
    "slurm",
    "build",
    "benchmark",
    "batch_door",
    "loop",
    "losses_as_functions",
    "reports",
    "cli",
    "data",
]


@pytest.hookimpl(tryfirst=True)  # before that of pytest-xdist, which reads the groups
def pytest_collection_modifyitems(items):
    """Where tests are run on several cores, those of a module share one, as they share its fixtures.

    A module whose tests are independent of each other names groups of its own, as that of the site does.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    long = {f"test_{name}": number for number, name in enumerate(LONG)}
    items.sort(key=lambda item: long.get(item.module.__name__.rpartition(".")[2], len(long)))


@pytest.fixture(scope="session", autouse=True)
def temporary(tmp_path_factory):
    """What killed processes leave behind lies in pytest's own folder, which pytest clears."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
        patch.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="session")
def digits():
    """The digits, which every short run trains on."""
    return data.load("digits")


@pytest.fixture(scope="session")
def real_root():
    """A data root with CIFAR-10: NLR_DATA, or shared/data beside the checkout."""
    root = DATA_ROOT or paths.ROOT.parent / "shared" / "data"
    if not os.path.isdir(root):
        pytest.skip("no CIFAR-10 here: name its folder in NLR_DATA")
    return root


@pytest.fixture
def own_protocols(tmp_path, monkeypatch):
    """A copy of the folder of protocols, to be written to; digits has 2 epochs there."""
    folder = tmp_path / "protocols"
    shutil.copytree(protocols.FOLDER, folder)
    monkeypatch.setattr(protocols, "FOLDER", folder)
    with (folder / "sources/digits.toml").open("a") as digits:
        digits.write("[training]\nepochs = 2\n")
    assert protocols.load("digits")["training"]["epochs"] == 2
    return folder


@pytest.fixture
def own_studies(tmp_path, monkeypatch):
    """A copy of the folder of studies, to be written to."""
    folder = tmp_path / "studies"
    shutil.copytree(studies.FOLDER, folder)
    monkeypatch.setattr(studies, "FOLDER", folder)
    return folder


@pytest.fixture
def own_stores(tmp_path, monkeypatch):
    """Empty folders in the place of results and live: a dict of the two."""
    for name in studies.STORES:
        monkeypatch.setitem(studies.STORES, name, tmp_path / "stores" / name)
    return studies.STORES


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The build of the page digits/symmetric-0.4, into a folder of the test."""
    monkeypatch.setenv("NLR_PAGE", "digits/symmetric-0.4")
    monkeypatch.setattr(display, "ROOT", tmp_path)
    monkeypatch.setattr(display, "EXECUTED", tmp_path / "executed")
    return tmp_path


@pytest.fixture
def elsewhere(monkeypatch):
    """A notebook that is not executed for the book."""
    monkeypatch.delenv("NLR_PAGE", raising=False)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; one a module, because while it runs no test can have an event loop of its own."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("Chromium is not installed, and nothing else can show the pages")
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    here = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]  # a container's /dev/shm is small
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=chromium, args=[*quiet, *here])) as launched,
    ):
        yield launched


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def serve():
    """A function that serves a folder until the module's end and returns its address."""
    with ExitStack() as stack:

        def address(folder):
            handler = functools.partial(Quiet, directory=str(folder))
            server = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/"

        yield address


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB, where one can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if done.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
