"""The names of HTML's elements, and which of them are blocks. Must not know what is done with either."""

from __future__ import annotations

from lxml import etree

HEADING_LEVELS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
HEADINGS = HEADING_LEVELS | {"hgroup"}
LIST_ITEMS = frozenset({"li", "dt", "dd"})
_NAMES = (
    "body p div section article aside main header footer address blockquote ul ol dl table thead tbody "
    "tfoot tr td th caption figure figcaption pre form fieldset legend details summary center hr switch default"
)
BLOCKS = HEADINGS | LIST_ITEMS | frozenset(_NAMES.split())


def local_name(element: etree._Element) -> str:
    """Returns the element's name in lower case, without namespace; "" for comments and processing instructions."""
    tag = element.tag
    return tag[tag.rfind("}") + 1 :].lower() if isinstance(tag, str) else ""
