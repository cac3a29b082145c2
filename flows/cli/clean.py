"""`talepress clean`: what takes how much room, and what can go. Knows nothing of what the files are."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import Yes, emit_json, emit_table, require_consent, tell
from tasks.counting import counted

MEBIBYTE = 1 << 20


def clean(
    remove: Annotated[
        list[str] | None, typer.Option(help="takes, chapters, runs or left, as the table says; may be repeated.")
    ] = None,
    yes: Yes = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows what the data folder holds and what of it can go; removes nothing but what --remove names."""
    from flows.actions import clean as action
    from flows.services import open_services, read_settings

    with open_services(read_settings()) as services:
        removed = 0
        if remove and (going := action.going(services, remove)):
            what = "; ".join(f"{room.what} ({counted(room.files, 'file')}, {_size(room.bytes)} MiB)" for room in going)
            require_consent(f"remove {what}", yes=yes)
            removed = action.remove(services, remove)
        rooms = action.rooms(services)
    total = sum(room.bytes for room in rooms)
    if json:
        emit_json({"bytes": total, "removed_bytes": removed, "rooms": [asdict(room) for room in rooms]})
    else:
        rows = [[room.what, room.files, _size(room.bytes), room.remove and f"--remove {room.remove}"] for room in rooms]
        emit_table("", ["what", "files", "MiB", "can go by"], [*rows, ["all of it", "", _size(total), ""]])
    if remove:
        tell(f"removed {_size(removed)} MiB")


def _size(count: int) -> str:
    return f"{count / MEBIBYTE:.1f}"
