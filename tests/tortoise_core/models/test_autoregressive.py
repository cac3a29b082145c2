"""The autoregressive network: causality, padding, and the cached decoder against the whole pass."""

from dataclasses import replace

import pytest
import torch

from tortoise_core.errors import ConfigError, TextError
from tortoise_core.models.autoregressive import AutoregressiveConfig, AutoregressiveModel
from tortoise_core.nn.caches import make_cache

SMALL = AutoregressiveConfig(
    layers=3, width=32, heads=4, text_tokens=40, text_start=39, code_tokens=66, code_start=64, code_stop=65,
    max_text=30, max_codes=40, conditioning_layers=2, alignment_head=(1, 2),
)  # fmt: skip
LEARNED = SMALL
ROTARY = replace(SMALL, positions="rotary", conditioning_pool="mean", conditioning_mels=100, conditioning_width=48)
FIVE_HEADS = replace(SMALL, width=80, heads=5)
TEXT_LENGTHS = torch.tensor([9, 5, 7])


def build(config: AutoregressiveConfig) -> AutoregressiveModel:
    torch.manual_seed(0)
    model = AutoregressiveModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not name.endswith("scale"):
                parameter.normal_(0, 0.2)
    return model.eval()


def batch(config: AutoregressiveConfig) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    cond = torch.randn(3, config.width, generator=generator)
    text_in = torch.randint(1, 39, (3, 9), generator=generator)
    codes = torch.randint(0, 64, (3, 8), generator=generator)
    codes[:, 0] = config.code_start
    return cond, text_in, codes


both_position_kinds = pytest.mark.parametrize(
    "config", [LEARNED, ROTARY, FIVE_HEADS], ids=["learned", "rotary", "five heads"]
)


@both_position_kinds
@torch.no_grad()
def test_padded_text_rows_equal_their_unpadded_selves(config):
    model = build(config)
    cond, text_in, codes = batch(config)
    padded = model.hidden_states(cond, text_in, codes, TEXT_LENGTHS)
    for row, length in enumerate(TEXT_LENGTHS.tolist()):
        alone = model.hidden_states(cond[row : row + 1], text_in[row : row + 1, :length], codes[row : row + 1])
        difference = (padded.codes[row] - alone.codes[0]).abs().max()
        assert difference < 1e-5, difference
        difference = (padded.alignment[row, :, :length].exp() - alone.alignment[0].exp()).abs().max()
        assert difference < 1e-5, difference
        assert padded.alignment[row, :, length:].exp().sum() == 0


@both_position_kinds
@torch.no_grad()
def test_cached_steps_equal_the_whole_pass(config):
    """Prompts of different length in one batch, expanded to candidates, and thinned out halfway."""
    model = build(config)
    cond, text_in, codes = batch(config)
    rows = torch.tensor([0, 0, 1, 2])
    whole = model.hidden_states(cond[rows], text_in[rows], codes[rows], TEXT_LENGTHS[rows])
    prompts = model.prefill(cond, text_in, TEXT_LENGTHS)
    cache = make_cache(prompts, len(rows), slots=1, most_slots=200)
    for index in range(3):
        cache.admit([place for place, row in enumerate(rows.tolist()) if row == index], prompts.only(index))
    kept = torch.arange(4)
    for position in range(codes.shape[1]):
        if position == 4:
            kept = torch.tensor([3, 1])
            cache.keep(kept.tolist())
        step = model.decode_step(codes[rows][kept, position], torch.full((len(kept),), position), cache, 9)
        assert torch.allclose(step.hidden, whole.codes[kept, position], atol=1e-4)
        assert torch.allclose(step.logits, model.mel_head(whole.codes)[kept, position], atol=1e-4)
        assert torch.allclose(step.alignment.exp(), whole.alignment[kept, position].exp(), atol=1e-5)


@both_position_kinds
def test_codes_see_no_later_codes_and_no_text_padding(config):
    model = build(config)
    cond, text_in, codes = batch(config)
    captured = []

    def capture(_module, _inputs, output):
        output.retain_grad()
        captured.append(output)

    for table in (model.text_embedding, model.mel_embedding):
        table.register_forward_hook(capture)
    model.hidden_states(cond, text_in, codes, TEXT_LENGTHS).codes[:, 3].square().sum().backward()
    text_gradient, code_gradient = (output.grad.abs().sum(-1) for output in captured)
    assert (code_gradient[:, 4:] == 0).all() and (code_gradient[:, :4] > 0).all()
    for row, length in enumerate(TEXT_LENGTHS.tolist()):
        assert (text_gradient[row, length:] == 0).all() and (text_gradient[row, :length] > 0).all()


@both_position_kinds
def test_trains_in_float32_and_bfloat16(config):
    model = AutoregressiveModel(replace(config, dropout=0.0))
    cond, text_in, codes = batch(config)
    losses = []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            states = model.hidden_states(cond, text_in, codes, TEXT_LENGTHS)
            logits = model.mel_head(states.codes)
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), codes.flatten())
        (loss - states.alignment[:, :, :3].mean()).backward()
        losses.append(loss.item())
        assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())
    assert losses[0] == pytest.approx(losses[1], abs=0.05)


@torch.no_grad()
def test_mean_pooled_conditioning_ignores_padding_frames():
    model = build(ROTARY)
    mels = torch.randn(2, 100, 40, generator=torch.Generator().manual_seed(3))
    mask = torch.arange(40).expand(2, 40) < torch.tensor([[40], [25]])
    voice = model.conditioning(mels, mask)
    assert torch.allclose(voice[1], model.conditioning(mels[1:, :, :25])[0], atol=1e-5)
    pair = model.conditioning(mels[None], mask[None])
    assert torch.allclose(pair[0], voice.mean(0), atol=1e-6)


def test_initialisation_follows_gpt2():
    model = AutoregressiveModel(replace(SMALL, width=128, layers=8))
    assert model.mel_embedding.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model.gpt.h[0].mlp.c_fc.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model.gpt.h[0].mlp.c_proj.weight.std().item() == pytest.approx(0.02 / 4, rel=0.1)
    assert model.gpt.h[0].mlp.c_proj.bias.abs().max() == 0


def test_too_long_inputs_are_named():
    model = build(LEARNED)
    cond, text_in, codes = batch(LEARNED)
    with pytest.raises(TextError, match="text of 34 tokens is longer than the model's 30"):
        model.hidden_states(cond, text_in.repeat(1, 4), codes)
    with pytest.raises(ConfigError, match="48 code positions asked for, the model has 44"):
        model.hidden_states(cond, text_in, codes.repeat(1, 6))
    build(ROTARY).hidden_states(cond, text_in.repeat(1, 4), codes.repeat(1, 6))


def test_inputs_may_be_as_long_as_the_learned_positions():
    """30 text ids with start and stop; 40 codes with theirs and two spare places."""
    model = build(LEARNED)
    cond, text_in, codes = batch(LEARNED)
    longest = torch.full((3, 32), 7), torch.full((3, 44), 7)
    assert model.hidden_states(cond, *longest).codes.shape == (3, 44, 32)
    assert model.code_positions == 44 and build(ROTARY).code_positions is None
    with pytest.raises(TextError, match="text of 31 tokens is longer than the model's 30: split it"):
        model.hidden_states(cond, torch.full((3, 33), 7), codes)
    with pytest.raises(ConfigError, match="45 code positions asked for, the model has 44: lower max_codes"):
        model.hidden_states(cond, text_in, torch.full((3, 45), 7))
    with pytest.raises(TextError, match="text of 31 tokens"):
        model.prefill(cond, torch.full((3, 33), 7))


def test_what_stands_before_and_behind_text_and_codes():
    model = build(LEARNED)
    text = torch.tensor([[5, 6, 7], [5, 6, 7]])
    assert model.text_input(text).tolist() == [[39, 5, 6, 7, 0]] * 2
    assert model.text_input(text, torch.tensor([3, 1])).tolist() == [[39, 5, 6, 7, 0], [39, 5, 0, 0, 0]]
    assert model.code_input(text).tolist() == [[64, 5, 6, 7, 65]] * 2
    codes = torch.arange(8).view(2, 4)
    stopped = model.stop_past_end(codes, torch.tensor([1023 + 1024]))  # one code past its nominal end is kept
    assert stopped.tolist() == [[0, 1, 65, 65], [4, 5, 6, 7]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 5}, "among 5 heads"),
        ({"heads": 32, "positions": "rotary"}, "among 32 heads with rotary"),
        ({"positions": "none"}, "positions"),
        ({"conditioning_pool": "max"}, "conditioning_pool"),
        ({"text_start": 40}, "text_tokens 40"),
        ({"code_stop": 66}, "code_tokens 66"),
        ({"text_stop": 40}, "text_tokens 40"),
        ({"code_start": 66}, "code_tokens 66"),
        ({"alignment_head": (3, 0)}, "3 layers of 4 heads"),
        ({"alignment_head": (0, 4)}, "3 layers of 4 heads"),
        ({"alignment_head": (-1, 0)}, "3 layers of 4 heads"),
        ({"alignment_head": (0, -1)}, "3 layers of 4 heads"),
    ],
)
def test_senseless_configurations_are_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        replace(SMALL, **change)
