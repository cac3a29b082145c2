"""Formulas: powers, signs between numbers, roots, lone Greek letters, chemistry. Must not know units or money."""

from __future__ import annotations

import re
import unicodedata

from tasks.normalise.rules.base import DIGIT, Context, cardinal, in_pairs, ordinal, rule, spell_letters, words
from tasks.patterns import regexp

SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUBSCRIPTS = regexp("[₀₁₂₃₄₅₆₇₈₉]+")
_POWER = regexp(
    rf"(\d+|[^\W\d_]|\))(?:\^\s?[({{]?([-−]?\d+|[a-z])[)}}]?|([⁻⁺]?[{SUPERSCRIPTS}]+|ⁿ))(?![{SUPERSCRIPTS}])"
)
_UNIT_BASE = regexp(r"(?:\d\s?|/)(?:[ckm]?m|ft|yd|in|mi|s)$")  # "3 m²" is three square meters
_STRAY = regexp(f"[⁻⁺]?[{SUPERSCRIPTS}]+")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_NAMED_POWERS = {2: "squared", 3: "cubed"}
_MINUS = regexp(
    r"(?<=[\w)])\s?[-−–]\s?(?=[\w(][\w.]*(?:\s?[-+×*/^]\s?\w+)*\s?=)|(?<==)\s?[-−–](?=\d)|(?<=\w)\s?−\s?(?=[\w(])"
)
_AFTER_EQUALS = regexp(r"(?<==)(\s?\w+)\s[-−–]\s(?=\w)")
_DIVIDED = regexp(r"(?<=[\d)])\s?/\s?(?=\d+\s*=)|(?<=\d)\s/\s(?=\d)")
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "gamma", "Δ": "delta", "Θ": "theta",
    "Λ": "lambda", "Ξ": "xi", "Π": "pi", "Σ": "sigma", "Φ": "phi", "Ψ": "psi", "Ω": "omega",
}  # fmt: skip
_OHMS = r"Ω(?<=\d.)|Ω(?<=\d[\skM].)|Ω(?<=\d\s[kM].)"  # 5 Ω, 10 kΩ
_LONE_GREEK = regexp(
    f"(?<![^\\W\\da-zA-Z_])(?!{_OHMS})(?![µμ](?:[mgslLFAVW]|mol)\\b)[{''.join(_GREEK)}](?![^\\W\\da-zA-Z_])"
)
_ELEMENTS = words(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Ti V Cr Mn Fe Co Ni Cu Zn As Br Kr Rb Sr Zr Mo Ag Cd Sn Sb I "
    "Xe Cs Ba W Pt Au Hg Pb Bi Ra Th U Pu"
)
_FORMULA = regexp(r"(?<![\w.-])(?!WW[12]\b)(?=[A-Z]\w*\d)(?:[A-Z][a-z]?\d{0,2}){2,}(?![\w-])")
_ION = regexp(rf"(?<![\w.-])((?:[A-Z][a-z]?[₀-₉\d]*)+)([²³⁴⁵]?)([⁺⁻])(?![{SUPERSCRIPTS}])")  # SO₄²⁻, Na⁺
_CHARGES = {"⁺": "plus", "⁻": "minus"}
_ELEMENT = regexp(r"([A-Z][a-z]?)(\d*)")
_ELEMENT_NAMES = {
    "H": "hydrogen", "He": "helium", "Li": "lithium", "Be": "beryllium", "B": "boron", "C": "carbon", "N": "nitrogen",
    "O": "oxygen", "F": "fluorine", "Na": "sodium", "Al": "aluminum", "P": "phosphorus", "S": "sulfur",
    "Cl": "chlorine", "K": "potassium", "Ca": "calcium", "Fe": "iron", "Co": "cobalt", "Ni": "nickel", "Kr": "krypton",
    "Rb": "rubidium", "Sr": "strontium", "Tc": "technetium", "I": "iodine", "Xe": "xenon", "Cs": "cesium", "Au": "gold",
    "Hg": "mercury", "Pb": "lead", "Po": "polonium", "Rn": "radon", "Ra": "radium", "Th": "thorium", "U": "uranium",
    "Pu": "plutonium",
}  # fmt: skip
_ISOTOPE = regexp(rf"(?<![^\s(\"“‘,;—-])([{SUPERSCRIPTS}]{{1,3}})({'|'.join(_ELEMENT_NAMES)})(?![\w])")  # ²³⁵U
# Signs of mathematics that are said before or between words; alone they are ornaments.
SIGN_NAMES = {
    "∴": "therefore", "∵": "because", "→": "to", "⟶": "to", "⇒": "implies", "⇔": "if and only if",
    "∝": "is proportional to",
    "≡": "is identical to", "≅": "is congruent to", "∈": "is in", "∉": "is not in", "∪": "union", "∩": "intersection",
    "⊂": "is a subset of", "⊆": "is a subset of", "∑": "the sum of", "∏": "the product of", "∫": "the integral of",
    "∂": "partial", "∇": "del", "∀": "for all", "∃": "there exists", "∠": "angle", "∥": "is parallel to",
    "⊥": "is perpendicular to", "∨": "or", "∧": "and", "⋅": "times",
}  # fmt: skip
_BEFORE = "∴∵∑∏∫∂∇∀∃∠"  # these need no word before them
_BETWEEN = "".join(sign for sign in SIGN_NAMES if sign not in _BEFORE)
SIGN_NAMED = regexp(rf"[{_BEFORE}](?=\s?\w)|(?<=[\w)])\s?[{_BETWEEN}](?=\s?[\w(])")
_FUNCTION = regexp(r"(?<!\w)([fghFGH])\(([a-z])\)")  # "f of x"
_WORDS = (
    (regexp(r"\+/[-−–]\s?"), "±"),
    (regexp(r"(?<=[²³])\s?[-−–]\s?(?=[\w(])"), " minus "),
    (regexp(r"(?<=[(=])(\s?)[-−](?=[a-z]\b)"), r"\1minus "),
    (regexp(r"(?<=\))\s?/\s?(?=\w)"), " divided by "),
    (regexp(r"(?<![\w/'])([b-hj-z])\s[-−–]\s(?=[b-hj-z\d]\b(?!['’]))"), r"\1 minus "),
    (regexp(r"(=\s?[A-Za-z\d]{1,2})/(?=[A-Za-z\d]{1,2}\b)"), r"\1 over "),
    (regexp(r"(?<![\w~])~(?=[$£€]?\d)"), "about "),
    (regexp(r"(?<=\d)\sx\s(?=10\s?(?:\^|[⁻⁰¹²³⁴-⁹]))"), " times "),
    (regexp(r"\bmc(?=²|\^2)"), "m c"),
    (regexp(r"\s*(?:≤|⩽|<=)\s*(?=[\w-])"), " is less than or equal to "),
    (regexp(r"\s*(?:≥|⩾|>=)\s*(?=[\w-])"), " is greater than or equal to "),
    (regexp(r"\s*(?:≠|!=)\s*"), " is not equal to "),
    (
        regexp(
            r"(^|[(,;:]\s?|\b(?:of|at|about|to|with|by|is|was|were|are|has|had|the|an?|in|or|and)\s)≈\s?(?=[$£€]?\d)"
        ),
        r"\1approximately ",
    ),
    (regexp(r"\s*≈\s*"), " is approximately "),
    (regexp(r"\s*={2,3}\s*"), " equals "),
    (regexp(r"\s*&&\s*"), " and "),
    (regexp(r"(?:(?<=\d)|(?<=\bn))!(?=\s?[=×])"), " factorial"),
    (regexp(r"√\s?"), "the square root of "),
    (regexp(r"∞"), " infinity "),
    (regexp(r"(?<=[A-Ga-g])♯|\b(?<=[A-G])#(?!\w)"), " sharp"),
    (regexp(r"(?<=[A-Ga-g])♭"), " flat"),
    (regexp(r"‰"), " per thousand"),
)


_FOR_FORMULAS = regexp(
    r"[~\^²³⁰¹⁴-⁹ⁿ₀-₉=≤≥⩽⩾≠≈√∞♯♭‰−&#Α-ωµ→⟶-⟿⇒⇔∀-⋿/(!-](?:(?<![/(!-])|(?<=\d\s/)\s\d|(?<=\+/)|(?<=\b[fghFGH]\()[a-z]\)|"
    r"(?<=!)\s?[=×]|(?<= -)\s[b-hj-z\d]\b)"
)


@rule("formulas", needs=_FOR_FORMULAS)
def formulas(text: str, context: Context) -> str:
    """x², 10^3, 5 - 3 = 2, √2, π: "x squared", "ten to the third", "five minus three equals two"."""
    for pattern, said in _WORDS:
        text = pattern.sub(said, text)
    text = SIGN_NAMED.sub(_named, _FUNCTION.sub(r"\1 of \2", text))
    text = _ISOTOPE.sub(lambda m: f"{_ELEMENT_NAMES[m[2]]} {in_pairs(int(m[1].translate(_PLAIN)))}", text)
    text = _ION.sub(_ion, text)
    text = _LONE_GREEK.sub(lambda match: _spaced(match, _GREEK[match[0]]), text)
    text = _POWER.sub(lambda match: _power(match, context), text)
    text = _DIVIDED.sub(" divided by ", _MINUS.sub(" minus ", _AFTER_EQUALS.sub(r"\1 minus ", text)))
    return _SUBSCRIPTS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _named(match: re.Match[str]) -> str:
    """The name of a sign; the arrow of a chemical equation "yields"."""
    sign = match[0].strip()
    return " yields " if sign in "→⟶" and "+" in match.string else f" {SIGN_NAMES[sign]} "


@rule("stray-powers", needs=_FOR_FORMULAS)
def stray_powers(text: str, _: Context) -> str:
    """Raised digits that no rule took are plain numbers."""
    return _STRAY.sub(lambda match: f" {match[0].translate(_PLAIN)} ", text)


def _ion(match: re.Match[str]) -> str:
    """The formula of an ion and its charge: "S O 4 2 minus"."""
    formula = unicodedata.normalize("NFKC", match[1])
    said = " ".join(f"{spell_letters(symbol.upper())} {count}".strip() for symbol, count in _ELEMENT.findall(formula))
    return _spaced(match, " ".join([said, match[2].translate(_PLAIN), _CHARGES[match[3]]]).replace("  ", " "))


def _power(match: re.Match[str], context: Context) -> str:
    if _UNIT_BASE.search(match.string[max(0, match.end(1) - 6) : match.end(1)]):
        return match[0]
    base = match[1]
    exponent = (match[2] or match[3]).translate(_PLAIN).replace("−", "-").lstrip("+")
    gap = " " if match.string[match.end() : match.end() + 1].isalnum() else ""
    if exponent.isalpha():
        return f"{base} to the {exponent}{gap}"
    number = int(exponent)
    if number in _NAMED_POWERS and (base, number) != ("10", 3):  # "ten to the third"
        return f"{base} {_NAMED_POWERS[number]}{gap}"
    if number < 0:
        return f"{base} to the minus {cardinal(-number, context.british)}{gap}"
    return f"{base} to the {ordinal(number, context.british) if number else 'zero'}{gap}"


def _spaced(match: re.Match[str], said: str) -> str:
    """Puts spaces between the words for a sign and letters or digits beside it."""
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return f"{' ' if before.isalnum() else ''}{said}{' ' if after.isalnum() else ''}"


@rule("chemistry", needs=DIGIT)
def chemistry(text: str, _: Context) -> str:
    """CO2 and C6H12O6 letter by letter, with their numbers; H2O alike."""

    def spelled(match: re.Match[str]) -> str:
        parts = _ELEMENT.findall(match[0])
        if any(symbol not in _ELEMENTS for symbol, _ in parts):
            return match[0]
        return " ".join(f"{spell_letters(symbol.upper())} {count}".strip() for symbol, count in parts)

    return _FORMULA.sub(spelled, text)
