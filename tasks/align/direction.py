"""Cuts a direction, which a voice said before a text to be in the mood, out of the speech. Must not know voices.

The networks of the embedded model listen, whatever the settings say of who listens for captions: what they hear
shapes takes, so it is part of the keys of takes, by way of the voice's digest.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tasks.align.words import SpellerTimer, WordTimer
from tasks.models.catalogue import SHIPPED_FOLDER
from tasks.voices.references import directed_text

DIRECTION_VERSION = 1  # raise it when the same speech would be cut at another place

_LISTENER = "tortoise_mini"  # the embedded model
_LEAD_S = 0.1  # of the pause before the text that may stay
_SLACK_S = 0.03  # by which a word without a pause before it may begin earlier or later than it is heard
_HOP_S = 0.005
_FADE_S = 0.005


@dataclass(frozen=True, eq=False)
class Cut:
    """Speech without its direction. Where `is_sure` is false, some of the direction, or all of it, may be left."""

    audio: np.ndarray  # float32 (samples,)
    is_sure: bool


def directed_digest(voice_digest: str, direction: str) -> str:
    """Computes the digest of a voice that speaks with a direction: of the voice, the direction, and who cuts it out."""
    parts = [voice_digest, direction, DIRECTION_VERSION, listener().digest]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@lru_cache(maxsize=1)
def listener() -> WordTimer:
    """Returns who hears where a text begins; its networks are loaded when it first listens, once in a process."""
    return SpellerTimer(SHIPPED_FOLDER / _LISTENER)


def cut_direction(audio: np.ndarray, sample_rate: int, direction: str, spoken: str) -> Cut:
    """Cuts off what is heard before the first word of a text: in the pause before it, with a short fade.

    Where the words cannot be heard nothing is cut, so that no word of the text is lost.

    Args:
        audio: of `directed_text(direction, spoken)`, mono float32 (samples,).
        sample_rate: in Hz.
        direction: without which the audio is as it was.
        spoken: the text.
    """
    if not direction:
        return Cut(audio, is_sure=True)
    words = listener().times(audio, sample_rate, directed_text(direction, spoken))
    before = [word for word in words if word.start < len(direction)]
    text = words[len(before) :]
    if not before or not text or text[0].is_estimated:
        return Cut(audio, is_sure=False)
    first = text[0].start_sample
    pause_begins = before[-1].end_sample
    slack = round(_SLACK_S * sample_rate)
    if has_pause := pause_begins < first:
        place = _quietest(audio, max(pause_begins, first - round(_LEAD_S * sample_rate)), first, sample_rate)
    else:
        place = _quietest(audio, first - slack, first + slack, sample_rate)
    kept = audio[place:].copy()
    fade = min(len(kept), round(_FADE_S * sample_rate))
    kept[:fade] *= np.linspace(0, 1, fade, endpoint=False, dtype=np.float32)
    return Cut(kept, is_sure=has_pause)


def _quietest(audio: np.ndarray, begin: int, end: int, sample_rate: int) -> int:
    """Finds the place in `[begin, end)` around which the sound has the least energy; of equals the last."""
    hop = round(_HOP_S * sample_rate)
    places = range(end, max(begin, hop) - 1, -hop)
    return min(places, key=lambda at: float(np.square(audio[at - hop : at]).sum()), default=max(begin, 0))
