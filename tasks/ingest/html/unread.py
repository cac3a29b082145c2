"""Decides which elements of a document are not read, and by which skip rule. Must not walk documents.

The order of evidence is: what the book itself declares (epub:type, DPUB-ARIA role, the hidden attributes), then the
class names and shapes that programs are known to write. For titles and wording see `tasks.ingest.front_pages`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from lxml import etree

from tasks.annotate.vocabulary import SKIP_ATTRIBUTE
from tasks.ingest.html.css import hides
from tasks.ingest.skips import SkipRule

EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
# Set by `tasks.ingest.notes` on the references and bodies that it has found to belong together.
NOTE_KEY = "{urn:talepress:reading}note"
# Set by `tasks.ingest.html.raised` on raised texts: "note" for a mark that nothing links, "verse" for a verse's number.
RAISED = "{urn:talepress:reading}raised"

_BY_MEANING = {
    "cover": SkipRule.COVER_PAGE,
    "titlepage": SkipRule.TITLE_PAGE,
    "title-page": SkipRule.TITLE_PAGE,
    "halftitlepage": SkipRule.HALF_TITLE_PAGE,
    "halftitle": SkipRule.HALF_TITLE_PAGE,
    "copyright-page": SkipRule.COPYRIGHT_PAGE,
    "imprint": SkipRule.IMPRINT,
    "imprimatur": SkipRule.IMPRINT,
    "colophon": SkipRule.COLOPHON,
    "toc": SkipRule.TABLE_OF_CONTENTS,
    "toc-brief": SkipRule.TABLE_OF_CONTENTS,
    "loi": SkipRule.TABLE_OF_CONTENTS,
    "lot": SkipRule.TABLE_OF_CONTENTS,
    "loa": SkipRule.TABLE_OF_CONTENTS,
    "lov": SkipRule.TABLE_OF_CONTENTS,
    "landmarks": SkipRule.NAVIGATION,
    "page-list": SkipRule.NAVIGATION,
    "pagelist": SkipRule.NAVIGATION,
    "index": SkipRule.INDEX,
    "bibliography": SkipRule.BIBLIOGRAPHY,
    "seriespage": SkipRule.SERIES_PAGE,
    "advertisement": SkipRule.ADVERTISEMENT,
    "promotional-copy": SkipRule.ADVERTISEMENT,
    "biblioentry": SkipRule.BIBLIOGRAPHY,
    "pagebreak": SkipRule.PAGE_BREAK,
    "pagefooter": SkipRule.PAGE_BREAK,
    "pageheader": SkipRule.PAGE_BREAK,
    "coverpage": SkipRule.COVER_PAGE,
    "other.ms-coverpage": SkipRule.COVER_PAGE,
    "noteref": SkipRule.NOTE_REFERENCE,
    "footnote": SkipRule.NOTE_BODY,
    "footnotes": SkipRule.NOTE_BODY,
    "endnote": SkipRule.NOTE_BODY,
    "endnotes": SkipRule.NOTE_BODY,
    "rearnote": SkipRule.NOTE_BODY,
    "rearnotes": SkipRule.NOTE_BODY,
    "notes": SkipRule.NOTE_BODY,
    "backlink": SkipRule.NOTE_BACKLINK,
}
_BY_TAG = {
    "nav": SkipRule.NAVIGATION,
    "script": SkipRule.SCRIPT,
    "noscript": SkipRule.SCRIPT,
    "style": SkipRule.STYLE,
    "template": SkipRule.SCRIPT,
    "svg": SkipRule.VECTOR_GRAPHIC,
    "canvas": SkipRule.MEDIA_FALLBACK,
    "audio": SkipRule.MEDIA_FALLBACK,
    "video": SkipRule.MEDIA_FALLBACK,
    "object": SkipRule.MEDIA_FALLBACK,
    "iframe": SkipRule.MEDIA_FALLBACK,
    "math": SkipRule.MATHML,
    "rt": SkipRule.RUBY_ANNOTATION,
    "rp": SkipRule.RUBY_ANNOTATION,
    "rtc": SkipRule.RUBY_ANNOTATION,
    "case": SkipRule.SWITCH_CASE,
    "title": SkipRule.DOCUMENT_TITLE,
}
_BY_CLASS = {
    **dict.fromkeys(("pagenum", "pageno", "page-number", "pagenumber", "pgnum", "pagebreak"), SkipRule.PAGE_BREAK),
    **dict.fromkeys(("lnum", "linenum", "line-number", "linenumber"), SkipRule.LINE_NUMBER),
    **dict.fromkeys(("noteref", "fnanchor", "footnote-ref", "footnoteref"), SkipRule.NOTE_REFERENCE),
    **dict.fromkeys(("footnote", "footnotes", "endnote", "endnotes", "rearnote"), SkipRule.NOTE_BODY),
    **dict.fromkeys(("pg-boilerplate", "pgheader", "pgfooter"), SkipRule.GUTENBERG_BOILERPLATE),
}
_BY_ID = {"pg-header": SkipRule.GUTENBERG_BOILERPLATE, "pg-footer": SkipRule.GUTENBERG_BOILERPLATE}
_NOTE_MARK = re.compile(r"[\[({]?\s*(\d{1,4}|[a-z]|[*†‡§¶‖]{1,6}|\*\d{1,4})\s*[\])}]?", re.I)
_BACK_ARROWS = frozenset("↩↵⏎↑⇑^←⬑⤴\ufe0e\ufe0f")
_PAGE_NAME = re.compile(r"(?:^|[\s_-])(?:page|pg)(?:[_-]?(?:no|num|number))?[_-]?\d*(?=$|[\s_-])", re.I)
_PAGE_NUMBER = re.compile(r"[\[({]?\s*(?:p(?:g|age)?\.?\s*)?(?:\d{1,4}|[ivxlc]{1,7})\s*[\])}]?", re.I)
_PAGE_MARK = re.compile(r"[\[{]\s*p(?:g|age)?\.?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*[\]}]", re.I)
PAGE_MARK = re.compile(r"[\[{](?:pg|page)\.? ?(?:\d{1,4}|[ivxlc]{1,7})[\]}]", re.I)  # in running text
_MAX_MARK_CHARS = 16
_NOTE_MEANINGS = frozenset({"footnote", "endnote", "rearnote"})
_GROUP_MEANINGS = frozenset({"footnotes", "endnotes", "rearnotes", "notes"})


def meanings(element: etree._Element) -> list[str]:
    """Lists what the element declares to be: the words of its epub:type and DPUB-ARIA role, without prefixes."""
    types = (element.get(EPUB_TYPE) or element.get("epub:type") or "").lower().split()
    roles = (element.get("role") or "").lower().split()
    return types + [role.removeprefix("doc-") for role in roles if role.startswith("doc-")]


def element_rule(element: etree._Element, tag: str, also_read: Collection[str] = ()) -> SkipRule | None:
    """Returns the skip rule for the element and all in it, or `None`. `tag` is its local name in lower case."""
    return next((rule for rule in _element_rules(element, tag) if rule not in also_read), None)


def _element_rules(element: etree._Element, tag: str) -> Iterator[SkipRule]:
    """Yields every skip rule that holds for an element, the one with the best evidence first."""
    if element.get(SKIP_ATTRIBUTE) is not None:  # docs/markup.md
        yield SkipRule.MARKUP_SKIP
    if element.get(RAISED) == "verse":
        yield SkipRule.VERSE_NUMBER
    if is_note_reference(element, tag):
        yield SkipRule.NOTE_REFERENCE
    else:
        if meant := meaning_rule(meanings(element)):
            yield meant
        names = (element.get("class") or "").lower().split()
        yield from (_BY_CLASS[name] for name in names if name in _BY_CLASS)
        if element.get(NOTE_KEY):
            yield SkipRule.NOTE_BODY
        if _is_page_number(element, tag):
            yield SkipRule.PAGE_BREAK
    if tag in _BY_TAG:
        yield _BY_TAG[tag]
    if by_id := _BY_ID.get((element.get("id") or "").lower()):
        yield by_id
    unseen = element.get("hidden") is not None or (element.get("aria-hidden") or "").strip().lower() == "true"
    if unseen or hides(element):
        yield SkipRule.HIDDEN


def _is_page_number(element: etree._Element, tag: str) -> bool:
    """Tells whether an inline element is a print's page number: by its class or id and its text, or as "[Pg 12]"."""
    if tag not in ("span", "a", "small", "i", "b"):
        return False
    text = _short_text(element).strip()
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return bool(_PAGE_MARK.fullmatch(text) or (_PAGE_NAME.search(names) and _PAGE_NUMBER.fullmatch(text)))


def is_note_reference(element: etree._Element, tag: str) -> bool:
    """Tells whether the element leads to a note: as it declares, or as its shape shows.

    The shape is a raised or bracketed link whose whole text is a note mark, `<sup><a href="#n1">1</a></sup>`.
    """
    if element.get(RAISED) == "note" or tag not in ("a", "sup", "span"):
        return element.get(RAISED) == "note"
    if meaning_rule(meanings(element)) == SkipRule.NOTE_REFERENCE:
        return True
    names = [_BY_CLASS.get(name) for name in (element.get("class") or "").lower().split()]
    if SkipRule.NOTE_REFERENCE in names:
        return True
    if tag == "span" or not note_mark(_short_text(element)):
        return False
    link = element if tag == "a" else next(element.iter("{*}a", "a"), None)
    if link is None or "#" not in (link.get("href") or ""):
        return False
    parent = element.getparent()
    raised = tag == "sup" or next(element.iter("{*}sup", "sup"), None) is not None
    in_raised = parent is not None and isinstance(parent.tag, str) and etree.QName(parent).localname.lower() == "sup"
    return SkipRule.NOTE_BODY in names or raised or in_raised or not _short_text(element).strip().isalnum()


def is_note_body(element: etree._Element) -> bool:
    """Tells whether the element is one note: as it declares, or as the links to it have shown."""
    if _GROUP_MEANINGS.intersection(meanings(element)):
        return False
    if element.get(NOTE_KEY) or _NOTE_MEANINGS.intersection(meanings(element)):
        return not is_note_reference(element, etree.QName(element).localname.lower())
    names = (element.get("class") or "").lower().split()
    return bool(_NOTE_MEANINGS.intersection(names)) and etree.QName(element).localname.lower() not in ("a", "sup")


def is_note_group(element: etree._Element) -> bool:
    """Tells whether the element holds notes, each in an element of its own."""
    names = {*meanings(element), *(element.get("class") or "").lower().split()}
    if not _GROUP_MEANINGS.intersection(names) or meaning_rule(meanings(element)) not in (SkipRule.NOTE_BODY, None):
        return False
    return any(is_note_body(inner) for inner in element.iterdescendants(etree.Element))


def is_backlink(element: etree._Element, tag: str) -> bool:
    """Tells whether a link in a note's body only leads back: its text is an arrow or the note's mark."""
    if tag != "a" or "#" not in (element.get("href") or ""):
        return False
    text = _short_text(element).strip()
    return bool(text) and (bool(note_mark(text.rstrip(".:"))) or _BACK_ARROWS.issuperset(text))


def note_mark(text: str) -> str:
    """Returns the mark of a note without brackets, "12" of "[12]"; "" for text that is none."""
    match = _NOTE_MARK.fullmatch(text.strip())
    return match[1] if match else ""


def _short_text(element: etree._Element) -> str:
    """Returns the element's text, or "" when it is too long for a mark."""
    text = ""
    for part in element.itertext():
        text += part
        if len(text) > _MAX_MARK_CHARS:
            return ""
    return text


def meaning_rule(words: Iterable[str]) -> SkipRule | None:
    """Returns the skip rule for what landmarks, an EPUB 2 guide or an element declare, or `None`."""
    return next((_BY_MEANING[word] for word in words if word in _BY_MEANING), None)
