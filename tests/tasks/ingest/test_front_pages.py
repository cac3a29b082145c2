"""Pages around the text are known by their titles and wording; prose under such a title is read all the same."""

from __future__ import annotations

import pytest

from tasks.ingest.front_pages import (
    are_notes,
    front_page_rule,
    gutenberg_bounds,
    is_kept,
    is_notes_title,
    is_text_of_book,
    title_rule,
)
from tasks.ingest.skips import SkipRule

TITLES = {
    "half-title-page": "half title|half-title page|Halftitle",
    "title-page": "title page|titlepage|TITLE PAGE",
    "table-of-contents": "Contents|The Contents|Table of Contents|TOC|Illustrations|List of Illustrations|"
    "List of Full-Page Illustrations|full page illustrations|list of figures|list of tables|list of maps|"
    "list of plates",
    "copyright-page": "Copyright|Uncopyright|copyright page|copyright notice|copyright information|legal notice|"
    "Legal Notices",
    "cover-page": "Cover|front cover|book cover|cover page|cover image",
    "imprint": "Imprint",
    "colophon": "Colophon",
    "index": "Index|General Index|subject index|Index of First Lines",
    "bibliography": "Bibliography|Select Bibliography|selected bibliography|works cited",
    "advertisement": "also by Ann Author|other books by Ann|other titles by Ann|other works by Ann|Books by Ann|"
    "advertisement|Advertisements",
    "note-body": "Footnotes|ENDNOTES",
    "gutenberg-boilerplate": "The Full Project Gutenberg License|Project Gutenberg™ Licence of it|"
    "the project gutenberg license",
}
PROSE = "He had seen her at the mill, and she smiled."


@pytest.mark.parametrize("name", TITLES)
def test_titles_of_pages_that_are_no_part_of_the_text(name):
    for title in TITLES[name].split("|"):
        for written in (title, title.upper(), f" * {title.replace(' ', chr(10))}. —"):
            assert title_rule(written) == name, written


@pytest.mark.parametrize(
    "title",
    ["One", "The Index", "Cover him", "Contents of the Box", "Notes", "Under Cover", "A Title Page", "Books"],
)  # fmt: skip
def test_other_titles_are_those_of_chapters(title):
    assert title_rule(title) is None


@pytest.mark.parametrize(
    ("title", "are"),
    [("Notes", True), ("END NOTES", False), ("Endnotes:", True), ("Footnotes to the Text", True), ("notes on it", True),
     ("Notes for\nChapter 2", True), ("Notes from Underground", False), ("The Notes", False)],
)  # fmt: skip
def test_titles_under_which_notes_may_stand(title, are):
    assert is_notes_title(title) is are


@pytest.mark.parametrize(
    ("rule", "texts", "is_text"),
    [
        (SkipRule.INDEX, [PROSE], True),
        (SkipRule.INDEX, ["Lamp, 3", "Mill, 9"], False),
        (SkipRule.GUTENBERG_BOILERPLATE, [PROSE], False),
        (SkipRule.NOTE_BODY, [f"1. {PROSE}"], False),  # a note begins with its mark
        (SkipRule.NOTE_BODY, [PROSE], True),
        *((rule, [PROSE], True) for rule in (SkipRule.COPYRIGHT_PAGE, SkipRule.IMPRINT, SkipRule.COLOPHON)),
        *((rule, [PROSE, "All rights reserved. ISBN 9"], False)
          for rule in (SkipRule.COPYRIGHT_PAGE, SkipRule.IMPRINT, SkipRule.COLOPHON)),
        (SkipRule.INDEX, [PROSE, "All rights reserved. ISBN 9"], True),
    ],
)  # fmt: skip
def test_prose_under_the_title_of_such_a_page_is_text(rule, texts, is_text):
    assert is_text_of_book(rule, texts) is is_text


@pytest.mark.parametrize(
    ("texts", "are"),
    [
        (["1. a", "[2] b", "x"], True),
        (["1. a", "x"], False),
        ([], False),
        *(([f"{mark} a"], True) for mark in ("1", "1234", "(1)", "*", "†‡§", "a.", "[b]:", "c")),
        *(([f"{mark} a"], False) for mark in ("12345", "ab", "1x")),
    ],
)
def test_notes_begin_with_their_marks(texts, are):
    assert are_notes(texts) is are


@pytest.mark.parametrize(
    ("rule", "text", "kept"),
    [
        (SkipRule.GUTENBERG_BOILERPLATE, PROSE, False),
        (SkipRule.NOTE_BODY, PROSE, False),
        *((rule, PROSE, True) for rule in (SkipRule.COPYRIGHT_PAGE, SkipRule.IMPRINT, SkipRule.COLOPHON)),
        *((rule, "The publisher has tried to trace the owners of rights.", False)
          for rule in (SkipRule.COPYRIGHT_PAGE, SkipRule.IMPRINT, SkipRule.COLOPHON)),
        (SkipRule.COLOPHON, "The lamp was lit at noon.", True),
        *((rule, PROSE, True) for rule in (SkipRule.BIBLIOGRAPHY, SkipRule.ADVERTISEMENT)),
        *((rule, "Smith, John. A history of the mill. London, 1911.", False)
          for rule in (SkipRule.BIBLIOGRAPHY, SkipRule.ADVERTISEMENT)),
        (SkipRule.INDEX, "Smith, John. A history of the mill. London, 1911.", True),
        (SkipRule.INDEX, "Mill, 3, 9", False),
        (SkipRule.TABLE_OF_CONTENTS, PROSE, True),
        *((SkipRule.TABLE_OF_CONTENTS, f"{head} {PROSE}", False)
          for head in ("Chapter 1:", "Part I.", "Book", "Letter", "Canto", "Act", "3.", "XIV.")),
        (SkipRule.INDEX, f"Chapter 1: {PROSE}", True),
    ],
)  # fmt: skip
def test_a_paragraph_of_prose_on_such_a_page_is_kept(rule, text, kept):
    assert is_kept(rule, text) is kept


PUBLISHING = (
    "ebook e-book books book published publication author authors copyright copyrighted permission edition printed "
    "rights reproduced trademark fiction resemblance library isbn website www https licence license you your "
    "designation information sales purchased warranty liable damages"
)


@pytest.mark.parametrize("word", PUBLISHING.split())
def test_sentences_of_an_imprint_are_about_publishing(word):
    assert not is_kept(SkipRule.COPYRIGHT_PAGE, f"The lamp of this {word} was lit.")
    assert is_kept(SkipRule.COPYRIGHT_PAGE, f"The lamp that he saw in this {word} was lit.")


def test_a_page_with_two_signs_of_a_copyright_page_is_one():
    signs = ["All rights reserved", "No part of this", "Copyright", "©", "ISBN 9", "a trademark", "Printed in York",
             "published by Hall"]  # fmt: skip
    pairs = [(one, other) for one in signs for other in signs if one < other]
    alike = {("All rights reserved", "No part of this"), ("Copyright", "©"), ("Printed in York", "published by Hall")}
    found = {pair for pair in pairs if front_page_rule(list(pair), "", ()) == "copyright-page"}
    assert set(pairs) - found == alike
    long = "x" * (3998 - len("ISBN 9 ©"))
    assert front_page_rule(["ISBN 9 ©", long], "", ()) == "copyright-page"
    assert front_page_rule(["ISBN 9 ©", long + "x"], "", ()) is None


@pytest.mark.parametrize(
    ("texts", "title", "authors", "rule"),
    [
        (["The  mill"], "The Mill", (), "half-title-page"),
        (["The", "Mill"], "The Mill", (), "half-title-page"),
        (["The Mill", "Ann Author"], "The Mill", ("Ann Author",), "title-page"),
        (["THE MILL", "by", "ANN AUTHOR", "York"], "The Mill", ("Bob", "Ann Author"), "title-page"),
        (["The Mill", "Ann Author"], "The Mill", ("",), None),
        (["The Mill", "Ann Author"], "", ("Ann Author",), None),
        (["Another", "Ann Author"], "The Mill", ("Ann Author",), None),
        (["The Mill", "Ann Author", "x" * 277], "The Mill", ("Ann Author",), "title-page"),
        (["The Mill", "Ann Author", "x" * 280], "The Mill", ("Ann Author",), None),
        ([PROSE, "The Mill", "Ann Author"], "The Mill", ("Ann Author",), None),
        (["x"], "", (), None),
    ],
)
def test_a_page_before_the_text_that_repeats_title_and_author(texts, title, authors, rule):
    assert front_page_rule(texts, title, authors) == rule


START = "*** START OF THE PROJECT GUTENBERG EBOOK X ***"
END = "*** END OF THIS PROJECT GUTENBERG E-BOOK X ***"


@pytest.mark.parametrize(
    ("texts", "bounds"),
    [
        (["a", "b"], (0, 2)),
        (["a", START, "b", END, "c"], (2, 3)),
        (["a", "***START OF THIS PROJECT GUTENBERG ETEXT X", "b"], (2, 3)),
        (["a", "b", "End of the Project Gutenberg EBook", "c"], (0, 2)),
        (["a", "End of Project Gutenberg's X"], (0, 1)),
        (["a", "The End of Project Gutenberg's X"], (0, 2)),
        ([START, START, "b", END], (2, 3)),
        ([], (0, 0)),
    ],
)
def test_the_book_proper_lies_between_gutenbergs_marks(texts, bounds):
    assert gutenberg_bounds(texts) == bounds
