"""Books, scripts and the keys of their utterances come back as they were saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from storage.errors import BookBusyError, DatabaseError, NotFoundError
from storage.records import Coverage, Decision, DecisionKind, KeyedUtterance, LedgerState, Reach, RunState, Verdict
from storage.schema import DecisionRow, RunRow
from tests.storage.builders import SOURCE, keyed_by_text, make_book, make_script, make_take, save_keyed


def test_a_book_and_its_script_come_back_as_saved(uow):
    book = make_book()
    script = make_script(book)
    assert uow.books.save(book, script) is True
    assert uow.books.get(SOURCE) == book
    assert uow.books.script(SOURCE) == script


def test_saving_the_same_again_touches_nothing(database):
    book = make_book()
    for expected in (True, False):
        with database.unit_of_work() as uow:
            assert uow.books.save(book, make_script(book)) is expected
            uow.books.assign_keys(SOURCE, keyed_by_text(make_script(book)))
            uow.commit()
    with database.snapshot() as uow:
        assert len(uow.books.keyed(SOURCE)) == 6
        assert len(uow.books.summaries()) == 1


def test_a_changed_script_replaces_the_old_one_and_its_keys(uow):
    book = make_book()
    save_keyed(uow, book)
    shorter = make_book(chapters=1, blocks=2, title="The Lamp, revised", cover=None)
    assert uow.books.save(shorter, make_script(shorter)) is True
    assert uow.books.get(SOURCE) == shorter
    assert uow.books.script(SOURCE) == make_script(shorter)
    assert uow.books.keyed(SOURCE) == ()
    assert [summary.chapters for summary in uow.books.summaries()] == [1]


def test_a_script_that_changes_alone_is_stored(uow):
    """In its words, or in what it says of the characters that are not spoken."""
    book = make_book()
    script = make_script(book)
    uow.books.save(book, script)
    first, *others = script.utterances
    reworded = replace(script, utterances=(replace(first, spoken="in other words"), *others))
    entry, *entries = script.ledger
    explained = replace(script, ledger=(replace(entry, rule="another rule"), *entries))
    for changed in (explained, reworded):
        assert uow.books.save(book, changed) is True
        assert uow.books.script(SOURCE) == changed


def test_a_replaced_script_finds_its_takes_again(uow):
    keyed = save_keyed(uow, make_book())
    uow.takes.add(make_take(item.key) for item in keyed)
    uow.takes.choose_acceptable(SOURCE)
    renamed = make_book(title="Another title")
    save_keyed(uow, renamed)
    assert uow.books.summary(SOURCE).chosen == 0
    assert uow.takes.missing(SOURCE) == ()
    assert uow.takes.choose_acceptable(SOURCE) == 6


@pytest.mark.parametrize(
    "call",
    [
        lambda books: books.get("f" * 64),
        lambda books: books.script("f" * 64),
        lambda books: books.coverage("f" * 64),
        lambda books: books.keyed("f" * 64),
        lambda books: books.summary("f" * 64),
        lambda books: books.chapter_summaries("f" * 64),
        lambda books: books.assign_keys("f" * 64, []),
    ],
)
def test_an_unknown_book_is_named(uow, call):
    uow.books.save(make_book(), make_script(make_book()))
    with pytest.raises(NotFoundError, match="f" * 64):
        call(uow.books)


def test_exists(uow):
    assert uow.books.exists(SOURCE) is False
    uow.books.save(make_book(), make_script(make_book()))
    assert uow.books.exists(SOURCE) is True


def test_coverage_is_added_up_from_the_ledger(uow):
    book = make_book(chapters=1, blocks=2)
    script = make_script(book)
    uow.books.save(book, replace(script, coverage=Coverage(0, 0, 0, 0)))
    spoken = sum(len(block.text) for block in book.chapters[0].blocks)
    skipped = sum(len(skip.text) for skip in book.skipped)
    assert uow.books.coverage(SOURCE) == Coverage(spoken + skipped, spoken, skipped, 0)


def test_coverage_of_some_chapters_is_theirs_alone(uow):
    book = make_book(chapters=3, blocks=2)
    script = make_script(book)
    uow.books.save(book, script)
    entries = [entry for entry in script.ledger if entry.chapter_index in (0, 2)]
    assert len(entries) < len(script.ledger)
    spoken = sum(entry.chars for entry in entries if entry.state is LedgerState.SPOKEN)
    skipped = sum(entry.chars for entry in entries if entry.state is LedgerState.SKIPPED)
    assert uow.books.coverage(SOURCE, [0, 2]) == Coverage(spoken + skipped, spoken, skipped, 0)
    assert uow.books.coverage(SOURCE, []) == Coverage(0, 0, 0, 0)


def test_assigning_keys_counts_changes_and_a_changed_key_loses_its_choice(uow):
    keyed = save_keyed(uow, make_book())
    uow.takes.add([make_take(keyed[0].key), make_take(keyed[1].key)])
    uow.takes.choose_acceptable(SOURCE)
    assert uow.books.assign_keys(SOURCE, keyed) == 0
    assert uow.books.summary(SOURCE).chosen == 2
    assert uow.books.assign_keys(SOURCE, [KeyedUtterance(keyed[0].utterance, "another key")]) == 1
    assert uow.books.summary(SOURCE).chosen == 1
    assert [item.key for item in uow.books.keyed(SOURCE)][:2] == ["another key", keyed[1].key]


def test_keyed_is_limited_to_chapters_and_in_reading_order(uow):
    keyed = save_keyed(uow, make_book(chapters=3))
    assert uow.books.keyed(SOURCE) == tuple(keyed)
    assert uow.books.keyed(SOURCE, [2, 0]) == tuple(item for item in keyed if item.utterance.chapter_index != 1)
    assert uow.books.keyed(SOURCE, []) == ()


def test_summaries_count_utterances_keys_choices_flags_and_seconds(uow):
    book = make_book(chapters=2, blocks=3)
    script = make_script(book)
    uow.books.save(book, script)
    keyed = keyed_by_text(script)[:4]
    uow.books.assign_keys(SOURCE, keyed)
    takes = [make_take(keyed[0].key), make_take(keyed[1].key, verdict=Verdict.DOUBTFUL), make_take(keyed[3].key)]
    uow.takes.add(takes)
    uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in takes})
    run = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.runs.finish(run, RunState.FLAGGED)

    first, second = uow.books.chapter_summaries(SOURCE)
    assert (first.index, first.title, first.utterances, first.keyed) == (0, "Chapter 1", 3, 3)
    assert (first.chosen, first.flagged, first.seconds) == (2, 1, pytest.approx(3.0))
    assert (second.keyed, second.chosen, second.flagged, second.seconds) == (1, 1, 0, pytest.approx(1.5))

    summary = uow.books.summary(SOURCE)
    assert (summary.title, summary.authors, summary.chapters) == ("The Lamp", ("A. Writer", "B. Writer"), 2)
    assert (summary.utterances, summary.keyed, summary.chosen, summary.flagged) == (6, 4, 3, 1)
    assert summary.seconds == pytest.approx(4.5)
    assert summary.last_run_state is RunState.FLAGGED
    assert uow.books.summaries() == (summary,)


def test_summaries_hold_books_without_chapters_and_runs(uow):
    empty = make_book(chapters=0)
    uow.books.save(empty, make_script(empty))
    (summary,) = uow.books.summaries()
    assert (summary.chapters, summary.utterances, summary.seconds, summary.last_run_state) == (0, 0, 0.0, None)
    assert uow.books.chapter_summaries(SOURCE) == ()


def test_the_last_added_book_comes_first(uow):
    for n in range(3):
        book = make_book(source_sha256=str(n) * 64)
        uow.books.save(book, make_script(book))
    assert [summary.source_sha256[0] for summary in uow.books.summaries()] == ["2", "1", "0"]


HOSTILE = [
    "'; DROP TABLE books; --",
    "../../etc/passwd",
    "%s %(x)s :name ? {0}",
    "a\x01b\nc\r\t",
    "\u202eevil\u200b \U0001f600 e\u0301",
    "x" * 100_000,
    "",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_only_text(uow, name):
    book = make_book(title=name, authors=(name,), language=name, identifier=name, description=name, warnings=(name,))
    book = replace(book, chapters=tuple(replace(chapter, title=name) for chapter in book.chapters))
    uow.books.save(book, make_script(book))
    assert uow.books.get(SOURCE) == book
    assert uow.books.summaries()[0].title == name


def test_a_null_character_comes_back_or_is_refused_in_one_line(uow, backend):
    """PostgreSQL has no place for it. Readers of books take it away (`tasks.ingest`)."""
    book = make_book(title="a\x00b")
    if backend == "postgresql":
        with pytest.raises(DatabaseError, match=r"^[^\n]*NUL[^\n]*$"):
            uow.books.save(book, make_script(book))
    else:
        uow.books.save(book, make_script(book))
        assert uow.books.get(SOURCE) == book


def test_text_that_is_no_unicode_gets_one_clear_line(database):
    book = make_book(title="half a pair \ud800")
    with pytest.raises(DatabaseError, match="lone surrogates") as caught, database.unit_of_work() as uow:
        uow.books.save(book, make_script(book))
    assert "\n" not in str(caught.value)
    with database.snapshot() as uow:
        assert uow.books.summaries() == ()


OTHER = "c" * 64


def test_each_book_is_read_as_its_own(uow):
    other = make_book(OTHER, chapters=3, blocks=2, title="Another", authors=("C. Writer",), language="de")
    other = replace(other, skipped=other.skipped[::-1])
    for book in (make_book(), other):
        uow.books.save(book, make_script(book))
    for book in (make_book(), other):
        assert uow.books.get(book.source_sha256) == book
        assert uow.books.script(book.source_sha256) == make_script(book)
        assert uow.books.coverage(book.source_sha256) == make_script(book).coverage
        assert uow.books.heading(book.source_sha256) == (book.title, book.authors, book.language)
        for chapter in book.chapters:
            assert uow.books.block(book.source_sha256, chapter.index, 1) == chapter.blocks[1]
    for place in ((0, 3), (2, 0)):
        with pytest.raises(NotFoundError, match=f"chapter {place[0] + 1} has no block {place[1] + 1}"):
            uow.books.block(SOURCE, *place)


def test_keys_are_assigned_in_one_book_and_at_one_place(uow):
    keyed = save_keyed(uow, make_book())
    others = save_keyed(uow, make_book(OTHER))
    changed = [KeyedUtterance(keyed[4].utterance, "another key")]
    assert uow.books.assign_keys(SOURCE, changed) == 1
    assert uow.books.keyed(SOURCE) == (*keyed[:4], *changed, keyed[5])
    assert uow.books.keyed(OTHER) == tuple(others)


def test_books_are_listed_from_the_latest_by_how_they_begin(uow):
    assert uow.books.sources() == ()
    sources = ["1" * 64, "2" * 64, "1" * 63 + "3"]
    for source in sources:
        uow.books.save(make_book(source), make_script(make_book(source)))
    assert uow.books.sources() == tuple(sources[::-1])
    assert uow.books.sources("1" * 63) == (sources[2], sources[0])
    assert [uow.books.sources(start) for start in ("11", "%", "_", "3")] == [(sources[2], sources[0]), (), (), ()]
    assert [summary.source_sha256 for summary in uow.books.summaries(sources[:2])] == [sources[1], sources[0]]
    assert uow.books.summaries([]) == ()


def test_a_book_that_somebody_works_on_is_not_removed_and_what_books_share_stays(uow):
    keyed = save_keyed(uow, make_book())
    save_keyed(uow, make_book(OTHER))
    take = make_take(keyed[0].key)
    uow.takes.add([take])
    first = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.runs.start(OTHER, "book_to_audio", {})
    with pytest.raises(BookBusyError, match="another process works on this book"):
        uow.books.remove(SOURCE)
    assert uow.books.exists(SOURCE)
    uow.runs.finish(first, RunState.DONE)
    uow.books.remove(SOURCE)
    assert (uow.books.sources(), list(uow.takes.audio())) == ((OTHER,), [take.key])
    with pytest.raises(NotFoundError, match=SOURCE):
        uow.books.remove(SOURCE)


@pytest.mark.parametrize(("reach", "stays"), [(Reach.PLACE, False), (Reach.BOOK, False), (Reach.ALWAYS, True)])
def test_of_what_people_said_of_a_removed_book_only_that_stays_which_is_for_every_book(uow, reach, stays):
    save_keyed(uow, make_book())
    where = {"text": "Text 0.0."} if reach is Reach.PLACE else {"written": "Ozma"}
    uow.decisions.add(
        SOURCE, Decision(DecisionKind.CORRECT, "Ann", datetime.now(UTC), reach=reach, value="OZ-mah", **where)
    )
    uow.books.remove(SOURCE)
    save_keyed(uow, make_book())  # as it was, it is read again: nothing comes back with it
    assert [decision.value for decision in uow.decisions.always()] == ["OZ-mah"] * stays
    assert uow.decisions.history(SOURCE) == ()
    assert (uow._session.scalar(select(func.count()).select_from(DecisionRow)) == 1) is stays


def test_a_book_whose_process_is_gone_is_removed(uow):
    save_keyed(uow, make_book())
    run = uow.runs.start(SOURCE, "book_to_audio", {})
    uow.runs._session.get(RunRow, run).process = "elsewhere 1234 1 2"
    uow.runs._session.get(RunRow, run).heartbeat_at = datetime.now(UTC) - timedelta(hours=1)
    uow.books.remove(SOURCE)
    assert uow.books.sources() == ()


def test_the_last_run_counts_and_of_takes_what_is_there_and_nobody_has_decided(uow):
    keyed = save_keyed(uow, make_book())
    for state in (RunState.FAILED, RunState.STOPPED, RunState.DONE):
        uow.runs.finish(uow.runs.start(SOURCE, "book_to_audio", {}), state)
    assert uow.books.summary(SOURCE).last_run_state is RunState.DONE
    takes = [make_take(item.key, verdict=Verdict.DOUBTFUL) for item in keyed[:3]]
    uow.takes.add(takes)
    uow.takes.choose(SOURCE, {take.utterance_key: take.key for take in takes})
    uow.takes.mark_lost([takes[1].key])
    word = Decision(DecisionKind.APPROVE, "Ann", datetime.now(UTC), take_key=takes[2].key)
    uow.decisions.add(SOURCE, word)
    summary = uow.books.summary(SOURCE)
    assert (summary.chosen, summary.flagged, summary.seconds) == (2, 1, pytest.approx(3.0))


def test_a_removed_book_leaves_what_people_said_for_every_book_in_another_to_that_one(uow):
    other = make_book("c" * 64)
    save_keyed(uow, make_book())
    save_keyed(uow, other)
    word = Decision(DecisionKind.CORRECT, "Ann", datetime.now(UTC), reach=Reach.ALWAYS, written="Ozma", value="OZ-mah")
    made = uow.decisions.add(other.source_sha256, word)
    uow.books.remove(SOURCE)
    assert [decision.id for decision in uow.decisions.history(other.source_sha256)] == [made]
