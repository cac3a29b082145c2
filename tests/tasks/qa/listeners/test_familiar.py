"""A word that a book's listener always hears as the same other one is a name, not a fault."""

import pytest

from storage.hearing import HeardWord, Hearing, HowHeard
from storage.records import Take, Verdict
from tasks.qa.listeners.familiar import Familiar
from tasks.qa.listeners.reasons import reasons_of
from tasks.qa.verdict import DOUBT, HEARD

TEXTS = ("Filby laughed.", "So Filby said.", "Then Filby went.")


def filby(spoken, heard="fil-vee", how=HowHeard.DOUBTFUL):
    start = spoken.index("Filby")
    return HeardWord(start, start + 5, how, 0.5, 0.9, 0.9, heard)


def sightings(count=3, **changes):
    return [(text, Hearing("ears", (filby(text, **changes),), 0.6)) for text in TEXTS[:count]]


def test_a_word_that_is_always_misheard_alike_is_familiar():
    known = Familiar(sightings())
    assert known.knows("Poor Filby.", filby("Poor Filby."))
    assert known.knows("Poor Filby.", filby("Poor Filby.", heard="fil-bee"))


@pytest.mark.parametrize(
    ("hearings", "word"),
    [
        (sightings(2), filby("Poor Filby.")),  # too seldom
        ([*sightings(), ("Filby again.", Hearing("ears", (), 1.0))], filby("Poor Filby.")),  # heard right once
        (sightings(), filby("Poor Filby.", heard="marmalade")),  # as something else this time
        (sightings(), filby("Poor Filby.", how=HowHeard.MISSING)),
        (sightings(how=HowHeard.MISSING), filby("Poor Filby.")),  # dropped every time
    ],
    ids=["seldom", "heard right once", "something else", "dropped now", "always dropped"],
)
def test_any_other_is_not(hearings, word):
    assert not Familiar(hearings).knows("Poor Filby.", word)


def doubted(spoken, *words, extra=()):
    scores = {HEARD: 0.55, DOUBT: 1.0 + len(extra)}
    return Take("k", "u", 0, 1, "a", 24_000, 1, Verdict.DOUBTFUL, (*extra, *reasons_of(words, spoken)), scores)


def test_a_take_that_is_doubted_for_nothing_else_is_acquitted():
    spoken = "Poor Filby."
    word = filby(spoken)
    take = Familiar(sightings()).acquit(doubted(spoken, word), spoken, Hearing("ears", (word,), 0.55))
    assert (take.verdict, take.reasons, take.scores[DOUBT]) == (Verdict.OK, (), 0)
    assert take.scores[HEARD] == 1.0


def test_other_doubts_on_it_stay():
    spoken = "Poor Filby."
    word = filby(spoken)
    poor = HeardWord(0, 4, HowHeard.MISSING, 0.1, 0.4, 0.8)
    accused = doubted(spoken, poor, word, extra=("too short: 0.1 s",))
    take = Familiar(sightings()).acquit(accused, spoken, Hearing("ears", (poor, word), 0.1))
    assert take.reasons == ("too short: 0.1 s", "may have dropped 'Poor' at 0:00")
    assert take.verdict is Verdict.DOUBTFUL and take.scores[DOUBT] == 2.0
