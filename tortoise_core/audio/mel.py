"""Owns log-mel spectrograms: the two front-ends of the published model (spec 1.1, 1.2) and others of their family.

Batched, differentiable and on any device, for training and inference alike. Must not know files, clips or networks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import torch
from torch import nn

from tortoise_core.audio import constants
from tortoise_core.errors import AudioError, ConfigError

# Slaney's mel scale: linear up to the break, then 27 mels for every factor of 6.4.
_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1000.0
_LOG_STEP = math.log(6.4) / 27

LOUDEST_SAMPLE = 10.0  # beyond this the input is not a waveform in [-1, 1], not even a clipped one


@dataclass(frozen=True)
class MelConfig:
    """Describes a spectrogram. Window: periodic Hann as long as the FFT; filters: triangles of equal area."""

    sample_rate_hz: int
    bands: int
    max_hz: float
    scale: Literal["htk", "slaney"]  # formula of the mel scale
    power: Literal[1, 2]  # 1: magnitude, 2: power spectrum
    clip_waveform: bool  # limit samples to [-1, 1] first
    min_hz: float = 0.0
    fft_samples: int = constants.FFT_SAMPLES
    hop_samples: int = constants.HOP_SAMPLES

    def __post_init__(self) -> None:
        if not 0 <= self.min_hz < self.max_hz <= self.sample_rate_hz / 2:
            raise ConfigError(
                f"mel bands from {self.min_hz} to {self.max_hz} Hz do not fit a rate of {self.sample_rate_hz} Hz: "
                "min_hz must be below max_hz, and max_hz at most half the rate"
            )

    def frames(self, samples: int) -> int:
        """Counts the frames of a waveform of so many samples: `1 + floor(samples / hop)`."""
        return 1 + samples // self.hop_samples


CONFIG_22K = MelConfig(constants.AR_RATE_HZ, constants.AR_MEL_BANDS, 8000.0, scale="htk", power=2, clip_waveform=False)
CONFIG_24K = MelConfig(
    constants.OUTPUT_RATE_HZ, constants.DIFFUSION_MEL_BANDS, 12000.0, scale="slaney", power=1, clip_waveform=True
)


def mel_filters(config: MelConfig) -> torch.Tensor:
    """Builds the triangular filters of a mel spectrogram, bit for bit those of the published front-ends.

    The published 22.05 kHz front-end has torchaudio's, computed in float32; the 24 kHz one has librosa's, in float64.

    Shape: `(fft_samples // 2 + 1, bands)`, float32.
    """
    if config.scale == "slaney":
        return _slaney_filters(config)
    from torchaudio.functional import melscale_fbanks  # here: a tenth of a second, which speaking does without

    return melscale_fbanks(
        config.fft_samples // 2 + 1,
        config.min_hz,
        config.max_hz,
        config.bands,
        config.sample_rate_hz,
        norm="slaney",
        mel_scale=config.scale,
    )


def _slaney_filters(config: MelConfig) -> torch.Tensor:
    """Builds filters on Slaney's mel scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.

    Shape: as `mel_filters`.
    """
    lowest = _hz_to_slaney_mel(config.min_hz)
    highest = _hz_to_slaney_mel(config.max_hz)
    edges_mel = torch.linspace(lowest, highest, config.bands + 2, dtype=torch.float64)
    logarithmic_hz = _BREAK_HZ * torch.exp(_LOG_STEP * (edges_mel - _BREAK_HZ / _HZ_PER_MEL))
    edges_hz = torch.where(edges_mel < _BREAK_HZ / _HZ_PER_MEL, edges_mel * _HZ_PER_MEL, logarithmic_hz)
    bins_hz = torch.arange(config.fft_samples // 2 + 1, dtype=torch.float64) * config.sample_rate_hz
    bins_hz = (bins_hz / config.fft_samples)[:, None]
    widths = edges_hz.diff()
    rising = (bins_hz - edges_hz[:-2]) / widths[:-1]
    falling = (edges_hz[2:] - bins_hz) / widths[1:]
    triangles = torch.minimum(rising, falling).clamp(min=0).float()  # librosa keeps them as float32
    return (triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))).float()


def _hz_to_slaney_mel(hz: float) -> float:
    """Converts a frequency to Slaney's mel scale."""
    if hz < _BREAK_HZ:
        return hz / _HZ_PER_MEL
    return _BREAK_HZ / _HZ_PER_MEL + math.log(hz / _BREAK_HZ) / _LOG_STEP


def mel_norms() -> torch.Tensor:
    """Reads the divisors of the 80 bands of the published 22.05 kHz front-end. All are negative.

    Shape: `(80,)`, float32.
    """
    table = resources.files(__package__).joinpath("mel_norms.tsv").read_text(encoding="ascii")
    return torch.tensor([float(line.split("\t")[1]) for line in table.splitlines()])


class MelSpectrogram(nn.Module):
    """Computes natural-log mel spectrograms. Holds no parameters and adds nothing to a state dict.

    Args:
        config: the spectrogram to compute.
        norms: one divisor per band, applied after the logarithm; none leaves the logarithm as it is.
    """

    window: torch.Tensor
    filters: torch.Tensor
    norms: torch.Tensor | None

    def __init__(self, config: MelConfig, norms: torch.Tensor | None = None) -> None:
        super().__init__()
        if norms is not None and norms.shape != (config.bands,):
            raise ConfigError(f"mel norms have shape {tuple(norms.shape)} for {config.bands} bands: give one per band")
        self.config = config
        self.register_buffer("window", torch.hann_window(config.fft_samples), persistent=False)
        self.register_buffer("filters", mel_filters(config), persistent=False)
        self.register_buffer("norms", norms, persistent=False)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        """Computes the log-mel spectrograms of a batch of waveforms.

        Args:
            waveform: float samples in [-1, 1], `(B, L)` or `(B, 1, L)`, L > fft_samples / 2.

        Shape: `(B, bands, 1 + floor(L / hop))`.

        Raises:
            AudioError: the clip is too short to pad by reflection or, where the front-end clips, goes beyond +-10.
        """
        if waveform.dim() == 3:
            waveform = waveform.squeeze(1)
        self._check(waveform)
        if self.config.clip_waveform:
            waveform = waveform.clamp(-1.0, 1.0)
        spectrum = torch.stft(
            waveform,
            self.config.fft_samples,
            hop_length=self.config.hop_samples,
            window=self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )  # (B, bins, F)
        mel = torch.matmul(self.filters.T, spectrum.abs() ** self.config.power)  # (B, bands, F)
        log_mel = mel.clamp(min=constants.MEL_FLOOR).log()
        return log_mel if self.norms is None else log_mel / self.norms[:, None]

    def _check(self, waveform: torch.Tensor) -> None:
        """Refuses waveforms of the wrong shape, length or range. Raises `AudioError`."""
        if waveform.dim() != 2:
            raise AudioError(
                f"waveforms have shape {tuple(waveform.shape)}: give (batch, samples) or (batch, 1, samples)"
            )
        padding = self.config.fft_samples // 2
        if waveform.shape[-1] <= padding:
            raise AudioError(
                f"a clip of {waveform.shape[-1]} samples is too short for a spectrogram: give at least {padding + 1}"
            )
        # Written so that a NaN fails, too.
        if self.config.clip_waveform and waveform.numel() and not waveform.abs().max() <= LOUDEST_SAMPLE:
            raise AudioError(
                f"some samples are not numbers or lie beyond +-{LOUDEST_SAMPLE:g}: scale the waveform to [-1, 1]"
            )


class MelSpectrogram22k(MelSpectrogram):
    """The front-end of AR conditioning, CVVP and dVAE (spec 1.1): 22.05 kHz, 80 bands, divided by `mel_norms`."""

    def __init__(self) -> None:
        super().__init__(CONFIG_22K, mel_norms())


class MelSpectrogram24k(MelSpectrogram):
    """The front-end of diffusion and vocoder (spec 1.2): 24 kHz, 100 bands, raw natural logarithm."""

    def __init__(self) -> None:
        super().__init__(CONFIG_24K)


def normalize_mel(log_mel: torch.Tensor) -> torch.Tensor:
    """Maps a raw log-mel to the domain of the diffusion model's target, nominally [-1, 1] (spec 1.2). Any shape."""
    span = constants.DIFFUSION_MEL_MAX - constants.DIFFUSION_MEL_MIN
    return 2 * (log_mel - constants.DIFFUSION_MEL_MIN) / span - 1


def denormalize_mel(normalized: torch.Tensor) -> torch.Tensor:
    """Maps the diffusion model's domain back to raw log-mels: the inverse of `normalize_mel`. Any shape."""
    span = constants.DIFFUSION_MEL_MAX - constants.DIFFUSION_MEL_MIN
    return (normalized + 1) / 2 * span + constants.DIFFUSION_MEL_MIN
