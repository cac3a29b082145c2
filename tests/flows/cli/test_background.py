"""Work that the review page starts goes on in a process of its own, one at a time for each book."""

import hashlib
import threading

import pytest

from flows.actions.inbox import Progress, Standing
from flows.cli import background, launch
from flows.cli.background import Background
from flows.operate.runs import DeployedRuns
from flows.services import open_services, read_settings
from storage.records import RunState
from tasks.errors import BadInputError
from tasks.review.web.shelf import Job, JobWord
from tests.tasks.review.library import make_library

ARGUMENTS = "import sys; print('talepress:', *sys.argv[1:])"


@pytest.fixture
def library(home, book, tmp_path, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    home.mkdir(parents=True)
    source = hashlib.sha256(book.read_bytes()).hexdigest()
    database, _ = make_library(home, source=source)
    with database.unit_of_work() as uow:
        run = uow.runs.start(source, "book_to_audio", {"book": str(book), "out": str(tmp_path / "out")})
        uow.runs.finish(run, RunState.DONE)
        uow.commit()
    database.close()
    with open_services(read_settings()) as services:
        yield services, source


@pytest.mark.parametrize(("job", "words"), [(Job.SPEAK, "--reason rejected --hold"), (Job.PUBLISH, "publish")])
def test_a_job_is_a_command_whose_last_word_is_told_when_it_fails(library, book, monkeypatch, job, words):
    services, source = library
    monkeypatch.setattr(background, "RUN", f"{ARGUMENTS}; sys.exit(3)")
    starter = Background(services)
    starter.start(source, job)
    starter._started[source].wait(60)
    told = starter.word(source)
    assert (words in told.text, str(book) in told.text, told.is_waiting) == (True, True, False), told


def test_a_second_job_waits_for_the_first_to_end_and_is_refused_while_it_begins(library, monkeypatch, tmp_path):
    services, source = library
    may_end = tmp_path / "may end"
    waiting = f"import pathlib, time\nwhile not pathlib.Path({str(may_end)!r}).exists(): time.sleep(0.05)"
    monkeypatch.setattr(background, "RUN", waiting)
    starter = Background(services)
    starter.start(source, Job.SPEAK)
    assert starter.word(source) == JobWord("It is at work.", is_waiting=True)
    with pytest.raises(BadInputError, match="working on this book already"):
        starter.start(source, Job.PUBLISH)
    with services.database.unit_of_work() as uow:  # the command's own run, which is done before its process ends
        run = uow.runs.start(source, "retry_failed", {**uow.runs.of(source)[0].request})
        uow.runs.finish(run, RunState.REVIEW)
        uow.commit()
    assert starter.word(source) == JobWord()  # its row says the rest
    first = starter._started[source]
    assert first.poll() is None
    threading.Timer(0.5, may_end.touch).start()
    starter.start(source, Job.PUBLISH)
    assert first.returncode == 0
    starter._started[source].wait(60)
    assert starter.word(source) == JobWord()


def test_a_book_whose_file_is_gone_is_refused_with_the_remedy(library, book):
    services, source = library
    book.unlink()
    with pytest.raises(BadInputError, match="put it back"):
        Background(services).start(source, Job.SPEAK)


def test_a_job_that_was_handed_to_prefect_is_told_of_until_its_run_has_begun(library, monkeypatch):
    services, source = library
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    standings = {"a-run": Standing(Progress.RUNNING)}
    monkeypatch.setattr(launch, "start_deployment", lambda *_: "a-run")
    monkeypatch.setattr(DeployedRuns, "stands", lambda _, run: standings[run])
    starter = Background(services)
    assert starter.word(source) == JobWord()
    assert "handed to Prefect" in starter.start(source, Job.SPEAK)
    assert starter.word(source) == JobWord("It waits in Prefect for a free worker.", is_waiting=True)
    standings["a-run"] = Standing(Progress.ENDED, "the disk is full")
    assert starter.word(source) == JobWord("the disk is full")
    with services.database.unit_of_work() as uow:
        uow.runs.start(source, "retry_failed", {**uow.runs.of(source)[0].request})
        uow.commit()
    assert starter.word(source) == JobWord()
