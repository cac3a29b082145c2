"""Tags of a book: year, identifiers, genres, what is said of voice and cover."""

from dataclasses import replace

import pytest

from tasks.package.audio.tags import tags_of
from tests.tasks.package.conftest import BOOK, PNG


def test_covers_that_players_cannot_show_are_left_out_and_said(caplog):
    assert tags_of(replace(BOOK, cover=b"GIF89a"), "x", "ann").cover is None
    assert "neither JPEG nor PNG" in caplog.text
    assert tags_of(BOOK, "x", "ann").cover == PNG


def test_the_description_begins_by_saying_that_the_voice_is_synthetic():
    note = "Narrated by a synthetic voice (Talepress, ann)."
    assert tags_of(BOOK, "x", "ann").description == f"{note} {BOOK.description.strip()}"
    assert tags_of(replace(BOOK, description=""), "x", "ann").description == note


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1900", "1900"),
        ("1998-07-01T00:00:00+00:00", "1998"),
        ("July 1, 1998", "1998"),
        ("19980701", "1998"),
        ("No. 199807", ""),
        ("0101-01-01T00:00:00+00:00", ""),  # how calibre writes that it does not know
        ("", ""),
    ],
)
def test_the_year_is_taken_out_of_any_date(date, year):
    assert tags_of(replace(BOOK, date=date), "x", "ann").year == year


@pytest.mark.parametrize(
    ("identifier", "isbn", "asin"),
    [
        ("urn:isbn:978-0-306-40615-7", "9780306406157", ""),
        ("9780306406157", "9780306406157", ""),
        ("978-0-306-40615-7", "9780306406157", ""),
        ("9780306406158", "", ""),  # a wrong check digit: some other number
        ("ISBN 0-306-40615-2", "0306406152", ""),
        ("urn:uuid:9780306406157", "", ""),
        ("asin:B00ABC1234", "", "B00ABC1234"),
        ("mobi-asin:b00abc1234", "", "B00ABC1234"),
        ("amazon:not one", "", ""),
        ("https://example.org/asin:B00ABC1234", "", ""),
    ],
)
def test_isbn_and_asin_are_known_among_identifiers(identifier, isbn, asin):
    tags = tags_of(replace(BOOK, identifier="", identifiers=("other", identifier)), "x", "ann")
    assert (tags.isbn, tags.asin, tags.identifiers) == (isbn, asin, ("other", identifier))


def test_subjects_are_genres_after_the_one_that_players_sort_by():
    assert tags_of(BOOK, "x", "ann").genres == ("Audiobook", "Fantasy", "Fiction / Classics")
    assert tags_of(replace(BOOK, subjects=("audiobook", "Art")), "x", "ann").genres == ("Audiobook", "Art")


def test_only_what_says_that_it_is_an_isbn_is_one():
    assert tags_of(BOOK, "x", "ann").isbn == "9780306406157"
    assert tags_of(replace(BOOK, identifiers=()), "x", "ann").isbn == ""
