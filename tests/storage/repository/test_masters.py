"""Masters are found by key, each as it was saved."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import NotFoundError, StorageError
from storage.records import Master, PlacedUtterance
from tests.storage.builders import SOURCE, make_book, make_script

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


def make_master(utterances, title="Chapter 1") -> Master:
    placed = tuple(PlacedUtterance(u, f"take {n}", n * 100, n * 100 + 90) for n, u in enumerate(utterances))
    return Master(utterances[0].chapter_index, title, "a" * 64, 24000, 5_000_000_000, -19.0, -3.5, placed)


@pytest.fixture(autouse=True)
def script(uow):
    script = make_script(make_book())
    uow.books.save(make_book(), script)
    return script


def test_a_master_is_found_by_its_key_with_its_timeline(uow, script):
    master = make_master(script.utterances[:3])
    assert uow.masters.find("key", SOURCE, 0) is None
    uow.masters.save("key", master)
    uow.masters.save("key", master)
    assert uow.masters.find("key", SOURCE, 0) == master


def test_a_forgotten_master_is_made_again_and_may_have_other_bytes(uow, script):
    master = make_master(script.utterances[:3])
    uow.masters.save("key", master)
    assert uow.masters.audio() == {"key": master.audio_sha256}
    uow.masters.forget(["key"])
    assert uow.masters.find("key", SOURCE, 0) is None
    again = replace(master, audio_sha256="e" * 64)
    uow.masters.save("key", again)
    assert uow.masters.find("key", SOURCE, 0) == again


def test_a_master_takes_title_and_utterances_from_the_book_as_it_is_now(uow, script):
    uow.masters.save("key", make_master(script.utterances[:3], title="Old title"))
    assert uow.masters.find("key", SOURCE, 0).title == "Chapter 1"


def test_a_master_of_another_chapter_is_refused(uow, script):
    uow.masters.save("key", make_master(script.utterances[:3]))
    shorter = make_book(blocks=2)
    uow.books.save(shorter, make_script(shorter))
    with pytest.raises(StorageError, match="chapter 1"):
        uow.masters.find("key", SOURCE, 0)
    with pytest.raises(NotFoundError, match="chapter 9"):
        uow.masters.find("key", SOURCE, 8)


def test_of_several_masters_each_has_its_own_timeline_address_and_place(uow, script):
    first = make_master(script.utterances[:3])
    second = replace(make_master(script.utterances[3:][::-1]), audio_sha256="b" * 64, title="Chapter 2")
    uow.masters.save("one", first)
    uow.masters.save("two", second)
    assert uow.masters.find("one", SOURCE, 0) == first
    assert uow.masters.find("two", SOURCE, 1) == second  # in the order of the timeline, whatever the text's is
    assert (uow.masters.address("one"), uow.masters.address("two")) == ("a" * 64, "b" * 64)
    assert uow.masters.audio() == {"one": "a" * 64, "two": "b" * 64}
    uow.masters.forget(["one"])
    assert uow.masters.audio() == {"two": "b" * 64}
    assert uow.masters.find("two", SOURCE, 1) == second
    with pytest.raises(NotFoundError, match="no such chapter"):
        uow.masters.address("one")


def test_a_master_whose_key_is_present_stays_as_it_was(uow, script):
    first = make_master(script.utterances[:3])
    uow.masters.save("key", first)
    uow.masters.save("key", replace(make_master(script.utterances[:2]), audio_sha256="b" * 64))
    assert uow.masters.find("key", SOURCE, 0) == first


def test_a_master_that_two_books_share_is_read_as_each_ones_chapter(uow, script):
    other = make_book("c" * 64)
    other = replace(
        other, chapters=tuple(replace(chapter, title=f"Other {chapter.index}") for chapter in other.chapters)
    )
    written = make_script(other)
    loud = tuple(replace(utterance, text=utterance.text.upper()) for utterance in written.utterances)  # said alike
    uow.books.save(other, replace(written, utterances=loud))
    uow.masters.save("key", make_master(script.utterances[:3]))
    for source, title, utterances in ((other.source_sha256, "Other 0", loud), (SOURCE, "Chapter 1", script.utterances)):
        found = uow.masters.find("key", source, 0)
        assert (found.title, tuple(placed.utterance for placed in found.placed)) == (title, utterances[:3])


def test_all_masters_that_are_named_are_forgotten(uow, script):
    for key in ("one", "two", "three"):
        uow.masters.save(key, make_master(script.utterances[:3]))
    uow.masters.forget(["one", "two"])
    assert list(uow.masters.audio()) == ["three"]
