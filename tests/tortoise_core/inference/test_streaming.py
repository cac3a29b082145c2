"""Audio in pieces against the same audio in one."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from tests.tortoise_core.inference.test_reference_pipeline import AR, SETTINGS, decoding, mels, models, shaken, voice
from tortoise_core.checkpoints import read_manifest, write_manifest, write_network
from tortoise_core.errors import ConfigError, TextError
from tortoise_core.inference import audio_stage
from tortoise_core.inference.engine import TorToiseEngine
from tortoise_core.inference.flight import Keep, Prompt
from tortoise_core.inference.interface import SpeechRequest
from tortoise_core.inference.sampling import sample_codes
from tortoise_core.inference.seeds import derived_seed
from tortoise_core.inference.streaming import FIRST_CODES, NEXT_CODES, LatentVocoder
from tortoise_core.inference.vocoding import WindowedVocoder
from tortoise_core.models.hifi_decoder import HifiDecoder, HifiDecoderConfig

__all__ = ["mels", "models", "voice"]  # fixtures

HIFI = HifiDecoderConfig(latent_channels=32, channels=32)


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    return shaken(HifiDecoder(HIFI), 7, 0.05)


@pytest.mark.parametrize("count", [1, 2, 5, FIRST_CODES, FIRST_CODES + 1, FIRST_CODES + 2 * NEXT_CODES + 7])
@torch.inference_mode()
def test_pieces_end_to_end_are_the_whole(decoder, count):
    states = torch.randn(count, 32)
    voice_latent = torch.randn(1, 32)
    expected = decoder(states[None], voice_latent)[0, 0]
    pieces = list(LatentVocoder(decoder).stream(iter(states), voice_latent))
    torch.testing.assert_close(torch.cat(pieces), expected, atol=1e-5, rtol=1e-4)
    assert len(pieces) == 1 + (count >= FIRST_CODES) + max(0, (count - FIRST_CODES) // NEXT_CODES)


@torch.inference_mode()
def test_the_first_piece_is_there_before_the_last_state(decoder):
    taken = []

    def states():
        for number in range(200):
            taken.append(number)
            yield torch.randn(32)

    next(LatentVocoder(decoder).stream(states(), torch.randn(1, 32)))
    assert len(taken) == FIRST_CODES


def test_how_many_codes_a_piece_waits_for():
    assert (FIRST_CODES, NEXT_CODES) == (24, 40)


@torch.inference_mode()
def test_no_states_are_no_audio(decoder):
    assert list(LatentVocoder(decoder).stream([], torch.randn(1, 32))) == []


def engine_of(folder, models, more):
    parts = {"autoregressive": models.autoregressive, "clvp": models.clvp, "diffusion": models.diffusion}
    parts |= {"vocoder": models.vocoder, **more}
    entries = {role: write_network(folder, role, net.config, net.state_dict()) for role, net in parts.items()}
    write_manifest(folder, "small", entries)
    return TorToiseEngine(read_manifest(folder), torch.device("cpu"))


def test_without_a_latent_decoder_the_pieces_are_what_speak_says(models, voice, tmp_path, monkeypatch):
    monkeypatch.setattr(audio_stage, "WindowedVocoder", functools.partial(WindowedVocoder, window=40))
    engine = engine_of(tmp_path, models, {})
    settings = dataclasses.replace(SETTINGS, sampler="dpmpp", diffusion_steps=4)
    request = SpeechRequest("A longer thing to say, by far.", voice, settings, 5)
    pieces = list(engine.stream(request))
    (whole,) = engine.speak([request])
    np.testing.assert_allclose(np.concatenate(pieces), whole.audio, atol=1e-5)
    assert len(pieces) > 1


def test_with_a_latent_decoder_one_candidate_is_heard_while_it_is_sampled(models, voice, decoder, tmp_path):
    engine = engine_of(tmp_path, models, {"hifi_decoder": decoder})
    request = SpeechRequest("A longer thing to say, by far.", voice, SETTINGS, 5)
    audio = np.concatenate(list(engine.stream(request)))
    states = torch.stack(list(engine._codes.stream(request)))
    with torch.inference_mode():
        expected = decoder(states[None], voice["auto"])[0, 0]
    np.testing.assert_allclose(audio, expected.numpy(), atol=1e-5)
    prompt = Prompt(voice["auto"][0], torch.tensor(engine.text_ids(request.text)))
    seeds = [[derived_seed(request.seed, "candidate", 0)]]
    ((row,),) = sample_codes(models.autoregressive, [prompt], decoding(SETTINGS), seeds, Keep(latents=True))
    assert len(states) == len(row.codes) + row.stopped
    assert len(row.codes) > 2
    torch.testing.assert_close(states[: len(row.codes)], row.latents, atol=1e-4, rtol=1e-4)


def test_streams_refuse_what_speak_refuses(models, voice, tmp_path):
    engine = engine_of(tmp_path, models, {})
    with pytest.raises(TextError, match="nothing to say"):
        next(engine.stream(SpeechRequest("", voice, SETTINGS, 1)))
    foreign = {"auto": torch.zeros(1, AR.width + 1), "diffusion": torch.zeros(1, 64)}
    with pytest.raises(ConfigError, match="another model"):
        next(engine.stream(SpeechRequest("Hello.", foreign, SETTINGS, 1)))
