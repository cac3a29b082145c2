"""Speaks single texts to WAV files, in batches, straight through the engine: what `talepress say` does.

Texts are normalised as a book's are; one that is too long for one utterance is cut where a book's would be, and its
parts are joined with their pauses. Knows nothing of takes or Prefect.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.progress import Listener, Progress
from flows.services import Services
from storage.records import Block, BlockKind, Book, Chapter
from tasks.disk import require_writable
from tasks.errors import BadInputError
from tasks.ingest.language import require_language
from tasks.pauses import pause_seconds
from tasks.segment.script import write_script
from tasks.synthesize.wav import write_wav
from tasks.voices.catalogue import read_latents
from tortoise_core.inference.interface import Sampling, SpeechRequest, SpeechResult, VoiceLatents

MAX_LINES_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SayLine:
    """A text and the WAV file that it becomes."""

    text: str
    path: Path


@dataclass(frozen=True)
class SayPart:
    """What the engine speaks in one go: a line, or a part of a long one and the silence before the next part."""

    spoken: str
    pause_s: float


@dataclass(frozen=True)
class SpokenFile:
    """A written WAV file. `rtf` is wall time per second of audio, of the batches that the line was in."""

    path: Path
    text: str
    seconds: float
    rtf: float
    hit_length_cap: bool


@dataclass(frozen=True)
class Speech:
    """Everything that one command spoke."""

    files: tuple[SpokenFile, ...]
    voice: str
    preset: str
    seed: int
    sample_rate: int
    wall_seconds: float  # of speaking; loading the model is not in it

    @property
    def audio_seconds(self) -> float:
        """Length of all files together."""
        return sum(file.seconds for file in self.files)


def plan_speech(text: str | None, lines: Path | None, out: Path | None) -> tuple[SayLine, ...]:
    """Says which text becomes which file. Raises `BadInputError` before anything is opened for writing."""
    if (text is None) == (lines is None):
        raise BadInputError("give either a text or --lines FILE to speak")
    if out is None:
        raise BadInputError("give --out: a WAV file for a text, a folder for --lines")
    if text is not None:
        if not text.strip():
            raise BadInputError("the text to speak is empty")
        if out.is_dir() or out.suffix.lower() != ".wav":
            raise BadInputError(f"--out {out}: name a file that ends in .wav")
        require_writable(out.parent)
        return (SayLine(text.strip(), out),)
    assert lines is not None
    require_writable(out)
    numbered = [(number, line.strip()) for number, line in enumerate(_read_lines(lines), start=1)]
    plan = tuple(SayLine(line, out / f"{number:04d}.wav") for number, line in numbered if line)
    if not plan:
        raise BadInputError(f"{lines} has no line to speak")
    return plan


def speak_lines(
    services: Services,
    plan: Sequence[SayLine],
    listener: Listener,
    *,
    seed: int,
    candidates: int | None,
    force: bool,
) -> Speech:
    """Speaks all lines, batch by batch, and writes each as a mono 16-bit WAV file at the engine's sample rate.

    Raises `UnknownVoiceError`, `BadInputError` for a text that leaves nothing to say or, without `force`, is in a
    language that the model does not speak, `OutputError`; the first two before anything is spoken.
    """
    sampling = services.sampling if candidates is None else services.sampling_with(candidates=candidates)
    parts_of_lines = cut_lines(services, plan, force=force)
    engine = services.engine
    voice = services.voice()
    spoken = _speak(services, parts_of_lines, read_latents(voice, services.store), sampling, seed)
    total = sum(map(len, parts_of_lines))
    listener(Progress("speak", 0, total))
    files: list[SpokenFile] = []
    done = 0
    began = time.perf_counter()
    for line, parts in zip(plan, parts_of_lines, strict=True):
        results: list[SpeechResult] = []
        line_wall = 0.0
        for _ in parts:
            result, share = next(spoken)
            results.append(result)
            line_wall += share
            done += 1
            listener(Progress("speak", done, total, line.path.name))
        files.append(_write(line, parts, results, line_wall))
    wall = time.perf_counter() - began
    return Speech(tuple(files), voice.name, services.settings.synthesize.preset, seed, engine.sample_rate, wall)


def cut_lines(services: Services, plan: Sequence[SayLine], *, force: bool) -> list[tuple[SayPart, ...]]:
    """Cuts each line into the parts to speak: one, unless the line is longer than an utterance may be.

    Raises `BadInputError` for a line that leaves nothing to say, and, without `force`, for a text in a language that
    the model does not speak.
    """
    model = services.front_end
    settings = services.settings
    chapters = tuple(Chapter(n, "", (Block(BlockKind.PARAGRAPH, line.text),)) for n, line in enumerate(plan))
    book = Book(title="", authors=(), language="", source_sha256="", chapters=chapters)
    if not force:
        require_language(book, "the text", model.languages)
    # A line is one utterance where it can be, so sentences are not separated for their own sake.
    whole = settings.segment.model_copy(update={"min_chars": settings.segment.max_chars})
    script = write_script(book, whole, model.most_tokens, model.max_text_tokens)
    parts_of_lines: list[list[SayPart]] = [[] for _ in plan]
    for utterance in script.utterances:
        part = SayPart(utterance.spoken, pause_seconds(utterance, settings.stitch.pauses))
        parts_of_lines[utterance.chapter_index].append(part)
    for line, parts in zip(plan, parts_of_lines, strict=True):
        if not parts:
            raise BadInputError(f"{line.path.name}: {line.text[:40]!r} leaves nothing to say")
    return [tuple(parts) for parts in parts_of_lines]


def speech_json(speech: Speech) -> dict[str, Any]:
    """Makes what `talepress say --json` prints."""
    return {
        "voice": speech.voice,
        "preset": speech.preset,
        "seed": speech.seed,
        "sample_rate": speech.sample_rate,
        "audio_seconds": round(speech.audio_seconds, 3),
        "wall_seconds": round(speech.wall_seconds, 3),
        "rtf": round(speech.wall_seconds / speech.audio_seconds, 3),
        "files": [
            {
                "path": str(file.path),
                "text": file.text,
                "seconds": round(file.seconds, 3),
                "rtf": round(file.rtf, 3),
                "hit_length_cap": file.hit_length_cap,
            }
            for file in speech.files
        ],
    }


def _speak(
    services: Services,
    parts_of_lines: Sequence[Sequence[SayPart]],
    voice: VoiceLatents,
    sampling: Sampling,
    seed: int,
) -> Iterator[tuple[SpeechResult, float]]:
    """Yields every part's result in order, with its share of the wall time; a batch is spoken when it is asked for.

    The first batches are small, so that a person soon knows how fast it goes.
    """
    flat = [part for parts in parts_of_lines for part in parts]
    size = 1
    while flat:
        requests = [SpeechRequest(part.spoken, voice, sampling, seed) for part in flat[:size]]
        flat = flat[size:]
        size = min(2 * size, services.settings.synthesize.batch_size)
        began = time.perf_counter()
        results = services.speaker.speak(requests)
        wall = time.perf_counter() - began
        samples = sum(len(result.audio) for result in results)
        for result in results:
            yield result, wall * len(result.audio) / samples


def _read_lines(path: Path) -> list[str]:
    """Reads the lines of a text file. Raises `BadInputError` for one that cannot be read, is too large or no UTF-8."""
    try:
        if path.stat().st_size > MAX_LINES_BYTES:
            raise BadInputError(f"{path} has more than {MAX_LINES_BYTES} bytes; cut it into several files")
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise BadInputError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path} is not a UTF-8 text file") from error


def _write(line: SayLine, parts: Sequence[SayPart], results: Sequence[SpeechResult], wall: float) -> SpokenFile:
    """Joins the parts of a line and writes its file, complete or not at all."""
    rate = results[0].sample_rate
    audio = [results[0].audio]
    for before, result in zip(parts, results[1:], strict=False):
        audio += [np.zeros(round(before.pause_s * rate), np.float32), result.audio]
    joined = np.concatenate(audio)
    write_wav(line.path, joined, rate)
    capped = any(result.hit_length_cap for result in results)
    return SpokenFile(line.path, line.text, len(joined) / rate, wall * rate / len(joined), capped)
