"""`talepress drain`: lets a box run empty before an update. Knows nothing of how."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from flows.cli.console import emit_json, tell

LOOK_SECONDS = 2.0


def drain(
    resume: Annotated[bool, typer.Option("--resume", help="Let runs begin again, after the update.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until nothing is under way.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Lets no further run begin, and waits for those under way. What waits keeps its place; --resume ends it."""
    from flows.cli.launch import use_server
    from flows.services import read_settings

    use_server(read_settings())
    from flows.operate import drain as draining

    draining.pause(not resume)
    if resume:
        tell("runs begin again")
    else:
        tell("no run begins any more; `talepress drain --resume` lets them begin again")
    left = [] if resume else draining.under_way()
    shown: list[str] = []
    while left and wait:
        if left != shown:
            tell(f"under way: {', '.join(left)}")
            shown = left
        time.sleep(LOOK_SECONDS)
        left = draining.under_way()
    if json:
        emit_json({"paused": not resume, "under_way": left})
    elif not resume:
        tell("nothing is under way" if not left else f"under way: {', '.join(left)}")
