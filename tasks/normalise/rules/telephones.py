"""Telephone numbers, and numbers that are read digit by digit: cards, codes, ISBNs. Must not know quantities."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import (
    DIGIT,
    Context,
    cardinal,
    rule,
    spell_digits,
)

_PHONE = re.compile(
    r"(?<![\w.])(?:(?:\+?(1)[-. ])?\(?(\d{3})\)?[-. ]\s?)(\d{3})[-. ](\d{4})\b(?!\.\d)"
    r"|(?<![\w.-])(\d{3})-(\d{4})(?![\w-])"
    r"|(?<![\w.-])(1)-(\d{3})-(?=[A-Z])"
)
_INTERNATIONAL = re.compile(r"(?<!\w)(?:(\+)|(?=\(?0))(\(?\d[\d ()-]{6,}\d)(?![\w-])")
_DIGITS_OF_A_NUMBER = range(9, 12)
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
_EXCHANGE = re.compile(r"\b([A-Z][A-Za-z][a-z]{2,})\s(\d)-(\d{4})\b(?![-/.]\d)")  # "PEnnsylvania 6-5000"


@rule("telephone", needs=DIGIT)
def telephone(text: str, context: Context) -> str:
    """(800) 998-9938 digit by digit, in groups; the British say "oh" for zero."""
    zero = "oh" if context.british else "zero"

    def american(match: re.Match[str]) -> str:
        groups = [group for group in match.groups() if group]
        plus = "plus " if match[0].startswith("+") else ""
        return plus + ", ".join(_group(group, zero) for group in groups) + (", " if match[7] else "")

    def exchange(match: re.Match[str]) -> str:
        number = int(match[3])
        last = cardinal(number) if number % 1000 == 0 and number else spell_digits(match[3], zero)
        return f"{match[1].capitalize()} {spell_digits(match[2])}, {last}"

    def international(match: re.Match[str]) -> str:
        groups = re.findall(r"\d+", match[2])
        if not match[1] and sum(map(len, groups)) not in _DIGITS_OF_A_NUMBER:
            return match[0]
        return ("plus " if match[1] else "") + ", ".join(_group(group, zero) for group in groups)

    text = _EXTENSION.sub("extension ", text)
    text = _EXCHANGE.sub(exchange, text)
    text = _SPELLED.sub(lambda m: " ".join("X" if c == "X" else spell_digits(c) for c in m[0] if c.isalnum()), text)
    text = _POSTAL.sub(lambda m: m[1] + spell_digits(m[2]), text)
    text = _CALLED.sub(lambda m: m[0] if m[1].lower() == "a " and m[2] != "911" else m[1] + spell_digits(m[2]), text)
    return _INTERNATIONAL.sub(international, _PHONE.sub(american, text))


def _group(digits: str, zero: str) -> str:
    """Says one group of a telephone number: "eight hundred", else digit by digit."""
    return f"{cardinal(int(digits[0]))} hundred" if digits in ("800", "900") else spell_digits(digits, zero)
