"""Two books in one database, alike in chapters and positions: what is done for one must not touch the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.records import Edition, EditionFile, KeyedUtterance, Master, PlacedUtterance, RunState, Verdict
from tests.storage.builders import SOURCE, keyed_by_text, make_book, make_script, make_take, save_keyed

OTHER = "c" * 64


def other_book():
    """As many chapters and blocks as the first book, with words of its own."""
    book = make_book(source_sha256=OTHER, title="The Candle", skipped=())
    chapters = tuple(
        replace(
            chapter,
            title=f"Candle {chapter.index}",
            blocks=tuple(replace(block, text=f"Candle. {block.text}") for block in chapter.blocks),
        )
        for chapter in book.chapters
    )
    return replace(book, chapters=chapters)


@pytest.fixture(params=[False, True], ids=["first saved", "last saved"])
def neighbours(uow, request):
    """The keyed utterances of both books; a query that forgets the book would find the rows of the one saved last."""
    books = [make_book(), other_book()]
    for book in reversed(books) if request.param else books:
        save_keyed(uow, book)
    return tuple(keyed_by_text(make_script(book)) for book in books)


def test_both_are_read_as_they_were_saved(uow, neighbours):
    for book, keyed in zip((make_book(), other_book()), neighbours, strict=True):
        assert uow.books.get(book.source_sha256) == book
        assert uow.books.script(book.source_sha256) == make_script(book)
        assert uow.books.keyed(book.source_sha256) == tuple(keyed)


def test_new_keys_are_one_books(uow, neighbours):
    ours, theirs = neighbours
    assert uow.books.assign_keys(OTHER, [KeyedUtterance(item.utterance, f"new {item.key}") for item in theirs]) == 6
    assert uow.books.keyed(SOURCE) == tuple(ours)
    assert uow.books.assign_keys(SOURCE, ours) == 0


def test_takes_are_asked_for_and_chosen_for_one_book(uow, neighbours):
    ours, theirs = neighbours
    uow.takes.add([make_take(item.key) for item in [*ours[1:], *theirs[1:]]])
    uow.takes.add([make_take(keyed[0].key, verdict=Verdict.DOUBTFUL) for keyed in neighbours])
    assert (uow.takes.missing(SOURCE), uow.takes.missing(OTHER)) == ((ours[0],), (theirs[0],))
    uow.takes.choose_acceptable(SOURCE)
    uow.takes.choose(SOURCE, {ours[0].key: f"{ours[0].key}-0"})
    assert (uow.books.summary(SOURCE).chosen, uow.books.summary(OTHER).chosen) == (6, 0)
    uow.takes.choose_acceptable(OTHER)
    uow.takes.choose(OTHER, {theirs[0].key: f"{theirs[0].key}-0"})
    for source, keyed in ((SOURCE, ours), (OTHER, theirs)):
        assert [item.utterance for item in uow.takes.chosen(source, 0)] == [item.utterance for item in keyed[:3]]
        assert [item.utterance for item in uow.takes.flagged(source)] == [keyed[0].utterance]
        assert [summary.chosen for summary in uow.books.chapter_summaries(source)] == [3, 3]
    assert uow.takes.flagged(OTHER)[0].chapter_title == "Candle 0"


def test_masters_runs_and_editions_are_one_books(uow, neighbours):
    for source, title, keyed in ((SOURCE, "Chapter 1", neighbours[0]), (OTHER, "Candle 0", neighbours[1])):
        placed = tuple(PlacedUtterance(keyed[n].utterance, f"{source} {n}", n * 10, n * 10 + 9) for n in (0, 1, 2))
        master = Master(0, title, "a" * 64, 24_000, 100, -19.0, -3.0, placed)
        uow.masters.save(f"master of {source}", master)
        assert uow.masters.find(f"master of {source}", source, 0) == master
        run = uow.runs.start(source, "book_to_audio", {"book": source})
        edition = Edition((EditionFile("m4b", f"{source}.m4b", "a" * 64, 1),), 1.0, ((title, 0.0, 1.0),))
        uow.editions.save(run, edition, f"edition of {source}")
        uow.runs.finish(run, RunState.DONE)
    for source in (SOURCE, OTHER):
        assert len(uow.masters.find(f"master of {source}", source, 0).placed) == 3
        assert [run.request for run in uow.runs.of(source)] == [{"book": source}]
        assert uow.editions.latest(source).files[0].path == f"{source}.m4b"
        assert uow.editions.find(f"edition of {source}") == uow.editions.latest(source)


def test_saving_one_anew_leaves_the_other(uow, neighbours):
    uow.books.save(make_book(blocks=1), make_script(make_book(blocks=1)))
    assert uow.books.get(OTHER) == other_book()
    assert uow.books.script(OTHER) == make_script(other_book())
    assert uow.books.keyed(OTHER) == tuple(neighbours[1])
