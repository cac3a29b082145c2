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


# A sentence for every line of the table: the word, how it is said, and where.
LINES = """
read: reed: He will read it.
read: red: They have read it.
read: red: He read it.
lead: led: Turned to lead, it fell.
lead: leed: They must lead us.
lead: leed: We lead them.
lead: leed: She took the lead.
lead: led: A block of lead fell.
lead: led: The lead pipes burst.
live: liv: He can live here.
live: liv: They live here.
live: lyve: The live wires hummed.
lives: lyves: All their lives.
lives: livz: She lives here.
wind: winnd: Exposed to wind and rain.
wind: wined: He would wind it.
wind: wined: Please, Tom, wind up the clock.
wind: winnd: A north wind blew.
wind: winnd: The wind blew.
wind: winnd: A gust of wind came.
wind: wined: They wind it.
winds: wineds: The path winds on.
winds: winndz: The winds blew.
winds: winndz: It came of winds.
tear: tare: Do, Tom, tear it.
tear: tare: You could tear.
tear: teer: A, as it were, tear rolled.
tear: teer: A little tear.
tears: teerz: She shed tears.
tears: tairz: He tears it.
bow: boh: An old bow tie.
bow: boh: His long bow.
bow: bough: A stiff bow.
bow: bough: He must bow.
bow: bough: At, as it were, bow of the ship.
bow: bough: On the starboard bow.
minute: my-newt: In minute details.
minute: my-newt: It was very minute.
minute: minnit: In a minute, sir.
close: kloze: They should close it.
close: kloze: They close the shop.
close: klohss: It was so close.
close: klohss: He was there, close behind.
wound: wownd: The river wound on.
wound: wownd: He, wound up, went.
wound: woond: His wound hurt.
row: rou: A terrible row.
row: roh: We must row.
row: roh: One row of trees.
row: roh: In the front row.
sow: soh: You shall sow.
sow: sou: An old sow.
dove: dohv: She dove into it.
dove: duv: A dove sat there.
bass: bayss: His bass voice.
bass: bayss: He sang bass.
bass: baass: A sea bass.
content: kun-tent: He was content.
content: kun-tent: He lay, content to sleep.
content: kon-tent: The content of it.
invalid: in-vuh-lid: An invalid.
invalid: in-val-id: It is invalid.
perfect: pur-fekt: He will perfect his art.
perfect: purr-fikt: It is perfect.
separate: sep-uh-rate: He will separate the two.
separate: sep-uh-rate: They will separate.
separate: sep-uh-rate: They separate.
separate: sep-rut: A separate room.
object: ub-jekt: He will object.
object: ub-jekt: They object.
object: ub-jekt: Does she object?
object: ob-jekt: An object.
"""


def test_every_line_of_the_table_decides_a_sentence_of_its_own():
    left = {word: list(readings) for word, readings in _readings().items()}
    for line in LINES.strip().split("\n"):
        word, respelling, sentence = line.split(": ")
        book, _ = decide_heteronyms(make_book([sentence]))
        said = {book.chapters[0].blocks[0].text[n.start : n.end]: n.value for n in book.chapters[0].blocks[0].markup}
        assert INLINE.fullmatch(said[word])["respelling"] == respelling, line
        before, _, after = sentence.partition(word)
        used = next(reading for reading in _readings()[word] if reading.fits(before, after))
        assert used in left[word], line  # the same as for another sentence
        left[word].remove(used)
    assert {word: len(readings) for word, readings in left.items() if readings} == {}


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("x" * 30 + " ", "", "read."),
        ("y" + "x" * 29, "", None),
        ("one two ", " on", "one two read on."),
        ("one " + "x" * 26 + " ", "", "x" * 26 + " read."),
        ("", " " + "x" * 29 + "yz", "read"),
        ("", " on " + "x" * 40, "read on"),
    ],
)
def test_a_place_is_shown_with_the_whole_words_around_it(before, after, place):
    _, left = decide_heteronyms(make_book([f"{before}read{after}."]))
    assert left.places["read"] == ([place] if place else [])


def test_a_heading_is_read_by_the_rules_and_a_break_is_not():
    book = make_book(["# A lead pipe", Block(BlockKind.SCENE_BREAK, "A lead pipe")])
    assert [len(block.markup) for block in decide_heteronyms(book)[0].chapters[0].blocks] == [1, 0]


@pytest.mark.parametrize("text", ["bread", "read-only", "un-read", "’read", "readʼs", "read's"])
def test_parts_of_words_are_no_heteronyms(text):
    book, left = decide_heteronyms(make_book([f"He had {text} it."]))
    assert not book.chapters[0].blocks[0].markup and not left.counts
