"""Entities stay unexpanded in every XML file that a book may hold, well-formed or repaired."""

from __future__ import annotations

import time
import zipfile
from itertools import product

import lxml.html
import pytest
from lxml import etree

from storage.records import Block
from tasks.annotate.pls import pls_to_toml
from tasks.errors import BadInputError, UnreadableBookError
from tasks.ingest.archive import parse_xml, safe_parser
from tasks.ingest.book import read_book
from tasks.ingest.html.parse import parse
from tasks.ingest.html.pronunciation import Pronunciations
from tests.tasks.ingest.builders import CONTAINER, ncx, opf, page, write_epub

SECRET = "thesecretofthemachine"
PLS = '<lexicon xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"><lexeme>{}</lexeme></lexicon>'
LEXEME = "<grapheme>word</grapheme><alias>A&a;B</alias>"
WORD = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    "<w:t>A&a;B</w:t></w:r></w:p></w:body></w:document>"
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
BROKEN = "<oops></p>"  # no parser that insists on well-formed XML gets past it


def _epub(tmp_path, **members):
    names = {"container": "META-INF/container.xml", "package": "OEBPS/content.opf", "cover": "OEBPS/cover.svg"}
    raw = {names.get(name, f"OEBPS/{name}"): text for name, text in members.items()}
    return write_epub(
        tmp_path / "b.epub", {"a.xhtml": page("<p>Text.</p>")}, {"toc.ncx": ncx(("One", "a.xhtml"))}, members=raw
    )


def _package(tail=""):
    return (
        opf(["a.xhtml", "toc.ncx"], ["a.xhtml"]).replace("A Test", "A&a;B").replace("</package>", f"{tail}</package>")
    )


def _docx(tmp_path, document):
    path = tmp_path / "b.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", RELATIONS)
        archive.writestr("word/document.xml", document)
    return path


def _file(path, text):
    path.write_text(text, "utf-8")
    return path


def _fb2(text):
    return f"<FictionBook>{text}<body><section><p>A&a;B</p></section></body></FictionBook>"


BOOKS = {
    "package": lambda p, head: _epub(p, package=head + _package()),
    "repaired package": lambda p, head: _epub(p, package=head + _package(BROKEN)),
    "container": lambda p, head: _epub(p, container=head + CONTAINER.replace("OEBPS", "&a;OEBPS")),
    "repaired container": lambda p, head: _epub(p, container=head + CONTAINER.replace("<rootfiles>", f"{BROKEN}&a;")),
    "table of contents": lambda p, head: _epub(p, **{"toc.ncx": head + ncx(("A&a;B", "a.xhtml"))}),
    "repaired table of contents": lambda p, head: _epub(p, **{"toc.ncx": head + ncx(("A&a;B", "a.xhtml")) + BROKEN}),
    "page": lambda p, head: _epub(p, **{"a.xhtml": head + "<html><body><p>A&a;B</p></body></html>"}),
    "repaired page": lambda p, head: _epub(p, **{"a.xhtml": head + "<html><body><p>A&a;B</p><oops></body></html>"}),
    "Word document": lambda p, head: _docx(p, head + WORD),
    "FictionBook": lambda p, head: _file(p / "b.fb2", head + _fb2("")),
    "HTML file": lambda p, head: _file(p / "b.html", head + "<html><body><p>A&a;B</p></body></html>"),
}  # fmt: skip


@pytest.fixture
def head(tmp_path):
    """A document type whose entity `a` is the text of a file beside the book."""
    secret = _file(tmp_path / "secret.txt", SECRET)
    return f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'


@pytest.mark.parametrize("kind", BOOKS)
def test_a_book_does_not_expand_its_entities(kind, head, tmp_path, settings):
    try:
        book = read_book(BOOKS[kind](tmp_path, head), settings)
    except UnreadableBookError as error:
        assert SECRET not in str(error)
    else:
        assert SECRET not in repr(book)


@pytest.mark.parametrize("tail", ["", BROKEN])
def test_a_lexicon_of_the_book_does_not_expand_its_entities(tail, head):
    pronunciations = Pronunciations()
    pronunciations.add_lexicon((head + PLS.format(LEXEME) + tail).encode(), "en")
    (markup,) = pronunciations.annotate(Block("paragraph", "word"))
    assert SECRET not in markup.value


def test_an_imported_lexicon_does_not_expand_its_entities(head):
    try:
        toml, _ = pls_to_toml((head + PLS.format(LEXEME)).encode(), "b.pls")
    except BadInputError as error:
        assert SECRET not in str(error)
    else:
        assert SECRET not in toml


def test_a_drawn_cover_does_not_expand_its_entities(tmp_path, settings):
    secret = _file(tmp_path / "secret.txt", "<image href='data:image/png;base64,c2VjcmV0'/>")
    svg = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    package = opf(["a.xhtml", "toc.ncx", "cover.svg"], ["a.xhtml"]).replace(
        'href="cover.svg" media-type="text/plain"',
        'href="cover.svg" media-type="image/svg+xml" properties="cover-image"',
    )
    assert read_book(_epub(tmp_path, package=package, cover=svg), settings).cover is None


@pytest.mark.parametrize("recover", [False, True])
def test_no_parser_reads_what_an_entity_or_a_document_type_names(recover, head):
    root = etree.fromstring(f"{head}<x>A&a;B</x>", safe_parser(recover=recover))
    assert "".join(root.xpath("//text()")) == "AB"
    root, problem = parse_xml(f"{head}<x>A&a;B<y></x>".encode())
    assert root is not None and problem
    assert "".join(root.xpath("//text()")) == "AB"


@pytest.mark.parametrize("recover", [False, True])
def test_no_parser_lets_entities_multiply(recover):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]><x>&e8;</x>'
    try:
        text = etree.fromstring(bomb, safe_parser(recover=recover)).xpath("string()")
    except etree.XMLSyntaxError as error:
        text = str(error)
    assert len(text) < 1000


def test_no_parser_may_use_the_network_whatever_else_it_may(monkeypatch):
    """Entities stay unexpanded and document types unread, so there is nothing to fetch; each lock holds by itself."""
    allowed = []

    def noting(make):
        return lambda *arguments, **options: (allowed.append(options["no_network"]), make(*arguments, **options))[1]

    monkeypatch.setattr(etree, "XMLParser", noting(etree.XMLParser))
    monkeypatch.setattr(lxml.html, "HTMLParser", noting(lxml.html.HTMLParser))
    for recover, deep in product((False, True), repeat=2):
        safe_parser(recover=recover, deep=deep)
    parse("<p>A<p>B", "a.html")  # as XML, then as HTML
    assert allowed == [True] * 6


def test_no_parser_goes_deeper_than_any_book():
    with pytest.raises(etree.XMLSyntaxError, match=r"[Dd]epth"):
        etree.fromstring("<x>" * 1000 + "</x>" * 1000, safe_parser())


def test_a_package_of_many_entries_without_files_is_read_in_time_that_grows_with_it(tmp_path, settings):
    """Asked one by one where each of them is, 20,000 would take a quarter of a minute."""
    entries = range(20_000)
    items = "".join(f'<item id="i{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in entries)
    package = opf(["a.xhtml"], ["a.xhtml"])
    package = package.replace("</manifest>", f"{items}</manifest>")
    package = package.replace("</spine>", "".join(f'<itemref idref="i{n}"/>' for n in entries) + "</spine>")
    path = _epub(tmp_path, package=package)
    began = time.process_time()
    assert len(read_book(path, settings).chapters) == 1
    assert time.process_time() - began < 5
