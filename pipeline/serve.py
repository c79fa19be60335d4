"""Build the site, show it, and build again whenever a source is saved; the open page reloads itself."""

import subprocess

from livereload import Server

SOURCES = ("book", "notebooks", "nlr", "_config.yml", "_toc.yml", "pipeline/bookext.py")
PAIRS = ("python", "pipeline/pairs.py")
BUILD = ("python", "pipeline/build.py")


def build():
    """Make the pairs equal and rebuild what is out of date; an error is printed and the server goes on."""
    if subprocess.run(PAIRS, check=False).returncode == 0:
        subprocess.run(BUILD, check=False)


if __name__ == "__main__":
    build()
    server = Server()
    for source in SOURCES:
        server.watch(source, build)
    server.serve(root="_build/html", port=8000, open_url_delay=None)
