"""How lawyers cite: s. 3(1)(a), [1911] 2 KB 45, (2d Cir. 1993), Fed. R. Civ. P. 56. Must not know how scholars do."""

from __future__ import annotations

import re

from tasks.normalise.rules.abbreviations import either
from tasks.normalise.rules.base import NUMERALS, Context, cardinal, in_pairs, ordinal, rule
from tasks.normalise.rules.roman import value
from tasks.patterns import regexp

# "12(b)(iii)", but "401(k)" is a pension plan and "5(m)" no place in a law.
_PART = r"\((?:\d{1,3}[A-Za-z]?|[a-zA-Z]{1,2}|[ivx]{1,5})\)"
_PLACE = regexp(rf"(?<![\w.$£€])(?!(?:401|403|457)\([kb]\))(\d+(?:\.\d+)*[A-Za-z]{{0,2}})((?:{_PART})+)(?!\w)")
_PLACE_PART = regexp(r"\((\w+)\)")
_SECTION = regexp(r"(?<![\w.'’])(?<!\d )(?:(s)|ss)(?:\.\s?(?=\d)|\s(?=\d+[A-Z]?(?:\(\d|\sof\s(?:the|this)\s[A-Z\d])))")
_RULES = regexp(r"(?<![\w.'’])(?:(r)|rr)\.\s(?=\d{1,2}(?:\(\w|\.\d|\s?[-–]\s?\d{1,2}\b))")
_CHAPTER_OF_ACTS = regexp(r"(?<=\()(?:(c)|cc)\.\s?(?=\d{1,3}\))")
_CODE_SECTION = regexp(r"(§\s?)(\d{3,4})\.(\d{3,4})(?![.,]?\d)")  # 29 C.F.R. § 1910.1200
_REPORTS = {
    "KB": "K B", "QB": "Q B", "AC": "A C", "Ch": "Chancery", "WLR": "W L R", "All ER": "All E R", "Fam": "Family",
    "Lloyd's Rep": "Lloyd's Reports", "Cr App R": "Criminal Appeal Reports", "EWCA Civ": "E W C A Civil",
    "EWCA Crim": "E W C A Criminal", "EWHC": "E W H C", "UKSC": "U K S C", "UKHL": "U K H L", "UKPC": "U K P C",
    "App. Cas.": "Appeal Cases", "App Cas": "Appeal Cases",
}  # fmt: skip
_REPORT = regexp(
    rf"(?:(?<=[\])]\s)|(?<=[\])]\s\d\s))({either(_REPORTS)})\s(?=\d)"
    r"|(?<=\d\s)(KB|QB|AC|WLR|All ER|App\. Cas\.|App Cas)\s(?=\d)"
)
_CIRCUIT = regexp(r"\b(?:(\d{1,2})(?:st|nd|rd|th|d)|D\.\s?C\.)\sCir\.")
_PROCEDURES = {"Civ": "Civil", "Crim": "Criminal", "App": "Appellate", "Bankr": "Bankruptcy"}
_FEDERAL_RULE = regexp(r"\bFed\.\s?R\.\s?(?:(Civ|Crim|App|Bankr)\.\s?P\.|Evid\.)")
_PARAGRAPHS = regexp(r"\[(\d{1,4})\]\s?[–—-]\s?\[(\d{1,4})\]")
_PARAGRAPH = regexp(r"(\b(?:at|paras?\.|paragraphs?)\s)\[(\d{1,4})\]")
_NUMBER = regexp(r"(?<=\()No\.?\s(?=\d+\))")  # R v Hall (No 2)
_LETTERED_RULE = regexp(r"(?<=\bRule )(\d+)([a-z])-(\d+)\b")  # Rule 10b-5
_AFTER_BRACKET = regexp(r"(?<=\))\sv\.?\s(?=[A-Z])")  # R (Hall) v Roe
# "15 & 16 Geo. 5, c. 20": acts by the year of a reign.
_REIGNS = {
    "Geo": "George", "Vict": "Victoria", "Edw": "Edward", "Will": "William", "Hen": "Henry", "Eliz": "Elizabeth",
    "Car": "Charles", "Jac": "James",
}  # fmt: skip
_REIGN = regexp(rf"\b({either(_REIGNS)})\.\s(?:(\d)|([IVX]+)),\scc?\.\s?(?=\d)|\b(Vict)\.,?\scc?\.\s?(?=\d)")
_SHORT = {"Amend": "Amendment", "Amends": "Amendments", "Dkt": "Docket", "slip op": "slip opinion"}
_SHORTENED = regexp(rf"\b({either(_SHORT)})\.(?=\s[\dIVX]|,|\)|\sat\s)")
_OTHERS = regexp(r"\bet al\.,?\sv\.?\s(?=[A-Z])")
_CROWN = regexp(r"\bRe([gx])\.?\sv\.?\s(?=[A-Z])")
_EX_PARTE = regexp(r"\b([Ee])x p\.(?=\s[A-Z])")
_CLAUSE = regexp(
    r"^(\d{1,2}(?:\.\d{1,2}){1,3})\s+(?=[A-Z][a-z]+\s|[\"“])(?!(?:Million|Billion|Trillion|Percent|Miles)\b)"
)

_FOR_LAW = regexp(
    rf"[{NUMERALS}.)Agx](?:(?<=\bRe[gx])\.?\sv|(?<=[{NUMERALS}])|(?<=\bFed\.)|(?<=\bCir\.)|(?<=\bal\.)"
    rf"|(?<=\bp\.)|(?<=\bop\.)"
    r"|(?<=\))\sv\.?\s|(?<=\bA)mend)"
)


@rule("law", needs=_FOR_LAW)
def law(text: str, context: Context) -> str:
    """S. 3(1)(a), ss. 4-6, [1911] 2 KB 45, (2d Cir. 1993), Fed. R. Civ. P. 56, at [32], R v Hall (No 2)."""
    text = _CROWN.sub(lambda match: "Regina versus " if match[1] == "g" else "Rex versus ", text)
    text = _PARAGRAPH.sub(r"\1\2", _PARAGRAPHS.sub(r"\1 to \2", text))
    text = _REPORT.sub(lambda match: f"{_REPORTS[match[1] or match[2]]} ", text)
    text = _FEDERAL_RULE.sub(_federal_rule, text)
    text = _CIRCUIT.sub(lambda match: f"{ordinal(int(match[1])).title() if match[1] else 'D C'} Circuit", text)
    text = _SECTION.sub(lambda match: "section " if match[1] else "sections ", text)
    text = _RULES.sub(lambda match: "rule " if match[1] else "rules ", text)
    text = _CHAPTER_OF_ACTS.sub(lambda match: "chapter " if match[1] else "chapters ", text)
    text = _PLACE.sub(lambda match: match[1] + _place(match[2], context), text)
    text = _CODE_SECTION.sub(lambda match: f"{match[1]}{in_pairs(int(match[2]))} point {in_pairs(int(match[3]))}", text)
    text = _LETTERED_RULE.sub(r"\1 \2 \3", _REIGN.sub(_reign, text))
    text = _SHORTENED.sub(lambda match: _SHORT[match[1]], text)
    text = _OTHERS.sub("and others versus ", _AFTER_BRACKET.sub(" versus ", _NUMBER.sub("Number ", text)))
    return _CLAUSE.sub(r"\1, ", _EX_PARTE.sub(r"\1x parte", text))


def _reign(match: re.Match[str]) -> str:
    """Geo. 5, c. 20 is "George the Fifth, chapter 20"."""
    if match[4]:
        return "Victoria, chapter "
    number = int(match[2]) if match[2] else value(match[3])
    return f"{_REIGNS[match[1]]} the {ordinal(number).title()}, chapter " if number else match[0]


def _federal_rule(match: re.Match[str]) -> str:
    return f"Federal Rule of {_PROCEDURES[match[1]]} Procedure" if match[1] else "Federal Rule of Evidence"


def _place(parts: str, context: Context) -> str:
    """(b)(iii) is "b three": after a letter, i, v and x are numerals too."""
    said = ""
    is_after_letter = False
    for part in _PLACE_PART.findall(parts):
        number = value(part.upper()) if part.islower() and (len(part) > 1 or is_after_letter) else None
        said += f" {part if number is None else cardinal(number, context.british)}"
        is_after_letter = part.isalpha() and number is None
    return said
