"""Keeps everyone informed of how far a run is: the listener at the terminal, the progress artifact, the run's row.

Knows nothing of the stages.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from flows.order.report import Work
from flows.progress import Pace, Progress, announce
from flows.run.reach import attempt
from tasks.synthesize.render import SpokenBatch

ARTIFACT_INTERVAL_SECONDS = 1.0  # every update is a request to the server


@dataclass
class Tracker:
    """Counts what a run has done. Used by the flow's own thread alone."""

    run_id: str
    artifact_key: str  # lower-case letters, digits and dashes
    expected: Mapping[str, float]  # forecast seconds of audio of the utterances to speak, by their keys
    done: int = 0
    work: Work = field(default_factory=Work)
    _spoken: set[str] = field(default_factory=set)  # keys of the utterances that have takes by this run
    _chapter: str = ""
    _artifact: UUID | None = None
    _began: float = 0.0
    _first: float = 0.0  # when the first batch had come back
    _finished_seconds: float = 0.0  # of `expected`
    _last_update: float = 0.0

    @property
    def total(self) -> int:
        """How many utterances are to be spoken."""
        return len(self.expected)

    def begin(self) -> None:
        """Makes the progress artifact, where Prefect's server is there. Synthesis counts as begun."""
        self._began = time.monotonic()
        description = f"0 of {self.total} utterances spoken"
        artifact = attempt(lambda: create_progress_artifact(0.0, key=self.artifact_key, description=description))
        assert isinstance(artifact, UUID | None)
        self._artifact = artifact
        announce(Progress("synthesize", self.done, self.total))

    def speaking(self, chapter: str) -> None:
        """Says in which chapter the engine is."""
        if chapter != self._chapter:
            self._chapter = chapter
            announce(Progress("synthesize", self.done, self.total, chapter))

    def spoken(self, finished: Collection[str], batch: SpokenBatch, chapter: str) -> None:
        """Counts a batch, and the utterances that it finishes; the engine is in `chapter` now, or idle ("")."""
        now = time.monotonic()
        self._chapter = chapter or self._chapter
        self._first = self._first or now
        self.done += len(finished)
        self._finished_seconds += sum(self.expected[key] for key in finished)
        self._spoken.update(take.utterance_key for take in batch.takes)
        self.work = Work(
            takes=self.work.takes + len(batch.takes),
            utterances=len(self._spoken),
            take_seconds=self.work.take_seconds + sum(take.seconds for take in batch.takes),
            synthesis_seconds=now - self._began,
            engine_seconds=self.work.engine_seconds + batch.engine_seconds,
        )
        announce(Progress("synthesize", self.done, self.total, self._chapter, self._pace(now)))
        if now - self._last_update >= ARTIFACT_INTERVAL_SECONDS:
            self._last_update = now
            self._update(100.0 * self.done / max(1, self.total))

    def _pace(self, now: float) -> Pace:
        """How fast the utterances are finished, of which some are far longer than others.

        Their time is the engine's: batches are checked side by side and may come back at one moment, and loading the
        model is not in it. Several engines work at once, so it is the clock's at most; since the first batch came back,
        it is the clock's at least, because an engine may wait for the checks.
        """
        share = self._finished_seconds / sum(self.expected.values())
        return Pace(share, min(now - self._began, max(self.work.engine_seconds, now - self._first)))

    def finish(self) -> None:
        """Sets the artifact to done."""
        self._update(100.0)

    def _update(self, percent: float) -> None:
        artifact = self._artifact
        if artifact is not None:
            description = f"{self.done} of {self.total} utterances spoken"
            attempt(lambda: update_progress_artifact(artifact, progress=percent, description=description))
