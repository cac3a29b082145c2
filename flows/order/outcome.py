"""How a run came out: its report, from what the database says at the end. Knows nothing of Prefect or of terminals."""

from __future__ import annotations

from flows.order.order import Order
from flows.order.report import FlaggedTake, RunReport
from flows.order.resources import peak_memory
from storage.records import Edition, Master, RunState
from tasks.errors import CoverageError
from tasks.package.content import narrator_of


def check_coverage(order: Order, masters: tuple[Master, ...]) -> None:
    """Raises `CoverageError` unless the ledger in the database accounts for every character, and every utterance of the
    chosen chapters lies on a timeline."""
    with order.services.database.snapshot() as uow:
        coverage = uow.books.coverage(order.source)
    if coverage.unaccounted_chars:
        raise CoverageError(f"{order.book.title}: {coverage.unaccounted_chars} characters are unaccounted for")
    placed = {(master.chapter_index, item.utterance.index) for master in masters for item in master.placed}
    lost = [
        item.utterance for item in order.keyed if (item.utterance.chapter_index, item.utterance.index) not in placed
    ]
    if lost:
        raise CoverageError(f"{order.book.title}: {len(lost)} utterances were not placed, first {lost[0].text[:60]!r}")


def outcome(
    order: Order,
    edition: Edition,
    *,
    rendered: int = 0,
    rendered_seconds: float = 0.0,
    synthesis_seconds: float = 0.0,
    engine_seconds: float = 0.0,
    wall_seconds: float,
) -> RunReport:
    """The report of a run that got through; without the counts, of one that found everything done."""
    settings = order.services.settings
    with order.services.database.snapshot() as uow:
        flagged = uow.takes.flagged(order.source, order.chapters)
        coverage = uow.books.coverage(order.source)
    share = len(flagged) / len(order.keyed)
    return RunReport(
        title=order.book.title,
        authors=order.book.authors,
        narrator=narrator_of(settings.package, order.voice),
        state=RunState.FLAGGED if share > settings.execution.max_flagged_share else RunState.DONE,
        edition=edition,
        chapter_indices=order.chapters,
        utterances=len(order.keyed),
        rendered=rendered,
        rendered_seconds=rendered_seconds,
        synthesis_seconds=synthesis_seconds,
        engine_seconds=engine_seconds,
        wall_seconds=wall_seconds,
        memory=peak_memory(),
        flagged=tuple(
            FlaggedTake(
                item.utterance.chapter_index,
                item.chapter_title,
                item.utterance.index,
                item.utterance.text,
                item.take.reasons,
            )
            for item in flagged
        ),
        coverage=coverage,
    )
