"""Vocoders in windows against the same vocoders all at once."""

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.inference import vocoding
from tortoise_core.inference.vocoding import WindowedVocoder, fixed_windows, windows
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.models.univnet import SILENT_FRAMES, UnivNet, UnivNetConfig

SMALL = UnivNetConfig(noise_channels=6, channels=4, predictor_channels=8, mel_bands=10)
UNIVNETS = [SMALL, UnivNetConfig(noise_channels=6, channels=4, predictor_channels=8, mel_bands=10, strides=(3, 5))]
FRAME = FrameVocoderConfig(mels=10, width=16, hidden=24, layers=2)


def generators(count):
    return [torch.Generator().manual_seed(seed) for seed in range(count)]


def network(config):
    torch.manual_seed(0)
    return (UnivNet if isinstance(config, UnivNetConfig) else FrameVocoder)(config).eval()


def whole(vocoder, mel, generator):
    if isinstance(vocoder, FrameVocoder):
        return vocoder(mel[None])[0].clamp(-1, 1)
    noise = torch.randn(1, vocoder.config.noise_channels, mel.shape[1] + SILENT_FRAMES, generator=generator)
    return vocoder.vocode(mel[None], noise)[0, 0]


@pytest.mark.parametrize("frames", [1, 39, 40, 41, 52, 99, 300])
def test_windows_keep_every_frame_once_and_hear_its_context(frames):
    kept = windows(frames, 40, 12)
    assert [f for w in kept for f in range(w.first, w.last)] == list(range(frames))
    for w in kept:
        assert 0 <= w.start <= max(0, w.first - 12)
        assert w.stop == frames or w.last + 12 <= w.stop
        assert w.stop - w.start == kept[0].stop <= 40
    assert len(kept) == max(1, -(-(frames - 24) // 16)) or frames <= 40
    assert sum(w.stop - w.start for w in kept) < frames + 24 * (len(kept) - 1) + len(kept)


@pytest.mark.parametrize("frames", [1, 39, 40, 41, 52, 79, 80, 99, 300])
def test_fixed_windows_keep_every_frame_once_and_pad_nothing(frames):
    kept = fixed_windows(frames, (80, 40, 24, 10), 12)
    assert [f for w in kept for f in range(w.first, w.last)] == list(range(frames))
    assert {w.stop - w.start for w in kept} == {80 if frames >= 80 else 40 if frames >= 40 else frames}
    for w in kept:
        assert 0 <= w.start <= max(0, w.first - 12)
        assert w.stop == frames or w.last + 12 <= w.stop < frames


def test_windows_without_a_middle_are_refused():
    with pytest.raises(ConfigError, match="24 frames leave nothing between 12"):
        windows(100, 24, 12)


@pytest.mark.parametrize("config", [*UNIVNETS, FRAME])
@torch.inference_mode()
def test_windows_say_what_the_whole_says(config):
    vocoder = network(config)
    mels = [torch.randn(10, frames) * 2 - 4 for frames in (61, 150, 3, 62, 61)]
    expected = [whole(vocoder, mel, g) for mel, g in zip(mels, generators(5), strict=True)]
    windowed = WindowedVocoder(vocoder, window=2 * config.context + 20)
    together = windowed.vocode(mels, generators(5))
    for mel, expect, said, generator in zip(mels, expected, together, generators(5), strict=True):
        pieces = list(windowed.stream(mel, generator))
        torch.testing.assert_close(said, expect, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(torch.cat(pieces), expect, atol=1e-5, rtol=1e-4)
        assert (len(pieces) > 1) == (len(expect) > (2 * config.context + 20) * config.hop)


@pytest.mark.parametrize("config", [*UNIVNETS, FRAME])
@torch.inference_mode()
def test_windows_of_fixed_widths_say_what_the_whole_says(config):
    vocoder = network(config)
    mels = [torch.randn(10, frames) * 2 - 4 for frames in (61, 250, 3, 120)]
    expected = [whole(vocoder, mel, g) for mel, g in zip(mels, generators(4), strict=True)]
    widths = (2 * config.context + 60, 2 * config.context + 20)
    together = WindowedVocoder(vocoder, batch_frames=1_000, widths=widths).vocode(mels, generators(4))
    for expect, said in zip(expected, together, strict=True):
        torch.testing.assert_close(said, expect, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("config", [*UNIVNETS, FRAME])
@torch.inference_mode()
def test_a_frame_hears_its_context_and_nothing_beyond(config):
    vocoder = network(config)
    context = config.context
    frame = 60
    mel = torch.randn(10, 121)
    plain = whole(vocoder, mel, *generators(1))
    for reach, heard in ((context + 1, False), (max(2, context // 3), True)):
        for direction in (-1, 1):
            other = mel.clone()
            other[:, frame + direction * reach] += 3.0
            changed = (whole(vocoder, other, *generators(1)) - plain)[frame * config.hop : (frame + 1) * config.hop]
            assert bool(changed.abs().max() > 1e-9) == heard, (reach, direction)


@torch.inference_mode()
def test_memory_of_a_batch_is_bounded(monkeypatch):
    vocoder = network(SMALL)
    seen = []
    windowed = WindowedVocoder(vocoder, window=60, batch_frames=120)
    plain = vocoder.forward
    monkeypatch.setattr(vocoder, "forward", lambda mel, noise: (seen.append(mel.shape), plain(mel, noise))[1])
    windowed.vocode([torch.randn(10, frames) for frames in (500, 30, 200)], generators(3))
    assert max(shape[0] * shape[2] for shape in seen) <= 120
    assert max(shape[0] for shape in seen) == 2


def test_what_is_no_vocoder_is_refused():
    with pytest.raises(ConfigError, match="Linear is no vocoder"):
        WindowedVocoder(torch.nn.Linear(1, 1))


def test_as_much_is_vocoded_at_once_as_memory_allows():
    assert (vocoding.WINDOW, vocoding.FIXED_WIDTHS, vocoding.BATCH_FRAMES) == (384, (384, 192, 96), 1536)
    plain = WindowedVocoder(network(FRAME))
    assert (plain._window, plain.batch_frames, plain._widths) == (384, 1536, None)


@torch.inference_mode()
def test_what_is_too_loud_is_clipped():
    vocoder = network(FRAME)
    vocoder.head.weight.zero_()  # every frame is a click: all its waves begin together
    bins = FRAME.fft // 2 + 1
    vocoder.head.bias[:bins] = 3.0
    vocoder.head.bias[bins:] = torch.pi * torch.arange(bins)  # in the middle of the frame
    mel = torch.zeros(10, 60)
    assert vocoder(mel[None]).abs().max() > 1.5
    (wave,) = WindowedVocoder(vocoder).vocode([mel], generators(1))
    assert wave.abs().max() == 1.0


@torch.inference_mode()
def test_the_weight_norm_of_a_vocoder_is_folded():
    vocoder = network(SMALL)
    WindowedVocoder(vocoder)
    assert not any("weight_g" in name for name in vocoder.state_dict())
