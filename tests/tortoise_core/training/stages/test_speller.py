"""The CTC scorer's loss."""

from dataclasses import replace

import pytest
import torch

from tortoise_core.training.stages.registry import STAGES


def test_the_loss_is_nats_per_phone_of_the_texts_that_their_codes_can_spell(trained):
    stage = STAGES["speller"].build(trained, trained.recipe.stages["speller"])
    batch = stage.batch(0)
    scores = stage.model.scores(batch["text"], batch["codes"], batch["text_length"], batch["code_length"])
    phones = stage.model.phone_counts(batch["text"], batch["text_length"])
    assert torch.isfinite(scores).all() and (phones == 3).all()  # N OW T
    assert stage._per_phone(batch).item() == pytest.approx(-scores.sum().item() / (3 * len(scores)), rel=1e-5)
    impossible = {**batch, "code_length": batch["code_length"].clone()}
    impossible["code_length"][0] = 1  # two places a code: three phones do not fit
    assert stage._per_phone(impossible).item() == pytest.approx(
        -scores[1:].sum().item() / (3 * len(scores[1:])), rel=1e-4
    )


def test_codes_are_replaced_at_random_in_their_share(trained):
    config = trained.recipe.stages["speller"]

    def loss(share):
        torch.manual_seed(0)
        stage = STAGES["speller"].build(trained, replace(config, spelling=replace(config.spelling, code_noise=share)))
        stage.model.eval()
        batch = stage.batch(0)
        return stage._loss(batch)[0].item(), stage._per_phone(batch).item()

    noisy, exact = loss(0.9)
    assert noisy != pytest.approx(exact, rel=1e-4)
    assert loss(0.0)[0] == pytest.approx(exact)
