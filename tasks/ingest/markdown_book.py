"""A Markdown file to a `Book`. Must not know Markdown's syntax."""

from __future__ import annotations

import hashlib
from pathlib import Path

from configs.settings import IngestSettings
from storage.records import Block, BlockKind, Book, Skip
from tasks.ingest.chapters import Mark, assemble
from tasks.ingest.encoding import decode
from tasks.ingest.html import heading_anchors, parse, walk
from tasks.ingest.markdown import split_front_matter, to_html


def read_markdown_book(path: Path, data: bytes, settings: IngestSettings) -> Book:
    """The book in a Markdown file."""
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
