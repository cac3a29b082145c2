"""`talepress review`: the page on which people hear and decide, and the same for people who live in a terminal.

Knows nothing of what a decision does.
"""

from __future__ import annotations

import getpass
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import emit_json, emit_table, tell
from storage.records import Reach, Show

if TYPE_CHECKING:
    from flows.services import Services
    from tasks.review.desk import Desk, Place
    from tasks.review.listing import Sentence

app = typer.Typer(help="Hear a book, and decide what is published.", rich_markup_mode=None)

MOST_LISTED = 100
NONE_FOUND = {
    Show.DOUBTFUL: "no such sentence is doubtful and undecided: --show all lists the others",
    Show.REJECTED: "no such sentence is rejected or corrected: --show all lists the others",
    Show.ALL: "there is no such sentence",
}
PLAYERS = (
    ("ffplay", "-autoexit", "-nodisp", "-loglevel", "error"),
    ("mpv", "--really-quiet"),
    ("paplay",),
    ("afplay",),
)

BookFile = Annotated[Path, typer.Argument(help="A book file that was made.")]
PlaceOf = Annotated[
    str, typer.Argument(metavar="PLACE", help="Chapter and sentence, such as 20:18; `list` shows them.")
]
Take = Annotated[int | None, typer.Option(help="The number of a take; the one in use if not given.")]
Who = Annotated[str, typer.Option(help="Who decides; the name of your account if not given.")]


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on; other machines' people need a token.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0: any that is free.")] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="What browsers call the page, behind a proxy; repeatable.")
    ] = None,
    token: Annotated[bool, typer.Option("--token", help="Ask for a token even on this machine.")] = False,
) -> None:
    """Serves the page on which people hear takes and decide, until Ctrl-C."""
    from flows.actions.review import serve as serve_page
    from flows.cli.background import Background
    from flows.services import open_services, read_settings

    settings = read_settings()
    own = settings.review
    with open_services(settings) as services:
        page = serve_page(
            services,
            Background(services),
            own.host if host is None else host,
            own.port if port is None else port,
            [*(name or []), *([own.address.partition("//")[2]] if own.address else [])],
            wants_token=token,
        )
        for address in page:
            tell(f"review: {address} (Ctrl-C ends it)")


@app.command("list")
def list_sentences(
    book: BookFile,
    show: Annotated[Show, typer.Option(help="Which sentences.")] = Show.DOUBTFUL,
    chapter: Annotated[int | None, typer.Option(min=1, help="Of one chapter alone.")] = None,
    words: Annotated[str, typer.Option(help="Those with these words alone.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lists sentences with their takes: doubtful ones, those rejected or corrected, or all."""
    from tasks.review.listing import read_book, read_sentences

    with _opened(book) as (services, source), services.database.snapshot() as uow:
        known = read_book(uow, source)
        limit = 1_000_000 if json else MOST_LISTED
        only = None if chapter is None else chapter - 1
        found = read_sentences(uow, source, show, known.waiting, chapter=only, words=words, limit=limit)
    if json:
        rows = [asdict(sentence) | {"place": sentence.number, "standing": sentence.standing} for sentence in found]
        emit_json({"sentences": rows, "to_speak": known.to_speak, "approved": sorted(n + 1 for n in known.approved)})
        return
    emit_table(
        "", ["place", "standing", "sentence", "takes"], [_row(sentence) for sentence in found], empty=NONE_FOUND[show]
    )
    if len(found) == MOST_LISTED:
        tell(f"the first {MOST_LISTED} are shown: --chapter and --words show others, --json all")
    if known.is_in_work:
        tell(f"the book is in the making: `talepress status {_quoted(book)}` shows how far it is")
    elif known.to_speak:
        tell(f"{known.to_speak} to be spoken: `talepress retry {_quoted(book)} --reason rejected --hold` speaks them")


def _row(sentence: Sentence) -> list[object]:
    takes = [
        f"{take.number}{'*' if take.in_use else ''} {take.word or '; '.join(take.doubts) or 'nothing doubted'}"
        for take in sentence.takes
    ]
    return [sentence.number, sentence.standing, sentence.wanted, "\n".join(takes)]


@app.command()
def play(
    book: BookFile,
    place: PlaceOf,
    take: Take = None,
    out: Annotated[Path | None, typer.Option(help="Copy the sound to this FLAC file instead.")] = None,
) -> None:
    """Plays a take."""
    from tasks.disk import output_errors
    from tasks.errors import BadInputError
    from tasks.review.desk import find_take, place_of

    with _opened(book) as (services, source):
        with services.database.snapshot() as uow:
            found = find_take(uow, source, place_of(place), take)
        sound = services.store.read(found.audio_sha256)
    if out is not None:
        with output_errors(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_bytes(sound)
        tell(f"wrote {out}")
        return
    player = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if player is None:
        known = ", ".join(player[0] for player in PLAYERS)
        raise BadInputError(f"no player is installed: install one of {known}, or name a file by --out")
    with tempfile.NamedTemporaryFile(suffix=".flac") as file:  # the store may be far away
        file.write(sound)
        file.flush()
        subprocess.run([*player, file.name], check=False)


@app.command()
def approve(
    book: BookFile,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="Chapter and sentence; else --chapter or --all.")] = "",
    take: Take = None,
    chapter: Annotated[int | None, typer.Option(min=1, help="Approve a chapter as it sounds now.")] = None,
    whole: Annotated[bool, typer.Option("--all", help="Approve the book as it sounds now.")] = False,
    who: Who = "",
) -> None:
    """Approves a take, a chapter or the whole book: it is used, whatever the checks say."""
    from tasks.errors import BadInputError
    from tasks.review.desk import place_of

    if [bool(place), chapter is not None, whole].count(True) != 1:
        raise BadInputError("name one of a place, --chapter and --all")
    with _desk(book, who) as desk:
        if whole:
            desk.approve_book()
        elif chapter is not None:
            desk.approve_chapter(chapter - 1)
        else:
            desk.approve(place_of(place), take)
    tell("approved")


@app.command()
def choose(
    book: BookFile, place: PlaceOf, take: Annotated[int, typer.Argument(help="The number of the take.")], who: Who = ""
) -> None:
    """Uses another take than the one that the checks chose."""
    with _at(book, place, who) as (desk, where):
        kind = desk.approve(where, take)
    tell(f"take {take} is used: {kind.value}")


@app.command()
def reject(
    book: BookFile,
    place: PlaceOf,
    take: Take = None,
    every: Annotated[bool, typer.Option("--all", help="Reject every take of the sentence.")] = False,
    who: Who = "",
) -> None:
    """Rejects a take: another is used, or, where none is left, the sentence is spoken again."""
    with _at(book, place, who) as (desk, where):
        left = desk.reject(where, take, every=every)
    spoken = f"`talepress retry {_quoted(book)} --reason rejected --hold` speaks it again"
    tell(f"take {left.attempt + 1} is used now" if left else f"rejected; {spoken}")


@app.command()
def edit(
    book: BookFile,
    place: PlaceOf,
    text: Annotated[str, typer.Argument(help="The sentence as it should sound; a name as you would spell it out.")],
    reach: Annotated[Reach, typer.Option(help="Where the changed words are said so.")] = Reach.PLACE,
    who: Who = "",
) -> None:
    """Has a sentence said otherwise; with --reach book or always, every word that is changed in it."""
    with _at(book, place, who) as (desk, where):
        corrected = desk.correct(where, text, reach)
    for written, said in corrected.words:
        tell(f"{written!r} is said {said!r}")
    tell(f"{corrected.sentences} to be spoken: `talepress retry {_quoted(book)} --reason rejected --hold` speaks them")


@app.command()
def undo(book: BookFile, who: Who = "") -> None:
    """Undoes your last decision on a book."""
    with _desk(book, who) as desk:
        tell(f"undone: {desk.undo()}")


def _quoted(book: Path) -> str:
    """A book file as a shell wants to see it: what is printed is there to be pasted."""
    return shlex.quote(str(book))


@contextmanager
def _opened(book: Path) -> Iterator[tuple[Services, str]]:
    """Opens the library and finds the book in it. Raises `BadInputError` for a book that was never made."""
    from flows.order.existing import known_source
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        yield services, known_source(services, book)


@contextmanager
def _desk(book: Path, who: str) -> Iterator[Desk]:
    from flows.actions.review import open_desk

    with _opened(book) as (services, source):
        yield open_desk(services, source, who or getpass.getuser())


@contextmanager
def _at(book: Path, place: str, who: str) -> Iterator[tuple[Desk, Place]]:
    from tasks.review.desk import place_of

    with _desk(book, who) as desk:
        yield desk, place_of(place)
