"""Units after numbers, temperatures, angles, dimensions. Must not say the numbers: they stay digits for later rules."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tasks.normalise.rules.adjectives import describes_noun
from tasks.normalise.rules.base import DIGIT, Context, ends_sentence, rule
from tasks.patterns import regexp

# Abbreviation: (singular, plural).
UNITS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_NUMBER = r"\d+(?:,\d+)*(?:\.\d+)?|\.\d+|(?=[½¼¾⅓⅔⅛⅜⅝⅞])"
_FRACTION = r"(?:[½¼¾⅓⅔⅛⅜⅝⅞]|\s\d/\d{1,2})?"
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
# One letter after digits without a space is more often a name ("the 5L", "M4 5W") than a unit, but "5m" and "20g" are.
_TIGHT_LETTERS = (  # nor is "4WD", but "a 2L bottle" and "a 2.5L engine" are
    r"(?<!\.\d)(?:[hsVW](?!\w)|L(?!\w|\s(?:bottle|carton|jug|tank|flask|pan|pot|bucket|barrel|engine|can)s?\b))|"
    r"\s[VWL]\s[A-Z]\b"
)
_UNIT = regexp(
    rf"(?<![\w.$£€])((?:{_NUMBER}){_FRACTION})(?!{_TIGHT_LETTERS})(\s?|-)({_UNIT_NAMES})(\^?[²³23]|"
    rf"[²³])?(?:(\.)(?!\d))?(?![\w/'’]|-(?!(?:tall|long|high|wide|deep|thick|broad|olds?)\b))"
    r"(?!\.\w)"
)
_INCHES = regexp(
    rf"(?<![\w.$£€])((?:{_NUMBER}){_FRACTION})(?:\s?in\.(?=\s+(?:[a-z(,;&\d×x]|[A-Z])|[,;:)]|$)|-in\.?(?=[\s,;.)-])|"
    rf"\s?in(?=\s?(?:[²³×]|x\s?\d))|in\b(?![.'’-])|(?<=by \d)\sin(?=\s[a-z])|(?<=by \d\d)\sin(?=\s[a-z]))([²³]?)"
)
_PER = regexp(
    rf"(\d\s?(?:{_UNIT_NAMES}|[a-z]{{2,}}))\.?/(hrs?|day|wk|week|mo|month|yr|year|min|minute)\b(\.(?!\s+[A-Z]|$))?"
)
_PERIODS = {"hr": "hour", "hrs": "hour", "wk": "week", "mo": "month", "yr": "year", "min": "minute"}
_PART_OF_ONE = regexp(r"(?:^|[^\d\s-])\s?(\d+)/$")
_STONE_ONLY = regexp(
    r"(?:(?<=eighed )|(?<=eighs )|(?<=eighing )|(?<=of )|(?<=about )|(?<=over )|(?<=under )|(?<=nearly ))"
    r"(\d{1,2})\sst\b(?!\.?,?\s?\d)\.?"
)
_FEET_IN = regexp(r"(?<!\d)(\d+)\s?(ft\.?|feet)(,?)\s(\d[\d½¼¾]*)\s?in\b\.?(?=\W|$)")
_STONE = regexp(
    r"(?<![\w.])(\d{1,2})\s?st\.?,?(?=\s+(?:\d+\s?lbs?\b|in weight\b))"
    r"|(?<![\w.])(\d{1,2})\s?stone\s+(\d{1,2})(?=[.,;]|\s*$)"
)
# "Apartment 4 A" is a letter: only beside another electrical unit or before what carries a current.
_AMPS = regexp(
    r"(\d\s?(?:V|volts),?\s(?:and\s|at\s)?\d+)\s?A\b(?!\.\w)|"
    r"(?<![\w.])(\d+)\s?A(?=\s(?:fuse|plug|circuit|current|supply|socket)s?\b)"
)
_POWERED = regexp(
    r"(?<![\w.])(\d+(?:\.\d+)?)\s?([VW])(?=\s(?:bulb|lamp|light|batter(?:y|ie)|heater|speaker|amplifier|socket|outlet|"
    r"suppl(?:y|ie)|system|motor|line|charger|adapter|panel|transmitter|main|plug|cable|current|circuit|transformer|"
    r"tube|laser|iron|kettle)s?\b)"
)
_FORMAT_NAMES = {  # of books
    "4to": "quarto", "8vo": "octavo", "12mo": "duodecimo", "16mo": "sixteenmo", "18mo": "eighteenmo",
    "24mo": "twenty-fourmo", "32mo": "thirty-twomo",
}  # fmt: skip
_FORMATS = regexp(rf"(?<![\w.-])(?:{'|'.join(_FORMAT_NAMES)})\b")
_SQUARE = regexp(
    r"\b(sq|cu)\b\.?(?=\s(?:miles?|feet|foot|yards?|inch(?:es)?|(?:kilo|centi|milli)?met(?:er|re)s?|rods?)\b)"
)
_HYPHENED_AREA = regexp(r"(?<=\d)-(sq|cu)\.?-(ft|in|yd|mi|cm|m)\b\.?(?=\s[a-z])")  # "a 20-cu.-ft. tank"
_WRONG_ORDINAL = regexp(r"(?<![\w.])(\d?[02-9]|1[0-3])st\b\.?(?!\w)")  # "12st" is a weight, no ordinal
_POSSESSIVE = regexp(r"(\d)(?:\s|-)?(hr|min|sec|yr|wk|mo)s?['’](?=\s[a-z])")
_LONG_PERIODS = {"hr": "hours", "min": "minutes", "sec": "seconds", "yr": "years", "wk": "weeks", "mo": "months"}
_AREAS = {"²": "square ", "³": "cubic ", "2": "square ", "3": "cubic "}
_HOURS_MINUTES = regexp(r"\b(\d+)\s?h\s?(\d+)\s?m(?:in)?\b")
_DIMENSIONS = regexp(
    rf"((?:{_NUMBER})\s?(?:ft|in|cm|mm|m|km|feet|inches|'|′|\"|″)?\.?)\s?[×x]\s?(?=(?:{_NUMBER})\s?(?:ft|in\b|in\.|"
    rf"cm|mm|m\b|km|feet|inches|meters|metres|yards))"
)
_SAME_UNIT = regexp(r"(\d)\s?(m|ft|cm|mm|in)\s?[x×]\s?(?=\d[\d.]*\s?\2\b\s[a-z])")  # "a 3m x 4m room"
_AGE = regexp(r"(?<=\d)\s?yo\b")
_BY = regexp(
    r"(?<=\b[Aa] )(\d+)×(?=\d+s?\b(?!\s*=))|(?<![\w.])(\d+)x(?=\d+s?\b(?!\s*=))"
    r"|(?<=[\d½¼¾⅓⅔])\sx\s(?=\d+\b(?!\s*=|\sto the))"
)
# "3x larger", but not the 3x of "3x squared" or "equals 3x".
_TIMES = regexp(
    r"(?<![\w.])(?<!=)(?<!= )(?<!\+ )(?<!minus )(?<!plus )(?<!equals )(\d+(?:\.\d+)?)x\b"
    r"(?!\s?[\d+=*/^-]|\s(?:squared|cubed|to the|minus|plus|equals)\b)"
)

_WHOLE_UNITS = (
    "miles?|feet|foot|yards?|inch(?:es)?|pounds?|ounces?|acres?|gallons?|(?:kilo|centi|milli)?met(?:er|re)s?|"
    "lit(?:er|re)s?"
)
_MEASURE = rf"(?:\d[\d.]*[\"″]?\s?[x×]\s?)?(?:{_NUMBER})(?:\s|-)?(?:{_UNIT_NAMES}|{_WHOLE_UNITS}|in|[\"″])\.?"
_BRACKETED = regexp(rf"(\b(?:[Aa]n?|[Tt]he|[Tt]his|[Hh]is|[Hh]er|[Oo]ne)\s{_MEASURE})\s\(({_MEASURE})\)(?=\s[a-z])")
# The unit of a table's column or of a chart: "Rain (mm)".
_COLUMN_UNIT = regexp(r"(?<=\w )\((km|cm|mm|kg|mg|ml|mL|km/h|mph|kWh|kW|MW|GHz|MHz|kHz|Hz|lbs?|oz|km²|m²|cm²)\)")
_FOR_TEMPERATURES = regexp(rf"{DIGIT.pattern}|°")
_FOR_BRACKETED = regexp(r"\((?:\d|[A-Za-z/]{2,4}²?\)|m²)")

_COMPASS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_ANGLE = regexp(
    r"(\d+(?:\.\d+)?)\s?°(?!\s?[CFK]\b)(?:\s?(\d+(?:\.\d+)?)\s?[′'’](?:\s?(\d+(?:\.\d+)?)\s?(?:[″\"”]|''))?)?"
    r"(?:\s?([NSEW])\b\.?(?!\s?[A-Z]\w))?"
)
# N 51° 30′, W 0° 7′: the letters before the numbers, as on maps.
_MAP_PLACE = regexp(r"\b([NS])\s?(\d+(?:\.\d+)?\s?°[^NSEW]{0,24}?),?\s([EW])\s?(?=\d+(?:\.\d+)?\s?°)")
_TEMPERATURE = regexp(
    r"(?:(?<![\w)–-])([-−–]))?(\d+(?:\.\d+)?)\s?(?:°\s?([CFK])\b\.?|([℃℉])|deg(?:rees|\.)?\s([CF])\b(?!\.\w))"
)
_PRIME_SIZE = regexp(r"(\d[\d.½¼¾]*)\s?(?:([′'’])|[″\"”])\s?[x×]\s?(\d[\d.½¼¾]*)\s?(?(2)[′'’]|[″\"”])(?!\w)")
_PARTS_OF_INCH = regexp(r"(\d/\d{1,2})\s?[\"″”](?=\s[a-z])")  # a 3/16" bit
_DEGREES_SPAN = regexp(r"(\d)\s?°(\s?[CF])?\s?[–-]\s?(?=\d+(?:\.\d+)?\s?°)")
_DEGREES_WORD = regexp(r"(\d)\s?deg\.?,?\s(?:(\d+)\s?min\.?,?\s)?([NSEW])\b")  # 40 deg. 3 min. N.
_MINUS_DEGREES = regexp(r"(?<=\bminus )(\d+)\s?([CF])\b(?!\.\w)")
_NO_DEGREES = regexp(r"(?<!\d)(?<!\d\s)°\s?([CF])\b")  # "measured in °C"
_KELVIN = regexp(
    r"(?<![\w.,$£€])(\d+(?:,\d+)*(?:\.\d+)?)\sK\b(?=[.,;:)]|$|\s(?!run|race|of|memory|people)[a-z])(?!\.\s?[A-Z])"
)
_SCALES = {"C": "Celsius", "F": "Fahrenheit", "K": "Kelvin", "℃": "Celsius", "℉": "Fahrenheit"}
_LENGTHS = "tall|high|long|wide|deep|thick|across|broad|in diameter"
_SIZED = (
    "(?:record|single|screen|pipe|nail|gun|disk|disc|board|plank|pole|ladder|ruler|wheel|pizza|monitor|telescope|shell|"
    "howitzer|mortar|blade|barrel|bolt|ceiling|fence|wall|boat|canoe|tyre|tire|rim|television|TV|drop|ditch|snake|"
    "shark)s?"
)
_SIZED_NEXT = regexp(rf"\s{_SIZED}\b")
_PRIMES = regexp(
    rf"(?<![\w.])(\d+)\s?[′'’]\s?-?(\d+(?:\.\d+)?[½¼¾]?)\s?(?:[″\"”]|''|’’)?(?!\w|\.\d)|"
    rf"(?<![\w.])(\d+)\s?(?:′|['’](?=\s(?:{_LENGTHS}|{_SIZED})\b))"
    rf"|(?<![\w.])(\d+(?:\.\d+)?[½¼¾]?)\s?(?:″|[\"”](?=\s(?:{_LENGTHS}|{_SIZED})\b)|(?<=\b[Aa] \d\d)\"(?=\s[A-Za-z]))"
)


@rule("bracketed-measures", needs=_FOR_BRACKETED)
def bracketed(text: str, _: Context) -> str:
    """A 12m (39ft) passage: the second measure describes the noun too."""
    return _COLUMN_UNIT.sub(_column_unit, _BRACKETED.sub(r"\1, \2", text))


def _column_unit(match: re.Match[str]) -> str:
    """Says the unit of a column, of many: "Rain (mm)" is "Rain in millimeters"."""
    unit = match[1].removesuffix("²")
    return f"in {'square ' if unit != match[1] else ''}{UNITS[unit][1]}"


@rule("temperatures-angles", needs=_FOR_TEMPERATURES)
def temperatures_and_angles(text: str, _: Context) -> str:
    """20 °C, -5 °F, 30° 31′ 39″ N, 6′ 2″, 5'10"."""

    def temperature(match: re.Match[str]) -> str:
        sign = "minus " if match[1] else ""
        stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
        scale = match[3] or match[4] or match[5]
        if scale == "K":
            return f"{sign}{match[2]} {_form(match[2], 'kelvin', 'kelvins')}{stop}"
        return f"{sign}{match[2]} {_form(match[2], 'degree', 'degrees')} {_SCALES[scale]}{stop}"

    def angle(match: re.Match[str]) -> str:
        parts = zip(match.groups()[:3], ("degree", "minute", "second"), strict=True)
        words = " ".join(f"{number} {_form(number, name, name + 's')}" for number, name in parts if number)
        if describes_noun(match):
            words = words.removesuffix("s")  # "a ninety degree turn"
        stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
        return words + (f" {_COMPASS[match[4]]}{stop}" if match[4] else "") + _gap(match)

    def primes(match: re.Match[str]) -> str:
        feet = match[1] or match[3]
        inches = match[2] or match[4]
        if match[1] and describes_noun(match):
            return f"{feet} foot {inches}"  # "a 5'4" girl"
        if (match[3] or match[4]) and (_SIZED_NEXT.match(match.string, match.end()) or describes_noun(match)):
            return f"{feet} foot" if feet else f"{inches} inch"  # "a 6' fence"
        words = [f"{feet} {_form(feet, 'foot', 'feet')}"] if feet else []
        words += [f"{inches} {_form(inches, 'inch', 'inches')}"] if inches else []
        return " ".join(words) + _gap(match)

    text = _PARTS_OF_INCH.sub(r"\1 inch", text)
    text = _MAP_PLACE.sub(lambda m: f"{_COMPASS[m[1]]} {m[2]}, {_COMPASS[m[3]]} ", text)
    text = _MINUS_DEGREES.sub(r"\1 °\2", text)
    text = _NO_DEGREES.sub(lambda match: f"degrees {_SCALES[match[1]]}", text)
    text = _DEGREES_WORD.sub(lambda m: f"{m[1]}°{f' {m[2]}′' if m[2] else ''} {m[3]}", text)
    text = _PRIME_SIZE.sub(_size, text)
    text = _DEGREES_SPAN.sub(lambda m: f"{m[1]}{'°' + m[2] if m[2] else ''} to ", text)
    text = re.sub(r"(?<![\w–-])–(?=\d+(?:\.\d+)?\s?(?:°|degrees))", "-", text)
    text = _KELVIN.sub(lambda m: f"{m[1]} {_form(m[1], 'kelvin', 'kelvins')}", text)
    return _PRIMES.sub(primes, _ANGLE.sub(angle, _TEMPERATURE.sub(temperature, text)))


def _size(match: re.Match[str]) -> str:
    """10′ × 12′ is "ten by twelve feet", "a ten by twelve foot room"."""
    one, many = ("foot", "feet") if match[2] else ("inch", "inches")
    return f"{match[1]} by {match[3]} {one if describes_noun(match) else many}"


def _gap(match: re.Match[str]) -> str:
    return " " if match.string[match.end() : match.end() + 1].isalnum() else ""


@rule("units", needs=DIGIT)
def units(text: str, context: Context) -> str:
    """10 km, 5 lbs., 20-mm, 3 m², 12 in., 11 st. 4 lb, 3 × 4 m: the unit in full, in the number of its number."""

    def unit_name(match: re.Match[str]) -> str:
        number, gap, unit, power, stop = match.groups()
        one, many = UNITS[unit]
        area = ""
        if power and unit.endswith("/s"):  # m/s²
            one += " squared"
            many += " squared"
        elif power and "/" in unit:  # g/cm³
            per, _, base = one.rpartition(" ")
            one = f"{per} {_AREAS[power[-1]]}{base}"
            many = f"{many.split(' per ')[0]} per {_AREAS[power[-1]]}{base}"
        elif power:
            area = _AREAS[power[-1]]
        name = one if gap == "-" or describes_noun(match) else _count(match, one, many)
        ends = stop and ends_sentence(match.string, match.end())
        if context.british:
            name = name.replace("meter", "metre").replace("liter", "litre")
        return f"{number} {area}{name}{'.' if ends else ''}"

    def inches(match: re.Match[str]) -> str:
        is_adjective = match[0].rstrip(".").endswith("-in") or describes_noun(match)
        name = "inch" if is_adjective else _count(match, "inch", "inches")
        ends = match[0].endswith(".") and ends_sentence(match.string, match.end())
        return f"{match[1]} {_AREAS.get(match[2], '')}{name}{'.' if ends else ''}"

    text = re.sub(r"(\d\.\d+)s\b", r"\1 seconds", text)  # "9.58s"
    text = _FORMATS.sub(lambda m: _FORMAT_NAMES[m[0]], text)
    text = _POWERED.sub(lambda m: f"{m[1]} {'volt' if m[2] == 'V' else 'watt'}", text)
    text = _HYPHENED_AREA.sub(_hyphened_area, text)
    text = _SQUARE.sub(lambda m: "square" if m[1] == "sq" else "cubic", text)
    text = _STONE_ONLY.sub(
        lambda m: f"{m[1]} stone" + ("." if m[0].endswith(".") and ends_sentence(m.string, m.end()) else ""), text
    )
    text = _PER.sub(lambda m: f"{m[1]} per {_PERIODS.get(m[2], m[2])}", text)
    text = _POSSESSIVE.sub(lambda m: f"{m[1]} {_LONG_PERIODS[m[2]]}'", text)
    text = _AGE.sub("-year-old", _SAME_UNIT.sub(r"\1 by ", text))
    text = _DIMENSIONS.sub(r"\1 by ", text)
    text = _BY.sub(lambda match: f"{match[1] or match[2] or ''} by ", text)
    text = _TIMES.sub(r"\1 times", text)
    text = _HOURS_MINUTES.sub(
        lambda m: f"{m[1]} {_form(m[1], 'hour', 'hours')} {m[2]} {_form(m[2], 'minute', 'minutes')}", text
    )
    text = _WRONG_ORDINAL.sub(_stone, text)
    text = _STONE.sub(lambda m: f"{m[1] or m[2]} stone" + (f" {m[3]}" if m[3] else ""), text)
    text = _AMPS.sub(lambda m: f"{m[1]} amps" if m[1] else f"{m[2]} amp", _FEET_IN.sub(_feet_and_inches, text))
    return _UNIT.sub(unit_name, _INCHES.sub(inches, text))


def _hyphened_area(match: re.Match[str]) -> str:
    """Says the unit of an area or a volume that describes a noun."""
    unit = {"in": "inch"}.get(match[2]) or UNITS[match[2]][0]
    return f" {'square' if match[1] == 'sq' else 'cubic'} {unit}"


def _stone(match: re.Match[str]) -> str:
    """ "12st" and "11st 4lb", but 21st and 1st are ordinals."""
    pounds = re.match(r"\s?(?=\d+\s?lbs?\b)", match.string[match.end() :])
    if match[1] == "11" and not pounds:
        return match[0]
    stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
    return f"{match[1]} stone{stop}"


def _feet_and_inches(match: re.Match[str]) -> str:
    """ "5 ft 10 in" with its inches, which alone would be the word "in"; "a 5 ft 10 in man" is five foot ten inch."""
    feet, unit, comma, inches = match.groups()
    if describes_noun(match):
        return f"{feet} foot {inches} inch"
    stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
    return f"{feet} {unit}{comma} {inches} inches{stop}"


def _count(match: re.Match[str], one: str, many: str) -> str:
    """The form behind the number of the first group: "1/4 tsp." is a part of one, "2 1/4 tsp." more than two."""
    part = _PART_OF_ONE.search(match.string[max(0, match.start() - 16) : match.start()])
    if part and match[1].isdecimal() and int(part[1]) < int(match[1]):  # 120/80 is no part
        return one
    return _form(match[1], one, many)


def _form(number: str, one: str, many: str) -> str:
    return one if number in ("1", *"½¼¾⅓⅔⅛⅜⅝⅞") else many
