"""Markdown: footnotes, front matter, and input that is hostile."""

from __future__ import annotations

import pytest

from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book


def read(tmp_path, settings, text: str) -> Book:
    path = tmp_path / "b.md"
    path.write_text(text, encoding="utf-8")
    return read_book(path, settings)


def skipped(book: Book) -> list[tuple[str, str]]:
    return [(skip.rule, skip.text) for skip in book.skipped]


NOTES = (
    "# A\n\nText[^1] and again[^1], and ^[an *inline* note].\n\n"
    "[^1]: A note.\n\n    Its second paragraph.\n\n[^2]: Lost?\n"
)


def test_notes_are_kept_whole_even_without_a_reference(tmp_path, settings):
    book = read(tmp_path, settings, NOTES)
    assert [block.text for block in book.chapters[0].blocks] == ["A", "Text and again, and ."]
    bodies = " ".join(text for rule, text in skipped(book) if rule == "note-body")
    assert bodies == "A note. Its second paragraph. an inline note Lost?"
    inline = read(tmp_path, settings.model_copy(update={"notes": "inline"}), NOTES)
    texts = [block.text for block in inline.chapters[0].blocks]
    assert texts[2:4] == ["A note.", "Its second paragraph."] and "Lost?" in texts


def test_front_matter_in_any_of_its_shapes(tmp_path, settings):
    book = read(
        tmp_path,
        settings,
        "---\ntitle: 'A: B'\nauthor:\n- name: Ann A.\n- Bob B.\nlang: en-GB\ndate: 2001-02-03\n---\n\nText.\n",
    )
    assert (book.title, book.authors, book.language, book.date) == ("A: B", ("Ann A.", "Bob B."), "en-GB", "2001-02-03")
    assert [block.text for block in book.chapters[0].blocks] == ["Text."]
    assert skipped(book)[0][0] == "front-matter"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("series: The Lamps\nseries_index: 2", ("The Lamps", "2")),
        ("series: The Lamps\nseries_index: 2.5", ("The Lamps", "2.5")),
        ("belongs-to-collection: The Lamps\ngroup-position: 3", ("The Lamps", "3")),
        ("title: T", ("", "")),
    ],
)
def test_front_matter_names_the_series(fields, expected, tmp_path, settings):
    book = read(tmp_path, settings, f"---\n{fields}\n---\n\nText.\n")
    assert (book.series, book.series_position) == expected


def test_front_matter_that_is_no_yaml_is_a_warning(tmp_path, settings):
    bomb = "---\na: &a [x, x]\nb: &b [*a, *a]\n---\n\nText.\n"
    for text in (bomb, "---\ntitle: [\n---\n\nText.\n"):
        book = read(tmp_path, settings, text)
        assert "no valid YAML" in book.warnings[0] and book.title == "b"


def test_attributes_of_headings_are_not_spoken(tmp_path, settings):
    book = read(tmp_path, settings, "# One {#one .chapter}\n\nText.\n\n# Two {#two}\n\nMore {braces}.\n")
    assert [chapter.title for chapter in book.chapters] == ["One", "Two"]
    assert book.chapters[1].blocks[1].text == "More {braces}."


@pytest.mark.parametrize("text", [">" * 100_000 + " x", "- " * 3000 + "x", "[" * 100_000, "![[" * 50_000])
def test_endless_nesting_is_refused(text, tmp_path, settings):
    with pytest.raises(UnreadableBookError, match=r"stand in a row|make them flatter"):
        read(tmp_path, settings, text)


def test_front_matter_names_subtitle_subjects_and_rights(tmp_path, settings):
    fields = "title: T\nsubtitle: A Tale\nkeywords: [lamps, night]\nsubject: night; sea\nrights: CC0"
    book = read(tmp_path, settings, f"---\n{fields}\n---\n\nText.\n")
    assert (book.subtitle, book.subjects, book.rights) == ("A Tale", ("night", "sea", "lamps"), "CC0")


def test_parts_hold_chapters(tmp_path, settings):
    text = "# Foreword\n\nIt matters.\n\n# Part One\n\n## The Start\n\nHe came.\n\n## The End\n\nHe went.\n"
    book = read(tmp_path, settings, text)
    assert [chapter.title for chapter in book.chapters] == ["Foreword", "Part One: The Start", "The End"]
