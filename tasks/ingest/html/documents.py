"""Makes events of the parsed documents of a book, with notes in their places. Must not know files or chapters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from configs.settings import IngestSettings
from tasks.ingest.archive import resolve
from tasks.ingest.events import Event
from tasks.ingest.html.drop_capitals import join_drop_capitals
from tasks.ingest.html.places import TextPlaces
from tasks.ingest.html.pronunciation import Pronunciations
from tasks.ingest.html.raised import mark_raised
from tasks.ingest.html.walker import walk
from tasks.ingest.notes import ChapterNote, link_notes, place_notes


@dataclass(frozen=True)
class Document:
    """One text of a book. Links in other documents lead to `path`."""

    path: str
    body: etree._Element
    pronunciations: Pronunciations | None = None


def read_documents(
    documents: Sequence[Document],
    settings: IngestSettings,
    anchors: Mapping[int, Collection[str]],
    language: str = "",
    *,
    traced: bool = False,
) -> list[list[Event | ChapterNote]]:
    """Walks over every document. Returns its events, with notes where `settings.notes` wants them.

    Args:
        documents: in reading order.
        settings: what is read, and how.
        anchors: for a document's index the ids at which chapters may start.
        language: the book's (BCP 47).
        traced: whether blocks say where their characters came from.
    """
    bodies = [(document.path, document.body) for document in documents]
    for document in documents:
        join_drop_capitals(document.body)
    link_notes(bodies, resolve)
    mark_raised(bodies)
    units = [
        walk(
            document.body,
            document.path,
            settings,
            anchors.get(index, ()),
            language,
            document.pronunciations,
            TextPlaces(document.body) if traced else None,
        )
        for index, document in enumerate(documents)
    ]
    return place_notes(units, settings.notes)
