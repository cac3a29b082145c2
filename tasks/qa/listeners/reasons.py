"""What a hearing finds wrong, in plain words with the time. Must not know what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from storage.hearing import HeardWord, Hearing, HowHeard
from tasks.qa.listeners.listener import MISHEARD
from tortoise_core.text.notation import respelled

MOST_REASONS = 4  # that are said of one take


def misheard(hearing: Hearing) -> tuple[HeardWord, ...]:
    """Lists the words that were not said as written."""
    return tuple(word for word in hearing.words if word.how in MISHEARD)


def reasons_of(words: Sequence[HeardWord], spoken: str) -> tuple[str, ...]:
    """Says what was heard of misheard words, the first few of them singly."""
    reasons = [reason_of(word, spoken) for word in words[:MOST_REASONS]]
    if len(words) > MOST_REASONS:
        reasons.append(f"may have misread {len(words) - MOST_REASONS} words more")
    return tuple(reasons)


def reason_of(word: HeardWord, spoken: str) -> str:
    """Says what was heard of a word: "may have dropped 'lantern' at 0:03".

    Args:
        word: one that was misheard.
        spoken: the text of the take.
    """
    text = respelled(spoken[word.start : word.end]).strip(' .,;:!?"')
    at = f"at {int(word.start_s // 60)}:{int(word.start_s % 60):02d}"
    if word.how is HowHeard.MISSING:
        return f"may have dropped {text!r} {at}"
    if word.how is HowHeard.ADDED:
        return f"may have said {text!r} twice {at}" if text else f"may have added {word.heard or 'sounds'!r} {at}"
    said = f" as {word.heard!r}" if word.heard else " unclearly"
    return f"may have said {text!r}{said} {at}"
