"""Scores of games, tennis among them, records of a season, and marks out of ten. Must not know other ranges."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import Context, cardinal, number_words, rule
from tasks.patterns import regexp

_SCORE = regexp(r"(?<![\w.,/$£€–-])(\d{1,3})[–-](\d{1,3})(?![\w/%–-]|[.,]\d)")
_GAME = regexp(
    r"\b(?:won|win|wins|winning|lost|lose|losing|beat|beaten|beating|drew|draw|drawn|score|scored|lead|leading|led|"
    r"up|down|ahead|finished|ended|defeated|victory|trailing|trailed)\b[^.!?]{0,40}$"
)
_RESULT = regexp(r"\s(?:\w+\s)?(?:win|victory|defeat|loss|lead|draw|triumph|scoreline|aggregate|thrashing|hammering)\b")
_COUNTED = regexp(r"\s(?!games|sets|points|goals|runs|was|is|this|thus|as)(?:[a-z]+s|men|women|people|children|feet)\b")
_GAME_BEFORE = 60  # characters
_TENNIS = regexp(r"\b(?:tennis|Wimbledon|sets?|serv(?:e[ds]?|ing)|match point|deuce|rall(?:y|ies))\b")
_SETS = frozenset({(6, games) for games in range(5)} | {(7, 5), (7, 6)})
_POINTS = frozenset({0, 15, 30, 40})
_RECORD = regexp(
    r"(?<![\w.,/$£€–-])(\d{1,3})[–-](\d{1,2})(?:[–-](\d{1,2}))?"
    r"(?=\s(?:\w+\s)?record\b|\s(?:on|for|in) the (?:season|year)\b|\s(?:that|this|last) season\b)"
    r"|(?:(?<=\brecord of )|(?<=\brecord was )|(?<=\brecord is ))"
    r"(\d{1,3})[–-](\d{1,2})(?:[–-](\d{1,2}))?(?![\w/%–-]|[.,]\d)"
)
_MARK = regexp(
    r"(?P<before>\b(?:scor(?:e[ds]?|ing)|rat(?:e[ds]?|ing)|marks?|marked|graded?|g[ai]ves?|got|gets?|earned|awarded)"
    r"(?:\s(?:an?|at|of|was|is|only|just|it|him|her|me|them|us)){0,2}\s)?"
    r"(?<![\w/.,])(?P<top>\d{1,3}(?:\.\d)?)/(?P<bottom>5|10|20|50|100)\b(?![/,.]?\d|\s(?:of|the|in|in\.)\b)"
    r"(?P<after>\s(?:stars?\b|marks\b|points\b|for (?:effort|style|trying)\b))?"
)


_FOR_SCORES = regexp(r"\d[–/-]\d")


@rule("scores", needs=_FOR_SCORES)
def scores(text: str, context: Context) -> str:
    """Won 3-0 is "three nil" to the British and "three to nothing" else; 6-0 in tennis "six love"; scored 8/10."""

    def mark(match: re.Match[str]) -> str:
        if not (match["before"] or match["after"]) or float(match["top"]) > int(match["bottom"]):
            return match[0]
        numbers = [number_words(match[name], context.british) for name in ("top", "bottom")]
        return f"{match['before'] or ''}{' out of '.join(numbers)}{match['after'] or ''}"

    def score(match: re.Match[str]) -> str:
        numbers = int(match[1]), int(match[2])
        is_result = _RESULT.match(match.string, match.end()) is not None  # "a 3-0 loss", "a 3-0 series win"
        if not is_result and _COUNTED.match(match.string, match.end()):  # "they lost 10-15 men"
            return match[0]
        if context.british and numbers == (0, 0):
            return "nil nil"
        if is_tennis and _is_tennis_score(numbers):
            return " ".join(cardinal(number) if number else "love" for number in numbers)
        game = _GAME.search(match.string[max(0, match.start() - _GAME_BEFORE) : match.start()])
        if max(numbers) >= 100 or not (game or is_result):
            return match[0]
        if context.british and max(numbers) < 30:
            return " ".join(cardinal(number) if number else "nil" for number in numbers)
        return f"{cardinal(numbers[0])} to nothing" if numbers[0] and not numbers[1] else match[0]

    text = _MARK.sub(mark, text)
    if not context.british:
        text = _RECORD.sub(_record, text)
    found = [(int(match[1]), int(match[2])) for match in _SCORE.finditer(text)]
    by_its_sets = (
        len(found) > 1 and all(map(_is_set, found)) and (context.british or any(0 in score for score in found))
    )
    is_tennis = by_its_sets or _TENNIS.search(text) is not None
    return _SCORE.sub(score, text)


def _is_set(score: tuple[int, int]) -> bool:
    return (max(score), min(score)) in _SETS


def _is_tennis_score(score: tuple[int, int]) -> bool:
    return _is_set(score) or (_POINTS.issuperset(score) and score[0] != score[1])


def _record(match: re.Match[str]) -> str:
    """A season of ten wins and no loss is "ten and oh", with draws "ten, two and one"."""
    said = [cardinal(int(number)) if int(number) else "oh" for number in match.groups() if number]
    return f"{', '.join(said[:-1])} and {said[-1]}"
