"""Which utterances are denoised together."""

from dataclasses import replace

import pytest
import torch

from tests.tortoise_core.models.test_diffusion_decoder import MINI, randomised
from tortoise_core.inference import audio_stage
from tortoise_core.inference.audio_stage import AudioStage, noise_generator
from tortoise_core.inference.code_stage import Chosen
from tortoise_core.inference.front_end import SpeechFormat
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.seeds import derived_seed
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


def test_the_noise_is_that_of_the_seed_and_of_no_other():
    request = SpeechRequest("Yes.", {}, SamplingSettings(), 7)
    assert noise_generator(request).initial_seed() == derived_seed(7, "diffusion", 0)
    assert noise_generator(replace(request, seed=8)).initial_seed() == derived_seed(8, "diffusion", 0)
    assert derived_seed(7, "diffusion", 0) != derived_seed(8, "diffusion", 0)
