"""`talepress doctor`: looks at everything a run needs and says the remedy for what is wrong. Changes nothing.

Knows nothing of how a fault is found.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.console import ExitCode, emit_json, emit_table


def doctor(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Checks Python, packages, ffmpeg, disk, device, database and model files. Exit code 3 when something is wrong."""
    from flows.actions.doctor import examine

    findings = examine()
    healthy = all(finding.ok for finding in findings)
    if json:
        emit_json({"healthy": healthy, "checks": [asdict(finding) for finding in findings]})
    else:
        rows = [[f.name, "ok" if f.ok else "WRONG", f.detail, f.remedy] for f in findings]
        emit_table("", ["check", "", "found", "remedy"], rows)
    raise typer.Exit(ExitCode.DONE if healthy else ExitCode.FAILED)
