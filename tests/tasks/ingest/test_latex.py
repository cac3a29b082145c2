"""Formulas in LaTeX: which stretches of a text are some, and what each sign and command is called."""

from __future__ import annotations

import pytest

from storage.records import MarkupKind
from tasks.ingest.latex import LATEX, OPERATORS, respell, spoken_latex

SIGNS = {
    "equals": "=", "plus": "+", "minus": "-−", "plus or minus": "±", "times": "×·⋅*", "over": "/", "divided by": "÷",
    "is less than": "<", "is greater than": ">", "is at most": "≤", "is at least": "≥", "is not equal to": "≠",
    "is about": "≈", "infinity": "∞", "goes to": "→", "is in": "∈", "factorial": "!",
    "": "()[]|\u2061\u2062\u2063\u2064",
}  # fmt: skip
COMMANDS = {
    "times": "cdot times", "plus or minus": "pm", "is at most": "le leq", "is at least": "ge geq",
    "is not equal to": "ne neq", "is about": "approx", "infinity": "infty", "goes to": "to", "is in": "in",
    "": "left right quad",
}  # fmt: skip
NAMES = "alpha beta gamma delta epsilon theta lambda mu pi rho sigma tau phi omega Delta Omega sin cos tan log ln"


@pytest.mark.parametrize(("words", "signs"), SIGNS.items())
def test_every_sign_has_its_words(words, signs):
    for sign in signs:
        assert spoken_latex(f"x {sign} y") == " ".join(f"x {words} y".split())
        assert OPERATORS[sign] == words


@pytest.mark.parametrize(("words", "names"), COMMANDS.items())
def test_every_command_has_its_words(words, names):
    for name in names.split():
        assert spoken_latex(f"x \\{name} y") == " ".join(f"x {words} y".split())


def test_letters_and_functions_are_called_by_their_names():
    assert {spoken_latex(f"\\{name} x") for name in NAMES.split()} == {f"{name} x" for name in NAMES.split()}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x^2", "x squared"), ("x^3", "x cubed"), ("x^4", "x to the power of 4"),
        ("x^{n+1}", "x to the power of n plus 1"),
        ("x_1", "x sub 1"), ("x_{ij}^2", "x sub i j squared"), ("f(x, y)", "f x, y"), ("3.5x", "3.5 x"),
        (r"\frac{1}{2}", "1/2"), (r"\tfrac{a}{2}", "a over 2"), (r"\dfrac{1}{b}", "1 over b"),
        (r"\sqrt x", "the square root of x"),
        (r"\sqrt{\frac{1}{2}}", "the square root of 1/2"), ("{x}", "x"),
        ("{" * 20 + "x" + "}" * 20, "x"), ("{" * 21 + "x" + "}" * 21, ""),
        (r"\sum x", ""), ("x ~ y", ""), ("x}", ""), ("{x", ""), (r"\frac{1}", ""), ("x^", ""), ("_x", ""),
        (r"\sqrt", ""), ("", ""),
    ],
)  # fmt: skip
def test_what_is_simple_has_words_and_what_is_not_has_none(source, words):
    assert spoken_latex(source) == words


@pytest.mark.parametrize(
    "formula",
    ["$$x$$", r"\(x\)", r"\[x\]", "$x$", "$x^2$", "$5_1$", r"$\pi$", "$(a + b)$", "$a<b$", "$x = 1$", "$abc$"],
)
def test_what_is_a_formula(formula):
    assert LATEX.fullmatch(formula)
    assert LATEX.search(f"so {formula}, and")[0] == formula


@pytest.mark.parametrize(
    "text",
    ["costs $5 and $6", "$ x $", "x$y$z", r"\$x$", "$$", "$$$", "$5 + $6", "a $x$5", "$ab cd$", "$x\n= y$", "$x =\n$"],
)
def test_what_is_none(text):
    assert LATEX.search(text) is None


@pytest.mark.parametrize(
    ("formula", "length"),
    [("$${}$$", 300), (r"\({}\)", 300), (r"\[{}\]", 300), ("$x={}$", 100), ("$a<{}$", 60), ("$a{}$", 30)],
)
def test_a_formula_has_an_end(formula, length):
    assert LATEX.fullmatch(formula.format("b" * length))
    found = LATEX.search(formula.format("b" * (length + 1)))
    assert found is None


def test_formulas_of_a_text_get_their_words_and_those_without_are_taken_out():
    text, markup, taken = respell("Then $a = b$, $$\\int\n x$$ and \\(c\\).")
    assert text == "Then $a = b$, a formula and \\(c\\)."
    assert [(text[note.start : note.end], note.kind, note.value) for note in markup] == [
        ("$a = b$", MarkupKind.RESPELL, "a equals b"),
        ("\\(c\\)", MarkupKind.RESPELL, "c"),
    ]
    assert taken == ("$$\\int x$$",)
    assert respell("plain") == ("plain", (), ())
