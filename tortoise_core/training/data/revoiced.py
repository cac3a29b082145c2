"""Computes codes of the same sentences read by other voices, in the timing of the corpus, once, into a file.

Codes carry the speaker. A decoder that is only trained on codes of the voice that it should produce takes the voice
from them and ignores its conditioning. So another teacher reads the sentence too, its mel frames are moved in time
until its phones are where those of the corpus's recording are, and the dVAE encodes that. From these codes and a clip
of the right voice the decoder should make the corpus's recording: parallel data, as for voice conversion. Knows no
decoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tortoise_core.audio.constants import FRAMES_PER_CODE, HOP_SAMPLES
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.corpus.alignment import plain_phone
from tortoise_core.corpus.teachers import PAUSE, SAMPLE_RATE, Phone, teacher_of
from tortoise_core.errors import ConfigError
from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.data.utterances import TrainingItem
from tortoise_core.training.loop import hash_seed

_ALIKE = 0.75  # least share of phones that two readings have in common; with fewer they say different things


@torch.inference_mode()
def compute_revoiced(dvae: DiscreteVAE, items: Sequence[TrainingItem], path: Path) -> None:
    """Writes codes of each utterance, read by another of the corpus's voices, to `path`, int16.

    Where two teachers read a sentence too differently, it keeps its own codes. Continues a file that is not finished;
    the file does not know which dVAE made it: use one file per dVAE. Shape on disk: (sum of code counts,).

    Raises:
        ConfigError: the utterances are of one voice, or a teacher is not installed.
    """
    voices = sorted({spoken.item.voice for spoken in items})
    if len(voices) < 2:
        raise ConfigError(f"no other voice can read the sentences of {voices}: set revoiced_share = 0, or add a voice")
    teachers = {voice: teacher_of(voice) for voice in voices}
    to_mel = MelSpectrogram24k()
    ends = np.cumsum([len(spoken.codes) for spoken in items])
    done = int(np.searchsorted(ends, path.stat().st_size // 2 if path.exists() else 0, side="right"))
    with path.open("ab") as file:
        file.truncate(2 * int(ends[done - 1]) if done else 0)
        for number, spoken in enumerate(items[done:], start=done):
            others = [voice for voice in voices if voice != spoken.item.voice]
            wav, phones = teachers[others[hash_seed(number, 3) % len(others)]].speak(spoken.item.text)
            mel = to_mel(torch.from_numpy(wav)[None])[0, :, : len(wav) // HOP_SAMPLES].T.numpy()
            moved = retime(mel, phones, spoken.item.phones, len(spoken.codes) * FRAMES_PER_CODE)
            codes = spoken.codes
            if moved is not None:
                codes = dvae.encode(torch.from_numpy(moved.T)[None])[0].numpy()
            file.write(codes.astype(np.int16).tobytes())


def retime(
    mel: NDArray[np.float32], phones: Sequence[Phone], wanted: Sequence[Phone], frames: int
) -> NDArray[np.float32] | None:
    """Moves the mel of a reading in time so that its phones are where `wanted` are; None where they do not match.

    Args:
        mel: (S, mels) of the reading.
        phones: of the reading.
        wanted: the phones of the recording whose timing the reading gets.
        frames: of that recording.

    Shape: (frames, mels).
    """
    theirs = [index for index, phone in enumerate(phones) if phone.name != PAUSE]
    ours = [index for index, phone in enumerate(wanted) if phone.name != PAUSE]
    matcher = SequenceMatcher(
        None, [plain_phone(wanted[i].name) for i in ours], [plain_phone(phones[i].name) for i in theirs], autojunk=False
    )
    if matcher.ratio() < _ALIKE:
        return None
    to = [0.0]
    source = [0.0]
    for block in matcher.get_matching_blocks():
        for i, j in zip(ours[block.a : block.a + block.size], theirs[block.b : block.b + block.size], strict=True):
            to += [_start(wanted, i), wanted[i].end_s]
            source += [_start(phones, j), phones[j].end_s]
    to.append(frames * HOP_SAMPLES / SAMPLE_RATE)
    source.append(len(mel) * HOP_SAMPLES / SAMPLE_RATE)
    middles = (np.arange(frames) + 0.5) * HOP_SAMPLES / SAMPLE_RATE
    at = np.interp(middles, np.maximum.accumulate(to), np.maximum.accumulate(source)) * SAMPLE_RATE / HOP_SAMPLES - 0.5
    at = np.clip(at, 0, len(mel) - 1)
    low = np.floor(at).astype(np.int64)
    part = (at - low).astype(np.float32)[:, None]
    return (1 - part) * mel[low] + part * mel[np.minimum(low + 1, len(mel) - 1)]


def _start(phones: Sequence[Phone], index: int) -> float:
    return phones[index - 1].end_s if index else 0.0
