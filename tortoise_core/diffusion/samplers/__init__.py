"""Owns the table of samplers: which there are, and what each is good for.

A sampler lives in the module of its name here, as `SAMPLER`; to add one, write that module and its line below. A
model's front-end checks settings against this table, so it must not import PyTorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from tortoise_core.errors import ConfigError

if TYPE_CHECKING:
    from tortoise_core.diffusion.samplers.loop import Sampler

SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "ancestral": "the published one: draws new noise in every step and needs the most of them",
        "ddim": "deterministic once it has started; half the steps of ancestral",
        "dpmpp": "deterministic and of second order; a third of the steps of ddim",
    }
)


def require_sampler(name: str) -> None:
    """Raises `ConfigError` for a name that is not in `SAMPLERS`."""
    if name not in SAMPLERS:
        raise ConfigError(f"unknown sampler {name!r}: use one of {', '.join(SAMPLERS)}")


def sampler_named(name: str) -> Sampler:
    """Loads one of `SAMPLERS`. Raises `ConfigError` for another name."""
    require_sampler(name)
    sampler: Sampler = import_module(f"{__name__}.{name}").SAMPLER
    return sampler
