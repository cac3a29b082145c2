"""The Prefect shell of stitching. It must not know what stitching does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import task

from configs.settings import StitchSettings
from storage.artifacts import ArtifactStore
from storage.records import ChosenTake
from tasks.stitch.assemble import StitchedChapter, stitch_chapter


@task(name="stitch chapter", persist_result=False)
def stitch(store: ArtifactStore, cues: Sequence[ChosenTake], settings: StitchSettings, path: Path) -> StitchedChapter:
    """Stitches one chapter; see `tasks.stitch.assemble.stitch_chapter`.

    Call it with `prefect.utilities.annotations.quote(cues)`, so that Prefect does not walk through every utterance.
    """
    return stitch_chapter(store, cues, settings, path)
