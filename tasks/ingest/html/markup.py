"""What an element says about how its text is to be spoken. Must not know blocks, offsets or what speech makes of it."""

from __future__ import annotations

from lxml import etree

from storage.records import Markup, MarkupKind
from tasks.annotate.markup import pause_problem
from tasks.errors import BadInputError
from tasks.segment.saying import problem_of

_SSML = "{http://www.w3.org/2001/10/synthesis}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DEFAULT_ALPHABET = "ipa"
_OURS = "data-talepress-"
_KINDS = {
    "pause": MarkupKind.PAUSE,
    "voice": MarkupKind.VOICE,
    "say": MarkupKind.RESPELL,
    "say-as": MarkupKind.SAY_AS,
    **dict.fromkeys(("ipa", "x-sampa", "arpabet"), MarkupKind.PHONEMES),
}
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})  # ISO 639: undetermined, several, none, uncoded


def markup_of(element: etree._Element, language: str) -> list[tuple[MarkupKind, str]]:
    """The markup for all text in the element, the outermost first.

    EPUB 3 content documents, section "SSML attributes": `ssml:ph`, with the nearest `ssml:alphabet`. `language` is that
    of the text around the element: only a change of language is said.
    """
    notes: list[tuple[MarkupKind, str]] = []
    own = language_of(element)
    if own and primary(own) != primary(language):
        notes.append((MarkupKind.LANGUAGE, own))
    phonemes = " ".join(_ssml(element, "ph").split())
    if phonemes:
        notes.append((MarkupKind.PHONEMES, f"{_alphabet(element)}:{phonemes}"))
    return [*_ours(element), *notes]


def _ours(element: etree._Element) -> list[tuple[MarkupKind, str]]:
    """The attributes `data-talepress-*`, see docs/markup.md. Raises `BadInputError` that names the line."""
    notes: list[tuple[MarkupKind, str]] = []
    for name, value in element.items():
        key = name.removeprefix(_OURS)
        if key in (name, "skip"):
            continue
        text = " ".join(value.split())
        if key not in _KINDS or not text:
            problem = "there is no such attribute" if key not in _KINDS else "a value is missing"
        else:
            note = (_KINDS[key], f"{key}:{text}" if _KINDS[key] == MarkupKind.PHONEMES else text)
            problem = _problem(element, *note)
            notes.append(note)
        if problem:
            raise BadInputError(f"line {element.sourceline}: {name}={value!r}: {problem}; see docs/markup.md")
    return notes


def _problem(element: etree._Element, kind: MarkupKind, value: str) -> str:
    if kind == MarkupKind.PAUSE:
        return pause_problem(value)
    text = " ".join("".join(element.itertext()).split())
    return problem_of(text, Markup(0, len(text), kind, value)) if text else ""


def language_of(element: etree._Element) -> str:
    """The language that the element itself declares (BCP 47), or ""."""
    declared = element.get(_XML_LANG) or element.get("xml:lang") or element.get("lang") or ""
    language = declared.strip().replace("_", "-")
    return "" if language.lower() in _NO_LANGUAGE else language


def primary(language: str) -> str:
    """The language without script and region: "en" of "en-GB"."""
    return language.split("-", 1)[0].lower()


def _alphabet(element: etree._Element) -> str:
    for holder in (element, *element.iterancestors()):
        if alphabet := _ssml(holder, "alphabet").strip():
            return alphabet.lower()
    return _DEFAULT_ALPHABET


def _ssml(element: etree._Element, name: str) -> str:
    """An SSML attribute; in what was read as HTML its prefix is part of the name."""
    return element.get(_SSML + name) or element.get(f"ssml:{name}") or ""
