"""TorToise as one kind of engine among others. Knows where its parts are, not what they do.

Must stay importable without PyTorch: a plan asks for the front-end alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise_core.inference.engine_kind import EngineKind
from tortoise_core.inference.front_end import load_front_end
from tortoise_core.inference.precision import choose_precision

if TYPE_CHECKING:
    from tortoise_core.inference.engine import TorToiseEngine
    from tortoise_core.inference.resynthesis import Resynthesis


def _load(model: str, device: str, precision: str) -> TorToiseEngine:
    from tortoise_core.inference.engine import load_engine

    return load_engine(model, device, choose_precision(precision, device))


def _load_resynthesis(model: str, device: str, precision: str) -> Resynthesis:
    from tortoise_core.inference.engine import load_resynthesis

    return load_resynthesis(model, device, choose_precision(precision, device))


TORTOISE = EngineKind(
    front_end=load_front_end,
    load=_load,
    precision=choose_precision,
    resynthesis=_load_resynthesis,
)
