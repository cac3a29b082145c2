"""What people decide: which word holds, what it does to the choice of takes, and what of it survives a new script."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.errors import NotFoundError
from storage.records import Decision, DecisionKind, Reach
from tests.storage.builders import SOURCE, keyed_by_text, make_book, make_script, save_keyed
from tests.storage.repository.conftest import FIRST

NOW = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("one_key_a_statement")


def decide(uow, kind, take_key="", **fields):
    return uow.decisions.add(SOURCE, Decision(kind, "Ann", NOW, take_key=take_key, **fields))


def in_use(uow):
    return uow.takes.choices(SOURCE).get(FIRST)


def standing(uow):
    return [(d.kind, d.take_key[-1:] or d.value) for d in uow.decisions.holding(SOURCE)]


def test_a_persons_word_is_used_whatever_the_checks_say_and_the_last_word_holds(uow, takes):
    assert in_use(uow) == takes[1]
    decide(uow, DecisionKind.CHOOSE, takes[2])
    uow.takes.choose_decided(SOURCE)
    assert in_use(uow) == takes[2]
    assert [item.utterance.index for item in uow.takes.flagged(SOURCE, [0])] == [1, 2]  # approved: no longer flagged
    assert [chapter.flagged for chapter in uow.books.chapter_summaries(SOURCE)] == [2, 3]
    decide(uow, DecisionKind.APPROVE, takes[0])
    uow.takes.choose_decided(SOURCE)
    assert (in_use(uow), standing(uow)) == (takes[0], [("approve", "0")])
    decide(uow, DecisionKind.REJECT, takes[0])
    assert standing(uow) == [("reject", "0")]


def test_a_rejected_take_is_not_used_and_what_has_no_other_is_spoken_again(uow, takes):
    decide(uow, DecisionKind.REJECT, takes[1])
    uow.takes.choose_decided(SOURCE)
    uow.takes.choose_acceptable(SOURCE)
    assert in_use(uow) is None
    assert [item.key for item in uow.takes.missing(SOURCE)] == [FIRST]
    assert uow.takes.rejected(SOURCE) == {takes[1]}
    rejected = uow.decisions.holding(SOURCE)[0]
    uow.decisions.withdraw(SOURCE, [rejected.id], "Ben")
    assert uow.takes.rejected(SOURCE) == frozenset()
    assert uow.takes.missing(SOURCE) == ()
    assert uow.takes.choose_acceptable(SOURCE) == 1
    assert [(d.kind, d.who, d.ended_by is None) for d in uow.decisions.history(SOURCE)] == [
        ("reject", "Ann", False),
        ("withdraw", "Ben", True),
    ]


def test_what_a_withdrawn_word_replaced_holds_again(uow, takes):
    first = decide(uow, DecisionKind.CHOOSE, takes[2])
    second = decide(uow, DecisionKind.APPROVE, takes[0])
    third = decide(uow, DecisionKind.REJECT, takes[0])
    assert standing(uow) == [("reject", "0")]
    uow.decisions.withdraw(SOURCE, [third], "Ben")
    assert standing(uow) == [("approve", "0"), ("withdraw", str(third))]
    uow.decisions.withdraw(SOURCE, [second], "Ben")
    assert standing(uow)[0] == ("choose", "2")
    uow.takes.choose_decided(SOURCE)
    assert in_use(uow) == takes[2]
    assert next(d.id for d in uow.decisions.history(SOURCE) if d.ended_by is None) == first


def test_decisions_about_one_book_leave_others_alone(uow, takes):
    other = make_book("c" * 64)
    uow.books.save(other, make_script(other))
    uow.books.assign_keys(other.source_sha256, keyed_by_text(make_script(other)))
    decide(uow, DecisionKind.REJECT, takes[1])
    uow.takes.choose_acceptable(other.source_sha256)
    assert uow.takes.choices(other.source_sha256) == {FIRST: takes[1]}
    assert uow.decisions.holding(other.source_sha256) == ()


def test_a_correction_that_reaches_always_holds_for_every_book(uow, takes):
    other = make_book("c" * 64)
    uow.books.save(other, make_script(other))
    first = decide(uow, DecisionKind.CORRECT, reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    decide(uow, DecisionKind.CORRECT, reach=Reach.BOOK, written="Tik", value="tick")
    assert [d.written for d in uow.decisions.holding(other.source_sha256)] == ["Ozma"]
    word = Decision(DecisionKind.CORRECT, "Ben", NOW, reach=Reach.ALWAYS, written="Ozma", value="ohs ma")
    second = uow.decisions.add(other.source_sha256, word)
    assert [(d.id, d.value) for d in uow.decisions.always()] == [(second, "ohs ma")]
    assert [d.written for d in uow.decisions.holding(SOURCE)] == ["Tik", "Ozma"]
    assert uow.decisions.newest(SOURCE) == second > first


def other_book(uow):
    other = make_book("c" * 64)
    uow.books.save(other, make_script(other))
    return other.source_sha256


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": DecisionKind.CORRECT, "reach": Reach.BOOK, "written": "Ozma", "value": "OZ-mah"},
        {"kind": DecisionKind.CORRECT, "reach": Reach.PLACE, "text": "Text 0.0.", "value": "Text nought."},
        {"kind": DecisionKind.APPROVE_CHAPTER, "text": "d" * 64, "take_key": "e" * 64},
        {"kind": DecisionKind.APPROVE_BOOK, "text": "d" * 64, "take_key": "e" * 64},
    ],
    ids=lambda fields: f"{fields['kind']} {fields.get('reach', '')}",
)
def test_the_same_word_in_another_book_ends_nothing_in_this_one(uow, takes, fields):
    word = Decision(who="Ann", made_at=NOW, **fields)
    first = uow.decisions.add(SOURCE, word)
    uow.decisions.add(other_book(uow), replace(word, who="Ben"))
    assert [(d.id, d.who) for d in uow.decisions.holding(SOURCE)] == [(first, "Ann")]
    second = uow.decisions.add(SOURCE, replace(word, who="Cid"))
    assert [(d.id, d.who) for d in uow.decisions.holding(SOURCE)] == [(second, "Cid")]


def test_a_choice_in_another_book_ends_nothing_in_this_one(uow, takes):
    decide(uow, DecisionKind.CHOOSE, takes[2])
    other = other_book(uow)
    for kind in (DecisionKind.CHOOSE, DecisionKind.REJECT):
        uow.decisions.add(other, Decision(kind, "Ben", NOW, take_key=takes[2]))
        uow.decisions.add(other, Decision(kind, "Ben", NOW, take_key=takes[0]))
    assert standing(uow) == [("choose", "2")]


def test_a_removed_book_takes_its_decisions_along_but_for_those_that_reach_always(uow, takes):
    decide(uow, DecisionKind.REJECT, takes[0])
    decide(uow, DecisionKind.CORRECT, reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    uow.books.remove(SOURCE)
    assert [word.written for word in uow.decisions.always()] == ["Ozma"]
    save_keyed(uow, make_book())
    assert [word.kind for word in uow.decisions.holding(SOURCE)] == [DecisionKind.CORRECT]


def test_what_a_script_does_not_heed_yet_is_known_made_or_ended(uow, takes):
    early = decide(uow, DecisionKind.CORRECT, text="Text 0.0.", value="a")
    heeded = decide(uow, DecisionKind.CORRECT, text="Text 0.1.", value="b")
    assert uow.decisions.corrections_after(SOURCE, heeded) == ()
    late = decide(uow, DecisionKind.CORRECT, text="Text 0.0.", value="c")  # replaces the first
    uow.decisions.withdraw(SOURCE, [heeded], "Ann")
    assert [d.id for d in uow.decisions.corrections_after(SOURCE, heeded)] == [early, heeded, late]
    assert [d.value for d in uow.decisions.holding(SOURCE) if d.kind is DecisionKind.CORRECT] == ["c"]
    with pytest.raises(NotFoundError, match="no decision 999"):
        uow.decisions.withdraw(SOURCE, [999], "Ann")


def test_decisions_survive_a_new_script(uow, takes):
    decide(uow, DecisionKind.CHOOSE, takes[2])
    decide(uow, DecisionKind.REJECT, takes[1])
    uow.takes.choose_decided(SOURCE)
    book = make_book(title="The Lamp, revised")
    chapters = (book.chapters[1], book.chapters[0])  # the same texts in other chapters
    moved = replace(book, chapters=tuple(replace(c, index=i) for i, c in enumerate(chapters)))
    script = make_script(moved)
    before = uow.takes.choices(SOURCE)
    uow.books.save(moved, script)
    uow.books.assign_keys(SOURCE, keyed_by_text(script))
    uow.takes.choose_decided(SOURCE)
    assert in_use(uow) == takes[2]
    assert {item.key for item in uow.takes.missing(SOURCE)} == before.keys() - {FIRST}


def test_what_a_person_decided_last_is_what_was_decided_at_one_time(uow, takes):
    for minute, who, kind, take in (
        (1, "Ann", DecisionKind.CHOOSE, takes[2]),
        (2, "Ann", DecisionKind.REJECT, takes[0]),
        (2, "Ann", DecisionKind.REJECT, takes[1]),
        (3, "Ben", DecisionKind.NOTE, takes[1]),
    ):
        uow.decisions.add(SOURCE, Decision(kind, who, NOW.replace(minute=minute), take_key=take))
    assert [d.take_key for d in uow.decisions.last_of(SOURCE, "Ann")] == takes[:2]
    assert [d.kind for d in uow.decisions.last_of(SOURCE, "Ben")] == [DecisionKind.NOTE]
    assert uow.decisions.last_of(SOURCE, "Cid") == ()
    assert uow.decisions.last_of(other_book(uow), "Ann") == ()
    uow.decisions.withdraw(SOURCE, [d.id for d in uow.decisions.last_of(SOURCE, "Ann")], "Ann")
    assert [d.take_key for d in uow.decisions.last_of(SOURCE, "Ann")] == [takes[2]], "what was undone is not the last"


def test_what_is_said_about_takes_is_listed_in_the_order_in_which_it_was_said(uow, takes):
    other = other_book(uow)
    first = decide(uow, DecisionKind.REJECT, takes[1])
    decide(uow, DecisionKind.NOTE, takes[1])
    second = decide(uow, DecisionKind.REJECT, takes[0])
    uow.decisions.add(other, Decision(DecisionKind.REJECT, "Ben", NOW, take_key=takes[0]))
    assert [d.id for d in uow.decisions.about(SOURCE, [takes[0], takes[1], takes[2]])] == [first, second]
    assert [d.id for d in uow.decisions.about(SOURCE, takes[1:])] == [first]
    uow.decisions.withdraw(SOURCE, [first], "Ann")
    assert [d.id for d in uow.decisions.about(SOURCE, takes)] == [second]


def test_decisions_of_another_book_are_not_withdrawn(uow, takes):
    own = decide(uow, DecisionKind.REJECT, takes[0])
    with pytest.raises(NotFoundError, match=f"no decision {own}"):
        uow.decisions.withdraw(other_book(uow), [own], "Ben")
    assert standing(uow) == [("reject", "0")]
    uow.decisions.withdraw(SOURCE, [own], "Ben")
    before = len(uow.decisions.history(SOURCE))
    uow.decisions.withdraw(SOURCE, [own], "Ben")  # it holds no more: nothing is to be done
    assert len(uow.decisions.history(SOURCE)) == before


def test_what_holds_may_be_asked_for_by_kind(uow, takes):
    decide(uow, DecisionKind.REJECT, takes[0])
    decide(uow, DecisionKind.NOTE, takes[1])
    assert [d.kind for d in uow.decisions.holding(SOURCE, [DecisionKind.NOTE])] == [DecisionKind.NOTE]
    assert uow.decisions.holding(SOURCE, []) == ()


@pytest.mark.parametrize("kind", [DecisionKind.APPROVE, DecisionKind.CHOOSE])
def test_one_take_of_a_text_is_wanted_at_a_time_and_rejections_of_others_stay(uow, takes, kind):
    decide(uow, DecisionKind.REJECT, takes[1])
    decide(uow, DecisionKind.CHOOSE, takes[2])
    decide(uow, kind, takes[0])
    assert standing(uow) == [("reject", "1"), (str(kind), "0")]


@pytest.mark.parametrize(
    ("change", "ended"),
    [
        ({}, True),
        ({"text": "Text 0.1."}, False),
        ({"occurrence": 1}, False),
        ({"reach": Reach.BOOK, "written": "Text"}, False),
    ],
)
def test_a_correction_of_a_place_replaces_one_of_the_same_place_alone(uow, takes, change, ended):
    word = Decision(DecisionKind.CORRECT, "Ann", NOW, reach=Reach.PLACE, text="Text 0.0.", value="a")
    first = uow.decisions.add(SOURCE, word)
    uow.decisions.add(SOURCE, replace(word, value="b", **change))
    assert (first not in [d.id for d in uow.decisions.holding(SOURCE)]) is ended


def test_a_correction_for_every_book_holds_again_when_the_one_that_replaced_it_is_undone_in_another(uow, takes):
    other = other_book(uow)
    word = Decision(DecisionKind.CORRECT, "Ann", NOW, reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    first = uow.decisions.add(SOURCE, word)
    second = uow.decisions.add(other, replace(word, value="ohs ma"))
    assert [d.id for d in uow.decisions.always()] == [second]
    uow.decisions.withdraw(other, [second], "Ben")
    assert [(d.id, d.value) for d in uow.decisions.always()] == [(first, "OZ-mah")]
    third = uow.decisions.add(other, replace(word, value="ohs ma"))
    uow.books.remove(SOURCE)  # where the first one was made
    uow.decisions.withdraw(other, [third], "Ben")
    assert [d.id for d in uow.decisions.always()] == [first]


def test_a_correction_that_came_and_went_since_the_script_is_nothing_to_speak(uow, takes):
    heeded = decide(uow, DecisionKind.CORRECT, text="Text 0.0.", value="a")
    brief = decide(uow, DecisionKind.CORRECT, text="Text 0.1.", value="b")
    assert [d.id for d in uow.decisions.corrections_after(SOURCE, heeded)] == [brief]
    uow.decisions.withdraw(SOURCE, [brief], "Ann")
    assert uow.decisions.corrections_after(SOURCE, heeded) == ()


def test_a_removed_book_leaves_what_was_made_in_another_to_that_one(uow, takes):
    other = other_book(uow)
    word = Decision(DecisionKind.CORRECT, "Ben", NOW, reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    made = uow.decisions.add(other, word)
    uow.books.remove(SOURCE)
    assert [d.id for d in uow.decisions.history(other)] == [made]
    uow.decisions.withdraw(other, [made], "Ben")
    assert uow.decisions.always() == ()


def test_a_correction_for_every_book_may_be_undone_in_any_and_each_knows_it_until_it_has_spoken(uow, takes):
    other = other_book(uow)
    made = decide(uow, DecisionKind.CORRECT, reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    uow.decisions.withdraw(other, [made], "Ben")
    assert uow.decisions.always() == ()
    assert [(d.kind, d.who) for d in uow.decisions.history(other)] == [("withdraw", "Ben")]
    for source in (SOURCE, other):
        assert [d.id for d in uow.decisions.corrections_after(source, made)] == [made]
        heeded = uow.decisions.newest(source)
        assert uow.decisions.corrections_after(source, heeded) == (), "it would wait for ever"
    uow.books.remove(SOURCE)
    assert uow.decisions.newest(other) == heeded


def test_a_book_that_comes_later_has_nothing_to_speak_of_what_was_undone_before(uow, takes):
    assert uow.decisions.newest(None) == 0
    decide(uow, DecisionKind.NOTE, takes[0])
    assert uow.decisions.newest(None) == 0  # which is no other book's business
    first, second = (
        decide(uow, DecisionKind.CORRECT, reach=Reach.ALWAYS, written=word, value="x") for word in ("Ozma", "Tik")
    )
    assert uow.decisions.newest(None) == second
    uow.decisions.withdraw(SOURCE, [first], "Ann")
    heeded = uow.decisions.newest(None)
    assert heeded > second
    assert uow.decisions.corrections_after(other_book(uow), heeded) == ()


@pytest.mark.parametrize("kind", [DecisionKind.APPROVE, DecisionKind.CHOOSE, DecisionKind.REJECT])
def test_every_word_about_a_take_is_listed_with_it_only_rejections_reject_it_and_notes_outlive_it(uow, takes, kind):
    decide(uow, DecisionKind.NOTE, takes[0], value="a cough")
    made = decide(uow, kind, takes[0])
    assert [d.id for d in uow.decisions.about(SOURCE, takes)] == [made]
    assert uow.takes.rejected(SOURCE) == ({takes[0]} if kind is DecisionKind.REJECT else set())
    assert standing(uow) == [("note", "0"), (str(kind), "0")]


def test_a_correction_for_a_book_and_one_for_every_book_stand_beside_each_other(uow, takes):
    for written, reaches in (("Ozma", (Reach.BOOK, Reach.ALWAYS)), ("Tik", (Reach.ALWAYS, Reach.BOOK))):
        for reach in reaches:
            decide(uow, DecisionKind.CORRECT, reach=reach, written=written, value="x")
    holding = [(d.written, d.reach) for d in uow.decisions.holding(SOURCE)]
    assert holding == [("Ozma", "book"), ("Ozma", "always"), ("Tik", "always"), ("Tik", "book")]


def test_an_approval_ends_none_of_another_kind_nor_of_other_texts(uow, takes):
    approvals = [
        decide(uow, kind, text=text * 64)
        for kind in (DecisionKind.APPROVE_CHAPTER, DecisionKind.APPROVE_BOOK)
        for text in "de"
    ]
    assert [d.id for d in uow.decisions.holding(SOURCE)] == approvals


def test_whoever_withdraws_a_word_says_which_and_where(uow, takes):
    made = decide(uow, DecisionKind.CORRECT, chapter="One", text="Text 1.0.", value="a")
    uow.decisions.withdraw(SOURCE, [made], "Ben")
    (word,) = uow.decisions.holding(SOURCE)
    assert (word.kind, word.who, word.value) == (DecisionKind.WITHDRAW, "Ben", str(made))
    assert (word.chapter, word.text) == ("One", "Text 1.0.")
    assert uow.decisions.history(SOURCE)[0].ended_by == word.id


def test_what_was_decided_last_is_not_what_a_clock_that_was_ahead_says(uow, takes):
    for hour, take in ((9, takes[1]), (8, takes[0])):
        uow.decisions.add(SOURCE, Decision(DecisionKind.REJECT, "Ann", NOW.replace(hour=hour), take_key=take))
    assert [d.take_key for d in uow.decisions.last_of(SOURCE, "Ann")] == [takes[0]]


def test_a_take_that_is_wanted_is_used_while_it_is_there_and_in_the_book_that_wants_it(uow, takes):
    other = make_book("c" * 64)
    save_keyed(uow, other)
    uow.takes.choose_acceptable(other.source_sha256)
    decide(uow, DecisionKind.CHOOSE, takes[2])
    uow.takes.choose_decided(other.source_sha256)
    assert uow.takes.choices(other.source_sha256)[FIRST] == takes[1]
    uow.takes.mark_lost([takes[2]])
    uow.takes.choose_decided(SOURCE)
    assert in_use(uow) == takes[1]
    uow.takes.mark_found([takes[2]])
    uow.takes.choose_decided(SOURCE)
    assert in_use(uow) == takes[2]
