"""Takes, choices among them, and which utterances still lack one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.errors import DatabaseError, IncompleteError, NotFoundError
from storage.records import Decision, DecisionKind, KeyedUtterance, Verdict
from tests.storage.builders import SOURCE, make_book, make_script, make_take, save_keyed

OTHER = "c" * 64

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


@pytest.fixture
def keyed(uow):
    return save_keyed(uow, make_book())


def test_takes_come_back_as_added_ordered_by_attempt(uow):
    takes = [make_take("k", 1, Verdict.DOUBTFUL), make_take("k", 0), make_take("l", 0)]
    uow.takes.add(takes)
    assert uow.takes.of(["k", "l", "m"]) == {"k": (takes[1], takes[0]), "l": (takes[2],)}


def test_adding_a_key_again_leaves_the_first(uow):
    uow.takes.add([make_take("k")])
    uow.takes.add([make_take("k", audio_sha256="0" * 64), make_take("l"), make_take("l")])
    assert uow.takes.of(["k", "l"]) == {"k": (make_take("k"),), "l": (make_take("l"),)}


def test_audio_is_listed_from_the_newest(uow):
    for name in "klm":
        uow.takes.add([make_take(name)])
    assert list(uow.takes.audio()) == ["m-0", "l-0", "k-0"]
    assert list(uow.takes.audio(limit=1)) == ["m-0"]


def test_one_attempt_cannot_have_two_keys(database):
    with pytest.raises(DatabaseError, match=r"(?i)unique"), database.unit_of_work() as uow:
        uow.takes.add([make_take("k", key="one")])
        uow.takes.add([make_take("k", key="two")])


@pytest.mark.parametrize("fields", [{"samples": 0}, {"sample_rate": 0}, {"attempt": -1}])
def test_impossible_takes_are_refused(database, fields):
    with pytest.raises(DatabaseError, match=r"(?i)check"), database.unit_of_work() as uow:
        uow.takes.add([make_take("k", **fields)])


def test_missing_is_what_has_neither_choice_nor_acceptable_take(uow, keyed):
    assert uow.takes.missing(SOURCE) == tuple(keyed)
    uow.takes.add([make_take(keyed[0].key), make_take(keyed[1].key, verdict=Verdict.DOUBTFUL)])
    assert uow.takes.missing(SOURCE) == tuple(keyed[1:])
    uow.takes.choose(SOURCE, {keyed[1].key: f"{keyed[1].key}-0"})  # nothing better came: the doubtful one is used
    assert uow.takes.missing(SOURCE) == tuple(keyed[2:])


def test_what_passed_the_checks_and_a_person_rejected_is_neither_acceptable_nor_chosen(uow, keyed):
    take = make_take(keyed[0].key)
    uow.takes.add([take, *(make_take(item.key) for item in keyed[1:])])
    uow.decisions.add(SOURCE, Decision(DecisionKind.REJECT, "Ann", datetime.now(UTC), take_key=take.key))
    assert uow.takes.missing(SOURCE) == (keyed[0],)
    assert uow.takes.choose_acceptable(SOURCE) == len(keyed) - 1
    assert take.key not in uow.takes.choices(SOURCE).values()


def test_missing_is_limited_to_chapters_and_to_keyed_utterances(uow):
    book = make_book()
    script = make_script(book)
    uow.books.save(book, script)
    assert uow.takes.missing(SOURCE) == ()
    items = [KeyedUtterance(script.utterances[n], f"k{n}") for n in (0, 1, 4)]
    uow.books.assign_keys(SOURCE, items)
    assert uow.takes.missing(SOURCE) == tuple(items)
    assert uow.takes.missing(SOURCE, chapters=[1]) == (items[2],)


def test_a_text_that_occurs_twice_is_asked_for_once_and_chosen_twice(uow):
    book = make_book()
    script = make_script(book)
    uow.books.save(book, script)
    uow.books.assign_keys(SOURCE, [KeyedUtterance(utterance, "yes") for utterance in script.utterances])
    assert uow.takes.missing(SOURCE) == (KeyedUtterance(script.utterances[0], "yes"),)
    uow.takes.add([make_take("yes")])
    uow.takes.choose(SOURCE, {"yes": "yes-0"})
    assert uow.books.summary(SOURCE).chosen == 6


def test_books_share_takes_but_choose_for_themselves(uow, keyed):
    save_keyed(uow, make_book(source_sha256=OTHER))
    uow.takes.add([make_take(item.key) for item in keyed])
    uow.takes.choose_acceptable(SOURCE)
    assert uow.takes.missing(OTHER) == ()
    assert uow.books.summary(OTHER).chosen == 0
    assert uow.takes.choose_acceptable(OTHER) == 6
    assert uow.takes.choose_acceptable(OTHER) == 0


def test_a_choice_is_made_for_one_book(uow, keyed):
    save_keyed(uow, make_book(source_sha256=OTHER))
    uow.takes.add([make_take(keyed[0].key)])
    uow.takes.choose(SOURCE, {keyed[0].key: f"{keyed[0].key}-0"})
    assert (uow.books.summary(SOURCE).chosen, uow.books.summary(OTHER).chosen) == (1, 0)


def test_choose_acceptable_takes_the_earliest_good_one_and_keeps_choices(uow, keyed):
    key = keyed[0].key
    uow.takes.add([make_take(key, 0, Verdict.DOUBTFUL), make_take(key, 2), make_take(key, 1)])
    uow.takes.add([make_take(keyed[1].key, 0, Verdict.DOUBTFUL), make_take(keyed[1].key, 1)])
    uow.takes.choose(SOURCE, {keyed[1].key: f"{keyed[1].key}-0"})
    uow.takes.add([make_take(item.key) for item in keyed[2:]])
    assert uow.takes.choose_acceptable(SOURCE, chapters=[0]) == 2
    assert [chosen.take.attempt for chosen in uow.takes.chosen(SOURCE, 0)] == [1, 0, 0]
    assert uow.books.chapter_summaries(SOURCE)[1].chosen == 0


def test_a_choice_is_replaced_never_doubled(uow, keyed):
    key = keyed[0].key
    uow.takes.add([make_take(key, 0), make_take(key, 1)] + [make_take(item.key) for item in keyed[1:]])
    uow.takes.choose_acceptable(SOURCE)
    uow.takes.choose(SOURCE, {key: f"{key}-1"})
    chosen = uow.takes.chosen(SOURCE, 0)
    assert [item.utterance for item in chosen] == [item.utterance for item in keyed[:3]]
    assert [item.take.attempt for item in chosen] == [1, 0, 0]


def test_a_take_of_another_text_cannot_be_chosen(database):
    with database.unit_of_work() as uow:
        keyed = save_keyed(uow, make_book())
        uow.takes.add([make_take(keyed[0].key), make_take(keyed[1].key)])
        uow.commit()
    with pytest.raises(DatabaseError, match=r"(?i)foreign key"), database.unit_of_work() as uow:
        uow.takes.choose(SOURCE, {keyed[0].key: f"{keyed[1].key}-0"})
    with pytest.raises(DatabaseError, match=r"(?i)foreign key"), database.unit_of_work() as uow:
        uow.takes.choose(SOURCE, {keyed[0].key: "no such take"})


def test_chosen_refuses_a_chapter_with_a_gap(uow, keyed):
    uow.takes.add([make_take(item.key) for item in keyed[:2]])
    uow.takes.choose_acceptable(SOURCE)
    with pytest.raises(IncompleteError, match=r"chapter 1: 1 of 3 utterances .* 'text 0.2.'"):
        uow.takes.chosen(SOURCE, 0)


def test_flagged_are_the_doubtful_choices_with_their_chapter(uow, keyed):
    doubtful = [make_take(keyed[n].key, verdict=Verdict.DOUBTFUL) for n in (1, 4, 5)]
    uow.takes.add(doubtful)
    uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in doubtful[:2]})
    flagged = uow.takes.flagged(SOURCE)
    assert [(item.chapter_title, item.utterance, item.take) for item in flagged] == [
        ("Chapter 1", keyed[1].utterance, doubtful[0]),
        ("Chapter 2", keyed[4].utterance, doubtful[1]),
    ]
    assert uow.takes.flagged(SOURCE, chapters=[0]) == flagged[:1]


def test_a_lost_take_is_missing_until_it_is_found(uow, keyed):
    uow.takes.add([make_take(item.key) for item in keyed])
    uow.takes.choose_acceptable(SOURCE)
    key = f"{keyed[3].key}-0"
    uow.takes.mark_lost([key])
    assert uow.takes.missing(SOURCE) == (keyed[3],)
    assert uow.takes.of([keyed[3].key]) == {}
    assert [take.key for take in uow.takes.lost(item.key for item in keyed)] == [key]
    assert (uow.books.summary(SOURCE).chosen, key in uow.takes.audio(), key in uow.takes.audio(lost=True)) == (5, 0, 1)
    with pytest.raises(IncompleteError):
        uow.takes.chosen(SOURCE, keyed[3].utterance.chapter_index)
    uow.takes.mark_found([key])
    assert uow.takes.missing(SOURCE) == ()
    assert uow.books.summary(SOURCE).chosen == 6


def test_a_lost_choice_gives_way_to_another_acceptable_take(uow, keyed):
    uow.takes.add([make_take(item.key) for item in keyed])
    uow.takes.choose_acceptable(SOURCE)
    uow.takes.add([make_take(keyed[3].key, attempt=1)])
    uow.takes.mark_lost([f"{keyed[3].key}-0"])
    assert uow.takes.missing(SOURCE) == ()
    assert uow.takes.choose_acceptable(SOURCE) == 1
    chosen = uow.takes.chosen(SOURCE, keyed[3].utterance.chapter_index)
    assert [cue.take.key for cue in chosen if cue.utterance == keyed[3].utterance] == [f"{keyed[3].key}-1"]


def test_a_lost_take_that_is_spoken_again_is_replaced_and_no_other(uow, keyed):
    first = make_take(keyed[0].key)
    uow.takes.add([first])
    uow.takes.choose(SOURCE, {keyed[0].key: first.key})
    uow.takes.mark_lost([first.key])
    again = replace(first, audio_sha256="b" * 64)
    uow.takes.add([again])
    assert uow.takes.of([keyed[0].key]) == {keyed[0].key: (again,)}
    uow.takes.add([first])
    assert uow.takes.of([keyed[0].key]) == {keyed[0].key: (again,)}


@pytest.mark.parametrize(
    "call",
    [
        lambda takes: takes.missing(OTHER),
        lambda takes: takes.choose(OTHER, {"a": "b"}),
        lambda takes: takes.choose_acceptable(OTHER),
        lambda takes: takes.chosen(OTHER, 0),
        lambda takes: takes.flagged(OTHER),
    ],
)
def test_an_unknown_book_is_named(uow, keyed, call):
    with pytest.raises(NotFoundError, match=OTHER):
        call(uow.takes)


def reject(uow, take, source=SOURCE):
    return uow.decisions.add(source, Decision(DecisionKind.REJECT, "Ann", datetime.now(UTC), take_key=take.key))


def test_a_take_is_read_by_its_key_unless_it_is_lost(uow, keyed):
    take = make_take(keyed[0].key)
    uow.takes.add([take, make_take(keyed[1].key)])
    assert uow.takes.get(take.key) == take
    uow.takes.mark_lost([take.key])
    for key in (take.key, "no such take"):
        with pytest.raises(NotFoundError, match="no such take any more"):
            uow.takes.get(key)


def test_what_one_book_uses_doubts_and_rejects_says_nothing_of_another(uow, keyed):
    other = make_book(source_sha256=OTHER, title="Other")
    save_keyed(uow, replace(other, chapters=tuple(replace(c, title=f"Other {c.index}") for c in other.chapters)))
    takes = [make_take(keyed[0].key, n, Verdict.DOUBTFUL) for n in range(2)]
    uow.takes.add([*takes, *(make_take(item.key) for item in keyed[1:])])
    for source, take in ((SOURCE, takes[0]), (OTHER, takes[1])):
        uow.takes.choose_acceptable(source)
        uow.takes.choose(source, {take.utterance_key: take.key})
    assert uow.takes.choices(SOURCE)[keyed[0].key] == takes[0].key
    assert uow.takes.choices(OTHER)[keyed[0].key] == takes[1].key
    assert uow.takes.choices("d" * 64) == {}
    assert [item.take for item in uow.takes.flagged(SOURCE)] == [takes[0]]
    assert [(item.chapter_title, item.take) for item in uow.takes.flagged(OTHER)] == [("Other 0", takes[1])]
    assert uow.takes.chosen(OTHER, 0)[0].take == takes[1]
    reject(uow, takes[1], OTHER)
    assert (uow.takes.rejected(SOURCE), uow.takes.rejected(OTHER)) == (frozenset(), {takes[1].key})
    uow.takes.choose_decided(OTHER)
    uow.takes.choose_decided(SOURCE)
    assert keyed[0].key not in uow.takes.choices(OTHER)
    assert uow.takes.choices(SOURCE)[keyed[0].key] == takes[0].key
    assert uow.takes.missing(SOURCE) == ()
    assert [item.key for item in uow.takes.missing(OTHER)] == [keyed[0].key]


def test_what_people_want_is_chosen_for_the_keys_that_are_asked_for_alone(uow, keyed):
    wanted = [make_take(item.key, 1, Verdict.DOUBTFUL) for item in keyed[:2]]
    uow.takes.add([make_take(item.key) for item in keyed] + wanted)
    uow.takes.choose_acceptable(SOURCE)
    before = uow.takes.choices(SOURCE)
    for take in wanted:
        word = Decision(DecisionKind.CHOOSE, "Ann", datetime.now(UTC), take_key=take.key)
        uow.decisions.add(SOURCE, word)
    uow.takes.choose_decided(SOURCE, [])
    assert uow.takes.choices(SOURCE) == before
    uow.takes.choose_decided(SOURCE, [keyed[0].key])
    assert uow.takes.choices(SOURCE) == {**before, keyed[0].key: wanted[0].key}
    uow.takes.mark_lost([wanted[1].key])  # it cannot be used while it is lost
    uow.takes.choose_decided(SOURCE)
    assert uow.takes.choices(SOURCE) == {**before, keyed[0].key: wanted[0].key}


def test_a_choice_that_people_approve_is_doubted_no_more(uow, keyed):
    take = make_take(keyed[0].key, 0, Verdict.DOUBTFUL)
    uow.takes.add([take])
    uow.takes.choose(SOURCE, {take.utterance_key: take.key})
    word = uow.decisions.add(SOURCE, Decision(DecisionKind.APPROVE, "Ann", datetime.now(UTC), take_key=take.key))
    assert uow.takes.flagged(SOURCE) == ()
    uow.decisions.withdraw(SOURCE, [word], "Ann")
    assert [item.take for item in uow.takes.flagged(SOURCE)] == [take]
    uow.takes.mark_lost([take.key])
    assert uow.takes.flagged(SOURCE) == ()


def test_texts_of_takes_are_found_by_the_takes_keys(uow):
    uow.takes.add([make_take("k", 0), make_take("k", 1), make_take("l", 0)])
    assert uow.takes.utterance_keys(["k-0", "k-1", "nothing"]) == {"k"}
    assert uow.takes.utterance_keys([]) == frozenset()


def test_lost_takes_are_those_of_the_texts_that_are_asked_for(uow):
    uow.takes.add([make_take("k", 1), make_take("k", 0), make_take("l", 0), make_take("m", 0)])
    uow.takes.mark_lost(["k-0", "k-1", "l-0"])
    assert [take.key for take in uow.takes.lost(["k", "m"])] == ["k-0", "k-1"]
    assert uow.takes.of(["k", "l", "m"]) == {"m": (make_take("m", 0),)}
    uow.takes.mark_found(["k-1"])
    assert [take.key for take in uow.takes.lost(["k", "m"])] == ["k-0"]


def test_what_choosing_has_nothing_to_choose_changes_nothing(uow, keyed):
    uow.takes.choose("no book at all", {})
    uow.takes.choose(SOURCE, {"a text of another book": "a take"})
    assert uow.takes.choices(SOURCE) == {}


def test_audio_of_takes_that_came_at_once_is_listed_by_their_keys(uow):
    uow.takes.add([make_take(name) for name in "lmk"])
    assert list(uow.takes.audio()) == ["k-0", "l-0", "m-0"]
    assert list(uow.takes.audio(limit=2)) == ["k-0", "l-0"]


def test_rejected_are_the_takes_whose_rejection_holds(uow, keyed):
    takes = [make_take(keyed[0].key, n, Verdict.DOUBTFUL) for n in range(4)]
    uow.takes.add(takes)
    for kind, take in ((DecisionKind.APPROVE, takes[0]), (DecisionKind.NOTE, takes[1])):
        uow.decisions.add(SOURCE, Decision(kind, "Ann", datetime.now(UTC), take_key=take.key))
    reject(uow, takes[2])
    uow.decisions.withdraw(SOURCE, [reject(uow, takes[3])], "Ann")
    assert uow.takes.rejected(SOURCE) == {takes[2].key}


def test_of_a_long_sentence_without_a_take_the_beginning_is_told(uow):
    book = make_book()
    script = make_script(book)
    uow.books.save(book, replace(script, utterances=tuple(replace(u, spoken="x" * 5000) for u in script.utterances)))
    with pytest.raises(IncompleteError, match=r"the first is 'x{60}': run") as raised:
        uow.takes.chosen(SOURCE, 0)
    assert len(str(raised.value)) < 200


def test_what_people_want_of_some_texts_is_chosen_in_their_book_alone(uow, keyed):
    save_keyed(uow, make_book(source_sha256=OTHER))
    takes = [make_take(keyed[0].key, n) for n in range(2)]
    uow.takes.add(takes)
    for source in (SOURCE, OTHER):
        uow.takes.choose_acceptable(source)
        uow.decisions.add(source, Decision(DecisionKind.CHOOSE, "Ann", datetime.now(UTC), take_key=takes[1].key))
    uow.takes.choose_decided(SOURCE, [keyed[0].key])
    assert (uow.takes.choices(SOURCE), uow.takes.choices(OTHER)) == (
        {keyed[0].key: takes[1].key},
        {keyed[0].key: takes[0].key},
    )
