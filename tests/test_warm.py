"""Scripts in forks of a process that has imported already, and the kernels that are forked."""

import os
import subprocess
import sys
import time

import pytest

from nlr import paths

PIPELINE = paths.ROOT / "pipeline"
ASK = [sys.executable, PIPELINE / "warm.py"]


@pytest.fixture(scope="module")
def build():
    """A build that does nothing but hold the warm process until its standard input ends; its address."""
    code = "import os, sys, warm\nwith warm.warmed():\n print(os.environ[warm.ADDRESS], flush=True)\n sys.stdin.read()"
    environment = os.environ | {"PYTHONPATH": str(PIPELINE)}
    holder = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=paths.ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield holder.stdout.readline().strip()
    holder.stdin.close()
    assert holder.wait() == 0
    holder.stdout.close()


def ask(address, script, code, *arguments, **environment):
    """What a script says, run by way of the address or, where that is empty, without a build."""
    script.write_text(code)
    return subprocess.run(
        [*ASK, script, *arguments],
        cwd=script.parent,
        env=os.environ | ({"NLR_WARM": address} if address else {}) | environment,
        capture_output=True,
        text=True,
    )


def sides(build):
    return {"in a build": build, "without one": ""}


@pytest.mark.parametrize("side", ["in a build", "without one"])
def test_a_script_is_run_as_python_would(build, tmp_path, side):
    address, script = sides(build)[side], tmp_path / "script.py"
    code = "import os, sys, beside\nprint(__name__, sys.argv[1:], os.getcwd(), os.environ['MINE'], beside.VALUE)"
    (tmp_path / "beside.py").write_text("VALUE = 7")
    done = ask(address, script, code, "a", "b c", MINE="yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == f"__main__ ['a', 'b c'] {tmp_path} yes 7"

    done = ask(address, script, "import sys\nsys.exit('this is why')")
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", "this is why")
    assert ask(address, script, "import sys\nsys.exit(3)").returncode == 3
    assert ask(address, script, "import sys\nsys.exit()").returncode == 0
    done = ask(address, script, "1 / 0")
    assert done.returncode == 1
    assert done.stderr.strip().endswith("ZeroDivisionError: division by zero")


def test_in_a_build_all_is_imported_before_and_nothing_is_left_behind(build, tmp_path):
    code = "import sys, nlr\nprint('torch' in sys.modules, hasattr(nlr, 'left'))\nnlr.left = True"
    for _ in range(2):
        assert ask(build, tmp_path / "script.py", code).stdout.split() == ["True", "False"]
    assert ask("", tmp_path / "script.py", "import sys\nprint('torch' in sys.modules)").stdout.split() == ["False"]


def test_a_script_that_is_killed_is_a_failure(build, tmp_path):
    done = ask(build, tmp_path / "script.py", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == 1
    assert "was ended by a signal" in done.stderr


def alive(pid):
    """Whether a process runs; one that has ended and that nobody has asked after does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid):
    for _ in range(200):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False


def test_with_a_build_that_is_killed_its_scripts_end(tmp_path):
    (tmp_path / "slow.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(100)")
    code = f"import subprocess, sys, warm\nwith warm.warmed():\n subprocess.run({[*map(str, ASK)]} + ['slow.py'])"
    environment = os.environ | {"PYTHONPATH": str(PIPELINE)}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        script = int(holder.stdout.readline())
        assert alive(script)
        holder.kill()
    assert gone(script)


def forked(code):
    return subprocess.run(
        [sys.executable, "-c", f"import kernel, os, time, threading\n{code}"],
        env=os.environ | {"PYTHONPATH": str(PIPELINE)},
        capture_output=True,
        text=True,
    )


def test_a_kernel_is_not_forked_from_a_process_with_threads():
    done = forked("threading.Thread(target=time.sleep, args=[5], daemon=True).start()\nkernel.Forked()")
    assert "RuntimeError: A process with threads cannot be forked" in done.stderr


def test_a_kernel_that_is_not_started_ends():
    done = forked("child = kernel.Forked()\nprint(child.poll())\nchild.close()\nprint(child.wait())")
    assert done.stdout.split() == ["None", "0"]


def test_a_kernel_ends_with_its_parent():
    done = forked(
        "child = kernel.Forked()\nchild.start(['-f', '/dev/null/none'])\nprint(child.wait() != 0, flush=True)\n"
        "print(kernel.Forked().pid, flush=True)\nos._exit(0)"
    )
    failed, waiting = done.stdout.split()
    assert failed == "True"
    assert gone(int(waiting))
