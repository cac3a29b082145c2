"""What a book is called has no character that turns writing around or that no format takes."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from tasks.ingest.book import read_book
from tasks.ingest.metadata import Metadata, describe, sort_names, split_subjects, with_plain_names
from tests.storage.builders import make_book

EVIL = "The \u202eLamp\u202c\x00\x1b[31m \u2066of\u2069\x85\ufeff Ali\U000e0041"
PLAIN = "The Lamp[31m of Ali"


def test_names_lose_control_characters_wherever_they_stand():
    book = make_book(title=EVIL, authors=(EVIL, "Ann"), series=EVIL, description=f"One.\n\n{EVIL}", subjects=(EVIL,))
    book = replace(book, chapters=tuple(replace(chapter, title=EVIL) for chapter in book.chapters))
    plain = with_plain_names(book)
    assert (plain.title, plain.authors, plain.series) == (PLAIN, (PLAIN, "Ann"), PLAIN)
    assert (plain.description, plain.subjects) == (f"One.\n\n{PLAIN}", (PLAIN,))
    assert {chapter.title for chapter in plain.chapters} == {PLAIN}
    assert [chapter.blocks for chapter in plain.chapters] == [chapter.blocks for chapter in book.chapters]


@pytest.mark.parametrize("name", ["नमस्\u200dते", "می\u200cخواهم", "שלום\u200f (a)", "❤\ufe0f 👩\u200d👧", "Ünï"])
def test_what_spells_a_name_stays(name):
    assert with_plain_names(make_book(title=name)).title == name


def test_a_book_that_nothing_is_wrong_with_stays_as_it_is():
    assert with_plain_names(make_book()) == make_book()


def test_every_format_is_read_so(tmp_path, settings):
    path = tmp_path / "book.md"
    front = '---\ntitle: "The \u202eLamp"\nauthor: "A\u2066nn"\n---\n'
    path.write_text(f"{front}# One\u202e\n\nText\u202e is here.\n", "utf-8")
    book = read_book(path, settings)
    assert (book.title, book.authors, book.chapters[0].title) == ("The Lamp", ("Ann",), "One")


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 8), (11, 12), (14, 31), (0x7F, 0x9F), (0x202A, 0x202E), (0x2066, 0x206F), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB),
     (0xE0000, 0xE007F)],
)  # fmt: skip
def test_controls_and_their_neighbours(first, last):
    controls = chr(first) + chr(last)
    assert with_plain_names(make_book(title=f"A{controls}B")).title == "AB"
    for code in (first - 1, last + 1):
        if code in (9, 10, 13, 32, 0x7E, 0xA0, 0x2029, 0x202F, 0x2065, 0x2070, 0xFEFE, 0xFF00, 0xFFF8, 0xFFFC, 0xE0080):
            assert with_plain_names(make_book(title=f"A{chr(code)}B")).title == f"A{chr(code)}B", code


FIELDS = {
    "authors": ("Ann A",), "language": "de", "identifier": "i", "identifiers": ("i", "j"), "publisher": "p",
    "date": "d",
    "description": "t", "series": "s", "series_position": "2", "subtitle": "u", "sort_title": "o",
    "sort_authors": ("A, Ann",),
    "subjects": ("x",), "rights": "r",
}  # fmt: skip


def test_a_book_has_all_that_its_file_declares_but_for_its_title():
    book = describe(make_book(title="T"), Metadata(title="U", **FIELDS))
    assert {name: getattr(book, name) for name in FIELDS} == FIELDS
    assert book.title == "T"
    assert set(FIELDS) | {"title"} == {field.name for field in fields(Metadata)}


@pytest.mark.parametrize(
    ("authors", "sorted_as"),
    [({"Ann A": "A, Ann", "Bob B": ""}, ("A, Ann", "Bob B")), ({"Ann A": "", "Bob B": ""}, ()), ({}, ())],
)
def test_names_are_sorted_where_one_of_them_says_how(authors, sorted_as):
    assert sort_names(authors) == sorted_as


def test_subjects_are_split_and_each_once():
    assert split_subjects([" a ; b;", "b", "", "c d;a"]) == ("a", "b", "c d")
