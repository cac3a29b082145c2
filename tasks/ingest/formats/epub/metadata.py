"""Reads what an EPUB's package declares of the book: title, authors, series and the like. Must not know archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.ingest.formats.epub.opf import OPF
from tasks.ingest.html.parse import parse, text_of
from tasks.ingest.metadata import Metadata

Values = Sequence[tuple[str, Mapping[str, str]]]  # texts of elements of one name with their attributes


def read_metadata(dublin_core: Mapping[str, Values], metas: Values, unique_identifier: str) -> Metadata:
    """Reads the metadata out of an EPUB's Dublin Core elements, by name, and all its `<meta>` elements."""

    def first(name: str) -> str:
        return next((tidy(value) for value, _ in dublin_core.get(name, ()) if tidy(value)), "")

    refining = _refinements(metas)
    series, position = _series(metas, refining)
    identifiers = [_identifier(tidy(value), attributes) for value, attributes in dublin_core.get("identifier", ())]
    return Metadata(
        title=_title(dublin_core.get("title", ()), refining),
        authors=_authors(dublin_core.get("creator", ()), refining),
        language=first("language").replace("_", "-"),
        identifier=tidy(unique_identifier) or first("identifier"),
        identifiers=tuple(dict.fromkeys(name for name in identifiers if name)),
        publisher=first("publisher"),
        date=_date(dublin_core.get("date", ())),
        description=_plain(first("description")),
        series=series,
        series_position=position,
    )


def tidy(value: object) -> str:
    """Collapses a text's whitespace; `None` becomes ""."""
    return " ".join(str(value or "").split())


def _refinements(metas: Values) -> dict[tuple[str, str], str]:
    """Maps (id, property) to the value of each `<meta refines="#id" property="...">`."""
    return {
        (attributes.get("refines", "").lstrip("#"), attributes.get("property", "")): tidy(value)
        for value, attributes in metas
        if attributes.get("refines")
    }


def _title(titles: Values, refining: Mapping[tuple[str, str], str]) -> str:
    """Returns the title of type "main", else the first."""
    named = [(tidy(value), refining.get((attributes.get("id", ""), "title-type"), "")) for value, attributes in titles]
    named = [(title, kind) for title, kind in named if title]
    return next((title for title, kind in named if kind == "main"), named[0][0] if named else "")


def _authors(creators: Values, refining: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    """Returns the creators whose role is author or not given; all creators when that leaves nobody."""
    named = [(tidy(value), attributes) for value, attributes in creators if tidy(value)]

    def is_author(attributes: Mapping[str, str]) -> bool:
        role = attributes.get(f"{{{OPF}}}role") or refining.get((attributes.get("id", ""), "role")) or "aut"
        return role.lower() == "aut"

    authors = [name for name, attributes in named if is_author(attributes)] or [name for name, _ in named]
    return tuple(dict.fromkeys(authors))


def _identifier(value: str, attributes: Mapping[str, str]) -> str:
    """Puts an identifier's scheme before it, as a URN has it, "isbn:9780...", unless it is there already."""
    scheme = (attributes.get(f"{{{OPF}}}scheme") or "").strip().lower()
    return f"{scheme}:{value}" if value and scheme and scheme not in value.lower() else value


def _date(dates: Values) -> str:
    """Returns the date of publication, else the first date."""
    named = [(tidy(value), (attributes.get(f"{{{OPF}}}event") or "").lower()) for value, attributes in dates]
    published = [date for date, event in named if date and "publication" in event]
    return next(iter(published or [date for date, _ in named if date]), "")


def _series(metas: Values, refining: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """Returns the series' name and the book's position in it.

    They are in EPUB 3's collection of type "series" (or of no type), else in calibre's fields.
    """
    for value, attributes in metas:
        id_ = attributes.get("id", "")
        is_series = refining.get((id_, "collection-type"), "series") == "series"
        if attributes.get("property") == "belongs-to-collection" and is_series and tidy(value):
            return tidy(value), refining.get((id_, "group-position"), "")
    fields = {attributes.get("name", ""): tidy(attributes.get("content")) for _, attributes in metas}
    position = fields.get("calibre:series_index", "")
    return fields.get("calibre:series", ""), position.removesuffix(".0")


def _plain(markup: str) -> str:
    """Takes the tags out of a description: publishers put escaped HTML there."""
    return text_of(parse(f"<div>{markup}</div>", "description")[0]) if "<" in markup else markup
