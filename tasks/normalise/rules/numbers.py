"""Numbers that are no dates and no money: telephone numbers, labels, fractions, ordinals, ranges, plain integers."""

from __future__ import annotations

import re
import unicodedata

from tasks.normalise.rules.base import (
    DIGIT,
    SCREENS,
    Context,
    cardinal,
    in_pairs,
    is_wager,
    number_words,
    ordinal,
    plural,
    rule,
    spell_digits,
    spell_letters,
    to_int,
)

_PHONE = re.compile(
    r"(?<![\w.])(?:(?:\+?(1)[-. ])?\(?(\d{3})\)?[-. ]\s?)(\d{3})[-. ](\d{4})\b(?!\.\d)"
    r"|(?<![\w.-])(\d{3})-(\d{4})(?![\w-])"
    r"|(?<![\w.-])(1)-(\d{3})-(?=[A-Z])"
)
_INTERNATIONAL = re.compile(r"(?<!\w)(?:(\+)|(?=\(?0))(\(?\d[\d ()-]{6,}\d)(?![\w-])")
_EXTENSION = re.compile(r"\b[Ee]xt\.?\s?(?=\d)")
# Numbers that are read digit by digit: a call for help, a social security number, a card, an ISBN, a post code.
_CALLED = re.compile(
    r"(?<=\b)((?:call(?:ed|ing|s)?|dial(?:l?ed|l?ing|s)?|phone[ds]?|r[iau]ng|ringing|a)\s)(\d{3})\b(?=\s(?:call|"
    r"dispatch|operator)|\W|$)(?!\s[a-z]+s\b|[.,]\d|[-–%])",
    re.I,
)
_SPELLED = re.compile(
    r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])|(?<![\w.-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])"
    r"|(?<=\bISBN )[\d-]+[\dX]\b|(?<=\bISBN: )[\d-]+[\dX]\b|(?<=, [A-Z]{2} )\d{5}(?:-\d{4})?\b"
    r"|(?<=[Zz]ip code )\d{5}\b|(?<=[Zz]ip )\d{5}\b|(?<=\b(?:PIN|pin) )\d{4}\b|(?<=\bcode )\d{4,6}\b"
)
_POSTAL = re.compile(r"(\b[A-Z][a-z]{2,},? )(?!\d{3}00)(\d{5})(?=[.;)]|\s*$|, U\.?S)")  # "Beverly Hills 90210"
_LABEL = re.compile(
    r"\b(Room|Suite|Flight|Route|Highway|Interstate|Apartment|Apt|Boeing|Airbus|Cell|Locker|Studio|room|flight|suite|"
    r"apartment|highway|Psalm|Hymn|Bus|bus|Freeway|Channel|Form)\s+(\d{3,4})([A-Z]?)\b(?![.,:–-]\d)"
)
_HOUSE = re.compile(
    r"(?<![\w.,$£€#-])(\d{3,4})\s?([A-Za-z]?)(?=\s+(?:(?:North|South|East|West|Old|New|Upper|"
    r"Lower)\s+)?(?:[A-Z][\w'’.]*\s+|"
    r"\d+(?:st|nd|rd|th)\s+){1,3}(?:Street|Avenue|Road|Lane|Drive|Boulevard|Place|Square|Terrace|Crescent|Court|Way|"
    r"Broadway|Gardens|St|Ave|Rd|Blvd|Dr)\b)"
)
_AIRLINER = re.compile(r"\b(Boeing|Airbus|Embraer|McDonnell Douglas)\s+([A-Z]?)(\d{3})-(\d{2,3})\b")
_EXCHANGE = re.compile(r"\b([A-Z][A-Za-z][a-z]{2,})\s(\d)-(\d{4})\b(?![-/.]\d)")  # "PEnnsylvania 6-5000"
_MODEL = re.compile(r"(?<![\w.-])([A-Z]{1,3})-(\d{1,4})(?![\d.,]\d|\d)(?=([A-Z]{0,3}s?)\b)")
_PLAN = re.compile(r"\b(401|403|457)\s?\(?([kb])\b\)?")  # American pension plans
_ROAD = re.compile(
    r"(?:(?<=\bthe )|(?<=\boff )|(?<=\bvia )|(?<=\band )|(?<=\bon ))([AB])([1-9]\d{3})\b(?![\d-])"
)  # British: the B4009
_SCREEN = re.compile(rf"(?<![\w.,$£€-])(?={SCREENS})(\d+)([pi])\b")
_RIFLE = re.compile(
    r"(?<![\w,-])\.(\d\d)-(\d\d)\b(?!-)|(?<![\w.,-])(30)-(06)\b(?!-)"
    r"|(?<![\w.,-])(30|45|44|32)-(30|70|40|20)(?=\s(?:rifle|Winchester|Remington|carbine|cartridge|shell)s?\b)"
)
_AGENT = re.compile(r"(?<![\w.,-])00([1-9])\b(?![.,]\d)")
_CALIBRE = re.compile(
    r"((?:\b(?:[Aa]n?|his|her|the|my|your|their|Colt|loaded|old|Smith & Wesson|Webley|with)\s))\.(\d\d\d?)\b(?![\d.])"
    r"|\.(\d\d\d?)(?=(?:\s|-)(?:cal\b|caliber|calibre|revolver|pistol|rifle|Magnum|magnum|automatic|Colt|cartridge|"
    r"bullet|shells?|rounds?|slugs?|Winchester))"
)
_BATTING = re.compile(
    r"(?<=\b(?:hit|bat) )\.(\d{3})\b|(?<=\b(?:batt)ed )\.(\d{3})\b|(?<=\b(?:batting|hitting) )\.(\d{3})\b"
)
_FRACTION_SIGNS = "½¼¾⅓⅔⅛⅜⅝⅞⅕⅖⅗⅘⅙⅚⅐⅑⅒"
_VULGAR = re.compile(rf"(\d[\d,]*)?(?:\s|-)?([{_FRACTION_SIGNS}])(-(?=[a-z]))?")
_TIME_SIGNATURE = re.compile(r"(?<![\w/.,])(\d{1,2})/(\d{1,2})(?=\s(?:time|meter|metre|beat|rhythm)\b)")
_SLASH = re.compile(
    r"(?<![\w/.,])(?:(\d+)(?:\s|-|\sand\s))?(\d{1,4})[/⁄](\d{1,4})(?:(?:st|nd|rd|th)s?\b)?(?:(-)(?=[a-z])|"
    r"(?![\w/]|\.\d))"
)
_OVER = re.compile(r"(?<=\w\))/(?=\d+\b)")  # "(a + b)/2"
_HALF_A = re.compile(r"\s(?:an?|the|my|his|her|our|their)\b")
_ORDINAL = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+|\d+)(?:st|nd|rd|-?th|ST|ND|RD|TH)(s?)\b(?:\.(?=\s[a-z]))?")
_ARTICLE = re.compile(r"(?<!\w)[Aa]\s?$")
_ORDINAL_SPAN = re.compile(r"(?<=\d)(st|nd|rd|th)\s?[–-]\s?(?=\d+(?:st|nd|rd|th)\b)")
_ADVERB = re.compile(r"(?<![\w.,])(\d{1,2})(?:st|nd|rd|th|d)ly\b")  # 2ndly, 3dly
_OLD_ORDINAL = re.compile(
    r"(?<![\w.£])(\d*[23])d(?=\s+(?:[A-Z][a-z]+|[ei]d\.|inst|ult|of|and|day|"
    r"(?:floor|edition|regiment|battalion|company|division|brigade|squadron|grade|class|street|avenue|century|time|"
    r"week|month|year|son|daughter|cousin|wife|husband|lieutenant|session|volume|chapter|part|series|ed)\b))"
)
_NINERS = re.compile(r"(?<!\w)'?(\d\d)er(?=s?\b)")  # "the '49ers" are the forty-niners
_PLURAL = re.compile(r"(?<![\w.,$£€])(\d{1,3}(?:,\d{3})+|\d+)'?s\b")
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_RANGE = re.compile(rf"(?<![\w.,/-])({_NUMBER})(\s?)(%)?\s?([–-])\s?({_NUMBER})(?![\w/]|[.,]\d|[–-]\d)")
_BIG = re.compile(r"(?<=\b[Bb]ig )([2-9])-[0oO](?![\w-])")  # a birthday: "the big five-oh"
_ROGER = re.compile(r"(?:^|(?<=[.!?\"] )|(?<=\"))10-4(?=[.,!?]|\sgood|$)")  # of the radio: "ten four"
_HANGING = re.compile(r"(?<=\d)-(?=(?:,|\s(?:to|and|or)\b))")
_RATIO = re.compile(rf"(?<![\w.:])({_NUMBER}):({_NUMBER})(?::({_NUMBER}))?(?![\w:])")
_VERSION = re.compile(r"(?<![\w.])(v?)(\d+(?:\.\d+){2,}|(?<=v)\d+\.\d+)\b", re.I)
_SIGN = re.compile(rf"(?<![\w\d)])[-−](?={_NUMBER}|\.\d|[½¼¾])|(?<=\s)–(?={_NUMBER})")
_DECIMAL = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d+\.\d+|(?<![\d.])\.\d+")
# Millions without a sign of money: "1.2m people", "a population of 7bn", "250k copies".
_SHORT_SCALE = re.compile(
    r"(?<![\w.,$£€])(\d{1,3}(?:\.\d+)?)\s?(?:(k|m|mn|bn|tn)(?=\s(?:people|men|women|children|copies|users|readers|"
    r"viewers|"
    r"listeners|followers|subscribers|voters|votes|jobs|homes|houses|households|visitors|passengers|acres|barrels|"
    r"tonnes|tons|books|words|cars|deaths|refugees|soldiers|troops|years)\b)|(bn|tn)\b)"
    r"|((?:population|audience|readership|membership|crowd)\s(?:of|was|is)\s(?:about\s|over\s|some\s|nearly\s)?)"
    r"(\d[\d.]*)\s?([km]|mn)\b"
)
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "tn": "trillion"}
_LEADING_ZERO = re.compile(r"(?<![\d.,])0\d+(?!\d)")
_INTEGER = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+")
_SPACED_THOUSANDS = re.compile(
    r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+(?![\d])|(?<![\d.,+-])\d{1,3}(?: \d{3}){2,}(?![\d-])"
    r"|(?<![\d.,+)-])(?<![\d)] )[1-9]\d{0,2} (?:000(?![\d-]|\s?\d)|\d{3}(?=\s(?:[a-z]{3,}s|men|women|people|sheep)\b))"
)
_ENDLESS = re.compile(r"\d{16,}")  # no number of any rule, and slow to try
_LETTERS_BEFORE = re.compile(
    r"(?<![\w'’-])([A-Z]{2,3})(?=\d)|(?<=\d)(?!(?:ST|ND|RD|TH|[KMGTP]B|[KMGT]W)\b)([A-Z]{2,3})(?![\w'’])|(?<=\d)\((k)\)"
)


@rule("thousands", needs=DIGIT)
def thousands(text: str, _: Context) -> str:
    """12 000 000 and 12 000 (narrow spaces) are one number; 250k copies; sixteen digits are said one by one."""
    text = _SHORT_SCALE.sub(lambda m: f"{m[4] or ''}{m[1] or m[5]} {_SCALES[m[2] or m[3] or m[6]]}", text)
    text = _ENDLESS.sub(lambda match: _apart(match, spell_digits(match[0])), text)
    return _SPACED_THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)


@rule("telephone", needs=DIGIT)
def telephone(text: str, context: Context) -> str:
    """(800) 998-9938 digit by digit, in groups; the British say "oh" for zero."""
    zero = "oh" if context.british else "zero"

    def said(match: re.Match[str]) -> str:
        groups = [group for group in match.groups() if group]
        plus = "plus " if match[0].startswith("+") else ""
        return plus + ", ".join(_group(group, zero) for group in groups) + (", " if match[7] else "")

    def exchange(match: re.Match[str]) -> str:
        number = int(match[3])
        last = cardinal(number) if number % 1000 == 0 and number else spell_digits(match[3], zero)
        return f"{match[1].capitalize()} {spell_digits(match[2])}, {last}"

    def international(match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match[2])
        if not match[1] and sum(map(len, groups)) not in (9, 10, 11):
            return match[0]
        return ("plus " if match[1] else "") + ", ".join(_group(group, zero) for group in groups)

    text = _EXTENSION.sub("extension ", text)
    text = _EXCHANGE.sub(exchange, text)
    text = _SPELLED.sub(lambda m: " ".join("X" if c == "X" else spell_digits(c) for c in m[0] if c.isalnum()), text)
    text = _POSTAL.sub(lambda m: m[1] + spell_digits(m[2]), text)
    text = _CALLED.sub(lambda m: m[0] if m[1].lower() == "a " and m[2] != "911" else m[1] + spell_digits(m[2]), text)
    return _INTERNATIONAL.sub(international, _PHONE.sub(said, text))


def _group(digits: str, zero: str) -> str:
    return f"{cardinal(int(digits[0]))} hundred" if digits in ("800", "900") else spell_digits(digits, zero)


@rule("labels", needs=DIGIT)
def labels(text: str, _: Context) -> str:
    """Numbers that name: Room 101 "one oh one", Boeing 747, 221B Baker Street, F-150, MP3, agent 007, a .45."""

    def label(match: re.Match[str]) -> str:
        return f"{match[1]} {in_pairs(int(match[2]))}{' ' + match[3] if match[3] else ''}"

    def house(match: re.Match[str]) -> str:
        return in_pairs(int(match[1])) + (f" {match[2]}" if match[2] else "")

    def model(match: re.Match[str]) -> str:
        number = int(match[2])
        said = spell_digits(match[2]) if match[2][0] == "0" else in_pairs(number) if number > 99 else cardinal(number)
        if match[3].endswith("s"):
            said = plural(said)
        mark = match[3].rstrip("s")
        return f"{spell_letters(match[1])} {said}{' ' + spell_letters(mark) if mark else ''}"

    def calibre(match: re.Match[str]) -> str:
        return (match[1] or "") + in_pairs(int(match[2] or match[3]))

    text = _AIRLINER.sub(
        lambda m: f"{m[1]} {m[2]}{' ' if m[2] else ''}{in_pairs(int(m[3]))} {in_pairs(int(m[4]))}", text
    )
    text = _LABEL.sub(label, text)
    text = _HOUSE.sub(house, text)
    text = re.sub(_MODEL.pattern + r"(?:[A-Z]{0,3}s?)", model, text)
    text = _RIFLE.sub(_rifle, text)
    text = _CALIBRE.sub(calibre, text)
    text = _ROAD.sub(lambda m: f"{m[1]} {spell_digits(m[2], 'oh')}", text)
    text = _SCREEN.sub(lambda m: f"{in_pairs(int(m[1]))} {m[2].upper()}", text)
    text = _BATTING.sub(lambda m: _batting(m[1] or m[2] or m[3]), text)
    text = _PLAN.sub(lambda m: f"{in_pairs(int(m[1]))} {m[2].upper()}", text)
    text = _AGENT.sub(lambda m: f"double oh {cardinal(int(m[1]))}", text)
    return _LETTERS_BEFORE.sub(_spelled_letters, text)


def _rifle(match: re.Match[str]) -> str:
    """A calibre with its charge or its year: a .30-06 is a "thirty aught six", a .30-30 a "thirty thirty"."""
    calibre, charge = (group for group in match.groups() if group)
    charge_said = f"aught {cardinal(int(charge))}" if charge[0] == "0" else cardinal(int(charge))
    return f"{cardinal(int(calibre))} {charge_said}"


def _spelled_letters(match: re.Match[str]) -> str:
    letters = spell_letters((match[1] or match[2] or match[3]).upper())
    return f"{letters} " if match[1] else f" {letters}"


def _batting(digits: str) -> str:
    """A batting average: .300 is "three hundred", .406 "four oh six"."""
    return in_pairs(int(digits))


@rule("fractions", needs=DIGIT)
def fractions(text: str, context: Context) -> str:
    """1/2, 3/4, 2½, ½ a mile; 22/7 is "twenty-two over seven", 24/7 "twenty-four seven", 9/11 "nine eleven"."""

    def vulgar(match: re.Match[str]) -> str:
        top, bottom = unicodedata.normalize("NFKC", match[2]).split("⁄")
        said = _fraction(match[1], int(top), int(bottom), match, context)
        before = match.string[match.start() - 1 : match.start()]
        if match[0][:1] == "-" and not before.isalnum():
            said = f"minus {said}"
            return said + ("-" if match[3] else _gap(match))
        lost = match[0][:1] if not match[1] and match[0][:1] in " -" else ""
        return lost + (" " if before.isalnum() and not lost else "") + said + ("-" if match[3] else _gap(match))

    def slashed(match: re.Match[str]) -> str:
        top, bottom = int(match[2]), int(match[3])
        whole = f"{cardinal(int(match[1]), context.british)} " if match[1] else ""
        tail = "-" if match[4] else ""
        if (top, bottom) in ((24, 7), (9, 11), (7, 7), (20, 20)) or top + bottom == 100:
            return f"{whole}{cardinal(top)} {cardinal(bottom)}{tail}"
        if not match[1] and top != bottom and bottom < 10 and is_wager(match):
            return f"{cardinal(top, context.british)} to {cardinal(bottom)}{tail}"
        if top == bottom and top > 1:
            return f"{whole}{cardinal(top)} out of {cardinal(bottom)}{tail}"
        if bottom < 2 or top > bottom:
            return f"{whole}{cardinal(top, context.british)} over {cardinal(bottom, context.british)}{tail}"
        return _fraction(match[1], top, bottom, match, context) + tail

    text = _OVER.sub(" over ", text)
    text = _TIME_SIGNATURE.sub(lambda m: f"{cardinal(int(m[1]))} {cardinal(int(m[2]))}", text)
    return _SLASH.sub(slashed, _VULGAR.sub(vulgar, text))


def _gap(match: re.Match[str]) -> str:
    return " " if match.string[match.end() : match.end() + 1].isalnum() else ""


def _fraction(whole: str | None, top: int, bottom: int, match: re.Match[str], context: Context) -> str:
    name = {2: "half", 4: "quarter"}.get(bottom) or ordinal(bottom, context.british)
    rest = match.string[match.end() :]
    adjective = match[0].endswith("-")  # a 1/2-inch pipe, a 3/4-mile walk
    if bottom == 2 and top == 1 and whole is None and (adjective or _HALF_A.match(rest)):
        return "half"
    if (
        top == 1
        and bottom in (2, 4)
        and whole is None
        and _ARTICLE.search(match.string[max(0, match.start() - 3) : match.start()])
    ):
        return name  # "a ½ mile walk"
    # "three and three-quarter miles", but "three and three quarters" alone and "three and seven eighths inches"
    counted = bottom == 4 and whole is not None and re.match(r"\s[a-z]+s\b", rest)
    if top > 1 and not (adjective or counted):
        name = "halves" if bottom == 2 else plural(name.removeprefix("one "))  # "ninety-nine hundredths"
    if whole is None:
        return f"{cardinal(top)} {name}" if not adjective else f"{cardinal(top)}-{name}"
    one = "an" if name.startswith("e") else "a"  # "an eighth"
    return f"{cardinal(to_int(whole), context.british)} and {one if top == 1 else cardinal(top)} {name}"


@rule("old-ordinals", needs=DIGIT)
def old_ordinals(text: str, context: Context) -> str:
    """22d Infantry, 3d Cavalry, as Americans wrote; in British books 3d is threepence."""
    return text if context.british else _OLD_ORDINAL.sub(lambda match: ordinal(int(match[1])), text)


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

    def said(match: re.Match[str]) -> str:
        first, space, percent, _, last = match.groups()
        numbers = [float(number.replace(",", "")) for number in (first, last)]
        if space and numbers[1] <= numbers[0]:  # a dash between numbers that are no range
            return f"{first}{percent or ''}—{last}"
        words = [number_words(number, context.british) for number in (first, last)]
        if numbers[0] == numbers[1] and numbers[0] >= 20 and not percent:
            return " ".join(words)  # "a fifty-fifty chance", "twenty-twenty vision"
        return f"{words[0]}{' percent' if percent else ''} to {words[1]}"

    text = _BIG.sub(lambda match: f"{cardinal(int(match[1]))}-oh", text)
    text = _HANGING.sub("", _ROGER.sub("ten four", text))
    text = _RANGE.sub(said, text)
    return _RATIO.sub(
        lambda m: " to ".join(number_words(number, context.british) for number in m.groups() if number), text
    )


@rule("versions", needs=DIGIT)
def versions(text: str, _: Context) -> str:
    """1.2.3 is "one point two point three", 192.168.0.1 "... dot ..."."""

    def said(match: re.Match[str]) -> str:
        parts = match[2].split(".")
        joint = " dot " if len(parts) == 4 else " point "
        return ("version " if match[1] else "") + joint.join(cardinal(int(part)) for part in parts)

    return _VERSION.sub(said, text)


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

    def said(match: re.Match[str]) -> str:
        return _apart(match, number_words(match[0], context.british))

    return _INTEGER.sub(said, text)


def _apart(match: re.Match[str], words: str) -> str:
    """The words, with a space where a letter touches the digits."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return f"{' ' if before.isalnum() else ''}{words}{' ' if after.isalnum() else ''}"
