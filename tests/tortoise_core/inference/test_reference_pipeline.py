"""The slow reference pipeline, and that the engine says what it says."""

import random

import numpy as np
import pytest
import soundfile
import torch

from tortoise_core.audio.conditioning import conditioning_mels
from tortoise_core.audio.load import load_audio
from tortoise_core.checkpoints import read_manifest, write_manifest, write_network
from tortoise_core.checkpoints.registry import RandomLatentConfig
from tortoise_core.errors import ConfigError, TextError
from tortoise_core.inference.engine import TorToiseEngine
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.logits import DecodingSettings
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.reference_pipeline import (
    PublishedModels,
    VoiceOpinion,
    rank,
    sample_candidates,
    speak,
    text_tokens,
)
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.models.clvp import Clvp, ClvpConfig
from tortoise_core.models.cvvp import Cvvp, CvvpConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoder, DiffusionDecoderConfig
from tortoise_core.models.random_latents import RandomLatentGenerator
from tortoise_core.models.univnet import UnivNet, UnivNetConfig

AR = AutoregressiveConfig(
    layers=2, width=32, heads=2, max_text=60, max_codes=40, conditioning_layers=1, conditioning_width=32
)
CLVP = ClvpConfig(text_width=32, text_layers=1, text_heads=2, speech_width=32, speech_layers=1, speech_heads=2)
DIFFUSION = DiffusionDecoderConfig(
    model_channels=32,
    layers=1,
    final_res_blocks=1,
    in_latent_channels=32,
    in_tokens=16,
    heads=2,
    converter_blocks=1,
    conditioner_blocks=1,
    contextual_blocks=1,
    integrator_layers=1,
)
VOCODER = UnivNetConfig(noise_channels=4, channels=4, predictor_channels=8)
SETTINGS = SamplingSettings(
    candidates=2, temperature=1.0, top_k=0, top_p=1.0, max_codes=16, diffusion_steps=3, sampler="ancestral"
)


def shaken(network, seed, scale=0.1):
    """Weights off their (often zero) initial values, so that every part of the network matters."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(scale * torch.randn(parameter.shape, generator=generator))
    return network.eval()


@pytest.fixture(scope="module")
def models():
    torch.manual_seed(0)
    autoregressive = shaken(AutoregressiveModel(AR), 1)
    with torch.no_grad():
        autoregressive.mel_head.bias[AR.code_stop] += 8.5  # rows end after a few codes, all at different ones
    vocoder = shaken(UnivNet(VOCODER), 4, 0.02)
    return PublishedModels(
        autoregressive, shaken(Clvp(CLVP), 2), shaken(DiffusionDecoder(DIFFUSION), 3), vocoder, shaken(Cvvp(CVVP), 5)
    )


CVVP = CvvpConfig(width=32, heads=2, conditioning_layers=1, speech_layers=1, latent_width=32)


@pytest.fixture(scope="module")
def mels():
    """Two clips of the voice, as CVVP hears them."""
    return torch.randn(1, 2, 80, 24, generator=torch.Generator().manual_seed(8))


@pytest.fixture(scope="module")
@torch.no_grad()
def voice(models, mels):
    generator = torch.Generator().manual_seed(6)
    return {
        "auto": torch.randn(1, 32, generator=generator),
        "diffusion": 0.5 * torch.randn(1, 64, generator=generator),
        "cvvp": models.cvvp.voice(mels[0]),
    }


def decoding(settings):
    return DecodingSettings(
        settings.temperature, settings.top_k, settings.top_p, settings.repetition_penalty, max_codes=settings.max_codes
    )


def test_text_gets_one_stop():
    assert text_tokens("Hello, world!").tolist() == [[62, 84, 28, 7, 2, 179, 79, 3, 0]]


@pytest.mark.parametrize(("text", "message"), [("", "nothing to say"), ("no no no " * 200, "too long")])
def test_text_that_the_model_cannot_take_is_refused(text, message):
    with pytest.raises(TextError, match=message):
        text_tokens(text)


def test_ranking_blends_both_opinions(models):
    text = text_tokens("Hello")
    codes = torch.randint(0, 8192, (3, 10))
    mels = torch.randn(1, 2, 80, 20)
    clvp = rank(models, text, codes, None)
    both = rank(models, text, codes, VoiceOpinion(0.25, mels))
    alone = rank(models, text, codes, VoiceOpinion(1.0, mels))
    assert alone.clvp is None
    assert clvp.total is clvp.clvp
    torch.testing.assert_close(both.total, 0.25 * alone.total + 0.75 * clvp.total)


def test_a_voice_opinion_needs_cvvp(models):
    without = PublishedModels(models.autoregressive, models.clvp, models.diffusion, models.vocoder)
    with pytest.raises(ConfigError, match=r"cvvp\.pth"):
        rank(
            without,
            text_tokens("Hello"),
            torch.zeros(1, 4, dtype=torch.long),
            VoiceOpinion(0.5, torch.zeros(1, 1, 80, 9)),
        )


@pytest.fixture(scope="module")
def engine(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    parts = {
        "autoregressive": (AR, models.autoregressive),
        "clvp": (CLVP, models.clvp),
        "diffusion": (DIFFUSION, models.diffusion),
        "vocoder": (VOCODER, models.vocoder),
        "cvvp": (CVVP, models.cvvp),
        "rlg_auto": (RandomLatentConfig(32), RandomLatentGenerator(32)),
        "rlg_diffuser": (RandomLatentConfig(64), RandomLatentGenerator(64)),
    }
    entries = {role: write_network(folder, role, config, net.state_dict()) for role, (config, net) in parts.items()}
    write_manifest(folder, "small", entries, {"speech": {"score_padding": True}})  # the reference does so
    return TorToiseEngine(read_manifest(folder), torch.device("cpu"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sampler": "ddim", "cond_free": False, "diffusion_temperature": 0.7},
        {"cvvp_amount": 0.4, "cond_free_ramp": False},
        {"cvvp_amount": 1.0},
    ],
)
def test_the_engine_says_what_the_reference_says(models, voice, mels, engine, changes):
    settings = SamplingSettings(**{**vars(SETTINGS), **changes})
    sentences = ["Hello there.", "A longer thing to say, by far."]
    requests = [SpeechRequest(text, voice, settings, seed) for seed, text in enumerate(sentences)]
    for request, result in zip(requests, engine.speak(requests), strict=True):
        text = text_tokens(request.text)
        seeds = [derived_seed(request.seed, "candidate", number) for number in range(settings.candidates)]
        candidates = sample_candidates(models, voice, text, decoding(settings), seeds)
        assert (candidates == AR.code_stop).any(1).all(), "every row must end by itself for the rankings to agree"
        generator = torch.Generator().manual_seed(derived_seed(request.seed, "diffusion", 0))
        speech = speak(
            models,
            voice,
            text,
            candidates,
            settings,
            lambda shape, g=generator: torch.randn(shape, generator=g),
            opinion=VoiceOpinion(settings.cvvp_amount, mels) if settings.cvvp_amount else None,
        )
        assert result.rank == pytest.approx(speech.ranking.total.max().item(), abs=1e-4)
        torch.testing.assert_close(torch.from_numpy(result.audio), speech.audio[0][0, 0], atol=2e-3, rtol=0)


def test_random_voices_come_from_their_seed_and_can_speak(engine):
    one, again, other = (engine.random_voice(seed) for seed in (1, 1, 2))
    assert {name: tuple(row.shape) for name, row in one.items()} == {"auto": (1, 32), "diffusion": (1, 64)}
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not any(np.array_equal(one[name], other[name]) for name in one)
    for name, role in (("auto", "rlg_auto"), ("diffusion", "rlg_diffuser")):
        network = engine._manifest.load(role)
        with torch.no_grad():
            drawn = network.sample(torch.Generator().manual_seed(derived_seed(1, name, 0)))
        assert np.array_equal(one[name], drawn.numpy()), "each half has a seed of its own"
    (result,) = engine.speak([SpeechRequest("Hello there.", one, SETTINGS, 0)])
    assert len(result.audio)


def test_a_voice_without_cvvps_half_is_not_judged_by_it(engine, voice):
    settings = SamplingSettings(**{**vars(SETTINGS), "cvvp_amount": 0.5})
    with pytest.raises(ConfigError, match=r"this one needs .*cvvp 1 x 32"):
        engine.speak([SpeechRequest("Hello there.", engine.random_voice(1), settings, 0)])


def test_a_model_without_the_networks_of_random_voices_names_them(models, tmp_path):
    half = RandomLatentGenerator(32).state_dict()
    entries = {"rlg_auto": write_network(tmp_path, "rlg_auto", RandomLatentConfig(32), half)}
    parts = {"autoregressive": (AR, models.autoregressive), "clvp": (CLVP, models.clvp)}
    parts |= {"diffusion": (DIFFUSION, models.diffusion), "vocoder": (VOCODER, models.vocoder)}
    entries |= {role: write_network(tmp_path, role, config, net.state_dict()) for role, (config, net) in parts.items()}
    write_manifest(tmp_path, "small", entries)
    small = TorToiseEngine(read_manifest(tmp_path), torch.device("cpu"))
    with pytest.raises(ConfigError, match=r"no random voices: it has no rlg_diffuser; import the published one"):
        small.random_voice(1)


def test_what_a_voice_is_to_the_engine(engine, tmp_path):
    """Mels of both models, and CVVP's half where the model has one."""
    clip = tmp_path / "clip.wav"
    soundfile.write(clip, 0.1 * np.random.default_rng(0).standard_normal(30_000), 22_050, subtype="FLOAT")
    voice = engine.voice_from_clips([clip, clip])
    mels = conditioning_mels([load_audio(clip, 22_050)] * 2, random.Random(2))
    with torch.no_grad():
        expected = {
            "auto": engine._codes.autoregressive.conditioning(mels.auto),
            "diffusion": engine._audio.decoder.conditioning_latent(mels.diffusion),
            "cvvp": engine._cvvp.voice(mels.auto[0]),
        }
    assert set(voice) == set(expected)
    for name, latent in expected.items():
        assert voice[name].dtype == np.float32
        np.testing.assert_allclose(voice[name], latent.numpy(), atol=1e-5)
    with pytest.raises(ConfigError, match="a voice needs at least one clip"):
        engine.voice_from_clips([])
