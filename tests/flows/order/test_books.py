"""Which books a command means: files, shelves, books in HTML, standard input, lists; and what is refused in words."""

import errno
import io
import os
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from flows.order import books
from flows.order.books import named_book, named_books
from tasks.errors import BadInputError, OutputError
from tests.tasks.ingest.conftest import ingest_settings

SETTINGS = ingest_settings()
INDEX = '<a href="one.html">One</a> <a href="two.html">Two</a>'


def pipe(monkeypatch, data):
    """Makes these bytes standard input."""
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder with books, with what may be anything, with a folder of books and a book in HTML."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.epub", "a.EPUB", "c.pdf", "notes.txt", "page.html", ".hidden.epub", "picture.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "d.fb2").write_bytes(b"x")
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text(INDEX, "utf-8")
    return tmp_path


def names(*given, **options):
    with named_books(given, SETTINGS, **options) as named:
        return [os.path.relpath(path) for path in named.paths.values()], named.several


def test_one_file_is_one_book_and_more_are_several(shelf):
    assert names("b.epub") == (["b.epub"], False)
    assert names("b.epub", "missing.epub") == (["b.epub", "missing.epub"], True)
    assert names("b.epub", "./b.epub", str(shelf / "b.epub")) == (["b.epub"], True)


@pytest.mark.usefixtures("shelf")
def test_a_folder_stands_for_what_is_a_book_by_its_name():
    assert names(".") == (["a.EPUB", "b.epub", "c.pdf"], True)
    assert names(".", recursive=True) == (["a.EPUB", "b.epub", "c.pdf", "deep/d.fb2"], True)
    with named_books(["."], SETTINGS) as named:
        assert [note.split(": ", 1)[1] for note in named.notes] == [
            "what may be anything is left out (1 .html, 1 .txt): name the files that are books"
        ]


@pytest.mark.usefixtures("shelf")
def test_a_folder_with_an_index_page_is_a_book():
    assert names("html") == (["html"], False)
    with named_book("html", SETTINGS) as path:
        assert path == Path("html").absolute()


@pytest.mark.usefixtures("shelf")
def test_a_folder_is_not_looked_through_by_links_that_lead_round():
    Path("deep/round").symlink_to(Path().absolute(), target_is_directory=True)
    assert names("deep", recursive=True) == (["deep/d.fb2"], True)


@pytest.mark.parametrize("name", ["temporary", "home", "."])
def test_a_folder_of_anything_is_no_library(name, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    where = str(tmp_path / name)
    for folder in (tmp_path, tmp_path / "temporary", tmp_path / "home"):
        folder.mkdir(exist_ok=True)
        (folder / "a.epub").write_bytes(b"x")
        (folder / "index.html").write_text(INDEX, "utf-8")
    (tmp_path / "temporary").chmod(0o1777)
    for find in (lambda: named_books([where], SETTINGS), lambda: named_book(where, SETTINGS)):
        with pytest.raises(BadInputError, match="no library: name the book, or a folder of books"), find():
            pass


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "no book is named"),
        ([""], "'' names no book"),
        (["empty"], r"empty holds no file that is a book by its name \(.azw.*name the book file itself"),
        (["texts"], r"left out \(2 .txt\)"),
        (["above"], "--recursive looks into its folders"),
        (["-", "-"], "name it once"),
    ],
)
def test_what_names_no_book_is_refused_in_words(shelf, given, words):
    for name in ("empty", "texts", "above/below"):
        (shelf / name).mkdir(parents=True)
    for name in ("texts/a.txt", "texts/b.txt", "above/below/a.epub"):
        (shelf / name).write_bytes(b"x")
    with pytest.raises(BadInputError, match=words), named_books(given, SETTINGS):
        pass


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"---\ntitle: A\n---\n# A\n", ".md"),
        (b"\n# A heading\n\nWords.", ".md"),
        (b"Only words, # and no heading.", ".txt"),
        ("Wörter".encode("utf-16"), ".txt"),
        (b"<!DOCTYPE html><html><p>Words", ".html"),
        (b"%PDF-1.7 ...", ".pdf"),
        (b"{\\rtf1 x}", ".rtf"),
    ],
)
def test_the_kind_of_standard_input_is_known_by_its_bytes(monkeypatch, data, suffix):
    pipe(monkeypatch, data)
    with named_books(["-"], SETTINGS) as named:
        (path,) = named.paths.values()
        assert (path.name, path.read_bytes(), named.several) == (f"standard input{suffix}", data, False)
        assert list(named.paths) == ["-"]
    assert not path.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b" \n", "standard input is empty"),
        (bytes(1000), "of a format that Talepress does not read"),
        (b"x" * (SETTINGS.max_file_bytes + 1), "more bytes than ingest.max_file_bytes"),
        (b"TPZ", "protected Kindle book"),
    ],
)
def test_standard_input_that_is_no_book_is_refused(monkeypatch, data, words):
    pipe(monkeypatch, data)
    with pytest.raises(BadInputError, match=words), named_books(["-"], SETTINGS):
        pass


@pytest.mark.parametrize("more", [0, 1])
def test_standard_input_may_have_as_many_bytes_as_a_books_file_and_no_more(monkeypatch, more):
    data = b"# A heading\n\nWords."
    small = SETTINGS.model_copy(update={"max_file_bytes": len(data) - more})
    pipe(monkeypatch, data)
    refused = pytest.raises(BadInputError, match="more bytes than") if more else nullcontext()
    with refused, named_books(["-"], small) as named:
        assert [path.read_bytes() for path in named.paths.values()] == [data]


def test_standard_input_that_finds_no_room_is_said_in_words(monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "no room")

    pipe(monkeypatch, b"# A heading\n\nWords.")
    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OutputError, match="the disk is full"), named_books(["-"], SETTINGS):
        pass


def test_a_folder_that_cannot_be_read_is_said_in_words(shelf, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(books, "holds_index", lambda path: False)
    with pytest.raises(BadInputError, match="cannot be read: Permission denied"), named_books([str(shelf)], SETTINGS):
        pass


def test_a_terminal_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    for find in (lambda: named_books(["-"], SETTINGS), lambda: named_books([], SETTINGS, listed="-")):
        with pytest.raises(BadInputError, match="is a terminal"), find():
            pass


def test_a_list_has_a_path_a_line(shelf, monkeypatch):
    lines = b"b.epub\r\n\nc.pdf\nb\xff.epub\n"
    (shelf / "list").write_bytes(lines)
    expected = (["b.epub", "c.pdf", os.fsdecode(b"b\xff.epub")], True)
    assert names(listed="list") == expected
    pipe(monkeypatch, lines)
    assert names(listed="-") == expected
    assert names("a.EPUB", listed="list")[0] == ["a.EPUB", *expected[0]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "names no file that is there"),
        (b"nothing\nof this\n", "the first is 'nothing'"),
        (b"x" * 5000, "the first is 'x{100}': it wants"),
        (b"b.epub\0c.epub", "is no list of paths"),
        (b"x" * 300, "names no file that is there"),
    ],
)
def test_what_is_no_list_is_refused(shelf, data, words):
    (shelf / "list").write_bytes(data)
    with pytest.raises(BadInputError, match=words), named_books([], SETTINGS, listed="list"):
        pass


def test_an_option_of_one_book_is_refused_for_several(shelf):
    for given, refused in ((["b.epub"], False), (["b.epub", "c.pdf"], True), ([str(shelf)], True)):
        with named_books(given, SETTINGS) as named:
            named.require_one("--plan", "")
            if refused:
                with pytest.raises(BadInputError, match="--plan belongs to one book"):
                    named.require_one("--plan", "plan.toml")
            else:
                named.require_one("--plan", "plan.toml")
