"""An engine without a network, for tests of the pipeline and for measuring orchestration.

It owns speech-like test audio (voiced syllables, word gaps, quiet edges) whose length follows the text, and a set of
faults that can be ordered per text, so that retakes, retries and back-off can be tested. Like every engine it knows
nothing of books, files or databases; the audio is not speech and must never be offered to a listener as such. Must do
without PyTorch: it is its own front-end.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import soundfile

from tortoise_core.errors import AudioError, ConfigError, OutOfMemoryError, TextError
from tortoise_core.inference.engine_kind import EngineKind
from tortoise_core.inference.interface import Sampling, SpeechRequest, SpeechResult, VoiceLatents, sampling_values
from tortoise_core.inference.presets import SamplingSettings, own_settings

SAMPLE_RATE = 24_000
CHARS_PER_SECOND = 14.0
MAX_TEXT_TOKENS = 400
EDGE_SECONDS = 0.12  # quiet that the "model" leaves before and after the words
DIGEST = hashlib.sha256(b"talepress fake engine 1").hexdigest()
# TorToise's settings, so that keys, manifests and overrides are tried with what users have.
PRESETS: Mapping[str, SamplingSettings] = {
    "ultra_fast": SamplingSettings(candidates=1, diffusion_steps=1, cond_free=False),
    "fast": SamplingSettings(candidates=2, diffusion_steps=2),
    "standard": SamplingSettings(candidates=4, diffusion_steps=4),
    "high_quality": SamplingSettings(candidates=4, diffusion_steps=8),
}


class Misbehaviour(StrEnum):
    """What can go wrong with the rendering of one text."""

    SILENCE = "silence"  # nothing is heard
    CLIPPING = "clipping"  # driven far over full scale
    TOO_LONG = "too_long"  # five times as long as the text asks for
    LENGTH_CAP = "length_cap"  # no stop code: loud to the very end
    TRANSIENT = "transient"  # an I/O error that goes away
    SLOW = "slow"  # takes longer by the engine's `slowness_s`


@dataclass(frozen=True)
class Fault:
    """Orders a misbehaviour for every request whose text contains `text`, the first `times` such requests only."""

    kind: Misbehaviour
    text: str = ""  # "" is in every text
    times: int | None = None  # None: always


class FakeEngine:
    """Implements `tortoise_core.inference.interface.Engine` without a network.

    Audio depends on the request alone. Faults with a `times` limit are counted per engine and in order of requests, so
    only they can make two renderings of one request differ.
    """

    def __init__(
        self,
        faults: Sequence[Fault] = (),
        *,
        max_batch: int | None = None,
        seconds_per_request: float = 0.0,
        slowness_s: float = 0.5,
    ) -> None:
        """Makes an engine.

        Args:
            faults: what goes wrong, for which texts.
            max_batch: more requests than this at once run out of memory.
            seconds_per_request: time that `speak` sleeps for each request, in seconds.
            slowness_s: additional sleep for a request under a `SLOW` fault, in seconds.
        """
        self._faults = tuple(faults)
        self._max_batch = max_batch
        self._seconds_per_request = seconds_per_request
        self._slowness_s = slowness_s
        self._used: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.batch_sizes: list[int] = []  # of every call of `speak`, for tests that count work

    @classmethod
    def from_description(cls, description: str) -> FakeEngine:
        """Builds an engine from JSON, so that one setting can make a whole pipeline misbehave.

        Args:
            description: `{"faults": [{"kind": "silence", "text": "dragon", "times": 1}], "max_batch": 4,
                "seconds_per_request": 0.1, "slowness_s": 0.5}`; every key may be left out. A text that is not a JSON
                object (the name of a real model) describes the well-behaved engine.

        Raises:
            ConfigError: an unknown key or misbehaviour.
        """
        if not description.lstrip().startswith("{"):
            return cls()
        try:
            options = json.loads(description)
            faults = [Fault(Misbehaviour(item.pop("kind")), **item) for item in options.pop("faults", [])]
            return cls(faults, **options)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ConfigError(f"fake engine: cannot understand {description!r} ({error})") from error

    @property
    def sample_rate(self) -> int:
        """Samples per second of every result."""
        return SAMPLE_RATE

    @property
    def digest(self) -> str:
        """The fake model's digest; it has no weights, so this is a constant."""
        return DIGEST

    @property
    def max_text_tokens(self) -> int:
        """Most text tokens that one request may hold."""
        return MAX_TEXT_TOKENS

    def token_count(self, text: str) -> int:
        """About two characters a token, as the real tokenizer's average; 0 for text without a letter or digit."""
        return (len(text.strip()) + 1) // 2 if any(char.isalnum() for char in text) else 0

    def most_tokens(self, text: str) -> int:
        """The same."""
        return self.token_count(text)

    @property
    def languages(self) -> frozenset[str]:
        """English alone, as the real models."""
        return frozenset({"en"})

    @property
    def presets(self) -> tuple[str, ...]:
        """The names of the presets, the cheapest first."""
        return tuple(PRESETS)

    def settings(self, preset: str, **changes: object) -> SamplingSettings:
        """See `interface.FrontEnd`."""
        if preset not in PRESETS:
            raise ConfigError(f"the fake engine has no preset {preset!r}: use one of {', '.join(PRESETS)}")
        return PRESETS[preset].changed(changes)

    def relative_work(self, settings: Sampling) -> float:
        """See `interface.FrontEnd`."""
        return own_settings(settings).work

    @property
    def voice_widths(self) -> dict[str, int]:
        """None: tests make voices of any names and widths, and all of them count."""
        return {}

    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """Speaks all requests, in order. Raises `TextError`, `OutOfMemoryError`, `ConnectionError` (under a fault)."""
        self.batch_sizes.append(len(requests))
        if self._max_batch is not None and len(requests) > self._max_batch:
            raise OutOfMemoryError(f"fake engine: {len(requests)} requests, memory for {self._max_batch}")
        return [self._speak_candidates(request) for request in requests]

    def stream(self, request: SpeechRequest) -> Iterator[np.ndarray]:
        """Speaks one request in chunks of a quarter of a second. Raises as `speak`."""
        audio = self.speak([request])[0].audio
        for start in range(0, len(audio), SAMPLE_RATE // 4):
            yield audio[start : start + SAMPLE_RATE // 4]

    def voice_from_clips(self, clips: Sequence[Path]) -> VoiceLatents:
        """Latents that depend on the clips' samples alone: auto (1, 8), diffusion (1, 16). Raises `AudioError`."""
        digest = hashlib.sha256()
        for clip in clips:
            try:
                digest.update(soundfile.read(clip, dtype="float32")[0].tobytes())
            except (OSError, soundfile.SoundFileError) as error:
                raise AudioError(f"{clip}: cannot be read as audio ({error})") from error
        return _latents(list(digest.digest()))

    def random_voice(self, seed: int) -> VoiceLatents:
        """Latents that depend on the seed alone, of the same sizes."""
        return _latents([seed])

    def _speak_candidates(self, request: SpeechRequest) -> SpeechResult:
        """The result of a request, with as many others as are to be kept of its candidates."""
        best = self._speak_one(request)
        kept = min(request.keep, own_settings(request.settings).candidates)
        others = (self._speak_one(replace(request, seed=request.seed + number)) for number in range(1, kept))
        return replace(best, others=tuple(replace(o, rank=best.rank - n) for n, o in enumerate(others, 1)))

    def _speak_one(self, request: SpeechRequest) -> SpeechResult:
        tokens = self.token_count(request.text)
        if not 0 < tokens <= MAX_TEXT_TOKENS:
            raise TextError(f"{request.text[:40]!r}: {tokens} text tokens, this model takes 1 to {MAX_TEXT_TOKENS}")
        kinds = self._faults_for(request.text)
        time.sleep(self._seconds_per_request + (self._slowness_s if Misbehaviour.SLOW in kinds else 0.0))
        if Misbehaviour.TRANSIENT in kinds:
            raise ConnectionError(f"fake engine: transient error at {request.text[:40]!r}")
        audio = _babble(request, stretch=5.0 if Misbehaviour.TOO_LONG in kinds else 1.0)
        if Misbehaviour.SILENCE in kinds:
            audio = np.zeros_like(audio)
        if Misbehaviour.CLIPPING in kinds:
            audio = np.clip(20.0 * audio, -1.0, 1.0)
        if Misbehaviour.LENGTH_CAP in kinds:
            audio = audio[: -int(2 * EDGE_SECONDS * SAMPLE_RATE)]
        return SpeechResult(
            audio=audio,
            sample_rate=SAMPLE_RATE,
            hit_length_cap=Misbehaviour.LENGTH_CAP in kinds,
            rank=float(_generator(request, "score").uniform()),
        )

    def _faults_for(self, text: str) -> set[Misbehaviour]:
        """The misbehaviours that are due for a text; each use of a limited fault is counted."""
        with self._lock:
            active = [
                number
                for number, fault in enumerate(self._faults)
                if fault.text in text and (fault.times is None or self._used[number] < fault.times)
            ]
            self._used.update(active)
        return {self._faults[number].kind for number in active}


def _latents(seed: Sequence[int]) -> VoiceLatents:
    values = np.random.default_rng(seed).standard_normal(24).astype(np.float32)
    return {"auto": values[None, :8], "diffusion": values[None, 8:]}


def _generator(request: SpeechRequest, purpose: str) -> np.random.Generator:
    """Random numbers that depend on everything in the request and on nothing else."""
    digest = hashlib.sha256(purpose.encode())
    digest.update(json.dumps([request.text, request.seed, sampling_values(request.settings)], sort_keys=True).encode())
    for name in sorted(request.voice):
        digest.update(request.voice[name].tobytes())
    return np.random.default_rng(list(digest.digest()))


def _babble(request: SpeechRequest, stretch: float) -> np.ndarray:
    """Makes voiced syllables, with word gaps where the text has spaces.

    Shape: (samples,), `round(stretch * len(text) / CHARS_PER_SECOND * 24000) + 2 * edge`, float32, peak about 0.4.
    """
    random = _generator(request, "audio")
    text = request.text.strip()
    spoken = max(1, round(stretch * len(text) / CHARS_PER_SECOND * SAMPLE_RATE))
    edge = int(EDGE_SECONDS * SAMPLE_RATE)
    seconds = np.arange(spoken) / SAMPLE_RATE
    pitch_hz = random.uniform(90, 180) * (1 + 0.08 * np.sin(2 * np.pi * random.uniform(0.3, 0.8) * seconds))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
    voiced = sum(np.sin(k * phase + random.uniform(0, 6)) / k for k in range(1, 9))
    syllables = 0.65 + 0.35 * np.sin(2 * np.pi * random.uniform(3.5, 5.0) * seconds)
    letters = np.array([0.0 if char.isspace() else 1.0 for char in text])
    words = np.interp(np.linspace(0, len(text) - 1, spoken), np.arange(len(text)), letters)
    ramp = np.minimum(1.0, np.minimum(np.arange(spoken), np.arange(spoken)[::-1]) / (0.005 * SAMPLE_RATE))
    audio = random.normal(0, 1e-4, spoken + 2 * edge)  # a recording's noise floor, about -80 dBFS
    audio[edge : edge + spoken] += 0.16 * voiced * syllables * words * ramp
    return audio.astype(np.float32)


FAKE = EngineKind(
    front_end=FakeEngine.from_description,
    load=lambda description, device, precision: FakeEngine.from_description(description),
    precision=lambda wanted, device: "float32",  # it makes the same tones everywhere
    model_folders=False,
    has_networks=False,
)
