"""The listeners that there are, and this process's: one per kind and model, loaded when it first listens.

A new one is a module and a line here. Must not know what is listened to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from tasks.errors import BadInputError
from tasks.qa.listeners import built_in, light, whisper
from tasks.qa.listeners.built_in import ModelListener
from tasks.qa.listeners.listener import Listener
from tasks.qa.listeners.policy import policy_of

OFF = "off"
# By what stands before a colon in `qa.listen`; what stands behind it names a model.
LISTENERS: dict[str, Callable[[Path, str], Listener]] = {
    built_in.NAME: lambda model, _name: ModelListener(model),
    light.NAME: lambda model, _name: ModelListener(model, light.NAME, light.LightOpinion()),
    whisper.NAME: lambda model, name: ModelListener(model, whisper.NAME, whisper.WhisperOpinion(name)),
}

_made: dict[tuple[str, Path], Listener] = {}
_lock = threading.Lock()  # two threads must not load the same networks twice


def get_listener(listen: str, model: Path) -> Listener | None:
    """Returns who listens in this process; None where nobody shall.

    Args:
        listen: `qa.listen`.
        model: the folder of a model with a speller.

    Raises `BadInputError` for a name that is none, where what the listener needs is not installed or was not learned;
    `CheckpointError` for a damaged model.
    """
    if listen == OFF:
        return None
    kind, _, name = listen.partition(":")
    if kind not in LISTENERS or (kind == whisper.NAME) != bool(name):
        raise BadInputError(
            f'qa.listen = "{listen}" names no listener: use "{OFF}", "{built_in.NAME}", "{light.NAME}", or '
            f'"{whisper.NAME}:MODEL" with the name or the folder of a model, such as "{whisper.NAME}:base.en"'
        )
    policy_of(kind)
    with _lock:
        if (listen, model) not in _made:
            _made[listen, model] = LISTENERS[kind](model, name)
        return _made[listen, model]
