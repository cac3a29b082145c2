"""What the rest of the world sees of a speech model: requests in, audio out.

An engine's voices and sampling settings are its own affair: nobody else looks into them. This module must stay
importable without PyTorch; it knows nothing of books, files or databases.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

import numpy as np

from tortoise_core.errors import ConfigError

# A voice as an engine's networks see it: arrays by name, (1, width) float32. `Engine.voice_widths` says which names
# and widths an engine needs. NumPy's: only an engine with networks makes tensors of them.
VoiceLatents: TypeAlias = Mapping[str, np.ndarray]


# Of a sampling setting that came after the first keys were made: `field(default=..., metadata=ADDED_LATER)`.
ADDED_LATER: Mapping[str, bool] = MappingProxyType({"added_later": True})


class Sampling(Hashable, Protocol):
    """Everything that shapes a take besides text, voice, model and seed.

    A frozen dataclass of plain values (text, numbers, flags), made by the engine that is to speak with it. Others
    compare it, pickle it, and write `sampling_values` of it into keys and manifests.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


def sampling_values(settings: Sampling) -> dict[str, object]:
    """Lists the settings by name, as keys and manifests have them.

    One that is `ADDED_LATER` is left out while it has its default, so that what was spoken before keeps its key.
    """
    return {
        field.name: getattr(settings, field.name)
        for field in fields(settings)
        if not (field.metadata.get("added_later") and getattr(settings, field.name) == field.default)
    }


@dataclass(frozen=True, eq=False)
class SpeechRequest:
    """One utterance to speak."""

    text: str  # normalised text; the engine's own text front-end does the rest
    voice: VoiceLatents
    settings: Sampling
    seed: int  # 0 <= seed < 2**63; the result depends on this and on nothing else of the batch
    keep: int = 1  # how many of the candidates to make audible, where the engine samples several


@dataclass(frozen=True, eq=False)
class SpeechResult:
    """One spoken utterance. `audio` is float32 mono in [-1, 1], shape (samples,)."""

    audio: np.ndarray
    sample_rate: int
    hit_length_cap: bool = False  # the model was stopped by its length limit and did not end by itself
    rank: float = 0.0  # the higher, the better the engine likes this among all results for the same text
    spelled: float | None = None  # log-likelihood, in nats, that the speech spells the text; None: nothing measures it
    others: tuple[SpeechResult, ...] = ()  # the next best candidates, best first: `keep - 1`, or as many as there are


@runtime_checkable
class FrontEnd(Protocol):
    """What can be known of a model without its networks: text, limits, presets, languages, digest."""

    @property
    def digest(self) -> str:
        """sha256 over the weights, the model configuration and the code-format version."""

    @property
    def max_text_tokens(self) -> int:
        """Most text tokens that one request may hold."""

    @property
    def languages(self) -> Collection[str]:
        """The languages that the model speaks: primary subtags of BCP 47, as "en"."""

    @property
    def presets(self) -> Sequence[str]:
        """The names of the model's presets, the cheapest first."""

    def token_count(self, text: str) -> int:
        """Text tokens that `text` becomes (0 for text that leaves nothing to say)."""

    def most_tokens(self, text: str) -> int:
        """A number that `token_count` of the text does not exceed, and that number itself above `max_text_tokens`.

        For checking the limit: it may be far quicker to know.
        """

    def settings(self, preset: str, **changes: object) -> Sampling:
        """The sampling settings of a preset, some of them changed.

        Raises `ConfigError` for an unknown preset, naming those that there are, and for a setting that the engine
        does not have.
        """

    def relative_work(self, settings: Sampling) -> float:
        """The work that a text costs under these settings, in a unit of the engine's own: only ratios mean anything."""


@runtime_checkable
class Engine(FrontEnd, Protocol):
    """Speaks. Implemented by `TorToiseEngine` and, for tests of the pipeline, by `FakeEngine`."""

    @property
    def sample_rate(self) -> int:
        """Samples per second of every result."""

    @property
    def voice_widths(self) -> Mapping[str, int]:
        """The tensors that a voice must have, and how wide each is."""

    def speak(self, requests: Sequence[SpeechRequest]) -> list[SpeechResult]:
        """Speaks all requests, in order. Raises `TextError`, `OutOfMemoryError`, `ConfigError`: see `check_voice`."""

    def stream(self, request: SpeechRequest) -> Iterator[np.ndarray]:
        """Speaks one request chunk by chunk, float32 (samples,) each, the first before the last is made.

        Raises as `speak`.
        """

    def voice_from_clips(self, clips: Sequence[Path]) -> VoiceLatents:
        """Latents of the speaker of the clips. Raises `AudioError`."""

    def random_voice(self, seed: int) -> VoiceLatents:
        """Latents of a speaker that nobody is, the same for the same seed. Raises `ConfigError` where none is made."""


def check_voice(voice: VoiceLatents, widths: Mapping[str, int]) -> None:
    """Raises `ConfigError` for a voice that another model made: without an array of those names and widths."""
    given = {name: array.shape for name, array in voice.items()}
    wanted = {name: (1, width) for name, width in widths.items()}
    if any(given.get(name) != shape for name, shape in wanted.items()):
        raise ConfigError(
            f"the voice was made by another model (latents {_listed(given)}, this one needs {_listed(wanted)}): "
            "make it again from its clips with `talepress voice add`"
        )


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Names and shapes in words: "auto 1 x 1024, diffusion 1 x 2048"."""
    return ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in sorted(shapes.items())) or "none"
