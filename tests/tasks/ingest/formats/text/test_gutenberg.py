"""Conventions of Project Gutenberg's text files, each in all its forms."""

from __future__ import annotations

import pytest

from tasks.ingest.formats.text.gutenberg import (
    book_proper,
    credits,
    note_label,
    read_header,
    references,
    strip_inline,
)
from tasks.ingest.plain.lines import Paragraph

NAMES = "Title|Author|Language|Release date|Posting date|Publisher|Translator|Original publication"


def groups(*texts):
    return [Paragraph(tuple(text.split("\n")), 1) for text in texts]


def test_every_field_of_a_header_is_read_from_its_beginning():
    text = (
        "Project Gutenberg\n" + "".join(f"{name}: a\n       b\n" for name in NAMES.split("|")) + "Else: x\nx Title: y\n"
    )
    assert read_header(text) == {name.lower(): "a b" for name in NAMES.split("|")}
    assert read_header("Title: a\n") == {}
    assert read_header("Project Gutenberg\n" + "x" * 8000 + "\nTitle: a\n") == {}


@pytest.mark.parametrize(
    ("texts", "bounds"),
    [
        (("a", "b"), (0, 2)),
        (("a", "*** START OF THIS PROJECT GUTENBERG", "b", "*** END OF THE PROJECT GUTENBERG", "c"), (2, 3)),
        (("a", "*END*THE SMALL PRINT", "b"), (2, 3)),
        (("a", "*END THE SMALL PRINT", "b", "End of this Project Gutenberg"), (2, 3)),
        (("a", "***START OF THE PROJECT GUTENBERG", "b", "END OF PROJECT GUTENBERG", "c"), (2, 3)),
    ],
)
def test_the_book_proper(texts, bounds):
    assert book_proper(groups(*texts)) == bounds


def found(*texts, start=0, stop=None):
    return sorted(credits(groups(*texts), start, len(texts) if stop is None else stop))


@pytest.mark.parametrize(
    "text",
    [
        *(f"{what}{verb} by Ann" for what in ("", "E-text ", "etext ", "This e-text was ", "this ebook was ",
                                              "HTML version ", "[Updated ", "scanned ", "digitized ")
          for verb in ("produced", "prepared", "scanned", "created", "transcribed", "proofread", "digitized")),
        "Produced from pictures",
        "Credits: Ann",
        "Credit:",
        "[Transcriber's Note: x]",
        "TRANSCRIBERS' NOTES",
        "[Editor's note: this e-text is x]",
        "Note: Project Gutenberg has x",
    ],
)  # fmt: skip
def test_the_makers_of_a_file_are_known_by_how_they_begin(text):
    assert found(text) == [0]


@pytest.mark.parametrize(
    "word", ["Gutenberg", "proofreaders", "scanned", "digitised", "etext", "e-book", "html", "https:", "archive"]
)
def test_a_sentence_that_tells_is_a_makers_where_it_names_their_work(word):
    assert found(f"Produced by him, and she had a {word} of it.") == [0]
    assert found("Produced by him, and she had a lamp of it.") == []


def test_credits_stand_near_the_start():
    many = [*["x"] * 12, "Produced by Ann"]
    assert found(*many[1:]) == [11] and found(*many) == []
    assert found(*many, start=1) == [12] and found("a", "Produced by Ann", stop=1) == []


def test_a_transcribers_note_ends_with_its_bracket_or_its_sentences():
    assert found("[Transcriber's note: a [b] c", "d", "e]", "f") == [0, 1, 2]
    assert found("x", "Transcriber's Notes", "Errors were corrected.", "She came.", "Punctuation retained.") == [1, 2]
    assert found("[Transcriber's note: a]", "Punctuation was kept.") == [0]
    assert found("Transcriber's note:", "Printed so]", "Punctuation was kept.") == [0, 1]


@pytest.mark.parametrize(
    "words",
    ["errors", "typo", "typographical", "misprint", "spelling", "hyphenation", "punctuation", "italics", "footnote",
     "illustration", "transcription", "corrected", "correction", "retained", "silently", "printed", "original",
     "inconsistency", "cover image"],
)  # fmt: skip
def test_the_sentences_of_a_transcriber(words):
    assert found("Transcriber's Note", f"The {words} of it.") == [0, 1]


@pytest.mark.parametrize(
    "text",
    ["Page 12: x", "On p. 12 x", "Line 3 x", "chapter 3, x", '"x" changed to "y"', "“x” was replaced", "“x” is added"],
)
def test_the_list_of_a_transcribers_changes(text):
    assert found("Transcriber's Note", text) == [0, 1]


@pytest.mark.parametrize(
    ("text", "referred", "label"),
    [
        ("[Footnote 1: a]", (), "1"),
        ("[Footnote: a]", (), "*"),
        ("[Note A. a]", (), "A"),
        ("[1] a", ("1",), "1"),
        ("[1] a", ("2",), None),
        ("[1] a", None, "1"),
        ("[*] a", ("*",), "*"),
        ("[†] a", ("†",), "†"),
        ("[1]", ("1",), None),
        ("[12345] a", ("12345",), None),
        ("a [1] b", ("1",), None),
    ],
)
def test_the_label_of_a_note(text, referred, label):
    assert note_label(text, referred) == label


def test_labels_behind_words_and_stops():
    assert references("a[1] b.[A] c ,[*] d [2]\t[3] [†] (4)[5] \n[6]") == ["1", "A", "*", "2", "5"]


@pytest.mark.parametrize(
    ("text", "left", "rules"),
    [
        *((f"a [{name}: b\nc] d", "a d", ["illustration"]) for name in
          ("Illustration", "Figure", "plate", "Frontispiece", "Map", "Decoration", "Music")),
        *((f"a {mark} b", "a b", ["page-break"]) for mark in
          ("[Pg 12]", "[p. xii]", "[Page 3]", "{12}", "{pg 12}", "{p. 3}", "[Blank Page]")),
        ("a [Sidenote: b] c", "a c", ["sidenote"]),
        ("a _b_ =c= d", "a b c d", ["emphasis-mark", "emphasis-mark"]),
        ("_a [Pg 1] b_", "a b", ["emphasis-mark", "page-break"]),
        ("a_b_c _ d_ a=b=c", "a_b_c _ d_ a=b=c", []),
        ("_a=b_", "a=b", ["emphasis-mark"]),
        ("a[1] b[2] c [3]", "a b c [3]", ["note-reference"] * 2),
        ("a[A] b[*]", "a[A] b[*]", []),
        ("a–[1] (b)[3] /[4] ([5]", "a–[1] (b) /[4] ([5]", ["note-reference"]),
        ("a [[1]] b", "a [[1]] b", []),
        ("a b", "a b", []),
    ],
)  # fmt: skip
def test_marks_that_are_no_words(text, left, rules):
    stripped, out = strip_inline(text, (), ())
    assert (stripped, [rule for _, rule in out]) == (left, rules)
    assert strip_inline(text, (), rules)[0] == text or "emphasis-mark" in rules


def test_a_label_of_a_note_of_the_book_is_a_mark_wherever_it_stands():
    assert strip_inline("a [A] b –[1]", ("A", "1"), ())[0] == "a b –"
    assert strip_inline("_a_ [Pg 1]", (), ("emphasis-mark",))[0] == "_a_"
    assert strip_inline("_a_ [Pg 1]", (), ("page-break",))[0] == "a [Pg 1]"
