"""Owns analysis by synthesis: finding the speech codes of a recording by decoding candidates, not by encoding alone.

An encoder chooses each code for itself and does not see how the decoder combines them. Speech coders therefore try its
next best codes and keep those that decode nearer to the recording (Schroeder and Atal 1985, "Code-excited linear
prediction"). The codebook is the same, so that nothing after this knows the difference. Must not know audio files.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE

SWEEPS = 2  # over all places; a third lowers the error by one percent
APART = 8  # distance of the codes tried in one decoding: further than a code's influence reaches
REACH = 2  # codes on either side whose error decides about a change
CHANGES = 2.0  # weight of the error of differences between frames and between bands: consonants are such differences


@torch.inference_mode()
def search_codes(dvae: DiscreteVAE, mel: Tensor, candidates: int) -> Tensor:
    """Finds the codes of a mel, each among the encoder's best `candidates` at its place.

    Their summed `code_error` is never larger than that of `dvae.encode`, which is the result for one candidate.

    Shape: mel (1, channels, 4 M), in the dVAE's own format, to (1, M) int64.
    Raises `ConfigError` where there are not so many codes.
    """
    if not 1 <= candidates <= dvae.config.codes:
        raise ConfigError(f"code_candidates is {candidates}: use 1 to {dvae.config.codes}, the size of the codebook")
    first = dvae.encode(mel)[0]
    if candidates == 1:
        return first[None]
    ranked = dvae.candidates(mel, candidates)[0]  # (M, candidates)
    codes = first
    error = code_error(dvae, first, mel)
    first_error = error.sum()
    every = torch.arange(len(first), device=first.device)
    for turn in range(SWEEPS * APART):
        places = every[turn % APART :: APART]
        best = codes.clone()
        lowest = _nearby(error)[places]
        for rank in range(candidates):
            tried = codes.clone()
            tried[places] = ranked[places, rank]
            now = _nearby(code_error(dvae, tried, mel))[places]
            nearer = now < lowest
            best[places[nearer]] = tried[places[nearer]]
            lowest = torch.where(nearer, now, lowest)
        codes = best
        error = code_error(dvae, best, mel)
    return (codes if error.sum() < first_error else first)[None]


def code_error(dvae: DiscreteVAE, codes: Tensor, mel: Tensor) -> Tensor:
    """Measures how far each code's frames are from the recording: squared error of the mel and of its differences.

    Shape: codes (M,), mel (1, channels, 4 M) to (M,).
    """
    difference = dvae.decode(codes[None])[0] - mel[0]
    in_time = F.pad(difference.diff(dim=1), (1, 0))
    in_pitch = difference.diff(dim=0)
    frames = difference.square().mean(0) + CHANGES * (in_time.square().mean(0) + in_pitch.square().mean(0))
    return frames.view(-1, FRAMES_PER_CODE).sum(1)


def _nearby(error: Tensor) -> Tensor:
    """Sums the errors around each code. Shape: (M,) to (M,)."""
    window = 2 * REACH + 1
    return F.avg_pool1d(error[None, None], window, stride=1, padding=REACH)[0, 0] * window
