"""Markdown becomes HTML as EPUB chapters hold it; its limits, its front matter, its notes."""

from __future__ import annotations

import pytest

from tasks.errors import UnreadableBookError
from tasks.ingest.formats.markdown import to_html as module
from tasks.ingest.formats.markdown.to_html import split_front_matter, to_html


def body(text):
    return to_html(text).removeprefix("<html><body>").removesuffix("</body></html>").strip()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a  \nb", "<p>a<br />\nb</p>"),
        ("~~a~~", "<p><s>a</s></p>"),
        ("a <b>c</b>", "<p>a <b>c</b></p>"),
        ("a\n: b", "<dl>\n<dt>a</dt>\n<dd>b</dd>\n</dl>"),
        ("[a]{.b}", '<p><span class="b">a</span></p>'),
        ("# One {#x .y}", "<h1>One</h1>"),
        ("### One {: .y } ##", "<h3>One</h3>"),
        ("# One {braces}", "<h1>One {braces}</h1>"),
        ("the 2^nd^, 1^st^ 3^rd^ 4^th^ 1^e^ 1^er^ 1^o^ 1^a^", "<p>the 2nd, 1st 3rd 4th 1e 1er 1o 1a</p>"),
        ("x^nd^ 2^x^", "<p>x^nd^ 2^x^</p>"),
    ],
)
def test_what_becomes_of_a_text(text, html):
    assert body(text) == html


def test_tables_are_read():
    assert "<td>c</td>" in body("|a|b|\n|-|-|\n|c|d|")


def test_notes_have_the_roles_that_the_skip_rules_know():
    html = body("a[^x] b[^x]\n\n[^x]: note\n\n[^y]: lost")
    assert '<a role="doc-noteref" id="fnref1" href="#fn1">1</a>' in html
    assert '<a role="doc-noteref" id="fnref1:1" href="#fn1">1</a>' in html
    assert '<section role="doc-endnotes"><ol>' in html
    assert '<li role="doc-footnote" id="fn1"><p>note</p>' in html.replace("\n", "")
    assert '<li role="doc-footnote" id="fn2"><p>lost</p>' in html.replace("\n", "")
    assert "backref" not in html


@pytest.mark.parametrize("bracket", ["[", "![", "[ \t"])
def test_hundreds_of_opening_brackets_in_a_row_are_refused(bracket):
    assert to_html(bracket * 399)
    with pytest.raises(UnreadableBookError, match="hundreds of opening brackets"):
        to_html(bracket * 400)


def test_quotations_are_as_deep_as_the_parser_sees_and_no_deeper():
    deepest = body("> " * 56 + "x")
    assert (deepest.count("<blockquote>"), "<p>x</p>" in deepest) == (56, True)
    with pytest.raises(UnreadableBookError, match="nested more than 30 deep; make them flatter"):
        to_html("> " * 57 + "x")


@pytest.mark.parametrize(
    ("text", "fields", "rest"),
    [
        ("---\nTitle: A\n---\nb", {"title": "A"}, "b"),
        ("\ufeff--- \nTitle: A\n... \t\nb", {"title": "A"}, "b"),
        ("---\nTitle: A\n---", {"title": "A"}, ""),
        ("---\n- a\n---\nb", {}, "b"),  # a list
        ("x\n---\nTitle: A\n---\nb", {}, "x\n---\nTitle: A\n---\nb"),
        ("--\nTitle: A\n--\nb", {}, "--\nTitle: A\n--\nb"),
        ("---\n1: A\n---\n", {"1": "A"}, ""),
    ],
)
def test_the_front_matter_is_split_off(text, fields, rest):
    found, matter, left, problem = split_front_matter(text)
    assert (found, left, problem) == (fields, rest, "")
    assert matter + left == text


@pytest.mark.parametrize(
    "matter", ["a: &x 1\nb: *x", "a: [", "a: !!python/object/apply:os.getcwd []", "a: 2001-99-99", "- " * 4000 + "x"]
)
def test_a_front_matter_that_is_none_or_hostile_is_not_used(matter):
    fields, _, rest, problem = split_front_matter(f"---\n{matter}\n---\nb")
    assert (fields, rest) == ({}, "b")
    assert problem.startswith("the front matter is no valid YAML and was not used: ") and "\n" not in problem


@pytest.mark.parametrize(("length", "is_read"), [(100, True), (101, False)])
def test_a_front_matter_has_a_limit(length, is_read, monkeypatch):
    assert module._MAX_FRONT_MATTER_CHARS == 65536
    monkeypatch.setattr(module, "_MAX_FRONT_MATTER_CHARS", 100)
    matter = f"title: {'x' * (length - 7)}"
    fields, *_, problem = split_front_matter(f"---\n{matter}\n---\n")
    assert bool(fields) is is_read and ("it has more than 100 characters" in problem) is not is_read
