"""`talepress say`: speaks a text, or a file of lines, to WAV files. No book, no database rows, no Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli._console import emit_json, progress_display, tell


def say(
    text: Annotated[str | None, typer.Argument(help="The text to speak; or give --lines.")] = None,
    lines: Annotated[Path | None, typer.Option(help="A text file, one utterance a line.")] = None,
    out: Annotated[Path | None, typer.Option(help="The WAV file to write; with --lines, a folder.")] = None,
    voice: Annotated[str | None, typer.Option(help="Who speaks.")] = None,
    preset: Annotated[str | None, typer.Option(help="ultra_fast, fast, standard or high_quality.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same audio.")] = 0,
    candidates: Annotated[
        int | None, typer.Option(min=1, help="Renderings to choose from; the preset's if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Speaks TEXT to one WAV file, or every line of a file to 0001.wav, 0002.wav, ..."""
    from flows._speech import plan_speech, speak_lines, speech_json
    from flows._wiring import open_services, read_settings

    plan = plan_speech(text, lines, out)
    with open_services(read_settings(voice, preset)) as services, progress_display() as listener:
        speech = speak_lines(services, plan, listener, seed=seed, candidates=candidates)
    if json:
        emit_json(speech_json(speech))
        return
    rtf = speech.wall_seconds / speech.audio_seconds
    tell(
        f"{len(speech.files)} files, {speech.audio_seconds:.1f} s of audio, {speech.wall_seconds:.1f} s (RTF {rtf:.2f})"
    )
    for file in speech.files[:1] if len(speech.files) == 1 else ():
        print(file.path)
