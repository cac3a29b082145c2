"""Every word of the visible text is found, once and in order: counted against lxml's own text of the spine.

The count shares no code with the reader: it opens the archive, follows container, package and spine, and takes the text
of every document. What the skip ledger names is taken off; the rest must be what is read.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote

import pytest
from lxml import etree

from configs.settings import load_settings
from storage.records import Book
from tasks.ingest.book import read_book
from tests.beside import real_books
from tests.fuzz.seeds import seeds
from tests.tasks.ingest.conftest import SAMPLE

BAR = 0.999
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd"}
    | {"mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"}
    | {"ruby", "rb", "rt", "rp"}
)
_LINKS_AND_SIGNS = frozenset({"a", "img", "rt", "rp"})  # words of their own, though inline


def spine_texts(data: bytes) -> Iterator[str]:
    """The text of every document in the spine, blocks set apart by spaces."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        container = etree.fromstring(archive.read("META-INF/container.xml"))
        package = container.find(".//{*}rootfile").get("full-path")
        root = etree.fromstring(archive.read(package))
        hrefs = {item.get("id"): item.get("href") for item in root.iter("{*}item")}
        for reference in root.iter("{*}itemref"):
            member = normpath(join(dirname(package), unquote(hrefs[reference.get("idref")])))
            document = etree.fromstring(archive.read(member), etree.XMLParser(recover=True, load_dtd=False))
            yield "".join(_pieces(document.find("{*}body")))


def _pieces(body: etree._Element) -> Iterator[str]:
    for event, element in etree.iterwalk(body, events=("start", "end", "comment", "pi")):
        if event in ("start", "end"):
            name = etree.QName(element).localname
            is_number = name == "span" and (element.text or "").strip().isdigit()  # of a page or a line
            if name not in _INLINE or name in _LINKS_AND_SIGNS or is_number:
                yield " "
            if event == "start":
                yield element.get("alttext", "") + " " + (element.text or "") if name == "math" else element.text or ""
        if event != "start" and element is not body:
            yield element.tail or ""


def words(text: str) -> list[str]:
    """The words of a text: letters and digits, accents and ligatures folded, invisible characters left out."""
    text = "".join(
        c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in ("Cf", "Cc") or c in "\n\t\r"
    )
    return re.findall(r"\w+", text)


def precision_and_recall(data: bytes, book: Book) -> tuple[float, float]:
    visible = Counter(word for text in spine_texts(data) for word in words(text))
    texts = [skip.text for skip in book.skipped if skip.rule != "image-alt"]  # that is no text, but an attribute's
    visible -= Counter(word for text in texts for word in words(text))
    read = Counter(word for chapter in book.chapters for block in chapter.blocks for word in words(block.text))
    both = (visible & read).total()
    return both / read.total(), both / visible.total()


def share_in_order(data: bytes, book: Book) -> float:
    """The share of the words read whose block stands in the source after the block before it."""
    source = " " + " ".join(word for text in spine_texts(data) for word in words(text)) + " "
    position = found = total = 0
    for chapter in book.chapters:
        for block in chapter.blocks:
            # Only lines without something skipped in them occur in the source as they are read.
            line = max((words(line) for line in block.text.split("\n")), key=len)[:5]
            text = " " + " ".join(line) + " "
            if text not in source:
                continue
            place = source.find(text, position)
            total += len(line)
            if place >= 0:
                position = place + 1
                found = found + len(line)
    return found / total


def _books() -> list[tuple[str, bytes]]:
    built = [(name, data) for name, data in dict(seeds()).items() if name in ("built.epub", "old.epub")]
    return built + [(path.stem, path.read_bytes()) for path in (SAMPLE, *real_books())]


@pytest.mark.parametrize(("name", "data"), _books(), ids=[name[:30] for name, _ in _books()])
def test_the_words_of_the_spine_are_read_or_skipped_by_a_named_rule(name, data, tmp_path):
    path = tmp_path / "book.epub"
    path.write_bytes(data)
    # Listings in silence: "A code listing" is an announcement of ours, and no word of the document.
    book = read_book(path, load_settings(ingest={"code": "skip"}).ingest)
    precision, recall = precision_and_recall(data, book)
    print(f"{name}: precision {precision:.4f}, recall {recall:.4f}")
    assert precision >= BAR
    assert recall >= BAR
    assert share_in_order(data, book) >= 0.95


def test_the_count_notices_a_lost_paragraph_and_one_read_twice(tmp_path):
    path = Path(tmp_path / "book.epub")
    data = SAMPLE.read_bytes()
    path.write_bytes(data)
    book = read_book(path, load_settings().ingest)
    chapter = book.chapters[0]
    longest = max(chapter.blocks, key=lambda block: len(block.text))
    lost = chapter.__class__(0, chapter.title, tuple(block for block in chapter.blocks if block is not longest))
    twice = chapter.__class__(0, chapter.title, (*chapter.blocks, longest))
    for faulty, index in ((lost, 1), (twice, 0)):
        changed = book.__class__(**{**book.__dict__, "chapters": (faulty, *book.chapters[1:])})
        assert precision_and_recall(data, changed)[index] < BAR
