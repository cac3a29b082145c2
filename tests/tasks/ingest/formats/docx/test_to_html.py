"""A Word document part by part: what is read, what is left out by which rule, and what nobody may sneak in."""

from __future__ import annotations

import io
import zipfile

import mammoth
import pytest
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.archive import BookArchive
from tasks.ingest.formats.docx.to_html import read_docx
from tasks.ingest.html.parse import text_of
from tests.tasks.ingest.formats.docx.builders import W, text, write_docx

STYLES = f"<w:styles {W}>{{}}</w:styles>"


@pytest.fixture
def word(tmp_path, settings):
    """A function that reads a document of this body; `parts` are further members."""

    def read(body, target="/word/document.xml", **parts):
        with BookArchive(write_docx(tmp_path / "b.docx", body, target, **parts), settings) as archive:
            return read_docx(archive)

    return read


def spoken(document):
    return [text_of(paragraph) for paragraph in document.body.iter("p", "h1", "h2", "h3", "h4", "h5", "h6")]


@pytest.mark.parametrize(
    ("body", "read", "left_out"),
    [
        (f"<w:p>{text('a')}<w:del>{text('b').replace('w:t', 'w:delText')}</w:del>{text('c')}</w:p>", "ac",
         [("b", "tracked-deletion")]),
        (f"<w:p>{text('a')}<w:moveFrom>{text('b')}</w:moveFrom></w:p>", "a", [("b", "tracked-deletion")]),
        (f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{text('a')}</w:p>", "a", []),
        *((f"<w:p>{text('a')}<w:r><w:rPr><w:vanish{value}/></w:rPr><w:t>b</w:t></w:r></w:p>", *found)
          for value, found in {
              "": ("a", [("b", "hidden")]),
              ' w:val="1"': ("a", [("b", "hidden")]),
              ' w:val="0"': ("ab", []),
              ' w:val="false"': ("ab", []),
              ' w:val="off"': ("ab", []),
          }.items()),
        *((f"<w:p>{text('a')}<w:{name}>{text('b')}</w:{name}>{text('c')}</w:p>", "abc", []) for name in
          ("fldSimple", "oMathPara", "moveTo", "customXml", "bdo", "dir", "rubyBase", "ruby")),
        (f"<w:p>{text('a')}<w:ruby><w:rt>{text('r')}</w:rt><w:rubyBase>{text('b')}</w:rubyBase></w:ruby></w:p>", "ab",
         [("r", "ruby-annotation")]),
        (f"<w:p>{text('a')}<w:oMath>{text('x')}{text('=y')}</w:oMath>{text('b')}</w:p>", "ax=yb", []),
        (f"<w:p><w:r><mc:AlternateContent xmlns:mc='urn:mc'><mc:Choice>{text('a')}</mc:Choice></mc:AlternateContent>"
         f"</w:r>{text('b')}</w:p>", "b", []),
    ],
)  # fmt: skip
def test_what_is_read_of_a_paragraph(word, body, read, left_out):
    document = word(body)
    assert (spoken(document), document.left_out) == ([read], left_out)


@pytest.mark.parametrize(("kind", "is_cap"), [("drop", True), ("margin", True), ("none", False)])
def test_a_drop_cap_begins_the_paragraph_below(word, kind, is_cap):
    cap = f'<w:p><w:pPr><w:framePr w:dropCap="{kind}"/></w:pPr>{text("O")}</w:p>'
    below = f"<w:p><w:pPr/>{text('nce')}</w:p>"
    assert spoken(word(cap + below)) == (["Once"] if is_cap else ["O", "nce"])
    assert spoken(word(cap + below.replace("<w:pPr/>", ""))) == (["Once"] if is_cap else ["O", "nce"])
    assert spoken(word(cap)) == ["O"]


DELETED_END = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (f"<w:p>{DELETED_END}{text('a')}</w:p><w:p>{text('b')}</w:p><w:p>{text('c')}</w:p>", ["ab", "c"]),
        (f"<w:p>{DELETED_END}{text('a')}</w:p><w:sectPr/>", ["a"]),
        (f"<w:p>{DELETED_END}{text('a')}</w:p><w:tbl><w:tr><w:tc><w:p>{text('b')}</w:p></w:tc></w:tr></w:tbl>",
         ["a", "b"]),
    ],
)  # fmt: skip
def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next_where_there_is_one(word, body, read):
    assert spoken(word(body)) == read


def test_a_row_that_was_deleted_is_not_read(word):
    rows = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p>{text('a')}<w:del>{text('b')}</w:del></w:p></w:tc></w:tr>"
    document = word(f"<w:tbl>{rows}<w:tr><w:tc><w:p>{text('c')}</w:p></w:tc></w:tr></w:tbl>")
    assert (spoken(document), document.left_out) == (["c"], [("b", "tracked-deletion"), ("a", "tracked-deletion")])


def style(name, level="", base=""):
    outline = f'<w:pPr><w:outlineLvl w:val="{level}"/></w:pPr>' if level != "" else ""
    based = f'<w:basedOn w:val="{base}"/>' if base else ""
    return f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/>{based}{outline}</w:style>'


@pytest.mark.parametrize(
    ("styles", "tag"),
    [
        (style("Own", 0), "h1"),
        (style("Own", 5), "h6"),
        (style("Own", 6), "p"),
        (style("Own", 9), "p"),
        (style("Own", "", "B") + style("B", "", "C") + style("C", 1), "h2"),
        (style("Own", 2, "B") + style("B", 0), "h3"),
        (style("Own", 9, "B") + style("B", 0), "p"),  # it says that it is none
        (style("Own", "", "B") + style("B", "", "Own"), "p"),
        (style("Own", "", "gone"), "p"),
        (style("Own", "x"), "p"),
    ],
)
def test_a_style_is_a_headings_by_its_level_or_that_of_its_base(word, styles, tag):
    document = word(
        f'<w:p><w:pPr><w:pStyle w:val="Own"/></w:pPr>{text("a")}</w:p>', **{"word/styles.xml": STYLES.format(styles)}
    )
    assert [element.tag for element in document.body.iter("p", "h1", "h2", "h3", "h4", "h5", "h6")] == [tag]


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("Title", '<p class="title">'), ("Subtitle", '<p class="subtitle">'), ("Code", '<pre class="code">'),
        ("HTML Preformatted", '<pre class="code">'), ("Source Code", '<pre class="code">'),
        ("Quote", "<blockquote><p>"), ("Intense Quote", "<blockquote><p>"), ("Block Text", "<blockquote><p>"),
        ("toc 2", '<p class="toc" role="doc-toc">'), ("TOC Heading", '<p class="toc" role="doc-toc">'),
        ("table of figures", '<p class="toc" role="doc-toc">'), ("caption", "<figcaption>"),
        ("Verse 1", '<p class="verse">'), ("Poem", '<p class="verse">'), ("Poetry x", '<p class="verse">'),
    ],
)  # fmt: skip
def test_paragraphs_of_words_own_styles(word, name, html):
    styles = STYLES.format(f'<w:style w:type="paragraph" w:styleId="S"><w:name w:val="{name}"/></w:style>')
    document = word(f'<w:p><w:pPr><w:pStyle w:val="S"/></w:pPr>{text("a")}</w:p>', **{"word/styles.xml": styles})
    assert etree.tostring(document.body, encoding="unicode").startswith(f"<body>{html}a")


def around(words):
    return f"<w:x {W}><w:p>{text(words)}</w:p><w:p>{text('b')}</w:p></w:x>"


def test_text_around_the_text_has_its_rules(word):
    names = ("comments.xml", "header1.xml", "footer2.xml", "header3.bin", "other.xml", "sub/header1.xml")
    document = word(f"<w:p>{text('a')}</w:p>", **{f"word/{name}": around(name) for name in names})
    assert document.left_out == [
        ("comments.xml b", "comment"),
        ("footer2.xml b", "running-head"),
        ("header1.xml b", "running-head"),
    ]
    assert spoken(document) == ["a"]


def test_properties_are_those_of_the_file(word):
    dc = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    names = {
        "title": "title",
        "creator": "authors",
        "language": "language",
        "description": "description",
        "date": "date",
    }
    fields = "".join(f"<dc:{name}> {name}\n x </dc:{name}>" for name in names)
    core = f"<c {dc}>{fields}<keywords>k</keywords><dc:subject>no</dc:subject><!-- x --></c>"
    document = word(f"<w:p>{text('a')}</w:p>", **{"docProps/core.xml": core})
    assert document.properties == {key: f"{name} x" for name, key in names.items()} | {"keywords": "k"}
    blank = word(f"<w:p>{text('a')}</w:p>", **{"docProps/core.xml": f"<c {dc}><dc:title> </dc:title></c>"})
    assert blank.properties == word(f"<w:p>{text('a')}</w:p>").properties == {}


@pytest.mark.parametrize("target", ["/word/document.xml", "word/document.xml"])
def test_the_main_part_is_where_the_package_says(word, target):
    assert spoken(word(f"<w:p>{text('a')}</w:p>", target=target)) == ["a"]
    with pytest.raises(UnreadableBookError, match=r"^b\.docx is not a Word document: it names no main part$"):
        word("", target="word/gone.xml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("kind", ['<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', '<x/><!ENTITY a "aaaa">'])
def test_no_part_may_hold_a_document_type_in_whatever_encoding(word, encoding, kind):
    with pytest.raises(UnreadableBookError, match=r"^b\.docx: word/numbering\.xml holds a document type, as no Word"):
        word(f"<w:p>{text('a')}</w:p>", **{"word/numbering.xml": kind.encode(encoding)})


def test_the_converter_gets_no_pictures_comments_or_programs_and_may_open_nothing(word, monkeypatch):
    seen = {}
    convert = mammoth.convert_to_html

    def noting(file, **options):
        with zipfile.ZipFile(io.BytesIO(file.getvalue())) as archive:
            seen["names"] = sorted(archive.namelist())
        seen["external"] = options["external_file_access"]
        return convert(file, **options)

    monkeypatch.setattr(mammoth, "convert_to_html", noting)
    extra = {"word/media/a.png": "x", "word/comments.xml": around("c"), "word/vbaProject.bin": "x"}
    word(f"<w:p>{text('a')}</w:p>", **extra)
    assert seen == {"names": ["[Content_Types].xml", "_rels/.rels", "word/document.xml"], "external": False}


def test_whatever_the_converter_stumbles_over_is_one_clear_line(word):
    with pytest.raises(UnreadableBookError, match=r"^b\.docx is a damaged Word document: "):
        word(f"<w:p>{text('a')}</w:p>", **{"word/numbering.xml": "<broken"})
    with pytest.raises(UnreadableBookError, match=r"^b\.docx: word/styles\.xml is damaged: [^\n]+$"):
        word(f"<w:p>{text('a')}</w:p>", **{"word/styles.xml": "<broken"})
