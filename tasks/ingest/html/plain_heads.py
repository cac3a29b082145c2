"""Makes headings of paragraphs that are chapters' heads without being marked as such: "CHAPTER ONE", bold or plain.

Manuscripts in Word, scanned EPUBs and old HTML have them. Must not know files, chapters or styles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from tasks.ingest.events import is_scene_break
from tasks.ingest.html.elements import BLOCKS, HEADING_LEVELS, local_name
from tasks.ingest.html.parse import lines_of, text_of
from tasks.ingest.plain.headings import Heading, heading_of, in_sequence, is_loud, is_title_case

_LEVEL = "h2"  # below a title that may be there
_MAX_SUBTITLE_CHARS = 80
_BARE_NUMBER = re.compile(r"[IVXLC]+\.?|\d{1,3}\.?")


@dataclass(frozen=True)
class _Head:
    """A paragraph that may be a head, and what its wording says."""

    element: etree._Element
    heading: Heading


def mark_plain_heads(bodies: Sequence[etree._Element]) -> bool:
    """Turns the heads among the paragraphs of a book into headings, in the trees. Returns whether there were any.

    Nothing changes in a book that has two headings or more, or whose heads do not count up from one.
    """
    if sum(local_name(element) in HEADING_LEVELS for body in bodies for element in body.iter(etree.Element)) > 1:
        return False
    # 1. Collect the paragraphs that are heads by their wording.
    found = [head for body in bodies for element in body.iter(etree.Element) if (head := _head(element)) is not None]
    # 2. Keep those that count: heads with a word ("Chapter"), and bare numbers that go on from the one before.
    counting = in_sequence((at, head.heading) for at, head in enumerate(found) if head.heading.kind == "numeral")
    heads: list[_Head] = []
    for at, head in enumerate(found):
        last = next((other.heading.value for other in reversed(heads) if other.heading.value), 0)
        if head.heading.kind != "numeral" or at in counting or (last and head.heading.value == last + 1):
            heads.append(head)
    if sum(head.heading.value > 0 for head in heads) < 2 and not any(head.heading.value == 1 for head in heads):
        return False
    # 3. Make them headings, each with the title that stands below it.
    for head in heads:
        _make_heading(head)
    return True


def _head(element: etree._Element) -> _Head | None:
    """Returns a paragraph that is a head by its wording, `None` for any other element."""
    if local_name(element) not in ("p", "div", "center"):
        return None
    if any(local_name(inner) in BLOCKS for inner in element.iterdescendants(etree.Element)):
        return None
    text = lines_of(element)
    heading = heading_of(text) if text else None
    if heading is None or (heading.kind == "numeral" and not _BARE_NUMBER.fullmatch(text)):
        return None
    return _Head(element, heading)


def _make_heading(head: _Head) -> None:
    """Renames a paragraph to a heading, and moves the title below it into it."""
    element = head.element
    tag = str(element.tag)
    prefix = tag[: tag.rfind("}") + 1]
    element.tag = prefix + _LEVEL
    below = element.getnext()
    if head.heading.title or below is None or not _is_subtitle(below):
        return
    line_break = etree.SubElement(element, prefix + "br")
    line_break.tail = below.text
    for inner in list(below):
        element.append(inner)
    below.text = None
    parent = below.getparent()
    if parent is not None and not (below.tail or "").strip():
        parent.remove(below)


def _is_subtitle(element: etree._Element) -> bool:
    """Tells whether a paragraph below a head is its title: short, in capitals or in a title's case."""
    if local_name(element) not in ("p", "div", "center") or len(text_of(element)) > _MAX_SUBTITLE_CHARS:
        return False
    text = lines_of(element)
    if "\n" in text or is_scene_break(text) or heading_of(text) is not None or element.get("id"):
        return False
    return is_loud(text) or is_title_case(text)
