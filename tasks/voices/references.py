"""How a voice is asked for: by its name, or by its name and a direction, "joe [I am really sad,]".

A direction is said before a text, so that the text is said in its mood, and is cut out of the speech
(`tasks/align/direction.py`). Must not know which voices there are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.errors import BadInputError

MAX_DIRECTION_CHARS = 60
_REFERENCE = re.compile(r"(?P<name>[^\[\]]*?)\s*\[(?P<direction>[^\[\]]*)\]")
_MARKS = ",.;:!?"  # each of them makes a voice pause
_WORDS_AND_MARKS = re.compile(rf"(?:[^\W\d_]|['\s{_MARKS}-])+")


@dataclass(frozen=True)
class VoiceReference:
    """The name of a voice, and what it says first to be in the mood; "" where it just speaks."""

    name: str
    direction: str = ""

    def __str__(self) -> str:
        return f"{self.name} [{self.direction}]" if self.direction else self.name

    def directed(self, direction: str) -> VoiceReference:
        """Returns the same voice with another direction. Raises `BadInputError` as `parse_reference`."""
        if problem := direction_problem(direction):
            raise BadInputError(f"[{direction}]: {problem}")
        return VoiceReference(self.name, _tidied(direction))


def parse_reference(text: str) -> VoiceReference:
    """Reads a reference to a voice. Raises `BadInputError` for a direction that cannot be spoken."""
    match = _REFERENCE.fullmatch(text.strip())
    return VoiceReference(text) if match is None else VoiceReference(match["name"]).directed(match["direction"])


def direction_problem(text: str) -> str:
    """Says why a text is no direction; "" if it is one."""
    words = text.replace("’", "'").strip()
    if len(words) > MAX_DIRECTION_CHARS:
        return f"a direction has at most {MAX_DIRECTION_CHARS} characters: say it in fewer words"
    if not _WORDS_AND_MARKS.fullmatch(words) or not any(map(str.isalpha, words)):
        return "a direction is words and commas, as they are to be spoken: no digits, no other signs"
    return ""


def directed_text(direction: str, spoken: str) -> str:
    """Returns what a voice is to say for a text with a direction, which may be ""."""
    return f"{direction} {spoken}" if direction else spoken


def _tidied(direction: str) -> str:
    """Writes a direction with single spaces and one mark at its end: without one, no pause would part it from the text.

    Three dots make none either, so one is left.
    """
    words = " ".join(direction.replace("’", "'").split())
    stem = words.rstrip(f"{_MARKS} -")
    return stem + (words[len(stem) :].strip(" -")[:1] or ",")
