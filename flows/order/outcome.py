"""Writes the report of a run, from what it did and what the database says at its end. Knows nothing of Prefect."""

from __future__ import annotations

import time

from configs.settings import MasterSettings
from flows.order.existing import edition_content, find_finished
from flows.order.order import Order
from flows.order.report import ChapterLevel, FlaggedTake, RunReport, WholeBook, Work
from flows.order.resources import peak_memory
from flows.order.review import page_path
from storage.records import Edition, Master, RunState
from tasks.errors import CoverageError
from tasks.ingest.guesses import losses
from tasks.master.chapter import misses_target
from tasks.package.audio.covers import describe_cover
from tasks.package.content import narrator_of
from tasks.package.outputs import find_outputs
from tasks.package.place import kept_files


def check_coverage(order: Order, masters: tuple[Master, ...]) -> None:
    """Checks that the ledger in the database accounts for every character, and that every utterance of the chosen
    chapters lies on a timeline. Raises `CoverageError`."""
    coverage = order.services.database.read(lambda uow: uow.books.coverage(order.source))
    if coverage.unaccounted_chars:
        raise CoverageError(
            f"{order.book.title}: {coverage.unaccounted_chars} characters are neither spoken nor skipped by a rule; "
            "please report the book"
        )
    placed = {(master.chapter_index, item.utterance.index) for master in masters for item in master.placed}
    lost = [
        item.utterance for item in order.keyed if (item.utterance.chapter_index, item.utterance.index) not in placed
    ]
    if lost:
        raise CoverageError(
            f"{order.book.title}: {len(lost)} utterances lie on no chapter's timeline, the first is "
            f"{lost[0].text[:60]!r}; please report the book"
        )


def outcome(
    order: Order,
    masters: tuple[Master, ...],
    edition: Edition,
    work: Work,
    *,
    wall_seconds: float,
    replaced: tuple[str, ...] = (),
    waits_for: str = "",
) -> RunReport:
    """Writes the report of a run that got through: what it did itself, and what the database says of the book.

    Args:
        order: what was asked for.
        masters: of the order's chapters.
        edition: what has come of it.
        work: what the run did.
        wall_seconds: how long it took.
        replaced: paths of files that had other bytes before.
        waits_for: what a person must hear before the edition is published, in words; "" where it is published.
    """
    settings = order.services.settings
    flagged = _flagged(order)
    page = page_path(order, edition)
    outputs = find_outputs(settings.package.outputs)
    kept = () if waits_for else kept_files(order.out, edition_content(order, ()), outputs, edition.files)
    database = order.services.database
    whole = database.read(lambda uow: uow.books.summary(order.source))
    whole_coverage = database.read(lambda uow: uow.books.coverage(order.source))
    is_partial = len(order.chapters) < whole.chapters
    coverage = database.read(lambda uow: uow.books.coverage(order.source, order.chapters if is_partial else None))
    share = len(flagged) / len(order.keyed)
    return RunReport(
        title=order.book.title,
        authors=order.book.authors,
        narrator=narrator_of(settings.package, order.voice),
        state=_state(share > settings.execution.max_flagged_share, waits_for),
        voices=order.voice_credits,
        edition=edition,
        kept=tuple(map(str, kept)),
        replaced=replaced,
        cover=describe_cover(order.book.cover),
        levels=_levels(masters, settings.master),
        target_lufs=settings.master.target_lufs,
        chapter_indices=order.chapters,
        utterances=len(order.keyed),
        work=work,
        wall_seconds=wall_seconds,
        memory=peak_memory(),
        flagged=flagged,
        coverage=coverage,
        losses=losses(order.book.warnings),
        page=str(page) if page.exists() else "",
        waits_for=waits_for,
        review=order.services.settings.review.book_address(order.source) if waits_for else "",
        whole=WholeBook(whole.chapters, whole.utterances, whole.chosen, whole.seconds, whole_coverage),
    )


def _levels(masters: tuple[Master, ...], settings: MasterSettings) -> tuple[ChapterLevel, ...]:
    return tuple(
        ChapterLevel(
            master.loudness_lufs,
            master.true_peak_dbtp,
            misses_target=misses_target(master.loudness_lufs, settings),
        )
        for master in masters
    )


def _state(is_flagged: bool, waits_for: str) -> RunState:
    if waits_for:
        return RunState.REVIEW
    return RunState.FLAGGED if is_flagged else RunState.DONE


def unpublished(order: Order, masters: tuple[Master, ...]) -> Edition:
    """The edition that would be published: its chapters and its length, and no file yet."""
    content = edition_content(order, masters)
    rate = content.sample_rate
    chapters = tuple((mark.title, mark.start_sample / rate, mark.end_sample / rate) for mark in content.marks)
    return Edition(files=(), seconds=content.seconds, chapters=chapters)


def finished_report(order: Order, began: float) -> RunReport | None:
    """Writes the report of a run that has nothing to do. Returns None when anything at all is left to do.

    `began` is when the look at the order did, by `time.monotonic`.
    """
    done = find_finished(order)
    if done is None:
        return None
    return outcome(order, done.masters, done.edition, Work(), wall_seconds=time.monotonic() - began)


def _flagged(order: Order) -> tuple[FlaggedTake, ...]:
    """Lists the chosen takes of the order's chapters that the checks doubt."""
    found = order.services.database.read(lambda uow: uow.takes.flagged(order.source, order.chapters))
    return tuple(
        FlaggedTake(
            item.utterance.chapter_index,
            item.chapter_title,
            item.utterance.index,
            item.utterance.text,
            item.take.reasons,
        )
        for item in found
    )
