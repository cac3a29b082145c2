"""Saints and streets, doctors and drives, compass letters. Must not know other abbreviations or regions."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import FOR_TITLES, either
from tasks.normalise.rules.base import STARTERS, Context, ends_sentence, rule, words
from tasks.patterns import regexp

# What follows is looked at, not taken: a sentence that starts, or the capital of a name.
_NEXT = rf"(\.?)(?=(?P<starter>\s+(?:(?:{STARTERS}|Mister|Missus|Miz)\b|(?:St|Dr)\.\s[A-Z]))|(?P<name>\s?-?[A-Z])|)"
_SAINT_OR_STREET = regexp(rf"(\b[A-Z][\w'’]*\s+|\b\d+(?:st|nd|rd|th)\s+)?\bSt\b(?![-’']){_NEXT}")
_DOCTOR_OR_DRIVE = regexp(rf"(\b[A-Z][\w'’]*\s+)?\bDr\b{_NEXT}")
_NO_STREET_NAME = words(
    "The In At On Of To From And But By Near Is Was Saint Dear Old Mister Missus Lady Lord Sir For With Mount Fort "
    "Yes No Oh Ask Call Then Is Are See When Good Thank Monsieur Miss I"
)
# Abbreviations that only follow a name: Park Pl., Times Sq.
_AFTER_NAME = {
    "Pl": "Place",
    "Sq": "Square",
    "Ct": "Court",
    "Terr": "Terrace",
    "Hwy": "Highway",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Isl": "Island",
    "Mtn": "Mountain",
    "Mtns": "Mountains",
    "Riv": "River",
    "Pk": "Park",
    "Plz": "Plaza",
    "Cir": "Circle",
    "Trl": "Trail",
    "Hgts": "Heights",
    "Sta": "Station",
    "Bch": "Beach",
    "Spgs": "Springs",
    "Crk": "Creek",
    "Hbr": "Harbor",
    "Vly": "Valley",
}
_PLACE = regexp(rf"(?<=[a-z\dt] )({either(_AFTER_NAME)})(?:\.|\b(?=,|\s*$))")
# Before a name and behind it: Pt. Reyes and Hunters Pt., Mts. Baker and Hood and the Rocky Mts.
_EITHER_SIDE = {"Pt": ("Point", "Point"), "Mts": ("Mounts", "Mountains")}
_EITHER = regexp(r"(\b[A-Z][\w'’]*\s)?\b(Pt|Mts)\.(?:(?=(\s[A-Z][a-z]))|(?!\w))")
_WATERS = regexp(
    r"(?<![\w.])(?<![A-Z]\. )(?:(L)|R)\.\s(?(1)(?=(?:Superior|Huron|Erie|Ontario|Michigan|Champlain|Tahoe|Tanganyika|"
    r"Nyasa|Como|Geneva|Placid|Okeechobee|Winnipeg|Winnebago|Titicaca|Ladoga|Baikal|Windermere)\b(?!\s[A-Z]))"
    r"|(?=(?:Thames|Danube|Nile|Rhine|Rhone|Ganges|Indus|Mississippi|Missouri|Ohio|Tyne|Tees|Avon|Mersey|Humber|Tigris|"
    r"Euphrates|Amazon|Congo|Niger|Zambezi|Volga|Loire|Elbe|Oder|Tiber|Potomac)\b))"
)
_PART_OF_LAND = regexp(
    r"(?<![\w.])(?<![A-Z]\. )(?:([NS])\.\s?(?=(?:Carolina|Dakota|Korea|America|Vietnam|Africa|Atlantic|Pacific)\b)|"
    r"([NS]\.\s?[EW])\.\s?(?=(?:Asia|Africa|Territor(?:y|ies)|Passage)\b)|"
    r"(W)\.\s?(?=(?:Virginia|Indies|Indian|Africa|Side|End|Coast)\b)|"
    r"(E)\.\s?(?=(?:Africa|Indies|Anglia|Side|End|Coast|Village|Germany|India)\b)|"
    r"(N)\.\s?(?=(?:Ireland|Wales|Sea|Yorkshire|Side|Pole|Shore)\b)|"
    r"(S)\.\s?(?=(?:Wales|Australia|Yorkshire|Seas?|Side|Pole|Bronx|Shore)\b))"
)
_POINTS = {"N": "north", "S": "south", "E": "east", "W": "west"}
_COMBINED = "N\\.?N\\.?[EW]|S\\.?S\\.?[EW]|E\\.?[NS]\\.?E|W\\.?[NS]\\.?W|N\\.?\\s?[EW]|S\\.?\\s?[EW]"
_BY = regexp(rf"(?<![\w.])({_COMBINED}|[NSEW])\.?\s?(?:by|b)\s?(?:([NSEW])\b\.?)(?:\s?½\s?([NSEW])\b\.?)?")
_COURSES = words(
    "wind from bearing bore steered steering course due blew blowing veered miles leagues headed sailed [Tt]he"
)
_BEFORE_POINT = "|".join(f"(?<={word} )" for word in sorted([*_COURSES, "wind was"]))
_POINT = regexp(
    rf"(?<![\w.])(?:{_BEFORE_POINT})"
    rf"({_COMBINED})(\.|\b(?!\.))(?!\w|\.\w|\s(?!(?:{STARTERS})\b)[A-Z][a-z]|\s[A-Z]\b)"
    rf"|(?<![\w.])({_COMBINED})(\.|\b)(?=\s(?:wind|winds|gale|coast|corner|side|end|breeze|monsoon|passage|trades?|"
    rf"of|bank|quarter|slope|face|wall|trade-wind|direction|part|extremity)\b)"
    r"|(?<![\w.])(?<=[Tt]he )([NSEW])(\.)(?=\s(?:wind|coast|corner|side|end|breeze|of|and|bank|slope|face|wall|part|"
    r"shore|pole|extremity|wing|door|gate)\b|\s*$|,)"
    r"|(?<![\w.])(?<=\band )([NSEW])(\.)(?=\s(?:wind|coast|corner|sides?|ends?|walls?|wings?|of)\b)"
    r"|(?<=\ddegrees )([NSEW])(\b\.?)"
)
_BEFORE_COURSE = "|".join(
    rf"(?<=\b{word} )"
    for word in ("due", "steered", "steering", "headed", "heading", "miles", "leagues", "wind was", "wind is", "wind")
)
_COORDINATES = regexp(
    r"(\d)\s?([NS])\b\.?((?:,|,? and| by| to)?\s\d+(?:\.\d+)?)\s?([EWNS])\b\.?(?![\w'])"
    r"|(\b(?:[Ll]at|[Ll]ong)itude\s\d+(?:\.\d+)?)\s?([NSEW])\b(\.?)"
)
# "The wind was N.", "they steered W.", "ten miles E. of Lisbon"
_COURSE = regexp(
    rf"(?:{_BEFORE_COURSE})([NSEW])\b(\.?)(?=[,;)]|\s*$|\s(?:of|and|by(?!\s[NSEW]\b)|to|for|at|with|all|until"
    rf"|till|the)\b)"
)
_QUARTER = regexp(
    r"(?<=[a-z\d] )(Street|Avenue|Road|Drive|Place|Square|Boulevard|St|Ave|Rd|Dr|Pl|Sq|Blvd)\b\.?,?\s"
    r"([NS])\.?\s?([EW])\b(?:\.(?!\w))?"
)
_STREET = r"(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard|Drive|Dr)\b"
_NUMBERED = r"\d+(?:st|nd|rd|th)\b"
_STREET_POINT = regexp(
    rf"(?<=\d )([NSEW]|[NS][EW])\.?(?=\s(?:[A-Z][a-z]+|{_NUMBERED})\s{_STREET})"
    rf"|(?<![\w.])(?<![A-Z]\. )([NSEW]|[NS]\.?[EW])(?:\.\s?|\s)(?={_NUMBERED})"
    rf"|(?<![\w.])(?<![A-Z]\. )([NSEW])\.\s?(?=[A-Z][a-z]+\s(?!St\.?\s[A-Z]|Dr\.?\s[A-Z]){_STREET})"
)


def _quarter(match: re.Match[str]) -> str:
    """ "Ave. N.W." is "Avenue Northwest"."""
    street = {**_AFTER_NAME, "St": "Street", "Dr": "Drive"}.get(match[1], match[1])
    stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
    return f"{street} {_point(match[2] + match[3]).capitalize()}{stop}"


@rule("saints-streets-doctors", needs=FOR_TITLES)
def saints_streets_doctors(text: str, _: Context) -> str:
    """St. Petersburg and Dr. Smith, but Baker St. and Oak Dr.

    A capitalised word before and no name after make a street; "Baker St. He left" is a street and a new sentence.
    """
    text = _SAINT_OR_STREET.sub(lambda match: _place_or_title(match, "Saint", "Street"), text)
    return _DOCTOR_OR_DRIVE.sub(lambda match: _place_or_title(match, "Doctor", "Drive"), text)


def _place_or_title(match: re.Match[str], title: str, place: str) -> str:
    """Decides by the words beside it whether "St." or "Dr." is a title or a place."""
    before = match[1] or ""
    stop = match[2]
    named = bool(before) and before.strip() not in _NO_STREET_NAME
    if match["name"] and not match["starter"]:
        return f"{before}{title}{'' if match['name'][0] in ' -' else ' '}"
    if named:
        return before + place + (stop if match["starter"] or ends_sentence(match.string, match.end()) else "")
    if not stop and not match["starter"]:
        return match[0]
    # "Dr. Who" is a name, "Ask the Dr. He knows." two sentences; text may have been cut behind a title.
    ends = ends_sentence(match.string, match.end()) and match.string[: match.start()].endswith(("the ", "a ", ", "))
    glued = match.string[match.end() : match.end() + 1].isalnum()
    return before + title + (stop if ends else "") + (" " if glued else "")


_FOR_PLACES = regexp(r"[a-z\d],? [A-Z][\w.]{0,4}(?:\.|$|,)|\b(?:L|R|Pt|Mts)\. [A-Z]")


@rule("places", needs=_FOR_PLACES)
def after_names(text: str, _: Context) -> str:
    """Park Pl., Times Sq., Pt. Reyes, the Rocky Mts., L. Superior, S. Carolina: places in full."""

    def place(match: re.Match[str]) -> str:
        return _AFTER_NAME[match[1]] + _stop(match)

    def either_side(match: re.Match[str]) -> str:
        before, short, name = match.groups()
        if before and before.strip() not in _NO_STREET_NAME:
            return before + _EITHER_SIDE[short][1] + _stop(match)
        return (before or "") + _EITHER_SIDE[short][0] if name else match[0]

    text = _WATERS.sub(lambda match: "Lake " if match[1] else "River ", text)
    return _PLACE.sub(place, _EITHER.sub(either_side, text))


def _stop(match: re.Match[str]) -> str:
    return "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""


_FOR_COMPASS = regexp(r"[NSEW](?:(?<=\b[NSEW])[NSEW]{0,2}\b|(?<=\d[NSEW])\b)")


@rule("compass", needs=_FOR_COMPASS)
def compass(text: str, _: Context) -> str:
    """N. by E., a N.W. wind, the S. side, 14 N. Main St.: north by east, a northwest wind."""

    def by(match: re.Match[str]) -> str:
        stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
        half = f" half {_POINTS[match[3]]}" if match[3] else ""
        return f"{_point(match[1])} by {_POINTS[match[2]]}{half}{stop}"

    def point(match: re.Match[str]) -> str:
        letters, stop = next((match[n], match[n + 1]) for n in range(1, 10, 2) if match[n])
        return _point(letters) + (stop if stop and ends_sentence(match.string, match.end()) else "")

    def coordinates(match: re.Match[str]) -> str:
        stop = "." if match[0].endswith(".") and ends_sentence(match.string, match.end()) else ""
        if match[5]:
            return f"{match[5]} {_POINTS[match[6]]}{stop}"
        return f"{match[1]} {_POINTS[match[2]]}{match[3]} {_POINTS[match[4]]}{stop}"

    def course(match: re.Match[str]) -> str:
        return _POINTS[match[1]] + ("." if match[2] and ends_sentence(match.string, match.end()) else "")

    text = _COURSE.sub(course, _COORDINATES.sub(coordinates, text))
    text = _QUARTER.sub(_quarter, text)
    text = _STREET_POINT.sub(_street_point, text)
    text = _PART_OF_LAND.sub(lambda m: _point(next(filter(None, m.groups()))).capitalize() + " ", text)
    return _POINT.sub(point, _BY.sub(by, text))


def _street_point(match: re.Match[str]) -> str:
    """ "E. 53rd Street" is "East", "NW 5th Ave." "Northwest"."""
    gap = " " if match[0][-1] in ". " and not match[1] else ""
    return _point(match[1] or match[2] or match[3]).capitalize() + gap


def _point(letters: str) -> str:
    """N.W. is "northwest", N.N.E. "north-northeast"."""
    first, *others = [_POINTS[letter] for letter in letters if letter in _POINTS]
    return first + ("-" if others[1:] else "") + "".join(others)
