"""Tags of a book: year, identifiers, genres, what is said of voice and cover."""

from dataclasses import replace

import pytest
from mutagen import MutagenError

from configs.settings import SettingsError, load_settings
from tasks.errors import TalepressError
from tasks.package.audio.tags import Tags, tagging_errors, tags_of
from tests.tasks.package.conftest import BOOK, PACKAGE, PNG

NOTE = "Narrated by a synthetic voice."


def test_covers_that_players_cannot_show_are_left_out_and_said(caplog):
    assert tags_of(replace(BOOK, cover=b"GIF89a"), "x", "AI voice", NOTE).cover is None
    assert "neither JPEG nor PNG" in caplog.text
    assert tags_of(BOOK, "x", "AI voice", NOTE).cover == PNG


def test_the_description_begins_by_saying_that_the_voice_is_synthetic():
    assert tags_of(BOOK, "x", "AI voice", NOTE).description == f"{NOTE} {BOOK.description.strip()}"
    assert tags_of(replace(BOOK, description=""), "x", "AI voice", NOTE).description == NOTE


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1900", "1900"),
        ("1998-07-01T00:00:00+00:00", "1998"),
        ("July 1, 1998", "1998"),
        ("19980701", "1998"),
        ("No. 199807", ""),
        ("2024", "2024"),
        ("3024", ""),
        ("ca. 1850/51", "1850"),
        ("0101-01-01T00:00:00+00:00", ""),  # how calibre writes that it does not know
        ("", ""),
    ],
)
def test_the_year_is_taken_out_of_any_date(date, year):
    assert tags_of(replace(BOOK, date=date), "x", "AI voice", NOTE).year == year


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
        ("amazon:B00ABC1234", "", "B00ABC1234"),
        ("AMAZON:b00abc1234", "", "B00ABC1234"),
        ("urn:asin:B00ABC1234", "", "B00ABC1234"),
        ("asin:B00ABC12345", "", ""),
        ("amazon.de:B00ABC1234", "", ""),
        ("isbn:0-8044-2957-x", "080442957X", ""),
        ("isbn:979-1-234-56789-6", "9791234567896", ""),
        ("isbn:977-1-234-56789-8", "", ""),
        ("isbn:97803064061571", "", ""),
        ("0306406152", "", ""),  # of ten digits many a number is
        ("https://example.org/asin:B00ABC1234", "", ""),
    ],
)
def test_isbn_and_asin_are_known_among_identifiers(identifier, isbn, asin):
    tags = tags_of(replace(BOOK, identifier="", identifiers=("other", identifier)), "x", "AI voice", NOTE)
    assert (tags.isbn, tags.asin, tags.identifiers) == (isbn, asin, ("other", identifier))


def test_subjects_are_genres_after_the_one_that_players_sort_by():
    assert tags_of(BOOK, "x", "AI voice", NOTE).genres == ("Audiobook", "Fantasy", "Fiction / Classics")
    assert tags_of(replace(BOOK, subjects=("audiobook", "Art")), "x", "AI voice", NOTE).genres == ("Audiobook", "Art")


def test_only_what_says_that_it_is_an_isbn_is_one():
    assert tags_of(BOOK, "x", "AI voice", NOTE).isbn == "9780306406157"
    assert tags_of(replace(BOOK, identifiers=()), "x", "AI voice", NOTE).isbn == ""


def test_the_voice_is_said_to_be_synthetic_in_whatever_words(content):
    def tags(**values):
        return replace(content, settings=PACKAGE.model_copy(update=values)).tags

    assert (tags().narrator, tags().narration) == ("Talepress ann (AI voice)", "AI voice")
    german = tags(narrator="Anna", narration="KI-Stimme", disclosure="Gelesen von der KI-Stimme {voice}.")
    assert (german.narrator, german.narration) == ("Anna (KI-Stimme)", "KI-Stimme")
    assert german.description.startswith("Gelesen von der KI-Stimme ann. A girl")


@pytest.mark.parametrize("words", ["", "   "])
@pytest.mark.parametrize("name", ["narration", "disclosure"])
def test_that_the_voice_is_synthetic_cannot_be_left_out(name, words):
    with pytest.raises(SettingsError, match=f"package.{name}"):
        load_settings(package={name: words})


def test_every_fact_of_a_book_becomes_its_tag():
    book = replace(BOOK, title=" Oz\n 2 ", identifier="asin:B00ABC1234", identifiers=("asin:B00ABC1234", "", "x"))
    assert tags_of(book, "Ann", "AI voice", NOTE) == Tags(
        title="Oz 2",
        author="L. Frank Baum, Anon",
        narrator="Ann",
        narration="AI voice",
        year="1900",
        description=f"{NOTE} {BOOK.description.strip()}",
        publisher="Geo. M. Hill",
        language="en",
        isbn="",
        asin="B00ABC1234",
        identifiers=("asin:B00ABC1234", "x"),
        series="The Oz Books",
        series_part="1",
        subtitle="A Tale",
        sort_title="Oz",
        sort_author="Baum, L. Frank; Anon",
        genres=("Audiobook", "Fantasy", "Fiction / Classics"),
        rights="Public domain.",
        cover=PNG,
    )
    assert tags_of(replace(BOOK, title=" \n"), "x", "AI voice", NOTE).title == "Untitled"


@pytest.mark.parametrize("name", ["ann", "ann [I am really sad,]"])
def test_a_voice_is_named_without_its_mood(content, name):
    tags = replace(content, voice=replace(content.voice, name=name)).tags
    assert tags.narrator == "Talepress ann (AI voice)"
    assert tags.description.startswith("Narrated by a synthetic voice (Talepress, ann).")


def test_of_trouble_with_a_file_a_full_disk_is_told_as_such(tmp_path):
    with pytest.raises(OSError, match="No space left"), tagging_errors(tmp_path / "a.mp3"):
        raise MutagenError("full") from OSError(28, "No space left on device")
    said = r"a.mp3: cannot be tagged \(odd\); run the same command again"
    with pytest.raises(TalepressError, match=said), tagging_errors(tmp_path / "a.mp3"):
        raise MutagenError("odd")
