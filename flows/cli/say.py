"""`talepress say`: speaks a text, or a file of lines, to WAV files or a stream. Knows nothing of books or Prefect."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.console import emit_json, tell
from flows.cli.progress import Form, ProgressForm, progress_display
from tasks.counting import counted
from tasks.errors import BadInputError


def say(
    text: Annotated[str | None, typer.Argument(help="The text to speak; or give --lines.")] = None,
    lines: Annotated[Path | None, typer.Option(help="A text file, one utterance a line.")] = None,
    out: Annotated[Path | None, typer.Option(help="The WAV file to write; with --lines, a folder.")] = None,
    voice: Annotated[str | None, typer.Option(help="Who speaks.")] = None,
    preset: Annotated[str | None, typer.Option(help="One of the model's presets; see `talepress model list`.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same audio.")] = 0,
    candidates: Annotated[
        int | None, typer.Option(min=1, help="Renderings to choose from; the preset's if not given.")
    ] = None,
    keep: Annotated[
        int, typer.Option(min=1, help="How many of them to write, the best first: line.wav, line-2.wav, ...")
    ] = 1,
    stream: Annotated[
        bool, typer.Option("--stream", help="Write WAV as it is made, to --out or stdout: `... --stream | aplay`.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Speak even a text in a language that is not spoken.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    progress: ProgressForm = Form.AUTO,
) -> None:
    """Speaks TEXT to one WAV file, or every line of a file to 0001.wav, 0002.wav, ...

    Brackets at the beginning set the mood and are cut out: "[I am really sad,] Please feed me."
    """
    if stream:
        if lines is not None:
            raise BadInputError("--stream speaks one text: leave --lines out")
        if keep > 1:
            raise BadInputError("--stream writes one candidate: leave --keep out")
        how: dict[str, Any] = {"seed": seed, "candidates": candidates, "force": force}
        _stream(text or "", out, {"voice": voice, "preset": preset}, how, json=json)
        return
    from flows.actions.say import plan_speech, speak_lines, speech_json
    from flows.services import open_services, read_settings

    plan = plan_speech(text, lines, out)
    with (
        open_services(read_settings(synthesize={"voice": voice, "preset": preset})) as services,
        progress_display(progress) as listener,
    ):
        speech = speak_lines(services, plan, listener, seed=seed, candidates=candidates, force=force, keep=keep)
    for file in speech.files:
        if file.may_hold_direction:
            tell(f"warning: {file.path}: its direction may still be heard; try another --seed")
    if json:
        emit_json(speech_json(speech))
        return
    rtf = speech.wall_seconds / speech.audio_seconds
    tell(
        f"{counted(len(speech.files), 'file')}, {speech.audio_seconds:.1f} s of audio, made in "
        f"{speech.wall_seconds:.1f} s (real-time factor {rtf:.2f})"
    )
    for file in speech.files:
        print(file.path)


def _stream(text: str, out: Path | None, who: Mapping[str, object], how: Mapping[str, Any], *, json: bool) -> None:
    """Speaks to a growing file, or to stdout, with the settings `who` and the options `how` of `plan_stream`."""
    from flows.actions.stream import plan_stream, stream_text, streamed_json
    from flows.services import open_services, read_settings
    from tasks.disk import output_errors, require_writable

    if out is None and (json or sys.stdout.isatty()):
        raise BadInputError("the audio goes to stdout: pipe it into a player, or give --out FILE.wav")
    if out is not None:
        require_writable(out.parent)
    with open_services(read_settings(synthesize=who)) as services:
        planned = plan_stream(services, text, **how)
        if out is None:
            streamed = stream_text(services, planned, sys.stdout.buffer)
        else:
            with output_errors(out.parent):
                out.parent.mkdir(parents=True, exist_ok=True)
                with out.open("wb") as sink:
                    streamed = stream_text(services, planned, sink)
    if json and out is not None:
        emit_json(streamed_json(streamed, out))
        return
    tell(
        f"{streamed.seconds:.1f} s of audio, the first after {streamed.first_audio_s:.1f} s, "
        f"all after {streamed.wall_seconds:.1f} s"
    )
