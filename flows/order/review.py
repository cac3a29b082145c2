"""Gathers what the review page of an order shows, and writes the page. Reads only, but for the page.

Knows nothing of how the page looks, nor of Prefect.
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Sequence
from pathlib import Path

import soundfile

from flows.order.existing import chosen_takes, find_master
from flows.order.order import Order
from flows.order.report import clock
from storage.artifacts import ArtifactStore
from storage.errors import IncompleteError
from storage.records import ChosenTake, Edition, Master, Take, Verdict
from tasks.disk import output_errors, publish
from tasks.ingest.guesses import losses
from tasks.package.content import narrator_of
from tasks.package.outputs.manifest import MANIFEST
from tasks.review.doubts import in_words
from tasks.review.page import ChapterShown, Passage, Review, TakeShown, places, render_page
from tasks.review.sound import opus_of, outline_of

SUFFIX = ".report.html"
OUTLINE_COLUMNS = 300
MOST_SOUNDS = 200  # in one page: some 10 MB


def page_path(order: Order, edition: Edition | None) -> Path:
    """Where the page of an order lies if nobody says otherwise: beside the edition, under its name."""
    for file in edition.files if edition else ():
        if file.kind == MANIFEST.kind:
            return Path(file.path.removesuffix(MANIFEST.suffix) + SUFFIX)
    return order.out / f"{Path(order.request.book).stem}{SUFFIX}"


def write_page(order: Order, edition: Edition | None, path: Path) -> None:
    """Writes the page, complete or not at all. Raises `OutputError`, and what `opus_of` raises."""
    page = render_page(gather(order, edition))
    partial = path.with_name(f".{path.name}.partial")
    with output_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_text(page, "utf-8")
            publish(partial, path)
        finally:
            partial.unlink(missing_ok=True)


def has_doubts(order: Order) -> bool:
    """Whether a chosen take of the order's chapters is doubtful."""
    return bool(order.services.database.read(lambda uow: uow.takes.flagged(order.source, order.chapters)))


def gather(order: Order, edition: Edition | None) -> Review:
    """Gathers what the page shows of the order's chapters, finished or not."""
    chapters: list[ChapterShown] = []
    passages: list[Passage] = []
    sounds = _Sounds(order.services.store)
    offset: float | None = 0.0  # seconds to its master's start; None behind a chapter that is not finished
    for chapter in order.chapters:
        cues, master = _chapter(order, chapter)
        if chapter == order.chapters[0] and master is not None and master.placed:
            offset = -master.placed[0].start_sample / master.sample_rate  # the audiobook starts with the first word
        found = _passages(order, cues, master, offset, sounds)
        passages += found
        chapters.append(_chapter_shown(order, chapter, master, offset, len(found)))
        offset = None if offset is None or master is None else offset + master.samples / master.sample_rate
    retry = f"talepress retry {shlex.quote(order.request.book)} --only {places(passages)}" if passages else ""
    return Review(
        title=order.book.title,
        authors=", ".join(order.book.authors),
        narrator=narrator_of(order.services.settings.package, order.voice),
        length=clock(edition.seconds) if edition else "not finished",
        losses=losses(order.book.warnings),
        files=tuple(file.path for file in edition.files) if edition else (),
        chapters=tuple(chapters),
        passages=tuple(passages),
        command=retry,
        voices=order.voice_credits,
    )


def _chapter(order: Order, chapter: int) -> tuple[tuple[ChosenTake, ...], Master | None]:
    """Reads a chapter's takes and its master; nothing of one that is not all spoken, no master where there is none."""
    try:
        cues = chosen_takes(order, chapter)
    except IncompleteError:
        return (), None
    return cues, find_master(order, chapter, cues)[1]


def _chapter_shown(
    order: Order, chapter: int, master: Master | None, offset: float | None, flagged: int
) -> ChapterShown:
    return ChapterShown(
        number=chapter + 1,
        title=order.book.chapters[chapter].title,
        start="" if offset is None or master is None else clock(max(offset, 0.0)),
        length=clock(master.samples / master.sample_rate) if master else "",
        loudness=f"{master.loudness_lufs:.1f} LUFS" if master else "not finished",
        peak=f"{master.true_peak_dbtp:.1f} dBTP" if master else "",
        utterances=sum(item.utterance.chapter_index == chapter for item in order.keyed),
        flagged=flagged,
    )


def _passages(
    order: Order, cues: Sequence[ChosenTake], master: Master | None, offset: float | None, sounds: _Sounds
) -> list[Passage]:
    """The doubtful utterances of a chapter with all their takes."""
    doubtful = [number for number, cue in enumerate(cues) if cue.take.verdict is Verdict.DOUBTFUL]
    keys = [cues[number].take.utterance_key for number in doubtful]
    takes = order.services.database.read(lambda uow: uow.takes.of(keys))
    starts = (
        {placed.utterance.index: placed.start_sample / master.sample_rate for placed in master.placed} if master else {}
    )
    found = []
    for number in doubtful:
        cue = cues[number]
        start = starts.get(cue.utterance.index)
        others = [take for take in takes[cue.take.utterance_key] if take.key != cue.take.key]
        found.append(
            Passage(
                place=f"{cue.utterance.chapter_index + 1}:{cue.utterance.index + 1}",
                chapter=order.book.chapters[cue.utterance.chapter_index].title,
                start="" if start is None or offset is None else clock(offset + start),
                before=cues[number - 1].utterance.text if number else "",
                text=cue.utterance.text,
                after=cues[number + 1].utterance.text if number + 1 < len(cues) else "",
                takes=(sounds.shown(cue.take, chosen=True), *(sounds.shown(take, chosen=False) for take in others)),
            )
        )
    return found


class _Sounds:
    """Reads takes for the page, with their sound until there is enough of it."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._left = MOST_SOUNDS

    def shown(self, take: Take, *, chosen: bool) -> TakeShown:
        """A take as the page shows it. One whose file is gone has no sound."""
        opus = None
        outline: tuple[tuple[float, float], ...] = ()
        if self._left > 0 and self._store.exists(take.audio_sha256):
            self._left -= 1
            audio, rate = soundfile.read(io.BytesIO(self._store.read(take.audio_sha256)), dtype="float32")
            opus = opus_of(audio, rate)
            outline = outline_of(audio, OUTLINE_COLUMNS)
        seconds = take.samples / take.sample_rate
        return TakeShown(take.attempt, chosen, seconds, in_words(take.reasons), take.reasons, opus, outline)
