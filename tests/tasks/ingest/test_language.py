"""A book's language: its own word, held against its text; and the refusal of one that no model speaks."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from storage.records import Block, BlockKind, Book, Chapter
from tasks.errors import UnreadableBookError
from tasks.ingest import language
from tasks.ingest.book import read_book
from tasks.ingest.language import _is_english, book_language, primary_language, require_language
from tests.tasks.ingest.conftest import SAMPLE

ENGLISH = (
    "It was the best of times, it was the worst of times, and he had not seen her since the day that she went with his "
    "brother to the harbour, where this ship was lying. "
)
FRENCH = (
    "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux se fermaient si vite "
    "que je n’avais pas le temps de me dire que je m’endormais. "
)
GERMAN = (
    "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem Bett zu einem ungeheueren "
    "Ungeziefer verwandelt. Er lag auf seinem panzerartig harten Rücken. "
)


def book(text: str, language: str = "", blocks: int = 20) -> Book:
    content = tuple(Block(BlockKind.PARAGRAPH, text) for _ in range(blocks))
    return Book("T", (), language, "0" * 64, (Chapter(0, "One", content),))


@pytest.mark.parametrize(
    ("text", "said", "language"),
    [
        (ENGLISH, "", "en"),
        (ENGLISH, "en-GB", "en-GB"),
        (ENGLISH, "en_us", "en-us"),
        (ENGLISH, "eng", "en"),
        (ENGLISH, "und", "en"),
        (ENGLISH, "fr", "en"),
        (FRENCH, "", "fr"),
        (FRENCH, "fr-CA", "fr-CA"),
        (FRENCH, "en", "fr"),
        (GERMAN, "UND", "de"),
        (ENGLISH * 6 + FRENCH, "en", "en"),
        ("Too short.", "", ""),
        ("Too short.", "de", "de"),
    ],
)
def test_the_language_is_what_the_book_says_unless_its_text_says_otherwise(text, said, language):
    assert book_language(book(text, said, blocks=1 if text.startswith("Too") else 20)) == language


def test_dialogue_numbers_and_dialect_stay_english():
    scots = "“Wha daur meddle wi’ me?” said he. “Ye ken fine that the bonnie lass is no for the likes o’ ye, laddie.” "
    assert book_language(book(scots, "en-GB")) == "en-GB"
    assert book_language(book("Chapter 12. 1815. 44, 55. VII. " + ENGLISH, "")) == "en"


@pytest.mark.parametrize("blocks", [1, 2, 20])
@pytest.mark.parametrize("title", ["🎧🎉🎉", "夜の本 🎧", "漢字漢字漢字漢字漢字 🎉 本の夜"])
def test_a_title_in_other_signs_does_not_make_english_another_language(title, blocks):
    english = book(ENGLISH, "", blocks)
    heading = Block(BlockKind.HEADING, title)
    titled = replace(english, title=title, chapters=(Chapter(0, title, (heading, *english.chapters[0].blocks)),))
    assert book_language(titled) in ("en", "")  # the latter where there is too little to tell by
    require_language(titled, "b.md", {"en"})


def test_a_book_in_another_language_is_refused_and_an_unknown_one_is_not():
    with pytest.raises(UnreadableBookError, match=r"b\.epub is in French \(as it says itself\).*English only.*--force"):
        require_language(book(FRENCH, "fr"), "b.epub", {"en"})
    with pytest.raises(UnreadableBookError, match=r"German \(by its text, though it says en\)"):
        require_language(book(GERMAN, "en"), "b.epub", {"en"})
    require_language(book(ENGLISH, "en"), "b.epub", {"en"})
    require_language(book("x", ""), "b.epub", {"en"})
    require_language(book(FRENCH, "fr"), "b.epub", {"en", "fr"})


def test_the_sample_is_english(settings):
    assert primary_language(book_language(read_book(SAMPLE, settings))) == "en"


COMMON = "the and of to that was he she it with his her had you this not"
CODES = {
    "eng": "en", "fre": "fr", "fra": "fr", "ger": "de", "deu": "de", "spa": "es", "ita": "it", "dut": "nl", "nld": "nl",
    "por": "pt", "rus": "ru", "chi": "zh", "zho": "zh", "jpn": "ja", "lat": "la", "pol": "pl",
}  # fmt: skip
NAMES = {
    "en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian", "nl": "Dutch", "la": "Latin",
    "pt": "Portuguese", "ru": "Russian", "zh": "Chinese", "ja": "Japanese", "pl": "Polish", "sv": "Swedish",
}  # fmt: skip


def test_codes_of_three_letters_mean_those_of_two():
    assert {code: primary_language(code.upper()) for code in CODES} == CODES
    assert book_language(book("x", "ger_AT", 1)) == "de-AT"
    assert [primary_language(code) for code in ("und", "MUL", "zxx", "mis", "unknown", "none", "")] == [""] * 7


def test_languages_have_their_names():
    for code, name in NAMES.items():
        with pytest.raises(
            UnreadableBookError, match=rf"^b is in {name} \(as it says itself\), and the model speaks Klingon"
        ):
            require_language(book("x", code, 1), "b", {"Klingon"})
    with pytest.raises(UnreadableBookError, match=r"is in xx .* speaks English and French only; with --force"):
        require_language(book("x", "xx", 1), "b", {"fr", "en"})


@pytest.mark.parametrize("word", COMMON.split())
def test_common_words_are_english(word):
    assert _is_english(f"{word.title()} " + "xyz " * 5) and not _is_english(f"{word} " + "xyz " * 6)


def test_no_language_is_told_of_two_hundred_letters_less_one():
    assert book_language(book("the " * 66 + "a", "", 1)) == ""
    assert book_language(book("the " * 66 + "an", "", 1)) == "en"


@pytest.mark.parametrize(("english", "found"), [(7, "en"), (6, "fr")])
def test_a_books_own_word_stands_unless_most_pieces_say_otherwise(english, found, monkeypatch):
    monkeypatch.setattr(language, "_detector", lambda: SimpleNamespace(classify=lambda text: ("de", 0.0)))
    pieces = ["the " * 400] * english + ["xyzw " * 320] * (10 - english)
    said = Book(
        "T", (), "fr", "0" * 64, (Chapter(0, "One", tuple(Block(BlockKind.PARAGRAPH, text) for text in pieces)),)
    )
    assert book_language(said) == found
