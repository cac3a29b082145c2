"""What a Word document says of its book, and what programs wrote into it that nobody meant."""

from __future__ import annotations

import hashlib

import pytest

from tasks.ingest.book import read_book
from tasks.ingest.formats.docx.book import is_docx
from tests.tasks.ingest.formats.docx.builders import W, text, write_docx

CORE = '<c xmlns:dc="http://purl.org/dc/elements/1.1/">{}</c>'
STYLES = f'<w:styles {W}><w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>'


@pytest.mark.parametrize(
    ("names", "is_one"),
    [
        ("[content_types].xml word/document.xml", True),
        ("[content_types].xml xl/sheet.xml", False),
        ("word/document.xml", False),
        ("[content_types].xml words/document.xml", False),
    ],
)
def test_an_archive_is_a_word_document_by_two_of_its_members(names, is_one):
    assert is_docx(frozenset(names.split())) is is_one


@pytest.fixture
def made(tmp_path, settings):
    """A function that reads a document of these paragraphs and properties; `shown` is in Word's style for a title."""

    def read(*paragraphs, shown="", **properties):
        body = f'<w:p><w:pPr><w:pStyle w:val="T"/></w:pPr>{text(shown)}</w:p>' if shown else ""
        body += "".join(f"<w:p>{text(words)}</w:p>" for words in paragraphs)
        core = CORE.format("".join(f"<dc:{name}>{value}</dc:{name}>" for name, value in properties.items()))
        parts = {"docProps/core.xml": core, "word/styles.xml": STYLES}
        return read_book(write_docx(tmp_path / "b.docx", body, **parts), settings)

    return read


PROGRAMS = (
    "python-docx|Microsoft Office User|Microsoft Word|LibreOffice|OpenOffice|Apache POI|pandoc|Google Docs|Author|User|"
    "Admin|Administrator|Owner|Unknown|un-named"
)


def test_a_program_is_no_author(made):
    names = PROGRAMS.split("|")
    written = "; ".join([*names, "Ann A, Bob B", *map(str.upper, names)])
    assert made("He left.", creator=written).authors == ("Ann A", "Bob B")
    assert made("He left.", creator=names[0]).authors == ()


@pytest.mark.parametrize("declared", ["", "Word Document", "document", "UNTITLED"])
def test_a_title_that_programs_write_gives_way_to_the_one_that_is_shown(made, declared):
    assert made("He left.", shown="The Mill", title=declared).title == "The Mill"
    assert made("He left.", title=declared).title == "b"


def test_a_title_that_somebody_wrote_counts(made):
    assert made("He left.", shown="The Mill", title="Declared").title == "Declared"


@pytest.mark.parametrize(("lines", "title"), [(13, "THE LOW GATE"), (14, "b")])
def test_title_and_author_are_looked_for_in_the_first_paragraphs(made, lines, title):
    front = ["ann@mill.org", *["to you"] * lines, "THE LOW GATE", "by Ruth Hale", "It was low, and he had seen it."]
    assert made(*front).title == title


def test_date_description_language_and_keywords_are_those_of_the_file(made):
    book = made("He left.", description="About it", keywords="a, b; c", language="de", date="1999")
    assert (book.description, book.subjects, book.language, book.date) == ("About it", ("a", "b", "c"), "de", "1999")


def test_a_document_is_known_by_the_digest_of_its_file(made, tmp_path):
    book = made("One.")
    assert book.source_sha256 == hashlib.sha256((tmp_path / "b.docx").read_bytes()).hexdigest()
