"""The vocoder's losses: what they see, how they are weighed, when they join."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from tortoise_core.training.discriminators import DiscriminatorOutput
from tortoise_core.training.stages.registry import STAGES


def test_the_vocoder_hears_the_ends_of_a_piece_and_no_loss_does(trained):
    stage = STAGES["vocoder"].build(trained, trained.recipe.stages["vocoder"])
    batch = stage.batch(0)
    cut = 4 * 256

    def loss(where, what):
        changed = {**batch, what: batch[what].clone()}
        changed[what][..., where] += 0.3
        return stage._generator_loss(changed)[0].item()

    ends = slice(0, cut)
    inside = slice(cut, 2 * cut)
    plain = loss(slice(0), "wav")
    assert loss(ends, "wav") == plain == loss(slice(-cut, None), "wav")
    assert loss(inside, "wav") != plain
    assert loss(slice(3, 4), "mel") != plain


def test_the_adversary_joins_when_the_recipe_says(trained):
    lines = (trained.folder / "runs" / "vocoder" / "log.jsonl").read_text().splitlines()
    joined = ["adversarial" in json.loads(line) for line in lines if '"loss"' in line]
    assert joined == [False, False, True, True]


class FixedDiscriminator(nn.Module):
    """Scores everything 0.5 and has one feature: the waveform times a number of its own."""

    def __init__(self, scale):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))
        self.discriminators = nn.ModuleList([nn.Identity()])

    def forward(self, wav, active):
        return DiscriminatorOutput([torch.full((len(wav), 3), 0.5)], [wav * self.scale])


def test_each_loss_has_its_own_weight(trained):
    config = trained.recipe.stages["vocoder"]
    losses = replace(config.losses, mel=2.0, adversarial=3.0, feature=5.0, adversarial_from=0)
    stage = STAGES["vocoder"].build(trained, replace(config, losses=losses))
    stage.discriminator = FixedDiscriminator(4.0)
    batch = stage.batch(0)
    discriminator_loss, _ = stage._discriminator_loss(batch)
    assert discriminator_loss.item() == pytest.approx(0.5)  # (1 - 0.5)^2 of speech, 0.5^2 of the vocoder
    loss, parts = stage._generator_loss(batch)
    wav = stage._inner(stage.model(batch["mel"]))
    apart = (wav - stage._inner(batch["wav"])).abs().mean().item()
    assert parts["adversarial"].item() == pytest.approx(0.25)
    assert parts["features"].item() == pytest.approx(4.0 * apart, rel=1e-3)
    expected = parts["spectral"] + 2.0 * parts["mel"] + 3.0 * parts["adversarial"] + 5.0 * parts["features"]
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    assert abs(parts["features"] - parts["adversarial"]) > 0.01  # so that swapped weights are seen
