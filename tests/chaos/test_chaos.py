"""The short form of `make chaos` and of `python -m tests.chaos.bits`: one try with two faults, and some bits."""

import pytest

from tests.chaos import bits
from tests.chaos.__main__ import opened_world
from tests.chaos.faults import FAULTS
from tests.chaos.trial import Trial

SHORT = ("killed with all its children", "store away")
SEED = 1  # by which both are drawn


def test_flipped_bits_are_found_before_they_are_heard(tmp_path):
    tried, unfound = bits.run(60, 27, tmp_path)
    assert unfound == []
    assert len(tried) == len(bits.KINDS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_survives_what_happens_to_it(tmp_path):
    by_name = {fault.name: fault for fault in FAULTS}
    with opened_world(tmp_path, books=0) as world:
        trial = Trial(world, tmp_path / "try", SEED, [by_name[name] for name in SHORT], rounds=2)
        assert set(trial.names) == set(SHORT)
        outcome = trial.run()
    assert (outcome.wrong, outcome.lost, outcome.twice) == ((), 0, 0)
