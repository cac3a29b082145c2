"""Markdown to the same HTML tree that EPUB chapters are. Must not know blocks, skips or chapters."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.S)
_FIELD = re.compile(r"^([A-Za-z]+):[ \t]*(.+?)[ \t]*$", re.M)
_NOTE_BODY = re.compile(r"^\[\^([^\]\s]+)\]:[ \t]*(.*(?:\n(?![ \t]*$|\[\^).*)*)", re.M)
_NOTE_REFERENCE = re.compile(r"\[\^([^\]\s]+)\]")


def split_front_matter(text: str) -> tuple[dict[str, str], str, str]:
    """The fields of a YAML front matter of plain `name: value` lines, its text, and the text after it."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, "", text
    fields = {name.lower(): value.strip("\"'") for name, value in _FIELD.findall(match[1])}
    return fields, match[0], text[match.end() :]


def to_html(text: str) -> str:
    """A whole HTML document. Footnotes (`[^1]`, `[^1]: body`) get the roles that the skip rules know."""

    def body(match: re.Match[str]) -> str:
        return f'\n<aside role="doc-footnote">{html.escape(" ".join(match[2].split()))}</aside>\n'

    def reference(match: re.Match[str]) -> str:
        label = html.escape(match[1])
        return f'<a role="doc-noteref" href="#note-{label}">{label}</a>'

    text = _NOTE_REFERENCE.sub(reference, _NOTE_BODY.sub(body, text))
    rendered = MarkdownIt("commonmark", {"html": True, "xhtmlOut": True}).enable("table").render(text)
    return f"<html><body>{rendered}</body></html>"
