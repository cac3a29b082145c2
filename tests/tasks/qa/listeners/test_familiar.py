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


@pytest.mark.parametrize(("heard", "known"), [("fil-vee", True), ("fil-beh", True), ("fal-beh", False), ("", False)])
def test_a_third_of_the_letters_may_differ(heard, known):
    assert Familiar(sightings()).knows("Poor Filby.", filby("Poor Filby.", heard=heard)) is known


def test_a_word_is_known_by_its_letters_and_every_take_of_it_counts():
    known = Familiar(sightings())
    shouted = HeardWord(5, 11, HowHeard.DOUBTFUL, 0.5, 0.9, 0.9, "fil-vee")
    assert known.knows("Poor FILBY!", shouted)
    known.note("Filby, Filby!", Hearing("ears", (filby("Filby, Filby!"),), 0.5))  # the second was heard as written
    assert not known.knows("Poor FILBY!", shouted)


def test_a_take_without_a_familiar_word_stays_as_it_is_and_its_score_rises_by_that_words_share():
    spoken = "Poor Filby."
    word = filby(spoken)
    poor = HeardWord(0, 4, HowHeard.MISSING, 0.1, 0.4, 0.8)
    accused = doubted(spoken, poor, word)
    assert Familiar().acquit(accused, spoken, Hearing("ears", (poor, word), 0.1)) is accused
    freed = Familiar(sightings()).acquit(accused, spoken, Hearing("ears", (poor, word), 0.1))
    assert freed.scores == {HEARD: min(1.0, 0.55 + 0.9 / 2), DOUBT: accused.scores[DOUBT]}
