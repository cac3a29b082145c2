"""The words of markup: its attributes in HTML, their values, and what is wrong with a value.

All that the ingest stage may know of markup. Must not know blocks, rules of normalisation or how a stretch is spoken.
"""

from __future__ import annotations

import unicodedata

from storage.records import Markup, MarkupKind, PauseKind
from tasks.voices.references import direction_problem
from tortoise_core.errors import TextError
from tortoise_core.text.notation import ALPHABETS, INLINE, phones_of

MAX_PAUSE_S = 60.0
SAY_AS = ("characters", "digits", "cardinal", "ordinal", "year", "date", "telephone")
# The kinds of markup that say how a stretch is pronounced: of two in one place, the first holds.
SAYING_KINDS = frozenset({MarkupKind.PHONEMES, MarkupKind.RESPELL, MarkupKind.SAY_AS})
ATTRIBUTE_PREFIX = "data-talepress-"
SKIP_ATTRIBUTE = ATTRIBUTE_PREFIX + "skip"
# What stands behind `ATTRIBUTE_PREFIX`, and the kind of markup that it makes (docs/markup.md).
ATTRIBUTES = {
    "pause": MarkupKind.PAUSE,
    "voice": MarkupKind.VOICE,
    "direct": MarkupKind.DIRECTION,
    "say": MarkupKind.RESPELL,
    "say-as": MarkupKind.SAY_AS,
    **dict.fromkeys(ALPHABETS, MarkupKind.PHONEMES),
}
_OF_ANY_TEXT = frozenset({"characters", "date"})  # the other ways of SAY_AS need a digit
_SPOKEN_SIGNS = frozenset("#%&@§©°¶")  # beside signs of currency and mathematics


def pause_problem(value: str) -> str:
    """Says why a value is no pause: neither seconds nor the name of a kind of pause; "" if it is one."""
    if value in list(PauseKind):
        return ""
    try:
        seconds = float(value)
    except ValueError:
        return f"a pause is a number of seconds or one of {', '.join(PauseKind)}"
    return "" if 0 <= seconds <= MAX_PAUSE_S else f"a pause lasts 0 to {MAX_PAUSE_S:.0f} seconds"


def markup_problem(text: str, note: Markup) -> str:
    """Says why the marked `text` cannot be spoken as `note` asks; "" if it can, or if the note asks no such thing."""
    if note.kind == MarkupKind.PHONEMES and not INLINE.fullmatch(note.value):
        alphabet, _, phonemes = note.value.partition(":")
        try:
            phones_of(alphabet, phonemes)
        except TextError as error:
            return str(error)
    if note.kind == MarkupKind.DIRECTION:
        return direction_problem(note.value)
    if note.kind == MarkupKind.SAY_AS and note.value not in SAY_AS:
        return f"{note.value!r} is no way to say something: use {', '.join(SAY_AS)}"
    speakable = True
    if note.kind == MarkupKind.RESPELL:
        speakable = _has_words(note.value)
    elif note.kind == MarkupKind.SAY_AS:
        speakable = _has_words(text) if note.value in _OF_ANY_TEXT else any(map(str.isdecimal, text))
    return "" if speakable else f"{text!r} cannot be said as {note.value!r}"


def _has_words(text: str) -> bool:
    """Whether a text holds a letter, a digit, or a sign that has a name of its own."""
    return any(
        character.isalnum() or character in _SPOKEN_SIGNS or unicodedata.category(character) in ("Sc", "Sm")
        for character in text
    )
