"""Keeps everyone informed of how far a run is: the listener at the terminal, the progress artifact, the run's row.

Knows nothing of the stages.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from flows.order.report import Work
from flows.progress import Progress, announce
from flows.run.reach import attempt
from tasks.synthesize.render import SpokenBatch

ARTIFACT_INTERVAL_SECONDS = 1.0  # every update is a request to the server


@dataclass
class Tracker:
    """Counts what a run has done. Used by the flow's own thread alone."""

    run_id: str
    artifact_key: str  # lower-case letters, digits and dashes
    total: int  # utterances to speak
    done: int = 0
    work: Work = field(default_factory=Work)
    _spoken: set[str] = field(default_factory=set)  # keys of the utterances that have takes by this run
    _chapter: str = ""
    _artifact: UUID | None = None
    _began: float = 0.0
    _last_update: float = 0.0

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

    def spoken(self, utterances: int, batch: SpokenBatch, chapter: str) -> None:
        """Counts a batch, by which so many utterances are finished; the engine is in `chapter` now, or idle ("")."""
        self._chapter = chapter or self._chapter
        self.done += utterances
        self._spoken.update(take.utterance_key for take in batch.takes)
        now = time.monotonic()
        self.work = Work(
            takes=self.work.takes + len(batch.takes),
            utterances=len(self._spoken),
            take_seconds=self.work.take_seconds + sum(take.seconds for take in batch.takes),
            synthesis_seconds=now - self._began,
            engine_seconds=self.work.engine_seconds + batch.engine_seconds,
        )
        announce(Progress("synthesize", self.done, self.total, self._chapter))
        if now - self._last_update >= ARTIFACT_INTERVAL_SECONDS:
            self._last_update = now
            self._update(100.0 * self.done / max(1, self.total))

    def finish(self) -> None:
        """Sets the artifact to done."""
        self._update(100.0)

    def _update(self, percent: float) -> None:
        artifact = self._artifact
        if artifact is not None:
            description = f"{self.done} of {self.total} utterances spoken"
            attempt(lambda: update_progress_artifact(artifact, progress=percent, description=description))
