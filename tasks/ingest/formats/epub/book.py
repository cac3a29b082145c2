"""Makes a `Book` of an EPUB: chapters by its table of contents, skips by its landmarks. Must not know ebooklib."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Block, Book, Chapter, Skip
from tasks.errors import UnreadableBookError
from tasks.ingest.chapters import Mark, assemble, one_line
from tasks.ingest.events import Anchor, Event
from tasks.ingest.formats.epub.package import Package, read_package
from tasks.ingest.front_pages import title_rule
from tasks.ingest.html.documents import Document, read_documents
from tasks.ingest.html.elements import local_name
from tasks.ingest.html.parse import heading_anchors
from tasks.ingest.html.plain_heads import mark_plain_heads
from tasks.ingest.html.unread import meaning_rule
from tasks.ingest.metadata import describe
from tasks.ingest.notes import ChapterNote
from tasks.ingest.skips import SkipRule

_CONTAINER = "meta-inf/container.xml"
Placed = Event | ChapterNote
_FIXED_LAYOUT = "the pages are laid out like pictures (fixed layout) and were read one by one"
_MANY_PICTURES = 10
_LETTERS_PER_SCAN = 5


def is_epub(members: frozenset[str]) -> bool:
    """Tells whether a zip archive is an EPUB, by its members' names in lower case."""
    return _CONTAINER in members


def read_epub(path: Path, data: bytes, settings: IngestSettings, *, traced: bool = False) -> Book:
    """Reads the book in an EPUB file; `traced`: its blocks say where they came from. Raises what `read_book` does."""
    # 1. Take the package apart, and find the places where chapters may start.
    package = read_package(path, settings)
    if not package.units:
        raise UnreadableBookError(f"{path.name} has no text to read: its spine is empty")
    marks, problems = _resolve_toc(package)
    wanted: dict[int, set[str]] = {}
    for mark in marks:
        wanted.setdefault(mark.unit, set()).add(mark.anchor)
    # 2. Walk over its texts, and leave out what spine and landmarks set apart.
    documents = [Document(unit.path, unit.body, unit.pronunciations) for unit in package.units]
    units = read_documents(documents, settings, wanted, package.metadata.language, traced=traced)
    marks, missing = _check_anchors(marks, units)
    units = _leave_out_not_linear(package, units, settings.also_read)
    units = _apply_landmarks(package, units, marks, settings.also_read)
    # 3. Cut the events into chapters.
    chapters, skips = assemble(
        units,
        marks,
        package.metadata.title,
        package.metadata.authors,
        settings.also_read,
        reads_notes=settings.notes != "skip",
    )
    _refuse_pictures(path, package, chapters)
    layout = [_FIXED_LAYOUT] if package.is_fixed_layout else []
    book = Book(
        title=package.metadata.title or path.stem,
        authors=package.metadata.authors,
        language=package.metadata.language,
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        cover=package.cover,
        cover_media_type=package.cover_media_type,
        warnings=(*package.warnings, *layout, *problems, *missing),
    )
    return describe(book, package.metadata)


def _refuse_pictures(path: Path, package: Package, chapters: Sequence[Chapter]) -> None:
    """Refuses a book whose pages are pictures, whatever little text stands beside them."""
    pictures = sum(local_name(element) in ("img", "image") for unit in package.units for element in unit.body.iter())
    letters = sum(c.isalpha() for chapter in chapters for block in chapter.blocks for c in block.text)
    pages = len(package.units)
    if package.is_fixed_layout and letters < pages * _LETTERS_PER_SCAN:
        raise UnreadableBookError(
            f"{path.name} is a fixed-layout book of {pages} pages, which hold {letters} letters of text: they are "
            "pictures; recognise their text first (OCR)"
        )
    if pictures >= _MANY_PICTURES and letters < pictures * _LETTERS_PER_SCAN:
        raise UnreadableBookError(
            f"{path.name} has {pictures} pictures and {letters} letters of text: its pages are pictures; "
            "recognise their text first (OCR)"
        )


def _resolve_toc(package: Package) -> tuple[list[Mark], list[str]]:
    """Returns marks for the table of contents' entries, for the headings when no entry is usable; and warnings."""
    positions = {path.lower(): index for index, unit in enumerate(package.units) for path in unit.also}
    positions |= {unit.path.lower(): index for index, unit in enumerate(package.units)}
    marks = []
    problems = []
    for entry in package.toc:
        if (index := positions.get(entry.path.lower())) is not None:
            marks.append(Mark(entry.title, index, entry.fragment, entry.depth))
        else:
            problems.append(f"the table of contents names {entry.path} for {entry.title!r}, which is not in the spine")
    bodies = [unit.body for unit in package.units]
    has_plain_heads = len(marks) < 2 and mark_plain_heads(bodies)
    if marks and not has_plain_heads:
        return marks, problems
    kind = "no table of contents" if not marks else "one entry in the table of contents"
    problems.append(f"there is {kind}; chapters are made from headings")
    return [Mark(one_line(lines), index, id_) for index, id_, lines in heading_anchors(bodies)], problems


def _check_anchors(marks: Sequence[Mark], units: Sequence[Sequence[Placed]]) -> tuple[list[Mark], list[str]]:
    """Returns the marks whose fragment exists, and warnings of the others.

    A file's first mark that points nowhere becomes the file's start; its others are dropped.
    """
    present = {(index, event.id) for index, events in enumerate(units) for event in events if isinstance(event, Anchor)}
    started = {mark.unit for mark in marks if not mark.anchor}
    good = []
    problems = []
    for mark in marks:
        if not mark.anchor or (mark.unit, mark.anchor) in present:
            good.append(mark)
            continue
        problems.append(f"the table of contents names #{mark.anchor} for {mark.title!r}, which is not in its file")
        if mark.unit not in started:
            started.add(mark.unit)
            good.append(replace(mark, anchor=""))
    return good, problems


def _apply_landmarks(
    package: Package, units: Sequence[list[Placed]], marks: Sequence[Mark], also_read: Collection[str]
) -> list[list[Placed]]:
    """Skips files that the landmarks or the guide call a cover, a title page and so on.

    Not where the table of contents has several places, or a chapter's name, in that file: single-file books have
    landmarks too.
    """
    positions = {path.lower(): words for path, words in package.landmarks.items()}
    result = []
    for index, (unit, events) in enumerate(zip(package.units, units, strict=True)):
        rule = meaning_rule(word for path in (unit.path, *unit.also) for word in positions.get(path.lower(), ()))
        titles = [mark.title for mark in marks if mark.unit == index]
        if rule is None or rule in also_read or len(titles) > 1 or any(title_rule(title) is None for title in titles):
            result.append(events)
        else:
            result.append([_skipped(event, rule) if isinstance(event, Block) else event for event in events])
    return result


def _leave_out_not_linear(
    package: Package, units: Sequence[list[Placed]], also_read: Collection[str]
) -> list[list[Placed]]:
    """Skips the files that the spine sets apart from the reading order. Notes in them have found their place before."""
    return [
        [_skipped(event, SkipRule.NOT_LINEAR) if isinstance(event, Block) else event for event in events]
        if not unit.linear and SkipRule.NOT_LINEAR not in also_read
        else events
        for unit, events in zip(package.units, units, strict=True)
    ]


def _skipped(block: Block, rule: SkipRule) -> Skip:
    return Skip(block.text, rule, source=block.source)
