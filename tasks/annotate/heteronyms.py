"""Decides words that are spelled alike and pronounced differently (read, lead, live, wind) by their context.

A rule looks at the few words next to it. Where none is sure the front-end's own reading stands, and the place is listed
for the user, who can decide it with a lexicon or with markup. Must not know how phones become sound.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from storage.records import Block, BlockKind, Book, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.annotate.vocabulary import SAYING_KINDS
from tortoise_core.text.lexicon import Phones
from tortoise_core.text.notation import inlined

_CONTEXT_CHARS = 60  # on both sides, for the rules to look at
_SHOWN_CHARS = 30  # on both sides, for the user to know the place by
_EXAMPLES = 3

_ADVERB = (
    r"(?:(?:\w+ly|not|never|ever|also|just|then|always|often|soon|even|still|only|all|both|now|quite|"
    r"really|rather|well)\s+){0,2}"
)
_MODAL = (
    r"\b(?:to|will|would|can|could|shall|should|may|might|must|cannot|let\s+(?:us|me|him|her|them)|do|does|did|"
    r"(?:do|does|did|wo|would|ca|could|should|must|need)n['’]t|(?:I|you|we|they|he|she|it)['’]ll|please)\s+" + _ADVERB
)
_SUBJECT = r"\b(?:I|you|we|they|who|people|men|women|folk|folks|those|both)\s+" + _ADVERB
_ARTICLE = r"\b(?:the|an?|this|that|these|those|my|your|his|her|its|our|their|whose|no|any|some|every|each|another)\s+"
_NOUN = _ARTICLE + r"(?:(?!and\b|or\b|to\b|of\b|who\b|that\b|which\b)\w+\s+)?"
_HAVE = r"\b(?:have|has|had|having|['’]ve|be|been|being|was|were|is|are|am|got|gets?|well)\s+" + _ADVERB
_HE = r"\b(?:he|she|it|who|nobody|everybody|everyone)\s+" + _ADVERB


_CLAUSE_GOES_ON = (
    r"\s*(?:[^\w\s]|$)|\s+(?:later|ago|before|after|or|and|to|of|longer|more|I|he|she|it|they|we|you|when|that|the|his|"
    r"her|in|for|by|past|at|on|hand|but|with|as|if|than|while|until|till|from|passed|then)\b"
)
_PATTERNS = {
    "adverb": _ADVERB,
    "modal": _MODAL,
    "subject": _SUBJECT,
    "noun": _NOUN,
    "have": _HAVE,
    "he": _HE,
    "clause_goes_on": _CLAUSE_GOES_ON,
}


@dataclass(frozen=True)
class _Reading:
    """One way to say a word, and the patterns of the text before it and after it that call for it."""

    phonemes: str  # in their notation, with the respelling
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None

    def fits(self, before: str, after: str) -> bool:
        return (self.before is None or self.before.search(before) is not None) and (
            self.after is None or self.after.match(after) is not None
        )


@lru_cache(maxsize=1)
def _readings() -> dict[str, tuple[_Reading, ...]]:
    """Reads the table `heteronyms.tsv`. What front-ends get right alone ("to use", "the record") is not in it."""
    found: dict[str, list[_Reading]] = defaultdict(list)
    for line in Path(__file__).with_suffix(".tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            word, phones, respelling, before, after = (*line.split("\t"), "", "")[:5]
            before = _fill_in(before)
            after = _fill_in(after)
            if after.startswith("="):  # the whole pattern
                after = after[1:]
            elif after:  # words
                after = rf"\s+(?:{after})\b"
            reading = _Reading(
                f"{{{phones}|{respelling}}}",
                re.compile(rf"(?:{before})$", re.I) if before else None,
                re.compile(after, re.I) if after else None,
            )
            found[word].append(reading)
    return {word: tuple(readings) for word, readings in found.items()}


def listed_readings() -> dict[str, frozenset[Phones]]:
    """Returns the ways to say each word of the table."""
    return {
        word: frozenset(phones for reading in readings for phones in inlined(reading.phonemes))
        for word, readings in _readings().items()
    }


def _fill_in(pattern: str) -> str:
    for name, meaning in _PATTERNS.items():
        pattern = pattern.replace(f"{{{name}}}", meaning)
    return pattern


@dataclass
class OpenHeteronyms:
    """Places that no rule decided: how many for each word, with a few of them."""

    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, word: str, place: str) -> None:
        """Counts a place and keeps it if it is one of the first."""
        self.counts[word] += 1
        if len(self.places[word]) < _EXAMPLES:
            self.places[word].append(place)


def decide_heteronyms(book: Book) -> tuple[Book, OpenHeteronyms]:
    """Marks the heteronyms that a rule decides, and returns the book with those that no rule decided."""
    undecided = OpenHeteronyms()
    chapters = []
    for chapter in book.chapters:
        blocks = tuple(_mark_block(block, undecided) for block in chapter.blocks)
        chapters.append(replace(chapter, blocks=blocks))
    return replace(book, chapters=tuple(chapters)), undecided


@lru_cache(maxsize=1)
def _word() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(_readings())})(?![\w-]|['’]\w)", re.I)


def _mark_block(block: Block, undecided: OpenHeteronyms) -> Block:
    if block.kind == BlockKind.SCENE_BREAK:
        return block
    notes = list(_notes(block, undecided))
    return with_markup(block, notes) if notes else block


def _notes(block: Block, undecided: OpenHeteronyms) -> Iterator[Markup]:
    text = block.text
    for match in _word().finditer(text):
        start, end = match.span()
        if any(n.start < end and start < n.end and n.kind in SAYING_KINDS for n in block.markup):
            continue
        before = text[max(0, start - _CONTEXT_CHARS) : start]
        after = text[end : end + _CONTEXT_CHARS]
        word = match[0].lower()
        reading = next((reading for reading in _readings()[word] if reading.fits(before, after)), None)
        if reading is not None:
            yield Markup(start, end, MarkupKind.PHONEMES, reading.phonemes)
        else:
            undecided.add(word, _around(text, start, end))


def _around(text: str, start: int, end: int) -> str:
    """Returns a stretch of text with the whole words around it, for people."""
    first = max(0, start - _SHOWN_CHARS)
    last = end + _SHOWN_CHARS
    before = text[first:start]
    after = text[end:last]
    if first and not text[first - 1].isspace():
        before = before.partition(" ")[2]
    if last < len(text) and not text[last].isspace():
        after = after.rpartition(" ")[0]
    return " ".join(f"{before}{text[start:end]}{after}".split())
