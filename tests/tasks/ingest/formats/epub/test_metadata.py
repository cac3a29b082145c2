"""What a package declares of its book: of each field the first word that counts, in plain text."""

from __future__ import annotations

import pytest

from tasks.ingest.formats.epub.metadata import read_metadata, tidy
from tasks.ingest.formats.epub.opf import OPF

ROLE = f"{{{OPF}}}role"
FILE_AS = f"{{{OPF}}}file-as"
SCHEME = f"{{{OPF}}}scheme"
EVENT = f"{{{OPF}}}event"


def read(metas=(), own="", **fields):
    """The metadata of fields that are texts, or texts with attributes."""
    values = {name: [(v, {}) if isinstance(v, str) else v for v in found] for name, found in fields.items()}
    return read_metadata(values, metas, own)


def refined(id_, **properties):
    return [(value, {"refines": f"#{id_}", "property": name.replace("_", "-")}) for name, value in properties.items()]


@pytest.mark.parametrize("name", ["language", "publisher", "description", "rights"])
def test_of_a_field_the_first_that_says_something_counts(name):
    assert getattr(read(**{name: [" \n", " A\n b ", "C"]}), name) == "A b"
    assert getattr(read(), name) == ""


def test_languages_have_hyphens():
    assert read(language=["en_GB"]).language == "en-GB"


@pytest.mark.parametrize(
    ("text", "plain"),
    [("<p>A <b>fine</b> book</p><p>B</p>", "A fine book B"), ("a < b", "a < b"), ("a &amp; b", "a &amp; b")],
)
def test_a_description_has_no_tags(text, plain):
    assert read(description=[text]).description == plain


def test_identifiers_are_each_once_with_their_scheme_and_the_books_own_is_named():
    found = [
        ("978", {SCHEME: " ISBN "}),
        ("isbn:979", {SCHEME: "ISBN"}),
        ("urn:ISBN:980", {SCHEME: "isbn"}),
        ("978", {SCHEME: "isbn"}),
        ("", {SCHEME: "x"}),
        ("abc", {}),
    ]
    assert read(identifier=found).identifiers == ("isbn:978", "isbn:979", "urn:ISBN:980", "abc")
    assert read(identifier=found).identifier == "978"
    assert read(identifier=found, own=" own\n id ").identifier == "own id"


@pytest.mark.parametrize(
    ("dates", "date"),
    [
        (["2001", "2002"], "2001"),
        ([("2001", {EVENT: "modification"}), ("2002", {EVENT: "Original-Publication"})], "2002"),
        ([("", {EVENT: "publication"}), "2003"], "2003"),
        ([("2001", {EVENT: "creation"})], "2001"),
        ([], ""),
    ],
)
def test_the_date_is_that_of_publication_else_the_first(dates, date):
    assert read(date=dates).date == date


@pytest.mark.parametrize(
    ("titles", "metas", "found"),
    [
        (["One", "Two"], [], ("One", "", "")),
        ([" ", ("Two", {"id": "t"})], refined("t", title_type="main"), ("Two", "", "")),
        ([("S", {"id": "s"}), ("T", {"id": "t"})],
         refined("s", title_type="subtitle") + refined("t", title_type="main", file_as="T, the"), ("T", "T, the", "S")),
        ([("S", {"id": "s"})], refined("s", title_type="subtitle"), ("S", "", "S")),
        ([("T", {FILE_AS: "T, the"})], [(None, {"name": "calibre:title_sort", "content": "x"})], ("T", "T, the", "")),
        (["T"], [(None, {"name": "calibre:title_sort", "content": " T,\n a "})], ("T", "T, a", "")),
        ([" "], [(None, {"name": "calibre:title_sort", "content": "x"})], ("", "", "")),
    ],
)  # fmt: skip
def test_title_how_it_is_sorted_and_subtitle(titles, metas, found):
    metadata = read(metas, title=titles)
    assert (metadata.title, metadata.sort_title, metadata.subtitle) == found


@pytest.mark.parametrize(
    ("creators", "metas", "authors", "sorted_as"),
    [
        (["Ann A", "Ann A", "Bob B"], [], ("Ann A", "Bob B"), ()),
        ([("Ann A", {ROLE: "AUT"}), ("Cy", {ROLE: "trl"})], [], ("Ann A",), ()),
        ([("Ann A", {"id": "a"}), ("Cy", {"id": "c"})], refined("c", role="ill"), ("Ann A",), ()),
        ([("Cy", {ROLE: "trl"}), ("Di", {ROLE: "edt"})], [], ("Cy", "Di"), ()),
        ([("Ann A", {FILE_AS: "A,  Ann"}), "Bob B"], [], ("Ann A", "Bob B"), ("A, Ann", "Bob B")),
        ([("Ann A", {"id": "a"})], refined("a", file_as="A, Ann"), ("Ann A",), ("A, Ann",)),
        ([("", {}), ("Ann\n A", {})], [], ("Ann A",), ()),
    ],
)
def test_authors_and_how_they_are_sorted(creators, metas, authors, sorted_as):
    metadata = read(metas, creator=creators)
    assert (metadata.authors, metadata.sort_authors) == (authors, sorted_as)


COLLECTION = ("The Lamps", {"property": "belongs-to-collection", "id": "c"})


@pytest.mark.parametrize(
    ("metas", "series"),
    [
        ([COLLECTION, *refined("c", collection_type="series", group_position="2")], ("The Lamps", "2")),
        ([COLLECTION], ("The Lamps", "")),
        ([COLLECTION, *refined("c", collection_type="set", group_position="2")], ("", "")),
        ([("", {"property": "belongs-to-collection"}), COLLECTION], ("The Lamps", "")),
        ([(None, {"name": "calibre:series", "content": " The\nLamps"}),
          (None, {"name": "calibre:series_index", "content": "1.5"})], ("The Lamps", "1.5")),
        ([(None, {"name": "calibre:series", "content": "L"}),
          (None, {"name": "calibre:series_index", "content": "10.0"})], ("L", "10")),
        ([(None, {"name": "calibre:series", "content": "L"}), COLLECTION], ("The Lamps", "")),
    ],
)  # fmt: skip
def test_the_series_and_the_books_place_in_it(metas, series):
    metadata = read(metas)
    assert (metadata.series, metadata.series_position) == series


def test_subjects_are_each_once():
    assert read(subject=["Lamps; Night", " Night ", (None, {})]).subjects == ("Lamps", "Night")


def test_what_is_no_text_is_none():
    assert [tidy(value) for value in (None, "", " a\n b ", 3)] == ["", "", "a b", "3"]
