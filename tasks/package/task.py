"""The Prefect shell of packaging. It must not know what packaging does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prefect import task

from storage.artifacts import ArtifactStore
from tasks.package.content import EditionContent
from tasks.package.edition import Published, publish_edition
from tasks.package.place import Replace


@task(name="package edition", persist_result=False)
def package(
    out: Path,
    store: ArtifactStore,
    content: EditionContent,
    encoded: Path,
    replacing: Replace,
    tell: Callable[[int, int], None],
) -> Published:
    """Publishes an edition; see `tasks.package.edition.publish_edition`.

    Call it with `prefect.utilities.annotations.quote(content)`, which arrives here as the content itself: it keeps
    Prefect from walking through every utterance of the book in search of futures.
    """
    return publish_edition(out, store, content, encoded, replacing, tell)
