"""What was heard of takes comes back by book; the worst first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.errors import NotFoundError
from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import KeyedUtterance
from tests.storage.builders import SOURCE, make_book, make_script, make_take, save_keyed

SAID = HeardWord(0, 4, HowHeard.SAID, 0.0, 0.2, 0.01)
DOUBTFUL = HeardWord(5, 8, HowHeard.DOUBTFUL, 0.2, 0.4, 0.9, "zero")

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


@pytest.fixture
def takes(uow):
    """A take of each utterance of a book, chosen."""
    keyed = save_keyed(uow, make_book())
    made = [make_take(item.key) for item in keyed]
    uow.takes.add(made)
    uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in made})
    return made


def test_words_that_were_simply_said_are_not_kept(uow, takes):
    uow.hearings.save({takes[0].key: Hearing("ears 1", (SAID, DOUBTFUL), 0.5)})
    ((spoken, hearing),) = uow.hearings.of_book(SOURCE)
    assert hearing == Hearing("ears 1", (DOUBTFUL,), 0.5)
    assert spoken == "text 0.0."


def test_a_later_hearing_replaces_an_earlier_one(uow, takes):
    uow.hearings.save({takes[0].key: Hearing("ears 1", (DOUBTFUL,), 0.5)})
    uow.hearings.save({takes[0].key: Hearing("ears 2", (), 1.0)})
    assert [hearing for _, hearing in uow.hearings.of_book(SOURCE)] == [Hearing("ears 2", (), 1.0)]


def test_the_worst_heard_come_first_and_no_more_than_asked_for(uow, takes):
    scores = [0.9, 0.2, 1.0, 0.2]
    uow.hearings.save({take.key: Hearing("ears 1", (), score) for take, score in zip(takes, scores, strict=False)})
    worst = uow.hearings.worst(SOURCE, 3)
    assert [(item.take.key, item.hearing.score) for item in worst] == [
        (takes[1].key, 0.2),
        (takes[3].key, 0.2),
        (takes[0].key, 0.9),
    ]
    assert worst[0].chapter_title == "Chapter 1" and worst[0].utterance.spoken == "text 0.1."


def test_a_take_that_is_not_chosen_is_not_among_the_worst(uow, takes):
    other = make_take(takes[0].utterance_key, attempt=1)
    uow.takes.add([other])
    uow.hearings.save({other.key: Hearing("ears 1", (), 0.1)})
    assert uow.hearings.worst(SOURCE, 5) == ()


def test_a_book_that_is_not_stored_is_named(uow):
    with pytest.raises(NotFoundError):
        uow.hearings.worst("f" * 64, 5)


def test_each_book_has_the_hearings_of_its_own_texts_in_order_of_takes(uow, takes):
    other = make_book("c" * 64, blocks=1)
    save_keyed(uow, other)
    uow.hearings.save({take.key: Hearing("ears 1", (), 0.5) for take in reversed(takes)})
    assert [spoken for spoken, _ in uow.hearings.of_book(other.source_sha256)] == ["text 0.0.", "text 1.0."]
    keys = sorted(take.key for take in takes)
    assert [spoken for spoken, _ in uow.hearings.of_book(SOURCE)] == [key[len("key of ") : -2] for key in keys]
    assert uow.hearings.worst(other.source_sha256, 5) == (), "it uses none of them"


def test_a_text_that_occurs_twice_is_heard_once(uow, takes):
    book = make_book("c" * 64)
    script = make_script(book)
    uow.books.save(book, script)
    uow.books.assign_keys(book.source_sha256, [KeyedUtterance(u, takes[0].utterance_key) for u in script.utterances])
    uow.hearings.save({takes[0].key: Hearing("ears 1", (), 0.5)})
    assert len(list(uow.hearings.of_book(book.source_sha256))) == 1
    with pytest.raises(NotFoundError):
        list(uow.hearings.of_book("f" * 64))


def test_every_word_that_was_not_simply_said_is_kept(uow, takes):
    words = tuple(HeardWord(n, n + 1, how, 0.0, 0.2, 0.9) for n, how in enumerate(HowHeard))
    uow.hearings.save({takes[0].key: Hearing("ears 1", words, 0.5)})
    ((_, hearing),) = uow.hearings.of_book(SOURCE)
    assert [word.how for word in hearing.words] == [how for how in HowHeard if how is not HowHeard.SAID]


def test_a_hearing_of_one_take_replaces_none_of_another(uow, takes):
    for take in takes[:2]:
        uow.hearings.save({take.key: Hearing(f"ears of {take.key}", (), 0.5)})
    assert [h.listener for _, h in uow.hearings.of_book(SOURCE)] == [f"ears of {take.key}" for take in takes[:2]]


def test_the_worst_of_a_book_stand_in_its_own_chapters(uow, takes):
    other = make_book("c" * 64)
    save_keyed(uow, replace(other, chapters=tuple(replace(c, title=f"Other {c.index}") for c in other.chapters)))
    uow.takes.choose_acceptable(other.source_sha256)
    uow.hearings.save({take.key: Hearing("ears 1", (), 0.5) for take in takes})
    for source, titles in ((SOURCE, ("Chapter 1", "Chapter 2")), (other.source_sha256, ("Other 0", "Other 1"))):
        assert [item.chapter_title for item in uow.hearings.worst(source, 9)] == [
            title for title in titles for _ in "123"
        ]
