"""`talepress doctor`: looks at everything a run needs and says the remedy for what is wrong.

Changes nothing unless asked to.

Knows nothing of how a fault is found.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.console import ExitCode, emit_json, emit_table

if TYPE_CHECKING:
    from flows.actions.doctor import CheckResult


def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Mend audio and voices as far as possible.")] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Also ask Prefect's server, its schedules and its workers.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Checks Python, packages, ffmpeg, disk, device, model, database, store and all audio. Exit code 3 for a fault."""
    from flows.actions.doctor import examine

    results = examine(repair=repair)
    if production:
        results = (*results, *_production())
    healthy = all(result.ok for result in results)
    if json:
        emit_json({"healthy": healthy, "checks": [asdict(result) for result in results]})
    else:
        rows = [[r.name, "ok" if r.ok else "WRONG", r.detail, r.remedy] for r in results]
        emit_table("", ["check", "", "found", "remedy"], rows)
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.FAILED)


def _production() -> tuple[CheckResult, ...]:
    """Examines what runs books by itself. A server that is not there is a result too."""
    from flows.actions.doctor import CheckResult
    from flows.cli.launch import use_server
    from flows.services import read_settings
    from tasks.errors import BadInputError

    try:
        use_server(read_settings())
    except BadInputError as error:
        return (CheckResult("server", False, str(error), "start `talepress up`"),)
    from flows.operate.health import examine_production

    return examine_production()
