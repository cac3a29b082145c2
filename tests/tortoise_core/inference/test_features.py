"""From recordings to what the networks take in: lengths, pieces, rates, and where chance comes from."""

import random
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tortoise_core.audio.conditioning import conditioning_mels
from tortoise_core.audio.load import load_audio
from tortoise_core.audio.mel import MelSpectrogram22k, MelSpectrogram24k, normalize_mel
from tortoise_core.errors import AudioError
from tortoise_core.inference.codes import PUBLISHED_FORMAT, CodeFormat
from tortoise_core.inference.features import feature_extractor, whole_mel
from tortoise_core.inference.front_end import SpeechFormat

PUBLISHED = feature_extractor(SpeechFormat(), 7)
PHONES = feature_extractor(SpeechFormat(front_end="phones"), 7)


def recorded(folder: Path, samples: int, rate_hz: int = 24_000, seed: int = 0) -> Path:
    path = folder / f"{samples}-{rate_hz}-{seed}.wav"
    soundfile.write(path, 0.1 * np.random.default_rng(seed).standard_normal(samples), rate_hz, subtype="FLOAT")
    return path


def test_rows_of_a_codec_end_as_its_model_says():
    assert PUBLISHED.codes == PUBLISHED_FORMAT
    assert PHONES.codes == CodeFormat(stop=7)


@pytest.mark.parametrize(("samples", "codes"), [(1024, 1), (1025, 2), (2048, 2), (30_001, 30)])
def test_a_recording_is_filled_up_to_whole_codes(samples, codes):
    audio = 0.1 * torch.randn(1, samples, generator=torch.Generator().manual_seed(0))
    mel = whole_mel(audio, MelSpectrogram24k())
    assert mel.shape == (1, 100, 4 * codes)
    silent = torch.nn.functional.pad(audio, (0, 1024 * codes - samples))
    assert torch.equal(mel, MelSpectrogram24k()(silent)[:, :, :-1])


def test_each_model_encodes_recordings_at_its_own_rate(tmp_path):
    clip = recorded(tmp_path, 24_000)
    assert torch.equal(PUBLISHED.codec_mel(clip), whole_mel(load_audio(clip, 22_050), MelSpectrogram22k()))
    assert torch.equal(PHONES.codec_mel(clip), whole_mel(load_audio(clip, 24_000), MelSpectrogram24k()))


def test_where_the_published_model_crops_clips_depends_on_their_number_alone(tmp_path):
    clips = [recorded(tmp_path, 150_000, 22_050, seed) for seed in (1, 2)]
    random.seed(5)
    found = PUBLISHED.conditioning(clips)
    expected = conditioning_mels([load_audio(clip, 22_050) for clip in clips], random.Random(2))
    assert torch.equal(found.auto, expected.auto) and torch.equal(found.diffusion, expected.diffusion)


def test_the_embedded_model_hears_clips_in_pieces_whose_last_is_filled_up_from_the_start(tmp_path):
    """192 frames of 256 samples are two seconds."""
    long = recorded(tmp_path, 256 * 300)
    short = recorded(tmp_path, 256 * 60, seed=3)
    mels = PHONES.conditioning([long, short])
    assert mels.diffusion.shape == mels.auto.shape == (1, 3, 100, 192)
    frames = [MelSpectrogram24k()(load_audio(clip, 24_000))[0, :, :-1] for clip in (long, short)]
    expected = [
        frames[0][:, :192],
        torch.cat([frames[0][:, 192:], frames[0][:, :84]], dim=1),
        torch.cat([frames[1], frames[1], frames[1], frames[1][:, :12]], dim=1),
    ]
    assert torch.equal(mels.diffusion[0], torch.stack(expected))
    assert torch.equal(mels.auto, normalize_mel(mels.diffusion))


def test_no_more_than_32_pieces_are_heard(tmp_path):
    clips = [recorded(tmp_path, 256 * 192 * 17, seed=seed) for seed in (4, 5)]
    both = PHONES.conditioning(clips).diffusion
    assert both.shape[1] == 32
    assert torch.equal(both[:, :17], PHONES.conditioning(clips[:1]).diffusion)


@pytest.mark.parametrize(("samples", "enough"), [(11_999, False), (12_000, True)])
def test_half_a_second_of_a_voice_is_the_least(tmp_path, samples, enough):
    clip = recorded(tmp_path, samples)
    if enough:
        assert PHONES.conditioning([clip]).diffusion.shape[1] == 1
    else:
        with pytest.raises(AudioError, match=r"11999-24000-0\.wav is shorter than half a second: give a longer clip"):
            PHONES.conditioning([clip])
