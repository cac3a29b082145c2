"""The two mel front-ends against the recorded ones."""

import pytest

from tortoise_core.audio.mel import (
    CONFIG_22K,
    MelSpectrogram,
    MelSpectrogram22k,
    MelSpectrogram24k,
    denormalize_mel,
    normalize_mel,
)


@pytest.mark.golden("mel_ar")
def test_ar_front_end(golden):
    mel = MelSpectrogram(CONFIG_22K, golden["mel_norms"])
    golden.compare("mel", mel(golden["wav"]))
    golden.compare("mel_from_3d", mel(golden["wav"][:, None]))
    golden.compare("mel_short", mel(golden["short_wav"]))
    golden.compare("mel_without_norms", MelSpectrogram(CONFIG_22K)(golden["wav"]))
    golden.compare("filterbank", mel.filters)


@pytest.mark.golden("mel_ar")
def test_packaged_norms_are_the_published_ones(golden):
    assert MelSpectrogram22k().norms.equal(golden["mel_norms"])


@pytest.mark.golden("mel_diffusion")
def test_diffusion_front_end(golden):
    mel = MelSpectrogram24k()
    golden.compare("mel", mel(golden["wav"]))
    golden.compare("mel_normalized", normalize_mel(mel(golden["wav"])))
    golden.compare("mel_with_given_stft", mel(golden["wav"]))
    golden.compare("mel_loud", mel(golden["loud_wav"]))
    golden.compare("mel_batch", mel(golden["batch_wav"]))
    golden.compare("filterbank", mel.filters.T)


@pytest.mark.golden("mel_diffusion")
def test_diffusion_mel_domain(golden):
    golden.compare("normalize.y", normalize_mel(golden.out("normalize.x")))
    golden.compare("normalize.x", denormalize_mel(golden.out("normalize.y")))
    golden.compare("denormalize.y", denormalize_mel(golden.out("denormalize.x")))
    golden.compare("denormalize.x", normalize_mel(golden.out("denormalize.y")))
