"""Recognises headings and lists of contents in plain text. Must not know files, blocks or the shape of lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tasks.ingest.front_pages import title_rule
from tasks.ingest.plain.lines import Paragraph
from tasks.ingest.prose import is_prose, tells
from tasks.ingest.skips import SkipRule
from tasks.patterns import regexp

_CARDINALS = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORD_VALUES = {
    **{word: value for words in (_CARDINALS, _ORDINALS) for value, word in enumerate(words, start=1)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
    "thirtieth": 30,
    "hundred": 100,
    "last": 0,
}
_NUMBER_WORDS = "|".join(_WORD_VALUES)
_WORD_NUMBER = rf"(?:{_NUMBER_WORDS})\b(?:[-\s]+(?:and\s+)?(?:{_NUMBER_WORDS})\b)*"
_ROMAN = r"(?=[ivxlcdm])m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})\b"
_PARTS = "book|part|volume|vol\\.|canto|act|stave"
_SECTIONS = "chapter|chap\\.|ch\\.|scene|letter|section|story|lecture|fit"
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|{_WORD_NUMBER})"
_STRUCTURAL = regexp(
    rf"(?P<kind>{_PARTS}|{_SECTIONS})\s+(?:the\s+)?(?P<number>{_NUMBER})"
    r"(?:[ \t]*[-.:—–\n]+\s*(?P<title>.*)|[ \t]+(?P<title2>(?-i:[A-Z“\"]).*))?",
    re.I | re.S,
)
_NAMED = regexp(
    r"(?:(?:author's |translator's |editor's )?(?:preface|foreword|introduction|note)|prologue|epilogue|afterword|"
    r"conclusion|postscript|dedication|appendix(?: [a-z0-9]+)?|interlude|prelude)\b(?: to the .{3,40})?[.:]?",
    re.I,
)
_NUMERAL = regexp(
    r"(?P<number>(?=[IVXLC])C{0,3}(?:X[LC]|L?X{0,3})(?:I[XV]|V?I{0,3})|\d{1,3})(?P<dot>\.?)"
    r"(?:[ \t\n]+(?P<title>[A-Z“\"].*))?",
    re.S,
)
_PAGE = regexp(r"(?:\s*(?:\.\s*){2,}|\s*[…·_-]{2,}\s*|\s)(?:\d{1,4}|[ivxlc]{1,7})\s*$")
_ENTRY_START = regexp(rf"\s*(?:(?:{_PARTS}|{_SECTIONS})\s|\d{{1,3}}[.):\s]|[IVXLC]+[.):\s])", re.I)
_OPENING_QUOTES = ("“", "‘", '"', "'", "«", "„")
_LOUD_ENDS = frozenset({"the end", "finis", "end", "fin"})
_MAX_HEADING_CHARS = 120
_MAX_HEADING_LINES = 3
_MAX_ENTRY_CHARS = 95
_WORD = regexp(r"[^\W_]+(?:['’][^\W_]+)*")
_SMALL_WORDS = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "in",
        "on",
        "at",
        "to",
        "for",
        "by",
        "with",
        "from",
        "de",
        "la",
        "le",
        "von",
        "der",
    ]
)


@dataclass(frozen=True)
class Heading:
    """A heading taken apart: the kind of its number, the number's value, and the title behind it."""

    kind: str  # "part", "section", "numeral", "named"
    value: int  # 0 where there is no number that counts
    title: str
    word: str = ""  # of a part or section: "chapter", "act"


def heading_of(text: str) -> Heading | None:
    """Takes a paragraph apart that is a heading by its own wording; returns `None` for any other.

    Headings are "CHAPTER IV", "Chapter 4: The Sea", "XII.", "Preface".
    """
    text = text.strip("_=*# ")
    too_long = len(text) > _MAX_HEADING_CHARS or text.count("\n") >= _MAX_HEADING_LINES
    if too_long or text.rstrip().endswith((",", ";")):
        return None
    if match := _STRUCTURAL.fullmatch(text):
        if is_prose(match["title2"] or ""):
            return None  # "Chapter 9 Harry had never read."
        kind = "part" if re.match(_PARTS, match["kind"], re.I) else "section"
        title = (match["title"] or match["title2"] or "").strip()
        return Heading(kind, _value(match["number"]), title, match["kind"].lower())
    if _NAMED.fullmatch(text):
        return Heading("named", 0, "")
    match = _NUMERAL.fullmatch(text)
    title = ((match["title"] if match else "") or "").strip()
    if match is None or (match["number"].isdigit() and title and not match["dot"]):
        return None  # "1815 Waterloo" may be anything
    return Heading("numeral", _value(match["number"]), title)


def is_heading(text: str) -> bool:
    """Tells whether a paragraph is a chapter's heading by its own wording."""
    return heading_of(text) is not None


def is_loud(text: str) -> bool:
    """Tells whether all letters are capitals, as in titles; "THE END" is none."""
    letters = [c for c in text if c.isalpha()]
    return len(letters) > 1 and all(not c.islower() for c in letters) and _plain(text) not in _LOUD_ENDS


def is_title_case(text: str) -> bool:
    """Tells whether the words begin with capitals, small ones apart, and the text is no sentence and no speech."""
    words = [word for word in _WORD.findall(text) if word.lower() not in _SMALL_WORDS]
    capital = sum(1 for word in words if not word[0].islower())
    ends = text.rstrip('"”’_').endswith((".", ",", ";", ":", "!", "?", "…"))
    return bool(words) and capital >= 0.8 * len(words) and not ends and not text.lstrip("_").startswith(_OPENING_QUOTES)


def in_sequence(headings: Iterable[tuple[int, Heading]]) -> set[int]:
    """Returns the positions whose bare numbers count up from 1, as chapters' do and other numbers do not."""
    good: set[int] = set()
    chain: list[int] = []
    expected = 1
    for position, heading in headings:
        if heading.value == 1:
            good.update(chain if len(chain) > 1 else ())
            chain = [position]
            expected = 2
        elif heading.value == expected:
            chain.append(position)
            expected += 1
    return good | set(chain if len(chain) > 1 else ())


@dataclass(frozen=True)
class Contents:
    """A list of contents: the paragraphs `start:stop` that it takes up, and the keys of the headings that it names."""

    start: int
    stop: int
    keys: frozenset[str]


def find_contents(groups: Sequence[Paragraph]) -> Iterator[Contents]:
    """Yields the lists of contents, of illustrations and the like in a book."""
    at = 0
    known: set[str] = set()  # the keys of earlier lists
    while at < len(groups):
        lines = groups[at].clean_lines
        if title_rule(lines[0].strip("_=*# ")) != SkipRule.TABLE_OF_CONTENTS:
            at += 1
            continue
        stop, keys = _entries(groups, at, known)
        known |= keys
        if keys:  # else "Contents" is a chapter's title
            yield Contents(at, stop, frozenset(keys))
        at = max(stop, at + 1)


def keys_of(entry: str) -> set[str]:
    """Returns the keys by which an entry and its heading are known to be the same: the whole, its number, its title."""
    heading = heading_of(entry.strip())
    bare = heading is not None and not heading.title  # the number of "Chapter 12" is no page's
    text = entry if bare else _PAGE.sub("", entry)
    heading = heading_of(text.strip().rstrip(",;"))
    keys = {_plain(text)}
    if heading is not None and heading.kind != "named":
        keys.add(_plain(heading.title))
        if heading.value and heading.kind != "numeral":
            keys.add(f"{heading.kind} {heading.value}")
    return {key for key in keys if key and not key.isdigit()}


def _entry_keys(entry: str) -> set[str]:
    """Returns the keys of an entry in a list: "I. A Guest" also stands for the heading "CHAPTER I"."""
    keys = keys_of(entry)
    heading = heading_of(_PAGE.sub("", entry).strip().rstrip(",;"))
    if heading is not None and heading.kind == "numeral" and heading.value:
        keys.add(f"section {heading.value}")
    return keys


def _entries(groups: Sequence[Paragraph], start: int, known: set[str]) -> tuple[int, set[str]]:
    """Returns the position behind the list of contents that begins at `start`, and its keys.

    It ends where its first entry, or one of an earlier list, comes again, which is the first chapter itself; or before
    prose, and then before the headings over that prose which it names.
    """
    first: set[str] = set()
    named: list[tuple[int, set[str]]] = []
    lines = groups[start].clean_lines[1:]
    position = start
    while True:
        # 1. Take the entries of this paragraph.
        for line in _whole_entries(lines):
            keys = _entry_keys(line)
            first = first or keys
            named.append((position, keys))
        position += 1
        if position >= len(groups):
            break
        # 2. End before the first chapter itself, or another list.
        group = groups[position]
        here = keys_of(group.text) | keys_of(group.clean_lines[0])
        if (named and first & here) or known & here or title_rule(group.clean_lines[0]) == SkipRule.TABLE_OF_CONTENTS:
            break
        # 3. End before prose, and before the headings over it.
        if not _is_entry(group) or (len(named) > 1 and group.blank_before > 2 and not _ENTRY_START.match(group.text)):
            while position > start + 1 and (
                _names(named, position - 1, groups[position - 1]) or _is_first_head(groups, start, position - 1)
            ):
                position -= 1
            break
        lines = group.clean_lines
    return position, {key for at, keys in named if at < position for key in keys}


def _names(named: Sequence[tuple[int, set[str]]], position: int, group: Paragraph) -> bool:
    """Tells whether an earlier entry names this paragraph."""
    here = keys_of(group.text)
    return any(at < position and keys & here for at, keys in named)


def _is_first_head(groups: Sequence[Paragraph], start: int, position: int) -> bool:
    """Tells whether a paragraph of the list, right before prose, is the head over that prose, or the title in it.

    Such a head is the first of its kind in the list, and stands apart from it or counts one: "CHAPTER I" behind a list
    of pictures.
    """
    heads = [position, position - 1] if position - 1 > start else [position]
    for at in heads:
        heading = heading_of(groups[at].text)
        inner = max((group.blank_before for group in groups[start + 2 : at]), default=1)
        if heading is None or heading.kind == "numeral":
            continue
        if groups[at].blank_before <= inner and not (heading.word and heading.value == 1):
            continue
        earlier = (heading_of(line) for group in groups[start + 1 : at] for line in group.clean_lines)
        if not any(other is not None and other.word == heading.word for other in earlier):
            return True
    return False


def _whole_entries(lines: Sequence[str]) -> list[str]:
    """Returns the entries of one paragraph: its lines, or each two of them where numbers stand above their titles."""
    above = [heading_of(line) for line in lines[::2]]
    below = [heading_of(line) for line in lines[1::2]]
    is_pair = all(head is not None and head.value and not head.title for head in above) and not any(below)
    if lines and is_pair and len(above) == len(below):
        return ["\n".join(lines[at : at + 2]) for at in range(0, len(lines), 2)]
    return list(lines)


def _is_entry(group: Paragraph) -> bool:
    """Tells whether a paragraph may be a part of a list of contents: short lines, numbers, no sentences."""
    lines = group.clean_lines
    if any(len(line) > _MAX_ENTRY_CHARS for line in lines):
        return False
    if tells(group.text) and not _ENTRY_START.match(group.text):
        return False
    numbered = sum(1 for line in lines if _ENTRY_START.match(line) or _PAGE.search(line))
    if numbered * 3 >= len(lines):
        return True
    sentence = re.search(r"[.!?][”\"’_]*$", group.text) is not None
    return not sentence if len(lines) == 1 else not sentence and max(map(len, lines)) < 62


def _plain(text: str) -> str:
    """Returns the words of a text in lower case, without punctuation."""
    return " ".join(_WORD.findall(text.casefold().replace("_", " ")))


def in_words(value: int) -> str:
    """Returns a number from 1 to 99 in words: 21 is "twenty-one"."""
    if value < 20:
        return _CARDINALS[value - 1]
    tens = _TENS[value // 10 - 2]
    return f"{tens}-{_CARDINALS[value % 10 - 1]}" if value % 10 else tens


def _value(number: str) -> int:
    """Returns the value of a number in digits, Roman numerals or words; 0 where it is none that counts."""
    if number.isdigit():
        return int(number)
    values = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
    if set(number.lower()) <= set(values):
        digits = [values[letter] for letter in number.lower()]
        return sum(-d if d < max(digits[at:]) else d for at, d in enumerate(digits))
    total = 0
    for word in re.split(r"[-\s]+", number.lower()):
        value = _WORD_VALUES.get(word, 0)
        total = max(total, 1) * 100 if value == 100 else total + value
    return total
