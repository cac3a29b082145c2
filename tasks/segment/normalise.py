"""Written text to words to say: an ordered registry of small named rules. Must not know books or utterances.

A rule sees what the rules before it left, so the order is part of the meaning: abbreviations make "Jan. 5" a date,
dates and money take their numbers before the plain-number rules see them, signs come last.
"""

from __future__ import annotations

from functools import lru_cache

from unidecode import unidecode

from tasks.segment.rules import abbreviations, characters, dates, money, numbers, roman, symbols
from tasks.segment.rules.base import Context, Rule

RULES: tuple[tuple[str, Rule], ...] = (
    (characters.UNSPEAKABLE_RULE, characters.drop_unspeakable),
    ("line-breaks", characters.break_lines),
    ("temperatures-angles", symbols.temperatures_and_angles),
    ("quotes", characters.plain_quotes),
    ("addresses", symbols.addresses),
    ("dashes", characters.plain_dashes),
    ("roman-headings", roman.headings),
    ("titles", abbreviations.titles),
    ("saints-streets-doctors", abbreviations.saints_streets_doctors),
    ("references", abbreviations.references),
    ("roman-rulers", roman.rulers),
    ("roman-sections", roman.sections),
    ("months", abbreviations.months),
    ("bible-verses", numbers.bible_verses),
    ("eras", dates.eras),
    ("times", dates.times),
    ("abbreviations", abbreviations.general),
    ("initials", abbreviations.initials),
    ("dates", dates.calendar_dates),
    ("shillings", money.shillings),
    ("money", money.amounts),
    ("telephone", numbers.telephone),
    ("units", symbols.units),
    ("decades", dates.decades),
    ("year-spans", dates.year_spans),
    ("fractions", numbers.fractions),
    ("versions", numbers.versions),
    ("ordinals", numbers.ordinals),
    ("years", dates.lone_years),
    ("ranges", numbers.ranges),
    ("number-plurals", numbers.plurals),
    ("minus", numbers.signs),
    ("signs", symbols.signs),
    ("decimals", numbers.decimals),
    ("integers", numbers.integers),
    ("roman-others", roman.others),
    ("acronyms", abbreviations.acronyms),
    ("brackets", characters.open_brackets),
    ("tidy", characters.tidy),
)


@lru_cache(maxsize=16384)
def normalise(text: str, context: Context) -> str:
    """The words to say for a piece of text: no digits, no symbols, plain quotes. "" when nothing is left to say."""
    for _, rule in RULES:
        text = rule(text, context)
    return text if has_words(text) else ""


def has_words(text: str) -> bool:
    """Whether there is anything to say: a letter or digit that survives transliteration to Latin script."""
    return any(character.isalnum() for character in (text if text.isascii() else unidecode(text)))
