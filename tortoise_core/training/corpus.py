"""The training corpus of the embedded model: sentences spoken by a teacher voice, as memory-mapped arrays on disk.

A corpus is a folder of three files that only ever grow, so that making it can be stopped and continued at any minute:

- ``audio.i16``: 24 kHz mono samples of all utterances, one after the other;
- ``mel.f16``: their log-mel frames (front-end B of the spec, 100 bins), 4 frames per speech code;
- ``index.jsonl``: one line per utterance: text, voice, where its samples and frames are, and the teacher's phones with
  their end times, from which the text-to-speech alignment of the guided-attention loss is made.

The teacher is flite (Debian package ``flite``): anyone can make the same corpus again, 60 times faster than real time.
This module knows nothing of models.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from torchaudio.functional import resample

from tortoise_core.audio.constants import OUTPUT_RATE_HZ
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.errors import ConfigError

SAMPLE_RATE = OUTPUT_RATE_HZ
SAMPLES_PER_CODE = 1024  # 4 frames of 256 samples
LEAD_S = 0.08  # silence kept before the first and after the last phone: utterances begin and end alike
TAIL_S = 0.16
MEL_BINS = 100


@dataclass(frozen=True)
class Phone:
    """One phone of the teacher and the time at which it ends, in seconds from the start of the utterance."""

    name: str
    end_s: float


@dataclass(frozen=True)
class CorpusItem:
    """One line of the index. Offsets and lengths count samples and frames."""

    text: str
    voice: str
    sample_offset: int
    samples: int
    frame_offset: int
    frames: int
    phones: tuple[Phone, ...]


class Corpus:
    """Read access to a corpus folder."""

    def __init__(self, folder: Path) -> None:
        index = folder / "index.jsonl"
        if not index.is_file():
            raise ConfigError(f"no corpus in {folder}: index.jsonl is missing; make one with `talepress train corpus`")
        self.items = [_item(line) for line in index.read_text(encoding="utf-8").splitlines()]
        self._audio = np.memmap(folder / "audio.i16", dtype=np.int16, mode="r")
        self._mel = np.memmap(folder / "mel.f16", dtype=np.float16, mode="r").reshape(-1, MEL_BINS)

    def audio(self, item: CorpusItem) -> np.ndarray:
        """Samples of one utterance in [-1, 1]. Shape: (samples,), float32."""
        return self._audio[item.sample_offset : item.sample_offset + item.samples].astype(np.float32) / 32768.0

    def mel(self, item: CorpusItem) -> np.ndarray:
        """Log-mel frames of one utterance. Shape: (frames, 100), float32."""
        return self._mel[item.frame_offset : item.frame_offset + item.frames].astype(np.float32)


def build_corpus(folder: Path, sentences: Iterable[str], voices: tuple[str, ...], hours: float) -> None:
    """Speaks sentences until the corpus holds `hours` of speech; voice i modulo their number reads sentence i.

    A voice may be named several times to have a larger share. Continues one begun with the same arguments.

    Raises:
        ConfigError: flite is not installed, or it cannot speak a voice.
    """
    if shutil.which("flite") is None:
        raise ConfigError("flite is not installed; it is the teacher of the training recipe: apt-get install flite")
    folder.mkdir(parents=True, exist_ok=True)
    done = _truncate_to_index(folder)
    seconds = sum(item.samples for item in done) / SAMPLE_RATE
    sample_offset = sum(item.samples for item in done)
    frame_offset = sum(item.frames for item in done)
    to_mel = MelSpectrogram24k()
    with (
        (folder / "audio.i16").open("ab") as audio_file,
        (folder / "mel.f16").open("ab") as mel_file,
        (folder / "index.jsonl").open("a", encoding="utf-8") as index_file,
    ):
        for number, text in enumerate(sentences):
            if seconds >= hours * 3600:
                break
            if number < len(done):
                continue
            voice = voices[number % len(voices)]
            wav, phones = speak_flite(text, voice)
            with torch.inference_mode():
                mel = to_mel(torch.from_numpy(wav)[None])[0, :, : len(wav) // 256].T.numpy().astype(np.float16)
            audio_file.write((wav * 32767).astype(np.int16).tobytes())
            mel_file.write(np.ascontiguousarray(mel).tobytes())
            item = CorpusItem(text, voice, sample_offset, len(wav), frame_offset, len(mel), phones)
            index_file.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")
            if number % 100 == 0:  # data before the index, so that an interrupted run never points past the end
                for file in (audio_file, mel_file, index_file):
                    file.flush()
            sample_offset += len(wav)
            frame_offset += len(mel)
            seconds += len(wav) / SAMPLE_RATE


def speak_flite(text: str, voice: str) -> tuple[np.ndarray, tuple[Phone, ...]]:
    """One utterance of the teacher at 24 kHz, its edge silence cut to a fixed length.

    Returns: samples (L,) float32 with L a multiple of 1024, and the phones with their end times.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "flite.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", " " + text, "-o", str(path)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0 or not path.exists():
            raise ConfigError(f"flite could not speak {text!r} with voice {voice!r}: {result.stderr.strip()}")
        wav, rate = sf.read(path, dtype="float32")
    phones = [Phone(name, float(end)) for name, _, end in (entry.partition(":") for entry in result.stdout.split())]
    wav24 = resample(torch.from_numpy(wav)[None], rate, SAMPLE_RATE)[0].numpy()
    return _trim(wav24, phones)


def _trim(wav: np.ndarray, phones: list[Phone]) -> tuple[np.ndarray, tuple[Phone, ...]]:
    speech_start = phones[0].end_s if phones[0].name == "pau" else 0.0
    speech_end = phones[-2].end_s if len(phones) > 1 and phones[-1].name == "pau" else phones[-1].end_s
    start = max(0.0, speech_start - LEAD_S)
    stop = speech_end + TAIL_S
    cut = wav[int(start * SAMPLE_RATE) : int(stop * SAMPLE_RATE)]
    padded = np.zeros(-(-max(len(cut), 1) // SAMPLES_PER_CODE) * SAMPLES_PER_CODE, dtype=np.float32)
    padded[: len(cut)] = np.clip(cut, -1.0, 1.0)
    length_s = len(padded) / SAMPLE_RATE
    return padded, tuple(Phone(p.name, round(min(p.end_s - start, length_s), 4)) for p in phones if p.end_s > start)


def _item(line: str) -> CorpusItem:
    fields = json.loads(line)
    return CorpusItem(**{**fields, "phones": tuple(Phone(**phone) for phone in fields["phones"])})


def _truncate_to_index(folder: Path) -> list[CorpusItem]:
    """Cuts the three files back to the last utterance that all of them hold wholly (after a kill)."""
    index = folder / "index.jsonl"
    if not index.exists():
        return []
    lines = [line for line in index.read_text(encoding="utf-8").split("\n")[:-1] if line]
    items = [_item(line) for line in lines]
    audio_samples = (folder / "audio.i16").stat().st_size // 2
    mel_frames = (folder / "mel.f16").stat().st_size // (2 * MEL_BINS)
    while items and (
        items[-1].sample_offset + items[-1].samples > audio_samples
        or items[-1].frame_offset + items[-1].frames > mel_frames
    ):
        items.pop()
    index.write_text("".join(line + "\n" for line in lines[: len(items)]), encoding="utf-8")
    with (folder / "audio.i16").open("ab") as file:
        file.truncate(2 * sum(item.samples for item in items))
    with (folder / "mel.f16").open("ab") as file:
        file.truncate(2 * MEL_BINS * sum(item.frames for item in items))
    return items


def speakable_sentences(path: Path) -> Iterator[str]:
    """Sentences of a text file (one a line) that need no normalisation, at most 160 characters, in the file's order."""
    allowed = set("abcdefghijklmnopqrstuvwxyz ,.;:!?'-")
    for line in path.read_text(encoding="utf-8").splitlines():
        text = " ".join(line.translate(_PLAIN).split())
        if 4 <= len(text) <= 160 and set(text.lower()) <= allowed and any(c.isalpha() for c in text):
            yield text


def is_held_out(text: str) -> bool:
    """Whether a sentence belongs to the half percent that training never sees (decided by its letters alone)."""
    letters = "".join(c for c in text.lower() if c.isalpha())
    return int(hashlib.sha256(letters.encode()).hexdigest(), 16) % 200 == 0


_PLAIN = str.maketrans({"’": "'", "‘": "", "“": "", "”": "", '"': "", "—": ", ", "–": "-", "_": " "})
