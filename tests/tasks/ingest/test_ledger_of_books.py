"""Generated books: whatever is in them and whatever the settings, each character is in one block or one named skip."""

from __future__ import annotations

import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tasks.errors import UnreadableBookError
from tasks.ingest.book import read_book
from tests.tasks.ingest.builders import nav, page, write_epub
from tests.tasks.ingest.conftest import ingest_settings

_WORDS = st.sampled_from(
    ["one", "two.", " ", "“Stop!”", "3", "1,500", "é", "ﬁ", "\u00ad", "漢", "* * *", "\n", "Contents", "e\u0301"]
)
_TEXT = st.lists(_WORDS, min_size=1, max_size=4).map("".join)
_OPENINGS = st.sampled_from(
    [
        "p", "div", "span", "b", "h2", "h3", "blockquote", "ul", "li", "dl", "dt", "dd", "pre", "sup", "sub", "figure",
        "figcaption", "nav", "table", "tr", "td", "th", "caption", "ruby", "rt", "rp", "svg", "video", "a", "section",
        "p class='gone'", "span class='line'", "span class='cap'", "div class='poem'", "p hidden=''", "i lang='fr'",
        "aside epub:type='footnote' id='n1'", "aside epub:type='endnote' id='n2'", "section epub:type='endnotes'",
        "a epub:type='noteref' href='#n1'", "a epub:type='noteref' href='b.xhtml#n2'", "a href='#n3'", "p id='n3'",
        "span epub:type='pagebreak'", "section epub:type='copyright-page'", "section id='s'",
    ]
)  # fmt: skip
_LEAVES = st.one_of(_TEXT, st.sampled_from(["<br/>", "<hr/>", "<img alt='x y' src='z'/>", "<!-- no -->", "<?pi no?>"]))
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(lambda o, c: f"<{o}>{''.join(c)}</{o.split()[0]}>", _OPENINGS, st.lists(inner, max_size=4)),
    max_leaves=14,
)
_PAGES = st.lists(_TREES, min_size=1, max_size=5).map("".join)
_SETTINGS = st.fixed_dictionaries(
    {
        "notes": st.sampled_from(["skip", "inline", "chapter-end"]),
        "tables": st.sampled_from(["rows", "announce"]),
        "ruby": st.sampled_from(["base", "reading"]),
        "also_read": st.lists(
            st.sampled_from(
                ["hidden", "note-body", "note-reference", "table", "not-linear", "navigation", "image-alt"]
            ),
            max_size=3,
        ).map(tuple),
    }
)
CSS = "<style>.gone {display:none} .line {display:block} .cap {float:left; display:block}</style><title>"


def characters(text: str) -> Counter[str]:
    return Counter("".join(unicodedata.normalize("NFKD", text).replace("−", "-").split()))


@given(_PAGES, _PAGES, _SETTINGS)
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_every_character_of_a_book_is_in_one_block_or_one_skip(first, second, options):
    pages = {"a.xhtml": page("<h1>A</h1><p>Start</p>" + first).replace("<title>", CSS), "b.xhtml": page(second)}
    contents = {"nav.xhtml": nav(("A", "a.xhtml"), ("S", "a.xhtml#s"), ("B", "b.xhtml"))}
    with tempfile.TemporaryDirectory() as folder:
        path = write_epub(
            Path(folder) / "b.epub", pages, contents, not_linear=("b.xhtml",) if len(second) % 3 == 0 else ()
        )
        try:
            book = read_book(path, ingest_settings().model_copy(update=options))
        except UnreadableBookError as error:
            assert "left out" in str(error)
            return
    read = [block for chapter in book.chapters for block in chapter.blocks]
    found = characters("".join(b.text for b in read if " is left out here" not in b.text))
    found += characters("".join(skip.text for skip in book.skipped if skip.rule != "image-alt"))
    source = "".join("".join(_body(text).itertext()) for text in pages.values())
    expected = characters(source)
    if "image-alt" in options["also_read"]:
        found -= Counter(x=found["x"], y=found["y"])  # an attribute's text, of which the source's has none
    assert found == expected
    for block in read:
        for note in block.markup:
            assert 0 <= note.start <= note.end <= len(block.text)


def _body(text: str) -> etree._Element:
    root = etree.fromstring(text.encode(), etree.XMLParser(remove_comments=True, remove_pis=True))
    return next(root.iter("{*}body"))
