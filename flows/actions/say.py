"""Speaks single texts to WAV files, in batches, straight through the engine: what `talepress say` does.

Texts are normalised as a book's are; one that is too long for one utterance is cut where a book's would be, and its
parts are joined with their pauses. A text may begin with a direction, as in "[I am really sad,] Please feed me." Knows
nothing of takes or Prefect.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from configs.settings import SegmentSettings
from flows.progress import Listener, Pace, Progress
from flows.services import Services
from storage.records import Block, BlockKind, Book, Chapter, Markup, MarkupKind
from tasks.align.direction import cut_direction
from tasks.disk import require_writable
from tasks.errors import BadInputError
from tasks.ingest.language import require_language
from tasks.pauses import pause_seconds
from tasks.segment.script import write_script
from tasks.synthesize.wav import write_wav
from tasks.voices.references import directed_text, parse_reference
from tortoise_core.inference.interface import SpeechRequest, SpeechResult, VoiceLatents, sampling_values

MAX_LINES_BYTES = 64 * 1024 * 1024
_DIRECTION = re.compile(r"\[(?P<direction>[^\[\]]*)\]\s*")


@dataclass(frozen=True)
class SayLine:
    """A text and the WAV file that it becomes, and the direction of its own that it is spoken with, or ""."""

    text: str
    path: Path
    direction: str = ""


@dataclass(frozen=True)
class SayPart:
    """What the engine speaks in one go: a line, or a part of a long one and the silence before the next part."""

    spoken: str
    pause_s: float
    voice: str  # a reference, see `tasks.voices.references`
    end: int  # characters of the line up to the end of the part


@dataclass(frozen=True, eq=False)
class _Reader:
    """A voice as its parts need it."""

    latents: VoiceLatents
    direction: str


@dataclass(frozen=True)
class SpokenFile:
    """A written WAV file. `rtf` is wall time per second of audio, of the batches that the line was in."""

    path: Path
    text: str
    seconds: float
    rtf: float
    hit_length_cap: bool
    candidate: int = 1  # its place among those that are kept of the line, the best is 1
    may_hold_direction: bool = False  # the direction was not cut out for certain


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
        return (say_line(text, out),)
    assert lines is not None
    require_writable(out)
    numbered = [(number, line.strip()) for number, line in enumerate(_read_lines(lines), start=1)]
    plan = tuple(say_line(line, out / f"{number:04d}.wav") for number, line in numbered if line)
    if not plan:
        raise BadInputError(f"{lines} has no line to speak")
    return plan


def say_line(text: str, path: Path) -> SayLine:
    """Parts a text from the direction in brackets at its beginning. Raises `BadInputError` where nothing else is there.

    What stands in the brackets is checked with the voice.
    """
    match = _DIRECTION.match(text.strip())
    if match is None:
        return SayLine(text.strip(), path)
    rest = text.strip()[match.end() :]
    if not rest:
        raise BadInputError(f"{text[:40]!r} is a direction, and no text follows it: what is in brackets is not heard")
    return SayLine(rest, path, match["direction"])


def speak_lines(
    services: Services,
    plan: Sequence[SayLine],
    listener: Listener,
    *,
    seed: int,
    candidates: int | None,
    force: bool,
    keep: int = 1,
) -> Speech:
    """Speaks all lines, batch by batch, and writes each as a mono 16-bit WAV file at the engine's sample rate.

    Of `keep` candidates the best becomes the file that the line names, the others files beside it: "line-2.wav". Those
    of a line in parts are the best of every part, the second of every part, and so on.

    Raises `UnknownVoiceError`, `BadInputError` for a text that leaves nothing to say or, without `force`, is in a
    language that the model does not speak, for a direction that cannot be spoken and for more to keep than candidates,
    `OutputError`; all but the last before anything is spoken.
    """
    sampling = services.sampling if candidates is None else services.sampling_with(candidates=candidates)
    made = sampling_values(sampling).get("candidates", 1)
    if isinstance(made, int) and keep > made:
        raise BadInputError(f"--keep {keep}: of each text {made} candidates are made; give --candidates {keep} or more")
    # A line is one utterance where it can be, so sentences are not separated for their own sake.
    whole = services.settings.segment.model_copy(update={"min_chars": services.settings.segment.max_chars})
    parts_of_lines = cut_lines(services, plan, whole, force=force)
    readers = {name: _reader(services, name) for name in sorted({p.voice for parts in parts_of_lines for p in parts})}
    engine = services.engine
    voice, _ = services.reader()
    names = [line.path.name for line, parts in zip(plan, parts_of_lines, strict=True) for _ in parts]
    flat = [part for parts in parts_of_lines for part in parts]

    def tell(done: int, seconds: float) -> None:
        share = sum(len(part.spoken) for part in flat[:done]) / sum(len(part.spoken) for part in flat)
        listener(Progress("speak", done, len(flat), names[min(done, len(names) - 1)], Pace(share, seconds)))

    requests = [_request(part, readers[part.voice], SpeechRequest("", {}, sampling, seed, keep)) for part in flat]
    spoken = _speak(services, requests, tell)
    files: list[SpokenFile] = []
    began = time.perf_counter()
    for line, parts in zip(plan, parts_of_lines, strict=True):
        timed = [next(spoken) for _ in parts]
        results = [result for result, _ in timed]
        files += _write_candidates(line, parts, results, sum(wall for _, wall in timed), readers)
    wall = time.perf_counter() - began
    return Speech(tuple(files), voice.name, services.settings.synthesize.preset, seed, engine.sample_rate, wall)


def cut_lines(
    services: Services, plan: Sequence[SayLine], lengths: SegmentSettings, *, force: bool
) -> list[tuple[SayPart, ...]]:
    """Cuts each line into the parts to speak, of these lengths: one, where the line is short enough.

    Raises `BadInputError` for a line that leaves nothing to say, for a direction that cannot be spoken, and, without
    `force`, for a text in a language that the model does not speak.
    """
    model = services.front_end
    settings = services.settings
    narrator = settings.synthesize.voice
    chapters = tuple(Chapter(n, "", (_block(line, narrator),)) for n, line in enumerate(plan))
    book = Book(title="", authors=(), language="", source_sha256="", chapters=chapters)
    if not force:
        require_language(book, "the text", model.languages)
    script = write_script(book, lengths, model.most_tokens, model.max_text_tokens, narrator)
    parts_of_lines: list[list[SayPart]] = [[] for _ in plan]
    for utterance in script.utterances:
        pause_s = pause_seconds(utterance, settings.stitch.pauses)
        part = SayPart(utterance.spoken, pause_s, utterance.voice or narrator, utterance.end)
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
                "candidate": file.candidate,
                "may_hold_direction": file.may_hold_direction,
            }
            for file in speech.files
        ],
    }


def _block(line: SayLine, narrator: str) -> Block:
    """Makes a paragraph of a line; its direction is markup, as it would be in a book. Raises `BadInputError`."""
    if not line.direction:
        return Block(BlockKind.PARAGRAPH, line.text)
    voice = str(parse_reference(narrator).directed(line.direction))
    return Block(BlockKind.PARAGRAPH, line.text, markup=(Markup(0, len(line.text), MarkupKind.VOICE, voice),))


def _reader(services: Services, name: str) -> _Reader:
    """Looks a voice up. Raises as `Services.voice`."""
    voice, latents = services.reader(name)
    return _Reader(latents, parse_reference(voice.name).direction)


def _speak(
    services: Services, requests: Sequence[SpeechRequest], tell: Callable[[int, float], None]
) -> Iterator[tuple[SpeechResult, float]]:
    """Yields every part's result in order, with its share of the wall time; a batch is spoken when it is asked for.

    The first batches are small, so that a person soon knows how fast it goes. `tell` is called before the first and
    after each of them with the number of parts that are spoken, and the seconds which that took.
    """
    size = 1
    done = 0
    seconds = 0.0
    tell(done, seconds)
    while done < len(requests):
        batch = requests[done : done + size]
        size = min(2 * size, services.settings.synthesize.batch_size)
        began = time.perf_counter()
        results = services.speaker.speak(batch)
        wall = time.perf_counter() - began
        done += len(batch)
        seconds += wall
        tell(done, seconds)
        samples = sum(len(result.audio) for result in results)
        for result in results:
            yield result, wall * len(result.audio) / samples


def _request(part: SayPart, reader: _Reader, like: SpeechRequest) -> SpeechRequest:
    return replace(like, text=directed_text(reader.direction, part.spoken), voice=reader.latents)


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


def _write_candidates(
    line: SayLine,
    parts: Sequence[SayPart],
    results: Sequence[SpeechResult],
    wall: float,
    readers: Mapping[str, _Reader],
) -> Iterator[SpokenFile]:
    """Writes the files of a line, of the best candidates first."""
    for number, candidates in enumerate(zip(*((result, *result.others) for result in results), strict=True), start=1):
        path = line.path if number == 1 else line.path.with_stem(f"{line.path.stem}-{number}")
        yield replace(_write(replace(line, path=path), parts, candidates, wall, readers), candidate=number)


def _write(
    line: SayLine,
    parts: Sequence[SayPart],
    results: Sequence[SpeechResult],
    wall: float,
    readers: Mapping[str, _Reader],
) -> SpokenFile:
    """Joins the parts of a line without their directions and writes its file, complete or not at all."""
    rate = results[0].sample_rate
    cuts = [
        cut_direction(result.audio, rate, readers[part.voice].direction, part.spoken)
        for part, result in zip(parts, results, strict=True)
    ]
    audio = [cuts[0].audio]
    for before, cut in zip(parts, cuts[1:], strict=False):
        audio += [np.zeros(round(before.pause_s * rate), np.float32), cut.audio]
    joined = np.concatenate(audio)
    write_wav(line.path, joined, rate)
    capped = any(result.hit_length_cap for result in results)
    unsure = not all(cut.is_sure for cut in cuts)
    seconds = len(joined) / rate
    return SpokenFile(line.path, line.text, seconds, wall / seconds, capped, may_hold_direction=unsure)
