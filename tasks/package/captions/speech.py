"""Makes lines of speech of an edition's timeline, for one audio file of it. Must not know cues or formats."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.package.captions.cues import SpokenLine, SpokenToken
from tasks.package.timeline import AudioFile, TimedUtterance, Timeline
from tasks.voices.references import parse_reference

_TOKEN = re.compile(r"\S+")


def lines_in(timeline: Timeline, file: AudioFile, narrator: str) -> list[SpokenLine]:
    """Makes a line of each utterance in an audio file. Times are in ms from the file's start.

    Args:
        timeline: the edition's.
        file: which chapters it holds, and where.
        narrator: the name of the voice that needs no naming.
    """
    lines: list[SpokenLine] = []
    for held in file.chapters:
        for utterance in held.utterances(timeline.chapters[held.position]):
            start = milliseconds(utterance.start_sample + held.shift, timeline.sample_rate)
            end = milliseconds(utterance.end_sample + held.shift, timeline.sample_rate)
            tokens = _tokens(utterance, held.shift, timeline.sample_rate)
            if tokens:
                speaker = parse_reference(utterance.voice).name
                is_narrator = speaker == parse_reference(narrator).name
                lines.append(SpokenLine(tokens, start, end, "" if is_narrator else speaker))
    return lines


def milliseconds(samples: int, sample_rate: int) -> int:
    """Converts samples to the nearest millisecond; what lies before a file's start is at its start."""
    return max(0, round(samples * 1000 / sample_rate))


def _tokens(utterance: TimedUtterance, shift: int, sample_rate: int) -> tuple[SpokenToken, ...]:
    """Gives each word of the text, with its punctuation, the time of the words in it."""
    tokens: list[SpokenToken] = []
    at = utterance.start_sample
    for match in _TOKEN.finditer(utterance.text):
        first, last = _heard(utterance, match.span(), at)
        at = last
        start = milliseconds(first + shift, sample_rate)
        tokens.append(SpokenToken(match[0], start, milliseconds(last + shift, sample_rate)))
    return tuple(tokens)


def _heard(utterance: TimedUtterance, span: Sequence[int], at: int) -> tuple[int, int]:
    """Returns the samples in which a stretch of the text is heard; one without words follows what came before."""
    start = utterance.start + span[0]
    end = utterance.start + span[1]
    if not utterance.words:  # nobody has listened: in proportion to the characters
        samples = utterance.end_sample - utterance.start_sample
        length = max(len(utterance.text), 1)
        return (
            utterance.start_sample + samples * span[0] // length,
            utterance.start_sample + samples * span[1] // length,
        )
    words = [word for word in utterance.words if word.start < end and start < word.end]
    return (words[0].start_sample, words[-1].end_sample) if words else (at, at)
