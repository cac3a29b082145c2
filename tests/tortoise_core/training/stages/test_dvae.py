"""The dVAE's losses."""

import json
from dataclasses import replace

import pytest
import torch

from tortoise_core.models.dvae import DiscreteVAE
from tortoise_core.training.stages.registry import STAGES


def test_the_codec_learns_phones_and_does_not_ship_what_tells_them(trained):
    records = [json.loads(line) for line in (trained.folder / "runs" / "dvae" / "log.jsonl").read_text().splitlines()]
    assert 0 < records[-1]["valid_phone"] < 10
    weights = torch.load(trained.folder / "runs" / "dvae" / "checkpoint.pt", weights_only=True)["average"]
    assert set(weights) == set(DiscreteVAE(trained.recipe.networks["dvae"]).state_dict())


def test_each_loss_of_the_codec_has_its_own_weight(trained):
    config = trained.recipe.stages["dvae"]

    def build(absolute, phone):
        torch.manual_seed(0)
        codec = replace(config.codec, absolute=absolute, phone=phone)
        stage = STAGES["dvae"].build(trained, replace(config, codec=codec))
        stage.model.eval()
        return stage

    stage = build(2.0, 3.0)
    batch = stage.batch(1)
    out = stage.model(batch["mel"])
    loss, parts = stage._loss(batch)
    plain, _ = build(0.0, 0.0)._loss(batch)
    assert plain.item() == pytest.approx((out.reconstruction_loss + out.commitment_loss).item(), rel=1e-5)
    error = (out.reconstruction - batch["mel"]).abs().mean().item() / stage.model.config.mel_scale
    assert loss.item() - plain.item() == pytest.approx(2.0 * error + 3.0 * parts["phone"].item(), rel=1e-4)


def test_unused_codes_are_revived_in_their_steps_alone(trained):
    config = trained.recipe.stages["dvae"]
    codec = replace(config.codec, revive_every=2, revive_until=4)
    stage = STAGES["dvae"].build(trained, replace(config, codec=codec))
    assert [bool(stage.batch(step)["revive"]) for step in range(6)] == [True, False, True, False, False, False]
