"""The diffusion decoder's losses."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tortoise_core.audio.mel import normalize_mel
from tortoise_core.training.stages import diffusion
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


def build(workspace, **denoising):
    config = workspace.recipe.stages["diffusion_codes"]
    torch.manual_seed(0)
    changed = replace(config.denoising, surrogate_alone=0, **denoising)
    return STAGES["diffusion_codes"].build(workspace, replace(config, denoising=changed))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_rows_lose_their_conditioning_and_start_at_the_estimate_in_their_shares(trained, monkeypatch, share):
    stage = build(trained, unconditioned_share=share, first_share=share)
    asked = []

    def terms(batch, i, noise, dropped, first):
        asked.append((i, dropped, first))
        return torch.tensor([2.0, 4.0]), torch.tensor(5.0)

    monkeypatch.setattr(stage, "_terms", terms)
    losses = [stage._loss(stage.batch(step))[0].item() for step in range(20)]
    assert losses == [3.0 + 5.0] * 20  # the mean of the rows, and the surrogate
    steps, dropped, first = (torch.cat(parts) for parts in zip(*asked, strict=True))
    assert (dropped == bool(share)).all() and (first == bool(share)).all()
    assert (steps == stage._steps - 1).all() == bool(share)
    assert steps.min() >= 0 and steps.max() < stage._steps


def test_a_row_that_starts_at_the_estimate_is_led_to_the_recording(trained, monkeypatch):
    """Whatever the noisy mel was made of, mixing the recording with the target's noise must give it again."""
    stage = build(trained)
    batch = stage.batch(0)
    mel = normalize_mel(batch["mel"])
    seen = {}
    process = stage._process
    monkeypatch.setattr(stage.model, "forward", lambda x, _, __: seen.update(x=x) or torch.zeros_like(x))
    real_terms = process.training_terms
    monkeypatch.setattr(process, "training_terms", lambda o, m, i, n: seen.update(noise=n) or real_terms(o, m, i, n))
    i = torch.tensor([stage._steps - 1, 3])
    first = torch.tensor([True, False])
    noise = torch.randn(mel.shape)
    stage._terms(batch, i, noise, torch.zeros(2, dtype=torch.bool), first)
    torch.testing.assert_close(process.q_sample(mel, i, seen["noise"]), seen["x"], rtol=1e-4, atol=1e-4)
    assert torch.equal(seen["noise"][1], noise[1]) and not torch.allclose(seen["noise"][0], noise[0], atol=1e-3)


def test_latents_are_those_of_the_weights_that_there_are(trained, monkeypatch):
    """Trained on, the AR model has other latents, and the decoder must not learn from the old ones."""
    made = []
    monkeypatch.setattr(diffusion, "compute_latents", lambda model, items, corpus, path, data: made.append(path.name))
    monkeypatch.setattr(diffusion.np, "memmap", lambda path, **_: np.zeros(0, np.float16))
    checkpoint = trained.checkpoint("autoregressive")
    for step in (4, 8):
        monkeypatch.setattr(type(trained), "checkpoint", lambda _, stage, step=step: replace(checkpoint, step=step))
        diffusion.latents_of(trained, None, [])
    assert made == ["latents-4.f16", "latents-8.f16"]
