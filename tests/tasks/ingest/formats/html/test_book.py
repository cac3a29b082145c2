"""Books of HTML files: which page orders the others, where chapters begin, and what the pages say of the book."""

from __future__ import annotations

import hashlib
import zipfile

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.html.book import folder_of_index, is_html, is_html_zip


def book_of(folder, settings, **files):
    """The book of a folder; in the names of files, a double underscore stands for the stop."""
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return read_book(folder, settings)


def outline(book):
    return [(chapter.title, [block.text for block in chapter.blocks]) for chapter in book.chapters]


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b"<html>", True),
        (b"<HTML lang='en'>", True),
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?>\n<!-- a\nb --><!-- c --> <html\n>", True),
        (b"<!doctype  html", True),
        (b"<htmlx>", False),
        (b"x <html>", False),
        (b"<!DOCTYPE svg>", False),
        (b"<p>", False),
    ],
)
def test_a_file_is_html_by_how_it_begins(head, is_one):
    assert is_html(head) is is_one


@pytest.mark.parametrize(("name", "is_one"), [("a.html", True), ("b/a.xht", True), ("a.htm", True), ("a.txt", False)])
def test_an_archive_is_html_by_its_members(name, is_one):
    assert is_html_zip(frozenset({"x.css", name})) is is_one


@pytest.mark.parametrize(
    "head",
    [
        b"<meta charset=iso-8859-1>",
        b"<meta charset = ' iso-8859-1'>",
        b'<meta http-equiv="content-type" content="text/html; charset=iso-8859-1">',
        b"<?xml version='1.0' encoding=\"iso-8859-1\"?>",
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_declares(head, tmp_path, settings):
    (tmp_path / "b.html").write_bytes(b"%b<html><body><p>caf\xe9 \x93x\x94" % head)
    assert outline(read_book(tmp_path / "b.html", settings))[0][1] == ["café “x”"]


def test_an_encoding_that_is_named_far_down_a_page_is_text_about_encodings(tmp_path, settings):
    page = b"<html><body><p>caf\xe9 %b</p><p><meta charset=koi8-r>It is so written.</p>" % (b"so it was " * 500)
    (tmp_path / "b.html").write_bytes(page)
    assert outline(read_book(tmp_path / "b.html", settings))[0][1][0].startswith("café so it was")


def test_a_page_is_as_large_as_a_unit_may_be_and_no_larger(tmp_path, settings):
    (tmp_path / "b.html").write_text("<html><p>x" + " " * 90)
    assert read_book(tmp_path / "b.html", settings.model_copy(update={"max_unit_bytes": 100}))
    with pytest.raises(UnreadableBookError, match=r"^b\.html has 0 MiB, over ingest\.max_unit_bytes$"):
        read_book(tmp_path / "b.html", settings.model_copy(update={"max_unit_bytes": 99}))


TWO = '<a href="a.html">A</a> <a href="sub/b.xht">B</a>'


@pytest.mark.parametrize(
    ("name", "links", "is_index"),
    [
        ("index.html", TWO, True),
        ("toc.htm", '<a href="a.html#x">A</a><a href="./sub/b.xht">B</a>', True),
        ("index.html", '<a href="a.html">A</a><a href="a.html#x">A</a>', False),  # one page alone
        ("index.html", '<a href="a.html">A</a><a href="gone.html">B</a>', False),
        ("index.html", '<a href="a.html">A</a><a href="http://example.org/b.html">B</a>', False),
        ("index.html", '<a href="a.html">A</a><a href="../out.html">B</a>', False),
        ("index.html", '<a href="a.html">A</a><a href="c.png">B</a>', False),
        ("index.html", '<a href="a.html">A</a><a href="index.html">B</a>', False),
        ("index.html", '<a href="a.html">A</a><a>B</a>', False),
        ("book.html", TWO, False),
    ],
)
def test_an_index_page_stands_for_its_folder_where_it_links_to_two_pages(tmp_path, settings, name, links, is_index):
    folder = tmp_path / "book"
    (folder / "sub").mkdir(parents=True)
    for other in ("book/a.html", "book/sub/b.xht", "book/c.png", "out.html"):
        (tmp_path / other).write_text("<p>x")
    (folder / name).write_text(f"<html>{links}")
    assert folder_of_index(folder / name, settings) == (folder if is_index else None)


def test_a_folder_called_index_stands_for_none(tmp_path, settings):
    (tmp_path / "index.html").mkdir()
    assert folder_of_index(tmp_path / "index.html", settings) is None
    assert folder_of_index(tmp_path / "toc.html", settings) is None


@pytest.mark.parametrize(("words", "is_list"), [("x" * 6, True), ("x" * 7, False)])
def test_an_index_page_that_is_more_than_links_is_read_first(tmp_path, settings, words, is_list):
    links = f'<a href="a.html">Page A.</a><p>{words}</p><a href="b.html">B</a>'  # 8 of 16 or 17 characters are links
    pages = {"a__html": "<p>One a.", "b__html": "<p>Two b."}
    book = book_of(tmp_path, settings, index__html=links, **pages)
    read = [text for _, texts in outline(book) for text in texts]
    assert (read[-2:], any(words in text for text in read)) == (["One a.", "Two b."], not is_list)
    assert [skip.rule for skip in book.skipped] == (["table-of-contents"] if is_list else [])


def test_of_index_pages_the_uppermost_with_two_links_orders_the_pages(tmp_path, settings):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<a href="../a.html">A</a><a href="../b.html">B</a>')
    pages = {
        "a__html": "<p>One a.",
        "b__html": "<p>Two b.",
        "toc__html": '<a href="b.html">B</a><a href="A.HTML">A</a>',
    }
    book = book_of(tmp_path, settings, contents__html='<a href="a.html">A</a>', **pages)
    assert [title for title, _ in outline(book)][:2] == ["B", "A"]


def test_a_page_may_be_linked_to_at_several_places_and_each_is_a_chapter_once(tmp_path, settings):
    index = "".join(f'<a href="{href}">{href[-1]}</a>' for href in ("b.html#y", "b.html#x", "b.html#y", "a.html"))
    pages = {"a__html": "<p>Three.", "b__html": "<p id='x'>One.<p id='y'>Two."}
    book = book_of(tmp_path, settings, index__html=f"<a href='a.html'></a>{index}", **pages)
    assert outline(book) == [("x", ["One."]), ("y", ["Two."]), ("l", ["Three."])]


def test_stylesheets_of_the_folder_hide_and_other_files_do_not(tmp_path, settings):
    page = "<link rel=stylesheet href=S.CSS><link rel=stylesheet href=t.html><p class=a>gone<p class=b>He read it."
    files = {"s__css": ".a {display:none}", "t__html": "<p>.b {display:none}"}
    book = book_of(tmp_path, settings, index__html=page, **files)
    assert [text for _, texts in outline(book) for text in texts] == ["He read it.", ".b {display:none}"]


def test_pages_without_an_index_begin_chapters_at_their_headings_else_by_their_names(tmp_path, settings):
    pages = {
        "c1__html": "<h1>One</h1><p>1<h1>Two</h1><p>2",
        "c2__html": "<title>No</title><p><b>x</b>",
        "c10__html": "<p>10",
        "start__html": "<title>S</title><p>s",
    }
    assert outline(book_of(tmp_path, settings, **pages)) == [
        ("One", ["One", "1"]),
        ("Two", ["Two", "2"]),
        ("No", ["x"]),
        ("c10", ["10"]),
        ("S", ["s"]),
    ]


@pytest.mark.parametrize(
    ("body", "title"),
    [("<h2>H2</h2><h1>H1</h1>", "H1"), ("<h3>H3</h3>", "H3"), ("<h4>H4</h4>", "T"), ("<h1></h1><h2>H2</h2>", "H2")],
)
def test_a_page_that_nothing_links_to_is_called_by_its_first_heading_else_by_its_title(tmp_path, settings, body, title):
    pages = {"a__html": "<p>a", "b__html": "<p>b", "c__html": f"<title>T</title>{body}<p>c"}
    book = book_of(tmp_path, settings, index__html='<a href="a.html">A</a><a href="b.html">B</a>', **pages)
    assert [chapter.title for chapter in book.chapters][-1] == title


@pytest.mark.parametrize(
    ("head", "field", "value"),
    [
        ('<meta name="DC.Title" content="A  b">', "title", "A b"),
        ('<meta property="og:title" content="A">', "title", "A"),
        ("<title>A\nb</title>", "title", "A b"),
        ('<title>T</title><meta name="title" content="M">', "title", "M"),
        ('<meta name="author" content="Ann A, Bob B,">', "authors", ("Ann A", "Bob B")),
        ('<meta name="author" content="X"><meta name="dcterms.creator" content="Ann A">', "authors", ("Ann A",)),
        ('<meta property="book:author" content="Ann A">', "authors", ("Ann A",)),
        ('<meta name="dc.language" content="en-GB">', "language", "en-GB"),
        ('<meta name="dc.identifier" content="9">', "identifier", "9"),
        ('<meta name="dc.publisher" content="P">', "publisher", "P"),
        ('<meta name="date" content="1999">', "date", "1999"),
        ('<meta name="description" content="D"><meta name="description" content="E">', "description", "D"),
        ('<meta name="description" content=" "><meta name="description" content="E">', "description", "E"),
        ('<meta name="dc.subject" content="a; b"><meta name="keywords" content="c">', "subjects", ("a", "b")),
        ('<meta name="keywords" content="a, b">', "subjects", ("a", "b")),
        ('<meta name="copyright" content="R">', "rights", "R"),
        ('<meta name="dc.rights" content="R"><meta name="copyright" content="C">', "rights", "R"),
    ],
)
def test_what_the_head_of_a_page_says_of_the_book(tmp_path, settings, head, field, value):
    (tmp_path / "b.html").write_text(f"<html><head>{head}</head><body><p>Some words.", "utf-8")
    assert getattr(read_book(tmp_path / "b.html", settings), field) == value


@pytest.mark.parametrize("page", ['<html lang="de">', '<html xml:lang="de">', '<html><body lang="de">'])
def test_the_language_may_be_the_pages_own(tmp_path, settings, page):
    (tmp_path / "b.html").write_text(f"{page}<p>Some words.", "utf-8")
    assert read_book(tmp_path / "b.html", settings).language == "de"


def test_the_title_is_that_of_the_first_page_and_repairs_of_all_are_told(tmp_path, settings):
    files = {"a__html": "<p>donâ€™t", "b__html": "<title>B</title><p>donâ€™t", "index__html": "<title>I</title><p>x"}
    book = book_of(tmp_path, settings, **files)
    assert book.title == tmp_path.stem
    assert [warning.split(":")[0] for warning in book.warnings if "cp1252" in warning] == ["a.html", "b.html"]


def test_in_an_archive_files_that_macos_hides_are_not_read(tmp_path, settings):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for name in ("a.html", "__MACOSX/._a.html", "x/._b.html"):
            archive.writestr(name, f"<p>{name}")
    assert outline(read_book(tmp_path / "b.zip", settings)) == [("b", ["a.html"])]


def test_one_page_is_read_by_its_own_styles_and_no_file_beside_it(tmp_path, settings):
    (tmp_path / "s.css").write_text(".b {display:none}")
    page = "<link rel=stylesheet href=s.css><style>.a {display:none}</style><p class=a>gone<p class=b>He read it."
    (tmp_path / "b.html").write_text(f"<html>{page}")
    assert outline(read_book(tmp_path / "b.html", settings))[0][1] == ["He read it."]


def test_a_page_and_an_archive_are_known_by_the_digest_of_their_file(tmp_path, settings):
    """Another one makes every such book another book."""
    (tmp_path / "b.html").write_text("<html><p>He read it.")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(tmp_path / "b.html", "a.html")
    for path in (tmp_path / "b.html", tmp_path / "b.zip"):
        assert read_book(path, settings).source_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
