"""What holds for every test: the same chance every time, so that a green commit stays green."""

from __future__ import annotations

import os
import random
import sys

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Wall time says nothing where others compute. The suite tries the same texts every time; `pytest --hypothesis-profile
# explore` looks further.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")

_SEED = 20

# With pytest-xdist a process for each core: of two with two threads each, neither gets on. Set before PyTorch reads it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"


class _ModulesTogether(LoadScopeScheduling):
    """Keeps a module's tests, which share a server or a model, in one process; and parity's, which counts itself."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return "tests/parity" if module.startswith("tests/parity/") else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return _ModulesTogether(config, log)


@pytest.fixture(autouse=True)
def _same_chance_every_time() -> None:
    """Starts each test from one seed: many make a network or draw noise without a generator of their own."""
    random.seed(_SEED)
    if "torch" in sys.modules:  # else nothing is drawn from it, and importing it takes seconds
        sys.modules["torch"].manual_seed(_SEED)
