"""Units of one thing by another (mg/kg) and behind spelled numbers (an oz. of sense). Must not know plain amounts."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.base import Context, ends_sentence, rule, words
from tasks.normalise.rules.units import UNITS

_SIMPLE = either({*(unit for unit in UNITS if "/" not in unit), "in"})
_POWERS = {"²": "square ", "³": "cubic ", "2": "square ", "3": "cubic "}
_RATIO = re.compile(rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(\s?|-)({_SIMPLE})\.?/({_SIMPLE})([²³23]?)(?:(\.)(?!\d))?(?!\w)")
_FUEL = re.compile(r"(?<=\d\s[Ll])/100\s?km\b|(?<=\d[Ll])/100\s?km\b")
# No words of their own: "wait a sec." and "what a gal." stay as they are.
_SHORT = words("oz ozs lb lbs ft yd yds qt qts pt pts cwt tsp tsps tbsp hr hrs yr yrs mi kg km cm mm mph")
_ONE = words("a an A An per Per half one One quarter each every")
_MANY = words(
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million few several many"
)
_SPELLED = re.compile(
    rf"\b({either({*_ONE, *_MANY})})((?:\s|-)(?:sq\.?\s|cu\.?\s)?)({either(_SHORT)})\.(?=,|\s[a-z]|\s*$|\s[A-Z])"
)
_INCHES = re.compile(
    rf"(?<=\bfeet )({either(_MANY | {'one'})})\sin\.(?=\s[a-z]|,|;|\s*$)"
)  # "five ft. seven in. in height"
_POWER = re.compile(rf"(\b10 to the (?:minus )?[a-z-]+) (\w{{1,3}}/\w{{1,2}}?|{_SIMPLE})([²³23]?)\b")  # 3 × 10⁸ m/s
_FOR_SPELLED = re.compile(rf"\b10 to the |[a-zA-Z][\s.-](?:{either(_SHORT)})\.")


_FOR_RATIOS = re.compile(r"\d\s?-?[A-Za-z°µ. ]+/[\da-zA-Z]")


@rule("unit-ratios", needs=_FOR_RATIOS)
def ratios(text: str, context: Context) -> str:
    """10 mg/kg, 20 lbs/sq. in., 40 W/m²: "ten milligrams per kilogram"; those of the table of units stay for it."""

    def said(match: re.Match[str]) -> str:
        number, gap, unit, base, power, stop = match.groups()
        if f"{unit}/{base}" in UNITS:
            return match[0]
        name = UNITS[unit][0 if gap == "-" or number == "1" else 1]
        below = _POWERS.get(power, "") + UNITS.get(base, ["inch"])[0]
        if context.british:
            name, below = (word.replace("meter", "metre").replace("liter", "litre") for word in (name, below))
        return f"{number} {name} per {below}{'.' if stop and ends_sentence(match.string, match.end()) else ''}"

    return _RATIO.sub(said, _FUEL.sub(" per 100 km", text))


@rule("spelled-measures", needs=_FOR_SPELLED)
def spelled(text: str, context: Context) -> str:
    """An oz. of sense, twenty lbs. of tea, six sq. ft.: the unit in full."""

    def said(match: re.Match[str]) -> str:
        count, gap, unit = match.groups()
        one, many = UNITS[unit]
        if context.british:
            one, many = (word.replace("meter", "metre") for word in (one, many))
        gap = re.sub(r"cu\.?", "cubic", re.sub(r"sq\.?", "square", gap))
        name = one if count in _ONE or gap == "-" else many
        return f"{count}{gap}{name}{'.' if ends_sentence(match.string, match.end()) else ''}"

    def inches(match: re.Match[str]) -> str:
        stop = "." if ends_sentence(match.string, match.end()) else ""
        return f"{match[1]} {'inch' if match[1] == 'one' else 'inches'}{stop}"

    text = _POWER.sub(_power, text)
    return _INCHES.sub(inches, _SPELLED.sub(said, text))


def _power(match: re.Match[str]) -> str:
    """The unit behind a power of ten, always of many."""
    said, unit, area = match.groups()
    if unit not in UNITS:
        return match[0]
    name = UNITS[unit][1]
    return f"{said} {name} squared" if area and "/" in unit else f"{said} {_POWERS.get(area, '')}{name}"
