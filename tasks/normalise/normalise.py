"""Turns written text into words to say, by an ordered list of small named rules. Must not know books or utterances.

A rule sees what the rules before it left, so the order is part of the meaning: abbreviations make "Jan. 5" a date,
dates and money take their numbers before the plain-number rules see them, signs come last.
"""

from __future__ import annotations

from functools import lru_cache

from unidecode import unidecode

from tasks.normalise.rules import (
    abbreviations,
    acronyms,
    blanks,
    capitals,
    characters,
    citations,
    continental,
    cookery,
    dates,
    fractions,
    labels,
    law,
    maths,
    measures,
    models,
    money,
    numbers,
    places,
    references,
    regions,
    roman,
    scores,
    symbols,
    telephones,
    times,
    units,
    years,
)
from tasks.normalise.rules.base import Context, Rule
from tasks.patterns import regexp

_ALNUM = regexp(r"[^\W_]")

# In this order they are applied.
RULES: tuple[Rule, ...] = (
    characters.tick_boxes,
    characters.drop_unspeakable,
    characters.plain_shapes,
    characters.break_lines,
    numbers.leading_zeros,
    symbols.addresses,
    numbers.thousands,
    continental.continental,
    cookery.cookery,
    fractions.spans,
    units.bracketed,
    units.temperatures_and_angles,
    characters.plain_quotes,
    characters.editors_brackets,
    blanks.blanks,
    maths.formulas,
    maths.chemistry,
    characters.plain_dashes,
    capitals.capitals,
    law.law,
    roman.headings,
    references.bible_verses,
    citations.citations,
    acronyms.in_context,
    references.references,
    labels.dockets,
    abbreviations.titles,
    places.compass,
    places.saints_streets_doctors,
    places.after_names,
    regions.regions,
    roman.rulers,
    roman.sections,
    abbreviations.months,
    years.eras,
    times.times,
    years.centuries,
    abbreviations.general,
    acronyms.initials,
    dates.calendar_dates,
    numbers.old_ordinals,
    money.shillings,
    money.amounts,
    telephones.telephone,
    models.models,
    labels.labels,
    measures.ratios,
    units.units,
    measures.spelled,
    years.decades,
    years.year_spans,
    maths.stray_powers,
    scores.scores,
    fractions.fractions,
    numbers.versions,
    numbers.ordinals,
    years.lone_years,
    numbers.ranges,
    numbers.plurals,
    numbers.signs,
    symbols.signs,
    numbers.decimals,
    numbers.integers,
    roman.others,
    acronyms.acronyms,
    characters.open_brackets,
    characters.tidy,
)


@lru_cache(maxsize=16384)
def normalise(text: str, context: Context) -> str:
    """Turns text into the words to say: no digits, no symbols, plain quotes; "" where nothing is left to say."""
    found: dict[int, bool] = {}  # by the identity of `needs`: many rules need the same, and most change nothing
    for rule in RULES:
        if rule.needs is not None:
            need = id(rule.needs)
            if need not in found:
                found[need] = rule.needs.search(text) is not None
            if not found[need]:
                continue
        changed = rule.apply(text, context)
        if changed != text:
            text = changed
            found = {}
    return text if has_words(text) else ""


def has_words(text: str) -> bool:
    """Whether there is anything to say: a letter or digit that survives transliteration to Latin script."""
    return _ALNUM.search(text if text.isascii() else unidecode(text)) is not None
