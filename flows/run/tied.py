"""Ties a process to its parent: it ends when the parent does, however that ends, `kill -9` included.

The parent keeps the writing end of the pipe on the child's standard input; the kernel closes it with the parent.
`python -m flows.run.tied MODULE ARGUMENT...` runs any module so. Must not know what the process does, nor Prefect.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

FORCE_SECONDS = 30.0


def end_with_parent(force_after_s: float = FORCE_SECONDS) -> None:
    """Has a thread wait for the end of standard input, and then end this process: politely first, then by force."""

    def wait() -> None:
        while os.read(0, 4096):  # not by `sys.stdin`, whose lock Python wants to have when it ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(force_after_s)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
