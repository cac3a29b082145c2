"""`SkipRule`: every reason for which text of a book is not spoken, named once. Must not know how any of them is found.

Its names are shown by `talepress plan`, kept in the coverage ledger, and switched off by `ingest.also_read`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import Enum, StrEnum

from tasks.errors import BadInputError


class Basis(Enum):
    """What a skip rests on. A guess can be wrong: prose that it took must not be lost in silence."""

    SAID = "said"  # the file, its markup, a setting or a person says so
    GUESSED = "guessed"  # wording, place or shape make it likely
    EITHER = "either"  # said by the markup of one format, guessed in another


class SkipRule(StrEnum):
    """One reason to leave text out: its name, what it leaves out in plain words, and what it rests on."""

    what: str
    basis: Basis

    def __new__(cls, name: str, what: str, basis: Basis) -> SkipRule:
        """A rule equal to its name, so that records and files hold plain text."""
        rule = str.__new__(cls, name)
        rule._value_ = name
        rule.what = what
        rule.basis = basis
        return rule

    # Pages before and behind the text.
    COVER_PAGE = "cover-page", "the cover", Basis.EITHER
    TITLE_PAGE = "title-page", "the title page", Basis.EITHER
    HALF_TITLE_PAGE = "half-title-page", "the page with the title alone", Basis.EITHER
    COPYRIGHT_PAGE = "copyright-page", "the copyright page", Basis.EITHER
    IMPRINT = "imprint", "the imprint", Basis.EITHER
    COLOPHON = "colophon", "the colophon", Basis.EITHER
    SERIES_PAGE = "series-page", "other books of the series", Basis.SAID
    ADVERTISEMENT = "advertisement", "advertisements and lists of other books", Basis.EITHER
    TABLE_OF_CONTENTS = "table-of-contents", "lists of contents, illustrations and tables", Basis.EITHER
    INDEX = "index", "the index", Basis.EITHER
    BIBLIOGRAPHY = "bibliography", "lists of literature", Basis.EITHER
    NAVIGATION = "navigation", "lists of links for reading programs", Basis.SAID
    NOT_LINEAR = "not-linear", "files that the spine sets apart from the order of reading", Basis.SAID
    FRONT_MATTER = "front-matter", "the fields at the head of a Markdown file", Basis.SAID
    GUTENBERG_BOILERPLATE = "gutenberg-boilerplate", "Project Gutenberg's frame and licence", Basis.SAID
    TRANSCRIBER_NOTE = "transcriber-note", "what the makers of the file say of it", Basis.GUESSED

    # Notes.
    NOTE_REFERENCE = "note-reference", "marks that lead to notes", Basis.EITHER
    NOTE_BODY = "note-body", "notes at the foot of a page or the end of a text", Basis.EITHER
    NOTE_BACKLINK = "note-backlink", "links from a note back to its mark", Basis.EITHER
    SIDENOTE = "sidenote", "side notes of Project Gutenberg's texts", Basis.SAID

    # What a page has and a reading has not.
    PAGE_BREAK = "page-break", "marks of a print's pages", Basis.SAID
    PAGE_NUMBER = "page-number", "page numbers that stand alone", Basis.GUESSED
    RUNNING_HEAD = "running-head", "lines that come again at the edge of pages", Basis.EITHER
    PULL_QUOTE = "pull-quote", "sentences of the text that a page shows once more in large letters", Basis.GUESSED
    CROSSWISE_TEXT = "crosswise-text", "text set crosswise on a page", Basis.SAID
    VERSE_NUMBER = "verse-number", "numbers of verses", Basis.EITHER
    LINE_NUMBER = "line-number", "line numbers beside a text", Basis.SAID
    LINE_END_HYPHEN = "line-end-hyphen", "hyphens of words cut by a line's end", Basis.GUESSED
    HEADING_RULE = "heading-rule", "lines of signs under a heading", Basis.GUESSED
    LIST_MARK = "list-mark", "bullets of lists", Basis.GUESSED
    EMPHASIS_MARK = "emphasis-mark", "signs around emphasised words", Basis.GUESSED
    SCENE_BREAK = "scene-break", "ornaments between scenes, which become a pause", Basis.GUESSED
    INVISIBLE_CHARACTER = "invisible-character", "characters that shape lines and letters, not speech", Basis.SAID

    # Pictures, tables, formulas and what programs add.
    IMAGE_ALT = "image-alt", "descriptions of pictures", Basis.SAID
    ILLUSTRATION = "illustration", "captions of pictures in Project Gutenberg's texts", Basis.SAID
    VECTOR_GRAPHIC = "vector-graphic", "text in drawings", Basis.SAID
    MEDIA_FALLBACK = "media-fallback", "text for programs that show no sound or video", Basis.SAID
    TABLE = "table", "tables that are only announced, by `ingest.tables`", Basis.SAID
    CODE = "code", "listings of programs, by `ingest.code`", Basis.EITHER
    MATHML = "mathml", "formulas", Basis.SAID
    RUBY_ANNOTATION = "ruby-annotation", "readings printed above or beside a text", Basis.SAID
    RUBY_BASE = "ruby-base", "text of which the reading is spoken, by `ingest.ruby`", Basis.SAID
    SWITCH_CASE = "switch-case", "alternatives for other reading programs", Basis.SAID
    DOCUMENT_TITLE = "document-title", "the title of a drawing or a file", Basis.SAID
    SCRIPT = "script", "programs", Basis.SAID
    STYLE = "style", "style sheets", Basis.SAID
    HIDDEN = "hidden", "text that the book hides", Basis.SAID
    COMMENT = "comment", "comments in a Word document", Basis.SAID
    TRACKED_DELETION = "tracked-deletion", "text deleted with tracked changes", Basis.SAID

    # What people ask for.
    MARKUP = "markup", "markers in double brackets", Basis.SAID
    MARKUP_SKIP = "markup-skip", "text that markup says to skip", Basis.SAID
    PLAN_DROPPED = "plan-dropped", "chapters that the plan file leaves out", Basis.SAID
    PLAN_CORRECTED = "plan-corrected", "text that the plan file replaces", Basis.SAID

    # What cannot be said.
    UNSPEAKABLE_CHARACTER = "unspeakable-character", "characters that have no words", Basis.SAID
    NOTHING_TO_SAY = "nothing-to-say", "signs without any word", Basis.SAID


def require_known(names: Iterable[str]) -> None:
    """Raises `BadInputError` where `ingest.also_read` names a skip rule that there is none of."""
    known = [rule.value for rule in SkipRule]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
            raise BadInputError(f"ingest.also_read names {name!r}, but there is no such skip rule: {hint}")
