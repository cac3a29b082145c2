"""Noise schedules and the steps that are kept of them."""

import pytest
import torch

from tortoise_core.diffusion.schedule import NoiseSchedule, linear_betas, space_timesteps
from tortoise_core.errors import ConfigError


def test_published_schedule_ends():
    schedule = NoiseSchedule.linear()
    assert (linear_betas(4000)[0].item(), linear_betas(4000)[-1].item()) == (2.5e-5, 5e-3)
    assert schedule.alphas_cumprod[-1].item() == pytest.approx(4.2466e-5, rel=1e-4)


@pytest.mark.parametrize(
    ("count", "first", "last"),
    [(30, [0, 138, 276, 414, 552], 3999), (80, [0, 51, 101, 152, 202], 3999), (400, [0, 10, 20], 3999)],
)
def test_kept_steps_of_the_spec(count, first, last):
    kept = NoiseSchedule.linear().evenly_respaced(count).timestep_map.tolist()
    assert len(kept) == count
    assert (kept[: len(first)], kept[-1]) == (first, last)


def test_respacing_keeps_the_noise_level_of_each_step():
    base = NoiseSchedule.linear()
    short = base.evenly_respaced(17)
    torch.testing.assert_close((1 - short.betas).cumprod(0), base.alphas_cumprod[short.timestep_map])


def test_a_shallow_schedule_stops_where_asked():
    shallow = NoiseSchedule.linear().evenly_respaced(8, until=0.25)
    assert len(shallow) == 8
    assert shallow.timestep_map[-1].item() == 999


def test_sections_keep_their_first_and_last_step():
    assert space_timesteps(10, [2, 3]) == [0, 4, 5, 7, 9]


@pytest.mark.parametrize(
    ("steps", "sections", "kept"),
    [(11, [2, 3], [0, 5, 6, 8, 10]), (11, [1, 2], [0, 6, 10]), (11, [2, 2, 3], [0, 3, 4, 7, 8, 9, 10])],
)
def test_earlier_sections_are_a_step_longer_where_they_cannot_be_equal(steps, sections, kept):
    assert space_timesteps(steps, sections) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: space_timesteps(10, [11]),
        lambda: space_timesteps(10, [0]),
        lambda: NoiseSchedule.linear().evenly_respaced(1),
        lambda: NoiseSchedule.linear().evenly_respaced(10, until=0.0),
        lambda: NoiseSchedule.linear().evenly_respaced(10, until=1.5),
    ],
)
def test_impossible_spacings_are_refused(wrong):
    with pytest.raises(ConfigError):
        wrong()


def test_log_snr_spacing_is_even_in_log_snr_and_keeps_the_ends():
    schedule = NoiseSchedule.linear().log_snr_respaced(12)
    assert schedule.timestep_map[[0, -1]].tolist() == [0, 3999]
    log_snr = (schedule.alphas_cumprod / (1 - schedule.alphas_cumprod)).log()
    gaps = -log_snr.diff()
    assert gaps.min() > 0.6 * gaps.max()  # whole steps are coarse at the clean end


@pytest.mark.parametrize(("steps", "until"), [(2, 1.0), (400, 0.1), (390, 0.1), (60, 0.02), (100, 1.0)])
def test_log_snr_spacing_never_takes_a_step_twice(steps, until):
    kept = NoiseSchedule.linear().log_snr_respaced(steps, until).timestep_map
    assert len(kept) == steps
    assert (kept.diff() > 0).all()
    assert kept[[0, -1]].tolist() == [0, round(4000 * until) - 1]


@pytest.mark.parametrize(("steps", "until"), [(1, 1.0), (11, 0.0025), (5, 0.0)])
def test_log_snr_spacing_refuses_what_cannot_be(steps, until):
    with pytest.raises(ConfigError):
        NoiseSchedule.linear().log_snr_respaced(steps, until)
