"""Converts Markdown to HTML as EPUB chapters hold it. Must not know blocks, skips or chapters.

CommonMark with tables, strike-through, footnotes, definition lists, attributes in braces and a YAML front matter.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from tasks.errors import UnreadableBookError

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_MAX_FRONT_MATTER_CHARS = 64 * 1024
_ENDLESS_BRACKETS = re.compile(r"(?:!?\[[ \t]*){400,}")  # each is tried as the start of a link up to the end
_MAX_NESTING = 60  # lists and quotations in each other; the parser would drop what lies deeper
_RAISED_ENDING = re.compile(r"(?<=\d)\^(st|nd|rd|th|er?|o|a)\^")  # Pandoc's 2^nd^
_HEADING_ATTRIBUTES = re.compile(r"^( {0,3}#{1,6} .*?)[ \t]+\{:?[ \t]*((?:[#.][\w:.-]+[ \t]*)+)\}[ \t]*#*[ \t]*$", re.M)


class _Loader(yaml.SafeLoader):
    """YAML without references, by which a small file can stand for an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references (*name) are not supported")
        return super().compose_node(parent, index)


def split_front_matter(text: str) -> tuple[dict[str, object], str, str, str]:
    """Splits off a YAML front matter.

    Returns its fields, names in lower case; its text; the text after it; and what is wrong with it, "" for nothing.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, "", text, ""
    problem = ""
    fields = None
    try:
        if len(match[1]) > _MAX_FRONT_MATTER_CHARS:
            raise yaml.YAMLError(f"it has more than {_MAX_FRONT_MATTER_CHARS} characters")
        fields = yaml.load(match[1], Loader=_Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = f"the front matter is no valid YAML and was not used: {' '.join(str(error).split())}"
    if not isinstance(fields, dict):
        fields = {}
    return {str(name).lower(): value for name, value in fields.items()}, match[0], text[match.end() :], problem


def to_html(text: str) -> str:
    """Converts a text to an HTML document.

    Footnotes get the roles that the skip rules know; one without a reference is kept. Raises `UnreadableBookError` for
    nesting that no person writes.
    """
    if _ENDLESS_BRACKETS.search(text):
        raise UnreadableBookError("hundreds of opening brackets stand in a row, as no book has them; take them out")
    text = _RAISED_ENDING.sub(r"\1", _HEADING_ATTRIBUTES.sub(r"\1", text))
    markdown = _markdown()
    environment: MutableMapping[str, Any] = {}
    tokens = markdown.parse(text, environment)
    references = environment.get("footnotes", {}).get("refs", {})
    orphans = [label.removeprefix(":") for label, number in references.items() if number < 0]
    if orphans:  # the plugin drops them
        environment = {}
        tokens = markdown.parse(text + "\n\n" + " ".join(f"[^{label}]" for label in orphans), environment)
    if max((token.level for token in tokens), default=0) >= _MAX_NESTING - 2:
        raise UnreadableBookError(
            f"lists or quotations are nested more than {_MAX_NESTING // 2} deep; make them flatter"
        )
    rendered = markdown.renderer.render(tokens, markdown.options, environment)
    return f"<html><body>{rendered}</body></html>"


def _markdown() -> MarkdownIt:
    """Makes the parser with its plugins."""
    markdown = MarkdownIt("commonmark", {"html": True, "xhtmlOut": True, "maxNesting": _MAX_NESTING}).enable(
        ["table", "strikethrough"]
    )
    markdown.use(footnote_plugin).use(deflist_plugin).use(attrs_plugin, spans=True)
    markdown.add_render_rule("footnote_ref", _reference)
    markdown.add_render_rule("footnote_block_open", _notes_open)
    markdown.add_render_rule("footnote_open", _note_open)
    markdown.add_render_rule("footnote_anchor", _nothing)
    return markdown


def _reference(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: object, environment: MutableMapping[str, Any]
) -> str:
    number = tokens[at].meta["id"] + 1
    count = tokens[at].meta.get("subId", 0)
    suffix = f":{count}" if count else ""
    return f'<a role="doc-noteref" id="fnref{number}{suffix}" href="#fn{number}">{number}</a>'


def _notes_open(*_: object) -> str:
    return '<section role="doc-endnotes"><ol>'


def _note_open(renderer: RendererHTML, tokens: Sequence[Token], at: int, *_: object) -> str:
    return f'<li role="doc-footnote" id="fn{tokens[at].meta["id"] + 1}">'


def _nothing(*_: object) -> str:
    return ""
