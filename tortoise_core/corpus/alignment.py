"""Aligns text tokens with speech codes: the target of the guided-attention loss. Knows nothing of networks.

The teacher says which phones it spoke and when; our own front-end may read a word a little differently. The two rows of
phones are matched by their longest common blocks, and each token gets the times of the phones that match it.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

from tortoise_core.corpus.teachers import PAUSE, SAMPLE_RATE, SAMPLES_PER_CODE, Phone

# Vowels that the teacher's lexicon and ours confuse without either being wrong.
_SAME = {"ax": "ah", "ih": "ah", "uh": "ah", "ao": "aa", "axr": "er"}


def align_codes(
    symbols: Sequence[str], is_phone: Sequence[bool], phones: Sequence[Phone], codes: int
) -> np.ndarray | None:
    """Finds the token that is spoken at the middle of each code; None where the two readings differ too much.

    Args:
        symbols: our tokens of the utterance: phones (ARPAbet, stress digits allowed), spaces and punctuation.
        is_phone: which of them are phones.
        phones: the teacher's phones with end times in seconds, pauses included.
        codes: how many codes the utterance has.

    Shape: (codes,), int64: indices into `symbols`, never decreasing.
    """
    ours = [(index, plain_phone(symbol)) for index, symbol in enumerate(symbols) if is_phone[index]]
    theirs = [(index, plain_phone(phone.name)) for index, phone in enumerate(phones) if phone.name != PAUSE]
    if not ours or not theirs:
        return None
    matcher = SequenceMatcher(None, [name for _, name in ours], [name for _, name in theirs], autojunk=False)
    if matcher.ratio() < 0.75:
        return None
    token_of = _match(matcher, [index for index, _ in ours], [index for index, _ in theirs])
    targets = np.zeros(codes, dtype=np.int64)
    ends = np.array([phone.end_s for phone in phones])
    middles = (np.arange(codes) + 0.5) * SAMPLES_PER_CODE / SAMPLE_RATE
    current = 0
    spoken_at = np.empty(len(phones), dtype=np.int64)
    for index, phone in enumerate(phones):
        if phone.name == PAUSE:  # the silence belongs to the punctuation or space after the last phone, if any
            after = current + 1
            spoken_at[index] = after if index > 0 and after < len(symbols) and not is_phone[after] else current
        else:
            current = max(current, token_of.get(index, current))
            spoken_at[index] = current
    at = np.minimum(np.searchsorted(ends, middles), len(phones) - 1)
    targets[:] = spoken_at[at]
    return np.maximum.accumulate(targets)


def _match(matcher: SequenceMatcher[str], ours: list[int], theirs: list[int]) -> dict[int, int]:
    """Maps teacher phone indices to our token indices; blocks of unequal length are spread evenly."""
    token_of: dict[int, int] = {}
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "insert":  # the teacher says more: it belongs to our last token
            for b in range(b0, b1):
                token_of[theirs[b]] = ours[max(0, a0 - 1)]
            continue
        for b in range(b0, b1):
            token_of[theirs[b]] = ours[a0 + (b - b0) * (a1 - a0) // (b1 - b0)]
    return token_of


def plain_phone(name: str) -> str:
    """Returns a phone's name without stress, and one name for vowels that readers confuse."""
    plain = name.rstrip("012").lower()
    return _SAME.get(plain, plain)
