"""Numbers that name: rooms, houses, roads, models, calibres. Must not know makes, nor numbers that count."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import (
    DIGIT,
    SCREENS,
    Context,
    as_a_name,
    cardinal,
    in_pairs,
    plural,
    rule,
    spell_digits,
    spell_letters,
)
from tasks.patterns import regexp

_LABEL = regexp(
    r"\b(Room|Suite|Flight|Route|Highway|Interstate|Apartment|Apt|Boeing|Airbus|Cell|Locker|Studio|room|flight|suite|"
    r"apartment|highway|Psalm|Hymn|Bus|bus|Freeway|Channel|Form)\s+(\d{3,4})([A-Z]?)\b(?![.,:–-]\d)"
)
_HOUSE = regexp(
    r"(?<![\w.,$£€#-])(\d{3,4})\s?([A-Za-z]?)(?=\s+(?:(?:North|South|East|West|Old|New|Upper|"
    r"Lower)\s+)?(?:[A-Z][\w'’.]*\s+|\d+(?:st|nd|rd|th)\s+){1,3}(?:Street|Avenue|Road|Lane|Drive|Boulevard|Place|"
    r"Square|Terrace|Crescent|Court|Way|Broadway|Gardens|St|Ave|Rd|Blvd|Dr)\b)"
)
_AIRLINER = regexp(r"\b(Boeing|Airbus|Embraer|McDonnell Douglas)\s+([A-Z]?)(\d{3})-(\d{2,3})\b")
_MODEL = regexp(r"(?<![\w.-])([A-Z]{1,3})-(\d{1,4})(?![\d.,]\d|\d)(?=([A-Z]{0,3}s?)\b)")
_PLAN = regexp(r"\b(401|403|457)\s?\(?([kb])\b\)?")  # American pension plans
_ROAD = regexp(
    r"(?:(?<=\bthe )|(?<=\boff )|(?<=\bvia )|(?<=\band )|(?<=\bon ))([AB])([1-9]\d{3})\b(?![\d-])"
)  # British: the B4009
_SCREEN = regexp(rf"(?<![\w.,$£€-])(?={SCREENS})(\d+)([pi])\b")
_RIFLE = regexp(
    r"(?<![\w,-])\.(\d\d)-(\d\d)\b(?!-)|(?<![\w.,-])(30)-(06)\b(?!-)"
    r"|(?<![\w.,-])(30|45|44|32)-(30|70|40|20)(?=\s(?:rifle|Winchester|Remington|carbine|cartridge|shell)s?\b)"
)
_AGENT = regexp(r"(?<![\w.,-])00([1-9])\b(?![.,]\d)")
_CALIBRE = regexp(
    r"((?:\b(?:[Aa]n?|his|her|the|my|your|their|Colt|loaded|old|Smith & Wesson|Webley|with)\s))\.(\d\d\d?)\b(?![\d.])"
    r"|\.(\d\d\d?)(?=(?:\s|-)(?:cal\b|caliber|calibre|revolver|pistol|rifle|Magnum|magnum|automatic|Colt|cartridge|"
    r"bullet|shells?|rounds?|slugs?|Winchester))"
)
_BATTING = regexp(
    r"(?<=\b(?:hit|bat) )\.(\d{3})\b|(?<=\b(?:batt)ed )\.(\d{3})\b|(?<=\b(?:batting|hitting) )\.(\d{3})\b"
)
# One label of two parts: "Figure 1-2"; of several, "Figures 1-2", it is a range.
_PARTED = regexp(
    r"\b((?i:figure|table|listing|plate|diagram|chart|box|map|photo|photograph|exhibit|panel|scheme|example|equation|"
    r"slide|section|note|(exercise|problem|question|drill)))\s(\d{1,3})[-–](\d{1,3})([a-z]?)\b(?![-–.,]\d)"
)
_PARTED_MANY = regexp(
    r"\b((?i:figures|tables|listings|plates|diagrams|charts|photos|examples|equations|sections|(exercises|problems)))"
    r"(?=\s\d{1,3}[-–]\d{1,3}(?:,|\s(?:and|or|to|through))\s)((?:,?\s(?:(?:and|or|to"
    r"|through)\s)?\d{1,3}[-–]\d{1,3}\b){2,})"
)
# Of programs, a version's second number counts too: after 3.9 comes 3.10.
_RELEASE = regexp(
    r"\b((?i:version|release)|Python|python|Java|PHP|Ruby|Perl|Ubuntu|Debian|Fedora|Linux|kernel|Windows|Android|iOS|"
    r"macOS|OS X|Node|Django|PostgreSQL|Postgres|MySQL|SQLite|Firefox|Chrome|Go|Rust|Swift|Kotlin|Unity|Blender|GCC|"
    r"CUDA|PyTorch|TensorFlow|Excel|Emacs|Vim|Git)\s(\d{1,3})\.(\d{2,3})\b(?![.,]?\d|%)"
)
_DOCKET = regexp(
    r"\b((?i:case|docket|file|claim|action|index)\s(?i:numbers?|nos?\.|#)\s?)"
    r"(?=[\w:-]*\d-|\d{5})(\d[\w:-]*\w)\b(?![.,]\d)"
    r"|\b([Nn]umber\s)(0\d-\d{2,5}|\d\d-\d{4,5})\b(?![.,-]\d)"
)
_LETTERS_BEFORE = regexp(
    r"(?<![\w'’-])([A-Z]{2,3})(?=\d)|(?<=\d)(?!(?:ST|ND|RD|TH|[KMGTP]B|[KMGT]W)\b)([A-Z]{2,3})(?![\w'’])"
    r"|(?<=\d)\((k)\)"
)


@rule("dockets", needs=DIGIT)
def dockets(text: str, _: Context) -> str:
    """Case No. 12-3456, docket number 1:23-cv-01234: sign by sign."""
    return _DOCKET.sub(_docket, text)


@rule("labels", needs=DIGIT)
def labels(text: str, _: Context) -> str:
    """Numbers that name: Room 101 "one oh one", Boeing 747, 221B Baker Street, F-150, agent 007, a .45, Figure 1-2."""

    def label(match: re.Match[str]) -> str:
        return f"{match[1]} {in_pairs(int(match[2]))}{' ' + match[3] if match[3] else ''}"

    def house(match: re.Match[str]) -> str:
        return in_pairs(int(match[1])) + (f" {match[2]}" if match[2] else "")

    def model(match: re.Match[str]) -> str:
        number = as_a_name(match[2])
        if match[3].endswith("s"):
            number = plural(number)
        mark = match[3].rstrip("s")
        return f"{spell_letters(match[1])} {number}{' ' + spell_letters(mark) if mark else ''}"

    def calibre(match: re.Match[str]) -> str:
        return (match[1] or "") + in_pairs(int(match[2] or match[3]))

    text = _AIRLINER.sub(
        lambda m: f"{m[1]} {m[2]}{' ' if m[2] else ''}{in_pairs(int(m[3]))} {in_pairs(int(m[4]))}", text
    )
    text = _RELEASE.sub(_release, _PARTED.sub(_parted, _PARTED_MANY.sub(_parted_many, text)))
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


def _parted(match: re.Match[str]) -> str:
    """Figure 1-2 is "Figure one dash two", exercise 7-1 "exercise seven one"."""
    label, of_exercises, first, second, letter = match.groups()
    joint = " " if of_exercises else " dash "
    return f"{label} {cardinal(int(first))}{joint}{cardinal(int(second))}{' ' + letter if letter else ''}"


def _parted_many(match: re.Match[str]) -> str:
    """Figures 2-1 and 2-2 are "Figures two dash one and two dash two"."""
    joint = " " if match[2] else " dash "
    return match[1] + re.sub(r"(?<=\d)[-–](?=\d)", joint, match[3])


def _release(match: re.Match[str]) -> str:
    """Python 3.11 is "three point eleven", Ubuntu 22.04 "twenty-two oh four"."""
    name, major, minor = match.groups()
    second = f"oh {cardinal(int(minor))}" if minor[0] == "0" else f"point {cardinal(int(minor))}"
    return f"{name} {cardinal(int(major))} {second}"


def _docket(match: re.Match[str]) -> str:
    """The number of a case, sign by sign: 23-cv-1234 is "two three dash C V dash one two three four"."""
    signs = {"-": "dash", ":": ""}
    parts = (spell_digits(sign) if sign.isdecimal() else signs.get(sign, sign.upper()) for sign in match[2] or match[4])
    return (match[1] or match[3]) + " ".join(part for part in parts if part)


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
