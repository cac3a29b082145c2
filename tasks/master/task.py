"""The Prefect shell of mastering. It must not know what mastering does."""

from __future__ import annotations

from prefect import task

from configs.settings import MasterSettings
from storage.artifacts import ArtifactStore
from storage.records import Master
from tasks.master.chapter import master_chapter
from tasks.stitch.assemble import StitchedChapter


@task(name="master chapter", persist_result=False)
def master(
    artifacts: str, stitched: StitchedChapter, title: str, chapter_index: int, settings: MasterSettings
) -> Master:
    """Normalises one chapter; see `tasks.master.chapter.master_chapter`. `artifacts` is `StorageSettings.artifacts`."""
    return master_chapter(ArtifactStore(artifacts), stitched, title, chapter_index, settings)
