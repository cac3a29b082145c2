"""What may happen to a run: a table. Each fault strikes while a command works on the book, and is over with it.

Knows nothing of what must hold afterwards.
"""

import contextlib
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.storage.servers import _programs

SMALL_DISK_BYTES = 48 << 20
LEFT_BYTES = 200_000  # at most, on a disk that is filled
MEMORY_BYTES = 24 << 20  # at most, that a process may still take


@dataclass(frozen=True)
class Fault:
    """One thing that happens.

    Attributes:
        name: in the tally.
        weight: how often it is drawn, against the others.
        strike: does it to a try (`tests.chaos.trial.Trial`) and the command that is running.
        mend: ends it, once the command has ended.
        missing: says what it needs and this machine lacks.
        world: what the whole try needs for it: "" or "small disk", "postgresql".
    """

    name: str
    weight: int
    strike: Callable[..., None]
    mend: Callable[..., None] = lambda trial: None
    missing: Callable[[], str] = lambda: ""
    world: str = ""


def _signal(number):
    def strike(trial, command):
        with contextlib.suppress(ProcessLookupError):
            os.kill(command.pid, number)

    return strike


def _kill_all(trial, command):
    """Kills the command with all that it has started, as the end of a container does."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGKILL)


def _interrupt_twice(trial, command):
    for _ in range(2):
        _signal(signal.SIGINT)(trial, command)
        time.sleep(0.05)


def _fill_disk(trial, command):
    left = trial.draw.randrange(LEFT_BYTES)
    with contextlib.suppress(OSError), (trial.folder / "ballast").open("wb") as file:
        free = shutil.disk_usage(trial.folder).free
        os.posix_fallocate(file.fileno(), 0, max(1, free - left))


def _empty_disk(trial):
    (trial.folder / "ballast").unlink(missing_ok=True)


def _store_away(trial, command):
    store = trial.home / "artifacts"
    store.rename(trial.home / "aside")
    if trial.draw.random() < 0.5:
        store.mkdir()  # where it was mounted


def _store_back(trial):
    if (trial.home / "aside").exists():
        with contextlib.suppress(OSError):
            shutil.rmtree(trial.home / "artifacts")
        (trial.home / "aside").rename(trial.home / "artifacts")


def _flip(trial, command):
    """Flips a bit of some file of audio, in the store or among the published ones."""
    files = [*(trial.home / "artifacts").rglob("*.flac"), *(trial.folder / "out").glob("[!.]*")]
    if not files:
        return
    path = trial.draw.choice(sorted(files))
    with contextlib.suppress(OSError):
        data = bytearray(path.read_bytes())
        if data:
            data[trial.draw.randrange(len(data))] ^= 1 << trial.draw.randrange(8)
            path.chmod(0o644)
            path.write_bytes(data)
            trial.damaged += 1


def _kill_server(trial, command):
    trial.server.kill()


def _stop_server(trial, command):
    """Stops the server for some seconds."""
    pid = trial.server.pid
    os.kill(pid, signal.SIGSTOP)

    def go_on():
        time.sleep(trial.draw.uniform(1, 6))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    threading.Thread(target=go_on, daemon=True).start()


def _cut_server_off(trial, command):
    trial.proxy.close()


def _connect_server(trial):
    trial.proxy.open()


def _another(new_pids):
    """The same command, a second time."""

    def strike(trial, command):
        other = trial.start(new_pids=new_pids)
        assert other.wait(trial.patience_s), f"the other command hangs: {other.err}"
        trial.others.append(other)

    return strike


def _limit_memory(trial, command):
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        pages = int(Path(f"/proc/{command.pid}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + trial.draw.randrange(MEMORY_BYTES)
        resource.prlimit(command.pid, resource.RLIMIT_AS, (limit, limit))


def _cut_database(trial, command):
    for _ in range(trial.draw.randint(1, 4)):
        trial.world.cluster.cut()
        time.sleep(trial.draw.uniform(0, 0.3))


def _move_clock(trial, command):
    days = trial.draw.choice([-400, -1, -0.01, 0.01, 1, 400])
    (trial.folder / "clock").write_text(str(days * 86_400))


def _no_postgresql():
    return "" if _programs() else "PostgreSQL's server is not installed"


def _no_namespaces():
    done = subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "PID namespaces need root"


def _no_mounts():
    return "" if os.geteuid() == 0 and shutil.which("mount") else "mounting a small disk needs root"


FAULTS = (
    Fault("killed", 6, _signal(signal.SIGKILL)),
    Fault("killed with all its children", 4, _kill_all),
    Fault("terminated", 3, _signal(signal.SIGTERM)),
    Fault("interrupted", 3, _signal(signal.SIGINT)),
    Fault("interrupted twice", 2, _interrupt_twice),
    Fault("disk full", 4, _fill_disk, _empty_disk, _no_mounts, "small disk"),
    Fault("store away", 4, _store_away, _store_back),
    Fault("bit flipped", 6, _flip),
    Fault("server killed", 1, _kill_server),
    Fault("server stopped", 2, _stop_server),
    Fault("server gone", 2, _cut_server_off, _connect_server),
    Fault("the same command at once", 2, _another(new_pids=False)),
    Fault("the same command in another namespace", 2, _another(new_pids=True), missing=_no_namespaces),
    Fault("memory limited", 3, _limit_memory),
    Fault("database connections cut", 4, _cut_database, missing=_no_postgresql, world="postgresql"),
    Fault("clock moved", 3, _move_clock),
)


class Proxy:
    """Passes connections on to a server, until its plug is pulled."""

    def __init__(self, port):
        self._target = ("127.0.0.1", port)
        self._open_sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._accept()

    def _accept(self):
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _serve(self, listener):
        with contextlib.suppress(OSError):
            while True:
                ours, _ = listener.accept()
                theirs = socket.create_connection(self._target)
                self._open_sockets += [ours, theirs]
                for source, target in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        """Cuts all connections, and refuses new ones."""
        for one in (self._listener, *self._open_sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open_sockets.clear()

    def open(self):
        """Takes connections again, at the same port."""
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._accept()
