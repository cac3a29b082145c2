"""Units of one thing by another (mg/kg) and behind spelled numbers (Three hrs). Must not know plain amounts."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.adjectives import describes_noun
from tasks.normalise.rules.base import Context, ends_sentence, rule, words
from tasks.normalise.rules.units import UNITS
from tasks.patterns import regexp

_SIMPLE = either({*(unit for unit in UNITS if "/" not in unit), "in"})
_POWERS = {"²": "square ", "³": "cubic ", "2": "square ", "3": "cubic "}
_RATIO = regexp(rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s?|-)({_SIMPLE})\.?/({_SIMPLE})([²³23]?)(?:(\.)(?!\d))?(?!\w)")
_FUEL = regexp(r"(?<=\d\s[Ll])/100\s?km\b|(?<=\d[Ll])/100\s?km\b")
# No words of their own: "wait a sec." and "what a gal." stay as they are.
_SHORT = words("oz ozs lb lbs ft yd yds qt qts pt pts cwt tsp tsps tbsp tbsps hr hrs yr yrs mi kg km cm mm mph")
# Behind a number of many alone: "wait a min." has a minute, "two min." as well, but "a mo." is no month.
_SHORT_OF_MANY = words("min mins sec secs wk wks mos ins kgs kms cms gal gals bu")
# No words, so that they need no full stop.
_UNSTOPPED = words("oz ozs lbs ft yds qts hrs yrs mins secs wks kg kgs km kms cm cms mm mph kph ml tsp tbsp")
_CAPITALS = words("HRS LBS YRS MINS SECS FT OZ YDS")
_ONE = words("a an A An per Per half one One quarter each every")
_MANY = words(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million few several many dozen "
    "more extra further odd"
)
_SPELLED = regexp(
    rf"\b(?P<count>{either({*_ONE, *_MANY})}|(?i:{either(_MANY)}))(?P<gap>(?:\s|-)(?:sq\.?\s|cu\.?\s)?)"
    rf"(?:(?P<stopped>{either(_SHORT | _CAPITALS)})\.|(?P<unstopped>{either(_UNSTOPPED | _CAPITALS)})(?![\w.'’/-]))"
    r"(?=[,;:!?)]|\s[a-z]|\s*$|\s[A-Z])"
    r"|\b(?P<one>[Oo]ne|an?)\s(?P<of_one>min|sec|wk|gal|bu)\.(?=\sof\b)"
    rf"|\b(?P<many>(?i:{either(_MANY)}))\s(?P<of_many>{either(_SHORT_OF_MANY)})\b\.?(?=[,;:!?)]|\s[a-z]|\s*$|\s[A-Z])"
)
_INCHES = regexp(
    rf"(?<=\bfeet )({either(_MANY | {'one'})})\sin\.(?=\s[a-z]|,|;|\s*$)|\b({either(_MANY | {'one'})})\sin\.(?=\sof\s)"
)  # "five ft. seven in. in height"
_POWER = regexp(rf"(\b10 to the (?:minus )?[a-z-]+) (\w{{1,3}}/\w{{1,2}}?|{_SIMPLE})([²³23]?)\b")  # 3 × 10⁸ m/s
_FOR_SPELLED = regexp(rf"10 to the |[\s-](?:{either(_SHORT | _SHORT_OF_MANY | _UNSTOPPED | _CAPITALS)})\b")


# Without a number: "speeds in km/h".
_LONE_RATIO = regexp(
    r"(?<![\w/.])(?<!\d[ -])(mg|g|kg|km|m|ft|lb|lbs|ml|cm|W|J|N|mol)/(kg|hr|h|s|l|L|m|cm|ml|min|ft)([²³])?(?![\w/])"
)
_LONE_NAMES = {**UNITS, "J": ["joule", "joules"], "N": ["newton", "newtons"]}  # which behind a number are no units
_LONE_SPEED = regexp(r"(?<![\w/.-])(?<!\d )(mph|kph|km/hr|kmh)(?![\w/.])")

_FOR_RATIOS = regexp(r"[/h](?:(?<=[a-zA-Z°µ. ]/)[\da-zA-Z]|(?<=\b[mk]ph)\b|(?<=\bkmh)\b)")


@rule("unit-ratios", needs=_FOR_RATIOS)
def ratios(text: str, context: Context) -> str:
    """10 mg/kg, 20 lbs/sq. in., 40 W/m²: "ten milligrams per kilogram"; those of the table of units stay for it."""

    def ratio(match: re.Match[str]) -> str:
        number, gap, unit, base, power, stop = match.groups()
        if f"{unit}/{base}" in UNITS:
            return match[0]
        name = UNITS[unit][0 if gap == "-" or number == "1" else 1]
        below = _POWERS.get(power, "") + UNITS.get(base, ["inch"])[0]
        if context.british:
            name, below = (word.replace("meter", "metre").replace("liter", "litre") for word in (name, below))
        return f"{number} {name} per {below}{'.' if stop and ends_sentence(match.string, match.end()) else ''}"

    def lone(match: re.Match[str]) -> str:
        many = _LONE_NAMES[match[1]][1]
        name = f"{many} per {_POWERS.get(match[3], '')}{UNITS[match[2]][0]}"
        if match[3] and match[2] == "s":
            name = f"{many} per second squared"
        return name.replace("meter", "metre").replace("liter", "litre") if context.british else name

    text = _LONE_SPEED.sub(lambda match: UNITS[match[1]][1], _LONE_RATIO.sub(lone, text))
    return _RATIO.sub(ratio, _FUEL.sub(" per 100 km", text))


@rule("spelled-measures", needs=_FOR_SPELLED)
def spelled(text: str, context: Context) -> str:
    """An oz. of sense, twenty lbs. of tea, Three hrs, six sq. ft.: the unit in full."""

    def measure(match: re.Match[str]) -> str:
        count = match["count"] or match["many"] or match["one"]
        gap = re.sub(r"cu\.?", "cubic", re.sub(r"sq\.?", "square", match["gap"] or " "))
        written = match["stopped"] or match["unstopped"] or match["of_many"] or match["of_one"]
        unit = written.lower()
        one, many = ("pint", "pints") if unit == "pts" else UNITS[unit]  # points are counted in digits
        is_one = (count in _ONE and not unit.endswith("s")) or gap == "-" or describes_noun(match)
        name = one if is_one else many
        if context.british:
            name = name.replace("meter", "metre").replace("liter", "litre")
        if written.isupper():  # in a line of capitals every word looks like a sentence's first
            return f"{count}{gap}{name.upper()}"
        stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
        return f"{count}{gap}{name}{stop}"

    def inches(match: re.Match[str]) -> str:
        stop = "." if ends_sentence(match.string, match.end()) else ""
        count = match[1] or match[2]
        return f"{count} {'inch' if count == 'one' else 'inches'}{stop}"

    text = _POWER.sub(_power, text)
    return _INCHES.sub(inches, _SPELLED.sub(measure, text))


def _power(match: re.Match[str]) -> str:
    """The unit behind a power of ten, always of many."""
    said, unit, area = match.groups()
    if unit not in UNITS:
        return match[0]
    name = UNITS[unit][1]
    return f"{said} {name} squared" if area and "/" in unit else f"{said} {_POWERS.get(area, '')}{name}"
