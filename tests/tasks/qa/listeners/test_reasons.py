"""Reasons are plain words with the time."""

from storage.hearing import HeardWord, Hearing, HowHeard
from tasks.qa.listeners.reasons import misheard, reasons_of

SPOKEN = "The {L AE1 N T ER0 N|lantern} burned."


def word(how, start=4, end=29, heard="", at=63.4):
    return HeardWord(start, end, how, at, at + 0.4, 0.9, heard)


def test_every_way_of_mishearing_is_said_in_words():
    words = (
        word(HowHeard.MISSING),
        word(HowHeard.DOUBTFUL, heard="landing", at=3.0),
        word(HowHeard.DOUBTFUL),
        word(HowHeard.ADDED, at=9.99),
    )
    assert reasons_of(words, SPOKEN) == (
        "may have dropped 'lantern' at 1:03",
        "may have said 'lantern' as 'landing' at 0:03",
        "may have said 'lantern' unclearly at 1:03",
        "may have said 'lantern' twice at 0:09",
    )
    more = (word(HowHeard.ADDED, 36, 36, "and so on"), word(HowHeard.ADDED, 36, 36))
    assert reasons_of(more, SPOKEN) == ("may have added 'and so on' at 1:03", "may have added 'sounds' at 1:03")


def test_of_many_the_first_are_said_and_the_rest_is_counted():
    said = "may have dropped 'lantern' at 1:03"
    for count, more in ((4, ()), (5, ("may have misread 1 words more",)), (7, ("may have misread 3 words more",))):
        assert reasons_of([word(HowHeard.MISSING)] * count, SPOKEN) == (*[said] * 4, *more)


def test_what_was_said_is_no_reason():
    said = word(HowHeard.SAID)
    assert misheard(Hearing("ears", (said, word(HowHeard.MISSING)), 0.5)) == (word(HowHeard.MISSING),)
