"""One engine per process and configuration, loaded when first asked for; and its text side alone, which loads nothing.

It lives in a plainly imported module because Prefect's process runners pickle a task's body by value: state kept beside
the task would not be shared. It must not know what the engine is asked to say.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from configs.settings import SynthesizeSettings
from tasks.synthesize.speaker import Speaker
from tortoise_core.inference.interface import Engine, SamplingSettings, TextSide
from tortoise_core.inference.precision import Precision, choose_precision
from tortoise_core.inference.text_side import load_text_side

_speakers: dict[tuple[str, str, str, str], Speaker] = {}
_lock = threading.Lock()  # two threads must not load the same weights twice


def get_engine(settings: SynthesizeSettings) -> Engine:
    """The engine that the settings ask for. Raises `CheckpointError` or `ConfigError` when it cannot be loaded."""
    return get_speaker(settings).engine


def get_speaker(settings: SynthesizeSettings) -> Speaker:
    """The engine that the settings ask for, to be used by many threads. Raises as `get_engine`."""
    key = (settings.engine, settings.model, settings.device, settings.precision)
    with _lock:
        if key not in _speakers:
            _speakers[key] = Speaker(_load(settings))
        return _speakers[key]


def get_text_side(settings: SynthesizeSettings) -> TextSide:
    """The text side of the engine that the settings ask for, without networks. Raises as `get_engine`."""
    if settings.engine == "fake":
        return get_engine(settings)
    return load_text_side(settings.model)


def precision(settings: SynthesizeSettings) -> Precision:
    """The numbers that the engine computes with, known without loading it. It is part of every utterance's key."""
    if settings.engine == "fake":
        return "float32"
    return choose_precision(settings.precision, settings.device)


def sampling_settings(side: TextSide, settings: SynthesizeSettings) -> SamplingSettings:
    """The preset of a model with the settings' overrides on top. Raises `ConfigError` for an unknown preset."""
    chosen = side.settings(settings.preset)
    if settings.sampler != "preset":
        chosen = replace(chosen, sampler=settings.sampler)
    return replace(chosen, diffusion_steps=settings.diffusion_steps) if settings.diffusion_steps else chosen


def forget_engines() -> None:
    """Lets go of all engines and their memory."""
    with _lock:
        _speakers.clear()


def _load(settings: SynthesizeSettings) -> Engine:
    if settings.engine == "fake":
        from tortoise_core.inference.fake import FakeEngine  # not at the top: it needs PyTorch, a text side does not

        return FakeEngine.from_description(settings.model)
    from tortoise_core.inference.engine import load_engine  # nor this: the fake engine needs no networks

    return load_engine(settings.model, settings.device, precision(settings))
