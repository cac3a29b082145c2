"""TorToise's sampling settings, and the published quality presets (spec 6.2, 6.3) under their published names.

Numbers only: knows nothing of networks or of presets that other models bring along. Must stay importable without
PyTorch: a plan is made without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from tortoise_core.errors import ConfigError
from tortoise_core.inference.interface import ADDED_LATER, Sampling

DEFAULT_PRESET = "fast"


@dataclass(frozen=True)
class SamplingSettings:
    """What shapes a take of TorToise. Implements `interface.Sampling`. Defaults: `fast` (spec 6.3)."""

    candidates: int = 96  # rows of codes sampled per take; CLVP keeps the best
    temperature: float = 0.8
    top_k: int = 50
    top_p: float = 0.8
    repetition_penalty: float = 2.0
    max_codes: int = 500
    diffusion_steps: int = 80
    sampler: str = "ddim"  # a name of `diffusion.samplers.SAMPLERS`
    cond_free: bool = True
    cond_free_k: float = 2.0
    diffusion_temperature: float = 1.0  # scales the noise that the diffusion starts from
    typical_mass: float = field(default=0.0, metadata=ADDED_LATER)  # of the typical filter; 0: none
    # Rows longer than the median of their utterance's by more than this share have run away and lose; 0: off.
    runaway_excess: float = field(default=0.0, metadata=ADDED_LATER)
    cond_free_ramp: bool = field(default=True, metadata=ADDED_LATER)  # guidance grows to its strength (spec 5)
    cvvp_amount: float = field(default=0.0, metadata=ADDED_LATER)  # CVVP's share in the blend with CLVP

    def changed(self, changes: Mapping[str, object]) -> SamplingSettings:
        """The same with other values for some settings. Raises `ConfigError` for a setting that does not exist."""
        known = [field.name for field in fields(self)]
        unknown = sorted(set(changes) - set(known))
        if unknown:
            raise ConfigError(f"TorToise has no sampling setting {unknown[0]!r}: use one of {', '.join(known)}")
        return replace(self, **changes)  # type: ignore[arg-type]  # the names are checked above

    @property
    def work(self) -> float:
        """Relative cost of a take: rows of codes and evaluations of the diffusion network."""
        return self.candidates + self.diffusion_steps * (2 if self.cond_free else 1)


def own_settings(settings: Sampling) -> SamplingSettings:
    """Settings that came back from outside, as TorToise's own. Raises `ConfigError` for another engine's."""
    if not isinstance(settings, SamplingSettings):
        raise ConfigError(
            f"the sampling settings are another engine's ({type(settings).__name__}): "
            "take them from `settings` of the engine that speaks"
        )
    return settings


# The published defaults of `tts()`'s arguments.
TTS_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "voice_samples": None,
        "conditioning_latents": None,
        "k": 1,
        "verbose": True,
        "use_deterministic_seed": None,
        "return_deterministic_state": False,
        "num_autoregressive_samples": 512,
        "temperature": 0.8,
        "length_penalty": 1,
        "repetition_penalty": 2.0,
        "top_p": 0.8,
        "max_mel_tokens": 500,
        "cvvp_amount": 0.0,
        "diffusion_iterations": 100,
        "cond_free": True,
        "cond_free_k": 2,
        "diffusion_temperature": 1.0,
    }
)
IMPLIED_TOP_K = 50  # never set in the published program: the default of the generation library that it called
BASE: Mapping[str, Any] = MappingProxyType(
    {
        "temperature": 0.8,
        "length_penalty": 1.0,
        "repetition_penalty": 2.0,
        "top_p": 0.8,
        "cond_free_k": 2.0,
        "diffusion_temperature": 1.0,
    }
)
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "ultra_fast": {"num_autoregressive_samples": 16, "diffusion_iterations": 30, "cond_free": False},
        "fast": {"num_autoregressive_samples": 96, "diffusion_iterations": 80},
        "standard": {"num_autoregressive_samples": 256, "diffusion_iterations": 200},
        "high_quality": {"num_autoregressive_samples": 256, "diffusion_iterations": 400},
    }
)


def tts_arguments(text: str, preset: str = DEFAULT_PRESET, **overrides: Any) -> dict[str, Any]:
    """Keyword arguments that the published `tts()` gets for a preset; overrides win.

    Raises:
        ConfigError: no such preset.
    """
    try:
        chosen = PRESETS[preset]
    except KeyError as error:
        raise ConfigError(f"unknown preset {preset!r}: choose one of {', '.join(PRESETS)}") from error
    return {"text": text, **BASE, **chosen, **overrides}


def published_settings(preset: str = DEFAULT_PRESET) -> SamplingSettings:
    """Sampling settings of a published preset, with the sampler that the published code uses.

    Raises:
        ConfigError: no such preset.
    """
    arguments = {**TTS_DEFAULTS, **tts_arguments("", preset)}
    return SamplingSettings(
        candidates=arguments["num_autoregressive_samples"],
        temperature=arguments["temperature"],
        top_k=IMPLIED_TOP_K,
        top_p=arguments["top_p"],
        repetition_penalty=arguments["repetition_penalty"],
        max_codes=arguments["max_mel_tokens"],
        diffusion_steps=arguments["diffusion_iterations"],
        sampler="ancestral",
        cond_free=arguments["cond_free"],
        cond_free_k=arguments["cond_free_k"],
        diffusion_temperature=arguments["diffusion_temperature"],
    )
