"""Nothing that is prose is lost to a guess, whatever stands beside it, and every other guess is a warning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from storage.records import Book
from tasks.ingest.book import read_book
from tasks.ingest.events import GuessedSkip
from tasks.ingest.guesses import losses, warn_of_guesses
from tests.tasks.books import make_book
from tests.tasks.ingest.builders import nav, page, write_epub
from tests.tasks.ingest.conftest import ingest_settings
from tests.tasks.ingest.test_prose import PROSE

FRAME = (
    "THE MILL",
    "by A. Writer",
    "Copyright 1911 by A. Writer. All rights reserved.",
    "Contents",
    "Index",
    "List of Illustrations",
    "Chapter 1",
    "CHAPTER II. THE LAMP",
    "* * *",
    "Bibliography",
)
HEADINGS = frozenset(
    {"Contents", "Index", "List of Illustrations", "Chapter 1", "CHAPTER II. THE LAMP", "Bibliography"}
)
LONG = "And so the miller told them of the river and the rain, of the long road, and of the guest who never came. "


def spoken(book: Book) -> str:
    return "\n".join(" ".join(block.text.split()) for chapter in book.chapters for block in chapter.blocks)


def _txt(path, paragraphs):
    path.with_suffix(".txt").write_text("\n\n".join(paragraphs) + "\n", "utf-8")
    return path.with_suffix(".txt")


def _markdown(path, paragraphs):
    lines = [f"# {p}" if p in HEADINGS else p for p in paragraphs]
    path.with_suffix(".md").write_text("\n\n".join(lines).replace("* * *", "\\* \\* \\*") + "\n", "utf-8")
    return path.with_suffix(".md")


def _elements(paragraphs):
    return [f"<h1>{p}</h1>" if p in HEADINGS else f"<p>{p}</p>" for p in paragraphs]


def _html(path, paragraphs):
    path.with_suffix(".html").write_text(f"<html><body>{''.join(_elements(paragraphs))}</body></html>", "utf-8")
    return path.with_suffix(".html")


def _epub(path, paragraphs):
    pages: dict[str, list[str]] = {"c0.xhtml": []}
    for element in _elements(paragraphs):
        if element.startswith("<h1>"):
            pages[f"c{len(pages)}.xhtml"] = []
        pages[f"c{len(pages) - 1}.xhtml"].append(element)
    entries = [(f"Part {name}", name) for name in pages]
    files = {name: page("".join(body) or "<p>...</p>") for name, body in pages.items()}
    return write_epub(path.with_suffix(".epub"), files, {"nav.xhtml": nav(*entries[1:])})


@pytest.mark.parametrize("write", [_txt, _markdown, _html, _epub])
@hypothesis_settings(max_examples=40, deadline=None)
@given(paragraphs=st.lists(st.sampled_from((*PROSE, *FRAME)), min_size=1, max_size=14), long=st.booleans())
def test_prose_is_spoken_wherever_it_stands(write, paragraphs, long, tmp_path_factory):
    paragraphs = [*paragraphs, LONG * 3 if long else LONG]
    book = read_book(write(tmp_path_factory.mktemp("book") / "b", paragraphs), ingest_settings())
    text = spoken(book)
    lost = [paragraph for paragraph in paragraphs if paragraph in PROSE and paragraph not in text]
    assert not lost, (lost, book.skipped)


PAGES = {
    "c0.xhtml": "<p>The Mill was the name of the house, and A. Writer lived in it.</p>",
    "c1.xhtml": "<h1>One</h1><p>Published by night, the letter said. All rights reserved for him, © or not. ISBN.</p>",
    "c2.xhtml": "<h1>Index</h1><p>Index was the name of the dog, and he was a good dog.</p><p>He ran.</p>",
    "c3.xhtml": "<h1>Contents</h1><p>The contents of the box were strange.</p>",
    "c4.xhtml": "<h1>Cover</h1><p>They ran for cover.</p>",
    "c5.xhtml": "<h1>Copyright</h1><p>The copyright lawyer came at noon and sat down. He talked for an hour.</p>",
    "c6.xhtml": "<h1>Bibliography</h1><p>She wrote her first bibliography at nine, in bed, with a cold.</p>",
}


def test_a_chapter_is_not_skipped_by_its_title_alone(tmp_path, settings):
    entries = [(body.split("<")[2].removeprefix("h1>"), name) for name, body in PAGES.items() if "<h1>" in body]
    files = {name: page(body) for name, body in PAGES.items()}
    book = read_book(write_epub(tmp_path / "b.epub", files, {"nav.xhtml": nav(*entries)}), settings)
    assert book.skipped == ()
    assert len(book.chapters) == len(PAGES)


def test_pages_that_are_no_prose_are_skipped_with_a_warning_each(tmp_path, settings):
    files = {
        "c0.xhtml": page("<p>Copyright 1911 by A. Writer. All rights reserved.</p>"),
        "c1.xhtml": page(f"<h1>One</h1><p>{LONG * 20}</p>"),
        "c2.xhtml": page("<h1>Bibliography</h1><p>Smith, John. A history of the mill. London: Hall, 1911.</p>"),
        "c3.xhtml": page("<h1>Index</h1><p>Lamp, 3</p><p>Mill, 9, 12</p>"),
    }
    contents = nav(("One", "c1.xhtml"), ("Bibliography", "c2.xhtml"), ("Index", "c3.xhtml"))
    book = read_book(write_epub(tmp_path / "b.epub", files, {"nav.xhtml": contents}), settings)
    assert [chapter.title for chapter in book.chapters] == ["One"]
    assert [warning.split(",")[0] for warning in book.warnings] == [
        "left out by a guess as copyright-page: 'Copyright 1911 by A. Writer. All rights reserved.'",
        "left out by a guess as bibliography: 'Smith",
        "left out by a guess as index: 'Mill",
        "guesses leave out 5.1% of the book's words",
    ]
    assert losses(book.warnings) == book.warnings[3:]
    assert all(type(skip).__name__ == "Skip" for skip in book.skipped)


def test_what_a_book_declares_is_skipped_without_a_warning(tmp_path, settings):
    files = {
        "c0.xhtml": page("<p>Copyright 1911 by A. Writer. All rights reserved.</p>", 'epub:type="copyright-page"'),
        "c1.xhtml": page(f"<h1>One</h1><p>{LONG}</p>"),
    }
    book = read_book(write_epub(tmp_path / "b.epub", files, {"nav.xhtml": nav(("One", "c1.xhtml"))}), settings)
    assert [skip.rule for skip in book.skipped] == ["copyright-page"]
    assert book.warnings == ()


FORMULAS = r"Then $a = b^2$ and $$\int_0^1 x dx$$ and so it holds for $x$, at $5 and $6."


@pytest.mark.parametrize("write", [_txt, _markdown, _html])
def test_formulas_are_said_or_announced_and_warned_of(write, tmp_path, settings):
    book = read_book(write(tmp_path / "b", [FORMULAS, LONG * 20]), settings)
    block = book.chapters[0].blocks[0]
    assert block.text == "Then $a = b^2$ and a formula and so it holds for $x$, at $5 and $6."
    assert [note.value for note in block.markup] == ["a equals b squared", "x"]
    assert [(skip.rule, skip.text) for skip in book.skipped] == [("mathml", r"$$\int_0^1 x dx$$")]
    (warning,) = [warning for warning in book.warnings if "formula" in warning]
    assert warning.startswith("3 formulas are said in words where simple")
    assert losses(book.warnings) == ()


@pytest.mark.parametrize(
    ("left_out", "words", "is_loss"),
    [
        ("Mill, 9", 60, True),  # 2 words of 62
        ("Mill, 9", 200, False),
        ("He ran home, and she laughed.", 1000, True),  # however little: it is prose
    ],
)
def test_a_run_repeats_what_is_much_or_prose(left_out, words, is_loss):
    book = make_book([" ".join(["Rain"] * words)])
    warned = warn_of_guesses(replace(book, skipped=(GuessedSkip(left_out, "index"),)))
    assert len(warned.warnings) == 1 + is_loss
    assert len(losses(warned.warnings)) == is_loss


def warned(spoken, *skipped, title="A Test"):
    book = replace(make_book([" ".join(["Rain"] * spoken)]), skipped=skipped, title=title)
    return warn_of_guesses(book).warnings


def test_a_warning_names_the_longest_text_how_many_more_and_how_to_read_it():
    found = warned(90, GuessedSkip("Mill, 9", "index"), GuessedSkip("a b c d e f g h", "index"))
    assert found[0] == (
        "left out by a guess as index: 'a b c d e f g h' and 1 more, 10.0% of the words; "
        'ingest.also_read = ["index"] has it read'
    )
    assert "'a b c d e f g h…', 9.1%" in warned(90, GuessedSkip("a b c d e f g h i", "index"))[0]


@pytest.mark.parametrize(("words", "is_loss"), [(98, False), (97, True)])  # two words of 100 are two percent
def test_much_is_more_than_two_percent(words, is_loss):
    assert len(losses(warned(words, GuessedSkip("Mill, 9", "index")))) == is_loss


def test_the_books_own_title_is_no_loss():
    assert losses(warned(9, GuessedSkip(" The Mill ", "half-title-page"), title="The Mill")) == ()
    assert len(losses(warned(9, GuessedSkip("The Mill", "half-title-page"), title="Another"))) == 1
