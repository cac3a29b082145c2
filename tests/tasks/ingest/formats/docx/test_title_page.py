"""The first page of a manuscript: its address, title and author, and how much of it is no part of the text."""

from __future__ import annotations

import pytest

from tasks.ingest.formats.docx.title_page import FirstPage, read_first_page

ADDRESS = "ann@mill.org"
WAYS = "Street St Lane Ln Road Rd Avenue Ave Drive Dr Close Court Square Way Place Terrace Crescent Boulevard Blvd Apt"
STORY = "The wheel had stopped at noon, and nobody asked why."


@pytest.mark.parametrize(
    "contact",
    [
        "Ann Hall, ann@mill.org",
        "http://mill.org",
        "HTTPS://mill.org",
        "www.mill.org",
        "80,000 words",
        "About 80 k words",
        "80k words",
        "Word Count: 80",
        "+44 1865 123456",
        "(555) 123-4567",
        *(f"12 Mill {way}" for way in WAYS.split()),
        "Ann Hall\n12b, Old Mill Lane\nOxford",
    ],
)  # fmt: skip
def test_an_address_or_a_count_of_words_is_no_part_of_the_text(contact):
    assert read_first_page(["Ann Hall", contact, "Oxford", STORY]) == FirstPage("", "", 2)


@pytest.mark.parametrize(
    "text", ["The wheel", "12 men of the mill", "He had words", "ann at mill.org", "In 1911, 12 came"]
)
def test_other_words_are_no_address(text):
    assert read_first_page([text, STORY]) == FirstPage("", "", 0)


@pytest.mark.parametrize(
    ("byline", "author"),
    [
        ("by Ann Hall", "Ann Hall"),
        ("By: Ann Hall", "Ann Hall"),
        ("Written by Ann Hall", "Ann Hall"),
        ("by\nAnn Hall", "Ann Hall"),
        *((f"A {kind} by Ann Hall", "Ann Hall") for kind in ("novel", "novella", "story", "memoir", "play")),
        ("A novel written by A. O’Hall-Low de la Rue", "A. O’Hall-Low de la Rue"),
        ("by ann hall", ""),
        ("by Ann Hall and some more of her friends", ""),
        ("Ann Hall", ""),
    ],
)
def test_the_author_stands_in_the_line_below_the_title(byline, author):
    title = "THE MILL" if author else ""
    assert read_first_page(["THE MILL", byline, STORY]) == FirstPage(title, author, 0)
    assert read_first_page([ADDRESS, "The\nMill", byline, STORY]) == FirstPage(
        "The Mill" if author else "", author, 3 if author else 1
    )


def test_a_name_that_stands_above_the_address_is_a_byline_by_itself():
    assert read_first_page(["Ann Hall", ADDRESS, "The Mill", "Ann Hall", STORY]) == FirstPage("The Mill", "Ann Hall", 4)
    assert read_first_page(["Bob Low", ADDRESS, "The Mill", "Ann Hall", STORY]) == FirstPage("", "", 2)


@pytest.mark.parametrize(
    ("title", "is_one"),
    [
        ("THE MILL", True),
        ("The Mill at Noon", True),
        ("the mill at noon", False),
        ("X" * 100, True),
        ("X" * 101, False),
    ],
)
def test_a_title_is_loud_or_in_its_own_case_and_no_longer_than_a_line_or_two(title, is_one):
    assert (read_first_page([title, "by Ann Hall"]).title == title) is is_one


@pytest.mark.parametrize(("length", "found"), [(160, 2), (161, 0)])
def test_behind_a_long_paragraph_or_prose_no_address_is_looked_for(length, found):
    assert read_first_page(["x" * length, ADDRESS]).length == found
    assert read_first_page([STORY, ADDRESS]).length == 0


def test_a_title_with_prose_above_it_stays_in_the_text():
    assert read_first_page([ADDRESS, STORY, "The Mill", "by Ann Hall"]) == FirstPage("The Mill", "Ann Hall", 1)
