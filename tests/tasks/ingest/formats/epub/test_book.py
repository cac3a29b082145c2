"""An EPUB's chapters, what spine and landmarks leave out, and which books are pictures."""

from __future__ import annotations

import hashlib

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tests.tasks.ingest.builders import nav, ncx, opf, page, write_epub


def outline(book):
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


def skips(book):
    return [(skip.text, str(skip.rule)) for skip in book.skipped]


def pictured(count, letters, tag="img"):
    return page(f"<{tag} src='p.png'/>" * count + f"<p>{'x' * letters}</p>")


@pytest.mark.parametrize(
    ("pictures", "letters", "is_read"),
    [(10, 50, True), (10, 49, False), (9, 1, True), (20, 100, True), (20, 99, False)],
)
@pytest.mark.parametrize("tag", ["img", "image"])
def test_a_book_with_fewer_letters_than_its_pictures_have_names_is_refused(
    tmp_path, settings, pictures, letters, is_read, tag
):
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": pictured(pictures, letters, tag)})
    if is_read:
        assert read_book(path, settings).chapters
    else:
        with pytest.raises(
            UnreadableBookError, match=rf"^b\.epub has {pictures} pictures and {letters} letters of text"
        ):
            read_book(path, settings)


@pytest.mark.parametrize(("letters", "is_read"), [(10, True), (9, False)])
def test_pages_laid_out_like_pictures_need_text(tmp_path, settings, letters, is_read):
    fixed = '<meta property="rendition:layout">pre-paginated</meta>'
    pages = {"a.xhtml": page(f"<p>{'x' * letters}</p>"), "b.xhtml": page("<p>1</p>")}
    path = write_epub(tmp_path / "b.epub", pages, extra_metadata=fixed)
    if is_read:
        assert read_book(path, settings).warnings[0].startswith("the pages are laid out like pictures (fixed layout)")
    else:
        with pytest.raises(UnreadableBookError, match="is a fixed-layout book of 2 pages, which hold 9 letters"):
            read_book(path, settings)


def landmarked(tmp_path, settings, kind, entries=(("One", "b.xhtml"),), **changes):
    """A book whose landmarks call its first page something."""
    body = "<h1>Page</h1><p id='x'>He had seen her at the mill.</p>"
    landmarks = f"<nav epub:type='landmarks'><ol><li><a epub:type='{kind}' href='a.xhtml'>x</a></li></ol></nav></body>"
    contents = {"nav.xhtml": nav(*entries).replace("</body>", landmarks)}
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(body), "b.xhtml": page("<p>More.</p>")}, contents)
    return read_book(path, settings.model_copy(update=changes))


def test_a_page_that_landmarks_call_a_cover_is_not_read(tmp_path, settings):
    book = landmarked(tmp_path, settings, "cover")
    assert skips(book) == [("Page", "cover-page"), ("He had seen her at the mill.", "cover-page")]
    assert outline(book) == [("One", ["More."])]


@pytest.mark.parametrize(
    ("kind", "entries", "changes"),
    [
        ("bodymatter", [("One", "b.xhtml")], {}),
        ("cover", [("One", "b.xhtml")], {"also_read": ("cover-page",)}),
        ("cover", [("A Chapter", "a.xhtml"), ("One", "b.xhtml")], {}),  # the contents call it a chapter
        ("cover", [("Cover", "a.xhtml"), ("Index", "a.xhtml#x"), ("One", "b.xhtml")], {}),  # or several
    ],
)
def test_a_page_is_read_where_it_is_a_chapter_whatever_landmarks_call_it(tmp_path, settings, kind, entries, changes):
    book = landmarked(tmp_path, settings, kind, entries, **changes)
    assert "He had seen her at the mill." in [text for _, texts in outline(book) for text in texts]


def test_a_page_that_the_contents_call_a_cover_as_well_is_not_read(tmp_path, settings):
    book = landmarked(tmp_path, settings, "cover", [("Cover", "a.xhtml"), ("One", "b.xhtml")])
    assert outline(book) == [("One", ["More."])]


def test_entries_that_lead_nowhere_are_told_and_the_first_of_a_file_is_its_beginning(tmp_path, settings):
    pages = {"a.xhtml": page("<p>1</p><p id='y'>2</p>"), "b.xhtml": page("<p>3</p>")}
    entries = [
        ("One", "A.xhtml#x"),
        ("Two", "a.xhtml#y"),
        ("Three", "a.xhtml#z"),
        ("Four", "b.xhtml"),
        ("Five", "b.xhtml#z"),
        ("Six", "c.xhtml"),
    ]
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"toc.ncx": ncx(*entries)}), settings)
    assert outline(book) == [("One", ["1"]), ("Two", ["2"]), ("Four", ["3"])]
    assert book.warnings == (
        "the table of contents names OEBPS/c.xhtml for 'Six', which is not in the spine",
        "the table of contents names #x for 'One', which is not in its file",
        "the table of contents names #z for 'Three', which is not in its file",
        "the table of contents names #z for 'Five', which is not in its file",
    )


HEADS = page("<p>CHAPTER ONE</p><p>It was late.</p><p>CHAPTER TWO</p><p>It was day.</p>")


@pytest.mark.parametrize(
    ("entries", "titles", "warning"),
    [
        ([], ["CHAPTER ONE", "CHAPTER TWO"], "there is no table of contents; chapters are made from headings"),
        ([("Start", "a.xhtml")], ["CHAPTER ONE", "CHAPTER TWO"],
         "there is one entry in the table of contents; chapters are made from headings"),
        ([("Start", "a.xhtml"), ("End", "b.xhtml")], ["Start", "End"], None),
    ],
)  # fmt: skip
def test_contents_of_one_entry_give_way_to_heads(tmp_path, settings, entries, titles, warning):
    pages = {"a.xhtml": HEADS} | ({"b.xhtml": page("<p>x</p>")} if len(entries) > 1 else {})
    book = read_book(write_epub(tmp_path / "b.epub", pages, {"nav.xhtml": nav(*entries)}), settings)
    assert [title for title, _ in outline(book)] == titles
    assert book.warnings == ((warning,) if warning else ())


def test_notes_are_in_the_chapters_where_the_settings_want_them(tmp_path, settings):
    body = "<h1>One</h1><p>He left.<sup>1</sup></p><h2>Notes</h2><p>1. For York.</p>"
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page(body)}, {"nav.xhtml": nav(("One", "a.xhtml"))})
    for notes, is_read in (("skip", False), ("inline", True), ("chapter-end", True)):
        book = read_book(path, settings.model_copy(update={"notes": notes}))
        assert ("1. For York." in outline(book)[0][1]) is is_read, notes


def test_a_book_is_known_by_its_bytes_and_called_by_its_file_where_it_has_no_title(tmp_path, settings):
    package = opf(["a.xhtml"], ["a.xhtml"]).replace("A Test", " ")
    path = write_epub(tmp_path / "b.epub", {"a.xhtml": page("<p>x</p>")}, members={"OEBPS/content.opf": package})
    book = read_book(path, settings)
    assert (book.title, book.source_sha256) == ("b", hashlib.sha256(path.read_bytes()).hexdigest())
