"""The autoregressive model's losses."""

from dataclasses import replace

import pytest
import torch

from tortoise_core.training.stages.registry import STAGES


def build(workspace, **weights):
    config = workspace.recipe.stages["autoregressive"]
    torch.manual_seed(0)
    return STAGES["autoregressive"].build(workspace, replace(config, language=replace(config.language, **weights)))


def test_each_loss_has_its_own_weight(trained):
    stage = build(trained, text=2.0, alignment=3.0)
    stage.model.eval()
    batch = stage.batch(0)
    text, code, alignment, _ = stage._terms(batch, 0.0)
    loss, parts = stage._loss(batch)
    assert loss.item() == pytest.approx((code + 2.0 * text + 3.0 * alignment).item(), rel=1e-5)
    assert parts["code"].item() == pytest.approx(code.item()) and alignment.item() > 0


def test_codes_are_replaced_at_random_in_training_and_not_in_validation(trained):
    stage = build(trained, code_noise=0.5)
    batch = stage.batch(0)
    exact = stage._terms(batch, 0.0)[1]
    stage.model.eval()
    assert stage._loss(batch)[1]["code"].item() == pytest.approx(exact.item())
    stage.model.train()
    assert stage._loss(batch)[1]["code"].item() != pytest.approx(exact.item(), rel=1e-6)


def test_every_code_counts_and_the_stop_behind_them(trained):
    stage = build(trained)
    model = stage.model
    batch = stage.batch(0)
    positions = int(batch["code_length"].sum()) + len(batch["codes"])
    torch.nn.init.zeros_(model.mel_head.weight)  # every logit is the head's bias
    torch.nn.init.zeros_(model.mel_head.bias)
    with torch.no_grad():
        model.mel_head.bias[model.config.code_stop] = 1.0
    _, code, _, right = stage._terms(batch, 0.0)
    assert right.item() == pytest.approx(len(batch["codes"]) / positions)  # each row's stop, and nothing else
    spread = torch.logsumexp(model.mel_head.bias, 0).item()
    assert code.item() == pytest.approx(spread - right.item(), rel=1e-5)


def test_padding_counts_for_nothing(trained):
    stage = build(trained)
    batch = stage.batch(0)
    rows = torch.arange(batch["codes"].shape[1]) >= batch["code_length"][:, None]
    assert rows.any()
    other = {**batch, "codes": torch.where(rows, 7, batch["codes"])}
    for one, two in zip(stage._terms(batch, 0.0), stage._terms(other, 0.0), strict=True):
        assert one.item() == pytest.approx(two.item(), abs=1e-6)


def test_the_alignment_head_is_to_look_at_the_spoken_token_and_last_at_the_stop(trained, monkeypatch):
    stage = build(trained)
    batch = stage.batch(0)
    real = stage.model.hidden_states

    def looking_right(*arguments):
        states = real(*arguments)
        attention = torch.full_like(states.alignment, -9.0)
        for row, (tokens, length) in enumerate(zip(batch["alignment"], batch["code_length"].tolist(), strict=True)):
            for position in range(length):
                attention[row, position, tokens[position] + 1] = 0.0  # text begins with a start token
            attention[row, length, batch["text_length"][row] + 1] = 0.0
        return replace(states, alignment=attention)

    monkeypatch.setattr(stage.model, "hidden_states", looking_right)
    assert stage._terms(batch, 0.0)[2].item() == 0.0
