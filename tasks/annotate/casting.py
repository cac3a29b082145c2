"""Who speaks: a cast file maps characters to voices, and quotations are given to characters where the text says whose.

Markup comes first. Then two rules, both of them a name of the cast beside a verb of saying: "said Tom" and "Tom said".
Pronouns and alternating dialogue decide nothing; what nobody is named for stays with the narrator. Must not know files
of voices.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from storage.records import Block, BlockKind, Book, Chapter, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.errors import BadInputError

_KEYS = frozenset({"voice", "aliases", "gender"})
_VERBS = (
    "said|says|asked|asks|replied|replies|answered|answers|cried|cries|exclaimed|whispered|shouted|muttered|murmured|"
    "continued|added|returned|rejoined|remarked|observed|declared|demanded|inquired|enquired|began|called|screamed|"
    "yelled|growled|grumbled|sighed|laughed|repeated|responded|insisted|protested|suggested|explained|announced|"
    "interrupted|ventured|admitted|agreed|went on|put in|broke in"
)
_ADVERB = r"(?:\s+\w+ly|\s+(?:then|again|at last|softly|aloud|quickly))?"
# After "Tom said": the end of the clause or a manner of saying, not what he said ("Tom said nothing").
_SAID_IT = r"(?=\s*(?:[,.;:!?—–]|$)|\s+(?:\w+ly|to|with|in|at|as|from|and|when|after|before|again|then)\b)"
_QUOTES = {"“": "”", '"': '"', "„": "“", "«": "»"}
_SINGLE = {"‘": "’"}
_MAX_CLAUSE = 80  # characters between two parts of one quotation: `"Yes," said Tom, looking up, "I do."`


@dataclass(frozen=True)
class Character:
    """Somebody who speaks."""

    name: str
    voice: str
    aliases: tuple[str, ...] = ()
    gender: str = ""


@dataclass(frozen=True)
class Cast:
    """A cast file. `narrator` is a voice, or "" for the one that the settings name."""

    characters: tuple[Character, ...] = ()
    narrator: str = ""

    @property
    def voices(self) -> dict[str, str]:
        """Every name and alias, in lower case, with its voice."""
        return {name.lower(): c.voice for c in self.characters for name in (c.name, *c.aliases)}


@dataclass
class CastReport:
    """What casting found: quotations for each character, and those that nobody is named for."""

    by_character: Counter[str] = field(default_factory=Counter)
    by_markup: int = 0
    unattributed: list[tuple[int, str]] = field(default_factory=list)  # chapter index, the quotation


def read_cast(path: Path) -> Cast:
    """A cast file. Raises `BadInputError` that names the table."""
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(f"cast {path} cannot be read: {error}") from error
    tables, narrator = content.get("characters", {}), content.get("narrator", "")
    unknown = sorted(set(content) - {"characters", "narrator"})
    if unknown or not isinstance(tables, dict) or not isinstance(narrator, str):
        raise BadInputError(
            f"cast {path.name}: {(unknown or ['characters'])[0]!r}: write narrator and [characters.NAME]"
        )
    characters = tuple(_character(name, table, path.name) for name, table in tables.items())
    names = Counter(name.lower() for c in characters for name in (c.name, *c.aliases))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise BadInputError(f"cast {path.name}: {twice[0]!r} is the name of two characters")
    return Cast(characters, narrator)


def apply_cast(book: Book, cast: Cast) -> tuple[Book, CastReport]:
    """The book with every voice's name in its markup, and what was found.

    Characters named by markup become their voices; a name that is not in the cast is taken for that of a voice.
    """
    report = CastReport()
    reader = _Reader(cast, report, singles=_dialogue_in_single_quotes(book)) if cast.characters else None
    voices = cast.voices
    chapters = []
    for chapter in book.chapters:
        blocks = [_resolved(block, voices, report) for block in chapter.blocks]
        chapters.append(replace(chapter, blocks=tuple(reader.chapter(chapter, blocks) if reader else blocks)))
    return replace(book, chapters=tuple(chapters)), report


def _character(name: str, table: object, file: str) -> Character:
    where = f"cast {file}, [characters.{name}]"
    if not isinstance(table, dict) or not isinstance(table.get("voice"), str) or not table["voice"]:
        raise BadInputError(f'{where}: a voice is missing: voice = "..."')
    unknown = sorted(set(table) - _KEYS)
    aliases, gender = table.get("aliases", []), table.get("gender", "")
    if unknown:
        raise BadInputError(f"{where}: {unknown[0]!r} means nothing: known are {', '.join(sorted(_KEYS))}")
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise BadInputError(f"{where}: aliases is a list of names")
    if not isinstance(gender, str):
        raise BadInputError(f"{where}: gender is a text")
    return Character(name, table["voice"], tuple(" ".join(alias.split()) for alias in aliases), gender)


def _resolved(block: Block, voices: dict[str, str], report: CastReport) -> Block:
    if not any(note.kind == MarkupKind.VOICE for note in block.markup):
        return block
    notes = []
    for note in block.markup:
        spoken = note.kind == MarkupKind.VOICE
        report.by_markup += spoken
        notes.append(replace(note, value=voices.get(note.value.lower(), note.value)) if spoken else note)
    return replace(block, markup=tuple(notes))


@dataclass(frozen=True)
class _Quotation:
    """Characters `[start, end)`, marks included; `open_end` where the paragraph ends before the quotation does."""

    start: int
    end: int
    open_end: bool


class _Reader:
    """Finds and attributes the quotations of chapters."""

    def __init__(self, cast: Cast, report: CastReport, *, singles: bool) -> None:
        self._report = report
        self._quotes = _QUOTES | (_SINGLE if singles else {})
        self._by_name = {name.lower(): c for c in cast.characters for name in (c.name, *c.aliases)}
        names = sorted((name for c in cast.characters for name in (c.name, *c.aliases)), key=len, reverse=True)
        name = rf"({'|'.join(re.escape(n) for n in names)})(?![\w-]|['’]s\b|['’]\w)(?!\s+and\s+[A-Z])"
        start = r"(?<![\w.-])"
        self._after = re.compile(
            rf"\s*[,—–-]?\s*(?:(?:{_VERBS}){_ADVERB}\s+{start}{name}|{start}{name}{_ADVERB}\s+(?:{_VERBS})\b{_SAID_IT})"
        )
        self._before = re.compile(
            rf"(?:^|[.!?,;:—”\"]\s+|\b(?:and|but|then|so|And|But|Then|So)\s+)"
            rf"(?:{name}{_ADVERB}\s+(?:{_VERBS}){_ADVERB}|(?:{_VERBS})\s+{name})(?:\s+to\s+[\w. ]{{1,30}})?\s*[,:]\s*$"
        )

    def chapter(self, chapter: Chapter, blocks: Sequence[Block]) -> list[Block]:
        """The chapter's blocks with voices for attributed quotations."""
        goes_on: Character | None = None
        read: list[Block] = []
        for block in blocks:
            if block.kind in (BlockKind.HEADING, BlockKind.SCENE_BREAK):
                goes_on = None
                read.append(block)
                continue
            found = self._quotations(block.text)
            speakers = self._speakers(block.text, found, goes_on)
            notes = []
            marked = [note for note in block.markup if note.kind == MarkupKind.VOICE]
            for quotation, speaker in zip(found, speakers, strict=True):
                if any(note.start < quotation.end and quotation.start < note.end for note in marked):
                    continue
                if speaker is None:
                    self._report.unattributed.append((chapter.index, block.text[quotation.start : quotation.end]))
                else:
                    self._report.by_character[speaker.name] += 1
                    notes.append(Markup(quotation.start, quotation.end, MarkupKind.VOICE, speaker.voice))
            goes_on = speakers[-1] if found and found[-1].open_end else None
            read.append(with_markup(block, notes) if notes else block)
        return read

    def _quotations(self, text: str) -> list[_Quotation]:
        found: list[_Quotation] = []
        at = 0
        while at < len(text):
            closing = self._quotes.get(text[at])
            opens = at == 0 or not text[at - 1].isalnum()
            if closing is None or not opens:
                at += 1
                continue
            end = _closing_mark(text, at, closing)
            found.append(_Quotation(at, len(text) if end is None else end + 1, end is None))
            at = found[-1].end
        return found

    def _speakers(self, text: str, found: Sequence[_Quotation], goes_on: Character | None) -> list[Character | None]:
        speakers: list[Character | None] = []
        for index, quotation in enumerate(found):
            clause = text[quotation.end : found[index + 1].start if index + 1 < len(found) else len(text)]
            before = text[found[index - 1].end if index else 0 : quotation.start]
            speaker = self._named(self._after.match(clause)) if _goes_on_after(text, quotation) else None
            speaker = speaker or self._named(self._before.search(before))
            if speaker is None and index and speakers[-1] is not None and len(before) <= _MAX_CLAUSE:
                speaker = speakers[-1] if self._after.match(before) else None
            if speaker is None and index == 0 and quotation.start == 0:
                speaker = goes_on
            speakers.append(speaker)
        return speakers

    def _named(self, match: re.Match[str] | None) -> Character | None:
        if match is None:
            return None
        name = next(value for value in match.groups() if value)
        return self._by_name.get(name.lower())


def _goes_on_after(text: str, quotation: _Quotation) -> bool:
    """Whether the words behind a quotation may belong to it: after "Yes," and "Yes!", not after a full stop."""
    return text[quotation.start : quotation.end - 1].rstrip()[-1:] != "." and not quotation.open_end


def _closing_mark(text: str, start: int, closing: str) -> int | None:
    """Where a quotation ends. An apostrophe inside of a word is no closing mark."""
    at = start
    while (at := text.find(closing, at + 1)) >= 0:
        if closing != "’" or not (text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()):
            return at
    return None


def _dialogue_in_single_quotes(book: Book) -> bool:
    """Whether a book quotes speech the British way: more paragraphs begin with a single mark than with a double one."""
    begin = Counter(block.text[:1] for chapter in book.chapters for block in chapter.blocks)
    return begin["‘"] > begin["“"] + begin['"']
