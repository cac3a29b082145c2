"""Says simple formulas in words: MathML without an alternative text, and LaTeX between dollars or backslashes. English.

"" stands for a formula that has no simple words: sums, integrals, matrices. Must not know blocks or how it is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lxml import etree

from tasks.ingest.html.elements import local_name

UNSPOKEN = "a formula"  # is spoken in place of one without simple words
LATEX = re.compile(
    r"\$\$(?P<display>[^$]{1,300})\$\$|\\\((?P<round>.{1,300}?)\\\)|\\\[(?P<square>.{1,300}?)\\\]"
    r"|(?<![\w$\\])\$(?=\S)(?P<inline>[^$\n]{0,100}[\\^_=][^$\n]{0,100})(?<=\S)\$(?![\w$])",
    re.S,
)
_OPERATORS = {
    "=": "equals", "+": "plus", "-": "minus", "−": "minus", "±": "plus or minus", "×": "times", "·": "times",
    "⋅": "times", "*": "times", "/": "over", "÷": "divided by", "<": "is less than", ">": "is greater than",
    "≤": "is at most", "≥": "is at least", "≠": "is not equal to", "≈": "is about", "∞": "infinity", "→": "goes to",
    "∈": "is in", ",": ",", "!": "factorial", "(": "", ")": "", "[": "", "]": "", "{": "", "}": "", "|": "",
    "\u2061": "", "\u2062": "", "\u2063": "", "\u2064": "",
}  # fmt: skip
_COMMANDS = {
    "cdot": "times", "times": "times", "pm": "plus or minus", "le": "is at most", "leq": "is at most",
    "ge": "is at least", "geq": "is at least", "ne": "is not equal to", "neq": "is not equal to",
    "approx": "is about", "infty": "infinity", "to": "goes to", "in": "is in", "left": "", "right": "", "quad": "",
    **{name: name for name in ("alpha", "beta", "gamma", "delta", "epsilon", "theta", "lambda", "mu", "pi", "rho",
                               "sigma", "tau", "phi", "omega", "Delta", "Omega", "sin", "cos", "tan", "log", "ln")},
}  # fmt: skip
_TOKEN = re.compile(r"\\(?P<command>[A-Za-z]+)|(?P<word>\d+(?:\.\d+)?|[A-Za-z])|(?P<sign>\S)")
_POWERS = {"2": "squared", "3": "cubed"}
_MAX_DEPTH = 20


class _NoWordsError(Exception):
    """A formula holds something that has no simple words."""


def spoken_mathml(element: etree._Element) -> str:
    """Returns the words for a `math` element, "" where it has no simple ones."""
    try:
        return " ".join(_mathml(element, 0).split()).replace(" ,", ",")
    except _NoWordsError:
        return ""


def _mathml(element: etree._Element, depth: int) -> str:
    """Returns the words for one element of MathML. Raises `_NoWordsError`."""
    tag = local_name(element)
    if depth > _MAX_DEPTH:
        raise _NoWordsError
    if tag in ("mi", "mn", "mtext"):
        return (element.text or "").strip()
    if tag == "mo":
        sign = (element.text or "").strip()
        if sign not in _OPERATORS:
            raise _NoWordsError
        return _OPERATORS[sign]
    children = [child for child in element if isinstance(child.tag, str)]
    if tag in ("math", "mrow", "mstyle", "mpadded", "semantics"):
        kept = children[:1] if tag == "semantics" else children
        return " ".join(_mathml(child, depth + 1) for child in kept)
    if tag == "mspace":
        return ""
    words = [_mathml(child, depth + 1) for child in children]
    if tag not in _LAYOUTS or len(words) != _LAYOUTS[tag][0]:
        raise _NoWordsError
    return _LAYOUTS[tag][1](words)


def _fraction(words: Sequence[str]) -> str:
    """Returns "1/2" for numbers, which are spoken as a fraction, else "a over b"."""
    upper, lower = words
    return f"{upper}/{lower}" if upper.isdigit() and lower.isdigit() else f"{upper} over {lower}"


def _power(words: Sequence[str]) -> str:
    """Returns "x squared", "x cubed" or "x to the power of n"."""
    base, exponent = words
    return f"{base} {_POWERS.get(exponent.strip(), f'to the power of {exponent}')}"


_LAYOUTS: dict[str, tuple[int, Callable[[Sequence[str]], str]]] = {
    "mfrac": (2, _fraction),
    "msup": (2, _power),
    "msub": (2, lambda words: f"{words[0]} sub {words[1]}"),
    "msqrt": (1, lambda words: f"the square root of {words[0]}"),
}


def spoken_latex(source: str) -> str:
    """Returns the words for a formula in LaTeX, "" where it has no simple ones."""
    tokens = list(_TOKEN.finditer(source))
    try:
        words, rest = _latex(tokens, 0, 0)
        if rest != len(tokens):
            return ""
    except (_NoWordsError, IndexError):
        return ""
    return " ".join(words.split()).replace(" ,", ",")


def _latex(tokens: Sequence[re.Match[str]], at: int, depth: int) -> tuple[str, int]:
    """Returns the words from a token on to the end or the closing brace, and the place behind them."""
    words: list[str] = []
    while at < len(tokens) and tokens[at][0] != "}":
        sign = tokens[at][0]
        if sign in ("^", "_"):
            if not words:
                raise _NoWordsError
            argument, at = _latex_argument(tokens, at + 1, depth)
            pair = [words.pop(), argument]
            words.append(_power(pair) if sign == "^" else f"{pair[0]} sub {pair[1]}")
            continue
        word, at = _latex_argument(tokens, at, depth)
        words.append(word)
    return " ".join(words), at


def _latex_argument(tokens: Sequence[re.Match[str]], at: int, depth: int) -> tuple[str, int]:
    """Returns the words of one token, or of one group in braces, and the place behind it."""
    token = tokens[at]
    if depth > _MAX_DEPTH:
        raise _NoWordsError
    if token[0] == "{":
        words, at = _latex(tokens, at + 1, depth + 1)
        if tokens[at][0] != "}":
            raise _NoWordsError
        return words, at + 1
    if token["command"] in ("frac", "tfrac", "dfrac"):
        upper, at = _latex_argument(tokens, at + 1, depth + 1)
        lower, at = _latex_argument(tokens, at, depth + 1)
        return _fraction([upper, lower]), at
    if token["command"] == "sqrt":
        inner, at = _latex_argument(tokens, at + 1, depth + 1)
        return f"the square root of {inner}", at
    known = _COMMANDS if token["command"] else _OPERATORS
    name = token["command"] or token["sign"]
    if token["word"]:
        return token["word"], at + 1
    if name not in known:
        raise _NoWordsError
    return known[name], at + 1


def is_formula_text(text: str) -> bool:
    """Tells whether the alternative text of a picture is a short formula, "x = y + 1"."""
    return len(text) <= 60 and _ALT_FORMULA.fullmatch(text) is not None and re.search(r"[=<>^≤≥]", text) is not None


_ALT_FORMULA = re.compile(r"(?:[A-Za-z]{1,3}\b|[\d\s+\-−=×*/^().,<>≤≥±]|[α-ωΑ-Ω])+")
