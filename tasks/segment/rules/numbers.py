"""Numbers that are no dates and no money: telephone numbers, fractions, ordinals, ranges, decimals, plain integers."""

from __future__ import annotations

import re
import unicodedata

from tasks.segment.rules.base import Context, cardinal, number_words, ordinal, plural, spell_digits, to_int

_PHONE = re.compile(
    r"(?<![\w.])(?:\+?1[-. ])?\(?(\d{3})\)?[-. ](\d{3})[-.](\d{4})\b|(?<![\w.-])(\d{3})-(\d{4})(?![\w-])"
)
_INTERNATIONAL = re.compile(r"(?<!\w)\+(\d[\d ()-]{6,}\d)")
_VULGAR = re.compile(r"(\d[\d,]*)?\s?([½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚])")
_SLASH = re.compile(r"(?<![\w/.,])(?:(\d+)[\s-])?(\d{1,3})[/⁄](\d{1,3})(?![\w/]|\.\d)")
_ORDINAL = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|th)\b")
_PLURAL = re.compile(r"(?<![\w.,$£€])(\d+)'?s\b")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?<![\w.,/-])({_NUMBER})\s?([–-])\s?({_NUMBER})(?![\w/-]|[.,]\d)")
_BIBLE = re.compile(
    r"\b(Genesis|Exodus|Leviticus|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Job|Psalms?|Proverbs|Ecclesiastes|"
    r"Isaiah|Jeremiah|Ezekiel|Daniel|Matthew|Mark|Luke|John|Acts|Romans|Corinthians|Galatians|Ephesians|Hebrews|James|"
    r"Peter|Revelation)\s+(\d{1,3}):(\d{1,3})\b"
)
_RATIO = re.compile(r"(?<![\w.:])(\d{1,3}):(\d{1,3})(?![\w:])")
_VERSION = re.compile(r"\b\d+(?:\.\d+){2,}\b")
_SIGN = re.compile(rf"(?<![\w\d)])[-−](?={_NUMBER}|\.\d)")
_DECIMAL = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d+|(?<![\d.])\.\d+")
_LEADING_ZERO = re.compile(r"(?<![\d.,])0\d+\b")
_INTEGER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+")
_POWERS = {"²": " squared", "³": " cubed"}
_SCRIPT_DIGITS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]+")


def telephone(text: str, _: Context) -> str:
    """(800) 998-9938 digit by digit, in groups."""

    def said(match: re.Match[str]) -> str:
        return ", ".join(spell_digits(group) for group in match.groups() if group)

    text = _PHONE.sub(said, text)
    return _INTERNATIONAL.sub(lambda m: "plus " + ", ".join(map(spell_digits, re.findall(r"\d+", m[1]))), text)


def fractions(text: str, context: Context) -> str:
    """1/2, 3/4, 2½; 24/7 is no fraction."""

    def vulgar(match: re.Match[str]) -> str:
        top, bottom = unicodedata.normalize("NFKC", match[2]).split("⁄")
        return _fraction(match[1], int(top), int(bottom), context) + _gap(match)

    def slashed(match: re.Match[str]) -> str:
        top, bottom = int(match[2]), int(match[3])
        if bottom < 2 or top >= bottom:
            return f"{match[1] + ' ' if match[1] else ''}{cardinal(top)} {cardinal(bottom)}"
        return _fraction(match[1], top, bottom, context)

    return _SLASH.sub(slashed, _VULGAR.sub(vulgar, text))


def _gap(match: re.Match[str]) -> str:
    return " " if match.string[match.end() : match.end() + 1].isalnum() else ""


def _fraction(whole: str | None, top: int, bottom: int, context: Context) -> str:
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom)
    if top > 1:
        name = "halves" if bottom == 2 else plural(name)
    if whole is None:
        return f"{cardinal(top)} {name}"
    return f"{cardinal(to_int(whole), context.british)} and {'a' if top == 1 else cardinal(top)} {name}"


def ordinals(text: str, context: Context) -> str:
    """1st, 22nd, 1,000th."""
    return _ORDINAL.sub(lambda match: ordinal(to_int(match[1]), context.british), text)


def plurals(text: str, context: Context) -> str:
    """In his 40s; two 5s."""
    return _PLURAL.sub(lambda match: plural(cardinal(int(match[1]), context.british)), text)


def ranges(text: str, context: Context) -> str:
    """10-12 and 10–12 are "ten to twelve"; ratios "three to one"."""

    def said(match: re.Match[str]) -> str:
        return f"{number_words(match[1], context.british)} to {number_words(match[3], context.british)}"

    text = _RANGE.sub(said, text)
    return _RATIO.sub(lambda m: f"{cardinal(int(m[1]))} to {cardinal(int(m[2]))}", text)


def bible_verses(text: str, _: Context) -> str:
    """John 3:16 is "John three sixteen"."""
    return _BIBLE.sub(lambda m: f"{m[1]} {cardinal(int(m[2]))} {cardinal(int(m[3]))}", text)


def versions(text: str, _: Context) -> str:
    """1.2.3 is "one point two point three"."""
    return _VERSION.sub(lambda match: " point ".join(cardinal(int(part)) for part in match[0].split(".")), text)


def signs(text: str, _: Context) -> str:
    """A minus before a number."""
    return _SIGN.sub("minus ", text)


def decimals(text: str, context: Context) -> str:
    """3.14, .5, 1,234.5."""
    return _DECIMAL.sub(lambda match: _apart(match, number_words(match[0], context.british)), text)


def integers(text: str, context: Context) -> str:
    """Every number that is left, also inside words: "B-52", "H2O"; 007 digit by digit."""
    text = _SCRIPT_DIGITS.sub(lambda match: _POWERS.get(match[0]) or unicodedata.normalize("NFKC", match[0]), text)
    text = re.sub(r"(?<=\b[A-Z])-(?=\d)", " ", text)
    text = _LEADING_ZERO.sub(lambda match: _apart(match, spell_digits(match[0])), text)

    def said(match: re.Match[str]) -> str:
        return _apart(match, number_words(match[0], context.british))

    return _INTEGER.sub(said, text)


def _apart(match: re.Match[str], words: str) -> str:
    """The words, with a space where a letter touches the digits."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"
