"""The application: addresses, forms, and what follows them. Works without a script in the browser.

A form that changes something is answered by a way back to the page that it came from. Must not know how the page is
reached (`access.py`), nor how takes are judged.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import ASGIApp

from storage.errors import MissingArtifactError, NotFoundError, StorageError
from storage.records import Reach
from tasks.errors import BadInputError, TalepressError
from tasks.review.desk import Corrected, DecidedMeanwhileError, place_of
from tasks.review.web import sounds
from tasks.review.web.access import ENTRY, PASS_COOKIE, Access, Keys, own_address
from tasks.review.web.pages import NAME_COOKIE, SAID_COOKIE, Pages, Wanted, name_of
from tasks.review.web.shelf import Job, Shelf

STATIC = Path(__file__).parent / "static"
MOST_NAME_CHARS = 60
Seen = Annotated[int | None, Form()]  # the newest decision when the page of the form was made
SAID_SECONDS = 30  # that the answer to a form waits to be shown


class Judged(BaseModel):
    """The form of a sentence. `seen` is the newest decision when the page was made."""

    place: str
    action: str
    seen: int
    take: int | None = None
    text: str = ""
    reach: Reach = Reach.PLACE
    note: str = ""
    back: str = "/"


def make_app(shelf: Shelf, keys: Keys) -> ASGIApp:
    """Makes the application behind its checks."""
    app = FastAPI(title="Talepress review", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    pages = Pages(shelf)
    pages.warm()
    app.include_router(_entry(pages, keys))
    app.include_router(_reading(shelf, pages))
    app.include_router(_hearing(shelf))
    app.include_router(_deciding(shelf, keys))
    app.include_router(_approving(shelf, keys))

    def explain(request: Request, error: Exception) -> Response:
        return pages.error(request, _message_of(error), _status_of(error))

    for kind in (TalepressError, StorageError, AnyHTTPException, RequestValidationError):
        app.add_exception_handler(kind, explain)
    return Access(app, keys)


def _message_of(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        names = sorted({str(one["loc"][-1]) for one in error.errors()})
        return f"{', '.join(names)}: there is no such value. Go back, and load the page again."
    if isinstance(error, AnyHTTPException) and not isinstance(error, HTTPException):  # of addresses, not ours
        return "There is nothing at this address, or no form goes there."
    return str(error.detail) if isinstance(error, AnyHTTPException) else " ".join(str(error).split())


def _status_of(error: Exception) -> int:
    if isinstance(error, AnyHTTPException):
        return error.status_code
    statuses = (
        (NotFoundError, 404),
        (MissingArtifactError, 404),
        (DecidedMeanwhileError, 409),
        (BadInputError, 400),
        (RequestValidationError, 400),
    )
    return next((status for kind, status in statuses if isinstance(error, kind)), 500)


def _entry(pages: Pages, keys: Keys) -> APIRouter:
    """Where a token is typed, and whether the page lives."""
    router = APIRouter()

    @router.get("/healthz")
    def health() -> Response:
        return PlainTextResponse("ok")

    @router.get(ENTRY)
    def ask(request: Request) -> Response:
        return pages.entry(request, "")

    @router.post(ENTRY)
    def enter(request: Request, token: Annotated[str, Form()] = "") -> Response:
        if not keys.is_token(token.strip()):
            return pages.entry(request, "This is not the token.")
        answer = RedirectResponse("/", 303)
        passed = keys.sign("pass", keys.token)
        answer.set_cookie(PASS_COOKIE, passed, httponly=True, samesite="strict")
        return answer

    return router


def _reading(shelf: Shelf, pages: Pages) -> APIRouter:
    """What people look at."""
    router = APIRouter()

    @router.get("/")
    def books(request: Request, page: int = 1) -> Response:
        return pages.books(request, page)

    @router.get("/about")
    def about(request: Request) -> Response:
        return pages.about(request)

    @router.get("/books/{name}")
    def book(request: Request, name: str) -> Response:
        return pages.book(request, shelf.find(name), Wanted.of(request.query_params))

    @router.get("/books/{name}/places/{place}")
    def sentence(request: Request, name: str, place: str) -> Response:
        return pages.sentence(request, shelf.find(name), place_of(place))

    @router.get("/books/{name}/state")
    def state(name: str) -> Response:
        return JSONResponse(pages.state(shelf.find(name)))

    return router


def _hearing(shelf: Shelf) -> APIRouter:
    """Sounds, by their keys."""
    router = APIRouter()
    library = (shelf.database, shelf.store)

    @router.get("/audio/takes/{key}")
    def take(request: Request, key: str) -> Response:
        return sounds.send_take(request, *library, key)

    @router.get("/audio/chapters/{key}")
    def chapter(request: Request, key: str) -> Response:
        return sounds.send_master(request, *library, key)

    @router.get("/peaks/{key}")
    def peaks(key: str) -> Response:
        return sounds.send_peaks(*library, key)

    @router.get("/books/{name}/places/{place}/between/{key}")
    def between(request: Request, name: str, place: str, key: str) -> Response:
        return sounds.send_between(request, *library, shelf.stitch, shelf.find(name), key, place_of(place))

    return router


def _deciding(shelf: Shelf, keys: Keys) -> APIRouter:
    """Forms about sentences, and who decides."""

    router = _router_of_forms(keys)

    @router.post("/name")
    def name(who: Annotated[str, Form()] = "", back: Annotated[str, Form()] = "/") -> Response:
        answer = _back_to(back, "")
        tidy = " ".join(who.split())[:MOST_NAME_CHARS]
        answer.set_cookie(NAME_COOKIE, quote(tidy), max_age=365 * 86400, httponly=True, samesite="strict")
        return answer

    @router.post("/books/{name}/decide")
    def decide(request: Request, name: str, form: Annotated[Judged, Form()]) -> Response:
        desk = shelf.desk(shelf.find(name), name_of(request), form.seen)
        where = place_of(form.place)
        stay = f"{form.back.partition('#')[0]}#s-{where[0] + 1}-{where[1] + 1}"
        if form.action == "correct":
            return _back_to(stay, _said_of(desk.correct(where, form.text, form.reach), form.reach))
        if form.action == "note":
            desk.note(where, form.note)
            return _back_to(stay, "The note is kept.")
        if form.action == "approve":
            desk.approve(where, form.take)
            return _back_to(form.back, f"{form.place} is approved.")
        if form.action not in ("reject", "again"):
            raise BadInputError(f"there is no button {form.action!r}: load the page again")
        left = desk.reject(where, form.take, every=form.action == "again")
        if left is None:
            return _back_to(form.back, f"{form.place} will be spoken again, when you press “Speak again” (⇧S).")
        return _back_to(stay, f"The take of {form.place} is rejected; take {left.attempt + 1} is used now: hear it.")

    @router.post("/books/{name}/undo")
    def undo(request: Request, name: str, back: Annotated[str, Form()] = "/") -> Response:
        return _back_to(back, f"Undone: {shelf.desk(shelf.find(name), name_of(request)).undo()}.")

    @router.post("/books/{name}/withdraw")
    def withdraw(
        request: Request, name: str, decision: Annotated[int, Form()], back: Annotated[str, Form()] = "/"
    ) -> Response:
        shelf.desk(shelf.find(name), name_of(request)).withdraw([decision])
        return _back_to(back, "It is undone.")

    return router


def _approving(shelf: Shelf, keys: Keys) -> APIRouter:
    """Forms about a whole chapter or book."""
    router = _router_of_forms(keys)

    @router.post("/books/{name}/chapters/{number}/approve")
    def approve_chapter(
        request: Request, name: str, number: int, seen: Seen = None, back: Annotated[str, Form()] = "/"
    ) -> Response:
        shelf.desk(shelf.find(name), name_of(request), seen).approve_chapter(number - 1)
        return _back_to(back, f"Chapter {number} is approved as it sounds now.")

    @router.post("/books/{name}/approve")
    def approve_book(request: Request, name: str, seen: Seen = None, back: Annotated[str, Form()] = "/") -> Response:
        shelf.desk(shelf.find(name), name_of(request), seen).approve_book()
        return _back_to(back, "The book is approved as it sounds now. It can be published.")

    @router.post("/books/{name}/start")
    def start(name: str, job: Annotated[Job, Form()], back: Annotated[str, Form()] = "/") -> Response:
        return _back_to(back, shelf.starter.start(shelf.find(name), job))

    return router


def _router_of_forms(keys: Keys) -> APIRouter:
    """A router whose forms must hold the key that this page gave to that browser."""

    async def require_key(request: Request) -> None:
        form = await request.form()
        given = str(form.get("key", "")).encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, keys.form_key(request.state.session).encode()):
            raise HTTPException(403, "This form is out of date: go back, load the page again, and decide then.")

    return APIRouter(dependencies=[Depends(require_key)])


def _said_of(corrected: Corrected, reach: Reach) -> str:
    """Tells what a correction does."""
    if not corrected.words:
        return "The correction is undone."
    words = "; ".join(f"“{written}” is said “{said}”" for written, said in corrected.words)
    where = {Reach.PLACE: "here", Reach.BOOK: "in this book", Reach.ALWAYS: "in every book"}[reach]
    count = f", in {corrected.sentences} sentences of it" if reach is Reach.BOOK else ""
    return f"{words} {where}{count}, when you press “Speak again” (⇧S)."


def _back_to(back: str, said: str) -> Response:
    """Leads to a page of this site, which tells what was done. An address elsewhere leads to the list of books."""
    answer = RedirectResponse(own_address(back), 303)
    if said:
        answer.set_cookie(SAID_COOKIE, quote(said), max_age=SAID_SECONDS, httponly=True, samesite="strict")
    return answer
