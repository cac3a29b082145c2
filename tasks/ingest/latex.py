"""Says simple formulas in LaTeX in words: those between dollars, or behind backslashes. English.

"" stands for a formula that has no simple words: sums, integrals, matrices. Must not know formats or blocks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.records import Markup, MarkupKind

UNSPOKEN = "a formula"  # is spoken in place of one without simple words
# Between single dollars, a sign of mathematics or a letter in front tells a formula from "costs $5 and $6".
LATEX = re.compile(
    r"\$\$(?P<display>[^$]{1,300})\$\$|\\\((?P<round>.{1,300}?)\\\)|\\\[(?P<square>.{1,300}?)\\\]"
    r"|(?<![\w$\\])\$(?=\S)(?P<inline>[^$\n]{0,100}[\\^_=][^$\n]{0,100}"
    r"|[A-Za-z(][^$\n]{0,60}[+<>][^$\n]{0,60}|[A-Za-z][^\s$]{0,30})(?<=\S)\$(?![\w$])",
    re.S,
)
OPERATORS = {
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
MAX_DEPTH = 20


class NoWordsError(Exception):
    """A formula holds something that has no simple words."""


def respell(text: str) -> tuple[str, tuple[Markup, ...], tuple[str, ...]]:
    """Finds the formulas of a text: simple ones get markup with their words, others are taken out.

    Returns the text with `UNSPOKEN` in place of those taken out, the markup, and what was taken out.
    """
    parts: list[str] = []
    markup: list[Markup] = []
    taken: list[str] = []
    at = 0
    length = 0
    for formula in LATEX.finditer(text):
        words = spoken_latex(str(formula[formula.lastgroup or 0]))
        before = text[at : formula.start()]
        shown = formula[0] if words else UNSPOKEN
        parts += [before, shown]
        length += len(before) + len(shown)
        if words:
            markup.append(Markup(length - len(shown), length, MarkupKind.RESPELL, words))
        else:
            taken.append(" ".join(formula[0].split()))
        at = formula.end()
    return "".join([*parts, text[at:]]), tuple(markup), tuple(taken)


def spoken_latex(source: str) -> str:
    """Returns the words for a formula in LaTeX, "" where it has no simple ones."""
    tokens = list(_TOKEN.finditer(source))
    try:
        words, rest = _latex(tokens, 0, 0)
        if rest != len(tokens):
            return ""
    except (NoWordsError, IndexError):
        return ""
    return " ".join(words.split()).replace(" ,", ",")


def _latex(tokens: Sequence[re.Match[str]], at: int, depth: int) -> tuple[str, int]:
    """Returns the words from a token on to the end or the closing brace, and the place behind them."""
    words: list[str] = []
    while at < len(tokens) and tokens[at][0] != "}":
        sign = tokens[at][0]
        if sign in ("^", "_"):
            if not words:
                raise NoWordsError
            argument, at = _latex_argument(tokens, at + 1, depth)
            pair = [words.pop(), argument]
            words.append(power(pair) if sign == "^" else f"{pair[0]} sub {pair[1]}")
            continue
        word, at = _latex_argument(tokens, at, depth)
        words.append(word)
    return " ".join(words), at


def _latex_argument(tokens: Sequence[re.Match[str]], at: int, depth: int) -> tuple[str, int]:
    """Returns the words of one token, or of one group in braces, and the place behind it."""
    token = tokens[at]
    if depth > MAX_DEPTH:
        raise NoWordsError
    if token[0] == "{":
        words, at = _latex(tokens, at + 1, depth + 1)
        if tokens[at][0] != "}":
            raise NoWordsError
        return words, at + 1
    if token["command"] in ("frac", "tfrac", "dfrac"):
        upper, at = _latex_argument(tokens, at + 1, depth + 1)
        lower, at = _latex_argument(tokens, at, depth + 1)
        return fraction([upper, lower]), at
    if token["command"] == "sqrt":
        inner, at = _latex_argument(tokens, at + 1, depth + 1)
        return f"the square root of {inner}", at
    known = _COMMANDS if token["command"] else OPERATORS
    name = token["command"] or token["sign"]
    if token["word"]:
        return token["word"], at + 1
    if name not in known:
        raise NoWordsError
    return known[name], at + 1


def fraction(words: Sequence[str]) -> str:
    """Returns "1/2" for numbers, which are spoken as a fraction, else "a over b"."""
    upper, lower = words
    return f"{upper}/{lower}" if upper.isdigit() and lower.isdigit() else f"{upper} over {lower}"


def power(words: Sequence[str]) -> str:
    """Returns "x squared", "x cubed" or "x to the power of n"."""
    base, exponent = words
    return f"{base} {_POWERS.get(exponent.strip(), f'to the power of {exponent}')}"
