"""`read_book`: a book file of any known kind to a `Book`. Must not know how blocks become speech."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Block, BlockKind, Book, Skip
from tasks.errors import UnreadableBookError
from tasks.ingest.chapters import Mark, assemble
from tasks.ingest.encoding import decode
from tasks.ingest.epub import Package, read_package
from tasks.ingest.html import Anchor, Event, heading_anchors, parse, text_of, walk
from tasks.ingest.markdown import split_front_matter, to_html
from tasks.ingest.rules import meaning_rule, title_rule
from tasks.ingest.text import read_header, read_text

_MIB = 1024 * 1024


def read_book(path: Path, settings: IngestSettings) -> Book:
    """Reads `.epub`, `.txt` and `.md` files.

    Every character of the book's text is in a block of one chapter or in a skip that names its rule.

    Raises:
        UnreadableBookError: the file is missing, a folder, of another kind, damaged, encrypted, hostile or empty.
        CoverageError: reading lost or doubled text; a fault of ours.
    """
    readers: dict[str, Callable[[Path, bytes, IngestSettings], Book]] = {
        ".epub": _read_epub,
        ".txt": _read_text,
        ".md": _read_markdown,
        ".markdown": _read_markdown,
    }
    if not path.exists():
        raise UnreadableBookError(f"there is no file {path}")
    if not path.is_file():
        raise UnreadableBookError(f"{path} is not a file; name the book file itself")
    reader = readers.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(sorted(readers))
        raise UnreadableBookError(f"{path.name} is of a kind that Talepress does not read; it reads {known}")
    try:
        size = path.stat().st_size
        if size > settings.max_file_bytes:
            raise UnreadableBookError(f"{path.name} is {size // _MIB} MiB, more than ingest.max_file_bytes allows")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableBookError(f"{path} cannot be read: {error.strerror}") from error
    if not data.strip():
        raise UnreadableBookError(f"{path.name} is empty")
    book = reader(path, data, settings)
    if not any(any(c.isalnum() for c in block.text) for chapter in book.chapters for block in chapter.blocks):
        skipped = sorted({skip.rule for skip in book.skipped})
        why = f"all its text is left out by the rules {', '.join(skipped)}" if skipped else "it holds only pictures?"
        raise UnreadableBookError(f"{path.name} has no text to read: {why}")
    return book


def _read_epub(path: Path, data: bytes, settings: IngestSettings) -> Book:
    package = read_package(path, settings)
    if not package.units:
        raise UnreadableBookError(f"{path.name} has no text to read: its spine is empty")
    marks, problems = _resolve_toc(package)
    wanted: dict[int, set[str]] = {}
    for mark in marks:
        wanted.setdefault(mark.unit, set()).add(mark.anchor)
    units = [
        walk(unit.body, unit.path, wanted.get(index, ()), settings.also_read)
        for index, unit in enumerate(package.units)
    ]
    marks, missing = _check_anchors(marks, units)
    units = _apply_landmarks(package, units, marks, settings.also_read)
    chapters, skips = assemble(units, marks, package.title, package.authors, settings.also_read)
    skips += tuple(
        Skip(text, "not-linear", source=unit.path) for unit in package.not_linear if (text := text_of(unit.body))
    )
    return Book(
        title=package.title or path.stem,
        authors=package.authors,
        language=package.language,
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        identifier=package.identifier,
        publisher=package.publisher,
        date=package.date,
        description=package.description,
        cover=package.cover,
        cover_media_type=package.cover_media_type,
        warnings=(*package.warnings, *problems, *missing),
    )


def _resolve_toc(package: Package) -> tuple[list[Mark], list[str]]:
    """Marks for the table of contents' entries; for the headings when there is no usable entry."""
    positions = {unit.path.lower(): index for index, unit in enumerate(package.units)}
    marks, problems = [], []
    for entry in package.toc:
        if (index := positions.get(entry.path.lower())) is not None:
            marks.append(Mark(entry.title, index, entry.fragment, entry.depth))
        else:
            problems.append(f"the table of contents names {entry.path} for {entry.title!r}, which is not in the spine")
    if marks:
        return marks, problems
    problems.append("there is no table of contents; chapters are made from headings")
    return [Mark(title, index, id_) for index, id_, title in heading_anchors([u.body for u in package.units])], problems


def _check_anchors(marks: Sequence[Mark], units: Sequence[Sequence[Event]]) -> tuple[list[Mark], list[str]]:
    """Marks whose fragment exists. A file's first that points nowhere means its start; others are dropped."""
    present = {(index, event.id) for index, events in enumerate(units) for event in events if isinstance(event, Anchor)}
    started = {mark.unit for mark in marks if not mark.anchor}
    good, problems = [], []
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
    package: Package, units: Sequence[list[Event]], marks: Sequence[Mark], also_read: Collection[str]
) -> list[list[Event]]:
    """Skips files that the landmarks or the guide call a cover, a title page and so on.

    Not where the table of contents has several places, or a chapter's name, in that file: single-file books have
    landmarks too.
    """
    positions = {path.lower(): words for path, words in package.landmarks.items()}
    result = []
    for index, (unit, events) in enumerate(zip(package.units, units, strict=True)):
        rule = meaning_rule(positions.get(unit.path.lower(), ()))
        titles = [mark.title for mark in marks if mark.unit == index]
        if rule is None or rule in also_read or len(titles) > 1 or any(title_rule(title) is None for title in titles):
            result.append(events)
        else:
            result.append([_skipped(event, rule) if isinstance(event, Block) else event for event in events])
    return result


def _skipped(block: Block, rule: str) -> Skip:
    return Skip(block.text, rule, source=block.source)


def _read_text(path: Path, data: bytes, settings: IngestSettings) -> Book:
    text, encoding = decode(data)
    header = read_header(text)
    title = header.get("title", path.stem)
    authors = (header["author"],) if "author" in header else ()
    events, marks = read_text(text, path.name)
    chapters, skips = assemble([events], marks, title, authors, settings.also_read)
    return Book(
        title=title,
        authors=authors,
        language="en" if header.get("language", "").lower() == "english" else "",
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        publisher=header.get("publisher", ""),
        date=header.get("release date", ""),
        warnings=() if encoding in ("utf-8", "ascii") else (f"{path.name} is not UTF-8 and was read as {encoding}",),
    )


def _read_markdown(path: Path, data: bytes, settings: IngestSettings) -> Book:
    text, encoding = decode(data)
    fields, front_matter, text = split_front_matter(text)
    body, _ = parse(to_html(text), path.name)
    marks = [Mark(title, 0, id_) for _, id_, title in heading_anchors([body])]
    events = walk(body, path.name, {mark.anchor for mark in marks}, settings.also_read)
    lone_title = next((e.text for e in events if isinstance(e, Block) and e.kind == BlockKind.HEADING), "")
    title = fields.get("title") or lone_title or path.stem
    authors = tuple(name.strip() for name in fields.get("author", "").split(",") if name.strip())
    chapters, skips = assemble([events], marks, title, authors, settings.also_read)
    if front_matter:
        skips = (Skip(" ".join(front_matter.split()), "front-matter", source=path.name), *skips)
    return Book(
        title=title,
        authors=authors,
        language=fields.get("language", fields.get("lang", "")),
        source_sha256=hashlib.sha256(data).hexdigest(),
        chapters=chapters,
        skipped=skips,
        date=fields.get("date", ""),
        warnings=() if encoding in ("utf-8", "ascii") else (f"{path.name} is not UTF-8 and was read as {encoding}",),
    )
