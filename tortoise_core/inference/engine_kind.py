"""Says what a kind of engine is: how it is loaded, and what is known of it before.

It must not know which kinds there are: `tasks.synthesize.engines` lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tortoise_core.inference.interface import Engine, FrontEnd

if TYPE_CHECKING:
    from tortoise_core.inference.resynthesis import Resynthesis


@dataclass(frozen=True)
class EngineKind:
    """How engines of one kind are had. Only `load` and `resynthesis` may import PyTorch.

    A model is what the user configured: the path of a model folder, or any text where `model_folders` is false.
    """

    front_end: Callable[[str], FrontEnd]  # model: what is known of it without its networks
    load: Callable[[str, str, str], Engine]  # model, device ("auto", "cpu", "cuda:1"), precision
    precision: Callable[[str, str], str]  # the precision asked for ("auto", ...) and device: the one to load with
    has_networks: bool = True  # computed by PyTorch; an engine without any does without it
    model_folders: bool = True  # whether models are folders, as `talepress model` lists them
    resynthesis: Callable[[str, str, str], Resynthesis] | None = None  # as `load`: the acoustic half alone
