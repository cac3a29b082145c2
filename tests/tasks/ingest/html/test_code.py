"""Listings are announced, skipped or read by `ingest.code`; inline code is spoken in words; verse stays verse."""

from __future__ import annotations

import docx
import pytest

from storage.records import Block, MarkupKind
from tasks.ingest.book import read_book
from tasks.ingest.html.code import spoken_code
from tests.tasks.ingest.html.test_walker import blocks, events, skips

LISTING = "def f(xs):\n    # add them\n    total = 0\n    return total\n"
LISTINGS = {
    "code inside": f"<pre><code>{LISTING}</code></pre>",
    "class": f"<pre class='programlisting'>{LISTING}</pre>",
    "look": f"<pre>{LISTING}</pre>",
    "console": "<pre>$ python3 add.py --n 10\n55\n$ ls\nadd.py</pre>",
}


@pytest.mark.parametrize("kind", LISTINGS)
def test_a_listing_is_announced(kind):
    body = f"<p>Run it:</p>{LISTINGS[kind]}<p>Done.</p>"
    assert blocks(body) == [
        ("paragraph", "Run it:"),
        ("paragraph", "A listing of 4 lines is left out here."),
        ("paragraph", "Done."),
    ]
    assert [rule for rule, _ in skips(body)] == ["code"]


def test_a_listing_is_skipped_or_read_by_policy():
    body = f"<p>Run it:</p>{LISTINGS['look']}"
    assert blocks(body, code="skip") == [("paragraph", "Run it:")]
    for options in ({"code": "read"}, {"also_read": ("code",)}):
        assert blocks(body, **options)[1][1].startswith("def f(xs):\n# add them")
        assert skips(body, **options) == []


@pytest.mark.parametrize(
    "body",
    [
        "<pre>Dear Tom,\n\nI came home at noon.\n\nYours, Ann</pre>",
        "<pre class='poem'>O the wind and the rain,\nAnd the lamp in the lane.</pre>",
    ],
)
def test_lines_that_are_no_program_are_read(body):
    assert skips(body) == []


def test_preformatted_verse_is_verse():
    body = "<pre class='poem'>O the wind and the rain,\nAnd the lamp in the lane.</pre>"
    assert blocks(body) == [("verse", "O the wind and the rain,\nAnd the lamp in the lane.")]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("<article>", "article"),
        ("</p>", "p"),
        ("len(xs)", "len xs"),
        ("close()", "close"),
        ("i++", "i plus plus"),
        ("a != b", "a is not b"),
        ("user_name", "user name"),
        ("getElementById", "get Element By Id"),
        ("/etc/hosts", "slash etc slash hosts"),
        ("--help", "dash dash help"),
        ("$HOME", "HOME"),
        ("x[i]", "x i"),
        ("list", ""),
        ("{}", ""),
        ("==", ""),
    ],
)
def test_inline_code_has_words(code, words):
    assert spoken_code(code) == words


def test_inline_code_is_respelled_and_keeps_its_text():
    (block,) = [event for event in events("<p>Use <code>user_name</code> now.</p>") if isinstance(event, Block)]
    assert block.text == "Use user_name now."
    assert [(note.kind, note.value) for note in block.markup] == [(MarkupKind.RESPELL, "user name")]


@pytest.mark.parametrize("kind", ["md", "docx"])
def test_listings_of_other_formats_are_announced(kind, tmp_path, settings):
    path = tmp_path / f"b.{kind}"
    if kind == "md":
        path.write_text(f"Run it:\n\n```python\n{LISTING}```\n", "utf-8")
    else:
        document = docx.Document()
        document.styles.add_style("Source Code", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        document.add_paragraph("Run it:")
        for line in LISTING.strip().split("\n"):
            document.add_paragraph(line, style="Source Code")
        document.save(str(path))
    book = read_book(path, settings)
    assert [block.text for block in book.chapters[0].blocks] == ["Run it:", "A listing of 4 lines is left out here."]


def test_lines_of_a_program_in_paragraphs_are_one_listing():
    body = "<p>Run:</p><p class='Code'>x = 1</p><p class='Code'>print(x)</p><p>Done.</p>"
    said = [("paragraph", "Run:"), ("paragraph", "A listing of 2 lines is left out here."), ("paragraph", "Done.")]
    assert blocks(body) == said
    assert [rule for rule, _ in skips(body)] == ["code", "code"]


def test_prose_of_a_class_of_code_is_read():
    body = "<p class='listing'>Here is a list that she wrote. It is long.</p>"
    assert blocks(body) == [("paragraph", "Here is a list that she wrote. It is long.")]
