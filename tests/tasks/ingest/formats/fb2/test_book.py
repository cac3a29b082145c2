"""A FictionBook, packed or not: how it is recognised, and what it is known by."""

from __future__ import annotations

import hashlib
import zipfile

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tasks.ingest.formats.fb2.book import is_fb2, is_fb2_zip

TEXT = "<FictionBook><body><section><title><p>One</p></title><p>He read it.</p></section></body></FictionBook>"


@pytest.mark.parametrize(
    ("head", "is_one"),
    [(b"<?xml version='1.0'?>\n<FictionBook xmlns='x'>", True), (b"<FictionBook>", True), (b"<FictionBooks>", False)],
)
def test_a_file_is_a_fictionbook_by_its_root(head, is_one):
    assert is_fb2(head) is is_one


@pytest.mark.parametrize(
    ("names", "is_one"), [("a.fb2", True), ("x/a.fb2 cover.png", True), ("a.fb2 b.fb2", False), ("a.txt", False)]
)
def test_an_archive_is_a_fictionbook_where_it_holds_one(names, is_one):
    assert is_fb2_zip(frozenset(names.split())) is is_one


def test_a_fictionbook_is_known_by_the_digest_of_its_file_packed_or_not(tmp_path, settings):
    (tmp_path / "b.fb2").write_text(TEXT)
    with zipfile.ZipFile(tmp_path / "b.fb2.zip", "w") as archive:
        archive.writestr("readme.txt", "not the book")
        archive.writestr("B.FB2", TEXT)
    for name in ("b.fb2", "b.fb2.zip"):
        book = read_book(tmp_path / name, settings)
        assert [(chapter.title, len(chapter.blocks)) for chapter in book.chapters] == [("One", 2)]
        assert book.source_sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_an_archive_with_a_fictionbook_has_the_limits_of_all_archives(tmp_path, settings):
    with zipfile.ZipFile(tmp_path / "b.fb2.zip", "w") as archive:
        archive.writestr("b.fb2", TEXT)
        archive.writestr("../x", "x")
    with pytest.raises(UnreadableBookError, match="points outside of it"):
        read_book(tmp_path / "b.fb2.zip", settings)
