"""Books that are dropped into an inbox, and a runner that a test steers; rows, files and the books are real."""

from dataclasses import dataclass, field
from pathlib import Path

from flows.actions import inbox
from flows.actions.inbox import Progress, Standing
from storage.records import Coverage, RunState, Script
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
