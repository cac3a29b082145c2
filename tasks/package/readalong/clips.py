"""Gives every fragment of the text its clip of the audio. Must not know XHTML, zip archives or how words were timed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

TAIL_MS = 200  # of sound behind a chapter's last word


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class SpokenText:
    """A sentence or a word: where it stands in the book and when it is heard."""

    audio: int  # number of the audio file that it is heard in
    document: str  # path of the file in the archive that it stands in
    letters: str  # its characters there, as far as they are known
    places: tuple[int, ...]  # of those, see `tasks.ingest.html.places`
    start_ms: int  # from the start of the audio file
    end_ms: int
    text: str = ""  # all of it, for messages
    marks: tuple[tuple[int, int], ...] = field(default=(), repr=False)  # (place, ms) of the words in it


@dataclass(frozen=True)
class SpokenChapter:
    """What is heard in one audio file. Its texts are made when they are asked for: a long book's take much memory."""

    documents: frozenset[str]  # paths of the files in the archive that they stand in
    texts: Callable[[], Sequence[SpokenText]]  # in the order of speech


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class Clip:
    """A stretch of an audio file, never empty."""

    audio: int
    begin_ms: int
    end_ms: int


def clips_of(
    texts: Sequence[SpokenText], starts: Mapping[int, Sequence[int]], lengths_ms: Mapping[int, int]
) -> dict[tuple[int, int], Clip]:
    """Makes the clips: each lasts until the next one of its audio file begins, so that no light goes out in a pause.

    Args:
        texts: everything that is spoken, in the order of speech.
        starts: by index of a text, the first place of each of its fragments, in the order of the document. A text
            that has none still ends the clip before it.
        lengths_ms: of the audio files, by number.

    Returns:
        The clips by (index of the text, number of its fragment). A file with more fragments than milliseconds has none
            for its last ones.
    """
    by_audio: dict[int, list[int]] = {}
    for index, text in enumerate(texts):
        by_audio.setdefault(text.audio, []).append(index)
    clips: dict[tuple[int, int], Clip] = {}
    for audio, indexes in by_audio.items():
        events = sorted(event for index in indexes for event in _events(index, texts[index], starts.get(index, ())))
        end_ms = min(max(texts[index].end_ms for _, index, _ in events) + TAIL_MS, lengths_ms[audio])
        edges = _increasing([time for time, _, _ in events], end_ms)
        for (_, index, number), begin, end in zip(events, edges, [*edges[1:], end_ms], strict=True):
            if number >= 0 and begin < end:
                clips[index, number] = Clip(audio, begin, end)
    return clips


def _events(index: int, text: SpokenText, places: Sequence[int]) -> list[tuple[int, int, int]]:
    """Lists (ms, index, number) of each fragment of a text; of a text without one, its start and the number -1."""
    times = [_heard_at(text, place, number) for number, place in enumerate(places)]
    return [(time, index, number) for number, time in enumerate(times)] or [(text.start_ms, index, -1)]


def _heard_at(text: SpokenText, place: int, number: int) -> int:
    """Returns when the word at a place is heard; the first fragment begins with its text."""
    known = 0 if number == 0 or not text.marks else bisect_right(text.marks, place, key=lambda mark: mark[0])
    if number and not known:  # no word is known: in proportion to the characters
        passed = sum(other < place for other in text.places)
        return text.start_ms + (text.end_ms - text.start_ms) * passed // max(len(text.places), 1)
    return text.marks[known - 1][1] if known else text.start_ms


def _increasing(times: Iterable[int], end: int) -> list[int]:
    """Makes times that grow by a millisecond at least, and stay before the end where there is room."""
    edges: list[int] = []
    for time in times:
        edges.append(max(time, edges[-1] + 1) if edges else time)
    latest = end
    for at in range(len(edges) - 1, -1, -1):
        latest -= 1
        edges[at] = max(min(edges[at], latest), 0)
    return edges
