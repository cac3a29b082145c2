"""Pronunciation lexicons: TOML and CSV files of the user's, W3C PLS files imported; words of a book marked by them.

The forms are described in docs/lexicons.md. Must not know how phonemes are spoken, nor which book is read by which run.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from storage.records import Block, Book, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.annotate.vocabulary import ALPHABETS, SAYING_KINDS, markup_problem
from tasks.errors import BadInputError

_FORMS = ("word", "phrase", "regex")
_KEYS = frozenset({*_FORMS, "say", *ALPHABETS, "case"})
_CASES = ("smart", "exact", "any")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s$", re.I)


class Scope(IntEnum):
    """How narrow a lexicon is; the narrower one wins."""

    GLOBAL = 0
    SERIES = 1
    BOOK = 2
    VOICE = 3


@dataclass(frozen=True)
class Entry:
    """What to say for a word, a phrase, or whatever a regular expression finds."""

    written: str
    kind: MarkupKind  # RESPELL or PHONEMES
    value: str
    case: str = "smart"
    regex: re.Pattern[str] | None = None
    scope: Scope = Scope.GLOBAL
    voice: str = ""  # of a lexicon of scope VOICE: the only voice that it is for

    def means(self, text: str) -> bool:
        """Whether the entry's case rule lets `text`, equal but for case, through.

        "smart": small letters match any case; an entry with a capital matches as written and all in capitals.
        """
        if self.case == "any" or text == self.written:
            return True
        return self.case == "smart" and (self.written.islower() or (text.isupper() and len(text) > 1))


@dataclass(frozen=True)
class Lexicon:
    """One file's entries, and what it is for: a series, a book (title or identifier) or a voice."""

    entries: tuple[Entry, ...]
    scope: Scope = Scope.GLOBAL
    subject: str = ""
    source: str = ""

    def is_for(self, book: Book, series: str) -> bool:
        """Whether the lexicon has anything to say of the book. One for a book that names none is for any."""
        if self.scope == Scope.SERIES:
            return bool(series) and _same(self.subject, series)
        if self.scope == Scope.BOOK and self.subject:
            return any(_same(self.subject, name) for name in (book.title, book.identifier, book.source_sha256) if name)
        return True


def read_lexicon(path: Path) -> Lexicon:
    """A lexicon file, `.toml` or `.csv`. Raises `BadInputError` that names the line."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"lexicon {path} cannot be read: {error}") from error
    if path.suffix.lower() == ".csv":
        return _from_csv(text, path.name)
    if path.suffix.lower() != ".toml":
        raise BadInputError(f"lexicon {path} is of an unknown kind: use .toml or .csv, or import a .pls file")
    return _from_toml(text, path.name)


def apply_lexicons(book: Book, lexicons: Sequence[Lexicon], narrator: str) -> Book:
    """The book with the lexicons' words in its markup. What the text says of a place itself comes first.

    Of entries that overlap the longest one holds, then the one of narrowest scope, then the later one.

    Args:
        narrator: the name of the voice that reads what no other voice does, for lexicons of a voice.
    """
    entries = [entry for lexicon in lexicons for entry in lexicon.entries]
    if not entries:
        return book
    finder = _Finder(entries, narrator)
    chapters = tuple(
        replace(chapter, blocks=tuple(finder.annotated(block) for block in chapter.blocks)) for chapter in book.chapters
    )
    return replace(book, chapters=chapters)


class _Finder:
    """Finds entries in blocks: words and phrases by their first word, so that time does not grow with the lexicon."""

    def __init__(self, entries: Iterable[Entry], narrator: str) -> None:
        self._narrator = narrator
        self._by_first: dict[str, list[tuple[tuple[int, int, int], Entry]]] = defaultdict(list)
        self._patterns: list[tuple[int, Entry]] = []
        for order, entry in enumerate(entries):
            first = _WORD.match(entry.written)
            if entry.regex is not None:
                self._patterns.append((order, entry))
            elif first is not None:
                rank = (len(entry.written), entry.scope, order)
                self._by_first[first[0].lower()].append((rank, entry))
        for found in self._by_first.values():
            found.sort(key=lambda item: item[0], reverse=True)

    def annotated(self, block: Block) -> Block:
        """The block with notes for every entry that holds in it."""
        candidates = sorted(self._candidates(block), key=lambda item: item[0], reverse=True)
        if not candidates:
            return block
        taken = [(note.start, note.end) for note in block.markup if note.kind in SAYING_KINDS]
        covered = bytearray(len(block.text))
        for start, end in taken:
            covered[start:end] = b"\1" * (end - start)
        notes = []
        for _, note in candidates:
            if not any(covered[note.start : note.end]):
                covered[note.start : note.end] = b"\1" * (note.end - note.start)
                notes.append(note)
        return with_markup(block, notes)

    def _candidates(self, block: Block) -> Iterator[tuple[tuple[int, int, int], Markup]]:
        text = block.text
        for word in _WORD.finditer(text) if self._by_first else ():
            found = word[0].lower()
            for rank, entry in self._by_first.get(found) or self._by_first.get(_POSSESSIVE.sub("", found)) or ():
                start, end = word.start(), word.start() + len(entry.written)
                written = text[start:end]
                whole = _alike(written, entry.written) and not text[end : end + 1].isalnum()
                if whole and entry.means(written) and self._speaks(entry, block, start):
                    yield rank, Markup(start, end, entry.kind, entry.value)
                    break
        for order, entry in self._patterns:
            assert entry.regex is not None
            for match in entry.regex.finditer(text):
                if match.end() > match.start() and self._speaks(entry, block, match.start()):
                    value = match.expand(entry.value) if entry.kind == MarkupKind.RESPELL else entry.value
                    rank = (match.end() - match.start(), int(entry.scope), order)
                    yield rank, Markup(match.start(), match.end(), entry.kind, value)

    def _speaks(self, entry: Entry, block: Block, place: int) -> bool:
        """Whether the voice that an entry is for, if any, speaks there."""
        if not entry.voice:
            return True
        voices = [n for n in block.markup if n.kind == MarkupKind.VOICE and n.start <= place < n.end]
        speaker = min(voices, key=lambda note: note.end - note.start).value if voices else self._narrator
        return speaker == entry.voice


def _from_toml(text: str, name: str) -> Lexicon:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(f"lexicon {name}: {error}") from error
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*entry\s*\]\]", line)]
    unknown = sorted(set(content) - {"scope", "for", "entry"})
    rows = content.get("entry", [])
    if unknown or not isinstance(rows, list):
        raise BadInputError(
            f"lexicon {name}: {unknown[0] if unknown else 'entry'!r} means nothing: write [[entry]] tables"
        )
    scope, subject = _scope(content.get("scope", "global"), content.get("for", ""), name)
    entries = []
    for index, row in enumerate(rows):
        where = f"lexicon {name}, line {lines[index]}" if index < len(lines) else f"lexicon {name}, entry {index + 1}"
        entries.append(_entry(row, where, scope, subject))
    return Lexicon(tuple(entries), scope, subject, name)


def _from_csv(text: str, name: str) -> Lexicon:
    """A table with a header: `word,say,ipa,case` and so on. Its scope is global: a TOML file can say more."""
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
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise BadInputError(f"{where}: an entry holds texts only")
    unknown = sorted(str(key) for key in set(row) - _KEYS)
    forms = [key for key in _FORMS if row.get(key, "").strip()]
    means = [key for key in ("say", *ALPHABETS) if row.get(key, "").strip()]
    case = row.get("case", "smart")
    if unknown:
        raise BadInputError(f"{where}: {unknown[0]!r} means nothing: known are {', '.join(sorted(_KEYS))}")
    if len(forms) != 1 or len(means) != 1:
        raise BadInputError(f"{where}: give one of {', '.join(_FORMS)} and one of say, {', '.join(ALPHABETS)}")
    if case not in _CASES:
        raise BadInputError(f"{where}: case {case!r}: write one of {', '.join(_CASES)}")
    written, said = " ".join(row[forms[0]].split()), " ".join(row[means[0]].split())
    kind = MarkupKind.RESPELL if means[0] == "say" else MarkupKind.PHONEMES
    value = said if means[0] == "say" else f"{means[0]}:{said}"
    regex = None
    if forms[0] == "regex":
        try:
            regex = re.compile(row["regex"], re.I if case == "any" else 0)
            anything = re.match(f"(?:{row['regex']})|", "")  # the empty alternative always matches
            assert anything is not None
            anything.expand(value.replace("\\g<0>", ""))
        except (re.error, IndexError) as error:
            raise BadInputError(
                f"{where}: {row['regex']!r} or its replacement is no regular expression: {error}"
            ) from error
    elif not _WORD.match(written):
        raise BadInputError(f"{where}: {written!r} does not begin with a letter or digit: use regex")
    plain = Markup(0, len(written), kind, re.sub(r"\\(?:\d+|g<\w+>)", "", value) or "x" if regex else value)
    if problem := markup_problem(written, plain):
        raise BadInputError(f"{where}: {problem}")
    return Entry(written, kind, value, case, regex, scope, subject if scope == Scope.VOICE else "")


def _alike(found: str, written: str) -> bool:
    return found.replace("\n", " ").replace("’", "'").lower() == written.replace("’", "'").lower()


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
