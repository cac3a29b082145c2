"""Moves word times to where the sound says that a word begins and ends. Must not know texts or networks.

A recogniser hears a word a little after it has begun, and never how long its last vowel lasts. The loudness shows both
wherever there is a pause.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_HOP_S = 0.01
_LAG_S = 0.037  # by which a phone is heard after it has begun; measured, see docs/quality.md
_QUIET_DB = 40.0  # below the loud parts (95 % of the recording are quieter than those)
_LOUD_PERCENTILE = 95.0
_SHORTEST_GAP_S = 0.06  # a shorter quiet is the closure of a stop, inside a word
_FLOOR = 1e-8  # of the mean square; keeps digital silence finite in dB


@dataclass(frozen=True)
class Heard:
    """Where a recogniser hears a word: its first and its last phone, in seconds."""

    first_s: float
    last_s: float


def refine(audio: np.ndarray, sample_rate: int, heard: Sequence[Heard]) -> list[tuple[int, int]]:
    """Returns where each word starts and ends, in samples: in order, none overlapping, none empty.

    Args:
        audio: mono, (samples,), long enough for a sample of its own for each word.
        sample_rate: in Hz.
        heard: the words in order.
    """
    if not heard:
        return []
    quiet = _quiet(audio, sample_rate)
    loud = [hop for hop, is_quiet in enumerate(quiet) if not is_quiet]
    first_s = loud[0] * _HOP_S if loud else 0.0
    last_s = (loud[-1] + 1) * _HOP_S if loud else len(audio) / sample_rate
    starts = [min(first_s, heard[0].first_s)]
    ends: list[float] = []
    for before, after in itertools.pairwise(heard):
        gap = _longest_run(quiet, round(before.last_s / _HOP_S), round(after.first_s / _HOP_S))
        if gap is None:
            starts.append(after.first_s - _LAG_S)
            ends.append(starts[-1])
        else:
            ends.append(gap[0] * _HOP_S)
            starts.append(gap[1] * _HOP_S)
    ends.append(max(last_s, heard[-1].last_s))
    return _in_order(starts, ends, sample_rate, len(audio))


def _quiet(audio: np.ndarray, sample_rate: int) -> list[bool]:
    """Tells for each hop whether it is a pause. Shape: (samples,) to (hops,)."""
    hop = round(_HOP_S * sample_rate)
    squares = np.zeros(len(audio) + -len(audio) % hop)
    squares[: len(audio)] = audio
    np.square(squares, out=squares)
    levels = 10 * np.log10(squares.reshape(-1, hop).mean(1) + _FLOOR)
    quiet: list[bool] = (levels < np.percentile(levels, _LOUD_PERCENTILE) - _QUIET_DB).tolist()
    return quiet


def _longest_run(quiet: Sequence[bool], begin: int, end: int) -> tuple[int, int] | None:
    """Finds the longest run of quiet hops in `[begin, end)`; None where it is shorter than a gap between words."""
    longest: list[int] = []
    for is_quiet, run in itertools.groupby(range(max(begin, 0), min(end, len(quiet))), quiet.__getitem__):
        hops = list(run)
        if is_quiet and len(hops) > len(longest):
            longest = hops
    if not longest or len(longest) * _HOP_S < _SHORTEST_GAP_S - 1e-9:
        return None
    return longest[0], longest[-1] + 1


def _in_order(starts: Sequence[float], ends: Sequence[float], sample_rate: int, samples: int) -> list[tuple[int, int]]:
    """Makes samples of seconds, and keeps every word inside the recording and apart from its neighbours."""
    placed: list[tuple[int, int]] = []
    at = 0
    for number, (start_s, end_s) in enumerate(zip(starts, ends, strict=True)):
        left = len(starts) - number  # words still to place, a sample each at least
        start = min(max(round(start_s * sample_rate), at), samples - left)
        end = min(max(round(end_s * sample_rate), start + 1), samples - left + 1)
        placed.append((start, end))
        at = end
    return placed
