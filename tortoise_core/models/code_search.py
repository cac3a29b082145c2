"""Analysis by synthesis: the speech codes of a recording, found by decoding instead of by the encoder alone.

An encoder answers at once, each code for itself, and so misses what the decoder would have made of the codes together.
Trying its next best guesses and keeping what decodes nearer to the recording costs some work and no weights, as speech
coders have long done (Schroeder and Atal 1985, "Code-excited linear prediction"). The codebook is the same: whoever
reads the codes need not know.

Knows nothing of text, voices or waveforms.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from tortoise_core.audio.constants import FRAMES_PER_CODE
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE

SWEEPS = 2  # over all places; a third lowers the error by one percent
APART = 8  # codes tried in one decoding: further from each other than a code is heard
REACH = 2  # codes on either side whose error a change is judged by
CHANGES = 2.0  # weight of the error of what changes from frame to frame and band to band: consonants are such changes


@torch.inference_mode()
def search_codes(dvae: DiscreteVAE, mel: Tensor, candidates: int) -> Tensor:
    """The codes of a mel, each one of the encoder's best `candidates` at its place.

    Never further from the mel (`code_error`, its sum) than `dvae.encode`, which is what one candidate gives.

    Shape: mel (1, channels, 4 M), in the dVAE's own format, to (1, M) int64.
    Raises `ConfigError` where there are not so many codes.
    """
    if not 1 <= candidates <= dvae.config.codes:
        raise ConfigError(f"code_candidates is {candidates}: use 1 to {dvae.config.codes}, the size of the codebook")
    first = dvae.encode(mel)[0]
    if candidates == 1:
        return first[None]
    ranked = dvae.candidates(mel, candidates)[0]  # (M, candidates)
    codes, error = first, code_error(dvae, first, mel)
    begun, every = error.sum(), torch.arange(len(first), device=first.device)
    for turn in range(SWEEPS * APART):
        places = every[turn % APART :: APART]
        best, heard = codes.clone(), _nearby(error)[places]
        for rank in range(candidates):
            tried = codes.clone()
            tried[places] = ranked[places, rank]
            now = _nearby(code_error(dvae, tried, mel))[places]
            nearer = now < heard
            best[places[nearer]] = tried[places[nearer]]
            heard = torch.where(nearer, now, heard)
        codes, error = best, code_error(dvae, best, mel)
    return (codes if error.sum() < begun else first)[None]


def code_error(dvae: DiscreteVAE, codes: Tensor, mel: Tensor) -> Tensor:
    """How far each code's frames are from the recording: squared error of the mel and of its changes.

    Shape: codes (M,), mel (1, channels, 4 M) to (M,).
    """
    missed = dvae.decode(codes[None])[0] - mel[0]
    in_time, in_pitch = F.pad(missed.diff(dim=1), (1, 0)), missed.diff(dim=0)
    frames = missed.square().mean(0) + CHANGES * (in_time.square().mean(0) + in_pitch.square().mean(0))
    return frames.view(-1, FRAMES_PER_CODE).sum(1)


def _nearby(error: Tensor) -> Tensor:
    """Sum of the errors around each code. Shape: (M,) to (M,)."""
    window = 2 * REACH + 1
    return F.avg_pool1d(error[None, None], window, stride=1, padding=REACH)[0, 0] * window
