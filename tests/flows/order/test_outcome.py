"""At the end of a run the database is asked again whether every character was spoken or skipped by a rule."""

from dataclasses import replace

import pytest

from flows.order.outcome import check_coverage, outcome
from flows.order.report import Work
from flows.services import Services, read_settings
from storage.records import Edition, Master, PlacedUtterance, Take, Verdict
from storage.repository.books import Books
from tasks.errors import CoverageError
from tasks.synthesize.keys import take_key
from tests.flows.cli.test_plan import ordered
from tests.tasks.ingest.conftest import SAMPLE

pytestmark = pytest.mark.usefixtures("voiced_home")


@pytest.fixture
def order(book, tmp_path):
    """An order whose book is in the database."""
    order = ordered(book, tmp_path / "out")
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    return order


@pytest.fixture
def masters(order):
    """Masters on whose timelines every utterance lies."""
    return tuple(
        Master(
            chapter,
            order.book.chapters[chapter].title,
            "a" * 64,
            24_000,
            1000,
            -19.0,
            -3.5,
            tuple(
                PlacedUtterance(item.utterance, item.key, 0, 1000)
                for item in order.keyed
                if item.utterance.chapter_index == chapter
            ),
        )
        for chapter in order.chapters
    )


def test_a_book_that_is_there_whole_passes(order, masters):
    check_coverage(order, masters)


def test_an_utterance_that_lies_on_no_timeline_is_named(order, masters):
    without = replace(masters[1], placed=masters[1].placed[:1] + masters[1].placed[2:])
    with pytest.raises(
        CoverageError, match="1 utterances lie on no chapter's timeline, the first is 'The dragon slept"
    ):
        check_coverage(order, (masters[0], without, masters[2]))


def test_characters_that_the_ledger_does_not_account_for_are_counted(order, masters, monkeypatch):
    coverage = Books.coverage
    monkeypatch.setattr(Books, "coverage", lambda *asked: replace(coverage(*asked), unaccounted_chars=3))
    with pytest.raises(CoverageError, match="3 characters are neither spoken nor skipped"):
        check_coverage(order, masters)


def test_the_report_tells_of_chapters_that_miss_their_loudness_and_of_the_voices(order, masters):
    quiet = replace(masters[1], loudness_lufs=-21.4)
    edition = Edition((), 3.0, tuple((master.title, 0.0, 1.0) for master in masters))
    report = outcome(order, (masters[0], quiet, *masters[2:]), edition, Work(), wall_seconds=1.0)
    assert [level.misses_target for level in report.levels] == [False, True, False]
    assert [level.loudness_lufs for level in report.levels] == [-19.0, -21.4, -19.0]
    assert report.target_lufs == -19.0
    assert [(voice.name, voice.made_from) for voice in report.voices] == [("tone", "1 recording that you added")]
    assert report.cover == "none"
    assert (report.kept, report.replaced) == ((), ())


@pytest.mark.parametrize(("doubtful", "state"), [(0, "done"), (1, "done"), (2, "done"), (3, "flagged")])
def test_a_run_is_flagged_above_the_share_that_is_allowed_and_not_at_it(order, masters, monkeypatch, doubtful, state):
    monkeypatch.setenv("TALEPRESS_EXECUTION__MAX_FLAGGED_SHARE", str(2 / len(order.keyed)))
    strict = replace(order, services=Services(read_settings()))
    takes = [
        Take(take_key(item.key, 0), item.key, 0, 1, "a" * 64, 24_000, 1000, Verdict.DOUBTFUL)
        for item in order.keyed[:doubtful]
    ]
    with order.services.database.unit_of_work() as uow:
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add(takes)
        uow.takes.choose(order.source, {take.utterance_key: take.key for take in takes})
        uow.commit()
    edition = Edition((), 3.0, tuple((master.title, 0.0, 1.0) for master in masters))
    report = outcome(strict, masters, edition, Work(), wall_seconds=1.0)
    assert (len(report.flagged), report.state.value) == (doubtful, state)
    assert outcome(strict, masters, edition, Work(), wall_seconds=1.0, waits_for="a person").state.value == "review"


def test_the_report_repeats_what_guesses_left_out_and_no_other_warning(order, masters):
    loss = "guesses leave out 5.1% of the book's words; look at what is skipped"
    warned = replace(order, book=replace(order.book, warnings=("there is no table of contents", loss)))
    edition = Edition((), 3.0, tuple((master.title, 0.0, 1.0) for master in masters))
    assert outcome(warned, masters, edition, Work(), wall_seconds=1.0).losses == (loss,)


def test_a_whole_book_is_covered_with_the_pages_that_lie_in_no_chapter(tmp_path):
    order = ordered(SAMPLE, tmp_path / "out")
    with order.services.database.unit_of_work() as uow:
        uow.books.save(order.book, order.script)
        uow.commit()
    report = outcome(order, (), Edition((), 0.0, ()), Work(), wall_seconds=0.0)
    assert report.coverage == report.whole.coverage == order.script.coverage
    part = replace(order, chapters=order.chapters[:1])
    assert outcome(part, (), Edition((), 0.0, ()), Work(), wall_seconds=0.0).coverage.source_chars < 500
