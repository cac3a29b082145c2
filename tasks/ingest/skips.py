"""What of a book is not read: one named rule for each kind of text. Must not walk documents or build chapters.

The order of evidence is: what the book itself says (epub:type, DPUB-ARIA role, the hidden attributes), then the class
names and shapes that tools are known to write, then landmarks, then titles.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from lxml import etree

from tasks.ingest.html.css import hides

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
# Left by `tasks.ingest.notes` on the references and bodies that it has found to belong together.
NOTE_KEY = "{urn:talepress:reading}note"
NOTE_BODY, NOTE_REFERENCE, NOTE_BACKLINK = "note-body", "note-reference", "note-backlink"

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
    "advertisement": "advertisement",
    "promotional-copy": "advertisement",
    "biblioentry": "bibliography",
    "pagebreak": "page-break",
    "pagefooter": "page-break",
    "pageheader": "page-break",
    "coverpage": "cover-page",
    "other.ms-coverpage": "cover-page",
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
_NOTE_MARK = re.compile(r"[\[({]?\s*(\d{1,4}|[a-z]|[*†‡§¶‖]{1,6})\s*[\])}]?", re.I)
_BACK_ARROWS = frozenset("↩↵⏎↑⇑^←⬑⤴\ufe0e\ufe0f")
_MAX_MARK_CHARS = 16
_NOTE_MEANINGS = frozenset({"footnote", "endnote", "rearnote"})
_GROUP_MEANINGS = frozenset({"footnotes", "endnotes", "rearnotes", "notes"})

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
_NOTES_TITLE = re.compile(r"(?:end|foot)?notes(?: (?:to|on|for) .*)?", re.I)
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


def element_rule(element: etree._Element, tag: str, also_read: Collection[str] = ()) -> str | None:
    """The rule by which the element and all in it is not read, or `None`. `tag` is its local name in lower case."""
    return next((rule for rule in _element_rules(element, tag) if rule not in also_read), None)


def _element_rules(element: etree._Element, tag: str) -> Iterator[str]:
    if element.get("data-talepress-skip") is not None:  # docs/markup.md
        yield "markup-skip"
    if is_note_reference(element, tag):
        yield NOTE_REFERENCE
    else:
        if meant := meaning_rule(meanings(element)):
            yield meant
        names = (element.get("class") or "").lower().split()
        yield from (_CLASS_RULES[name] for name in names if name in _CLASS_RULES)
        if element.get(NOTE_KEY):
            yield NOTE_BODY
    if tag in _TAG_RULES:
        yield _TAG_RULES[tag]
    if by_id := _ID_RULES.get((element.get("id") or "").lower()):
        yield by_id
    unseen = element.get("hidden") is not None or (element.get("aria-hidden") or "").strip().lower() == "true"
    if unseen or hides(element):
        yield "hidden"


def is_note_reference(element: etree._Element, tag: str) -> bool:
    """Whether the element leads to a note, as it says itself or as its shape shows: a raised or bracketed link whose
    whole text is a note mark, `<sup><a href="#n1">1</a></sup>`.
    """
    if tag not in ("a", "sup", "span"):
        return False
    if meaning_rule(meanings(element)) == NOTE_REFERENCE:
        return True
    names = [_CLASS_RULES.get(name) for name in (element.get("class") or "").lower().split()]
    if NOTE_REFERENCE in names:
        return True
    if tag == "span" or not note_mark(_short_text(element)):
        return False
    link = element if tag == "a" else next(element.iter("{*}a", "a"), None)
    if link is None or "#" not in (link.get("href") or ""):
        return False
    parent = element.getparent()
    raised = tag == "sup" or next(element.iter("{*}sup", "sup"), None) is not None
    in_raised = parent is not None and isinstance(parent.tag, str) and etree.QName(parent).localname.lower() == "sup"
    return NOTE_BODY in names or raised or in_raised or not _short_text(element).strip().isalnum()


def is_note_body(element: etree._Element) -> bool:
    """Whether the element is one note: as it says itself, or as the links to it have shown."""
    if _GROUP_MEANINGS.intersection(meanings(element)):
        return False
    if element.get(NOTE_KEY) or _NOTE_MEANINGS.intersection(meanings(element)):
        return not is_note_reference(element, etree.QName(element).localname.lower())
    names = (element.get("class") or "").lower().split()
    return bool(_NOTE_MEANINGS.intersection(names)) and etree.QName(element).localname.lower() not in ("a", "sup")


def is_note_group(element: etree._Element) -> bool:
    """Whether the element holds notes, each in an element of its own."""
    names = {*meanings(element), *(element.get("class") or "").lower().split()}
    if not _GROUP_MEANINGS.intersection(names) or meaning_rule(meanings(element)) not in (NOTE_BODY, None):
        return False
    return any(is_note_body(inner) for inner in element.iterdescendants(etree.Element))


def is_backlink(element: etree._Element, tag: str) -> bool:
    """Whether a link in a note's body only leads back: its text is an arrow or the note's mark."""
    if tag != "a" or "#" not in (element.get("href") or ""):
        return False
    text = _short_text(element).strip()
    return bool(text) and (bool(note_mark(text.rstrip(".:"))) or _BACK_ARROWS.issuperset(text))


def note_mark(text: str) -> str:
    """The mark of a note without brackets, "12" of "[12]"; "" for what is none."""
    match = _NOTE_MARK.fullmatch(text.strip())
    return match[1] if match else ""


def _short_text(element: etree._Element) -> str:
    """The element's text, or "" when it is too long for a mark."""
    text = ""
    for part in element.itertext():
        text += part
        if len(text) > _MAX_MARK_CHARS:
            return ""
    return text


def meaning_rule(words: Iterable[str]) -> str | None:
    """The rule for what landmarks or an EPUB 2 guide say of a whole file."""
    return next((_MEANING_RULES[word] for word in words if word in _MEANING_RULES), None)


def title_rule(title: str) -> str | None:
    """The rule for a chapter of that title, or `None` for one to read."""
    title = " ".join(title.split()).strip(" .:*—-")
    return next((rule for pattern, rule in _TITLE_RULES if pattern.fullmatch(title)), None)


def is_notes_title(title: str) -> bool:
    """Whether a chapter of that title may hold the book's notes: "Notes", "Notes to Chapter 2"."""
    return _NOTES_TITLE.fullmatch(" ".join(title.split()).strip(" .:*—-")) is not None


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
