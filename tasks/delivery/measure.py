"""Measures a finished audio file, whoever made it: decoded as listeners hear it, tags and header as shops read them.

It works in blocks, so memory does not grow with the file. Must not know limits, nor which shop asks.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
from mutagen import MutagenError
from mutagen.mp3 import BitrateMode

from tasks.errors import BadInputError
from tasks.master.meters import SILENT_DBTP, LoudnessMeter, TruePeakMeter, loudness_of
from tasks.package.audio.ffmpeg import ffmpeg_path

BLOCK_FRAMES = 1 << 16
STEPS_PER_SECOND = 100  # levels are looked at every 10 ms
FLOOR_STEPS = 50  # the quietest half second, as tools of shops and editors look for it
SPEECH_DB = 25.0  # what is not further than this below the file's RMS is speech
PAUSE_STEPS = 30  # a stretch without speech of this length is a pause
MARGIN_STEPS = 5  # of a pause at either end, where speech dies away

Span = tuple[float, float]  # seconds


@dataclass(frozen=True)
class Measured:
    """What a file is and how it sounds. Levels in dB relative to full scale."""

    path: Path
    format: str  # by its name: "mp3"
    bitrate_mode: str  # "constant", "variable", "lossless"
    bitrate_kbps: float
    channels: int
    sample_rate: int  # Hz
    seconds: float
    rms_dbfs: float
    peak_dbfs: float
    true_peak_dbtp: float
    lufs: float
    lufs_per_ear: float  # what mono sounds like from two loudspeakers: 3 LU more; of stereo, as `lufs`
    floor_dbfs: float  # of the quietest half second
    pauses_dbfs: float  # of all pauses together
    head_s: float  # before the first speech
    tail_s: float  # after the last
    tags: tuple[str, ...]  # those of title, album, artist, that it has

    @property
    def channel_kbps(self) -> float:
        """The bit rate that each channel has."""
        return self.bitrate_kbps / self.channels


def measure_file(path: Path, pauses: Sequence[Span] = (), *, ffmpeg: str = "") -> Measured:
    """Reads a file's header and tags, decodes it and measures it.

    Args:
        path: an audio file of any format that ffmpeg decodes.
        pauses: where nothing is spoken, if that is known; else pauses are found by their level.
        ffmpeg: which one, see `ffmpeg_path`.

    Raises `BadInputError` for what is no audio file.
    """
    info, tags = _header(path)
    rate = int(getattr(info, "sample_rate", 48_000))  # mutagen gives none for Opus, which always decodes to 48 kHz
    channels = int(info.channels)
    meters = [LoudnessMeter(rate) for _ in range(channels)]
    peaks = [TruePeakMeter() for _ in range(channels)]
    levels = _Levels(rate)
    highest = 0.0
    for block in _decoded(path, channels, rate, ffmpeg):
        levels.add(block)
        highest = max(highest, float(np.abs(block).max(initial=0.0)))
        for number in range(channels):
            meters[number].add(block[:, number])
            peaks[number].add(block[:, number])
    if not levels.frames:
        raise BadInputError(f"{path}: has no audio in it: name an audio file")
    lufs = loudness_of(meters)
    head, tail = levels.ends()
    return Measured(
        path=path,
        format=path.suffix.lower().lstrip("."),
        bitrate_mode=_mode(info),
        bitrate_kbps=round(getattr(info, "bitrate", 0) / 1000, 1),
        channels=channels,
        sample_rate=rate,
        seconds=levels.frames / rate,
        rms_dbfs=levels.rms(),
        peak_dbfs=_db(highest**2),
        true_peak_dbtp=max(meter.dbtp() for meter in peaks),
        lufs=lufs,
        lufs_per_ear=lufs + (3.01 if channels == 1 else 0.0),
        floor_dbfs=levels.floor(),
        pauses_dbfs=levels.pauses(pauses),
        head_s=head,
        tail_s=tail,
        tags=tags,
    )


class _Levels:
    """The mean square of every 10 ms of a file, and what follows from them."""

    def __init__(self, rate: int) -> None:
        self.frames = 0
        self._step = rate // STEPS_PER_SECOND
        self._rate = rate
        self._energy = 0.0
        self._rest = np.zeros(0)
        self._steps: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Takes the next frames, shape (frames, channels)."""
        squares = np.mean(np.square(block, dtype=np.float64), axis=1)
        self.frames += len(squares)
        self._energy += float(squares.sum())
        joined = np.concatenate([self._rest, squares])
        whole = len(joined) - len(joined) % self._step
        self._steps.append(joined[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = joined[whole:]

    def rms(self) -> float:
        """The level of the whole file."""
        return _db(self._energy / self.frames)

    def floor(self) -> float:
        """The level of the quietest half second; of all, where it is shorter."""
        steps = self._all()
        if len(steps) < FLOOR_STEPS:
            return self.rms()
        sums = np.concatenate([[0.0], np.cumsum(steps)])
        return _db(max(float(np.min(sums[FLOOR_STEPS:] - sums[:-FLOOR_STEPS])), 0.0) / FLOOR_STEPS)

    def ends(self) -> Span:
        """Seconds before the first and after the last speech."""
        loud = np.flatnonzero(self._is_speech())
        if not len(loud):
            return self.frames / self._rate, self.frames / self._rate
        return loud[0] / STEPS_PER_SECOND, self.frames / self._rate - (loud[-1] + 1) / STEPS_PER_SECOND

    def pauses(self, known: Sequence[Span]) -> float:
        """The level of the pauses that are known, or of those that are found; of the quietest half second without."""
        steps = self._all()
        inside = np.zeros(len(steps), dtype=bool)
        for start, end in known or self._found():
            inside[round(start * STEPS_PER_SECOND) : round(end * STEPS_PER_SECOND)] = True
        return _db(float(steps[inside].mean())) if inside.any() else self.floor()

    def _found(self) -> list[Span]:
        quiet = np.concatenate([[False], ~self._is_speech(), [False]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(quiet))
        return [
            ((start + MARGIN_STEPS) / STEPS_PER_SECOND, (end - MARGIN_STEPS) / STEPS_PER_SECOND)
            for start, end in zip(edges[::2], edges[1::2], strict=True)
            if end - start >= PAUSE_STEPS
        ]

    def _is_speech(self) -> np.ndarray:
        return self._all() > self._energy / self.frames * 10 ** (-SPEECH_DB / 10)

    def _all(self) -> np.ndarray:
        self._steps = [np.concatenate(self._steps)] if self._steps else [np.zeros(0)]
        return self._steps[0]


def _header(path: Path) -> tuple[Any, tuple[str, ...]]:
    """Reads what mutagen knows of a file: its header, and which of title, album and artist it has."""
    try:
        file = mutagen.File(path, easy=True)
    except (MutagenError, OSError) as error:
        raise BadInputError(f"{path} cannot be read as audio: {error}") from error
    if file is None:
        raise BadInputError(f"{path} is no audio file that is known: name MP3, M4B, FLAC, Opus or WAV files")
    tags = file.tags or {}
    if path.suffix.lower() == ".wav":  # which has no easy names
        return file.info, tuple(n for n, f in (("title", "TIT2"), ("album", "TALB"), ("artist", "TPE1")) if f in tags)
    return file.info, tuple(name for name in ("title", "album", "artist") if tags.get(name))


def _mode(info: Any) -> str:
    """Says whether a file has one bit rate throughout."""
    if hasattr(info, "bitrate_mode"):
        return "constant" if info.bitrate_mode == BitrateMode.CBR else "variable"
    return "lossless" if hasattr(info, "bits_per_sample") and not hasattr(info, "codec") else "variable"


def _decoded(path: Path, channels: int, rate: int, ffmpeg: str) -> Iterator[np.ndarray]:
    """Yields the decoded frames as blocks of shape (frames, channels), float32."""
    command = [ffmpeg_path(ffmpeg), "-v", "error", "-i", f"file:{path}", "-map", "0:a:0"]
    command += ["-f", "f32le", "-ac", str(channels), "-ar", str(rate), "-"]
    size = 4 * channels * BLOCK_FRAMES
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        while data := process.stdout.read(size):
            yield np.frombuffer(data[: len(data) - len(data) % (4 * channels)], dtype="<f4").reshape(-1, channels)
        messages = process.stderr.read().decode("utf-8", "replace")
    if process.returncode:
        reason = re.sub(r"\s+", " ", messages).strip()[-200:]
        raise BadInputError(f"{path} cannot be decoded: {reason}")


def _db(energy: float) -> float:
    return float(10 * np.log10(energy)) if energy > 0 else SILENT_DBTP
