"""`talepress bench`: how many hours of audio this machine makes in an hour, for every preset of the model.

Knows nothing of how speed is measured.
"""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.console import emit_json, emit_table
from flows.cli.progress import Form, ProgressForm, progress_display


def bench(
    voice: Annotated[str | None, typer.Option(help="Who speaks.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure, about.")] = 60.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Measures for about a minute and forecasts the speed of every preset. Close other programs first."""
    from flows.actions.bench import forecast_presets, forecasts_json
    from flows.services import open_services, read_settings

    with open_services(read_settings(synthesize={"voice": voice})) as services, progress_display(progress) as listener:
        forecasts = forecast_presets(services, listener, budget_s=seconds)
        result = forecasts_json(services, forecasts)
    if json:
        emit_json(result)
        return
    rows = [
        [f.preset, f"{f.rtf:.2f}", f"{f.audio_hours_per_hour:.1f}", "measured" if f.measured else "scaled"]
        for f in forecasts
    ]
    title = f"{result['model']} on {result['device']}, {result['precision']}"
    emit_table(title, ["preset", "real-time factor", "audio hours per hour", ""], rows)
