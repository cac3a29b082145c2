"""At the end of a run the database is asked again whether every character was spoken or skipped by a rule."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from flows.order import outcome as outcomes
from flows.order.existing import Finished
from flows.order.outcome import check_coverage, finished_report, outcome, unpublished
from flows.order.report import FlaggedTake, Work
from flows.order.review import page_path
from flows.services import Services, read_settings
from storage.records import Edition, EditionFile, Master, PlacedUtterance, Take, Verdict
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


def test_of_a_long_utterance_that_lies_on_no_timeline_the_beginning_is_named(order):
    first = order.keyed[0]
    long = replace(first, utterance=replace(first.utterance, text="x" * 5000))
    with pytest.raises(CoverageError, match=r"the first is 'x{60}'; please report the book"):
        check_coverage(
            SimpleNamespace(services=order.services, source=order.source, book=order.book, keyed=(long,)), ()
        )


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


def test_the_share_is_of_what_was_asked_for_not_of_the_whole_book(order, masters, monkeypatch):
    keyed = replace(order, chapters=(1,)).keyed
    assert len(keyed) < len(order.keyed)
    monkeypatch.setenv("TALEPRESS_EXECUTION__MAX_FLAGGED_SHARE", str(0.5 * (1 / len(keyed) + 1 / len(order.keyed))))
    part = replace(order, services=Services(read_settings()), chapters=(1,))
    take = Take(take_key(keyed[0].key, 0), keyed[0].key, 0, 1, "a" * 64, 24_000, 1000, Verdict.DOUBTFUL)
    with order.services.database.unit_of_work() as uow:
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add([take])
        uow.takes.choose(order.source, {take.utterance_key: take.key})
        uow.commit()
    edition = Edition((), 1.0, ((masters[1].title, 0.0, 1.0),))
    assert outcome(part, masters[1:2], edition, Work(), wall_seconds=1.0).state.value == "flagged"


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


def an_edition(masters, *files):
    files = tuple(EditionFile("m4b", str(path), "0" * 64, 1) for path in files)
    return Edition(files, 3.0, tuple((master.title, 0.0, 1.0) for master in masters))


def test_a_report_tells_of_the_order_of_what_was_done_and_of_the_book(order, masters):
    work = Work(takes=3)
    edition = an_edition(masters)
    report = outcome(order, masters, edition, work, wall_seconds=7.0, replaced=("old",))
    assert (report.title, report.authors, report.narrator) == ("The Small Book", ("Ann Author",), NARRATOR)
    assert (report.edition, report.work, report.wall_seconds, report.replaced) == (edition, work, 7.0, ("old",))
    assert (report.chapter_indices, report.utterances) == (order.chapters, len(order.keyed))
    assert [level.true_peak_dbtp for level in report.levels] == [-3.5] * 3
    assert report.memory.resident_bytes > 1 << 20
    assert (report.whole.chapters, report.whole.utterances, report.whole.spoken, report.whole.seconds) == (3, 10, 0, 0)
    assert (report.waits_for, report.review, report.is_partial) == ("", "", False)


def test_what_waits_for_people_is_said_with_where_it_is_heard_and_steps_aside_for_nothing(order, masters):
    order.out.mkdir()
    there = order.out / "The Small Book.m4b"
    there.touch()
    report = outcome(order, masters, an_edition(masters), Work(), wall_seconds=1.0)
    assert (report.kept, report.review) == ((str(there),), "")
    own = outcome(order, masters, an_edition(masters, there), Work(), wall_seconds=1.0)
    assert own.kept == ()
    waits = outcome(order, masters, an_edition(masters), Work(), wall_seconds=1.0, waits_for="2 takes")
    assert (waits.kept, waits.waits_for) == ((), "2 takes")
    assert waits.review == order.services.settings.review.book_address(order.source)


def test_the_page_is_named_where_there_is_one(order, masters):
    edition = an_edition(masters)
    assert outcome(order, masters, edition, Work(), wall_seconds=1.0).page == ""
    page = page_path(order, edition)
    page.parent.mkdir()
    page.touch()
    assert outcome(order, masters, edition, Work(), wall_seconds=1.0).page == str(page)


def test_a_doubtful_take_is_told_with_its_place_its_text_and_its_reasons(order, masters):
    item = order.keyed[-1]
    reasons = ("too long: 9 s",)
    take = Take(take_key(item.key, 0), item.key, 0, 1, "a" * 64, 24_000, 1000, Verdict.DOUBTFUL, reasons)
    with order.services.database.unit_of_work() as uow:
        uow.books.assign_keys(order.source, order.keyed)
        uow.takes.add([take])
        uow.takes.choose(order.source, {item.key: take.key})
        uow.commit()
    report = outcome(order, masters, an_edition(masters), Work(), wall_seconds=1.0)
    place = item.utterance
    assert report.flagged == (FlaggedTake(2, "Chapter Three", place.index, place.text, reasons),)
    assert (report.whole.spoken, report.whole.seconds) == (1, pytest.approx(1000 / 24_000))
    part = replace(order, chapters=(0, 1))
    assert outcome(part, masters[:2], an_edition(masters[:2]), Work(), wall_seconds=1.0).flagged == ()


def test_an_edition_that_is_not_published_has_its_chapters_and_its_length_and_no_file(order, masters, monkeypatch):
    marks = tuple(
        SimpleNamespace(title=master.title, start_sample=24_000 * number, end_sample=24_000 * (number + 1))
        for number, master in enumerate(masters)
    )
    content = SimpleNamespace(sample_rate=24_000, seconds=3.0, marks=marks)
    monkeypatch.setattr(outcomes, "edition_content", lambda asked, given: content if given is masters else None)
    chapters = tuple((master.title, float(n), n + 1.0) for n, master in enumerate(masters))
    assert unpublished(order, masters) == Edition((), 3.0, chapters)


def test_a_run_with_nothing_to_do_is_reported_as_one_that_did_nothing(order, masters, monkeypatch):
    found = []
    monkeypatch.setattr(outcomes, "find_finished", lambda asked: found[0] if asked is order else None)
    monkeypatch.setattr(outcomes.time, "monotonic", lambda: 105.0)
    found.append(None)
    assert finished_report(order, 100.0) is None
    edition = an_edition(masters)
    found[0] = Finished(masters, edition)
    report = finished_report(order, 100.0)
    assert (report.edition, report.rendered, report.wall_seconds) == (edition, 0, 5.0)
    assert len(report.levels) == 3


NARRATOR = "Talepress tone (AI voice)"
