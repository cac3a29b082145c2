"""What is said for a stretch of a block: by the rules, or as its markup asks."""

from __future__ import annotations

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.normalise.rules.base import Context
from tasks.segment.saying import Saying, Stretch, problem_of, stretches


def marked(text, *notes):
    return Block(BlockKind.PARAGRAPH, text, markup=tuple(Markup(*note) for note in notes))


def test_a_stretch_looks_like_one_long_word_and_belongs_to_the_part_that_holds_its_start():
    text = "The lead pipe of St. John is 1984."
    block = marked(text, (4, 8, MarkupKind.PHONEMES, "ipa:lɛd"), (17, 25, MarkupKind.RESPELL, "SIN-jin"))
    saying = Saying(block, Context())
    assert saying.text == "The xxxx pipe of Xxxxxxxx is 1984."
    assert (saying.marked_chars, len(saying.text)) == (12, len(text))
    assert saying.stretches == [Stretch(4, 8, "{L EH1 D}"), Stretch(17, 25, "sin-jin")]
    parts = {(0, 34): "The {L EH1 D} pipe of sin-jin is nineteen eighty-four.", (0, 17): "The {L EH1 D} pipe of"}
    parts |= {(0, 6): "The {L EH1 D}", (5, 8): "ead", (17, 25): "sin-jin", (9, 16): "pipe of", (26, 34): "is 1984."}
    parts[26, 34] = "is nineteen eighty-four."
    assert {place: saying.spoken(*place) for place in parts} == parts


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("LEAD PIPE AND PIPES", "led PIPE AND PIPES"),  # capitals around it are no acronyms
        ("lead zqxozqxaz Pipe", "led zqxozqxaz Pipe"),  # a text that holds the made-up word
        ("lead ZQXOZQX Pipe", "led ZQXOZQX Pipe"),
    ],
)
def test_what_stands_around_a_stretch_is_said_as_if_a_word_stood_there(text, spoken):
    assert Saying(marked(text, (0, 4, MarkupKind.RESPELL, "led")), Context()).spoken(0, len(text)) == spoken


def test_many_stretches_are_told_apart():
    text = " ".join(["x"] * 700)  # more than a made-up word of one or of two letters can count
    notes = [(2 * place, 2 * place + 1, MarkupKind.RESPELL, f"a{'b' * (place % 7)}") for place in range(700)]
    said = Saying(marked(text, *notes), Context()).spoken(0, len(text))
    assert said.split() == [note[3] for note in notes]


def test_of_stretches_that_overlap_the_first_holds_and_what_is_no_saying_is_none():
    notes = (
        (0, 8, MarkupKind.RESPELL, "one"),
        (4, 12, MarkupKind.RESPELL, "two"),
        (8, 12, MarkupKind.VOICE, "joe"),
        (8, 12, MarkupKind.SAY_AS, "year"),  # it has no digit: read as if it were not marked
        (13, 17, MarkupKind.RESPELL, "three"),
    )
    found = stretches(marked("The lead pipe here.", *notes), Context())
    assert found == [Stretch(0, 8, "one"), Stretch(13, 17, "three")]


@pytest.mark.parametrize(
    ("text", "way", "spoken"),
    [
        ("a-1_B.", "characters", "{EY1|A} dash one underscore B dot"),
        ("a é\n½ ☃ €", "characters", "{EY1|A} É one half euro"),
        (
            "–—/\\:;!?'’\"()*#@&+=%~$£,",
            "characters",
            "dash dash slash backslash colon semicolon exclamation mark question mark apostrophe apostrophe quote open "
            "bracket close bracket star hash at and plus equals percent tilde dollar pound comma",
        ),
        ("5/1/1905", "date", "May first, nineteen oh five"),
        ("x12y34", "digits", "one two three four"),
        ("105", "digits", "one zero five"),
        (
            "1234567890123456",
            "cardinal",
            "one two three four five six seven eight nine zero one two three four five six",
        ),
        ("100000000000000", "cardinal", "one hundred trillion"),
        ("555-12 7", "telephone", "five five five, one two, seven"),
        ("No. 1,234th of 5", "ordinal", "No. one thousand two hundred thirty-fourth of five"),
        ("in 1905", "year", "in nineteen oh five"),
        ("1905", "cardinal", "one thousand nine hundred five"),
    ],
)
def test_a_text_is_said_in_the_way_that_is_asked_for(text, way, spoken):
    note = Markup(0, len(text), MarkupKind.SAY_AS, way)
    assert problem_of(text, note) == ""
    assert [found.spoken for found in stretches(Block(BlockKind.PARAGRAPH, text, markup=(note,)), Context())] == [
        spoken
    ]


@pytest.mark.parametrize(
    ("text", "kind", "value", "american", "british"),
    [
        ("105", MarkupKind.SAY_AS, "cardinal", "one hundred five", "one hundred and five"),
        ("105", MarkupKind.SAY_AS, "ordinal", "one hundred fifth", "one hundred and fifth"),
        ("5/1/1905", MarkupKind.SAY_AS, "date", "May first, nineteen oh five",
         "the fifth of January, nineteen oh five"),
        ("x", MarkupKind.RESPELL, "105 men", "one hundred five men", "one hundred and five men"),
        ("105 of 205", MarkupKind.SAY_AS, "cardinal", "one hundred five of two hundred five",
         "one hundred and five of two hundred and five"),
    ],
)  # fmt: skip
def test_a_british_book_says_its_numbers_the_british_way(text, kind, value, american, british):
    for context, spoken in ((Context(british=False), american), (Context(british=True), british)):
        found = stretches(marked(text, (0, len(text), kind, value)), context)
        assert [stretch.spoken for stretch in found] == [spoken]


@pytest.mark.parametrize(
    ("value", "spoken"),
    [
        ("tuh-MAH-toh", "tuh-mah-toh"),
        ("OZ-mah BIN-lah", "oz-mah bin-lah"),
        ("Jean-Luc", "Jean-Luc"),  # names keep their capitals
        ("Doctor No", "Doctor No"),
        ("5 men", "five men"),
    ],
)
def test_capitals_of_a_respelling_are_its_stress(value, spoken):
    found = stretches(marked("word", (0, 4, MarkupKind.RESPELL, value)), Context())
    assert [stretch.spoken for stretch in found] == [spoken]


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (MarkupKind.SAY_AS, "year", "'word' cannot be said as 'year'"),
        (MarkupKind.SAY_AS, "louder", "'louder' is no way to say something"),
        (MarkupKind.RESPELL, "...", "'word' cannot be said as '...'"),
        (MarkupKind.PHONEMES, "ipa:ǃ", "ǃ"),
        (MarkupKind.PHONEMES, "{L EH1 D}", ""),
        (MarkupKind.PHONEMES, "ipa:lɛd", ""),
        (MarkupKind.VOICE, "joe", ""),
    ],
)
def test_what_cannot_be_said_is_told(kind, value, problem):
    found = problem_of("word", Markup(0, 4, kind, value))
    assert problem in found and bool(found) is bool(problem)
