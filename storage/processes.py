"""Tells whether the process that started a run still lives, so that an interrupted run is recognisable.

This module must not know what a run is, nor of the database.
"""

from __future__ import annotations

import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SILENCE_AFTER = timedelta(minutes=10)  # a process on another machine counts as gone when it was silent for this long


def this_process() -> str:
    """Names the calling process as no other process is ever named: "host boot pid start"."""
    return _name(os.getpid()) or f"{socket.gethostname()} - {os.getpid()} -"


def is_alive(process: str, heartbeat_at: datetime) -> bool:
    """Tells whether a process named by `this_process` lives; one of another machine does if its heartbeat is recent."""
    host, boot, pid, _ = process.split(" ")
    if host != socket.gethostname() or boot == "-":
        return datetime.now(UTC) - heartbeat_at < _SILENCE_AFTER
    return _name(int(pid)) == process


def _name(pid: int) -> str | None:
    """Names a process of this machine; None when there is none, or no /proc to see it in."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The command name, in parentheses, may hold blanks: fields are counted from behind it. State is the first.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    state = fields[0]
    start_ticks = fields[19]
    return None if state in "ZX" else f"{socket.gethostname()} {boot} {pid} {start_ticks}"
