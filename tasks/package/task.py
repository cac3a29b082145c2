"""The Prefect shell of packaging."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from configs.settings import PackageSettings
from storage.artifacts import ArtifactStore
from storage.records import Edition
from tasks.package.edition import EditionContent, publish_edition


@task(name="package edition", persist_result=False)
def package(
    folder: Path, artifacts: str, content: EditionContent, settings: PackageSettings, encoded: Path | None
) -> Edition:
    """Publishes an edition; see `tasks.package.edition.publish_edition`. `artifacts` is `StorageSettings.artifacts`.

    Call it with `prefect.utilities.annotations.quote(content)`, which arrives here as the content itself: it keeps
    Prefect from walking through every utterance of the book in search of futures.
    """
    return publish_edition(folder, ArtifactStore(artifacts), content, settings, encoded)
