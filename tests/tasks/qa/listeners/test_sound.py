"""What sounds the same is the same, however a recogniser writes it; what does not, is not."""

import pytest

from tasks.align.sources import source_words
from tasks.qa.listeners import sound
from tasks.qa.listeners.sound import Comparison, Written, difference
from tortoise_core.text.lexicon import PHONES as LEXICON_PHONES


@pytest.fixture(scope="module")
def comparison():
    return Comparison()


def compared(comparison, spoken, written):
    """Doubts on each word of a text, and on each gap."""
    words = [Written(word, n / 2, n / 2 + 0.4) for n, word in enumerate(written.split())]
    opinions = comparison.compare(spoken, source_words(spoken), words)
    return [o.doubt for o in opinions.words], [o.doubt for o in opinions.gaps]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("Mister Smith paid twelve pounds.", "Mr. Smith paid £12."),
        ("He was born in eighteen ninety-three,", "He was born in 1893"),
        ("One thousand eight hundred and ninety-three soldiers.", "1893 soldiers"),
        ("The twenty-first of March.", "The 21st of March."),
        ("I'll go, and you can't stop me.", "I will go and you cannot stop me."),
        ("They did not know it's ours.", "They didn't know it's ours"),
        ("The colour of the grey centre.", "The color of the gray center."),
        ("Their knight wore two rings.", "There night war too rings."),
        ("Anyone may be a while.", "Any one may be awhile."),
    ],
)
def test_what_sounds_the_same_is_no_error(comparison, spoken, written):
    words, gaps = compared(comparison, spoken, written)
    assert max(words) <= 0.5 and sum(words) <= 0.6 and max(gaps) <= 0.25, (words, gaps)


def test_a_word_that_was_not_written_down_is_doubted_alone(comparison):
    words, gaps = compared(comparison, "The old lantern burned all night.", "The old burned all night.")
    assert words == [0, 0, 1, 0, 0, 0] and max(gaps) == 0


def test_another_number_is_doubted(comparison):
    words, _ = compared(comparison, "There were seven ships.", "There were 12 ships.")
    assert words[2] > 0.5 and words[:2] == [0, 0]


def test_words_that_the_text_does_not_have_are_doubted_where_they_stand(comparison):
    words, gaps = compared(comparison, "He went home.", "He went home and closed the door.")
    assert words == [0, 0, 0] and gaps[-1] == 1 and max(gaps[:-1]) == 0
    _, gaps = compared(comparison, "He went home.", "He quickly went home.")
    assert gaps[1] == 1 and gaps[-1] == 0


def test_nothing_written_down_doubts_every_word(comparison):
    assert compared(comparison, "He went home.", "")[0] == [1, 1, 1]


@pytest.mark.parametrize(
    ("first", "second", "unlike"),
    [
        ("P", "P", 0.0),
        ("P", "B", 0.5),
        ("B", "P", 0.5),
        ("N", "NG", 0.5),
        ("D", "DH", 0.5),
        ("AH", "IY", 0.5),
        ("AH", "K", 1.0),
        ("P", "K", 1.0),
        ("P", "D", 1.0),
    ],
)
def test_two_phones_are_the_same_alike_or_others(first, second, unlike):
    assert difference(first, second) == unlike


@pytest.mark.parametrize(
    ("parts", "doubt", "heard"),
    [
        ((), 0.0, ""),
        ((("uh", 1),), 0.25, "uh"),
        ((("a", 1), ("big", 3)), 1.0, "a big"),
        ((("bigger", 5),), 1.0, "bigger"),
    ],
)
def test_what_was_added_is_the_more_doubtful_the_longer_it_is(parts, doubt, heard):
    added = [sound._Part(0, letters, ("T",) * phones) for letters, phones in parts]
    assert sound._addition(added) == sound.Opinion(doubt, heard)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("lamp,", ["lamp,"]),
        ("1893.", ["eighteen ninety three", "one thousand, eight hundred and ninety three"]),
        ("’tis", ["'tis"]),
        ("1000000", ["one million"]),
    ],
)
def test_a_written_number_has_several_readings(text, readings):
    found = sound._readings(text)
    assert set(readings) <= set(found) and (len(found) > 1) is any(map(str.isdigit, text))
    assert len(sound._readings("1000000")) == 3 and len(sound._readings("999999")) == 5


def test_contractions_are_written_out_and_whose_something_is_stays():
    words = "I'll you're I've I'm didn't won't Can't, cannot shan't ain't it's Ann's n't"
    written = "i will you are i have i am did not will not can not can not shall not is not it's Ann's n't"
    assert sound._written_out(words) == written


def test_what_was_heard_instead_of_a_word_is_named_once(comparison):
    text = "The lantern burned."
    for written, doubt in (("land turn", 0.0), ("land", 2.5 / 6)):  # D for T is half a phone, and two are missing
        words = [Written(word, 0.0, 1.0) for word in f"The {written} burned.".split()]
        opinions = comparison.compare(text, source_words(text), words)
        assert [opinion.heard for opinion in opinions.words] == ["", written, ""]
        assert [opinion.doubt for opinion in opinions.words] == [0.0, pytest.approx(doubt), 0.0]


ALIKE = "P-B T-D K-G S-Z F-V TH-DH SH-ZH CH-JH M-N N-NG W-HH TH-T DH-D"
VOWELS = sorted({phone.rstrip("012") for phone in LEXICON_PHONES if phone[-1].isdigit()})
CONSONANTS = sorted({phone for phone in LEXICON_PHONES if not phone[-1].isdigit()})


def test_the_phones_that_are_taken_for_one_another_are_these_and_vowels():
    pairs = {frozenset(pair.split("-")) for pair in ALIKE.split()}
    phones = [*CONSONANTS, *VOWELS]
    alike = {frozenset((a, b)) for a in phones for b in phones if difference(a, b) == difference(b, a) == 0.5}
    assert (len(CONSONANTS), len(VOWELS)) == (24, 15)
    assert alike == pairs | {frozenset((a, b)) for a in VOWELS for b in VOWELS if a != b}
