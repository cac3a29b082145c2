"""The training corpus of the embedded model: sentences spoken by a teacher voice, as memory-mapped arrays on disk.

A corpus is a folder of three files that only ever grow, so that making it can be stopped and continued at any minute:

- ``audio.i16``: 24 kHz mono samples of all utterances, one after the other;
- ``mel.f16``: their log-mel frames (front-end B of the spec, 100 bins), 4 frames per speech code;
- ``index.jsonl``: one line per utterance: text, voice, where its samples and frames are, and the teacher's phones with
  their end times, from which `alignment.py` aligns text and codes.

Knows nothing of models, nor of how a teacher speaks (`teachers.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.teachers import SAMPLE_RATE, Phone, teacher_of
from tortoise_core.errors import ConfigError

MEL_BINS = 100


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
        self.items = _whole_items(folder)  # a corpus may be growing, or was killed while it grew
        if not self.items:
            raise ConfigError(f"the corpus in {folder} holds no whole utterance: go on with `talepress train corpus`")
        samples = sum(item.samples for item in self.items)
        frames = sum(item.frames for item in self.items)
        self._audio = np.memmap(folder / "audio.i16", dtype=np.int16, mode="r", shape=(samples,))
        self._mel = np.memmap(folder / "mel.f16", dtype=np.float16, mode="r", shape=(frames, MEL_BINS))

    def audio(self, item: CorpusItem) -> np.ndarray:
        """Reads the samples of one utterance, in [-1, 1]. Shape: (samples,), float32."""
        return self._audio[item.sample_offset : item.sample_offset + item.samples].astype(np.float32) / 32768.0

    def mel(self, item: CorpusItem) -> np.ndarray:
        """Reads the log-mel frames of one utterance. Shape: (frames, 100), float32."""
        return self._mel[item.frame_offset : item.frame_offset + item.frames].astype(np.float32)


def build_corpus(folder: Path, sentences: Iterable[str], voices: tuple[str, ...], hours: float) -> None:
    """Speaks sentences until the corpus holds `hours` of speech; voice i modulo their number reads sentence i.

    A voice may be named several times to have a larger share. Continues a corpus of the same arguments.

    Raises:
        ConfigError: a teacher is not installed, or it cannot speak a voice.
    """
    teachers = {voice: teacher_of(voice) for voice in voices}
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
            wav, phones = teachers[voice].speak(text)
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


def _item(line: str) -> CorpusItem:
    fields = json.loads(line)
    return CorpusItem(**{**fields, "phones": tuple(Phone(**phone) for phone in fields["phones"])})


def _whole_items(folder: Path) -> list[CorpusItem]:
    """Reads the index up to the last utterance that all three files hold wholly."""
    lines = (folder / "index.jsonl").read_text(encoding="utf-8").split("\n")[:-1]  # the last one may be half a line
    items = [_item(line) for line in lines]
    audio_samples = (folder / "audio.i16").stat().st_size // 2
    mel_frames = (folder / "mel.f16").stat().st_size // (2 * MEL_BINS)
    while items and (
        items[-1].sample_offset + items[-1].samples > audio_samples
        or items[-1].frame_offset + items[-1].frames > mel_frames
    ):
        items.pop()
    return items


def _truncate_to_index(folder: Path) -> list[CorpusItem]:
    """Cuts the three files back to the last utterance that all of them hold wholly (after a kill)."""
    index = folder / "index.jsonl"
    if not index.exists():
        return []
    items = _whole_items(folder)
    lines = index.read_text(encoding="utf-8").split("\n")
    index.write_text("".join(line + "\n" for line in lines[: len(items)]), encoding="utf-8")
    with (folder / "audio.i16").open("ab") as file:
        file.truncate(2 * sum(item.samples for item in items))
    with (folder / "mel.f16").open("ab") as file:
        file.truncate(2 * MEL_BINS * sum(item.frames for item in items))
    return items
