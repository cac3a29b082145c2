"""The Prefect shell of enrolling a voice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect import task

from configs.settings import SynthesizeSettings, VoicesSettings
from storage.artifacts import ArtifactStore
from storage.records import VoiceRecord
from tasks.synthesize.engines import get_engine
from tasks.voices.enrol import enrol_voice


@task(name="enrol voice", persist_result=False)
def enrol(
    artifacts: str, name: str, clips: Sequence[Path], synthesize: SynthesizeSettings, settings: VoicesSettings
) -> VoiceRecord:
    """Makes a voice from clips; see `tasks.voices.enrol.enrol_voice`. `artifacts` is `StorageSettings.artifacts`."""
    return enrol_voice(get_engine(synthesize), ArtifactStore(artifacts), name, clips, settings)
