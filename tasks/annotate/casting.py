"""Reads cast files and gives each quotation to the voice of the character who speaks it, where the text says so.

Markup comes first. Then two rules, both of them a name of the cast beside a verb of saying: "said Tom" and "Tom said".
Pronouns and alternating dialogue decide nothing; a quotation that names nobody stays with the narrator. Must not know
files of voices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from storage.records import Block, BlockKind, Book, Chapter, Markup, MarkupKind
from tasks.annotate.edits import with_markup
from tasks.annotate.plays import Speech, find_speeches
from tasks.annotate.pls import toml_string
from tasks.errors import BadInputError
from tasks.voices.references import parse_reference
from tortoise_core.plain_data import parse_toml

_KEYS = frozenset({"voice", "direction", "aliases", "gender"})
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
    """A person of the book, and the voice that reads what this person says, with a direction perhaps."""

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
    """Counts of quotations for each character, and the quotations that name nobody."""

    by_character: Counter[str] = field(default_factory=Counter)
    by_markup: int = 0
    unattributed: list[tuple[int, str]] = field(default_factory=list)  # chapter index, the quotation


def read_cast(path: Path) -> Cast:
    """Reads a cast file. Raises `BadInputError` that names the table."""
    try:
        content = parse_toml(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise BadInputError(f"cast {path} cannot be read: {error}") from error
    tables = content.get("characters", {})
    narrator = content.get("narrator", "")
    unknown = sorted(set(content) - {"characters", "narrator"})
    if unknown or not isinstance(tables, dict) or not isinstance(narrator, str):
        raise BadInputError(
            f"cast {path.name}: {(unknown or ['characters'])[0]!r} is unknown: write narrator and [characters.NAME]"
        )
    characters = tuple(_character(name, table, path.name) for name, table in tables.items())
    names = Counter(name.lower() for c in characters for name in (c.name, *c.aliases))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise BadInputError(f"cast {path.name}: {twice[0]!r} is the name of two characters: give each its own")
    return Cast(characters, narrator)


def apply_cast(book: Book, cast: Cast) -> tuple[Book, CastReport]:
    """Puts the voice of every quotation into the markup, and returns the book with what was found.

    Characters named by markup become their voices; a name that is not in the cast is taken for that of a voice. In a
    play the label before a speech says who speaks; labels and directions are the narrator's.
    """
    report = CastReport()
    reader = _Reader(cast, report, singles=_dialogue_in_single_quotes(book)) if cast.characters else None
    voices = cast.voices
    speeches = find_speeches(book) if cast.characters else {}
    chapters = []
    for chapter in book.chapters:
        blocks = [_resolve_voices(block, voices, report) for block in chapter.blocks]
        for (index, at), speech in speeches.items():
            if index == chapter.index and speech.speaker.lower() in voices:
                blocks[at] = _with_speech(blocks[at], speech, voices[speech.speaker.lower()], report)
        chapters.append(replace(chapter, blocks=tuple(reader.chapter(chapter, blocks) if reader else blocks)))
    return replace(book, chapters=tuple(chapters)), report


def write_cast(title: str, speakers: Mapping[str, int], narrator: str) -> str:
    """Writes the text of a cast file that changes nothing yet: the narrator's voice for every speaker of a play."""
    parts = [
        f"# The speakers of {' '.join(title.split())}. Give each a voice of `talepress voice list`, then give this "
        "file to\n# `talepress make BOOK --cast FILE`, or to `talepress plan`. Labels and directions are the "
        "narrator's.\n"
        f"narrator = {toml_string(narrator)}\n"
    ]
    for name, count in speakers.items():
        times = "1 speech" if count == 1 else f"{count} speeches"
        parts.append(f"[characters.{toml_string(name)}]  # {times}\nvoice = {toml_string(narrator)}\n")
    return "\n".join(parts)


def _character(name: str, table: object, file: str) -> Character:
    """Makes a character of one table of a cast file."""
    where = f"cast {file}, [characters.{name}]"
    if not isinstance(table, dict) or not isinstance(table.get("voice"), str) or not table["voice"]:
        raise BadInputError(f'{where}: a voice is missing: voice = "..."')
    if unknown := sorted(set(table) - _KEYS):
        raise BadInputError(f"{where}: {unknown[0]!r} is unknown: use {', '.join(sorted(_KEYS))}")
    aliases = table.get("aliases", [])
    gender = table.get("gender", "")
    direction = table.get("direction", "")
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise BadInputError(f'{where}: aliases must be a list of names: aliases = ["..."]')
    for key, value in (("gender", gender), ("direction", direction)):
        if not isinstance(value, str):
            raise BadInputError(f"{where}: {key} must be a text in quotation marks")
    try:
        voice = parse_reference(table["voice"])
        voice = voice.directed(direction) if direction else voice
    except BadInputError as error:
        raise BadInputError(f"{where}: {error}") from error
    return Character(name, str(voice), tuple(" ".join(alias.split()) for alias in aliases), gender)


def _resolve_voices(block: Block, voices: dict[str, str], report: CastReport) -> Block:
    """Puts voices in place of the names of characters in a block's markup."""
    if not any(note.kind == MarkupKind.VOICE for note in block.markup):
        return block
    notes = []
    for note in block.markup:
        names_voice = note.kind == MarkupKind.VOICE
        report.by_markup += names_voice
        notes.append(replace(note, value=voices.get(note.value.lower(), note.value)) if names_voice else note)
    return replace(block, markup=tuple(notes))


def _with_speech(block: Block, speech: Speech, voice: str, report: CastReport) -> Block:
    """Gives a speech to the voice of its speaker, where markup has not given the block to another."""
    if any(note.kind == MarkupKind.VOICE for note in block.markup):
        return block
    report.by_character[speech.speaker] += 1
    return with_markup(block, [Markup(start, end, MarkupKind.VOICE, voice) for start, end in speech.parts])


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
        """Marks the quotations of a chapter's blocks with the voices of those who speak them."""
        goes_on: Character | None = None  # speaks on where the last paragraph left a quotation open
        cast_blocks: list[Block] = []
        for block in blocks:
            if block.kind in (BlockKind.HEADING, BlockKind.SCENE_BREAK):
                goes_on = None
                cast_blocks.append(block)
                continue
            quotations = self._quotations(block.text)
            speakers = self._speakers(block.text, quotations, goes_on)
            notes = self._notes(chapter.index, block, quotations, speakers)
            goes_on = speakers[-1] if quotations and quotations[-1].open_end else None
            cast_blocks.append(with_markup(block, notes) if notes else block)
        return cast_blocks

    def _notes(
        self, chapter_index: int, block: Block, quotations: Sequence[_Quotation], speakers: Sequence[Character | None]
    ) -> list[Markup]:
        """Makes the markup for a block's quotations, but for those that have a voice by markup, and counts them."""
        notes = []
        marked = [note for note in block.markup if note.kind == MarkupKind.VOICE]
        for quotation, speaker in zip(quotations, speakers, strict=True):
            if any(note.start < quotation.end and quotation.start < note.end for note in marked):
                continue
            if speaker is None:
                self._report.unattributed.append((chapter_index, block.text[quotation.start : quotation.end]))
            else:
                self._report.by_character[speaker.name] += 1
                notes.append(Markup(quotation.start, quotation.end, MarkupKind.VOICE, speaker.voice))
        return notes

    def _quotations(self, text: str) -> list[_Quotation]:
        """Finds the quotations of a paragraph, in order."""
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

    def _speakers(
        self, text: str, quotations: Sequence[_Quotation], goes_on: Character | None
    ) -> list[Character | None]:
        """Says of each quotation of a paragraph who speaks it, or `None` where the text names nobody."""
        speakers: list[Character | None] = []
        ends = [0, *(quotation.end for quotation in quotations)]
        starts = [*(quotation.start for quotation in quotations), len(text)]
        for index, quotation in enumerate(quotations):
            before = text[ends[index] : starts[index]]
            after = text[ends[index + 1] : starts[index + 1]]
            # 1. "Yes," said Tom.
            speaker = self._character_in(self._after.match(after)) if _goes_on_after(text, quotation) else None
            # 2. Tom said, "Yes."
            speaker = speaker or self._character_in(self._before.search(before))
            # 3. "Yes," said Tom, looking up, "I do."
            if speaker is None and index and len(before) <= _MAX_CLAUSE and self._after.match(before):
                speaker = speakers[-1]
            # 4. A paragraph that goes on with what the one before it left open.
            if speaker is None and index == 0 and quotation.start == 0:
                speaker = goes_on
            speakers.append(speaker)
        return speakers

    def _character_in(self, match: re.Match[str] | None) -> Character | None:
        """Returns the character whose name a pattern found."""
        if match is None:
            return None
        name = next(value for value in match.groups() if value)
        return self._by_name.get(name.lower())


def _goes_on_after(text: str, quotation: _Quotation) -> bool:
    """Whether the words behind a quotation may belong to it: after "Yes," and "Yes!", not after a full stop."""
    return text[quotation.start : quotation.end - 1].rstrip()[-1:] != "." and not quotation.open_end


def _closing_mark(text: str, start: int, closing: str) -> int | None:
    """Finds where a quotation ends, or `None`. An apostrophe inside of a word is no closing mark."""
    at = start
    while (at := text.find(closing, at + 1)) >= 0:
        if closing != "’" or not (text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()):
            return at
    return None


def _dialogue_in_single_quotes(book: Book) -> bool:
    """Whether a book quotes speech the British way: more paragraphs begin with a single mark than with a double one."""
    begin = Counter(block.text[:1] for chapter in book.chapters for block in chapter.blocks)
    return begin["‘"] > begin["“"] + begin['"']
