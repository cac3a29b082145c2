"""What a person decides at the desk is done at once, and can be undone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from storage.errors import NotFoundError
from storage.records import Decision, DecisionKind, Reach, Show
from tasks.errors import BadInputError
from tasks.review.approval import approved_chapters
from tasks.review.desk import DecidedMeanwhileError, find_take, place_of
from tasks.review.listing import Standing, read_book, read_sentence, read_sentences, read_waiting
from tests.tasks.review.library import SOURCE, open_desk


@pytest.fixture
def database(library):
    return library[0]


@pytest.fixture
def look(database):
    def at(place):
        with database.snapshot() as uow:
            return read_sentence(uow, SOURCE, place, read_waiting(uow, SOURCE))

    return at


@pytest.fixture
def state(database):
    def read():
        with database.snapshot() as uow:
            return read_book(uow, SOURCE)

    return read


def numbers(sentence):
    return [(take.number, take.in_use, take.word) for take in sentence.takes]


def test_the_take_in_use_is_approved_and_another_is_chosen(database, look):
    assert look((0, 0)).standing is Standing.DOUBTFUL
    assert open_desk(database).approve((0, 0)) is DecisionKind.APPROVE
    assert look((0, 0)).standing is Standing.APPROVED
    assert open_desk(database, "Ben").approve((0, 0), 3) is DecisionKind.CHOOSE
    assert numbers(look((0, 0))) == [(1, False, ""), (2, False, ""), (3, True, "approved by Ben")]


def test_of_rejected_takes_the_next_best_is_used_and_then_none(database, look, state):
    desk = open_desk(database)
    assert desk.reject((0, 0)).attempt == 1
    assert look((0, 0)).standing is Standing.OTHER  # to be heard: nobody has approved it, and nothing was spoken
    assert desk.reject((0, 0), 3).attempt == 1
    assert desk.reject((0, 0)) is None
    assert (look((0, 0)).standing, state().to_speak) == (Standing.UNSPOKEN, 1)
    with pytest.raises(BadInputError, match="no take in use"):
        desk.approve((0, 0))
    desk.approve((0, 0), 2)
    assert numbers(look((0, 0)))[1] == (2, True, "approved by Ann")


def test_only_a_take_that_is_younger_than_the_rejection_was_spoken_again(database, look):
    open_desk(database).reject((0, 0), every=True)
    rejected = look((0, 0)).takes[0]
    with database.unit_of_work() as uow:
        (first, *_) = uow.takes.of([look((0, 0)).text])[look((0, 0)).text]
        assert first.key == rejected.key
        uow.takes.add([replace(first, key="f" * 64, attempt=3)])
        uow.takes.choose(SOURCE, {first.utterance_key: "f" * 64})
        uow.commit()
    assert look((0, 0)).standing is Standing.NEW


def test_what_is_corrected_beyond_its_place_is_to_be_spoken_wherever_the_words_stand(database, look):
    desk = open_desk(database)
    desk.correct((0, 2), "Nobody had seen OZ-mah before, they said.", Reach.BOOK)
    assert [look(place).standing for place in ((0, 0), (0, 2))] == [Standing.UNSPOKEN] * 2
    assert look((1, 0)).standing is Standing.DOUBTFUL
    with database.unit_of_work() as uow:
        uow.runs.start(SOURCE, "retry_failed", {}, heeded=uow.decisions.newest(SOURCE))
        uow.commit()
    assert look((0, 0)).standing is Standing.DOUBTFUL
    desk.undo()
    assert look((0, 0)).standing is Standing.UNSPOKEN  # as the book has it, again


def test_every_take_is_rejected_at_once_and_undone_at_once(database, look):
    open_desk(database).reject((0, 0), every=True)
    assert [word for _, _, word in numbers(look((0, 0)))] == ["rejected by Ann"] * 3
    assert open_desk(database).undo() == "the rejection of “Ozma came in.”"
    assert numbers(look((0, 0))) == [(1, True, ""), (2, False, ""), (3, False, "")]
    with pytest.raises(BadInputError, match="Ann has decided nothing"):
        open_desk(database).undo()


def test_what_an_undone_word_replaced_holds_again(database, look):
    open_desk(database).approve((0, 0), 2)
    open_desk(database, "Ben").approve((0, 0), 3)
    open_desk(database, "Ben").undo()
    assert numbers(look((0, 0)))[1] == (2, True, "approved by Ann")


def test_a_take_decision_holds_wherever_the_text_is_spoken_and_a_correction_only_in_its_place(database, look):
    open_desk(database).reject((0, 1))
    assert look((1, 1)).standing is Standing.UNSPOKEN
    open_desk(database).undo()
    open_desk(database).correct((1, 1), "Yes indeed.", Reach.PLACE)
    assert (look((1, 1)).wanted, look((1, 1)).standing) == ("Yes indeed.", Standing.UNSPOKEN)
    assert (look((0, 1)).wanted, look((0, 1)).standing) == ("Yes.", Standing.PASSED)


def test_a_correction_says_what_it_does_and_the_books_own_text_ends_it(database, look, state):
    corrected = open_desk(database).correct((0, 2), "Nobody had seen OZ-mah before, they said.", Reach.BOOK)
    assert (corrected.words, corrected.sentences) == ((("Ozma", "OZ-mah"),), 2)
    assert corrected.spoken == "Nobody had seen oz-mah before, they said."
    assert [(word.written, word.value) for word in state().corrections] == [("Ozma", "OZ-mah")]
    open_desk(database).correct((1, 0), "The clock stood  quite still.", Reach.PLACE)
    assert look((1, 0)).is_corrected
    assert open_desk(database).correct((1, 0), "The clock stood still.", Reach.PLACE).words == ()
    assert not look((1, 0)).is_corrected
    assert state().to_speak == 1
    with pytest.raises(BadInputError, match="nothing is changed"):
        open_desk(database).correct((1, 0), "The clock stood still.", Reach.PLACE)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("", "at least one word"), ("x " * 100, "fewer words"), ("x" * 2001, "at most 2000"), ("a\x00b " * 60, "fewer")],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_stored(database, state, wanted, message):
    with pytest.raises(BadInputError, match=message):
        open_desk(database).correct((0, 0), wanted, Reach.PLACE)
    assert state().newest == 0


def test_an_approved_chapter_is_approved_until_a_take_of_it_changes(database, state):
    open_desk(database).approve_chapter(0)
    assert (state().approved, state().is_approved) == (frozenset({0}), False)
    open_desk(database).approve_book()
    assert state().is_approved
    open_desk(database).approve((0, 0), 2)
    assert state().approved == frozenset()
    open_desk(database).undo()
    assert state().is_approved  # as it sounded then
    open_desk(database).reject((1, 2))
    with pytest.raises(BadInputError, match="sentences still to be spoken: 1"):
        open_desk(database).approve_book()
    with pytest.raises(BadInputError, match="no chapter 9"):
        open_desk(database).approve_chapter(8)
    with database.snapshot() as uow:
        assert approved_chapters(uow, SOURCE) == {0}


def test_two_people_do_not_overrule_each_other_unseen(database, state):
    seen = state().newest
    open_desk(database, "Ben").reject((0, 0), 1)
    with pytest.raises(DecidedMeanwhileError, match="Ben has decided"):
        open_desk(database, "Ann", seen=seen).approve((0, 0), 1)
    open_desk(database, "Ann", seen=seen).reject((0, 0), 1)  # the same word is no quarrel
    open_desk(database, "Ann", seen=seen).approve((1, 0))  # nor is another sentence
    open_desk(database, "Ann", seen=state().newest).approve((0, 0), 1)


@pytest.mark.parametrize("take", [1, 2])  # approved as it is used, or chosen
def test_whoever_wants_the_same_take_as_another_does_not_overrule_them(database, take):
    open_desk(database, "Ben").approve((0, 0), take)
    open_desk(database, "Ann", seen=0).approve((0, 0), take)
    with pytest.raises(DecidedMeanwhileError):
        open_desk(database, "Cid", seen=0).approve((0, 0), 3)


def test_whoever_has_seen_the_last_word_may_say_another(database, state):
    open_desk(database, "Ben").reject((0, 0), 1)
    open_desk(database, "Ann", seen=state().newest).approve((0, 0), 1)


def test_lists_show_doubtful_rejected_and_all_with_their_neighbours(database):
    def listed(show, **options):
        with database.snapshot() as uow:
            return read_sentences(uow, SOURCE, show, read_waiting(uow, SOURCE), **options)

    assert [s.number for s in listed(Show.DOUBTFUL)] == ["1:1", "1:3", "2:1", "2:3"]
    assert [(s.before, s.after) for s in listed(Show.ALL, chapter=0)][:2] == [
        ("", "Yes."),
        ("Ozma came in.", "Nobody had seen Ozma before, they said."),
    ]
    assert listed(Show.DOUBTFUL)[0].takes[0].doubts == ("may have dropped or mispronounced a word",)
    open_desk(database).note((1, 2), "Too slow?")
    open_desk(database).correct((1, 2), "Then it was done.", Reach.PLACE)
    (sentence,) = listed(Show.REJECTED)
    assert (sentence.number, [note.value for note in sentence.notes]) == ("2:3", ["Too slow?"])


def test_places_are_read_as_they_are_shown():
    assert place_of("20:18") == (19, 17)
    assert place_of("1:" + "9" * 13) == (0, 10**13 - 2)
    for wrong in ("", "3", "a:b", "1:b", "a:1", "1:2:3", "-1:2", "1:" + "9" * 14, "\u00b2:1"):
        with pytest.raises(BadInputError, match="such as 20:18"):
            place_of(wrong)
    with pytest.raises(BadInputError, match=r"^'x{40}' is no place"):
        place_of("x" * 5000)


def test_what_there_is_not_is_refused(database):
    desk = open_desk(database)
    for call in (lambda: desk.approve((7, 0)), lambda: desk.approve((0, 0), 9), lambda: desk.note((0, 0), " ")):
        with pytest.raises(BadInputError):
            call()
    with pytest.raises(NotFoundError):
        desk.withdraw([77])


def test_a_take_is_found_by_its_number_or_is_the_one_in_use(database):
    def found(place, number):
        with database.snapshot() as uow:
            return find_take(uow, SOURCE, place, number).attempt

    open_desk(database).approve((0, 0), 3)
    assert [found((0, 0), number) for number in (None, 1, 2, 3)] == [2, 0, 1, 2]
    open_desk(database).reject((0, 0), every=True)
    assert found((0, 0), None) == 0  # nothing is in use: the first
    with pytest.raises(BadInputError, match="there is no take 4: there are 1, 2, 3"):
        found((0, 0), 4)


def test_a_correction_that_somebody_else_made_is_not_overruled_unseen(database):
    wanted = "The clock stood quite still."
    open_desk(database, "Ben").correct((1, 0), wanted, Reach.PLACE)
    for desk in (open_desk(database, seen=0), open_desk(database, seen=0)):
        with pytest.raises(DecidedMeanwhileError, match=r"Ben has decided .*\(correct\)"):
            desk.correct((1, 0), "The clock stood nearly still.", Reach.PLACE)
        with pytest.raises(DecidedMeanwhileError):
            desk.correct((1, 0), "The clock stood still.", Reach.PLACE)  # nor undone
    open_desk(database, seen=0).correct((1, 0), wanted, Reach.PLACE)  # the same word is no quarrel
    with pytest.raises(DecidedMeanwhileError):
        open_desk(database, seen=0).reject((1, 0), every=True)


def test_a_chapter_is_approved_though_another_is_still_to_be_spoken_and_not_over_a_word_unseen(database, state):
    open_desk(database).reject((1, 2))
    with pytest.raises(BadInputError, match="sentences still to be spoken: 1"):
        open_desk(database).approve_chapter(1)
    open_desk(database).approve_chapter(0)
    assert state().approved == {0}
    seen = state().newest
    open_desk(database, "Ben").note((0, 0), "Too slow?")
    open_desk(database, seen=seen).approve_chapter(0)  # a remark changes nothing that is heard
    seen = state().newest
    open_desk(database, "Ben").approve((1, 1))
    open_desk(database, seen=seen).approve_chapter(0)  # the other chapter sounds as it did
    for approve in (lambda desk: desk.approve_chapter(1), lambda desk: desk.approve_book()):
        open_desk(database, "Ben").undo()
        open_desk(database, "Ben").approve((1, 0))
        with pytest.raises(DecidedMeanwhileError, match=r"Ben has decided on a sentence of it .*\(approve\)"):
            approve(open_desk(database, seen=seen))
    seen = state().newest
    open_desk(database, "Ben").correct((1, 0), "The clock stood OZ-mah.", Reach.BOOK)
    with pytest.raises(DecidedMeanwhileError, match="Ben has decided"):
        open_desk(database, seen=seen).approve_chapter(0)  # words of a whole book stand in every chapter


def test_what_a_person_writes_is_one_line_of_at_most_2000_characters(database):
    desk = open_desk(database)
    desk.note((0, 0), "a\n\x00 b\t" + "c" * 1996)
    with pytest.raises(BadInputError, match="has 2001 characters"):
        desk.note((0, 0), "c" * 2001)
    with database.snapshot() as uow:
        assert [word.value for word in uow.decisions.history(SOURCE)] == ["a b " + "c" * 1996]


@pytest.mark.parametrize(
    ("act", "named"),
    [
        (lambda desk: desk.approve((0, 0)), "the approval of “Ozma came in.”"),
        (lambda desk: desk.approve((0, 0), 2), "the choice of “Ozma came in.”"),
        (lambda desk: desk.reject((0, 0)), "the rejection of “Ozma came in.”"),
        (lambda desk: desk.correct((1, 1), "Yes indeed.", Reach.PLACE), "the correction of “Yes.”"),
        (lambda desk: desk.note((1, 1), "Too slow?"), "the note of “Yes.”"),
        (lambda desk: desk.approve_chapter(0), "the approval of a chapter"),
        (lambda desk: desk.approve_book(), "the approval of the book"),
    ],
)
def test_whoever_undoes_something_is_told_what_it_was(database, state, act, named):
    act(open_desk(database, "Zoë"))
    assert open_desk(database, "Zoë").undo() == named
    with database.snapshot() as uow:
        assert {(word.kind, word.who) for word in uow.decisions.holding(SOURCE)} == {(DecisionKind.WITHDRAW, "Zoë")}


def test_of_a_long_sentence_whose_decision_is_undone_the_beginning_is_told(database):
    """What is told travels in a cookie."""
    with database.unit_of_work() as uow:
        uow.decisions.add(SOURCE, Decision(DecisionKind.NOTE, "Zoë", datetime.now(UTC), text="x" * 5000, value="Slow?"))
        uow.commit()
    assert open_desk(database, "Zoë").undo() == f"the note of “{'x' * 60}”"


def test_a_correction_of_one_place_says_nothing_of_another_with_the_same_text(database, look):
    open_desk(database, "Ben").correct((0, 1), "Yes indeed.", Reach.PLACE)
    open_desk(database, "Ann", seen=0).correct((1, 1), "Oh yes.", Reach.PLACE)  # no quarrel: Ben spoke of another
    assert [look(place).wanted for place in ((0, 1), (1, 1))] == ["Yes indeed.", "Oh yes."]
    open_desk(database, "Cid").correct((1, 1), "Yes.", Reach.PLACE)
    assert [look(place).wanted for place in ((0, 1), (1, 1))] == ["Yes indeed.", "Yes."]
    with database.snapshot() as uow:
        assert [word.who for word in uow.decisions.history(SOURCE)] == ["Ben", "Ann", "Cid"]


@pytest.mark.parametrize("reach", [Reach.BOOK, Reach.ALWAYS])
def test_a_word_of_the_whole_book_does_not_end_by_the_own_text_of_one_place(database, state, reach):
    open_desk(database).correct((1, 0), "The clock stood quite still.", Reach.PLACE)
    corrected = open_desk(database).correct((0, 0), "OZ-mah came in.", reach)
    assert (corrected.words, corrected.sentences) == ((("Ozma", "OZ-mah"),), 2)
    with pytest.raises(BadInputError, match="nothing is changed: write how the sentence should be said"):
        open_desk(database).correct((0, 0), "Ozma came in.", Reach.PLACE)
    assert [(word.reach, word.written, word.value) for word in state().corrections] == [
        (reach, "Ozma", "OZ-mah"),
        (Reach.PLACE, "", "The clock stood quite still."),  # those of one place are last
    ]


def test_what_has_no_take_in_use_is_told_with_what_to_do(database):
    open_desk(database).reject((0, 1), every=True)
    with pytest.raises(BadInputError, match=r"^1:2 has no take in use: it will be spoken again as it is$"):
        open_desk(database).reject((0, 1))
    with pytest.raises(BadInputError, match=r"^1:2 has no take in use: choose one, or have it spoken again$"):
        open_desk(database).approve((0, 1))
    with database.unit_of_work() as uow:
        keyed = [replace(item, key=f"{item.key} anew") for item in uow.books.keyed(SOURCE)[:1]]
        uow.books.assign_keys(SOURCE, keyed)
        uow.commit()
    for call in (lambda: open_desk(database).approve((0, 0), 1), lambda: open_desk(database).reject((0, 0), 1)):
        with pytest.raises(BadInputError, match=r"^there is no take 1: nothing is spoken yet$"):
            call()
    assert open_desk(database).reject((0, 0), every=True) is None


def test_a_sentence_is_shown_with_what_is_known_of_its_takes(look):
    take = look((0, 0)).takes[1]
    assert (take.number, take.key[-1], take.seconds, take.in_use, take.word) == (2, "1", 0.5, False, "")
    assert take.reasons == ("misspelled: -2.1 nats a character",)
    sentence = look((1, 2))
    assert (sentence.chapter, sentence.number, sentence.spoken) == ("Two", "2:3", "Then it was over.")
    assert (sentence.before, sentence.after, sentence.wanted) == ("Yes.", "", sentence.text)


def test_a_correction_for_every_book_is_undone_at_the_desk_of_any(database, state):
    other = "6" * 64
    with database.unit_of_work() as uow:
        uow.books.save(replace(uow.books.get(SOURCE), source_sha256=other), uow.books.script(SOURCE))
        uow.commit()
    open_desk(database, source=other).correct((0, 0), "OZ-mah came in.", Reach.ALWAYS)
    (word,) = state().corrections
    assert (word.value, state().to_speak) == ("OZ-mah", 1)
    open_desk(database, "Ben").withdraw([word.id])
    assert (state().corrections, state().to_speak) == ((), 0)
