"""Starts work for the review page that goes on without it: a command of its own, or a deployment where there are some.

Knows nothing of pages, nor of what the work does.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from flows.actions.inbox import Progress
from flows.order.request import Publication, Request, Retrial
from flows.order.retrial import REJECTED
from flows.services import Services
from tasks.errors import BadInputError
from tasks.review.web.shelf import Job, JobWord

RUN = "from flows.cli.entry import main; main()"
DONE = (0, 1)  # exit codes: done, and done but to be heard
ENDING_SECONDS = 60  # that a command may take to stop its server and make a backup


class Background:
    """Implements `tasks.review.web.shelf.Starter`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._started: dict[str, subprocess.Popen[bytes]] = {}  # by book
        self._runs_before: dict[str, str] = {}  # by book: the latest run when a job was started
        self._handed: dict[str, str] = {}  # by book: the flow run of a job that was handed to Prefect

    def start(self, source: str, job: Job) -> str:
        """See `Starter.start`. Raises `BadInputError` where the book is being worked on, or its file is gone."""
        with self._services.database.snapshot() as uow:
            run = uow.runs.of(source)[0]
            newest = uow.decisions.newest(source)
        if self._is_beginning(source, run.id) or run.is_under_way:
            raise BadInputError("somebody is working on this book already: wait until that is done")
        if self._is_starting(source):  # its run is done, and it is putting things away
            self._started[source].wait(ENDING_SECONDS)
        request = Request.from_record(run.request)
        if not Path(request.book).is_file():
            raise BadInputError(f"the book file {request.book} is not there any more: put it back, then try again")
        if os.environ.get("PREFECT_API_URL"):
            from flows.cli.launch import start_deployment

            once = hashlib.sha256(f"{source} {job} {newest} {run.id}".encode()).hexdigest()
            self._handed[source] = start_deployment(*_deployed(job, request), once)
            self._runs_before[source] = run.id
            return "It is handed to Prefect, and begins as soon as a worker is free."
        self._runs_before[source] = run.id
        self._spawn(source, _arguments(job, request))
        return "It begins: this takes a moment."

    def word(self, source: str) -> JobWord:
        """See `Starter.word`."""
        if source not in self._runs_before:
            return JobWord()
        with self._services.database.snapshot() as uow:
            latest = uow.runs.of(source)[0].id
        if source in self._handed:
            return self._word_of_prefect(source, latest)
        if self._is_beginning(source, latest):
            return JobWord("It is at work.", is_waiting=True)
        process = self._started.get(source)
        if process is None or process.poll() in (None, *DONE):
            return JobWord()
        lines = self._log(source).read_text("utf-8", "replace").split("\n")
        said = [line for line in lines if line.startswith("talepress: ")]
        ended = f"the command ended with code {process.returncode}: see {self._log(source)}"
        return JobWord(said[-1] if said else ended)

    def _word_of_prefect(self, source: str, latest: str) -> JobWord:
        """What is to be known of a job that Prefect was handed; nothing once its run has a row, which says the rest."""
        from flows.operate.runs import DeployedRuns

        if latest != self._runs_before[source]:
            del self._handed[source]
            return JobWord()
        standing = DeployedRuns(self._services.settings.production.tries).stands(self._handed[source])
        if standing.progress is Progress.ENDED:
            return JobWord(standing.message)
        return JobWord("It waits in Prefect for a free worker.", is_waiting=True)

    def _is_beginning(self, source: str, latest: str) -> bool:
        """Tells whether a command was started whose run has no row yet; `latest` is the book's latest run."""
        return self._is_starting(source) and self._runs_before[source] == latest

    def _is_starting(self, source: str) -> bool:
        process = self._started.get(source)
        return process is not None and process.poll() is None

    def _spawn(self, source: str, arguments: list[str]) -> None:
        """Starts a command in a session of its own: it goes on when the page ends."""
        log = self._log(source)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            command = [sys.executable, "-c", RUN, *arguments]
            self._started[source] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )

    def _log(self, source: str) -> Path:
        return self._services.settings.storage.folder / "review" / f"{source[:16]}.log"


def _arguments(job: Job, request: Request) -> list[str]:
    """The command that does a job. A path cannot be taken for an option, because it is absolute."""
    if job is Job.PUBLISH:
        return ["publish", request.book]
    return ["retry", request.book, "--reason", REJECTED, "--hold"]


def _deployed(job: Job, request: Request) -> tuple[str, Request]:
    """The flow that does a job, and what it is asked."""
    if job is Job.PUBLISH:
        return "publish", Publication(**request.model_dump())
    return "retry-failed", Retrial(**request.model_dump(), reason=REJECTED, hold=True)
