"""Money: dollars, pounds, euros and others, cents, and pounds, shillings and pence. Must not know plain numbers."""

from __future__ import annotations

import re
from math import gcd

from tasks.normalise.rules.base import (
    DIGIT,
    SCREENS,
    Context,
    cardinal,
    ends_sentence,
    is_wager,
    number_words,
    rule,
    to_int,
)
from tasks.normalise.rules.numbers import OLD_ORDINAL
from tasks.patterns import regexp

_NAMES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₺": ("lira", "lira", "kurush", "kurush"),
    "₿": ("bitcoin", "bitcoins", "cent", "cents"),
    "R$": ("real", "reais", "centavo", "centavos"),
}
_SIGN = r"(?:R\$|[" + "".join(sign for sign in _NAMES if len(sign) == 1) + "])"
_COUNTRIES = {
    "US": "U S", "U.S.": "U S", "U S": "U S", "A": "Australian", "AU": "Australian", "C": "Canadian", "CA": "Canadian",
    "NZ": "New Zealand", "HK": "Hong Kong", "S": "Singapore",
    "NT": "Taiwan", "MX": "Mexican", "J": "Jamaican", "EC": "East Caribbean", "B": "Bahamian", "BZ": "Belize",
}  # fmt: skip
_AMOUNT = r"(\d{1,3}(?:,\d{3})+|\d+)"
_DIGITS_OF_CENTS = 2
_PENCE_OF_A_SHILLING = 12
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "bn": "billion", "b": "billion", "tn": "trillion"}
_MONEY = regexp(
    rf"(?:(?<!\w)(?P<country>US|U\.S\.|U\sS|AU?|CA?|NZ|HK|NT|MX|EC|BZ|[SJB]))?(?P<sign>{_SIGN})\s?"
    r"(?:(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<decimals>\d+))?|\.(?P<cents>\d\d))(?!\d)"
    rf"(?:\s?[–-]\s?{_SIGN}?(?P<upper>\d[\d,]*(?:\.\d+)?)(?![-–/\d])|"
    rf"\s?[–-]\s?{_SIGN}(?P<signed_upper>\d[\d,]*(?:\.\d+)?))?"
    r"(?:(?:\s|-)?(?P<scale>thousand|million|billion|trillion|lakh|crore)\b|\s?(?P<mil>mil)\b\.?"
    r"|\s?(?P<short_scale>k|mn?|bn?|"
    r"tn)\b(?![’']))?",
    re.I,
)
# Codes of ISO 4217, before or behind the amount: "USD 500" is US$500, "CHF 200" two hundred Swiss francs.
_CODES = {
    "USD": "US$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "AU$", "NZD": "NZ$", "HKD": "HK$",
    "SGD": "S$", "INR": "₹", "RUB": "₽", "BRL": "R$", "KRW": "₩", "ILS": "₪", "TRY": "₺", "MXN": "MX$",
}  # fmt: skip
_CODED_NAMES = {
    "CHF": "Swiss francs", "CNY": "yuan", "RMB": "yuan", "SEK": "Swedish kronor", "NOK": "Norwegian kroner",
    "DKK": "Danish kroner", "ZAR": "rand", "PLN": "zlotys", "CZK": "Czech korunas", "HUF": "forints", "THB": "baht",
}  # fmt: skip
_MANY = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:\s(?:thousand|million|billion|trillion)\b)?"
_CODE = "|".join((*_CODES, *_CODED_NAMES))
_CODED = regexp(rf"(?<![\w-])(?:({_CODE})\s?({_MANY})(?!\w)|({_MANY})\s({_CODE})\b)")
_FRANCS = regexp(r"(?<![\w.$£€])(\d[\d,]*)\s?frs?\.")
_OLD_POUNDS = regexp(
    r"(?<![\w.$£€])(\d[\d,]*)(?:l\.(?=,|;|\s+(?:[a-z]|\d+s\.)|$)|"
    r"\sl\.(?=\s(?:a[- ]year|per annum|a[- ]week|sterling)\b))"
)  # "500l. a year"
_CAPITAL_POUNDS = regexp(r"(?<![\w.$£€])(\d[\d,]*)L(\.(?=\W|$)|(?=[,;:!?)]|\s*$|\s[a-z]))")  # or liters
_OF_MONEY = regexp(
    r"\b(?:income|fortune|worth|money|debts?|rents?|salary|wages|annuity|legacy|estate|a year|per annum|guineas?|"
    r"shillings?|sixpence|pay|pays|paid|owe|owes|owed|costs?|price|sum|lent|borrowed|bequeathed)\b"
)
_MONEY_NEAR = 80  # characters on both sides
# "a $20 bill" is "a twenty dollar bill".
_BEFORE_ONE = regexp(r"\b(?:a|an|another|every|each|one)\s+$", re.I)
_BEFORE_NAMED = regexp(r"\b(?:the|his|her|my|your|their|our|this|that)\s+$", re.I)
_RATE = regexp(r"-an?-[a-z]+\s(?!(?:for|to|and|or|in|on|at|from|was|is|of|if|when|as|but)\b)[a-z]")
_ONE_THING = regexp(r"\s+(?!(?:a|an|per|in|for|to|and|or|on|at|from|off|now|each|was|is|of|if|when|as)\b)[a-z]+\b")
_NAMED_THING = regexp(
    r"\s+(?:bill|note|coin|stamp|ticket|fine|reward|check|cheque|tip|deposit|question|bet|fee|prize|loan|suit|gift)\b"
)
_PER = regexp(
    rf"({_SIGN}\s?[\d.,]*\d(?:\s?(?:million|billion|[kmb]n?))?)\s?/\s?(hour|hr|day|week|wk|month|mo|year|yr|night|"
    rf"person|"
    r"head|lb|kg|mile|gal|gallon|pound|acre|ton|oz|ounce|sq\.? ft)\b(?:\.(?!\s+[A-Z]|$))?",
    re.I,
)
_PERIODS = {
    "hr": "hour", "wk": "week", "mo": "month", "yr": "year", "lb": "pound", "kg": "kilogram", "oz": "ounce",
    "gal": "gallon", "sq ft": "square foot", "sq. ft": "square foot",
}  # fmt: skip
_SAME_SCALE = regexp(
    rf"({_SIGN}[\d.]+)(k|m|bn|\s(?:thousand|million|billion|trillion))\s?[–-]\s?(?={_SIGN}?[\d.]+\2\b)", re.I
)  # "$40K-$50K"
_SMALL = regexp(rf"(?<![\w.,])(?!{SCREENS}){_AMOUNT}(?:\s?(¢)|p\b(?=[\s,.;:!?)\"'’—]|$))")
_PENCE_TO_POUNDS = regexp(r"(?<![\w.,])(\d+p)\s?[–-]\s?(?=£)")

_FRACTIONS = {"½": "halfpenny", "¼": "farthing", "¾": "three farthings"}
_PENCE = r"(\d{1,2})?([½¼¾])?\s?d\b\.?"
_POUNDS = regexp(
    rf"£\s?{_AMOUNT}[.,]?\s+(\d{{1,2}})s\b\.?,?(?:\s*(?:and\s+)?(?=[\d½¼¾]){_PENCE})?|"
    rf"£\s?{_AMOUNT}[.,]?\s+(?=[\d½¼¾]){_PENCE}"
)
_SHILLINGS = regexp(rf"(?<![\w£$.,])(\d{{1,3}})s\b\.?,?\s?(?:and\s+)?(?=[\d½¼¾]){_PENCE}")
_ONLY_SHILLINGS = regexp(r"(?<![\w£$.,])(\d{1,3})s\.(?=\W|$)")
_COIN = regexp(r"\s(?:note|piece|coin|stamp|ticket|seat|book|edition|fine|postal order)s?\b")
_DECADE_BEFORE = regexp(
    r"\b(?:the|his|her|their|my|your|our|mid|early|late|in|two|three|four|five|of|temperatures)[\s-]+$", re.I
)
_ONLY_PENCE = regexp(rf"(?<![\w£$.,])(?!{OLD_ORDINAL})(?=[\d½¼¾]){_PENCE}(?!\w)")
_STROKE = regexp(r"(?<![\w/£.,])(\d{1,3})/(?:-(?!\w)|(\d{1,2})d\b\.?)")
_STROKE_POUNDS = regexp(r"£\s?(\d+)[/.](\d{1,2})[/.](\d{1,2})(?:d\b\.?)?(?![\d/])")
_STROKE_BARE = regexp(r"(?<![\w/£.,])(\d{1,2})/(\d{1,2})(?![\d/]|\s+(?:time|metre|beat|rhythm)\b)")
_PRICED = regexp(r"\s+(?:an?|per|each|apiece|the)\b")
_GUINEAS = regexp(r"(?<![\w.,])(\d[\d,]*)\s?gns?\b\.?")


@rule("shillings", needs=DIGIT)
def shillings(text: str, context: Context) -> str:
    """£3 10s. 6d. is "three pounds ten shillings and sixpence"; 7/6 in British books "seven and six"."""

    def pounds(match: re.Match[str]) -> str:
        whole, count, pence, part, only, only_pence, only_part = match.groups()
        parts = [f"{number_words(whole or only, context.british)} {_form(whole or only, 'pound', 'pounds')}"]
        if count:
            parts.append(_shillings(count))
        if pence or part or only_pence or only_part:
            parts.append("and " + _pence(pence or only_pence, part or only_part))
        return " ".join(parts) + _stop(match)

    def stroke(match: re.Match[str]) -> str:
        return _shillings(match[1]) + (f" and {_pence(match[2], None)}" if match[2] else "") + _stop(match)

    def only(match: re.Match[str]) -> str:
        if _COIN.match(match.string, match.end()):
            return f"{cardinal(int(match[1]))} shilling"  # "a 10s. note"
        decade = int(match[1]) % 10 == 0 and ends_sentence(match.string, match.end())
        if decade or _DECADE_BEFORE.search(match.string[: match.start()]):
            return match[0]
        return _shillings(match[1]) + _stop(match)

    text = _STROKE_POUNDS.sub(
        lambda m: f"{cardinal(int(m[1]))} {_form(m[1], 'pound', 'pounds')} {_both(m[2], m[3])}", text
    )
    text = _CAPITAL_POUNDS.sub(_capital_pounds, text)
    text = _POUNDS.sub(pounds, _OLD_POUNDS.sub(r"£\1", text))
    text = _SHILLINGS.sub(lambda m: f"{_shillings(m[1])} and {_pence(m[2], m[3])}{_stop(m)}", text)
    text = _ONLY_SHILLINGS.sub(only, _STROKE.sub(stroke, text))
    text = _ONLY_PENCE.sub(lambda m: _pence(m[1], m[2]) + _stop(m), text)
    text = _GUINEAS.sub(lambda m: f"{m[1]} {_form(m[1], 'guinea', 'guineas')}{_stop(m)}", text)
    is_old_money = context.british or "shilling" in text
    return _STROKE_BARE.sub(_bare, text) if is_old_money else text


def _capital_pounds(match: re.Match[str]) -> str:
    """40L. is forty pounds where money is spoken of; elsewhere liters."""
    start = max(0, match.start() - _MONEY_NEAR)
    if not _OF_MONEY.search(match.string, start, match.end() + _MONEY_NEAR):
        return match[0]
    return f"£{match[1]}{_stop(match)}"


def _bare(match: re.Match[str]) -> str:
    """7/6 as seven shillings and sixpence; 3/4 stays a fraction, 24/7 and 20/20 stay what they are."""
    count = int(match[1])
    pence = int(match[2])
    if pence >= _PENCE_OF_A_SHILLING or (count, pence) in ((24, 7), (9, 11)) or is_wager(match):
        return match[0]
    # 2/6 is no fraction in lowest terms; 1/3 is a price only where what it buys follows
    lowest = gcd(count, pence) == 1
    if count == pence or (count < pence and lowest and not _PRICED.match(match.string, match.end())):
        return match[0]
    return f"{cardinal(count)} and {cardinal(pence)}"


def _both(shillings: str, pence: str) -> str:
    """Says shillings and pence; no pence where there are none."""
    return f"{_shillings(shillings)} and {_pence(pence, None)}" if int(pence) else _shillings(shillings)


def _shillings(count: str) -> str:
    return f"{cardinal(int(count))} {_form(count, 'shilling', 'shillings')}"


def _pence(count: str | None, part: str | None) -> str:
    """6 is "sixpence", 1 "a penny", 3½ "threepence halfpenny", ½ "a halfpenny"."""
    if not count:
        return f"{'' if part == '¾' else 'a '}{_FRACTIONS[part or '½']}"
    whole = "a penny" if int(count) == 1 else cardinal(int(count)) + "pence"
    return f"{whole} {_FRACTIONS[part]}" if part else whole


def _stop(match: re.Match[str]) -> str:
    """A full stop that ends the sentence as well as the abbreviation."""
    return "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""


@rule("money", needs=DIGIT)
def amounts(text: str, context: Context) -> str:
    """$1,234.56; £5 million; €1; $5-10; US$20; -$5; a $20 bill; $5/hour; 50¢."""
    text = re.sub(rf"(?<![\w)])[-−](?=(?:US|A|C)?{_SIGN}[\d.])", "minus ", text)
    text = re.sub(r"[$£€](\d+0)s\b", r"\1s", text)  # "in twenties"
    text = re.sub(r"\bRs\.?\s?(?=\d)", "₹", text)
    text = _CODED.sub(_coded, _PENCE_TO_POUNDS.sub(r"\1 to ", text))
    text = _FRANCS.sub(lambda m: f"{m[1]} {_form(m[1], 'franc', 'francs')}{_stop(m)}", text)
    text = _SAME_SCALE.sub(r"\1-", text)
    text = _PER.sub(lambda m: f"{m[1]} per {_PERIODS.get(m[2], m[2])}", text)
    text = _MONEY.sub(lambda match: _amount(match, context), text)

    def small(match: re.Match[str]) -> str:
        one, many = ("cent", "cents") if match[2] else ("penny", "pence")
        return f"{number_words(match[1], context.british)} {_form(match[1], one, many)}"

    return _SMALL.sub(small, text)


def _coded(match: re.Match[str]) -> str:
    """Writes an amount that has its currency as a code with a sign, or with the currency's name."""
    code = match[1] or match[4]
    number = match[2] or match[3]
    if code in _CODES:
        return _CODES[code] + number
    return f"{number} {_CODED_NAMES[code].removesuffix('s') if number == '1' else _CODED_NAMES[code]}"


def _amount(match: re.Match[str], context: Context) -> str:
    """Says one amount: $3.50, £5 million, $5-10, US$20."""
    # 1. The number, and the names of its currency.
    whole = match["whole"] or "0"
    decimals = match["decimals"] or match["cents"] or ""
    number = f"{whole}.{decimals}" if decimals else whole
    one, many = _currency(match)
    # 2. "five million dollars", "five to ten dollars": always of many, with decimals as decimals.
    scale = (
        match["scale"] or ("million" if match["mil"] else "") or _SCALES.get((match["short_scale"] or "").lower(), "")
    )
    upper = match["upper"] or match["signed_upper"] or ""
    if scale or upper:
        return _scaled(number, upper, scale, many, context)
    # 3. "one point three seven five dollars": these are no cents.
    is_round = not decimals or not int(decimals)
    if not is_round and len(decimals) != _DIGITS_OF_CENTS:
        return f"{number_words(number, context.british)} {many}"
    # 4. "three dollars", "three dollars and fifty cents".
    major = f"{number_words(whole, context.british)} {one if to_int(whole) == 1 else many}"
    return major if is_round else _with_small(match["sign"], major, whole, int(decimals), context)


def _scaled(number: str, upper: str, scale: str, many: str, context: Context) -> str:
    """Says an amount with a scale, or a range of amounts; a comma behind the upper one is the sentence's."""
    to_upper = f" to {number_words(upper.rstrip(','), context.british)}" if upper else ""
    scaled = f" {scale.lower()}" if scale else ""
    comma = "," if upper.endswith(",") else ""
    return f"{number_words(number, context.british)}{to_upper}{scaled} {many}{comma}"


def _currency(match: re.Match[str]) -> tuple[str, str]:
    """Names the currency of an amount, for one and for many: "a $20 bill" is of twenty dollar."""
    country = f"{_COUNTRIES[match['country'].upper()]} " if match["country"] else ""
    one, many, _, _ = _NAMES[match["sign"].upper()]
    return f"{country}{one}", f"{country}{one if _is_adjective(match) else many}"


def _with_small(sign: str, major: str, whole: str, small: int, context: Context) -> str:
    """ "three dollars and fifty cents"; the British say "three pounds fifty", but "three pounds and five pence"."""
    _, _, one, many = _NAMES[sign.upper()]
    if to_int(whole) == 0:
        return f"{cardinal(small)} {one if small == 1 else many}"
    if context.british and sign == "£" and small >= 10:  # not "three pounds five"
        return f"{major} {cardinal(small)}"
    return f"{major} and {cardinal(small)} {one if small == 1 else many}"


def _is_adjective(match: re.Match[str]) -> bool:
    """Whether the amount stands before the one thing that it describes: a $20 bill, the $64,000 question."""
    before = match.string[max(0, match.start() - 16) : match.start()]
    if re.match("-[a-z]", match.string[match.end() : match.end() + 2]):
        # "$5-a-day" is "five dollars a day", "a $5-a-day habit" is one of "five dollar a day"
        if match.string[match.end() + 1 : match.end() + 3] != "a-" or _BEFORE_ONE.search(before):
            return True
        return _BEFORE_NAMED.search(before) is not None and _RATE.match(match.string, match.end()) is not None
    if _BEFORE_ONE.search(before):
        return _ONE_THING.match(match.string, match.end()) is not None
    return _BEFORE_NAMED.search(before) is not None and _NAMED_THING.match(match.string, match.end()) is not None


def _form(digits: str, one: str, many: str) -> str:
    return one if to_int(digits) == 1 else many
