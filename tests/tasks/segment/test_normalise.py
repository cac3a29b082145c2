"""Normalisation: a table of texts and what is said, and what must hold for every text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import BlockKind
from tasks.segment.normalise import RULES, has_words, normalise
from tasks.segment.rules import roman
from tasks.segment.rules.base import Context, cardinal, ordinal, year
from tasks.segment.rules.characters import unspeakable

CONTEXTS = {
    "us": Context(),
    "gb": Context(british=True),
    "heading": Context(kind=BlockKind.HEADING),
    "verse": Context(kind=BlockKind.VERSE),
}


def _goldens() -> list[tuple[str, str, str]]:
    rows = []
    for table in sorted((Path(__file__).parent / "goldens").glob("*.tsv")):
        for line in table.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                _, context, text, said, *_reason = line.split("\t")
                rows.append((context, text.replace("\\n", "\n"), said))
    return rows


@pytest.mark.parametrize(("context", "text", "said"), _goldens())
def test_goldens(context, text, said):
    assert normalise(text, CONTEXTS[context]) == said


def test_every_rule_has_its_own_name():
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("number", "words"), [(0, "zero"), (13, "thirteen"), (100, "one hundred"), (1001, "one thousand one")]
)
def test_cardinals(number, words):
    assert cardinal(number) == words


def test_ordinals_and_years():
    assert [ordinal(n) for n in (1, 12, 30, 101)] == ["first", "twelfth", "thirtieth", "one hundred first"]
    assert [year(n) for n in (999, 1000, 1100, 1901, 2000, 2010)] == [
        "nine hundred ninety-nine",
        "one thousand",
        "eleven hundred",
        "nineteen oh one",
        "two thousand",
        "twenty ten",
    ]


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("IV", 4), ("XIX", 19), ("MCMXC", 1990), ("IIII", None), ("VX", None), ("", None)],
)
def test_roman_values(numeral, value):
    assert roman.value(numeral) == value


@pytest.mark.parametrize(
    ("text", "dropped"),
    [("a*b", "*"), ("3 * 4", ""), ("~5 ~ x", "~"), ("_x_", "__"), ("☃!", "☃"), ("“Fine” — (so) £5 & 3%…", "")],
)
def test_unspeakable_characters(text, dropped):
    assert "".join(text[start:end] for start, end in unspeakable(text)) == dropped


@pytest.mark.parametrize(("text", "words"), [("ab", True), ("5", True), ("...", False), ("Σίβυλλα", True), ("", False)])
def test_has_words(text, words):
    assert has_words(text) == words


_WRITTEN = (
    "Mr. Dr. St. No. etc. 1905 3.14 $5 £3 50% 1st 1/2 10-12 IV VIII Henry I Chapter 6:45 p.m. Jan. 5 km ° ′ & @ # + = "
    "< > * ( ) [ ] / - — … . , ; : ! ? “ ” ‘ ’ a the lamp Street C. U.S.A. FBI '90s x² ½ 007 1,234 http://a.b ☃ Ж"
)
_PIECES = st.sampled_from([*_WRITTEN.split(), "\n", "\u00a0"])


@given(st.lists(_PIECES, max_size=12).map(" ".join), st.sampled_from(sorted(CONTEXTS)))
def test_no_digit_or_sign_is_left_and_plain_words_stay(text, name):
    said = normalise(text, CONTEXTS[name])
    assert not re.search(r"[\d$£€%@#&+=<>*°_\n½]", said)
    assert said == said.strip()
    for word in ("lamp", "the"):
        assert len(re.findall(rf"\b{word}\b", said)) >= len(re.findall(rf"\b{word}\b", text))


@given(st.text(max_size=60), st.sampled_from(sorted(CONTEXTS)))
def test_any_text_can_be_normalised(text, name):
    said = normalise(text, CONTEXTS[name])
    assert said == "" or has_words(said)
