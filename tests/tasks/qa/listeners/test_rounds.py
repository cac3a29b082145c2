"""Presets that take their time speak again where the ear doubts; others as often as for any doubt."""

import pytest

from storage.hearing import HeardWord, Hearing, HowHeard
from tasks.qa.listeners.rounds import Rounds

DOUBTED = Hearing("ears", (HeardWord(0, 3, HowHeard.MISSING, 0, 1, 0.9),), 0.5)
FINE = Hearing("ears", (HeardWord(0, 3, HowHeard.SAID, 0, 1, 0.1),), 0.9)


@pytest.mark.parametrize(("preset", "by_ear"), [("ultra_fast", 2), ("fast", 2), ("standard", 5), ("high_quality", 9)])
def test_retakes_by_preset(settings, preset, by_ear):
    rounds = Rounds.of(settings.qa, preset)
    assert rounds.retakes(DOUBTED) == by_ear
    assert rounds.retakes(FINE) == rounds.retakes(None) == settings.qa.retakes == 2


def test_a_preset_that_is_not_named_gets_as_many_by_ear_as_for_any_doubt(settings):
    rounds = Rounds.of(settings.qa.model_copy(update={"retakes": 4, "retakes_by_ear": {"fast": 1}}), "other")
    assert (rounds.usual, rounds.by_ear) == (4, 4)
    assert Rounds(1, 2).retakes(Hearing("ears", (), 0.1)) == 1
