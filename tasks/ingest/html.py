"""One walk over an (X)HTML document: blocks to speak, skips with their rule, and anchors where chapters may start.

Serves EPUB and Markdown alike. Must not know files, chapters or tables of contents. Every character of the document's
body ends in exactly one block or skip; `walk` counts them again by another route and refuses to return otherwise.
"""

from __future__ import annotations

import html.entities
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import lxml.html
from lxml import etree

from storage.records import Block, BlockKind, Skip
from tasks.errors import CoverageError, UnreadableBookError
from tasks.ingest.archive import safe_parser
from tasks.ingest.rules import element_rule, meanings

INVISIBLE_RULE = "invisible-character"
# Soft hyphens, zero-width characters, direction marks, byte-order marks: they shape lines, not speech.
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]+")
_SPACE = re.compile(r"\s+")
_AROUND_BREAK = re.compile(r" *\n[\n ]*")
_RULES = "*#~•·⁂※❦☙❧✻✽✦_="
_SCENE_BREAK = re.compile(rf"(?=.{{1,40}}$)[{re.escape(_RULES)}\s]+|[-–—]{{3,}}|(?:[-–—]\s+){{2,}}[-–—]")

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "hgroup"})
_LEVELS = _HEADINGS - {"hgroup"}
_LIST_ITEMS = frozenset({"li", "dt", "dd"})
_CELLS = frozenset({"td", "th"})
_BLOCK_NAMES = (
    "body p div section article aside main header footer address blockquote ul ol dl table thead tbody "
    "tfoot tr caption figure figcaption pre form fieldset legend details summary center hr switch default"
)
_BLOCKS = _HEADINGS | _LIST_ITEMS | _CELLS | frozenset(_BLOCK_NAMES.split())
_VERSE_MEANINGS = frozenset({"z3998:poem", "z3998:verse", "z3998:song", "z3998:hymn", "z3998:lyrics"})
_VERSE_CLASS = re.compile(r"(?:^|[\s_-])(?:verse|poem|poetry|stanza|linegroup|lg|lyrics?)(?:$|[\s_-])", re.I)
_STANZA_CLASS = re.compile(r"(?:^|[\s_-])(?:stanza|linegroup|lg)(?:$|[\s_-])", re.I)
_HEADING_CLASS = re.compile(r"(?:^|\s)(?:chap(?:ter)?|part)[_-]?(?:title|num|number|head|heading)(?:$|\s)", re.I)

_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.I | re.S)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.I)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_ENTITIES = frozenset({"lt", "gt", "amp", "quot", "apos"})


@dataclass(frozen=True)
class Anchor:
    """The place of an element whose id a table of contents may point to."""

    id: str


Event = Block | Skip | Anchor


@dataclass(frozen=True)
class _Frame:
    """An open block-level element: what its text is, and whether inner blocks are lines of one block."""

    kind: BlockKind
    one_block: bool = False
    verse: bool = False
    preformatted: bool = False


def parse(text: str, source: str) -> tuple[etree._Element, tuple[str, ...]]:
    """The body of a document and what is wrong with it.

    XHTML is parsed strictly first; what is not well-formed is read as HTML, with a warning. Named HTML entities are
    replaced beforehand and the document type is dropped, so no entity of the document's own is ever expanded.
    """
    text = _DOCTYPE.sub("", _DECLARATION.sub("", text.lstrip("\ufeff")), count=1)
    text = _ENTITY.sub(_known_entity, text).replace("\0", "")
    if not text.strip():
        return etree.Element("body"), ()
    warnings: tuple[str, ...] = ()
    try:
        root = etree.fromstring(text.encode(), safe_parser())
    except etree.XMLSyntaxError as error:
        warnings = (f"{source} is not well-formed XHTML and was read as HTML: {error.msg}",)
        root = _parse_leniently(text, source)
    body = next(root.iter("{*}body", "body"), None)
    return (root if body is None else body), warnings


def _known_entity(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _XML_ENTITIES else html.entities.html5.get(name + ";", match[0])


def _parse_leniently(text: str, source: str) -> etree._Element:
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = lxml.html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise UnreadableBookError(f"{source} is neither XHTML nor HTML: {error}") from error
    # libxml2 stops quietly at its limits and would drop the rest of the text.
    if any("Excessive depth" in entry.message or "too long" in entry.message for entry in parser.error_log):
        raise UnreadableBookError(f"{source} is nested too deeply or holds too long a text to be a book's chapter")
    return root


def walk(
    body: etree._Element, source: str, anchors: Collection[str] = (), also_read: Collection[str] = ()
) -> list[Event]:
    """All text of a document body in reading order, as blocks and skips, with the wanted anchors between them.

    `also_read` names skip rules that are switched off. Raises `CoverageError` if a character went missing.
    """
    return _Walker(source, frozenset(anchors), frozenset(also_read)).walk(body)


class _Walker:
    """The state of one walk: the open blocks, and the text gathered for the innermost one. Never recursive."""

    def __init__(self, source: str, anchors: frozenset[str], also_read: frozenset[str]) -> None:
        self._source = source
        self._anchors = anchors
        self._also_read = also_read
        self._frames = [_Frame(BlockKind.PARAGRAPH)]
        self._buffer: list[str] = []
        self._events: list[Event] = []
        self._invisible: list[str] = []
        self._from_attributes: list[str] = []  # text that is no text node: counted apart

    def walk(self, body: etree._Element) -> list[Event]:
        skipped: etree._Element | None = None
        steps = etree.iterwalk(body, events=("start", "end", "comment", "pi"))
        for step, element in steps:
            if step == "start":
                if self._enter(element):
                    continue
                skipped = element
                steps.skip_subtree()
            elif step == "end":
                if element is skipped:
                    skipped = None
                else:
                    self._leave(element)
            if step != "start" and element is not body:
                self._add(element.tail)
        self._flush()
        if self._invisible:
            self._events.append(Skip("".join(self._invisible), INVISIBLE_RULE, source=self._source))
        self._count_again(body)
        return self._events

    def _enter(self, element: etree._Element) -> bool:
        """Opens an element. False when all in it is skipped."""
        tag = _local_name(element)
        rule = element_rule(element, tag)
        if tag in _BLOCKS:
            self._separate(self._frames[-1])
        if rule is not None and rule not in self._also_read:
            self._skip(element, tag, rule)
            return False
        self._mark(element)
        if tag in _BLOCKS:
            self._frames.append(self._frame(element, tag))
        if tag == "br":
            self._buffer.append("\n")
        elif tag == "hr":
            self._events.append(Block(BlockKind.SCENE_BREAK, "", self._source))
        elif tag in ("img", "image"):
            self._image(element)
        self._add(element.text)
        return True

    def _leave(self, element: etree._Element) -> None:
        if _local_name(element) in _BLOCKS:
            self._separate(self._frames[-2])
            self._frames.pop()

    def _separate(self, outer: _Frame) -> None:
        """At the edge of a block: a new line where the blocks in `outer` are lines of one, elsewhere its end."""
        if outer.one_block:
            self._buffer.append("\n")
        else:
            self._flush()

    def _frame(self, element: etree._Element, tag: str) -> _Frame:
        outer = self._frames[-1]
        if outer.one_block:
            return outer
        preformatted = outer.preformatted or tag == "pre"
        css_class = element.get("class") or ""
        if tag in _HEADINGS or element.get("role") == "heading" or _HEADING_CLASS.search(css_class):
            return _Frame(BlockKind.HEADING, one_block=True)
        if outer.verse or _VERSE_CLASS.search(css_class) or _VERSE_MEANINGS.intersection(meanings(element)):
            stanza = tag == "p" or bool(_STANZA_CLASS.search(css_class)) or _is_line_group(element)
            return _Frame(BlockKind.VERSE, one_block=stanza, verse=True)
        if tag == "tr" and not _holds_blocks(element):
            return _Frame(BlockKind.TABLE_ROW, one_block=True)
        kind = BlockKind.LIST_ITEM if tag in _LIST_ITEMS else BlockKind.QUOTE if tag == "blockquote" else outer.kind
        return _Frame(kind, preformatted=preformatted)

    def _mark(self, element: etree._Element) -> None:
        for name in (element.get("id"), element.get("name")):
            if name is not None and name in self._anchors:
                self._events.append(Anchor(name))

    def _skip(self, element: etree._Element, tag: str, rule: str) -> None:
        for inner in element.iter(etree.Element):
            self._mark(inner)
        text = text_of(element)
        if text:
            self._events.append(Skip(text, rule, source=self._source))
        spoken_instead = element.get("alttext") if tag == "math" else None
        if spoken_instead:
            self._from_attributes.append(spoken_instead)
            self._add(f" {spoken_instead} ")

    def _image(self, element: etree._Element) -> None:
        """Alternative text: read where it stands for a drop cap ("O" before "nce upon"), else by policy."""
        alt = (element.get("alt") or "").strip()
        if not alt:
            return
        self._from_attributes.append(alt)
        if len(alt) == 1 and alt.isalpha() and (element.tail or "")[:1].isalpha():
            self._add(alt)
        elif "image-alt" in self._also_read:
            self._add(f" {alt} ")
        else:
            self._events.append(Skip(" ".join(alt.split()), "image-alt", source=self._source))

    def _add(self, text: str | None) -> None:
        if not text:
            return
        self._invisible += INVISIBLE.findall(text)
        text = INVISIBLE.sub("", text)
        if not self._frames[-1].preformatted:
            text = _SPACE.sub(" ", text)
        self._buffer.append(text)

    def _flush(self) -> None:
        """Ends the block being gathered. Nothing happens when it holds no text."""
        text = re.sub(r"[^\S\n]+", " ", "".join(self._buffer))
        text = _AROUND_BREAK.sub("\n", text).strip()
        self._buffer.clear()
        if not text:
            return
        kind = self._frames[-1].kind
        if kind != BlockKind.HEADING and is_scene_break(text):
            kind = BlockKind.SCENE_BREAK
        self._events.append(Block(kind, text, self._source))

    def _count_again(self, body: etree._Element) -> None:
        """Counts the document's characters by another route and compares."""
        expected = Counter(text_of(body).replace(" ", "")) + Counter("".join("".join(self._from_attributes).split()))
        found: Counter[str] = Counter()
        for event in self._events:
            if not isinstance(event, Anchor):
                found.update("".join(event.text.split()))
        if found != expected:
            lost, doubled = expected - found, found - expected
            raise CoverageError(
                f"{self._source}: {lost.total()} characters lost and {doubled.total()} doubled while reading "
                f"({''.join(lost)[:20]!r} / {''.join(doubled)[:20]!r}); please report this book"
            )


def text_of(element: etree._Element) -> str:
    """All text in an element, comments apart, with whitespace collapsed."""
    return " ".join(etree.tostring(element, method="text", encoding="unicode", with_tail=False).split())


def is_scene_break(text: str) -> bool:
    """Whether a whole block is an ornament between scenes: "* * *", "⁂", "———"."""
    return _SCENE_BREAK.fullmatch(text.strip()) is not None


def _local_name(element: etree._Element) -> str:
    tag = element.tag
    return tag[tag.rfind("}") + 1 :].lower() if isinstance(tag, str) else ""


def _holds_blocks(row: etree._Element) -> bool:
    """Whether a table row is layout: cells with several paragraphs, lists or tables in them."""
    inner = [_local_name(element) for element in row.iterdescendants(etree.Element)]
    return inner.count("p") > inner.count("td") + inner.count("th") or bool(
        {"table", "ul", "ol", "h1", "h2"} & {*inner}
    )


def _is_line_group(element: etree._Element) -> bool:
    """Whether the element is a stanza whose lines are block elements of their own: `<div><div>line</div>...</div>`."""
    children = [child for child in element if _local_name(child) in _BLOCKS]
    if len(children) < 2:
        return False
    return all(_local_name(inner) not in _BLOCKS | {"br"} for child in children for inner in child.iterdescendants())


def heading_anchors(bodies: Sequence[etree._Element]) -> list[tuple[int, str, str]]:
    """Where chapters start by their headings: (index of the body, id, title), headings without an id get one.

    The headings of the highest level that occurs at least twice start chapters, so that a lone `h1` is a book's title.
    """
    found: dict[str, list[tuple[int, etree._Element]]] = {}
    for index, body in enumerate(bodies):
        for element in body.iter(etree.Element):
            if _local_name(element) in _LEVELS:
                found.setdefault(_local_name(element), []).append((index, element))
    if not found:
        return []
    level = next((tag for tag in sorted(found) if len(found[tag]) > 1), min(found))
    marks = []
    for number, (index, element) in enumerate(found[level]):
        parent = element.getparent()
        grouped = parent is not None and _local_name(parent) == "hgroup"
        target = parent if grouped else element
        anchor = target.get("id") or f"heading-{number}"
        target.set("id", anchor)
        marks.append((index, anchor, text_of(element)))
    return marks
