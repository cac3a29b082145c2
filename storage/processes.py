"""Tells whether the process that started a run still lives, so that an interrupted run is recognisable.

This module must not know what a run is, nor of the database.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

# A process that cannot be seen counts as gone when it was silent for this long. Runs beat every few seconds; the rest
# is for clocks of other machines.
_SILENCE_AFTER = timedelta(minutes=2)


def this_process() -> str:
    """Names the calling process as no other process is ever named: "host boot/namespace pid start"."""
    try:
        pid = int(Path("/proc/self").readlink().name)  # the number that /proc has for it: not always getpid's
    except OSError:
        pid = os.getpid()
    return _name(pid) or f"{socket.gethostname()} - {pid} -"


def is_alive(process: str, heartbeat_at: datetime) -> bool:
    """Tells whether a process named by `this_process` lives.

    One that cannot be seen from here, because it is another machine's or in a container, does if its heartbeat is
    recent.
    """
    host, machine, pid, _ = process.split(" ")
    boot, _, namespace = machine.partition("/")
    here = _machine()
    unseen = here is None or boot == "-" or host != socket.gethostname()
    if unseen or (here is not None and boot == here[0] and namespace != here[1]):
        return datetime.now(UTC) - heartbeat_at < _SILENCE_AFTER
    return _name(int(pid)) == process


def _machine() -> tuple[str, str] | None:
    """Names the machine's boot and the namespace whose processes are seen here; None where there is no /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return boot, Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return None


def _name(pid: int) -> str | None:
    """Names a process of this machine; None when there is none, or no /proc to see it in."""
    try:
        # The command name, in parentheses, may hold blanks: fields are counted from behind it. State is the first.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state = fields[0]
    start_ticks = fields[19]
    machine = _machine()
    if machine is None or state in "ZX":
        return None
    return f"{socket.gethostname()} {'/'.join(machine)} {pid} {start_ticks}"
