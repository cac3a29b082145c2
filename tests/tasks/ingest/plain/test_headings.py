"""Headings of plain text by their wording alone, lists of contents, and numbers in words and letters."""

from __future__ import annotations

import pytest

from tasks.ingest.plain.headings import (
    Heading,
    find_contents,
    heading_of,
    in_sequence,
    in_words,
    is_loud,
    is_title_case,
    keys_of,
)
from tasks.ingest.plain.lines import Paragraph

SMALL = "a an the of and or in on at to for by with from de la le von der"
PARTS = "book part volume vol. canto act stave"
SECTIONS = "chapter chap. ch. scene letter section story lecture fit"
CARDINALS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth"
)
NAMED = (
    "Preface|Foreword|Introduction|Note|Author's Note|Translator's Preface|Editor's Introduction|Prologue|Epilogue|"
    "Afterword|Conclusion|Postscript|Dedication|Appendix|Appendix B|Appendix 12|Interlude|Prelude|"
    "Preface to the Second Edition:|PREFACE."
)


@pytest.mark.parametrize(("words", "kind"), [(PARTS, "part"), (SECTIONS, "section")])
def test_every_word_for_a_part_of_a_book(words, kind):
    for word in words.split():
        for written in (word, word.upper(), word.title()):
            assert heading_of(f"{written} 4") == Heading(kind, 4, "", word), written
        assert heading_of(f"{word} the Second: A Guest") == Heading(kind, 2, "A Guest", word)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, at) for words in (CARDINALS, ORDINALS) for at, word in enumerate(words.split(), 1)),
        *((f"{tens}-three", 10 * at + 3) for at, tens in enumerate(
            ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2)),
        ("thirtieth", 30), ("One Hundred and Five", 105), ("hundred", 100),
        ("two hundred twelve", 212),
        ("the Last", 0), ("I", 1), ("iv", 4), ("ix", 9), ("XIV", 14), ("XL", 40), ("xciv", 94),
        ("CD", 400), ("MCMXCIV", 1994),
        ("7", 7), ("1234", 1234),
    ],
)  # fmt: skip
def test_a_number_in_words_letters_or_digits_has_its_value(text, value):
    heading = heading_of(f"Chapter {text}")
    assert heading is not None and heading.value == value


@pytest.mark.parametrize(
    ("text", "title"),
    [
        *((f"Chapter 4{mark} The Sea", "The Sea") for mark in ("-", ".", ":", "—", "–", "\n", " - ", ".\n")),
        ("Chapter 4 The Sea", "The Sea"),
        ("Chapter 4 “The Sea”", "“The Sea”"),
        ("Chapter 4 the sea", None),
        ("Chapter 4 Tom had never read.", None),
        ("_Chapter 4: The Sea_", "The Sea"),
        ("# Chapter 4 #", ""),
        ("Chapter 4,", None),
        ("Chapter 4; ", None),
        ("Chapter 12345", None),
        ("Chapter IIII", None),
        (f"Chapter 4: {'x' * 109}", "x" * 109),
        (f"Chapter 4: {'x' * 110}", None),
        ("Chapter 4:\nA\nB", "A\nB"),
        ("Chapter 4:\nA\nB\nC", None),
    ],
)
def test_the_title_behind_a_number(text, title):
    heading = heading_of(text)
    assert (heading.title if heading else None) == title


def test_heads_that_have_a_name_and_no_number():
    assert {text: heading_of(text) for text in NAMED.split("|")} == dict.fromkeys(
        NAMED.split("|"), Heading("named", 0, "")
    )
    for text in ("Prefaces", "Introduction of Tom", "My Preface", "Preface to the "):
        assert heading_of(text) is None


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("XII.", Heading("numeral", 12, "")),
        ("7", Heading("numeral", 7, "")),
        ("123", Heading("numeral", 123, "")),
        ("1234", None),
        ("xii", None),
        ("D", None),  # hundreds of chapters nobody has
        ("IV. The Sea", Heading("numeral", 4, "The Sea")),
        ("IV “Sea”", Heading("numeral", 4, "“Sea”")),
        ("4. The Sea", Heading("numeral", 4, "The Sea")),
        ("4 The Sea", None),
        ("4. the sea", None),
        ("I\nThe Sea", Heading("numeral", 1, "The Sea")),
    ],
)
def test_a_bare_number_is_a_head(text, heading):
    assert heading_of(text) == heading


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("THE MILL", True), ("A1", False), ("AB 12!", True), ("The MILL", False), ("", False), ("漢字", True),
     *((end, False) for end in ("THE END", "The End.", "FINIS", "END", "FIN", "_THE END_"))],
)  # fmt: skip
def test_letters_that_are_all_capitals_are_loud_but_for_the_end(text, is_one):
    assert is_loud(text) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("The Long Road to the Mill", True),
        ("of the and", False),
        ("One Two Three Four five", True),
        ("One Two Three four", False),
        *((f"The {word} Mill", True) for word in SMALL.split()),
        *((f"The Mill{end}", False) for end in (".", ",", ";", ":", "!", "?", "…", '."', ".”", ".’", "._")),
        *((f"{quote}The Mill", False) for quote in ("“", "‘", '"', "'", "«", "„", "_“")),
        ("The Mill”", True),
        ("1984", True),
    ],
)  # fmt: skip
def test_a_title_has_capitals_but_for_small_words_and_is_no_sentence(text, is_one):
    assert is_title_case(text) is is_one


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ((1, 2, 3), {0, 1, 2}),
        ((1,), set()),
        ((1, 3, 2, 9), {0, 2}),
        ((2, 3), set()),
        ((1, 2, 1, 2), {0, 1, 2, 3}),
        ((1, 2, 1), {0, 1}),
        ((1, 1, 2), {1, 2}),
    ],
)
def test_numbers_of_chapters_count_up_from_one(values, good):
    assert in_sequence((at, Heading("numeral", value, "")) for at, value in enumerate(values)) == good


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        ("Chapter 4: The Sea .... 12", {"chapter 4 the sea", "the sea", "section 4"}),
        ("Chapter 4", {"chapter 4", "section 4"}),
        ("Part II. The Sea xii", {"part ii the sea", "the sea", "part 2"}),
        ("IV. The Sea", {"iv the sea", "the sea"}),
        ("The Sea … 12", {"the sea"}),
        ("The Sea__12", {"the sea"}),
        ("Preface, ", {"preface"}),
        ("12", set()),
    ],
)
def test_an_entry_is_known_by_its_whole_its_number_and_its_title(entry, keys):
    assert keys_of(entry) == keys


def test_numbers_in_words():
    words = CARDINALS.split()
    assert [in_words(value) for value in range(1, 21)] == words
    assert [in_words(value) for value in (21, 30, 42, 55, 60, 79, 88, 99)] == [
        "twenty-one", "thirty", "forty-two", "fifty-five", "sixty", "seventy-nine", "eighty-eight", "ninety-nine",
    ]  # fmt: skip


def contents(*texts):
    """Which paragraphs are lists of contents; a paragraph may begin with the number of blank lines above it."""
    groups = []
    for text in texts:
        blank, _, rest = text.partition("|") if text[0].isdigit() and text[1] == "|" else ("1", "", text)
        groups.append(Paragraph(tuple(rest.split("\n")), int(blank)))
    return [(found.start, found.stop) for found in find_contents(groups)]


PROSE = "He had seen her at the mill, and she smiled."


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("Contents\nI. A Guest 1\nII. A Lamp 2", PROSE), [(0, 1)]),
        (("Contents", "I. A Guest", "II. A Lamp", "I. A GUEST", PROSE), [(0, 3)]),
        (("Contents", "A Guest 1", "A Lamp 2", "Chapter I", PROSE), [(0, 3)]),
        (("Contents", "A Guest", "A Lamp", "A GUEST", PROSE), [(0, 3)]),
        (("Contents", PROSE), []),
        (("_Contents_", "I. A Guest", "List of Illustrations", "A Mill 3", "I. A GUEST", PROSE), [(0, 2), (2, 4)]),
        (("Contents", "I. A Guest", "x" * 96), [(0, 2)]),
        (("Contents", "I. A Guest", "x" * 95), [(0, 3)]),
        (("Contents", "I. A Guest", "II. A Lamp", "3|Some words"), [(0, 3)]),
        (("Contents", "I. A Guest", "II. A Lamp", "2|Some words"), [(0, 4)]),
        (("Contents", "I. A Guest", "II. A Lamp", "3|III. A Mill"), [(0, 4)]),
        (("Contents", "I\nA Guest\nII\nA Lamp", "CHAPTER I", PROSE), [(0, 2)]),
        (("Chapter 1", "Contents of it", PROSE), []),
    ],
)
def test_a_list_of_contents_ends_before_the_first_chapter_or_prose(texts, found):
    assert contents(*texts) == found
