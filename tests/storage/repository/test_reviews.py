"""What a page of sentences holds, and how many there are of each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from storage.errors import NotFoundError
from storage.records import Decision, DecisionKind, Show
from tests.storage.builders import SOURCE, keyed_by_text, make_book, make_script, save_keyed

NOW = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)

OTHER = "c" * 64

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


def decide(uow, kind, take_key, source=SOURCE):
    return uow.decisions.add(source, Decision(kind, "Ann", NOW, take_key=take_key))


def places(page):
    return [(item.utterance.chapter_index, item.utterance.index) for item in page]


def test_pages_show_what_is_doubtful_rejected_or_has_the_words(uow, takes):
    def shown(show, **options):
        page = uow.reviews.page(SOURCE, show, **options)
        assert uow.reviews.count(SOURCE, show, **options) == len(page)
        return [(item.utterance.chapter_index, item.utterance.index) for item in page]

    everything = [(c, u) for c in range(2) for u in range(3)]
    assert shown(Show.ALL) == everything
    assert shown(Show.DOUBTFUL) == everything[1:]
    assert shown(Show.DOUBTFUL, chapters=[1]) == everything[3:]
    assert shown(Show.REJECTED) == []
    assert shown(Show.REJECTED, waiting=[(1, 1)]) == [(1, 1)]
    assert shown(Show.ALL, words="TEXT 1.") == everything[3:]
    assert shown(Show.ALL, words="%") == shown(Show.ALL, words="_") == []

    decide(uow, DecisionKind.REJECT, takes[1])
    assert shown(Show.REJECTED) == [(0, 0)]
    decide(uow, DecisionKind.CHOOSE, takes[2])
    uow.takes.choose_decided(SOURCE)
    assert shown(Show.REJECTED) == []
    (item,) = uow.reviews.page(SOURCE, Show.ALL, limit=1)
    assert (item.take.key, item.settled, item.rejected) == (takes[2], True, True)
    counts = uow.reviews.counts(SOURCE)
    assert [(c.utterances, c.doubtful, c.rejected, c.settled, c.unspoken) for c in counts] == [
        (3, 2, 0, 1, 0),
        (3, 3, 0, 0, 0),
    ]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "'", '"'])
def test_signs_that_mean_something_to_a_database_are_looked_for_as_they_stand(uow, sign):
    book = make_book()
    script = make_script(book)
    texts = {(0, 1): f"It cost 5{sign}, he said.", (1, 2): "Nothing."}
    said = tuple(replace(u, text=texts.get((u.chapter_index, u.index), "Yes.")) for u in script.utterances)
    uow.books.save(book, replace(script, utterances=said))
    for words in (sign, f"5{sign}", f"{sign}, he"):
        assert places(uow.reviews.page(SOURCE, Show.ALL, words=words)) == [(0, 1)]


def test_equal_texts_are_told_apart_by_their_order(uow):
    book = make_book()
    script = make_script(book)
    same = tuple(replace(u, text="Yes.") if u.index != 1 else u for u in script.utterances)
    uow.books.save(book, replace(script, utterances=same))
    assert uow.reviews.occurrences(SOURCE, ["Yes.", "No."]) == {
        "Yes.": [(0, 0), (0, 2), (1, 0), (1, 2)],
        "No.": [],
    }
    assert uow.reviews.find(SOURCE, [(0, 2), (9, 9)]).keys() == {(0, 2)}


def test_a_page_begins_and_ends_where_it_is_asked_to(uow, takes):
    assert places(uow.reviews.page(SOURCE, Show.ALL, offset=2, limit=3)) == [(0, 2), (1, 0), (1, 1)]
    assert uow.reviews.count(SOURCE, Show.ALL) == 6
    assert uow.reviews.count(SOURCE, Show.DOUBTFUL, chapters=[0], words="0.2") == 1


def test_one_sentence_is_read_by_its_place(uow, takes):
    item = uow.reviews.at(SOURCE, (1, 2))
    assert (item.chapter_title, item.utterance.text, item.key) == ("Chapter 2", "Text 1.2.", "key of text 1.2.")
    assert (item.take.key, item.settled, item.rejected) == ("key of text 1.2.-0", False, False)
    assert uow.reviews.at(SOURCE, (2, 1)) is None


def test_what_has_no_take_in_use_is_to_be_spoken_and_what_has_no_key_is_not(uow, takes):
    uow.takes.mark_lost([takes[1]])
    assert places(uow.reviews.page(SOURCE, Show.REJECTED)) == [(0, 0)]
    assert [chapter.unspoken for chapter in uow.reviews.counts(SOURCE)] == [1, 0]
    assert uow.reviews.at(SOURCE, (0, 0)).take is None
    book = make_book(OTHER)
    uow.books.save(book, make_script(book))
    assert uow.reviews.page(OTHER, Show.REJECTED) == ()
    assert [(chapter.unspoken, chapter.utterances) for chapter in uow.reviews.counts(OTHER)] == [(0, 3), (0, 3)]


def test_what_people_say_of_a_take_counts_in_their_book_alone(uow, takes):
    book = make_book(OTHER)
    save_keyed(uow, book)
    uow.takes.choose_acceptable(OTHER)
    decide(uow, DecisionKind.REJECT, takes[1], OTHER)
    decide(uow, DecisionKind.APPROVE, "key of text 0.1.-0", OTHER)
    assert uow.reviews.page(SOURCE, Show.REJECTED) == ()
    assert [(c.doubtful, c.rejected, c.settled) for c in uow.reviews.counts(SOURCE)] == [(2, 0, 0), (3, 0, 0)]
    assert uow.reviews.at(SOURCE, (0, 0)).rejected is False
    assert uow.reviews.at(OTHER, (0, 0)).rejected is True


def test_counts_are_of_each_chapter_and_of_those_that_are_asked_for(uow, takes):
    decide(uow, DecisionKind.REJECT, takes[1])
    decide(uow, DecisionKind.APPROVE, "key of text 1.1.-0")
    counts = uow.reviews.counts(SOURCE)
    assert [(c.index, c.title, c.doubtful, c.rejected, c.settled) for c in counts] == [
        (0, "Chapter 1", 2, 1, 0),
        (1, "Chapter 2", 2, 0, 1),
    ]
    assert uow.reviews.counts(SOURCE, chapters=[1]) == counts[1:]
    with pytest.raises(NotFoundError, match=OTHER):
        uow.reviews.counts(OTHER)


def test_takes_in_use_are_listed_in_reading_order_with_nothing_where_there_is_none(uow, takes):
    script = make_script(make_book())
    uow.books.assign_keys(SOURCE, [replace(item, key=f"{item.key}!") for item in keyed_by_text(script)[:1]])
    listed = uow.reviews.takes_in_use(SOURCE)
    assert listed[:2] == ((0, "Text 0.0.", ""), (0, "Text 0.1.", "key of text 0.1.-0"))
    assert [(chapter, text) for chapter, text, _ in listed] == [(u.chapter_index, u.text) for u in script.utterances]


def test_a_take_was_spoken_since_the_newest_rejection_of_its_text_in_its_book(uow, takes):
    def spoken_since():
        item = uow.reviews.at(SOURCE, (0, 0))
        return item.rejected, item.spoken_since

    def reject(take, minutes, source=SOURCE):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        return uow.decisions.add(source, Decision(DecisionKind.REJECT, "Ann", at, take_key=take))

    save_keyed(uow, make_book(OTHER))
    assert spoken_since() == (False, False)
    reject(takes[1], 5, OTHER)
    reject("key of text 0.1.-0", 5)
    assert spoken_since() == (False, False)
    reject(takes[0], -5)
    assert spoken_since() == (True, True)
    late = reject(takes[2], 5)
    assert spoken_since() == (True, False)
    uow.decisions.withdraw(SOURCE, [late], "Ann")
    assert spoken_since() == (True, True)


def test_what_people_have_settled_is_doubted_no_more_and_every_sign_stands_for_itself(uow, takes):
    decide(uow, DecisionKind.APPROVE, "key of text 1.1.-0")
    assert places(uow.reviews.page(SOURCE, Show.DOUBTFUL)) == [(0, 1), (0, 2), (1, 0), (1, 2)]
    assert uow.reviews.at(SOURCE, (1, 1)).settled is True
    assert [uow.reviews.count(SOURCE, Show.ALL, words=words) for words in ("\\", "t_0", "t 0")] == [0, 0, 3]
    save_keyed(uow, make_book(OTHER))
    assert len(uow.reviews.takes_in_use(SOURCE)) == uow.reviews.count(SOURCE, Show.ALL) == 6
    assert uow.reviews.occurrences(SOURCE, ["Text 0.0."]) == {"Text 0.0.": [(0, 0)]}
    assert uow.reviews.find(OTHER, [(0, 1)])[0, 1].text == "Text 0.1."


def test_only_a_rejection_asks_whether_a_take_was_spoken_since(uow, takes):
    decide(uow, DecisionKind.REJECT, takes[0])
    later = datetime.now(UTC) + timedelta(minutes=5)
    for kind in DecisionKind:
        if kind is not DecisionKind.REJECT:
            uow.decisions.add(SOURCE, Decision(kind, "Ann", later, take_key=takes[2]))
    assert uow.reviews.at(SOURCE, (0, 0)).spoken_since is True


def test_sentences_are_found_in_their_own_book(uow, takes):
    other = make_book(OTHER)
    script = make_script(other)
    said = tuple(replace(utterance, text=f"Other {utterance.text}") for utterance in script.utterances)
    uow.books.save(other, replace(script, utterances=said))
    for source, text in ((SOURCE, "Text 0.1."), (OTHER, "Other Text 0.1.")):
        assert {place: found.text for place, found in uow.reviews.find(source, [(0, 1)]).items()} == {(0, 1): text}
