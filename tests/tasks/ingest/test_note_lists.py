"""Lists of notes that nothing links to their marks: found by these marks, and only then."""

from __future__ import annotations

import pytest

from storage.records import Block, BlockKind
from tasks.ingest.book import read_book
from tasks.ingest.note_lists import _mark_of, find_note_list

TEXT = "He left.1 She stayed.2 It rained.3"
NOTES = "1. For York.|2. See Low.|3. So Hall."


def blocks(*parts: str) -> list[Block]:
    """Makes blocks: "# " begins a heading, "- " an entry of a list; "***" is a rule."""
    kinds = {"# ": BlockKind.HEADING, "- ": BlockKind.LIST_ITEM, "**": BlockKind.SCENE_BREAK}
    texts = [text for part in parts for text in part.split("|")]
    return [
        Block(kinds.get(text[:2], BlockKind.PARAGRAPH), text[2:] if text[:2] in ("# ", "- ") else text, "a")
        for text in texts
    ]


@pytest.mark.parametrize(
    ("parts", "marks", "found"),
    [
        ([TEXT, "# Notes", NOTES], "123", range(1, 5)),
        ([TEXT, "# Notes to the Text", "1. For York.", "It is far.", "2. See Low."], "12", range(1, 5)),
        ([TEXT, "# Notes", "- For York.", "- See Low.", "- So Hall."], "123", range(1, 5)),
        (
            [TEXT, "# Notes", "# Chapter 1", "1. For York.", "# Chapter 2", "1. So Hall.", "# Two", "Text."],
            "1",
            range(1, 6),
        ),
        ([TEXT, "***", "a. For York.", "(b) See Low."], "ab", range(1, 4)),
        ([TEXT, "* For York.", "† See Low."], "*†", range(1, 3)),  # one for each mark, in their order
        ([TEXT, "Notes:", "¹ For York.", "^2^ See Low.", "[3] So Hall."], "123", range(1, 5)),
        # and none
        ([TEXT, "# Notes", NOTES], "", range(0)),
        ([TEXT, "# Notes", "1. Use cold butter.", "2. Rest the dough."], "*", range(0)),
        ([TEXT, "# Notes", "She kept his notes.", "They were short."], "12", range(0)),
        ([TEXT, "***", "1. Boil water.", "And wait."], "12", range(0)),
        ([TEXT, "1. Boil water.", "2. Wait."], "123", range(0)),
        ([TEXT, "***", "a king came", "b was a letter"], "ab", range(0)),
    ],
)
def test_a_list_is_found_by_the_marks_of_the_text(parts, marks, found):
    assert find_note_list(blocks(*parts), list(marks)) == found


@pytest.mark.parametrize("shape", ["<h2>Notes</h2>{}", "<hr/>{}"])
@pytest.mark.parametrize("policy", ["skip", "chapter-end"])
def test_a_list_in_html_is_read_only_where_notes_are(shape, policy, tmp_path, settings):
    notes = "".join(f"<p>{note}</p>" for note in NOTES.split("|"))
    path = tmp_path / "b.html"
    path.write_text(f"<html><body><h1>The Mill</h1><p>{TEXT}</p>{shape.format(notes)}</body></html>", "utf-8")
    book = read_book(path, settings.model_copy(update={"notes": policy}))
    spoken = [block.text for block in book.chapters[0].blocks]
    assert spoken[:2] == ["The Mill", "He left. She stayed. It rained."]
    assert ("1. For York." in spoken) == (policy != "skip")
    assert any("note-body" in warning for warning in book.warnings) == (policy == "skip")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        *((f"{mark} See Low", mark.strip("[]().:^")) for mark in
          ("12.", "[12]", "(1234)", "1:", "1)", "12", "*", "†‡§¶", "a.", "[b]", "(c)", "d:", "[e].", "12^")),
        ("¹² See Low", "12"), ("12345 See Low", ""), ("a See Low", ""), ("ab. See Low", ""), ("12.", ""),
        ("*****. x", ""),
        ("See 12. Low", ""), ("A. Low", ""),
    ],
)  # fmt: skip
def test_the_mark_with_which_a_note_begins(text, mark):
    assert _mark_of(Block(BlockKind.PARAGRAPH, text)) == mark


@pytest.mark.parametrize(
    ("parts", "marks", "found"),
    [
        ([TEXT, "# Notes", "1. a", "b", "c"], "1", range(0)),  # most are none
        ([TEXT, "# Notes", "1. a", "b"], "1", range(0)),
        ([TEXT, "# Notes", "1. a", "***", "b", "2. c"], "12", range(1, 6)),  # a rule is no note
        ([TEXT, "# Notes", "- a", "- b"], "123", range(0)),  # not as many as marks
        ([TEXT, "# Notes", "- a", "b"], "12", range(0)),
        ([TEXT, "# Notes", "1. a", "# Notes", "2. b"], "12", range(1, 3)),  # the first of two lists
        ([TEXT, "# Notes", "1. a", "# Two", "b"], "1", range(1, 3)),
        ([TEXT, "1. a"], "1", range(0)),
        ([TEXT, "***", "1. a"], "1", range(0)),
        ([TEXT, "***", "1. a", "1. b"], "1", range(1, 4)),
        ([TEXT, "1. a", "2. b"], "12", range(1, 3)),
        ([TEXT, "2. a", "1. b"], "12", range(0)),
        (["1. a", "2. b"], "12", range(2)),
    ],
)
def test_where_a_list_ends(parts, marks, found):
    assert find_note_list(blocks(*parts), list(marks)) == found
