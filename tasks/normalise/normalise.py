"""Written text to words to say: an ordered registry of small named rules. Must not know books or utterances.

A rule sees what the rules before it left, so the order is part of the meaning: abbreviations make "Jan. 5" a date,
dates and money take their numbers before the plain-number rules see them, signs come last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from unidecode import unidecode

from tasks.normalise.rules import (
    abbreviations,
    acronyms,
    characters,
    citations,
    dates,
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
    times,
    units,
    years,
)
from tasks.normalise.rules.base import Context, Rule

# Most sentences hold no digits and no signs: what a rule needs tells in one look whether to try it at all. The patterns
# begin with a set of characters and look behind from there, because that is what the regular expressions skip to fast.
_DIGIT = re.compile(r"[\d½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒⁰²³¹⁴-⁹₀-₉]")
_VERSE = re.compile(rf"{_DIGIT.pattern}|[A-Z](?<=\b[A-Z])[a-z]+\.?,?\s[ivxlc]+\b")
_CITED = re.compile(rf"{_DIGIT.pattern}|\.\s\([a-z]\)|\bConst\. a")
_SIGN = re.compile(r"[^\w\s,.;:!?'\"—()](?:(?<!-)|(?<=\b[A-DF]-)(?!\w))")
_ADDRESS = re.compile(r"[@:.](?:(?<=@)|(?<=:)//|(?:(?<=[\w\s]\.)|(?<=^\.))[a-z])", re.I)
_BRACKET = re.compile(r"[()\[\]{}]")
_UNUSUAL_SHAPE = re.compile("[^\x00-\u02af\u2010-\u2027]|[ªº]")
_MARK = re.compile("[^\x00-\x7f]|`")
_DASH = re.compile(r"[―⸺—–….-](?:(?<=[―⸺—–…])|(?<=-)-|(?<=\s-)\s|(?<=\.)\s?\.|(?<=\bA-)Z\b)")
_UNTIDY = re.compile(
    r"[\s,;:—–](?:(?<=\s)(?:[\s,.;:!?]|$)|(?<=,)(?:\s*[,.;:!?—]|$)|(?<=[;:]),|(?<=—)[,\s]|(?<=[^\S ])|"
    r"(?<=–)|(?<=^[\s,]))"
)
_LINE_END = re.compile(r"\n")
_NUMERAL_OR_I = re.compile(r"[IVXLCivx](?:(?<=\b[IVXLC])[IVXLC]*\b|(?<=^[ivx])[ivx]*\.)")
# The pronoun is in every third sentence: an I counts only behind a word and before what may follow a numeral.
_NUMERAL_LIKE = re.compile(
    r"[IVXLCDMW](?<=\b[IVXLCDMW])(?:[IVXLCDMW]*(?:st|nd|rd|th)\b|[IVXLCDMW]+\b|(?<!I)\b|(?<=[a-z]\sI)\b|W\s?[12]\b|\.\s?W\.\s?[I12])"
)
_NUMERAL = re.compile(
    rf"\b(?:{roman.ONLY_KINGS})\sI\b|"
    r"\b(?!I\b)[IVXLCDMW]+(?:st|nd|rd|th)?\b|(?<=[a-z]\s)I(?=[^\w\s]|\s*$|\s\(|\s(?:of|was|is|had|and|to|in|reigned|died|"
    r"ruled|came|became|granted|made|gave|Scene|Part|Chapter)\b)|(?<=War )I\b|"
    r"\b(?:WW\s?[12]|W\.\s?W\.\s?(?:I{1,2}|1|2))\b|"
    r"\b(?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser)\s[A-Z][a-z]+\sI\s|"
    r"(?:(?<=Chapter )|(?<=Book )|(?<=Part )|(?<=Volume )|(?<=Act ))I(?=\s+[a-z]+s\b)"
)
_CAPITAL = re.compile(
    r"[A-Z](?<=\b[A-Z])(?:[A-Za-z]{0,5}\.|(?<=M)(?:rs?|s|me|lle|essrs)\b|(?<=S)t\b|(?<=D)r\b|(?<=R)evd\b|[a-z]{1,4}-(?:Col|Gen|Cmdr|Cdr|Maj|Gov|Adm)\b)"
)
_STOPPED_CAPITALS = re.compile(r"\.(?:(?<=\b[A-Z]\.)|(?<=\b[a-z]\.)[a-z]\.)")
_PLACE = re.compile(r"[a-z\d],? [A-Z][\w.]{0,4}(?:\.|$|,)|\b(?:L|R|Pt|Mts)\. [A-Z]")
_POINT = re.compile(r"[NSEW](?:(?<=\b[NSEW])[NSEW]{0,2}\b|(?<=\d[NSEW])\b)")
_CAPITALS = re.compile(r"[A-Z](?<=\b[A-Z])(?:[A-Z]|s\b)")
_ACRONYM_LIKE = re.compile(r"[A-Z](?<=\b[A-Z])(?:[A-Z]|hD|Sc|oD|(?<=A)s\b)|(?<=\bp)H\b|(?<=[a-z])[DR]NA")
_REFERENCE = re.compile(
    r"[\d.ivxlc](?:(?<=\d)|(?<=\b[ivxlc])[ivxlc]*\b|(?<=\.)(?:\s?[IVXLC]+\b|\s[A-H]\b|(?:(?<=\spp\.)|(?<=\spts\.)|(?<=\sbks\.)|"
    r"(?<=\schs\.)|(?<=\svols\.)|(?<=\sfigs\.)|(?<=\schaps\.))))"
)
_FORMULA = re.compile(
    r"[~\^²³⁰¹⁴-⁹ⁿ₀-₉=≤≥⩽⩾≠≈√∞♯♭‰−&#Α-ωµ→⟶-⟿⇒⇔∀-⋿/(!-](?:(?<![/(!-])|(?<=\d\s/)\s\d|(?<=\+/)|(?<=\b[fghFGH]\()[a-z]\)|"
    r"(?<=!)\s?[=×]|(?<= -)\s[b-hj-z\d]\b)"
)
_RATIO = re.compile(r"\d\s?-?[A-Za-z°µ. ]+/[\da-zA-Z]")
_SCORE = re.compile(r"\d[–/-]\d")
_DAY = re.compile(r"[A-Z\d](?:(?<=\b[A-Z])[a-z]{2,8}(?:\.|\s\d|\s?[-–][A-Z])|(?<=\d)\s?[A-Z][a-z]{2})")


class _Both:
    """A pattern that is slow to look for, behind a quick one that is found wherever it is."""

    def __init__(self, quick: re.Pattern[str], exact: re.Pattern[str]) -> None:
        self._quick, self._exact = quick, exact

    def search(self, text: str) -> re.Match[str] | None:
        return self._exact.search(text) if self._quick.search(text) else None


_ANY_NUMERAL = _Both(_NUMERAL_LIKE, _NUMERAL)
_ALNUM = re.compile(r"[^\W_]")


@dataclass(frozen=True)
class NamedRule:
    """A rule of the registry; tried only on texts in which `needs` is found."""

    name: str
    apply: Rule
    needs: re.Pattern[str] | _Both | None = None


RULES: tuple[NamedRule, ...] = (
    NamedRule(characters.UNSPEAKABLE_RULE, characters.drop_unspeakable),
    NamedRule("shapes", characters.plain_shapes, _UNUSUAL_SHAPE),
    NamedRule("line-breaks", characters.break_lines, _LINE_END),
    NamedRule("addresses", symbols.addresses, _ADDRESS),
    NamedRule("thousands", numbers.thousands, _DIGIT),
    NamedRule("temperatures-angles", units.temperatures_and_angles, _DIGIT),
    NamedRule("quotes", characters.plain_quotes, _MARK),
    NamedRule("formulas", maths.formulas, _FORMULA),
    NamedRule("chemistry", maths.chemistry, _DIGIT),
    NamedRule("dashes", characters.plain_dashes, _DASH),
    NamedRule("roman-headings", roman.headings, _NUMERAL_OR_I),
    NamedRule("bible-verses", references.bible_verses, _VERSE),
    NamedRule("citations", citations.citations, _CITED),
    NamedRule("acronyms-in-context", acronyms.in_context, _ACRONYM_LIKE),
    NamedRule("references", references.references, _REFERENCE),
    NamedRule("titles", abbreviations.titles, _CAPITAL),
    NamedRule("compass", places.compass, _POINT),
    NamedRule("saints-streets-doctors", places.saints_streets_doctors, _CAPITAL),
    NamedRule("places", places.after_names, _PLACE),
    NamedRule("regions", regions.regions, regions.HAS_REGION),
    NamedRule("roman-rulers", roman.rulers, _ANY_NUMERAL),
    NamedRule("roman-sections", roman.sections, _ANY_NUMERAL),
    NamedRule("months", abbreviations.months, _DAY),
    NamedRule("eras", years.eras, _DIGIT),
    NamedRule("times", times.times, _DIGIT),
    NamedRule("centuries", years.centuries, _DIGIT),
    NamedRule("abbreviations", abbreviations.general, abbreviations.HAS_GENERAL),
    NamedRule("initials", acronyms.initials, _STOPPED_CAPITALS),
    NamedRule("dates", dates.calendar_dates, _DIGIT),
    NamedRule("old-ordinals", numbers.old_ordinals, _DIGIT),
    NamedRule("shillings", money.shillings, _DIGIT),
    NamedRule("money", money.amounts, _DIGIT),
    NamedRule("telephone", numbers.telephone, _DIGIT),
    NamedRule("models", models.models, _DIGIT),
    NamedRule("labels", numbers.labels, _DIGIT),
    NamedRule("unit-ratios", measures.ratios, _RATIO),
    NamedRule("units", units.units, _DIGIT),
    NamedRule("spelled-measures", measures.spelled, measures.HAS_SPELLED),
    NamedRule("decades", years.decades, _DIGIT),
    NamedRule("year-spans", years.year_spans, _DIGIT),
    NamedRule("stray-powers", maths.stray_powers, _FORMULA),
    NamedRule("scores", scores.scores, _SCORE),
    NamedRule("fractions", numbers.fractions, _DIGIT),
    NamedRule("versions", numbers.versions, _DIGIT),
    NamedRule("ordinals", numbers.ordinals, _DIGIT),
    NamedRule("years", years.lone_years, _DIGIT),
    NamedRule("ranges", numbers.ranges, _DIGIT),
    NamedRule("number-plurals", numbers.plurals, _DIGIT),
    NamedRule("minus", numbers.signs, _DIGIT),
    NamedRule("signs", symbols.signs, _SIGN),
    NamedRule("decimals", numbers.decimals, _DIGIT),
    NamedRule("integers", numbers.integers, _DIGIT),
    NamedRule("roman-others", roman.others, _ANY_NUMERAL),
    NamedRule("acronyms", acronyms.acronyms, _CAPITALS),
    NamedRule("brackets", characters.open_brackets, _BRACKET),
    NamedRule("tidy", characters.tidy, _UNTIDY),
)


@lru_cache(maxsize=16384)
def normalise(text: str, context: Context) -> str:
    """The words to say for a piece of text: no digits, no symbols, plain quotes. "" when nothing is left to say."""
    found: dict[int, bool] = {}  # many rules need the same, and most change nothing
    for rule in RULES:
        if rule.needs is not None:
            need = id(rule.needs)
            if need not in found:
                found[need] = rule.needs.search(text) is not None
            if not found[need]:
                continue
        said = rule.apply(text, context)
        if said != text:
            text, found = said, {}
    return text if has_words(text) else ""


def has_words(text: str) -> bool:
    """Whether there is anything to say: a letter or digit that survives transliteration to Latin script."""
    return _ALNUM.search(text if text.isascii() else unidecode(text)) is not None
