"""Lines of a PDF become paragraphs, headings, verse and notes, at the edges of every measure. Lengths in points."""

from __future__ import annotations

import pytest

from storage.records import Block, Skip
from tasks.ingest.events import Anchor, GuessedSkip
from tasks.ingest.formats.pdf.blocks import Bookmark, read_pages
from tasks.ingest.formats.pdf.layout import Line

FULL = "the miller went down to the river and looked for it"


def line(text, gap=2.0, left=40.0, right=300.0, size=10.0, page=0, column=0, **more):
    return Line(
        text,
        left,
        right,
        0.0,
        size,
        size,
        more.pop("bold", False),
        page,
        more.pop("raised", []),
        40.0,
        300.0,
        column,
        gap,
    )


def placed(*pages):
    """Gives the lines of pages their heights, from the top."""
    for number, lines in enumerate(pages):
        bottom = 560.0
        for one in lines:
            bottom -= one.size + one.gap
            one.bottom = bottom
            one.top = bottom + one.size
            one.page = number
    return pages


def read(*pages, outline=(), also_read=()):
    """Events as (kind or rule, text), anchors as ("@", title)."""
    events, marks = read_pages(placed(*pages), outline, "b.pdf", also_read)
    titles: dict[str, list[str]] = {}
    for mark in marks:
        titles.setdefault(mark.anchor, []).append(mark.title)
    found = []
    for event in events:
        if isinstance(event, Anchor):
            found.append(("@", titles[event.id].pop(0)))
        else:
            found.append((event.kind.value if isinstance(event, Block) else str(event.rule), event.text))
    return found


def prose(count=3):
    return [line(FULL) for _ in range(count)]


@pytest.mark.parametrize(
    ("second", "goes_on"),
    [
        ({}, True),
        ({"gap": 6.0}, True),
        ({"gap": 6.1}, False),
        ({"left": 46.9}, True),
        ({"left": 47.0}, False),  # stands in as a paragraph does
        ({"size": 11.3}, True),
        ({"size": 11.5}, False),
    ],
)
def test_what_goes_on_behind_a_sentence_that_has_ended(second, goes_on):
    lines = [*prose(9), line("It fell.", right=300), line("The lamp was lit then.", **second), *prose()]
    texts = [text for _, text in read(lines)]
    assert any("It fell. The lamp" in text for text in texts) is goes_on


@pytest.mark.parametrize(
    ("first", "second", "goes_on"),
    [
        ({"text": "It fell.", "right": 271}, "The lamp", True),  # the line is full
        ({"text": "It fell.", "right": 269}, "The lamp", False),
        ({"text": "It fell.", "right": 269}, "of the lamp", True),
        ({"text": "it fell and", "right": 269}, "The lamp", True),
        ({"text": "* * *", "right": 269}, "of the lamp", False),
        ({"text": "It fell and", "right": 300}, "* * *", False),
    ],
)
def test_a_paragraph_ends_with_a_stop_in_a_line_that_is_not_full(first, second, goes_on):
    last = line(first["text"], right=first["right"])
    texts = [text for _, text in read([*prose(9), last, line(second), *prose()])]
    assert any(f"{first['text']} {second}" in text for text in texts) is goes_on


@pytest.mark.parametrize("end", [".", "!", "?", ":", "…", ".”", '."', ".’", ".)", ".]"])
def test_every_stop_ends_a_sentence(end):
    lines = [*prose(5), line(f"It fell{end}", right=200), line("The lamp was lit"), *prose()]
    assert any(text.startswith("The lamp") for _, text in read(lines))


@pytest.mark.parametrize(
    ("last", "first", "goes_on"),
    [
        ({"text": "It was late and"}, {"text": "The lamp"}, True),
        ({"text": "It was late."}, {"text": "The lamp"}, True),  # a full line, and the next stands not in
        ({"text": "It was late."}, {"text": "The lamp", "left": 47}, False),
        ({"text": "It was late.", "right": 200}, {"text": "The lamp"}, False),
    ],
)
def test_a_paragraph_goes_on_over_pages(last, first, goes_on):
    before = [*prose(), line(**last)]
    texts = [text for _, text in read(before, [line(**first), *prose()])]
    assert any(f"{last['text']} {first['text']}" in text for text in texts) is goes_on


@pytest.mark.parametrize(
    ("changes", "is_heading"),
    [
        ({"text": "The lamp", "size": 11.5}, True),
        ({"text": "The lamp", "size": 11.4}, False),
        ({"text": "T", "size": 20}, False),
        ({"text": "...", "size": 20}, False),
        ({"text": "The " + "x" * 196, "size": 20}, True),
        ({"text": "The " + "x" * 197, "size": 20}, False),
        ({"text": "Chapter 4", "gap": 6.1}, True),
        ({"text": "Chapter 4", "gap": 6.0}, False),
        ({"text": "IV", "gap": 9, "right": 300}, False),  # a bare number
        ({"text": "The lamp", "gap": 9, "bold": True, "right": 269}, True),
        ({"text": "The lamp", "gap": 9, "bold": True, "right": 270}, False),
        ({"text": "The lamp.", "gap": 9, "bold": True, "right": 100}, False),
        ({"text": "THE LAMP", "gap": 9, "right": 100}, True),
        ({"text": "THE LAMP", "gap": 2, "right": 100}, False),
        ({"text": "The lamp", "gap": 9, "right": 100}, False),
    ],
)
def test_what_is_a_heading(changes, is_heading):
    found = read([*prose(20), line("It fell.", right=200), line(**changes), line("It was late.", gap=9), *prose(20)])
    assert (("heading", changes["text"]) in found) is is_heading


@pytest.mark.parametrize(
    ("second", "is_one"),
    [({}, True), ({"gap": 15.9}, True), ({"gap": 16}, False), ({"size": 21.9}, True), ({"size": 22.3}, False),
     ({"bold": True}, False)],
)  # fmt: skip
def test_lines_of_a_heading(second, is_one):
    found = read(
        [*prose(9), line("The lamp of", size=20, gap=9), line("the mill", **{"size": 20, **second}), *prose(9)]
    )
    assert (("heading", "The lamp of\nthe mill") in found) is is_one


def test_a_heading_has_at_most_four_lines_and_ends_with_its_title():
    large = [line(f"The lamp {letter}", size=20) for letter in "abcdef"]
    assert [text.count("\n") for kind, text in read([*prose(9), *large, *prose(9)]) if kind == "heading"] == [3, 1]
    titled = [line("Chapter 4: The Sea", size=20, gap=9), line("Of it", size=20), *prose(9)]
    assert ("heading", "Chapter 4: The Sea") in read([*prose(9), *titled])


@pytest.mark.parametrize(
    ("rights", "kind"),
    [
        ((230, 230, 230), "verse"),
        ((247, 247, 247), "verse"),
        ((249, 249, 249), "paragraph"),
        ((230, 300, 300), "paragraph"),
        ((300, 230, 230, 230, 300), "verse"),
        ((300, 300, 230, 230, 300), "paragraph"),
    ],
)
def test_short_lines_without_stops_are_verse(rights, kind):
    lines = [line(f"and {word} the lamp", right=right) for word, right in zip("abcde", rights, strict=False)]
    lines[0].gap = 9.0
    assert read([*prose(9), line("It fell.", right=200), *lines])[-1][0] == kind


def test_a_quotation_stands_in_as_a_whole():
    deep = [line(FULL, left=60, gap=9), line(FULL, left=60), line(FULL, left=60)]
    assert [kind for kind, _ in read([*prose(5), line("It fell.", right=200), *deep])] == ["paragraph", "quote"]
    alone = [line(FULL, left=60, gap=9)]
    assert [kind for kind, _ in read([*prose(5), line("It fell.", right=200), *alone])] == ["paragraph"] * 2


def test_hyphens_go_and_invisible_characters_are_told():
    found = read([line("the nega-"), line("tive of\u00ad it")])
    assert found == [("line-end-hyphen", "-"), ("invisible-character", "\u00ad"), ("paragraph", "the negative of it")]


@pytest.mark.parametrize(
    ("size", "text", "is_note"),
    [(9.3, "7 See Low.", True), (9.4, "7 See Low.", False), (8, "See Low.", False),
     *((8, f"{mark} See Low.", True) for mark in ("123", "*", "†‡§", "a.", "b)", "1]"))],
)  # fmt: skip
def test_small_lines_at_the_foot_that_begin_with_a_mark_are_notes(size, text, is_note):
    mark = text.split()[0].strip(".)]")
    end = f"It fell.{mark}"
    marked = line(end, raised=[(8, len(end))])
    found = read([*prose(9), marked, line(text, size=size, gap=9), line("And more of it", size=size)])
    assert (("note-body", text) in found) is is_note
    assert (("note-reference", mark) in found) is is_note
    assert (("note-body", "And more of it") in found) is is_note
    kept = read(
        [*prose(9), line(end, raised=[(8, len(end))]), line(text, size=size, gap=9)], also_read=("note-reference",)
    )
    assert ("note-reference", mark) not in kept


def test_raised_characters_of_no_note_stay():
    assert read([*prose(), line("x2 it fell", raised=[(1, 2)])])[-1][1].endswith("x2 it fell")


def test_a_page_of_nothing_but_small_lines_is_text():
    small = [line("1 See Low.", size=8), line("2 So it is.", size=8)]
    assert "note-body" not in dict(read(prose(20), small))


CONTENTS = ["The Start . . . . 2", "The End ..... xii", "The Rest 12"]


@pytest.mark.parametrize("entry", CONTENTS)
def test_a_list_of_contents_is_what_ends_in_numbers_under_its_title(entry):
    title = line("Contents", size=20, gap=9)
    found = read([title, line(entry, gap=9), line("It was late.", gap=9), *prose(9)])
    assert found[:2] == [("table-of-contents", "Contents"), ("table-of-contents", entry)]
    assert found[2][0] == "paragraph"
    kept = read([line("Contents", size=20), line(entry, gap=9), *prose(9)], also_read=("table-of-contents",))
    assert "table-of-contents" not in dict(kept)


@pytest.mark.parametrize(
    ("words", "is_quote"),
    [
        ("went down to the river", True),
        ("Went Down, to the RIVER!", True),
        ("down to the river", False),
        ("went up to the river", False),
    ],
)
def test_large_words_that_the_text_has_are_a_pull_quote(words, is_quote):
    pages = [*prose(9), line(words, size=16, gap=9), line("It was late.", gap=9), *prose()]
    assert (("pull-quote", words) in read(pages)) is is_quote
    assert "pull-quote" not in dict(read(pages, also_read=("pull-quote",)))


def test_chapters_by_headings():
    def chapters(*heads):
        lines = [
            one
            for text, size in heads
            for one in (line(text, size=size, gap=9), line("It was late.", gap=9), *prose(9))
        ]
        return [title for kind, title in read(lines) if kind == "@"]

    assert chapters(("Chapter 1", 14), ("A Lamp", 20), ("Chapter 2", 14)) == ["Chapter 1", "Chapter 2"]
    assert chapters(("The Mill", 20), ("A Lamp", 16), ("A Wheel", 16), ("of it", 12)) == [
        "The Mill",
        "A Lamp",
        "A Wheel",
    ]
    assert chapters(("The Mill", 20), ("A Lamp", 16)) == []


def test_chapters_by_the_files_outline():
    first = [line("Start", size=20), *prose(3), line("A word", size=14, gap=9), *prose(3), line("So.", right=90)]
    second = [line("It was late.", size=10), *prose(3)]
    marks = [Bookmark("START!", 0, 0), Bookmark("Word", 0, 1), Bookmark("Late", 1, 0), Bookmark("Gone", 9, 0)]
    events, found = read_pages(placed(first, second), marks, "b.pdf", ())
    assert [(mark.title, mark.depth) for mark in found] == [("START!", 0), ("Word", 1), ("Late", 0)]
    at = {event.id: events[place + 1].text for place, event in enumerate(events) if isinstance(event, Anchor)}
    assert [at[mark.anchor].split("\n")[0][:8] for mark in found] == ["Start", "A word", "It was l"]
    assert read_pages(placed(first, second), marks[:1], "b.pdf", ())[1] == []  # one entry is no outline


def test_a_name_below_a_bare_number_is_in_the_title():
    lines = [
        line("Chapter 1", size=20),
        line("The Mill", size=14, gap=20),
        *prose(9),
        line("Chapter 2", size=20, gap=9),
        *prose(9),
    ]
    assert [title for kind, title in read(lines) if kind == "@"] == ["Chapter 1: The Mill", "Chapter 2"]


def test_words_in_large_letters_between_a_head_and_its_text_take_no_text_into_the_head():
    """A drop capital that stands apart leaves a text that begins with a small letter."""
    lines = [line("Chapter 1", size=20), line("The Mill", size=14, gap=20), *prose(9)]
    assert [kind for kind, _ in read(lines)] == ["heading", "heading", "paragraph"]
    caption = line("Above: Ann at the wheel", size=8, gap=30)
    around = [line("It fell."), line("it did not turn until", gap=9), caption, line("the evening.", gap=30)]
    assert read([*prose(9), *around])[-2:] == [
        ("paragraph", "it did not turn until the evening."), ("paragraph", "Above: Ann at the wheel"),
    ]  # fmt: skip


def test_what_is_left_out_of_pages_is_a_guess():
    pages = [
        [line("THE MILL"), line(f"It was {word}.", gap=30), *prose(9), line(f"So {word}.")]
        for word in ("late", "dark", "cold")
    ]
    events, _ = read_pages(placed(*pages), (), "b.pdf", ())
    assert [type(event) for event in events if isinstance(event, Skip)] == [GuessedSkip] * 3
    assert ("running-head", "THE MILL") not in read(*pages, also_read=("running-head",))
