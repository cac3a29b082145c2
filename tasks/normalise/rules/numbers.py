"""Plain numbers: ordinals, plurals, ranges, versions, decimals, integers. Must not know money, dates or labels."""

from __future__ import annotations

import re

from storage.records import BlockKind
from tasks.normalise.rules.base import (
    DIGIT,
    Context,
    cardinal,
    number_words,
    ordinal,
    plural,
    rule,
    spell_digits,
    to_int,
)
from tasks.patterns import regexp

_LEADING_ZEROS = regexp(
    r"\b((?i:chapter|part|section|book|volume|act|scene|lesson|unit|episode|day|track|letter)\s)0+(?=[1-9]\d{0,2}\b)"
)
_HEADING_ZERO = regexp(r"^0(?=[1-9]\b(?![:.,/-]\d))")
_FOR_LEADING_ZEROS = regexp(r"0(?:(?<=\s0)|(?<=^0))")
_ORDINAL = regexp(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|-?th|ST|ND|RD|TH)(s?)\b(?:\.(?=\s[a-z]))?")
_ORDINAL_SPAN = regexp(r"(?<=\d)(st|nd|rd|th)\s?[–-]\s?(?=\d+(?:st|nd|rd|th)\b)")
_ADVERB = regexp(r"(?<![\w.,])(\d{1,2})(?:st|nd|rd|th|d)ly\b")  # 2ndly, 3dly
# "the 2d regiment", "32d regiments": before these words the "d" is no penny.
OLD_ORDINAL = (
    r"\d*[23]d\s+(?:(?:floor|edition|regiment|battalion|company|division|brigade|squadron|grade|class|street|avenue|"
    r"century|time|week|month|year|son|daughter|cousin|wife|husband|lieutenant|session|volume|chapter|part|series|"
    r"congress|infantry|cavalry|district|ward|precinct|degree)s?\b|ed\b)"
)
_OLD_ORDINAL = regexp(rf"(?<![\w.£])(?=\d*[23]d\s+(?:[A-Z][a-z]+|[ei]d\.|inst|ult|of|and|day)|{OLD_ORDINAL})(\d*[23])d")
_ORDINAL_LIST = regexp(
    r"(?<=\dst, )\d*[23]d\b(?:, \d*[23]d\b)*|(?<=\d[nrt][dh], )\d*[23]d\b(?:, \d*[23]d\b)*"
)  # 1st, 2d, 3d
_NINERS = regexp(r"(?<!\w)'?(\d\d)er(?=s?\b)")  # "the '49ers" are the forty-niners
_PLURAL = regexp(r"(?<![\w.,$£€#])(\d{1,3}(?:,\d{3})+|\d+)'?s\b")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_RANGE = regexp(rf"(?<![\w.,/-])({_NUMBER})(\s?)(%)?\s?([–-])\s?({_NUMBER})(?![\w/]|[.,]\d|[–-]\d)")
_BIG = regexp(r"(?<=\b[Bb]ig )([2-9])-[0oO](?![\w-])")  # a birthday: "the big five-oh"
_ROGER = regexp(r"(?:^|(?<=[.!?\"] )|(?<=\"))10-4(?=[.,!?]|\sgood|$)")  # of the radio: "ten four"
_HANGING = regexp(r"(?<=\d)-(?=(?:,|\s(?:to|and|or)\b))")
_RATIO = regexp(rf"(?<![\w.:])({_NUMBER}):({_NUMBER})(?::({_NUMBER}))?(?![\w:])")
_LEAST_OF_A_PAIR = 20  # "a fifty-fifty chance", but "five to five"
_PARTS_OF_AN_ADDRESS = 4  # of the internet: 192.168.0.1
_VERSION = regexp(r"(?<![\w.])(v?)(\d+(?:\.\d+){2,}|(?<=v)\d+\.\d+)\b", re.I)
_SIGN = regexp(rf"(?<![\w\d)])[-−](?={_NUMBER}|\.\d|[½¼¾])|(?<=\s)–(?={_NUMBER})")
_DECIMAL = regexp(r"\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d+|(?<![\d.])\.\d+")
# Millions without a sign of money: "1.2m people", "a population of 7bn", "250k copies".
_SHORT_SCALE = regexp(
    r"(?<![\w.,$£€])(\d{1,3}(?:\.\d+)?)\s?(?:(k|m|mn|bn|tn)(?=\s(?:people|men|women|children|copies|users|readers|"
    r"viewers|listeners|followers|subscribers|voters|votes|jobs|homes|houses|households|visitors|passengers|acres|"
    r"barrels|tonnes|tons|books|words|cars|deaths|refugees|soldiers|troops|years)\b)|(bn|tn)\b)|((?:population|"
    r"audience|readership|membership|crowd)\s(?:of|was|is)\s(?:about\s|over\s|some\s|nearly\s)?)(\d[\d.]*)\s?([km]|"
    r"mn)\b"
)
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "tn": "trillion"}
_LEADING_ZERO = regexp(r"(?<![\d.,])0\d+(?!\d)")
_INTEGER = regexp(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+")
_SPACED_THOUSANDS = regexp(
    r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?![\d])|(?<![\d.,+-])(?<!\d )\d{1,3}(?: \d{3}){2,4}(?![\d-]| \d)"
    r"|(?<![\d.,+)-])(?<![\d)] )[1-9]\d{0,2} (?:000(?![\d-]|\s?\d)|\d{3}(?=\s(?:[a-z]{3,}s|men|women|people|sheep)\b))"
)
_ENDLESS = regexp(r"\d{16,}")  # no number of any rule, and slow to try


@rule("thousands", needs=DIGIT)
def thousands(text: str, _: Context) -> str:
    """12 000 000 and 12 000 (narrow spaces) are one number; 250k copies; sixteen digits are said one by one."""
    text = _SHORT_SCALE.sub(lambda m: f"{m[4] or ''}{m[1] or m[5]} {_SCALES[m[2] or m[3] or m[6]]}", text)
    text = _ENDLESS.sub(lambda match: _apart(match, spell_digits(match[0])), text)
    return _SPACED_THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)


@rule("old-ordinals", needs=DIGIT)
def old_ordinals(text: str, context: Context) -> str:
    """22d Infantry, 3d Cavalry, as Americans wrote; in British books 3d is threepence."""
    if context.british:
        return text
    text = _ORDINAL_LIST.sub(lambda match: re.sub(r"(\d+)d", lambda old: ordinal(int(old[1])), match[0]), text)
    return _OLD_ORDINAL.sub(lambda match: ordinal(int(match[1])), text)


@rule("leading-zeros", needs=_FOR_LEADING_ZEROS)
def leading_zeros(text: str, context: Context) -> str:
    """The heading "01" and "Chapter 01" are one."""
    text = _HEADING_ZERO.sub("", text) if context.kind == BlockKind.HEADING else text
    return _LEADING_ZEROS.sub(r"\1", text)


@rule("ordinals", needs=DIGIT)
def ordinals(text: str, context: Context) -> str:
    """1st, 22nd, 1,000th; 16th–17th is "sixteenth to seventeenth"."""
    text = _ADVERB.sub(lambda match: f"{ordinal(int(match[1]))}ly", _ORDINAL_SPAN.sub(r"\1 to ", text))
    return _ORDINAL.sub(lambda match: ordinal(to_int(match[1]), context.british) + match[2], text)


@rule("number-plurals", needs=DIGIT)
def plurals(text: str, context: Context) -> str:
    """In his 40s; two 5s; 100s of them."""
    text = _NINERS.sub(lambda match: f"{cardinal(int(match[1])).removesuffix('e')}er", text)
    one = re.compile(r"^one (?=hundred$|thousand$|million$)")  # "hundreds", not "one hundreds"
    return _PLURAL.sub(lambda match: plural(one.sub("", cardinal(to_int(match[1]), context.british))), text)


@rule("ranges", needs=DIGIT)
def ranges(text: str, context: Context) -> str:
    """10-12 and 10–12 are "ten to twelve"; ratios "three to one"."""

    def span(match: re.Match[str]) -> str:
        first, space, percent, _, last = match.groups()
        numbers = [float(number.replace(",", "")) for number in (first, last)]
        if space and numbers[1] <= numbers[0]:  # a dash between numbers that are no range
            return f"{first}{percent or ''}—{last}"
        words = [number_words(number, context.british) for number in (first, last)]
        if numbers[0] == numbers[1] and numbers[0] >= _LEAST_OF_A_PAIR and not percent:
            return " ".join(words)  # "a fifty-fifty chance", "twenty-twenty vision"
        return f"{words[0]}{' percent' if percent else ''} to {words[1]}"

    text = _BIG.sub(lambda match: f"{cardinal(int(match[1]))}-oh", text)
    text = _HANGING.sub("", _ROGER.sub("ten four", text))
    text = _RANGE.sub(span, text)
    return _RATIO.sub(
        lambda m: " to ".join(number_words(number, context.british) for number in m.groups() if number), text
    )


@rule("versions", needs=DIGIT)
def versions(text: str, _: Context) -> str:
    """1.2.3 is "one point two point three", 192.168.0.1 "... dot ..."."""

    def version(match: re.Match[str]) -> str:
        parts = match[2].split(".")
        joint = " dot " if len(parts) == _PARTS_OF_AN_ADDRESS else " point "
        return ("version " if match[1] else "") + joint.join(cardinal(int(part)) for part in parts)

    return _VERSION.sub(version, text)


@rule("minus", needs=DIGIT)
def signs(text: str, _: Context) -> str:
    """A minus before a number."""
    return _SIGN.sub("minus ", text)


@rule("decimals", needs=DIGIT)
def decimals(text: str, context: Context) -> str:
    """3.14, .5, 1,234.5."""
    return _DECIMAL.sub(lambda match: _apart(match, number_words(match[0], context.british)), text)


@rule("integers", needs=DIGIT)
def integers(text: str, context: Context) -> str:
    """Every number that is left, also inside words: "H2O"; 0042 digit by digit."""
    text = _LEADING_ZERO.sub(lambda match: _apart(match, spell_digits(match[0])), text)

    def in_words(match: re.Match[str]) -> str:
        return _apart(match, number_words(match[0], context.british))

    return _INTEGER.sub(in_words, text)


def _apart(match: re.Match[str], words: str) -> str:
    """The words, with a space where a letter touches the digits."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"
