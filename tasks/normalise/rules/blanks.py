"""Names and years that an author hides: B— of —shire, Mr. —, in 18— are "blank". Must not know other dashes."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import MONTHS, either
from tasks.normalise.rules.base import Context, cardinal, rule
from tasks.patterns import regexp

_DASH = r"(?:—+|⸺|―+|-{2,})"
_LONG_DASH = r"(?:—{2,}|⸺|-{4,})"
_ENDS = r"(?=['’]s\b|[\s,.;:!?)]|$)"
# "I—" and "A—" stammer, "D— it" swears.
_INITIAL = regexp(rf"(?<![\w'’—-])([B-HJ-NP-Z]){_DASH}{_ENDS}(?!\s(?:it|him|her|you|them|me|your|his)\b)")
_BEFORE_LETTER = regexp(r"\b(?i:plan|vitamin|type|group|class|part|grade|block)\s$")
_BEFORE_CHARS = 10
_TITLED = regexp(
    rf"\b((?:Mr|Mrs|Dr|Mme|Mlle|Capt|Col|Gen|Rev|Lt|St)\.\s)([A-Z][a-z]?)?{_DASH}{_ENDS}"
    rf"|\b((?:of|de|Mr|Mrs|Miss|Lord|Lady|Sir|Count|Countess|Captain|Colonel|Doctor|Madame|Monsieur|General)\s)"
    rf"([A-Z]){_DASH}{_ENDS}"
)
# A dash of two hides a name behind these words; a single one where nothing else could stand.
_HIDDEN = regexp(
    r"\b((?:[Oo]f|[Aa]t|[Ii]n|[Tt]o|[Ff]rom|[Nn]ear|[Tt]he|called|named|Lord|Lady|Sir|Miss|Count|Captain|Colonel|"
    r"Major|General|Doctor)\s)"
    rf"(?:{_LONG_DASH}{_ENDS}|{_DASH}(?=[,.;:!?]|['’]s\b))"
)
_PART_OF_WORD = regexp(
    rf"(?<![\w-]){_DASH}(?:(?=(?:shire|ville|ton|ham|bury|ford|field|burgh|town|hall)\b)|(?:th|st|nd|rd)(?=\s[A-Za-z]))"
)

_LETTERED_SHIRE = regexp(rf"(?<![\w'’-])([A-Z]){_DASH}(?=(?:shire|ville|ton|ham|bury|burgh)\b)")  # D—shire

# Before a word the dash may be one of the sentence, "I was 18— and proud": only where years stand.
_YEAR = regexp(
    r"\b((?:[Ii]n|[Ss]ince|[Yy]ears?|(?i:spring|summer|autumn|winter|fall|season|beginning|middle|end|close) of|(?:"
    rf"{either(MONTHS.values())}),)\s)(1[0-9])(?:—|--)(?=\s[a-z])"
)

_FOR_BLANKS = regexp(r"[—⸺―-](?:(?<=[—⸺―])|(?<=--))")


@rule("blanks", needs=_FOR_BLANKS)
def blanks(text: str, _: Context) -> str:
    """B— of —shire, Lady D——'s, Mr. —, the —th regiment: "B blank of blank shire"; "in 18— and" hides a year."""
    text = _YEAR.sub(lambda match: f"{match[1]}{cardinal(int(match[2]))} blank", text)
    text = _PART_OF_WORD.sub(lambda match: "blank " if match[0][-1] in "—⸺―-" else "blank", text)
    text = _TITLED.sub(lambda match: _blank(match[1] or match[3], match[2] or match[4]), text)
    text = _LETTERED_SHIRE.sub(r"\1 blank ", text)
    return _HIDDEN.sub(r"\1blank", _INITIAL.sub(_initial, text))


def _initial(match: re.Match[str]) -> str:
    """B— is "B blank"; "Plan B— the last" has no name."""
    before = match.string[max(0, match.start() - _BEFORE_CHARS) : match.start()]
    return match[0] if _BEFORE_LETTER.search(before) else f"{match[1]} blank"


def _blank(before: str, initial: str | None) -> str:
    return f"{before}{initial} blank" if initial else f"{before}blank"
