"""The dVAE's losses."""

import json

import torch

from tortoise_core.models.dvae import DiscreteVAE


def test_the_codec_learns_phones_and_does_not_ship_what_tells_them(trained):
    records = [json.loads(line) for line in (trained.folder / "runs" / "dvae" / "log.jsonl").read_text().splitlines()]
    assert 0 < records[-1]["valid_phone"] < 10
    weights = torch.load(trained.folder / "runs" / "dvae" / "checkpoint.pt", weights_only=True)["average"]
    assert set(weights) == set(DiscreteVAE(trained.recipe.networks["dvae"]).state_dict())
