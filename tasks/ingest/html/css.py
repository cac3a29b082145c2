"""Finds what a book's stylesheets hide, and what they set on lines of its own. Must not know blocks or skip rules.

Only `_PROPERTIES` are looked at. The outcome is set on the elements, as the attribute `DISPLAY`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cssselect2
import tinycss2
from lxml import etree

DISPLAY = "{urn:talepress:reading}display"  # "none", "block" or "inline"; absent where no style says anything
_PROPERTIES = frozenset(
    {"display", "visibility", "float", "opacity", "font-size", "position", "left", "right", "top", "bottom"}
    | {"text-indent", "clip", "clip-path", "overflow", "width", "height"}
)
_FAR_OFF = 900  # pixels or points beside the page: nobody sees it
_FAR_OFF_EM = 60
_ZERO = re.compile(r"0(?:\.0+)?[a-z%]*")
_NO_AREA = re.compile(r"rect\((?:[01](?:px)?(?: , | )?){4}\)|inset\((?:50|100)%.*\)|circle\(0[a-z%]* ?.*\)")
_NEGATIVE = re.compile(r"-(?P<number>[\d.]+)(?P<unit>[a-z%]*)")
_BLOCK_DISPLAYS = frozenset({"block", "list-item", "table", "flex", "grid", "flow-root", "table-row", "table-caption"})
_MAX_FUNCTIONS = 3  # inside one another
_MAX_IMPORTS = 20
_HUGE_NUMBER = re.compile(r"\d{300,}")

_Declarations = dict[str, tuple[str, bool]]  # property -> value and whether it is important


class _Element(cssselect2.ElementWrapper):
    """cssselect2's element keeps a tuple of all its previous siblings, which is quadratic in memory."""

    @property
    def previous_siblings(self) -> Iterator[cssselect2.ElementWrapper]:
        """The siblings before this one, the nearest first."""
        sibling = self.previous
        while sibling is not None:
            yield sibling
            sibling = sibling.previous


@dataclass(frozen=True)
class _Rule:
    """A rule of a stylesheet: its declarations hold for the elements that a selector chooses."""

    selectors: Sequence[cssselect2.compiler.CompiledSelector]
    declarations: _Declarations


class StyleSheets:
    """The stylesheets of one book, each read once.

    `load` gives, for (path of the file that names a stylesheet, href), the stylesheet's text and path, or `None`. With
    `hides_out_of_sight` text counts as hidden that is transparent, without size or off the page.
    """

    def __init__(self, load: Callable[[str, str], tuple[str, str] | None], *, hides_out_of_sight: bool = True) -> None:
        self._load = load
        self._hides_out_of_sight = hides_out_of_sight
        self._sheets: dict[str, list[_Rule]] = {}

    def apply(self, body: etree._Element, source: str) -> None:
        """Sets `DISPLAY` on the elements of a document for which its stylesheets or style attributes decide it."""
        root = body.getroottree().getroot()
        rules = [rule for sheet in self._sheets_of(root, source) for rule in sheet]
        if rules or any(_names_property(style) for style in root.xpath("//@style")):
            _mark(root, rules, hides_out_of_sight=self._hides_out_of_sight)

    def _sheets_of(self, root: etree._Element, source: str) -> Iterator[list[_Rule]]:
        """Yields the rules of each stylesheet in or linked from a document, in order."""
        for element in root.iter("{*}link", "link", "{*}style", "style"):
            name = etree.QName(element).localname.lower()
            relations = (element.get("rel") or "").lower().split()
            if not _applies(_words(tinycss2.parse_component_value_list(_sane(element.get("media") or "")))):
                continue
            if name == "style":
                yield self._rules("".join(element.itertext()), source, _MAX_IMPORTS)
            elif "stylesheet" in relations and "alternate" not in relations and element.get("href"):
                yield self._linked(source, element.get("href") or "", _MAX_IMPORTS)

    def _linked(self, source: str, href: str, imports_left: int) -> list[_Rule]:
        """Returns the rules of a stylesheet that the file `source` names, none where there is no such stylesheet."""
        found = self._load(source, href)
        if found is None:
            return []
        text, path = found
        if path not in self._sheets:
            self._sheets[path] = []  # a sheet that imports itself ends here
            self._sheets[path] = self._rules(text, path, imports_left)
        return self._sheets[path]

    def _rules(self, text: str, path: str, imports_left: int) -> list[_Rule]:
        """Returns the rules of a stylesheet's text, with those that it imports."""
        rules: list[_Rule] = []
        namespaces: dict[str | None, str] = {}
        stack = list(reversed(tinycss2.parse_stylesheet(_sane(text), skip_comments=True, skip_whitespace=True)))
        while stack:
            node = stack.pop()
            if node.type == "qualified-rule":
                rules += _rule(node, namespaces)
            elif node.type == "at-rule":
                words = [token for token in node.prelude if token.type not in ("whitespace", "comment")]
                if node.lower_at_keyword == "namespace" and words:
                    prefix = words[0].value if words[0].type == "ident" else None
                    namespaces[prefix] = _address(words[-1])
                elif node.lower_at_keyword == "import" and words and imports_left > 0:
                    if _applies(_words(words[1:])):
                        rules += self._linked(path, _address(words[0]), imports_left - 1)
                elif node.lower_at_keyword == "media" and node.content and _applies(_words(node.prelude)):
                    inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
                    stack += reversed(inner)
        return rules


def hides(element: etree._Element) -> bool:
    """Tells whether a style hides the element: as `StyleSheets` found, else by its style attribute alone."""
    marked = element.get(DISPLAY)
    if marked is None:
        marked = _display(_attribute_declarations(element))
    return bool(marked == "none")


def _sane(text: str) -> str:
    """Replaces numbers of so many digits that Python refuses to convert them."""
    return _HUGE_NUMBER.sub("0", text)


def _names_property(style: str) -> bool:
    """Tells whether a style attribute is worth parsing."""
    return any(name in style.lower() for name in _PROPERTIES)


def _attribute_declarations(element: etree._Element) -> _Declarations:
    """Returns the declarations of an element's style attribute."""
    style = element.get("style") or ""
    return _declarations(tinycss2.parse_blocks_contents(_sane(style))) if _names_property(style) else {}


def _rule(node: tinycss2.ast.QualifiedRule, namespaces: dict[str | None, str]) -> list[_Rule]:
    """Compiles one rule; none where it declares nothing that matters, or chooses nothing."""
    declarations = _declarations(tinycss2.parse_blocks_contents(node.content))
    if not declarations:
        return []
    try:
        selectors = cssselect2.compile_selector_list(node.prelude, namespaces)
    except (cssselect2.SelectorError, RecursionError, SyntaxError, MemoryError):
        # `:hover` and the like choose nothing on a still page; the others are nested beyond what Python compiles.
        return []
    return [_Rule([s for s in selectors if s.pseudo_element is None], declarations)]


def _declarations(nodes: Sequence[tinycss2.ast.Node]) -> _Declarations:
    """Collects the declarations of `_PROPERTIES`; the last holds, unless an earlier one is important."""
    found: _Declarations = {}
    for node in nodes:
        if node.type == "declaration" and node.lower_name in _PROPERTIES:
            value = " ".join(_words(node.value))
            if node.important or not found.get(node.lower_name, ("", False))[1]:
                found[node.lower_name] = (value, node.important)
    return found


def _mark(root: etree._Element, rules: Sequence[_Rule], *, hides_out_of_sight: bool) -> None:
    """Sets `DISPLAY` on all elements of a document for which rules or style attributes decide it."""
    matcher = cssselect2.Matcher()
    for rule in rules:
        for selector in rule.selectors:
            matcher.add_selector(selector, rule.declarations)
    for wrapper in _Element.from_html_root(root).iter_subtree():
        element = wrapper.etree_element
        decided: _Declarations = {}
        for declarations in (*(payload for *_, payload in matcher.match(wrapper)), _attribute_declarations(element)):
            for name, (value, important) in declarations.items():
                if important or not decided.get(name, ("", False))[1]:
                    decided[name] = (value, important)
        display = _display(decided, hides_out_of_sight=hides_out_of_sight)
        if display or not hides_out_of_sight:  # `hides` would judge an unmarked element by its style attribute
            element.set(DISPLAY, display)


def _display(declarations: _Declarations, *, hides_out_of_sight: bool = True) -> str:
    """Returns "none", "block" or "inline" for what was declared, "" where nothing that matters was."""
    values = {name: value for name, (value, _) in declarations.items()}
    display = values.get("display", "")
    if display == "none" or values.get("visibility") == "hidden":
        return "none"
    if hides_out_of_sight and _is_out_of_sight(values):
        return "none"
    if values.get("float", "none") != "none":
        return "inline"  # a drop cap stands beside the line that it begins
    return ("block" if display in _BLOCK_DISPLAYS else "inline") if display else ""


def _is_out_of_sight(values: Mapping[str, str]) -> bool:
    """Tells whether an element is there and nobody can see it: transparent, without size, cut away or off the page."""
    if any(_ZERO.fullmatch(values.get(name, "")) for name in ("opacity", "font-size")):
        return True
    if values.get("overflow") == "hidden" and any(
        _ZERO.fullmatch(values.get(name, "")) for name in ("width", "height")
    ):
        return True
    if any(_NO_AREA.fullmatch(values.get(name, "")) for name in ("clip", "clip-path")):
        return True
    moved = ["text-indent"]
    if values.get("position") in ("absolute", "fixed"):
        moved += ["left", "right", "top", "bottom"]
    return any(_is_far_off(values.get(name, "")) for name in moved)


def _is_far_off(length: str) -> bool:
    """Tells whether a negative length leads off any page."""
    match = _NEGATIVE.fullmatch(length)
    if match is None:
        return False
    limit = _FAR_OFF_EM if match["unit"] in ("em", "rem", "vw", "vh", "ch") else _FAR_OFF
    return float(match["number"]) >= limit


def _words(tokens: Sequence[tinycss2.ast.Node], depth: int = 0) -> list[str]:
    """Lists names in lower case, numbers with units, functions, commas, and "?" for all else.

    (tinycss2's own serializer fails on deep nesting; of a function's arguments, only names and numbers are kept.)
    """
    words = []
    for token in tokens:
        if token.type == "ident":
            words.append(token.lower_value)
        elif token.type in ("number", "percentage", "dimension"):
            unit = {"number": "", "percentage": "%"}.get(token.type) if token.type != "dimension" else token.lower_unit
            words.append(f"{token.value:g}{unit}")
        elif token.type == "function" and depth < _MAX_FUNCTIONS:
            words.append(f"{token.lower_name}({' '.join(_words(token.arguments, depth + 1))})")
        elif token.type not in ("whitespace", "comment"):
            words.append("," if token == "," else "?")
    return words


def _applies(media: Sequence[str]) -> bool:
    """Tells whether a media query is meant for a screen of any size. Queries about features are not answered."""
    for query in " ".join(media).split(","):
        words = query.split()
        negated = words[:1] == ["not"]
        kind = words[1:] if words[:1] in (["not"], ["only"]) else words
        if len(kind) <= 1 and (not kind or kind[0] in ("all", "screen")) != negated:
            return True
    return False


def _address(token: tinycss2.ast.Node) -> str:
    """Returns the text of a string, `url(...)` or `url("...")` token."""
    if token.type == "function" and token.lower_name == "url":
        return next((argument.value for argument in token.arguments if argument.type == "string"), "")
    return str(token.value) if token.type in ("string", "url") else ""
