"""Simple formulas are spoken in words where they stand, others are named; dollars that are money stay money."""

from __future__ import annotations

import pytest
from lxml import etree

from storage.records import Block, MarkupKind
from tasks.ingest.html.formulas import formula_in_dollars, is_formula_picture, spoken_mathml
from tasks.ingest.latex import LATEX, spoken_latex
from tests.tasks.ingest.html.test_walker import blocks, events, skips

MATH = "<math xmlns='http://www.w3.org/1998/Math/MathML'>{}</math>"
SUM = "<munderover><mo>∑</mo><mn>0</mn><mi>n</mi></munderover><mi>x</mi>"


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("<mrow><mi>a</mi><mo>=</mo><mfrac><mn>1</mn><mn>2</mn></mfrac></mrow>", "a equals 1/2"),
        ("<msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><mi>y</mi>", "x squared plus y"),
        ("<msup><mi>y</mi><mi>n</mi></msup>", "y to the power of n"),
        ("<msqrt><mi>x</mi></msqrt><mo>=</mo><msub><mi>y</mi><mi>i</mi></msub>", "the square root of x equals y sub i"),
        ("<semantics><mi>x</mi><annotation>x</annotation></semantics>", "x"),
        (SUM, "a formula"),
        ("<mi>x</mi>" + "<mrow>" * 40 + "<mi>y</mi>" + "</mrow>" * 40, "a formula"),
    ],
)  # fmt: skip
def test_mathml_is_spoken_in_its_sentence(formula, words):
    body = f"<p>Then {MATH.format(formula)}, and so it holds.</p>"
    assert blocks(body) == [("paragraph", f"Then {words}, and so it holds.")]
    assert [rule for rule, _ in skips(body)] == ["mathml"]


def test_an_alternative_text_comes_first():
    assert blocks("<p>so<math alttext='x squared'><mi>x</mi></math>is</p>") == [("paragraph", "so x squared is")]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a^2 + b^2 = c^2", "a squared plus b squared equals c squared"),
        ("E=mc^2", "E equals m c squared"),
        (r"\frac{a+b}{2}", "a plus b over 2"),
        (r"\frac12", ""),
        (r"x_i \le \sqrt{2}", "x sub i is at most the square root of 2"),
        (r"e^{i\pi}", "e to the power of i pi"),
        (r"\int_0^1 x dx", ""),
        ("}", ""),
        ("{", ""),
        ("^2", ""),
        ("{" * 50 + "x" + "}" * 50, ""),
    ],
)
def test_latex_has_words_where_it_is_simple(source, words):
    assert spoken_latex(source) == (words or "")


def test_latex_is_respelled_or_named():
    body = r"<p>TeX: \(a^2 = b\) and $$\int_0^1 x dx$$ and $E=mc^2$ here, for $5 and $6.</p>"
    (block,) = [event for event in events(body) if isinstance(event, Block)]
    assert block.text == r"TeX: \(a^2 = b\) and a formula and $E=mc^2$ here, for $5 and $6."
    assert [(note.kind, note.value) for note in block.markup] == [
        (MarkupKind.RESPELL, "a squared equals b"),
        (MarkupKind.RESPELL, "E equals m c squared"),
    ]
    assert skips(body) == [("mathml", r"$$\int_0^1 x dx$$")]


@pytest.mark.parametrize("text", ["costs $5 and $6", "a $100 bill = $100", "$HOME and $PATH", "US$5_000 and US$6"])
def test_money_is_no_formula(text):
    assert LATEX.search(text) is None


def test_the_picture_of_an_equation_is_spoken_and_of_a_cat_is_not():
    assert blocks("<p><img src='e.png' alt='x = y + 1'/> is the rule.</p>") == [("paragraph", "x = y + 1 is the rule.")]
    assert skips("<p><img src='c.png' alt='Map = the isle'/> is here.</p>") == [("image-alt", "Map = the isle")]


@pytest.mark.parametrize("alt", ["\\frac{a}{b}", "$\\frac{a}{b}$"])
def test_a_picture_described_in_latex_is_a_formula(alt):
    (block,) = [
        event for event in events(f"<p>Let <img alt='{alt}' src='e.png'/> be large.</p>") if isinstance(event, Block)
    ]
    assert block.text == "Let $\\frac{a}{b}$ be large."
    assert [note.value for note in block.markup if note.kind == MarkupKind.RESPELL] == ["a over b"]


def test_a_picture_of_words_is_a_formula_inside_a_sentence_alone():
    assert (
        blocks("<p>He wrote <img alt='c squared' src='e.png'/> beneath it.</p>")[0][1]
        == "He wrote c squared beneath it."
    )
    assert skips("<p>He wrote. <img alt='The count squared up' src='e.png'/> Then he left.</p>")[0][0] == "image-alt"


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("<mi> x </mi><mn>2</mn><mtext>so</mtext>", "x 2 so"), ("<mi/>", ""), ("<mo>!</mo>", "factorial"),
        *((f"<{tag}><mi>x</mi><mo>-</mo><mi>y</mi></{tag}>", "x minus y") for tag in ("mrow", "mstyle", "mpadded")),
        ("<mi>x</mi><mspace/><mi>y</mi>", "x y"), ("<!-- x --><mi>x</mi><?pi x?>", "x"),
        ("<semantics><mi>x</mi><mi>y</mi></semantics>", "x"), ("<msup><mi>x</mi><mn>3</mn></msup>", "x cubed"),
        ("<mfrac><mi>a</mi><mn>2</mn></mfrac>", "a over 2"), ("<mfrac><mi>a</mi></mfrac>", ""),
        ("<msup><mi>x</mi></msup>", ""), ("<msub><mi>x</mi></msub>", ""), ("<msqrt><mi>x</mi><mi>y</mi></msqrt>", ""),
        ("<mtable/>", ""), ("<mo>∫</mo>", ""), ("<mi>f</mi><mo>,</mo><mi>g</mi>", "f, g"),
        ("<mrow>" * 19 + "<mi>x</mi>" + "</mrow>" * 19, "x"), ("<mrow>" * 20 + "<mi>x</mi>" + "</mrow>" * 20, ""),
    ],
)  # fmt: skip
def test_every_element_of_a_simple_formula(formula, words):
    assert spoken_mathml(etree.fromstring(f"<math>{formula}</math>")) == words


@pytest.mark.parametrize(
    ("alt", "written"),
    [
        (r"\\alpha", r"$\\alpha$"),
        ("x^{2}", "$x^{2}$"),
        ("x_{2}", "$x_{2}$"),
        ("$x$", "$x$"),
        ("x", "x"),
        ("$5 and $6", "$5 and $6"),
    ],
)
def test_a_description_in_latex_stands_between_dollars(alt, written):
    assert formula_in_dollars(alt) == written


@pytest.mark.parametrize(
    ("before", "alt", "behind", "attributes", "is_one"),
    [
        ("", "x = y", "", "", True),
        ("", "a &lt; b", "", "", True),
        ("", "a &gt; b", "", "", True),
        ("", "a^2", "", "", True),
        ("", "a ≤ b", "", "", True),
        ("", "a ≥ b", "", "", True),
        ("", "a + b", "", "", False),
        ("", "β = 1", "", "", True),
        ("", "Abcd = x", "", "", False),
        ("", "x = " + "1" * 56, "", "", True),
        ("", "x = " + "1" * 57, "", "", False),
        ("", r"\\frac x", "", "", True),
        *(("", "x", "", f'class="{name}"', True) for name in ("equation", "formula", "a-math", "tex", "latex")),
        ("", "x", "", 'class="mathematics"', False),
        *(
            ("a ", f"b {words} c", " d", "", True)
            for words in (
                "squared",
                "cubed",
                "plus",
                "minus",
                "times",
                "divided by",
                "equals",
                "over",
                "square root",
                "to the fourth power",
                "sub",
            )
        ),
        ("a ", "b squared", ", d", "", True),
        ("a. ", "b squared", " d", "", False),
        ("a ", "b squared", " D", "", False),
        ("a ", "b squared", ". d", "", False),
        ("a ", "b", " d", "", False),
        ("a ", "x" * 52 + " squared", " d", "", True),
        ("a ", "x" * 53 + " squared", " d", "", False),
    ],
)
def test_the_picture_of_a_formula(before, alt, behind, attributes, is_one):
    for inner in ("{}", "x<b/>{}"):
        element = etree.fromstring(f'<p>{inner.format(before)}<img alt="{alt}" {attributes}/>{behind}</p>').find("img")
        assert is_formula_picture(element, element.get("alt")) is is_one
