"""English cleaners: numbers and abbreviations become words, nothing but plain letters stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tortoise_core.errors import TextError
from tortoise_core.text.cleaners import ABBREVIATIONS, clean_basic, clean_english


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Mrs. Lee met Dr. Brown on St. James St.", "misess lee met doctor brown on saint james saint"),
        ("12,345 items", "twelve thousand, three hundred forty-five items"),
        ("$3.50, $1, $0.99", "three dollars, fifty cents, one dollar, ninety-nine cents"),
        ("3.14", "three point fourteen"),
        ("the 103rd", "the one hundred and third"),
        (
            "1900 1905 1984 2000 2001 2009 2010 2015",
            "nineteen hundred nineteen oh five nineteen eighty-four two thousand two thousand one "
            "two thousand nine twenty ten twenty fifteen",
        ),
        ("£5", "psfive"),
        ("“Yes,”\t he   said. ", "yes, he said. "),
    ],
)
def test_rules(text, cleaned):
    assert clean_english(text) == cleaned


def test_every_abbreviation_is_expanded_whole_words_only():
    assert len(ABBREVIATIONS) == 18
    for pattern, word in ABBREVIATIONS:
        short = pattern.pattern.removeprefix(r"\b").removesuffix(r"\.")
        assert clean_english(f"x {short.upper()}. y") == f"x {word} y"
        assert clean_english(f"x a{short}. {short} y") == f"x a{short}. {short} y"


@pytest.mark.parametrize("text", ["$,5", "1" * 37, "9" * 5000, "$" + "1" * 5000])
def test_unreadable_numbers(text):
    with pytest.raises(TextError, match="spell it out") as caught:
        clean_english(text)
    assert len(str(caught.value)) < 300


@given(st.text(st.characters(exclude_characters="$,", exclude_categories=("Cs", "Nd", "No", "Nl"))))
def test_result_is_plain_lower_case_ascii_without_numbers(text):
    cleaned = clean_english(text)
    assert cleaned.isascii()
    assert cleaned == cleaned.lower()
    assert '"' not in cleaned


def test_basic_leaves_numbers_alone():
    assert clean_basic("Dr.  X\npaid $5 in CAFÉ") == "dr. x paid $5 in café"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("1000 1001 2999 3000", "one thousand ten oh one twenty-nine ninety-nine three thousand"),
        ("1100 2100 999", "eleven hundred twenty-one hundred nine hundred ninety-nine"),
        ("1,234 1,2,3", "twelve thirty-four one hundred twenty-three"),
        ("1,2", "twelve"),
        ("$0 $1.01 $2.10 $.50 $1.2.3", "zero dollars one dollar, one cent two dollars, ten cents fifty cents "
         "one point two.three dollars"),
        ("$1,000", "one thousand dollars"),
        ("1st 2ND 3rd 11th 1sts", "first second third eleventh firsts"),
        ("MRS. Mr. x", "misess mister x"),
        ('He said "No".', "he said no."),
    ],
)  # fmt: skip
def test_edges_of_the_rules(text, cleaned):
    assert clean_english(text) == cleaned


def test_the_words_of_all_abbreviations():
    """Spec 2, "misess" and all: the published networks were trained with these."""
    text = "mrs. mr. dr. st. co. jr. maj. gen. drs. rev. lt. hon. sgt. capt. esq. ltd. col. ft."
    assert clean_english(text) == (
        "misess mister doctor saint company junior major general doctors reverend lieutenant honorable sergeant "
        "captain esquire limited colonel fort"
    )
