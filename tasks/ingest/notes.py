"""Links the references to notes with the notes' bodies, and puts bodies where they are read. Must not know files.

A body is found by what the book says (epub:type, role, class), else by links: a raised or bracketed reference leads to
a block that leads back to it, or that begins with the same mark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from storage.records import Block
from tasks.ingest.events import Event
from tasks.ingest.html.elements import local_name
from tasks.ingest.html.unread import NOTE_KEY, is_note_body, is_note_reference, note_mark

_BODY_TAGS = frozenset({"aside", "li", "p", "div", "dd", "section", "tr", "blockquote"})
_CLIMB = 3  # a target is at most so far inside its block
_OPENING_CHARS = 24


@dataclass(frozen=True)
class NoteReference:
    """A reference to the note `key`; it comes after the block that it stands in."""

    key: str


@dataclass(frozen=True)
class Note:
    """The body of a note, with its skips and anchors. `key` is "" where no reference was found for it."""

    key: str
    events: tuple[Event | NoteReference, ...]


@dataclass(frozen=True)
class ChapterNote:
    """The blocks of a note that is read at the end of its chapter."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class _Reference:
    """A link to a note's body."""

    element: etree._Element
    home: frozenset[str]  # keys by which a body may lead back


def link_notes(documents: Sequence[tuple[str, etree._Element]], resolve: Callable[[str, str], str]) -> None:
    """Finds the references to notes and their bodies, and sets the attribute `NOTE_KEY` on both.

    Args:
        documents: path and body of each text, in reading order.
        resolve: (path of a document, href in it) to the path that it points to.
    """

    def target_of(path: str, href: str) -> str:
        fragment = href.split("#", 1)[1] if "#" in href else ""
        return f"{resolve(path, href).lower()}#{fragment}" if fragment else ""

    # 1. Every reference gets the place that it leads to as its key.
    references: dict[str, _Reference] = {}
    for path, body in documents:
        for element in body.iter("{*}a", "a", "{*}sup", "sup"):
            if not is_note_reference(element, local_name(element)):
                continue
            link = element if element.get("href") else next(element.iter("{*}a", "a"), element)
            key = target_of(path, link.get("href") or "")
            if key:
                element.set(NOTE_KEY, key)
                references.setdefault(key, _Reference(element, frozenset(_keys_around(path, element))))
    # 2. The body around each such place gets the same key.
    for path, body in documents:
        for element in body.iter(etree.Element):
            for key in _keys(path, element):
                note = _body(path, element, references[key], target_of) if key in references else None
                if note is not None and note.get(NOTE_KEY) is None:
                    note.set(NOTE_KEY, key)


def place_notes(
    units: Sequence[Sequence[Event | Note | NoteReference]], policy: str
) -> list[list[Event | ChapterNote]]:
    """Moves every note to where it is read: behind the block that first refers to it, or to that chapter's end.

    Args:
        units: the events of each text. A note that nothing refers to is read where it stands.
        policy: "inline" or "chapter-end"; with "skip" there are no notes among the events.
    """
    referred = {event.key for events in units for event in events if isinstance(event, NoteReference)}
    moved: dict[str, Note] = {}
    for events in units:
        for event in events:
            if isinstance(event, Note) and event.key in referred:
                moved.setdefault(event.key, event)
    waiting = dict(moved)
    return [list(_placed(events, moved, waiting, policy)) for events in units]


def _placed(
    events: Sequence[Event | Note | NoteReference], moved: dict[str, Note], waiting: dict[str, Note], policy: str
) -> Iterator[Event | ChapterNote]:
    """Yields the events of one text with the notes in their places; `waiting` are those not yet read."""
    for event in events:
        if isinstance(event, NoteReference):
            note = waiting.pop(event.key, None)
            if note is not None:
                blocks = tuple(inner for inner in note.events if isinstance(inner, Block))
                yield from blocks if policy == "inline" else (ChapterNote(blocks),)
        elif isinstance(event, Note):
            stays = moved.get(event.key) is not event
            for inner in event.events:
                if not isinstance(inner, NoteReference) and (stays or not isinstance(inner, Block)):
                    yield inner
        else:
            yield event


def _keys_around(path: str, element: etree._Element) -> Iterator[str]:
    """Yields the keys to which a body's link back may lead: the reference's, and those in it and around it."""
    holders = [*element.iter(etree.Element)]
    for ancestor in element.iterancestors():
        holders.append(ancestor)
        if local_name(ancestor) in _BODY_TAGS:
            break
    for holder in holders:
        yield from _keys(path, holder)


def _keys(path: str, element: etree._Element) -> Iterator[str]:
    """Yields the keys of an element's place: by its id and its name."""
    for name in (element.get("id"), element.get("name")):
        if name:
            yield f"{path.lower()}#{name}"


def _body(
    path: str, target: etree._Element, reference: _Reference, target_of: Callable[[str, str], str]
) -> etree._Element | None:
    """Returns the note's body that a reference's target lies in, or `None` where it leads to ordinary text."""
    holders = [target, *target.iterancestors()]
    declared = next((holder for holder in holders if is_note_body(holder)), None)
    if declared is not None:
        return declared
    block = next((holder for holder in holders[: _CLIMB + 1] if local_name(holder) in _BODY_TAGS), None)
    if block is None or reference.element is target or block in [*reference.element.iterancestors()]:
        return None
    mark = note_mark("".join(reference.element.itertext()))
    begins_with_mark = bool(mark) and _leading_mark(block) == mark
    if not begins_with_mark and mark and _opens_its_block(reference.element, mark):
        return None  # a note's link back, which looks like a reference
    leads_back = any(target_of(path, link.get("href") or "") in reference.home for link in block.iter("{*}a", "a"))
    return block if leads_back or begins_with_mark else None


def _leading_mark(block: etree._Element) -> str:
    """Returns the mark of a note with which a block begins; "" where there is none."""
    return note_mark("".join(_opening(block)).lstrip().split(" ", 1)[0].rstrip(".:"))


def _opens_its_block(reference: etree._Element, mark: str) -> bool:
    """Tells whether a link stands at the beginning of its block, with text behind it."""
    block = next((holder for holder in reference.iterancestors() if local_name(holder) in _BODY_TAGS), None)
    return block is not None and _leading_mark(block) == mark


def _opening(element: etree._Element) -> Iterator[str]:
    """Yields the texts that hold an element's first characters."""
    length = 0
    for text in element.itertext():
        yield text
        length += len(text)
        if length > _OPENING_CHARS:
            return
