"""Books to mutate: small ones with everything in them, so that a mutation hits something that matters.

The same on every machine, so that a case is made again anywhere by its number.
"""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path

from tests.tasks.ingest.builders import nav, ncx, page, write_epub

_ROOT = Path(__file__).resolve().parents[2]

ZOO = (
    "<section epub:type='chapter'><h1 id='one'>One</h1><p class='x'>It was <em>late</em>; Mr. Toad paid £3 5s. 6d. for"
    " H<sub>2</sub>O and 10<sup>3</sup> miles.<a epub:type='noteref' href='notes.xhtml#n1' id='r1'>1</a></p>"
    "<blockquote><p>said<br/>“Stop!”</p></blockquote><ul><li><p>item</p></li><li>"
    "bare <b>b</b><ol><li>in</li></ol></li></ul>"
    "<dl><dt>term</dt><dd>meaning</dd></dl><div class='poem'><p>line one<br/>line two</p></div><hr/>"
    "<table><caption>Ages</caption><tr><th>Name</th><th>Age</th></tr><tr><td>Ann</td><td>5</td></tr></table>"
    "<figure><img src='c.png' alt='a cat'/><figcaption>A cat.</figcaption></figure>"
    "<p xml:lang='fr'>Bonjour <ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <span ssml:ph='təˈmɑːtəʊ'"
    " xmlns:ssml='http://www.w3.org/2001/10/synthesis'>tomato</span></p><pre>a\n  b</pre>"
    "<p>so <math alttext='x squared' xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math></p>"
    "<p class='gone'>hidden</p><span epub:type='pagebreak' title='3'>3</span></section>"
)
NOTES = (
    "<section epub:type='endnotes'><h2>Notes</h2>"
    "<aside epub:type='endnote' id='n1'><p>A note. <a href='a.xhtml#r1'>↩</a></p></aside></section>"
)
CSS = (
    "@namespace epub 'http://www.idpf.org/2007/ops'; .gone { display: none } p > .x:first-child, em { display: inline "
    "!important } @media screen { .y { visibility: hidden } }"
)
PLS = (
    "<lexicon xmlns='http://www.w3.org/2005/01/pronunciation-lexicon' alphabet='ipa' xml:lang='en'>"
    "<lexeme><grapheme>late</grapheme><phoneme>leɪt</phoneme></lexeme></lexicon>"
)
LINKS = "<link rel='stylesheet' href='s.css'/><link rel='pronunciation' type='application/pls+xml' href='l.pls'/>"

# What breaks readers: entities, depth, width, odd characters, unclosed and misplaced elements.
SNIPPETS = (
    b"&bogus;",
    b"&#x110000;",
    b"&#0;&#1;&#146;",
    b"<!--",
    b"<![CDATA[",
    b"]]>",
    b"<?x ?>",
    b"<!DOCTYPE a [<!ENTITY b 'bb'>]>&b;",
    b"<!DOCTYPE [" * 500,
    b"<div>" * 300,
    b"<ruby><rt>" * 60,
    b"<table><tr><td>" * 60,
    b"<p/>" * 3000,
    b"<a href='#" * 200,
    b"<sup><a href='#one'>1</a></sup>" * 300,
    b"<aside epub:type='footnote' id='one'>" * 20,
    b"<span xml:lang='de' style='display:block'>",
    b"<span style='display:none'>",
    b"<p hidden=''>",
    b"<nav epub:type='toc'><ol><li><a href='a.xhtml'>",
    b"<title/>",
    b"<script>",
    b"<br/>" * 2000,
    b"\xc2\xad\xe2\x80\x8b\xef\xbb\xbf",
    b"e\xcc\x81" * 50,
    b"\xe2\x80\xae\xed\xa0\x80",
    b"* * *",
    b"Chapter 1\n\n" * 50,
    b"9" * 5000,
    b"a" * 20000,
    b"I" * 300 + b" ",
    b"- " * 3000,
    b"<dc:title>x",
    b'<item id="i0" href="a.xhtml" media-type="image/png"/>',
    b'<itemref idref="nowhere"/>',
    b'<meta property="rendition:layout">pre-paginated</meta>',
    b"{{{{" * 100,
    b"@import url(s.css);" * 50,
    b"a " * 2000 + b"{display:none}",
    # What was slow, refused or lost once.
    b"<div><b>" * 900,
    b"No. 1 " * 3000,
    b"Lt Col. " * 2000,
    b"<p" + b" a='1'" * 20_000 + b">",
    b"<h1>Chapter 1</h1><h2>The Sea</h2>" * 300,
    b"<h2>Notes</h2><p>1. See Low.</p>" * 300,
    b"<p>It rained.1 Then it froze.2 So it went.3</p><hr/><p>1. See Low.</p><p>2. So Hall.</p>",
    b"<p>The king<sup>a</sup> fell.<sup>b</sup></p><p><sup>a</sup> Or queen.</p>" * 100,
    b'<item id="i0" href="p.dtb" media-type="application/x-dtbook+xml" fallback="i1"/>',
)
TEXT = """The Small Book

CHAPTER I.

Dr. Smith paid $5 for three apples on 3/4/1990. "Good morning," he said; it was
late in the evening when he came home.

* * *

    One little line,
    Two little lines.

CHAPTER II. The End

That is all.[1]

[1] A note.
"""
MARKDOWN = """---
title: The Small Book
---
# One

Text[^1] and *more*.

| a | b |
|---|---|
| 1 | 2 |

[^1]: A note.
"""


@lru_cache(maxsize=1)
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Names and bytes of the seeds."""
    with tempfile.TemporaryDirectory() as folder:
        books = [("built.epub", _built(Path(folder))), ("old.epub", _old(Path(folder)))]
    books.append(("sample.epub", (_ROOT / "samples" / "the-lamplighters-clock.epub").read_bytes()))
    html = page(ZOO, "lang='en'").encode()
    texts = [("book.html", html), ("book.txt", TEXT.encode()), ("wide.txt", TEXT.encode("utf-16"))]
    texts.append(("book.md", MARKDOWN.encode()))
    return tuple(books * 2 + texts)


def _built(folder: Path) -> bytes:
    pages = {"a.xhtml": page(ZOO).replace("<title>", LINKS + "<title>"), "b.xhtml": page("<h1>Two</h1><p>End.</p>")}
    pages["notes.xhtml"] = page(NOTES)
    contents = {"nav.xhtml": nav(("One", "a.xhtml#one"), ("Two", "b.xhtml")), "s.css": CSS, "l.pls": PLS}
    return write_epub(folder / "built.epub", pages, contents).read_bytes()


def _old(folder: Path) -> bytes:
    pages = {"a.html": page(ZOO.replace("epub:type", "class")), "b.html": page("<h2>Two</h2><p>End.<sup>1</sup></p>")}
    return write_epub(folder / "old.epub", pages, {"toc.ncx": ncx(("One", "a.html"), ("Two", "b.html"))}).read_bytes()
