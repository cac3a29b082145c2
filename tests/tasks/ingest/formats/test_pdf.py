"""PDFs with a text layer: paragraphs, columns, hyphens, edges of pages, notes, chapters, and what is refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from fpdf import FPDF

from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.formats.pdf.book import is_pdf, read_pdf_book
from tests.tasks.ingest.formats.pdfs import LEADING, LEFT, TOP, Setter

PROSE = (
    "It was a bright cold day in the month of April, and all the clocks of the town were striking what they thought to "
    "be right, which was seldom the same hour in any two streets of it, so that nobody was ever quite late."
)
MORE = (
    "The lamp|lighter went from door to door with his ladder and his long pole, and wher|ever he stood for a moment "
    "the win|dows grew yellow one after the other, until the well-known street was bright from end to end."
)


# No two pages of a book are alike: text that comes again at the same place is a running head.
NAMES = ("Abel", "Berta", "Cecil", "Dora", "Edgar", "Flora", "George", "Hilda")


def varied(name: str) -> str:
    words = PROSE.split()
    return " ".join(f"{word} {name}" if at % 9 == 3 else word for at, word in enumerate(words))


def read(path, settings) -> Book:
    return read_pdf_book(path, path.read_bytes(), settings)


def outline(book: Book) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(c.title, [(b.kind.value, b.text) for b in c.blocks]) for c in book.chapters]


def skipped(book: Book, rule: str) -> list[str]:
    return [skip.text for skip in book.skipped if skip.rule == rule]


def plain(text: str) -> str:
    return text.replace("|", "")


def test_paragraphs_chapters_and_edges_of_pages(tmp_path, settings):
    setter = Setter(title="The Clock", author="Ann Author; Bob Binder")
    number = 0
    for chapter in ("Chapter One", "Chapter Two"):
        for page in range(4):
            number += 1
            setter.page(head="" if page == 0 else "THE CLOCK" if number % 2 else chapter, foot=str(number))
            if page == 0:
                setter.heading(chapter)
            setter.paragraph(varied(NAMES[number - 1]))
            setter.paragraph(f"{NAMES[number - 1]} saw it. {MORE}")
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert (book.title, book.authors) == ("The Clock", ("Ann Author", "Bob Binder"))
    paragraphs = [("paragraph", text) for name in NAMES for text in (varied(name), f"{name} saw it. {plain(MORE)}")]
    assert outline(book) == [
        ("Chapter One", [("heading", "Chapter One"), *paragraphs[:8]]),
        ("Chapter Two", [("heading", "Chapter Two"), *paragraphs[8:]]),
    ]
    assert skipped(book, "page-number") == [str(n) for n in range(1, 9)]
    assert sorted(skipped(book, "running-head")) == ["Chapter One"] * 2 + ["Chapter Two"] * 2 + ["THE CLOCK"] * 2


def test_a_paragraph_goes_on_over_columns_and_pages_and_hyphens_are_undone(tmp_path, settings):
    setter = Setter()
    for _ in range(2):
        setter.page()
        setter.heading("A Title Across Both Columns of the Page", size=16)
        for column in (0, 1):
            setter.column(column, TOP + 3 * LEADING)
            setter.paragraph(f"{PROSE} {MORE} {MORE}", indent=0 if column else 14)
            setter.paragraph(f"{PROSE} And then without an end there came", indent=14)
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    blocks = [block for chapter in book.chapters for block in chapter.blocks]
    assert [block.kind.value for block in blocks].count("heading") == 2
    running = [block.text for block in blocks if block.kind.value == "paragraph"]
    assert running[0] == f"{PROSE} {plain(MORE)} {plain(MORE)}"
    assert running[1] == f"{PROSE} And then without an end there came {running[0]}"
    assert "".join(skipped(book, "line-end-hyphen")).strip("-") == "" and skipped(book, "line-end-hyphen")


def test_outline_makes_chapters_where_headings_do_not(tmp_path, settings):
    setter = Setter()
    for title, name in zip(("The Start", "The Middle", "The End"), NAMES, strict=False):
        setter.page()
        setter.heading(title, bookmark=True)
        setter.paragraph(varied(name))
        setter.heading("A section", size=14)
        setter.paragraph(f"{name} saw it. {MORE}")
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert [chapter.title for chapter in book.chapters] == ["The Start", "The Middle", "The End"]
    assert [block.kind.value for block in book.chapters[1].blocks] == ["heading", "paragraph", "heading", "paragraph"]


def test_footnotes_contents_and_crosswise_text_are_left_out_by_name(tmp_path, settings):
    setter = Setter()
    setter.page()
    setter.heading("Contents")
    for entry in ("The Start . . . . . . . . 2", "The End . . . . . . . . . 3"):
        setter.line(entry, LEFT, setter.y)
        setter.y += LEADING
    for title, name in zip(("The Start", "The End"), NAMES, strict=False):
        setter.page()
        setter.heading(title)
        setter.paragraph(varied(name))
        setter.line("A word with a note", LEFT + 14, setter.y)
        end = LEFT + 14 + setter.pdf.get_string_width("A word with a note")
        setter.line("7", end, setter.y - 4, size=7)
        setter.line("7 The note itself, in small letters.", LEFT, 520, size=8)
        with setter.pdf.rotation(90, 20, 300):
            setter.line("arXiv in the margin", 20, 300)
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert [chapter.title for chapter in book.chapters] == ["The Start", "The End"]
    assert [block.text for block in book.chapters[0].blocks] == ["The Start", varied("Abel"), "A word with a note"]
    assert skipped(book, "note-reference") == ["7", "7"]
    assert skipped(book, "note-body") == ["7 The note itself, in small letters."] * 2
    assert skipped(book, "crosswise-text") == ["arXivinthemargin"] * 2
    assert len(skipped(book, "table-of-contents")) >= 2
    wanted = settings.model_copy(update={"also_read": ("note-body", "note-reference")})
    assert "7 The note itself" in read(tmp_path / "b.pdf", wanted).chapters[0].blocks[-1].text


def test_verse_keeps_its_lines(tmp_path, settings):
    setter = Setter()
    setter.page()
    setter.paragraph(PROSE)
    setter.y += LEADING
    for line in ("Twinkle, twinkle, little star,", "How I wonder what you are", "Up above the world so high,"):
        setter.line(line, LEFT + 30, setter.y)
        setter.y += LEADING
    setter.y += LEADING
    setter.paragraph(MORE)
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    kinds = [(block.kind.value, block.text.count("\n")) for block in book.chapters[0].blocks]
    assert kinds == [("paragraph", 0), ("verse", 2), ("paragraph", 0)]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pages_that_are_shown_turned_are_read_upright(tmp_path, settings, rotation):
    import pypdfium2

    setter = Setter()
    setter.page()
    with setter.pdf.rotation(rotation, 210, 297):
        setter.line("First line of the turned page here", 60, 250)
        setter.line("and the second line of it follows.", 60, 264)
    document = pypdfium2.PdfDocument(setter.save(tmp_path / "a.pdf"))
    document[0].set_rotation(rotation)
    document.save(tmp_path / "b.pdf")
    book = read(tmp_path / "b.pdf", settings)
    assert " ".join(block.text for block in book.chapters[0].blocks) == (
        "First line of the turned page here and the second line of it follows."
    )


def _scan(path):
    pdf = FPDF()
    for _ in range(3):
        pdf.add_page()
        pdf.rect(10, 10, 50, 50)
    pdf.output(str(path))
    return path


def _locked(path):
    setter = Setter()
    setter.page()
    setter.paragraph(PROSE)
    return setter.save(path, password="secret")


def _damaged(path):
    path.write_bytes(b"%PDF-1.7\n" + b"garbage " * 50)
    return path


@pytest.mark.parametrize(
    ("make", "message"), [(_scan, "no text layer.*ocrmypdf"), (_locked, "password.*qpdf"), (_damaged, "damaged")]
)
def test_what_cannot_be_read_is_refused_with_advice(make, message, tmp_path, settings):
    with pytest.raises(UnreadableBookError, match=message) as caught:
        read(make(tmp_path / "b.pdf"), settings)
    assert "\n" not in str(caught.value)


SHORT = "She has not told the council of the town, and she has not told her sons what the wheel did in the night."


def _magazine(path):
    setter = Setter(title="The Mill", author="T. Hall")
    for number, texts in enumerate([(f"{PROSE} {MORE}", f"{MORE} {PROSE}"), (SHORT, "He came back. " + SHORT)]):
        setter.page(head="THE MILL MAGAZINE", foot=str(12 + number))
        for column, text in enumerate(texts):
            setter.column(column, TOP + 3 * LEADING)
            setter.paragraph(text, indent=0)
            if number == 0 and column == 0:
                setter.y += LEADING
                setter.line('"striking what they thought', setter.left, setter.y, 16)
                setter.line('to be right"', setter.left, setter.y + 18, 16)
    return setter.save(path)


def test_short_columns_are_read_one_after_the_other_where_other_pages_have_columns(tmp_path, settings):
    texts = [
        block.text for chapter in read(_magazine(tmp_path / "b.pdf"), settings).chapters for block in chapter.blocks
    ]
    assert " ".join(texts).endswith(f"{SHORT} He came back. {SHORT}")


def test_a_head_on_both_pages_of_two_and_a_pull_quote_are_not_read(tmp_path, settings):
    book = read(_magazine(tmp_path / "b.pdf"), settings)
    assert skipped(book, "running-head") == ["THE MILL MAGAZINE"] * 2
    assert skipped(book, "page-number") == ["12", "13"]
    assert skipped(book, "pull-quote") == ['"striking what they thought to be right"']
    assert all(block.kind.value == "paragraph" for chapter in book.chapters for block in chapter.blocks)


@pytest.mark.parametrize("size", [9, 11])  # smaller than the text, and as large
def test_a_head_on_the_two_pages_that_open_no_chapter_is_not_read(tmp_path, settings, size):
    setter = Setter(title="The Road", author="T. Hall")
    for number, name in enumerate(NAMES[:4]):
        setter.page(foot=str(number + 1))
        if number in (0, 3):
            setter.heading(f"Chapter {number // 3 + 1}")
        else:
            setter.line("THE ROUND ROAD", LEFT, TOP - 3 * LEADING, size)
        setter.paragraph(varied(name))
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert skipped(book, "running-head") == ["THE ROUND ROAD"] * 2
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter 2"]


def test_heads_that_change_from_page_to_page_of_a_short_file_are_not_read(tmp_path, settings):
    setter = Setter(title="The Road", author="T. Hall")
    for number, name in enumerate(NAMES[:4]):
        setter.page(foot=str(number + 1))
        if number == 0:
            setter.heading("Chapter 1")
        else:
            setter.line("Chapter 1" if number == 2 else "THE ROUND ROAD", LEFT, TOP - 3 * LEADING, 9)
        setter.paragraph(varied(name))
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert skipped(book, "running-head") == ["THE ROUND ROAD", "Chapter 1", "THE ROUND ROAD"]
    assert len(book.chapters) == 1


def test_a_name_in_smaller_letters_below_a_bare_number_is_in_the_title(tmp_path, settings):
    setter = Setter(title="The Road", author="T. Hall")
    for number, (name, title) in enumerate(zip(NAMES, ("The Mill", "The Wheel"), strict=False)):
        setter.page()
        setter.heading(f"Chapter {number + 1}", 20)
        setter.heading(title, 14)
        setter.paragraph(varied(name))
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1: The Mill", "Chapter 2: The Wheel"]


def test_a_caption_inside_a_sentence_follows_it(tmp_path, settings):
    setter = Setter(title="The Mill", author="T. Hall")
    setter.page()
    setter.paragraph(PROSE)
    setter.line("It did not turn until the", LEFT, setter.y)
    setter.line("Above: Ann Hall at the wheel.", LEFT, setter.y + 4 * LEADING, size=8)
    setter.page()
    setter.line("evening, when everyone had gone home.", LEFT, setter.y)
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    texts = [block.text for block in book.chapters[0].blocks]
    assert texts[-1] == "Above: Ann Hall at the wheel."
    assert texts[-2].endswith("It did not turn until the evening, when everyone had gone home.")


def test_large_words_that_the_text_does_not_repeat_are_read(tmp_path, settings):
    setter = Setter(title="The Mill", author="T. Hall")
    setter.page()
    setter.paragraph(PROSE)
    setter.heading("Nobody has ever seen the wheel", 16)
    setter.paragraph(MORE)
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    assert book.skipped == () or skipped(book, "pull-quote") == []
    assert any("Nobody has ever seen" in block.text for chapter in book.chapters for block in chapter.blocks)


def test_a_page_whose_columns_are_not_sure_is_named_and_read_from_top_to_bottom(tmp_path, settings):
    setter = Setter(title="The Mill", author="T. Hall")
    setter.page()
    setter.paragraph(f"{PROSE} {MORE}")
    setter.page()
    setter.paragraph(f"{PROSE} {MORE}")
    setter.y += LEADING
    for left, right in (
        ("The miller came", "The guest sat"),
        ("down to the brook", "by the cold fire"),
        ("and was gone.", "and said nothing."),
    ):
        setter.line(left, LEFT, setter.y)
        setter.line(right, LEFT + 180, setter.y)
        setter.y += LEADING
    book = read(setter.save(tmp_path / "b.pdf"), settings)
    (warning,) = book.warnings
    assert warning.startswith("page 2 has texts side by side that are no sure columns")
    text = " ".join(block.text for block in book.chapters[0].blocks)
    assert "The miller came The guest sat" in " ".join(text.split())


def test_a_page_of_columns_or_of_prose_is_sure(tmp_path, settings):
    book = read(_magazine(tmp_path / "b.pdf"), settings)
    assert not any("side by side" in warning for warning in book.warnings)


def _typed(path, *pages, **about):
    """A PDF with a line on each page, at another height each: one at the same height would be a running head."""
    pdf = FPDF()
    pdf.set_font("helvetica", size=11)
    for number, text in enumerate(pages):
        pdf.add_page()
        pdf.text(20, 100 + 20 * number, text)
    for name, value in about.items():
        getattr(pdf, f"set_{name}")(value)
    pdf.output(str(path))
    return path


def test_a_pdf_has_as_many_pages_as_the_settings_allow_and_no_more(tmp_path, settings):
    path = _typed(tmp_path / "a.pdf", "He went down to the mill.", "Nobody was there at noon.", "So he came home.")
    assert read(path, settings.model_copy(update={"max_archive_members": 3})).chapters
    with pytest.raises(UnreadableBookError, match=r"^a\.pdf has 3 pages, over ingest\.max_archive_members$"):
        read(path, settings.model_copy(update={"max_archive_members": 2}))


@pytest.mark.parametrize(("characters", "is_read"), [(15, True), (14, False)])
def test_a_page_with_fewer_characters_than_a_line_has_no_text_layer(tmp_path, settings, characters, is_read):
    path = _typed(tmp_path / "a.pdf", "ab cd efghijklmnopqr"[: characters + 2])
    if is_read:
        assert read(path, settings).chapters
    else:
        with pytest.raises(UnreadableBookError, match=r"has no text layer .* 14 characters on 1 pages"):
            read(path, settings)


@pytest.mark.parametrize(
    ("about", "title", "authors"),
    [
        (
            {"title": " The Mill ", "author": "Ann A; Bob B, Cy C & Di D"},
            "The Mill",
            ("Ann A", "Bob B", "Cy C", "Di D"),
        ),
        ({"title": "Microsoft Word - x.doc"}, "a", ()),
        ({"title": "Untitled-1", "author": " ;"}, "a", ()),
        ({}, "a", ()),
    ],
)
def test_title_and_authors_are_those_of_the_file_where_a_program_did_not_invent_them(
    tmp_path, settings, about, title, authors
):
    book = read(_typed(tmp_path / "a.pdf", "Words enough for a page.", **about), settings)
    assert (book.title, book.authors) == (title, authors)


def test_date_and_description_are_those_of_the_file(tmp_path, settings):
    date = datetime(1999, 7, 5, tzinfo=UTC)
    book = read(
        _typed(tmp_path / "a.pdf", "Words enough for a page.", subject="Of a mill", creation_date=date), settings
    )
    assert (book.date, book.description) == ("1999-07-05", "Of a mill")
    assert book.source_sha256 == hashlib.sha256((tmp_path / "a.pdf").read_bytes()).hexdigest()


@pytest.mark.parametrize(("before", "is_one"), [(0, True), (1019, True), (1020, False)])
def test_the_mark_of_a_pdf_lies_within_the_first_kilobyte(before, is_one):
    assert is_pdf(b"x" * before + b"%PDF-1.4") == is_one
