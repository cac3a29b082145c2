"""The short form of `make chaos` and of `python -m tests.chaos.bits`: a few tries, each with another fault."""

from collections import Counter

import pytest

from tests.chaos import bits
from tests.chaos.__main__ import opened_world
from tests.chaos.faults import FAULTS
from tests.chaos.trial import Trial

SHORT = ("killed with all its children", "store away", "the same command at once")


def test_flipped_bits_are_found_before_they_are_heard(tmp_path):
    tried, unfound = bits.run(60, 27, tmp_path)
    assert unfound == []
    assert len(tried) == len(bits.KINDS)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_runs_survive_what_happens_to_them(tmp_path):
    by_name = {fault.name: fault for fault in FAULTS}
    with opened_world(tmp_path, books=0) as world:
        outcomes = [
            Trial(world, tmp_path / f"try-{seed}", seed, [by_name[name]], rounds=1).run()
            for seed, name in enumerate(SHORT)
        ]
    assert [outcome.wrong for outcome in outcomes] == [()] * len(SHORT)
    assert Counter(lost=sum(one.lost for one in outcomes), twice=sum(one.twice for one in outcomes)).total() == 0
