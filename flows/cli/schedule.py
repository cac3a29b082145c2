"""`talepress schedule`: what runs by itself, and when. Knows nothing of how; its options are those of a request."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.console import emit_json, emit_table, tell
from flows.cli.make import DEFAULT_OUT
from flows.cli.options import Options, with_options_of
from flows.order.request import Request

app = typer.Typer(help="What runs by itself, and when.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Cron = Annotated[str, typer.Option("--cron", help="When: minute, hour, day, month, weekday; such as '0 1 * * *'.")]
Timezone = Annotated[str, typer.Option("--timezone", help="Of the cron line, such as Europe/Berlin; else yours.")]


@app.command("add")
@with_options_of(Request, defaults={"out": DEFAULT_OUT})
def add_schedule(options: Options, cron: Cron, timezone: Timezone = "", json: Json = False) -> None:
    """Makes a book, or the books of a folder that have not been made yet, whenever the cron line says so."""
    from flows.order.batch import FolderRequest
    from tasks.errors import BadInputError

    book = Path(options["book"])
    if not book.exists():
        raise BadInputError(f"{book} is not there: name a book file, or a folder of books")
    kind: type[Request] = FolderRequest if book.is_dir() else Request
    request = kind.from_values(options)
    _require_reader(request.overrides)
    if book.is_dir():
        _tell_of_folder(book.absolute())
    door = "make-folder" if book.is_dir() else "book-to-audio"
    _add(door, book.stem, request.model_dump(exclude_defaults=True), cron, timezone, json)


@app.command("retry")
def add_retry(
    cron: Cron,
    timezone: Timezone = "",
    reason: Annotated[str, typer.Option(help="Only what is doubted for this; several with commas between.")] = "",
    preset: Annotated[str, typer.Option(help="Another preset; the books are spoken anew with it.")] = "",
    json: Json = False,
) -> None:
    """Speaks again what is flagged in any book, whenever the cron line says so."""
    from flows.order.retrial import reasons_of

    reasons_of(reason)  # refuses what is none
    _require_reader({"synthesize": {"preset": preset or None}})
    request = {name: value for name, value in (("reason", reason), ("preset", preset)) if value}
    _add("retry-flagged", f"retry {reason} {preset}", request, cron, timezone, json)


def _tell_of_folder(folder: Path) -> None:
    """Tells which files of a folder would be left out: at night nobody reads it. Raises as `look_into` does."""
    from flows.order.books import BOOK_SUFFIXES, look_into

    found = look_into(folder)
    words = [] if found.paths else [f"it holds no file yet that is a book by its name ({BOOK_SUFFIXES})"]
    if found.left_out:
        words.append(f"{found.left_out}: schedule such a file by its own name, or drop it into the inbox")
    if words:
        tell(f"{folder}: {'; '.join(words)}")


def _require_reader(overrides: Mapping[str, Any]) -> None:
    """Raises what is wrong with the settings, the voice or the preset that are asked for: at night nobody reads it."""
    from flows.services import open_services, read_settings

    with open_services(read_settings(**overrides)) as services:
        services.voice()
        services.sampling_with()


def _add(door: str, title: str, request: dict[str, Any], cron: str, timezone: str, json: bool) -> None:
    from flows.cli.launch import use_server
    from flows.services import read_settings

    use_server(read_settings())
    from flows.operate import schedules

    timezone = timezone or local_timezone()
    name = schedules.add_schedule(door, title, request, cron, timezone)
    if json:
        emit_json({"name": name, "door": door, "cron": cron, "timezone": timezone})
    else:
        tell(f"{name}: {door} at {cron} ({timezone}); `talepress schedule remove {name}` ends it")


@app.command("list")
def list_schedules(json: Json = False) -> None:
    """Lists what runs by itself."""
    from flows.cli.launch import use_server
    from flows.services import read_settings

    use_server(read_settings())
    from flows.operate import schedules

    planned = schedules.list_schedules()
    if json:
        emit_json({"schedules": [asdict(one) for one in planned]})
        return
    rows = [
        [
            one.name,
            one.door,
            one.request.get("book", ""),
            f"{one.when} ({one.timezone})",
            one.next if one.active else "paused",
        ]
        for one in planned
    ]
    emit_table(
        "",
        ["name", "runs", "for", "when", "next"],
        rows,
        empty="nothing runs by itself: `talepress schedule add` plans a run",
    )


@app.command("remove")
def remove_schedule(name: Annotated[str, typer.Argument(help="Its name, see `talepress schedule list`.")]) -> None:
    """Removes a schedule, and the runs that it has planned."""
    from flows.cli.launch import use_server
    from flows.services import read_settings

    use_server(read_settings())
    from flows.operate import schedules

    tell(f"removed {name}, which ran {schedules.remove_schedule(name)}")


def local_timezone() -> str:
    """The name of this machine's time zone; UTC where it has none."""
    if zone := os.environ.get("TZ", "").removeprefix(":"):
        return zone
    _, found, name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return name if found else "UTC"
