"""Sizes that are derived are what the published model has."""

import pytest

from tortoise_core.audio import constants


def test_derived_sizes():
    assert constants.FRAMES_PER_CODE == 4
    assert constants.AR_CONDITIONING_SECONDS == 6
    assert constants.AR_CONDITIONING_FRAMES == 517
    assert constants.DIFFUSION_CONDITIONING_FRAMES == 401


def test_exact_div_refuses_a_remainder():
    assert constants.exact_div(12, 4) == 3
    with pytest.raises(ValueError, match="13 is not a multiple of 4"):
        constants.exact_div(13, 4)
