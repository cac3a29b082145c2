"""Looks at the inbox with a runner that this module steers; rows, files and the books themselves are real."""

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from flows.actions import inbox
from flows.actions.inbox import Progress, Standing
from flows.services import open_services, read_settings
from storage.dropped import InboxState
from storage.records import Coverage, RunState, Script
from tasks.errors import BadInputError
from tasks.ingest.book import read_book


@dataclass
class Runner:
    """Begins runs and lets a test end them."""

    services: object
    begun: dict[str, object] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)

    def begin(self, request, name):
        self.begun[name] = request
        return name

    def stands(self, run):
        return self.standings.get(run, Standing(Progress.RUNNING))

    def end(self, name, state=RunState.DONE, message=""):
        """Ends a run as `book_to_audio` does: the book and the run's row are in the database, files are in `out`."""
        request = self.begun[name]
        with self.services.database.unit_of_work() as uow:
            book = read_book(Path(request.book), self.services.settings.ingest)
            if not uow.books.exists(book.source_sha256):
                uow.books.save(book, Script((), (), Coverage(0, 0, 0, 0)))
            uow.runs.finish(uow.runs.start(book.source_sha256, "book_to_audio", request.model_dump()), state, message)
            uow.commit()
        if state in (RunState.DONE, RunState.FLAGGED):
            Path(request.out).mkdir()
            (Path(request.out) / "Title.m4b").write_text("audio")
        self.standings[name] = Standing(Progress.ENDED, message)


@pytest.fixture
def services(home, monkeypatch):
    monkeypatch.setenv("TALEPRESS_INBOX__SETTLE_S", "0")
    with open_services(read_settings()) as services:
        yield services


@pytest.fixture
def runner(services):
    return Runner(services)


@pytest.fixture
def folders(services):
    made = inbox.folders_of(services.settings)
    made.make()
    return made


def text_of(title):
    return f"---\ntitle: {title}\nauthor: Ann Author\n---\n# One\n\nIt was late in the evening when he came home.\n"


def drop(folders, name="book.md", title="The Book", order=None):
    (folders.inbox / name).write_text(text_of(title), "utf-8")
    (folders.inbox / f"{name}.ready").touch()
    if order is not None:
        (folders.inbox / f"{name.rsplit('.', 1)[0]}.toml").write_text(order, "utf-8")


def scan(services, runner):
    return inbox.scan(services, runner)


def items(services):
    with services.database.snapshot() as uow:
        return {item.name: item for item in uow.inbox.list(100)}


def test_a_book_is_made_with_its_order_and_delivered(services, runner, folders):
    drop(folders, order='voice = "tone"\nchapters = "1"\n')
    assert scan(services, runner).begun == ["book.md"]
    ((name, request),) = runner.begun.items()
    assert (request.voice, request.chapters) == ("tone", "1")
    assert scan(services, runner).waiting == 1  # under way
    runner.end(name)
    assert scan(services, runner).delivered == ["book.md"]
    place = folders.outbox / "Ann Author" / "The Book"
    assert sorted(path.name for path in place.iterdir()) == ["Title.m4b", "done"]
    assert sorted(path.name for path in folders.done.iterdir()) == ["book.md", "book.toml"]
    assert scan(services, runner).sentence() == "in work: 0"
    assert items(services)["book.md"].place == str(place)


def test_a_file_that_may_still_be_written_is_named_with_when_it_is_taken(services, runner, folders):
    (folders.inbox / "book.md").write_text(text_of("The Book"), "utf-8")
    (folders.inbox / "book.toml").write_text('voice = "tone"\n', "utf-8")
    done = scan(services, runner)
    assert (done.begun, done.arriving) == ([], ["book.md"])
    assert "still arriving: book.md: a later look takes what nobody has changed for 30 seconds" in done.advice(30.0)
    (folders.inbox / "book.md.ready").touch()
    done = scan(services, runner)
    assert (done.begun, done.arriving, done.advice(30.0)) == (["book.md"], [], "")


def test_the_same_content_is_made_once_whatever_it_is_called(services, runner, folders):
    drop(folders, "one.md")
    drop(folders, "two.md")
    first = scan(services, runner)
    assert (len(first.begun), len(first.known)) == (1, 1)
    (name,) = runner.begun
    runner.end(name)
    scan(services, runner)
    drop(folders, "three.md")
    assert scan(services, runner).known == ["three.md"]
    assert len(runner.begun) == 1
    assert {path.name for path in folders.done.iterdir()} >= {"one.md", "two.md", "three.md", "three.md.txt"}


def test_another_order_is_another_audiobook(services, runner, folders):
    drop(folders, "one.md")
    drop(folders, "two.md", order='preset = "fast"')
    assert len(scan(services, runner).begun) == 2
    for name in list(runner.begun):
        runner.end(name)
    scan(services, runner)
    assert len(list((folders.outbox / "Ann Author").iterdir())) == 2


def test_a_failed_book_lies_with_its_reason_and_may_be_dropped_again(services, runner, folders):
    drop(folders)
    scan(services, runner)
    (first,) = runner.begun
    runner.standings[first] = Standing(Progress.ENDED, "there is no text in it")
    assert scan(services, runner).failed == ["book.md"]
    assert "there is no text in it" in (folders.failed / "book.md" / "reason.txt").read_text()
    drop(folders)
    assert scan(services, runner).begun == ["book.md"]
    second = first.removesuffix("1") + "2"
    assert list(runner.begun) == [first, second]

    runner.standings[second] = Standing(Progress.ENDED, "there is no text in it")
    scan(services, runner)
    folders.put_back("book (2).md")
    assert scan(services, runner).begun == ["book.md"]
    assert list(runner.begun)[2:] == [first.removesuffix("1") + "3"]


def test_an_earlier_run_of_the_same_book_is_not_taken_for_this_one(services, runner, folders):
    """It was delivered and fetched, and is dropped again; the new run dies before it says anything in its row."""
    drop(folders)
    scan(services, runner)
    (first,) = runner.begun
    runner.end(first)
    scan(services, runner)
    shutil.rmtree(folders.outbox / "Ann Author" / "The Book")
    drop(folders)
    assert scan(services, runner).begun == ["book.md"]
    _, second = runner.begun
    runner.standings[second] = Standing(Progress.ENDED, "its process is gone")
    done = scan(services, runner)
    assert (done.delivered, done.failed) == ([], ["book.md"])
    (reason,) = folders.failed.rglob("reason.txt")
    assert "its process is gone" in reason.read_text()


def test_a_book_that_waits_for_people_is_delivered_when_it_is_published(services, runner, folders):
    drop(folders)
    scan(services, runner)
    (name,) = runner.begun
    runner.end(name, RunState.REVIEW)
    assert scan(services, runner).waiting == 1
    waiting = items(services)["book.md"]
    page = services.settings.review.book_address(waiting.source_sha256)
    assert (waiting.state, waiting.place) == (InboxState.REVIEW, page)
    runner.end(name)  # somebody has heard it and published
    assert scan(services, runner).delivered == ["book.md"]


@pytest.mark.parametrize("after", [RunState.DONE, RunState.FAILED])
def test_a_book_that_was_published_before_the_look_is_not_failed(services, runner, folders, after):
    drop(folders)
    scan(services, runner)
    (name,) = runner.begun
    runner.end(name, RunState.REVIEW)
    with services.database.unit_of_work() as uow:  # somebody was quicker, and that run is under way
        publishing = uow.runs.start(
            items(services)["book.md"].source_sha256, "publish", runner.begun[name].model_dump()
        )
        uow.commit()
    looked = scan(services, runner)
    assert (looked.failed, looked.waiting) == ([], 1)
    with services.database.unit_of_work() as uow:
        uow.runs.finish(publishing, after, "the disk is full")
        uow.commit()
    Path(runner.begun[name].out).mkdir()
    looked = scan(services, runner)
    assert looked.delivered == (["book.md"] if after is RunState.DONE else [])
    assert looked.failed == []  # what could not be published waits for people as before


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ('voise = "joe"', "voise"),
        ('out = "/etc"', "out"),
        ("voice = ", "TOML"),
        ('chapters = "first"', "chapters"),
    ],
)
def test_an_order_that_makes_no_sense_is_told_at_once(services, runner, folders, order, message):
    drop(folders, order=order)
    assert scan(services, runner).failed == ["book.md"]
    assert message in (folders.failed / "book.md" / "reason.txt").read_text()
    assert runner.begun == {}


def test_links_and_names_that_are_no_text_are_refused(services, runner, folders, tmp_path):
    (tmp_path / "secret.md").write_text(text_of("Secret"))
    (folders.inbox / "link.md").symlink_to(tmp_path / "secret.md")
    (folders.inbox / "link.md.ready").touch()
    name = os.fsdecode(b"caf\xe9.md")
    (folders.inbox / name).write_text(text_of("Coffee"))
    (folders.inbox / f"{name}.ready").touch()
    assert len(scan(services, runner).failed) == 2
    assert runner.begun == {}
    assert (tmp_path / "secret.md").exists()


def test_a_file_that_cannot_be_read_holds_up_no_other(services, runner, folders, monkeypatch):
    digest = inbox.hashlib.file_digest
    troubles = {"secret.md": PermissionError(13, "Permission denied"), "away.md": OSError(5, "Input/output error")}

    def read(file, kind):
        if (trouble := troubles.get(Path(file.name).name)) is not None:
            raise trouble
        return digest(file, kind)

    monkeypatch.setattr(inbox.hashlib, "file_digest", read)
    for name in ("secret.md", "away.md", "out", "book.md"):
        drop(folders, name, title=name)
    done = scan(services, runner)
    assert (sorted(done.failed), done.begun) == (["out", "secret.md"], ["book.md"])
    assert "may not be read" in (folders.failed / "secret.md" / "reason.txt").read_text()
    assert "rename the file" in (folders.failed / "out" / "reason.txt").read_text()
    troubles.clear()
    assert scan(services, runner).begun == ["away.md"]  # it waited


def test_a_run_that_nobody_knows_is_begun_again(services, runner, folders):
    drop(folders)
    scan(services, runner)
    (first,) = runner.begun
    runner.standings[first] = Standing(Progress.LOST)
    assert scan(services, runner).begun == ["book.md"]
    assert len(runner.begun) == 2


def test_few_runs_are_begun_at_a_time_in_the_order_in_which_books_came(services, runner, folders, monkeypatch):
    monkeypatch.setenv("TALEPRESS_INBOX__AHEAD", "2")
    with open_services(read_settings()) as limited:
        runner.services = limited
        for number in range(4):
            drop(folders, f"{number}.md", title=f"Book {number}")
            os.utime(folders.inbox / f"{number}.md", (number, number))
            time.sleep(0.01)  # the moment of the last change orders them, and no call can set it
        assert scan(limited, runner).begun == ["0.md", "1.md"]
        runner.end(next(iter(runner.begun)))
        done = scan(limited, runner)
        assert (done.delivered, done.begun, done.waiting) == (["0.md"], ["2.md"], 3)


def test_a_look_that_was_cut_short_is_finished_by_the_next(services, runner, folders, monkeypatch):
    """Ends the look after each of its writes to the database, in turn: nothing is made twice and nothing is lost."""
    saved = inbox._Look._save
    for cut in range(1, 6):
        title = f"Cut {cut}"
        drop(folders, f"{cut}.md", title=title)
        writes = []

        def cut_short(look, item, cut=cut, writes=writes):
            result = saved(look, item)
            writes.append(item)
            if len(writes) == cut:
                raise KeyboardInterrupt
            return result

        monkeypatch.setattr(inbox._Look, "_save", cut_short)
        for _ in range(4):
            try:
                scan(services, runner)
            except KeyboardInterrupt:
                continue
            for name in runner.begun:
                if name not in runner.standings:
                    runner.end(name)
        monkeypatch.setattr(inbox._Look, "_save", saved)
        scan(services, runner)
        assert items(services)[f"{cut}.md"].state is InboxState.DELIVERED
    assert len(runner.begun) == 5
    assert len(list(folders.outbox.glob("*/*/done"))) == 5


def test_a_second_look_at_the_same_time_is_refused(services, runner, folders):
    with inbox._alone(folders), pytest.raises(BadInputError, match="another look"):
        scan(services, runner)


def test_ten_thousand_other_files_are_in_nobodys_way(services, runner, folders):
    for number in range(10_000):
        (folders.inbox / f"{number}.part").touch()
    drop(folders)
    assert scan(services, runner).begun == ["book.md"]
    assert len(list(folders.inbox.glob("*.part"))) == 10_000
