"""The archive of a book with other files in it: every byte and date that nobody meant to change stays."""

import io
import zipfile

import pytest

from tasks.package.readalong.archive import Original

OLD = (2001, 2, 3, 4, 5, 6)
NEW = (2004, 12, 31, 23, 59, 58)
FILES = [  # name, date, compression, content
    ("OEBPS/", NEW, zipfile.ZIP_STORED, b""),
    ("OEBPS/One.xhtml", OLD, zipfile.ZIP_DEFLATED, b"one"),
    ("OEBPS/p.jpg", OLD, zipfile.ZIP_STORED, b"picture"),
    ("mimetype", OLD, zipfile.ZIP_DEFLATED, b"application/EPUB+zip\n"),
    ("META-INF/Signatures.XML", OLD, zipfile.ZIP_DEFLATED, b"<signatures/>"),
    ("OEBPS/two.xhtml", OLD, zipfile.ZIP_BZIP2, b"two"),
]


def archive(files=FILES) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, date, compression, content in files:
            target.writestr(zipfile.ZipInfo(name, date), content, compression)
    return packed.getvalue()


def test_names_are_those_of_a_copy_and_found_in_any_case():
    book = Original(archive())
    assert book.names() == ["OEBPS/One.xhtml", "OEBPS/p.jpg", "mimetype", "OEBPS/two.xhtml"]
    assert [book.name_of(path) for path in ("oebps/ONE.xhtml", "META-INF/signatures.xml", "no")] == [
        "OEBPS/One.xhtml",
        "META-INF/Signatures.XML",
        None,
    ]
    assert book.is_signed and not Original(archive(FILES[:4])).is_signed
    assert book.newest == "2004-12-31T23:59:58Z" and book.read("OEBPS/two.xhtml") == b"two"
    with pytest.raises(zipfile.BadZipFile):
        Original(b"no archive")


def test_files_of_a_changed_book_come_before_the_archives_own():
    book = Original(archive())
    first = book.with_files({"OEBPS/One.xhtml": b"1"}, {"New.css": b"n"})
    second = first.with_files({"OEBPS/two.xhtml": b"2"}, {"nav.xhtml": b"v"})
    names = ("OEBPS/One.xhtml", "OEBPS/two.xhtml", "New.css", "nav.xhtml", "OEBPS/p.jpg")
    assert [second.read(name) for name in names] == [b"1", b"2", b"n", b"v", b"picture"]
    assert second.with_files({"New.css": b""}, {}).read("New.css") == b""
    assert second.names() == [*book.names(), "New.css", "nav.xhtml"] and second.name_of("new.CSS") == "New.css"
    assert book.read("OEBPS/One.xhtml") == b"one" and book.name_of("New.css") is None  # the original is as it was
    assert first.read("OEBPS/two.xhtml") == b"two" and first.name_of("nav.xhtml") is None


def test_what_is_written(tmp_path):
    sound = tmp_path / "sound.m4a"
    sound.write_bytes(b"\0" * 99)
    book = Original(archive()).with_files({"OEBPS/two.xhtml": b"2"}, {"nav.xhtml": b"v"})
    book.write_with(tmp_path / "made.epub", {"OEBPS/One.xhtml": b"changed"}, {"s.css": b"s", "a.m4a": sound})
    with zipfile.ZipFile(tmp_path / "made.epub") as made:
        found = [(info.filename, info.date_time, info.compress_type, made.read(info)) for info in made.infolist()]
    epoch = (1980, 1, 1, 0, 0, 0)
    stored = zipfile.ZIP_STORED
    packed = zipfile.ZIP_DEFLATED
    assert found == [
        ("mimetype", epoch, stored, b"application/epub+zip"),
        ("OEBPS/One.xhtml", OLD, packed, b"changed"),
        ("OEBPS/p.jpg", OLD, stored, b"picture"),
        ("OEBPS/two.xhtml", OLD, packed, b"2"),
        ("nav.xhtml", epoch, packed, b"v"),
        ("s.css", epoch, packed, b"s"),
        ("a.m4a", epoch, stored, b"\0" * 99),
    ]


def test_a_file_that_is_empty_now_is_written_empty(tmp_path):
    Original(archive()).write_with(tmp_path / "made.epub", {"OEBPS/One.xhtml": b""}, {})
    with zipfile.ZipFile(tmp_path / "made.epub") as made:
        assert made.read("OEBPS/One.xhtml") == b""
