"""Renders the takes of `make quality PARTS=ears` as a run would, and keeps them. Must not know who will listen."""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from flows.services import Services
from tasks.synthesize.edges import trim_edges
from tasks.synthesize.keys import seed_of, take_key
from tasks.synthesize.level import level_speech
from tasks.voices.catalogue import shipped_voices
from tasks.voices.latents import unpack_latents
from tortoise_core.inference.interface import SpeechRequest, VoiceLatents

BATCH = 16


@dataclass(frozen=True)
class Wanted:
    """A take to render: by whom, what is spoken, and the number of the take among those of the text."""

    voice: str
    spoken: str
    attempt: int = 0

    def key(self, model_digest: str) -> str:
        """The name under which it is kept."""
        text = hashlib.sha256(f"{model_digest} {self.voice} {self.spoken}".encode()).hexdigest()
        return take_key(text, self.attempt)


@dataclass(frozen=True, eq=False)
class Rendered:
    """A take as stitching would get it, mono (samples,), and how the engine ranks it."""

    audio: np.ndarray
    sample_rate: int
    rank: float
    path: Path


class Studio:
    """Renders what is wanted, once: by the model's digest, voice, text and number."""

    def __init__(self, services: Services, folder: Path) -> None:
        self._services = services
        self._folder = folder
        self._voices: dict[str, VoiceLatents] = {}

    def render(self, wanted: Sequence[Wanted]) -> list[Rendered]:
        """Returns the takes in the order asked for; those that are not there yet are spoken first."""
        digest = self._services.front_end.digest
        self._folder.mkdir(parents=True, exist_ok=True)
        absent = [take for take in dict.fromkeys(wanted) if not self._path(take.key(digest)).exists()]
        queue = iter(sorted(absent, key=lambda take: len(take.spoken)))
        while batch := list(islice(queue, BATCH)):
            self._speak(batch, digest)
        return list(self._read([self._path(take.key(digest)) for take in wanted]))

    def _speak(self, batch: Sequence[Wanted], digest: str) -> None:
        settings = self._services.sampling
        keys = [take.key(digest) for take in batch]
        requests = [
            SpeechRequest(take.spoken, self._voice(take.voice), settings, seed_of(key))
            for take, key in zip(batch, keys, strict=True)
        ]
        begun = time.process_time()
        results = self._services.engine.speak(requests)
        share = (time.process_time() - begun) / sum(len(result.audio) for result in results)
        for take, key, result in zip(batch, keys, results, strict=True):
            audio = level_speech(trim_edges(result.audio, result.sample_rate), result.sample_rate)
            file = io.BytesIO()
            soundfile.write(file, np.clip(audio, -1, 1), result.sample_rate, format="FLAC", subtype="PCM_16")
            about = {"voice": take.voice, "spoken": take.spoken, "attempt": take.attempt, "rank": result.rank}
            about["cpu_seconds"] = share * len(result.audio)
            self._path(key).with_suffix(".json").write_text(json.dumps(about), "utf-8")
            self._path(key).write_bytes(file.getvalue())

    def _read(self, paths: Sequence[Path]) -> Iterator[Rendered]:
        for path in paths:
            audio, rate = soundfile.read(path, dtype="float32")
            yield Rendered(audio, rate, json.loads(path.with_suffix(".json").read_text("utf-8"))["rank"], path)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key[:24]}.flac"

    def _voice(self, name: str) -> VoiceLatents:
        if name not in self._voices:
            file = next(shipped.path for shipped in shipped_voices() if shipped.name == name)
            self._voices[name] = unpack_latents(file.read_bytes(), name)
        return self._voices[name]
