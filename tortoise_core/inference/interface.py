"""What the rest of the world sees of the model: requests in, audio out.

This module must stay importable without PyTorch; it knows nothing of books, files or databases.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    import torch  # for annotations alone: a plan is made without it


@dataclass(frozen=True)
class SamplingSettings:
    """Everything that shapes a take besides text, voice, model and seed. Defaults: `fast` (spec 6.3)."""

    candidates: int = 96  # rows of codes sampled per take; CLVP keeps the best
    temperature: float = 0.8
    top_k: int = 50
    top_p: float = 0.8
    repetition_penalty: float = 2.0
    max_codes: int = 500
    diffusion_steps: int = 80
    sampler: str = "ddim"  # a name of `diffusion.samplers.SAMPLERS`
    cond_free: bool = True
    cond_free_k: float = 2.0
    diffusion_temperature: float = 1.0


@dataclass(frozen=True, eq=False)
class VoiceLatents:
    """A voice as the networks see it.

    Shape: `auto` (1, D_ar), `diffusion` (1, 2 * C_diffusion), float32 on the CPU.
    """

    auto: torch.Tensor
    diffusion: torch.Tensor


@dataclass(frozen=True, eq=False)
class SpeechRequest:
    """One utterance to speak."""

    text: str  # normalised text; the engine's own text front-end does the rest
    voice: VoiceLatents
    settings: SamplingSettings
    seed: int  # 0 <= seed < 2**63; the result depends on this and on nothing else of the batch


@dataclass(frozen=True, eq=False)
class SpeechResult:
    """One spoken utterance. `audio` is float32 mono in [-1, 1], shape (samples,)."""

    audio: np.ndarray
    sample_rate: int
    codes: int  # speech codes kept
    hit_length_cap: bool  # no stop code before `max_codes`
    scores: dict[str, float] = field(default_factory=dict)  # {"clvp": ...} of the chosen candidate, by network


@runtime_checkable
class TextSide(Protocol):
    """What can be known of a model without its networks. Implemented by `TorToiseText` and by every engine."""

    @property
    def digest(self) -> str:
        """sha256 over the weights, the model configuration and the code-format version."""

    @property
    def max_text_tokens(self) -> int:
        """Most text tokens that one request may hold."""

    def token_count(self, text: str) -> int:
        """Text tokens that `text` becomes (0 for text that leaves nothing to say)."""

    def settings(self, preset: str) -> SamplingSettings:
        """The sampling settings of a preset of this model. Raises `ConfigError` for an unknown one."""


@runtime_checkable
class Engine(TextSide, Protocol):
    """Speaks. Implemented by `TorToiseEngine` and, for tests of the pipeline, by `FakeEngine`."""

    @property
    def sample_rate(self) -> int:
        """Samples per second of every result."""

    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """Speaks all requests, in order. Raises `TextError`, `OutOfMemoryError`."""

    def stream(self, request: SpeechRequest) -> Iterator[np.ndarray]:
        """Speaks one request chunk by chunk, float32 (samples,) each, the first before the last is made.

        Raises `TextError`, `OutOfMemoryError`.
        """

    def voice_from_clips(self, clips: Sequence[Path]) -> VoiceLatents:
        """Latents of the voice heard in the clips. Raises `AudioError`."""
