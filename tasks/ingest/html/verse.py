"""Recognises verse by what its elements declare and by their classes. Must not know blocks."""

from __future__ import annotations

import re

from lxml import etree

from tasks.ingest.html.elements import BLOCKS, local_name
from tasks.ingest.html.unread import meanings

_MEANINGS = frozenset({"z3998:poem", "z3998:verse", "z3998:song", "z3998:hymn", "z3998:lyrics"})
_VERSE_CLASS = re.compile(r"(?:^|[\s_-])(?:verse|poem|poetry|stanza|linegroup|lg|lyrics?)(?:$|[\s_-])", re.I)
_STANZA_CLASS = re.compile(r"(?:^|[\s_-])(?:stanza|linegroup|lg)(?:$|[\s_-])", re.I)


def is_verse(element: etree._Element) -> bool:
    """Tells whether an element holds verse."""
    return _VERSE_CLASS.search(element.get("class") or "") is not None or bool(
        _MEANINGS.intersection(meanings(element))
    )


def is_stanza(element: etree._Element, tag: str) -> bool:
    """Tells whether an element in verse is one stanza, whose inner blocks are its lines."""
    return (
        tag in ("p", "pre") or _STANZA_CLASS.search(element.get("class") or "") is not None or _is_line_group(element)
    )


def _is_line_group(element: etree._Element) -> bool:
    """Tells whether the element is a stanza whose lines are blocks of their own: `<div><div>line</div>...</div>`."""
    children = [child for child in element if local_name(child) in BLOCKS]
    if len(children) < 2:
        return False
    return all(local_name(inner) not in BLOCKS | {"br"} for child in children for inner in child.iterdescendants())
