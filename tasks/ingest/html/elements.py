"""The names of HTML's elements, and which of them are blocks. Must not know what is done with either."""

from __future__ import annotations

import re

from lxml import etree

HEADING_LEVELS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
HEADINGS = HEADING_LEVELS | {"hgroup"}
LIST_ITEMS = frozenset({"li", "dt", "dd"})
_NAMES = (
    "body p div section article aside main header footer address blockquote ul ol dl table thead tbody "
    "tfoot tr td th caption figure figcaption pre form fieldset legend details summary center hr switch default"
)
_HEADING_CLASS = re.compile(r"(?:^|\s)(?:chap(?:ter)?|part)[_-]?(?:title|num|number|head|heading)(?:$|\s)", re.I)
BLOCKS = HEADINGS | LIST_ITEMS | frozenset(_NAMES.split())


def local_name(element: etree._Element) -> str:
    """Returns the element's name in lower case, without namespace; "" for comments and processing instructions."""
    tag = element.tag
    return tag[tag.rfind("}") + 1 :].lower() if isinstance(tag, str) else ""


def is_heading(element: etree._Element, tag: str) -> bool:
    """Tells whether an element is a heading: by its name, its role, or a class that programs give to heads."""
    if tag in HEADINGS or element.get("role") == "heading":
        return True
    return _HEADING_CLASS.search(element.get("class") or "") is not None
