"""What an element says about how its text is to be spoken: its language, `ssml:ph`, and the attributes of our markup.

Must not know blocks, offsets or what speech makes of a hint.
"""

from __future__ import annotations

from lxml import etree

from storage.records import Markup, MarkupKind
from tasks.annotate.vocabulary import ATTRIBUTE_PREFIX, ATTRIBUTES, SKIP_ATTRIBUTE, markup_problem, pause_problem
from tasks.errors import BadInputError

_SSML = "{http://www.w3.org/2001/10/synthesis}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DEFAULT_ALPHABET = "ipa"
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})  # ISO 639: undetermined, several, none, uncoded


def hints_of(element: etree._Element, language: str) -> list[tuple[MarkupKind, str]]:
    """Collects the kinds and values of markup that hold for all text in the element, the outermost first.

    EPUB 3 content documents, section "SSML attributes": `ssml:ph`, with the nearest `ssml:alphabet`.

    Args:
        element: whose attributes are read.
        language: of the text around the element (BCP 47): only a change of language is a hint.

    Raises:
        BadInputError: an attribute `data-talepress-*` with a mistake; the message names its line.
    """
    hints = _markup_attributes(element)
    declared = language_of(element)
    if declared and primary(declared) != primary(language):
        hints.append((MarkupKind.LANGUAGE, declared))
    phonemes = " ".join(_ssml(element, "ph").split())
    if phonemes:
        hints.append((MarkupKind.PHONEMES, f"{_alphabet(element)}:{phonemes}"))
    return hints


def _markup_attributes(element: etree._Element) -> list[tuple[MarkupKind, str]]:
    """Reads the attributes `data-talepress-*`, see docs/markup.md."""
    hints: list[tuple[MarkupKind, str]] = []
    for attribute in element.keys():  # noqa: SIM118  # lxml's items() looks every value up: quadratic
        if not attribute.startswith(ATTRIBUTE_PREFIX) or attribute == SKIP_ATTRIBUTE:
            continue
        written = element.get(attribute) or ""
        name = attribute.removeprefix(ATTRIBUTE_PREFIX)
        value = " ".join(written.split())
        kind = ATTRIBUTES.get(name)
        if kind is None:
            problem = "there is no such attribute"
        elif not value:
            problem = "a value is missing"
        else:
            value = f"{name}:{value}" if kind == MarkupKind.PHONEMES else value
            problem = _problem(element, kind, value)
            hints.append((kind, value))
        if problem:
            raise BadInputError(f"line {element.sourceline}: {attribute}={written!r}: {problem}; see docs/markup.md")
    return hints


def _problem(element: etree._Element, kind: MarkupKind, value: str) -> str:
    """Says what is wrong with a hint, "" for nothing. An element without text has nothing to be spoken wrongly."""
    if kind == MarkupKind.PAUSE:
        return pause_problem(value)
    text = " ".join("".join(element.itertext()).split())
    return markup_problem(text, Markup(0, len(text), kind, value)) if text else ""


def language_of(element: etree._Element) -> str:
    """Returns the language that the element itself declares (BCP 47), or ""."""
    declared = element.get(_XML_LANG) or element.get("xml:lang") or element.get("lang") or ""
    language = declared.strip().replace("_", "-")
    return "" if language.lower() in _NO_LANGUAGE else language


def primary(language: str) -> str:
    """Returns the language without script and region: "en" of "en-GB"."""
    return language.split("-", 1)[0].lower()


def _alphabet(element: etree._Element) -> str:
    """Finds the alphabet of an element's `ssml:ph`: the nearest one declared on it or around it."""
    for holder in (element, *element.iterancestors()):
        if alphabet := _ssml(holder, "alphabet").strip():
            return alphabet.lower()
    return _DEFAULT_ALPHABET


def _ssml(element: etree._Element, name: str) -> str:
    """Returns an SSML attribute; in what was read as HTML its prefix is part of the name."""
    return element.get(_SSML + name) or element.get(f"ssml:{name}") or ""
