"""Whether a process lives: one that is seen, and one that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import processes
from tests.containers import COMMAND, OWN_PROC, can_contain


def test_a_process_number_used_again_is_another_process():
    now = datetime.now(UTC)
    host, boot, pid, start = processes.this_process().split(" ")
    assert processes.is_alive(f"{host} {boot} {pid} {start}", now)
    assert not processes.is_alive(f"{host} {boot} {pid} {int(start) - 1}", now)
    assert not processes.is_alive(f"{host} another-boot {pid} {start}", now)


def test_a_process_that_ended_is_dead_before_its_parent_takes_note():
    code = "from storage.processes import this_process; print(this_process(), flush=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        name = process.stdout.read().strip()  # to the end of the output: the process is over, or will be in a moment
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # over, and still in the table of processes
        assert processes.is_alive(name, datetime.now(UTC)) is False


def test_where_processes_cannot_be_seen_the_heartbeat_decides(monkeypatch):
    monkeypatch.setattr(processes, "_name", lambda pid: None)
    name = processes.this_process()
    assert processes.is_alive(name, datetime.now(UTC)) is True
    assert processes.is_alive(name, datetime.now(UTC) - timedelta(hours=1)) is False


def test_a_process_in_another_container_is_judged_by_its_heartbeat():
    """Host and boot agree, and its number means nothing here: without the namespace it would count as dead."""
    host, machine, pid, start = processes.this_process().split(" ")
    boot, namespace = machine.split("/")
    contained = f"{host} {boot}/{namespace}0 {pid} {int(start) + 1}"
    assert processes.is_alive(contained, datetime.now(UTC)) is True
    assert processes.is_alive(contained, datetime.now(UTC) - timedelta(minutes=3)) is False


@pytest.mark.parametrize("own_proc", [[OWN_PROC], []], ids=["own /proc", "the host's /proc"])
def test_processes_of_two_real_namespaces_do_not_take_each_other_for_dead(own_proc):
    if not can_contain(*own_proc):
        pytest.skip("needs unshare, and the right to use it")
    code = "import sys\nfrom storage.processes import this_process\nprint(this_process(), flush=True)\nsys.stdin.read()"
    command = [*COMMAND, *own_proc, sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        name = process.stdout.readline().strip()
        assert processes.is_alive(name, datetime.now(UTC)) is True
        process.stdin.close()


def test_a_run_of_before_namespaces_were_named_is_judged_by_its_heartbeat():
    host, machine, pid, start = processes.this_process().split(" ")
    old = f"{host} {machine.split('/')[0]} {pid} {start}"
    assert processes.is_alive(old, datetime.now(UTC)) is True
    assert processes.is_alive(old, datetime.now(UTC) - timedelta(hours=1)) is False


def test_a_name_says_host_boot_namespace_number_and_start():
    host, machine, pid, start = processes.this_process().split(" ")
    assert (host, int(pid)) == (processes.socket.gethostname(), os.getpid())
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert machine == f"{boot}/{Path('/proc/self/ns/pid').readlink().name}"
    assert start == Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]


@pytest.mark.parametrize(("silent_s", "alive"), [(90, True), (150, False)])
@pytest.mark.parametrize("where", ["another host", "no /proc there", "no /proc here"])
def test_what_cannot_be_seen_may_be_silent_for_two_minutes(monkeypatch, where, silent_s, alive):
    host, machine, pid, start = processes.this_process().split(" ")
    name = {
        "another host": f"not-{host} {machine} {pid} {start}",
        "no /proc there": f"{host} - {pid} -",
        "no /proc here": f"{host} {machine} {pid} {start}",
    }[where]
    if where == "no /proc here":
        monkeypatch.setattr(processes, "_machine", lambda: None)
    assert processes.is_alive(name, datetime.now(UTC) - timedelta(seconds=silent_s)) is alive


def test_what_can_be_seen_lives_however_long_it_was_silent():
    assert processes.is_alive(processes.this_process(), datetime.now(UTC) - timedelta(days=1)) is True


@pytest.mark.parametrize("command", ["a) Z 1 (b", "with blanks )"])
def test_a_command_may_be_called_anything(command):
    """Its name stands in the middle of what the system says of a process."""
    comm = Path("/proc/self/comm")
    before = comm.read_text()
    name = processes.this_process()
    comm.write_text(command)
    try:
        assert processes.this_process() == name
        assert processes.is_alive(name, datetime.now(UTC)) is True
    finally:
        comm.write_text(before.strip())


@pytest.mark.parametrize(("state", "alive"), [("S", True), ("Z", False), ("X", False)])
def test_what_is_over_is_dead_though_it_is_listed(monkeypatch, state, alive):
    name = processes.this_process()
    read = Path.read_text

    def told(path, *arguments, **options):
        text = read(path, *arguments, **options)
        return text.replace(") R ", f") {state} ", 1) if path.name == "stat" else text

    monkeypatch.setattr(Path, "read_text", told)
    assert processes.is_alive(name, datetime.now(UTC)) is alive
