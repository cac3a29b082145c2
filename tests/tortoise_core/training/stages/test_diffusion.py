"""The diffusion decoder's losses."""

from dataclasses import replace

import pytest
import torch

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.training.stages.registry import STAGES


def test_the_absolute_error_of_the_surrogate_has_its_weight(trained):
    config = trained.recipe.stages["diffusion_codes"]

    def surrogate_loss(weight):
        denoising = replace(config.denoising, absolute=weight)
        torch.manual_seed(0)
        stage = STAGES["diffusion_codes"].build(trained, replace(config, denoising=denoising))
        stage.model.eval()
        batch = stage.batch(0)
        assert batch["alone"]
        loss, _ = stage._loss(batch)
        _, surrogate, _ = stage._embed(batch)
        return loss.item(), (surrogate - normalize_mel(batch["mel"])).abs().mean().item()

    plain, error = surrogate_loss(0.0)
    weighed, _ = surrogate_loss(3.0)
    assert error > 0.01
    assert weighed - plain == pytest.approx(3.0 * error, rel=1e-4)
