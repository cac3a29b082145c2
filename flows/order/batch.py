"""What a run is asked for that starts runs of other books: of a folder, or of all books with doubtful takes.

Knows nothing of how runs are started, nor of Prefect.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from flows.order.books import look_into
from flows.order.request import ABSOLUTE, Request, Retrial, form_hints
from flows.services import Services
from storage.records import Run, RunState
from tasks.ingest.book import identity_of

logger = logging.getLogger(__name__)

_FINISHED = (RunState.DONE, RunState.FLAGGED)


class FolderRequest(Request):
    """Which folder's books are to be made, and how."""

    book: str = Field(
        title="Folder",
        description="A folder: every book in it is made that has not been made yet.",
        pattern=ABSOLUTE,
        json_schema_extra=form_hints(0, path=True),
    )


class FlaggedRequest(BaseModel):
    """Which doubtful utterances of all books are to be spoken again, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str = Field(
        "",
        title="Reason",
        description="Only what is doubted for this: misspelled, short, long, silence, gap, ...; several with commas "
        "between; all if not given.",
        json_schema_extra=form_hints(0),
    )
    preset: str = Field(
        "",
        title="Preset",
        description="As in each book's last run if not given; with another one the book is spoken anew.",
        json_schema_extra=form_hints(1),
    )


def unmade_books(services: Services, request: FolderRequest) -> Iterator[tuple[str, Request]]:
    """Finds the books of a folder that have never been finished and are not in work, as `talepress make` finds them.

    Yields each one's identity and its request; nothing for a folder without books, where what was there is done and
    the next has not come. Raises `BadInputError` for a folder that is not there, or is no library.
    """
    settings = services.settings.ingest
    books = look_into(Path(request.book))
    if books.left_out:
        logger.warning("%s: %s", request.book, books.left_out)
    for path in books.paths:
        source = identity_of(path, settings)
        runs = _runs_of(services, source)
        if any(run.state in _FINISHED for run in runs) or (runs and runs[0].is_under_way):
            continue
        yield source, Request(**{**request.model_dump(), "book": str(path)})


def flagged_books(services: Services, request: FlaggedRequest) -> Iterator[tuple[str, Retrial]]:
    """Finds the books with doubtful takes whose file is where it was and which are not in work.

    Yields each one's identity and what its last run was asked for, to be tried again.
    """
    if not services.has_database():
        return
    summaries = services.database.read(lambda uow: uow.books.summaries())
    books = [summary.source_sha256 for summary in summaries if summary.flagged]
    for source in books:
        runs = _runs_of(services, source)
        if not runs or runs[0].is_under_way:
            continue
        asked = Request.from_record(runs[0].request).model_dump()
        if not Path(asked["book"]).is_file():
            continue
        chosen = {"preset": request.preset} if request.preset else {}
        yield source, Retrial(**{**asked, **chosen, "reason": request.reason})


def _runs_of(services: Services, source: str) -> tuple[Run, ...]:
    """The runs of a book, the latest first."""
    if not services.has_database():
        return ()
    return services.database.read(lambda uow: uow.runs.of(source) if uow.books.exists(source) else ())
