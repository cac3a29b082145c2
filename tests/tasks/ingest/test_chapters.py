"""Chapters of a book's units: where they begin, what they are called, and which pages are none."""

from __future__ import annotations

import pytest

from storage.records import Block, BlockKind, Skip
from tasks.ingest.book import read_book
from tasks.ingest.chapters import Mark, assemble, one_line
from tasks.ingest.events import Anchor, GuessedSkip
from tasks.ingest.notes import ChapterNote
from tests.tasks.ingest.builders import nav, page, write_epub
from tests.tasks.ingest.test_book import outline


@pytest.mark.parametrize(
    ("heads", "title"),
    [
        ("<h1>01</h1><h2>The Door</h2>", "Chapter one: The Door"),
        ("<h1>021</h1>", "Chapter twenty-one"),
        ("<h1>02. The Key</h1>", "Chapter two: The Key"),
        ("<h1>Chapter 03: Rain</h1>", "Chapter 3: Rain"),
        ("<h1>1984</h1>", "1984"),
        ("<h1>05:30</h1>", "05:30"),
    ],
)
def test_a_number_with_a_zero_names_its_chapter(heads, title, tmp_path, settings):
    book = read_book(write_epub(tmp_path / "b.epub", {"a.xhtml": page(f"{heads}<p>It was shut.</p>")}), settings)
    assert [chapter.title for chapter in book.chapters] == [title]


def test_a_number_in_the_table_of_contents_takes_no_name_from_other_headings(tmp_path, settings):
    pages = {"a.xhtml": page("<h1>The Mill</h1><h2>Night</h2><p>It was shut.</p>")}
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": nav(("03", "a.xhtml"))}), settings)
    assert [chapter.title for chapter in book.chapters] == ["Chapter three"]


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (("Part I", "One", "Two"), ["Part I: One", "Two"]),
        (("Part I: The Sea", "I: The Inn", "II: The Map"), ["Part I: The Sea — I: The Inn", "II: The Map"]),
        (("ACT I.", "SCENE I", "SCENE II", "ACT II.", "SCENE I"), ["ACT I. SCENE I", "SCENE II", "ACT II. SCENE I"]),
        (("Prologue", "One"), ["Prologue", "One"]),  # no head of a part
    ],
)
def test_the_head_of_a_part_opens_the_chapter_that_follows(titles, expected, tmp_path, settings):
    with_text = {
        f"c{at}.xhtml": page(f"<h1>{title}</h1>" + ("" if title.startswith(("Part", "ACT")) else f"<p>Text {at}.</p>"))
        for at, title in enumerate(titles)
    }
    contents = {"nav.xhtml": nav(*((title, f"c{at}.xhtml") for at, title in enumerate(titles)))}
    book = read_book(write_epub(tmp_path / "b.epub", with_text, contents), settings)
    assert [title for title, _ in outline(book)] == expected
    assert outline(book)[0][1][0] == titles[0]


def test_front_matter_is_skipped_by_title_wording_and_landmark_but_what_follows_is_not_swallowed(tmp_path, settings):
    pages = {
        "t.xhtml": page("<p>A Test</p><p>by Ann Author</p>"),
        "c.xhtml": page("<p>Copyright © 1999. All rights reserved.</p>"),
        "toc.xhtml": page("<h2>Contents</h2><p>One</p>"),
        "pro.xhtml": page("<p>It began early.</p>"),
        "a.xhtml": page("<h2>One</h2><p>1</p>"),
        "end.xhtml": page("<h2>Index</h2><p>cats, 1</p>"),
    }
    contents = {"nav.xhtml": nav(("Contents", "toc.xhtml"), ("One", "a.xhtml"), ("Index", "end.xhtml"))}
    book = read_book(write_epub(tmp_path / "b.epub", pages, contents), settings)
    assert outline(book) == [("A Test", ["It began early."]), ("One", ["One", "1"])]
    assert {skip.rule for skip in book.skipped} == {"title-page", "copyright-page", "table-of-contents", "index"}


def test_of_pages_that_the_table_of_contents_does_not_name_those_with_a_heading_begin_a_chapter(tmp_path, settings):
    pages = {
        "a.xhtml": page("<p>It began early.</p>"),
        "b.xhtml": page("<h2>Before</h2><p>Some words.</p>"),
        "c.xhtml": page("<p>More words.</p>"),
        "d.xhtml": page("<h2>One</h2><p>1</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": nav(("One", "d.xhtml"))}), settings)
    assert outline(book) == [
        ("A Test", ["It began early."]),
        ("Before", ["Before", "Some words.", "More words."]),
        ("One", ["One", "1"]),
    ]


def test_a_section_called_footnotes_inside_a_chapter_is_read(tmp_path, settings):
    table = page(
        '<nav epub:type="toc"><ol><li><a href="a.xhtml">Type</a><ol>'
        '<li><a href="a.xhtml#f">Footnotes</a></li></ol></li></ol></nav>'
    )
    pages = {"a.xhtml": page("<h1>Type</h1><p>x</p><h2 id='f'>Footnotes</h2><p>are small</p>")}
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": table}), settings)
    assert outline(book)[1] == ("Footnotes", ["Footnotes", "are small"])


PROSE = "He had seen her at the mill, and she smiled."


def unit(*texts):
    """Events of one unit: "# " begins a heading, "@" is an anchor, "-" a skip, "***" a break."""
    events = []
    for text in texts:
        if text.startswith("@"):
            events.append(Anchor(text[1:]))
        elif text.startswith("-"):
            rule, _, words = text[1:].partition(":")
            events.append(Skip(words, rule))
        else:
            kind = BlockKind.HEADING if text.startswith("# ") else BlockKind.PARAGRAPH
            kind = BlockKind.SCENE_BREAK if text == "***" else kind
            events.append(Block(kind, text.removeprefix("# "), "x"))
    return events


def made(units, marks, title="The Mill", authors=("Ann Author",), also_read=(), **options):
    """Chapters with the texts of their blocks, and the skips with their chapters."""
    chapters, skips = assemble(units, marks, title, authors, also_read, **options)
    assert [chapter.index for chapter in chapters] == list(range(len(chapters)))
    found = [(chapter.title, [block.text for block in chapter.blocks]) for chapter in chapters]
    return found, [(skip.text, skip.rule, skip.chapter_index) for skip in skips]


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ("I\nThe Sea", "I: The Sea"),
        *((f"I{end}\nThe Sea", f"I{end} The Sea") for end in ":.,;—-!?"),
        ("I\nThe Sea\nAgain", "I: The Sea: Again"),
        ("One", "One"),
    ],
)
def test_lines_of_a_heading_are_one_title(lines, title):
    assert one_line(lines) == title


def test_text_goes_to_the_mark_before_it_over_units():
    units = [unit("a", "@x", "b"), unit("c"), unit("d", "@y", "e")]
    marks = [Mark("X", 0, "x"), Mark("D", 2), Mark("Y", 2, "y"), Mark("Z", 2, "gone")]
    assert made(units, marks)[0] == [("The Mill", ["a"]), ("X", ["b", "c"]), ("D", ["d"]), ("Y", ["e"])]


def test_a_chapter_without_a_title_has_its_first_headings_and_else_the_books():
    units = [unit("# One\nTwo", "a"), unit("b")]
    assert made(units, [Mark("", 0), Mark("", 1)])[0] == [("One: Two", ["One\nTwo", "a"]), ("The Mill", ["b"])]


def test_what_holds_nothing_to_read_is_no_chapter_and_its_skips_stay():
    units = [unit("-index:i", "***"), unit("a", "-hidden:h", "***")]
    found, skips = made(units, [Mark("One", 0), Mark("Two", 1)])
    assert found == [("Two", ["a", "***"])]
    assert skips == [("i", "index", None), ("***", "scene-break", None), ("h", "hidden", 0)]


def test_notes_of_a_chapter_are_read_at_its_end():
    note = ChapterNote((Block(BlockKind.PARAGRAPH, "note", "x"),))
    units = [[*unit("a"), note, *unit("b")], unit("c")]
    assert made(units, [Mark("One", 0), Mark("Two", 1)])[0] == [("One", ["a", "b", "note"]), ("Two", ["c"])]


@pytest.mark.parametrize(
    ("title", "depth", "anchor", "is_read"),
    [("Index", 0, "", False), ("Index", 0, "x", False), ("Index", 1, "", False), ("Index", 1, "x", True)],
)
def test_a_section_inside_a_chapter_is_read_whatever_it_is_called(title, depth, anchor, is_read):
    entry = "Lamp, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"
    found, _ = made([unit("@x", entry, PROSE)], [Mark(title, 0, anchor, depth)])
    assert found[0][1] == ([entry, PROSE] if is_read else [PROSE])
    assert made([unit("@x", "Lamp, 3", "Mill, 9")], [Mark(title, 0, anchor, depth)], also_read=("index",))[1] == []


@pytest.mark.parametrize(
    ("reads_notes", "texts", "rule"),
    [
        (False, ["1. For York.", "2. See Low."], "note-body"),
        (True, ["1. For York.", "2. See Low."], None),
        (False, ["For York it rained.", "He came."], None),
        (False, ["-note-body:x", "For York it rained."], "note-body"),
        (True, ["-note-body:x", "For York it rained."], "note-body"),
        (False, [], "note-body"),
    ],
)
def test_a_chapter_called_notes_is_none_where_it_holds_notes(reads_notes, texts, rule):
    units = [unit("# One", "He left."), unit("# Notes", *texts)]
    found, skips = made(units, [Mark("One", 0), Mark("Notes", 1)], reads_notes=reads_notes)
    assert ("Notes" in [title for title, _ in found]) is (rule is None)
    assert ("Notes", "note-body", None) in skips or rule is None


def test_what_a_guess_leaves_out_is_told_from_what_a_file_declares():
    _, skips = assemble([unit("Lamp, 3", "-hidden:h")], [Mark("Index", 0)], "T", ())
    assert [type(skip) for skip in skips] == [Skip, GuessedSkip]


def test_gutenbergs_frame_is_left_out_over_units_unless_it_is_asked_for():
    start = "*** START OF THE PROJECT GUTENBERG EBOOK X ***"
    end = "*** END OF THE PROJECT GUTENBERG EBOOK X ***"
    units = [unit("licence", start, "a"), unit("b", end, "***", "more")]
    found, skips = made(units, [Mark("One", 0), Mark("Two", 1)])
    assert found == [("One", ["a"]), ("Two", ["b"])]
    names = [("licence", 0), (start, 0), (end, 1), ("***", 1), ("more", 1)]
    assert skips == [(text, "gutenberg-boilerplate", at) for text, at in names]
    assert made(units, [Mark("One", 0)], also_read=("gutenberg-boilerplate",))[1] == []


def test_lists_of_notes_are_left_out_where_the_text_has_their_marks():
    text = ["He left.", "-note-reference:[1]", "She stayed.", "-note-reference: ² "]
    notes = ["# Notes", "1. For York.", "2. See Low."]
    for units in ([unit("# One", *text, *notes)], [unit("# One", *text), unit(*notes)]):
        found, skips = made(units, [Mark("One", 0)])
        assert [texts for _, texts in found] == [["One", "He left.", "She stayed."]]
        assert [text for text, rule, _ in skips if rule == "note-body"] == ["Notes", "1. For York.", "2. See Low."]
    kept = made([unit("# One", *text, *notes)], [Mark("One", 0)], also_read=("note-body",))
    assert "1. For York." in kept[0][0][1]
    assert "1. For York." in made([unit("# One", *text, *notes)], [Mark("One", 0)], reads_notes=True)[0][0][1]
    linked = unit("# One", "-note-body:x", *text, "***", *notes[1:])
    assert "1. For York." in made([linked], [Mark("One", 0)])[0][0][1]  # the marks have their notes


def test_front_pages_stand_alone_and_the_text_behind_them_is_no_part_of_them():
    units = [unit("The Mill"), unit("Copyright. ISBN 9"), unit(PROSE), unit("# Before", PROSE), unit("a")]
    found, skips = made(units, [Mark("One", 4)])
    assert found == [("The Mill", [PROSE]), ("Before", ["Before", PROSE]), ("One", ["a"])]
    assert [(rule, at) for _, rule, at in skips] == [("half-title-page", 0), ("copyright-page", 0)]
    behind = [unit("# Cover", "x"), unit("He came.")]
    assert made(behind, [Mark("Cover", 0)])[0] == [("The Mill", ["He came."])]


def test_a_unit_that_no_mark_names_is_left_out_by_its_heading():
    units = [unit("a"), unit("# Index", "Lamp, 3"), unit("b")]
    found, skips = made(units, [Mark("One", 0)])
    assert found == [("One", ["a", "b"])]
    assert skips == [("Index", "index", 0), ("Lamp, 3", "index", 0)]
    assert made(units, [Mark("One", 0)], also_read=("index",))[0] == [("One", ["a", "Index", "Lamp, 3", "b"])]


def test_heads_of_parts_without_a_chapter_stay_apart_and_a_part_takes_its_skips_along():
    units = [unit("# Part I", "-hidden:h"), unit("# Part II"), unit("# One", "a")]
    marks = [Mark("Part I", 0), Mark("Part II", 1), Mark("One", 2)]
    assert [title for title, _ in made(units, marks)[0]] == ["Part I: Part II: One"]
    assert [title for title, _ in made(units[:2], marks[:2])[0]] == ["Part I", "Part II"]
    found, skips = made([units[0], units[2]], [marks[0], Mark("One", 1)])
    assert (found, skips) == ([("Part I: One", ["Part I", "One", "a"])], [("h", "hidden", 0)])
