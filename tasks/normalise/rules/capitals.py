"""Abbreviations in capitals: DR. JEKYLL AND MR. HYDE, NO. 5, JAN. 5, SMITH & CO. Must not know small letters.

They are said in capitals too, so that a line of capitals stays one for the rules behind.
"""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import GENERAL, GIVEN, MONTHS, TITLES, either
from tasks.normalise.rules.base import Context, rule, words
from tasks.normalise.rules.references import BEFORE_NUMBER
from tasks.normalise.rules.roman import RULERS, SECTIONS
from tasks.patterns import regexp

# Words and names of their own, or read otherwise in capitals.
_NO_TITLES = words("SS SIG BR PRIN MS LK")
_NO_ABBREVIATIONS = words(
    "MAX BART INST PROX TRANS ULT JUN SOC RET CEM BATT COS LN BT RD ORIG PROB ANON MSS CORP PROP USU ESP TWP"
)
_TITLES = {title.upper(): name.upper() for title, name in {**TITLES, **GIVEN}.items() if title.isalpha()}
_TITLE_NAMES = {title: name for title, name in _TITLES.items() if title not in _NO_TITLES} | {"DR": "DOCTOR"}
_GENERAL = {short.upper(): name.upper() for short, name in GENERAL.items() if short.isalpha() and len(short) > 1}
_GENERAL_NAMES = {short: name for short, name in _GENERAL.items() if short not in _NO_ABBREVIATIONS}
_NUMBERED = {short.upper(): name.upper() for short, name in BEFORE_NUMBER.items() if short.isalpha()}
_MONTH_NAMES = {short.upper(): name.upper() for short, name in MONTHS.items()}

_AFTER_STREET = r"(?=[,;:!?]|\.?\s*$|\s(?:AND|WAS|IS|AT|IN|ON|THE|TO|OF|HAD|WITH|FROM|BY|FOR|WHERE|WHEN)\b)"
# Where all is in capitals, also without a full stop: no words of their own, as REV, FR and SEN are.
_UNSTOPPED_RANKS = words("ADM CAPT CDR CLLR CMDR COL CPL GEN INSP LIEUT LT MAJ PFC PROF PTE PVT SGT SUPT")
_RANK = regexp(rf"\b({either(_UNSTOPPED_RANKS)})\s(?!AI\b)(?=[A-Z](?:[A-Z'’-]|\.))")
_STREET = regexp(rf"(?<=[A-Z\d] )(?<!\bOF )(?<!\bTHE )(ST|DR)\b(?:\.(?!\s*$))?{_AFTER_STREET}")
_STREETS = {"ST": "STREET", "DR": "DRIVE"}
_SAINT = regexp(r"\bST\.?\s(?=[A-Z]{2})")
_TITLE = regexp(
    rf"(?<!\d )\b({either(_TITLE_NAMES)})\.\s?(?=[A-Z](?:[A-Za-z'’-]|\.))|\b(MRS?|MESSRS|DR)\s(?=[A-Z])"
    rf"|\b(MS)\.?\s(?!FOUND|OF\b|AND\b)(?=[A-Z]{{2}}|[A-Z]\b)|\b(MR|MRS|DR)\.(?=\W)"
)
# One letter may be an initial: "NO. V. S. SMITH", but "VOL. V. THE RETURN".
_NUMERAL = r"(?:#?\d|[IVXLC]{2,}\b(?!['’])|[VXLC]\b(?!['’.]\s?[A-Z])|[VX]\.(?=\s[A-Z]{2})|I\b(?=[.,;:)\]–-]|\s*$))"
_BEFORE_NUMBER = regexp(rf"(?<![\w.])({either(short for short in _NUMBERED if len(short) > 1)})\.\s?(?={_NUMERAL})")
_MONTH = regexp(rf"\b({either(_MONTH_NAMES)})\.(?=\s\d)|(?<=\d )({either(_MONTH_NAMES)})\.?(?=,?\s\d|\s*$)")
_ABBREVIATION = regexp(rf"(?<![\w.&])({either(_GENERAL_NAMES)})\.(?!\w)(?=(\s*$)?)")
# "ROE V. WADE", but "JAMES V. FORRESTAL" has an initial, "CHAPTER V. THE END" a number.
_VERSUS = regexp(r"\b([A-Z][A-Z'’&.]*[A-Z.])\sV\.\s(?=(?:THE\s)?[A-Z])")
# "SIX FT. UNDER" measures; a fort has no number before it.
_COUNT = regexp(
    r"\b(?:TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE|(?:THIR|FOUR|FIF|SIX|SEVEN|EIGH|NINE)TEEN|"
    r"(?:TWEN|THIR|FOR|FIF|SIX|SEVEN|EIGH|NINE)TY|HUNDRED|THOUSAND) $"
)
_NUMBERED_TALES = words("NIGHT DAY CASE SESSION EXERCISE CHAP VOL NO FIG PT BK HYMN SONG")
_NO_PARTIES = frozenset(
    {*_NUMBERED_TALES, *SECTIONS.upper().split("|"), *RULERS.upper().split("|"), *map(str.upper, GIVEN.values())}
)
_SMALL = regexp(r"[^\W\dA-Z_]")

_UNSTOPPED_TAILS = either({"RS", "R", "ESSRS", "S", "T", *(rank[1:] for rank in _UNSTOPPED_RANKS)})
_FOR_CAPITALS = regexp(rf"[A-Z](?<=\b[A-Z])(?:[A-Z]+\.|(?:{_UNSTOPPED_TAILS})\s[A-Z]|(?<=V)\.\s[A-Z])")


@rule("capitals", needs=_FOR_CAPITALS)
def capitals(text: str, _: Context) -> str:
    """MR. HYDE, ST. JOHN'S, NO. 5, JAN. 5 anywhere; ESQ., VS., CO. where the whole text is in capitals."""
    text = _BEFORE_NUMBER.sub(lambda match: f"{_NUMBERED[match[1]]} ", text)
    text = _MONTH.sub(lambda match: _MONTH_NAMES[match[1] or match[2]], text)
    if not _SMALL.search(text):
        text = _STREET.sub(lambda match: _STREETS[match[1]], text)
        text = _SAINT.sub("SAINT ", text)
        text = _RANK.sub(lambda match: f"{_TITLES[match[1]]} ", text)
        text = _VERSUS.sub(lambda m: m[0] if m[1] in _NO_PARTIES else f"{m[1]} VERSUS ", text)
        # The stop stays where the text ends: in capitals every word looks like a sentence's first.
        text = _ABBREVIATION.sub(lambda match: _GENERAL_NAMES[match[1]] + ("" if match[2] is None else "."), text)
    return _TITLE.sub(_title, _TITLE.sub(_title, text))  # twice: "LT. COL. HALL"


def _title(match: re.Match[str]) -> str:
    if match[4]:  # "MR.", alone
        return _TITLES.get(match[4], "DOCTOR")
    if match[1] == "FT" and _COUNT.search(match.string[: match.start()]):
        return match[0]
    return _TITLE_NAMES.get(match[1] or match[2], "MIZ") + " "
