"""The records that travel between stages: frozen, picklable, free of SQL, tensors and Prefect.

Every stage takes records and gives records back; `storage.repository` turns them into rows and back.
This module must not know where anything is stored or how a stage does its work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class BlockKind(StrEnum):
    """One paragraph-like unit of a chapter."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    QUOTE = "quote"
    LIST_ITEM = "list_item"
    VERSE = "verse"
    TABLE_ROW = "table_row"
    SCENE_BREAK = "scene_break"


class PauseKind(StrEnum):
    """The silence that follows an utterance; its length in seconds is a setting (`stitch.pauses`)."""

    CLAUSE = "clause"
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    VERSE_LINE = "verse_line"
    STANZA = "stanza"
    SCENE = "scene"
    HEADING = "heading"
    CHAPTER = "chapter"


class Verdict(StrEnum):
    """What the checks say of a take. Anything but `OK` makes the take doubtful; reasons are in `Take.reasons`."""

    OK = "ok"
    DOUBTFUL = "doubtful"


class DecisionKind(StrEnum):
    """What a person says of a take, a text, a chapter or a book. It outranks every score."""

    APPROVE = "approve"  # this take is good, and is used
    CHOOSE = "choose"  # the same, in place of the take that was in use
    REJECT = "reject"  # this take is not used
    CORRECT = "correct"  # a text is said in other words
    NOTE = "note"
    APPROVE_CHAPTER = "approve-chapter"  # as it sounds with the takes of that moment
    APPROVE_BOOK = "approve-book"
    WITHDRAW = "withdraw"  # an earlier decision holds no more


class Show(StrEnum):
    """Which utterances are shown."""

    DOUBTFUL = "doubtful"  # the checks doubt the take, and nobody has decided
    REJECTED = "rejected"  # to be spoken again, or spoken again and not approved yet
    ALL = "all"


class Reach(StrEnum):
    """How far a correction reaches."""

    PLACE = "place"  # one utterance
    BOOK = "book"
    ALWAYS = "always"  # every book, also those to come


class LedgerState(StrEnum):
    """What became of a range of source characters. `UNACCOUNTED` fails the run."""

    SPOKEN = "spoken"
    SKIPPED = "skipped"
    UNACCOUNTED = "unaccounted"


class MarkupKind(StrEnum):
    """What a person or the book itself says about how a stretch of text is to be read."""

    PHONEMES = "phonemes"  # value: the alphabet and the phonemes, "ipa:təˈmɑːtəʊ" or "x-sampa:..."
    RESPELL = "respell"  # value: the words to say instead
    SAY_AS = "say-as"  # value: "characters", "digits", "cardinal", "ordinal", "year", "date", "telephone"
    VOICE = "voice"  # value: the character or voice that speaks
    DIRECTION = "direction"  # value: what the voice says first to be in the mood; it is cut out of the audio
    PAUSE = "pause"  # value: seconds of silence, or the name of a pause; start == end
    LANGUAGE = "language"  # value: BCP 47


@dataclass(frozen=True)
class Markup:
    """A note on `Block.text[start:end]`. The text itself stays in the block: the ledger counts it all the same."""

    start: int
    end: int
    kind: MarkupKind
    value: str


@dataclass(frozen=True)
class Block:
    """One block of a chapter. `text` is the source text with whitespace collapsed; the ledger counts its characters."""

    kind: BlockKind
    text: str
    source: str = ""  # where it came from, for messages: "OEBPS/ch01.xhtml"
    markup: tuple[Markup, ...] = ()  # sorted by start


@dataclass(frozen=True)
class Skip:
    """Source text that is deliberately not spoken, and the rule that says so ("footnote-reference", "nav", ...)."""

    text: str
    rule: str
    chapter_index: int | None = None
    source: str = ""


@dataclass(frozen=True)
class Chapter:
    """A chapter of the table of contents. `index` counts from 0 in reading order."""

    index: int
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Book:
    """A book as read from its file."""

    title: str
    authors: tuple[str, ...]
    language: str  # BCP 47, "" when unknown
    source_sha256: str  # of the book file's bytes; the book's identity
    chapters: tuple[Chapter, ...]
    skipped: tuple[Skip, ...] = ()
    identifier: str = ""
    publisher: str = ""
    date: str = ""
    description: str = ""
    cover: bytes | None = None
    cover_media_type: str = ""
    warnings: tuple[str, ...] = ()
    series: str = ""
    series_position: str = ""  # its number in the series, as the book gives it: "2", "2.5"
    identifiers: tuple[str, ...] = ()  # all of them, with their scheme: "isbn:9780..."
    subtitle: str = ""
    sort_title: str = ""  # as lists are sorted: "Wonderful Wizard of Oz, The"
    sort_authors: tuple[str, ...] = ()  # likewise, one for each author: "Baum, L. Frank"; none where no one is known
    subjects: tuple[str, ...] = ()
    rights: str = ""

    @property
    def text(self) -> str:
        """The text of all chapters, a block a line."""
        return "\n".join(block.text for chapter in self.chapters for block in chapter.blocks)


@dataclass(frozen=True)
class Utterance:
    """The unit spoken in one go. `start:end` are the source characters of its block that it covers."""

    chapter_index: int
    index: int  # position in the chapter, from 0
    block_index: int  # first block covered
    start: int
    end: int
    text: str  # the source characters
    spoken: str  # the same, normalised for speech
    pause: PauseKind  # what follows it
    is_heading: bool = False
    voice: str = ""  # the name of the voice that speaks it; "": the narrator's
    pause_s: float | None = None  # seconds of silence that the text itself asks for, in place of `pause`


@dataclass(frozen=True)
class LedgerEntry:
    """One range of source characters of one chapter and what became of it."""

    chapter_index: int | None
    text: str
    chars: int
    state: LedgerState
    rule: str = ""  # for skipped text


@dataclass(frozen=True)
class Coverage:
    """Character totals of the coverage ledger; `source = spoken + skipped + unaccounted`."""

    source_chars: int
    spoken_chars: int
    skipped_chars: int
    unaccounted_chars: int


@dataclass(frozen=True)
class Script:
    """What segmenting a book yields: utterances in reading order, and the ledger that accounts for every character."""

    utterances: tuple[Utterance, ...]
    ledger: tuple[LedgerEntry, ...]
    coverage: Coverage


@dataclass(frozen=True)
class Take:
    """One rendering of an utterance. `key` is the content key (same key, same audio, in any book and any run)."""

    key: str  # sha256 hex, see tasks.synthesize.keys
    utterance_key: str  # the key without the attempt: groups the takes of one spoken text
    attempt: int  # 0 for the first take, then 1, 2, ... for retakes
    seed: int
    audio_sha256: str  # artifact address of a mono FLAC file
    sample_rate: int
    samples: int
    verdict: Verdict
    reasons: tuple[str, ...] = ()  # ("too long: 9.1 s for 3 words", "length cap", ...)
    scores: dict[str, float] = field(default_factory=dict)  # rank, doubt, seconds_per_char, rms_dbfs, ...

    @property
    def seconds(self) -> float:
        """The length of the audio in seconds."""
        return self.samples / self.sample_rate


@dataclass(frozen=True, slots=True)  # a long book has hundreds of thousands
class WordTime:
    """When a word of an utterance is spoken: samples of its take, `[start_sample, end_sample)`."""

    start: int  # characters of `Utterance.spoken`; of `Utterance.text` where the word is one of the source
    end: int
    start_sample: int
    end_sample: int
    is_estimated: bool = False  # nobody heard it: its place in the take is in proportion to the text


@dataclass(frozen=True)
class VoiceRecord:
    """A voice: a name, the digest of its latents and the artifact that holds them."""

    name: str
    digest: str  # sha256 of the latents' bytes; part of every take's key
    latents_sha256: str  # artifact address of the safetensors file
    description: str = ""
    clips: tuple[str, ...] = ()  # artifact addresses of the reference clips
    model_digest: str = ""  # latents belong to one model
    recipe: str = ""  # what it was made of in place of clips: "mix joe:0.7&slt:0.3", "random 5"


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    FLAGGED = "flagged"  # done, more doubtful takes than the configured share
    REVIEW = "review"  # all is spoken and mastered; it is published when people have heard it
    FAILED = "failed"
    STOPPED = "stopped"  # by the user


@dataclass(frozen=True)
class PlacedUtterance:
    """An utterance on its chapter's timeline, in samples of the chapter's master."""

    utterance: Utterance
    take_key: str
    start_sample: int
    end_sample: int


@dataclass(frozen=True)
class Master:
    """A chapter's stitched, loudness-normalised audio."""

    chapter_index: int
    title: str
    audio_sha256: str  # artifact address of a mono FLAC file
    sample_rate: int
    samples: int
    loudness_lufs: float
    true_peak_dbtp: float
    placed: tuple[PlacedUtterance, ...] = ()


@dataclass(frozen=True)
class EditionFile:
    """One published file of an edition."""

    kind: str  # of the output: "m4b", "flac", "manifest"
    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Edition:
    """The published files of one run."""

    files: tuple[EditionFile, ...]
    seconds: float
    chapters: tuple[tuple[str, float, float], ...]  # title, start and end in seconds


@dataclass(frozen=True)
class KeyedUtterance:
    """An utterance of a book with the content key of what is to be spoken (`Take.utterance_key`)."""

    utterance: Utterance
    key: str


@dataclass(frozen=True)
class ChosenTake:
    """An utterance of a book and the take that the edition uses for it."""

    utterance: Utterance
    take: Take


@dataclass(frozen=True)
class FlaggedUtterance:
    """An utterance whose chosen take is doubtful, for reports and for `retry_failed`."""

    chapter_title: str
    utterance: Utterance
    take: Take


@dataclass(frozen=True)
class Run:
    """One attempt at turning a book into an edition."""

    id: str  # 32 hex digits
    source_sha256: str  # the book's identity
    flow: str  # "book_to_audio", "retry_failed"
    state: RunState
    started_at: datetime  # UTC
    heartbeat_at: datetime  # UTC, last sign of life
    finished_at: datetime | None
    done: int  # utterances finished so far
    total: int  # utterances to do
    message: str
    request: dict[str, object]  # what was asked for: voice, preset, chapters, ...
    interrupted: bool  # RUNNING in the database, but its process is gone
    heeded: int = 0  # the id of the newest decision that its script heeds

    @property
    def is_under_way(self) -> bool:
        """Whether a living process is at it."""
        return self.state is RunState.RUNNING and not self.interrupted


@dataclass(frozen=True)
class Decision:
    """A person's word. What it is about is named by content, so that it holds when the book is read again."""

    kind: DecisionKind
    who: str
    made_at: datetime  # UTC
    chapter: str = ""  # its title, for people
    text: str = ""  # of the utterance, as in the source; of an approved chapter or book the sha256 of its texts
    occurrence: int = 0  # which of the book's utterances with that text, from 0
    take_key: str = ""  # of the take; of an approved chapter or book the sha256 of the takes that were heard
    reach: Reach = Reach.PLACE  # of a correction
    written: str = ""  # of a correction that reaches beyond its place: the words that are said otherwise
    value: str = ""  # what is said instead; the note
    id: int = 0  # the later the higher; 0: not stored yet
    ended_by: int | None = None  # the id of the decision after which this one holds no more
