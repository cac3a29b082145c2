"""`talepress inbox`: looks at the inbox at once, and shows what came. Knows nothing of how books are made."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import emit_json, emit_table, shown_time, tell

if TYPE_CHECKING:
    from flows.actions.inbox import Standing
    from flows.order.request import Request
    from storage.dropped import InboxItem

app = typer.Typer(help="Books that are dropped into a folder, and become audiobooks.", rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
NOTHING_YET = "nothing was taken from there yet: `talepress up` looks every minute, `talepress inbox scan` once"
MADE = (0, 1)  # exit codes of `talepress make` where there is an audiobook


@app.command("scan")
def scan_inbox(
    here: Annotated[bool, typer.Option("--here", help="Make the books in this process, without a server.")] = False,
    json: Json = False,
) -> None:
    """Looks at the inbox once, as `talepress up` does every minute; for cron, where nothing else runs: --here."""
    from flows.actions import inbox
    from flows.services import open_services, read_settings

    settings = read_settings()
    with open_services(settings) as services:
        if here:
            done = inbox.scan(services, MadeHere())
        else:
            from flows.cli.launch import use_server

            use_server(settings)
            from flows.operate.runs import DeployedRuns

            done = inbox.scan(services, DeployedRuns(settings.production.tries))
    if json:
        emit_json(asdict(done))
    else:
        tell(done.sentence())
        if advice := done.advice(settings.inbox.settle_s):
            tell(advice)


@app.command("list")
def list_inbox(
    count: Annotated[int, typer.Option("-n", help="How many, the latest first.", min=1)] = 50, json: Json = False
) -> None:
    """Shows what was dropped, how far it is, and where it lies."""
    from flows.actions.inbox import folders_of, item_json
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        folders = folders_of(services.settings)
        items: tuple[InboxItem, ...] = ()
        if services.has_database():
            with services.database.snapshot() as uow:
                items = uow.inbox.list(count)
    if json:
        rows = [item_json(item) for item in items]
        emit_json({"inbox": str(folders.inbox), "outbox": str(folders.outbox), "items": rows})
        return
    tell(f"drop books into {folders.inbox}")
    table = [[item.name, str(item.state), shown_time(item.received_at), item.message or item.place] for item in items]
    emit_table("", ["name", "state", "received", "where, or why not"], table, empty=NOTHING_YET)


@app.command("retry")
def retry_book(
    name: Annotated[str, typer.Argument(help="A folder in `failed`, which is named after the book.")],
) -> None:
    """Puts a book that failed into the inbox again, with its order. The next look takes it."""
    from flows.actions.inbox import folders_of
    from flows.services import read_settings

    folders = folders_of(read_settings())
    tell(f"{folders.put_back(name)} lies in {folders.inbox} again")


class MadeHere:
    """Makes a book by `talepress make` while it is begun; there is nobody else who could."""

    def __init__(self) -> None:
        self._ended: dict[str, Standing] = {}

    def begin(self, request: Request, name: str) -> str:
        """Makes the book to its end. Returns the name."""
        from flows.actions.inbox import Progress, Standing

        given = request.model_dump(exclude_defaults=True, exclude={"book"})
        options = [f"--{field}" if value is True else f"--{field}={value}" for field, value in given.items()]
        command = [sys.executable, "-P", "-m", "flows.cli.entry", "make", request.book, *options]
        made = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        said = [line for line in made.stderr.splitlines() if line.strip()] or [f"exit code {made.returncode}"]
        message = "" if made.returncode in MADE else said[-1].removeprefix("talepress: ")
        self._ended[name] = Standing(Progress.ENDED, message)
        return name

    def stands(self, run: str) -> Standing:
        """How a run ended that this object has made; others are lost."""
        from flows.actions.inbox import Progress, Standing

        return self._ended.get(run, Standing(Progress.LOST))
