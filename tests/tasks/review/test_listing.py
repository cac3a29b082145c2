"""What people see of a book before they decide: sentences, how they stand, and what waits to be spoken."""

import pytest

from storage.records import Decision, DecisionKind, Reach, RunState, Show
from tasks.review.listing import Standing, read_book, read_sentence, read_sentences, read_waiting
from tests.tasks.review.library import SOURCE, make_library, open_desk


@pytest.fixture
def database(library):
    return library[0]


@pytest.fixture
def read(database):
    """Reads with one of the functions, as the database is now."""

    def reading(function, *arguments, **options):
        with database.snapshot() as uow:
            waiting = [read_waiting(uow, SOURCE)] if function is not read_book else []
            return function(uow, SOURCE, *arguments, *waiting, **options)

    return reading


def numbers(sentences):
    return [sentence.number for sentence in sentences]


def test_sentences_are_listed_by_chapter_words_and_page(read):
    everything = ["1:1", "1:2", "1:3", "2:1", "2:2", "2:3"]
    assert numbers(read(read_sentences, Show.ALL)) == everything
    assert numbers(read(read_sentences, Show.ALL, chapter=0)) == everything[:3]
    assert numbers(read(read_sentences, Show.ALL, chapter=1, offset=1, limit=1)) == ["2:2"]
    assert numbers(read(read_sentences, Show.ALL, words="OZMA")) == ["1:1", "1:3"]
    assert read(read_sentences, Show.ALL, words="nothing of the kind") == ()
    assert [read(read_sentence, place) for place in ((2, 0), (0, 3))] == [None, None]


def test_a_page_has_25_sentences_where_nothing_else_is_said(tmp_path):
    database, _ = make_library(tmp_path / "long", repeat=5)
    with database.snapshot() as uow:
        shown = read_sentences(uow, SOURCE, Show.ALL, read_waiting(uow, SOURCE))
    assert numbers(shown)[-1] == "9:1" and len(shown) == 25
    database.close()


def test_how_a_sentence_stands(database, read):
    def standing(place):
        return read(read_sentence, place).standing

    assert (standing((0, 0)), standing((0, 1))) == (Standing.DOUBTFUL, Standing.PASSED)
    open_desk(database).approve((0, 0))
    assert standing((0, 0)) is Standing.APPROVED
    open_desk(database).reject((0, 0))
    assert standing((0, 0)) is Standing.OTHER
    open_desk(database).correct((1, 0), "The clock stood quite still.", Reach.PLACE)
    open_desk(database).correct((1, 2), "Then it was o-ver.", Reach.BOOK)
    assert [standing(place) for place in ((1, 0), (1, 2), (1, 1))] == [Standing.UNSPOKEN] * 2 + [Standing.PASSED]
    with database.unit_of_work() as uow:
        uow.takes.mark_lost([read(read_sentence, (0, 1)).takes[0].key])
        uow.commit()
    assert (standing((0, 1)), read(read_sentence, (0, 1)).takes) == (Standing.UNSPOKEN, ())


def test_what_people_have_said_is_shown_with_the_sentence(database, read):
    for text in ("Too slow?", "No."):
        open_desk(database, "Ben").note((0, 2), text)
    open_desk(database).correct((0, 2), "Nobody had seen OZ-mah before.", Reach.PLACE)
    open_desk(database).correct((0, 2), "Nobody had seen OZ-mah before, they said.", Reach.PLACE)
    sentence = read(read_sentence, (0, 2))
    assert [(note.who, note.value) for note in sentence.notes] == [("Ben", "Too slow?"), ("Ben", "No.")]
    assert (sentence.wanted, sentence.is_corrected) == ("Nobody had seen OZ-mah before, they said.", True)
    assert (sentence.before, sentence.after, sentence.chapter) == ("Yes.", "", "One")
    for act, word in (("approve", "approved by Ann"), ("reject", "rejected by Ann")):
        getattr(open_desk(database), act)((0, 0), 2)
        assert [take.word for take in read(read_sentence, (0, 0)).takes] == ["", word, ""]
    first = read(read_sentence, (0, 0)).takes[0]
    assert first.doubts == ("may have dropped or mispronounced a word",)
    assert first.reasons == ("misspelled: -2.1 nats a character",)
    assert [take.in_use for take in read(read_sentence, (0, 0)).takes] == [True, False, False]


def test_a_correction_waits_until_a_script_heeds_it_and_one_that_was_undone_waits_again(database, read):
    def waiting():
        with database.snapshot() as uow:
            found = read_waiting(uow, SOURCE)
        return len(found.corrections), sorted(found.places), [entry.written for entry in found.words]

    def speak():
        with database.unit_of_work() as uow:
            run = uow.runs.start(SOURCE, "retry_failed", {}, heeded=uow.decisions.newest(SOURCE))
            uow.runs.finish(run, RunState.DONE)
            uow.runs.finish(uow.runs.start(SOURCE, "publish", {}), RunState.DONE)  # which heeds nothing itself
            uow.commit()

    open_desk(database).correct((1, 1), "Yes indeed.", Reach.PLACE)
    open_desk(database).correct((0, 0), "OZ-mah came in.", Reach.ALWAYS)
    assert waiting() == (2, [(1, 1)], ["Ozma"])
    assert read(read_book).to_speak == 2
    speak()
    assert (waiting(), read(read_book).to_speak) == ((0, [], []), 0)
    open_desk(database).undo()
    assert waiting() == (1, [], ["Ozma"])


def test_a_correction_of_a_sentence_that_is_gone_waits_nowhere(database, read):
    gone = Decision(DecisionKind.CORRECT, "Ann", open_desk(database).now, text="Yes.", occurrence=2, value="No.")
    with database.unit_of_work() as uow:
        uow.decisions.add(SOURCE, gone)
        uow.commit()
    with database.snapshot() as uow:
        assert read_waiting(uow, SOURCE).places == frozenset()
    assert [read(read_sentence, place).is_corrected for place in ((0, 1), (1, 1))] == [False, False]


def test_how_people_have_come_with_a_book(database, read):
    book = read(read_book)
    assert (book.total("utterances"), book.total("doubtful"), book.to_speak) == (6, 4, 0)
    assert (book.newest, book.run, book.is_in_work, book.is_approved) == (0, None, False, False)
    open_desk(database).reject((1, 0), every=True)
    open_desk(database).correct((0, 2), "Nobody had seen OZ-mah before, they said.", Reach.PLACE)
    open_desk(database).approve_chapter(0)
    with database.unit_of_work() as uow:
        uow.runs.finish(uow.runs.start(SOURCE, "book_to_audio", {}), RunState.DONE)
        latest = uow.runs.start(SOURCE, "retry_failed", {})
        uow.commit()
    book = read(read_book)
    assert (book.to_speak, book.approved, book.newest, book.is_in_work) == (2, frozenset({0}), 3, True)
    assert book.run.id == latest
