"""The whole published `tts()` with small networks, against its recording: text and clips in, waveform out."""

import random

import pytest
import torch

from tests.parity.published_configs import diffusion_config, univnet_config
from tests.parity.published_language_models import autoregressive_config, clvp_config, cvvp_config
from tortoise_core.audio.conditioning import conditioning_mels
from tortoise_core.inference.presets import SamplingSettings
from tortoise_core.inference.reference_pipeline import (
    PublishedModels,
    VoiceOpinion,
    speak,
    text_tokens,
    voice_latents,
)
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.cvvp import Cvvp
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.univnet import UnivNet
from tortoise_core.nn.weight_norm import fold_weight_norm

pytestmark = pytest.mark.golden("pipeline")

NO_CHANCE = random.Random(0)  # the recorded clips are shorter than the window: nothing is drawn


@pytest.fixture(scope="module")
def models(golden):
    config = golden.config
    networks = {
        "autoregressive": AutoregressiveModel(autoregressive_config(config["ar"])),
        "clvp": Clvp(clvp_config(config["clvp"])),
        "diffusion": DiffusionDecoder(diffusion_config(config["diffusion"])),
        "vocoder": UnivNet(univnet_config(config["vocoder"])),
        "cvvp": Cvvp(cvvp_config(config["cvvp"])),
    }
    for name, network in networks.items():
        network.load_state_dict(golden.weights("ar" if name == "autoregressive" else name))
        network.eval()
    fold_weight_norm(networks["vocoder"])
    return PublishedModels(**networks)


def clips(golden):
    names = sorted(name.removeprefix("in.") for name in golden.tensors if name.startswith("in.voice"))
    return [golden[name] for name in names]


def test_voice(golden, models):
    mels = conditioning_mels(clips(golden), NO_CHANCE)
    golden.compare("conditioning.auto_mels_shape", torch.tensor(mels.auto.shape))
    golden.compare("conditioning.diffusion_mels_shape", torch.tensor(mels.diffusion.shape))
    voice = voice_latents(models, clips(golden), NO_CHANCE)
    golden.compare("conditioning.auto_latent", voice["auto"])
    golden.compare("conditioning.diffusion_latent", voice["diffusion"])


def test_text(golden):
    golden.compare("text_tokens", text_tokens(golden.config["text"]))


def recorded_settings(golden, case):
    return SamplingSettings(
        max_codes=golden.config["max_mel_tokens"],
        diffusion_steps=golden.config["diffusion_iterations"],
        sampler="ancestral",
        cond_free=case["cond_free"],
        cond_free_k=case["cond_free_k"],
        diffusion_temperature=case["diffusion_temperature"],
    )


def recorded_voice(golden, models, case):
    if case["conditioning"] == "latents":
        return {"auto": golden["latents.auto"], "diffusion": golden["latents.diffusion"]}
    return voice_latents(models, clips(golden), NO_CHANCE)


def test_speech(golden, models):
    text = text_tokens(golden.config["text"])
    for name, case in golden.config["cases"].items():
        noises = iter(golden.noises(name))

        def normal(shape, noises=noises):
            draw = next(noises)
            assert draw.shape == shape
            return draw

        opinion = None
        if case["cvvp_amount"] > 0:
            opinion = VoiceOpinion(case["cvvp_amount"], conditioning_mels(clips(golden), NO_CHANCE).auto)
        speech = speak(
            models,
            recorded_voice(golden, models, case),
            text,
            golden["codes"],
            recorded_settings(golden, case),
            normal,
            keep=case["k"],
            opinion=opinion,
        )
        assert next(noises, None) is None, "fewer draws were taken than recorded"
        golden.compare(f"{name}.clvp_scores", speech.ranking.clvp)
        golden.compare(f"{name}.best_codes", speech.codes)
        golden.compare(f"{name}.best_latents", speech.latents)
        golden.compare(f"{name}.n_results", torch.tensor(len(speech.audio)))
        for number, (mel, wav) in enumerate(zip(speech.mels, speech.audio, strict=True)):
            golden.compare(f"{name}.mel{number}", mel)
            golden.compare(f"{name}.wav{number}", wav)
