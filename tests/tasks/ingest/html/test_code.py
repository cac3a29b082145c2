"""Listings are announced, skipped or read by `ingest.code`; inline code is spoken in words; verse stays verse."""

from __future__ import annotations

import docx
import pytest
from lxml import etree

from storage.records import Block, MarkupKind
from tasks.ingest.book import read_book
from tasks.ingest.html.code import is_listing, listing_announcement, spoken_code
from tests.tasks.ingest.html.test_walker import blocks, events, skips

LISTING = "def f(xs):\n    # add them\n    total = 0\n    return total\n"
LISTINGS = {
    "code inside": f"<pre><code>{LISTING}</code></pre>",
    "class": f"<pre class='programlisting'>{LISTING}</pre>",
    "look": f"<pre>{LISTING}</pre>",
    "console": "<pre>$ python3 add.py --n 10\n55\n$ ls\nadd.py</pre>",
}


@pytest.mark.parametrize("kind", LISTINGS)
def test_a_listing_is_announced(kind):
    body = f"<p>Run it:</p>{LISTINGS[kind]}<p>Done.</p>"
    assert blocks(body) == [
        ("paragraph", "Run it:"),
        ("paragraph", "A listing of 4 lines is left out here."),
        ("paragraph", "Done."),
    ]
    assert [rule for rule, _ in skips(body)] == ["code"]


def test_a_listing_is_skipped_or_read_by_policy():
    body = f"<p>Run it:</p>{LISTINGS['look']}"
    assert blocks(body, code="skip") == [("paragraph", "Run it:")]
    for options in ({"code": "read"}, {"also_read": ("code",)}):
        assert blocks(body, **options)[1][1].startswith("def f(xs):\n# add them")
        assert skips(body, **options) == []


@pytest.mark.parametrize(
    "body",
    [
        "<pre>Dear Tom,\n\nI came home at noon.\n\nYours, Ann</pre>",
        "<pre class='poem'>O the wind and the rain,\nAnd the lamp in the lane.</pre>",
    ],
)
def test_lines_that_are_no_program_are_read(body):
    assert skips(body) == []


def test_preformatted_verse_is_verse():
    body = "<pre class='poem'>O the wind and the rain,\nAnd the lamp in the lane.</pre>"
    assert blocks(body) == [("verse", "O the wind and the rain,\nAnd the lamp in the lane.")]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("<article>", "article"),
        ("</p>", "p"),
        ("len(xs)", "len xs"),
        ("close()", "close"),
        ("i++", "i plus plus"),
        ("a != b", "a is not b"),
        ("user_name", "user name"),
        ("getElementById", "get Element By Id"),
        ("/etc/hosts", "slash etc slash hosts"),
        ("--help", "dash dash help"),
        ("$HOME", "HOME"),
        ("x[i]", "x i"),
        ("list", ""),
        ("{}", ""),
        ("==", ""),
    ],
)
def test_inline_code_has_words(code, words):
    assert spoken_code(code) == words


def test_inline_code_is_respelled_and_keeps_its_text():
    (block,) = [event for event in events("<p>Use <code>user_name</code> now.</p>") if isinstance(event, Block)]
    assert block.text == "Use user_name now."
    assert [(note.kind, note.value) for note in block.markup] == [(MarkupKind.RESPELL, "user name")]


@pytest.mark.parametrize("kind", ["md", "docx"])
def test_listings_of_other_formats_are_announced(kind, tmp_path, settings):
    path = tmp_path / f"b.{kind}"
    if kind == "md":
        path.write_text(f"Run it:\n\n```python\n{LISTING}```\n", "utf-8")
    else:
        document = docx.Document()
        document.styles.add_style("Source Code", docx.enum.style.WD_STYLE_TYPE.PARAGRAPH)
        document.add_paragraph("Run it:")
        for line in LISTING.strip().split("\n"):
            document.add_paragraph(line, style="Source Code")
        document.save(str(path))
    book = read_book(path, settings)
    assert [block.text for block in book.chapters[0].blocks] == ["Run it:", "A listing of 4 lines is left out here."]


def test_lines_of_a_program_in_paragraphs_are_one_listing():
    body = "<p>Run:</p><p class='Code'>x = 1</p><p class='Code'>print(x)</p><p>Done.</p>"
    said = [("paragraph", "Run:"), ("paragraph", "A listing of 2 lines is left out here."), ("paragraph", "Done.")]
    assert blocks(body) == said
    assert [rule for rule, _ in skips(body)] == ["code", "code"]


def test_prose_of_a_class_of_code_is_read():
    body = "<p class='listing'>Here is a list that she wrote. It is long.</p>"
    assert blocks(body) == [("paragraph", "Here is a list that she wrote. It is long.")]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("a !== b", "a is not b"),
        ("a === b", "a equals b"),
        ("a == b", "a equals b"),
        ("-n", "dash n"),
        ("a-b", ""),
        ("a--b", ""),
        ("$a$b", "a$b"),
        ("a.b", "a dot b"),
        ("a.1", ""),
        ("1.5x", ""),
        ("<br/>", "br"),
        ("</a:b>", "a b"),
        ("f ( )", "f"),
        ("a/b", "a slash b"),
        *((f"a{sign}b", "a b") for sign in "_<>(){}[];:,\"'`|\\"),
        ("x" * 59 + "_", "x" * 59),
        ("x" * 60 + "_", ""),
        ("", ""),
        ("1_2", ""),
    ],
)
def test_every_sign_of_inline_code(code, words):
    assert spoken_code(code) == words


def listing(markup):
    element = etree.fromstring(markup)
    return is_listing(element, element.tag)


PLAIN = "Dear Tom\nI came home\nYours, Ann\nBy noon\nGood night"


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "codeblock",
        "listing",
        "programlisting",
        "screen",
        "source-x",
        "highlight",
        "prettyprint",
    ],
)
def test_a_class_of_listings(name):
    assert listing(f'<pre class="{name}">{PLAIN}</pre>') and listing(f'<pre class="X {name.upper()}">{PLAIN}</pre>')
    assert listing(f'<pre data-type="{name}">{PLAIN}</pre>') and listing(
        f'<pre data-code-language="{name}">{PLAIN}</pre>'
    )
    assert not listing(f'<pre class="x{name}">{PLAIN}</pre>') and not listing(f"<blockquote class='{name}'/>")


@pytest.mark.parametrize("name", ["poem", "verse", "poetry", "stanza", "lyric", "lyrics", "letter", "a-poem"])
def test_a_class_of_verse_or_letters_is_none_whatever_it_looks_like(name):
    assert not listing(f'<pre class="{name} code">x = 1;</pre>')


@pytest.mark.parametrize("tag", ["code", "samp", "kbd"])
def test_an_element_of_programs_in_it_makes_a_listing(tag):
    assert listing(f"<pre><{tag}>{PLAIN}</{tag}></pre>") and not listing(f"<pre><b><{tag}>{PLAIN}</{tag}></b></pre>")


WORDS = "def class import from return for while if else elif try fn let var const int void public print echo"
LINES = [
    "x {",
    "x }",
    "x;  ",
    "$ ls",
    "> x",
    "# x",
    "% x",
    "// x",
    "/* x",
    "  } x",
    "@x",
    "&lt;x",
    "&lt;/x",
    "&lt;!x",
    "&lt;?x",
    "f(x)",
    "a &lt;= b",
    "a := b",
    "a -> b",
    "a => b",
    "x = y",
    "a::b",
]


@pytest.mark.parametrize("line", [*LINES, *(f"a {sign}= b" for sign in "=!+*/|-"), *(f"{w} x:" for w in WORDS.split())])
def test_a_line_of_a_program(line):
    assert listing(f"<pre>{line}</pre>")


@pytest.mark.parametrize("line", ["x", "$5", "if he came", "a = ", "-a", "(x)", "class of it"])
def test_a_line_of_no_program(line):
    assert not listing(f"<pre>{line}</pre>")


@pytest.mark.parametrize(("code", "plain", "is_one"), [(2, 3, True), (1, 2, False), (0, 0, False)])
def test_two_lines_of_five_make_a_program(code, plain, is_one):
    lines = ["x = y;"] * code + ["Dear Tom", " "] * plain
    assert listing(f"<pre>{chr(10).join(lines)}</pre>") is is_one


@pytest.mark.parametrize(
    "name",
    [
        "code",
        "screen",
        "listing",
        *(
            f"{a}{b}{c}"
            for a in ("program", "code", "source")
            for b in ("", "-", "_")
            for c in ("listing", "block", "line", "code", "snippet", "sample", "lines")
        ),
    ],
)
def test_a_paragraph_of_a_program(name):
    assert listing(f'<p class="a {name}">x</p>') and listing(f'<div class="{name.title()}">x</div>')
    assert not listing(f'<p class="{name}x">x</p>') and not listing(f'<p class="a-{name}">x</p>')
    assert not listing(f'<div class="{name}"><p>x</p></div>') and not listing(f'<span class="{name}">x</span>')


@pytest.mark.parametrize(
    ("lines", "said"), [("a\n\n", "A line of code"), ("a\nb", "A listing of 2 lines"), ("", "A line of code")]
)
def test_a_listing_is_announced_by_its_lines(lines, said):
    assert listing_announcement(etree.fromstring(f"<pre>{lines}</pre>")) == f"{said} is left out here."
    line = "<p class='code'>{}</p>"
    first = etree.fromstring(f"<div>{line.format('a<br/>b')}{line.format('c')}<p>d</p>{line.format('e')}</div>")
    assert [listing_announcement(first[at]) for at in (0, 1, 3)] == [
        "A listing of 3 lines is left out here.", "", "A line of code is left out here.",
    ]  # fmt: skip
