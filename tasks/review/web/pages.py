"""Makes the pages' HTML out of what the database says. Text of a book is hostile: the templates escape everything.

Must not know what a form does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from storage.dropped import InboxItem, InboxState
from storage.errors import NotFoundError
from storage.records import Edition, RunState, Show
from storage.repository import UnitOfWork
from tasks.review.listing import BookToHear, Place, read_book, read_sentence, read_sentences, read_waiting
from tasks.review.web.access import own_address
from tasks.review.web.shelf import Shelf
from tasks.review.web.sounds import find_in_master

NAME_COOKIE = "talepress_name"  # who decides
SAID_COOKIE = "talepress_said"  # what the last form has done
ON_A_PAGE = 25  # sentences, and books
NOBODY = "editor"
_ENDED_BADLY = (RunState.FAILED, RunState.STOPPED)


@dataclass(frozen=True)
class Wanted:
    """What of a book a person wants to see. Chapter and page count from 1."""

    show: Show = Show.DOUBTFUL
    chapter: int | None = None
    words: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Wanted:
        """Reads an address; what makes no sense in it is as if it were not there."""
        shows = {show.value: show for show in Show}
        chapter = query.get("chapter", "")
        page = query.get("page", "")
        return cls(
            shows.get(query.get("show", ""), Show.DOUBTFUL),
            int(chapter) if _is_number(chapter) else None,
            query.get("words", "").strip()[:200],
            int(page) if _is_number(page) else 1,
        )

    def query(self, **changes: Any) -> str:
        """The address of this, or of this with something else, behind the question mark."""
        values = {"show": self.show.value, "chapter": self.chapter, "words": self.words, "page": self.page} | changes
        return urlencode({name: value for name, value in values.items() if value})


class Pages:
    """The pages of a library."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def warm(self) -> None:
        """Does once what the first reader would wait for: templates and queries are compiled where they are used."""
        for template in _templates().list_templates():
            _templates().get_template(template)
        with self._shelf.database.snapshot() as uow:
            sources = uow.books.sources()
        if sources:
            self._look(sources[0], Wanted())
            self.state(sources[0])

    def books(self, request: Request, page: int) -> Response:
        """The list of books."""
        with self._shelf.database.snapshot() as uow:
            sources = uow.books.sources()
            shown = uow.books.summaries(sources[(page - 1) * ON_A_PAGE : page * ON_A_PAGE])
        pages = _pages(len(sources))
        inbox = self._shelf.inbox if self._shelf.inbox.is_dir() else None
        return _render(request, "books", books=shown, page=page, pages=pages, inbox=inbox)

    def book(self, request: Request, source: str, wanted: Wanted) -> Response:
        """A book's chapters and the sentences that are wanted of it."""
        with self._shelf.database.snapshot() as uow:
            may_undo = bool(uow.decisions.last_of(source, name_of(request)))
        looked = self._look(source, wanted)
        state = self.state(source)
        hint = "" if state["running"] or state["waits"] else publish_hint(looked["book"])
        return _render(request, "book", **looked, state=state, hint=hint, may_undo=may_undo)

    def _look(self, source: str, wanted: Wanted) -> dict[str, Any]:
        """Reads what a book's page shows."""
        chapter = None if wanted.chapter is None else wanted.chapter - 1
        with self._shelf.database.snapshot() as uow:
            title, authors, _ = uow.books.heading(source)
            book = read_book(uow, source)
            counts = _counts(uow, source, book, wanted)
            sentences = read_sentences(
                uow,
                source,
                wanted.show,
                book.waiting,
                chapter=chapter,
                words=wanted.words,
                offset=(wanted.page - 1) * ON_A_PAGE,
                limit=ON_A_PAGE,
            )
        return {
            "name": source[:16],
            "title": title,
            "authors": authors,
            "book": book,
            "wanted": wanted,
            "counts": counts,
            "sentences": sentences,
            "pages": _pages(counts[wanted.show]),
        }

    def sentence(self, request: Request, source: str, place: Place) -> Response:
        """One sentence, with each take between its neighbours, and as it was mastered."""
        shelf = self._shelf
        with shelf.database.snapshot() as uow:
            title, _, _ = uow.books.heading(source)
            sentence = read_sentence(uow, source, place, read_waiting(uow, source))
            newest = uow.decisions.newest(source)
        if sentence is None:
            raise NotFoundError("there is no such sentence: the book's page shows them")
        mastered = find_in_master(shelf.database, shelf.stitch, shelf.master, source, place)
        return _render(
            request,
            "sentence",
            name=source[:16],
            title=title,
            sentence=sentence,
            mastered=mastered,
            newest=newest,
        )

    def state(self, source: str) -> dict[str, Any]:
        """How far the work on a book is, for the script that looks from time to time."""
        with self._shelf.database.snapshot() as uow:
            runs = uow.runs.of(source)
            edition = uow.editions.latest(source)
            dropped = uow.inbox.latest_of(source)
        run = runs[0] if runs else None
        word = self._shelf.starter.word(source)
        is_published = edition is not None and run is not None and run.state in (RunState.DONE, RunState.FLAGGED)
        return {
            "running": run is not None and run.is_under_way,
            "run": run.id if run else "",
            "voice": run.request.get("voice", "") if run else "",
            "published": _where(edition, dropped) if edition is not None and is_published else "",
            "ended": run.message if run and run.state in _ENDED_BADLY else "",
            "done": run.done if run else 0,
            "total": run.total if run else 0,
            "word": word.text,
            "waits": word.is_waiting,
        }

    def about(self, request: Request) -> Response:
        """Whose voices and programs these are, and under which licences."""
        return _render(request, "about", voices=self._shelf.voices())

    def entry(self, request: Request, problem: str) -> Response:
        """Asks for the token."""
        return _render(request, "entry", status=401 if problem else 200, problem=problem)

    def error(self, request: Request, message: str, status: int) -> Response:
        """Tells what could not be done, and leads back to the page of this site that asked for it."""
        came_from = urlsplit(request.headers.get("referer", ""))
        is_ours = came_from.netloc == request.headers.get("host")
        back = own_address(f"{came_from.path}?{came_from.query}") if is_ours else "/"
        return _render(request, "error", status=status, message=message, back=back)


def _where(edition: Edition, dropped: InboxItem | None) -> str:
    """Where an edition lies. One of a book that was dropped moves on, to the outbox."""
    path = edition.files[0].path if edition.files else ""
    if dropped is None or f"/{dropped.digest[:16]}/" not in path:
        return path
    return dropped.place if dropped.state is InboxState.DELIVERED else "on its way to the outbox"


def _counts(uow: UnitOfWork, source: str, book: BookToHear, wanted: Wanted) -> dict[Show, int]:
    """Counts what each filter shows; most of it is counted already where no words are looked for."""
    chapters = None if wanted.chapter is None else [wanted.chapter - 1]

    def count(show: Show) -> int:
        words = wanted.words
        return uow.reviews.count(source, show, chapters=chapters, words=words, waiting=book.waiting.places)

    if wanted.words:
        return {show: count(show) for show in Show}
    counted = [part for part in book.chapters if chapters is None or part.index in chapters]
    return {
        Show.DOUBTFUL: sum(part.doubtful for part in counted),
        Show.REJECTED: count(Show.REJECTED),
        Show.ALL: sum(part.utterances for part in counted),
    }


def publish_hint(book: BookToHear) -> str:
    """Says in words why a book should not be published yet, while nobody works on it; "" where it may be."""
    if book.to_speak:
        return "Before it can be published, something is to be spoken: press “Speak again”"
    if not book.is_approved and book.total("doubtful"):
        return "Before it can be published, decide on the doubtful takes, or approve the book as it is"
    return ""


def name_of(request: Request) -> str:
    """Who decides: the name that was typed in this browser."""
    return " ".join(unquote(request.cookies.get(NAME_COOKIE, "")).split()) or NOBODY


def _render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Fills a template. What a form has done is told once."""
    said = unquote(request.cookies.get(SAID_COOKIE, ""))
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    html = (
        _templates()
        .get_template(f"{template}.html.jinja")
        .render(
            **values,
            said=said,
            here=here,
            who=name_of(request),
            form_key=request.state.form_key,
            nonce=request.state.nonce,
            Show=Show,
        )
    )
    answer = HTMLResponse(html, status)
    if said:
        answer.delete_cookie(SAID_COOKIE, httponly=True, samesite="strict")
    return answer


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("tasks.review.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _pages(count: int) -> int:
    return max(1, -(-count // ON_A_PAGE))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0
