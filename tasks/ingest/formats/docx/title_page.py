"""Reads the title page that a manuscript begins with, where the file declares nothing. Must not know Word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tasks.ingest.plain.headings import is_loud, is_title_case

_BYLINE = re.compile(
    r"(?i:(?:written )?by|a (?:novel|novella|story|memoir|play)(?: written)? by)[\s:]+"
    r"(?P<name>[A-Z][\w.'’-]*(?: [\w.'’-]+){0,4})"
)
_MAX_TITLE_CHARS = 100


def read_title_page(texts: Sequence[str]) -> tuple[str, str]:
    """Returns title and author of a page that shows "THE MILL" over "by A. Writer"; "" for both where none does.

    Args:
        texts: the first paragraphs of a text, from a manuscript's address and count of words on.
    """
    for above, below in pairwise(texts):
        title = " ".join(above.split())
        byline = _BYLINE.fullmatch(" ".join(below.split()))
        if byline and len(title) <= _MAX_TITLE_CHARS and (is_loud(title) or is_title_case(title)):
            return title, byline["name"]
    return "", ""
