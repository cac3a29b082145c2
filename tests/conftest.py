"""What holds for every test: the same chance every time, so that a green commit stays green, and little to wait for."""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

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

_MEMORY = Path("/dev/shm")
_MEMORY_BYTES = 8 << 30


def _has_room_in_memory() -> bool:
    """Whether a folder in memory holds what tests write at a time, and lets them run the programs that they write."""
    if not os.access(_MEMORY, os.W_OK):
        return False
    about = os.statvfs(_MEMORY)
    return about.f_bavail * about.f_frsize >= _MEMORY_BYTES and not about.f_flag & os.ST_NOEXEC


# Databases and stores flush each of the tens of thousands of files that tests have them write, for which a disk takes
# milliseconds. With `TMPDIR=FOLDER` they lie where you say.
if "TMPDIR" not in os.environ and _has_room_in_memory():
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None  # which was asked for already, and is asked for again

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


@pytest.hookimpl(wrapper=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> Generator[None, int, int]:
    """Has slow tests be run by half as many processes again as there are cores: they wait most of the time."""
    cores = yield
    return cores * 3 // 2 if config.option.markexpr == "slow" else cores


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Takes what is there after collecting out of the garbage collector's sight.

    Ten thousand tests and all that they import stay to the end; looking through them took a sixth of the suite's time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _same_chance_every_time() -> None:
    """Starts each test from one seed: many make a network or draw noise without a generator of their own."""
    random.seed(_SEED)
    if "torch" in sys.modules:  # else nothing is drawn from it, and importing it takes seconds
        torch = sys.modules["torch"]
        torch.default_generator.manual_seed(_SEED)  # `torch.manual_seed` notes for each GPU not in use who has asked
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(_SEED)
