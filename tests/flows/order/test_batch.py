"""Which books a run over many finds: those of a folder that are not made yet, and those with doubtful takes."""

import pytest

from flows.order.batch import FlaggedRequest, FolderRequest, flagged_books, unmade_books
from flows.order.order import prepare
from flows.order.request import Request
from flows.services import open_services, read_settings
from storage.records import RunState, Take, Verdict
from tasks.errors import BadInputError
from tests.flows.samples import write_fb2


@pytest.fixture
def services(voiced_home):
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def shelf(tmp_path):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for name in ("b.fb2", "a.FB2", "c.fb2"):
        write_fb2(shelf / name, f"Book {name[0]}")
    (shelf / "notes.xyz").write_text("no book")
    (shelf / "folder.fb2").mkdir()
    return shelf


def record(services, path, state, **request):
    """A run of a book that ended in a state, or runs."""
    order = prepare(services, Request(book=str(path), out=str(path.parent / "out"), **request))
    with services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        run = uow.runs.start(order.source, "book_to_audio", {**order.record, **request})
        if state is not RunState.RUNNING:
            uow.runs.finish(run, state)
        uow.commit()
    return order


def test_a_folder_that_is_a_book_is_made_as_one(services, tmp_path):
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text('<a href="one.html">One</a>')
    (tmp_path / "html" / "one.html").write_text("<p>It was late.")
    assert names(unmade_books(services, FolderRequest(book=str(tmp_path / "html"), out="/out"))) == ["html"]


def names(found):
    return [request.book.rpartition("/")[2] for _, request in found]


def test_the_books_of_a_folder_that_were_never_finished_and_are_not_in_work(services, shelf):
    request = FolderRequest(book=str(shelf), out="/out", preset="fast")
    assert names(unmade_books(services, request)) == ["a.FB2", "b.fb2", "c.fb2"]
    record(services, shelf / "a.FB2", RunState.DONE)
    record(services, shelf / "b.fb2", RunState.RUNNING)
    record(services, shelf / "c.fb2", RunState.FAILED)
    ((source, found),) = unmade_books(services, request)
    assert (type(found), found.book, found.preset) == (Request, str(shelf / "c.fb2"), "fast")
    assert len(source) == 64


@pytest.mark.parametrize("ended", [RunState.DONE, RunState.FLAGGED])
def test_a_book_that_was_finished_is_not_made_again_by_its_folder(services, shelf, ended):
    record(services, shelf / "a.FB2", ended)
    assert names(unmade_books(services, FolderRequest(book=str(shelf), out="/out"))) == ["b.fb2", "c.fb2"]


def test_a_folder_without_books_has_none_to_make_and_one_that_is_gone_is_refused(services, tmp_path, caplog):
    (tmp_path / "empty").mkdir()
    request = FolderRequest(book=str(tmp_path / "empty"), out="/out")
    assert (list(unmade_books(services, request)), caplog.messages) == ([], [])
    (tmp_path / "empty" / "notes.md").write_text("# Notes")
    assert list(unmade_books(services, request)) == []
    assert caplog.messages == [f"{request.book}: what may be anything is left out (1 .md)"]
    with pytest.raises(BadInputError, match="gone"):
        list(unmade_books(services, FolderRequest(book=str(tmp_path / "gone"), out="/out")))


def test_books_with_doubtful_takes_are_retried_as_they_were_made(services, shelf):
    order = record(services, shelf / "a.FB2", RunState.FLAGGED, preset="standard")
    record(services, shelf / "b.fb2", RunState.DONE)
    assert list(flagged_books(services, FlaggedRequest())) == []
    flag(services, order)
    ((source, found),) = flagged_books(services, FlaggedRequest(reason="silence"))
    assert (source, found.book, found.preset) == (order.source, str(shelf / "a.FB2"), "standard")
    assert (found.reason, found.voice) == ("silence", "tone")
    ((_, other),) = flagged_books(services, FlaggedRequest(preset="high_quality"))
    assert other.preset == "high_quality"
    run = start(services, order)
    assert list(flagged_books(services, FlaggedRequest())) == [], "it is in work"
    finish(services, run, RunState.STOPPED)
    assert len(list(flagged_books(services, FlaggedRequest()))) == 1
    (shelf / "a.FB2").rename(shelf / "gone.fb2")
    assert list(flagged_books(services, FlaggedRequest())) == []


def test_a_home_that_is_not_there_has_nothing_to_retry_and_all_to_make(home, shelf):
    with open_services(read_settings()) as services:
        assert list(flagged_books(services, FlaggedRequest())) == []
        assert names(unmade_books(services, FolderRequest(book=str(shelf), out="/out"))) == ["a.FB2", "b.fb2", "c.fb2"]
    assert not home.exists()


def test_a_book_that_was_finished_once_is_made_no_more_whatever_came_after(services, shelf):
    order = record(services, shelf / "a.FB2", RunState.DONE)
    finish(services, start(services, order), RunState.FAILED)
    assert names(unmade_books(services, FolderRequest(book=str(shelf), out="/out"))) == ["b.fb2", "c.fb2"]


def start(services, order):
    with services.database.unit_of_work() as uow:
        run = uow.runs.start(order.source, "retry_failed", order.record)
        uow.commit()
    return run


def finish(services, run, state):
    with services.database.unit_of_work() as uow:
        uow.runs.finish(run, state)
        uow.commit()


def flag(services, order):
    """Gives the first utterance of a book a doubtful take."""
    item = order.keyed[0]
    take = Take(
        key="0" * 64,
        utterance_key=item.key,
        attempt=0,
        seed=1,
        audio_sha256="1" * 64,
        sample_rate=24_000,
        samples=24_000,
        verdict=Verdict.DOUBTFUL,
        reasons=("silence: nothing is heard",),
        scores={},
    )
    with services.database.unit_of_work() as uow:
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add([take])
        uow.takes.choose(order.source, {item.key: take.key})
        uow.commit()
