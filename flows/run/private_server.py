"""Keeps a private Prefect server alive: one that dies is started again, at the same address.

We hold its listening socket, so that requests which come meanwhile wait for the new process. Its database is a file,
and what it had heard before is there again. Must not know what the flows do.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from tasks import stopping
from tasks.errors import TalepressError

MODULE = "flows.run.server"  # is run as the server's process
MOST_RESTARTS = 5  # in the life of a command: one that dies so often will not live
STOP_TIMEOUT_SECONDS = 15
STOPPED_STOP_SECONDS = 1  # when the user waits for the end
STOP_POLL_SECONDS = 0.05

logger = logging.getLogger(__name__)


class PrivateServer:
    """A server process on a listening socket, and its successors; `log` is the file of their output."""

    def __init__(self, listener: socket.socket, log: Path) -> None:
        """Starts the first process.

        Args:
            listener: the socket that it serves. It is closed once no process will serve it any more.
            log: the file that gets all that it prints.
        """
        self.log = log
        self._listener = listener
        self._lock = threading.Lock()
        self._ended = False
        self._environment = _environment()
        self._child = self._start()

    def check(self) -> None:
        """Raises `TalepressError` where the process has ended."""
        code = self._child.poll()
        if code is not None:
            raise TalepressError(f"the private Prefect server ended with code {code}; its log is {self.log}")

    def keep(self) -> None:
        """From now on, starts a new process whenever one dies."""
        threading.Thread(target=self._keep, name="keeper", daemon=True).start()

    def stop(self) -> None:
        """Ends the process. A user who asked for the end need not wait for it: it ends by itself, or is ended so."""
        with self._lock:
            self._ended = True
        _stop(self._child)
        self._listener.close()

    def _keep(self) -> None:
        for _ in range(MOST_RESTARTS):
            code = self._child.wait()
            with self._lock:
                if self._ended:
                    return
                logger.warning("the private Prefect server ended with code %s, and is started again", code)
                self._child = self._start()
        self._child.wait()
        self._listener.close()  # who asks now is refused at once

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", MODULE, str(self._listener.fileno())],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[self._listener.fileno()],
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the command; the server goes when the command lets it go
            )


def import_path() -> str:
    """The PYTHONPATH by which a child in any folder finds these very packages."""
    return os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]))


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": import_path(),
        "PREFECT__SERVER_EPHEMERAL": "1",
        "PREFECT__SERVER_FINAL": "1",
        "PREFECT_UI_ENABLED": "0",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    }


def _stop(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    began = time.monotonic()
    while child.poll() is None:
        waited = time.monotonic() - began
        if stopping.requested() and waited > STOPPED_STOP_SECONDS:
            return
        if waited > STOP_TIMEOUT_SECONDS:
            child.kill()
        time.sleep(STOP_POLL_SECONDS)
