"""How scholars and lawyers cite: equations in brackets, folios, plays, classics, law reports. Must not know pages."""

from __future__ import annotations

import re

from tasks.normalise.rules.base import NUMERALS, Context, cardinal, in_pairs, rule, spell_letters
from tasks.patterns import regexp

_LABELS = {
    "Eq": "Equation", "Eqs": "Equations", "Eqn": "Equation", "Eqns": "Equations", "Fig": "Figure", "Figs": "Figures",
    "Ex": "Example", "Exs": "Examples", "Sec": "Section", "Secs": "Sections", "Prop": "Proposition",
    "Props": "Propositions", "Thm": "Theorem", "Thms": "Theorems", "Lem": "Lemma", "Cor": "Corollary", "Art": "Article",
    "Arts": "Articles", "No": "Number", "Nos": "Numbers", "Cl": "Clause", "Para": "Paragraph", "Paras": "Paragraphs",
    "Subsec": "Subsection", "Subsecs": "Subsections", "Sched": "Schedule", "Reg": "Regulation", "Regs": "Regulations",
}  # fmt: skip
_NAMES = "|".join(sorted({*_LABELS, *(name.lower() for name in _LABELS)}, key=len, reverse=True))
_WORDS = "|".join({f"{name}s?" for name in _LABELS.values() if not name.endswith("s")})
_ITEM = r"\((?:\d{1,3}[a-z]?|[a-z])\)"
_BRACKETED = regexp(
    rf"\b(?:({_NAMES})\.\s?|((?i:{_WORDS})\s))({_ITEM}(?:(?:,\s(?:and\s)?|\s(?:and|or|to)\s|\s?[–—-]\s?){_ITEM})*)"
)
_LABEL = regexp(r"(?<![\w.])(Eqs|eqs|Eqns?|eqns?|Thms?|Figs|figs|Exs|Secs|Props|Arts)\.\s?(?=\d)")

_FOLIO = regexp(r"(?<![\w.])(?<!\d )(?:(ff|fols)|f|fol)\.\s?(?=\d+[rv]?\b)")
_SIDE = regexp(r"\b(folios?\s\d+)([rv])(?:\s?[–-]\s?(\d+)([rv]))?\b")
_SIDES = {"r": "recto", "v": "verso"}

# The ends of the names of plays: "Macbeth, 1.3.38" is act, scene and line.
_PLAYS = (
    r"Hamlet|Macbeth|Othello|Lear|Juliet|Tempest|Twelfth Night|Caesar|Coriolanus|Cymbeline|Pericles|Timon|Athens|"
    r"Andronicus|Cleopatra|Cressida|As You Like It|Venice|Much Ado|About Nothing|Labour's Lost|Measure|Ends Well|"
    r"Winter's Tale|Shrew|of Errors|Windsor|King John|Dream|of Verona|Henry [IV]+|Richard II+|[12] Henry (?:IV|VI)|"
    r"Faustus|Volpone|Tamburlaine|Edward II+|Malfi|Noble Kinsmen"
)
_PLAY = regexp(rf"\b({_PLAYS}),?\s\(?([1-5])\.(\d{{1,2}})(?:\.(\d{{1,3}})(?:\s?[–-]\s?(\d{{1,3}}))?)?\)?(?![\w%]|\.\d)")
_CLASSICS = (
    "Iliad|Odyssey|Aeneid|Metamorphoses|Georgics|Eclogues|Histories|Annals|Republic|Laws|Politics|Ethics|Poetics|"
    "Rhetoric|Physics|Metaphysics|Paradise Lost|Faerie Queene|Pharsalia|Thebaid|Argonautica|Confessions|Institutes|Odes"
)
_CLASSIC = regexp(
    rf"\b({_CLASSICS}),?\s(\d{{1,2}})\.(\d{{1,3}})(?:\.(\d{{1,3}}))?(?:\s?[–-]\s?(\d{{1,3}}))?(?![\w%]|[.,]\d)"
)

_SERIES = {"2": "Second", "3": "Third"}
_LAW: tuple[tuple[re.Pattern[str], str], ...] = (
    (regexp(r"\bS\.\s?Ct\.(?=\s\d)"), "Supreme Court"),
    (regexp(r"\bF\.\s?Supp\.(?=\s\d)"), "F Supplement"),
    (regexp(r"\bL\.\s?Ed\.(?=\s\d)"), "Lawyers' Edition"),
    (regexp(r"\bCal\.\s?App\.(?=\s\d)"), "California Appellate"),
    (regexp(r"\bU\.\s?S\.\sConst\.(?=,?\s(?:amend|art))"), "U S Constitution"),
    (regexp(r"(?<![\w.])K\.\s?(?=\d{1,3}\b(?![.,]\d))"), "K "),
    (regexp(r"\bId\.(?=\sat\s\d)"), "Idem"),
    (regexp(r"\bid\.(?=\sat\s\d|\s[§¶])"), "idem"),
    (regexp(r"\bPub\.\s?L\.\s(?:No\.\s)?(?=\d)"), "Public Law "),
)
_LATER = regexp(r"(?:((?:[A-Z]\.){1,3})|(?<=Supplement)|(?<=Appellate)|(?<=Edition))\s?([23])d(?=\s\d)")
_STATUTE = regexp(r"(?<=\bPublic Law )(\d{1,3})[-–](\d{1,3})\b")


_FOR_CITATIONS = regexp(rf"[{NUMERALS}.](?:(?<=[{NUMERALS}])|(?<=\.)\s\([a-z]\)|(?<=\bConst\.)\sa)")


@rule("citations", needs=_FOR_CITATIONS)
def citations(text: str, context: Context) -> str:
    """Eq. (5), ff. 20r-22v, Macbeth, 1.3.38, Iliad 6.146-9, 550 F.2d 12: as they are read aloud."""

    def bracketed(match: re.Match[str]) -> str:
        label = _label(match[1]) + " " if match[1] else match[2]
        return label + re.sub(r"\s?[–—-]\s?", " to ", re.sub(r"[()]", "", match[3]))

    def folio(match: re.Match[str]) -> str:
        return "folios " if match[1] else "folio "

    def side(match: re.Match[str]) -> str:
        last = f" to {match[3]} {_SIDES[match[4]]}" if match[3] else ""
        return f"{match[1]} {_SIDES[match[2]]}{last}"

    text = _LABEL.sub(lambda match: _label(match[1]) + " ", _BRACKETED.sub(bracketed, text))
    text = _SIDE.sub(side, _FOLIO.sub(folio, text))
    text = _CLASSIC.sub(_classic, _PLAY.sub(lambda match: _act_scene_line(match, context), text))
    for pattern, said in _LAW:
        text = pattern.sub(said, text)
    text = _LATER.sub(lambda match: f"{spell_letters(match[1] or '')} {_SERIES[match[2]]}", text)
    return _STATUTE.sub(lambda match: f"{cardinal(int(match[1]))}, {in_pairs(int(match[2]))}", text)


def _label(short: str) -> str:
    name = _LABELS[short.capitalize()]
    return name if short[0].isupper() else name.lower()


def _act_scene_line(match: re.Match[str], context: Context) -> str:
    play, *numbers = match.groups()
    act, scene, line, last = (cardinal(int(number), context.british) if number else "" for number in numbers)
    said = f"{play}, act {act}, scene {scene}"
    if line:
        said += f", lines {line} to {last}" if last else f", line {line}"
    return said


def _classic(match: re.Match[str]) -> str:
    """Book and line one after the other, as with verses of the Bible."""
    name, *places, last = match.groups()
    return f"{name} {', '.join(place for place in places if place)}" + (f" to {last}" if last else "")
