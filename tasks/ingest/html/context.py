"""What a walk over a document keeps in mind: the open elements that make blocks, and the block being gathered.

Must not know which elements make which blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from storage.records import BlockKind
from tasks.ingest.events import Event
from tasks.ingest.html.inline import InlineText
from tasks.ingest.notes import Note, NoteReference


@dataclass(frozen=True)
class Frame:
    """An open block-level element: the kind of its text, and whether inner blocks are lines of one block."""

    kind: BlockKind
    one_block: bool = False
    verse: bool = False
    preformatted: bool = False
    rows_left_out: bool = False  # of a table that is only announced
    note_group: bool = False  # text in here that is in no note only names or separates the notes


@dataclass
class Context:
    """What a walk has gathered so far: of the document itself, or of a note in it."""

    frames: list[Frame]
    text: InlineText = field(default_factory=InlineText)
    events: list[Event | Note | NoteReference] = field(default_factory=list)
    references: list[str] = field(default_factory=list)  # to notes, in the block being gathered
    note: etree._Element | None = None  # the note's element
