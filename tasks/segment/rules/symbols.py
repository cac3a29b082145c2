"""Units after numbers, signs that stand for words, mail and web addresses."""

from __future__ import annotations

import re

from tasks.segment.rules.base import Context

# Abbreviation: (singular, plural). A full stop after it is part of it unless it ends the sentence.
_UNITS = {
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "l": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "cwt": ("hundredweight", "hundredweight"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "sq. m": ("square mile", "square miles"),
    "sq. ft": ("square foot", "square feet"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "kW": ("kilowatt", "kilowatts"),
    "hp": ("horsepower", "horsepower"),
    "rpm": ("revolution per minute", "revolutions per minute"),
}
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s?|-)({_UNIT_NAMES})([²³]?)(\.?)(?![\w/'’-])")
_AREAS = {"²": "square ", "³": "cubic ", "": ""}
_ANGLE = re.compile(r"(\d+(?:\.\d+)?)\s?°(?:\s?(\d+(?:\.\d+)?)\s?[′'’](?:\s?(\d+(?:\.\d+)?)\s?[″\"”])?)?(?!\s?[CF]\b)")
_TEMPERATURE = re.compile(r"([-−]?)(\d+(?:\.\d+)?)\s?(?:°\s?([CF])\b|([℃℉]))")
_PRIMES = re.compile(r"\b(\d+)\s?[′'’]\s?(\d+)\s?[″\"”]|\b(\d+)\s?′|\b(\d+)\s?″")
_SCALE_NAMES = {"C": "Celsius", "F": "Fahrenheit", "℃": "Celsius", "℉": "Fahrenheit"}

_ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_WEB = re.compile(r"\b(?:https?://|www\.)[^\s<>\"”’)\]]+[^\s<>\"”’)\].,;:!?]", re.I)
_WEB_SIGNS = {
    ".": " dot ",
    "/": " slash ",
    "-": " dash ",
    ":": " colon ",
    "@": " at ",
    "?": " ",
    "=": " equals ",
    "&": " and ",
    "#": " hash ",
    "%": " percent ",
    "+": " plus ",
}

_SIGNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"(?<=\d)\s?%", " percent"),
        (r"%", " percent "),
        (r"(?:№|#)\s?(?=\d)", "number "),
        (r"#", " hash "),
        (r"(?<=\d)\s*[*×x]\s*(?=\d)", " times "),
        (r"\s*[×*]\s*", " times "),
        (r"\s*÷\s*", " divided by "),
        (r"\s*±\s*", " plus or minus "),
        (r"\s*&\s*", " and "),
        (r"(?<=\w)\s?\+(?=\s|$)(?!\s*\w)", " plus"),
        (r"\s*\+\s*", " plus "),
        (r"\s*=\s*", " equals "),
        (r"(?<=[\w)])\s+<\s+(?=[\w(])|(?<=\d)<(?=\d)", " less than "),
        (r"(?<=[\w)])\s+>\s+(?=[\w(])|(?<=\d)>(?=\d)", " greater than "),
        (r"[<>]", " "),
        (r"§\s?", "section "),
        (r"¶\s?", "paragraph "),
        (r"©\s?", "copyright "),
        (r"~(?=[$£€]?\d)", "about "),
        (r"\s*@\s*", " at "),
        (r"°", " degrees "),
        (r"\b(and|either)/(?=or\b)", r"\1 "),
        (r"\b(s?he|his|him|hers?)/(?=s?he\b|his\b|him\b|hers?\b)", r"\1 or "),
        (r"(?<=[A-Za-z])\s?/\s?(?=[A-Za-z])", " slash "),
        (r"/", " "),
        (r"−", " minus "),
        (r"\$", " dollar "),
        (r"£", " pound "),
        (r"€", " euro "),
        (r"¥", " yen "),
        (r"¢", " cent "),
        (r"[′″]", " "),
    )
)


def addresses(text: str, _: Context) -> str:
    """name@example.com and https://example.com/a: signs by name, the scheme left out as readers do."""

    def said(match: re.Match[str]) -> str:
        address = re.sub(r"^https?://", "", match[0], flags=re.I).rstrip("/")
        return " ".join("".join(_WEB_SIGNS.get(sign, sign) for sign in address).split())

    return _WEB.sub(said, _ADDRESS.sub(said, text))


def temperatures_and_angles(text: str, _: Context) -> str:
    """20 °C, -5 °F, 30° 31′ 39″, 6′ 2″."""

    def temperature(match: re.Match[str]) -> str:
        sign = "minus " if match[1] else ""
        return f"{sign}{match[2]} {_form(match[2], 'degree', 'degrees')} {_SCALE_NAMES[match[3] or match[4]]}"

    def angle(match: re.Match[str]) -> str:
        parts = zip(match.groups(), ("degree", "minute", "second"), strict=True)
        return " ".join(f"{number} {_form(number, name, name + 's')}" for number, name in parts if number)

    def primes(match: re.Match[str]) -> str:
        feet, inches = match[1] or match[3], match[2] or match[4]
        words = [f"{feet} {_form(feet, 'foot', 'feet')}"] if feet else []
        return " ".join(words + ([f"{inches} {_form(inches, 'inch', 'inches')}"] if inches else []))

    return _PRIMES.sub(primes, _ANGLE.sub(angle, _TEMPERATURE.sub(temperature, text)))


def units(text: str, _: Context) -> str:
    """10 km, 5 lbs., 20-mm, 3 m²: the unit in full, in the number of its number."""

    def said(match: re.Match[str]) -> str:
        number, gap, unit, power, stop = match.groups()
        one, many = _UNITS[unit]
        name = one if gap == "-" else _form(number, one, many)
        ends = stop and re.match(r"[\"'”’)\]]*(?:$|\s+[\"'“‘(]*[A-Z])", match.string[match.end() :])
        return f"{number} {_AREAS[power]}{name}{'.' if ends else ''}"

    return _UNIT.sub(said, text)


def _form(number: str, one: str, many: str) -> str:
    return one if number == "1" else many


def signs(text: str, _: Context) -> str:
    """& @ # % + = < > × § © and the rest of what keyboards hold, each as its word."""
    for pattern, words in _SIGNS:
        text = pattern.sub(words, text)
    return text
