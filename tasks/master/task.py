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
    store: ArtifactStore, stitched: StitchedChapter, title: str, chapter_index: int, settings: MasterSettings
) -> Master:
    """Normalises one chapter; see `tasks.master.chapter.master_chapter`."""
    return master_chapter(store, stitched, title, chapter_index, settings)
