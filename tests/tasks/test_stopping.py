"""Signals raise where nothing else is said, wait in orderly blocks, and are not lost where Python drops exceptions."""

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks import stopping

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def fresh(monkeypatch):
    """Nobody has asked for the end yet, and the process is not ended by what a test does."""
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    monkeypatch.setattr(stopping._thread, "start_new_thread", lambda *_: None)
    monkeypatch.setattr(stopping, "_arm_alarm", lambda: None)  # the runner has an alarm of its own
    monkeypatch.setattr(stopping, "say", lambda _: None)


def test_a_signal_raises_in_the_main_thread(fresh):
    with pytest.raises(stopping.Stopped, match="the same command continues"), stopping.heeding_signals():
        signal.raise_signal(signal.SIGTERM)
    assert stopping.requested()


def test_in_an_orderly_block_the_work_asks_for_itself(fresh):
    with stopping.heeding_signals(), stopping.orderly():
        stopping.check()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(stopping.Stopped):
            stopping.check()


def test_handlers_of_before_come_back_and_an_ignored_signal_stays_ignored(fresh):
    mine = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with stopping.heeding_signals():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGINT) in (stopping._heed, signal.SIG_IGN)
        assert signal.getsignal(signal.SIGINT) is interrupt
    finally:
        signal.signal(signal.SIGTERM, mine)


def test_a_failure_is_no_stop():
    assert not issubclass(stopping.Stopped, Exception)


PROGRAM = """
import os, signal, time
from tasks import stopping
stopping.GRACE_SECONDS = 0.5
stopping.LAST_WORDS_SECONDS = 0.5
stopping.heed_signals()
def send():
    os.kill(os.getpid(), signal.SIGTERM)
try:
{body}
except stopping.Stopped:
    print("raised")
"""


def ended(body):
    """Runs a program that answers signals, and returns how it ended."""
    code = PROGRAM.format(body="\n".join("    " + line for line in body.strip().splitlines()))
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)


def test_a_stop_that_python_throws_away_is_raised_again():
    done = ended("""
class Fragile:
    def __del__(self):
        send()
Fragile()
time.sleep(20)
""")
    assert (done.returncode, done.stdout) == (0, "raised\n"), done
    assert "Traceback" not in done.stderr and "ignored" not in done.stderr, done


def test_what_takes_too_long_has_its_last_words_and_is_ended():
    done = ended("""
with stopping.orderly(lambda: print("recorded", flush=True)):
    send()
    time.sleep(20)
""")
    assert (done.returncode, done.stdout) == (130, "recorded\n"), done
    assert done.stderr.splitlines() == [f"talepress: {stopping.STOPPING}", f"talepress: {stopping.STOPPED}"]


def test_programs_read_it_as_json():
    done = ended("""
stopping.say_in_json(True)
with stopping.orderly():
    send()
    time.sleep(20)
""")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines == [{"event": "note", "text": f"talepress: {word}"} for word in (stopping.STOPPING, stopping.STOPPED)]


def test_a_block_may_ask_for_more_time():
    done = ended("""
with stopping.orderly(grace_s=10):
    send()
    time.sleep(1.5)
print("in order", flush=True)
""")
    assert (done.returncode, done.stdout) == (0, "in order\n"), done


def test_last_words_that_do_not_end_or_fail_do_not_keep_the_process():
    done = ended("""
with stopping.orderly(lambda: time.sleep(20)), stopping.orderly(lambda: 1 / 0):
    send()
    time.sleep(20)
""")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (130, f"talepress: {stopping.STOPPED}"), done


def test_the_kernel_ends_a_process_whose_interpreter_is_held():
    done = ended("""
import ctypes
with stopping.orderly():
    send()
    ctypes.PyDLL(None).sleep(20)  # keeps the interpreter lock
""")
    assert done.returncode == -signal.SIGALRM, done


def test_a_signal_that_comes_when_all_is_done_changes_nothing():
    done = ended("""
import threading
class Slow:  # what a library tears down after Python's own exit handlers
    def __del__(self, send=os.kill, me=os.getpid(), number=signal.SIGTERM):
        send(me, number)
threading.kept = Slow()
print("finished", flush=True)
stopping.wind_up()
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "finished\n", ""), done


class Ended(Exception):
    """The process would end here."""


@pytest.fixture
def watched(fresh, monkeypatch):
    """What is said and done instead of ending the process."""
    done = []

    def end(code):
        done.append(code)
        raise Ended

    monkeypatch.setattr(stopping, "say", done.append)
    monkeypatch.setattr(stopping.os, "_exit", end)
    monkeypatch.setattr(stopping.time, "sleep", done.append)
    monkeypatch.setattr(stopping._thread, "start_new_thread", lambda call, given: done.append((call.__name__, given)))
    monkeypatch.setattr(stopping, "_arm_alarm", lambda: done.append("alarm"))
    return done


def test_the_first_signal_is_answered_and_the_second_ends_the_process_at_once(watched):
    with stopping.orderly():
        stopping._heed(signal.SIGTERM, None)
        assert watched == [stopping.STOPPING, "alarm", ("_see_to_the_end", ())]
        watched.clear()
        with pytest.raises(Ended):
            stopping._heed(signal.SIGINT, None)
    assert watched == [stopping.STOPPED_NOW, 130]


def test_the_process_ends_after_the_longest_grace_and_the_last_words_of_the_innermost_first(watched):
    with stopping.orderly(lambda: watched.append("outer"), 9.0), stopping.orderly(lambda: watched.append("inner"), 7.0):
        with pytest.raises(Ended):
            stopping._see_to_the_end()
        assert watched == [9.0, ("_end_after", (2.5,)), "inner", "outer", 0, stopping.STOPPED, 130]
    assert (stopping._grace(), stopping._stop.last_words, stopping._stop.orderly) == (5.0, [], 0)


@pytest.mark.parametrize(("grace_s", "alarm_s"), [(0.0, 9.0), (4.0, 9.0), (20.0, 24.0)])
def test_the_kernels_alarm_comes_when_all_else_has_had_its_time(monkeypatch, grace_s, alarm_s):
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    armed = []
    monkeypatch.setattr(stopping.signal, "setitimer", lambda *timer: armed.append(timer))
    with stopping.orderly(grace_s=grace_s):
        stopping._arm_alarm()
    assert armed == [(signal.ITIMER_REAL, alarm_s)]


def test_a_program_answers_for_life_until_it_winds_up(fresh, monkeypatch):
    set_for = {}
    at_exit = []
    monkeypatch.setattr(stopping.signal, "signal", set_for.__setitem__)
    monkeypatch.setattr(stopping.signal, "getsignal", lambda number: signal.SIG_DFL)
    monkeypatch.setattr(stopping.atexit, "register", at_exit.append)
    monkeypatch.setattr(stopping.sys, "unraisablehook", None)
    stopping.heed_signals()
    assert set_for == {
        signal.SIGINT: stopping._heed,
        signal.SIGTERM: stopping._heed,
        signal.SIGUSR2: stopping._raise_again,
    }
    assert stopping.sys.unraisablehook is stopping._thrown_away
    (ignore,) = at_exit
    ignore()
    assert set_for[signal.SIGINT] is set_for[signal.SIGTERM] is signal.SIG_IGN
    with pytest.raises(stopping.Stopped):
        stopping._raise_again(signal.SIGUSR2, None)
    stopping.wind_up()
    stopping._raise_again(signal.SIGUSR2, None)
    stopping._heed(signal.SIGTERM, None)  # raises nothing any more
    assert stopping.requested()


def test_other_threads_leave_handlers_alone(fresh):
    before = signal.getsignal(signal.SIGTERM)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: stopping.heeding_signals().__enter__()).result()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("tty", "clear"), [(False, ""), (True, "\r\x1b[K\x1b[?25h")])
def test_a_line_is_said_past_bars_and_to_nobody_where_nobody_listens(monkeypatch, tty, clear):
    written = []
    monkeypatch.setattr(stopping, "_stop", stopping._Stop())
    monkeypatch.setattr(stopping.os, "isatty", lambda number: tty)
    monkeypatch.setattr(stopping.os, "write", lambda number, data: written.append((number, data.decode())))
    stopping.say("word")
    assert written == [(2, f"{clear}talepress: word\n")]
    monkeypatch.setattr(stopping.os, "write", lambda number, data: (_ for _ in ()).throw(BrokenPipeError))
    stopping.say("word")


@pytest.mark.parametrize(
    ("for_programs", "terminals", "written"),
    [
        (True, {2}, b'{"event": "note", "text": "talepress: Enough."}\n'),
        (False, {2}, b"\r\x1b[K\x1b[?25htalepress: Enough.\n"),
        (False, {1, 3}, b"talepress: Enough.\n"),
    ],
)
def test_lines_are_for_who_reads_them(monkeypatch, for_programs, terminals, written):
    told = []
    monkeypatch.setattr(stopping.os, "isatty", terminals.__contains__)
    monkeypatch.setattr(stopping.os, "write", lambda *call: told.append(call))
    monkeypatch.setattr(stopping._stop, "for_programs", for_programs)
    stopping.say("Enough.")
    monkeypatch.undo()
    assert told == [(2, written)]
