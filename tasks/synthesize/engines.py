"""One engine per process and configuration, loaded when first asked for.

It lives in a plainly imported module because Prefect's process runners pickle a task's body by value: state kept beside
the task would not be shared. It must not know what the engine is asked to say.
"""

from __future__ import annotations

import threading

from configs.settings import SynthesizeSettings
from tortoise_core.inference.fake import FakeEngine
from tortoise_core.inference.interface import Engine

_engines: dict[tuple[str, str, str], Engine] = {}
_lock = threading.Lock()  # two threads must not load the same weights twice


def get_engine(settings: SynthesizeSettings) -> Engine:
    """The engine that the settings ask for. Raises `CheckpointError` or `ConfigError` when it cannot be loaded."""
    key = (settings.engine, settings.model, settings.device)
    with _lock:
        if key not in _engines:
            _engines[key] = _load(settings)
        return _engines[key]


def forget_engines() -> None:
    """Lets go of all engines and their memory."""
    with _lock:
        _engines.clear()


def _load(settings: SynthesizeSettings) -> Engine:
    if settings.engine == "fake":
        return FakeEngine.from_description(settings.model)
    from tortoise_core.inference.engine import load_engine  # not at the top: the fake engine needs no networks

    return load_engine(settings.model, settings.device)
