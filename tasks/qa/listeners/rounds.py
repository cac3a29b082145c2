"""How many further takes a doubtful utterance may get. Must not know why a take is doubted, but whether by ear."""

from __future__ import annotations

from dataclasses import dataclass

from configs.settings import QaSettings
from storage.hearing import Hearing
from tasks.qa.listeners.reasons import misheard


@dataclass(frozen=True)
class Rounds:
    """Numbers of retakes: of any doubt, and where the listener doubts."""

    usual: int
    by_ear: int

    @classmethod
    def of(cls, settings: QaSettings, preset: str) -> Rounds:
        """What the settings say for a preset: those that take their time spend it where the ear doubts."""
        return cls(settings.retakes, settings.retakes_by_ear.get(preset, settings.retakes))

    def retakes(self, hearing: Hearing | None) -> int:
        """How many retakes an utterance may get whose take was heard like this; None: nobody listened."""
        return self.by_ear if hearing is not None and misheard(hearing) else self.usual
