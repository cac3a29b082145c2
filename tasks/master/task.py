"""The Prefect shell of stitching and mastering, which go together. It must not know what either does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect import task

from configs.settings import MasterSettings, StitchSettings
from storage.artifacts import ArtifactStore
from storage.records import ChosenTake, Master
from tasks.master.chapter import master_chapter
from tasks.stitch.assemble import stitch_chapter


@dataclass(frozen=True, eq=False)
class StitchJob:
    """A chapter to stitch and master."""

    cues: Sequence[ChosenTake]
    title: str
    chapter_index: int
    working: Path  # of a file in the making, which is removed again


@task(name="stitch and master", persist_result=False)
def stitch_and_master(
    store: ArtifactStore, jobs: Sequence[StitchJob], stitch: StitchSettings, master: MasterSettings
) -> list[Master]:
    """Stitches and normalises chapters; see `stitch_chapter` and `master_chapter`.

    Call it with `prefect.utilities.annotations.quote(jobs)`, so that Prefect does not walk through every utterance.
    """
    made = []
    for job in jobs:
        stitched = stitch_chapter(store, job.cues, stitch, job.working)
        made.append(master_chapter(store, stitched, job.title, job.chapter_index, master))
        job.working.unlink(missing_ok=True)
    return made
