"""What holds for every test: the same chance every time, so that a green commit stays green."""

from __future__ import annotations

import random
import sys

import hypothesis
import pytest

# Wall time says nothing where others compute. The suite tries the same texts every time; `pytest --hypothesis-profile
# explore` looks further.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")

_SEED = 20


@pytest.fixture(autouse=True)
def _same_chance_every_time() -> None:
    """Starts each test from one seed: many make a network or draw noise without a generator of their own."""
    random.seed(_SEED)
    if "torch" in sys.modules:  # else nothing is drawn from it, and importing it takes seconds
        sys.modules["torch"].manual_seed(_SEED)
