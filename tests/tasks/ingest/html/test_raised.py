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


@pytest.mark.parametrize(
    ("body", "spoken"),
    [
        *((f"x<sup>{sign}</sup>", f"x{power}") for sign, power in zip("0123456789n", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ", strict=True)),
        *((f"10<sup>{sign}3</sup>", f"10{power}³") for sign, power in zip("+-−", "⁺⁻⁻", strict=True)),
        ("(10<sup>3</sup> m)", "(10³ m)"),
        ("10<sup>1234</sup>", "10¹²³⁴"), ("n<sup>o</sup> 5, N<sup>o</sup>, m<sup>o</sup>", "nº 5, Nº, mo"),
        ("3<sup>1</sup>/<sub>2</sub>, x<sup>1</sup>⁄<sub>2</sub>", "3 1/2, x1⁄2"),
        ("|<sup>2</sup> (x)<sup>2</sup> (12)<sup>2</sup> αβ<sup>2</sup>", "|² (x)² (12)² αβ²"),
        ("word<sup>n</sup>", "wordn"),
    ],
)  # fmt: skip
def test_powers_are_read_where_they_stand(body, spoken, read):
    assert read(f"<p>{body} is so.</p>") == (f"{spoken} is so.", [])


@pytest.mark.parametrize("year", ["1500", "1999", "2099", "1984"])
def test_a_year_has_no_power(year, read):
    assert read(f"<p>In {year}<sup>2</sup> it fell.</p>") == (f"In {year} it fell.", [("2", "note-reference")])


@pytest.mark.parametrize("number", ["1499", "2100", "3000", "19840"])
def test_other_numbers_have_powers(number, read):
    assert read(f"<p>In {number}<sup>2</sup> it fell.</p>") == (f"In {number}² it fell.", [])


SHORT = "a am an as at be by do go no so he i if in is it me my of oh on or to us up we"


@pytest.mark.parametrize("word", SHORT.split())
def test_a_short_word_has_no_power(word, read):
    assert read(f"<p>So {word}<sup>2</sup> it fell.</p>") == (f"So {word} it fell.", [("2", "note-reference")])


@pytest.mark.parametrize(
    ("mark", "is_one"),
    [
        *(
            (mark, True)
            for mark in ("1", "12", "123", "[1]", "(1)", "1,2", "1, 2", "1–3", "1-3", "*", "†‡§¶", "[†]", "*12", "‖")
        ),
        *((mark, False) for mark in ("1234", "1x", "*****", "+", "®")),
    ],
)
def test_shapes_of_marks(mark, is_one, read):
    assert bool(read(f"<p>The king<sup>{mark}</sup> fell.</p>")[1]) is is_one


@pytest.mark.parametrize("name", ["fn", "fnref", "footnotenumber", "sup", "super", "superscript"])
def test_classes_of_raised_text(name, read):
    for tag in ("span", "b"):
        assert read(f"<p>The king<{tag} class='a {name}'>3</{tag}> fell.</p>")[0] == "The king fell."
        assert read(f"<p>The king<{tag} class='{name}x'>3</{tag}> fell.</p>")[0] == "The king3 fell."


@pytest.mark.parametrize(
    "name",
    ["vn", "v-n", "v_num", "vnumber", "vno", "versen", "verse-num", "verse_number", "verseno", "verse", "versenum"],
)
def test_classes_of_verses_numbers(name, read):
    for number in ("3", "123", "3:16", "3 "):
        assert read(f"<p>It was <b class='{name}'>{number}</b>dark.</p>")[0] == "It was dark."
    assert read(f"<p>It was <b class='{name}'>3a</b> dark.</p>")[0] == "It was 3a dark."
    assert read(f"<p>It was <b class='my-{name}'>3</b> dark.</p>")[0] == "It was 3 dark."


def test_a_number_between_two_words_numbers_a_verse_and_behind_one_marks_a_note(read):
    body = "<p>It was dark, <sup>2</sup>and light.<sup>3</sup> x <sup>2</sup>is.</p>"
    assert read(body)[1] == [("2", "verse-number"), ("3", "note-reference")]


def test_letters_are_marks_from_a_on(read):
    marks = [mark for mark, _ in read("<p>The king<sup>a</sup> fell<sup>b</sup> and died<sup>d</sup> so.</p>")[1]]
    assert marks == ["a", "b"]
    assert read("<p>Capt<sup>n</sup> Hall.</p>")[1] == []


def test_what_a_link_decides_stays_so(read):
    assert read("<p>The king<sup><a href='b.html'>3</a></sup> fell.</p>")[0] == "The king3 fell."
    assert read("<p>The <a href='b.html'>king<sup>3</sup></a> fell.</p>")[0] == "The king 3 fell."
