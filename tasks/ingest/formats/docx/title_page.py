"""Reads the first page of a manuscript, where the file declares nothing: its address, title and author.

Must not know Word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from tasks.ingest.plain.headings import is_loud, is_title_case
from tasks.ingest.prose import is_prose

_BYLINE = re.compile(
    r"(?i:(?:written )?by|a (?:novel|novella|story|memoir|play)(?: written)? by)[\s:]+"
    r"(?P<name>[A-Z][\w.'’-]*(?: [\w.'’-]+){0,4})"
)
_MAX_TITLE_CHARS = 100
_MAX_HEAD_CHARS = 160  # of a paragraph; an address may be one, with line breaks
_CONTACT = re.compile(
    r"\S@\S+\.\w|\bhttps?:|\bwww\.|\b\d[\d,.]*\s?(?:k\s)?words\b|\bword count\b|\(?\+?\d[\d ().-]{7,}\d\b"
    r"|^\d+[a-z]?,? (?:[A-Z][\w.'’]* ){1,4}(?:street|st|lane|ln|road|rd|avenue|ave|drive|dr|close|court|square|way"
    r"|place|terrace|crescent|boulevard|blvd|apt)\b",
    re.I | re.M,
)


@dataclass(frozen=True)
class FirstPage:
    """What a manuscript's first page shows; `length` is how many of its paragraphs are no part of the text."""

    title: str
    author: str
    length: int


def read_first_page(texts: Sequence[str]) -> FirstPage:
    """Reads title and author of a page that shows "THE MILL" over "by A. Writer"; "" for both where none does.

    No part of the text are the address and the count of words above, and title and author with them. Where there is
    neither, all is read.

    Args:
        texts: the first paragraphs of a text.
    """
    head = list(takewhile(lambda text: len(text) <= _MAX_HEAD_CHARS and not is_prose(text), texts))
    contact = max((at + 1 for at, text in enumerate(head) if _CONTACT.search(text)), default=0)
    for at, (above, below) in enumerate(pairwise(texts)):
        name = " ".join(below.split())
        byline = _BYLINE.fullmatch(name)
        is_named_above = 0 < contact <= at and texts[0].startswith(name)
        if (byline or is_named_above) and _is_title(above):
            is_head = 0 < contact <= at and at + 2 <= len(head)
            return FirstPage(
                " ".join(above.split()), byline["name"] if byline else name, at + 2 if is_head else contact
            )
    return FirstPage("", "", contact)


def _is_title(text: str) -> bool:
    title = " ".join(text.split())
    return len(title) <= _MAX_TITLE_CHARS and (is_loud(title) or is_title_case(title))
