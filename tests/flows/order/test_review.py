"""The page of one book without a server: where it lies, and that it is whole or not there at all."""

from dataclasses import replace

import pytest

from flows.order import review
from flows.order.order import prepare
from flows.order.request import Request
from flows.order.review import gather, has_doubts, page_path, write_page
from flows.services import open_services, read_settings
from storage.records import Edition, EditionFile
from tests.flows.order.spoken import speak

SILENT = "silence: -80 dBFS"


@pytest.fixture
def order(voiced_home, book, tmp_path, monkeypatch):
    """Three chapters; a take of the first and one of the last are doubtful. Nothing is mastered."""
    monkeypatch.setattr(review, "MOST_SOUNDS", 0)
    with open_services(read_settings()) as services:
        order = prepare(services, Request(book=str(book), out=str(tmp_path / "out")))
        speak(order, {(0, 1): SILENT, (2, 0): SILENT})
        yield order


def edition(*files):
    return Edition(tuple(EditionFile(kind, path, "0" * 64, 1) for kind, path in files), 3725.0, ())


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ([("m4b", "/out/A.m4b"), ("manifest", "/out/A.manifest.json")], "/out/A.report.html"),
        ([("m4b", "/out/A.m4b")], None),
        ([], None),
    ],
)
def test_the_page_lies_beside_the_edition_by_its_name(order, files, path):
    beside_nothing = order.out / "book.report.html"
    found = page_path(order, edition(*files))
    assert str(found) == (path or str(beside_nothing))
    assert page_path(order, None) == beside_nothing


def test_doubts_are_those_of_the_orders_chapters(order):
    assert has_doubts(order)
    assert not has_doubts(replace(order, chapters=(1,)))


def test_what_is_doubtful_is_shown_with_its_neighbours_and_how_it_is_spoken_again(order):
    page = gather(order, None)
    assert [(passage.place, passage.chapter) for passage in page.passages] == [
        ("1:2", order.book.chapters[0].title),
        ("3:1", order.book.chapters[2].title),
    ]
    texts = [item.utterance.text for item in order.keyed if item.utterance.chapter_index == 0]
    first, last = page.passages
    assert (first.before, first.text, first.after) == tuple(texts[0:3])
    assert last.before == ""
    assert [take.chosen for take in first.takes] == [True]
    assert page.command == f"talepress retry {order.request.book} --only 1:2,3:1"
    assert [(chapter.number, chapter.flagged, chapter.loudness) for chapter in page.chapters] == [
        (1, 1, "not finished"),
        (2, 0, "not finished"),
        (3, 1, "not finished"),
    ]
    assert sum(chapter.utterances for chapter in page.chapters) == len(order.keyed)
    assert (page.length, page.files) == ("not finished", ())
    done = gather(order, edition(("m4b", "/out/A.m4b")))
    assert (done.length, done.files) == ("1:02:05", ("/out/A.m4b",))


def test_a_book_without_doubts_has_nothing_to_speak_again(order):
    page = gather(replace(order, chapters=(1,)), None)
    assert (page.passages, page.command) == ((), "")


def test_a_page_is_written_whole_or_the_older_one_stays(order, tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "page.html"
    write_page(order, None, path)
    before = path.read_text("utf-8")
    assert "The Small Book" in before

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(review, "publish", fail)
    with pytest.raises(KeyboardInterrupt):
        write_page(replace(order, chapters=(1,)), None, path)
    assert path.read_text("utf-8") == before
    assert [file.name for file in path.parent.iterdir()] == ["page.html"]
