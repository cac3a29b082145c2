"""`talepress doctor`: looks at everything a run needs and says the remedy for what is wrong.

Changes nothing unless asked to.

Knows nothing of how a fault is found.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import ExitCode, emit_json, emit_table


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend audio and voices as far as possible.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Checks Python, packages, ffmpeg, disk, device, model, database and all audio. Exit code 3 for what is wrong."""
    from flows.actions.doctor import examine

    results = examine(repair=repair)
    healthy = all(result.ok for result in results)
    if json:
        emit_json({"healthy": healthy, "checks": [asdict(result) for result in results]})
    else:
        rows = [[r.name, "ok" if r.ok else "WRONG", r.detail, r.remedy] for r in results]
        emit_table("", ["check", "", "found", "remedy"], rows)
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.FAILED)
