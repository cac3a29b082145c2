"""What a book is called has no character that turns writing around or that no format takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.ingest.book import read_book
from tasks.ingest.metadata import with_plain_names
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
