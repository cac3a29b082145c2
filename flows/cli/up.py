"""`talepress up`, `down`: everything that a box needs, started and ended. Knows nothing of how."""

from __future__ import annotations

import os
import signal
import time

from flows.cli.console import tell

END_SECONDS = 40.0
LOOK_SECONDS = 0.2


def up() -> None:
    """Runs Prefect with its page, a worker for each device and all deployments, until Ctrl-C."""
    from flows.operate.up import up as run
    from flows.services import read_settings

    run(read_settings(), tell)
    tell("stopped")


def down() -> None:
    """Ends what `talepress up` runs with this data folder: a book in work is stopped, and goes on when made again."""
    from flows.actions.box import read_note
    from flows.services import read_settings
    from tasks.errors import TalepressError

    home = read_settings().storage.folder
    note = read_note(home)
    if note is None:
        tell(f"nothing runs with the data folder {home}")
        return
    os.kill(note.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while read_note(home) is not None:
        if time.monotonic() > deadline:
            raise TalepressError(f"process {note.pid} does not end: `kill -9 {note.pid}` ends it, and all that it runs")
        time.sleep(LOOK_SECONDS)
    tell("stopped")
