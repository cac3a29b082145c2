"""Heteronyms: said by context where a rule is sure, left open and listed where none is."""

from __future__ import annotations

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate.heteronyms import _readings, decide_heteronyms
from tests.tasks.books import make_book
from tortoise_core.text.notation import INLINE


@pytest.mark.parametrize(
    ("text", "respellings"),
    [
        ("He had read it twice.", "red"),
        ("It was read aloud.", "red"),
        ("She read the letter.", "red"),
        ("Did she read the letter?", None),
        ("I want to read it.", "reed"),
        ("I did not read it.", "reed"),
        ("You could never quite read him.", "reed"),
        ("I read it.", None),
        ("A lead pipe and a pencil of lead.", "led led"),
        ("He will lead them and take the lead.", "leed leed"),
        ("We live here; the live wire does too.", "liv lyve"),
        ("He lives all his lives.", "livz lyves"),
        ("The wind blew; she went to wind up the clock.", "winnd wined"),
        ("A house open to wind and rain.", "winnd"),
        ("“I wind it forward a little each day; they always close the door.”", "wined kloze"),
        ("In the wind it was cold.", "winnd"),
        ("The road winds on; the winds howl.", "wineds winndz"),
        ("She burst into tears and began to tear it up.", "teerz tare"),
        ("A single tear rolled down.", "teer"),
        ("With a low bow he laid down bow and arrow.", "bough boh"),
        ("Wait a minute. The minute details matter.", "minnit my-newt"),
        ("It saw a minute spider.", None),
        ("Close to the fire he had to close the door.", "klohss kloze"),
        ("The path wound on past his wound.", "wownd woond"),
        ("An awful row; a row of trees.", "rou roh"),
        ("He was content with the content of the box.", "kun-tent kon-tent"),
        ("A perfect day to perfect his art; perfect strangers.", "purr-fikt pur-fekt purr-fikt"),
        ("“Perfect,” she said, owing to perfect weather.", "purr-fikt purr-fikt"),
        ("They went to separate rooms to separate the boys.", "sep-rut sep-uh-rate"),
        ("We separate here. They must not separate.", "sep-uh-rate sep-uh-rate"),
        ("I kept you separate; both separate lives are not separate.", "sep-rut sep-rut sep-rut"),
        ("I object! I strongly object to the object.", "ub-jekt ub-jekt ob-jekt"),
        ("Did he object? The man whom you object to has no object in life.", "ub-jekt ub-jekt ob-jekt"),
        ("The READ-ONLY lead-in, and unread leads.", None),
    ],
)
def test_rules(text, respellings):
    book, _ = decide_heteronyms(make_book([text]))
    found = [INLINE.fullmatch(note.value)["respelling"] for note in book.chapters[0].blocks[0].markup]
    assert " ".join(found) == (respellings or "")


def test_every_reading_is_sayable():
    assert len(_readings()) >= 18
    for readings in _readings().values():
        for reading in readings:
            assert INLINE.fullmatch(reading.phonemes), reading.said


def test_what_no_rule_decides_is_listed():
    _, left = decide_heteronyms(make_book(["I read it. They wind. You read it. We read. I read on."]))
    assert dict(left.counts) == {"read": 4, "wind": 1}
    assert left.places["read"][0] == "I read it. They wind. You read it."
    assert len(left.places["read"]) == 3


def test_markup_comes_first():
    note = Markup(7, 11, MarkupKind.RESPELL, "reed")
    book = make_book([Block(BlockKind.PARAGRAPH, "He had read it.", markup=(note,))])
    decided, left = decide_heteronyms(book)
    assert decided == book and not left.counts
