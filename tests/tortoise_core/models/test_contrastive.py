"""CLVP, CVVP and the random voices: padding, and that the losses can be learned from."""

from dataclasses import replace

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.models.clvp import Clvp, ClvpConfig
from tortoise_core.models.cvvp import Cvvp, CvvpConfig
from tortoise_core.models.random_latents import RandomLatentGenerator
from tortoise_core.nn.contrastive import info_nce
from tortoise_core.nn.int8 import OneDnnInt8Linear
from tortoise_core.nn.packed import PackedLinear

SMALL = ClvpConfig(
    text_tokens=30, text_width=32, text_layers=2, text_heads=2, code_tokens=50, speech_width=48, speech_layers=2,
    speech_heads=1, latent_width=16, dropout=0.0, mask_padding=True,
)  # fmt: skip


def ids(seed: int, high: int, *shape: int) -> torch.Tensor:
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_scores_of_padded_batches_equal_those_of_single_pairs():
    model = Clvp(SMALL).eval()
    text = ids(1, 30, 2, 9)
    codes = ids(2, 50, 5, 14)
    text_lengths = torch.tensor([9, 4])
    code_lengths = torch.tensor([14, 3, 8, 11, 14])
    text_rows = torch.tensor([0, 1, 1, 0, 1])
    together = model.score_codes(model.encode_texts(text, text_lengths)[text_rows], codes, code_lengths)
    for row, owner in enumerate(text_rows.tolist()):
        single = text[owner : owner + 1, : text_lengths[owner]], codes[row : row + 1, : code_lengths[row]]
        assert torch.allclose(together[row : row + 1], model.scores(*single), atol=1e-5)
    padded = model.score_codes(model.encode_texts(text)[text_rows], codes)
    assert (padded - together).abs().max() > 1e-3
    unmasked = Clvp(replace(SMALL, mask_padding=False)).eval()  # as published: trained with padding
    unmasked.load_state_dict(model.state_dict())
    again = unmasked.score_codes(unmasked.encode_texts(text, text_lengths)[text_rows], codes, code_lengths)
    assert again.equal(together)
    assert unmasked.speech_latents(codes, code_lengths).equal(model.speech_latents(codes))


@pytest.mark.parametrize("kind", [PackedLinear, OneDnnInt8Linear])
@torch.inference_mode()
def test_packed_scores_follow_float32(kind):
    torch.manual_seed(0)
    model = Clvp(SMALL).eval()
    for parameter in model.text_emb.weight, model.speech_emb.weight:
        parameter.normal_()
    text = ids(1, 30, 2, 9)
    codes = ids(2, 50, 5, 14)
    rows = torch.tensor([0, 1, 1, 0, 1])
    arguments = (text[rows], codes, torch.tensor([9, 4])[rows], torch.tensor([14, 3, 8, 11, 14]))
    exact = model.scores(*arguments)
    model.pack(kind)
    packed = model.scores(*arguments)
    assert packed.dtype == torch.float32
    difference = (packed - exact).abs().max()
    assert 0 < difference < 0.02, difference


def test_clvp_learns_to_match_pairs():
    torch.manual_seed(0)
    model = Clvp(replace(SMALL, text_mask_rate=0.1, speech_mask_rate=0.1)).train()
    text = torch.arange(8)[:, None].expand(8, 6).contiguous()
    codes = torch.arange(8)[:, None].expand(8, 9).contiguous() * 3
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss = model.loss(text, codes, torch.full((8,), 6), torch.full((8,), 7))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.5 and losses[-1] < 0.3, losses
    with torch.no_grad():
        model.eval()
        assert model.scores(text, codes).min() > model.scores(text, codes.roll(1, 0)).max()


def test_cvvp_loss_reaches_every_weight():
    model = Cvvp(CvvpConfig(width=32, heads=2, conditioning_layers=1, speech_layers=1, code_tokens=50, latent_width=16))
    mel = torch.randn(3, 80, 40, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2)
        scores = model.scores(mel, ids(5, 50, 3, 12))
    assert scores.shape == (3,)
    model.loss(mel, ids(5, 50, 3, 12)).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not silent


def test_mask_rates_must_leave_something():
    with pytest.raises(ConfigError, match="text_mask_rate"):
        ClvpConfig(text_mask_rate=1.0)


@torch.no_grad()
def test_random_voices_follow_their_generator_alone():
    model = RandomLatentGenerator(24)
    first = model.sample(torch.Generator().manual_seed(7))
    torch.manual_seed(1)
    again = model.sample(torch.Generator().manual_seed(7))
    other = model.sample(torch.Generator().manual_seed(8))
    assert first.shape == (1, 24) and torch.equal(first, again) and not torch.allclose(first, other)


def test_info_nce_is_the_mean_of_both_directions_and_further_negatives_count_in_one():
    """Against the definition, one row at a time: each row must pick its partner among all, each column its row."""
    generator = torch.Generator().manual_seed(3)
    first, second, others = (torch.randn(size, 6, generator=generator) for size in (4, 4, 3))
    temperature = torch.tensor(0.7)

    def surprise(query, partner, candidates):
        scores = torch.stack([torch.cosine_similarity(query, row, dim=0) for row in candidates]) * temperature.exp()
        return scores.logsumexp(0) - scores[partner]

    rows = torch.stack([surprise(first[i], i, second) for i in range(4)])
    columns = torch.stack([surprise(second[i], i, first) for i in range(4)])
    widened = torch.stack([surprise(first[i], i, torch.cat([second, others])) for i in range(4)])
    torch.testing.assert_close(info_nce(first, second, temperature), (rows.mean() + columns.mean()) / 2)
    expected = (widened.mean() + columns.mean()) / 2
    torch.testing.assert_close(info_nce(first, second, temperature, others), expected)


@pytest.mark.parametrize("hidden", ["text", "speech"])
def test_either_side_is_hidden_by_its_own_share(hidden):
    torch.manual_seed(0)
    model = Clvp(replace(SMALL, **{f"{hidden}_mask_rate": 0.5})).train()
    latents = {
        "text": lambda: model.text_latents(ids(1, 30, 4, 20)),
        "speech": lambda: model.speech_latents(ids(2, 50, 4, 20)),
    }
    for side, make in latents.items():
        assert make().equal(make()) is (side != hidden)


def test_a_row_of_which_all_is_hidden_in_training_still_has_a_latent():
    torch.manual_seed(0)
    model = Clvp(replace(SMALL, text_mask_rate=0.999, speech_mask_rate=0.999)).train()
    assert model.text_latents(torch.randint(0, 30, (50, 3))).isfinite().all()
    assert model.speech_latents(torch.randint(0, 50, (50, 3))).isfinite().all()
