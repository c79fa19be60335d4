"""A kernel for a notebook that is forked from this process, with all that it has imported.

papermill starts kernels through jupyter_client, which asks a provisioner for the process. Ours has forked it before:
a process may only be forked while it has no threads of its own, and papermill's messages bring some.
"""

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from importlib.metadata import EntryPoint

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner


class Forked:
    """A child process that waits for the arguments of its kernel; in the words of :class:`subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self):
        if threading.active_count() > 1:
            raise RuntimeError("A process with threads cannot be forked: make the kernel before anything starts one.")
        parent, (waiting, self._go) = os.getpid(), os.pipe()
        self.returncode = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            os.setsid()  # a signal to its group is for the kernel and what it starts
            with os.fdopen(waiting) as order:
                arguments = json.loads(order.read() or "null")
            if arguments is not None:
                _become_kernel(arguments, parent)
            os._exit(0)
        os.close(waiting)

    def start(self, arguments):
        """Let the kernel begin."""
        os.write(self._go, json.dumps(arguments).encode())
        self.close()

    def close(self):
        """A child that has not been started ends."""
        if self._go is not None:
            os.close(self._go)
            self._go = None

    def poll(self):
        if self.returncode is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self):
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def terminate(self):
        self.send_signal(signal.SIGTERM)


def _become_kernel(arguments, parent):
    from ipykernel.kernelapp import IPKernelApp

    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.argv = ["ipykernel_launcher.py", *arguments, f"--IPKernelApp.parent_handle={parent}"]  # it ends when we do
    sys.path[0] = ""
    IPKernelApp.launch_instance()


class Provisioner(LocalProvisioner):
    """Hands the kernel that has been forked to jupyter_client."""

    waiting = None

    async def launch_kernel(self, cmd, **kwargs):
        """Start the waiting kernel with the arguments of the command that would have been run."""
        self.process, Provisioner.waiting = Provisioner.waiting, None
        self.process.start(cmd[cmd.index("-m") + 2 :])
        self.pid = self.pgid = self.process.pid  # it leads its own group
        return self.connection_info


def fork():
    """Fork the kernel that the next notebook of this process is given."""
    KernelProvisionerFactory.provisioners["forked"] = EntryPoint(
        "forked", f"{__name__}:Provisioner", KernelProvisionerFactory.GROUP_NAME
    )
    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "forked"
    Provisioner.waiting = Forked()
