"""Speaks a recording again through the acoustic half of a model: what `talepress model resynthesize` does.

Knows nothing of text, takes or Prefect.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flows.services import Services
from tasks.disk import require_writable
from tasks.errors import BadInputError
from tasks.synthesize.engines import ENGINES, engine_kind
from tasks.synthesize.wav import write_wav
from tasks.voices.catalogue import read_latents
from tasks.voices.references import parse_reference
from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.inference.interface import VoiceLatents

if TYPE_CHECKING:
    from tortoise_core.inference.resynthesis import Resynthesis


Chain = Literal["vocoder", "codes"]  # the mel of the recording, or its codes and the diffusion decoder first


@dataclass(frozen=True)
class Resynthesized:
    """What was written, and how long that took without loading the model."""

    path: Path
    chain: Chain
    seconds: float
    wall_seconds: float

    def json(self) -> dict[str, Any]:
        """Makes what `talepress model resynthesize --json` prints."""
        return {
            "path": str(self.path),
            "through": self.chain,
            "seconds": round(self.seconds, 3),
            "wall_seconds": round(self.wall_seconds, 3),
        }


def resynthesize(
    services: Services,
    clip: Path,
    out: Path,
    chain: Chain,
    *,
    voice: str | None = None,
    references: Sequence[Path] = (),
    steps: int | None = None,
) -> Resynthesized:
    """Writes what becomes of a recording, 16-bit mono WAV at 24 kHz.

    Args:
        services: with the settings that name model, device, precision, preset and sampler.
        clip: the recording.
        out: the file to write.
        chain: what the recording goes through.
        voice: who speaks, of the voices that `talepress voice list` shows. Only for codes.
        references: or clips of who speaks. Neither: the recording itself is the reference.
        steps: network evaluations of the sampler; the preset's if not given. Only for codes.

    Raises `BadInputError` for options that do not go together, `AudioError` for a clip that cannot be used.
    """
    if chain == "vocoder" and (voice or references or steps):
        raise BadInputError("--through vocoder has no voice and no steps: leave --voice, --reference and --steps out")
    if voice and references:
        raise BadInputError("--voice and --reference both say who speaks: give one of them")
    if voice and parse_reference(voice).direction:
        raise BadInputError(f"--voice {voice!r}: a recording takes no direction: name the voice alone")
    load = engine_kind(services.synthesize).resynthesis
    if load is None:
        able = ", ".join(name for name, kind in ENGINES.items() if kind.resynthesis is not None)
        raise BadInputError(
            f"the {services.synthesize.engine} engine has no acoustic half to resynthesize with: "
            f"set synthesize.engine to one that has ({able})"
        )
    require_writable(out.parent)
    model = load(services.synthesize.model, services.synthesize.device, services.precision)
    began = time.perf_counter()
    if chain == "vocoder":
        (audio,) = model.through_vocoder([clip])
    else:
        speaker = _speaker(services, model, voice, references or (clip,))
        settings = services.sampling if steps is None else services.sampling_with(diffusion_steps=steps)
        (audio,) = model.through_codes([clip], [speaker], settings)
    wall = time.perf_counter() - began
    write_wav(out, audio, OUTPUT_RATE_HZ)
    return Resynthesized(out, chain, len(audio) / OUTPUT_RATE_HZ, wall)


def _speaker(services: Services, model: Resynthesis, voice: str | None, references: Sequence[Path]) -> VoiceLatents:
    """Returns the voice of that name, or that of the clips."""
    if voice is None:
        return model.voice(references)
    return read_latents(services.voice(voice), services.store)
