"""Lines of plain text that are the author's: verse whatever its indents, lists without stops, numbers beside verse."""

from __future__ import annotations

import textwrap

import pytest

from tasks.ingest.book import read_book

POEM = (
    "The gull went out upon the foam\n  And cried above the bay,\nIt had no nest, it had no home,\n"
    "  It cried and went away."
)
LONG_LINES = (
    "Shall I compare thee to the miller's wheel that turns\nThou art more lovely and more slow than all its stones\n"
    "Rough winds do shake the willow by the house at night\nAnd no one comes to ask the lamp for whom it burns"
)
PROSE = (
    "It was late when the guest came down to the mill and\nknocked. Nobody answered him, for the miller and his men\n"
    "were asleep. He knocked again, and then he sat down on\nthe stone by the door to wait until the morning came."
)


@pytest.fixture
def read(tmp_path, settings):
    def blocks(text: str) -> list[tuple[str, str]]:
        path = tmp_path / "b.txt"
        path.write_text(text, "utf-8")
        book = read_book(path, settings)
        return [(block.kind.value, block.text) for chapter in book.chapters for block in chapter.blocks]

    return blocks


def joined(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"{POEM}\n\nA stone lies in the sand\nSmooth as a hand\nAnd cold\n",
        f"{LONG_LINES}\n\n{LONG_LINES}\n",
        f"{PROSE}\n\n{POEM}\n\n{PROSE}\n",
        f"{PROSE}\n\n{LONG_LINES}\n\n{PROSE}\n",
        "Rain on the tin\nand the tin on the shed\nand the hens put in\nand the bread not bread\n",
    ],
)
def test_verse_is_read_line_by_line(text, read):
    paragraphs = [joined(paragraph) for paragraph in text.strip().split("\n\n")]
    expected = [("paragraph", " ".join(p.split())) if p == joined(PROSE) else ("verse", p) for p in paragraphs]
    assert read(text) == expected


@pytest.mark.parametrize("width", [30, 38, 52, 60, 72])
def test_wrapped_prose_is_no_verse(width, read):
    words = " ".join(PROSE.split())
    text = "\n\n".join("\n".join(textwrap.wrap(words, width)) for _ in range(3)) + "\n"
    assert read(text) == [("paragraph", words)] * 3


def test_lists_are_read_item_by_item(read):
    fruits = "There are fruits that we want:\nApple\nBanana\nOrange\n"
    things = "Things to bring:\n- a rope\n* two knives\n1. first\n2. second\n"
    assert read(f"{fruits}\n{things}") == [
        ("list_item", "There are fruits that we want:"),
        ("list_item", "Apple"),
        ("list_item", "Banana"),
        ("list_item", "Orange"),
        ("list_item", "Things to bring:"),
        ("list_item", "a rope"),
        ("list_item", "two knives"),
        ("list_item", "1. first"),
        ("list_item", "2. second"),
    ]


def test_numbers_of_lines_beside_verse_are_not_read(read):
    lines = [
        "The gull went out upon the foam",
        "And cried above the bay,",
        "It had no nest",
        "It had no home,",
        "It went.",
    ]
    text = "\n".join(f"{line:40}{number if number % 5 == 0 else ''}".rstrip() for number, line in enumerate(lines, 1))
    assert read(text + "\n") == [("verse", "\n".join(lines))]


def test_hyphens_within_compounds_stay(read):
    text = (
        "They moved towards an arrangement that is one-to-\none in the long run, and not self-\ncontradictory, as "
        "the mother-in-\nlaw of the well-\nknown nega-\ntive Anglo-\nSaxon king had said to him.\n"
    )
    assert read(text) == [
        (
            "paragraph",
            "They moved towards an arrangement that is one-to-one in the long run, and not self-contradictory, as "
            "the mother-in-law of the well-known negative Anglo-Saxon king had said to him.",
        )
    ]
