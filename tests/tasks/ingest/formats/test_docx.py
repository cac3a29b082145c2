"""Word documents: what is read, what is left out by which rule, and what is refused."""

from __future__ import annotations

import zipfile
from collections import Counter

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from storage.records import Book
from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book

NOTES = (
    '<w:footnotes {ns}><w:footnote w:type="separator" w:id="-1"><w:p/></w:footnote>'
    '<w:footnote w:id="2"><w:p><w:r><w:t>The body of the note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
)
RELATION = (
    '<Relationship Id="rIdNotes" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes" '
    'Target="footnotes.xml"/></Relationships>'
)


def run(xml: str):
    return parse_xml(f"<w:r {nsdecls('w')}>{xml}</w:r>")


def element(name: str, xml: str, attributes: str = ""):
    return parse_xml(f"<w:{name} {nsdecls('w')} {attributes}>{xml}</w:{name}>")


def outline(book: Book) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(c.title, [(b.kind.value, b.text) for b in c.blocks]) for c in book.chapters]


def skipped(book: Book) -> list[tuple[str, str]]:
    return [(skip.rule, skip.text) for skip in book.skipped]


def test_headings_lists_quotes_tables_and_properties(tmp_path, settings):
    document = docx.Document()
    properties = document.core_properties
    properties.title = "My Book"
    properties.author = "Ann Author; Bob Binder"
    properties.language = "en-GB"
    properties.keywords = "lamps, night; sea"
    document.add_heading("My Book", 0)
    document.add_heading("Chapter One", 1)
    paragraph = document.add_paragraph("Water is H")
    paragraph.add_run("2").font.subscript = True
    paragraph.add_run("O, ")
    paragraph.add_run("tru").bold = True
    paragraph.add_run("ly.")
    document.add_paragraph("an item", style="List Bullet")
    document.add_paragraph("what he said", style="Quote")
    document.sections[0].header.paragraphs[0].text = "MY BOOK"
    document.add_heading("Chapter Two", 1)
    table = document.add_table(1, 2)
    table.cell(0, 0).text = "left"
    table.cell(0, 1).text = "right"
    own = document.styles.add_style("Opening", 1)
    own.base_style = document.styles["Heading 1"]
    document.add_paragraph("Chapter Three", style="Opening")
    document.add_paragraph("The end of it.")
    document.save(tmp_path / "b.docx")
    book = read_book(tmp_path / "b.docx", settings)
    assert (book.title, book.authors, book.language) == ("My Book", ("Ann Author", "Bob Binder"), "en-GB")
    assert book.subjects == ("lamps", "night", "sea")
    assert [chapter.title for chapter in book.chapters] == ["Chapter One", "Chapter Two", "Chapter Three"]
    assert outline(book)[0][1] == [
        ("heading", "Chapter One"),
        ("paragraph", "Water is H2O, truly."),
        ("list_item", "an item"),
        ("quote", "what he said"),
    ]
    spoken = " ".join(block.text for block in book.chapters[1].blocks)
    assert "left" in spoken and "right" in spoken
    assert ("running-head", "MY BOOK") in skipped(book) and ("half-title-page", "My Book") in skipped(book)


def test_revisions_hidden_text_fields_and_drop_caps(tmp_path, settings):
    document = docx.Document()
    cap = document.add_paragraph("O")
    cap._p.get_or_add_pPr().append(element("framePr", "", 'w:dropCap="drop" w:lines="3"'))
    paragraph = document.add_paragraph("nce upon")
    deleted = "<w:r><w:delText>thrown away</w:delText></w:r>"
    for part in (
        element("del", deleted, 'w:id="1" w:author="x"'),
        element("ins", '<w:r><w:t xml:space="preserve"> a time</w:t></w:r>', 'w:id="2" w:author="x"'),
        run("<w:rPr><w:vanish/></w:rPr><w:t>secret</w:t>"),
        element("fldSimple", '<w:r><w:t xml:space="preserve"> 42</w:t></w:r>', 'w:instr="SEQ x"'),
        run("<w:br/><w:t>there</w:t>"),
        element("moveTo", "<w:r><w:t xml:space='preserve'> was</w:t></w:r>", 'w:id="3" w:author="x"'),
    ):
        paragraph._p.append(part)
    document.save(tmp_path / "b.docx")
    book = read_book(tmp_path / "b.docx", settings)
    assert book.chapters[0].blocks[0].text == "Once upon a time 42\nthere was"
    assert skipped(book) == [("tracked-deletion", "thrown away"), ("hidden", "secret")]


def _with_note(path):
    document = docx.Document()
    document.add_heading("One", 1)
    document.add_paragraph("A word")._p.append(run('<w:footnoteReference w:id="2"/>'))
    document.save(path.with_suffix(".tmp"))
    with zipfile.ZipFile(path.with_suffix(".tmp")) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/_rels/document.xml.rels":
                data = data.replace(b"</Relationships>", RELATION.encode())
            target.writestr(name, data)
        target.writestr("word/footnotes.xml", NOTES.format(ns=nsdecls("w")))
    return path


def test_notes_are_skipped_or_read_by_policy(tmp_path, settings):
    path = _with_note(tmp_path / "b.docx")
    book = read_book(path, settings)
    assert outline(book) == [("One", [("heading", "One"), ("paragraph", "A word")])]
    assert skipped(book) == [("note-reference", "1"), ("note-body", "The body of the note.")]
    inline = read_book(path, settings.model_copy(update={"notes": "inline"}))
    assert [block.text for block in inline.chapters[0].blocks] == ["One", "A word", "The body of the note."]


def test_every_word_of_the_file_is_spoken_or_skipped(tmp_path, settings):
    document = docx.Document()
    for number in range(30):
        document.add_heading(f"Part {number}", 1 + number % 3)
        document.add_paragraph(f"Words number {number} and some more of them.")
        document.add_table(2, 2).cell(1, 1).text = f"cell {number}"
    document.save(tmp_path / "b.docx")
    expected = Counter(
        word
        for text in document.element.body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t")
        for word in text.text.split()
    )
    book = read_book(tmp_path / "b.docx", settings)
    found = Counter(word for c in book.chapters for block in c.blocks for word in block.text.split())
    assert found == expected


def _no_word(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return path


def _entities(path):
    with zipfile.ZipFile(_with_note(path.with_name("whole.docx"))) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/numbering.xml":
                data = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
            target.writestr(name, data)
    return path


def _broken(path):
    with zipfile.ZipFile(_with_note(path.with_name("whole.docx"))) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name)[:300] if name == "word/document.xml" else source.read(name))
    return path


def _locked(path):
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_no_word, "not a Word document"),
        (_entities, "document type"),
        (_broken, "damaged"),
        (_locked, r"save it as \.docx"),
    ],
)
def test_what_is_no_good_document_gets_one_clear_line(make, message, tmp_path, settings):
    with pytest.raises(UnreadableBookError, match=message) as caught:
        read_book(make(tmp_path / "b.docx"), settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("declared", [True, False])
def test_a_manuscript_shows_title_and_author_on_its_first_page(declared, tmp_path, settings):
    document = docx.Document()
    document.core_properties.author = "Somebody Else" if declared else "python-docx"
    document.core_properties.title = "Declared" if declared else "Word Document"
    front = ["R. Hale", "12 Mill Lane, Leeds", "About 80,000 words", "THE LOW GATE", "A novel by Ruth Hale"]
    for text in (*front, "CHAPTER ONE", "The gate was low.", "CHAPTER TWO", "In the end it fell."):
        document.add_paragraph(text)
    document.save(str(tmp_path / "b.docx"))
    book = read_book(tmp_path / "b.docx", settings)
    expected = ("Declared", ("Somebody Else",)) if declared else ("THE LOW GATE", ("Ruth Hale",))
    assert (book.title, book.authors) == expected
    if not declared:
        assert [text for rule, text in skipped(book)] == front
        assert [chapter.title for chapter in book.chapters] == ["CHAPTER ONE", "CHAPTER TWO"]


def test_a_sentence_above_a_byline_is_no_title(tmp_path, settings):
    document = docx.Document()
    for text in ("He had a book.", "By Ann Hall", "She read it."):
        document.add_paragraph(text)
    document.save(str(tmp_path / "b.docx"))
    assert (read_book(tmp_path / "b.docx", settings).title) == "b"


@pytest.mark.parametrize("byline", ["by Ann Hall", "Ann Hall"])
def test_the_address_above_a_story_without_chapter_heads_is_not_read(tmp_path, settings, byline):
    document = docx.Document()
    story = ["The wheel had stopped at noon, and nobody asked why.", '"Who is there?" said Tom.']
    for text in ["Ann Hall", "12 Mill Lane", "Oxford", "Approx. 2,400 words", "", "The Last Mill", byline, *story]:
        document.add_paragraph(text)
    document.save(str(tmp_path / "story.docx"))
    book = read_book(tmp_path / "story.docx", settings)
    assert (book.title, book.authors) == ("The Last Mill", ("Ann Hall",))
    assert [block.text for block in book.chapters[0].blocks] == story
    assert {skip.rule for skip in book.skipped} == {"title-page"}
    assert any("title-page" in warning for warning in book.warnings)
    as_written = settings.model_copy(update={"also_read": ("title-page",)})
    assert "12 Mill Lane" in [block.text for block in read_book(tmp_path / "story.docx", as_written).chapters[0].blocks]


def test_a_title_and_an_author_without_an_address_are_read(tmp_path, settings):
    document = docx.Document()
    for text in ["The Last Mill", "by Ann Hall", "The wheel had stopped at noon, and nobody asked why."]:
        document.add_paragraph(text)
    document.save(str(tmp_path / "story.docx"))
    assert len(read_book(tmp_path / "story.docx", settings).chapters[0].blocks) == 3
