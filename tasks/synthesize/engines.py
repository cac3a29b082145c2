"""One engine per process and configuration, loaded when first asked for; and its text side alone, which loads nothing.

It lives in a plainly imported module because Prefect's process runners pickle a task's body by value: state kept beside
the task would not be shared. It must not know what the engine is asked to say.
"""

from __future__ import annotations

import threading

from configs.settings import SynthesizeSettings
from tortoise_core.inference.interface import Engine, TextSide
from tortoise_core.inference.text_side import load_text_side

_engines: dict[tuple[str, str, str], Engine] = {}
_lock = threading.Lock()  # two threads must not load the same weights twice


def get_engine(settings: SynthesizeSettings) -> Engine:
    """The engine that the settings ask for. Raises `CheckpointError` or `ConfigError` when it cannot be loaded."""
    key = (settings.engine, settings.model, settings.device)
    with _lock:
        if key not in _engines:
            _engines[key] = _load(settings)
        return _engines[key]


def get_text_side(settings: SynthesizeSettings) -> TextSide:
    """The text side of the engine that the settings ask for, without networks. Raises as `get_engine`."""
    return get_engine(settings) if settings.engine == "fake" else load_text_side(settings.model)


def forget_engines() -> None:
    """Lets go of all engines and their memory."""
    with _lock:
        _engines.clear()


def _load(settings: SynthesizeSettings) -> Engine:
    if settings.engine == "fake":
        from tortoise_core.inference.fake import FakeEngine  # not at the top: it needs PyTorch, a text side does not

        return FakeEngine.from_description(settings.model)
    from tortoise_core.inference.engine import load_engine  # nor this: the fake engine needs no networks

    return load_engine(settings.model, settings.device)
