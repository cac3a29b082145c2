"""Seeds of a request's random choices."""

from tortoise_core.inference.seeds import derived_seed


def test_every_choice_has_a_seed_of_its_own():
    choices = [(seed, purpose, index) for seed in (0, 1) for purpose in ("candidate", "noise") for index in (0, 1)]
    seeds = {derived_seed(*choice) for choice in choices}
    assert len(seeds) == len(choices)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_seed_does_not_change():
    """It decides what a take sounds like: another one is another version of the engine."""
    assert derived_seed(7, "candidate", 2) == 1623906698027311197
