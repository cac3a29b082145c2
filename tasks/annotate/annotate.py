"""Puts everything that people say about how a book is read into the markup of its blocks, in one order.

Markup in the text, then the plan file's changes, the cast, what people decided on hearing, the lexicons, the rules for
heteronyms: each leaves alone what those before it decided. Must not know files or how the script is written.
"""

from __future__ import annotations

from dataclasses import dataclass

from configs.settings import SegmentSettings
from storage.records import Book
from tasks.annotate.casting import Cast, CastReport, apply_cast
from tasks.annotate.heteronyms import OpenHeteronyms, decide_heteronyms
from tasks.annotate.lexicon import Lexicon, apply_lexicons
from tasks.annotate.markup import apply_markup
from tasks.annotate.plan_file import PlanFile, apply_plan
from tasks.annotate.readers import apply_directions


@dataclass(frozen=True)
class Directions:
    """The user's files, read: plan, cast and lexicons. `narrator` is the voice that reads where no other is named."""

    narrator: str
    plan: PlanFile | None = None
    cast: Cast | None = None
    lexicons: tuple[Lexicon, ...] = ()
    decided: tuple[Lexicon, ...] = ()  # before the other lexicons, and for this book whatever they say


@dataclass(frozen=True)
class Findings:
    """What annotating found that the plan shows: the cast's quotations and the heteronyms that no rule decided."""

    cast: CastReport | None = None
    heteronyms: OpenHeteronyms | None = None


def annotate(book: Book, directions: Directions, settings: SegmentSettings) -> tuple[Book, Findings]:
    """Returns the book with its markup complete, ready for `write_script`, and what was found on the way.

    Raises `BadInputError` for a mistake in the markup, the plan or the cast.
    """
    if settings.markup:
        book = apply_markup(book)
    if directions.plan is not None:
        book = apply_plan(book, directions.plan)
    book, report = apply_cast(book, directions.cast or Cast())
    book = apply_directions(book, directions.narrator)
    book = apply_lexicons(book, directions.decided, directions.narrator)
    fitting = [lexicon for lexicon in directions.lexicons if lexicon.is_for(book, book.series)]
    book = apply_lexicons(book, sorted(fitting, key=lambda lexicon: lexicon.scope), directions.narrator)
    heteronyms = None
    if settings.heteronyms:
        book, heteronyms = decide_heteronyms(book)
    return book, Findings(report if directions.cast is not None else None, heteronyms)
