"""The kinds of engines that there are, and this process's engines: one per configuration, loaded when first asked for.

They live in a plainly imported module because Prefect's process runners pickle a task's body by value: state kept
beside the task would not be shared. It must not know what an engine is asked to say, nor how it says it.
"""

from __future__ import annotations

import threading
from pathlib import Path

from configs.settings import StorageSettings, SynthesizeSettings
from tasks.models.catalogue import find_model, how_to_mend
from tasks.synthesize.speaker import Speaker
from tortoise_core.errors import ConfigError, DamagedWeightsError
from tortoise_core.inference.engine_kind import EngineKind
from tortoise_core.inference.fake import FAKE
from tortoise_core.inference.interface import Engine, FrontEnd, Sampling
from tortoise_core.inference.tortoise import TORTOISE

# By their names in `synthesize.engine`. A new engine is a module and a line here.
ENGINES: dict[str, EngineKind] = {
    "tortoise": TORTOISE,
    "fake": FAKE,  # test tones, for trying the pipeline
}

_speakers: dict[tuple[str, str, str, str], Speaker] = {}
_lock = threading.Lock()  # two threads must not load the same weights twice


def engine_kind(settings: SynthesizeSettings) -> EngineKind:
    """Finds the kind of engine that the settings name. Raises `ConfigError` for a name that is none."""
    if settings.engine not in ENGINES:
        raise ConfigError(
            f"there is no engine {settings.engine!r}: set synthesize.engine to one of {', '.join(ENGINES)}"
        )
    return ENGINES[settings.engine]


def with_model_folder(settings: SynthesizeSettings, storage: StorageSettings) -> SynthesizeSettings:
    """Replaces the name of a model in a folder by that folder, on this machine.

    Raises `BadInputError` for an unknown model, `ConfigError` for an unknown engine.
    """
    if not engine_kind(settings).model_folders or Path(settings.model).is_dir():
        return settings
    return settings.model_copy(update={"model": str(find_model(storage, settings.model).path)})


def get_engine(settings: SynthesizeSettings) -> Engine:
    """Returns the engine that the settings ask for. Raises `CheckpointError` or `ConfigError` if it does not load."""
    return get_speaker(settings).engine


def get_speaker(settings: SynthesizeSettings) -> Speaker:
    """Returns the engine that the settings ask for, to be used by many threads. Raises as `get_engine`."""
    key = (settings.engine, settings.model, settings.device, settings.precision)
    with _lock:
        if key not in _speakers:
            _speakers[key] = Speaker(_load(settings))
        return _speakers[key]


def _load(settings: SynthesizeSettings) -> Engine:
    try:
        return engine_kind(settings).load(settings.model, settings.device, precision(settings))
    except DamagedWeightsError as error:
        raise DamagedWeightsError(f"{error}: {how_to_mend(Path(settings.model))}") from error


def get_front_end(settings: SynthesizeSettings) -> FrontEnd:
    """Reads what can be known without networks of the model that the settings ask for. Raises as `get_engine`."""
    return engine_kind(settings).front_end(settings.model)


def precision(settings: SynthesizeSettings) -> str:
    """Names the numbers that the engine computes in ("float32", "bfloat16", ...), known without loading it.

    They are part of every utterance's key.

    Raises `ConfigError` for a precision that the engine does not have on that device.
    """
    return engine_kind(settings).precision(settings.precision, settings.device)


def sampling_settings(front_end: FrontEnd, settings: SynthesizeSettings, **changes: object) -> Sampling:
    """Returns the preset that the settings name, with the settings' overrides and then `changes` on top.

    Raises `ConfigError` for a preset that the model does not have, or a change that its engine does not know.
    """
    overrides: dict[str, object] = {}
    if settings.sampler != "preset":
        overrides["sampler"] = settings.sampler
    if settings.diffusion_steps:
        overrides["diffusion_steps"] = settings.diffusion_steps
    return front_end.settings(settings.preset, **{**overrides, **settings.sampling.changes(), **changes})


def forget_engines() -> None:
    """Drops all engines of this process, so that their memory can be freed."""
    with _lock:
        _speakers.clear()
