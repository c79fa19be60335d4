"""Scripts in a process that has imported already: python pipeline/warm.py SCRIPT [ARGUMENT ...]

The imports of a page take five seconds, its cells often less. In a build the first script that is run so starts them in
one process (:func:`warmed`), which forks for each script; the fork runs the script with the caller's files and leaves
with its exit status. Outside of a build the script is run in this process. This module imports nothing heavy itself: a
build in which no page is out of date does not wait for it.
"""

import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = "NLR_WARM"  # the environment variable that names the socket
TOOLS = ("ipykernel.kernelapp", "jupytext", "papermill")
LATE = "torch._dynamo"  # torch imports its compiler when the first optimiser is made; no page need wait for it
INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel sets where nothing is said


@contextmanager
def warmed(*kept):
    """While it lasts, scripts that are run by this module are run in forks of one process.

    Args:
        *kept: the numbers of files that this process and its forks keep open as long as they live.
    """
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/socket"
        # It ends when its standard input does, so that it never outlives the build, however that ends.
        command = [sys.executable, __file__, "--serve", address]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"MPLBACKEND": INLINE, **environment},
            pass_fds=kept,
        )
        server.stdout.read(1)  # it listens
        os.environ[ADDRESS] = address
        try:
            yield
        finally:
            del os.environ[ADDRESS]
            server.stdin.close()
            server.wait()
            server.stdout.close()


def ask(address, arguments):
    """Have a script run in a fork of the warm process, with this process's output; returns its exit status."""
    answer = ""
    with socket.socket(socket.AF_UNIX) as connection, suppress(ConnectionError):
        connection.connect(address)
        asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}
        socket.send_fds(connection, [b"o"], [1, 2])
        connection.sendall(json.dumps(asked).encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile().readline()
    if not answer:
        sys.exit(f"{arguments[0]} was ended by a signal before it was done.")
    return int(answer)


def serve(address):
    """Fork for each script that is asked for, until standard input ends; the first one waits for the imports."""
    children, imported = {}, False
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(address)
        listener.listen(64)
        woken, waker = socket.socketpair()
        for end in (woken, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        os.write(1, b"1")
        os.dup2(2, 1)
        for source in (listener, sys.stdin, woken):
            selector.register(source, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if sys.stdin in ready:
                for child in children:
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGTERM)
                os._exit(0)  # to take down what was imported would take two seconds
            if woken in ready:
                with suppress(BlockingIOError):
                    woken.recv(4096)
                for child in [c for c in children if os.waitpid(c, os.WNOHANG)[0]]:
                    children.pop(child).close()
            if listener in ready:
                connection, _ = listener.accept()
                if not imported:
                    _import_all()
                    gc.set_threshold(50_000)  # of the forks too: with Python's 700 each looks again through all of it
                    imported = True
                if child := os.fork():
                    children[child] = connection
                    with suppress(Exception):
                        import_module(LATE)
                    continue
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for source in (listener, woken, waker, *children.values()):
                    source.close()
                _run(connection)


def _import_all():
    """Import what the notebooks need of the package, which brings torch, pandas and matplotlib, and what runs them; and
    check the records."""
    from pipeline.imports import code_of

    files = {file for notebook in Path("notebooks").glob("*/*.py") for file in code_of(notebook)}
    modules = {".".join(Path(file).with_suffix("").parts).removesuffix(".__init__") for file in files}
    for name in (*TOOLS, *sorted(modules)):
        with suppress(Exception):  # the page that needs it fails by it, and keeps its notebook to be read
            import_module(name)
    with suppress(Exception):  # most pages read the records, and find then that these have been checked
        import_module("nlr.evidence.verdicts").committed()


def _run(connection):
    """Run the script that a connection asks for and answer with its exit status; never returns."""
    status = 1
    try:
        _, files, _, _ = socket.recv_fds(connection, 1, 2)
        for number, file in enumerate(files, start=1):
            os.dup2(file, number)
            os.close(file)
        asked = json.loads(connection.makefile().read())
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        status = run(asked["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError):
            connection.sendall(f"{status}\n".encode())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(arguments):
    """Run a script in this process as Python would; returns its exit status."""
    sys.argv = list(arguments)
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        sys.path.insert(0, str(ROOT))
        serve(sys.argv[2])
    elif address := os.environ.get(ADDRESS):
        sys.exit(ask(address, sys.argv[1:]))
    else:
        sys.exit(run(sys.argv[1:]))
