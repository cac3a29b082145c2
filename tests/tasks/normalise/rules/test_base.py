"""Numbers as words at their limits, and which regions read them the British way."""

import pytest

from tasks.normalise.rules.base import (
    as_a_name,
    cardinal,
    ends_sentence,
    in_pairs,
    is_british,
    number_words,
    ordinal,
    plural,
    spell_digits,
    spell_letters,
    year,
)

MOST = 10**15


def test_numbers_of_more_than_fifteen_digits_are_read_digit_by_digit():
    assert cardinal(MOST - 1).startswith("nine hundred ninety-nine trillion nine hundred")
    assert cardinal(MOST) == ordinal(MOST) == number_words(str(MOST)) == "one" + " zero" * 15
    assert ordinal(MOST - 1).endswith("ninety-ninth")
    assert cardinal(-MOST) == "one" + " zero" * 15
    assert number_words("999,999,999,999,999").startswith("nine hundred ninety-nine trillion")


@pytest.mark.parametrize(
    ("number", "american", "british"),
    [
        ("105", "one hundred five", "one hundred and five"),
        ("1,234.50", "one thousand two hundred thirty-four point five zero",
         "one thousand two hundred and thirty-four point five nought"),
        ("0.5", "zero point five", "nought point five"),
        (".5", "point five", "point five"),
        ("10.05", "ten point zero five", "ten point nought five"),
    ],
)  # fmt: skip
def test_numbers_on_both_sides_of_the_atlantic(number, american, british):
    assert (number_words(number), number_words(number, british=True)) == (american, british)


def test_ordinals_have_an_and_in_british_english():
    assert (ordinal(105), ordinal(105, True)) == ("one hundred fifth", "one hundred and fifth")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (7, "seven"), (99, "ninety-nine"), (100, "one hundred"), (101, "one oh one"), (110, "one ten"),
        (747, "seven forty-seven"), (1000, "one thousand"), (1600, "sixteen hundred"), (1909, "nineteen oh nine"),
        (2000, "two thousand"), (2010, "twenty ten"),
    ],
)  # fmt: skip
def test_numbers_that_name_something_are_read_in_pairs(number, said):
    assert in_pairs(number) == said


def test_years_names_and_plurals():
    assert [year(n) for n in (2009, 2010, 3005, 1805)] == [
        "two thousand nine", "twenty ten", "three thousand five", "eighteen oh five",
    ]  # fmt: skip
    assert year(2005, True) == "two thousand and five"
    assert [as_a_name(digits) for digits in ("320", "21", "07")] == ["three twenty", "twenty-one", "zero seven"]
    assert [plural(words) for words in ("ninety", "hundred", "six", "s")] == ["nineties", "hundreds", "sixes", "ses"]
    assert (spell_digits("0a7", "oh"), spell_letters("F.B1I")) == ("oh seven", "F B I")


@pytest.mark.parametrize("region", ["gb", "uk", "ie", "au", "nz", "za", "in"])
def test_regions_that_read_numbers_the_british_way(region):
    assert is_british("auto", f"en-{region.upper()}") and is_british(f"en_{region}", "")
    assert not is_british("auto", region)  # a language of that name


@pytest.mark.parametrize("tag", ["en", "en-US", "en-CA", "de", "gb", ""])
def test_all_others_read_them_the_american_way(tag):
    assert not is_british("auto", tag)


@pytest.mark.parametrize(
    ("text", "ends"),
    [("", True), (" The", True), ('" “The', True), (") A", True), (" the", False), (",", False), ("x", False)],
)
def test_a_sentence_ends_before_a_capital_or_nothing(text, ends):
    assert ends_sentence(f"Co.{text}", 3) is ends
