"""Work that the review page starts goes on in a process of its own, one at a time for each book."""

import hashlib
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from flows.actions.inbox import Progress, Standing
from flows.cli import background, launch
from flows.cli.background import Background
from flows.operate.runs import DeployedRuns
from flows.order.request import Publication, Retrial
from flows.services import open_services, read_settings
from storage.records import Decision, DecisionKind, RunState
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


class Process:
    """A command that ends when a test says so."""

    def __init__(self, command, **options):
        self.command = command
        self.options = options
        self.returncode = None
        self.waited = []

    def poll(self):
        return self.returncode

    def wait(self, timeout):
        self.waited.append(timeout)
        self.returncode = 0


@pytest.fixture
def started(monkeypatch):
    processes = []
    monkeypatch.setattr(
        background.subprocess, "Popen", lambda *a, **o: processes.append(Process(*a, **o)) or processes[-1]
    )
    return processes


@pytest.mark.parametrize(
    ("job", "arguments"),
    [(Job.SPEAK, ["retry", "BOOK", "--reason", "rejected", "--hold"]), (Job.PUBLISH, ["publish", "BOOK"])],
)
def test_a_command_goes_on_without_the_page_and_writes_a_log_of_its_own(library, book, started, job, arguments):
    services, source = library
    assert Background(services).start(source, job) == "It begins: this takes a moment."
    (process,) = started
    own = [str(book) if one == "BOOK" else one for one in arguments]
    assert process.command == [sys.executable, "-c", background.RUN, *own]
    log = process.options.pop("stdout")
    assert log is process.options.pop("stderr")
    assert log.name == str(services.settings.storage.folder / "review" / f"{source[:16]}.log")
    assert process.options == {"stdin": subprocess.DEVNULL, "start_new_session": True}


@pytest.mark.parametrize(
    ("code", "lines", "word"),
    [
        (0, ["talepress: warning"], ""),
        (1, ["talepress: 2 doubtful takes"], ""),
        (2, ["talepress: first", "talepress: no such voice", "more"], "talepress: no such voice"),
        (3, ["nothing of ours"], "the command ended with code 3: see LOG"),
    ],
)
def test_a_failure_is_told_by_the_commands_last_word(library, started, code, lines, word):
    services, source = library
    starter = Background(services)
    starter.start(source, Job.SPEAK)
    log = starter._log(source)
    log.write_text("\n".join(lines))
    started[0].returncode = code
    assert starter.word(source) == JobWord(word.replace("LOG", str(log)))


def test_a_second_job_waits_for_the_first_to_end_and_is_refused_while_it_begins(library, started):
    services, source = library
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
    starter.start(source, Job.PUBLISH)
    assert [process.waited for process in started] == [[60], []]
    started[1].returncode = 0
    assert starter.word(source) == JobWord()


def test_a_run_of_somebody_elses_is_not_disturbed(library, started):
    services, source = library
    with services.database.unit_of_work() as uow:
        uow.runs.start(source, "book_to_audio", {**uow.runs.of(source)[0].request})
        uow.commit()
    with pytest.raises(BadInputError, match="working on this book already"):
        Background(services).start(source, Job.SPEAK)
    assert started == []


def test_a_job_is_handed_to_prefect_once_until_something_has_changed(library, book, started, monkeypatch):
    services, source = library
    handed = []
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(launch, "start_deployment", lambda *asked: handed.append(asked) or "a-run")
    for job in (Job.SPEAK, Job.SPEAK, Job.PUBLISH):
        Background(services).start(source, job)
    with services.database.unit_of_work() as uow:
        uow.decisions.add(source, Decision(DecisionKind.NOTE, "Ann", datetime.now(UTC), value="fine"))
        uow.commit()
    Background(services).start(source, Job.SPEAK)
    with services.database.unit_of_work() as uow:
        row = {**uow.runs.of(source)[0].request}
        uow.runs.finish(uow.runs.start(source, "retry_failed", row), RunState.DONE)
        uow.commit()
    Background(services).start(source, Job.SPEAK)
    spoken = ("retry-failed", Retrial(book=str(book), out=row["out"], reason="rejected", hold=True, review="none"))
    assert [asked[:2] for asked in handed] == [
        spoken,
        spoken,
        ("publish", Publication(book=str(book), out=row["out"], review="none")),
        spoken,
        spoken,
    ]
    first, again, *others = [once for _, _, once in handed]
    assert first == again and len({first, *others}) == 4
    assert started == []
