"""Finds the skip rule of a page or chapter by its title and wording: cover, copyright page, index and so on.

All of this is a guess; what a book says of itself outranks it. Must not know files or markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tasks.ingest.prose import is_prose, mostly_tells, speaks_of_somebody, tells
from tasks.ingest.skips import SkipRule
from tasks.patterns import regexp

_BY_TITLE = tuple(
    (regexp(pattern, re.I), rule)
    for pattern, rule in (
        (r"half[- ]?title( ?page)?", SkipRule.HALF_TITLE_PAGE),
        (r"title ?page", SkipRule.TITLE_PAGE),
        (
            r"(the |table of )?contents|toc|(list of )?(full[- ]page )?illustrations"
            r"|list of (figures|tables|maps|plates)",
            SkipRule.TABLE_OF_CONTENTS,
        ),
        (r"(un)?copyright( page| notice| information)?|legal notices?", SkipRule.COPYRIGHT_PAGE),
        (r"(front |book )?cover( page| image)?", SkipRule.COVER_PAGE),
        (r"imprint", SkipRule.IMPRINT),
        (r"colophon", SkipRule.COLOPHON),
        (r"(general |subject )?index( of .*)?", SkipRule.INDEX),
        (r"(select(ed)? )?bibliography|works cited", SkipRule.BIBLIOGRAPHY),
        (r"(also|other (books|titles|works)|books) by\b.*|advertisements?", SkipRule.ADVERTISEMENT),
        (r"(foot|end)notes", SkipRule.NOTE_BODY),
        (r"(the )?(full )?project gutenberg.{0,3} licen[cs]e.*", SkipRule.GUTENBERG_BOILERPLATE),
    )
)
_NOTES_TITLE = regexp(r"(?:end|foot)?notes(?: (?:to|on|for) .*)?", re.I)
_COPYRIGHT_SIGNS = tuple(
    regexp(pattern, re.I)
    for pattern in (
        r"all rights reserved|no part of this",
        r"copyright|©",
        r"\bisbn\b",
        r"\btrademarks?\b",
        r"\b(published|printed) (by|in)\b",
    )
)
_IMPRINT_PAGES = frozenset({SkipRule.COPYRIGHT_PAGE, SkipRule.IMPRINT, SkipRule.COLOPHON})
# What the sentences of a copyright page are about.
_PUBLISHING = regexp(
    r"\b(?:e-?books?|books?|publish\w*|publications?|authors?|copyright\w*|permissions?|editions?|print\w*|rights|"
    r"reproduc\w*|trademarks?|fiction|resemblance|librar\w+|isbn|websites?|www|https?|licen[cs]\w*|you|your|"
    r"designations?|information|sales|purchased|warrant\w+|liab\w+|damages)\b",
    re.I,
)
_NUMBERED = regexp(r"(?:chapter|part|book|letter|canto|act)\b|\d|[IVXLC]+\b", re.I)
_NOTE_START = regexp(r"[\[(]?(?:\d{1,4}|[*†‡§]+|[a-z])[\])]?[.:]?\s")
_GUTENBERG_START = regexp(r"\*\*\*\s*START OF (THE|THIS) PROJECT GUTENBERG E-?(BOOK|TEXT)", re.I)
_GUTENBERG_END = regexp(
    r"\*\*\*\s*END OF (THE|THIS) PROJECT GUTENBERG E-?(BOOK|TEXT)|^End of (the )?Project Gutenberg", re.I
)


def title_rule(title: str) -> SkipRule | None:
    """Returns the skip rule for a chapter of this title, or `None` for one to read."""
    title = " ".join(title.split()).strip(" .:*—-")
    return next((rule for pattern, rule in _BY_TITLE if pattern.fullmatch(title)), None)


def is_notes_title(title: str) -> bool:
    """Tells whether a chapter of this title may hold the book's notes: "Notes", "Notes to Chapter 2"."""
    return _NOTES_TITLE.fullmatch(" ".join(title.split()).strip(" .:*—-")) is not None


def is_text_of_book(rule: SkipRule, texts: Sequence[str]) -> bool:
    """Tells whether paragraphs under a title such as "Index" are prose of the book all the same.

    The licence of Project Gutenberg and notes are prose as well, and no part of it: the licence says what it is, and a
    note begins with its mark.
    """
    if rule == SkipRule.GUTENBERG_BOILERPLATE:
        return False
    if rule == SkipRule.NOTE_BODY:
        texts = [text for text in texts if not _NOTE_START.match(text)]
    if rule in _IMPRINT_PAGES and _is_copyright_page("\n".join(texts)):
        return False
    return mostly_tells(texts)


def are_notes(texts: Sequence[str]) -> bool:
    """Tells whether most paragraphs under the title "Notes" begin with the mark of a note."""
    return bool(texts) and sum(_NOTE_START.match(text) is not None for text in texts) * 2 > len(texts)


def is_kept(rule: SkipRule, text: str) -> bool:
    """Tells whether one paragraph of a page that a guess skips is prose, and read all the same."""
    if rule in (SkipRule.GUTENBERG_BOILERPLATE, SkipRule.NOTE_BODY):
        return False
    if rule in _IMPRINT_PAGES:
        return is_prose(text) and (speaks_of_somebody(text) or not _PUBLISHING.search(text))
    if rule in (SkipRule.BIBLIOGRAPHY, SkipRule.ADVERTISEMENT):
        return tells(text)  # their entries end in stops as sentences do
    return is_prose(text) and not (rule == SkipRule.TABLE_OF_CONTENTS and _NUMBERED.match(text))


def front_page_rule(texts: Sequence[str], book_title: str, authors: Iterable[str]) -> SkipRule | None:
    """Returns the skip rule for a page before the first chapter that is a copyright or title page by its wording."""
    text = "\n".join(texts)
    if len(text) < 4000 and _is_copyright_page(text):
        return SkipRule.COPYRIGHT_PAGE
    if mostly_tells(texts):
        return None
    folded = " ".join(text.split()).casefold()
    if book_title and folded == book_title.casefold():
        return SkipRule.HALF_TITLE_PAGE
    named = any(author and author.casefold() in folded for author in authors)
    if len(folded) < 300 and named and book_title and book_title.casefold() in folded:
        return SkipRule.TITLE_PAGE
    return None


def _is_copyright_page(text: str) -> bool:
    """Tells whether at least two signs of a copyright page stand in a text."""
    return sum(1 for sign in _COPYRIGHT_SIGNS if sign.search(text)) >= 2


def gutenberg_bounds(texts: list[str]) -> tuple[int, int]:
    """Returns `[start, stop)` of the book proper among `texts`: between Project Gutenberg's markers, or all."""
    start = 0
    for index, text in enumerate(texts):
        if _GUTENBERG_START.search(text):
            start = index + 1
        elif _GUTENBERG_END.search(text):
            return start, index
    return start, len(texts)
