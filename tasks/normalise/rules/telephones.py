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
from tasks.patterns import regexp

_PHONE = regexp(
    r"(?<![\w.])(?:(?:\+?(1)[-. ])?\(?(\d{3})\)?[-. ]\s?)(\d{3})[-. ](\d{4})\b(?!\.\d)"
    r"|(?<![\w.-])(\d{3})-(\d{4})(?![\w-])"
    r"|(?<![\w.-])(1)-(\d{3})-(?=[A-Z])"
)
_INTERNATIONAL = regexp(r"(?<!\w)(?:(\+)|(?=\(?0))(\(?\d[\d ()-]{6,}\d)(?![\w-])")
_DIGITS_OF_A_NUMBER = range(9, 12)
_EXTENSION = regexp(r"\b[Ee]xt\.?\s?(?=\d)")
# Numbers that are read digit by digit: a call for help, a social security number, a card, an ISBN, a post code.
_CALLING = r"\b(?:call(?:ed|ing|s)?|dial(?:l?ed|l?ing|s)?|phon(?:e[ds]?|ing)|r[iau]ng|ringing)"
_CALLED = regexp(
    rf"({_CALLING}\s)(\d{{3}}(?:(?:,|,?\sor|\sand)\s\d{{3}})*)\b"
    r"(?!\s(?:[a-z]+s|men|women|people|children|of)\b|[.,]\d|[-–%]|\s\d)"
    r"|(\b(?:[Aa]|[Tt]he|[Ii]n an emergency,)\s)(911|999|112)\b(?!\s(?!is\b|was\b)[a-z]+s\b|[.,]\d|[-–%]"
    r"|\s(?:Turbo|Carrera|Targa|GT)\b)",
    re.I,
)
# Digits in groups behind what says that they are a telephone number, whatever their number.
_TOLD = regexp(
    rf"((?:{_CALLING}|\b(?:tel|fax|telephone|mobile|cell|contact|number\s(?:is|was)))[.:]?\s"
    r"(?:(?:me|us|him|her|them|back|now)\s)?(?:(?:on|at)\s)?)"
    r"(\d{2,5}(?:[ .-]\d{2,5}){1,6}(?:\s\d)?|\d{6,11}|\d-\d-\d)(?![\w-]|[.,]\d)"
    r"|(\b[Tt]ext\s)(\d{5,6})(?![\w-]|[.,]\d)",
    re.I,
)
_FREE_CALL = regexp(r"(?<![\w.,-])1[38]00[ -]\d{3}[ -]\d{3}(?![\w-])")  # Australian
_TOLD_DIGITS = range(6, 22)
_CALL_FOR_HELP = regexp(r"\d-\d-\d")
_SPELLED = regexp(
    r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])|(?<![\w.-])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?![\w-])"
    r"|(?<=\bISBN )[\d-]+[\dX]\b|(?<=\bISBN: )[\d-]+[\dX]\b|(?<=\bISSN )\d{4}-\d{3}[\dX]\b"
    r"|(?<=, [A-Z]{2} )\d{5}(?:-\d{4})?\b"
    r"|(?<=[Zz]ip code )\d{5}\b|(?<=[Zz]ip )\d{5}\b|(?<=\b(?:PIN|pin) )\d{4}\b|(?<=\bcode )\d{4,6}\b"
)
_ISBN_KIND = regexp(r"\bISBN(?:-1[03]|\s\(1[03]\)|-1[03]\s?|\s1[03])?[:\s]\s?(?=\d[\d-]{8})")
_POSTAL = regexp(r"(\b[A-Z][a-z]{2,},? )(?!\d{3}00)(\d{5})(?=[.;)]|\s*$|, U\.?S)")  # "Beverly Hills 90210"
_EXCHANGE = regexp(r"\b([A-Z][A-Za-z][a-z]{2,})\s(\d)-(\d{4})\b(?![-/.]\d)")  # "PEnnsylvania 6-5000"


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
        return ("plus " if match[1] else "") + ", ".join(spell_digits(group, zero) for group in groups)

    def told(match: re.Match[str]) -> str:
        if match[3] or _CALL_FOR_HELP.fullmatch(match[2]):
            return (match[1] or match[3]) + spell_digits(match[2] or match[4], zero)
        groups = re.findall(r"\d+", match[2])
        if sum(map(len, groups)) not in _TOLD_DIGITS:
            return match[0]
        return match[1] + ", ".join(spell_digits(group, zero) for group in groups)

    text = _ISBN_KIND.sub("ISBN ", text)
    text = _EXTENSION.sub("extension ", text)
    text = _EXCHANGE.sub(exchange, text)
    text = _SPELLED.sub(lambda m: " ".join("X" if c == "X" else spell_digits(c) for c in m[0] if c.isalnum()), text)
    text = _POSTAL.sub(lambda m: m[1] + spell_digits(m[2]), text)
    text = _CALLED.sub(_called, text)
    text = _FREE_CALL.sub(lambda match: ", ".join(map(spell_digits, re.findall(r"\d+", match[0]))), text)
    text = _TOLD.sub(told, text)
    return _INTERNATIONAL.sub(international, _PHONE.sub(american, text))


def _called(match: re.Match[str]) -> str:
    """Call 911 or 999: each of them digit by digit."""
    before = match[1] or match[3]
    return before + re.sub(r"\d+", lambda number: spell_digits(number[0]), match[2] or match[4])


def _group(digits: str, zero: str) -> str:
    """Says one group of a telephone number: "eight hundred", else digit by digit."""
    return f"{cardinal(int(digits[0]))} hundred" if digits in ("800", "900") else spell_digits(digits, zero)
