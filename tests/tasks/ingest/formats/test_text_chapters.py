"""Where chapters start in plain text: heads and lists of contents as people have them, and sentences that are none."""

from __future__ import annotations

import pytest

from storage.records import BlockKind, Book
from tasks.ingest.book import read_book

PROSE = "It rained all night upon the mill, and nobody came down the road to the house by the river."
CHAPTER = "\n\n".join([PROSE + " The miller slept, and the lamp burned low in the window above the old wheel."] * 6)
GUTENBERG = (
    "The Project Gutenberg eBook of The Mill\n\nTitle: The Mill\n\nAuthor: A. Writer\n\nLanguage: English\n\n"
    "*** START OF THE PROJECT GUTENBERG EBOOK THE MILL ***\n\n\n\nTHE MILL\n\nBY A. WRITER\n\n\n{}\n\n\n"
    "*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***\n"
)


def chapters(*heads: str) -> str:
    return "\n\n\n".join(f"\n{head}\n\n\n{CHAPTER}" for head in heads)


@pytest.fixture
def read(tmp_path, settings):
    def book(text: str) -> Book:
        path = tmp_path / "b.txt"
        path.write_text(text, "utf-8")
        return read_book(path, settings)

    return book


LISTS = {
    "numbered, heads with a title below": (
        "CONTENTS\n\nI.    A GUEST ........... 1\nII.   THE LAMP .......... 9\nIII.  THE END .......... 19\n",
        ("CHAPTER I.\n\nA GUEST", "CHAPTER II.\n\nTHE LAMP", "CHAPTER III.\n\nTHE END"),
        ["CHAPTER I. A GUEST", "CHAPTER II. THE LAMP", "CHAPTER III. THE END"],
    ),
    "of illustrations alone": (
        "LIST OF ILLUSTRATIONS\n\nThe Old Mill      _Frontispiece_\nThe Lamp          _Facing p._ 12\n",
        ("CHAPTER I.\n\nA GUEST", "CHAPTER II.\n\nTHE LAMP"),
        ["CHAPTER I. A GUEST", "CHAPTER II. THE LAMP"],
    ),
    "a table, then illustrations": (
        "CONTENTS\n\nCHAPTER                  PAGE\n\n    I. A GUEST             1\n   II. THE LAMP            9\n\n\n"
        "ILLUSTRATIONS\n\nTHE OLD MILL        _Frontispiece_\nTHE LAMP              12\n",
        ("CHAPTER I\n\nA GUEST", "CHAPTER II\n\nTHE LAMP"),
        ["CHAPTER I: A GUEST", "CHAPTER II: THE LAMP"],
    ),
    "a preface first": (
        "CONTENTS\n\nPREFACE\nI. A GUEST\nII. THE LAMP\nINDEX\n",
        ("PREFACE", "CHAPTER I.\n\nA GUEST", "CHAPTER II.\n\nTHE LAMP"),
        ["PREFACE", "CHAPTER I. A GUEST", "CHAPTER II. THE LAMP"],
    ),
    "heads that the list does not name": (
        "CONTENTS\n\nCHAPTER I. A GUEST\nCHAPTER II. THE LAMP\n",
        ("CHAPTER I. A GUEST", "CHAPTER II. THE LAMP", "CHAPTER III. THE STORM"),
        ["CHAPTER I. A GUEST", "CHAPTER II. THE LAMP", "CHAPTER III. THE STORM"],
    ),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_contents_takes_no_head_with_it(kind, read):
    contents, heads, titles = LISTS[kind]
    book = read(GUTENBERG.format(contents + "\n\n" + chapters(*heads)))
    assert [chapter.title for chapter in book.chapters] == titles
    skipped = " ".join(skip.text for skip in book.skipped if skip.rule == "table-of-contents")
    assert all(" ".join(line.split()) in skipped for line in contents.split("\n") if line.strip())


def test_numbers_in_a_list_name_the_heads(read):
    book = read(
        "THE MILL\n\nby A. Writer\n\nContents\n\n1. A Guest\n2. The Lamp\n\n"
        + chapters("Chapter 1\n\nA Guest", "Chapter 2\n\nThe Lamp")
    )
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1: A Guest", "Chapter 2: The Lamp"]


def test_a_chapter_called_contents_keeps_its_head(read):
    book = read("Chapter 1\n\nHe sat down to write.\n\nContents\n\nThe contents of the box were strange.\n")
    assert book.skipped == ()


SENTENCES = (
    "Chapter 9 had cost him a year of work.",
    "Part of me wanted to go.",
    "Part II of the plan was simple.",
    "Book 3 lay on the table.",
    "Letter 4 was the longest of them.",
    "Act V was still to be written, he said.",
    "Section 8 was an army word.",
    "Chapter 9 Tom had never read.",
    "Chapter and verse, he knew it all.",
    "Volume II was missing from the shelf.",
)


def test_a_sentence_that_begins_with_a_number_of_a_chapter_is_no_head(read):
    book = read(
        "\n\n".join(["Chapter 1", "He sat down to write.", *SENTENCES, "Chapter Two", "The next day came."]) + "\n"
    )
    assert [chapter.title for chapter in book.chapters] == ["Chapter 1", "Chapter Two"]
    assert [block.text for block in book.chapters[0].blocks][2:] == list(SENTENCES)


@pytest.mark.parametrize(
    ("line", "is_title"),
    [
        ("“Hallo?”", False),
        ("“No,” She Said", False),
        ("‘No,’ she said.", False),
        ("Run!", False),
        ("Rain.", False),
        ("He was dead.", False),
        ("The Long Road Home", True),
        ("London, 1911", True),
        ("ANN", True),
        ("A GUEST ARRIVES!", True),
    ],
)
def test_the_first_line_is_a_title_only_where_it_looks_like_one(line, is_title, read):
    book = read(f"Chapter 1\n\n{line}\n\n{PROSE}\n\nChapter 2\n\n{PROSE}\n")
    assert book.chapters[0].title == (f"Chapter 1: {line}" if is_title else "Chapter 1")
    assert book.chapters[0].blocks[1].kind == (BlockKind.HEADING if is_title else BlockKind.PARAGRAPH)


def test_numbers_of_paragraphs_in_brackets_are_no_notes(read):
    text = "In Hall v. Low [1911] 2 KB 45, Lord Roy held, at [32]–[35], that the Act applied.\n\n[36] The court rose.\n"
    book = read(text)
    assert [block.text for block in book.chapters[0].blocks] == text.strip().split("\n\n")
    assert book.skipped == ()


def test_a_note_that_is_referred_to_is_still_skipped(read):
    book = read("He came back.[14] She smiled at him.\n\n[14] See the church book.\n")
    assert [block.text for block in book.chapters[0].blocks] == ["He came back. She smiled at him."]
    assert [skip.rule for skip in book.skipped] == ["note-reference", "note-body"]


def test_the_title_over_notes_is_skipped_with_them(read):
    book = read("He came back.[1] She smiled at him.\n\nFOOTNOTES:\n\n[1] See the church book.\n")
    assert [block.text for block in book.chapters[0].blocks] == ["He came back. She smiled at him."]
    book = read("Chapter 1\n\nNotes\n\nHe kept his notes in a box, and nobody read them.\n")
    assert "Notes" in " ".join(block.text for block in book.chapters[0].blocks)


def test_a_list_of_pictures_takes_no_head_with_it_that_stands_as_close_as_its_entries(read):
    book = read(
        "LIST OF ILLUSTRATIONS\n\nThe Mill . . . . 3\nThe Weir . . . . 14\n\nCHAPTER I\n\nTHE MILLER\n\n"
        f"{PROSE}\n\nCHAPTER II\n\nTHE WEIR\n\n{PROSE}\n"
    )
    assert [chapter.title for chapter in book.chapters] == ["CHAPTER I: THE MILLER", "CHAPTER II: THE WEIR"]


def test_a_note_of_the_transcriber_ends_with_its_bracket_or_its_sentences(read):
    book = read(
        "[Transcriber's Note: Obvious errors were put right.]\n\nHe printed the original letter, and she was gone.\n\n"
        f"{CHAPTER}\n\n[Transcriber's note: A page of the original\n\nwas missing here.]\n\n{PROSE}\n\n"
        "TRANSCRIBER'S NOTES:\n\nHyphenation was retained as printed.\n\nShe smiled, and he laughed.\n"
    )
    spoken = [block.text for chapter in book.chapters for block in chapter.blocks]
    assert spoken == [
        "He printed the original letter, and she was gone.",
        *CHAPTER.split("\n\n"),
        PROSE,
        "She smiled, and he laughed.",
    ]
    assert {skip.rule for skip in book.skipped} == {"transcriber-note"}


def test_notes_under_their_title_are_skipped_though_nothing_refers_to_them(read):
    book = read(
        f"{CHAPTER}\n\nFOOTNOTES:\n\n[1] A water mill.\n\n[2] See the map.\n\n{PROSE}\n\n[32] The court held so.\n"
    )
    assert [skip.text for skip in book.skipped] == ["FOOTNOTES:", "[1] A water mill.", "[2] See the map."]
    assert [block.text for block in book.chapters[-1].blocks[-2:]] == [PROSE, "[32] The court held so."]


def test_a_list_of_pictures_without_the_word_list_is_no_chapter(read):
    contents = "CONTENTS\n\n  I. THE GATE   1\n II. THE GHOST   14\n\n\n\n"
    pictures = 'ILLUSTRATIONS\n\n"The gate swung open"    _Frontispiece_\n"She ran down the path"    17\n\n\n'
    book = read(contents + pictures + chapters("CHAPTER I\n\nTHE GATE", "CHAPTER II\n\nTHE GHOST"))
    assert [chapter.title for chapter in book.chapters] == ["CHAPTER I: THE GATE", "CHAPTER II: THE GHOST"]


def test_the_title_above_the_first_chapter_opens_it(read):
    book = read(f"THE MILL\n\n{chapters('CHAPTER I', 'CHAPTER II')}")
    assert [chapter.title for chapter in book.chapters] == ["CHAPTER I", "CHAPTER II"]
    assert [block.text for block in book.chapters[0].blocks[:2]] == ["THE MILL", "CHAPTER I"]


def test_prose_above_the_first_chapter_is_a_chapter(read):
    book = read(f"It rained when he came.\n\n{chapters('CHAPTER I', 'CHAPTER II')}")
    assert [chapter.title for chapter in book.chapters] == ["b", "CHAPTER I", "CHAPTER II"]


def test_notes_under_a_rule_are_not_read_and_start_no_chapters(read):
    text = "CHAPTER I\n\nThe mill stood.1 It ran all day.2 Nobody saw it stop,3 or so they said.\n\n* * *\n\n"
    notes = "1. Town plan, in the archive.\n\n2. From the memoir of Jos. Hall.\n\n3. Hall gives no source.\n"
    after = "\n\nCHAPTER II\n\nThe mill burned.\n"
    book = read(text + notes + after)
    assert [chapter.title for chapter in book.chapters] == ["CHAPTER I", "CHAPTER II"]
    assert [skip.text for skip in book.skipped if skip.rule == "note-body"] == notes.strip().split("\n\n")


def test_a_numbered_list_under_a_rule_is_read(read):
    steps = "1. Boil the water.\n\n2. Wait until it is cold.\n\n3. Drink it.\n"
    book = read(f"CHAPTER I\n\nThe mill stood, and this was on its door.\n\n* * *\n\n{steps}")
    assert not [skip for skip in book.skipped if skip.rule == "note-body"]


def test_a_name_underlined_below_an_underlined_number_is_in_the_title(read):
    chapters = [("Chapter 1", "The Mill"), ("Chapter 2", "The Fog")]
    book = read("".join(f"{number}\n=========\n\n{name}\n-------\n\nIt came.\n\n" for number, name in chapters))
    assert [chapter.title for chapter in book.chapters] == [": ".join(chapter) for chapter in chapters]
