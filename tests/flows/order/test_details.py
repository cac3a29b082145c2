"""The book's file is kept for outputs that are made of it later, and found again where it says the same."""

import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest

from flows.order import details
from flows.order.details import keep_book_file, traced_book, with_details
from flows.order.existing import edition_content
from flows.services import open_services, read_settings
from tasks.errors import BadInputError
from tasks.ingest.events import TracedBlock
from tests.flows.cli.test_plan import ordered
from tests.tasks.ingest.conftest import SAMPLE


@pytest.fixture
def epub(voiced_home, tmp_path):
    path = tmp_path / "book.epub"
    shutil.copyfile(SAMPLE, path)
    return path


def kept(order):
    return order.services.store.exists(order.source)


def test_an_epub_is_kept_under_its_own_digest(epub, tmp_path):
    order = ordered(epub, tmp_path / "out")
    keep_book_file(order)
    assert kept(order)
    assert order.services.store.read(order.source) == epub.read_bytes()


@pytest.mark.parametrize("change", ["changed", "gone", "no EPUB"])
def test_what_is_not_the_orders_epub_is_not_kept(epub, book, tmp_path, change):
    order = ordered(book if change == "no EPUB" else epub, tmp_path / "out")
    if change == "changed":
        epub.write_bytes(epub.read_bytes() + b"\n")
    elif change == "gone":
        epub.unlink()
    keep_book_file(order)
    assert not kept(order)


def test_a_book_is_traced_where_its_file_says_the_same(epub, tmp_path):
    order = ordered(epub, tmp_path / "out")
    traced = traced_book(order)
    assert [chapter.title for chapter in traced.chapters] == [chapter.title for chapter in order.book.chapters]
    assert all(isinstance(block, TracedBlock) for chapter in traced.chapters for block in chapter.blocks)
    first, *others = order.book.chapters
    changed = replace(first, blocks=(replace(first.blocks[0], text="Otherwise."), *first.blocks[1:]))
    other = replace(order, book=replace(order.book, chapters=(changed, *others)))
    with pytest.raises(BadInputError, match="reads otherwise than a moment ago"):
        traced_book(other)


@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_book_whose_file_is_another_now_is_refused(epub, tmp_path, change):
    order = ordered(epub, tmp_path / "out")
    if change == "gone":
        epub.unlink()
    else:
        epub.write_bytes(epub.read_bytes() + b"\n")
    with pytest.raises(BadInputError, match="has changed since it was read"):
        traced_book(order)


@pytest.mark.parametrize(("takes", "apart"), [(500, False), (501, True)])
def test_many_takes_are_listened_to_in_a_process_of_its_own(epub, tmp_path, monkeypatch, takes, apart):
    """PyTorch and the networks are gone when a long book is written."""
    order = ordered(epub, tmp_path / "out")
    timer = object()

    @contextmanager
    def listener_apart(settings, model, store):
        assert (settings, model.name) == (order.services.settings.align, settings.model)
        assert store is order.services.store
        yield "apart"

    monkeypatch.setattr(details, "listener_apart", listener_apart)
    monkeypatch.setattr(details, "time_takes", lambda *given: [("key", given)])
    with details._listener(order, timer, takes) as listen:
        assert listen == "apart" if apart else listen({}) == {"key": (order.services.store, timer, {})}


@pytest.mark.usefixtures("voiced_home")
def test_nothing_is_looked_for_that_no_output_wants(book, tmp_path):
    order = ordered(book, tmp_path / "out")
    with open_services(read_settings(package={"outputs": ["m4b", "manifest"]})) as services:
        plain = replace(order, services=services)
        book.unlink()
        content = edition_content(plain, ())
        assert with_details(plain, content) is content
