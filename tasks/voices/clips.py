"""Judges recordings that a voice is to be made of, and says what to record better.

A doubtful recording is taken all the same: it is the user's ear that decides. It must not know models or latents.
The limits were set on speech of four speakers, clean and spoiled on purpose (tests/tasks/voices/test_clips.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.fft import dct
from scipy.signal import medfilt, stft

from tasks.qa.checks import runs
from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.load import load_audio

ENOUGH_S = 6.0  # of speech, in all clips together
MAX_CLIPPED_SHARE = 0.0005  # of samples in flat tops
MIN_SNR_DB = 23.0  # speech over noise between words
MAX_NOISE_UNEVENNESS_DB = 5.0  # between the quiet frames of a clip with noise; clean clips and rooms have more
MAX_DECAY_S = 0.55  # in which sound falls by 60 dB where a word ends; speech in a dry room has 0.15 to 0.35 s
MIN_SPEECH_SHARE = 0.4  # of a clip's length
MAX_TIMBRE_DISTANCE = 0.6  # the same speaker in the same room has at most 0.4, another speaker at least 0.63
NARROW_BAND_HZ = 3800.0  # nothing above: a telephone
MIN_HIGH_DB = -60.0  # level above that frequency, relative to all

_FRAME_S = 0.01
_DECAY_FRAMES = 12
_PIECE_S = 3.0
_FLAT_RUN = 3
_COEFFICIENTS = 20
_BANDS = 40
_HIGHEST_BAND_HZ = 8000.0


def advise(clips: Sequence[Path]) -> tuple[str, ...]:
    """Says what is doubtful about recordings of one speaker, and what to do: a sentence for each fault; none if good.

    Raises `AudioError` for one that cannot be read.
    """
    audio = {clip: load_audio(clip, OUTPUT_RATE_HZ)[0].numpy() for clip in clips}
    faults = [f"{clip.name}: {fault}" for clip, samples in audio.items() for fault in _faults(samples)]
    if not faults:  # noise and echo change a speaker's timbre
        faults += _strangers(audio)
    speech_s = sum(_speech_share(samples) * len(samples) for samples in audio.values()) / OUTPUT_RATE_HZ
    if speech_s < ENOUGH_S:
        faults.append(f"only {speech_s:.1f} s of speech in all: 10 to 30 s in a few clips make a truer voice")
    return tuple(faults)


def _faults(samples: np.ndarray) -> Iterator[str]:
    """Yields what is wrong with one clip (samples,)."""
    if clipped_share(samples) > MAX_CLIPPED_SHARE:
        yield "it is overdriven: record at a lower level, and leave the peaks some room"
    # What is heard between words is even where it is noise, and falling where it is the room.
    if _unevenness_db(samples) < MAX_NOISE_UNEVENNESS_DB:
        if snr_db(samples) < MIN_SNR_DB:
            yield (
                f"noise between the words is only {snr_db(samples):.0f} dB below the speech: "
                "record in a quieter place, or nearer to the microphone"
            )
    elif decay_s(samples) > MAX_DECAY_S:
        yield f"it echoes (60 dB in {decay_s(samples):.1f} s): record among curtains and cushions, near the microphone"
    if _speech_share(samples) < MIN_SPEECH_SHARE:
        yield f"{1 - _speech_share(samples):.0%} of it is silence: cut the clip to where somebody speaks"
    if _high_db(samples) < MIN_HIGH_DB:
        yield "it has nothing above 4 kHz, as over a telephone: the voice will be dull; use a better recording"


def clipped_share(samples: np.ndarray) -> float:
    """Measures the share of samples (L,) in flat tops at the clip's own peak, whatever its level is now."""
    peak = float(np.abs(samples).max())
    flat = sum(end - begin for begin, end in runs(np.abs(samples) >= 0.999 * peak) if end - begin >= _FLAT_RUN)
    return flat / len(samples)


def snr_db(samples: np.ndarray) -> float:
    """Measures how far the loud frames of a clip (L,) lie above its quiet ones, in dB."""
    levels = _levels(samples)
    return float(np.percentile(levels, 95) - np.percentile(levels, 10))


def decay_s(samples: np.ndarray) -> float:
    """Estimates the reverberation time from a clip (L,): how fast levels fall where a word ends, taken to 60 dB."""
    levels = medfilt(_levels(samples), 3)
    begins = levels[:-_DECAY_FRAMES]
    falls = (begins - levels[_DECAY_FRAMES:])[begins > np.percentile(levels, 95) - 15]
    if not len(falls):
        return 0.0
    return float(60 * _DECAY_FRAMES * _FRAME_S / max(np.percentile(falls, 95), 0.1))


def _unevenness_db(samples: np.ndarray) -> float:
    """Measures how far the quiet frames of a clip (L,) lie apart, in dB."""
    levels = _levels(samples)
    return float(np.percentile(levels, 25) - np.percentile(levels, 5))


def timbre_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Compares two stretches of speech (L,) by the means of their cepstra, in deviations within them."""
    first = _cepstra(one)
    second = _cepstra(other)
    spread = (first.var(0) + second.var(0)) / 2
    return float(np.sqrt(np.mean((first.mean(0) - second.mean(0)) ** 2 / spread)))


def _strangers(audio: dict[Path, np.ndarray]) -> Iterator[str]:
    """Yields a sentence where two stretches of the clips do not sound like one speaker in one room."""
    size = int(_PIECE_S * OUTPUT_RATE_HZ)
    pieces = [
        (clip, samples[begin : begin + size])
        for clip, whole in audio.items()
        for samples in [_without_silence(whole)]
        for begin in range(0, len(samples) - size // 2, size)
    ]
    distances = [
        (timbre_distance(one, other), first.name, second.name)
        for (first, one), (second, other) in combinations(pieces, 2)
    ]
    farthest, first_name, second_name = max(distances, default=(0.0, "", ""))
    if farthest > MAX_TIMBRE_DISTANCE:
        where = f"within {first_name}" if first_name == second_name else f"in {first_name} and {second_name}"
        yield (
            f"more than one speaker, or other rooms and microphones, {where}: "
            "a voice is made of one person, recorded in one way"
        )


def _levels(samples: np.ndarray) -> np.ndarray:
    """Measures the level of each frame of a hundredth of a second, in dB. Shape: (L,) to (frames,)."""
    hop = int(_FRAME_S * OUTPUT_RATE_HZ)
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop).astype(np.float64)
    return 10 * np.log10((frames**2).mean(1) + 1e-10)


def _speaks(samples: np.ndarray) -> np.ndarray:
    """Tells which frames are within 30 dB of the loud ones. Shape: (L,) to bool (frames,)."""
    levels = _levels(samples)
    speaks: np.ndarray = levels > np.percentile(levels, 99) - 30
    return speaks


def _speech_share(samples: np.ndarray) -> float:
    return float(np.mean(_speaks(samples)))


def _without_silence(samples: np.ndarray) -> np.ndarray:
    """Leaves out the frames in which nobody speaks. Shape: (L,) to (K,)."""
    hop = int(_FRAME_S * OUTPUT_RATE_HZ)
    return samples[: len(samples) // hop * hop].reshape(-1, hop)[_speaks(samples)].reshape(-1)


def _high_db(samples: np.ndarray) -> float:
    """Measures the level above `NARROW_BAND_HZ` relative to the whole, in dB."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    high = np.fft.rfftfreq(len(samples), 1 / OUTPUT_RATE_HZ) > NARROW_BAND_HZ
    return float(10 * np.log10((power[high].sum() + 1e-20) / (power.sum() + 1e-20)))


def _cepstra(samples: np.ndarray) -> np.ndarray:
    """Computes mel cepstra of the louder frames, without the level. Shape: (L,) to (frames, coefficients)."""
    _, _, spectrum = stft(samples, OUTPUT_RATE_HZ, nperseg=1024, noverlap=1024 - 480)
    bands = np.log(_mel_filters() @ np.abs(spectrum) ** 2 + 1e-10)
    levels = bands.mean(0)
    loud = bands[:, levels > np.percentile(levels, 40)]
    return np.asarray(dct(loud, axis=0, norm="ortho")[1:_COEFFICIENTS].T)


def _mel_filters() -> np.ndarray:
    """Makes triangular filters, evenly spaced in mels. Shape: (bands, 513)."""
    top = 2595 * np.log10(1 + _HIGHEST_BAND_HZ / 700)
    edges = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    hz = np.linspace(0, OUTPUT_RATE_HZ / 2, 513)
    rising = (hz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hz) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling))
