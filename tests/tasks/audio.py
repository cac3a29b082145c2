"""Made-up audio and records for the tests of the stages."""

import hashlib
import re
from pathlib import Path

import numpy as np
import soundfile

from storage.artifacts import ArtifactStore
from storage.records import ChosenTake, PauseKind, Take, Utterance, Verdict, VoiceRecord, WordTime
from tasks.synthesize.render import encode_flac
from tasks.voices.latents import digest_latents, pack_latents
from tortoise_core.inference.interface import VoiceLatents

RATE = 24_000


def tone(seconds: float, peak: float = 0.3, hz: float = 220.0, rate: int = RATE) -> np.ndarray:
    """A sine, float32."""
    return (peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def write_clip(path: Path, seconds: float = 4.0, peak: float = 0.3) -> Path:
    """A recording in the format that the path's suffix names."""
    soundfile.write(path, tone(seconds, peak), RATE)
    return path


def latents() -> VoiceLatents:
    """Latents of odd small sizes."""
    return {
        "auto": np.arange(5.0, dtype=np.float32)[None],
        "diffusion": np.arange(7.0, dtype=np.float32)[None] / np.float32(3),
    }


def stored_voice(store: ArtifactStore, name: str = "ann") -> VoiceRecord:
    """A voice whose latents are in the store."""
    return VoiceRecord(name, digest_latents(latents()), store.put_bytes(pack_latents(latents())))


def utterance(index: int, pause: PauseKind = PauseKind.SENTENCE, chapter: int = 0, heading: bool = False) -> Utterance:
    """An utterance with a text of its own."""
    text = f"Words number {index}."
    return Utterance(chapter, index, index, 0, len(text), text, text, pause, heading)


def take(store: ArtifactStore, audio: np.ndarray, name: str = "", rate: int = RATE) -> Take:
    """A take whose audio is in the store; its key follows from name and audio."""
    data = encode_flac(audio, rate)
    key = hashlib.sha256(name.encode() + data).hexdigest()
    return Take(key, key, 0, 1, store.put_bytes(data), rate, len(audio), Verdict.OK)


def cue(store: ArtifactStore, audio: np.ndarray, index: int = 0, pause: PauseKind = PauseKind.SENTENCE) -> ChosenTake:
    """An utterance with its take."""
    return ChosenTake(utterance(index, pause, heading=index == 0), take(store, audio, str(index)))


class SlowWords:
    """Hears a word every quarter of a second, with a pause of half of it before each, or nobody at all."""

    digest = "slow words"

    def __init__(self, hears=True):
        self._hears = hears

    def times(self, audio, sample_rate, spoken):
        step = sample_rate // 4
        return tuple(
            WordTime(match.start(), match.end(), n * step + step // 2, (n + 1) * step, not self._hears)
            for n, match in enumerate(re.finditer(r"\S+", spoken))
        )
