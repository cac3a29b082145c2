"""Losses and figures of every stage on batches that are written down, and what a recipe need not say.

The numbers are those with which the shipped model was trained; the weights of losses are held by the tests beside this.
"""

from dataclasses import asdict

import pytest
import torch

from tests.tortoise_core.models.test_autoregressive import ROTARY
from tests.tortoise_core.models.test_diffusion_decoder import MINI
from tests.tortoise_core.models.test_same_numbers import DVAE, ENCODERS, condensed, filled, ids, wave
from tortoise_core.audio.mel import denormalize_mel
from tortoise_core.corpus.corpus import Corpus
from tortoise_core.diffusion.process import GaussianDiffusion
from tortoise_core.diffusion.schedule import NoiseSchedule
from tortoise_core.models.autoregressive import AutoregressiveModel
from tortoise_core.models.clvp import Clvp
from tortoise_core.models.code_speller import CodeSpeller, CodeSpellerConfig
from tortoise_core.models.diffusion_decoder import DiffusionDecoder
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig
from tortoise_core.models.frame_vocoder import FrameVocoder, FrameVocoderConfig
from tortoise_core.training.data.crops import CropConfig
from tortoise_core.training.discriminators import VocoderDiscriminator
from tortoise_core.training.loop import LoopConfig
from tortoise_core.training.losses import magnitudes, multi_resolution_stft_loss
from tortoise_core.training.stages.autoregressive import (
    AutoregressiveLossConfig,
    AutoregressiveStage,
    start_from_codebook,
)
from tortoise_core.training.stages.clvp import ClvpLossConfig, ClvpStage
from tortoise_core.training.stages.diffusion import DiffusionLossConfig, DiffusionStage
from tortoise_core.training.stages.dvae import CodecLossConfig, DiscreteVAEStage, PhoneHead
from tortoise_core.training.stages.registry import STAGES
from tortoise_core.training.stages.speller import SpellerLossConfig, SpellerStage
from tortoise_core.training.stages.vocoder import VocoderLossConfig, VocoderStage


class Given:
    """Data that a test has written down."""

    def __init__(self, *batches):
        self.batches = batches

    def batch(self, step):
        return self.batches[0]

    def validation(self):
        return list(self.batches)

    def validations(self):
        return {"": self.batches[0], "revoiced_": self.batches[-1]}


def spoken(rows, tokens, codes, voice_bands=100):
    """A batch of utterances, the first of them as long as the batch."""
    lengths = torch.arange(rows)
    return {
        "text": ids(29, rows, tokens) + 1,
        "text_length": tokens - lengths % 3,
        "codes": ids(49, rows, codes),
        "code_length": codes - 2 * (lengths % 3),
        "alignment": ((torch.arange(codes) * (tokens - 2)) // codes).expand(rows, -1).contiguous(),
        "voice_mel": wave(rows, voice_bands, 7, speed=2.1),
    }


def pieces(rows, speed):
    return {
        "codes": ids(32, rows, 5),
        "aligned": ids(50, rows, 5),
        "mel": denormalize_mel(0.5 * wave(rows, 12, 20, speed=speed)),
        "voice_mel": wave(rows, 12, 9),
    }


def autoregressive():
    stage = AutoregressiveStage(
        filled(AutoregressiveModel(ROTARY)),
        Given(spoken(3, 7, 9), spoken(2, 5, 6)),
        AutoregressiveLossConfig(text=0.5, alignment=0.25),
    )
    return [*stage._terms(stage.batch(0), 0.0), stage._loss(stage.batch(0))[0]], stage.validate()


def clvp():
    stage = ClvpStage(filled(Clvp(ENCODERS)), Given(spoken(4, 7, 9), spoken(3, 5, 8)), ClvpLossConfig(damaged=True))
    batch = stage.batch(3)
    return [batch["wrong"].float(), batch["wrong_length"].float(), stage._loss(batch)[0]], stage.validate()


def speller():
    config = CodeSpellerConfig(text_tokens=30, silent=(0, 1, 2), code_tokens=50, width=16, layers=2)
    given = Given(spoken(3, 5, 9), spoken(2, 4, 6))
    stage = SpellerStage(filled(CodeSpeller(config)), given, SpellerLossConfig(code_noise=0.0))
    return [stage._loss(given.batch(0))[0]], stage.validate()


def diffusion(shallow, **config):
    model = filled(DiffusionDecoder(MINI if not config.pop("guess", False) else GUESSING))
    dvae = filled(DiscreteVAE(DiscreteVAEConfig(**{**asdict(DVAE), "channels": 12})))
    dvae.codebook.embed.copy_(wave(4, 32, speed=1.9))
    process = GaussianDiffusion(NoiseSchedule.linear(), prediction="v", learned_variance=False)
    stage = DiffusionStage(
        model,
        process,
        Given(pieces(3, 0.4), pieces(3, 0.9)),
        dvae=dvae,
        config=DiffusionLossConfig(surrogate_alone=2, **config),
        shallow=shallow,
    )
    steps = torch.tensor([0, 300, 950])
    first = torch.tensor([False, True, False])
    dropped = torch.tensor([True, False, False])
    terms, surrogate = stage._terms(stage.batch(0), steps, wave(3, 12, 20, speed=1.7), dropped, first)
    alone = stage._loss(stage.batch(1))[0]
    assert [bool(stage.batch(step)["alone"]) for step in range(4)] == [True, True, False, False]
    return [terms, surrogate, alone], stage.validate()


def codec(folder):
    model = filled(DiscreteVAE(DiscreteVAEConfig(**{**asdict(DVAE), "channels": 100})))
    model.codebook.embed.copy_(wave(4, 32, speed=1.9))
    config = CodecLossConfig(absolute=0.5, phone=0.25)
    stage = DiscreteVAEStage(model, Corpus(folder / "corpus"), CropConfig(batch=4, frames=32), config)
    filled(stage._head)
    loss, parts = stage._loss({**stage.batch(1), "revive": torch.tensor(False)})
    return [loss, *(part.float() for part in parts.values())], stage.validate()


def vocoder(folder):
    model = filled(FrameVocoder(FrameVocoderConfig(mels=100, width=16, hidden=24, layers=1)))
    config = VocoderLossConfig(adversarial_from=0, mel=0.5, periods=(2, 3), resolutions=((256, 64),), width=2)
    stage = VocoderStage(model, Corpus(folder / "corpus"), CropConfig(batch=4, frames=32), config)
    filled(stage.discriminator)
    batch = stage.batch(7)
    loss, _ = stage._discriminator_loss(batch)
    generator, parts = stage._generator_loss(batch)
    return [batch["active"].float(), loss, generator, *parts.values()], stage.validate()


GUESSING = type(MINI)(**{**asdict(MINI), "guess": True, "surrogate_blocks": 1})
RUNS = {
    "autoregressive": lambda _: autoregressive(),
    "clvp": lambda _: clvp(),
    "speller": lambda _: speller(),
    "diffusion": lambda _: diffusion(1.0, absolute=0.5),
    "shallow diffusion": lambda _: diffusion(0.25, absolute=0.5),
    "shallow diffusion from its surrogate": lambda _: diffusion(0.25, guess=True),
    "codec": codec,
    "vocoder": vocoder,
}

LOSSES = {
    "autoregressive": [[5.1427, 5.1427], [4.3022, 4.3022], [2.1563, 2.1563], [0.16667, 0.16667], [7.4126, 7.4126]],
    "clvp": [[17.889, 8.9728], [7.25, -0.054123], [1.8354, 1.8354]],
    "speller": [[11.684, 11.684]],
    "diffusion": [[67.807, 53.398], [15.906, 15.906], [15.906, 15.906]],
    "shallow diffusion": [[3.821, 3.1273], [15.906, 15.906], [15.906, 15.906]],
    "shallow diffusion from its surrogate": [[4.9131, 3.8246], [1.1093, 1.1093], [1.1093, 1.1093]],
    "codec": [[115.76, 115.76], [109.55, 109.55], [4, 4], [3.7364, 3.7364]],
    "vocoder": [
        [1, -0.41766],
        [0.68973, 0.68973],
        [8.0182, 8.0182],
        [5.5443, 5.5443],
        [4.6043, 4.6043],
        [0.63393, 0.63393],
        [0.1125, 0.1125],
    ],
}
FIGURES = {
    "autoregressive": {"code": 4.1133, "alignment": 2.1102, "right": 0.1667},
    "clvp": {"clvp": 1.332, "right": 0.1429, "whole": 0.1429},
    "speller": {"per_phone": 11.5278, "right": 0.6},
    "diffusion": {
        "diffusion": 0.63213,
        "surrogate": 15.90623,
        "revoiced_diffusion": 0.62675,
        "revoiced_surrogate": 15.75979,
    },
    "shallow diffusion": {
        "diffusion": 1.20291,
        "surrogate": 15.90623,
        "first": 1.34982,
        "revoiced_diffusion": 1.20226,
        "revoiced_surrogate": 15.75979,
        "revoiced_first": 1.30091,
    },
    "shallow diffusion from its surrogate": {
        "diffusion": 1.01671,
        "surrogate": 1.10927,
        "first": 1.3899,
        "revoiced_diffusion": 1.00379,
        "revoiced_surrogate": 1.10684,
        "revoiced_first": 1.29903,
    },
    "codec": {"mse": 110.82635, "used": 5.0, "phone": 3.7332},
    "vocoder": {"spectral": 5.50531, "mel": 4.42552, "level_db": -31.37, "envelope": 0.20665},
}


@pytest.mark.parametrize("name", RUNS)
@torch.no_grad()
def test_losses_and_figures_are_what_they_always_were(workspace_folder, name):
    torch.manual_seed(0)
    losses, figures = RUNS[name](workspace_folder)
    found = [condensed(loss) for loss in losses]
    for number, (own, expected) in enumerate(zip(found, LOSSES[name], strict=True)):
        assert own == pytest.approx(expected, rel=1e-3, abs=2e-4), f"loss {number}: {own}"
    assert figures == pytest.approx(FIGURES[name], rel=1e-3, abs=2e-4)


def test_discriminators_hear_what_they_always_did():
    network = filled(VocoderDiscriminator((2, 5), ((256, 64), (128, 32)), 2))
    with torch.no_grad():
        output = network(0.1 * wave(2, 4_001), [0, 1, 2, 3])
        alone = network(0.1 * wave(2, 4_001), [2])
    assert [len(output.scores), len(output.features), len(alone.scores), len(alone.features)] == [4, 16, 1, 4]
    found = [number for each in (*output.scores, *output.features[3::4]) for number in condensed(each)]
    assert found == pytest.approx(HEARD, rel=1e-3, abs=2e-4)
    assert torch.equal(alone.scores[0], output.scores[2])


HEARD = [
    0.20426,
    0.012883,
    0.20582,
    0.014236,
    0.21078,
    0.024317,
    0.28347,
    0.14299,
    0.1157,
    0.020964,
    0.094384,
    -0.012356,
    0.16488,
    0.0086596,
    0.28881,
    0.23346,
]


def test_spectra_have_a_floor_and_the_loss_its_resolutions():
    wav = 0.1 * wave(2, 8_192)
    other = 0.1 * wave(2, 8_192, speed=0.75)
    assert magnitudes(torch.zeros(1, 1_024), 256, 64).unique().tolist() == pytest.approx([1e-4])
    assert magnitudes(wav, 384, 96).shape == (2, 193, 86)
    assert multi_resolution_stft_loss(wav, other).item() == pytest.approx(SPECTRAL, rel=1e-3)


SPECTRAL = 1.8041


def test_each_half_of_a_code_has_its_phones_in_order():
    head = PhoneHead(4)
    filled(head)
    halves = head(wave(1, 3, 4))
    assert halves.shape == (1, 41, 6)
    later = wave(1, 3, 4)
    later[0, 2] += 1  # the last code is heard by itself and the one before
    changed = (head(later) != halves).any(1)[0].tolist()
    assert changed == [False, False, True, True, True, True]
    direct = head.net(wave(1, 3, 4).transpose(1, 2))[0]  # (2 * 41, 3): all phones of the first half, then the second
    assert torch.equal(halves[0, :, 0], direct[:41, 0]) and torch.equal(halves[0, :, 1], direct[41:, 0])


def test_codes_that_sound_alike_begin_alike():
    torch.manual_seed(0)
    model = AutoregressiveModel(ROTARY)
    before = [model.mel_embedding.weight.detach().clone(), model.mel_head.weight.detach().clone()]
    codebook = torch.randn(4, 64)
    codebook[:, 1] = 2 * codebook[:, 0]  # in the same direction
    start_from_codebook(model, codebook)
    for table, old in zip((model.mel_embedding.weight, model.mel_head.weight), before, strict=True):
        assert torch.equal(table[64:], old[64:])  # start and stop have no sound
        added = table[:64] - 0.5 * old[:64]
        torch.testing.assert_close(added[0], added[1])
        assert float(added.detach().std()) == pytest.approx(float(old.std()), rel=0.3)
        assert not torch.allclose(added[0], added[2], atol=1e-3)


def test_what_a_recipe_need_not_say():
    loop = {
        "steps": 10_000, "learning_rate": 1e-3, "final_learning_rate": 1e-5, "warmup_steps": 200, "betas": (0.9, 0.96),
        "weight_decay": 0.01, "muon": (), "grad_clip": 1.0, "ema_decay": 0.999, "bf16": True, "seed": 0,
        "log_every": 20, "validate_every": 500, "checkpoint_every": 250,
    }  # fmt: skip
    assert asdict(LoopConfig()) == loop
    assert CodecLossConfig() == CodecLossConfig(0.0, 0.0, 100, 1_000_000_000)
    assert AutoregressiveLossConfig() == AutoregressiveLossConfig(0.01, 1.0, 0.08)
    assert SpellerLossConfig() == SpellerLossConfig(0.05)
    assert ClvpLossConfig() == ClvpLossConfig(False)
    assert DiffusionLossConfig() == DiffusionLossConfig(0.1, 0.4, 0, 0.0)
    assert asdict(VocoderLossConfig()) == {
        "adversarial_from": 4_000, "adversarial": 0.2, "feature": 0.4, "mel": 0.0, "periods": (2, 3, 5, 7, 11),
        "resolutions": ((1024, 256), (512, 128), (256, 64)), "width": 16, "discriminators_per_step": 8, "context": 0,
    }  # fmt: skip


def test_what_stages_are_for():
    assert {name: (entry.role, entry.needs, entry.exports) for name, entry in STAGES.items()} == {
        "dvae": ("dvae", (), True),
        "vocoder": ("vocoder", (), False),
        "autoregressive": ("autoregressive", ("dvae",), True),
        "clvp": ("clvp", ("dvae",), True),
        "speller": ("speller", ("dvae",), True),
        "diffusion_codes": ("diffusion", ("dvae",), False),
        "diffusion": ("diffusion", ("dvae", "autoregressive", "diffusion_codes"), True),
        "vocoder_decoded": ("vocoder", ("dvae", "autoregressive", "diffusion", "vocoder"), True),
    }
