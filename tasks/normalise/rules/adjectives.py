"""Measures as adjectives: "a 12m rope" is a twelve meter rope, "12m of rope" twelve meters. Must not know any unit."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import words
from tasks.patterns import regexp

_BEFORE_CHARS = 48  # that are looked at before a measure
# "a", "the last" and another measure or the lower end of a range: "a 12m, 39ft passage", "the 2-3 hr drive".
_AMOUNT = r"\d[\d.,]*[½¼¾⅓⅔⅛⅜⅝⅞]?"
_AND_UNIT = _AMOUNT + r"(?:\s|-)?[A-Za-z°′″'\"/.]+"
_FIRST_MEASURE = (
    rf"(?:{_AMOUNT}\s*(?:[–-]|to|by|x|×)\s*|{_AND_UNIT}(?:(?:\s|-)[a-z]+){{0,3}}(?:,|\sor)\s|{_AND_UNIT}\s(?=\d|$))"
)
_DETERMINED = regexp(
    r"\b(?:(?:[Aa]n?|[Aa]nother|[Ee]very|[Ee]ach|[Nn]o)\s(?:[a-z]+\s)?|"
    r"(?:[Tt]he|[Tt]his|[Tt]hat|[Hh]is|[Hh]er|[Ii]ts|[Mm]y|[Oo]ur|[Yy]our|[Tt]heir)\s"
    r"(?:(?:old|new|first|great|big)\s)?)"
    rf"(?:{_FIRST_MEASURE}){{0,3}}$"
)
_NO_ADJECTIVE = regexp(r"\b(?:few|quarter|half|hundred|thousand|dozen|couple|total)\s$")
# What may follow a measure that is none of the noun behind it.
_NO_NOUN = words(
    "of to in on and or from by at for per away is was were are be been am has have had do does did will would can "
    "could shall should may might must a an the as than then so but because if when while where who which that it he "
    "she they we you i his her its their my our your this these those more less left remaining ago apart ahead behind "
    "further above below around about up down out off into onto over under through along across before after until "
    "till since with without against between toward towards each every only just not never again later earlier today "
    "tomorrow yesterday home back inside outside downstream upstream north south east west square cubic came went took "
    "made seemed felt gave got said stood lay ran"
)
_NOUN = regexp(
    r"(?:(?:,|\sor)?\s\d[^\s,]{0,12}(?:\s[a-z]{1,3}\.?)?)?[\s-]([a-z]+)\b"
)  # a second measure may stand between
_NAME = regexp(r"\s[A-Z][a-z]")
# Always singular, whatever stands before: "two 400g tins", "the 100 m dash".
_CONTAINED = regexp(
    r"\s(?:dash|hurdles|sprint|freestyle|butterfly|backstroke|breaststroke|relay|race|run|final|medley|steeplechase|"
    r"record|mark|line|gun|shell|howitzer|film|camera|lens|pistol|rifle|heater|motor|engine|battery|bulb|fuse|"
    r"processor|band|turn|slope|bend|incline|rotation|panorama|heat|winds?|gusts?|zone|limit|"
    r"(?:tin|can|pack|packet|package|jar|bag|bottle|carton|tub|sachet|sack|steak|fillet|portion|tank|jug|flask)s?)\b"
)


def describes_noun(match: re.Match[str]) -> bool:
    """Whether the measure of a match describes the noun behind it: "a 35mm camera", "the 40cm gap", "a 9mm Glock"."""
    text = match.string
    if _CONTAINED.match(text, match.end()):
        return True
    before = text[max(0, match.start() - _BEFORE_CHARS) : match.start()]
    if not _DETERMINED.search(before) or _NO_ADJECTIVE.search(before):
        return False
    noun = _NOUN.match(text, match.end())
    if noun is None:
        return not match[0].endswith(".") and _NAME.match(text, match.end()) is not None
    return noun[1] not in _NO_NOUN
