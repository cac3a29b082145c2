"""Raised numbers and letters: marks of notes and numbers of verses stay unread, powers and parts of words do not."""

from __future__ import annotations

import pytest

from storage.records import Block, Skip
from tasks.ingest.book import read_book
from tests.tasks.ingest.builders import page, write_epub


@pytest.fixture
def read(tmp_path, settings):
    def of(body: str, **changes) -> tuple[str, list[tuple[str, str]]]:
        path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(f"<h1>One</h1>{body}")})
        book = read_book(path, settings.model_copy(update=changes))
        blocks: list[Block] = [block for chapter in book.chapters for block in chapter.blocks][1:]
        skips: tuple[Skip, ...] = book.skipped
        return " / ".join(block.text for block in blocks), [(skip.text, skip.rule) for skip in skips]

    return of


@pytest.mark.parametrize(
    ("body", "spoken", "marks"),
    [
        ("He left.<sup>12</sup> She stayed<sup>13</sup>.", "He left. She stayed.", ["12", "13"]),
        ("He wrote.<sup>[3]</sup> She did not.<sup>4,5</sup>", "He wrote. She did not.", ["[3]", "4,5"]),
        ("The king<sup>a</sup> fell<sup>b</sup> ill.<sup>*</sup> Oh.<sup>†</sup>", "The king fell ill. Oh.", "ab*†"),
        ("Wed.<span class='fn'>16</span> So.<span class='superscript'>17</span>", "Wed. So.", ["16", "17"]),
        ("They met.¹² It was late¹³ in May.", "They met. It was late in May.", ["¹²", "¹³"]),
        ("He came.[14] She smiled[15] at him.", "He came. She smiled at him.", ["[14]", "[15]"]),
        ("He came.1 She went.2 They met.3 So.", "He came. She went. They met. So.", list("123")),
        ("He came.^2^ The king^3^ slept.", "He came. The king slept.", ["^2^", "^3^"]),
        ("The war of 1984<sup>23</sup> was long.", "The war of 1984 was long.", ["23"]),
        ("It<sup>2</sup> fell, (as he said)<sup>3</sup> in May.", "It fell, (as he said) in May.", ["2", "3"]),
        ("The old<sup>1</sup><sup>2</sup> mill.", "The old mill.", ["1", "2"]),
    ],
)  # fmt: skip
def test_marks_of_notes_without_links_are_not_read(body, spoken, marks, read):
    text, skips = read(f"<p>{body}</p>")
    assert text == spoken
    assert sorted(mark for mark, _ in skips) == sorted(marks)
    assert {rule for _, rule in skips} == {"note-reference"}


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        ("10<sup>3</sup> m, 3 km<sup>2</sup>, E = mc<sup>2</sup>, x<sup>n</sup>", "10³ m, 3 km², E = mc², xⁿ"),
        ("(a + b)<sup>2</sup> and |x|<sup>2</sup>", "(a + b)² and |x|²"),
        ("H<sub>2</sub>O, the 5<sup>th</sup>, 1<sup>st</sup>, Louis XX<sup>e</sup>", "H2O, the 5th, 1st, Louis XXe"),
        (
            "M<sup>r</sup> Low, M<sup>me</sup> Roy, Capt<sup>n</sup> Hall, TM<sup>®</sup>",
            "Mr Low, Mme Roy, Captn Hall, TM®",
        ),
        ("1<sup>1</sup>/<sub>2</sub> miles", "1 1/2 miles"),
    ],
)
def test_powers_ordinals_and_parts_of_words_are_read(body, spoken, read):
    assert read(f"<p>{body}</p>") == (spoken, [])


@pytest.mark.parametrize(
    "text",
    [
        "Catch-22, version 3.11, No.5 and No.6 and No.7, an area of 4 m²",
        "It fell in May.1 And then",
        "see [14] and xs[0], sin² x",
        "Hall v. Low [1911] 2 KB 45, at [32]–[35]",
    ],
)
def test_numbers_of_the_text_are_read(text, read):
    assert read(f"<p>{text}</p>") == (text, [])


def test_numbers_of_verses_are_not_read(read):
    text, skips = read(
        "<p><sup>1</sup>In the beginning was the deep. <sup>2</sup>And it was dark; <sup>3</sup>and a voice said.</p>"
        '<p><span class="verse-num">4</span> And there was light.</p><p><b class="vn">5 </b>And evening came.</p>'
        '<p><span class="verse">6</span>And morning.</p>'
    )
    assert text == (
        "In the beginning was the deep. And it was dark; and a voice said. / And there was light. / "
        "And evening came. / And morning."
    )
    assert skips == [(str(number), "verse-number") for number in range(1, 7)]


BODIES = (
    "<p>He left.<sup>1</sup> She stayed.<sup>2</sup></p><hr/><p><sup>1</sup> For York.</p><p><sup>2</sup> See Low.</p>"
)


def test_notes_under_the_text_are_not_read(read):
    text, skips = read(BODIES)
    assert text.strip(" /") == "He left. She stayed."
    assert ("1 For York.", "note-body") in skips and ("2 See Low.", "note-body") in skips


def test_notes_under_the_text_are_read_behind_their_paragraph_by_policy(read):
    text, _ = read(BODIES, notes="inline")
    assert text.strip(" /") == "He left. She stayed. / For York. / See Low."


def test_marks_in_plain_text_are_not_read(tmp_path, settings):
    path = tmp_path / "b.txt"
    path.write_text("He came.1 She went.2 They met.3 It was late¹³ in May.\n\nThe area was 4 m².\n", "utf-8")
    book = read_book(path, settings)
    assert [block.text for block in book.chapters[0].blocks] == [
        "He came. She went. They met. It was late in May.",
        "The area was 4 m².",
    ]
    assert [(skip.text, skip.rule) for skip in book.skipped] == [(mark, "note-reference") for mark in ("¹³", *"321")]


def test_marks_are_read_where_the_rule_is_switched_off(read):
    text, skips = read("<p>He left.<sup>12</sup> They met.¹³</p>", also_read=("note-reference",))
    assert (text, skips) == ("He left. 12 They met.¹³", [])


def test_a_list_of_notes_at_the_back_is_not_read(tmp_path, settings):
    pages = {
        "a.xhtml": page("<h1>One</h1><p>He left.<sup>1</sup> She stayed.<sup>2</sup></p>"),
        "n.xhtml": page("<h1>Notes</h1><p>1. For York.</p><p>2. See Low.</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", pages), settings)
    assert [chapter.title for chapter in book.chapters] == ["One"]


def test_a_chapter_called_notes_is_read(tmp_path, settings):
    pages = {
        "a.xhtml": page("<h1>One</h1><p>He left.</p>"),
        "n.xhtml": page("<h1>Notes</h1><p>She kept his notes in a box.</p><p>They were short.</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", pages), settings)
    assert [chapter.title for chapter in book.chapters] == ["One", "Notes"]


def test_a_comment_before_a_mark_is_no_text(read):
    assert read("<p>He left.<!-- page 3 --><sup>1</sup> She stayed.<sup>2</sup></p>")[0] == "He left. She stayed."


@pytest.mark.parametrize("marks", ["12", "ab", "*†"])
def test_a_block_that_begins_with_a_raised_mark_of_the_text_is_its_note(read, marks):
    one, two = marks
    body = f"<p>The king<sup>{one}</sup> fell ill.<sup>{two}</sup></p><hr/>"
    notes = f"<p><sup>{one}</sup> Or queen.</p><p><sup>{two}</sup> So Low.</p>"
    assert read(body + notes)[0].strip(" /") == "The king fell ill."
    assert read(body + notes, notes="inline")[0].strip(" /") == "The king fell ill. / Or queen. / So Low."


def test_a_block_that_begins_with_a_raised_mark_that_no_text_before_it_has_is_read(read):
    verses = "<p><sup>1</sup>In the beginning<sup>1</sup> it was.</p><p><sup>a</sup> first thing came.</p>"
    assert read(verses)[0] == "In the beginning it was. / a first thing came."
