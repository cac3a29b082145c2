"""Speaks a text as a WAV stream: its beginning can be heard while the rest is still being made.

It is cut where a book's text would be, sentence by sentence, and where the first sentence is long, its first clause is
spoken alone: what is heard first is made in a moment. Knows nothing of where the stream goes, nor of takes, books or
Prefect.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from flows.actions.say import SayLine, SayPart, cut_lines, say_line
from flows.services import Services
from tasks.errors import BadInputError
from tasks.synthesize.wav import wav_header
from tasks.voices.references import parse_reference
from tortoise_core.inference.interface import SpeechRequest

FIRST_CHARS = 40  # of the part that is heard first: some two seconds
_AT_A_MARK = re.compile(r"\w[^\w\s]+\s*$")
_WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Streamed:
    """What was written. Times in seconds from the first call of the engine; loading the model is not in them."""

    seconds: float
    first_audio_s: float
    wall_seconds: float
    voice: str
    preset: str
    seed: int
    sample_rate: int


@dataclass(frozen=True)
class Planned:
    """A text that is ready to be streamed: what the engine is asked for, and the silence after each part."""

    requests: tuple[SpeechRequest, ...]
    pauses_s: tuple[float, ...]
    voice: str


def plan_stream(services: Services, text: str, *, seed: int, candidates: int | None, force: bool) -> Planned:
    """Checks a text and cuts it into parts. Nothing is written or spoken before.

    Raises `BadInputError` for a text that leaves nothing to say or, without `force`, is in a language that the model
    does not speak, for a direction, and `UnknownVoiceError`.
    """
    if not text.strip():
        raise BadInputError("the text to speak is empty")
    line = say_line(text, Path("the text"))
    if line.direction or parse_reference(services.settings.synthesize.voice).direction:
        raise BadInputError(
            "--stream cannot leave a direction out, because it is heard before the text is made: leave --stream out, "
            "or the brackets"
        )
    voice, latents = services.reader()
    sampling = services.sampling if candidates is None else services.sampling_with(candidates=candidates)
    parts = _parts(services, line, force=force)
    requests = tuple(SpeechRequest(part.spoken, latents, sampling, seed) for part in parts)
    return Planned(requests, tuple(part.pause_s for part in parts), voice.name)


def _parts(services: Services, line: SayLine, *, force: bool) -> tuple[SayPart, ...]:
    """Cuts a line as a book's text, its first part shorter where a mark allows it. Raises as `cut_lines`."""
    lengths = services.settings.segment
    (parts,) = cut_lines(services, [line], lengths, force=force)
    short = lengths.model_copy(update={"max_chars": FIRST_CHARS, "min_chars": FIRST_CHARS // 2})
    ((first, *_),) = cut_lines(services, [line], short, force=True)
    rest = replace(line, text=line.text[first.end :])
    if first.end >= parts[0].end or not (_AT_A_MARK.search(line.text[: first.end]) and _WORD.search(rest.text)):
        return parts
    (later,) = cut_lines(services, [rest], lengths, force=True)
    return (first, *later)


def stream_text(services: Services, planned: Planned, sink: BinaryIO) -> Streamed:
    """Writes a mono 16-bit WAV stream, chunk by chunk; the header's lengths are put right where `sink` can go back.

    What stands before the stream in `sink` stays, and what is written afterwards follows the stream.
    """
    engine = services.engine
    rate = engine.sample_rate

    def chunks() -> Iterator[np.ndarray]:
        for number, request in enumerate(planned.requests):
            if number:
                yield np.zeros(round(planned.pauses_s[number - 1] * rate), np.float32)
            yield from engine.stream(request)

    began = time.perf_counter()
    first: float | None = None
    samples = 0
    start = sink.tell() if _can_go_back(sink) else None
    sink.write(wav_header(rate, None))
    for chunk in chunks():
        sink.write((np.clip(chunk, -1.0, 1.0) * 32767).round().astype("<i2").tobytes())
        sink.flush()
        samples += len(chunk)
        first = time.perf_counter() - began if first is None else first
    wall = time.perf_counter() - began
    if start is not None:
        end = sink.tell()
        sink.seek(start)
        sink.write(wav_header(rate, samples))
        sink.seek(end)
    preset = services.settings.synthesize.preset
    return Streamed(samples / rate, first or wall, wall, planned.voice, preset, planned.requests[0].seed, rate)


def _can_go_back(sink: BinaryIO) -> bool:
    """Tells whether what was written can be written over: in a file, unless all that is written goes to its end."""
    return sink.seekable() and not fcntl.fcntl(sink.fileno(), fcntl.F_GETFL) & os.O_APPEND


def streamed_json(streamed: Streamed, path: Path) -> dict[str, Any]:
    """Makes what `talepress say --stream --json` prints."""
    return {
        "path": str(path),
        "voice": streamed.voice,
        "preset": streamed.preset,
        "seed": streamed.seed,
        "sample_rate": streamed.sample_rate,
        "audio_seconds": round(streamed.seconds, 3),
        "first_audio_seconds": round(streamed.first_audio_s, 3),
        "wall_seconds": round(streamed.wall_seconds, 3),
        "rtf": round(streamed.wall_seconds / streamed.seconds, 3),
    }
