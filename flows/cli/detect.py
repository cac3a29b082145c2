"""`talepress detect`: says of recordings whether TorToise spoke them. Knows nothing of how that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit_json, emit_table

PROBABLE = 0.5


def detect(
    clips: Annotated[list[Path], typer.Argument(help="Recordings: WAV, FLAC, MP3, ...")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Says how probable it is that TorToise spoke a recording; needs a model with the published classifier.

    Only the first nine seconds are heard. A low number is no proof that a person spoke.
    """
    from flows.services import Services, read_settings
    from tortoise_core.inference.detection import load_detector

    chosen = Services(read_settings()).synthesize
    detector = load_detector(chosen.model, chosen.device)
    found = [(clip, detector.probability(clip)) for clip in clips]
    if json:
        emit_json({"clips": [{"path": str(clip), "probability": round(p, 4)} for clip, p in found]})
        return
    rows = [[str(clip), f"{p:.1%}", "probably TorToise" if p >= PROBABLE else "probably not"] for clip, p in found]
    emit_table("", ["recording", "probability", "verdict"], rows)
