"""Cuts timed speech into cues: what stands on the screen at one time. Must not know any file format.

The measures are those of broadcasters: two lines of 42 characters, 5/6 to 7 seconds, at most 20 characters a second
where the silence after it allows; cut behind punctuation, else before a conjunction or a preposition.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

LINE_CHARS = 42
CUE_CHARS = 2 * LINE_CHARS
SHORTEST_MS = 833
LONGEST_MS = 7000
CHARS_PER_S = 20
_CLOSED_GAP_MS = 250  # a shorter gap would flicker
_SENTENCE_ENDS = (".", "!", "?", "…")
_CLAUSE_ENDS = (",", ";", ":", "—", "–")
_CLOSING = "\"'”’)]»"
_OPENERS = frozenset({
    "and", "but", "or", "nor", "for", "so", "yet", "which", "who", "that", "when", "where", "while", "because",
    "if", "as", "than", "with", "in", "on", "at", "by", "from", "of", "to", "into", "over", "under", "after",
    "before", "through", "against", "between", "about", "without",
})  # fmt: skip


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class SpokenToken:
    """A word as it is shown, with its punctuation, and when it is spoken. Times in ms from the file's start."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class SpokenLine:
    """What one voice speaks in one go. `speaker` is "" for the narrator."""

    tokens: tuple[SpokenToken, ...]
    start_ms: int
    end_ms: int
    speaker: str = ""


@dataclass(frozen=True)
class Cue:
    """One or two lines of words that are shown together."""

    lines: tuple[tuple[SpokenToken, ...], ...]
    start_ms: int
    end_ms: int
    speaker: str = ""

    @property
    def text(self) -> str:
        """The words, with a line end between the lines."""
        return "\n".join(_joined(line) for line in self.lines)


def cues_of(spoken: Sequence[SpokenLine], file_end_ms: int) -> list[Cue]:
    """Makes the cues of a file of that length, in order, none overlapping another."""
    cues = [cue for line in spoken for cue in _cut(line)]
    limits = [*(cue.start_ms for cue in cues[1:]), file_end_ms]
    return [_held(cue, limit) for cue, limit in zip(cues, limits, strict=False)]


def _cut(line: SpokenLine) -> Iterator[Cue]:
    """Yields the cues of one line of speech: each fits, and shows its words while they are spoken."""
    for tokens, start, end in _parts(line.tokens, line.start_ms, line.end_ms):
        yield Cue(_two_lines(tokens), start, max(end, start + 1), line.speaker)


def _parts(
    tokens: tuple[SpokenToken, ...], start_ms: int, end_ms: int
) -> Iterator[tuple[tuple[SpokenToken, ...], int, int]]:
    """Halves words at the best place near the middle, and the halves again, until each part fits on the screen.

    Yields the words of each part, its start and its end.
    """
    if not tokens:
        return
    if len(tokens) == 1 or (end_ms - start_ms <= LONGEST_MS and _fits(tokens)):
        yield tokens, start_ms, end_ms
        return
    place = _best_place(tokens)
    yield from _parts(tokens[:place], start_ms, tokens[place - 1].end_ms)
    yield from _parts(tokens[place:], tokens[place].start_ms, end_ms)


def _fits(tokens: Sequence[SpokenToken]) -> bool:
    """Tells whether words fit into one line or two."""
    if len(_joined(tokens)) <= LINE_CHARS:
        return True
    return any(
        len(_joined(tokens[:place])) <= LINE_CHARS and len(_joined(tokens[place:])) <= LINE_CHARS
        for place in range(1, len(tokens))
    )


def _two_lines(tokens: tuple[SpokenToken, ...]) -> tuple[tuple[SpokenToken, ...], ...]:
    """Breaks words into two lines where one is too long. A single word that is too long stays whole."""
    if len(_joined(tokens)) <= LINE_CHARS or len(tokens) == 1:
        return (tokens,)
    fitting = [
        place
        for place in range(1, len(tokens))
        if len(_joined(tokens[:place])) <= LINE_CHARS and len(_joined(tokens[place:])) <= LINE_CHARS
    ]
    place = _best_place(tokens, fitting)
    return tokens[:place], tokens[place:]


def _best_place(tokens: Sequence[SpokenToken], places: Sequence[int] = ()) -> int:
    """Finds the place to cut at: as near to the middle as may be, and the more so the better it is."""
    half = len(_joined(tokens)) / 2
    ends = list(accumulate(len(token.text) + 1 for token in tokens))  # of each word, with the blank behind it

    def cost(place: int) -> float:
        off = abs(ends[place - 1] - 1 - half) / half
        before = tokens[place - 1].text.rstrip(_CLOSING)
        if before.endswith(_SENTENCE_ENDS):
            return off
        if before.endswith(_CLAUSE_ENDS):
            return off + 0.2
        return off + (0.6 if tokens[place].text.lower() in _OPENERS else 0.9)

    return min(places or range(1, len(tokens)), key=cost)


def _held(cue: Cue, limit_ms: int) -> Cue:
    """Keeps a cue on the screen until it can be read, and over a gap that would flicker; never beyond a limit."""
    wanted = max(cue.end_ms, cue.start_ms + SHORTEST_MS, cue.start_ms + len(cue.text) * 1000 // CHARS_PER_S)
    closes = limit_ms - wanted < _CLOSED_GAP_MS and limit_ms - cue.start_ms <= LONGEST_MS
    end = limit_ms if closes else min(wanted, limit_ms)
    return replace(cue, end_ms=max(end, cue.start_ms + 1))


def _joined(tokens: Sequence[SpokenToken]) -> str:
    return " ".join(token.text for token in tokens)
