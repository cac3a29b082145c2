"""The frame-rate vocoder: lengths, spectra, and that it learns a tone."""

import pytest
import torch

from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.training.losses import magnitudes, multi_resolution_stft_loss

TINY = FrameVocoderConfig(mels=10, width=16, hidden=24, layers=2)


@pytest.mark.parametrize("frames", [4, 5, 40])
def test_every_frame_becomes_256_samples(frames):
    torch.manual_seed(0)
    wav = FrameVocoder(TINY)(torch.randn(2, 10, frames))
    assert wav.shape == (2, 256 * frames)
    assert wav.dtype == torch.float32 and wav.isfinite().all()


def test_a_magnitude_has_a_ceiling():
    torch.manual_seed(0)
    model = FrameVocoder(TINY)
    with torch.no_grad():
        model.head.bias[: 1024 // 2 + 1] = 60.0
        magnitude = model.spectrum(torch.randn(1, 10, 4)).abs()
    torch.testing.assert_close(magnitude, torch.full_like(magnitude, 148.41316))  # e^5


def test_rows_of_a_batch_do_not_touch_each_other():
    torch.manual_seed(0)
    model = FrameVocoder(TINY).eval()
    mel = torch.randn(3, 10, 20)
    torch.testing.assert_close(model(mel)[1:2], model(mel[1:2]), atol=1e-6, rtol=0)


def test_the_spectrum_it_predicts_is_the_spectrum_it_makes():
    """A spectrum that is a real signal's survives the inverse transform: what goes in comes out, phase and all."""
    model = FrameVocoder(TINY)
    signal = torch.sin(torch.arange(256 * 30) * 0.1)[None]
    spectrum = torch.stft(signal, 1024, 256, window=model.window, return_complex=True)
    model.spectrum = lambda mel: spectrum[:, :, :30]
    middle = slice(512, 256 * 30 - 1024)
    torch.testing.assert_close(model(torch.zeros(1, 10, 30))[:, middle], signal[:, middle], atol=1e-4, rtol=0)


def test_it_learns_a_tone():
    torch.manual_seed(0)
    model = FrameVocoder(TINY)
    mel = torch.randn(1, 10, 16) * 3 - 6
    target = 0.3 * torch.sin(torch.arange(256 * 16) * 0.2)[None]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        loss = multi_resolution_stft_loss(model(mel), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0], losses[:: len(losses) - 1]


def test_the_spectral_loss_is_zero_for_itself_and_has_a_gradient_in_silence():
    wav = torch.randn(2, 6000)
    assert multi_resolution_stft_loss(wav, wav) == 0
    silence = torch.zeros(1, 6000, requires_grad=True)
    multi_resolution_stft_loss(silence, wav[:1]).backward()
    assert silence.grad.isfinite().all()
    assert magnitudes(wav, 512, 128).shape == (2, 257, 1 + 6000 // 128)
