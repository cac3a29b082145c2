"""One run of a book at a time, whatever its process is called and wherever it can be seen."""

import errno
import fcntl
import os
import subprocess
import sys
import time

import pytest

from flows.order.alone import alone, clear_lost_work, clear_work
from flows.order.existing import require_idle
from flows.order.order import prepare
from flows.order.request import Request
from flows.run.heartbeat import heartbeat
from flows.services import open_services, read_settings
from storage.errors import BookBusyError
from tasks.errors import OutputError
from tests.containers import COMMAND, OWN_PROC, can_contain

HOLD = """
import sys
from flows.order.alone import alone
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
with open_services(read_settings()) as services, alone(prepare(services, Request(book=sys.argv[1], out=sys.argv[2]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def services(voiced_home):
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def order(services, book):
    return prepare(services, Request(book=str(book), out=str(book.parent / "out")))


@pytest.fixture(params=["a process", "a container"])
def elsewhere(request, book):
    """Another process that holds the book: one that is seen from here, and one in a PID namespace of its own."""
    before = [*COMMAND, OWN_PROC] if request.param == "a container" else []
    if before and not can_contain(OWN_PROC):
        pytest.skip("needs unshare, and the right to use it")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [*before, sys.executable, "-c", HOLD, str(book), str(book.parent / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout.readline().strip() == "held"
        yield process
        process.stdin.close()


def test_a_book_that_another_process_holds_is_refused_until_that_ends(order, elsewhere):
    for enter in (alone(order).__enter__, lambda: require_idle(order)):
        with pytest.raises(BookBusyError, match="another process works on 'The Small Book'"):
            enter()
    elsewhere.stdin.close()
    elsewhere.wait(timeout=30)
    with alone(order):
        pass
    require_idle(order)


def test_a_lock_ends_with_a_process_that_is_killed(order, elsewhere):
    elsewhere.kill()
    elsewhere.wait(timeout=30)
    deadline = time.monotonic() + 30  # unshare's child dies a moment after it, when its own pipe closes
    while True:
        try:
            with alone(order):
                return
        except BookBusyError:
            elsewhere.stdin.close()
            assert time.monotonic() < deadline, "the lock outlives its process"
            time.sleep(0.05)


def test_other_books_are_not_held_up(services, book, order, tmp_path):
    other = tmp_path / "other.md"
    other.write_text("# Another\n\nIt is short.\n", "utf-8")
    with alone(order), alone(prepare(services, Request(book=str(other), out=str(book.parent / "out")))):
        pass


@pytest.fixture
def flock_fails(monkeypatch):
    """Makes a file system whose `flock` says no, by an error's number."""

    def fail(number):
        def refuse(descriptor, operation):
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", refuse)

    return fail


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK], ids=errno.errorcode.get)
def test_where_there_are_no_locks_the_run_goes_on_and_holds_up_no_other(order, flock_fails, number):
    with alone(order) as certain:
        assert certain
    flock_fails(number)
    with alone(order) as first, alone(order) as second:  # the rows of the runs decide
        assert (first, second) == (False, False)


def test_a_lock_that_goes_wrong_otherwise_is_an_error(order, flock_fails):
    flock_fails(errno.EIO)
    with pytest.raises(OSError, match="Input/output error"), alone(order):
        pass


def test_two_orders_of_one_book_work_in_folders_of_their_own(services, book, order):
    again = prepare(services, Request(book=str(book), out=str(book.parent / "out")))
    assert again.working_folder != order.working_folder == order.working_folder
    again.working_folder.mkdir(parents=True)
    order.working_folder.mkdir(parents=True)
    clear_work(order, certain=False)
    assert again.working_folder.exists()
    assert not order.working_folder.exists()
    clear_work(order, certain=True)
    assert not again.working_folder.parent.exists()


def test_a_run_beats_while_nothing_is_committed(services, order):
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run_id = uow.runs.start(order.source, "book_to_audio", {})
        began = uow.runs.get(run_id).heartbeat_at
        uow.commit()

    def last_beat():
        with services.database.snapshot() as uow:
            return uow.runs.get(run_id).heartbeat_at

    with heartbeat(services.database, run_id, every_s=0.01):
        deadline = time.monotonic() + 30
        while last_beat() == began:
            assert time.monotonic() < deadline, "no beat"
            time.sleep(0.01)
    silent = last_beat()
    time.sleep(0.1)
    assert last_beat() == silent, "it beats on after its end"


def test_what_lost_runs_have_left_is_removed_unless_the_book_is_in_work(order):
    home = order.services.settings.storage.folder
    left = home / "work" / order.source[:16] / "left" / "00000.flac"
    left.parent.mkdir(parents=True)
    left.touch()
    with alone(order):
        clear_lost_work(home, order.source)
        assert left.exists()
    others = home / "work" / "another book" / "left"
    others.mkdir(parents=True)
    clear_lost_work(home, order.source)
    assert not left.parent.parent.exists()
    assert others.exists()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EIO], ids=errno.errorcode.get)
def test_what_lost_runs_have_left_stays_where_nobody_can_tell_whether_the_book_is_in_work(order, flock_fails, number):
    home = order.services.settings.storage.folder
    left = home / "work" / order.source[:16] / "left"
    left.mkdir(parents=True)
    flock_fails(number)
    clear_lost_work(home, order.source)
    assert left.exists()


def test_a_folder_of_locks_that_cannot_be_made_is_said_in_words(order):
    (order.services.settings.storage.folder / "locks").write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="locks"), alone(order):
        pass
