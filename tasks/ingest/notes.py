"""Notes of a book: which text is the body of which reference, and where bodies are read. Must not know files or HTML.

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
    """The place of a reference to the note `key`: after the block that it stands in."""

    key: str


@dataclass(frozen=True)
class Note:
    """The body of a note, with its skips and anchors. `key` is "" for one that nothing refers to."""

    key: str
    events: tuple[Event | NoteReference, ...]


@dataclass(frozen=True)
class ChapterNote:
    """Blocks of a note, to be read at the end of the chapter."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class _Reference:
    element: etree._Element
    home: frozenset[str]  # keys by which a body may lead back


def link_notes(documents: Sequence[tuple[str, etree._Element]], resolve: Callable[[str, str], str]) -> None:
    """Leaves on every reference and every body found the attribute `NOTE_KEY`.

    Args:
        documents: path and body of each text, in reading order.
        resolve: (path of a document, href in it) to the path that it points to.
    """

    def target_of(path: str, href: str) -> str:
        fragment = href.split("#", 1)[1] if "#" in href else ""
        return f"{resolve(path, href).lower()}#{fragment}" if fragment else ""

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
    for path, body in documents:
        for element in body.iter(etree.Element):
            for name in (element.get("id"), element.get("name")):
                reference = references.get(f"{path.lower()}#{name}") if name else None
                if reference is not None:
                    found = _body(path, element, reference, target_of)
                    if found is not None and found.get(NOTE_KEY) is None:
                        found.set(NOTE_KEY, f"{path.lower()}#{name}")


def place_notes(
    units: Sequence[Sequence[Event | Note | NoteReference]], policy: str
) -> list[list[Event | ChapterNote]]:
    """Events with every note where it is read: after the block that first refers to it, or at that chapter's end.

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
    """Where a body's link back may lead: the reference, what is in it, and the inline elements around it."""
    holders = [*element.iter(etree.Element)]
    for ancestor in element.iterancestors():
        holders.append(ancestor)
        if local_name(ancestor) in _BODY_TAGS:
            break
    for holder in holders:
        for name in (holder.get("id"), holder.get("name")):
            if name:
                yield f"{path.lower()}#{name}"


def _body(
    path: str, target: etree._Element, reference: _Reference, target_of: Callable[[str, str], str]
) -> etree._Element | None:
    """The body that a reference's target belongs to, or `None` where it leads to ordinary text."""
    holders = [target, *target.iterancestors()]
    said = next((holder for holder in holders if is_note_body(holder)), None)
    if said is not None:
        return said
    block = next((holder for holder in holders[: _CLIMB + 1] if local_name(holder) in _BODY_TAGS), None)
    if block is None or reference.element is target or block in [*reference.element.iterancestors()]:
        return None
    leads_back = any(target_of(path, link.get("href") or "") in reference.home for link in block.iter("{*}a", "a"))
    mark = note_mark("".join(reference.element.itertext()))
    opening = "".join(_opening(block)).lstrip()
    return block if leads_back or (mark and note_mark(opening.split(" ", 1)[0].rstrip(".:")) == mark) else None


def _opening(element: etree._Element) -> Iterator[str]:
    """The first characters of an element."""
    length = 0
    for text in element.itertext():
        yield text
        length += len(text)
        if length > _OPENING_CHARS:
            return
