"""Looks at the inbox with a runner that this module steers; rows, files and the books themselves are real."""

import os
import shutil
import time
from pathlib import Path

import pytest

from flows.actions import inbox
from flows.actions.inbox import Progress, Standing
from flows.services import open_services, read_settings
from storage.dropped import InboxState
from storage.records import RunState
from tasks.errors import BadInputError
from tests.flows.actions.dropping import drop, items, scan, text_of


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


def test_a_delivered_book_can_be_retried_and_is_delivered_again(services, runner, folders):
    """The runs know where its file lies, and what they publish does not stay in a hidden folder."""
    drop(folders)
    scan(services, runner)
    ((name, request),) = runner.begun.items()
    runner.end(name, RunState.FLAGGED)
    scan(services, runner)
    source = items(services)["book.md"].source_sha256
    with services.database.unit_of_work() as uow:
        (run,) = uow.runs.of(source)
        assert Path(run.request["book"]) == folders.done / "book.md"
        retried = uow.runs.start(source, "retry_failed", run.request)
        uow.commit()
    Path(request.out).mkdir(parents=True)
    (Path(request.out) / "Title.m4b").write_text("better")
    Path(request.out, "more").mkdir()
    Path(request.out, "more", "1.mp3").write_text("one")
    place = folders.outbox / "Ann Author" / "The Book"
    assert scan(services, runner).delivered == []  # it is under way
    assert (place / "Title.m4b").read_text() == "audio"
    with services.database.unit_of_work() as uow:
        uow.runs.finish(retried, RunState.DONE)
        uow.commit()
    assert scan(services, runner).delivered == ["book.md"]
    assert (place / "Title.m4b").read_text() == "better"
    assert sorted(path.name for path in place.rglob("*")) == ["1.mp3", "Title.m4b", "done", "more"]
    assert items(services)["book.md"].place == str(place)
    assert scan(services, runner).delivered == []
    assert not Path(request.out).parent.exists()


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
    drop(folders, "three.md", order='preset = "standard"')
    assert len(scan(services, runner).begun) == 3
    for name in list(runner.begun):
        runner.end(name)
    scan(services, runner)
    assert len(list((folders.outbox / "Ann Author").iterdir())) == 3


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
        ('voise = "joe"', "book.toml: an order has no option 'voise': options are voice, preset, "),
        ("voice = ", "book.toml cannot be read as TOML"),
        ('chapters = "first"', "book.toml: chapters 'first' cannot be used: 1, 1-3 or 1,4-5"),
        ("voice = 3", "book.toml: voice 3 cannot be used: Who reads"),
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


@pytest.mark.parametrize("state", [RunState.DONE, RunState.FLAGGED])
def test_whatever_is_published_is_delivered(services, runner, folders, state):
    drop(folders)
    scan(services, runner)
    (name,) = runner.begun
    runner.end(name, state)
    assert scan(services, runner).delivered == ["book.md"]
    assert items(services)["book.md"].state is InboxState.DELIVERED


@pytest.mark.parametrize(
    ("state", "standing", "row", "said"),
    [
        (RunState.FAILED, "of the runner", "of the row", "of the runner"),
        (RunState.FAILED, "", "of the row", "of the row"),
        (RunState.STOPPED, "", "stopped by the user", "stopped by the user"),
        (None, "", "", "the run ended without saying why"),
    ],
)
def test_a_failure_has_the_best_reason_that_there_is(services, runner, folders, state, standing, row, said):
    drop(folders)
    scan(services, runner)
    (name,) = runner.begun
    if state is not None:
        runner.end(name, state, row)
    runner.standings[name] = Standing(Progress.ENDED, standing)
    assert scan(services, runner).failed == ["book.md"]
    item = items(services)["book.md"]
    assert (item.state, item.message) == (InboxState.FAILED, said)
    assert said in (folders.failed / "book.md" / "reason.txt").read_text()


def test_a_lost_run_is_begun_again_by_another_name(services, runner, folders):
    drop(folders)
    scan(services, runner)
    (first,) = runner.begun
    digest = items(services)["book.md"].digest
    assert first == f"inbox-{digest[:16]}-1"
    runner.standings[first] = Standing(Progress.LOST)
    scan(services, runner)
    assert list(runner.begun) == [first, f"inbox-{digest[:16]}-2"]
    item = items(services)["book.md"]
    assert (item.attempt, item.run, item.state) == (2, f"inbox-{digest[:16]}-2", InboxState.RUNNING)


def test_runs_that_were_begun_before_count_among_those_that_are_allowed_ahead(services, runner, folders, monkeypatch):
    monkeypatch.setenv("TALEPRESS_INBOX__AHEAD", "2")
    with open_services(read_settings()) as limited:
        drop(folders, "0.md", title="Book 0")
        assert scan(limited, runner).begun == ["0.md"]
        for number in (1, 2):
            drop(folders, f"{number}.md", title=f"Book {number}")
        done = scan(limited, runner)
        assert (len(done.begun), done.waiting) == (1, 3)
        assert scan(limited, runner).begun == []


def test_a_runner_that_is_done_at_once_delivers_in_the_same_look(services, runner, folders):
    begin = runner.begin

    def make(request, name):
        begun = begin(request, name)
        runner.end(name)
        return begun

    runner.begin = make
    drop(folders)
    done = scan(services, runner)
    assert (done.begun, done.delivered, done.waiting) == (["book.md"], ["book.md"], 0)


def test_a_book_that_was_taken_away_while_it_waited_is_failed(services, runner, folders, monkeypatch):
    monkeypatch.setenv("TALEPRESS_INBOX__AHEAD", "1")
    with open_services(read_settings()) as limited:
        for number in range(2):
            drop(folders, f"{number}.md", title=f"Book {number}")
        (begun,) = scan(limited, runner).begun
        (waiting,) = {"0.md", "1.md"} - {begun}
        (folders.of(items(limited)[waiting].digest) / waiting).unlink()
        runner.end(next(iter(runner.begun)))
        scan(limited, runner)
        done = scan(limited, runner)
        item = items(limited)[waiting]
        assert (item.state, item.message, done.begun) == (InboxState.FAILED, inbox.GONE, [])


@pytest.mark.parametrize(
    ("order", "named"), [('book = "/etc/passwd"', "book"), ('voice = "tone"\nout = "/etc"', "out")]
)
def test_an_order_may_not_say_where_files_are_read_and_written(services, runner, folders, order, named):
    drop(folders, order=order)
    assert scan(services, runner).failed == ["book.md"]
    reason = (folders.failed / "book.md" / "reason.txt").read_text()
    assert f"book.toml: an order has no option '{named}': options are voice, " in reason
    assert runner.begun == {}


def test_a_run_that_publishes_elsewhere_or_came_before_is_not_this_items(services, runner, folders):
    drop(folders)
    scan(services, runner)
    (name,) = runner.begun
    request = runner.begun[name]
    runner.begun["other"] = request.model_copy(update={"out": str(folders.outbox / "elsewhere")})
    runner.end("other")
    runner.standings[name] = Standing(Progress.ENDED, "no")
    assert scan(services, runner).failed == ["book.md"]
