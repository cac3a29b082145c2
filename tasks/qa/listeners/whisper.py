"""A second opinion by Whisper, through faster-whisper (the extra `listen`): any CTranslate2 model, by name or folder.

It writes down what it hears without knowing the text; `sound.py` compares. Must not know how doubts are weighed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from tasks.align.words import at_rate
from tasks.errors import BadInputError
from tasks.qa.listeners.listener import Sound
from tasks.qa.listeners.sound import Comparison, Opinions, Written

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

    from tortoise_core.inference.evidence import Evidence

NAME = "whisper"
RATE_HZ = 16_000
BEAM = 1


class WhisperOpinion:
    """Implements `SecondOpinion`. Raises `BadInputError` where faster-whisper is not installed."""

    def __init__(self, model: str) -> None:
        """Args: `model`: the name of a model that can be downloaded, or a folder that holds one."""
        try:
            import faster_whisper  # noqa: F401
        except ImportError as error:
            raise BadInputError(
                f'listening by "{NAME}:{model}" needs the package faster-whisper: install it with '
                '`pip install talepress[listen]`, or set qa.listen = "built-in"'
            ) from error
        self._name = model
        self._comparison = Comparison()
        self.digest = f"{NAME} {version('faster-whisper')} {model}"

    @cached_property
    def _model(self) -> WhisperModel:
        from faster_whisper import WhisperModel

        try:
            return WhisperModel(self._name, device="cpu", compute_type="int8", cpu_threads=1)
        except (OSError, ValueError, RuntimeError) as error:  # of its hub and CTranslate2
            raise BadInputError(
                f"there is no Whisper model {self._name!r} ({error}): name the folder of a CTranslate2 model "
                'as qa.listen = "whisper:FOLDER", or a model that this machine can download'
            ) from error

    def hear(self, sound: Sound, evidence: Evidence) -> Opinions:
        """See `SecondOpinion`."""
        spans = [(word.start, word.end) for word in evidence.words]
        return self._comparison.compare(sound.spoken, spans, self.transcribe(sound))

    def transcribe(self, sound: Sound) -> Sequence[Written]:
        """Writes down what is heard, a word at a time, with the time of its segment."""
        audio = np.ascontiguousarray(at_rate(sound.audio, sound.sample_rate, RATE_HZ))
        segments, _ = self._model.transcribe(
            audio, language="en", beam_size=BEAM, condition_on_previous_text=False, without_timestamps=True
        )
        return [
            Written(word, segment.start, segment.end)
            for segment in segments
            for word in segment.text.replace("-", " ").replace("—", " ").split()
        ]
