"""Walks once over an (X)HTML document and makes events of it: blocks to speak, skips, notes, anchors for chapters.

Serves every format that becomes HTML. Every character of the document's body ends in exactly one block or skip; `walk`
counts them again by another route and refuses to return otherwise. Must not know files, chapters or tables of contents.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from lxml import etree

from configs.settings import IngestSettings
from storage.records import Block, BlockKind, MarkupKind, Skip
from tasks.ingest.events import INVISIBLE, Anchor, Event, GuessedSkip, TracedBlock, is_scene_break
from tasks.ingest.html.code import is_listing, listing_announcement, spoken_code
from tasks.ingest.html.context import Context, Frame
from tasks.ingest.html.css import DISPLAY
from tasks.ingest.html.elements import BLOCKS, LIST_ITEMS, is_heading, local_name
from tasks.ingest.html.formulas import formula_in_dollars, is_formula_picture, spoken_mathml
from tasks.ingest.html.hints import hints_of, language_of, primary
from tasks.ingest.html.inline import Span
from tasks.ingest.html.parse import text_of
from tasks.ingest.html.places import Places, TextPlaces, without
from tasks.ingest.html.pronunciation import Pronunciations
from tasks.ingest.html.raised import raised_text
from tasks.ingest.html.tables import ROW_GROUPS, announcement, is_data_row, spoken_with_header
from tasks.ingest.html.unread import (
    NOTE_KEY,
    PAGE_MARK,
    element_rule,
    is_backlink,
    is_note_body,
    is_note_group,
)
from tasks.ingest.html.verse import is_stanza, is_verse
from tasks.ingest.latex import LATEX, UNSPOKEN, spoken_latex
from tasks.ingest.note_marks import NoteMarks
from tasks.ingest.notes import Note, NoteReference
from tasks.ingest.recount import require_same_letters
from tasks.ingest.skips import SkipRule


def walk(
    body: etree._Element,
    source: str,
    settings: IngestSettings,
    anchors: Collection[str] = (),
    language: str = "",
    pronunciations: Pronunciations | None = None,
    places: TextPlaces | None = None,
) -> list[Event | Note | NoteReference]:
    """Returns all text of a document's body in reading order, as blocks and skips, with anchors between them.

    Args:
        body: as `tasks.ingest.html.parse.parse` returns it; `link_notes` and `StyleSheets.apply` may have set their
            attributes in it.
        source: the document's path, for messages.
        settings: skip rules that are off, and how notes, tables and ruby are read. Unless notes are skipped, there are
            `Note` and `NoteReference` among the events, for `place_notes`.
        anchors: ids that the table of contents points to.
        language: the book's (BCP 47); elements of another get markup.
        pronunciations: the document's lexicons.
        places: of the body's texts; they make the blocks `TracedBlock`s.

    Raises:
        CoverageError: a character went missing; a fault of ours.
    """
    return _Walker(source, settings, frozenset(anchors), language, pronunciations, places or TextPlaces()).walk(body)


class _Walker:
    """The state of one walk. Never recursive: documents may be deep."""

    def __init__(
        self,
        source: str,
        settings: IngestSettings,
        anchors: frozenset[str],
        language: str,
        pronunciations: Pronunciations | None,
        places: TextPlaces,
    ) -> None:
        self._source = source
        self._settings = settings
        self._anchors = anchors
        self._also_read = frozenset(settings.also_read)
        self._reads_notes = settings.notes != "skip"
        self._announces_tables = settings.tables == "announce" and SkipRule.TABLE not in self._also_read
        self._pronunciations = pronunciations or Pronunciations()
        self._places = places
        self._languages = [language]
        self._contexts = [Context([Frame(BlockKind.PARAGRAPH)])]
        self._spans: list[tuple[etree._Element, list[Span]]] = []
        self._marks = NoteMarks("")
        self._invisible: list[str] = []
        self._added: list[str] = []  # text that is no text node: counted apart
        self._all: list[Block | Skip] = []  # for counting

    @property
    def _now(self) -> Context:
        return self._contexts[-1]

    def walk(self, body: etree._Element) -> list[Event | Note | NoteReference]:
        skipped: etree._Element | None = None
        self._marks = NoteMarks(text_of(body))
        self._start_language(body)
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
                self._add_tail(element)
        self._flush()
        if self._invisible:
            self._emit(Skip("".join(self._invisible), SkipRule.INVISIBLE_CHARACTER, source=self._source))
        text = etree.tostring(body, method="text", encoding="unicode", with_tail=False)
        require_same_letters(text + "".join(self._added), (event.text for event in self._all), self._source)
        return self._now.events

    def _enter(self, element: etree._Element) -> bool:
        """Opens an element. Returns whether what is in it has still to be walked over."""
        tag = local_name(element)
        is_block = tag in BLOCKS
        if is_block:
            self._separate(self._now.frames[-1])
        rule = self._rule(element, tag)
        if rule is not None:
            self._skip(element, tag, rule)
            return False
        if self._reads_notes and self._now.note is None and is_note_body(element):
            self._now.text.space()
            self._contexts.append(Context([Frame(BlockKind.PARAGRAPH)], note=element))
        self._mark(element)
        if is_block:
            self._now.frames.append(self._frame(element, tag))
        elif element.get(DISPLAY) == "block":
            self._now.text.line_break()
        self._open_markup(element)
        self._enter_named(element, tag)
        return True

    def _enter_named(self, element: etree._Element, tag: str) -> None:
        """Adds what the element itself stands for, and its first text."""
        if tag == "br":
            self._now.text.line_break()
        elif tag == "hr":
            self._emit(Block(BlockKind.SCENE_BREAK, "", self._source))
        elif tag in ("img", "image"):
            self._image(element)
        elif tag == "table" and self._now.frames[-1].rows_left_out:
            self._say(announcement(element))
        if tag == "sup" and not len(element):
            text, apart = raised_text(element, self._now.text.word_before())
            if apart:
                self._now.text.space()
            self._add(text, self._places.text(element, text), marks=False)
        elif self._is_read_by_annotation(element, tag):
            self._skip_base(element.text)
        else:
            self._add(element.text, self._places.text(element))

    def _leave(self, element: etree._Element) -> None:
        """Closes an element: its markup, its block, and the note that it is."""
        if self._spans and self._spans[-1][0] is element:
            for span in reversed(self._spans.pop()[1]):
                self._now.text.close(span)
            self._languages.pop()
        if local_name(element) in BLOCKS:
            self._separate(self._now.frames[-2])
            self._now.frames.pop()
        elif element.get(DISPLAY) == "block":
            self._now.text.line_break()
        key = element.get(NOTE_KEY) or ""
        if self._now.note is element:
            self._flush()
            events = self._contexts.pop().events
            inner = tuple(event for event in events if not isinstance(event, Note))
            self._now.events.append(Note(key, inner))

    def _rule(self, element: etree._Element, tag: str) -> SkipRule | None:
        """Returns the skip rule by which the element is not read, or `None`."""
        if self._now.frames[-1].rows_left_out and tag in ROW_GROUPS:
            return SkipRule.TABLE
        if self._now.note is not None and SkipRule.NOTE_BACKLINK not in self._also_read and is_backlink(element, tag):
            return SkipRule.NOTE_BACKLINK
        if self._settings.code != "read" and SkipRule.CODE not in self._also_read and is_listing(element, tag):
            return SkipRule.CODE
        parent = element.getparent()
        if parent is not None and self._is_read_by_annotation(parent, local_name(parent)):
            return None if tag == "rt" else SkipRule.RUBY_ANNOTATION if tag in ("rp", "rtc") else SkipRule.RUBY_BASE
        is_note = self._reads_notes and (is_note_body(element) or is_note_group(element))
        # Reading systems show notes on demand, so that books hide them.
        ignored = {SkipRule.NOTE_BODY, SkipRule.HIDDEN} if is_note else frozenset()
        return element_rule(element, tag, self._also_read | ignored)

    def _separate(self, outer: Frame) -> None:
        """Starts a new line at a block's edge where the blocks in `outer` are lines of one; else ends the block."""
        if outer.one_block:
            self._now.text.line_break()
        else:
            self._flush()

    def _frame(self, element: etree._Element, tag: str) -> Frame:
        """Decides the kind of text in a block-level element."""
        outer = self._now.frames[-1]
        if outer.one_block:
            return outer
        group = outer.note_group or (self._reads_notes and is_note_group(element))
        preformatted = outer.preformatted or tag == "pre"
        if is_heading(element, tag):
            return Frame(BlockKind.HEADING, one_block=True, note_group=group)
        if outer.verse or is_verse(element):
            stanza = is_stanza(element, tag)
            return Frame(BlockKind.VERSE, stanza, verse=True, preformatted=preformatted, note_group=group)
        if tag == "tr" and is_data_row(element):
            return Frame(BlockKind.TABLE_ROW, one_block=True, note_group=group)
        kind = BlockKind.LIST_ITEM if tag in LIST_ITEMS else BlockKind.QUOTE if tag == "blockquote" else outer.kind
        left_out = tag == "table" and self._announces_tables and bool(announcement(element))
        return Frame(kind, preformatted=preformatted, rows_left_out=left_out, note_group=group)

    def _mark(self, element: etree._Element) -> None:
        """Adds an anchor where the table of contents points to the element."""
        for name in (element.get("id"), element.get("name")):
            if name is not None and name in self._anchors:
                self._now.events.append(Anchor(name))

    def _open_markup(self, element: etree._Element) -> None:
        """Opens the markup for an element's text: its hints, and the header of a table's cell."""
        hints = hints_of(element, self._languages[-1])
        if self._now.frames[-1].kind == BlockKind.TABLE_ROW and (with_header := spoken_with_header(element)):
            hints.append((MarkupKind.RESPELL, with_header))
        if local_name(element) == "code" and not len(element) and (words := spoken_code(element.text or "")):
            hints.append((MarkupKind.RESPELL, words))
        if hints:
            self._spans.append((element, [self._now.text.open(*hint) for hint in hints]))
            changed = [value for kind, value in hints if kind == MarkupKind.LANGUAGE]
            self._languages.append(changed[-1] if changed else self._languages[-1])

    def _skip(self, element: etree._Element, tag: str, rule: SkipRule) -> None:
        """Skips an element with all in it; a listing is announced, of a formula the alternative text is spoken."""
        for inner in element.iter(etree.Element):
            self._mark(inner)
        if rule == SkipRule.NOTE_REFERENCE and self._reads_notes and element.get(NOTE_KEY):
            self._now.references.append(element.get(NOTE_KEY) or "")
        text = text_of(element)
        if text:
            kind = GuessedSkip if rule == SkipRule.MATHML and not element.get("alttext") else Skip
            self._emit(kind(text, rule, source=self._source))
        is_announced = text and rule == SkipRule.CODE and self._settings.code == "announce"
        if is_announced and (words := listing_announcement(element)):
            self._say(words)
        if tag == "math" and rule == SkipRule.MATHML and (text or element.get("alttext")):
            words = element.get("alttext") or spoken_mathml(element) or UNSPOKEN
            self._added.append(words)
            self._say_inline(words, element.tail or "")

    def _say_inline(self, words: str, behind: str) -> None:
        """Adds words in place of an element, apart from the words before and behind it."""
        if self._now.text.word_before()[-1:].isalnum():
            self._now.text.space()
        self._add_words(words, marks=False)
        if behind[:1].isalnum():
            self._now.text.space()

    def _is_read_by_annotation(self, element: etree._Element, tag: str) -> bool:
        """Tells whether the element is a ruby of which the reading is spoken, not the base."""
        return tag == "ruby" and self._settings.ruby != "base" and any(map(text_of, element.iter("{*}rt", "rt")))

    def _skip_base(self, text: str | None) -> None:
        """Skips text of a ruby of which the reading is spoken."""
        if text and text.strip():
            self._emit(Skip(" ".join(text.split()), SkipRule.RUBY_BASE, source=self._source))

    def _image(self, element: etree._Element) -> None:
        """Reads the text of a picture that is a drop capital ("O" before "nce upon"); skips that of others."""
        alt = formula_in_dollars((element.get("alt") or "").strip())
        if not alt:
            return
        self._added.append(alt)
        if len(alt) == 1 and alt.isalpha() and (element.tail or "")[:1].isalpha():
            self._add(alt, self._places.picture(element, alt))
        elif SkipRule.IMAGE_ALT in self._also_read or is_formula_picture(element, alt):
            words = f" {alt} "
            self._add(words, self._places.picture(element, words))
        else:
            self._emit(Skip(" ".join(alt.split()), SkipRule.IMAGE_ALT, source=self._source))

    def _say(self, words: str) -> None:
        """Adds a paragraph of our own words."""
        self._added.append(words)
        self._emit(Block(BlockKind.PARAGRAPH, words, self._source))

    def _start_language(self, body: etree._Element) -> None:
        """Opens markup for a document whose root declares another language than the book's."""
        root = body.getparent()
        declared = "" if root is None else language_of(root)
        self._languages[0] = self._languages[0] or declared or language_of(body)
        if declared and primary(declared) != primary(self._languages[0]):
            self._now.text.open(MarkupKind.LANGUAGE, declared)
            self._languages.append(declared)

    def _add_tail(self, element: etree._Element) -> None:
        """Adds the text behind an element."""
        parent = element.getparent()
        if parent is not None and self._is_read_by_annotation(parent, local_name(parent)):
            self._skip_base(element.tail)
        else:
            self._add(element.tail, self._places.tail(element))

    def _add(self, text: str | None, places: Places = (), *, marks: bool = True) -> None:
        """Adds text to the block being gathered, without its invisible characters and, with `marks`, those of notes."""
        if not text:
            return
        if invisible := INVISIBLE.findall(text):
            self._invisible += invisible
            text, places = without(text, places, [match.span() for match in INVISIBLE.finditer(text)])
        frame = self._now.frames[-1]
        if frame.kind == BlockKind.HEADING and text[:1].isupper() and self._now.text.word_before().isdigit():
            self._now.text.space()  # a number and a name in elements of their own
        at = 0
        for formula in () if frame.preformatted else LATEX.finditer(text):
            self._add_words(text[at : formula.start()], places[at : formula.start()], marks=marks)
            self._add_formula(formula, places[formula.start() : formula.end()])
            at = formula.end()
        self._add_words(text[at:], places[at:], marks=marks)

    def _add_words(self, text: str, places: Places = (), *, marks: bool) -> None:
        """Adds words; with `marks`, those of notes and of a print's pages are skipped."""
        at = 0
        for start, end, rule in self._unread_marks(text) if marks else ():
            self._now.text.add(text[at:start], places[at:start], keep_lines=self._now.frames[-1].preformatted)
            self._emit(Skip(text[start:end], rule, source=self._source))
            at = end
        self._now.text.add(text[at:], places[at:], keep_lines=self._now.frames[-1].preformatted)

    def _add_formula(self, formula: re.Match[str], places: Places) -> None:
        """Adds a formula in LaTeX with its words; one without simple words is skipped and named."""
        words = spoken_latex(str(formula[formula.lastgroup or 0]))
        if words:
            span = self._now.text.open(MarkupKind.RESPELL, words)
            self._now.text.add(formula[0], places)
            self._now.text.close(span)
            return
        self._emit(GuessedSkip(" ".join(formula[0].split()), SkipRule.MATHML, source=self._source))
        self._added.append(UNSPOKEN)
        self._now.text.add(UNSPOKEN)

    def _unread_marks(self, text: str) -> list[tuple[int, int, SkipRule]]:
        """Finds the marks of notes, and "[Pg 12]", in text that is no program."""
        if self._now.frames[-1].preformatted:
            return []
        notes = self._marks.find(text, self._now.text.word_before())
        places = [(start, end, SkipRule.NOTE_REFERENCE) for start, end in notes]
        places += [(*match.span(), SkipRule.PAGE_BREAK) for match in PAGE_MARK.finditer(text)]
        return sorted(place for place in places if place[2] not in self._also_read)

    def _flush(self) -> None:
        """Ends the block being gathered. Nothing happens when it holds no text."""
        text, markup, origins = self._now.text.take()
        frame = self._now.frames[-1]
        if text and frame.note_group and self._now.note is None:
            self._emit(Skip(text, SkipRule.NOTE_BODY, source=self._source))
        elif text:
            scene = frame.kind != BlockKind.HEADING and is_scene_break(text)
            kind = BlockKind.SCENE_BREAK if scene else frame.kind
            make = partial(TracedBlock, origins=origins) if origins else Block
            block = make(kind, text, self._source, markup)
            self._emit(replace(block, markup=self._pronunciations.annotate(block)))
        self._now.events += [NoteReference(key) for key in self._now.references]
        self._now.references.clear()

    def _emit(self, event: Block | Skip) -> None:
        """Adds an event, and keeps it for the count at the end."""
        self._now.events.append(event)
        self._all.append(event)
