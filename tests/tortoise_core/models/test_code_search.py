"""Codes found by decoding: never further from the recording than the encoder's own."""

import pytest
import torch

from tortoise_core.errors import ConfigError
from tortoise_core.models import code_search
from tortoise_core.models.code_search import code_error, search_codes
from tortoise_core.models.dvae import DiscreteVAE, DiscreteVAEConfig


@pytest.fixture(params=[True, False], ids=["directions", "points"])
def dvae(request):
    torch.manual_seed(0)
    config = DiscreteVAEConfig(channels=8, hidden=8, res_blocks=1, codes=32, code_dim=4, normalize_codes=request.param)
    return DiscreteVAE(config).eval()


@pytest.fixture
def mel(dvae):
    """What the decoder makes of some codes, and a little that it cannot make: an untrained encoder finds neither."""
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        said = dvae.decode(torch.randint(32, (1, 21), generator=generator))
    return said + 0.2 * said.std() * torch.randn(said.shape, generator=generator)


@torch.inference_mode()
def total(dvae, codes, mel):
    return float(code_error(dvae, codes[0], mel).sum())


def test_one_candidate_is_what_the_encoder_says(dvae, mel):
    assert torch.equal(search_codes(dvae, mel, 1), dvae.encode(mel))


def test_more_candidates_come_nearer(dvae, mel):
    errors = [total(dvae, search_codes(dvae, mel, candidates), mel) for candidates in (1, 4, 16)]
    assert errors == sorted(errors, reverse=True) and errors[-1] < 0.9 * errors[0]


def test_every_code_is_one_of_the_candidates(dvae, mel):
    codes = search_codes(dvae, mel, 4)
    candidates = dvae.candidates(mel, 4)
    assert (candidates == codes[..., None]).any(-1).all()
    assert torch.equal(candidates[..., 0], dvae.encode(mel))


@pytest.mark.parametrize("candidates", [0, 33])
def test_more_candidates_than_codes_are_refused(dvae, mel, candidates):
    with pytest.raises(ConfigError, match=r"code_candidates is \d+: use 1 to 32"):
        search_codes(dvae, mel, candidates)


def test_one_code_is_enough(dvae):
    mel = torch.randn(1, 8, 4, generator=torch.Generator().manual_seed(3))
    assert search_codes(dvae, mel, 8).shape == (1, 1)
    assert total(dvae, search_codes(dvae, mel, 8), mel) <= total(dvae, dvae.encode(mel), mel)


@torch.inference_mode()
def test_an_error_is_that_of_frames_and_twice_that_of_their_differences(dvae):
    """Squared, as means over the bands, summed over the four frames of a code."""
    codes = torch.tensor([3, 7, 3])
    off = torch.randn(8, 12, generator=torch.Generator().manual_seed(4))
    found = code_error(dvae, codes, dvae.decode(codes[None]) - off)
    in_time = torch.cat([torch.zeros(8, 1), off[:, 1:] - off[:, :-1]], dim=1)
    in_pitch = off[1:] - off[:-1]
    frames = (off**2).mean(0) + 2 * (in_time**2).mean(0) + 2 * (in_pitch**2).mean(0)
    torch.testing.assert_close(found, frames.view(3, 4).sum(1), atol=1e-4, rtol=1e-4)


def test_how_codes_are_searched():
    """Other numbers find other codes of the same recordings, and the corpus of the shipped model has these."""
    assert (code_search.SWEEPS, code_search.APART, code_search.REACH) == (2, 8, 2)
    assert torch.allclose(code_search._nearby(torch.arange(7.0)), torch.tensor([3.0, 6, 10, 15, 20, 18, 15]))
