"""Which utterances are denoised together, and that every setting is heeded."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tortoise_core.models.test_diffusion_decoder import MINI, randomised
from tortoise_core.audio.mel import denormalize_mel, normalize_mel
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.samplers import sampler_named
from tortoise_core.diffusion.samplers.loop import Guidance, row_noise, shallow_start
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.inference import audio_stage
from tortoise_core.inference.audio_stage import AudioStage, noise_generator
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.front_end import SpeechFormat
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig

CODES = [30, 0, 10, 11, 10, 40, 31]


@pytest.fixture
def stage(monkeypatch):
    monkeypatch.setattr(audio_stage, "ENOUGH_FRAMES", MINI.frames(30))
    vocoder = FrameVocoder(FrameVocoderConfig(mels=12, width=16, hidden=24, layers=1))
    return AudioStage(randomised(MINI), vocoder, None, SpeechFormat(), max_frames=MINI.frames(64))


def lengths(stage):
    chosen = [Chosen(torch.zeros(count), torch.zeros(count), True) for count in CODES]
    return [[CODES[index] for index in batch] for batch in stage.like_lengths(chosen)]


def test_short_rows_come_first_and_frames_are_limited(stage):
    assert lengths(stage) == [[0], [10, 10, 11, 30], [31], [40]]


def test_rows_that_would_be_padded_much_are_kept_apart(stage):
    stage._steps.padded = True
    assert lengths(stage) == [[0], [10, 10, 11], [30, 31], [40]]


def test_the_limits_can_be_lowered(stage):
    stage.limit(MINI.frames(20), 100)
    assert lengths(stage) == [[0], [10, 10], [11], [30], [31], [40]]


DVAE = DiscreteVAEConfig(channels=12, hidden=8, res_blocks=1, codes=50, code_dim=4)


def spoken_slowly(config, dvae, speech, request, codes):
    """The log-mel of one utterance, one step at a time, by the network's obvious form."""
    settings = request.settings
    network = randomised(config)
    frames = config.frames(len(codes))
    guess = None if dvae is None else normalize_mel(dvae.decode(codes[None]))
    embedding = network.timestep_independent(codes[None], request.voice["diffusion"], frames, guess=guess)
    trained = GaussianDiffusion(NoiseSchedule.linear(), prediction=speech.prediction, learned_variance=False)
    sampler = sampler_named(settings.sampler)
    process = sampler.process(trained, settings.diffusion_steps, speech.shallow)
    noise = row_noise([torch.Generator().manual_seed(derived_seed(request.seed, "diffusion", 0))], 12, [frames])
    start = next(noise) * settings.diffusion_temperature
    if speech.shallow < 1:
        mel = network.surrogate_mel(embedding) if config.surrogate_blocks or dvae is None else guess
        start = shallow_start(process, mel, start)
    guidance = None
    if settings.cond_free:
        bare = network.unconditioned(1, frames)
        strength = torch.tensor([settings.cond_free_k])
        guidance = Guidance(strength, lambda x, t: network(x, t, bare), ramp=settings.cond_free_ramp)
    return denormalize_mel(
        sampler.loop(process, lambda x, t: network(x, t, embedding), start, noise, guidance=guidance)
    )


@pytest.mark.parametrize(
    ("settings", "speech", "config", "with_dvae"),
    [
        ({}, {}, {}, False),
        ({"cond_free": False}, {}, {}, False),
        ({"cond_free_k": 0.7}, {}, {}, False),
        ({"cond_free_ramp": False}, {}, {}, False),
        ({"diffusion_temperature": 0.6}, {}, {}, False),
        ({"diffusion_steps": 5}, {}, {}, False),
        ({"sampler": "ancestral"}, {}, {}, False),
        ({"sampler": "dpmpp"}, {"prediction": "v"}, {}, False),
        ({}, {"shallow": 0.25}, {}, False),
        ({}, {"shallow": 0.25}, {}, True),
        ({}, {"shallow": 0.25}, {"surrogate_blocks": 1}, True),
        ({}, {}, {"guess": True}, True),
    ],
)
@torch.inference_mode()
def test_every_setting_is_heeded_as_by_the_obvious_form(settings, speech, config, with_dvae):
    """Batches of unequal rows; each in the voice and with the noise of its own request."""
    torch.manual_seed(0)
    dvae = DiscreteVAE(DVAE).eval() if with_dvae else None
    config = replace(MINI, **config)
    speech = SpeechFormat(decoder_input="codes", **speech)
    vocoder = FrameVocoder(FrameVocoderConfig(mels=12, width=16, hidden=24, layers=1)).eval()
    second_half = AudioStage(randomised(config), vocoder, dvae, speech)
    chosen_settings = replace(SamplingSettings(diffusion_steps=3, sampler="ddim"), **settings)
    generator = torch.Generator().manual_seed(1)
    codes = [torch.randint(0, 50, (count,), generator=generator) for count in (6, 9)]
    voices = [{"diffusion": 0.3 * torch.randn(1, 64, generator=generator)} for _ in codes]
    requests = [SpeechRequest("Yes.", voice, chosen_settings, seed) for seed, voice in enumerate(voices)]
    chosen = [Chosen(row, row, True) for row in codes]
    waves = second_half.decode(requests, chosen)
    found = second_half.mels(requests, chosen, [noise_generator(request) for request in requests])
    for request, row, mel, wave in zip(requests, codes, found, waves, strict=True):
        expected = spoken_slowly(config, dvae, speech, request, row)
        # On average: a network of random weights magnifies what is rounded otherwise at the noisy end.
        assert (mel - expected[0]).abs().mean() < 2e-3
        assert (torch.from_numpy(wave) - vocoder(expected)[0].clamp(-1, 1)).abs().mean() < 2e-3
        assert wave.dtype == np.float32
        pieces = list(second_half.stream(request, Chosen(row, row, True)))
        assert np.abs(np.concatenate(pieces) - wave).mean() < 2e-3


def test_a_row_without_codes_is_a_tenth_of_a_second_of_silence(stage):
    nothing = Chosen(torch.zeros(0, dtype=torch.long), torch.zeros(0, 20), True)
    request = SpeechRequest("Yes.", {}, SamplingSettings(), 7)
    for wave in (*stage.decode([request] * 2, [nothing] * 2), *stage.stream(request, nothing)):
        assert wave.shape == (2400,) and wave.dtype == np.float32 and not wave.any()


def test_as_much_is_done_at_once_as_memory_allows_unless_told():
    assert (audio_stage.MAX_FRAMES, audio_stage.ENOUGH_FRAMES, audio_stage.UNEVEN) == (8_192, 16_384, 1.25)
    vocoder = FrameVocoder(FrameVocoderConfig(mels=12, width=16, hidden=24, layers=1))
    second_half = AudioStage(randomised(MINI), vocoder, None, SpeechFormat(), vocoded_frames=77)
    assert second_half._vocoder.batch_frames == 77
    second_half.limit(5, 66)
    assert second_half._vocoder.batch_frames == 66


@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16), ("int8", torch.bfloat16)]
)
def test_denoising_is_computed_in_the_precision_that_is_asked_for(precision, dtype):
    vocoder = FrameVocoder(FrameVocoderConfig(mels=12, width=16, hidden=24, layers=1))
    assert AudioStage(randomised(MINI), vocoder, None, SpeechFormat(), precision)._steps.dtype == dtype


def test_the_noise_is_that_of_the_seed_and_of_no_other():
    request = SpeechRequest("Yes.", {}, SamplingSettings(), 7)
    assert noise_generator(request).initial_seed() == derived_seed(7, "diffusion", 0)
    assert noise_generator(replace(request, seed=8)).initial_seed() == derived_seed(8, "diffusion", 0)
    assert derived_seed(7, "diffusion", 0) != derived_seed(8, "diffusion", 0)
