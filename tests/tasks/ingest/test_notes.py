"""Notes: found by semantics or by links that lead both ways, and read where the policy says."""

from __future__ import annotations

import pytest

from tasks.ingest.book import read_book
from tests.tasks.ingest.builders import nav, page, write_epub

REFERENCE = "<a epub:type='noteref' href='{0}' id='r1'>1</a>"
SHAPES = {
    "aside in the file": ("#n1", "<aside epub:type='footnote' id='n1'><p>The note.</p></aside>", ""),
    "aside hidden by style": ("#n1", "<aside epub:type='footnote' id='n1' style='display:none'>The note.</aside>", ""),
    "endnotes file": (
        "notes.xhtml#n1",
        "",
        "<section epub:type='endnotes'><h2>Notes</h2><ol><li epub:type='endnote' id='n1'><p>The note. "
        "<a href='a.xhtml#r1' role='doc-backlink'>↩</a></p></li></ol></section>",
    ),
    "links both ways": ("notes.xhtml#n1", "", "<h2>Notes</h2><p><a id='n1' href='a.xhtml#r1'>1</a> The note.</p>"),
    "same mark": ("notes.xhtml#n1", "", "<h2>Endnotes</h2><p id='n1'>1. The note.</p>"),
}


def read(tmp_path, settings, shape, policy):
    href, inside, notes = SHAPES[shape]
    semantic = "aside" in shape or "endnotes file" in shape
    reference = REFERENCE.format(href) if semantic else f"<sup><a href='{href}' id='r1'>1</a></sup>"
    pages = {"a.xhtml": page(f"<h1>One</h1><p>Text{reference} goes on.</p>{inside}<p>Then more.</p>")}
    pages["b.xhtml"] = page("<h1>Two</h1><p>Last.</p>")
    entries = [("One", "a.xhtml"), ("Two", "b.xhtml")]
    if notes:
        pages["notes.xhtml"] = page(notes)
        entries.append(("Notes", "notes.xhtml"))
    path = write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": nav(*entries)})
    return read_book(path, settings.model_copy(update={"notes": policy}))


@pytest.mark.parametrize("shape", SHAPES)
def test_notes_are_skipped_with_their_references(shape, tmp_path, settings):
    book = read(tmp_path, settings, shape, "skip")
    texts = [[block.text for block in chapter.blocks] for chapter in book.chapters]
    assert texts == [["One", "Text goes on.", "Then more."], ["Two", "Last."]]
    assert {skip.rule for skip in book.skipped} == {"note-reference", "note-body"}


@pytest.mark.parametrize("shape", SHAPES)
def test_notes_inline_follow_the_paragraph_that_refers_to_them(shape, tmp_path, settings):
    book = read(tmp_path, settings, shape, "inline")
    (one, text, note, more), two = ([block.text for block in chapter.blocks] for chapter in book.chapters)
    assert (one, text, more, two) == ("One", "Text goes on.", "Then more.", ["Two", "Last."])
    assert note.removeprefix("1. ") == "The note."


@pytest.mark.parametrize("policy", ["inline", "chapter-end"])
def test_a_note_that_is_referred_to_twice_is_read_once(tmp_path, settings, policy):
    twice = f"Text{REFERENCE.format('#n1')} goes on{REFERENCE.format('#n1').replace('r1', 'r2')}."
    note = "<aside epub:type='footnote' id='n1'><p>The note.</p></aside>"
    pages = {"a.xhtml": page(f"<h1>One</h1><p>{twice}</p>{note}<p>Then more.</p>")}
    path = write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": nav(("One", "a.xhtml"))})
    book = read_book(path, settings.model_copy(update={"notes": policy}))
    assert sum("The note." in block.text for block in book.chapters[0].blocks) == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_notes_at_the_end_of_the_chapter_that_refers_to_them(shape, tmp_path, settings):
    book = read(tmp_path, settings, shape, "chapter-end")
    (*before, note), two = ([block.text for block in chapter.blocks] for chapter in book.chapters)
    assert (before, two) == (["One", "Text goes on.", "Then more."], ["Two", "Last."])
    assert note.removeprefix("1. ") == "The note."


@pytest.mark.parametrize("policy", ["skip", "inline", "chapter-end"])
def test_links_that_look_like_notes_but_lead_to_text_take_nothing_away(policy, tmp_path, settings):
    body = "<h1>One</h1><p>See<sup><a href='#two'>2</a></sup> there.</p><div id='two'><p>A second part.</p></div>"
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(body)}, {"nav.xhtml": nav(("One", "a.xhtml"))})
    book = read_book(path, settings.model_copy(update={"notes": policy}))
    assert [block.text for block in book.chapters[0].blocks] == ["One", "See there.", "A second part."]


def test_a_note_that_nothing_refers_to_is_read_where_it_stands_unless_notes_are_skipped(tmp_path, settings):
    body = "<p>Text.</p><aside epub:type='footnote' id='n'>Alone.</aside><p>More.</p>"
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(body)})
    book = read_book(path, settings.model_copy(update={"notes": "inline"}))
    assert [block.text for block in book.chapters[0].blocks] == ["Text.", "Alone.", "More."]


def test_an_inline_note_does_not_break_its_sentence(tmp_path, settings):
    body = "<p>Text<span epub:type='footnote'>Note <b>it</b>.</span> goes on.</p>"
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(body)})
    book = read_book(path, settings.model_copy(update={"notes": "inline"}))
    assert [block.text for block in book.chapters[0].blocks] == ["Note it.", "Text goes on."]


def test_notes_outside_of_the_reading_order_are_found(tmp_path, settings):
    pages = {"a.xhtml": page("<p>Text<a epub:type='noteref' href='n.xhtml#n'>1</a>.</p>")}
    pages["n.xhtml"] = page("<aside epub:type='footnote' id='n'>Aside.</aside><p>Not linear.</p>")
    path = write_epub(tmp_path / "b.epub", pages, not_linear=("n.xhtml",))
    book = read_book(path, settings.model_copy(update={"notes": "inline"}))
    assert [block.text for block in book.chapters[0].blocks] == ["Text.", "Aside."]
    assert ("not-linear", "Not linear.") in [(skip.rule, skip.text) for skip in book.skipped]
    everything = read_book(path, settings.model_copy(update={"also_read": ("not-linear",)}))
    assert [block.text for block in everything.chapters[0].blocks] == ["Text.", "Not linear."]
