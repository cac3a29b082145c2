"""Times of day and spans of them. Must not know dates."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import DIGIT, Context, cardinal, ends_sentence, rule, spell_digits
from tasks.patterns import regexp

_MERIDIEM = r"([ap])\.?\s?m\b\.?"
_HOUR_24 = r"([01]?\d|2[0-4])"
_MINUTE = r"([0-5]\d)"
_STAMP = r"(?:[01]?\d|2[0-4])[:.][0-5]\d"
_SPAN = regexp(
    rf"(?<![\w:.,/–-])((?:{_STAMP}|1?\d)(?:\s?[ap]\.?m\.?)?)\s?[–-]\s?(?=(?:{_STAMP}|1?\d)\s?[ap]\.?\s?m\b)"
    r"|(?<![\w:.,/–-])([012]?\d:[0-5]\d)\s?[–-]\s?(?=[012]?\d:[0-5]\d(?![\d:]))",
    re.I,
)
_SPACED_SPAN = regexp(r"(\d\s?[ap]\.?m\.?)\s?—\s?(?=(?:1?\d|[01]?\d[:.][0-5]\d)\s?[ap]\.?\s?m\b)", re.I)
_CLOCK = regexp(rf"\b{_HOUR_24}[:.]{_MINUTE}\s*{_MERIDIEM}", re.I)
_HOUR = regexp(rf"\b(1[0-2]|0?[1-9])\s*{_MERIDIEM}", re.I)
_TIME = regexp(rf"(?<![\d:.,]){_HOUR_24}:{_MINUTE}(?::([0-5]\d))?(?![\d:]|[.,]\d)(?!\s*[ap]\.?\s?m\b)")
_RATIO_BEFORE = regexp(
    r"\b(?:ratio|odds|scale|proportion|proportions|mixed|bet|score)\s+(?:of\s+|was\s+|is\s+)?$", re.I
)
_DURATION = regexp(r"(?<![\d:.,])(\d{1,2}):([0-5]\d):([0-5]\d)(?![\d:]|[.,]\d)")
_DURATION_BEFORE = regexp(
    r"\b(?:in|took|lasted|lasts|runs?|ran|race|marathon|duration|time|record|clocked|finished|total|after)\s+"
    r"(?:of\s+|was\s+|is\s+|in\s+|for\s+)?(?:an?\s+|just\s+|only\s+|about\s+)?$"
)
_HOURS_SIGN = regexp(r"(?<=\d:[0-5]\d)\s?h\b")  # 13:00h
_ZULU = regexp(r"(?<=\d:[0-5]\d)Z\b")
_STOPWATCH = regexp(r"(?<![\d:.,])(\d{1,2}):([0-5]\d):([0-5]\d)\.(\d{1,3})(?![\d:]|[.,]\d)")  # 1:02:03.4
_O_CLOCK = regexp(r"\b(1[0-2]|[1-9])(?=\s+o'\s?clock)", re.I)
_HOURS = regexp(
    rf"(?<![\d:.,$£€])([01]\d|2[0-4]){_MINUTE}\s*(?:hours|hrs\b\.?|h\b)|"
    rf"(?<![\d:.,$£€])(0\d){_MINUTE}(?=\s(?:Zulu|GMT)\b)"
)
_STOPPED_HOURS = regexp(rf"(?<![\d:.,$£€])(0\d|1[3-9]|2[0-4])\.(?={_MINUTE}\s*(?:hrs|h)\b)")  # 14.30 hrs
_CONTINENTAL = regexp(rf"(?<![\w:.,$£€])([01]?\d|2[0-4])h{_MINUTE}\b")  # 14h30
_RACE = regexp(r"(?<![\d:.,])(\d{1,2}):([0-5]\d)\.(\d{1,3})(?![\d:]|[.,]\d)")  # a mile in 3:59.4
_AT_HOURS = regexp(rf"(?<=\bat )(0\d){_MINUTE}(?![\w:.,]\w)")
# British books print a full stop between hours and minutes: "the 4.50 from Paddington".
_STOPPED = regexp(
    rf"\b(at|by|till|until|before|after|from|the|about|to) {_HOUR_24}\.([0-5]\d)"
    r"(?![\d%]|[.,]\d|\s?(?:per|[a-z]?[mg]\b|million|inch))",
    re.I,
)
_TRAIN = regexp(rf"(?<=\bthe ){_HOUR_24}\.([0-5]\d)(?=\s(?:train|express|bus|ferry|from|to|boat|mail|up|down)\b)")
_NAMED = regexp(
    r"[\"')]*\s+(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[\"')]*\s+(?:January|February|March|April|June|July|August|"
    r"September|October|November|December|Eastern|Pacific|Central|Mountain|Greenwich|GMT|E\.?S\.?T|P\.?S\.?T|BST)\b"
)


@rule("times", needs=DIGIT)
def times(text: str, context: Context) -> str:
    """3:45 p.m., 10:05, 3pm, 7:00, 6-7 p.m., 0600 hours; 4.50 in British books."""
    text = _STOPWATCH.sub(_stopwatch, _ZULU.sub(" Zulu", _HOURS_SIGN.sub(" hours", text)))
    text = _DURATION.sub(_duration, text)
    text = _SPAN.sub(lambda m: f"{m[1] or m[2]} to ", _SPACED_SPAN.sub(r"\1 to ", text))
    text = _CLOCK.sub(lambda m: _meridiem(m, f"{_hour(m[1])}{_minutes(m[2], '')}", 3), text)
    text = _HOUR.sub(lambda m: _meridiem(m, _hour(m[1]), 2), text)
    text = _O_CLOCK.sub(lambda m: _hour(m[1]), text)
    text = _STOPPED_HOURS.sub(r"\1", text)
    text = _HOURS.sub(lambda m: f"{_military(m)} hours" if m[1] else _military(m, 3), text)
    text = _RACE.sub(lambda m: f"{_hour(m[1])}{_minutes(m[2], ' flat')} point {spell_digits(m[3])}", text)
    text = _CONTINENTAL.sub(r"\1:\2", text)
    text = _AT_HOURS.sub(_military, text)
    if context.british:
        text = _STOPPED.sub(lambda m: f"{m[1]} {_hour(m[2])}{_minutes(m[3], '')}", text)
    text = _TRAIN.sub(lambda m: f"{_hour(m[1])}{_minutes(m[2], '')}", text)
    return _TIME.sub(_plain_time, text)


def _stopwatch(match: re.Match[str]) -> str:
    """1:02:03.4 is "one hour, two minutes and three point four seconds"."""
    hours, minutes, seconds = (int(group) for group in match.groups()[:3])
    parts = [f"{cardinal(hours)} hour{'' if hours == 1 else 's'}"] if hours else []
    parts += [f"{cardinal(minutes)} minute{'' if minutes == 1 else 's'}"] if minutes else []
    said = ", ".join(parts)
    return f"{said}{' and ' if said else ''}{cardinal(seconds)} point {spell_digits(match[4])} seconds"


def _duration(match: re.Match[str]) -> str:
    """ "Finished in 2:15:07" counts hours, minutes and seconds; any other 2:15:07 is a time of day."""
    if not _DURATION_BEFORE.search(match.string[max(0, match.start() - 40) : match.start()]):
        return match[0]
    numbers = [int(group) for group in match.groups()]
    parts = [
        f"{cardinal(number)} {name}{'' if number == 1 else 's'}"
        for number, name in zip(numbers, ("hour", "minute", "second"), strict=True)
        if number
    ]
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or match[0]


def _hour(digits: str) -> str:
    return cardinal(int(digits))


def _minutes(digits: str, on_the_hour: str) -> str:
    minutes = int(digits)
    if minutes == 0:
        return on_the_hour
    return f" oh {cardinal(minutes)}" if minutes < 10 else f" {cardinal(minutes)}"


def _military(match: re.Match[str], group: int = 1) -> str:
    hour = int(match[group])
    words = ("oh " if hour < 10 and hour else "") + cardinal(hour)
    return words + _minutes(match[group + 1], " hundred")


def _meridiem(match: re.Match[str], time: str, group: int) -> str:
    stopped = match[0].endswith(".")
    ends = stopped and ends_sentence(match.string, match.end()) and not _NAMED.match(match.string, match.end())
    return f"{time} {match[group].lower()} m{'.' if ends else ''}"


def _plain_time(match: re.Match[str]) -> str:
    before = match.string[: match.start()]
    if _RATIO_BEFORE.search(before):
        return match[0]
    hour = int(match[1])
    on_the_hour = " o'clock" if 1 <= hour <= 12 and match[1][0] != "0" else " hundred hours"
    if re.match(r"\s+o'clock", match.string[match.end() :]):
        on_the_hour = ""
    elif re.match(r"\s+(?:hours|hrs)\b", match.string[match.end() :]):
        on_the_hour = " hundred"
    seconds = match[3] and int(match[3])
    words = _hour(match[1]) + _minutes(match[2], on_the_hour if not seconds else "")
    if seconds:
        words += f" and {cardinal(seconds)} second{'' if seconds == 1 else 's'}"
    return words
