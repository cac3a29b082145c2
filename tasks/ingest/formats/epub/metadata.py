"""Reads what an EPUB's package declares of the book: title, authors, series and the like. Must not know archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tasks.ingest.formats.epub.opf import OPF
from tasks.ingest.html.parse import parse, text_of
from tasks.ingest.metadata import Metadata, sort_names, split_subjects

Values = Sequence[tuple[str, Mapping[str, str]]]  # texts of elements of one name with their attributes


def read_metadata(dublin_core: Mapping[str, Values], metas: Values, unique_identifier: str) -> Metadata:
    """Reads the metadata out of an EPUB's Dublin Core elements, by name, and all its `<meta>` elements."""

    def first(name: str) -> str:
        return next((tidy(value) for value, _ in dublin_core.get(name, ()) if tidy(value)), "")

    refining = _refinements(metas)
    series, position = _series(metas, refining)
    identifiers = [_identifier(tidy(value), attributes) for value, attributes in dublin_core.get("identifier", ())]
    title, sort_title, subtitle = _titles(dublin_core.get("title", ()), metas, refining)
    authors = _authors(dublin_core.get("creator", ()), refining)
    return Metadata(
        title=title,
        authors=tuple(authors),
        language=first("language").replace("_", "-"),
        identifier=tidy(unique_identifier) or first("identifier"),
        identifiers=tuple(dict.fromkeys(name for name in identifiers if name)),
        publisher=first("publisher"),
        date=_date(dublin_core.get("date", ())),
        description=_plain(first("description")),
        series=series,
        series_position=position,
        subtitle=subtitle,
        sort_title=sort_title,
        sort_authors=sort_names(authors),
        subjects=split_subjects(tidy(value) for value, _ in dublin_core.get("subject", ())),
        rights=first("rights"),
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


def _titles(titles: Values, metas: Values, refining: Mapping[tuple[str, str], str]) -> tuple[str, str, str]:
    """Returns the title, how it is sorted, and the subtitle.

    The title is that of type "main", else the first. EPUB 3 says in a refining `file-as` how it is sorted, calibre in a
    field of its own.
    """
    named = [
        (tidy(value), refining.get((attributes.get("id", ""), "title-type"), ""), attributes)
        for value, attributes in titles
        if tidy(value)
    ]
    if not named:
        return "", "", ""
    title, _, attributes = next((one for one in named if one[1] == "main"), named[0])
    fields = {attributes.get("name", ""): tidy(attributes.get("content")) for _, attributes in metas}
    sorted_as = _file_as(attributes, refining) or fields.get("calibre:title_sort", "")
    return title, sorted_as, next((other for other, kind, _ in named if kind == "subtitle"), "")


def _authors(creators: Values, refining: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Returns the creators whose role is author or not given, all creators when that leaves nobody.

    With each, how the name is sorted ("Baum, L. Frank"), "" where that is unknown.
    """
    named = [(tidy(value), attributes) for value, attributes in creators if tidy(value)]

    def is_author(attributes: Mapping[str, str]) -> bool:
        role = attributes.get(f"{{{OPF}}}role") or refining.get((attributes.get("id", ""), "role")) or "aut"
        return role.lower() == "aut"

    authors: dict[str, str] = {}
    for name, attributes in [one for one in named if is_author(one[1])] or named:
        authors.setdefault(name, _file_as(attributes, refining))
    return authors


def _file_as(attributes: Mapping[str, str], refining: Mapping[tuple[str, str], str]) -> str:
    """Returns how a name or title is sorted, as EPUB 2 (an attribute) or EPUB 3 (a refining element) says it."""
    return tidy(attributes.get(f"{{{OPF}}}file-as")) or refining.get((attributes.get("id", ""), "file-as"), "")


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
