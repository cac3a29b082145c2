"""Plays: who speaks is found by the labels before speeches, and directions are the narrator's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.records import Block, BlockKind, Markup, MarkupKind
from tasks.annotate.casting import apply_cast, read_cast, write_cast
from tasks.annotate.plays import find_speeches, speakers_of
from tasks.segment.script import write_script
from tests.tasks.books import make_book, segment_settings, token_count

PLAY = [
    "# ACT I",
    "[Enter ANN with a lamp.]",
    Block(BlockKind.VERSE, "ANN.\nWho knocks so late? The mill is shut,\nAnd all the men asleep."),
    "TOM. [Without.] A friend! (Knocks again.) Open, good wife.",
    "ANN (aside): I know that voice.",
    "She opens the door. TOM enters, wet.",
    "TOM.—I thank you.",
    "FIRST SOLDIER",
    "No, sir.",
    "MRS. HALL: He is at sea.",
    "[Exeunt.]",
]
SPEAKERS = {"ANN": 2, "TOM": 2, "FIRST SOLDIER": 1, "MRS. HALL": 1}


def said(book):
    """What each voice says."""
    script = write_script(book, segment_settings(), token_count, 400)
    return [(utterance.voice, utterance.spoken) for utterance in script.utterances]


def test_speakers_are_counted():
    assert speakers_of(make_book(PLAY)) == SPEAKERS


def test_each_speaker_has_a_voice_and_the_narrator_all_else(tmp_path):
    (tmp_path / "cast.toml").write_text('[characters.Tom]\nvoice = "rms"\n\n[characters.ANN]\nvoice = "slt"\n', "utf-8")
    book, report = apply_cast(make_book(PLAY), read_cast(tmp_path / "cast.toml"))
    assert said(book)[1:8] == [
        ("", "Enter ANN with a lamp."),
        ("", "ANN."),
        ("slt", "Who knocks so late? The mill is shut,"),
        ("slt", "And all the men asleep."),
        ("", "TOM. Without."),
        ("rms", "A friend!"),
        ("", "Knocks again."),
    ]
    assert ("slt", "I know that voice.") in said(book)
    assert ("rms", "I thank you.") in said(book)
    assert ("", "MISSUS HALL: He is at sea.") in said(book)
    assert report.by_character == {"ANN": 2, "TOM": 2}


def test_a_label_in_a_paragraph_of_its_own_belongs_to_the_paragraph_below():
    book = make_book(["MAY", "You are late.", "JOE", "[quietly]", "I walked.", "MAY", "Then sit.", "JOE: I will."])
    assert {key[1]: speech.speaker for key, speech in find_speeches(book).items()} == {
        1: "MAY", 4: "JOE", 6: "MAY", 7: "JOE"
    }  # fmt: skip


def test_markup_comes_before_the_label(tmp_path):
    blocks = list(make_book(PLAY).chapters[0].blocks)
    blocks[3] = replace(blocks[3], markup=(Markup(5, 10, MarkupKind.VOICE, "awb"),))
    (tmp_path / "cast.toml").write_text('[characters.TOM]\nvoice = "rms"\n', "utf-8")
    book, _ = apply_cast(make_book(blocks), read_cast(tmp_path / "cast.toml"))
    assert {note.value for note in book.chapters[0].blocks[3].markup} == {"awb"}


@pytest.mark.parametrize(
    "blocks",
    [
        ["NOTE: He was late.", "It rained.", "NOTE: She was not.", "It rained again.", "NOTE: Nobody was."],
        ["TOM. One.", "TOM. Two.", "TOM. Three.", "TOM. Four."],
        ["TOM: Yes.", "ANN: No.", *["It rained upon the mill."] * 20, "TOM: Yes.", "ANN: No."],
        ["USA. The long road.", "UK. The short one.", "EU. None.", "UN. Many."],
        ["I. One", "II. Two", "I. One", "II. Two"],
        [
            "CHAPTER I",
            "He slept.",
            "CHAPTER II",
            "He woke.",
            "SCENE 1. A mill.",
            "He ate.",
            "ACT I. Night.",
            "He left.",
        ],
    ],
)
def test_what_is_no_play_has_no_speakers(blocks):
    assert speakers_of(make_book(blocks)) == {}


def test_the_cast_file_to_edit_changes_nothing_and_names_every_speaker(tmp_path):
    path = tmp_path / "cast.toml"
    path.write_text(write_cast('The "Mill"\nGuest', SPEAKERS, "slt"), "utf-8")
    cast = read_cast(path)
    assert cast.narrator == "slt"
    assert [(character.name, character.voice) for character in cast.characters] == [(name, "slt") for name in SPEAKERS]


@pytest.mark.parametrize(
    ("speeches", "others", "is_play"),
    [
        (["TOM: A.", "ANN: B.", "TOM: C.", "ANN: D."], 9, True),  # 4 of 13 are three tenths
        (["TOM: A.", "ANN: B.", "TOM: C.", "ANN: D."], 10, False),
        (["TOM: A.", "ANN: B.", "TOM: C."], 0, False),  # too few
        (["TOM: A.", "ANN: B.", "MAY: C.", "JOE: D."], 0, False),  # nobody comes again
        (["TOM: A.", "ANN: B.", "TOM: C.", "JOE: D."], 0, True),
    ],
)
def test_how_many_speeches_make_a_play(speeches, others, is_play):
    assert bool(find_speeches(make_book([*speeches, *["It rained upon the mill."] * others]))) is is_play


def test_each_part_of_a_speech_is_what_is_said_between_directions():
    book = make_book(["TOM. [Low.] Go! (To her.) — [Up.] Stay.", "ANN: No.", "TOM: Yes.", "ANN: Oh."])
    text = book.chapters[0].blocks[0].text
    parts = find_speeches(book)[0, 0].parts
    assert [text[start:end].strip() for start, end in parts] == ["Go!", "Stay."]


def test_the_speeches_of_each_chapter_are_its_own():
    spoken = ["TOM: A.", "ANN: B.", "TOM: C.", "ANN: D."]
    found = find_speeches(make_book(spoken, ["It rained."] * 20, ["# I", *spoken]))
    assert [key for key in found if key[0] != 0] == [(2, 1), (2, 2), (2, 3), (2, 4)]
    assert speakers_of(make_book(["ANN: A.", "TOM: B.", "TOM: C.", "ANN: D.", "TOM: E."])) == {"TOM": 3, "ANN": 2}


def test_labels_of_every_shape():
    blocks = [
        "Tom: A.",
        "Ann (aside): B.",
        "Old Tom 2: C.",
        "ANN, [low]: D.",
        "DR HALL & MAY — E.",
        "TOM: — F.",
        "Ann G.",
    ]
    assert [speech.speaker for speech in find_speeches(make_book([*blocks, "Tom: H."])).values()] == [
        "Tom", "Ann", "Old Tom 2", "ANN", "TOM", "Tom",
    ]  # fmt: skip


def test_headings_are_no_speeches_and_no_labels():
    blocks = ["MAY", "# TOM: Yes.", "You are late.", "# TOM", "TOM: A.", "MAY: B.", "TOM: C."]
    assert [key[1] for key in find_speeches(make_book(blocks))] == [2, 4, 5, 6]


@pytest.mark.parametrize("title", ["MR.", "MRS.", "MS.", "DR.", "ST.", "REV.", "SIR.", "CAPT.", "COL.", "SGT.", "LT."])
def test_a_label_may_begin_with_a_title(title):
    book = make_book([f"{title} HALL. One.", "TOM. Two.", f"{title} HALL: Three.", "TOM. Four."])
    assert speakers_of(book) == {f"{title} HALL": 2, "TOM": 2}


NO_NAMES = (
    "ACT|SCENE|CHAPTER|PART|BOOK|PROLOGUE|EPILOGUE|NOTE|NOTES|ENTER|EXIT|EXEUNT|CURTAIN|THE END|END|FINIS|INT|EXT|"
    "I|A|O|OH"
)


@pytest.mark.parametrize("word", NO_NAMES.split("|"))
def test_words_of_the_stage_are_no_names(word):
    book = make_book([f"{word}: One.", "TOM. Two.", f"{word}: Three.", "TOM. Four.", "ANN. Five.", "ANN: Six."])
    assert speakers_of(book) == {"TOM": 2, "ANN": 2}


@pytest.mark.parametrize("kind", BlockKind)
def test_speeches_are_paragraphs_verse_quotations_and_items_of_lists(kind):
    speeches = [Block(kind, text) for text in ("TOM. One.", "ANN. Two.", "TOM. Three.", "ANN. Four.")]
    spoken = kind in (BlockKind.PARAGRAPH, BlockKind.VERSE, BlockKind.QUOTE, BlockKind.LIST_ITEM)
    assert bool(find_speeches(make_book(speeches))) is spoken


def test_a_label_in_a_block_of_its_own_is_of_the_next_block_alone():
    blocks = ["TOM", "One.", "Two.", "ANN", "(low)", "Three.", "TOM: Four.", "ANN: Five."]
    assert [key[1] for key in find_speeches(make_book(blocks))] == [1, 5, 6, 7]
