"""The fields of a Markdown file's front matter, under the names that programs give them."""

from __future__ import annotations

import hashlib

import pytest

from tasks.ingest.book import read_book


@pytest.fixture
def read(tmp_path, settings):
    def book(matter, text="Some words."):
        (tmp_path / "b.md").write_text(f"---\n{matter}\n---\n\n{text}\n", "utf-8")
        return read_book(tmp_path / "b.md", settings)

    return book


@pytest.mark.parametrize(
    ("matter", "field", "value"),
    [
        ("title: ' A\n  b '", "title", "A b"),
        ("title: {text: A}", "title", "A"),
        ("title: [{title: A}, B]", "title", "A"),
        *((f"{name}: Ann A, Bob B", "authors", ("Ann A", "Bob B")) for name in ("author", "authors", "creator", "by")),
        ("by: X\nauthor: Ann A", "authors", ("Ann A",)),
        ("author:\ncreator: Ann A", "authors", ("Ann A",)),
        ("author: ['A, Ann', {name: Bob B}]", "authors", ("A, Ann", "Bob B")),
        *((f"{name}: de", "language", "de") for name in ("lang", "language")),
        ("language: de\nlang: en", "language", "en"),
        *((f"{name}: 12", "identifier", "12") for name in ("identifier", "isbn", "id")),
        ("publisher: P", "publisher", "P"),
        *((f"{name}: 1999", "date", "1999") for name in ("date", "published", "year")),
        *((f"{name}: D", "description", "D") for name in ("description", "abstract", "summary")),
        *((f"{name}: S", "series", "S") for name in ("series", "belongs-to-collection")),
        *((f"{name}: 2", "series_position", "2") for name in ("series_index", "group-position")),
        ("subtitle: S", "subtitle", "S"),
        *((f"{name}: [a, b]", "subjects", ("a", "b")) for name in ("subject", "subjects", "keywords", "tags")),
        ("tags: b\nsubject: a", "subjects", ("a", "b")),
        *((f"{name}: R", "rights", "R") for name in ("rights", "copyright", "license")),
    ],
)
def test_fields_have_the_names_that_programs_give_them(read, matter, field, value):
    assert getattr(read(matter), field) == value


def test_what_is_wrong_with_a_file_is_told_and_its_front_matter_is_no_text(read):
    book = read("title: [", "He donâ€™t know.")
    assert [warning.split(":")[:2] for warning in book.warnings] == [
        ["b.md", " 1 characters were UTF-8 that a program had taken for cp1252; they are put right"],
        ["b.md", " the front matter is no valid YAML and was not used"],
    ]
    assert [(skip.rule, skip.text) for skip in book.skipped] == [("front-matter", "--- title: [ ---")]


def test_another_encoding_is_told(tmp_path, settings):
    (tmp_path / "b.md").write_bytes("It was naïve, “quite” so.".encode("cp1252"))
    assert read_book(tmp_path / "b.md", settings).warnings == ("b.md is not UTF-8 and was read as cp1252",)


def test_a_markdown_file_is_known_by_its_digest_and_keeps_every_warning(tmp_path, settings):
    path = tmp_path / "b.md"
    path.write_bytes("---\ntitle: [\n---\n\nééé donâ€™t ".encode() + b"\x93x\n")
    book = read_book(path, settings)
    assert book.source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    signs = ("read as utf-8 with cp1252 in places", "taken for cp1252", "the front matter is no valid YAML")
    assert [sign in warning for sign, warning in zip(signs, book.warnings, strict=True)] == [True] * 3
