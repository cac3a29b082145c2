"""What of a book is not read: one named rule for each kind of text. Must not walk documents or build chapters.

The order of evidence is: what the book itself says (epub:type, DPUB-ARIA role, the hidden attributes), then the class
names and shapes that tools are known to write, then landmarks, then titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lxml import etree

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"

_MEANING_RULES = {
    "cover": "cover-page",
    "titlepage": "title-page",
    "title-page": "title-page",
    "halftitlepage": "half-title-page",
    "halftitle": "half-title-page",
    "copyright-page": "copyright-page",
    "imprint": "imprint",
    "imprimatur": "imprint",
    "colophon": "colophon",
    "toc": "table-of-contents",
    "toc-brief": "table-of-contents",
    "loi": "table-of-contents",
    "lot": "table-of-contents",
    "loa": "table-of-contents",
    "lov": "table-of-contents",
    "landmarks": "navigation",
    "page-list": "navigation",
    "pagelist": "navigation",
    "index": "index",
    "bibliography": "bibliography",
    "seriespage": "series-page",
    "pagebreak": "page-break",
    "noteref": "note-reference",
    "footnote": "note-body",
    "footnotes": "note-body",
    "endnote": "note-body",
    "endnotes": "note-body",
    "rearnote": "note-body",
    "rearnotes": "note-body",
    "notes": "note-body",
    "backlink": "note-backlink",
}
_TAG_RULES = {
    "nav": "navigation",
    "script": "script",
    "noscript": "script",
    "style": "style",
    "template": "script",
    "svg": "vector-graphic",
    "canvas": "media-fallback",
    "audio": "media-fallback",
    "video": "media-fallback",
    "object": "media-fallback",
    "iframe": "media-fallback",
    "math": "mathml",
    "rt": "ruby-annotation",
    "rp": "ruby-annotation",
    "rtc": "ruby-annotation",
    "case": "switch-case",
    "title": "document-title",
}
_CLASS_RULES = {
    **dict.fromkeys(("pagenum", "pageno", "page-number", "pagenumber", "pgnum", "pagebreak"), "page-break"),
    **dict.fromkeys(("lnum", "linenum", "line-number", "linenumber"), "line-number"),
    **dict.fromkeys(("noteref", "fnanchor", "footnote-ref", "footnoteref"), "note-reference"),
    **dict.fromkeys(("footnote", "footnotes", "endnote", "endnotes", "rearnote"), "note-body"),
    **dict.fromkeys(("pg-boilerplate", "pgheader", "pgfooter"), "gutenberg-boilerplate"),
}
_ID_RULES = {"pg-header": "gutenberg-boilerplate", "pg-footer": "gutenberg-boilerplate"}
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_NOTE_MARK = re.compile(r"[\[({]?\s*(?:\d{1,4}|[a-z]|[*†‡§¶]+)\s*[\])}]?", re.I)

_TITLE_RULES = tuple(
    (re.compile(pattern, re.I), rule)
    for pattern, rule in (
        (r"half[- ]?title( ?page)?", "half-title-page"),
        (r"title ?page", "title-page"),
        (r"(the |table of )?contents|toc|list of (illustrations|figures|tables|maps|plates)", "table-of-contents"),
        (r"(un)?copyright( page| notice| information)?|legal notices?", "copyright-page"),
        (r"(front |book )?cover( page| image)?", "cover-page"),
        (r"imprint", "imprint"),
        (r"colophon", "colophon"),
        (r"(general |subject )?index( of .*)?", "index"),
        (r"(selected? )?bibliography|works cited", "bibliography"),
        (r"(also|other (books|titles|works)|books) by\b.*|advertisements?", "advertisement"),
        (r"(foot|end)notes", "note-body"),
        (r"(the )?(full )?project gutenberg.{0,3} licen[cs]e.*", "gutenberg-boilerplate"),
    )
)
_COPYRIGHT_SIGNS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"all rights reserved|no part of this",
        r"copyright|©",
        r"\bisbn\b",
        r"\btrademarks?\b",
        r"\b(published|printed) (by|in)\b",
    )
)
_GUTENBERG_START = re.compile(r"\*\*\*\s*START OF (THE|THIS) PROJECT GUTENBERG E-?(BOOK|TEXT)", re.I)
_GUTENBERG_END = re.compile(
    r"\*\*\*\s*END OF (THE|THIS) PROJECT GUTENBERG E-?(BOOK|TEXT)|^End of (the )?Project Gutenberg", re.I
)


def meanings(element: etree._Element) -> list[str]:
    """What the element says it is: the words of its epub:type and DPUB-ARIA role, without prefixes."""
    types = (element.get(EPUB_TYPE) or element.get("epub:type") or "").lower().split()
    roles = (element.get("role") or "").lower().split()
    return types + [role.removeprefix("doc-") for role in roles if role.startswith("doc-")]


def element_rule(element: etree._Element, tag: str) -> str | None:
    """The rule by which the element and all in it is not read, or `None`. `tag` is its local name in lower case."""
    if _is_hidden(element):
        return "hidden"
    rule = meaning_rule(meanings(element)) or _TAG_RULES.get(tag)
    if rule is None:
        names = (element.get("class") or "").lower().split()
        rule = next((_CLASS_RULES[name] for name in names if name in _CLASS_RULES), None)
    rule = rule or _ID_RULES.get((element.get("id") or "").lower())
    if rule is None and _looks_like_note_reference(element, tag):
        return "note-reference"
    return rule


def _is_hidden(element: etree._Element) -> bool:
    if element.get("hidden") is not None or (element.get("aria-hidden") or "").strip().lower() == "true":
        return True
    return _HIDING_STYLE.search(element.get("style") or "") is not None


def _looks_like_note_reference(element: etree._Element, tag: str) -> bool:
    """A raised link, or a bracketed one, whose whole text is a note mark: `<sup><a href="#n1">1</a></sup>`."""
    if tag not in ("a", "sup"):
        return False
    text = "".join(element.itertext()).strip()
    if not _NOTE_MARK.fullmatch(text):
        return False
    link = element if tag == "a" else next(element.iter("{*}a", "a"), None)
    if link is None or "#" not in (link.get("href") or ""):
        return False
    parent = element.getparent()
    raised = tag == "sup" or next(element.iter("{*}sup", "sup"), None) is not None
    in_raised = parent is not None and isinstance(parent.tag, str) and etree.QName(parent).localname.lower() == "sup"
    return raised or in_raised or not text.isalnum()


def meaning_rule(words: Iterable[str]) -> str | None:
    """The rule for what landmarks or an EPUB 2 guide say of a whole file."""
    return next((_MEANING_RULES[word] for word in words if word in _MEANING_RULES), None)


def title_rule(title: str) -> str | None:
    """The rule for a chapter of that title, or `None` for one to read."""
    title = " ".join(title.split()).strip(" .:*—-")
    return next((rule for pattern, rule in _TITLE_RULES if pattern.fullmatch(title)), None)


def front_page_rule(text: str, book_title: str, authors: Iterable[str]) -> str | None:
    """The rule for a short text before the first chapter: a copyright page or a title page by its wording."""
    if len(text) < 4000 and sum(1 for sign in _COPYRIGHT_SIGNS if sign.search(text)) >= 2:
        return "copyright-page"
    folded = " ".join(text.split()).casefold()
    if book_title and folded == book_title.casefold():
        return "half-title-page"
    named = any(author and author.casefold() in folded for author in authors)
    if len(folded) < 300 and named and book_title and book_title.casefold() in folded:
        return "title-page"
    return None


def gutenberg_bounds(texts: list[str]) -> tuple[int, int]:
    """`[start, stop)` of the book proper among `texts`, between Project Gutenberg's markers (or all of them)."""
    start, stop = 0, len(texts)
    for index, text in enumerate(texts):
        if _GUTENBERG_START.search(text):
            start = index + 1
        elif _GUTENBERG_END.search(text):
            return start, index
    return start, stop
