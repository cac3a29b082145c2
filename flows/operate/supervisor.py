"""Keeps processes running: starts them in order, starts again what has died, stops all in the opposite order.

Must not know what the processes do, nor Prefect.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tasks import stopping
from tasks.errors import TalepressError

LOOK_SECONDS = 0.25
FIRST_WAIT_SECONDS = 1.0  # before a process that died is started again; doubled each time
LONGEST_WAIT_SECONDS = 60.0
MAX_LOG_BYTES = 10_000_000
STEADY_SECONDS = 120.0  # a process that has lived so long is given a fresh start
# After a death: when the others have noticed it and it was started again; and when even a run is taken for lost whose
# process died before it had said its name (`flows/operate/sweep.py`).
REMAINS_SECONDS = (45.0, 200.0)


@dataclass(frozen=True)
class Part:
    """A process to keep running: a module of ours, tied to us (`flows/run/tied.py`)."""

    name: str
    command: tuple[str, ...]  # module and arguments
    environment: Mapping[str, str] = field(default_factory=dict)  # on top of that of all
    ready: Callable[[], bool] = lambda: True  # whether it does its work already; what comes after it waits for that
    address: str = ""  # where a person finds it
    stop_s: float = 20.0  # that it may take to end when it is told to


@dataclass
class Running:
    """A part, and the process that is it at present."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    started_at: float = 0.0  # by the monotonic clock
    next_start: float = 0.0
    wait_s: float = FIRST_WAIT_SECONDS

    @property
    def pid(self) -> int:
        """The number of the process; 0 while there is none."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0


class Supervisor:
    """Runs groups of parts: each begins when those before it are ready, and ends before they do."""

    def __init__(
        self,
        environment: Mapping[str, str],
        folder: Path,
        tell: Callable[[str], None],
        changed: Callable[[Sequence[Running]], None],
        remains: Part | None = None,
    ) -> None:
        """Starts nothing yet.

        Args:
            environment: of every process.
            folder: where processes run; their logs lie in `logs` below it.
            tell: is given lines for a person.
            changed: is given what runs whenever a process was started or has died.
            remains: clears up what a part that died has left; it is run some time after every death, and ends.
        """
        self._groups: list[list[Running]] = []
        self._environment = dict(environment)
        self._folder = folder
        self._tell = tell
        self._changed = changed
        self._remains = None if remains is None else Running(remains)
        self._remains_due: list[float] = []  # by the monotonic clock

    @property
    def running(self) -> list[Running]:
        """All parts, in the order of their start."""
        return [one for group in self._groups for one in group]

    def begin(self, parts: Sequence[Part], timeout_s: float) -> None:
        """Starts a group. Raises `TalepressError` where a part is not ready in time, `Stopped`."""
        group = [Running(part) for part in parts]
        self._groups.append(group)
        for one in group:
            self._start(one)
        for one in group:
            self._await_ready(one, timeout_s)

    def watch(self) -> None:
        """Keeps everything running until the user asks for the end."""
        while not stopping.requested():
            for one in self.running:
                self._look_after(one)
            self._clear_up()
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Stops everything, the last group first. What does not end in its time is killed."""
        clearing = [self._remains] if self._remains is not None else []
        for group in reversed([*self._groups, clearing]):
            alive = [one for one in group if one.pid]
            for one in alive:
                assert one.process is not None
                one.process.terminate()
            began = time.monotonic()
            for one in alive:
                assert one.process is not None
                try:
                    one.process.wait(max(0.0, one.part.stop_s - (time.monotonic() - began)))
                except subprocess.TimeoutExpired:
                    self._tell(f"{one.part.name} did not end in {one.part.stop_s:.0f} s: killed")
                    one.process.kill()
                    one.process.wait()

    def _look_after(self, one: Running) -> None:
        """Starts a part again that has died, not at once where it dies again and again."""
        now = time.monotonic()
        if one.pid:
            return
        if one.process is not None:
            code = one.process.returncode
            one.process = None
            if now - one.started_at > STEADY_SECONDS:
                one.wait_s = FIRST_WAIT_SECONDS
            one.next_start = now + one.wait_s
            self._remains_due = [now + seconds for seconds in REMAINS_SECONDS]
            self._tell(f"{one.part.name} ended by itself ({_describe(code)}): starting it again in {one.wait_s:.0f} s")
            one.wait_s = min(2 * one.wait_s, LONGEST_WAIT_SECONDS)
            self._changed(self.running)
        if now >= one.next_start:
            self._start(one)

    def _clear_up(self) -> None:
        """Begins to clear up after a death where that is due."""
        if self._remains is None or not self._remains_due or time.monotonic() < self._remains_due[0]:
            return
        del self._remains_due[0]
        if not self._remains.pid:
            self._start(self._remains)

    def _start(self, one: Running) -> None:
        with self._open_log(one.part.name) as log:
            one.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "flows.run.tied", *one.part.command],
                stdin=subprocess.PIPE,  # we keep the other end until we die, see `flows/run/tied.py`
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self._environment, **one.part.environment},
                cwd=self._folder,
                start_new_session=True,  # Ctrl-C is for us: we stop the others in order
            )
        one.starts += 1
        one.started_at = time.monotonic()
        self._changed(self.running)

    def _await_ready(self, one: Running, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not one.part.ready():
            stopping.check()
            log = self.log_of(one.part.name)
            if not one.pid:
                raise TalepressError(f"{one.part.name} ended while it was starting: {log} says why")
            if time.monotonic() > deadline:
                raise TalepressError(
                    f"{one.part.name} is not ready after {timeout_s:.0f} s: {log} says why; on a slow machine, raise "
                    "execution.server_start_timeout_s"
                )
            time.sleep(LOOK_SECONDS)

    def log_of(self, name: str) -> Path:
        """The file into which a part writes."""
        return self._folder / "logs" / f"{name.replace(' ', '-')}.log"

    def _open_log(self, name: str) -> IO[bytes]:
        """Opens a part's log; one that has grown large is put aside first, in the place of the last such."""
        path = self.log_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
            path.replace(path.with_suffix(".old.log"))
        return path.open("ab")


def _describe(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
