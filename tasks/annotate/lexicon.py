"""Reads the user's pronunciation lexicons (TOML, CSV) and marks the words of a book by them.

The forms are described in docs/lexicons.md. Must not know how phonemes are spoken, nor which book is read by which run.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

import regex

from storage.records import Block, BlockKind, Book, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.annotate.readers import value_between
from tasks.annotate.vocabulary import ALPHABETS, SAYING_KINDS, markup_problem
from tasks.errors import BadInputError
from tasks.patterns import regexp
from tasks.voices.references import parse_reference
from tortoise_core.plain_data import parse_toml

_FORMS = ("word", "phrase", "regex")
_KEYS = frozenset({*_FORMS, "say", *ALPHABETS, "case"})
_CASES = ("smart", "exact", "any")
_WORD = regexp(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = regexp(r"['’]s$", re.I)
_PATTERN_S = 2.0  # seconds for one pattern in one paragraph
_SHOWN_CHARS = 40  # of a paragraph in a message
_GROUP = regexp(r"\\(?:\d+|g<\w+>)")  # in a replacement


class Scope(IntEnum):
    """How narrow a lexicon is; the narrower one wins."""

    GLOBAL = 0
    SERIES = 1
    BOOK = 2
    VOICE = 3


@dataclass(frozen=True)
class Entry:
    """One pronunciation: what to say for a word, a phrase, or whatever a regular expression finds."""

    written: str
    kind: MarkupKind  # RESPELL or PHONEMES
    value: str
    case: str = "smart"
    pattern: regex.Pattern[str] | None = None
    scope: Scope = Scope.GLOBAL
    voice: str = ""  # of a lexicon of scope VOICE: the only voice that it is for
    place: str = ""  # file and line, for messages

    def allows_case(self, text: str) -> bool:
        """Tells whether `text`, which equals the entry but for case, is written as its case rule allows.

        "smart": small letters match any case; an entry with a capital matches as written and all in capitals.
        """
        if self.case == "any" or _plain(text) == _plain(self.written):
            return True
        return self.case == "smart" and (self.written.islower() or text.isupper())


@dataclass(frozen=True)
class Lexicon:
    """The entries of one file, and its subject: a series, a book (title or identifier) or a voice."""

    entries: tuple[Entry, ...]
    scope: Scope = Scope.GLOBAL
    subject: str = ""
    source: str = ""

    def is_for(self, book: Book, series: str) -> bool:
        """Tells whether the lexicon is for the book. One of scope BOOK that names no book is for any."""
        if self.scope == Scope.SERIES:
            return bool(series) and _same(self.subject, series)
        if self.scope == Scope.BOOK and self.subject:
            return any(_same(self.subject, name) for name in (book.title, book.identifier, book.source_sha256) if name)
        return True


def read_lexicon(path: Path) -> Lexicon:
    """Reads a lexicon file, `.toml` or `.csv`. Raises `BadInputError` that names the line."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"lexicon {path} cannot be read: {error}") from error
    if path.suffix.lower() == ".csv":
        return _from_csv(text, path.name)
    if path.suffix.lower() != ".toml":
        raise BadInputError(
            f"lexicon {path} is no .toml or .csv file: rename it; for a .pls file: `talepress lexicon import`"
        )
    return _from_toml(text, path.name)


def respelling(written: str, said: str, scope: Scope, where: str) -> Entry:
    """Makes an entry: what is said for a word or phrase. Raises `BadInputError`, which begins with `where`."""
    return _entry({"phrase": written, "say": said}, where, scope, "")


def texts_with(entries: Iterable[Entry], texts: Iterable[str]) -> tuple[str, ...]:
    """Picks the texts that hold words of any of these entries."""
    finder = _Finder(entries, "")
    return tuple(text for text in texts if finder.annotate(Block(BlockKind.PARAGRAPH, text)).markup)


def apply_lexicons(book: Book, lexicons: Sequence[Lexicon], narrator: str) -> Book:
    """Marks the words of the lexicons in a book. Markup that the text has of its own comes first.

    Of entries that overlap the longest one holds, then the one of narrowest scope, then the later one.

    Args:
        narrator: the name of the voice that reads what no other voice does, for lexicons of a voice.
    """
    entries = [entry for lexicon in lexicons for entry in lexicon.entries]
    if not entries:
        return book
    finder = _Finder(entries, narrator)
    chapters = tuple(
        replace(chapter, blocks=tuple(finder.annotate(block) for block in chapter.blocks)) for chapter in book.chapters
    )
    return replace(book, chapters=chapters)


_Rank = tuple[int, int, int]  # length, scope, order: the highest holds
_Candidate = tuple[_Rank, Markup]


class _Finder:
    """Finds entries in blocks: words and phrases by their first word, so that time does not grow with the lexicon."""

    def __init__(self, entries: Iterable[Entry], narrator: str) -> None:
        self._narrator = narrator
        self._by_first: dict[str, list[tuple[_Rank, Entry]]] = defaultdict(list)
        self._patterns: list[tuple[int, Entry]] = []
        for order, entry in enumerate(entries):
            first = _WORD.match(entry.written)
            if entry.pattern is not None:
                self._patterns.append((order, entry))
            elif first is not None:
                rank = (len(entry.written), entry.scope, order)
                self._by_first[first[0].lower()].append((rank, entry))
        for found in self._by_first.values():
            found.sort(key=lambda item: item[0], reverse=True)

    def annotate(self, block: Block) -> Block:
        """Marks a block with the pronunciation of every entry that holds in it."""
        found = (*self._words_in(block), *self._patterns_in(block))
        candidates = sorted(found, key=lambda item: item[0], reverse=True)
        if not candidates:
            return block
        covered = bytearray(len(block.text))
        for note in block.markup:
            if note.kind in SAYING_KINDS:
                covered[note.start : note.end] = b"\1" * (note.end - note.start)
        notes = []
        for _, note in candidates:
            if not any(covered[note.start : note.end]):
                covered[note.start : note.end] = b"\1" * (note.end - note.start)
                notes.append(note)
        return with_markup(block, notes)

    def _words_in(self, block: Block) -> Iterator[_Candidate]:
        """Finds words and phrases: of those that begin with the same word, the one that ranks highest."""
        text = block.text
        for word in _WORD.finditer(text) if self._by_first else ():
            first = word[0].lower()
            start = word.start()
            for rank, entry in self._by_first.get(first) or self._by_first.get(_POSSESSIVE.sub("", first)) or ():
                end = start + len(entry.written)
                written = text[start:end]
                whole = _alike(written, entry.written) and not text[end : end + 1].isalnum()
                if whole and entry.allows_case(written) and self._speaks(entry, block, start):
                    yield rank, Markup(start, end, entry.kind, entry.value)
                    break

    def _patterns_in(self, block: Block) -> Iterator[_Candidate]:
        """Finds whatever the regular expressions match. Raises `BadInputError` for one that takes too long."""
        for order, entry in self._patterns:
            for match in _matches(entry, block.text):
                if match.end() > match.start() and self._speaks(entry, block, match.start()):
                    value = match.expand(entry.value) if entry.kind == MarkupKind.RESPELL else entry.value
                    rank = (match.end() - match.start(), int(entry.scope), order)
                    yield rank, Markup(match.start(), match.end(), entry.kind, value)

    def _speaks(self, entry: Entry, block: Block, place: int) -> bool:
        """Tells whether the voice that an entry is for, if any, speaks there."""
        if not entry.voice:
            return True
        voices = [note for note in block.markup if note.kind == MarkupKind.VOICE]
        speaker = value_between(voices, place, place + 1) or self._narrator
        return parse_reference(speaker).name == entry.voice


def _matches(entry: Entry, text: str) -> list[regex.Match[str]]:
    """Finds the matches of an entry's pattern. A pattern that goes back and forth without end is the user's mistake."""
    assert entry.pattern is not None
    try:
        return list(entry.pattern.finditer(text, timeout=_PATTERN_S))
    except TimeoutError as error:
        raise BadInputError(
            f"{entry.place}: the regular expression {entry.written!r} takes more than {_PATTERN_S:.0f} seconds in one "
            f"paragraph, {text[:_SHOWN_CHARS]!r}: write it without repetitions inside of repetitions"
        ) from error


def _from_toml(text: str, name: str) -> Lexicon:
    """Reads tables `[[entry]]`, under a scope and its subject."""
    try:
        content = parse_toml(text)
    except ValueError as error:
        raise BadInputError(f"lexicon {name}: {error}") from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*entry\s*\]\]", line)]
    unknown = sorted(set(content) - {"scope", "for", "entry"})
    rows = content.get("entry", [])
    if unknown or not isinstance(rows, list):
        raise BadInputError(
            f"lexicon {name}: {unknown[0] if unknown else 'entry'!r} is unknown: write tables [[entry]]"
        )
    scope, subject = _scope(content.get("scope", "global"), content.get("for", ""), name)
    entries = []
    for index, row in enumerate(rows):
        where = f"lexicon {name}, line {lines[index]}" if index < len(lines) else f"lexicon {name}, entry {index + 1}"
        entries.append(_entry(row, where, scope, subject))
    return Lexicon(tuple(entries), scope, subject, name)


def _from_csv(text: str, name: str) -> Lexicon:
    """Reads a table with a header, `word,say,ipa,case` and so on. Its scope is global: a TOML file can say more."""
    reader = csv.DictReader(io.StringIO(text))
    entries = []
    try:
        for row in reader:
            filled = {key: value for key, value in row.items() if value}
            entries.append(_entry(filled, f"lexicon {name}, line {reader.line_num}", Scope.GLOBAL, ""))
    except csv.Error as error:
        raise BadInputError(f"lexicon {name}, line {reader.line_num}: {error}") from error
    return Lexicon(tuple(entries), source=name)


def _scope(word: object, subject: object, name: str) -> tuple[Scope, str]:
    if not isinstance(word, str) or word.upper() not in Scope.__members__:
        raise BadInputError(f"lexicon {name}: scope {word!r}: write one of {', '.join(s.name.lower() for s in Scope)}")
    scope = Scope[word.upper()]
    if not isinstance(subject, str) or (scope in (Scope.SERIES, Scope.VOICE) and not subject):
        raise BadInputError(f'lexicon {name}: scope {word!r} needs the name of the {word}: for = "..."')
    return scope, subject


def _entry(row: Any, where: str, scope: Scope, subject: str) -> Entry:
    """Makes an entry of a row. Raises `BadInputError`, which begins with `where`, for any mistake in it."""
    # 1. What is written, and what is to be said for it.
    form, meaning = _columns(row, where)
    case = row.get("case", "smart")
    if case not in _CASES:
        raise BadInputError(f"{where}: case {case!r} is unknown: write one of {', '.join(_CASES)}")
    written = " ".join(row[form].split())
    pronunciation = " ".join(row[meaning].split())
    respelled = meaning == "say"
    kind = MarkupKind.RESPELL if respelled else MarkupKind.PHONEMES
    value = pronunciation if respelled else f"{meaning}:{pronunciation}"
    # 2. Whether it can be found in a text.
    pattern = None
    if form == "regex":
        pattern = _compile_regex(row["regex"], value, case, where)
    elif not _WORD.match(written):
        raise BadInputError(f"{where}: {written!r} does not begin with a letter or digit: write it as a regex")
    # 3. Whether it can be spoken; the groups of a regex are filled in later.
    example = (_GROUP.sub("", value) or "x") if pattern else value
    if problem := markup_problem(written, Markup(0, len(written), kind, example)):
        raise BadInputError(f"{where}: {problem}")
    return Entry(written, kind, value, case, pattern, scope, subject if scope == Scope.VOICE else "", where)


def _columns(row: Any, where: str) -> tuple[str, str]:
    """Returns the names of the two columns that a row fills: one of `_FORMS`, and "say" or an alphabet."""
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise BadInputError(f"{where}: every value of an entry is a text in quotation marks")
    if unknown := sorted(str(key) for key in set(row) - _KEYS):
        raise BadInputError(f"{where}: {unknown[0]!r} is unknown: use {', '.join(sorted(_KEYS))}")
    forms = [key for key in _FORMS if row.get(key, "").strip()]
    meanings = [key for key in ("say", *ALPHABETS) if row.get(key, "").strip()]
    if len(forms) != 1 or len(meanings) != 1:
        raise BadInputError(f"{where}: give one of {', '.join(_FORMS)} and one of say, {', '.join(ALPHABETS)}")
    return forms[0], meanings[0]


def _compile_regex(pattern: str, replacement: str, case: str, where: str) -> regex.Pattern[str]:
    """Compiles a regular expression, and checks that the groups that its replacement names are there."""
    try:
        compiled = regex.compile(pattern, regex.I if case == "any" else 0)
        anything = regex.match(f"(?:{pattern})|", "")  # the empty alternative always matches
        assert anything is not None
        anything.expand(replacement.replace("\\g<0>", ""))
    except (regex.error, IndexError) as error:
        raise BadInputError(f"{where}: {pattern!r} or its replacement is no regular expression: {error}") from error
    return compiled


def _alike(found: str, written: str) -> bool:
    return _plain(found).lower() == _plain(written).lower()


def _plain(text: str) -> str:
    """A text as it is compared: line breaks are spaces, and apostrophes straight."""
    return text.replace("\n", " ").replace("’", "'")


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
