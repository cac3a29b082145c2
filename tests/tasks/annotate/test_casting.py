"""Casting: quotations go to whom the text names, and to nobody else."""

from __future__ import annotations

import re

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate.casting import Cast, Character, apply_cast, read_cast, write_cast
from tasks.annotate.markup import apply_markup
from tasks.errors import BadInputError
from tasks.segment.script import write_script
from tests.tasks.books import make_book, token_count

CAST = Cast((Character("Tom", "rms", ("Mr. Sawyer", "Tom Sawyer")), Character("Aunt Polly", "awb", ("Polly",))))


def voices(*paragraphs):
    """The quotations that got a voice, with it."""
    book, _ = apply_cast(make_book(list(paragraphs)), CAST)
    return [
        (block.text[note.start : note.end], note.value)
        for block in book.chapters[0].blocks
        for note in block.markup
        if note.kind == MarkupKind.VOICE
    ]


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("“Stop!” said Tom.", [("“Stop!”", "rms")]),
        ("“Stop,” Tom said.", [("“Stop,”", "rms")]),
        ('"Stop," cried Aunt Polly.', [('"Stop,"', "awb")]),
        ("“Stop?” asked Mr. Sawyer.", [("“Stop?”", "rms")]),
        ("Tom said, “Stop.”", [("“Stop.”", "rms")]),
        ("Then Tom replied softly: “Stop.”", [("“Stop.”", "rms")]),
        ("“Well,” said Tom, “I never.”", [("“Well,”", "rms"), ("“I never.”", "rms")]),
        ("“Well,” said Tom. “I never.”", [("“Well,”", "rms"), ("“I never.”", "rms")]),
        ("“Well,” Tom said quietly. “I never.” “Nor I,” said Polly.", [
            ("“Well,”", "rms"), ("“I never.”", "rms"), ("“Nor I,”", "awb"),
        ]),
        ("“Well,” said Tom, looking up at the clock that hung above the door of the shop, “I never.”", [
            ("“Well,”", "rms"), ("“I never.”", "rms"),
        ]),
        # and what must stay with the narrator
        ("“Well,” said Tom, looking up at the clock that hung above the door of the shop across the road, “I never.”", [
            ("“Well,”", "rms"),
        ]),
        ("“Stop!” he said.", []),
        ("“Stop!” said Tommy.", []),
        ("“Stop!” said Tom's aunt.", []),
        ("“Stop!” said Tom’s aunt.", []),
        ("“Stop!” said Tom and Huck.", []),
        ("“Stop!” said Huck to Tom.", []),
        ("“Stop.” Tom said nothing.", []),
        ("“Stop!” Tom said nothing.", []),
        ("Tom looked up. “Stop.”", []),
        ("Nobody said Tom was here. “Stop.”", []),
        ("“Stop,” said Huck, “or I go.”", []),
    ],
)  # fmt: skip
def test_rules(paragraph, expected):
    assert voices(paragraph) == expected


def test_alternating_dialogue_is_not_guessed_at():
    assert voices("“One,” said Tom.", "“Two.”", "“Three.”") == [("“One,”", "rms")]


def test_a_speech_of_several_paragraphs_is_one_persons():
    paragraphs = ("Tom said: “One.", "“Two.", "“Three.”", "“Four.”")
    assert voices(*paragraphs) == [("“One.", "rms"), ("“Two.", "rms"), ("“Three.”", "rms")]


def test_british_marks():
    assert voices("‘I don’t,’ said Tom.", "‘You do,’ said Polly.") == [("‘I don’t,’", "rms"), ("‘You do,’", "awb")]


def test_markup_comes_first_and_the_report_names_the_rest(settings):
    blocks = [
        "[[voice Polly]]“One,”[[/voice]] said Tom.",
        "“Two.”",
        "“Three,” said Tom.",
        "[[voice slt]]Four.[[/voice]]",
    ]
    book, report = apply_cast(apply_markup(make_book(blocks)), CAST)
    script = write_script(book, settings, token_count, 200)
    assert [(u.text, u.voice) for u in script.utterances] == [
        ("“One,”", "awb"),
        ("said Tom.", ""),
        ("“Two.”", ""),
        ("“Three,”", "rms"),
        ("said Tom.", ""),
        ("Four.", "slt"),
    ]
    assert report.by_character == {"Tom": 1}
    assert report.by_markup == 2
    assert report.unattributed == [(0, "“Two.”")]


def test_a_cast_file(tmp_path):
    path = tmp_path / "cast.toml"
    path.write_text('narrator = "slt"\n[characters.Tom]\nvoice = "rms"\naliases = ["Tom  Sawyer"]\ngender = "male"\n')
    assert read_cast(path) == Cast((Character("Tom", "rms", ("Tom Sawyer",), "male"),), "slt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[characters.Tom]\n", "[characters.Tom]: a voice is missing"),
        ('[characters.Tom]\nvoice = "a"\nage = 3', "'age' is unknown: use aliases, direction, gender, voice"),
        ('[characters.Tom]\nvoice = "a"\n[characters.tom]\nvoice = "b"', "'tom' is the name of two characters"),
        ('[cast]\nTom = "a"', "'cast' is unknown: write narrator and [characters.NAME]"),
        ("[", "cannot be read"),
    ],
)
def test_mistakes_in_a_cast_file(tmp_path, text, message):
    path = tmp_path / "cast.toml"
    path.write_text(text)
    with pytest.raises(BadInputError, match=re.escape(message)):
        read_cast(path)


VERBS = (
    "said says asked asks replied replies answered answers cried cries exclaimed whispered shouted muttered murmured "
    "continued added returned rejoined remarked observed declared demanded inquired enquired began called screamed "
    "yelled growled grumbled sighed laughed repeated responded insisted protested suggested explained announced "
    "interrupted ventured admitted agreed went_on put_in broke_in"
)


def test_every_verb_of_saying_says_who_speaks_on_either_side():
    for verb in VERBS.replace("_", "~").split():
        written = verb.replace("~", " ")
        for paragraph in (f"“Stop!” {written} Tom.", f"“Stop!” Tom {written}.", f"Tom {written}, “Stop!”"):
            assert voices(paragraph) == [("“Stop!”", "rms")], paragraph


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("„Stop!“ said Tom.", [("„Stop!“", "rms")]),
        ("«Stop!» said Tom.", [("«Stop!»", "rms")]),
        ("“Stop!” said Tom-like men.", []),
        ("Tom said to Polly, “Stop.”", [("“Stop.”", "rms")]),
        ("“Stop!” said Tom, and Polly said: “Go.”", [("“Stop!”", "rms"), ("“Go.”", "awb")]),
        ("“Stop!” Tom said to her.", [("“Stop!”", "rms")]),
        ("“Stop!” Tom laughed them out.", []),
        ("“Stop,” then quickly said Tom.", []),
        ("“Stop,” said again Tom.", [("“Stop,”", "rms")]),
        ("The man“Stop!”said Tom.", []),  # no mark of a quotation stands behind a letter
    ],
)
def test_rules_at_their_edges(paragraph, expected):
    assert voices(paragraph) == expected


def test_a_heading_and_a_break_end_what_goes_on():
    for between in ("# Two", Block(BlockKind.SCENE_BREAK, "***")):
        assert voices("Tom said: “One.", between, "“Two.”") == [("“One.", "rms")]


def test_single_marks_are_quotations_where_more_paragraphs_begin_with_them():
    assert voices("‘Stop!’ said Tom.", "“Go!” said Tom.") == [("“Go!”", "rms")]
    assert voices("‘Stop!’ said Tom.", "‘Stop!’ said Tom.", "“Go!” said Tom.")[:1] == [("‘Stop!’", "rms")]


def test_the_cast_file_of_a_play_says_how_often_each_speaks():
    text = write_cast("The  Mill\nGuest", {"ANN": 1, 'TOM "X"': 2}, "slt")
    assert text.startswith("# The speakers of The Mill Guest. Give each a voice")
    assert '[characters."ANN"]  # 1 speech\nvoice = "slt"\n' in text
    assert '[characters."TOM \\"X\\""]  # 2 speeches\n' in text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('voice = "a"\naliases = "Tom"', 'aliases must be a list of names: aliases = ["..."]'),
        ('voice = "a"\naliases = [" "]', "aliases must be a list of names"),
        ('voice = "a"\ngender = 1', "gender must be a text in quotation marks"),
        ('voice = ""', "a voice is missing"),
        ('voice = "a"\naliases = ["tom"]', "'tom' is the name of two characters"),
    ],
)
def test_more_mistakes_in_a_cast_file(tmp_path, lines, message):
    path = tmp_path / "cast.toml"
    path.write_text(f"[characters.Tom]\n{lines}\n")
    with pytest.raises(BadInputError, match=re.escape(message)):
        read_cast(path)
    path.write_text("narrator = 3\n")
    with pytest.raises(BadInputError, match="is unknown: write narrator"):
        read_cast(path)


def test_headings_stay_as_they_are_and_end_what_is_left_open():
    paragraphs = ["# “Stop!” said Tom.", "“Go,” said Tom. “I will", "“stay.", "# Two", "“Nobody."]
    book, report = apply_cast(make_book(paragraphs), CAST)
    assert [block.text for block in book.chapters[0].blocks] == [text.removeprefix("# ") for text in paragraphs]
    assert [len(block.markup) for block in book.chapters[0].blocks] == [0, 2, 1, 0, 0]
    assert report.unattributed == [(0, "“Nobody.")] and report.by_character == {"Tom": 3}


def test_adverbs_and_what_follows_a_verb():
    adverbs = ["then", "again", "at last", "softly", "aloud", "quickly", "sadly"]
    shapes = ["“Stop!” said {} Tom.", "“Stop!” Tom {} said.", "Tom {} said, “Stop!”", "Tom said {}, “Stop!”"]
    said = [shape.format(adverb) for shape in shapes for adverb in adverbs]
    assert voices(*said) == [("“Stop!”", "rms")] * len(said)
    after = ["sadly", "to", "with", "in", "at", "as", "from", "and", "when", "after", "before", "again", "then"]
    assert voices(*(f"“Stop!” Tom said {word} it." for word in after)) == [("“Stop!”", "rms")] * len(after)


@pytest.mark.parametrize("first", [0, 1])
def test_of_names_that_begin_alike_the_longer_one_is_meant_where_it_stands(first):
    people = (Character("Ann", "rms"), Character("Ann Lee", "awb"))
    for paragraph in ("“Stop!” said {}.", "“Stop!” {} said.", "{} said, “Stop!”"):
        for person in people:
            cast = Cast((people[first], people[1 - first]))
            book, report = apply_cast(make_book([paragraph.format(person.name)]), cast)
            assert [note.value for note in book.chapters[0].blocks[0].markup] == [person.voice]
            assert report.by_character == {person.name: 1}


def test_a_quotation_beside_what_markup_gives_a_voice_has_its_own():
    text = "Hush “Stop!” said Tom."
    notes = tuple(Markup(start, end, MarkupKind.VOICE, "slt") for start, end in ((0, 5), (12, 17)))
    assert voices(Block(BlockKind.PARAGRAPH, text, markup=notes))[1] == ("“Stop!”", "rms")
    for start, end in ((0, 6), (11, 17)):
        one = Block(BlockKind.PARAGRAPH, text, markup=(Markup(start, end, MarkupKind.VOICE, "slt"),))
        assert [voice for _, voice in voices(one)] == ["slt"]


def test_what_names_nobody_and_what_is_left_open_is_of_its_chapter():
    book, report = apply_cast(make_book(["Tom said: “One."], ["“Two.”"], ["“Three.”"]), CAST)
    assert report.unattributed == [(1, "“Two.”"), (2, "“Three.”")]
    assert [len(chapter.blocks[0].markup) for chapter in book.chapters] == [1, 0, 0]
