"""Recordings through the acoustic half of the shipped model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import configs
from storage.artifacts import ArtifactStore
from tasks.voices.catalogue import find_voice, read_latents
from tortoise_core.audio.mel import MelSpectrogram24k
from tortoise_core.audio.resample import resample
from tortoise_core.checkpoints.manifest import read_manifest
from tortoise_core.errors import AudioError, ConfigError
from tortoise_core.inference.engine import load_engine, load_resynthesis
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.resynthesis import Resynthesis

MINI = Path(configs.__file__).parent / "models" / "tortoise_mini"
SETTINGS = SamplingSettings(diffusion_steps=4, sampler="dpmpp", cond_free=False)


@pytest.fixture(scope="module")
def model():
    return load_resynthesis(MINI, "cpu")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Speech, of lengths that are no whole number of codes; the second at another rate."""
    engine = load_engine(MINI, "cpu")
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    voice = read_latents(find_voice("slt", engine.digest, store, ()), store)
    (said,) = engine.speak([SpeechRequest("It was late in the evening.", voice, engine.settings("ultra_fast"), 1)])
    folder = tmp_path_factory.mktemp("clips")
    paths = []
    for number, (rate, samples) in enumerate([(24_000, 30_001), (22_050, 18_303)]):
        paths.append(folder / f"{number}.wav")
        wave = resample(torch.from_numpy(said.audio)[None], 24_000, rate)[0].numpy()
        assert len(wave) > samples
        soundfile.write(paths[-1], wave[:samples], rate, subtype="FLOAT")
    return paths


def level(audio):
    return float(np.sqrt(np.mean(audio**2)))


def test_the_vocoder_alone_keeps_length_and_level(model, clips):
    for clip, audio in zip(clips, model.through_vocoder(clips), strict=True):
        recorded, rate = soundfile.read(clip)
        assert len(audio) == pytest.approx(len(recorded) * 24_000 / rate, abs=1)
        assert level(audio) == pytest.approx(level(recorded), rel=0.3)


def test_copy_synthesis_is_held_to_the_mel_of_the_recording(model, clips):
    to_mel = MelSpectrogram24k()
    wanted = to_mel(torch.from_numpy(soundfile.read(clips[0], dtype="float32")[0])[None])
    errors = {}
    for held in (False, True):
        (audio,) = model.through_vocoder(clips[:1], held_to_mel=held)
        errors[held] = float((to_mel(torch.from_numpy(audio)[None]) - wanted).abs().mean())
    assert errors[True] < 0.7 * errors[False]


def test_codes_are_one_for_1024_samples(model, clips):
    assert [len(model.codes(clip)) for clip in clips] == [30, 20]


def test_codes_decode_nearer_to_the_recording_than_those_that_the_encoder_says(model, clips):
    manifest = read_manifest(MINI)
    extra = {**manifest.extra, "speech": {**manifest.extra["speech"], "code_candidates": 1}}
    first = replace(manifest, description=replace(manifest.description, extra=extra))
    dvae = manifest.load("dvae")
    to_mel = MelSpectrogram24k()
    audio = torch.from_numpy(soundfile.read(clips[0], dtype="float32")[0])
    mel = to_mel(torch.nn.functional.pad(audio[None], (0, -len(audio) % 1024)))[:, :, :-1]
    errors = []
    for resynthesis in (Resynthesis(first, torch.device("cpu")), model):
        with torch.inference_mode():
            errors.append(float((dvae.decode(resynthesis.codes(clips[0])[None]) - mel).square().mean()))
    assert errors[1] < 0.95 * errors[0]


def test_a_clip_does_not_depend_on_the_others_of_its_batch(model, clips):
    voices = [model.voice([clip]) for clip in clips]
    together = model.through_codes(clips, voices, SETTINGS)
    alone = [model.through_codes([clip], [voice], SETTINGS)[0] for clip, voice in zip(clips, voices, strict=True)]
    for one, other, codes in zip(together, alone, (30, 20), strict=True):
        assert len(one) == codes * 1024 and level(one) > 0.005
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_voice_seed_and_steps_matter(model, clips):
    voices = [model.voice([clip]) for clip in clips]
    (plain,) = model.through_codes(clips[:1], voices[:1], SETTINGS)
    for changed in (
        model.through_codes(clips[:1], voices[1:], SETTINGS),
        model.through_codes(clips[:1], voices[:1], SETTINGS, seed=1),
        model.through_codes(clips[:1], voices[:1], replace(SETTINGS, diffusion_steps=8)),
    ):
        assert np.abs(changed[0] - plain).max() > 1e-3
    assert np.array_equal(model.through_codes(clips[:1], voices[:1], SETTINGS)[0], plain)


def test_a_model_without_its_dvae_is_refused():
    manifest = read_manifest(MINI)
    networks = {role: entry for role, entry in manifest.networks.items() if role != "dvae"}
    with pytest.raises(ConfigError, match=r"without its dVAE.*add dvae.pth"):
        Resynthesis(replace(manifest, networks=networks), torch.device("cpu"))


def test_every_recording_has_the_noise_of_the_seed(model, clips, monkeypatch):
    """Of vocoders that use any: the published one does."""
    seeds = []

    def vocode(mels, generators):
        seeds.extend(generator.initial_seed() for generator in generators)
        return [np.zeros(256 * mel.shape[1], np.float32) for mel in mels]

    monkeypatch.setattr(model._audio, "vocode", vocode)
    model.through_vocoder(clips, seed=7, held_to_mel=False)
    model.through_vocoder(clips[:1], held_to_mel=False)
    assert seeds == [7, 7, 0]


def test_a_voice_of_another_model_is_refused(model, clips):
    width = model.voice(clips[:1])["diffusion"].shape[1]
    assert model.codebook_size == 4096
    for wrong in (width // 2, width + 1):
        with pytest.raises(ConfigError, match=f"another model .*this one needs diffusion 1 x {width}"):
            model.decode([torch.arange(3)], [{"diffusion": np.zeros((1, wrong), np.float32)}], SETTINGS)


def test_the_mels_of_codes_are_those_that_are_vocoded(model, clips):
    voices = [model.voice([clip]) for clip in clips]
    codes = [torch.arange(5), torch.arange(40, 48)]
    mels = model.mels(codes, voices, SETTINGS)
    assert [mel.shape for mel in mels] == [(100, 4 * len(row)) for row in codes]
    waves = model.decode(codes, voices, SETTINGS)
    with torch.inference_mode():
        again = model._audio.vocode([torch.from_numpy(mel) for mel in mels], [torch.Generator()] * 2)
    for wave, other in zip(waves, again, strict=True):
        np.testing.assert_allclose(wave, other, atol=2e-3)


def test_a_clip_that_is_no_audio_is_refused(model, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(AudioError, match=r"a\.wav"):
        model.through_vocoder([tmp_path / "a.wav"])
